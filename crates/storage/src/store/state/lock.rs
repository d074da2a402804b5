//! The lock that keeps two runs of one routine apart.
//!
//! A lock of the operating system on a file, which goes with the process however it ends: after `kill -9` or a power
//! loss the next run starts at once, and there is no command to unlock anything because nothing can stay locked.
//!
//! Who holds it stands in a file beside it, because Windows lets nobody read a locked file. That file is only for
//! people: it may be missing or old, and nothing is decided by it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::{self, Existing, FileLock};
use crate::store::error::StoreError;
use crate::store::home::Home;

/// The right to run a routine, held until it is dropped.
#[derive(Debug)]
pub struct RunLock {
    // Dropped by `drop` below, before the lock: whoever comes next writes its own.
    holder: std::path::PathBuf,
    _lock: FileLock,
}

/// Who runs a routine, for people to read.
#[derive(Debug, Serialize, Deserialize)]
struct Holder {
    pid: u32,
    since: Timestamp,
}

impl RunLock {
    /// Takes the lock of a routine, or tells at once who has it. `now` is only shown to whoever comes second.
    pub fn acquire(home: &Home, routine: Uuid, now: Timestamp) -> Result<Self, StoreError> {
        let folder = home.state_folder();
        platform::create_private_folder(&folder)
            .map_err(|error| StoreError::io("making the folder", &folder, error))?;
        let file = home.lock(routine);
        let holder = home.lock_holder(routine);
        match FileLock::acquire(&file) {
            Ok(Some(lock)) => {
                introduce(&holder, now)?;
                Ok(Self { holder, _lock: lock })
            }
            Ok(None) => {
                let known: Option<Holder> =
                    std::fs::read(&holder).ok().and_then(|content| serde_json::from_slice(&content).ok());
                Err(StoreError::Locked {
                    pid: known.as_ref().map(|holder| holder.pid),
                    since: known.map(|holder| holder.since),
                })
            }
            Err(error) => Err(StoreError::io("locking", &file, error)),
        }
    }
}

impl Drop for RunLock {
    fn drop(&mut self) {
        // Nothing is decided by it; a file that stays is overwritten by the next run.
        let _ = std::fs::remove_file(&self.holder);
    }
}

fn introduce(file: &std::path::Path, now: Timestamp) -> Result<(), StoreError> {
    let content = serde_json::to_vec(&Holder { pid: std::process::id(), since: now })
        .map_err(|error| StoreError::io("writing", file, error.into()))?;
    platform::write_privately(file, &content, Existing::Replace).map_err(|error| StoreError::io("writing", file, error))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::RunLock;
    use crate::store::error::StoreError;
    use crate::store::home::Home;

    #[test]
    fn the_second_start_is_told_who_runs() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("xfer"));
        let now: Timestamp = "2024-02-03T04:05:06Z".parse().unwrap();
        let routine = Uuid::from_u128(1);
        let lock = RunLock::acquire(&home, routine, now).unwrap();
        match RunLock::acquire(&home, routine, now).unwrap_err() {
            StoreError::Locked { pid, since } => {
                assert_eq!((pid, since), (Some(std::process::id()), Some(now)));
            }
            other => panic!("{other:?}"),
        }
        drop(RunLock::acquire(&home, Uuid::from_u128(2), now).unwrap());
        drop(lock);
        drop(RunLock::acquire(&home, routine, now).unwrap());
    }

    /// Names the home to the child process of the next test; in other runs it is not set and the helper does nothing.
    const HOLD_IN: &str = "XFER_TEST_HOLD_LOCK_IN";

    #[test]
    fn helper_that_holds_the_lock_until_it_is_killed() {
        let Some(folder) = std::env::var_os(HOLD_IN) else { return };
        let _lock = RunLock::acquire(&Home::new(folder), Uuid::from_u128(1), Timestamp::UNIX_EPOCH).unwrap();
        println!("locked");
        // Ends with the parent, whatever becomes of it.
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }

    #[test]
    fn the_lock_goes_with_a_killed_process() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "--nocapture",
                "store::state::lock::tests::helper_that_holds_the_lock_until_it_is_killed",
            ])
            .env(HOLD_IN, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(said.map_while(Result::ok).any(|line| line.ends_with("locked")), "the child has the lock");
        let home = Home::new(folder.path());
        let routine = Uuid::from_u128(1);
        let now = Timestamp::UNIX_EPOCH;
        let error = RunLock::acquire(&home, routine, now).unwrap_err();
        assert!(matches!(error, StoreError::Locked { pid, .. } if pid == Some(child.id())), "{error:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(home.lock_holder(routine).exists(), "killed, it could not tidy up");
        drop(RunLock::acquire(&home, routine, now).unwrap());
    }

    #[test]
    fn nothing_depends_on_what_stands_about_the_holder() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let routine = Uuid::from_u128(1);
        let now = Timestamp::UNIX_EPOCH;
        let _lock = RunLock::acquire(&home, routine, now).unwrap();
        for leftover in ["", "{", "{\"pid\":\"x\"}"] {
            std::fs::write(home.lock_holder(routine), leftover).unwrap();
            let error = RunLock::acquire(&home, routine, now).unwrap_err();
            assert!(matches!(error, StoreError::Locked { pid: None, since: None }), "{error:?}");
        }
    }
}
