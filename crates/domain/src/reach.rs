//! Which cells a routine writes, according to its jobs' items, their period types and the org unit map.
//!
//! Two questions need it. What the routine once wrote and nothing leads to any more is *leftover*: an item or a unit
//! was corrected, and the old cells still hold values that now count twice ([`Reach`]). And where source and
//! destination are one system, an item that reads the cell it writes multiplies it at every run ([`feedback`]).

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Reader;
use crate::cell::{CellAddress, CellKey};
use crate::item::{Item, SourceItem};
use crate::job::{Job, ReadFrom};
use crate::metadata::Metadata;
use crate::org_unit_map::{MappingState, OrgUnitMapping};
use crate::period::PeriodType;
use crate::uid::Uid;

/// The cells that a routine leads to, of whatever time: periods outside of today's window are no reason to call a
/// cell leftover, nor is a run over some of the jobs. Build it from the whole routine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    addresses: BTreeMap<CellAddress, BTreeSet<PeriodType>>,
    org_units: BTreeSet<Uid>,
}

/// Why nothing leads to a cell. In the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Leftover {
    /// No item has its address.
    NoItem,
    /// Items have its address, and write periods of another type.
    OtherPeriods,
    /// No source org unit is mapped to its org unit.
    NoOrgUnit,
    /// The source period that it was written from goes to another period. Only who knows today's periods can tell.
    Moved,
}

impl Leftover {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoItem => "no item of the routine writes to it now",
            Self::OtherPeriods => "the routine writes periods of another type now",
            Self::Moved => "its value goes to another period now",
            Self::NoOrgUnit => "the map sends no org unit there now",
        }
    }
}

impl Reach {
    /// Of a routine's jobs, all of them, and the map of their pair. A unit whose match waits for confirmation still
    /// leads there: a person has not decided against it.
    pub fn of<'all>(
        jobs: impl IntoIterator<Item = &'all Job>,
        map: impl IntoIterator<Item = &'all OrgUnitMapping>,
    ) -> Self {
        let mut reach = Self::default();
        for job in jobs {
            for item in &job.items {
                reach.addresses.entry(item.destination).or_default().insert(job.destination_period_type);
            }
        }
        let open = map.into_iter().filter(|row| row.state != MappingState::Ignored);
        reach.org_units.extend(open.filter_map(|row| row.destination));
        reach
    }

    /// Why nothing leads to a cell; none where something does.
    pub fn leftover(&self, cell: &CellKey) -> Option<Leftover> {
        match self.addresses.get(&cell.address()) {
            None => Some(Leftover::NoItem),
            Some(types) if !types.contains(&cell.period.period_type()) => Some(Leftover::OtherPeriods),
            Some(_) if !self.org_units.contains(&cell.org_unit) => Some(Leftover::NoOrgUnit),
            Some(_) => None,
        }
    }

    /// Whether the map leads to an org unit.
    pub fn leads_to_org_unit(&self, org_unit: Uid) -> bool {
        self.org_units.contains(&org_unit)
    }

    /// Whether something leads to a cell.
    pub fn leads_to(&self, cell: &CellKey) -> bool {
        self.leftover(cell).is_none()
    }
}

/// An item that reads the cell it writes, if source and destination are one system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feedback {
    /// The item, by position in the job.
    pub item: usize,
    /// An org unit at which it happens.
    pub org_unit: Uid,
}

/// The items of a job that read what they write, taken that both servers are one system. `source` is its metadata.
///
/// The data has to overlap, the org units, and the type of the periods: raw months are not read from what is written
/// into quarters. A shift is no way out: what is written for one month is read for the next. Harmless, and left alone,
/// is an item that puts each value back where it stands, by itself and as it is: no run changes anything (and a copy
/// of a server, which keeps its system id, may be filled that way).
pub fn feedback(job: &Job, map: &[OrgUnitMapping], source: &Metadata) -> Vec<Feedback> {
    let alone = each_on_itself(map);
    job.items
        .iter()
        .enumerate()
        .filter(|(_, item)| reads_own_address(item, source))
        .filter(|(_, item)| !(alone && puts_back(job, item, source)))
        .filter_map(|(position, item)| {
            let aggregated = item.source.is_aggregated(job.read);
            let types_meet = job.source_period_type == job.destination_period_type || aggregated;
            let org_unit = read_and_written(map, source, aggregated).filter(|_| types_meet)?;
            Some(Feedback { item: position, org_unit })
        })
        .collect()
}

/// Whether the map puts each org unit on itself, or on one that it does not read.
fn each_on_itself(map: &[OrgUnitMapping]) -> bool {
    let read: BTreeSet<Uid> = map.iter().filter(|row| row.target().is_some()).map(|row| row.source).collect();
    map.iter().all(|row| row.target().is_none_or(|target| target == row.source || !read.contains(&target)))
}

/// Whether an item writes each value of its address as it is, in its own period.
fn puts_back(job: &Job, item: &Item, source: &Metadata) -> bool {
    let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = item.source else {
        return false;
    };
    let reader = Reader::new(source, None);
    let only = |named: Option<Uid>, all: BTreeSet<Uid>, written: Uid| match named {
        Some(named) => named == written,
        None => all.iter().all(|combo| *combo == written),
    };
    job.read == ReadFrom::Raw
        && job.period_shift == 0
        && job.source_period_type == job.destination_period_type
        && item.factor.is_none()
        && item.share.is_none()
        && item.scripts.is_empty()
        && job.scripts.is_empty()
        && job.items.iter().filter(|other| other.destination == item.destination).count() == 1
        && only(category_option_combo, reader.category_option_combos(id), item.destination.category_option_combo)
        && only(attribute_option_combo, reader.attribute_option_combos(id), item.destination.attribute_option_combo)
}

/// Whether an item's source holds its destination address.
fn reads_own_address(item: &Item, source: &Metadata) -> bool {
    let address = &item.destination;
    let same = |combo: &Option<Uid>, other: Uid| combo.is_none_or(|combo| combo == other);
    match &item.source {
        SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
            *id == address.data_element
                && same(category_option_combo, address.category_option_combo)
                && same(attribute_option_combo, address.attribute_option_combo)
        }
        SourceItem::Indicator { id } => source.indicators.get(id).is_some_and(|indicator| {
            let operand = format!("#{{{}", address.data_element);
            indicator.numerator.contains(&operand) || indicator.denominator.contains(&operand)
        }),
        // Events and registrations are not written.
        SourceItem::ProgramIndicator { .. } | SourceItem::ReportingRate { .. } => false,
    }
}

/// A destination unit of the map that its source side reads, too: by itself, or through analytics with what is above.
fn read_and_written(map: &[OrgUnitMapping], source: &Metadata, aggregated: bool) -> Option<Uid> {
    let read: BTreeSet<Uid> = map.iter().filter(|row| row.target().is_some()).map(|row| row.source).collect();
    let is_read = |target: &Uid| {
        let above = source.organisation_units.get(target).filter(|_| aggregated);
        read.contains(target) || above.is_some_and(|unit| unit.path.iter().any(|id| read.contains(id)))
    };
    map.iter().filter_map(OrgUnitMapping::target).find(is_read)
}

#[cfg(test)]
mod tests {
    use super::{Leftover, Reach, feedback};
    use crate::cell::CellKey;
    use crate::item::SourceItem;
    use crate::job::{Job, ReadFrom};
    use crate::org_unit_map::MappingState;
    use crate::period::PeriodType;
    use crate::testing::{
        address, cell, country, female, item, job, male, mapping, mapping_in_state, metadata, period, plain_address,
        plain_item, unit, with_factor,
    };
    use crate::uid::Uid;

    #[test]
    fn a_cell_is_leftover_by_item_by_period_type_or_by_org_unit() {
        let jobs = [job("a", vec![plain_item(1)]), job("b", vec![item(2, male(), address(2, male()))])];
        let map = [
            mapping(unit(1), unit(1)),
            mapping_in_state(unit(2), Some(unit(2)), MappingState::Proposed),
            mapping_in_state(unit(3), Some(unit(3)), MappingState::Ignored),
        ];
        let reach = Reach::of(&jobs, &map);
        assert!(reach.leads_to(&cell(1, 1, "202401")));
        assert!(reach.leads_to(&cell(1, 1, "199901")), "whatever the window");
        assert!(reach.leads_to(&cell(1, 2, "202401")), "nobody has decided against a proposal");
        assert!(reach.leads_to(&CellKey::new(address(2, male()), unit(1), period("202401"))), "any job of the routine");
        assert_eq!(reach.leftover(&cell(1, 3, "202401")), Some(Leftover::NoOrgUnit));
        assert_eq!(reach.leftover(&cell(1, 4, "202401")), Some(Leftover::NoOrgUnit));
        assert_eq!(reach.leftover(&cell(1, 1, "2024Q1")), Some(Leftover::OtherPeriods));
        assert_eq!(reach.leftover(&cell(3, 1, "202401")), Some(Leftover::NoItem));
        let other = CellKey::new(address(2, female()), unit(1), period("202401"));
        assert_eq!(reach.leftover(&other), Some(Leftover::NoItem), "another combo is another cell");
    }

    #[test]
    fn an_item_that_reads_its_own_cell_is_found_by_overlap() {
        let metadata = metadata();
        let map = [mapping(unit(1), unit(2)), mapping(unit(2), unit(2))];
        let found = |job: &Job| feedback(job, &map, &metadata).iter().map(|found| found.item).collect::<Vec<_>>();
        let open = |to| crate::item::Item {
            source: SourceItem::DataElement {
                id: crate::testing::element(2),
                category_option_combo: None,
                attribute_option_combo: None,
            },
            ..item(2, male(), to)
        };
        let items = vec![
            plain_item(1),
            item(1, Uid::DEFAULT_OPTION_COMBO, plain_address(3)),
            open(address(2, female())),
            item(2, male(), address(2, female())),
        ];
        assert_eq!(found(&job("a", items.clone())), [0, 2]);
        let quarterly = Job { destination_period_type: PeriodType::Quarterly, ..job("a", items) };
        assert!(found(&quarterly).is_empty(), "raw months are not read from quarters");
    }

    #[test]
    fn putting_each_value_back_where_it_stands_changes_nothing() {
        let metadata = metadata();
        let itself = [mapping(unit(1), unit(1)), mapping(unit(2), unit(2))];
        let copy = job("a", vec![plain_item(1)]);
        assert!(feedback(&copy, &itself, &metadata).is_empty());
        let doubled = Job { items: vec![with_factor(plain_item(1), "2")], ..copy.clone() };
        assert_eq!(feedback(&doubled, &itself, &metadata).len(), 1);
        let shifted = Job { period_shift: 1, ..copy.clone() };
        assert_eq!(feedback(&shifted, &itself, &metadata).len(), 1);
        let merged = [mapping(unit(1), unit(2)), mapping(unit(2), unit(2))];
        assert_eq!(feedback(&copy, &merged, &metadata).len(), 1);
    }

    #[test]
    fn analytics_reads_what_lies_below_a_unit() {
        let metadata = metadata();
        let own = job("a", vec![plain_item(1)]);
        let apart = [mapping(unit(1), unit(2))];
        assert!(feedback(&own, &apart, &metadata).is_empty());
        let below = [mapping(country(), unit(2))];
        assert!(feedback(&own, &below, &metadata).is_empty());
        let aggregated = Job { read: ReadFrom::Analytics, ..own };
        assert_eq!(feedback(&aggregated, &below, &metadata).len(), 1);
        assert!(feedback(&aggregated, &apart, &metadata).is_empty());
    }
}
