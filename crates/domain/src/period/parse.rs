//! Period identifiers, read and printed.
//!
//! Reading takes every spelling that servers take (`2024W05`, `2024-01`, `2024-01-31` beside the normal form) and
//! nothing else; printing gives the one form that servers store and print (`2024W5`, `202401`, `20240131`). So two
//! spellings of a period are one period, and one text is on the wire (recording `import/period-week-zero-padded`).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::period_type::{Shape, start_of_week, week_label};
use super::{Period, PeriodError, PeriodType};

impl Period {
    /// Reads an identifier in any form that a server takes.
    ///
    /// # Errors
    /// [`PeriodError`] for anything else: a week 53 of a year with 52 weeks, a month 13, a third half-year, blanks.
    pub fn parse(text: &str) -> Result<Self, PeriodError> {
        read(text).ok_or_else(|| PeriodError(text.to_owned()))
    }
}

/// Cuts the year off and reads the rest by what it starts with.
fn read(text: &str) -> Option<Period> {
    let (year, rest) = text.split_at_checked(4)?;
    let year = digits(year, 4..=4).filter(|year| *year >= 1)?;
    let first = rest.bytes().next();
    match first {
        None => labelled(PeriodType::Yearly, year, 1),
        Some(b'0'..=b'9') => read_compact(year, rest),
        Some(b'-') => read_dashed(year, rest.get(1..)?),
        Some(_) => read_named(year, rest),
    }
}

/// `01`, `0131` and `01B`.
fn read_compact(year: i32, rest: &str) -> Option<Period> {
    if let Some(number) = rest.strip_suffix('B') {
        return labelled(PeriodType::BiMonthly, year, digits(number, 2..=2)?);
    }
    let (month, day) = rest.split_at_checked(2)?;
    if day.is_empty() { labelled(PeriodType::Monthly, year, digits(month, 2..=2)?) } else { daily(year, month, day) }
}

/// `-01` and `-01-31`, without the first dash.
fn read_dashed(year: i32, rest: &str) -> Option<Period> {
    match rest.split_once('-') {
        None => labelled(PeriodType::Monthly, year, digits(rest, 2..=2)?),
        Some((month, day)) => daily(year, month, day),
    }
}

/// `W5`, `BiW3`, `Q1`, `NovQ1`, `AprilS2`, `July` and their kin.
fn read_named(year: i32, rest: &str) -> Option<Period> {
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (name, number) = rest.split_at_checked(letters)?;
    let period_type = PeriodType::ALL.into_iter().find(|period_type| infix(*period_type) == Some(name))?;
    let number = match period_type.nominal_days() {
        365 => number.is_empty().then_some(1)?,
        7 | 14 => digits(number, 1..=2)?,
        _ => digits(number, 1..=1)?,
    };
    labelled(period_type, year, number)
}

/// The period of a type with that year and number.
fn labelled(period_type: PeriodType, year: i32, number: i32) -> Option<Period> {
    let start = match period_type.shape() {
        Shape::Days => None,
        Shape::Weeks(first) => start_of_week(year, number, first),
        Shape::BiWeeks => start_of_week(year, number.checked_mul(2)?.checked_sub(1)?, Weekday::Monday),
        Shape::Months(months) => months.start_of_label(year, number),
    }?;
    let period = Period { start, period_type };
    // No period reaches over the end of the calendar, so that its last day is always a date.
    period.unclipped_end().map(|_| period)
}

fn daily(year: i32, month: &str, day: &str) -> Option<Period> {
    let month = i8::try_from(digits(month, 2..=2)?).ok()?;
    let day = i8::try_from(digits(day, 2..=2)?).ok()?;
    let start = Date::new(i16::try_from(year).ok()?, month, day).ok()?;
    Some(Period { start, period_type: PeriodType::Daily })
}

/// A number of ASCII digits only; `+1` and `１` are none.
fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<i32> {
    let plain = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// What stands between year and number; none for the types that are written in digits alone.
fn infix(period_type: PeriodType) -> Option<&'static str> {
    match period_type {
        PeriodType::Daily | PeriodType::Monthly | PeriodType::BiMonthly | PeriodType::Yearly => None,
        PeriodType::Weekly => Some("W"),
        PeriodType::WeeklyWednesday => Some("WedW"),
        PeriodType::WeeklyThursday => Some("ThuW"),
        PeriodType::WeeklyFriday => Some("FriW"),
        PeriodType::WeeklySaturday => Some("SatW"),
        PeriodType::WeeklySunday => Some("SunW"),
        PeriodType::BiWeekly => Some("BiW"),
        PeriodType::Quarterly => Some("Q"),
        PeriodType::QuarterlyNov => Some("NovQ"),
        PeriodType::SixMonthly => Some("S"),
        PeriodType::SixMonthlyApril => Some("AprilS"),
        PeriodType::SixMonthlyNov => Some("NovS"),
        PeriodType::FinancialFeb => Some("Feb"),
        PeriodType::FinancialApril => Some("April"),
        PeriodType::FinancialJuly => Some("July"),
        PeriodType::FinancialAug => Some("Aug"),
        PeriodType::FinancialSep => Some("Sep"),
        PeriodType::FinancialOct => Some("Oct"),
        PeriodType::FinancialNov => Some("Nov"),
    }
}

impl fmt::Display for Period {
    /// The identifier that servers print and store.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = self.start;
        let (year, number) = match self.period_type.shape() {
            Shape::Days => {
                return write!(formatter, "{:04}{:02}{:02}", start.year(), start.month(), start.day());
            }
            Shape::Weeks(_) => week_label(start),
            Shape::BiWeeks => {
                let (year, week) = week_label(start);
                (year, week / 2 + 1)
            }
            Shape::Months(months) => months.label(start),
        };
        match (self.period_type, infix(self.period_type)) {
            (PeriodType::Monthly, _) => write!(formatter, "{year:04}{number:02}"),
            (PeriodType::BiMonthly, _) => write!(formatter, "{year:04}{number:02}B"),
            (_, None) => write!(formatter, "{year:04}"),
            (period_type, Some(name)) if period_type.nominal_days() == 365 => write!(formatter, "{year:04}{name}"),
            (_, Some(name)) => write!(formatter, "{year:04}{name}{number}"),
        }
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        Self::parse(text)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// identifier, type, first day, last day
    const EXAMPLES: [(&str, PeriodType, &str, &str); 41] = [
        ("20240131", PeriodType::Daily, "2024-01-31", "2024-01-31"),
        ("2024W1", PeriodType::Weekly, "2024-01-01", "2024-01-07"),
        ("2020W53", PeriodType::Weekly, "2020-12-28", "2021-01-03"),
        ("2021W1", PeriodType::Weekly, "2021-01-04", "2021-01-10"),
        ("2025W1", PeriodType::Weekly, "2024-12-30", "2025-01-05"),
        ("2024WedW1", PeriodType::WeeklyWednesday, "2024-01-03", "2024-01-09"),
        ("2024ThuW1", PeriodType::WeeklyThursday, "2024-01-04", "2024-01-10"),
        ("2024FriW1", PeriodType::WeeklyFriday, "2023-12-29", "2024-01-04"),
        ("2024SatW1", PeriodType::WeeklySaturday, "2023-12-30", "2024-01-05"),
        ("2024SunW1", PeriodType::WeeklySunday, "2023-12-31", "2024-01-06"),
        ("2024BiW1", PeriodType::BiWeekly, "2024-01-01", "2024-01-14"),
        ("2024BiW2", PeriodType::BiWeekly, "2024-01-15", "2024-01-28"),
        ("2024BiW26", PeriodType::BiWeekly, "2024-12-16", "2024-12-29"),
        ("2020BiW27", PeriodType::BiWeekly, "2020-12-28", "2021-01-03"),
        ("202401", PeriodType::Monthly, "2024-01-01", "2024-01-31"),
        ("202402", PeriodType::Monthly, "2024-02-01", "2024-02-29"),
        ("202401B", PeriodType::BiMonthly, "2024-01-01", "2024-02-29"),
        ("202406B", PeriodType::BiMonthly, "2024-11-01", "2024-12-31"),
        ("2024Q1", PeriodType::Quarterly, "2024-01-01", "2024-03-31"),
        ("2024Q4", PeriodType::Quarterly, "2024-10-01", "2024-12-31"),
        ("2024NovQ1", PeriodType::QuarterlyNov, "2023-11-01", "2024-01-31"),
        ("2024NovQ2", PeriodType::QuarterlyNov, "2024-02-01", "2024-04-30"),
        ("2024NovQ4", PeriodType::QuarterlyNov, "2024-08-01", "2024-10-31"),
        ("2024S1", PeriodType::SixMonthly, "2024-01-01", "2024-06-30"),
        ("2024S2", PeriodType::SixMonthly, "2024-07-01", "2024-12-31"),
        ("2024AprilS1", PeriodType::SixMonthlyApril, "2024-04-01", "2024-09-30"),
        ("2024AprilS2", PeriodType::SixMonthlyApril, "2024-10-01", "2025-03-31"),
        ("2024NovS1", PeriodType::SixMonthlyNov, "2023-11-01", "2024-04-30"),
        ("2024NovS2", PeriodType::SixMonthlyNov, "2024-05-01", "2024-10-31"),
        ("2024", PeriodType::Yearly, "2024-01-01", "2024-12-31"),
        ("2024Feb", PeriodType::FinancialFeb, "2024-02-01", "2025-01-31"),
        ("2024April", PeriodType::FinancialApril, "2024-04-01", "2025-03-31"),
        ("2024July", PeriodType::FinancialJuly, "2024-07-01", "2025-06-30"),
        ("2024Aug", PeriodType::FinancialAug, "2024-08-01", "2025-07-31"),
        ("2024Sep", PeriodType::FinancialSep, "2024-09-01", "2025-08-31"),
        ("2024Oct", PeriodType::FinancialOct, "2024-10-01", "2025-09-30"),
        ("2024Nov", PeriodType::FinancialNov, "2023-11-01", "2024-10-31"),
        ("0001Nov", PeriodType::FinancialNov, "0000-11-01", "0001-10-31"),
        ("9999", PeriodType::Yearly, "9999-01-01", "9999-12-31"),
        ("999912", PeriodType::Monthly, "9999-12-01", "9999-12-31"),
        ("99991231", PeriodType::Daily, "9999-12-31", "9999-12-31"),
    ];

    #[test]
    fn identifiers_of_every_type_read_and_print() {
        for (text, period_type, start, end) in EXAMPLES {
            let period = Period::parse(text).unwrap();
            assert_eq!(period.period_type(), period_type, "{text}");
            let days = format!("{}..{}", period.start(), period.end());
            assert_eq!(days, format!("{start}..{end}"), "{text}");
            assert_eq!(period.to_string(), text);
        }
        for period_type in PeriodType::ALL {
            assert!(EXAMPLES.iter().any(|example| example.1 == period_type), "no example of {period_type}");
        }
    }

    #[test]
    fn other_spellings_are_the_same_period() {
        for (written, normal) in [
            ("2024W02", "2024W2"),
            ("2024W52", "2024W52"),
            ("2024WedW05", "2024WedW5"),
            ("2024BiW03", "2024BiW3"),
            ("2024-01", "202401"),
            ("2024-01-31", "20240131"),
        ] {
            assert_eq!(Period::parse(written).unwrap().to_string(), normal);
        }
    }

    #[test]
    fn nothing_else_parses() {
        for text in [
            "",
            "2",
            "202",
            "20241",
            "202413",
            "202400",
            "2024-1",
            "2024-13",
            "2024-1-31",
            "2024-01-32",
            "20240230",
            "2024-02-30",
            "2024-01-",
            "2024--01",
            "2024-01-31-",
            "202401311",
            "2024W0",
            "2024W",
            "2024W53",
            "2024W54",
            "2020W54",
            "2024W001",
            "2024w1",
            "W1",
            "2024W-1",
            "2024W+1",
            "2024WedW53",
            "2024MonW1",
            "2024BiW0",
            "2024BiW27",
            "2020BiW28",
            "2024BiW",
            "202400B",
            "202407B",
            "202401b",
            "2024B",
            "20241B",
            "2024Q0",
            "2024Q5",
            "2024Q",
            "2024Q01",
            "2024NovQ5",
            "2024OctQ1",
            "2024S0",
            "2024S3",
            "2024AprilS3",
            "2024NovS3",
            "2024Nov1",
            "2024April01",
            "2024Apr",
            "2024apr",
            "2024Jul",
            "2024Dec",
            "0000",
            "000001",
            "202401 ",
            " 202401",
            "２０２４",
            "2024é",
            "é024",
            "LAST_MONTH",
            "2024X",
            "2024-1X",
            "9999AprilS2",
            "9999Oct",
            "9999W53",
            "2024Feb1",
            "+2024",
        ] {
            assert_eq!(Period::parse(text), Err(PeriodError(text.into())));
        }
    }

    #[test]
    fn json_holds_the_identifier() {
        let period = Period::parse("2024W02").unwrap();
        assert_eq!(serde_json::to_string(&period).unwrap(), "\"2024W2\"");
        assert_eq!(serde_json::from_str::<Period>("\"2024W2\"").unwrap(), period);
        assert!(serde_json::from_str::<Period>("\"2024W53\"").is_err());
    }
}
