//! Values in a manifest, written as a person writes them: `5`, `0.07`, `true`, `"text"`, `["a", "b"]`. Numbers are read
//! exactly as they stand there.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use xfer_domain::decimal::parse_number;
use xfer_domain::script::ParameterValue;

/// A value of a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting(pub(super) ParameterValue);

impl<'de> Deserialize<'de> for Setting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SettingVisitor)
    }
}

struct SettingVisitor;

/// A number by its shortest text, which is the one that was written.
fn number<E: Error>(text: &str) -> Result<Setting, E> {
    let number = parse_number(text).ok_or_else(|| E::custom(format!("`{text}` is not a number")))?;
    Ok(Setting(ParameterValue::Number(number.normalized())))
}

impl<'de> Visitor<'de> for SettingVisitor {
    type Value = Setting;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a text, true, false, or a list of them")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Setting, E> {
        Ok(Setting(ParameterValue::Boolean(truth)))
    }

    fn visit_i64<E: Error>(self, whole: i64) -> Result<Setting, E> {
        number(&whole.to_string())
    }

    fn visit_u64<E: Error>(self, whole: u64) -> Result<Setting, E> {
        number(&whole.to_string())
    }

    fn visit_f32<E: Error>(self, decimal: f32) -> Result<Setting, E> {
        number(&decimal.to_string())
    }

    fn visit_f64<E: Error>(self, decimal: f64) -> Result<Setting, E> {
        number(&decimal.to_string())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Setting, E> {
        Ok(Setting(ParameterValue::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Setting, A::Error> {
        let mut values = Vec::new();
        while let Some(Setting(value)) = sequence.next_element()? {
            values.push(value);
        }
        Ok(Setting(ParameterValue::List(values)))
    }
}
