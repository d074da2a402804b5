//! Credentials at rest: sealed with a key that lies in a file of its own.
//!
//! XChaCha20-Poly1305 (24 random bytes of nonce per secret, so that no counter has to be kept) under a machine key of
//! 32 random bytes. The associated data names the place of the secret: table, row, column, the server's origin and the
//! format's version. A sealed secret that somebody copies to another row, or whose server's address is changed to
//! another host, does not open; without this, whoever can write the database could have a password sent to himself.
//!
//! Limits: it protects against a copied database or backup. It does not protect against somebody who runs programs as
//! the same user, who can read the key as we do. The length of a secret shows.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::platform::{self, Existing};
use crate::store::error::StoreError;

/// Length of the machine key in bytes.
const KEY_LENGTH: usize = 32;

/// Length of a nonce in bytes.
const NONCE_LENGTH: usize = 24;

/// The form of sealed secrets: version byte, nonce, ciphertext with tag. Part of the associated data, so that a later
/// form cannot be passed off as this one. 1: XChaCha20-Poly1305 under the machine key.
const FORMAT: u8 = 1;

type MachineKey = Zeroizing<[u8; KEY_LENGTH]>;

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
#[error("the secret cannot be opened here")]
pub struct SealBroken;

/// Seals and opens secrets with the machine key, which is made when the first secret is sealed.
pub struct Vault {
    key_file: PathBuf,
    key: OnceLock<MachineKey>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Vault").field("key_file", &self.key_file).finish_non_exhaustive()
    }
}

impl Vault {
    /// The vault of a key file, which need not exist yet. Nothing is read before a secret is sealed or opened.
    pub fn new(key_file: impl Into<PathBuf>) -> Self {
        Self { key_file: key_file.into(), key: OnceLock::new() }
    }

    /// Seals a secret for a place. Makes the machine key if there is none.
    pub fn seal(&self, secret: &SecretString, place: &Place<'_>) -> Result<Vec<u8>, StoreError> {
        let key = self.key(Missing::Make)?;
        let mut nonce = [0; NONCE_LENGTH];
        fill_randomly(&mut nonce, &self.key_file)?;
        let payload = Payload { msg: secret.expose_secret().as_bytes(), aad: &place.associated_data() };
        let sealed = XChaCha20Poly1305::new(&(**key).into())
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| self.unusable("the secret is too long to be sealed"))?;
        Ok([&[FORMAT], &nonce[..], &sealed].concat())
    }

    /// Opens a secret that was sealed for this very place.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Result<SecretString, SealBroken>, StoreError> {
        let opened = open(self.key(Missing::Fail)?, sealed, place);
        if opened.is_ok() {
            return Ok(opened);
        }
        // A rotation that was cut off has sealed with the next key and not yet put it in its place.
        let next = read_key(&self.successor_file())?;
        Ok(next.map_or(opened, |next| open(&next, sealed, place)))
    }

    /// The file of the key.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// A vault with a new key, which lies beside this one's until [`Self::replace_with`].
    pub(super) fn successor(&self) -> Result<Self, StoreError> {
        let successor = Self::new(self.successor_file());
        successor.key(Missing::Make)?;
        Ok(successor)
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
        if let Some(folder) = self.key_file.parent() {
            platform::sync_folder(folder).map_err(failed)?;
        }
        self.key = successor.key;
        Ok(())
    }

    fn successor_file(&self) -> PathBuf {
        self.key_file.with_extension("next")
    }

    /// The machine key, read once.
    fn key(&self, missing: Missing) -> Result<&MachineKey, StoreError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = match (read_key(&self.key_file)?, missing) {
            (Some(key), _) => key,
            (None, Missing::Make) => make_key(&self.key_file)?,
            (None, Missing::Fail) => return Err(self.unusable("it is missing")),
        };
        Ok(self.key.get_or_init(|| key))
    }

    fn unusable(&self, reason: &str) -> StoreError {
        StoreError::KeyUnreadable { file: self.key_file.clone(), reason: reason.to_owned(), source: None }
    }
}

/// What to do without a machine key.
#[derive(Clone, Copy)]
enum Missing {
    Make,
    Fail,
}

fn open(key: &MachineKey, sealed: &[u8], place: &Place<'_>) -> Result<SecretString, SealBroken> {
    let (format, rest) = sealed.split_first().ok_or(SealBroken)?;
    let (nonce, ciphertext) = rest.split_at_checked(NONCE_LENGTH).ok_or(SealBroken)?;
    let nonce: [u8; NONCE_LENGTH] = nonce.try_into().map_err(|_| SealBroken)?;
    if *format != FORMAT {
        return Err(SealBroken);
    }
    let payload = Payload { msg: ciphertext, aad: &place.associated_data() };
    let bytes =
        XChaCha20Poly1305::new(&(**key).into()).decrypt(&XNonce::from(nonce), payload).map_err(|_| SealBroken)?;
    let bytes = Zeroizing::new(bytes);
    // The copy becomes the secret itself, which wipes it when dropped.
    std::str::from_utf8(&bytes).map(SecretString::from).map_err(|_| SealBroken)
}

/// Reads the key; none if there is no file. Refuses one that others may read, and one of another length.
fn read_key(file: &Path) -> Result<Option<MachineKey>, StoreError> {
    let unreadable =
        |reason: &str, source| StoreError::KeyUnreadable { file: file.to_owned(), reason: reason.to_owned(), source };
    let mut opened = match std::fs::File::open(file) {
        Ok(opened) => opened,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable("it cannot be read", Some(error))),
    };
    // Asked of the open file, not of its name: what is checked is what is read.
    let metadata = opened.metadata().map_err(|error| unreadable("it cannot be read", Some(error)))?;
    if let Some(mode) = platform::open_to_others(&metadata) {
        return Err(StoreError::KeyPermissions { file: file.to_owned(), mode });
    }
    if metadata.len() != KEY_LENGTH as u64 {
        return Err(unreadable("it does not hold a key", None));
    }
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    opened.read_exact(&mut *key).map_err(|error| unreadable("it cannot be read", Some(error)))?;
    Ok(Some(key))
}

/// Makes the key, whole or not at all. If another process makes one at the same time, the first one counts.
fn make_key(file: &Path) -> Result<MachineKey, StoreError> {
    if let Some(folder) = file.parent() {
        platform::create_private_folder(folder).map_err(|error| StoreError::io("making the folder", folder, error))?;
    }
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    fill_randomly(&mut *key, file)?;
    match platform::write_privately(file, &*key, Existing::Refuse) {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read_key(file)?.ok_or_else(|| StoreError::io("making", file, error))
        }
        Err(error) => Err(StoreError::io("making", file, error)),
    }
}

fn fill_randomly(bytes: &mut [u8], file: &Path) -> Result<(), StoreError> {
    getrandom::fill(bytes).map_err(|error| StoreError::KeyUnreadable {
        file: file.to_owned(),
        reason: format!("this machine gives no random numbers ({error})"),
        source: None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::{ExposeSecret, SecretString};

    use super::{Place, SealBroken, Vault};
    use crate::store::error::StoreError;

    const PLACE: Place<'_> = Place { table: "server", row: 1, column: "secret", origin: "https://a.org" };

    fn vault() -> (tempfile::TempDir, Vault) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::new(folder.path().join("home/key"));
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
        assert!(Vault::new(&file).open(&sealed, &PLACE).unwrap().is_ok());
        assert_eq!(fs::read(&file).unwrap(), key);
    }

    #[test]
    fn a_missing_or_damaged_key_is_named() {
        let (folder, vault) = vault();
        let file = folder.path().join("home/key");
        let sealed = vault.seal(&SecretString::from("s"), &PLACE).unwrap();
        fs::write(&file, "short").unwrap();
        let error = Vault::new(&file).open(&sealed, &PLACE).unwrap_err();
        assert!(matches!(error, StoreError::KeyUnreadable { .. }), "{error:?}");
        fs::remove_file(&file).unwrap();
        let error = Vault::new(&file).open(&sealed, &PLACE).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
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
            let error = Vault::new(&file).open(&sealed, &PLACE).unwrap_err();
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
