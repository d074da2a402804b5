//! Files on their way to their names, and what a killed process left of them.
//!
//! A process that is killed between writing and renaming leaves its temporary file behind. Whoever writes one holds a
//! lock on it, which goes with the process however it ends: a file of our form that nobody holds is litter, and goes when
//! the program starts again ([`clear`]) or writes into the same folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

const PREFIX: &str = ".xfer-";
const SUFFIX: &str = ".tmp";

/// Letters and digits between the two.
const RANDOM: usize = 6;

/// A file that is just being made has no lock yet, and nothing in it.
const BEING_MADE: Duration = Duration::from_mins(1);

/// Makes a file with a content in a folder: under a random name, for its owner alone, locked, and on the disk when this
/// returns.
pub(super) fn written(folder: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    clear(folder);
    // `tempfile` opens with O_EXCL and mode 0600.
    let mut temporary =
        tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(folder)?;
    // A file system without locks keeps nobody from taking it for litter; the move then fails, and says so.
    let _ = temporary.as_file().try_lock();
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    // Windows lets nobody read a locked file, under its new name neither.
    #[cfg(windows)]
    let _ = temporary.as_file().unlock();
    Ok(temporary)
}

/// Tries whether files can be made in a folder, by making one and taking it away.
pub fn try_filling(folder: &Path) -> io::Result<()> {
    tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM).tempfile_in(folder)?.close()
}

/// Takes away what killed processes left of files on their way to a name in a folder. What cannot be taken away stays.
pub fn clear(folder: &Path) {
    for path in abandoned(folder) {
        let _ = fs::remove_file(&path);
    }
}

/// What killed processes left of files on their way to a name in a folder.
pub fn abandoned(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let own = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one)).map(|entry| entry.path());
    // Not a link, which somebody else made.
    let is_file = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
    own.filter(|path| is_file(path) && is_abandoned(path)).collect()
}

fn is_one(name: &str) -> bool {
    let middle = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    middle.is_some_and(|middle| middle.len() == RANDOM && middle.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Whether no process is at work on a file.
fn is_abandoned(path: &Path) -> bool {
    let Ok(file) = File::options().read(true).write(true).open(path) else { return false };
    let Ok(metadata) = file.metadata() else { return false };
    let age = metadata.modified().ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
    if metadata.len() == 0 && age < BEING_MADE {
        return false;
    }
    file.try_lock().is_ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::{Duration, SystemTime};

    use super::{clear, written};

    #[test]
    fn what_nobody_holds_goes_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let held = written(folder.path(), b"half").unwrap();
        let users = ["xfer-aaaaaa.tmp", ".xfer-aaa.tmp", ".xfer-aaaaaa.tmp.ron", ".xfer-aa-aaa.tmp", "notes.tmp"];
        for name in users {
            fs::write(path(name), "mine").unwrap();
        }
        fs::create_dir(path(".xfer-folder.tmp")).unwrap();
        fs::write(path(".xfer-Ab3dE6.tmp"), "half a key").unwrap();
        fs::write(path(".xfer-empty1.tmp"), "").unwrap();
        let old = fs::File::create(path(".xfer-empty2.tmp")).unwrap();
        old.set_modified(SystemTime::now() - Duration::from_mins(10)).unwrap();
        drop(old);
        clear(folder.path());
        assert!(held.path().exists(), "somebody is at work on it");
        assert!(!path(".xfer-Ab3dE6.tmp").exists() && !path(".xfer-empty2.tmp").exists());
        assert!(path(".xfer-empty1.tmp").exists(), "somebody may just be making it");
        assert!(path(".xfer-folder.tmp").exists());
        assert!(users.iter().all(|name| path(name).exists()));
        let left = held.into_temp_path().keep().unwrap();
        clear(folder.path());
        assert!(!left.exists(), "its process is gone");
    }
}
