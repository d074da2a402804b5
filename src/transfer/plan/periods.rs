//! The periods of a job: what is read, what is written, and which goes where.
//!
//! Three steps, all before the first request (design 3.2): the window becomes fixed source periods; each goes to the
//! destination period that contains it, moved by the job's shift; and every destination period that is touched is read
//! whole. The last step matters: a window of three months that reaches into two quarters would otherwise overwrite a
//! quarter with the sum of one of its months.
//!
//! A source period that straddles two destination periods (a week in two months) is read and its values are counted as
//! invalid, by name: dropping it silently would lose numbers, splitting it would invent them. A script's `period` hook
//! takes the place of the second step for its items (see `hooked`).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;

use crate::domain::job::Job;
use crate::domain::period::relative::RelativeOptions;
use crate::domain::period::{Period, window};
use crate::transfer::plan::error::PlanError;

/// The periods of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobPeriods {
    /// What is read, in order.
    pub read: Vec<Period>,
    /// What is written, in order.
    pub write: Vec<Period>,
    /// Where each period that is read goes; none for one that straddles two.
    destinations: HashMap<Period, Option<Period>>,
    /// How many source periods go to each destination period.
    sources: BTreeMap<Period, usize>,
    /// Whether several source periods go to one destination period.
    pub merges: bool,
}

/// Where a source period goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// To this period.
    To(Period),
    /// Nowhere: it does not lie within one destination period.
    Straddles,
    /// The run does not cover it.
    NotCovered,
}

impl JobPeriods {
    /// The periods of a job for a window, seen from the source server's date.
    pub fn of(job: &Job, windows: &[String], today: Date, relative: &RelativeOptions) -> Result<Self, PlanError> {
        let asked = window::expand(windows, today, job.source_period_type, relative)
            .map_err(|error| PlanError::Window { job: job.name.clone(), reason: error.to_string() })?;
        let mut destinations = HashMap::new();
        let mut containers = BTreeSet::new();
        for period in asked {
            let container = period.contained_in(job.destination_period_type);
            containers.extend(container);
            destinations.insert(period, container);
        }
        for container in &containers {
            for period in container.containing_periods(job.source_period_type) {
                destinations.insert(period, Some(*container));
            }
        }
        if containers.is_empty() {
            return Err(PlanError::PeriodsDoNotFit {
                job: job.name.clone(),
                source_type: job.source_period_type.name().to_owned(),
                destination_type: job.destination_period_type.name().to_owned(),
            });
        }
        Self::shifted(job, destinations)
    }

    fn shifted(job: &Job, containers: HashMap<Period, Option<Period>>) -> Result<Self, PlanError> {
        let too_far = || PlanError::ShiftTooFar { job: job.name.clone() };
        let mut destinations = HashMap::with_capacity(containers.len());
        let mut sources: BTreeMap<Period, usize> = BTreeMap::new();
        for (period, container) in containers {
            let destination = match container {
                Some(container) => Some(container.shift(job.period_shift).ok_or_else(too_far)?),
                None => None,
            };
            if let Some(destination) = destination {
                *sources.entry(destination).or_default() += 1;
            }
            destinations.insert(period, destination);
        }
        let mut read: Vec<Period> = destinations.keys().copied().collect();
        read.sort_unstable();
        let merges = sources.values().any(|number| *number > 1);
        Ok(Self { read, write: sources.keys().copied().collect(), destinations, sources, merges })
    }

    /// Where values of a source period go.
    pub fn destination_of(&self, period: Period) -> Destination {
        match self.destinations.get(&period) {
            Some(Some(destination)) => Destination::To(*destination),
            Some(None) => Destination::Straddles,
            None => Destination::NotCovered,
        }
    }

    /// How many source periods go to a destination period.
    pub fn sources_of(&self, destination: Period) -> usize {
        self.sources.get(&destination).copied().unwrap_or_default()
    }

    /// Adds periods that a script writes to; `own` says whether the job's own are written too.
    pub fn write_also(&mut self, own: bool, more: impl Iterator<Item = Period>) {
        let own = if own { std::mem::take(&mut self.write) } else { Vec::new() };
        let all: BTreeSet<Period> = own.into_iter().chain(more).collect();
        self.write = all.into_iter().collect();
    }

    /// The source periods that go nowhere, in order.
    pub fn straddling(&self) -> impl Iterator<Item = Period> {
        self.read.iter().copied().filter(|period| self.destination_of(*period) == Destination::Straddles)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Destination, JobPeriods};
    use crate::domain::job::Job;
    use crate::domain::period::relative::RelativeOptions;
    use crate::domain::period::{Period, PeriodType};
    use crate::transfer::fixture;
    use crate::transfer::plan::error::PlanError;

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
    fn a_week_in_two_months_goes_nowhere_and_is_still_read() {
        // 2024-07-29 to 2024-08-04.
        let periods = of(&job(PeriodType::Weekly, PeriodType::Monthly, 0), &["2024W30", "2024W31"]).unwrap();
        let straddling = Period::parse("2024W31").unwrap();
        assert_eq!(periods.destination_of(straddling), Destination::Straddles);
        assert_eq!(periods.straddling().collect::<Vec<_>>(), [straddling]);
        assert_eq!(texts(&periods.write), ["202407"]);
        assert!(periods.read.contains(&straddling));
        assert_eq!(periods.destination_of(Period::parse("2024W40").unwrap()), Destination::NotCovered);
    }

    #[test]
    fn quarters_do_not_fit_into_months() {
        let error = of(&job(PeriodType::Quarterly, PeriodType::Monthly, 0), &["2024Q1"]).unwrap_err();
        assert!(matches!(error, PlanError::PeriodsDoNotFit { .. }), "{error}");
        let error = of(&job(PeriodType::Monthly, PeriodType::Monthly, 0), &["nonsense"]).unwrap_err();
        assert!(matches!(error, PlanError::Window { .. }), "{error}");
    }
}
