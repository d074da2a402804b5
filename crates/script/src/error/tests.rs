//! The mistakes that are most likely, each with the text that it gives. Read them aloud: would an analyst who wrote
//! this line know what to write instead?

use std::fmt::Write as _;

use rhai::{EvalAltResult, Position};

use super::runtime::translate;
use crate::tests::{number, place, run_context};
use crate::{Runner, Script, Stop, Value};
use xfer_domain::script::Hook;

/// What a person sees who wrote this script, called with a value.
fn message(source: &str, value: &Value) -> String {
    let script = match Script::compile("test.rhai", source) {
        Ok(script) => script,
        Err(error) => return error.report(),
    };
    let mut runner = Runner::new(&script, run_context()).unwrap();
    match runner.value(value, &place()) {
        Ok(outcome) => panic!("this is no mistake: {source} gives {outcome:?}"),
        Err(error) => error.report(),
    }
}

const COMPILED: &[&str] = &[
    "fn value(v, ctx) {\n    let total = v * 2;\n    totl + 1\n}",
    "fn value(v, ctx) { if v = 5 { 1 } else { 2 } }",
    "fn value(v, ctx) { if v === 5 { 1 } else { 2 } }",
    "fn value(v, ctx) { if v > 5 and v < 9 { 1 } else { 2 } }",
    "fn value(v, ctx) {\n    let x = v * 2\n    x + 1\n}",
    "fn value(v, ctx) { if v > 5 { 1 ",
    "fn value(v, ctx) { 'abc' }",
    "fn value(v, ctx) { \"abc }",
    "fn value(v, ctx) { “abc” }",
    "fn value(v, ctx) { v * 1e3 }",
    "fn value(v, ctx) { if v == null { 0 } else { v } }",
    "fn value(v, ctx) { v * params.factor }",
    "fn value(v, ctx) { eval(\"1\") }",
    "import \"x\" as x;\nfn value(v, ctx) { v }",
    "let factor = 100;\nfn value(v, ctx) { v * factor }",
    "fn valeu(v, ctx) { v }",
    "fn value(v, ctx, extra) { v }",
    "function value(v, ctx) { v }",
    "fn value(v, ctx) { var x = 2; x }",
    "fn value(v, ctx) { v++ }",
    "fn value(v, ctx) { v > 5 ? 1 : 2 }",
    "fn value(v, ctx) { fn half(x) { x / 2 } half(v) }",
    "fn value(v, ctx) { max(v, (2 }",
    "fn value(v, ctx) { # a remark\n v }",
    "fn value(v ctx) { v }",
    "fn value(v, ctx) { const x = 1; x = 2; x }",
    "fn value(v, ctx) { v * 2; }",
    "fn value(v, ctx) {\n    let total = v * 2;\n}",
    "fn value(v, ctx) { v * 0,5 }",
    "fn value(v, ctx) { if not v { 1 } else { 2 } }",
    "fn value(v, ctx) { if v > 5 then 1 }",
    "fn value(v, ctx) { if v > 5 { let x = 1; } x }",
    "",
];

const RUN: &[&str] = &[
    "fn value(v, ctx) { \"12\" - 2 }",
    "fn value(v, ctx) { \"12\" * 2 }",
    "fn value(v, ctx) { v == \"12\" }",
    "fn value(v, ctx) { v.ruond(2) }",
    "fn value(v, ctx) { v.parse_float() }",
    "fn value(v, ctx) { \"12,5\".round(1) }",
    "fn value(v, ctx) { number(\"12,5\") }",
    "fn value(v, ctx) { number(\"twelve\") }",
    "fn value(v, ctx) { v / (v - v) }",
    "fn value(v, ctx) { v * ctx.params.facter }",
    "fn value(v, ctx) { ctx.orgunit.name }",
    "fn value(v, ctx) { ctx.org_unit.parent }",
    "fn value(v, ctx) { ctx.org_unit.code * 2 }",
    "fn value(v, ctx) { ctx.period - 1 }",
    "fn value(v, ctx) { ctx.period.to(\"quarterly\").id }",
    "fn value(v, ctx) { ctx.period.to(\"Weekly\").id }",
    "fn value(v, ctx) { ctx.period.shift }",
    "fn value(v, ctx) { period(\"2024-Q1\").id }",
    "fn value(v, ctx) { if v { 1 } else { 2 } }",
    "fn value(v, ctx) { [v, \"x\"].sum() }",
    "fn value(v, ctx) { [v, ()].sum() }",
    "fn value(v, ctx) { [].average() }",
    "fn value(v, ctx) { [v] * 2 }",
    "fn value(v, ctx) { [1, 2, 3][3] }",
    "fn value(v, ctx) { let m = #{ a: 1 }; m.b }",
    "fn value(v, ctx) { [v, 2] }",
    "fn value(v, ctx) { #{ value: v } }",
    "fn value(v, ctx) { lookup(\"ANC 9\") + v }",
    "fn value(v, ctx) { ctx.job = \"other\"; v }",
    "fn value(v, ctx) { ctx.params.factor = 2; v }",
    "fn value(v, ctx) { timestamp() }",
    "fn value(v, ctx) { half(v, 2) } fn half(x) { x / 2 }",
    "fn value(v, ctx) { hafl(v) } fn half(x) { x / 2 }",
    "fn value(v, ctx) { v.round(\"1\") }",
    "fn value(v, ctx) { for x in v { print(x) } v }",
    "fn value(v, ctx) { loop { } }",
    "fn value(v, ctx) { value(v, ctx) }",
    "fn value(v, ctx) { let x = (); x.len() + v }",
    "fn value(v, ctx) { let x = (); x + v }",
    "fn value(v, ctx) { [3, \"a\"].sorted()[0] }",
    "fn value(v, ctx) { 10 ** 100 }",
    "fn value(v, ctx) { v.round(99) }",
    "fn value(v, ctx) { \"abc\"[5] }",
    "fn value(v, ctx) { ctx.period[0] }",
    "fn value(v, ctx) { ctx.item.name }",
    "fn value(v, ctx) { -\"5\" }",
    "fn value(v, ctx) {\n    let list = [];\n    while v > 5 { list.push(v) }\n    v\n}",
    "fn value(v, ctx) { down(v) }\nfn down(n) { down(n - 1) }",
    "fn value(v, ctx) { let l = [v, 1]; l.map(|x| x / l.sum())[0] }",
    "fn value(v, ctx) { let l = [1]; for i in 0..99 { l = [l] } l == l }",
    "fn value(v, ctx) { let t = \"x\"; for i in 0..99 { t += t } t }",
];

fn texts(sources: &[&str]) -> String {
    let mut all = String::new();
    for source in sources {
        let text = message(source, &Value::Number(number("12")));
        writeln!(all, "{text}\n").unwrap();
    }
    all
}

#[test]
fn mistakes_of_writing_are_explained() {
    insta::assert_snapshot!(texts(COMPILED));
}

#[test]
fn mistakes_that_show_when_it_runs_are_explained() {
    insta::assert_snapshot!(texts(RUN));
}

#[test]
fn every_mistake_has_a_text_of_its_own_with_a_hint() {
    let mut seen = std::collections::BTreeSet::new();
    for source in COMPILED.iter().chain(RUN) {
        let text = message(source, &Value::Number(number("12")));
        let (_, told) = text.split_once(": ").unwrap();
        assert!(seen.insert(told.to_owned()), "said twice: {text}");
        assert!(text.contains("\n  hint: "), "{text}");
        for word in ["Dynamic", "i64", "ImmutableString", "Unknown property", "not found:", "decimal ("] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

#[test]
fn where_no_place_is_known_the_function_is_named() {
    let source = "// half of it\nfn value(v) {\n    v / 2\n}";
    let script = Script::compile("test.rhai", source).unwrap();
    let entry = script.entry(Hook::Value).unwrap();
    let stop = EvalAltResult::ErrorTerminated(Stop::Time.token(), Position::NONE);
    let error = translate(&stop, "test.rhai", source, entry);
    assert_eq!(error.position(), Some((2, 1)));
    assert_eq!(error.what(), "the script was stopped: it took too long, in the function that begins at line 2");
    assert_eq!(error.stop(), Some(Stop::Time));
}
