//! The one text of a value that every server accepts and stores unchanged.
//!
//! What is sent is what is read back: then a read-back that differs is a finding and never a matter of spelling. A
//! transfer shapes hundreds of thousands of values, nearly all of them plain digits, so these take a path that looks
//! at each byte once; only the rest becomes an exact decimal.

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::{Signed, ToPrimitive};

use super::server::civil_date;
use super::{ImportEngine, NUMBER_LENGTH_LIMIT, ValueRefusal, ValueType, check_length, integer_in_range};
use crate::decimal::{is_whole, parse_number, plain_text};

/// Digits that any integer type can hold without looking closer.
const SURE_INTEGER_DIGITS: usize = 9;

pub(super) fn canonical(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    if value_type == ValueType::Other {
        return Ok(text.to_owned());
    }
    let trimmed = text.trim_matches(|character: char| character <= ' ' || character.is_whitespace());
    if trimmed.is_empty() {
        return Err(ValueRefusal::Empty);
    }
    check_length(trimmed)?;
    match value_type {
        ValueType::Boolean | ValueType::TrueOnly => boolean(value_type, trimmed),
        ValueType::Date | ValueType::Age => date(value_type, trimmed),
        ValueType::Time => time(value_type, trimmed),
        _ if value_type.is_numeric() => number(value_type, trimmed),
        _ => as_it_is(value_type, trimmed),
    }
}

pub(super) fn same(value_type: ValueType, left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (value_type.canonical(left), value_type.canonical(right)) {
        (Ok(left), Ok(right)) => left == right,
        // Values that the type refuses today may still be stored: compare numbers as numbers all the same.
        _ if value_type.is_numeric() => match (parse_number(left), parse_number(right)) {
            (Some(left), Some(right)) => left == right,
            _ => false,
        },
        _ => false,
    }
}

fn number(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    if is_plain_count(value_type, text) {
        return Ok(text.to_owned());
    }
    let number = parse_number(text).ok_or_else(|| value_type.refusal(text))?;
    if !in_range(value_type, &number) {
        return Err(value_type.refusal(text));
    }
    let plain = plain_text(&number);
    if plain.len() >= NUMBER_LENGTH_LIMIT {
        return Err(ValueRefusal::TooLong { length: plain.len(), limit: NUMBER_LENGTH_LIMIT - 1 });
    }
    Ok(plain)
}

/// The short way for what nearly all values are: digits without a leading zero that the type holds in any case.
pub(super) fn is_plain_count(value_type: ValueType, text: &str) -> bool {
    let wide = matches!(value_type, ValueType::Number | ValueType::Integer | ValueType::IntegerZeroOrPositive);
    let positive = value_type == ValueType::IntegerPositive;
    (wide || positive)
        && (1..=SURE_INTEGER_DIGITS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (!text.starts_with('0') || wide && text == "0")
}

fn in_range(value_type: ValueType, number: &BigDecimal) -> bool {
    let between = |high: u32| !number.is_negative() && number <= &BigDecimal::from(high);
    match value_type {
        ValueType::Number => true,
        ValueType::UnitInterval => between(1),
        ValueType::Percentage => between(100),
        _ => is_whole(number) && number.to_i64().is_some_and(|number| integer_in_range(value_type, number)),
    }
}

/// Both generations' variants, `yes` and `no` included: what one of them printed for a value is read.
fn boolean(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    let stored = value_type.stored_as(text, ImportEngine::SetBased).map_err(|_| value_type.refusal(text))?;
    Ok(stored.to_ascii_lowercase())
}

/// The day alone: a server may print a day as `2024-01-15T00:00:00.000`.
fn date(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    let (day, rest) = text.split_at_checked(10).ok_or_else(|| value_type.refusal(text))?;
    if civil_date(day).is_some() && (rest.is_empty() || rest.starts_with('T')) {
        return Ok(day.to_owned());
    }
    Err(value_type.refusal(text))
}

/// Two digits for the hour.
fn time(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    let stored = value_type.stored_as(text, ImportEngine::SetBased)?;
    Ok(format!("{stored:0>5}"))
}

/// A text that has one spelling only, where both generations take it.
fn as_it_is(value_type: ValueType, text: &str) -> Result<String, ValueRefusal> {
    value_type.may_be_stored_as(text, ImportEngine::SetBased)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_text_for_each_value() {
        for (value_type, written, text) in [
            (ValueType::Number, "1.0E-4", Some("0.0001")),
            (ValueType::Number, "3.0E7", Some("30000000")),
            (ValueType::Number, "12.0", Some("12")),
            (ValueType::Number, "-0", Some("0")),
            (ValueType::Number, "+5", Some("5")),
            (ValueType::Number, " 007 ", Some("7")),
            (ValueType::Number, "1,000", None),
            (ValueType::Number, "NaN", None),
            (ValueType::Number, "", None),
            (ValueType::Integer, "12.0", Some("12")),
            (ValueType::Integer, "1.0E2", Some("100")),
            (ValueType::Integer, "12.5", None),
            (ValueType::Integer, "-2147483648", Some("-2147483648")),
            (ValueType::Integer, "2147483648", None),
            (ValueType::Integer, "1E300", None),
            (ValueType::IntegerPositive, "0", None),
            (ValueType::IntegerPositive, "5.00", Some("5")),
            (ValueType::IntegerNegative, "-5.0", Some("-5")),
            (ValueType::IntegerNegative, "5", None),
            (ValueType::IntegerZeroOrPositive, "-0", Some("0")),
            (ValueType::Percentage, "100.0", Some("100")),
            (ValueType::Percentage, "100.00000000000000000001", None),
            (ValueType::UnitInterval, "0.50", Some("0.5")),
            (ValueType::Boolean, "T", Some("true")),
            (ValueType::Boolean, "no", Some("false")),
            (ValueType::Boolean, "2", None),
            (ValueType::TrueOnly, "1", Some("true")),
            (ValueType::TrueOnly, "false", None),
            (ValueType::Date, "2024-01-15T00:00:00.000", Some("2024-01-15")),
            (ValueType::Date, "20240115", None),
            (ValueType::Time, "9:05", Some("09:05")),
            (ValueType::Text, " rupture de stock ", Some("rupture de stock")),
        ] {
            assert_eq!(value_type.canonical(written).ok().as_deref(), text, "{value_type:?} `{written}`");
        }
    }

    #[test]
    fn long_numbers_are_kept_or_refused_but_never_rounded() {
        let nines = "9".repeat(249);
        assert_eq!(ValueType::Number.canonical(&nines).unwrap(), nines);
        let refusal = ValueType::Number.canonical(&"9".repeat(250)).unwrap_err();
        assert_eq!(refusal.to_string(), "the value has 250 characters, more than the 249 that are allowed");
        assert!(ValueType::Number.canonical("1E300").is_err());
    }

    #[test]
    fn refusals_are_readable() {
        let refusal = |value_type: ValueType, text: &str| value_type.canonical(text).unwrap_err().to_string();
        assert_eq!(refusal(ValueType::IntegerPositive, "0"), "`0` is not a whole number from 1 to 2147483647");
        assert_eq!(refusal(ValueType::Boolean, "ja"), "`ja` is not `true` or `false`");
        assert_eq!(refusal(ValueType::Number, "  "), "the value is empty");
        let long = refusal(ValueType::Time, &"x".repeat(100));
        assert_eq!(long, format!("`{}…` is not a time of day such as `10:30`", "x".repeat(60)));
    }

    #[test]
    fn sameness_is_by_meaning() {
        assert!(ValueType::Number.same("12.0", "12"));
        assert!(ValueType::Number.same("1.0E-4", "0.0001"));
        assert!(!ValueType::Number.same("0.1", "0.10000000000000000001"));
        assert!(ValueType::IntegerPositive.same("0", "-0"), "stored before the type was changed");
        assert!(ValueType::Boolean.same("T", "true"));
        assert!(!ValueType::Boolean.same("true", "false"));
        assert!(ValueType::Text.same("a ", "a"));
        assert!(!ValueType::Text.same("12.0", "12"));
        assert!(ValueType::Number.same("n/a", "n/a"));
        assert!(!ValueType::Number.same("n/a", "0"));
    }

    fn any_text() -> impl Strategy<Value = String> {
        prop_oneof![
            "[-+ ]?[0-9]{0,12}(\\.[0-9]{0,12})?([eE][-+]?[0-9]{1,3})?",
            "[ ]?(true|True|TRUE|t|F|0|1|yes|No|n|ja)[ ]?",
            "20[0-9]{2}-[0-3][0-9]-[0-3][0-9](T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?(Z|\\+02:00)?)?",
            "[0-9]{1,2}:[0-9]{2}",
            "\\[-?[0-9]{1,3}(\\.[0-9]+)?, ?-?[0-9]{1,2}\\]",
            "[A-Za-z][A-Za-z0-9]{10}",
            "https?://[a-z]{1,5}\\.(ht|org)(/[a-z ]*)?",
            "\\PC{0,20}",
        ]
    }

    proptest! {
        #[test]
        fn canonical_texts_stay_as_they_are_here_and_on_every_server(index in 0..ValueType::ALL.len(), text in any_text()) {
            let value_type = ValueType::ALL[index];
            let Ok(canonical) = value_type.canonical(&text) else { return Ok(()) };
            prop_assert_eq!(value_type.canonical(&canonical), Ok(canonical.clone()));
            prop_assert!(value_type.same(&text, &canonical));
            if value_type == ValueType::Other {
                return Ok(()); // passes unchanged, blanks and all
            }
            for engine in [ImportEngine::RowByRow, ImportEngine::SetBased] {
                let stored = value_type.stored_as(&canonical, engine);
                prop_assert_eq!(stored.as_deref(), Ok(canonical.as_str()), "{:?} {:?} `{}`", value_type, engine, text);
            }
        }

        #[test]
        fn whatever_a_server_stores_has_a_canonical_text(index in 0..ValueType::ALL.len(), text in any_text()) {
            let value_type = ValueType::ALL[index];
            for engine in [ImportEngine::RowByRow, ImportEngine::SetBased] {
                let Ok(stored) = value_type.stored_as(&text, engine) else { continue };
                // A day with any tail; blanks that make a phone number long enough.
                let lenient = matches!(value_type, ValueType::Date | ValueType::Age | ValueType::PhoneNumber);
                let canonical = value_type.canonical(&stored);
                prop_assert!(lenient || canonical.is_ok(), "{:?} {:?} `{}`", value_type, engine, stored);
            }
        }
    }
}
