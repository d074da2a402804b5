//! `xfer job`: which source item goes to which data element and option combos.

mod auto;
mod edit;
mod items;
mod sheet;
mod show;

use clap::{Args, Subcommand};

use crate::cli::arguments::job::New;
use crate::cli::commands::check::{JobCheckArguments, check_job};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops::home::Home;
use crate::ops::jobs;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::Combine;
use xfer_domain::shell::shell_word;

/// `xfer job …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a job without items
    New(New),
    /// Show a job with its items
    Show(Named),
    /// List the jobs
    List,
    /// Change a job's settings
    Edit(edit::Edit),
    /// Match data sets, data elements and indicators of the source, and add items
    Auto(auto::Auto),
    /// Import the items of a DHIS2 aggregate data exchange
    Exchange(auto::Exchange),
    /// Add an item: what to read and where to write it
    AddItem(items::AddItem),
    /// Change an item
    EditItem(edit::EditItem),
    /// Remove an item by its number in `xfer job show`
    RemoveItem(items::RemoveItem),
    /// Import items from a CSV file: every line is checked; all are imported or none
    Import(sheet::Import),
    /// Export the items as a CSV file
    Export(sheet::Export),
    /// Check every item against the metadata of both servers, and doubtful ones against the source's values
    Check(JobCheckArguments),
    /// Remove a job
    Remove(Named),
}

/// A job by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The job
    pub name: String,
}

/// Carries out `xfer job …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::New(arguments) => new(arguments, home, ui),
        Command::Edit(arguments) => edit::edit(arguments, home, ui),
        Command::EditItem(arguments) => edit::edit_item(arguments, home, ui),
        Command::Auto(arguments) => auto::auto(arguments, home, ui),
        Command::Exchange(arguments) => auto::take_over(arguments, home, ui),
        Command::Show(arguments) => {
            show::show(&jobs::open(home, &arguments.name)?, ui);
            Ok(ExitCode::Success)
        }
        Command::List => show::list(home, ui),
        Command::AddItem(arguments) => items::add_item(arguments, home, ui),
        Command::RemoveItem(arguments) => items::remove_item(arguments, home, ui),
        Command::Import(arguments) => sheet::import(arguments, home, ui),
        Command::Export(arguments) => sheet::export(arguments, home, ui),
        Command::Check(arguments) => check_job(arguments, home, &mut jobs::open(home, &arguments.name)?, ui),
        Command::Remove(arguments) => {
            if !ui.confirm(&format!("Remove the job {}?", arguments.name)) {
                return Err(CliError::usage("nothing was removed".to_owned())
                    .hint("give --yes to remove it without a question"));
            }
            jobs::remove(home, &arguments.name)?;
            ui.say(&format!("removed {}", arguments.name));
            Ok(ExitCode::Success)
        }
    }
}

/// A job without items, or with those that the wizard helps to find.
fn new(arguments: &New, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let (Some(name), Some(from), Some(to)) = (&arguments.name, &arguments.from, &arguments.to) else {
        let what = match (&arguments.name, &arguments.from) {
            (None, _) => "the job's name",
            (_, None) => "--from, the source server,",
            _ => "--to, the destination server,",
        };
        let hint = "give all of it: xfer job new NAME --from SERVER --to SERVER";
        let missing = Missing { what, hint, again: "xfer job new" };
        return wizard::ask(ui, missing, |prompter| wizard::job::new(prompter, home, arguments));
    };
    let combine = arguments.combine.map_or(Combine::Error, Into::into);
    let job = jobs::new(home, arguments.job(name, from, to, combine))?;
    ui.say(&format!("made the job {}, from {} to {}", job.name, job.source, job.destination));
    let called = shell_word(&job.name);
    let data_set = jobs::first_data_set(home, &job)?;
    let by_name = data_set.map(|name| {
        format!(
            "\nor add the data elements of a data set, such as this one:\n  xfer job auto {called} --data-set {}",
            shell_word(&name)
        )
    });
    let by_name = by_name.unwrap_or_default();
    ui.say(&format!("next, to add items in the guided setup:\n  xfer job edit {called}{by_name}"));
    Ok(ExitCode::Success)
}
