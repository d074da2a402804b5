//! Values between the engine and the rest of the program.

use rhai::{Dynamic, ImmutableString};

use super::number::{self, Number};
use super::outcome::Value;

/// A value for the engine.
pub(super) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Number(number) => number::to_dynamic(number.decimal()),
        Value::Text(text) => Dynamic::from(text.clone()),
        Value::Boolean(truth) => Dynamic::from_bool(*truth),
    }
}

/// The value that the engine holds; none for lists, periods and all else that no cell can hold.
pub(super) fn of_dynamic(value: &Dynamic) -> Option<Value> {
    if let Ok(whole) = value.as_int() {
        return Some(Value::Number(Number::from(whole)));
    }
    if let Some(number) = number::of_dynamic(value) {
        return Some(Value::Number(Number::from_decimal(number).settled()));
    }
    if let Ok(truth) = value.as_bool() {
        return Some(Value::Boolean(truth));
    }
    if let Ok(character) = value.as_char() {
        return Some(Value::Text(character.to_string()));
    }
    value.read_lock::<ImmutableString>().map(|text| Value::Text(text.to_string()))
}

/// Whether the engine holds just this value.
pub(super) fn is_same(value: &Dynamic, given: &Value) -> bool {
    match given {
        Value::Number(number) => number.is_held_by(value),
        Value::Text(text) => value.read_lock::<ImmutableString>().is_some_and(|value| value.as_str() == text),
        Value::Boolean(truth) => value.as_bool() == Ok(*truth),
    }
}
