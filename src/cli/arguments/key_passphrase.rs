//! The passphrase of the machine key, where `xfer key protect` gave it one: from a file, a command, a service manager's
//! credential, or a prompt. Asked for by the first thing that needs a login, never by what needs none.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, credential, secret};
use crate::cli::ui::Ui;
use xfer_storage::store::Unlocking;

/// The name that systemd's `LoadCredential=` gives to the passphrase.
const CREDENTIAL: &str = "xfer-key-passphrase";

const WHAT: &str = "passphrase of the machine key";

/// How the passphrase of the machine key is given.
#[derive(Debug, Clone, Default, Args)]
pub struct KeyPassphrase {
    /// A file with the passphrase of the machine key (- reads standard input); see `xfer key protect`
    #[arg(
        long,
        env = "XFER_KEY_PASSPHRASE_FILE",
        value_name = "FILE",
        global = true,
        hide_env_values = true,
        hide_short_help = true
    )]
    pub key_passphrase_file: Option<PathBuf>,

    /// A command that prints the passphrase of the machine key, such as a password manager
    #[arg(long, value_name = "COMMAND", global = true, hide_short_help = true)]
    pub key_passphrase_command: Option<String>,
}

impl KeyPassphrase {
    /// What finds the passphrase out when it is needed. A command that was typed counts before a file that may stand in
    /// the environment.
    pub fn unlocking(&self, ui: &Ui) -> Unlocking {
        let (given, ui) = (self.clone(), ui.clone());
        Unlocking::by(move || given.passphrase(&ui).map_err(Into::into))
    }

    fn passphrase(&self, ui: &Ui) -> Result<secrecy::SecretString, CliError> {
        let given = match (&self.key_passphrase_command, &self.key_passphrase_file) {
            (Some(command), _) => Some(SecretSource::Command(command.clone())),
            (None, Some(file)) => Some(SecretSource::File(file.clone())),
            (None, None) => credential(CREDENTIAL).map(SecretSource::Credential),
        };
        match given {
            Some(source) => secret(ui, &source, WHAT, "--key-passphrase-file"),
            None if ui.can_ask() => secret(ui, &SecretSource::Prompt, WHAT, "--key-passphrase-file"),
            None => Err(CliError::usage(format!("the {WHAT} is missing, and there is no terminal to ask for it"))
                .hint(format!(
                    "give --key-passphrase-file FILE (or set XFER_KEY_PASSPHRASE_FILE) or --key-passphrase-command \
                 COMMAND, or let systemd load the credential {CREDENTIAL}; `xfer exec` with an xfer file does not \
                 need it"
                ))),
        }
    }
}
