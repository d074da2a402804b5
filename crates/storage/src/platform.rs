//! Everything that differs between Linux, macOS and Windows, in one place.
//!
//! Owns: which folder is ours, how files and folders that only their owner may read are made, whether a secret file is
//! private, writing a file so that a crash leaves the old or the new one, the lock that keeps two runs apart, and the
//! signals that ask a process to end. Knows no layer above it and reads no environment variable of ours.
//!
//! On Unix, privacy is the mode given when a file is opened (0600, folders 0700), never a `chmod` afterwards: between
//! the two anybody could open it. On Windows a file takes the access list of its folder, and the folder of ours lies in
//! the user's profile, which Windows keeps private to the user, the system and administrators; there is no mode to
//! check, so the checks answer "private". A home chosen elsewhere (`XFER_HOME`) has to be private by itself there.

pub mod access;
mod lock;
pub mod temporary;
mod termination;
mod writing;

pub use lock::FileLock;
pub use termination::{Termination, termination};
pub use writing::{Existing, Prepared, write_privately};

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use etcetera::BaseStrategy;

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// The program's folder inside the platform's folder for data.
const FOLDER: &str = "xfer";

/// Mode of files that only their owner may read and write.
#[cfg(unix)]
const PRIVATE_FILE: u32 = 0o600;

/// Mode of folders that only their owner may enter.
#[cfg(unix)]
const PRIVATE_FOLDER: u32 = 0o700;

/// The bits of a mode that let anybody but the owner in.
#[cfg(unix)]
const OTHERS: u32 = 0o077;

/// The platform does not say where a user's folders are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this account has no home folder")]
pub struct NoHomeFolder;

impl Fault for NoHomeFolder {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("set XFER_HOME or give --home FOLDER".to_owned())
    }
}

/// The folder that holds everything we keep: the one that the user chose, else `xfer` in the platform's folder for
/// data (`~/.local/share/xfer`, `~/Library/Application Support/xfer`, `%APPDATA%\xfer`). It need not exist yet.
pub fn home_folder(chosen: Option<&Path>) -> Result<PathBuf, NoHomeFolder> {
    if let Some(chosen) = chosen {
        return Ok(chosen.to_owned());
    }
    etcetera::base_strategy::choose_native_strategy()
        .map(|folders| folders.data_dir().join(FOLDER))
        .map_err(|_| NoHomeFolder)
}

/// The folder of a user's own units of systemd. It need not exist.
pub fn user_unit_folder() -> Result<PathBuf, NoHomeFolder> {
    etcetera::base_strategy::choose_native_strategy()
        .map(|folders| folders.config_dir().join("systemd").join("user"))
        .map_err(|_| NoHomeFolder)
}

/// Makes a folder, and those above it that are missing, for its owner alone. One that exists is left as it is.
pub fn create_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(PRIVATE_FOLDER);
    }
    builder.create(folder)
}

/// Makes an empty file for its owner alone; refuses one that exists, and a symbolic link in its place.
pub fn create_private_file(file: &Path) -> io::Result<File> {
    private_options().create_new(true).open(file)
}

/// Opens a file for reading and writing, made for its owner alone if it is missing. Nothing in it is lost.
pub fn open_private_file(file: &Path) -> io::Result<File> {
    private_options().create(true).truncate(false).open(file)
}

/// Reads a file of at most so many bytes; none where it is larger. How large a plain file is, is asked before it is read;
/// a pipe or a device has no size, and is read until that shows.
pub fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = File::open(path)?;
    // Asked of the open file, not of its name.
    let about = file.metadata()?;
    if about.is_file() && about.len() > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(Some(bytes).filter(|bytes| bytes.len() as u64 <= most))
}

/// Opens a file for writing at its end, made for its owner alone if it is missing.
pub fn append_private_file(file: &Path) -> io::Result<File> {
    private_options().append(true).create(true).open(file)
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(PRIVATE_FILE);
    }
    options
}

/// The mode of a file that others than its owner may read or write; none if it is private.
#[cfg(unix)]
pub fn open_to_others(metadata: &Metadata) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let mode = metadata.mode() & 0o777;
    (mode & OTHERS != 0).then_some(mode)
}

/// The mode of a file that others than its owner may read or write. Windows has no modes: always none.
#[cfg(not(unix))]
pub fn open_to_others(_metadata: &Metadata) -> Option<u32> {
    None
}

/// Closes an existing file to everybody but its owner.
pub fn make_private(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if open_to_others(&std::fs::metadata(file)?).is_some() {
            std::fs::set_permissions(file, std::fs::Permissions::from_mode(PRIVATE_FILE))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// Lets everybody read a file that holds no secret, such as what a scheduler is told.
pub fn let_others_read(file: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o644))?;
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes sure that files made in or moved into a folder are still there after a power loss.
#[cfg(unix)]
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes sure that files made in or moved into a folder are still there after a power loss. Windows cannot sync a
/// folder; NTFS journals such changes by itself.
#[cfg(not(unix))]
pub fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Keeps this process's memory, which holds secrets, from being written to the disk when it crashes, and from being
/// read by other programs of the same user. What the system does not offer is left as it is.
#[cfg(unix)]
pub fn keep_memory_private() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // A limit can always be lowered; a system that refuses has its own ways.
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Lets a write beyond the largest size that a file may have fail like every other one, in words, instead of ending the
/// process with a signal. Handlers stay for as long as the process lives, the runtime that sets them up need not.
#[cfg(unix)]
pub fn survive_size_limits() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    // Where it cannot be set up, it is as without it.
    runtime.block_on(async { drop(signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))) });
}

/// Windows has no such signal.
#[cfg(not(unix))]
pub fn survive_size_limits() {}

/// The first second of the year 9000. What is added to now (a window of periods, the next start of a schedule) has to
/// fit before the end of 9999, which is as far as dates go.
const LATEST: u64 = 221_845_392_000;

/// Whether the clock of this machine shows a time that can be one: a clock without a battery starts at 1970, or before,
/// and a broken one is thousands of years ahead. Asked once, before anything else asks for the time.
pub fn clock_is_set() -> bool {
    can_be_now(SystemTime::now())
}

fn can_be_now(time: SystemTime) -> bool {
    time.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since.as_secs() < LATEST)
}

/// Whether a process of that number is alive, whoever started it.
#[cfg(unix)]
pub fn is_alive(process: u32) -> bool {
    let pid = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw);
    // Not being allowed to ask means that it is there.
    pid.is_some_and(|pid| !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH)))
}

/// Whether a process of that number is alive. Windows is not asked: yes.
#[cfg(not(unix))]
pub fn is_alive(_process: u32) -> bool {
    true
}

/// Windows writes no memory of a crashed process to the disk unless an administrator asked for it.
#[cfg(not(unix))]
pub fn keep_memory_private() {}

/// Whether files can be made in a folder by this account, as far as the system tells.
#[cfg(unix)]
pub fn is_writable(folder: &Path) -> bool {
    rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether files can be made in a folder by this account, as far as the system tells.
#[cfg(not(unix))]
pub fn is_writable(folder: &Path) -> bool {
    temporary::try_filling(folder).is_ok()
}

/// Whether the disk of a folder has no room left for this account.
#[cfg(unix)]
pub fn has_no_room(folder: &Path) -> bool {
    rustix::fs::statvfs(folder).is_ok_and(|disk| disk.f_bavail == 0 && disk.f_blocks > 0)
}

/// Whether the disk of a folder has no room left for this account. Windows says so by its errors.
#[cfg(not(unix))]
pub fn has_no_room(_folder: &Path) -> bool {
    false
}

/// Whether an error says that there is no room left, on the disk or in the user's share of it.
pub fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    use super::{Existing, FileLock, home_folder, write_privately};
    #[cfg(unix)]
    use super::{create_private_file, create_private_folder};

    #[test]
    fn a_plain_file_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sparse");
        let size = 1 << 36;
        fs::File::create(&file).unwrap().set_len(size).unwrap();
        assert_eq!(super::read_at_most(&file, size - 1).unwrap(), None);
        fs::write(&file, "12345").unwrap();
        assert_eq!(super::read_at_most(&file, 5).unwrap().as_deref(), Some(&b"12345"[..]));
        assert_eq!(super::read_at_most(&file, 4).unwrap(), None);
        #[cfg(unix)]
        assert_eq!(super::read_at_most(std::path::Path::new("/dev/zero"), 4).unwrap(), None, "a device has no size");
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_chosen_home_is_taken_as_it_is() {
        assert_eq!(home_folder(Some(Path::new("/srv/xfer"))).unwrap(), Path::new("/srv/xfer"));
        if let Ok(home) = home_folder(None) {
            assert!(home.ends_with("xfer"));
        }
    }

    // A process cannot change its umask without `unsafe`, so a shell runs the test below again under others.
    #[cfg(unix)]
    #[test]
    fn privacy_does_not_depend_on_the_umask() {
        for umask in ["000", "022", "077"] {
            let again = std::process::Command::new("sh")
                .args(["-c", "umask $0 && exec \"$@\"", umask])
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", "platform::tests::files_and_folders_are_made_for_their_owner_alone"])
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&again.stdout);
            assert!(again.status.success() && said.contains("1 passed"), "umask {umask}: {said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folders_are_made_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("a/b");
        create_private_folder(&home).unwrap();
        create_private_folder(&home).unwrap();
        assert_eq!((mode(&home), mode(&folder.path().join("a"))), (0o700, 0o700));
        drop(create_private_file(&home.join("new")).unwrap());
        drop(super::open_private_file(&home.join("opened")).unwrap());
        write_privately(&home.join("written"), b"x", Existing::Replace).unwrap();
        for name in ["new", "opened", "written"] {
            assert_eq!(mode(&home.join(name)), 0o600, "{name}");
        }
        assert_eq!(create_private_file(&home.join("new")).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_open_to_others_is_seen_and_closed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        drop(create_private_file(&file).unwrap());
        assert_eq!(super::open_to_others(&fs::metadata(&file).unwrap()), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(super::open_to_others(&fs::metadata(&file).unwrap()), Some(0o644));
        super::make_private(&file).unwrap();
        assert_eq!(mode(&file), 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_place_of_a_file_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "untouched").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&victim, &link).unwrap();
        assert!(create_private_file(&link).is_err());
        write_privately(&link, b"new", Existing::Replace).unwrap();
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
        assert_eq!(fs::read_to_string(&link).unwrap(), "new");
    }

    /// Somebody who may write to the folder swaps the file for a link to another one, all the time.
    #[cfg(unix)]
    #[test]
    fn a_thousand_races_for_the_place_of_a_file_are_lost() {
        use std::sync::atomic::{AtomicBool, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let (file, victim) = (folder.path().join("file"), folder.path().join("victim"));
        fs::write(&victim, "untouched").unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    // Either may be there or not when it is tried; that is what a race is.
                    let _ = fs::remove_file(&file);
                    let _ = std::os::unix::fs::symlink(&victim, &file);
                    let _ = fs::remove_file(&file);
                    let _ = fs::hard_link(&victim, &file);
                }
            });
            for _ in 0..1000 {
                write_privately(&file, b"secret", Existing::Replace).unwrap();
                if let Err(lost) = write_privately(&file, b"secret", Existing::Refuse) {
                    assert_eq!(lost.kind(), ErrorKind::AlreadyExists);
                }
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched");
    }

    #[test]
    fn a_clock_is_believed_between_1970_and_9000() {
        use std::time::{Duration, SystemTime};
        let seconds = |seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap();
        for (time, is_possible) in [
            (SystemTime::UNIX_EPOCH - Duration::from_secs(1), false),
            (SystemTime::UNIX_EPOCH, true),
            (seconds(4_300_000_000), true),
            (seconds(super::LATEST - 1), true),
            (seconds(super::LATEST), false),
            (seconds(253_402_300_700), false),
            (seconds(9_000_000_000_000), false),
        ] {
            assert_eq!(super::can_be_now(time), is_possible, "{time:?}");
        }
        let latest = jiff::Timestamp::from_second(i64::try_from(super::LATEST).unwrap()).unwrap();
        assert_eq!(latest.to_string(), "9000-01-01T00:00:00Z");
    }

    #[test]
    fn what_waits_for_its_name_leaves_nothing_without_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        drop(super::Prepared::new(&file, b"one", Existing::Refuse).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        super::Prepared::new(&file, b"one", Existing::Refuse).unwrap().place().unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"one");
    }

    #[test]
    fn a_file_is_replaced_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write_privately(&file, b"one", Existing::Refuse).unwrap();
        let refusal = write_privately(&file, b"two", Existing::Refuse).unwrap_err();
        assert_eq!(refusal.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"one");
        write_privately(&file, b"three", Existing::Replace).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"three");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_lock_keeps_others_out_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lock");
        let lock = FileLock::acquire(&file).unwrap().unwrap();
        assert!(FileLock::acquire(&file).unwrap().is_none());
        drop(lock);
        assert!(FileLock::acquire(&file).unwrap().is_some());
    }

    #[tokio::test]
    async fn handlers_of_signals_can_be_set_up() {
        // Not polled to its end: a signal would reach every test of this process.
        let _waiting = super::termination().unwrap();
        assert_eq!(super::Termination::Terminate.code().number(), 143);
    }
}
