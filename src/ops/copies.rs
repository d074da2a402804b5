//! The copied metadata of servers, as one command looks at it: the copy of a country is large, so each is loaded once,
//! however many routines and jobs it is looked at for. So are the org unit maps, and a routine is reviewed once for all
//! of its jobs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ops::error::OpsError;
use crate::ops::home::{Unread, server};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::server::{Server, ServerId};
use xfer_matching::review::Finding;
use xfer_storage::store::ConfigStore;

/// The copies that were loaded so far.
#[derive(Debug)]
pub struct Copies<'config> {
    config: &'config ConfigStore,
    loaded: RefCell<BTreeMap<ServerId, Arc<Metadata>>>,
    maps: RefCell<BTreeMap<Pair, Arc<Vec<OrgUnitMapping>>>>,
    /// What the review says about routines, by name.
    reviews: RefCell<BTreeMap<String, Arc<Vec<Finding>>>>,
    /// Journals that could not be looked into on the way.
    unread: RefCell<Vec<Unread>>,
}

impl<'config> Copies<'config> {
    /// Nothing is loaded before it is asked for.
    pub fn new(config: &'config ConfigStore) -> Self {
        Self {
            config,
            loaded: RefCell::default(),
            maps: RefCell::default(),
            reviews: RefCell::default(),
            unread: RefCell::default(),
        }
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

    /// The org unit map of a pair.
    pub fn map_of(&self, pair: Pair) -> Result<Arc<Vec<OrgUnitMapping>>, OpsError> {
        if let Some(known) = self.maps.borrow().get(&pair) {
            return Ok(Arc::clone(known));
        }
        let rows = Arc::new(self.config.org_unit_map(pair)?);
        self.maps.borrow_mut().insert(pair, Arc::clone(&rows));
        Ok(rows)
    }

    /// What the review says about a routine, made by `review` when it is asked for the first time.
    pub(super) fn review_of(
        &self,
        routine: &str,
        review: impl FnOnce() -> Result<Vec<Finding>, OpsError>,
    ) -> Result<Arc<Vec<Finding>>, OpsError> {
        if let Some(known) = self.reviews.borrow().get(routine) {
            return Ok(Arc::clone(known));
        }
        let made = Arc::new(review()?);
        self.reviews.borrow_mut().insert(routine.to_owned(), Arc::clone(&made));
        Ok(made)
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
