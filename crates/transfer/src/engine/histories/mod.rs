//! Random histories against a plain oracle: the ledger is what this routine wrote and nobody changed since. Always.
//!
//! A history is a routine between two small servers and what happens to it: runs over everything or a part, dry ones and
//! checks; kills at any write of the journal and any call of the destination; answers that are lost, or are a login page
//! although the rows were stored; figures that people change, delete and enter again by hand; values that come and go at
//! the source; rights, and the map. After each run the ledger, the open cells, the report and the records are held against
//! an oracle that keeps the destination's own book. The journal is the real state database, in memory.
//!
//! - `steps`: the history in words of its own, and random ones · `drive`: lets one happen · `oracle`: whose each cell is
//!
//! `XFER_HISTORIES=1000000 cargo test random_histories` tries more of them, `XFER_HISTORY=4711` one by its number. A
//! history that fails is made as short as it goes and is printed with its number.

// All of it is test; said once more, because the layers are told from the text above the tests.
#[cfg(test)]
mod drive;
mod oracle;
mod steps;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use self::drive::{Seen, hold};
use self::steps::{History, history};

/// Histories in the test suite.
const HISTORIES: u64 = 5_000;
/// Tests that share them, so that every processor has some.
const PARTS: u64 = 2;

/// Lets a history happen; a panic is a difference too.
fn differs(history: &History, seen: &mut Seen) -> Option<String> {
    catch_unwind(AssertUnwindSafe(|| hold(history, seen))).map_or_else(
        |panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            Some(format!("panic: {}", text.unwrap_or_default()))
        },
        Result::err,
    )
}

/// Leaves out every step that is not needed to fail.
fn shortened(mut history: History, mut difference: String) -> (History, String) {
    let mut nothing = Seen::default();
    let mut position = history.steps.len();
    while position > 0 {
        position -= 1;
        let mut shorter = history.clone();
        shorter.steps.remove(position);
        if let Some(found) = differs(&shorter, &mut nothing) {
            (history, difference) = (shorter, found);
            position = position.min(history.steps.len());
        }
    }
    (history, difference)
}

fn wanted() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match (number("XFER_HISTORY"), number("XFER_HISTORIES")) {
        (Some(one), _) => vec![one],
        (None, histories) => (0..histories.unwrap_or(HISTORIES)).collect(),
    }
}

fn part(which: u64) -> BTreeMap<&'static str, u64> {
    let mut seen = Seen::default();
    for number in wanted().into_iter().filter(|number| number % PARTS == which) {
        let history = history(number);
        if let Some(difference) = differs(&history, &mut seen) {
            let (history, difference) = shortened(history, difference);
            let again = format!("again: XFER_HISTORY={number} cargo test random_histories");
            panic!("history {number} ({again})\n{history:#?}\n{difference}");
        }
    }
    seen.0
}

/// What has to happen often, so that the histories are worth something.
const MET: [&str; 7] = ["accepted", "deleted", "died", "let go", "recovered", "unknown", "updated"];

#[test]
fn in_random_histories_the_ledger_is_what_the_routine_wrote_1() {
    let seen = part(0);
    if wanted().len() as u64 == HISTORIES {
        let often = |what: &&str| seen.get(what).is_some_and(|number| *number > 100);
        let missing: Vec<_> = MET.into_iter().filter(|what| !often(what)).collect();
        assert!(missing.is_empty(), "random histories hardly meet {missing:?}, only {seen:#?}");
    }
}

#[test]
fn in_random_histories_the_ledger_is_what_the_routine_wrote_2() {
    part(1);
}
