//! Who can open a file: passphrases and key files. Each wraps the same random file key, so that one can be added or
//! removed without touching the others.
//!
//! A passphrase is stretched with Argon2id (64 MiB, 3 passes, 4 lanes: RFC 9106's second choice, 0.12 s). What a file
//! asks for when it is read is not trusted: below the floor somebody wants the passphrase guessed, above the caps
//! somebody wants this machine's memory. Both are refused before anything is allocated or derived.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::xferfile::error::XferFileError;
use crate::xferfile::key_file::{FileKeyHolder, KEY_LENGTH, fill_randomly};

/// The key that seals a file's body.
pub(super) type FileKey = Zeroizing<[u8; KEY_LENGTH]>;

pub(super) const NONCE_LENGTH: usize = 24;
const SALT_LENGTH: usize = 16;
const TAG_LENGTH: usize = 16;

/// The most that open one file. Each passphrase costs a tenth of a second when a file is opened with another one.
pub const MOST_RECIPIENTS: usize = 8;

/// The shortest passphrase that a file is made with. Not asked when one is opened.
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

/// How much work a guess at a passphrase is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Work {
    /// What files are made with.
    const CURRENT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 4 };
    /// The least that is accepted when reading: OWASP's minimum.
    const FLOOR: Self = Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 };
    /// The most of each, and of memory times passes: a guess of ten seconds.
    const CAP: Self = Self { memory_kib: 1024 * 1024, passes: 16, lanes: 8 };
    const MOST_KIB_PASSES: u64 = 4 * 1024 * 1024;

    fn check(self) -> Result<(), XferFileError> {
        let Self { memory_kib, passes, lanes } = self;
        let asked = format!("{memory_kib} KiB, {passes} passes, {lanes} lanes");
        if memory_kib > Self::CAP.memory_kib
            || passes > Self::CAP.passes
            || lanes > Self::CAP.lanes
            || u64::from(memory_kib) * u64::from(passes) > Self::MOST_KIB_PASSES
        {
            return Err(XferFileError::TooDear(asked));
        }
        if memory_kib < Self::FLOOR.memory_kib || passes < Self::FLOOR.passes || lanes < Self::FLOOR.lanes {
            return Err(XferFileError::TooWeak(asked));
        }
        Ok(())
    }

    fn stretch(self, passphrase: &SecretString, salt: &[u8]) -> Result<FileKey, XferFileError> {
        self.check()?;
        let failed = |cause: argon2::Error| XferFileError::NotMade(cause.to_string());
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY_LENGTH)).map_err(failed)?;
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose_secret().as_bytes(), salt, &mut *key)
            .map_err(failed)?;
        Ok(key)
    }
}

/// A recipient as it stands in the header. Binary parts are base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Recipient {
    /// A passphrase.
    Passphrase {
        /// How it is stretched.
        argon2id: Work,
        /// What makes two equal passphrases differ.
        salt: String,
        /// Nonce and wrapped file key.
        wrapped: String,
    },
    /// A key file.
    KeyFile {
        /// Its name, eight characters.
        key: String,
        /// Nonce and wrapped file key.
        wrapped: String,
    },
}

/// What opens a file, for people to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecipientKind {
    /// A passphrase, and how much work a guess is.
    Passphrase {
        /// Memory of a guess in MiB.
        memory_mib: u32,
        /// Passes over it.
        passes: u32,
    },
    /// A key file of this name.
    KeyFile {
        /// Eight characters.
        name: String,
    },
}

impl RecipientKind {
    /// The name of a key file; none for a passphrase.
    pub fn key_name(&self) -> Option<String> {
        match self {
            Self::Passphrase { .. } => None,
            Self::KeyFile { name } => Some(name.clone()),
        }
    }
}

/// Keys and passphrases: those that a file is made for, or those that somebody has at hand to open one.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Passphrases.
    pub passphrases: Vec<SecretString>,
    /// The contents of key files.
    pub key_files: Vec<FileKeyHolder>,
}

impl Keys {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.passphrases.is_empty() && self.key_files.is_empty()
    }

    /// Refuses passphrases that are guessed at once; for making files, not for opening them.
    pub fn check_strength(&self) -> Result<(), XferFileError> {
        self.passphrases.iter().try_for_each(check_strength)
    }
}

/// Who may open a file from now on.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Who is added.
    pub add: Keys,
    /// Keys, by name, that no longer open it.
    pub without_keys: Vec<String>,
    /// Whether passphrases no longer open it; those that are added do.
    pub without_passphrases: bool,
}

/// Refuses a passphrase that is guessed at once.
pub fn check_strength(passphrase: &SecretString) -> Result<(), XferFileError> {
    let text = passphrase.expose_secret();
    if text.chars().count() < SHORTEST_PASSPHRASE {
        return Err(XferFileError::EasyPassphrase("it has fewer than 12 characters"));
    }
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.len() < 5 {
        return Err(XferFileError::EasyPassphrase("it repeats a few characters"));
    }
    let folded: Zeroizing<String> = Zeroizing::new(text.to_lowercase().split_whitespace().collect());
    if GUESSED_FIRST.iter().any(|guess| folded.starts_with(guess)) {
        return Err(XferFileError::EasyPassphrase("it is among the first that are guessed"));
    }
    Ok(())
}

impl Recipient {
    /// Wraps a file key for a passphrase.
    pub(super) fn for_passphrase(passphrase: &SecretString, file_key: &FileKey) -> Result<Self, XferFileError> {
        let mut salt = [0; SALT_LENGTH];
        fill_randomly(&mut salt)?;
        let wrapped = wrap(&*Work::CURRENT.stretch(passphrase, &salt)?, file_key, PASSPHRASE)?;
        Ok(Self::Passphrase { argon2id: Work::CURRENT, salt: STANDARD.encode(salt), wrapped })
    }

    /// Wraps a file key for a key file.
    pub(super) fn for_key_file(key: &FileKeyHolder, file_key: &FileKey) -> Result<Self, XferFileError> {
        Ok(Self::KeyFile { key: key.name(), wrapped: wrap(key.bytes(), file_key, KEY_FILE)? })
    }

    /// Whether what it asks for may be done at all.
    pub(super) fn check(&self) -> Result<(), XferFileError> {
        match self {
            Self::Passphrase { argon2id, .. } => argon2id.check(),
            Self::KeyFile { .. } => Ok(()),
        }
    }

    /// The file key, if one of these keys opens it.
    pub(super) fn unwrap(&self, keys: &Keys) -> Result<Option<FileKey>, XferFileError> {
        match self {
            Self::KeyFile { key: name, wrapped } => Ok(keys
                .key_files
                .iter()
                .filter(|key| key.name() == *name)
                .find_map(|key| unwrap(key.bytes(), wrapped, KEY_FILE))),
            Self::Passphrase { argon2id, salt, wrapped } => {
                let salt: [u8; SALT_LENGTH] = decode(salt)?;
                for passphrase in &keys.passphrases {
                    if let Some(key) = unwrap(&*argon2id.stretch(passphrase, &salt)?, wrapped, PASSPHRASE) {
                        return Ok(Some(key));
                    }
                }
                Ok(None)
            }
        }
    }

    /// For people to see.
    pub(super) fn kind(&self) -> RecipientKind {
        match self {
            Self::Passphrase { argon2id, .. } => {
                RecipientKind::Passphrase { memory_mib: argon2id.memory_kib / 1024, passes: argon2id.passes }
            }
            // What stands in a header is not trusted, not even to be printed.
            Self::KeyFile { key, .. } => {
                RecipientKind::KeyFile { name: key.chars().filter(char::is_ascii_hexdigit).take(8).collect() }
            }
        }
    }
}

/// What a wrapped key is for: one purpose's cannot stand in for another's.
const PASSPHRASE: &[u8] = b"xfer-file/1 passphrase";
const KEY_FILE: &[u8] = b"xfer-file/1 key file";

fn wrap(key: &[u8; KEY_LENGTH], file_key: &FileKey, purpose: &[u8]) -> Result<String, XferFileError> {
    let mut nonce = [0; NONCE_LENGTH];
    fill_randomly(&mut nonce)?;
    let sealed = XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: &**file_key, aad: purpose })
        .map_err(|_| XferFileError::NotMade("the file key could not be wrapped".to_owned()))?;
    Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
}

fn unwrap(key: &[u8; KEY_LENGTH], wrapped: &str, purpose: &[u8]) -> Option<FileKey> {
    let bytes: [u8; NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH] = decode(wrapped).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_LENGTH)?;
    let nonce: [u8; NONCE_LENGTH] = nonce.try_into().ok()?;
    let opened = XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: purpose })
        .map(Zeroizing::new)
        .ok()?;
    let opened: [u8; KEY_LENGTH] = opened.as_slice().try_into().ok()?;
    Some(Zeroizing::new(opened))
}

/// Exactly so many bytes of base64.
pub(super) fn decode<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], XferFileError> {
    let damaged = XferFileError::Damaged("a part of its header is not what it should be");
    let bytes = STANDARD.decode(text).map_err(|_| damaged.clone())?;
    bytes.try_into().map_err(|_| damaged)
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{Work, check_strength};
    use crate::xferfile::error::XferFileError;

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
            assert!(matches!(work.check(), Err(XferFileError::TooWeak(_))), "{work:?}");
        }
        let dear = [
            Work { memory_kib: u32::MAX, ..current },
            Work { memory_kib: 1024 * 1024 + 1, ..current },
            Work { memory_kib: 1024 * 1024, passes: 5, lanes: 4 },
            Work { passes: 17, ..current },
            Work { passes: u32::MAX, ..current },
            Work { lanes: 9, ..current },
            Work { lanes: u32::MAX, ..current },
            Work { memory_kib: u32::MAX, passes: u32::MAX, lanes: u32::MAX },
        ];
        for work in dear {
            assert!(matches!(work.check(), Err(XferFileError::TooDear(_))), "{work:?}");
        }
    }

    #[test]
    fn easy_passphrases_are_refused() {
        for easy in ["", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababab", "Password 1234", "123456789012345"]
        {
            let refused = check_strength(&SecretString::from(easy));
            assert!(matches!(refused, Err(XferFileError::EasyPassphrase(_))), "{easy}");
        }
        for fair in ["correct horse battery staple", "moringa kasava tilapia"] {
            assert_eq!(check_strength(&SecretString::from(fair)), Ok(()));
        }
    }
}
