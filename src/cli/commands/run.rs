//! `xfer run`: a routine, now.

use clap::Args;

use crate::cli::arguments::run::RunArguments;
use crate::cli::error::CliError;
use crate::cli::running::screen::{self, Order};
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use xfer_domain::exit_code::ExitCode;

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

/// Carries out `xfer run`.
pub fn execute(arguments: &Arguments, everywhere: &[String], home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    screen::run(&order(arguments, everywhere), home, ui)
}

/// What is to be run, with the options that every command has.
pub(in crate::cli) fn order<'run>(arguments: &'run Arguments, everywhere: &'run [String]) -> Order<'run> {
    Order { routine: &arguments.routine, options: &arguments.options, notify: arguments.notify, everywhere }
}
