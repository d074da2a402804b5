//! A script on the values of a past run: each hook on what it would be given, through the real program.

use serde_json::Value;

use crate::support::Output;
use crate::support::office::Office;

/// An office with a finished run of the routine `monthly`.
fn after_a_run() -> Office {
    let office = Office::ready();
    let _ = office.xfer.run("run monthly").expect_code(3);
    office
}

fn replayed(office: &Office, script: &str, more: &str) -> (Vec<Value>, Output) {
    office.xfer.file("tried.rhai", script);
    let output = office.xfer.run(&format!("script run tried.rhai --from-run last --format json {more}"));
    let rejected = output.json().as_array().unwrap().iter().any(|row| row["result"] == "rejected");
    assert_eq!(output.code, if rejected { 3 } else { 0 }, "code 3 where a value was refused\n{output}");
    let rows = output.json().as_array().unwrap().clone();
    (rows, output)
}

fn text<'row>(row: &'row Value, key: &str) -> &'row str {
    row[key].as_str().unwrap_or_else(|| panic!("no {key} in {row:#}"))
}

fn number(row: &Value, key: &str) -> f64 {
    text(row, key).parse().unwrap()
}

/// The values of the last run's cells, sorted.
fn finished(office: &Office) -> Vec<f64> {
    let cells = office.ok("runs cells last --format json").json();
    let values = cells.as_array().unwrap().iter().filter_map(|cell| cell["value"].as_str()?.parse().ok());
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn value_is_given_what_combine_made_and_not_what_scripts_made_of_it() {
    let office = after_a_run();
    let plain = finished(&office);
    office.xfer.file("tried.rhai", "fn value(v) { v * 3 }");
    office.ok("script attach tried.rhai --routine monthly");
    let _ = office.xfer.run("run monthly").expect_code(3);
    let tripled = finished(&office);
    assert_ne!(plain, tripled);
    let requests = office.servers.destination.ledger().entries().len();
    let (rows, output) = replayed(&office, "fn value(v) { v + 0.5 }", "");
    assert_eq!(office.servers.destination.ledger().entries().len(), requests, "the destination was not contacted");
    let mut before: Vec<f64> = rows.iter().map(|row| number(row, "before")).collect();
    before.sort_by(f64::total_cmp);
    assert_eq!(before, plain, "one change for each cell, of what it was before the script of that run");
    assert!(rows.iter().all(|row| (number(row, "after") - number(row, "before") - 0.5).abs() < 1e-9));
    assert!(rows.iter().all(|row| row["hook"] == "value" && row["result"] == "changed" && row["line"] == 1));
    let words = format!("value: {0} cells given; {0} changed", plain.len());
    assert!(output.stderr.contains(&words), "{words}\n{output}");
    assert!(output.stderr.contains("again from tracker") && output.stderr.contains("nothing was written"), "{output}");
}

/// How many times each value became larger, as the rows tell it: `10`, `1000`.
fn factors(rows: &[Value]) -> std::collections::BTreeMap<String, usize> {
    let mut factors = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| number(row, "before") != 0.0) {
        *factors.entry(format!("{:.3}", number(row, "after") / number(row, "before"))).or_default() += 1;
    }
    factors
}

#[test]
fn a_script_that_is_attached_is_tried_where_it_is_and_with_what_it_has_there() {
    let office = Office::ready();
    let scale = "fn value(v, ctx) { v * ctx.params.factor }";
    office.xfer.file("tried.rhai", scale);
    // Items that share a cell need the same scripts.
    let items = office.ok("job show malaria --format json").json();
    let mut addresses: Vec<&str> = Vec::new();
    for (item, number) in items.as_array().unwrap().iter().zip(1..) {
        let address = text(item, "destination_id");
        if !addresses.contains(&address) {
            addresses.push(address);
        }
        let factor = if address == addresses[0] { 10 } else { 1000 };
        if addresses.len() < 3 || address == addresses[0] || address == addresses[1] {
            office.ok(&format!("script attach tried.rhai --job malaria --item {number} --param factor={factor}"));
        }
    }
    let dry = office.xfer.run("run monthly --dry-run --format json").report();
    let changed = dry["scripts"][0]["changed"].as_u64().unwrap();
    let (rows, output) = replayed(&office, scale, "");
    let of = factors(&rows);
    assert_eq!(rows.len() as u64, changed, "as many as the run changed\n{output}");
    assert_eq!(of.keys().map(String::as_str).collect::<Vec<_>>(), ["10.000", "1000.000"], "each with its own");
    let (rows, _) = replayed(&office, scale, "--param factor=2");
    assert_eq!((rows.len() as u64, factors(&rows)["2.000"]), (changed, of.values().sum()), "those that were given");
    let words = ["now has a `rows` function, but is attached to an item of malaria", "--hook value"];
    office.xfer.file("tried.rhai", "fn value(v) { v }\nfn rows(rows) { rows }");
    office.refused("script run tried.rhai --from-run last", 2, &words);
    let _ = office.ok("script run tried.rhai --from-run last --hook value");
}

#[test]
fn what_a_script_prints_is_shown_and_the_rest_of_it_counted() {
    let office = after_a_run();
    let (rows, output) = replayed(&office, "fn value(v) { print(`was ${v}`); v + 1 }", "");
    let printed = output.stderr.lines().filter(|line| line.contains("printed: was ")).count();
    let more = rows.len().checked_sub(100).expect("more than are kept");
    assert_eq!(printed, 100, "{output}");
    assert!(more > 0 && output.stderr.contains(&format!("printed: … and {more} more")), "{more}\n{output}");
}

#[test]
fn a_script_that_is_attached_keeps_its_place_in_the_order() {
    let office = after_a_run();
    let plain = finished(&office);
    office.xfer.file("first.rhai", "fn value(v) { v + 1000 }");
    office.xfer.file("tried.rhai", "fn value(v) { v * 3 }");
    office.ok("script attach first.rhai --job malaria");
    office.ok("script attach tried.rhai --job malaria");
    let (rows, output) = replayed(&office, "fn value(v) { v + 0.5 }", "");
    assert_eq!(rows.len(), plain.len(), "{output}");
    assert!(rows.iter().all(|row| number(row, "before") >= 1000.0), "what the one before it made\n{output}");
    let (rows, output) = replayed(&office, "fn rows(rows) { rows.filter(|r| r.value != 1) }", "");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["result"] == "dropped"), "{output}");
}

#[test]
fn values_that_are_dropped_and_refused_are_told_with_their_reasons() {
    let office = after_a_run();
    let script = "fn value(v, ctx) {\n    if v <= 2 { skip(`too few at ${ctx.org_unit.name}`) }\n    \
                  if v > 10 { throw \"too many\" }\n    v\n}\n";
    let (rows, output) = replayed(&office, script, "");
    let of = |result: &str| rows.iter().filter(|row| row["result"] == result).cloned().collect::<Vec<_>>();
    let (dropped, rejected) = (of("dropped"), of("rejected"));
    assert!(!dropped.is_empty() && !rejected.is_empty() && of("changed").is_empty(), "{output}");
    for row in &dropped {
        assert_eq!(text(row, "reason"), format!("too few at {}", text(row, "org_unit")));
        assert!(number(row, "before") <= 2.0 && row["after"].is_null());
    }
    assert!(rejected.iter().all(|row| number(row, "before") > 10.0 && text(row, "reason").contains("too many")));
    let table = office.xfer.run("script run tried.rhai --from-run last --limit 2").expect_code(3);
    assert_eq!(table.stdout.lines().filter(|line| line.contains(" dropped ")).count(), 2, "{table}");
    let words = format!("showing 2 of {} dropped, showing 2 of {} rejected", dropped.len(), rejected.len());
    assert!(table.stderr.contains(&words), "{words}\n{table}");
    let csv = office.xfer.run("script run tried.rhai --from-run last --limit 2 --format csv").expect_code(3);
    assert_eq!(csv.stdout.lines().count(), 1 + 4, "{csv}");
    office.xfer.file("tried.tests.ron", "(cases: [(name: \"few\", given: value(5), expected: unchanged)])");
    let tested = office.xfer.run("script test tried.rhai --from-run last").expect_code(3);
    assert!(tested.stderr.contains(&format!("the run: failed, {} values refused", rejected.len())), "{tested}");
    office.xfer.file("tried.rhai", "fn value(v, ctx) { v * ctx.params.factor }");
    office.xfer.file(
        "tried.tests.ron",
        "(params: {\"factor\": 2}, cases: [(name: \"x\", given: value(5), expected: value(10))])",
    );
    let tested = office.ok("script test tried.rhai --from-run last --param factor=3");
    assert!(tested.stderr.contains("1 case passed") && tested.stderr.contains("no value was refused"), "{tested}");
    assert_eq!(office.xfer.run("script test tried.rhai --from-run last").code, 3, "the factor is missing");
    office.refused("script test tried.rhai tried.rhai --from-run last", 2, &["one script, not 2"]);
}

#[test]
fn combine_is_given_the_contributions_of_each_cell() {
    let office = after_a_run();
    let cells = finished(&office).len() as u64;
    let (rows, output) = replayed(&office, "fn combine(values) { values.max() }", "");
    assert!(output.stderr.contains(&format!("combine: {cells} cells given")), "{output}");
    assert!(!rows.is_empty(), "two org units go to one in the true map");
    for row in &rows {
        let parts: Vec<f64> =
            text(row, "before").split(" + ").map(|part| part.split_once(" (").unwrap().0.parse().unwrap()).collect();
        assert!(parts.len() > 1, "a single value stays as it is: {row:#}");
        let largest = parts.iter().copied().fold(f64::MIN, f64::max);
        assert!((number(row, "after") - largest).abs() < 1e-9, "{row:#}");
    }
}

#[test]
fn period_is_given_the_source_periods_of_each_item() {
    let office = after_a_run();
    let items = office.ok("job show malaria --format json").json();
    let (rows, output) = replayed(&office, "fn period(p) { p.shift(-1) }", "");
    assert!(output.stderr.contains("periods of items given"), "{output}");
    assert!(!rows.is_empty(), "{items:#}");
    for row in &rows {
        let before = xfer_domain::period::Period::parse(text(row, "before")).unwrap();
        assert_eq!(text(row, "after"), before.shift(-1).unwrap().to_string());
        assert!(row["org_unit"].is_null() && !text(row, "data").is_empty());
    }
    let (rows, _) = replayed(&office, "fn period(p) { p.shift(-1) }", "--periods 202401..202403");
    let befores: std::collections::BTreeSet<&str> = rows.iter().map(|row| text(row, "before")).collect();
    assert_eq!(befores.into_iter().collect::<Vec<_>>(), ["202401", "202402", "202403"]);
}

#[test]
fn rows_are_given_the_slices_as_the_source_sent_them() {
    let office = after_a_run();
    let script = r#"fn rows(rows, ctx) {
        rows.map(|r| switch r.value {
            1 => r.skip("one is none"),
            2 => r.reject("two is wrong"),
            3 => r.with_value(30),
            _ => r,
        })
    }"#;
    let (rows, output) = replayed(&office, script, "");
    let of = |result: &str| rows.iter().filter(|row| row["result"] == result).collect::<Vec<_>>();
    assert!(of("dropped").iter().all(|row| row["before"] == "1" && row["reason"] == "one is none"));
    assert!(of("rejected").iter().all(|row| row["before"] == "2" && row["reason"] == "two is wrong"));
    assert!(of("changed").iter().all(|row| row["before"] == "3" && row["after"] == "30"));
    for result in ["dropped", "rejected", "changed"] {
        assert!(!of(result).is_empty(), "{result}\n{output}");
    }
    assert!(output.stderr.contains(" rows given"), "{output}");
}

#[test]
fn what_stands_beside_a_value_can_be_looked_up_and_a_plugin_be_tried() {
    let office = after_a_run();
    let (rows, _) = replayed(&office, "fn value(v) { v + 1 }", "");
    // `lookup` goes by the names of the source, which `period` tells.
    let (periods, _) = replayed(&office, "fn period(p) { p.shift(-1) }", "");
    let source = text(&periods[0], "data").to_owned();
    let script = format!("fn value(v) {{ v + 1 + lookup_all({source:?}).sum() }}");
    let (beside, output) = replayed(&office, &script, "");
    let sums = beside.iter().map(|row| number(row, "after") - number(row, "before") - 1.0);
    assert!(sums.clone().any(|sum| sum > 0.0) && sums.clone().all(|sum| sum >= 0.0), "{output}");
    assert_eq!(beside.len(), rows.len(), "none was refused");
    let output = office.ok("script run plugin:scale --from-run last --param factor=2 --format json --limit 3");
    let rows = output.json().as_array().unwrap().clone();
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| (number(row, "after") - 2.0 * number(row, "before")).abs() < 1e-9));
    office.refused("script run plugin:scale --from-run last", 2, &["factor"]);
}

#[test]
fn a_run_is_found_again_by_its_periods_or_they_have_to_be_given() {
    let office = after_a_run();
    office.ok("routine edit monthly --periods 202001");
    let (rows, _) = replayed(&office, "fn value(v) { v + 1 }", "");
    assert!(!rows.is_empty(), "the periods of the run, not those of the routine");
    office.ok("job edit malaria --shift 1");
    office.xfer.file("tried.rhai", "fn value(v) { v + 1 }");
    office.refused(
        "script run tried.rhai --from-run last",
        2,
        &["covers other periods now than it did in that run", "--periods"],
    );
    let _ = office.ok("script run tried.rhai --from-run last --periods LAST_MONTH");
    office.refused(
        "script run tried.rhai --from-run last --hook rows",
        2,
        &["does not define `rows`", "its functions: value"],
    );
    office.ok("script attach tried.rhai --job malaria --item 1");
    office.xfer.file("other.rhai", "fn value(v) { v + 1 }");
    let words = ["different scripts"];
    office.refused("script run other.rhai --from-run last --periods LAST_MONTH", 2, &words);
    office.refused("script run tried.rhai --from-run 00000000", 2, &["there is no run"]);
    assert_eq!(office.xfer.run("script run tried.rhai --row value=1 --limit 3").code, 2, "a limit of what");
}
