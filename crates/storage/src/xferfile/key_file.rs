//! The key for unattended runs: 32 random bytes as one line of text that survives copying, with a checksum that tells
//! a damaged key from a wrong one.
//!
//! ```text
//! xfer-key-1 q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA= 6d1f0a7c
//! ```

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::sealing::{self, KEY_LENGTH, Key};
use crate::xferfile::error::XferFileError;

/// What every key begins with; the number is the version of this form.
const PREFIX: &str = "xfer-key-1";

/// The longest text that is looked at: a key has 90 characters, and people add a line break or a comment.
pub const LONGEST_KEY_FILE: u64 = 4096;

/// A key that opens xfer files.
#[derive(Clone)]
pub struct FileKeyHolder {
    key: Key,
}

impl std::fmt::Debug for FileKeyHolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FileKeyHolder").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl FileKeyHolder {
    /// A new random key.
    pub fn generate() -> Result<Self, XferFileError> {
        Ok(Self { key: sealing::new_key()? })
    }

    /// Reads the line; white space around it and lines that begin with `#` do not count.
    pub fn parse(text: &str) -> Result<Self, XferFileError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(XferFileError::NotAKey("it must hold one line with the key"));
        };
        let mut parts = line.split_whitespace();
        let (Some(prefix), Some(encoded), Some(sum), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(XferFileError::NotAKey("the line does not look like a key"));
        };
        if prefix != PREFIX {
            return Err(XferFileError::NotAKey("the line does not begin with xfer-key-1"));
        }
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        let length = STANDARD
            .decode_slice(encoded, &mut *key)
            .map_err(|_| XferFileError::NotAKey("characters were changed or are missing"))?;
        let holder = Self { key };
        if length != KEY_LENGTH || holder.checksum() != sum {
            return Err(XferFileError::NotAKey("characters were changed or are missing"));
        }
        Ok(holder)
    }

    /// The line for a file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut encoded = Zeroizing::new(String::with_capacity(KEY_LENGTH * 2));
        STANDARD.encode_string(*self.key, &mut encoded);
        // Wide enough from the start, so that no part of the key stays behind when the text grows.
        let mut text = Zeroizing::new(String::with_capacity(128));
        for part in [PREFIX, " ", &encoded, " ", &self.checksum(), "\n"] {
            text.push_str(part);
        }
        text
    }

    /// Eight characters by which people tell one key from another. They say nothing about the key itself.
    pub fn name(&self) -> String {
        self.digest(b"xfer key name")
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_LENGTH] {
        &self.key
    }

    fn checksum(&self) -> String {
        self.digest(b"xfer key checksum")
    }

    /// Eight hexadecimal characters of a digest, another one for each purpose.
    fn digest(&self, purpose: &[u8]) -> String {
        let digest = Sha256::new().chain_update(purpose).chain_update(*self.key).finalize();
        let [first, second, third, fourth, ..] = digest.0;
        format!("{first:02x}{second:02x}{third:02x}{fourth:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::FileKeyHolder;
    use crate::xferfile::error::XferFileError;

    #[test]
    fn a_key_survives_being_written_down() {
        let key = FileKeyHolder::generate().unwrap();
        let text = key.to_text();
        for copied in [text.to_string(), format!("# key of the monthly run\n\n  {}\r\n", text.trim())] {
            assert_eq!(FileKeyHolder::parse(&copied).unwrap().bytes(), key.bytes());
        }
        assert_eq!(key.name().len(), 8);
        assert_ne!(key.name(), FileKeyHolder::generate().unwrap().name());
    }

    #[test]
    fn a_slip_is_told_from_another_key() {
        let text = FileKeyHolder::generate().unwrap().to_text();
        let line = text.trim();
        for (at, _) in line.char_indices() {
            for with in ['A', 'b', '0', ' ', '='] {
                let mut slipped = line.to_owned();
                slipped.replace_range(at..=at, &with.to_string());
                if slipped != line {
                    let refused = FileKeyHolder::parse(&slipped);
                    assert!(matches!(refused, Err(XferFileError::NotAKey(_))), "{slipped}");
                }
            }
            assert!(FileKeyHolder::parse(&line[..at]).is_err(), "cut at {at}");
        }
        assert!(FileKeyHolder::parse(&format!("{line}\n{line}")).is_err());
    }

    #[test]
    fn nothing_prints_the_key() {
        let key = FileKeyHolder::generate().unwrap();
        let text = key.to_text();
        let encoded = text.split(' ').nth(1).unwrap();
        assert!(!format!("{key:?}").contains(encoded) && !format!("{key:?}").contains('['));
    }
}
