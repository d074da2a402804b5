//! Which category option combo of a destination data element means the same as one of the source's.

use crate::figures::{Agreement, agreement, key};
use crate::item_match::category_option::Meaning;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::uid::Uid;

/// A combo that was found, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ComboMatch {
    pub combo: Uid,
    pub class: MatchClass,
    /// "Masculin, <5 ans as HOMMES, < 5 ANS".
    pub words: String,
}

/// The combo among `candidates` whose options mean the same, in any order; none where there is none or several.
pub(super) fn counterpart(
    source: &Metadata,
    combo: Uid,
    destination: &Metadata,
    candidates: &[Uid],
) -> Option<ComboMatch> {
    let own = options(source, combo);
    let found: Vec<(Uid, MatchClass)> = candidates
        .iter()
        .filter_map(|candidate| Some((*candidate, same_options(&own, &options(destination, *candidate))?)))
        .collect();
    let best = found.iter().map(|(_, class)| *class).min()?;
    let mut best_ones = found.into_iter().filter(|(_, class)| *class == best);
    let (found, class) = best_ones.next()?;
    if best_ones.next().is_some() {
        return None;
    }
    let (name, other) = (source.name_of(combo), destination.name_of(found));
    let words = if key(&name) == key(&other) { format!("same part {name}") } else { format!("{name} as {other}") };
    Some(ComboMatch { combo: found, class, words })
}

/// Why nobody can tell what a combo means on that side: one of its options is hidden from the user, and known by its id.
pub(super) fn hidden(metadata: &Metadata, combo: Uid, side: &str) -> Option<String> {
    let combo = metadata.category_option_combos.get(&combo)?;
    let mut options = combo.category_options.iter().filter_map(|option| metadata.category_options.get(option));
    options.any(|option| option.is_hidden).then(|| {
        let name = &combo.name;
        format!("a category option of {name} may not be read at the {side}; share it with the user there")
    })
}

/// Why a source combo has no counterpart among the destination's: what it would mean is hidden on one side, or nothing
/// means the same.
pub(super) fn no_counterpart(
    source: &Metadata,
    combo: Uid,
    destination: &Metadata,
    candidates: &[Uid],
    nothing: impl FnOnce() -> String,
) -> String {
    let there = || candidates.iter().find_map(|candidate| hidden(destination, *candidate, "destination"));
    hidden(source, combo, "source").or_else(there).unwrap_or_else(nothing)
}

struct OptionFacts {
    code: Option<String>,
    name: String,
    meaning: Meaning,
}

/// What a combo's options say, without `default`; the combo's own name where its options are not known.
fn options(metadata: &Metadata, combo: Uid) -> Vec<OptionFacts> {
    let Some(object) = metadata.category_option_combos.get(&combo) else { return Vec::new() };
    let known: Vec<_> =
        object.category_options.iter().filter_map(|option| metadata.category_options.get(option)).collect();
    if known.len() == object.category_options.len() && !known.is_empty() {
        known
            .into_iter()
            .filter(|option| option.name != "default")
            .map(|option| OptionFacts {
                code: option.code.clone(),
                name: option.name.clone(),
                meaning: Meaning::of(&option.name),
            })
            .collect()
    } else {
        let parts = object.name.split(", ").filter(|part| *part != "default");
        parts.map(|part| OptionFacts { code: None, name: part.to_owned(), meaning: Meaning::of(part) }).collect()
    }
}

/// Whether each option has its counterpart: sure where every meaning is the same, likely where a code has to help.
fn same_options(left: &[OptionFacts], right: &[OptionFacts]) -> Option<MatchClass> {
    if left.len() != right.len() {
        return None;
    }
    let mut open: Vec<&OptionFacts> = right.iter().collect();
    let mut class = MatchClass::Sure;
    for option in left {
        let same_code = |other: &&OptionFacts| option.code.is_some() && option.code == other.code;
        let position = if let Some(position) = open.iter().position(|other| other.meaning == option.meaning) {
            position
        } else {
            let agrees = |other: &OptionFacts| agreement(&option.name, &other.name);
            let position = open.iter().position(|other| {
                same_code(other)
                    && may_be_same(&option.meaning, &other.meaning)
                    && agrees(other) != Agreement::Contradiction
            })?;
            // A code alone does not say that `15+` is everybody.
            let sided = agrees(open[position]) == Agreement::OneSided;
            class = class.max(if sided { MatchClass::Ask } else { MatchClass::Likely });
            position
        };
        open.remove(position);
    }
    Some(class)
}

/// Two ages, two sexes or two words that exclude each other are not the same, whatever their codes say.
fn may_be_same(left: &Meaning, right: &Meaning) -> bool {
    let words = matches!(left, Meaning::Word(_)) || matches!(right, Meaning::Word(_));
    let excluded = kind(left) == kind(right) && kind(left) != Kind::Unknown;
    words && !excluded
}

/// What two combos say where they contradict each other: another sex, ages that do not lie within the other's, a
/// positive result as a negative one. Both in words; none where nothing contradicts or too little is known.
pub fn clash(source: &Metadata, combo: Uid, destination: &Metadata, other: Uid) -> Option<(String, String)> {
    let (left, right) = (options(source, combo), options(destination, other));
    let contradicts = left.iter().any(|option| {
        let kin: Vec<&OptionFacts> =
            right.iter().filter(|other| kind(&option.meaning) == kind(&other.meaning)).collect();
        // Where nothing is known about a word, only what says the opposite contradicts it.
        let excludes = |other: &&OptionFacts| {
            !goes_into(&option.meaning, &other.meaning)
                && (kind(&option.meaning) != Kind::Unknown
                    || agreement(&option.name, &other.name) == Agreement::Contradiction)
        };
        !kin.is_empty() && kin.iter().all(excludes)
    });
    contradicts.then(|| (source.name_of(combo), destination.name_of(other)))
}

/// Whether two names for one thing contradict each other: another sex, another result, a number that differs.
pub(super) fn names_clash(one: &str, other: &str) -> bool {
    let (left, right) = (Meaning::of(one), Meaning::of(other));
    let excluded = kind(&left) == kind(&right)
        && kind(&left) != Kind::Unknown
        && !goes_into(&left, &right)
        && !goes_into(&right, &left);
    excluded || (left != right && agreement(one, other) == Agreement::Contradiction)
}

/// What an option speaks about; only options of one kind can contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sex,
    Age,
    /// One of two words that exclude each other, by the number of their pair.
    Either(usize),
    Unknown,
}

/// Words that exclude each other.
const OPPOSITES: [(&str, &str); 6] = [
    ("positive", "negative"),
    ("yes", "no"),
    ("new", "old"),
    ("public", "private"),
    ("alive", "dead"),
    ("urban", "rural"),
];

fn kind(meaning: &Meaning) -> Kind {
    match meaning {
        Meaning::Female | Meaning::Male => Kind::Sex,
        Meaning::Age(_) => Kind::Age,
        Meaning::Word(word) => {
            OPPOSITES.iter().position(|(one, other)| word == one || word == other).map_or(Kind::Unknown, Kind::Either)
        }
    }
}

/// Whether what is counted under one option belongs under the other.
fn goes_into(left: &Meaning, right: &Meaning) -> bool {
    match (left, right) {
        (Meaning::Age(inner), Meaning::Age(outer)) => {
            let ends = match (inner.before, outer.before) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(inner), Some(outer)) => inner <= outer,
            };
            inner.from >= outer.from && ends
        }
        (left, right) => left == right,
    }
}
