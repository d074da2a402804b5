//! The org unit tree of a server as far as its user may read it, and which subtrees to read for a set of units.
//!
//! A subtree costs one request whatever it holds, a unit by itself costs twenty bytes of a request line that ends at
//! 8 KiB (`measured.md`). So a subtree is read whole where at least half of it is wanted; what comes with it is left
//! alone by whoever asked.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// Most org units named in one request: 100 make 2 KB of a request line of 6 KB; data sets and periods need the rest.
pub(super) const UNITS_PER_REQUEST: usize = 100;

/// Org units that are read with one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitRead {
    /// The org units.
    pub roots: Vec<Uid>,
    /// Whether everything below them is read too.
    pub children: bool,
}

/// How many units a subtree has, its root included, and how many of them are marked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    /// All units.
    pub units: usize,
    /// The marked ones.
    pub marked: usize,
}

/// The readable part of a server's tree.
#[derive(Debug)]
pub struct Tree {
    roots: Vec<Uid>,
    children: HashMap<Uid, Vec<Uid>>,
    /// From the readable root down to the unit itself.
    paths: BTreeMap<Uid, Vec<Uid>>,
}

impl Tree {
    /// The part below the roots that the user may read; everything where nothing is known about the user.
    ///
    /// A unit that other units are below may be missing in the copy. A read of what stands above it reads them all the
    /// same, so they hang from the nearest unit above that is there, and are roots where there is none.
    pub fn new(metadata: &Metadata, view_roots: &[Uid]) -> Self {
        let units = &metadata.organisation_units;
        let mut paths = BTreeMap::new();
        let mut children: HashMap<Uid, Vec<Uid>> = HashMap::new();
        let mut roots = Vec::new();
        for unit in units.values() {
            let begin =
                if view_roots.is_empty() { Some(0) } else { unit.path.iter().position(|id| view_roots.contains(id)) };
            let Some(below) = begin.and_then(|begin| unit.path.get(begin..)) else { continue };
            let path: Vec<Uid> = below.iter().copied().filter(|id| units.contains_key(id)).collect();
            match path.as_slice() {
                [.., parent, _] => children.entry(*parent).or_default().push(unit.id),
                _ => roots.push(unit.id),
            }
            paths.insert(unit.id, path);
        }
        Self { roots, children, paths }
    }

    /// The topmost readable units, by id.
    pub fn roots(&self) -> &[Uid] {
        &self.roots
    }

    /// The units right below one, by id.
    pub fn children(&self, unit: Uid) -> &[Uid] {
        self.children.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// Whether the unit may be read.
    pub fn contains(&self, unit: Uid) -> bool {
        self.paths.contains_key(&unit)
    }

    /// The units from the readable root down to this one.
    pub fn path(&self, unit: Uid) -> &[Uid] {
        self.paths.get(&unit).map_or(&[], Vec::as_slice)
    }

    /// Every unit of a subtree, the root first.
    pub fn subtree(&self, root: Uid) -> Vec<Uid> {
        let mut found = vec![root];
        let mut next = 0;
        while let Some(unit) = found.get(next).copied() {
            found.extend_from_slice(self.children(unit));
            next += 1;
        }
        found
    }

    /// The weight of every subtree, by its root.
    pub fn weigh(&self, marked: impl Fn(Uid) -> bool) -> HashMap<Uid, Weight> {
        let mut weights: HashMap<Uid, Weight> = HashMap::with_capacity(self.paths.len());
        for (unit, path) in &self.paths {
            let mark = usize::from(marked(*unit));
            for ancestor in path {
                let weight = weights.entry(*ancestor).or_default();
                weight.units += 1;
                weight.marked += mark;
            }
        }
        weights
    }

    /// The requests that read all of `wanted` and little else. Units that may not be read are left out.
    pub fn cover(&self, wanted: &BTreeSet<Uid>) -> Vec<UnitRead> {
        // Only the paths of wanted units matter: counting the whole tree for each slice would be quadratic.
        let mut marked: HashMap<Uid, usize> = HashMap::new();
        for unit in wanted {
            for ancestor in self.path(*unit) {
                *marked.entry(*ancestor).or_default() += 1;
            }
        }
        let mut whole = Vec::new();
        let mut alone = Vec::new();
        let mut open: Vec<Uid> = self.roots.iter().rev().copied().collect();
        while let Some(unit) = open.pop() {
            let Some(marked_below) = marked.get(&unit).copied() else { continue };
            let children = self.children(unit);
            if children.is_empty() || self.subtree_has_at_most(unit, marked_below.saturating_mul(2)) {
                whole.push(unit);
            } else {
                if wanted.contains(&unit) {
                    alone.push(unit);
                }
                open.extend(children.iter().rev());
            }
        }
        reads(&whole, true).chain(reads(&alone, false)).collect()
    }

    /// Whether a subtree has no more than so many units; stops counting at the limit.
    fn subtree_has_at_most(&self, root: Uid, limit: usize) -> bool {
        let mut open = vec![root];
        let mut seen = 0;
        while let Some(unit) = open.pop() {
            seen += 1;
            if seen > limit {
                return false;
            }
            open.extend_from_slice(self.children(unit));
        }
        true
    }
}

/// Packs units into requests.
pub fn reads(units: &[Uid], children: bool) -> impl Iterator<Item = UnitRead> {
    units.chunks(UNITS_PER_REQUEST).map(move |roots| UnitRead { roots: roots.to_vec(), children })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Tree, UnitRead};
    use crate::fixture::{self, country, district_a, district_b, unit};
    use xfer_domain::uid::Uid;

    fn covered(tree: &Tree, reads: &[UnitRead]) -> Vec<Uid> {
        let mut units: Vec<Uid> = Vec::new();
        for read in reads {
            for root in &read.roots {
                if read.children {
                    units.extend(tree.subtree(*root));
                } else {
                    units.push(*root);
                }
            }
        }
        units
    }

    #[test]
    fn half_a_district_is_read_as_a_district_and_less_by_name() {
        // District A has units 1 to 4, district B 5 to 8.
        let tree = Tree::new(&fixture::metadata(), &[]);
        let wanted: BTreeSet<Uid> = [unit(1), unit(2), unit(3), unit(5)].into();
        let reads = tree.cover(&wanted);
        assert_eq!(reads, [UnitRead { roots: vec![district_a(), unit(5)], children: true }]);
        let inner: BTreeSet<Uid> = [district_b()].into();
        assert_eq!(tree.cover(&inner), [UnitRead { roots: vec![district_b()], children: false }]);
        assert!(tree.cover(&BTreeSet::new()).is_empty());
    }

    #[test]
    fn only_what_the_user_may_read_is_in_the_tree() {
        let tree = Tree::new(&fixture::metadata(), &[district_b()]);
        assert_eq!(tree.roots(), [district_b()]);
        assert!(tree.contains(unit(5)) && !tree.contains(unit(1)) && !tree.contains(country()));
        assert_eq!(tree.path(unit(5)), [district_b(), unit(5)]);
        let weights = tree.weigh(|unit| unit == self::unit(5));
        assert_eq!((weights[&district_b()].units, weights[&district_b()].marked), (5, 1));
        assert!(tree.cover(&[unit(1)].into()).is_empty());
    }

    #[test]
    fn what_stands_below_a_missing_unit_hangs_from_what_is_above_it() {
        let mut metadata = fixture::metadata();
        metadata.organisation_units.remove(&district_a());
        let tree = Tree::new(&metadata, &[]);
        assert_eq!(tree.roots(), [country()]);
        assert_eq!(tree.path(unit(1)), [country(), unit(1)]);
        assert!(tree.subtree(country()).contains(&unit(1)));
        let below = Tree::new(&metadata, &[district_a()]);
        assert_eq!(below.roots(), [unit(1), unit(2), unit(3), unit(4)]);
        metadata.organisation_units.remove(&country());
        let alone = Tree::new(&metadata, &[]);
        assert!(alone.roots().contains(&unit(1)) && alone.roots().contains(&district_b()));
        assert_eq!(alone.path(unit(1)), [unit(1)]);
    }

    proptest! {
        #[test]
        fn whatever_units_are_missing_every_other_one_is_read_once(
            missing in proptest::collection::btree_set(0_usize..11, 0..11),
            picks in proptest::collection::btree_set(0_usize..11, 0..11),
            scope in 0_u8..3,
        ) {
            let mut metadata = fixture::metadata();
            let all: Vec<Uid> = metadata.organisation_units.keys().copied().collect();
            metadata.organisation_units.retain(|id, _| !missing.iter().any(|gone| all[*gone] == *id));
            let roots = [vec![], vec![country()], vec![district_a(), unit(5)]];
            let tree = Tree::new(&metadata, &roots[usize::from(scope)]);
            let readable: BTreeSet<Uid> =
                metadata.organisation_units.keys().copied().filter(|unit| tree.contains(*unit)).collect();
            let reached: Vec<Uid> = tree.roots().iter().flat_map(|root| tree.subtree(*root)).collect();
            prop_assert_eq!(reached.len(), readable.len(), "each of them once");
            prop_assert_eq!(reached.into_iter().collect::<BTreeSet<_>>(), readable.clone());
            let wanted: BTreeSet<Uid> =
                picks.iter().map(|pick| all[*pick]).filter(|unit| readable.contains(unit)).collect();
            prop_assert!(wanted.is_subset(&covered(&tree, &tree.cover(&wanted)).into_iter().collect()));
        }

        #[test]
        fn every_wanted_unit_is_read_exactly_once(picks in proptest::collection::btree_set(0_usize..11, 0..11)) {
            let metadata = fixture::metadata();
            let tree = Tree::new(&metadata, &[]);
            let all: Vec<Uid> = metadata.organisation_units.keys().copied().collect();
            let wanted: BTreeSet<Uid> = picks.iter().filter_map(|pick| all.get(*pick).copied()).collect();
            let read = covered(&tree, &tree.cover(&wanted));
            let once: BTreeSet<Uid> = read.iter().copied().collect();
            prop_assert_eq!(once.len(), read.len(), "nothing is read twice");
            prop_assert!(wanted.is_subset(&once));
        }
    }
}
