//! Errors as they are drawn: what happened, to what, what to do next (design, section 5). What an error of a layer below
//! means is its own to say ([`Fault`]).

use std::error::Error;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{Fault, InWords, causes, of_file};

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
        let message = "the clock of this machine is before 1970 or after 8999";
        Self::new(ExitCode::LocalIo, message.to_owned())
            .hint("set date and time: periods, certificates and the order of runs need them")
    }

    /// A file that could not be read: not found has a code of its own.
    pub fn file(message: String, cause: &std::io::Error) -> Self {
        let (code, hint) = of_file(cause);
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
        self.causes.extend(causes(&self.message, cause));
        self
    }

    /// A fault of a layer below, as it answers itself.
    pub fn of(fault: &dyn Fault) -> Self {
        let InWords { code, message, causes, hints } = InWords::of(fault);
        Self { code, message, causes, hints }
    }

    /// A fault of a layer below that this layer says in words of its own.
    pub fn saying(message: String, fault: &dyn Fault) -> Self {
        Self { message, ..Self::of(fault) }
    }
}

impl<F: Fault> From<F> for CliError {
    fn from(fault: F) -> Self {
        Self::of(&fault)
    }
}

impl From<CliError> for InWords {
    fn from(error: CliError) -> Self {
        let CliError { code, message, causes, hints } = error;
        Self { code, message, causes, hints }
    }
}
