//! Reading a slice at the source.
//!
//! Raw values stream into the mapping, so that memory holds contributions and never an answer. Analytics answers
//! belong together only if the tables were not rebuilt in between: a job that needs analytics reads all its slices
//! before the first of them is sent, between two looks at the server's stamp (design 3.2). That is the one place where
//! memory grows with the volume of a job instead of a slice: some 150 bytes for each aggregated value.

use crate::dhis2::analytics::AnalyticsQuery;
use crate::dhis2::data_value_sets::RawQuery;
use crate::dhis2::system::AnalyticsStamp;
use crate::transfer::engine::context::Context;
use crate::transfer::engine::error::SliceError;
use crate::transfer::engine::servers::DataServer;
use crate::transfer::finding;
use crate::transfer::map::Mapping;
use crate::transfer::plan::{PlannedJob, Slice};
use crate::transfer::tally::{Findings, Note};

/// How often analytics is read anew because its tables were rebuilt meanwhile.
const REFETCHES: usize = 2;

/// How often a stream that broke in the middle is read anew; the client has tried the rest.
const STREAM_TRIES: usize = 2;

/// The analytics part of each slice of a job, or why there is none.
pub(super) type Aggregated<'plan> = Vec<Result<Mapping<'plan>, SliceError>>;

/// Reads the analytics part of all slices of a job. Empty mappings where the job needs none.
pub(super) async fn aggregated<'run, S: DataServer, D: DataServer>(
    context: &Context<'run, S, D>,
    job: &'run PlannedJob,
    findings: &mut Findings,
) -> Aggregated<'run> {
    let empty = |slice| Mapping::new(job, slice, &context.plan.units);
    if !job.reads.needs_analytics() {
        return job.slices.iter().map(|slice| Ok(empty(slice))).collect();
    }
    let all_failed = |error: &SliceError| job.slices.iter().map(|_| Err(error.clone())).collect();
    let mut before = match stamp(context).await {
        Ok(stamp) => stamp,
        Err(error) => return all_failed(&error),
    };
    for _ in 0..=REFETCHES {
        let mut read = Vec::with_capacity(job.slices.len());
        for slice in &job.slices {
            let mut mapping = empty(slice);
            let outcome = match context.unless_stopped(read_slice(context, job, slice, &mut mapping)).await {
                Some(outcome) => outcome.map(|()| mapping),
                None => Err(stopped()),
            };
            // Without login the other slices will not fare better, and each try counts towards a lock-out.
            if let Err(error) = &outcome
                && error.login_refused
            {
                return all_failed(error);
            }
            read.push(outcome);
        }
        match stamp(context).await {
            Ok(after) if after == before => return read,
            Ok(after) => {
                before = after;
                findings.add(Note::new(&finding::ANALYTICS_CHANGED, 1));
            }
            Err(error) => return all_failed(&error),
        }
    }
    all_failed(&SliceError {
        reason: format!("{}: analytics is being rebuilt again and again", context.source.name()),
        hint: Some("schedule the routine for a time when analytics does not run".to_owned()),
        temporary: true,
        permission: false,
        login_refused: false,
    })
}

async fn stamp<S: DataServer, D>(context: &Context<'_, S, D>) -> Result<AnalyticsStamp, SliceError> {
    match context.unless_stopped(context.source.analytics_stamp()).await {
        Some(stamp) => Ok(stamp?),
        None => Err(stopped()),
    }
}

/// Both questions of a slice: data elements with option combos, and indicators, which know none.
async fn read_slice<'run, S: DataServer, D>(
    context: &Context<'run, S, D>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    mapping: &mut Mapping<'run>,
) -> Result<(), SliceError> {
    let org_units: Vec<_> = slice.sources.iter().chain(&slice.strays).copied().collect();
    for (data, option_combos) in [(&job.reads.aggregated, true), (&job.reads.indicators, false)] {
        let query = AnalyticsQuery {
            data: data.iter().copied().collect(),
            option_combos,
            org_units: org_units.clone(),
            periods: job.periods.read.clone(),
        };
        if query.data.is_empty() || query.org_units.is_empty() {
            continue;
        }
        for value in context.source.read_analytics(&query).await? {
            mapping.take(value.into());
        }
    }
    Ok(())
}

/// Adds the raw part of a slice to its analytics part.
pub(super) async fn raw<'run, S: DataServer, D>(
    context: &Context<'run, S, D>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    aggregated: Mapping<'run>,
) -> Result<Mapping<'run>, SliceError> {
    if job.reads.raw.is_empty() {
        return Ok(aggregated);
    }
    for tries_left in (0..STREAM_TRIES).rev() {
        let mut mapping = aggregated.clone();
        match context.unless_stopped(read_raw(context, job, slice, &mut mapping)).await {
            None => return Err(stopped()),
            Some(Ok(())) => return Ok(mapping),
            Some(Err(error)) if tries_left == 0 || !error.temporary => return Err(error),
            // What arrived before the stream broke is thrown away with its mapping.
            Some(Err(_)) => {}
        }
    }
    Err(stopped())
}

async fn read_raw<S: DataServer, D>(
    context: &Context<'_, S, D>,
    job: &PlannedJob,
    slice: &Slice,
    mapping: &mut Mapping<'_>,
) -> Result<(), SliceError> {
    for read in &slice.reads {
        let query = RawQuery {
            data_sets: job.reads.raw_data_sets.iter().copied().collect(),
            data_elements: job.reads.raw.iter().copied().collect(),
            org_units: read.roots.clone(),
            children: read.children,
            periods: job.periods.read.clone(),
        };
        context.source.read_raw(&query, &mut |value| mapping.take(value.into())).await?;
    }
    Ok(())
}

/// The run was told to stop.
pub(super) fn stopped() -> SliceError {
    SliceError {
        reason: "the run was stopped".to_owned(),
        hint: None,
        temporary: true,
        permission: false,
        login_refused: false,
    }
}
