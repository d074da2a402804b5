//! What cannot be done where the servers count their periods in another calendar than the ISO one.
//!
//! Servers of one calendar take each other's period identifiers as they are (`208001` is a month of the Nepali year 2080
//! on both). Where a month begins and how long it is cannot be told from here, so whatever needs that is refused:
//! coarser periods, a shift, relative windows, ranges of days, weeks.

use crate::domain::job::Job;
use crate::domain::period::relative::RelativePeriod;
use crate::domain::period::{Period, PeriodType};
use crate::matching::finding;
use crate::matching::review::overlap::quoted;
use crate::matching::review::{Finding, Party, Review};

/// Whether periods are counted as in the ISO calendar; the Gregorian one prints the same identifiers.
pub fn is_iso(calendar: &str) -> bool {
    matches!(calendar, "" | "iso8601" | "gregorian")
}

/// Calendars whose years have a short thirteenth month.
fn has_thirteen_months(calendar: &str) -> bool {
    matches!(calendar, "ethiopian" | "coptic")
}

/// Why the two servers have no periods in common: one sentence, by name.
pub fn differ(source: (&str, &str), destination: (&str, &str)) -> Option<String> {
    let same = source.1 == destination.1 || is_iso(source.1) && is_iso(destination.1);
    let known = !source.1.is_empty() && !destination.1.is_empty();
    let word = |calendar: &str| if is_iso(calendar) { "iso8601".to_owned() } else { calendar.to_owned() };
    (known && !same).then(|| {
        format!(
            "{} counts its periods in the {} calendar, {} in the {} calendar",
            source.0,
            word(source.1),
            destination.0,
            word(destination.1)
        )
    })
}

/// What a job wants that needs calendar arithmetic, and what to do instead.
pub fn job_needs(job: &Job) -> Option<(String, String)> {
    let name = quoted(&job.name);
    if is_weekly(job.source_period_type) || is_weekly(job.destination_period_type) {
        let hint = "move months, quarters or years instead".to_owned();
        return Some((format!("{} moves weeks", job.name), hint));
    }
    if job.source_period_type != job.destination_period_type {
        let (read, written) = (job.source_period_type.name(), job.destination_period_type.name());
        let hint = format!("write the periods that are read: xfer job edit {name} --to-period-type {read}");
        return Some((format!("{} makes {written} periods of {read} ones", job.name), hint));
    }
    if job.period_shift != 0 {
        let hint = format!("leave the periods where they are: xfer job edit {name} --shift 0");
        return Some((format!("{} moves values by {} periods", job.name, job.period_shift), hint));
    }
    None
}

fn is_weekly(period_type: PeriodType) -> bool {
    matches!(period_type.nominal_days(), 7 | 14)
}

/// What a window wants that needs calendar arithmetic, and what to do instead.
pub fn window_needs(window: &[String], job: &Job, calendar: &str) -> Option<(String, String)> {
    let wanted = job.source_period_type;
    let hint = || format!("name the {} periods of the {calendar} calendar themselves", wanted.name());
    let of = |text: &str| Period::parse(text.trim()).ok();
    window.iter().map(|text| text.trim()).find_map(|text| {
        if text.parse::<RelativePeriod>().is_ok() {
            return Some((format!("`{text}` depends on today's date"), hint()));
        }
        let (first, last) = text.split_once("..").unwrap_or((text, text));
        let (first, last) = (of(first)?, of(last)?);
        if first.period_type() != wanted {
            return Some((format!("`{text}` is to stand for the {} periods in it", wanted.name()), hint()));
        }
        let range = first != last;
        if range && wanted == PeriodType::Daily {
            return Some((format!("`{text}` is a range of days"), hint()));
        }
        let years = first.start().year() != last.start().year();
        if range && years && has_thirteen_months(calendar) && wanted.nominal_days() < 365 {
            return Some((format!("`{text}` reaches over the end of a year, which has a thirteenth month"), hint()));
        }
        None
    })
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let Review { source, destination, .. } = *review;
    let named = |party: Party<'_>| (party.name.to_owned(), party.calendar.to_owned());
    let (from, to) = (named(source), named(destination));
    let differ = differ((&from.0, &from.1), (&to.0, &to.1));
    let mut findings = Vec::new();
    for job in review.jobs {
        if let Some(words) = &differ {
            findings.push(Finding::new(&finding::CALENDARS_DIFFER, job, words.clone()));
            continue;
        }
        if is_iso(source.calendar) {
            continue;
        }
        let needs = job_needs(job).into_iter().chain(window_needs(review.window, job, source.calendar));
        findings.extend(needs.map(|(what, hint)| {
            let words = format!("{what}, which cannot be worked out in the {} calendar", source.calendar);
            Finding::new(&finding::CALENDAR_ARITHMETIC, job, words).hint(hint)
        }));
    }
    findings
}
