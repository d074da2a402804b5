//! Which calendars a job and a routine can be worked out in.

use crate::ops::error::OpsError;
use xfer_domain::calendar;
use xfer_domain::job::Job;
use xfer_domain::script::Attachment;
use xfer_domain::server::Server;

/// Refuses a job that could never be run: servers that count their periods differently, or that count them in a calendar
/// in which what it does cannot be worked out.
pub(in crate::ops) fn check_calendars(
    source: &Server,
    destination: &Server,
    job: &Job,
    scripts: &[Attachment],
    window: &[String],
) -> Result<(), OpsError> {
    let (Some(from), Some(to)) = (&source.identity, &destination.identity) else { return Ok(()) };
    if !calendar::same(&from.calendar, &to.calendar) {
        let (one, other) = (&from.calendar, &to.calendar);
        return Err(OpsError::invalid(
            format!("{} uses the {one} calendar, {} uses the {other} calendar", source.name, destination.name),
            "periods of different calendars do not match; transfers need the same calendar on both servers",
        ));
    }
    if calendar::is_iso(&from.calendar) {
        return Ok(());
    }
    let of_window = calendar::needs_of_window(window, job.source_period_type, &from.calendar);
    if let Some(need) = calendar::needs_of_job(job, scripts).or(of_window) {
        let words = format!("{}, which cannot be calculated in the {} calendar", need.what, from.calendar);
        return Err(OpsError::invalid(words, need.instead));
    }
    Ok(())
}
