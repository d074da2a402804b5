//! Running the hooks of a script: one engine of its own, values in, outcomes out.
//!
//! The arguments are plain values and the outcome says what became of them, so that no caller needs to know the engine.
//! What a script throws is an outcome, what it does wrong is an error; the caller decides whether an error ends the run
//! or holds a cell back. A script that was stopped by a limit stays stopped.

use std::sync::Arc;
use std::time::Duration;

use rhai::{AST, Array, CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};

use super::context::{Contribution, Place, RunContext, ScriptContext};
use super::convert;
use super::engine::{self, Skip};
use super::error::{ScriptError, runtime, type_in_words};
use super::hooks::{Entry, Hook, Script, parsed};
use super::limits;
use super::memory::held;
use super::outcome::{Acted, KeptRow, LeftOut, Origin, Outcome, Row, RowsOutcome, Value};
use super::period_type::ScriptPeriod;
use super::row::{Fate, ScriptRow};
use super::slice::Slice;
use super::stack::with_room;
use super::text::shown;
use super::watch::{Log, Watch};
use crate::domain::period::Period;

/// Runs one script for one worker. Sending it to another thread is fine, sharing it is not possible.
pub struct Runner {
    engine: Engine,
    ast: AST,
    script: Script,
    run: Arc<RunContext>,
    slice: Arc<Slice>,
    watch: Arc<Watch>,
    scope: Scope<'static>,
    /// Whether the script may ask for other values. Most do not, and handing the slice along costs a little.
    looks_up: bool,
    /// Bytes that earlier calls have kept: a closure that holds itself is never freed.
    retained: i64,
    stopped: Option<ScriptError>,
}

/// A call to be made.
struct Call<'call> {
    entry: Entry,
    place: Option<&'call Place>,
    contributions: &'call [Contribution],
    operations: u64,
}

/// How a call ended.
enum Ended<T> {
    With(T),
    Skipped(String),
    Rejected(String),
}

/// What the outcome's reader made of a result, with the two ends that a script chooses itself.
fn flat<T>(ended: Ended<Outcome<T>>) -> Outcome<T> {
    match ended {
        Ended::With(outcome) => outcome,
        Ended::Skipped(reason) => Outcome::Dropped { reason },
        Ended::Rejected(reason) => Outcome::Rejected { reason },
    }
}

/// The reason of a value that a script leaves out without giving one.
const RETURNED_NOTHING: &str = "the script returned nothing for it";

/// The reason of a row that did not come back.
const NOT_RETURNED: &str = "the script did not return it";

/// The reason of a `throw` without one.
const REFUSED: &str = "the script refused it";

impl Runner {
    /// For a script in a run, with [`limits::RUN_TIME`] for all calls together.
    ///
    /// # Errors
    /// [`ScriptError`] as [`Script::compile`].
    pub fn new(script: &Script, run: RunContext) -> Result<Self, ScriptError> {
        Self::with_budget(script, run, limits::RUN_TIME)
    }

    /// For a script in a run, with a time for all calls together.
    ///
    /// # Errors
    /// [`ScriptError`] as [`Script::compile`].
    pub fn with_budget(script: &Script, run: RunContext, budget: Duration) -> Result<Self, ScriptError> {
        let watch = Arc::new(Watch::new(budget));
        let engine = engine::build(&run.params, &watch);
        let ast = parsed(&engine, script.name(), script.source())?;
        let looks_up = script.source().contains("lookup");
        Ok(Self {
            engine,
            ast,
            script: script.clone(),
            run: Arc::new(run),
            slice: Arc::default(),
            watch,
            scope: Scope::new(),
            looks_up,
            retained: 0,
            stopped: None,
        })
    }

    /// Goes on to another slice: its names, and the values that `lookup` finds.
    pub fn enter(&mut self, slice: Arc<Slice>) {
        self.slice = slice;
    }

    /// The script and line that acts in a hook.
    pub fn acted(&self, hook: Hook) -> Option<Acted> {
        self.script.acted(hook)
    }

    /// What the script has printed since this was last asked.
    pub fn take_log(&mut self) -> Log {
        self.watch.take_log()
    }

    /// What the hook `value` makes of a value; unchanged where the script has no such hook.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake or is stopped.
    pub fn value(&mut self, value: &Value, place: &Place) -> Result<Outcome<Value>, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Value) else { return Ok(Outcome::Unchanged) };
        let call = Call { entry, place: Some(place), contributions: &[], operations: limits::OPERATIONS };
        self.settled(
            &call,
            || convert::to_dynamic(value),
            |result| {
                if convert::is_same(result, value) { Ok(Outcome::Unchanged) } else { value_of(result) }
            },
        )
        .map(flat)
        .map_err(|error| error.in_row(row_in_words(value, place)))
    }

    /// What the hook `period` makes of a source period; unchanged where the script has no such hook.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake or is stopped.
    pub fn period(&mut self, place: &Place) -> Result<Outcome<Period>, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Period) else { return Ok(Outcome::Unchanged) };
        let call = Call { entry, place: Some(place), contributions: &[], operations: limits::OPERATIONS };
        let given = || Dynamic::from(ScriptPeriod(place.period));
        self.settled(&call, given, |result| period_of(result, place.period)).map(flat).map_err(|error| {
            error.in_row(format!("{} at {} in {}", place.item.source.name, place.org_unit.name, place.period))
        })
    }

    /// What the hook `combine` makes of several values. The script has to define it.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake, is stopped, or has no such hook.
    pub fn combine(&mut self, values: &[Contribution], place: &Place) -> Result<Outcome<Value>, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Combine) else {
            return Err(missing(self.script.name(), Hook::Combine));
        };
        let operations = limits::OPERATIONS + limits::OPERATIONS_PER_VALUE * values.len() as u64;
        let call = Call { entry, place: Some(place), contributions: values, operations };
        let given = || Dynamic::from_array(values.iter().map(|one| convert::to_dynamic(&one.value)).collect());
        self.settled(&call, given, value_of).map(flat).map_err(|error| {
            let shown: Vec<String> = values.iter().take(3).map(|one| one.value.to_string()).collect();
            let more = if values.len() > 3 { ", …" } else { "" };
            let destination = &place.item.destination.name;
            error.in_row(format!(
                "{destination} at {} in {} = {}{more}",
                place.org_unit.name,
                place.period,
                shown.join(", ")
            ))
        })
    }

    /// What the hook `rows` makes of a slice's rows. The script has to define it.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake, is stopped, or has no such hook.
    pub fn rows(&mut self, rows: &[Row]) -> Result<RowsOutcome, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Rows) else { return Err(missing(self.script.name(), Hook::Rows)) };
        let slice = Arc::clone(&self.slice);
        let operations = limits::OPERATIONS + limits::OPERATIONS_PER_VALUE * rows.len() as u64;
        let call = Call { entry, place: None, contributions: &[], operations };
        let given = || {
            let given = rows.iter().enumerate();
            Dynamic::from_array(given.map(|(index, row)| Dynamic::from(ScriptRow::given(row, index, &slice))).collect())
        };
        self.settled(&call, given, |result| rows_of(result, rows)).map(|ended| match ended {
            Ended::With(outcome) => outcome,
            Ended::Skipped(reason) => RowsOutcome::Rows {
                kept: Vec::new(),
                dropped: (0..rows.len()).map(|index| LeftOut { index, reason: reason.clone() }).collect(),
                rejected: Vec::new(),
            },
            Ended::Rejected(reason) => RowsOutcome::Rejected { reason },
        })
    }

    /// Calls a hook where there is room, and reads its result before it is given up.
    fn settled<T: Send>(
        &mut self,
        call: &Call<'_>,
        given: impl FnOnce() -> Dynamic + Send,
        read: impl FnOnce(&Dynamic) -> Result<T, String> + Send,
    ) -> Result<Ended<T>, ScriptError> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        with_room(|| {
            let before = held();
            let given = given();
            let ended = self.call(call, given);
            let (outcome, belongs_to_caller) = match ended {
                Ok(Ended::With(result)) => {
                    let read_before = held();
                    let outcome = read(&result).map(Ended::With).map_err(|what| self.wrong_result(call.entry, what));
                    (outcome, held() - read_before)
                }
                Ok(Ended::Skipped(reason)) => (Ok(Ended::Skipped(reason)), 0),
                Ok(Ended::Rejected(reason)) => (Ok(Ended::Rejected(reason)), 0),
                Err(error) => {
                    let (name, source) = (self.script.name(), self.script.source());
                    (Err(runtime::translate(&error, name, source, call.entry)), 0)
                }
            };
            // All that the call was given and gave back is freed by now, but for what the caller gets. What else is
            // left, the script keeps for ever.
            self.retained = (self.retained + held() - before - belongs_to_caller).max(0);
            if let Err(error) = &outcome
                && error.stop().is_some()
            {
                self.stopped = Some(error.clone());
            }
            outcome
        })
    }

    fn wrong_result(&self, entry: Entry, what: String) -> ScriptError {
        let hint = format!("`{}` gives back {}", entry.hook, expected(entry.hook));
        let error = ScriptError::run(self.script.name(), entry.hook, what, Some(hint));
        error.at(self.script.source(), entry.line, 1)
    }

    fn call(&mut self, call: &Call<'_>, given: Dynamic) -> Result<Ended<Dynamic>, Box<EvalAltResult>> {
        let tagged = self.looks_up || call.entry.hook == Hook::Rows;
        let context = (call.entry.takes_context || tagged).then(|| {
            Dynamic::from(ScriptContext {
                run: Arc::clone(&self.run),
                slice: Arc::clone(&self.slice),
                place: call.place.cloned(),
                contributions: (!call.contributions.is_empty()).then(|| call.contributions.into()),
            })
        });
        let mut options = CallFnOptions::new().eval_ast(false).rewind_scope(true);
        if tagged && let Some(context) = &context {
            options = options.with_tag(context.clone());
        }
        self.watch.begin(call.operations, self.retained);
        let (engine, scope, ast, name) = (&self.engine, &mut self.scope, &self.ast, call.entry.hook.name());
        let result = match context.filter(|_| call.entry.takes_context) {
            Some(context) => engine.call_fn_with_options::<Dynamic>(options, scope, ast, name, (given, context)),
            None => engine.call_fn_with_options::<Dynamic>(options, scope, ast, name, (given,)),
        };
        self.watch.end();
        match result {
            Ok(result) => Ok(Ended::With(result)),
            Err(error) => match runtime::innermost(&error).0 {
                EvalAltResult::ErrorTerminated(token, _) if let Some(skip) = token.read_lock::<Skip>() => {
                    Ok(Ended::Skipped(skip.0.clone()))
                }
                EvalAltResult::ErrorRuntime(thrown, _) if thrown.is_unit() => Ok(Ended::Rejected(REFUSED.to_owned())),
                EvalAltResult::ErrorRuntime(thrown, _) => Ok(Ended::Rejected(shown(thrown))),
                _ => Err(error),
            },
        }
    }
}

fn missing(script: &str, hook: Hook) -> ScriptError {
    ScriptError::compile(
        script,
        &format!("the script has no function `{hook}`"),
        &format!("write `{}`", hook.signature()),
    )
}

fn expected(hook: Hook) -> &'static str {
    match hook {
        Hook::Value | Hook::Combine => "a number, a text, true or false; `()` or `skip(\"why\")` leaves the value out",
        Hook::Period => "a period, such as `p` or `p.shift(-1)`; `()` or `skip(\"why\")` leaves the value out",
        Hook::Rows => "a list of rows, such as `rows.filter(|r| r.value != 0)`",
    }
}

fn value_of(result: &Dynamic) -> Result<Outcome<Value>, String> {
    if result.is_unit() {
        return Ok(Outcome::Dropped { reason: RETURNED_NOTHING.to_owned() });
    }
    let kind = || format!("the function gave back {}", type_in_words(result.type_name()));
    convert::of_dynamic(result).map(Outcome::Changed).ok_or_else(kind)
}

fn period_of(result: &Dynamic, given: Period) -> Result<Outcome<Period>, String> {
    if result.is_unit() {
        return Ok(Outcome::Dropped { reason: RETURNED_NOTHING.to_owned() });
    }
    let period = super::row::period(result)
        .map_err(|_| format!("the function gave back {}", type_in_words(result.type_name())))?;
    Ok(if period == given { Outcome::Unchanged } else { Outcome::Changed(period) })
}

fn row_in_words(value: &Value, place: &Place) -> String {
    format!("{} at {} in {} = {value}", place.item.destination.name, place.org_unit.name, place.period)
}

/// Sorts what came back: rows as they were, changed and new; and those that did not come back.
fn rows_of(result: &Dynamic, given: &[Row]) -> Result<RowsOutcome, String> {
    let Some(list) = result.read_lock::<Array>() else {
        return Err(format!("the function gave back {}", type_in_words(result.type_name())));
    };
    let mut seen = vec![false; given.len()];
    let (mut kept, mut dropped, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, element) in list.iter().enumerate() {
        let Some(row) = element.read_lock::<ScriptRow>() else {
            let kind = type_in_words(element.type_name());
            return Err(format!("element {} of the list is {kind}, not a row", index + 1));
        };
        let origin = row.origin.filter(|origin| seen.get(*origin) == Some(&false));
        if let Some(origin) = origin
            && let Some(seen) = seen.get_mut(origin)
        {
            *seen = true;
        }
        match (row.fate.clone(), origin) {
            (Some(Fate::Skipped(reason)), Some(index)) => dropped.push(LeftOut { index, reason }),
            (Some(Fate::Rejected(reason)), Some(index)) => rejected.push(LeftOut { index, reason }),
            (Some(_), None) => {} // a copy, or a new row that never was
            (None, origin) => kept.push(kept_row(&row, origin, given)?),
        }
    }
    let missing = seen.iter().enumerate().filter(|(_, seen)| !**seen);
    dropped.extend(missing.map(|(index, _)| LeftOut { index, reason: NOT_RETURNED.to_owned() }));
    dropped.sort_by_key(|left_out| left_out.index);
    Ok(RowsOutcome::Rows { kept, dropped, rejected })
}

fn kept_row(row: &ScriptRow, origin: Option<usize>, given: &[Row]) -> Result<KeptRow, String> {
    let before = origin.and_then(|index| given.get(index).map(|row| (index, row)));
    let same_value = before.is_some_and(|(_, before)| match &before.value {
        Some(value) => convert::is_same(&row.value, value),
        None => row.value.is_unit(),
    });
    let value = match before {
        Some((_, before)) if same_value => before.value.clone(),
        _ if row.value.is_unit() => None,
        _ => Some(convert::of_dynamic(&row.value).ok_or_else(|| format!("the row {row} has no plain value"))?),
    };
    let after = Row {
        data: row.data.id,
        category_option_combo: row.category_option_combo.as_ref().map(|combo| combo.id),
        attribute_option_combo: row.attribute_option_combo.as_ref().map(|combo| combo.id),
        org_unit: row.org_unit.id,
        period: row.period,
        value,
    };
    let origin = match before {
        Some((index, before)) if *before == after => Origin::Unchanged(index),
        Some((index, _)) => Origin::Changed(index),
        None => Origin::Created,
    };
    Ok(KeptRow { row: after, origin })
}
