//! The tools for writing scripts, the cookbook, and `docs/scripting.md`, whose examples are run and whose reference is
//! written from the program's own.
//!
//! `XFER_REGENERATE=1 cargo test script_tools` writes the lists of `docs/scripting.md` anew.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use xfer_script::reference::{Kind, entries};
use xfer_script::testing::Suite;
use xfer_script::{Params, Script};

use crate::support::Xfer;
use crate::support::office::refused;

const MARK: &str = "<!-- What follows is written by `XFER_REGENERATE=1 cargo test script_tools`. -->\n";

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn cookbook() -> Vec<PathBuf> {
    let files = fs::read_dir(project("scripts")).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        files.filter(|file| file.extension().is_some_and(|ending| ending == "rhai")).collect();
    files.sort();
    files
}

fn passes(name: &str, script: &str, suite: &str) -> usize {
    let script = Script::compile(name, script).unwrap_or_else(|error| panic!("{}", error.report()));
    let suite = Suite::parse(suite).unwrap_or_else(|error| panic!("{name}: {error}"));
    let results = suite.run(&script, &Params::new());
    for result in &results {
        assert!(result.passed(), "{name}: {}\n{}", result.name, result.difference().join("\n"));
    }
    results.len()
}

#[test]
fn every_script_of_the_cookbook_passes_its_tests() {
    let files = cookbook();
    assert!(files.len() >= 12, "only {} scripts", files.len());
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let tests =
            fs::read_to_string(file.with_extension("tests.ron")).unwrap_or_else(|_| panic!("{name} has no tests"));
        let cases = passes(&name, &fs::read_to_string(&file).unwrap(), &tests);
        assert!(cases > 0, "{name} has no cases");
    }
}

/// What a script says of itself in its first comment.
fn purpose(script: &str) -> String {
    let lines = script.lines().map_while(|line| line.strip_prefix("// "));
    lines.collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn lists() -> String {
    let mut text = String::from("\n## Cookbook\n\nReady to use or to change, in `scripts/`, each with its tests.\n\n");
    text.push_str("| script | what it does |\n|---|---|\n");
    for file in cookbook() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let script = fs::read_to_string(&file).unwrap();
        writeln!(text, "| [{name}](../scripts/{name}) | {} |", purpose(&script)).unwrap();
    }
    text.push_str("\n## Reference\n\nEverything that scripts can use.\n");
    let mut of: Vec<&str> = Vec::new();
    for entry in entries() {
        if !of.contains(&entry.of) {
            of.push(entry.of);
        }
    }
    for of in of {
        let title = if of.is_empty() { "Functions of no type" } else { of };
        write!(text, "\n### {title}\n\n| written | gives | |\n|---|---|---|\n").unwrap();
        for entry in entries().filter(|entry| entry.of == of && entry.kind != Kind::Hook) {
            let written = entry.signature.replace('|', "\\|");
            writeln!(text, "| `{written}` | {} | {} |", entry.gives, entry.text.replace('|', "\\|")).unwrap();
        }
    }
    text
}

#[test]
fn the_lists_of_the_manual_are_those_of_the_program() {
    let path = project("docs/scripting.md");
    let found = fs::read_to_string(&path).unwrap();
    let (written, _) = found.split_once(MARK).unwrap();
    let expected = [written, MARK, &lists()].concat();
    if std::env::var_os("XFER_REGENERATE").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(found == expected, "docs/scripting.md is stale: XFER_REGENERATE=1 cargo test script_tools");
}

#[test]
fn every_example_of_the_manual_runs() {
    let text = fs::read_to_string(project("docs/scripting.md")).unwrap();
    let (mut script, mut cases) = (String::new(), 0);
    for block in text.split("\n```").skip(1).step_by(2) {
        let (language, body) = block.split_once('\n').unwrap();
        match language {
            "rhai" => {
                Script::compile("scripting.md", body).unwrap_or_else(|error| panic!("{}", error.report()));
                body.clone_into(&mut script);
            }
            "ron" => cases += passes("scripting.md", &script, body),
            other => assert!(["sh", "text"].contains(&other), "{other}"),
        }
    }
    assert!(cases >= 6, "only {cases} cases");
}

#[test]
fn a_script_is_begun_tested_and_never_overwritten() {
    let xfer = Xfer::new();
    for hook in ["value", "period", "combine", "rows"] {
        let _ = xfer.run(&format!("script new {hook}")).expect_code(0);
    }
    let output = xfer.run("script test").expect_code(0);
    assert!(output.stderr.contains("0 failed"), "{output}");
    let output = xfer.run("script check rows.rhai value.rhai").expect_code(0);
    assert_eq!(output.stdout, "rows.rhai: rows\nvalue.rhai: value\n");
    refused(&xfer.run("script new value"), 2, &["value.rhai exists already"]);
    refused(&xfer.run("script new value scale.txt"), 2, &["does not end with .rhai"]);
    assert_eq!(xfer.run("script new valeu").code, 2);
}

#[test]
fn a_case_that_fails_shows_given_expected_and_got() {
    let xfer = Xfer::new();
    xfer.file("scale.rhai", "fn value(v, ctx) {\n    print(v);\n    v * ctx.params.factor\n}\n");
    xfer.file(
        "scale.tests.ron",
        "(params: {\"factor\": 2}, cases: [
            (name: \"doubled\", given: value(2), expected: value(4)),
            (name: \"halved\", given: value(2), expected: value(1)),
        ])",
    );
    let output = xfer.run("script test scale.rhai").expect_code(3);
    assert_eq!(output.stdout, "scale.rhai: halved\n  given     2\n  - expected, + got\n  - 1\n  + 4\n  printed   2\n");
    insta::assert_snapshot!(output.stderr, @"1 case passed, 1 failed");
    xfer.file("scale.tests.ron", "(cases: [\n  (name: \"x\", given: valu(1), expected: unchanged)])");
    refused(&xfer.run("script test scale.rhai"), 2, &["scale.tests.ron:2:"]);
    xfer.file("alone.rhai", "fn value(v) { v }");
    refused(&xfer.run("script test alone.rhai"), 2, &["has no tests", "alone.tests.ron"]);
    xfer.file("broken.rhai", "fn value(v) { v + }");
    refused(&xfer.run("script check broken.rhai"), 2, &["broken.rhai:1"]);
    assert_eq!(xfer.run("script check missing.rhai").code, 10);
}

#[test]
fn a_script_is_tried_on_rows() {
    let xfer = Xfer::new();
    xfer.file("scale.rhai", "fn value(v, ctx) {\n    if v > 100 { skip(`too many at ${ctx.org_unit.name}`) }\n    v * ctx.params.factor\n}\n");
    let line = "script run scale.rhai --param factor=0.07 --row value=100 --row value=101,org_unit=Jacmel";
    let output = xfer.run(line).expect_code(0);
    assert_eq!(
        output.stdout,
        "100 → 7   (value, scale.rhai:1)\n101 → dropped: too many at Jacmel   (value, scale.rhai:1)\n"
    );
    let output = xfer.run("script run scale.rhai --row value=100").expect_code(3);
    assert!(output.stdout.starts_with("100 → error: "), "the factor is missing\n{output}");
    xfer.file("refuses.rhai", "fn rows(rows) { rows.map(|r| r.reject(\"no\")) }");
    let output = xfer.run("script run refuses.rhai --row value=1").expect_code(3);
    insta::assert_snapshot!(output.stdout, @"Data at Facility in 202401 = 1 → row 1 rejected: no   (rows, refuses.rhai:1)");
    xfer.file("loud.rhai", "fn value(v) { for n in 0..103 { print(n); } v }");
    let output = xfer.run("script run loud.rhai --row value=1").expect_code(0);
    assert!(output.stdout.ends_with("  printed: 99\n  printed: … and 3 more\n"), "{output}");
    xfer.file("only.rhai", "fn rows(rows) { rows.filter(|r| r.value > 1) }");
    let output = xfer.run("script run only.rhai --row data=A,value=1 --row data=B,value=2").expect_code(0);
    assert_eq!(
        output.stdout,
        "rows, only.rhai:1\n  A at Facility in 202401 = 1\n  B at Facility in 202401 = 2\n→\n  \
         B at Facility in 202401 = 2\n  row 1 dropped: the script did not return it\n"
    );
    refused(
        &xfer.run("script run only.rhai --hook value --row value=1"),
        2,
        &["does not have that function", "its functions: rows"],
    );
    assert_eq!(xfer.run("script run only.rhai").code, 2);
}

#[test]
fn expressions_are_tried_line_by_line() {
    let xfer = Xfer::new();
    let mut child = xfer
        .prepared(&["script", "repl", "--param", "factor=0.07"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = "let x = 100\nx * ctx.params.factor\nx +\nctx.period.shift(-1)\nexit\nx\n";
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "7\n202312\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("warning:"), "the line that is not finished");
}

#[test]
fn calls_are_measured_and_editors_told() {
    let xfer = Xfer::new();
    xfer.file("scale.rhai", "fn value(v, ctx) { v * ctx.params.factor }");
    let output = xfer.run("script bench scale.rhai --param factor=2").expect_code(0);
    assert!(output.stdout.starts_with("value: ") && output.stdout.contains("calls per second"), "{output}");
    refused(&xfer.run("script bench scale.rhai"), 2, &["scale.rhai:1", "factor"]);
    let _ = xfer.run("script definitions xfer.d.rhai").expect_code(0);
    let written = fs::read_to_string(xfer.home().join("xfer.d.rhai")).unwrap();
    assert_eq!(written, xfer.run("script definitions").stdout);
    assert!(written.contains("fn shift(of: Period"), "{written}");
}
