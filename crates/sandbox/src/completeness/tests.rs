//! Rules of completeness by example, beyond what is recorded, on the recorded servers' metadata.

use serde_json::{Value, json};

use crate::exchange::{Request, Response};
use crate::instance::Instance;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::values::{Registration, RegistrationKey};
use crate::world::text;

fn server(profile: Profile) -> Instance {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/recorded/setup/metadata.json");
    let metadata: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    Instance::new(profile, &metadata)
}

fn send(server: &Instance, user: &str, method: &str, target: &str, body: &Value) -> Response {
    server.with_state(|state: &mut State| {
        let users = state.world.list("users");
        let object = users.iter().find(|object| text(object, "username") == Some(user)).unwrap().clone();
        let request = Request {
            method: method.into(),
            target: format!("/api/completeDataSetRegistrations?{target}"),
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        };
        super::handle(state, &User { object, authorities: Vec::new() }, &request)
    })
}

/// Status, counts (imported, updated, ignored, deleted) and the texts of conflicts of a registration.
fn post(server: &Instance, user: &str, query: &str, rows: &Value) -> (u16, [u64; 4], Vec<String>) {
    let response = send(server, user, "POST", query, &json!({ "completeDataSetRegistrations": rows }));
    let body: Value = serde_json::from_slice(&response.body).unwrap();
    let count = |name: &str| body["response"]["importCount"][name].as_u64().unwrap();
    let conflicts = body["response"]["conflicts"].as_array().unwrap();
    let texts = conflicts.iter().filter_map(|conflict| conflict["value"].as_str().map(str::to_owned)).collect();
    (response.status, ["imported", "updated", "ignored", "deleted"].map(count), texts)
}

fn row(set: &str, period: &str, unit: &str) -> Value {
    json!({"dataSet": set, "period": period, "organisationUnit": unit})
}

fn registrations(server: &Instance) -> Vec<(RegistrationKey, Registration)> {
    server.with_state(|state| {
        state.values.registrations.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    })
}

fn code(response: &Response) -> (u16, String) {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    (response.status, body["errorCode"].as_str().unwrap_or_default().to_owned())
}

#[test]
fn attribute_option_combos_have_dates_and_org_units() {
    let server = server(Profile::V42);
    let funded = |combo: &str, period: &str, unit: &str| {
        let mut row = row("DstFunding1", period, unit);
        row["attributeOptionCombo"] = combo.into();
        json!([row])
    };
    let cases = [
        (funded("AocFundC001", "202312", "OuFacility1"), "Period: 202312 is not within range"),
        (funded("AocFundD001", "202401", "OuFacility5"), "Organisation unit: OuFacility5 is not valid"),
    ];
    for (rows, expected) in cases {
        let (status, counts, texts) = post(&server, "clerk_wide", "", &rows);
        assert_eq!((status, counts), (409, [0, 0, 1, 0]));
        assert!(texts[0].starts_with(expected), "{texts:?}");
    }
    let unknown = funded("Abcdefghij1", "202401", "OuFacility1");
    assert_eq!(post(&server, "clerk_wide", "", &unknown).1, [1, 0, 0, 0]);
    assert_eq!(registrations(&server)[0].0.attribute_option_combo, "HllvX50cXC0", "the default one instead");
}

#[test]
fn strict_flags_and_the_hierarchy() {
    let server = server(Profile::V43);
    let cases = [
        (
            "clerk_narrow",
            "",
            row("DstWeekly01", "2024W1", "OuFacility5"),
            "Organisation unit is not in hierarchy of user: clerk_narrow",
        ),
        (
            "clerk_wide",
            "strictPeriods=true",
            row("DstWeekly01", "202401", "OuFacility1"),
            "Period type of period: 202401 is not equal",
        ),
        (
            "clerk_wide",
            "strictOrganisationUnits=true",
            row("DstWeekly01", "2024W1", "OuFacility8"),
            "Data set DstWeekly01 is not assigned",
        ),
        (
            "clerk_wide",
            "strictAttributeOptionCombos=true",
            row("DstFunding1", "202401", "OuFacility1"),
            "Attribute option combo: bjDvmb4bfuf must have",
        ),
        (
            "clerk_wide",
            "requireAttributeOptionCombo=true",
            row("DstFunding1", "202401", "OuFacility1"),
            "Attribute option combo is required",
        ),
    ];
    for (user, query, row, expected) in cases {
        let (status, _, texts) = post(&server, user, query, &json!([row]));
        assert!(status == 409 && texts[0].starts_with(expected), "{texts:?}");
        if user == "clerk_wide" {
            assert_eq!(post(&server, user, "dryRun=true", &json!([row])).1, [1, 0, 0, 0], "without the flag it passes");
        }
    }
    assert!(registrations(&server).is_empty());
}

#[test]
fn strategies_and_being_taken_back_by_a_row() {
    let server = server(Profile::V42);
    let rows = json!([row("DstWeekly01", "2024W1", "OuFacility1")]);
    assert_eq!(post(&server, "clerk_wide", "importStrategy=UPDATE", &rows).1, [0, 0, 1, 0]);
    assert_eq!(post(&server, "clerk_wide", "", &rows).1, [1, 0, 0, 0]);
    let mut taken_back = row("DstWeekly01", "2024W01", "OuFacility1");
    taken_back["completed"] = false.into();
    taken_back["date"] = "2024-03-05T10:00:00".into();
    assert_eq!(post(&server, "clerk_wide", "", &json!([taken_back])).1, [0, 1, 0, 0]);
    let stored = registrations(&server);
    assert_eq!((stored.len(), stored[0].1.completed, stored[0].1.date.as_str()), (1, false, "2024-03-05"));
}

#[test]
fn equal_complaints_are_one() {
    let server = server(Profile::V42);
    let rows = json!([row("DstMonthly1", "202401", "OuFacility1"), row("DstMonthly1", "202402", "OuFacility1")]);
    let (status, counts, texts) = post(&server, "clerk_wide", "", &rows);
    assert_eq!((status, counts, texts.len()), (200, [2, 0, 0, 0], 1), "both lack the compulsory value");
}

#[test]
fn a_request_that_fails_registers_nothing() {
    for profile in Profile::ALL {
        let server = server(profile);
        let response = send(&server, "clerk_wide", "POST", "", &json!([1]));
        assert_eq!(response.status, 409, "{profile:?}");
        let rows = json!([row("DstWeekly01", "2024W1", "OuFacility1"), row("DstWeekly01", "2024W53", "OuFacility1")]);
        let stored = if profile.imports_set_based() { [0; 4] } else { [1, 0, 1, 0] };
        assert_eq!(post(&server, "clerk_wide", "", &rows).1, stored, "{profile:?}");
        assert_eq!(registrations(&server).len(), usize::from(!profile.imports_set_based()));
    }
}

#[test]
fn of_several_faults_of_a_question_the_last_is_told() {
    let server = server(Profile::V42);
    let get = |user: &str, query: &str| code(&send(&server, user, "GET", query, &Value::Null));
    let expect =
        |query: &str, expected: &str| assert_eq!(get("clerk_wide", query), (409, expected.to_owned()), "{query}");
    expect("period=202401&orgUnit=OuFacility1", "E2013");
    expect("dataSet=DstMonthly1&orgUnit=OuFacility1", "E2002");
    expect("dataSet=DstMonthly1&startDate=2024-02-01&endDate=2024-01-01&orgUnit=OuFacility1", "E2004");
    expect("dataSet=DstMonthly1&createdDuration=soon&orgUnit=OuFacility1", "E2005");
    expect("dataSet=DstMonthly1&period=202401", "E2006");
    expect("dataSet=Abcdefghij1", "E2006");
    expect("dataSet=DstMonthly1&period=202401&orgUnitGroup=OugHospital&children=true", "E2008");
    expect("dataSet=DstMonthly1&period=202401&orgUnit=OuFacility1&limit=-1", "E2009");
    assert_eq!(get("clerk_narrow", "orgUnit=OuFacility5"), (409, "E2012".to_owned()), "scope is told before all");
    let old = self::server(Profile::V40);
    let html = send(&old, "clerk_wide", "GET", "period=202401&orgUnit=OuFacility1", &Value::Null);
    assert_eq!((html.status, html.headers[0].1.starts_with("text/html")), (400, true));
}

#[test]
fn registrations_are_found_by_org_unit_group_date_and_scheme() {
    let server = server(Profile::V43);
    let mut early = row("DstWeekly01", "2024W1", "OuFacility1");
    early["date"] = "2024-01-10".into();
    post(&server, "clerk_wide", "", &json!([early, row("DstWeekly01", "2024W2", "OuFacility2")]));
    let found = |query: &str| {
        let target = format!("dataSet=DstWeekly01&startDate=2024-01-01&endDate=2024-12-31&{query}");
        let response = send(&server, "clerk_wide", "GET", &target, &Value::Null);
        let body: Value = serde_json::from_slice(&response.body).unwrap();
        let list = body["completeDataSetRegistrations"].as_array().cloned().unwrap_or_default();
        list.iter().filter_map(|entry| entry["organisationUnit"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(found("orgUnit=OuNation001&children=true"), ["OuFacility1", "OuFacility2"]);
    assert!(found("orgUnit=OuNation001").is_empty());
    assert_eq!(found("orgUnitGroup=OugHospital"), ["OuFacility1"]);
    assert_eq!(found("orgUnit=OuNation001&children=true&created=2024-06-01"), ["OuFacility2"]);
    assert_eq!(found("orgUnit=OuNation001&children=true&limit=1").len(), 1);
    assert_eq!(found("orgUnit=OuFacility1&orgUnitIdScheme=CODE"), ["TAR_F1"]);
}

#[test]
fn taking_back_wants_known_ids_and_an_open_period() {
    let server = server(Profile::V42);
    let rows = json!([row("DstWeekly01", "2024W1", "OuFacility1"), row("DstWeekly01", "2024W1", "OuFacility2")]);
    post(&server, "clerk_wide", "", &rows);
    let delete = |query: &str| send(&server, "clerk_wide", "DELETE", query, &Value::Null).status;
    assert_eq!(delete("ds=Abcdefghij1&pe=2024W1&ou=OuFacility1"), 409);
    assert_eq!(delete("ds=DstWeekly01&pe=2024W53&ou=OuFacility1"), 409);
    assert_eq!(delete("ds=DstExpiry01&pe=202401&ou=OuFacility1"), 409, "its entry is over");
    assert_eq!(delete("ds=DstWeekly01&pe=2024W1&ou=OuDistrict1"), 204);
    assert_eq!(registrations(&server).len(), 2);
    assert_eq!(delete("ds=DstWeekly01&pe=2024W1&ou=OuDistrict1&multiOu=true"), 204);
    assert!(registrations(&server).is_empty());
}
