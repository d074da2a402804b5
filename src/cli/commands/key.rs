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
    /// Say where the key lies
    ShowLocation,
    /// Protect the key with a passphrase, or give it another one: who copies this folder cannot log in with it
    ///
    /// From then on every command that logs in asks for the passphrase, or takes it from --key-passphrase-file,
    /// --key-passphrase-command, XFER_KEY_PASSPHRASE_FILE or systemd's credential xfer-key-passphrase. `xfer exec` needs
    /// no key of this machine.
    Protect(Protect),
    /// Make a new key and seal every password, token and address of an alert anew with it
    Rotate,
    /// Give up a key that is lost for good: forget every password, token and address of an alert that it sealed
    ///
    /// Only where the key is missing. Logins are entered again afterwards (`xfer server edit NAME`), and the first one
    /// makes a new key. If there is a backup of the key, put it back instead.
    Forget,
    /// Copy the key to another place: without it, a backup of the configuration is worth nothing
    Backup(Backup),
}

/// `xfer key protect`
#[derive(Debug, Args)]
pub struct Protect {
    /// A file with the new passphrase (- reads standard input); it is asked for, twice, where absent
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A command that prints the new passphrase
    #[arg(long, value_name = "COMMAND", conflicts_with = "passphrase_file")]
    pub passphrase_command: Option<String>,
    /// Take the passphrase off the key
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub remove: bool,
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
            ui.raw_data(&format!("{}\n", keys::location(home).display()));
            ui.say(match keys::protection(home)? {
                Protection::NoKey => "it is not there yet: it is made when the first password is kept",
                Protection::FileMode => "it has no passphrase: who can read it can use it",
                Protection::Passphrase => "it is protected by a passphrase",
            });
        }
        Command::Protect(arguments) if arguments.remove => {
            keys::unprotect(home)?;
            ui.say("took the passphrase off the key: who can read it can use it");
        }
        Command::Protect(arguments) => protect(arguments, home, ui)?,
        Command::Rotate => {
            let sealed = keys::rotate(home)?;
            if sealed == 0 {
                ui.say("nothing is sealed with the key yet; it was left as it is");
                return Ok(ExitCode::Success);
            }
            ui.say(&format!("made a new key; {sealed} secrets are sealed with it"));
            ui.say("a backup of the old key opens only old copies of the configuration; make a new one");
        }
        Command::Forget => {
            let question = "Forget every password, token and address of an alert that the lost key sealed?";
            if !ui.confirm(question) {
                return Err(CliError::usage("nothing was given up".to_owned())
                    .hint("put the key back from its backup, or give --yes to do without it"));
            }
            let forgotten = keys::forget(home)?;
            ui.say(&format!("{} given up", counted(forgotten as u64, "secret")));
            ui.say("next: enter the login of every server again:\n  xfer server edit NAME");
        }
        Command::Backup(arguments) if arguments.file == Path::new("-") => {
            return Err(CliError::usage("a key is not printed".to_owned()).hint("name a file: xfer key backup FILE"));
        }
        Command::Backup(arguments) => {
            keys::backup(home, &arguments.file)?;
            ui.say(&format!("copied the key to {}; keep it apart from the configuration", arguments.file.display()));
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
    keys::protect(home, secret(ui, &source, "new passphrase of this machine's key", "--passphrase-file")?)?;
    ui.say("the key is protected: what logs in asks for the passphrase from now on; xfer files are not concerned");
    ui.say("nobody can find the passphrase out again; keep it where you will find it");
    ui.say("copies of the key made before open without it: `xfer key rotate` makes them worthless");
    Ok(())
}
