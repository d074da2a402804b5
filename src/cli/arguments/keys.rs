//! Where the keys of xfer files come from: key files, passphrases from a file, a command, standard input, a service
//! manager's credentials, or a prompt. Never an argument, where every user of the machine could read it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, credential, secret};
use crate::cli::ui::Ui;
use crate::cli::waiting::waiting_for;
use crate::ops::xfer_files::{Privacy, check_form, read_key};
use xfer_storage::xferfile::Keys;

/// The names that systemd's `LoadCredential=` gives to what opens a file.
const CREDENTIAL_KEY: &str = "xfer-key";
const CREDENTIAL_PASSPHRASE: &str = "xfer-passphrase";

const PASSPHRASE: &str = "passphrase of the file";

/// What opens a file.
#[derive(Debug, Clone, Args)]
pub struct OpeningKeys {
    /// A key file that opens the file
    #[arg(long = "key-file", value_name = "FILE")]
    pub key_files: Vec<PathBuf>,
    /// A file with the passphrase (- reads standard input)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A command that prints the passphrase, such as a password manager
    #[arg(long, value_name = "COMMAND", conflicts_with = "passphrase_file")]
    pub passphrase_command: Option<String>,
}

impl OpeningKeys {
    /// What was given, or what the service manager gives; maybe nothing.
    pub(crate) fn given(&self, ui: &Ui) -> Result<Keys, CliError> {
        let mut keys = named(&self.key_files)?;
        let source = self
            .passphrase_file
            .clone()
            .map(SecretSource::File)
            .or_else(|| self.passphrase_command.clone().map(SecretSource::Command));
        if let Some(source) = source {
            keys.passphrases.push(secret(ui, &source, PASSPHRASE, "--passphrase-file")?);
        }
        if keys.is_empty() {
            keys = of_the_service_manager(ui)?;
        }
        Ok(keys)
    }

    /// What was given; asks for the passphrase where nothing was and a person can be asked.
    pub(crate) fn or_asked(&self, ui: &Ui) -> Result<Keys, CliError> {
        let mut keys = self.given(ui)?;
        if keys.is_empty() {
            keys.passphrases.push(secret(ui, &SecretSource::Prompt, PASSPHRASE, "--key-file or --passphrase-file")?);
        }
        Ok(keys)
    }

    /// What was given; never asks.
    pub(crate) fn unasked(&self, ui: &Ui, file: &Path) -> Result<Keys, CliError> {
        // Nobody should look for the key of a file that is not there, or is damaged as far as that shows without one.
        if let Err(cause) = std::fs::metadata(file) {
            return Err(CliError::file(format!("{} could not be read", file.display()), &cause));
        }
        waiting_for(file, || check_form(file))?;
        let keys = self.given(ui)?;
        if keys.is_empty() {
            return Err(CliError::usage(format!("no key or passphrase was given for {}", file.display())).hint(
                format!(
                    "give --key-file, --passphrase-file or --passphrase-command, or let systemd load the credential \
                 {CREDENTIAL_KEY} or {CREDENTIAL_PASSPHRASE}; exec never asks"
                ),
            ));
        }
        Ok(keys)
    }
}

/// What a file will open with.
#[derive(Debug, Clone, Args)]
pub struct SealingKeys {
    /// A key file that will open the file
    #[arg(long = "key-file", value_name = "FILE")]
    pub key_files: Vec<PathBuf>,
    /// Make a key file that will open the file, for unattended runs
    #[arg(long, value_name = "FILE")]
    pub new_key_file: Option<PathBuf>,
    /// Ask for a passphrase that will open the file (the default)
    #[arg(long, conflicts_with_all = ["passphrase_file", "passphrase_command"])]
    pub passphrase: bool,
    /// A file with the passphrase that will open the file (- reads standard input)
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// A command that prints the passphrase that will open the file
    #[arg(long, value_name = "COMMAND", conflicts_with = "passphrase_file")]
    pub passphrase_command: Option<String>,
}

impl SealingKeys {
    /// The keys; a passphrase is asked for, twice, where it is wanted or nothing was given.
    pub(crate) fn keys(&self, ui: &Ui) -> Result<Keys, CliError> {
        let mut keys = named(&self.key_files)?;
        let source = match (&self.passphrase_file, &self.passphrase_command) {
            (Some(file), _) => Some(SecretSource::File(file.clone())),
            (None, Some(command)) => Some(SecretSource::Command(command.clone())),
            (None, None) if self.passphrase => Some(SecretSource::NewPrompt),
            (None, None) if keys.is_empty() && self.new_key_file.is_none() => Some(SecretSource::NewPrompt),
            (None, None) => None,
        };
        if let Some(source) = source {
            let flags = "--new-key-file, --key-file or --passphrase-file";
            keys.passphrases.push(secret(ui, &source, PASSPHRASE, flags)?);
        }
        Ok(keys)
    }
}

pub(crate) fn named(files: &[PathBuf]) -> Result<Keys, CliError> {
    let key_files =
        files.iter().map(|path| waiting_for(path, || read_key(path, Privacy::OfItsMode))).collect::<Result<_, _>>()?;
    Ok(Keys { passphrases: Vec::new(), key_files })
}

/// The credentials of a systemd service, which lie in a folder that only the service can enter.
fn of_the_service_manager(ui: &Ui) -> Result<Keys, CliError> {
    let mut keys = Keys::default();
    if let Some(key) = credential(CREDENTIAL_KEY) {
        keys.key_files.push(read_key(&key, Privacy::OfItsFolder)?);
    }
    if let Some(passphrase) = credential(CREDENTIAL_PASSPHRASE) {
        keys.passphrases.push(secret(ui, &SecretSource::Credential(passphrase), PASSPHRASE, "--passphrase-file")?);
    }
    Ok(keys)
}
