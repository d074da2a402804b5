//! Exact decimals: reading the numbers that servers send, and writing the ones that every server takes.
//!
//! DHIS2 stores numbers as text, and a health figure must not change on its way: `0.1` stays `0.1`. So nothing here
//! goes through binary floating point. Analytics answers print numbers as Java does (`1.0E-4`, `3.0E7`), imports
//! refuse that form; both directions meet in [`parse_number`] and [`plain_text`].

use bigdecimal::num_bigint::BigInt;
use bigdecimal::num_traits::{One, Signed, ToPrimitive, Zero};
use bigdecimal::{BigDecimal, RoundingMode};

/// Largest exponent that is read. Java's doubles end at `E308`; without a cap the twelve characters of `1E999999999`
/// would become a gigabyte of zeros when written out.
pub const MAX_EXPONENT: i64 = 400;

/// Longest number text that is read. Servers store up to 249 characters.
pub const MAX_NUMBER_LENGTH: usize = 1_000;

/// Significant digits of a division that does not end.
const DIVISION_DIGITS: u64 = 15;

/// The number that a text means beyond doubt: an optional sign, digits, an optional fraction, an optional exponent.
///
/// Takes what servers print and what people write (`1.0E-4`, `+5`, `007`, `.5`, `5.`), with blanks around it. None for
/// `NaN`, `Infinity`, hexadecimal, separators (`1,000` is a thousand to some and one to others), digits of other
/// scripts, and beyond [`MAX_EXPONENT`] or [`MAX_NUMBER_LENGTH`].
pub fn parse_number(text: &str) -> Option<BigDecimal> {
    let (negative, whole, fraction, exponent) = parts(text)?;
    let digits = if fraction.is_empty() { whole.parse::<BigInt>() } else { [whole, fraction].concat().parse() };
    let digits = digits.ok()?;
    let scale = i64::try_from(fraction.len()).ok()? - exponent;
    Some(BigDecimal::new(if negative { -digits } else { digits }, scale))
}

/// Whether [`parse_number`] reads a text, without making the number.
pub fn is_number(text: &str) -> bool {
    parts(text).is_some()
}

/// The sign, whole part, fraction and exponent of a number.
fn parts(text: &str) -> Option<(bool, &str, &str, i64)> {
    let text = text.trim();
    if text.is_empty() || text.len() > MAX_NUMBER_LENGTH {
        return None;
    }
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(position) => (unsigned.get(..position)?, exponent(unsigned.get(position + 1..)?)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    Some((negative, whole, fraction, exponent))
}

/// An exponent within bounds.
fn exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !is_digits(digits) {
        return None;
    }
    text.parse::<i64>().ok().filter(|exponent| exponent.abs() <= MAX_EXPONENT)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The one text of a number that every server takes as NUMBER: no exponent, no plus, no zeros that say nothing.
pub fn plain_text(number: &BigDecimal) -> String {
    if number.is_zero() {
        return "0".to_owned();
    }
    // Counts and their sums: nearly all numbers are whole, and written as they are.
    if let (digits, 0) = number.as_bigint_and_scale()
        && let Some(whole) = digits.to_i64()
    {
        return whole.to_string();
    }
    number.normalized().to_plain_string()
}

/// Whether a number is whole, however it is written (`12.0`).
pub fn is_whole(number: &BigDecimal) -> bool {
    number.is_integer()
}

/// The mean of some numbers; none of none.
///
/// Exact where the division ends (`7 / 8` is `0.875`). Otherwise rounded half up, away from zero, to 15 significant
/// digits, and never inside the whole part.
pub fn mean(numbers: &[BigDecimal]) -> Option<BigDecimal> {
    let sum: BigDecimal = numbers.iter().sum();
    divide(&sum, &BigDecimal::from(u64::try_from(numbers.len()).ok()?))
}

/// One number divided by another, exact or rounded as [`mean`] does; none for a division by zero.
pub fn divide(dividend: &BigDecimal, divisor: &BigDecimal) -> Option<BigDecimal> {
    if divisor.is_zero() {
        return None;
    }
    let (above, above_scale) = dividend.as_bigint_and_exponent();
    let (below, below_scale) = divisor.as_bigint_and_exponent();
    let scale = above_scale.checked_sub(below_scale)?;
    let (above, below) = reduced(above, below);
    if let Some((factor, places)) = decimal_factor(&below) {
        return Some(BigDecimal::new(above * factor, scale.checked_add(places)?));
    }
    rounded_quotient(&above, &below, scale)
}

/// The fraction in lowest terms, the sign above.
fn reduced(above: BigInt, below: BigInt) -> (BigInt, BigInt) {
    let (mut one, mut other) = (above.abs(), below.abs());
    while !other.is_zero() {
        (one, other) = (other.clone(), one % other);
    }
    let sign = below.signum();
    (above / &one * &sign, below / one * sign)
}

/// For a denominator of only twos and fives: the factor that makes it a power of ten, and that power.
fn decimal_factor(denominator: &BigInt) -> Option<(BigInt, i64)> {
    let (two, five) = (BigInt::from(2), BigInt::from(5));
    let mut rest = denominator.clone();
    let (mut twos, mut fives) = (0_u32, 0_u32);
    while (&rest % &two).is_zero() {
        rest /= &two;
        twos += 1;
    }
    while (&rest % &five).is_zero() {
        rest /= &five;
        fives += 1;
    }
    if !rest.is_one() {
        return None;
    }
    let places = twos.max(fives);
    Some((two.pow(places - twos) * five.pow(places - fives), i64::from(places)))
}

/// A quotient that has no last decimal, to 15 significant digits.
fn rounded_quotient(above: &BigInt, below: &BigInt, scale: i64) -> Option<BigDecimal> {
    // Enough further decimals that all significant digits and one to round by are there. What is cut off behind them
    // cannot matter: a division that does not end is never exactly half way.
    let missing = DIVISION_DIGITS + 2 + digits_of(below);
    let shifted = above * BigInt::from(10).pow(u32::try_from(missing).ok()?);
    let scale = scale.checked_add(i64::try_from(missing).ok()?)?;
    let quotient = BigDecimal::new(shifted / below, scale);
    let whole = i64::try_from(quotient.digits()).ok()? - scale;
    let kept = DIVISION_DIGITS.max(u64::try_from(whole).unwrap_or(0));
    Some(quotient.with_precision_round(std::num::NonZeroU64::new(kept)?, RoundingMode::HalfUp))
}

fn digits_of(number: &BigInt) -> u64 {
    BigDecimal::new(number.clone(), 0).digits()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Option<String> {
        parse_number(text).map(|number| plain_text(&number))
    }

    #[test]
    fn numbers_in_every_form_have_one_text() {
        for (written, text) in [
            ("12", "12"),
            ("12.0", "12"),
            ("1.0E-4", "0.0001"),
            ("3.0E7", "30000000"),
            ("1e3", "1000"),
            ("1E+3", "1000"),
            ("+5", "5"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            (" 5 ", "5"),
            ("-0", "0"),
            ("-0.000", "0"),
            ("0E300", "0"),
            ("-12.50", "-12.5"),
            ("0.1234567890123456789", "0.1234567890123456789"),
            ("1200", "1200"),
            ("111111111111111111111111111111", "111111111111111111111111111111"),
        ] {
            assert_eq!(plain(written).as_deref(), Some(text), "{written}");
        }
        assert_eq!(plain("1E400").unwrap().len(), 401);
    }

    #[test]
    fn what_is_not_beyond_doubt_a_number_is_refused() {
        for text in [
            "",
            " ",
            "-",
            "+",
            ".",
            "-.",
            "e5",
            "1e",
            "1e+",
            "1e1.5",
            "--5",
            "+-5",
            "1,000",
            "1 000",
            "1_000",
            "1.2.3",
            "NaN",
            "nan",
            "Infinity",
            "inf",
            "0x10",
            "٣",
            "５",
            "1E401",
            "1E-401",
            "1E999999999",
            "1E99999999999999999999",
            "5%",
            "ja",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
        assert_eq!(plain(&"9".repeat(MAX_NUMBER_LENGTH + 1)), None);
    }

    #[test]
    fn means_are_exact_where_they_end_and_rounded_where_not() {
        let mean_of = |texts: &[&str]| {
            let numbers: Vec<BigDecimal> = texts.iter().map(|text| parse_number(text).unwrap()).collect();
            mean(&numbers).map(|number| plain_text(&number))
        };
        assert_eq!(mean_of(&[]), None);
        assert_eq!(mean_of(&["1", "2"]).as_deref(), Some("1.5"));
        assert_eq!(mean_of(&["0.1", "0.2", "0.3"]).as_deref(), Some("0.2"));
        assert_eq!(mean_of(&["7", "0", "0", "0", "0", "0", "0", "0"]).as_deref(), Some("0.875"));
        assert_eq!(mean_of(&["1", "0", "0"]).as_deref(), Some("0.333333333333333"));
        assert_eq!(mean_of(&["1", "1", "0"]).as_deref(), Some("0.666666666666667"));
        assert_eq!(mean_of(&["-1", "-1", "0"]).as_deref(), Some("-0.666666666666667"));
        assert_eq!(mean_of(&["200000000000000000001", "0", "0"]).as_deref(), Some("66666666666666666667"));
        assert_eq!(mean_of(&["100000000000000000000", "0", "0"]).as_deref(), Some("33333333333333333333"));
        assert_eq!(mean_of(&["1E30", "2"]).as_deref(), Some("500000000000000000000000000001"));
        assert_eq!(mean_of(&["0", "0", "0"]).as_deref(), Some("0"));
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(divide(&BigDecimal::from(1), &BigDecimal::from(0)), None);
        let third = divide(&BigDecimal::from(1), &parse_number("-0.03").unwrap()).unwrap();
        assert_eq!(plain_text(&third), "-33.3333333333333");
    }

    proptest! {
        #[test]
        fn what_is_called_a_number_is_read_as_one(text in "[-+]?[0-9]{0,3}[.,]?[0-9]{0,3}([eE][-+]?[0-9]{0,3})?[ x]?") {
            prop_assert_eq!(is_number(&text), parse_number(&text).is_some());
        }

        #[test]
        fn text_and_number_are_one(digits in -1_000_000_000_000_000_000_i64.., scale in -30_i64..60) {
            let number = BigDecimal::new(digits.into(), scale);
            let text = plain_text(&number);
            let read = parse_number(&text).unwrap();
            prop_assert_eq!(&read, &number);
            prop_assert_eq!(plain_text(&read), text);
        }

        #[test]
        fn quotients_are_right_to_fifteen_digits(above in any::<i64>(), below in any::<i32>()) {
            prop_assume!(below != 0);
            let (above, below) = (BigDecimal::from(above), BigDecimal::from(below));
            let quotient = divide(&above, &below).unwrap();
            let off = (&quotient * &below - &above).abs();
            // Half of the fifteenth digit of the quotient, times the divisor.
            let bound = above.abs() * BigDecimal::new(1.into(), 14);
            prop_assert!(off <= bound, "{above} / {below} = {quotient}");
        }
    }
}
