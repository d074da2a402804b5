//! Temporary files before they get their names, and those that a killed process left behind.
//!
//! A process that is killed between writing and renaming leaves its temporary file behind. Whoever writes one holds a
//! lock on it, which goes with the process however it ends: a file of our form that nobody holds is litter, and goes when
//! the program starts again ([`clear`]) or writes into the same folder.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use crate::platform::FileLock;

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

/// The file in a temporary folder that is locked for as long as somebody works there.
const HOLD: &str = ".xfer-held";

/// Marks a temporary folder as one that goes when its process is gone ([`clear_folders`]), and holds it until what this
/// gives is dropped.
pub fn hold_folder(folder: &Path) -> io::Result<FileLock> {
    // Locked before it has its name: whoever clears never finds it there unlocked.
    let unnamed = folder.join(".xfer-holding");
    let lock = FileLock::acquire(&unnamed)?.ok_or(io::ErrorKind::ResourceBusy)?;
    fs::rename(&unnamed, folder.join(HOLD))?;
    Ok(lock)
}

/// Takes away the folders of temporary files with this prefix that killed processes left. Those that somebody holds stay,
/// and so do those that were never held: a person wanted to keep them. What cannot be taken away stays, too.
pub fn clear_folders(prefix: &str) {
    clear_folders_in(&tempfile::env::temp_dir(), prefix);
}

fn clear_folders_in(parent: &Path, prefix: &str) {
    let is_ours = |name: &str| {
        let random = name.strip_prefix(prefix);
        random.is_some_and(|random| random.len() == RANDOM && random.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_ours)) {
        let (folder, hold) = (entry.path(), entry.path().join(HOLD));
        // Neither may be a link, which somebody else made.
        let kind = |path: &Path| fs::symlink_metadata(path).map(|metadata| metadata.file_type());
        let is_held_once =
            kind(&folder).is_ok_and(|kind| kind.is_dir()) && kind(&hold).is_ok_and(|kind| kind.is_file());
        if is_held_once && let Ok(Some(_lock)) = FileLock::acquire(&hold) {
            let _ = fs::remove_dir_all(&folder);
        }
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

    use super::{clear, clear_folders_in, hold_folder, written};

    #[test]
    fn folders_that_nobody_holds_any_more_go_and_those_never_held_stay() {
        let parent = tempfile::tempdir().unwrap();
        let folder = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("map.csv"), "a map").unwrap();
            path
        };
        let held = folder("demo-aaaaa1");
        let lock = hold_folder(&held).unwrap();
        let left = folder("demo-aaaaa2");
        drop(hold_folder(&left).unwrap());
        let kept = folder("demo-aaaaa3");
        let others = ["demo-of-ours", "demo-aaaaa44", "dem0-aaaaa1"].map(|name| {
            let path = folder(name);
            drop(hold_folder(&path).unwrap());
            path
        });
        #[cfg(unix)]
        std::os::unix::fs::symlink(&others[0], parent.path().join("demo-link00")).unwrap();
        clear_folders_in(parent.path(), "demo-");
        assert!(held.join("map.csv").exists() && kept.join("map.csv").exists() && !left.exists());
        assert!(others.iter().all(|path| path.join("map.csv").exists()));
        drop(lock);
        clear_folders_in(parent.path(), "demo-");
        assert!(!held.exists() && kept.exists());
    }

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
