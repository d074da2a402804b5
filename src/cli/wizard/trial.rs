//! The last step of the setup: a dry run with its table, the run itself, and how to repeat it every night.

use crate::cli::arguments::run::RunArguments;
use crate::cli::error::CliError;
use crate::cli::running::screen::{self, Order};
use crate::cli::ui::Ui;
use crate::cli::wizard::prompter::{Leave, Prompter, say_commands};
use crate::cli::wizard::server::explain;
use crate::cli::wizard::terminal::taken_care_of;
use crate::ops::home::Home;
use crate::ops::runs;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::shell::shell_word;

/// Shows what a run would write, and writes it if the person says so.
pub(super) fn try_out(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, routine: &str) -> Result<(), Leave> {
    prompter.say("First a dry run: both servers are read and checked, and nothing is written.");
    let called = shell_word(routine);
    let outcome = until_it_works(prompter, || run(routine, true, home, ui))?;
    say_commands(prompter, &[format!("xfer run {called} --dry-run")]);
    if outcome == ExitCode::Incomplete {
        prompter.say(
            "Some values would not arrive; the table above says which and why. You can write the others now; \
             corrected values are sent with the next run.",
        );
    }
    let choices = ["write it now", "not now"].map(str::to_owned);
    if prompter.choose("Write this to the destination", &choices, 0)? == 1 {
        prompter.say(&format!("Nothing was written. To write it later:\n  xfer run {called}"));
        return Ok(());
    }
    until_it_works(prompter, || run(routine, false, home, ui))?;
    say_commands(prompter, &[format!("xfer run {called}")]);
    Ok(())
}

/// Whether a routine has been run to an end that left nothing open.
pub(super) fn was_run(home: &Home, routine: &str) -> Result<bool, Leave> {
    let last = runs::list(home, Some(routine), 1)?.lines.into_iter().next();
    Ok(last.is_some_and(|line| line.summary.end.is_some()))
}

fn run(routine: &str, dry_run: bool, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let options = RunArguments { dry_run, ..RunArguments::default() };
    screen::run(&Order { routine, options: &options, notify: false, everywhere: &[] }, home, ui)
}

/// A run, again and again until it comes to an end or the person has enough. Ctrl-C ends a run in order, and the
/// wizard with it.
fn until_it_works(
    prompter: &mut dyn Prompter,
    run: impl Fn() -> Result<ExitCode, CliError>,
) -> Result<ExitCode, Leave> {
    loop {
        let error = match taken_care_of(&run) {
            Ok(ExitCode::Interrupted | ExitCode::Terminated) => return Err(Leave::Interrupted),
            Ok(code @ (ExitCode::Success | ExitCode::Incomplete)) => return Ok(code),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = &error {
            explain(prompter, error);
        }
        let choices = ["try again", "do this later"].map(str::to_owned);
        if prompter.choose("It did not finish. What now", &choices, 0)? == 1 {
            return Err(Leave::Later);
        }
    }
}
