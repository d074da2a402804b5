//! Rules of the set-based engine (2.43).

use serde_json::{Value, json};

use super::{Server, key, row};
use crate::profile::Profile;

fn server() -> Server {
    Server::new(Profile::V43)
}

/// The codes that one row of a data set gets.
fn codes_of(data_set: &str, row: Value) -> Vec<String> {
    server().post(data_set, &[row]).codes().into_iter().map(str::to_owned).collect()
}

#[test]
fn attribute_options_must_cover_a_period_wholly() {
    let funded =
        |period: &str| row("DemFunded01", "1", &json!({"attributeOptionCombo": "AocFundC001", "period": period}));
    assert!(codes_of("DstFunding1", funded("202412")).is_empty(), "both ends count in");
    let rows = [funded("202312"), funded("202406"), funded("202501")];
    let answer = server().post("DstFunding1", &rows);
    assert_eq!(answer.conflicts, [("E8032".to_owned(), vec![0, 1, 2])]);
    assert_eq!(answer.body["response"]["conflicts"][0]["objects"]["args"], "AocFundC001-[202312, 202501]");
    assert_eq!((answer.http, answer.counts, answer.rejected.as_slice()), (409, [0; 4], &[0, 1, 2][..]));
}

#[test]
fn the_org_units_of_the_first_attribute_option_combo_at_fault_are_named() {
    let funded = |unit: &str| row("DemFunded01", "1", &json!({"attributeOptionCombo": "AocFundD001", "orgUnit": unit}));
    let answer = server().post("DstFunding1", &[funded("OuFacility1"), funded("OuFacility5"), funded("OuFacility6")]);
    assert_eq!(answer.codes(), ["E8025"]);
    assert_eq!(answer.body["response"]["conflicts"][0]["objects"]["args"], "AocFundD001-[OuFacility5, OuFacility6]");
}

#[test]
fn one_kind_of_fault_at_a_time_in_the_servers_order() {
    // Each case adds a fault that comes earlier than those before it.
    let mut rows = vec![row("DemInteger1", "x", &json!({}))];
    let mut expect = |with: Value, data_set: &str, user: &str, expected: &str| {
        rows.push(row("DemInteger1", "1", &with));
        let answer = server().post_as(user, "", &json!({"dataSet": data_set, "dataValues": rows}));
        assert_eq!(answer.codes(), [expected], "{with}");
    };
    let set = "DstMonthly1";
    expect(json!({"period": "202402"}), set, "clerk_wide", "E8122");
    expect(json!({"period": "202402"}), set, "clerk_wide", "E8128");
    expect(json!({"period": "209901"}), set, "clerk_wide", "E8030");
    expect(json!({"period": "202407", "orgUnit": "OuFacility7"}), set, "clerk_wide", "E8031");
    expect(json!({"categoryOptionCombo": "CocMale0001"}), set, "clerk_wide", "E8024");
    expect(json!({"attributeOptionCombo": "AocFundA001"}), set, "clerk_wide", "E8023");
    expect(json!({"period": "2024Q1"}), set, "clerk_wide", "E8021");
    expect(json!({"orgUnit": "OuFacility8"}), set, "clerk_wide", "E8022");
    expect(json!({"dataElement": "DemOnlyA001"}), set, "clerk_wide", "E8020");
    expect(json!({"attributeOptionCombo": "AocFundE001"}), set, "clerk_wide", "E8012");
    expect(json!({}), set, "clerk_narrow", "E8011");
    expect(json!({}), set, "clerk_readonly", "E8010");
    expect(json!({"orgUnit": "abc"}), set, "clerk_readonly", "E8106");
}

#[test]
fn the_order_of_decoding_within_a_row() {
    let broken = |with: Value| row("DemInteger1", "1", &with);
    let cases = [
        (json!({"period": null, "dataElement": null}), "E8100"),
        (json!({"dataElement": null, "orgUnit": null}), "E8102"),
        (json!({"dataElement": "abc", "orgUnit": null}), "E8104"),
        (json!({"orgUnit": null, "categoryOptionCombo": "abc"}), "E8105"),
        (json!({"orgUnit": "abc", "categoryOptionCombo": "abc"}), "E8106"),
        (json!({"categoryOptionCombo": "abc", "attributeOptionCombo": "abc"}), "E8109"),
        (json!({"attributeOptionCombo": "abc"}), "E8111"),
    ];
    for (with, expected) in cases {
        let answer = server().post("DstMonthly1", &[broken(json!({})), broken(with.clone())]);
        assert_eq!(answer.conflicts, [(expected.to_owned(), vec![-1])], "{with}");
        assert!(answer.text().starts_with("Value #1 "), "{}", answer.text());
        assert_eq!((answer.http, answer.counts, answer.rejected.len()), (409, [0; 4], 0));
    }
    let period =
        server().post("DstMonthly1", &[broken(json!({"period": "202413"})), broken(json!({"orgUnit": "abc"}))]);
    assert_eq!(period.http, 500, "a period that is none comes first here");
    let earlier =
        server().post("DstMonthly1", &[broken(json!({"orgUnit": "abc"})), broken(json!({"period": "202413"}))]);
    assert_eq!(earlier.codes(), ["E8106"]);
}

#[test]
fn row_numbers_beyond_999_have_a_comma_in_the_text() {
    let mut rows: Vec<Value> = (0..1000)
        .map(|number| {
            let (unit, month) = (number % 5 + 1, number / 5);
            let period = (200_001 + month / 12 * 100 + month % 12).to_string();
            row("DemText0001", "x", &json!({"orgUnit": format!("OuFacility{unit}"), "period": period}))
        })
        .collect();
    rows.push(row("DemInteger1", "x", &json!({})));
    let answer = server().post("DstMonthly1", &rows);
    assert_eq!(answer.text(), "Value #1,000 value `x` is no valid INTEGER: value_not_integer");
    assert_eq!((answer.status.as_str(), answer.rejected.as_slice()), ("WARNING", &[1000][..]));
}

#[test]
fn rows_with_a_fault_of_their_own_leave_the_others_alone() {
    let rows = [
        row("DemNumber01", "1", &json!({})),
        row("DemOption01", "low", &json!({})),
        row("DemInteger1", "1", &json!({"comment": "x".repeat(5001)})),
        row("DemText0001", "", &json!({})),
        row("DemPercent1", "50", &json!({"comment": "x".repeat(5000)})),
    ];
    let answer = server().post("DstMonthly1", &rows);
    let expected = [("E8123", 1), ("E8125", 2), ("E8120", 3)].map(|(code, index)| (code.to_owned(), vec![index]));
    assert_eq!(answer.conflicts, expected);
    assert_eq!((answer.http, answer.status.as_str(), answer.counts), (200, "WARNING", [0, 2, 3, 0]));
    assert_eq!(answer.rejected, [1, 2, 3]);
}

#[test]
fn input_periods_are_read_the_wrong_way_round() {
    let at = |period: &str| row("DemWindow01", "1", &json!({"period": period}));
    assert_eq!(codes_of("DstWindow01", at("202401")), ["E8030"], "its window is open");
    assert!(codes_of("DstWindow01", at("202402")).is_empty(), "its window has closed");
    assert_eq!(codes_of("DstWindow01", at("202403")), ["E8030"], "it is not listed");
}

#[test]
fn a_superuser_is_above_access_expiry_and_future_but_not_above_consistency() {
    let body = |rows: &[Value]| json!({"dataSet": "DstExpiry01", "dataValues": rows});
    let at = |period: &str| row("DemExpiry01", "1", &json!({"period": period}));
    let mut server = server();
    assert_eq!(server.post_as("admin", "", &body(&[at("202401"), at("209901")])).counts, [0, 2, 0, 0]);
    let unassigned = row("DemExpiry01", "1", &json!({"orgUnit": "OuFacility8"}));
    assert_eq!(server.post_as("admin", "force=true", &body(&[unassigned])).codes(), ["E8022"]);
}

#[test]
fn without_data_set_all_data_elements_must_share_one() {
    let mut server = server();
    let mut codes = |elements: &[&str]| {
        let rows: Vec<Value> = elements.iter().map(|element| row(element, "1", &json!({}))).collect();
        let answer = server.post_as("clerk_wide", "", &json!({"dataValues": rows}));
        answer.codes().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(codes(&["DemNumber01", "DemInteger1"]).is_empty());
    assert_eq!(codes(&["DemNumber01", "DemQuarter1"]), ["E8002"]);
    assert_eq!(codes(&["DemNumber01", "DemOrphan01"]), ["E8020"], "the orphan is overlooked by the detection");
    assert_eq!(codes(&["DemOrphan01"]), ["E8003"]);
}

#[test]
fn a_row_without_combo_beside_one_with_the_default_one_loses_the_group_silently() {
    let mut server = server();
    let mut without = row("DemNumber01", "1", &json!({}));
    without.as_object_mut().unwrap().remove("categoryOptionCombo");
    let answer = server.post("DstMonthly1", &[without, row("DemNumber01", "2", &json!({}))]);
    assert_eq!((answer.http, answer.status.as_str(), answer.counts), (200, "SUCCESS", [0, 0, 2, 0]));
    assert!(answer.conflicts.is_empty() && answer.rejected.is_empty());
    assert!(server.state.values.data.is_empty());
}

#[test]
fn a_lost_race_is_a_success_without_rows() {
    let mut server = server();
    server.store("DemNumber01", "5", false);
    server.state.settings.next_new_period_loses = true;
    let known = [row("DemInteger1", "1", &json!({}))];
    assert_eq!(server.post("DstMonthly1", &known).counts, [0, 1, 0, 0], "its period exists");
    let new = [row("DemInteger1", "1", &json!({})), row("DemInteger1", "1", &json!({"period": "202402"}))];
    let answer = server.post("DstMonthly1", &new);
    assert_eq!((answer.http, answer.status.as_str(), answer.counts), (200, "SUCCESS", [0, 0, 2, 0]));
    assert!(!server.state.values.data.contains_key(&key("DemInteger1", "202402", "OuFacility1")));
    assert_eq!(server.post("DstMonthly1", &new).counts, [0, 2, 0, 0], "only once");
}

#[test]
fn deletions_keep_the_comment_and_are_not_judged_among_themselves() {
    let mut server = server();
    server.store("DemInteger1", "5", false);
    let answer = server.post("DstMonthly1", &[row("DemInteger1", "x", &json!({"deleted": true}))]);
    assert_eq!((answer.http, answer.counts), (200, [0, 1, 0, 0]));
    assert_eq!(server.stored("DemInteger1"), Some((Some("x"), Some("stored comment"), true)));
    let mixed = [row("DemInteger1", "x", &json!({"deleted": true})), row("DemNumber01", "1", &json!({}))];
    assert_eq!(server.post("DstMonthly1", &mixed).codes(), ["E8122"], "among others a deleted value is judged");
}

#[test]
fn the_delete_strategy_does_not_look_at_values() {
    let mut server = server();
    let body = json!({"dataSet": "DstMonthly1", "dataValues": [row("DemInteger1", "x", &json!({}))]});
    let answer = server.post_as("clerk_wide", "importStrategy=DELETE", &body);
    assert_eq!((answer.http, answer.counts), (200, [0, 0, 0, 1]));
    assert_eq!(server.stored("DemInteger1"), Some((Some("x"), None, true)));
}

#[test]
fn texts_are_stored_as_they_are_and_the_rows_names_are_not() {
    let mut server = server();
    let named = row("DemText0001", "  two words ", &json!({"storedBy": "someone", "followUp": true}));
    server.post("DstMonthly1", &[named]);
    assert_eq!(server.stored("DemText0001"), Some((Some("  two words "), None, false)));
    let stored = &server.state.values.data[&key("DemText0001", "202401", "OuFacility1")];
    assert_eq!((stored.stored_by.as_str(), stored.followup), ("clerk_wide", true));
}

#[test]
fn completion_wants_its_keys_and_a_group_without_faults() {
    let body = |date: &str, value: &str| {
        json!({
            "dataSet": "DstMonthly1", "completeDate": date, "period": "202401", "orgUnit": "OuFacility1",
            "dataValues": [row("DemInteger1", value, &json!({})), row("DemNumber01", "1", &json!({}))],
        })
    };
    let mut server = server();
    assert_eq!(server.post_as("clerk_wide", "", &body("soon", "1")).codes(), ["E8008"]);
    let keyless = json!({"dataSet": "DstMonthly1", "completeDate": "2024-02-01", "dataValues": []});
    assert_eq!(server.post_as("clerk_wide", "", &keyless).codes(), ["E8009"]);
    let faulty = server.post_as("clerk_wide", "", &body("2024-02-01", "x"));
    assert_eq!(faulty.body["response"]["dataSetComplete"], "false");
    let dry = server.post_as("clerk_wide", "dryRun=true", &body("2024-02-01", "1"));
    assert_eq!(dry.body["response"]["dataSetComplete"], "false");
    assert!(server.state.values.registrations.is_empty());
    let complete = server.post_as("clerk_wide", "", &body("2024-02-01", "1"));
    assert_eq!(complete.body["response"]["dataSetComplete"], "2024-02-01");
    assert_eq!(server.state.values.registrations.len(), 1);
}

#[test]
fn strict_flags_strategy_and_keys_on_top() {
    let mut server = server();
    server.store("DemNumber01", "5", false);
    let mut bare = row("DemNumber01", "6", &json!({}));
    for key in ["period", "orgUnit", "attributeOptionCombo"] {
        bare.as_object_mut().unwrap().remove(key);
    }
    let body = json!({
        "dataSet": "DstMonthly1", "strategy": "DELETE", "period": "202401", "orgUnit": "OuFacility1",
        "dataValues": [bare],
    });
    assert_eq!(server.post_as("clerk_wide", "importStrategy=CREATE", &body).counts, [0, 1, 0, 0]);
    assert_eq!(server.stored("DemNumber01"), Some((Some("6"), None, false)));
    assert_eq!(server.post_as("clerk_wide", "importStrategy=MERGE", &json!({})).http, 400);
}

#[test]
fn combos_may_be_named_by_their_options() {
    let mut server = server();
    let by_options = row("DemBySex001", "1", &json!({"categoryOptionCombo": {"CatSex00001": "CopMale0001"}}));
    assert_eq!(server.post("DstMonthly1", std::slice::from_ref(&by_options)).counts, [0, 1, 0, 0]);
    assert!(server.state.values.data.keys().all(|key| key.category_option_combo == "CocMale0001"));
    let body = json!({"dataValues": [by_options]});
    assert_eq!(server.post_as("clerk_wide", "", &body).codes(), ["E8101"]);
}

#[test]
fn data_elements_of_trackers_belong_to_no_data_set() {
    let answer = server().post("DstMonthly1", &[row("DemTrackWgt", "3.5", &json!({}))]);
    assert_eq!((answer.http, answer.codes()), (409, vec!["E8020"]), "{answer:?}");
    let bare = json!({"dataValues": [row("DemTrackWgt", "3.5", &json!({}))]});
    assert_eq!(server().post_as("clerk_wide", "", &bare).codes(), ["E8003"]);
}

#[test]
fn windows_are_right_again_on_2_44() {
    let open = [row("DemWindow01", "1", &json!({}))];
    let closed = [row("DemWindow01", "1", &json!({"period": "202402"}))];
    let codes = |profile, rows: &[serde_json::Value]| -> Vec<String> {
        Server::new(profile).post("DstWindow01", rows).codes().into_iter().map(str::to_owned).collect()
    };
    assert_eq!((codes(Profile::V43, &open), codes(Profile::V43, &closed)), (vec!["E8030".to_owned()], Vec::new()));
    assert_eq!((codes(Profile::V44, &open), codes(Profile::V44, &closed)), (Vec::new(), vec!["E8030".to_owned()]));
}
