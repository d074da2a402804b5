//! Compares answers to writes, and what is stored afterwards.
//!
//! Left out of the comparison, because no client acts on it: the echo of import options; the wording of a conflict that
//! has a code, and the order of the ids in its text; what a JSON library says about broken JSON; the reason behind
//! "The import process failed: ".

use std::collections::BTreeMap;

use serde_json::{Value, json};
use xfer_domain::period::Period;
use xfer_sandbox::exchange::{Request, Response};
use xfer_sandbox::instance::Instance;
use xfer_sandbox::profile::Profile;

use super::compare;
use super::exchange::Exchange;

/// What introduces a reason that only tells of the server's insides.
const FAILED: &str = "The import process failed: ";

/// The differences beyond status and content type.
pub(super) fn compare(
    exchange: &Exchange,
    _request: &Request,
    response: &Response,
    instance: &Instance,
) -> Vec<String> {
    let mut differences = match exchange.response.get("body") {
        Some(expected) => {
            let mut differences = Vec::new();
            // The JSON library of the recorded 2.44 is a stand-in for one that is not public.
            let stand_in = exchange.profile >= Profile::V44 && exchange.status() == 500;
            let broken_json = exchange.status() == 400 || stand_in;
            let ignore = |path: &str| path == "response.importOptions" || broken_json && path == "message";
            let found = normalised(compare::json_body(response));
            compare::json("", &normalised(expected.clone()), &found, &ignore, &mut differences);
            differences
        }
        None => compare::bodies(exchange, response, &|_| false),
    };
    // What the winners of a race stored beside is not of this exchange.
    let alone = !exchange.about.contains("cannot be replayed alone");
    if let Some(expected) = exchange.stored_after.as_ref().filter(|_| alone) {
        let found = if exchange.area == "completeness" { registrations(instance) } else { values(instance) };
        compare::json("stored", &by_key(expected), &found, &|_| false, &mut differences);
    }
    differences
}

/// Sorts ids in lists inside texts, cuts reasons off, and leaves of a conflict's text what it names.
fn normalised(value: Value) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix(FAILED) {
            Some(_) => FAILED.into(),
            None => sorted_lists(&text).into(),
        },
        Value::Array(list) => list.into_iter().map(normalised).collect(),
        Value::Object(mut map) => {
            if map.contains_key("errorCode")
                && let Some(Value::String(text)) = map.get_mut("value")
            {
                *text = named(text);
            }
            map.into_iter().map(|(key, value)| (key, normalised(value))).collect()
        }
        other => other,
    }
}

/// The ids, periods and row numbers that a text names, sorted: words with a digit and words that look like ids.
fn named(text: &str) -> String {
    let mut words: Vec<&str> = text
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| {
            let id = word.len() == 11 && word.starts_with(|first: char| first.is_ascii_uppercase());
            id || word.contains(|character: char| character.is_ascii_digit())
        })
        .collect();
    words.sort_unstable();
    words.join(" ")
}

/// `[b, a]` → `[a, b]`, wherever it stands in a text.
fn sorted_lists(text: &str) -> String {
    let mut sorted = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((list, tail)) = after.split_once(']') else { break };
        let mut items: Vec<&str> = list.split(", ").collect();
        items.sort_unstable();
        sorted.extend([before, "[", &items.join(", "), "]"]);
        rest = tail;
    }
    sorted + rest
}

/// Rows by their ids, marks that are off left out.
fn by_key(rows: &Value) -> Value {
    let parts = [
        "dataSet",
        "dataElement",
        "period",
        "orgUnit",
        "organisationUnit",
        "categoryOptionCombo",
        "attributeOptionCombo",
    ];
    let mut map = BTreeMap::new();
    for row in rows.as_array().into_iter().flatten() {
        let key: Vec<&str> = parts.iter().filter_map(|part| row[*part].as_str()).collect();
        let rest: serde_json::Map<String, Value> = row
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| !parts.contains(&name.as_str()) && !value.is_null() && **value != json!(false))
            .map(|(name, value)| (if name == "followUp" { "followup".to_owned() } else { name.clone() }, value.clone()))
            .collect();
        map.insert(key.join("/"), Value::Object(rest));
    }
    json!(map)
}

fn values(instance: &Instance) -> Value {
    instance.with_state(|state| {
        let rows: Vec<Value> = state
            .values
            .data
            .iter()
            .map(|(key, stored)| {
                json!({
                    "dataElement": key.data_element, "period": key.period, "orgUnit": key.org_unit,
                    "categoryOptionCombo": key.category_option_combo,
                    "attributeOptionCombo": key.attribute_option_combo,
                    "value": stored.value, "comment": stored.comment,
                    "followup": stored.followup, "deleted": stored.deleted,
                })
            })
            .collect();
        by_key(&rows.into())
    })
}

/// The recorder read registrations back by dates, so that it did not see those of periods far ahead (recording
/// `completeness/post-future-period`: imported, but not listed).
fn registrations(instance: &Instance) -> Value {
    instance.with_state(|state| {
        let today = state.settings.now.get(..10).and_then(|day| day.parse().ok());
        let seen = |period: &str| Period::parse(period).is_ok_and(|period| Some(period.start()) <= today);
        let rows: Vec<Value> = state
            .values
            .registrations
            .iter()
            .filter(|(key, _)| seen(&key.period))
            .map(|(key, stored)| {
                json!({
                    "dataSet": key.data_set, "period": key.period, "organisationUnit": key.org_unit,
                    "attributeOptionCombo": key.attribute_option_combo,
                    "date": stored.date, "storedBy": stored.stored_by, "completed": stored.completed,
                })
            })
            .collect();
        by_key(&rows.into())
    })
}
