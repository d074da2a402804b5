//! The transfer engine's port: everything it writes down is on the disk when its call returns.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::store::column::{Id, Json, Text, Word};
use crate::store::error::{Kind, StoreError};
use crate::store::state::ledger::{LedgerWriter, look_up};
use crate::store::state::run_number::{find_run, run_number};
use crate::store::state::unchanged::Counting;
use crate::store::state::words::{CellNumbers, Numbering};
use crate::store::state::{StateStore, open};
use xfer_domain::cell::{CellAddress, CellKey, CellState};
use xfer_domain::fault::Fault;
use xfer_domain::journal::{
    CellRecord, ChunkStart, Claim, Found, Journal, JournalError, LedgerEntry, OpenCell, RunStart, SentCell, Survey,
    Turned,
};
use xfer_domain::period::Period;
use xfer_domain::run::{Report, RunMode, fetched_before};
use xfer_domain::uid::Uid;

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self { reason: error.to_string(), code: error.code(), source: Some(Box::new(error)) }
    }
}

impl Journal for StateStore {
    fn turn_to(&mut self, system_id: &str, user: &str, writes: bool) -> Result<Turned, JournalError> {
        Ok(self.turn_ledger_to(system_id, user, writes)?)
    }

    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        let periods: Vec<String> = start.periods.iter().map(Period::to_string).collect();
        self.database.write(|transaction| {
            // What a run that was cut off set aside is nobody's any more.
            transaction.execute("DELETE FROM aside", [])?;
            transaction.execute(
                "INSERT INTO run (uuid, routine, mode, started, periods) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![Text(start.run), start.routine, Word(start.mode), Text(start.started), Json(periods)],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    /// A chunk of the same number that was being sent before is sent again.
    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart, cells: &[SentCell]) -> Result<(), JournalError> {
        let Self { database, words, posts } = self;
        let (fresh, post) = database.write(|transaction| {
            let mut numbering = words.within(transaction)?;
            let post = open::keep(transaction, &mut numbering, run, &chunk.job, cells)?;
            let (run, _) = run_number(transaction, run)?;
            transaction.execute(
                "INSERT OR REPLACE INTO chunk (run, number, job, data_set, digest, row_count) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![run, integer(chunk.number)?, chunk.job, Id(chunk.data_set), chunk.digest, integer(chunk.rows)?],
            )?;
            Ok((numbering.into_fresh(), post))
        })?;
        words.remember(fresh);
        posts.extend(post);
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
        let Self { database, words, posts } = self;
        let fresh = database.write(|transaction| {
            let (number, mode) = run_number(transaction, run)?;
            let mut numbering = words.within(transaction)?;
            // Dry runs and comparisons write nothing at the destination.
            let writes = mode == RunMode::Run;
            let mut claims = if writes { Some(Claims::new(transaction, &mut numbering, run)?) } else { None };
            record(transaction, &mut numbering, number, cells, claims.as_mut())?;
            if let Some(claims) = claims {
                open::close_posts(transaction, posts, &claims.closed, claims.run)?;
            }
            Ok(numbering.into_fresh())
        })?;
        words.remember(fresh);
        // Those of which something is left were spread.
        posts.clear();
        Ok(())
    }

    fn open_cells(&mut self) -> Result<Vec<OpenCell>, JournalError> {
        self.database.write(open::spread_all)?;
        self.posts.clear();
        Ok(self.read_open_cells()?)
    }

    fn reconcile(&mut self, found: &[Found]) -> Result<(), JournalError> {
        let Self { database, words, posts } = self;
        let fresh = database.write(|transaction| {
            open::spread_all(transaction)?;
            let mut numbering = words.within(transaction)?;
            for found in found {
                match found {
                    Found::Arrived { run, record: found } => {
                        // The run may be forgotten by now; what it wrote is not.
                        if let Some((number, _)) = find_run(transaction, *run)? {
                            record(transaction, &mut numbering, number, std::slice::from_ref(found), None)?;
                        }
                        let cell = numbering.cell(&found.cell)?;
                        Claims::new(transaction, &mut numbering, *run)?.take(&mut numbering, found, &cell)?;
                    }
                    Found::Otherwise(cell) => {
                        let cell = numbering.cell(cell)?;
                        open::OpenWriter::new(transaction)?.close(&cell)?;
                    }
                }
            }
            Ok(numbering.into_fresh())
        })?;
        words.remember(fresh);
        posts.clear();
        Ok(())
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        let Self { database, words, .. } = self;
        let (entries, fresh) = database.read_together(|connection| {
            let mut numbering = words.within(connection)?;
            let entries = look_up(connection, &mut numbering, addresses, org_units, periods)?;
            Ok((entries, numbering.into_fresh()))
        })?;
        words.remember(fresh);
        Ok(entries)
    }

    fn each_written(&mut self, visit: &mut dyn FnMut(CellKey, Option<Period>)) -> Result<(), JournalError> {
        Ok(self.visit_ledger(visit)?)
    }

    fn survey(&mut self) -> Result<Survey, JournalError> {
        Ok(self.survey_ledger()?)
    }

    fn fetched_before(&mut self, periods: &[Period]) -> Result<BTreeMap<String, u64>, JournalError> {
        let reports = self.reports_before()?;
        Ok(fetched_before(&reports, periods))
    }

    fn forget(&mut self, cells: &[CellKey]) -> Result<(), JournalError> {
        let Self { database, words, .. } = self;
        let fresh = database.write(|transaction| {
            let mut numbering = words.within(transaction)?;
            let mut ledger = LedgerWriter::new(transaction)?;
            for cell in cells {
                ledger.forget(&numbering.cell(cell)?)?;
            }
            drop(ledger);
            Ok(numbering.into_fresh())
        })?;
        words.remember(fresh);
        Ok(())
    }

    fn set_aside(&mut self, run: Uuid, number: u64, part: &[u8]) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let (run, _) = run_number(transaction, run)?;
            transaction.execute(
                "INSERT OR REPLACE INTO aside (run, number, part) VALUES (?1, ?2, ?3)",
                params![run, integer(number)?, part],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    fn take_back(&mut self, run: Uuid, number: u64) -> Result<Option<Vec<u8>>, JournalError> {
        let part = self.database.write(|transaction| {
            let (run, _) = run_number(transaction, run)?;
            let mut take =
                transaction.prepare_cached("DELETE FROM aside WHERE run = ?1 AND number = ?2 RETURNING part")?;
            Ok(take.query_row(params![run, integer(number)?], |row| row.get(0)).optional()?)
        })?;
        Ok(part)
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            transaction.execute("DELETE FROM aside", [])?;
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

/// Writes down how cells ended: those that were right and were not sent in numbers, the others one by one.
fn record(
    transaction: &Transaction<'_>,
    numbering: &mut Numbering<'_>,
    run: i64,
    cells: &[CellRecord],
    mut claims: Option<&mut Claims<'_>>,
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO cell (run, job, org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, previous, value, state, code, reason, contributions) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let mut unchanged = Counting::default();
    let mut last_job: Option<(&str, i64)> = None;
    for record in cells {
        let job = match last_job {
            Some((name, number)) if name == record.job => number,
            _ => last_job.insert((&record.job, numbering.number(&record.job)?)).1,
        };
        if record.state == CellState::Unchanged && record.claim == Claim::Stays {
            let (org_unit, period) = (numbering.org_unit(record.cell.org_unit)?, numbering.period(record.cell.period)?);
            unchanged.add(job, period, org_unit);
            // Nothing is to be done for the many that stay as they are.
            if let Some(claims) = claims.as_mut().filter(|_| record.from.is_some()) {
                let cell = numbering.cell(&record.cell)?;
                claims.take(numbering, record, &cell)?;
            }
            continue;
        }
        let cell = numbering.cell(&record.cell)?;
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = cell;
        insert.execute(params![
            run,
            job,
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
        if let Some(claims) = &mut claims {
            claims.take(numbering, record, &cell)?;
        }
    }
    unchanged.write(transaction, run)
}

/// Changes the ledger by the claims of cells, and closes those of which it is known what became of them.
struct Claims<'transaction> {
    ledger: LedgerWriter<'transaction>,
    /// None where no cell is open but those of POSTs.
    open: Option<open::OpenWriter<'transaction>>,
    /// The word of the run.
    run: i64,
    closed: open::Closed,
}

impl<'transaction> Claims<'transaction> {
    fn new(
        transaction: &'transaction Transaction<'_>,
        numbering: &mut Numbering<'_>,
        run: Uuid,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            ledger: LedgerWriter::new(transaction)?,
            open: open::OpenWriter::if_any(transaction)?,
            run: numbering.number(&run.to_string())?,
            closed: open::Closed::default(),
        })
    }

    fn take(
        &mut self,
        numbering: &mut Numbering<'_>,
        record: &CellRecord,
        cell: &CellNumbers,
    ) -> Result<(), StoreError> {
        let from = numbering.period_if_any(record.from)?;
        match record.claim {
            Claim::Stays if record.state == CellState::Unchanged => self.ledger.confirm(cell, from)?,
            Claim::Stays => {}
            Claim::Settled => {
                self.closed.insert(*cell, false);
                if let Some(open) = &mut self.open {
                    open.close_for(cell, self.run)?;
                }
            }
            Claim::Ours => {
                self.ledger.put(cell, record.value.as_deref(), from)?;
                self.close(cell)?;
            }
            Claim::NotOurs => {
                self.ledger.forget(cell)?;
                self.close(cell)?;
            }
        }
        Ok(())
    }

    fn close(&mut self, cell: &CellNumbers) -> Result<(), StoreError> {
        self.closed.insert(*cell, true);
        match &mut self.open {
            Some(open) => open.close(cell),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::state::StateStore;
    use crate::store::testing::{cell, uid};
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{ChunkStart, Journal, JournalError, RunStart};
    use xfer_domain::run::RunMode;

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
    pub(in crate::store::state) fn ledger(store: &StateStore) -> Vec<String> {
        let entries = store.whole_ledger().unwrap();
        let text =
            entries.iter().map(|entry| format!("{}/{}={}", entry.cell.data_element, entry.cell.org_unit, entry.value));
        text.collect()
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
            store.chunk_sending(run, &chunk(number), &[]).unwrap();
        }
        store.chunk_done(run, 1, "500 imported").unwrap();
        let record = store.run(run).unwrap();
        assert_eq!(record.open_chunks().collect::<Vec<_>>(), [&chunk(2)]);
        assert_eq!(record.chunks[0].answer.as_deref(), Some("500 imported"));
        store.chunk_sending(run, &chunk(1), &[]).unwrap();
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
