//! Reading a slice at the source.
//!
//! Raw values stream into the mapping, so that memory holds contributions and never an answer. Analytics answers
//! belong together only if the tables were not rebuilt in between: a job that needs analytics reads all its slices
//! before the first of them is sent, between two looks at the server's stamp (design 3.2). That is the one place where
//! memory grows with the volume of a job instead of a slice: some 150 bytes for each aggregated value.

use std::collections::BTreeSet;

use crate::engine::context::Reading;
use crate::engine::error::SliceError;
use crate::engine::servers::DataServer;
use crate::finding;
use crate::map::Mapping;
use crate::plan::{Place, PlannedItem, PlannedJob, Slice, UnitMap};
use crate::tally::{Findings, Note};
use xfer_dhis2::analytics::AnalyticsQuery;
use xfer_dhis2::bounds::{Excess, MOST_HELD};
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_dhis2::system::AnalyticsStamp;
use xfer_domain::data_item::DataItem;
use xfer_domain::data_value::DataValue;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::uid::Uid;

/// How often analytics is read anew because its tables were rebuilt meanwhile.
const REFETCHES: usize = 2;

/// How often a stream that broke in the middle is read anew; the client has tried the rest.
const STREAM_TRIES: usize = 2;

/// The analytics part of each slice of a job, or why there is none.
pub(super) type Aggregated<'plan> = Vec<Result<Mapping<'plan>, SliceError>>;

/// Reads the analytics part of all slices of a job. Empty mappings where the job needs none.
pub(super) async fn aggregated<'run, S: DataServer>(
    reading: &Reading<'run, S>,
    job: &'run PlannedJob,
    findings: &mut Findings,
) -> Aggregated<'run> {
    let empty = |slice| Mapping::new(job, slice, &reading.plan.units);
    if !job.reads.needs_analytics() {
        return job.slices.iter().map(|slice| Ok(empty(slice))).collect();
    }
    let places = AggregatePlaces::of(reading, job);
    let all_failed = |error: &SliceError| job.slices.iter().map(|_| Err(error.clone())).collect();
    let mut before = match stamp(reading).await {
        Ok(stamp) => stamp,
        Err(error) => return all_failed(&error),
    };
    for _ in 0..=REFETCHES {
        let (mut read, mut held) = (Vec::with_capacity(job.slices.len()), 0);
        for slice in &job.slices {
            let mut mapping = empty(slice);
            let outcome = match reading.unless_stopped(read_slice(reading, job, slice, &places, &mut mapping)).await {
                Some(outcome) => outcome.map(|()| mapping),
                None => Err(stopped()),
            };
            // Without login the other slices will not fare better, and each try counts towards a lock-out.
            if let Err(error) = &outcome
                && error.login_refused
            {
                return all_failed(error);
            }
            held += outcome.as_ref().map_or(0, Mapping::weight);
            read.push(outcome);
            if let Err(error) = check_room(reading, "GET /api/analytics", held) {
                return all_failed(&error);
            }
        }
        match stamp(reading).await {
            Ok(after) if after == before => return read,
            Ok(after) => {
                before = after;
                findings.add(Note::new(&finding::ANALYTICS_CHANGED, 1));
            }
            Err(error) => return all_failed(&error),
        }
    }
    all_failed(&SliceError {
        reason: format!("{}: analytics is rebuilt again and again", reading.source.name()),
        hint: Some("schedule the routine for a time when analytics does not run".to_owned()),
        code: ExitCode::Temporary,
        temporary: true,
        login_refused: false,
    })
}

async fn stamp<S: DataServer>(reading: &Reading<'_, S>) -> Result<AnalyticsStamp, SliceError> {
    match reading.unless_stopped(reading.source.analytics_stamp()).await {
        Some(stamp) => Ok(stamp?),
        None => Err(stopped()),
    }
}

/// Which org units analytics is asked for.
///
/// Analytics adds everything below a unit. A district or the nation would therefore always answer, even where nobody
/// collects at that level: its figures are those of its facilities once more. Such a unit is asked only if the
/// destination collects there (its counterpart is assigned to a data set of the job). Units without mapped units
/// below are always asked, so that a facility whose assignment was forgotten is still named.
struct AggregatePlaces {
    /// Units with a mapped unit below them.
    above_mapped: BTreeSet<Uid>,
    /// Destination units that are assigned to a data set with a data element of the job's aggregates.
    collecting: BTreeSet<Uid>,
}

impl AggregatePlaces {
    fn of<S>(reading: &Reading<'_, S>, job: &PlannedJob) -> Self {
        let mapped = reading.document.org_unit_map.iter().filter(|row| row.target().is_some());
        let above_mapped = mapped
            .filter_map(|row| reading.source_metadata.organisation_units.get(&row.source))
            .flat_map(|unit| unit.path.iter().copied().filter(|ancestor| *ancestor != unit.id))
            .collect();
        let aggregates = |item: &&PlannedItem| job.reads.aggregates(item.source.data());
        let elements: BTreeSet<Uid> =
            job.items.iter().filter(aggregates).map(|item| item.destination.data_element).collect();
        let collecting = elements
            .into_iter()
            .flat_map(|element| reading.destination_metadata.data_sets_of(element))
            .flat_map(|data_set| data_set.organisation_units.iter().copied())
            .collect();
        Self { above_mapped, collecting }
    }

    fn asks_for(&self, unit: Uid, units: &UnitMap) -> bool {
        if !self.above_mapped.contains(&unit) {
            return true;
        }
        matches!(units.place_of(unit), Place::To(target) if self.collecting.contains(&target))
    }
}

/// Both questions of a slice: data elements with option combos, and what the server calculates, which knows none.
async fn read_slice<'run, S: DataServer>(
    reading: &Reading<'run, S>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    places: &AggregatePlaces,
    mapping: &mut Mapping<'run>,
) -> Result<(), SliceError> {
    let units = slice.sources.iter().chain(&slice.strays).copied();
    let org_units: Vec<_> = units.filter(|unit| places.asks_for(*unit, &reading.plan.units)).collect();
    let elements: Vec<DataItem> = job.reads.aggregated.iter().copied().map(DataItem::DataElement).collect();
    let calculated: Vec<DataItem> = job.reads.calculated.iter().copied().collect();
    for (data, option_combos) in [(elements, true), (calculated, false)] {
        let query =
            AnalyticsQuery { data, option_combos, org_units: org_units.clone(), periods: job.periods.read.clone() };
        if query.data.is_empty() || query.org_units.is_empty() {
            continue;
        }
        for value in reading.source.read_analytics(&query).await? {
            mapping.take(value);
        }
        check_room(reading, "GET /api/analytics", mapping.weight())?;
    }
    Ok(())
}

/// Adds the raw part of a slice to its analytics part.
pub(super) async fn raw<'run, S: DataServer>(
    reading: &Reading<'run, S>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    aggregated: Mapping<'run>,
) -> Result<Mapping<'run>, SliceError> {
    if job.reads.raw.is_empty() {
        return Ok(aggregated);
    }
    for tries_left in (0..STREAM_TRIES).rev() {
        let mut mapping = aggregated.beside();
        match reading.unless_stopped(read_raw(reading, job, slice, &mut mapping)).await {
            None => return Err(stopped()),
            Some(Ok(())) => return Ok(aggregated.with(mapping)),
            Some(Err(error)) if tries_left == 0 || !error.temporary => return Err(error),
            // What arrived before the stream broke is thrown away with its mapping.
            Some(Err(_)) => {}
        }
    }
    Err(stopped())
}

async fn read_raw<S: DataServer>(
    reading: &Reading<'_, S>,
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
            authors: false,
        };
        let mut take = |value: DataValue| {
            // What was deleted is no value, whether or not the server was asked to leave it out.
            if !value.deleted {
                mapping.take(value.into());
            }
        };
        reading.source.read_raw(&query, &mut take).await?;
        check_room(reading, "GET /api/dataValueSets", mapping.weight())?;
    }
    Ok(())
}

/// Refuses more values than can be held.
fn check_room<S: DataServer>(reading: &Reading<'_, S>, request: &str, held: usize) -> Result<(), SliceError> {
    if held <= MOST_HELD {
        return Ok(());
    }
    Err(SliceError::from(ClientError {
        server: reading.source.name().to_owned(),
        request: request.to_owned(),
        kind: ClientErrorKind::TooLarge { excess: Excess::Held(MOST_HELD) },
    }))
}

/// The run was told to stop.
pub(super) fn stopped() -> SliceError {
    SliceError {
        reason: "the run was stopped".to_owned(),
        hint: None,
        code: ExitCode::Temporary,
        temporary: true,
        login_refused: false,
    }
}
