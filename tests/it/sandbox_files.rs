//! Servers from files: through the real `xfer sandbox`, and as the stage of the other end-to-end tests.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::json;

use crate::support::Xfer;
use crate::support::country::Country;
use crate::support::trial::{Trial, case};

fn source() -> Country {
    Country::new("source")
        .facilities(&["Centre A", "Centre B"])
        .attribute_combo("Projet", &["P100", "P200"])
        .element("CAS", json!({}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
        .value(["CAS", "", "P100", "Centre A", "202401"], "3")
        .value(["CAS", "", "P200", "Centre A", "202401"], "40")
}

fn destination() -> Country {
    Country::new("destination")
        .facilities(&["Centre A", "Centre B"])
        .attribute_combo("Projet", &["P100", "P200"])
        .element("CAS", json!({}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
}

#[test]
fn a_value_goes_from_one_small_country_to_the_other() {
    let trial = Trial::between(&source(), &destination());
    trial.routine("--combine error", &[("CAS.default.P100", "CAS.default.P100")], "202401");
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "P100", "Centre A", "202401"]).as_deref(), Some("3"));
    assert_eq!(trial.values().len(), 1);
}

#[test]
fn a_right_is_taken_away_while_the_server_runs() {
    let trial = Trial::between(&source(), &destination());
    let seen = |user: &str| {
        let answer = crate::support::trial::rows_as(&trial.source, user);
        answer.len()
    };
    assert_eq!((seen("reader"), seen("admin")), (2, 2));
    Trial::share(&trial.source, "categoryOptions", "P200", "rw------");
    assert_eq!((seen("reader"), seen("admin")), (1, 2));
}

#[test]
fn every_case_of_the_fixtures_opens() {
    for name in ["01", "02", "05", "06", "10", "11", "13", "14"] {
        let trial = Trial::of_case(name);
        assert!(!crate::support::trial::rows(&trial.source).is_empty(), "{name}");
    }
}

/// `xfer sandbox` that runs until it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts it; the addresses that it prints.
    fn start(xfer: &Xfer, line: &str) -> (Self, Vec<String>) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = xfer.prepared(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let running = Self(child);
        let header = lines.next().unwrap().unwrap();
        let url = header.split(',').position(|column| column == "url").unwrap();
        let servers = line.matches("-metadata").count().max(1);
        let urls = lines.by_ref().take(servers).map(|line| line.unwrap().split(',').nth(url).unwrap().to_owned());
        let urls = urls.collect();
        (running, urls)
    }
}

#[test]
fn the_sandbox_command_plays_metadata_files() {
    let xfer = Xfer::new();
    xfer.file("password", xfer::ops::sandbox::PASSWORD);
    let folder = case("01");
    let (_running, urls) = Running::start(
        &xfer,
        &format!(
            "sandbox --format csv --source-metadata {0}/source.metadata.json --source-data {0}/source.values.json \
             --destination-metadata {0}/destination.metadata.json",
            folder.display()
        ),
    );
    let ok = |line: &str| xfer.run(line).expect_code(0);
    ok(&format!("server add src {} --username reader --password-file password", urls[0]));
    ok(&format!("server add dst {} --username writer --password-file password", urls[1]));
    ok("server sync --all");
    ok("orgunit map src dst F-01 --to F-01 --yes");
    ok("job new j --from src --to dst --combine error");
    ok("job add-item j BIRTH BIRTH");
    ok("routine new r --job j --periods 202401");
    let report = ok("run r --format json").report();
    assert_eq!(report["cells"]["created"], 1, "{report:#}");
}

#[test]
fn files_that_cannot_be_played_are_refused_by_line_and_name() {
    let xfer = Xfer::new();
    let mut broken = source().metadata();
    broken = broken.replacen("\"dataElement\": {", "\"dataElement\": { \"was\": 1,", 1);
    let id = source().id("dataElements", "CAS");
    let at = broken.rfind(&id).unwrap();
    broken.replace_range(at..at + 11, "xNoSuchElem");
    xfer.file("broken.json", &broken);
    let line = broken[..broken[..at].rfind("\"dataSetElements\"").unwrap()].lines().count();
    let output = xfer.run("sandbox --metadata broken.json").expect_code(2);
    for words in ["broken.json cannot be played", "the data set `M` refers to the data element `xNoSuchElem`", "hint: "]
    {
        assert!(output.stderr.contains(words), "`{words}` is missing\n{output}");
    }
    assert!(line > 1);
    xfer.file("cut.json", "{\n \"organisationUnits\": [\n");
    let output = xfer.run("sandbox --metadata cut.json").expect_code(2);
    assert!(output.stderr.contains("line 3: this is no JSON"), "\n{output}");
    let output = xfer.run("sandbox --metadata nowhere.json");
    assert!(output.stderr.contains("nowhere.json"), "\n{output}");
    let output = xfer.run("sandbox --source-data values.json").expect_code(2);
    assert!(output.stderr.contains("--source-metadata FILE"), "\n{output}");
}
