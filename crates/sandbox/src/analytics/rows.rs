//! Computes the rows of an answer, one kind of data item after the other, as the server does (`DataHandler`).

use std::collections::HashMap;

use super::dimension::{Axis, DataItem, Dimensions, Operand};
use super::elements::{self, Content, decimals};
use super::frame::{Combos, Frame, Key};
use super::indicators::{self, IndicatorValue};
use super::number::{self, Number};
use super::query::Query;
use super::refusal::{Refusal, unsupported};
use super::{program_indicators, reporting_rates};
use crate::state::State;

/// The value of a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    Number(Number),
    Text(String),
}

impl Shown {
    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            Self::Text(_) => None,
        }
    }
}

/// A row: its items in the order of the columns, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row<'items> {
    /// The data item; none where data is a filter.
    pub(super) item: &'items DataItem,
    /// The items of the columns.
    pub(super) items: Vec<String>,
    /// The value.
    pub(super) value: Shown,
    /// What an indicator was made of: numerator, denominator, factor, multiplier, divisor.
    pub(super) parts: Option<[Number; 5]>,
}

/// The rows of a request.
pub(super) fn rows<'items>(
    state: &State,
    query: &Query,
    dimensions: &'items Dimensions,
) -> Result<Vec<Row<'items>>, Refusal> {
    let frame = Frame::new(state, query, dimensions)?;
    let mut maker = Maker { frame: &frame, query, combos: Combos::default(), rows: Vec::new() };
    let (items, is_column) = data_items(dimensions)?;
    let kinds: [fn(&DataItem) -> bool; 6] = [
        |item| matches!(item, DataItem::Indicator(_)),
        |item| matches!(item, DataItem::Element(_)),
        |item| matches!(item, DataItem::Operand(_)),
        |item| matches!(item, DataItem::ReportingRate { .. }),
        |item| matches!(item, DataItem::ProgramDataElement { .. }),
        |item| matches!(item, DataItem::ProgramIndicator(_)),
    ];
    for is_of_kind in kinds {
        let before = maker.rows.len();
        for item in items.iter().filter(|item| is_of_kind(item)) {
            maker.add(item, is_column)?;
        }
        maker.check_limit(before)?;
    }
    Ok(maker.rows)
}

/// The data items, and whether they are a column. As a filter only a single one can be answered without mixing.
fn data_items(dimensions: &Dimensions) -> Result<(&[DataItem], bool), Refusal> {
    let data = |dimension: &'_ super::dimension::Dimension| matches!(dimension.axis, Axis::Data(_));
    let items = |dimension: &'_ super::dimension::Dimension| -> bool { data(dimension) };
    if let Some(column) = dimensions.columns.iter().find(|column| items(column)) {
        return Ok((slice(&column.axis), true));
    }
    match dimensions.filters.iter().find(|filter| items(filter)) {
        Some(filter) if slice(&filter.axis).len() > 1 => Err(unsupported("several data items as filter")),
        Some(filter) => Ok((slice(&filter.axis), false)),
        None => Ok((&[], true)),
    }
}

fn slice(axis: &Axis) -> &[DataItem] {
    if let Axis::Data(items) = axis { items } else { &[] }
}

struct Maker<'frame, 'state, 'items> {
    frame: &'frame Frame<'state>,
    query: &'frame Query,
    combos: Combos,
    rows: Vec<Row<'items>>,
}

impl<'items> Maker<'_, '_, 'items> {
    fn add(&mut self, item: &'items DataItem, is_column: bool) -> Result<(), Refusal> {
        let (frame, query, combos) = (self.frame, self.query, &mut self.combos);
        let skip = query.skip_rounding;
        let found: Vec<Found> = match item {
            DataItem::Element(id) => {
                self.require_table()?;
                let values = elements::values(frame, query, &Operand::total(id), &mut self.combos)?;
                values.into_iter().map(|(key, content)| (key, shown(content, skip), None)).collect()
            }
            DataItem::Operand(operand) => {
                self.require_table()?;
                let values = elements::values(frame, query, operand, &mut self.combos)?;
                values.into_iter().map(|(key, content)| (key, shown(content, skip), None)).collect()
            }
            DataItem::Indicator(id) => {
                self.require_table()?;
                let places = frame.state.world.get("indicators", id).and_then(decimals);
                let values = indicators::values(frame, query, id, &mut self.combos)?;
                values.into_iter().map(|(key, value)| made(key, &value, places, skip)).collect()
            }
            DataItem::ProgramIndicator(id) => {
                let places = frame.state.world.get("programIndicators", id).and_then(decimals);
                rounded(program_indicators::numbers(frame, query, id, combos)?, |number| {
                    number::of_indicator(number, places, skip)
                })
            }
            DataItem::ProgramDataElement { program, element } => {
                rounded(program_indicators::element_numbers(frame, program, element, combos)?, |number| {
                    number::of_indicator(number, None, skip)
                })
            }
            DataItem::ReportingRate { data_set, metric } => {
                // With rounding skipped the server shows the very quotient here.
                rounded(reporting_rates::numbers(frame, data_set, *metric, combos)?, |number| {
                    if skip { Number::Double(number) } else { number::of_value(number, false) }
                })
            }
        };
        let text = item.text();
        for (key, value, parts) in found {
            if value.as_f64().is_some_and(|number| !query.measure.iter().all(|criterion| criterion.holds(number))) {
                continue;
            }
            let mut items: Vec<String> = if is_column { vec![text.clone()] } else { Vec::new() };
            items.extend(frame.texts(&key, &self.combos).into_iter().map(str::to_owned));
            self.rows.push(Row { item, items, value, parts });
        }
        Ok(())
    }

    fn require_table(&self) -> Result<(), Refusal> {
        if self.frame.state.settings.analytics_built { Ok(()) } else { Err(Refusal::NoTable("analytics".into())) }
    }

    /// The server counts the rows of each of its sub-queries, whose number nobody can predict; here the rows of one
    /// kind of data items count together, which is the strictest reading (dhis2-api 4.6).
    fn check_limit(&self, before: usize) -> Result<(), Refusal> {
        let limit = self.frame.state.settings.analytics_max_limit;
        if self.query.ignore_limit || limit == 0 || self.rows.len() - before <= limit {
            return Ok(());
        }
        Err(Refusal::Conflict("E7128", format!("Query result set exceeded max limit: `{limit}`")))
    }
}

type Found = (Key, Shown, Option<[Number; 5]>);

fn shown(content: Content, skip_rounding: bool) -> Shown {
    match content {
        Content::Number(number) => Shown::Number(number::of_value(number, skip_rounding)),
        Content::Text(text) => Shown::Text(text),
    }
}

fn rounded(numbers: HashMap<Key, f64>, round: impl Fn(f64) -> Number) -> Vec<Found> {
    numbers.into_iter().map(|(key, number)| (key, Shown::Number(round(number)), None)).collect()
}

fn made(key: Key, value: &IndicatorValue, decimals: Option<i64>, skip_rounding: bool) -> Found {
    let round = |number: f64| number::of_indicator(number, decimals, skip_rounding);
    let parts = [
        round(value.numerator),
        round(value.denominator),
        round(value.factor()),
        Number::Whole(value.multiplier),
        Number::Whole(value.divisor),
    ];
    (key, Shown::Number(round(value.value)), Some(parts))
}
