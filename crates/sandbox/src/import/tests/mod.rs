//! The rules of both engines by example, beyond what is recorded, on the recorded servers' metadata.

mod row_by_row;
mod set_based;

use serde_json::{Value, json};

use crate::exchange::Request;
use crate::profile::Profile;
use crate::settings::Settings;
use crate::state::jobs::Jobs;
use crate::state::sessions::Sessions;
use crate::state::{State, User};
use crate::values::{StoredValue, ValueKey, Values};
use crate::world::{World, references, text};

/// A server of a version, without data.
pub(super) struct Server {
    pub(super) state: State,
}

/// What an import answered, cut down to what rules are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) http: u16,
    pub(super) status: String,
    /// Imported, updated, ignored, deleted.
    pub(super) counts: [u64; 4],
    /// Code (or text where there is none) and positions of each conflict.
    pub(super) conflicts: Vec<(String, Vec<i64>)>,
    pub(super) rejected: Vec<u64>,
    pub(super) body: Value,
}

impl Server {
    pub(super) fn new(profile: Profile) -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/recorded/setup/metadata.json");
        let metadata: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let state = State {
            profile,
            world: World::load(&metadata),
            values: Values::default(),
            settings: Settings::default(),
            sessions: Sessions::default(),
            jobs: Jobs::default(),
            conversations: Vec::new(),
        };
        Self { state }
    }

    fn user(&self, name: &str) -> User {
        let users = self.state.world.list("users");
        let mut object = users.iter().find(|user| text(user, "username") == Some(name)).unwrap().clone();
        let authorities = references(&object, "userRoles")
            .into_iter()
            .filter_map(|role| self.state.world.get("userRoles", role)?.get("authorities")?.as_array().cloned())
            .flatten()
            .filter_map(|authority| authority.as_str().map(str::to_owned))
            .collect();
        if name == "admin" {
            object.insert("organisationUnits".into(), json!([{"id": "OuNation001"}]));
        }
        User { object, authorities }
    }

    /// Posts a data value set with query parameters as a user.
    pub(super) fn post_as(&mut self, name: &str, query: &str, body: &Value) -> Answer {
        let user = self.user(name);
        let request = Request {
            method: "POST".into(),
            target: format!("/api/dataValueSets?{query}"),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        };
        let response = super::post(&mut self.state, &user, &request);
        Answer::of(response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    /// Posts rows of a data set as the clerk of the whole country.
    pub(super) fn post(&mut self, data_set: &str, rows: &[Value]) -> Answer {
        self.post_as("clerk_wide", "", &json!({"dataSet": data_set, "dataValues": rows}))
    }

    pub(super) fn store(&mut self, element: &str, value: &str, deleted: bool) {
        let stored = StoredValue {
            value: Some(value.to_owned()),
            comment: Some("stored comment".to_owned()),
            followup: true,
            deleted,
            stored_by: "admin".into(),
            created: "2024-02-01T00:00:00.000".into(),
            last_updated: "2024-02-01T00:00:00.000".into(),
        };
        self.state.values.data.insert(key(element, "202401", "OuFacility1"), stored);
    }

    /// The stored value of a data element in January 2024 at the first facility: value, comment, whether deleted.
    pub(super) fn stored(&self, element: &str) -> Option<(Option<&str>, Option<&str>, bool)> {
        let stored = self.state.values.data.get(&key(element, "202401", "OuFacility1"))?;
        Some((stored.value.as_deref(), stored.comment.as_deref(), stored.deleted))
    }
}

impl Answer {
    fn of(http: u16, body: Value) -> Self {
        let summary = &body["response"];
        let count = |name: &str| summary["importCount"][name].as_u64().unwrap_or_default();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let conflicts = list(&summary["conflicts"])
            .iter()
            .map(|conflict| {
                let code = conflict.get("errorCode").unwrap_or(&conflict["value"]).as_str().unwrap_or_default();
                let indexes = list(&conflict["indexes"]).iter().filter_map(Value::as_i64).collect();
                (code.to_owned(), indexes)
            })
            .collect();
        Self {
            http,
            status: summary["status"].as_str().unwrap_or_default().to_owned(),
            counts: [count("imported"), count("updated"), count("ignored"), count("deleted")],
            conflicts,
            rejected: list(&summary["rejectedIndexes"]).iter().filter_map(Value::as_u64).collect(),
            body,
        }
    }

    /// The codes of the conflicts.
    pub(super) fn codes(&self) -> Vec<&str> {
        self.conflicts.iter().map(|(code, _)| code.as_str()).collect()
    }

    /// The text of the first conflict.
    pub(super) fn text(&self) -> &str {
        self.body["response"]["conflicts"][0]["value"].as_str().unwrap_or_default()
    }
}

pub(super) fn key(element: &str, period: &str, unit: &str) -> ValueKey {
    ValueKey {
        data_element: element.into(),
        period: period.into(),
        org_unit: unit.into(),
        category_option_combo: "HllvX50cXC0".into(),
        attribute_option_combo: "HllvX50cXC0".into(),
    }
}

/// A row of the default combos in January 2024 at the first facility; `with` adds or replaces properties.
pub(super) fn row(element: &str, value: &str, with: &Value) -> Value {
    let mut row = json!({
        "dataElement": element, "period": "202401", "orgUnit": "OuFacility1",
        "categoryOptionCombo": "HllvX50cXC0", "attributeOptionCombo": "HllvX50cXC0", "value": value,
    });
    for (name, property) in with.as_object().into_iter().flatten() {
        row[name] = property.clone();
    }
    row
}
