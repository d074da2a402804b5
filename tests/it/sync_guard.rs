//! A sync that would lose a country: what a server lists is taken over whole, and only if it can be right.

use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;

use crate::support::country::Country;
use crate::support::says;
use crate::support::trial::{Trial, ask, id_of};

/// Six facilities, a data set of five data elements.
pub(crate) fn country(side: &str) -> Country {
    let codes = ["A", "B", "C", "D", "E"];
    let country = Country::new(side).facilities(&["Un", "Deux", "Trois", "Quatre", "Cinq", "Six"]);
    codes.iter().fold(country, |country, code| country.element(code, serde_json::json!({}))).data_set(
        "M",
        "Monthly",
        &codes,
        serde_json::json!({}),
    )
}

fn trial() -> Trial {
    Trial::between(&country("source"), &country("destination"))
}

/// What the copy of the source holds of a type.
pub(crate) fn kept(trial: &Trial, what: &str) -> String {
    let shown = trial.ok("server show src --format json").json();
    shown[what.replace(' ', "_")].to_string()
}

#[test]
fn a_server_that_lists_nothing_does_not_empty_its_copy() {
    let trial = trial();
    let before = kept(&trial, "org units");
    trial.source.faults().add(Matcher::every("GET", "/api/organisationUnits"), Fault::EmptyList);
    let output = trial.run("server sync --all");
    says(&output, 2, &["src", "0 org units instead of 8", "--accept-shrink"]);
    assert_eq!(kept(&trial, "org units"), before);
    assert!(output.stdout.contains("dst"), "the other server was copied\n{output}");
    says(&trial.run("server sync src --yes"), 2, &["0 org units instead of 8"]);
    let synced = trial.ok("server sync src --accept-shrink");
    insta::assert_snapshot!(synced.stderr, @"warning: src: 0 org units instead of 8, accepted");
    assert_eq!(kept(&trial, "org units"), "0");
    trial.source.faults().clear();
    trial.ok("server sync src");
    assert_eq!(kept(&trial, "org units"), before);
}

#[test]
fn all_types_of_a_sync_are_taken_over_together_or_none() {
    let trial = trial();
    Trial::change(&trial.source, |state| {
        for code in ["A", "B"] {
            let id = id_of(&state.world, "dataElements", code);
            state.world.remove("dataElements", &id);
        }
        let unit = id_of(&state.world, "organisationUnits", "Six");
        state.world.get_mut("organisationUnits", &unit).unwrap().insert("name".into(), "Renamed".into());
    });
    says(&trial.run("server sync src"), 2, &["3 data elements instead of 5"]);
    assert_eq!(kept(&trial, "data elements"), "5");
    let unmapped = trial.ok("orgunit list src dst --format json").stdout;
    assert!(unmapped.contains("Six") && !unmapped.contains("Renamed"), "{unmapped}");
    trial.ok("server sync src --accept-shrink");
    assert_eq!(kept(&trial, "data elements"), "3");
    // One in three fewer is not more than a third.
    Trial::change(&trial.source, |state| {
        let id = id_of(&state.world, "dataElements", "C");
        state.world.remove("dataElements", &id);
    });
    trial.ok("server sync src");
    assert_eq!(kept(&trial, "data elements"), "2");
}

#[test]
fn a_list_that_comes_short_is_asked_for_again_and_never_believed() {
    let trial = trial();
    trial.source.faults().add(Matcher::every("GET", "/api/dataElements").first(2), Fault::ShortList { missing: 1 });
    trial.ok("server sync src");
    assert_eq!(kept(&trial, "data elements"), "5");
    trial.source.faults().clear();
    trial.source.faults().add(Matcher::every("GET", "/api/dataElements"), Fault::ShortList { missing: 1 });
    let output = trial.run("server sync src --accept-shrink");
    says(&output, 5, &["the list of dataElements is not complete", "counts 5 and lists 4", "old copy is kept"]);
    assert_eq!(kept(&trial, "data elements"), "5");
}

#[test]
fn what_cannot_be_used_is_named() {
    let trial = trial();
    Trial::change(&trial.source, |state| {
        let id = id_of(&state.world, "dataSets", "M");
        let mut odd = state.world.get("dataSets", &id).unwrap().clone();
        odd.insert("id".into(), "DstTwoYear1".into());
        odd.insert("name".into(), "Every two years".into());
        odd.insert("periodType".into(), "TwoYearly".into());
        state.world.add("dataSets", odd);
    });
    let synced = trial.ok("server sync src");
    insta::assert_snapshot!(synced.stderr, @"warning: src: dataSets `DstTwoYear1` (Every two years) was left out: `TwoYearly` is not a DHIS2 period type");
}

#[test]
fn a_list_without_a_count_is_not_believed() {
    let trial = trial();
    for pager in [true, false] {
        let fault = Fault::UncountedList { missing: 1, pager };
        trial.source.faults().add(Matcher::every("GET", "/api/dataElements"), fault);
        let output = trial.run("server sync src --accept-shrink");
        says(&output, 5, &["the list of dataElements is not complete", "does not say how many", "old copy is kept"]);
        assert_eq!(kept(&trial, "data elements"), "5");
        trial.source.faults().clear();
        // A page without a pager is taken for the only one.
        let once = if pager { 2 } else { 1 };
        trial.source.faults().add(Matcher::every("GET", "/api/dataElements").first(once), fault);
        trial.ok("server sync src");
        trial.source.faults().clear();
    }
}

/// The lists that a sync of the source reads, as it asked for them.
pub(crate) fn lists(trial: &Trial) -> Vec<String> {
    trial.source.ledger().clear();
    trial.ok("server sync src");
    let asked = trial.source.ledger().matching("GET", "/api/").into_iter().map(|entry| entry.target);
    asked.filter(|target| target.contains("page=1&") || target.ends_with("page=1")).collect()
}

/// 2.44 answers lists of simple fields by its gist engine, which loses objects: `gist=false` keeps every one of them
/// away, and these are the ones that need it.
#[test]
fn every_list_is_kept_away_from_the_engine_that_loses_objects() {
    for profile in Profile::ALL {
        let trial = Trial::of_versions(profile, Profile::V43, &country("source"), &country("destination"));
        let mut by_gist = Vec::new();
        for target in lists(&trial) {
            assert!(target.contains("gist=false"), "{target}");
            assert_eq!(ask(&trial.source, "admin", &target)["gist"], serde_json::Value::Null, "{target}");
            let unsaid = target.replace("gist=false", "").replace("?&", "?").replace("&&", "&");
            if ask(&trial.source, "admin", unsaid.trim_end_matches('&'))["gist"] == true {
                by_gist.push(target.split(['/', '?']).nth(2).unwrap().to_owned());
            }
        }
        by_gist.sort();
        let expected: &[&str] = if profile >= Profile::V44 {
            &[
                "categoryOptionCombos",
                "indicators",
                "optionSets",
                "organisationUnitGroups",
                "organisationUnitLevels",
                "programIndicators",
            ]
        } else {
            &[]
        };
        assert_eq!(by_gist, expected, "{}", profile.name());
    }
}

#[test]
fn a_list_of_the_engine_that_loses_objects_is_not_believed() {
    let (source, destination) = (country("source"), country("destination"));
    let trial = Trial::of_versions(Profile::V44, Profile::V43, &source, &destination);
    Trial::change(&trial.source, |state| state.settings.ignores_gist_switch = true);
    says(&trial.run("server sync src"), 2, &["gist API", "`gist=false`", "old copy is kept"]);
    Trial::change(&trial.source, |state| state.settings.ignores_gist_switch = false);
    trial.ok("server sync src");
}

#[test]
fn an_empty_answer_to_a_list_is_temporary_and_no_matter_of_org_units() {
    let trial = trial();
    trial.source.faults().add(Matcher::every("GET", "/api/dataSets"), Fault::EmptyOk);
    let output = trial.run("server sync src");
    says(&output, 5, &["the list of dataSets", "old copy is kept"]);
    assert!(!output.stderr.contains("data view"), "{output}");
}

#[test]
fn what_is_missing_above_org_units_is_named_and_takes_nothing_with_it() {
    let source = country("source").value(["A", "", "", "Un", "202401"], "3").value(["A", "", "", "Six", "202401"], "4");
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("", &[("A", "A")], "202401");
    let unlisted = Trial::change(&trial.source, |state| {
        let id = id_of(&state.world, "organisationUnits", "Nord");
        let unit = state.world.get("organisationUnits", &id).unwrap().clone();
        state.world.remove("organisationUnits", &id);
        unit
    });
    let output = trial.run("server sync src");
    says(&output, 2, &["Nord", "and 5 others stand below", "nothing was saved", "--accept-shrink"]);
    assert_eq!(kept(&trial, "org units"), "8");
    trial.ok("server sync src --accept-shrink");
    assert_eq!(kept(&trial, "org units"), "7");
    // The list left it out; the server's tree has it.
    Trial::change(&trial.source, |state| state.world.add("organisationUnits", unlisted));
    let _ = trial.run("run r").expect_code(0);
    assert_eq!(trial.value(["A", "", "", "Un", "202401"]).as_deref(), Some("3"));
    assert_eq!(trial.value(["A", "", "", "Six", "202401"]).as_deref(), Some("4"));
}

#[test]
fn what_cannot_be_read_is_missing() {
    let trial = trial();
    Trial::change(&trial.source, |state| {
        let id = id_of(&state.world, "dataElements", "E");
        let mut odd = state.world.get("dataElements", &id).unwrap().clone();
        odd.insert("id".into(), "not-an-id".into());
        odd.insert("name".into(), "Odd one".into());
        state.world.add("dataElements", odd);
    });
    says(&trial.run("server sync src"), 2, &["(Odd one)", "was left out", "--accept-shrink"]);
    trial.ok("server sync src --accept-shrink");
}

#[test]
fn long_and_wild_values_are_shown_short_and_types_that_can_fit_are_tried() {
    let long = format!("{}\u{1b}\n", "x".repeat(40_000));
    let typed = |country: Country, types: [&str; 3]| {
        let codes = ["M1", "M2", "M3"];
        let country = codes.iter().zip(types).fold(country, |country, (code, value_type)| {
            country.element(code, serde_json::json!({"valueType": value_type, "aggregationType": "NONE"}))
        });
        country.data_set("Mixed", "Monthly", &codes, serde_json::json!({}))
    };
    let source = typed(country("source"), ["TEXT", "URL", "BOOLEAN"])
        .value(["M1", "", "", "Un", "202401"], &long)
        .value(["M2", "", "", "Un", "202401"], "https://example.org");
    let destination = typed(country("destination"), ["EMAIL", "URL", "DATE"]);
    let trial = Trial::between(&source, &destination);
    Trial::store(&trial.source, ["M2", "", "", "Un", "202401"], Some("no address"));
    trial.routine("", &[("M1", "M1"), ("M2", "M2"), ("M3", "M3")], "202401");
    let output = trial.run("job check j --periods 202401").expect_code(3);
    for words in ["values-refused", "value-type-mismatch", "yes/no values", "no address", "x…"] {
        assert!(output.stdout.contains(words) || output.stderr.contains(words), "`{words}` is missing\n{output}");
    }
    assert!(output.stdout.len() + output.stderr.len() < 10_000, "{output}");
    let run = trial.run("run r");
    assert!(run.code != 70, "{run}");
    let cells = trial.ok("runs cells last");
    assert!(!cells.stdout.contains(&"x".repeat(100)) && !cells.stdout.contains('\u{1b}'), "{cells}");
}

#[test]
fn a_file_that_is_not_there_is_said_before_its_key_is_asked_for() {
    let xfer = crate::support::Xfer::new();
    says(&xfer.run("exec nix.xfer"), 10, &["nix.xfer"]);
}

#[test]
fn a_version_that_nobody_knows_is_taken_for_the_newest_known_and_that_is_said() {
    let source = country("source").value(["A", "", "", "Un", "202401"], "3");
    let trial = Trial::of_versions(Profile::V42, Profile::V44, &source, &country("destination"));
    trial.routine("", &[("A", "A")], "202401");
    let known = trial.run("server test dst");
    assert!(!known.stderr.contains("version-untested"), "{known}");
    for newer in ["43.0", "3.0.0", "2.99999999", "2.47.1"] {
        Trial::change(&trial.destination, |state| state.settings.version = Some(newer.into()));
        let tested = trial.run("server test dst").expect_code(0);
        assert!(tested.stderr.contains(&format!("{newer} is treated like 2.44")), "{tested}");
        trial.ok("server sync dst");
    }
    let run = trial.run("run r --format json");
    let report = run.report();
    let told = report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "version-untested");
    assert!(told.is_some_and(|finding| finding["example"].to_string().contains("treated like 2.44")), "{run}");
    assert_eq!(trial.value(["A", "", "", "Un", "202401"]).as_deref(), Some("3"), "{run}");
}

#[test]
fn patches_count_where_a_fault_was_mended() {
    let windows = serde_json::json!({"dataInputPeriods": [
        {"period": {"id": "202401"}, "openingDate": "2024-01-01T00:00:00.000", "closingDate": "2124-01-01T00:00:00.000"},
    ]});
    let source = ["202401", "202402"]
        .iter()
        .fold(country("source"), |country, month| country.value(["A", "", "", "Un", month], "3"));
    for (profile, version, written) in
        [(Profile::V43, None, false), (Profile::V44, Some("2.43.2"), true), (Profile::V44, None, true)]
    {
        let destination = country("destination").change("dataSets", "M", windows.clone());
        let trial = Trial::of_versions(Profile::V42, profile, &source, &destination);
        Trial::change(&trial.destination, |state| state.settings.version = version.map(str::to_owned));
        trial.routine("", &[("A", "A")], "202401..202402");
        let run = trial.run("run r --format json");
        let found = |code: &str| run.report()["findings"].to_string().contains(&format!("\"{code}\""));
        assert_eq!(found("input-periods-inverted"), !written, "{version:?}: {run}");
        assert!(found("input-period-closed"), "202402 is not listed: {run}");
        assert_eq!(trial.value(["A", "", "", "Un", "202401"]).is_some(), written, "{version:?}: {run}");
    }
}

#[test]
fn a_version_that_is_none_is_named_as_the_server_wrote_it() {
    let trial = trial();
    for strange in ["nonsense", "v2.42.1", "2", "1.4"] {
        Trial::change(&trial.source, |state| state.settings.version = Some(strange.into()));
        for command in ["server test src", "server sync src"] {
            let output = trial.run(command);
            says(&output, 2, &[&format!("`{strange}`"), "does not know"]);
            assert!(!output.stderr.contains("404"), "{output}");
        }
    }
}

#[test]
fn a_test_of_a_server_says_what_is_known_of_its_version() {
    let trial = Trial::of_versions(Profile::V42, Profile::V43, &country("source"), &country("destination"));
    let said = |version: &str| {
        Trial::change(&trial.destination, |state| state.settings.version = Some(version.into()));
        let stderr = trial.ok("server test dst").stderr;
        stderr.lines().filter(|line| line.contains("rules of this version")).map(str::to_owned).collect::<Vec<_>>()
    };
    let has = |said: &[String], words: &str| said.iter().any(|line| line.contains(words));
    for version in ["2.43.0", "2.43.1", "2.43.2", "2.43-SNAPSHOT", "2.44.0"] {
        let said = said(version);
        assert!(has(&said, "lose rows"), "{version}: {said:#?}");
        assert_eq!(
            has(&said, "reversed: open ones are refused"),
            version < "2.43.2" && version > "2.43.",
            "{version}: {said:#?}"
        );
        assert_eq!(has(&said, "its patch version is not known"), version == "2.43-SNAPSHOT", "{version}: {said:#?}");
        assert_eq!(has(&said, "without options"), version == "2.44.0", "{version}: {said:#?}");
    }
    assert!(!trial.ok("server test src").stderr.contains("rules of this version"));
}

/// Every field that a sync asks for, list by list, and whether 2.44 loses objects where its gist engine answers with that
/// field alone: those whose reference may be empty. A new field needs its line here, and what becomes of it.
const FIELDS: [(&str, &str, &[&str]); 11] = [
    ("categoryCombos", "id,code,name,isDefault,categoryOptionCombos[id]", &[]),
    ("categoryOptionCombos", "id,code,name,categoryCombo[id],categoryOptions[id]", &[]),
    ("categoryOptions", "id,code,name,startDate,endDate,organisationUnits[id],access[data]", &[]),
    (
        "dataElements",
        "id,code,name,shortName,valueType,aggregationType,zeroIsSignificant,categoryCombo[id],optionSet[id],\
         commentOptionSet[id],attributeValues[value,attribute[id]]",
        &["optionSet[id]", "commentOptionSet[id]"],
    ),
    (
        "dataSets",
        "id,code,name,periodType,openFuturePeriods,openPeriodsAfterCoEndDate,expiryDays,categoryCombo[id],\
         dataInputPeriods,dataSetElements[dataElement[id],categoryCombo[id]],organisationUnits[id],access[data]",
        &[],
    ),
    (
        "indicators",
        "id,code,name,decimals,numerator,denominator,aggregateExportCategoryOptionCombo,\
         aggregateExportAttributeOptionCombo",
        &[],
    ),
    ("optionSets", "id,code,name,options[id,code,name]", &[]),
    ("organisationUnitGroups", "id,code,name,organisationUnits[id]", &[]),
    ("organisationUnitLevels", "id,level,name", &[]),
    (
        "organisationUnits",
        "id,code,name,shortName,path,openingDate,closedDate,attributeValues[value,attribute[id]]",
        &[],
    ),
    (
        "programIndicators",
        "id,code,name,program[id],aggregationType,decimals,aggregateExportCategoryOptionCombo,\
         aggregateExportAttributeOptionCombo,aggregateExportDataElement",
        &["program[id]"],
    ),
];

/// The fields of a list, split at commas outside of brackets.
fn split(fields: &str) -> Vec<String> {
    let (mut found, mut depth) = (vec![String::new()], 0_usize);
    for letter in fields.chars() {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        match (letter, found.last_mut()) {
            (',', _) if depth == 0 => found.push(String::new()),
            (_, Some(last)) => last.push(letter),
            _ => {}
        }
    }
    found
}

#[test]
fn every_field_of_every_list_is_known_to_lose_objects_or_not() {
    let with_more = |side| {
        country(side)
            .object("programIndicators", "Suivi", serde_json::json!({"expression": "1"}))
            .object("indicators", "Part", serde_json::json!({"numerator": "1", "denominator": "1"}))
            .option_set("Oui", &["oui", "non"])
            .object("organisationUnitGroups", "Dispensaires", serde_json::json!({}))
            .object("organisationUnitLevels", "Pays", serde_json::json!({"level": 1}))
    };
    let trial = Trial::of_versions(Profile::V44, Profile::V43, &with_more("source"), &with_more("destination"));
    let mut asked: Vec<(String, String)> = lists(&trial)
        .iter()
        .map(|target| {
            let plural = target.split(['/', '?']).nth(2).unwrap().to_owned();
            let fields = target.split(['?', '&']).find_map(|pair| pair.strip_prefix("fields=")).unwrap();
            (plural, percent_encoding::percent_decode_str(fields).decode_utf8_lossy().into_owned())
        })
        .collect();
    asked.sort();
    let known: Vec<(String, String)> =
        FIELDS.iter().map(|(plural, fields, _)| ((*plural).to_owned(), (*fields).to_owned())).collect();
    assert_eq!(asked, known, "a field without a line in the table");
    for (plural, fields, losing) in FIELDS {
        for field in split(fields) {
            let list = |switch: &str| {
                let target = format!("/api/{plural}?fields=id,{field}&pageSize=1000{switch}");
                let answer = ask(&trial.source, "admin", &target.replace('[', "%5B").replace(']', "%5D"));
                let listed = answer[plural].as_array().map_or(0, Vec::len) as u64;
                (listed, answer["pager"]["total"].as_u64())
            };
            let (listed, total) = list("&gist=false");
            assert_eq!(Some(listed), total, "{plural}: {field} comes whole when it is asked for as a sync does");
            let (by_gist, total) = list("");
            assert_eq!(by_gist < listed, losing.contains(&field.as_str()), "{plural}: {field}");
            assert_eq!(total, Some(listed), "{plural}: {field}: what the client notices it by");
        }
    }
}
