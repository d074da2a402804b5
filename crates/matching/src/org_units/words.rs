//! The explanation of a match: evidence for and against it, in plain words.

use crate::figures::key;
use crate::org_units::evidence::{CodeEvidence, Evidence, Place, SAME_NAME, SIMILAR_NAME, Witness};
use crate::org_units::side::Index;
use xfer_domain::org_unit_map::MatchMethod;

/// How the parent was matched, for "parent Jacmel matched by code".
pub(super) type MethodOf<'a> = &'a dyn Fn(Index) -> Option<MatchMethod>;

/// What the comparison with other units adds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Beside<'words> {
    pub reasons: &'words [String],
    pub doubts: &'words [String],
}

/// The evidence in words.
pub(super) fn explain(
    witness: &Witness<'_, '_>,
    source: Index,
    destination: Index,
    evidence: &Evidence,
    method_of: MethodOf<'_>,
    beside: Beside<'_>,
) -> String {
    let mut reasons = reasons(witness, source, destination, evidence, method_of);
    let mut against = against(witness, source, destination, evidence);
    reasons.extend(beside.reasons.iter().cloned());
    against.extend(beside.doubts.iter().cloned());
    if reasons.is_empty() {
        reasons.push("little in common".to_owned());
    }
    let mut text = reasons.join(", ");
    if !against.is_empty() {
        text.push_str("; but ");
        text.push_str(&against.join(", "));
    }
    text
}

fn reasons(
    witness: &Witness<'_, '_>,
    source: Index,
    destination: Index,
    evidence: &Evidence,
    method_of: MethodOf<'_>,
) -> Vec<String> {
    let mut reasons = Vec::new();
    if evidence.same_id {
        reasons.push("same id".to_owned());
    }
    if evidence.code == CodeEvidence::Same {
        reasons.push(format!("same code {}", witness.ground.source.code(source)));
    }
    if evidence.same_attribute {
        reasons.push("same value of an attribute".to_owned());
    }
    let (name, other) = (witness.ground.source.name(source), witness.ground.destination.name(destination));
    if key(name) == key(other) {
        reasons.push("same name".to_owned());
    } else if evidence.name >= SAME_NAME && evidence.same_twin {
        reasons.push(format!("same name, written {other}"));
    } else if evidence.name >= SIMILAR_NAME {
        reasons.push(format!("similar name {other}"));
    }
    match evidence.place {
        Place::Parent => {
            if let Some(parent) = witness.ground.source.units[source].parent {
                let by = match method_of(parent) {
                    Some(MatchMethod::Id) => " matched by id",
                    Some(MatchMethod::Code) => " matched by code",
                    Some(MatchMethod::Attribute) => " matched by attribute",
                    Some(MatchMethod::Name) => " matched by name",
                    Some(MatchMethod::Similar) => " matched by a similar name",
                    Some(MatchMethod::Manual) => " matched by hand",
                    None => " matched",
                };
                reasons.push(format!("parent {}{by}", witness.ground.source.name(parent)));
            }
        }
        Place::Level(above) => reasons.push(format!("both in {}", witness.ground.source.name(above))),
        Place::Roots => reasons.push("both are the root".to_owned()),
        Place::Unknown | Place::Near | Place::Elsewhere => {}
    }
    if let Some(below) = evidence.below.filter(|below| *below >= 0.2) {
        reasons.push(format!("{:.0} % of the units below match", below * 100.0));
    }
    reasons
}

fn against(witness: &Witness<'_, '_>, source: Index, destination: Index, evidence: &Evidence) -> Vec<String> {
    let mut against = Vec::new();
    let (unit, target) = (&witness.ground.source.units[source], &witness.ground.destination.units[destination]);
    let (name, other) = (witness.ground.source.name(source), witness.ground.destination.name(destination));
    if evidence.name < SIMILAR_NAME {
        against.push(format!("names differ: {name} and {other}"));
    } else if !evidence.same_twin {
        against.push(format!("one may be a duplicate of the other: {name} and {other}"));
    }
    if evidence.doubtful_code {
        against.push("many codes have other names at the destination".to_owned());
    }
    if let (Some(false), Some(kind), Some(other)) = (evidence.same_kind, unit.kind, target.kind) {
        against.push(format!("it is {} at the source and {} at the destination", a(kind), a(other)));
    }
    match evidence.code {
        CodeEvidence::BelongsTo(owner) => against.push(format!(
            "its code {} belongs to {} at the destination",
            witness.ground.source.code(source),
            witness.ground.destination.name(owner)
        )),
        CodeEvidence::BelongedTo(owner) => against.push(format!(
            "the code {} at the destination belongs to {} at the source",
            witness.ground.destination.code(destination),
            witness.ground.source.name(owner)
        )),
        CodeEvidence::Differ => against.push(format!(
            "codes differ: {} and {}",
            witness.ground.source.code(source),
            witness.ground.destination.code(destination)
        )),
        CodeEvidence::None | CodeEvidence::Same => {}
    }
    if evidence.is_moved() {
        let here = unit.parent.map_or("the top", |parent| witness.ground.source.name(parent));
        let there = target.parent.map_or("the top", |parent| witness.ground.destination.name(parent));
        against.push(format!("it is below {here} at the source and below {there} at the destination"));
    }
    if evidence.leaf_or_not {
        let side = if target.children.is_empty() { "at the source" } else { "at the destination" };
        against.push(format!("only {side} it has units below"));
    }
    if evidence.closed {
        against.push("it is closed at the destination".to_owned());
    }
    against
}

/// A kind of unit with its article.
fn a(kind: &str) -> String {
    let sounds_open = kind.starts_with(['a', 'e', 'i', 'o']) || kind.starts_with("und");
    if sounds_open { format!("an {kind}") } else { format!("a {kind}") }
}
