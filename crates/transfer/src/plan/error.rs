//! Why a routine cannot be run as it is. All of these are found before anything is read or sent.

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;

/// Why a routine cannot be planned. Each names the job or the objects, and [`PlanError::hint`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The routine has no job.
    #[error("routine `{routine}` has no job")]
    NoJobs {
        /// The routine.
        routine: String,
    },
    /// A job has nothing to move.
    #[error("job `{job}` has no item")]
    JobWithoutItems {
        /// The job.
        job: String,
    },
    /// The jobs of a routine are not of one pair.
    #[error("job `{job}` goes from `{source_server}` to `{destination}`, unlike the routine's first job")]
    OtherPair {
        /// The job.
        job: String,
        /// Its source.
        source_server: String,
        /// Its destination.
        destination: String,
    },
    /// No org unit of the map is confirmed.
    #[error("no org unit of the map is confirmed, so there is nothing to transfer")]
    NoOrgUnits,
    /// The period window cannot be expanded.
    #[error("the period window of job `{job}` cannot be used: {reason}")]
    Window {
        /// The job.
        job: String,
        /// Why.
        reason: String,
    },
    /// No source period belongs to one destination period.
    #[error("no {source_type} period of job `{job}` fits into one {destination_type} period")]
    PeriodsDoNotFit {
        /// The job.
        job: String,
        /// What is read.
        source_type: String,
        /// What is written.
        destination_type: String,
    },
    /// The shift leads out of the calendar.
    #[error("the period shift of job `{job}` is too large for the calendar")]
    ShiftTooFar {
        /// The job.
        job: String,
    },
    /// The servers print periods in different calendars.
    #[error("the source uses the calendar `{source_calendar}` and the destination `{destination_calendar}`")]
    CalendarsDiffer {
        /// The source's calendar.
        source_calendar: String,
        /// The destination's calendar.
        destination_calendar: String,
    },
    /// Something that only the ISO calendar allows.
    #[error("{what}, which cannot be calculated in the {calendar} calendar")]
    CalendarArithmetic {
        /// What cannot be done.
        what: String,
        /// The calendar of both servers.
        calendar: String,
        /// What to do instead.
        instead: String,
    },
    /// Two contributions would meet in one cell, and nothing says how they become one value.
    #[error("job `{job}`: several values would go to `{address}` ({why}), and no combine operator is set")]
    TwoContributions {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
        /// Where they come from, by name.
        why: String,
    },
    /// Items of one address combine differently.
    #[error("job `{job}`: the items that go to `{address}` differ in combine operator, rounding or coverage rule")]
    OperatorsDiffer {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
    },
    /// Items of one address have different scripts.
    #[error("job `{job}`: the items that go to `{address}` have different scripts for their value")]
    ScriptsDiffer {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
    },
    /// A share weighs nothing.
    #[error("job `{job}`: the share of `{address}` is not a number above 0")]
    ShareWithoutWeight {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
    },
    /// Other items write where a share goes.
    #[error("job `{job}`: `{address}` gets a share of a value, and another item goes there too")]
    ShareNotAlone {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
    },
    /// Shares of one source are made differently.
    #[error(
        "job `{job}`: the shares of `{first}` and `{second}` differ in operator, factor, rounding or coverage rule"
    )]
    SharesDiffer {
        /// The job.
        job: String,
        /// One of them, by name.
        first: String,
        /// The other, by name.
        second: String,
    },
    /// Source and destination are one system, and an item reads the cell that it writes.
    #[error(
        "job `{job}`: both servers are one system, and `{address}` is calculated from its own value at `{org_unit}`: \
         each run would change it again"
    )]
    ReadsItself {
        /// The job.
        job: String,
        /// The destination data element with its option combos, by name.
        address: String,
        /// An org unit that is read and written, by its path of names.
        org_unit: String,
    },
    /// Our own mistake: mapped units that the run would not read.
    #[error("job `{job}`: the plan leaves out {org_units}, although they are mapped and can be read")]
    UnitsLeftOut {
        /// The job.
        job: String,
        /// The org units, the first of them by name.
        org_units: String,
    },
    /// Two jobs of a routine write the same cells.
    #[error("jobs `{first}` and `{second}` both write `{address}` in {period}")]
    TwoJobs {
        /// One job.
        first: String,
        /// The other.
        second: String,
        /// The destination data element with its option combos, by name.
        address: String,
        /// One of the periods.
        period: String,
    },
}

impl Fault for PlanError {
    fn code(&self) -> ExitCode {
        match self {
            Self::UnitsLeftOut { .. } => ExitCode::Bug,
            Self::NoJobs { .. }
            | Self::JobWithoutItems { .. }
            | Self::OtherPair { .. }
            | Self::NoOrgUnits
            | Self::Window { .. }
            | Self::PeriodsDoNotFit { .. }
            | Self::ShiftTooFar { .. }
            | Self::CalendarsDiffer { .. }
            | Self::CalendarArithmetic { .. }
            | Self::TwoContributions { .. }
            | Self::OperatorsDiffer { .. }
            | Self::ScriptsDiffer { .. }
            | Self::ShareWithoutWeight { .. }
            | Self::ShareNotAlone { .. }
            | Self::SharesDiffer { .. }
            | Self::ReadsItself { .. }
            | Self::TwoJobs { .. } => ExitCode::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint: &str = match self {
            Self::NoJobs { .. } => "add a job to the routine: `xfer routine edit`",
            Self::JobWithoutItems { .. } => "add items to the job: `xfer job add-item`, or leave it out of the routine",
            Self::OtherPair { .. } => {
                "a routine moves values between two servers; put the job into a routine of its own"
            }
            Self::NoOrgUnits => "map the org units and confirm them: `xfer orgunit map`",
            Self::Window { .. } => "use periods such as `202401`, ranges such as `202401..202406`, or `LAST_3_MONTHS`",
            Self::PeriodsDoNotFit { .. } => {
                "choose a longer destination period type, such as months for weeks or quarters for months"
            }
            Self::ShiftTooFar { .. } => "use a smaller period shift",
            Self::CalendarsDiffer { .. } => {
                "periods of different calendars do not match; both servers need the same calendar"
            }
            Self::CalendarArithmetic { instead, .. } => instead,
            Self::TwoContributions { .. } => {
                "set the combine operator of the job or the item (`sum`, `average`, `last` …), or correct the map"
            }
            Self::OperatorsDiffer { .. } => {
                "give all items of one destination address the same combine operator, rounding and coverage rule"
            }
            Self::ScriptsDiffer { .. } => {
                "attach the same scripts to all items of one destination address, or attach them to the job"
            }
            Self::ShareWithoutWeight { .. } => "give each share a weight: `xfer job edit-item … --share 40`",
            Self::ShareNotAlone { .. } => "a share must be the only value of its cell; map the other item elsewhere",
            Self::SharesDiffer { .. } => "give all shares of a source the same rules",
            Self::ReadsItself { .. } => {
                "write to another data element or option combo, or remove the org units that are written from the \
                 source side of the map"
            }
            Self::UnitsLeftOut { .. } => {
                "this is a bug in xfer: please report it. Nothing was read or sent; sync the source server and try \
                 again"
            }
            Self::TwoJobs { .. } => {
                "put the items into one job with a combine operator, or let the jobs write different periods"
            }
        };
        Some(hint.to_owned())
    }
}
