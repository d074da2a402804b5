//! Mistakes in the writing of a script, in plain words.

use rhai::{LexError, ParseError, ParseErrorType};

use super::ScriptError;

/// Translates what the compiler found.
pub(in crate::script) fn translate(error: &ParseError, name: &str, source: &str) -> ScriptError {
    let (what, hint) = in_words(error.err_type());
    let found = ScriptError::compile(name, &what, &hint);
    let position = error.position();
    match (position.line(), position.position()) {
        (Some(line), column) => found.at(source, line, column.unwrap_or(1)),
        (None, _) => found.at(source, source.lines().count().max(1), 1),
    }
}

fn in_words(error: &ParseErrorType) -> (String, String) {
    (error.to_string(), String::new())
}

fn _lex(_: &LexError) {}
