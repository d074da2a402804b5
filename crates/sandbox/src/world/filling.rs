//! What a server derives from imported metadata: the objects that every database has, and both ends of relations.
//!
//! Everything here is idempotent, so that an export of the sandbox can be loaded again.

use std::collections::HashSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::{Object, World, reference, references, text};

/// The id of `default` among the category option combos (`DefaultCategoryService`, the same on every server).
pub const DEFAULT_OPTION_COMBO: &str = "HllvX50cXC0";
/// The id of `default` among the category combos.
pub const DEFAULT_COMBO: &str = "bjDvmb4bfuf";
/// The id of `default` among the categories.
pub const DEFAULT_CATEGORY: &str = "GLevLNI9wkl";
/// The id of `default` among the category options.
pub const DEFAULT_OPTION: &str = "xYerKDKCefk";

/// The superuser that a fresh server is born with; it has no org units (`raw-read/superuser-without-org-units`).
pub const ADMIN: &str = "admin";
/// Its password in every sandbox instance.
pub const ADMIN_PASSWORD: &str = "Sandbox-Admin-1";
/// Its id, the same on every server.
pub const ADMIN_ID: &str = "M5zQapPyTZI";
/// The role with the authority `ALL` that every server is born with.
pub const ADMIN_ROLE: &str = "yrB6vc5Ip3r";

/// Fills in everything.
pub fn fill(world: &mut World) {
    add_admin(world);
    add_default_category_objects(world);
    make_option_combos(world);
    place_org_units(world);
    name_users(world);
    number_options(world);
    list_data_set_elements(world);
    for relation in RELATIONS {
        relate(world, relation);
    }
    for combo in ids(world, "categoryCombos") {
        if let Some(object) = world.get_mut("categoryCombos", &combo) {
            object.insert("isDefault".into(), (combo == DEFAULT_COMBO).into());
        }
    }
}

fn ids(world: &World, plural: &str) -> Vec<String> {
    world.list(plural).iter().filter_map(|object| text(object, "id")).map(str::to_owned).collect()
}

fn add_once(world: &mut World, plural: &str, object: &Value) {
    let Some(object) = object.as_object() else { return };
    if text(object, "id").is_some_and(|id| world.get(plural, id).is_none()) {
        world.add(plural, object.clone());
    }
}

fn add_admin(world: &mut World) {
    let sharing = json!({"external": false, "users": {}, "userGroups": {}, "public": "--------"});
    add_once(
        world,
        "userRoles",
        &json!({"id": ADMIN_ROLE, "name": "Superuser", "code": "Superuser", "authorities": ["ALL"], "sharing": sharing}),
    );
    if world.list("users").iter().any(|user| text(user, "username") == Some(ADMIN)) {
        return;
    }
    add_once(
        world,
        "users",
        &json!({
            "id": ADMIN_ID, "code": ADMIN, "username": ADMIN, "password": ADMIN_PASSWORD,
            "firstName": ADMIN, "surname": ADMIN, "userRoles": [{"id": ADMIN_ROLE}],
            "organisationUnits": [], "dataViewOrganisationUnits": [], "userGroups": [],
        }),
    );
}

fn add_default_category_objects(world: &mut World) {
    let data = json!({"external": false, "users": {}, "userGroups": {}, "public": "rwrw----"});
    let plain = json!({"external": false, "users": {}, "userGroups": {}, "public": "rw------"});
    add_once(
        world,
        "categoryOptions",
        &json!({"id": DEFAULT_OPTION, "code": "default", "name": "default", "shortName": "default", "sharing": data}),
    );
    add_once(
        world,
        "categories",
        &json!({
            "id": DEFAULT_CATEGORY, "code": "default", "name": "default", "shortName": "default",
            "dataDimensionType": "DISAGGREGATION", "dataDimension": false,
            "categoryOptions": [{"id": DEFAULT_OPTION}], "sharing": plain,
        }),
    );
    add_once(
        world,
        "categoryCombos",
        &json!({
            "id": DEFAULT_COMBO, "code": "default", "name": "default", "dataDimensionType": "DISAGGREGATION",
            "skipTotal": false, "categories": [{"id": DEFAULT_CATEGORY}], "sharing": plain,
        }),
    );
    add_once(
        world,
        "categoryOptionCombos",
        &json!({
            "id": DEFAULT_OPTION_COMBO, "code": "default", "name": "default",
            "categoryCombo": {"id": DEFAULT_COMBO}, "categoryOptions": [{"id": DEFAULT_OPTION}],
        }),
    );
}

/// No combo is filled up beyond this: metadata that asks for more is a mistake of whoever wrote it.
const MOST_OPTION_COMBOS: usize = 200_000;

/// The option combos that an export leaves to the server: one for each choice of an option per category. Their ids
/// follow from their options, so that every start of a sandbox makes the same.
fn make_option_combos(world: &mut World) {
    for combo in ids(world, "categoryCombos") {
        let categories: Vec<Vec<String>> = world
            .get("categoryCombos", &combo)
            .map(|object| references(object, "categories"))
            .unwrap_or_default()
            .into_iter()
            .filter_map(|category| world.get("categories", category))
            .map(|category| references(category, "categoryOptions").into_iter().map(str::to_owned).collect())
            .collect();
        if categories.is_empty() || categories.iter().map(Vec::len).product::<usize>() > MOST_OPTION_COMBOS {
            continue;
        }
        let sorted = |mut options: Vec<String>| {
            options.sort();
            options
        };
        let known: HashSet<Vec<String>> = world
            .list("categoryOptionCombos")
            .iter()
            .filter(|option_combo| reference(option_combo, "categoryCombo") == Some(combo.as_str()))
            .map(|option_combo| {
                sorted(references(option_combo, "categoryOptions").into_iter().map(str::to_owned).collect())
            })
            .collect();
        let choices = categories.iter().fold(vec![Vec::new()], |choices: Vec<Vec<String>>, category| {
            let extended = |choice: &Vec<String>| {
                let extend = |option: &String| choice.iter().chain([option]).cloned().collect();
                category.iter().map(extend).collect::<Vec<_>>()
            };
            choices.iter().flat_map(extended).collect()
        });
        for choice in choices {
            if known.contains(&sorted(choice.clone())) {
                continue;
            }
            let name = |option: &String| {
                world
                    .get("categoryOptions", option)
                    .and_then(|object| text(object, "name"))
                    .unwrap_or(option)
                    .to_owned()
            };
            let name = choice.iter().map(name).collect::<Vec<_>>().join(", ");
            let options: Vec<Value> = choice.iter().map(|id| json!({"id": id})).collect();
            let made = json!({
                "id": id_of(&combo, &choice), "name": name,
                "categoryCombo": {"id": combo}, "categoryOptions": options,
            });
            add_once(world, "categoryOptionCombos", &made);
        }
    }
}

/// An id that follows from what it stands for.
pub(crate) fn id_of(combo: &str, options: &[String]) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let digest = Sha256::digest(format!("{combo}:{}", options.join(",")));
    let letter = |(position, byte): (usize, &u8)| {
        let choice = if position == 0 { 52 } else { letters.len() };
        char::from(letters[usize::from(*byte) % choice])
    };
    digest.iter().take(11).enumerate().map(letter).collect()
}

/// `path`, `level` of every org unit, whatever the order they came in. A unit whose parent is missing, or that
/// is its own ancestor, becomes a root.
fn place_org_units(world: &mut World) {
    for id in ids(world, "organisationUnits") {
        let mut chain = vec![id.clone()];
        while let Some(parent) = chain
            .last()
            .and_then(|last| world.get("organisationUnits", last))
            .and_then(|unit| reference(unit, "parent"))
            .filter(|parent| world.get("organisationUnits", parent).is_some())
        {
            if chain.iter().any(|known| known == parent) {
                break;
            }
            chain.push(parent.to_owned());
        }
        chain.reverse();
        if let Some(unit) = world.get_mut("organisationUnits", &id) {
            unit.insert("path".into(), format!("/{}", chain.join("/")).into());
            unit.insert("level".into(), chain.len().into());
        }
    }
}

/// A user's `name` is first name and surname.
fn name_users(world: &mut World) {
    for id in ids(world, "users") {
        let Some(user) = world.get_mut("users", &id) else { continue };
        let name = [text(user, "firstName"), text(user, "surname")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        user.insert("name".into(), name.into());
    }
}

/// The options of a set in their order, whichever end of the relation the export gave.
fn number_options(world: &mut World) {
    for id in ids(world, "optionSets") {
        if let Some(set) = world.get_mut("optionSets", &id) {
            set.entry("version").or_insert_with(|| 0.into());
        }
    }
}

/// `dataSetElements` live on data sets; data elements show the same entries.
fn list_data_set_elements(world: &mut World) {
    for id in ids(world, "dataElements") {
        if let Some(element) = world.get_mut("dataElements", &id) {
            element.insert("dataSetElements".into(), Value::Array(Vec::new()));
        }
    }
    for set in ids(world, "dataSets") {
        let Some(object) = world.get_mut("dataSets", &set) else { continue };
        let entries: Vec<Value> = object
            .get_mut("dataSetElements")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                entry.as_object_mut()?.entry("dataSet").or_insert_with(|| json!({"id": set}));
                Some(entry.clone())
            })
            .collect();
        for entry in entries {
            let element = entry.as_object().and_then(|entry| reference(entry, "dataElement")).map(str::to_owned);
            if let Some(object) = element.and_then(|id| world.get_mut("dataElements", &id)) {
                push(object, "dataSetElements", entry);
            }
        }
    }
}

/// A relation that an export gives at one end and a server shows at both.
struct Relation {
    owner: &'static str,
    property: &'static str,
    inverse: &'static str,
    inverse_property: &'static str,
    inverse_is_collection: bool,
}

const fn relation(
    owner: &'static str,
    property: &'static str,
    inverse: &'static str,
    inverse_property: &'static str,
) -> Relation {
    Relation { owner, property, inverse, inverse_property, inverse_is_collection: true }
}

const RELATIONS: &[Relation] = &[
    relation("organisationUnits", "parent", "organisationUnits", "children"),
    relation("categoryOptionCombos", "categoryCombo", "categoryCombos", "categoryOptionCombos"),
    relation("categoryOptionCombos", "categoryOptions", "categoryOptions", "categoryOptionCombos"),
    relation("categories", "categoryOptions", "categoryOptions", "categories"),
    relation("categoryCombos", "categories", "categories", "categoryCombos"),
    relation("organisationUnitGroups", "organisationUnits", "organisationUnits", "organisationUnitGroups"),
    relation("organisationUnitGroupSets", "organisationUnitGroups", "organisationUnitGroups", "groupSets"),
    relation("dataElementGroups", "dataElements", "dataElements", "dataElementGroups"),
    relation("indicatorGroups", "indicators", "indicators", "indicatorGroups"),
    relation("dataSets", "organisationUnits", "organisationUnits", "dataSets"),
    relation("programs", "organisationUnits", "organisationUnits", "programs"),
    relation("programIndicators", "program", "programs", "programIndicators"),
    relation("userGroups", "users", "users", "userGroups"),
    relation("users", "userRoles", "userRoles", "users"),
    relation("users", "organisationUnits", "organisationUnits", "users"),
    relation("options", "optionSet", "optionSets", "options"),
    Relation {
        owner: "optionSets",
        property: "options",
        inverse: "options",
        inverse_property: "optionSet",
        inverse_is_collection: false,
    },
];

fn relate(world: &mut World, relation: &Relation) {
    if relation.inverse_is_collection {
        for id in ids(world, relation.inverse) {
            if let Some(object) = world.get_mut(relation.inverse, &id) {
                object.entry(relation.inverse_property).or_insert_with(|| Value::Array(Vec::new()));
            }
        }
    }
    let mut related: Vec<(String, String)> = Vec::new();
    for owner in world.list(relation.owner) {
        let Some(id) = text(owner, "id") else { continue };
        let others = references(owner, relation.property).into_iter().chain(reference(owner, relation.property));
        related.extend(others.map(|other| (other.to_owned(), id.to_owned())));
    }
    // by object, so that what it shows already is read once: combos with tens of thousands of option combos exist
    related.sort_by(|one, other| one.0.cmp(&other.0));
    for group in related.chunk_by(|one, other| one.0 == other.0) {
        let Some(object) = group.first().and_then(|(other, _)| world.get_mut(relation.inverse, other)) else {
            continue;
        };
        let known: HashSet<String> =
            references(object, relation.inverse_property).into_iter().map(str::to_owned).collect();
        for (_, id) in group {
            if !relation.inverse_is_collection {
                object.insert(relation.inverse_property.into(), json!({"id": id}));
            } else if !known.contains(id) {
                push(object, relation.inverse_property, json!({"id": id}));
            }
        }
    }
}

fn push(object: &mut Object, property: &str, entry: Value) {
    if let Value::Array(list) = object.entry(property.to_owned()).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::load(&json!({
            "organisationUnits": [
                {"id": "OuFacility1", "parent": {"id": "OuNation001"}},
                {"id": "OuNation001"},
            ],
            "dataElements": [{"id": "DemNumber01"}],
            "dataSets": [{
                "id": "DstMonthly1",
                "dataSetElements": [{"dataElement": {"id": "DemNumber01"}}],
                "organisationUnits": [{"id": "OuFacility1"}],
            }],
            "users": [{"id": "UsrWide0001", "username": "clerk", "firstName": "Wim", "surname": "Sample"}],
            "userGroups": [{"id": "UgWriters01", "users": [{"id": "UsrWide0001"}]}],
        }))
    }

    #[test]
    fn org_units_get_their_place_whatever_the_order() {
        let world = world();
        assert_eq!(world.org_unit_path("OuFacility1"), Some("/OuNation001/OuFacility1"));
        let nation = world.get("organisationUnits", "OuNation001").cloned().unwrap_or_default();
        assert_eq!(nation.get("level"), Some(&json!(1)));
        assert_eq!(references(&nation, "children"), ["OuFacility1"]);
        assert!(world.is_in_hierarchy("OuFacility1", &["OuNation001"]));
        assert!(!world.is_in_hierarchy("OuNation001", &["OuFacility1"]));
    }

    #[test]
    fn a_parent_loop_does_not_hang() {
        let world = World::load(&json!({"organisationUnits": [
            {"id": "OuFacility1", "parent": {"id": "OuFacility2"}},
            {"id": "OuFacility2", "parent": {"id": "OuFacility1"}},
        ]}));
        assert_eq!(world.org_unit_path("OuFacility1"), Some("/OuFacility2/OuFacility1"));
    }

    #[test]
    fn both_ends_of_relations_are_shown() {
        let world = world();
        let element = world.get("dataElements", "DemNumber01").cloned().unwrap_or_default();
        assert_eq!(
            element.get("dataSetElements"),
            Some(&json!([{"dataElement": {"id": "DemNumber01"}, "dataSet": {"id": "DstMonthly1"}}]))
        );
        let user = world.get("users", "UsrWide0001").cloned().unwrap_or_default();
        assert_eq!(references(&user, "userGroups"), ["UgWriters01"]);
        assert_eq!(text(&user, "name"), Some("Wim Sample"));
        let combo = world.get("categoryCombos", DEFAULT_COMBO).cloned().unwrap_or_default();
        assert_eq!(references(&combo, "categoryOptionCombos"), [DEFAULT_OPTION_COMBO]);
    }

    #[test]
    fn missing_option_combos_are_made_and_given_ones_kept() {
        let export = json!({
            "categoryOptions": [{"id": "CopMale0001", "name": "Male"}, {"id": "CopFemale01", "name": "Female"},
                                {"id": "CopAge04001", "name": "0-4"}],
            "categories": [{"id": "CatAge00001", "categoryOptions": [{"id": "CopAge04001"}]},
                           {"id": "CatSex00001", "categoryOptions": [{"id": "CopMale0001"}, {"id": "CopFemale01"}]}],
            "categoryCombos": [{"id": "CcbAgeSex01", "categories": [{"id": "CatAge00001"}, {"id": "CatSex00001"}]}],
            "categoryOptionCombos": [{"id": "CocAge04M00", "name": "given", "categoryCombo": {"id": "CcbAgeSex01"},
                                      "categoryOptions": [{"id": "CopMale0001"}, {"id": "CopAge04001"}]}],
        });
        let world = World::load(&export);
        let combo = world.get("categoryCombos", "CcbAgeSex01").cloned().unwrap_or_default();
        let combos = references(&combo, "categoryOptionCombos");
        assert_eq!((combos.len(), combos[0]), (2, "CocAge04M00"));
        let made = world.get("categoryOptionCombos", combos[1]).cloned().unwrap_or_default();
        assert_eq!(text(&made, "name"), Some("0-4, Female"));
        assert_eq!(
            references(World::load(&export).get("categoryCombos", "CcbAgeSex01").unwrap(), "categoryOptionCombos"),
            combos
        );
    }

    #[test]
    fn filling_twice_changes_nothing() {
        let once = world();
        let mut twice = once.clone();
        fill(&mut twice);
        for plural in once.plurals() {
            assert_eq!(once.list(plural), twice.list(plural), "{plural}");
        }
    }
}
