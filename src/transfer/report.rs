//! Adds up what was recorded and says how the run ended (design 5).
//!
//! The exit code is for cron: what does the operator do next? The most pressing answer wins: log in (7), look what
//! became of it (6), try again (5), correct something (3), nothing (0).

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::journal::JournalError;
use crate::domain::run::{
    CellCounts, FileReport, JobReport, Report, RunMode, RunOutcome, ServerReport, Traffic, ValueCounts,
};
use crate::transfer::finding::{self, Code};
use crate::transfer::hooks::Acts;
use crate::transfer::tally::{Findings, Note};

/// Everything is where it should be.
pub const EXIT_COMPLETE: u8 = 0;
/// Some cells or values need a person.
pub const EXIT_INCOMPLETE: u8 = 3;
/// A retry may help.
pub const EXIT_TEMPORARY: u8 = 5;
/// It is not known what became of some cells.
pub const EXIT_UNKNOWN: u8 = 6;
/// A login or permission was refused.
pub const EXIT_PERMISSION: u8 = 7;
/// Something could not be written on this machine.
pub const EXIT_LOCAL: u8 = 74;

/// What a run's jobs came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// The jobs, in order.
    pub jobs: Vec<JobReport>,
    /// All findings.
    pub findings: Findings,
    /// What scripts did.
    pub acts: Acts,
    /// Cells written, by name of the data set and period.
    pub written: BTreeMap<String, BTreeMap<String, u64>>,
    /// Cells that earlier runs had written without learning it.
    pub recovered: u64,
    /// Whether something failed that may pass.
    pub temporary: bool,
    /// Whether a server refused the login or a permission, so that nothing more could be done.
    pub permission: bool,
    /// Slices that were done.
    pub slices_done: u64,
    /// Slices that could not be done.
    pub slices_failed: u64,
}

/// What a report says beside the counts.
#[derive(Debug, Clone)]
pub struct RunFacts {
    /// The run.
    pub run: Uuid,
    /// The routine's name.
    pub routine: String,
    /// What kind of run it was.
    pub mode: RunMode,
    /// When it started.
    pub started: Timestamp,
    /// When it finished.
    pub finished: Timestamp,
    /// The source.
    pub source: ServerReport,
    /// The destination.
    pub destination: ServerReport,
    /// The destination periods, as identifiers.
    pub periods: Vec<String>,
    /// What it cost.
    pub traffic: Traffic,
    /// Whether unmapped values are no reason to complain.
    pub tolerate_unmapped: bool,
    /// The xfer file that the routine comes from.
    pub file: Option<FileReport>,
}

/// Counts that do not close: a bug of ours, never a footnote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the counts do not close: {values} source values and {cells} cells are unexplained")]
pub struct Unexplained {
    /// Source values without a fate.
    pub values: i128,
    /// Cells without a state.
    pub cells: i128,
}

/// Builds the report of a run.
pub fn report(facts: RunFacts, mut tally: Tally) -> Result<Report, Unexplained> {
    let mut values = ValueCounts::default();
    let mut cells = CellCounts::default();
    for job in &tally.jobs {
        values.add(&job.values);
        cells.add(&job.cells);
    }
    // Each job has to close by itself: two mistakes may cancel each other out.
    for (job_values, job_cells) in tally.jobs.iter().map(|job| (&job.values, &job.cells)).chain([(&values, &cells)]) {
        let unexplained = Unexplained { values: job_values.unexplained(), cells: job_cells.unexplained() };
        if (unexplained.values, unexplained.cells) != (0, 0) {
            return Err(unexplained);
        }
    }
    tally.findings.merge(tally.acts.findings());
    let exit_code = exit_code(&values, &cells, &tally, facts.tolerate_unmapped);
    let outcome = match exit_code {
        EXIT_COMPLETE => RunOutcome::Complete,
        _ if tally.slices_failed > 0 && tally.slices_done == 0 => RunOutcome::Failed,
        _ => RunOutcome::Incomplete,
    };
    Ok(Report {
        format: Report::FORMAT.to_owned(),
        run: facts.run,
        routine: facts.routine,
        mode: facts.mode,
        outcome,
        exit_code,
        started: facts.started.to_string(),
        finished: facts.finished.to_string(),
        source: facts.source,
        destination: facts.destination,
        periods: facts.periods,
        values,
        tolerates_unmapped: facts.tolerate_unmapped,
        cells,
        recovered: tally.recovered,
        jobs: tally.jobs,
        findings: tally.findings.into_sorted(),
        traffic: facts.traffic,
        written_by_data_set: tally.written,
        file: facts.file,
        scripts: tally.acts.into_reports(),
    })
}

/// Says in a report that the end of its run could not be written down. Everything before it was, so that the counts hold
/// and the next run finds what it needs.
pub fn not_closed(report: &mut Report, cause: &JournalError) {
    journal_failed(report, &finding::JOURNAL_NOT_CLOSED, cause);
}

/// Says in a report that its run was cut off because it could not be written down what becomes of it. What the report
/// counts is known in memory; what had left is open in the journal, so that the next run finds what it needs.
pub fn cut_off(report: &mut Report, cause: &JournalError) {
    journal_failed(report, &finding::JOURNAL_CUT_OFF, cause);
}

fn journal_failed(report: &mut Report, code: &'static Code, cause: &JournalError) {
    let mut findings = Findings::default();
    findings.add(Note::new(code, 1).example(cause.to_string()));
    report.findings.splice(0..0, findings.into_sorted());
    if report.outcome == RunOutcome::Complete {
        report.outcome = RunOutcome::Incomplete;
    }
    // Who tries again with a login that is refused locks the account: nothing takes the place of that.
    if report.exit_code != EXIT_PERMISSION {
        report.exit_code = EXIT_LOCAL;
    }
}

fn exit_code(values: &ValueCounts, cells: &CellCounts, tally: &Tally, tolerate_unmapped: bool) -> u8 {
    let unmapped = values.unmapped > 0 && !tolerate_unmapped;
    let incomplete = cells.rejected + cells.held_back + cells.differs + values.invalid > 0;
    // Unmapped org units are errors in the list of findings; whether they count is the routine's to say.
    // So are mapped org units that the source does not have: their values do not arrive either.
    let unmapped_errors = [&finding::ORG_UNIT_UNMAPPED, &finding::SOURCE_ORG_UNIT_UNKNOWN];
    let lost_units = tally.findings.has(&finding::SOURCE_ORG_UNIT_UNKNOWN) && !tolerate_unmapped;
    if tally.permission || tally.findings.has(&finding::NO_IMPORT_AUTHORITY) {
        EXIT_PERMISSION
    } else if cells.unknown > 0 {
        EXIT_UNKNOWN
    } else if tally.temporary || cells.not_sent > 0 {
        EXIT_TEMPORARY
    } else if unmapped || lost_units || incomplete || tally.findings.has_error_other_than(&unmapped_errors) {
        EXIT_INCOMPLETE
    } else {
        EXIT_COMPLETE
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{RunFacts, Tally, report};
    use crate::domain::cell::CellState;
    use crate::domain::run::{CellCounts, JobReport, RunMode, RunOutcome, ServerReport, Traffic, ValueCounts};
    use crate::transfer::finding;
    use crate::transfer::tally::Note;

    fn facts() -> RunFacts {
        RunFacts {
            run: Uuid::nil(),
            routine: "monthly".to_owned(),
            mode: RunMode::Run,
            started: Timestamp::UNIX_EPOCH,
            finished: Timestamp::UNIX_EPOCH,
            source: ServerReport::default(),
            destination: ServerReport::default(),
            periods: vec![],
            traffic: Traffic::default(),
            tolerate_unmapped: false,
            file: None,
        }
    }

    fn tally(states: &[CellState]) -> Tally {
        let mut cells = CellCounts { total: states.len() as u64, ..CellCounts::default() };
        for state in states {
            cells.record(*state, 1);
        }
        let jobs = vec![JobReport { name: "a".to_owned(), values: ValueCounts::default(), cells }];
        Tally { jobs, slices_done: 1, ..Tally::default() }
    }

    fn ended(tally: Tally) -> (u8, RunOutcome) {
        let report = report(facts(), tally).unwrap();
        (report.exit_code, report.outcome)
    }

    #[test]
    fn the_exit_code_says_what_to_do_next() {
        use CellState::{Accepted, Created, Differs, HeldBack, NotSent, Rejected, Unchanged, Unknown, ZeroSkipped};
        let complete = (0, RunOutcome::Complete);
        assert_eq!(ended(tally(&[])), complete);
        assert_eq!(ended(tally(&[Created, Accepted, Unchanged, ZeroSkipped])), complete);
        for state in [Rejected, HeldBack, Differs] {
            assert_eq!(ended(tally(&[Created, state])), (3, RunOutcome::Incomplete), "{state:?}");
        }
        assert_eq!(ended(tally(&[Rejected, NotSent])), (5, RunOutcome::Incomplete));
        assert_eq!(ended(tally(&[NotSent, Unknown])), (6, RunOutcome::Incomplete));
        assert_eq!(ended(Tally { permission: true, ..tally(&[Unknown]) }), (7, RunOutcome::Incomplete));
        assert_eq!(
            ended(Tally { temporary: true, slices_done: 0, slices_failed: 1, ..tally(&[]) }),
            (5, RunOutcome::Failed)
        );
    }

    #[test]
    fn unmapped_values_matter_unless_the_routine_tolerates_them() {
        let unmapped = || {
            let mut tally = tally(&[CellState::Created]);
            tally.jobs[0].values = ValueCounts { fetched: 2, unmapped: 1, contributing: 1, ..ValueCounts::default() };
            tally.findings.add(Note::new(&finding::ORG_UNIT_UNMAPPED, 1));
            tally
        };
        assert_eq!(ended(unmapped()).0, 3);
        let tolerant = RunFacts { tolerate_unmapped: true, ..facts() };
        assert_eq!(report(tolerant.clone(), unmapped()).unwrap().exit_code, 0);
        let mut worse = unmapped();
        worse.findings.add(Note::new(&finding::SOURCE_ITEM_MISSING, 1));
        assert_eq!(report(tolerant, worse).unwrap().exit_code, 3);
    }

    #[test]
    fn counts_that_do_not_close_are_no_report() {
        let mut first = tally(&[CellState::Created]);
        first.jobs[0].cells.total = 2;
        let mut second = tally(&[CellState::Created]).jobs;
        second[0].cells.total = 0;
        first.jobs.append(&mut second);
        let error = report(facts(), first).unwrap_err();
        assert_eq!((error.values, error.cells), (0, 1), "two mistakes do not cancel each other out");
    }
}
