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
pub use shares::ShareGroup;
#[cfg(test)]
pub(crate) use slices::small;
pub use slices::{LARGEST_UNTOUCHED_SUBTREE, Slice};
pub use tree::{Tree, UnitRead, reads};
pub use units::{Place, UnitMap};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::domain::access::{Reader, Unreadable};
use crate::domain::calendar;
use crate::domain::cell::{CellAddress, CellKey};
use crate::domain::counted::counted_len;
use crate::domain::item::SourceItem;
use crate::domain::job::{Comments, Job, ReadFrom};
use crate::domain::metadata::Metadata;
use crate::domain::period::Period;
use crate::domain::period::relative::RelativeOptions;
use crate::domain::reach::Leftover;
use crate::domain::routine::RoutineDocument;
use crate::domain::server::ServerIdentity;
use crate::domain::uid::Uid;
use crate::domain::value_type::Referent;
use crate::script::with_room;
use crate::transfer::diff::Hold;
use crate::transfer::finding;
use crate::transfer::hooks::{Hooks, ItemHooks, PeriodContext, SharedScript};
use crate::transfer::tally::Findings;

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

/// A job made ready to run.
#[derive(Debug)]
pub struct PlannedJob {
    /// Its name.
    pub name: String,
    /// Its periods.
    pub periods: JobPeriods,
    /// What becomes of comments and follow-up marks.
    pub comments: Comments,
    /// Its items, without those that the source does not have.
    pub items: Vec<PlannedItem>,
    /// Destination address → the first of its items, which speaks for all of them.
    pub addresses: BTreeMap<CellAddress, usize>,
    by_source: BySource,
    /// Scripts that act on whole slices, in order.
    pub rows: Vec<SharedScript>,
    /// Scripts that act on each item's cells.
    hooks: Vec<ItemHooks>,
    /// Items whose periods a script decides on, by position.
    hooked_periods: BTreeMap<usize, HookedPeriods>,
    /// Addresses of which the source's user may not read all that feeds them, with what is to blame.
    hidden: BTreeMap<CellAddress, Unreadable>,
    /// Destination org units that a source unit feeds which cannot be read or is gone: why their cells are held back.
    withheld: BTreeMap<Uid, Hold>,
    /// Source org unit → destination org unit, for values that name org units; empty where no item has such values.
    pub unit_ids: HashMap<Uid, Uid>,
    /// For the job of cells that nothing leads to any more: which these are. Only they are compared.
    pub leftover: Option<LeftoverCells>,
    /// Items that share a source out, by the position of the first.
    pub shares: BTreeMap<usize, ShareGroup>,
    /// What is read, and how.
    pub reads: Reads,
    /// Its slices, in order of work.
    pub slices: Vec<Slice>,
}

/// Source data and COC (or every COC) → items and their AOC (or every AOC).
type BySource = HashMap<(Uid, Option<Uid>), Vec<(Option<Uid>, usize)>>;

/// What a job reads, by the way it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Data elements read as raw values.
    pub raw: BTreeSet<Uid>,
    /// The source data sets that hold them, for servers below 2.39.
    pub raw_data_sets: BTreeSet<Uid>,
    /// Data elements read through analytics, with option combos.
    pub aggregated: BTreeSet<Uid>,
    /// Indicators and program indicators.
    pub indicators: BTreeSet<Uid>,
}

impl Reads {
    /// Whether analytics tables matter to the job.
    pub fn needs_analytics(&self) -> bool {
        !self.aggregated.is_empty() || !self.indicators.is_empty()
    }

    /// Whether an item of the job reads this data element, indicator or program indicator.
    pub fn knows(&self, data: Uid) -> bool {
        self.raw.contains(&data) || self.aggregated.contains(&data) || self.indicators.contains(&data)
    }
}

impl PlannedJob {
    /// The items (by position) that a source value belongs to.
    pub fn items_of(&self, data: Uid, coc: Option<Uid>, aoc: Option<Uid>) -> impl Iterator<Item = usize> {
        let exact = coc.and_then(|coc| self.by_source.get(&(data, Some(coc))));
        let every = self.by_source.get(&(data, None));
        exact
            .into_iter()
            .chain(every)
            .flatten()
            .filter(move |(wanted, _)| wanted.is_none() || *wanted == aoc)
            .map(|(_, item)| *item)
    }

    /// The scripts that act on an item's cells.
    pub fn hooks_of(&self, item: usize) -> &ItemHooks {
        const NONE: &ItemHooks = &ItemHooks { period: None, combine: None, value: Vec::new() };
        self.hooks.get(item).unwrap_or(NONE)
    }

    /// Whether a script decides on the value of any cell.
    pub fn is_scripted(&self) -> bool {
        self.items.iter().any(|item| item.scripted)
    }

    /// Where a script puts the source periods of an item; none where no script does.
    pub fn hooked_periods(&self, item: usize) -> Option<&HookedPeriods> {
        self.hooked_periods.get(&item)
    }

    /// Why a script puts a source period nowhere, with the script's name.
    pub fn why_nowhere(&self, period: Period) -> Option<String> {
        self.hooked_periods.values().find_map(|hooked| match hooked.destinations.get(&period)? {
            HookedPeriod::To(_) => None,
            HookedPeriod::Dropped(reason) | HookedPeriod::Rejected(reason) => {
                Some(format!("{reason} ({})", hooked.script))
            }
        })
    }

    /// Whether a source period is read for an item: periods that are read for other items are none of its business.
    pub fn reads_for(&self, item: usize, period: Period) -> bool {
        match self.hooked_periods.get(&item) {
            Some(hooked) => hooked.destinations.contains_key(&period),
            None => self.periods.destination_of(period) != Destination::NotCovered,
        }
    }

    /// Why a cell of an item cannot be whole, whatever comes: the source's user may not read all of it, or its period
    /// could not be read whole.
    pub fn not_whole(&self, key: &CellKey, item: usize) -> Option<Hold> {
        if let Some(hold) = self.withheld.get(&key.org_unit) {
            return Some(hold.clone());
        }
        if let Some(hidden) = self.hidden.get(&key.address()) {
            return Some(Hold {
                code: &finding::SOURCE_NOT_READABLE,
                object: Some(hidden.object()),
                reason: hidden.in_words(),
                hint: None,
            });
        }
        if let Some(other) = self.left_out_by_a_script(key) {
            return Some(Hold {
                code: &finding::CELL_NOT_WHOLE,
                object: None,
                reason: format!(
                    "scripts put what feeds it into other periods: of item {} this run has nothing",
                    other + 1
                ),
                hint: Some("run more periods, or let all items of the cell go through the same script".to_owned()),
            });
        }
        let cut = self.hooked_periods.get(&item).filter(|hooked| hooked.cut.contains(&key.period))?;
        Some(Hold {
            code: &finding::CELL_NOT_WHOLE,
            object: None,
            reason: format!("the script {} puts more periods into {} than can be read", cut.script, key.period),
            hint: Some(format!(
                "let `fn period` of {} put only the periods around {} into it; for another type of period, write that type",
                cut.script, key.period
            )),
        })
    }

    /// An item of a cell, by position, that writes other periods than the cell's in this run, because a script decides on
    /// its periods or on those of the cell's other items.
    fn left_out_by_a_script(&self, key: &CellKey) -> Option<usize> {
        if self.hooked_periods.is_empty() {
            return None;
        }
        let of_cell = |item: &PlannedItem| item.destination == key.address();
        let mut positions =
            self.items.iter().enumerate().filter(|(_, item)| of_cell(item)).map(|(position, _)| position);
        positions.find(|position| !self.writes(*position, key.period))
    }

    /// Why nothing leads to a cell of this job any more, and whether it may be deleted; none for an ordinary job.
    pub fn leftover_of(&self, key: &CellKey) -> Option<(Leftover, bool)> {
        self.leftover.as_ref()?.cells.get(key).copied()
    }

    /// Whether a stored value may be one of the job's.
    pub fn has(&self, key: &CellKey) -> bool {
        match &self.leftover {
            Some(leftover) => leftover.cells.contains_key(key),
            // A script may put this item into other periods than the job's other items.
            None => self.addresses.get(&key.address()).is_none_or(|item| self.writes(*item, key.period)),
        }
    }

    /// Whether values of an item may go to a destination period.
    pub fn writes(&self, item: usize, period: Period) -> bool {
        self.source_periods(item, period) > 0
    }

    /// The first source period that goes to a cell.
    pub fn first_source(&self, key: &CellKey) -> Option<Period> {
        let item = self.addresses.get(&key.address())?;
        match self.hooked_periods.get(item) {
            Some(hooked) => hooked.first_source(key.period),
            None => self.periods.first_source(key.period),
        }
    }

    /// Whether the job takes a source period somewhere else than to a cell of that address and destination period, and
    /// takes none there: what stands there stands somewhere else now. None where that cannot be told.
    fn moves_away(&self, address: CellAddress, from: Period, to: Period) -> Option<bool> {
        // What cannot be read today may belong there.
        if self.hidden.contains_key(&address) {
            return None;
        }
        let items = || self.items.iter().enumerate().filter(|(_, item)| item.destination == address);
        if items().any(|(item, _)| self.writes(item, to)) {
            return None;
        }
        let goes_elsewhere = |item: usize| match self.hooked_periods.get(&item) {
            // A script may leave out what grew old; that is no reason to take away what it wrote when it was young.
            Some(hooked) => matches!(hooked.destinations.get(&from), Some(HookedPeriod::To(other)) if *other != to),
            None => matches!(self.periods.destination_of(from), Destination::To(other) if other != to),
        };
        Some(items().any(|(item, _)| goes_elsewhere(item)))
    }

    /// How many source periods of an item go to a destination period.
    pub fn source_periods(&self, item: usize, period: Period) -> usize {
        match self.hooked_periods.get(&item) {
            Some(hooked) => hooked.sources.get(&period).copied().unwrap_or_default(),
            None => self.periods.sources_of(period),
        }
    }
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
        if drift::item(item, job, request.source_reader, findings) {
            let acting = request.hooks.item(number, position);
            let policies = &request.document.routine.policies;
            let planned = PlannedItem::new(item, job, policies, source, destination);
            let scripted = acting.decide_values();
            let by_script = scripted || !request.hooks.rows(number).is_empty();
            let referent = planned.value_type.referent().filter(|_| !by_script && !one_system);
            items.push(PlannedItem { scripted, referent, ..planned });
            hooks.push(acting);
        }
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
    let mut by_source = BySource::new();
    for (position, item) in items.iter().enumerate() {
        addresses.entry(item.destination).or_insert(position);
        let (coc, aoc) = match item.source {
            SourceItem::DataElement { category_option_combo, attribute_option_combo, .. } => {
                (category_option_combo, attribute_option_combo)
            }
            SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => (None, None),
        };
        by_source.entry((item.source.id(), coc)).or_default().push((aoc, position));
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
    for item in items {
        match (item.source, job.read) {
            (SourceItem::DataElement { id, .. }, ReadFrom::Raw) => {
                reads.raw.insert(id);
            }
            (SourceItem::DataElement { id, .. }, ReadFrom::Analytics) => {
                reads.aggregated.insert(id);
            }
            (SourceItem::Indicator { id } | SourceItem::ProgramIndicator { id }, _) => {
                reads.indicators.insert(id);
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
