//! How sure a match is, from its evidence and from the other org units of both servers.

use std::collections::HashMap;

use crate::org_units::assignment::{Assignment, Choice};
use crate::org_units::evidence::{CodeEvidence, Evidence, Place, SIMILAR_NAME};
use crate::org_units::side::Index;
use crate::org_units::similarity::Words;
use xfer_domain::org_unit_map::MatchClass;

/// A lead of fewer points leaves open which of two units it is.
pub(super) const CLEAR: f32 = 0.5;

/// A lead of so many points leaves no doubt.
const PLAIN: f32 = 1.2;

/// Units that fit nearly as well, on either side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rivals {
    /// How many points the match is ahead of the next best.
    pub lead: f32,
    /// The other destination unit that fits best.
    pub other_destination: Option<Index>,
    /// The other source unit that fits best.
    pub other_source: Option<Index>,
    /// Another destination unit whose name and place say that it is the one.
    pub better_named: Option<Index>,
    /// Another destination unit of the same parent that has the whole name in it too, as this one has.
    pub other_half: Option<Index>,
}

/// What a match has to be ahead of.
#[derive(Debug)]
pub(super) struct Field<'assignment> {
    assignment: &'assignment Assignment,
    /// For each destination unit the source units that might be it.
    wanted_by: HashMap<Index, Vec<(Index, f32)>>,
}

impl<'assignment> Field<'assignment> {
    pub(super) fn new(assignment: &'assignment Assignment) -> Self {
        let mut wanted_by: HashMap<Index, Vec<(Index, f32)>> = HashMap::new();
        for (unit, choices) in assignment.choices.iter().enumerate() {
            for choice in choices {
                wanted_by.entry(choice.destination).or_default().push((unit, choice.points));
            }
        }
        Self { assignment, wanted_by }
    }

    /// The rivals of a match. One that is better off elsewhere is none, nor is another source unit where the
    /// destination unit may be shared.
    pub(super) fn rivals(&self, unit: Index, choice: &Choice, shared: bool) -> Rivals {
        let others = self.assignment.choices[unit].iter().filter(|other| other.destination != choice.destination);
        let other_destination = others
            .filter(|other| !self.is_settled(other.destination, unit, other.points))
            .map(|other| (other.points, other.destination))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let wanted = self.wanted_by.get(&choice.destination).map(Vec::as_slice).unwrap_or_default();
        let other_source = wanted
            .iter()
            .filter(|(other, points)| {
                !shared && *other != unit && !self.is_better_off(*other, choice.destination, *points)
            })
            .map(|(other, points)| (*points, *other))
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let best = other_destination.map_or(f32::MIN, |(points, _)| points);
        let best = best.max(other_source.map_or(f32::MIN, |(points, _)| points));
        Rivals {
            lead: choice.points - best,
            other_destination: other_destination.map(|(_, index)| index),
            other_source: other_source.map(|(_, index)| index),
            better_named: self.better_named(unit, choice),
            other_half: self.other_half(unit, choice),
        }
    }

    /// Where an identifier alone speaks for the match, the unit that the name speaks for.
    fn better_named(&self, unit: Index, choice: &Choice) -> Option<Index> {
        let own = &choice.evidence;
        if !own.identifiers_agree() {
            return None;
        }
        let others = self.assignment.choices[unit].iter().filter(|other| other.destination != choice.destination);
        let mut named = others.filter(|other| {
            let theirs = &other.evidence;
            let better = own.name < SIMILAR_NAME
                || (own.same_kind != Some(true) && theirs.same_kind == Some(true) && theirs.name + 0.05 >= own.name)
                || (!own.same_twin && theirs.same_twin);
            better && theirs.name >= SIMILAR_NAME && theirs.same_kind != Some(false) && theirs.places_agree()
        });
        named.next().map(|other| other.destination)
    }

    /// Where a unit was split in two and both have new names, each of them looks like it. An identifier says which one
    /// goes on.
    fn other_half(&self, unit: Index, choice: &Choice) -> Option<Index> {
        if choice.evidence.identifiers_agree() || choice.evidence.words != Words::Extended {
            return None;
        }
        let mut others = self.assignment.choices[unit].iter().filter(|other| {
            other.destination != choice.destination
                && other.evidence.words == Words::Extended
                && other.evidence.same_twin
                && other.evidence.place == choice.evidence.place
        });
        let half = others.find(|other| !self.is_settled(other.destination, unit, other.points));
        half.map(|other| other.destination)
    }

    /// Whether a destination unit went to a source unit that it fits better.
    fn is_settled(&self, destination: Index, unit: Index, points: f32) -> bool {
        self.assignment.taken[destination].is_some_and(|owner| {
            owner != unit && self.points(owner, destination).is_none_or(|theirs| theirs >= points + CLEAR)
        })
    }

    /// Whether a source unit went to a destination unit that fits it better.
    fn is_better_off(&self, unit: Index, destination: Index, points: f32) -> bool {
        self.assignment.matched[unit].is_some_and(|target| {
            target != destination && self.points(unit, target).is_none_or(|theirs| theirs >= points + CLEAR)
        })
    }

    /// What speaks for a pair; none for one that a person made.
    fn points(&self, unit: Index, destination: Index) -> Option<f32> {
        let choices = &self.assignment.choices[unit];
        choices.iter().find(|choice| choice.destination == destination).map(|choice| choice.points)
    }
}

/// How sure a match is.
///
/// A code or a name alone is never sure; two pieces of evidence that do not depend on each other are, unless
/// something contradicts.
pub(super) fn classify(evidence: &Evidence, rivals: &Rivals) -> MatchClass {
    if evidence.codes_contradict()
        || rivals.lead < CLEAR
        || rivals.better_named.is_some()
        || rivals.other_half.is_some()
    {
        return MatchClass::Ask;
    }
    let names = evidence.names_agree();
    let similar = evidence.name >= SIMILAR_NAME && evidence.same_twin && evidence.same_kind != Some(false);
    let places = evidence.places_agree();
    let identifiers = evidence.identifiers_agree();
    let two_identifiers = [evidence.same_id, evidence.code == CodeEvidence::Same, evidence.same_attribute]
        .into_iter()
        .filter(|is| *is)
        .count()
        > 1;
    let below = evidence.below.unwrap_or_default() >= 0.5;
    if !evidence.same_twin {
        return MatchClass::Ask;
    }
    // A unit split in two has two halves that are similar, and is neither.
    if !names && !identifiers && rivals.lead < PLAIN {
        return MatchClass::Ask;
    }
    if evidence.leaf_or_not {
        return if identifiers && names && places { MatchClass::Likely } else { MatchClass::Ask };
    }
    let sure = !evidence.is_moved()
        && !evidence.closed
        && evidence.code != CodeEvidence::Differ
        && ((names && places && (rivals.lead >= PLAIN || identifiers))
            || (similar && identifiers)
            || (names && below)
            || (similar && places && below)
            || (evidence.place == Place::Roots && below)
            || (two_identifiers && places));
    if sure {
        return MatchClass::Sure;
    }
    let likely = (identifiers && (names || similar || (places && !evidence.doubtful_code)))
        || (similar && places)
        || (below && (places || similar))
        || (names && evidence.place == Place::Unknown);
    if likely { MatchClass::Likely } else { MatchClass::Ask }
}
