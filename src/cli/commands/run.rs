//! `xfer run`: a routine, now.

use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;
use tokio_util::sync::CancellationToken;

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
use crate::platform;
use crate::transfer::events::Event;

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
    let outcome = wait(async {
        let ending = end_on_signal()?;
        let events = |event: Event| progress.show(&event);
        let run = transfer::run(home, &arguments.routine, options, ending.stop.clone(), &events);
        let report = Box::pin(run).await?;
        Ok((report, ending.by()))
    });
    progress.finish();
    let (report, ended_by) = outcome?;
    report::print(&report, ui);
    if ui.format == Format::Table {
        say_next(&report, &arguments.routine, ui);
    }
    Ok(ended_by.unwrap_or_else(|| ExitCode::from_number(report.exit_code)))
}

/// Whether, and how, the process was asked to end.
struct Ending {
    stop: CancellationToken,
    by: Arc<Mutex<Option<ExitCode>>>,
}

impl Ending {
    fn by(&self) -> Option<ExitCode> {
        *self.by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches for Ctrl-C and the system's request to end, and tells the run to stop.
fn end_on_signal() -> Result<Ending, CliError> {
    let termination = platform::termination()
        .map_err(|cause| CliError::local_io("signals cannot be waited for".to_owned(), &cause))?;
    let ending = Ending { stop: CancellationToken::new(), by: Arc::default() };
    let (stop, by) = (ending.stop.clone(), Arc::clone(&ending.by));
    tokio::spawn(async move {
        let code = ExitCode::from_number(termination.await.exit_code());
        *by.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
        stop.cancel();
    });
    Ok(ending)
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
