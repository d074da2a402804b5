//! The words for everything that a report can name: one table, each entry with cause and remedy.
//!
//! The table is the source of `docs/findings.md`. Server codes (`E7640` …) never stand alone: [`of_server`] says which
//! of our words they mean, and the server's own sentence rides along.

mod codes;
mod server;

pub use codes::*;
pub use server::of_server;

use crate::domain::run::Severity;

/// What kind of person or place can put a finding right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// The map or the items point at the wrong thing.
    Mapping,
    /// The user at the server lacks a right.
    Permission,
    /// The period is not (or no longer) open.
    Timing,
    /// The value itself.
    Value,
    /// The set-up of a server: data sets, combos, settings.
    Configuration,
    /// The source: what it has, how fresh it is.
    Source,
    /// The routine's own rules and guards.
    Policy,
    /// The way to the server, or the server's health.
    Transport,
}

impl Category {
    /// The word for it in documents.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Permission => "permission",
            Self::Timing => "timing",
            Self::Value => "value",
            Self::Configuration => "configuration",
            Self::Source => "source",
            Self::Policy => "policy",
            Self::Transport => "transport",
        }
    }
}

/// One entry of the table. Compared by its word.
#[derive(Debug)]
pub struct Code {
    /// The kebab-case word in reports and in the journal; never changes once released.
    pub word: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Who can put it right.
    pub category: Category,
    /// What happened, in general.
    pub cause: &'static str,
    /// What an administrator can do about it.
    pub remedy: &'static str,
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Code {}

/// The entry of that word.
pub fn by_word(word: &str) -> Option<&'static Code> {
    ALL.iter().copied().find(|code| code.word == word)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, by_word};

    #[test]
    fn words_are_kebab_case_and_unique_and_every_entry_helps() {
        let words: BTreeSet<&str> = ALL.iter().map(|code| code.word).collect();
        assert_eq!(words.len(), ALL.len());
        for code in ALL {
            assert!(code.word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", code.word);
            assert!(code.cause.len() > 20 && code.remedy.len() > 20, "{}", code.word);
            assert_eq!(by_word(code.word), Some(*code));
        }
        assert_eq!(by_word("no-such-word"), None);
    }
}
