//! The engine: the async shell around the pure stages.
//!
//! ```text
//! probe both → plan → for each slice:  prepare (fetch · map ∥ read · combine · shape · compare · preflight)
//!                                         ┆ while the slice before it is
//!                                      prove   (push · read back · send again)
//!                                      settle  (one state per cell, into journal and ledger)
//!              → report
//! ```
//!
//! Only what talks to a server awaits: `fetch`, `read`, `push`. Both sides of a slice are read at the same time (`sides`), and
//! one slice is prepared while another is sent, so memory holds two slices (and, for analytics, a job's aggregated values:
//! see `fetch`).
//!
//! **Surviving.** A POST is in the journal with its cells before it is sent; a journal that cannot be written stops the
//! run before the next POST. A run that was cut off at any moment is resumed by running it again: what has arrived is
//! found `unchanged` and is the routine's (`recover`), what has not is sent. A failed slice costs its own cells, not the
//! others'.
//!
//! **Scripts** act inside the pure stages: `rows` before [`crate::map`], `period` within it, `combine` and
//! `value` in [`crate::combine`]. None of them can reach an envelope, a login or a URL, because no stage has
//! one.

mod aside;
mod context;
mod emptied;
mod empty_periods;
mod error;
mod fetch;
#[cfg(test)]
mod histories;
mod prepare;
mod prove;
mod push;
mod read;
mod recover;
mod replay;
mod rights;
mod run;
mod servers;
mod sides;
#[cfg(test)]
mod tests;
mod waiting;
#[cfg(test)]
mod world;
#[cfg(test)]
mod worlds;

pub use error::TransferError;
pub use replay::{ReplayError, ReplayRequest, ReplayResult, ReplayWindow, replay};
pub use run::{run, run_part};
pub use servers::DataServer;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::stop::Stop;
use crate::tally::Findings;
use xfer_domain::journal::Journal;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{FileReport, Report, RunMode};

/// One side of a run.
#[derive(Debug)]
pub struct Endpoint<'run, S> {
    /// The server.
    pub client: &'run S,
    /// Its synced metadata.
    pub metadata: &'run Metadata,
    /// Scheme, host and port, for the report.
    pub origin: String,
    /// The `systemId` that the routine was made for; none where nothing is pinned.
    pub pinned_system_id: Option<String>,
}

/// Everything that a run needs.
pub struct RunRequest<'run, S, D> {
    /// Its id, sortable by time.
    pub run: Uuid,
    /// When it starts.
    pub now: Timestamp,
    /// What kind of run it is: sending, asking (`dryRun=true`), or comparing only.
    pub mode: RunMode,
    /// The routine with its jobs and org unit map. A run over other periods or fewer jobs is another document.
    pub document: &'run RoutineDocument,
    /// The xfer file that the routine comes from, for the report; none for one from the store.
    pub file: Option<&'run FileReport>,
    /// What was found about the routine's jobs and map before the run, for the report.
    pub review: Findings,
    /// Where values come from.
    pub source: Endpoint<'run, S>,
    /// Where values go.
    pub destination: Endpoint<'run, D>,
    /// What `LAST_WEEK` and `LAST_FINANCIAL_YEAR` mean at the source.
    pub relative: RelativeOptions,
    /// Journal and ledger.
    pub journal: &'run mut dyn Journal,
    /// What earlier runs learned about the destination.
    pub tuning: Tuning,
    /// How long lost rows are pursued.
    pub patience: Patience,
    /// Tells the run to stop: no further POST, four seconds for those in flight, then the report.
    pub stop: Stop,
    /// Whether a source without values is a failure.
    pub fail_on_empty: bool,
}

/// What runs learn about a destination and the next one should begin with. (Cells per analytics request are the
/// client's to remember: `Client::analytics_budget`.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tuning {
    /// Rows per POST for plain data sets.
    pub plain_rows: Option<usize>,
    /// Rows per POST for data sets whose attribute options are restricted to org units.
    pub restricted_rows: Option<usize>,
}

/// How often, and after which pauses, lost rows and failed connections are tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Further tries.
    pub tries: u32,
    /// The pause before the first; it doubles.
    pub first_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { tries: 3, first_pause: Duration::from_secs(1) }
    }
}

impl Patience {
    /// The pauses, one for each further try.
    fn pauses(self) -> impl Iterator<Item = Duration> {
        (0..self.tries).map(move |number| self.first_pause.saturating_mul(2_u32.saturating_pow(number)))
    }
}

/// What a run came to.
#[derive(Debug)]
pub struct RunResult {
    /// The report; its counts close.
    pub report: Report,
    /// What was learned about the destination.
    pub tuning: Tuning,
    /// Whether the journal has the report; its own findings say why not.
    pub closed: bool,
}
