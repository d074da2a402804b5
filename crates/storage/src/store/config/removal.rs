//! Removing servers, with or without the maps, jobs and routines that use them.

use rusqlite::Connection;

use crate::store::config::servers::by_id;
use crate::store::config::{ConfigStore, Removal};
use crate::store::error::{Kind, Named, StoreError};
use xfer_domain::server::ServerId;

impl ConfigStore {
    /// What uses a server: org unit maps, jobs, and routines of those jobs.
    pub fn uses_of_server(&self, id: ServerId) -> Result<Vec<Named>, StoreError> {
        self.database.read_together(|connection| uses(connection, id))
    }

    /// Removes a server with its secret and metadata; gives what was removed with it. The journals of removed routines
    /// stay.
    pub fn remove_server(&mut self, id: ServerId, removal: Removal) -> Result<Vec<Named>, StoreError> {
        self.database.write(|transaction| {
            let server = by_id(transaction, id)?;
            let by = uses(transaction, id)?;
            if removal == Removal::Refuse && !by.is_empty() {
                return Err(StoreError::InUse { what: Named::new(Kind::Server, server.name), by });
            }
            transaction.execute(
                "DELETE FROM routine WHERE id IN (SELECT routine FROM routine_job JOIN job ON job.id = routine_job.job \
                 WHERE ?1 IN (job.source, job.destination))",
                [id.0],
            )?;
            transaction.execute("DELETE FROM job WHERE ?1 IN (source, destination)", [id.0])?;
            transaction
                .execute("DELETE FROM org_unit_mapping WHERE ?1 IN (source_server, destination_server)", [id.0])?;
            transaction.execute("DELETE FROM server WHERE id = ?1", [id.0])?;
            Ok(by)
        })
    }
}

/// What would be left dangling without the server, in the order in which people think of it.
fn uses(connection: &Connection, id: ServerId) -> Result<Vec<Named>, StoreError> {
    let queries = [
        (
            Kind::OrgUnitMap,
            "SELECT DISTINCT source.name || ' → ' || destination.name FROM org_unit_mapping \
             JOIN server AS source ON source.id = source_server \
             JOIN server AS destination ON destination.id = destination_server \
             WHERE ?1 IN (source_server, destination_server) ORDER BY 1",
        ),
        (Kind::Job, "SELECT name FROM job WHERE ?1 IN (source, destination) ORDER BY name_key"),
        (
            Kind::Routine,
            "SELECT name FROM routine WHERE id IN (SELECT routine FROM routine_job JOIN job \
             ON job.id = routine_job.job WHERE ?1 IN (job.source, job.destination)) ORDER BY name_key",
        ),
    ];
    let mut users = Vec::new();
    for (kind, query) in queries {
        let mut statement = connection.prepare(query)?;
        for name in statement.query_map([id.0], |row| row.get::<_, String>(0))? {
            users.push(Named::new(kind, name?));
        }
    }
    Ok(users)
}

#[cfg(test)]
mod tests {
    use crate::store::config::org_unit_maps::tests::rows;
    use crate::store::config::{ConfigStore, Removal};
    use crate::store::error::{Kind, Named, StoreError};
    use crate::store::testing::{add_server, job, metadata, routine, sync};
    use xfer_domain::metadata::Metadata;
    use xfer_domain::pair::Pair;

    #[test]
    fn a_server_in_use_is_removed_only_with_what_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let source = add_server(&mut store, "tracker", "https://a.org", "x");
        let destination = add_server(&mut store, "national", "https://b.org", "x");
        let other = add_server(&mut store, "other", "https://c.org", "x");
        let pair = Pair { source: source.id, destination: destination.id };
        sync(&mut store, &source, &metadata());
        store.replace_org_unit_map(pair, &rows(3), &|_| None).unwrap();
        store.add_job(&job("malaria", "tracker", "national")).unwrap();
        store.add_job(&job("kept", "other", "national")).unwrap();
        store.add_routine(&routine(1, "monthly", &["malaria"])).unwrap();

        let uses = vec![
            Named::new(Kind::OrgUnitMap, "tracker → national"),
            Named::new(Kind::Job, "malaria"),
            Named::new(Kind::Routine, "monthly"),
        ];
        match store.remove_server(source.id, Removal::Refuse).unwrap_err() {
            StoreError::InUse { by, .. } => assert_eq!(by, uses),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.org_unit_map(pair).unwrap().len(), 3, "a refusal removes nothing");
        assert_eq!(store.uses_of_server(source.id).unwrap(), uses);
        assert_eq!(store.remove_server(source.id, Removal::Cascade).unwrap(), uses);
        assert_eq!(store.org_unit_map(pair).unwrap(), vec![]);
        assert_eq!(store.routines().unwrap(), vec![]);
        assert_eq!(store.jobs().unwrap().len(), 1, "jobs of other servers stay");
        assert_eq!(store.load_metadata(source.id).unwrap(), Metadata::default());
        let again = add_server(&mut store, "tracker", "https://a.org", "x");
        assert!(again.id > other.id, "numbers are not used again");
    }
}
