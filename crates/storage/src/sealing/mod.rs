//! Encryption for everything on the disk: bytes under a key, and keys from passphrases.
//!
//! One place, so that the store's machine key and xfer files cannot differ in how well they are protected. The cipher
//! is XChaCha20-Poly1305: its nonces are long enough (24 bytes) to be drawn at random, so that no counter has to be
//! kept. What stands where, in which format, is the business of those who seal; here are bytes in and bytes out.

mod passphrase;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

pub use passphrase::{Work, check_strength};

/// Length of a key in bytes.
pub const KEY_LENGTH: usize = 32;

/// Length of a nonce in bytes.
pub const NONCE_LENGTH: usize = 24;

/// Length of the tag that every sealed text ends with, in bytes.
pub const TAG_LENGTH: usize = 16;

/// Length of a passphrase's salt in bytes.
pub const SALT_LENGTH: usize = 16;

/// A key; wiped when it is dropped.
pub type Key = Zeroizing<[u8; KEY_LENGTH]>;

/// Why something cannot be sealed or a key not be made. That it does not open is no error here: see [`open`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealingError {
    /// The system's source of random numbers failed.
    #[error("this machine does not provide random numbers ({0})")]
    NoRandomNumbers(String),
    /// More bytes than the cipher seals under one nonce.
    #[error("it is too long to be encrypted")]
    TooLong,
    /// Cheap to guess: below the least that this program accepts.
    #[error("its passphrase is protected too weakly: {0}")]
    TooWeak(String),
    /// More memory or time than an honest file asks for.
    #[error("it demands more memory or time than xfer allows: {0}")]
    TooDear(String),
    /// The passphrase would be guessed.
    #[error("the passphrase is too easy to guess: {0}")]
    EasyPassphrase(&'static str),
    /// The key could not be derived.
    #[error("the passphrase could not be turned into a key: {0}")]
    NotStretched(String),
}

impl Fault for SealingError {
    fn code(&self) -> ExitCode {
        match self {
            Self::NoRandomNumbers(_) | Self::TooLong | Self::NotStretched(_) => ExitCode::LocalIo,
            Self::TooWeak(_) | Self::TooDear(_) => ExitCode::Damaged,
            Self::EasyPassphrase(_) => ExitCode::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoRandomNumbers(_) | Self::TooLong | Self::NotStretched(_) => return None,
            Self::TooWeak(_) | Self::TooDear(_) => {
                "do not trust it; ask its author to export it again with this program"
            }
            Self::EasyPassphrase(_) => "use five or more words that do not belong together",
        };
        Some(hint.to_owned())
    }
}

/// Fills bytes with random ones of the system.
pub fn fill_randomly(bytes: &mut [u8]) -> Result<(), SealingError> {
    getrandom::fill(bytes).map_err(|cause| SealingError::NoRandomNumbers(cause.to_string()))
}

/// A new random key.
pub fn new_key() -> Result<Key, SealingError> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    fill_randomly(&mut *key)?;
    Ok(key)
}

/// A nonce that was never used.
pub fn new_nonce() -> Result<[u8; NONCE_LENGTH], SealingError> {
    let mut nonce = [0; NONCE_LENGTH];
    fill_randomly(&mut nonce)?;
    Ok(nonce)
}

/// Seals bytes: nonce, ciphertext, tag. They open only with `bound` beside them, byte for byte.
pub fn seal(key: &[u8; KEY_LENGTH], content: &[u8], bound: &[u8]) -> Result<Vec<u8>, SealingError> {
    let nonce = new_nonce()?;
    Ok([&nonce[..], &seal_under(key, nonce, content, bound)?].concat())
}

/// Opens what [`seal`] made. None: another key, another `bound`, or altered; which one cannot be told.
pub fn open(key: &[u8; KEY_LENGTH], sealed: &[u8], bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LENGTH)?;
    open_under(key, nonce.try_into().ok()?, ciphertext, bound)
}

/// Seals bytes under a nonce that stands elsewhere; one from [`new_nonce`], for this text alone.
pub fn seal_under(
    key: &[u8; KEY_LENGTH],
    nonce: [u8; NONCE_LENGTH],
    content: &[u8],
    bound: &[u8],
) -> Result<Vec<u8>, SealingError> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(nonce), Payload { msg: content, aad: bound })
        .map_err(|_| SealingError::TooLong)
}

/// Opens what [`seal_under`] made.
pub fn open_under(
    key: &[u8; KEY_LENGTH],
    nonce: [u8; NONCE_LENGTH],
    sealed: &[u8],
    bound: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(nonce), Payload { msg: sealed, aad: bound })
        .map(Zeroizing::new)
        .ok()
}

#[cfg(test)]
mod tests {
    use super::{NONCE_LENGTH, TAG_LENGTH, new_key, open, seal};

    #[test]
    fn what_is_sealed_opens_with_its_key_and_its_surroundings_only() {
        let (key, other) = (new_key().unwrap(), new_key().unwrap());
        let sealed = seal(&key, b"opensesame", b"here").unwrap();
        assert_eq!(sealed.len(), NONCE_LENGTH + 10 + TAG_LENGTH);
        assert_eq!(open(&key, &sealed, b"here").unwrap().as_slice(), b"opensesame");
        assert!(open(&other, &sealed, b"here").is_none());
        assert!(open(&key, &sealed, b"there").is_none());
        assert!(open(&key, b"short", b"here").is_none());
        assert_ne!(seal(&key, b"opensesame", b"here").unwrap(), sealed, "each text gets a nonce of its own");
    }
}
