//! The parameters given to a plugin, checked against its manifest: names, kinds, ranges, choices; defaults filled in.

use std::collections::BTreeMap;

use super::parameter::{Kind, Parameter, fitting};
use super::{Manifest, PluginError, meant};
use xfer_domain::script::ParameterValue;

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
