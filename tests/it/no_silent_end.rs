//! What a run says never depends on what goes wrong beside it: locked and missing databases, keys that are being
//! replaced, clocks, limits, and processes that were killed.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;
use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher};

use crate::support::country::Country;
use crate::support::trial::Trial;

fn country(side: &str) -> Country {
    Country::new(side).facilities(&["Centre A", "Centre B"]).element("CAS", json!({})).data_set(
        "M",
        "Monthly",
        &["CAS"],
        json!({}),
    )
}

/// A routine `r` of one job over January 2024, with one value.
fn ready() -> Trial {
    let source = country("source").value(["CAS", "", "", "Centre A", "202401"], "3");
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial
}

fn state_database(trial: &Trial) -> PathBuf {
    let mut files = fs::read_dir(trial.xfer.home().join("state")).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|extension| extension == "db")).unwrap()
}

/// Somebody who looks into a database with another program, and does not let go of it.
fn reader(file: &Path) -> Connection {
    let reader = Connection::open(file).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    reader
}

#[test]
fn a_run_is_complete_although_what_it_learned_cannot_be_kept() {
    let trial = ready();
    let held = reader(&trial.xfer.home().join("config.db"));
    let report = trial.run("run r --format json").expect_code(0).report();
    assert_eq!((&report["outcome"], report["cells"]["created"].as_u64()), (&json!("complete"), Some(1)));
    drop(held);
    assert_eq!(trial.ok("runs show last --format json").report()["outcome"], "complete");
}

#[test]
fn a_run_says_what_it_did_although_its_end_cannot_be_written_down() {
    let trial = ready();
    trial.ok("run r");
    Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], Some("4"));
    let meddle = |sql| Connection::open(state_database(&trial)).unwrap().execute_batch(sql).unwrap();
    meddle("CREATE TRIGGER full BEFORE UPDATE ON run BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END");
    let ended = trial.run("run r --format json").expect_code(74);
    let report = ended.report();
    assert_eq!((&report["exit_code"], &report["cells"]["updated"]), (&json!(74), &json!(1)), "{ended}");
    assert_eq!(report["findings"][0]["code"], "journal-not-closed", "{ended}");
    insta::assert_snapshot!(ended.stderr, @" WARN xfer::ops::transfer: the end of the run could not be saved; this \
                                            report is still correct");
    meddle("DROP TRIGGER full");
    let again = trial.run("run r --format json").expect_code(0).report();
    assert_eq!((&again["cells"]["unchanged"], &again["recovered"]), (&json!(1), &json!(0)), "{again:#}");
    Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], Some("5"));
    assert_eq!(trial.run("run r --format json").expect_code(0).report()["cells"]["updated"], 1, "it is still ours");
}

#[test]
fn a_run_whose_journal_fails_on_the_way_says_what_it_did_and_the_next_one_goes_on() {
    // A POST that cannot be noted, an answer that cannot be, and how its cells ended.
    for (trigger, created) in [("INSERT ON chunk", 0), ("UPDATE ON chunk", 1), ("INSERT ON cell", 1)] {
        let trial = ready();
        trial.ok("run r --dry-run");
        let meddle = |sql: &str| Connection::open(state_database(&trial)).unwrap().execute_batch(sql).unwrap();
        meddle(&format!(
            "CREATE TRIGGER full BEFORE {trigger} BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        ));
        let ended = trial.run("run r --format json").expect_code(74);
        let report = ended.report();
        assert_eq!(report["exit_code"], json!(74), "{trigger}: {ended}");
        assert_eq!(report["findings"][0]["code"], "journal-cut-off", "{trigger}: {ended}");
        let cells = (&report["cells"]["created"], &report["cells"]["not_sent"]);
        assert_eq!(cells, (&json!(created), &json!(1 - created)), "{trigger}: {ended}");
        let shown = trial.run("runs show last --format json").expect_code(0).report();
        assert_eq!((&shown["run"], &shown["exit_code"]), (&report["run"], &json!(74)), "{trigger}");
        meddle("DROP TRIGGER full");
        let again = trial.run("run r --format json").expect_code(0).report();
        let cells = (&again["cells"]["created"], &again["cells"]["unchanged"], &again["recovered"]);
        assert_eq!(cells, (&json!(1 - created), &json!(created), &json!(created)), "{trigger}: {again:#}");
        Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], Some("5"));
        let updated = trial.run("run r --format json").expect_code(0).report();
        assert_eq!(updated["cells"]["updated"], 1, "{trigger}: it is ours");
    }
}

#[test]
fn a_run_ends_with_its_report_and_code_although_the_store_is_gone_or_takes_nothing() {
    let trial = ready();
    let config = trial.xfer.home().join("config.db");
    // Whoever may read and not write: by rights that bind everybody but root, and by the database itself.
    Connection::open(&config)
        .unwrap()
        .execute_batch("CREATE TRIGGER no BEFORE INSERT ON tuning BEGIN SELECT RAISE(ABORT, 'read-only'); END")
        .unwrap();
    fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o400)).unwrap();
    let report = trial.run("run r --format json").expect_code(0).report();
    assert_eq!((&report["outcome"], &report["cells"]["created"]), (&json!("complete"), &json!(1)));
    fs::set_permissions(&config, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();

    Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], Some("4"));
    trial.destination.ledger().clear();
    let read_back = Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") };
    trial.destination.faults().add(read_back, Fault::Slow { delay: std::time::Duration::from_secs(1) });
    let mut command = trial.xfer.prepared(&["run", "r", "--format", "json"]);
    let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while trial.destination.ledger().matching("POST", "/api/dataValueSets").is_empty() {
        std::thread::yield_now();
    }
    fs::rename(&config, trial.xfer.home().join("elsewhere")).unwrap();
    let ended = running.wait_with_output().unwrap();
    fs::rename(trial.xfer.home().join("elsewhere"), &config).unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(0), "{said}");
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!((&report["outcome"], &report["cells"]["updated"]), (&json!("complete"), &json!(1)), "{said}");
}

#[test]
fn a_login_page_in_place_of_the_read_back_leaves_nothing_unsaid() {
    let trial = ready();
    let read_back = Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") };
    trial.destination.faults().add(read_back, Fault::AppliedRedirect);
    let ended = trial.run("run r --format json").expect_code(7);
    let report = ended.report();
    assert_eq!((&report["cells"]["total"], &report["cells"]["accepted"]), (&json!(1), &json!(1)), "{ended}");
    let findings = report["findings"].to_string();
    assert!(findings.contains("read-back-cut-off") && !findings.contains("no-read-back"), "{ended}");
    assert!(!format!("{ended}").contains("Share the data set"), "{ended}");
    trial.destination.faults().clear();
    let again = trial.run("run r --format json").expect_code(0).report();
    assert_eq!(again["cells"]["unchanged"], 1, "{again:#}");
}

#[test]
fn whoever_reads_a_journal_ends_no_run() {
    let trial = ready();
    trial.ok("run r");
    let held = reader(&state_database(&trial));
    Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], Some("4"));
    assert_eq!(trial.run("run r --format json").expect_code(0).report()["cells"]["updated"], 1);
    drop(held);
    assert_eq!(trial.ok("runs list --format json").json().as_array().unwrap().len(), 2);
}

#[test]
fn whoever_writes_into_a_journal_is_waited_for_and_that_is_said() {
    let trial = ready();
    trial.ok("run r");
    let other = Connection::open(state_database(&trial)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut running = trial.xfer.command("run r").stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(running.stderr.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find(|line| line.contains("waiting for"));
    assert!(said.as_ref().is_some_and(|line| line.contains(".db: another program is writing to it")), "{said:?}");
    other.execute_batch("COMMIT").unwrap();
    lines.for_each(drop);
    assert_eq!(running.wait().unwrap().code(), Some(0));
}

#[test]
fn a_file_is_looked_at_before_its_key_and_each_has_its_own_code() {
    let trial = ready();
    trial.ok("routine export r --new-key-file run-key");
    let exec = |words: &str| trial.run(&format!("exec {words}"));
    let missing = exec("nowhere.xfer").expect_code(10);
    assert!(missing.stderr.contains("nowhere.xfer"), "{missing}");
    let whole = fs::read(trial.xfer.home().join("r.xfer")).unwrap();
    trial.xfer.file("damaged.xfer", &whole[..60]);
    trial.xfer.file("letter.xfer", "a letter to the ministry");
    trial.xfer.file("nothing.xfer", "");
    for file in ["damaged.xfer", "letter.xfer", "nothing.xfer"] {
        let refused = exec(file).expect_code(13);
        assert!(refused.stderr.contains(file) && !refused.stderr.contains("--key-file"), "{refused}");
        let _ = exec(&format!("{file} --key-file nowhere-key")).expect_code(13);
    }
    let _ = exec("r.xfer").expect_code(2);
    let _ = exec("r.xfer --key-file nowhere-key").expect_code(10);
    trial.xfer.file("empty-key", "");
    trial.xfer.file("cut-key", "xfer-key-1 q83vEjRWeJ");
    for key in ["empty-key", "cut-key"] {
        let refused = exec(&format!("r.xfer --key-file {key}")).expect_code(13);
        assert!(refused.stderr.contains(key), "{refused}");
    }
    let _ = exec("r.xfer --key-file run-key --format json").expect_code(0).report();
}

#[test]
fn a_machine_key_that_is_gone_or_empty_is_told_by_its_code() {
    let trial = ready();
    let key = trial.xfer.home().join("key");
    let content = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let gone = trial.run("run r").expect_code(12);
    insta::assert_snapshot!(gone.stderr, @"
    error: the machine key `[HOME]/key` is missing
    hint: restore `[HOME]/key` from its backup; if it is lost, `xfer key forget` deletes what it encrypted; then enter the login of every server again: `xfer server edit NAME`
    ");
    trial.xfer.file("key", "");
    let empty = trial.run("run r").expect_code(13);
    insta::assert_snapshot!(empty.stderr, @"
    error: the machine key `[HOME]/key` cannot be used: it is empty
    hint: restore `[HOME]/key` from a backup; without one, move it away, run `xfer key forget` and enter the login of every server again
    ");
    trial.xfer.file("key", &content[..20]);
    let _ = trial.run("server test src").expect_code(13);
    trial.xfer.file("key", content);
    trial.ok("run r");
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_and_no_signal() {
    let trial = ready();
    for line in ["routine export r --new-key-file run-key", "run r"] {
        let limited = format!("ulimit -f 1; exec \"$0\" {line}");
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", &limited, env!("CARGO_BIN_EXE_xfer")])
            .env_clear()
            .env("XFER_HOME", trial.xfer.home())
            .current_dir(trial.xfer.home())
            .stdin(Stdio::null());
        let refused = trial.xfer.finished(&mut command).expect_code(74);
        assert!(refused.stderr.contains("error: "), "{refused}");
    }
}

#[test]
fn the_last_run_is_the_one_that_started_last_whatever_the_clock_said() {
    let trial = ready();
    trial.ok("run r");
    let first = trial.ok("runs list --format json").json()[0]["run"].as_str().unwrap().to_owned();
    let ahead = "01f00000-0000-7000-8000-000000000001";
    let database = Connection::open(state_database(&trial)).unwrap();
    let changed = database
        .execute("UPDATE run SET uuid = ?1, started = '2037-07-04T05:05:05Z' WHERE uuid = ?2", [ahead, &first])
        .unwrap();
    assert_eq!(changed, 1);
    drop(database);
    trial.ok("run r --dry-run");
    let list = trial.ok("runs list --format json").json();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), ids[1]), (2, ahead), "{list:#}");
    assert_eq!(trial.ok("runs show last --format json").report()["mode"], "dry-run");
}

#[test]
fn a_run_that_is_ended_before_it_reads_back_gives_no_advice_about_rights() {
    let trial = ready();
    // The comparison is let through, the read-back never answered.
    let read_back = Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") };
    trial.destination.faults().add(read_back, Fault::Stall);
    let mut command = trial.xfer.prepared(&["run", "r", "--format", "json"]);
    let mut running = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while trial.destination.ledger().matching("GET", "/api/dataValueSets").len() < 2 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-TERM", &running.id().to_string()]).status().unwrap().success());
    let mut text = String::new();
    running.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(running.wait().unwrap().code(), Some(143));
    let report: Value = serde_json::from_str(&text).unwrap();
    let codes: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"read-back-cut-off") && !codes.contains(&"no-read-back"), "{report:#}");
    assert!(!text.contains("Share the data set"), "{report:#}");
}

/// The exit code of a process is that of the report it printed, and of the one that was kept.
fn assert_one_end(trial: &Trial, code: i32, printed: &Value) {
    let kept = trial.ok("runs show last --format json").report();
    let codes = [&printed["exit_code"], &kept["exit_code"]];
    assert_eq!((codes, &kept["run"]), ([&json!(code); 2], &printed["run"]), "{kept:#}");
}

#[test]
fn process_printed_report_and_kept_report_have_one_exit_code() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        let trial = ready();
        let read_back = Matcher { from: 1, ..Matcher::every("GET", "/api/dataValueSets") };
        trial.destination.faults().add(read_back, Fault::Stall);
        let mut command = trial.xfer.prepared(&["run", "r", "--format", "json"]);
        let running = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        while trial.destination.ledger().matching("GET", "/api/dataValueSets").len() < 2 {
            std::thread::yield_now();
        }
        assert!(Command::new("kill").args([signal, &running.id().to_string()]).status().unwrap().success());
        let ended = running.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(code));
        assert_one_end(&trial, code, &serde_json::from_slice(&ended.stdout).unwrap());
    }

    let trial = ready();
    trial.destination.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::Stall);
    let late = trial.run("run r --timeout 1s --format json").expect_code(5).report();
    assert_one_end(&trial, 5, &late);

    let trial = ready();
    Trial::store(&trial.source, ["CAS", "", "", "Centre A", "202401"], None);
    let empty = trial.run("run r --fail-on-empty --format json").expect_code(9).report();
    assert_one_end(&trial, 9, &empty);
    trial.ok("routine export r --new-key-file run-key");
    let empty = trial.run("exec r.xfer --key-file run-key --fail-on-empty --format json").expect_code(9).report();
    assert_one_end(&trial, 9, &empty);
}

#[test]
fn what_killed_commands_left_goes_at_the_next_start() {
    let trial = ready();
    trial.ok("run r");
    let home = trial.xfer.home().to_owned();
    let below = |name: &str| home.join(name);
    fs::create_dir_all(below("plugins/.new-aB3dE6/half")).unwrap();
    fs::create_dir_all(below("plugins/.old-Xy12Zz/lost")).unwrap();
    fs::write(below("plugins/.old-Xy12Zz/lost/plugin.ron"), "()").unwrap();
    fs::create_dir_all(below("schedules")).unwrap();
    // No process has this number: it is above what a machine gives.
    let backup = "state/0.db.v3.backup.999999999.tmp";
    let ours = [".xfer-aB3dE6.tmp", "state/.xfer-Zz99Zz.tmp", "schedules/.xfer-000000.tmp", backup];
    let users = ["notes.tmp", ".xfer-notes.tmp", "state/xfer-aB3dE6.tmp", "plugins/.new-idea"];
    for name in ours.iter().chain(&users) {
        fs::write(below(name), "half of it").unwrap();
    }
    trial.ok("server list");
    for name in ours.iter().chain(&["plugins/.new-aB3dE6", "plugins/.old-Xy12Zz"]) {
        assert!(!below(name).exists(), "{name} is still there");
    }
    for name in users {
        assert!(below(name).exists(), "{name} was a user's");
    }
    assert!(below("plugins/lost/plugin.ron").exists(), "it had made room for one that did not arrive");
    // In folders that are not ours, when the program writes there again.
    fs::create_dir(below("exports")).unwrap();
    fs::write(below("exports/.xfer-aB3dE6.tmp"), "half of it").unwrap();
    trial.ok("routine export r exports/r.xfer --new-key-file run-key");
    assert_eq!(fs::read_dir(below("exports")).unwrap().count(), 1);
}

#[test]
fn a_password_takes_nothing_from_the_form_of_an_error() {
    let trial = ready();
    for password in ["error", "exit_code", "xfer-error/1", "hints"] {
        // The form of an error for programs holds these words, whatever is secret: no file of a secret's name.
        trial.xfer.file("word.txt", password);
        let added =
            trial.run("server add other http://127.0.0.1:1 --username clerk --password-file word.txt --format json");
        let error: Value = serde_json::from_str(added.stderr.lines().last().unwrap_or_default())
            .unwrap_or_else(|cause| panic!("{cause}\n{added}"));
        assert_eq!(error["format"], "xfer-error/1", "{added}");
        assert_eq!(error["exit_code"], added.code, "{added}");
        assert!(error["error"].is_string() && error["hints"].is_array(), "{added}");
    }
}
