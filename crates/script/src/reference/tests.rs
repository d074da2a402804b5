//! The reference against the engine, in both directions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Kind, entries, operators};
use crate::engine;
use crate::hooks::Script;
use crate::params::Params;
use crate::testing::Suite;
use crate::watch::Watch;

/// Names that the engine has: members, functions.
fn registered() -> (BTreeSet<String>, BTreeSet<String>) {
    let engine = engine::build(&Params::new(), &Arc::new(Watch::new(Duration::ZERO)));
    let (mut members, mut functions) = (BTreeSet::new(), BTreeSet::new());
    for signature in engine.gen_fn_signatures(false) {
        let name = signature.split('(').next().unwrap_or_default().trim();
        if let Some(member) = name.strip_prefix("get ").or_else(|| name.strip_prefix("get$")) {
            members.insert(member.to_owned());
        } else if name.starts_with(|first: char| first.is_ascii_alphabetic()) && !name.contains(['$', ' ']) {
            functions.insert(name.to_owned());
        }
    }
    (members, functions)
}

fn described(kind: Kind) -> BTreeSet<String> {
    entries().filter(|entry| entry.kind == kind).map(|entry| entry.name.to_owned()).collect()
}

#[test]
fn the_reference_names_what_the_engine_has_and_nothing_else() {
    let (members, functions) = registered();
    assert!(members.len() > 20 && functions.len() > 50, "{members:?} {functions:?}");
    assert_eq!(described(Kind::Member), members);
    assert_eq!(described(Kind::Function), functions);
}

#[test]
fn every_entry_is_one_line_with_an_end() {
    for entry in entries() {
        assert!(entry.text.ends_with('.') && !entry.text.contains('\n'), "{entry:?}");
        assert!(entry.signature.contains(entry.name), "{entry:?}");
    }
}

/// The engine's operators, as symbol and sides in our words; of one that takes any numbers the engine tells no types.
fn registered_operators() -> BTreeSet<(String, Vec<String>)> {
    let engine = engine::build(&Params::new(), &Arc::new(Watch::new(Duration::ZERO)));
    let mut found = BTreeSet::new();
    for signature in engine.gen_fn_signatures(false) {
        let Some((symbol, rest)) = signature.split_once('(') else { continue };
        if symbol.contains(|letter: char| letter.is_ascii_alphanumeric()) {
            continue;
        }
        let sides = rest.split_once(')').unwrap().0.split(", ").map(|side| {
            let name = side.trim_start_matches("_: ").trim_start_matches("&mut ");
            match name {
                "_" | "i64" | "decimal" => "number",
                "string" => "text",
                "bool" => "yes/no",
                "array" => "list",
                "OrgUnit" => "org unit",
                "types::dynamic::Dynamic" => "any",
                other => other,
            }
            .to_lowercase()
        });
        found.insert((symbol.to_owned(), sides.collect()));
    }
    found
}

#[test]
fn the_operators_are_those_of_the_engine() {
    let described: BTreeSet<(String, Vec<String>)> = operators()
        .map(|operator| (operator.symbol.to_owned(), operator.sides.iter().map(|side| (*side).to_owned()).collect()))
        .collect();
    let registered = registered_operators();
    // Those that only explain a mistake: a number beside a text, a text less a text.
    let mistake = |symbol: &str, sides: &[String]| {
        let unlike = sides == ["number", "text"] || sides == ["text", "number"];
        unlike || (symbol == "-" && sides.iter().all(|side| side == "text"))
    };
    let of_use = |(symbol, sides): &&(String, Vec<String>)| !mistake(symbol, sides);
    let missing: Vec<_> = registered.iter().filter(of_use).filter(|one| !described.contains(*one)).collect();
    assert!(missing.is_empty(), "not described: {missing:?}");
    assert!(registered.len() > 40, "{registered:?}");
    // What the language brings along itself is not registered: comparisons of two texts or truths.
    let own = |sides: &[String]| sides.iter().all(|side| side == "text") || sides.iter().all(|side| side == "yes/no");
    let extra: Vec<_> = described.difference(&registered).filter(|(_, sides)| !own(sides)).collect();
    assert!(extra.is_empty(), "not there: {extra:?}");
}

#[test]
fn what_is_described_as_an_operator_calculates() {
    let suite = Suite::parse("(cases: [(name: \"x\", given: value(1), expected: value(2))])").unwrap();
    for operator in operators() {
        let example = |side: &str| match side {
            "number" => Some("3"),
            "text" => Some("\"202401\""),
            "yes/no" | "any" => Some("true"),
            "list" => Some("[1]"),
            "map" => Some("#{a: 1}"),
            "period" => Some("period(\"202401\")"),
            // There is none without a slice.
            _ => None,
        };
        let sides: Option<Vec<&str>> = operator.sides.iter().map(|side| example(side)).collect();
        let text = match sides.as_deref() {
            Some([left, right]) if operator.gives == "nothing" => {
                format!("let x = {left}; x {} {right};", operator.symbol)
            }
            Some([left, right]) => format!("{left} {} {right}", operator.symbol),
            Some([only]) => format!("{}({only})", operator.symbol),
            _ => continue,
        };
        let script = format!("fn value(v) {{ {text}; 2 }}");
        let script = Script::compile("operators", &script).unwrap_or_else(|error| panic!("{}", error.report()));
        for result in suite.run(&script, &Params::new()) {
            assert!(result.passed(), "{text}: {:?}", result.got());
        }
    }
}
