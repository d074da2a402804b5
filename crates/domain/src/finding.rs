//! The shape of the words that reports and checks use for what they find: each with its cause and its remedy.
//!
//! The words themselves stand where they are found: those of a run in `transfer::finding`, those of the checks of maps
//! and jobs in `matching::finding`. `docs/findings.md` is written from both.

use crate::run::Severity;

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
    /// An object that changed since it was mapped.
    Drift,
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
            Self::Drift => "drift",
        }
    }
}

/// One entry of a table. Compared by its word.
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

/// Writes entries as statics and puts them into `ALL`, so that none can be left out.
#[macro_export]
macro_rules! finding_table {
    ($($name:ident = $severity:ident, $category:ident, $word:literal, $cause:literal, $remedy:literal;)*) => {
        $(
            #[doc = $cause]
            pub static $name: $crate::finding::Code = $crate::finding::Code {
                word: $word,
                severity: $crate::run::Severity::$severity,
                category: $crate::finding::Category::$category,
                cause: $cause,
                remedy: $remedy,
            };
        )*
        /// Every entry.
        pub static ALL: &[&$crate::finding::Code] = &[$(&$name),*];
    };
}

pub use finding_table as table;

/// A sentence and what to do about it, as one line: a hint that is a sentence of its own begins one.
pub fn with_hint(message: &str, hint: &str) -> String {
    if hint.chars().next().is_some_and(char::is_uppercase) {
        return format!("{}. {}", message.trim_end_matches('.'), hint.trim_end_matches('.'));
    }
    format!("{message}; {}", hint.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::with_hint;

    #[test]
    fn no_semicolon_stands_before_a_capital() {
        assert_eq!(with_hint("a is b", "Put it into c."), "a is b. Put it into c");
        assert_eq!(with_hint("a is b", "put it into c"), "a is b; put it into c");
    }
}
