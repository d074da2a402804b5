//! An empty answer is not a wish to delete: sources that say nothing, in part or at all, through the real program, with
//! the values read back from the destination.

use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher};

use crate::support::country::Country;
use crate::support::findings;
use crate::support::trial::{Trial, id_of};

const UNITS: [&str; 10] = ["Ada", "Bima", "Cota", "Dalo", "Esra", "Fofa", "Goma", "Hako", "Issa", "Jola"];
const MONTHS: [&str; 10] =
    ["202401", "202402", "202403", "202404", "202405", "202406", "202407", "202408", "202409", "202410"];

/// Ten facilities with the data elements A and B.
fn country(side: &str) -> Country {
    let elements =
        ["A", "B"].iter().fold(Country::new(side).facilities(&UNITS), |country, code| country.element(code, json!({})));
    elements.data_set("M", "Monthly", &["A", "B"], json!({}))
}

/// The same with a value of each element at each facility in each of the first so many months.
fn reported(months: usize) -> Country {
    let mut country = country("source");
    for (unit, name) in UNITS.iter().enumerate() {
        for (month, period) in MONTHS.iter().take(months).enumerate() {
            for element in ["A", "B"] {
                country = country.value([element, "", "", name, period], &(1 + unit + month).to_string());
            }
        }
    }
    country
}

/// A routine `r` that deletes, of a job for each data element.
fn two_jobs(months: usize, options: &str) -> Trial {
    let trial = Trial::between(&reported(months), &country("destination"));
    for (job, element) in [("a", "A"), ("b", "B")] {
        trial.ok(&format!("job new {job} --from src --to dst {options}"));
        trial.ok(&format!("job add-item {job} {element} {element}"));
    }
    trial.ok(&format!(
        "routine new r --job a --job b --periods 202401..{} --when-empty delete",
        MONTHS[months.saturating_sub(1)]
    ));
    trial
}

/// The source loses its values of a data element, all or those at so many of its cells.
fn lose(trial: &Trial, element: &str, most: usize) {
    Trial::change(&trial.source, |state| {
        let id = id_of(&state.world, "dataElements", element);
        let mut cells: Vec<_> = state.values.data.keys().filter(|key| key.data_element == id).cloned().collect();
        // One after another by facility, so that no month is emptied.
        cells.sort_by_key(|key| (key.org_unit.clone(), key.period.clone()));
        for key in cells.into_iter().take(most) {
            state.values.data.remove(&key);
        }
    });
}

fn of(trial: &Trial, element: &str) -> usize {
    trial.values().keys().filter(|cell| cell[0] == element).count()
}

#[track_caller]
fn run(trial: &Trial, line: &str, code: i32) -> Value {
    trial.run(&format!("{line} --format json")).expect_code(code).report()
}

#[test]
fn a_job_of_two_that_has_nothing_any_more_is_named_and_loses_nothing() {
    let trial = two_jobs(2, "");
    run(&trial, "run r", 0);
    lose(&trial, "B", usize::MAX);
    Trial::store(&trial.source, ["A", "", "", "Ada", "202401"], Some("77"));
    for line in ["run r --dry-run", "run r", "run r"] {
        let report = run(&trial, line, 3);
        assert_eq!(report["outcome"], "incomplete");
        let empty = findings(&report, "source-empty");
        assert_eq!(empty.len(), 1, "{report:#}");
        assert_eq!((&empty[0]["object"]["kind"], &empty[0]["object"]["name"]), (&json!("job"), &json!("b")));
        assert_eq!(empty[0]["severity"], "error");
        let example = empty[0]["example"].as_str().unwrap();
        assert!(example.contains("src") && example.contains("202401 to 202402"), "{example}");
        assert_eq!(report["cells"]["held_back"], 20);
        assert_eq!(findings(&report, "delete-without-evidence")[0]["count"], 20);
        assert_eq!((of(&trial, "A"), of(&trial, "B")), (20, 20), "{line}");
    }
    assert_eq!(trial.value(["A", "", "", "Ada", "202401"]).as_deref(), Some("77"), "the other job goes on");
    let said = trial.run("run r").expect_code(3);
    assert!(said.stdout.contains("source-empty") && said.stdout.contains("job b"), "{said}");
    // Asked about emptiness, the code tells of it: only if there is nothing at all.
    run(&trial, "run r --fail-on-empty", 3);
    run(&trial, "run r --job b --fail-on-empty", 9);
    // However much may go, nothing says that this was meant. By hand it can be.
    trial.ok("routine edit r --max-delete-share 100");
    assert_eq!(run(&trial, "run r", 3)["cells"]["deleted"], 0);
    Trial::change(&trial.destination, |state| {
        let id = id_of(&state.world, "dataElements", "B");
        state.values.data.retain(|key, _| key.data_element != id);
    });
    let told = run(&trial, "run r", 0);
    assert!(findings(&told, "source-empty").is_empty(), "{told:#}");
}

#[test]
fn a_file_deletes_nothing_for_two_sources_that_say_nothing() {
    let trial = two_jobs(2, "");
    trial.xfer.file("passphrase", "correct horse battery staple");
    trial.ok("routine export r --passphrase-file passphrase");
    let exec = "exec r.xfer --passphrase-file passphrase";
    run(&trial, exec, 0);
    trial.source.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::EmptyList);
    for _ in 0..2 {
        let report = run(&trial, exec, 3);
        assert_eq!((findings(&report, "source-empty").len(), of(&trial, "A") + of(&trial, "B")), (3, 40));
    }
    run(&trial, &format!("{exec} --fail-on-empty"), 9);
    trial.source.faults().clear();
    assert_eq!(run(&trial, exec, 0)["cells"]["unchanged"], 40);
}

#[test]
fn a_job_that_is_read_through_analytics_loses_nothing_either() {
    let trial = two_jobs(2, "--read analytics --combine sum");
    run(&trial, "run r", 0);
    lose(&trial, "A", usize::MAX);
    let report = run(&trial, "run r", 3);
    assert_eq!((of(&trial, "A"), &findings(&report, "source-empty")[0]["object"]["name"]), (20, &json!("a")));
}

#[test]
fn a_fifth_may_go_and_more_than_that_is_held_back_as_a_whole() {
    let trial = two_jobs(10, "");
    run(&trial, "run r", 0);
    lose(&trial, "A", 19);
    let report = run(&trial, "run r", 0);
    assert_eq!((report["cells"]["deleted"].as_u64(), of(&trial, "A")), (Some(19), 81), "19 % of a job");
    // 18 of 81 are 22 %.
    lose(&trial, "A", 18);
    let report = run(&trial, "run r", 3);
    let held = findings(&report, "max-delete-share-exceeded");
    assert_eq!((held[0]["count"].as_u64(), of(&trial, "A")), (Some(18), 81), "{report:#}");
    assert!(held[0]["example"].as_str().unwrap().contains("18 of 81 values"), "{report:#}");
    let cells = trial.ok("runs cells last --state held_back --format csv").stdout;
    assert_eq!(cells.matches("max-delete-share-exceeded").count(), 18, "{cells}");
    assert!(findings(&report, "source-empty").is_empty());
    // The rule is the routine's, and goes along in a file.
    trial.xfer.file("passphrase", "correct horse battery staple");
    trial.ok("routine edit r --max-delete-share 25");
    assert!(trial.ok("routine show r").stdout.contains("25 %"));
    trial.ok("routine export r --passphrase-file passphrase");
    trial.ok("routine edit r --max-delete-share 20");
    run(&trial, "run r", 3);
    assert_eq!(run(&trial, "exec r.xfer --passphrase-file passphrase", 0)["cells"]["deleted"], 18);
    assert_eq!((of(&trial, "A"), of(&trial, "B")), (63, 100));
    let _ = trial.run("routine edit r --max-delete-share 101").expect_code(2);
}

#[test]
fn one_value_that_was_withdrawn_is_deleted_as_ever() {
    let trial = Trial::between(&country("source"), &country("destination"));
    for unit in &UNITS[..3] {
        Trial::store(&trial.source, ["A", "", "", unit, "202401"], Some("5"));
    }
    trial.routine("", &[("A", "A")], "202401");
    trial.ok("routine edit r --when-empty delete");
    run(&trial, "run r", 0);
    Trial::store(&trial.source, ["A", "", "", "Ada", "202401"], None);
    assert_eq!(run(&trial, "run r", 0)["cells"]["deleted"], 1, "one of three is a third, and one alone");
    // The last two at once are no such case, and neither is the very last.
    for unit in &UNITS[1..3] {
        Trial::store(&trial.source, ["A", "", "", unit, "202401"], None);
    }
    assert_eq!(run(&trial, "run r", 3)["cells"]["held_back"], 2);
    assert_eq!(of(&trial, "A"), 2);
}

#[test]
fn zeros_are_not_written_over_everything_for_a_source_that_says_nothing() {
    let trial = two_jobs(2, "");
    trial.ok("routine edit r --when-empty zero");
    run(&trial, "run r", 0);
    lose(&trial, "B", usize::MAX);
    let before = trial.values();
    let report = run(&trial, "run r", 3);
    assert_eq!((findings(&report, "delete-without-evidence").len(), trial.values()), (1, before));
    // A part is a zero as ever.
    trial.ok("routine edit r --job a");
    lose(&trial, "A", 2);
    assert_eq!(run(&trial, "run r", 0)["cells"]["updated"], 2);
    assert_eq!(trial.values().values().filter(|value| *value == "0").count(), 2);
}

#[test]
fn cells_that_a_map_forgot_at_once_are_not_deleted_at_once() {
    let trial = two_jobs(1, "");
    run(&trial, "run r", 0);
    let remap = |lost: usize| {
        let mut map = String::from("source_id,destination_id,state\n");
        for (number, unit) in UNITS.iter().enumerate() {
            let id = |sandbox| Trial::change(sandbox, |state| id_of(&state.world, "organisationUnits", unit));
            let (from, to) = (id(&trial.source), id(&trial.destination));
            let row = if number < lost { format!("{from},,ignored\n") } else { format!("{from},{to},confirmed\n") };
            map.push_str(&row);
        }
        trial.xfer.file("map.csv", map);
        trial.ok("orgunit import src dst map.csv");
    };
    remap(3);
    let report = run(&trial, "run r", 3);
    assert_eq!((findings(&report, "max-delete-share-exceeded").len(), of(&trial, "A")), (2, 10), "{report:#}");
    remap(2);
    assert_eq!(run(&trial, "run r", 0)["cells"]["deleted"], 4, "4 of 20");
    assert_eq!((of(&trial, "A"), of(&trial, "B")), (8, 8));
}

#[test]
fn a_copy_without_any_org_unit_is_no_complete_run() {
    let trial = two_jobs(1, "");
    trial.ok("routine edit r --tolerate-unmapped");
    run(&trial, "run r", 0);
    trial.source.faults().add(Matcher::lists("organisationUnits"), Fault::EmptyList);
    let refused = trial.run("server sync src").expect_code(2);
    assert!(refused.stderr.contains("0 org units instead of 12"), "{refused}");
    run(&trial, "run r", 0);
    trial.ok("server sync src --accept-shrink");
    for _ in 0..2 {
        let report = run(&trial, "run r", 3);
        assert_eq!((&report["outcome"], of(&trial, "A")), (&json!("incomplete"), 10));
        assert!(!findings(&report, "source-org-unit-unknown").is_empty(), "{report:#}");
    }
}

#[test]
fn periods_that_nobody_has_reported_yet_are_no_alarm() {
    let trial = two_jobs(1, "");
    run(&trial, "run r", 0);
    let report = run(&trial, "run r --periods 202412", 0);
    let empty = findings(&report, "source-empty");
    assert_eq!((empty.len(), &empty[0]["severity"]), (1, &json!("warning")), "{report:#}");
    run(&trial, "run r --periods 202412 --fail-on-empty", 9);
}
