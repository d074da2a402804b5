//! Learning from the matched org units: habits of naming, and what units below say about units above.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::org_units::side::{Index, Side, WordId};
use crate::org_units::similarity::{Compared, Names};

/// What was learnt from units that match otherwise.
#[derive(Debug, Default)]
pub(super) struct Lessons {
    /// A source word and the destination word that stands in its place.
    pub synonyms: HashSet<(WordId, WordId)>,
    /// Words of the source that the destination leaves out.
    pub source_fillers: BTreeSet<WordId>,
    /// Words of the destination that the source leaves out: initials, types in a spelling of its own.
    pub destination_fillers: BTreeSet<WordId>,
}

/// So many units have to agree before something is learnt from them.
const ENOUGH: u32 = 4;

/// Compares the names of matched units and keeps what repeats.
pub(super) fn learn(source: &Side<'_>, destination: &Side<'_>, names: &Names<'_>, pairs: &[(Index, Index)]) -> Lessons {
    let mut compared = Compared::new();
    let mut exchanged: BTreeMap<(WordId, WordId), u32> = BTreeMap::new();
    let mut dropped: [BTreeMap<WordId, u32>; 2] = Default::default();
    let mut seen: [HashMap<WordId, u32>; 2] = Default::default();
    for (unit, target) in pairs {
        let (unit, target) = (&source.units[*unit], &destination.units[*target]);
        for (words, seen) in [&unit.words, &target.words].into_iter().zip(&mut seen) {
            for word in words.iter().map(|(word, _)| *word).collect::<BTreeSet<_>>() {
                *seen.entry(word).or_default() += 1;
            }
        }
        let (left, right) = names.left_over(unit, target, &mut compared);
        // Names with nothing in common teach nothing.
        if left.len() == unit.words.len() || right.len() == target.words.len() {
            continue;
        }
        match (left.as_slice(), right.as_slice()) {
            ([left], [right]) => *exchanged.entry((*left, *right)).or_default() += 1,
            (left, []) => left.iter().for_each(|word| *dropped[0].entry(*word).or_default() += 1),
            ([], right) => right.iter().for_each(|word| *dropped[1].entry(*word).or_default() += 1),
            _ => {}
        }
    }
    let fillers = |side: usize| -> BTreeSet<WordId> {
        let often = |(word, count): (&WordId, &u32)| {
            (*count >= ENOUGH && *count * 2 >= seen[side].get(word).copied().unwrap_or_default()).then_some(*word)
        };
        dropped[side].iter().filter_map(often).collect()
    };
    let synonym = |((left, right), count): (&(WordId, WordId), &u32)| {
        let occurrences = seen[0].get(left).max(seen[1].get(right)).copied().unwrap_or_default();
        (*count >= ENOUGH - 1 && *count * 3 >= occurrences).then_some((*left, *right))
    };
    Lessons {
        synonyms: exchanged.iter().filter_map(synonym).collect(),
        source_fillers: fillers(0),
        destination_fillers: fillers(1),
    }
}

/// How much of what lies below two units is matched to each other: for each pair of units above matched ones, the
/// matched pairs below both as a share of those below either.
pub(super) fn votes_of(
    source: &Side<'_>,
    destination: &Side<'_>,
    pairs: &[(Index, Index)],
) -> HashMap<(Index, Index), f32> {
    let mut together: HashMap<(Index, Index), u32> = HashMap::new();
    let mut below_source: HashMap<Index, u32> = HashMap::new();
    let mut below_destination: HashMap<Index, u32> = HashMap::new();
    for (unit, target) in pairs {
        for above in source.ancestors(*unit) {
            *below_source.entry(above).or_default() += 1;
            for other in destination.ancestors(*target) {
                *together.entry((above, other)).or_default() += 1;
            }
        }
        for other in destination.ancestors(*target) {
            *below_destination.entry(other).or_default() += 1;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a share needs no precision")]
    let share = |(pair, count): ((Index, Index), u32)| {
        let all = below_source.get(&pair.0).unwrap_or(&0) + below_destination.get(&pair.1).unwrap_or(&0);
        (pair, 2.0 * count as f32 / all.max(1) as f32)
    };
    together.into_iter().map(share).collect()
}

/// Source units with the destination units that share a value of an attribute with them and with nobody else.
///
/// An attribute has another id on each server, as a rule: two attributes correspond where enough values are the same.
pub(super) fn shared_attributes(source: &Side<'_>, destination: &Side<'_>) -> HashMap<Index, Vec<Index>> {
    let of_source = by_attribute(source);
    let of_destination = by_attribute(destination);
    let mut shared: HashMap<Index, Vec<Index>> = HashMap::new();
    for (attribute, values) in &of_source {
        for (other_attribute, other_values) in &of_destination {
            let both: Vec<(Index, Index)> =
                values.iter().filter_map(|(value, unit)| Some(((*unit)?, (*other_values.get(value)?)?))).collect();
            let smaller = values.len().min(other_values.len());
            if attribute == other_attribute || (both.len() >= 5 && both.len() * 2 >= smaller) {
                for (unit, target) in both {
                    shared.entry(unit).or_default().push(target);
                }
            }
        }
    }
    shared
}

/// Each attribute's values with the unit that has it; none where several have it.
fn by_attribute<'metadata>(side: &Side<'metadata>) -> BTreeMap<String, BTreeMap<&'metadata str, Option<Index>>> {
    let mut attributes: BTreeMap<String, BTreeMap<&str, Option<Index>>> = BTreeMap::new();
    for (index, unit) in side.units.iter().enumerate() {
        let Some(unit) = side.metadata.organisation_units.get(&unit.id) else { continue };
        for value in unit.attribute_values.iter().filter(|value| !value.value.trim().is_empty()) {
            let values = attributes.entry(value.attribute.to_string()).or_default();
            values.entry(value.value.trim()).and_modify(|unit| *unit = None).or_insert(Some(index));
        }
    }
    attributes
}
