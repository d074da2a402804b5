//! The machine key: where it lies, a passphrase on it, a copy of it, another one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use xfer_domain::fault::Fault;
use xfer_storage::platform::{self, Existing};
use xfer_storage::sealing::check_strength;
use xfer_storage::store::Protection;
use xfer_storage::store::vault::Vault;

/// Where the key lies, whether or not it was made.
pub fn location(home: &Home) -> PathBuf {
    home.files().key()
}

/// Whether the key needs a passphrase. Nobody is asked for it.
pub fn protection(home: &Home) -> Result<Protection, OpsError> {
    Ok(Vault::new(location(home), Arc::default()).protection()?)
}

/// Opens the key, if it needs a passphrase: for commands that should not begin without it.
pub fn unlock(home: &Home) -> Result<(), OpsError> {
    match protection(home)? {
        Protection::NoKey | Protection::FileMode => Ok(()),
        Protection::Passphrase => Ok(home.config()?.unlock_key()?),
    }
}

/// Protects the key with a passphrase, instead of the one that it had. The key is made if there is none yet.
pub fn protect(home: &Home, passphrase: SecretString) -> Result<(), OpsError> {
    check_strength(&passphrase)
        .map_err(|cause| OpsError::invalid(cause.to_string(), cause.hint().unwrap_or_default()))?;
    refuse_without_configuration(home)?;
    Ok(home.config()?.protect_key(Some(passphrase))?)
}

/// Takes the passphrase off the key.
pub fn unprotect(home: &Home) -> Result<(), OpsError> {
    match protection(home)? {
        Protection::Passphrase => {
            refuse_without_configuration(home)?;
            Ok(home.config()?.protect_key(None)?)
        }
        Protection::NoKey | Protection::FileMode => {
            Err(OpsError::invalid("the key has no passphrase", "nothing was changed; `xfer key protect` sets one"))
        }
    }
}

/// Makes a new key, protected as the old one is, and seals every login with it; gives how many there were.
///
/// With no configuration, or nothing sealed in it, the key stays: it may be the only one that opens what was moved away.
pub fn rotate(home: &Home) -> Result<usize, OpsError> {
    if home.is_empty() {
        return Err(without_configuration(home));
    }
    Ok(home.config()?.rotate_key()?)
}

/// Whether there is a key of this machine, opened or not.
fn has_key(home: &Home) -> bool {
    let key = location(home);
    [key.with_extension("next"), key].iter().any(|file| std::fs::symlink_metadata(file).is_ok())
}

/// Refuses to change a key whose configuration is gone: what it seals may be put back.
fn refuse_without_configuration(home: &Home) -> Result<(), OpsError> {
    if home.is_empty() && has_key(home) { Err(without_configuration(home)) } else { Ok(()) }
}

fn without_configuration(home: &Home) -> OpsError {
    OpsError::invalid(
        format!("there is no configuration `{}`, so the key was not changed", home.files().config_database().display()),
        "if it was moved, restore it first: only this key decrypts its logins",
    )
}

/// Gives up what a key sealed that is lost for good; gives how much it was.
pub fn forget(home: &Home) -> Result<usize, OpsError> {
    let key_is_there = || {
        let key = location(home);
        OpsError::invalid(
            format!("the key `{}` exists, so nothing was deleted", key.display()),
            "if it is damaged, or nobody knows its passphrase, move it away first",
        )
    };
    if home.is_empty() {
        return Ok(0);
    }
    home.config()?.forget_secrets()?.ok_or_else(key_is_there)
}

/// Copies the key as it lies there, with its passphrase if it has one, to a file that does not exist yet.
pub fn backup(home: &Home, file: &Path) -> Result<(), OpsError> {
    if file.exists() {
        return Err(OpsError::invalid(
            format!("{} exists already", file.display()),
            "choose another name: an older backup may be needed for an older copy of the configuration",
        ));
    }
    let key = location(home);
    let read = std::fs::read(&key).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => OpsError::invalid(
            "there is no key yet",
            "it is made when the first password is saved; until then there is nothing to back up",
        ),
        _ => OpsError::LocalFile { path: key.clone(), action: "read", source },
    })?;
    platform::write_privately(file, &Zeroizing::new(read), Existing::Refuse).map_err(|source| OpsError::LocalFile {
        path: file.to_owned(),
        action: "written",
        source,
    })
}
