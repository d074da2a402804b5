//! Values and rows between a run and its scripts.

use crate::plan::PlannedItem;
use crate::shape::Value;
use xfer_domain::decimal::plain_text;
use xfer_domain::metadata::Metadata;
use xfer_domain::source_value::SourceValue;
use xfer_domain::value_type::ValueType;
use xfer_script::Number;

/// A value for a script; none for a number that is too large.
pub(super) fn to_script(value: &Value, value_type: ValueType) -> Option<xfer_script::Value> {
    match value {
        Value::Number(number) => Number::from_big(number).map(xfer_script::Value::Number),
        Value::Text(text) if value_type.is_numeric() => Some(xfer_script::Value::Text(text.clone())),
        Value::Text(text) => {
            Some(xfer_script::Value::read(text, value_type).unwrap_or_else(|| xfer_script::Value::Text(text.clone())))
        }
    }
}

/// A value of a script.
pub(super) fn from_script(value: xfer_script::Value) -> Value {
    match value {
        xfer_script::Value::Number(number) => Value::Number(number.settled().to_big()),
        xfer_script::Value::Text(text) => Value::Text(text),
        xfer_script::Value::Boolean(truth) => Value::Text(truth.to_string()),
    }
}

/// A row for a script. A text that is none of its type is for the script to see, as it is.
pub(super) fn to_row(row: &SourceValue, source: &Metadata) -> xfer_script::Row {
    let value_type = row.data.value_type(source).unwrap_or(ValueType::Number);
    let value = row.value.as_ref().map(|text| {
        xfer_script::Value::read(text, value_type).unwrap_or_else(|| xfer_script::Value::Text(text.clone()))
    });
    xfer_script::Row {
        data: row.data,
        category_option_combo: row.category_option_combo,
        attribute_option_combo: row.attribute_option_combo,
        org_unit: row.org_unit,
        period: row.period,
        value,
    }
}

/// A row of a script.
pub(super) fn from_row(row: xfer_script::Row) -> SourceValue {
    SourceValue {
        data: row.data,
        category_option_combo: row.category_option_combo,
        attribute_option_combo: row.attribute_option_combo,
        org_unit: row.org_unit,
        period: row.period,
        value: row.value.map(|value| match from_script(value) {
            Value::Number(number) => plain_text(&number),
            Value::Text(text) => text,
        }),
        remark: None,
    }
}

/// What kind of value an item reads.
pub(super) fn source_type(item: &PlannedItem, source: &Metadata) -> ValueType {
    item.source.data().value_type(source).unwrap_or(ValueType::Number)
}
