//! The outcome of a run: decided here only, from everything that happened, before the report is saved.
//!
//! The exit code is for cron: what does the operator do next? The most pressing answer wins: log in (7), mend the disk
//! (74), look what became of it (6), mend an address or a certificate (2), try again (5), correct something (3), nothing
//! (0). Whoever ended the run is told so by the code of the signal.

use std::collections::BTreeSet;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::{CellCounts, RunOutcome, StopCause, ValueCounts};

/// Everything that decides how a run ended.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// What became of the source values.
    pub values: ValueCounts,
    /// How the cells ended.
    pub cells: CellCounts,
    /// The codes of what kept parts of the run from being done.
    pub failures: BTreeSet<ExitCode>,
    /// Whether parts of it failed and none was done.
    pub nothing_done: bool,
    /// Whether a finding needs a person.
    pub needs_a_person: bool,
    /// Whether a source without values is a failure.
    pub fail_on_empty: bool,
    /// Who ended the run, where it was told to end early.
    pub stopped: Option<StopCause>,
    /// What the journal failed with.
    pub journal: Option<ExitCode>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The exit code: of the process, in the report, in the journal.
    pub code: ExitCode,
    /// The same in a word.
    pub outcome: RunOutcome,
}

/// Failures of a part that count however much else was done: nothing but mending, or waiting, brings the rest.
const PRESSING: [ExitCode; 2] = [ExitCode::Usage, ExitCode::Temporary];

/// Codes that a run over the same cells would end with again: that the time was up does not take their place.
const LASTING: [ExitCode; 5] =
    [ExitCode::Unknown, ExitCode::Login, ExitCode::LocalIo, ExitCode::Damaged, ExitCode::Usage];

impl Evidence {
    /// How the run ended.
    pub fn verdict(&self) -> Verdict {
        let done = self.by_what_was_done();
        let outcome = match done {
            ExitCode::Success => RunOutcome::Complete,
            _ if self.nothing_done => RunOutcome::Failed,
            _ => RunOutcome::Incomplete,
        };
        Verdict { code: self.by_what_was_asked(done, outcome), outcome }
    }

    fn by_what_was_done(&self) -> ExitCode {
        // Who tries again with a login that is refused locks the account: nothing takes the place of that.
        if self.failures.contains(&ExitCode::Login) {
            return ExitCode::Login;
        }
        if let Some(code) = self.journal {
            return code;
        }
        if self.cells.unknown > 0 {
            return ExitCode::Unknown;
        }
        if let Some(code) = PRESSING.into_iter().find(|code| self.failures.contains(code)) {
            return code;
        }
        match self.failures.first() {
            Some(code) if self.nothing_done => return *code,
            _ => {}
        }
        let incomplete = self.cells.rejected + self.cells.held_back + self.cells.differs + self.values.invalid > 0;
        if self.cells.not_sent > 0 {
            ExitCode::Temporary
        } else if incomplete || self.needs_a_person {
            ExitCode::Incomplete
        } else {
            ExitCode::Success
        }
    }

    fn by_what_was_asked(&self, done: ExitCode, outcome: RunOutcome) -> ExitCode {
        // What an empty source leaves to be looked at is part of what was asked to be told by this code.
        let is_empty = self.fail_on_empty && self.values.fetched == 0;
        let code = match done {
            ExitCode::Success | ExitCode::Incomplete if is_empty => ExitCode::Empty,
            code => code,
        };
        match self.stopped {
            Some(cause @ (StopCause::Interrupted | StopCause::Terminated)) => cause.code(),
            // What was unknown, refused or not written down stays so; everything else that is missing can be sent by
            // another run.
            Some(StopCause::TimeLimit) if outcome != RunOutcome::Complete && !LASTING.contains(&code) => {
                ExitCode::Temporary
            }
            Some(StopCause::TimeLimit) | None => code,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Evidence, ExitCode, RunOutcome, StopCause, Verdict};
    use xfer_domain::run::{CellCounts, ValueCounts};

    fn failed(code: ExitCode) -> Evidence {
        Evidence { failures: [code].into(), ..Evidence::default() }
    }

    fn code(evidence: &Evidence) -> ExitCode {
        evidence.verdict().code
    }

    #[test]
    fn a_failure_of_a_part_counts_by_what_there_is_to_do() {
        for known in ExitCode::ALL.into_iter().filter(|known| *known != ExitCode::Success) {
            let nothing = Evidence { nothing_done: true, ..failed(known) };
            assert_eq!(nothing.verdict(), Verdict { code: known, outcome: RunOutcome::Failed }, "{known:?}");
        }
        let partly = |code| Evidence { needs_a_person: true, ..failed(code) };
        assert_eq!(code(&partly(ExitCode::Usage)), ExitCode::Usage);
        assert_eq!(code(&partly(ExitCode::Temporary)), ExitCode::Temporary);
        assert_eq!(code(&partly(ExitCode::Other)), ExitCode::Incomplete);
    }

    #[test]
    fn the_most_pressing_wins() {
        let mut evidence = Evidence { needs_a_person: true, ..Evidence::default() };
        assert_eq!(code(&evidence), ExitCode::Incomplete);
        evidence.cells = CellCounts { not_sent: 1, ..CellCounts::default() };
        assert_eq!(code(&evidence), ExitCode::Temporary);
        evidence.failures.insert(ExitCode::Usage);
        assert_eq!(code(&evidence), ExitCode::Usage);
        evidence.cells.unknown = 1;
        assert_eq!(code(&evidence), ExitCode::Unknown);
        evidence.journal = Some(ExitCode::LocalIo);
        assert_eq!(code(&evidence), ExitCode::LocalIo);
        evidence.failures.insert(ExitCode::Login);
        assert_eq!(code(&evidence), ExitCode::Login);
        evidence.stopped = Some(StopCause::Interrupted);
        assert_eq!(code(&evidence), ExitCode::Interrupted);
    }

    #[test]
    fn a_journal_that_fails_makes_no_run_complete() {
        for known in [ExitCode::LocalIo, ExitCode::Damaged, ExitCode::Temporary] {
            let evidence = Evidence { journal: Some(known), ..Evidence::default() };
            assert_eq!(evidence.verdict(), Verdict { code: known, outcome: RunOutcome::Incomplete });
        }
    }

    #[test]
    fn emptiness_counts_where_it_was_asked_for_and_nothing_is_worse() {
        let empty = Evidence { fail_on_empty: true, ..Evidence::default() };
        assert_eq!(empty.verdict(), Verdict { code: ExitCode::Empty, outcome: RunOutcome::Complete });
        assert_eq!(code(&Evidence { needs_a_person: true, ..empty.clone() }), ExitCode::Empty);
        assert_eq!(code(&Evidence { failures: [ExitCode::Temporary].into(), ..empty.clone() }), ExitCode::Temporary);
        let values = ValueCounts { fetched: 1, contributing: 1, ..ValueCounts::default() };
        assert_eq!(code(&Evidence { values, ..empty }), ExitCode::Success);
    }

    #[test]
    fn a_time_limit_leaves_what_another_run_does_not_mend() {
        let late = |evidence: Evidence| code(&Evidence { stopped: Some(StopCause::TimeLimit), ..evidence });
        assert_eq!(late(Evidence::default()), ExitCode::Success, "it was done in time");
        assert_eq!(late(Evidence { needs_a_person: true, ..Evidence::default() }), ExitCode::Temporary);
        assert_eq!(late(failed(ExitCode::Login)), ExitCode::Login);
        assert_eq!(late(failed(ExitCode::Usage)), ExitCode::Usage);
        let journal = Evidence { journal: Some(ExitCode::LocalIo), ..Evidence::default() };
        assert_eq!(late(journal), ExitCode::LocalIo);
    }
}
