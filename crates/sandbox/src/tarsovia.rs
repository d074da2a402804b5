//! The recorded servers' country as an instance, for the tests of reads.

use serde_json::Value;

use crate::events::Events;
use crate::exchange::{Request, Response};
use crate::instance::Instance;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::values::{Registration, RegistrationKey, StoredValue, ValueKey};
use crate::world::{references, text};

const METADATA: &str = include_str!("../../../fixtures/recorded/setup/metadata.json");
const BASELINE: &str = include_str!("../../../fixtures/recorded/setup/baseline.json");
const TRACKER: &str = include_str!("../../../fixtures/recorded/setup/tracker.json");

/// The country with its baseline.
pub(super) fn instance(profile: Profile) -> Instance {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let instance = Instance::new(profile, &read(METADATA));
    let baseline = read(BASELINE);
    instance.with_state(|state| {
        state.values.events = Events::load(&read(TRACKER));
        for set in baseline["dataValueSets"].as_array().unwrap() {
            for row in set["dataValues"].as_array().unwrap() {
                let member = |name: &str| row[name].as_str().unwrap();
                store(state, [member("dataElement"), member("period"), member("orgUnit")], member("value"));
                let key = key([member("dataElement"), member("period"), member("orgUnit")]);
                let value = state.values.data.remove(&key).unwrap();
                let key = ValueKey {
                    category_option_combo: member("categoryOptionCombo").into(),
                    attribute_option_combo: member("attributeOptionCombo").into(),
                    ..key
                };
                state.values.data.insert(key, value);
            }
        }
        for row in baseline["completeDataSetRegistrations"].as_array().unwrap() {
            let member = |name: &str| row[name].as_str().unwrap().to_owned();
            let key = RegistrationKey {
                data_set: member("dataSet"),
                period: member("period"),
                org_unit: member("organisationUnit"),
                attribute_option_combo: member("attributeOptionCombo"),
            };
            let value = Registration { date: member("date"), stored_by: member("storedBy"), completed: true };
            state.values.registrations.insert(key, value);
        }
    });
    instance
}

fn key([data_element, period, org_unit]: [&str; 3]) -> ValueKey {
    ValueKey {
        data_element: data_element.into(),
        period: period.into(),
        org_unit: org_unit.into(),
        category_option_combo: "HllvX50cXC0".into(),
        attribute_option_combo: "HllvX50cXC0".into(),
    }
}

/// Stores a value of data element, period and org unit under the default combos.
pub(super) fn store(state: &mut State, address: [&str; 3], value: &str) {
    let value = StoredValue {
        value: Some(value.into()),
        comment: None,
        followup: false,
        deleted: false,
        stored_by: "admin".into(),
        created: "2026-11-22T21:52:09.087".into(),
        last_updated: "2026-11-22T21:52:09.087".into(),
    };
    state.values.data.insert(key(address), value);
}

/// A user by name; `admin` sees the whole country.
pub(super) fn user(state: &State, name: &str) -> User {
    let object = state.world.list("users").iter().find(|user| text(user, "username") == Some(name)).unwrap();
    let mut object = object.clone();
    let authorities = if name == "admin" {
        object.insert("organisationUnits".into(), serde_json::json!([{"id": "OuNation001"}]));
        vec!["ALL".to_owned()]
    } else {
        Vec::new()
    };
    let groups = state.world.list("userGroups").iter();
    let own = groups.filter(|group| references(group, "users").contains(&text(&object, "id").unwrap_or_default()));
    let own: Vec<Value> = own.map(|group| serde_json::json!({"id": group["id"]})).collect();
    object.insert("userGroups".into(), own.into());
    User { object, authorities }
}

/// Asks as a user.
pub(super) fn ask(instance: &Instance, name: &str, target: &str) -> Response {
    let request = Request { method: "GET".into(), target: target.into(), headers: Vec::new(), body: Vec::new() };
    instance.with_state(|state| {
        let user = user(state, name);
        if target.starts_with("/api/analytics") {
            crate::analytics::get(state, &user, &request)
        } else {
            crate::raw_read::get(state, &user, &request)
        }
    })
}

/// The JSON of an answer.
pub(super) fn body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}
