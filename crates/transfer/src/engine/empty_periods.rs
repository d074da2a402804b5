//! Periods of a run for which the source has no values, although it has some for others: a month that nobody reported
//! would else look as if it had been transferred.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::finding;
use crate::plan::PlannedJob;
use crate::tally::{Findings, Note};
use xfer_domain::period::Period;

/// How many periods are named; more are counted.
const NAMED: usize = 6;

/// Shorter periods are empty without anything being late: nobody reports on a Sunday.
const SHORTEST: u16 = 7;

/// Tells for each job which of its periods came without a value. What has not begun on the day of the run is not late.
pub(super) fn tell<'run>(
    jobs: impl Iterator<Item = &'run PlannedJob>,
    read: &BTreeMap<String, BTreeSet<Period>>,
    today: Date,
    findings: &mut Findings,
) {
    for job in jobs {
        let Some(seen) = read.get(&job.name) else { continue };
        let late = |period: &&Period| {
            !seen.contains(period) && period.period_type().nominal_days() >= SHORTEST && period.start() <= today
        };
        let empty: Vec<String> = job.periods.read.iter().filter(late).map(ToString::to_string).collect();
        if empty.is_empty() {
            continue;
        }
        let more = match empty.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = empty.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        let note = Note::new(&finding::SOURCE_PERIODS_EMPTY, empty.len() as u64);
        let note = note.about("job", &job.name, job.name.clone());
        findings.add(note.example(format!("no values for {named}{more}")));
    }
}
