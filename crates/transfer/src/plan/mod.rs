//! From a routine and both servers' metadata to a plan: what is read, where it goes, in which slices.
//!
//! Everything that would make a number doubtful is found here, before the first value is read: two contributions to
//! one cell without an operator, calendars that differ, jobs that write the same cells. Those are [`PlanError`]s and
//! stop the run. What concerns single items or org units (drift: deleted, renamed away, no longer visible) becomes a
//! finding, and the rest of the routine goes on.
//!
//! The plan depends on nothing but its inputs. A run that was cut off is resumed by planning again: the periods are
//! fixed by the window and the server's date, the slices by the metadata, and what has arrived already is recognised
//! by comparing with the destination.

mod address;
mod drift;
mod error;
mod hooked;
mod item;
mod leftover;
mod periods;
mod planned;
mod shares;
mod slices;
mod tree;
mod units;

pub use address::address_names;
pub use error::PlanError;
pub use hooked::{HookedPeriod, HookedPeriods};
pub use item::PlannedItem;
pub use leftover::{LeftoverCells, LeftoverSearch, Whole};
pub use periods::{Destination, JobPeriods};
use planned::BySource;
pub use planned::{PlannedJob, Reads};
pub use shares::ShareGroup;
#[cfg(test)]
pub(crate) use slices::small;
pub use slices::{LARGEST_UNTOUCHED_SUBTREE, Slice, UNITS_PER_SLICE};
pub use tree::{Tree, UnitRead, reads};
pub use units::{Place, UnitMap};

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::hooks::{Hooks, ItemHooks, PeriodContext};
use crate::tally::Findings;
use xfer_domain::access::Reader;
use xfer_domain::calendar;
use xfer_domain::counted::counted_len;
use xfer_domain::item::SourceItem;
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::server::ServerIdentity;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::Referent;
use xfer_script::with_room;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanRequest<'run> {
    /// The routine with its jobs and org unit map.
    pub document: &'run RoutineDocument,
    /// The source's synced metadata.
    pub source_metadata: &'run Metadata,
    /// The destination's synced metadata.
    pub destination_metadata: &'run Metadata,
    /// Who the source is.
    pub source: &'run ServerIdentity,
    /// Who the destination is.
    pub destination: &'run ServerIdentity,
    /// The source server's own date: relative windows are seen from there.
    pub today: Date,
    /// What `LAST_WEEK` and `LAST_FINANCIAL_YEAR` mean at the source.
    pub relative: &'run RelativeOptions,
    /// The org units whose data the source's user may read; empty means that nothing is known.
    pub source_view_roots: &'run [Uid],
    /// What else the source's user may read.
    pub source_reader: Reader<'run>,
    /// The routine's scripts, ready to act.
    pub hooks: &'run Hooks,
}

/// A routine made ready to run.
#[derive(Debug)]
pub struct Plan {
    /// Its jobs, in order of work.
    pub jobs: Vec<PlannedJob>,
    /// The org unit map.
    pub units: UnitMap,
    /// What a person should know before the first value is read.
    pub findings: Findings,
}

/// Makes a routine ready to run.
pub fn plan(request: &PlanRequest<'_>) -> Result<Plan, PlanError> {
    let PlanRequest { document, source_metadata, .. } = *request;
    check_pair(request)?;
    let units = UnitMap::new(&document.org_unit_map, source_metadata, request.source_view_roots);
    let confirmed = document.org_unit_map.iter().any(|row| row.target().is_some());
    if !confirmed {
        return Err(PlanError::NoOrgUnits);
    }
    let tree = Tree::new(source_metadata, request.source_view_roots);
    let mut findings = Findings::default();
    drift::units(&units, document, source_metadata, &mut findings);
    let mut jobs = Vec::with_capacity(document.jobs.len());
    for (number, job) in document.jobs.iter().enumerate() {
        let (planned, untouched) = plan_job(request, number, job, &units, &tree, &mut findings)?;
        // The same subtrees for every job: the map is the routine's.
        if jobs.is_empty() {
            drift::untouched(&untouched, source_metadata, &mut findings);
        }
        jobs.push(planned);
    }
    address::check_jobs(&jobs, request.destination_metadata)?;
    Ok(Plan { jobs, units, findings })
}

fn check_pair(request: &PlanRequest<'_>) -> Result<(), PlanError> {
    let PlanRequest { document, source, destination, .. } = *request;
    let Some(first) = document.jobs.first() else {
        return Err(PlanError::NoJobs { routine: document.routine.name.clone() });
    };
    for job in &document.jobs {
        if (&job.source, &job.destination) != (&first.source, &first.destination) {
            return Err(PlanError::OtherPair {
                job: job.name.clone(),
                source_server: job.source.clone(),
                destination: job.destination.clone(),
            });
        }
    }
    if !calendar::same(&source.calendar, &destination.calendar) {
        return Err(PlanError::CalendarsDiffer {
            source_calendar: source.calendar.clone(),
            destination_calendar: destination.calendar.clone(),
        });
    }
    if calendar::is_iso(&source.calendar) {
        return Ok(());
    }
    let routine = &document.routine;
    for job in &document.jobs {
        let window = calendar::needs_of_window(&routine.window, job.source_period_type, &source.calendar);
        if let Some(need) = calendar::needs_of_job(job, &routine.scripts).or(window) {
            return Err(PlanError::CalendarArithmetic {
                what: need.what,
                calendar: source.calendar.clone(),
                instead: need.instead,
            });
        }
    }
    Ok(())
}

fn plan_job(
    request: &PlanRequest<'_>,
    number: usize,
    job: &Job,
    units: &UnitMap,
    tree: &Tree,
    findings: &mut Findings,
) -> Result<(PlannedJob, Vec<(Uid, usize)>), PlanError> {
    if job.items.is_empty() {
        return Err(PlanError::JobWithoutItems { job: job.name.clone() });
    }
    let mut periods = JobPeriods::of(job, &request.document.routine.window, request.today, request.relative)?;
    let (source, destination) = (request.source_metadata, request.destination_metadata);
    let mut items = Vec::with_capacity(job.items.len());
    let mut hooks = Vec::with_capacity(job.items.len());
    let hidden = drift::hidden(job, request.source_reader, findings);
    let one_system = request.source.system_id == request.destination.system_id;
    for (position, item) in job.items.iter().enumerate() {
        let acting = request.hooks.item(number, position);
        let policies = &request.document.routine.policies;
        let planned = PlannedItem::new(item, job, policies, source, destination);
        let scripted = acting.decide_values();
        let by_script = scripted || !request.hooks.rows(number).is_empty();
        let referent = planned.value_type.referent().filter(|_| !by_script && !one_system);
        // What the source does not show is not read, but its cells are the job's all the same, and held back.
        let reader = request.source_reader;
        let unseen = reader.missing(&item.source).is_some() || reader.spoils_questions(&item.source);
        items.push(PlannedItem { scripted, unseen, referent, ..planned });
        hooks.push(acting);
    }
    let hooked_periods = hooked_periods(request, job, &periods, &items, &hooks);
    if !hooked_periods.is_empty() {
        let unhooked = hooked_periods.len() < items.len();
        let hooked = || hooked_periods.values();
        let read = hooked().flat_map(|hooked| hooked.destinations.keys().copied());
        let write = hooked().flat_map(|hooked| hooked.sources.keys().copied());
        periods.with_hooked(unhooked, read, write);
    }
    address::check_items(job, &items, &hooks, &periods, &hooked_periods, units, request)?;
    let shares = shares::groups(job, &items, destination)?;
    let reads = reads_of(job, &items, request.source_metadata);
    let slices = slices::cut(request.source_metadata, tree, units, items.len() * periods.read.len());
    if let Some(first) = slices.unread.first() {
        let others = match slices.unread.len() - 1 {
            0 => String::new(),
            1 => " and another org unit".to_owned(),
            more => format!(" and {}", counted_len(more, "other org unit")),
        };
        let org_units = format!("{}{others}", source.org_unit_path_names(*first));
        return Err(PlanError::UnitsLeftOut { job: job.name.clone(), org_units });
    }
    let mut addresses = BTreeMap::new();
    let mut by_source = BySource::default();
    for (position, item) in items.iter().enumerate() {
        addresses.entry(item.destination).or_insert(position);
        let [coc, aoc] = item.source.combos();
        by_source.entry((item.source.data(), coc)).or_default().push((aoc, position));
    }
    // Org units that values name, wherever they are in the tree: not only those with data of their own.
    let refers = items.iter().any(|item| item.referent == Some(Referent::OrgUnit));
    let confirmed = request.document.org_unit_map.iter().filter(|_| refers);
    let unit_ids = confirmed.filter_map(|row| Some((row.source, row.target()?))).collect();
    let planned = PlannedJob {
        unit_ids,
        name: job.name.clone(),
        comments: job.comments,
        periods,
        items,
        addresses,
        by_source,
        rows: request.hooks.rows(number),
        hooks,
        hooked_periods,
        hidden,
        withheld: drift::withheld(units, source),
        leftover: None,
        shares,
        reads,
        slices: slices.slices,
    };
    Ok((planned, slices.untouched))
}

/// Asks the scripts with `period` where each source period goes.
fn hooked_periods(
    request: &PlanRequest<'_>,
    job: &Job,
    periods: &JobPeriods,
    items: &[PlannedItem],
    hooks: &[ItemHooks],
) -> BTreeMap<usize, HookedPeriods> {
    if hooks.iter().all(|hooks| hooks.period.is_none()) {
        return BTreeMap::new();
    }
    with_room(|| ask_for_periods(request, job, periods, items, hooks))
}

fn ask_for_periods(
    request: &PlanRequest<'_>,
    job: &Job,
    periods: &JobPeriods,
    items: &[PlannedItem],
    hooks: &[ItemHooks],
) -> BTreeMap<usize, HookedPeriods> {
    let mut hooked = BTreeMap::new();
    for (position, (item, hooks)) in items.iter().zip(hooks).enumerate() {
        let Some(script) = &hooks.period else { continue };
        let at = PeriodContext {
            source: request.source_metadata,
            destination: request.destination_metadata,
            job: &job.name,
            item,
        };
        hooked.insert(
            position,
            HookedPeriods::of(&**script, &periods.asked, &periods.longer, job.destination_period_type, &at),
        );
    }
    hooked
}

fn reads_of(job: &Job, items: &[PlannedItem], source: &Metadata) -> Reads {
    let mut reads = Reads::default();
    for item in items.iter().filter(|item| !item.unseen) {
        match (item.source, job.read) {
            (SourceItem::DataElement { id, .. }, ReadFrom::Raw) => {
                reads.raw.insert(id);
            }
            (SourceItem::DataElement { id, .. }, ReadFrom::Analytics) => {
                reads.aggregated.insert(id);
            }
            (
                SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } | SourceItem::ReportingRate { .. },
                _,
            ) => {
                reads.calculated.insert(item.source.data());
            }
        }
    }
    for data_set in source.data_sets.values() {
        if data_set.data_set_elements.iter().any(|member| reads.raw.contains(&member.data_element)) {
            reads.raw_data_sets.insert(data_set.id);
        }
    }
    reads
}

/// The destination periods of a whole run, in order and without repetition.
pub fn destination_periods(plan: &Plan) -> Vec<Period> {
    let all: BTreeSet<Period> = plan.jobs.iter().flat_map(|job| job.periods.write.iter().copied()).collect();
    all.into_iter().collect()
}

#[cfg(test)]
mod tests;
