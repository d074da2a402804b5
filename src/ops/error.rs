//! Why a use case could not be carried out.

use std::path::PathBuf;

use crate::ops::files::sheet::SheetFinding;
use crate::ops::shrunk::Shrunk;
use crate::ops::undelivered::DeliveryError;
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_domain::counted::counted_len;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{self, Fault, InWords, of_file};
use xfer_domain::journal::JournalError;
use xfer_domain::run::StopCause;
use xfer_domain::shell::shell_word;
use xfer_matching::items::ItemError;
use xfer_matching::review::Finding;
#[cfg(feature = "demo")]
use xfer_sandbox::{loading::Refusal, server::StartError};
use xfer_script::ScriptError;
use xfer_storage::store::StoreError;
use xfer_storage::xferfile::XferFileError;
use xfer_transfer::engine::TransferError;

/// Why a use case could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// The configuration or a journal.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A server.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A run.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// A run's journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A script that does not compile.
    #[error(transparent)]
    Script(#[from] Box<ScriptError>),
    /// A data item that a person named.
    #[error(transparent)]
    Item(#[from] ItemError),
    /// Nothing of that name.
    #[error("there is no {kind} `{name}`")]
    NotFound {
        /// `server`, `job`, `routine` or `run`.
        kind: &'static str,
        /// What was typed.
        name: String,
        /// Names that come near.
        near: Vec<String>,
    },
    /// Something that cannot be done as asked.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Another server answers at the address than the one that was added.
    #[error("the system id of {server} changed from {expected} to {found}")]
    WrongServer {
        /// The server's name.
        server: String,
        /// The system id that was kept.
        expected: String,
        /// The one that answered.
        found: String,
    },
    /// Metadata is needed that was never synced.
    #[error("{server} was never synced")]
    NotSynced {
        /// The server's name.
        server: String,
    },
    /// A server has much less metadata than its copy; nothing was taken over.
    #[error("{server} has much less than at the last sync: {}; nothing was saved", listed(.shrunk))]
    Shrunk {
        /// The server's name.
        server: String,
        /// What shrank.
        shrunk: Vec<Shrunk>,
    },
    /// What a server lists cannot be taken over whole; nothing was.
    #[error("the metadata of {server} is not complete: {}; nothing was saved", .missing.join("; "))]
    NotWhole {
        /// The server's name.
        server: String,
        /// What is missing, by name.
        missing: Vec<String>,
    },
    /// A server lists org units, and none of those that the user belongs to; nothing was taken over.
    #[error("{server} does not list the org units of {user}, so its list cannot be complete; nothing was saved")]
    OwnOrgUnitsMissing {
        /// The server's name.
        server: String,
        /// The user.
        user: String,
    },
    /// A file that people edit holds mistakes; nothing of it was taken.
    #[error("{} has {} and was not imported", .path.display(), mistakes(.findings.len()))]
    File {
        /// The file.
        path: PathBuf,
        /// The mistakes, by line and column.
        findings: Vec<SheetFinding>,
    },
    /// An item of a job cannot work.
    #[error("this item cannot work: {message}")]
    ItemRefused {
        /// What is wrong, by name.
        message: String,
        /// What to do.
        hint: String,
    },
    /// What a routine would do is wrong: nothing was read or sent.
    #[error("{routine} was not started: it would write wrong values")]
    Refused {
        /// The routine.
        routine: String,
        /// Why.
        findings: Vec<Finding>,
    },
    /// A file could not be read or written.
    #[error("{} could not be {action}", .path.display())]
    LocalFile {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// An xfer file, or a key of one, cannot be used.
    #[error("{} cannot be used", .path.display())]
    XferFile {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        cause: XferFileError,
    },
    /// The run was told to stop, and did not come as far as a report.
    #[error("{} before the run started to send", .by.in_words())]
    Stopped {
        /// What ended it.
        by: StopCause,
    },
    /// Nobody can ask the program to end.
    #[error("the program cannot wait for signals")]
    Signals(#[source] std::io::Error),
    /// Whoever was asked for something, such as a key, has none; in their words.
    #[error("{0}")]
    Asked(Box<InWords>),
    /// An alert that was tried did not arrive.
    #[error("the alert {channel} was not delivered")]
    Undelivered {
        /// Its name.
        channel: String,
        /// Why.
        #[source]
        cause: Box<DeliveryError>,
    },
    /// A file that an embedded server was to be made of.
    #[cfg(feature = "demo")]
    #[error("{} cannot be used by the sandbox", .path.display())]
    SandboxFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        refusal: Refusal,
    },
    /// An embedded server could not be started.
    #[cfg(feature = "demo")]
    #[error("the embedded servers could not be started")]
    Sandbox(#[from] StartError),
}

impl OpsError {
    /// A request that cannot be carried out as asked.
    pub fn invalid(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Invalid { message: message.into(), hint: hint.into() }
    }

    /// The name of the server that refused its login, where that is what happened: it is not asked again at once,
    /// because some lock an account after a few refusals.
    pub fn login_refused_at(&self) -> Option<&str> {
        match self {
            Self::Client(error) | Self::Transfer(TransferError::Server(error)) => {
                matches!(error.kind, ClientErrorKind::Unauthorized { .. }).then_some(error.server.as_str())
            }
            _ => None,
        }
    }
}

impl Fault for OpsError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Store(error) => error.code(),
            Self::Client(error) => error.code(),
            Self::Transfer(error) => error.code(),
            Self::Journal(error) => error.code(),
            Self::Script(error) => error.code(),
            Self::Item(error) => error.code(),
            Self::XferFile { cause, .. } => cause.code(),
            #[cfg(feature = "demo")]
            Self::SandboxFile { refusal, .. } => refusal.code(),
            #[cfg(feature = "demo")]
            Self::Sandbox(error) => error.code(),
            Self::Undelivered { cause, .. } => cause.code(),
            Self::Asked(words) => words.code,
            Self::Stopped { by } => by.code(),
            Self::LocalFile { source, .. } => of_file(source).0,
            Self::Signals(_) => ExitCode::LocalIo,
            Self::WrongServer { .. } => ExitCode::WrongServer,
            Self::OwnOrgUnitsMissing { .. } => ExitCode::Temporary,
            Self::NotFound { .. }
            | Self::Invalid { .. }
            | Self::ItemRefused { .. }
            | Self::NotSynced { .. }
            | Self::Shrunk { .. }
            | Self::NotWhole { .. }
            | Self::File { .. }
            | Self::Refused { .. } => ExitCode::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Client(error) => return error.hint(),
            Self::Transfer(error) => return error.hint(),
            Self::Journal(error) => return error.hint(),
            Self::Script(error) => return error.hint(),
            Self::Item(error) => return error.hint(),
            Self::XferFile { cause, .. } => return cause.hint(),
            #[cfg(feature = "demo")]
            Self::SandboxFile { refusal, .. } => return refusal.hint(),
            #[cfg(feature = "demo")]
            Self::Sandbox(error) => return error.hint(),
            Self::Undelivered { cause, .. } => {
                cause.hint().unwrap_or_else(|| "check the address, then try again: xfer routine alert test".to_owned())
            }
            Self::Asked(words) => return words.hints.first().cloned(),
            Self::Signals(_) => return None,
            Self::Stopped { .. } => "run it again; nothing is lost".to_owned(),
            Self::LocalFile { source, .. } => of_file(source).1.to_owned(),
            Self::NotFound { kind, near, .. } if near.is_empty() => {
                format!("`xfer {kind} list` lists them").replace("run list", "runs list")
            }
            Self::NotFound { near, .. } => format!("did you mean {}?", near.join(" or ")),
            Self::Invalid { hint, .. } | Self::ItemRefused { hint, .. } => hint.clone(),
            Self::WrongServer { server, .. } => format!(
                "if its database was replaced on purpose, `xfer server test {server}` accepts it; otherwise check the \
                 address"
            ),
            Self::NotSynced { server } => format!("sync it: `xfer server sync {server}`"),
            Self::Shrunk { server, .. } => {
                let server = shell_word(server);
                format!(
                    "the old copy is kept. The server may have just started, or the user may have lost access: sync \
                     again later, or check the server. If the rest was deleted on purpose: xfer server sync {server} \
                     --accept-shrink"
                )
            }
            Self::NotWhole { server, .. } => {
                let server = shell_word(server);
                format!(
                    "the old copy is kept. Sync again later, or ask the server's administrator to correct these \
                     objects. To work without them: xfer server sync {server} --accept-shrink"
                )
            }
            Self::OwnOrgUnitsMissing { .. } => {
                "the server may have just started: sync again in a few minutes; --accept-shrink accepts the list as \
                 it is"
                    .to_owned()
            }
            Self::File { .. } => "nothing was imported; correct these lines and import the file again".to_owned(),
            Self::Refused { findings, .. } => return findings.first().map(|found| found.hint.clone()),
        })
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.hints(),
            Self::Asked(words) => words.hints.clone(),
            Self::Refused { findings, .. } => {
                let mut hints: Vec<String> = Vec::new();
                for found in findings {
                    if !hints.contains(&found.hint) && hints.len() < HINTS {
                        hints.push(found.hint.clone());
                    }
                }
                hints
            }
            _ => self.hint().into_iter().collect(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Store(error) => error.details(),
            Self::Transfer(error) => error.details(),
            Self::Script(error) => error.details(),
            Self::Asked(words) => words.causes.clone(),
            Self::File { findings, .. } => fault::listed(findings.iter()),
            #[cfg(feature = "demo")]
            Self::SandboxFile { refusal, .. } => fault::listed(refusal.problems.iter()),
            Self::Refused { findings, .. } => {
                fault::listed(findings.iter().map(|found| format!("{}: {}", found.code.word, found.message)))
            }
            _ => Vec::new(),
        }
    }
}

/// Hints that are given at once; what else there is to do shows when these are done.
const HINTS: usize = 5;

fn listed(shrunk: &[Shrunk]) -> String {
    shrunk.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn mistakes(number: usize) -> String {
    counted_len(number, "mistake")
}
