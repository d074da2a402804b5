//! Who can open a file: passphrases and key files. Each wraps the same random file key, so that one can be added or
//! removed without touching the others.
//!
//! How a passphrase becomes a key, and how much work a header may ask for, is [`crate::sealing`]'s.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::sealing::{self, KEY_LENGTH, NONCE_LENGTH, SALT_LENGTH, TAG_LENGTH, Work, check_strength};
use crate::xferfile::error::XferFileError;
use crate::xferfile::key_file::FileKeyHolder;
use xfer_domain::redaction::keep_password;

/// The key that seals a file's body.
pub(super) type FileKey = sealing::Key;

/// The most that open one file. Each passphrase costs a tenth of a second when a file is opened with another one.
pub const MOST_RECIPIENTS: usize = 8;

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
        Ok(self.passphrases.iter().try_for_each(check_strength)?)
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

impl Recipient {
    /// Wraps a file key for a passphrase.
    pub(super) fn for_passphrase(passphrase: &SecretString, file_key: &FileKey) -> Result<Self, XferFileError> {
        let mut salt = [0; SALT_LENGTH];
        sealing::fill_randomly(&mut salt)?;
        keep_password(None, passphrase);
        let wrapped = wrap(&*Work::CURRENT.stretch(passphrase, &salt)?, file_key, PASSPHRASE)?;
        Ok(Self::Passphrase { argon2id: Work::CURRENT, salt: STANDARD.encode(salt), wrapped })
    }

    /// Wraps a file key for a key file.
    pub(super) fn for_key_file(key: &FileKeyHolder, file_key: &FileKey) -> Result<Self, XferFileError> {
        Ok(Self::KeyFile { key: key.name(), wrapped: wrap(key.bytes(), file_key, KEY_FILE)? })
    }

    /// Whether what all of a file ask for may be done at all; looked at before anything is derived, and before a file is
    /// written.
    pub(super) fn check_all(all: &[Self]) -> Result<(), XferFileError> {
        Ok(Work::check_all(all.iter().filter_map(|recipient| match recipient {
            Self::Passphrase { argon2id, .. } => Some(*argon2id),
            Self::KeyFile { .. } => None,
        }))?)
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
                    keep_password(None, passphrase);
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
    Ok(STANDARD.encode(sealing::seal(key, &**file_key, purpose)?))
}

fn unwrap(key: &[u8; KEY_LENGTH], wrapped: &str, purpose: &[u8]) -> Option<FileKey> {
    let bytes: [u8; NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH] = decode(wrapped).ok()?;
    let opened: [u8; KEY_LENGTH] = sealing::open(key, &bytes, purpose)?.as_slice().try_into().ok()?;
    Some(Zeroizing::new(opened))
}

/// Exactly so many bytes of base64.
pub(super) fn decode<const LENGTH: usize>(text: &str) -> Result<[u8; LENGTH], XferFileError> {
    let damaged = XferFileError::Damaged("a part of its header is wrong");
    let bytes = STANDARD.decode(text).map_err(|_| damaged.clone())?;
    bytes.try_into().map_err(|_| damaged)
}
