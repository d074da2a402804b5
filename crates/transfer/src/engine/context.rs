//! What every part of a run shares: both servers, the plan, the journal, and the little that changes on the way.
//!
//! The state stands behind locks that are held for a few instructions and never across an `await`, so that reading the
//! next slice and sending the current one can go on side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::batch::controller::{BatchController, DataSetKind};
use crate::engine::Patience;
use crate::engine::read::Side;
use crate::events::{Event, SliceName};
use crate::hooks::Scene;
use crate::ownership::Open;
use crate::plan::{Plan, PlannedJob, Slice};
use crate::preflight::Preflight;
use xfer_domain::capabilities::Capabilities;
use xfer_domain::journal::{Journal, JournalError};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::routine::{Policies, RoutineDocument};
use xfer_domain::run::RunMode;

/// What every part of a run shares.
pub(super) struct Context<'run, S, D> {
    /// Whether source and destination are one server.
    pub(super) is_one_system: bool,
    pub(super) run: Uuid,
    pub(super) mode: RunMode,
    /// When the run started.
    pub(super) now: Timestamp,
    /// What reading the source takes.
    pub(super) reading: Reading<'run, S>,
    pub(super) destination: &'run D,
    pub(super) destination_metadata: &'run Metadata,
    pub(super) document: &'run RoutineDocument,
    pub(super) plan: &'run Plan,
    pub(super) preflight: Preflight<'run>,
    /// The destination with what its user may read.
    pub(super) side: Side<'run, D>,
    /// How the destination's version behaves.
    pub(super) capabilities: Capabilities,
    pub(super) patience: Patience,
    pub(super) stop: CancellationToken,
    pub(super) events: &'run (dyn Fn(Event) + Send + Sync),
    /// Behind [`Context::journal`] and [`Context::keep`].
    pub(super) journal: Mutex<&'run mut dyn Journal>,
    /// The first failure of the journal.
    pub(super) broken: OnceLock<JournalError>,
    /// Behind [`Context::state`].
    pub(super) state: Mutex<State>,
}

/// What changes on the way.
#[derive(Debug)]
pub(super) struct State {
    /// Sizes of POSTs, by kind of data set.
    pub(super) controllers: BTreeMap<DataSetKind, BatchController>,
    /// Periods of which the destination holds a value.
    pub(super) seen: BTreeSet<Period>,
    /// Periods of which the source sent a value, by job.
    pub(super) read: BTreeMap<String, BTreeSet<Period>>,
    /// Deletions that the routine still allows.
    pub(super) deletions_left: Option<u32>,
    /// Number of the next POST.
    pub(super) next_chunk: u64,
    /// What earlier runs sent and no read has shown yet.
    pub(super) open: Open,
    /// Cells of earlier runs that turned out to have arrived.
    pub(super) recovered: u64,
}

impl<'run, S, D> Context<'run, S, D> {
    /// The journal. Its methods block until the disk has it, which is meant: nothing is sent before.
    pub(super) fn journal(&self) -> MutexGuard<'_, &'run mut dyn Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Acts on the journal. After its first failure nothing leaves any more, and nothing but the report is written: what
    /// is written down must not rest on something that is not. What was sent by then stays open there, and the next run
    /// finds it.
    pub(super) fn keep<T>(&self, act: impl FnOnce(&mut dyn Journal) -> Result<T, JournalError>) -> Option<T> {
        if self.broken.get().is_some() {
            return None;
        }
        let kept = act(&mut **self.journal());
        self.unless_broken(kept)
    }

    /// What came of an act on the journal; its first failure is kept for the report.
    pub(super) fn unless_broken<T>(&self, kept: Result<T, JournalError>) -> Option<T> {
        match kept {
            Ok(kept) => Some(kept),
            Err(cause) => {
                let _ = self.broken.set(cause);
                None
            }
        }
    }

    /// Why nothing can be written down any more, if so.
    pub(super) fn broken(&self) -> Option<&JournalError> {
        self.broken.get()
    }

    /// What changes on the way.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What scripts may know about the run.
    pub(super) fn scene(&self) -> Scene<'run> {
        Scene { source: self.reading.source_metadata, destination: self.destination_metadata, now: self.now }
    }

    pub(super) fn policies(&self) -> &'run Policies {
        &self.document.routine.policies
    }

    pub(super) fn tell(&self, event: Event) {
        (self.events)(event);
    }

    /// A future's outcome, or none as soon as the run is to stop.
    pub(super) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless_stopped(&self.stop, future).await
    }

    /// Waits; returns whether the run goes on.
    pub(super) async fn pause(&self, duration: Duration, reason: &str, server: &str) -> bool {
        if duration.is_zero() {
            return !self.stop.is_cancelled();
        }
        let (server, reason) = (server.to_owned(), reason.to_owned());
        self.tell(Event::Waiting { server, seconds: duration.as_secs(), reason });
        self.unless_stopped(tokio::time::sleep(duration)).await.is_some()
    }
}

/// What reading the source takes: a run has it, and so has a replay, which has no journal and no destination.
pub(super) struct Reading<'run, S> {
    pub(super) source: &'run S,
    pub(super) source_metadata: &'run Metadata,
    pub(super) destination_metadata: &'run Metadata,
    pub(super) document: &'run RoutineDocument,
    pub(super) plan: &'run Plan,
    pub(super) stop: CancellationToken,
}

impl<S> Reading<'_, S> {
    /// A future's outcome, or none as soon as the reading is to stop.
    pub(super) async fn unless_stopped<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        unless_stopped(&self.stop, future).await
    }
}

async fn unless_stopped<T>(stop: &CancellationToken, future: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        outcome = future => Some(outcome),
    }
}

/// A slice as people see it.
pub(super) fn slice_name(job: &PlannedJob, slice: &Slice) -> SliceName {
    SliceName { job: job.name.clone(), number: slice.number + 1, of: job.slices.len(), label: slice.label.clone() }
}
