//! The mapping review: what speaks against the jobs of a routine, their map and their settings before a value is sent.
//!
//! One function over values. It takes the jobs with both servers' metadata, the org unit map, the rights of both users,
//! what the routine wrote and what other routines write, and gives findings. Every command that shows something about
//! a job or a routine shows these: `job check`, `routine new|edit|export`, `run` and `exec` before they send anything,
//! `doctor` and the wizard. What single items, and the org units of a map, can be blamed for stands in `item_rules`,
//! `job_rules` and `map_rules`; here is what only shows when they are seen together.
//!
//! - [`overlap`]: values that would be counted twice
//! - `families`: org units that are read together with their parents
//! - [`aggregation`]: operators that do not fit what is combined, by what both `sides` say of it
//! - `loops`: items that read what items write, on one system
//! - [`rounds`]: values that other routines bring back over several servers
//! - `meeting`: where what one item writes is read by another
//! - [`agreement`]: items of one cell that do not say the same about it
//! - `rivals`: several jobs that write one cell
//! - `calendar`: what cannot be done in a calendar that is not the ISO one
//! - `rights`: what a user may not read or write
//! - `leftover`: cells that the routine wrote and that nothing leads to any more

pub mod aggregation;
pub mod agreement;
mod calendar;
mod families;
mod leftover;
mod loops;
mod meeting;
pub mod overlap;
mod periods;
mod reports;
mod rights;
mod rivals;
pub mod rounds;
mod sides;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use jiff::civil::Date;

use crate::review::rounds::Journey;
use xfer_domain::finding::{Category, Code};
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::journal::LedgerEntry;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::run::Severity;
use xfer_domain::script::Attachment;
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;

/// One side of the jobs.
#[derive(Debug, Clone, Copy)]
pub struct Party<'review> {
    /// The server's name.
    pub name: &'review str,
    /// Its synced metadata.
    pub metadata: &'review Metadata,
    /// The logged-in user, as far as it is known.
    pub account: Option<&'review Account>,
    /// The calendar of its periods; empty where it is not known.
    pub calendar: &'review str,
}

/// A job of another routine that writes to the same destination.
#[derive(Debug, Clone, Copy)]
pub struct Other<'review> {
    /// The routine.
    pub routine: &'review str,
    /// The job.
    pub job: &'review Job,
    /// The routine's periods.
    pub window: &'review [String],
    /// The org unit map of its pair.
    pub rows: &'review [OrgUnitMapping],
    /// Whether it reads the system that it writes to.
    pub one_system: bool,
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Review<'review> {
    /// Where values come from.
    pub source: Party<'review>,
    /// Where they go.
    pub destination: Party<'review>,
    /// Whether both are one system.
    pub one_system: bool,
    /// The jobs, in order of work.
    pub jobs: &'review [Job],
    /// The org unit map of their pair.
    pub rows: &'review [OrgUnitMapping],
    /// The periods of the routine, as a person wrote them; empty where no routine is looked at.
    pub window: &'review [String],
    /// The routine's own scripts.
    pub scripts: &'review [Attachment],
    /// The day that relative periods are seen from.
    pub today: Date,
    /// What the routine wrote and what is still its own.
    pub ledger: &'review [LedgerEntry],
    /// Jobs of other routines that write to the same destination.
    pub others: &'review [Other<'review>],
    /// The systems of source and destination; two names of one system are equal.
    pub systems: [&'review str; 2],
    /// Jobs of other routines on a way from the destination back to the source.
    pub journeys: &'review [Journey<'review>],
}

/// One thing that speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The entry of the table.
    pub code: &'static Code,
    /// The job; none where the routine as a whole is meant.
    pub job: Option<String>,
    /// The items, by their numbers in that job, counted from 1.
    pub items: Vec<usize>,
    /// The org units.
    pub units: Vec<Uid>,
    /// Other routines that have a part in it.
    pub routines: Vec<String>,
    /// What it is, by name.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    fn new(code: &'static Code, job: &Job, message: String) -> Self {
        Self {
            code,
            job: Some(job.name.clone()),
            items: Vec::new(),
            units: Vec::new(),
            routines: Vec::new(),
            message,
            hint: code.remedy.replace("JOB", &overlap::quoted(&job.name)),
        }
    }

    fn items(mut self, items: Vec<usize>) -> Self {
        self.items = items;
        self
    }

    fn units(mut self, units: Vec<Uid>) -> Self {
        self.units = units;
        self
    }

    fn routines(mut self, routines: Vec<String>) -> Self {
        self.routines = routines;
        self
    }

    fn hint(mut self, hint: String) -> Self {
        self.hint = hint;
        self
    }

    /// Whether a run with it would write wrong values: it is refused before anything is sent.
    pub fn refuses(&self) -> bool {
        // What may not be read is held back cell by cell.
        self.code.severity == Severity::Error && self.code.category != Category::Permission
    }
}

/// Everything that speaks against it, what refuses a run first.
pub fn review(review: &Review<'_>) -> Vec<Finding> {
    let mut findings = calendar::findings(review);
    findings.extend(overlap::findings(review));
    findings.extend(agreement::findings(review));
    findings.extend(families::findings(review));
    findings.extend(loops::findings(review));
    findings.extend(rounds::findings(review));
    findings.extend(rivals::findings(review));
    findings.extend(aggregation::findings(review));
    findings.extend(reports::findings(review));
    findings.extend(rights::findings(review));
    findings.extend(leftover::findings(review));
    // Stable: what belongs together stays together.
    findings.sort_by_key(|finding| finding.code.severity);
    findings
}

/// Whether an item of a job is read through analytics, where the figure of an org unit contains those below it.
fn through_analytics(job: &Job, source: &SourceItem) -> bool {
    source.is_aggregated(job.read)
}
