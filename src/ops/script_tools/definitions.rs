//! Definitions of all that scripts can use, for editors: `xfer.d.rhai`, which the language's own server reads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use xfer_script::reference::{Kind, Operator, entries, operators};

/// The text of the definitions, as the language server of Rhai reads them: `fn`, `fn get`, `fn set` and `op`, each with
/// its documentation above it.
pub fn definitions() -> String {
    let mut text =
        String::from("/// What scripts of xfer can use; written by `xfer script definitions`.\nmodule static;\n");
    let mut known = BTreeSet::new();
    let mut define = |written: String, said: &str, signature: &str| {
        if known.insert(written.clone()) {
            // Writing to a text cannot fail.
            let _ = write!(text, "\n/// {said}\n///\n/// `{signature}`\n{written}\n");
        }
    };
    for entry in entries() {
        match entry.kind {
            // Hooks are what a script defines itself.
            Kind::Hook => {}
            Kind::Member => {
                let (of, gives) = (type_name(entry.of), type_name(entry.gives));
                define(format!("fn get {}(of: {of}) -> {gives};", entry.name), entry.text, entry.signature);
                if entry.text.contains(SETTABLE) {
                    let written = format!("fn set {}(of: {of}, value: {gives}) -> ();", entry.name);
                    define(written, entry.text, entry.signature);
                }
            }
            Kind::Function => {
                let written = function(entry.of, entry.name, entry.signature, entry.gives);
                define(written, entry.text, entry.signature);
            }
        }
    }
    for Operator { symbol, sides, gives, text } in operators() {
        let types: Vec<&str> = sides.iter().map(|side| type_name(side)).collect();
        let written = format!("op {symbol}({}) -> {};", types.join(", "), type_name(gives));
        define(written, text, &sides.join(&format!(" {symbol} ")));
    }
    text
}

/// What the reference says of members that a script may set.
const SETTABLE: &str = "can be set";

/// A function as the definitions have it: what stands before the point is its first parameter.
fn function(of: &str, name: &str, signature: &str, gives: &str) -> String {
    let (called, arguments) = signature.split_once('(').unwrap_or((signature, ""));
    let arguments = arguments.rsplit_once(')').map_or(arguments, |(inside, _)| inside);
    let mut parameters: Vec<String> = Vec::new();
    let is_method = called.contains('.');
    if is_method {
        parameters.push(format!("of: {}", type_name(of)));
    }
    // `min(x, y)` of numbers takes numbers.
    let unnamed = if is_method { "?" } else { type_name(of) };
    parameters.extend(parts(arguments).iter().enumerate().map(|(index, part)| parameter(part, index, unnamed)));
    format!("fn {name}({}) -> {};", parameters.join(", "), type_name(gives))
}

/// The arguments, split at the commas that stand in no bracket and not between the bars of `|total, x| total + x`.
fn parts(arguments: &str) -> Vec<String> {
    let (mut parts, mut depth, mut in_bars) = (vec![String::new()], 0_i32, false);
    for character in arguments.chars() {
        match character {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            '|' => {
                depth += if in_bars { -1 } else { 1 };
                in_bars = !in_bars;
            }
            _ => {}
        }
        match parts.last_mut() {
            Some(last) if character != ',' || depth > 0 => last.push(character),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A parameter by the example that the reference shows of it; `unnamed` is the type of one that shows none.
fn parameter(example: &str, index: usize, unnamed: &str) -> String {
    let is_name = example.chars().all(|character| character.is_ascii_lowercase() || character == '_');
    match example.chars().next() {
        Some('"') => format!("text{}: String", index + 1),
        Some('#') => "members: Map".to_owned(),
        Some('|') => "function: Fn".to_owned(),
        Some('-' | '0'..='9') => format!("number{}: decimal", index + 1),
        _ if is_name => format!("{example}: {unnamed}"),
        _ => format!("value{}: ?", index + 1),
    }
}

fn type_name(words: &str) -> &'static str {
    match words {
        "number" => "decimal",
        "text" => "String",
        "yes/no" => "bool",
        "list" => "Array",
        "map" => "Map",
        "period" => "Period",
        "row" => "Row",
        "org unit" => "OrgUnit",
        "object" => "Object",
        "item" => "Item",
        "ctx" => "Context",
        "ctx.params" => "Params",
        "nothing" => "()",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::{definitions, function, type_name};
    use xfer_script::Script;
    use xfer_script::reference::{Kind, entries};

    #[test]
    fn functions_are_defined_with_what_they_are_called_on() {
        assert_eq!(
            function("number", "round", "x.round(places)", "number"),
            "fn round(of: decimal, places: ?) -> decimal;"
        );
        assert_eq!(function("", "skip", "skip(\"why\")", "nothing"), "fn skip(text1: String) -> ();");
        assert_eq!(
            function("", "lookup", "lookup(\"name\", #{ coc, aoc })", "number, text, yes/no"),
            "fn lookup(text1: String, members: Map) -> ?;"
        );
        assert_eq!(
            function("list", "filter", "list.filter(|x| x > 1)", "list"),
            "fn filter(of: Array, function: Fn) -> Array;"
        );
        assert_eq!(
            function("list", "reduce", "list.reduce(|total, x| total + x, 0)", "any"),
            "fn reduce(of: Array, function: Fn, number2: decimal) -> ?;"
        );
        assert_eq!(function("number", "min", "min(x, y)", "number"), "fn min(x: decimal, y: decimal) -> decimal;");
    }

    #[test]
    fn everything_of_the_reference_is_defined() {
        let text = definitions();
        for entry in entries().filter(|entry| entry.kind != Kind::Hook) {
            let begun = match entry.kind {
                Kind::Member => format!("\nfn get {}(of: {}) ->", entry.name, type_name(entry.of)),
                _ => format!("\nfn {}(", entry.name),
            };
            assert!(text.contains(&begun), "{begun}");
        }
        for part in [
            "fn shift(of: Period, n: ?) -> Period;",
            "fn get params(of: Context) -> Params;",
            "fn set value(of: Row, value: ?) -> ();",
            "op **(decimal, decimal) -> decimal;",
            "op -(decimal) -> decimal;",
            "op ==(Period, String) -> bool;",
        ] {
            assert!(text.contains(&format!("\n{part}\n")), "{part}");
        }
        for words in entries().map(|entry| entry.of).filter(|of| !of.is_empty()) {
            assert_ne!(type_name(words), "?", "the type {words} has a name of its own");
        }
    }

    /// A type, as the language server reads one here: a name, anything, or nothing.
    fn is_type(text: &str) -> bool {
        text == "?" || text == "()" || is_name(text)
    }

    fn is_name(text: &str) -> bool {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    }

    #[test]
    fn every_line_is_one_that_editors_read_with_names_that_scripts_may_use() {
        let text = definitions();
        let code: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("///")).collect();
        assert_eq!(code[0], "module static;");
        assert!(code.len() > 150, "{} definitions", code.len());
        for line in &code[1..] {
            let (head, gives) = line.strip_suffix(';').and_then(|line| line.rsplit_once(") -> ")).expect(line);
            assert!(is_type(gives), "{line}");
            let (named, inside) = head.split_once('(').expect(line);
            let inside: Vec<&str> = inside.split(", ").filter(|part| !part.is_empty()).collect();
            if let Some(symbol) = named.strip_prefix("op ") {
                assert!(inside.iter().all(|side| is_type(side)), "{line}");
                assert!(!symbol.contains(|letter: char| letter.is_alphanumeric() || letter == ' '), "{line}");
                continue;
            }
            let name = named.strip_prefix("fn ").expect(line);
            let name = name.strip_prefix("get ").or_else(|| name.strip_prefix("set ")).unwrap_or(name);
            let parts: Vec<(&str, &str)> = inside.iter().map(|part| part.split_once(": ").expect(line)).collect();
            assert!(is_name(name) && parts.iter().all(|(name, of)| is_name(name) && is_type(of)), "{line}");
            // The language itself says whether a name can be that of a parameter; `with`, for example, cannot.
            let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
            let script = format!("fn value(v) {{ v }}\nfn defined({}) {{ 1 }}\n", names.join(", "));
            if let Err(error) = Script::compile("definitions", &script) {
                panic!("{line}\n{}", error.report());
            }
        }
    }
}
