//! Runs by their ids, which are long, and the numbers that stand for them in the other tables.

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;

use crate::store::column::{Text, Word};
use crate::store::error::{Kind, StoreError};
use xfer_domain::run::RunMode;

/// The number and kind of a run.
pub(super) fn run_number(connection: &Connection, run: Uuid) -> Result<(i64, RunMode), StoreError> {
    find_run(connection, run)?.ok_or_else(|| StoreError::not_found(Kind::Run, run.to_string()))
}

/// The same, or none.
pub(super) fn find_run(connection: &Connection, run: Uuid) -> Result<Option<(i64, RunMode)>, StoreError> {
    let mut select = connection.prepare_cached("SELECT id, mode FROM run WHERE uuid = ?1")?;
    Ok(select.query_row([Text(run)], |row| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0))).optional()?)
}
