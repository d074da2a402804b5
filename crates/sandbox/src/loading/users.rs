//! Who may log in to a loaded instance: the users of the file, and the three that every sandbox has.
//!
//! `reader` reads, `writer` reads and writes, `admin` may everything; each sees the whole tree. A user of the same name
//! in the file takes the place of ours and keeps what it says; what it leaves out is as ours has it. Exports hold no
//! passwords, so every user without one gets the sandbox's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::PASSWORD;
use super::metadata::{Export, objects, objects_mut};
use crate::metadata_lists::schema::SCHEMAS;
use crate::world::filling::{ADMIN, ADMIN_ID, ADMIN_ROLE, id_of};
use crate::world::{Object, reference, references, text};

/// The user who only reads.
pub const READER: &str = "reader";
/// The user who reads and writes.
pub const WRITER: &str = "writer";

const READER_ROLE: &str = "SbxRoleRead";
const WRITER_ROLE: &str = "SbxRoleWrit";

/// The sandbox's own users with their ids and roles.
const OWN: [(&str, &str, &str); 3] =
    [(ADMIN, ADMIN_ID, ADMIN_ROLE), (READER, "SbxUsReader", READER_ROLE), (WRITER, "SbxUsWriter", WRITER_ROLE)];

/// Whether a user is one of the three that every sandbox has.
pub(super) fn is_own(name: &str) -> bool {
    OWN.iter().any(|(own, ..)| *own == name)
}

/// Adds the sandbox's users and completes those of the file, whose names it gives.
pub(super) fn add(export: &mut Export) -> Vec<String> {
    let roots = roots(export);
    let mut roles = vec![
        role(READER_ROLE, "Sandbox reader", &["M_dhis-web-dashboard"]),
        role(WRITER_ROLE, "Sandbox writer", &["M_dhis-web-dataentry", "F_DATAVALUE_ADD"]),
    ];
    let mut names: Vec<String> = Vec::new();
    for user in objects_mut(export, "users") {
        complete(user, &roots, &mut roles);
        names.extend(text(user, "username").map(str::to_owned));
    }
    let groups: Vec<Value> = groups(export).into_iter().map(|id| json!({"id": id})).collect();
    for (name, id, role) in OWN {
        if names.iter().any(|known| known == name) {
            continue;
        }
        let groups = if name == ADMIN { Vec::new() } else { groups.clone() };
        push(
            export,
            "users",
            json!({
                "id": id, "username": name, "password": PASSWORD, "firstName": name, "surname": "Sample",
                "userRoles": [{"id": role}], "organisationUnits": roots, "dataViewOrganisationUnits": roots,
                "userGroups": groups,
            }),
        );
    }
    roles.retain(|role| !objects(export, "userRoles").any(|known| known.get("id") == role.get("id")));
    for role in roles {
        push(export, "userRoles", role);
    }
    names
}

/// A user of the file with what it leaves out.
fn complete(user: &mut Object, roots: &Value, roles: &mut Vec<Value>) {
    // up to 2.37 the name stands in an object of its own
    let credentials = user.get("userCredentials").and_then(Value::as_object).cloned().unwrap_or_default();
    for key in ["username", "password", "userRoles", "disabled"] {
        if let Some(value) = credentials.get(key).filter(|_| !user.contains_key(key)) {
            user.insert(key.to_owned(), value.clone());
        }
    }
    for key in ["code", "id"] {
        if let Some(name) = user.get(key).cloned().filter(|_| !user.contains_key("username")) {
            user.insert("username".to_owned(), name);
        }
    }
    if text(user, "password").is_none() {
        user.insert("password".to_owned(), PASSWORD.into());
    }
    let name = text(user, "username").unwrap_or_default().to_owned();
    if text(user, "firstName").is_none() && text(user, "surname").is_none() {
        user.insert("firstName".to_owned(), name.as_str().into());
        user.insert("surname".to_owned(), "Sample".into());
    }
    let authorities: Option<Vec<&str>> =
        user.get("authorities").and_then(Value::as_array).map(|list| list.iter().filter_map(Value::as_str).collect());
    if let Some(authorities) = authorities {
        let id = id_of("role", std::slice::from_ref(&name));
        roles.push(role(&id, &format!("Role of {name}"), &authorities));
        user.insert("userRoles".to_owned(), json!([{"id": id}]));
    } else if !user.contains_key("userRoles") {
        let role = OWN.iter().find(|(own, ..)| *own == name).map_or(WRITER_ROLE, |(_, _, role)| *role);
        user.insert("userRoles".to_owned(), json!([{"id": role}]));
    }
    let placed = ["organisationUnits", "dataViewOrganisationUnits"].iter().any(|key| user.contains_key(*key));
    for key in ["organisationUnits", "dataViewOrganisationUnits"] {
        if !user.contains_key(key) {
            let units = if placed { json!([]) } else { roots.clone() };
            user.insert(key.to_owned(), units);
        }
    }
}

fn role(id: &str, name: &str, authorities: &[&str]) -> Value {
    json!({"id": id, "name": name, "authorities": authorities})
}

/// The org units that have none above them.
fn roots(export: &Export) -> Value {
    let known: BTreeSet<&str> = objects(export, "organisationUnits").filter_map(|unit| text(unit, "id")).collect();
    objects(export, "organisationUnits")
        .filter(|unit| reference(unit, "parent").is_none_or(|parent| !known.contains(parent)))
        .filter_map(|unit| Some(json!({"id": text(unit, "id")?})))
        .collect()
}

/// Every user group of the file, also those that only sharing names: the sandbox's own users belong to all of them, so
/// that they may what anybody may.
fn groups(export: &Export) -> BTreeSet<String> {
    let mut found: BTreeSet<String> =
        objects(export, "userGroups").filter_map(|group| text(group, "id")).map(str::to_owned).collect();
    for object in SCHEMAS.iter().flat_map(|schema| objects(export, schema.plural)) {
        let shared = object.get("sharing").and_then(|sharing| sharing.get("userGroups")).and_then(Value::as_object);
        found.extend(shared.into_iter().flat_map(|groups| groups.keys().cloned()));
        for entry in object.get("userGroupAccesses").and_then(Value::as_array).into_iter().flatten() {
            let entry = entry.as_object();
            let id = entry.and_then(|entry| text(entry, "id").or_else(|| text(entry, "userGroupUid")));
            found.extend(id.map(str::to_owned));
        }
    }
    for user in objects(export, "users") {
        found.extend(references(user, "userGroups").into_iter().map(str::to_owned));
    }
    found
}

fn push(export: &mut Export, plural: &str, object: Value) {
    if let Value::Array(list) = export.entry(plural).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(object);
    }
}
