//! The parameters of a script: set where it is attached, read as `ctx.params.NAME`.

use std::collections::BTreeMap;

use rhai::Dynamic;

use super::number::{Number, to_dynamic};
use xfer_domain::decimal::plain_text;
use xfer_domain::script::ParameterValue;

/// The value of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
    /// Several of them.
    List(Vec<Self>),
}

/// Parameters by name.
pub type Params = BTreeMap<String, Param>;

impl From<&ParameterValue> for Param {
    /// A number that scripts cannot calculate with stays the text that it is.
    fn from(value: &ParameterValue) -> Self {
        match value {
            ParameterValue::Boolean(truth) => Self::Boolean(*truth),
            ParameterValue::Number(number) => {
                Number::from_big(number).map_or_else(|| Self::Text(plain_text(number)), Self::Number)
            }
            ParameterValue::Text(text) => Self::Text(text.clone()),
            ParameterValue::List(values) => Self::List(values.iter().map(Self::from).collect()),
        }
    }
}

impl Param {
    pub(super) fn to_dynamic(&self) -> Dynamic {
        match self {
            Self::Number(number) => to_dynamic(number.decimal()),
            Self::Text(text) => Dynamic::from(text.clone()),
            Self::Boolean(truth) => Dynamic::from_bool(*truth),
            Self::List(list) => Dynamic::from_array(list.iter().map(Self::to_dynamic).collect()),
        }
    }
}
