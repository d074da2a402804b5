//! The mapping review through the real program: what would write wrong values is said wherever a job or a routine is
//! made, changed or checked, and refused by a run, with the destination as it was.

use std::collections::BTreeSet;

use serde_json::json;
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::Job;
use xfer_storage::store::{ConfigStore, Home};

use crate::support::country::Country;
use crate::support::trial::Trial;
use crate::support::{Output, codes};

/// Two elements without option combos, in one monthly data set.
fn country(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Centre A", "Centre B"])
        .element("CAS", json!({}))
        .element("DEC", json!({}))
        .data_set("M", "Monthly", &["CAS", "DEC"], json!({}))
}

fn with_values(side: &str) -> Country {
    country(side)
        .value(["CAS", "", "", "Centre A", "202401"], "10")
        .value(["CAS", "", "", "Centre B", "202401"], "20")
        .value(["DEC", "", "", "Centre A", "202401"], "1")
}

/// Changes a job in the store, as an older version could have left it.
fn rewrite(trial: &Trial, job: &str, change: impl FnOnce(&mut Job)) {
    let mut config = ConfigStore::open(&Home::new(trial.xfer.home())).unwrap();
    let mut changed = config.job(job).unwrap();
    change(&mut changed);
    config.update_job(job, &changed, &|_: &Item| None).unwrap();
}

#[track_caller]
fn check(trial: &Trial, code: i32) -> Output {
    trial.run("job check j --offline --format json").expect_code(code)
}

/// The code is said by every face that shows a routine.
#[track_caller]
fn said_everywhere(trial: &Trial, word: &str) {
    let doctor = trial.run("doctor --offline --format json");
    assert!(codes(&doctor).contains(word), "the doctor does not say {word}\n{doctor}");
    for line in ["routine edit r --max-delete 7", "routine export r r.xfer --new-key-file r.key --yes"] {
        let _ = std::fs::remove_file(trial.xfer.home().join("r.key"));
        let told = trial.run(line);
        assert!(told.stderr.contains(word), "`{line}` does not say {word}\n{told}");
    }
}

/// A run is refused from the store and from a file, and the destination stays as it was.
#[track_caller]
fn refused_everywhere(trial: &Trial, word: &str) {
    let before = trial.values();
    let listed = check(trial, 3);
    assert!(codes(&listed).contains(word), "\n{listed}");
    said_everywhere(trial, word);
    for line in ["run r", "run r --dry-run", "exec r.xfer --key-file r.key"] {
        let refused = trial.run(line).expect_code(2);
        assert!(refused.stderr.contains(word), "`{line}`\n{refused}");
    }
    assert_eq!(trial.values(), before);
}

#[test]
fn an_item_that_counts_values_twice_is_neither_added_nor_imported_nor_matched() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.ok("job new j --from src --to dst --combine sum");
    trial.ok("job add-item j CAS CAS");
    let added = trial.run("job add-item j CAS.default CAS.default").expect_code(2);
    insta::assert_snapshot!(added.stderr, @"
    error: this item cannot work: both read CAS, and CAS would count them twice
    hint: item 1 maps them already; leave this one out, or remove that one first (`xfer job remove-item j 1`)
    ");
    let matched = trial.ok("job auto j --data-element CAS");
    insta::assert_snapshot!(matched.stderr, @"
    nothing to decide
    1 sure, 0 likely, 0 to decide, 0 not matched
    warning: CAS was not added: both read CAS, and CAS would count them twice; item 1 maps them already; leave this one out, or remove that one first (`xfer job remove-item j 1`)
    0 items added; j has 1 now
    ");
    let sheet = "source_id,source_coc,destination_data_element\nDEC,,DEC\nCAS,default,CAS\n";
    trial.xfer.file("items.csv", sheet);
    let imported = trial.run("job import j items.csv").expect_code(2);
    insta::assert_snapshot!(imported.stderr, @"
    error: items.csv has 1 mistake and was not imported
      caused by: line 3: items 1 and 3: both read CAS, and CAS would count them twice; remove one of them (`xfer job remove-item j 3`), or choose option combos that do not overlap
    hint: nothing was imported; correct these lines and import the file again
    ");
    // Two lines of one file.
    trial.ok("job new k --from src --to dst --combine sum");
    trial.xfer.file("items.csv", "source_id,source_coc,destination_data_element\nCAS,,CAS\nCAS,default,CAS\n");
    let imported = trial.run("job import k items.csv").expect_code(2);
    assert!(imported.stderr.contains("line 3"), "\n{imported}");
    // The largest of both is the same; made a sum, it would not be.
    trial.ok("job edit k --combine max");
    trial.ok("job import k items.csv");
    let changed = trial.run("job edit k --combine sum").expect_code(2);
    insta::assert_snapshot!(changed.stderr, @"
    error: items 1 and 2: both read CAS, and CAS would count them twice
    hint: remove one of them (`xfer job remove-item k 2`), or choose option combos that do not overlap
    ");
    // What goes elsewhere is a total beside its part.
    trial.ok("job add-item j CAS.default DEC");
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
    assert_eq!(trial.value(["DEC", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
}

#[test]
fn a_job_that_counts_values_twice_is_not_run() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.routine("--combine sum", &[("CAS", "CAS"), ("CAS.default", "DEC")], "202401");
    rewrite(&trial, "j", |job| job.items[1].destination = job.items[0].destination);
    refused_everywhere(&trial, "value-counted-twice");
    let row =
        check(&trial, 3).json().as_array().unwrap().iter().find(|row| row["code"] == "value-counted-twice").cloned();
    assert_eq!(row.unwrap()["items"], "1 2");
    let table = trial.run("job check j --offline").expect_code(3);
    assert!(!table.to_string().contains("no problems in the items"), "\n{table}");
    trial.ok("job remove-item j 2");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
}

#[test]
fn two_jobs_of_a_routine_do_not_write_one_cell() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.ok("job new k --from src --to dst");
    trial.ok("job add-item k CAS.default CAS");
    let told = trial.run("routine edit r --job j --job k");
    assert!(told.stderr.contains("jobs-share-cell"), "\n{told}");
    refused_everywhere(&trial, "jobs-share-cell");
}

#[test]
fn a_parent_and_its_children_are_not_added_up() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.ok("orgunit map src dst Nord --to F-01 --yes");
    trial.routine("--combine sum --read analytics", &[("CAS", "CAS")], "202401");
    refused_everywhere(&trial, "parent-with-children");
    let named = check(&trial, 3);
    insta::assert_snapshot!(named.stdout, @r#"
    [
      {
        "severity": "error",
        "item": 1,
        "code": "parent-with-children",
        "message": "Centre A is below Nord, and both go to Centre A; read through analytics, the figure of the upper one contains that of the lower one, which would be counted twice",
        "items": "1",
        "org_units": "x057e79cec0 xca9dac6458",
        "hint": "Map only one of the two levels (mark the other as ignored), or read raw values: `xfer job edit j --read raw`."
      }
    ]
    "#);
    // Raw values of the district are its own, of which there are none.
    trial.ok("job edit j --read raw");
    check(&trial, 0);
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
}

#[test]
fn operators_follow_the_aggregation_type() {
    let sides = ["s", "d"].map(|side| {
        country(side)
            .change("dataElements", "CAS", json!({"aggregationType": "AVERAGE", "valueType": "NUMBER"}))
            .change("dataElements", "DEC", json!({"aggregationType": "LAST"}))
    });
    let [source, destination] = sides;
    let source = source
        .value(["CAS", "", "", "Centre A", "202401"], "2.5")
        .value(["CAS", "", "", "Centre B", "202401"], "3.5")
        .value(["DEC", "", "", "Centre A", "202401"], "100")
        .value(["DEC", "", "", "Centre B", "202401"], "10");
    let trial = Trial::between(&source, &destination);
    trial.ok("orgunit map src dst F-02 --to F-01 --yes");
    trial.ok("job new j --from src --to dst --combine sum");
    let added = trial.ok("job add-item j CAS CAS");
    insta::assert_snapshot!(added.stderr, @"
    item 1: CAS to CAS
    warning: j: item 1: CAS (source) has the aggregation type AVERAGE, which needs average over org units; CAS (destination) has the aggregation type AVERAGE, which needs average over org units; the item uses sum; give the item the operator that fits: xfer job edit-item j 1 --combine average (operator-does-not-fit)
    ");
    let listed = check(&trial, 0);
    assert_eq!(codes(&listed), BTreeSet::from(["operator-does-not-fit".to_owned()]), "\n{listed}");
    trial.ok("job remove-item j 1");
    let matched = trial.ok("job auto j --data-set M --accept likely --format json");
    insta::assert_snapshot!(matched.stdout, @r#"
    [
      {
        "source": "CAS",
        "source_id": "xd98a1d331e",
        "destination": "CAS",
        "destination_id": "x559ee78944",
        "score": "1.00",
        "class": "sure",
        "why": "same code CAS, same name; combined by average, as its aggregation type requires"
      },
      {
        "source": "DEC",
        "source_id": "xd9b861158f",
        "destination": "DEC",
        "destination_id": "x98962c6c58",
        "score": "1.00",
        "class": "sure",
        "why": "same code DEC, same name"
      }
    ]
    "#);
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("3"));
    assert_eq!(trial.value(["DEC", "", "", "Centre A", "202401"]).as_deref(), Some("110"), "stocks add up over places");
    // Over org units and over time at once nothing fits a stock.
    trial.ok("job new q --from src --to dst --combine sum --to-period-type Quarterly");
    rewrite(&trial, "q", |job| job.items = config_items(&trial, "j"));
    let listed = trial.run("job check q --offline --format json");
    assert!(codes(&listed).contains("no-operator-fits"), "\n{listed}");
}

/// Two facilities on one, and an element whose values are means at both servers.
fn means() -> Trial {
    let sides = ["s", "d"].map(|side| {
        country(side).change("dataElements", "CAS", json!({"aggregationType": "AVERAGE", "valueType": "NUMBER"}))
    });
    let [source, destination] = sides;
    let source =
        source.value(["CAS", "", "", "Centre A", "202401"], "2.5").value(["CAS", "", "", "Centre B", "202401"], "3.5");
    let trial = Trial::between(&source, &destination);
    trial.ok("orgunit map src dst F-02 --to F-01 --yes");
    trial
}

#[test]
fn a_script_that_does_not_combine_leaves_the_operator_to_be_judged() {
    let trial = means();
    trial.routine("--combine sum", &[("CAS", "CAS")], "202401");
    trial.ok("script attach plugin:round --job j --param decimals=1");
    assert!(codes(&check(&trial, 0)).contains("operator-does-not-fit"));
    let report = trial.run("run r --dry-run --format json").report();
    assert!(report["findings"].to_string().contains("operator-does-not-fit"), "{report:#}");
    let board = trial.ok("--format json").json();
    assert_eq!(board["jobs"][0]["warnings"], 1, "the dashboard counts it\n{board:#}");
    trial.xfer.file("mean.rhai", "fn combine(values, ctx) { values.sum() / values.len() }");
    trial.ok("script attach mean.rhai --routine r");
    assert!(!codes(&check(&trial, 0)).contains("operator-does-not-fit"));
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("3"));
}

#[test]
fn values_that_meet_without_an_operator_are_said_before_the_run() {
    let trial = means();
    trial.routine("", &[("CAS", "CAS")], "202401");
    refused_everywhere_by_plan(&trial);
    trial.ok("job remove-item j 1");
    let matched = trial.ok("job auto j --data-element CAS --accept likely");
    assert!(!matched.stdout.is_empty() || !matched.stderr.is_empty());
    let items = trial.ok("job show j --format json").json();
    assert_eq!(items[0]["combine"], "average", "{items:#}");
    let shown = trial.ok("job show j");
    assert!(shown.stdout.contains("combine average"), "\n{shown}");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("3"));
}

/// The checks say what the plan of a run refuses.
#[track_caller]
fn refused_everywhere_by_plan(trial: &Trial) {
    assert!(codes(&check(trial, 3)).contains("combine-missing"));
    said_everywhere(trial, "combine-missing");
    trial.run("run r").expect_code(2);
}

#[test]
fn period_types_that_do_not_fit_are_refused_when_the_job_is_made() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    let new = "job new j --from src --to dst";
    let refused = trial.run(&format!("{new} --period-type Monthly --to-period-type Weekly")).expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: no Monthly period fits into one Weekly period
    hint: write the same periods (`--to-period-type Monthly`), or longer ones
    ");
    trial.ok(&format!("{new} --period-type Weekly --to-period-type Monthly --combine sum"));
    trial.run("job edit j --to-period-type Daily").expect_code(2);
    trial.ok("job edit j --to-period-type Yearly");
}

#[test]
fn texts_are_not_added_up() {
    let text = json!({"valueType": "TEXT", "aggregationType": "NONE"});
    let sides = ["s", "d"].map(|side| country(side).change("dataElements", "CAS", text.clone()));
    let [source, destination] = sides;
    let source = source.value(["CAS", "", "", "Centre A", "202401"], "rien");
    let trial = Trial::between(&source, &destination);
    trial.ok("job new j --from src --to dst --combine sum");
    trial.ok("job add-item j CAS CAS");
    assert!(codes(&check(&trial, 0)).contains("no-operator-fits"));
    trial.ok("job remove-item j 1");
    trial.ok("job auto j --data-element CAS --accept likely");
    assert_eq!(trial.ok("job show j --format json").json()[0]["combine"], "last");
    assert!(codes(&check(&trial, 0)).is_empty());
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("rien"));
}

fn config_items(trial: &Trial, job: &str) -> Vec<Item> {
    let config = ConfigStore::open(&Home::new(trial.xfer.home())).unwrap();
    let items = config.job(job).unwrap().items.into_iter();
    items.map(|item| Item { combine: Some(Combine::Sum), ..item }).collect()
}

#[test]
fn two_routines_that_write_one_cell_are_told_of_each_other() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.ok("job new k --from src --to dst");
    trial.ok("job add-item k DEC CAS");
    let made = trial.ok("routine new s --job k --periods 202401..202403");
    insta::assert_snapshot!(made.stderr, @"
    made the routine s
    warning: k: r also writes CAS, at Centre A for example: the last run wins. Let one routine write the cell: put the items into one job with a combine operator, or map one of them elsewhere (routines-share-cell)
    next, to see what would be written, and to write it:
      xfer run s --dry-run
      xfer run s
    ");
    said_everywhere(&trial, "routines-share-cell");
    assert!(codes(&check(&trial, 0)).contains("routines-share-cell"));
    let report = trial.run("run r --format json").expect_code(0).report();
    let told = |finding: &serde_json::Value| finding["code"] == "routines-share-cell";
    assert!(report["findings"].as_array().unwrap().iter().any(told), "{report:#}");
    // Periods that were asked for are those that the check is about.
    let asked = |periods: &str| codes(&trial.run(&format!("job check j --offline --format json --periods {periods}")));
    assert!(asked("202403").contains("routines-share-cell"));
    assert!(!asked("202311").contains("routines-share-cell"), "the other routine writes nothing then");
    // The same job in two routines makes the same value.
    trial.ok("routine remove s --yes");
    trial.ok("routine new year --job j --periods 2024");
    assert!(!codes(&check(&trial, 0)).contains("routines-share-cell"));
}

#[test]
fn values_that_come_back_from_the_other_server_are_told_by_both_routines() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.routine("", &[("CAS", "DEC")], "202401");
    trial.ok("orgunit auto dst src --accept sure");
    trial.ok("job new back --from dst --to src");
    trial.args(&["job", "add-item", "back", "DEC", "CAS", "--factor", "2"]).expect_code(0);
    let made = trial.ok("routine new home --job back --periods 202401");
    assert!(made.stderr.contains("values-go-round"), "\n{made}");
    insta::assert_snapshot!(made.stderr, @"
    made the routine home
    warning: back: values go in a circle: back transfers DEC at dst to CAS at src, then r (j) transfers CAS at src to DEC at dst, and start again from there. Transfer values in one direction only: remove the item from one of the routines, or write to a data element that the other routine does not read (values-go-round)
    next, to see what would be written, and to write it:
      xfer run home --dry-run
      xfer run home
    ");
    assert!(codes(&check(&trial, 0)).contains("values-go-round"));
    let edited = trial.ok("routine edit r --when-empty keep");
    insta::assert_snapshot!(edited.stderr, @"
    changed the routine r
    warning: j: values go in a circle: j transfers CAS at src to DEC at dst, then home (back) transfers DEC at dst to CAS at src, and start again from there. Transfer values in one direction only: remove the item from one of the routines, or write to a data element that the other routine does not read (values-go-round)
    ");
    let doctor = trial.run("doctor --format json");
    assert!(doctor.stdout.contains("values-go-round"), "\n{doctor}");
    let report = trial.run("run r --format json").expect_code(0).report();
    let told = |finding: &serde_json::Value| finding["code"] == "values-go-round";
    assert!(report["findings"].as_array().unwrap().iter().any(told), "{report:#}");
    // What comes back to another data element goes round no more.
    trial.ok("job remove-item back 1");
    trial.args(&["job", "add-item", "back", "DEC", "DEC"]).expect_code(0);
    assert!(!codes(&check(&trial, 0)).contains("values-go-round"));
}

#[test]
fn a_script_of_the_routine_quiets_what_scripts_of_items_and_jobs_quiet() {
    let yes_no = json!({"valueType": "BOOLEAN", "aggregationType": "NONE"});
    let trial = Trial::between(&country("s").change("dataElements", "CAS", yes_no), &country("d"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    assert!(codes(&check(&trial, 3)).contains("value-type-mismatch"));
    trial.xfer.file("number.rhai", "fn value(v, ctx) { if v == \"true\" { 1 } else { 0 } }");
    for place in ["--job j", "--routine r"] {
        trial.ok(&format!("script attach number.rhai {place}"));
        let checked = trial.run("job check j --offline --format json");
        assert!(!codes(&checked).contains("value-type-mismatch"), "{place}\n{checked}");
        // A routine that does nothing to them would send them as they are.
        if place == "--routine r" {
            trial.ok("routine new plain --job j --periods 202401");
            assert!(codes(&trial.run("job check j --offline --format json")).contains("value-type-mismatch"));
        }
        trial.ok(&format!("script detach number.rhai {place}"));
    }
}

#[test]
fn one_server_can_be_both_sides_and_does_not_multiply_what_it_wrote() {
    let trial = Trial::between(&country("s"), &with_values("d"));
    let url = trial.destination.url();
    trial.ok(&format!("server add again {url} --username writer --password-file password"));
    trial.ok("server sync again");
    for (source, map) in [("dst", "dst dst"), ("again", "again dst")] {
        trial.ok(&format!("orgunit auto {map} --accept sure"));
        trial.ok(&format!("orgunit map {map} F-02 --to F-01 --yes"));
        trial.ok(&format!("job new j --from {source} --to dst --combine sum"));
        trial.ok("job add-item j CAS CAS");
        trial.ok("routine new r --job j --periods 202401");
        refused_everywhere(&trial, "reads-what-it-writes");
        // Into another data element it is a usual thing to do, as often as one likes.
        trial.ok("job remove-item j 1");
        trial.ok("job add-item j CAS DEC");
        check(&trial, 0);
        for _ in 0..2 {
            trial.ok("run r");
            assert_eq!(trial.value(["CAS", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
            assert_eq!(trial.value(["DEC", "", "", "Centre A", "202401"]).as_deref(), Some("30"));
        }
        trial.ok("job add-item j DEC CAS");
        assert!(codes(&check(&trial, 3)).contains("reads-what-it-writes"), "a circle of items");
        trial.ok("routine remove r --yes");
        trial.ok("job remove j --yes");
    }
}

#[test]
fn servers_of_one_calendar_move_periods_as_they_are() {
    let source = country("s").value(["CAS", "", "", "Centre A", "201701"], "10");
    let trial = Trial::between(&source, &country("d"));
    let both = [&trial.source, &trial.destination];
    for server in both {
        Trial::change(server, |state| "ethiopian".clone_into(&mut state.settings.calendar));
    }
    trial.ok("server sync --all");
    for wrong in ["--to-period-type Quarterly", "--shift 1", "--period-type Weekly"] {
        let refused = trial.run(&format!("job new q --from src --to dst {wrong}")).expect_code(2);
        assert!(refused.stderr.contains("ethiopian calendar"), "{wrong}\n{refused}");
    }
    trial.ok("job new j --from src --to dst");
    trial.ok("job add-item j CAS CAS");
    for wrong in ["LAST_3_MONTHS", "2017", "201612..201701"] {
        let refused = trial.run(&format!("routine new r --job j --periods {wrong}")).expect_code(2);
        assert!(refused.stderr.contains("ethiopian calendar"), "{wrong}\n{refused}");
    }
    trial.ok("routine new r --job j --periods 201701..201703");
    check(&trial, 0);
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "", "Centre A", "201701"]).as_deref(), Some("10"));
    trial.run("run r --periods LAST_MONTH").expect_code(2);
    Trial::change(&trial.destination, |state| "nepali".clone_into(&mut state.settings.calendar));
    trial.ok("server sync dst");
    trial.run("job new other --from src --to dst").expect_code(2);
    assert!(codes(&check(&trial, 3)).contains("calendar-differs"));
    trial.run("run r").expect_code(2);
}

/// Cases of two projects, which are attribute options.
fn projects(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Centre A"])
        .attribute_combo("Projet", &["P100", "P200"])
        .element("CAS", json!({}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
}

fn with_projects(side: &str) -> Country {
    projects(side)
        .value(["CAS", "", "P100", "Centre A", "202401"], "5")
        .value(["CAS", "", "P200", "Centre A", "202401"], "40")
}

/// A routine `r` of the job `j` with both projects over January 2024.
fn both_projects(trial: &Trial) {
    trial.routine("", &[("CAS.default.P100", "CAS.default.P100"), ("CAS.default.P200", "CAS.default.P200")], "202401");
}

#[test]
fn what_may_not_be_read_and_what_was_left_behind_is_said_before_a_run() {
    let source = with_projects("s").may_not_read("P200");
    let trial = Trial::between(&source, &projects("d"));
    both_projects(&trial);
    let listed = check(&trial, 3);
    assert!(codes(&listed).contains("source-not-readable") && listed.stdout.contains("P200"), "\n{listed}");
    said_everywhere(&trial, "source-not-readable");
    let tested = trial.ok("server test src");
    assert!(tested.stderr.contains("P200") && tested.stderr.contains("source-not-readable"), "\n{tested}");
    let _ = trial.run("run r");
    assert_eq!(trial.value(["CAS", "", "P100", "Centre A", "202401"]).as_deref(), Some("5"));
    trial.ok("job remove-item j 1");
    assert!(codes(&check(&trial, 3)).contains("leftover"));
    said_everywhere(&trial, "leftover");
}

#[test]
fn a_circle_through_two_routines_is_refused_and_so_is_a_part_of_one() {
    let trial = Trial::between(&country("s"), &with_values("d"));
    trial.ok("orgunit auto dst dst --accept sure");
    for (name, from, to, more) in [("c1", "CAS", "DEC", " --factor 2"), ("c2", "DEC", "CAS", "")] {
        trial.ok(&format!("job new {name} --from dst --to dst"));
        trial.ok(&format!("job add-item {name} {from} {to}{more}"));
    }
    trial.ok("routine new rc1 --job c1 --periods 202401");
    let before = trial.values();
    let second = trial.ok("routine new rc2 --job c2 --periods 202401");
    assert!(
        second.stderr.contains("reads-what-it-writes") && second.stderr.contains("c1 in routine rc1"),
        "\n{second}"
    );
    assert!(second.to_string().contains("next: correct"), "\n{second}");
    let doctor = trial.run("doctor --offline --format json");
    let rows = doctor.json();
    let told = rows.as_array().unwrap().iter().filter(|row| row["code"] == "reads-what-it-writes").count();
    assert_eq!(told, 1, "once for both\n{doctor}");
    for job in ["c1", "c2"] {
        let listed = trial.run(&format!("job check {job} --offline --format json")).expect_code(3);
        assert!(codes(&listed).contains("reads-what-it-writes"), "\n{listed}");
    }
    for line in ["run rc1", "run rc2"] {
        let refused = trial.run(line).expect_code(2);
        assert!(refused.stderr.contains("reads-what-it-writes"), "`{line}`\n{refused}");
    }
    // One routine with both jobs: a part of it is a step of the same circle.
    for routine in ["rc1", "rc2"] {
        trial.ok(&format!("routine remove {routine} --yes"));
    }
    trial.ok("routine new both --job c1 --job c2 --periods 202401");
    let _ = trial.run("routine export both both.xfer --new-key-file both.key --yes");
    for line in ["run both", "run both --job c1", "run both --job c2", "exec both.xfer --key-file both.key --job c1"] {
        let refused = trial.run(line).expect_code(2);
        assert!(refused.stderr.contains("reads-what-it-writes"), "`{line}`\n{refused}");
    }
    assert_eq!(trial.values(), before);
}

#[test]
fn a_total_without_one_of_its_parts_is_a_value() {
    let with_parts = |side| {
        Country::new(side)
            .facilities(&["Centre A"])
            .combo("Sexe", &["F", "M"])
            .element("CAS", json!({"categoryCombo": "Sexe"}))
            .element("DEC", json!({}))
            .data_set("M", "Monthly", &["CAS", "DEC"], json!({}))
    };
    let source = with_parts("s")
        .value(["CAS", "F", "", "Centre A", "202401"], "4")
        .value(["CAS", "M", "", "Centre A", "202401"], "10");
    let trial = Trial::between(&source, &with_parts("d"));
    trial.ok("orgunit auto src dst --accept sure");
    trial.ok("job new j --from src --to dst --combine sum");
    trial.ok("job add-item j CAS DEC");
    let twice = trial.run("job add-item j CAS.F DEC").expect_code(2);
    insta::assert_snapshot!(twice.stderr, @"
    error: this item cannot work: CAS with all its option combos contains CAS · F, and DEC would count them twice
    hint: item 1 maps them already; leave this one out, or remove that one first (`xfer job remove-item j 1`)
    ");
    let same = trial.run("job add-item j CAS DEC").expect_code(2);
    insta::assert_snapshot!(same.stderr, @"
    error: j has this item already
    hint: see `xfer job show`; to change an item, remove it and add it again
    ");
    trial.ok("job add-item j CAS.F DEC --factor -1");
    check(&trial, 0);
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    assert_eq!(trial.value(["DEC", "", "", "Centre A", "202401"]).as_deref(), Some("10"));
}

#[test]
fn items_of_one_cell_that_disagree_are_not_imported_and_not_run() {
    let trial = Trial::between(&with_values("s"), &country("d"));
    trial.ok("orgunit auto src dst --accept sure");
    trial.ok("job new j --from src --to dst");
    trial.xfer.file("items.csv", "source_id,destination_data_element,combine\nCAS,DEC,max\nDEC,DEC,last\n");
    let imported = trial.run("job import j items.csv").expect_code(2);
    insta::assert_snapshot!(imported.stderr, @"
    error: items.csv has 1 mistake and was not imported
      caused by: line 3: items 1 and 2 write DEC, and differ in the combine operator: max and last; give all items of one cell the same operator, rounding and coverage rule: xfer job edit-item j 2
    hint: nothing was imported; correct these lines and import the file again
    ");
    trial.ok("job add-item j CAS DEC --combine max");
    trial.ok("job add-item j DEC DEC --combine last");
    trial.ok("routine new r --job j --periods 202401");
    refused_everywhere(&trial, "items-disagree");
}

#[test]
fn what_may_not_be_written_is_said_before_a_run() {
    let source = with_projects("s");
    let trial = Trial::between(&source, &projects("d").may_not_write("P200"));
    both_projects(&trial);
    let listed = check(&trial, 3);
    assert!(codes(&listed).contains("category-option-no-write") && listed.stdout.contains("P200"), "\n{listed}");
    said_everywhere(&trial, "category-option-no-write");
    let run = trial.run("run r").expect_code(3);
    assert!(run.to_string().contains("category-option-no-write"), "\n{run}");
    assert_eq!(trial.value(["CAS", "", "P100", "Centre A", "202401"]).as_deref(), Some("5"));
    assert_eq!(trial.value(["CAS", "", "P200", "Centre A", "202401"]), None);
}
