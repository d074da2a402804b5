//! Lists and maps in scripts: totals, searching, sorting, and building new ones.
//!
//! Functions that take a function (`map`, `filter` …) give a new list and leave the old one as it is. Totals take
//! numbers only: a text among them is an error that names its place, never a silent zero.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rhai::{Array, Dynamic, Engine, FnPtr, INT, ImmutableString, Map, NativeCallContext};
use rust_decimal::Decimal;

use super::failing::{Failed, failure, text_too_long};
use super::handed::Handed;
use super::number::{of_dynamic, to_dynamic};
use super::period_type::ScriptPeriod;
use super::things::identity;
use super::{arithmetic, work};
use crate::marks::{EMPTY_LIST, NOT_COMPARABLE, NOT_NUMBERS};

/// Registers the functions of lists and maps.
pub(super) fn register(engine: &mut Engine) {
    engine.register_iterator::<Array>();
    register_totals(engine);
    register_changes(engine);
    register_functions_of_functions(engine);
    register_maps(engine);
    engine
        .register_get("len", |list: &mut Array| length(list.len()))
        .register_fn("len", |list: &mut Array| length(list.len()))
        .register_fn("is_empty", |list: &mut Array| list.is_empty())
        .register_fn("contains", |list: &mut Array, value: Dynamic| -> Failed<bool> {
            Ok(position(list, &value)?.is_some())
        })
        .register_fn("index_of", |list: &mut Array, value: Dynamic| -> Failed<INT> {
            Ok(position(list, &value)?.map_or(-1, length))
        })
        .register_fn("first", |list: &mut Array| list.first().cloned().unwrap_or(Dynamic::UNIT))
        .register_fn("last", |list: &mut Array| list.last().cloned().unwrap_or(Dynamic::UNIT))
        .register_fn("slice", |list: &mut Array, start: INT, count: INT| -> Array {
            let (start, count) = (usize::try_from(start).unwrap_or(0), usize::try_from(count).unwrap_or(0));
            list.iter().skip(start).take(count).cloned().collect()
        })
        .register_fn("join", |list: &mut Array, between: &str| join(list, between))
        .register_fn("+", |left: Array, right: Array| [left, right].concat())
        .register_fn("==", same_lists)
        .register_fn("!=", |left: Array, right: Array| same_lists(left, right).map(|same| !same))
        .register_fn("==", same_maps)
        .register_fn("!=", |left: Map, right: Map| same_maps(left, right).map(|same| !same));
}

fn register_totals(engine: &mut Engine) {
    engine
        .register_fn("sum", |list: &mut Array| Failed::Ok(to_dynamic(sum(list)?)))
        .register_fn("average", |list: &mut Array| -> Failed<Dynamic> {
            if list.is_empty() {
                return failed(EMPTY_LIST);
            }
            arithmetic::divide(sum(list)?, Decimal::from(list.len())).map(to_dynamic)
        })
        .register_fn("median", |list: &mut Array| median(list))
        .register_fn("min", |list: &mut Array| extreme(list, Ordering::Less))
        .register_fn("max", |list: &mut Array| extreme(list, Ordering::Greater));
}

fn register_changes(engine: &mut Engine) {
    engine
        .register_fn("push", |list: &mut Array, value: Dynamic| list.push(value))
        .register_fn("+=", |list: &mut Array, value: Array| list.extend(value))
        .register_fn("pop", |list: &mut Array| list.pop().unwrap_or(Dynamic::UNIT))
        .register_fn("remove", |list: &mut Array, index: INT| match usize::try_from(index) {
            Ok(index) if index < list.len() => list.remove(index),
            _ => Dynamic::UNIT,
        })
        .register_fn("reversed", |list: &mut Array| {
            work::charge_elements(list.len());
            list.iter().rev().cloned().collect::<Array>()
        })
        .register_fn("sorted", |list: Array| sorted(list))
        .register_fn("unique", |list: &mut Array| unique(list));
}

fn register_functions_of_functions(engine: &mut Engine) {
    engine
        .register_fn("map", |context: NativeCallContext, list: &mut Array, function: FnPtr| -> Failed<Array> {
            let mut function = Handed::new(&context, &function);
            list.iter().map(|value| function.call([value.clone()])).collect()
        })
        .register_fn("filter", |context: NativeCallContext, list: &mut Array, function: FnPtr| -> Failed<Array> {
            let mut function = Handed::new(&context, &function);
            let mut kept = Array::new();
            for value in list.iter() {
                if function.holds(value)? {
                    kept.push(value.clone());
                }
            }
            Ok(kept)
        })
        .register_fn("find", |context: NativeCallContext, list: &mut Array, function: FnPtr| -> Failed<Dynamic> {
            Ok(first(list, &mut Handed::new(&context, &function), true)?.cloned().unwrap_or(Dynamic::UNIT))
        })
        .register_fn("some", |context: NativeCallContext, list: &mut Array, function: FnPtr| -> Failed<bool> {
            Ok(first(list, &mut Handed::new(&context, &function), true)?.is_some())
        })
        .register_fn("all", |context: NativeCallContext, list: &mut Array, function: FnPtr| -> Failed<bool> {
            Ok(first(list, &mut Handed::new(&context, &function), false)?.is_none())
        })
        .register_fn("reduce", |context: NativeCallContext, list: &mut Array, function: FnPtr, start: Dynamic| {
            let mut function = Handed::new(&context, &function);
            list.iter().try_fold(start, |total, value| function.call([total, value.clone()]))
        })
        .register_fn("sorted_by", |context: NativeCallContext, list: &mut Array, key: FnPtr| -> Failed<Array> {
            let mut key = Handed::new(&context, &key);
            let keys = list.iter().map(|value| key.call([value.clone()]));
            sorted_by_keys(&keys.collect::<Failed<_>>()?, list)
        })
        .register_fn("group_by", |context: NativeCallContext, list: &mut Array, key: FnPtr| -> Failed<Map> {
            let mut key = Handed::new(&context, &key);
            let mut groups = Map::new();
            for value in list.iter() {
                let key = key.call([value.clone()])?;
                let group =
                    groups.entry(super::text::shown(&key).into()).or_insert_with(|| Dynamic::from_array(Array::new()));
                if let Some(mut group) = group.write_lock::<Array>() {
                    group.push(value.clone());
                }
            }
            Ok(groups)
        });
}

/// The first element that a function says yes to, or no.
fn first<'list>(list: &'list Array, function: &mut Handed<'_>, wanted: bool) -> Failed<Option<&'list Dynamic>> {
    for value in list {
        if function.holds(value)? == wanted {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

fn register_maps(engine: &mut Engine) {
    engine
        .register_fn("len", |map: &mut Map| length(map.len()))
        .register_fn("is_empty", |map: &mut Map| map.is_empty())
        .register_fn("contains", |map: &mut Map, key: &str| map.contains_key(key))
        .register_fn("get", |map: &mut Map, key: &str| map.get(key).cloned().unwrap_or(Dynamic::UNIT))
        .register_fn("get", |map: &mut Map, key: &str, otherwise: Dynamic| map.get(key).cloned().unwrap_or(otherwise))
        .register_fn("set", |map: &mut Map, key: ImmutableString, value: Dynamic| {
            map.insert(key.as_str().into(), value);
        })
        .register_fn("remove", |map: &mut Map, key: &str| map.remove(key).unwrap_or(Dynamic::UNIT))
        .register_fn("keys", |map: &mut Map| map.keys().map(|key| Dynamic::from(key.to_string())).collect::<Array>())
        .register_fn("values", |map: &mut Map| map.values().cloned().collect::<Array>());
}

fn failed<T>(text: &str) -> Failed<T> {
    Err(failure(text))
}

fn length(number: usize) -> INT {
    INT::try_from(number).unwrap_or(INT::MAX)
}

/// The numbers of a list; what is none is named with its place.
fn numbers(list: &Array) -> impl Iterator<Item = Failed<Decimal>> {
    work::charge_elements(list.len());
    list.iter().enumerate().map(|(index, value)| {
        of_dynamic(value).ok_or_else(|| {
            let shown: String = super::text::shown(value).chars().take(40).collect();
            failure(format!("{NOT_NUMBERS}{}\t{}\t{shown}", index + 1, value.type_name()))
        })
    })
}

fn sum(list: &Array) -> Failed<Decimal> {
    numbers(list).try_fold(Decimal::ZERO, |total, number| arithmetic::add(total, number?))
}

fn median(list: &Array) -> Failed<Dynamic> {
    let mut sorted = numbers(list).collect::<Failed<Vec<_>>>()?;
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    match (sorted.get(middle), middle.checked_sub(1).and_then(|before| sorted.get(before))) {
        (None, _) => failed(EMPTY_LIST),
        (Some(upper), Some(lower)) if sorted.len() % 2 == 0 => {
            arithmetic::divide(arithmetic::add(*lower, *upper)?, Decimal::from(2)).map(to_dynamic)
        }
        (Some(middle), _) => Ok(to_dynamic(*middle)),
    }
}

/// The smallest or largest number; nothing of an empty list.
fn extreme(list: &Array, wanted: Ordering) -> Failed<Dynamic> {
    let found = numbers(list).try_fold(None, |best: Option<Decimal>, number| {
        let number = number?;
        Failed::Ok(match best {
            Some(best) if number.cmp(&best) != wanted => Some(best),
            _ => Some(number),
        })
    })?;
    Ok(found.map_or(Dynamic::UNIT, to_dynamic))
}

/// How two values are ordered; none where they are of different kinds, or of one that has no order.
fn order(left: &Dynamic, right: &Dynamic) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (of_dynamic(left), of_dynamic(right)) {
        return Some(arithmetic::compare(left, right));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<ScriptPeriod>(), right.read_lock::<ScriptPeriod>()) {
        return Some(left.0.cmp(&right.0));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<ImmutableString>(), right.read_lock::<ImmutableString>()) {
        return Some(left.as_str().cmp(right.as_str()));
    }
    match (left.as_bool(), right.as_bool()) {
        (Ok(left), Ok(right)) => Some(left.cmp(&right)),
        _ => None,
    }
}

/// Whether two values are the same, lists and maps element by element. Values of different kinds are not.
pub(super) fn same(left: &Dynamic, right: &Dynamic) -> bool {
    if let Some(order) = order(left, right) {
        return order.is_eq();
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Array>(), right.read_lock::<Array>()) {
        return left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| same(left, right));
    }
    if let (Some(left), Some(right)) = (left.read_lock::<Map>(), right.read_lock::<Map>()) {
        return left.len() == right.len()
            && left.iter().zip(right.iter()).all(|((key, left), (other, right))| key == other && same(left, right));
    }
    if let (Some((left, _)), Some((right, _))) = (identity(left), identity(right)) {
        return left == right;
    }
    left.is_unit() && right.is_unit()
}

/// Refuses elements that have no order among them, and counts the work of sorting them.
fn check_order(keys: &Array) -> Failed<()> {
    // Weighed before any two are compared: texts that are shared can be far more than there is memory.
    work::charge_list(keys, keys.len().checked_ilog2().map_or(1, |power| power as usize + 1))?;
    if let Some((first, rest)) = keys.split_first()
        && let Some(other) = rest.iter().find(|key| order(first, key).is_none())
    {
        return Err(failure(format!("{NOT_COMPARABLE}{}\t{}", first.type_name(), other.type_name())));
    }
    Ok(())
}

/// All are of one kind by now, so every two have an order.
fn ordered(left: &Dynamic, right: &Dynamic) -> Ordering {
    order(left, right).unwrap_or(Ordering::Equal)
}

fn sorted(mut list: Array) -> Failed<Array> {
    check_order(&list)?;
    list.sort_by(ordered);
    Ok(list)
}

/// Sorts a list by keys, one for each of its elements.
fn sorted_by_keys(keys: &Array, list: &Array) -> Failed<Array> {
    check_order(keys)?;
    let mut paired: Vec<(&Dynamic, &Dynamic)> = keys.iter().zip(list).collect();
    paired.sort_by(|left, right| ordered(left.0, right.0));
    Ok(paired.into_iter().map(|(_, value)| value.clone()).collect())
}

fn same_lists(left: Array, right: Array) -> Failed<bool> {
    work::charge_list(&left, 1)?;
    Ok(same(&left.into(), &right.into()))
}

fn same_maps(left: Map, right: Map) -> Failed<bool> {
    work::charge_map(&left)?;
    Ok(same(&left.into(), &right.into()))
}

/// Where a value stands in a list.
fn position(list: &Array, wanted: &Dynamic) -> Failed<Option<usize>> {
    work::charge_list(list, 1)?;
    Ok(list.iter().position(|value| same(value, wanted)))
}

/// Each value once, in the order of first appearance.
fn unique(list: &Array) -> Failed<Array> {
    work::charge_list(list, 1)?;
    let mut seen = BTreeSet::new();
    let mut kept = Array::new();
    for value in list {
        if seen.insert((value.type_name(), super::text::shown(value))) {
            kept.push(value.clone());
        }
        work::within_memory()?;
    }
    Ok(kept)
}

/// Joined texts; too long a result is refused before it is built.
fn join(list: &Array, between: &str) -> Failed<String> {
    let mut joined = String::new();
    for (index, value) in list.iter().enumerate() {
        if index > 0 {
            joined.push_str(between);
        }
        joined.push_str(&super::text::shown(value));
        if joined.len() > super::limits::TEXT {
            return Err(text_too_long());
        }
    }
    Ok(joined)
}
