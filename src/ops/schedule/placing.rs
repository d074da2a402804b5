//! Giving a schedule to systemd or cron, taking it back, and looking whether it is still as it was given.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::schedule::crontab::{CRON_FOLDER, cron_d_line, cron_file, cron_file_with, cron_line, our_lines};
use crate::ops::schedule::programs::{Verified, change_crontab, give, read_crontab, verify};
use crate::ops::schedule::systemd::{UNIT_FOLDER, started_link, starting, stopping, unit_files, units};
use crate::ops::schedule::{Prepared, name_of};
use crate::ops::scheduled::record::{FORMAT, Part, Record, forget, keep, records};
use crate::ops::scheduled::{Scheduler, in_shell};
use xfer_storage::platform::{self, Existing, access};

/// What was installed, and what is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Installed {
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// What was taken back before, from the folder where it was installed until now.
    pub moved_from: Option<Removed>,
    /// Whether anything is other than before.
    pub changed: bool,
    /// What systemd thinks of its units; none for other schedulers.
    pub verified: Option<Verified>,
    /// The commands that start it, and were not given yet.
    pub to_start: Vec<Vec<String>>,
}

/// What was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// What it was called.
    pub name: String,
    /// Who started it.
    pub scheduler: Option<Scheduler>,
    /// The files that were removed or changed.
    pub files: Vec<PathBuf>,
    /// Whether a line was taken out of a crontab.
    pub from_crontab: bool,
    /// The commands that stop it, and were not given.
    pub to_stop: Vec<Vec<String>>,
}

/// Whether an installed schedule is still what was installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    AsInstalled,
    /// A file or line is gone.
    Gone(String),
    /// A file or line is another than was written.
    Altered(String),
    /// Its units are there, but nobody started the timer.
    NotStarted,
    /// It cannot be looked at.
    Unseen(String),
}

/// Where a scheduler's files go; none for those that have none.
pub fn usual_folder(scheduler: Scheduler) -> Result<Option<PathBuf>, OpsError> {
    Ok(match scheduler {
        Scheduler::Systemd => Some(PathBuf::from(UNIT_FOLDER)),
        Scheduler::SystemdUser => Some(
            platform::user_unit_folder()
                .map_err(|cause| OpsError::invalid(cause.to_string(), "give the folder of your units with --folder"))?,
        ),
        Scheduler::CronD => Some(PathBuf::from(CRON_FOLDER)),
        Scheduler::Cron | Scheduler::Windows | Scheduler::Kubernetes => None,
    })
}

/// Hands a schedule over; an older one of the same file gives way. With `start` systemd is told to start it.
pub fn install(
    home: &Home,
    prepared: &Prepared,
    folder: Option<&Path>,
    start: bool,
    now: Timestamp,
) -> Result<Installed, OpsError> {
    let (run, scheduler) = (&prepared.scheduled, prepared.scheduler);
    let before = refuse_another(home, prepared)?;
    make_home(prepared)?;
    let usual = usual_folder(scheduler)?;
    let folder = absolute(folder)?.or_else(|| usual.clone()).unwrap_or_default();
    let mut installed = Installed::default();
    // What stays in another folder would go on being started, and nobody would know of it.
    let old = before.as_ref().filter(|before| before.folder.as_ref().is_some_and(|old| *old != folder));
    if let Some(old) = old {
        let old_folder = old.folder.clone().unwrap_or_default();
        installed.moved_from = Some(take_back(Some(old), &old.name, scheduler, &old_folder)?);
    }
    let mut record = Record {
        format: FORMAT.to_owned(),
        name: run.name.clone(),
        scheduler,
        routine: prepared.routine,
        routine_name: prepared.routine_name.clone(),
        program: run.program.clone(),
        file: run.file.clone(),
        opener: run.opener.clone(),
        user: run.user.clone(),
        at: run.times.cron_line().to_owned(),
        folder: None,
        parts: Vec::new(),
        started: installed.moved_from.is_none() && before.as_ref().is_some_and(|before| before.started),
        installed_at: now,
    };
    match scheduler {
        Scheduler::Systemd | Scheduler::SystemdUser => {
            let units = units(run, scheduler, &folder);
            for (file, text) in &units {
                installed.changed |= std::fs::read_to_string(file).ok().as_ref() != Some(text);
                write(file, text)?;
            }
            installed.files = units.iter().map(|(file, _)| file.clone()).collect();
            record.parts = units.into_iter().map(|(file, text)| Part { file: Some(file), text }).collect();
            installed.verified = Some(verify(&run.name, scheduler, &folder));
            installed.to_start = starting(&run.name, scheduler, &folder, usual.as_deref().unwrap_or(&folder));
            record.folder = Some(folder);
        }
        Scheduler::Cron => {
            let line = cron_line(run);
            installed.changed = change_crontab(run.user.as_deref(), &run.name, Some(&line))?;
            record.parts = vec![Part { file: None, text: line }];
        }
        Scheduler::CronD => {
            let (file, line) = (cron_file(&folder, &run.name), cron_d_line(run));
            let before = read_if_there(&file)?;
            let text = cron_file_with(&before, &run.name, Some(&line)).unwrap_or_default();
            installed.changed = text != before;
            write(&file, &text)?;
            installed.files = vec![file.clone()];
            record.parts = vec![Part { file: Some(file), text: line }];
            record.folder = Some(folder);
        }
        Scheduler::Windows | Scheduler::Kubernetes => {
            return Err(OpsError::invalid(
                format!("xfer cannot install for {}", scheduler.name()),
                "save what `xfer schedule show` prints",
            ));
        }
    }
    // What did not change goes on since when it did.
    if let Some(before) = before.filter(|_| !installed.changed) {
        record.installed_at = before.installed_at;
    }
    // Before anything is started: what fails on the way has to be listed, and taken back, all the same.
    keep(home, &record)?;
    if start && scheduler.is_systemd() {
        for command in std::mem::take(&mut installed.to_start) {
            give(&command, "correct the cause, then run the command by hand")?;
        }
        record.started = true;
        keep(home, &record)?;
    }
    Ok(installed)
}

fn absolute(folder: Option<&Path>) -> Result<Option<PathBuf>, OpsError> {
    let absolute = |folder: &Path| {
        let failed = |source| OpsError::LocalFile { path: folder.to_owned(), action: "found", source };
        std::path::absolute(folder).map_err(failed)
    };
    folder.map(absolute).transpose()
}

/// Refuses to put a schedule in the place of another one: of another file by the same name, or of the same file by
/// another scheduler or another name, which would start it twice. Gives the one that it replaces.
fn refuse_another(home: &Home, prepared: &Prepared) -> Result<Option<Record>, OpsError> {
    let (run, scheduler) = (&prepared.scheduled, prepared.scheduler);
    let known = records(home);
    if let Some(other) = known.iter().find(|record| record.name == run.name && record.file != run.file) {
        return Err(OpsError::invalid(
            format!("the schedule {} belongs to {}", run.name, other.file.display()),
            "give this one another name with --name",
        ));
    }
    let same = |record: &&Record| record.file == run.file;
    let another =
        |record: &&Record| record.scheduler != scheduler || record.user != run.user || record.name != run.name;
    if let Some(other) = known.iter().filter(same).find(another) {
        return Err(OpsError::invalid(
            format!("{} is already started by {}, as {}", run.file.display(), other.scheduler.name(), other.name),
            format!("remove that first: xfer schedule remove {}", other.name),
        ));
    }
    Ok(known.into_iter().find(|record| record.name == run.name))
}

/// Makes the home for the user that it runs as: systemd starts no service whose writable folder is missing.
fn make_home(prepared: &Prepared) -> Result<(), OpsError> {
    let run = &prepared.scheduled;
    if run.home.exists() {
        return Ok(());
    }
    let failed = |source| OpsError::LocalFile { path: run.home.clone(), action: "made", source };
    // The folders on the way are made for their owner alone, as the home is.
    let made: Vec<&Path> = run.home.ancestors().take_while(|folder| !folder.exists()).collect();
    platform::create_private_folder(&run.home).map_err(failed)?;
    let Some(user) = run.user.as_ref().filter(|_| access::is_superuser()) else { return Ok(()) };
    match access::account(user).map_err(failed)? {
        Some(account) => made.into_iter().try_for_each(|folder| access::give_to(folder, &account)).map_err(failed),
        None => Ok(()),
    }
}

/// Takes a schedule back, whoever starts it. `of` is its xfer file, which need not be there any more, or its name;
/// without a record of it, `scheduler` and `folder` say where to look.
pub fn remove(
    home: &Home,
    of: &Path,
    scheduler: Option<Scheduler>,
    folder: Option<&Path>,
) -> Result<Removed, OpsError> {
    let file = std::path::absolute(of).unwrap_or_else(|_| of.to_owned());
    let typed = of.to_string_lossy();
    let wanted = |record: &Record| {
        (record.file == file || record.name == typed) && scheduler.is_none_or(|named| named == record.scheduler)
    };
    let record = records(home).into_iter().find(wanted);
    let name = record.as_ref().map_or_else(|| name_of(of), |record| record.name.clone());
    let Some(scheduler) = scheduler.or(record.as_ref().map(|record| record.scheduler)) else {
        return Err(OpsError::invalid(
            format!("no schedule of {} was installed from this home", of.display()),
            "`xfer schedule list` lists them; to look for another one, name its scheduler: --for cron",
        ));
    };
    let kept = record.as_ref().and_then(|record| record.folder.clone());
    let folder = absolute(folder)?.or(kept).or(usual_folder(scheduler)?).unwrap_or_default();
    let removed = take_back(record.as_ref(), &name, scheduler, &folder)?;
    if let Some(record) = &record {
        forget(home, &record.name)?;
    }
    Ok(removed)
}

/// Takes back what a scheduler was given, from where it lies; nothing of it where its timer cannot be stopped.
fn take_back(record: Option<&Record>, name: &str, scheduler: Scheduler, folder: &Path) -> Result<Removed, OpsError> {
    let usual = usual_folder(scheduler)?;
    let mut removed = Removed { name: name.to_owned(), scheduler: Some(scheduler), ..Removed::default() };
    match scheduler {
        Scheduler::Systemd | Scheduler::SystemdUser => {
            // What could not be started may have been linked already.
            let is_linked = |file: &PathBuf| std::fs::symlink_metadata(file).is_ok();
            let linked = usual.as_deref().filter(|usual| *usual != folder);
            let started = record.is_some_and(|record| record.started)
                || is_started(name, [Some(folder), usual.as_deref()].into_iter().flatten())
                || linked.is_some_and(|usual| unit_files(usual, name).iter().any(is_linked));
            let [stop, reload] = stopping(name, scheduler);
            let there = unit_files(folder, name).iter().any(|file| file.exists());
            if there && started {
                // A timer that goes on without its units could not be stopped the next time either.
                give(&stop, "nothing was removed; correct the cause, then remove it again")?;
            }
            for file in unit_files(folder, name) {
                removed.files.extend(remove_if_there(&file)?.then_some(file));
            }
            if there && started {
                if give(&reload, "give it by hand").is_err() {
                    removed.to_stop.push(reload);
                }
            } else if there {
                // Nothing was started: systemd has only to forget the units, if it ever read them.
                removed.to_stop = vec![reload];
            }
        }
        Scheduler::Cron => {
            let user = record.and_then(|record| record.user.as_deref());
            removed.from_crontab = change_crontab(user, name, None)?;
        }
        Scheduler::CronD => {
            let file = cron_file(folder, name);
            let before = read_if_there(&file)?;
            match cron_file_with(&before, name, None) {
                Some(left) if left != before => {
                    write(&file, &left)?;
                    removed.files.push(file);
                }
                Some(_) => {}
                None => removed.files.extend(remove_if_there(&file)?.then_some(file)),
            }
        }
        Scheduler::Windows | Scheduler::Kubernetes => {}
    }
    Ok(removed)
}

/// Whether a schedule is still what was installed.
pub fn standing(record: &Record) -> Standing {
    for part in &record.parts {
        let (place, found) = match &part.file {
            None => {
                let of = record.user.as_ref().map(|user| format!(" of {user}")).unwrap_or_default();
                (format!("the crontab{of}"), read_crontab(record.user.as_deref()))
            }
            Some(file) => {
                let text = match std::fs::read_to_string(file) {
                    Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
                    other => other.map_err(|cause| cause.to_string()),
                };
                (file.display().to_string(), text)
            }
        };
        let text = match found {
            Ok(text) => text,
            Err(cause) => return Standing::Unseen(format!("{place}: {cause}")),
        };
        let is_line = !record.scheduler.is_systemd();
        let lines = our_lines(&text, &record.name);
        if (is_line && lines.is_empty()) || text.is_empty() {
            return Standing::Gone(place);
        }
        if (is_line && lines != [part.text.as_str()]) || (!is_line && text != part.text) {
            return Standing::Altered(place);
        }
    }
    let usual = usual_folder(record.scheduler).ok().flatten();
    let folders = [record.folder.as_deref(), usual.as_deref()].into_iter().flatten();
    if record.scheduler.is_systemd() && !is_started(&record.name, folders) {
        return Standing::NotStarted;
    }
    Standing::AsInstalled
}

/// The command lines that make systemd start an installed schedule from now on.
pub fn to_start(record: &Record) -> Vec<String> {
    let usual = usual_folder(record.scheduler).ok().flatten();
    let folder = record.folder.clone().or_else(|| usual.clone()).unwrap_or_default();
    let commands = starting(&record.name, record.scheduler, &folder, usual.as_deref().unwrap_or(&folder));
    commands.iter().map(|words| words.iter().map(|word| in_shell(word)).collect::<Vec<_>>().join(" ")).collect()
}

/// Whether systemd was told to start the timer: by the link that it makes then, dangling or not.
fn is_started<'folder>(name: &str, folders: impl Iterator<Item = &'folder Path>) -> bool {
    let mut links = folders.map(|folder| started_link(folder, name));
    links.any(|link| std::fs::symlink_metadata(link).is_ok())
}

/// Writes a file that holds no secret, so that everybody who looks after the machine can read it.
fn write(file: &Path, text: &str) -> Result<(), OpsError> {
    let failed = |source| OpsError::LocalFile { path: file.to_owned(), action: "written", source };
    if let Some(folder) = file.parent().filter(|folder| !folder.exists()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    platform::write_privately(file, text.as_bytes(), Existing::Replace).map_err(failed)?;
    platform::let_others_read(file).map_err(failed)
}

fn read_if_there(file: &Path) -> Result<String, OpsError> {
    match std::fs::read_to_string(file) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        other => other.map_err(|source| OpsError::LocalFile { path: file.to_owned(), action: "read", source }),
    }
}

fn remove_if_there(file: &Path) -> Result<bool, OpsError> {
    match std::fs::remove_file(file) {
        Ok(()) => Ok(true),
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(source) => Err(OpsError::LocalFile { path: file.to_owned(), action: "removed", source }),
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::make_home;
    use crate::ops::schedule::{Prepared, Scheduler, Tried};
    use crate::ops::scheduled::sample;
    use xfer_storage::platform::access;

    fn prepared() -> (tempfile::TempDir, Prepared) {
        let folder = tempfile::tempdir().unwrap();
        let mut scheduled = sample("02:30");
        scheduled.home = folder.path().join("deep/er/home");
        scheduled.user = Some("nobody".to_owned());
        let prepared = Prepared {
            scheduled,
            scheduler: Scheduler::Systemd,
            routine: uuid::Uuid::nil(),
            routine_name: "monthly".to_owned(),
            last_start: None,
            installed_at: None,
            tried: Tried::default(),
        };
        (folder, prepared)
    }

    #[test]
    fn every_folder_that_is_made_on_the_way_to_the_home_is_given_to_the_user() {
        let (folder, prepared) = prepared();
        make_home(&prepared).unwrap();
        let owner = |below: &str| std::fs::metadata(folder.path().join(below)).unwrap().uid();
        let own = owner("");
        let expected = if access::is_superuser() { access::account("nobody").unwrap().unwrap().id } else { own };
        assert_eq!(["deep", "deep/er", "deep/er/home"].map(owner), [expected; 3]);
    }
}
