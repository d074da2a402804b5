//! Why a run could not be made at all, or had to be broken off without a report.
//!
//! What happens to parts of a run (a slice that cannot be read, rows that are refused) is no error here: it stands in
//! the report, with its own exit code.

use crate::dhis2::error::ClientError;
use crate::domain::counted::{counted, counted_len};
use crate::domain::journal::JournalError;
use crate::transfer::hooks::NotReady;
use crate::transfer::plan::PlanError;
use crate::transfer::report::{EXIT_LOCAL, EXIT_TEMPORARY, Unexplained};

/// What to do about a journal that another program holds.
pub const PASSING: &str =
    "close the other program that has the database open for writing, then run again: what was sent is found again";

/// What to do about a journal that cannot be read any more.
pub const DAMAGED: &str = "nothing more was sent; restore the journal from a backup, or move it away to begin anew: the \
                           routine then deletes nothing that it wrote before";

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

impl TransferError {
    /// The exit code of the process (design 5).
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Plan(PlanError::UnitsLeftOut { .. }) | Self::Unexplained(_) => 70,
            Self::Plan(_) | Self::Script(NotReady::Refused(_)) => 2,
            Self::Script(NotReady::Missing { .. } | NotReady::Altered { .. }) => 13,
            Self::Server(error) => error.kind.exit_code(),
            Self::WrongServer { .. } => 14,
            Self::AnalyticsTooOld { .. } => EXIT_TEMPORARY,
            Self::Journal(error) if error.passing => EXIT_TEMPORARY,
            Self::Journal(error) if error.damaged => 13,
            Self::Journal(_) => EXIT_LOCAL,
        }
    }

    /// What to do next; none where the error says it all.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Plan(error) => Some(error.hint().to_owned()),
            Self::Script(error) => error.hint(),
            Self::Server(error) => error.kind.hint(),
            Self::WrongServer { .. } => Some(
                "check the server's address; if the server was set up anew, make and export the routine again"
                    .to_owned(),
            ),
            Self::AnalyticsTooOld { .. } => Some(
                "run analytics at the source (Data Administration, Analytics management), or raise the routine's limit"
                    .to_owned(),
            ),
            Self::Journal(error) if error.passing => Some(PASSING.to_owned()),
            Self::Journal(error) if error.damaged => Some(DAMAGED.to_owned()),
            Self::Journal(_) => Some(
                "check that the state folder exists, may be written to and that the disk is not full; then run again"
                    .to_owned(),
            ),
            Self::Unexplained(_) => Some("please report this with the run's journal; nothing is lost".to_owned()),
        }
    }
}

/// Why a slice could not be read, and what that means for the rest of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SliceError {
    /// The server and what went wrong, in words.
    pub(super) reason: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
    /// Whether it may pass by itself.
    pub(super) temporary: bool,
    /// Whether the login or a right of the user is the reason.
    pub(super) permission: bool,
    /// Whether nothing more can be done with this login.
    pub(super) login_refused: bool,
}

impl SliceError {
    /// A server that leaves out many values, and others when it is asked again.
    pub(super) fn two_answers(server: &str, first: usize, second: usize) -> Self {
        Self {
            reason: format!(
                "{server} answered the same question in two ways: of what this routine wrote there, {} and then {} had \
                 no value",
                counted_len(first, "cell"),
                counted_len(second, "cell"),
            ),
            hint: Some("run again when the server, or what stands before it, has settled".to_owned()),
            temporary: true,
            permission: false,
            login_refused: false,
        }
    }
}

impl From<&JournalError> for SliceError {
    fn from(error: &JournalError) -> Self {
        Self { reason: error.to_string(), hint: None, temporary: true, permission: false, login_refused: false }
    }
}

impl From<ClientError> for SliceError {
    fn from(error: ClientError) -> Self {
        use crate::dhis2::error::ClientErrorKind as Kind;
        // Analytics that is not ready becomes so by the server's own schedule.
        let may_pass =
            matches!(error.kind, Kind::EmptyAnswer | Kind::Malformed { .. } | Kind::AnalyticsNotReady { .. });
        let permission = error.kind.is_permission();
        Self {
            reason: error.to_string(),
            hint: error.kind.hint(),
            temporary: (error.kind.is_temporary() || may_pass) && !permission,
            permission,
            login_refused: matches!(error.kind, Kind::Unauthorized { .. } | Kind::LoginPage { .. }),
        }
    }
}
