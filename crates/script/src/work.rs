//! What our own functions do is counted too. To the engine a call is one step, whether it adds two numbers or sorts
//! half a million: without a charge, sixteen such calls lie between two looks at the clock.
//!
//! A text is shared by all who hold it, so that a short list can hold far more text than there is memory. What goes
//! through a list's texts weighs them first.

use std::cell::Cell;

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, Map, Position};

use super::failing::{Failed, failure};
use super::limits;
use super::memory::held;
use super::stop::Stop;

/// Elements that are gone through in the time of one step of the engine, roughly.
const ELEMENTS: usize = 8;

/// Bytes of text likewise.
const BYTES: usize = 64;

thread_local! {
    static CHARGED: Cell<u64> = const { Cell::new(0) };
    /// What the running call may take of what only a single function can see growing.
    static BOUNDS: Cell<Bounds> = const { Cell::new(Bounds { held: i64::MAX, text: limits::LISTED_TEXT }) };
}

/// What the error translation looks for.
pub(super) const TOO_MUCH_TEXT: &str = "too much text in the list";
/// What the error translation looks for.
pub(super) const TOO_DEEP: &str = "nested too deeply";

/// How far a single function may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The reading of the meter at which the call has grown too large.
    pub(super) held: i64,
    /// Most bytes of text in one list.
    pub(super) text: usize,
}

/// A call begins that may go so far.
pub(super) fn begin(bounds: Bounds) {
    CHARGED.set(0);
    BOUNDS.set(bounds);
}

fn charge(steps: usize) {
    CHARGED.set(CHARGED.get().saturating_add(steps as u64));
}

/// Counts the work on some elements.
pub(super) fn charge_elements(number: usize) {
    charge(number / ELEMENTS);
}

/// Counts the work on a text.
pub(super) fn charge_text(text: &str) {
    charge(text.len() / BYTES);
}

/// Counts the work of going through all of a list, so many times over.
pub(super) fn charge_list(list: &Array, times: usize) -> Failed<()> {
    let mut weight = 0;
    for element in list {
        weigh(element, &mut weight, 0)?;
    }
    charge((list.len() / ELEMENTS + weight / BYTES).saturating_mul(times));
    Ok(())
}

/// Counts the work of going through all of a map.
pub(super) fn charge_map(map: &Map) -> Failed<()> {
    let mut weight = 0;
    for element in map.values() {
        weigh(element, &mut weight, 0)?;
    }
    charge(map.len() / ELEMENTS + weight / BYTES);
    Ok(())
}

/// The steps charged since this was last asked.
pub(super) fn charged() -> u64 {
    CHARGED.replace(0)
}

/// Stops a function with which the call has grown too large.
pub(super) fn within_memory() -> Failed<()> {
    if held() <= BOUNDS.get().held {
        return Ok(());
    }
    Err(Box::new(EvalAltResult::ErrorTerminated(Stop::Memory.token(), Position::NONE)))
}

/// Adds what a value weighs: its text, and as much as one step for each element inside.
fn weigh(value: &Dynamic, weight: &mut usize, depth: usize) -> Failed<()> {
    if depth > limits::DEPTH {
        return Err(failure(TOO_DEEP));
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        *weight += text.len();
    } else if let Some(list) = value.read_lock::<Array>() {
        *weight += BYTES;
        list.iter().try_for_each(|element| weigh(element, weight, depth + 1))?;
    } else if let Some(map) = value.read_lock::<Map>() {
        *weight += BYTES;
        map.values().try_for_each(|element| weigh(element, weight, depth + 1))?;
    }
    if *weight > BOUNDS.get().text { Err(failure(TOO_MUCH_TEXT)) } else { Ok(()) }
}
