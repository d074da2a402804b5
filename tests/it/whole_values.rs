//! A cell is written whole or not at all, what may not be read is not empty, and what nothing leads to is named: through
//! the real program, with the values read back from the destination.

use serde_json::{Value, json};

use crate::support::country::Country;
use crate::support::findings;
use crate::support::trial::{Trial, id_of};

fn country(side: &str) -> Country {
    Country::new(side).facilities(&["Centre A", "Centre B", "Centre C"])
}

/// One data set `M` of these elements.
fn with_set(country: Country, period_type: &str, elements: &[&str]) -> Country {
    let with_elements = elements.iter().fold(country, |country, code| country.element(code, json!({})));
    with_elements.data_set("M", period_type, elements, json!({}))
}

/// Reported under projects.
fn by_project(side: &str) -> Country {
    country(side).attribute_combo("Projet", &["P100", "P200"]).element("CAS", json!({})).data_set(
        "M",
        "Monthly",
        &["CAS"],
        json!({"categoryCombo": "Projet"}),
    )
}

/// A run's report, with the exit code that is expected.
#[track_caller]
fn run(trial: &Trial, line: &str, code: i32) -> Value {
    trial.run(&format!("{line} --format json")).expect_code(code).report()
}

#[test]
fn weeks_go_whole_into_the_month_with_most_of_their_days() {
    let trial = Trial::of_case("05");
    trial.ok("job new j --from src --to dst --period-type Weekly --to-period-type Monthly --combine sum");
    trial.ok("job add-item j CHOL CHOLM");
    trial.ok("routine new r --job j --periods 202412..202501");
    let report = run(&trial, "run r", 0);
    let month = |period: &str| trial.value(["CHOLM", "", "", "Centre A", period]);
    assert_eq!((month("202412").as_deref(), month("202501").as_deref()), (Some("40"), Some("50")));
    assert_eq!((report["values"]["invalid"].as_u64(), report["cells"]["unchanged"].as_u64()), (Some(0), Some(1)));
    // One week of December asks for all of December, and a week that is missing is noticed.
    trial.ok("job edit j --coverage all");
    assert_eq!(run(&trial, "run r --periods 2024W50", 0)["cells"]["unchanged"], 1);
    Trial::store(&trial.source, ["CHOL", "", "", "Centre A", "2025W1"], None);
    let report = run(&trial, "run r", 3);
    assert_eq!(findings(&report, "coverage-short").len(), 1);
    assert_eq!(month("202501").as_deref(), Some("50"));
}

#[test]
fn two_weeks_that_lie_half_in_each_month_hold_both_back() {
    let source = with_set(country("source"), "BiWeekly", &["A"])
        // 2024-04-22 to 2024-05-05 has nine days of April, 2024-01-29 to 2024-02-11 eleven of February.
        .value(["A", "", "", "Centre A", "2024BiW9"], "1")
        .value(["A", "", "", "Centre A", "2024BiW3"], "2")
        // 2025-08-25 to 2025-09-07 has seven of each; the two weeks before lie in August.
        .value(["A", "", "", "Centre A", "2025BiW18"], "3")
        .value(["A", "", "", "Centre A", "2025BiW17"], "4");
    let destination = with_set(country("destination"), "Monthly", &["A"]);
    let trial = Trial::between(&source, &destination);
    trial.routine(
        "--period-type BiWeekly --to-period-type Monthly --combine sum",
        &[("A", "A")],
        "2024BiW9,2024BiW3,2025BiW17,2025BiW18",
    );
    let report = run(&trial, "run r", 3);
    let month = |period: &str| trial.value(["A", "", "", "Centre A", period]);
    assert_eq!((month("202404").as_deref(), month("202402").as_deref()), (Some("1"), Some("2")));
    assert_eq!((month("202508"), month("202509")), (None, None), "4 without a half of 3 is no month");
    let held = findings(&report, "cell-not-whole");
    assert_eq!(held.len(), 1, "{report:#}");
    let example = held[0]["example"].as_str().unwrap();
    assert!(example.contains("half of 2025BiW18 is in 202508 and half in 202509"), "{example}");
}

#[test]
fn months_of_a_scripts_own_are_whole() {
    let trial = Trial::of_case("14");
    trial.xfer.file(
        "m.rhai",
        "// A month from the 28th of the month before to the 27th.\n\
         fn period(p, ctx) {\n    \
             let month = period(p.start.sub_string(0, 4) + p.start.sub_string(5, 2));\n    \
             if number(p.start.sub_string(8, 2)) >= 28 { month.shift(1) } else { month }\n}\n",
    );
    trial.ok("job new j --from src --to dst --period-type Daily --to-period-type Monthly --combine sum");
    trial.ok("job add-item j CASJ CASM");
    trial.ok("script attach m.rhai --job j");
    trial.ok("routine new r --job j --periods 202407..202408");
    trial.run("run r").expect_code(0);
    let month = |period: &str| trial.value(["CASM", "", "", "Centre A", period]);
    assert_eq!((month("202407").as_deref(), month("202408").as_deref()), (Some("30"), Some("31")));
    assert_eq!(month("202409"), None, "nobody asked for it, and the source has only the beginning");
}

#[test]
fn a_right_that_is_taken_away_is_named_and_deletes_nothing() {
    let source = by_project("source")
        .value(["CAS", "", "P100", "Centre A", "202401"], "3")
        .value(["CAS", "", "P200", "Centre A", "202401"], "40");
    let trial = Trial::between(&source, &by_project("destination"));
    let items = [("CAS.default.P100", "CAS.default.P100"), ("CAS.default.P200", "CAS.default.P200")];
    trial.routine("", &items, "202401");
    trial.ok("routine edit r --when-empty delete");
    run(&trial, "run r", 0);
    Trial::share(&trial.source, "categoryOptions", "P200", "rw------");
    let report = run(&trial, "run r", 3);
    let value = |project: &str| trial.value(["CAS", "", project, "Centre A", "202401"]);
    assert_eq!((value("P100").as_deref(), value("P200").as_deref()), (Some("3"), Some("40")));
    assert_eq!((report["cells"]["held_back"].as_u64(), report["cells"]["deleted"].as_u64()), (Some(1), Some(0)));
    let named = findings(&report, "source-not-readable");
    assert_eq!((named.len(), &named[0]["object"]["name"]), (1, &json!("P200")), "{report:#}");
    // The same when the option is not even shown any more.
    Trial::share(&trial.source, "categoryOptions", "P200", "--------");
    assert_eq!(run(&trial, "run r", 3)["cells"]["deleted"], 0);
    assert_eq!(value("P200").as_deref(), Some("40"));
}

#[test]
fn what_can_no_longer_be_read_has_its_name_and_is_not_taken_for_empty() {
    let source = with_set(country("source"), "Monthly", &["CAS"]).value(["CAS", "", "", "Centre A", "202401"], "30");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["CAS"]));
    trial.routine("", &[("CAS", "CAS")], "202401");
    run(&trial, "run r", 0);
    Trial::share(&trial.source, "dataElements", "CAS", "--------");
    for synced in [false, true] {
        if synced {
            trial.ok("server sync src --accept-shrink");
            let checked = trial.run("job check j --offline --format json");
            let told = checked.json().to_string();
            assert!(told.contains("CAS can no longer be read by reader at src"), "\n{checked}");
            assert!(!told.contains("accept-drift"), "\n{checked}");
        }
        let report = run(&trial, "run r", 3);
        let named = findings(&report, "source-item-missing");
        assert_eq!((named.len(), &named[0]["object"]["name"]), (1, &json!("CAS")), "{report:#}");
        let hint = named[0]["hint"].as_str().unwrap();
        assert!(hint.starts_with("Share the data element with reader at src again"), "{hint}");
        assert_eq!(report["cells"]["held_back"], 1, "{report:#}");
        assert!(findings(&report, "source-empty").is_empty(), "{report:#}");
    }
    trial.xfer.file("passphrase", "correct horse battery staple");
    trial.ok("routine export r --passphrase-file passphrase");
    let report = run(&trial, "exec r.xfer --passphrase-file passphrase", 3);
    assert_eq!(findings(&report, "source-item-missing")[0]["object"]["name"], "CAS", "{report:#}");
    // Shared again, nothing is left of it.
    Trial::share(&trial.source, "dataElements", "CAS", "rwrw----");
    trial.ok("server sync src");
    assert_eq!(run(&trial, "run r", 0)["cells"]["unchanged"], 1);
}

#[test]
fn months_without_any_value_are_named_and_a_run_without_any_is_another_thing() {
    let source = with_set(country("source"), "Monthly", &["CAS"])
        .value(["CAS", "", "", "Centre A", "202401"], "30")
        .value(["CAS", "", "", "Centre A", "202404"], "31");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["CAS"]));
    trial.routine("", &[("CAS", "CAS")], "202401..202404");
    let report = run(&trial, "run r", 0);
    let told = findings(&report, "source-periods-empty");
    assert_eq!((told.len(), &told[0]["example"]), (1, &json!("no values for 202402, 202403")), "{report:#}");
    let report = run(&trial, "run r --periods 202402", 0);
    assert!(findings(&report, "source-periods-empty").is_empty(), "{report:#}");
    assert_eq!(findings(&report, "source-empty").len(), 1);
    assert!(findings(&run(&trial, "run r --periods 202404", 0), "source-periods-empty").is_empty());
}

#[test]
fn what_a_script_adds_into_another_row_is_counted_as_changed_and_dropped() {
    let source = with_set(country("source"), "Monthly", &["CAS"])
        .value(["CAS", "", "", "Centre A", "202401"], "30")
        .value(["CAS", "", "", "Centre B", "202401"], "12");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["CAS"]));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.xfer.file(
        "into.rhai",
        "fn rows(rows, ctx) { let all = rows.map(|r| r.value).sum(); rows.filter(|r| r.org_unit.name == \"Centre A\")\
         .map(|r| r.with_value(all)) }",
    );
    trial.ok("script attach into.rhai --job j");
    let report = run(&trial, "run r", 0);
    let script = &report["scripts"][0];
    assert_eq!((&script["changed"], &script["dropped"]), (&json!(1), &json!(1)), "{report:#}");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("42"));
}

#[test]
fn an_option_that_is_hidden_is_no_drift_and_keeps_its_name() {
    let source = by_project("source").value(["CAS", "", "P200", "Centre A", "202401"], "40");
    let trial = Trial::between(&source, &by_project("destination"));
    trial.routine("", &[("CAS.default.P200", "CAS.default.P200")], "202401");
    run(&trial, "run r", 0);
    Trial::share(&trial.source, "categoryOptions", "P200", "--------");
    trial.ok("server sync src --accept-shrink");
    let checked = trial.run("job check j --offline --format json");
    let told = checked.json().to_string();
    assert!(!told.contains("item-options-changed") && !told.contains("accept-drift"), "\n{checked}");
    let report = run(&trial, "run r", 3);
    assert_eq!(findings(&report, "source-not-readable")[0]["object"]["name"], "P200", "{report:#}");
}

#[test]
fn a_file_asks_about_rights_as_the_store_does() {
    let source = by_project("source").value(["CAS", "", "P200", "Centre A", "202401"], "40");
    let trial = Trial::between(&source, &by_project("destination"));
    trial.routine("", &[("CAS.default.P200", "CAS.default.P200")], "202401");
    trial.ok("routine edit r --when-empty delete");
    trial.xfer.file("passphrase", "correct horse battery staple");
    trial.ok("routine export r --passphrase-file passphrase");
    trial.ok("exec r.xfer --passphrase-file passphrase");
    Trial::share(&trial.source, "categoryOptions", "P200", "rw------");
    let report = run(&trial, "exec r.xfer --passphrase-file passphrase", 3);
    assert_eq!(report["cells"]["held_back"], 1);
    assert_eq!(trial.value(["CAS", "", "P200", "Centre A", "202401"]).as_deref(), Some("40"));
}

#[test]
fn a_total_without_an_unreadable_part_is_no_total() {
    let source = by_project("source")
        .value(["CAS", "", "P100", "Centre A", "202401"], "3")
        .value(["CAS", "", "P200", "Centre A", "202401"], "40");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["CAS"]));
    trial.routine("--combine sum", &[("CAS", "CAS")], "202401");
    run(&trial, "run r", 0);
    let total = || trial.value(["CAS", "", "", "Centre A", "202401"]);
    assert_eq!(total().as_deref(), Some("43"));
    Trial::share(&trial.source, "categoryOptions", "P200", "rw------");
    Trial::store(&trial.source, ["CAS", "", "P100", "Centre A", "202401"], Some("5"));
    assert_eq!(run(&trial, "run r", 3)["cells"]["held_back"], 1);
    assert_eq!(total().as_deref(), Some("43"), "neither 5 nor 3");
}

#[test]
fn what_stands_unreadable_at_the_destination_is_not_overwritten() {
    let source = by_project("source").value(["CAS", "", "P200", "Centre A", "202401"], "40");
    let destination = by_project("destination").value(["CAS", "", "P200", "Centre A", "202401"], "77");
    let trial = Trial::between(&source, &destination);
    trial.routine("", &[("CAS.default.P200", "CAS.default.P200")], "202401");
    Trial::share(&trial.destination, "categoryOptions", "P200", "rw-w----");
    let report = run(&trial, "run r", 3);
    assert_eq!(findings(&report, "destination-not-readable")[0]["object"]["name"], "P200", "{report:#}");
    assert_eq!(trial.value(["CAS", "", "P200", "Centre A", "202401"]).as_deref(), Some("77"));
}

#[test]
fn the_cells_of_a_unit_that_was_mapped_anew_are_leftover() {
    let source = with_set(country("source"), "Monthly", &["A", "B"])
        .value(["A", "", "", "Centre A", "202401"], "5")
        .value(["B", "", "", "Centre A", "202401"], "6")
        .value(["A", "", "", "Centre A", "202402"], "7");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["A", "B"]));
    trial.routine("", &[("A", "A"), ("B", "B")], "202401..202402");
    run(&trial, "run r", 0);
    let id = |name: &str, sandbox| Trial::change(sandbox, |state| id_of(&state.world, "organisationUnits", name));
    let map = format!(
        "source_id,destination_id,state\n{},{},confirmed\n{},,ignored\n",
        id("Centre A", &trial.source),
        id("Centre B", &trial.destination),
        id("Centre B", &trial.source)
    );
    trial.xfer.file("map.csv", map);
    trial.ok("orgunit import src dst map.csv");
    trial.ok("job remove-item j 2");
    let report = run(&trial, "run r", 0);
    let leftover = findings(&report, "leftover");
    assert_eq!(leftover.iter().filter_map(|finding| finding["count"].as_u64()).sum::<u64>(), 3, "{report:#}");
    assert!(leftover.iter().any(|finding| finding["example"].as_str().unwrap().contains("Centre A in 202401")));
    let at = |element: &str, unit: &str, period: &str| trial.value([element, "", "", unit, period]);
    assert_eq!(
        (at("A", "Centre A", "202401").as_deref(), at("A", "Centre B", "202401").as_deref()),
        (Some("5"), Some("5"))
    );
    // A part of the routine's periods is no reason to take the rest for leftover, nor to delete it.
    trial.ok("routine edit r --when-empty delete");
    Trial::store(&trial.destination, ["B", "", "", "Centre A", "202401"], Some("66"));
    assert_eq!(run(&trial, "run r --periods 202402", 0)["cells"]["deleted"], 1);
    assert_eq!(at("A", "Centre A", "202401").as_deref(), Some("5"));
    trial.ok("routine edit r --max-delete 0");
    assert_eq!(run(&trial, "run r", 0)["cells"]["deleted"], 0);
    trial.ok("routine edit r --max-delete 10");
    let report = run(&trial, "run r", 0);
    assert_eq!(report["cells"]["deleted"], 1, "{report:#}");
    assert_eq!(at("A", "Centre A", "202401"), None);
    assert_eq!(at("A", "Centre B", "202401").as_deref(), Some("5"));
    assert_eq!(at("B", "Centre A", "202401").as_deref(), Some("66"), "somebody else changed it");
    assert!(findings(&run(&trial, "run r", 0), "leftover").is_empty());
}

#[test]
fn a_zero_leaves_a_foreign_value_alone() {
    let element = |side: &str| {
        country(side).element("Z", json!({"zeroIsSignificant": false})).data_set("M", "Monthly", &["Z"], json!({}))
    };
    let source = element("source").value(["Z", "", "", "Centre A", "202401"], "0");
    let destination = element("destination").value(["Z", "", "", "Centre A", "202401"], "9");
    let trial = Trial::between(&source, &destination);
    trial.routine("", &[("Z", "Z")], "202401");
    for options in ["--when-empty keep --max-delete 0", "--when-empty delete --max-delete 10"] {
        trial.ok(&format!("routine edit r {options}"));
        let report = run(&trial, "run r", 0);
        assert_eq!((report["cells"]["zero_skipped"].as_u64(), report["cells"]["deleted"].as_u64()), (Some(1), Some(0)));
        assert_eq!(findings(&report, "zero-kept").len(), 1);
        assert_eq!(trial.value(["Z", "", "", "Centre A", "202401"]).as_deref(), Some("9"), "{options}");
    }
}

#[test]
fn comments_go_along_if_the_job_says_so() {
    let cell = ["A", "", "", "Centre A", "202401"];
    let source = with_set(country("source"), "Monthly", &["A"])
        .row(cell, json!({"value": "5", "comment": "from the register", "followup": true}));
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["A"]));
    trial.routine("", &[("A", "A")], "202401");
    let report = run(&trial, "run r", 0);
    assert_eq!(findings(&report, "source-comments-not-moved")[0]["count"], 1);
    assert!(trial.row(cell).unwrap()["comment"].is_null());
    trial.ok("job edit j --comments copy");
    assert!(trial.ok("job show j").stdout.contains("copy comments"));
    let report = run(&trial, "run r", 0);
    assert_eq!(
        (report["cells"]["updated"].as_u64(), findings(&report, "source-comments-not-moved").len()),
        (Some(1), 0)
    );
    let row = trial.row(cell).unwrap();
    assert_eq!((&row["comment"], &row["followup"]), (&json!("from the register"), &json!(true)));
    assert_eq!(run(&trial, "run r", 0)["cells"]["unchanged"], 1);
}

#[test]
fn a_corrected_shift_takes_its_old_values_back() {
    let source = with_set(country("source"), "Monthly", &["A"])
        .value(["A", "", "", "Centre A", "202401"], "10")
        .value(["A", "", "", "Centre A", "202402"], "20");
    let trial = Trial::between(&source, &with_set(country("destination"), "Monthly", &["A"]));
    trial.routine("", &[("A", "A")], "202401,202402");
    run(&trial, "run r", 0);
    let at = |period: &str| trial.value(["A", "", "", "Centre A", period]);
    let warned = trial.ok("job edit j --shift 1");
    assert!(warned.stdout.contains("leftover") || warned.stderr.contains("leftover"), "said before the run");
    let kept = run(&trial, "run r", 0);
    assert_eq!(findings(&kept, "leftover")[0]["count"], 1, "{kept:#}");
    assert_eq!((at("202401").as_deref(), at("202402").as_deref()), (Some("10"), Some("10")));
    trial.ok("routine edit r --when-empty delete");
    assert_eq!(run(&trial, "run r", 0)["cells"]["deleted"], 1);
    assert_eq!((at("202401"), at("202402").as_deref(), at("202403").as_deref()), (None, Some("10"), Some("20")));
    assert!(findings(&run(&trial, "run r", 0), "leftover").is_empty());
}

#[test]
fn a_script_does_not_move_values_between_periods_in_rows() {
    let mut source = with_set(country("source"), "Monthly", &["M", "LATE", "T"]);
    for month in 1..=6 {
        let period = format!("2024{month:02}");
        source = source
            .value(["M", "", "", "Centre A", &period], "1")
            .value(["LATE", "", "", "Centre A", &period], &(100 + month).to_string())
            .value(["M", "", "", "Centre B", &period], "1");
    }
    let destination = with_set(country("destination"), "Monthly", &["M", "LATE", "T"]);
    let destination = destination.value(["T", "", "", "Centre A", "202403"], "101");
    let trial = Trial::between(&source, &destination);
    trial.routine("--combine sum", &[("M", "T"), ("LATE", "T")], "202402..202403");
    let late = "r.data.code == \"LATE\"";
    let changed = format!(
        "fn rows(rows, ctx) {{ rows.filter(|r| !({late}) || r.period > period(\"202402\"))\
         .map(|r| {{ if {late} {{ r.period = r.period.shift(-1); }} r }}) }}"
    );
    let anew = format!(
        "fn rows(rows, ctx) {{ rows.map(|r| if {late} {{ row(#{{ data: r.data, coc: r.coc, aoc: r.aoc, \
         org_unit: r.org_unit, period: r.period.shift(-1), value: r.value }}) }} else {{ r }}) }}"
    );
    let month = |unit: &str, period: &str| trial.value(["T", "", "", unit, period]);
    for script in [changed, anew] {
        trial.xfer.file("late.rhai", &script);
        trial.ok("script attach late.rhai --job j");
        let report = run(&trial, "run r", 3);
        let held = findings(&report, "cell-not-whole");
        let held = held.first().unwrap_or_else(|| panic!("{script}\n{report:#}"));
        assert!(held.to_string().contains("fn period"), "it says what to do {report:#}");
        assert_eq!(month("Centre A", "202403").as_deref(), Some("101"), "{script}");
        assert_eq!(month("Centre A", "202402"), None, "{script}");
        assert_eq!(month("Centre B", "202403").as_deref(), Some("1"), "nothing was moved there");
        assert!(findings(&report, "source-period-unusable").is_empty(), "{report:#}");
    }
    // A copy beside its row is an addition, whichever stands first.
    trial.xfer.file(
        "late.rhai",
        "fn rows(rows, ctx) { let more = rows.filter(|r| r.data.code == \"M\" && r.period == period(\"202402\"))\
         .map(|r| r.copy(#{ period: r.period.shift(1), value: 5 })); more + rows.filter(|r| \
         r.data.code == \"M\" && r.period == period(\"202402\")) }",
    );
    trial.ok("script attach late.rhai --job j");
    run(&trial, "run r", 0);
    assert_eq!(month("Centre A", "202402").as_deref(), Some("1"));
    assert_eq!(month("Centre A", "202403").as_deref(), Some("5"));
    // The hook that is asked about the periods reads all of them; what only one of the items reaches waits.
    trial.ok("script detach late.rhai --job j");
    trial
        .xfer
        .file("late.rhai", "fn period(p, ctx) { if ctx.item.source.code == \"LATE\" { p.shift(-1) } else { p } }");
    trial.ok("script attach late.rhai --job j");
    assert!(!findings(&run(&trial, "run r", 3), "cell-not-whole").is_empty());
    assert_eq!(month("Centre A", "202402").as_deref(), Some("104"));
    assert_eq!(month("Centre A", "202403").as_deref(), Some("5"));
}
