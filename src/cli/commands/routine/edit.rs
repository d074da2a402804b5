//! `xfer routine edit`.

use clap::Args;

use crate::cli::arguments::words::WhenEmptyArgument;
use crate::cli::commands::review::review;
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::routines::{self, RoutineChange};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::routine::Policies;

/// `xfer routine edit`
#[derive(Debug, Args)]
pub struct Edit {
    /// The routine; xfer asks what to change if you give no option
    pub name: String,
    /// A new name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// Its jobs, in order; replaces the present ones
    #[arg(long = "job", value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Its periods; replaces the present ones; several with commas
    #[arg(long, value_name = "PERIODS", value_delimiter = ',')]
    pub periods: Vec<String>,
    /// What to do with destination cells for which the source has no value
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Send every value, even if the destination already has it
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
          value_parser = yes_or_no)]
    pub send_unchanged: Option<bool>,
    /// Read back what was sent
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
          value_parser = yes_or_no)]
    pub verify: Option<bool>,
    /// Hold back all updates and deletions of a job if they exceed this share of its cells, in percent, or `none`
    #[arg(long, value_name = "PERCENT", value_parser = share)]
    pub max_change: Option<Limit>,
    /// The most values that a run may delete, or `none` for no limit
    #[arg(long, value_name = "NUMBER", value_parser = limit)]
    pub max_delete: Option<Limit>,
    /// Delete nothing of a job if more than this share of the routine's values would be deleted, in percent; 100 is no
    /// limit
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub max_delete_share: Option<u32>,
    /// Do not count a run as incomplete because of unmapped org units
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
          value_parser = yes_or_no)]
    pub tolerate_unmapped: Option<bool>,
    /// Refuse analytics tables older than this number of hours, or `none`
    #[arg(long, value_name = "HOURS", value_parser = limit)]
    pub max_analytics_age: Option<Limit>,
    /// The most write requests to the destination at the same time
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub parallel: Option<u8>,
}

/// A number, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(Option<u32>);

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("`{other}` is not yes or no")),
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    if text == "none" {
        return Ok(Limit(None));
    }
    text.parse().map(|number| Limit(Some(number))).map_err(|_| format!("`{text}` is not a whole number or `none`"))
}

fn share(text: &str) -> Result<Limit, String> {
    match limit(text)? {
        Limit(Some(percent)) if !(1..=100).contains(&percent) => {
            Err("a share is 1 to 100 percent, or `none`".to_owned())
        }
        share => Ok(share),
    }
}

impl Edit {
    /// Whether nothing is to be different.
    pub fn is_empty(&self) -> bool {
        self.rename.is_none() && self.jobs.is_empty() && self.periods.is_empty() && !self.speaks_of_policies()
    }

    fn speaks_of_policies(&self) -> bool {
        self.when_empty.is_some()
            || self.max_change.is_some()
            || self.max_delete.is_some()
            || self.max_delete_share.is_some()
            || self.max_analytics_age.is_some()
            || self.parallel.is_some()
            || [self.send_unchanged, self.verify, self.tolerate_unmapped].iter().any(Option::is_some)
    }

    /// The rules as they were, with what is to be different.
    fn policies(&self, old: &Policies) -> Policies {
        Policies {
            only_changed: self.send_unchanged.map_or(old.only_changed, |send| !send),
            verify: self.verify.unwrap_or(old.verify),
            when_empty: self.when_empty.map_or(old.when_empty, Into::into),
            max_change: self.max_change.map_or(old.max_change, |limit| limit.0),
            max_delete: self.max_delete.map_or(old.max_delete, |limit| limit.0),
            max_delete_share: self.max_delete_share.unwrap_or(old.max_delete_share),
            tolerate_unmapped: self.tolerate_unmapped.unwrap_or(old.tolerate_unmapped),
            max_analytics_age_hours: self.max_analytics_age.map_or(old.max_analytics_age_hours, |limit| limit.0),
            parallel: self.parallel.unwrap_or(old.parallel),
        }
    }
}

/// Carries out `xfer routine edit`.
pub(super) fn edit(arguments: &Edit, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let old = routines::routine(&home.config()?, &arguments.name)?;
    let given = |values: &Vec<String>| Some(values.clone()).filter(|values| !values.is_empty());
    let change = RoutineChange {
        name: arguments.rename.clone(),
        jobs: given(&arguments.jobs),
        window: given(&arguments.periods),
        policies: arguments.speaks_of_policies().then(|| arguments.policies(&old.policies)),
    };
    let routine = routines::edit(home, &arguments.name, change)?;
    ui.say(&format!("changed the routine {}", routine.name));
    review(&routine.name, home, ui);
    Ok(ExitCode::Success)
}
