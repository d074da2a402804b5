//! What a server derives from imported metadata: the objects that every database has, and both ends of relations.
//!
//! Everything here is idempotent, so that an export of the sandbox can be loaded again.

use serde_json::{Value, json};

use crate::sandbox::world::{Object, World, reference, references, text};

/// The id of `default` among the category option combos (`DefaultCategoryService`, the same on every server).
pub const DEFAULT_OPTION_COMBO: &str = "HllvX50cXC0";
/// The id of `default` among the category combos.
pub const DEFAULT_COMBO: &str = "bjDvmb4bfuf";
const DEFAULT_CATEGORY: &str = "GLevLNI9wkl";
const DEFAULT_OPTION: &str = "xYerKDKCefk";

/// The superuser that a fresh server is born with; it has no org units (`raw-read/superuser-without-org-units`).
pub const ADMIN: &str = "admin";
/// Its password in every sandbox instance.
pub const ADMIN_PASSWORD: &str = "Sandbox-Admin-1";
/// Its id, the same on every server.
pub const ADMIN_ID: &str = "M5zQapPyTZI";
const ADMIN_ROLE: &str = "yrB6vc5Ip3r";

/// Fills in everything.
pub fn fill(world: &mut World) {
    add_admin(world);
    add_default_category_objects(world);
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

/// `path`, `level`, `leaf` of every org unit, whatever the order they came in. A unit whose parent is missing, or that
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
    for id in ids(world, relation.owner) {
        let Some(owner) = world.get(relation.owner, &id) else { continue };
        let mut others: Vec<String> = references(owner, relation.property).into_iter().map(str::to_owned).collect();
        others.extend(reference(owner, relation.property).map(str::to_owned));
        for other in others {
            let Some(object) = world.get_mut(relation.inverse, &other) else { continue };
            if !relation.inverse_is_collection {
                object.insert(relation.inverse_property.into(), json!({"id": id}));
            } else if !references(object, relation.inverse_property).contains(&id.as_str()) {
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
    fn filling_twice_changes_nothing() {
        let once = world();
        let mut twice = once.clone();
        fill(&mut twice);
        for plural in once.plurals() {
            assert_eq!(once.list(plural), twice.list(plural), "{plural}");
        }
    }
}
