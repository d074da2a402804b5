//! How a run differs from its routine: what `xfer run` and `xfer exec` take.

use std::time::Duration;

use clap::Args;

use crate::ops::transfer::RunOptions;
use xfer_domain::run::RunMode;

/// How a run differs from what its routine says; the same for `run` and `exec`.
#[derive(Debug, Default, Args)]
pub struct RunArguments {
    /// Show what would be written, but write nothing; the destination checks it with dryRun=true
    #[arg(long, visible_alias = "diff")]
    pub dry_run: bool,
    /// Other periods than the routine's: identifiers, ranges or relative periods; several with commas
    #[arg(long, value_name = "PERIODS", value_delimiter = ',')]
    pub periods: Vec<String>,
    /// Only these jobs of the routine
    #[arg(long = "job", value_name = "JOB")]
    pub jobs: Vec<String>,
    /// Do not read back what was sent
    #[arg(long)]
    pub no_verify: bool,
    /// End with exit code 9 when the source has no values
    #[arg(long)]
    pub fail_on_empty: bool,
    /// Stop after this time, such as 90m or 2h; the next run continues
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

impl RunArguments {
    /// What the run is asked to do; `command` are the words that start it once more.
    pub(crate) fn options(&self, command: Vec<String>) -> RunOptions {
        RunOptions {
            mode: if self.dry_run { RunMode::DryRun } else { RunMode::Run },
            periods: (!self.periods.is_empty()).then(|| self.periods.clone()),
            jobs: self.jobs.clone(),
            verify: !self.no_verify,
            fail_on_empty: self.fail_on_empty,
            time_limit: self.timeout,
            command,
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("`{text}` is not a duration such as 90m or 2h");
    let span: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero()).ok_or_else(refused)
}
