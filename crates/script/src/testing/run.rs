//! Runs the cases of a file of tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::format::{Case, CombineGiven, Expected, Given, RowGiven, Suite, Where};
use super::names::Names;
use super::result::{CaseResult, Line};
use super::scalar::Scalar;
use crate::context::{Contribution, Place, RunContext};
use crate::error::ScriptError;
use crate::hooks::Script;
use crate::outcome::{LeftOut, Outcome, Row, RowsOutcome, Value};
use crate::params::Params;
use crate::runner::Runner;
use crate::things::{ItemNames, Named};
use crate::watch::Log;
use xfer_domain::cell::CellAddress;
use xfer_domain::period::Period;
use xfer_domain::script::Hook;
use xfer_domain::script::ParameterValue;

impl Suite {
    /// Runs every case against a script. `defaults` are the parameters that the script has where a case and its file
    /// say nothing, as a plugin's manifest gives them.
    pub fn run(&self, script: &Script, defaults: &Params) -> Vec<CaseResult> {
        self.cases.iter().map(|case| self.run_case(case, script, defaults)).collect()
    }

    /// Calls `value` or `period` with each row by itself, as a transfer does: the rows are one slice, and one script is
    /// called for them all, so that it stays stopped once it was, and what it gives back counts together.
    pub fn run_each(&self, script: &Script, hook: Hook, rows: &[RowGiven]) -> Vec<CaseResult> {
        let anywhere = Case {
            name: String::new(),
            params: BTreeMap::new(),
            at: Where::default(),
            others: Vec::new(),
            given: Given::Rows(Vec::new()),
            expected: Expected::Unchanged,
        };
        let mut names = Names::of(self);
        let mut bench = Bench::new(&mut names, &anywhere);
        let values: Vec<Row> = rows
            .iter()
            .map(|row| {
                // So that the slice knows the names of the place, too.
                place(bench.names, &row.place());
                bench.row(row)
            })
            .collect();
        let mut slice = bench.names.slice();
        for row in &values {
            slice.add_value(row);
        }
        drop(values);
        let mut runner = match Runner::new(script, self.run_context(Params::new())) {
            Ok(runner) => Ok(runner),
            Err(error) => Err(error_line(&error)),
        };
        if let Ok(runner) = &mut runner {
            runner.enter(Arc::new(slice));
        }
        let nothing = Scalar::from(&ParameterValue::Text(String::new()));
        let mut results = Vec::with_capacity(rows.len());
        for row in rows {
            let place = place(&mut names, &row.place());
            let value = row.value.as_ref().unwrap_or(&nothing);
            let given = if hook == Hook::Period { place.period.to_string() } else { scalar_in_words(value) };
            let (got, printed) = match &mut runner {
                Err(got) => (got.clone(), Vec::new()),
                Ok(runner) => {
                    let got = match (hook, value.to_value()) {
                        (Hook::Period, _) => {
                            let outcome = runner.period(&place.item, place.period);
                            outcome.map(|outcome| period_line(outcome, place.period))
                        }
                        (_, None) => Ok(vec![Line::plain(NO_VALUE)]),
                        (_, Some(value)) => {
                            runner.value(&value, &place).map(|outcome| value_line(outcome, Some(&value)))
                        }
                    };
                    (got.unwrap_or_else(|error| error_line(&error)), printed(runner))
                }
            };
            results.push(CaseResult::new("", given, Vec::new(), got, printed));
        }
        results
    }

    fn run_context(&self, params: Params) -> RunContext {
        RunContext {
            job: "tests".to_owned(),
            source: "source".to_owned(),
            destination: "destination".to_owned(),
            now: self.now.clone(),
            params: {
                let mut params = params;
                params.extend(self.params.iter().map(|(name, value)| (name.clone(), value.to_param())));
                params
            },
        }
    }

    fn run_case(&self, case: &Case, script: &Script, defaults: &Params) -> CaseResult {
        let mut names = Names::of(self);
        let mut bench = Bench::new(&mut names, case);
        let given = bench.given_in_words();
        let expected = bench.expected();
        let mut run = self.run_context(defaults.clone());
        run.params.extend(case.params.iter().map(|(name, value)| (name.clone(), value.to_param())));
        let (got, printed) = match Runner::new(script, run) {
            Ok(mut runner) => {
                let got = bench.call(&mut runner).unwrap_or_else(|error| error_line(&error));
                (got, printed(&mut runner))
            }
            Err(error) => (error_line(&error), Vec::new()),
        };
        CaseResult::new(&case.name, given, expected, got, printed)
    }
}

/// What a script printed since this was last asked.
fn printed(runner: &mut Runner) -> Vec<String> {
    let Log { mut lines, left_out } = runner.take_log();
    if left_out > 0 {
        lines.push(format!("… and {left_out} more"));
    }
    lines
}

const NO_VALUE: &str = "a list is no value";

/// One case with its names resolved.
struct Bench<'case> {
    names: &'case mut Names,
    case: &'case Case,
    place: Place,
}

impl<'case> Bench<'case> {
    fn new(names: &'case mut Names, case: &'case Case) -> Self {
        let place = place(names, &case.at);
        Self { names, case, place }
    }

    fn call(&mut self, runner: &mut Runner) -> Result<Vec<Line>, ScriptError> {
        let case = self.case;
        let others: Vec<Row> = case.others.iter().map(|row| self.row(row)).collect();
        let (mut rows, mut parts): (Vec<Row>, Vec<Contribution>) = (Vec::new(), Vec::new());
        match &case.given {
            Given::Rows(given) => rows.extend(given.iter().map(|row| self.row(row))),
            Given::Combine(given) => parts.extend(given.iter().filter_map(|part| self.contribution(part))),
            Given::Value(_) | Given::Period(_) => {}
        }
        let parts_at = self.parts();
        let mut slice = self.names.slice();
        if let Some((cell, parts)) = parts_at {
            slice.add_parts(self.place.item.source.id, cell, parts);
        }
        others.iter().chain(&rows).for_each(|row| slice.add_value(row));
        runner.enter(Arc::new(slice));
        match &case.given {
            Given::Value(given) => {
                let Some(value) = given.to_value() else { return Ok(vec![Line::plain(NO_VALUE)]) };
                runner.value(&value, &self.place).map(|outcome| value_line(outcome, Some(&value)))
            }
            Given::Period(period) => {
                runner.period(&self.place.item, *period).map(|outcome| period_line(outcome, *period))
            }
            Given::Combine(_) => runner.combine(&parts, &self.place).map(|outcome| value_line(outcome, None)),
            Given::Rows(_) => runner.rows(&rows).map(|outcome| self.rows_lines(outcome)),
        }
    }

    /// The option combos that the case says its data item is brought to, with the cell of the case.
    fn parts(&mut self) -> Option<(CellAddress, Vec<Arc<Named>>)> {
        let parts: Vec<Arc<Named>> = self.case.at.parts.iter().map(|part| self.names.option_combo(part)).collect();
        let item = &self.place.item;
        let cell = CellAddress {
            data_element: item.destination.id,
            category_option_combo: item.category_option_combo.id,
            attribute_option_combo: item.attribute_option_combo.id,
        };
        (!parts.is_empty()).then_some((cell, parts))
    }

    fn contribution(&mut self, given: &CombineGiven) -> Option<Contribution> {
        let org_unit = given.org_unit.as_ref().map(|name| self.names.org_unit(name));
        Some(Contribution {
            value: given.value.to_value()?,
            org_unit: org_unit.unwrap_or_else(|| Arc::clone(&self.place.org_unit)),
            period: given.period.unwrap_or(self.place.period),
        })
    }

    fn row(&mut self, given: &RowGiven) -> Row {
        let at = &self.case.at;
        Row {
            data: self.names.data(given.data.as_ref().unwrap_or(&at.data)).id,
            category_option_combo: given.coc.as_ref().map(|name| self.names.option_combo(name).id),
            attribute_option_combo: given.aoc.as_ref().map(|name| self.names.option_combo(name).id),
            org_unit: self.names.org_unit(given.org_unit.as_ref().unwrap_or(&at.org_unit)).id,
            period: given.period.unwrap_or(at.period),
            value: given.value.as_ref().and_then(Scalar::to_value),
        }
    }

    fn row_in_words(&self, row: &Row) -> String {
        let name = |id| self.names.name(id);
        let combos: Vec<String> =
            [row.category_option_combo, row.attribute_option_combo].into_iter().flatten().map(name).collect();
        let combos = if combos.is_empty() { String::new() } else { format!(" ({})", combos.join(", ")) };
        let value = row.value.as_ref().map_or_else(|| "no value".to_owned(), in_words);
        format!("{}{combos} at {} in {} = {value}", name(row.data.id()), name(row.org_unit), row.period)
    }

    fn rows_lines(&self, outcome: RowsOutcome) -> Vec<Line> {
        match outcome {
            RowsOutcome::Rejected { reason } => vec![Line::because("rejected", reason)],
            RowsOutcome::Rows { kept, dropped, rejected } => {
                let kept = kept.iter().map(|kept| Line::plain(self.row_in_words(&kept.row)));
                let left = |what: &'static str| {
                    move |row: LeftOut| Line::because(format!("row {} {what}", row.index + 1), row.reason.as_ref())
                };
                let kept = kept.chain(dropped.into_iter().map(left("dropped")));
                kept.chain(rejected.into_iter().map(left("rejected"))).collect()
            }
        }
    }

    fn given_in_words(&mut self) -> String {
        match &self.case.given {
            Given::Value(value) => scalar_in_words(value),
            Given::Period(period) => period.to_string(),
            Given::Combine(parts) => {
                parts.iter().map(|part| scalar_in_words(&part.value)).collect::<Vec<_>>().join(", ")
            }
            Given::Rows(rows) => {
                let rows: Vec<Row> = rows.iter().map(|row| self.row(row)).collect();
                rows.iter().map(|row| self.row_in_words(row)).collect::<Vec<_>>().join("\n")
            }
        }
    }

    fn expected(&mut self) -> Vec<Line> {
        match (&self.case.expected, &self.case.given) {
            (Expected::Unchanged, Given::Value(value)) | (Expected::Value(value), _) => {
                vec![Line::plain(scalar_in_words(value))]
            }
            (Expected::Unchanged, Given::Period(period)) | (Expected::Period(period), _) => {
                vec![Line::plain(period.to_string())]
            }
            (Expected::Unchanged, Given::Combine(_)) => vec![Line::plain("unchanged, which several values cannot be")],
            (Expected::Unchanged, Given::Rows(rows)) => {
                let rows: Vec<Row> = rows.iter().map(|row| self.row(row)).collect();
                rows.iter().map(|row| Line::plain(self.row_in_words(row))).collect()
            }
            (Expected::Dropped(why), _) => vec![Line::because("dropped", why)],
            (Expected::Rejected(why), _) => vec![Line::because("rejected", why)],
            (Expected::Error(why), _) => vec![Line::because("error", why)],
            (Expected::Rows(rows), _) => {
                let kept: Vec<Row> = rows.kept.iter().map(|row| self.row(row)).collect();
                let kept = kept.iter().map(|row| Line::plain(self.row_in_words(row)));
                let left = |what: &'static str| {
                    move |(row, why): (&usize, &String)| Line::because(format!("row {row} {what}"), why)
                };
                let kept = kept.chain(rows.dropped.iter().map(left("dropped")));
                kept.chain(rows.rejected.iter().map(left("rejected"))).collect()
            }
        }
    }
}

fn place(names: &mut Names, at: &Where) -> Place {
    let element = names.data(at.destination.as_ref().unwrap_or(&at.data));
    let destination = Arc::new(Named { id: element.id.id(), code: element.code.clone(), name: element.name.clone() });
    Place {
        item: Arc::new(ItemNames {
            source: names.data(&at.data),
            destination,
            category_option_combo: names.option_combo(&at.coc),
            attribute_option_combo: names.option_combo(&at.aoc),
        }),
        org_unit: names.org_unit(&at.org_unit),
        period: at.period,
    }
}

/// A value so that a text is told from a number.
fn in_words(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("{text:?}"),
        Value::Number(_) | Value::Boolean(_) => value.to_string(),
    }
}

fn scalar_in_words(scalar: &Scalar) -> String {
    scalar.to_value().map_or_else(|| "a list, which is no value".to_owned(), |value| in_words(&value))
}

fn value_line(outcome: Outcome<Value>, given: Option<&Value>) -> Vec<Line> {
    vec![match outcome {
        Outcome::Unchanged => Line::plain(given.map_or_else(|| "unchanged".to_owned(), in_words)),
        Outcome::Changed(value) => Line::plain(in_words(&value)),
        Outcome::Dropped { reason } => Line::because("dropped", reason),
        Outcome::Rejected { reason } => Line::because("rejected", reason),
    }]
}

fn period_line(outcome: Outcome<Period>, given: Period) -> Vec<Line> {
    vec![match outcome {
        Outcome::Unchanged => Line::plain(given.to_string()),
        Outcome::Changed(period) => Line::plain(period.to_string()),
        Outcome::Dropped { reason } => Line::because("dropped", reason),
        Outcome::Rejected { reason } => Line::because("rejected", reason),
    }]
}

fn error_line(error: &ScriptError) -> Vec<Line> {
    vec![Line::because("error", error.report())]
}
