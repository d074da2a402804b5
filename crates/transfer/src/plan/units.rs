//! The org unit map as a run asks it: where a source unit's values go, and which destination units several feed.

use std::collections::{BTreeMap, BTreeSet};

use xfer_domain::hashed::{Hashed, HashedSet};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::uid::Uid;

/// Where values of a source unit go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// To this destination unit.
    To(Uid),
    /// Nowhere, because a person said so.
    Ignored,
    /// Nowhere yet: a match waits for confirmation.
    Proposed,
    /// Nowhere: the map does not know the unit.
    Unmapped,
}

/// The org unit map of a run.
#[derive(Debug, Clone, Default)]
pub struct UnitMap {
    targets: Hashed<Uid, Uid>,
    ignored: HashedSet<Uid>,
    proposed: HashedSet<Uid>,
    /// Destination unit → the source units that map to it and can be read.
    pub inbound: BTreeMap<Uid, BTreeSet<Uid>>,
    /// Mapped source units that the source's metadata does not know.
    pub unknown: BTreeSet<Uid>,
    /// Mapped source units that the source's user may not read.
    pub out_of_scope: BTreeSet<Uid>,
    /// Destination units that one of them, or an unknown one, is mapped to, with that one. Their cells are held back:
    /// half a sum is worse than none.
    partial: BTreeMap<Uid, Uid>,
}

impl UnitMap {
    /// Builds it from the map's rows. `view_roots` are the org units whose data the source's user may read; empty
    /// means that nothing is known and everything is tried.
    pub fn new(rows: &[OrgUnitMapping], source: &Metadata, view_roots: &[Uid]) -> Self {
        let mut map = Self::default();
        for row in rows {
            match (row.target(), row.state) {
                (Some(target), _) => {
                    map.add(row.source, target, source, view_roots);
                }
                (None, MappingState::Ignored) => {
                    map.ignored.insert(row.source);
                }
                (None, MappingState::Proposed | MappingState::Confirmed) => {
                    map.proposed.insert(row.source);
                }
            }
        }
        // Where nothing else feeds it, a unit that is gone leaves nothing to hold back.
        map.partial.retain(|target, source| map.inbound.contains_key(target) || map.out_of_scope.contains(source));
        map
    }

    fn add(&mut self, unit: Uid, target: Uid, source: &Metadata, view_roots: &[Uid]) {
        match source.organisation_units.get(&unit) {
            None => {
                self.unknown.insert(unit);
                self.partial.entry(target).or_insert(unit);
            }
            Some(known) if view_roots.is_empty() || view_roots.iter().any(|root| known.is_within(*root)) => {
                self.targets.insert(unit, target);
                self.inbound.entry(target).or_default().insert(unit);
            }
            Some(_) => {
                self.out_of_scope.insert(unit);
                // It may come back, and is named before one that is gone.
                self.partial.insert(target, unit);
            }
        }
    }

    /// Destination units of which a contributor cannot be read or is gone, with that one.
    pub fn partial(&self) -> impl Iterator<Item = (Uid, Uid)> {
        self.partial.iter().map(|(target, source)| (*target, *source))
    }

    /// Those of them that nothing readable feeds: no slice of the source's tree leads there.
    pub fn unfed(&self) -> Vec<Uid> {
        self.partial.keys().copied().filter(|target| !self.inbound.contains_key(target)).collect()
    }

    /// Where values of a source unit go.
    pub fn place_of(&self, unit: Uid) -> Place {
        if let Some(target) = self.targets.get(&unit) {
            Place::To(*target)
        } else if self.ignored.contains(&unit) {
            Place::Ignored
        } else if self.proposed.contains(&unit) {
            Place::Proposed
        } else {
            Place::Unmapped
        }
    }

    /// Whether the unit's values go somewhere.
    pub fn is_mapped(&self, unit: Uid) -> bool {
        self.targets.contains_key(&unit)
    }

    /// The units whose values go somewhere.
    pub fn mapped(&self) -> impl Iterator<Item = Uid> {
        self.targets.keys().copied()
    }

    /// A destination unit that several source units feed, if there is one.
    pub fn merged(&self) -> Option<(Uid, &BTreeSet<Uid>)> {
        self.inbound.iter().find(|(_, units)| units.len() > 1).map(|(target, units)| (*target, units))
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, UnitMap};
    use crate::fixture::{self, unit};
    use xfer_domain::org_unit_map::MappingState;

    #[test]
    fn only_confirmed_rows_carry_values() {
        let metadata = fixture::metadata();
        let rows = [
            fixture::mapping(unit(1), unit(1)),
            fixture::mapping_in_state(unit(2), Some(unit(2)), MappingState::Proposed),
            fixture::mapping_in_state(unit(3), None, MappingState::Ignored),
        ];
        let map = UnitMap::new(&rows, &metadata, &[]);
        assert_eq!(map.place_of(unit(1)), Place::To(unit(1)));
        assert_eq!(map.place_of(unit(2)), Place::Proposed);
        assert_eq!(map.place_of(unit(3)), Place::Ignored);
        assert_eq!(map.place_of(unit(4)), Place::Unmapped);
        assert!(map.merged().is_none());
    }

    #[test]
    fn a_unit_that_cannot_be_read_makes_its_destination_partial() {
        let metadata = fixture::metadata();
        // Units 1 and 2 stand in district A, unit 5 in district B.
        let rows = [
            fixture::mapping(unit(1), unit(1)),
            fixture::mapping(unit(5), unit(1)),
            fixture::mapping(unit(2), unit(2)),
            fixture::mapping(unit(6), unit(6)),
        ];
        let map = UnitMap::new(&rows, &metadata, &[fixture::district_a()]);
        assert_eq!(map.place_of(unit(1)), Place::To(unit(1)), "its values are counted");
        assert_eq!(map.place_of(unit(2)), Place::To(unit(2)));
        assert!(map.out_of_scope.contains(&unit(5)));
        assert_eq!(map.partial().collect::<Vec<_>>(), [(unit(1), unit(5)), (unit(6), unit(6))]);
        assert_eq!(map.unfed(), [unit(6)]);
    }

    #[test]
    fn a_unit_that_the_source_lost_is_named() {
        let map = UnitMap::new(&[fixture::mapping(unit(99), unit(1))], &fixture::metadata(), &[]);
        assert!(map.unknown.contains(&unit(99)));
        assert_eq!(map.place_of(unit(99)), Place::Unmapped);
        assert_eq!(map.partial().count(), 0);
        let rows = [fixture::mapping(unit(99), unit(1)), fixture::mapping(unit(2), unit(1))];
        let merged = UnitMap::new(&rows, &fixture::metadata(), &[]);
        assert_eq!(merged.partial().collect::<Vec<_>>(), [(unit(1), unit(99))], "half a sum is not sent");
    }
}
