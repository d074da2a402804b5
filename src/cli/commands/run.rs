//! `xfer run`: a routine, now.

use std::time::Duration;

use clap::Args;
use tokio::sync::Notify;

use crate::cli::commands::again::Again;
use crate::cli::commands::alerting::{note_start, notice, tell, with_start};
use crate::cli::commands::ending::Ending;
use crate::cli::commands::progress::RunProgress;
use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::report::{self, ReportFormat};
use crate::cli::ui::Ui;
use crate::domain::run::{Report, RunMode};
use crate::ops::alerts::Alerting;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::keys;
use crate::ops::transfer::{self, RunOptions};
use crate::transfer::events::Event;

/// `xfer run`
#[derive(Debug, Args)]
pub struct Arguments {
    /// The routine
    pub routine: String,
    /// How the run differs from the routine.
    #[command(flatten)]
    pub options: RunArguments,
    /// Send the routine's alerts, as a run without a terminal does
    #[arg(long)]
    pub notify: bool,
}

/// How a run differs from what its routine says; the same for `run` and `exec`.
#[derive(Debug, Default, Args)]
pub struct RunArguments {
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
    /// Stop after so long, such as 90m or 2h; what is in flight is finished or marked, and the next run goes on
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

impl RunArguments {
    pub(super) fn options(&self, again: &Again) -> RunOptions {
        RunOptions {
            mode: if self.dry_run { RunMode::DryRun } else { RunMode::Run },
            periods: (!self.periods.is_empty()).then(|| self.periods.clone()),
            jobs: self.jobs.clone(),
            verify: !self.no_verify,
            fail_on_empty: self.fail_on_empty,
            command: again.words(),
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("`{text}` is no length of time such as 90m or 2h");
    let span: jiff::SignedDuration = text.parse().map_err(|_| refused())?;
    Duration::try_from(span).ok().filter(|span| !span.is_zero()).ok_or_else(refused)
}

/// Carries out `xfer run`.
pub fn execute(arguments: &Arguments, everywhere: &[String], home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let again = Again::of_run(arguments, everywhere);
    // Before anything is drawn: a question would stand among the bars.
    keys::unlock(home)?;
    let alerting = alerting(arguments, home, ui);
    let progress = RunProgress::new(ui, &arguments.routine);
    let outcome = wait(async {
        let ending = Ending::watch(arguments.options.timeout)?;
        let begun = Notify::new();
        let events = |event: Event| {
            note_start(&event, &begun);
            progress.show(&event);
        };
        let last_word = |report: &mut Report| ending.settle(report);
        let options = arguments.options.options(&again);
        let run = transfer::run(home, &arguments.routine, options, ending.stop(), &last_word, &events);
        let report = with_start(Box::pin(run), &begun, &alerting).await.map_err(|error| ending.error(error))?;
        let code = ExitCode::from_number(report.exit_code);
        Ok((report, code))
    });
    progress.finish();
    if let Ok((report, _)) = &outcome {
        let format = ReportFormat::from(ui.format);
        report::print(report, format, ui);
        if format == ReportFormat::Words {
            again.next(report).iter().for_each(|line| ui.say(line));
        }
    }
    if let Some(notice) = notice(alerting.name(), alerting.between(), &outcome, &again.command()) {
        tell(&alerting, home, &notice, &|words| ui.say(words), &|words| ui.warn(words));
    }
    outcome.map(|(_, code)| code).map_err(|error| again.hinted(error))
}

/// Who hears of the run. Whoever sits at the terminal sees how it ends, and a dry run is nobody's alarm.
fn alerting(arguments: &Arguments, home: &Home, ui: &Ui) -> Alerting {
    if arguments.options.dry_run || (ui.can_ask() && !arguments.notify) {
        return Alerting::none();
    }
    match Alerting::of_routine(home, &arguments.routine) {
        Ok(alerting) => alerting,
        // The run says it itself.
        Err(OpsError::NotFound { .. }) => Alerting::none(),
        Err(error) => {
            ui.warn(&format!("nobody can be told how the run ends: {error}"));
            Alerting::none()
        }
    }
}
