//! Reporting rates as a source: named, kept, sent, exported and refused where they would say something wrong.

use serde_json::{Value, json};

use crate::support::country::Country;
use crate::support::trial::{Trial, ask, send};

/// Three centres report `Consultations` (ANC) by the month, with ten days for it.
fn source() -> Country {
    Country::new("source").facilities(&["Centre A", "Centre B", "Centre C"]).element("CAS", json!({})).data_set(
        "Consultations",
        "Monthly",
        &["CAS"],
        json!({"code": "ANC", "timelyDays": 10}),
    )
}

fn destination() -> Country {
    let elements = [
        ("TAUX", "NUMBER", "AVERAGE"),
        ("A_TEMPS", "PERCENTAGE", "AVERAGE"),
        ("RECUS", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
        ("RECUS_A_TEMPS", "INTEGER", "SUM"),
        ("ATTENDUS", "INTEGER_ZERO_OR_POSITIVE", "SUM"),
        ("ENTIER", "INTEGER", "SUM"),
        ("PART", "UNIT_INTERVAL", "AVERAGE"),
        ("TEXTE", "TEXT", "NONE"),
        ("ANC.REPORTING_RATE", "NUMBER", "AVERAGE"),
    ];
    let country = Country::new("destination").facilities(&["Centre A", "Centre B", "Centre C"]);
    let units = ["Nord", "Centre A", "Centre B", "Centre C"];
    let units: Vec<Value> = units.iter().map(|unit| json!({"id": country.id("organisationUnits", unit)})).collect();
    let country = elements.iter().fold(country, |country, (code, of, aggregated)| {
        country.element(code, json!({"valueType": of, "aggregationType": aggregated}))
    });
    let codes = elements.map(|(code, ..)| code);
    country.data_set("M", "Monthly", &codes, json!({"organisationUnits": units}))
}

/// Both, with the centres mapped: A reported on time, B late, C not at all.
fn trial() -> Trial {
    let source = source();
    let trial = Trial::between(&source, &destination());
    let unit = |country: &Country, name: &str| country.id("organisationUnits", name);
    for (centre, day) in [("Centre A", "2024-02-05"), ("Centre B", "2024-02-20")] {
        let registration = json!({
            "period": "202401", "dataSet": source.id("dataSets", "Consultations"),
            "organisationUnit": unit(&source, centre), "date": day,
        });
        let body = json!({"completeDataSetRegistrations": [registration]});
        let (status, answer) = send(&trial.source, "admin", "POST", "/api/completeDataSetRegistrations", &body);
        assert_eq!(status, 200, "{answer}");
    }
    trial
}

/// The same with the district mapped beside its centres.
fn with_district() -> Trial {
    let trial = trial();
    let [from, to] = [source(), destination()].map(|country| country.id("organisationUnits", "Nord"));
    trial.xfer.file("nord.csv", format!("source_id,destination_id\n{from},{to}\n"));
    trial.ok("orgunit import src dst nord.csv");
    trial
}

const FIGURES: [(&str, &str); 5] = [
    ("ANC.REPORTING_RATE", "TAUX"),
    ("ANC.REPORTING_RATE_ON_TIME", "A_TEMPS"),
    ("ANC.ACTUAL_REPORTS", "RECUS"),
    ("ANC.ACTUAL_REPORTS_ON_TIME", "RECUS_A_TEMPS"),
    ("ANC.EXPECTED_REPORTS", "ATTENDUS"),
];

/// What stands at the destination: for each element the district, then the three centres.
fn figures(trial: &Trial) -> String {
    let of = |element: &str| {
        let at = |unit: &&str| trial.value([element, "", "", unit, "202401"]).unwrap_or_else(|| "-".to_owned());
        let values: Vec<String> = ["Nord", "Centre A", "Centre B", "Centre C"].iter().map(at).collect();
        format!("{element}: {}", values.join(" "))
    };
    FIGURES.map(|(_, element)| of(element)).join("\n")
}

#[test]
fn all_five_figures_arrive_as_the_source_counts_them_and_a_second_run_changes_nothing() {
    let trial = with_district();
    trial.routine("", &FIGURES, "202401");
    let report = trial.ok("run r --format json").report();
    assert_eq!((report["values"]["fetched"].as_u64(), report["cells"]["created"].as_u64()), (Some(20), Some(20)));
    insta::assert_snapshot!(figures(&trial), @"
    TAUX: 66.66666666666667 100 100 0
    A_TEMPS: 33.333333333333336 100 0 0
    RECUS: 2 1 1 0
    RECUS_A_TEMPS: 1 1 0 0
    ATTENDUS: 3 1 1 1
    ");
    let again = trial.ok("run r --format json").report();
    assert_eq!(again["cells"]["unchanged"], 20, "{again:#}");
    insta::assert_snapshot!(trial.ok("job show j"), @"
    j: src to dst, Monthly to Monthly, raw reads, combine error
     #   Kind             Source                       Destination     Source id                            Destination id
    ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
     1   reporting rate   Consultations - Reporting    TAUX            xbfa9992834.REPORTING_RATE           x97e2d44773.HllvX50cXC0.HllvX50cXC0
                          rate
     2   reporting rate   Consultations - Reporting    A_TEMPS         xbfa9992834.REPORTING_RATE_ON_TIME   x7a3dab3d72.HllvX50cXC0.HllvX50cXC0
                          rate on time
     3   reporting rate   Consultations - Actual       RECUS           xbfa9992834.ACTUAL_REPORTS           x59db1026d0.HllvX50cXC0.HllvX50cXC0
                          reports
     4   reporting rate   Consultations - Actual       RECUS_A_TEMPS   xbfa9992834.ACTUAL_REPORTS_ON_TIME   xdf0469f669.HllvX50cXC0.HllvX50cXC0
                          reports on time
     5   reporting rate   Consultations - Expected     ATTENDUS        xbfa9992834.EXPECTED_REPORTS         x633b1e6476.HllvX50cXC0.HllvX50cXC0
                          reports
    --- exit code 0
    ");
    let items = trial.ok("job show j --format json").json();
    assert_eq!(items[0]["kind"], "reporting rate", "{items:#}");
}

#[test]
fn an_xfer_file_carries_them() {
    let trial = with_district();
    trial.routine("", &FIGURES, "202401");
    trial.ok("routine export r --new-key-file run-key");
    trial.ok("exec r.xfer --key-file run-key");
    insta::assert_snapshot!(figures(&trial), @"
    TAUX: 66.66666666666667 100 100 0
    A_TEMPS: 33.333333333333336 100 0 0
    RECUS: 2 1 1 0
    RECUS_A_TEMPS: 1 1 0 0
    ATTENDUS: 3 1 1 1
    ");
}

#[test]
fn a_sheet_has_them_in_dhis2s_own_words_and_reads_them_back() {
    let trial = trial();
    trial.routine("", &FIGURES, "202401");
    trial.ok("job export j items.csv");
    let file = std::fs::read_to_string(trial.xfer.home().join("items.csv")).unwrap();
    let data_set = source().id("dataSets", "Consultations");
    assert!(
        file.contains(&format!("reporting_rate,{data_set}.REPORTING_RATE,,,Consultations - Reporting rate,")),
        "{file}"
    );
    let before = trial.ok("job show j --format json").stdout;
    trial.ok("job import j items.csv --replace");
    assert_eq!(trial.ok("job show j --format json").stdout, before);
    // By code and by name, with the kind or without it.
    let target = "destination_data_element\n";
    trial
        .xfer
        .file("names.csv", format!("kind,source_id,{target}Reporting rate,Consultations.actual reports,ENTIER\n"));
    trial.ok("job import j names.csv");
    trial.xfer.file("names.csv", format!("source_id,{target}Consultations - Reporting rate on time,TAUX\n"));
    trial.ok("job import j names.csv");
    trial.xfer.file("names.csv", format!("kind,source_id,{target}reporting_rate,ANC,TAUX\n"));
    insta::assert_snapshot!(trial.run("job import j names.csv"), @r"
    --- stderr
    error: names.csv has 1 mistake and was not imported
      caused by: line 2, column source_id: `ANC` is a data set; choose one of its figures, such as `ANC.REPORTING_RATE`: one of REPORTING_RATE, REPORTING_RATE_ON_TIME, ACTUAL_REPORTS, ACTUAL_REPORTS_ON_TIME, EXPECTED_REPORTS
    hint: nothing was imported; correct these lines and import the file again
    --- exit code 2
    ");
    trial.xfer.file("names.csv", format!("source_id,{target}CPN.REPORTING_RATE,TAUX\n"));
    insta::assert_snapshot!(trial.run("job import j names.csv"), @r"
    --- stderr
    error: names.csv has 1 mistake and was not imported
      caused by: line 2, column source_id: the source server has no data set `CPN`
    hint: nothing was imported; correct these lines and import the file again
    --- exit code 2
    ");
}

#[test]
fn what_a_figure_may_go_to_is_said_when_it_is_mapped() {
    let trial = trial();
    trial.ok("job new j --from src --to dst");
    let add = |source: &str, destination: &str, more: &[&str]| {
        let words = ["job", "add-item", "j", source, destination];
        trial.args(&[&words[..], more].concat())
    };
    insta::assert_snapshot!(add("ANC.REPORTING_RATE", "TEXTE", &[]), @r"
    --- stderr
    item 1: Consultations - Reporting rate to TEXTE
    warning: Consultations - Reporting rate has percentages, TEXTE at the destination accepts text; choose a destination data element of the same value type, or convert the values with a script
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC.REPORTING_RATE", "ENTIER", &[]), @"
    --- stderr
    item 2: Consultations - Reporting rate to ENTIER
    warning: Consultations - Reporting rate has percentages, ENTIER at the destination accepts whole numbers; a percentage is usually not a whole number: round it (--round 0), or choose a data element of type Number
    warning: Consultations - Reporting rate is a percentage, and ENTIER at the destination has the aggregation type SUM: totals over org units there would add up percentages. Give the data element the aggregation type AVERAGE or NONE at the destination and sync it again, or transfer the counts and divide them with an indicator there
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC.REPORTING_RATE", "RECUS", &["--round", "0"]), @"
    --- stderr
    item 3: Consultations - Reporting rate to RECUS
    warning: Consultations - Reporting rate is a percentage, and RECUS at the destination has the aggregation type SUM: totals over org units there would add up percentages. Give the data element the aggregation type AVERAGE or NONE at the destination and sync it again, or transfer the counts and divide them with an indicator there
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC.REPORTING_RATE", "PART", &[]), @r"
    --- stderr
    item 4: Consultations - Reporting rate to PART
    warning: Consultations - Reporting rate has percentages, PART at the destination accepts numbers from 0 to 1; a percentage goes up to 100: convert it to a share of 1 (--factor 0.01)
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC.REPORTING_RATE_ON_TIME", "PART", &["--factor", "0.01"]), @r"
    --- stderr
    item 5: Consultations - Reporting rate on time to PART
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC.ACTUAL_REPORTS", "ATTENDUS", &[]), @r"
    --- stderr
    item 6: Consultations - Actual reports to ATTENDUS
    --- exit code 0
    ");
    insta::assert_snapshot!(add("ANC", "TAUX", &["--kind", "reporting-rate"]), @r"
    --- stderr
    error: `ANC` is a data set; choose one of its figures, such as `ANC.REPORTING_RATE`: one of REPORTING_RATE, REPORTING_RATE_ON_TIME, ACTUAL_REPORTS, ACTUAL_REPORTS_ON_TIME, EXPECTED_REPORTS
    hint: xfer job add-item --help explains each of them
    --- exit code 2
    ");
    insta::assert_snapshot!(add("ANC.RATE", "TAUX", &[]), @r"
    --- stderr
    error: `ANC` is a data set; choose one of its figures, such as `ANC.REPORTING_RATE`: one of REPORTING_RATE, REPORTING_RATE_ON_TIME, ACTUAL_REPORTS, ACTUAL_REPORTS_ON_TIME, EXPECTED_REPORTS
    hint: xfer job add-item --help explains each of them
    --- exit code 2
    ");
    insta::assert_snapshot!(add("\"Consultations\".REPORTING_RATE", "TAUX", &[]), @r"
    --- stderr
    item 7: Consultations - Reporting rate to TAUX
    --- exit code 0
    ");
}

/// Both, with two centres merged into one.
fn merged(options: &str, items: &[(&str, &str)]) -> Trial {
    let trial = trial();
    let (source, destination) = (source(), destination());
    let row = |from: &str| {
        format!("{},{}\n", source.id("organisationUnits", from), destination.id("organisationUnits", "Centre A"))
    };
    let map = format!("source_id,destination_id\n{}{}", row("Centre A"), row("Centre B"));
    trial.xfer.file("merged.csv", map);
    trial.ok("orgunit import src dst merged.csv");
    trial.routine(options, items, "202401");
    trial
}

#[test]
fn percentages_are_not_added_up_and_counts_are() {
    let trial = merged("--combine sum", &FIGURES);
    insta::assert_snapshot!(trial.run("job check j").stderr, @r"
    percentages-added-up: Transfer the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which can be added up, and divide them with an indicator at the destination; or give each rate its own cell, and read it in the periods that are written.
    2 errors, 0 warnings, 0 notes
    ");
    insta::assert_snapshot!(trial.run("run r"), @r"
    --- stderr
    error: r was not started: it would write wrong values
      caused by: percentages-added-up: item 1: Consultations - Reporting rate is a percentage; those of several org units go to one cell, and the item uses sum
      caused by: percentages-added-up: item 2: Consultations - Reporting rate on time is a percentage; those of several org units go to one cell, and the item uses sum
    hint: Transfer the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which can be added up, and divide them with an indicator at the destination; or give each rate its own cell, and read it in the periods that are written.
    --- exit code 2
    ");
    assert_eq!(trial.values().len(), 0, "nothing was sent");
    let counts = merged("--combine sum", &FIGURES[2..]);
    counts.ok("run r");
    let value = |element: &str| counts.value([element, "", "", "Centre A", "202401"]);
    assert_eq!(value("RECUS").as_deref(), Some("2"));
    assert_eq!(value("ATTENDUS").as_deref(), Some("2"));
    let averaged = merged("--combine average", &FIGURES[..1]);
    insta::assert_snapshot!(averaged.run("job check j").stderr, @r"
    no-operator-fits: Transfer the counts (`ACTUAL_REPORTS`, `EXPECTED_REPORTS`), which can be added up, and divide them with an indicator at the destination; or give each rate its own cell, and read it in the periods that are written.
    0 errors, 1 warning, 0 notes
    ");
}

#[test]
fn without_data_read_access_to_the_data_set_nothing_is_asked_and_the_cells_are_held_back() {
    let source = source().value(["CAS", "", "", "Centre A", "202401"], "7");
    let trial = Trial::between(&source, &destination());
    trial.routine(
        "",
        &[("ANC.REPORTING_RATE", "TAUX"), ("ANC.EXPECTED_REPORTS", "ATTENDUS"), ("CAS", "ENTIER")],
        "202401",
    );
    Trial::share(&trial.source, "dataSets", "Consultations", "r-------");
    let report = trial.run("run r --format json").expect_code(3).report();
    let codes: Vec<&str> = report["findings"].as_array().unwrap().iter().filter_map(|f| f["code"].as_str()).collect();
    assert!(codes.contains(&"source-not-readable"), "{report:#}");
    let value = |element: &str| trial.value([element, "", "", "Centre A", "202401"]);
    assert_eq!((value("TAUX"), value("ATTENDUS"), value("ENTIER").as_deref()), (None, None, Some("7")));
}

#[test]
fn an_exchange_that_sends_them_is_taken_over() {
    let trial = trial();
    let id = source().id("dataSets", "Consultations");
    let request = |name: &str, dx: &[&str], scheme: &str| {
        json!({"name": name, "dx": dx, "pe": ["202401"], "ou": ["LEVEL-3"], "inputIdScheme": scheme,
               "outputIdScheme": scheme})
    };
    let requests = json!([
        request("by name", &["Consultations.REPORTING_RATE"], "NAME"),
        request("by id", &[&format!("{id}.ACTUAL_REPORTS")], "UID"),
        request("unknown", &["Naissances.REPORTING_RATE"], "NAME"),
    ]);
    let target = json!({"type": "EXTERNAL", "request": {"idScheme": "NAME"}});
    let exchange = json!({"name": "E", "source": {"requests": requests}, "target": target});
    Trial::change(&trial.destination, |state| {
        let id = destination().id("dataElements", "TAUX");
        let element = state.world.get_mut("dataElements", &id).unwrap();
        element.insert("name".into(), json!("Consultations - Reporting rate"));
    });
    trial.ok("server sync dst");
    trial.xfer.file("e.json", exchange.to_string());
    insta::assert_snapshot!(trial.run("job exchange j e.json --from src --to dst"), @r"
     Source                           Destination
    ─────────────────────────────────────────────────────────────────
     Consultations - Reporting rate   Consultations - Reporting rate
    --- stderr
    note: request by name: the org units LEVEL-3 were not imported; the org unit map says which are read, and where they go
    note: request by id: xbfa9992834.ACTUAL_REPORTS was left out: the exchange sends it as xbfa9992834.ACTUAL_REPORTS, and the destination has no such data element; choose one with `xfer job add-item`
    note: request by id: the org units LEVEL-3 were not imported; the org unit map says which are read, and where they go
    note: request unknown: Naissances.REPORTING_RATE was left out: the source has no data set Naissances
    note: request unknown: the org units LEVEL-3 were not imported; the org unit map says which are read, and where they go
    made the job j, from src to dst, Monthly
    1 item added; j has 1 now
    put its periods into a routine:
      xfer routine new NAME --job j --periods 202401
    --- exit code 0
    ");
}

#[test]
fn they_are_found_by_the_matcher() {
    let trial = trial();
    trial.ok("job new j --from src --to dst");
    insta::assert_snapshot!(trial.run("job auto j --reporting-rate"), @r"
    --- stderr
    nothing to decide
    not matched: Consultations - Actual reports: no data element of the destination has its code or a similar name
    not matched: Consultations - Actual reports on time: no data element of the destination has its code or a similar name
    not matched: Consultations - Expected reports: no data element of the destination has its code or a similar name
    not matched: Consultations - Reporting rate on time: no data element of the destination has its code or a similar name
    1 sure, 0 likely, 0 to decide, 4 not matched
    1 item added; j has 1 now
    --- exit code 0
    ");
    insta::assert_snapshot!(trial.run("job auto j --reporting-rate nothing"), @r"
    --- stderr
    error: src has no reporting rate `nothing`
    hint: check the name on the server; if it is new there: xfer server sync src
    --- exit code 2
    ");
}

#[test]
fn servers_answer_one_question_about_all_of_them() {
    let trial = trial();
    let id = source().id("dataSets", "Consultations");
    let nord = source().id("organisationUnits", "Nord");
    let dx = FIGURES.map(|(name, _)| name.replace("ANC", &id)).join(";");
    let asked = format!("/api/analytics?dimension=dx:{dx}&dimension=pe:202401&dimension=ou:{nord}&skipRounding=true");
    let answer = ask(&trial.source, "reader", &asked);
    let values: Vec<&str> = answer["rows"].as_array().unwrap().iter().filter_map(|row| row[3].as_str()).collect();
    assert_eq!(values.len(), 5, "{answer:#}");
}

#[cfg(unix)]
#[test]
fn the_wizard_offers_them_and_tells_the_command_that_does_the_same() {
    use crate::support::person::{DOWN, ENTER, ESCAPE, Person};

    let trial = trial();
    trial.ok("job new j --from src --to dst");
    let mut person = Person::start(&trial.xfer, "job edit j", 120);
    person.answers("What do you want to change", "");
    person.is_asked("What do you want to transfer");
    person.presses(&format!("{DOWN}{DOWN}{ENTER}"));
    person.is_asked("Which reporting rate");
    person.presses(&format!("actual reports on{ENTER}"));
    person.is_asked("Which reporting rate");
    person.presses(ESCAPE);
    person.is_asked("without a match");
    person.presses(&format!("{DOWN}{ENTER}"));
    person.is_asked("Destination option combo");
    person.presses(&format!("RECUS_A{ENTER}"));
    person.answers("What do you want to transfer", "");
    let (code, seen) = person.ends();
    assert_eq!(code, 0, "{seen}");
    let id = source().id("dataSets", "Consultations");
    assert!(seen.contains(&format!("xfer job add-item j {id}.ACTUAL_REPORTS_ON_TIME ")), "{seen}");
    let items = trial.ok("job show j --format json").json();
    assert_eq!(items[0]["source_name"], "Consultations - Actual reports on time", "{items:#}");
}
