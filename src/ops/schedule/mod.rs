//! Schedules: an xfer file handed to the machine's own scheduler, which starts it, restarts it after a power cut and
//! keeps its output better than a program of ours could.
//!
//! Before anything is shown or installed, what the run will need is tried: the file opens with the key, and nobody else
//! can read either.

mod texts;
mod times;

pub use texts::{Scheduled, cron_line, crontab_with, kubernetes, systemd_service, systemd_timer, windows_task};
pub use times::{Times, TimesError};

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::Timestamp;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::xfer_files::{Privacy, open_for_run, read_key};
use crate::platform::{self, Existing};
use crate::store::StateStore;
use crate::xferfile::Keys;

/// The folder of the units that an administrator adds.
pub const UNIT_FOLDER: &str = "/etc/systemd/system";

/// What is to be scheduled.
#[derive(Debug, Clone)]
pub struct Request {
    /// The program that is to be started.
    pub program: PathBuf,
    /// The xfer file.
    pub file: PathBuf,
    /// The key file that opens it.
    pub key_file: PathBuf,
    /// The user that it runs as, where not the one who asks.
    pub user: Option<String>,
    /// When.
    pub times: Times,
}

/// A request whose parts were tried.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// What the scheduler is told.
    pub scheduled: Scheduled,
    /// The routine's name.
    pub routine: String,
    /// When a run of it was last started in this home.
    pub last_start: Option<Timestamp>,
}

/// Reads a time as a person writes it.
pub fn times(text: &str) -> Result<Times, OpsError> {
    Times::parse(text).map_err(|cause| {
        let hint = "write a time of the day (02:30), or five fields: minute, hour, day of the month, month, day of the \
                    week (\"0 3 5 * *\" is the 5th of each month at 03:00)";
        OpsError::invalid(cause.to_string(), hint)
    })
}

/// Tries what a run will need, as the user who asks.
pub fn prepare(home: &Home, request: Request, now: Timestamp) -> Result<Prepared, OpsError> {
    let absolute = |path: &Path| {
        let failed = |source| OpsError::LocalFile { path: path.to_owned(), action: "read", source };
        std::path::absolute(path).map_err(failed)
    };
    let (file, key_file) = (absolute(&request.file)?, absolute(&request.key_file)?);
    let home_folder = absolute(home.folder())?;
    for path in [&request.program, &file, &key_file, &home_folder] {
        if path.to_string_lossy().contains(char::is_control) {
            return Err(OpsError::invalid(
                format!("no scheduler can be told the path {}", path.display()),
                "rename it: line breaks and other control characters have a meaning of their own",
            ));
        }
    }
    if let Some(user) = request.user.as_ref().filter(|user| !is_user_name(user)) {
        return Err(OpsError::invalid(format!("`{user}` is no user name"), "use letters, digits, dots and dashes"));
    }
    let keys = Keys { passphrases: Vec::new(), key_files: vec![read_key(&key_file, Privacy::OfItsMode)?] };
    let (content, _) = open_for_run(&file, &keys, None, now)?;
    let routine = content.document.routine;
    let state = StateStore::open_existing(home.files(), routine.id)?;
    let runs = state.map_or_else(|| Ok(Vec::new()), |state| state.runs())?;
    Ok(Prepared {
        scheduled: Scheduled {
            name: name_of(&file),
            program: request.program,
            home: home_folder,
            file,
            key_file,
            user: request.user,
            times: request.times,
        },
        routine: routine.name,
        last_start: runs.iter().map(|run| run.started).max(),
    })
}

fn is_user_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || "._-".contains(character))
}

/// What schedulers call the run of a file: its name in small letters, digits and dashes.
pub fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().to_lowercase()).unwrap_or_default();
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    stem.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}

/// The two units of a file in a folder: service and timer.
pub fn unit_files(folder: &Path, name: &str) -> [PathBuf; 2] {
    ["service", "timer"].map(|kind| folder.join(format!("xfer-{name}.{kind}")))
}

/// Writes the units of a run; older ones of its name are replaced.
pub fn install_units(run: &Scheduled, folder: &Path) -> Result<[PathBuf; 2], OpsError> {
    let files = unit_files(folder, &run.name);
    for (file, text) in files.iter().zip([systemd_service(run), systemd_timer(run)]) {
        platform::write_privately(file, text.as_bytes(), Existing::Replace).map_err(|source| OpsError::LocalFile {
            path: file.clone(),
            action: "written",
            source,
        })?;
    }
    Ok(files)
}

/// Removes the units of a file; gives those that were there.
pub fn remove_units(folder: &Path, name: &str) -> Result<Vec<PathBuf>, OpsError> {
    let mut removed = Vec::new();
    for file in unit_files(folder, name) {
        match std::fs::remove_file(&file) {
            Ok(()) => removed.push(file),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {}
            Err(source) => return Err(OpsError::LocalFile { path: file, action: "removed", source }),
        }
    }
    Ok(removed)
}

/// Puts a line into the user's crontab in the place of an older one of its name, or takes it out; gives whether
/// anything changed.
pub fn change_crontab(name: &str, line: Option<&str>) -> Result<bool, OpsError> {
    let failed = |cause: String| {
        let hint = "put the line that `xfer schedule show` prints into the crontab by hand: crontab -e";
        OpsError::invalid(format!("the crontab could not be changed: {cause}"), hint)
    };
    // Ends with an error where there is no crontab yet, which is as good as an empty one.
    let listed = Command::new("crontab").arg("-l").output().map_err(|cause| failed(cause.to_string()))?;
    let before = if listed.status.success() {
        String::from_utf8(listed.stdout).map_err(|cause| failed(cause.to_string()))?
    } else {
        let said = String::from_utf8_lossy(&listed.stderr).into_owned();
        if !said.contains("no crontab") {
            return Err(failed(said));
        }
        String::new()
    };
    let after = crontab_with(&before, name, line);
    if after == before {
        return Ok(false);
    }
    let mut child =
        Command::new("crontab").arg("-").stdin(Stdio::piped()).spawn().map_err(|cause| failed(cause.to_string()))?;
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(after.as_bytes()));
    let status = child.wait().map_err(|cause| failed(cause.to_string()))?;
    written.map_err(|cause| failed(cause.to_string()))?;
    if status.success() { Ok(true) } else { Err(failed(format!("crontab ended with {status}"))) }
}
