//! What `xfer routine new` takes.

use clap::Args;

use crate::cli::arguments::words::WhenEmptyArgument;
use xfer_domain::item::WhenEmpty;
use xfer_domain::routine::{Policies, USUAL_DELETE_SHARE};

/// So many values a run may delete unless a person says otherwise.
const MAX_DELETE: u32 = 1000;

/// `xfer routine new`
#[derive(Debug, Args)]
pub struct New {
    /// The name of the routine [default: ask]
    pub name: Option<String>,
    /// Its jobs, in order
    #[arg(long = "job", value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Its periods: identifiers (202401), ranges (202401..202406), relative ones (LAST_3_MONTHS); several with commas
    #[arg(long, value_name = "PERIODS", value_delimiter = ',')]
    pub periods: Vec<String>,
    /// What to do with destination cells for which the source has no value [default: keep]
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Send every value, even if the destination already has it
    #[arg(long)]
    pub send_unchanged: bool,
    /// Do not read back what was sent
    #[arg(long)]
    pub no_verify: bool,
    /// Hold back all updates and deletions of a job if they exceed this share of its cells, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_change: Option<u32>,
    /// The most values that a run may delete
    #[arg(long, value_name = "NUMBER", default_value_t = MAX_DELETE)]
    pub max_delete: u32,
    /// Delete nothing of a job if more than this share of the routine's values would be deleted, in percent; 100 is no
    /// limit [default: 20]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_delete_share: Option<u32>,
    /// Do not count a run as incomplete because of unmapped org units
    #[arg(long)]
    pub tolerate_unmapped: bool,
    /// Refuse analytics tables older than this number of hours
    #[arg(long, value_name = "HOURS")]
    pub max_analytics_age: Option<u32>,
    /// The most write requests to the destination at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=4))]
    pub parallel: u8,
}

impl New {
    /// What `xfer routine new --job JOB` says.
    pub(crate) fn with_job(job: &str) -> Self {
        let policies = Policies::default();
        Self {
            name: None,
            jobs: vec![job.to_owned()],
            periods: Vec::new(),
            when_empty: None,
            send_unchanged: !policies.only_changed,
            no_verify: !policies.verify,
            max_change: policies.max_change,
            max_delete: MAX_DELETE,
            max_delete_share: None,
            tolerate_unmapped: policies.tolerate_unmapped,
            max_analytics_age: policies.max_analytics_age_hours,
            parallel: policies.parallel,
        }
    }

    /// The rules that the arguments give; what they leave open is as it is by default.
    pub(crate) fn policies(&self) -> Policies {
        Policies {
            only_changed: !self.send_unchanged,
            verify: !self.no_verify,
            when_empty: self.when_empty.map_or(WhenEmpty::Keep, Into::into),
            max_change: self.max_change,
            max_delete: Some(self.max_delete),
            max_delete_share: self.max_delete_share.unwrap_or(USUAL_DELETE_SHARE),
            tolerate_unmapped: self.tolerate_unmapped,
            max_analytics_age_hours: self.max_analytics_age,
            parallel: self.parallel,
        }
    }
}
