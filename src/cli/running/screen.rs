//! A run at a terminal: for `xfer run`, and for the wizard, which ends with one.

use std::sync::OnceLock;

use crate::cli::arguments::run::RunArguments;
use crate::cli::error::CliError;
use crate::cli::render::report::{self, ReportFormat};
use crate::cli::running::again::Again;
use crate::cli::running::progress::RunProgress;
use crate::cli::running::telling::{TRIED_AGAIN, Words, in_words};
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::run::end::RunEnd;
use crate::ops::run::telling::Telling;
use crate::ops::run::{self as whole_run, RunView};
use xfer_domain::exit_code::ExitCode;
use xfer_transfer::events::Event;

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Order<'run> {
    /// The routine
    pub routine: &'run str,
    /// How the run differs from it
    pub options: &'run RunArguments,
    /// Whether its alerts are sent although somebody sits at the terminal
    pub notify: bool,
    /// The options that every command has, as they were typed
    pub everywhere: &'run [String],
}

impl Order<'_> {
    /// The command that runs it once more.
    pub(crate) fn again(&self) -> Again {
        Again::of_run(self.routine, self.options, self.notify, self.everywhere)
    }
}

/// Runs a routine that the home keeps.
pub(crate) fn run(order: &Order<'_>, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let again = order.again();
    let view = Screen { routine: order.routine, again: &again, progress: OnceLock::new(), ui };
    // Whoever sits at the terminal sees how it ends.
    let tells = order.notify || !ui.can_ask();
    let options = order.options.options(again.words());
    let end = wait(async { Ok(Box::pin(whole_run::of_routine(home, order.routine, options, tells, &view)).await) })?;
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
