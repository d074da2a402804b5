//! The source's org units by what becomes of their values. One way of counting for every list, check and report: the
//! parts add up to the whole.

use std::collections::BTreeMap;

use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::uid::Uid;

/// What a map says about a source unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its values go somewhere.
    Mapped,
    /// It is deliberately left out.
    Ignored,
    /// A destination is proposed, and no value is carried before a person confirms it: unmapped.
    Proposed,
    /// Nothing is known about it: unmapped.
    Unknown,
}

impl Standing {
    /// The standing by a unit's row.
    pub fn of(row: Option<&OrgUnitMapping>) -> Self {
        match row.map(|row| (row.state, row.destination)) {
            None => Self::Unknown,
            Some((MappingState::Confirmed, Some(_))) => Self::Mapped,
            Some((MappingState::Ignored, _)) => Self::Ignored,
            // A confirmed row without a destination carries nothing: it is as good as a proposal.
            Some((MappingState::Proposed, _) | (MappingState::Confirmed, None)) => Self::Proposed,
        }
    }

    /// Whether its values go nowhere, and nobody wanted that.
    pub fn is_unmapped(self) -> bool {
        matches!(self, Self::Proposed | Self::Unknown)
    }
}

/// A map in numbers: `units = mapped + ignored + unmapped`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Source units.
    pub units: u64,
    /// With a destination in force.
    pub mapped: u64,
    /// Deliberately left out.
    pub ignored: u64,
    /// Neither of both.
    pub unmapped: u64,
    /// Of the unmapped, those with a proposal that waits to be looked over.
    pub proposed: u64,
}

/// Counts the units of a source. Rows of units that it does not have any more count for nothing.
pub fn tally(source: &Metadata, rows: &[OrgUnitMapping]) -> Tally {
    let rows: BTreeMap<Uid, &OrgUnitMapping> = rows.iter().map(|row| (row.source, row)).collect();
    let mut tally = Tally::default();
    for unit in source.organisation_units.keys() {
        let standing = Standing::of(rows.get(unit).copied());
        tally.units += 1;
        tally.mapped += u64::from(standing == Standing::Mapped);
        tally.ignored += u64::from(standing == Standing::Ignored);
        tally.unmapped += u64::from(standing.is_unmapped());
        tally.proposed += u64::from(standing == Standing::Proposed);
    }
    tally
}
