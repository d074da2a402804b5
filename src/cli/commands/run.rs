//! `xfer run`: a routine, now.

use clap::Args;

use crate::cli::commands::progress::RunProgress;
use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::report;
use crate::cli::render::shell_word;
use crate::cli::ui::{Format, Ui};
use crate::domain::run::{Report, RunMode};
use crate::ops::home::Home;
use crate::ops::transfer::{self, RunOptions};

/// `xfer run`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The routine
    pub routine: String,
    /// Show what would be written and write nothing; the destination is asked with dryRun=true
    #[arg(long, visible_alias = "diff")]
    pub dry_run: bool,
    /// Other periods than the routine's: identifiers, ranges, relative ones; several with commas
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
}

/// Carries out `xfer run`.
pub fn execute(arguments: &Arguments, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = RunOptions {
        mode: if arguments.dry_run { RunMode::DryRun } else { RunMode::Run },
        periods: (!arguments.periods.is_empty()).then(|| arguments.periods.clone()),
        jobs: arguments.jobs.clone(),
        verify: !arguments.no_verify,
        fail_on_empty: arguments.fail_on_empty,
    };
    let progress = RunProgress::new(ui, &arguments.routine);
    let report = wait(async { Ok(transfer::run(home, &arguments.routine, options, &|event| progress.show(event)).await?) });
    progress.finish();
    let report = report?;
    report::print(&report, ui);
    if ui.format == Format::Table {
        say_next(&report, &arguments.routine, ui);
    }
    Ok(ExitCode::from_number(report.exit_code))
}

fn say_next(report: &Report, routine: &str, ui: &Ui) {
    let code = ExitCode::from_number(report.exit_code);
    let next = match (report.mode, code) {
        (RunMode::DryRun, ExitCode::Success) => format!("next: xfer run {}", shell_word(routine)),
        (RunMode::Run, ExitCode::Success) => return,
        (_, ExitCode::Temporary | ExitCode::Unknown) => {
            format!("next: run it again; what arrived stays, the rest is sent: xfer run {}", shell_word(routine))
        }
        _ => format!("every cell with its reason: xfer runs cells {}", report.run),
    };
    ui.say(&next);
}
