//! `analytics/dataValueSet.json`: the grid as data values (dhis2-api 4.5).
//!
//! Operands are split into data element and combos, indicators take their export combos; there is no other way to name
//! a target. Whole numbers are cut to an int, others printed as Java prints doubles, exponents and all.

use serde_json::{Map, Value, json};

use super::dimension::{DataItem, Dimensions};
use super::elements::decimals;
use super::number::{Number, as_int};
use super::refusal::Refusal;
use super::rows::{Row, Shown};
use super::table::value_type;
use crate::profile::Profile;
use crate::state::State;
use crate::world::text;

/// The columns that a data value set needs, with the server's name for each.
const NEEDED: [(&str, &str); 3] = [("dx", "Data"), ("pe", "Period"), ("ou", "Org unit")];

/// Refuses a query whose grid cannot become data values (`analytics/data-value-set-without-ou`).
pub(super) fn check(dimensions: &Dimensions) -> Result<(), Refusal> {
    let missing = NEEDED.iter().find(|(name, _)| !dimensions.columns.iter().any(|column| column.name == *name));
    match missing {
        Some(("dx", _)) => Err(Refusal::Malformed("Data dimension index must be greater than or equal to zero".into())),
        Some((_, title)) => Err(Refusal::Malformed(format!("{title} header does not exist"))),
        None => Ok(()),
    }
}

/// The data values.
pub(super) fn value_set(state: &State, dimensions: &Dimensions, rows: &[Row<'_>]) -> Value {
    let today = state.settings.now.get(..10).unwrap_or_default();
    let values: Vec<Value> = rows.iter().map(|row| value(state, dimensions, row, today)).collect();
    json!({"dataValues": values})
}

fn value(state: &State, dimensions: &Dimensions, row: &Row<'_>, today: &str) -> Value {
    let cell = |name: &str| {
        let place = dimensions.columns.iter().position(|column| column.name == name)?;
        row.items.get(place).cloned()
    };
    let (element, mut category, mut attribute) = target(state, row.item);
    category = cell("co").or(category);
    attribute = cell("ao").or(attribute);
    let mut value = Map::new();
    let renamed = cell("dx").filter(|_| !matches!(row.item, DataItem::Operand(_)) && element.is_none());
    value.insert("dataElement".into(), element.or(renamed).into());
    value.insert("period".into(), cell("pe").into());
    value.insert("orgUnit".into(), cell("ou").into());
    for (key, combo) in [("categoryOptionCombo", category), ("attributeOptionCombo", attribute)] {
        if let Some(combo) = combo {
            value.insert(key.into(), combo.into());
        }
    }
    value.insert("value".into(), printed(state, row).into());
    value.insert("created".into(), today.into());
    value.insert("lastUpdated".into(), today.into());
    value.insert("comment".into(), "[aggregated]".into());
    value.insert("followup".into(), false.into());
    Value::Object(value)
}

/// The data element and combos that an item's values are exported to; none where the row's own names stand.
fn target(state: &State, item: &DataItem) -> (Option<String>, Option<String>, Option<String>) {
    let (plural, id) = match item {
        DataItem::Operand(operand) => {
            let combos = (operand.category_option_combo.clone(), operand.attribute_option_combo.clone());
            return (Some(operand.element.clone()), combos.0.or_else(|| Some("*".into())), combos.1);
        }
        DataItem::Indicator(id) => ("indicators", id),
        DataItem::ProgramIndicator(id) => ("programIndicators", id),
        _ => return (None, None, None),
    };
    let Some(object) = state.world.get(plural, id) else { return (None, None, None) };
    let export = |property: &str| text(object, property).map(str::to_owned);
    let renames = plural == "programIndicators" && state.profile >= Profile::V42;
    (
        if renames { export("aggregateExportDataElement") } else { None },
        export("aggregateExportCategoryOptionCombo"),
        export("aggregateExportAttributeOptionCombo"),
    )
}

fn printed(state: &State, row: &Row<'_>) -> String {
    let number = match &row.value {
        Shown::Text(text) => return text.clone(),
        Shown::Number(number) => *number,
    };
    match number {
        Number::Double(double) if is_whole(state, row.item) => as_int(double).java_text(),
        _ => number.java_text(),
    }
}

/// Whether an item's values are whole numbers (`AnalyticsUtils.getIntegerOrValue`).
fn is_whole(state: &State, item: &DataItem) -> bool {
    let world = &state.world;
    let whole_type = |id: &str| world.get("dataElements", id).is_some_and(|element| value_type(element).is_integer());
    let no_decimals = |plural: &str, id: &str| world.get(plural, id).and_then(decimals) == Some(0);
    match item {
        DataItem::Element(id) => whole_type(id),
        DataItem::Operand(operand) => whole_type(&operand.element),
        DataItem::Indicator(id) => no_decimals("indicators", id),
        DataItem::ProgramIndicator(id) => no_decimals("programIndicators", id),
        _ => false,
    }
}
