//! Exact matching of org units: by id, by code, by name under matched parents.
//!
//! Evidence is weighed in that order. A match is `sure` when nothing contradicts: its code or name is the only one of
//! its kind on both sides, and the parents, where both are matched, agree. Everything else that looks right is asked
//! about, with the reason.

mod candidates;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::domain::metadata::{Metadata, OrganisationUnit};
use crate::domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use crate::domain::uid::Uid;
use crate::matching::names::folded;

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
pub fn propose(
    source: &Metadata,
    destination: &Metadata,
    existing: &[OrgUnitMapping],
    rules: &MatchRules,
) -> Vec<OrgUnitMapping> {
    let mut matcher = Matcher::new(source, destination, existing);
    for method in [MatchMethod::Id, MatchMethod::Code, MatchMethod::Name] {
        if rules.methods.contains(&method) {
            matcher.apply(method);
        }
    }
    matcher.finish()
}

struct Matcher<'metadata> {
    source: &'metadata Metadata,
    destination: &'metadata Metadata,
    /// Source units from the root down, so that parents come before children.
    from_the_root: Vec<&'metadata OrganisationUnit>,
    /// Pairs in force, whether they stood before or were found now.
    matched: BTreeMap<Uid, Uid>,
    taken: BTreeSet<Uid>,
    decided: BTreeSet<Uid>,
    proposals: BTreeMap<Uid, OrgUnitMapping>,
}

impl<'metadata> Matcher<'metadata> {
    fn new(source: &'metadata Metadata, destination: &'metadata Metadata, existing: &[OrgUnitMapping]) -> Self {
        let mut from_the_root: Vec<&OrganisationUnit> = source.organisation_units.values().collect();
        from_the_root.sort_by_cached_key(|unit| (unit.level(), folded(&unit.name), unit.id));
        let confirmed = existing.iter().filter_map(|row| row.target().map(|target| (row.source, target)));
        let matched: BTreeMap<Uid, Uid> = confirmed.collect();
        Self {
            source,
            destination,
            from_the_root,
            taken: matched.values().copied().collect(),
            matched,
            decided: existing.iter().map(|row| row.source).collect(),
            proposals: BTreeMap::new(),
        }
    }

    fn apply(&mut self, method: MatchMethod) {
        let by_code = (method == MatchMethod::Code).then(|| (codes(self.source), codes(self.destination)));
        let siblings =
            (method == MatchMethod::Name).then(|| (siblings_by_name(self.source), siblings_by_name(self.destination)));
        for unit in self.from_the_root.clone() {
            if self.decided.contains(&unit.id) {
                continue;
            }
            let found = match (method, &by_code, &siblings) {
                (MatchMethod::Id, _, _) => self.destination.organisation_units.get(&unit.id).map(|_| unit.id),
                (MatchMethod::Code, Some((source_codes, destination_codes)), _) => {
                    only_one_each(unit.code.as_deref(), source_codes, destination_codes)
                }
                (MatchMethod::Name, _, Some((source_siblings, destination_siblings))) => {
                    self.by_name(unit, source_siblings, destination_siblings)
                }
                _ => None,
            };
            if let Some(target) = found.and_then(|id| self.destination.organisation_units.get(&id)) {
                self.weigh(unit, target, method);
            }
        }
    }

    /// The one unit of the same name below the parent's counterpart. Roots match when there is one on each side.
    fn by_name(&self, unit: &OrganisationUnit, source: &Siblings, destination: &Siblings) -> Option<Uid> {
        let name = folded(&unit.name);
        let Some(parent) = unit.parent() else {
            return match (source.roots.as_slice(), destination.roots.as_slice()) {
                ([_], [target]) => Some(*target),
                _ => destination.roots_named(self.destination, &name),
            };
        };
        let target_parent = *self.matched.get(&parent)?;
        match (source.named(parent, &name), destination.named(target_parent, &name)) {
            ([_], [target]) => Some(*target),
            _ => None,
        }
    }

    /// Puts a pair into force, or proposes it where something speaks against it.
    fn weigh(&mut self, unit: &OrganisationUnit, target: &OrganisationUnit, method: MatchMethod) {
        let names_agree = folded(&unit.name) == folded(&target.name);
        let parents = match (unit.parent().and_then(|parent| self.matched.get(&parent)), target.parent()) {
            (Some(expected), Some(actual)) => Some(*expected == actual),
            _ => None,
        };
        let mut doubts = Vec::new();
        if self.taken.contains(&target.id) {
            doubts.push("another unit is mapped to it already".to_owned());
        }
        if target.closed_date.is_some() && unit.closed_date.is_none() {
            doubts.push("closed at the destination".to_owned());
        }
        if method != MatchMethod::Name && parents == Some(false) {
            doubts.push(format!(
                "parents differ: {} and {}",
                parent_name(self.source, unit),
                parent_name(self.destination, target)
            ));
        }
        if method == MatchMethod::Code && !names_agree && parents != Some(true) {
            doubts.push(format!("names differ: {} and {}", unit.name, target.name));
        }
        let mut reasons = vec![match method {
            MatchMethod::Id => "same id".to_owned(),
            MatchMethod::Code => format!("same code {}", unit.code.as_deref().unwrap_or_default()),
            _ if unit.parent().is_none() => "both are the root".to_owned(),
            _ => {
                format!("same name below {}", parent_name(self.source, unit))
            }
        }];
        if method != MatchMethod::Name && names_agree {
            reasons.push("same name".to_owned());
        }
        if parents == Some(true) && method != MatchMethod::Name {
            reasons.push("parents agree".to_owned());
        }
        let in_force = doubts.is_empty();
        if in_force {
            self.matched.insert(unit.id, target.id);
            self.taken.insert(target.id);
        } else {
            reasons.push(format!("but {}", doubts.join(", ")));
        }
        self.decided.insert(unit.id);
        let explanation = reasons.join(", ");
        self.proposals.insert(
            unit.id,
            OrgUnitMapping {
                source: unit.id,
                destination: Some(target.id),
                method,
                score: Some(if in_force { 1.0 } else { 0.5 }),
                class: Some(if in_force { MatchClass::Sure } else { MatchClass::Ask }),
                explanation: Some(explanation),
                state: MappingState::Proposed,
                note: None,
            },
        );
    }

    fn finish(mut self) -> Vec<OrgUnitMapping> {
        self.from_the_root.iter().filter_map(|unit| self.proposals.remove(&unit.id)).collect()
    }
}

fn parent_name(metadata: &Metadata, unit: &OrganisationUnit) -> String {
    unit.parent().map_or_else(|| "the root".to_owned(), |parent| metadata.name_of(parent))
}

/// Codes with the units that carry them.
fn codes(metadata: &Metadata) -> HashMap<&str, Vec<Uid>> {
    let mut units: HashMap<&str, Vec<Uid>> = HashMap::new();
    for unit in metadata.organisation_units.values() {
        if let Some(code) = unit.code.as_deref().filter(|code| !code.trim().is_empty()) {
            units.entry(code).or_default().push(unit.id);
        }
    }
    units
}

fn only_one_each(
    code: Option<&str>,
    source: &HashMap<&str, Vec<Uid>>,
    destination: &HashMap<&str, Vec<Uid>>,
) -> Option<Uid> {
    match (source.get(code?)?.as_slice(), destination.get(code?)?.as_slice()) {
        ([_], [target]) => Some(*target),
        _ => None,
    }
}

/// Children by parent and folded name.
struct Siblings {
    roots: Vec<Uid>,
    children: HashMap<(Uid, String), Vec<Uid>>,
}

impl Siblings {
    fn named(&self, parent: Uid, name: &str) -> &[Uid] {
        self.children.get(&(parent, name.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    fn roots_named(&self, metadata: &Metadata, name: &str) -> Option<Uid> {
        let mut named = self.roots.iter().filter(|id| folded(&metadata.name_of(**id)) == name);
        match (named.next(), named.next()) {
            (Some(only), None) => Some(*only),
            _ => None,
        }
    }
}

fn siblings_by_name(metadata: &Metadata) -> Siblings {
    let mut siblings = Siblings { roots: Vec::new(), children: HashMap::new() };
    for unit in metadata.organisation_units.values() {
        match unit.parent() {
            Some(parent) => siblings.children.entry((parent, folded(&unit.name))).or_default().push(unit.id),
            None => siblings.roots.push(unit.id),
        }
    }
    siblings
}

#[cfg(test)]
mod tests {
    use super::{MatchRules, propose};
    use crate::domain::metadata::{Metadata, OrganisationUnit};
    use crate::domain::org_unit_map::{MappingState, MatchClass, OrgUnitMapping};
    use crate::domain::uid::Uid;

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    /// `(id, parent, code, name)`, parents first.
    fn tree(units: &[(&str, &str, &str, &str)]) -> Metadata {
        let mut metadata = Metadata::default();
        for (id, parent, code, name) in units {
            let mut path =
                if parent.is_empty() { Vec::new() } else { metadata.organisation_units[&uid(parent)].path.clone() };
            path.push(uid(id));
            metadata.organisation_units.insert(
                uid(id),
                OrganisationUnit {
                    id: uid(id),
                    code: (!code.is_empty()).then(|| (*code).to_owned()),
                    name: (*name).to_owned(),
                    short_name: None,
                    path,
                    opening_date: None,
                    closed_date: None,
                    attribute_values: Vec::new(),
                },
            );
        }
        metadata
    }

    fn found(source: &Metadata, destination: &Metadata) -> Vec<(String, Option<String>, MatchClass, String)> {
        propose(source, destination, &[], &MatchRules::default())
            .into_iter()
            .map(|row| {
                (
                    source.name_of(row.source),
                    row.destination.map(|id| destination.name_of(id)),
                    row.class.unwrap(),
                    row.explanation.unwrap(),
                )
            })
            .collect()
    }

    #[test]
    fn id_then_code_then_name_below_matched_parents() {
        let source = tree(&[
            ("aRoot000001", "", "", "Haïti"),
            ("aDept000001", "aRoot000001", "HT09", "Sud-Est"),
            ("aFac0000001", "aDept000001", "", "Hôpital St Michel"),
            ("sharedFac01", "aDept000001", "", "Dispensaire Marigot"),
            ("aFac0000002", "aDept000001", "", "Nowhere else"),
        ]);
        let destination = tree(&[
            ("bRoot000001", "", "", "HAITI MSPP"),
            ("bDept000001", "bRoot000001", "HT09", "SUD EST"),
            ("bFac0000001", "bDept000001", "", "HOPITAL  ST-MICHEL"),
            ("sharedFac01", "bDept000001", "", "Disp. Marigot"),
        ]);
        insta::assert_debug_snapshot!(found(&source, &destination), @r#"
        [
            (
                "Haïti",
                Some(
                    "HAITI MSPP",
                ),
                Sure,
                "both are the root",
            ),
            (
                "Sud-Est",
                Some(
                    "SUD EST",
                ),
                Sure,
                "same code HT09, same name",
            ),
            (
                "Dispensaire Marigot",
                Some(
                    "Disp. Marigot",
                ),
                Sure,
                "same id",
            ),
            (
                "Hôpital St Michel",
                Some(
                    "HOPITAL  ST-MICHEL",
                ),
                Sure,
                "same name below Sud-Est",
            ),
        ]
        "#);
    }

    #[test]
    fn evidence_that_contradicts_is_proposed_and_said() {
        let source = tree(&[
            ("aRoot000001", "", "R", "Haïti"),
            ("aDept000001", "aRoot000001", "N", "Nord"),
            ("aDept000002", "aRoot000001", "S", "Sud"),
            ("aFac0000001", "aDept000001", "F1", "Clinic Alpha"),
        ]);
        let destination = tree(&[
            ("bRoot000001", "", "R", "Haïti"),
            ("bDept000001", "bRoot000001", "N", "Nord"),
            ("bDept000002", "bRoot000001", "S", "Sud"),
            ("bFac0000001", "bDept000002", "F1", "Clinic Beta"),
        ]);
        let rows = found(&source, &destination);
        let (_, _, class, explanation) = rows.last().unwrap();
        assert_eq!(*class, MatchClass::Ask);
        assert_eq!(
            explanation,
            "same code F1, but parents differ: Nord and Sud, names differ: Clinic Alpha and Clinic Beta"
        );
    }

    #[test]
    fn namesakes_and_doubled_codes_are_left_alone() {
        let source = tree(&[
            ("aRoot000001", "", "", "A"),
            ("aFac0000001", "aRoot000001", "X", "Clinic"),
            ("aFac0000002", "aRoot000001", "X", "Clinic"),
        ]);
        let destination = tree(&[("bRoot000001", "", "", "A"), ("bFac0000001", "bRoot000001", "X", "Clinic")]);
        assert_eq!(found(&source, &destination).len(), 1, "only the root");
    }

    #[test]
    fn rows_of_people_are_kept_and_anchor_what_lies_below() {
        let source = tree(&[("aRoot000001", "", "", "A"), ("aFac0000001", "aRoot000001", "", "Clinic")]);
        let destination = tree(&[
            ("bRoot000001", "", "", "Z"),
            ("bRoot000002", "", "", "Y"),
            ("bFac0000001", "bRoot000002", "", "Clinic"),
        ]);
        let existing = [OrgUnitMapping::manual(uid("aRoot000001"), Some(uid("bRoot000002")), MappingState::Confirmed)];
        let rows = propose(&source, &destination, &existing, &MatchRules::default());
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].destination, Some(uid("bFac0000001")));
    }
}
