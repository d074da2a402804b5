//! Routines, and the documents that runs are made from.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use crate::store::column::{ByName, Columns, Json, JsonList, Text};
use crate::store::config::ConfigStore;
use crate::store::config::alerts;
use crate::store::config::job_items::job_number;
use crate::store::config::names::{BY_NAME, Name, keys};
use crate::store::error::{Kind, StoreError};
use xfer_domain::pair::Pair;
use xfer_domain::routine::{Policies, Routine};
use xfer_domain::server::ServerId;

const COLUMNS: &str = "id, name, window, only_changed, verify, when_empty, max_change, max_delete, tolerate_unmapped, \
     max_analytics_age_hours, parallel, scripts, max_delete_share";

impl ConfigStore {
    /// Keeps a new routine; who is told of it is added by itself.
    pub fn add_routine(&mut self, routine: &Routine) -> Result<(), StoreError> {
        self.database.write(|transaction| insert(transaction, routine))
    }

    /// Puts a routine in the place of the one of the same id. It may have another name. Its alerts stay as they are.
    pub fn update_routine(&mut self, routine: &Routine) -> Result<(), StoreError> {
        self.database.write(|transaction| replace(transaction, routine))
    }

    /// All routines, by name.
    pub fn routines(&self) -> Result<Vec<Routine>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM routine ORDER BY name_key"))?;
            let routines = statement.query_map([], read_routine)?.collect::<Result<Vec<_>, _>>()?;
            routines.into_iter().map(|routine| completed(connection, routine)).collect()
        })
    }

    /// The routine of that name, in upper or lower case.
    pub fn routine(&self, name: &str) -> Result<Routine, StoreError> {
        self.database.read_together(|connection| {
            let routine = connection
                .query_row(&format!("SELECT {COLUMNS} FROM routine WHERE {BY_NAME}"), keys(name), read_routine)
                .optional()?
                .ok_or_else(|| StoreError::not_found(Kind::Routine, name))?;
            completed(connection, routine)
        })
    }

    /// Removes a routine; gives what it was. Its journal stays.
    pub fn remove_routine(&mut self, name: &str) -> Result<Routine, StoreError> {
        let routine = self.routine(name)?;
        self.database.write(|transaction| {
            transaction.execute("DELETE FROM routine WHERE id = ?1", [Text(routine.id)])?;
            Ok(routine)
        })
    }

    /// The pair that a routine's jobs move values of; none without a job.
    pub fn routine_pair(&self, routine: Uuid) -> Result<Option<Pair>, StoreError> {
        self.database.read(|connection| Ok(pairs(connection, routine)?.into_iter().next()))
    }
}

/// Keeps a new routine.
pub(super) fn insert(transaction: &Transaction<'_>, routine: &Routine) -> Result<(), StoreError> {
    write(
        transaction,
        routine,
        "INSERT INTO routine (id, name, name_key, window, only_changed, verify, when_empty, max_change, max_delete, \
         tolerate_unmapped, max_analytics_age_hours, parallel, scripts, max_delete_share) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?;
    insert_jobs(transaction, routine)
}

/// Puts a routine in the place of the one of the same id.
pub(super) fn replace(transaction: &Transaction<'_>, routine: &Routine) -> Result<(), StoreError> {
    let changed = write(
        transaction,
        routine,
        "UPDATE routine SET name = ?2, name_key = ?3, window = ?4, only_changed = ?5, verify = ?6, when_empty = ?7, \
         max_change = ?8, max_delete = ?9, tolerate_unmapped = ?10, max_analytics_age_hours = ?11, parallel = ?12, \
         scripts = ?13, max_delete_share = ?14 WHERE id = ?1",
    )?;
    if changed == 0 {
        return Err(StoreError::not_found(Kind::Routine, &routine.name));
    }
    transaction.execute("DELETE FROM routine_job WHERE routine = ?1", [Text(routine.id)])?;
    insert_jobs(transaction, routine)
}

/// Writes a routine's own columns, in one order for every statement; gives how many rows that was.
fn write(transaction: &Transaction<'_>, routine: &Routine, statement: &str) -> Result<usize, StoreError> {
    let name =
        Name::new(Kind::Routine, &routine.name)?.or_kept(transaction, "routine", &Text(routine.id), &routine.name)?;
    transaction
        .execute(
            statement,
            params![
                Text(routine.id),
                name.text,
                name.key,
                Json(&routine.window),
                routine.policies.only_changed,
                routine.policies.verify,
                ByName(routine.policies.when_empty),
                routine.policies.max_change,
                routine.policies.max_delete,
                routine.policies.tolerate_unmapped,
                routine.policies.max_analytics_age_hours,
                routine.policies.parallel,
                JsonList(routine.scripts.as_slice()),
                routine.policies.max_delete_share
            ],
        )
        .map_err(|error| name.taken(Kind::Routine, error))
}

/// The pairs of a routine's jobs: one, unless something is wrong.
fn pairs(connection: &Connection, routine: Uuid) -> Result<Vec<Pair>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT source, destination FROM routine_job JOIN job ON job.id = routine_job.job WHERE routine = ?1",
    )?;
    let pairs = statement
        .query_map([Text(routine)], |row| {
            Ok(Pair { source: ServerId(row.get(0)?), destination: ServerId(row.get(1)?) })
        })?
        .collect::<Result<_, _>>()?;
    Ok(pairs)
}

fn insert_jobs(transaction: &Transaction<'_>, routine: &Routine) -> Result<(), StoreError> {
    let mut statement =
        transaction.prepare_cached("INSERT INTO routine_job (routine, position, job) VALUES (?1, ?2, ?3)")?;
    for (position, job) in (0_i64..).zip(&routine.jobs) {
        statement.execute(params![Text(routine.id), position, job_number(transaction, job)?])?;
    }
    if pairs(transaction, routine.id)?.len() > 1 {
        return Err(StoreError::MixedPairs { routine: routine.name.clone() });
    }
    Ok(())
}

/// Reads a row of [`COLUMNS`].
fn read_routine(row: &Row<'_>) -> rusqlite::Result<Routine> {
    Ok(Routine {
        id: row.get::<_, Text<_>>(0)?.0,
        name: row.get(1)?,
        jobs: Vec::new(),
        window: row.get::<_, Json<_>>(2)?.0,
        policies: Policies {
            only_changed: row.get(3)?,
            verify: row.get(4)?,
            when_empty: row.named(5)?,
            max_change: row.get(6)?,
            max_delete: row.get(7)?,
            max_delete_share: row.get(12)?,
            tolerate_unmapped: row.get(8)?,
            max_analytics_age_hours: row.get(9)?,
            parallel: row.get(10)?,
        },
        scripts: row.get::<_, JsonList<_>>(11)?.0,
        alerts: Vec::new(),
    })
}

fn completed(connection: &Connection, routine: Routine) -> Result<Routine, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT job.name FROM routine_job JOIN job ON job.id = routine_job.job WHERE routine = ?1 ORDER BY position",
    )?;
    let jobs = statement.query_map([Text(routine.id)], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Routine { jobs, alerts: alerts::channels(connection, routine.id)?, ..routine })
}

#[cfg(test)]
mod tests {
    use crate::store::config::ConfigStore;
    use crate::store::error::StoreError;
    use crate::store::testing::{add_server, job, routine};
    use xfer_domain::pair::Pair;
    use xfer_domain::routine::Routine;

    #[test]
    fn a_routine_is_kept_changed_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let source = add_server(&mut store, "a", "https://a.org", "x").id;
        let destination = add_server(&mut store, "b", "https://b.org", "x").id;
        for name in ["one", "two"] {
            store.add_job(&job(name, "a", "b")).unwrap();
        }
        let monthly = routine(7, "Monthly", &["two", "one"]);
        store.add_routine(&monthly).unwrap();
        assert_eq!(store.routine("monthly").unwrap(), monthly);
        assert_eq!(store.routine_pair(monthly.id).unwrap(), Some(Pair { source, destination }));
        assert!(matches!(store.add_routine(&routine(8, "MONTHLY", &[])), Err(StoreError::AlreadyExists(_))));
        assert!(matches!(store.add_routine(&routine(8, "x", &["missing"])), Err(StoreError::NotFound(_))));

        let changed = Routine { name: "quarterly".to_owned(), jobs: vec![], ..monthly };
        store.update_routine(&changed).unwrap();
        assert_eq!(store.routines().unwrap(), vec![changed.clone()]);
        assert_eq!(store.routine_pair(changed.id).unwrap(), None);
        assert!(matches!(store.update_routine(&routine(9, "new", &[])), Err(StoreError::NotFound(_))));
        assert_eq!(store.remove_routine("Quarterly").unwrap(), changed);
        assert!(matches!(store.routine("quarterly"), Err(StoreError::NotFound(_))));
    }
}
