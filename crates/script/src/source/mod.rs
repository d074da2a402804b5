//! Reading a script's text where the engine does not say enough: where a function stands, what lies outside of
//! functions, how a function ends, and what a mistake is likely about.
//!
//! All of it serves messages, but for two questions that are asked before a script is accepted: whether anything stands
//! outside of functions, and whether a hook's last line throws its value away.

mod code;
mod ending;
mod parameters;

use std::collections::BTreeSet;
use std::ops::Range;

use super::limits;
use code::code_only;
pub(super) use ending::{Ending, without_value};
pub(super) use parameters::{missing, parameters, unknown};

/// A line and a column, from 1; the column in characters.
type Place = (usize, usize);

/// A function in the code.
struct Function<'code> {
    name: &'code str,
    /// What lies between its braces, in bytes.
    body: Range<usize>,
}

/// Every function whose body is closed.
fn functions(code: &str) -> Vec<Function<'_>> {
    let mut found = Vec::new();
    for (at, _) in words_of(code).filter(|(_, word)| *word == "fn").take(limits::FUNCTIONS) {
        let Some((rest_at, rest)) = code.get(at + 2..).map(|rest| (at + 2, rest)) else { continue };
        let name = words_of(rest).next().map_or("", |(_, name)| name);
        let Some(open) = rest.find('{') else { continue };
        let Some(close) = rest.get(open..).and_then(matching) else { continue };
        found.push(Function { name, body: rest_at + open + 1..rest_at + open + close });
    }
    found
}

/// Where the bracket is closed that the code begins with, in bytes.
fn matching(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in code.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The words of the code, with where they begin in bytes.
fn words_of(code: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest_at = 0;
    code.split(|character: char| !is_name(character))
        .map(move |word| {
            // Whatever separates words is one character, of whatever size.
            let at = rest_at;
            let after = at + word.len();
            rest_at = after + code.get(after..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
            (at, word)
        })
        .filter(|(_, word)| !word.is_empty())
}

/// The line and column of a place that is given in bytes.
fn place_of(code: &str, at: usize) -> Place {
    let before = code.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// The text of the line before a place, and all text from there on.
pub(super) fn around(source: &str, line: usize, column: usize) -> (&str, &str) {
    let start = match line.checked_sub(2) {
        Some(last) => source.match_indices('\n').nth(last).map_or(source.len(), |(at, _)| at + 1),
        None => 0,
    };
    let text = source.get(start..).unwrap_or_default();
    let split = text.char_indices().nth(column.saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    text.split_at(split)
}

/// The last bracket that is opened and never closed, with its place.
pub(super) fn unclosed(source: &str) -> Option<(char, usize, usize)> {
    let code = code_only(source);
    let mut open = Vec::new();
    for (at, character) in code.char_indices() {
        match character {
            '{' | '(' | '[' => open.push((at, character)),
            '}' | ')' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    let (at, bracket) = open.pop()?;
    let (line, column) = place_of(&code, at);
    Some((bracket, line, column))
}

/// The line on which a variable is made outside of every function.
pub(super) fn made_outside(source: &str, name: &str) -> Option<usize> {
    let code = code_only(source);
    let functions = functions(&code);
    let mut previous = "";
    for (at, word) in words_of(&code) {
        let made = ["let", "const"].contains(&previous) && word == name;
        if made && !functions.iter().any(|function| function.body.contains(&at)) {
            return Some(place_of(&code, at).0);
        }
        previous = word;
    }
    None
}

/// A list that is used inside of the function that goes through it: `list.function(|x| list …)`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WithinItself {
    pub(super) list: String,
    pub(super) function: String,
    pub(super) place: Place,
}

/// The list that is used inside of the function that goes through it, where there is just one.
pub(super) fn within_itself(source: &str) -> Option<WithinItself> {
    let code = code_only(source);
    let mut found = words_of(&code).filter_map(|(at, list)| {
        let member = code.get(..at).is_some_and(|before| before.ends_with('.'));
        let rest = code.get(at + list.len()..)?.strip_prefix('.')?;
        let (function, arguments) = rest.split_once('(').filter(|(function, _)| function.chars().all(is_name))?;
        let arguments = arguments.get(..closing(arguments)?).filter(|arguments| arguments.starts_with('|'))?;
        let used = words_of(arguments).any(|(_, word)| word == list);
        let (list, function) = (list.to_owned(), function.to_owned());
        (used && !member).then(|| WithinItself { list, function, place: place_of(&code, at) })
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// Where the bracket ends that was opened before this code, in bytes.
fn closing(code: &str) -> Option<usize> {
    let mut depth = 1_usize;
    for (at, character) in code.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// The place where a function calls itself, where just one does.
pub(super) fn own_call(source: &str) -> Option<Place> {
    let code = code_only(source);
    let mut calls = functions(&code).into_iter().filter_map(|function| {
        let body = code.get(function.body.clone())?;
        let is_call = |at: usize| body.get(at + function.name.len()..).is_some_and(|rest| rest.starts_with('('));
        let (at, _) = words_of(body).find(|(at, word)| *word == function.name && is_call(*at))?;
        Some(place_of(&code, function.body.start + at))
    });
    match (calls.next(), calls.next()) {
        (Some(place), None) => Some(place),
        _ => None,
    }
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
    for (_, word) in words_of(&code) {
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
    use super::{around, line_of_function, made_outside, own_call, statement_outside, unclosed, within_itself};

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

    #[test]
    fn a_place_parts_the_text() {
        let source = "fn é(v) {\n\n  v\n}";
        assert_eq!(around(source, 1, 4), ("fn ", "é(v) {\n\n  v\n}"));
        assert_eq!(around(source, 3, 3), ("  ", "v\n}"));
        assert_eq!(around(source, 4, 9), ("}", ""));
        assert_eq!(around(source, 9, 9), ("", ""));
    }

    #[test]
    fn the_bracket_that_is_left_open_is_found() {
        assert_eq!(unclosed("fn a(v) {\n  if v > 1 {\n}"), Some(('{', 1, 9)));
        assert_eq!(unclosed("fn a(v) { v }\nfn b(v) { max(v, [2]"), Some(('(', 2, 14)));
        assert_eq!(unclosed("fn a(v) { '{' }"), None);
    }

    #[test]
    fn what_a_message_is_likely_about_is_found() {
        let source = "const F = 2;\nfn value(v) { let G = 1;\n  loop { } }\nfn down(n) { \"down(n)\"; down(n - 1) }";
        assert_eq!((made_outside(source, "F"), made_outside(source, "G")), (Some(1), None));
        assert_eq!(own_call(source), Some((4, 25)));
        assert_eq!(own_call("fn value(v) { values(v) }"), None);
    }
    #[test]
    fn a_list_within_its_own_function_is_found() {
        let found = |source: &str| within_itself(source).map(|found| (found.list, found.function, found.place));
        let rows = |function: &str, place| Some(("rows".to_owned(), function.to_owned(), place));
        assert_eq!(found("fn rows(rows) {\n  rows.filter(|r| (r.value + 1) > rows.len())\n}"), rows("filter", (2, 3)));
        assert_eq!(found("fn rows(rows) { rows.map(|r| f(r)).filter(|r| rows.len() > 1) }"), None, "a list of its own");
        assert_eq!(found("fn rows(rows) { filter(rows, |r| r.value > rows.len()) }"), None);
        assert_eq!(found("fn rows(rows) { ctx.rows.map(|r| rows.len()) }"), None, "a member of that name");
        assert_eq!(found("fn rows(rows) { rows.all(|r| rows) && rows.some(|r| rows) }"), None, "which one?");
    }
}
