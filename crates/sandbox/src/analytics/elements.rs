//! Values of data elements and operands.

use std::collections::HashMap;

use super::aggregate::{Aggregation, Cells, Sample};
use super::dimension::Operand;
use super::frame::{Combos, Frame, Key, ValuePlace};
use super::query::Query;
use super::refusal::Refusal;
use super::table::Column;
use crate::profile::Profile;
use crate::values::{StoredValue, ValueKey};
use crate::world::{Object, text};
use xfer_domain::period::Period;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Content {
    Number(f64),
    Text(String),
}

/// The values of an operand (or of a whole data element) by cell.
pub(super) fn values(
    frame: &Frame<'_>,
    query: &Query,
    operand: &Operand,
    combos: &mut Combos,
) -> Result<HashMap<Key, Content>, Refusal> {
    let Some(element) = frame.state.world.get("dataElements", &operand.element) else { return Ok(HashMap::new()) };
    if text(element, "domainType") == Some("TRACKER") {
        // The table takes in aggregate data only (`JdbcAnalyticsTableManager`), whatever was imported.
        return Ok(HashMap::new());
    }
    let name = query.aggregation_type.as_deref().or_else(|| text(element, "aggregationType")).unwrap_or("SUM");
    let aggregation = Aggregation::parse(name)?;
    let reader = Reader { frame, operand, column: Column::of(element, &frame.state.settings) };
    if aggregation == Aggregation::None {
        return Ok(reader.verbatim(combos));
    }
    if reader.column.is_text() && aggregation != Aggregation::Count {
        return Ok(HashMap::new());
    }
    Ok(reader.aggregated(query, aggregation, combos))
}

/// The numbers of an operand by cell, for indicators: aggregated as the data element says.
pub(super) fn numbers(
    frame: &Frame<'_>,
    query: &Query,
    operand: &Operand,
    combos: &mut Combos,
) -> Result<HashMap<Key, f64>, Refusal> {
    let contents = values(frame, query, operand, combos)?;
    Ok(contents
        .into_iter()
        .filter_map(|(key, content)| match content {
            Content::Number(number) => Some((key, number)),
            Content::Text(_) => None,
        })
        .collect())
}

/// The numbers of a program indicator that was loaded with its results, aggregated as the indicator says; none where it
/// has no results and counts tracker data.
pub(super) fn results(
    frame: &Frame<'_>,
    query: &Query,
    indicator: &Object,
    combos: &mut Combos,
) -> Result<Option<HashMap<Key, f64>>, Refusal> {
    let id = text(indicator, "id").unwrap_or_default();
    if frame.state.values.periods_of(id).is_empty() {
        return Ok(None);
    }
    let aggregation = match text(indicator, "aggregationType") {
        None => Aggregation::Sum,
        Some("DEFAULT") => Aggregation::Average,
        Some(name) => Aggregation::parse(name)?,
    };
    let operand = Operand::total(id);
    let reader = Reader { frame, operand: &operand, column: Column::of_results() };
    let contents = reader.aggregated(query, aggregation, combos).into_iter();
    let numbers = contents.filter_map(|(key, content)| match content {
        Content::Number(number) => Some((key, number)),
        Content::Text(_) => None,
    });
    Ok(Some(numbers.collect()))
}

/// Whether the tables of this server hold anything at all: 2.43 leaves period columns out that nobody asked for
/// (`analytics/no-output-period-types-monthly`).
pub(super) fn has_period_columns(frame: &Frame<'_>) -> bool {
    frame.state.settings.output_period_types || frame.state.profile < Profile::V43
}

struct Reader<'frame, 'state> {
    frame: &'frame Frame<'state>,
    operand: &'frame Operand,
    column: Column,
}

impl<'state> Reader<'_, 'state> {
    fn aggregated(&self, query: &Query, aggregation: Aggregation, combos: &mut Combos) -> HashMap<Key, Content> {
        let mut cells = Cells::new(aggregation);
        let window = aggregation.window();
        let periods = &self.frame.periods;
        self.visit(
            |stored| periods.targets(stored, window),
            |stored, places, key, value| {
                let text = value.value.as_deref().unwrap_or_default();
                let number = if self.column.is_text() { Some(1.0) } else { self.column.number(text) };
                let Some(number) = number else { return };
                if !query.before_aggregation.iter().all(|criterion| criterion.holds(number)) {
                    return;
                }
                let Some(units) = self.frame.units.get(key.org_unit.as_str()) else { return };
                for &place in places {
                    let query_days = periods.days(place);
                    let sample = Sample {
                        number,
                        days: f64::from(stored.days()).min(query_days),
                        query_days,
                        span: (stored.start(), stored.end()),
                        source: [&key.org_unit, &key.category_option_combo, &key.attribute_option_combo],
                    };
                    self.frame.keys(&place_of(key), &[place], units, combos, |cell| cells.add(cell, &sample));
                }
            },
        );
        cells.finish().into_iter().map(|(key, number)| (key, Content::Number(number))).collect()
    }

    /// Values that do not aggregate, at the org units that hold them. Of several for one cell any may be shown; here
    /// the last in the order of keys.
    fn verbatim(&self, combos: &mut Combos) -> HashMap<Key, Content> {
        let mut found = HashMap::new();
        let periods = &self.frame.periods;
        self.visit(
            |stored| periods.targets(stored, Aggregation::None.window()),
            |_, places, key, value| {
                let Some(text) = value.value.as_deref() else { return };
                let content = if self.column.is_text() {
                    Content::Text(text.to_owned())
                } else if let Some(number) = self.column.number(text) {
                    Content::Number(number)
                } else {
                    return;
                };
                let Some(&unit) = self.frame.asked_units.get(key.org_unit.as_str()) else { return };
                self.frame.keys(&place_of(key), places, &[unit], combos, |cell| {
                    found.insert(cell, content.clone());
                });
            },
        );
        found
    }

    /// Calls `act` for every stored value of the operand whose period has a target and whose org unit was asked for.
    fn visit(
        &self,
        targets: impl Fn(Period) -> Vec<u32>,
        mut act: impl FnMut(&Period, &[u32], &'state ValueKey, &'state StoredValue),
    ) {
        if !has_period_columns(self.frame) {
            return;
        }
        let values = &self.frame.state.values;
        for text in values.periods_of(&self.operand.element) {
            let Ok(stored) = Period::parse(text) else { continue };
            let places = targets(stored);
            if places.is_empty() {
                continue;
            }
            values.rows_at(&self.operand.element, text, &self.frame.searched, |key, value| {
                if !value.deleted && self.is_asked(key) {
                    act(&stored, &places, key, value);
                }
            });
        }
    }

    fn is_asked(&self, key: &ValueKey) -> bool {
        let meets = |wanted: &Option<String>, id: &str| wanted.as_deref().is_none_or(|wanted| wanted == id);
        meets(&self.operand.category_option_combo, &key.category_option_combo)
            && meets(&self.operand.attribute_option_combo, &key.attribute_option_combo)
    }
}

fn place_of(key: &ValueKey) -> ValuePlace<'_> {
    ValuePlace {
        org_unit: &key.org_unit,
        category_option_combo: &key.category_option_combo,
        attribute_option_combo: &key.attribute_option_combo,
    }
}

/// How many decimals an object asks for.
pub(super) fn decimals(object: &Object) -> Option<i64> {
    object.get("decimals").and_then(serde_json::Value::as_i64)
}
