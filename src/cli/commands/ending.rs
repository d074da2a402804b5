//! How a run is told to end before it is done: Ctrl-C, the system, or its own time limit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::domain::run::{Report, RunOutcome};
use crate::ops::error::OpsError;
use crate::platform;

/// What ended a run early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    /// Somebody asked; the code says who.
    Signal(ExitCode),
    /// Its time was up.
    TimeLimit,
}

/// Whether, and how, a run was asked to end.
#[derive(Debug)]
pub(super) struct Ending {
    stop: CancellationToken,
    cause: Arc<Mutex<Option<Cause>>>,
}

impl Ending {
    /// Watches for Ctrl-C, the system's request to end, and the time limit where there is one. Inside a runtime only.
    pub(super) fn watch(limit: Option<Duration>) -> Result<Self, CliError> {
        let termination = platform::termination()
            .map_err(|cause| CliError::local_io("signals cannot be waited for".to_owned(), &cause))?;
        let ending = Self { stop: CancellationToken::new(), cause: Arc::default() };
        let (stop, kept) = (ending.stop.clone(), Arc::clone(&ending.cause));
        tokio::spawn(async move {
            let time_is_up = async {
                match limit {
                    Some(limit) => tokio::time::sleep(limit).await,
                    None => std::future::pending().await,
                }
            };
            let cause = tokio::select! {
                signal = termination => Cause::Signal(ExitCode::from_number(signal.exit_code())),
                () = time_is_up => Cause::TimeLimit,
            };
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
            stop.cancel();
        });
        Ok(ending)
    }

    /// What tells the run.
    pub(super) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    fn cause(&self) -> Option<Cause> {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The exit code of whoever asked it to end.
    pub(super) fn signal(&self) -> Option<ExitCode> {
        match self.cause() {
            Some(Cause::Signal(code)) => Some(code),
            Some(Cause::TimeLimit) | None => None,
        }
    }

    /// Settles the exit code of a run with this report, before it is written down: whoever asks for it later is told what
    /// the process said. What comes after that ends nothing any more.
    pub(super) fn settle(&self, report: &mut Report) {
        let code = match self.cause() {
            Some(Cause::Signal(code)) => code,
            // What was unknown, refused or not written down stays so; everything else that is missing can be sent by
            // another run.
            Some(Cause::TimeLimit)
                if report.outcome != RunOutcome::Complete && !LASTING.contains(&report.exit_code) =>
            {
                ExitCode::Temporary
            }
            _ => return,
        };
        report.exit_code = code.number();
    }

    /// The error of a run that came to no report.
    pub(super) fn error(&self, error: OpsError) -> CliError {
        let stopped = matches!(error, OpsError::Stopped);
        let described = CliError::from(error);
        match self.cause() {
            Some(Cause::Signal(code)) if stopped => CliError { code, ..described },
            _ => described,
        }
    }
}

/// Codes that another run alone does not mend.
const LASTING: [u8; 3] = [ExitCode::Unknown as u8, ExitCode::Login as u8, ExitCode::LocalIo as u8];
