//! Mistakes that show when a script runs, in plain words.

use rhai::{EvalAltResult, Position};

use super::ScriptError;
use crate::script::hooks::Hook;
use crate::script::watch::Stop;

/// Translates what ended a call.
pub(in crate::script) fn translate(error: &EvalAltResult, name: &str, source: &str, hook: Hook) -> ScriptError {
    let (error, position) = innermost(error);
    let found = match error {
        EvalAltResult::ErrorTerminated(token, _) if let Some(stop) = token.read_lock::<Stop>() => {
            ScriptError::run(name, hook, format!("{stop:?}"), None).stopped(*stop)
        }
        _ => ScriptError::run(name, hook, error.to_string(), None),
    };
    match (position.line(), position.position()) {
        (Some(line), column) => found.at(source, line, column.unwrap_or(1)),
        (None, _) => found,
    }
}

/// The error where it happened, below the functions that were on the way, and the last place that is known.
pub(in crate::script) fn innermost(error: &EvalAltResult) -> (&EvalAltResult, Position) {
    let mut error = error;
    let mut position = error.position();
    while let EvalAltResult::ErrorInFunctionCall(_, _, inner, _) = error {
        error = inner;
        if !inner.position().is_none() {
            position = inner.position();
        }
    }
    (error, position)
}
