//! The words for everything that a report can name: one table, each entry with cause and remedy.
//!
//! The table is the source of `docs/findings.md`. Server codes (`E7640` …) never stand alone: [`of_server`] says which
//! of our words they mean, and the server's own sentence rides along.

mod codes;
mod reason;
mod server;

pub use codes::*;
pub use reason::{Reason, Said};
pub use server::of_server;

pub use xfer_domain::finding::{Category, Code};

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
