//! Whether a value of a mapped unit would be taken at the destination, as far as its org unit decides that.

use std::collections::{BTreeMap, HashMap, HashSet};

use xfer_domain::cell::CellKey;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::metadata::{DataSet, Metadata, OrganisationUnit};
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::uid::Uid;

/// Why a value of a mapped unit would not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// The destination does not have the org unit any more.
    Gone,
    /// Its period begins before the org unit opened.
    NotOpenYet,
    /// Its period begins after the org unit closed.
    Closed,
    /// The org unit is assigned to no data set that collects the data element.
    NotAssigned,
}

/// Values that would not arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost {
    /// How many.
    pub values: u64,
    /// The data element of one of them.
    pub element: Uid,
}

/// What the source has in a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitValues {
    /// How many values each org unit has; units without any are not there.
    pub of: BTreeMap<Uid, u64>,
    /// Of these, the values of mapped units that would not be taken, by source unit.
    pub lost: BTreeMap<(Uid, Loss), Lost>,
}

impl UnitValues {
    /// How many values of a unit would not be taken for that reason.
    pub fn lost(&self, unit: Uid, loss: Loss) -> u64 {
        self.lost.get(&(unit, loss)).map_or(0, |lost| lost.values)
    }

    /// Counts a value.
    pub fn count(&mut self, unit: Uid, element: Uid, loss: Option<Loss>) {
        *self.of.entry(unit).or_default() += 1;
        if let Some(loss) = loss {
            self.lost.entry((unit, loss)).or_insert(Lost { values: 0, element }).values += 1;
        }
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: Self) {
        for (unit, values) in other.of {
            *self.of.entry(unit).or_default() += values;
        }
        for (key, lost) in other.lost {
            self.lost.entry(key).or_insert(Lost { values: 0, ..lost }).values += lost.values;
        }
    }
}

impl FromIterator<(Uid, u64)> for UnitValues {
    fn from_iter<I: IntoIterator<Item = (Uid, u64)>>(values: I) -> Self {
        Self { of: values.into_iter().collect(), ..Self::default() }
    }
}

/// What decides about values: the destinations of the map and the data sets that the jobs write.
pub struct Arrivals<'check> {
    /// By source unit; none where the destination does not have the unit.
    targets: HashMap<Uid, Option<&'check OrganisationUnit>>,
    /// By source data element.
    writes: HashMap<Uid, Vec<Write>>,
}

/// Where an item writes.
struct Write {
    category_option_combo: Option<Uid>,
    attribute_option_combo: Option<Uid>,
    period_type: PeriodType,
    shift: i32,
    /// The units that may report it; none where no data set says so.
    assigned: Option<HashSet<Uid>>,
}

impl<'check> Arrivals<'check> {
    /// For a map and the jobs of its pair.
    pub fn new(destination: &'check Metadata, rows: &[OrgUnitMapping], jobs: &[Job]) -> Self {
        let target = |row: &OrgUnitMapping| Some((row.source, destination.organisation_units.get(&row.target()?)));
        let mut writes: HashMap<Uid, Vec<Write>> = HashMap::new();
        for job in jobs {
            for item in &job.items {
                let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = item.source else {
                    continue;
                };
                writes.entry(id).or_default().push(Write {
                    category_option_combo,
                    attribute_option_combo,
                    period_type: job.destination_period_type,
                    shift: job.period_shift,
                    assigned: assigned(destination, item.destination.data_element, job.destination_period_type),
                });
            }
        }
        Self { targets: rows.iter().filter_map(target).collect(), writes }
    }

    /// Why a value of the source would not arrive at a cell that it is meant for; none where it would, and for units
    /// that are not mapped.
    pub fn loss(&self, cell: &CellKey) -> Option<Loss> {
        let Some(target) = self.targets.get(&cell.org_unit)? else { return Some(Loss::Gone) };
        let takes = |own: Option<Uid>, has: Uid| own.is_none_or(|own| own == has);
        let mut writes = self.writes.get(&cell.data_element).into_iter().flatten().filter(|write| {
            takes(write.category_option_combo, cell.category_option_combo)
                && takes(write.attribute_option_combo, cell.attribute_option_combo)
        });
        // Before there is a job, values are taken to stay in their periods.
        if self.writes.is_empty() {
            return not_open(target, cell.period);
        }
        writes.find_map(|write| {
            let period = write.period(cell.period);
            let is_assigned = write.assigned.as_ref().is_none_or(|units| units.contains(&target.id));
            not_open(target, period).or((!is_assigned).then_some(Loss::NotAssigned))
        })
    }
}

impl Write {
    /// The period that a value goes to. Where only a script could say, it is the one that its first day lies in.
    fn period(&self, of_source: Period) -> Period {
        let period = if of_source.period_type() == self.period_type {
            of_source
        } else {
            self.period_type.containing(of_source.start())
        };
        period.shift(self.shift).unwrap_or(period)
    }
}

/// The first day of the period must lie within the unit's dates, as servers have it.
fn not_open(unit: &OrganisationUnit, period: Period) -> Option<Loss> {
    if unit.opening_date.is_some_and(|opening| period.start() < opening) {
        return Some(Loss::NotOpenYet);
    }
    unit.closed_date.is_some_and(|closed| period.start() > closed).then_some(Loss::Closed)
}

/// The units of the data sets that collect an element in such periods; none where none does, which is not the map's.
fn assigned(destination: &Metadata, element: Uid, period_type: PeriodType) -> Option<HashSet<Uid>> {
    let collects = |set: &&DataSet| set.period_type == period_type;
    let sets: Vec<&DataSet> = destination.data_sets_of(element).filter(collects).collect();
    (!sets.is_empty()).then(|| sets.iter().flat_map(|set| set.organisation_units.iter().copied()).collect())
}
