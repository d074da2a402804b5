//! Jobs with their items. Items are rows of their own, so that one can be added or removed without touching the rest.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::domain::cell::CellAddress;
use crate::domain::item::{Item, SourceItem};
use crate::domain::job::Job;
use crate::domain::uid::Uid;
use crate::store::column::{Text, UnknownWord};
use crate::store::config::names::{Name, number_of};
use crate::store::config::servers::server_number;
use crate::store::config::{ConfigStore, Removal};
use crate::store::error::{Kind, Named, StoreError};

/// An item's number in the store. It never changes and is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemId(pub i64);

const JOBS: &str = "SELECT job.id, job.name, source.name, destination.name, source_period_type, \
     destination_period_type, period_shift, combine, read_from FROM job \
     JOIN server AS source ON source.id = job.source JOIN server AS destination ON destination.id = job.destination";

impl ConfigStore {
    /// Keeps a new job.
    pub fn add_job(&mut self, job: &Job) -> Result<(), StoreError> {
        let name = Name::new(Kind::Job, &job.name)?;
        self.database.write(|transaction| {
            let source = server_number(transaction, &job.source)?;
            let destination = server_number(transaction, &job.destination)?;
            transaction
                .execute(
                    "INSERT INTO job (name, name_key, source, destination, source_period_type, \
                     destination_period_type, period_shift, combine, read_from) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                    params![
                        name.text,
                        name.key,
                        source,
                        destination,
                        job.source_period_type,
                        job.destination_period_type,
                        job.period_shift,
                        job.combine,
                        job.read
                    ],
                )
                .map_err(|error| name.taken(Kind::Job, error))?;
            insert_items(transaction, transaction.last_insert_rowid(), &job.items)?;
            Ok(())
        })
    }

    /// Puts a job in the place of the one of that name, all of it: name, settings and items. Routines follow.
    pub fn update_job(&mut self, old_name: &str, job: &Job) -> Result<(), StoreError> {
        let name = Name::new(Kind::Job, &job.name)?;
        self.database.write(|transaction| {
            let id = job_number(transaction, old_name)?;
            let source = server_number(transaction, &job.source)?;
            let destination = server_number(transaction, &job.destination)?;
            transaction
                .execute(
                    "UPDATE job SET name = ?2, name_key = ?3, source = ?4, destination = ?5, source_period_type = ?6, \
                     destination_period_type = ?7, period_shift = ?8, combine = ?9, read_from = ?10 WHERE id = ?1",
                    params![
                        id,
                        name.text,
                        name.key,
                        source,
                        destination,
                        job.source_period_type,
                        job.destination_period_type,
                        job.period_shift,
                        job.combine,
                        job.read
                    ],
                )
                .map_err(|error| name.taken(Kind::Job, error))?;
            transaction.execute("DELETE FROM job_item WHERE job = ?1", [id])?;
            insert_items(transaction, id, &job.items)?;
            refuse_mixed_pairs(transaction, id)
        })
    }

    /// All jobs with their items, by name.
    pub fn jobs(&self) -> Result<Vec<Job>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(&format!("{JOBS} ORDER BY job.name_key"))?;
            let jobs = statement.query_map([], read_job)?.collect::<Result<Vec<_>, _>>()?;
            jobs.into_iter().map(|(id, job)| with_items(connection, id, job)).collect()
        })
    }

    /// The job of that name, in upper or lower case, with its items.
    pub fn job(&self, name: &str) -> Result<Job, StoreError> {
        self.database.read_together(|connection| load_job(connection, job_number(connection, name)?))
    }

    /// The items of a job with their numbers, in order.
    pub fn job_items(&self, job: &str) -> Result<Vec<(ItemId, Item)>, StoreError> {
        self.database.read_together(|connection| load_items(connection, job_number(connection, job)?))
    }

    /// Adds items at the end of a job.
    pub fn add_job_items(&mut self, job: &str, items: &[Item]) -> Result<Vec<ItemId>, StoreError> {
        self.database.write(|transaction| {
            let id = job_number(transaction, job)?;
            insert_items(transaction, id, items)
        })
    }

    /// Takes items out of a job: all of them, or none if one is not there.
    pub fn remove_job_items(&mut self, job: &str, items: &[ItemId]) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            let id = job_number(transaction, job)?;
            let mut statement = transaction.prepare_cached("DELETE FROM job_item WHERE job = ?1 AND id = ?2")?;
            for item in items {
                if statement.execute([id, item.0])? == 0 {
                    return Err(StoreError::not_found(Kind::Item, format!("{} of {job}", item.0)));
                }
            }
            Ok(())
        })
    }

    /// Removes a job; gives the routines that used it. With [`Removal::Cascade`] they stay, without the job.
    pub fn remove_job(&mut self, name: &str, removal: Removal) -> Result<Vec<Named>, StoreError> {
        self.database.write(|transaction| {
            let id = job_number(transaction, name)?;
            let by = routines_of(transaction, id)?;
            if removal == Removal::Refuse && !by.is_empty() {
                return Err(StoreError::InUse { what: Named::new(Kind::Job, name.trim()), by });
            }
            transaction.execute("DELETE FROM routine_job WHERE job = ?1", [id])?;
            transaction.execute("DELETE FROM job WHERE id = ?1", [id])?;
            Ok(by)
        })
    }
}

/// The number of the job of that name.
pub(super) fn job_number(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    number_of(connection, Kind::Job, "job", name)
}

/// The job of that number with its items.
pub(super) fn load_job(connection: &Connection, id: i64) -> Result<Job, StoreError> {
    let (id, job) = connection.query_row(&format!("{JOBS} WHERE job.id = ?1"), [id], read_job)?;
    with_items(connection, id, job)
}

fn routines_of(connection: &Connection, job: i64) -> Result<Vec<Named>, StoreError> {
    let mut statement = connection.prepare(
        "SELECT name FROM routine WHERE id IN (SELECT routine FROM routine_job WHERE job = ?1) ORDER BY name_key",
    )?;
    let names = statement.query_map([job], |row| row.get::<_, String>(0))?;
    let routines = names.map(|name| name.map(|name| Named::new(Kind::Routine, name))).collect::<Result<_, _>>()?;
    Ok(routines)
}

/// A job that moved to another pair must not leave its routines with two.
fn refuse_mixed_pairs(connection: &Connection, job: i64) -> Result<(), StoreError> {
    let mixed: Option<String> = connection
        .query_row(
            "SELECT routine.name FROM routine_job AS mine \
             JOIN routine ON routine.id = mine.routine \
             JOIN routine_job AS other ON other.routine = mine.routine \
             JOIN job AS a ON a.id = mine.job JOIN job AS b ON b.id = other.job \
             WHERE mine.job = ?1 AND (a.source <> b.source OR a.destination <> b.destination) LIMIT 1",
            [job],
            |row| row.get(0),
        )
        .optional()?;
    mixed.map_or(Ok(()), |routine| Err(StoreError::MixedPairs { routine }))
}

/// Reads a row of [`JOBS`].
fn read_job(row: &Row<'_>) -> rusqlite::Result<(i64, Job)> {
    let job = Job {
        name: row.get(1)?,
        source: row.get(2)?,
        destination: row.get(3)?,
        source_period_type: row.get(4)?,
        destination_period_type: row.get(5)?,
        period_shift: row.get(6)?,
        combine: row.get(7)?,
        read: row.get(8)?,
        items: Vec::new(),
    };
    Ok((row.get(0)?, job))
}

fn with_items(connection: &Connection, id: i64, job: Job) -> Result<Job, StoreError> {
    let items = load_items(connection, id)?.into_iter().map(|(_, item)| item).collect();
    Ok(Job { items, ..job })
}

fn load_items(connection: &Connection, job: i64) -> Result<Vec<(ItemId, Item)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, source, source_category_option_combo, source_attribute_option_combo, data_element, \
         category_option_combo, attribute_option_combo, combine, factor, when_empty, note \
         FROM job_item WHERE job = ?1 ORDER BY id",
    )?;
    let items = statement.query_map([job], read_item)?.collect::<Result<_, _>>()?;
    Ok(items)
}

fn read_item(row: &Row<'_>) -> rusqlite::Result<(ItemId, Item)> {
    let id = row.get(2)?;
    let source = match row.get::<_, String>(1)?.as_str() {
        "data_element" => {
            SourceItem::DataElement { id, category_option_combo: row.get(3)?, attribute_option_combo: row.get(4)? }
        }
        "indicator" => SourceItem::Indicator { id },
        "program_indicator" => SourceItem::ProgramIndicator { id },
        other => {
            let unknown = Box::new(UnknownWord::new(other));
            return Err(rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, unknown));
        }
    };
    let item = Item {
        source,
        destination: CellAddress {
            data_element: row.get(5)?,
            category_option_combo: row.get(6)?,
            attribute_option_combo: row.get(7)?,
        },
        combine: row.get(8)?,
        factor: row.get::<_, Option<Text<_>>>(9)?.map(|factor| factor.0),
        when_empty: row.get(10)?,
        note: row.get(11)?,
    };
    Ok((ItemId(row.get(0)?), item))
}

fn insert_items(transaction: &Transaction<'_>, job: i64, items: &[Item]) -> Result<Vec<ItemId>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO job_item (job, kind, source, source_category_option_combo, source_attribute_option_combo, \
         data_element, category_option_combo, attribute_option_combo, combine, factor, when_empty, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut ids = Vec::with_capacity(items.len());
    for item in items {
        let (category_option_combo, attribute_option_combo) = combos(&item.source);
        statement.execute(params![
            job,
            item.source.kind(),
            item.source.id(),
            category_option_combo,
            attribute_option_combo,
            item.destination.data_element,
            item.destination.category_option_combo,
            item.destination.attribute_option_combo,
            item.combine,
            item.factor.as_ref().map(Text),
            item.when_empty,
            item.note
        ])?;
        ids.push(ItemId(transaction.last_insert_rowid()));
    }
    Ok(ids)
}

fn combos(source: &SourceItem) -> (Option<Uid>, Option<Uid>) {
    match source {
        SourceItem::DataElement { category_option_combo, attribute_option_combo, .. } => {
            (*category_option_combo, *attribute_option_combo)
        }
        SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => (None, None),
    }
}
