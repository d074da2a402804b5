//! Why a run could not start, or had to stop without a report.
//!
//! What happens to parts of a run (a slice that cannot be read, rows that are refused) is no error here: it stands in
//! the report, with its own exit code.

use crate::hooks::NotReady;
use crate::plan::PlanError;
use crate::report::Unexplained;
use xfer_dhis2::error::ClientError;
use xfer_domain::counted::{counted, counted_len};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::journal::JournalError;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The routine cannot be run as it is.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A script cannot act.
    #[error(transparent)]
    Script(#[from] NotReady),
    /// A server could not be asked who it is.
    #[error(transparent)]
    Server(#[from] ClientError),
    /// The server is not the one that the routine was made for.
    #[error("`{server}` is another system than the one this routine was made for (`{found}` instead of `{expected}`)")]
    WrongServer {
        /// The server's name.
        server: String,
        /// The `systemId` in the routine.
        expected: String,
        /// The `systemId` that it reports.
        found: String,
    },
    /// The source's analytics tables are older than the routine allows.
    #[error("the analytics tables of `{server}` are {age}, older than the {} that the routine allows", counted((*allowed).into(), "hour"))]
    AnalyticsTooOld {
        /// The source's name.
        server: String,
        /// Their age in words.
        age: String,
        /// The routine's limit.
        allowed: u32,
    },
    /// Nothing may be sent without a journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A bug of ours.
    #[error(transparent)]
    Unexplained(#[from] Unexplained),
}

impl Fault for TransferError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Plan(error) => error.code(),
            Self::Script(error) => error.code(),
            Self::Server(error) => error.code(),
            Self::WrongServer { .. } => ExitCode::WrongServer,
            Self::AnalyticsTooOld { .. } => ExitCode::Temporary,
            Self::Journal(error) => error.code(),
            Self::Unexplained(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Plan(error) => error.hint(),
            Self::Script(error) => error.hint(),
            Self::Server(error) => error.hint(),
            Self::WrongServer { .. } => Some(
                "check the server's address; if the server was installed again, make and export the routine again"
                    .to_owned(),
            ),
            Self::AnalyticsTooOld { .. } => Some(
                "run analytics at the source (Data Administration, Analytics management), or raise the routine's limit"
                    .to_owned(),
            ),
            Self::Journal(error) => error.hint(),
            Self::Unexplained(error) => error.hint(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Script(error) => error.details(),
            _ => Vec::new(),
        }
    }
}

/// Why nothing more of a run is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Halt {
    /// What went wrong, in words.
    pub(super) reason: String,
    /// How a run ends that comes no further because of it.
    pub(super) code: ExitCode,
}

impl Halt {
    /// The run was told to stop.
    pub(super) fn stopped() -> Self {
        Self { reason: "the run was stopped".to_owned(), code: ExitCode::Temporary }
    }
}

/// Why a slice could not be read, and what that means for the rest of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SliceError {
    /// The server and what went wrong, in words.
    pub(super) reason: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// How a run ends of which nothing can be done because of it.
    pub(super) code: ExitCode,
    /// Whether it is worth another try within the run.
    pub(super) temporary: bool,
    /// Whether nothing more can be done with this login.
    pub(super) login_refused: bool,
}

impl SliceError {
    /// A server that leaves out many values, and others when it is asked again.
    pub(super) fn two_answers(server: &str, first: usize, second: usize) -> Self {
        Self {
            reason: format!(
                "{server} gave two different answers to the same request: first {}, then {} of this routine had no \
                 value",
                counted_len(first, "cell"),
                counted_len(second, "cell"),
            ),
            hint: Some("run again when the server, or the proxy in front of it, works normally again".to_owned()),
            code: ExitCode::Temporary,
            temporary: true,
            login_refused: false,
        }
    }
}

impl From<&JournalError> for SliceError {
    fn from(error: &JournalError) -> Self {
        Self { reason: error.to_string(), hint: None, code: error.code(), temporary: true, login_refused: false }
    }
}

impl From<ClientError> for SliceError {
    fn from(error: ClientError) -> Self {
        use xfer_dhis2::error::ClientErrorKind as Kind;
        // Analytics that is not ready becomes so by the server's own schedule.
        let may_pass =
            matches!(error.kind, Kind::EmptyAnswer | Kind::Malformed { .. } | Kind::AnalyticsNotReady { .. });
        Self {
            reason: error.to_string(),
            hint: error.hint(),
            code: error.code(),
            temporary: (error.kind.is_temporary() || may_pass) && !error.kind.is_permission(),
            login_refused: matches!(error.kind, Kind::Unauthorized { .. } | Kind::LoginPage { .. }),
        }
    }
}
