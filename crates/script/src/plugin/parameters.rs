//! The parameters given to a plugin, checked against its manifest: names, kinds, ranges, choices; defaults filled in.

use std::collections::BTreeMap;

use super::{Kind, Manifest, Parameter, PluginError, meant};
use xfer_domain::decimal::plain_text;
use xfer_domain::script::ParameterValue;
use xfer_domain::written_number::NumberManner;

/// The parameters as the script gets them: what was given, checked, and the defaults of the rest.
///
/// # Errors
/// [`PluginError`] for a name that there is not, a value that does not fit, and one that is missing.
pub fn check(
    manifest: &Manifest,
    given: &BTreeMap<String, ParameterValue>,
) -> Result<BTreeMap<String, ParameterValue>, PluginError> {
    if let Some(unknown) = given.keys().find(|name| manifest.parameter(name).is_none()) {
        let names = manifest.parameters.iter().map(|parameter| parameter.name.as_str());
        let hint = if manifest.parameters.is_empty() { "it takes none".to_owned() } else { meant(unknown, names) };
        return Err(PluginError::rule(format!("the plugin {} has no parameter {unknown}", manifest.name), hint));
    }
    let mut checked = BTreeMap::new();
    for parameter in &manifest.parameters {
        let value = match (given.get(&parameter.name), &parameter.default) {
            (Some(value), _) => fitting(parameter, value)?,
            (None, Some(default)) => fitting(parameter, default)?,
            (None, None) => {
                return Err(PluginError::rule(
                    format!("the plugin {} needs the parameter {}", manifest.name, parameter.name),
                    format!("{} Give --param {}=…, {}", parameter.prompt, parameter.name, parameter.in_words()),
                ));
            }
        };
        checked.insert(parameter.name.clone(), value);
    }
    Ok(checked)
}

/// The parameters that nobody gave, in the manifest's order: those that a person at a terminal is asked for.
pub fn missing<'manifest>(
    manifest: &'manifest Manifest,
    given: &BTreeMap<String, ParameterValue>,
) -> Vec<&'manifest Parameter> {
    manifest.parameters.iter().filter(|parameter| !given.contains_key(&parameter.name)).collect()
}

/// What a person's answer means for a parameter. A text needs no quotes, whatever it looks like, and a list no brackets.
///
/// # Errors
/// [`PluginError`] where it does not fit.
pub fn read(parameter: &Parameter, answer: &str) -> Result<ParameterValue, PluginError> {
    let answer = answer.trim();
    let value = match parameter.kind {
        Kind::Text => match ParameterValue::parse(answer) {
            ParameterValue::Text(text) => ParameterValue::Text(text),
            _ => ParameterValue::Text(answer.to_owned()),
        },
        Kind::Numbers | Kind::Texts if !answer.starts_with('[') => ParameterValue::parse(&format!("[{answer}]")),
        Kind::Truth => match answer.to_lowercase().as_str() {
            "yes" | "y" => ParameterValue::Boolean(true),
            "no" | "n" => ParameterValue::Boolean(false),
            other => ParameterValue::parse(other),
        },
        _ => ParameterValue::parse(answer),
    };
    fitting(parameter, &value)
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
