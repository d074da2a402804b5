//! What every error answers, whichever layer it comes from: how the program ends because of it, and what a person does
//! next. An error has one answer, so that it ends the same way in a run, in a sync and in a test of a server; whoever
//! talks to people draws [`InWords`] and decides nothing.

use std::error::Error;
use std::fmt;

use crate::exit_code::ExitCode;

/// An error that knows what it means for whoever asked.
pub trait Fault: Error {
    /// How the program ends because of it.
    fn code(&self) -> ExitCode;

    /// What to do next; none where the error says it all.
    fn hint(&self) -> Option<String> {
        None
    }

    /// Everything that there is to do, where it is more than one thing.
    fn hints(&self) -> Vec<String> {
        self.hint().into_iter().collect()
    }

    /// What belongs to it beside its causes, a line each: the mistakes of a file, the line of a script.
    fn details(&self) -> Vec<String> {
        Vec::new()
    }
}

impl<F: Fault> Fault for Box<F> {
    fn code(&self) -> ExitCode {
        F::code(self)
    }

    fn hint(&self) -> Option<String> {
        F::hint(self)
    }

    fn hints(&self) -> Vec<String> {
        F::hints(self)
    }

    fn details(&self) -> Vec<String> {
        F::details(self)
    }
}

/// The most details that are listed one by one.
const LISTED: usize = 50;

/// The first things of a long list, and how many more there are.
pub fn listed<T: ToString>(things: impl ExactSizeIterator<Item = T>) -> Vec<String> {
    let more = things.len().saturating_sub(LISTED);
    let mut listed: Vec<String> = things.take(LISTED).map(|thing| thing.to_string()).collect();
    if more > 0 {
        listed.push(format!("… and {more} more"));
    }
    listed
}

/// A fault as a person, or a scheduler, meets it: what happened, why, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InWords {
    /// How the program ends.
    pub code: ExitCode,
    /// What happened, to what.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
}

impl InWords {
    /// Puts a fault into words.
    pub fn of(fault: &dyn Fault) -> Self {
        let message = fault.to_string();
        let mut causes = fault.source().map(|cause| causes(&message, cause)).unwrap_or_default();
        causes.extend(fault.details());
        Self { code: fault.code(), message, causes, hints: fault.hints() }
    }

    /// What happened and why, in one line.
    pub fn in_a_line(&self) -> String {
        std::iter::once(&self.message).chain(&self.causes).cloned().collect::<Vec<_>>().join(": ")
    }
}

impl fmt::Display for InWords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// The chain of causes, without what is said already.
pub fn causes(message: &str, cause: &dyn Error) -> Vec<String> {
    let mut causes: Vec<String> = Vec::new();
    let mut next = Some(cause);
    while let Some(cause) = next {
        let words = cause.to_string();
        if !message.contains(&words) && causes.last() != Some(&words) {
            causes.push(words);
        }
        next = cause.source();
    }
    causes
}

/// How a file that could not be used ends a program: one that is not there has a code of its own.
pub fn of_file(cause: &std::io::Error) -> (ExitCode, &'static str) {
    match cause.kind() {
        std::io::ErrorKind::NotFound => (ExitCode::FileNotFound, "check the path: it starts from the current folder"),
        _ => (ExitCode::LocalIo, "check that you have access to the file and its folder"),
    }
}

#[cfg(test)]
mod tests {
    use super::{ExitCode, Fault, InWords, listed};

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Full;

    #[derive(Debug, thiserror::Error)]
    #[error("it could not be written")]
    struct Unwritten(#[source] Full);

    impl Fault for Unwritten {
        fn code(&self) -> ExitCode {
            ExitCode::LocalIo
        }

        fn hint(&self) -> Option<String> {
            Some("free space".to_owned())
        }

        fn details(&self) -> Vec<String> {
            vec!["line 3".to_owned()]
        }
    }

    #[test]
    fn a_fault_is_told_with_its_causes_details_and_hints() {
        let words = InWords::of(&Box::new(Unwritten(Full)));
        let (causes, hints) = (vec!["the disk is full".to_owned(), "line 3".to_owned()], vec!["free space".to_owned()]);
        assert_eq!(words.in_a_line(), "it could not be written: the disk is full: line 3");
        assert_eq!(
            words,
            InWords { code: ExitCode::LocalIo, message: "it could not be written".to_owned(), causes, hints }
        );
    }

    #[test]
    fn of_a_long_list_the_first_things_are_named() {
        assert_eq!(listed(0..2), ["0", "1"]);
        let long = listed(0..70);
        assert_eq!((long.len(), long.last().map(String::as_str)), (51, Some("… and 20 more")));
    }
}
