//! Values and parameters as they stand in a file of tests: `7`, `0.07`, `"text"`, `true`, and lists of them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

use crate::number::Number;
use crate::outcome::Value;
use crate::params::Param;
use xfer_domain::script::ParameterValue;

/// Most significant digits of a number with decimals: so many survive the way through a binary float unharmed.
const FLOAT_DIGITS: usize = 15;

/// A number, a text, yes or no, or (for parameters) several of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar(Param);

impl Scalar {
    /// As a parameter.
    pub fn to_param(&self) -> Param {
        self.0.clone()
    }

    /// As a value; none for a list, which no cell can hold.
    pub fn to_value(&self) -> Option<Value> {
        match &self.0 {
            Param::Number(number) => Some(Value::Number(*number)),
            Param::Text(text) => Some(Value::Text(text.clone())),
            Param::Boolean(truth) => Some(Value::Boolean(*truth)),
            Param::List(_) => None,
        }
    }
}

impl From<Value> for Scalar {
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Number(number) => Param::Number(number),
            Value::Text(text) => Param::Text(text),
            Value::Boolean(truth) => Param::Boolean(truth),
        })
    }
}

impl From<&ParameterValue> for Scalar {
    fn from(value: &ParameterValue) -> Self {
        Self(value.into())
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, a text in quotes, true or false")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Scalar, E> {
        Ok(Scalar(Param::Boolean(truth)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar(Param::Number(number.into())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        read(&number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        // The shortest text that means this float is what was written, as long as it was not longer than a float can tell.
        let text = number.to_string();
        if text.bytes().filter(u8::is_ascii_digit).count() > FLOAT_DIGITS + 1 {
            return Err(E::custom("a number with decimals has at most 15 digits here"));
        }
        read(&text)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar(Param::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Scalar, A::Error> {
        let mut list = Vec::new();
        while let Some(Scalar(element)) = sequence.next_element()? {
            list.push(element);
        }
        Ok(Scalar(Param::List(list)))
    }
}

fn read<E: Error>(text: &str) -> Result<Scalar, E> {
    Number::parse(text).map(|number| Scalar(Param::Number(number))).ok_or_else(|| E::custom("the number is too large"))
}
