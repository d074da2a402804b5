//! The copied metadata of servers, as one command looks at it: the copy of a country is large, so each is loaded once,
//! however many routines and jobs it is looked at for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::metadata::Metadata;
use crate::domain::server::{Server, ServerId};
use crate::ops::error::OpsError;
use crate::ops::home::{Unread, server};
use crate::store::ConfigStore;

/// The copies that were loaded so far.
#[derive(Debug)]
pub struct Copies<'config> {
    config: &'config ConfigStore,
    loaded: RefCell<BTreeMap<ServerId, Arc<Metadata>>>,
    /// Journals that could not be looked into on the way.
    unread: RefCell<Vec<Unread>>,
}

impl<'config> Copies<'config> {
    /// Nothing is loaded before it is asked for.
    pub fn new(config: &'config ConfigStore) -> Self {
        Self { config, loaded: RefCell::default(), unread: RefCell::default() }
    }

    /// Where they come from.
    pub fn config(&self) -> &'config ConfigStore {
        self.config
    }

    /// Notes that a journal could not be looked into, so that what it says is missing from what is found.
    pub(super) fn note_unread(&self, file: PathBuf, cause: OpsError) {
        let mut unread = self.unread.borrow_mut();
        if !unread.iter().any(|known| known.file == file) {
            unread.push(Unread { file, cause });
        }
    }

    /// The journals that could not be looked into so far; they are not given twice.
    pub fn take_unread(&self) -> Vec<Unread> {
        self.unread.take()
    }

    /// Fails where a journal could not be looked into: for whoever needs all of it.
    pub fn all_read(&self) -> Result<(), OpsError> {
        self.take_unread().into_iter().next().map_or(Ok(()), |unread| Err(unread.cause))
    }

    /// The copy of a server's metadata; none before it was synced.
    pub fn of(&self, server: &Server) -> Result<Option<Arc<Metadata>>, OpsError> {
        if server.synced_at.is_none() {
            return Ok(None);
        }
        if let Some(known) = self.loaded.borrow().get(&server.id) {
            return Ok(Some(Arc::clone(known)));
        }
        let metadata = Arc::new(self.config.load_metadata(server.id)?);
        self.loaded.borrow_mut().insert(server.id, Arc::clone(&metadata));
        Ok(Some(metadata))
    }

    /// A server by its name, with its copy.
    pub fn synced(&self, name: &str) -> Result<(Server, Arc<Metadata>), OpsError> {
        let server = server(self.config, name)?;
        match self.of(&server)? {
            Some(metadata) => Ok((server, metadata)),
            None => Err(OpsError::NotSynced { server: server.name }),
        }
    }
}
