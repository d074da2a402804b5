//! Stored credentials: encrypted with a key in its own file.
//!
//! XChaCha20-Poly1305 under a machine key of 32 random bytes ([`crate::sealing`]). The associated data names the place of
//! the secret: table, row, column, the server's origin and the format's version. A sealed secret that somebody copies to
//! another row, or whose server's address is changed to another host, does not open; without this, whoever can write the
//! database could have a password sent to himself.
//!
//! Limits: it protects against a copied database or backup. It does not protect against somebody who runs programs as
//! the same user, who can read the key as we do; with a passphrase on it he has to wait until somebody types that. The
//! length of a secret shows.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use secrecy::{ExposeSecret, SecretString};

use crate::platform::{self, FileLock};
use crate::sealing::{self, Key};
use crate::store::error::StoreError;
use crate::store::machine_key::{self, KeyFile, not_made};
use crate::store::unlocking::Unlocking;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// The form of sealed secrets: version byte, nonce, ciphertext with tag. Part of the associated data, so that a later
/// form cannot be passed off as this one. 1: XChaCha20-Poly1305 under the machine key.
const FORMAT: u8 = 1;

/// The place where a sealed secret stands, and the only one where it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'place> {
    /// The table.
    pub table: &'static str,
    /// The row's number, which is never used again.
    pub row: i64,
    /// The column.
    pub column: &'static str,
    /// Scheme, host and port that the secret may be sent to.
    pub origin: &'place str,
}

impl Place<'_> {
    /// All parts, each with its length before it: `ab` + `c` must not look like `a` + `bc`.
    fn associated_data(&self) -> Vec<u8> {
        let row = self.row.to_be_bytes();
        let parts = [self.table.as_bytes(), &row, self.column.as_bytes(), self.origin.as_bytes(), &[FORMAT]];
        let mut data = Vec::new();
        for part in parts {
            data.extend_from_slice(&(part.len() as u64).to_be_bytes());
            data.extend_from_slice(part);
        }
        data
    }
}

/// A secret did not open: another machine key, another place, or altered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret cannot be decrypted here")]
pub struct SealBroken;

impl Fault for SealBroken {
    fn code(&self) -> ExitCode {
        ExitCode::WrongKey
    }
}

/// How the file of the machine key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// There is none yet.
    NoKey,
    /// Who can read it can use it.
    FileMode,
    /// It needs a passphrase, too.
    Passphrase,
}

/// Seals and opens secrets with the machine key, which is made when the first secret is sealed.
pub struct Vault {
    key_file: PathBuf,
    unlocking: Arc<Unlocking>,
    key: OnceLock<OpenedKey>,
}

/// The machine key at hand.
struct OpenedKey {
    key: Key,
    /// The passphrase that its file needs.
    passphrase: Option<SecretString>,
    /// The sealed key of the file that it was opened from with a passphrase; none where we wrote the file.
    sealed: Option<Vec<u8>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Vault").field("key_file", &self.key_file).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of a key file, which need not exist yet. Nothing is read, and nobody is asked for a passphrase, before
    /// a secret is sealed or opened.
    pub fn new(key_file: impl Into<PathBuf>, unlocking: Arc<Unlocking>) -> Self {
        Self { key_file: key_file.into(), unlocking, key: OnceLock::new() }
    }

    /// Seals a secret for a place. Makes the machine key if there is none.
    pub fn seal(&self, secret: &SecretString, place: &Place<'_>) -> Result<Vec<u8>, StoreError> {
        let key = &self.opened(Missing::Make)?.key;
        let sealed = sealing::seal(key, secret.expose_secret().as_bytes(), &place.associated_data());
        let sealed = sealed.map_err(|cause| not_made(&self.key_file, &cause))?;
        Ok([&[FORMAT], &sealed[..]].concat())
    }

    /// Opens a secret that was sealed for this very place.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Result<SecretString, SealBroken>, StoreError> {
        let opened = open(&self.opened(Missing::Fail)?.key, sealed, place);
        if opened.is_ok() || !self.has_successor() {
            return Ok(opened);
        }
        // A rotation that was cut off has sealed with the next key and not yet put it in its place.
        let next = Self::new(self.successor_file(), Arc::clone(&self.unlocking));
        Ok(open(&next.opened(Missing::Fail)?.key, sealed, place))
    }

    /// Keeps every other process from putting another key, or another passphrase, in the place of this one while
    /// something is sealed with it, and forgets what another process changed before. Waits for whoever does it now.
    ///
    /// Taken before a transaction of the database is begun, never within one: two that wait for each other wait for
    /// ever.
    pub(super) fn hold(&mut self) -> Result<FileLock, StoreError> {
        let file = self.key_file.with_extension("lock");
        if let Some(folder) = file.parent() {
            platform::create_private_folder(folder)
                .map_err(|error| StoreError::io("making the folder", folder, error))?;
        }
        let held = FileLock::wait_for(&file).map_err(|error| StoreError::io("locking", &file, error))?;
        // A key that cannot be read says so when it is needed.
        let found = machine_key::read(&self.key_file).ok().flatten();
        let is_same = match (self.key.get(), found) {
            (Some(opened), Some(KeyFile::Plain(key))) => opened.passphrase.is_none() && opened.key == key,
            (Some(opened), Some(KeyFile::Protected(protected))) => opened.sealed.as_deref() == Some(protected.sealed()),
            _ => false,
        };
        if !is_same {
            self.key.take();
        }
        Ok(held)
    }

    /// The file of the key.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// Whether the key's file needs a passphrase, read off the file; nobody is asked.
    pub fn protection(&self) -> Result<Protection, StoreError> {
        Ok(match machine_key::read(&self.key_file)? {
            None => Protection::NoKey,
            Some(KeyFile::Plain(_)) => Protection::FileMode,
            Some(KeyFile::Protected(_)) => Protection::Passphrase,
        })
    }

    /// Whether there is no file of the key.
    pub(super) fn is_missing(&self) -> Result<bool, StoreError> {
        Ok(self.protection()? == Protection::NoKey)
    }

    /// Opens the key's file, where there is one and it needs a passphrase.
    pub(super) fn unlock(&self) -> Result<(), StoreError> {
        match self.protection()? {
            Protection::NoKey | Protection::FileMode => Ok(()),
            Protection::Passphrase => self.opened(Missing::Fail).map(drop),
        }
    }

    /// Seals the key's file with a passphrase, or leaves it without one. The key stays what it is.
    pub(super) fn protect(&mut self, passphrase: Option<SecretString>, missing: Missing) -> Result<(), StoreError> {
        self.opened(missing)?;
        let Some(opened) = self.key.get_mut() else { return Ok(()) };
        machine_key::replace(&self.key_file, &opened.key, passphrase.as_ref())?;
        self.unlocking.learn(passphrase.clone());
        opened.passphrase = passphrase;
        opened.sealed = None;
        Ok(())
    }

    /// A vault with a new key, protected as this one's is, which lies beside this one's until [`Self::replace_with`].
    pub(super) fn successor(&self) -> Result<Self, StoreError> {
        let passphrase = match self.protection()? {
            Protection::NoKey | Protection::FileMode => None,
            Protection::Passphrase => self.opened(Missing::Fail)?.passphrase.clone(),
        };
        let successor = Self::new(self.successor_file(), Arc::clone(&self.unlocking));
        successor.made(passphrase)?;
        Ok(successor)
    }

    /// Reads with the key as it is; where something does not open, once more with the key read anew while no other
    /// process may change it. A rotation puts a key and what it seals in their places one after the other, and whoever
    /// reads in between has one without the other.
    pub(super) fn reading<T>(&self, read: impl Fn(&Self) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let first = read(self);
        let is_closed = |error: &StoreError| {
            matches!(error, StoreError::Sealed { .. } | StoreError::SealedAlert { .. } | StoreError::KeyMissing { .. })
        };
        match first {
            Err(error) if is_closed(&error) => {
                let mut fresh = self.same();
                // Where nothing can be locked, nothing is rotated either.
                let Ok(_held) = fresh.hold() else { return Err(error) };
                read(&fresh)
            }
            first => first,
        }
    }

    /// Another vault of the same key.
    pub(super) fn same(&self) -> Self {
        Self::new(&self.key_file, Arc::clone(&self.unlocking))
    }

    /// A vault with this one's key that knows of no other.
    pub(super) fn without_successor(&self) -> Result<Self, StoreError> {
        let opened = self.opened(Missing::Fail)?;
        let copy = OpenedKey { key: opened.key.clone(), passphrase: opened.passphrase.clone(), sealed: None };
        // No next key lies beside a name that nobody has.
        let vault = Self::new(self.key_file.with_file_name("no-key"), Arc::clone(&self.unlocking));
        Ok(Self { key: OnceLock::from(copy), ..vault })
    }

    /// Whether a rotation was cut off: its key is still there.
    pub(super) fn has_successor(&self) -> bool {
        self.successor_file().exists()
    }

    /// Forgets the key of a rotation that was cut off. Nothing may be sealed with it any more.
    pub(super) fn drop_successor(&self) -> Result<(), StoreError> {
        let file = self.successor_file();
        std::fs::remove_file(&file).map_err(|error| StoreError::io("removing", &file, error))
    }

    /// Puts the successor's key in the place of this one's. Nothing may be sealed with the old one any more.
    pub(super) fn replace_with(&mut self, successor: Self) -> Result<(), StoreError> {
        let failed = |error| StoreError::io("replacing", &self.key_file, error);
        std::fs::rename(&successor.key_file, &self.key_file).map_err(failed)?;
        // A power loss may bring both files back, and with them each secret opens.
        if let Some(folder) = self.key_file.parent()
            && let Err(cause) = platform::sync_folder(folder)
        {
            tracing::warn!(%cause, "the key is rotated, but its folder could not be synced");
        }
        self.key = successor.key;
        Ok(())
    }

    fn successor_file(&self) -> PathBuf {
        self.key_file.with_extension("next")
    }

    /// The machine key, read once.
    fn opened(&self, missing: Missing) -> Result<&OpenedKey, StoreError> {
        if let Some(opened) = self.key.get() {
            return Ok(opened);
        }
        let opened = match (machine_key::read(&self.key_file)?, missing) {
            (Some(file), _) => self.open_file(file)?,
            (None, Missing::Make) => return self.made(None),
            (None, Missing::Fail) => {
                return Err(StoreError::KeyMissing { file: self.key_file.clone() });
            }
        };
        Ok(self.key.get_or_init(|| opened))
    }

    /// Makes the key, whole or not at all. If there is one by now, that one counts.
    fn made(&self, passphrase: Option<SecretString>) -> Result<&OpenedKey, StoreError> {
        let key = sealing::new_key().map_err(|cause| not_made(&self.key_file, &cause))?;
        if machine_key::make(&self.key_file, &key, passphrase.as_ref())? {
            return Ok(self.key.get_or_init(|| OpenedKey { key, passphrase, sealed: None }));
        }
        self.opened(Missing::Fail)
    }

    fn open_file(&self, file: KeyFile) -> Result<OpenedKey, StoreError> {
        let protected = match file {
            KeyFile::Plain(key) => return Ok(OpenedKey { key, passphrase: None, sealed: None }),
            KeyFile::Protected(protected) => protected,
        };
        let file = || self.key_file.clone();
        let passphrase = self
            .unlocking
            .passphrase()
            .map_err(|words| StoreError::KeyClosed { file: file(), words: Box::new(words) })?;
        let key = protected.open(&passphrase).map_err(|cause| not_made(&self.key_file, &cause))?;
        let Some(key) = key else {
            self.unlocking.learn(None);
            return Err(StoreError::WrongPassphrase { file: file() });
        };
        self.unlocking.learn(Some(passphrase.clone()));
        Ok(OpenedKey { key, passphrase: Some(passphrase), sealed: Some(protected.sealed().to_vec()) })
    }
}

/// What to do without a machine key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Make one.
    Make,
    /// Fail: a new one would hide that the old one is lost.
    Fail,
}

fn open(key: &Key, sealed: &[u8], place: &Place<'_>) -> Result<SecretString, SealBroken> {
    let (format, rest) = sealed.split_first().ok_or(SealBroken)?;
    if *format != FORMAT {
        return Err(SealBroken);
    }
    let bytes = sealing::open(key, rest, &place.associated_data()).ok_or(SealBroken)?;
    // The copy becomes the secret itself, which wipes it when dropped.
    std::str::from_utf8(&bytes).map(SecretString::from).map_err(|_| SealBroken)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use secrecy::{ExposeSecret, SecretString};

    use super::{Place, SealBroken, Vault};
    use crate::store::error::StoreError;

    const PLACE: Place<'_> = Place { table: "server", row: 1, column: "secret", origin: "https://a.org" };

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path().join("home/key"), Arc::default());
        (folder, vault)
    }

    #[test]
    fn a_secret_opens_where_it_was_sealed_and_nowhere_else() {
        let (_folder, vault) = vault();
        let sealed = vault.seal(&SecretString::from("opensesame"), &PLACE).unwrap();
        assert_eq!(vault.open(&sealed, &PLACE).unwrap().unwrap().expose_secret(), "opensesame");
        for elsewhere in [
            Place { row: 2, ..PLACE },
            Place { origin: "https://b.org", ..PLACE },
            Place { origin: "http://a.org", ..PLACE },
            Place { column: "token", ..PLACE },
            Place { table: "serve", column: "rsecret", ..PLACE },
        ] {
            assert_eq!(vault.open(&sealed, &elsewhere).unwrap().err(), Some(SealBroken), "{elsewhere:?}");
        }
        let again = vault.seal(&SecretString::from("opensesame"), &PLACE).unwrap();
        assert_ne!(sealed, again, "every secret gets a nonce of its own");
    }

    #[test]
    fn any_change_breaks_the_seal() {
        let (_folder, vault) = vault();
        let sealed = vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        for index in 0..sealed.len() {
            for bit in 0..8 {
                let mut altered = sealed.clone();
                altered[index] ^= 1 << bit;
                assert!(vault.open(&altered, &PLACE).unwrap().is_err(), "byte {index} bit {bit}");
            }
            assert!(vault.open(&sealed[..index], &PLACE).unwrap().is_err(), "cut at {index}");
        }
    }

    #[test]
    fn another_key_opens_nothing() {
        let (_folder, one) = vault();
        let (_other_folder, other) = vault();
        let sealed = one.seal(&SecretString::from("s"), &PLACE).unwrap();
        other.seal(&SecretString::from("t"), &PLACE).unwrap();
        assert!(other.open(&sealed, &PLACE).unwrap().is_err());
    }

    #[test]
    fn the_key_is_kept_between_uses() {
        let (folder, vault) = vault();
        let file = folder.path().join("home/key");
        assert!(!file.exists(), "made when first needed");
        let sealed = vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        let key = fs::read(&file).unwrap();
        assert_eq!(key.len(), 32);
        assert!(Vault::new(&file, Arc::default()).open(&sealed, &PLACE).unwrap().is_ok());
        assert_eq!(fs::read(&file).unwrap(), key);
    }

    #[test]
    fn a_missing_or_damaged_key_is_named() {
        let (folder, vault) = vault();
        let file = folder.path().join("home/key");
        let sealed = vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        fs::write(&file, "short").unwrap();
        let error = Vault::new(&file, Arc::default()).open(&sealed, &PLACE).unwrap_err();
        assert!(matches!(error, StoreError::KeyDamaged { .. }), "{error:?}");
        fs::remove_file(&file).unwrap();
        let error = Vault::new(&file, Arc::default()).open(&sealed, &PLACE).unwrap_err();
        assert!(matches!(error, StoreError::KeyMissing { .. }), "{error:?}");
        assert!(!file.exists(), "opening never makes a key: it would hide that the old one is lost");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let (folder, vault) = vault();
        let file = folder.path().join("home/key");
        let sealed = vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620, 0o644] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let error = Vault::new(&file, Arc::default()).open(&sealed, &PLACE).unwrap_err();
            assert!(matches!(error, StoreError::KeyPermissions { mode: found, .. } if found == mode), "{error:?}");
        }
    }

    #[test]
    fn nothing_prints_the_key() {
        let (_folder, vault) = vault();
        vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        assert!(!format!("{vault:?}").contains('['));
    }
}
