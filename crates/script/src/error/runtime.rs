//! Mistakes that show when a script runs, in plain words.

use rhai::{EvalAltResult as Failure, Position};

use super::ScriptError;
use super::calls::{not_found, unknown_member};
use super::ours;
use super::words::{Words, words};
use crate::entry::Entry;
use crate::source;
use crate::stop::Stop;

/// Translates what ended a call.
pub(crate) fn translate(error: &Failure, name: &str, source: &str, entry: Entry) -> ScriptError {
    let (error, position) = innermost(error);
    let (mut what, hint) = in_words(error, source);
    let known = position.line().map(|line| (line, position.position().unwrap_or(1)));
    let place = place_in_text(error, source).or(known);
    if place.is_none() {
        what = format!("{what}, in the function that begins at line {}", entry.line);
    } else if let Some(called) = known.and_then(|(line, column)| called_at(source, line, column))
        && stop_of(error).is_some()
    {
        // Of a limit, the engine knows the place in the hook's own function only.
        let line = source::line_of_function(source, called);
        what = format!("{what}, in `{called}`, which begins at line {line}");
    }
    let mut found = ScriptError::run(name, entry.hook, what, Some(hint));
    if let Some(stop) = stop_of(error) {
        found = found.stopped(stop);
    }
    let (line, column) = place.unwrap_or((entry.line, 1));
    found.at(source, line, column)
}

/// The place of a mistake where the text says it better than the engine, which names the first of the calls that lead
/// there, or nothing.
fn place_in_text(error: &Failure, source: &str) -> Option<(usize, usize)> {
    match error {
        Failure::ErrorStackOverflow(_) => source::own_call(source),
        Failure::ErrorDataRace(..) => source::within_itself(source).map(|itself| itself.place),
        _ => None,
    }
}

/// The function of the script that is called at a place.
fn called_at(source: &str, line: usize, column: usize) -> Option<&str> {
    let (_, from_there) = source::around(source, line, column);
    let (name, _) = from_there.split_once('(')?;
    source::has_function(source, name.trim_end()).then(|| name.trim_end())
}

/// The error where it happened, below the functions that were on the way, and the last place that is known.
pub(crate) fn innermost(error: &Failure) -> (&Failure, Position) {
    let mut error = error;
    let mut position = error.position();
    while let Failure::ErrorInFunctionCall(_, _, inner, _) = error {
        error = inner;
        if !inner.position().is_none() {
            position = inner.position();
        }
    }
    (error, position)
}

fn stop_of(error: &Failure) -> Option<Stop> {
    match error {
        Failure::ErrorTerminated(token, _) => token.read_lock::<Stop>().map(|stop| *stop),
        _ => None,
    }
}

fn in_words(error: &Failure, source: &str) -> Words {
    match error {
        Failure::ErrorTerminated(..) => stopped(stop_of(error).unwrap_or(Stop::Operations)),
        Failure::ErrorStackOverflow(_) => words(
            "functions call each other endlessly",
            "at most 32 calls may be nested; a function that calls itself needs an `if` that ends it",
        ),
        Failure::ErrorDataTooLarge(..) => {
            words("a text became too long", "a text may have 256 KiB; look for one that grows in a loop")
        }
        Failure::ErrorTooManyVariables(_) => {
            words("there are too many variables", "a function has at most 256; use a list or a map")
        }
        Failure::ErrorArithmetic(text, _) => ours::in_words(text),
        Failure::ErrorFunctionNotFound(signature, _) => not_found(signature, source),
        Failure::ErrorDotExpr(text, _) => unknown_member(text),
        Failure::ErrorPropertyNotFound(name, _) => words(
            format!("the map has no entry `{name}`"),
            format!("check the spelling; `map.get(\"{name}\")` gives `()` where there is none"),
        ),
        Failure::ErrorVariableNotFound(name, _) => {
            words(format!("there is no variable `{name}`"), "a function has only its own variables and parameters")
        }
        Failure::ErrorMismatchDataType(wanted, got, _) | Failure::ErrorMismatchOutputType(wanted, got, _) => {
            mismatch(wanted, got)
        }
        Failure::ErrorIndexingType(kind, _) => indexing(kind),
        Failure::ErrorIndexNotFound(key, _) => {
            let key = crate::text::shown(key);
            words(format!("there is no entry `{key}`"), format!("`map.get(\"{key}\")` gives `()` where there is none"))
        }
        Failure::ErrorArrayBounds(length, index, _) => bounds("list", "elements", *length, *index),
        Failure::ErrorStringBounds(length, index, _) => bounds("text", "characters", *length, *index),
        Failure::ErrorFor(_) => words(
            "`for` cannot be used with this",
            "`for` goes through a list, a range such as `1..5`, or the keys of a map: `for key in map.keys() { … }`",
        ),
        Failure::ErrorAssignmentToConstant(name, _) | Failure::ErrorNonPureMethodCallOnConstant(name, _) => {
            words(format!("`{name}` cannot be changed"), "define your own variable with `let` and change that")
        }
        Failure::ErrorDataRace(..) => used_within_itself(source),
        Failure::ErrorUnboundThis(_) => words("`this` cannot be used in hooks", "use the parameters of the function"),
        _ => words("this cannot be done", "compare it with the reference in `docs/scripting.md`"),
    }
}

/// The engine lends a list to the function that goes through it, and lends it once only.
fn used_within_itself(source: &str) -> Words {
    let hint = match source::within_itself(source) {
        Some(itself) => format!(
            "write `{function}({list}, |…| …)` in the place of `{list}.{function}(|…| …)`: it goes through a copy",
            function = itself.function,
            list = itself.list
        ),
        None => "calculate what you need first: `let total = values.sum(); values.map(|x| x / total)`".to_owned(),
    };
    words("a list is used inside the function that loops over it", hint)
}

fn stopped(stop: Stop) -> Words {
    match stop {
        Stop::Operations => words(
            "the script was stopped: it did not end",
            "look for an endless loop, or for a loop over a list inside a loop over another: `group_by` does that in \
             one step",
        ),
        Stop::Time => words(
            "the script was stopped: it took too long",
            "most calls need less than a thousandth of a second; look for a loop over very long lists or texts",
        ),
        Stop::RunTime => words(
            "the script was stopped: all its calls together took too long",
            "all calls of a script may take ten minutes together; make it faster, or let the run cover fewer periods",
        ),
        Stop::Memory => words(
            "the script was stopped: it needs too much memory",
            "look for a list, map or text that grows without limit",
        ),
    }
}

fn mismatch(wanted: &str, got: &str) -> Words {
    let (wanted, got) = (super::type_in_words(wanted), super::type_in_words(got));
    let hint = match (wanted.as_str(), got.as_str()) {
        ("a yes/no value", "a number") => "a condition compares something, as in `v != 0`",
        ("a yes/no value", "nothing") => "the condition returns nothing; is there a `;` too many after it?",
        ("a yes/no value", _) => "a condition compares something, as in `v == \"yes\"`",
        ("a number", "a text") => "turn the text into a number: `number(text)`",
        ("a number", "nothing") => "the value may be missing; check it first: `if x == () { … }`",
        ("a text", _) => "turn it into a text: `text(x)`",
        _ => "compare it with the reference in `docs/scripting.md`",
    };
    words(format!("expected {wanted}, but this is {got}"), hint)
}

fn indexing(kind: &str) -> Words {
    let name = kind.split_whitespace().next().unwrap_or(kind).trim_matches(|c: char| !c.is_alphanumeric());
    let hint = match super::type_in_words(name).as_str() {
        "a period" => "its parts are members: `p.start`, `p.year`, `p.type`",
        "a row" => "its parts are members: `r.value`, `r.period`, `r.org_unit`",
        "a list" => "an index is a whole number, counted from 0",
        "nothing" => "the value may be missing; check it first: `if x == () { … }`",
        _ => "only lists have numbered elements, and maps keys",
    };
    words(format!("{} cannot be indexed with `[…]` like this", super::type_in_words(name)), hint)
}

fn bounds(kind: &str, parts: &str, length: usize, index: i64) -> Words {
    if length == 0 {
        return words(
            format!("the {kind} is empty, so it has no element {index}"),
            format!("check `{kind}.is_empty()` first"),
        );
    }
    words(
        format!("the {kind} has {length} {parts}, so there is none at [{index}]"),
        format!("counting starts at 0: the last one is [{}]", length - 1),
    )
}
