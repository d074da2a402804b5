//! Manifests that break a rule, parameters that do not fit, and every bundled plugin with its own cases.

use std::collections::BTreeMap;

use super::{Manifest, Plugin, PluginError, bundled, bundled_names, check, is_name, missing, read};
use xfer_domain::script::ParameterValue;

const MANIFEST: &str = r#"Plugin(
    name: "example",
    version: "1.0.0",
    api: 1,
    description: "An example.",
    hooks: [value],
    parameters: [
        (name: "factor", kind: number, range: (0, 10.5), prompt: "How much?"),
        (name: "whole", kind: whole, default: 2, prompt: "How many?"),
        (name: "side", kind: text, choices: ["left", "right"], default: "left", prompt: "Which side?"),
        (name: "names", kind: texts, default: ["a"], prompt: "Which names?"),
        (name: "on", kind: truth, default: true, prompt: "On?"),
    ],
)"#;

fn manifest() -> Manifest {
    Manifest::parse(MANIFEST).unwrap()
}

fn given(parameters: &[&str]) -> BTreeMap<String, ParameterValue> {
    let parts = parameters.iter().map(|text| text.split_once('=').unwrap());
    parts.map(|(name, value)| (name.to_owned(), ParameterValue::parse(value))).collect()
}

/// What is wrong and what to do, on one line.
fn in_words(error: PluginError) -> String {
    match error {
        PluginError::Rule { what, hint } => format!("{what}: {hint}"),
        PluginError::Script(error) => error.to_string(),
    }
}

#[test]
fn every_bundled_plugin_holds_its_own_cases() {
    let mut cases = 0;
    let mut failures = Vec::new();
    for name in bundled_names() {
        let plugin = bundled(name).unwrap().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(plugin.manifest.name, name);
        assert!(plugin.texts.readme.starts_with(&format!("# {name}\n")));
        for parameter in &plugin.manifest.parameters {
            assert!(plugin.texts.readme.contains(&format!("`{}`", parameter.name)), "{name}: {}", parameter.name);
        }
        let results = plugin.test().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(results.len() >= 5, "{name} has {} cases", results.len());
        for result in results.iter().filter(|result| !result.passed()) {
            failures.push(format!("{name}, {}:\n{}", result.name, result.difference().join("\n")));
        }
        cases += results.len();
        let suite = plugin.suite().unwrap();
        let parameters = suite.params.iter().map(|(name, value)| (name.clone(), value.to_param())).collect();
        if plugin.sample(&parameters).unwrap().is_none() {
            failures.push(format!("{name} has no sample"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(cases > 80, "{cases}");
}

#[test]
fn small_counts_are_asked_for_by_the_number_below_which_they_are_left_out() {
    let plugin = bundled("suppress-small-counts").unwrap().unwrap();
    let threshold = plugin.manifest.parameter("threshold").unwrap();
    assert_eq!(threshold.prompt, "Below which count (5 leaves out 1 to 4)?");
    let tests = "(params: {\"threshold\": 5, \"secondary\": false, \"totals\": \"both\"}, cases: [(name: \"as it says\", \
                 given: rows([(data: \"A\", value: 4), (data: \"B\", value: 5)]), \
                 expected: rows((kept: [(data: \"B\", value: 5)], dropped: {1: \"\"})))])";
    let results = crate::testing::Suite::parse(tests).unwrap().run(&plugin.script, &BTreeMap::new());
    assert!(results[0].passed(), "{}", results[0].difference().join("\n"));
}

#[test]
fn names_are_folders_and_nothing_else() {
    for name in ["scale", "a", "0", "re-aggregate_2", &"a".repeat(64)] {
        assert!(is_name(name), "{name}");
    }
    for name in ["", "-a", "_a", "A", "a.b", "a/b", "..", "a b", "é", "a\0", "con", "lpt1", &"a".repeat(65)] {
        assert!(!is_name(name), "{name}");
    }
}

#[test]
fn a_manifest_that_breaks_a_rule_is_refused_with_the_rule() {
    for (old, new, part) in [
        ("\"example\"", "\"../x\"", "cannot be the name of a plugin"),
        ("1.0.0", "1.0", "has not the form 1.0.0"),
        ("api: 1", "api: 2", "this xfer has 1: a newer xfer is needed"),
        ("An example.", "", "description is empty"),
        ("An example.", "An\\u{1b}[2J", "more than a line"),
        ("[value]", "[]", "names no hook"),
        ("[value]", "[value, value]", "or one twice"),
        ("[value]", "[valeu]", "line 6"),
        ("api: 1", "api: 1, author: \"x\"", "line 4"),
        ("\"whole\"", "\"factor\"", "the parameter factor twice"),
        ("\"whole\"", "\"Whole\"", "cannot be the name of a parameter"),
        ("default: 2,", "default: 2.5,", "whole=2.5 does not fit"),
        ("default: \"left\"", "default: \"up\"", "side=up is not one of the choices"),
        ("(0, 10.5)", "(10.5, 0)", "(smallest, largest)"),
        ("kind: truth,", "kind: truth, range: (0, 1),", "the range of on"),
        ("kind: truth,", "kind: truth, choices: [\"x\"],", "only a text has choices"),
        ("\"On?\"", "\"\"", "the prompt of on is empty"),
    ] {
        assert!(MANIFEST.contains(old), "{old}");
        let words = in_words(Manifest::parse(&MANIFEST.replacen(old, new, 1)).unwrap_err());
        assert!(words.contains(part), "{new}: {words}");
    }
}

#[test]
fn what_is_given_is_held_to_the_manifest_and_defaults_fill_the_rest() {
    let filled = check(&manifest(), &given(&["factor=0.07"])).unwrap();
    assert_eq!(filled, given(&["factor=0.07", "whole=2", "side=left", "names=[a]", "on=true"]));
    for (parameters, part) in [
        (&["factro=1"][..], "has no parameter factro: did you mean factor?"),
        (&["whole=1"], "needs the parameter factor: How much? Give --param factor=…, a number from 0 to 10.5"),
        (&["factor=11"], "factor=11 does not fit: factor is a number from 0 to 10.5"),
        (&["factor=x"], "factor=x does not fit"),
        (&["factor=[1]"], "does not fit"),
        (&["factor=1", "whole=1.5"], "whole is a whole number"),
        (&["factor=1", "side=rigth"], "side=rigth is not one of the choices: did you mean right?"),
        (&["factor=1", "names=a"], "names is a list of texts"),
        (&["factor=1", "on=1"], "on is true or false"),
    ] {
        let words = in_words(check(&manifest(), &given(parameters)).unwrap_err());
        assert!(words.contains(part), "{parameters:?}: {words}");
    }
    let numbers = check(&manifest(), &given(&["factor=1", "names=[1, x]"])).unwrap();
    let texts = [ParameterValue::Text("1".to_owned()), ParameterValue::Text("x".to_owned())];
    assert_eq!(numbers["names"], ParameterValue::List(texts.to_vec()), "a name may look like a number");
}

#[test]
fn answers_are_read_as_people_write_them() {
    let manifest = manifest();
    let asked: Vec<&str> = missing(&manifest, &given(&["whole=1"])).iter().map(|one| one.name.as_str()).collect();
    assert_eq!(asked, ["factor", "side", "names", "on"]);
    for (name, answer, value) in [
        ("factor", " 0.5 ", "0.5"),
        ("side", "right", "right"),
        ("names", "a, b", "[a, b]"),
        ("names", "[a, b]", "[a, b]"),
        ("names", "", "[]"),
        ("on", "No", "false"),
    ] {
        let parameter = manifest.parameter(name).unwrap();
        assert_eq!(read(parameter, answer).unwrap(), ParameterValue::parse(value), "{name} {answer}");
    }
    assert!(read(manifest.parameter("factor").unwrap(), "many").is_err());
}

#[test]
fn hooks_and_manifest_have_to_agree() {
    let mut texts = bundled("scale").unwrap().unwrap().texts;
    texts.main = "fn period(p, ctx) { p }".to_owned();
    let words = in_words(Plugin::read(texts).unwrap_err());
    assert!(words.contains("names the hooks value, and main.rhai defines period"), "{words}");
}

#[test]
fn every_file_counts_in_what_is_pinned_and_lines_stay_where_they_are() {
    let plugin = bundled("scale").unwrap().unwrap();
    let attached = plugin.attached();
    assert_eq!(attached.name, "plugin:scale");
    assert!(attached.content.starts_with(&plugin.texts.main));
    for change in [
        |plugin: &mut Plugin| plugin.texts.manifest.push(' '),
        |plugin: &mut Plugin| plugin.texts.main.push(' '),
        |plugin: &mut Plugin| plugin.texts.tests.push(' '),
        |plugin: &mut Plugin| plugin.texts.readme.push(' '),
    ] {
        let mut altered = plugin.clone();
        change(&mut altered);
        assert_ne!(altered.attached().hash, attached.hash);
    }
}
