//! Rules of the row-by-row engine (2.40 to 2.42).

use serde_json::json;

use super::{Server, key, row};
use crate::profile::Profile;

fn server() -> Server {
    Server::new(Profile::V42)
}

/// The codes that one row of a data set gets.
fn codes_of(data_set: &str, row: serde_json::Value) -> Vec<String> {
    server().post(data_set, &[row]).codes().into_iter().map(str::to_owned).collect()
}

#[test]
fn attribute_options_have_dates_that_a_period_must_touch() {
    let funded =
        |period: &str| row("DemFunded01", "1", &json!({"attributeOptionCombo": "AocFundC001", "period": period}));
    assert_eq!(codes_of("DstFunding1", funded("202312")), ["E7638"]);
    assert!(codes_of("DstFunding1", funded("202401")).is_empty());
    assert_eq!(codes_of("DstFunding1", funded("202501")), ["E7638"]);
    assert!(codes_of("DstFunding1", funded("2023Oct")).is_empty(), "a period that only touches the dates passes");
}

#[test]
fn attribute_options_have_org_units() {
    let funded = |unit: &str| row("DemFunded01", "1", &json!({"attributeOptionCombo": "AocFundD001", "orgUnit": unit}));
    assert!(codes_of("DstFunding1", funded("OuFacility1")).is_empty(), "below the region of the option");
    assert_eq!(codes_of("DstFunding1", funded("OuFacility5")), ["E7639"]);
}

#[test]
fn options_are_codes_to_the_letter() {
    for (value, expected) in [("LOW", &[][..]), ("low", &["E7621"]), (" LOW", &["E7621"]), ("Low stock", &["E7621"])] {
        assert_eq!(codes_of("DstMonthly1", row("DemOption01", value, &json!({}))), expected, "{value:?}");
    }
}

#[test]
fn comments_may_be_as_long_as_values() {
    let commented = |length: usize| row("DemNumber01", "1", &json!({"comment": "x".repeat(length)}));
    assert!(codes_of("DstMonthly1", commented(50_000)).is_empty());
    assert_eq!(codes_of("DstMonthly1", commented(50_001)), ["E7620"]);
}

#[test]
fn expiry_future_and_input_periods() {
    let at = |element: &str, period: &str| row(element, "1", &json!({"period": period}));
    assert_eq!(codes_of("DstExpiry01", at("DemExpiry01", "202401")), ["E7640"]);
    assert_eq!(codes_of("DstExpiry01", at("DemExpiry01", "202610")), ["E7640"], "ten days after October are over");
    assert!(codes_of("DstFuture01", at("DemFuture01", "202701")).is_empty(), "three periods after October are open");
    assert_eq!(codes_of("DstFuture01", at("DemFuture01", "202702")), ["E7641"]);
    assert!(codes_of("DstWindow01", at("DemWindow01", "202401")).is_empty());
    assert_eq!(codes_of("DstWindow01", at("DemWindow01", "202402")), ["E7643"], "its window has closed");
    assert_eq!(
        codes_of("DstMonthly1", at("DemWindow01", "202402")),
        ["E7644"],
        "the data sets of the element count too"
    );
}

#[test]
fn without_data_set_those_of_the_data_element_at_the_org_unit_count() {
    let body = |unit: &str| json!({"dataValues": [row("DemExpiry01", "1", &json!({"orgUnit": unit}))]});
    assert_eq!(server().post_as("clerk_wide", "", &body("OuFacility1")).codes(), ["E7640"]);
    let unassigned = server().post_as("clerk_wide", "", &body("OuFacility8"));
    assert_eq!((unassigned.http, unassigned.counts), (200, [1, 0, 0, 0]), "no data set, no question of time");
}

#[test]
fn force_is_for_superusers_only() {
    let rows = [row("DemExpiry01", "1", &json!({})), row("DemExpiry01", "1", &json!({"period": "209901"}))];
    let body = json!({"dataSet": "DstExpiry01", "dataValues": rows});
    assert_eq!(server().post_as("clerk_wide", "force=true", &body).codes(), ["E7640", "E7641"]);
    assert_eq!(server().post_as("admin", "", &body).codes(), ["E7641"], "a superuser is above expiry, not the future");
    assert_eq!(server().post_as("admin", "force=true", &body).counts, [2, 0, 0, 0]);
}

#[test]
fn the_first_fault_in_the_servers_order_counts() {
    let wrong = |with: &serde_json::Value| row("DemInteger1", "x", with);
    let cases = [
        (json!({"dataElement": "Abcdefghij1", "period": "2024X", "orgUnit": "Abcdefghij1"}), "E7610"),
        (json!({"period": "2024X", "orgUnit": "Abcdefghij1"}), "E7611"),
        (json!({"orgUnit": "Abcdefghij1", "categoryOptionCombo": "Abcdefghij1"}), "E7612"),
        (json!({"categoryOptionCombo": "Abcdefghij1", "attributeOptionCombo": "Abcdefghij1"}), "E7613"),
        (json!({"attributeOptionCombo": "Abcdefghij1", "orgUnit": "OuFacility5"}), "E7615"),
        (json!({"orgUnit": "OuFacility5", "value": null}), "E7617"),
        (json!({"value": null, "period": "209901"}), "E7618"),
        (json!({"comment": "x".repeat(50_001), "period": "209901"}), "E7619"),
        (json!({"value": "5", "period": "209901", "attributeOptionCombo": "AocFundC001"}), "E7638"),
        (json!({"value": "5", "period": "209901"}), "E7641"),
    ];
    for (with, expected) in cases {
        let body = json!({"dataSet": "DstMonthly1", "dataValues": [wrong(&with)]});
        assert_eq!(server().post_as("clerk_narrow", "", &body).codes(), [expected], "{with}");
    }
}

#[test]
fn faults_of_the_keys_on_top_are_told_together_and_end_it() {
    let body = json!({
        "dataSet": "Abcdefghij1", "orgUnit": "Abcdefghij2", "attributeOptionCombo": "Abcdefghij3",
        "dataValues": [row("DemNumber01", "1", &json!({}))],
    });
    let answer = server().post_as("clerk_wide", "strictDataElements=true", &body);
    assert_eq!(answer.codes(), ["E7600", "E7602", "E7603", "E7604"]);
    assert_eq!((answer.http, answer.status.as_str(), answer.counts), (409, "ERROR", [0; 4]));
    assert_eq!(answer.body["response"]["description"], "Import process was aborted");
}

#[test]
fn a_data_set_that_is_not_seen_is_not_found() {
    let answer = server().post_as(
        "nobody_sample",
        "",
        &json!({"dataSet": "DstMonthly1", "dataValues": [row("DemNumber01", "1", &json!({}))]}),
    );
    assert_eq!(answer.codes(), ["E7600"]);
}

#[test]
fn an_unreadable_period_on_top_leaves_the_rows_their_own() {
    let mut server = server();
    let body = json!({"period": "2024X", "dataValues": [row("DemNumber01", "1", &json!({}))]});
    assert_eq!(server.post_as("clerk_wide", "", &body).counts, [1, 0, 0, 0]);
    assert!(server.state.values.data.contains_key(&key("DemNumber01", "202401", "OuFacility1")));
}

#[test]
fn values_and_comments_are_trimmed_when_stored() {
    let mut server = server();
    server.post("DstMonthly1", &[row("DemText0001", "  two words ", &json!({"comment": " why "}))]);
    assert_eq!(server.stored("DemText0001"), Some((Some("two words"), Some("why"), false)));
}

#[test]
fn a_deletion_without_value_leaves_none() {
    let mut server = server();
    server.store("DemNumber01", "5", false);
    let answer = server.post("DstMonthly1", &[row("DemNumber01", "", &json!({"deleted": true}))]);
    assert_eq!((answer.http, answer.counts, answer.rejected.len()), (200, [0, 0, 0, 1], 0));
    assert_eq!(server.stored("DemNumber01"), Some((None, None, true)));
    let again = server.post("DstMonthly1", &[row("DemNumber01", "", &json!({"deleted": true}))]);
    assert_eq!((again.counts, again.rejected.len()), ([0, 0, 1, 0], 0), "nothing to delete any more");
}

#[test]
fn the_delete_strategy_judges_values() {
    let mut server = server();
    server.store("DemInteger1", "5", false);
    let body = |value: &str| json!({"dataSet": "DstMonthly1", "dataValues": [row("DemInteger1", value, &json!({}))]});
    assert_eq!(server.post_as("clerk_wide", "importStrategy=DELETE", &body("x")).codes(), ["E7619"]);
    assert_eq!(server.post_as("clerk_wide", "importStrategy=DELETE", &body("")).counts, [0, 0, 0, 1]);
    assert_eq!(server.stored("DemInteger1"), Some((None, None, true)));
}

#[test]
fn strategy_and_dry_run_of_the_body_beat_the_query() {
    let mut server = server();
    let body = json!({
        "dataSet": "DstMonthly1", "strategy": "UPDATE", "dryRun": true,
        "dataValues": [row("DemNumber01", "1", &json!({}))],
    });
    let answer = server.post_as("clerk_wide", "importStrategy=CREATE", &body);
    assert_eq!((answer.counts, answer.rejected.as_slice()), ([0, 0, 1, 0], &[0][..]), "the key is new");
    assert!(server.state.values.data.is_empty());
    let unknown = json!({"strategy": "MERGE", "dataValues": []});
    assert_eq!(server.post_as("clerk_wide", "", &unknown).http, 409);
    assert_eq!(server.post_as("clerk_wide", "importStrategy=MERGE", &json!({})).http, 400);
}

#[test]
fn an_insignificant_zero_in_any_spelling_is_not_counted() {
    for zero in ["0", "0.0", "-0"] {
        let mut server = server();
        let answer = server.post("DstMonthly1", &[row("DemNumberZ1", zero, &json!({}))]);
        assert_eq!((answer.http, answer.counts), (200, [0; 4]), "{zero}");
        assert!(server.state.values.data.is_empty());
    }
}

#[test]
fn an_unchanged_row_has_the_same_comment_and_mark() {
    let mut server = server();
    server.store("DemNumber01", "5", false);
    let same = row("DemNumber01", "5", &json!({"comment": "stored comment", "followup": true}));
    assert_eq!(server.post("DstMonthly1", &[same]).counts, [0, 0, 1, 0]);
    assert_eq!(server.post("DstMonthly1", &[row("DemNumber01", "5", &json!({}))]).counts, [0, 1, 0, 0]);
    assert_eq!(server.stored("DemNumber01"), Some((Some("5"), None, false)), "the comment is lost");
}

#[test]
fn completion_is_registered_before_the_values_and_in_dry_runs() {
    let mut server = server();
    let body = json!({
        "dataSet": "DstMonthly1", "completeDate": "2024-02-01", "period": "202401", "orgUnit": "OuFacility1",
        "dryRun": true, "dataValues": [row("DemNumber01", "x", &json!({}))],
    });
    let answer = server.post_as("clerk_wide", "", &body);
    assert_eq!(answer.body["response"]["dataSetComplete"], "2024-02-01");
    assert_eq!(server.state.values.registrations.len(), 1);
}

#[test]
fn a_lost_race_refuses_the_rows_of_new_periods_once() {
    let mut server = server();
    server.store("DemNumber01", "5", false);
    server.state.settings.next_new_period_loses = true;
    let rows = [
        row("DemInteger1", "1", &json!({})),
        row("DemInteger1", "1", &json!({"period": "202402"})),
        row("DemInteger1", "1", &json!({"period": "202403"})),
    ];
    let answer = server.post("DstMonthly1", &rows);
    assert_eq!(answer.codes(), ["E7611", "E7611"]);
    assert_eq!((answer.http, answer.counts), (409, [1, 0, 2, 0]));
    assert_eq!(server.post("DstMonthly1", &rows).counts, [2, 0, 1, 0], "the periods exist now");
}

#[test]
fn rows_may_name_objects_by_code_name_or_attribute() {
    let mut server = server();
    let body = json!({"dataSet": "DS_MONTH", "dataElementIdScheme": "ATTRIBUTE:AttrExtId01", "dataValues": [{
        "dataElement": "X-DE-1", "period": "202401", "orgUnit": "TAR_F1",
        "categoryOptionCombo": "default", "attributeOptionCombo": "default", "value": "1",
    }]});
    assert_eq!(server.post_as("clerk_wide", "idScheme=CODE", &body).counts, [1, 0, 0, 0]);
    assert!(server.stored("DemNumber01").is_some());
}

#[test]
fn old_versions_keep_the_dates_of_a_row() {
    let dated = row("DemNumber01", "1", &json!({"storedBy": "someone", "created": "2020-01-01T10:00:00.000+0000"}));
    for (profile, created) in [(Profile::V40, "2020-01-01T10:00:00.000"), (Profile::V42, "2026-11-22T22:20:00.000")] {
        let mut server = Server::new(profile);
        server.post("DstMonthly1", std::slice::from_ref(&dated));
        let stored = &server.state.values.data[&key("DemNumber01", "202401", "OuFacility1")];
        assert_eq!((stored.stored_by.as_str(), stored.created.as_str()), ("someone", created), "{profile:?}");
    }
}

#[test]
fn data_elements_of_trackers_are_stored_like_any_other() {
    let mut server = server();
    let answer = server.post("DstMonthly1", &[row("DemTrackWgt", "3.5", &json!({}))]);
    assert_eq!((answer.http, answer.counts), (200, [1, 0, 0, 0]), "{answer:?}");
    assert_eq!(server.stored("DemTrackWgt"), Some((Some("3.5"), None, false)));
}

/// The keys of `ValidationUtils.valueIsValid`.
#[test]
fn texts_with_a_form_are_refused_by_the_key_of_their_form() {
    for (element, fits, other, key) in [
        ("DemEmail001", "ministere@example.org", "nonsense", "value_not_valid_email"),
        ("DemEmail001", "a.b+c@sub.example.org", "a@localhost", "value_not_valid_email"),
        ("DemPhone001", "+509 37 11 00 00", "12345", "value_not_phone_number"),
        ("DemUrl00001", "https://example.org/x", "example.org", "value_not_url"),
    ] {
        let answer = server().post("DstMonthly1", &[row(element, fits, &json!({}))]);
        assert!(answer.conflicts.is_empty(), "{fits}: {answer:?}");
        let answer = server().post("DstMonthly1", &[row(element, other, &json!({}))]);
        assert_eq!(answer.codes(), ["E7619"], "{other}");
        assert_eq!(answer.body["response"]["conflicts"][0]["objects"]["value"], key, "{other}");
    }
}
