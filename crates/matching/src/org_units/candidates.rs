//! The destination units that one source unit might be, for a person who decides.

use std::collections::HashMap;

use rapidfuzz::distance::osa;

use crate::figures::Reading;
use crate::names::folded;
use crate::org_units::assignment::choices_of;
use crate::org_units::evidence::Witness;
use crate::org_units::side::{Index, Lexicon, Side, prepare};
use crate::org_units::similarity::{Compared, Names};
use crate::org_units::{MatchRules, Matching, Standing, words};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::uid::Uid;

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
    source: Side<'metadata>,
    destination: Side<'metadata>,
    lexicon: Lexicon,
    matching: Matching,
    standing: Standing,
}

impl<'metadata> Candidates<'metadata> {
    /// Prepares the search between two servers; `existing` is the map as far as it is made.
    pub fn new(source: &'metadata Metadata, destination: &'metadata Metadata, existing: &[OrgUnitMapping]) -> Self {
        let (source, destination, lexicon) = prepare(source, destination);
        let standing = Standing::of(existing, &source, &destination);
        let matching = Matching::standing(&source, &destination, &lexicon, &standing, &MatchRules::default());
        Self { source, destination, lexicon, matching, standing }
    }

    /// The best candidates for a source unit, best first.
    pub fn of(&self, unit: Uid, at_most: usize) -> Vec<Candidate> {
        let Some(unit) = self.source.by_id.get(&unit).copied() else { return Vec::new() };
        let names = Names::new(&self.lexicon, self.matching.synonyms.clone());
        let ground = self.matching.ground(&self.source, &self.destination, &names);
        let witness = ground.witness(&self.matching.assignment);
        let mut compared = Compared::new();
        let mut choices = choices_of(&witness, unit, &mut compared);
        choices.truncate(at_most);
        let described = choices.iter().map(|choice| self.candidate(&witness, unit, choice.destination, &mut compared));
        described.collect()
    }

    /// The destination units that what a person typed might mean, best first: words in any order and beginnings of
    /// words, of the name or of the units above, or the beginning of a code or an id.
    pub fn search(&self, unit: Uid, typed: &str, at_most: usize) -> Vec<Candidate> {
        let wanted = folded(typed);
        let wanted: Vec<&str> = wanted.split(' ').filter(|word| !word.is_empty()).collect();
        if wanted.is_empty() {
            return Vec::new();
        }
        let names = Names::new(&self.lexicon, self.matching.synonyms.clone());
        let ground = self.matching.ground(&self.source, &self.destination, &names);
        let witness = ground.witness(&self.matching.assignment);
        let mut compared = Compared::new();
        let mut found: Vec<(usize, Index)> = Vec::new();
        for index in 0..self.destination.units.len() {
            if let Some(distance) = self.distance(index, typed.trim(), &wanted) {
                found.push((distance, index));
            }
        }
        found.sort_unstable();
        found.truncate(at_most);
        let unit = self.source.by_id.get(&unit).copied();
        found
            .into_iter()
            .map(|(_, index)| match unit {
                Some(unit) => self.candidate(&witness, unit, index, &mut compared),
                None => Candidate {
                    destination: self.destination.units[index].id,
                    score: 0.0,
                    explanation: "found by your search".to_owned(),
                },
            })
            .collect()
    }

    /// How far a unit is from what was typed; none if it is something else. Words of units above count as further.
    fn distance(&self, index: Index, typed: &str, wanted: &[&str]) -> Option<usize> {
        let id = self.destination.units[index].id;
        let code = self.destination.code(index);
        if id.as_str().starts_with(typed)
            || (!code.is_empty() && code.to_lowercase().starts_with(&typed.to_lowercase()))
        {
            return Some(0);
        }
        // Who types `<5` does not look for `>5`.
        let signs = Reading::of(typed).signs();
        if !signs.is_empty() && self.destination.units[index].signs.as_ref() != Some(&signs) {
            return None;
        }
        let own = folded(self.destination.name(index));
        let mut cost = 0;
        for word in wanted {
            let above = || {
                let mut names = self.destination.ancestors(index).map(|above| folded(self.destination.name(above)));
                names.any(|name| name.split(' ').any(|known| known.starts_with(word)))
            };
            let slipped = |known: &str| {
                let distance = osa::distance(word.bytes(), known.bytes());
                word.len() > 3 && distance <= 1 + word.len() / 6
            };
            cost += match () {
                () if own.split(' ').any(|known| known == *word) => 0,
                () if own.split(' ').any(|known| known.starts_with(word)) => 1,
                () if own.split(' ').any(slipped) => 2,
                () if above() => 4,
                () => return None,
            };
        }
        // Names that say little else come first.
        Some(1 + cost * 8 + own.split(' ').count().abs_diff(wanted.len()))
    }

    fn candidate(
        &self,
        witness: &Witness<'_, '_>,
        unit: Index,
        destination: Index,
        compared: &mut Compared,
    ) -> Candidate {
        let evidence = witness.evidence(unit, destination, compared);
        let methods: &HashMap<Index, _> = &self.standing.methods;
        let owner = witness.taken[destination].filter(|owner| *owner != unit);
        let doubts: Vec<String> =
            owner.map(|owner| format!("{} is mapped to it already", self.source.name(owner))).into_iter().collect();
        Candidate {
            destination: self.destination.units[destination].id,
            score: evidence.score(),
            explanation: words::explain(
                witness,
                unit,
                destination,
                &evidence,
                &|index| methods.get(&index).copied(),
                words::Beside { reasons: &[], doubts: &doubts },
            ),
        }
    }
}
