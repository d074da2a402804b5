//! Category options that a user may not see, from the sync to the run: nothing is taken for empty, nothing is deleted, and
//! what is held back is held back by name, on either side and by every version's way of hiding them.

use serde_json::{Value, json};
use xfer_sandbox::profile::Profile;

use crate::support::Output;
use crate::support::country::Country;
use crate::support::trial::Trial;

/// How the letters of sharing say that an option is not shown at all.
const HIDDEN: &str = "--------";

/// A data set by project, of a data element by sex: two options may be hidden without being a third of all.
fn country(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Centre A"])
        .combo("Sexe", &["F", "M"])
        .attribute_combo("Projet", &["P100", "P200", "P300"])
        .element("CAS", json!({"categoryCombo": "Sexe"}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
}

fn filled(side: &str) -> Country {
    ["P100", "P200", "P300"]
        .iter()
        .fold(country(side), |country, project| country.value(["CAS", "F", project, "Centre A", "202401"], "4"))
}

const CELL: [&str; 5] = ["CAS", "F", "P200", "Centre A", "202401"];

/// One item for each project.
fn routine(trial: &Trial) {
    let items = ["CAS.F.P100", "CAS.F.P200", "CAS.F.P300"].map(|item| (item, item));
    trial.routine("", &items, "202401");
    trial.ok("routine edit r --when-empty delete");
}

fn objects(output: &Output, code: &str) -> Vec<Value> {
    let report = output.report();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|finding| finding["code"] == code).map(|finding| finding["object"]["name"].clone()).collect()
}

#[test]
fn an_option_that_is_hidden_after_a_good_run_empties_nothing() {
    for profile in Profile::ALL {
        let trial = Trial::of_versions(profile, profile, &filled("source"), &country("destination"));
        routine(&trial);
        let _ = trial.run("run r").expect_code(0);
        assert_eq!(trial.value(CELL).as_deref(), Some("4"), "{profile:?}");
        Trial::share(&trial.source, "categoryOptions", "P200", HIDDEN);
        // Before the next sync, and after it.
        for synced in [false, true] {
            if synced {
                let sync = trial.ok("server sync src");
                assert!(sync.stderr.contains("P200") && sync.stderr.contains("share"), "{profile:?}\n{sync}");
                let check = trial.run("job check j --offline");
                assert!(check.stdout.contains("source-not-readable"), "{profile:?}\n{check}");
                assert!(check.stdout.contains("P200") && !check.stdout.contains("no problems in the items"), "{check}");
            }
            let run = trial.run("run r --format json");
            assert_eq!(run.code, 3, "{profile:?}\n{run}");
            assert_eq!(run.report()["cells"]["held_back"], 1, "{profile:?}\n{run}");
            assert_eq!(run.report()["cells"]["deleted"], 0, "{profile:?}\n{run}");
            assert_eq!(objects(&run, "source-not-readable"), ["P200"], "{profile:?}\n{run}");
            assert_eq!(trial.value(CELL).as_deref(), Some("4"), "{profile:?}");
        }
        Trial::share(&trial.source, "categoryOptions", "P200", "rwrw----");
        trial.ok("server sync src");
        let _ = trial.run("run r").expect_code(0);
    }
}

#[test]
fn an_option_that_was_never_shown_is_named_by_match_check_and_run() {
    for profile in [Profile::V42, Profile::V43, Profile::V44] {
        let trial = Trial::of_versions(profile, profile, &filled("source"), &country("destination"));
        Trial::share(&trial.source, "categoryOptions", "P200", HIDDEN);
        // Another home has never seen it.
        trial.ok("server remove src --cascade --yes");
        let url = trial.source.url().to_owned();
        trial.ok(&format!("server add src {url} --username reader --password-file password"));
        trial.ok("server sync src");
        trial.ok("orgunit import src dst units.csv");
        trial.ok("job new j --from src --to dst");
        let auto = trial.ok("job auto j --data-element CAS --accept sure");
        assert!(!auto.stderr.contains("has no attribute option combo that matches"), "{profile:?}\n{auto}");
        let check = trial.run("job check j --offline");
        assert!(check.stdout.contains("not-readable") && check.stdout.contains("P200"), "{profile:?}\n{check}");
        assert!(!check.stdout.contains("no problems in the items"), "{profile:?}\n{check}");
        let is_matched = check.stdout.contains("source-not-readable");
        assert_eq!(auto.stderr.contains("may not be read at the source"), !is_matched, "{profile:?}\n{auto}\n{check}");
        trial.ok("routine new r --job j --periods 202401");
        trial.ok("routine edit r --when-empty delete");
        Trial::store(&trial.destination, CELL, Some("77"));
        let run = trial.run("run r --format json");
        assert_eq!(run.code, if is_matched { 3 } else { 0 }, "{profile:?}\n{run}");
        assert_eq!(trial.value(CELL).as_deref(), Some("77"), "{profile:?}\n{run}");
        assert_eq!(trial.value(["CAS", "F", "P100", "Centre A", "202401"]).as_deref(), Some("4"), "{profile:?}\n{run}");
    }
}

#[test]
fn cells_under_an_option_that_is_hidden_from_the_writer_are_not_sent() {
    for profile in Profile::ALL {
        for (option, code) in [("F", "category-option-no-write"), ("P200", "destination-not-readable")] {
            let trial = Trial::of_versions(profile, profile, &filled("source"), &country("destination"));
            routine(&trial);
            Trial::share(&trial.destination, "categoryOptions", option, HIDDEN);
            trial.ok("server sync dst");
            let check = trial.run("job check j --offline");
            assert!(check.stdout.contains(option) && check.stdout.contains(code), "{profile:?}\n{check}");
            trial.destination.ledger().clear();
            let run = trial.run("run r --format json");
            let held = if option == "F" { 3 } else { 1 };
            assert_eq!(run.report()["cells"]["held_back"], held, "{profile:?} {option}\n{run}");
            assert_eq!(run.report()["cells"]["rejected"], 0, "{profile:?} {option}\n{run}");
            assert!(run.report()["findings"].to_string().contains(option), "{profile:?} {option}\n{run}");
            let posts = trial.destination.ledger().matching("POST", "/api/dataValueSets");
            let rows: usize = posts.iter().filter_map(|entry| entry.rows).sum();
            assert_eq!(rows, 3 - held, "{profile:?} {option}: {posts:#?}");
            assert_eq!(trial.value(CELL), None, "{profile:?} {option}");
        }
    }
}
