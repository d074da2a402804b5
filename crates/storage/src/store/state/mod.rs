//! The state store: what each routine's runs did, in one database per routine.
//!
//! - the journal: the runs, their POSTs and how each cell ended, written as it happens; the port of the transfer
//!   engine, [`Journal`](xfer_domain::journal::Journal), is implemented here. Unchanged cells are counted ([`unchanged`])
//! - the ledger: every cell that the routine ever wrote and that is still its own; deletions touch nothing else. Each
//!   destination has its own ([`destination`])
//! - reading: the list of runs, a run with its report and cells
//! - alerts: what each channel was told last, and messages that were not delivered yet
//! - [`RunLock`]: two runs of one routine never overlap
//!
//! A POST is journaled with its cells before it is sent and its answer after it was read. A run that was killed is
//! therefore one without a report, and its open cells are those whose outcome nobody knows: the next run reads them,
//! takes what arrived into the ledger ([`open`]) and sends what differs.

mod alerts;
mod cells;
mod destination;
mod journal;
mod ledger;
mod lock;
mod open;
mod pack;
mod run_number;
mod runs;
mod schema;
mod unchanged;
mod words;

use uuid::Uuid;

pub use alerts::WaitingNotice;
pub use cells::CellFilter;
pub use lock::RunLock;
pub use runs::{ChunkRecord, RunEnd, RunRecord, RunSummary};
pub use unchanged::UnchangedCells;

use crate::store::database::{Database, Journaling};
use crate::store::error::StoreError;
use crate::store::home::Home;
use crate::store::state::open::OpenPost;
use crate::store::state::words::Words;

/// The database of one routine's runs.
#[derive(Debug)]
pub struct StateStore {
    database: Database,
    words: Words,
    /// POSTs of this process whose cells are open.
    posts: Vec<OpenPost>,
}

impl StateStore {
    /// Opens the database of a routine, made if it is missing.
    pub fn open(home: &Home, routine: Uuid) -> Result<Self, StoreError> {
        let database = Database::open(&home.state_database(routine), Journaling::WriteAhead, &schema::SCHEMA)?;
        Ok(Self { database, words: Words::default(), posts: Vec::new() })
    }

    /// Opens the database of a routine to look into it; none if it has never run, and then none is made. Where nothing
    /// can be written it is read as it is.
    pub fn open_existing(home: &Home, routine: Uuid) -> Result<Option<Self>, StoreError> {
        let file = home.state_database(routine);
        let found = std::fs::symlink_metadata(&file);
        if found.is_err_and(|cause| cause.kind() == std::io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let database = Database::open_to_look(&file, Journaling::WriteAhead, &schema::SCHEMA)?;
        Ok(Some(Self { database, words: Words::default(), posts: Vec::new() }))
    }

    /// What is wrong with the database's structure; nothing as a rule. Reads all of it.
    pub fn faults(&self) -> Result<Vec<String>, StoreError> {
        self.database.faults()
    }

    /// A store that is gone when it is dropped.
    #[cfg(any(test, feature = "testing"))]
    pub fn in_memory() -> Result<Self, StoreError> {
        let database = Database::in_memory(&schema::SCHEMA)?;
        Ok(Self { database, words: Words::default(), posts: Vec::new() })
    }
}
