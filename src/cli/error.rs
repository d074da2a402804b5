//! The one place where errors become an exit code, a message and hints (design, section 5: "what happened, to what,
//! what to do next").

use std::error::Error;
use std::fmt;

use crate::cli::exit_code::ExitCode;
use crate::cli::render::shell_word;
use crate::dhis2::error::ClientError;
use crate::matching::items::ItemError;
use crate::matching::review::Finding;
use crate::ops::error::OpsError;
use crate::store::StoreError;
use crate::transfer::engine::{DAMAGED, PASSING, TransferError};
use crate::xferfile::XferFileError;

/// An error as the person at the terminal, or the scheduler, meets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// How the process ends.
    pub code: ExitCode,
    /// What happened, to what.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl fmt::Display for CliError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// Layers below hand an error of whoever they asked back up.
impl Error for CliError {}

impl CliError {
    fn new(code: ExitCode, message: String) -> Self {
        Self { code, message, causes: Vec::new(), hints: Vec::new() }
    }

    /// Wrong usage or configuration.
    pub fn usage(message: String) -> Self {
        Self::new(ExitCode::Usage, message)
    }

    /// Local input or output that failed.
    pub fn local_io(message: String, cause: &dyn Error) -> Self {
        Self::new(ExitCode::LocalIo, message).caused_by(cause)
    }

    /// The clock of this machine was never set, or is broken.
    pub fn clock() -> Self {
        let message = "the clock of this machine stands before 1970 or after 8999";
        Self::new(ExitCode::LocalIo, message.to_owned())
            .hint("set date and time: periods, certificates and the order of runs depend on them")
    }

    /// A file that could not be read: not found has a code of its own.
    pub fn file(message: String, cause: &std::io::Error) -> Self {
        let code = match cause.kind() {
            std::io::ErrorKind::NotFound => ExitCode::FileNotFound,
            _ => ExitCode::LocalIo,
        };
        let hint = match code {
            ExitCode::FileNotFound => "check the path: it is taken from the folder that you are in",
            _ => "check that the file and its folder can be used by you",
        };
        Self::new(code, message).caused_by(cause).hint(hint)
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds the chain of causes, leaving out what the message says already.
    #[must_use]
    pub fn caused_by(mut self, cause: &dyn Error) -> Self {
        let mut next = Some(cause);
        while let Some(cause) = next {
            let words = cause.to_string();
            if !self.message.contains(&words) && self.causes.last() != Some(&words) {
                self.causes.push(words);
            }
            next = cause.source();
        }
        self
    }

    fn of(code: ExitCode, error: &dyn Error) -> Self {
        let described = Self::new(code, error.to_string());
        match error.source() {
            Some(source) => described.caused_by(source),
            None => described,
        }
    }
}

impl From<OpsError> for CliError {
    fn from(error: OpsError) -> Self {
        match error {
            OpsError::Store(error) => error.into(),
            OpsError::Client(error) => error.into(),
            OpsError::Transfer(error) => error.into(),
            OpsError::Journal(error) if error.passing => Self::of(ExitCode::Temporary, &error).hint(PASSING),
            OpsError::Journal(error) if error.damaged => Self::of(ExitCode::Damaged, &error).hint(DAMAGED),
            OpsError::Journal(error) => Self::of(ExitCode::LocalIo, &error)
                .hint("nothing is sent without a journal; free space or mend the disk, then run again"),
            OpsError::Script(error) => {
                let mut described = Self::of(ExitCode::Usage, &*error);
                described.causes.extend(error.snippet());
                match error.hint() {
                    Some(hint) => described.hint(hint),
                    None => described,
                }
            }
            OpsError::Item(error) => {
                let hint = match &error {
                    ItemError::Unknown { near, .. } if !near.is_empty() => {
                        format!("did you mean {}?", near.join(" or "))
                    }
                    ItemError::Unknown { side, .. } => format!("if it is new, sync the {side} server first"),
                    ItemError::Ambiguous { .. } => {
                        "ids stand in DHIS2's maintenance app and in exported files".to_owned()
                    }
                    ItemError::Readings { readings, .. } => {
                        let ways = readings.iter().map(|(how, what)| match how.strip_prefix("--") {
                            Some(_) => format!("give {how} for {what}"),
                            None => format!("write '{how}' for {what}"),
                        });
                        ways.collect::<Vec<_>>().join("; ")
                    }
                    ItemError::OtherKind { .. } => "leave --kind out, or give the right one".to_owned(),
                    ItemError::NoMetric { .. } => "xfer job add-item --help lists what each of them is".to_owned(),
                    ItemError::NoCombos { .. } => "leave the option combos out".to_owned(),
                    ItemError::Incomplete { .. } => "write DE.COC, or DE.COC.AOC".to_owned(),
                };
                Self::of(ExitCode::Usage, &error).hint(hint)
            }
            OpsError::NotFound { kind, ref near, .. } => {
                let hint = if near.is_empty() {
                    format!("`xfer {kind} list` shows what there is").replace("run list", "runs list")
                } else {
                    format!("did you mean {}?", near.join(" or "))
                };
                Self::of(ExitCode::Usage, &error).hint(hint)
            }
            OpsError::Invalid { ref hint, .. } | OpsError::ItemRefused { ref hint, .. } => {
                let hint = hint.clone();
                Self::of(ExitCode::Usage, &error).hint(hint)
            }
            OpsError::WrongServer { ref server, .. } => {
                let hint = format!(
                    "if its database was replaced on purpose, `xfer server test {server}` accepts it; else check the address"
                );
                Self::of(ExitCode::WrongServer, &error).hint(hint)
            }
            OpsError::NotSynced { ref server } => {
                let hint = format!("copy it with `xfer server sync {server}`");
                Self::of(ExitCode::Usage, &error).hint(hint)
            }
            OpsError::Shrunk { ref server, .. } => {
                let server = shell_word(server);
                let hint = format!(
                    "the old copy stays whole. A server that has just started, or a user whose sharing was taken away, \
                     looks like this: sync again later, or look at the server. If the rest was deleted on purpose: \
                     xfer server sync {server} --accept-shrink"
                );
                Self::of(ExitCode::Usage, &error).hint(hint)
            }
            OpsError::NotWhole { ref server, .. } => {
                let server = shell_word(server);
                Self::of(ExitCode::Usage, &error).hint(format!(
                    "the old copy stays whole. Sync again later, or let the server's administrator mend these objects. \
                     To work without them: xfer server sync {server} --accept-shrink"
                ))
            }
            OpsError::OwnOrgUnitsMissing { .. } => Self::of(ExitCode::Temporary, &error).hint(
                "the server may have just started: sync again in some minutes; --accept-shrink takes it as it is",
            ),
            OpsError::File { ref findings, .. } => {
                let mut described = Self::of(ExitCode::Usage, &error);
                described.causes = findings.iter().take(LISTED).map(ToString::to_string).collect();
                if findings.len() > LISTED {
                    described.causes.push(format!("… and {} more", findings.len() - LISTED));
                }
                described.hint("nothing was imported; mend these lines and import the file again")
            }
            OpsError::SandboxFile { ref refusal, .. } => {
                let mut described = Self::of(ExitCode::Usage, &error);
                described.causes = refusal.problems.iter().take(LISTED).map(ToString::to_string).collect();
                if refusal.problems.len() > LISTED {
                    described.causes.push(format!("… and {} more", refusal.problems.len() - LISTED));
                }
                described.hint(refusal.hint.clone())
            }
            OpsError::Refused { ref findings, .. } => {
                let mut described = Self::of(ExitCode::Usage, &error);
                let words = |found: &Finding| format!("{}: {}", found.code.word, found.message);
                described.causes = findings.iter().take(LISTED).map(words).collect();
                if findings.len() > LISTED {
                    described.causes.push(format!("… and {} more", findings.len() - LISTED));
                }
                let mut hints: Vec<String> = Vec::new();
                for found in findings {
                    if !hints.contains(&found.hint) && hints.len() < HINTS {
                        hints.push(found.hint.clone());
                    }
                }
                hints.into_iter().fold(described, Self::hint)
            }
            OpsError::LocalFile { ref source, .. } => {
                let (code, hint) = match source.kind() {
                    std::io::ErrorKind::NotFound => {
                        (ExitCode::FileNotFound, "check the path: it is taken from the folder that you are in")
                    }
                    _ => (ExitCode::LocalIo, "check that the file and its folder can be used by you"),
                };
                Self::of(code, &error).hint(hint)
            }
            OpsError::XferFile { ref cause, .. } => {
                let code = match cause {
                    XferFileError::WrongKey(_) => ExitCode::WrongKey,
                    XferFileError::Recipients { .. }
                    | XferFileError::NoSuchKey { .. }
                    | XferFileError::EasyPassphrase(_) => ExitCode::Usage,
                    XferFileError::NotMade(_) => ExitCode::LocalIo,
                    XferFileError::NotAnXferFile
                    | XferFileError::TooLarge
                    | XferFileError::Unsupported { .. }
                    | XferFileError::Damaged(_)
                    | XferFileError::NotAKey(_)
                    | XferFileError::TooWeak(_)
                    | XferFileError::TooDear(_) => ExitCode::Damaged,
                };
                let hint = cause.hint();
                let described = Self::of(code, &error);
                match hint {
                    Some(hint) => described.hint(hint),
                    None => described,
                }
            }
            OpsError::Stopped => Self::of(ExitCode::Temporary, &error).hint("run it again; nothing is lost"),
            OpsError::Sandbox(_) => Self::of(ExitCode::LocalIo, &error),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        let error = match error {
            // Whoever was asked for the passphrase is of this layer, and said in full what is wrong.
            StoreError::KeyClosed { file, source } => match source.downcast::<Self>() {
                Ok(own) => return *own,
                Err(source) => StoreError::KeyClosed { file, source },
            },
            other => other,
        };
        let code = match &error {
            StoreError::NotFound(_)
            | StoreError::AlreadyExists(_)
            | StoreError::BadName { .. }
            | StoreError::InUse { .. }
            | StoreError::MixedPairs { .. }
            | StoreError::KeyClosed { .. } => ExitCode::Usage,
            StoreError::NewerSchema { .. }
            | StoreError::Damaged { .. }
            | StoreError::KeyDamaged { .. }
            | StoreError::AlteredScript { .. } => ExitCode::Damaged,
            StoreError::Locked { .. } => ExitCode::Locked,
            StoreError::Busy { .. } => ExitCode::Temporary,
            StoreError::Sealed { .. }
            | StoreError::SealedAlert { .. }
            | StoreError::KeyMissing { .. }
            | StoreError::WrongPassphrase { .. } => ExitCode::WrongKey,
            StoreError::KeyUnreadable { .. }
            | StoreError::KeyPermissions { .. }
            | StoreError::DiskFull { .. }
            | StoreError::Io { .. }
            | StoreError::Database { .. }
            | StoreError::Sqlite(_) => ExitCode::LocalIo,
        };
        let hint = match &error {
            StoreError::InUse { .. } => Some("remove those first, or all together with --cascade".to_owned()),
            other => other.hint(),
        };
        let described = Self::of(code, &error);
        match hint {
            Some(hint) => described.hint(hint),
            None => described,
        }
    }
}

impl From<TransferError> for CliError {
    fn from(error: TransferError) -> Self {
        let described = Self::of(ExitCode::from_number(error.exit_code()), &error);
        match error.hint() {
            Some(hint) => described.hint(hint),
            None => described,
        }
    }
}

impl From<ClientError> for CliError {
    fn from(error: ClientError) -> Self {
        let kind = &error.kind;
        let code = ExitCode::from_number(kind.exit_code());
        let hint = kind.hint();
        let described = Self::of(code, &error);
        match hint {
            Some(hint) => described.hint(hint),
            None => described,
        }
    }
}

/// Mistakes of a file that are listed one by one.
const LISTED: usize = 50;

/// Hints that are given at once; what else there is to do shows when these are done.
const HINTS: usize = 5;
