//! What of the stored values the analytics tables hold (`JdbcAnalyticsTableManager`).
//!
//! The sandbox has no tables: every request reads what is stored now, so that a value shows at once and not after the
//! next analytics run.

use serde_json::Value;

use crate::settings::Settings;
use crate::world::{Object, text};
use xfer_domain::value_type::ValueType;

/// A data element's value type; unknown ones count as text.
pub(super) fn value_type(element: &Object) -> ValueType {
    element.get("valueType").and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or(ValueType::Other)
}

/// How a data element's values enter the tables.
pub(super) struct Column {
    value_type: ValueType,
    zeros: bool,
}

impl Column {
    /// The column of a data element. Zeros of its own are left out unless they are averaged, or significant on a
    /// server that is set to include them (`analytics/zeros-left-out`, `analytics/zeros-included`).
    pub(super) fn of(element: &Object, settings: &Settings) -> Self {
        let averaged = matches!(text(element, "aggregationType"), Some("AVERAGE" | "AVERAGE_SUM_ORG_UNIT"));
        let significant = element.get("zeroIsSignificant").and_then(Value::as_bool).unwrap_or_default();
        Self { value_type: value_type(element), zeros: averaged || (settings.include_zeros && significant) }
    }

    /// The column of results that were calculated before: numbers, zeros among them.
    pub(super) fn of_results() -> Self {
        Self { value_type: ValueType::Number, zeros: true }
    }

    /// The number that the tables hold for a text; none where they hold none. Only the text `0` counts as a zero: a
    /// false answer or `0.0` stays (`analytics/boolean`).
    pub(super) fn number(&self, text: &str) -> Option<f64> {
        match self.value_type {
            ValueType::Boolean if text == "false" => Some(0.0),
            ValueType::Boolean | ValueType::TrueOnly => (text == "true").then_some(1.0),
            _ if self.value_type.is_numeric() => {
                if text == "0" && !self.zeros {
                    return None;
                }
                text.parse().ok().filter(|number: &f64| number.is_finite())
            }
            _ => None,
        }
    }

    /// Whether the tables hold texts for it.
    pub(super) fn is_text(&self) -> bool {
        !self.value_type.is_numeric() && !matches!(self.value_type, ValueType::Boolean | ValueType::TrueOnly)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Column;
    use crate::settings::Settings;

    fn column(value_type: &str, aggregation: &str, significant: bool, include_zeros: bool) -> Column {
        let element =
            json!({"valueType": value_type, "aggregationType": aggregation, "zeroIsSignificant": significant});
        Column::of(element.as_object().unwrap(), &Settings { include_zeros, ..Settings::default() })
    }

    #[test]
    fn zeros_are_left_out_unless_averaged_or_wanted() {
        assert_eq!(column("INTEGER", "SUM", true, false).number("0"), None);
        assert_eq!(column("INTEGER", "SUM", true, true).number("0"), Some(0.0));
        assert_eq!(column("INTEGER", "SUM", false, true).number("0"), None);
        assert_eq!(column("PERCENTAGE", "AVERAGE", false, false).number("0"), Some(0.0));
        assert_eq!(column("NUMBER", "SUM", false, false).number("0.0"), Some(0.0));
    }

    #[test]
    fn booleans_count_and_texts_do_not() {
        let boolean = column("BOOLEAN", "SUM", false, false);
        assert_eq!((boolean.number("true"), boolean.number("false")), (Some(1.0), Some(0.0)));
        assert_eq!(column("TRUE_ONLY", "SUM", false, false).number("false"), None);
        assert_eq!(column("TEXT", "NONE", false, false).number("12"), None);
        assert!(column("TEXT", "NONE", false, false).is_text());
        assert_eq!(column("NUMBER", "SUM", false, false).number("many"), None);
    }
}
