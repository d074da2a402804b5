//! Rules of analytics beyond the recordings, tried on the recorded country.

use serde_json::{Value, json};

use crate::instance::Instance;
use crate::profile::Profile;
use crate::state::State;
use crate::tarsovia::{ask, body, instance, store};

fn query(instance: &Instance, user: &str, query: &str) -> (u16, Value) {
    let dimensions =
        query.replace("dx:", "dimension=dx:").replace("pe:", "dimension=pe:").replace("ou:", "dimension=ou:");
    let dimensions = dimensions.replace("filter=dimension=", "filter=");
    let response = ask(instance, user, &format!("/api/analytics?{dimensions}"));
    (response.status, body(&response))
}

/// The rows as texts, sorted.
fn rows_of(instance: &Instance, user: &str, asked: &str) -> Vec<String> {
    let (status, body) = query(instance, user, asked);
    assert_eq!(status, 200, "{body}");
    let rows = body["rows"].as_array().unwrap();
    let text = |cell: &Value| cell.as_str().unwrap().to_owned();
    let mut rows: Vec<String> =
        rows.iter().map(|row| row.as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" ")).collect();
    rows.sort();
    rows
}

fn rows(asked: &str) -> Vec<String> {
    rows_of(&instance(Profile::V42), "admin", asked)
}

fn code_of(profile: Profile, user: &str, asked: &str) -> (u16, String) {
    let (status, body) = query(&instance(profile), user, asked);
    (status, body["errorCode"].as_str().unwrap_or_default().to_owned())
}

fn code(asked: &str) -> String {
    code_of(Profile::V42, "admin", asked).1
}

fn add(instance: &Instance, plural: &str, object: &Value) {
    instance.with_state(|state| state.world.add(plural, object.as_object().unwrap().clone()));
}

fn with_state(act: impl Fn(&mut State)) -> Instance {
    let instance = instance(Profile::V42);
    instance.with_state(|state| act(state));
    instance
}

const PLACE: &str = "pe:202401&ou:OuNation001";

#[test]
fn every_rule_has_its_code() {
    for (asked, expected) in [
        ("dx:DemInteger1&pe:202401&ou:OuNation001&filter=pe:202402", "E7103"),
        ("dx:DemInteger1&pe:202401&ou:OuNation001&startDate=2024-01-01&endDate=2024-02-01", "E7105"),
        ("dx:DemInteger1&ou:OuNation001&startDate=2024-03-01&endDate=2024-02-01", "E7106"),
        ("dx:DstMonthly1.ACTUAL_REPORTS&ou:OuNation001&startDate=2024-01-01&endDate=2024-02-01", "E7107"),
        ("pe:202401&ou:OuNation001&filter=dx:IndFemale01;DemInteger1", "E7108"),
        ("dx:DemInteger1&pe:202401&ou:OuNation001&filter=co", "E7110"),
        ("dx:DemInteger1&dx:DemNumber01&pe:202401&ou:OuNation001", "E7111"),
        ("dx:DstMonthly1.ACTUAL_REPORTS&dimension=co&pe:202401&ou:OuNation001", "E7112"),
        ("dx:IndFemale01&dimension=co&pe:202401&ou:OuNation001", "E7113"),
        ("dx:IndFemale01;DemInteger1&dimension=co&pe:202401&ou:OuNation001", "E7114"),
        ("dx:DemDate0001;DemInteger1&pe:202401&ou:OuNation001", "E7115"),
        ("dx:DemInteger1&dimension=Nothing0001&pe:202401&ou:OuNation001", "E7125"),
        ("dx:DemInteger1&pe:202401&ou:LEVEL-9", "E7143"),
        ("dx:DemInteger1&pe:202401&ou:Abcdefghij1", "E7143"),
        ("pe:202401&ou:OuNation001", "E7102"),
        ("dx:DemInteger1&ou:OuNation001", "E7146"),
        ("", "E7146"),
        ("dx:DemInteger1,DemNumber01&pe:202401&ou:OuNation001", "E7124"),
    ] {
        assert_eq!(code(asked), expected, "{asked}");
    }
    assert_eq!(code_of(Profile::V40, "admin", "").1, "E7101");
    assert_eq!(code_of(Profile::V40, "admin", "dx:DemInteger1&ou:OuNation001").1, "E7104");
}

#[test]
fn data_sets_that_may_be_seen_but_not_read_are_refused_by_name() {
    let instance = instance(Profile::V42);
    let asked = format!("dx:DstMonthly1.ACTUAL_REPORTS&{PLACE}");
    let code = || query(&instance, "nobody_sample", &asked).1["errorCode"].clone();
    assert_eq!(code(), "E7124", "what may not be seen is unknown");
    instance.with_state(|state| {
        state.world.get_mut("dataSets", "DstMonthly1").unwrap()["sharing"]["public"] = "r-------".into();
    });
    assert_eq!(code(), "E7121");
}

#[test]
fn options_that_may_not_be_read_are_dropped_or_refused_by_name() {
    let instance = instance(Profile::V42);
    let asked = format!("dx:DemFunded01&dimension=CatFunding1:CopFundA001;CopFundE001&{PLACE}");
    let shown = |body: &Value| body["metaData"]["dimensions"]["CatFunding1"].clone();
    let (_, body) = query(&instance, "clerk_wide", &asked);
    assert_eq!(shown(&body), serde_json::json!(["CopFundA001"]), "what may not be seen is unknown: {body}");
    instance.with_state(|state| {
        state.world.get_mut("categoryOptions", "CopFundE001").unwrap()["sharing"]["public"] = "r-------".into();
    });
    assert_eq!(query(&instance, "clerk_wide", &asked).1["errorCode"], "E7121");
    let all = format!("dx:DemFunded01&dimension=CatFunding1&{PLACE}");
    assert_eq!(query(&instance, "clerk_wide", &all).1["errorCode"], "E7121");
}

#[test]
fn a_span_of_days_is_a_day_by_its_first_one() {
    let asked = "dx:DemInteger1&pe:2024-01-01_2024-01-31;202401&ou:OuNation001";
    let (_, body) = query(&instance(Profile::V42), "admin", asked);
    assert_eq!(body["metaData"]["dimensions"]["pe"], serde_json::json!(["20240101", "202401"]), "{body}");
    assert_eq!(body["metaData"]["items"]["2024-01-01_2024-01-31"]["name"], "2024-01-01 - 2024-01-31");
    assert_eq!(body["height"], 1, "only the month has a value");
}

#[test]
fn org_units_come_as_levels_groups_and_the_users_own() {
    assert_eq!(
        rows("dx:DemInteger1&pe:202401&ou:LEVEL-3"),
        [
            "DemInteger1 202401 OuDistrict1 -28",
            "DemInteger1 202401 OuDistrict2 12",
            "DemInteger1 202401 OuDistrict3 52"
        ]
    );
    let by_id = "dx:DemInteger1&pe:202401&ou:LEVEL-OuLevel0002";
    assert_eq!(rows(by_id), ["DemInteger1 202401 OuRegionN01 -16", "DemInteger1 202401 OuRegionS01 52"]);
    assert_eq!(
        rows("dx:DemInteger1&pe:202401&ou:OU_GROUP-OugHospital;OuRegionS01"),
        ["DemInteger1 202401 OuFacility5 21"]
    );
    assert_eq!(rows("dx:DemInteger1&pe:202401&ou:USER_ORGUNIT"), ["DemInteger1 202401 OuNation001 36"]);
    let children = "dx:DemInteger1&pe:202401&ou:USER_ORGUNIT_CHILDREN";
    assert_eq!(rows(children), ["DemInteger1 202401 OuRegionN01 -16", "DemInteger1 202401 OuRegionS01 52"]);
    let own = "dx:DemInteger1&pe:202401&ou:USER_ORGUNIT";
    assert_eq!(rows_of(&instance(Profile::V43), "clerk_narrow", own), ["DemInteger1 202401 OuDistrict1 -28"]);
    let programs = "dx:DemInteger1&pe:202401&ou:PR-PrgVisits01";
    assert_eq!(rows_of(&instance(Profile::V43), "admin", programs).len(), 6);
}

#[test]
fn a_unit_counts_itself_and_everything_below() {
    let instance = with_state(|state| store(state, ["DemInteger1", "202401", "OuDistrict1"], "1000"));
    let asked = "dx:DemInteger1&pe:202401&ou:OuDistrict1;OuFacility1";
    assert_eq!(
        rows_of(&instance, "admin", asked),
        ["DemInteger1 202401 OuDistrict1 972", "DemInteger1 202401 OuFacility1 -19"]
    );
    let filtered = "dx:DemInteger1&pe:202401&filter=ou:OuDistrict1;OuFacility1";
    assert_eq!(rows_of(&instance, "admin", filtered), ["DemInteger1 202401 972"], "once, though two items match");
}

#[test]
fn periods_hold_shorter_ones_and_weeks_go_by_their_fourth_day() {
    let asked = |periods: &str| rows(&format!("dx:DemWeekly01&pe:{periods}&ou:OuNation001"));
    assert_eq!(
        asked("2024;2024Q4;202412"),
        ["DemWeekly01 2024 OuNation001 9", "DemWeekly01 202412 OuNation001 3", "DemWeekly01 2024Q4 OuNation001 3"]
    );
    assert!(asked("20240101").is_empty());
    assert_eq!(asked("2024WedW1"), ["DemWeekly01 2024WedW1 OuNation001 3"], "holds Thursday of 2024W1");
    let instance = with_state(|state| store(state, ["DemWeekly01", "2024W5", "OuFacility1"], "7"));
    let boundary = "dx:DemWeekly01&pe:202401;202402&ou:OuFacility1";
    assert_eq!(rows_of(&instance, "admin", boundary), ["DemWeekly01 202402 OuFacility1 7"], "29 January + 3 days");
    assert_eq!(rows("dx:DemQuarter1&pe:2024Q1;2024S1;2024;202401&ou:OuFacility1").len(), 3);
    assert!(rows("dx:DemInteger1&pe:2024-01-01_2024-01-31&ou:OuFacility1").is_empty());
}

#[test]
fn relative_periods_count_from_the_servers_date() {
    let instance = with_state(|state| store(state, ["DemInteger1", "202610", "OuFacility1"], "4"));
    for keyword in ["LAST_MONTH", "LAST_3_MONTHS", "MONTHS_THIS_YEAR"] {
        let found = rows_of(&instance, "admin", &format!("dx:DemInteger1&pe:{keyword}&ou:OuFacility1"));
        assert_eq!(found, ["DemInteger1 202610 OuFacility1 4"], "{keyword}");
    }
    let moved = "dx:DemInteger1&pe:LAST_MONTH&ou:OuFacility1&relativePeriodDate=2024-02-10";
    assert_eq!(rows_of(&instance, "admin", moved), ["DemInteger1 202401 OuFacility1 -19"]);
}

#[test]
fn averages_reach_into_shorter_periods_and_sums_do_not() {
    let instance = with_state(|state| {
        store(state, ["DemPercent1", "2025Q1", "OuFacility1"], "0");
        store(state, ["DemPercent1", "2025Q1", "OuFacility2"], "50");
        store(state, ["DemInteger1", "2025Q1", "OuFacility1"], "90");
    });
    let asked = "dx:DemPercent1;DemInteger1&pe:202502&ou:OuNation001";
    assert_eq!(rows_of(&instance, "admin", asked), ["DemPercent1 202502 OuNation001 25"]);
}

#[test]
fn the_request_may_aggregate_otherwise() {
    let asked = |aggregation: &str| {
        rows(&format!("dx:DemInteger1&pe:2024Q1&ou:OuFacility1&aggregationType={aggregation}"))
            .pop()
            .and_then(|row| row.split(' ').next_back().map(str::to_owned))
    };
    for (aggregation, expected) in
        [("AVERAGE", "-18"), ("COUNT", "3"), ("MIN", "-19"), ("MAX", "-17"), ("LAST", "-17"), ("STDDEV", "1")]
    {
        assert_eq!(asked(aggregation).as_deref(), Some(expected), "{aggregation}");
    }
    assert_eq!(code("dx:DemInteger1&pe:2024Q1&ou:OuFacility1&aggregationType=CUSTOM"), "E7133");
}

#[test]
fn combos_make_columns_and_operands_select() {
    let funded = "dx:DemFunded01;DemFundSex1&dimension=co&dimension=ao&pe:202401&ou:OuFacility1";
    assert_eq!(
        rows(funded),
        [
            "DemFundSex1 CocFemale01 AocFundA001 202401 OuFacility1 9",
            "DemFunded01 HllvX50cXC0 AocFundA001 202401 OuFacility1 1000.5",
            "DemFunded01 HllvX50cXC0 AocFundB001 202401 OuFacility1 1000.5"
        ]
    );
    let operands = "dx:DemFundSex1.CocFemale01.AocFundA001;DemFunded01.HllvX50cXC0.AocFundB001;DemBySex001.CocMale0001";
    assert_eq!(
        rows(&format!("{operands}&pe:202401&ou:OuFacility1")),
        [
            "DemBySex001.CocMale0001 202401 OuFacility1 3",
            "DemFundSex1.CocFemale01.AocFundA001 202401 OuFacility1 9",
            "DemFunded01.HllvX50cXC0.AocFundB001 202401 OuFacility1 1000.5"
        ]
    );
    assert_eq!(rows("dx:DemByAgeSex&dimension=co&pe:202401&ou:OuNation001").len(), 6);
    assert_eq!(rows("dx:DemOverride&dimension=co&pe:202401&ou:OuFacility1").len(), 2);
}

#[test]
fn categories_and_group_sets_are_dimensions() {
    let by_sex = "dx:DemByAgeSex&dimension=CatSex00001&pe:202401&ou:OuFacility1";
    assert_eq!(
        rows(by_sex),
        ["DemByAgeSex CopFemale01 202401 OuFacility1 33", "DemByAgeSex CopMale0001 202401 OuFacility1 33"]
    );
    let one_age = "dx:DemByAgeSex&pe:202401&ou:OuFacility1&filter=CatAge00001:CopAge04001";
    assert_eq!(rows(one_age), ["DemByAgeSex 202401 OuFacility1 22"]);
    let by_type = "dx:DemInteger1&dimension=OugsType001&pe:202401&filter=ou:OuNation001";
    assert_eq!(rows(by_type), ["DemInteger1 OugClinics1 202401 33", "DemInteger1 OugHospital 202401 3"]);
    let funding = "dx:DemFunded01&dimension=CatFunding1&pe:202401&ou:OuFacility2";
    assert_eq!(
        rows(funding),
        ["DemFunded01 CopFundA001 202401 OuFacility2 2001", "DemFunded01 CopFundB001 202401 OuFacility2 2001"]
    );
}

#[test]
fn texts_stay_where_they_are() {
    assert_eq!(
        rows("dx:DemText0001;DemOption01&pe:202401&ou:OuFacility1;OuNation001"),
        ["DemOption01 202401 OuFacility1 ENOUGH", "DemText0001 202401 OuFacility1 dry"]
    );
}

#[test]
fn deleted_values_do_not_count() {
    let instance = with_state(|state| {
        state.values.data.iter_mut().filter(|(key, _)| key.org_unit == "OuFacility1").for_each(|(_, value)| {
            value.deleted = true;
        });
    });
    assert_eq!(rows_of(&instance, "admin", &format!("dx:DemInteger1&{PLACE}")), ["DemInteger1 202401 OuNation001 55"]);
}

#[test]
fn indicators_take_missing_values_for_zero() {
    let instance = instance(Profile::V42);
    for (id, numerator, denominator) in [
        ("IndSum00001", "#{DemInteger1} + #{DemOrphan01} + 100", "2"),
        ("IndNested01", "N{IndSum00001} * [days]", "#{DemBySex001.CocMale0001}"),
        ("IndRate0001", "R{DstMonthly1.ACTUAL_REPORTS} + I{PinVisits01}", "1"),
        ("IndLoop0001", "N{IndLoop0001}", "1"),
        ("IndStrange1", "if(1, 2, 3)", "1"),
    ] {
        let object = json!({
            "id": id, "name": id, "indicatorType": {"id": "IntNumber01"}, "numerator": numerator, "denominator": denominator,
        });
        add(&instance, "indicators", &object);
    }
    let asked = |id: &str| rows_of(&instance, "admin", &format!("dx:{id}&pe:202401&ou:OuFacility1;OuFacility7"));
    assert_eq!(asked("IndSum00001"), ["IndSum00001 202401 OuFacility1 40.5", "IndSum00001 202401 OuFacility7 50.0"]);
    assert_eq!(asked("IndNested01"), ["IndNested01 202401 OuFacility1 418.5"], "no row without denominator");
    assert_eq!(asked("IndRate0001"), ["IndRate0001 202401 OuFacility1 2.0", "IndRate0001 202401 OuFacility7 0.0"]);
    assert_eq!(query(&instance, "admin", &format!("dx:IndLoop0001&{PLACE}")).1["errorCode"], "E7116");
    assert_eq!(query(&instance, "admin", &format!("dx:IndStrange1&{PLACE}")).1["errorCode"], "E7133");
}

#[test]
fn annualized_indicators_stretch_to_a_year() {
    let instance = instance(Profile::V42);
    let object = json!({
        "id": "IndAnnual01", "name": "a", "indicatorType": {"id": "IntPercent1"}, "annualized": true,
        "numerator": "31", "denominator": "365",
    });
    add(&instance, "indicators", &object);
    let asked = format!("dx:IndAnnual01&{PLACE}&includeNumDen=true");
    assert_eq!(
        rows_of(&instance, "admin", &asked),
        ["IndAnnual01 202401 OuNation001 100.0 31.0 365.0 1177.42 36500 31"]
    );
}

#[test]
fn program_indicators_count_sum_average_and_filter() {
    let instance = instance(Profile::V43);
    for (id, expression, aggregation, filter) in [
        ("PinEnrol001", "V{enrollment_count}", "COUNT", ""),
        ("PinWeight01", "#{PstVisit001.DemTrackWgt}", "SUM", ""),
        ("PinMean0001", "#{PstVisit001.DemTrackWgt}", "AVERAGE", "#{PstVisit001.DemTrackWgt} > 51"),
        ("PinHas00001", "V{event_count}", "COUNT", "d2:hasValue(#{PstVisit001.DemTrackWgt}) && 1 == 1"),
        ("PinAttr0001", "A{AttrAge0001}", "SUM", ""),
    ] {
        let object = json!({
            "id": id, "name": id, "program": {"id": "PrgVisits01"}, "expression": expression,
            "aggregationType": aggregation, "filter": filter,
        });
        add(&instance, "programIndicators", &object);
    }
    let asked = |id: &str, periods: &str| rows_of(&instance, "admin", &format!("dx:{id}&pe:{periods}&ou:OuNation001"));
    assert_eq!(
        asked("PinEnrol001", "202401;2024Q1"),
        ["PinEnrol001 202401 OuNation001 2.0", "PinEnrol001 2024Q1 OuNation001 2.0"]
    );
    assert_eq!(asked("PinVisits01", "2024;202403"), ["PinVisits01 2024 OuNation001 4"]);
    assert_eq!(asked("PinWeight01", "202402"), ["PinWeight01 202402 OuNation001 103.0"]);
    assert_eq!(asked("PinMean0001", "202401"), ["PinMean0001 202401 OuNation001 52.0"]);
    assert_eq!(asked("PinHas00001", "202401"), ["PinHas00001 202401 OuNation001 2.0"]);
    let by_facility = rows_of(&instance, "admin", "dx:PinVisits01&pe:202401&ou:LEVEL-4&skipRounding=true");
    assert_eq!(by_facility, ["PinVisits01 202401 OuFacility1 1.0", "PinVisits01 202401 OuFacility2 1.0"]);
    let element = rows_of(&instance, "admin", "dx:PrgVisits01.DemTrackWgt&pe:202401&ou:OuNation001");
    assert_eq!(element, ["PrgVisits01.DemTrackWgt 202401 OuNation001 51.5"]);
    assert_eq!(query(&instance, "admin", &format!("dx:PinAttr0001&{PLACE}")).1["errorCode"], "E7133");
}

#[test]
fn reporting_rates_expect_open_units_as_often_as_due() {
    let asked = |metric: &str, periods: &str| rows(&format!("dx:DstMonthly1.{metric}&pe:{periods}&ou:OuNation001"));
    assert_eq!(
        asked("EXPECTED_REPORTS", "2024Q1;2024"),
        ["DstMonthly1.EXPECTED_REPORTS 2024 OuNation001 72", "DstMonthly1.EXPECTED_REPORTS 2024Q1 OuNation001 21"]
    );
    assert_eq!(asked("REPORTING_RATE", "2024Q1"), ["DstMonthly1.REPORTING_RATE 2024Q1 OuNation001 14.29"]);
    assert_eq!(asked("ACTUAL_REPORTS", "202402"), ["DstMonthly1.ACTUAL_REPORTS 202402 OuNation001 0"]);
    // Registered on 5 February, with fifteen timely days after January.
    assert_eq!(asked("ACTUAL_REPORTS_ON_TIME", "202401"), ["DstMonthly1.ACTUAL_REPORTS_ON_TIME 202401 OuNation001 3"]);
    let registered = |profile: Profile, day: &str| {
        let late = instance(profile);
        late.with_state(|state| {
            state.values.registrations.values_mut().for_each(|registration| registration.date = day.into());
        });
        rows_of(&late, "admin", &format!("dx:DstMonthly1.REPORTING_RATE_ON_TIME&{PLACE}"))
    };
    let rate = |share: &str| [format!("DstMonthly1.REPORTING_RATE_ON_TIME 202401 OuNation001 {share}")];
    assert_eq!(registered(Profile::V40, "2024-02-15"), rate("42.86"));
    assert_eq!(registered(Profile::V40, "2024-02-16"), rate("0"));
    assert_eq!(registered(Profile::V42, "2024-02-16"), rate("42.86"), "from 2.41 on the last day ends at midnight");
    assert_eq!(registered(Profile::V42, "2024-02-17"), rate("0"));
}

#[test]
fn measure_criteria_keep_matching_rows() {
    assert_eq!(rows("dx:DemInteger1&pe:202401&ou:LEVEL-4&measureCriteria=GE:11;LT:31").len(), 2);
    let before = "dx:DemInteger1&pe:202401&ou:OuNation001&preAggregationMeasureCriteria=GT:0";
    assert_eq!(rows(before), ["DemInteger1 202401 OuNation001 64"]);
}

#[test]
fn hierarchies_and_keywords_stand_in_the_metadata() {
    let asked = "dx:DemInteger1.HllvX50cXC0&pe:LAST_MONTH&ou:USER_ORGUNIT_CHILDREN;OuFacility1&hierarchyMeta=true&showHierarchy=true";
    let (_, body) = query(&instance(Profile::V42), "admin", asked);
    let metadata = &body["metaData"];
    assert_eq!(metadata["ouHierarchy"]["OuFacility1"], "OuNation001/OuRegionN01/OuDistrict1");
    assert_eq!(metadata["ouNameHierarchy"]["OuFacility1"], "/Tarsovia/Northmark/Alden/Alden Hospital");
    assert_eq!(metadata["items"]["LAST_MONTH"]["name"], "Last month");
    assert_eq!(metadata["items"]["USER_ORGUNIT_CHILDREN"]["organisationUnits"], json!(["OuRegionN01", "OuRegionS01"]));
    assert_eq!(metadata["items"]["OuDistrict1"]["name"], "Alden", "ancestors too");
    assert_eq!(metadata["items"]["DemInteger1.HllvX50cXC0"]["name"], "Stock balance (Total)");
    assert_eq!(metadata["dimensions"]["co"], json!([]), "no combos for operands");
}

#[test]
fn the_data_dimension_comes_first() {
    let (_, body) = query(&instance(Profile::V42), "admin", "pe:202401&ou:OuFacility1&dx:DemInteger1");
    let headers: Vec<&str> =
        body["headers"].as_array().unwrap().iter().filter_map(|header| header["name"].as_str()).collect();
    assert_eq!(headers, ["dx", "pe", "ou", "value"]);
    assert_eq!(body["rows"][0], json!(["DemInteger1", "202401", "OuFacility1", "-19"]));
}

#[test]
fn data_value_sets_name_export_combos_and_refuse_other_shapes() {
    let instance = instance(Profile::V42);
    let operand = "/api/analytics/dataValueSet.json?dimension=dx:DemBySex001.CocMale0001&dimension=pe:202401&dimension=ou:OuFacility1";
    let value = body(&ask(&instance, "admin", operand))["dataValues"][0].clone();
    assert_eq!((&value["dataElement"], &value["categoryOptionCombo"]), (&json!("DemBySex001"), &json!("CocMale0001")));
    assert_eq!(value["value"], "3");
    let no_data = "/api/analytics/dataValueSet.json?dimension=pe:202401&dimension=ou:OuFacility1&filter=dx:DemInteger1";
    assert_eq!(ask(&instance, "admin", no_data).status, 400);
    assert_eq!(ask(&instance, "admin", "/api/analytics/rawData.json?dimension=pe:202401").status, 404);
}

#[test]
fn output_schemes_rename_rows_unless_metadata_is_skipped() {
    let asked = "dx:IndFemale01;DemInteger1&pe:202401&ou:OuFacility1&outputIdScheme=CODE";
    assert_eq!(rows(asked), ["FEMALE_SHARE 202401 TAR_F1 62.5", "STOCK_BALANCE 202401 TAR_F1 -19"]);
    assert_eq!(rows(&format!("{asked}&skipMeta=true"))[0], "DemInteger1 202401 OuFacility1 -19");
    let named = "dx:DemInteger1&pe:202401&ou:OuFacility1&outputIdScheme=NAME";
    assert_eq!(rows(named), ["Stock balance January 2024 Alden Hospital -19"]);
}
