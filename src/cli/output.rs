//! The only door to standard output and standard error.
//!
//! What is printed is the result of a command: a list that was cut off by a full disk, with exit code 0, is a false list.
//! So every write to standard output is flushed and looked at, and the first that fails is remembered. The command goes
//! on, because it may be in the middle of a run; at its end the failure becomes an error (exit code 74). A reader that
//! has gone away (`xfer … | head -1`) is no error: the program says nothing and ends with 141, as shells show a program
//! that a closed pipe has ended.
//!
//! Standard error is talk. If nobody can be told, nobody is told.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::{Arc, OnceLock};

use console::Term;

use crate::cli::error::CliError;
use crate::cli::redacting::Redacting;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::redaction::redact;
use xfer_domain::shown::tame_lines;

/// Standard output, and what became of it. Clones are the same output.
#[derive(Debug, Clone, Default)]
pub struct Output {
    lost: Arc<OnceLock<io::Error>>,
}

impl Output {
    /// Writes text for people: nothing in it can drive a terminal, now or when it is read from a file.
    pub fn for_people(&self, text: &str) {
        self.write(&tame_lines(text));
    }

    /// Writes text for programs, byte for byte; only a terminal is spared what would drive it.
    pub fn for_programs(&self, text: &str) {
        if io::stdout().is_terminal() { self.for_people(text) } else { self.write(text) }
    }

    /// Writes what clap has to say, with its colours where there is a terminal that wants them.
    pub fn answer(&self, answer: &clap::Error, colour: bool) {
        let text = answer.render();
        let coloured = |terminal: bool| if terminal && colour { text.ansi().to_string() } else { text.to_string() };
        if answer.use_stderr() {
            talk(&coloured(io::stderr().is_terminal()));
        } else {
            self.write(&coloured(io::stdout().is_terminal()));
        }
    }

    /// Nothing is written after a write that failed: what follows a gap is false.
    fn write(&self, text: &str) {
        if self.is_lost() {
            return;
        }
        let mut stdout = io::stdout().lock();
        if let Err(cause) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // Somebody else's failure, if one came first, says as much.
            let _ = self.lost.set(cause);
        }
    }

    /// Whether what is printed goes nowhere any more.
    pub fn is_lost(&self) -> bool {
        self.lost.get().is_some()
    }

    /// How the program ends that would have ended with this code, and the error to be told about.
    pub fn settled(&self, code: ExitCode) -> (ExitCode, Option<CliError>) {
        let Some(cause) = self.lost.get() else { return (code, None) };
        // What a command failed at says more than that nobody could read it.
        let instead = |lost| if code == ExitCode::Success { lost } else { code };
        if cause.kind() == ErrorKind::BrokenPipe {
            return (instead(ExitCode::ClosedPipe), None);
        }
        let message = "the output could not be written completely to standard output".to_owned();
        let hint = "the command did its work, but its output is incomplete; free some space or choose another place, \
                    and print it again";
        (instead(ExitCode::LocalIo), Some(CliError::local_io(message, cause).hint(hint)))
    }
}

/// Says something on standard error, without any login.
pub fn talk(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(redact(text).as_bytes()).and_then(|()| stderr.flush());
}

/// Says something to programs on standard error, as one line. Its texts hold no login already ([`redacting::shown`]); a
/// login that is called `error` must not take the form from it.
///
/// [`redacting::shown`]: crate::cli::redacting::shown
pub(super) fn tell_programs(line: &serde_json::Value) {
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "{line}").and_then(|()| stderr.flush());
}

/// Standard error for the log, without any login.
pub(super) fn log() -> Redacting<io::Stderr> {
    Redacting(io::stderr())
}

/// Whether somebody reads standard error at a terminal.
pub fn talks_to_a_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The width of the terminal behind standard output, if there is one.
pub fn width() -> Option<u16> {
    io::stdout().is_terminal().then(|| Term::stdout().size().1)
}

/// The width of the terminal behind standard error, if there is one.
pub fn talk_width() -> Option<u16> {
    talks_to_a_terminal().then(|| Term::stderr().size().1)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use super::{ExitCode, Output};

    fn lost(kind: ErrorKind) -> Output {
        let output = Output::default();
        output.lost.set(Error::from(kind)).unwrap();
        output
    }

    #[test]
    fn a_success_that_nobody_can_read_is_none() {
        let (code, error) = lost(ErrorKind::StorageFull).settled(ExitCode::Success);
        assert_eq!((code, error.unwrap().code), (ExitCode::LocalIo, ExitCode::LocalIo));
        assert_eq!(lost(ErrorKind::BrokenPipe).settled(ExitCode::Success), (ExitCode::ClosedPipe, None));
        assert_eq!(Output::default().settled(ExitCode::Success), (ExitCode::Success, None));
    }

    #[test]
    fn a_failure_keeps_its_code_and_both_are_told() {
        let (code, error) = lost(ErrorKind::StorageFull).settled(ExitCode::Incomplete);
        assert_eq!((code, error.is_some()), (ExitCode::Incomplete, true));
        assert_eq!(lost(ErrorKind::BrokenPipe).settled(ExitCode::Login), (ExitCode::Login, None));
    }
}
