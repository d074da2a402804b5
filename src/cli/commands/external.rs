//! `xfer NAME`, where no command has this name: runs the program `xfer-NAME` from the PATH, as cargo and git do.
//!
//! It is somebody else's program, run by the same person. It learns where the home folder is and nothing that looks like
//! a secret in our environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::error::CliError;
use crate::ops::home::Home;
use xfer_domain::exit_code::ExitCode;
use xfer_matching::names::nearest;
use xfer_script::plugin::is_name;

/// Words in the name of an environment variable that make it a secret.
const SECRETS: [&str; 9] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "CREDENTIALS", "KEY", "PAT"];

/// Runs the program of this name with these arguments.
pub fn execute(words: &[OsString], tree: &clap::Command, home: &Home) -> Result<ExitCode, CliError> {
    let Some((name, arguments)) = words.split_first() else { return Ok(ExitCode::Usage) };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let program = name.to_str().filter(|name| is_name(name)).and_then(|name| found(name, &path));
    let Some(program) = program else { return Err(unknown(&name.to_string_lossy(), tree)) };
    let mut command = Command::new(&program);
    command.args(arguments);
    for (variable, _) in std::env::vars_os().filter(|(variable, _)| is_secret(variable)) {
        command.env_remove(variable);
    }
    let folder = std::path::absolute(home.folder()).unwrap_or_else(|_| home.folder().to_path_buf());
    command.env("XFER_HOME", folder);
    handed_over(command, &program)
}

/// Becomes the program: signals and its exit code are its own.
#[cfg(unix)]
fn handed_over(mut command: Command, program: &Path) -> Result<ExitCode, CliError> {
    use std::os::unix::process::CommandExt;

    let cause = command.exec();
    Err(CliError::local_io(format!("{} could not be started", program.display()), &cause))
}

/// Waits for the program; a code that is none of ours counts as an error of its own.
#[cfg(not(unix))]
fn handed_over(mut command: Command, program: &Path) -> Result<ExitCode, CliError> {
    let status = command
        .status()
        .map_err(|cause| CliError::local_io(format!("{} could not be started", program.display()), &cause))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    let known = ExitCode::ALL.into_iter().find(|known| Some(known.number()) == code);
    Ok(known.unwrap_or(ExitCode::Other))
}

/// The program in the first folder of the PATH that has it. Folders that depend on where one stands are passed over:
/// what lies in the working folder is not run by mistake.
fn found(name: &str, path: &OsStr) -> Option<PathBuf> {
    let file = format!("xfer-{name}{}", std::env::consts::EXE_SUFFIX);
    let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(&file)).find(|program| program.is_file())
}

/// Whether a variable is not handed on: our own but for the home, and all that are named like a secret.
fn is_secret(variable: &OsStr) -> bool {
    let name = variable.to_string_lossy().to_uppercase();
    name.starts_with("XFER_")
        || name.split(|letter: char| !letter.is_ascii_alphanumeric()).any(|word| SECRETS.contains(&word))
}

/// That no command has this name; `tree` are those that there are.
pub(in crate::cli) fn unknown(name: &str, tree: &clap::Command) -> CliError {
    let names = tree.get_subcommands().map(clap::Command::get_name);
    let near = nearest(name, names, 2).join(" or ");
    let hint = if near.is_empty() {
        format!("`xfer --help` shows the commands; a program xfer-{name} on the PATH would be run")
    } else {
        format!("did you mean {near}?")
    };
    CliError::usage(format!("there is no command `{name}`")).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::{found, is_secret};

    #[test]
    fn secrets_are_told_by_their_names() {
        for name in [
            "XFER_HOME",
            "XFER_LOG",
            "DHIS2_PASSWORD",
            "github_token",
            "CREDENTIALS_DIRECTORY",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret(OsStr::new(name)), "{name}");
        }
        for name in ["PATH", "HOME", "LANG", "KEYBOARD", "TERM", "HTTPS_PROXY"] {
            assert!(!is_secret(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn programs_are_looked_for_in_whole_folders_only() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join(format!("xfer-hello{}", std::env::consts::EXE_SUFFIX));
        std::fs::write(&program, "").unwrap();
        let path = std::env::join_paths([std::path::Path::new("."), folder.path()]).unwrap();
        assert_eq!(found("hello", &path), Some(program));
        assert_eq!(found("other", &path), None);
        assert_eq!(found("hello", OsStr::new(".")), None);
    }
}
