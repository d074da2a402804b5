//! Looking back: the runs of a routine, their reports, POSTs and cells, and the end of old runs.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::cell::{CellKey, CellState};
use crate::domain::journal::{CellRecord, ChunkStart, LedgerEntry, RunStart};
use crate::domain::period::{Period, PeriodError};
use crate::domain::run::{CellCounts, Report, RunMode, RunOutcome, ValueCounts};
use crate::domain::uid::Uid;
use crate::store::column::{Json, Text, Word};
use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::journal::run_number;

/// A run in the list of runs.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its id.
    pub run: Uuid,
    /// The routine's name at the time.
    pub routine: String,
    /// What kind of run it was.
    pub mode: RunMode,
    /// When it started.
    pub started: Timestamp,
    /// How it ended; none while it runs, and for ever if it was killed.
    pub end: Option<RunEnd>,
}

/// How a run ended, in short.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEnd {
    /// When, RFC 3339 in UTC.
    pub finished: String,
    /// How.
    pub outcome: RunOutcome,
    /// The exit code of the process.
    pub exit_code: u8,
    /// Its source values.
    pub values: ValueCounts,
    /// Its cells.
    pub cells: CellCounts,
}

/// A run with all that was written down about it but its cells.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// How it began.
    pub start: RunStart,
    /// Its report; none while it runs, and for ever if it was killed.
    pub report: Option<Report>,
    /// Its POSTs, in order.
    pub chunks: Vec<ChunkRecord>,
}

/// A POST of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRecord {
    /// What was sent.
    pub chunk: ChunkStart,
    /// What became of it, in short; none if the run ended before the answer was read.
    pub answer: Option<String>,
}

/// Which cells of a run are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellFilter {
    /// Those that ended so; empty for all.
    pub states: Vec<CellState>,
    /// Those of this job; none for all.
    pub job: Option<String>,
}

/// The part of a report that a list of runs shows.
#[derive(Deserialize)]
struct Counts {
    values: ValueCounts,
    cells: CellCounts,
}

impl StateStore {
    /// The runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT uuid, routine, mode, started, finished, outcome, exit_code, report FROM run ORDER BY id DESC",
            )?;
            let runs = statement.query_map([], read_summary)?.collect::<Result<_, _>>()?;
            Ok(runs)
        })
    }

    /// A run with its report and POSTs.
    pub fn run(&self, run: Uuid) -> Result<RunRecord, StoreError> {
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let (start, report) = connection.query_row(
                "SELECT uuid, routine, mode, started, periods, report FROM run WHERE id = ?1",
                [id],
                read_run,
            )?;
            Ok(RunRecord { start, report, chunks: read_chunks(connection, id)? })
        })
    }

    /// Hands the cells of a run over one by one, by job, org unit and period in the order in which they first came up.
    /// They are never all in memory. An error of `receive` ends it.
    pub fn cells<E: From<StoreError>>(
        &self,
        run: Uuid,
        filter: &CellFilter,
        mut receive: impl FnMut(CellRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        // Errors of the receiver pass through untouched, those of the database get their file's name.
        let mut received = Ok(());
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let (query, parameters) = cell_query(id, filter);
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params_from_iter(parameters))?;
            let mut dictionary = Dictionary::new(connection)?;
            while let Some(row) = rows.next()? {
                received = receive(read_cell(row, &mut dictionary)?);
                if received.is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        received
    }

    /// How many cells of a run ended in each state, counted from the cells themselves.
    pub fn cell_counts(&self, run: Uuid) -> Result<CellCounts, StoreError> {
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let mut statement = connection.prepare_cached(
                "SELECT word.text, count(*) FROM cell JOIN word ON word.id = cell.state WHERE run = ?1 GROUP BY state",
            )?;
            let mut rows = statement.query([id])?;
            let mut counts = CellCounts::default();
            while let Some(row) = rows.next()? {
                let number = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                counts.total += number;
                counts.record(row.get(0)?, number);
            }
            Ok(counts)
        })
    }

    /// Every cell that the routine wrote and that is still its own, in order.
    pub fn whole_ledger(&self) -> Result<Vec<LedgerEntry>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, value FROM ledger",
            )?;
            let mut dictionary = Dictionary::new(connection)?;
            let mut rows = statement.query([])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(LedgerEntry { cell: read_key(row, 0, &mut dictionary)?, value: row.get(5)? });
            }
            entries.sort_unstable_by_key(|entry| entry.cell);
            Ok(entries)
        })
    }

    /// Forgets all runs but the newest `keep` with their cells, previous values and POSTs; gives how many. The ledger
    /// stays: what may be deleted does not depend on what is remembered of runs.
    pub fn prune(&mut self, keep: usize) -> Result<usize, StoreError> {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX);
        let removed = self.database.write(|transaction| {
            let removed = transaction
                .execute("DELETE FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY id DESC LIMIT ?1)", [keep])?;
            transaction.execute(UNUSED_WORDS, [])?;
            Ok(removed)
        })?;
        self.words.forget();
        Ok(removed)
    }
}

/// Words may hold reasons with values in them, so they go with the last cell that uses them.
const UNUSED_WORDS: &str = "DELETE FROM word WHERE id NOT IN (
    SELECT job FROM cell UNION SELECT org_unit FROM cell UNION SELECT period FROM cell
    UNION SELECT data_element FROM cell UNION SELECT category_option_combo FROM cell
    UNION SELECT attribute_option_combo FROM cell UNION SELECT state FROM cell
    UNION SELECT code FROM cell WHERE code IS NOT NULL UNION SELECT reason FROM cell WHERE reason IS NOT NULL
    UNION SELECT org_unit FROM ledger UNION SELECT period FROM ledger UNION SELECT data_element FROM ledger
    UNION SELECT category_option_combo FROM ledger UNION SELECT attribute_option_combo FROM ledger)";

fn read_summary(row: &Row<'_>) -> rusqlite::Result<RunSummary> {
    let end = match row.get::<_, Option<String>>(4)? {
        None => None,
        Some(finished) => {
            let counts: Counts = row.get::<_, Json<_>>(7)?.0;
            Some(RunEnd {
                finished,
                outcome: row.get::<_, Word<_>>(5)?.0,
                exit_code: row.get(6)?,
                values: counts.values,
                cells: counts.cells,
            })
        }
    };
    Ok(RunSummary {
        run: row.get::<_, Text<_>>(0)?.0,
        routine: row.get(1)?,
        mode: row.get::<_, Word<_>>(2)?.0,
        started: row.get::<_, Text<_>>(3)?.0,
        end,
    })
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<(RunStart, Option<Report>)> {
    let start = RunStart {
        run: row.get::<_, Text<_>>(0)?.0,
        routine: row.get(1)?,
        mode: row.get::<_, Word<_>>(2)?.0,
        started: row.get::<_, Text<_>>(3)?.0,
        periods: row.get::<_, Json<_>>(4)?.0,
    };
    Ok((start, row.get::<_, Option<Json<_>>>(5)?.map(|report| report.0)))
}

fn read_chunks(connection: &Connection, run: i64) -> Result<Vec<ChunkRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number, job, data_set, digest, row_count, answer FROM chunk WHERE run = ?1 ORDER BY number",
    )?;
    let chunks = statement.query_map([run], |row| {
        let count = |index| row.get::<_, i64>(index).map(|number| u64::try_from(number).unwrap_or_default());
        Ok(ChunkRecord {
            chunk: ChunkStart {
                number: count(0)?,
                job: row.get(1)?,
                data_set: row.get(2)?,
                digest: row.get(3)?,
                rows: count(4)?,
            },
            answer: row.get(5)?,
        })
    })?;
    let chunks = chunks.collect::<Result<_, _>>()?;
    Ok(chunks)
}

fn cell_query(run: i64, filter: &CellFilter) -> (String, Vec<Value>) {
    let mut query = "SELECT job, state, code, reason, org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, previous, value, contributions FROM cell WHERE run = ?"
        .to_owned();
    let mut parameters = vec![Value::from(run)];
    if !filter.states.is_empty() {
        let places = vec!["?"; filter.states.len()].join(", ");
        query += &["AND state IN (SELECT id FROM word WHERE text IN (", &places, "))"].concat();
        parameters.extend(filter.states.iter().map(|state| Value::from(state.name().to_owned())));
    }
    if let Some(job) = &filter.job {
        query += " AND job = (SELECT id FROM word WHERE text = ?)";
        parameters.push(Value::from(job.clone()));
    }
    query += " ORDER BY run, job, org_unit, period, data_element, category_option_combo, attribute_option_combo";
    (query, parameters)
}

fn read_cell(row: &Row<'_>, dictionary: &mut Dictionary<'_>) -> Result<CellRecord, StoreError> {
    let mut word_if_any = |index| -> Result<Option<String>, StoreError> {
        row.get::<_, Option<i64>>(index)?.map(|number| dictionary.text(number)).transpose()
    };
    let (code, reason) = (word_if_any(2)?, word_if_any(3)?);
    let state = dictionary.text(row.get(1)?)?;
    Ok(CellRecord {
        job: dictionary.text(row.get(0)?)?,
        cell: read_key(row, 4, dictionary)?,
        previous: row.get(9)?,
        value: row.get(10)?,
        state: CellState::from_name(&state).ok_or_else(|| not_a("state of a cell", &state))?,
        code,
        reason,
        contributions: row.get(11)?,
    })
}

/// Reads a cell's five parts from neighbouring columns, org unit first.
fn read_key(row: &Row<'_>, first: usize, dictionary: &mut Dictionary<'_>) -> Result<CellKey, StoreError> {
    Ok(CellKey {
        org_unit: dictionary.uid(row.get(first)?)?,
        period: dictionary.period(row.get(first + 1)?)?,
        data_element: dictionary.uid(row.get(first + 2)?)?,
        category_option_combo: dictionary.uid(row.get(first + 3)?)?,
        attribute_option_combo: dictionary.uid(row.get(first + 4)?)?,
    })
}

fn not_a(what: &str, word: &str) -> StoreError {
    let reason: Box<dyn std::error::Error + Send + Sync> = format!("`{word}` is no {what}").into();
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, reason).into()
}

/// Words by number, each looked up and parsed once.
struct Dictionary<'connection> {
    select: rusqlite::CachedStatement<'connection>,
    texts: HashMap<i64, String>,
    uids: HashMap<i64, Uid>,
    periods: HashMap<i64, Period>,
}

impl<'connection> Dictionary<'connection> {
    fn new(connection: &'connection Connection) -> Result<Self, StoreError> {
        Ok(Self {
            select: connection.prepare_cached("SELECT text FROM word WHERE id = ?1")?,
            texts: HashMap::new(),
            uids: HashMap::new(),
            periods: HashMap::new(),
        })
    }

    fn look_up(&mut self, number: i64) -> Result<String, StoreError> {
        let text = self.select.query_row([number], |row| row.get(0)).optional()?;
        text.ok_or_else(|| not_a("word", &number.to_string()))
    }

    fn text(&mut self, number: i64) -> Result<String, StoreError> {
        if let Some(text) = self.texts.get(&number) {
            return Ok(text.clone());
        }
        let text = self.look_up(number)?;
        self.texts.insert(number, text.clone());
        Ok(text)
    }

    fn uid(&mut self, number: i64) -> Result<Uid, StoreError> {
        if let Some(uid) = self.uids.get(&number) {
            return Ok(*uid);
        }
        let text = self.look_up(number)?;
        let uid = Uid::parse(&text).map_err(|_| not_a("id", &text))?;
        self.uids.insert(number, uid);
        Ok(uid)
    }

    fn period(&mut self, number: i64) -> Result<Period, StoreError> {
        if let Some(period) = self.periods.get(&number) {
            return Ok(*period);
        }
        let text = self.look_up(number)?;
        let period = Period::parse(&text).map_err(|PeriodError(text)| not_a("period", &text))?;
        self.periods.insert(number, period);
        Ok(period)
    }
}

impl RunSummary {
    /// Whether the run has no report: it is running, or was killed.
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }
}

impl RunRecord {
    /// The POSTs whose outcome nobody wrote down.
    pub fn open_chunks(&self) -> impl Iterator<Item = &ChunkStart> {
        self.chunks.iter().filter(|record| record.answer.is_none()).map(|record| &record.chunk)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::CellFilter;
    use crate::domain::cell::CellState;
    use crate::domain::journal::{CellRecord, Journal};
    use crate::domain::run::{CellCounts, Report, RunMode, RunOutcome, ServerReport, Traffic, ValueCounts};
    use crate::store::error::StoreError;
    use crate::store::state::StateStore;
    use crate::store::state::journal::tests::begin;
    use crate::store::testing::cell;

    fn report(run: Uuid) -> Report {
        Report {
            format: Report::FORMAT.to_owned(),
            run,
            routine: "monthly".to_owned(),
            mode: RunMode::Run,
            outcome: RunOutcome::Incomplete,
            exit_code: 3,
            started: "1970-01-01T00:00:00Z".to_owned(),
            finished: "1970-01-01T00:01:00Z".to_owned(),
            source: ServerReport::default(),
            destination: ServerReport::default(),
            periods: vec!["202401".to_owned()],
            values: ValueCounts { fetched: 4, contributing: 4, ..ValueCounts::default() },
            cells: CellCounts { total: 2, created: 1, rejected: 1, ..CellCounts::default() },
            jobs: vec![],
            findings: vec![],
            traffic: Traffic::default(),
            written_by_data_set: [("Malaria".to_owned(), [("202401".to_owned(), 1)].into())].into(),
        }
    }

    fn cells(store: &StateStore, run: Uuid, filter: &CellFilter) -> Vec<CellRecord> {
        let mut cells = Vec::new();
        let read: Result<(), StoreError> = store.cells(run, filter, |cell| {
            cells.push(cell);
            Ok(())
        });
        read.unwrap();
        cells
    }

    #[test]
    fn runs_are_listed_newest_first_with_their_end() {
        let mut store = StateStore::in_memory().unwrap();
        // Ids that do not sort by time must not change the order of starts.
        let first = begin(&mut store, 9, RunMode::Run);
        let second = begin(&mut store, 1, RunMode::DryRun);
        let report = report(first);
        store.finish_run(&report).unwrap();
        let runs = store.runs().unwrap();
        assert_eq!(
            runs.iter().map(|run| (run.run, run.is_open())).collect::<Vec<_>>(),
            [(second, true), (first, false)]
        );
        let end = runs[1].end.as_ref().unwrap();
        assert_eq!((end.exit_code, end.outcome), (3, RunOutcome::Incomplete));
        assert_eq!((end.values, end.cells), (report.values, report.cells));
        assert_eq!(store.run(first).unwrap().report, Some(report));
        let killed = store.run(second).unwrap();
        assert_eq!((killed.report, killed.start.periods.len()), (None, 2));
        assert!(matches!(store.run(Uuid::nil()), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn cells_are_read_as_they_were_recorded() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let refused = CellRecord {
            code: Some("E7640".to_owned()),
            reason: Some("not assigned".to_owned()),
            previous: None,
            contributions: u32::MAX,
            ..cell(2, 1, "2024Q1", CellState::Rejected)
        };
        let other_job = CellRecord { job: "hiv".to_owned(), ..cell(1, 1, "202401", CellState::Deleted) };
        let recorded = [cell(1, 1, "202401", CellState::Created), refused.clone(), other_job.clone()];
        store.record_cells(run, &recorded).unwrap();
        let mut read = cells(&store, run, &CellFilter::default());
        read.sort_by_key(|cell| recorded.iter().position(|other| other == cell));
        assert_eq!(read, recorded);
        let states = CellFilter { states: vec![CellState::Rejected, CellState::Unknown], job: None };
        assert_eq!(cells(&store, run, &states), [refused]);
        let job = CellFilter { states: vec![], job: Some("hiv".to_owned()) };
        assert_eq!(cells(&store, run, &job), [other_job]);
        let nothing = CellFilter { states: vec![CellState::Unknown], job: None };
        assert_eq!(cells(&store, run, &nothing), []);
        let counts = store.cell_counts(run).unwrap();
        assert_eq!((counts.total, counts.created, counts.deleted, counts.rejected), (3, 1, 1, 1));
        assert_eq!(counts.unexplained(), 0);
    }

    #[test]
    fn a_cell_recorded_twice_ended_as_it_was_recorded_last() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Unknown)]).unwrap();
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        assert_eq!(cells(&store, run, &CellFilter::default()), [cell(1, 1, "202401", CellState::Created)]);
    }

    #[test]
    fn whoever_reads_cells_may_stop() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let recorded: Vec<CellRecord> = (0..10).map(|unit| cell(1, unit, "202401", CellState::Created)).collect();
        store.record_cells(run, &recorded).unwrap();
        let mut seen = 0;
        let stopped: Result<(), StoreError> = store.cells(run, &CellFilter::default(), |_| {
            seen += 1;
            if seen == 3 { Err(StoreError::Busy { file: "/pipe".into() }) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(StoreError::Busy { .. })));
        assert_eq!(seen, 3);
    }

    #[test]
    fn old_runs_go_with_their_words_and_the_ledger_stays() {
        let mut store = StateStore::in_memory().unwrap();
        for number in 1..=3 {
            let run = begin(&mut store, number, RunMode::Run);
            let reason = Some(format!("reason {number}"));
            let unit = usize::try_from(number).unwrap();
            store.record_cells(run, &[CellRecord { reason, ..cell(1, unit, "202401", CellState::Created) }]).unwrap();
        }
        assert_eq!(store.prune(1).unwrap(), 2);
        assert_eq!(store.runs().unwrap().len(), 1);
        assert_eq!(store.whole_ledger().unwrap().len(), 3);
        let reasons: i64 = store
            .database
            .read(|connection| {
                let count = "SELECT count(*) FROM word WHERE text LIKE 'reason%'";
                Ok(connection.query_row(count, [], |row| row.get(0))?)
            })
            .unwrap();
        assert_eq!(reasons, 1);
        // Words that are gone are numbered anew.
        let run = begin(&mut store, 4, RunMode::Run);
        let again = CellRecord { reason: Some("reason 1".to_owned()), ..cell(1, 1, "202401", CellState::Updated) };
        store.record_cells(run, std::slice::from_ref(&again)).unwrap();
        assert_eq!(cells(&store, run, &CellFilter::default()), [again]);
    }

    #[test]
    fn a_hundred_thousand_cells_are_recorded_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::store::home::Home::new(folder.path());
        let mut store = StateStore::open(&home, Uuid::from_u128(1)).unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        for chunk in 0..10 {
            let records: Vec<CellRecord> = (0..10_000)
                .map(|number| cell(number % 100, chunk * 100 + number / 100, "202401", CellState::Created))
                .collect();
            store.record_cells(run, &records).unwrap();
        }
        assert_eq!(store.cell_counts(run).unwrap().created, 100_000);
        assert_eq!(cells(&store, run, &CellFilter::default()).len(), 100_000);
        assert_eq!(store.whole_ledger().unwrap().len(), 100_000);
        // Ids kept as text in every row would alone take more than this, without the ledger.
        let size = std::fs::metadata(home.state_database(Uuid::from_u128(1))).unwrap().len();
        assert!(size < 10_000_000, "{size} bytes");
    }
}
