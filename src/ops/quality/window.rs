//! The window of a check: written once, asked in the periods of each data set.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::ops::error::OpsError;
use crate::ops::routines::WINDOW_HINT;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::period::window::{WindowError, expand};
use xfer_domain::period::{Period, PeriodType};

/// The window of a check that names none: a year shows every season, and what reports quarterly.
pub const DEFAULT_WINDOW: &str = "LAST_12_MONTHS";

/// The window of a check on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckWindow {
    written: Vec<String>,
    today: Date,
    first: Period,
    last: Period,
}

impl CheckWindow {
    /// What the written periods mean on a day: the source server's own, or ours where no server is asked.
    pub fn new(written: &[String], today: Option<Date>) -> Result<Self, OpsError> {
        let today = today.unwrap_or_else(|| Timestamp::now().to_zoned(TimeZone::UTC).date());
        let refused = |cause: WindowError| OpsError::invalid(cause.to_string(), WINDOW_HINT);
        let days = expand(written, today, PeriodType::Daily, &RelativeOptions::default()).map_err(refused)?;
        let (Some(first), Some(last)) = (days.first(), days.last()) else { return Err(refused(WindowError::Empty)) };
        Ok(Self { written: written.to_vec(), today, first: *first, last: *last })
    }

    /// First and last day.
    pub fn days(&self) -> (Date, Date) {
        (self.first.start(), self.last.end())
    }

    /// The periods as they were given.
    pub fn given(&self) -> &[String] {
        &self.written
    }

    /// As a person wrote it.
    pub fn words(&self) -> String {
        self.written.join(", ")
    }

    /// The periods of a type in the window. What is longer than the window is asked for where it touches it: a year's
    /// report is data of the last twelve months.
    pub fn periods(&self, period_type: PeriodType) -> Vec<Period> {
        if let Ok(periods) = expand(&self.written, self.today, period_type, &RelativeOptions::default()) {
            return periods;
        }
        let first = self.first.contained_in(period_type);
        std::iter::successors(first, Period::next).take_while(|period| period.start() <= self.last.end()).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::CheckWindow;
    use xfer_domain::period::PeriodType;

    #[test]
    fn every_data_set_is_asked_in_its_own_periods() {
        let window = CheckWindow::new(&["LAST_12_MONTHS".to_owned()], Some(date(2024, 11, 15))).unwrap();
        assert_eq!(window.days(), (date(2023, 11, 1), date(2024, 10, 31)));
        let periods =
            |period_type| -> Vec<String> { window.periods(period_type).iter().map(ToString::to_string).collect() };
        assert_eq!(periods(PeriodType::Monthly).len(), 12);
        assert_eq!(periods(PeriodType::Yearly), ["2023", "2024"]);
        assert_eq!(
            periods(PeriodType::Quarterly).first().map(String::as_str),
            Some("2023Q4"),
            "its middle is in the window"
        );
        assert!(CheckWindow::new(&["LAST_MONHT".to_owned()], None).is_err());
    }
}
