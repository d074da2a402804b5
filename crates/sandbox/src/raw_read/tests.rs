//! Rules of raw reads beyond the recordings, tried on the recorded country.

use serde_json::{Value, json};

use crate::profile::Profile;
use crate::tarsovia::{ask, body, instance};

fn read(profile: Profile, user: &str, query: &str) -> (u16, Value) {
    let response = ask(&instance(profile), user, &format!("/api/dataValueSets?{query}"));
    (response.status, body(&response))
}

fn code(profile: Profile, query: &str) -> (u16, Option<String>) {
    let (status, body) = read(profile, "admin", query);
    (status, body["errorCode"].as_str().map(str::to_owned))
}

fn rows(profile: Profile, user: &str, query: &str) -> usize {
    read(profile, user, query).1["dataValues"].as_array().map_or(usize::MAX, Vec::len)
}

const SLICE: &str = "dataSet=DstMonthly1&period=202401&orgUnit=OuFacility1";

#[test]
fn old_versions_tell_the_last_broken_rule_and_new_ones_the_first() {
    let nothing = "children=true";
    assert_eq!(code(Profile::V42, nothing), (409, Some("E2008".into())));
    assert_eq!(code(Profile::V43, nothing), (409, Some("E2001".into())));
    assert_eq!(code(Profile::V43, "dataSet=DstMonthly1&period=202401&children=true").1.as_deref(), Some("E2006"));
    for profile in [Profile::V40, Profile::V43] {
        assert_eq!(code(profile, &format!("{SLICE}&limit=-1")), (409, Some("E2009".into())), "{profile:?}");
        assert_eq!(code(profile, &format!("{SLICE}&lastUpdatedDuration=2w")), (409, Some("E2005".into())));
    }
}

#[test]
fn periods_hide_dates_until_42_and_exclude_them_later() {
    let both = format!("{SLICE}&startDate=2030-01-01&endDate=2030-12-31");
    assert_eq!(rows(Profile::V42, "admin", &both), 16);
    assert_eq!(code(Profile::V43, &both), (409, Some("E2003".into())));
}

#[test]
fn relative_periods_are_no_periods_here() {
    let relative = "dataSet=DstMonthly1&period=THIS_MONTH&orgUnit=OuFacility1";
    assert_eq!(code(Profile::V42, relative), (409, Some("E2002".into())));
    assert_eq!(code(Profile::V43, relative), (400, None));
}

#[test]
fn groups_of_org_units_and_elements_select() {
    for profile in [Profile::V42, Profile::V43] {
        let hospitals = "dataElement=DemInteger1&period=202401&orgUnitGroup=OugHospital";
        assert_eq!(rows(profile, "admin", hospitals), 3, "{profile:?}");
    }
    // Beside a group, versions up to 2.42 forget the data set.
    let both = format!("{SLICE}&dataElementGroup=DegBasic001");
    assert_eq!(rows(Profile::V42, "admin", &both), 4);
    assert_eq!(rows(Profile::V43, "admin", &both), 16);
}

#[test]
fn attribute_option_combos_filter_and_rise_to_the_head() {
    let query = "dataSet=DstFunding1&period=202401&orgUnit=OuFacility1&attributeOptionCombo=AocFundA001";
    let (_, body) = read(Profile::V43, "admin", query);
    assert_eq!(body["attributeOptionCombo"], "AocFundA001");
    assert_eq!(body["dataValues"].as_array().map(Vec::len), Some(2));
    assert!(body["dataValues"][0].get("attributeOptionCombo").is_none());
    assert_eq!(rows(Profile::V41, "admin", query), 2);
}

#[test]
fn unreadable_attribute_options_hide_their_rows() {
    for profile in [Profile::V42, Profile::V43] {
        let instance = instance(profile);
        instance.with_state(|state| {
            let (key, value) =
                state.values.data.iter().find(|(key, _)| key.attribute_option_combo == "AocFundA001").unwrap();
            let (mut key, value) = (key.clone(), value.clone());
            key.attribute_option_combo = "AocFundE001".into();
            state.values.data.insert(key, value);
        });
        let query = "/api/dataValueSets?dataSet=DstFunding1&period=202401&orgUnit=OuFacility1";
        let count = |user: &str| body(&ask(&instance, user, query))["dataValues"].as_array().map_or(0, Vec::len);
        assert_eq!((count("admin"), count("clerk_wide")), (4, 3), "{profile:?}");
    }
}

#[test]
fn a_narrow_user_reads_where_she_may_view_and_no_further() {
    let inside = "dataSet=DstMonthly1&period=202401&orgUnit=OuFacility3";
    for profile in Profile::ALL {
        assert_eq!(rows(profile, "clerk_narrow", inside), 10, "{profile:?}");
    }
    let outside = "dataSet=DstMonthly1&period=202401&orgUnit=OuFacility1&orgUnit=OuFacility5";
    let response = ask(&instance(Profile::V42), "clerk_narrow", &format!("/api/dataValueSets?{outside}"));
    assert!(response.status == 200 && response.body.is_empty() && response.close);
    let (status, refusal) = read(Profile::V43, "clerk_narrow", outside);
    assert_eq!(
        (status, &refusal["message"]),
        (409, &json!("User is not allowed to view org unit(s): `[OuFacility5]`"))
    );
}

#[test]
fn data_read_is_asked_of_data_sets_only() {
    let by_element = "dataElement=DemInteger1&period=202401&orgUnit=OuFacility1";
    for profile in [Profile::V42, Profile::V43] {
        assert_eq!(rows(profile, "nobody_sample", by_element), 1);
    }
}

#[test]
fn last_updated_and_durations_filter() {
    for profile in [Profile::V42, Profile::V43] {
        assert_eq!(rows(profile, "admin", &format!("{SLICE}&lastUpdatedDuration=1d")), 16);
        assert_eq!(rows(profile, "admin", &format!("{SLICE}&lastUpdatedDuration=1m")), 0);
        assert_eq!(rows(profile, "admin", &format!("{SLICE}&lastUpdated=2026-11-22T21:52:09.087")), 16);
        assert_eq!(rows(profile, "admin", &format!("{SLICE}&lastUpdated=2026-11-22T21:52:10")), 0);
    }
}

#[test]
fn dates_take_periods_that_lie_inside() {
    let range = |from: &str, to: &str| {
        format!("dataSet=DstMonthly1&dataSet=DstQuarter1&startDate={from}&endDate={to}&orgUnit=OuFacility1")
    };
    for profile in [Profile::V40, Profile::V43] {
        assert_eq!(rows(profile, "admin", &range("2024-01-01", "2024-01-31")), 16);
        assert_eq!(rows(profile, "admin", &range("2024-01-02", "2024-03-31")), 32);
        assert_eq!(rows(profile, "admin", &range("2024-01-01", "2024-03-31")), 49);
    }
}

#[test]
fn tombstones_without_value_are_null_or_absent() {
    for profile in [Profile::V42, Profile::V43] {
        let instance = instance(profile);
        instance.with_state(|state| {
            for (key, value) in &mut state.values.data {
                if key.data_element == "DemInteger1" {
                    (value.value, value.deleted) = (None, true);
                }
            }
        });
        let target = "/api/dataValueSets?dataElement=DemInteger1&period=202401&orgUnit=OuFacility1&includeDeleted=true";
        let row = body(&ask(&instance, "admin", target))["dataValues"][0].clone();
        assert_eq!(row["deleted"], true);
        assert_eq!(row.get("value"), (profile == Profile::V42).then_some(&Value::Null), "{profile:?}");
    }
}

#[test]
fn other_schemes_rename_and_43_hoists_the_only_org_unit() {
    let query = "dataElement=DemQuarter1&period=2024Q1&orgUnit=OuDistrict1&children=true&idScheme=CODE";
    let (_, old) = read(Profile::V41, "admin", query);
    assert_eq!(old["dataValues"][0]["categoryOptionCombo"], "default");
    assert_eq!(old["dataValues"][0]["dataElement"], "SUPERVISION_VISITS");
    let one = "dataElement=DemQuarter1&period=2024Q1&orgUnit=OuFacility1&children=true&orgUnitIdScheme=NAME";
    let (_, new) = read(Profile::V43, "admin", one);
    assert_eq!((&new["orgUnit"], &new["orgUnitIdScheme"]), (&json!("Alden Hospital"), &json!("NAME")));
    assert!(new["dataValues"][0].get("orgUnit").is_none());
}

#[test]
fn the_new_parameters_of_43_work() {
    let district = "dataElement=DemInteger1&period=202401&orgUnit=OuNation001&children=true";
    assert_eq!(rows(Profile::V43, "admin", &format!("{district}&level=4")), 6);
    assert_eq!(rows(Profile::V43, "admin", &format!("{district}&level=3")), 0);
    let women = "dataElement=DemBySex001&period=202401&orgUnit=OuFacility1&categoryOptionCombo=CocFemale01";
    assert_eq!(rows(Profile::V43, "admin", women), 1);
    assert_eq!(rows(Profile::V42, "admin", women), 2);
    let by_code = "dataSet=DS_QUART&period=2024Q1&orgUnit=OuFacility1&inputUseCodeFallback=true";
    assert_eq!(rows(Profile::V43, "admin", by_code), 1);
    let (_, page) = read(Profile::V43, "admin", &format!("{district}&order=OU&limit=2&offset=4"));
    let units: Vec<&str> =
        page["dataValues"].as_array().unwrap().iter().filter_map(|row| row["orgUnit"].as_str()).collect();
    assert_eq!(units, ["OuFacility5", "OuFacility6"]);
}

#[test]
fn csv_and_xml_carry_the_same_values() {
    let target = "/api/dataValueSets?dataElement=DemText0001&period=202401&orgUnit=OuFacility2&format=";
    for profile in [Profile::V42, Profile::V43] {
        let instance = instance(profile);
        let csv = ask(&instance, "admin", &format!("{target}csv"));
        let csv = String::from_utf8(csv.body).unwrap();
        assert!(
            csv.contains("DemText0001,202401,OuFacility2,HllvX50cXC0,HllvX50cXC0,\"flood, \"\"bad\"\"\",admin"),
            "{csv}"
        );
        let xml = String::from_utf8(ask(&instance, "admin", &format!("{target}xml")).body).unwrap();
        assert!(xml.contains("value=\"flood, &quot;bad&quot;\""), "{xml}");
    }
    assert_eq!(ask(&instance(Profile::V42), "admin", &format!("{target}adx%2Bxml")).status, 409);
}
