//! Schedules: an xfer file handed to the machine's own scheduler, which starts it, restarts it after a power cut and
//! keeps its output better than a program of ours could.
//!
//! Before anything is shown or installed, what the run will need is tried: the file opens with the key or passphrase
//! that the schedule will use, nobody else can read either, and the user that it runs as may use all of it. What was
//! installed is remembered ([`crate::ops::scheduled::record`]), so that it can be listed, checked and taken back.

mod crontab;
mod kubernetes;
mod placing;
mod programs;
mod systemd;
mod trial;
mod windows;

pub use crontab::{CRON_FOLDER, cron_d_line, cron_file, cron_line};
pub use kubernetes::kubernetes;
pub use placing::{Installed, Removed, Standing, install, remove, standing, to_start, usual_folder};
pub use programs::Verified;
pub use systemd::{UNIT_FOLDER, unit_files, units};
pub use trial::Tried;
pub use windows::windows_task;

pub use crate::ops::scheduled::record::{Due, Record, due};
pub use crate::ops::scheduled::times::{Times, TimesError};
pub use crate::ops::scheduled::{Opener, Scheduled, Scheduler};

use std::path::{Path, PathBuf};

use jiff::{Timestamp, Zoned};
use uuid::Uuid;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::scheduled::record;
use crate::ops::xfer_files::{in_words, open_for_run, outdated_files};
use xfer_matching::names::folded;
use xfer_storage::xferfile::Keys;

/// What is to be scheduled.
#[derive(Debug)]
pub struct Request {
    /// What the scheduler is to call it; after the file where absent.
    pub name: Option<String>,
    /// Who starts the runs.
    pub scheduler: Scheduler,
    /// The program that is to be started.
    pub program: PathBuf,
    /// The xfer file.
    pub file: PathBuf,
    /// What opens it at night.
    pub opener: Opener,
    /// What was read from there.
    pub keys: Keys,
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
    /// Which scheduler.
    pub scheduler: Scheduler,
    /// The routine's id.
    pub routine: Uuid,
    /// The routine's name.
    pub routine_name: String,
    /// When a run of it was last started in this home.
    pub last_start: Option<Timestamp>,
    /// When this schedule was installed; none where it is new.
    pub installed_at: Option<Timestamp>,
    /// As whom it was tried, and what could not be.
    pub tried: Tried,
}

impl Prepared {
    /// When a run of the schedule, as it is installed already, was due and nobody started one.
    pub fn missed(&self, now: &Zoned) -> Option<Zoned> {
        let since = self.installed_at?;
        let since = self.last_start.map_or(since, |last| last.max(since));
        self.scheduled.times.missed(&since.to_zoned(now.time_zone().clone()), now)
    }
}

/// Reads a time as a person writes it.
pub fn times(text: &str) -> Result<Times, OpsError> {
    Times::parse(text).map_err(|cause| {
        let hint = "write a time of the day (02:30), or five fields: minute, hour, day of the month, month, day of the \
                    week (\"0 3 5 * *\" is the 5th of each month at 03:00)";
        OpsError::invalid(cause.to_string(), hint)
    })
}

/// Tries what a run will need.
pub fn prepare(home: &Home, request: Request, now: Timestamp) -> Result<Prepared, OpsError> {
    let absolute = |path: &Path| {
        let failed = |source| OpsError::LocalFile { path: path.to_owned(), action: "read", source };
        std::path::absolute(path).map_err(failed)
    };
    let (file, opener) = (absolute(&request.file)?, request.opener.at(absolute(request.opener.path())?));
    let home_folder = absolute(home.folder())?;
    for path in [&request.program, &file, opener.path(), &home_folder] {
        if path.to_string_lossy().contains(char::is_control) {
            return Err(OpsError::invalid(
                format!("a scheduler cannot use the path {}", path.display()),
                "rename it without line breaks and other control characters",
            ));
        }
    }
    if let Some(user) = &request.user {
        check_user(user, request.scheduler)?;
    }
    let name = match request.name {
        Some(name) if name_of(Path::new(&name)) != name => {
            let hint = format!("use small letters, digits and dashes: {}", name_of(Path::new(&name)));
            return Err(OpsError::invalid(format!("`{name}` cannot be the name of a schedule"), hint));
        }
        Some(name) => name,
        None => name_of(&file),
    };
    if request.scheduler == Scheduler::Kubernetes {
        kubernetes::check_name(&name)?;
    }
    let (content, _) = open_for_run(&file, &request.keys, None, now)?;
    let routine = content.document.routine;
    let outdated = outdated_files(home).contains(&*file.to_string_lossy());
    let scheduled = Scheduled {
        name,
        program: request.program,
        home: home_folder,
        file,
        opener,
        user: request.user,
        times: request.times.leaving_out(request.scheduler.leaves_out_missing_hours()),
    };
    let files = home.files();
    let mut kept =
        vec![files.state_folder(), files.state_database(routine.id), files.lock(routine.id), scheduled.log()];
    kept.retain(|path| path.exists());
    let same = |record: &&Record| record.file == scheduled.file && record.scheduler == request.scheduler;
    let mut tried = trial::attempt(&scheduled, request.scheduler, kept)?;
    if outdated {
        tried.notes.push(format!(
            "{} is older than the routine {}; export it again to the same file: {}",
            scheduled.file.display(),
            routine.name,
            in_words(&again(&scheduled, &routine.name))
        ));
    }
    let installed_at = record::records(home).iter().find(same).map(|record| record.installed_at);
    Ok(Prepared {
        installed_at,
        tried,
        scheduled,
        scheduler: request.scheduler,
        routine: routine.id,
        routine_name: routine.name,
        last_start: record::last_start(home, routine.id)?,
    })
}

/// The command that exports a routine again, so that the file opens with what the schedule opens it with.
fn again(run: &Scheduled, routine: &str) -> Vec<String> {
    let file = run.file.display().to_string();
    let opener = run.opener.path().display().to_string();
    ["routine", "export", routine, &file, run.opener.flag(), &opener].map(str::to_owned).to_vec()
}

/// Refuses what is no user name, and a user where the scheduler has no say in it.
fn check_user(user: &str, scheduler: Scheduler) -> Result<(), OpsError> {
    let plain = |character: char| character.is_alphanumeric() || "._-".contains(character);
    // A domain comes before a backslash on Windows.
    let fine = match scheduler {
        Scheduler::Windows => user.chars().all(|character| plain(character) || "\\@ ".contains(character)),
        _ => user.is_ascii() && user.chars().all(plain),
    };
    if user.is_empty() || user.starts_with('-') || !fine {
        return Err(OpsError::invalid(format!("`{user}` is not a user name"), "use letters, digits, dots and dashes"));
    }
    if matches!(scheduler, Scheduler::SystemdUser | Scheduler::Kubernetes) {
        return Err(OpsError::invalid(
            format!("{} cannot run it as {user}", scheduler.name()),
            "leave out --user; with --for systemd or --for cron-d it runs as any user",
        ));
    }
    Ok(())
}

/// What schedulers call the run of a file: its name in small letters, digits and dashes, whatever script it is in.
pub fn name_of(file: &Path) -> String {
    let stem = file.file_stem().map(|stem| folded(&stem.to_string_lossy())).unwrap_or_default();
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    let name = stem.chars().map(plain).collect::<String>();
    let name = name.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if name.is_empty() { "routine".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Prepared, Scheduler, Tried, check_user, name_of};
    use crate::ops::scheduled::sample;

    #[test]
    fn a_schedule_is_named_after_its_file_whatever_letters_that_has() {
        for (file, name) in [
            ("/srv/monthly.xfer", "monthly"),
            ("Santé du mois.xfer", "sante-du-mois"),
            ("a_b.2026.xfer", "a-b-2026"),
            ("疟疾.xfer", "nue-ji"),
            ("--.xfer", "routine"),
        ] {
            assert_eq!(name_of(Path::new(file)), name);
        }
    }

    #[test]
    fn only_what_is_installed_already_can_miss_a_run() {
        let prepared = |installed_at: Option<&str>, last_start: Option<&str>| Prepared {
            scheduled: sample("02:30"),
            scheduler: Scheduler::Cron,
            routine: uuid::Uuid::nil(),
            routine_name: "monthly".to_owned(),
            last_start: last_start.map(|last| last.parse().unwrap()),
            installed_at: installed_at.map(|installed| installed.parse().unwrap()),
            tried: Tried::default(),
        };
        let now = "2026-03-10T12:00:00[Etc/UTC]".parse().unwrap();
        let missed = |prepared: Prepared| prepared.missed(&now).map(|due| due.day());
        let old = "2026-03-01T12:00:00Z";
        assert_eq!(missed(prepared(None, Some(old))), None, "it was run by hand, and nothing was due");
        assert_eq!(missed(prepared(Some(old), None)), Some(2));
        assert_eq!(missed(prepared(Some(old), Some("2026-03-08T02:30:01Z"))), Some(9));
        assert_eq!(missed(prepared(Some("2026-03-10T10:00:00Z"), Some(old))), None, "installed this morning");
    }

    #[test]
    fn users_that_a_scheduler_does_not_take_are_refused() {
        let fine = |user: &str, scheduler| check_user(user, scheduler).is_ok();
        assert!(fine("dhis", Scheduler::Systemd) && fine("www-data", Scheduler::CronD));
        assert!(fine(r"MINISTÈRE\zoë", Scheduler::Windows));
        for user in ["", "-u", "a b", "zoë", r"a\b", "a\nb"] {
            assert!(!fine(user, Scheduler::Systemd), "{user}");
        }
        assert!(!fine("dhis", Scheduler::SystemdUser) && !fine("dhis", Scheduler::Kubernetes));
    }
}
