//! Values with a form, values that are ids of the source, and for how long a data set stays open: judged before anything
//! is sent, the same for the check and for the run.

use serde_json::{Value, json};
use xfer_sandbox::profile::Profile;

use crate::support::country::Country;
use crate::support::trial::Trial;

const MONTH: &str = "202401";

/// Data elements of these types, each with its code for a name, in one monthly data set.
fn forms(side: &str, elements: &[(&str, &str)]) -> Country {
    let country = Country::new(side).facilities(&["Centre A", "Centre B"]).option_set("AB", &["A", "B"]);
    let of = |value_type: &str| {
        let mut more = json!({"valueType": value_type, "aggregationType": "NONE"});
        if value_type == "MULTI_TEXT" {
            more["optionSet"] = "AB".into();
        }
        more
    };
    let codes: Vec<&str> = elements.iter().map(|(code, _)| *code).collect();
    let filled = elements.iter().fold(country, |country, (code, value_type)| country.element(code, of(value_type)));
    filled.data_set("M", "Monthly", &codes, json!({}))
}

fn stored(trial: &Trial, code: &str) -> Option<String> {
    trial.value([code, "", "", "Centre A", MONTH])
}

/// The codes that a run held cells back with, by data element.
fn held(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["severity"] == "error").map(|finding| finding["code"].to_string()).collect()
}

#[test]
fn texts_with_a_form_are_judged_as_servers_judge_them() {
    let elements = [
        ("MAIL", "EMAIL"),
        ("MAIL2", "EMAIL"),
        ("PHONE", "PHONE_NUMBER"),
        ("PHONE2", "PHONE_NUMBER"),
        ("WEB", "URL"),
        ("WEB2", "URL"),
        ("CHOICE", "MULTI_TEXT"),
        ("CHOICE2", "MULTI_TEXT"),
        ("LETTER", "LETTER"),
        ("JSON", "GEOJSON"),
    ];
    let values = [
        ("MAIL", "a@b.ht"),
        ("MAIL2", "a@b"),
        ("PHONE", "+509 34-56-7890"),
        ("PHONE2", "nonsense"),
        ("WEB", "https://x.ht/a"),
        ("WEB2", "nonsense"),
        ("CHOICE", "A,B"),
        ("CHOICE2", "A,C"),
        ("LETTER", "é"),
        ("JSON", "{}"),
    ];
    let source = values.iter().fold(forms("source", &elements), |country, (code, value)| {
        country.value([code, "", "", "Centre A", MONTH], value)
    });
    for destination in [Profile::V42, Profile::V43, Profile::V44] {
        let trial = Trial::of_versions(Profile::V42, destination, &source, &forms("destination", &elements));
        let items: Vec<(&str, &str)> = elements.iter().map(|(code, _)| (*code, *code)).collect();
        trial.routine("", &items, MONTH);
        let checked = trial.run("job check j --periods 202401").expect_code(3);
        for (refused, told) in [("a@b", true), ("A,C", true), ("nonsense", true), ("`A,B`", false)] {
            assert_eq!(checked.stdout.contains(refused), told, "{refused}\n{checked}");
        }
        let run = trial.run("run r --format json").expect_code(3);
        let report = run.report();
        assert_eq!(report["cells"]["held_back"], 4, "{run}");
        assert_eq!(report["cells"]["rejected"], 0, "nothing was left to the server\n{run}");
        for (code, value) in values {
            let wanted = (!["MAIL2", "PHONE2", "WEB2", "CHOICE2"].contains(&code)).then_some(value);
            assert_eq!(stored(&trial, code).as_deref(), wanted, "{code}");
        }
    }
}

#[test]
fn values_that_name_org_units_are_translated_and_ids_of_other_things_are_held_back() {
    let elements = [
        ("UNIT", "ORGANISATION_UNIT"),
        ("UNIT2", "ORGANISATION_UNIT"),
        ("FILE", "FILE_RESOURCE"),
        ("IMAGE", "IMAGE"),
        ("USER", "USERNAME"),
        ("REF", "REFERENCE"),
        ("TEXT", "TEXT"),
    ];
    let source = forms("source", &elements);
    let (unit, district) = (source.id("organisationUnits", "Centre B"), source.id("organisationUnits", "Nord"));
    let values = [
        ("UNIT", unit.as_str()),
        ("UNIT2", district.as_str()),
        ("FILE", "abcdefghijk"),
        ("IMAGE", "abcdefghijk"),
        ("USER", "anne"),
        ("REF", "abcdefghijk"),
        ("TEXT", "abcdefghijk"),
    ];
    let source =
        values.iter().fold(source, |country, (code, value)| country.value([code, "", "", "Centre A", MONTH], value));
    let destination = forms("destination", &elements);
    let target = destination.id("organisationUnits", "Centre B");
    let trial = Trial::between(&source, &destination);
    let items: Vec<(&str, &str)> = elements.iter().map(|(code, _)| (*code, *code)).collect();
    trial.routine("", &items, MONTH);
    let checked = trial.run("job check j --periods 202401").expect_code(3);
    assert!(checked.stdout.contains("values-are-source-ids") && checked.stdout.contains("values-refused"), "{checked}");
    let run = trial.run("run r --format json").expect_code(3);
    let codes = held(&run.report());
    assert!(codes.contains(&"\"source-id-not-translated\"".to_owned()), "{run}");
    assert!(codes.contains(&"\"org-unit-value-unmapped\"".to_owned()), "{run}");
    let cells = trial.ok("runs cells last --format csv").stdout;
    assert!(cells.contains("Pays / Nord"), "the org unit is named\n{cells}");
    assert_eq!(stored(&trial, "UNIT"), Some(target));
    assert_eq!(stored(&trial, "TEXT").as_deref(), Some("abcdefghijk"));
    for code in ["UNIT2", "FILE", "IMAGE", "USER", "REF"] {
        assert_eq!(stored(&trial, code), None, "{code}");
    }
    // A script that gives values back as they are says that both servers have the same ids.
    trial.xfer.file("same.rhai", "fn value(v, ctx) { v }\n");
    trial.ok("script attach same.rhai --job j");
    let run = trial.run("run r").expect_code(3);
    assert_eq!(stored(&trial, "FILE").as_deref(), Some("abcdefghijk"), "{run}");
    assert_eq!(stored(&trial, "USER").as_deref(), Some("anne"));
    assert_eq!(stored(&trial, "UNIT2"), None, "an org unit that the destination does not have\n{run}");
}

/// A project that ended in June, in a data set that stays open for two periods more.
fn project(side: &str, open: i32) -> Country {
    Country::new(side)
        .facilities(&["Centre A"])
        .attribute_combo("Projet", &["P100"])
        .change(
            "categoryOptions",
            "P100",
            json!({"startDate": "2024-01-01T00:00:00.000", "endDate": "2024-06-30T00:00:00.000"}),
        )
        .element("CAS", json!({}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet", "openPeriodsAfterCoEndDate": open}))
}

#[test]
fn a_data_set_may_stay_open_after_an_attribute_option_ends() {
    let months = ["202406", "202407", "202408", "202409"];
    let source = months
        .iter()
        .fold(project("source", 0), |country, month| country.value(["CAS", "", "P100", "Centre A", month], "7"));
    for version in [Profile::V42, Profile::V43, Profile::V44] {
        for (open, taken) in [(0, 1), (2, 3)] {
            let trial = Trial::of_versions(Profile::V42, version, &source, &project("destination", open));
            trial.routine("", &[("CAS.default.P100", "CAS.default.P100")], "202406..202409");
            let run = trial.run("run r --format json").expect_code(3);
            assert_eq!(run.report()["cells"]["held_back"], 4 - taken, "{run}");
            assert_eq!(run.report()["cells"]["rejected"], 0, "{run}");
            assert!(run.stdout.contains("attribute-option-outside-dates"), "{run}");
            for (number, month) in months.iter().enumerate() {
                let value = trial.value(["CAS", "", "P100", "Centre A", month]);
                assert_eq!(value.is_some(), number < taken, "{month}, open for {open}");
            }
        }
    }
}

#[test]
fn a_comment_of_the_options_is_asked_for_where_the_server_asks_for_it() {
    let destination = |side| {
        let country = Country::new(side).facilities(&["Centre A"]).option_set("Remarques", &["estimated"]);
        let set = country.id("optionSets", "Remarques");
        country.element("CAS", json!({"commentOptionSet": {"id": set}})).element("PLAIN", json!({})).data_set(
            "M",
            "Monthly",
            &["CAS", "PLAIN"],
            json!({}),
        )
    };
    let source = destination("source")
        .value(["CAS", "", "", "Centre A", MONTH], "7")
        .value(["PLAIN", "", "", "Centre A", MONTH], "8");
    let trial = Trial::of_versions(Profile::V42, Profile::V43, &source, &destination("destination"));
    trial.routine("", &[("CAS", "CAS"), ("PLAIN", "PLAIN")], MONTH);
    let run = trial.run("run r --format json").expect_code(3);
    assert!(run.stdout.contains("comment-option-unknown"), "{run}");
    assert_eq!((stored(&trial, "CAS"), stored(&trial, "PLAIN").as_deref()), (None, Some("8")));
}
