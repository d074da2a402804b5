//! Whose ledger it is. A routine may be pointed at another server: a test server first, then the national one. What it
//! wrote there says nothing about what stands here, even where the numbers are the same.
//!
//! Ledger and open cells speak of one destination, named by its system id. Those of others lie aside, and are taken up
//! again when the routine comes back to them.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::store::error::StoreError;
use crate::store::state::StateStore;

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
    /// Makes ledger and open cells those of a destination. Gives how many cells of another one were put aside.
    pub(super) fn turn_ledger_to(&mut self, system_id: &str) -> Result<u64, StoreError> {
        if system_id.is_empty() {
            return Ok(0);
        }
        self.database.write(|transaction| {
            let current = current(transaction)?;
            if current.as_ref().is_some_and(|(_, current)| current == system_id) {
                return Ok(0);
            }
            let current = match current {
                Some((id, _)) => Some(id),
                None => match written_at(transaction)?.filter(|before| before != system_id) {
                    Some(before) => Some(known(transaction, &before)?),
                    // Nothing says otherwise: what is there is of this destination.
                    None => None,
                },
            };
            let next = known(transaction, system_id)?;
            let mut aside = 0;
            if let Some(current) = current {
                for (table, columns) in TABLES {
                    let moved = transaction.execute(
                        &format!(
                            "INSERT INTO {table}_aside (destination, {columns}) SELECT ?1, {columns} FROM {table}"
                        ),
                        [current],
                    )?;
                    transaction.execute(&format!("DELETE FROM {table}"), [])?;
                    transaction.execute(
                        &format!(
                            "INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_aside WHERE destination = ?1"
                        ),
                        [next],
                    )?;
                    transaction.execute(&format!("DELETE FROM {table}_aside WHERE destination = ?1"), [next])?;
                    aside += u64::try_from(moved).unwrap_or_default();
                }
            }
            transaction.execute("UPDATE destination SET is_current = (id = ?1)", [next])?;
            Ok(aside)
        })
    }
}

fn current(transaction: &Transaction<'_>) -> Result<Option<(i64, String)>, StoreError> {
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
    Ok(transaction.query_row("SELECT id, system_id FROM destination WHERE is_current = 1", [], read).optional()?)
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
    use crate::domain::cell::CellState;
    use crate::domain::journal::{CellRecord, ChunkStart, Journal, SentCell};
    use crate::domain::run::RunMode;
    use crate::store::state::StateStore;
    use crate::store::state::journal::tests::{begin, ledger};
    use crate::store::testing::{cell, uid};

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

    #[test]
    fn each_destination_has_a_ledger_of_its_own() {
        let mut store = StateStore::in_memory().unwrap();
        assert_eq!(store.turn_to("here").unwrap(), 0);
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        post(&mut store, 2, &cell(2, 1, "202401", CellState::Created));
        assert_eq!(store.turn_to("here").unwrap(), 0);
        assert_eq!(store.turn_to("").unwrap(), 0, "a server that hides its id");
        assert_eq!(store.turn_to("there").unwrap(), 2);
        assert!(ledger(&store).is_empty() && store.open_cells().unwrap().is_empty());
        let run = begin(&mut store, 3, RunMode::Run);
        store.record_cells(run, &[cell(1, 2, "202401", CellState::Created)]).unwrap();
        store.prune(1).unwrap();
        assert_eq!(store.turn_to("here").unwrap(), 1);
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4"], "with its words");
        let open = store.open_cells().unwrap();
        assert_eq!((open.len(), open[0].sent.from), (1, Some("202312".parse().unwrap())));
        assert_eq!(store.turn_to("there").unwrap(), 2);
        assert_eq!(ledger(&store), ["d0000000001/o0000000002=4"]);
    }

    #[test]
    fn a_ledger_of_before_is_of_the_next_destination_if_no_report_says_otherwise() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        assert_eq!(store.turn_to("here").unwrap(), 0);
        assert_eq!(ledger(&store).len(), 1);
    }
}
