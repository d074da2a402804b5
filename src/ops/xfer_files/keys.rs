//! Key files: made for their owner alone, and refused where others can read them.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use crate::ops::error::OpsError;
use xfer_storage::platform::{self, Existing};
use xfer_storage::xferfile::FileKeyHolder;
use xfer_storage::xferfile::key_file::LONGEST_KEY_FILE;

/// Who says that nobody else can read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Its mode, which is checked.
    OfItsMode,
    /// The folder that a service manager made for this process alone.
    OfItsFolder,
}

/// Reads a key file.
pub fn read_key(path: &Path, privacy: Privacy) -> Result<FileKeyHolder, OpsError> {
    let failed = |source| OpsError::LocalFile { path: path.to_owned(), action: "read", source };
    let file = std::fs::File::open(path).map_err(failed)?;
    // Asked of the open file, not of its name: what is checked is what is read.
    if let (Privacy::OfItsMode, Some(mode)) = (privacy, platform::open_to_others(&file.metadata().map_err(failed)?)) {
        return Err(OpsError::invalid(
            format!("{} contains a key, but other users of this machine can read it (mode {mode:o})", path.display()),
            format!("run `chmod 600 {}`; if others may have read it, export again with a new key", path.display()),
        ));
    }
    let mut text = Zeroizing::new(String::with_capacity(512));
    file.take(LONGEST_KEY_FILE).read_to_string(&mut text).map_err(failed)?;
    FileKeyHolder::parse(&text).map_err(|cause| OpsError::XferFile { path: path.to_owned(), cause })
}

/// Writes a key to a file that does not exist yet.
pub fn write_new_key(path: &Path, key: &FileKeyHolder) -> Result<(), OpsError> {
    platform::write_privately(path, key.to_text().as_bytes(), Existing::Refuse).map_err(|source| OpsError::LocalFile {
        path: path.to_owned(),
        action: "written",
        source,
    })
}
