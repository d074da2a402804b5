//! Exporting a routine for unattended runs: its key or passphrase, and its path.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::cli::error::CliError;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, say_commands};
use crate::cli::wizard::server::explain;
use crate::ops::home::Home;
use crate::ops::xfer_files::{self, Export};
use xfer_domain::file_name::file_name;
use xfer_domain::shell::shell_word;
use xfer_storage::xferfile::Keys;

/// What is there where systemd started the machine.
const SYSTEMD_RUNS: &str = "/run/systemd/system";

/// Exports a routine if the person wants it, and says how to repeat the run every night.
pub(super) fn export(prompter: &mut dyn Prompter, home: &Home, routine: &str) -> Result<(), Leave> {
    prompter.say(
        "For unattended runs, export the routine as one encrypted file with everything that a run needs, including \
         the logins. It opens with a key file (for scheduled runs) or with a passphrase.",
    );
    let choices = ["with a new key file", "with a passphrase", "no file now"].map(str::to_owned);
    let chosen = prompter.choose("Open it with", &choices, 0)?;
    if chosen == 2 {
        prompter
            .say("You can also run it from this home, without a file. A line for `crontab -e`, every night at 02:30:");
        prompter.say(&format!("    {}", crontab_line(home, routine)));
        return Ok(());
    }
    loop {
        let file =
            free_path(prompter, "Where to write the file", &xfer_files::default_file(routine).display().to_string())?;
        let mut export = Export { routine: routine.to_owned(), file: Some(file.clone()), ..Export::default() };
        if chosen == 0 {
            export.new_key_file =
                Some(free_path(prompter, "Where to write the key", &format!("{}.key", file_name(routine)))?);
        } else {
            export.keys = Keys { passphrases: vec![new_passphrase(prompter)?], key_files: Vec::new() };
        }
        match xfer_files::export(home, &export, Timestamp::now()) {
            Ok(_) => {
                say_how_to_run(prompter, routine, &file, export.new_key_file.as_deref());
                return Ok(());
            }
            Err(error) => explain(prompter, &CliError::from(error)),
        }
        let choices = ["try again", "no file now"].map(str::to_owned);
        if prompter.choose("What now", &choices, 0)? == 1 {
            return Err(Leave::Later);
        }
    }
}

/// A run from the home, as cron needs it said: it knows neither the folders of programs nor `XFER_HOME`.
fn crontab_line(home: &Home, routine: &str) -> String {
    let program = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("xfer"));
    let folder = std::path::absolute(home.folder()).unwrap_or_else(|_| home.folder().to_owned());
    let words = [program.display().to_string(), "--home".to_owned(), folder.display().to_string()];
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    // cron takes a bare % for the end of the line.
    format!("30 2 * * * {} run {} --quiet", words.join(" "), shell_word(routine)).replace('%', "\\%")
}

/// A path at which nothing lies yet.
fn free_path(prompter: &mut dyn Prompter, question: &str, suggestion: &str) -> Result<PathBuf, Leave> {
    ask_until(prompter, question, Some(suggestion), |text| {
        let path = Path::new(text);
        match () {
            () if text.is_empty() => Err("a file name is needed".to_owned()),
            () if path.exists() => Err(format!("{text} exists already; give another name")),
            () => std::path::absolute(path).map_err(|cause| format!("{text} cannot be used: {cause}")),
        }
    })
}

fn new_passphrase(prompter: &mut dyn Prompter) -> Result<SecretString, Leave> {
    loop {
        let first = prompter.secret("Passphrase, 12 characters or more (not shown)")?;
        let keys = Keys { passphrases: vec![first.clone()], key_files: Vec::new() };
        if let Err(weak) = keys.check_strength() {
            prompter.say(&format!("{weak}."));
            continue;
        }
        let second = prompter.secret("Repeat it")?;
        if first.expose_secret() == second.expose_secret() {
            return Ok(first);
        }
        prompter.say("The two are different.");
    }
}

fn say_how_to_run(prompter: &mut dyn Prompter, routine: &str, file: &Path, key: Option<&Path>) {
    let called = shell_word(routine);
    let file = shell_word(&file.display().to_string());
    let (made, opened) = if let Some(key) = key {
        let key = shell_word(&key.display().to_string());
        prompter.say(&format!("Wrote the file and the key {key}. Keep a copy of the key in a safe place."));
        (format!("--new-key-file {key}"), format!("--key-file {key}"))
    } else {
        prompter.say("Wrote the file. Nobody can open it without the passphrase, not even you.");
        ("--passphrase-file FILE".to_owned(), "--passphrase-file FILE".to_owned())
    };
    say_commands(
        prompter,
        &[format!("xfer routine export {called} {file} {made}"), format!("xfer exec {file} {opened} --dry-run")],
    );
    prompter.say("To run it on this machine every night at 02:30 (everything the run needs is tested first):");
    let (act, scheduler) = match () {
        () if cfg!(windows) => ("show", "windows"),
        // systemd makes up for a run that was missed while the machine was off, cron does not.
        () if Path::new(SYSTEMD_RUNS).exists() => ("install", "systemd-user --start"),
        () => ("install", "cron"),
    };
    prompter.say(&format!("    xfer schedule {act} {file} {opened} --at 02:30 --for {scheduler}"));
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::crontab_line;
    use crate::ops::home::Home;

    #[test]
    fn a_line_for_cron_names_the_program_and_the_home_by_their_whole_paths() {
        let line = crontab_line(&Home::at(PathBuf::from("my 100% home")), "monthly");
        let words = line.strip_prefix("30 2 * * * ").unwrap();
        assert!(words.starts_with('/') || words.starts_with('\'') || cfg!(windows), "{line}");
        assert!(words.contains("my 100\\% home") && words.ends_with("run monthly --quiet"), "{line}");
        assert!(words.contains(" --home '/") || cfg!(windows), "{line}");
    }
}
