//! Keys from passphrases: how much work a guess is, and which passphrases are guessed at once.
//!
//! A passphrase is stretched with Argon2id (64 MiB, 3 passes, 4 lanes: RFC 9106's second choice, 0.12 s). What a file
//! asks for when it is read is not trusted: below the floor somebody wants the passphrase guessed, above the caps
//! somebody wants this machine's memory. Both are refused before anything is allocated or derived.

use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::sealing::{KEY_LENGTH, Key, SealingError};

/// The shortest passphrase that something is sealed with. Not asked when it is opened.
const SHORTEST_PASSPHRASE: usize = 12;

/// What every guesser tries first, without blanks and in lower case.
const GUESSED_FIRST: [&str; 8] = [
    "123456789012",
    "passwordpassword",
    "password1234",
    "districtdistrict",
    "dhis2dhis2dhis2",
    "qwertyuiopas",
    "changemechangeme",
    "administrator",
];

/// How much work a guess at a passphrase is. It stands in the headers of files, where its names are part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Work {
    /// Memory of a guess, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes that can be worked on at once.
    pub lanes: u32,
}

impl Work {
    /// What is used for everything new.
    pub const CURRENT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
    /// The least that is accepted when reading: OWASP's minimum.
    const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The most of each: with the rest of the program it stays below 512 MiB.
    const CAP: Self = Self { memory_kib: 448 * 1024, passes: 16, lanes: 8 };
    /// The most of memory times passes, of all guesses that one file asks for: some five seconds on a slow machine, and
    /// more than this program asks for with as many passphrases as it allows. Lanes share the work and add none.
    const MOST_KIB_PASSES: u64 = 2 * 1024 * 1024;

    /// Whether so much work may be done at all.
    pub fn check(self) -> Result<(), SealingError> {
        let Self { memory_kib, passes, lanes } = self;
        let asked = format!("{memory_kib} KiB, {passes} passes, {lanes} lanes");
        if memory_kib > Self::CAP.memory_kib
            || passes > Self::CAP.passes
            || lanes > Self::CAP.lanes
            || self.kib_passes() > Self::MOST_KIB_PASSES
        {
            return Err(SealingError::TooDear(asked));
        }
        if memory_kib < Self::FLOOR.memory_kib || passes < Self::FLOOR.passes || lanes < Self::FLOOR.lanes {
            return Err(SealingError::TooWeak(asked));
        }
        Ok(())
    }

    /// Whether all of this may be done for one file: who does not know which passphrase is meant, tries each.
    pub fn check_all(all: impl Iterator<Item = Self>) -> Result<(), SealingError> {
        let mut sum = 0_u64;
        for work in all {
            work.check()?;
            sum = sum.saturating_add(work.kib_passes());
        }
        if sum <= Self::MOST_KIB_PASSES {
            return Ok(());
        }
        let most = Self::MOST_KIB_PASSES / 1024;
        Err(SealingError::TooDear(format!(
            "its passphrases together ask for {} MiB times passes, and a file may ask for {most}",
            sum / 1024
        )))
    }

    fn kib_passes(self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    /// The key of a passphrase. Equal passphrases with different salts give different keys.
    pub fn stretch(self, passphrase: &SecretString, salt: &[u8]) -> Result<Key, SealingError> {
        self.check()?;
        let failed = |cause: argon2::Error| SealingError::NotStretched(cause.to_string());
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_LENGTH)).map_err(failed)?;
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut *key)
            .map_err(failed)?;
        Ok(key)
    }
}

/// Refuses a passphrase that is guessed at once.
pub fn check_strength(passphrase: &SecretString) -> Result<(), SealingError> {
    let text = passphrase.expose_secret();
    if text.chars().count() < SHORTEST_PASSPHRASE {
        return Err(SealingError::EasyPassphrase("it has fewer than 12 characters"));
    }
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5 {
        return Err(SealingError::EasyPassphrase("it repeats a few characters"));
    }
    let folded: Zeroizing<String> = Zeroizing::new(text.to_lowercase().split_whitespace().collect());
    if GUESSED_FIRST.iter().any(|guess| folded.starts_with(guess)) {
        return Err(SealingError::EasyPassphrase("it is one of the most common passphrases"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{Work, check_strength};
    use crate::sealing::SealingError;

    #[test]
    fn work_is_bounded_on_both_sides() {
        assert_eq!(Work::CURRENT.check(), Ok(()));
        assert_eq!(Work::FLOOR.check(), Ok(()));
        let current = Work::CURRENT;
        let weak = [
            Work { memory_kib: 19 * 1024 - 1, ..current },
            Work { memory_kib: 0, ..current },
            Work { memory_kib: 8, passes: 1, lanes: 1 },
            Work { passes: 1, ..current },
            Work { passes: 0, ..current },
            Work { lanes: 0, ..current },
            Work { memory_kib: 1024, passes: 16, lanes: 1 },
            Work { memory_kib: 46 * 1024, passes: 1, lanes: 1 },
        ];
        for work in weak {
            assert!(matches!(work.check(), Err(SealingError::TooWeak(_))), "{work:?}");
        }
        let dear = [
            Work { memory_kib: u32::MAX, ..current },
            Work { memory_kib: 448 * 1024 + 1, ..current },
            Work { memory_kib: 448 * 1024, passes: 5, lanes: 4 },
            Work { memory_kib: 1024 * 1024, passes: 5, lanes: 4 },
            Work { passes: 17, ..current },
            Work { passes: u32::MAX, ..current },
            Work { lanes: 9, ..current },
            Work { lanes: u32::MAX, ..current },
            Work { memory_kib: u32::MAX, passes: u32::MAX, lanes: u32::MAX },
        ];
        for work in dear {
            assert!(matches!(work.check(), Err(SealingError::TooDear(_))), "{work:?}");
        }
    }

    #[test]
    fn many_cheap_guesses_are_as_dear_as_one() {
        let most = Work { memory_kib: 448 * 1024, passes: 4, lanes: 8 };
        assert_eq!(Work::check_all([most].into_iter()), Ok(()));
        assert_eq!(Work::check_all([Work::CURRENT; 8].into_iter()), Ok(()), "what we write");
        for dear in [vec![most, Work { passes: 16, ..Work::FLOOR }], vec![Work::CURRENT; 11]] {
            assert!(matches!(Work::check_all(dear.into_iter()), Err(SealingError::TooDear(_))));
        }
        let weak = Work::check_all([Work { passes: 1, ..most }].into_iter());
        assert!(matches!(weak, Err(SealingError::TooWeak(_))), "{weak:?}");
    }

    #[test]
    fn easy_passphrases_are_refused() {
        for easy in ["", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababab", "Password 1234", "123456789012345"]
        {
            let refused = check_strength(&SecretString::from(easy));
            assert!(matches!(refused, Err(SealingError::EasyPassphrase(_))), "{easy}");
        }
        for fair in ["correct horse battery staple", "moringa kasava tilapia"] {
            assert_eq!(check_strength(&SecretString::from(fair)), Ok(()));
        }
    }
}
