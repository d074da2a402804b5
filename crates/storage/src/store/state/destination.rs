//! One ledger for each destination. A routine may get another server: a test server first, then the national one. What it
//! wrote there says nothing about what stands here, even where the numbers are the same.
//!
//! Ledger and open cells speak of one destination, named by its system id. Those of others lie aside, and are taken up
//! again when the routine comes back to them.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Transaction, params};

use crate::store::error::StoreError;
use crate::store::state::{StateStore, open};
use xfer_domain::journal::Turned;

/// The tables that speak of one destination, each with its columns. `_aside` has those of the others.
const TABLES: [(&str, &str); 2] = [
    ("ledger", "org_unit, period, data_element, category_option_combo, attribute_option_combo, value, source_period"),
    (
        "open_cell",
        "org_unit, period, data_element, category_option_combo, attribute_option_combo, run, job, previous, blind, \
         value, contributions, source_period",
    ),
];

impl StateStore {
    /// Makes ledger and open cells those of a destination, and keeps as whom the routine writes there.
    pub(super) fn turn_ledger_to(&mut self, system_id: &str, user: &str, writes: bool) -> Result<Turned, StoreError> {
        if system_id.is_empty() {
            return Ok(Turned::default());
        }
        let turned = self.database.write(|transaction| {
            open::spread_all(transaction)?;
            let next = known(transaction, system_id)?;
            let aside = match current(transaction)? {
                Some(current) if current == next => 0,
                current => {
                    let before = match current {
                        Some(current) => Some(current),
                        // Without a word of whose it is, it is this destination's.
                        None => written_at(transaction)?.map(|before| known(transaction, &before)).transpose()?,
                    };
                    let moved = before.filter(|before| *before != next);
                    let aside = moved.map_or(Ok(0), |before| swap(transaction, before, next))?;
                    transaction.execute("UPDATE destination SET is_current = (id = ?1)", [next])?;
                    aside
                }
            };
            Ok(Turned { aside, writers: writers(transaction, next, user, writes)? })
        })?;
        self.posts.clear();
        Ok(turned)
    }
}

/// Puts the cells of one destination aside and takes up those of another. Gives how many were put aside.
fn swap(transaction: &Transaction<'_>, from: i64, to: i64) -> Result<u64, StoreError> {
    let mut aside = 0;
    for (table, columns) in TABLES {
        let moved = transaction.execute(
            &format!("INSERT INTO {table}_aside (destination, {columns}) SELECT ?1, {columns} FROM {table}"),
            [from],
        )?;
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
        transaction.execute(
            &format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_aside WHERE destination = ?1"),
            [to],
        )?;
        transaction.execute(&format!("DELETE FROM {table}_aside WHERE destination = ?1"), [to])?;
        aside += u64::try_from(moved).unwrap_or_default();
    }
    Ok(aside)
}

/// As whom the routine has written to a destination; none where somebody wrote before that was kept.
fn writers(
    transaction: &Transaction<'_>,
    destination: i64,
    user: &str,
    writes: bool,
) -> Result<Option<BTreeSet<String>>, StoreError> {
    let mut note = transaction.prepare_cached("INSERT OR IGNORE INTO writer (destination, name) VALUES (?1, ?2)")?;
    let is_new: bool = transaction.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM writer WHERE destination = ?1)",
        [destination],
        |row| row.get(0),
    )?;
    let has_written: bool = transaction.query_row(
        "SELECT EXISTS (SELECT 1 FROM ledger) OR EXISTS (SELECT 1 FROM open_cell)",
        [],
        |row| row.get(0),
    )?;
    if is_new && has_written {
        note.execute(params![destination, ""])?;
    }
    if writes {
        note.execute(params![destination, user])?;
    }
    let mut statement = transaction.prepare_cached("SELECT name FROM writer WHERE destination = ?1")?;
    let names = statement.query_map([destination], |row| row.get(0))?;
    let mut names: BTreeSet<String> = names.collect::<Result<_, _>>()?;
    names.insert(user.to_owned());
    Ok((!names.contains("")).then_some(names))
}

fn current(transaction: &Transaction<'_>) -> Result<Option<i64>, StoreError> {
    let mut statement = transaction.prepare_cached("SELECT id FROM destination WHERE is_current = 1")?;
    Ok(statement.query_row([], |row| row.get(0)).optional()?)
}

fn known(transaction: &Transaction<'_>, system_id: &str) -> Result<i64, StoreError> {
    transaction
        .execute("INSERT OR IGNORE INTO destination (system_id, is_current) VALUES (?1, 0)", params![system_id])?;
    Ok(transaction.query_row("SELECT id FROM destination WHERE system_id = ?1", [system_id], |row| row.get(0))?)
}

/// Where the last run wrote, by its report: for ledgers from before it was noted whose they are.
fn written_at(transaction: &Transaction<'_>) -> Result<Option<String>, StoreError> {
    let found: Option<Option<String>> = transaction
        .query_row(
            "SELECT json_extract(report, '$.destination.system_id') FROM run \
             WHERE mode = 'run' AND report IS NOT NULL ORDER BY id DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.flatten().filter(|system_id| !system_id.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::store::state::StateStore;
    use crate::store::state::journal::tests::{begin, ledger};
    use crate::store::testing::{cell, uid};
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, ChunkStart, Journal, SentCell, Turned};
    use xfer_domain::run::RunMode;

    fn post(store: &mut StateStore, number: u128, record: &CellRecord) {
        let run = begin(store, number, RunMode::Run);
        let chunk = ChunkStart { number: 1, job: "a".to_owned(), data_set: uid('s', 1), digest: [7; 32], rows: 1 };
        let sent = SentCell {
            cell: record.cell,
            previous: None,
            blind: false,
            value: record.value.clone(),
            contributions: 1,
            from: Some("202312".parse().unwrap()),
        };
        store.chunk_sending(run, &chunk, &[sent]).unwrap();
    }

    fn turn(store: &mut StateStore, system_id: &str) -> Turned {
        store.turn_to(system_id, "xfer", true).unwrap()
    }

    #[test]
    fn each_destination_has_a_ledger_of_its_own() {
        let mut store = StateStore::in_memory().unwrap();
        assert_eq!(turn(&mut store, "here").aside, 0);
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        post(&mut store, 2, &cell(2, 1, "202401", CellState::Created));
        assert_eq!(turn(&mut store, "here").aside, 0);
        assert_eq!(turn(&mut store, "").aside, 0, "a server that hides its id");
        assert_eq!(turn(&mut store, "there").aside, 2);
        assert!(ledger(&store).is_empty() && store.open_cells().unwrap().is_empty());
        let run = begin(&mut store, 3, RunMode::Run);
        store.record_cells(run, &[cell(1, 2, "202401", CellState::Created)]).unwrap();
        store.prune(1).unwrap();
        assert_eq!(turn(&mut store, "here").aside, 1);
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4"], "with its words");
        let open = store.open_cells().unwrap();
        assert_eq!((open.len(), open[0].sent.from), (1, Some("202312".parse().unwrap())));
        assert_eq!(turn(&mut store, "there").aside, 2);
        assert_eq!(ledger(&store), ["d0000000001/o0000000002=4"]);
    }

    #[test]
    fn a_ledger_of_before_is_of_the_next_destination_if_no_report_says_otherwise() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        assert_eq!(turn(&mut store, "here").aside, 0);
        assert_eq!(ledger(&store).len(), 1);
    }

    #[test]
    fn it_is_kept_as_whom_the_routine_wrote_unless_it_wrote_before_that() {
        let mut store = StateStore::in_memory().unwrap();
        let mut turn = |system_id: &str, user: &str, writes| store.turn_to(system_id, user, writes).unwrap().writers;
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>());
        assert_eq!(turn("here", "looker", false), names(&["looker"]));
        assert_eq!(turn("here", "first", true), names(&["first"]), "to look is not to write");
        assert_eq!(turn("here", "second", true), names(&["first", "second"]));
        assert_eq!(turn("there", "third", true), names(&["third"]));
        assert_eq!(turn("", "third", true), None);

        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        assert_eq!(turn_writers(&mut store), None, "somebody, long ago");
        assert_eq!(turn_writers(&mut store), None);
    }

    fn turn_writers(store: &mut StateStore) -> Option<BTreeSet<String>> {
        turn(store, "here").writers
    }
}
