//! The shape of an export, and what stands for what it leaves out.
//!
//! Only what a server could not hold is refused: text that is no JSON, objects without an id, an id twice, data sets
//! without a period type. Keys and types that the sandbox does not play are carried along or ignored.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::lines::{Step, line_of};
use super::{Problems, Refusal};
use crate::metadata_lists::schema::{SCHEMAS, Schema};
use crate::world::filling::{DEFAULT_COMBO, DEFAULT_OPTION_COMBO};
use crate::world::{Object, references, text};
use xfer_domain::period::PeriodType;
use xfer_domain::uid::Uid;

/// An export: plural type name → objects.
pub(super) type Export = Map<String, Value>;

/// Types that servers export and the sandbox reads although no list shows them.
const WITHOUT_LIST: &[&str] = &["lockExceptions"];

/// Org units without an opening date are as old as the epoch, as DHIS2's own import has it.
const OPENED: &str = "1970-01-01T00:00:00.000";

/// Whether the sandbox plays objects of this type.
pub(super) fn is_played(plural: &str) -> bool {
    plural != "dataElementOperands" && Schema::of(plural).is_some()
}

/// The objects of a type.
pub(super) fn objects<'export>(export: &'export Export, plural: &str) -> impl Iterator<Item = &'export Object> {
    export.get(plural).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The objects of a type, to be changed.
pub(super) fn objects_mut<'export>(
    export: &'export mut Export,
    plural: &str,
) -> impl Iterator<Item = &'export mut Object> {
    export.get_mut(plural).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

/// What an object is called, for people: `data set `Monthly report``.
pub(super) fn called(plural: &str, object: &Object) -> String {
    let name = ["name", "displayName", "username", "shortName", "code", "id"].iter().find_map(|key| text(object, key));
    format!("{} `{}`", singular(plural), name.unwrap_or("without name"))
}

/// `dataSets` → `data set`.
pub(super) fn singular(plural: &str) -> String {
    let class = Schema::of(plural).map_or(plural, |schema| schema.class);
    let class = match class {
        "OrganisationUnit" => "OrgUnit",
        other => other,
    };
    let mut words = String::new();
    for (position, letter) in class.chars().enumerate() {
        if letter.is_uppercase() && position > 0 {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// The line on which an object of a type begins.
pub(super) fn line(text: &str, plural: &str, position: usize) -> Option<usize> {
    line_of(text, &[Step::Key(plural), Step::Entry(position)])
}

/// Reads the text of an export and looks at its shape.
pub(super) fn read(text: &str) -> Result<Export, Refusal> {
    let parsed: Value = serde_json::from_str(text).map_err(|error| not_json(text, &error))?;
    let Value::Object(export) = parsed else {
        return Err(Refusal::one(
            Some(1),
            "this is not metadata: it is not an object such as {\"organisationUnits\": [...], \"dataElements\": [...]}",
            "give an export of a server: `GET /api/metadata`",
        ));
    };
    if ["dataValues", "dataValueSets"].iter().any(|key| export.contains_key(*key)) {
        return Err(Refusal::one(
            None,
            "this file holds values, not metadata",
            "give it with --data, --source-data or --destination-data",
        ));
    }
    if objects(&export, "organisationUnits").next().is_none() {
        return Err(Refusal::one(
            None,
            "the file has no `organisationUnits`",
            "export them along: `GET /api/metadata?organisationUnits=true&dataElements=true&dataSets=true`, or all of it",
        ));
    }
    let mut problems = Problems::default();
    for (plural, list) in &export {
        if is_played(plural) || WITHOUT_LIST.contains(&plural.as_str()) {
            look_at(text, plural, list, &mut problems);
        }
    }
    problems
        .refuse("correct these lines; an object has an `id` of its own: eleven letters and digits, a letter first")?;
    Ok(export)
}

/// Text that is no JSON.
pub(super) fn not_json(text: &str, error: &serde_json::Error) -> Refusal {
    if text.trim().is_empty() {
        return Refusal::one(None, "the file is empty", "give an export of a server in JSON");
    }
    let what = error.to_string();
    let what = what.split(" at line ").next().unwrap_or_default();
    Refusal::one(
        Some(error.line()),
        format!("this is no JSON: {what} (column {})", error.column()),
        "correct the file there, or export it again",
    )
}

fn look_at(text: &str, plural: &str, list: &Value, problems: &mut Problems) {
    let mut tell = |position: Option<usize>, message: String| {
        let place = || match position {
            Some(position) => line(text, plural, position),
            None => line_of(text, &[Step::Key(plural)]),
        };
        problems.tell(place, message);
    };
    if list.is_null() {
        return;
    }
    let Some(list) = list.as_array() else {
        tell(None, format!("`{plural}` is not a list"));
        return;
    };
    if WITHOUT_LIST.contains(&plural) {
        return;
    }
    let mut seen = HashSet::new();
    for (position, entry) in list.iter().enumerate() {
        let Some(object) = entry.as_object() else {
            tell(Some(position), format!("an entry of `{plural}` is not an object"));
            continue;
        };
        match crate::world::text(object, "id") {
            None => tell(Some(position), format!("the {} has no id", called(plural, object))),
            Some(id) if Uid::parse(id).is_err() => {
                tell(Some(position), format!("the {} has the id `{id}`, which is no DHIS2 id", called(plural, object)));
            }
            Some(id) if !seen.insert(id) => {
                tell(
                    Some(position),
                    format!("the {} has the id `{id}`, which another one has too", called(plural, object)),
                );
            }
            Some(_) => {}
        }
    }
}

/// Fills in what objects leave out and a server would have.
pub(super) fn fill(export: &mut Export, text: &str) -> Result<(), Refusal> {
    check_period_types(export, text)?;
    check_option_combos(export, text)?;
    for (plural, property, target) in
        [("optionSets", "options", "options"), ("categoryCombos", "categoryOptionCombos", "categoryOptionCombos")]
    {
        lift(export, plural, property, target);
    }
    for (owner, property, other, inverse) in ONE_END {
        fill_from_other_end(export, owner, property, other, inverse);
    }
    name_option_combos(export);
    for schema in SCHEMAS.iter().filter(|schema| is_played(schema.plural) && schema.plural != "users") {
        for object in objects_mut(export, schema.plural) {
            let name =
                ["displayName", "shortName", "code", "id"].iter().find_map(|key| crate::world::text(object, key));
            let name = json!(name);
            put_missing(object, "name", name);
        }
    }
    for element in objects_mut(export, "dataElements") {
        put_missing(element, "valueType", json!("NUMBER"));
        put_missing(element, "aggregationType", json!("SUM"));
        put_missing(element, "domainType", json!("AGGREGATE"));
        put_missing(element, "categoryCombo", json!({"id": DEFAULT_COMBO}));
    }
    for set in objects_mut(export, "dataSets") {
        put_missing(set, "categoryCombo", json!({"id": DEFAULT_COMBO}));
    }
    for plural in ["dataElements", "dataSets", "organisationUnits", "indicators", "programIndicators"] {
        for object in objects_mut(export, plural) {
            let name = object.get("name").cloned().unwrap_or_default();
            put_missing(object, "shortName", name);
        }
    }
    for indicator in objects_mut(export, "indicators") {
        put_missing(indicator, "denominator", json!("1"));
    }
    for unit in objects_mut(export, "organisationUnits") {
        put_missing(unit, "openingDate", json!(OPENED));
    }
    Ok(())
}

/// The system that the export came from.
pub(super) fn system_id(export: &Export) -> Option<String> {
    let id = export.get("system")?.get("id")?.as_str()?;
    id.bytes().any(|byte| byte.is_ascii_alphanumeric() && byte != b'0').then(|| id.to_owned())
}

fn put_missing(object: &mut Object, key: &str, value: Value) {
    if object.get(key).is_none_or(Value::is_null) {
        object.insert(key.to_owned(), value);
    }
}

fn check_period_types(export: &Export, text: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (position, set) in objects(export, "dataSets").enumerate() {
        let message = match crate::world::text(set, "periodType") {
            None => format!("the {} has no `periodType`", called("dataSets", set)),
            Some(name) if name.parse::<PeriodType>().is_err() => {
                format!("the {} has the period type `{name}`, which DHIS2 does not know", called("dataSets", set))
            }
            Some(_) => continue,
        };
        problems.tell(|| line(text, "dataSets", position), message);
    }
    problems.refuse("name the period type as DHIS2 does: \"periodType\": \"Monthly\"")
}

/// Without its options an option combo could be any of its combo's; a server would make the right one beside it.
fn check_option_combos(export: &Export, text: &str) -> Result<(), Refusal> {
    let mut problems = Problems::default();
    for (position, combo) in objects(export, "categoryOptionCombos").enumerate() {
        let is_default = crate::world::text(combo, "id") == Some(DEFAULT_OPTION_COMBO);
        if references(combo, "categoryOptions").is_empty() && !is_default {
            let message = format!("the {} names no `categoryOptions`", called("categoryOptionCombos", combo));
            problems.tell(|| line(text, "categoryOptionCombos", position), message);
        }
    }
    problems.refuse("export them along: `GET /api/categoryOptionCombos?fields=id,name,categoryCombo,categoryOptions`")
}

/// Relations that an export may show at their other end only: owner and its property, the other type and its property.
const ONE_END: [(&str, &str, &str, &str); 4] = [
    ("categoryOptionCombos", "categoryCombo", "categoryCombos", "categoryOptionCombos"),
    ("categoryCombos", "categories", "categories", "categoryCombos"),
    ("categories", "categoryOptions", "categoryOptions", "categories"),
    ("dataSets", "organisationUnits", "organisationUnits", "dataSets"),
];

/// Fills in a property that owners leave out from the objects that name them.
fn fill_from_other_end(export: &mut Export, owner: &str, property: &str, other: &str, inverse: &str) {
    let mut named: HashMap<String, Vec<Value>> = HashMap::new();
    for object in objects(export, other) {
        let Some(id) = text(object, "id") else { continue };
        for owner in references(object, inverse) {
            named.entry(owner.to_owned()).or_default().push(json!({"id": id}));
        }
    }
    for object in objects_mut(export, owner).filter(|object| !object.contains_key(property)) {
        let Some(others) = text(object, "id").and_then(|id| named.remove(id)) else { continue };
        let is_one = property == "categoryCombo";
        let value = if is_one { others.into_iter().next().unwrap_or_default() } else { Value::Array(others) };
        object.insert(property.to_owned(), value);
    }
}

/// Objects that are written out inside another one (`"options": [{"id": …, "code": …}]`) and nowhere else.
fn lift(export: &mut Export, plural: &str, property: &str, target: &str) {
    let known: HashSet<String> =
        objects(export, target).filter_map(|object| text(object, "id")).map(str::to_owned).collect();
    let mut lifted = Vec::new();
    for owner in objects(export, plural) {
        let owner_id = text(owner, "id").unwrap_or_default();
        for nested in owner.get(property).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
            let written_out = nested.len() > 1;
            if written_out && text(nested, "id").is_some_and(|id| !known.contains(id)) {
                let mut object = nested.clone();
                let owner_key = if plural == "optionSets" { "optionSet" } else { "categoryCombo" };
                put_missing(&mut object, owner_key, json!({"id": owner_id}));
                lifted.push(Value::Object(object));
            }
        }
    }
    if !lifted.is_empty()
        && let Value::Array(list) = export.entry(target).or_insert_with(|| Value::Array(Vec::new()))
    {
        list.extend(lifted);
    }
}

/// An option combo without a name is called by its options, as servers name them.
fn name_option_combos(export: &mut Export) {
    let names: HashMap<String, String> = objects(export, "categoryOptions")
        .filter_map(|option| {
            let name = ["name", "displayName", "code"].iter().find_map(|key| text(option, key))?;
            Some((text(option, "id")?.to_owned(), name.to_owned()))
        })
        .collect();
    for combo in objects_mut(export, "categoryOptionCombos") {
        if text(combo, "name").is_some() || text(combo, "displayName").is_some() {
            continue;
        }
        let options: Vec<&str> = references(combo, "categoryOptions")
            .into_iter()
            .filter_map(|id| names.get(id).map(String::as_str))
            .collect();
        if !options.is_empty() {
            let name = options.join(", ");
            combo.insert("name".to_owned(), name.into());
        }
    }
}
