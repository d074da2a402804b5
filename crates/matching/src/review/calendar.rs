//! Servers with different calendars, or with one in which xfer cannot calculate.

use crate::finding::{self, of_runs};
use crate::review::{Finding, Review};
use xfer_domain::calendar::{is_iso, needs_of_job, needs_of_window, same};

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let Review { source, destination, .. } = *review;
    // A calendar that nobody has asked for yet is no other one.
    let known = !source.calendar.is_empty() && !destination.calendar.is_empty();
    let mut findings = Vec::new();
    for job in review.jobs {
        if known && !same(source.calendar, destination.calendar) {
            let message = format!(
                "{} uses the {} calendar, {} uses the {} calendar",
                source.name, source.calendar, destination.name, destination.calendar
            );
            findings.push(Finding::new(&of_runs::CALENDAR_DIFFERS, job, message));
            continue;
        }
        if is_iso(source.calendar) {
            continue;
        }
        let needs = needs_of_job(job, review.scripts).into_iter();
        let needs = needs.chain(needs_of_window(review.window, job.source_period_type, source.calendar));
        findings.extend(needs.map(|need| {
            let words = format!("{}, which cannot be calculated in the {} calendar", need.what, source.calendar);
            Finding::new(&finding::CALENDAR_ARITHMETIC, job, words).hint(need.instead)
        }));
    }
    findings
}
