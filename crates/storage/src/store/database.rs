//! One SQLite file: opened privately, set up the same way everywhere, migrated, and used through transactions.
//!
//! - **Rollback journal, truncated** (`journal_mode=TRUNCATE`) with `synchronous=FULL`: when a commit returns, it is on
//!   the disk. Deleting the journal instead would need the folder to be synced too, or a power loss could bring the
//!   journal back and undo a commit that we built upon.
//! - **Write-ahead log** instead (`journal_mode=WAL`, as durable with `synchronous=FULL`) for what is written while a run
//!   goes on: whoever looks into the file with another program keeps nobody from writing.
//! - Who writes while another process does waits, and says so after a while ([`say_who_is_waited_for`]).
//! - **`secure_delete`**: what is deleted is overwritten, so that an old sealed secret or an old value does not stay in
//!   free pages.
//! - A new file is made whole, with its schema, before it gets its name: an empty file in its place is damage, whatever
//!   moment a process was killed at. It is its owner's alone, and its journal takes the file's mode.
//! - A file that is there is looked at before anything in it is changed ([`identity`]).
//! - It is never opened and closed by other means while in use: on Unix closing any handle of a file frees the locks
//!   that the process has on it.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::platform::{self, Existing};
use crate::store::error::StoreError;
use crate::store::identity::{self, Schema};
use crate::store::migrate::migrate;

/// How often, and with which pauses, another process that writes is waited for: half a minute in all.
const TRIES: i32 = 600;
const PAUSE: Duration = Duration::from_millis(50);

/// The try from which on somebody should know what is waited for.
const SAID_AT: i32 = 20;

/// How changes come into the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Journaling {
    /// A rollback journal: one file to copy, one writer or many readers at a time.
    Rollback,
    /// A write-ahead log: readers and a writer at a time.
    WriteAhead,
}

type Saying = Box<dyn Fn(&Path) + Send + Sync>;

/// Who is told that a database is waited for.
static SAYING: OnceLock<Saying> = OnceLock::new();

thread_local! {
    /// The file that this thread works with: SQLite does not say for which one it waits.
    static IN_WORK: RefCell<PathBuf> = RefCell::default();
}

/// Has somebody told, once a wait, that a database is waited for because another program writes to it. The first one
/// counts.
pub fn say_who_is_waited_for(saying: impl Fn(&Path) + Send + Sync + 'static) {
    let _ = SAYING.set(Box::new(saying));
}

/// The file that was last waited for in vain, and until when: a command that asks again does not wait twice.
static IN_VAIN: Mutex<Option<(PathBuf, Instant)>> = Mutex::new(None);

/// Called by SQLite with the number of tries before.
fn wait(tries: i32) -> bool {
    let mut in_vain = IN_VAIN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_same = |(file, at): &(PathBuf, Instant)| {
        at.elapsed() < PAUSE * TRIES.unsigned_abs() && IN_WORK.with_borrow(|in_work| in_work == file)
    };
    if in_vain.as_ref().is_some_and(is_same) {
        return false;
    }
    if tries >= TRIES {
        *in_vain = Some((IN_WORK.with_borrow(Clone::clone), Instant::now()));
        return false;
    }
    drop(in_vain);
    if tries == SAID_AT
        && let Some(say) = SAYING.get()
    {
        IN_WORK.with_borrow(|file| say(file));
    }
    std::thread::sleep(PAUSE);
    true
}

/// An open database.
#[derive(Debug)]
pub(crate) struct Database {
    connection: Connection,
    file: PathBuf,
}

impl Database {
    /// Opens the file, made if missing, and brings its schema up to date.
    pub(crate) fn open(file: &Path, journaling: Journaling, schema: &Schema) -> Result<Self, StoreError> {
        make_if_missing(file, schema)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::connect(file, schema, || {
            let mut connection = Connection::open_with_flags(file, flags)?;
            set_up(&mut connection)?;
            let stamp = identity::check(&connection, file, schema)?;
            platform::make_private(file).map_err(|error| StoreError::io("closing to other users", file, error))?;
            set_journal(&connection, journaling)?;
            migrate(&mut connection, Some(file), schema.migrations)?;
            identity::stamp(&connection, schema, stamp);
            connection.busy_handler(Some(wait))?;
            Ok(connection)
        })
    }

    /// Opens a file that is there, to look into it. Where nothing can be written, as on a disk that is mounted for
    /// reading alone, it is read as it lies there: a write-ahead log needs a file beside it that cannot be made then.
    pub(crate) fn open_to_look(file: &Path, journaling: Journaling, schema: &Schema) -> Result<Self, StoreError> {
        let opened = Self::open(file, journaling, schema);
        match opened {
            Err(StoreError::Database { .. } | StoreError::Io { .. }) if can_be_read_as_it_is(file) => {
                Self::open_as_it_is(file, schema)
            }
            opened => opened,
        }
    }

    /// Opens a file that nobody can write.
    fn open_as_it_is(file: &Path, schema: &Schema) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let uri = immutable(file);
        Self::connect(file, schema, || {
            let mut connection = Connection::open_with_flags(&uri, flags)?;
            set_up(&mut connection)?;
            identity::check(&connection, file, schema)?;
            migrate(&mut connection, Some(file), schema.migrations)?;
            Ok(connection)
        })
    }

    fn connect(
        file: &Path,
        schema: &Schema,
        open: impl FnOnce() -> Result<Connection, StoreError>,
    ) -> Result<Self, StoreError> {
        IN_WORK.set(file.to_owned());
        identity::check_file(file, schema)?;
        let connection = open().map_err(|error| error.in_file(file))?;
        Ok(Self { connection, file: file.to_owned() })
    }

    /// A database that is gone when it is dropped.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn in_memory(schema: &Schema) -> Result<Self, StoreError> {
        let mut connection = Connection::open_in_memory()?;
        set_up(&mut connection)?;
        migrate(&mut connection, None, schema.migrations)?;
        Ok(Self { connection, file: PathBuf::from(":memory:") })
    }

    /// What is wrong with the file's structure, in SQLite's words; nothing as a rule.
    pub(crate) fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            let faults = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            Ok(faults.into_iter().filter(|fault| fault != "ok").collect())
        })
    }

    /// Reads; several statements may see the changes of another process in between.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        IN_WORK.set(self.file.clone());
        work(&self.connection).map_err(|error| error.in_file(&self.file))
    }

    /// Reads one consistent state, whatever other processes do meanwhile.
    pub(crate) fn read_together<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            work(&transaction)
        })
    }

    /// Writes in one transaction: all of it is on the disk when this returns, or nothing of it if it fails.
    pub(crate) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let Self { connection, file } = self;
        IN_WORK.set(file.clone());
        let write = || {
            // Immediate: a transaction that reads first and writes later fails at once if another writes in between.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        };
        // The transaction is gone by now, and the file free to be looked at.
        write().map_err(|error: StoreError| error.in_file(file))
    }

    /// The same for what nobody should wait for: fails at once if another process writes.
    pub(crate) fn write_without_waiting<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let written = self.write(work);
        self.connection.busy_handler(Some(wait))?;
        written
    }
}

/// Makes a file that is missing, and its folder, for their owner alone: with its whole schema under a temporary name,
/// then moved to its own. If another process made it at the same time, that one counts.
fn make_if_missing(file: &Path, schema: &Schema) -> Result<(), StoreError> {
    match std::fs::symlink_metadata(file) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(StoreError::io("reading", file, error)),
    }
    identity::refuse_orphans(file)?;
    if let Some(folder) = file.parent() {
        platform::create_private_folder(folder).map_err(|error| StoreError::io("making the folder", folder, error))?;
    }
    let content = identity::new_database(schema).map_err(|error| error.in_file(file))?;
    match platform::write_privately(file, &content, Existing::Refuse) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(StoreError::io("making", file, error)),
        _ => Ok(()),
    }
}

/// Whether nothing can be written beside a file, and nothing lies beside it that belongs into it.
fn can_be_read_as_it_is(file: &Path) -> bool {
    let has_log = identity::beside(file).any(|path| std::fs::metadata(path).is_ok_and(|found| found.len() > 0));
    !has_log && file.parent().is_some_and(|folder| !platform::is_writable(folder))
}

/// The address by which SQLite opens a file without locks and without anything beside it.
fn immutable(file: &Path) -> String {
    let mut uri = String::from("file:");
    for &byte in file.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(byte)),
            other => {
                let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
                uri.extend(['%', digit(other >> 4), digit(other & 15)]);
            }
        }
    }
    uri + "?immutable=1"
}

/// What holds for a connection; nothing in the file changes.
fn set_up(connection: &mut Connection) -> Result<(), StoreError> {
    connection.busy_handler(Some(wait))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Only macOS has it: its plain fsync leaves data in the drive's cache.
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(())
}

/// How changes come into the file.
fn set_journal(connection: &Connection, journaling: Journaling) -> Result<(), StoreError> {
    // Answers with the mode in force.
    let mode = |mode| connection.pragma_update_and_check(None, "journal_mode", mode, |row| row.get::<_, String>(0));
    if journaling == Journaling::WriteAhead {
        // A disk without shared memory, or somebody who reads a file that has no log yet: then without one, this time.
        match mode("WAL") {
            Ok(_) => return Ok(()),
            Err(cause) => tracing::debug!(%cause, "the database runs without a write-ahead log"),
        }
    }
    mode("TRUNCATE")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Database, Journaling};
    use crate::store::error::StoreError;
    use crate::store::identity::Schema;

    static SCHEMA: Schema =
        Schema::new("a test", 7, &[|transaction| transaction.execute_batch("CREATE TABLE t (n INTEGER) STRICT")]);

    fn count(database: &Database) -> i64 {
        database.read(|connection| Ok(connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)).unwrap()
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let mut database = Database::in_memory(&SCHEMA).unwrap();
        let failed: Result<(), StoreError> = database.write(|transaction| {
            transaction.execute("INSERT INTO t VALUES (1)", [])?;
            transaction.execute("INSERT INTO t VALUES ('text in a strict table')", [])?;
            Ok(())
        });
        assert!(failed.is_err());
        assert_eq!(count(&database), 0);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_and_its_journal_are_private() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("home/test.db");
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().mode() & 0o777;
        let mut database = Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap();
        database.write(|transaction| Ok(transaction.execute("INSERT INTO t VALUES (1)", [])?)).unwrap();
        assert_eq!((mode("home"), mode("home/test.db"), mode("home/test.db-journal")), (0o700, 0o600, 0o600));
        drop(database);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(count(&Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap()), 1);
        assert_eq!(mode("home/test.db"), 0o600);
    }

    #[test]
    fn a_file_that_nobody_can_write_is_read_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a file?#% é.db");
        let mut database = Database::open(&file, Journaling::WriteAhead, &SCHEMA).unwrap();
        database.write(|transaction| Ok(transaction.execute("INSERT INTO t VALUES (1)", [])?)).unwrap();
        drop(database);
        let mut database = Database::open_as_it_is(&file, &SCHEMA).unwrap();
        assert_eq!(count(&database), 1);
        let written = database.write(|transaction| Ok(transaction.execute("INSERT INTO t VALUES (1)", [])?));
        assert!(written.is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing lies beside it");
    }

    /// Two that make a database at once make one, and whoever is killed meanwhile leaves nothing under its name.
    #[test]
    fn a_database_appears_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut database = Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap();
                    database.write(|transaction| Ok(transaction.execute("INSERT INTO t VALUES (1)", [])?)).unwrap();
                });
            }
        });
        assert_eq!(count(&Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap()), 4);
        fs::write(&file, "").unwrap();
        let refused = Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused:?}");
        assert_eq!(fs::read(&file).unwrap(), b"");
    }

    #[test]
    fn whoever_reads_keeps_nobody_from_writing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let mut database = Database::open(&file, Journaling::WriteAhead, &SCHEMA).unwrap();
        let reader = rusqlite::Connection::open(&file).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM t;").unwrap();
        let seen = || reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(seen(), 0);
        let insert = |transaction: &rusqlite::Transaction<'_>| Ok(transaction.execute("INSERT INTO t VALUES (1)", [])?);
        assert_eq!(database.write_without_waiting(insert).unwrap(), 1);
        assert_eq!((seen(), count(&database)), (0, 1));
        let writer = rusqlite::Connection::open(&file).unwrap();
        writer.execute_batch("BEGIN IMMEDIATE").unwrap();
        assert!(matches!(database.write_without_waiting(insert), Err(StoreError::Busy { .. })));
        writer.execute_batch("COMMIT").unwrap();
        assert_eq!(database.write(insert).unwrap(), 1);
    }

    #[test]
    fn a_file_that_is_no_database_is_damaged_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        fs::write(&file, "a letter to the ministry, longer than a header of a database would be, and more of it")
            .unwrap();
        let before = fs::read(&file).unwrap();
        let error = Database::open(&file, Journaling::Rollback, &SCHEMA).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}
