//! `xfer job`: which source item goes to which data element and option combos.

mod arguments;
mod auto;
mod edit;
mod items;
mod new;
mod operators;
mod sheet;
mod show;

use clap::{Args, Subcommand};

pub use arguments::WhenEmptyArgument;
pub use new::New;
pub(in crate::cli) use new::command as job_command;

use crate::cli::commands::check::{JobCheckArguments, check_job};
use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::jobs;
use xfer_domain::exit_code::ExitCode;

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
    /// Find items for data sets, data elements and indicators of the source
    Auto(auto::Auto),
    /// Take over the items of a DHIS2 aggregate data exchange
    Exchange(auto::Exchange),
    /// Add an item: what is read, and where it goes
    AddItem(items::AddItem),
    /// Change an item
    EditItem(edit::EditItem),
    /// Remove an item by its number in `xfer job show`
    RemoveItem(items::RemoveItem),
    /// Read items from a CSV file: every line is checked, all are taken or none
    Import(sheet::Import),
    /// Write the items as a CSV file
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
        Command::New(arguments) => new::new(arguments, home, ui),
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
                return Err(
                    CliError::usage("nothing was removed".to_owned()).hint("give --yes to remove it without asking")
                );
            }
            jobs::remove(home, &arguments.name)?;
            ui.say(&format!("removed {}", arguments.name));
            Ok(ExitCode::Success)
        }
    }
}
