//! `lookup` and `lookup_all`: the other values of the slice.

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};

use crate::context::current;
use crate::convert::to_dynamic;
use crate::failing::{Failed, failure};
use crate::marks::{LOOKUP_TOO_EARLY, LOOKUP_WHERE, SEVERAL};
use crate::row;
use xfer_domain::script::Hook;

/// Registers both.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_fn("lookup", |context: NativeCallContext, data: Dynamic| lookup(&context, &data, &Map::new()))
        .register_fn("lookup", |context: NativeCallContext, data: Dynamic, place: Map| lookup(&context, &data, &place))
        .register_fn("lookup_all", |context: NativeCallContext, data: Dynamic| lookup_all(&context, &data, &Map::new()))
        .register_fn("lookup_all", |context: NativeCallContext, data: Dynamic, place: Map| {
            lookup_all(&context, &data, &place)
        });
}

/// The values of a data item at a place, and what the item is called.
fn found(context: &NativeCallContext, data: &Dynamic, at: &Map) -> Failed<(Array, String)> {
    let current = current(context)?;
    if current.hook == Hook::Period {
        return Err(failure(LOOKUP_TOO_EARLY));
    }
    let slice = &current.slice;
    if let Some(unknown) = at.keys().find(|key| !["coc", "aoc", "org_unit", "period"].contains(&key.as_str())) {
        return Err(failure(format!("{LOOKUP_WHERE}no\t{unknown}")));
    }
    let item = row::data_item(data, slice)?;
    let missing = |member: &str| failure(format!("{LOOKUP_WHERE}{member}"));
    let org_unit = match at.get("org_unit") {
        Some(unit) => row::org_unit(unit, slice)?.id,
        None => current.org_unit.as_ref().ok_or_else(|| missing("org_unit"))?.id,
    };
    let period = match at.get("period") {
        Some(period) => row::period(period)?,
        None => current.period.ok_or_else(|| missing("period"))?,
    };
    let combo =
        |member: &str| at.get(member).map(|combo| row::option_combo(combo, slice).map(|combo| combo.id)).transpose();
    let (coc, aoc) = (combo("coc")?, combo("aoc")?);
    let values = slice.values(item.id, org_unit, period).iter().filter(|value| {
        coc.is_none_or(|coc| value.category_option_combo == Some(coc))
            && aoc.is_none_or(|aoc| value.attribute_option_combo == Some(aoc))
    });
    Ok((values.map(|found| to_dynamic(&found.value)).collect(), item.name.clone()))
}

/// The one value of a data item; nothing where there is none.
fn lookup(context: &NativeCallContext, data: &Dynamic, at: &Map) -> Failed<Dynamic> {
    let (mut values, name) = found(context, data, at)?;
    match values.len() {
        0 => Ok(Dynamic::UNIT),
        1 => Ok(values.remove(0)),
        number => Err(failure(format!("{SEVERAL}{name}\t{number}"))),
    }
}

/// Every value of a data item.
fn lookup_all(context: &NativeCallContext, data: &Dynamic, at: &Map) -> Failed<Array> {
    found(context, data, at).map(|(values, _)| values)
}
