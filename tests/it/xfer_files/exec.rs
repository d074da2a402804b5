//! Unattended runs: as cron starts them, against servers that are not who they should be, and told to end.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::fixtures;

use crate::support::office::{Office, cells};
use crate::support::{Output, in_shell};
use crate::xfer_files::lifecycle::{elsewhere, mode};

/// Runs `exec` through a shell, as cron does: another folder, no terminal, an almost empty environment.
fn as_cron(home: &Path, umask: &str, words: &str) -> Output {
    let script = format!("umask {umask}; exec \"$0\" exec {words}");
    in_shell(&script, Path::new("/"), &[("HOME", home.as_os_str())])
}

fn everything_below(folder: &std::path::Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything_below(&path, found);
        }
        found.push(path);
    }
}

/// Ignores the facilities that preflight holds back because they are closed, so that a run can be complete.
pub(crate) fn leave_closed_facilities_out(office: &Office) {
    let _ = office.xfer.run("run monthly --dry-run");
    let held = office.ok("runs cells last --state held_back --format csv").stdout;
    let held: BTreeSet<&str> = held.lines().skip(1).filter_map(|line| line.split(',').nth(4)).collect();
    assert!(!held.is_empty());
    let mut map = String::from("source_id,destination_id,state\n");
    for unit in fixtures::country().true_org_units() {
        if held.contains(unit.destination.as_str()) {
            writeln!(map, "{},,ignored", unit.source).unwrap();
        } else {
            writeln!(map, "{},{},confirmed", unit.source, unit.destination).unwrap();
        }
    }
    office.xfer.file("open-units.csv", map);
    office.ok("orgunit import tracker national open-units.csv");
    // Some units of the source have no counterpart at all.
    office.ok("routine new tolerant --job malaria --periods LAST_MONTH --tolerate-unmapped");
}

#[test]
fn cron_needs_nothing_but_the_file_and_the_key() {
    let office = Office::ready();
    leave_closed_facilities_out(&office);
    office.ok("routine export tolerant monthly.xfer --new-key-file run-key");
    for umask in ["077", "000"] {
        let other = elsewhere(&office, &["monthly.xfer", "run-key"]);
        let home = other.home();
        let words = format!("{0}/monthly.xfer --key-file {0}/run-key --json", home.display());
        let report = as_cron(home, umask, &words).expect_code(0).report();
        assert_eq!(report["outcome"], "complete");
        assert!(cells(&report, "created") + cells(&report, "unchanged") > 100, "{report:#}");
        let mut found = Vec::new();
        everything_below(home, &mut found);
        assert!(found.iter().any(|path| path.extension().is_some_and(|extension| extension == "db")), "{found:?}");
        for path in found {
            // The platform's own folders on the way are the system's to make.
            let ours = path.strip_prefix(home.join(".local/share")).is_ok_and(|below| below.starts_with("xfer"));
            if ours || path.is_file() {
                let expected = if path.is_dir() { 0o700 } else { 0o600 };
                assert_eq!(mode(&path), expected, "umask {umask}: {}", path.display());
            }
        }
    }
}

#[test]
fn a_credential_of_the_service_manager_opens_the_file() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let credentials = tempfile::tempdir().unwrap();
    let key = credentials.path().join("xfer-key");
    std::fs::copy(office.xfer.home().join("run-key"), &key).unwrap();
    // systemd hands credentials out as 0440 in a folder of the service's own.
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o440)).unwrap();
    let run = |folder: &std::path::Path| {
        let mut command = office.xfer.command("exec monthly.xfer --dry-run");
        command.env("CREDENTIALS_DIRECTORY", folder).status().unwrap().code()
    };
    assert_eq!(run(credentials.path()), Some(3));
    assert_eq!(run(tempfile::tempdir().unwrap().path()), Some(2), "an empty folder opens nothing");
}

#[test]
fn another_server_at_the_address_gets_no_values() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let exec = "exec monthly.xfer --key-file run-key --quiet";
    for (server, name) in [(&office.servers.source, "tracker"), (&office.servers.destination, "national")] {
        let own = server
            .instance()
            .with_state(|state| std::mem::replace(&mut state.settings.system_id, "another-system".to_owned()));
        let (reads, writes) = (office.servers.source.ledger(), office.servers.destination.ledger());
        let before = (reads.matching("GET", "/api/dataValueSets").len(), writes.imports().len());
        office.refused(exec, 14, &[name, "another-system"]);
        let after = (reads.matching("GET", "/api/dataValueSets").len(), writes.imports().len());
        assert_eq!(before, after, "no value was read or sent");
        server.instance().with_state(|state| state.settings.system_id = own);
    }
    let own = office.servers.source.instance().with_state(|state| state.settings.system_id.clone());
    office.servers.destination.instance().with_state(|state| state.settings.system_id = own);
    office.ok("server test national");
    office.ok("routine export monthly clone.xfer --new-key-file clone-key");
    let clone = office.xfer.run("exec clone.xfer --key-file clone-key --dry-run --json").report();
    let told = clone["findings"].as_array().unwrap().iter().any(|finding| finding["code"] == "same-system");
    assert!(told, "a clone is named: {clone:#}");
}

#[test]
fn web_pages_and_empty_answers_are_never_no_data() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let endpoints = ["/api/system/info", "/api/me", "/api/systemSettings", "/api/dataValueSets"];
    for fault in [Fault::LoginPage, Fault::EmptyOk] {
        for endpoint in endpoints {
            for server in [&office.servers.source, &office.servers.destination] {
                if server.ledger().matching("GET", endpoint).is_empty() {
                    continue;
                }
                let sent = office.servers.destination.ledger().imports().len();
                server.faults().add(Matcher::every("GET", endpoint), fault);
                let run = office.xfer.run("exec monthly.xfer --key-file run-key --timeout 10s");
                server.faults().clear();
                let optional = endpoint == "/api/systemSettings" && run.code == 3;
                assert!(run.code != 0 && (run.code != 3 || optional), "{fault:?} at {endpoint}\n{run}");
                if !optional {
                    assert_eq!(office.servers.destination.ledger().imports().len(), sent, "{fault:?} at {endpoint}");
                }
            }
        }
    }
}

#[test]
fn a_run_that_is_told_to_end_ends_within_five_seconds() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let exec = "exec monthly.xfer --key-file run-key";
    let stalls = [
        (Matcher::every("GET", "/api/system/info"), "before it has begun"),
        (Matcher::every("GET", "/api/dataValueSets"), "while it reads"),
        (Matcher::imports(), "while it sends"),
    ];
    for (matcher, when) in stalls {
        for (signal, code) in [("-TERM", 143), ("-INT", 130)] {
            let server = &office.servers.destination;
            server.ledger().clear();
            server.faults().add(matcher.clone(), Fault::Stall);
            let mut running = office.xfer.command(exec).spawn().unwrap();
            let path = matcher.path_prefix.clone();
            let method = matcher.method.clone().unwrap();
            while server.ledger().matching(&method, &path).is_empty() && running.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            let asked = Instant::now();
            let pid = running.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
            assert_eq!(running.wait().unwrap().code(), Some(code), "{signal} {when}");
            assert!(asked.elapsed() < Duration::from_secs(5), "{signal} {when}: {:?}", asked.elapsed());
            server.faults().clear();
        }
    }
    office.servers.destination.faults().add(Matcher::every("GET", "/api/system/info"), Fault::Stall);
    let timed = office.xfer.run(&format!("{exec} --timeout 1s"));
    office.servers.destination.faults().clear();
    assert_eq!(timed.code, 5, "its time was up\n{timed}");
    let next = office.xfer.run(&format!("{exec} --json")).report();
    assert_eq!(cells(&next, "unknown") + cells(&next, "not_sent") + cells(&next, "differs"), 0, "nothing was lost");
}

#[test]
fn an_empty_source_is_a_failure_where_that_is_asked_for() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    let exec = "exec monthly.xfer --key-file run-key --periods 199001";
    let plain = office.xfer.run(exec).code;
    let strict = office.xfer.run(&format!("{exec} --fail-on-empty")).code;
    assert_eq!((plain, strict), (0, 9));
}
