//! Errors of the store, one for each situation of the user.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::platform;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::{Fault, InWords};

/// The kinds of things that the store keeps by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "they are the design's words")]
pub enum Kind {
    Server,
    OrgUnitMap,
    Job,
    Item,
    Routine,
    Script,
    Run,
    Chunk,
    Alert,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Server => "server",
            Self::OrgUnitMap => "org unit map",
            Self::Job => "job",
            Self::Item => "item",
            Self::Routine => "routine",
            Self::Script => "script",
            Self::Run => "run",
            Self::Chunk => "chunk",
            Self::Alert => "alert",
        })
    }
}

/// Something that the store keeps, by kind and name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Named {
    /// What it is.
    pub kind: Kind,
    /// What people call it.
    pub name: String,
}

impl Named {
    /// Names a thing.
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`", self.kind, self.name)
    }
}

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Nothing of that name.
    #[error("there is no {0}")]
    NotFound(Named),
    /// The name is taken; upper and lower case do not count.
    #[error("there is a {0} already")]
    AlreadyExists(Named),
    /// The name cannot be used.
    #[error("`{name}` cannot be the name of a {kind}: {reason}")]
    BadName {
        /// What was to be named.
        kind: Kind,
        /// The name.
        name: String,
        /// Why not, in words.
        reason: &'static str,
    },
    /// Something else would be left dangling.
    #[error("the {what} is still used by {}", list(by))]
    InUse {
        /// What was to be removed.
        what: Named,
        /// What uses it.
        by: Vec<Named>,
    },
    /// A routine moves values between two servers; its jobs have to agree which.
    #[error("the jobs of the routine `{routine}` are not all between the same two servers")]
    MixedPairs {
        /// The routine's name.
        routine: String,
    },
    /// A kept script is not the text that was attached.
    #[error("the script `{script}` was changed after it was attached")]
    AlteredScript {
        /// The script's name.
        script: String,
    },
    /// Written by a newer program, which may have put things there that this one would lose.
    #[error("`{}` was written by a newer version of this program (its format is {found}, this program knows up to {supported})", file.display())]
    NewerSchema {
        /// The database.
        file: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest schema version known here.
        supported: i64,
    },
    /// What is stored cannot be what was written.
    #[error("`{}` is damaged: {reason}", file.display())]
    Damaged {
        /// The database or file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Another process runs the routine.
    #[error("the routine is already running{}", holder(*pid, *since))]
    Locked {
        /// The process that runs it, where known.
        pid: Option<u32>,
        /// Since when, where known.
        since: Option<Timestamp>,
    },
    /// Another process was writing for longer than we wait.
    #[error("`{}` is in use by another process", file.display())]
    Busy {
        /// The database.
        file: PathBuf,
    },
    /// The machine key cannot be read or made.
    #[error("the machine key `{}` cannot be used: {reason}", file.display())]
    KeyUnreadable {
        /// The key file.
        file: PathBuf,
        /// Why, in words.
        reason: String,
        /// The cause.
        #[source]
        source: Option<io::Error>,
    },
    /// There are logins, and the machine key that opens them is gone.
    #[error("the machine key `{}` is missing", file.display())]
    KeyMissing {
        /// The key file.
        file: PathBuf,
    },
    /// The file of the machine key is empty, cut or altered.
    #[error("the machine key `{}` cannot be used: {reason}", file.display())]
    KeyDamaged {
        /// The key file.
        file: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// Others than its owner could read the machine key.
    #[error("the machine key `{}` can be read by other users of this machine (mode {mode:o})", file.display())]
    KeyPermissions {
        /// The key file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The machine key needs a passphrase that could not be found out.
    #[error("{words}")]
    KeyClosed {
        /// The key file.
        file: PathBuf,
        /// Why not, in the words of whoever was asked.
        words: Box<InWords>,
    },
    /// Another passphrase than the machine key was protected with; or its file was altered.
    #[error("the passphrase does not open the machine key `{}`", file.display())]
    WrongPassphrase {
        /// The key file.
        file: PathBuf,
    },
    /// A stored secret does not open: another machine key, another address than it was stored for, or altered.
    #[error("the stored login of the server `{server}` cannot be decrypted")]
    Sealed {
        /// The server's name.
        server: String,
    },
    /// The same for where an alert goes.
    #[error("the stored address or password of the alert `{alert}` cannot be decrypted")]
    SealedAlert {
        /// The alert's name.
        alert: String,
    },
    /// No room left.
    #[error("there is no space left to write `{}`", file.display())]
    DiskFull {
        /// The file.
        file: PathBuf,
    },
    /// The disk or the rights on it.
    #[error("{action} `{}` failed", file.display())]
    Io {
        /// What was tried: `reading`, `writing` …
        action: &'static str,
        /// The file.
        file: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Anything else that SQLite said.
    #[error("the database `{}` failed", file.display())]
    Database {
        /// The database.
        file: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// What SQLite said, before it is known in which file; only inside the store.
    #[error("a database failed")]
    Sqlite(#[from] rusqlite::Error),
}

impl StoreError {
    /// A failed file operation.
    pub(crate) fn io(action: &'static str, file: &Path, source: io::Error) -> Self {
        let file = file.to_owned();
        if platform::is_disk_full(&source) { Self::DiskFull { file } } else { Self::Io { action, file, source } }
    }

    /// Nothing of that name.
    pub(crate) fn not_found(kind: Kind, name: impl Into<String>) -> Self {
        Self::NotFound(Named::new(kind, name))
    }

    /// Puts what SQLite said into the words of the situation, with the file it happened in.
    pub(crate) fn in_file(self, file: &Path) -> Self {
        let Self::Sqlite(source) = self else { return self };
        let file = file.to_owned();
        let extended = source.sqlite_error().map(|error| error.extended_code);
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => return Self::DiskFull { file },
            Some(ErrorCode::SystemIoFailure) => {
                let folder = file.parent().unwrap_or(Path::new("."));
                let is_full = extended == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE) || platform::has_no_room(folder);
                return if is_full { Self::DiskFull { file } } else { unread(file, extended, source) };
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => return Self::Busy { file },
            Some(ErrorCode::NotADatabase) => return Self::Damaged { file, reason: "it is no database".to_owned() },
            Some(ErrorCode::DatabaseCorrupt) => {
                // SQLite says the same of a read that failed: only a file that is read again and found wrong is damaged.
                return match faults_of(&file) {
                    Ok(()) => Self::Io { action: "reading", file, source: io::Error::other(PASSING_FAULT) },
                    Err(found) if is_fault_of_disk(&found) => unread(file, None, found),
                    Err(_) => Self::Damaged { file, reason: source.to_string() },
                };
            }
            // Every statement is ours: what it does not find makes this another program's file, or a mixture of versions.
            _ if is_about_tables(&source) => return Self::Damaged { file, reason: first_line(&source) },
            _ => {}
        }
        match source {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..) => Self::Damaged { file, reason: source.to_string() },
            _ => Self::Database { file, source },
        }
    }
}

impl Fault for StoreError {
    fn code(&self) -> ExitCode {
        match self {
            Self::NotFound(_)
            | Self::AlreadyExists(_)
            | Self::BadName { .. }
            | Self::InUse { .. }
            | Self::MixedPairs { .. } => ExitCode::Usage,
            Self::KeyClosed { words, .. } => words.code,
            Self::NewerSchema { .. } | Self::Damaged { .. } | Self::KeyDamaged { .. } | Self::AlteredScript { .. } => {
                ExitCode::Damaged
            }
            Self::Locked { .. } => ExitCode::Locked,
            Self::Busy { .. } => ExitCode::Temporary,
            Self::Sealed { .. } | Self::SealedAlert { .. } | Self::KeyMissing { .. } | Self::WrongPassphrase { .. } => {
                ExitCode::WrongKey
            }
            Self::KeyUnreadable { .. }
            | Self::KeyPermissions { .. }
            | Self::DiskFull { .. }
            | Self::Io { .. }
            | Self::Database { .. }
            | Self::Sqlite(_) => ExitCode::LocalIo,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NotFound(_) | Self::BadName { .. } | Self::KeyClosed { .. } | Self::Sqlite(_) => return None,
            Self::AlreadyExists(Named { kind, .. }) => format!("choose another name, or edit or remove that {kind}"),
            Self::InUse { .. } => "remove those first, or all together with --cascade".to_owned(),
            Self::AlteredScript { .. } => {
                "a run uses only scripts as they were attached; check its file and attach it again: `xfer script \
                 attach`"
                    .to_owned()
            }
            Self::MixedPairs { .. } => "make one routine for each pair of servers".to_owned(),
            Self::NewerSchema { .. } => "use the version of the program that wrote it, or a newer one".to_owned(),
            Self::Damaged { file, .. } => format!(
                "nothing was changed; restore `{}` from a backup, or move it away to start again",
                file.display()
            ),
            Self::Locked { .. } => {
                "wait until that run ends; the lock is released then, even if the run is killed".to_owned()
            }
            Self::Busy { .. } => {
                "close the program that has it open, or wait until it is done, and try again".to_owned()
            }
            Self::KeyMissing { file } => format!(
                "restore `{}` from its backup; if it is lost, `xfer key forget` deletes what it encrypted; then enter \
                 the login of every server again: `xfer server edit NAME`",
                file.display()
            ),
            Self::KeyUnreadable { file, .. } | Self::KeyDamaged { file, .. } => format!(
                "restore `{}` from a backup; without one, move it away, run `xfer key forget` and enter the login of \
                 every server again",
                file.display()
            ),
            Self::KeyPermissions { file, .. } => format!(
                "run `chmod 600 {}`; if others may have read it, change the servers' passwords too",
                file.display()
            ),
            Self::WrongPassphrase { file } => format!(
                "try again; if nobody knows it, restore `{}` from an older backup, or move it away, run `xfer key \
                 forget` and enter the login of every server again",
                file.display()
            ),
            Self::Sealed { server } => {
                format!("enter the login again: `xfer server edit {server}`")
            }
            Self::SealedAlert { alert } => {
                format!("remove the alert {alert} and add it again: `xfer routine alert remove ROUTINE {alert}`")
            }
            Self::DiskFull { .. } => "free some space and try again; nothing was written".to_owned(),
            Self::Io { action: "reading", .. } => {
                "try again; if it happens again, check the disk and the rights of this account first: the file itself \
                 may be intact"
                    .to_owned()
            }
            Self::Io { .. } | Self::Database { .. } => {
                "check that the disk is mounted and has space left, and that this account may write there".to_owned()
            }
        })
    }

    fn hints(&self) -> Vec<String> {
        match self {
            Self::KeyClosed { words, .. } => words.hints.clone(),
            _ => self.hint().into_iter().collect(),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::KeyClosed { words, .. } => words.causes.clone(),
            _ => Vec::new(),
        }
    }
}

/// What a disk that failed once leaves to be said.
const PASSING_FAULT: &str = "the disk returned wrong data; on a second read the file is intact";

/// What is wrong with a database as it lies there; nothing where it can be read from end to end.
fn faults_of(file: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags)?;
    let found: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if found == "ok" { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
}

fn is_fault_of_disk(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

fn is_about_tables(error: &rusqlite::Error) -> bool {
    let words = error.to_string();
    words.contains("no such table")
        || words.contains("no such column")
        || words.contains("has no column named")
        || words.contains("already exists")
        || words.contains("duplicate column name")
}

/// Without the statement that follows.
fn first_line(error: &rusqlite::Error) -> String {
    let words = error.to_string();
    let end = words.find(" in ").or_else(|| words.find('\n')).unwrap_or(words.len());
    words.get(..end).unwrap_or_default().to_owned()
}

/// A read that failed, where it was one.
fn unread(file: PathBuf, extended: Option<i32>, source: rusqlite::Error) -> StoreError {
    use rusqlite::ffi::{SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_FSTAT, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ};
    let reads = [SQLITE_IOERR_CORRUPTFS, SQLITE_IOERR_FSTAT, SQLITE_IOERR_READ, SQLITE_IOERR_SHORT_READ];
    if extended.is_none_or(|extended| reads.contains(&extended)) {
        return StoreError::Io { action: "reading", file, source: io::Error::other(source.to_string()) };
    }
    StoreError::Database { file, source }
}

/// Joins names as people do.
fn list(names: &[Named]) -> String {
    let names: Vec<String> = names.iter().map(Named::to_string).collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

fn holder(pid: Option<u32>, since: Option<Timestamp>) -> String {
    let pid = pid.map(|pid| format!(" by process {pid}")).unwrap_or_default();
    let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
    format!("{pid}{since}")
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::{Fault, Kind, Named, StoreError};

    #[test]
    fn messages_name_what_they_are_about() {
        let by =
            vec![Named::new(Kind::Job, "malaria"), Named::new(Kind::Job, "tb"), Named::new(Kind::Routine, "monthly")];
        let error = StoreError::InUse { what: Named::new(Kind::Server, "dhis"), by };
        assert_eq!(
            error.to_string(),
            "the server `dhis` is still used by job `malaria`, job `tb` and routine `monthly`"
        );
        assert_eq!(StoreError::not_found(Kind::Run, "7").to_string(), "there is no run `7`");
        let locked = StoreError::Locked { pid: Some(42), since: "2024-05-06T07:08:09.123Z".parse().ok() };
        assert_eq!(locked.to_string(), "the routine is already running by process 42 since 2024-05-06T07:08:09Z");
        let locked = StoreError::Locked { pid: None, since: None };
        assert_eq!(locked.to_string(), "the routine is already running");
    }

    /// SQLite calls a read that failed damage; the file says which of the two it is.
    #[test]
    fn damage_is_what_is_found_when_the_file_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let said = || {
            let corrupt = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(11), None);
            StoreError::Sqlite(corrupt).in_file(&file)
        };
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection.execute_batch("CREATE TABLE t (n); CREATE INDEX i ON t (n); INSERT INTO t VALUES (1), (2)").unwrap();
        drop(connection);
        let error = said();
        assert!(matches!(error, StoreError::Io { action: "reading", .. }), "{error:?}");
        assert!(!error.hint().unwrap().contains("move it away"));
        let mut bytes = std::fs::read(&file).unwrap();
        bytes[4096..4200].fill(0xff);
        std::fs::write(&file, bytes).unwrap();
        assert!(matches!(said(), StoreError::Damaged { .. }));
        std::fs::write(&file, "no database").unwrap();
        assert!(matches!(said(), StoreError::Damaged { .. }));
    }

    #[test]
    fn what_sqlite_says_of_a_disk_keeps_its_meaning() {
        let file = Path::new("/f");
        let words = [(4874, "no space left"), (266, "reading"), (8458, "reading"), (778, "failed"), (1034, "failed")];
        for (code, expected) in words {
            let sqlite = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let error = StoreError::Sqlite(sqlite).in_file(file);
            assert!(error.to_string().contains(expected), "{code}: {error}");
        }
        let words = Some("no such table: server".to_owned());
        let sqlite = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(1), words);
        assert!(matches!(StoreError::Sqlite(sqlite).in_file(file), StoreError::Damaged { .. }));
    }

    #[test]
    fn a_full_disk_is_told_from_other_failures() {
        let file = Path::new("/f");
        let full = StoreError::io("writing", file, io::ErrorKind::StorageFull.into());
        assert!(matches!(full, StoreError::DiskFull { .. }));
        let denied = StoreError::io("writing", file, io::ErrorKind::PermissionDenied.into());
        assert!(matches!(denied, StoreError::Io { .. }));
        for (code, expected) in [(13, "no space left"), (5, "in use"), (11, "damaged"), (26, "damaged"), (1, "failed")]
        {
            let sqlite = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let error = StoreError::Sqlite(sqlite).in_file(file);
            assert!(error.to_string().contains(expected), "{code}: {error}");
        }
    }
}
