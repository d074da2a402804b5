//! `xfer init`: the guided setup.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops::home::Home;
use xfer_domain::exit_code::ExitCode;

/// `xfer init`
#[derive(Debug, Args)]
pub struct Arguments {}

/// What is missing where nobody can be asked.
const MISSING: Missing<'_> = Missing {
    what: "everything that `xfer init` asks for",
    hint: "do it by commands: xfer server add, server sync, orgunit auto, job new, job auto, routine new, run; `xfer` \
           alone shows the next step",
    again: "xfer init",
};

/// Carries out `xfer init`.
pub fn execute(_: &Arguments, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    wizard::ask(ui, MISSING, |prompter| wizard::init::lead(prompter, home, ui))
}

/// Asks a newcomer whether to begin.
pub(super) fn offer(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    wizard::ask(ui, MISSING, |prompter| {
        if prompter.confirm("Start the guided setup now", true)? {
            wizard::init::lead(prompter, home, ui)
        } else {
            Ok(())
        }
    })
}
