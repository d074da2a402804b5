//! Tests of scripts as an analyst writes them: `scale.tests.ron` beside `scale.rhai`, with values and parameters in, and
//! the value, rows, period, reason or error that must come out.
//!
//! Things go by name only, because a test is about what a script calculates; the names get ids of their own here. The
//! cases run through the same door as a transfer ([`super::Runner`]), so nothing passes here that would fail there.
//!
//! - `format`: what stands in the file
//! - `names`: ids for names
//! - `run`: one case, from what is given to what came out
//! - [`CaseResult`]: expected and got, line by line
//! - [`Sample`]: what parameters make of an example

mod format;
mod names;
mod result;
mod run;
mod sample;
mod scalar;

pub use format::{Case, CombineGiven, Expected, Given, RowGiven, RowsExpected, Suite, SuiteError, Thing, Unit, Where};
pub use result::CaseResult;
pub use sample::Sample;
pub use scalar::Scalar;

#[cfg(test)]
mod tests;
