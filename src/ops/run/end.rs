//! How a run ended, in one value: for the process, for whoever looks, and for those who are told.

use jiff::Timestamp;

use crate::ops::error::OpsError;
use xfer_domain::alert::{Condition, Notice, NoticeCounts};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{Fault, InWords};
use xfer_domain::run::Report;
use xfer_domain::shell::xfer_command;

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd {
    /// Its report, as the journal has it; or why it came to none.
    pub report: Result<Report, OpsError>,
    /// The exit code: that of the report, or of the error.
    pub code: ExitCode,
    /// What there is to tell; nothing where another run is at work or somebody ended this one.
    pub notice: Option<Notice>,
}

impl RunEnd {
    /// The end of a run of that name. `command` are the words after `xfer` that run it once more.
    pub fn of(
        name: &str,
        between: Option<(String, String)>,
        report: Result<Report, OpsError>,
        command: &[String],
    ) -> Self {
        let code = match &report {
            Ok(report) => ExitCode::from_number(report.exit_code),
            Err(error) => error.code(),
        };
        let notice = notice(name, between, code, &report, command);
        Self { report, code, notice }
    }
}

fn notice(
    name: &str,
    between: Option<(String, String)>,
    code: ExitCode,
    outcome: &Result<Report, OpsError>,
    command: &[String],
) -> Option<Notice> {
    let is_empty = outcome.as_ref().is_ok_and(|report| report.values.fetched == 0);
    let condition = match code {
        ExitCode::Locked | ExitCode::Interrupted | ExitCode::Terminated => return None,
        ExitCode::Success | ExitCode::Empty if is_empty => Condition::Empty,
        ExitCode::Success => Condition::Complete,
        ExitCode::Incomplete => Condition::Incomplete,
        _ => Condition::Failed,
    };
    let report = outcome.as_ref().ok();
    let error = outcome.as_ref().err().map(|error| InWords::of(error));
    Some(Notice {
        name: name.to_owned(),
        condition,
        exit_code: code.number(),
        at: Timestamp::now(),
        run: report.map(|report| report.run),
        between,
        reason: error.as_ref().map(InWords::in_a_line),
        counts: report.map(counts),
        next: next(condition, code, outcome, error, command),
    })
}

fn counts(report: &Report) -> NoticeCounts {
    let cells = &report.cells;
    NoticeCounts {
        total: cells.total,
        written: cells.created + cells.updated + cells.deleted + cells.accepted,
        unchanged: cells.unchanged + cells.zero_skipped,
        missing: cells.rejected + cells.held_back + cells.differs + cells.unknown + cells.not_sent,
        unmapped: report.values.unmapped,
    }
}

/// What to do next.
fn next(
    condition: Condition,
    code: ExitCode,
    outcome: &Result<Report, OpsError>,
    error: Option<InWords>,
    command: &[String],
) -> Vec<String> {
    let mut next: Vec<String> = error.map(|error| error.hints).unwrap_or_default();
    match (condition, outcome) {
        (Condition::Empty, Ok(report)) => {
            next.push(format!("see the periods of the run: xfer runs show {}", report.run));
        }
        (Condition::Incomplete | Condition::Failed, Ok(report)) => {
            next.push(format!("see every cell with its reason: xfer runs cells {}", report.run));
        }
        _ => {}
    }
    // What was stopped before it had sent anything has said so already.
    let said = matches!(outcome, Err(OpsError::Stopped { .. }));
    if !said && matches!(code, ExitCode::Temporary | ExitCode::Unknown) {
        next.push(format!("run it again; only what did not arrive is sent: {}", xfer_command(command)));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::{ExitCode, RunEnd};
    use crate::ops::error::OpsError;
    use xfer_domain::alert::Condition;
    use xfer_domain::run::StopCause;
    use xfer_storage::store::StoreError;

    fn ended(error: OpsError) -> RunEnd {
        RunEnd::of("monthly", None, Err(error), &["run".to_owned(), "monthly".to_owned()])
    }

    #[test]
    fn a_run_without_a_report_says_why_and_what_to_do() {
        let end = ended(OpsError::OwnOrgUnitsMissing { server: "national".to_owned(), user: "clerk".to_owned() });
        assert_eq!(end.code, ExitCode::Temporary);
        let told = end.notice.unwrap();
        assert_eq!((told.condition, told.exit_code, told.counts), (Condition::Failed, 5, None));
        assert!(told.reason.is_some_and(|reason| reason.starts_with("national does not list the org units of clerk")));
        let [hint, again] = told.next.as_slice() else { panic!("{:?}", told.next) };
        assert!(hint.contains("sync again"), "{hint}");
        assert_eq!(again, "run it again; only what did not arrive is sent: xfer run monthly");
    }

    #[test]
    fn a_run_that_was_kept_out_or_ended_by_somebody_tells_nothing() {
        let locked = StoreError::Locked { pid: None, since: None };
        let stopped = [StopCause::Interrupted, StopCause::Terminated].map(|by| OpsError::Stopped { by });
        for (error, code) in [OpsError::Store(locked)].into_iter().chain(stopped).zip([11, 130, 143]) {
            let end = ended(error);
            assert_eq!((end.code.number(), end.notice), (code, None));
        }
        let late = ended(OpsError::Stopped { by: StopCause::TimeLimit });
        assert_eq!((late.code, late.notice.map(|told| told.condition)), (ExitCode::Temporary, Some(Condition::Failed)));
    }
}
