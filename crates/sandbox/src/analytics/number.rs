//! How analytics rounds numbers and how Java prints them (dhis2-api 4.4).
//!
//! The rules are `AnalyticsUtils.getRoundedValue(Object)`, `Precision.round` of Apache Commons Math and
//! `Double.toString`; held to the recordings `analytics/numbers-*`.

use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};

/// Decimals kept where rounding is skipped.
const DECIMALS_NO_ROUNDING: i64 = 10;
/// Decimals kept by default.
const DECIMALS_DEFAULT: i64 = 2;

/// A number as an answer holds it: Java keeps whole and floating numbers apart, and prints them differently.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A `Long`, printed without a point.
    Whole(i64),
    /// A `Double`, printed with one.
    Double(f64),
}

impl Number {
    /// The value for comparisons.
    pub(super) fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "Java compares longs as doubles here, too")]
            Self::Whole(number) => number as f64,
            Self::Double(number) => number,
        }
    }

    /// As `String.valueOf` prints it: data value sets take that (`analytics/numbers-data-value-set`).
    pub(super) fn java_text(self) -> String {
        match self {
            Self::Whole(number) => number.to_string(),
            Self::Double(number) => java_double(number),
        }
    }

    /// As a grid prints it: large positive doubles are written out (`OutputFormatter.maybeFormat`).
    pub(super) fn grid_text(self) -> String {
        match self {
            Self::Double(number) if number >= 1e7 && number.is_finite() => {
                if number.fract() == 0.0 {
                    format!("{number:.1}")
                } else {
                    format!("{number}")
                }
            }
            _ => self.java_text(),
        }
    }
}

/// Rounds half up to a number of decimals; a negative number that vanishes stays a negative zero, as in Java.
pub(super) fn round(number: f64, decimals: i64) -> f64 {
    // Whole numbers, the most by far, have nothing to round.
    if !number.is_finite() || number.fract() == 0.0 {
        return number;
    }
    let Ok(exact) = BigDecimal::from_str(&format!("{number:e}")) else { return number };
    let rounded = exact.with_scale_round(decimals, RoundingMode::HalfUp).to_f64().unwrap_or(number);
    if rounded == 0.0 { 0.0 * number } else { rounded }
}

/// Rounds the value of a data element, an operand or a reporting rate: whole results lose their point unless rounding
/// is skipped.
pub(super) fn of_value(number: f64, skip_rounding: bool) -> Number {
    if skip_rounding {
        return Number::Double(round(number, DECIMALS_NO_ROUNDING));
    }
    let rounded = round(number, DECIMALS_DEFAULT);
    if (rounded * 10.0) % 10.0 == 0.0 { whole(rounded) } else { Number::Double(rounded) }
}

/// Rounds the value of an indicator or program indicator: to its own decimals, or two; the point stays, unless the
/// decimals are zero.
pub(super) fn of_indicator(number: f64, decimals: Option<i64>, skip_rounding: bool) -> Number {
    match decimals {
        _ if skip_rounding => Number::Double(round(number, DECIMALS_NO_ROUNDING)),
        Some(0) => whole((number + 0.5).floor()),
        Some(decimals) if decimals > 0 => Number::Double(round(number, decimals)),
        _ => Number::Double(round(number, DECIMALS_DEFAULT)),
    }
}

/// A double as Java casts it to a long: cut off, and held at the ends of the range.
#[expect(clippy::cast_possible_truncation, reason = "saturating, exactly as a Java cast")]
fn whole(number: f64) -> Number {
    Number::Whole(number as i64)
}

/// A double as Java casts it to an int (`AnalyticsUtils.getIntegerOrValue`): held at ±2³¹.
#[expect(clippy::cast_possible_truncation, reason = "saturating, exactly as a Java cast")]
pub(super) fn as_int(number: f64) -> Number {
    Number::Whole(i64::from(number as i32))
}

/// `Double.toString`: the shortest digits that read back the same, in scientific form below 10⁻³ and from 10⁷ on.
pub(super) fn java_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let size = number.abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) {
        return if number.fract() == 0.0 { format!("{number:.1}") } else { format!("{number}") };
    }
    let scientific = format!("{number:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::{Number, as_int, java_double, of_indicator, of_value};

    #[test]
    fn doubles_print_as_java_does() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (7.0, "7.0"),
            (12.5, "12.5"),
            (0.001, "0.001"),
            (0.0001, "1.0E-4"),
            (1.2345e-4, "1.2345E-4"),
            (1.25e-7, "1.25E-7"),
            (9_999_999.5, "9999999.5"),
            (12_345_678.5, "1.23456785E7"),
            (-12_345_678.5, "-1.23456785E7"),
            (123_456_789_012.0, "1.23456789012E11"),
            (1e7, "1.0E7"),
        ] {
            assert_eq!(java_double(number), text);
        }
    }

    #[test]
    fn grids_write_large_positive_numbers_out() {
        assert_eq!(Number::Double(123_456_789_012.0).grid_text(), "123456789012.0");
        assert_eq!(Number::Double(12_345_678.5).grid_text(), "12345678.5");
        assert_eq!(Number::Double(-12_345_678.5).grid_text(), "-1.23456785E7");
    }

    #[test]
    fn default_rounding_keeps_two_decimals_and_drops_an_empty_point() {
        for (number, text) in [
            (1_234_620.083_433_333, "1234620.08"),
            (33.333_333, "33.33"),
            (0.0001, "0"),
            (7.0, "7"),
            (-0.001, "0"),
            (1.005, "1.01"),
            (-12_345_678.5, "-1.23456785E7"),
            (123_456_789_012.0, "123456789012"),
        ] {
            assert_eq!(of_value(number, false).grid_text(), text, "{number}");
        }
    }

    #[test]
    fn skipped_rounding_keeps_ten_decimals() {
        for (number, text) in [(0.0001, "1.0E-4"), (100.0 / 3.0, "33.3333333333"), (1e-11, "0.0"), (-19.0, "-19.0")] {
            assert_eq!(of_value(number, true).grid_text(), text, "{number}");
        }
    }

    #[test]
    fn indicators_keep_their_point_and_their_own_decimals() {
        assert_eq!(of_indicator(27_436.0, None, false).grid_text(), "27436.0");
        assert_eq!(of_indicator(57.692, Some(1), false).grid_text(), "57.7");
        assert_eq!(of_indicator(57.5, Some(0), false).grid_text(), "58");
        assert_eq!(of_indicator(-57.5, Some(0), false).grid_text(), "-57");
        assert_eq!(of_indicator(1.25e-7, Some(2), true).grid_text(), "1.25E-7");
    }

    #[test]
    fn data_value_sets_cut_whole_numbers_at_the_ends_of_an_int() {
        assert_eq!(as_int(36.9).java_text(), "36");
        assert_eq!(as_int(123_456_789_012.0).java_text(), "2147483647");
    }
}
