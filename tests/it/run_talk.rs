//! What a run says, before and after: the command that does it again, what was only tried, periods without values, the
//! one clock, and a file that is older than its routine.
#![cfg(unix)]

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher};

use crate::support::country::Country;
use crate::support::trial::Trial;
use crate::support::{Output, Xfer};

fn country(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Centre A", "Centre B"])
        .combo("Sexe", &["F", "M"])
        .element("CAS", json!({"categoryCombo": "Sexe"}))
        .data_set("M", "Monthly", &["CAS"], json!({}))
}

/// A routine `r` of the job `j` over January 2024, in which there is one value; May has one, too.
fn ready() -> Trial {
    let source = country("source")
        .value(["CAS", "F", "", "Centre A", "202401"], "3")
        .value(["CAS", "M", "", "Centre A", "202405"], "4");
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("--combine sum", &[("CAS.F", "CAS.F"), ("CAS.M", "CAS.M")], "202401");
    trial
}

fn home(trial: &Trial) -> String {
    trial.xfer.home().display().to_string()
}

fn board(trial: &Trial) -> Value {
    trial.ok("--format json").json()
}

/// The command of the dashboard's next step.
fn next_step(trial: &Trial) -> String {
    let said = trial.ok("").stderr;
    said.lines().find_map(|line| line.strip_prefix("  xfer ")).unwrap_or_else(|| panic!("{said}")).to_owned()
}

fn interrupted(xfer: &Xfer, words: &[&str], is_stalled: impl Fn() -> bool) -> Output {
    let mut command = xfer.prepared(words);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !is_stalled() {
        std::thread::yield_now();
    }
    let killed = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(killed.success());
    running.wait_with_output().unwrap().into()
}

#[test]
fn what_comes_next_repeats_the_command_with_its_options() {
    let trial = ready();
    let dry = trial.ok("run r --dry-run --periods 202401,202405 --job j --no-verify");
    let real = "xfer run r --periods 202401,202405 --job j --no-verify";
    assert!(dry.stderr.contains(&format!("next: {real}\n")), "{dry}");

    let export = trial.args(&["routine", "export", "r", "it's r.xfer", "--new-key-file", "the key"]).expect_code(0);
    assert!(export.stderr.contains(r"xfer exec 'it'\''s r.xfer' --key-file 'the key' --dry-run"), "{export}");
    let words = ["exec", "it's r.xfer", "--key-file", "the key", "--dry-run", "--periods", "202405"];
    let dry = trial.args(&words).expect_code(0);
    assert!(dry.stderr.contains(r"next: xfer exec 'it'\''s r.xfer' --key-file 'the key' --periods 202405"), "{dry}");

    // Interrupted before anything was known, and in the middle: the same command, whatever is typed.
    for (server, path) in [(&trial.source, "/api/system/info"), (&trial.source, "/api/dataValueSets")] {
        for words in [&["run", "r", "--periods", "202405", "--timeout", "90m"][..], &words[..]] {
            server.ledger().clear();
            server.faults().add(Matcher::every("GET", path), Fault::Stall);
            let stopped = interrupted(&trial.xfer, words, || !server.ledger().matching("GET", path).is_empty());
            server.faults().clear();
            assert_eq!(stopped.code, 130, "{path}\n{stopped}");
            let again = match words[0] {
                "run" => "run it again; only what did not arrive is sent: xfer run r --periods 202405 --timeout 1h30m",
                _ => r"run it again: xfer exec 'it'\''s r.xfer' --dry-run --key-file 'the key' --periods 202405",
            };
            // Before a run began there is nothing that arrived.
            let command = again.split(": ").last().unwrap();
            assert!(stopped.stderr.contains(command), "{path}: {command}\n{stopped}");
        }
    }
    let limited = {
        trial.source.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::Stall);
        let output = trial.run("run r --periods 202405 --timeout 1s");
        trial.source.faults().clear();
        output.expect_code(5)
    };
    assert!(limited.stderr.contains("xfer run r --periods 202405 --timeout 1s"), "{limited}");
}

#[test]
fn a_run_that_was_broken_off_is_started_again_as_it_was() {
    let trial = ready();
    trial.ok("run r");
    trial.destination.faults().add(Matcher::imports(), Fault::Stall);
    let mut running = trial.xfer.command("run r --periods 202405").spawn().unwrap();
    trial.destination.ledger().clear();
    while trial.destination.ledger().imports().is_empty() && running.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    running.kill().unwrap();
    running.wait().unwrap();
    trial.destination.faults().clear();
    assert_eq!(next_step(&trial), "run r --periods 202405");
    let show = trial.run("runs show last").expect_code(2);
    assert!(show.stderr.contains("xfer run r --periods 202405"), "{show}");
    let list = trial.ok("runs list --format json").json();
    assert_eq!(list[0]["command"], "xfer run r --periods 202405");
    trial.ok("run r --periods 202405");
    assert_eq!(trial.value(["CAS", "M", "", "Centre A", "202405"]).as_deref(), Some("4"));
}

#[test]
fn what_was_only_tried_is_marked_and_is_no_last_run() {
    let trial = ready();
    assert_eq!(next_step(&trial), "run r --dry-run");
    trial.ok("run r --dry-run");
    let list = trial.ok("runs list");
    assert!(list.stdout.contains("dry run: complete"), "{list}");
    assert_eq!(trial.ok("runs list --format json").json()[0]["mode"], "dry-run");
    let last = || {
        (
            board(&trial)["routines"][0]["last_run"].clone(),
            trial.ok("routine list --format json").json()[0]["last_run"].clone(),
        )
    };
    assert_eq!(last(), (Value::Null, Value::Null));
    assert_eq!(next_step(&trial), "run r");

    trial.ok("run r");
    let ran = last();
    assert!(ran.0.is_string() && ran.0 == ran.1, "{ran:?}");
    // One that fails changes nothing of that either.
    trial.destination.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::InternalError);
    let _ = trial.run("run r --dry-run --periods 202405");
    trial.destination.faults().clear();
    assert_eq!(last(), ran);
    assert_eq!(board(&trial)["routines"][0]["outcome"], "complete");
    let cells = trial.ok("runs cells last");
    assert!(cells.stderr.contains("of the dry run ") || cells.stderr.contains("no such cells"), "{cells}");
}

#[test]
fn unchanged_cells_are_counted_and_not_listed() {
    let trial = ready();
    let first = trial.ok("run r --format json").report();
    assert_eq!(trial.ok("runs cells last --format json").json().as_array().unwrap().len(), 1, "{first:#}");
    let again = trial.ok("run r --format json").report();
    let unchanged = again["cells"]["unchanged"].as_u64().unwrap();
    assert_eq!((unchanged, &again["cells"]["total"]), (1, &json!(1)));
    let listed = trial.ok("runs cells last --format json");
    assert_eq!(listed.json(), json!([]));
    assert!(listed.stderr.contains("1 unchanged cell of the run ") && listed.stderr.contains("not listed"), "{listed}");
    let table = trial.ok("runs cells last");
    assert!(table.stdout.is_empty() && table.stderr.contains("--state unchanged"), "{table}");
    let counts = trial.ok("runs cells last --state unchanged --format json").json();
    let counts = counts.as_array().unwrap();
    let sum: u64 = counts.iter().map(|count| count["cells"].as_u64().unwrap()).sum();
    assert_eq!(sum, unchanged, "{counts:#?}");
    let first = &counts[0];
    assert_eq!((&first["job"], &first["state"]), (&json!("j"), &json!("unchanged")), "{first:#}");
    assert!(first["org_unit_name"].as_str().unwrap().starts_with("Centre"), "{first:#}");
    let table = trial.ok("runs cells last --state unchanged");
    assert!(table.stdout.contains("Centre A") && table.stderr.contains("1 unchanged cell"), "{table}");
}

#[test]
fn a_journal_of_before_opens_and_keeps_its_list_of_unchanged_cells() {
    let trial = ready();
    trial.ok("run r");
    trial.ok("run r");
    let state = std::fs::read_dir(trial.xfer.home().join("state")).unwrap();
    let file = state.map(|entry| entry.unwrap().path()).find(|path| path.extension().is_some_and(|end| end == "db"));
    let file = file.unwrap();
    let old = rusqlite::Connection::open(&file).unwrap();
    // As it was: a row for each unchanged cell, and seven migrations.
    old.execute_batch(
        "INSERT OR IGNORE INTO word (text) VALUES ('unchanged');
         INSERT INTO cell SELECT 2, job, org_unit, period, data_element, category_option_combo, attribute_option_combo,
             value, value, (SELECT id FROM word WHERE text = 'unchanged'), NULL, NULL, contributions FROM cell;
         DROP VIEW unchanged_text;
         DROP TABLE unchanged;
         DROP TABLE aside;
         DROP TABLE open_post;
         PRAGMA user_version = 7;",
    )
    .unwrap();
    drop(old);
    let listed = trial.ok("runs cells last --format json").json();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["state"]), (1, &json!("unchanged")), "{listed:#}");
    assert_eq!(trial.ok("runs cells last --state unchanged --format json").json(), listed);
    assert_eq!(trial.ok("run r --format json").report()["cells"]["unchanged"], 1);
    assert_eq!(trial.ok("runs cells last --format json").json(), json!([]), "from now on they are counted");
    let backup = file.with_file_name(format!("{}.v7.backup", file.file_name().unwrap().to_str().unwrap()));
    assert!(backup.exists(), "the journal of before is kept");
}

#[test]
fn a_run_over_empty_periods_says_so_and_names_the_last_one_with_values() {
    let trial = ready();
    for line in ["run r --periods 202402..202403 --dry-run", "run r --periods 202402..202403"] {
        let empty = trial.ok(line);
        let words = "the source has no values for the 2 periods 202402 to 202403; the last period for which it has any \
                     is 202405";
        assert!(empty.stdout.contains(words), "{empty}");
    }
    let again = trial.ok("run r --periods 202402..202403 --dry-run --no-verify");
    assert!(again.stderr.contains("xfer run r --dry-run --no-verify --periods 202405"), "{again}");
    let report = trial.ok("runs show last --format json").report();
    let finding = &report["findings"][0];
    assert_eq!(
        (&finding["code"], &finding["object"]["name"]),
        (&json!("source-empty"), &json!("202405")),
        "{report:#}"
    );
    assert!(!trial.ok("run r").stdout.contains("no values"));

    // The search is a courtesy: where it fails, the run does not.
    let _ = trial.source.ledger().matching("GET", "/api/dataValueSets");
    trial.source.ledger().clear();
    trial.ok("run r --periods 202402");
    let reads = trial.source.ledger().matching("GET", "/api/dataValueSets").len();
    assert!((2..20).contains(&reads), "{reads} questions");
    trial.source.faults().add(Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") }, Fault::BareConflict);
    let empty = trial.ok("run r --periods 202402");
    trial.source.faults().clear();
    assert!(empty.stdout.contains("the source has no values for the period 202402\n"), "{empty}");
    let strict = trial.run("run r --periods 202402 --fail-on-empty").expect_code(9);
    assert!(strict.stdout.contains("202405"), "{strict}");
    let list = trial.ok("runs list --format json").json();
    assert_eq!(list[0]["exit_code"], 9, "what is kept is what was said");
}

#[test]
fn every_cell_is_told_with_names_and_its_reason() {
    let trial = ready();
    Trial::change(&trial.destination, |state| {
        let id = crate::support::trial::id_of(&state.world, "organisationUnits", "Centre A");
        let unit = state.world.get_mut("organisationUnits", &id).unwrap();
        unit.insert("closedDate".into(), json!("2023-12-31T00:00:00.000"));
    });
    trial.ok("server sync dst");
    let _ = trial.run("run r --dry-run").expect_code(3);
    let csv = trial.ok("runs cells last --format csv").stdout;
    let mut lines = csv.lines();
    assert_eq!(
        lines.next().unwrap(),
        "job,data_element,category_option_combo,attribute_option_combo,org_unit,period,previous,value,state,code,reason,\
         contributions,data_element_name,category_option_combo_name,attribute_option_combo_name,org_unit_name"
    );
    assert!(lines.next().unwrap().ends_with(",CAS,F,default,Centre A"), "{csv}");
    let table = trial.ok("runs cells last").stdout;
    for words in ["CAS (F)", "Centre A", "202401", "held_back: "] {
        assert!(table.contains(words), "`{words}` is missing\n{table}");
    }
}

#[test]
fn every_time_is_by_the_clock_of_the_machine_and_names_it() {
    let trial = ready();
    trial.ok("run r");
    trial.ok("routine export r --new-key-file run-key");
    // Nepal, without a database of time zones.
    let zoned = |words: &[&str]| {
        let output = trial.xfer.finished(trial.xfer.prepared(words).env("TZ", "NPT-5:45"));
        assert_eq!(output.code, 0, "{output}");
        output
    };
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(345);
    let hour = now.strftime("%Y-%m-%d %H:").to_string();
    let earlier = (now - jiff::SignedDuration::from_mins(5)).strftime("%Y-%m-%d %H:").to_string();
    let is_now = |text: &str| text.contains(&hour) || text.contains(&earlier);
    for words in [
        &[][..],
        &["server", "list"],
        &["server", "show", "src"],
        &["runs", "list"],
        &["routine", "list"],
        &["routine", "inspect", "r.xfer", "--key-file", "run-key"],
    ] {
        let output = zoned(words);
        assert!(output.stdout.contains("NPT") && is_now(&output.stdout), "{words:?}\n{output}");
        assert!(!output.stdout.contains("UTC"), "{words:?}\n{output}");
    }
    for (words, key) in
        [(["server", "list"], "synced_at"), (["runs", "list"], "started"), (["routine", "list"], "last_run")]
    {
        let row = zoned(&[&words[..], &["--format", "json"]].concat()).json()[0].clone();
        let moment = row[key].as_str().unwrap();
        assert!(is_now(&moment.replace('T', " ")) && moment.ends_with("+05:45"), "{row:#}");
        assert_eq!(row["time_zone"], "NPT", "{row:#}");
        let csv = zoned(&[&words[..], &["--format", "csv"]].concat()).stdout;
        assert!(is_now(&csv) && csv.contains("NPT") && !csv.contains("+05:45"), "{csv}");
    }
    for (words, key) in [("server show src", "synced"), ("routine inspect r.xfer --key-file run-key", "exported")] {
        let words: Vec<&str> = words.split(' ').chain(["--format", "json"]).collect();
        let moment = zoned(&words).json()[key].as_str().unwrap().to_owned();
        assert!(is_now(&moment.replace('T', " ")) && moment.ends_with("+05:45"), "{words:?}: {moment}");
    }
    let exec = zoned(&["exec", "r.xfer", "--key-file", "run-key"]);
    assert!(exec.stderr.contains("+05:45 "), "{exec}");
}

#[test]
fn what_is_known_of_one_thing_is_one_object_for_programs() {
    let trial = ready();
    trial.xfer.file("heartbeat", "https://example.org/heartbeat\n");
    trial.ok("routine alert add r --ping --url-file heartbeat");
    trial.ok("routine export r --new-key-file run-key");
    let mut routine = trial.ok("routine show r --format json").json();
    assert!(routine["id"].take().is_string());
    insta::assert_snapshot!(
        routine,
        @r#"{"name":"r","id":null,"jobs":["j"],"periods":["202401"],"only_changed":true,"verify":true,"when_empty":"keep","max_change":null,"max_delete":1000,"max_delete_share":20,"tolerate_unmapped":false,"max_analytics_age_hours":null,"parallel":2,"alerts":[{"name":"ping","kind":"ping","goes_to":"https://example.org (GET)","events":[]}]}"#
    );
    let test = trial.ok("server test src --format json").json();
    assert_eq!((&test["server"], &test["may_import_data_values"]), (&"src".into(), &false.into()), "{test:#}");
    assert!(test["findings"].is_array() && test["server_date"].as_str().unwrap().contains('T'), "{test:#}");
    let file = trial.ok("routine inspect r.xfer --key-file run-key --format json").json();
    assert_eq!(file["opens_with"][0]["kind"], "key_file", "{file:#}");
    assert_eq!((&file["jobs"][0]["name"], &file["source"]["name"]), (&"j".into(), &"src".into()), "{file:#}");
    assert!(file["run_until"].is_null() && file["alerts"][0]["kind"] == "ping", "{file:#}");
}

#[test]
fn a_file_that_is_older_than_its_routine_is_told_wherever_it_matters() {
    let trial = ready();
    trial.ok("routine export r --new-key-file run-key");
    let exec = || trial.ok("exec r.xfer --key-file run-key --json").report();
    let told = |report: &Value| {
        report["findings"].as_array().unwrap().iter().find(|one| one["code"] == "xfer-file-outdated").cloned()
    };
    assert_eq!(told(&exec()), None);
    let moved = trial.xfer.home().join("moved.xfer");
    std::fs::copy(trial.xfer.home().join("r.xfer"), &moved).unwrap();
    assert_eq!(next_step(&trial), "run r");

    trial.ok("routine edit r --periods 202401..202405");
    let finding = told(&exec()).unwrap();
    let hint = finding["hint"].as_str().unwrap().replace(&home(&trial), "[HOME]");
    assert_eq!(hint, "Export it again: `xfer routine export r [HOME]/r.xfer --key-file KEYFILE`.");
    let kept = trial.ok("runs show last --format json").report();
    assert!(told(&kept).is_some(), "it is kept with the run");
    let copy = trial.ok("exec moved.xfer --key-file run-key --json").report();
    assert!(told(&copy).is_some(), "a file that was moved is the same file");
    assert_eq!(next_step(&trial).replace(&home(&trial), "[HOME]"), "routine export r [HOME]/r.xfer --key-file KEYFILE");

    let units = trial.xfer.home().join("units");
    let install = format!(
        "schedule install r.xfer --key-file run-key --at 02:30 --for systemd-user --folder {}",
        units.display()
    );
    let output = trial.ok(&install);
    assert!(
        output.stderr.contains("older than the routine r") && output.stderr.contains("--key-file [HOME]/run-key"),
        "{output}"
    );
    let listed = trial.ok("schedule list --format json").json();
    assert!(listed[0]["state"].as_str().unwrap().contains("older than the routine"), "{listed:#}");
    let next = next_step(&trial);
    assert!(next.ends_with(" --key-file [HOME]/run-key"), "what opens it is known: {next}");

    // Another machine knows nothing of it, and says nothing.
    let other = Xfer::new();
    for file in ["r.xfer", "run-key"] {
        other.file(file, std::fs::read(trial.xfer.home().join(file)).unwrap());
    }
    assert_eq!(told(&other.run("exec r.xfer --key-file run-key --json").report()), None);
    trial.ok("routine export r --key-file run-key");
    assert_eq!(told(&exec()), None);
    assert!(!trial.ok("schedule list --format json").json()[0]["state"].as_str().unwrap().contains("older"));
}

#[test]
fn a_run_that_is_incomplete_for_unmapped_values_alone_has_problems() {
    let source = country("source")
        .value(["CAS", "F", "", "Centre A", "202401"], "3")
        .value(["CAS", "F", "", "Centre B", "202401"], "4");
    let one = Country::new("destination")
        .facilities(&["Centre A"])
        .combo("Sexe", &["F", "M"])
        .element("CAS", json!({"categoryCombo": "Sexe"}))
        .data_set("M", "Monthly", &["CAS"], json!({}));
    let trial = Trial::between(&source, &one);
    trial.routine("--combine sum", &[("CAS.F", "CAS.F")], "202401");
    trial.run("run r").expect_code(3);
    let listed = trial.ok("runs list --format json").json();
    assert_eq!((&listed[0]["outcome"], &listed[0]["problems"]), (&json!("incomplete"), &json!(1)), "{listed}");
    trial.ok("routine edit r --tolerate-unmapped");
    trial.ok("run r");
    let listed = trial.ok("runs list --format json").json();
    assert_eq!((&listed[0]["outcome"], &listed[0]["problems"]), (&json!("complete"), &json!(0)), "{listed}");
}

#[test]
fn both_sheets_come_back_with_headings_as_people_write_them() {
    let trial = ready();
    for (sheet, kind) in [("orgunit export src dst", "orgunit import src dst"), ("job export j", "job import j")] {
        let exported = trial.ok(sheet).stdout;
        let (header, rows) = exported.split_once('\n').unwrap();
        for heading in [header.replace('_', " ").to_uppercase(), header.replace('_', "-"), header.replace("_id", " Id")]
        {
            trial.xfer.file("back.csv", format!("{heading}\n{rows}"));
            let back = trial.ok(&format!("{kind} back.csv"));
            assert!(
                back.stderr.contains("0 added, 0 changed") || back.stderr.contains("0 items added, 0 changed"),
                "{back}"
            );
        }
        trial.xfer.file("back.csv", format!("{}\n{rows}", header.replace("source_id", "sourc_idd")));
        let refused = trial.run(&format!("{kind} back.csv")).expect_code(2);
        assert!(refused.stderr.contains("did you mean source_id?"), "{refused}");
    }
}

#[test]
fn a_password_between_quotes_is_told() {
    let trial = ready();
    let url = trial.source.url();
    trial.xfer.file("wrong", "\"Another-Pass-2\"\n");
    let refused = trial.run(&format!("server add again {url} --username reader --password-file wrong")).expect_code(7);
    assert!(refused.stderr.contains("the password of reader at again begins and ends with \""), "{refused}");
}
