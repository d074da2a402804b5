//! The transfer engine's port: everything it writes down is on the disk when its call returns.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::domain::cell::{CellAddress, CellKey, CellState};
use crate::domain::journal::{CellRecord, ChunkStart, Journal, JournalError, LedgerEntry, RunStart};
use crate::domain::period::Period;
use crate::domain::run::{Report, RunMode};
use crate::domain::uid::Uid;
use crate::store::column::{Json, Text, Word};
use crate::store::error::{Kind, StoreError};
use crate::store::state::StateStore;
use crate::store::state::words::{CellNumbers, Numbering};

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self { reason: error.to_string(), source: Some(Box::new(error)) }
    }
}

impl Journal for StateStore {
    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        let periods: Vec<String> = start.periods.iter().map(Period::to_string).collect();
        self.database.write(|transaction| {
            transaction.execute(
                "INSERT INTO run (uuid, routine, mode, started, periods) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![Text(start.run), start.routine, Word(start.mode), Text(start.started), Json(periods)],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    /// A chunk of the same number that was being sent before is sent again.
    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let (run, _) = run_number(transaction, run)?;
            transaction.execute(
                "INSERT OR REPLACE INTO chunk (run, number, job, data_set, digest, row_count) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![run, integer(chunk.number)?, chunk.job, chunk.data_set, chunk.digest, integer(chunk.rows)?],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    fn chunk_done(&mut self, run: Uuid, number: u64, answer: &str) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let (id, _) = run_number(transaction, run)?;
            let changed = transaction.execute(
                "UPDATE chunk SET answer = ?3 WHERE run = ?1 AND number = ?2",
                params![id, integer(number)?, answer],
            )?;
            if changed == 0 {
                return Err(StoreError::not_found(Kind::Chunk, format!("{number} of run {run}")));
            }
            Ok(())
        })?;
        Ok(())
    }

    /// A cell that is recorded twice in a run ended as it was recorded last.
    fn record_cells(&mut self, run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        let Self { database, words } = self;
        let fresh = database.write(|transaction| {
            let (run, mode) = run_number(transaction, run)?;
            let mut numbering = words.within(transaction)?;
            record(transaction, &mut numbering, run, mode, cells)?;
            Ok(numbering.into_fresh())
        })?;
        words.remember(fresh);
        Ok(())
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        let Self { database, words } = self;
        let (entries, fresh) = database.read_together(|connection| {
            let mut numbering = words.within(connection)?;
            let entries = look_up(connection, &mut numbering, addresses, org_units, periods)?;
            Ok((entries, numbering.into_fresh()))
        })?;
        words.remember(fresh);
        Ok(entries)
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE run SET finished = ?2, outcome = ?3, exit_code = ?4, report = ?5 WHERE uuid = ?1",
                params![Text(report.run), report.finished, Word(report.outcome), report.exit_code, Json(report)],
            )?;
            if changed == 0 {
                return Err(StoreError::not_found(Kind::Run, report.run.to_string()));
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// A count as SQLite keeps it.
fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}

/// The number and kind of a run.
pub(super) fn run_number(connection: &Connection, run: Uuid) -> Result<(i64, RunMode), StoreError> {
    connection
        .prepare_cached("SELECT id, mode FROM run WHERE uuid = ?1")?
        .query_row([Text(run)], |row| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0)))
        .optional()?
        .ok_or_else(|| StoreError::not_found(Kind::Run, run.to_string()))
}

fn record(
    transaction: &Transaction<'_>,
    numbering: &mut Numbering<'_>,
    run: i64,
    mode: RunMode,
    cells: &[CellRecord],
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO cell (run, job, org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, previous, value, state, code, reason, contributions) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let mut ledger = LedgerWriter::new(transaction)?;
    for record in cells {
        let cell = numbering.cell(&record.cell)?;
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = cell;
        insert.execute(params![
            run,
            numbering.number(&record.job)?,
            org_unit,
            period,
            data_element,
            category_option_combo,
            attribute_option_combo,
            record.previous,
            record.value,
            numbering.number(record.state.name())?,
            numbering.number_if_any(record.code.as_deref())?,
            numbering.number_if_any(record.reason.as_deref())?,
            record.contributions
        ])?;
        // Dry runs and comparisons write nothing at the destination.
        if mode == RunMode::Run {
            ledger.settle(&cell, record)?;
        }
    }
    Ok(())
}

/// Changes the ledger by what became of a cell.
struct LedgerWriter<'transaction> {
    put: rusqlite::CachedStatement<'transaction>,
    take: rusqlite::CachedStatement<'transaction>,
}

impl<'transaction> LedgerWriter<'transaction> {
    fn new(transaction: &'transaction Transaction<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            put: transaction.prepare_cached(
                "INSERT OR REPLACE INTO ledger (org_unit, period, data_element, category_option_combo, \
                 attribute_option_combo, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
            take: transaction.prepare_cached(
                "DELETE FROM ledger WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5",
            )?,
        })
    }

    fn settle(&mut self, cell: &CellNumbers, record: &CellRecord) -> Result<(), StoreError> {
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = *cell;
        match (record.state, &record.value) {
            (CellState::Created | CellState::Updated | CellState::Accepted, Some(value)) => {
                self.put.execute(params![
                    org_unit,
                    period,
                    data_element,
                    category_option_combo,
                    attribute_option_combo,
                    value
                ])?;
            }
            // An accepted deletion is one that could not be read back.
            (CellState::Deleted, _) | (CellState::Created | CellState::Updated | CellState::Accepted, None) => {
                self.take.execute(*cell)?;
            }
            (
                CellState::Unchanged
                | CellState::Rejected
                | CellState::ZeroSkipped
                | CellState::Differs
                | CellState::Unknown
                | CellState::NotSent
                | CellState::HeldBack,
                _,
            ) => {}
        }
        Ok(())
    }
}

/// The numbers of data element, COC and AOC.
type AddressNumbers = (i64, i64, i64);

/// Reads the ledger place by place: its key begins with org unit and period, so that each is one short range.
fn look_up(
    connection: &Connection,
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
    org_units: &[Uid],
    periods: &[Period],
) -> Result<Vec<LedgerEntry>, StoreError> {
    let wanted = known_addresses(numbering, addresses)?;
    let mut places = Vec::with_capacity(periods.len());
    for period in periods.iter().collect::<HashSet<_>>() {
        if let Some(number) = numbering.find(&period.to_string())? {
            places.push((number, *period));
        }
    }
    let mut select = connection.prepare_cached(
        "SELECT data_element, category_option_combo, attribute_option_combo, value FROM ledger \
         WHERE org_unit = ?1 AND period = ?2",
    )?;
    let mut entries = Vec::new();
    for org_unit in org_units.iter().collect::<HashSet<_>>() {
        let Some(org_unit_number) = numbering.find(org_unit.as_str())? else { continue };
        for (period_number, period) in &places {
            let mut rows = select.query([org_unit_number, *period_number])?;
            while let Some(row) = rows.next()? {
                let address: AddressNumbers = (row.get(0)?, row.get(1)?, row.get(2)?);
                if let Some(address) = wanted.get(&address) {
                    let cell = CellKey::new(*address, *org_unit, *period);
                    entries.push(LedgerEntry { cell, value: row.get(3)? });
                }
            }
        }
    }
    entries.sort_unstable_by_key(|entry| entry.cell);
    Ok(entries)
}

/// The addresses of which the ledger may know something: those made of words that are stored.
fn known_addresses(
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
) -> Result<HashMap<AddressNumbers, CellAddress>, StoreError> {
    let mut known = HashMap::with_capacity(addresses.len());
    for address in addresses {
        let data_element = numbering.find(address.data_element.as_str())?;
        let category_option_combo = numbering.find(address.category_option_combo.as_str())?;
        let attribute_option_combo = numbering.find(address.attribute_option_combo.as_str())?;
        if let (Some(data_element), Some(category_option_combo), Some(attribute_option_combo)) =
            (data_element, category_option_combo, attribute_option_combo)
        {
            known.insert((data_element, category_option_combo, attribute_option_combo), *address);
        }
    }
    Ok(known)
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use crate::domain::cell::CellState;
    use crate::domain::journal::{CellRecord, ChunkStart, Journal, JournalError, RunStart};
    use crate::domain::run::RunMode;
    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::state::StateStore;
    use crate::store::testing::{address, cell, uid};

    pub(in crate::store::state) fn begin(store: &mut StateStore, number: u128, mode: RunMode) -> Uuid {
        let start = RunStart {
            run: Uuid::from_u128(number),
            routine: "monthly".to_owned(),
            mode,
            started: Timestamp::UNIX_EPOCH,
            periods: vec!["202401".parse().unwrap(), "2024Q1".parse().unwrap()],
        };
        store.begin_run(&start).unwrap();
        start.run
    }

    /// The ledger as `data element/org unit=value`.
    fn ledger(store: &StateStore) -> Vec<String> {
        let entries = store.whole_ledger().unwrap();
        let text =
            entries.iter().map(|entry| format!("{}/{}={}", entry.cell.data_element, entry.cell.org_unit, entry.value));
        text.collect()
    }

    #[test]
    fn the_ledger_holds_what_was_written_and_not_deleted() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let all: Vec<CellRecord> =
            (0..).zip(CellState::ALL).map(|(number, state)| cell(number, 1, "202401", state)).collect();
        store.record_cells(run, &all).unwrap();
        // Created, updated and accepted, in the order of the states.
        let written = ["d0000000000/o0000000001=4", "d0000000001/o0000000001=4", "d0000000003/o0000000001=4"];
        assert_eq!(ledger(&store), written);

        let later = begin(&mut store, 2, RunMode::Run);
        let again = CellRecord { value: Some("5".to_owned()), ..cell(0, 1, "202401", CellState::Updated) };
        let gone = cell(1, 1, "202401", CellState::Deleted);
        let kept = cell(3, 1, "202401", CellState::Rejected);
        store.record_cells(later, &[again, gone, kept]).unwrap();
        assert_eq!(ledger(&store), ["d0000000000/o0000000001=5", "d0000000003/o0000000001=4"]);
        let accepted_deletion = CellRecord { value: None, ..cell(3, 1, "202401", CellState::Accepted) };
        store.record_cells(later, &[accepted_deletion]).unwrap();
        assert_eq!(ledger(&store), ["d0000000000/o0000000001=5"]);
    }

    #[test]
    fn dry_runs_and_checks_leave_the_ledger_alone() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        for (number, mode) in [(2, RunMode::DryRun), (3, RunMode::Check)] {
            let run = begin(&mut store, number, mode);
            let cells = [cell(1, 1, "202401", CellState::Deleted), cell(2, 1, "202401", CellState::Created)];
            store.record_cells(run, &cells).unwrap();
        }
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4"]);
    }

    #[test]
    fn the_ledger_answers_for_addresses_places_and_periods() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let mut cells = Vec::new();
        for data_element in 1..=3 {
            for org_unit in 1..=3 {
                for period in ["202401", "202402", "2024Q1"] {
                    cells.push(cell(data_element, org_unit, period, CellState::Created));
                }
            }
        }
        store.record_cells(run, &cells).unwrap();
        let periods = ["202402".parse().unwrap(), "2024Q1".parse().unwrap(), "202212".parse().unwrap()];
        let addresses = [address(3), address(1), address(9)];
        let org_units = [uid('o', 3), uid('o', 2), uid('o', 2), uid('o', 8)];
        let found: Vec<_> =
            store.ledger(&addresses, &org_units, &periods).unwrap().into_iter().map(|entry| entry.cell).collect();
        let mut expected: Vec<_> = cells
            .iter()
            .map(|record| record.cell)
            .filter(|cell| {
                addresses.contains(&cell.address())
                    && org_units.contains(&cell.org_unit)
                    && periods.contains(&cell.period)
            })
            .collect();
        expected.sort_unstable();
        assert_eq!(expected.len(), 8);
        assert_eq!(found, expected);
        assert!(store.ledger(&[], &org_units, &periods).unwrap().is_empty());
    }

    #[test]
    fn a_post_is_open_until_its_answer_is_written_down() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let chunk = |number| ChunkStart {
            number,
            job: "malaria".to_owned(),
            data_set: uid('s', 1),
            digest: [7; 32],
            rows: 500,
        };
        for number in [1, 2] {
            store.chunk_sending(run, &chunk(number)).unwrap();
        }
        store.chunk_done(run, 1, "500 imported").unwrap();
        let record = store.run(run).unwrap();
        assert_eq!(record.open_chunks().collect::<Vec<_>>(), [&chunk(2)]);
        assert_eq!(record.chunks[0].answer.as_deref(), Some("500 imported"));
        store.chunk_sending(run, &chunk(1)).unwrap();
        assert_eq!(store.run(run).unwrap().open_chunks().count(), 2, "sent again");
        let error = store.chunk_done(run, 3, "").unwrap_err();
        assert!(error.to_string().contains("there is no chunk `3 of run"), "{error}");
    }

    #[test]
    fn what_is_said_of_an_unknown_run_is_refused() {
        let mut store = StateStore::in_memory().unwrap();
        begin(&mut store, 1, RunMode::Run);
        let unknown = Uuid::from_u128(2);
        let error: JournalError = store.record_cells(unknown, &[cell(1, 1, "202401", CellState::Created)]).unwrap_err();
        let cause = error.source.unwrap();
        assert!(matches!(cause.downcast_ref(), Some(StoreError::NotFound(_))), "{cause:?}");
        assert!(ledger(&store).is_empty());
    }

    #[test]
    fn what_was_recorded_is_there_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let routine = Uuid::from_u128(9);
        assert!(StateStore::open_existing(&home, routine).unwrap().is_none());
        let mut store = StateStore::open(&home, routine).unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        drop(store);
        let mut store = StateStore::open_existing(&home, routine).unwrap().unwrap();
        assert_eq!(ledger(&store).len(), 1);
        store.record_cells(run, &[cell(2, 1, "202401", CellState::Created)]).unwrap();
        assert_eq!(ledger(&store).len(), 2, "words are found again");
        assert!(store.begin_run(&store.run(run).unwrap().start).is_err(), "a run begins once");
    }

    // The memory of words must not outlive the transaction that numbered them.
    #[test]
    fn a_failed_record_leaves_neither_cells_nor_numbers() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let routine = Uuid::from_u128(9);
        let mut store = StateStore::open(&home, routine).unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let meddle =
            |sql| rusqlite::Connection::open(home.state_database(routine)).unwrap().execute_batch(sql).unwrap();
        meddle("CREATE TRIGGER no BEFORE INSERT ON cell BEGIN SELECT RAISE(ABORT, 'no'); END");
        assert!(store.record_cells(run, &[cell(1, 2, "202401", CellState::Created)]).is_err());
        meddle("DROP TRIGGER no");
        let other = [cell(3, 4, "202402", CellState::Created), cell(1, 2, "202401", CellState::Created)];
        store.record_cells(run, &other).unwrap();
        assert_eq!(ledger(&store), ["d0000000001/o0000000002=4", "d0000000003/o0000000004=4"]);
    }
}
