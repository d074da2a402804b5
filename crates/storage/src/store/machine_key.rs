//! The file of the machine key: 32 random bytes, or the same sealed with a passphrase.
//!
//! Without a passphrase the file holds the 32 bytes and nothing else; that form opens for ever. With one it is a line of
//! text, and everything before its last word is bound to the sealed key:
//!
//! ```text
//! xfer-machine-key/1 argon2id 65536 3 4 q83vEjRWeJCrze8SNFZ4kA== <sealed key>
//! ```
//!
//! The numbers are memory in KiB, passes and lanes. What they ask for is held to floors and caps before anything is
//! derived, because who can write the file is not always who made it.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::platform::{self, Existing};
use crate::sealing::{self, KEY_LENGTH, Key, NONCE_LENGTH, SALT_LENGTH, SealingError, TAG_LENGTH, Work};
use crate::store::error::StoreError;
use xfer_domain::redaction::keep_password;

/// What a protected key begins with, up to the version.
const MAGIC: &str = "xfer-machine-key/";

/// The form of a protected key that is written, and the newest that is read.
const VERSION: &str = "1";

const KEY_DERIVATION: &str = "argon2id";

/// The longest file that is looked at; a protected key has some 160 characters.
const LONGEST_FILE: usize = 4096;

/// What a key file holds.
pub(super) enum KeyFile {
    /// The key itself.
    Plain(Key),
    /// The key, sealed with a passphrase.
    Protected(ProtectedKey),
}

/// A key that needs a passphrase.
pub(super) struct ProtectedKey {
    work: Work,
    salt: [u8; SALT_LENGTH],
    sealed: Vec<u8>,
    /// What the sealed key is bound to: the line before it.
    bound: String,
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plain(_) => "Plain(..)",
            Self::Protected(_) => "Protected(..)",
        })
    }
}

impl ProtectedKey {
    /// The key; none if it is another passphrase, or the line was altered.
    pub(super) fn open(&self, passphrase: &SecretString) -> Result<Option<Key>, SealingError> {
        keep_password(None, passphrase);
        let key = self.work.stretch(passphrase, &self.salt)?;
        let opened = sealing::open(&key, &self.sealed, self.bound.as_bytes());
        Ok(opened.and_then(|bytes| bytes.as_slice().try_into().ok()).map(Zeroizing::new))
    }

    /// The sealed key as it stands in the file, which no other file has.
    pub(super) fn sealed(&self) -> &[u8] {
        &self.sealed
    }
}

impl KeyFile {
    /// Reads what a file holds, without a passphrase. The error says in words why it is no key.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if let Ok(key) = <[u8; KEY_LENGTH]>::try_from(bytes) {
            return Ok(Self::Plain(Zeroizing::new(key)));
        }
        if bytes.is_empty() {
            return Err("it is empty".to_owned());
        }
        let no_key = || "it does not hold a key".to_owned();
        let text = std::str::from_utf8(bytes).map_err(|_| no_key())?;
        let rest = text.strip_prefix(MAGIC).ok_or_else(no_key)?;
        let version = rest.split(' ').next().unwrap_or_default();
        if version != VERSION {
            return Err("it was written by a newer version of this program".to_owned());
        }
        let damaged = || "it is damaged".to_owned();
        let line = text.strip_suffix('\n').ok_or_else(damaged)?;
        let (bound, sealed) = line.rsplit_once(' ').ok_or_else(damaged)?;
        let words: Vec<&str> = bound.split(' ').collect();
        let [_, KEY_DERIVATION, memory_kib, passes, lanes, salt] = words[..] else { return Err(damaged()) };
        let number = |word: &str| word.parse().map_err(|_| damaged());
        let work = Work { memory_kib: number(memory_kib)?, passes: number(passes)?, lanes: number(lanes)? };
        work.check().map_err(|cause| format!("{cause}"))?;
        let salt = STANDARD.decode(salt).ok().and_then(|salt| salt.try_into().ok()).ok_or_else(damaged)?;
        let sealed = STANDARD.decode(sealed).map_err(|_| damaged())?;
        if sealed.len() != NONCE_LENGTH + KEY_LENGTH + TAG_LENGTH {
            return Err(damaged());
        }
        Ok(Self::Protected(ProtectedKey { work, salt, sealed, bound: bound.to_owned() }))
    }
}

/// The bytes of a file for a key, sealed with a passphrase where there is one.
pub(super) fn file_of(key: &Key, passphrase: Option<&SecretString>) -> Result<Zeroizing<Vec<u8>>, SealingError> {
    let Some(passphrase) = passphrase else { return Ok(Zeroizing::new(key.to_vec())) };
    keep_password(None, passphrase);
    let mut salt = [0; SALT_LENGTH];
    sealing::fill_randomly(&mut salt)?;
    let Work { memory_kib, passes, lanes } = Work::CURRENT;
    let bound = format!("{MAGIC}{VERSION} {KEY_DERIVATION} {memory_kib} {passes} {lanes} {}", STANDARD.encode(salt));
    let sealed = sealing::seal(&*Work::CURRENT.stretch(passphrase, &salt)?, &**key, bound.as_bytes())?;
    Ok(Zeroizing::new(format!("{bound} {}\n", STANDARD.encode(sealed)).into_bytes()))
}

/// Reads a key file; none if there is none. Refuses one that others may read.
pub(super) fn read(file: &Path) -> Result<Option<KeyFile>, StoreError> {
    let failed = |error| StoreError::KeyUnreadable {
        file: file.to_owned(),
        reason: "it cannot be read".to_owned(),
        source: Some(error),
    };
    let opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    // Asked of the open file, not of its name: what is checked is what is read.
    if let Some(mode) = platform::open_to_others(&opened.metadata().map_err(failed)?) {
        return Err(StoreError::KeyPermissions { file: file.to_owned(), mode });
    }
    // Room for all of it from the start: what grows leaves copies of a key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST_FILE));
    opened.take(LONGEST_FILE as u64).read_to_end(&mut bytes).map_err(failed)?;
    KeyFile::parse(&bytes).map(Some).map_err(|reason| StoreError::KeyDamaged { file: file.to_owned(), reason })
}

/// Makes the file of a new key, whole or not at all. False if another process made one at the same time: that counts.
pub(super) fn make(file: &Path, key: &Key, passphrase: Option<&SecretString>) -> Result<bool, StoreError> {
    if let Some(folder) = file.parent() {
        platform::create_private_folder(folder).map_err(|error| StoreError::io("making the folder", folder, error))?;
    }
    let content = file_of(key, passphrase).map_err(|cause| not_made(file, &cause))?;
    match platform::write_privately(file, &content, Existing::Refuse) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(StoreError::io("making", file, error)),
    }
}

/// Writes the file of a key anew. A crash leaves the old file or the new one, and both hold the same key.
pub(super) fn replace(file: &Path, key: &Key, passphrase: Option<&SecretString>) -> Result<(), StoreError> {
    let content = file_of(key, passphrase).map_err(|cause| not_made(file, &cause))?;
    platform::write_privately(file, &content, Existing::Replace).map_err(|error| StoreError::io("writing", file, error))
}

/// A key that cannot be made, sealed or derived.
pub(super) fn not_made(file: &Path, cause: &SealingError) -> StoreError {
    StoreError::KeyUnreadable { file: file.to_owned(), reason: cause.to_string(), source: None }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::{KeyFile, ProtectedKey, file_of};
    use crate::sealing::new_key;

    const PASSPHRASE: &str = "correct horse battery staple";

    fn protected(bytes: &[u8]) -> Result<ProtectedKey, String> {
        match KeyFile::parse(bytes)? {
            KeyFile::Protected(key) => Ok(key),
            KeyFile::Plain(_) => panic!("it is not protected"),
        }
    }

    #[test]
    fn a_key_is_32_bytes_or_a_line_that_needs_its_passphrase() {
        let key = new_key().unwrap();
        let plain = file_of(&key, None).unwrap();
        assert_eq!(plain.as_slice(), key.as_slice());
        assert!(matches!(KeyFile::parse(&plain), Ok(KeyFile::Plain(read)) if read == key));

        let passphrase = SecretString::from(PASSPHRASE);
        let sealed = file_of(&key, Some(&passphrase)).unwrap();
        let text = std::str::from_utf8(&sealed).unwrap();
        assert!(text.starts_with("xfer-machine-key/1 argon2id 65536 3 4 ") && text.ends_with('\n'), "{text}");
        assert_eq!(protected(&sealed).unwrap().open(&passphrase).unwrap().unwrap(), key);
        assert!(protected(&sealed).unwrap().open(&SecretString::from("another passphrase")).unwrap().is_none());
        assert_ne!(file_of(&key, Some(&passphrase)).unwrap(), sealed, "salt and nonce are new each time");
    }

    /// A protected key of this form, made once and kept: it has to open for ever.
    #[test]
    fn a_protected_key_of_version_1_opens() {
        let line = "xfer-machine-key/1 argon2id 19456 2 1 AAECAwQFBgcICQoLDA0ODw== e7FMxyfAaka0yI/CqbUloDzQRhcyWjf/Q+zkBmT1y1WqgDCMS2kREFQXtCTO2zfjEK9/NHk+2pz8WYMw9bsZazEbNqIGpQby\n";
        let key = protected(line.as_bytes()).unwrap().open(&SecretString::from(PASSPHRASE)).unwrap().unwrap();
        assert_eq!(*key, std::array::from_fn::<u8, 32, _>(|index| u8::try_from(index).unwrap()));
    }

    #[test]
    fn what_was_altered_is_no_key_or_opens_with_no_passphrase() {
        let key = new_key().unwrap();
        let passphrase = SecretString::from(PASSPHRASE);
        let sealed = file_of(&key, Some(&passphrase)).unwrap();
        let mut opened = 0;
        for index in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[index] ^= 1;
            // One that still parses costs a derivation; a few of them tell as much as all.
            if let Ok(key) = KeyFile::parse(&altered)
                && index % 32 == 0
            {
                let KeyFile::Protected(key) = key else { panic!("byte {index}") };
                assert!(key.open(&passphrase).unwrap().is_none(), "byte {index}");
                opened += 1;
            }
            let cut = KeyFile::parse(&sealed[..index]);
            assert!(cut.is_err() || index == 32, "cut at {index}");
        }
        assert!(opened > 1, "{opened} of them were tried");
    }

    #[test]
    fn what_asks_for_too_little_or_too_much_is_refused_at_once() {
        let sealed = file_of(&new_key().unwrap(), Some(&SecretString::from(PASSPHRASE))).unwrap();
        let text = std::str::from_utf8(&sealed).unwrap();
        for (asked, word) in [
            ("8 1 1", "too weakly"),
            ("65536 1 4", "too weakly"),
            ("65536 3 0", "too weakly"),
            ("4294967295 3 4", "more memory"),
            ("65536 4294967295 4", "more memory"),
            ("65536 3 4294967295", "more memory"),
            ("1048576 16 4", "more memory"),
            ("-1 3 4", "damaged"),
            ("99999999999 3 4", "damaged"),
        ] {
            let reason = protected(text.replace("65536 3 4", asked).as_bytes()).err().unwrap();
            assert!(reason.contains(word), "{asked}: {reason}");
        }
        let newer = protected(text.replace("key/1", "key/2").as_bytes()).err().unwrap();
        assert!(newer.contains("newer version"), "{newer}");
        assert_eq!(KeyFile::parse(b"").err().unwrap(), "it is empty");
        for other in ["short", "xfer-key-1 AAAA 00000000\n"] {
            assert_eq!(KeyFile::parse(other.as_bytes()).err().unwrap(), "it does not hold a key");
        }
    }

    proptest::proptest! {
        /// Whatever a file holds, it is a key, a protected key or refused in words; nothing is derived and nothing fails.
        #[test]
        fn any_file_is_understood_or_refused(
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            line in "xfer-machine-key/[0-9]{0,2} (argon2id )?[0-9 -]{0,24} [A-Za-z0-9+/=]{0,30} [A-Za-z0-9+/=]{0,100}\n?",
        ) {
            for content in [bytes, line.into_bytes()] {
                match KeyFile::parse(&content) {
                    Ok(KeyFile::Plain(_)) => assert_eq!(content.len(), 32),
                    Ok(KeyFile::Protected(key)) => assert!(content.starts_with(key.bound.as_bytes())),
                    Err(reason) => assert!(!reason.is_empty()),
                }
            }
        }
    }

    #[test]
    fn nothing_prints_the_key() {
        let plain = KeyFile::Plain(new_key().unwrap());
        assert_eq!(format!("{plain:?}"), "Plain(..)");
    }
}
