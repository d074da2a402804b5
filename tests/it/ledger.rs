//! The ledger is what the routine wrote and nobody changed since: after kills, lost answers, login pages and the hands of
//! people. What it knows shows in what `--when-empty delete` takes away, and what it leaves.
#![cfg(unix)]

use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher, Mutation};
use xfer_sandbox::profile::Profile;

use crate::support::country::Country;
use crate::support::trial::{Trial, server};

const CENTRES: [&str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

fn name(centre: &str) -> String {
    format!("Centre {centre}")
}

fn country(side: &str) -> Country {
    let names = CENTRES.map(name);
    Country::new(side).facilities(&names.each_ref().map(String::as_str)).element("CAS", json!({})).data_set(
        "M",
        "Monthly",
        &["CAS"],
        json!({}),
    )
}

/// A routine `r` that deletes what the source has no more; ten centres have a 3 in January.
fn ready() -> Trial {
    ready_on(Profile::V43)
}

fn ready_on(to: Profile) -> Trial {
    let source = CENTRES
        .iter()
        .fold(country("source"), |country, centre| country.value(["CAS", "", "", &name(centre), "202401"], "3"));
    let trial = Trial::of_versions(Profile::V42, to, &source, &country("destination"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.ok("routine edit r --when-empty delete");
    trial
}

fn at_source(trial: &Trial, centre: &str, value: Option<&str>) {
    Trial::store(&trial.source, ["CAS", "", "", &name(centre), "202401"], value);
}

fn by_hand(trial: &Trial, centre: &str, value: Option<&str>) {
    Trial::store(&trial.destination, ["CAS", "", "", &name(centre), "202401"], value);
}

fn there(trial: &Trial, centre: &str) -> Option<String> {
    trial.value(["CAS", "", "", &name(centre), "202401"])
}

/// Values of the destination that are this.
fn holding(trial: &Trial, value: &str) -> usize {
    let wanted = Some(value);
    trial.destination.instance().with_state(|state| {
        state.values.data.values().filter(|stored| !stored.deleted && stored.value.as_deref() == wanted).count()
    })
}

/// Kills a run (-9) as soon as all ten centres have the value, before the last answer arrives. Its id.
fn kill_once_written(trial: &Trial, value: &str, posts: usize) -> String {
    trial.destination.faults().add(Matcher::imports().nth(posts - 1), Fault::AnswerStalled);
    let mut running = trial.xfer.command("run r").spawn().unwrap();
    while holding(trial, value) < CENTRES.len() && running.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    trial.destination.faults().clear();
    assert_eq!(holding(trial, value), CENTRES.len(), "the POST was applied");
    trial.ok("runs list --format json").json()[0]["run"].as_str().unwrap().to_owned()
}

fn run(trial: &Trial, code: i32) -> Value {
    trial.run("run r --format json").expect_code(code).json()
}

/// The routine knows each cell as its own: what the source has no more, it deletes.
fn assert_deletes(trial: &Trial, centre: &str) {
    at_source(trial, centre, None);
    let report = run(trial, 0);
    assert_eq!((&report["cells"]["deleted"], &report["recovered"]), (&json!(1), &json!(0)), "{report:#}");
    assert_eq!(there(trial, centre), None);
}

#[test]
fn what_a_killed_run_had_written_is_its_own_and_can_be_told_apart() {
    let trial = ready();
    // The first row of a new month goes alone.
    let killed = kill_once_written(&trial, "3", 2);
    let again = trial.ok("run r");
    assert!(again.stdout.contains("recovered: 10 cells that an interrupted run had written"), "{again}");
    let shown = trial.ok("runs show last");
    assert!(shown.stdout.contains("recovered: 10 cells"), "{shown}");
    let report = trial.ok("runs show last --format json").json();
    assert_eq!((&report["recovered"], &report["cells"]["unchanged"]), (&json!(10), &json!(10)));
    let cells = trial.ok(&format!("runs cells {killed} --format json")).json();
    assert_eq!(cells.as_array().unwrap().len(), 10);
    assert!(cells.as_array().unwrap().iter().all(|cell| cell["state"] == "created" && cell["previous"].is_null()));
    assert_deletes(&trial, "A");
}

#[test]
fn a_killed_update_is_not_somebody_elses() {
    let trial = ready();
    assert_eq!(run(&trial, 0)["recovered"], 0);
    for centre in CENTRES {
        at_source(&trial, centre, Some("5"));
    }
    let killed = kill_once_written(&trial, "5", 1);
    // The source lets go of one before the routine has looked.
    at_source(&trial, "B", None);
    let dry = trial.ok("run r --dry-run --format json").json();
    assert_eq!((&dry["recovered"], &dry["cells"]["deleted"]), (&json!(10), &json!(1)), "{dry:#}");
    let report = run(&trial, 0);
    assert_eq!((&report["recovered"], &report["cells"]["deleted"]), (&json!(0), &json!(1)), "{report:#}");
    assert!(!report.to_string().contains("stale-changed"), "{report:#}");
    let cells = trial.ok(&format!("runs cells {killed} --format json")).json();
    let ends = |cell: &Value| cell["state"] == "updated" && cell["previous"] == "3" && cell["value"] == "5";
    assert!(cells.as_array().unwrap().iter().all(ends), "{cells:#}");
    assert_deletes(&trial, "A");
}

#[test]
fn a_part_of_the_routine_looks_after_what_the_whole_had_sent() {
    let trial = ready();
    kill_once_written(&trial, "3", 2);
    let report = trial.ok("run r --periods 202402 --format json").json();
    assert_eq!((&report["recovered"], &report["cells"]["total"]), (&json!(10), &json!(0)), "{report:#}");
    assert_deletes(&trial, "A");
}

#[test]
fn what_nobody_saw_the_end_of_is_found_by_the_next_run() {
    let trial = ready();
    trial.destination.faults().add(Matcher::imports().nth(1), Fault::AnswerLost);
    let lost = trial.run("run r --no-verify --format json").expect_code(6).json();
    trial.destination.faults().clear();
    // Two POSTs go side by side after the first row of the month.
    let unknown = &lost["cells"]["unknown"];
    assert!(unknown.as_u64().unwrap() > 0, "{lost:#}");
    assert_eq!(lost["cells"]["accepted"].as_u64().unwrap() + unknown.as_u64().unwrap(), 10, "{lost:#}");
    assert_eq!(&run(&trial, 0)["recovered"], unknown);
    assert_deletes(&trial, "A");
}

#[test]
fn an_answer_that_is_a_login_page_is_looked_behind() {
    for fault in [Fault::AppliedUnauthorized, Fault::AppliedRedirect] {
        let trial = ready();
        trial.destination.faults().add(Matcher::imports(), fault);
        let report = run(&trial, 7);
        trial.destination.faults().clear();
        let cells = &report["cells"];
        assert_eq!((&cells["created"], &cells["not_sent"]), (&json!(1), &json!(9)), "{fault:?}: {report:#}");
        let rest = run(&trial, 0);
        assert_eq!((&rest["cells"]["created"], &rest["recovered"]), (&json!(9), &json!(0)), "{fault:?}: {rest:#}");

        // The login is gone for good: not even the look behind it works.
        for centre in CENTRES {
            at_source(&trial, centre, Some("5"));
        }
        trial.destination.faults().add(Matcher::imports(), fault);
        let reads = Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") };
        trial.destination.faults().add(reads, Fault::Unauthorized);
        let report = run(&trial, 7);
        trial.destination.faults().clear();
        // Two POSTs go side by side; the second may still see that the first was turned away.
        let (unknown, not_sent) = (&report["cells"]["unknown"], &report["cells"]["not_sent"]);
        let sent = unknown.as_u64().unwrap();
        assert_eq!(sent + not_sent.as_u64().unwrap(), 10, "{fault:?}: {report:#}");
        assert!(sent > 0 && holding(&trial, "5") as u64 == sent, "{fault:?}: {report:#}");
        let found = run(&trial, 0);
        assert_eq!((&found["recovered"], &found["cells"]["unchanged"]), (unknown, unknown), "{found:#}");
        assert_deletes(&trial, "A");
    }
}

#[test]
fn what_a_person_entered_again_is_not_deleted() {
    for look in ["run r", "run r --dry-run"] {
        for seen in [None, Some("9")] {
            let trial = ready();
            trial.ok("run r");
            at_source(&trial, "A", None);
            by_hand(&trial, "A", seen);
            trial.ok(look);
            by_hand(&trial, "A", Some("3"));
            let report = run(&trial, 0);
            assert_eq!(report["cells"]["deleted"], 0, "{look}, {seen:?}: {report:#}");
            assert_eq!(there(&trial, "A").as_deref(), Some("3"), "{look}, {seen:?}");
            assert!(report.to_string().contains("delete-not-ours"), "{report:#}");
            // The routine writes there again: then it is its own again.
            at_source(&trial, "A", Some("4"));
            assert_eq!(run(&trial, 0)["cells"]["updated"], 1);
            assert_deletes(&trial, "A");
        }
    }
}

/// A list that is empty or cut short, once, as if nothing were wrong: of a server that starts, a proxy, a lost answer.
#[test]
fn one_false_answer_of_the_destination_makes_nothing_forgotten_and_nothing_ours() {
    for (mutation, line) in [
        (Mutation::Document(r#"{"dataValues":[]}"#), "run r --dry-run"),
        (Mutation::HalfOfLists, "run r --dry-run"),
        (Mutation::Document(r#"{"dataValues":[]}"#), "run r"),
        (Mutation::HalfOfLists, "run r"),
    ] {
        let trial = ready();
        // A person was there before, with the very number.
        by_hand(&trial, "J", Some("3"));
        assert_eq!(run(&trial, 0)["cells"]["created"], 9);
        let reads = Matcher::every("GET", "/api/dataValueSets");
        trial.destination.faults().add(reads.first(1), Fault::Malformed(mutation));
        let report = trial.ok(&format!("{line} --format json")).json();
        trial.destination.faults().clear();
        assert_eq!(report["cells"]["unchanged"], 10, "{line}, {mutation:?}: {report:#}");
        at_source(&trial, "J", None);
        let report = run(&trial, 0);
        assert_eq!(report["cells"]["deleted"], 0, "{line}, {mutation:?}: {report:#}");
        assert_eq!(there(&trial, "J").as_deref(), Some("3"));
        assert_deletes(&trial, "A");
    }
}

#[test]
fn a_destination_that_contradicts_itself_is_left_alone() {
    let trial = ready();
    run(&trial, 0);
    let reads = || Matcher::every("GET", "/api/dataValueSets");
    let empty = Mutation::Document(r#"{"dataValues":[]}"#);
    trial.destination.faults().add(reads().first(1), Fault::Malformed(empty));
    trial.destination.faults().add(reads().nth(1), Fault::Malformed(Mutation::HalfOfLists));
    let output = trial.run("run r").expect_code(5);
    trial.destination.faults().clear();
    assert!(output.stdout.contains("gave two different answers to the same request"), "{output}");
    assert_eq!(run(&trial, 0)["cells"]["unchanged"], 10);
    assert_deletes(&trial, "A");
}

#[test]
fn what_really_went_is_let_go() {
    let trial = ready();
    run(&trial, 0);
    for centre in CENTRES {
        by_hand(&trial, centre, None);
    }
    trial.ok("run r --dry-run");
    for centre in CENTRES {
        by_hand(&trial, centre, Some("3"));
    }
    at_source(&trial, "A", None);
    assert_eq!(run(&trial, 0)["cells"]["deleted"], 0, "a person entered them");
}

/// Up to 2.42 a server says that a row which it has already was left alone. Whoever sent it twice knows better.
#[test]
fn what_was_taken_and_answered_with_an_error_stays_ours() {
    let ignored = Mutation::Document(
        r#"{"responseType":"ImportSummary","status":"SUCCESS","importCount":
            {"imported":0,"updated":0,"ignored":1,"deleted":0},"conflicts":[]}"#,
    );
    let statuses = [401, 409, 413, 429, 500, 503].map(Mutation::Status);
    for answer in statuses.into_iter().chain([ignored]) {
        let trial = ready_on(Profile::V41);
        // The first row of a month goes alone.
        let posts = Matcher::imports().first(2);
        trial.destination.faults().add(posts, Fault::Malformed(answer));
        let _ = trial.run("run r");
        trial.destination.faults().clear();
        let report = run(&trial, 0);
        assert_eq!(report["cells"]["rejected"], 0, "{answer:?}: {report:#}");
        for centre in ["A", "J"] {
            assert_deletes(&trial, centre);
        }
    }
}

/// A test server first, then the national one, where a person entered the same numbers.
#[test]
fn what_was_written_to_another_server_says_nothing_about_this_one() {
    let trial = ready();
    run(&trial, 0);
    let national = server(Profile::V44, &country("destination"));
    for centre in CENTRES {
        Trial::store(&national, ["CAS", "", "", &name(centre), "202401"], Some("3"));
    }
    let national_holds =
        || national.instance().with_state(|state| state.values.data.values().filter(|stored| !stored.deleted).count());
    trial.ok(&format!("server edit dst --url {} --username writer --password-file password", national.url()));
    trial.ok("server sync dst");
    let report = run(&trial, 0);
    let found = report["findings"].as_array().unwrap().iter().find(|found| found["code"] == "another-destination");
    assert_eq!(found.unwrap()["example"], "10 cells", "{report:#}");
    at_source(&trial, "A", None);
    let report = run(&trial, 0);
    assert_eq!((&report["cells"]["deleted"], national_holds()), (&json!(0), 10), "{report:#}");
    assert!(!report.to_string().contains("another-destination"), "told once");
    // Back at the first one, everything is as it was.
    trial.ok(&format!("server edit dst --url {} --username writer --password-file password", trial.destination.url()));
    trial.ok("server sync dst");
    let report = run(&trial, 0);
    assert_eq!((&report["cells"]["deleted"], there(&trial, "A")), (&json!(1), None), "{report:#}");
}

/// The same number does not make it ours: the server says who entered it.
#[test]
fn what_another_user_stored_is_his_even_where_the_number_is_the_same() {
    // Deleted and entered again before anybody looked.
    let trial = ready();
    run(&trial, 0);
    by_hand(&trial, "A", Some("3"));
    at_source(&trial, "A", None);
    let report = run(&trial, 0);
    assert_eq!((&report["cells"]["deleted"], there(&trial, "A").as_deref()), (&json!(0), Some("3")), "{report:#}");
    assert_deletes(&trial, "B");

    // Sent, never arrived, and entered by a person before anybody looked.
    let trial = ready();
    trial.destination.faults().add(Matcher::imports().nth(1), Fault::Stall);
    let mut running = trial.xfer.command("run r").spawn().unwrap();
    while trial.destination.ledger().imports().len() < 2 {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    trial.destination.faults().clear();
    let missing: Vec<&str> = CENTRES.into_iter().filter(|centre| there(&trial, centre).is_none()).collect();
    for centre in &missing {
        by_hand(&trial, centre, Some("3"));
    }
    run(&trial, 0);
    at_source(&trial, missing[0], None);
    let report = run(&trial, 0);
    assert_eq!(report["cells"]["deleted"], 0, "{report:#}");

    // Believed without a look, and not there.
    let trial = ready();
    let lost = Mutation::Document(
        r#"{"httpStatusCode":200,"status":"OK","response":{"responseType":"ImportSummary","status":"SUCCESS",
            "importCount":{"imported":1,"updated":0,"ignored":0,"deleted":0},"conflicts":[],"rejectedIndexes":[]}}"#,
    );
    trial.destination.faults().add(Matcher::imports(), Fault::Malformed(lost));
    let _ = trial.run("run r --no-verify");
    trial.destination.faults().clear();
    Trial::change(&trial.destination, |state| state.values.data.clear());
    for centre in CENTRES {
        by_hand(&trial, centre, Some("3"));
    }
    run(&trial, 0);
    at_source(&trial, "A", None);
    assert_eq!(run(&trial, 0)["cells"]["deleted"], 0);
}
