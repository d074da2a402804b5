//! The destination units that one source unit might be, for a person who decides.

use crate::domain::metadata::Metadata;
use crate::domain::uid::Uid;
use crate::matching::names::{folded, nearest};

/// A destination unit that a source unit might be.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The destination unit.
    pub destination: Uid,
    /// How much speaks for it, from 0 to 1.
    pub score: f64,
    /// The evidence in words, what speaks against it included.
    pub explanation: String,
}

/// Finds candidates among the units of a destination.
#[derive(Debug)]
pub struct Candidates<'metadata> {
    source: &'metadata Metadata,
    destination: &'metadata Metadata,
}

impl<'metadata> Candidates<'metadata> {
    /// Prepares the search between two servers.
    pub fn new(source: &'metadata Metadata, destination: &'metadata Metadata) -> Self {
        Self { source, destination }
    }

    /// The best candidates for a source unit, best first.
    pub fn of(&self, unit: Uid, at_most: usize) -> Vec<Candidate> {
        self.search(&self.source.name_of(unit), at_most)
    }

    /// The destination units nearest to what a person typed, best first.
    pub fn search(&self, typed: &str, at_most: usize) -> Vec<Candidate> {
        let units = &self.destination.organisation_units;
        let near = nearest(typed, units.values().map(|unit| unit.name.as_str()), at_most);
        let found = near.into_iter().filter_map(|name| units.values().find(|unit| unit.name == name));
        found
            .map(|unit| Candidate {
                destination: unit.id,
                score: if folded(&unit.name) == folded(typed) { 1.0 } else { 0.5 },
                explanation: "similar name".to_owned(),
            })
            .collect()
    }
}
