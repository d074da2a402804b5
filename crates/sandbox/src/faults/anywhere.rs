//! One change at one place of an answer, place and change picked by a number, so that a reader can be tried with as
//! many of them as somebody has time for, and each of them again by its number.
//!
//! No change makes a valid number out of a value: what a reader takes over must not look like another right answer.

use serde_json::{Value, json};

use crate::chance::Chance;
use crate::exchange::Response;

/// Signs that JSON is made of, and some that must not stand in it.
const SIGNS: [&[u8]; 12] = [b"{", b"}", b"[", b"]", b"\"", b",", b":", b"\\", b"\x00", b"\xff", b"\xc3", b"null"];

/// The answer with its change; as it was where it is no JSON.
pub(super) fn changed(number: u32, own: Response) -> Response {
    let chance = Chance::new(u64::from(number)).of("answer");
    let body = match chance.of("kind").below(8) {
        0 => cut(&own.body, chance),
        1 => with_sign(&own.body, chance),
        _ => match serde_json::from_slice(&own.body) {
            Ok(document) => restructured(document, chance),
            Err(_) => return own,
        },
    };
    Response { body, ..own }
}

fn place(body: &[u8], chance: Chance) -> usize {
    usize::try_from(chance.of("place").below(body.len() as u64)).unwrap_or_default()
}

fn cut(body: &[u8], chance: Chance) -> Vec<u8> {
    body.iter().take(place(body, chance)).copied().collect()
}

fn with_sign(body: &[u8], chance: Chance) -> Vec<u8> {
    let (before, after) = body.split_at(place(body, chance));
    let sign = chance.of("sign").pick(&SIGNS).copied().unwrap_or_default();
    [before, sign, after].concat()
}

fn restructured(mut document: Value, chance: Chance) -> Vec<u8> {
    let mut places = Vec::new();
    note_places(&document, &mut String::new(), &mut places);
    if let Some(place) = chance.of("place").pick(&places) {
        change(&mut document, place, chance);
    }
    document.to_string().into_bytes()
}

/// JSON pointers (RFC 6901) of everything inside a document.
fn note_places(value: &Value, path: &mut String, places: &mut Vec<String>) {
    let mut note = |part: &str, inner: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(part);
        places.push(path.clone());
        note_places(inner, path, places);
        path.truncate(length);
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, inner)| note(&key.replace('~', "~0").replace('/', "~1"), inner));
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(number, inner)| note(&number.to_string(), inner));
        }
        _ => {}
    }
}

fn change(document: &mut Value, place: &str, chance: Chance) {
    let Some((parent, part)) = place.rsplit_once('/') else { return };
    let part = part.replace("~1", "/").replace("~0", "~");
    let position = part.parse::<usize>().unwrap_or_default();
    match (chance.of("change").below(6), document.pointer_mut(parent)) {
        (0, Some(Value::Object(members))) => {
            members.shift_remove(&part);
        }
        (0, Some(Value::Array(entries))) => {
            entries.remove(position);
        }
        (1, Some(Value::Object(members))) => {
            if let Some(inner) = members.shift_remove(&part) {
                members.insert(format!("{part} "), inner);
            }
        }
        (1, Some(Value::Array(entries))) => {
            let entry = entries.get(position).cloned().unwrap_or_default();
            entries.insert(position, entry);
        }
        (2, _) => {
            if let Some(inner) = document.pointer_mut(place) {
                *inner = if chance.of("around").happens(1, 2) { json!([inner]) } else { json!({"value": inner}) };
            }
        }
        _ => {
            if let Some(inner) = document.pointer_mut(place) {
                *inner = another(inner, chance.of("another"));
            }
        }
    }
}

/// Something that does not belong there.
fn another(own: &Value, chance: Chance) -> Value {
    let mut others = vec![
        json!(null),
        json!(true),
        json!({}),
        json!([]),
        json!([[[[]]]]),
        json!({"a": {"b": [null]}}),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("\u{202e}\u{1b}[2J"),
        json!("NaN"),
        json!("aaaaaaaaaaa"),
        json!("2026-02-30"),
        json!("x".repeat(100_000)),
    ];
    if own.is_number() {
        others.extend([json!(-1), json!(0), json!(0.5), json!(u64::MAX), json!(1e300)]);
    }
    chance.pick(&others).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn many_changes_are_many_answers_and_none_makes_another_number_of_a_value() {
        let document = json!({"pager": {"total": 2}, "dataValues": [
            {"dataElement": "a/~b", "value": "3"},
            {"dataElement": "c", "value": "4"},
        ]});
        let own = Response::json(200, &document);
        let bodies: BTreeSet<Vec<u8>> = (0..1_000).map(|number| changed(number, own.clone()).body).collect();
        assert!(bodies.len() > 300, "{}", bodies.len());
        for body in bodies {
            let Ok(document) = serde_json::from_slice::<Value>(&body) else { continue };
            for row in document["dataValues"].as_array().into_iter().flatten() {
                let is_number =
                    row["value"].as_str().is_some_and(|value| value.parse::<f64>().is_ok_and(f64::is_finite));
                let is_own = row["value"] == "3" || row["value"] == "4";
                assert!(!is_number || is_own, "{}", String::from_utf8_lossy(&body));
            }
        }
        assert_eq!(changed(7, own.clone()).body, changed(7, own).body);
    }
}
