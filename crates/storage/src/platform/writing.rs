//! Writing a file so that a crash leaves the old one or the new one.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::platform::{folder_of, sync_folder, temporary};

/// What happens when the file to be written exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It is replaced.
    Replace,
    /// Writing fails with [`io::ErrorKind::AlreadyExists`].
    Refuse,
}

/// Writes a file for its owner alone, wholly or not at all: into a temporary file in the same folder, synced, moved to
/// its name, and the folder synced. A crash at any moment leaves the old file or the new one, never half of one.
///
/// What is no file but a device or a pipe is written into: to put a file in its place would take it from everybody.
///
/// The file is there, whole, when it has its name: a folder that cannot be synced after that is a warning, for whoever
/// fails says that nothing was done.
pub fn write_privately(file: &Path, content: &[u8], existing: Existing) -> io::Result<()> {
    Prepared::new(file, content, existing)?.place()
}

/// A file that is written and waits for its name; dropped before it gets it, nothing is left. For what consists of more
/// than one file: everything that may fail for want of room is done before the first of them appears.
#[derive(Debug)]
pub struct Prepared<'file> {
    file: &'file Path,
    content: Content<'file>,
    existing: Existing,
}

/// Where the content is until then.
#[derive(Debug)]
enum Content<'file> {
    /// In the file's folder.
    Temporary(NamedTempFile),
    /// Nowhere yet: a device is written into.
    Given(&'file [u8]),
}

impl<'file> Prepared<'file> {
    /// Writes the content, on the disk when this returns, into a temporary file beside the file's place.
    pub fn new(file: &'file Path, content: &'file [u8], existing: Existing) -> io::Result<Self> {
        let content = if existing == Existing::Replace && is_written_into(file) {
            Content::Given(content)
        } else {
            Content::Temporary(temporary::written(folder_of(file), content)?)
        };
        Ok(Self { file, content, existing })
    }

    /// Gives it its name.
    pub fn place(self) -> io::Result<()> {
        let Self { file, content, existing } = self;
        let temporary = match content {
            Content::Temporary(temporary) => temporary,
            Content::Given(content) => {
                let mut there = OpenOptions::new().write(true).open(file)?;
                return there.write_all(content).and_then(|()| there.flush());
            }
        };
        match existing {
            Existing::Replace => temporary.persist(file),
            Existing::Refuse => temporary.persist_noclobber(file),
        }
        .map_err(|failure| failure.error)?;
        if let Err(cause) = sync_folder(folder_of(file)) {
            tracing::warn!(file = %file.display(), %cause, "the file is written, but a power loss now may lose it");
        }
        Ok(())
    }
}

/// Whether a name stands for a device or a pipe, directly or through links such as `/dev/stdout`.
fn is_written_into(file: &Path) -> bool {
    let is_special = std::fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir());
    is_special || (cfg!(unix) && ["/dev", "/proc"].iter().any(|folder| file.starts_with(folder)))
}
