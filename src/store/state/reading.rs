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
