//! Calculating in scripts: every operator of numbers, so that whole numbers and decimals mix without a thought, and the
//! functions a formula needs.
//!
//! The engine's own operators are overridden one and all (it looks for registered ones first, see
//! [`super::engine`]): they divide 10 by 4 into 2 and refuse integers that overflow. Comparisons settle both sides first.

use std::any::TypeId;
use std::cmp::Ordering;

use rhai::{Dynamic, Engine, INT};
use rust_decimal::{Decimal, RoundingStrategy};

use super::failing::{self, Failed};
use super::number::{of_dynamic, settle, to_dynamic};

/// Largest exponent of `**`; beyond it every number but 0 and 1 is too large or too small anyway.
const LARGEST_POWER: i64 = 200;

/// What the error translation looks for; the texts are ours, so that it can.
pub(super) mod failure {
    pub(crate) const DIVISION_BY_ZERO: &str = "division by zero";
    pub(crate) const TOO_LARGE: &str = "the number is too large";
    pub(crate) const NO_POWER: &str = "the power cannot be calculated";
    pub(crate) const NO_ROOT: &str = "a negative number has no root";
    pub(crate) const DECIMALS: &str = "decimals are 0 to 20";
}

fn failed<T>(why: &str) -> Failed<T> {
    Err(failing::failure(why))
}

fn checked(number: Option<Decimal>) -> Failed<Decimal> {
    number.map_or_else(|| failed(failure::TOO_LARGE), Ok)
}

pub(super) fn add(left: Decimal, right: Decimal) -> Failed<Decimal> {
    checked(left.checked_add(right))
}

fn subtract(left: Decimal, right: Decimal) -> Failed<Decimal> {
    checked(left.checked_sub(right))
}

fn multiply(left: Decimal, right: Decimal) -> Failed<Decimal> {
    checked(left.checked_mul(right))
}

pub(super) fn divide(left: Decimal, right: Decimal) -> Failed<Decimal> {
    if right.is_zero() { failed(failure::DIVISION_BY_ZERO) } else { checked(left.checked_div(right)) }
}

fn remainder(left: Decimal, right: Decimal) -> Failed<Decimal> {
    if right.is_zero() { failed(failure::DIVISION_BY_ZERO) } else { checked(settle(left).checked_rem(settle(right))) }
}

fn power(base: Decimal, exponent: Decimal) -> Failed<Decimal> {
    let whole = i64::try_from(settle(exponent)).ok().filter(|_| settle(exponent).fract().is_zero());
    let Some(exponent) = whole.filter(|whole| whole.abs() <= LARGEST_POWER) else {
        return failed(failure::NO_POWER);
    };
    let mut result = Decimal::ONE;
    for _ in 0..exponent.abs() {
        result = multiply(result, base)?;
    }
    if exponent < 0 { divide(Decimal::ONE, result) } else { Ok(result) }
}

type Operator = fn(Decimal, Decimal) -> Failed<Decimal>;
type Comparison = fn(Ordering) -> bool;

const OPERATORS: [(&str, &str, Operator); 6] = [
    ("+", "+=", add),
    ("-", "-=", subtract),
    ("*", "*=", multiply),
    ("/", "/=", divide),
    ("%", "%=", remainder),
    ("**", "**=", power),
];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Ordering::is_eq),
    ("!=", Ordering::is_ne),
    ("<", Ordering::is_lt),
    ("<=", Ordering::is_le),
    (">", Ordering::is_gt),
    (">=", Ordering::is_ge),
];

/// How two numbers compare, as they would be written.
pub(super) fn compare(left: Decimal, right: Decimal) -> Ordering {
    settle(left).cmp(&settle(right))
}

/// Rounded to some decimals, half away from zero.
pub(super) fn round(number: Decimal, decimals: u32) -> Decimal {
    settle(number).round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn decimals(number: INT) -> Failed<u32> {
    u32::try_from(number).ok().filter(|number| *number <= 20).map_or_else(|| failed(failure::DECIMALS), Ok)
}

/// Registers the operators and the functions of one number.
pub(super) fn register(engine: &mut Engine) {
    register_operators(engine);
    register_functions::<INT>(engine);
    register_functions::<Decimal>(engine);
}

fn register_operators(engine: &mut Engine) {
    for (name, assign, operator) in OPERATORS {
        // Whole numbers first: nearly all calculations are of them, and fit.
        let whole: fn(INT, INT) -> Option<INT> = match name {
            "+" => INT::checked_add,
            "-" => INT::checked_sub,
            "*" => INT::checked_mul,
            _ => |_, _| None,
        };
        let calculate = move |arguments: &[&mut Dynamic]| -> Failed<Dynamic> {
            let [left, right] = arguments else { return failed(failure::TOO_LARGE) };
            if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int())
                && let Some(result) = whole(left, right)
            {
                return Ok(Dynamic::from_int(result));
            }
            let (Some(left), Some(right)) = (of_dynamic(left), of_dynamic(right)) else {
                return failed(failure::TOO_LARGE);
            };
            operator(left, right).map(to_dynamic)
        };
        for types in pairs() {
            engine.register_raw_fn(name, types, move |_, arguments| calculate(arguments));
            engine.register_raw_fn(assign, types, move |_, arguments| {
                let result = calculate(arguments)?;
                if let Some(left) = arguments.first_mut() {
                    **left = result;
                }
                Ok(())
            });
        }
    }
    for (name, holds) in COMPARISONS {
        engine.register_fn(name, move |left: INT, right: Decimal| holds(compare(left.into(), right)));
        engine.register_fn(name, move |left: Decimal, right: INT| holds(compare(left, right.into())));
        engine.register_fn(name, move |left: Decimal, right: Decimal| holds(compare(left, right)));
    }
    engine.register_fn("-", |number: INT| to_dynamic(-Decimal::from(number)));
    engine.register_fn("-", |number: Decimal| to_dynamic(-number));
    engine.register_fn("+", |number: INT| number);
    engine.register_fn("+", |number: Decimal| number);
}

/// Every pairing of the two forms of a number.
fn pairs() -> [[TypeId; 2]; 4] {
    let (whole, decimal) = (TypeId::of::<INT>(), TypeId::of::<Decimal>());
    [[whole, whole], [whole, decimal], [decimal, whole], [decimal, decimal]]
}

/// The functions of one number, for one of its forms.
fn register_functions<N: Clone + Send + Sync + Into<Decimal> + 'static>(engine: &mut Engine) {
    engine
        .register_fn("round", |number: N| to_dynamic(round(number.into(), 0)))
        .register_fn("round", |number: N, places: INT| -> Failed<Dynamic> {
            Ok(to_dynamic(round(number.into(), decimals(places)?)))
        })
        .register_fn("floor", |number: N| to_dynamic(settle(number.into()).floor()))
        .register_fn("ceil", |number: N| to_dynamic(settle(number.into()).ceil()))
        .register_fn("abs", |number: N| to_dynamic(number.into().abs()))
        .register_fn("sign", |number: N| compare(number.into(), Decimal::ZERO) as INT)
        .register_fn("sqrt", |number: N| root(number.into()))
        .register_fn("is_whole", |number: N| settle(number.into()).fract().is_zero());
    register_extremes::<N, INT>(engine);
    register_extremes::<N, Decimal>(engine);
}

fn register_extremes<L, R>(engine: &mut Engine)
where
    L: Clone + Send + Sync + Into<Decimal> + 'static,
    R: Clone + Send + Sync + Into<Decimal> + 'static,
{
    engine
        .register_fn("min", |left: L, right: R| to_dynamic(left.into().min(right.into())))
        .register_fn("max", |left: L, right: R| to_dynamic(left.into().max(right.into())));
}

/// The square root to 28 digits, by Newton's method: the number type has none without further dependencies.
fn root(number: Decimal) -> Failed<Dynamic> {
    if number.is_sign_negative() && !number.is_zero() {
        return failed(failure::NO_ROOT);
    }
    if number.is_zero() {
        return Ok(to_dynamic(Decimal::ZERO));
    }
    let two = Decimal::from(2);
    let mut guess = if number > Decimal::ONE { number } else { Decimal::ONE };
    loop {
        let better = divide(add(guess, divide(number, guess)?)?, two)?;
        // From above, each guess is smaller than the last until the digits are used up.
        if better >= guess {
            return Ok(to_dynamic(settle(guess)));
        }
        guess = better;
    }
}
