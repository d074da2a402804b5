//! The longer period that a period belongs to if it overlaps two: its *home*.
//!
//! DHIS2 turns weeks into longer periods by "determining which period contains at least 4 days of the week"
//! (`IdentifiableObjectUtils.getPeriodByPeriodType` in dhis2-core), and its analytics tables are made that way. The same
//! majority holds for every type here, so that a number never goes where the smaller part of its time lies:
//!
//! - weeks of every weekday, and pairs of weeks: the period with more than half of the days
//! - whole months in longer periods that are cut differently (a quarter in a year from November on): the one with more
//!   than half of the months; a month counts as a month, whether it has 28 days or 31
//!
//! Where both parts are equally long there is no home: half of September and October is in either quarter. DHIS2 itself
//! goes by the first day for everything but weeks; a number of which half belongs elsewhere is not put there silently.

use super::period_type::{Months, Shape};
use super::{Period, PeriodType, periods_from};

/// Where a period belongs among the periods of a longer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// All of it, or more than half, lies in this one.
    In(Period),
    /// Half lies in the first and half in the second.
    Between(Period, Period),
}

impl Home {
    /// Whether it has to do with this period.
    pub fn touches(&self, period: Period) -> bool {
        match self {
            Self::In(home) => *home == period,
            Self::Between(first, second) => *first == period || *second == period,
        }
    }
}

impl Period {
    /// Its home among the periods of a type; none where the type is not longer and does not contain it.
    pub fn home_in(&self, period_type: PeriodType) -> Option<Home> {
        if let Some(outer) = self.contained_in(period_type) {
            return Some(Home::In(outer));
        }
        if period_type.nominal_days() <= self.period_type.nominal_days() {
            return None;
        }
        // A longer type: what does not lie within one of its periods lies in two.
        let first = period_type.containing(self.start);
        let second = first.next()?;
        let (before, all) = match self.period_type.shape() {
            Shape::Months(_) => {
                (Months::between(self.start, second.start), Months::between(self.start, self.next()?.start))
            }
            Shape::Days | Shape::Weeks(_) | Shape::BiWeeks => {
                (self.start.until(second.start).ok()?.get_days(), self.days())
            }
        };
        Some(match (2 * before).cmp(&all) {
            std::cmp::Ordering::Greater => Home::In(first),
            std::cmp::Ordering::Less => Home::In(second),
            std::cmp::Ordering::Equal => Home::Between(first, second),
        })
    }

    /// The periods of a shorter type that have their home in this one, or half of it, in order.
    pub fn members(&self, period_type: PeriodType) -> Vec<(Self, Home)> {
        let end = self.end();
        periods_from(period_type, self.start)
            .take_while(|inner| inner.start <= end)
            .filter_map(|inner| Some((inner, inner.home_in(self.period_type)?)))
            .filter(|(_, home)| home.touches(*self))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use jiff::{Span, ToSpan};
    use proptest::prelude::*;

    use super::{Home, Period, PeriodType};

    fn period(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    fn home(text: &str, period_type: PeriodType) -> Option<Home> {
        period(text).home_in(period_type)
    }

    #[test]
    fn a_week_belongs_to_the_month_with_four_of_its_days() {
        // The examples of dhis2-core's own test, and the weeks of a new year.
        for (week, month) in [
            ("2017W8", "201702"),
            ("2017W9", "201703"),
            ("2025W1", "202501"),
            ("2024W48", "202411"),
            ("2025W5", "202501"),
            ("2024WedW18", "202405"),
            ("2024SunW18", "202405"),
            ("2024SatW9", "202402"),
        ] {
            assert_eq!(home(week, PeriodType::Monthly), Some(Home::In(period(month))), "{week}");
        }
    }

    #[test]
    fn halves_have_no_home() {
        // From 2024-04-23 two weeks would be 7 and 7; the pairs of ISO weeks that begin seven days before a month do.
        let halved = (1..=26)
            .map(|number| period(&format!("2024BiW{number}")))
            .filter_map(|pair| match pair.home_in(PeriodType::Monthly) {
                Some(Home::Between(first, second)) => Some((pair, first, second)),
                _ => None,
            })
            .collect::<Vec<_>>();
        for (pair, first, second) in halved {
            assert_eq!(pair.start().until(second.start()).unwrap().get_days(), 7, "{pair} in {first} and {second}");
        }
        let (third, fourth) = (period("2024Q3"), period("2024Q4"));
        assert_eq!(home("202405B", PeriodType::Quarterly), Some(Home::Between(third, fourth)), "30 days and 31");
        assert_eq!(home("202401B", PeriodType::Quarterly), Some(Home::In(period("2024Q1"))));
    }

    #[test]
    fn years_that_begin_elsewhere_take_what_lies_in_them_for_the_most_part() {
        assert_eq!(home("2024Q1", PeriodType::FinancialFeb), Some(Home::In(period("2024Feb"))), "two months of three");
        assert_eq!(home("2024Q1", PeriodType::FinancialApril), Some(Home::In(period("2023April"))));
        assert!(matches!(home("2024S1", PeriodType::FinancialApril), Some(Home::Between(..))), "three and three");
        assert_eq!(home("2024", PeriodType::FinancialApril), None, "a year is no part of another year");
        assert_eq!(home("2024Q1", PeriodType::Monthly), None);
        assert_eq!(home("2024W5", PeriodType::WeeklySunday), None);
    }

    fn any_pair() -> impl Strategy<Value = (Period, PeriodType)> {
        let types = PeriodType::ALL.len();
        (0..types, 0..types, 1990_i16..2060, 0_i64..366).prop_map(|(inner, outer, year, day)| {
            let date = Date::new(year, 1, 1).unwrap().checked_add(Span::new().days(day)).unwrap();
            (PeriodType::ALL[inner].containing(date), PeriodType::ALL[outer])
        })
    }

    /// By counting days, or first days of months, one by one.
    fn counted(inner: Period, outer: PeriodType) -> Vec<(Period, usize)> {
        let by_month = inner.period_type().nominal_days() >= 30;
        let mut found: Vec<(Period, usize)> = Vec::new();
        let mut day = inner.start();
        while day <= inner.end() {
            if !by_month || day.day() == 1 {
                let around = outer.containing(day);
                match found.last_mut() {
                    Some((last, number)) if *last == around => *number += 1,
                    _ => found.push((around, 1)),
                }
            }
            day = day.checked_add(1.day()).unwrap();
        }
        found
    }

    proptest! {
        #[test]
        fn the_home_has_the_most((inner, outer) in any_pair()) {
            let counts = counted(inner, outer);
            match inner.home_in(outer) {
                Some(Home::In(home)) => {
                    let all: usize = counts.iter().map(|(_, number)| number).sum();
                    let own = counts.iter().find(|(around, _)| *around == home).unwrap().1;
                    prop_assert!(2 * own > all, "{} of {} of {inner} in {home}", own, all);
                }
                Some(Home::Between(first, second)) => {
                    prop_assert_eq!(counts.len(), 2);
                    prop_assert_eq!(counts[0].1, counts[1].1);
                    prop_assert_eq!((counts[0].0, counts[1].0), (first, second));
                }
                None => prop_assert!(outer.nominal_days() <= inner.period_type().nominal_days()),
            }
        }

        #[test]
        fn every_period_is_a_member_of_its_home_and_of_no_other((inner, outer) in any_pair()) {
            let Some(home) = inner.home_in(outer) else { return Ok(()) };
            let around = outer.containing(inner.start());
            for candidate in [around.previous(), Some(around), around.next()].into_iter().flatten() {
                let is_member = candidate.members(inner.period_type()).contains(&(inner, home));
                prop_assert_eq!(is_member, home.touches(candidate), "{} in {}", inner, candidate);
            }
        }
    }
}
