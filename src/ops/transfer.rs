//! A run of a routine: everything it needs is opened, locked and handed to the engine.

use jiff::Timestamp;
use uuid::Uuid;

use crate::dhis2::client::Client;
use crate::domain::routine::RoutineDocument;
use crate::domain::run::{Report, RunMode};
use crate::domain::server::Server;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, synced};
use crate::ops::routines;
use crate::ops::servers::connect;
use crate::store::{ConfigStore, RunLock};
use crate::transfer::engine::{self, RunRequest};
use crate::transfer::events::Event;

/// The exit code of a source without values, where that was asked to be a failure.
const EXIT_EMPTY: u8 = 9;

/// How a run differs from what its routine says.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// For real or dry.
    pub mode: RunMode,
    /// Other periods.
    pub periods: Option<Vec<String>>,
    /// Only these jobs; all where empty.
    pub jobs: Vec<String>,
    /// Whether what was sent is read back; false overrides the routine.
    pub verify: bool,
    /// Whether a source without values is a failure.
    pub fail_on_empty: bool,
}
