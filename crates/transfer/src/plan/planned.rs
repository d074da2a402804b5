//! A job made ready to run, and what the stages ask about it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::finding::{self, Reason};
use crate::hooks::{ItemHooks, SharedScript};
use crate::plan::hooked::{HookedPeriod, HookedPeriods};
use crate::plan::item::PlannedItem;
use crate::plan::leftover::LeftoverCells;
use crate::plan::periods::{Destination, JobPeriods};
use crate::plan::shares::ShareGroup;
use crate::plan::slices::Slice;
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::data_item::DataItem;
use xfer_domain::hashed::Hashed;
use xfer_domain::job::Comments;
use xfer_domain::period::Period;
use xfer_domain::reach::Leftover;
use xfer_domain::uid::Uid;

/// A job made ready to run.
#[derive(Debug)]
pub struct PlannedJob {
    /// Its name.
    pub name: String,
    /// Its periods.
    pub periods: JobPeriods,
    /// What becomes of comments and follow-up marks.
    pub comments: Comments,
    /// Its items.
    pub items: Vec<PlannedItem>,
    /// Destination address → the first of its items, which speaks for all of them.
    pub addresses: BTreeMap<CellAddress, usize>,
    pub(super) by_source: BySource,
    /// Scripts that act on whole slices, in order.
    pub rows: Vec<SharedScript>,
    /// Scripts that act on each item's cells.
    pub(super) hooks: Vec<ItemHooks>,
    /// Items whose periods a script decides on, by position.
    pub(super) hooked_periods: BTreeMap<usize, HookedPeriods>,
    /// Addresses of which the source's user may not read all that feeds them, with what is to blame.
    pub(super) hidden: BTreeMap<CellAddress, Reason>,
    /// Destination org units that a source unit feeds which cannot be read or is gone: why their cells are held back.
    pub(super) withheld: BTreeMap<Uid, Reason>,
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
pub(super) type BySource = Hashed<(DataItem, Option<Uid>), Vec<(Option<Uid>, usize)>>;

/// What a job reads, by the way it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    /// Data elements read as raw values.
    pub raw: BTreeSet<Uid>,
    /// The source data sets that hold them, for servers below 2.39.
    pub raw_data_sets: BTreeSet<Uid>,
    /// Data elements read through analytics, with option combos.
    pub aggregated: BTreeSet<Uid>,
    /// What the server calculates: indicators, program indicators, reporting rates.
    pub calculated: BTreeSet<DataItem>,
}

impl Reads {
    /// Whether analytics tables matter to the job.
    pub fn needs_analytics(&self) -> bool {
        !self.aggregated.is_empty() || !self.calculated.is_empty()
    }

    /// Whether something is read of which a server may leave zeros out. Of reporting rates it never does: each place
    /// where a report is due has a figure.
    pub fn may_lack_zeros(&self) -> bool {
        let may = |data: &DataItem| match data {
            DataItem::DataElement(_) | DataItem::Indicator(_) | DataItem::ProgramIndicator(_) => true,
            DataItem::ReportingRate { .. } => false,
        };
        !self.aggregated.is_empty() || self.calculated.iter().any(may)
    }

    /// Whether an item of the job reads this.
    pub fn knows(&self, data: DataItem) -> bool {
        match data {
            DataItem::DataElement(id) => self.raw.contains(&id) || self.aggregated.contains(&id),
            DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => {
                self.calculated.contains(&data)
            }
        }
    }

    /// Whether it is read through analytics, where the figure of an org unit contains those below it.
    pub fn aggregates(&self, data: DataItem) -> bool {
        match data {
            DataItem::DataElement(id) => self.aggregated.contains(&id),
            DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => {
                self.calculated.contains(&data)
            }
        }
    }
}

impl PlannedJob {
    /// The items (by position) that a source value belongs to.
    pub fn items_of(&self, data: DataItem, coc: Option<Uid>, aoc: Option<Uid>) -> impl Iterator<Item = usize> {
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
    pub fn not_whole(&self, key: &CellKey, item: usize) -> Option<Reason> {
        if let Some(hold) = self.withheld.get(&key.org_unit) {
            return Some(hold.clone());
        }
        if let Some(hold) = self.hidden.get(&key.address()) {
            return Some(hold.clone());
        }
        if let Some(other) = self.left_out_by_a_script(key) {
            let reason =
                format!("scripts move its values to other periods: this run has no values of item {}", other + 1);
            let hint = "run more periods, or use the same script for all items of the cell";
            return Some(Reason::new(&finding::CELL_NOT_WHOLE, reason).with_hint(hint));
        }
        let cut = self.hooked_periods.get(&item).filter(|hooked| hooked.cut.contains(&key.period))?;
        let reason = format!("the script {} puts more periods into {} than can be read", cut.script, key.period);
        Some(Reason::new(&finding::CELL_NOT_WHOLE, reason).with_hint(format!(
            "let `fn period` of {} put only the periods around {} into it; for another type of period, write that type",
            cut.script, key.period
        )))
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
            None if self.hooked_periods.is_empty() && self.periods.sources_of(key.period) > 0 => true,
            // A script may put this item into other periods than the job's other items.
            None => self.addresses.get(&key.address()).is_none_or(|item| self.writes(*item, key.period)),
        }
    }

    /// Whether a read of the job's org units shows this cell.
    pub fn reads_back(&self, key: &CellKey) -> bool {
        self.addresses.contains_key(&key.address()) && self.periods.write.contains(&key.period)
    }

    /// Whether the source's user may read all that feeds the job, as far as the source has it.
    pub fn is_seen(&self) -> bool {
        let unseen = |hold: &Reason| hold.code != &finding::SOURCE_ORG_UNIT_UNKNOWN;
        self.hidden.is_empty() && !self.withheld.values().any(unseen)
    }

    /// Whether values of the job may go to a cell.
    pub fn leads_to(&self, key: &CellKey) -> bool {
        self.addresses.get(&key.address()).is_some_and(|item| self.writes(*item, key.period))
    }

    /// Whether values of an item may go to a destination period.
    pub fn writes(&self, item: usize, period: Period) -> bool {
        self.source_periods(item, period) > 0
    }

    /// The first source period that goes to a cell.
    pub fn first_source(&self, key: &CellKey) -> Option<Period> {
        if self.hooked_periods.is_empty() {
            return self.periods.first_source(key.period).filter(|_| self.addresses.contains_key(&key.address()));
        }
        let item = self.addresses.get(&key.address())?;
        match self.hooked_periods.get(item) {
            Some(hooked) => hooked.first_source(key.period),
            None => self.periods.first_source(key.period),
        }
    }

    /// The first source period that goes to each cell of a period, whatever its address; none where scripts decide on that.
    pub fn first_source_of_all(&self, period: Period) -> Option<Option<Period>> {
        self.hooked_periods.is_empty().then(|| self.periods.first_source(period))
    }

    /// Whether the job takes a source period somewhere else than to a cell of that address and destination period, and
    /// takes none there: what stands there stands somewhere else now. None where that cannot be told.
    pub(super) fn moves_away(&self, address: CellAddress, from: Period, to: Period) -> Option<bool> {
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
