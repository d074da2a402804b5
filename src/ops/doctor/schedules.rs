//! The schedules that were installed from this home: whether they still stand, can run, and did run.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use jiff::Zoned;

use crate::ops::doctor::Complaint;
use crate::ops::doctor_codes as codes;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::schedule::{Due, Standing, due, standing, to_start};
use xfer_domain::moment::with_weekday;

/// What speaks against the installed schedules; `outdated` are the xfer files that are older than their routines.
pub(super) fn about_schedules(
    home: &Home,
    outdated: &BTreeSet<String>,
    now: &Zoned,
) -> Result<Vec<Complaint>, OpsError> {
    let judged = due(home, now)?.into_iter().map(|due| about(&due, standing(&due.record), outdated, Path::try_exists));
    Ok(judged.flatten().collect())
}

/// Whether a file is there; an error where that cannot be told.
type IsThere = fn(&Path) -> io::Result<bool>;

fn about(due: &Due, standing: Standing, outdated: &BTreeSet<String>, is_there: IsThere) -> Vec<Complaint> {
    let record = &due.record;
    let about = format!("schedule {}", record.name);
    let complaint = |code, words: String| Complaint::new(code, &about, words);
    let mut found = Vec::new();
    match standing {
        Standing::AsInstalled => {}
        Standing::Gone(place) => {
            found.push(complaint(&codes::SCHEDULE_GONE, format!("it is no longer in {place}")));
        }
        Standing::Altered(place) => {
            found.push(complaint(&codes::SCHEDULE_ALTERED, format!("it was changed in {place}")));
        }
        Standing::NotStarted => {
            let commands: Vec<String> = to_start(record).iter().map(|command| format!("`{command}`")).collect();
            let remedy = format!("run {}", commands.join(", then "));
            let words = "its units are installed, but the timer is not enabled".to_owned();
            found.push(complaint(&codes::SCHEDULE_NOT_STARTED, words).with_remedy(Some(remedy)));
        }
        Standing::Unseen(why) => found.push(complaint(&codes::SCHEDULE_UNSEEN, why)),
    }
    let needed = [
        ("the program", record.program.as_path()),
        ("the xfer file", record.file.as_path()),
        (record.opener.noun(), record.opener.path()),
    ];
    for (what, path) in needed {
        match is_there(path) {
            Ok(true) => {}
            Ok(false) => {
                let words = format!("{what} {} no longer exists", path.display());
                found.push(complaint(&codes::SCHEDULE_CANNOT_RUN, words));
            }
            // The one who asks need not be the one who runs it.
            Err(cause) => {
                let words = format!("it is not known whether {what} {} exists: {cause}", path.display());
                found.push(complaint(&codes::SCHEDULE_UNSEEN, words));
            }
        }
    }
    if outdated.contains(&*record.file.to_string_lossy()) {
        let words = format!("{} is older than the routine {}", record.file.display(), record.routine_name);
        found.push(complaint(&codes::SCHEDULED_FILE_OUTDATED, words));
    }
    if let Some(missed) = &due.missed {
        let words = format!("a run was due {} and did not happen", with_weekday(missed));
        found.push(complaint(&codes::RUN_MISSED, words));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::{Path, PathBuf};

    use super::about;
    use crate::ops::schedule::{Due, Scheduler, Standing};
    use crate::ops::scheduled::record::sample;

    #[test]
    fn each_thing_that_keeps_a_schedule_from_running_has_its_own_word() {
        let due = |missed: Option<&str>| Due {
            record: sample("monthly", "0 3 * * *"),
            next: None,
            last_start: None,
            missed: missed.map(|missed| missed.parse().unwrap()),
        };
        let words = |due: Due, standing, outdated: &[&str], is_there| {
            let outdated = outdated.iter().map(|file| (*file).to_owned()).collect();
            let found = about(&due, standing, &outdated, is_there);
            found.into_iter().map(|complaint| complaint.code.word).collect::<Vec<_>>()
        };
        let here = |_: &Path| Ok(true);
        assert_eq!(words(due(None), Standing::AsInstalled, &["/srv/other.xfer"], here), [""; 0]);
        for (standing, word) in [
            (Standing::Gone("the crontab".to_owned()), "schedule-gone"),
            (Standing::Altered("the crontab".to_owned()), "schedule-altered"),
            (Standing::NotStarted, "schedule-not-started"),
            (Standing::Unseen("not allowed".to_owned()), "schedule-unseen"),
        ] {
            assert_eq!(words(due(None), standing, &[], here), [word]);
        }
        let gone = |path: &Path| Ok(path != Path::new("/srv/passphrase"));
        assert_eq!(words(due(None), Standing::AsInstalled, &[], gone), ["schedule-cannot-run"]);
        let closed = |path: &Path| {
            let refused = path == Path::new("/srv/passphrase");
            if refused { Err(io::Error::from(io::ErrorKind::PermissionDenied)) } else { Ok(true) }
        };
        assert_eq!(words(due(None), Standing::AsInstalled, &[], closed), ["schedule-unseen"]);
        assert_eq!(words(due(None), Standing::AsInstalled, &["/srv/monthly.xfer"], here), ["scheduled-file-outdated"]);
        let late = due(Some("2026-03-02T03:00:00[Etc/UTC]"));
        assert_eq!(words(late, Standing::AsInstalled, &[], here), ["run-missed"]);
    }

    #[test]
    fn a_timer_that_was_not_started_is_started_as_its_scheduler_and_folder_need_it() {
        let mut record = sample("monthly", "0 3 * * *");
        record.scheduler = Scheduler::SystemdUser;
        record.folder = Some(PathBuf::from("/srv/my units"));
        let due = Due { record, next: None, last_start: None, missed: None };
        let found = about(&due, Standing::NotStarted, &std::collections::BTreeSet::new(), |_| Ok(true));
        assert_eq!(
            found[0].remedy,
            "run `systemctl --user link '/srv/my units/xfer-monthly.service' '/srv/my units/xfer-monthly.timer'`, then \
             `systemctl --user daemon-reload`, then `systemctl --user enable --now xfer-monthly.timer`"
        );
    }
}
