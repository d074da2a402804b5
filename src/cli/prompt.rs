//! Secrets and their sources: a file, standard input, a command, a service manager's credential, or a masked prompt. Never an argument, where every user of the
//! machine could read it.

use std::io::Read;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::cli::error::CliError;
use crate::cli::question::Question;
use crate::cli::ui::Ui;
use crate::cli::waiting::waiting_for;
use xfer_domain::redaction::keep_password;
use xfer_storage::platform;

/// The longest secret that a file or standard input may hold, in bytes.
const LONGEST_SECRET: usize = 16 * 1024;

/// Where a secret comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file; `-` is standard input.
    File(PathBuf),
    /// A file in a folder that a service manager made for this process alone.
    Credential(PathBuf),
    /// What a command of the shell prints.
    Command(String),
    /// A masked prompt, where there is a terminal.
    Prompt,
    /// A masked prompt for a secret that is new: asked twice.
    NewPrompt,
}

/// Reads a secret. `what` is "password of writer at national", `flag` the one that a missing terminal asks for.
pub fn secret(ui: &Ui, source: &SecretSource, what: &str, flag: &str) -> Result<SecretString, CliError> {
    let secret = match source {
        SecretSource::File(path) if path == Path::new("-") => from_standard_input(what)?,
        SecretSource::File(path) => from_file(path, what, Mode::Checked)?,
        SecretSource::Credential(path) => from_file(path, what, Mode::Trusted)?,
        SecretSource::Command(command) => from_command(command, what)?,
        SecretSource::Prompt | SecretSource::NewPrompt if !ui.can_ask() => {
            return Err(CliError::usage(format!("the {what} is missing")).hint(format!(
                "give it with {flag} FILE (- reads standard input); there is no terminal to ask for it"
            )));
        }
        SecretSource::Prompt => asked(dialoguer::Password::new().with_prompt(line_for(ui, what)), what)?,
        SecretSource::NewPrompt => asked(
            dialoguer::Password::new()
                .with_prompt(line_for(ui, what))
                .with_confirmation("Repeat it", "These two differ; try again"),
            what,
        )?,
    };
    // Editors put a byte order mark before a text and a line end behind it; neither is part of a secret.
    let secret = secret.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        return Err(CliError::usage(format!("the {what} is empty")).hint("give only the secret itself"));
    }
    if let Some(mark) = quoted(secret).filter(|_| !matches!(source, SecretSource::Prompt | SecretSource::NewPrompt)) {
        ui.warn(&format!(
            "the {what} begins and ends with {mark}: the quotes are used as part of it; leave them out if they are not"
        ));
    }
    let secret = SecretString::from(secret);
    keep_password(None, &secret);
    Ok(secret)
}

/// The quotation mark that a secret stands between, as in `PASSWORD="…"` of a settings file.
fn quoted(secret: &str) -> Option<char> {
    let first = secret.chars().next()?;
    let last = secret.chars().next_back()?;
    let pairs = [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    (secret.chars().count() > 1 && pairs.contains(&(first, last))).then_some(first)
}

/// The file of a service manager's credential: it lies in a folder that only the service can enter. None where the
/// manager loaded none of this name.
pub fn credential(name: &str) -> Option<PathBuf> {
    let file = PathBuf::from(std::env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
    file.exists().then_some(file)
}

/// The line that asks for a secret; what is too long for it is said before.
fn line_for(ui: &Ui, what: &str) -> String {
    let asked = Question::new(&capitalised(what), None, usize::from(ui.width()));
    if let Some(above) = &asked.above {
        ui.say(above);
    }
    asked.prompt
}

fn asked(prompt: dialoguer::Password<'_>, what: &str) -> Result<Zeroizing<String>, CliError> {
    let answer = prompt.interact();
    answer
        .map(Zeroizing::new)
        .map_err(|cause| CliError::usage(format!("the {what} could not be read")).caused_by(&cause))
}

/// Room for a secret from the start: a text that grows leaves copies of itself behind.
fn room() -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(LONGEST_SECRET))
}

/// Runs a command of the shell and takes what it prints. What it says on standard error is for whoever watches.
fn from_command(command: &str, what: &str) -> Result<Zeroizing<String>, CliError> {
    let failed = |cause: std::io::Error| CliError::local_io(format!("the command for the {what} failed"), &cause);
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    let mut child = std::process::Command::new(shell)
        .args([option, command])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut text = room();
    let read = match child.stdout.take() {
        Some(output) => output.take(LONGEST_SECRET as u64).read_to_string(&mut text),
        None => Ok(0),
    };
    let status = child.wait().map_err(failed)?;
    read.map_err(failed)?;
    if status.success() {
        return Ok(text);
    }
    Err(CliError::usage(format!("the command for the {what} ended with {status}"))
        .hint("try the command alone, as the user that runs xfer"))
}

fn from_standard_input(what: &str) -> Result<Zeroizing<String>, CliError> {
    let mut bytes = byte_room();
    waiting_for(Path::new("-"), || std::io::stdin().lock().take(LONGEST_SECRET as u64).read_to_end(&mut bytes))
        .map_err(|cause| CliError::local_io(format!("the {what} could not be read from standard input"), &cause))?;
    text_of(&bytes, what)
}

/// Whether a file's mode tells who can read it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Checked,
    Trusted,
}

fn from_file(path: &Path, what: &str, mode: Mode) -> Result<Zeroizing<String>, CliError> {
    let failed =
        |cause: std::io::Error| CliError::file(format!("the {what} could not be read from {}", path.display()), &cause);
    let file = waiting_for(path, || std::fs::File::open(path)).map_err(failed)?;
    let open_to_others = platform::open_to_others(&file.metadata().map_err(failed)?);
    if let Some(mode) = open_to_others.filter(|_| mode == Mode::Checked) {
        return Err(CliError::usage(format!(
            "{} contains the {what}, but other users of this machine can read it (mode {mode:o})",
            path.display()
        ))
        .hint(format!("run `chmod 600 {}`", path.display())));
    }
    let mut bytes = byte_room();
    waiting_for(path, || file.take(LONGEST_SECRET as u64).read_to_end(&mut bytes)).map_err(failed)?;
    text_of(&bytes, what)
}

fn byte_room() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(LONGEST_SECRET))
}

/// A text in UTF-8, or in UTF-16 as Windows' shell writes it, which its mark tells.
fn text_of(bytes: &[u8], what: &str) -> Result<Zeroizing<String>, CliError> {
    let unreadable = || {
        CliError::usage(format!("the {what} is not readable text"))
            .hint("save the file as UTF-8, with only the secret in it")
    };
    let mut text = room();
    if let Some(units) = bytes.strip_prefix(&[0xff, 0xfe]) {
        let units = units.chunks(2).map(|pair| match *pair {
            [low, high] => Ok(u16::from_le_bytes([low, high])),
            _ => Err(unreadable()),
        });
        let units = Zeroizing::new(units.collect::<Result<Vec<u16>, CliError>>()?);
        for letter in char::decode_utf16(units.iter().copied()) {
            text.push(letter.map_err(|_| unreadable())?);
        }
    } else {
        text.push_str(std::str::from_utf8(bytes).map_err(|_| unreadable())?);
    }
    Ok(text)
}

/// A sentence's beginning.
pub(crate) fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}
