//! What speaks against an org unit map: units with data that go nowhere, twins, shared destinations, closed units,
//! unusual levels, destinations that collect nothing, proposals that wait, and what changed since rows were confirmed.
//!
//! One function over values. What the source has in the window is part of the question; without it the check knows
//! metadata only and says which unmapped units are assigned to a data set instead.

mod rows;
mod unmapped;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::finding::Code;
use crate::domain::fingerprint::MappingFingerprint;
use crate::domain::item::SourceItem;
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::org_unit_map::{MappingState, OrgUnitMapping};
use crate::domain::uid::Uid;

/// How many values each org unit of the source has in the window; units without any are not there.
pub type UnitValues = BTreeMap<Uid, u64>;

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

/// A map in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Source units.
    pub units: u64,
    /// Of these, with a destination in force.
    pub mapped: u64,
    /// Deliberately left out.
    pub ignored: u64,
    /// Units with values in the window.
    pub with_data: u64,
    /// Of these, with a destination in force.
    pub with_data_mapped: u64,
    /// Of these, deliberately left out.
    pub with_data_ignored: u64,
    /// Values in the window.
    pub values: u64,
    /// Of these, in units that are neither mapped nor ignored.
    pub values_lost: u64,
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

    fn state(&self, unit: Uid) -> Option<MappingState> {
        let row = self.rows.get(&unit)?;
        // A confirmed row without a destination carries nothing: it is as good as a proposal.
        Some(if row.state == MappingState::Confirmed && row.destination.is_none() {
            MappingState::Proposed
        } else {
            row.state
        })
    }
}

/// The data elements that the jobs read at the source.
pub fn read_elements(jobs: &[Job]) -> BTreeSet<Uid> {
    let sources = jobs.iter().flat_map(|job| &job.items).map(|item| item.source);
    sources.filter(|source| matches!(source, SourceItem::DataElement { .. })).map(|source| source.id()).collect()
}

/// The org units that are assigned to a data set with one of the data elements.
fn assigned(metadata: &Metadata, elements: &BTreeSet<Uid>) -> BTreeSet<Uid> {
    let collects = |data_set: &&crate::domain::metadata::DataSet| {
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
    let mut coverage = Coverage { units: question.source.organisation_units.len() as u64, ..Coverage::default() };
    for unit in question.source.organisation_units.keys() {
        match lookup.state(*unit) {
            Some(MappingState::Confirmed) => coverage.mapped += 1,
            Some(MappingState::Ignored) => coverage.ignored += 1,
            Some(MappingState::Proposed) | None => {}
        }
    }
    for (unit, values) in question.values.into_iter().flatten() {
        coverage.with_data += 1;
        coverage.values += values;
        match lookup.state(*unit) {
            Some(MappingState::Confirmed) => coverage.with_data_mapped += 1,
            Some(MappingState::Ignored) => coverage.with_data_ignored += 1,
            Some(MappingState::Proposed) | None => coverage.values_lost += values,
        }
    }
    coverage
}

#[cfg(test)]
mod tests;
