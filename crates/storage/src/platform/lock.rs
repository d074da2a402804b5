//! The lock that keeps two processes apart.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use crate::platform::open_private_file;

/// A file that this process alone has locked. The lock goes when the value is dropped or the process ends, however it
/// ends: nobody ever has to remove it by hand. The file itself stays, for removing it would let two processes lock two
/// files of one name.
#[derive(Debug)]
pub struct FileLock {
    file: File,
}

impl FileLock {
    /// Locks a file, made if it is missing; none if another process (or another lock in this one) holds it.
    ///
    /// On Windows nobody else can read a locked file, so nothing is kept in it.
    pub fn acquire(path: &Path) -> io::Result<Option<Self>> {
        let file = open_private_file(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Locks a file, made if it is missing, as soon as nobody else holds it.
    pub fn wait_for(path: &Path) -> io::Result<Self> {
        let file = open_private_file(path)?;
        file.lock()?;
        Ok(Self { file })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing the file frees the lock as well, on Windows at a time of the system's choosing; a failure here
        // leaves it to that.
        let _ = self.file.unlock();
    }
}
