//! Compares answers of raw reads and analytics.
//!
//! Beyond status and content type: JSON bodies in all that a client can act on. Left out, each for its reason:
//! - `created`, `lastUpdated`: the moment of the recording;
//! - the order of rows of analytics and of raw reads up to 2.42: servers promise none;
//! - raw reads from 2.43 on: the order among rows that the server's sort does not tell apart;
//! - which rows a `limit` keeps where the sort does not decide it (all versions up to 2.42, ties later): only their
//!   number is compared, and that each is a row of the unlimited answer;
//! - the order of `metaData.dimensions`: servers list sets there, so that only their members are compared;
//! - `devMessage`: the place in the server's SQL (`Position: 70`);
//! - the texts of E7103, E7111, E7112 and E7121, which print the server's own objects: their codes are compared;
//! - packed files: their first four bytes, since compressors differ;
//! - `cache-control`, cookies: not of this part.

use std::collections::BTreeMap;

use serde_json::Value;
use xfer_sandbox::exchange::{Request, Response};
use xfer_sandbox::instance::Instance;

use super::compare;
use super::exchange::Exchange;

/// The differences beyond status and content type.
pub(super) fn compare(exchange: &Exchange, request: &Request, response: &Response, instance: &Instance) -> Vec<String> {
    let mut differences = disposition(exchange, response);
    if let Some(text) = exchange.response.get("body_text").and_then(Value::as_str) {
        differences.extend(texts(exchange, text, response));
        return differences;
    }
    let mut expected = exchange.response["body"].clone();
    let mut found = compare::json_body(response);
    if exchange.area == "raw-read" && request.parameter("limit").is_some() {
        differences.extend(limited(&mut expected, &mut found, request, instance));
    }
    for body in [&mut expected, &mut found] {
        settle(body, exchange);
    }
    compare::json("", &expected, &found, &|path| is_a_moment(path), &mut differences);
    differences
}

fn is_a_moment(path: &str) -> bool {
    path.starts_with("dataValues.") && (path.ends_with(".created") || path.ends_with(".lastUpdated"))
}

/// A file's name is part of the answer; quotes around it are the writer's taste.
fn disposition(exchange: &Exchange, response: &Response) -> Vec<String> {
    let plain = |header: Option<&str>| header.map(|header| header.replace('"', ""));
    let expected = plain(exchange.response_header("content-disposition"));
    let found = plain(compare::header(response, "content-disposition"));
    if expected == found {
        Vec::new()
    } else {
        vec![format!("content-disposition {expected:?} expected, {found:?} found")]
    }
}

fn texts(exchange: &Exchange, expected: &str, response: &Response) -> Vec<String> {
    if let Some((_, start)) = expected.split_once("bytes, starting ") {
        let found = response.body.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let agrees = start.trim_end_matches('>') == found;
        return if agrees { Vec::new() } else { vec![format!("bytes {start} expected, {found} found")] };
    }
    let found = String::from_utf8_lossy(&response.body).into_owned();
    let csv = exchange.response_header("content-type").is_some_and(|header| header.contains("csv"));
    let normal = |text: &str| if csv { sorted_lines(text) } else { without_moments(text) };
    let (expected, found) = (normal(expected), normal(&found));
    if expected == found { Vec::new() } else { vec![format!("text {expected:?} expected, {found:?} found")] }
}

/// The records of a CSV, rows sorted and the moments of raw reads blanked.
fn sorted_lines(text: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let header: Vec<String> = reader.headers().into_iter().flatten().map(str::to_owned).collect();
    let moment = header.iter().position(|name| name == "lastupdated");
    let mut lines: Vec<String> = reader
        .records()
        .filter_map(Result::ok)
        .map(|record| {
            let cells = record.iter().enumerate();
            let shown = cells.map(|(place, cell)| if Some(place) == moment { "" } else { cell });
            shown.collect::<Vec<_>>().join("\u{1f}")
        })
        .collect();
    lines.sort_unstable();
    lines.insert(0, header.join("\u{1f}"));
    lines.join("\n")
}

/// An XML answer with the moments of its rows blanked.
fn without_moments(text: &str) -> String {
    let mut plain = text.to_owned();
    for name in ["created=\"", "lastUpdated=\""] {
        let parts: Vec<String> = plain
            .split(name)
            .enumerate()
            .map(|(position, part)| match part.split_once('"') {
                Some((_, rest)) if position > 0 => format!("\"{rest}"),
                _ => part.to_owned(),
            })
            .collect();
        plain = parts.join(name);
    }
    plain
}

/// Puts rows into an order that both sides share, where the server's own order means nothing, and blanks what no
/// client can act on.
fn settle(body: &mut Value, exchange: &Exchange) {
    let dimensions = body.pointer_mut("/metaData/dimensions").and_then(Value::as_object_mut);
    for items in dimensions.into_iter().flatten().filter_map(|(_, items)| items.as_array_mut()) {
        items.sort_by_cached_key(ToString::to_string);
    }
    if let Some(detail) = body.get_mut("devMessage") {
        *detail = detail.as_str().and_then(|text| text.split('\n').next()).into();
    }
    if matches!(body["errorCode"].as_str(), Some("E7103" | "E7111" | "E7112" | "E7121")) {
        body["message"] = Value::Null;
    }
    if let Some(rows) = body.get_mut("rows").and_then(Value::as_array_mut) {
        rows.sort_by_cached_key(ToString::to_string);
    }
    let head = body.clone();
    if let Some(rows) = body.get_mut("dataValues").and_then(Value::as_array_mut) {
        let ordered = exchange.area == "raw-read" && exchange.profile.imports_set_based();
        let key = |row: &Value| {
            let mut row = row.clone();
            for moment in ["created", "lastUpdated"] {
                row.as_object_mut().map(|row| row.remove(moment));
            }
            row.to_string()
        };
        if ordered {
            settle_ties(rows, &head, exchange, key);
        } else {
            rows.sort_by_cached_key(key);
        }
    }
}

/// Sorts runs of neighbours that share what 2.43 sorts by: the orders asked for, or period and data element.
fn settle_ties(rows: &mut [Value], head: &Value, exchange: &Exchange, key: impl Fn(&Value) -> String) {
    let orders = exchange.target().split(['?', '&']).find_map(|part| part.strip_prefix("order=").map(str::to_owned));
    let orders = orders.unwrap_or_else(|| "PE,DE".into());
    let sorted_by = |row: &Value| {
        let member = |name: &str| row.get(name).or_else(|| head.get(name)).map(ToString::to_string);
        orders
            .split(',')
            .map(|order| match order {
                "DE" => member("dataElement"),
                "OU" => member("orgUnit"),
                "PE" => member("period"),
                "AOC" => member("attributeOptionCombo"),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    rows.chunk_by_mut(|left, right| sorted_by(left) == sorted_by(right))
        .for_each(|run| run.sort_by_cached_key(|row| key(row)));
}

/// Which rows a limit keeps is the database's choice: compares how many, checks that each found one is among the
/// rows of the answer without limit, and takes the rows out.
fn limited(expected: &mut Value, found: &mut Value, request: &Request, instance: &Instance) -> Vec<String> {
    let count = |body: &Value| body["dataValues"].as_array().map(Vec::len);
    let mut differences = Vec::new();
    if count(expected) != count(found) {
        differences.push(format!("{:?} rows expected, {:?} found", count(expected), count(found)));
    }
    let target: Vec<&str> =
        request.target.split('&').filter(|part| !part.starts_with("limit=") && !part.starts_with("offset=")).collect();
    let unlimited = compare::json_body(&instance.handle(&Request { target: target.join("&"), ..request.clone() }));
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for row in unlimited["dataValues"].as_array().into_iter().flatten() {
        *known.entry(row.to_string()).or_default() += 1;
    }
    for row in found["dataValues"].as_array().into_iter().flatten() {
        if !known.contains_key(&row.to_string()) {
            differences.push(format!("{row} is no row of the unlimited answer"));
        }
    }
    // What the sort decides is still compared: the data elements, where the request sorts by them.
    let sorted = request.parameter("order").is_some_and(|order| order.starts_with("DE"))
        && instance.with_state(|state| state.profile.imports_set_based());
    for body in [expected, found] {
        for row in body["dataValues"].as_array_mut().into_iter().flatten() {
            *row = if sorted { row["dataElement"].clone() } else { Value::Null };
        }
    }
    differences
}
