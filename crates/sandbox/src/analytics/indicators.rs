//! Indicators: numerator × factor ÷ denominator over aggregated values.
//!
//! A missing value counts as zero (`MissingValueStrategy.NEVER_SKIP`), a denominator that is zero or missing gives no
//! row (`analytics/indicator`). Every combination of the asked periods and org units is evaluated, with or without
//! data.

use std::collections::HashMap;

use super::dimension::{Axis, Metric, Operand};
use super::elements;
use super::expression::{Expression, ExpressionError, Item, Value};
use super::frame::{Combos, Frame, Key, constant};
use super::place::place;
use super::query::Query;
use super::refusal::{Refusal, unsupported};
use super::{program_indicators, reporting_rates};
use crate::world::{Object, reference, text};

/// How deep indicators may refer to each other.
const NESTING_LIMIT: usize = 16;

/// An indicator's value and what it was made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct IndicatorValue {
    /// The value.
    pub(super) value: f64,
    /// The numerator.
    pub(super) numerator: f64,
    /// The denominator.
    pub(super) denominator: f64,
    /// The factor's parts; the factor is one by the other.
    pub(super) multiplier: i64,
    /// See `multiplier`.
    pub(super) divisor: i64,
}

impl IndicatorValue {
    /// The factor.
    #[expect(clippy::cast_precision_loss, reason = "both are small whole numbers")]
    pub(super) fn factor(&self) -> f64 {
        self.multiplier as f64 / self.divisor as f64
    }
}

/// The values of an indicator by cell.
pub(super) fn values(
    frame: &Frame<'_>,
    query: &Query,
    id: &str,
    combos: &mut Combos,
) -> Result<HashMap<Key, IndicatorValue>, Refusal> {
    nested(frame, query, id, combos, 0)
}

fn nested(
    frame: &Frame<'_>,
    query: &Query,
    id: &str,
    combos: &mut Combos,
    depth: usize,
) -> Result<HashMap<Key, IndicatorValue>, Refusal> {
    if depth > NESTING_LIMIT {
        let text = format!("Indicator expressions cannot contain cyclic references: `{id}`");
        return Err(Refusal::Conflict("E7116", text));
    }
    let Some(indicator) = frame.state.world.get("indicators", id) else { return Ok(HashMap::new()) };
    let numerator = parse(indicator, "numerator")?;
    let denominator = parse(indicator, "denominator")?;
    let mut sources = HashMap::new();
    for item in numerator.items().into_iter().chain(denominator.items()) {
        if !sources.contains_key(item) {
            sources.insert(item.clone(), source(frame, query, item, combos, depth)?);
        }
    }
    let mut found = HashMap::new();
    for key in permutations(frame)? {
        let days = frame.periods.days(period_place(frame, &key));
        let item = |item: &Item| Value::Number(sources.get(item).map_or(0.0, |source| source.number(&key, days)));
        let failed = |error: ExpressionError| unsupported(&format!("indicator `{id}`: {error}"));
        let bottom = denominator.evaluate(&item).map_err(failed)?.number();
        let top = numerator.evaluate(&item).map_err(failed)?.number();
        let parts = bottom.filter(|bottom| *bottom != 0.0 && bottom.is_finite()).zip(top);
        let Some((bottom, top)) = parts.filter(|(_, top)| top.is_finite()) else { continue };
        found.insert(key, value(frame, indicator, top, bottom, days));
    }
    Ok(found)
}

fn parse(indicator: &Object, side: &str) -> Result<Expression, Refusal> {
    let expression = text(indicator, side).unwrap_or_default();
    Expression::parse(expression)
        .map_err(|error| unsupported(&format!("indicator `{}`: {error}", text(indicator, "id").unwrap_or_default())))
}

fn value(frame: &Frame<'_>, indicator: &Object, numerator: f64, denominator: f64, days: f64) -> IndicatorValue {
    let factor = reference(indicator, "indicatorType")
        .and_then(|id| frame.state.world.get("indicatorTypes", id))
        .and_then(|indicator_type| indicator_type.get("factor"))
        .and_then(serde_json::Value::as_i64)
        .unwrap_or(1);
    let annualized = indicator.get("annualized") == Some(&serde_json::Value::Bool(true));
    #[expect(clippy::cast_possible_truncation, reason = "whole days")]
    let (multiplier, divisor) = if annualized { (factor * 365, (days as i64).max(1)) } else { (factor, 1) };
    let mut made = IndicatorValue { value: 0.0, numerator, denominator, multiplier, divisor };
    made.value = numerator * made.factor() / denominator;
    made
}

/// Where the numbers of an item come from.
enum Source {
    Cells(HashMap<Key, f64>),
    Constant(f64),
    Days,
}

impl Source {
    fn number(&self, key: &Key, days: f64) -> f64 {
        match self {
            Self::Cells(cells) => cells.get(key).copied().unwrap_or_default(),
            Self::Constant(number) => *number,
            Self::Days => days,
        }
    }
}

fn source(frame: &Frame<'_>, query: &Query, item: &Item, combos: &mut Combos, depth: usize) -> Result<Source, Refusal> {
    match item.kind {
        '#' => elements::numbers(frame, query, &operand(&item.body), combos).map(Source::Cells),
        'I' => program_indicators::numbers(frame, query, &item.body, combos).map(Source::Cells),
        'N' => {
            let values = nested(frame, query, &item.body, combos, depth + 1)?;
            Ok(Source::Cells(values.into_iter().map(|(key, value)| (key, value.value)).collect()))
        }
        'R' => {
            let (data_set, metric) = item.body.split_once('.').unwrap_or((&item.body, ""));
            let metric = Metric::from_name(metric).ok_or_else(|| unsupported(&format!("`{item}` in an indicator")))?;
            reporting_rates::numbers(frame, data_set, metric, combos).map(Source::Cells)
        }
        'C' => Ok(Source::Constant(constant(frame, &item.body))),
        'd' => Ok(Source::Days),
        _ => Err(unsupported(&format!("`{item}` in an indicator"))),
    }
}

/// `de`, `de.coc`, `de.coc.aoc`, with `*` for all.
fn operand(body: &str) -> Operand {
    let mut parts = body.split('.');
    let mut next = || parts.next().map(str::to_owned);
    let element = next().unwrap_or_default();
    let named = |part: Option<String>| part.filter(|part| part != "*");
    Operand { element, category_option_combo: named(next()), attribute_option_combo: named(next()) }
}

fn period_place(frame: &Frame<'_>, key: &Key) -> u32 {
    let columns = frame.columns.iter().zip(key);
    columns.filter(|(column, _)| matches!(column.axis, Axis::Period(_))).map(|(_, place)| *place).next().unwrap_or(0)
}

/// Every combination of the items of all columns.
fn permutations(frame: &Frame<'_>) -> Result<Vec<Key>, Refusal> {
    let mut keys = vec![Key::default()];
    for (slot, column) in frame.columns.iter().enumerate() {
        let count = match &column.axis {
            Axis::Period(items) => items.len(),
            Axis::OrgUnit(ids) | Axis::Dynamic(_, ids) => ids.len(),
            _ => return Err(unsupported("indicators by attribute option combo")),
        };
        keys = keys
            .iter()
            .flat_map(|key| {
                (0..count).map(move |position| {
                    let mut key = *key;
                    key[slot] = place(position);
                    key
                })
            })
            .collect();
    }
    Ok(keys)
}
