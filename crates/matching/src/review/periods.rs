//! Which periods a job reads and writes, as far as that can be told without asking a script.

use std::collections::BTreeSet;

use jiff::civil::Date;

use xfer_domain::job::Job;
use xfer_domain::period::relative::{RelativeOptions, RelativePeriod};
use xfer_domain::period::{Home, Period, window};

/// The periods that a job reads for a window; none where the window says nothing.
pub(super) fn read(job: &Job, written: &[String], today: Date) -> Option<BTreeSet<Period>> {
    let periods = window::expand(written, today, job.source_period_type, &RelativeOptions::default()).ok()?;
    Some(periods.into_iter().collect())
}

/// The periods that a job writes for a window; none where the window says nothing.
pub(super) fn written(job: &Job, windows: &[String], today: Date) -> Option<BTreeSet<Period>> {
    let read = read(job, windows, today)?;
    // A week that lies in two months is written into the one that holds most of it.
    let home = |period: &Period| match period.home_in(job.destination_period_type)? {
        Home::In(home) => home.shift(job.period_shift),
        Home::Between(..) => None,
    };
    Some(read.iter().filter_map(home).collect())
}

/// Whether a window is another one on another day.
pub(super) fn is_relative(window: &[String]) -> bool {
    window.iter().any(|text| text.trim().parse::<RelativePeriod>().is_ok())
}

/// Whether two jobs may write the same period, each for its window.
pub(super) fn meet(one: (&Job, &[String]), other: (&Job, &[String]), today: Date) -> bool {
    if one.0.destination_period_type != other.0.destination_period_type {
        return false;
    }
    // What moves with the days meets sooner or later.
    if one.1 != other.1 && (is_relative(one.1) || is_relative(other.1)) {
        return true;
    }
    match (written(one.0, one.1, today), written(other.0, other.1, today)) {
        (Some(one), Some(other)) => one.intersection(&other).next().is_some(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::{meet, written};
    use xfer_domain::job::Job;
    use xfer_domain::period::PeriodType;
    use xfer_domain::testing::job;

    #[test]
    fn a_week_is_written_into_the_month_that_holds_most_of_it() {
        let today = jiff::civil::date(2024, 11, 15);
        // 30 January to 5 February 2023.
        let window = ["2023W5".to_owned()];
        let weekly = Job { source_period_type: PeriodType::Weekly, ..job("weeks", Vec::new()) };
        let periods: Vec<String> = written(&weekly, &window, today).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(periods, ["202302"]);
        let january = Job { period_shift: -1, ..weekly.clone() };
        assert!(!meet((&weekly, &window), (&january, &window), today), "January and February");
        assert!(meet((&weekly, &window), (&weekly, &window), today));
    }
}
