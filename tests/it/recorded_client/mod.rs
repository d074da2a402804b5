//! Every recorded answer of real servers through the client's parsers.
//!
//! What the layer above would see (summary, conflicts, values, grid, list, probe, error) is compared with the recorded
//! JSON itself, read here by other means: counts, rows and ids are derived from `serde_json::Value`, error classes from
//! status rules of this file. `XFER_RECORDED` names another folder of the same shape.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail the test")]

mod exchange;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xfer_dhis2::analytics::grid::{Asked, read_analytics_values, read_grid};
use xfer_dhis2::completeness::read_registrations;
use xfer_dhis2::data_value_sets::read_raw_answer;
use xfer_dhis2::error::{ClientErrorKind, clean};
use xfer_dhis2::import_answer::read_import_answer;
use xfer_dhis2::metadata::read_list;
use xfer_dhis2::raw_stream::Expectation;
use xfer_dhis2::system::{read_account, read_info};
use xfer_domain::data_item::DataItem;
use xfer_domain::fault::Fault as _;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

use self::exchange::Exchange;
use crate::announce::announce;

/// What a check found wrong, in words.
type Verdict = Result<&'static str, String>;

macro_rules! same {
    ($left:expr, $right:expr, $what:expr) => {
        match (&$left, &$right) {
            (left, right) if left != right => return Err(format!("{}: {left:?} is not {right:?}", $what)),
            _ => {}
        }
    };
}

fn class(kind: &ClientErrorKind) -> String {
    let text = format!("{kind:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

#[test]
fn recorded_answers_are_understood() {
    let folder = std::env::var_os("XFER_RECORDED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recorded"), PathBuf::from);
    let mut counts: BTreeMap<(String, String), BTreeMap<&'static str, usize>> = BTreeMap::new();
    let mut failures = Vec::new();
    for file in recordings(&folder) {
        let area = file.parent().and_then(Path::file_name).unwrap().to_string_lossy().into_owned();
        let version = file.parent().and_then(Path::parent).unwrap();
        let version = version.strip_prefix(&folder).unwrap_or(version).display().to_string();
        match check(&Exchange::load(&file)) {
            Ok(as_what) => *counts.entry((version, area)).or_default().entry(as_what).or_default() += 1,
            Err(why) => failures.push(format!("{}: {why}", file.strip_prefix(&folder).unwrap_or(&file).display())),
        }
    }
    let mut told = String::from("recordings as the client reads them\n");
    for ((version, area), kinds) in &counts {
        let kinds: Vec<String> = kinds.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
        writeln!(told, "  {version:<10} {area:<13} {}", kinds.join(", ")).unwrap();
    }
    announce(&told);
    assert!(!counts.is_empty(), "no recordings below {}", folder.display());
    assert!(failures.is_empty(), "{} recordings are misread:\n{}", failures.len(), failures.join("\n"));
}

fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| -> BTreeSet<PathBuf> {
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    };
    // `extra` is laid out like the folder that it is in.
    let parts = [folder.to_owned(), folder.join("extra")];
    let versions = parts.iter().flat_map(|part| entries(part));
    let versions = versions.filter(|path| path.is_dir() && !path.ends_with("setup") && !path.ends_with("extra"));
    let areas = versions.flat_map(|version| entries(&version));
    areas.flat_map(|area| entries(&area)).filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect()
}

fn check(exchange: &Exchange) -> Verdict {
    // Bodies of a few bytes that stand for compressed ones cannot be replayed.
    if exchange.body.starts_with(b"<") && exchange.body.ends_with(b">") && !exchange.content_type().contains("ml") {
        return Ok("not kept");
    }
    let is_import = exchange.method == "POST"
        && (exchange.path.ends_with("/dataValueSets") || exchange.path.ends_with("/completeDataSetRegistrations"));
    if is_import {
        return check_import(exchange);
    }
    if let Some(expected) = exchange.expected_error() {
        return check_error(exchange, expected);
    }
    let resource = exchange.path.split("/api/").nth(1).unwrap_or_default().trim_end_matches('/');
    let resource = resource.strip_suffix(".json").unwrap_or(resource);
    match resource {
        "dataValueSets" => check_raw(exchange),
        "analytics" => check_grid(exchange),
        "completeDataSetRegistrations" => check_registrations(exchange),
        "me" => check_account(exchange),
        "system/info" => check_info(exchange),
        plural => {
            if let Some(read) = read_list(plural, &exchange.answer()) {
                return check_list(exchange, plural, read);
            }
            let answer = exchange.answer();
            let body = answer.json().map_err(|kind| kind.to_string())?;
            let body: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
            same!(Some(&body), exchange.json.as_ref(), "body");
            Ok("other JSON")
        }
    }
}

fn check_error(exchange: &Exchange, expected: &str) -> Verdict {
    let answer = exchange.answer();
    let kind = if exchange.path.ends_with("/dataValueSets") && exchange.method == "GET" {
        read_raw_answer(&answer, &any(), &mut |_| true).err()
    } else {
        answer.json().err()
    };
    let kind = kind.ok_or("taken for a success")?;
    same!(class(&kind), expected, "error");
    if let (ClientErrorKind::Refused { status, code, message }, Some(json)) = (&kind, &exchange.json) {
        same!(*status, exchange.status, "status");
        same!(code.as_deref(), json["errorCode"].as_str(), "code");
        if let Some(text) = json["message"].as_str() {
            same!(*message, clean(text), "message");
        }
    }
    // What a caller does next: 401, 403 and login pages are a matter of rights, and nothing recorded passes by itself.
    let about_rights = matches!(exchange.status, 401 | 403)
        || expected == "LoginPage"
        || expected == "Unauthorized"
        || exchange.json.as_ref().and_then(|json| json["message"].as_str()).is_some_and(|text| {
            exchange.status == 409
                && (text.contains("not allowed to") || text.contains("is not allowed") || text.contains("User has no"))
        });
    same!(kind.is_permission(), about_rights, format!("permission ({kind})"));
    // An empty answer where JSON was asked for is that of a server that has not got so far, as a task without its summary.
    let passes = exchange.status >= 500 || kind.server_code() == Some("E7144") || expected == "EmptyBody";
    if kind.is_temporary() && !passes {
        return Err(format!("nothing about {} is temporary", exchange.status));
    }
    if kind.is_permission() && kind.hint().is_none() {
        return Err(format!("no hint for {kind}"));
    }
    Ok("errors")
}

fn any() -> Expectation {
    Expectation { most_bytes: 1 << 30, ..Expectation::default() }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
}

fn numbers(value: &Value) -> Vec<usize> {
    let entries = value.as_array().into_iter().flatten().filter_map(Value::as_i64);
    entries.filter_map(|number| usize::try_from(number).ok()).collect()
}

fn check_import(exchange: &Exchange) -> Verdict {
    let read = read_import_answer(&exchange.answer());
    let Some(json) = &exchange.json else {
        let expected = exchange.expected_error().unwrap_or("Malformed");
        return match read {
            Err(kind) if class(&kind) == expected => Ok("import errors"),
            other => Err(format!("{expected} expected, got {other:?}")),
        };
    };
    let summary = if json["importCount"].is_object() { Some(json) } else { json.get("response") };
    let summary = summary.filter(|summary| summary["importCount"].is_object());
    let is_answer = matches!(exchange.status, 409 | 400 | 500) && !exchange.headers.contains_key("www-authenticate");
    let Some(expected) = summary else {
        return match read {
            Ok(answer) if is_answer => {
                same!(answer.http_status, exchange.status, "status");
                same!(answer.summary.is_some(), false, "summary");
                let text = json["message"].as_str().map(clean);
                let kept = text
                    .as_deref()
                    .is_none_or(|text| answer.message.as_deref().is_some_and(|kept| kept.ends_with(text)));
                if kept { Ok("imports without summary") } else { Err(format!("the sentence is lost: {answer:?}")) }
            }
            Err(kind) if !is_answer => {
                same!(class(&kind), exchange.expected_error().unwrap_or("Malformed"), "error");
                Ok("import errors")
            }
            other => Err(format!("no summary, but {other:?}")),
        };
    };
    let answer = read.map_err(|kind| kind.to_string())?;
    let summary = answer.summary.ok_or("the summary is lost")?;
    same!(format!("{:?}", summary.status).to_uppercase(), expected["status"].as_str().unwrap_or_default(), "verdict");
    for (name, count) in [
        ("imported", summary.count.imported),
        ("updated", summary.count.updated),
        ("ignored", summary.count.ignored),
        ("deleted", summary.count.deleted),
    ] {
        same!(Some(count), expected["importCount"][name].as_u64(), name);
    }
    same!(summary.rejected_rows, numbers(&expected["rejectedIndexes"]), "rejected rows");
    same!(summary.description, expected["description"].as_str().map(clean), "description");
    same!(summary.data_set_complete.as_deref(), expected["dataSetComplete"].as_str(), "completeness");
    let conflicts = expected["conflicts"].as_array().cloned().unwrap_or_default();
    same!(summary.conflicts.len(), conflicts.len(), "conflicts");
    for (conflict, expected) in summary.conflicts.iter().zip(&conflicts) {
        same!(conflict.code.as_deref(), expected["errorCode"].as_str(), "code");
        same!(conflict.rows, numbers(&expected["indexes"]), "rows");
        same!(conflict.property.as_deref(), expected["property"].as_str(), "property");
        same!(Some(&*conflict.text), expected["value"].as_str(), "text");
        same!(sorted(conflict.named_ids.clone()), sorted(named_by(expected)), "named ids");
    }
    Ok("summaries")
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}

/// The ids a conflict names, by its members instead of its text: the old engine's `object` and `objects`, the new
/// engine's arguments, of which the last is the offending list or word.
fn named_by(conflict: &Value) -> Vec<String> {
    let is_word = |text: &String| !text.is_empty() && !text.contains(' ') && !text.contains('=') && !text.contains('[');
    let Some(arguments) = conflict["objects"]["args"].as_str() else {
        let members = conflict["objects"].as_object().into_iter().flatten();
        let members = members.filter(|(key, _)| *key != "user" && *key != "value");
        let mut ids: Vec<String> = members.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect();
        ids.extend(conflict["object"].as_str().map(str::to_owned));
        return ids.into_iter().filter(is_word).collect();
    };
    let code = conflict["errorCode"].as_str().unwrap_or_default();
    if code.starts_with("E812") || code == "E8000" || arguments.contains("Input[") {
        return Vec::new();
    }
    let last = match arguments.rfind('[') {
        Some(at) => arguments[at..].trim_matches(['[', ']']),
        None => arguments.rsplit('-').next().unwrap_or_default(),
    };
    last.split(", ").map(str::to_owned).filter(is_word).collect()
}

fn check_raw(exchange: &Exchange) -> Verdict {
    let top = exchange.json.as_ref().ok_or("no JSON")?;
    let rows = top["dataValues"].as_array().ok_or("no rows")?;
    let part = |row: &Value, key: &str| -> Option<String> {
        [&row[key], &top[key]].into_iter().find_map(|value| value.as_str().map(str::to_owned))
    };
    // Other identifiers than ids and ISO periods have no place in the client; it never asks for them.
    let keys = ["dataElement", "orgUnit", "categoryOptionCombo", "attributeOptionCombo"];
    let usable = rows.iter().all(|row| {
        keys.iter().all(|key| part(row, key).is_some_and(|id| Uid::parse(&id).is_ok()))
            && part(row, "period").is_some_and(|period| Period::parse(&period).is_ok())
    });
    let hoisted_unit = top["orgUnit"].as_str().is_none_or(|id| Uid::parse(id).is_ok());
    let mut values = Vec::new();
    let read = read_raw_answer(&exchange.answer(), &any(), &mut |value| {
        values.push(value);
        true
    });
    if !usable || !hoisted_unit {
        return match read {
            Err(ClientErrorKind::Malformed { .. }) => Ok("foreign ids refused"),
            other => Err(format!("foreign ids taken: {other:?}")),
        };
    }
    same!(read.map_err(|kind| kind.to_string())?, rows.len() as u64, "values");
    for (value, row) in values.iter().zip(rows) {
        let cell = value.cell;
        let parts = [cell.data_element, cell.org_unit, cell.category_option_combo, cell.attribute_option_combo];
        for (key, id) in keys.iter().zip(parts) {
            same!(Some(id.to_string()), part(row, key), *key);
        }
        same!(Some(cell.period.to_string()), part(row, "period"), "period");
        same!(value.value.as_deref(), row["value"].as_str(), "value");
        same!(value.comment.as_deref(), row["comment"].as_str(), "comment");
        same!(value.followup, row["followup"] == Value::Bool(true), "follow-up");
        same!(value.deleted, row["deleted"] == Value::Bool(true), "deleted");
    }
    Ok("raw reads")
}

fn check_grid(exchange: &Exchange) -> Verdict {
    let json = exchange.json.as_ref().ok_or("no JSON")?;
    let answer = exchange.answer();
    let grid = read_grid(&answer).map_err(|kind| kind.to_string())?;
    let rows = json["rows"].as_array().ok_or("no rows")?;
    let columns: Vec<&str> =
        json["headers"].as_array().into_iter().flatten().filter_map(|header| header["name"].as_str()).collect();
    same!(grid.columns, columns, "columns");
    same!(grid.rows.len() as u64, json["height"].as_u64().unwrap_or_default(), "height");
    for (read, row) in grid.rows.iter().zip(rows) {
        same!(*read, strings(row), "row");
    }
    for (name, items) in json["metaData"]["dimensions"].as_object().into_iter().flatten() {
        same!(grid.dimensions.get(name).cloned().unwrap_or_default(), strings(items), "dimension");
    }
    let Some(asked) = asked_of(exchange) else { return Ok("grids") };
    if !["dx", "ou", "pe", "value"].iter().all(|name| columns.contains(name)) {
        return Ok("grids");
    }
    let at = |name: &str| columns.iter().position(|column| *column == name);
    // Ids under another scheme are not ours to understand.
    let column = at("dx").ok_or("no dx")?;
    if rows.iter().any(|row| row[column].as_str().is_none_or(|id| DataItem::named_by(id).next().is_none())) {
        return Ok("grids");
    }
    let values = read_analytics_values(&answer, &asked).map_err(|kind| kind.to_string())?;
    same!(values.len(), rows.len(), "values");
    for (value, row) in values.iter().zip(rows) {
        let cell = |name: &str| at(name).and_then(|index| row[index].as_str()).map(str::to_owned);
        same!(Some(value.data.to_string()), cell("dx"), "dx");
        same!(Some(value.org_unit.to_string()), cell("ou"), "ou");
        same!(Some(value.period.to_string()), cell("pe"), "pe");
        same!(value.value.clone(), cell("value"), "value");
        if asked.option_combos {
            same!(value.category_option_combo.map(|id| id.to_string()), cell("co"), "co");
            same!(value.attribute_option_combo.map(|id| id.to_string()), cell("ao"), "ao");
        }
    }
    Ok("analytics values")
}

/// The question of a recording, where it is of the kind that the client asks.
fn asked_of(exchange: &Exchange) -> Option<Asked> {
    let ids =
        |name: &str| -> Option<_> { exchange.dimension(name)?.into_iter().map(|text| Uid::parse(text).ok()).collect() };
    let has = |name: &str| exchange.query.iter().any(|(key, value)| key == "dimension" && value == name);
    let periods = exchange.dimension("pe")?.into_iter().map(|text| Period::parse(text).ok()).collect::<Option<_>>()?;
    let data = exchange.dimension("dx")?.into_iter();
    let data = data.map(|text| Some((text.to_owned(), DataItem::named_by(text).next()?))).collect::<Option<_>>()?;
    Some(Asked { data, org_units: ids("ou")?, periods, option_combos: has("co") && has("ao") })
}

fn check_registrations(exchange: &Exchange) -> Verdict {
    let json = exchange.json.as_ref().ok_or("no JSON")?;
    let expected = json["completeDataSetRegistrations"].as_array().cloned().unwrap_or_default();
    let read = read_registrations(&exchange.answer()).map_err(|kind| kind.to_string())?;
    same!(read.len(), expected.len(), "registrations");
    for (registration, expected) in read.iter().zip(&expected) {
        same!(Some(registration.data_set.as_str()), expected["dataSet"].as_str(), "data set");
        same!(Some(registration.org_unit.as_str()), expected["organisationUnit"].as_str(), "org unit");
        same!(Some(registration.period.to_string().as_str()), expected["period"].as_str(), "period");
        same!(registration.date.map(|date| date.to_string()).as_deref(), expected["date"].as_str(), "date");
        same!(Some(registration.completed), expected["completed"].as_bool(), "completed");
    }
    Ok("registrations")
}

fn check_account(exchange: &Exchange) -> Verdict {
    let json = exchange.json.as_ref().ok_or("no JSON")?;
    let account = read_account(&exchange.answer()).map_err(|kind| kind.to_string())?;
    let ids = |key: &str| -> Vec<String> {
        let units = json[key].as_array().into_iter().flatten();
        units.filter_map(|unit| unit["id"].as_str().map(str::to_owned)).collect()
    };
    let shown = |ids: &[Uid]| -> Vec<String> { ids.iter().map(Uid::to_string).collect() };
    same!(Some(account.username.as_str()), json["username"].as_str(), "user");
    same!(account.authorities, strings(&json["authorities"]), "authorities");
    same!(shown(&account.organisation_units), ids("organisationUnits"), "org units");
    same!(shown(&account.data_view_organisation_units), ids("dataViewOrganisationUnits"), "data view");
    Ok("accounts")
}

fn check_info(exchange: &Exchange) -> Verdict {
    let json = exchange.json.as_ref().ok_or("no JSON")?;
    let read = read_info(&exchange.answer());
    if json["serverDate"].is_null() {
        return if read.is_err() { Ok("parts of system info") } else { Err("no server date, and no error".to_owned()) };
    }
    let info = read.map_err(|kind| kind.to_string())?;
    same!(Some(info.identity.version.text.as_str()), json["version"].as_str(), "version");
    same!(
        Some(info.server_date.to_string().as_str()),
        json["serverDate"].as_str().map(|text| text.trim_end_matches('0').trim_end_matches('.')),
        "date"
    );
    same!(info.time_zone.as_deref(), json["serverTimeZoneId"].as_str(), "time zone");
    let built = json["lastAnalyticsTableSuccess"].as_str().filter(|text| !text.is_empty() && !text.starts_with("1970"));
    same!(
        info.analytics.built_at.map(|time| time.date().to_string()).as_deref(),
        built.map(|text| &text[..10]),
        "tables"
    );
    Ok("probes")
}

fn check_list(
    exchange: &Exchange,
    plural: &str,
    read: Result<xfer_dhis2::metadata::ListAnswer, ClientErrorKind>,
) -> Verdict {
    let json = exchange.json.as_ref().ok_or("no JSON")?;
    let read = read.map_err(|kind| kind.to_string())?;
    let objects = json[plural].as_array().ok_or("no list")?;
    same!(read.objects, objects.len(), "objects");
    same!(read.pager.and_then(|pager| pager.total), json["pager"]["total"].as_u64(), "total");
    // The domain's own JSON is compared key by key with the server's.
    let kept = serde_json::to_value(&read.metadata).map_err(|error| error.to_string())?;
    let mut kept_objects = BTreeMap::new();
    for list in kept.as_object().into_iter().flatten().map(|(_, list)| list) {
        for object in list.as_object().into_iter().flatten().map(|(_, object)| object) {
            kept_objects.insert(object["id"].as_str().unwrap_or_default().to_owned(), object);
        }
    }
    // Whoever asks for a few fields only asks for less than the domain needs.
    let complete = exchange.fields() > 3;
    if complete && plural != "dataElements" && !read.notes.is_empty() {
        return Err(format!("left out: {:?}", read.notes));
    }
    for object in objects {
        let id = object["id"].as_str().unwrap_or_default();
        let Some(kept) = kept_objects.get(id) else {
            // Too few fields were asked for, and the notes say so.
            if read.notes.iter().any(|note| note.contains(id)) || !complete && !read.notes.is_empty() {
                continue;
            }
            return Err(format!("`{id}` vanished without a note"));
        };
        for (ours, theirs) in [
            ("code", &object["code"]),
            ("value_type", &object["valueType"]),
            ("aggregation_type", &object["aggregationType"]),
            ("period_type", &object["periodType"]),
            ("is_default", &object["isDefault"]),
            ("category_combo", &object["categoryCombo"]["id"]),
            ("option_set", &object["optionSet"]["id"]),
            ("level", &object["level"]),
            ("expiry_days", &object["expiryDays"]),
            ("open_future_periods", &object["openFuturePeriods"]),
            ("decimals", &object["decimals"]),
            ("numerator", &object["numerator"]),
        ] {
            if !theirs.is_null() && kept.get(ours).is_some() {
                let equal =
                    kept[ours] == *theirs || kept[ours].as_f64().is_some_and(|number| Some(number) == theirs.as_f64());
                if !equal {
                    return Err(format!("`{id}`: {ours} {} is not {theirs}", kept[ours]));
                }
            }
        }
        for (ours, theirs) in [
            ("organisation_units", "organisationUnits"),
            ("category_option_combos", "categoryOptionCombos"),
            ("category_options", "categoryOptions"),
            ("data_set_elements", "dataSetElements"),
            ("data_input_periods", "dataInputPeriods"),
            ("options", "options"),
            ("attribute_values", "attributeValues"),
        ] {
            if let (Some(kept), Some(listed)) = (kept.get(ours).and_then(Value::as_array), object[theirs].as_array()) {
                same!(kept.len(), listed.len(), format!("`{id}`: {ours}"));
            }
        }
        if let Some(path) = object["path"].as_str() {
            same!(format!("/{}", strings(&kept["path"]).join("/")), path, "path");
        }
        if let Some(day) = object["openingDate"].as_str() {
            same!(kept["opening_date"].as_str(), Some(&day[..10]), "opening date");
        }
        if let Some(day) = object["closedDate"].as_str() {
            same!(kept["closed_date"].as_str(), Some(&day[..10]), "closed date");
        }
    }
    Ok("metadata lists")
}
