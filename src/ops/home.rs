//! The home folder: where everything that xfer keeps lies, and how it is opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::ops::error::OpsError;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::routine::Routine;
use xfer_domain::server::Server;
use xfer_matching::names::nearest;
use xfer_storage::store::{self, ConfigStore, Kind, StateStore, StoreError, Unlocking};

/// The home folder. Nothing in it is made before it is needed.
#[derive(Debug, Clone)]
pub struct Home {
    files: store::Home,
    unlocking: Arc<Unlocking>,
}

impl Home {
    /// The home at a folder.
    pub fn at(folder: PathBuf) -> Self {
        Self { files: store::Home::new(folder), unlocking: Arc::default() }
    }

    /// The same home, and how the passphrase of its machine key is found out, should it need one.
    #[must_use]
    pub fn unlocked_by(self, unlocking: Unlocking) -> Self {
        Self { unlocking: Arc::new(unlocking), ..self }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.files.folder()
    }

    /// Where each file lies.
    pub fn files(&self) -> &store::Home {
        &self.files
    }

    /// Whether nothing was ever kept here. What cannot be looked at is not empty: it says why when it is opened.
    pub fn is_empty(&self) -> bool {
        let found = std::fs::symlink_metadata(self.files.config_database());
        found.is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound)
    }

    /// Opens the configuration, made on first use.
    pub fn config(&self) -> Result<ConfigStore, OpsError> {
        Ok(ConfigStore::open_with(&self.files, Arc::clone(&self.unlocking))?)
    }

    /// Opens the journal and ledger of a routine that was run, to look into them.
    pub fn past(&self, routine: Uuid) -> Result<StateStore, OpsError> {
        match StateStore::open_existing(&self.files, routine)? {
            Some(state) => Ok(state),
            None => self.state(routine),
        }
    }

    /// Opens the journal and ledger of a routine, made on first use.
    pub fn state(&self, routine: Uuid) -> Result<StateStore, OpsError> {
        Ok(StateStore::open(&self.files, routine)?)
    }
}

/// A journal that cannot be read, and why. Whoever only looks shows the others, and says so.
#[derive(Debug)]
pub struct Unread {
    /// Its file.
    pub file: PathBuf,
    /// Why.
    pub cause: OpsError,
}

/// A server by its name.
pub fn server(config: &ConfigStore, name: &str) -> Result<Server, OpsError> {
    config.server(name).map_err(|error| {
        with_near(error, "server", name, || Ok(config.servers()?.into_iter().map(|server| server.name).collect()))
    })
}

/// A job by name.
pub fn job(config: &ConfigStore, name: &str) -> Result<Job, OpsError> {
    config
        .job(name)
        .map_err(|error| with_near(error, "job", name, || Ok(config.jobs()?.into_iter().map(|job| job.name).collect())))
}

/// A routine by name.
pub fn routine(config: &ConfigStore, name: &str) -> Result<Routine, OpsError> {
    let known = || Ok(config.routines()?.into_iter().map(|routine| routine.name).collect());
    config.routine(name).map_err(|error| with_near(error, "routine", name, known))
}

/// A server with its synced metadata.
pub fn synced(config: &ConfigStore, name: &str) -> Result<(Server, Metadata), OpsError> {
    let server = server(config, name)?;
    if server.synced_at.is_none() {
        return Err(OpsError::NotSynced { server: server.name });
    }
    let metadata = config.load_metadata(server.id)?;
    Ok((server, metadata))
}

/// Turns "not found" into an error that knows names which come near; every other error stays.
pub fn with_near(
    error: StoreError,
    kind: &'static str,
    name: &str,
    known: impl Fn() -> Result<Vec<String>, StoreError>,
) -> OpsError {
    match &error {
        StoreError::NotFound(named) if matches!(named.kind, Kind::Server | Kind::Job | Kind::Routine | Kind::Run) => {
            let known = known().unwrap_or_default();
            let near = nearest(name, known.iter().map(String::as_str), 3).into_iter().map(str::to_owned).collect();
            OpsError::NotFound { kind, name: name.to_owned(), near }
        }
        _ => error.into(),
    }
}
