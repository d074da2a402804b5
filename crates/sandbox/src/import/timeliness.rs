//! When a period may be entered: expiry, future periods, input periods, spans of category options.
//!
//! The generations agree on most of it and part on details: 2.43 gives an expiring period one day more, wants a period
//! wholly inside the span of its attribute options (the other lets any overlap pass), and reads the windows of input
//! periods the wrong way round (2.43.0 to 2.43.1; recordings `import/input-period-open`).

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

use crate::profile::Profile;
use crate::settings::Settings;
use crate::world::catalog::{DataSet, InputPeriod};
use xfer_domain::period::{Period, PeriodType};

/// What the server takes for now.
pub(crate) fn now(settings: &Settings) -> DateTime {
    settings.now.parse().unwrap_or(DateTime::constant(2026, 11, 22, 0, 0, 0, 0))
}

/// `yyyy-MM-dd'T'HH:mm:ss.SSS` of now.
pub(crate) fn timestamp(now: DateTime) -> String {
    now.strftime("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// A date as a server reads it: a day, a month, a year, or a time whose day counts. Printed as a day.
pub(crate) fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    match text.len() {
        4 => format!("{text}-01-01").parse().ok(),
        7 => format!("{text}-01").parse().ok(),
        10 => text.parse().ok(),
        _ if text.as_bytes().get(10) == Some(&b'T') => text.get(..10)?.parse().ok(),
        _ => None,
    }
}

/// A period that a server of this version knows. Types came with versions: `FinancialSep` with 2.42, `WeeklyFriday`,
/// `FinancialFeb` and `FinancialAug` with 2.43 (`PeriodType` by branch).
pub(crate) fn period(text: &str, profile: Profile) -> Option<Period> {
    let period = Period::parse(text).ok()?;
    let since = match period.period_type() {
        PeriodType::FinancialSep => Profile::V42,
        PeriodType::WeeklyFriday | PeriodType::FinancialFeb | PeriodType::FinancialAug => Profile::V43,
        _ => Profile::V40,
    };
    (profile >= since).then_some(period)
}

/// The last period of a type that is open: the one before the running one, and as many more as are open
/// (`PeriodType.getFuturePeriod`).
pub(crate) fn latest_open(period_type: PeriodType, now: DateTime, open_future_periods: i32) -> Option<Period> {
    period_type.containing(now.date()).shift(open_future_periods - 1)
}

/// Whether a period ends after another (`Period.isAfter` compares the ends).
pub(crate) fn is_after(period: Period, other: Option<Period>) -> bool {
    other.is_some_and(|other| period.end() > other.end())
}

/// Whether today is past the expiry of a period, `grace` days aside.
pub(crate) fn is_expired(data_set: &DataSet, period: Period, now: DateTime, grace: f64) -> bool {
    if data_set.expiry_days <= 0.0 {
        return false;
    }
    let open = SignedDuration::from_secs_f64((data_set.expiry_days + grace) * 86_400.0);
    period.end().at(0, 0, 0, 0).checked_add(open).is_ok_and(|end| now > end)
}

/// Whether a window is open now. Each end may be missing.
pub(crate) fn is_open(window: &InputPeriod, now: DateTime) -> bool {
    window.opening.is_none_or(|opening| opening < now) && window.closing.is_none_or(|closing| now < closing)
}

/// Whether a span includes a day, both ends included.
pub(crate) fn includes(span: (Option<Date>, Option<Date>), day: Date) -> bool {
    span.0.is_none_or(|start| start <= day) && span.1.is_none_or(|end| day <= end)
}

/// The end of a category option, moved by the periods for which a data set stays open after it
/// (`CategoryOption.getAdjustedEndDate`).
pub(crate) fn adjusted_end(end: Date, data_set: &DataSet) -> Date {
    match data_set.period_type {
        Some(period_type) if data_set.open_periods_after_option_end != 0 => {
            period_type.containing(end).shift(data_set.open_periods_after_option_end).map_or(end, |period| period.end())
        }
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_running_period_is_not_open() {
        let now = at("2026-11-22T22:20:00");
        let latest = |open| latest_open(PeriodType::Monthly, now, open).map(|period| period.to_string());
        assert_eq!(latest(0).as_deref(), Some("202610"));
        assert_eq!(latest(3).as_deref(), Some("202701"));
        let quarter = latest_open(PeriodType::Quarterly, now, 0);
        let month = |text: &str| Period::parse(text).unwrap();
        assert!(!is_after(month("202609"), quarter), "it ends with the quarter");
        assert!(is_after(month("202610"), quarter));
    }

    #[test]
    fn dates_in_the_forms_of_a_server() {
        let expected: Option<Date> = "2024-02-01".parse().ok();
        for text in ["2024-02-01", "2024-02", "2024-02-01T10:00:00.000+0000"] {
            assert_eq!(day(text), expected, "{text}");
        }
        assert_eq!(day("1 February 2024"), None);
        assert_eq!(timestamp(at("2026-11-22T22:20:00")), "2026-11-22T22:20:00.000");
    }

    #[test]
    fn types_come_with_versions() {
        assert!(period("2024Sep", Profile::V41).is_none());
        assert!(period("2024Sep", Profile::V42).is_some());
        assert!(period("2024Feb", Profile::V42).is_none());
        assert!(period("2024W53", Profile::V43).is_none());
    }
}
