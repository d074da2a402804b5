//! Compares metadata, `system/info` and the like, and error pages.
//!
//! Moments and what a deployment brings differ each time; lists of related objects are sets.

use serde_json::Value;
use xfer::sandbox::exchange::{Request, Response};

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
    let expected = settled(expected.clone(), 0);
    let mut found = settled(compare::json_body(response), 0);
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

/// A body with volatile values told by their presence, and nested lists in one order. The list at the top keeps its
/// order: it was asked for.
fn settled(value: Value, depth: usize) -> Value {
    match value {
        Value::Object(object) => Value::Object(
            object
                .into_iter()
                .map(|(key, value)| {
                    let settled = if VOLATILE.contains(&key.as_str()) {
                        Value::from("volatile")
                    } else if key == "codes" {
                        identifiers(&value)
                    } else {
                        settled(value, depth + 1)
                    };
                    (key, settled)
                })
                .collect(),
        ),
        Value::Array(entries) => {
            let mut entries: Vec<Value> = entries.into_iter().map(|entry| settled(entry, depth + 1)).collect();
            let is_top_list = depth == 1 && entries.iter().any(Value::is_object);
            if !is_top_list {
                entries.sort_by_key(Value::to_string);
            }
            Value::Array(entries)
        }
        // any moment since the server began to live
        Value::String(text) if text.len() == 23 && RECORDED.iter().any(|day| text.starts_with(day)) => "volatile".into(),
        // what a Java library says of its own insides
        Value::String(text) => match text.split_once("Exception: ") {
            // counted with the recorder's own host
            None if text.contains(" at index ") => text.replace(|character: char| character.is_ascii_digit(), "").into(),
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
