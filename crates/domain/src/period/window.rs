//! The periods of a run, as a person writes them: fixed identifiers, ranges, relative keywords.
//!
//! Whatever is written, the outcome is a list of fixed periods of the one type that a job reads. Something longer
//! than the job's periods stands for all of the job's periods in it: `LAST_YEAR` for a monthly job is twelve months.
//! Something shorter cannot be filled by them and is refused.
//!
//! Weeks do not fit into months and years. A period belongs to the stretch that holds its middle day, which is how
//! ISO 8601 gives weeks to years. So windows that follow each other without gap take each week exactly once, and none
//! is lost between them.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use super::relative::{RelativeOptions, RelativePeriod};
use super::{Period, PeriodType, periods_from};

use crate::exit_code::ExitCode;
use crate::fault::Fault;

/// Periods in one window; more is a slip of the pen (`2000..2026` for a daily job is the most that makes sense).
pub const MAX_PERIODS: usize = 10_000;

/// Why a window cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// Nothing was written.
    #[error("no periods are given")]
    Empty,
    /// Neither identifier, range nor keyword.
    #[error("`{text}` is not a period, a range such as `202401..202406`, or a keyword such as `LAST_12_MONTHS`")]
    Unknown {
        /// What was written.
        text: String,
    },
    /// A range between two types.
    #[error("`{text}` is not a range: its ends are {first} and {last} periods")]
    MixedRange {
        /// What was written.
        text: String,
        /// Type of the first end.
        first: PeriodType,
        /// Type of the last end.
        last: PeriodType,
    },
    /// A range that ends before it begins.
    #[error("`{text}` ends before it begins")]
    ReversedRange {
        /// What was written.
        text: String,
    },
    /// Shorter than the job's periods, or as long but cut differently.
    #[error("`{text}` is {found}, but the job reads {wanted} periods: give periods of that length or longer")]
    DoesNotFit {
        /// What was written.
        text: String,
        /// The type of what was written.
        found: PeriodType,
        /// The type that the job reads.
        wanted: PeriodType,
    },
    /// More periods than [`MAX_PERIODS`].
    #[error("the window holds more than {MAX_PERIODS} {wanted} periods")]
    TooMany {
        /// The type that the job reads.
        wanted: PeriodType,
    },
}

impl Fault for WindowError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// The fixed periods of `period_type` that the written ones stand for on a day, each once, in order.
///
/// # Errors
/// [`WindowError`] names the text that cannot be used.
pub fn expand(
    written: &[String],
    today: Date,
    period_type: PeriodType,
    options: &RelativeOptions,
) -> Result<Vec<Period>, WindowError> {
    let mut periods = BTreeSet::new();
    let mut stretches = Vec::new();
    for text in written.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let (first, last) = read(text, today, period_type, *options)?;
        let found = first.period_type();
        if found == period_type {
            collect(&mut periods, periods_from(period_type, first.start()).take_while(|period| *period <= last))?;
        } else if found.nominal_days() > period_type.nominal_days() {
            stretches.push((first.start(), last.end()));
        } else {
            return Err(WindowError::DoesNotFit { text: text.to_owned(), found, wanted: period_type });
        }
    }
    for (start, end) in stretches {
        let inside = periods_from(period_type, start)
            .take_while(|period| period.start() <= end)
            .filter(|period| (start..=end).contains(&middle(*period)));
        collect(&mut periods, inside)?;
    }
    if periods.is_empty() {
        return Err(WindowError::Empty);
    }
    Ok(periods.into_iter().collect())
}

/// Adds periods up to the limit.
fn collect(periods: &mut BTreeSet<Period>, more: impl Iterator<Item = Period>) -> Result<(), WindowError> {
    for period in more {
        periods.insert(period);
        if periods.len() > MAX_PERIODS {
            return Err(WindowError::TooMany { wanted: period.period_type() });
        }
    }
    Ok(())
}

/// The first and the last period of what was written.
fn read(
    text: &str,
    today: Date,
    period_type: PeriodType,
    options: RelativeOptions,
) -> Result<(Period, Period), WindowError> {
    let unknown = || WindowError::Unknown { text: text.to_owned() };
    if let Ok(keyword) = text.parse::<RelativePeriod>() {
        // A keyword counts in the job's own cut where only the cut differs: weeks from Sunday, years from April.
        let own = keyword.period_type(&options);
        let cut = if own.nominal_days() == period_type.nominal_days() { period_type } else { own };
        let periods = keyword.expand_as(today, cut);
        return periods.first().copied().zip(periods.last().copied()).ok_or_else(unknown);
    }
    let Some((first, last)) = text.split_once("..") else {
        let period = Period::parse(text).map_err(|_| unknown())?;
        return Ok((period, period));
    };
    let first = Period::parse(first.trim()).map_err(|_| unknown())?;
    let last = Period::parse(last.trim()).map_err(|_| unknown())?;
    if first.period_type() != last.period_type() {
        let (first, last) = (first.period_type(), last.period_type());
        return Err(WindowError::MixedRange { text: text.to_owned(), first, last });
    }
    if first > last {
        return Err(WindowError::ReversedRange { text: text.to_owned() });
    }
    Ok((first, last))
}

/// The day in the middle, the earlier one where there are two.
fn middle(period: Period) -> Date {
    period.start().checked_add(((period.days() - 1) / 2).days()).unwrap_or(period.start())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn window(written: &[&str], period_type: PeriodType) -> Result<Vec<String>, WindowError> {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        let periods = expand(&written, TODAY, period_type, &RelativeOptions::default())?;
        Ok(periods.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn identifiers_ranges_and_keywords_come_out_once_and_in_order() {
        let periods = window(&["202405", " 202401..202403 ", "2024-02", "LAST_MONTH"], PeriodType::Monthly);
        assert_eq!(periods.unwrap(), ["202401", "202402", "202403", "202405", "202610"]);
        assert_eq!(
            window(&["2023W51..2024W2"], PeriodType::Weekly).unwrap(),
            ["2023W51", "2023W52", "2024W1", "2024W2"]
        );
    }

    #[test]
    fn longer_periods_stand_for_all_of_the_jobs_periods_in_them() {
        assert_eq!(window(&["LAST_YEAR"], PeriodType::Monthly).unwrap().len(), 12);
        assert_eq!(window(&["2024"], PeriodType::Quarterly).unwrap(), ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]);
        assert_eq!(window(&["2024Q1..2024Q2"], PeriodType::Monthly).unwrap().len(), 6);
        assert_eq!(window(&["202402"], PeriodType::Daily).unwrap().len(), 29);
    }

    #[test]
    fn windows_that_follow_each_other_take_each_week_once() {
        for period_type in PeriodType::ALL.into_iter().filter(|period_type| period_type.nominal_days() == 7) {
            let mut one_by_one = Vec::new();
            for month in 1..=12 {
                one_by_one.extend(window(&[&format!("2026{month:02}")], period_type).unwrap());
            }
            assert_eq!(one_by_one, window(&["2026"], period_type).unwrap());
            assert_eq!(one_by_one, window(&["202601..202612"], period_type).unwrap());
            assert!(one_by_one.iter().all(|week| week.starts_with("2026")), "{one_by_one:?}");
        }
    }

    #[test]
    fn keywords_count_in_the_jobs_own_cut() {
        assert_eq!(window(&["LAST_WEEK"], PeriodType::WeeklySunday).unwrap(), ["2026SunW46"]);
        assert_eq!(window(&["LAST_QUARTER"], PeriodType::QuarterlyNov).unwrap(), ["2026NovQ4"]);
        assert_eq!(window(&["LAST_FINANCIAL_YEAR"], PeriodType::FinancialApril).unwrap(), ["2025April"]);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let message = |written: &[&str], period_type| window(written, period_type).unwrap_err().to_string();
        assert_eq!(message(&[], PeriodType::Monthly), "no periods are given");
        assert_eq!(message(&[" "], PeriodType::Monthly), "no periods are given");
        assert_eq!(
            message(&["LAST_MONHT"], PeriodType::Monthly),
            "`LAST_MONHT` is not a period, a range such as `202401..202406`, or a keyword such as `LAST_12_MONTHS`"
        );
        assert_eq!(
            message(&["202401..2024Q2"], PeriodType::Monthly),
            "`202401..2024Q2` is not a range: its ends are Monthly and Quarterly periods"
        );
        assert_eq!(message(&["202406..202401"], PeriodType::Monthly), "`202406..202401` ends before it begins");
        assert_eq!(
            message(&["2024W5"], PeriodType::Monthly),
            "`2024W5` is Weekly, but the job reads Monthly periods: give periods of that length or longer"
        );
        assert!(window(&["2024SunW5"], PeriodType::Weekly).is_err());
        assert_eq!(message(&["0001..9999"], PeriodType::Daily), "the window holds more than 10000 Daily periods");
    }
}
