//! Assignment of matches: level by level down the source's tree, best pairs first, one to one.

use std::collections::BTreeSet;
use std::num::NonZero;

use crate::org_units::evidence::{Evidence, Ground, Witness};
use crate::org_units::side::{Index, Side, letters_of};
use crate::org_units::similarity::Compared;

/// A destination unit that a source unit might be.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub destination: Index,
    pub points: f32,
    pub evidence: Evidence,
}

/// The state of a matching.
#[derive(Debug)]
pub(super) struct Assignment {
    /// For each source unit its destination unit, and the other way round.
    pub matched: Vec<Option<Index>>,
    pub taken: Vec<Option<Index>>,
    /// The best choices of each source unit, best first.
    pub choices: Vec<Vec<Choice>>,
}

/// Below this nothing is worth a person's time.
pub(super) const PLAUSIBLE: f32 = 2.0;

/// From here on a pair is a match, until something better comes.
const MATCH: f32 = 3.0;

/// From here on nobody looks further than below the parent.
const CONVINCING: f32 = 5.0;

/// So many choices are kept for each unit.
const CHOICES: usize = 6;

/// A subtree larger than this is not walked through for one unit; its names are looked up instead.
const LARGEST_WALK: usize = 3_000;

/// So many siblings are not walked through for each other either.
const MOST_SIBLINGS: usize = 1_000;

/// A word in more names than this finds nothing in particular.
const COMMON_WORD: usize = 60;

/// Letters at an end of so many words find nothing in particular.
const COMMON_LETTERS: usize = 150;

impl Assignment {
    /// Everything open, but what stands.
    pub(super) fn new(source: &Side<'_>, destination: &Side<'_>, standing: &[(Index, Index)]) -> Self {
        let mut assignment = Self {
            matched: vec![None; source.units.len()],
            taken: vec![None; destination.units.len()],
            choices: vec![Vec::new(); source.units.len()],
        };
        for (unit, target) in standing {
            assignment.matched[*unit] = Some(*target);
            assignment.taken[*target] = Some(*unit);
        }
        assignment
    }

    /// Matches pairs, the best first, one to one.
    fn take(&mut self, mut pairs: Vec<(f32, Index, Index)>) {
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, unit, target) in pairs {
            if self.matched[unit].is_none() && self.taken[target].is_none() {
                self.matched[unit] = Some(target);
                self.taken[target] = Some(unit);
            }
        }
    }

    /// The pairs that are matched.
    pub(super) fn pairs(&self) -> Vec<(Index, Index)> {
        self.matched.iter().enumerate().filter_map(|(unit, target)| Some((unit, (*target)?))).collect()
    }
}

/// Matches every unit of `open`.
pub(super) fn assign(assignment: &mut Assignment, ground: &Ground<'_, '_>, open: &BTreeSet<Index>) {
    // A unit with others below it is hardly ever one without: such pairs wait until everybody else was asked.
    let mut last: Vec<(f32, Index, Index)> = Vec::new();
    for level in levels(ground.source, open) {
        let scored = {
            let witness = ground.witness(assignment);
            in_parallel(&level, |unit, compared| choices_of(&witness, unit, compared))
        };
        let mut pairs: Vec<(f32, Index, Index)> = Vec::new();
        for (unit, choices) in level.iter().zip(scored) {
            for choice in choices.iter().filter(|choice| choice.points >= MATCH) {
                let plain = choice.evidence.identifiers_agree() && choice.evidence.names_agree();
                let pairs = if choice.evidence.leaf_or_not && !plain { &mut last } else { &mut pairs };
                pairs.push((choice.points, *unit, choice.destination));
            }
            assignment.choices[*unit] = choices;
        }
        assignment.take(pairs);
    }
    assignment.take(last);
}

/// The open units by level, from the root down.
fn levels(source: &Side<'_>, open: &BTreeSet<Index>) -> Vec<Vec<Index>> {
    let mut depths = vec![0_usize; source.units.len()];
    let mut levels: Vec<Vec<Index>> = Vec::new();
    for (index, unit) in source.units.iter().enumerate() {
        // Depth-first order: the parent's depth is known.
        depths[index] = unit.parent.map_or(0, |parent| depths[parent] + 1);
        if open.contains(&index) {
            if levels.len() <= depths[index] {
                levels.resize_with(depths[index] + 1, Vec::new);
            }
            levels[depths[index]].push(index);
        }
    }
    levels
}

/// Does the same for each unit on as many threads as there are cores, in order.
fn in_parallel<T: Send>(units: &[Index], work: impl Fn(Index, &mut Compared) -> T + Sync) -> Vec<T> {
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get).min(units.len() / 64 + 1);
    let chunk = units.len().div_ceil(threads.max(1)).max(1);
    let run = |units: &[Index]| {
        let mut compared = Compared::new();
        units.iter().map(|unit| work(*unit, &mut compared)).collect::<Vec<T>>()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = units.chunks(chunk).map(|units| scope.spawn(|| run(units))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

/// The best choices of one unit, best first.
pub(super) fn choices_of(witness: &Witness<'_, '_>, unit: Index, compared: &mut Compared) -> Vec<Choice> {
    let mut seen: BTreeSet<Index> = BTreeSet::new();
    let mut choices: Vec<Choice> = Vec::new();
    let mut weigh = |candidates: &mut dyn Iterator<Item = Index>, choices: &mut Vec<Choice>| {
        for destination in candidates {
            if seen.insert(destination) {
                let evidence = witness.evidence(unit, destination, compared);
                let points = evidence.points();
                if points >= PLAUSIBLE || evidence.identifiers_agree() {
                    let evidence = witness.closer(unit, destination, evidence, compared);
                    choices.push(Choice { destination, points, evidence });
                }
            }
        }
    };
    weigh(&mut identified(witness, unit).into_iter(), &mut choices);
    weigh(&mut below_matched_parents(witness, unit).into_iter(), &mut choices);
    if let Some(voted) = witness.ground.voted.get(&unit) {
        weigh(&mut voted.iter().copied(), &mut choices);
    }
    if !choices.iter().any(|choice| choice.points >= CONVINCING) {
        weigh(&mut anywhere_by_name(witness, unit).into_iter(), &mut choices);
    }
    if !choices.iter().any(|choice| choice.points >= CONVINCING) && has_many_siblings(witness, unit) {
        weigh(&mut by_letters(witness, unit).into_iter(), &mut choices);
    }
    choices.sort_by(|a, b| b.points.total_cmp(&a.points).then(a.destination.cmp(&b.destination)));
    choices.truncate(CHOICES);
    choices
}

/// Units with the same id, code or attribute value; roots for a root.
fn identified(witness: &Witness<'_, '_>, unit: Index) -> Vec<Index> {
    let (source, destination) = (witness.ground.source, witness.ground.destination);
    let mut found = Vec::new();
    if witness.ground.allowed.ids {
        found.extend(destination.by_id.get(&source.units[unit].id));
    }
    if witness.ground.allowed.codes
        && let Some(code) = source.units[unit].code
        && source.by_code.get(&code) == Some(&unit)
    {
        found.extend(destination.by_code.get(&code));
    }
    if witness.ground.allowed.attributes {
        found.extend(witness.ground.attributes.get(&unit).into_iter().flatten());
    }
    if source.units[unit].parent.is_none() {
        found.extend((0..destination.units.len()).filter(|index| destination.units[*index].parent.is_none()));
    }
    found
}

/// Units below the counterpart of the nearest matched unit above: its children, and what lies below those that the
/// source does not know.
fn below_matched_parents(witness: &Witness<'_, '_>, unit: Index) -> Vec<Index> {
    let (source, destination) = (witness.ground.source, witness.ground.destination);
    let has_below = |target: &Index| !destination.units[*target].children.is_empty();
    let above = source.ancestors(unit).find_map(|above| witness.matched[above].filter(has_below));
    let Some(target) = above else { return Vec::new() };
    if destination.units[target].children.len() > MOST_SIBLINGS {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut open = vec![target];
    while let Some(index) = open.pop() {
        for child in &destination.units[index].children {
            found.push(*child);
            let known = witness.taken[*child].is_some();
            if !known && !destination.units[*child].children.is_empty() && found.len() < LARGEST_WALK {
                open.push(*child);
            }
        }
    }
    found
}

/// Whether the unit's counterpart would have more siblings than are walked through.
fn has_many_siblings(witness: &Witness<'_, '_>, unit: Index) -> bool {
    let mut above = witness.ground.source.ancestors(unit).filter_map(|above| witness.matched[above]);
    above.next().is_some_and(|target| witness.ground.destination.units[target].children.len() > MOST_SIBLINGS)
}

/// Units with a word that begins or ends as one of the unit's words.
fn by_letters(witness: &Witness<'_, '_>, unit: Index) -> Vec<Index> {
    let mut found = Vec::new();
    if witness.ground.allowed.similar {
        for (word, _) in &witness.ground.source.units[unit].words {
            for letters in letters_of(witness.ground.names.word_of(*word)) {
                let units = witness.ground.destination.by_letters.get(&letters);
                found.extend(units.filter(|units| units.len() <= COMMON_LETTERS).into_iter().flatten());
            }
        }
    }
    found
}

/// Units anywhere with the same name or a rare word of it.
fn anywhere_by_name(witness: &Witness<'_, '_>, unit: Index) -> Vec<Index> {
    let (source, destination) = (witness.ground.source, witness.ground.destination);
    if !witness.ground.allowed.names {
        return Vec::new();
    }
    let mut found: Vec<Index> = Vec::new();
    if let Some(same) = destination.by_whole_name.get(&source.units[unit].whole_name) {
        found.extend(same.iter().take(COMMON_WORD));
    }
    let mut words = source.units[unit].words.clone();
    words.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (word, _) in words.iter().take(3) {
        if let Some(units) = destination.by_word.get(word).filter(|units| units.len() <= COMMON_WORD) {
            found.extend(units);
        }
    }
    found
}
