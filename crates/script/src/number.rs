//! The numbers of scripts: exact decimals of up to 28 digits.
//!
//! A health officer who writes `0.07 * 100` expects 7 and who writes `10 / 4` expects 2.5, so nothing here is binary and
//! nothing is a "whole number type" with rules of its own. In the engine a number is held in the one of two forms that
//! fits: as an integer where it is whole, so that it can count, index, and be a case of a `switch`, and as a decimal where
//! it is not. [`to_dynamic`] is the only way in; no script can tell the forms apart by calculating.
//!
//! A division that does not end is cut at 28 digits. Whatever looks at a number (a comparison, rounding, the value that
//! leaves the script) first [settles](Number::settled) it, so that `1 / 3 * 3` is 1 there, in the way it is on paper.

use std::fmt;

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::ToPrimitive;
use rhai::Dynamic;
use rust_decimal::{Decimal, RoundingStrategy};

use xfer_domain::decimal::parse_number;

/// A number with more significant digits than this comes from a division that did not end.
const EXACT_DIGITS: u32 = 20;

/// Significant digits that such a number is rounded to; digits of the whole part are always kept.
const SETTLED_DIGITS: u32 = 15;

/// Most decimals that are held.
const MOST_DECIMALS: i64 = 28;

/// An exact decimal number: up to 28 significant digits, at most 7.9 × 10²⁸.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(Decimal);

impl Number {
    /// Zero.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// The number that a text means beyond doubt (see [`parse_number`]); none where it is no number, or too large.
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            // Nearly every value is a short count.
            [b'0'..=b'9', ..] if text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse::<i64>().ok().map(Self::from)
            }
            _ => parse_number(text).and_then(|number| Self::from_big(&number)),
        }
    }

    /// Takes over an exact number; decimals behind the 28th are rounded. None where the number is too large.
    pub fn from_big(number: &BigDecimal) -> Option<Self> {
        let (digits, decimals) = number.as_bigint_and_scale();
        // Nearly all fit as they are.
        if let (Some(digits), Ok(decimals)) = (digits.to_i128(), u32::try_from(decimals))
            && let Ok(decimal) = Decimal::try_from_i128_with_scale(digits, decimals)
        {
            return Some(Self(decimal.normalize()));
        }
        let fitting = |decimals: i64| {
            let number = number.with_scale_round(decimals, bigdecimal::RoundingMode::HalfUp);
            let (digits, _) = number.as_bigint_and_exponent();
            Decimal::try_from_i128_with_scale(digits.to_i128()?, u32::try_from(decimals).ok()?).ok()
        };
        let decimals = number.normalized().fractional_digit_count().clamp(0, MOST_DECIMALS);
        (0..=decimals).rev().find_map(fitting).map(|decimal| Self(decimal.normalize()))
    }

    /// The exact number.
    pub fn to_big(self) -> BigDecimal {
        BigDecimal::new(self.0.mantissa().into(), i64::from(self.0.scale()))
    }

    /// The number as it is written and compared: what a division that does not end left behind the 15th significant
    /// digit is rounded off, half away from zero.
    #[must_use]
    pub fn settled(self) -> Self {
        Self(settle(self.0))
    }

    /// Of the engine's decimals.
    pub(super) fn from_decimal(decimal: Decimal) -> Self {
        Self(decimal.normalize())
    }

    /// Whether the engine holds just this number. Nearly all are whole, where nothing has to be brought to one scale.
    pub(super) fn is_held_by(self, value: &Dynamic) -> bool {
        match value.as_int() {
            Ok(whole) if self.0.scale() == 0 => self.0.mantissa() == i128::from(whole),
            _ => of_dynamic(value) == Some(self.0),
        }
    }

    /// For the engine.
    pub(super) fn decimal(self) -> Decimal {
        self.0
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(Decimal::from(number))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&plain(self.0))
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// How a number is written: without exponent, without zeros that say nothing.
pub(super) fn plain(number: Decimal) -> String {
    settle(number).normalize().to_string()
}

/// See [`Number::settled`].
pub(super) fn settle(number: Decimal) -> Decimal {
    let digits = number.mantissa().unsigned_abs().checked_ilog10().map_or(1, |power| power + 1);
    if digits <= EXACT_DIGITS {
        return number;
    }
    let whole = digits.saturating_sub(number.scale());
    let cut = digits - SETTLED_DIGITS.max(whole).min(digits);
    number.round_dp_with_strategy(number.scale().saturating_sub(cut), RoundingStrategy::MidpointAwayFromZero)
}

/// A number in the form that the engine holds it in: an integer where it is whole.
pub(super) fn to_dynamic(number: Decimal) -> Dynamic {
    if (number.scale() == 0 || number.fract().is_zero())
        && let Some(whole) = number.to_i64()
    {
        return Dynamic::from_int(whole);
    }
    Dynamic::from_decimal(number.normalize())
}

/// The number that the engine holds in either form.
pub(super) fn of_dynamic(value: &Dynamic) -> Option<Decimal> {
    match value.as_int() {
        Ok(whole) => Some(Decimal::from(whole)),
        Err(_) => value.as_decimal().ok(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Option<String> {
        Number::parse(text).map(|number| number.to_string())
    }

    #[test]
    fn numbers_are_read_as_servers_print_them_and_written_plainly() {
        for (written, expected) in [
            ("12", "12"),
            ("007", "7"),
            ("12.50", "12.5"),
            ("-0.0", "0"),
            ("1.0E-4", "0.0001"),
            ("3.0E7", "30000000"),
            ("999999999999999999", "999999999999999999"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
            ("0.12345678901234567890", "0.1234567890123456789"),
        ] {
            assert_eq!(text(written).as_deref(), Some(expected), "{written}");
        }
        for refused in ["", "abc", "1,000", "NaN", "1E30", "79228162514264337593543950336"] {
            assert_eq!(text(refused), None, "{refused}");
        }
    }

    #[test]
    fn what_a_division_left_is_settled_and_exact_digits_are_not() {
        let third = Decimal::ONE / Decimal::from(3);
        assert_eq!(plain(third), "0.333333333333333");
        assert_eq!(plain(third * Decimal::from(3)), "1");
        assert_eq!(plain(Decimal::from(200) / Decimal::from(3)), "66.6666666666667");
        assert_eq!(text("1234567890123.1234567").as_deref(), Some("1234567890123.1234567"));
        assert_eq!(text("1234567890123456789012345.1").as_deref(), Some("1234567890123456789012345"));
    }

    proptest! {
        #[test]
        fn big_numbers_and_these_are_one(digits in any::<i64>(), scale in 0_i64..20) {
            let big = BigDecimal::new(digits.into(), scale);
            let number = Number::from_big(&big).unwrap();
            prop_assert_eq!(number.to_big(), big);
        }

        #[test]
        fn settling_twice_changes_nothing(digits in any::<i64>(), divisor in 1_i64..100_000) {
            let number = Number(Decimal::from(digits) / Decimal::from(divisor));
            prop_assert_eq!(number.settled().settled(), number.settled());
        }

        #[test]
        fn a_number_survives_the_engine(digits in any::<i64>(), scale in 0_u32..20) {
            let number = Decimal::new(digits, scale);
            prop_assert_eq!(of_dynamic(&to_dynamic(number)), Some(number));
        }
    }
}
