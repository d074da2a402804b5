//! Every recorded exchange with a real server, replayed by the sandbox.
//!
//! `XFER_RECORDED` names another folder of recordings (same layout), `XFER_RECORDED_AREA` and `XFER_RECORDED_NAME`
//! narrow what is replayed while one works on a part (`XFER_RECORDED_AREA=import`).

#![expect(clippy::expect_used, reason = "a recording that cannot be read fails the test")]

mod compare;
mod compare_import;
mod compare_jobs;
mod compare_login;
mod compare_metadata;
mod compare_reads;
mod exchange;
mod exclusions;
mod jobs;
mod setup;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};

use exchange::{Exchange, Recordings};
use setup::Country;
use table::Table;

use crate::announce::announce;

/// What became of one exchange.
enum Outcome {
    Agreed,
    Excluded(&'static str),
    Differs(String),
}

#[test]
fn recorded_exchanges_answered_by_the_sandbox() {
    let recordings = Recordings::load();
    let country = Country::load(&recordings);
    let mut table = Table::default();
    for exchange in &recordings.exchanges {
        table.note(exchange, replay(exchange, &country, &recordings));
    }
    assert!(!table.is_empty(), "no recordings found under {}", recordings.folder.display());
    announce(&format!("recordings as the sandbox answers them\n{table}"));
    assert!(
        table.differences().is_empty(),
        "{} exchanges differ:\n{}",
        table.differences().len(),
        table.differences().join("\n")
    );
}

fn replay(exchange: &Exchange, country: &Country, recordings: &Recordings) -> Outcome {
    if let Some(reason) = exclusions::reason(exchange, recordings) {
        return Outcome::Excluded(reason);
    }
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let instance = country.instance(exchange, recordings);
        let request = setup::request(&instance, exchange, recordings);
        let response = instance.handle(&request);
        compare::compare(exchange, &request, &response, &instance)
    }));
    match answered {
        Ok(differences) if differences.is_empty() => Outcome::Agreed,
        Ok(differences) => Outcome::Differs(differences.join("; ")),
        Err(_) => Outcome::Differs("the sandbox panicked".into()),
    }
}
