//! Servers from files: what a loaded server does with rights, aggregation and false answers, through its API; and the
//! real `xfer sandbox` as a person starts it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use xfer::ops::sandbox::PASSWORD;
use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::RunningSandbox;

use crate::support::Xfer;
use crate::support::country::Country;
use crate::support::trial::{Trial, ask, case, rows, rows_as, send, server};

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
    let said = trial.run("run r").expect_code(0);
    assert_eq!(trial.value(["CAS", "", "P100", "Centre A", "202401"]).as_deref(), Some("3"), "{said}");
    assert_eq!(trial.values().len(), 1);
    let row = trial.row(["CAS", "", "P100", "Centre A", "202401"]).unwrap();
    assert_eq!(row["storedBy"], "writer");
    Trial::store(&trial.source, ["CAS", "", "P100", "Centre A", "202401"], Some("4"));
    trial.ok("run r");
    assert_eq!(trial.value(["CAS", "", "P100", "Centre A", "202401"]).as_deref(), Some("4"));
    Trial::store(&trial.source, ["CAS", "", "P100", "Centre A", "202401"], None);
    let emptied = trial.run("run r").expect_code(3);
    assert!(emptied.stderr.contains("source-empty") || emptied.stdout.contains("source-empty"), "{emptied}");
    assert_eq!(rows(&trial.source).len(), 1);
}

#[test]
fn users_of_the_files_log_in_with_their_own_reach() {
    let narrow = |country: Country| country.user("clerk", &["Centre A"], &["Centre A"], json!({}));
    let trial = Trial::as_users(&narrow(source()), "clerk", &narrow(destination()), "clerk");
    assert_eq!(trial.ok("server list --format json").json().as_array().unwrap().len(), 2);
    let unit = source().id("organisationUnits", "Centre B");
    let (status, body) = send(
        &trial.source,
        "clerk",
        "GET",
        &format!(
            "/api/analytics?dimension=dx:{}&dimension=pe:202401&dimension=ou:{unit}",
            source().id("dataElements", "CAS")
        ),
        &Value::Null,
    );
    assert_eq!((status, &body["errorCode"]), (409, &json!("E7120")), "{body}");
}

#[test]
fn a_right_is_taken_away_while_the_server_runs() {
    for profile in Profile::ALL {
        let sandbox = server(profile, &source());
        let seen = |user: &str| rows_as(&sandbox, user).len();
        assert_eq!((seen("reader"), seen("admin")), (2, 2));
        Trial::share(&sandbox, "categoryOptions", "P200", "rw------");
        assert_eq!((seen("reader"), seen("admin")), (1, 2), "{profile:?}");
        let options = ask(&sandbox, "reader", "/api/categoryOptions?fields=name,access%5Bdata%5D&paging=false");
        let option = options["categoryOptions"].as_array().unwrap().iter().find(|option| option["name"] == "P200");
        assert_eq!(option.unwrap()["access"]["data"], json!({"write": false, "read": false}));
    }
}

#[test]
fn an_option_that_may_not_be_read_in_the_file_is_left_out_without_a_word() {
    for profile in Profile::ALL {
        let sandbox = server(profile, &source().may_not_read("P200"));
        assert_eq!((rows_as(&sandbox, "reader").len(), rows(&sandbox).len()), (1, 2), "{profile:?}");
    }
}

/// A row for an import by names.
fn row(country: &Country, project: &str, unit: &str) -> Value {
    json!({"dataSet": country.id("dataSets", "M"), "dataValues": [{
        "dataElement": country.id("dataElements", "CAS"), "period": "202401", "value": "5",
        "orgUnit": country.id("organisationUnits", unit), "categoryOptionCombo": country.id("categoryOptionCombos", ""),
        "attributeOptionCombo": country.id("categoryOptionCombos", project),
    }]})
}

#[test]
fn what_may_not_be_written_is_refused_as_each_generation_does() {
    let country = destination().may_not_read("P200").user("clerk", &["Centre B"], &["Centre B"], json!({})).object(
        "dataSets",
        "N",
        json!({"periodType": "Monthly"}),
    );
    let refused = |sandbox: &RunningSandbox, user: &str, project: &str, unit: &str| {
        let (_, body) = send(sandbox, user, "POST", "/api/dataValueSets", &row(&country, project, unit));
        body["response"]["conflicts"][0]["errorCode"].as_str().unwrap_or(&body["status"].to_string()).to_owned()
    };
    for (profile, option, unit, set) in [
        (Profile::V40, "E7615", "E7617", "E7601"),
        (Profile::V41, "E7615", "E7617", "E7601"),
        (Profile::V42, "E7615", "E7617", "E7601"),
        (Profile::V43, "E8012", "E8011", "E8010"),
        (Profile::V44, "E8012", "E8011", "E8010"),
    ] {
        let sandbox = server(profile, &country);
        assert_eq!(refused(&sandbox, "writer", "P100", "Centre A"), "\"OK\"", "{profile:?}");
        assert_eq!(refused(&sandbox, "writer", "P200", "Centre A"), option, "{profile:?}");
        assert_eq!(refused(&sandbox, "clerk", "P100", "Centre A"), unit, "{profile:?}");
        Trial::share(&sandbox, "dataSets", "M", "rwr-----");
        assert_eq!(refused(&sandbox, "writer", "P100", "Centre A"), set, "{profile:?}");
        let (status, _) = send(&sandbox, "reader", "POST", "/api/dataValueSets", &row(&country, "P100", "Centre A"));
        assert_eq!(status, 403, "a reader has no authority to write");
    }
}

#[test]
fn combos_option_sets_and_the_clock_are_the_servers_own() {
    let country = Country::new("s")
        .facilities(&["Centre A"])
        .combo("Sexe", &["F", "M"])
        .option_set("Oui", &["oui", "non"])
        .element("CAS", json!({"categoryCombo": "Sexe"}))
        .element("EAU", json!({"valueType": "TEXT", "optionSet": "Oui"}))
        .data_set("M", "Monthly", &["CAS", "EAU"], json!({"openFuturePeriods": 0}))
        .row(["CAS", "F", "", "Centre A", "202401"], json!({"value": 3, "comment": "tard", "followup": true}));
    let sandbox = server(Profile::V43, &country);
    let stored = rows(&sandbox);
    let row = &stored[&["CAS", "F", "", "Centre A", "202401"].map(str::to_owned)];
    assert_eq!((&row["value"], &row["comment"], &row["followup"]), (&json!("3"), &json!("tard"), &json!(true)));
    let write = |value: &str| {
        let body = json!({"dataSet": country.id("dataSets", "M"), "dataValues": [{
            "dataElement": country.id("dataElements", "EAU"), "period": "202401", "value": value,
            "orgUnit": country.id("organisationUnits", "Centre A"),
        }]});
        let (_, body) = send(&sandbox, "writer", "POST", "/api/dataValueSets", &body);
        body["response"]["conflicts"][0]["errorCode"].as_str().unwrap_or("written").to_owned()
    };
    assert_eq!((write("peut-être"), write("oui")), ("E8123".to_owned(), "written".to_owned()));
    Trial::change(&sandbox, |state| state.settings.now = "2024-01-15T00:00:00".into());
    assert_eq!(write("non"), "E8030", "the month is not over");
}

#[test]
fn a_data_set_that_may_not_be_read_closes_reads_by_data_set_only() {
    let country = source().change("dataSets", "M", json!({"access": {"data": {"read": false, "write": false}}}));
    let unit = country.id("organisationUnits", "Centre A");
    for profile in Profile::ALL {
        let sandbox = server(profile, &country);
        let read = |by: &str| {
            let target = format!("/api/dataValueSets?{by}&period=202401&orgUnit={unit}");
            send(&sandbox, "reader", "GET", &target, &Value::Null)
        };
        let (status, body) = read(&format!("dataSet={}", country.id("dataSets", "M")));
        match profile {
            Profile::V43 | Profile::V44 => assert_eq!((status, &body["errorCode"]), (409, &json!("E2010"))),
            _ => assert_eq!((status, body), (200, Value::Null), "nothing at all, not an empty list"),
        }
        let (status, body) = read(&format!("dataElement={}", country.id("dataElements", "CAS")));
        assert_eq!((status, body["dataValues"].as_array().unwrap().len()), (200, 2), "{profile:?}");
    }
}

/// The value column of an analytics answer, one row.
fn analytics(sandbox: &RunningSandbox, item: &str, unit: &str, period: &str) -> Vec<String> {
    let target = format!(
        "/api/analytics.json?dimension=dx:{item}&dimension=pe:{period}&dimension=ou:{unit}&skipRounding=true&skipMeta=true"
    );
    let body = ask(sandbox, "reader", &target);
    body["rows"].as_array().unwrap().iter().map(|row| row[3].as_str().unwrap().to_owned()).collect()
}

#[test]
fn analytics_aggregates_what_was_loaded_as_each_element_says() {
    let mut country = Country::new("s").facilities(&["Centre A", "Centre B"]);
    for kind in ["SUM", "AVERAGE", "LAST", "MAX"] {
        country = country.element(kind, json!({"aggregationType": kind, "valueType": "NUMBER"}));
    }
    country = country.data_set("M", "Monthly", &["SUM", "AVERAGE", "LAST", "MAX"], json!({}));
    for kind in ["SUM", "AVERAGE", "LAST", "MAX"] {
        for (unit, period, value) in
            [("Centre A", "202401", "2"), ("Centre B", "202401", "4"), ("Centre A", "202402", "6")]
        {
            country = country.value([kind, "", "", unit, period], value);
        }
    }
    let sandbox = server(Profile::V42, &country);
    let root = country.id("organisationUnits", "Pays");
    let at_root = |kind: &str, period: &str| analytics(&sandbox, &country.id("dataElements", kind), &root, period);
    assert_eq!(at_root("SUM", "202401"), ["6.0"]);
    assert_eq!(at_root("AVERAGE", "202401"), ["3.0"]);
    assert_eq!(at_root("MAX", "202401"), ["4.0"]);
    assert_eq!(at_root("LAST", "202401"), ["6.0"], "summed over org units");
    assert_eq!(at_root("LAST", "2024Q1"), ["10.0"], "the last of each unit, summed");
    assert_eq!(at_root("SUM", "2024Q1"), ["12.0"]);
}

#[test]
fn a_program_indicator_shows_the_results_it_was_loaded_with() {
    let country = source().object("programs", "Registre", json!({})).object(
        "programIndicators",
        "PI",
        json!({"aggregationType": "SUM", "expression": "V{event_count}"}),
    );
    let (id, program) = (country.id("programIndicators", "PI"), country.id("programs", "Registre"));
    let country = country
        .change("programIndicators", "PI", json!({"program": {"id": program}}))
        .result("PI", "Centre A", "202401", "7");
    let country = country.result("PI", "Centre B", "202401", "0.5");
    let sandbox = server(Profile::V43, &country);
    assert_eq!(analytics(&sandbox, &id, &country.id("organisationUnits", "Pays"), "202401"), ["7.5"]);
    assert_eq!(analytics(&sandbox, &id, &country.id("organisationUnits", "Centre B"), "202401"), ["0.5"]);
    assert_eq!(rows(&sandbox).len(), 2, "a result is no data value");
}

#[test]
fn metadata_lists_lie_on_plan() {
    let sandbox = server(Profile::V42, &source());
    let list = |page: &str| {
        let body = ask_over_http(&sandbox, &format!("/api/organisationUnits?fields=id&order=id:asc&{page}"));
        let ids = body["organisationUnits"].as_array().unwrap().iter().map(|unit| unit["id"].to_string());
        (body["pager"]["total"].as_u64().unwrap(), ids.collect::<Vec<_>>())
    };
    let honest = list("pageSize=10").1;
    assert_eq!(honest.len(), 4);
    sandbox.faults().add(Matcher::lists("organisationUnits").first(1), Fault::EmptyList);
    assert_eq!(list("pageSize=10"), (0, Vec::new()));
    assert_eq!(list("pageSize=10").0, 4, "once only");
    sandbox.faults().add(Matcher::lists("organisationUnits").first(1), Fault::ShortList { missing: 1 });
    assert_eq!(list("pageSize=10"), (4, honest[..3].to_vec()));
    sandbox.faults().add(Matcher::lists("organisationUnits").nth(1), Fault::ShiftedPage { by: 1 });
    let (first, second) = (list("pageSize=2&page=1"), list("pageSize=2&page=2"));
    assert_eq!((first.1, second), (honest[..2].to_vec(), (3, honest[3..].to_vec())), "one was passed over");
}

#[test]
fn every_case_of_the_fixtures_opens() {
    for name in ["01", "02", "05", "06", "10", "11", "13", "14"] {
        let trial = Trial::of_case(name);
        assert!(!rows(&trial.source).is_empty(), "{name}");
    }
}

/// Asks through a socket, where faults act.
fn ask_over_http(sandbox: &RunningSandbox, target: &str) -> Value {
    get(sandbox.url(), "reader", target)
}

/// Asks a server at an address. It has to tell the length of what it sends, as 2.40 and 2.41 do, or send one chunk.
fn get(url: &str, user: &str, target: &str) -> Value {
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{PASSWORD}"));
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let request =
        format!("GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {pair}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (from, to) = (answer.find('{').unwrap(), answer.rfind('}').unwrap());
    serde_json::from_str(&answer[from..=to]).unwrap_or_else(|cause| panic!("{cause}\n{answer}"))
}

/// `xfer sandbox` that runs until it is dropped.
struct Running {
    child: Child,
    /// What it says, line by line.
    said: Receiver<String>,
    urls: Vec<String>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts it and waits for the addresses of so many servers.
    fn start(xfer: &Xfer, servers: usize, line: &str) -> Self {
        let line = format!("sandbox --format csv {line}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let mut command = xfer.prepared(&words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (say, said) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self { child, said, urls: Vec::new() };
        let Some(Ok(header)) = lines.next() else { panic!("it did not start\n{}", running.everything_said()) };
        let url = header.split(',').position(|column| column == "url").unwrap();
        let column = |line: String| line.split(',').nth(url).unwrap().to_owned();
        running.urls = lines.take(servers).map(|line| column(line.unwrap())).collect();
        running
    }

    fn everything_said(&mut self) -> String {
        self.said.iter().map(|line| line + "\n").collect()
    }

    /// Waits until it has said this.
    fn wait_for(&mut self, words: &str) {
        let mut lines = Vec::new();
        while !lines.last().is_some_and(|line: &String| line.contains(words)) {
            match self.said.recv_timeout(Duration::from_mins(1)) {
                Ok(line) => lines.push(line),
                Err(cause) => panic!("it did not say `{words}` ({cause}) but\n{}", lines.join("\n")),
            }
        }
    }
}

#[test]
fn the_sandbox_command_plays_metadata_files() {
    let xfer = Xfer::new();
    xfer.file("password", PASSWORD);
    let folder = case("01");
    let files = format!(
        "--source-metadata {0}/source.metadata.json --source-data {0}/source.values.json \
         --destination-metadata {0}/destination.metadata.json",
        folder.display()
    );
    let running = Running::start(&xfer, 2, &files);
    let ok = |line: &str| xfer.run(line).expect_code(0);
    ok(&format!("server add src {} --username reader --password-file password", running.urls[0]));
    ok(&format!("server add dst {} --username writer --password-file password", running.urls[1]));
    ok("server sync --all");
    ok("orgunit map src dst F-01 --to F-01 --yes");
    ok("job new j --from src --to dst --combine error");
    ok("job add-item j BIRTH BIRTH");
    ok("routine new r --job j --periods 202401");
    let report = ok("run r --format json").report();
    assert_eq!(report["cells"]["created"], 1, "{report:#}");
}

#[test]
fn a_file_that_changes_is_taken_over_by_the_same_system() {
    let xfer = Xfer::new();
    xfer.file("both.json", source().metadata());
    xfer.file("values.json", source().values());
    let mut running =
        Running::start(&xfer, 2, "--metadata both.json --data values.json --source-profile 2.41 --profile 2.44");
    let (from, to) = (running.urls[0].clone(), running.urls[1].clone());
    let seen = |url: &str, user: &str| {
        let target = format!(
            "/api/dataValueSets?dataElement={}&period=202401&orgUnit={}&children=true",
            source().id("dataElements", "CAS"),
            source().id("organisationUnits", "Pays")
        );
        get(url, user, &target)["dataValues"].as_array().unwrap().len()
    };
    let system = |url: &str| get(url, "reader", "/api/system/info")["systemId"].clone();
    assert_eq!((seen(&from, "reader"), seen(&to, "reader")), (2, 0), "values are the source's");
    let before = system(&from);
    assert_ne!(before, system(&to), "two systems, although they hold the same metadata");
    xfer.file("both.json", source().may_not_read("P200").metadata());
    running.wait_for("reloaded");
    running.wait_for("reloaded");
    assert_eq!((seen(&from, "reader"), seen(&from, "admin")), (1, 2));
    xfer.file("values.json", json!({"dataValues": []}).to_string());
    running.wait_for("now has 0 values");
    assert_eq!((seen(&from, "admin"), system(&from)), (0, before));
    xfer.file("both.json", "{");
    running.wait_for("nothing was changed");
    assert_eq!(seen(&from, "admin"), 0);
}

#[test]
fn one_server_is_started_where_one_file_is_given() {
    let xfer = Xfer::new();
    xfer.file("there.json", destination().metadata());
    xfer.file("values.json", source().values());
    let running = Running::start(&xfer, 1, "--destination-metadata there.json");
    assert_eq!(running.urls.len(), 1);
    let said = xfer.run("sandbox --destination-metadata there.json --destination-data values.json").expect_code(2);
    for words in ["values.json cannot be used by the sandbox", "line 3: there is no data element", "hint: "] {
        assert!(said.stderr.contains(words), "`{words}` is missing\n{said}");
    }
}

#[test]
fn files_that_cannot_be_played_are_refused_by_line_and_name() {
    let xfer = Xfer::new();
    let broken = source().change("dataElements", "CAS", json!({"id": "xNoSuchElem"}));
    xfer.file("broken.json", broken.metadata());
    let refused = |line: &str, words: &[&str]| {
        let output = xfer.run(line).expect_code(2);
        for words in words {
            assert!(output.stderr.contains(words), "`{words}` is missing\n{output}");
        }
    };
    refused(
        "sandbox --metadata broken.json",
        &[
            "broken.json cannot be used by the sandbox",
            ": the data set `M` refers to the data element `x",
            "caused by: line ",
            "hint: ",
        ],
    );
    xfer.file("cut.json", "{\n \"organisationUnits\": [\n");
    refused("sandbox --metadata cut.json", &["line 3: this is no JSON"]);
    refused("sandbox --source-data values.json", &["--source-metadata FILE"]);
    refused("sandbox --metadata cut.json --facilities 50", &["cannot be used with"]);
    let output = xfer.run("sandbox --metadata nowhere.json");
    assert!(output.stderr.contains("nowhere.json") && output.stderr.contains("hint: "), "\n{output}");
}
