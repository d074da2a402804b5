//! The machine key: where it lies, a copy of it, another one.

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::platform::{self, Existing};

/// Where the key lies, whether or not it was made.
pub fn location(home: &Home) -> PathBuf {
    home.files().key()
}

/// Makes a new key and seals every login with it; gives how many there were.
pub fn rotate(home: &Home) -> Result<usize, OpsError> {
    Ok(home.config()?.rotate_key()?)
}

/// Copies the key to a file that does not exist yet, for its owner alone.
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
            "it is made when the first password is kept; until then there is nothing to back up",
        ),
        _ => OpsError::LocalFile { path: key.clone(), action: "read", source },
    })?;
    platform::write_privately(file, &Zeroizing::new(read), Existing::Refuse).map_err(|source| OpsError::LocalFile {
        path: file.to_owned(),
        action: "written",
        source,
    })
}
