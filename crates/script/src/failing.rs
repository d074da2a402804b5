//! How our own functions fail: with a text that the engine carries along and that `error` turns into a sentence.
//!
//! The texts begin with what failed; details follow, separated by tabs. The engine fills in the place of the call.

use rhai::{EvalAltResult, Position};

/// What a function gives that can fail.
pub(super) type Failed<T> = Result<T, Box<EvalAltResult>>;

/// A failure.
#[expect(clippy::unnecessary_box_returns, reason = "the engine takes and gives its errors boxed")]
pub(super) fn failure(text: impl Into<String>) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorArithmetic(text.into(), Position::NONE))
}

/// A text that would become longer than texts may be.
#[expect(clippy::unnecessary_box_returns, reason = "the engine takes and gives its errors boxed")]
pub(super) fn text_too_long() -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorDataTooLarge("Length of string".to_owned(), Position::NONE))
}
