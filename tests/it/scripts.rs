//! Scripts at work, through the real program: attached, listed, pinned, run on both generations, taken away.

use std::collections::BTreeMap;

use serde_json::Value;
use xfer_sandbox::profile::Profile;

use crate::support::office::Office;

const DOUBLE: &str = "fn value(v, ctx) {\n    v * ctx.params.factor\n}\n";

/// All four hooks, each of which does something to the malaria job of last month.
const ROWS: &str = "fn rows(rows, ctx) {\n    rows.filter(|r| r.value != 1)\n}\n";
const COMBINE: &str = "fn combine(values, ctx) {\n    values.max()\n}\n";
const PERIOD: &str = "fn period(p, ctx) {\n    p.shift(-1)\n}\n";

fn change(report: &Value, script: &str, kind: &str) -> u64 {
    let scripts = report["scripts"].as_array().unwrap();
    scripts.iter().filter(|entry| entry["script"] == script).map(|entry| entry[kind].as_u64().unwrap()).sum()
}

/// The cells of the last run: everything but how they ended there.
fn cells(office: &Office) -> Vec<Value> {
    let cells = office.ok("runs cells last --format json").json();
    let mut cells: Vec<Value> = cells.as_array().unwrap().clone();
    cells.sort_by_key(ToString::to_string);
    cells
}

#[test]
fn a_routine_with_all_four_hooks_says_dry_what_it_does_on_both_generations() {
    let ends = [Profile::V42, Profile::V43].map(|to| {
        let office = Office::ready_for(to);
        for (name, text) in
            [("rows.rhai", ROWS), ("combine.rhai", COMBINE), ("period.rhai", PERIOD), ("double.rhai", DOUBLE)]
        {
            office.xfer.file(name, text);
        }
        let plain = office.xfer.run("run monthly --dry-run --format json").report();
        assert!(plain.get("scripts").is_none(), "{plain:#}");
        office.ok("script attach rows.rhai --job malaria");
        office.ok("script attach combine.rhai --job malaria");
        office.ok("script attach period.rhai --routine monthly");
        office.ok("script attach double.rhai --job malaria --item 1 --param factor=2");
        // Items that share a cell need the same scripts.
        office.ok("script attach double.rhai --routine monthly --param factor=3");
        office.ok("script detach double.rhai --job malaria --item 1");
        let dry = office.xfer.run("run monthly --dry-run --format json").report();
        let would = cells(&office);
        let run = office.xfer.run("run monthly --format json").report();
        assert_eq!(cells(&office), would, "a dry run says what a run does, cell by cell");
        for key in ["values", "cells", "scripts", "periods"] {
            assert_eq!(dry[key], run[key], "{key}");
        }
        assert_ne!(run["periods"], plain["periods"], "one month earlier");
        assert!(
            change(&run, "rows.rhai", "dropped") > 0
                && run["values"]["dropped"].as_u64() > plain["values"]["dropped"].as_u64()
        );
        assert!(change(&run, "double.rhai", "changed") > 10, "{run:#}");
        assert!(change(&run, "combine.rhai", "changed") > 0, "{run:#}");
        let scripts = run["scripts"].as_array().unwrap();
        let double = scripts.iter().find(|entry| entry["script"] == "double.rhai").unwrap();
        let example = &double["examples"][0];
        let number = |key: &str| example[key].as_str().unwrap().parse::<f64>().unwrap();
        assert!((number("after") - 3.0 * number("before")).abs() < 1e-9, "{example}");
        assert_eq!((&example["line"], &double["hook"]), (&Value::from(1), &Value::from("value")));
        let second = office.xfer.run("run monthly --format json").report();
        assert_eq!(second["cells"]["created"].as_u64().unwrap() + second["cells"]["updated"].as_u64().unwrap(), 0);
        let table = office.xfer.run("run monthly --dry-run");
        assert!(table.stdout.contains("double.rhai") && table.stdout.contains(" → "), "{table}");
        (run["cells"].clone(), run["values"].clone(), run["scripts"].clone())
    });
    assert_eq!(ends[0], ends[1], "the same on both generations");
}

#[test]
fn a_script_is_pinned_and_a_changed_file_is_told() {
    let office = Office::ready();
    office.xfer.file("double.rhai", ["// Takes limits and code as well.\n", DOUBLE].concat());
    office.ok("script attach double.rhai --job malaria --param factor=2 --param limits=[1,5] --param code=\"7\"");
    let list = |office: &Office| office.ok("script list --format json").json();
    let listed = list(&office);
    assert_eq!(
        (&listed[0]["job"], &listed[0]["hooks"], &listed[0]["state"]),
        (&"malaria".into(), &"value".into(), &"same".into())
    );
    assert_eq!(listed[0]["parameters"]["limits"], "[1, 5]");
    let before = office.xfer.run("run monthly --dry-run --format json").report();
    office.xfer.file("double.rhai", DOUBLE.replace("v *", "v * 10 *"));
    let output = office.ok("script list");
    assert!(output.stdout.contains("altered"), "{output}");
    assert!(output.stderr.contains("attach it again"), "{output}");
    let after = office.xfer.run("run monthly --dry-run --format json").report();
    assert_eq!(before["scripts"], after["scripts"], "what was attached is what runs");
    std::fs::remove_file(office.xfer.home().join("double.rhai")).unwrap();
    assert_eq!(list(&office)[0]["state"], "gone");
    office.ok("script detach double.rhai --job malaria");
    assert_eq!(list(&office), Value::Array(vec![]));
    office.refused("script detach double.rhai --job malaria", 2, &["has no script `double.rhai`"]);
}

#[test]
fn what_cannot_act_is_refused_when_it_is_attached() {
    let office = Office::ready();
    office.xfer.file("broken.rhai", "fn value(v, ctx) {\n    v +\n}\n");
    office.refused("script attach broken.rhai --job malaria", 2, &["broken.rhai:3", "3 | }"]);
    office.xfer.file("none.rhai", "fn valeu(v, ctx) { v }");
    office.refused("script attach none.rhai --job malaria", 2, &["did you mean `value`?"]);
    office.xfer.file("rows.rhai", ROWS);
    office.refused("script attach rows.rhai --job malaria --item 1", 2, &["works on all items", "without --item"]);
    office.refused("script attach rows.rhai --job malaria --item 999", 2, &["works on all items"]);
    office.xfer.file("double.rhai", DOUBLE);
    office.refused("script attach double.rhai --job malaria --item 999", 2, &["has no item 999"]);
    office.refused("script attach double.rhai --routine nothing", 2, &["no routine `nothing`"]);
    assert_eq!(office.xfer.run("script attach missing.rhai --job malaria").code, 10);
    assert_eq!(office.xfer.run("script attach double.rhai").code, 2);
    assert_eq!(office.ok("script list --format json").json(), Value::Array(vec![]));
}

#[test]
fn a_parameter_that_is_misspelt_is_refused_and_one_that_is_missing_told() {
    let office = Office::ready();
    office.xfer.file("double.rhai", DOUBLE);
    let words = ["double.rhai has no parameter facter", "did you mean factor?"];
    office.refused("script attach double.rhai --job malaria --param facter=10", 2, &words);
    assert_eq!(office.ok("script list --format json").json(), Value::Array(vec![]));
    let output = office.ok("script attach double.rhai --job malaria");
    assert!(output.stderr.contains("uses factor, which is not set") && output.stderr.contains("--param factor=…"));
    let output = office.ok("script attach double.rhai --job malaria --param factor=2");
    assert!(!output.stderr.contains("warning"), "{output}");
    office.xfer.file("plain.rhai", "fn value(v) { v }");
    office.refused("script attach plain.rhai --job malaria --param x=1", 2, &["has no parameter x", "it takes none"]);
}

#[test]
fn a_mistake_at_run_time_holds_cells_back_and_says_where() {
    let office = Office::ready();
    office.xfer.file("wrong.rhai", "fn value(v, ctx) {\n    if v > 3 { v - \"x\" } else { v }\n}\n");
    office.ok("script attach wrong.rhai --routine monthly");
    let report = office.xfer.run("run monthly --format json").expect_code(3).report();
    assert!(report["cells"]["held_back"].as_u64().unwrap() > 0);
    let failed =
        report["findings"].as_array().unwrap().iter().find(|finding| finding["code"] == "script-failed").unwrap();
    assert!(failed["example"].as_str().unwrap().contains("wrong.rhai:2"), "{failed}");
}

/// The values of the cells of the last run, by cell and by its destination data element's and option combo's ids.
fn values(office: &Office) -> BTreeMap<(String, String, String, String), f64> {
    let cells = office.ok("runs cells last --format json").json();
    let text = |cell: &Value, key: &str| cell[key].as_str().unwrap().to_owned();
    cells
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|cell| {
            let keys = ["data_element", "category_option_combo", "org_unit", "period"].map(|key| text(cell, key));
            let [data, combo, unit, period] = keys;
            Some(((data, combo, unit, period), cell["value"].as_str()?.parse().ok()?))
        })
        .collect()
}

fn dry(office: &Office) -> BTreeMap<(String, String, String, String), f64> {
    let _ = office.xfer.run("run monthly --dry-run --format json").report();
    values(office)
}

#[test]
fn scripts_beside_each_other_act_in_the_documented_order() {
    let office = Office::ready();
    for (name, calculation) in [("unit", "v + 1"), ("scale", "v * 10"), ("three", "v + 3"), ("more", "v + 7")] {
        office.xfer.file(&format!("{name}.rhai"), format!("fn value(v) {{ {calculation} }}"));
    }
    let plain = dry(&office);
    let items = office.ok("job show malaria --format json").json();
    let addresses: Vec<&str> =
        items.as_array().unwrap().iter().map(|item| item["destination_id"].as_str().unwrap()).collect();
    // Items that share a cell need the same scripts.
    let address = addresses[0];
    let numbers: Vec<usize> =
        addresses.iter().zip(1..).filter(|(other, _)| **other == address).map(|(_, number)| number).collect();
    let (data, rest) = address.split_once('.').unwrap();
    let combo = rest.split('.').next().unwrap();
    // What is nearest acts first wherever it was attached, so the routine's go first here.
    office.ok("script attach plugin:scale --routine monthly --param factor=3");
    office.ok("script attach more.rhai --routine monthly");
    office.ok("script attach scale.rhai --job malaria");
    office.ok("script attach three.rhai --job malaria");
    for number in &numbers {
        office.ok(&format!("script attach unit.rhai --job malaria --item {number}"));
    }
    let changed = dry(&office);
    assert_eq!(plain.keys().collect::<Vec<_>>(), changed.keys().collect::<Vec<_>>());
    let mut of_the_item = 0;
    for (cell, value) in &plain {
        let is_items = (cell.0.as_str(), cell.1.as_str()) == (data, combo);
        of_the_item += usize::from(is_items);
        let begun = if is_items { value + 1.0 } else { *value };
        let expected = (begun * 10.0 + 3.0) * 3.0 + 7.0;
        assert!((changed[cell] - expected).abs() < 1e-9, "{cell:?}: {value} became {}, not {expected}", changed[cell]);
    }
    assert!(of_the_item > 0 && of_the_item < plain.len(), "{of_the_item} cells of {address}");
    let listed = office.ok("script list --format json").json();
    let places: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|line| ["script", "routine", "job", "item"].map(|key| line[key].as_str().unwrap_or("-")).join(" "))
        .collect();
    let whole =
        ["plugin:scale monthly - -", "more.rhai monthly - -", "scale.rhai - malaria -", "three.rhai - malaria -"];
    let of_items = numbers.iter().map(|number| format!("unit.rhai - malaria {number}"));
    let expected: Vec<String> = whole.iter().map(|line| (*line).to_owned()).chain(of_items).collect();
    assert_eq!(places, expected);
    let table = office.ok("script list");
    let scale = table.stdout.lines().find(|line| line.contains("plugin:scale")).unwrap();
    assert!(scale.contains("routine monthly") && scale.contains("factor=3"), "{table}");
    let unit = table.stdout.lines().find(|line| line.contains("unit.rhai")).unwrap();
    assert!(unit.contains(&format!("item {} of the job malaria", numbers[0])), "{table}");
}

#[test]
fn only_the_nearest_combines_and_rows_go_through_the_jobs_script_first() {
    let office = Office::ready();
    for (name, text) in [
        ("largest.rhai", "fn combine(values) { values.max() }"),
        ("smallest.rhai", "fn combine(values) { values.min() }"),
        ("one-more.rhai", "fn rows(rows) { rows.map(|r| r.with_value(r.value + 1)) }"),
        ("twice.rhai", "fn rows(rows) { rows.map(|r| r.with_value(r.value * 2)) }"),
    ] {
        office.xfer.file(name, text);
    }
    office.ok("script attach smallest.rhai --routine monthly");
    let smallest = dry(&office);
    office.ok("script attach largest.rhai --job malaria");
    let largest = dry(&office);
    assert!(smallest.iter().any(|(cell, value)| largest[cell] > *value), "two values meet somewhere");
    assert!(smallest.iter().all(|(cell, value)| largest[cell] >= *value), "the job's acts, the routine's does not");
    office.ok("script attach twice.rhai --routine monthly");
    office.ok("script attach one-more.rhai --job malaria");
    let both = dry(&office);
    for (cell, value) in &largest {
        let expected = (value + 1.0) * 2.0;
        assert!((both[cell] - expected).abs() < 1e-9, "{cell:?}: {value} became {}, not {expected}", both[cell]);
    }
}
