//! Importing a routine: servers, org unit map, jobs and routine, all or nothing.

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::store::column::Text;
use crate::store::config::names::{BY_NAME, keys};
use crate::store::config::servers::server_number;
use crate::store::config::{ConfigStore, NewServer, alerts, jobs, org_unit_maps, routines, scripts, servers};
use crate::store::error::StoreError;
use xfer_domain::alert::ArmedChannel;
use xfer_domain::job::Job;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::routine::Routine;
use xfer_domain::script::ScriptSource;
use xfer_domain::server::ServerId;

/// A routine with everything that it needs, under the names that it gets here.
#[derive(Debug, Clone)]
pub struct Takeover {
    /// Servers that are not here yet.
    pub servers: Vec<NewServer>,
    /// The name of the source, old or new.
    pub source: String,
    /// The name of the destination, old or new.
    pub destination: String,
    /// Rows for the map of the pair; a row of the same source unit is replaced, all others stay.
    pub org_unit_map: Vec<OrgUnitMapping>,
    /// The jobs; one of the same name is replaced.
    pub jobs: Vec<Job>,
    /// The texts of the scripts that act somewhere in it.
    pub scripts: Vec<ScriptSource>,
    /// The routine; one of the same id is replaced.
    pub routine: Routine,
    /// Who is told how its runs end, in the place of those who are told here.
    pub alerts: Vec<ArmedChannel>,
    /// How often it was exported so far.
    pub revision: u32,
}

impl ConfigStore {
    /// Takes over a routine, without a look at its objects: nothing of a new server was copied yet. Wholly, or not at all where anything does not fit.
    pub fn take_over(&mut self, takeover: &Takeover) -> Result<(), StoreError> {
        self.write_sealed(|transaction, vault| {
            for server in &takeover.servers {
                servers::insert(transaction, vault, server)?;
            }
            let pair = Pair {
                source: ServerId(server_number(transaction, &takeover.source)?),
                destination: ServerId(server_number(transaction, &takeover.destination)?),
            };
            org_unit_maps::merge(transaction, pair, &takeover.org_unit_map, &|_| None)?;
            for script in &takeover.scripts {
                scripts::keep(transaction, script)?;
            }
            for job in &takeover.jobs {
                let known: Option<String> = transaction
                    .query_row(&format!("SELECT name FROM job WHERE {BY_NAME}"), keys(&job.name), |row| row.get(0))
                    .optional()?;
                match known {
                    Some(name) => jobs::replace(transaction, &name, job, &|_| None)?,
                    None => jobs::insert(transaction, job)?,
                }
            }
            let exists = "SELECT count(*) FROM routine WHERE id = ?1";
            let known: i64 = transaction.query_row(exists, [Text(takeover.routine.id)], |row| row.get(0))?;
            if known > 0 {
                routines::replace(transaction, &takeover.routine)?;
            } else {
                routines::insert(transaction, &takeover.routine)?;
            }
            alerts::replace_all(transaction, vault, takeover.routine.id, &takeover.alerts)?;
            set_revision(transaction, takeover.routine.id, takeover.revision)
        })
    }

    /// Counts an export of a routine: the number of the file that is about to be written.
    pub fn next_revision(&mut self, routine: &Routine) -> Result<u32, StoreError> {
        self.database.write(|transaction| {
            let revision = revision(transaction, routine)?.saturating_add(1);
            set_revision(transaction, routine.id, revision)?;
            Ok(revision)
        })
    }
}

fn revision(transaction: &Transaction<'_>, routine: &Routine) -> Result<u32, StoreError> {
    let revision = "SELECT revision FROM routine WHERE id = ?1";
    transaction
        .query_row(revision, [Text(routine.id)], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::not_found(crate::store::error::Kind::Routine, &routine.name))
}

/// A number never goes back: an older file that is imported must not make the next export look old.
fn set_revision(transaction: &Transaction<'_>, routine: Uuid, revision: u32) -> Result<(), StoreError> {
    transaction
        .execute("UPDATE routine SET revision = max(revision, ?2) WHERE id = ?1", params![Text(routine), revision])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::Takeover;
    use crate::store::config::org_unit_maps::tests::rows;
    use crate::store::config::{ConfigStore, NewServer};
    use crate::store::error::StoreError;
    use crate::store::testing::{job, routine};
    use xfer_domain::job::Job;
    use xfer_domain::pair::Pair;
    use xfer_domain::routine::Routine;
    use xfer_domain::secret::Login;
    use xfer_domain::server::BaseUrl;

    fn takeover() -> Takeover {
        let server = |name: &str| NewServer {
            name: name.to_owned(),
            url: BaseUrl::parse(&format!("https://{name}.org")).unwrap(),
            login: Login::Token(SecretString::from("t")),
            allow_http: false,
            certificates: None,
        };
        Takeover {
            servers: vec![server("a"), server("b")],
            source: "a".to_owned(),
            destination: "b".to_owned(),
            org_unit_map: rows(5),
            jobs: vec![job("malaria", "a", "b")],
            scripts: Vec::new(),
            routine: routine(1, "monthly", &["malaria"]),
            alerts: Vec::new(),
            revision: 3,
        }
    }

    #[test]
    fn everything_is_taken_over_once_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let first = takeover();
        store.take_over(&first).unwrap();
        let pair = Pair { source: store.server("a").unwrap().id, destination: store.server("b").unwrap().id };
        assert_eq!(store.org_unit_map(pair).unwrap(), first.org_unit_map);
        assert_eq!(store.job("malaria").unwrap(), first.jobs[0]);
        assert_eq!(store.routine("monthly").unwrap(), first.routine);
        let Login::Token(token) = store.login(pair.source).unwrap() else { panic!("another login") };
        assert_eq!(token.expose_secret(), "t");
        assert_eq!(store.next_revision(&first.routine).unwrap(), 4);

        let jobs = vec![Job { items: vec![], ..job("Malaria", "a", "b") }];
        let routine = Routine { name: "quarterly".to_owned(), ..first.routine.clone() };
        let again = Takeover { servers: vec![], jobs: jobs.clone(), routine, ..first };
        store.take_over(&again).unwrap();
        assert_eq!(store.jobs().unwrap(), jobs);
        assert_eq!(store.routines().unwrap().len(), 1);
        assert_eq!(store.next_revision(&again.routine).unwrap(), 5, "an older file does not set the number back");
    }

    #[test]
    fn what_does_not_fit_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let unfit = Takeover { routine: routine(1, "monthly", &["malaria", "missing"]), ..takeover() };
        assert!(matches!(store.take_over(&unfit), Err(StoreError::NotFound(_))));
        assert!(store.servers().unwrap().is_empty() && store.jobs().unwrap().is_empty());
    }
}
