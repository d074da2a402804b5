//! The tests of tests: what passes, what fails, and how a failure reads.

use std::path::Path;

use super::Suite;
use super::format::{Case, Given, RowGiven};
use crate::plugin::{bundled, bundled_names};
use crate::{Params, Script};

const SCALE: &str = "fn value(v, ctx) {
    if v < 0 { throw `${v} is negative` }
    if v == 0 { skip(\"nothing was counted\") }
    v * ctx.params.factor
}
";

fn run(script: &str, suite: &str) -> Vec<super::CaseResult> {
    let script = Script::compile("test.rhai", script).unwrap();
    Suite::parse(suite).unwrap_or_else(|error| panic!("{error}")).run(&script, &Params::new())
}

fn passes(script: &str, suite: &str) {
    for result in run(script, suite) {
        assert!(result.passed(), "{}: {:#?}", result.name, result.difference());
    }
}

#[test]
fn every_way_a_value_ends_can_be_expected() {
    passes(
        SCALE,
        r#"(
            params: {"factor": 0.07},
            cases: [
                (name: "scaled", given: value(100), expected: value(7)),
                (name: "its own factor", params: {"factor": 1}, given: value(3.5), expected: unchanged),
                (name: "zero", given: value(0), expected: dropped("nothing was")),
                (name: "negative", given: value(-1), expected: rejected("-1 is negative")),
                (name: "a text", given: value("many"), expected: error("number")),
            ],
        )"#,
    );
}

#[test]
fn periods_contributions_and_neighbours_can_be_given() {
    passes(
        "fn period(p, ctx) { p.shift(-1) }
         fn combine(values, ctx) { ctx.sources.sorted_by(|s| s.period).last().value }
         fn value(v, ctx) { v + lookup(\"Deaths\") + ctx.org_unit.level }",
        r#"(
            org_units: [(name: "Jacmel", code: "HT2", path: "Haiti / Sud-Est / Jacmel")],
            cases: [
                (name: "a month earlier", given: period("202401"), expected: period("202312")),
                (name: "the latest", given: combine([(value: 5, period: "202402"), (value: 7)]), expected: value(5)),
                (
                    name: "looked up",
                    at: (org_unit: "Jacmel", period: "2024Q1"),
                    others: [(data: "Deaths", value: 2)],
                    given: value(1),
                    expected: value(6),
                ),
            ],
        )"#,
    );
}

const ROWS: &str = "fn rows(rows, ctx) {
    rows.map(|r| if r.value == 0 { r.skip(\"zero\") } else if r.value < 0 { r.reject(\"negative\") } else { r })
}
";

#[test]
fn rows_are_compared_in_any_order_with_what_was_left_out() {
    passes(
        ROWS,
        r#"(cases: [(
            name: "each has its fate",
            given: rows([(data: "A", value: 1), (data: "A", value: 0), (data: "B", coc: "Male", value: -2), (value: 3)]),
            expected: rows((kept: [(value: 3), (data: "A", value: 1)], dropped: {2: "zero"}, rejected: {3: "negative"})),
        )])"#,
    );
}

#[test]
fn a_failure_shows_what_was_expected_and_what_came() {
    let results = run(
        ROWS,
        r#"(cases: [(
            name: "wrong on purpose",
            given: rows([(data: "A", value: 1), (data: "B", coc: "Male", value: 2)]),
            expected: rows((kept: [(data: "A", value: 1), (data: "B", coc: "Male", value: "2")], dropped: {})),
        )])"#,
    );
    assert!(!results[0].passed());
    assert_eq!(
        results[0].difference(),
        [
            "- B (Male) at Facility in 202401 = \"2\"",
            "  A at Facility in 202401 = 1",
            "+ B (Male) at Facility in 202401 = 2",
        ]
    );
    let results = run(SCALE, r#"(cases: [(name: "no factor", given: value(2), expected: value(2))])"#);
    let difference = results[0].difference().join("\n");
    assert!(difference.starts_with("- 2\n+ error: test.rhai:4"), "{difference}");
}

#[test]
fn a_mistake_in_the_file_is_placed() {
    for (suite, part) in [
        ("(cases: [(name: \"x\", given: value(1), expect: value(1))])", "expect"),
        ("(cases: [\n(name: \"x\", given: valeu(1), expected: value(1))])", "line 2"),
        ("(cases: [(name: \"x\", given: period(\"2024-13\"), expected: value(1))])", "2024-13"),
        ("(cases: [(name: \"x\", given: value(0.12345678901234567), expected: unchanged)])", "15 digits"),
    ] {
        let error = Suite::parse(suite).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

/// Every script and plugin that comes with the program, with its cases and the parameters that it has by itself.
fn shipped() -> Vec<(Script, Suite, Params)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let scripts = files.filter(|path| path.extension().is_some_and(|ending| ending == "rhai")).map(|path| {
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        let script = Script::compile(&path.display().to_string(), &text(&path)).unwrap();
        let suite = Suite::parse(&text(&path.with_extension("tests.ron"))).unwrap_or_else(|error| panic!("{error}"));
        (script, suite, Params::new())
    });
    let plugins = bundled_names().map(|name| {
        let plugin = bundled(name).unwrap().unwrap();
        let suite = plugin.suite().unwrap();
        let defaults = plugin.defaults().unwrap();
        (plugin.script, suite, defaults)
    });
    scripts.chain(plugins).collect()
}

#[test]
fn what_is_shipped_takes_the_slice_of_a_large_district() {
    // Enough for what grows with the square of the rows to be stopped, few enough for a slow machine.
    const ROWS: usize = 2_000;
    let mut tried = Vec::new();
    for (script, suite, defaults) in shipped() {
        let rows = |case: &Case| if let Given::Rows(rows) = &case.given { rows.len() } else { 0 };
        let Some(case) = suite.cases.iter().max_by_key(|case| rows(case)).filter(|case| rows(case) > 0) else {
            continue;
        };
        let Given::Rows(few) = &case.given else { continue };
        let many = few.iter().cycle().take(ROWS).enumerate().map(|(number, row)| {
            let name = row.org_unit.clone().unwrap_or_else(|| case.at.org_unit.clone());
            RowGiven { org_unit: Some(format!("{name} {}", number / few.len())), ..row.clone() }
        });
        let case = Case { given: Given::Rows(many.collect()), ..case.clone() };
        let one = Suite { cases: vec![case], ..suite.clone() };
        for result in one.run(&script, &defaults) {
            let stopped = result.difference().into_iter().find(|line| line.contains("the script was stopped"));
            assert_eq!(stopped, None, "{}", script.name());
        }
        tried.push(script.name().to_owned());
    }
    assert_eq!(tried.len(), 4, "{tried:?}");
}
