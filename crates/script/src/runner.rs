//! Running the hooks of a script: one engine of its own, values in, outcomes out.
//!
//! The arguments are plain values and the outcome says what became of them, so that no caller needs to know the engine.
//! What a script throws is an outcome, what it does wrong is an error; the caller decides whether an error ends the run
//! or holds a cell back. A script that was stopped by a limit stays stopped.

use std::sync::Arc;
use std::time::Duration;

use rhai::{Dynamic, EvalAltResult};

use super::call::Caller;
use super::context::{self, Contribution, Place, RunContext, Standing};
use super::convert;
use super::engine::{self, Skip};
use super::entry::Entry;
use super::error::{ScriptError, runtime};
use super::hooks::{Script, parsed};
use super::leaving::{self, Leaving, Weighed};
use super::limits;
use super::memory::held;
use super::outcome::{LeftOut, Outcome, Row, RowsOutcome, Value};
use super::period_type::ScriptPeriod;
use super::returned::{expected, period_of, rows_of, value_of};
use super::script_row::ScriptRow;
use super::slice::Slice;
use super::stack::with_room;
use super::stop::Stop;
use super::text;
use super::things::ItemNames;
use super::watch::{Allowance, Log, Watch};
use xfer_domain::period::Period;
use xfer_domain::script::Hook;

/// Runs one script for one worker. Sending it to another thread is fine, sharing it is not possible.
pub struct Runner {
    caller: Caller,
    script: Script,
    run: Arc<RunContext>,
    slice: Arc<Slice>,
    watch: Arc<Watch>,
    /// `ctx` as the last call left it: making it anew costs as much as a small function.
    context: Dynamic,
    /// Whether the script may ask for other values. Most do not, and handing the slice along costs a little.
    looks_up: bool,
    /// Whether it may ask for the contributions of a combined value.
    asks_for_sources: bool,
    /// Bytes that earlier calls have kept: a closure that holds itself is never freed.
    retained: i64,
    leaving: Leaving,
    stopped: Option<ScriptError>,
}

/// A call to be made.
struct Call<'call> {
    entry: Entry,
    standing: Standing<'call>,
    /// How many values it is given, beyond a single one.
    values: usize,
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
        if let Some((what, hint)) = leaving::too_much(&run.params) {
            return Err(ScriptError::compile(script.name(), &what, &hint));
        }
        let watch = Arc::new(Watch::new(budget));
        let mut engine = engine::build(&run.params, &watch);
        let ast = parsed(&mut engine, script.name(), script.source())?;
        let mentions = |name: &str| script.source().contains(name);
        Ok(Self {
            caller: Caller::new(engine, &ast, script.hooks()),
            script: script.clone(),
            run: Arc::new(run),
            slice: Arc::default(),
            watch,
            context: Dynamic::UNIT,
            looks_up: mentions("lookup") || mentions("parts"),
            asks_for_sources: mentions("sources"),
            retained: 0,
            leaving: Leaving::new(),
            stopped: None,
        })
    }

    /// Goes on to another slice: its names, and the values that `lookup` finds.
    pub fn enter(&mut self, slice: Arc<Slice>) {
        self.slice = slice;
    }

    /// The line of a hook's function.
    pub fn line(&self, hook: Hook) -> Option<usize> {
        self.script.entry(hook).map(|entry| entry.line)
    }

    /// Whether the script may ask for other values of the slice that it is in.
    pub fn looks_up(&self) -> bool {
        self.looks_up
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
        let call = Call { entry, standing: Standing::at(Hook::Value, place), values: 0 };
        let outcome = self
            .settled(
                &call,
                || convert::to_dynamic(value),
                |result| {
                    if convert::is_same(result, value) { Ok(Outcome::Unchanged) } else { value_of(result) }
                },
            )
            .map(flat);
        self.leaving(entry, outcome, value.length()).map_err(|error| error.in_row(row_in_words(value, place)))
    }

    /// What the hook `period` makes of a source period, for all org units at once; unchanged where the script has no
    /// such hook.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake or is stopped.
    pub fn period(&mut self, item: &Arc<ItemNames>, period: Period) -> Result<Outcome<Period>, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Period) else { return Ok(Outcome::Unchanged) };
        let standing = Standing { item: Some(item), period: Some(period), ..Standing::nowhere(Hook::Period) };
        let given = || Dynamic::from(ScriptPeriod(period));
        let call = Call { entry, standing, values: 0 };
        let outcome = self.settled(&call, given, |result| period_of(result, period)).map(flat);
        self.leaving(entry, outcome, 0).map_err(|error| error.in_row(format!("{} in {period}", item.source.name)))
    }

    /// What the hook `combine` makes of several values. The script has to define it.
    ///
    /// # Errors
    /// [`ScriptError`] where the script makes a mistake, is stopped, or has no such hook.
    pub fn combine(&mut self, values: &[Contribution], place: &Place) -> Result<Outcome<Value>, ScriptError> {
        let Some(entry) = self.script.entry(Hook::Combine) else {
            return Err(missing(self.script.name(), Hook::Combine));
        };
        let contributions = if self.asks_for_sources { values } else { &[] };
        let standing = Standing { contributions, ..Standing::at(Hook::Combine, place) };
        let given = || Dynamic::from_array(values.iter().map(|one| convert::to_dynamic(&one.value)).collect());
        let outcome = self.settled(&Call { entry, standing, values: values.len() }, given, value_of).map(flat);
        let length = values.iter().map(|one| one.value.length()).sum();
        self.leaving(entry, outcome, length).map_err(|error| {
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
        let call = Call { entry, standing: Standing::nowhere(Hook::Rows), values: rows.len() };
        let given = || {
            let given = rows.iter().enumerate();
            Dynamic::from_array(given.map(|(index, row)| Dynamic::from(ScriptRow::given(row, index, &slice))).collect())
        };
        self.settled(&call, given, |result| rows_of(result, rows)).map(|ended| match ended {
            Ended::With(outcome) => outcome,
            Ended::Skipped(reason) => RowsOutcome::Rows {
                kept: Vec::new(),
                dropped: {
                    let reason: Arc<str> = reason.into();
                    (0..rows.len()).map(|index| LeftOut { index, reason: Arc::clone(&reason) }).collect()
                },
                rejected: Vec::new(),
            },
            Ended::Rejected(reason) => RowsOutcome::Rejected { reason },
        })
    }

    /// Weighs what leaves the script for good: a value, a reason, or a message. The meter does not see it, and a run
    /// keeps it.
    fn leaving<T: Weighed>(
        &mut self,
        entry: Entry,
        outcome: Result<Outcome<T>, ScriptError>,
        given: usize,
    ) -> Result<Outcome<T>, ScriptError> {
        let weight = match &outcome {
            Ok(outcome) => outcome.weight(),
            Err(error) => error.what().len() + error.advice().map_or(0, str::len),
        };
        if self.leaving.takes(given, weight) || outcome.as_ref().is_err_and(|error| error.stop().is_some()) {
            return outcome;
        }
        let (name, source) = (self.script.name(), self.script.source());
        let error =
            ScriptError::run(name, entry.hook, leaving::TOO_MUCH.to_owned(), Some(leaving::LEAVE_LESS.to_owned()));
        let error = error.stopped(Stop::Memory).at(source, entry.line, 1);
        self.stopped = Some(error.clone());
        Err(error)
    }

    /// Calls a hook where there is room, and reads its result before it is given up.
    fn settled<T: Send>(
        &mut self,
        call: &Call<'_>,
        given: impl FnOnce() -> Dynamic + Send,
        read: impl FnOnce(&Dynamic) -> Result<T, String> + Send,
    ) -> Result<Ended<T>, ScriptError> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.before());
        }
        with_room(|| {
            let before = held();
            let given = given();
            let allowance = Allowance::of(call.values, held() - before);
            let ended = self.call(call, given, &allowance);
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
        let hint = format!("`{}` returns {}", entry.hook, expected(entry.hook));
        let error = ScriptError::run(self.script.name(), entry.hook, what, Some(hint));
        error.at(self.script.source(), entry.line, 1)
    }

    fn call(
        &mut self,
        call: &Call<'_>,
        given: Dynamic,
        allowance: &Allowance,
    ) -> Result<Ended<Dynamic>, Box<EvalAltResult>> {
        let hook = call.entry.hook;
        if call.entry.takes_context {
            context::renew(&mut self.context, &self.run, &self.slice, &call.standing);
        }
        if self.looks_up || hook == Hook::Rows {
            context::renew_shared(self.caller.tag(), &self.run, &self.slice, &call.standing);
        } else {
            *self.caller.tag() = Dynamic::UNIT;
        }
        self.watch.begin(allowance, self.retained);
        let result = self.caller.call(hook, given, &mut self.context);
        self.watch.end();
        match result {
            Ok(result) => Ok(Ended::With(result)),
            Err(error) => match runtime::innermost(&error).0 {
                EvalAltResult::ErrorTerminated(token, _) if let Some(skip) = token.read_lock::<Skip>() => {
                    Ok(Ended::Skipped(skip.0.clone()))
                }
                EvalAltResult::ErrorRuntime(thrown, _) if thrown.is_unit() => Ok(Ended::Rejected(REFUSED.to_owned())),
                EvalAltResult::ErrorRuntime(thrown, _) => Ok(Ended::Rejected(text::reason(thrown))),
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

fn row_in_words(value: &Value, place: &Place) -> String {
    format!("{} at {} in {} = {value}", place.item.destination.name, place.org_unit.name, place.period)
}
