//! Compares metadata, `system/info` and the like, and error pages.
//!
//! Moments and what a deployment brings differ each time; lists of related objects are sets.

use serde_json::Value;
use xfer_sandbox::exchange::{Request, Response};

use super::exchange::Exchange;
use super::{compare, compare_login};

/// Keys whose values differ each time, or with the deployment.
const VOLATILE: &[&str] = &[
    "serverDate",
    "buildTime",
    "revision",
    "userAgent",
    "created",
    "lastUpdated",
    "lastAnalyticsTableRuntime",
    "intervalSinceLastAnalyticsTableSuccess",
    "intervalSinceLastAnalyticsTablePartitionSuccess",
];

/// The days on which exchanges were recorded.
const RECORDED: [&str; 2] = ["2026-11-22T", "2026-11-29T"];

/// The differences beyond status and content type.
pub(super) fn compare(exchange: &Exchange, request: &Request, response: &Response) -> Vec<String> {
    let mut differences: Vec<String> = compare_login::location(exchange, response).into_iter().collect();
    let Some(expected) = exchange.response.get("body") else {
        differences.extend(compare::bodies(exchange, response, &|_| false));
        return differences;
    };
    // The list that was asked for stands under the last part of the path; it alone has an order that was promised.
    let listed = request.path().trim_end_matches('/').rsplit('/').find(|part| *part != "gist").unwrap_or_default();
    let listed = listed.split('.').next().unwrap_or_default();
    let expected = settled(expected.clone(), listed);
    let mut found = settled(compare::json_body(response), listed);
    // cut from the recordings, as it tells servers apart
    if expected.get("systemId").is_none()
        && let Some(found) = found.as_object_mut()
    {
        found.shift_remove("systemId");
    }
    // what a server says of an undecodable query is the deployment's wording
    let undecodable = request.target.contains('%')
        && matches!(request.target.split('%').nth(1), Some(rest) if !rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    compare::json("", &expected, &found, &|path| undecodable && path == "message", &mut differences);
    differences
}

/// A body with volatile values told by their presence, and lists in one order. The list that was asked for keeps its
/// own; lists inside objects have none that a server promises (2.44 lists them otherwise than 2.43), so that they are
/// compared as sets.
fn settled(value: Value, listed: &str) -> Value {
    let Value::Object(object) = value else { return as_sets(value) };
    let entries = object.into_iter().map(|(key, value)| match value {
        Value::Array(entries) if key == listed => (key, entries.into_iter().map(as_sets).collect()),
        value => {
            let told = told(&key, value);
            (key, told)
        }
    });
    Value::Object(entries.collect())
}

/// A property's value, or what stands for one that differs each time.
fn told(key: &str, value: Value) -> Value {
    if VOLATILE.contains(&key) {
        return Value::from("volatile");
    }
    if key == "codes" { identifiers(&value) } else { as_sets(value) }
}

fn as_sets(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| {
                let told = told(&key, value);
                (key, told)
            });
            Value::Object(entries.collect())
        }
        Value::Array(entries) => {
            let mut entries: Vec<Value> = entries.into_iter().map(as_sets).collect();
            entries.sort_by_key(Value::to_string);
            Value::Array(entries)
        }
        // any moment since the server began to live
        Value::String(text) if text.len() == 23 && RECORDED.iter().any(|day| text.starts_with(day)) => {
            "volatile".into()
        }
        // what a Java library says of its own insides
        Value::String(text) => match text.split_once("Exception: ") {
            // counted with the recorder's own host
            None if text.contains(" at index ") => {
                text.replace(|character: char| character.is_ascii_digit(), "").into()
            }
            Some((class, _)) if class.starts_with(['o', 'c']) && class.contains('.') => class.into(),
            _ => Value::String(text),
        },
        other => other,
    }
}

/// Random ids are compared by number and shape.
fn identifiers(value: &Value) -> Value {
    let entries = value.as_array().into_iter().flatten();
    entries.map(|entry| Value::Bool(entry.as_str().is_some_and(|id| id.len() == 11 && id.is_ascii()))).collect()
}
