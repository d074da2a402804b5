//! A parameter of a plugin: what it may be, and whether a value fits.

use std::fmt;

use bigdecimal::BigDecimal;
use serde::Deserialize;

use super::{PluginError, meant};
use xfer_domain::decimal::plain_text;
use xfer_domain::script::ParameterValue;
use xfer_domain::written_number::NumberManner;

/// A parameter of a plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name: `ctx.params.NAME` in the script.
    pub name: String,
    /// What it may be.
    pub kind: Kind,
    /// What it is where nobody says; without one it has to be given.
    pub default: Option<ParameterValue>,
    /// Smallest and largest number.
    pub range: Option<(BigDecimal, BigDecimal)>,
    /// The texts that it may be; any where there are none.
    pub choices: Vec<String>,
    /// What a person is asked.
    pub prompt: String,
}

/// What a parameter may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Any number.
    Number,
    /// A number without decimals.
    Whole,
    /// Yes or no.
    Truth,
    /// A text.
    Text,
    /// Several numbers.
    Numbers,
    /// Several texts.
    Texts,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Number => "a number",
            Self::Whole => "a whole number",
            Self::Truth => "true or false",
            Self::Text => "a text",
            Self::Numbers => "a list of numbers",
            Self::Texts => "a list of texts",
        })
    }
}

impl Parameter {
    /// What it may be, in words: "a whole number from 0 to 10".
    pub fn in_words(&self) -> String {
        if !self.choices.is_empty() {
            return format!("one of {}", self.choices.join(", "));
        }
        match &self.range {
            Some((least, most)) => format!("{} from {} to {}", self.kind, plain_text(least), plain_text(most)),
            None => self.kind.to_string(),
        }
    }
}

/// The value as the parameter's kind has it. On a command line a text may look like a number, and then it still is one.
pub(super) fn fitting(parameter: &Parameter, value: &ParameterValue) -> Result<ParameterValue, PluginError> {
    let refused = || {
        PluginError::rule(
            format!("{}={value} does not fit", parameter.name),
            format!("{} is {}", parameter.name, parameter.in_words()),
        )
    };
    let as_text = |value: &ParameterValue| match value {
        ParameterValue::Text(text) => Some(ParameterValue::Text(text.clone())),
        ParameterValue::List(_) => None,
        other => Some(ParameterValue::Text(other.to_string())),
    };
    // A text may be a number with a decimal comma.
    let written = match value {
        ParameterValue::Text(text) if matches!(parameter.kind, Kind::Number | Kind::Whole) => {
            NumberManner::of_separator(b',').read(text).ok().map(|number| ParameterValue::Number(number.normalized()))
        }
        _ => None,
    };
    let value = written.as_ref().unwrap_or(value);
    let in_range = |value: &ParameterValue| match (value, &parameter.range) {
        (ParameterValue::Number(number), Some((least, most))) => least <= number && number <= most,
        (ParameterValue::Number(_), None) => true,
        _ => false,
    };
    let fits = match (parameter.kind, value) {
        (Kind::Number, value) => in_range(value).then(|| value.clone()),
        (Kind::Whole, ParameterValue::Number(number)) => {
            (number.is_integer() && in_range(value)).then(|| value.clone())
        }
        (Kind::Truth, ParameterValue::Boolean(_)) => Some(value.clone()),
        (Kind::Text, value) => as_text(value).filter(|text| match text {
            ParameterValue::Text(text) => parameter.choices.is_empty() || parameter.choices.contains(text),
            _ => false,
        }),
        (Kind::Numbers, ParameterValue::List(values)) => values.iter().all(in_range).then(|| value.clone()),
        (Kind::Texts, ParameterValue::List(values)) => {
            values.iter().map(as_text).collect::<Option<Vec<_>>>().map(ParameterValue::List)
        }
        _ => None,
    };
    fits.ok_or_else(|| match (parameter.choices.is_empty(), value) {
        (false, ParameterValue::Text(text)) => PluginError::rule(
            format!("{}={text} is not one of the choices", parameter.name),
            meant(text, parameter.choices.iter().map(String::as_str)),
        ),
        _ => refused(),
    })
}
