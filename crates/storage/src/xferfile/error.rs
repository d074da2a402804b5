//! Errors of xfer files, one for each situation of the user.

use crate::sealing::SealingError;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// Why an xfer file cannot be opened or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XferFileError {
    /// It does not begin as an xfer file does.
    #[error("this is not an xfer file")]
    NotAnXferFile,
    /// It is larger than anything that we write.
    #[error("the file is too large for an xfer file")]
    TooLarge,
    /// A format, or a thing within the format, that this program does not know.
    #[error("the file was written by xfer {written_by} and this program cannot read it: {reason}")]
    Unsupported {
        /// The program version that wrote it, as the file says.
        written_by: String,
        /// What is not known.
        reason: String,
    },
    /// Altered, cut off or otherwise not what was written.
    #[error("the file is damaged or was changed: {0}")]
    Damaged(&'static str),
    /// No key that was given opens it.
    #[error("{0}")]
    WrongKey(String),
    /// Cheap to guess: below the least that this program accepts.
    #[error("the passphrase of this file is protected too weakly to be trusted: {0}")]
    TooWeak(String),
    /// More memory or time than an honest file asks for.
    #[error("the file demands more memory or time than xfer allows: {0}")]
    TooDear(String),
    /// Nobody could open it.
    #[error("a file needs a passphrase or a key file that opens it, and at most {most} of them")]
    Recipients {
        /// The largest number.
        most: usize,
    },
    /// The passphrase would be guessed.
    #[error("the passphrase is too easy to guess: {0}")]
    EasyPassphrase(&'static str),
    /// A key is to be left out that does not open the file.
    #[error("the key {name} does not open the file")]
    NoSuchKey {
        /// The key's name.
        name: String,
        /// The names of those that do.
        known: Vec<String>,
    },
    /// A key file does not hold a key.
    #[error("this is not a key of an xfer file: {0}")]
    NotAKey(&'static str),
    /// The machine gives no random numbers, or the content cannot be written.
    #[error("the file could not be made: {0}")]
    NotMade(String),
}

impl From<SealingError> for XferFileError {
    fn from(error: SealingError) -> Self {
        match error {
            SealingError::TooWeak(asked) => Self::TooWeak(asked),
            SealingError::TooDear(asked) => Self::TooDear(asked),
            SealingError::EasyPassphrase(reason) => Self::EasyPassphrase(reason),
            SealingError::NoRandomNumbers(_) | SealingError::TooLong | SealingError::NotStretched(_) => {
                Self::NotMade(error.to_string())
            }
        }
    }
}

impl Fault for XferFileError {
    fn code(&self) -> ExitCode {
        match self {
            Self::WrongKey(_) => ExitCode::WrongKey,
            Self::Recipients { .. } | Self::NoSuchKey { .. } | Self::EasyPassphrase(_) => ExitCode::Usage,
            Self::NotMade(_) => ExitCode::LocalIo,
            Self::NotAnXferFile
            | Self::TooLarge
            | Self::Unsupported { .. }
            | Self::Damaged(_)
            | Self::NotAKey(_)
            | Self::TooWeak(_)
            | Self::TooDear(_) => ExitCode::Damaged,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotAnXferFile => "xfer files are made with `xfer routine export`; check the path".to_owned(),
            Self::TooLarge => "check that it is the right file".to_owned(),
            Self::Unsupported { written_by, .. } => format!("use xfer {written_by} or a newer version"),
            Self::Damaged(_) => "copy it again from the machine where it was made, in binary mode".to_owned(),
            Self::WrongKey(_) => {
                "`xfer routine inspect FILE` shows, without a key, which keys and passphrases open it".to_owned()
            }
            Self::TooWeak(_) | Self::TooDear(_) => {
                "do not trust it; ask its author to export it again with this program".to_owned()
            }
            Self::Recipients { .. } => {
                "give --passphrase-file, --passphrase-command, --key-file or --new-key-file".to_owned()
            }
            Self::EasyPassphrase(_) => {
                "use five or more words that do not belong together, or use --new-key-file".to_owned()
            }
            Self::NotAKey(_) => "a key file is made with `--new-key-file`; copy the whole line".to_owned(),
            Self::NoSuchKey { known, .. } if !known.is_empty() => format!("keys that do: {}", known.join(", ")),
            Self::NoSuchKey { .. } | Self::NotMade(_) => return None,
        })
    }
}
