//! From a combined value to the one text that every destination stores alike (dhis2-api 6.8).

use bigdecimal::BigDecimal;

use xfer_domain::decimal::{parse_number, plain_text};
use xfer_domain::value_type::{ValueRefusal, ValueType};

/// A cell's value before it becomes text.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// As the source sent it.
    Text(String),
    /// Calculated.
    Number(BigDecimal),
}

impl Value {
    /// As people read it.
    pub fn in_words(&self) -> String {
        match self {
            Self::Number(number) => plain_text(number),
            Self::Text(text) => text.clone(),
        }
    }

    /// Whether another is the same number, or the same text.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self.number(), other.number()) {
            (Some(number), Some(other)) => number == other,
            _ => self == other,
        }
    }

    fn number(&self) -> Option<BigDecimal> {
        match self {
            Self::Number(number) => Some(number.clone()),
            Self::Text(text) => parse_number(text),
        }
    }
}

/// The canonical text of a value for a destination's value type.
///
/// Numbers keep every digit; `12.0` becomes `12` where the type is whole, because servers up to 2.42 refuse the one and
/// 2.43 stores the other. A number read from analytics (`12.0`, `1.0E-4`) that goes into a text element becomes plain.
pub(crate) fn shape(
    value: Value,
    value_type: ValueType,
    from_analytics: impl FnOnce() -> bool,
) -> Result<String, ValueRefusal> {
    match value {
        Value::Number(number) => value_type.into_canonical(plain_text(&number)),
        Value::Text(text) if !value_type.is_numeric() && from_analytics() => match parse_number(&text) {
            Some(number) => value_type.into_canonical(plain_text(&number)),
            None => value_type.into_canonical(text),
        },
        Value::Text(text) => value_type.into_canonical(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Value, shape};
    use xfer_domain::decimal::parse_number;
    use xfer_domain::value_type::{ImportEngine, ValueType};

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn values_become_what_every_server_stores() {
        for (given, value_type, from_analytics, expected) in [
            (text("12.0"), ValueType::Integer, true, "12"),
            (text("1.0E-4"), ValueType::Number, true, "0.0001"),
            (text("3.0"), ValueType::Text, true, "3"),
            (text("3.0"), ValueType::Text, false, "3.0"),
            (Value::Number(parse_number("2.50").unwrap()), ValueType::Number, false, "2.5"),
            (text("TRUE"), ValueType::Boolean, false, "true"),
        ] {
            assert_eq!(shape(given.clone(), value_type, || from_analytics).as_deref(), Ok(expected), "{given:?}");
        }
        assert!(shape(text("2.5"), ValueType::Integer, || false).is_err());
        assert!(shape(text("abc"), ValueType::Number, || false).is_err());
    }

    proptest! {
        #[test]
        fn a_shaped_number_is_stored_unchanged_by_both_engines(digits in -1_000_000_000_i64..1_000_000_000, scale in 0_i64..6) {
            let number = bigdecimal::BigDecimal::new(digits.into(), scale);
            let shaped = shape(Value::Number(number), ValueType::Number, || false).unwrap();
            for engine in [ImportEngine::RowByRow, ImportEngine::SetBased] {
                let stored = ValueType::Number.stored_as(&shaped, engine).unwrap();
                prop_assert_eq!(stored.as_ref(), shaped.as_str());
            }
        }
    }
}
