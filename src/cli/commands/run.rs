//! `xfer run`: a routine, now.

use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;

use crate::cli::commands::again::Again;
use crate::cli::commands::progress::RunProgress;
use crate::cli::commands::telling::{TRIED_AGAIN, Words, in_words};
use crate::cli::commands::wait;
use crate::cli::error::CliError;
use crate::cli::render::report::{self, ReportFormat};
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::run::end::RunEnd;
use crate::ops::run::telling::Telling;
use crate::ops::run::{self as whole_run, RunView};
use crate::ops::transfer::RunOptions;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::RunMode;
use xfer_transfer::events::Event;

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
            time_limit: self.timeout,
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
    let view = Screen { routine: &arguments.routine, again: &again, progress: OnceLock::new(), ui };
    // Whoever sits at the terminal sees how it ends.
    let tells = arguments.notify || !ui.can_ask();
    let options = arguments.options.options(&again);
    let end =
        wait(async { Ok(Box::pin(whole_run::of_routine(home, &arguments.routine, options, tells, &view)).await) })?;
    again.ended(end)
}

/// A run at a terminal.
struct Screen<'run> {
    routine: &'run str,
    again: &'run Again,
    progress: OnceLock<RunProgress<'run>>,
    ui: &'run Ui,
}

impl RunView for Screen<'_> {
    fn begins(&self) {
        self.progress.get_or_init(|| RunProgress::new(self.ui, self.routine));
    }

    fn event(&self, event: &Event) {
        if let Some(progress) = self.progress.get() {
            progress.show(event);
        }
    }

    fn ended(&self, end: &RunEnd) {
        if let Some(progress) = self.progress.get() {
            progress.finish();
        }
        let Ok(report) = &end.report else { return };
        let format = ReportFormat::from(self.ui.format);
        report::print(report, format, self.ui);
        if format == ReportFormat::Words {
            self.again.next(report, end.code).iter().for_each(|line| self.ui.say(line));
        }
    }

    fn told(&self, telling: &Telling<'_>) {
        match in_words(telling, TRIED_AGAIN) {
            Words::Say(words) => self.ui.say(&words),
            Words::Warn(words) => self.ui.warn(&words),
        }
    }
}
