//! `xfer key`: the machine key, which seals the passwords and tokens that this home keeps.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::keys;

/// `xfer key …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say where the key lies
    ShowLocation,
    /// Make a new key and seal every password, token and address of an alert anew with it
    Rotate,
    /// Copy the key to another place: without it, a backup of the configuration is worth nothing
    Backup(Backup),
}

/// `xfer key backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The copy; refused where it exists
    pub file: PathBuf,
}

/// Carries out `xfer key …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::ShowLocation => {
            let file = keys::location(home);
            ui.data(&format!("{}\n", file.display()));
            if !file.exists() {
                ui.say("it is not there yet: it is made when the first password is kept");
            }
        }
        Command::Rotate => {
            let sealed = keys::rotate(home)?;
            ui.say(&format!("made a new key; {sealed} secrets are sealed with it"));
            ui.say("a backup of the old key opens only old copies of the configuration; make a new one");
        }
        Command::Backup(arguments) => {
            keys::backup(home, &arguments.file)?;
            ui.say(&format!("copied the key to {}; keep it apart from the configuration", arguments.file.display()));
        }
    }
    Ok(ExitCode::Success)
}
