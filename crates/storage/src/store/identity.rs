//! Checks that a file is a database of xfer, and of which kind, before it is changed.
//!
//! Each kind has a number of its own in the header (`application_id`). A file of another program, a file of the other
//! kind, an empty one and one that lacks tables are damage: to make our tables in it would hide that what was kept is
//! gone. Files from before there was a number have 0 there; they are known by their version and tables, and get theirs.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::{Connection, MAIN_DB};

use crate::store::error::StoreError;
use crate::store::migrate::{Migration, migrate};

/// The number of the kind, in the header of the file.
const APPLICATION: &str = "application_id";

/// What SQLite keeps beside a database, by the ending of the name. The first two hold changes.
const BESIDE: [&str; 2] = ["-journal", "-wal"];

/// A kind of database.
#[derive(Debug)]
pub(crate) struct Schema {
    /// What it is to people: `the configuration`.
    what: &'static str,
    /// The number of the kind.
    application_id: i32,
    /// What makes its tables.
    pub(crate) migrations: &'static [Migration],
    /// The tables that they make.
    tables: OnceLock<Vec<String>>,
}

/// Whether a file bears the number of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamp {
    /// It does.
    There,
    /// It is from before there was one.
    Missing,
}

impl Schema {
    /// A kind of database.
    pub(crate) const fn new(what: &'static str, application_id: i32, migrations: &'static [Migration]) -> Self {
        Self { what, application_id, migrations, tables: OnceLock::new() }
    }

    /// The tables after so many migrations, as the migrations make them.
    fn tables(&self, seen: usize) -> Result<Vec<String>, StoreError> {
        let is_newest = seen == self.migrations.len();
        if let Some(tables) = self.tables.get().filter(|_| is_newest) {
            return Ok(tables.clone());
        }
        let mut empty = Connection::open_in_memory()?;
        migrate(&mut empty, None, self.migrations.get(..seen).unwrap_or(self.migrations))?;
        let tables = names(&empty)?;
        if is_newest {
            // Another thread came to the same.
            let _ = self.tables.set(tables.clone());
        }
        Ok(tables)
    }
}

/// The content of a new file: its schema, its version and its number.
pub(crate) fn new_database(schema: &Schema) -> Result<Vec<u8>, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, None, schema.migrations)?;
    connection.pragma_update(None, APPLICATION, schema.application_id)?;
    Ok(connection.serialize(MAIN_DB)?.to_vec())
}

/// Refuses what is no file, and a file with nothing in it: SQLite takes it for a new database.
pub(crate) fn check_file(file: &Path, schema: &Schema) -> Result<(), StoreError> {
    let found = std::fs::metadata(file).map_err(|error| StoreError::io("reading", file, error))?;
    if !found.is_file() {
        return Err(damaged(file, format!("{} should be a file, but it is not", schema.what)));
    }
    if found.len() == 0 { Err(damaged(file, "it is empty".to_owned())) } else { Ok(()) }
}

/// Refuses to make a database beside what is left of one that was taken away: SQLite would take the one for the other's.
pub(crate) fn refuse_orphans(file: &Path) -> Result<(), StoreError> {
    let left = beside(file).find(|path| std::fs::metadata(path).is_ok_and(|found| found.len() > 0));
    left.map_or(Ok(()), |left| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Err(damaged(&left, format!("it belongs to `{name}`, which no longer exists")))
    })
}

/// Where changes lie that are not in a file yet.
pub(crate) fn beside(file: &Path) -> impl Iterator<Item = PathBuf> {
    BESIDE.into_iter().map(|ending| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    })
}

/// Refuses a database that is not of this kind. A newer version is refused where versions are compared.
pub(crate) fn check(connection: &Connection, file: &Path, schema: &Schema) -> Result<Stamp, StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (number(APPLICATION)?, number("user_version")?);
    let own = i64::from(schema.application_id);
    if application != 0 && application != own {
        return Err(damaged(file, format!("it is a database, but not {}", schema.what)));
    }
    let found = names(connection)?;
    let newest = schema.tables(schema.migrations.len())?;
    if application == 0 && !newest.iter().any(|table| found.contains(table)) {
        return Err(damaged(file, format!("it has none of the tables of {}", schema.what)));
    }
    let Ok(seen) = usize::try_from(version) else { return Err(damaged(file, format!("its version is {version}"))) };
    if seen <= schema.migrations.len() {
        if seen == 0 {
            return Err(damaged(file, "it does not say which version it has".to_owned()));
        }
        let due = schema.tables(seen)?;
        if let Some(missing) = due.iter().find(|table| !found.contains(table)) {
            return Err(damaged(file, format!("its table {missing} is missing")));
        }
        if let Some(early) = newest.iter().find(|table| found.contains(table) && !due.contains(table)) {
            return Err(damaged(
                file,
                format!("its version is {version}, and it has the table {early} of a later one"),
            ));
        }
    }
    Ok(if application == own { Stamp::There } else { Stamp::Missing })
}

/// Gives a file the number of its kind. Nothing depends on it: where it cannot be written now, it is another time.
pub(crate) fn stamp(connection: &Connection, schema: &Schema, stamp: Stamp) {
    if stamp == Stamp::There {
        return;
    }
    let stamped = connection
        .busy_timeout(std::time::Duration::ZERO)
        .and_then(|()| connection.pragma_update(None, APPLICATION, schema.application_id));
    if let Err(cause) = stamped {
        tracing::debug!(%cause, "a database could not be marked with its kind; the next start tries again");
    }
}

fn names(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(names)
}

fn damaged(file: &Path, reason: String) -> StoreError {
    StoreError::Damaged { file: file.to_owned(), reason }
}
