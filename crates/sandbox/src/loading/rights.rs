//! What an export says about rights, as sharing that the rules of reading and writing ask for.
//!
//! An export tells them in three ways. `access` is what one user may, the one who exported or, in a file made by hand,
//! the one whose rights are to be tried; `sharing` is what each user and group may; `publicAccess` with
//! `userGroupAccesses` is how versions before 2.36 wrote sharing. Where the file has users of its own, `sharing` speaks
//! first, because `access` cannot tell them apart; where it has none, `access` does, because it was written for them.
//! An object that says nothing is open to all.

use serde_json::{Value, json};

use super::metadata::{Export, is_played, objects_mut};
use crate::metadata_lists::schema::{SCHEMAS, Schema};
use crate::profile::Profile;
use crate::world::{Object, text};

/// Gives every object that has sharing on a server the sharing that the export means.
pub(super) fn settle(export: &mut Export, has_users: bool) {
    for schema in SCHEMAS.iter().filter(|schema| is_played(schema.plural) && is_shared(schema)) {
        for object in objects_mut(export, schema.plural) {
            let sharing = sharing(object, schema.shares_data, has_users);
            object.insert("sharing".to_owned(), sharing);
        }
    }
}

fn is_shared(schema: &Schema) -> bool {
    // org units and option combos show a sharing of their own, which no server looks at
    !matches!(
        schema.plural,
        "organisationUnits" | "organisationUnitLevels" | "categoryOptionCombos" | "options" | "users"
    ) && Profile::ALL.iter().any(|profile| schema.property(*profile, "sharing").is_some())
}

fn sharing(object: &Object, shares_data: bool, has_users: bool) -> Value {
    let given = object.get("sharing").and_then(Value::as_object).filter(|given| !given.is_empty());
    let access = object.get("access").and_then(Value::as_object);
    match (given, access) {
        (Some(given), None) => Value::Object(given.clone()),
        (Some(given), Some(_)) if has_users => Value::Object(given.clone()),
        (_, Some(access)) => public(&letters_of_access(access, shares_data)),
        (None, None) => legacy(object).unwrap_or_else(|| public(if shares_data { "rwrw----" } else { "rw------" })),
    }
}

fn public(letters: &str) -> Value {
    json!({"external": false, "public": letters, "users": {}, "userGroups": {}})
}

/// Rights that `access` does not name are there.
fn letters_of_access(access: &Object, shares_data: bool) -> String {
    let may = |object: Option<&Object>, right: &str| {
        object.and_then(|object| object.get(right)).and_then(Value::as_bool).unwrap_or(true)
    };
    let data = access.get("data").and_then(Value::as_object);
    let letter = |granted: bool, letter: char| if granted { letter } else { '-' };
    [
        letter(may(Some(access), "read"), 'r'),
        letter(may(Some(access), "read") && may(Some(access), "write"), 'w'),
        letter(shares_data && may(data, "read"), 'r'),
        letter(shares_data && may(data, "write"), 'w'),
        '-',
        '-',
        '-',
        '-',
    ]
    .into_iter()
    .collect()
}

/// `publicAccess`, `userGroupAccesses` and `userAccesses`.
fn legacy(object: &Object) -> Option<Value> {
    let mut sharing = public(text(object, "publicAccess")?);
    for (property, kind, id_key) in
        [("userGroupAccesses", "userGroups", "userGroupUid"), ("userAccesses", "users", "userUid")]
    {
        let entries = object.get(property).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        for entry in entries {
            let id = text(entry, "id").or_else(|| text(entry, id_key));
            if let Some((id, access)) = id.zip(text(entry, "access")) {
                sharing[kind][id] = json!({"id": id, "access": access});
            }
        }
    }
    Some(sharing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters(object: &Value, has_users: bool) -> String {
        let sharing = sharing(object.as_object().unwrap(), true, has_users);
        sharing["public"].as_str().unwrap().to_owned()
    }

    #[test]
    fn access_is_the_right_of_whoever_is_not_a_superuser() {
        assert_eq!(letters(&json!({"access": {"data": {"read": true, "write": false}}}), false), "rwr-----");
        assert_eq!(letters(&json!({"access": {"data": {"read": false, "write": false}}}), false), "rw------");
        assert_eq!(letters(&json!({"access": {"read": false, "data": {"read": true}}}), false), "--rw----");
    }

    #[test]
    fn sharing_speaks_first_where_the_file_has_users() {
        let both = json!({"access": {"data": {"read": true, "write": true}}, "sharing": {"public": "r-------"}});
        assert_eq!(letters(&both, true), "r-------");
        assert_eq!(letters(&both, false), "rwrw----");
    }

    #[test]
    fn an_object_that_says_nothing_is_open() {
        assert_eq!(letters(&json!({}), true), "rwrw----");
    }

    #[test]
    fn sharing_as_old_servers_wrote_it() {
        let object = json!({"publicAccess": "r-------", "userGroupAccesses": [{"userGroupUid": "UgWriters01", "access": "rwrw----"}]});
        let sharing = sharing(object.as_object().unwrap(), true, true);
        assert_eq!(sharing["userGroups"]["UgWriters01"]["access"], "rwrw----");
        assert_eq!(sharing["public"], "r-------");
    }
}
