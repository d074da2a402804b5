//! The config store: what an administrator sets up once, and the copies of the servers' metadata.
//!
//! Every method is one transaction. Names are looked up without regard to upper and lower case and kept as they were
//! typed, without white space at their ends. References between the things kept here are numbers, so that renaming a
//! server or a job is seen everywhere; what the methods take and give are names.

mod alerts;
mod answers;
mod cached_data;
mod cached_org_units;
mod credentials;
mod exports;
mod fingerprints;
mod import;
mod job_items;
mod jobs;
mod login_secret;
mod metadata;
mod names;
mod org_unit_maps;
mod removal;
mod rotation;
mod routines;
mod schema;
mod scripts;
mod servers;
mod tuning;

pub use exports::ExportedFile;
pub use fingerprints::{LookAtItem, LookAtRow};
pub use import::Takeover;
pub use job_items::ItemId;
pub use metadata::{MetadataCounts, SyncedServer};
pub use org_unit_maps::MappingCounts;
pub use servers::{AnalyticsFlags, NewServer, ServerSettings};
pub use tuning::Tuning;

use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use crate::store::database::{Database, Journaling};
use crate::store::error::StoreError;
use crate::store::home::Home;
use crate::store::unlocking::Unlocking;
use crate::store::vault::Vault;

/// The database `config.db` and the vault of its secrets.
#[derive(Debug)]
pub struct ConfigStore {
    database: Database,
    vault: Vault,
}

/// What happens to the things that use what is to be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// They keep it from being removed.
    Refuse,
    /// They are removed with it.
    Cascade,
}

impl ConfigStore {
    /// Opens the store in a home folder; both are made if they are missing. A machine key that needs a passphrase stays
    /// closed.
    pub fn open(home: &Home) -> Result<Self, StoreError> {
        Self::open_with(home, Arc::default())
    }

    /// The same, and says how the passphrase of the machine key is found out when a login is needed.
    pub fn open_with(home: &Home, unlocking: Arc<Unlocking>) -> Result<Self, StoreError> {
        let database = Database::open(&home.config_database(), Journaling::Rollback, &schema::SCHEMA)?;
        Ok(Self { database, vault: Vault::new(home.key(), unlocking) })
    }

    /// Writes what is sealed, in one transaction; meanwhile no other process changes the key.
    ///
    /// A key that is missing is made only where nothing is sealed yet: another one would hide that the old one is gone,
    /// and take its place.
    fn write_sealed<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>, &Vault) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _held = self.vault.hold()?;
        let vault = &self.vault;
        self.database.write(|transaction| {
            if vault.is_missing()? && sealed_secrets(transaction)? > 0 {
                return Err(StoreError::KeyMissing { file: vault.key_file().to_owned() });
            }
            work(transaction, vault)
        })
    }

    /// What is wrong with the database's structure; nothing as a rule. Reads all of it.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.database.faults()
    }

    /// A store that is gone when it is dropped; its key lies in `folder`.
    #[cfg(test)]
    pub(crate) fn in_memory(folder: &std::path::Path) -> Result<Self, StoreError> {
        let database = Database::in_memory(&schema::SCHEMA)?;
        Ok(Self { database, vault: Vault::new(Home::new(folder).key(), Arc::default()) })
    }
}

/// How many passwords, tokens and addresses are sealed.
fn sealed_secrets(connection: &Connection) -> Result<usize, StoreError> {
    let count = "SELECT (SELECT count(*) FROM server WHERE secret IS NOT NULL)
                      + (SELECT count(*) FROM routine_alert WHERE secret IS NOT NULL)";
    let sealed: i64 = connection.query_row(count, [], |row| row.get(0))?;
    Ok(usize::try_from(sealed).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::store::config::ConfigStore;
    use crate::store::error::StoreError;
    use crate::store::home::Home;

    #[test]
    fn a_home_is_made_opened_again_and_refused_when_newer() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().join("xfer"));
        let store = ConfigStore::open(&home).unwrap();
        assert_eq!(store.servers().unwrap(), vec![]);
        assert_eq!(store.faults().unwrap(), Vec::<String>::new());
        assert!(!home.key().exists(), "no key before there is a secret");
        drop(store);
        drop(ConfigStore::open(&home).unwrap());
        let connection = rusqlite::Connection::open(home.config_database()).unwrap();
        connection.pragma_update(None, "user_version", 1000).unwrap();
        drop(connection);
        let error = ConfigStore::open(&home).unwrap_err();
        assert!(matches!(error, StoreError::NewerSchema { found: 1000, .. }), "{error:?}");
    }
}
