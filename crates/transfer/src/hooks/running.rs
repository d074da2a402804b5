//! Scripts as they really run: the engine of [`xfer_script`] behind [`ActingScript`].
//!
//! A routine's scripts are compiled once for a run. What is attached in several places of a job with the same
//! parameters is one script, with one engine: a thousand items share it. A script's mistake is a rejection of what it was
//! given, with the place in the script; one that was stopped by a limit refuses everything from then on, at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::hooks::names::Names;
use crate::hooks::slices::{cells_slice, rows_slice};
use crate::hooks::values::{from_row, from_script, source_type, to_row, to_script};
use crate::hooks::{
    Acted, ActingScript, CellContext, Hooks, Outcome, Part, PeriodContext, RowsAfter, RowsContext, SharedScript,
};
use crate::shape::Value;
use xfer_domain::cell::CellAddress;
use xfer_domain::decimal::plain_text;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::period::Period;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::script::{Attachment, Hook};
use xfer_domain::shown::cut_off;
use xfer_domain::source_value::SourceValue;
use xfer_script::{Contribution, Place, RowsOutcome, RunContext, Runner, ScriptError};

/// Why a script cannot act.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    /// It does not compile.
    #[error(transparent)]
    Refused(#[from] Box<ScriptError>),
    /// The routine does not have its text.
    #[error("the routine has no text of the script `{script}`")]
    Missing {
        /// The script's name.
        script: String,
    },
    /// The text is not the one that was attached.
    #[error("the script `{script}` was changed after it was attached")]
    Altered {
        /// The script's name.
        script: String,
    },
}

impl Fault for NotReady {
    fn code(&self) -> ExitCode {
        match self {
            Self::Refused(error) => error.code(),
            Self::Missing { .. } | Self::Altered { .. } => ExitCode::Damaged,
        }
    }

    fn details(&self) -> Vec<String> {
        match self {
            Self::Refused(error) => error.details(),
            Self::Missing { .. } | Self::Altered { .. } => Vec::new(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(error) => error.hint(),
            Self::Missing { .. } | Self::Altered { .. } => {
                Some("a run uses only scripts as they were attached; check the script and attach it again".to_owned())
            }
        }
    }
}

/// Makes the scripts of a routine act. `now` is the only time that they know.
pub fn ready(document: &RoutineDocument, now: Timestamp) -> Result<Hooks, NotReady> {
    let mut made: BTreeMap<(String, String), SharedScript> = BTreeMap::new();
    Hooks::of(document, |attachment, job| {
        let parameters: Vec<String> =
            attachment.parameters.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        let key = (job.name.clone(), format!("{}\n{}\n{parameters:?}", attachment.script, attachment.hash));
        if let Some(script) = made.get(&key) {
            return Ok(Arc::clone(script));
        }
        let script: SharedScript = Arc::new(RunningScript::new(document, attachment, job, now)?);
        made.insert(key, Arc::clone(&script));
        Ok(script)
    })
}

/// A script that runs.
struct RunningScript {
    attachment: Attachment,
    state: Mutex<State>,
}

struct State {
    runner: Runner,
    /// The slice that it is in.
    slice: Option<Arc<xfer_script::Slice>>,
    names: Names,
    /// What the job brings where: source item and cell of each of its items.
    brought: Vec<(SourceItem, CellAddress)>,
}

impl fmt::Debug for RunningScript {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("RunningScript").field(&self.attachment).finish()
    }
}

impl RunningScript {
    fn new(document: &RoutineDocument, attachment: &Attachment, job: &Job, now: Timestamp) -> Result<Self, NotReady> {
        let name = || attachment.script.clone();
        let source = document.scripts.iter().find(|source| source.hash == attachment.hash);
        let source = source.ok_or_else(|| NotReady::Missing { script: name() })?;
        if !source.is_intact() {
            return Err(NotReady::Altered { script: name() });
        }
        let compiled = xfer_script::Script::compile(&attachment.script, &source.content).map_err(Box::new)?;
        let hooks = compiled.hooks().collect();
        let params = attachment.parameters.iter().map(|(name, value)| (name.clone(), value.into())).collect();
        let run = RunContext {
            job: job.name.clone(),
            source: job.source.clone(),
            destination: job.destination.clone(),
            now: now.to_string(),
            params,
        };
        let runner = Runner::new(&compiled, run).map_err(Box::new)?;
        // What the text defines counts, not what an attachment says about it.
        let attachment = Attachment { hooks, ..attachment.clone() };
        let brought = job.items.iter().map(|item| (item.source, item.destination)).collect();
        Ok(Self { attachment, state: Mutex::new(State { runner, slice: None, names: Names::default(), brought }) })
    }

    fn with<T>(&self, call: impl FnOnce(&mut State) -> T) -> T {
        call(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// Goes on to the slice of a cell, if anything of it can be asked for.
    fn enter(&mut self, at: &CellContext<'_>) {
        if !self.runner.looks_up() {
            return;
        }
        let brought = &self.brought;
        let slice = at.slice.script(|| cells_slice(at, brought));
        if !self.slice.as_ref().is_some_and(|entered| Arc::ptr_eq(entered, slice)) {
            self.runner.enter(Arc::clone(slice));
            self.slice = Some(Arc::clone(slice));
        }
    }

    fn place(&mut self, at: &CellContext<'_>) -> Place {
        let item = self.names.item(at.item, at.scene.source, at.scene.destination);
        Place { item, org_unit: self.names.destination_unit(at.org_unit, at.scene.destination), period: at.period }
    }

    fn line(&self, hook: Hook) -> Option<u32> {
        self.runner.line(hook).and_then(|line| u32::try_from(line).ok())
    }

    /// An outcome in our words; `unchanged` is what stays if the script leaves it as it is.
    fn acted<A, B>(
        &self,
        hook: Hook,
        result: Result<xfer_script::Outcome<A>, ScriptError>,
        unchanged: B,
        changed: impl FnOnce(A) -> B,
    ) -> Acted<B> {
        let line = self.line(hook);
        match result {
            Ok(xfer_script::Outcome::Unchanged) => Acted { outcome: Outcome::Value(unchanged), line },
            Ok(xfer_script::Outcome::Changed(value)) => Acted { outcome: Outcome::Value(changed(value)), line },
            Ok(xfer_script::Outcome::Dropped { reason }) => Acted { outcome: Outcome::Drop(reason), line },
            Ok(xfer_script::Outcome::Rejected { reason }) => Acted { outcome: Outcome::Reject(reason), line },
            Err(error) => failed(&error, line),
        }
    }
}

/// A script's mistake: what went wrong and what to do about it, at its own place in the text.
fn failed<T>(error: &ScriptError, line: Option<u32>) -> Acted<T> {
    let reason = match error.advice() {
        Some(hint) => cut_off(format!("{}; {hint}", error.what()), xfer_script::limits::REASON),
        None => error.what().to_owned(),
    };
    let place = error.position().and_then(|(line, _)| u32::try_from(line).ok());
    Acted { outcome: Outcome::Reject(reason), line: place.or(line) }
}

/// Rows that a script made anew with the value of one that it left out, in another period: by the place of the one that
/// is gone. What it made anew where it stood was not moved.
fn moved_anew(given: &[xfer_script::Row], kept: &[xfer_script::KeptRow]) -> Vec<(usize, SourceValue)> {
    let series =
        |row: &xfer_script::Row| (row.data, row.category_option_combo, row.attribute_option_combo, row.org_unit);
    let mut created: Vec<&xfer_script::Row> = Vec::new();
    let mut stays: HashSet<usize> = HashSet::new();
    for kept in kept {
        match kept.origin {
            xfer_script::Origin::Unchanged(index) | xfer_script::Origin::Changed(index) => {
                stays.insert(index);
            }
            xfer_script::Origin::Created => created.push(&kept.row),
        }
    }
    if created.is_empty() {
        return Vec::new();
    }
    let mut gone: HashMap<_, Vec<usize>> = HashMap::new();
    for (index, row) in given.iter().enumerate().filter(|(index, _)| !stays.contains(index)) {
        gone.entry(series(row)).or_default().push(index);
    }
    let mut take = |row: &xfer_script::Row, fits: &dyn Fn(&xfer_script::Row) -> bool| {
        let places = gone.get_mut(&series(row))?;
        let at = places.iter().position(|index| given.get(*index).is_some_and(fits))?;
        Some(places.swap_remove(at))
    };
    created.retain(|row| take(row, &|before| before == *row).is_none());
    let moved = created.into_iter().filter_map(|row| {
        let from = take(row, &|before| before.value == row.value)?;
        Some((from, from_row(row.clone())))
    });
    moved.collect()
}

impl ActingScript for RunningScript {
    fn identity(&self) -> &Attachment {
        &self.attachment
    }

    fn rows(&self, rows: &[SourceValue], at: &RowsContext<'_>) -> Acted<RowsAfter> {
        let given: Vec<xfer_script::Row> = rows.iter().map(|row| to_row(row, at.scene.source)).collect();
        let slice = rows_slice(&given, at);
        self.with(|state| {
            state.runner.enter(Arc::new(slice));
            state.slice = None;
            let line = state.line(Hook::Rows);
            match state.runner.rows(&given) {
                Ok(RowsOutcome::Rejected { reason }) => Acted { outcome: Outcome::Reject(reason), line },
                Ok(RowsOutcome::Rows { kept, dropped, rejected }) => {
                    let reasons =
                        |list: Vec<xfer_script::LeftOut>| list.into_iter().map(|out| (out.index, out.reason)).collect();
                    let anew = moved_anew(&given, &kept);
                    let moved = kept.iter().filter_map(|kept| match kept.origin {
                        xfer_script::Origin::Changed(index) => {
                            let before = rows.get(index)?;
                            (before.period != kept.row.period).then(|| (index, from_row(kept.row.clone())))
                        }
                        xfer_script::Origin::Unchanged(_) | xfer_script::Origin::Created => None,
                    });
                    let moved = moved.chain(anew).collect();
                    let kept = kept.into_iter().map(|kept| match kept.origin {
                        // To the last digit what the server sent.
                        xfer_script::Origin::Unchanged(index) => {
                            rows.get(index).cloned().unwrap_or_else(|| from_row(kept.row))
                        }
                        xfer_script::Origin::Changed(_) | xfer_script::Origin::Created => from_row(kept.row),
                    });
                    let (dropped, rejected) = (reasons(dropped), reasons(rejected));
                    let after = RowsAfter { kept: kept.collect(), dropped, rejected, moved };
                    Acted { outcome: Outcome::Value(after), line }
                }
                Err(error) => failed(&error, line),
            }
        })
    }

    fn period(&self, period: Period, at: &PeriodContext<'_>) -> Acted<Period> {
        self.with(|state| {
            let item = state.names.item(at.item, at.source, at.destination);
            let result = state.runner.period(&item, period);
            state.acted(Hook::Period, result, period, |period| period)
        })
    }

    fn combine(&self, parts: Vec<Part>, at: &CellContext<'_>) -> Acted<Value> {
        self.with(|state| {
            state.enter(at);
            let place = state.place(at);
            let mut contributions = Vec::with_capacity(parts.len());
            for part in parts {
                let org_unit = state.names.source_unit(part.source_unit, at.scene.source);
                match to_script(&part.value, source_type(at.item, at.scene.source)) {
                    Some(value) => contributions.push(Contribution { value, org_unit, period: part.source_period }),
                    None => return too_large(&part.value, state.line(Hook::Combine)),
                }
            }
            let result = state.runner.combine(&contributions, &place);
            let nothing = Value::Text(String::new());
            state.acted(Hook::Combine, result, nothing, from_script)
        })
    }

    fn value(&self, value: Value, at: &CellContext<'_>) -> Acted<Value> {
        self.with(|state| {
            state.enter(at);
            let Some(given) = to_script(&value, source_type(at.item, at.scene.source)) else {
                return too_large(&value, state.line(Hook::Value));
            };
            let place = state.place(at);
            let result = state.runner.value(&given, &place);
            state.acted(Hook::Value, result, value, from_script)
        })
    }

    fn take_log(&self) -> xfer_script::Log {
        self.with(|state| state.runner.take_log())
    }
}

/// As much of a number that is too large as helps to recognise it.
const SHOWN: usize = 80;

fn too_large<T>(value: &Value, line: Option<u32>) -> Acted<T> {
    let shown = match value {
        Value::Number(number) => plain_text(number),
        Value::Text(text) => text.clone(),
    };
    let shown = cut_off(shown, SHOWN);
    let reason = format!("{shown} has more than 28 digits; scripts cannot calculate with it");
    Acted { outcome: Outcome::Reject(reason), line }
}
