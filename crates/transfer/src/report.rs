//! Adds up what was recorded into a report (design 5.1). How the run ended is decided by [`crate::verdict`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::finding::{self, Code};
use crate::hooks::Acts;
use crate::tally::{Findings, Note};
use crate::verdict::Evidence;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::journal::JournalError;
use xfer_domain::run::{
    CellCounts, FileReport, JobReport, Report, RunMode, ServerReport, StopCause, Traffic, ValueCounts,
};

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
    /// The codes of what kept parts of the run from being done.
    pub failures: BTreeSet<ExitCode>,
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
    /// Whether a source without values is a failure.
    pub fail_on_empty: bool,
    /// Who ended the run, where it was told to end early.
    pub stopped: Option<StopCause>,
    /// The xfer file that the routine comes from.
    pub file: Option<FileReport>,
}

/// Counts that do not close: a bug of ours, never a footnote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the counts do not add up: {values} source values and {cells} cells are not explained")]
pub struct Unexplained {
    /// Source values without a fate.
    pub values: i128,
    /// Cells without a state.
    pub cells: i128,
}

impl Fault for Unexplained {
    fn code(&self) -> ExitCode {
        ExitCode::Bug
    }

    fn hint(&self) -> Option<String> {
        Some("please report this with the run's journal; nothing is lost".to_owned())
    }
}

/// A report on its way into the journal, with what decided how its run ended.
#[derive(Debug)]
pub struct Draft {
    report: Report,
    evidence: Evidence,
}

/// Builds the report of a run.
pub fn report(facts: RunFacts, mut tally: Tally) -> Result<Draft, Unexplained> {
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
    let evidence = evidence(values, cells, &tally, &facts);
    let verdict = evidence.verdict();
    let report = Report {
        format: Report::FORMAT.to_owned(),
        run: facts.run,
        routine: facts.routine,
        mode: facts.mode,
        outcome: verdict.outcome,
        exit_code: verdict.code.number(),
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
    };
    Ok(Draft { report, evidence })
}

impl Draft {
    /// The report as it stands.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The report.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// Says that the end of the run could not be written down. Everything before it was, so that the counts hold and the
    /// next run finds what it needs.
    pub fn not_closed(&mut self, cause: &JournalError) {
        self.journal_failed(&finding::JOURNAL_NOT_CLOSED, cause);
    }

    /// Says that the run was cut off because it could not be written down what becomes of it. What the report counts is
    /// known in memory; what had left is open in the journal, so that the next run finds what it needs.
    pub fn cut_off(&mut self, cause: &JournalError) {
        self.journal_failed(&finding::JOURNAL_CUT_OFF, cause);
    }

    fn journal_failed(&mut self, code: &'static Code, cause: &JournalError) {
        let mut findings = Findings::default();
        findings.add(Note::new(code, 1).example(cause.to_string()));
        self.report.findings.splice(0..0, findings.into_sorted());
        self.evidence.journal = Some(cause.code());
        let verdict = self.evidence.verdict();
        self.report.outcome = verdict.outcome;
        self.report.exit_code = verdict.code.number();
    }
}

fn evidence(values: ValueCounts, cells: CellCounts, tally: &Tally, facts: &RunFacts) -> Evidence {
    let unmapped = values.unmapped > 0 && !facts.tolerate_unmapped;
    // Unmapped org units are errors in the list of findings; whether they count is the routine's to say.
    // So are mapped org units that the source does not have: their values do not arrive either.
    let unmapped_errors = [&finding::ORG_UNIT_UNMAPPED, &finding::SOURCE_ORG_UNIT_UNKNOWN];
    let lost_units = tally.findings.has(&finding::SOURCE_ORG_UNIT_UNKNOWN) && !facts.tolerate_unmapped;
    let mut failures = tally.failures.clone();
    failures.extend(tally.findings.has(&finding::NO_IMPORT_AUTHORITY).then_some(ExitCode::Login));
    Evidence {
        values,
        cells,
        failures,
        nothing_done: tally.slices_failed > 0 && tally.slices_done == 0,
        needs_a_person: unmapped || lost_units || tally.findings.has_error_other_than(&unmapped_errors),
        fail_on_empty: facts.fail_on_empty,
        stopped: facts.stopped,
        journal: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::{ExitCode, RunFacts, Tally, report};
    use crate::finding;
    use crate::tally::Note;
    use xfer_domain::cell::CellState;
    use xfer_domain::run::{CellCounts, JobReport, RunMode, RunOutcome, ServerReport, Traffic, ValueCounts};

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
            fail_on_empty: false,
            stopped: None,
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
        let report = report(facts(), tally).unwrap().into_report();
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
        assert_eq!(
            ended(Tally { failures: [ExitCode::Login].into(), ..tally(&[Unknown]) }),
            (7, RunOutcome::Incomplete)
        );
        assert_eq!(
            ended(Tally { failures: [ExitCode::Temporary].into(), slices_done: 0, slices_failed: 1, ..tally(&[]) }),
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
        assert_eq!(report(tolerant.clone(), unmapped()).unwrap().report().exit_code, 0);
        let mut worse = unmapped();
        worse.findings.add(Note::new(&finding::SOURCE_ITEM_MISSING, 1));
        assert_eq!(report(tolerant, worse).unwrap().report().exit_code, 3);
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
