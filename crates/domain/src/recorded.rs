//! Value types and periods, held to what real servers stored and refused.
//!
//! The sandbox and the client share these rules: where both are wrong they agree, and no test between them would tell.
//! So the recordings are read here directly, every import of every version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::period::Period;
use crate::value_type::{ImportEngine, ValueType};

const VERSIONS: [(&str, ImportEngine); 5] = [
    ("2.40", ImportEngine::RowByRow),
    ("2.41", ImportEngine::RowByRow),
    ("2.42", ImportEngine::RowByRow),
    ("2.43", ImportEngine::SetBased),
    ("2.44", ImportEngine::SetBased),
];

fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded")
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The exchanges of an area with their names.
fn exchanges(version: &str, area: &str) -> Vec<(String, Value)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(recorded().join(version).join(area)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| (format!("{version}/{}", path.file_stem().unwrap().to_string_lossy()), read(path)))
        .collect()
}

fn value_types() -> BTreeMap<String, ValueType> {
    let metadata = read(&recorded().join("setup/metadata.json"));
    let elements = metadata["dataElements"].as_array().unwrap().iter();
    let typed = |element: &Value| serde_json::from_value(element["valueType"].clone()).unwrap();
    elements.map(|element| (element["id"].as_str().unwrap().to_owned(), typed(element))).collect()
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The text of a row's part.
fn part<'row>(row: &'row Value, key: &str) -> &'row str {
    row[key].as_str().unwrap_or_default()
}

/// Whether a row names each part of its cell itself, so that nothing on top of the payload speaks for it.
fn is_complete(row: &Value) -> bool {
    ["dataElement", "period", "orgUnit", "categoryOptionCombo", "attributeOptionCombo"]
        .iter()
        .all(|key| !part(row, key).is_empty())
}

/// Parts of a cell but its period, which servers print in one form.
fn place(row: &Value) -> [&str; 4] {
    ["dataElement", "orgUnit", "categoryOptionCombo", "attributeOptionCombo"].map(|key| part(row, key))
}

/// The conflicts of an answer: code, and the positions of rows.
fn conflicts(exchange: &Value) -> Vec<(&str, Vec<usize>)> {
    let list = &exchange["response"]["body"]["response"]["conflicts"];
    let positions = |conflict: &Value| {
        let indexes = rows(&conflict["indexes"]).filter_map(Value::as_u64);
        indexes.filter_map(|index| usize::try_from(index).ok()).collect()
    };
    rows(list).map(|conflict| (part(conflict, "errorCode"), positions(conflict))).collect()
}

/// What a request sent that was stored as it was sent, or refused for its value alone.
#[test]
fn every_value_of_every_import_is_stored_or_refused_as_the_server_did() {
    let value_types = value_types();
    let mut judged: BTreeMap<(&str, bool), BTreeSet<String>> = BTreeMap::new();
    for (version, engine) in VERSIONS {
        for (name, exchange) in exchanges(version, "import") {
            let sent: Vec<&Value> = rows(&exchange["request"]["body"]["dataValues"]).collect();
            // The one key on top that speaks for rows that have their own (`import/top-level-keys-conflict`).
            let overridden = ["period", "orgUnit", "attributeOptionCombo"]
                .iter()
                .any(|key| !exchange["request"]["body"][key].is_null());
            if overridden {
                continue;
            }
            let refused: BTreeSet<usize> = conflicts(&exchange)
                .into_iter()
                .filter(|(code, _)| matches!(*code, "E7619" | "E8122"))
                .flat_map(|(_, rows)| rows)
                .collect();
            for (position, row) in sent.iter().enumerate().filter(|(_, row)| is_complete(row)) {
                let Some(text) = row["value"].as_str().filter(|text| !text.is_empty()) else { continue };
                let Some(value_type) = value_types.get(part(row, "dataElement")) else { continue };
                let ours = value_type.stored_as(text, engine);
                if refused.contains(&position) {
                    assert!(ours.is_err(), "{name}: the server refuses `{text}` for {value_type:?}");
                    judged.entry((version, false)).or_default().insert(format!("{value_type:?} {text}"));
                    continue;
                }
                let Ok(period) = Period::parse(part(row, "period")) else { continue };
                let is_this =
                    |stored: &&Value| place(stored) == place(row) && part(stored, "period") == period.to_string();
                let before = rows(&exchange["before"]).find(is_this);
                let stored = rows(&exchange["stored_after"]).find(is_this).filter(|stored| Some(*stored) != before);
                // A row that stayed away was refused for something else, or came twice.
                let twice = sent.iter().filter(|other| is_this(other)).count() > 1;
                let Some(stored) = stored.filter(|stored| stored["deleted"] != true && !twice) else { continue };
                // A value of before that only lost its comment is none that was sent.
                if before.is_some_and(|before| before["value"] == stored["value"]) {
                    continue;
                }
                assert_eq!(ours.as_deref().ok(), stored["value"].as_str(), "{name}: `{text}` for {value_type:?}");
                judged.entry((version, true)).or_default().insert(format!("{value_type:?} {text}"));
            }
        }
    }
    for (version, _) in VERSIONS {
        let known = |taken: bool| judged.get(&(version, taken)).map_or(0, BTreeSet::len);
        assert!(known(true) > 40 && known(false) > 40, "{version}: {} taken, {} refused", known(true), known(false));
    }
}

/// Periods as imports store and refuse them.
#[test]
fn every_period_of_every_import_is_read_as_the_server_did() {
    let (mut stored_periods, mut refused_periods) = (BTreeSet::new(), BTreeSet::new());
    for (version, engine) in VERSIONS {
        for (name, exchange) in exchanges(version, "import") {
            let sent: Vec<&Value> = rows(&exchange["request"]["body"]["dataValues"]).collect();
            let about = part(&exchange, "about");
            for (_, positions) in conflicts(&exchange).into_iter().filter(|(code, _)| *code == "E7611") {
                for row in positions.iter().filter_map(|position| sent.get(*position)) {
                    // The loser of a race for a period that is one is refused in the same words.
                    let text = part(row, "period");
                    let lost = about.contains("race");
                    assert!(lost || Period::parse(text).is_err(), "{name}: the server does not know `{text}`");
                    refused_periods.insert(text.to_owned());
                }
            }
            let body = &exchange["response"]["body"];
            if engine == ImportEngine::SetBased && part(body, "message").contains("\"group\" is null") {
                let unknown: Vec<&str> =
                    sent.iter().map(|row| part(row, "period")).filter(|text| Period::parse(text).is_err()).collect();
                assert!(!unknown.is_empty(), "{name}: the server fails over a period, and none seems to be wrong");
                refused_periods.extend(unknown.into_iter().map(str::to_owned));
            }
            for stored in rows(&exchange["stored_after"]) {
                let text = part(stored, "period");
                let period = Period::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(period.to_string(), text, "{name}: servers store the one form that is printed");
                let spelled = sent.iter().filter(|row| !part(row, "period").is_empty() && place(row) == place(stored));
                let spelled: BTreeSet<&str> = spelled.map(|row| part(row, "period")).collect();
                let before = rows(&exchange["before"]).any(|row| part(row, "period") == text);
                if !spelled.is_empty() && !before && exchange["request"]["body"]["period"].is_null() {
                    let sent = spelled.iter().find(|sent| Period::parse(sent) == Ok(period));
                    let sent = sent.unwrap_or_else(|| panic!("{name}: `{text}` was stored of {spelled:?}"));
                    stored_periods.insert((*sent).to_owned());
                }
            }
        }
    }
    assert!(stored_periods.len() > 5, "{stored_periods:?}");
    assert!(refused_periods.len() > 2, "{refused_periods:?}");
    assert!(stored_periods.iter().any(|text| Period::parse(text).unwrap().to_string() != *text), "{stored_periods:?}");
}

/// Periods as analytics answers and refuses them; 2.40 drops what it does not know.
#[test]
fn every_period_of_every_analytics_request_is_read_as_the_server_did() {
    let (mut answered, mut refused) = (BTreeSet::new(), BTreeSet::new());
    for (version, _) in VERSIONS {
        for (name, exchange) in exchanges(version, "analytics") {
            let target = part(&exchange["request"], "path");
            let decoded = percent_encoding::percent_decode_str(target).decode_utf8_lossy().into_owned();
            let asked: Vec<&str> = decoded
                .split(['?', '&'])
                .filter_map(|pair| pair.strip_prefix("dimension=pe:"))
                .flat_map(|items| items.split(';'))
                .collect();
            let body = &exchange["response"]["body"];
            if body["errorCode"] == "E7611" {
                let unknown: Vec<&&str> = asked.iter().filter(|text| Period::parse(text).is_err()).collect();
                assert!(!unknown.is_empty(), "{name}: {asked:?}");
                refused.extend(unknown.into_iter().map(|text| (*text).to_owned()));
            }
            let headers: Vec<&str> = rows(&body["headers"]).map(|header| part(header, "name")).collect();
            let Some(column) = headers.iter().position(|header| *header == "pe") else { continue };
            let known: BTreeSet<String> =
                asked.iter().filter_map(|text| Period::parse(text).ok()).map(|period| period.to_string()).collect();
            for row in rows(&body["rows"]) {
                let text = row[column].as_str().unwrap_or_default();
                // Keywords are worked out by the server, and other schemes name periods by their names.
                if asked.len() == known.len() && !target.contains("outputIdScheme") {
                    assert!(known.contains(text), "{name}: `{text}` is none of {known:?}");
                    answered.insert(text.to_owned());
                }
            }
        }
    }
    assert!(answered.len() > 4 && !refused.is_empty(), "{answered:?}, {refused:?}");
}
