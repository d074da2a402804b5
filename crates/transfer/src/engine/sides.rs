//! Reads both sides of a slice at the same time: reading is most of a run's time, and nearly all of it is waiting for two
//! servers.
//!
//! Failures are those of reading one after the other. A source that fails costs its slice, and its destination is not
//! waited for; without the destination the source's values are known all the same. Where both are one system it is asked
//! one question after the other.
//!
//! What a read showed is compared at once, and never kept for later: what the routine lets go of because a read showed it
//! changed must not hang on what becomes of the run meanwhile.

use std::collections::BTreeSet;

use futures_util::future::{Either, select};

use crate::diff::StoredValues;
use crate::engine::context::Context;
use crate::engine::error::SliceError;
use crate::engine::servers::DataServer;
use crate::engine::{fetch, read};
use crate::map::Mapping;
use crate::plan::{PlannedJob, Slice};
use xfer_domain::uid::Uid;

/// A slice as it was read.
pub(super) struct Sides<'run> {
    /// What the source has.
    pub(super) mapping: Mapping<'run>,
    /// What the destination has, or why that is not known.
    pub(super) stored: Result<StoredValues, SliceError>,
}

/// Adds the raw part of a slice to its analytics part, and reads the destination. Fails where the source does.
pub(super) async fn read_sides<'run, S: DataServer, D: DataServer>(
    context: &Context<'run, S, D>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    aggregated: Mapping<'run>,
) -> Result<Sides<'run>, SliceError> {
    // On the heap: both are large, and a run waits for them deep down.
    let source = Box::pin(fetch::raw(&context.reading, job, slice, aggregated));
    let destination = Box::pin(read_once(context, job, &slice.destinations));
    if context.is_one_system {
        return Ok(Sides { mapping: source.await?, stored: destination.await });
    }
    match select(source, destination).await {
        Either::Left((mapping, destination)) => Ok(Sides { mapping: mapping?, stored: destination.await }),
        Either::Right((stored, source)) => Ok(Sides { mapping: source.await?, stored }),
    }
}

/// What the destination holds of a job in some org units.
pub(super) async fn read_once<S: DataServer, D: DataServer>(
    context: &Context<'_, S, D>,
    job: &PlannedJob,
    org_units: &BTreeSet<Uid>,
) -> Result<StoredValues, SliceError> {
    if org_units.is_empty() {
        return Ok(StoredValues::default());
    }
    match context.unless_stopped(read::stored(&context.side, job, org_units)).await {
        Some(stored) => Ok(stored?),
        None => Err(fetch::stopped()),
    }
}
