//! `xfer key`: the machine key, which seals the passwords and tokens that this home keeps.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::keys;
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_storage::store::Protection;

/// `xfer key …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show where the key is
    ShowLocation,
    /// Set or change the passphrase of the key: a copy of this folder is then useless without it
    ///
    /// From then on every command that logs in asks for the passphrase, or takes it from --key-passphrase-file,
    /// --key-passphrase-command, XFER_KEY_PASSPHRASE_FILE or systemd's credential xfer-key-passphrase. `xfer exec` needs
    /// no key of this machine.
    Protect(Protect),
    /// Make a new key and encrypt every password, token and alert address again with it
    Rotate,
    /// After the key was lost: delete every password, token and alert address that it encrypted
    ///
    /// Only if the key is missing. Afterwards enter the logins again (`xfer server edit NAME`); the first one
    /// makes a new key. If there is a backup of the key, restore it instead.
    Forget,
    /// Copy the key to another place: without it, a backup of the configuration is useless
    Backup(Backup),
}

/// `xfer key protect`
#[derive(Debug, Args)]
pub struct Protect {
    /// A file with the new passphrase (- reads standard input) [default: ask, twice]
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A command that prints the new passphrase
    #[arg(long, value_name = "COMMAND", conflicts_with = "passphrase_file")]
    pub passphrase_command: Option<String>,
    /// Remove the passphrase of the key
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub remove: bool,
}

/// `xfer key backup`
#[derive(Debug, Args)]
pub struct Backup {
    /// The copy; it must not exist
    pub file: PathBuf,
}

/// Carries out `xfer key …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::ShowLocation => {
            ui.raw_data(&format!("{}\n", keys::location(home).display()));
            ui.say(match keys::protection(home)? {
                Protection::NoKey => "it does not exist yet: it is made when the first password is saved",
                Protection::FileMode => "it has no passphrase: anybody who can read it can use it",
                Protection::Passphrase => "it is protected by a passphrase",
            });
        }
        Command::Protect(arguments) if arguments.remove => {
            keys::unprotect(home)?;
            ui.say("removed the passphrase of the key: anybody who can read it can use it");
        }
        Command::Protect(arguments) => protect(arguments, home, ui)?,
        Command::Rotate => {
            let sealed = keys::rotate(home)?;
            if sealed == 0 {
                ui.say("nothing is encrypted with the key yet; it was not changed");
                return Ok(ExitCode::Success);
            }
            ui.say(&format!("made a new key; {sealed} secrets are encrypted with it"));
            ui.say("a backup of the old key only opens old copies of the configuration; make a new backup");
        }
        Command::Forget => {
            let question = "Delete every password, token and alert address that the lost key encrypted?";
            if !ui.confirm(question) {
                return Err(CliError::usage("nothing was deleted".to_owned())
                    .hint("restore the key from its backup, or give --yes to go on without it"));
            }
            let forgotten = keys::forget(home)?;
            ui.say(&format!("{} deleted", counted(forgotten as u64, "secret")));
            ui.say("next: enter the login of every server again:\n  xfer server edit NAME");
        }
        Command::Backup(arguments) if arguments.file == Path::new("-") => {
            return Err(CliError::usage("a key is not printed".to_owned()).hint("name a file: xfer key backup FILE"));
        }
        Command::Backup(arguments) => {
            keys::backup(home, &arguments.file)?;
            ui.say(&format!("copied the key to {}; keep it separate from the configuration", arguments.file.display()));
            if keys::protection(home)? == Protection::Passphrase {
                ui.say("the copy needs the same passphrase as the key");
            }
        }
    }
    Ok(ExitCode::Success)
}

fn protect(arguments: &Protect, home: &Home, ui: &Ui) -> Result<(), CliError> {
    // The old passphrase comes before the new one, as everywhere.
    keys::unlock(home)?;
    let source = match (&arguments.passphrase_file, &arguments.passphrase_command) {
        (Some(file), _) => SecretSource::File(file.clone()),
        (None, Some(command)) => SecretSource::Command(command.clone()),
        (None, None) => SecretSource::NewPrompt,
    };
    keys::protect(home, secret(ui, &source, "new passphrase of the machine key", "--passphrase-file")?)?;
    ui.say("the key is protected: commands that log in now ask for the passphrase; xfer files do not need it");
    ui.say("a forgotten passphrase cannot be recovered; keep it in a safe place");
    ui.say("older copies of the key open without it: `xfer key rotate` makes them useless");
    Ok(())
}
