//! Replay: the items and periods of a past run, read again from the source, through a script under test.
//!
//! A run's journal keeps one finished value per cell: not the rows that the source sent, not the contributions, not
//! what a script was given. So the source is asked again what the run asked it, and its answer goes through the stages
//! of a run up to the cells' values: `rows`, `period`, mapping, `combine`, `value`, with every value of the slice there
//! to be looked up. The script that is tried acts where it is attached, or else before all others. Nothing is sent,
//! nothing is written down, and the destination is not asked.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::combine::combine;
use crate::engine::context::{Reading, slice_name};
use crate::engine::error::SliceError;
use crate::engine::run::check_identity;
use crate::engine::servers::DataServer;
use crate::engine::{Endpoint, TransferError, fetch};
use crate::events::Event;
use crate::hooks::{self, Hooks, Record, Scene};
use crate::map::Mapping;
use crate::plan::{Plan, PlanError, PlanRequest, PlannedJob, Slice, destination_periods, plan};
use crate::stop::Stop;
use crate::tally::Findings;
use xfer_dhis2::system::Probe;
use xfer_domain::access::Reader;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{CellCounts, ValueCounts};
use xfer_domain::script::Hook;
use xfer_domain::server::ServerIdentity;

/// Which periods a replay reads.
#[derive(Debug, Clone)]
pub enum ReplayWindow<'run> {
    /// Those that a run with these destination periods has read.
    OfRun(&'run [Period]),
    /// These, as a routine's window.
    Given(Vec<String>),
}

/// What a replay needs.
pub struct ReplayRequest<'run, S> {
    /// When the run started: the only time that scripts know, and the day that relative periods are seen from.
    pub started: Timestamp,
    /// The time now.
    pub now: Timestamp,
    /// Which periods are read.
    pub window: ReplayWindow<'run>,
    /// The routine as it is.
    pub document: &'run RoutineDocument,
    /// The same with the script that is tried where it is attached, or else as the first of each job.
    pub tried: &'run RoutineDocument,
    /// The name of that script.
    pub script: &'run str,
    /// The hooks that it may act on.
    pub hooks: &'run [Hook],
    /// Where values come from.
    pub source: Endpoint<'run, S>,
    /// The destination's metadata.
    pub destination_metadata: &'run Metadata,
    /// Who the destination is, as far as it is known.
    pub destination: Option<&'run ServerIdentity>,
    /// Most changes that are kept of each hook and kind.
    pub most: usize,
    /// Tells the replay to stop.
    pub stop: Stop,
}

/// What came of it.
#[derive(Debug)]
pub struct ReplayResult {
    /// What the script did.
    pub record: Record,
    /// The source periods that were read, of all jobs, in order.
    pub periods: Vec<Period>,
    /// What became of the source values.
    pub values: ValueCounts,
    /// Slices that could not be read, and why.
    pub failed: Vec<(String, String)>,
    /// Whether it was told to stop before it was done.
    pub stopped: bool,
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The source could not be asked, or the routine cannot be run.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// No window gives the periods of the run.
    #[error("the routine now covers other periods than in that run")]
    OtherPeriods,
}

impl Fault for ReplayError {
    fn code(&self) -> ExitCode {
        match self {
            Self::Transfer(error) => error.code(),
            Self::OtherPeriods => ExitCode::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Transfer(error) => error.hint(),
            Self::OtherPeriods => Some("say which to read: --periods 202401..202403; or replay a newer run".to_owned()),
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Transfer(error) => error.details(),
            Self::OtherPeriods => Vec::new(),
        }
    }
}

/// Reads the source again and leads its values through the script.
pub async fn replay<S: DataServer>(
    request: ReplayRequest<'_, S>,
    events: &(dyn Fn(Event) + Send + Sync),
) -> Result<ReplayResult, ReplayError> {
    let probe = request.source.client.probe().await.map_err(TransferError::from)?;
    check_identity(&request.source, &probe)?;
    let mut tried = request.tried.clone();
    tried.routine.window = window(&request, &probe)?;
    let mut hooks = hooks::ready(&tried, request.started).map_err(TransferError::from)?;
    let record = Arc::new(Mutex::new(Record::new(request.most)));
    if request.document.attachments().any(|attachment| attachment.script == request.script) {
        hooks.watch(request.script, request.hooks, &record);
    } else {
        hooks.watch_first(request.hooks, &record);
    }
    let plan = planned(&request, &probe, &tried, &hooks).map_err(TransferError::from)?;
    let slices = plan.jobs.iter().map(|job| job.slices.len()).sum();
    let periods = destination_periods(&plan);
    events(Event::Planned { slices, periods: periods.iter().map(ToString::to_string).collect() });
    let reading = Reading {
        source: request.source.client,
        source_metadata: request.source.metadata,
        destination_metadata: request.destination_metadata,
        document: &tried,
        plan: &plan,
        stop: request.stop.token(),
    };
    let mut result = ReplayResult {
        record: Record::default(),
        periods: read_periods(&plan),
        values: ValueCounts::default(),
        failed: Vec::new(),
        stopped: false,
    };
    for job in &plan.jobs {
        let aggregated = fetch::aggregated(&reading, job, &mut Findings::default()).await;
        for (slice, aggregated) in job.slices.iter().zip(aggregated) {
            if request.stop.cause().is_some() {
                break;
            }
            events(Event::SliceStarted { slice: slice_name(job, slice) });
            match one_slice(&reading, job, slice, aggregated, request.started).await {
                Ok(values) => {
                    result.values.add(&values);
                    events(Event::SliceFetched { slice: slice_name(job, slice), values });
                    events(Event::SliceFinished { slice: slice_name(job, slice), cells: CellCounts::default() });
                }
                Err(error) => {
                    let reason = error.reason;
                    events(Event::SliceFailed { slice: slice_name(job, slice), reason: reason.clone() });
                    result.failed.push((slice.label.clone(), reason));
                }
            }
        }
    }
    result.stopped = request.stop.cause().is_some();
    drop(reading);
    result.record = std::mem::take(&mut *record.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(result)
}

/// Reads a slice and makes cells of it, which nobody needs: the script was watched on the way.
async fn one_slice<'run, S: DataServer>(
    reading: &Reading<'run, S>,
    job: &'run PlannedJob,
    slice: &'run Slice,
    aggregated: Result<Mapping<'run>, SliceError>,
    now: Timestamp,
) -> Result<ValueCounts, SliceError> {
    let scene = Scene { source: reading.source_metadata, destination: reading.destination_metadata, now };
    let mapped = fetch::raw(reading, job, slice, aggregated?).await?.finish(&scene);
    let mut values = mapped.values;
    let combined = combine(mapped.contributions, job, &scene, &mapped.slice_values);
    values.contributing -= combined.dropped;
    values.dropped += combined.dropped;
    Ok(values)
}

/// The window: as given, or the first that gives the periods of the run on its day. What the routine says now comes
/// first; a run over other periods is found by these themselves.
fn window<S: DataServer>(request: &ReplayRequest<'_, S>, probe: &Probe) -> Result<Vec<String>, ReplayError> {
    let periods = match &request.window {
        ReplayWindow::Given(window) => return Ok(window.clone()),
        ReplayWindow::OfRun(periods) => *periods,
    };
    let hooks = hooks::ready(request.document, request.started).map_err(TransferError::from)?;
    let itself = periods.iter().map(ToString::to_string).collect();
    let mut refused = None;
    for window in [request.document.routine.window.clone(), itself] {
        let mut document = request.document.clone();
        document.routine.window.clone_from(&window);
        match planned(request, probe, &document, &hooks) {
            Ok(planned) if destination_periods(&planned) == periods => return Ok(window),
            Ok(_) => {}
            Err(error) => {
                refused.get_or_insert(error);
            }
        }
    }
    Err(refused.map_or(ReplayError::OtherPeriods, |error| TransferError::from(error).into()))
}

fn planned<S: DataServer>(
    request: &ReplayRequest<'_, S>,
    probe: &Probe,
    document: &RoutineDocument,
    hooks: &Hooks,
) -> Result<Plan, PlanError> {
    plan(&PlanRequest {
        document,
        source_metadata: request.source.metadata,
        destination_metadata: request.destination_metadata,
        source: &probe.identity,
        // Only its calendar matters here.
        destination: request.destination.unwrap_or(&probe.identity),
        today: day_of_run(request.started, request.now, probe.server_date),
        relative: &RelativeOptions::default(),
        source_view_roots: probe.account.view_roots(),
        source_reader: Reader::new(request.source.metadata, Some(&probe.account)),
        hooks,
    })
}

/// The day of the run by the source server's own clock, which may be ahead of ours or behind it: so it is now.
fn day_of_run(started: Timestamp, now: Timestamp, server_now: DateTime) -> Date {
    let here = |at: Timestamp| at.to_zoned(TimeZone::UTC).datetime();
    let ahead = server_now.duration_since(here(now));
    here(started).checked_add(ahead).unwrap_or_else(|_| here(started)).date()
}

fn read_periods(plan: &Plan) -> Vec<Period> {
    let mut periods: Vec<Period> = plan.jobs.iter().flat_map(|job| job.periods.read.iter().copied()).collect();
    periods.sort_unstable();
    periods.dedup();
    periods
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::day_of_run;

    #[test]
    fn the_day_of_a_run_is_that_of_the_source() {
        let (started, now) = ("2024-01-31T23:30:00Z".parse().unwrap(), "2024-03-05T08:00:00Z".parse().unwrap());
        assert_eq!(day_of_run(started, now, datetime(2024, 3, 5, 8, 0, 0, 0)), date(2024, 1, 31));
        assert_eq!(day_of_run(started, now, datetime(2024, 3, 5, 10, 0, 0, 0)), date(2024, 2, 1), "two hours ahead");
        assert_eq!(day_of_run(now, now, datetime(2024, 3, 4, 23, 0, 0, 0)), date(2024, 3, 4), "nine hours behind");
    }
}
