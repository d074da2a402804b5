//! Machine-key rotation, and changing its passphrase.
//!
//! Key and database are two files, and a rotation may be cut off between them. The new key lies beside the old one
//! (`key.next`) until the database holds nothing that the old one sealed; whatever moment it stops at, each secret opens
//! with one of the two, and the next rotation starts from there.
//!
//! With nothing sealed, both keys are left alone: a configuration that is new, because the old one was moved away, must
//! not cost the key that opens the old one.
//!
//! Two processes that change the key at one time would each undo what the other did, so that they wait for one another
//! ([`Vault::hold`]), and so does whoever seals something meanwhile.

use secrecy::SecretString;

use crate::store::config::alerts::{seal_alerts_again, try_alerts};
use crate::store::config::credentials::{seal_logins_again, try_logins};
use crate::store::config::{ConfigStore, sealed_secrets};
use crate::store::error::StoreError;
use crate::store::vault::{Missing, Vault};

impl ConfigStore {
    /// Makes a new machine key and seals every login, and every secret of an alert, with it; gives how many there were.
    /// With none, the key stays.
    pub fn rotate_key(&mut self) -> Result<usize, StoreError> {
        let _held = self.vault.hold()?;
        if self.sealed()? == 0 {
            return Ok(0);
        }
        if self.vault.is_missing()? {
            return Err(StoreError::KeyMissing { file: self.vault.key_file().to_owned() });
        }
        self.finish_rotation()?;
        let successor = self.vault.successor()?;
        let sealed = match self.seal_all_with(&successor) {
            Ok(sealed) => sealed,
            Err(error) => {
                // Nothing was sealed with it, as a rule. Where that cannot be seen it stays, and the next rotation goes on.
                if self.opens_with_its_key_alone() {
                    let _ = self.vault.drop_successor();
                }
                return Err(error);
            }
        };
        self.vault.replace_with(successor)?;
        Ok(sealed)
    }

    /// Gives up everything that a key sealed which is gone for good, so that logins can be entered again; gives how much
    /// it was. None if there is a key: nothing is given up then.
    pub fn forget_secrets(&mut self) -> Result<Option<usize>, StoreError> {
        let _held = self.vault.hold()?;
        if !self.vault.is_missing()? {
            return Ok(None);
        }
        self.database.write(|transaction| {
            let logins = transaction.execute("UPDATE server SET secret = NULL WHERE secret IS NOT NULL", [])?;
            let alerts = transaction.execute("UPDATE routine_alert SET secret = NULL WHERE secret IS NOT NULL", [])?;
            Ok(Some(logins + alerts))
        })
    }

    /// Whether every secret that is kept opens without the next key.
    fn opens_with_its_key_alone(&self) -> bool {
        let Ok(alone) = self.vault.without_successor() else { return false };
        let tried = self.database.read_together(|connection| {
            try_logins(connection, &alone)?;
            try_alerts(connection, &alone)
        });
        tried.is_ok()
    }

    fn sealed(&self) -> Result<usize, StoreError> {
        self.database.read(sealed_secrets)
    }

    /// Opens the machine key, if it needs a passphrase: for what should fail before anything else is done.
    pub fn unlock_key(&self) -> Result<(), StoreError> {
        self.vault.unlock()
    }

    /// Seals the machine key with a passphrase, or takes the passphrase off it. The key is made if nothing was sealed
    /// yet.
    pub fn protect_key(&mut self, passphrase: Option<SecretString>) -> Result<(), StoreError> {
        let _held = self.vault.hold()?;
        // Its next key lies there under the passphrase that the key had at that time.
        self.finish_rotation()?;
        let missing = if self.sealed()? == 0 { Missing::Make } else { Missing::Fail };
        self.vault.protect(passphrase, missing)
    }

    /// Seals with the current key what a rotation that was cut off had sealed with the next one.
    fn finish_rotation(&mut self) -> Result<(), StoreError> {
        if self.vault.has_successor() && self.sealed()? > 0 {
            // Before the database is closed to others, because it may ask a person.
            self.vault.unlock()?;
            let current = self.vault.same();
            self.seal_all_with(&current)?;
            self.vault.drop_successor()?;
        }
        Ok(())
    }

    fn seal_all_with(&mut self, vault: &Vault) -> Result<usize, StoreError> {
        let opening = &self.vault;
        // Read in the transaction that writes them: what another process keeps in between would be undone.
        self.database.write(|transaction| {
            let logins = seal_logins_again(transaction, opening, vault)?;
            Ok(logins + seal_alerts_again(transaction, opening, vault)?)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{BufRead, BufReader, Write};
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use secrecy::{ExposeSecret, SecretString};

    use crate::store::config::ConfigStore;
    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::testing::{add_server, basic};
    use crate::store::unlocking::Unlocking;
    use xfer_domain::secret::Login;

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

    #[test]
    fn whoever_has_the_key_of_before_a_rotation_reads_it_again_once() {
        let (_folder, home, store) = home();
        assert_eq!(password(&store, "a"), "one", "it knows the old key");
        ConfigStore::open(&home).unwrap().rotate_key().unwrap();
        assert_eq!((password(&store, "a"), password(&store, "b")), ("one".to_owned(), "two".to_owned()));
        // What opens with no key is said as ever.
        fs::write(home.key(), [7; 32]).unwrap();
        let other = ConfigStore::open(&home).unwrap();
        let refused = other.login(other.server("a").unwrap().id).unwrap_err();
        assert!(matches!(refused, StoreError::Sealed { .. }), "{refused:?}");
    }

    const PASSPHRASE: &str = "moringa kasava tilapia";

    /// Somebody who knows a passphrase, and counts how often she is asked.
    fn knows(passphrase: &'static str) -> (Arc<Unlocking>, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let unlocking = Unlocking::by(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(SecretString::from(passphrase))
        });
        (Arc::new(unlocking), asked)
    }

    fn protected() -> (tempfile::TempDir, Home) {
        let (folder, home, mut store) = home();
        let key = fs::read(home.key()).unwrap();
        store.protect_key(Some(SecretString::from(PASSPHRASE))).unwrap();
        assert_eq!(password(&store, "a"), "one", "who protected it goes on");
        assert!(!fs::read(home.key()).unwrap().windows(8).any(|part| key.windows(8).any(|of_key| part == of_key)));
        (folder, home)
    }

    #[test]
    fn a_protected_key_opens_with_its_passphrase_which_is_asked_for_once() {
        let (_folder, home) = protected();
        let (right, asked) = knows(PASSPHRASE);
        let store = ConfigStore::open_with(&home, Arc::clone(&right)).unwrap();
        assert_eq!((store.servers().unwrap().len(), asked.load(Ordering::SeqCst)), (2, 0), "nothing secret was needed");
        assert_eq!((password(&store, "a"), password(&store, "b")), ("one".to_owned(), "two".to_owned()));
        let again = ConfigStore::open_with(&home, right).unwrap();
        assert_eq!((password(&again, "a"), asked.load(Ordering::SeqCst)), ("one".to_owned(), 1));

        let id = store.server("a").unwrap().id;
        let (wrong, asked) = knows("another one altogether");
        let store = ConfigStore::open_with(&home, wrong).unwrap();
        for times in 1..=2 {
            let error = store.login(id).unwrap_err();
            assert!(matches!(error, StoreError::WrongPassphrase { .. }), "{error:?}");
            assert_eq!(asked.load(Ordering::SeqCst), times, "what does not fit is not kept");
        }
        let error = ConfigStore::open(&home).unwrap().login(id).unwrap_err();
        assert!(matches!(error, StoreError::KeyClosed { .. }), "{error:?}");
    }

    #[test]
    fn a_key_stays_protected_when_it_is_rotated_and_can_be_left_without() {
        let (_folder, home) = protected();
        let before = fs::read(home.key()).unwrap();
        let open = |unlocking| ConfigStore::open_with(&home, unlocking).unwrap();
        open(knows(PASSPHRASE).0).rotate_key().unwrap();
        let after = fs::read(home.key()).unwrap();
        assert_ne!(before, after);
        assert!(ConfigStore::open(&home).unwrap().unlock_key().is_err());
        assert_eq!(password(&open(knows(PASSPHRASE).0), "b"), "two");
        // Another passphrase.
        open(knows(PASSPHRASE).0).protect_key(Some(SecretString::from("sorghum by the river"))).unwrap();
        assert!(open(knows(PASSPHRASE).0).unlock_key().is_err());
        open(knows("sorghum by the river").0).protect_key(None).unwrap();
        assert_eq!(fs::read(home.key()).unwrap().len(), 32);
        assert_eq!(password(&ConfigStore::open(&home).unwrap(), "a"), "one");
        assert!(open(knows(PASSPHRASE).0).rotate_key().is_ok(), "nobody is asked any more");
    }

    #[test]
    fn whatever_moment_a_protected_rotation_is_cut_off_at_nothing_is_lost() {
        let (folder, home) = protected();
        let open = || ConfigStore::open_with(&home, knows(PASSPHRASE).0).unwrap();
        // Cut off while the file was written: what was begun lies beside it.
        fs::write(folder.path().join(".xfer-abc.tmp"), "xfer-machine-key/1 argon2id 655").unwrap();
        assert_eq!(password(&open(), "a"), "one");
        // Cut off when the next key lay there, and when the database held what it seals.
        open().vault.successor().unwrap();
        assert_eq!(password(&open(), "a"), "one");
        let mut store = open();
        let successor = store.vault.successor().unwrap();
        store.seal_all_with(&successor).unwrap();
        assert!(!fs::read(home.key().with_extension("next")).unwrap().is_empty());
        assert_eq!(password(&open(), "b"), "two");
        // Another passphrase at that moment finishes what was begun, so that no file needs the old one.
        open().protect_key(Some(SecretString::from("sorghum by the river"))).unwrap();
        let store = ConfigStore::open_with(&home, knows("sorghum by the river").0).unwrap();
        assert_eq!((password(&store, "a"), password(&store, "b")), ("one".to_owned(), "two".to_owned()));
        assert!(!store.vault.has_successor());
    }

    #[test]
    fn what_is_sealed_after_another_process_changed_the_key_is_sealed_with_that_one() {
        let (_folder, home, mut store) = home();
        let id = store.server("a").unwrap().id;
        assert_eq!(password(&store, "a"), "one", "it knows the old key");
        ConfigStore::open(&home).unwrap().rotate_key().unwrap();
        store.update_login(id, &basic("admin", "three")).unwrap();
        let fresh = ConfigStore::open(&home).unwrap();
        assert_eq!((password(&fresh, "a"), password(&fresh, "b")), ("three".to_owned(), "two".to_owned()));
        // Who knows a key that was replaced puts a passphrase on the one that there is.
        ConfigStore::open(&home).unwrap().rotate_key().unwrap();
        store.protect_key(Some(SecretString::from(PASSPHRASE))).unwrap();
        let fresh = ConfigStore::open_with(&home, knows(PASSPHRASE).0).unwrap();
        assert_eq!((password(&fresh, "a"), password(&fresh, "b")), ("three".to_owned(), "two".to_owned()));
    }

    /// Names the home to the child process of the next test; in other runs it is not set and the helper does nothing.
    const PROTECT_IN: &str = "XFER_TEST_PROTECT_IN";

    #[test]
    fn helper_that_protects_the_key_when_it_is_told_to() {
        let Some(folder) = std::env::var_os(PROTECT_IN) else { return };
        let mut store = ConfigStore::open_with(&Home::new(folder), knows(PASSPHRASE).0).unwrap();
        println!("ready");
        std::io::stdin().read_line(&mut String::new()).unwrap();
        store.protect_key(Some(SecretString::from(PASSPHRASE))).unwrap();
    }

    #[test]
    fn a_key_that_is_protected_and_rotated_by_two_processes_at_once_opens_everything() {
        let (folder, home, _store) = home();
        let open = || ConfigStore::open_with(&home, knows(PASSPHRASE).0).unwrap();
        for round in 0..5 {
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "--nocapture",
                    "store::config::rotation::tests::helper_that_protects_the_key_when_it_is_told_to",
                ])
                .env(PROTECT_IN, folder.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
            assert!(said.any(|line| line.ends_with("ready")));
            let mut store = open();
            writeln!(child.stdin.take().unwrap()).unwrap();
            // More than once, so that one falls into the time that a passphrase takes.
            for _ in 0..3 {
                assert_eq!(store.rotate_key().unwrap(), 2);
            }
            said.for_each(drop);
            assert!(child.wait().unwrap().success());
            let store = open();
            let opened = (password(&store, "a"), password(&store, "b"));
            assert_eq!(opened, ("one".to_owned(), "two".to_owned()), "round {round}");
            open().protect_key(None).unwrap();
        }
    }

    #[test]
    fn a_key_that_is_lost_is_replaced_only_when_what_it_sealed_is_given_up() {
        let (_folder, home, mut store) = home();
        assert_eq!(store.forget_secrets().unwrap(), None, "the key is there");
        fs::remove_file(home.key()).unwrap();
        let mut store = ConfigStore::open(&home).unwrap();
        let (a, b) = (store.server("a").unwrap().id, store.server("b").unwrap().id);
        for refused in [store.update_login(a, &basic("admin", "new")).map(|()| 0), store.rotate_key()] {
            assert!(matches!(refused, Err(StoreError::KeyMissing { .. })), "{refused:?}");
        }
        assert!(!home.key().exists() && !store.vault.has_successor(), "nothing was made");
        assert_eq!(store.forget_secrets().unwrap(), Some(2));
        store.update_login(a, &basic("admin", "new")).unwrap();
        assert_eq!(password(&store, "a"), "new");
        assert!(matches!(store.login(b), Err(StoreError::Sealed { .. })));
    }

    #[test]
    fn a_rotation_that_fails_leaves_no_next_key_unless_something_needs_it() {
        let (_folder, home, mut store) = home();
        let key = fs::read(home.key()).unwrap();
        let meddle =
            |sql: &str| rusqlite::Connection::open(home.config_database()).unwrap().execute_batch(sql).unwrap();
        meddle("CREATE TRIGGER full BEFORE UPDATE ON server BEGIN SELECT RAISE(ABORT, 'no room'); END");
        assert!(store.rotate_key().is_err());
        assert!(!store.vault.has_successor(), "nothing needs it");
        assert_eq!(fs::read(home.key()).unwrap(), key);
        meddle("DROP TRIGGER full");
        let successor = store.vault.successor().unwrap();
        store.seal_all_with(&successor).unwrap();
        assert!(!store.opens_with_its_key_alone());
        store.vault.drop_successor().unwrap();
        assert!(!store.opens_with_its_key_alone(), "it is not remembered");
    }

    #[test]
    fn a_rotation_that_finds_nothing_sealed_leaves_the_key() {
        let (folder, home, store) = home();
        let key = fs::read(home.key()).unwrap();
        let away = folder.path().join("config.away");
        drop(store);
        fs::rename(home.config_database(), &away).unwrap();
        assert_eq!(ConfigStore::open(&home).unwrap().rotate_key().unwrap(), 0);
        assert_eq!(fs::read(home.key()).unwrap(), key);
        fs::rename(&away, home.config_database()).unwrap();
        assert_eq!(password(&ConfigStore::open(&home).unwrap(), "a"), "one");
    }

    #[test]
    fn a_key_that_is_lost_is_not_replaced_by_protecting_it() {
        let (_folder, home, _store) = home();
        fs::remove_file(home.key()).unwrap();
        let protect = |home: &Home| ConfigStore::open(home).unwrap().protect_key(Some(SecretString::from(PASSPHRASE)));
        assert!(matches!(protect(&home), Err(StoreError::KeyMissing { .. })));
        let empty = tempfile::tempdir().unwrap();
        let new = Home::new(empty.path().join("home"));
        protect(&new).unwrap();
        assert!(fs::read_to_string(new.key()).unwrap().starts_with("xfer-machine-key/1 "));
    }
}
