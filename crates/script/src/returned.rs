//! Reading the result of a hook: values, periods, and rows sorted into those as they were, changed, new and left out.
//!
//! What cannot be read is said in words; the runner adds where and in which hook.

use std::collections::HashMap;
use std::sync::Arc;

use rhai::{Array, Dynamic, ImmutableString};

use super::convert;
use super::error::type_in_words;
use super::limits;
use super::outcome::{KeptRow, LeftOut, Origin, Outcome, Row, RowsOutcome, Value};
use super::script_row::{Fate, ScriptRow};
use xfer_domain::period::Period;
use xfer_domain::script::Hook;

/// The reason of a value that a script leaves out without giving one.
const RETURNED_NOTHING: &str = "the script returned nothing for it";

/// The reason of a row that did not come back.
const NOT_RETURNED: &str = "the script did not return it";

/// What is wrong with a result that is far larger than what was given. The runner adds what to give back instead.
const TOO_MUCH_RETURNED: &str = "the function returned far more than its input: more than 8 MiB of rows, texts and \
                                 reasons beyond twice its rows";

/// What a hook has to give back.
pub(super) fn expected(hook: Hook) -> &'static str {
    match hook {
        Hook::Value | Hook::Combine => "a number, a text, true or false; `()` or `skip(\"why\")` leaves the value out",
        Hook::Period => "a period, such as `p` or `p.shift(-1)`; `()` or `skip(\"why\")` leaves the value out",
        Hook::Rows => "a list of rows, such as `rows.filter(|r| r.value != 0)`",
    }
}

/// A value, or nothing.
pub(super) fn value_of(result: &Dynamic) -> Result<Outcome<Value>, String> {
    if result.is_unit() {
        return Ok(Outcome::Dropped { reason: RETURNED_NOTHING.to_owned() });
    }
    let kind = || format!("the function returned {}", type_in_words(result.type_name()));
    convert::of_dynamic(result).map(Outcome::Changed).ok_or_else(kind)
}

/// The period of one that was given, or nothing.
pub(super) fn period_of(result: &Dynamic, given: Period) -> Result<Outcome<Period>, String> {
    if result.is_unit() {
        return Ok(Outcome::Dropped { reason: RETURNED_NOTHING.to_owned() });
    }
    let period = super::row::period(result)
        .map_err(|_| format!("the function returned {}", type_in_words(result.type_name())))?;
    Ok(if period == given { Outcome::Unchanged } else { Outcome::Changed(period) })
}

/// Sorts what came back: rows as they were, changed and new; and those that did not come back.
pub(super) fn rows_of(result: &Dynamic, given: &[Row]) -> Result<RowsOutcome, String> {
    let Some(list) = result.read_lock::<Array>() else {
        return Err(format!("the function returned {}", type_in_words(result.type_name())));
    };
    let mut room = Room::of(given);
    let at_home = at_home(&list, given);
    let mut seen = vec![false; given.len()];
    let (mut kept, mut dropped, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
    for (index, element) in list.iter().enumerate() {
        let Some(row) = element.read_lock::<ScriptRow>() else {
            let kind = type_in_words(element.type_name());
            return Err(format!("element {} of the list is {kind}, not a row", index + 1));
        };
        // Of a row and its copies the one that stands where it stood is the row, whatever their order.
        let is_copy = |origin: usize| at_home.get(&origin).is_some_and(|home| *home != index);
        let origin = row.origin.filter(|origin| seen.get(*origin) == Some(&false) && !is_copy(*origin));
        if let Some(origin) = origin
            && let Some(seen) = seen.get_mut(origin)
        {
            *seen = true;
        }
        match (row.fate.clone(), origin) {
            (Some(Fate::Skipped(reason)), Some(index)) => {
                room.take(reason.len())?;
                dropped.push(LeftOut { index, reason });
            }
            (Some(Fate::Rejected(reason)), Some(index)) => {
                room.take(reason.len())?;
                rejected.push(LeftOut { index, reason });
            }
            (Some(_), None) => {} // a copy, or a new row that never was
            (None, origin) => {
                // Weighed before it is made: ten thousand rows can share one text, and each gets its own.
                room.take(limits::ROW + text_length(&row.value))?;
                kept.push(kept_row(&row, origin, given)?);
            }
        }
    }
    let not_returned: Arc<str> = NOT_RETURNED.into();
    let missing = seen.iter().enumerate().filter(|(_, seen)| !**seen);
    dropped.extend(missing.map(|(index, _)| LeftOut { index, reason: Arc::clone(&not_returned) }));
    dropped.sort_by_key(|left_out| left_out.index);
    Ok(RowsOutcome::Rows { kept, dropped, rejected })
}

/// What may still be given back of a slice.
struct Room(usize);

impl Room {
    /// As much as follows from what was given, and what a script may add.
    fn of(given: &[Row]) -> Self {
        let given: usize = given.iter().map(|row| limits::ROW + row.value.as_ref().map_or(0, Value::length)).sum();
        Self(limits::RETURNED + limits::RETURNED_TIMES_GIVEN * given)
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        self.0 = self.0.checked_sub(bytes).ok_or_else(|| TOO_MUCH_RETURNED.to_owned())?;
        Ok(())
    }
}

/// Bytes of a text; of all else none.
fn text_length(value: &Dynamic) -> usize {
    value.read_lock::<ImmutableString>().map_or(0, |text| text.len())
}

/// By the place of a row among those given: the element that came of it and stands in its period.
fn at_home(list: &Array, given: &[Row]) -> HashMap<usize, usize> {
    let mut homes = HashMap::new();
    for (index, element) in list.iter().enumerate() {
        let Some(row) = element.read_lock::<ScriptRow>() else { continue };
        let Some(origin) = row.origin else { continue };
        if given.get(origin).is_some_and(|before| before.period == row.period) {
            homes.entry(origin).or_insert(index);
        }
    }
    homes
}

fn kept_row(row: &ScriptRow, origin: Option<usize>, given: &[Row]) -> Result<KeptRow, String> {
    let before = origin.and_then(|index| given.get(index).map(|row| (index, row)));
    let same_value = before.is_some_and(|(_, before)| match &before.value {
        Some(value) => convert::is_same(&row.value, value),
        None => row.value.is_unit(),
    });
    let value = match before {
        Some((_, before)) if same_value => before.value.clone(),
        _ if row.value.is_unit() => None,
        _ => Some(convert::of_dynamic(&row.value).ok_or_else(|| format!("the row {row} has no simple value"))?),
    };
    let after = Row {
        data: row.data.id,
        category_option_combo: row.category_option_combo.as_ref().map(|combo| combo.id),
        attribute_option_combo: row.attribute_option_combo.as_ref().map(|combo| combo.id),
        org_unit: row.org_unit.id,
        period: row.period,
        value,
    };
    let origin = match before {
        Some((index, before)) if *before == after => Origin::Unchanged(index),
        Some((index, _)) => Origin::Changed(index),
        None => Origin::Created,
    };
    Ok(KeptRow { row: after, origin })
}
