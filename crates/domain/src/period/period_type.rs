//! The period types, their names and how each cuts the calendar.
//!
//! Every type is one of four shapes ([`Shape`]): days, weeks that start on some weekday, pairs of ISO weeks, or months
//! counted in steps from some month on. All arithmetic follows from the shape, so that a type is one row of a table
//! and not a set of special cases.

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Period, PeriodTypeError};
use crate::named::Named;

/// A DHIS2 period type; the names are those of `/api/periodTypes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are DHIS2's own")]
pub enum PeriodType {
    Daily,
    Weekly,
    WeeklyWednesday,
    WeeklyThursday,
    WeeklyFriday,
    WeeklySaturday,
    WeeklySunday,
    BiWeekly,
    Monthly,
    BiMonthly,
    Quarterly,
    QuarterlyNov,
    SixMonthly,
    SixMonthlyApril,
    SixMonthlyNov,
    Yearly,
    FinancialFeb,
    FinancialApril,
    FinancialJuly,
    FinancialAug,
    FinancialSep,
    FinancialOct,
    FinancialNov,
}

/// How a type cuts the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Single days.
    Days,
    /// Weeks from this weekday on; the first week of a year is the one that holds January 4.
    Weeks(Weekday),
    /// Pairs of ISO weeks, counted anew each week-based year.
    BiWeeks,
    /// Whole months.
    Months(Months),
}

/// Periods of whole months.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Months {
    /// Months in a period; divides 12.
    pub(super) length: i32,
    /// The month, from 0 for January, in which a year of such periods begins.
    pub(super) first_month: i32,
    /// What the year of an identifier adds to the calendar year in which the year of periods begins: 1 for the types
    /// of November, which are named after the year in which they end.
    pub(super) label_offset: i32,
}

const fn months(length: i32, first_month: i32, label_offset: i32) -> Shape {
    Shape::Months(Months { length, first_month, label_offset })
}

impl PeriodType {
    /// Every type.
    pub const ALL: [Self; 23] = [
        Self::Daily,
        Self::Weekly,
        Self::WeeklyWednesday,
        Self::WeeklyThursday,
        Self::WeeklyFriday,
        Self::WeeklySaturday,
        Self::WeeklySunday,
        Self::BiWeekly,
        Self::Monthly,
        Self::BiMonthly,
        Self::Quarterly,
        Self::QuarterlyNov,
        Self::SixMonthly,
        Self::SixMonthlyApril,
        Self::SixMonthlyNov,
        Self::Yearly,
        Self::FinancialFeb,
        Self::FinancialApril,
        Self::FinancialJuly,
        Self::FinancialAug,
        Self::FinancialSep,
        Self::FinancialOct,
        Self::FinancialNov,
    ];

    /// DHIS2's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
            Self::WeeklyWednesday => "WeeklyWednesday",
            Self::WeeklyThursday => "WeeklyThursday",
            Self::WeeklyFriday => "WeeklyFriday",
            Self::WeeklySaturday => "WeeklySaturday",
            Self::WeeklySunday => "WeeklySunday",
            Self::BiWeekly => "BiWeekly",
            Self::Monthly => "Monthly",
            Self::BiMonthly => "BiMonthly",
            Self::Quarterly => "Quarterly",
            Self::QuarterlyNov => "QuarterlyNov",
            Self::SixMonthly => "SixMonthly",
            Self::SixMonthlyApril => "SixMonthlyApril",
            Self::SixMonthlyNov => "SixMonthlyNov",
            Self::Yearly => "Yearly",
            Self::FinancialFeb => "FinancialFeb",
            Self::FinancialApril => "FinancialApril",
            Self::FinancialJuly => "FinancialJuly",
            Self::FinancialAug => "FinancialAug",
            Self::FinancialSep => "FinancialSep",
            Self::FinancialOct => "FinancialOct",
            Self::FinancialNov => "FinancialNov",
        }
    }

    /// How the type cuts the calendar (dhis2-api 9.1).
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Daily => Shape::Days,
            Self::Weekly => Shape::Weeks(Weekday::Monday),
            Self::WeeklyWednesday => Shape::Weeks(Weekday::Wednesday),
            Self::WeeklyThursday => Shape::Weeks(Weekday::Thursday),
            Self::WeeklyFriday => Shape::Weeks(Weekday::Friday),
            Self::WeeklySaturday => Shape::Weeks(Weekday::Saturday),
            Self::WeeklySunday => Shape::Weeks(Weekday::Sunday),
            Self::BiWeekly => Shape::BiWeeks,
            Self::Monthly => months(1, 0, 0),
            Self::BiMonthly => months(2, 0, 0),
            Self::Quarterly => months(3, 0, 0),
            Self::QuarterlyNov => months(3, 10, 1),
            Self::SixMonthly => months(6, 0, 0),
            Self::SixMonthlyApril => months(6, 3, 0),
            Self::SixMonthlyNov => months(6, 10, 1),
            Self::Yearly => months(12, 0, 0),
            Self::FinancialFeb => months(12, 1, 0),
            Self::FinancialApril => months(12, 3, 0),
            Self::FinancialJuly => months(12, 6, 0),
            Self::FinancialAug => months(12, 7, 0),
            Self::FinancialSep => months(12, 8, 0),
            Self::FinancialOct => months(12, 9, 0),
            Self::FinancialNov => months(12, 10, 1),
        }
    }

    /// Whether periods are single weeks, whatever the weekday they start on.
    pub fn is_weekly(self) -> bool {
        matches!(self.shape(), Shape::Weeks(_))
    }

    /// Days that a period of the type has on the calendar, roughly: types of equal length cannot be divided into each
    /// other, a longer one into a shorter one can.
    pub fn nominal_days(self) -> u16 {
        match self.shape() {
            Shape::Days => 1,
            Shape::Weeks(_) => 7,
            Shape::BiWeeks => 14,
            Shape::Months(Months { length: 1, .. }) => 30,
            Shape::Months(Months { length: 2, .. }) => 61,
            Shape::Months(Months { length: 3, .. }) => 91,
            Shape::Months(Months { length: 6, .. }) => 182,
            Shape::Months(_) => 365,
        }
    }

    /// The day that lies a number of periods of this type earlier, later where it is negative, as DHIS2 moves single days
    /// (`PeriodType.getRewindedDate`): by days, weeks or months, where a month that is too short ends at its last day.
    pub fn rewound(self, day: Date, periods: i32) -> Date {
        let periods = i64::from(periods);
        let span = match self.shape() {
            Shape::Days => Span::new().try_days(periods),
            Shape::Weeks(_) => Span::new().try_weeks(periods),
            Shape::BiWeeks => Span::new().try_weeks(periods * 2),
            Shape::Months(months) => Span::new().try_months(periods * i64::from(months.length)),
        };
        span.map_or(day, |span| day.saturating_sub(span))
    }

    /// The period of this type that contains a day. At the very ends of the calendar (years −9999 and 9999) it is cut
    /// off at the last day that a date can be.
    pub fn containing(self, date: Date) -> Period {
        let start = match self.shape() {
            Shape::Days => date,
            Shape::Weeks(first) => week_start(date, first),
            Shape::BiWeeks => bi_week_start(date),
            Shape::Months(months) => months.start_of(date),
        };
        Period { start, period_type: self }
    }
}

impl Months {
    /// Months since year 0 of the month in which a day lies.
    fn month_index(date: Date) -> i32 {
        i32::from(date.year()) * 12 + i32::from(date.month()) - 1
    }

    /// Months from one day's month to another's.
    pub(super) fn between(first: Date, second: Date) -> i32 {
        Self::month_index(second) - Self::month_index(first)
    }

    /// First day of a month given as months since year 0; none outside the years that dates cover.
    pub(super) fn first_day(index: i32) -> Option<Date> {
        let year = i16::try_from(index.div_euclid(12)).ok()?;
        let month = i8::try_from(index.rem_euclid(12) + 1).ok()?;
        Date::new(year, month, 1).ok()
    }

    fn start_of(self, date: Date) -> Date {
        let index = Self::month_index(date);
        let start = index - (index - self.first_month).rem_euclid(self.length);
        Self::first_day(start).unwrap_or(Date::MIN)
    }

    /// First day of the period `number` periods after the one that starts at `start`.
    pub(super) fn step(self, start: Date, number: i32) -> Option<Date> {
        let index = Self::month_index(start).checked_add(self.length.checked_mul(number)?)?;
        Self::first_day(index)
    }

    /// First day of the last month of the period that starts at `start`.
    pub(super) fn last_month_of(self, start: Date) -> Option<Date> {
        Self::first_day(Self::month_index(start) + self.length - 1)
    }

    /// The year and the number within it (from 1) that name the period starting at `start`.
    pub(super) fn label(self, start: Date) -> (i32, i32) {
        let since = Self::month_index(start) - self.first_month;
        (since.div_euclid(12) + self.label_offset, since.rem_euclid(12) / self.length + 1)
    }

    /// First day of the period with that year and number; none where the year has no such period.
    pub(super) fn start_of_label(self, year: i32, number: i32) -> Option<Date> {
        if number < 1 || number > 12 / self.length {
            return None;
        }
        Self::first_day((year - self.label_offset) * 12 + self.first_month + (number - 1) * self.length)
    }
}

/// First day of the week that holds a day.
pub(super) fn week_start(date: Date, first: Weekday) -> Date {
    let since = date.weekday().since(first);
    date.checked_sub(i32::from(since).days()).unwrap_or(Date::MIN)
}

/// The week-based year and the number of the week that starts at `start`: the year is that of its fourth day
/// (`WeekFields.of(firstDay, 4)`).
pub(super) fn week_label(start: Date) -> (i32, i32) {
    let fourth = start.checked_add(3.days()).unwrap_or(Date::MAX);
    (i32::from(fourth.year()), i32::from(fourth.day_of_year() - 1) / 7 + 1)
}

/// First day of a numbered week; none where the year has no such week.
pub(super) fn start_of_week(year: i32, week: i32, first: Weekday) -> Option<Date> {
    if !(1..=53).contains(&week) {
        return None;
    }
    let fourth_of_january = Date::new(i16::try_from(year).ok()?, 1, 4).ok()?;
    let start = week_start(fourth_of_january, first).checked_add((week - 1).weeks()).ok()?;
    (week_label(start) == (year, week)).then_some(start)
}

fn bi_week_start(date: Date) -> Date {
    let monday = week_start(date, Weekday::Monday);
    let (_, week) = week_label(monday);
    if week % 2 == 1 { monday } else { monday.checked_sub(1.week()).unwrap_or(Date::MIN) }
}

impl fmt::Display for PeriodType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl Named for PeriodType {
    fn name(self) -> &'static str {
        Self::name(self)
    }

    fn from_name(name: &str) -> Option<Self> {
        name.parse().ok()
    }
}

impl FromStr for PeriodType {
    type Err = PeriodTypeError;

    fn from_str(text: &str) -> Result<Self, PeriodTypeError> {
        Self::ALL
            .into_iter()
            .find(|period_type| period_type.name() == text)
            .ok_or_else(|| PeriodTypeError(text.to_owned()))
    }
}

impl Serialize for PeriodType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for PeriodType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_server_and_read_back() {
        for period_type in PeriodType::ALL {
            assert_eq!(period_type.name(), format!("{period_type:?}"), "DHIS2 spells its types as this enum does");
            assert_eq!(period_type.name().parse(), Ok(period_type));
            let json = serde_json::to_string(&period_type).unwrap();
            assert_eq!(serde_json::from_str::<PeriodType>(&json).unwrap(), period_type);
        }
        assert_eq!("monthly".parse::<PeriodType>(), Err(PeriodTypeError("monthly".into())));
        assert!("TwoYearly".parse::<PeriodType>().is_err());
    }

    #[test]
    fn every_type_tiles_the_calendar_from_1990_to_2060() {
        let first = Date::constant(1990, 1, 1);
        let last = Date::constant(2060, 12, 31);
        for period_type in PeriodType::ALL {
            let mut period = period_type.containing(first);
            let mut date = first;
            while date <= last {
                if date > period.end() {
                    let next = period.next().unwrap();
                    assert_eq!(next.start(), period.end().tomorrow().unwrap(), "{period_type}: {period} then {next}");
                    assert_eq!(next.previous(), Some(period), "{period_type}");
                    period = next;
                }
                assert_eq!(period_type.containing(date), period, "{period_type} on {date}");
                assert!(period.contains(date));
                date = date.tomorrow().unwrap();
            }
        }
    }

    #[test]
    fn the_first_week_of_a_year_holds_january_4_whatever_the_weekday() {
        for period_type in PeriodType::ALL.into_iter().filter(|period_type| period_type.is_weekly()) {
            for year in 1990..=2060_i16 {
                let week = period_type.containing(Date::new(year, 1, 4).unwrap());
                let text = week.to_string();
                assert!(text.starts_with(&year.to_string()) && text.ends_with("W1"), "{text}");
            }
        }
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for period_type in PeriodType::ALL {
            for date in [Date::MIN, Date::MAX] {
                let period = period_type.containing(date);
                assert!(period.start() <= date && date <= period.end());
                let _ = (period.to_string(), period.next(), period.previous(), period.days());
            }
        }
    }
}
