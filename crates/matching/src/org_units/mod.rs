//! Matching of org units: which unit of the destination is which of the source.
//!
//! Both trees are walked level by level from the root. For each unit candidates are gathered (the same id, code or
//! attribute value; the units below the counterpart of its parent; the same rare words anywhere), and for each of them
//! everything that speaks for and against it ([`evidence`]). The best pairs of a level are taken one to one, and anchor
//! the level below. What was found is then used to look again: matched units below say which units above belong
//! together, even where a level was added or taken out, and what their names have in common teaches the spellings of
//! this pair of countries ([`learning`]). Last, each match is classed by how independent its evidence is, and how far
//! it is ahead of every other ([`class`]).

mod assignment;
mod candidates;
mod class;
mod evidence;
mod learning;
mod side;
mod similarity;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::org_units::assignment::{Assignment, Choice, assign};
use crate::org_units::class::{Field, classify};
use crate::org_units::evidence::{Allowed, Ground, SAME_NAME};
use crate::org_units::learning::{Lessons, learn, shared_attributes, votes_of};
use crate::org_units::side::{Index, Lexicon, Side, prepare};
use crate::org_units::similarity::Names;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};

pub use candidates::{Candidate, Candidates};

/// What the matcher may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRules {
    /// The kinds of evidence it may use.
    pub methods: Vec<MatchMethod>,
    /// Whether two source units may go to one destination unit.
    pub many_to_one: bool,
}

impl Default for MatchRules {
    fn default() -> Self {
        let methods = MatchMethod::ALL.into_iter().filter(|method| *method != MatchMethod::Manual).collect();
        Self { methods, many_to_one: false }
    }
}

/// Matches the source units that `existing` does not cover yet. Rows come in the order of the source's tree, each
/// with score, class and explanation, and all of them `proposed`: what comes into force is decided by who asked.
///
/// Without `many_to_one` no two rows of class `sure` or `likely` share a destination, nor do they take one that
/// `existing` has; a row of class `ask` may name such a unit and says so.
pub fn propose(
    source: &Metadata,
    destination: &Metadata,
    existing: &[OrgUnitMapping],
    rules: &MatchRules,
) -> Vec<OrgUnitMapping> {
    let (mut source, mut destination, lexicon) = prepare(source, destination);
    let standing = Standing::of(existing, &source, &destination);
    let mut matching = Matching::first(&source, &destination, &lexicon, &standing, rules);
    for _ in 0..ROUNDS {
        let lessons = matching.lessons(&source, &destination, &lexicon);
        source.play_down(&lessons.source_fillers);
        destination.play_down(&lessons.destination_fillers);
        matching =
            Matching::again(&source, &destination, &lexicon, &standing, rules, &matching.assignment.pairs(), lessons);
    }
    rows(&matching, &source, &destination, &lexicon, &standing, rules)
}

/// How often the matcher looks again with what it has learnt.
const ROUNDS: usize = 2;

/// A destination unit is worth a look where so much of what lies below is matched to what lies below the source unit.
const WORTH_A_LOOK: f32 = 0.1;

/// A code says something about other units where so many of the fewer codes are on both servers.
const SHARED_CODES: f64 = 0.3;

/// Codes can be relied on where so many of those on both servers stand with similar names.
const RELIABLE_CODES: f64 = 0.8;

/// So few codes say nothing about codes.
const FEWEST_CODES: usize = 10;

/// What stands already.
#[derive(Debug, Default)]
struct Standing {
    /// Confirmed pairs.
    pairs: Vec<(Index, Index)>,
    /// Source units with a row in whatever state: they are not proposed again.
    decided: BTreeSet<Index>,
    /// How confirmed rows were found.
    methods: HashMap<Index, MatchMethod>,
}

impl Standing {
    fn of(existing: &[OrgUnitMapping], source: &Side<'_>, destination: &Side<'_>) -> Self {
        let mut standing = Self::default();
        for row in existing {
            let Some(unit) = source.by_id.get(&row.source) else { continue };
            standing.decided.insert(*unit);
            if let Some(target) = row.target().and_then(|target| destination.by_id.get(&target)) {
                standing.pairs.push((*unit, *target));
                standing.methods.insert(*unit, row.method);
            }
        }
        standing
    }
}

/// A matching with all that it was made from.
#[derive(Debug)]
struct Matching {
    assignment: Assignment,
    attributes: HashMap<Index, Vec<Index>>,
    below: HashMap<(Index, Index), f32>,
    voted: HashMap<Index, Vec<Index>>,
    synonyms: HashSet<(u32, u32)>,
    codes_shared: bool,
    codes_reliable: bool,
    allowed: Allowed,
}

impl Matching {
    /// The first look: units that are unmistakable anywhere say which units above belong together.
    fn first(
        source: &Side<'_>,
        destination: &Side<'_>,
        lexicon: &Lexicon,
        standing: &Standing,
        rules: &MatchRules,
    ) -> Self {
        let allowed = Allowed::by(&rules.methods);
        let mut pairs = standing.pairs.clone();
        pairs.extend(unmistakable(source, destination, lexicon, allowed));
        Self::again(source, destination, lexicon, standing, rules, &pairs, Lessons::default())
    }

    /// What stands, and nothing more: for a person who decides unit by unit.
    fn standing(
        source: &Side<'_>,
        destination: &Side<'_>,
        lexicon: &Lexicon,
        standing: &Standing,
        rules: &MatchRules,
    ) -> Self {
        let below = votes_of(source, destination, &standing.pairs);
        Self {
            assignment: Assignment::new(source, destination, &standing.pairs),
            attributes: shared_attributes(source, destination),
            voted: worth_a_look(&below),
            below,
            synonyms: HashSet::new(),
            codes_shared: codes_are_shared(source, destination),
            codes_reliable: codes_are_reliable(source, destination, lexicon),
            allowed: Allowed::by(&rules.methods),
        }
    }

    fn again(
        source: &Side<'_>,
        destination: &Side<'_>,
        lexicon: &Lexicon,
        standing: &Standing,
        rules: &MatchRules,
        pairs: &[(Index, Index)],
        lessons: Lessons,
    ) -> Self {
        let below = votes_of(source, destination, pairs);
        let mut matching = Self {
            voted: worth_a_look(&below),
            below,
            synonyms: lessons.synonyms,
            ..Self::standing(source, destination, lexicon, standing, rules)
        };
        let open = (0..source.units.len()).filter(|index| !standing.decided.contains(index)).collect();
        let names = Names::new(lexicon, matching.synonyms.clone());
        let mut assignment = std::mem::replace(&mut matching.assignment, Assignment::new(source, destination, &[]));
        assign(&mut assignment, &matching.ground(source, destination, &names), &open);
        matching.assignment = assignment;
        matching
    }

    fn ground<'ground, 'metadata>(
        &'ground self,
        source: &'ground Side<'metadata>,
        destination: &'ground Side<'metadata>,
        names: &'ground Names<'ground>,
    ) -> Ground<'ground, 'metadata> {
        Ground {
            source,
            destination,
            names,
            allowed: self.allowed,
            codes_shared: self.codes_shared,
            codes_reliable: self.codes_reliable,
            attributes: &self.attributes,
            below: &self.below,
            voted: &self.voted,
        }
    }

    /// What the matches teach about the names of both countries. What was learnt before is kept.
    fn lessons(&self, source: &Side<'_>, destination: &Side<'_>, lexicon: &Lexicon) -> Lessons {
        if !self.allowed.similar {
            return Lessons::default();
        }
        let names = Names::new(lexicon, self.synonyms.clone());
        let mut lessons = learn(source, destination, &names, &self.assignment.pairs());
        lessons.synonyms.extend(&self.synonyms);
        lessons
    }
}

/// For each source unit the destination units that share enough of what lies below.
fn worth_a_look(below: &HashMap<(Index, Index), f32>) -> HashMap<Index, Vec<Index>> {
    let mut voted: HashMap<Index, Vec<Index>> = HashMap::new();
    for ((unit, target), _) in below.iter().filter(|(_, share)| **share >= WORTH_A_LOOK) {
        voted.entry(*unit).or_default().push(*target);
    }
    for targets in voted.values_mut() {
        targets.sort_unstable();
    }
    voted
}

/// Pairs that are the only ones of their name on both sides, or share a code and a similar name.
fn unmistakable(source: &Side<'_>, destination: &Side<'_>, lexicon: &Lexicon, allowed: Allowed) -> Vec<(Index, Index)> {
    let names = Names::new(lexicon, HashSet::new());
    let mut compared = similarity::Compared::new();
    let (own, other) = (readings(source), readings(destination));
    let mut pairs = Vec::new();
    for (index, unit) in source.units.iter().enumerate() {
        let by_id = destination.by_id.get(&unit.id).filter(|_| allowed.ids);
        let by_code = unit.code.filter(|code| allowed.codes && source.by_code.contains_key(code));
        let by_code = by_code.and_then(|code| destination.by_code.get(&code)).filter(|target| {
            let target = &destination.units[**target];
            names.similarity(unit, target, &mut compared) >= SAME_NAME && unit.twin == target.twin
        });
        let reading = reading(unit);
        let by_name = match (own.get(&reading).map(Vec::as_slice), other.get(&reading).map(Vec::as_slice)) {
            (Some([_]), Some([target])) if allowed.names && !unit.words.is_empty() => Some(target),
            _ => None,
        };
        if let Some(target) = by_id.or(by_code).or(by_name) {
            pairs.push((index, *target));
        }
    }
    pairs
}

/// What a name says, whatever the order of its words.
type Reading<'side> = (Vec<u32>, Option<&'static str>, &'side [String]);

fn reading(unit: &side::Unit) -> Reading<'_> {
    let mut words: Vec<u32> = unit.words.iter().map(|(word, _)| *word).collect();
    words.sort_unstable();
    (words, unit.kind, &unit.twin)
}

fn readings<'side>(side: &'side Side<'_>) -> BTreeMap<Reading<'side>, Vec<Index>> {
    let mut readings: BTreeMap<Reading<'side>, Vec<Index>> = BTreeMap::new();
    for (index, unit) in side.units.iter().enumerate() {
        readings.entry(reading(unit)).or_default().push(index);
    }
    readings
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no precision")]
fn codes_are_shared(source: &Side<'_>, destination: &Side<'_>) -> bool {
    let both = source.by_code.keys().filter(|code| destination.by_code.contains_key(code)).count();
    let fewer = source.by_code.len().min(destination.by_code.len());
    both > 0 && both as f64 >= fewer as f64 * SHARED_CODES
}

/// Whether units of the same code have similar names, as a rule.
#[expect(clippy::cast_precision_loss, reason = "a share needs no precision")]
fn codes_are_reliable(source: &Side<'_>, destination: &Side<'_>, lexicon: &Lexicon) -> bool {
    let names = Names::new(lexicon, HashSet::new());
    let mut compared = similarity::Compared::new();
    let (mut both, mut similar) = (0_usize, 0_usize);
    for (code, unit) in &source.by_code {
        if let Some(target) = destination.by_code.get(code) {
            let (unit, target) = (&source.units[*unit], &destination.units[*target]);
            both += 1;
            similar += usize::from(names.similarity(unit, target, &mut compared) >= evidence::SIMILAR_NAME);
        }
    }
    both < FEWEST_CODES || similar as f64 >= both as f64 * RELIABLE_CODES
}

/// The matches as rows of a map.
fn rows(
    matching: &Matching,
    source: &Side<'_>,
    destination: &Side<'_>,
    lexicon: &Lexicon,
    standing: &Standing,
    rules: &MatchRules,
) -> Vec<OrgUnitMapping> {
    let names = Names::new(lexicon, matching.synonyms.clone());
    let ground = matching.ground(source, destination, &names);
    let assignment = &matching.assignment;
    let witness = ground.witness(assignment);
    let field = Field::new(assignment);
    let methods: HashMap<Index, MatchMethod> = assignment
        .choices
        .iter()
        .enumerate()
        .filter_map(|(unit, choices)| Some((unit, matched_choice(assignment, unit, choices)?.evidence.method())))
        .chain(standing.methods.iter().map(|(unit, method)| (*unit, *method)))
        .collect();
    let method_of = |index: Index| methods.get(&index).copied();
    let mut rows = Vec::new();
    for (unit, choices) in assignment.choices.iter().enumerate() {
        let best = choices.iter().find(|choice| choice.evidence.is_worth_asking());
        let Some(choice) = matched_choice(assignment, unit, choices).or(best) else { continue };
        let is_matched = assignment.matched[unit] == Some(choice.destination);
        let owner = assignment.taken[choice.destination].filter(|_| !is_matched);
        // A namesake elsewhere that is somebody else already is no question for anybody.
        let elsewhere = choice.evidence.is_moved() && !choice.evidence.identifiers_agree();
        if owner.is_some() && elsewhere {
            continue;
        }
        let rivals = field.rivals(unit, choice, owner.is_some() && rules.many_to_one);
        let mut doubts = Vec::new();
        let mut reasons = Vec::new();
        match owner {
            Some(owner) if rules.many_to_one => reasons.push(format!("together with {}", source.name(owner))),
            Some(owner) => doubts.push(format!("{} is mapped to it already", source.name(owner))),
            None => {}
        }
        if owner.is_none() && rivals.lead < class::CLEAR {
            if let Some(other) = rivals.other_destination {
                doubts.push(format!("{} is nearly as good a match", described(destination, other)));
            }
            if let Some(other) = rivals.other_source {
                doubts.push(format!("{} would be nearly as good a match", described(source, other)));
            }
        } else if let Some(half) = rivals.other_half {
            doubts.push(format!("{} has the same name in its name too", described(destination, half)));
        } else if let Some(named) = rivals.better_named {
            doubts.push(format!("by its name it is {}", described(destination, named)));
        }
        let class = if is_matched || rules.many_to_one { classify(&choice.evidence, &rivals) } else { MatchClass::Ask };
        rows.push(OrgUnitMapping {
            source: source.units[unit].id,
            destination: Some(destination.units[choice.destination].id),
            method: choice.evidence.method(),
            score: Some(choice.evidence.score()),
            class: Some(class),
            explanation: Some(words::explain(
                &witness,
                unit,
                choice.destination,
                &choice.evidence,
                &method_of,
                words::Beside { reasons: &reasons, doubts: &doubts },
            )),
            state: MappingState::Proposed,
            note: None,
        });
    }
    rows
}

fn matched_choice<'choices>(
    assignment: &Assignment,
    unit: Index,
    choices: &'choices [Choice],
) -> Option<&'choices Choice> {
    choices
        .iter()
        .find(|choice| assignment.matched[unit] == Some(choice.destination) && choice.evidence.is_worth_asking())
}

/// A unit with the unit above it.
fn described(side: &Side<'_>, index: Index) -> String {
    match side.units[index].parent {
        Some(parent) => format!("{} ({})", side.name(index), side.name(parent)),
        None => side.name(index).to_owned(),
    }
}

#[cfg(test)]
mod tests;
