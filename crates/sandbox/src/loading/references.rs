//! Whether the objects that others refer to are in the file.
//!
//! What a rule of reading or writing asks for must be there. Memberships that only sort objects (groups) may name
//! objects that were not exported; they are left out with a note. The roots of a part of a tree keep the parents that
//! were left behind in their `path`, which tells them from a parent that is mistyped.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::metadata::{Export, called, line, objects, singular};
use super::{Problems, Refusal};
use crate::world::filling::{ADMIN_ID, DEFAULT_CATEGORY, DEFAULT_COMBO, DEFAULT_OPTION, DEFAULT_OPTION_COMBO};
use crate::world::{Object, reference, references, text};

/// A property that refers to objects of a type, or to a list of parts that do: `dataSetElements.dataElement`.
struct Rule {
    plural: &'static str,
    property: &'static str,
    part: Option<&'static str>,
    target: &'static str,
    needed: bool,
}

const fn needs(plural: &'static str, property: &'static str, target: &'static str) -> Rule {
    Rule { plural, property, part: None, target, needed: true }
}

const fn of_parts(plural: &'static str, property: &'static str, part: &'static str, target: &'static str) -> Rule {
    Rule { plural, property, part: Some(part), target, needed: true }
}

const fn sorts(plural: &'static str, property: &'static str, target: &'static str) -> Rule {
    Rule { plural, property, part: None, target, needed: false }
}

const RULES: &[Rule] = &[
    needs("dataElements", "categoryCombo", "categoryCombos"),
    needs("dataElements", "optionSet", "optionSets"),
    needs("dataElements", "commentOptionSet", "optionSets"),
    needs("options", "optionSet", "optionSets"),
    needs("optionSets", "options", "options"),
    needs("categories", "categoryOptions", "categoryOptions"),
    needs("categoryCombos", "categories", "categories"),
    needs("categoryCombos", "categoryOptionCombos", "categoryOptionCombos"),
    needs("categoryOptionCombos", "categoryCombo", "categoryCombos"),
    needs("categoryOptionCombos", "categoryOptions", "categoryOptions"),
    needs("categoryOptions", "organisationUnits", "organisationUnits"),
    needs("dataSets", "categoryCombo", "categoryCombos"),
    needs("dataSets", "organisationUnits", "organisationUnits"),
    of_parts("dataSets", "dataSetElements", "dataElement", "dataElements"),
    of_parts("dataSets", "dataSetElements", "categoryCombo", "categoryCombos"),
    needs("indicators", "indicatorType", "indicatorTypes"),
    needs("programIndicators", "program", "programs"),
    needs("programs", "organisationUnits", "organisationUnits"),
    needs("users", "userRoles", "userRoles"),
    needs("users", "organisationUnits", "organisationUnits"),
    needs("users", "dataViewOrganisationUnits", "organisationUnits"),
    sorts("users", "userGroups", "userGroups"),
    sorts("userGroups", "users", "users"),
    sorts("organisationUnitGroups", "organisationUnits", "organisationUnits"),
    sorts("organisationUnitGroupSets", "organisationUnitGroups", "organisationUnitGroups"),
    sorts("dataElementGroups", "dataElements", "dataElements"),
    sorts("indicatorGroups", "indicators", "indicators"),
];

/// The objects that every server has.
const BUILT_IN: [&str; 5] = [DEFAULT_CATEGORY, DEFAULT_COMBO, DEFAULT_OPTION, DEFAULT_OPTION_COMBO, ADMIN_ID];

/// What is missing and not needed, in words; or everything that is needed and missing.
pub(super) fn check(export: &Export, source: &str) -> Result<Vec<String>, Refusal> {
    let known = Known::of(export);
    let mut problems = Problems::default();
    let mut missing_types: Vec<&str> = Vec::new();
    let mut notes = Vec::new();
    for rule in RULES {
        let mut left_out: Vec<String> = Vec::new();
        for (position, object) in objects(export, rule.plural).enumerate() {
            let absent = rule.referred(object).into_iter().filter(|id| !known.has(rule.target, id));
            for id in absent {
                if rule.needed {
                    let message = format!(
                        "the {} refers to the {} `{id}`, which is not in the file",
                        called(rule.plural, object),
                        singular(rule.target)
                    );
                    problems.tell(|| line(source, rule.plural, position), message);
                    if !missing_types.contains(&rule.target) {
                        missing_types.push(rule.target);
                    }
                } else {
                    left_out.push(format!("{} in {}", id, called(rule.plural, object)));
                }
            }
        }
        if let Some(first) = left_out.first() {
            let others = match left_out.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} others"),
            };
            notes.push(format!("not in the file and left out: {} {first}{others}", singular(rule.target)));
        }
    }
    check_parents(export, source, &known, &mut problems, &mut notes);
    if missing_types.is_empty() {
        missing_types.push("organisationUnits");
    }
    let types: Vec<String> = missing_types.iter().map(|plural| format!("{plural}=true")).collect();
    problems.refuse(format!("add what is missing, or export it along: `GET /api/metadata?{}&…`", types.join("&")))?;
    Ok(notes)
}

/// Objects by type; those written out inside others count.
struct Known<'export> {
    by_type: HashMap<&'export str, HashSet<&'export str>>,
}

impl<'export> Known<'export> {
    fn of(export: &'export Export) -> Self {
        let mut by_type: HashMap<&str, HashSet<&str>> = HashMap::new();
        for (plural, _) in export {
            let ids = objects(export, plural).filter_map(|object| text(object, "id")).collect();
            by_type.insert(plural, ids);
        }
        for (plural, property, target) in
            [("optionSets", "options", "options"), ("categoryCombos", "categoryOptionCombos", "categoryOptionCombos")]
        {
            let nested = objects(export, plural)
                .filter_map(|owner| owner.get(property).and_then(Value::as_array))
                .flatten()
                .filter_map(Value::as_object)
                .filter(|object| object.len() > 1)
                .filter_map(|object| text(object, "id"));
            by_type.entry(target).or_default().extend(nested);
        }
        Self { by_type }
    }

    fn has(&self, plural: &str, id: &str) -> bool {
        BUILT_IN.contains(&id) || self.by_type.get(plural).is_some_and(|ids| ids.contains(id))
    }
}

impl Rule {
    /// The ids that an object refers to by this property.
    fn referred<'object>(&self, object: &'object Object) -> Vec<&'object str> {
        match self.part {
            None => references(object, self.property).into_iter().chain(reference(object, self.property)).collect(),
            Some(part) => object
                .get(self.property)
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_object)
                .filter_map(|entry| reference(entry, part))
                .collect(),
        }
    }
}

/// A unit whose parent is missing is the root of what was exported if its path says so; otherwise it is a mistake.
fn check_parents(export: &Export, source: &str, known: &Known<'_>, problems: &mut Problems, notes: &mut Vec<String>) {
    for (position, unit) in objects(export, "organisationUnits").enumerate() {
        let Some(parent) = reference(unit, "parent") else { continue };
        if known.has("organisationUnits", parent) {
            continue;
        }
        let path = text(unit, "path").unwrap_or_default();
        let above: Vec<&str> = path.split('/').filter(|id| !id.is_empty()).rev().skip(1).collect();
        let nothing_above = !above.iter().any(|id| known.has("organisationUnits", id));
        if above.first() == Some(&parent) && nothing_above {
            notes.push(format!(
                "the {} is a root here: its parent `{parent}` is not in the file",
                called("organisationUnits", unit)
            ));
        } else {
            let message = format!(
                "the {} has the parent `{parent}`, which is not in the file",
                called("organisationUnits", unit)
            );
            problems.tell(|| line(source, "organisationUnits", position), message);
        }
    }
}
