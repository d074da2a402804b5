//! Secrets and their sources: a file, standard input, or a masked prompt. Never an argument, where every user of the
//! machine could read it.

use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::cli::error::CliError;
use crate::cli::ui::Ui;
use crate::platform;

/// The longest secret that a file or standard input may hold, in bytes.
const LONGEST_SECRET: u64 = 64 * 1024;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file; `-` is standard input.
    File(PathBuf),
    /// A masked prompt, where there is a terminal.
    Prompt,
}

/// Reads a secret. `what` is "password of writer at national", `flag` the one that a missing terminal asks for.
pub fn secret(ui: &Ui, source: &SecretSource, what: &str, flag: &str) -> Result<SecretString, CliError> {
    let secret = match source {
        SecretSource::File(path) if path == Path::new("-") => from_standard_input(what)?,
        SecretSource::File(path) => from_file(path, what)?,
        SecretSource::Prompt if ui.can_ask() => dialoguer::Password::new()
            .with_prompt(capitalised(what))
            .interact()
            .map_err(|cause| CliError::usage(format!("the {what} could not be read")).caused_by(&cause))?,
        SecretSource::Prompt => {
            return Err(CliError::usage(format!("the {what} is missing"))
                .hint(format!("give it with {flag} FILE (- reads standard input); there is no terminal to ask at")));
        }
    };
    let secret = secret.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(CliError::usage(format!("the {what} is empty")));
    }
    Ok(SecretString::from(secret))
}

fn from_standard_input(what: &str) -> Result<String, CliError> {
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_SECRET)
        .read_to_string(&mut text)
        .map_err(|cause| CliError::local_io(format!("the {what} could not be read from standard input"), &cause))?;
    Ok(text)
}

fn from_file(path: &Path, what: &str) -> Result<String, CliError> {
    let failed =
        |cause: std::io::Error| CliError::file(format!("the {what} could not be read from {}", path.display()), &cause);
    let file = std::fs::File::open(path).map_err(failed)?;
    if let Some(mode) = platform::open_to_others(&file.metadata().map_err(failed)?) {
        return Err(CliError::usage(format!(
            "{} holds the {what}, but other users of this machine can read it (mode {mode:o})",
            path.display()
        ))
        .hint(format!("run `chmod 600 {}`", path.display())));
    }
    let mut text = String::new();
    file.take(LONGEST_SECRET).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
