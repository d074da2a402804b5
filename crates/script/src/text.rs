//! Texts in scripts: joining, cutting, searching, and turning them into numbers.
//!
//! Positions and lengths count characters. A text joins with anything by `+`; nothing is ever turned into a number
//! unless the script says `number(…)`.

use std::fmt::{self, Write as _};

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, Map};
use rust_decimal::Decimal;

use super::failing::{Failed, failure, text_too_long};
use super::limits;
use super::marks::NOT_A_NUMBER;
use super::number::{Number, of_dynamic, plain, to_dynamic};
use super::period_type::ScriptPeriod;
use super::script_row::ScriptRow;
use super::things::identity;
use super::work::charge_text;
use xfer_domain::shown::cut_off;

/// Registers the functions of texts.
pub(super) fn register(engine: &mut Engine) {
    register_conversions(engine);
    engine
        .register_get("len", |text: &mut ImmutableString| length(text))
        .register_fn("len", |text: &mut ImmutableString| length(text))
        .register_fn("is_empty", |text: &mut ImmutableString| text.is_empty())
        .register_fn("to_upper", |text: &mut ImmutableString| worked(text).to_uppercase())
        .register_fn("to_lower", |text: &mut ImmutableString| worked(text).to_lowercase())
        .register_fn("trim", |text: &mut ImmutableString| worked(text).trim().to_owned())
        .register_fn("contains", |text: &mut ImmutableString, part: &str| worked(text).contains(part))
        .register_fn("starts_with", |text: &mut ImmutableString, part: &str| text.starts_with(part))
        .register_fn("ends_with", |text: &mut ImmutableString, part: &str| text.ends_with(part))
        .register_fn("replace", replace)
        .register_fn("split", |text: &mut ImmutableString, at: &str| -> Array {
            worked(text).split(at).map(|part| Dynamic::from(part.to_owned())).collect()
        })
        .register_fn("sub_string", |text: &mut ImmutableString, start: INT| part(text, start, INT::MAX))
        .register_fn("sub_string", |text: &mut ImmutableString, start: INT, length: INT| part(text, start, length))
        .register_fn("index_of", |text: &mut ImmutableString, part: &str| -> INT {
            worked(text).find(part).map_or(-1, |at| length(&text[..at]))
        });
}

fn register_conversions(engine: &mut Engine) {
    engine
        .register_fn("number", number)
        .register_fn("number", |number: INT| number)
        .register_fn("number", |number: Decimal| number)
        .register_fn("is_number", |value: Dynamic| is_number(&value))
        .register_fn("is_text", |value: Dynamic| value.is_string())
        .register_fn("text", |value: Dynamic| shown(&value))
        .register_fn("to_string", |value: &mut Dynamic| shown(value))
        .register_fn("+", |left: ImmutableString, right: Dynamic| joined(&left, &shown(&right)))
        .register_fn("+", |left: Dynamic, right: ImmutableString| joined(&shown(&left), &right))
        .register_fn("+", |left: ImmutableString, right: ImmutableString| joined(&left, &right))
        .register_fn("+=", |left: &mut ImmutableString, right: Dynamic| -> Failed<()> {
            *left = joined(left, &shown(&right))?.into();
            Ok(())
        })
        .register_fn("+=", |left: &mut ImmutableString, right: ImmutableString| -> Failed<()> {
            *left = joined(left, &right)?.into();
            Ok(())
        });
}

fn joined(left: &str, right: &str) -> Failed<String> {
    let joined = [left, right].concat();
    charge_text(&joined);
    if joined.len() > super::limits::TEXT { Err(text_too_long()) } else { Ok(joined) }
}

/// A text that is gone through from start to end, which counts.
fn worked(text: &str) -> &str {
    charge_text(text);
    text
}

/// A value as a person would write it, cut off where a text may be no longer: a list can hold the same long text ten
/// thousand times.
pub(super) fn shown(value: &Dynamic) -> String {
    written(value, limits::TEXT)
}

/// The reason that a value is, as long as reasons may be.
pub(super) fn reason(value: &Dynamic) -> String {
    // A character more, so that it shows whether there is more.
    cut_off(written(value, limits::REASON + 4), limits::REASON)
}

impl fmt::Display for ScriptRow {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.data.name)?;
        if let Some(combo) = &self.category_option_combo {
            write!(formatter, " ({})", combo.name)?;
        }
        let value = shown(&self.value);
        write!(formatter, " at {} in {} = {value}", self.org_unit.name, self.period)
    }
}

fn written(value: &Dynamic, most: usize) -> String {
    let mut bounded = Bounded { text: String::new(), most };
    // The one failure is the bound's.
    let _ = write_value(&mut bounded, value, None);
    bounded.text
}

struct Bounded {
    text: String,
    most: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.most.saturating_sub(self.text.len());
        let fits = text.floor_char_boundary(room.min(text.len()));
        self.text.push_str(text.get(..fits).unwrap_or_default());
        if fits < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Inside of lists and maps, so many deep, texts are quoted.
fn write_value(to: &mut Bounded, value: &Dynamic, depth: Option<usize>) -> fmt::Result {
    let inside = Some(depth.map_or(0, |depth| depth + 1));
    if depth.is_some_and(|depth| depth > super::limits::DEPTH) {
        return to.write_str("…");
    }
    if let Some(list) = value.read_lock::<Array>() {
        to.write_str("[")?;
        for (index, element) in list.iter().enumerate() {
            to.write_str(if index == 0 { "" } else { ", " })?;
            write_value(to, element, inside)?;
        }
        to.write_str("]")
    } else if let Some(map) = value.read_lock::<Map>() {
        to.write_str("#{")?;
        for (index, (key, element)) in map.iter().enumerate() {
            write!(to, "{}{key}: ", if index == 0 { "" } else { ", " })?;
            write_value(to, element, inside)?;
        }
        to.write_str("}")
    } else if let Some(text) = value.read_lock::<ImmutableString>() {
        if depth.is_some() { write!(to, "\"{}\"", &*text) } else { to.write_str(&text) }
    } else if let Some(number) = of_dynamic(value) {
        to.write_str(&plain(number))
    } else if let Some(period) = value.read_lock::<ScriptPeriod>() {
        write!(to, "{}", period.0)
    } else if let Some(row) = value.read_lock::<ScriptRow>() {
        write!(to, "{}", &*row)
    } else if let Some((_, name)) = identity(value) {
        to.write_str(&name)
    } else if let Ok(character) = value.as_char() {
        to.write_char(character)
    } else if let Ok(truth) = value.as_bool() {
        write!(to, "{truth}")
    } else if value.is_unit() {
        to.write_str("()")
    } else {
        write!(to, "({})", value.type_name())
    }
}

/// Whether a value is a number, or a text that means one.
fn is_number(value: &Dynamic) -> bool {
    value.is_int()
        || value.is_decimal()
        || value.read_lock::<ImmutableString>().is_some_and(|text| Number::parse(&text).is_some())
}

fn number(text: &str) -> Failed<Dynamic> {
    Number::parse(text).map(|number| to_dynamic(number.decimal())).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        failure(format!("{NOT_A_NUMBER}`{shown}`"))
    })
}

fn length(text: &str) -> INT {
    charge_text(text);
    INT::try_from(text.chars().count()).unwrap_or(INT::MAX)
}

/// A part by position; a negative start counts from the end, and what lies outside is left out.
fn part(text: &str, start: INT, count: INT) -> String {
    let start = if start < 0 { (length(text) + start).max(0) } else { start };
    let (start, count) = (usize::try_from(start).unwrap_or(0), usize::try_from(count).unwrap_or(0));
    charge_text(text);
    text.chars().skip(start).take(count).collect()
}

/// A changed copy, as every function of texts gives; the text itself stays.
fn replace(text: &mut ImmutableString, what: &str, with: &str) -> Failed<String> {
    charge_text(text);
    let places = if what.is_empty() { text.chars().count() + 1 } else { text.matches(what).count() };
    let grown = places.saturating_mul(with.len()).saturating_add(text.len());
    if grown > super::limits::TEXT {
        return Err(text_too_long());
    }
    Ok(text.replace(what, with))
}
