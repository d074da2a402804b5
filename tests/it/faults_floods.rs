//! Answers that would take more memory than there is. The program's peak is read from `/proc`, and has to stay below
//! 512 MB. They take minutes: `XFER_FAULTS=long cargo test --release faults`.
#![cfg(target_os = "linux")]

use xfer_sandbox::faults::{Fault, Flood, Matcher};
use xfer_sandbox::server::RunningSandbox;

use crate::announce::announce;
use crate::faults::is_long;
use crate::support::country::Country;
use crate::support::trial::{MOST_MEMORY, Trial, Watched};

/// What the table of exit codes has for a server that does not answer as it should.
const DOCUMENTED: [i32; 6] = [1, 2, 3, 5, 6, 7];

fn country(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Un", "Deux"])
        .element("A", serde_json::json!({}))
        .object("indicators", "I", serde_json::json!({"numerator": "1", "denominator": "1"}))
        .data_set("M", "Monthly", &["A"], serde_json::json!({}))
}

fn repeated(before: &'static str, entry: &'static str, megabytes: usize, after: &'static str) -> Flood {
    Flood::Repeated { before, entry, times: (megabytes << 20) / entry.len(), after, packed: false }
}

fn packed(flood: Flood) -> Flood {
    let Flood::Repeated { before, entry, times, after, .. } = flood;
    Flood::Repeated { before, entry, times, after, packed: true }
}

const ROW: &str = r#"{"dataElement":"aaaaaaaaaaa","categoryOptionCombo":"aaaaaaaaaaa","value":"1"},"#;

/// The floods for each reader, times so many megabytes.
fn floods(size: usize) -> Vec<(&'static str, &'static str, &'static str, Flood)> {
    let conflicts = |entry| repeated(concat_conflicts(), entry, 240 * size / 100, "{}]}}");
    let mut floods = vec![
        ("run r", "POST", "/api/dataValueSets", conflicts("{},")),
        ("run r", "POST", "/api/dataValueSets", packed(conflicts("{},"))),
        ("run r", "POST", "/api/dataValueSets", conflicts(r#"{"value":"no","indexes":[0,1,2,3]},"#)),
        ("run r", "POST", "/api/dataValueSets", repeated(rejected(), "1,", 200 * size / 100, "1]}}")),
        ("run r", "GET", "/api/dataValueSets", repeated(r#"{"dataValues":["#, ROW, 800 * size / 100, "{}]}")),
        (
            "run r",
            "GET",
            "/api/dataValueSets",
            repeated(r#"{"dataValues":[{"value":""#, "xxxx", 600 * size / 100, r#""}]}"#),
        ),
        (
            "run r",
            "GET",
            "/api/me",
            repeated(r#"{"username":"reader","authorities":["#, r#""A","#, 300 * size / 100, r#""B"]}"#),
        ),
        ("run r", "GET", "/api/me", repeated(r#"{"username":""#, "xxxx", 300 * size / 100, r#""}"#)),
        ("run r", "GET", "/api/system/info", repeated("", "[", 100 * size / 100, "")),
        (
            "server sync src",
            "GET",
            "/api/dataElements",
            repeated(r#"{"pager":{"total":9},"dataElements":["#, r#"{"id":"aaaaaaaaaaa"},"#, 800 * size / 100, "{}]}"),
        ),
        (
            "server sync src",
            "GET",
            "/api/dataElements",
            repeated(
                r#"{"pager":{"total":1},"dataElements":[{"id":"aaaaaaaaaaa","name":""#,
                "xxxx",
                100 * size / 100,
                r#""}]}"#,
            ),
        ),
        (
            "server sync src",
            "GET",
            "/api/dataSets",
            repeated(
                r#"{"pager":{"total":1},"dataSets":[{"id":"aaaaaaaaaaa","dataSetElements":["#,
                "{},",
                240 * size / 100,
                "{}]}]}",
            ),
        ),
        (
            "server sync src",
            "GET",
            "/api/dataSets",
            repeated(
                r#"{"pager":{"total":1},"dataSets":[{"id":"aaaaaaaaaaa","periodType":"Monthly","organisationUnits":["#,
                r#"{"id":"aaaaaaaaaaa"},"#,
                31,
                r#"{"id":"aaaaaaaaaaa"}]}]}"#,
            ),
        ),
        (
            "server sync src",
            "GET",
            "/api/optionSets",
            repeated(
                r#"{"pager":{"total":1},"optionSets":[{"id":"aaaaaaaaaaa","options":["#,
                "null,",
                240 * size / 100,
                "null]}]}",
            ),
        ),
        (
            "run i",
            "GET",
            "/api/analytics",
            repeated(r#"{"headers":[{"name":"dx"}],"height":9,"rows":["#, "[],", 300 * size / 100, "[]]}"),
        ),
        (
            "run i",
            "GET",
            "/api/analytics",
            repeated(r#"{"headers":[{"name":"dx"}],"height":9,"rows":[["#, r#""","#, 300 * size / 100, r#"""]]}"#),
        ),
    ];
    if !is_long() {
        return floods;
    }
    // As much as just passes, which is read to its end: large, whatever the size of the others.
    floods.extend([
        ("run r", "POST", "/api/dataValueSets", repeated(concat_conflicts(), r#"{"value":"no"},"#, 60, "{}]}}")),
        (
            "run i",
            "GET",
            "/api/analytics",
            repeated(
                r#"{"headers":[{"name":"dx"}],"height":9000000,"rows":["#,
                r#"["aaaaaaaaaaa","aaaaaaaaaaa","202401","1"],"#,
                25,
                "[]]}",
            ),
        ),
        (
            "server sync src",
            "GET",
            "/api/optionSets",
            repeated(r#"{"pager":{"total":1},"optionSets":[{"id":"aaaaaaaaaaa","options":["#, "null,", 19, "null]}]}"),
        ),
        (
            "server sync src",
            "GET",
            "/api/dataSets",
            repeated(
                r#"{"pager":{"total":1},"dataSets":[{"id":"aaaaaaaaaaa","dataInputPeriods":["#,
                "{},",
                5,
                "{}]}]}",
            ),
        ),
    ]);
    floods
}

const fn concat_conflicts() -> &'static str {
    r#"{"httpStatusCode":200,"response":{"responseType":"ImportSummary","status":"WARNING","importCount":{"imported":1,"updated":0,"ignored":1,"deleted":0},"conflicts":["#
}

const fn rejected() -> &'static str {
    r#"{"httpStatusCode":200,"response":{"responseType":"ImportSummary","status":"WARNING","importCount":{"imported":1,"updated":0,"ignored":1,"deleted":0},"rejectedIndexes":["#
}

/// At a twentieth of their size in the ordinary suite, where they are no danger and prove that each ends in words.
#[test]
fn faults_of_floods_take_no_more_memory_than_there_is() {
    let cells = [["A", "", "", "Un", "202401"], ["A", "", "", "Deux", "202401"]];
    let source = cells.iter().fold(country("source"), |country, cell| country.value(*cell, "3"));
    let trial = Trial::between(&source, &country("destination"));
    trial.routine("", &[("A", "A")], "202401");
    trial.ok("job new k --from src --to dst");
    let _ = trial.args(&["job", "add-item", "k", "I", "A"]);
    let _ = trial.run("routine new i --job k --periods 202401");
    let mut worst = (0, String::new());
    let floods = floods(if is_long() { 100 } else { 5 });
    let number = floods.len();
    for (line, method, path, flood) in floods {
        let Flood::Repeated { entry, packed, .. } = flood;
        let name = format!("`{entry}` again and again from {method} {path}{}", if packed { ", packed" } else { "" });
        let side: &RunningSandbox = if method == "POST" { &trial.destination } else { &trial.source };
        side.faults().add(Matcher::every(method, path), Fault::Flood(flood));
        let Watched { code, peak: most, stderr: said, .. } = trial.watched(line);
        side.faults().clear();
        assert!(DOCUMENTED.contains(&code), "{name}: exit code {code}\n{said}");
        assert!(!said.is_empty() && said.len() < 20_000, "{name}: {} bytes said", said.len());
        assert!(most < MOST_MEMORY, "{name}: {} MB", most >> 20);
        if is_long() {
            announce(&format!("faults: {name}: peak {} MB, exit {code}", most >> 20));
        }
        if most > worst.0 {
            worst = (most, name);
        }
    }
    announce(&format!("faults: {number} floods: at most {} MB, with {}", worst.0 >> 20, worst.1));
}
