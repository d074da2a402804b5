//! Servers that repeat the login: it is in no output and in no file, whatever is asked and however much is logged. The
//! harness looks into what every command says and into every file that it leaves.

use xfer_sandbox::faults::{Echo, Fault, Matcher};

use crate::support::country::Country;
use crate::support::trial::Trial;

fn country(side: &str) -> Country {
    Country::new(side).facilities(&["Un"]).element("A", serde_json::json!({})).data_set(
        "M",
        "Monthly",
        &["A"],
        serde_json::json!({}),
    )
}

fn trial() -> Trial {
    let cell = ["A", "", "", "Un", "202401"];
    let trial = Trial::between(&country("source").value(cell, "3"), &country("destination"));
    trial.routine("", &[("A", "A")], "202401");
    trial
}

/// Runs a command with everything logged that can be; what it says is searched when it ends.
fn loudly(trial: &Trial, line: &str) -> String {
    let mut command = trial.xfer.prepared(&line.split(' ').collect::<Vec<_>>());
    let output = trial.xfer.finished(command.env("XFER_LOG", "trace"));
    format!("{}{}", output.stdout, output.stderr)
}

fn look_at_what_is_kept(trial: &Trial) {
    for line in ["runs show last --format json", "runs cells last --format json", "server show dst --format json"] {
        let _ = trial.run(line);
    }
    assert_eq!(trial.xfer.leaks(), Vec::<String>::new());
}

#[test]
fn faults_of_echoed_logins_in_imports() {
    for echo in Echo::ALL {
        let trial = trial();
        let imports = if echo == Echo::Location { Matcher::imports() } else { Matcher::imports().first(2) };
        trial.destination.faults().add(imports, Fault::Echo(echo));
        let said = loudly(&trial, "run r -vv");
        assert!(said.contains("***") || echo == Echo::Page || echo == Echo::Nonsense, "{echo:?}: {said}");
        let _ = trial.run("run r --format json");
        look_at_what_is_kept(&trial);
    }
}

#[test]
fn faults_of_echoed_logins_in_reads() {
    let trial = trial();
    for echo in Echo::ALL {
        for path in ["/api/system/info", "/api/me", "/api/dataElements", "/api/dataValueSets"] {
            let faults = trial.source.faults();
            faults.add(Matcher::every("GET", path).first(1), Fault::Echo(echo));
            let line = if path == "/api/dataValueSets" { "run r -vv" } else { "server sync src -vv" };
            let _ = loudly(&trial, line);
            faults.clear();
        }
    }
    look_at_what_is_kept(&trial);
}
