//! Gives each source value a fate: part of one or more destination cells, or unmapped, dropped or invalid with a reason.
//!
//! `fetched + created_by_script = unmapped + dropped + invalid + contributing` (design 3.1) holds by construction: a
//! value is counted as fetched in the one place that also decides its fate. What is *not* counted as fetched is what nobody asked for: other
//! data elements of the same data set, and values that belong to another slice, which counts them. A mapped data element
//! under an option combo that no item reads is not counted either, but named: it may be a forgotten disaggregation.
//!
//! Values are taken one by one as they arrive, so that memory holds contributions and no answer. A script's `rows` sees
//! a whole slice at once: where a job has one, the values that can contribute are held until the last has arrived, and
//! go through the scripts before they are placed. What `period` says stands in the plan.
//!
//! A value that comes twice counts once. Where it says something else the second time nobody knows which is right: it
//! is held back by name, and never added to itself.
//!
//! A value that cannot be used leaves a *doubt* about every cell that it would have been part of: a cell is written whole
//! or not at all, so nothing is sent for it, whatever else goes there.

mod doubts;
mod fate;
mod route;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{self, Reason};
use crate::hooks::{Acts, RowKey, RowsContext, Scene, SliceValues, through_rows};
use crate::map::fate::{Blame, Fate, Nowhere, target_period};
use crate::map::route::{Route, Routes, Spots};
use crate::plan::{Place, PlannedJob, Slice, UnitMap};
use crate::tally::{Findings, Note};
use crate::twice::{Before, Seen};
use xfer_dhis2::bounds::MOST_HELD;
use xfer_domain::cell::CellKey;
use xfer_domain::data_item::DataItem;
use xfer_domain::decimal::is_number;
use xfer_domain::job::Comments;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::run::ValueCounts;
use xfer_domain::shown::shown;
use xfer_domain::source_value::{Remark, SourceValue};
use xfer_domain::uid::Uid;

/// A source value on its way to one cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// The cell.
    pub cell: CellKey,
    /// The period it had at the source; `last` and `first` go by it.
    pub source_period: Period,
    /// The unit it had at the source.
    pub source_unit: Uid,
    /// Its item, by position in the job.
    pub item: usize,
    /// Its text, as the source sent it.
    pub text: String,
    /// The number of its source value in the slice: one value may contribute to several cells.
    pub value: u32,
}

/// What a slice's source values became.
#[derive(Debug, Default)]
pub struct Mapped {
    /// How many had which fate.
    pub values: ValueCounts,
    /// Parts of cells, in order of arrival.
    pub contributions: Vec<Contribution>,
    /// Cells for which the source has a value that cannot be used, with the reason. Nothing is sent for them, and they
    /// are not empty either: `when_empty` must not delete what a typing error hides.
    pub doubts: BTreeMap<CellKey, Reason>,
    /// What the source has beside the values of a cell, where the job copies it.
    pub remarks: BTreeMap<CellKey, Remark>,
    /// The source values at their destination, if a script may look them up.
    pub slice_values: SliceValues,
    /// Source periods with a value, whatever became of it.
    pub periods: BTreeSet<Period>,
    /// What scripts did.
    pub acts: Acts,
    /// Every fate other than contributing, by reason and object.
    pub findings: Findings,
}

/// The mapping of one slice, value by value.
#[derive(Debug)]
pub struct Mapping<'plan> {
    job: &'plan PlannedJob,
    slice: &'plan Slice,
    units: &'plan UnitMap,
    values: ValueCounts,
    contributions: Vec<Contribution>,
    doubts: BTreeMap<CellKey, Reason>,
    /// Values that wait for the scripts with `rows`.
    held: Vec<SourceValue>,
    /// What stands beside contributing values, where the job copies it.
    remarks: BTreeMap<CellKey, Vec<(Period, Uid, u32, Remark)>>,
    /// Contributing values with a remark, where the job does not copy it, and the first in words.
    left_behind: Option<(u64, String)>,
    slice_values: SliceValues,
    periods: BTreeSet<Period>,
    /// The period of the value before: they come in runs.
    last_period: Option<Period>,
    /// Whether a script may look values up.
    keeps_values: bool,
    /// The number of the next value that is placed.
    next_value: u32,
    fates: BTreeMap<(Fate, Blame), (u64, String)>,
    /// Where values go.
    routes: Routes,
    spots: Spots,
    /// Values that came already: one that comes again is no other value.
    seen: Seen,
    /// Bytes that it holds, about.
    weight: usize,
}

/// Bytes that a value takes on its way, its text apart: a contribution, the memory that it came, its place in a cell.
const WEIGHT_OF_VALUE: usize = 200;

impl<'plan> Mapping<'plan> {
    /// For one slice of a job.
    pub fn new(job: &'plan PlannedJob, slice: &'plan Slice, units: &'plan UnitMap) -> Self {
        Self {
            job,
            slice,
            units,
            values: ValueCounts::default(),
            contributions: Vec::new(),
            doubts: BTreeMap::new(),
            held: Vec::new(),
            remarks: BTreeMap::new(),
            left_behind: None,
            slice_values: SliceValues::default(),
            periods: BTreeSet::new(),
            last_period: None,
            keeps_values: job.is_scripted(),
            next_value: 0,
            fates: BTreeMap::new(),
            routes: Routes::default(),
            spots: Spots::default(),
            seen: Seen::default(),
            weight: 0,
        }
    }

    /// An empty one beside this one, for other values of the slice, which may have to be read again: it holds as much as
    /// both, and goes on counting where this one ends.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { next_value: self.next_value, weight: self.weight, ..Self::new(self.job, self.slice, self.units) }
    }

    /// What both hold; the other was made [`beside`](Self::beside) this one and took other data.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        if self.weight == 0 && self.fates.is_empty() {
            return other;
        }
        self.values.add(&other.values);
        self.contributions.extend(other.contributions);
        for (cell, hold) in other.doubts {
            self.doubts.entry(cell).or_insert(hold);
        }
        self.held.extend(other.held);
        for (cell, remarks) in other.remarks {
            self.remarks.entry(cell).or_default().extend(remarks);
        }
        self.left_behind = match (self.left_behind, other.left_behind) {
            (Some((count, first)), Some((further, _))) => Some((count + further, first)),
            (one, another) => one.or(another),
        };
        self.slice_values.extend(other.slice_values);
        self.periods.extend(other.periods);
        for (fate, (count, first)) in other.fates {
            self.fates.entry(fate).and_modify(|(known, _)| *known += count).or_insert((count, first));
        }
        // What was seen of the one says nothing of the other's data.
        Self { next_value: other.next_value, weight: other.weight, ..self }
    }

    /// Bytes that it holds, about.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Whether it holds as much as it may; then what it took is not all that came.
    pub fn is_full(&self) -> bool {
        self.weight > MOST_HELD
    }

    /// Takes one value.
    pub fn take(&mut self, value: SourceValue) {
        if self.is_full() || !self.job.reads.knows(value.data) {
            return;
        }
        let job = self.job;
        let (data, period) = (value.data, value.period);
        let route = self.routes.of(job, &value);
        let Some(number) = route.number else {
            // Periods that are read for other items are nobody's oversight.
            if !route.is_read_elsewhen && self.target_of(value.org_unit).is_some() {
                self.note(Fate::OptionCombo, Blame::Data(value.data), &value);
            }
            return;
        };
        let spot = self.spots.of(self.slice, self.units, value.org_unit);
        if spot.is_elsewhere {
            return;
        }
        let place = spot.place;
        match self.seen.note(spot.number, number, &(&value.value, &value.remark)) {
            Before::Never => {}
            Before::Same => return,
            Before::Other => {
                self.values.fetched += 1;
                self.values.invalid += 1;
                self.note(Fate::Twice, Blame::Data(data), &value);
                self.doubt_twice(&value);
                return;
            }
        }
        let text = |text: Option<&String>| text.map_or(0, String::len);
        let remark = value.remark.as_ref().and_then(|remark| remark.comment.as_ref());
        self.weight += WEIGHT_OF_VALUE + text(value.value.as_ref()) + text(remark);
        self.values.fetched += 1;
        if self.last_period.replace(period) != Some(period) {
            self.periods.insert(period);
        }
        let unit = Blame::OrgUnit(value.org_unit);
        match place {
            Place::To(_) if !job.rows.is_empty() => self.held.push(value),
            Place::To(target) => self.place(value, target, &route),
            Place::Unmapped => {
                self.values.unmapped += 1;
                self.note(Fate::Unmapped, unit, &value);
            }
            Place::Proposed => {
                self.values.unmapped += 1;
                self.note(Fate::Proposed, unit, &value);
            }
            Place::Ignored => {
                self.values.dropped += 1;
                self.note(Fate::Ignored, unit, &value);
            }
        }
    }

    /// Puts the value of a mapped unit into its cells.
    fn place(&mut self, mut value: SourceValue, target: Uid, route: &Route) {
        let Some(text) = value.value.take().filter(|text| !text.is_empty()) else {
            self.values.dropped += 1;
            self.note(Fate::Empty, Blame::Data(value.data), &value);
            return;
        };
        let before = self.contributions.len();
        let job = self.job;
        let number = self.next_value;
        self.next_value = self.next_value.saturating_add(1);
        let mut fate = None;
        let mut is_a_number = None;
        let mut goes_to = BTreeSet::new();
        let remark = value.remark.take();
        for (item, to) in &route.items {
            let (item, to) = (*item, *to);
            let Some(planned) = job.items.get(item) else { continue };
            let period = match to {
                Ok(period) => period,
                Err(nowhere) => {
                    self.doubt_periods(item, target, &value, &text);
                    // Of several reasons the worst is named: what cannot be used before what is left out.
                    fate = fate.max(Some(nowhere));
                    continue;
                }
            };
            let cell = CellKey::new(planned.destination, target, period);
            if planned.needs_numbers() && !*is_a_number.get_or_insert_with(|| is_number(&text)) {
                fate = fate.max(Some(Nowhere::Refused));
                self.doubt(item, target, period, &value, || format!("`{}` is not a number", shown(&text)));
                continue;
            }
            // The first of those that share a source out stands for all of them until the number is cut.
            if planned.share.is_some() && !job.shares.contains_key(&item) {
                continue;
            }
            if self.keeps_values {
                goes_to.insert(period);
            }
            self.contributions.push(Contribution {
                cell,
                source_period: value.period,
                source_unit: value.org_unit,
                item,
                text: String::new(),
                value: number,
            });
        }
        if let Some(nowhere) = fate {
            value.value = Some(text.clone());
            let blame = if nowhere == Nowhere::Refused { Blame::Data(value.data) } else { Blame::Period(value.period) };
            self.note(nowhere.fate(), blame, &value);
        }
        // One value, one fate: part of a cell if it is part of any.
        if self.contributions.len() == before {
            match fate {
                Some(Nowhere::Dropped) => self.values.dropped += 1,
                _ => self.values.invalid += 1,
            }
            return;
        }
        if self.keeps_values {
            let at_destination = goes_to.into_iter().map(|period| SourceValue {
                org_unit: target,
                period,
                value: Some(text.clone()),
                ..value.clone()
            });
            at_destination.for_each(|row| self.slice_values.add(row));
        }
        self.values.contributing += 1;
        if let Some(remark) = remark {
            self.take_remark(&remark, before, &value);
        }
        let mut placed = self.contributions.iter_mut().skip(before);
        let first = placed.next();
        for further in placed {
            further.text.clone_from(&text);
        }
        if let Some(first) = first {
            first.text = text;
        }
    }

    /// Keeps what stands beside a value for its cells, or counts that it stays behind.
    fn take_remark(&mut self, remark: &Remark, before: usize, value: &SourceValue) {
        if self.job.comments == Comments::Keep {
            let first = || format!("{} at {} in {}", value.data, value.org_unit, value.period);
            self.left_behind.get_or_insert_with(|| (0, first())).0 += 1;
            return;
        }
        for part in self.contributions.iter().skip(before) {
            for cell in cells_of(self.job, part.item, part.cell.org_unit, part.cell.period) {
                let entry = (part.source_period, part.source_unit, part.value, remark.clone());
                self.remarks.entry(cell).or_default().push(entry);
            }
        }
    }

    fn note(&mut self, fate: Fate, blame: Blame, value: &SourceValue) {
        self.fates.entry((fate, blame)).and_modify(|(count, _)| *count += 1).or_insert_with(|| {
            let text = value.value.as_deref().map_or_else(String::new, |text| format!(" = `{}`", shown(text)));
            (1, format!("{} at {} in {}{text}", value.data, value.org_unit, value.period))
        });
    }

    /// Leads the values that were held through the scripts with `rows`, and places what comes out.
    fn place_held(&mut self, scene: &Scene<'_>) -> Acts {
        let held = std::mem::take(&mut self.held);
        let job = self.job;
        // Scripts see values; what stands beside them finds its row again by where it stands.
        let mut remarks: BTreeMap<RowKey, Box<Remark>> =
            held.iter().filter_map(|value| Some((RowKey::of(value), value.remark.clone()?))).collect();
        let through = through_rows(
            held,
            &job.rows,
            &RowsContext { scene, job: &job.name, items: &job.items, org_units: &self.slice.sources },
        );
        self.values.created_by_script += through.created;
        self.values.dropped += through.dropped;
        for value in through.rejected {
            self.values.invalid += 1;
            let Some(target) = self.target_of(value.org_unit) else { continue };
            for item in job.items_of(value.data, value.category_option_combo, value.attribute_option_combo) {
                if let Ok(period) = target_period(job, item, value.period) {
                    self.doubt(item, target, period, &value, || "a script refused it, or failed on it".to_owned());
                }
            }
        }
        for (from, to) in &through.moved {
            self.doubt_moved(from, to);
        }
        for mut value in through.rows {
            value.remark = remarks.remove(&RowKey::of(&value));
            let all = || job.items_of(value.data, value.category_option_combo, value.attribute_option_combo);
            let mut items = all().filter(|item| job.reads_for(*item, value.period)).peekable();
            match self.target_of(value.org_unit) {
                Some(target) if items.peek().is_some() => {
                    let route = Route::of(job, items, value.period);
                    self.place(value, target, &route);
                }
                Some(target) if all().next().is_some() => {
                    let route = Route::of(job, all(), value.period);
                    self.place(value, target, &route);
                }
                _ => {
                    self.values.invalid += 1;
                    self.note(Fate::Foreign, Blame::Data(value.data), &value);
                }
            }
        }
        through.acts
    }

    /// The destination of an org unit of this slice.
    fn target_of(&self, org_unit: Uid) -> Option<Uid> {
        match self.units.place_of(org_unit) {
            Place::To(target) if self.slice.sources.contains(&org_unit) => Some(target),
            _ => None,
        }
    }

    /// The outcome, once every value has been taken. The scene gives the names.
    pub fn finish(mut self, scene: &Scene<'_>) -> Mapped {
        let source = scene.source;
        let acts = if self.job.rows.is_empty() { Acts::default() } else { self.place_held(scene) };
        let mut findings = Findings::default();
        let mut doubts = self.doubts;
        for hold in doubts.values_mut() {
            hold.text = in_words(&hold.text, source).into();
        }
        for ((fate, blame), (count, example)) in self.fates {
            let mut example = in_words(&example, source);
            if let (Fate::PeriodDropped | Fate::PeriodFailed, Blame::Period(period)) = (fate, blame)
                && let Some(reason) = self.job.why_nowhere(period)
            {
                example = format!("{example}: {reason}");
            }
            let mut note = Note::new(fate.code(), count).example(example);
            note = match blame {
                Blame::OrgUnit(id) => note.about("organisation unit", &id, source.org_unit_path_names(id)),
                Blame::Data(data) => note.about(data.kind().words(), &data, source.data_name(data)),
                Blame::Period(period) => note.about("period", &period, period.to_string()),
            };
            findings.add(note);
        }
        if let Some((count, example)) = self.left_behind {
            findings.add(Note::new(&finding::SOURCE_COMMENTS_NOT_MOVED, count).example(in_words(&example, source)));
        }
        let remarks = self.remarks.into_iter().map(|(cell, all)| (cell, Remark::together(all))).collect();
        Mapped {
            values: self.values,
            contributions: self.contributions,
            doubts,
            remarks,
            slice_values: self.slice_values,
            periods: self.periods,
            acts,
            findings,
        }
    }
}

/// The cells that a value of an item goes to: several where it is shared out.
fn cells_of(job: &PlannedJob, item: usize, target: Uid, period: Period) -> impl Iterator<Item = CellKey> {
    let group = job.shares.get(&item).map_or(&[][..], |group| &group.members);
    let alone = group.is_empty().then_some(item);
    let items = alone.into_iter().chain(group.iter().copied());
    items.filter_map(move |item| Some(CellKey::new(job.items.get(item)?.destination, target, period)))
}

/// Replaces the ids at the places where [`Mapping::note`] put them by names.
fn in_words(example: &str, source: &Metadata) -> String {
    let words = example.split(' ').map(|word| match DataItem::named_by(word).next() {
        // An id is looked up whichever kind of object it is of.
        Some(data) => source.data_name(data),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
