//! What speaks against an org unit map: units with data that go nowhere, twins, shared destinations, closed units,
//! unusual levels, destinations that collect nothing, proposals that wait, and what changed since rows were confirmed.
//!
//! One function over values. What the source has in the window is part of the question; without it the check knows
//! metadata only and says which unmapped units are assigned to a data set instead.

mod arrival;
mod rows;
mod tally;
mod unmapped;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use xfer_domain::data_item::DataItem;
use xfer_domain::finding::Code;
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::uid::Uid;

pub use arrival::{Arrivals, Loss, Lost, UnitValues};
pub use tally::{Standing, Tally, tally};

/// What is asked about a map.
#[derive(Debug, Clone, Copy)]
pub struct MapQuestion<'check> {
    /// The source's metadata.
    pub source: &'check Metadata,
    /// The destination's metadata.
    pub destination: &'check Metadata,
    /// The rows of the map.
    pub rows: &'check [OrgUnitMapping],
    /// The jobs of the pair.
    pub jobs: &'check [Job],
    /// What the units looked like when their rows were confirmed.
    pub seen: &'check BTreeMap<Uid, MappingFingerprint>,
    /// What the source has in the window; none where it was not asked.
    pub values: Option<&'check UnitValues>,
    /// First and last day of the window.
    pub window: (Date, Date),
    /// Who looks at the source and at the destination: `xfer at national`.
    pub users: [&'check str; 2],
}

/// One thing about a map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapFinding {
    /// What kind of thing.
    pub code: &'static Code,
    /// The source unit that it is about; none for a unit of the destination that several go to.
    pub unit: Option<Uid>,
    /// The unit's place in its tree, by name.
    pub place: String,
    /// How many values of the window it concerns, where that is known.
    pub values: Option<u64>,
    /// What it is.
    pub message: String,
}

/// A map and what the source has, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// All source units.
    pub units: Tally,
    /// Those with values in the window.
    pub with_data: Tally,
    /// Values in the window.
    pub values: u64,
    /// Of these, in units that are deliberately left out.
    pub values_ignored: u64,
    /// Of these, in units that nothing is known about.
    pub values_unmapped: u64,
    /// Of these, in units whose destination is only proposed.
    pub values_proposed: u64,
    /// Of these, for periods in which the destination unit is not open, or for a unit that is not there any more.
    pub values_closed: u64,
    /// Of these, for a destination unit that is not assigned to their data set.
    pub values_not_assigned: u64,
}

impl Coverage {
    /// Values that would not arrive, and nobody wanted that.
    pub fn values_lost(&self) -> u64 {
        self.values_unmapped + self.values_proposed + self.values_closed + self.values_not_assigned
    }
}

/// The rows by source unit, and what the jobs read and write.
struct Lookup<'check> {
    rows: BTreeMap<Uid, &'check OrgUnitMapping>,
    /// Source units that are assigned to a data set which the jobs read.
    expected: BTreeSet<Uid>,
}

impl<'check> Lookup<'check> {
    fn new(question: &MapQuestion<'check>) -> Self {
        let rows = question.rows.iter().map(|row| (row.source, row)).collect();
        Self { rows, expected: assigned(question.source, &read_elements(question.jobs)) }
    }

    fn standing(&self, unit: Uid) -> Standing {
        Standing::of(self.rows.get(&unit).copied())
    }
}

/// The data elements that the jobs read at the source.
pub fn read_elements(jobs: &[Job]) -> BTreeSet<Uid> {
    let sources = jobs.iter().flat_map(|job| &job.items).map(|item| item.source);
    sources
        .filter_map(|source| match source.data() {
            DataItem::DataElement(id) => Some(id),
            DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => None,
        })
        .collect()
}

/// The org units that are assigned to a data set with one of the data elements.
fn assigned(metadata: &Metadata, elements: &BTreeSet<Uid>) -> BTreeSet<Uid> {
    let collects = |data_set: &&xfer_domain::metadata::DataSet| {
        data_set.data_set_elements.iter().any(|member| elements.contains(&member.data_element))
    };
    metadata.data_sets.values().filter(collects).flat_map(|set| set.organisation_units.iter().copied()).collect()
}

/// Everything that speaks against a map, what would be lost first.
pub fn check_map(question: &MapQuestion<'_>) -> Vec<MapFinding> {
    let lookup = Lookup::new(question);
    let mut findings = unmapped::unmapped(question, &lookup);
    let (drift, closing) = rows::drift(question);
    findings.extend(rows::twins(question));
    findings.extend(rows::shared_destinations(question));
    findings.extend(rows::closed(question, &closing));
    findings.extend(rows::levels(question));
    findings.extend(rows::not_assigned(question, &lookup));
    findings.extend(unmapped::waiting(question, &lookup));
    findings.extend(drift);
    findings
}

/// The map in numbers.
pub fn coverage(question: &MapQuestion<'_>) -> Coverage {
    let lookup = Lookup::new(question);
    let mut coverage = Coverage { units: tally(question.source, question.rows), ..Coverage::default() };
    let Some(values) = question.values else { return coverage };
    for (unit, number) in &values.of {
        let units = &mut coverage.with_data;
        units.units += 1;
        coverage.values += number;
        match lookup.standing(*unit) {
            Standing::Mapped => units.mapped += 1,
            Standing::Ignored => {
                units.ignored += 1;
                coverage.values_ignored += number;
            }
            Standing::Proposed => {
                units.unmapped += 1;
                units.proposed += 1;
                coverage.values_proposed += number;
            }
            Standing::Unknown => {
                units.unmapped += 1;
                coverage.values_unmapped += number;
            }
        }
    }
    for ((_, loss), lost) in &values.lost {
        match loss {
            Loss::NotAssigned => coverage.values_not_assigned += lost.values,
            Loss::Gone | Loss::NotOpenYet | Loss::Closed => coverage.values_closed += lost.values,
        }
    }
    coverage
}

#[cfg(test)]
mod tests;
