//! Definitions of all that scripts can use, for editors: `xfer.d.rhai`, which the language's own server reads.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::script::reference::{Kind, entries};

/// The text of the definitions.
pub fn definitions() -> String {
    let mut text =
        String::from("module static;\n\n// What scripts of xfer can use; written by `xfer script definitions`.\n");
    let mut known = BTreeSet::new();
    for entry in entries() {
        let written = match entry.kind {
            // Hooks are what a script defines itself.
            Kind::Hook => continue,
            Kind::Member => {
                format!("fn get {}(of: {}) -> {};", entry.name, type_name(entry.of), type_name(entry.gives))
            }
            Kind::Function => function(entry.of, entry.name, entry.signature, entry.gives),
        };
        if known.insert(written.clone()) {
            // Writing to a text cannot fail.
            let _ = write!(text, "\n/// {}\n///\n/// `{}`\n{written}\n", entry.text, entry.signature);
        }
    }
    text
}

/// A function as the definitions have it: what stands before the point is its first parameter.
fn function(of: &str, name: &str, signature: &str, gives: &str) -> String {
    let (called, arguments) = signature.split_once('(').unwrap_or((signature, ""));
    let arguments = arguments.rsplit_once(')').map_or(arguments, |(inside, _)| inside);
    let mut parameters: Vec<String> = Vec::new();
    if called.contains('.') {
        parameters.push(format!("of: {}", type_name(of)));
    }
    parameters.extend(parts(arguments).iter().enumerate().map(|(index, part)| parameter(part, index)));
    format!("fn {name}({}) -> {};", parameters.join(", "), type_name(gives))
}

/// The arguments, split at the commas that stand in no bracket.
fn parts(arguments: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0_i32);
    for character in arguments.chars() {
        match character {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            _ => {}
        }
        match parts.last_mut() {
            Some(last) if character != ',' || depth > 0 => last.push(character),
            _ => parts.push(String::new()),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A parameter by the example that the reference shows of it.
fn parameter(example: &str, index: usize) -> String {
    let is_name = example.chars().all(|character| character.is_ascii_lowercase() || character == '_');
    match example.chars().next() {
        Some('"') => format!("text{}: String", index + 1),
        Some('#') => "members: Map".to_owned(),
        Some('|') => "function: Fn".to_owned(),
        Some('-' | '0'..='9') => format!("number{}: decimal", index + 1),
        _ if is_name => format!("{example}: ?"),
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
    use super::{definitions, function};

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
    }

    #[test]
    fn everything_of_the_reference_is_defined() {
        let text = definitions();
        for part in
            ["fn get days(of: Period) -> decimal;", "fn shift(of: Period", "fn get params(of: Context) -> Params;"]
        {
            assert!(text.contains(part), "{part}");
        }
    }
}
