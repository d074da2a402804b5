//! Leftover cells of the routine, as a separate job that comes last.
//!
//! After an item or an org unit was corrected, the old cells still hold what the routine wrote, and count twice. The
//! ledger knows them, [`Reach`] says which they are. The job reads nothing at the source: each of its cells is one for
//! which the source has nothing, so the rules of the comparison hold as they are. What is kept is named in every run;
//! what the rules for empty cells delete counts against the routine's limits; what somebody else changed stays.
//!
//! A run over some jobs or periods names all leftover cells and deletes only those of its periods, and none where it
//! leaves jobs out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::plan::slices::UNITS_PER_SLICE;
use crate::plan::{BySource, JobPeriods, PlanRequest, PlannedItem, PlannedJob, Reads, Slice};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::item::{Item, SourceItem, WhenEmpty};
use xfer_domain::job::{Comments, Job};
use xfer_domain::journal::Survey;
use xfer_domain::period::Period;
use xfer_domain::reach::{Leftover, Reach};
use xfer_domain::routine::RoutineDocument;
use xfer_domain::uid::Uid;

/// What the report calls the job.
const NAME: &str = "leftover cells";

/// The whole routine that a run is part of.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'run> {
    /// The routine with all its jobs.
    pub document: &'run RoutineDocument,
    /// Whether the run is over all of them.
    pub all_jobs: bool,
    /// Whether it is over the routine's own periods.
    pub own_periods: bool,
}

impl<'run> Whole<'run> {
    /// Of a run that leaves nothing out.
    pub fn of(document: &'run RoutineDocument) -> Self {
        Self { document, all_jobs: true, own_periods: true }
    }
}

/// The leftover cells of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftoverCells {
    /// Why nothing leads to each, and whether it may be deleted.
    pub cells: BTreeMap<CellKey, (Leftover, bool)>,
    /// Cells that the routine wrote in all, for the guard `max_change`.
    pub written: u64,
}

/// Collects leftover cells, one by one as the ledger gives them.
#[derive(Debug)]
pub struct LeftoverSearch<'run> {
    whole: Whole<'run>,
    reach: Reach,
    rules: BTreeMap<CellAddress, WhenEmpty>,
    covered: BTreeSet<Period>,
    planned: &'run [PlannedJob],
    found: LeftoverCells,
}

impl<'run> LeftoverSearch<'run> {
    /// For a run of these jobs over these destination periods.
    pub fn new(whole: Whole<'run>, covered: &[Period], planned: &'run [PlannedJob]) -> Self {
        let document = whole.document;
        let mut rules = BTreeMap::new();
        for item in document.jobs.iter().flat_map(|job| &job.items) {
            let rule = item.when_empty.unwrap_or(document.routine.policies.when_empty);
            rules.entry(item.destination).or_insert(rule);
        }
        Self {
            whole,
            reach: Reach::of(&document.jobs, &document.org_unit_map),
            rules,
            covered: covered.iter().copied().collect(),
            planned,
            found: LeftoverCells::default(),
        }
    }

    /// Whether a ledger may hold cells that nothing leads to any more. Where it holds none it need not be looked through.
    pub fn may_find(&self, ledger: &Survey) -> bool {
        let Some(unit) = ledger.org_units.first().copied() else { return false };
        let is_left = |address: CellAddress, period: Period, from: Option<Period>| {
            let cell = CellKey::new(address, unit, period);
            self.reach.leftover(&cell).is_some() || from.is_some_and(|from| self.moved(&cell, from))
        };
        ledger.org_units.iter().any(|unit| !self.reach.leads_to_org_unit(*unit))
            || ledger.groups.keys().any(|(address, period, from)| is_left(*address, *period, *from))
    }

    /// Takes a cell that the routine wrote, with the first source period that went there; whether it is left over.
    pub fn take(&mut self, cell: CellKey, from: Option<Period>) -> bool {
        self.found.written += 1;
        let moved = || from.filter(|from| self.moved(&cell, *from)).map(|_| Leftover::Moved);
        let Some(why) = self.reach.leftover(&cell).or_else(moved) else { return false };
        let in_run = self.whole.all_jobs && (self.whole.own_periods || self.covered.contains(&cell.period));
        let deletes = in_run && self.rule(cell.address()) == WhenEmpty::Delete;
        self.found.cells.insert(cell, (why, deletes));
        true
    }

    /// Whether this run takes the source period that a cell was written from somewhere else, and none to the cell. A job
    /// that is not part of the run may lead there, so nothing is said of its addresses. Where nothing was changed this
    /// never holds, whatever today's window: the same source period goes to the same cell.
    fn moved(&self, cell: &CellKey, from: Period) -> bool {
        let address = cell.address();
        let writes = |job: &&Job| job.items.iter().any(|item| item.destination == address);
        let plan_of = |job: &Job| self.planned.iter().find(|planned| planned.name == job.name);
        let jobs = self.whole.document.jobs.iter().filter(writes);
        let all: Option<Vec<bool>> = jobs.map(|job| plan_of(job)?.moves_away(address, from, cell.period)).collect();
        all.is_some_and(|all| all.contains(&true))
    }

    /// The rule of the address's item; the routine's where there is none any more.
    fn rule(&self, address: CellAddress) -> WhenEmpty {
        self.rules.get(&address).copied().unwrap_or(self.whole.document.routine.policies.when_empty)
    }

    /// The job; none where nothing is left over.
    pub fn into_job(self, request: &PlanRequest<'_>) -> Option<PlannedJob> {
        let template = self.whole.document.jobs.first()?;
        let found = self.found;
        if found.cells.is_empty() {
            return None;
        }
        let mut addresses = BTreeMap::new();
        let mut items: Vec<PlannedItem> = Vec::new();
        for (cell, (_, deletes)) in &found.cells {
            let address = cell.address();
            let position = *addresses.entry(address).or_insert_with(|| {
                let source = SourceItem::DataElement {
                    id: address.data_element,
                    category_option_combo: None,
                    attribute_option_combo: None,
                };
                let item = Item { when_empty: Some(WhenEmpty::Keep), ..Item::new(source, address) };
                let policies = &self.whole.document.routine.policies;
                let (source, destination) = (request.source_metadata, request.destination_metadata);
                items.push(PlannedItem::new(&item, template, policies, source, destination));
                items.len() - 1
            });
            if let Some(item) = items.get_mut(position).filter(|_| *deletes) {
                item.when_empty = WhenEmpty::Delete;
            }
        }
        let periods: BTreeSet<Period> = found.cells.keys().map(|cell| cell.period).collect();
        let units: BTreeSet<Uid> = found.cells.keys().map(|cell| cell.org_unit).collect();
        let units: Vec<Uid> = units.into_iter().collect();
        let slices = units.chunks(UNITS_PER_SLICE).enumerate().map(|(number, units)| Slice {
            number,
            label: NAME.to_owned(),
            destinations: units.iter().copied().collect(),
            ..Slice::default()
        });
        Some(PlannedJob {
            name: NAME.to_owned(),
            comments: Comments::Keep,
            periods: JobPeriods::only_written(periods),
            items,
            addresses,
            by_source: BySource::default(),
            rows: Vec::new(),
            hooks: Vec::new(),
            hooked_periods: BTreeMap::new(),
            hidden: BTreeMap::new(),
            withheld: BTreeMap::new(),
            unit_ids: HashMap::new(),
            leftover: Some(found),
            shares: BTreeMap::new(),
            reads: Reads::default(),
            slices: slices.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LeftoverSearch, Whole};
    use crate::fixture::{cell, document, job, period, plain_item};
    use xfer_domain::item::{Item, WhenEmpty};
    use xfer_domain::reach::Leftover;

    #[test]
    fn what_a_part_of_the_routine_does_not_cover_is_named_and_not_deleted() {
        let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        routine.org_unit_map.retain(|row| row.source != crate::fixture::unit(2));
        let whole = Whole::of(&routine);
        let found = |whole: Whole<'_>, key| {
            let mut search = LeftoverSearch::new(whole, &[period("202401")], &[]);
            search.take(key, None);
            search.found.cells.get(&key).copied()
        };
        assert_eq!(found(whole, cell(1, 1, "202301")), None, "led to, in another period");
        assert_eq!(found(whole, cell(1, 2, "202301")), Some((Leftover::NoOrgUnit, true)));
        assert_eq!(found(whole, cell(3, 1, "202401")), Some((Leftover::NoItem, true)));
        let some_periods = Whole { own_periods: false, ..whole };
        assert_eq!(found(some_periods, cell(1, 2, "202301")), Some((Leftover::NoOrgUnit, false)));
        assert_eq!(found(some_periods, cell(1, 2, "202401")), Some((Leftover::NoOrgUnit, true)));
        let some_jobs = Whole { all_jobs: false, ..whole };
        assert_eq!(found(some_jobs, cell(1, 2, "202401")), Some((Leftover::NoOrgUnit, false)));
        let keeping = Item { when_empty: Some(WhenEmpty::Keep), ..plain_item(1) };
        routine.jobs[0].items = vec![keeping];
        assert_eq!(found(Whole::of(&routine), cell(1, 2, "202401")), Some((Leftover::NoOrgUnit, false)));
    }
}
