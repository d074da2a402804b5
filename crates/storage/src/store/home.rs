//! Where each of our files lies inside the home folder.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use xfer_domain::pair::Pair;

/// The folder that holds everything we keep (`platform::home_folder` finds it). It is made when something is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    folder: PathBuf,
}

impl Home {
    /// The home in this folder.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The database of servers, maps, jobs and routines.
    pub fn config_database(&self) -> PathBuf {
        self.folder.join("config.db")
    }

    /// The machine key that seals credentials.
    pub fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    /// The folder of installed plugins, each in a folder of its name.
    pub fn plugins_folder(&self) -> PathBuf {
        self.folder.join("plugins")
    }

    /// The folder of the schedules that were installed.
    pub fn schedules_folder(&self) -> PathBuf {
        self.folder.join("schedules")
    }

    /// What was installed under a name, for people to read.
    pub fn schedule(&self, name: &str) -> PathBuf {
        self.schedules_folder().join(format!("{name}.json"))
    }

    /// The folder of the folders of org unit maps.
    pub fn maps(&self) -> PathBuf {
        self.folder.join("maps")
    }

    /// The folder of the org unit maps of a pair as they were before imports.
    pub fn maps_folder(&self, pair: Pair) -> PathBuf {
        self.maps().join(format!("{}-{}", pair.source.0, pair.destination.0))
    }

    /// The folder of the routines' journals.
    pub fn state_folder(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The database of a routine's runs. The id names it, not the name: a renamed routine keeps its history.
    pub fn state_database(&self, routine: Uuid) -> PathBuf {
        self.state_folder().join(format!("{routine}.db"))
    }

    /// What runs from a file learned about their destination. It may be missing or old; nothing depends on it.
    pub fn tuning(&self, routine: Uuid) -> PathBuf {
        self.state_folder().join(format!("{routine}.tuning"))
    }

    /// The file that a running routine keeps locked.
    pub fn lock(&self, routine: Uuid) -> PathBuf {
        self.state_folder().join(format!("{routine}.lock"))
    }

    /// The file that is locked while messages about a routine are sent.
    pub fn telling(&self, routine: Uuid) -> PathBuf {
        self.state_folder().join(format!("{routine}.telling"))
    }

    /// The file that tells who holds the lock, for people to read.
    pub fn lock_holder(&self, routine: Uuid) -> PathBuf {
        self.state_folder().join(format!("{routine}.holder"))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Home;

    #[test]
    fn every_file_lies_in_the_home() {
        let home = Home::new("/home/x/xfer");
        let routine = Uuid::nil();
        for file in [
            home.config_database(),
            home.key(),
            home.state_database(routine),
            home.lock(routine),
            home.telling(routine),
            home.lock_holder(routine),
        ] {
            assert!(file.starts_with(home.folder()), "{}", file.display());
        }
        assert!(home.state_database(routine).ends_with("state/00000000-0000-0000-0000-000000000000.db"));
    }
}
