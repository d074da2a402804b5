//! The wizard: guided setup of servers, org units, jobs and routines.
//!
//! It has no state of its own: each answer is kept in the store as soon as it is complete, so that every step can be
//! left and taken up again, and Ctrl-C loses nothing that was answered. Each section ends with the commands that do the
//! same without questions. The steps know a [`prompter::Prompter`] only; a terminal answers it, or a test.

pub(crate) mod alert;
pub(crate) mod element;
mod export;
pub(crate) mod init;
pub(crate) mod job;
pub(crate) mod org_units;
pub(crate) mod pair;
pub(crate) mod plugin;
mod portion;
mod prompter;
pub(crate) mod routine;
#[cfg(test)]
mod scripted;
mod scripts;
pub(crate) mod server;
mod terminal;
#[cfg(feature = "demo")]
#[cfg(test)]
mod tests;
mod trial;

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::cli::wizard::prompter::{Leave, Prompter, interrupted};
use crate::cli::wizard::terminal::Terminal;
use xfer_domain::exit_code::ExitCode;

/// What a command has to ask for, and how to give it where nobody can be asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missing<'words> {
    /// "the job's name"
    pub what: &'words str,
    /// "give it: xfer job new NAME --from SERVER --to SERVER"
    pub hint: &'words str,
    /// How to go on after an interruption: "xfer job new"
    pub again: &'words str,
}

/// Leads a person through `steps`; where there is no terminal, fails at once and says what is missing.
pub(crate) fn ask<T>(
    ui: &Ui,
    missing: Missing<'_>,
    steps: impl FnOnce(&mut dyn Prompter) -> Result<T, Leave>,
) -> Result<ExitCode, CliError> {
    if !ui.can_ask() {
        return Err(CliError::usage(format!("{} is missing, and there is no terminal to ask for it", missing.what))
            .hint(missing.hint));
    }
    match steps(&mut Terminal::new(ui)) {
        Ok(_) => Ok(ExitCode::Success),
        Err(Leave::Later) => {
            ui.say(&format!("Finished steps are saved. To resume:\n  {}", missing.again));
            Ok(ExitCode::Success)
        }
        Err(Leave::Interrupted) => Err(interrupted(&format!("finished steps are saved; to resume: {}", missing.again))),
        Err(Leave::Failed(error)) => Err(error),
    }
}
