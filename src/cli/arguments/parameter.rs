//! A parameter of a script, on the command line.

use xfer_domain::script::ParameterValue;

/// A parameter as `NAME=VALUE`.
pub(crate) fn parameter(text: &str) -> Result<(String, ParameterValue), String> {
    let parts = text.split_once('=').map(|(name, value)| (name.trim(), value));
    let named = parts.filter(|(name, _)| {
        !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    });
    match named {
        Some((name, value)) => Ok((name.to_owned(), ParameterValue::parse(value))),
        None => Err(format!("`{text}` is not a parameter; write NAME=VALUE, such as factor=0.07")),
    }
}
