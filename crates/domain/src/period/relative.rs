//! Relative period keywords (`LAST_12_MONTHS`), expanded into fixed periods.
//!
//! Servers resolve these keywords with their own date and settings, and `dataValueSets` does not know them at all, so
//! that two servers could mean two things by one word. They are therefore resolved here, once, before the first
//! request, from a date that is given (the source server's), and the fixed periods are kept with the run.
//!
//! The rule of all of them (DHIS2's `RelativePeriods`): `THIS_X` is the X that holds the day, `LAST_n_X` are the n
//! before it, without the current one; `X_THIS_YEAR` are all of the calendar year of the day, future ones included.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Weekday};

use super::period_type::{Shape, start_of_week};
use super::{Period, PeriodType};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// What the source server's settings say about weeks and financial years.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelativeOptions {
    /// The weekly type behind `LAST_WEEK` (`analyticsWeeklyStart`).
    pub week_start: PeriodType,
    /// The yearly type behind `LAST_FINANCIAL_YEAR` (`analyticsFinancialYearStart`).
    pub financial_year: PeriodType,
}

impl Default for RelativeOptions {
    /// DHIS2's own defaults: weeks from Monday, financial years from October.
    fn default() -> Self {
        Self { week_start: PeriodType::Weekly, financial_year: PeriodType::FinancialOct }
    }
}

impl RelativeOptions {
    /// From the texts of the two system settings (`WEEKLY_SUNDAY`, `FINANCIAL_YEAR_APRIL`); what is absent or unknown
    /// stays at DHIS2's default.
    pub fn from_settings(weekly_start: Option<&str>, financial_year_start: Option<&str>) -> Self {
        let default = Self::default();
        let week_start = match weekly_start {
            Some("WEEKLY_WEDNESDAY") => PeriodType::WeeklyWednesday,
            Some("WEEKLY_THURSDAY") => PeriodType::WeeklyThursday,
            Some("WEEKLY_FRIDAY") => PeriodType::WeeklyFriday,
            Some("WEEKLY_SATURDAY") => PeriodType::WeeklySaturday,
            Some("WEEKLY_SUNDAY") => PeriodType::WeeklySunday,
            _ => default.week_start,
        };
        let financial_year = match financial_year_start {
            Some("FINANCIAL_YEAR_FEBRUARY") => PeriodType::FinancialFeb,
            Some("FINANCIAL_YEAR_APRIL") => PeriodType::FinancialApril,
            Some("FINANCIAL_YEAR_JULY") => PeriodType::FinancialJuly,
            Some("FINANCIAL_YEAR_AUGUST") => PeriodType::FinancialAug,
            Some("FINANCIAL_YEAR_SEPTEMBER") => PeriodType::FinancialSep,
            Some("FINANCIAL_YEAR_NOVEMBER") => PeriodType::FinancialNov,
            _ => default.financial_year,
        };
        Self { week_start, financial_year }
    }
}

/// The text is no relative period keyword.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a relative period of DHIS2")]
pub struct RelativePeriodError(pub String);

impl Fault for RelativePeriodError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// What a keyword counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Day,
    Week,
    BiWeek,
    Month,
    BiMonth,
    Quarter,
    SixMonth,
    Year,
    FinancialYear,
}

/// Which of them it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The one that holds the day.
    This,
    /// That many before it.
    Last(i32),
    /// All of the calendar year of the day.
    ThisYear,
    /// All of the calendar year before.
    LastYear,
}

/// Writes the enum, its list, its names and its rules from one table, so that none can be forgotten in one of them.
macro_rules! relative_periods {
    ($($variant:ident $name:literal $unit:ident $reach:expr;)*) => {
        /// A relative period keyword of DHIS2 (dhis2-api 9.2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "the names are DHIS2's own")]
        pub enum RelativePeriod {
            $($variant,)*
        }

        impl RelativePeriod {
            /// Every keyword.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The keyword as servers spell it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            fn rule(self) -> (Unit, Reach) {
                match self {
                    $(Self::$variant => (Unit::$unit, $reach),)*
                }
            }
        }
    };
}

relative_periods! {
    Today "TODAY" Day Reach::This;
    Yesterday "YESTERDAY" Day Reach::Last(1);
    Last3Days "LAST_3_DAYS" Day Reach::Last(3);
    Last7Days "LAST_7_DAYS" Day Reach::Last(7);
    Last14Days "LAST_14_DAYS" Day Reach::Last(14);
    Last30Days "LAST_30_DAYS" Day Reach::Last(30);
    Last60Days "LAST_60_DAYS" Day Reach::Last(60);
    Last90Days "LAST_90_DAYS" Day Reach::Last(90);
    Last180Days "LAST_180_DAYS" Day Reach::Last(180);
    ThisWeek "THIS_WEEK" Week Reach::This;
    LastWeek "LAST_WEEK" Week Reach::Last(1);
    Last4Weeks "LAST_4_WEEKS" Week Reach::Last(4);
    Last12Weeks "LAST_12_WEEKS" Week Reach::Last(12);
    Last52Weeks "LAST_52_WEEKS" Week Reach::Last(52);
    WeeksThisYear "WEEKS_THIS_YEAR" Week Reach::ThisYear;
    ThisBiWeek "THIS_BIWEEK" BiWeek Reach::This;
    LastBiWeek "LAST_BIWEEK" BiWeek Reach::Last(1);
    Last4BiWeeks "LAST_4_BIWEEKS" BiWeek Reach::Last(4);
    ThisMonth "THIS_MONTH" Month Reach::This;
    LastMonth "LAST_MONTH" Month Reach::Last(1);
    Last3Months "LAST_3_MONTHS" Month Reach::Last(3);
    Last6Months "LAST_6_MONTHS" Month Reach::Last(6);
    Last12Months "LAST_12_MONTHS" Month Reach::Last(12);
    MonthsThisYear "MONTHS_THIS_YEAR" Month Reach::ThisYear;
    MonthsLastYear "MONTHS_LAST_YEAR" Month Reach::LastYear;
    ThisBiMonth "THIS_BIMONTH" BiMonth Reach::This;
    LastBiMonth "LAST_BIMONTH" BiMonth Reach::Last(1);
    Last6BiMonths "LAST_6_BIMONTHS" BiMonth Reach::Last(6);
    BiMonthsThisYear "BIMONTHS_THIS_YEAR" BiMonth Reach::ThisYear;
    ThisQuarter "THIS_QUARTER" Quarter Reach::This;
    LastQuarter "LAST_QUARTER" Quarter Reach::Last(1);
    Last4Quarters "LAST_4_QUARTERS" Quarter Reach::Last(4);
    QuartersThisYear "QUARTERS_THIS_YEAR" Quarter Reach::ThisYear;
    QuartersLastYear "QUARTERS_LAST_YEAR" Quarter Reach::LastYear;
    ThisSixMonth "THIS_SIX_MONTH" SixMonth Reach::This;
    LastSixMonth "LAST_SIX_MONTH" SixMonth Reach::Last(1);
    Last2SixMonths "LAST_2_SIXMONTHS" SixMonth Reach::Last(2);
    ThisYear "THIS_YEAR" Year Reach::This;
    LastYear "LAST_YEAR" Year Reach::Last(1);
    Last5Years "LAST_5_YEARS" Year Reach::Last(5);
    Last10Years "LAST_10_YEARS" Year Reach::Last(10);
    ThisFinancialYear "THIS_FINANCIAL_YEAR" FinancialYear Reach::This;
    LastFinancialYear "LAST_FINANCIAL_YEAR" FinancialYear Reach::Last(1);
    Last5FinancialYears "LAST_5_FINANCIAL_YEARS" FinancialYear Reach::Last(5);
    Last10FinancialYears "LAST_10_FINANCIAL_YEARS" FinancialYear Reach::Last(10);
}

impl RelativePeriod {
    /// The type of the periods that the keyword stands for.
    pub fn period_type(self, options: &RelativeOptions) -> PeriodType {
        match self.rule().0 {
            Unit::Day => PeriodType::Daily,
            Unit::Week => options.week_start,
            Unit::BiWeek => PeriodType::BiWeekly,
            Unit::Month => PeriodType::Monthly,
            Unit::BiMonth => PeriodType::BiMonthly,
            Unit::Quarter => PeriodType::Quarterly,
            Unit::SixMonth => PeriodType::SixMonthly,
            Unit::Year => PeriodType::Yearly,
            Unit::FinancialYear => options.financial_year,
        }
    }

    /// The same keyword counted in periods of another type.
    pub(super) fn expand_as(self, today: Date, period_type: PeriodType) -> Vec<Period> {
        let current = period_type.containing(today);
        match self.rule().1 {
            Reach::This => vec![current],
            Reach::Last(count) => (1..=count).rev().filter_map(|back| current.shift(-back)).collect(),
            Reach::ThisYear => periods_of_year(period_type, i32::from(today.year())),
            Reach::LastYear => periods_of_year(period_type, i32::from(today.year()) - 1),
        }
    }
}

/// All periods that a year numbers: weeks go by the week-based year, months by the calendar.
fn periods_of_year(period_type: PeriodType, year: i32) -> Vec<Period> {
    let first_day = |year: i32| match period_type.shape() {
        Shape::Days => Date::new(i16::try_from(year).ok()?, 1, 1).ok(),
        Shape::Weeks(first) => start_of_week(year, 1, first),
        Shape::BiWeeks => start_of_week(year, 1, Weekday::Monday),
        Shape::Months(months) => months.start_of_label(year, 1),
    };
    let (Some(start), Some(end)) = (first_day(year), first_day(year + 1)) else { return Vec::new() };
    super::periods_from(period_type, start).take_while(|period| period.start() < end).collect()
}

/// The fixed periods that a keyword stands for on a day, in order.
pub fn expand(keyword: RelativePeriod, today: Date, options: RelativeOptions) -> Vec<Period> {
    keyword.expand_as(today, keyword.period_type(&options))
}

impl FromStr for RelativePeriod {
    type Err = RelativePeriodError;

    fn from_str(text: &str) -> Result<Self, RelativePeriodError> {
        Self::ALL
            .iter()
            .copied()
            .find(|keyword| keyword.name() == text)
            .ok_or_else(|| RelativePeriodError(text.to_owned()))
    }
}

impl fmt::Display for RelativePeriod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 22); // a Sunday, in 2026W47

    fn expanded(keyword: &str) -> String {
        let periods = expand(keyword.parse().unwrap(), TODAY, RelativeOptions::default());
        let texts: Vec<String> = periods.iter().map(ToString::to_string).collect();
        match texts.as_slice() {
            [] => "-".to_owned(),
            [one] => one.clone(),
            [first, .., last] => format!("{first}..{last} ({})", texts.len()),
        }
    }

    #[test]
    fn every_keyword_from_one_day() {
        for (keyword, expected) in [
            ("TODAY", "20261122"),
            ("YESTERDAY", "20261121"),
            ("LAST_3_DAYS", "20261119..20261121 (3)"),
            ("LAST_7_DAYS", "20261115..20261121 (7)"),
            ("LAST_14_DAYS", "20261108..20261121 (14)"),
            ("LAST_30_DAYS", "20261023..20261121 (30)"),
            ("LAST_60_DAYS", "20260923..20261121 (60)"),
            ("LAST_90_DAYS", "20260824..20261121 (90)"),
            ("LAST_180_DAYS", "20260526..20261121 (180)"),
            ("THIS_WEEK", "2026W47"),
            ("LAST_WEEK", "2026W46"),
            ("LAST_4_WEEKS", "2026W43..2026W46 (4)"),
            ("LAST_12_WEEKS", "2026W35..2026W46 (12)"),
            ("LAST_52_WEEKS", "2025W47..2026W46 (52)"),
            ("WEEKS_THIS_YEAR", "2026W1..2026W53 (53)"),
            ("THIS_BIWEEK", "2026BiW24"),
            ("LAST_BIWEEK", "2026BiW23"),
            ("LAST_4_BIWEEKS", "2026BiW20..2026BiW23 (4)"),
            ("THIS_MONTH", "202611"),
            ("LAST_MONTH", "202610"),
            ("LAST_3_MONTHS", "202608..202610 (3)"),
            ("LAST_6_MONTHS", "202605..202610 (6)"),
            ("LAST_12_MONTHS", "202511..202610 (12)"),
            ("MONTHS_THIS_YEAR", "202601..202612 (12)"),
            ("MONTHS_LAST_YEAR", "202501..202512 (12)"),
            ("THIS_BIMONTH", "202606B"),
            ("LAST_BIMONTH", "202605B"),
            ("LAST_6_BIMONTHS", "202506B..202605B (6)"),
            ("BIMONTHS_THIS_YEAR", "202601B..202606B (6)"),
            ("THIS_QUARTER", "2026Q4"),
            ("LAST_QUARTER", "2026Q3"),
            ("LAST_4_QUARTERS", "2025Q4..2026Q3 (4)"),
            ("QUARTERS_THIS_YEAR", "2026Q1..2026Q4 (4)"),
            ("QUARTERS_LAST_YEAR", "2025Q1..2025Q4 (4)"),
            ("THIS_SIX_MONTH", "2026S2"),
            ("LAST_SIX_MONTH", "2026S1"),
            ("LAST_2_SIXMONTHS", "2025S2..2026S1 (2)"),
            ("THIS_YEAR", "2026"),
            ("LAST_YEAR", "2025"),
            ("LAST_5_YEARS", "2021..2025 (5)"),
            ("LAST_10_YEARS", "2016..2025 (10)"),
            ("THIS_FINANCIAL_YEAR", "2026Oct"),
            ("LAST_FINANCIAL_YEAR", "2025Oct"),
            ("LAST_5_FINANCIAL_YEARS", "2021Oct..2025Oct (5)"),
            ("LAST_10_FINANCIAL_YEARS", "2016Oct..2025Oct (10)"),
        ] {
            assert_eq!(expanded(keyword), expected, "{keyword}");
        }
    }

    #[test]
    fn expansions_are_gapless_and_in_order() {
        for keyword in RelativePeriod::ALL {
            assert_eq!(keyword.name().parse(), Ok(*keyword));
            let periods = expand(*keyword, TODAY, RelativeOptions::default());
            assert!(!periods.is_empty());
            assert!(periods.windows(2).all(|pair| pair[0].next() == Some(pair[1])), "{keyword}");
        }
        assert!("LAST_2_MONTHS".parse::<RelativePeriod>().is_err());
        assert!("last_month".parse::<RelativePeriod>().is_err());
    }

    #[test]
    fn settings_of_the_server_choose_weeks_and_financial_years() {
        let options = RelativeOptions::from_settings(Some("WEEKLY_SUNDAY"), Some("FINANCIAL_YEAR_NOVEMBER"));
        let sunday = expand(RelativePeriod::ThisWeek, TODAY, options);
        assert_eq!(sunday, [Period::parse("2026SunW47").unwrap()]);
        assert_eq!(sunday[0].start(), TODAY);
        let year = expand(RelativePeriod::ThisFinancialYear, TODAY, options);
        assert_eq!(year, [Period::parse("2027Nov").unwrap()]);
        assert_eq!(RelativeOptions::from_settings(None, Some("?")), RelativeOptions::default());
    }
}
