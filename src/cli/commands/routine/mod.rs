//! `xfer routine`: jobs with a period window and the rules of a run.

mod alert;
mod edit;

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::arguments::routine::New;
use crate::cli::commands::review::review;
use crate::cli::commands::runs::outcome;
use crate::cli::commands::unread::say_unread;
use crate::cli::commands::xfer_file;
use crate::cli::error::CliError;
use crate::cli::render::alert::{for_programs, told};
use crate::cli::render::facts::Facts;
use crate::cli::render::listing::{Listing, moment, text};
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops::dashboard::newest;
use crate::ops::home::Home;
use crate::ops::routines::{self, NewRoutine};
use crate::ops::runs::{self, Runs};
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::routine::Routine;
use xfer_domain::shell::shell_word;

/// `xfer routine …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Combine jobs with periods and rules
    New(New),
    /// Change a routine's jobs, periods or rules
    Edit(edit::Edit),
    /// Show a routine
    Show(Named),
    /// List the routines
    List,
    /// Alerts: who gets a message when a run fails or is incomplete
    #[command(subcommand)]
    Alert(alert::Command),
    /// Export a routine as one encrypted file with everything that a run needs
    Export(xfer_file::Export),
    /// Show an xfer file: which keys open it, and with a key all its contents except secrets
    Inspect(xfer_file::Inspect),
    /// Import a routine from an xfer file
    Import(xfer_file::Import),
    /// Change the keys and passphrases of an xfer file
    Rekey(xfer_file::Rekey),
    /// Remove a routine; its past runs are kept
    Remove(Named),
}

/// A routine by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The routine
    pub name: String,
}

/// Carries out `xfer routine …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::New(arguments) => new(arguments, home, ui),
        Command::Edit(arguments) => edit_or_ask(arguments, home, ui),
        Command::Show(arguments) => show(&arguments.name, home, ui),
        Command::List => list(home, ui),
        Command::Alert(command) => alert::execute(command, home, ui),
        Command::Export(arguments) => xfer_file::export(arguments, home, ui),
        Command::Inspect(arguments) => xfer_file::inspect(arguments, ui),
        Command::Import(arguments) => xfer_file::import(arguments, home, ui),
        Command::Rekey(arguments) => xfer_file::rekey(arguments, ui),
        Command::Remove(arguments) => {
            // A journal that cannot be read keeps nobody from removing its routine.
            let written = routines::written(home, &arguments.name).unwrap_or_default();
            if written > 0 {
                ui.say(&format!(
                    "{} wrote {}, which stay at the destination. They belong to no other routine, so no routine will \
                     delete them.",
                    arguments.name,
                    counted(written, "value")
                ));
            }
            if !ui.confirm(&format!("Remove the routine {}?", arguments.name)) {
                return Err(CliError::usage("nothing was removed".to_owned())
                    .hint("give --yes to remove it without a question"));
            }
            routines::remove(home, &arguments.name)?;
            ui.say(&format!("removed {}", arguments.name));
            Ok(ExitCode::Success)
        }
    }
}

fn new(arguments: &New, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let what = match (&arguments.name, arguments.jobs.is_empty(), arguments.periods.is_empty()) {
        (None, ..) => Some("the routine's name"),
        (_, true, _) => Some("--job"),
        (.., true) => Some("--periods"),
        _ => None,
    };
    if let Some(what) = what {
        let hint = "give all of it: xfer routine new NAME --job JOB --periods LAST_3_MONTHS";
        let missing = Missing { what, hint, again: "xfer routine new" };
        return wizard::ask(ui, missing, |prompter| wizard::routine::new(prompter, home, arguments));
    }
    let new = NewRoutine {
        name: arguments.name.clone().unwrap_or_default(),
        jobs: arguments.jobs.clone(),
        window: arguments.periods.clone(),
        policies: arguments.policies(),
    };
    let routine = routines::new(home, new)?;
    let name = shell_word(&routine.name);
    ui.say(&format!("made the routine {}", routine.name));
    if review(&routine.name, home, ui) {
        ui.say(&format!("next: correct the reasons for the refusal, and try it:\n  xfer run {name} --dry-run"));
    } else {
        ui.say(&format!(
            "next, to see what would be written, and to write it:\n  xfer run {name} --dry-run\n  xfer run {name}"
        ));
    }
    Ok(ExitCode::Success)
}

fn edit_or_ask(arguments: &edit::Edit, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    if arguments.is_empty() {
        let missing = Missing {
            what: "what to change",
            hint: "give --rename, --job, --periods or one of the rules: xfer routine edit --help",
            again: "xfer routine edit NAME",
        };
        return wizard::ask(ui, missing, |prompter| wizard::routine::edit(prompter, home, &arguments.name));
    }
    edit::edit(arguments, home, ui)
}

fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("name", "Routine"),
        text("jobs", "Jobs"),
        text("periods", "Periods"),
        moment("last_run", "Last run").detail(),
        text("outcome", "Outcome").detail(),
        text("id", "Id").whole().detail(),
    ];
    let empty = "no routines yet; make one: xfer routine new NAME --job JOB --periods LAST_3_MONTHS";
    let mut listing = Listing::new(&columns, empty);
    let Runs { lines, unread } = runs::list(home, None, usize::MAX)?;
    for routine in routines::list(home)? {
        // What was only tried is not the last run.
        let last = newest(lines.iter().filter(|line| line.routine.id == routine.id).cloned()).0;
        let last = last.as_ref().map(|run| &run.summary);
        listing.row(vec![
            json!(routine.name),
            json!(routine.jobs.join(", ")),
            json!(routine.window.join(", ")),
            json!(last.map(|run| run.started.to_string())),
            json!(last.map(outcome)),
            json!(routine.id),
        ]);
    }
    listing.print(ui);
    Ok(say_unread(unread, ui))
}

fn show(name: &str, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    facts(&routines::routine(&home.config()?, name)?).print(ui);
    Ok(ExitCode::Success)
}

fn facts(routine: &Routine) -> Facts {
    let mut facts = Facts::new();
    let policies = &routine.policies;
    let yes = |yes: bool, words: &str, no: &str| if yes { words } else { no }.to_owned();
    let at_most =
        |most: Option<u32>, unit: &str| most.map_or_else(|| "no limit".to_owned(), |most| format!("{most}{unit}"));
    facts.in_words("name", json!(routine.name), "routine", routine.name.clone());
    facts.in_words("id", json!(routine.id), "id", routine.id.to_string());
    facts.in_words("jobs", json!(routine.jobs), "jobs", routine.jobs.join(", "));
    facts.in_words("periods", json!(routine.window), "periods", routine.window.join(", "));
    let sends = yes(policies.only_changed, "only what differs", "every value");
    facts.in_words("only_changed", json!(policies.only_changed), "sends", sends);
    facts.in_words(
        "verify",
        json!(policies.verify),
        "reads back",
        yes(policies.verify, "yes", "no: nothing is verified"),
    );
    let when_empty = policies.when_empty.name();
    facts.in_words("when_empty", json!(when_empty), "source empty", when_empty.to_owned());
    let max_change = at_most(policies.max_change, " % of a job's cells");
    facts.in_words("max_change", json!(policies.max_change), "largest change", max_change);
    facts.in_words("max_delete", json!(policies.max_delete), "most deletions", at_most(policies.max_delete, ""));
    let share = format!("{} % of its own values, by job", policies.max_delete_share);
    facts.in_words("max_delete_share", json!(policies.max_delete_share), "largest share deleted", share);
    let unmapped = yes(policies.tolerate_unmapped, "tolerated", "make a run incomplete");
    facts.in_words("tolerate_unmapped", json!(policies.tolerate_unmapped), "unmapped org units", unmapped);
    let oldest = at_most(policies.max_analytics_age_hours, " hours");
    facts.in_words("max_analytics_age_hours", json!(policies.max_analytics_age_hours), "oldest analytics", oldest);
    facts.in_words("parallel", json!(policies.parallel), "writes at once", policies.parallel.to_string());
    facts.each("alerts", for_programs(&routine.alerts), "alert", routine.alerts.iter().map(told));
    facts
}
