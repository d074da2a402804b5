//! The periods of a job: what is read, what is written, and which goes where.
//!
//! Three steps, all before the first request (design 3.2): the window becomes fixed source periods; each goes to the
//! destination period that contains it, moved by the job's shift; and every destination period that is touched is read
//! whole. The last step matters: a window of three months that reaches into two quarters would otherwise overwrite a
//! quarter with the sum of one of its months.
//!
//! A source period that straddles two destination periods (a week in two months) goes to the one that holds most of
//! it, as in DHIS2 itself (see [`Home`]). One that lies half in each is read, and where it has a value both cells are
//! held back: dropping it silently would lose numbers, splitting it would invent them. A script's `period` hook takes
//! the place of the second step for its items (see `hooked`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::plan::error::PlanError;
use xfer_domain::hashed::Hashed;
use xfer_domain::job::Job;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::period::{Home, Period, window};

/// The periods of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPeriods {
    /// What the window asks for, in order.
    pub asked: Vec<Period>,
    /// The longer periods that these make up, before any shift; none where the job writes what it reads.
    pub longer: BTreeSet<Period>,
    /// What is read, in order.
    pub read: Vec<Period>,
    /// What is written, in order.
    pub write: Vec<Period>,
    /// Where each period that is read goes.
    destinations: Hashed<Period, Home>,
    /// How many source periods go to each destination period.
    sources: BTreeMap<Period, usize>,
    /// The first source period that goes to each.
    firsts: BTreeMap<Period, Period>,
    /// Whether several source periods go to one destination period.
    pub merges: bool,
}

/// Where a source period goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To this period.
    To(Period),
    /// Nowhere: half of it lies in the one and half in the other.
    Between(Period, Period),
    /// The run does not cover it.
    NotCovered,
}

impl JobPeriods {
    /// The periods of a job for a window, seen from the source server's date.
    pub fn of(job: &Job, windows: &[String], today: Date, relative: &RelativeOptions) -> Result<Self, PlanError> {
        let asked = window::expand(windows, today, job.source_period_type, relative)
            .map_err(|error| PlanError::Window { job: job.name.clone(), reason: error.to_string() })?;
        let mut homes: HashMap<Period, Home> = HashMap::new();
        let mut containers = BTreeSet::new();
        for period in &asked {
            let Some(home) = period.home_in(job.destination_period_type) else { continue };
            homes.insert(*period, home);
            if let Home::In(container) = home {
                containers.insert(container);
            }
        }
        for container in &containers {
            homes.extend(container.members(job.source_period_type));
        }
        if containers.is_empty() {
            return Err(PlanError::PeriodsDoNotFit {
                job: job.name.clone(),
                source_type: job.source_period_type.name().to_owned(),
                destination_type: job.destination_period_type.name().to_owned(),
            });
        }
        let coarsens = job.source_period_type != job.destination_period_type;
        let longer = if coarsens { containers } else { BTreeSet::new() };
        Ok(Self { longer, ..Self::shifted(job, asked, homes)? })
    }

    fn shifted(job: &Job, asked: Vec<Period>, homes: HashMap<Period, Home>) -> Result<Self, PlanError> {
        let shifted = |period: Period| {
            period.shift(job.period_shift).ok_or_else(|| PlanError::ShiftTooFar { job: job.name.clone() })
        };
        let mut destinations = Hashed::default();
        let mut sources: BTreeMap<Period, usize> = BTreeMap::new();
        let mut firsts: BTreeMap<Period, Period> = BTreeMap::new();
        for (period, home) in homes {
            let home = match home {
                Home::In(container) => Home::In(shifted(container)?),
                Home::Between(first, second) => Home::Between(shifted(first)?, shifted(second)?),
            };
            if let Home::In(destination) = home {
                *sources.entry(destination).or_default() += 1;
                firsts.entry(destination).and_modify(|first| *first = period.min(*first)).or_insert(period);
            }
            destinations.insert(period, home);
        }
        let mut read: Vec<Period> = destinations.keys().copied().collect();
        read.sort_unstable();
        let merges = sources.values().any(|number| *number > 1);
        let write = sources.keys().copied().collect();
        Ok(Self { asked, longer: BTreeSet::new(), read, write, destinations, sources, firsts, merges })
    }

    /// Nothing is read for these.
    pub(super) fn only_written(periods: BTreeSet<Period>) -> Self {
        let sources = periods.iter().map(|period| (*period, 1)).collect();
        Self { write: periods.into_iter().collect(), sources, ..Self::default() }
    }

    /// Where values of a source period go.
    pub fn destination_of(&self, period: Period) -> Destination {
        match self.destinations.get(&period) {
            Some(Home::In(destination)) => Destination::To(*destination),
            Some(Home::Between(first, second)) => Destination::Between(*first, *second),
            None => Destination::NotCovered,
        }
    }

    /// How many source periods go to a destination period.
    pub fn sources_of(&self, destination: Period) -> usize {
        self.sources.get(&destination).copied().unwrap_or_default()
    }

    /// The first source period that goes to a destination period.
    pub fn first_source(&self, destination: Period) -> Option<Period> {
        self.firsts.get(&destination).copied()
    }

    /// Adds periods that scripts read and write; `own` says whether the job's own are read and written too.
    pub fn with_hooked(&mut self, own: bool, read: impl Iterator<Item = Period>, write: impl Iterator<Item = Period>) {
        let join = |own_periods: &mut Vec<Period>, more: BTreeSet<Period>| {
            let kept = if own { std::mem::take(own_periods) } else { Vec::new() };
            let all: BTreeSet<Period> = kept.into_iter().chain(more).collect();
            *own_periods = all.into_iter().collect();
        };
        join(&mut self.read, read.collect());
        join(&mut self.write, write.collect());
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Destination, JobPeriods};
    use crate::fixture;
    use crate::plan::error::PlanError;
    use xfer_domain::job::Job;
    use xfer_domain::period::relative::RelativeOptions;
    use xfer_domain::period::{Period, PeriodType};

    fn job(source: PeriodType, destination: PeriodType, shift: i32) -> Job {
        Job {
            source_period_type: source,
            destination_period_type: destination,
            period_shift: shift,
            ..fixture::job("periods", Vec::new())
        }
    }

    fn of(job: &Job, window: &[&str]) -> Result<JobPeriods, PlanError> {
        let window: Vec<String> = window.iter().map(ToString::to_string).collect();
        JobPeriods::of(job, &window, date(2024, 11, 15), &RelativeOptions::default())
    }

    fn texts(periods: &[Period]) -> Vec<String> {
        periods.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn months_stay_months() {
        let periods = of(&job(PeriodType::Monthly, PeriodType::Monthly, 0), &["202401..202403"]).unwrap();
        assert_eq!(texts(&periods.read), ["202401", "202402", "202403"]);
        assert_eq!(texts(&periods.write), ["202401", "202402", "202403"]);
        assert!(!periods.merges);
    }

    #[test]
    fn the_shift_moves_destination_periods() {
        let periods = of(&job(PeriodType::Monthly, PeriodType::Monthly, -1), &["202401", "202402"]).unwrap();
        assert_eq!(texts(&periods.write), ["202312", "202401"]);
        let february = Period::parse("202402").unwrap();
        assert_eq!(periods.destination_of(february), Destination::To(Period::parse("202401").unwrap()));
    }

    #[test]
    fn a_quarter_that_is_touched_is_read_whole() {
        let periods = of(&job(PeriodType::Monthly, PeriodType::Quarterly, 0), &["202403", "202404"]).unwrap();
        assert_eq!(texts(&periods.read), ["202401", "202402", "202403", "202404", "202405", "202406"]);
        assert_eq!(texts(&periods.write), ["2024Q1", "2024Q2"]);
        assert!(periods.merges);
    }

    #[test]
    fn a_month_of_weeks_is_read_whole_and_a_week_in_two_months_goes_to_one() {
        // 2024-07-29 to 2024-08-04 has four days in August.
        let periods = of(&job(PeriodType::Weekly, PeriodType::Monthly, 0), &["2024W30"]).unwrap();
        assert_eq!(texts(&periods.read), ["2024W27", "2024W28", "2024W29", "2024W30"]);
        assert_eq!(texts(&periods.write), ["202407"]);
        assert_eq!(periods.sources_of(Period::parse("202407").unwrap()), 4);
        assert_eq!(periods.destination_of(Period::parse("2024W31").unwrap()), Destination::NotCovered);
        let both = of(&job(PeriodType::Weekly, PeriodType::Monthly, 0), &["2024W30", "2024W31"]).unwrap();
        assert_eq!(texts(&both.write), ["202407", "202408"]);
        let august = Destination::To(Period::parse("202408").unwrap());
        assert_eq!(both.destination_of(Period::parse("2024W31").unwrap()), august);
        assert_eq!(texts(&both.read).last().unwrap(), "2024W35", "August is read whole");
    }

    #[test]
    fn what_lies_half_in_each_is_read_and_goes_nowhere() {
        let periods = of(&job(PeriodType::BiMonthly, PeriodType::Quarterly, 0), &["202401B", "202404B"]).unwrap();
        assert_eq!(texts(&periods.read), ["202401B", "202402B", "202404B", "202405B"]);
        let [first, second] = ["2024Q3", "2024Q4"].map(|text| Period::parse(text).unwrap());
        let between = periods.destination_of(Period::parse("202405B").unwrap());
        assert_eq!(between, Destination::Between(first, second));
        assert_eq!(texts(&periods.write), ["2024Q1", "2024Q3"]);
    }

    #[test]
    fn quarters_do_not_fit_into_months() {
        let error = of(&job(PeriodType::Quarterly, PeriodType::Monthly, 0), &["2024Q1"]).unwrap_err();
        assert!(matches!(error, PlanError::PeriodsDoNotFit { .. }), "{error}");
        let error = of(&job(PeriodType::Monthly, PeriodType::Monthly, 0), &["nonsense"]).unwrap_err();
        assert!(matches!(error, PlanError::Window { .. }), "{error}");
    }
}
