//! Aggregate data exchanges of DHIS2 taken over as jobs: nothing is dropped without a message, values read back.

use serde_json::{Value, json};

use crate::support::country::Country;
use crate::support::trial::Trial;

fn country(side: &str) -> Country {
    Country::new(side)
        .facilities(&["Centre A"])
        .combo("Sexe", &["F", "M"])
        .attribute_combo("Projet", &["P100", "P200"])
        .element("CAS", json!({"categoryCombo": "Sexe"}))
        .element("POIDS", json!({"categoryCombo": "Sexe", "aggregationType": "AVERAGE", "valueType": "NUMBER"}))
        .element("LITS", json!({}))
        .data_set("M", "Monthly", &["CAS"], json!({"categoryCombo": "Projet"}))
        .data_set("N", "Monthly", &["POIDS", "LITS"], json!({}))
}

fn trial() -> (Trial, Country) {
    let source = country("source")
        .value(["CAS", "F", "P100", "Centre A", "202401"], "3")
        .value(["CAS", "F", "P200", "Centre A", "202401"], "40")
        .value(["CAS", "M", "P200", "Centre A", "202401"], "500")
        .value(["LITS", "", "", "Centre A", "202401"], "7");
    (Trial::between(&source, &country("destination")), source)
}

fn request(name: &str, dx: &[String], more: &Value) -> Value {
    let mut request = json!({
        "name": name, "dx": dx, "pe": ["202401"], "ou": ["LEVEL-3"], "outputDataElementIdScheme": "CODE"
    });
    for (key, value) in more.as_object().unwrap() {
        request[key] = value.clone();
    }
    request
}

fn exchange(requests: &[Value]) -> String {
    json!({"name": "E", "source": {"requests": requests}, "target": {"type": "EXTERNAL"}}).to_string()
}

#[test]
fn the_attribute_option_combo_of_an_operand_is_kept() {
    let (trial, source) = trial();
    let id = |plural: &str, called: &str| source.id(plural, called);
    let cas = id("dataElements", "CAS");
    let combo = |called: &str| id("categoryOptionCombos", called);
    let dx = [
        format!("{cas}.{}.{}", combo("F"), combo("P200")),
        format!("{cas}.{}.{}", combo("M"), combo("P200")),
        id("dataElements", "LITS"),
    ];
    trial.xfer.file("e.json", exchange(&[request("R", &dx, &json!({}))]));
    let made = trial.ok("job exchange j e.json --from src --to dst");
    insta::assert_snapshot!(made.stderr, @"
    note: request R: the org units LEVEL-3 were not imported; the org unit map says which are read, and where they go
    made the job j, from src to dst, Monthly
    3 items added; j has 3 now
    put its periods into a routine:
      xfer routine new NAME --job j --periods 202401
    ");
    trial.ok("routine new r --job j --periods 202401");
    trial.ok("run r");
    let value = |element: &str, coc: &str, aoc: &str| trial.value([element, coc, aoc, "Centre A", "202401"]);
    assert_eq!(value("CAS", "F", "P200").as_deref(), Some("40"));
    assert_eq!(value("CAS", "M", "P200").as_deref(), Some("500"));
    assert_eq!(value("LITS", "", "").as_deref(), Some("7"));
    assert_eq!(trial.values().len(), 3, "{:?}", trial.values());
}

#[test]
fn what_a_job_cannot_do_as_the_exchange_does_is_left_out_by_name() {
    let (trial, source) = trial();
    let id = |called: &str| source.id("dataElements", called);
    let lits = [id("LITS")];
    trial.xfer.file("e.json", exchange(&[request("R", &[id("POIDS"), id("CAS")], &json!({}))]));
    let left = trial.run("job exchange j e.json --from src --to dst --dry-run").expect_code(0);
    for said in [
        "POIDS",
        "was left out",
        "CAS has 2 category option combos, and the exchange names none",
        "0 items would be added",
    ] {
        let said = said.replace("POIDS", &id("POIDS"));
        assert!(left.stderr.contains(&said), "{said}\n{left}");
    }
    for (more, said) in [
        (json!({"aggregationType": "AVERAGE"}), "the request uses AVERAGE, but LITS has the aggregation type SUM"),
        (
            json!({"filters": [{"dimension": "xyz", "items": ["a"]}]}),
            "without the filter xyz = a other values would be read; its items are left out",
        ),
        (json!({"inputIdScheme": "NONSENSE"}), "the id scheme NONSENSE is not known"),
    ] {
        trial.xfer.file("e.json", exchange(&[request("R", &lits, &more)]));
        let left = trial.run("job exchange j e.json --from src --to dst").expect_code(2);
        assert!(left.stderr.contains(said), "{said}\n{left}");
        assert!(left.stderr.contains("it would have no items"), "\n{left}");
    }
    let more = json!({"aggregationType": "SUM", "pe": ["202401", "2024Q1"], "surprise": 1, "dataSet": "abc"});
    let said = json!({
        "name": "E", "source": {"params": {"periodTypes": ["MONTHLY", "QUARTERLY"]}, "requests": [request("R", &lits, &more)]},
        "target": {"type": "EXTERNAL", "api": {"url": "https://elsewhere.example.org"},
                   "request": {"importStrategy": "CREATE", "skipAudit": true, "dryRun": true, "orgUnitIdScheme": "CODE"}}
    });
    trial.xfer.file("e.json", said.to_string());
    let taken = trial.ok("job exchange k e.json --from src --to dst --period-type Monthly");
    for words in [
        "the exchange writes to https://elsewhere.example.org, this job to dst",
        "only creates values",
        "skipAudit",
        "is a dry run",
        "has QUARTERLY periods, this job reads Monthly",
        "xfer does not know the field source.requests.surprise of the exchange",
        "the period 2024Q1 is left out",
        "the data set abc was not imported",
        "the org units LEVEL-3 were not imported",
        "1 item added",
    ] {
        assert!(taken.stderr.contains(words), "{words}\n{taken}");
    }
}

#[test]
fn requests_of_other_periods_or_org_units_are_not_merged() {
    let (trial, source) = trial();
    let lits = [source.id("dataElements", "LITS")];
    let cell = format!(
        "{}.{}.{}",
        source.id("dataElements", "CAS"),
        source.id("categoryOptionCombos", "F"),
        source.id("categoryOptionCombos", "P100")
    );
    let other = request("Other", &[cell], &json!({"pe": ["202402"]}));
    trial.xfer.file("e.json", exchange(&[request("One", &lits, &json!({})), other.clone()]));
    let refused = trial.run("job exchange j e.json --from src --to dst").expect_code(2);
    for said in ["One reads 202401 for LEVEL-3; Other reads 202402 for LEVEL-3", "--request 'One'"] {
        assert!(refused.stderr.contains(said), "{said}\n{refused}");
    }
    let made = trial.ok("job exchange j e.json --from src --to dst --request one");
    insta::assert_snapshot!(made.stderr, @"
    note: request One: the org units LEVEL-3 were not imported; the org unit map says which are read, and where they go
    made the job j, from src to dst, Monthly
    1 item added; j has 1 now
    put its periods into a routine:
      xfer routine new NAME --job j --periods 202401
    ");
    let made = trial.ok("job exchange k e.json --from src --to dst --request 2");
    assert!(made.stderr.contains("--periods 202402"), "\n{made}");
    let refused = trial.run("job exchange l e.json --from src --to dst --request Three").expect_code(2);
    insta::assert_snapshot!(refused.stderr, @"
    error: the exchange has no request `Three`
    hint: its requests are One, Other
    ");
    let mut units = other;
    units["pe"] = json!(["202401"]);
    units["ou"] = json!(["LEVEL-2"]);
    trial.xfer.file("e.json", exchange(&[request("One", &lits, &json!({})), units]));
    let _ = trial.run("job exchange m e.json --from src --to dst").expect_code(2);
}
