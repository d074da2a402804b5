//! Looking back at the runs of a routine with their reports and POSTs, and the end of old runs.

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Deserialize;
use uuid::Uuid;

use crate::store::column::{Columns, Json, Text, Word};
use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::run_number::run_number;
use crate::store::state::{open, unchanged};
use xfer_domain::journal::{ChunkStart, RunStart};
use xfer_domain::run::{CellCounts, Finding, Report, RunMode, RunOutcome, Severity, ValueCounts};

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
    /// The words after `xfer` that run it again as it was asked for; none of runs from before they were noted.
    pub command: Option<Vec<String>>,
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
    /// Values and cells for which it is not complete; where it is so for another reason, what its findings count.
    pub problems: u64,
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

/// So many runs back it is looked for when a job was last read.
const REPORTS_LOOKED_AT: u32 = 20;

/// The part of a report that a list of runs shows.
#[derive(Deserialize)]
struct Counts {
    values: ValueCounts,
    #[serde(default)]
    tolerates_unmapped: bool,
    cells: CellCounts,
    #[serde(default)]
    findings: Vec<Finding>,
}

impl Counts {
    fn problems(&self, outcome: RunOutcome) -> u64 {
        if outcome == RunOutcome::Complete {
            return 0;
        }
        let (values, cells) = (&self.values, &self.cells);
        let unmapped = if self.tolerates_unmapped { 0 } else { values.unmapped };
        let counted = unmapped
            + values.invalid
            + cells.rejected
            + cells.differs
            + cells.unknown
            + cells.not_sent
            + cells.held_back;
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        if counted > 0 { counted } else { errors.map(|finding| finding.count.max(1)).sum::<u64>().max(1) }
    }
}

impl StateStore {
    /// The runs, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare(
                "SELECT uuid, routine, mode, started, finished, outcome, exit_code, report, words \
                 FROM run LEFT JOIN run_command ON run_command.run = run.uuid ORDER BY id DESC",
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

    /// The reports of the newest runs for real that came to one, newest first.
    pub(super) fn reports_before(&self) -> Result<Vec<Report>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT report FROM run WHERE mode = ?1 AND report IS NOT NULL ORDER BY id DESC LIMIT ?2",
            )?;
            let reports = statement.query_map(params![Word(RunMode::Run), REPORTS_LOOKED_AT], |row| {
                Ok(row.get::<_, Json<Report>>(0)?.0)
            })?;
            Ok(reports.collect::<Result<_, _>>()?)
        })
    }

    /// Notes the command of a run that is about to begin.
    pub fn note_command(&mut self, run: Uuid, words: &[String]) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            transaction.execute(
                "INSERT OR REPLACE INTO run_command (run, words) VALUES (?1, ?2)",
                params![Text(run), Json(words)],
            )?;
            Ok(())
        })
    }

    /// Forgets all runs but the newest `keep` with their cells, previous values and POSTs; gives how many. The ledger
    /// stays: what may be deleted does not depend on what is remembered of runs.
    pub fn prune(&mut self, keep: usize) -> Result<usize, StoreError> {
        let keep = i64::try_from(keep).unwrap_or(i64::MAX);
        let removed = self.database.write(|transaction| {
            open::spread_all(transaction)?;
            let removed = transaction
                .execute("DELETE FROM run WHERE id NOT IN (SELECT id FROM run ORDER BY id DESC LIMIT ?1)", [keep])?;
            transaction.execute("DELETE FROM run_command WHERE run NOT IN (SELECT uuid FROM run)", [])?;
            let counted: Vec<i64> = unchanged::org_units(transaction)?.into_iter().collect();
            transaction.execute(UNUSED_WORDS, [Json(counted)])?;
            Ok(removed)
        })?;
        self.posts.clear();
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
    UNION SELECT category_option_combo FROM ledger UNION SELECT attribute_option_combo FROM ledger
    UNION SELECT source_period FROM ledger WHERE source_period IS NOT NULL
    UNION SELECT org_unit FROM open_cell UNION SELECT period FROM open_cell UNION SELECT data_element FROM open_cell
    UNION SELECT category_option_combo FROM open_cell UNION SELECT attribute_option_combo FROM open_cell
    UNION SELECT run FROM open_cell UNION SELECT job FROM open_cell
    UNION SELECT source_period FROM open_cell WHERE source_period IS NOT NULL
    UNION SELECT org_unit FROM ledger_aside UNION SELECT period FROM ledger_aside
    UNION SELECT data_element FROM ledger_aside UNION SELECT category_option_combo FROM ledger_aside
    UNION SELECT attribute_option_combo FROM ledger_aside
    UNION SELECT source_period FROM ledger_aside WHERE source_period IS NOT NULL
    UNION SELECT org_unit FROM open_cell_aside UNION SELECT period FROM open_cell_aside
    UNION SELECT data_element FROM open_cell_aside UNION SELECT category_option_combo FROM open_cell_aside
    UNION SELECT attribute_option_combo FROM open_cell_aside
    UNION SELECT run FROM open_cell_aside UNION SELECT job FROM open_cell_aside
    UNION SELECT source_period FROM open_cell_aside WHERE source_period IS NOT NULL
    UNION SELECT job FROM unchanged UNION SELECT period FROM unchanged
    UNION SELECT value FROM json_each(?1))";

fn read_summary(row: &Row<'_>) -> rusqlite::Result<RunSummary> {
    let end = match row.get::<_, Option<String>>(4)? {
        None => None,
        Some(finished) => {
            let counts: Counts = row.get::<_, Json<_>>(7)?.0;
            let outcome = row.get::<_, Word<_>>(5)?.0;
            Some(RunEnd {
                finished,
                outcome,
                exit_code: row.get(6)?,
                problems: counts.problems(outcome),
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
        command: row.get::<_, Option<Json<_>>>(8)?.map(|words| words.0),
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
                data_set: row.id(2)?,
                digest: row.get(3)?,
                rows: count(4)?,
            },
            answer: row.get(5)?,
        })
    })?;
    let chunks = chunks.collect::<Result<_, _>>()?;
    Ok(chunks)
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

    use crate::store::error::StoreError;
    use crate::store::state::StateStore;
    use crate::store::state::cells::CellFilter;
    use crate::store::state::cells::tests::{as_read, cells};
    use crate::store::state::journal::tests::begin;
    use crate::store::testing::cell;
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, Journal};
    use xfer_domain::run::{CellCounts, Report, RunMode, RunOutcome, ServerReport, Traffic, ValueCounts};

    fn report(run: Uuid) -> Report {
        Report {
            scripts: Vec::new(),
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
            tolerates_unmapped: false,
            cells: CellCounts { total: 2, created: 1, rejected: 1, ..CellCounts::default() },
            recovered: 0,
            jobs: vec![],
            findings: vec![],
            traffic: Traffic::default(),
            written_by_data_set: [("Malaria".to_owned(), [("202401".to_owned(), 1)].into())].into(),
            file: None,
        }
    }

    #[test]
    fn a_run_that_is_not_complete_has_problems_and_a_complete_one_has_none() {
        let mut store = StateStore::in_memory().unwrap();
        let unmapped = ValueCounts { fetched: 4, unmapped: 3, contributing: 1, ..ValueCounts::default() };
        let nothing = CellCounts::default();
        let held = CellCounts { total: 2, held_back: 2, ..CellCounts::default() };
        let cases = [
            (RunOutcome::Incomplete, false, unmapped, nothing, 3),
            (RunOutcome::Complete, true, unmapped, nothing, 0),
            (RunOutcome::Incomplete, true, unmapped, held, 2),
            (RunOutcome::Incomplete, false, unmapped, held, 5),
            (RunOutcome::Incomplete, false, ValueCounts::default(), nothing, 1),
        ];
        for (number, (outcome, tolerates_unmapped, values, cells, expected)) in (1..).zip(cases) {
            let run = begin(&mut store, number, RunMode::Run);
            store.finish_run(&Report { outcome, values, tolerates_unmapped, cells, ..report(run) }).unwrap();
            let listed = store.runs().unwrap().into_iter().find(|line| line.run == run).unwrap();
            assert_eq!(listed.end.unwrap().problems, expected, "case {number}");
        }
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
        assert_eq!(cells(&store, run, &CellFilter::default()), [as_read(&again)]);
    }
}
