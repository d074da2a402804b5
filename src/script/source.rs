//! Reading a script's text where the engine does not say enough: where a function stands, and what lies outside of
//! functions.

use std::collections::BTreeSet;

/// The text with comments and the insides of texts blanked out, character by character, so that positions stay.
fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source.chars().peekable();
    let blank = |character: char| if character == '\n' { '\n' } else { ' ' };
    while let Some(character) = rest.next() {
        match (character, rest.peek()) {
            ('/', Some('/')) => {
                code.push(' ');
                while let Some(next) = rest.next_if(|next| *next != '\n') {
                    code.push(blank(next));
                }
            }
            ('/', Some('*')) => {
                code.push(' ');
                let (mut depth, mut last) = (1, ' ');
                rest.next();
                code.push(' ');
                for next in rest.by_ref() {
                    code.push(blank(next));
                    match (last, next) {
                        ('/', '*') => (depth, last) = (depth + 1, ' '),
                        ('*', '/') => (depth, last) = (depth - 1, ' '),
                        _ => last = next,
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            ('"' | '`', _) => {
                code.push(' ');
                while let Some(next) = rest.next() {
                    code.push(blank(next));
                    if next == '\\' && character == '"' {
                        code.extend(rest.next().map(blank));
                    } else if next == character {
                        break;
                    }
                }
            }
            _ => code.push(character),
        }
    }
    code
}

/// The line, from 1, on which a function is defined; 1 where it is not.
pub(super) fn line_of_function(source: &str, name: &str) -> usize {
    let code = code_only(source);
    let before = position_of_function(&code, name).and_then(|at| code.get(..at));
    before.map_or(1, |before| before.matches('\n').count() + 1)
}

fn position_of_function(code: &str, name: &str) -> Option<usize> {
    let mut candidates = code.match_indices("fn").map(|(at, _)| at);
    candidates.find(|at| {
        let before = code.get(..*at).and_then(|text| text.chars().next_back());
        let after = code.get(at + 2..).unwrap_or_default();
        let rest = after.trim_start().strip_prefix(name).map(str::trim_start);
        before.is_none_or(|before| !is_name(before))
            && after.starts_with(char::is_whitespace)
            && rest.is_some_and(|rest| rest.starts_with('('))
    })
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Whether a function of that name is defined.
pub(super) fn has_function(source: &str, name: &str) -> bool {
    position_of_function(&code_only(source), name).is_some()
}

/// The names that the text makes: variables, parameters, functions.
pub(super) fn names(source: &str) -> BTreeSet<String> {
    let code = code_only(source);
    let mut names = BTreeSet::new();
    let mut previous = "";
    for word in code.split(|character: char| !is_name(character)).filter(|word| !word.is_empty()) {
        if ["let", "const", "for", "fn"].contains(&previous) {
            names.insert(word.to_owned());
        }
        previous = word;
    }
    for head in code.split("fn ").skip(1) {
        let parameters = head.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
        let parameters = parameters.map_or("", |(parameters, _)| parameters);
        names.extend(parameters.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
    }
    names
}

/// The first line, from 1, that holds something outside of a function.
pub(super) fn statement_outside(source: &str) -> Option<usize> {
    let code = code_only(source);
    let mut depth = 0_usize;
    let mut in_head = false;
    let mut word = String::new();
    for (line, text) in code.lines().enumerate() {
        for character in text.chars().chain([' ']) {
            match character {
                '{' => {
                    depth += 1;
                    in_head = false;
                }
                '}' => depth = depth.saturating_sub(1),
                _ if depth > 0 || in_head => {}
                _ if is_name(character) => word.push(character),
                _ if word == "fn" => in_head = true,
                _ if word == "private" => {}
                _ if !word.is_empty() => return Some(line + 1),
                _ if character.is_whitespace() || character == ';' => {}
                _ => return Some(line + 1),
            }
            if !is_name(character) {
                word.clear();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{line_of_function, statement_outside};

    #[test]
    fn functions_are_found_past_comments_and_texts() {
        let source = "// fn value(v)\n/* fn value(v) /* nested */ */\nfn other() { \"fn value(v)\" }\nprivate fn\tvalue (v) { v }\n";
        assert_eq!(line_of_function(source, "value"), 4);
        assert_eq!(line_of_function(source, "other"), 3);
        assert_eq!(line_of_function(source, "val"), 1, "no such function");
    }

    #[test]
    fn what_stands_outside_of_functions_is_found() {
        for (source, line) in [
            ("fn value(v) { if v > 1 { 2 } else { 3 } }", None),
            ("// let x = 1;\nfn value(v) { `}${v}` }\n", None),
            ("private fn half(v) { v / 2 }\nfn value(v) { half(v) }", None),
            ("fn value(v) { v }\nlet x = 1;", Some(2)),
            ("const FACTOR = 2;\nfn value(v) { v }", Some(1)),
            ("fn value(v) { v } + 1", Some(1)),
            ("v * 2", Some(1)),
        ] {
            assert_eq!(statement_outside(source), line, "{source}");
        }
    }
}
