//! Periods of every DHIS2 type: identifiers, calendar arithmetic, relative keywords and the windows of a routine.
//!
//! A [`Period`] is a type and a first day, eight bytes, `Copy`. Everything else is computed: the identifier that
//! servers print ([`Display`](fmt::Display)), the last day, the neighbours, the periods inside it. `parse` is strict:
//! what a server of either generation refuses does not parse (dhis2-api 9.1; recordings `import/bad-period-*`).
//!
//! Only the ISO 8601 calendar. Servers with another calendar are refused before any period is made.
//!
//! - [`PeriodType`]: the types, their names and how they cut the calendar
//! - `home`: which longer period a week belongs to that lies in two
//! - `parse`: identifiers, read and printed
//! - [`relative`]: `LAST_12_MONTHS` and its kin, expanded from a given day
//! - [`window`]: what a person may write for the periods of a run

mod home;
mod parse;
mod period_type;
pub mod relative;
pub mod window;

use std::fmt;

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

pub use home::Home;
pub use period_type::PeriodType;
use period_type::{Shape, start_of_week, week_label};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// The text names no period type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a DHIS2 period type")]
pub struct PeriodTypeError(pub String);

impl Fault for PeriodTypeError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// The text is no period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a DHIS2 period")]
pub struct PeriodError(pub String);

impl Fault for PeriodError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// A period: a type and its first day. Ordered by first day, then by type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    start: Date,
    period_type: PeriodType,
}

impl Period {
    /// Its type.
    pub fn period_type(&self) -> PeriodType {
        self.period_type
    }

    /// Its first day.
    pub fn start(&self) -> Date {
        self.start
    }

    /// Its last day.
    ///
    /// The 27th pair of weeks of a year with 53 weeks is one week long here. DHIS2 lets it run on into the first week
    /// of the next year, which then belongs to two periods; the day-to-period direction is the same on both sides.
    pub fn end(&self) -> Date {
        self.shift(1).and_then(|next| next.start.yesterday().ok()).or_else(|| self.unclipped_end()).unwrap_or(Date::MAX)
    }

    /// The last day where the following period lies outside the calendar but this one does not.
    fn unclipped_end(self) -> Option<Date> {
        match self.period_type.shape() {
            Shape::Days => Some(self.start),
            Shape::Weeks(_) => self.start.checked_add(6.days()).ok(),
            Shape::BiWeeks => self.start.checked_add(13.days()).ok(),
            Shape::Months(months) => {
                let last_month = months.last_month_of(self.start)?;
                Some(last_month.last_of_month())
            }
        }
    }

    /// How many days it has.
    pub fn days(&self) -> i32 {
        self.start.until(self.end()).map_or(0, |span| span.get_days()) + 1
    }

    /// Whether a day lies in it.
    pub fn contains(&self, date: Date) -> bool {
        self.start <= date && date <= self.end()
    }

    /// The period `number` periods later (earlier if negative); none outside the years that dates cover.
    pub fn shift(&self, number: i32) -> Option<Self> {
        let start = match self.period_type.shape() {
            Shape::Days => plus_days(self.start, i64::from(number))?,
            Shape::Weeks(_) => plus_days(self.start, i64::from(number) * 7)?,
            Shape::BiWeeks => shift_bi_weeks(self.start, number)?,
            Shape::Months(months) => months.step(self.start, number)?,
        };
        Some(Self { start, period_type: self.period_type })
    }

    /// The period after it.
    pub fn next(&self) -> Option<Self> {
        self.shift(1)
    }

    /// The period before it.
    pub fn previous(&self) -> Option<Self> {
        self.shift(-1)
    }

    /// The period of a type that contains all of this one; none where it straddles two.
    pub fn contained_in(&self, period_type: PeriodType) -> Option<Self> {
        let outer = period_type.containing(self.start);
        (self.end() <= outer.end()).then_some(outer)
    }

    /// The periods of a type that lie wholly inside this one, in order.
    pub fn containing_periods(&self, period_type: PeriodType) -> Vec<Self> {
        let end = self.end();
        periods_from(period_type, self.start)
            .skip_while(|inner| inner.start < self.start)
            .take_while(|inner| inner.end() <= end)
            .collect()
    }
}

/// The day that many days later (earlier if negative); none outside the years that dates cover.
fn plus_days(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

/// The period of a type that contains a day, and all after it.
fn periods_from(period_type: PeriodType, date: Date) -> impl Iterator<Item = Period> {
    std::iter::successors(Some(period_type.containing(date)), Period::next)
}

/// How many pairs of weeks a week-based year has: 27 where it has 53 weeks.
fn bi_weeks_in_year(year: i32) -> i32 {
    if start_of_week(year, 53, Weekday::Monday).is_some() { 27 } else { 26 }
}

/// Counts pairs of weeks over the ends of years, where the count starts anew.
fn shift_bi_weeks(start: Date, number: i32) -> Option<Date> {
    let (mut year, week) = week_label(start);
    let mut ordinal = i64::from((week - 1) / 2) + i64::from(number);
    while ordinal < 0 {
        year -= 1;
        start_of_week(year, 1, Weekday::Monday)?;
        ordinal += i64::from(bi_weeks_in_year(year));
    }
    while ordinal >= i64::from(bi_weeks_in_year(year)) {
        ordinal -= i64::from(bi_weeks_in_year(year));
        year += 1;
        start_of_week(year, 1, Weekday::Monday)?;
    }
    start_of_week(year, i32::try_from(ordinal).ok()? * 2 + 1, Weekday::Monday)
}

impl fmt::Debug for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    fn any_period() -> impl Strategy<Value = Period> {
        (0..PeriodType::ALL.len(), 1950_i16..2100, 1_i16..=365).prop_map(|(index, year, day)| {
            let date = Date::new(year, 1, 1).unwrap().checked_add((i64::from(day) - 1).days()).unwrap();
            PeriodType::ALL[index].containing(date)
        })
    }

    proptest! {
        #[test]
        fn parse_reads_what_display_prints(period in any_period()) {
            prop_assert_eq!(Period::parse(&period.to_string()), Ok(period));
        }

        #[test]
        fn shifting_forth_and_back_is_nothing(period in any_period(), number in -2000_i32..2000) {
            let there = period.shift(number).unwrap();
            prop_assert_eq!(there.shift(-number), Some(period));
            prop_assert_eq!(there > period, number > 0);
        }

        #[test]
        fn shifts_add_up(period in any_period(), one in -200_i32..200, two in -200_i32..200) {
            let twice = period.shift(one).and_then(|period| period.shift(two));
            prop_assert_eq!(twice, period.shift(one + two));
        }

        #[test]
        fn inside_and_around_agree(outer in any_period(), index in 0..PeriodType::ALL.len()) {
            let inner_type = PeriodType::ALL[index];
            for inner in outer.containing_periods(inner_type) {
                prop_assert!(inner.start() >= outer.start() && inner.end() <= outer.end());
                prop_assert_eq!(inner.contained_in(outer.period_type()), Some(outer));
            }
            if let Some(around) = outer.contained_in(inner_type) {
                prop_assert!(around.containing_periods(outer.period_type()).contains(&outer));
            }
        }

        #[test]
        fn days_count_from_start_to_end(period in any_period()) {
            let last = period.start().checked_add(i64::from(period.days() - 1).days()).unwrap();
            prop_assert_eq!(last, period.end());
        }
    }

    #[test]
    fn months_of_a_quarter_and_a_quarter_of_months() {
        let months = period("2024Q1").containing_periods(PeriodType::Monthly);
        assert_eq!(months, [period("202401"), period("202402"), period("202403")]);
        assert_eq!(period("202402").contained_in(PeriodType::Quarterly), Some(period("2024Q1")));
        assert_eq!(period("2024W5").contained_in(PeriodType::Monthly), None, "it straddles January and February");
        assert_eq!(period("202402").contained_in(PeriodType::Weekly), None);
        assert_eq!(period("202402").days(), 29);
    }

    #[test]
    fn pairs_of_weeks_start_anew_each_year() {
        assert_eq!(period("2020BiW26").next(), Some(period("2020BiW27")));
        assert_eq!(period("2020BiW27").next(), Some(period("2021BiW1")));
        assert_eq!(period("2020BiW27").days(), 7);
        assert_eq!(period("2021BiW26").next(), Some(period("2022BiW1")));
    }

    #[test]
    fn shifts_end_where_dates_end() {
        for period_type in PeriodType::ALL {
            let period = period_type.containing(Date::constant(2024, 6, 1));
            assert_eq!(period.shift(i32::MAX), None, "{period_type}");
            assert_eq!(period.shift(i32::MIN), None, "{period_type}");
        }
    }

    #[test]
    fn a_period_is_small_and_ordered_by_start_then_type() {
        assert!(size_of::<Period>() <= 8);
        assert!(period("202401") < period("2024Q1"));
        assert!(period("2024Q1") < period("202402"));
    }
}
