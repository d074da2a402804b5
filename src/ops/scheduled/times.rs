//! When a schedule is due: a time of the day or a cron line, understood once and said to each scheduler in its own way.
//!
//! The fields are held as the numbers that they mean, so that every scheduler is told the same. What cron and others
//! read differently (a day of the month together with a day of the week) is refused instead of translated.

use std::ops::RangeInclusive;

use croner::Cron;
use jiff::{Span, Zoned};

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// Minutes, hours, days of the month, months, days of the week (7 is Sunday too).
const RANGES: [RangeInclusive<u8>; 5] = [0..=59, 0..=23, 1..=31, 1..=12, 0..=7];

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/// Days of the week as cron and systemd name them, from Sunday.
pub(in crate::ops) const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// How long after it is due a run may begin without being missed.
const PATIENCE_IN_MINUTES: i64 = 15;

/// When a schedule is due.
#[derive(Debug, Clone)]
pub struct Times {
    line: String,
    cron: Cron,
    pub(in crate::ops) minutes: Vec<u8>,
    pub(in crate::ops) hours: Vec<u8>,
    /// All of them where the day of the month does not matter; likewise below.
    pub(in crate::ops) days: Vec<u8>,
    pub(in crate::ops) months: Vec<u8>,
    pub(in crate::ops) weekdays: Vec<u8>,
    /// Whether a time that the change of the clocks leaves out is left out, or made up for after the change.
    leaves_out: bool,
}

/// A text that says no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimesError {
    /// Neither form.
    #[error("`{0}` is not a time of day and not a cron line")]
    Unclear(String),
    /// Both kinds of days.
    #[error("`{0}` names a day of the month and a day of the week; schedulers understand this in different ways")]
    TwoKindsOfDays(String),
    /// A day that does not come, such as 30 February.
    #[error("`{0}` never happens")]
    Never(String),
}

impl Fault for TimesError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl Times {
    /// Reads `02:30` (every day), or the five fields of a cron line.
    pub fn parse(text: &str) -> Result<Self, TimesError> {
        let unclear = || TimesError::Unclear(text.to_owned());
        let line = match text.trim().split_once(':') {
            Some((hour, minute)) => {
                format!("{} {} * * *", digits(minute).ok_or_else(unclear)?, digits(hour).ok_or_else(unclear)?)
            }
            None => text.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        let parts: Vec<&str> = line.split(' ').collect();
        let [minutes, hours, days, months, weekdays] = parts.as_slice() else { return Err(unclear()) };
        let read = |part: &str, kind: usize| numbers(part, kind).ok_or_else(unclear);
        let mut of_week: Vec<u8> = read(weekdays, 4)?.into_iter().map(|day| day % 7).collect();
        of_week.sort_unstable();
        of_week.dedup();
        let times = Self {
            minutes: read(minutes, 0)?,
            hours: read(hours, 1)?,
            days: read(days, 2)?,
            months: read(months, 3)?,
            weekdays: of_week,
            cron: line.parse().map_err(|_| unclear())?,
            line: line.clone(),
            leaves_out: false,
        };
        if *days != "*" && *weekdays != "*" {
            return Err(TimesError::TwoKindsOfDays(line));
        }
        let longest = |month: u8| match month {
            2 => 29,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !times.months.iter().any(|month| times.days.iter().any(|day| *day <= longest(*month))) {
            return Err(TimesError::Never(line));
        }
        Ok(times)
    }

    /// The same for a scheduler that starts nothing in a night whose clocks leave the time out, as systemd and
    /// Kubernetes do; cron starts it when they have changed.
    #[must_use]
    pub(in crate::ops) fn leaving_out(self, leaves_out: bool) -> Self {
        Self { leaves_out, ..self }
    }

    /// The five fields of a cron line.
    pub fn cron_line(&self) -> &str {
        &self.line
    }

    /// The next times that it is due, in the time zone of the given moment.
    pub fn next(&self, after: &Zoned, number: usize) -> Vec<Zoned> {
        let due = self.cron.iter_after(after.clone());
        due.filter(|due| !self.leaves_out || self.is_at(due)).take(number).collect()
    }

    /// Whether a moment is one of those that the line names, and not what the change of the clocks made of it.
    fn is_at(&self, due: &Zoned) -> bool {
        let holds = |numbers: &[u8], number: i8| u8::try_from(number).is_ok_and(|number| numbers.contains(&number));
        holds(&self.hours, due.hour()) && holds(&self.minutes, due.minute())
    }

    /// When the run that should have followed the last one was due, if that is past and nothing was started.
    pub fn missed(&self, last_start: &Zoned, now: &Zoned) -> Option<Zoned> {
        let due = self.next(last_start, 1).pop()?;
        let patience = Span::new().minutes(PATIENCE_IN_MINUTES);
        (due.checked_add(patience).ok()? < *now).then_some(due)
    }

    /// As systemd's `OnCalendar=` wants it.
    pub fn on_calendar(&self) -> String {
        let list = |numbers: &[u8], kind: usize| {
            if numbers.len() == RANGES[kind].clone().count() {
                return "*".to_owned();
            }
            numbers.iter().map(|number| format!("{number:02}")).collect::<Vec<_>>().join(",")
        };
        let weekdays = if self.weekdays.len() == WEEKDAYS.len() {
            String::new()
        } else {
            let names = self.weekdays.iter().filter_map(|day| WEEKDAYS.get(usize::from(*day)).copied());
            format!("{} ", names.collect::<Vec<_>>().join(","))
        };
        format!(
            "{weekdays}*-{}-{} {}:{}:00",
            list(&self.months, 3),
            list(&self.days, 2),
            list(&self.hours, 1),
            list(&self.minutes, 0)
        )
    }
}

/// One or two digits as a number, `02` included.
fn digits(text: &str) -> Option<u8> {
    let fine = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if fine { text.parse().ok() } else { None }
}

/// The numbers that a field means, in order; none for what is no such field.
fn numbers(field: &str, kind: usize) -> Option<Vec<u8>> {
    let range = RANGES.get(kind)?;
    let value = |text: &str| {
        let named = |names: &[&str]| names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = match kind {
            3 => named(&MONTHS).map(|index| index + 1),
            4 => named(&WEEKDAYS),
            _ => None,
        };
        let number = number.and_then(|number| u8::try_from(number).ok()).or_else(|| digits(text))?;
        range.contains(&number).then_some(number)
    };
    let mut found = Vec::new();
    for part in field.split(',') {
        let (base, step) = match part.split_once('/') {
            Some((base, step)) => (base, Some(digits(step).filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, last) = match (base, base.split_once('-')) {
            ("*", _) => (*range.start(), *range.end()),
            (_, Some((first, last))) => (value(first)?, value(last)?),
            (_, None) if step.is_some() => (value(base)?, *range.end()),
            (_, None) => (value(base)?, value(base)?),
        };
        if first > last {
            return None;
        }
        found.extend((first..=last).step_by(usize::from(step.unwrap_or(1))));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::{Times, TimesError};

    fn moment(text: &str) -> Zoned {
        text.parse().unwrap()
    }

    #[test]
    fn times_are_said_to_cron_and_systemd_alike() {
        for (written, cron, calendar) in [
            ("02:30", "30 2 * * *", "*-*-* 02:30:00"),
            ("7:05", "5 7 * * *", "*-*-* 07:05:00"),
            ("0 3 5 * *", "0 3 5 * *", "*-*-05 03:00:00"),
            ("*/20 6-8 * * MON-FRI", "*/20 6-8 * * MON-FRI", "Mon,Tue,Wed,Thu,Fri *-*-* 06,07,08:00,20,40:00"),
            ("0 0 1 jan,7 *", "0 0 1 jan,7 *", "*-01,07-01 00:00:00"),
            ("0 4 * * 7", "0 4 * * 7", "Sun *-*-* 04:00:00"),
            ("*  *  * * *", "* * * * *", "*-*-* *:*:00"),
        ] {
            let times = Times::parse(written).unwrap();
            assert_eq!((times.cron_line(), times.on_calendar().as_str()), (cron, calendar));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in
            ["", "25:00", "2:60", "+2:30", "soon", "* * * *", "61 * * * *", "0 0 0 * *", "5-1 * * * *", "*/0 * * * *"]
        {
            assert!(matches!(Times::parse(bad), Err(TimesError::Unclear(_))), "{bad}");
        }
        assert!(matches!(Times::parse("0 0 1 * MON"), Err(TimesError::TwoKindsOfDays(_))));
        assert!(matches!(Times::parse("0 0 30 2 *"), Err(TimesError::Never(_))));
        assert!(Times::parse("0 0 29 2 *").is_ok());
    }

    #[test]
    fn the_next_runs_and_a_missed_one() {
        let times = Times::parse("30 2 5 * *").unwrap();
        let now = moment("2026-01-20T12:00:00[Etc/UTC]");
        let next: Vec<String> = times.next(&now, 2).iter().map(|due| due.date().to_string()).collect();
        assert_eq!(next, ["2026-02-05", "2026-03-05"]);
        assert_eq!(times.missed(&moment("2026-01-05T02:30:01[Etc/UTC]"), &now), None);
        let due = times.missed(&moment("2025-12-05T02:30:01[Etc/UTC]"), &now);
        assert_eq!(due, Some(moment("2026-01-05T02:30:00[Etc/UTC]")));
        let just = moment("2026-01-05T02:40:00[Etc/UTC]");
        assert_eq!(times.missed(&moment("2025-12-05T02:30:01[Etc/UTC]"), &just), None, "it may be about to begin");
    }

    /// The days on which a schedule of 02:30 is due around a change of the clocks.
    fn due(now: &str, leaves_out: bool) -> Vec<String> {
        let times = Times::parse("02:30").unwrap().leaving_out(leaves_out);
        times.next(&moment(now), 3).iter().map(|due| due.strftime("%d %H:%M %z").to_string()).collect()
    }

    #[test]
    fn a_night_without_that_hour_and_a_night_with_two_are_as_the_scheduler_has_them() {
        let (spring, autumn) = ("2026-03-28T12:00:00[Europe/Berlin]", "2026-10-24T12:00:00[Europe/Berlin]");
        assert_eq!(due(spring, false), ["29 03:00 +0200", "30 02:30 +0200", "31 02:30 +0200"]);
        // As `systemd-analyze calendar` has it.
        assert_eq!(due(spring, true), ["30 02:30 +0200", "31 02:30 +0200", "01 02:30 +0200"]);
        for leaves_out in [false, true] {
            assert_eq!(due(autumn, leaves_out), ["25 02:30 +0200", "26 02:30 +0100", "27 02:30 +0100"]);
        }
        let times = Times::parse("02:30").unwrap();
        let missed = |last: &str, now: &str| times.missed(&moment(last), &moment(now)).is_some();
        assert!(!missed("2026-10-25T02:30:01+02:00[Europe/Berlin]", "2026-10-25T02:50:00+01:00[Europe/Berlin]"));
        assert!(!missed("2026-03-29T03:30:05+02:00[Europe/Berlin]", "2026-03-29T12:00:00+02:00[Europe/Berlin]"));
        let (before, after) = ("2026-03-28T02:30:05+01:00[Europe/Berlin]", "2026-03-29T12:00:00+02:00[Europe/Berlin]");
        assert!(missed(before, after));
        assert_eq!(times.clone().leaving_out(true).missed(&moment(before), &moment(after)), None);
    }
}
