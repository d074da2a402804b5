//! The same error, end to end: whichever command meets it, the process ends with its code, and so say the error or the
//! report in JSON, and the journal. What goes wrong beside a run, such as an alert, changes none of them.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::{Value, json};
use xfer_sandbox::faults::{Fault, Matcher, Mutation};

use crate::support::country::Country;
use crate::support::listener::Channel;
use crate::support::trial::Trial;
use crate::support::{Output, Xfer};

/// What a server answers in place of its own answer.
#[derive(Clone, Copy)]
struct Answer {
    /// Requests whose path begins so.
    below: &'static str,
    status: &'static str,
    headers: &'static str,
    body: &'static str,
}

/// Something between the program and a server, which answers in its place when it is told to.
struct Front {
    url: String,
    answer: Arc<Mutex<Option<Answer>>>,
}

impl Front {
    fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = server.trim_start_matches("http://").to_owned();
        let answer = Arc::new(Mutex::new(None));
        let told: Arc<Mutex<Option<Answer>>> = Arc::clone(&answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (server, told) = (server.clone(), *told.lock().unwrap());
                // Whoever was killed meanwhile reads no answer.
                std::thread::spawn(move || serve(stream, &server, told).ok());
            }
        });
        Self { url, answer }
    }

    fn answers(&self, answer: Option<Answer>) {
        *self.answer.lock().unwrap() = answer;
    }
}

/// One request of one connection: what is read here has no body.
fn serve(mut stream: TcpStream, server: &str, told: Option<Answer>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut head, mut line) = (String::new(), String::new());
    while reader.read_line(&mut line)? > 2 {
        if !line.to_lowercase().starts_with("connection:") {
            head.push_str(&line);
        }
        line.clear();
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if let Some(Answer { status, headers, body, .. }) = told.filter(|answer| path.starts_with(answer.below)) {
        let length = body.len();
        return write!(
            stream,
            "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
    }
    let mut behind = TcpStream::connect(server)?;
    write!(behind, "{head}connection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    behind.read_to_end(&mut answer)?;
    stream.write_all(&answer)
}

fn country(side: &str) -> Country {
    Country::new(side).facilities(&["Centre A"]).element("CAS", json!({})).data_set("M", "Monthly", &["CAS"], json!({}))
}

const CELL: [&str; 5] = ["CAS", "", "", "Centre A", "202401"];

/// A routine `r` of one job with one value, run once.
fn ready() -> Trial {
    let trial = Trial::between(&country("source").value(CELL, "3"), &country("destination"));
    trial.routine("", &[("CAS", "CAS")], "202401");
    trial.ok("run r");
    trial
}

fn error_of(output: &Output) -> Value {
    let line = output.stderr.lines().last().unwrap_or_default();
    serde_json::from_str(line).unwrap_or_else(|cause| panic!("{cause}\n{output}"))
}

/// The code of the process is that of the error for programs.
#[track_caller]
fn assert_error(trial: &Xfer, line: &str, code: i32, what: &str) {
    let ended = trial.run(&format!("{line} --format json"));
    assert_eq!(ended.code, code, "{what}, {line}: {ended}");
    assert_eq!(error_of(&ended)["exit_code"], code, "{what}, {line}: {ended}");
}

/// The code of the process is that of the report it printed, and of the one that was kept.
#[track_caller]
fn assert_report(trial: &Trial, line: &str, code: i32, what: &str) -> Value {
    let ended = trial.run(&format!("{line} --format json"));
    assert_eq!(ended.code, code, "{what}, {line}: {ended}");
    let (printed, kept) = (ended.report(), trial.ok("runs show last --format json").report());
    let codes = [&printed["exit_code"], &kept["exit_code"]];
    assert_eq!((codes, &kept["run"]), ([&json!(code); 2], &printed["run"]), "{what}, {line}: {kept:#}");
    let listed: Value = serde_json::from_str(&trial.ok("runs list --format json").stdout).unwrap();
    assert_eq!(listed[0]["exit_code"], json!(code), "{what}, {line}: {listed:#}");
    printed
}

#[test]
fn a_server_that_fails_ends_every_command_with_one_code() {
    let trial = ready();
    trial.xfer.file("same.rhai", "fn value(v, ctx) { v }");
    let front = Front::before(trial.source.url());
    trial.ok(&format!("server edit src --url {} --username reader --password-file password", front.url));
    trial.ok("run r");
    trial.ok("routine export r --new-key-file run-key");
    let commands = [
        "server test src",
        "server sync src",
        "run r",
        "run r --dry-run",
        "exec r.xfer --key-file run-key",
        "script run same.rhai --from-run last",
    ];
    let html = "content-type: text/html\r\n";
    let plain = "content-type: application/json\r\n";
    let (moved, login) = ("location: https://elsewhere.example.org/\r\n", "location: /dhis-web-login/\r\n");
    // Asked again at once, so that no test waits.
    let now = "retry-after: 0\r\n";
    for (status, headers, body, code) in [
        ("404 Not Found", html, "<html>nginx</html>", 2),
        ("301 Moved Permanently", moved, "", 2),
        ("200 OK", plain, "{}", 2),
        ("200 OK", plain, r#"{"version": "twelve", "systemId": "x"}"#, 2),
        ("302 Found", login, "", 7),
        ("200 OK", html, "<html>log in</html>", 7),
        ("401 Unauthorized", plain, r#"{"message": "Unauthorized"}"#, 7),
        ("403 Forbidden", plain, r#"{"message": "Access denied"}"#, 7),
        ("429 Too Many Requests", now, "", 5),
        ("503 Service Unavailable", now, "", 5),
        ("200 OK", plain, "{\"version\":", 5),
        ("409 Conflict", plain, r#"{"message": "no", "errorCode": "E7120"}"#, 7),
        ("409 Conflict", plain, r#"{"message": "no", "errorCode": "E7128"}"#, 1),
        ("413 Payload Too Large", html, "", 1),
    ] {
        front.answers(Some(Answer { below: "/", status, headers, body }));
        for command in commands {
            assert_error(&trial.xfer, command, code, &format!("{status} {headers}{body}"));
        }
    }
    front.answers(None);
    trial.ok("run r");
    // Another server at the address, from the first question on.
    Trial::change(&trial.source, |state| state.settings.system_id = "Another00001".to_owned());
    for command in ["server sync src", "run r", "exec r.xfer --key-file run-key"] {
        assert_error(&trial.xfer, command, 14, "another system");
    }
}

#[test]
fn a_part_that_fails_ends_a_run_that_comes_to_nothing_with_the_same_code() {
    let trial = ready();
    let front = Front::before(trial.source.url());
    trial.ok(&format!("server edit src --url {} --username reader --password-file password", front.url));
    let html = "content-type: text/html\r\n";
    let plain = "content-type: application/json\r\n";
    for (status, headers, body, code) in [
        ("404 Not Found", html, "<html>nginx</html>", 2),
        ("301 Moved Permanently", "location: https://elsewhere.example.org/\r\n", "", 2),
        ("401 Unauthorized", plain, r#"{"message": "Unauthorized"}"#, 7),
        ("200 OK", plain, "", 7),
        ("200 OK", plain, "{\"dataValues\": [", 5),
        ("200 OK", plain, "[]", 5),
        ("409 Conflict", plain, r#"{"message": "no", "errorCode": "E7120"}"#, 7),
        ("413 Payload Too Large", html, "", 1),
    ] {
        front.answers(Some(Answer { below: "/api/dataValueSets", status, headers, body }));
        let what = format!("{status} {headers}{body}");
        for command in ["run r", "run r --dry-run"] {
            let report = assert_report(&trial, command, code, &what);
            assert_eq!(report["outcome"], "failed", "{what}: {report:#}");
        }
    }
    front.answers(None);
    assert_report(&trial, "run r", 0, "an answer of its own");
}

#[test]
fn a_destination_that_fails_ends_a_run_with_its_code_in_every_place() {
    let faults = [
        (Matcher::every("GET", "/api/dataValueSets"), Fault::LoginPage, 7),
        (Matcher::every("GET", "/api/dataValueSets"), Fault::Malformed(Mutation::ALL[0]), 5),
        (Matcher::every("POST", "/api/dataValueSets"), Fault::Unauthorized, 7),
        (Matcher::every("POST", "/api/dataValueSets"), Fault::Unavailable { retry_after: Some(0) }, 6),
    ];
    for (at, fault, code) in faults {
        let trial = ready();
        Trial::store(&trial.source, CELL, Some("4"));
        trial.destination.faults().add(at, fault);
        assert_report(&trial, "run r", code, &format!("{fault:?}"));
    }
}

#[test]
fn errors_of_this_machine_end_every_command_with_one_code() {
    let trial = ready();
    trial.ok("routine export r --new-key-file run-key");
    trial.xfer.file("empty", "");
    trial.xfer.file("damaged.xfer", "(format: \"xfer-file/1\"");
    for (line, code) in [
        ("run nothing", 2),
        ("exec nothing.xfer --key-file run-key", 10),
        ("exec r.xfer --key-file nothing", 10),
        ("exec r.xfer --key-file empty", 13),
        ("exec r.xfer", 2),
        ("exec damaged.xfer --key-file run-key", 13),
        ("exec r.xfer --key-file run-key --min-revision 9", 2),
        ("run r --periods 2024Q9", 2),
        ("exec r.xfer --key-file run-key --periods 2024Q9", 2),
        ("run r --job nothing", 2),
    ] {
        assert_error(&trial.xfer, line, code, "on this machine");
    }
    // A run that is going on, from the store and from the file.
    let read_back = Matcher::every("GET", "/api/dataValueSets");
    trial.destination.faults().add(read_back, Fault::Stall);
    let mut command = trial.xfer.prepared(&["run", "r"]);
    let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let asked = trial.destination.ledger().matching("GET", "/api/dataValueSets").len();
    while trial.destination.ledger().matching("GET", "/api/dataValueSets").len() == asked {
        std::thread::yield_now();
    }
    for command in ["run r", "exec r.xfer --key-file run-key"] {
        assert_error(&trial.xfer, command, 11, "two at once");
    }
    running.kill().unwrap();
    running.wait().unwrap();
    // The whole database, before a run and by hand.
    let state = trial.xfer.home().join("state");
    let database = std::fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path());
    let database = database.filter(|path| path.extension().is_some_and(|ending| ending == "db")).last().unwrap();
    std::fs::write(&database, "this is no database at all").unwrap();
    for command in ["run r", "exec r.xfer --key-file run-key", "runs show last"] {
        assert_error(&trial.xfer, command, 13, "a journal that is none");
    }
}

#[test]
fn a_run_that_is_ended_has_one_code_with_and_without_a_report() {
    for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
        for (path, has_report) in [("/api/dataValueSets", true), ("/api/system/info", false)] {
            let trial = ready();
            trial.destination.faults().add(Matcher::every("GET", path), Fault::Stall);
            let before = trial.destination.ledger().matching("GET", path).len();
            let mut command = trial.xfer.prepared(&["run", "r", "--format", "json"]);
            let running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            while trial.destination.ledger().matching("GET", path).len() == before {
                std::thread::yield_now();
            }
            assert!(Command::new("kill").args([signal, &running.id().to_string()]).status().unwrap().success());
            let ended = running.wait_with_output().unwrap();
            assert_eq!(ended.status.code(), Some(code), "{signal} {path}");
            if has_report {
                let printed: Value = serde_json::from_slice(&ended.stdout).unwrap();
                let kept = trial.ok("runs show last --format json").report();
                assert_eq!([&printed["exit_code"], &kept["exit_code"]], [&json!(code); 2], "{signal}: {kept:#}");
            } else {
                let said = String::from_utf8(ended.stderr).unwrap();
                let error: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
                assert_eq!(error["exit_code"], json!(code), "{signal}: {error:#}");
            }
        }
    }
    // The time limit, with and without a report.
    let trial = ready();
    Trial::store(&trial.source, CELL, Some("4"));
    trial.destination.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::Stall);
    assert_report(&trial, "run r --timeout 1s", 5, "too late");
    trial.destination.faults().clear();
    trial.destination.faults().add(Matcher::every("GET", "/api/system/info"), Fault::Stall);
    assert_error(&trial.xfer, "run r --timeout 1s", 5, "too late for a report");
}

#[test]
fn an_empty_run_and_a_journal_that_fails_have_one_code_everywhere() {
    let trial = ready();
    Trial::store(&trial.source, CELL, None);
    assert_report(&trial, "run r --fail-on-empty", 9, "empty");
    trial.ok("routine export r --new-key-file run-key");
    assert_report(&trial, "exec r.xfer --key-file run-key --fail-on-empty", 9, "empty");

    let trial = ready();
    Trial::store(&trial.source, CELL, Some("4"));
    let state = trial.xfer.home().join("state");
    let mut files = std::fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path());
    let database = files.find(|path| path.extension().is_some_and(|ending| ending == "db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON cell BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    Connection::open(database).unwrap().execute_batch(full).unwrap();
    let report = assert_report(&trial, "run r", 74, "a journal that fails");
    assert_eq!(report["findings"][0]["code"], "journal-cut-off");
}

#[test]
fn an_alert_that_fails_changes_no_code_and_is_told_the_one_that_counts() {
    let trial = ready();
    let (refusing, taking) = (Channel::answering(500), Channel::answering(200));
    for (name, channel) in [("no", &refusing), ("yes", &taking)] {
        trial.xfer.file("hook", &channel.url);
        trial.ok(&format!("routine alert add r --webhook --name {name} --url-file hook"));
    }
    Trial::store(&trial.source, CELL, Some("4"));
    trial.destination.faults().add(Matcher::every("GET", "/api/dataValueSets"), Fault::LoginPage);
    let ended = trial.run("run r --notify --format json").expect_code(7);
    assert_eq!(ended.report()["exit_code"], 7);
    assert!(ended.stderr.contains("the alert no was not delivered"), "{ended}");
    let told: Value = serde_json::from_str(&taking.next().body).unwrap();
    assert_eq!((&told["exit_code"], refusing.got().len()), (&json!(7), 1), "{told:#}");
    assert_eq!(trial.ok("runs show last --format json").report()["exit_code"], 7);
}
