//! Cuts a job into slices along destination cells (design 3).
//!
//! Every contribution to a cell has to be in one slice, and every value of the source has to be seen by exactly one
//! slice, unmapped units included: their values are counted, not overlooked. Two steps make that so:
//!
//! 1. The readable source tree is cut into *regions*: whole subtrees where they fit the budget, otherwise the unit by
//!    itself and its children one by one. Each readable unit is in exactly one region. A region becomes a slice.
//! 2. Destination units that are fed from two regions (a merged pair across a district border) are taken out of both
//!    and put into slices of their own, which read their source units by name.
//!
//! A unit therefore may be read twice and is counted once: by the slice that has it among its `sources`.
//!
//! Limits: a subtree without any mapped unit and with more than [`LARGEST_UNTOUCHED_SUBTREE`] units is not read (a
//! pilot in one district does not read the country); it is named in a finding. The estimate of cells is the product of
//! items, periods and units, which real data fill to a tenth or less.
//!
//! Cut are in a fixed order for the same document and metadata, so that a run that was cut off meets the same ones.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::plan::tree::{Tree, UNITS_PER_REQUEST, UnitRead, Weight, reads};
use crate::plan::units::UnitMap;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// Possible cells of a slice: at some 300 bytes for a cell with both its sides, two full slices in memory stay below
/// 80 MB.
pub(super) const CELLS_PER_SLICE: usize = 120_000;

/// Mapped source units of a slice: a failed slice should not take a country with it.
pub const UNITS_PER_SLICE: usize = 400;

/// Units of a region, mapped or not: the answer to one read stays within some seconds.
const UNITS_PER_REGION: usize = 2_000;

/// Units of a subtree without a mapped unit that is still read, so that forgotten org units are found.
pub const LARGEST_UNTOUCHED_SUBTREE: usize = 1_000;

/// One unit of work of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Slice {
    /// Its place among the job's slices, from 0.
    pub number: usize,
    /// What people call it: the name of its district, as a rule.
    pub label: String,
    /// How its raw values are read at the source.
    pub reads: Vec<UnitRead>,
    /// The mapped source units whose values it takes, by id.
    pub sources: BTreeSet<Uid>,
    /// The destination units it writes to, by id.
    pub destinations: BTreeSet<Uid>,
    /// Unmapped units that are neither above nor below a mapped one: analytics is asked for their values too, so that
    /// a forgotten unit is seen. (Raw reads see them anyway.)
    pub strays: Vec<Uid>,
}

/// The slices of a job, and the subtrees that no slice reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// In the order of work.
    pub slices: Vec<Slice>,
    /// Roots of large subtrees without a mapped unit, with their number of units.
    pub untouched: Vec<(Uid, usize)>,
    /// Mapped, readable units that no slice takes values of: there are none, or the cut is wrong.
    pub unread: BTreeSet<Uid>,
}

/// What fits into a slice.
#[derive(Debug, Clone, Copy)]
struct Budget {
    /// Mapped units.
    mapped: usize,
}

/// A part of the source tree on its way to become a slice.
#[derive(Debug, Default)]
struct Region {
    subtrees: Vec<Uid>,
    alone: Vec<Uid>,
    weight: Weight,
}

/// Cuts a job whose cells per org unit are at most `cells_per_unit`.
pub(super) fn cut(metadata: &Metadata, tree: &Tree, units: &UnitMap, cells_per_unit: usize) -> Cut {
    let mapped = (CELLS_PER_SLICE / cells_per_unit.max(1)).clamp(1, UNITS_PER_SLICE);
    #[cfg(test)]
    let mapped = small::UNITS.get().unwrap_or(mapped);
    let weights = tree.weigh(|unit| units.is_mapped(unit));
    let mut cutter =
        Cutter { tree, weights, budget: Budget { mapped }, regions: vec![Region::default()], untouched: vec![] };
    for root in tree.roots() {
        cutter.walk(*root);
    }
    let Cutter { regions, untouched, .. } = cutter;
    let regions: Vec<Region> = regions.into_iter().filter(|region| region.weight.units > 0).collect();
    let mut slices = slices_of(metadata, tree, units, &regions, mapped);
    // Looked at once more from the other end: a unit that dropped out would be missed without a message.
    let taken: HashSet<Uid> = slices.iter().flat_map(|slice| slice.sources.iter().copied()).collect();
    let unread = units.mapped().filter(|unit| !taken.contains(unit)).collect();
    // What stands there is held back, and counted: nothing is read for it.
    for targets in units.unfed().chunks(UNITS_PER_SLICE) {
        slices.push(Slice {
            number: slices.len(),
            label: "org units that cannot be read".to_owned(),
            destinations: targets.iter().copied().collect(),
            ..Slice::default()
        });
    }
    Cut { slices, untouched, unread }
}

/// Small slices for tests: worlds of a few units are cut as large ones are.
#[cfg(test)]
pub(crate) mod small {
    thread_local! {
        /// Mapped units of a slice.
        pub(crate) static UNITS: std::cell::Cell<Option<usize>> = const { std::cell::Cell::new(None) };
    }
}

struct Cutter<'tree> {
    tree: &'tree Tree,
    weights: HashMap<Uid, Weight>,
    budget: Budget,
    regions: Vec<Region>,
    untouched: Vec<(Uid, usize)>,
}

impl Cutter<'_> {
    fn walk(&mut self, root: Uid) {
        let mut open = vec![root];
        while let Some(unit) = open.pop() {
            let weight = self.weights.get(&unit).copied().unwrap_or_default();
            if weight.marked == 0 && weight.units > LARGEST_UNTOUCHED_SUBTREE {
                self.untouched.push((unit, weight.units));
            } else if weight.marked <= self.budget.mapped && weight.units <= UNITS_PER_REGION {
                self.place(weight).subtrees.push(unit);
            } else {
                let below = self.tree.children(unit);
                let marked_below: usize =
                    below.iter().filter_map(|child| self.weights.get(child)).map(|weight| weight.marked).sum();
                let own = Weight { units: 1, marked: weight.marked - marked_below };
                self.place(own).alone.push(unit);
                open.extend(below.iter().rev());
            }
        }
    }

    /// The region that takes another part: the last one if it has room, else a new one.
    fn place(&mut self, weight: Weight) -> &mut Region {
        let full = self.regions.last().is_none_or(|region| {
            region.weight.marked + weight.marked > self.budget.mapped
                || region.weight.units + weight.units > UNITS_PER_REGION
                || region.subtrees.len() + region.alone.len() >= UNITS_PER_REQUEST
        });
        if full {
            self.regions.push(Region::default());
        }
        let last = self.regions.len() - 1;
        let region = &mut self.regions[last];
        region.weight.units += weight.units;
        region.weight.marked += weight.marked;
        region
    }
}

fn slices_of(metadata: &Metadata, tree: &Tree, units: &UnitMap, regions: &[Region], mapped: usize) -> Vec<Slice> {
    let members: Vec<Vec<Uid>> = regions.iter().map(|region| region_units(tree, region)).collect();
    let region_of: HashMap<Uid, usize> =
        members.iter().enumerate().flat_map(|(number, units)| units.iter().map(move |unit| (*unit, number))).collect();
    let crossing = crossing(units, &region_of);
    let mut slices: Vec<Slice> = Vec::with_capacity(regions.len());
    for (region, members) in regions.iter().zip(&members) {
        let mut slice = Slice {
            reads: reads(&region.subtrees, true).chain(reads(&region.alone, false)).collect(),
            label: label(metadata, &region.subtrees, &region.alone),
            strays: strays(tree, units, members),
            ..Slice::default()
        };
        for unit in members {
            if let Some(target) = target_of(units, *unit).filter(|target| !crossing.contains_key(target)) {
                slice.sources.insert(*unit);
                slice.destinations.insert(target);
            }
        }
        slices.push(slice);
    }
    slices.extend(crossing_slices(metadata, tree, &crossing, mapped));
    for (number, slice) in slices.iter_mut().enumerate() {
        slice.number = number;
    }
    slices
}

fn region_units(tree: &Tree, region: &Region) -> Vec<Uid> {
    let mut units: Vec<Uid> = region.subtrees.iter().flat_map(|root| tree.subtree(*root)).collect();
    units.extend_from_slice(&region.alone);
    units
}

fn target_of(units: &UnitMap, unit: Uid) -> Option<Uid> {
    match units.place_of(unit) {
        super::units::Place::To(target) => Some(target),
        _ => None,
    }
}

/// Destination units that are fed from several regions, with their source units.
fn crossing<'map>(units: &'map UnitMap, region_of: &HashMap<Uid, usize>) -> BTreeMap<Uid, &'map BTreeSet<Uid>> {
    units
        .inbound
        .iter()
        .filter(|(_, sources)| {
            let regions: BTreeSet<Option<&usize>> = sources.iter().map(|unit| region_of.get(unit)).collect();
            regions.len() > 1
        })
        .map(|(target, sources)| (*target, sources))
        .collect()
}

fn crossing_slices(
    metadata: &Metadata,
    tree: &Tree,
    crossing: &BTreeMap<Uid, &BTreeSet<Uid>>,
    mapped: usize,
) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    for (target, sources) in crossing {
        let room = slices.last().is_some_and(|slice| slice.sources.len() + sources.len() <= mapped);
        if !room {
            slices.push(Slice::default());
        }
        if let Some(slice) = slices.last_mut() {
            slice.sources.extend(sources.iter());
            slice.destinations.insert(*target);
        }
    }
    for slice in &mut slices {
        // By name, never as subtrees: what stands below these units belongs to other slices and is read there.
        let (leaves, inner): (Vec<Uid>, Vec<Uid>) =
            slice.sources.iter().copied().partition(|unit| tree.children(*unit).is_empty());
        slice.reads = reads(&leaves, true).chain(reads(&inner, false)).collect();
        slice.label = label(metadata, &[], &slice.sources.iter().copied().collect::<Vec<_>>());
    }
    slices
}

/// The topmost unmapped units of a region with no mapped unit above or below them.
fn strays(tree: &Tree, units: &UnitMap, members: &[Uid]) -> Vec<Uid> {
    let mut related: BTreeSet<Uid> = BTreeSet::new();
    for unit in members.iter().filter(|unit| units.is_mapped(**unit)) {
        related.extend(tree.path(*unit));
    }
    let is_stray = |unit: &Uid| {
        !related.contains(unit)
            && !tree.path(*unit).iter().any(|ancestor| units.is_mapped(*ancestor))
            && !tree.subtree(*unit).iter().any(|below| units.is_mapped(*below))
    };
    let strays: BTreeSet<Uid> = members.iter().copied().filter(is_stray).collect();
    strays
        .iter()
        .copied()
        .filter(|unit| !tree.path(*unit).iter().any(|ancestor| ancestor != unit && strays.contains(ancestor)))
        .collect()
}

fn label(metadata: &Metadata, subtrees: &[Uid], alone: &[Uid]) -> String {
    let mut names = subtrees.iter().chain(alone);
    let first = names.next().map_or_else(String::new, |unit| metadata.name_of(*unit));
    match names.count() {
        0 => first,
        1 => format!("{first} and another"),
        more => format!("{first} and {more} others"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Cut, cut};
    use crate::fixture::{self, unit};
    use crate::plan::tree::Tree;
    use crate::plan::units::UnitMap;
    use xfer_domain::uid::Uid;

    fn slices(pairs: &[(Uid, Uid)], cells_per_unit: usize) -> (Cut, UnitMap, Tree) {
        let metadata = fixture::metadata();
        let rows: Vec<_> = pairs.iter().map(|(source, target)| fixture::mapping(*source, *target)).collect();
        let units = UnitMap::new(&rows, &metadata, &[]);
        let tree = Tree::new(&metadata, &[]);
        (cut(&metadata, &tree, &units, cells_per_unit), units, tree)
    }

    fn units_read(slices: &Cut, tree: &Tree) -> BTreeSet<Uid> {
        let mut seen = BTreeSet::new();
        for read in slices.slices.iter().flat_map(|slice| &slice.reads) {
            for root in &read.roots {
                if read.children {
                    seen.extend(tree.subtree(*root));
                } else {
                    seen.insert(*root);
                }
            }
        }
        seen
    }

    #[test]
    fn what_fits_is_one_slice_read_as_one_subtree() {
        let (slices, _, _) = slices(&[(unit(1), unit(1)), (unit(5), unit(5))], 10);
        assert_eq!(slices.slices.len(), 1);
        let slice = &slices.slices[0];
        assert_eq!(slice.reads[0].roots, [fixture::country()]);
        assert!(slice.reads[0].children);
        assert_eq!(slice.label, "Country");
        assert_eq!(slice.sources.len(), 2);
    }

    #[test]
    fn a_small_budget_cuts_by_district_and_keeps_merged_units_together() {
        // 50,000 cells for each unit: two mapped units to a slice.
        let (slices, _, tree) =
            slices(&[(unit(1), unit(1)), (unit(2), unit(2)), (unit(5), unit(1)), (unit(6), unit(6))], 50_000);
        let with_target: Vec<_> = slices.slices.iter().filter(|slice| slice.destinations.contains(&unit(1))).collect();
        assert_eq!(with_target.len(), 1, "all contributions to a cell are in one slice");
        assert!(with_target[0].sources.is_superset(&[unit(1), unit(5)].into()));
        assert_eq!(units_read(&slices, &tree).len(), 11, "unmapped units are read too");
    }

    #[test]
    fn strays_are_the_topmost_units_without_a_mapped_relative() {
        let (slices, _, _) = slices(&[(unit(1), unit(1))], 10);
        // District B has no mapped unit; in district A, the units beside unit 1 stand alone.
        assert_eq!(
            slices.slices[0].strays.iter().copied().collect::<BTreeSet<_>>(),
            [fixture::district_b(), unit(2), unit(3), unit(4)].into()
        );
    }

    #[test]
    fn a_mapped_unit_that_the_cut_misses_is_found() {
        let metadata = fixture::metadata();
        let rows = [fixture::mapping(unit(1), unit(1)), fixture::mapping(unit(5), unit(5))];
        let units = UnitMap::new(&rows, &metadata, &[]);
        // A tree of one district: the other is mapped, and out of its reach.
        let tree = Tree::new(&metadata, &[fixture::district_b()]);
        assert_eq!(cut(&metadata, &tree, &units, 10).unread, [unit(1)].into());
    }

    proptest! {
        #[test]
        fn whatever_units_are_missing_every_mapped_one_is_in_one_slice(
            missing in proptest::collection::btree_set(0_usize..11, 0..11),
            cells_per_unit in prop_oneof![Just(1_usize), Just(125_000), Just(900_000)],
        ) {
            let mut metadata = fixture::metadata();
            let all: Vec<Uid> = metadata.organisation_units.keys().copied().collect();
            metadata.organisation_units.retain(|id, _| !missing.iter().any(|gone| all[*gone] == *id));
            let rows: Vec<_> = (1..9).map(|number| fixture::mapping(unit(number), unit(number))).collect();
            let units = UnitMap::new(&rows, &metadata, &[]);
            let tree = Tree::new(&metadata, &[]);
            let slices = cut(&metadata, &tree, &units, cells_per_unit);
            prop_assert!(slices.unread.is_empty());
            for source in units.mapped() {
                prop_assert_eq!(slices.slices.iter().filter(|slice| slice.sources.contains(&source)).count(), 1);
            }
            let there: BTreeSet<Uid> = metadata.organisation_units.keys().copied().collect();
            prop_assert_eq!(units_read(&slices, &tree), there);
        }

        #[test]
        fn every_mapped_unit_is_in_one_slice_and_every_unit_is_read(
            targets in proptest::collection::vec((1_u8..9, 1_u8..9), 0..12),
            cells_per_unit in prop_oneof![Just(1_usize), Just(60_000), Just(125_000), Just(900_000)],
        ) {
            let mut pairs: Vec<(Uid, Uid)> = Vec::new();
            for (source, target) in targets {
                if !pairs.iter().any(|(known, _)| *known == unit(source)) {
                    pairs.push((unit(source), unit(target)));
                }
            }
            let (slices, units, tree) = slices(&pairs, cells_per_unit);
            for (source, target) in &pairs {
                let owners: Vec<_> = slices.slices.iter().filter(|slice| slice.sources.contains(source)).collect();
                prop_assert_eq!(owners.len(), 1);
                prop_assert!(owners[0].destinations.contains(target));
                // Every partner of the same target is there too.
                prop_assert!(units.inbound[target].is_subset(&owners[0].sources));
            }
            prop_assert_eq!(units_read(&slices, &tree).len(), 11);
        }
    }
}
