//! Jobs with their items. Items are rows of their own, so that one can be added or removed without touching the rest.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::store::column::{ByName, Columns, JsonList, Text};
use crate::store::config::fingerprints::{LookAtItem, items_seen, keep_items};
use crate::store::config::job_items::{ItemId, insert_items, job_number, load_items};
use crate::store::config::names::Name;
use crate::store::config::servers::server_number;
use crate::store::config::{ConfigStore, Removal};
use crate::store::error::{Kind, Named, StoreError};
use xfer_domain::item::Item;
use xfer_domain::job::Job;

const JOBS: &str = "SELECT job.id, job.name, source.name, destination.name, source_period_type, \
     destination_period_type, period_shift, combine, read_from, round, coverage, scripts, comments FROM job \
     JOIN server AS source ON source.id = job.source JOIN server AS destination ON destination.id = job.destination";

impl ConfigStore {
    /// Keeps a new job.
    pub fn add_job(&mut self, job: &Job) -> Result<(), StoreError> {
        self.database.write(|transaction| insert(transaction, job))
    }

    /// Puts a job in the place of the one of that name, all of it: name, settings and items. Routines follow. Items
    /// that are new or changed are looked at.
    pub fn update_job(&mut self, old_name: &str, job: &Job, look: LookAtItem<'_>) -> Result<(), StoreError> {
        self.database.write(|transaction| replace(transaction, old_name, job, look))
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

/// Keeps a new job.
pub(super) fn insert(transaction: &Transaction<'_>, job: &Job) -> Result<(), StoreError> {
    let name = Name::new(Kind::Job, &job.name)?;
    let source = server_number(transaction, &job.source)?;
    let destination = server_number(transaction, &job.destination)?;
    transaction
        .execute(
            "INSERT INTO job (name, name_key, source, destination, source_period_type, \
             destination_period_type, period_shift, combine, read_from, round, coverage, scripts, comments) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            params![
                name.text,
                name.key,
                source,
                destination,
                ByName(job.source_period_type),
                ByName(job.destination_period_type),
                job.period_shift,
                ByName(job.combine),
                ByName(job.read),
                job.round.map(Text),
                job.coverage.map(Text),
                JsonList(job.scripts.as_slice()),
                ByName(job.comments)
            ],
        )
        .map_err(|error| name.taken(Kind::Job, error))?;
    insert_items(transaction, transaction.last_insert_rowid(), &job.items)?;
    Ok(())
}

/// Puts a job in the place of the one of that name.
pub(super) fn replace(
    transaction: &Transaction<'_>,
    old_name: &str,
    job: &Job,
    look: LookAtItem<'_>,
) -> Result<(), StoreError> {
    let id = job_number(transaction, old_name)?;
    let name = Name::new(Kind::Job, &job.name)?.or_kept(transaction, "job", &id, &job.name)?;
    let source = server_number(transaction, &job.source)?;
    let destination = server_number(transaction, &job.destination)?;
    transaction
        .execute(
            "UPDATE job SET name = ?2, name_key = ?3, source = ?4, destination = ?5, source_period_type = ?6, \
             destination_period_type = ?7, period_shift = ?8, combine = ?9, read_from = ?10, \
             round = ?11, coverage = ?12, scripts = ?13, comments = ?14 WHERE id = ?1",
            params![
                id,
                name.text,
                name.key,
                source,
                destination,
                ByName(job.source_period_type),
                ByName(job.destination_period_type),
                job.period_shift,
                ByName(job.combine),
                ByName(job.read),
                job.round.map(Text),
                job.coverage.map(Text),
                JsonList(job.scripts.as_slice()),
                ByName(job.comments)
            ],
        )
        .map_err(|error| name.taken(Kind::Job, error))?;
    let seen = items_seen(transaction, id)?;
    transaction.execute("DELETE FROM job_item WHERE job = ?1", [id])?;
    let ids = insert_items(transaction, id, &job.items)?;
    keep_items(transaction, &job.items, &ids, &seen, look)?;
    refuse_mixed_pairs(transaction, id)
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
        source_period_type: row.named(4)?,
        destination_period_type: row.named(5)?,
        period_shift: row.get(6)?,
        combine: row.named(7)?,
        read: row.named(8)?,
        round: row.get::<_, Option<Text<_>>>(9)?.map(|rounding| rounding.0),
        coverage: row.get::<_, Option<Text<_>>>(10)?.map(|coverage| coverage.0),
        scripts: row.get::<_, JsonList<_>>(11)?.0,
        comments: row.named_if_any(12)?.unwrap_or_default(),
        items: Vec::new(),
    };
    Ok((row.get(0)?, job))
}

fn with_items(connection: &Connection, id: i64, job: Job) -> Result<Job, StoreError> {
    let items = load_items(connection, id)?.into_iter().map(|(_, item)| item).collect();
    Ok(Job { items, ..job })
}

#[cfg(test)]
mod tests {
    use crate::store::config::{ConfigStore, ItemId, Removal};
    use crate::store::error::{Kind, Named, StoreError};
    use crate::store::testing::{add_server, items, job, routine, uid};
    use xfer_domain::data_item::ReportingMetric;
    use xfer_domain::item::{Combine, Item, SourceItem};
    use xfer_domain::job::Job;

    fn store() -> (tempfile::TempDir, ConfigStore) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        for name in ["a", "b", "c"] {
            add_server(&mut store, name, "https://a.org", "x");
        }
        (folder, store)
    }

    #[test]
    fn a_job_is_kept_as_it_is() {
        let (_folder, mut store) = store();
        let malaria = job("Malaria", "a", "b");
        store.add_job(&malaria).unwrap();
        store.add_job(&Job { items: vec![], ..job("hiv", "b", "a") }).unwrap();
        assert_eq!(store.job("MALARIA").unwrap(), malaria);
        let names: Vec<String> = store.jobs().unwrap().into_iter().map(|job| job.name).collect();
        assert_eq!(names, ["hiv", "Malaria"]);
        assert!(matches!(store.add_job(&job("malaria", "a", "b")), Err(StoreError::AlreadyExists(_))));
        let nowhere = store.add_job(&job("new", "a", "nowhere")).unwrap_err();
        assert_eq!(nowhere.to_string(), "there is no server `nowhere`");
        assert!(matches!(store.job("new"), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn a_reporting_rate_is_kept_with_its_metric() {
        let (_folder, mut store) = store();
        let rate =
            |metric| Item { source: SourceItem::ReportingRate { data_set: uid('s', 1), metric }, ..items()[0].clone() };
        let job = Job { items: ReportingMetric::ALL.map(rate).to_vec(), ..job("rates", "a", "b") };
        store.add_job(&job).unwrap();
        assert_eq!(store.job("rates").unwrap(), job);
    }

    #[test]
    fn servers_and_jobs_may_be_renamed_under_a_routine() {
        let (_folder, mut store) = store();
        store.add_job(&job("malaria", "a", "b")).unwrap();
        store.add_routine(&routine(1, "monthly", &["malaria"])).unwrap();
        let renamed = Job { name: "Paludisme".to_owned(), combine: Combine::Last, ..job("", "A", "b") };
        store.update_job("malaria", &renamed, &|_| None).unwrap();
        store.rename_server(store.server("a").unwrap().id, "tracker").unwrap();
        assert_eq!(store.job("paludisme").unwrap(), Job { source: "tracker".to_owned(), ..renamed });
        assert_eq!(store.routine("monthly").unwrap().jobs, ["Paludisme"]);
    }

    #[test]
    fn a_job_cannot_leave_the_pair_of_its_routine() {
        let (_folder, mut store) = store();
        for name in ["one", "two"] {
            store.add_job(&job(name, "a", "b")).unwrap();
        }
        store.add_routine(&routine(1, "monthly", &["one", "two"])).unwrap();
        let moved = store.update_job("one", &job("one", "a", "c"), &|_| None);
        assert!(matches!(moved, Err(StoreError::MixedPairs { .. })), "{moved:?}");
        assert_eq!(store.job("one").unwrap().destination, "b");
        store.add_job(&job("three", "a", "c")).unwrap();
        let mixed = store.add_routine(&routine(2, "mixed", &["one", "three"]));
        assert!(matches!(mixed, Err(StoreError::MixedPairs { .. })), "{mixed:?}");
        assert_eq!(store.routines().unwrap().len(), 1);
    }

    #[test]
    fn items_come_and_go_singly() {
        let (_folder, mut store) = store();
        store.add_job(&job("malaria", "a", "b")).unwrap();
        let added = store.add_job_items("malaria", &items()[..1]).unwrap();
        let kept = store.job_items("malaria").unwrap();
        assert_eq!(kept.len(), 4);
        assert_eq!(kept[3], (added[0], items()[0].clone()));
        let failed = store.remove_job_items("malaria", &[kept[0].0, ItemId(999)]);
        assert!(matches!(failed, Err(StoreError::NotFound(_))));
        assert_eq!(store.job_items("malaria").unwrap().len(), 4, "all or none");
        store.remove_job_items("malaria", &[kept[0].0, kept[2].0]).unwrap();
        assert_eq!(store.job_items("malaria").unwrap(), [kept[1].clone(), kept[3].clone()]);
    }

    #[test]
    fn a_job_in_use_is_removed_only_on_demand() {
        let (_folder, mut store) = store();
        for name in ["one", "two"] {
            store.add_job(&job(name, "a", "b")).unwrap();
        }
        store.add_routine(&routine(1, "monthly", &["two", "one"])).unwrap();
        let refused = store.remove_job("two", Removal::Refuse).unwrap_err();
        assert_eq!(refused.to_string(), "the job `two` is still used by routine `monthly`");
        assert_eq!(store.remove_job("two", Removal::Cascade).unwrap(), [Named::new(Kind::Routine, "monthly")]);
        assert_eq!(store.routine("monthly").unwrap().jobs, ["one"]);
        assert_eq!(store.remove_job("nothing", Removal::Cascade).unwrap_err().to_string(), "there is no job `nothing`");
    }
}
