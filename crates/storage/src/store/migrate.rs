//! Brings a database's schema up to date, by SQLite's `user_version`.
//!
//! Each database has one list of migrations; `user_version` says how many of them it has seen. Two laws:
//!
//! 1. A migration that was released is never edited, moved or removed. Changes are appended.
//! 2. A database that has seen more migrations than we know was written by a newer program and is refused: what that
//!    program keeps there, we might lose without a message.
//!
//! The missing ones run in one exclusive transaction: a database is never between two versions, and two programs
//! started at once migrate once. Before an older database is changed it is copied to `<file>.v<version>.backup`.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::platform;
use crate::store::error::StoreError;

/// One step from a schema version to the next.
pub(crate) type Migration = fn(&Transaction<'_>) -> rusqlite::Result<()>;

/// SQLite's own number for a schema version, kept in the header of the file.
const VERSION: &str = "user_version";

/// Runs the migrations that the database has not seen. `file` is where it lies; none in memory.
pub(crate) fn migrate(
    connection: &mut Connection,
    file: Option<&Path>,
    migrations: &[Migration],
) -> Result<(), StoreError> {
    let seen = seen(connection, file, migrations)?;
    if seen == migrations.len() {
        return Ok(());
    }
    if seen > 0
        && let Some(file) = file
    {
        back_up(connection, file, seen)?;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Read again: another process may have migrated while we waited for it.
    let seen = self::seen(&transaction, file, migrations)?;
    for migration in migrations.iter().skip(seen) {
        migration(&transaction)?;
    }
    transaction.pragma_update(None, VERSION, supported(migrations))?;
    transaction.commit()?;
    Ok(())
}

fn supported(migrations: &[Migration]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// How many of the migrations the database has seen; refuses a newer one.
fn seen(connection: &Connection, file: Option<&Path>, migrations: &[Migration]) -> Result<usize, StoreError> {
    let version: i64 = connection.pragma_query_value(None, VERSION, |row| row.get(0))?;
    let file = || file.unwrap_or(Path::new(":memory:")).to_owned();
    match usize::try_from(version) {
        Ok(seen) if seen <= migrations.len() => Ok(seen),
        Ok(_) => Err(StoreError::NewerSchema { file: file(), found: version, supported: supported(migrations) }),
        Err(_) => Err(StoreError::Damaged { file: file(), reason: format!("its version is {version}") }),
    }
}

/// Where a database is copied to before it leaves a schema version.
pub(crate) fn backup_of(file: &Path, version: usize) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".v{version}.backup"));
    file.with_file_name(name)
}

/// Copies the database through SQLite, which knows of its journal and locks; a copy of the file's bytes would not.
fn back_up(connection: &Connection, file: &Path, version: usize) -> Result<(), StoreError> {
    let backup = backup_of(file, version);
    let mut unfinished = backup.clone().into_os_string();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = PathBuf::from(unfinished);
    let failed = |error| StoreError::io("backing up to", &backup, error);
    // `VACUUM INTO` takes an empty file as it is: this one, which nobody else may read.
    drop(platform::create_private_file(&unfinished).map_err(failed)?);
    let copied = connection
        .execute("VACUUM INTO ?1", [unfinished.to_string_lossy()])
        .map_err(StoreError::from)
        .and_then(|_| keep(&unfinished, &backup).map_err(failed));
    if copied.is_err() {
        // The first failure is what matters; a file that stays behind is private and harmless.
        let _ = std::fs::remove_file(&unfinished);
    }
    copied
}

/// Takes away copies that killed processes had begun in these folders: the name ends with the number of the process.
pub fn clear_unfinished_backups(folders: &[&Path]) {
    for entry in folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(process_of_unfinished);
        if process.is_some_and(|process| process != std::process::id() && !platform::is_alive(process))
            && entry.file_type().is_ok_and(|kind| kind.is_file())
        {
            // It is private and harmless, and goes the next time.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// The number in `config.db.v3.backup.4711.tmp`.
fn process_of_unfinished(name: &str) -> Option<u32> {
    let (backup, process) = name.strip_suffix(".tmp")?.rsplit_once('.')?;
    let (_, version) = backup.strip_suffix(".backup")?.rsplit_once(".db.v")?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(version) && is_number(process)).then(|| process.parse().ok()).flatten()
}

/// Gives a finished copy its name, synced.
fn keep(unfinished: &Path, backup: &Path) -> std::io::Result<()> {
    platform::open_private_file(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, backup)?;
    backup.parent().map_or(Ok(()), platform::sync_folder)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Migration, backup_of, migrate};
    use crate::store::database::{Database, Journaling};
    use crate::store::error::StoreError;
    use crate::store::identity::Schema;

    const FIRST: Migration = |transaction| transaction.execute_batch("CREATE TABLE a (n INTEGER) STRICT");
    const SECOND: Migration = |transaction| transaction.execute_batch("ALTER TABLE a ADD COLUMN t TEXT");
    const FAILING: Migration =
        |transaction| transaction.execute_batch("CREATE TABLE half (n INTEGER) STRICT; INSERT INTO missing VALUES (1)");

    fn tables(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn running_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, None, &[FIRST, SECOND]).unwrap();
        connection.execute("INSERT INTO a VALUES (1, 'kept')", []).unwrap();
        migrate(&mut connection, None, &[FIRST, SECOND]).unwrap();
        let kept: String = connection.query_row("SELECT t FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "kept");
    }

    #[test]
    fn copies_that_were_not_finished_are_told_from_others() {
        let process = super::process_of_unfinished;
        assert_eq!(process("config.db.v3.backup.4711.tmp"), Some(4711));
        for other in ["config.db.v3.backup", "x.backup.1.tmp", "a.db.v3.backup.x.tmp", "a.db.v3.backup..tmp", "a.tmp"] {
            assert_eq!(process(other), None, "{other}");
        }
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, None, &[FIRST, SECOND]).unwrap();
        let error = migrate(&mut connection, None, &[FIRST]).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 2, supported: 1, .. }), "{error:?}");
        assert!(error.to_string().contains("newer version"));
        connection.pragma_update(None, "user_version", -1).unwrap();
        assert!(matches!(migrate(&mut connection, None, &[FIRST]), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_failing_migration_leaves_the_database_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, None, &[FIRST]).unwrap();
        assert!(migrate(&mut connection, None, &[FIRST, FAILING]).is_err());
        assert_eq!(tables(&connection), 1);
        migrate(&mut connection, None, &[FIRST, SECOND]).unwrap();
    }

    #[test]
    fn an_older_database_is_backed_up_before_it_changes() {
        static OLD: Schema = Schema::new("a test", 7, &[FIRST]);
        static NEW: Schema = Schema::new("a test", 7, &[FIRST, SECOND]);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("test.db");
        let mut database = Database::open(&file, Journaling::Rollback, &OLD).unwrap();
        database.write(|transaction| Ok(transaction.execute("INSERT INTO a VALUES (7)", [])?)).unwrap();
        drop(database);
        let backup = backup_of(&file, 1);
        assert!(!backup.exists(), "a new database has nothing to back up");
        drop(Database::open(&file, Journaling::Rollback, &NEW).unwrap());
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(std::fs::metadata(&backup).unwrap().mode() & 0o777, 0o600);
        }
        let old = Connection::open(&backup).unwrap();
        let version: i64 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let number: i64 = old.query_row("SELECT n FROM a", [], |row| row.get(0)).unwrap();
        assert_eq!((version, number), (1, 7));
        assert_eq!(
            std::fs::read_dir(folder.path())
                .unwrap()
                .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp") })
                .count(),
            0
        );
    }
}
