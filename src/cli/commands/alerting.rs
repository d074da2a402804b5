//! What a run tells when it is over, and to whom.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::dhis2::error::ClientErrorKind;
use crate::domain::alert::{Condition, Notice, NoticeCounts};
use crate::domain::run::Report;
use crate::mail::MailError;
use crate::ops::alerts::Alerting;
use crate::ops::alerts::deliver::DeliveryError;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::platform;
use crate::transfer::events::Event;

/// How a run came to its end.
pub(super) type Outcome = Result<(Report, ExitCode), CliError>;

/// What there is to tell; nothing where another run is at work or somebody ended this one. `again` is the command that
/// runs it once more.
pub(super) fn notice(name: &str, between: Option<(String, String)>, outcome: &Outcome, again: &str) -> Option<Notice> {
    let (code, report, error) = match outcome {
        Ok((report, code)) => (*code, Some(report), None),
        Err(error) => (error.code, None, Some(error)),
    };
    let empty = report.is_some_and(|report| report.values.fetched == 0);
    let condition = match code {
        ExitCode::Locked | ExitCode::Interrupted | ExitCode::Terminated => return None,
        ExitCode::Success | ExitCode::Empty if empty => Condition::Empty,
        ExitCode::Success => Condition::Complete,
        ExitCode::Incomplete => Condition::Incomplete,
        _ => Condition::Failed,
    };
    let in_a_line =
        |error: &CliError| std::iter::once(&error.message).chain(&error.causes).cloned().collect::<Vec<_>>().join(": ");
    Some(Notice {
        name: name.to_owned(),
        condition,
        exit_code: code.number(),
        at: Timestamp::now(),
        run: report.map(|report| report.run),
        between,
        reason: error.map(in_a_line),
        counts: report.map(counts),
        next: next(condition, code, report, error, again),
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
    report: Option<&Report>,
    error: Option<&CliError>,
    again: &str,
) -> Vec<String> {
    let mut next: Vec<String> = error.map(|error| error.hints.clone()).unwrap_or_default();
    match (condition, report) {
        (Condition::Empty, Some(report)) => {
            next.push(format!("see which periods were asked for: xfer runs show {}", report.run));
        }
        (Condition::Incomplete | Condition::Failed, Some(report)) => {
            next.push(format!("see every cell with its reason: xfer runs cells {}", report.run));
        }
        _ => {}
    }
    if matches!(code, ExitCode::Temporary | ExitCode::Unknown) {
        next.push(format!("run it again; what arrived stays, the rest is sent: {again}"));
    }
    next
}

/// Tells everybody to whom it is news. A run is as good or bad as it was, whether or not it can be told.
pub(super) fn tell(alerting: &Alerting, home: &Home, notice: &Notice, say: &dyn Fn(&str), warn: &dyn Fn(&str)) {
    let (told, given_up) = match unless_ended(async { Ok(alerting.tell(home, notice).await) }) {
        Ok(told) => told,
        Err(error) => return warn(&format!("{}; the next run tries again", error.message)),
    };
    for told in told {
        for refused in &told.refused {
            warn(&format!("the alert {} was not delivered to {refused}", told.channel));
        }
        match told.result {
            Ok(_) => say(&format!("the alert {} was sent", told.channel)),
            Err(error) => {
                warn(&format!("the alert {} was not delivered: {error}; the next run tries again", told.channel));
            }
        }
    }
    if given_up > 0 {
        warn(&format!("{given_up} old alerts that nobody took were given up"));
    }
}

/// Waits until messages are taken, or somebody ends the program: what was not taken by then waits for the next run.
pub(super) fn unless_ended<T>(sending: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    wait(async {
        let ended = platform::termination()
            .map_err(|cause| CliError::local_io("signals cannot be waited for".to_owned(), &cause))?;
        tokio::select! {
            sent = sending => sent,
            _ = ended => Err(CliError::usage("the program was ended before everybody was told".to_owned())),
        }
    })
}

/// Waits for a run. Dead man's switches are told as soon as it has begun, and never hold it up; why it came to no report
/// is noted for those who are told at its end.
pub(super) async fn with_start(
    mut run: Pin<Box<impl Future<Output = Result<Report, OpsError>>>>,
    begun: &Notify,
    alerting: &Alerting,
) -> Result<Report, OpsError> {
    let telling = async {
        begun.notified().await;
        alerting.begun().await;
    };
    let outcome = tokio::select! {
        biased;
        outcome = &mut run => outcome,
        () = telling => run.await,
    };
    outcome.inspect_err(|error| alerting.failed(error))
}

/// Takes note of the moment in which a run has begun: it has the lock, and both servers answered.
pub(super) fn note_start(event: &Event, begun: &Notify) {
    if matches!(event, Event::Planned { .. }) {
        begun.notify_one();
    }
}

/// The error of a channel that could not be told.
pub(super) fn not_delivered(channel: &str, error: &DeliveryError) -> CliError {
    let code = match error {
        DeliveryError::Http(
            ClientErrorKind::Timeout { .. } | ClientErrorKind::Connect { .. } | ClientErrorKind::Interrupted { .. },
        )
        | DeliveryError::Mail(MailError::Timeout { .. } | MailError::Unavailable(_))
        | DeliveryError::Busy => ExitCode::Temporary,
        DeliveryError::Mail(MailError::Refused(_)) | DeliveryError::LoginRefused(_) => ExitCode::Login,
        DeliveryError::Closed | DeliveryError::NoLogin(_) => ExitCode::WrongKey,
        DeliveryError::WrongServer { .. } => ExitCode::WrongServer,
        DeliveryError::Server(error) if error.is_permission() => ExitCode::Login,
        DeliveryError::Server(error) if error.is_temporary() => ExitCode::Temporary,
        DeliveryError::Http(_) | DeliveryError::Mail(_) | DeliveryError::Server(_) => ExitCode::Usage,
    };
    let described = CliError::usage(format!("the alert {channel} was not delivered")).caused_by(error);
    let hint = error.hint().unwrap_or_else(|| "check the address, then try again: xfer routine alert test".to_owned());
    CliError { code, ..described.hint(hint) }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, notice};
    use crate::cli::error::CliError;
    use crate::cli::exit_code::ExitCode;
    use crate::domain::alert::Condition;

    fn failed(code: ExitCode) -> Outcome {
        Err(CliError { code, ..CliError::usage("national cannot be reached".to_owned()).hint("check the network") })
    }

    #[test]
    fn a_run_without_a_report_says_why_and_what_to_do() {
        let told = notice("monthly", None, &failed(ExitCode::Temporary), "xfer run monthly").unwrap();
        assert_eq!((told.condition, told.exit_code, told.counts), (Condition::Failed, 5, None));
        assert_eq!(told.reason.as_deref(), Some("national cannot be reached"));
        let again = "run it again; what arrived stays, the rest is sent: xfer run monthly";
        assert_eq!(told.next, ["check the network", again]);
    }

    #[test]
    fn a_run_that_was_kept_out_or_ended_by_somebody_tells_nothing() {
        for code in [ExitCode::Locked, ExitCode::Interrupted, ExitCode::Terminated] {
            assert_eq!(notice("monthly", None, &failed(code), ""), None, "{code:?}");
        }
    }
}
