//! What went wrong in a script, in words that an analyst can act on: where, what, in which row, and what to write
//! instead. The engine's own texts are never shown; [`parse`] and [`runtime`] translate them.

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

mod calls;
mod ours;
pub(super) mod parse;
pub(super) mod runtime;
mod words;

pub(super) use words::type_in_words;

#[cfg(test)]
mod tests;

use std::fmt;

use super::limits;
use super::stop::Stop;
use xfer_domain::script::Hook;
use xfer_domain::shown::{cut, cut_off};

/// Why a script does not compile, or did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    script: String,
    hook: Option<Hook>,
    position: Option<Box<Place>>,
    row: Option<String>,
    what: String,
    hint: Option<String>,
    stop: Option<Stop>,
}

/// A place in the text of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    /// The line itself, as much of it as is useful.
    text: String,
}

/// Longest part of a source line that is shown.
const SHOWN: usize = 160;

impl ScriptError {
    pub(super) fn compile(script: &str, what: &str, hint: &str) -> Self {
        Self {
            script: script.to_owned(),
            hook: None,
            position: None,
            row: None,
            what: cut(what, limits::REASON).into_owned(),
            hint: Some(cut(hint, limits::REASON).into_owned()),
            stop: None,
        }
    }

    pub(super) fn run(script: &str, hook: Hook, what: String, hint: Option<String>) -> Self {
        let (what, hint) = (cut_off(what, limits::REASON), hint.map(|hint| cut_off(hint, limits::REASON)));
        Self { script: script.to_owned(), hook: Some(hook), position: None, row: None, what, hint, stop: None }
    }

    /// With a place; line and column count from 1, the column in characters.
    #[must_use]
    pub(super) fn at(mut self, source: &str, line: usize, column: usize) -> Self {
        let text = line.checked_sub(1).and_then(|index| source.lines().nth(index)).unwrap_or_default();
        // Tabs would move the caret; a line of a thousand characters is of no use.
        let text: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.position = Some(Box::new(Place { line, column: column.max(1), text }));
        self
    }

    /// With the row that it happened in.
    #[must_use]
    pub(super) fn in_row(mut self, row: String) -> Self {
        self.row.get_or_insert(cut_off(row, limits::REASON));
        self
    }

    pub(super) fn stopped(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// The same for a value that was not tried, because this had happened before.
    #[must_use]
    pub(super) fn before(&self) -> Self {
        Self { row: None, what: format!("not tried: at an earlier value, {}", self.what), ..self.clone() }
    }

    /// The script's name.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// The hook that was running; none where the script does not compile.
    pub fn hook(&self) -> Option<Hook> {
        self.hook
    }

    /// Line and column, from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.position.as_ref().map(|place| (place.line, place.column))
    }

    /// What went wrong, without place.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// What to do about it, as it is kept.
    pub fn advice(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The row that it happened in, in words.
    pub fn row(&self) -> Option<&str> {
        self.row.as_deref()
    }

    /// The limit that stopped the script. Such a script is not worth another call.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// The source line with a caret below the place, indented by two; none where there is no place.
    pub fn snippet(&self) -> Option<String> {
        let place = self.position.as_ref()?;
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let before = " ".repeat(place.column - 1);
        if place.column > SHOWN {
            return Some(format!("  {number} | {}", place.text));
        }
        Some(format!("  {number} | {}\n  {margin} | {before}^", place.text.trim_end()))
    }

    /// Everything, over several lines.
    pub fn report(&self) -> String {
        let mut lines = vec![self.to_string()];
        lines.extend(self.snippet());
        lines.extend(self.row.as_ref().map(|row| format!("  row: {row}")));
        lines.extend(self.hint.as_ref().map(|hint| format!("  hint: {hint}")));
        lines.join("\n")
    }
}

impl fmt::Display for ScriptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.script)?;
        if let Some(place) = &self.position {
            write!(formatter, ":{}:{}", place.line, place.column)?;
        }
        if let Some(hook) = self.hook {
            write!(formatter, ": in `{hook}`")?;
        }
        write!(formatter, ": {}", self.what)
    }
}

impl std::error::Error for ScriptError {}

impl Fault for ScriptError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    fn details(&self) -> Vec<String> {
        self.snippet().into_iter().collect()
    }
}
