//! The schedulers' own programs: `systemctl`, `systemd-analyze` and `crontab`, started and listened to.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::ops::error::OpsError;
use crate::ops::schedule::crontab::crontab_with;
use crate::ops::schedule::systemd::verifying;
use crate::ops::scheduled::Scheduler;

/// What `systemd-analyze verify` said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    /// Nothing.
    Fine,
    /// These words.
    Doubts(String),
    /// It is not on this machine.
    NotHere,
}

/// Has systemd read the units.
pub(super) fn verify(name: &str, scheduler: Scheduler, folder: &Path) -> Verified {
    match said(&verifying(name, scheduler, folder)) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Verified::NotHere,
        Err(cause) => Verified::Doubts(cause.to_string()),
        Ok((true, words)) if words.is_empty() => Verified::Fine,
        Ok((_, words)) => Verified::Doubts(words),
    }
}

/// Gives a command that must succeed; `hint` says what to do where it does not.
pub(super) fn give(command: &[String], hint: &str) -> Result<(), OpsError> {
    let words = command.join(" ");
    let failed = |cause: String| OpsError::invalid(format!("`{words}` did not work: {cause}"), hint);
    match said(command) {
        Ok((true, _)) => Ok(()),
        Ok((false, words)) => Err(failed(words)),
        Err(cause) => Err(failed(cause.to_string())),
    }
}

/// Runs a command to its end; gives whether it succeeded and what it said, either way.
fn said(command: &[String]) -> std::io::Result<(bool, String)> {
    let Some((program, words)) = command.split_first() else { return Ok((true, String::new())) };
    let output = Command::new(program).args(words).stdin(Stdio::null()).output()?;
    let text = [output.stderr, output.stdout].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&text).trim().to_owned()))
}

fn crontab(user: Option<&str>) -> Command {
    let mut command = Command::new("crontab");
    if let Some(user) = user {
        command.args(["-u", user]);
    }
    command
}

/// The crontab of a user, or of the one who asks. Where there is none yet, `crontab` says so and fails.
pub(super) fn read_crontab(user: Option<&str>) -> Result<String, String> {
    let listed = crontab(user).arg("-l").output().map_err(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => "there is no program `crontab` on this machine".to_owned(),
        _ => cause.to_string(),
    })?;
    if listed.status.success() {
        return String::from_utf8(listed.stdout).map_err(|cause| cause.to_string());
    }
    let said = String::from_utf8_lossy(&listed.stderr).trim().to_owned();
    if said.contains("no crontab") { Ok(String::new()) } else { Err(said) }
}

/// Puts a line into a crontab in the place of an older one of its name, or takes it out; gives whether anything
/// changed.
pub(super) fn change_crontab(user: Option<&str>, name: &str, line: Option<&str>) -> Result<bool, OpsError> {
    let failed = |cause: String| {
        let hint = "without cron use --for systemd or --for systemd-user; otherwise add the line that `xfer schedule \
                    show` prints to the crontab by hand: crontab -e";
        OpsError::invalid(format!("the crontab could not be changed: {cause}"), hint)
    };
    let before = read_crontab(user).map_err(failed)?;
    let after = crontab_with(&before, name, line);
    if after == before {
        return Ok(false);
    }
    let mut child = crontab(user).arg("-").stdin(Stdio::piped()).spawn().map_err(|cause| failed(cause.to_string()))?;
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(after.as_bytes()));
    let status = child.wait().map_err(|cause| failed(cause.to_string()))?;
    written.map_err(|cause| failed(cause.to_string()))?;
    if status.success() { Ok(true) } else { Err(failed(format!("crontab ended with {status}"))) }
}
