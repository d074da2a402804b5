//! Lists that lie, on every list that a sync reads: about their total, about their total from page to page, about what
//! stands inside their objects, and answers without any list.

use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;

use crate::support::country::Country;
use crate::support::says;
use crate::support::trial::{Trial, id_of};
use crate::sync_guard::{country, kept, lists};

/// A country of which every list has something.
fn full(side: &str) -> Country {
    country(side)
        .combo("Sexe", &["F", "M"])
        .attribute_combo("Projet", &["P100", "P200"])
        .option_set("Oui", &["oui", "non"])
        .element("F", json!({"categoryCombo": "Sexe", "optionSet": "Oui", "valueType": "TEXT"}))
        .data_set("P", "Monthly", &["F"], json!({"categoryCombo": "Projet"}))
        .option_set("Stock", &["rien", "peu"])
        .object("indicators", "Part", json!({"numerator": "1", "denominator": "1"}))
        .object("indicators", "Taux", json!({"numerator": "1", "denominator": "1"}))
        .object("programIndicators", "Suivi", json!({"expression": "1"}))
        .object("programIndicators", "Perdus", json!({"expression": "1"}))
        .object("organisationUnitGroups", "Dispensaires", json!({}))
        .object("organisationUnitGroups", "Centres", json!({}))
        .object("organisationUnitLevels", "Pays", json!({"level": 1}))
        .object("organisationUnitLevels", "District", json!({"level": 2}))
}

/// The path of every list, with its plural.
fn paths(trial: &Trial) -> Vec<(String, String)> {
    let found: Vec<(String, String)> = lists(trial)
        .into_iter()
        .map(|target| {
            let path = target.split('?').next().unwrap().to_owned();
            let plural = path.rsplit('/').next().unwrap().to_owned();
            (path, plural)
        })
        .collect();
    assert_eq!(found.len(), 11, "{found:#?}");
    found
}

/// How often the list of a path was read from its first page on.
fn readings(trial: &Trial, path: &str) -> usize {
    let asked = trial.source.ledger().matching("GET", path).into_iter();
    let of_it = asked.filter(|entry| entry.target.split('?').next() == Some(path));
    of_it.filter(|entry| entry.target.contains("page=1&")).count()
}

/// The numbers of the copy of the source.
fn counts(trial: &Trial) -> Vec<Value> {
    let shown = trial.ok("server show src --format json").json();
    let counts: Vec<Value> = shown.as_object().unwrap().values().filter(|fact| fact.is_number()).cloned().collect();
    assert!(counts.len() > 5, "{shown:#}");
    counts
}

/// Every list with a fault on all of its pages: the sync fails with these words and code, and the old copy is kept.
#[track_caller]
fn none_is_believed(fault: Fault, code: i32, words: &[&str]) {
    let trial = Trial::between(&full("source"), &full("destination"));
    let before = counts(&trial);
    for (path, plural) in paths(&trial) {
        trial.source.faults().add(Matcher::every("GET", &path), fault);
        trial.source.ledger().clear();
        let output = trial.run("server sync src --accept-shrink");
        let named = format!("the list of {plural} ");
        says(&output, code, &[&[named.as_str(), "old copy is kept"], words].concat());
        assert_eq!(readings(&trial, &path), 2, "{plural} is asked for once more and then given up");
        trial.source.faults().clear();
    }
    assert_eq!(counts(&trial), before, "the old copy is kept");
}

#[test]
fn no_list_may_lie_about_its_total() {
    none_is_believed(Fault::ShortList { missing: 1 }, 5, &["is not complete: the server counts"]);
}

#[test]
fn no_list_may_count_otherwise_from_page_to_page() {
    none_is_believed(Fault::RecountedList { missing: 1 }, 5, &["is not complete: the server counts", ", then "]);
}

#[test]
fn no_answer_without_its_list_is_one() {
    for with_null in [true, false] {
        none_is_believed(Fault::ListTakenOut { with_null }, 5, &["is missing"]);
    }
}

#[test]
fn what_is_deleted_or_made_while_a_list_is_read_costs_a_second_reading_only() {
    for by in [1, -1] {
        let trial = Trial::between(&full("source"), &full("destination"));
        for (path, plural) in paths(&trial) {
            // The second page of the first reading is of a list that has changed.
            trial.source.faults().add(Matcher::every("GET", &path).nth(1), Fault::RecountedList { missing: 1 });
            trial.source.faults().add(Matcher::every("GET", &path).nth(1), Fault::ShiftedPage { by });
            trial.source.ledger().clear();
            trial.ok("server sync src");
            assert_eq!(readings(&trial, &path), 2, "{plural}");
            trial.source.faults().clear();
        }
    }
}

#[test]
fn a_list_that_comes_back_after_a_proxys_answer_is_taken() {
    let trial = Trial::between(&full("source"), &full("destination"));
    for (path, _) in paths(&trial) {
        for fault in [Fault::ListTakenOut { with_null: true }, Fault::ListTakenOut { with_null: false }, Fault::EmptyOk]
        {
            trial.source.faults().add(Matcher::every("GET", &path).first(1), fault);
            trial.ok("server sync src");
            trial.source.faults().clear();
        }
    }
}

#[test]
fn a_list_that_loses_what_stands_inside_is_not_taken_over() {
    let trial = Trial::between(&full("source"), &full("destination"));
    let before = counts(&trial);
    for (plural, lost) in [
        ("dataSets", &["0 data set elements instead of 6", "0 org units of data sets instead of 12"][..]),
        ("optionSets", &["0 options of option sets instead of 4"]),
        ("categoryCombos", &["0 category option combos of category combos instead of 5"]),
        ("categoryOptionCombos", &["0 category options of category option combos instead of"]),
    ] {
        let path = format!("/api/{plural}");
        trial.source.faults().add(Matcher::every("GET", &path), Fault::EmptyInside);
        says(&trial.run("server sync src"), 2, &[lost, &["--accept-shrink"]].concat());
        assert_eq!(counts(&trial), before);
        trial.source.faults().clear();
    }
    trial.source.faults().add(Matcher::lists("optionSets"), Fault::EmptyInside);
    trial.ok("server sync src --accept-shrink");
    trial.ok("server sync src");
}

#[test]
fn a_list_of_options_that_comes_empty_is_no_matter_of_rights() {
    for version in [Profile::V42, Profile::V44] {
        let trial = Trial::of_versions(version, Profile::V43, &full("source"), &full("destination"));
        let before = kept(&trial, "category options");
        trial.source.faults().add(Matcher::every("GET", "/api/categoryOptions"), Fault::EmptyList);
        says(&trial.run("server sync src"), 2, &["0 category options instead of 5", "--accept-shrink"]);
        assert_eq!(kept(&trial, "category options"), before);
        trial.ok("server sync src --accept-shrink");
        assert_eq!(kept(&trial, "category options"), "0", "what stands in for them was not listed");
        // Nor does what stands in count the next time.
        trial.source.faults().clear();
        trial.ok("server sync src");
        for option in ["F", "M"] {
            Trial::share(&trial.source, "categoryOptions", option, "--------");
        }
        let output = trial.run("server sync src");
        says(&output, 2, &["3 category options instead of 5"]);
        assert!(!output.stderr.contains("of category option combos"), "what is hidden explains it\n{output}");
        trial.ok("server sync src --accept-shrink");
        trial.ok("server sync src");
    }
}

#[test]
fn what_others_refer_to_is_listed_or_hidden_by_a_right() {
    for (user, code) in [("reader", 0), ("admin", 2)] {
        let source = full("source");
        let trial = Trial::as_users(&source, user, &full("destination"), "writer");
        let combo = Trial::change(&trial.source, |state| {
            let id = id_of(&state.world, "categoryCombos", "Sexe");
            let combo = state.world.get("categoryCombos", &id).unwrap().clone();
            state.world.remove("categoryCombos", &id);
            combo
        });
        let output = trial.run("server sync src").expect_code(code);
        assert!(output.stderr.contains("the category combo Sexe ("), "{output}");
        assert_eq!(output.stderr.contains("share it with the user"), code == 0, "{output}");
        Trial::change(&trial.source, |state| state.world.add("categoryCombos", combo));
        trial.ok("server sync src");
        // Option combos are shared with nobody.
        Trial::change(&trial.source, |state| {
            let id = id_of(&state.world, "categoryOptionCombos", "F");
            state.world.remove("categoryOptionCombos", &id);
        });
        let output = trial.run("server sync src");
        if output.code != 0 {
            says(&output, 2, &["the category option combo F (", "Sexe refers to"]);
        }
    }
}
