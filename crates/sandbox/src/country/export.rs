//! An export in the making: DHIS2's own form of metadata, as `POST /api/metadata` takes it.

use std::collections::HashSet;
#[cfg(test)]
use std::fmt::Write;

use serde_json::{Map, Value, json};

/// Objects by type, in the order they were added.
#[derive(Debug, Default)]
pub(super) struct Export {
    types: Map<String, Value>,
    ids: HashSet<(String, String)>,
}

impl Export {
    /// Adds an object.
    pub(super) fn add(&mut self, plural: &str, object: Value) {
        if let Some(id) = object["id"].as_str() {
            self.ids.insert((plural.to_owned(), id.to_owned()));
        }
        if let Some(list) = self.types.entry(plural).or_insert_with(|| json!([])).as_array_mut() {
            list.push(object);
        }
    }

    /// Whether an object is there.
    pub(super) fn has(&self, plural: &str, id: &str) -> bool {
        self.ids.contains(&(plural.to_owned(), id.to_owned()))
    }

    /// The export.
    pub(super) fn into_value(self) -> Value {
        Value::Object(self.types)
    }
}

/// What every named object has. Short names are cut at DHIS2's fifty characters.
pub(super) fn named(id: &str, name: &str, code: Option<&str>) -> Value {
    let short: String = name.chars().take(50).collect();
    let mut object = json!({"id": id, "name": name, "shortName": short});
    if let Some(code) = code {
        object["code"] = code.into();
    }
    object
}

/// Sharing with everybody.
pub(super) fn sharing(public: &str) -> Value {
    json!({"public": public, "external": false, "users": {}, "userGroups": {}})
}

/// Sharing with groups only.
pub(super) fn sharing_with(groups: &[(&str, &str)]) -> Value {
    let mut entries = Map::new();
    for (group, access) in groups {
        entries.insert((*group).to_owned(), json!({"id": group, "access": access}));
    }
    json!({"public": "--------", "external": false, "users": {}, "userGroups": entries})
}

/// References to objects.
pub(super) fn references<'id>(ids: impl IntoIterator<Item = &'id str>) -> Value {
    ids.into_iter().map(|id| json!({"id": id})).collect()
}

/// The text of an export, one object a line, so that changes of a fixture can be read line by line. Only the test that
/// regenerates the fixtures writes it.
#[cfg(test)]
pub(super) fn to_text(export: &Value) -> String {
    let mut text = String::from("{");
    for (number, (plural, list)) in export.as_object().into_iter().flatten().enumerate() {
        let separator = if number == 0 { "" } else { "," };
        // Writing to a string cannot fail.
        let _ = write!(text, "{separator}\n\"{plural}\": [");
        for (position, object) in list.as_array().into_iter().flatten().enumerate() {
            let separator = if position == 0 { "" } else { "," };
            let _ = write!(text, "{separator}\n{object}");
        }
        text.push_str("\n]");
    }
    text.push_str("\n}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_export_is_the_export() {
        let mut export = Export::default();
        export.add("options", json!({"id": "OptStock001", "name": "a\nb"}));
        export.add("options", named("OptStock002", &"é".repeat(60), Some("X")));
        export.add("users", json!({"id": "UsrWide0001"}));
        assert!(export.has("options", "OptStock002") && !export.has("users", "OptStock002"));
        let value = export.into_value();
        assert_eq!(value["options"][1]["shortName"], "é".repeat(50));
        let text = to_text(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        assert_eq!(text.lines().count(), 9, "three objects, two types, and the brackets");
    }
}
