//! What every comparison shares: status, content type, and the first differences of two JSON values.
//!
//! `expected` is always the recording, `found` the sandbox's answer.

use serde_json::Value;
use xfer_sandbox::exchange::{Request, Response};
use xfer_sandbox::instance::Instance;

use super::exchange::Exchange;
use super::{compare_import, compare_jobs, compare_login, compare_metadata, compare_reads};

/// How many differences of one answer are worth printing.
const SHOWN: usize = 4;

/// The differences between a recorded answer and the sandbox's; empty where they agree.
pub(super) fn compare(exchange: &Exchange, request: &Request, response: &Response, instance: &Instance) -> Vec<String> {
    let mut differences = Vec::new();
    if u64::from(response.status) != exchange.status() {
        differences.push(format!(
            "status {} expected, {} found: {}",
            exchange.status(),
            response.status,
            shorten(&String::from_utf8_lossy(&response.body))
        ));
        return differences;
    }
    let expected_type = exchange.response_header("content-type").map(media_type);
    let found_type = header(response, "content-type").map(media_type);
    if expected_type != found_type {
        differences.push(format!("content type {expected_type:?} expected, {found_type:?} found"));
    }
    if expected_type.as_deref() == Some("text/html") {
        return differences; // the wording of pages comes from the deployment
    }
    differences.extend(match exchange.area.as_str() {
        _ if compare_jobs::is_one(exchange) => compare_jobs::compare(exchange, response),
        "import" | "completeness" => compare_import::compare(exchange, request, response, instance),
        "raw-read" | "analytics" => compare_reads::compare(exchange, request, response, instance),
        "login" => compare_login::compare(exchange, request, response),
        _ => compare_metadata::compare(exchange, request, response),
    });
    differences.truncate(SHOWN);
    differences
}

/// The first header of a lower-case name.
pub(super) fn header<'response>(response: &'response Response, name: &str) -> Option<&'response str> {
    response.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
}

/// A content type without its parameters.
pub(super) fn media_type(header: &str) -> String {
    header.split(';').next().unwrap_or_default().trim().to_lowercase()
}

/// The body's JSON; null where it is none.
pub(super) fn json_body(response: &Response) -> Value {
    serde_json::from_slice(&response.body).unwrap_or_default()
}

/// Compares the recorded body with the found one: JSON structurally, with `ignore` leaving out paths
/// (`response.importCount`), text exactly.
pub(super) fn bodies(exchange: &Exchange, response: &Response, ignore: &dyn Fn(&str) -> bool) -> Vec<String> {
    if let Some(expected) = exchange.response.get("body") {
        let mut differences = Vec::new();
        json("", expected, &json_body(response), ignore, &mut differences);
        return differences;
    }
    let expected = exchange.response.get("body_text").and_then(Value::as_str).unwrap_or_default();
    let found = String::from_utf8_lossy(&response.body);
    if expected == found {
        Vec::new()
    } else {
        vec![format!("text {:?} expected, {:?} found", shorten(expected), shorten(&found))]
    }
}

/// Notes where two JSON values differ. Whole numbers and their decimal forms are equal; the order of keys is free.
pub(super) fn json(
    path: &str,
    expected: &Value,
    found: &Value,
    ignore: &dyn Fn(&str) -> bool,
    differences: &mut Vec<String>,
) {
    if ignore(path) {
        return;
    }
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let inner = join(path, key);
                match found.get(key) {
                    Some(other) => json(&inner, value, other, ignore, differences),
                    None if ignore(&inner) => {}
                    None => differences.push(format!("{inner}: {} expected, missing", shorten(&value.to_string()))),
                }
            }
            for (key, value) in found {
                let inner = join(path, key);
                if !expected.contains_key(key) && !ignore(&inner) {
                    differences.push(format!("{inner}: not expected, {} found", shorten(&value.to_string())));
                }
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            if expected.len() != found.len() {
                differences.push(format!(
                    "{path}: {} entries expected, {} found: {}",
                    expected.len(),
                    found.len(),
                    shorten(&Value::Array(found.clone()).to_string())
                ));
            }
            for (position, (value, other)) in expected.iter().zip(found).enumerate() {
                json(&join(path, &position.to_string()), value, other, ignore, differences);
            }
        }
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {}
        _ if expected == found => {}
        _ => differences.push(format!(
            "{path}: {} expected, {} found",
            shorten(&expected.to_string()),
            shorten(&found.to_string())
        )),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(220).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
