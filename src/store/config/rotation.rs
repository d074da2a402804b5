//! Another machine key: every login, and where alerts go, is opened with the old one and sealed with the new one.
//!
//! Key and database are two files, and a rotation may be cut off between them. The new key lies beside the old one
//! (`key.next`) until the database holds nothing that the old one sealed; whatever moment it stops at, each secret opens
//! with one of the two, and the next rotation starts from there.

use rusqlite::params;

use crate::store::config::ConfigStore;
use crate::store::config::alerts::seal_again;
use crate::store::config::credentials::store_secret;
use crate::store::error::StoreError;
use crate::store::vault::Vault;

impl ConfigStore {
    /// Makes a new machine key and seals every login, and every secret of an alert, with it; gives how many there were.
    pub fn rotate_key(&mut self) -> Result<usize, StoreError> {
        if self.vault.has_successor() {
            let current = Vault::new(self.vault.key_file());
            self.seal_all_with(&current)?;
            self.vault.drop_successor()?;
        }
        let successor = self.vault.successor()?;
        let sealed = self.seal_all_with(&successor)?;
        self.vault.replace_with(successor)?;
        Ok(sealed)
    }

    fn seal_all_with(&mut self, vault: &Vault) -> Result<usize, StoreError> {
        let mut logins = Vec::new();
        for server in self.servers()? {
            let sealed = "SELECT secret IS NOT NULL FROM server WHERE id = ?1";
            let has_secret: bool = self
                .database
                .read(|connection| Ok(connection.query_row(sealed, params![server.id.0], |row| row.get(0))?))?;
            if has_secret {
                logins.push((self.login(server.id)?, server));
            }
        }
        let alerts = self.opened_alerts()?;
        self.database.write(|transaction| {
            for (login, server) in &logins {
                store_secret(transaction, vault, server.id, &server.url, login)?;
            }
            alerts.iter().try_for_each(|opened| seal_again(transaction, vault, opened))?;
            Ok(logins.len() + alerts.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use secrecy::ExposeSecret;

    use crate::domain::secret::Login;
    use crate::store::config::ConfigStore;
    use crate::store::home::Home;
    use crate::store::testing::add_server;

    fn password(store: &ConfigStore, name: &str) -> String {
        let Login::Basic { password, .. } = store.login(store.server(name).unwrap().id).unwrap() else {
            panic!("another login")
        };
        password.expose_secret().to_owned()
    }

    fn home() -> (tempfile::TempDir, Home, ConfigStore) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = ConfigStore::open(&home).unwrap();
        add_server(&mut store, "a", "https://a.org", "one");
        add_server(&mut store, "b", "https://b.org", "two");
        (folder, home, store)
    }

    #[test]
    fn every_login_opens_with_the_new_key_and_none_with_the_old() {
        let (_folder, home, mut store) = home();
        let old = fs::read(home.key()).unwrap();
        assert_eq!(store.rotate_key().unwrap(), 2);
        let new = fs::read(home.key()).unwrap();
        assert_ne!(old, new);
        assert_eq!((password(&store, "a"), password(&store, "b")), ("one".to_owned(), "two".to_owned()));
        assert_eq!(password(&ConfigStore::open(&home).unwrap(), "a"), "one");
        fs::write(home.key(), old).unwrap();
        let store = ConfigStore::open(&home).unwrap();
        assert!(store.login(store.server("a").unwrap().id).is_err());
    }

    #[test]
    fn a_rotation_that_was_cut_off_loses_nothing_and_can_be_made_again() {
        let (_folder, home, mut store) = home();
        // Cut off before the database was written: the new key opens nothing yet.
        store.vault.successor().unwrap();
        assert_eq!(password(&store, "a"), "one");
        // Cut off after it was written and before the key took its place.
        let successor = store.vault.successor().unwrap();
        store.seal_all_with(&successor).unwrap();
        drop(store);
        let mut store = ConfigStore::open(&home).unwrap();
        assert_eq!(password(&store, "b"), "two");
        assert_eq!(store.rotate_key().unwrap(), 2);
        assert!(!store.vault.has_successor());
        assert_eq!(password(&ConfigStore::open(&home).unwrap(), "b"), "two");
    }
}
