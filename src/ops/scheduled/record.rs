//! What was installed, one small file in the home for each schedule.
//!
//! It is kept beside what the scheduler was given, because that alone cannot tell what should be there: a unit that
//! somebody deleted leaves nothing to read back. It is a file and no row of `config.db`, because the machine that runs
//! at night often has none: `xfer exec` needs nothing but an xfer file, and so does this.

use std::path::{Path, PathBuf};

use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::scheduled::times::Times;
use crate::ops::scheduled::{Opener, Scheduler};
use xfer_domain::run::RunMode;
use xfer_storage::platform::{self, Existing, access};
use xfer_storage::store::StateStore;

/// The format's name and version.
pub(in crate::ops) const FORMAT: &str = "xfer-schedule/1";

/// A schedule that was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub(in crate::ops) format: String,
    /// What the scheduler calls it.
    pub name: String,
    /// Who starts the runs.
    pub scheduler: Scheduler,
    /// The routine's id.
    pub routine: Uuid,
    /// The routine's name at the time.
    pub routine_name: String,
    /// The program.
    pub program: PathBuf,
    /// The xfer file.
    pub file: PathBuf,
    /// What opens it.
    pub opener: Opener,
    /// The user that it runs as, where one was named.
    pub user: Option<String>,
    /// When, as the five fields of a cron line.
    pub at: String,
    /// The folder of its files, for schedulers that have such.
    pub folder: Option<PathBuf>,
    /// What the scheduler was given.
    pub parts: Vec<Part>,
    /// Whether it was started in the same go.
    pub started: bool,
    /// When it was installed.
    pub installed_at: Timestamp,
}

/// A text that a scheduler was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The file; none for a line of a crontab.
    pub file: Option<PathBuf>,
    /// What was written.
    pub text: String,
}

/// An installed schedule with what it comes to at a moment.
#[derive(Debug, Clone)]
pub struct Due {
    /// What was installed.
    pub record: Record,
    /// When it is due next.
    pub next: Option<Zoned>,
    /// When a run of its routine was last started in this home.
    pub last_start: Option<Timestamp>,
    /// When a run was due that nobody started.
    pub missed: Option<Zoned>,
}

/// Keeps a record; one of the same name gives way. It belongs to whoever owns the home, root or not.
pub(in crate::ops) fn keep(home: &Home, record: &Record) -> Result<(), OpsError> {
    let folder = home.files().schedules_folder();
    let file = home.files().schedule(&record.name);
    let failed = |source| OpsError::LocalFile { path: file.clone(), action: "written", source };
    platform::create_private_folder(&folder).map_err(failed)?;
    access::give_to_owner_of(&folder, home.folder()).map_err(failed)?;
    let text = serde_json::to_string_pretty(record).map_err(std::io::Error::from).map_err(failed)?;
    platform::write_privately(&file, text.as_bytes(), Existing::Replace).map_err(failed)?;
    access::give_to_owner_of(&file, home.folder()).map_err(failed)
}

/// Forgets a record.
pub(in crate::ops) fn forget(home: &Home, name: &str) -> Result<(), OpsError> {
    let file = home.files().schedule(name);
    match std::fs::remove_file(&file) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(OpsError::LocalFile { path: file, action: "removed", source: cause })
        }
        _ => Ok(()),
    }
}

/// The schedules that were installed from this home, by name. A record that cannot be read is left out with a warning:
/// it must not hide the others.
pub fn records(home: &Home) -> Vec<Record> {
    let entries = std::fs::read_dir(home.files().schedules_folder()).into_iter().flatten().flatten();
    // What a crash left of a record that was being written has another ending.
    let files =
        entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let mut records: Vec<Record> = files.filter_map(|file| read(&file)).collect();
    records.sort_by(|one, other| one.name.cmp(&other.name));
    records
}

fn read(file: &Path) -> Option<Record> {
    let text = std::fs::read_to_string(file);
    let record = text.and_then(|text| serde_json::from_str::<Record>(&text).map_err(std::io::Error::from));
    match record {
        Ok(record) if record.format == FORMAT => Some(record),
        Ok(record) => {
            tracing::warn!(file = %file.display(), format = record.format, "a schedule of another version is left out");
            None
        }
        Err(cause) => {
            tracing::warn!(file = %file.display(), %cause, "the record of a schedule cannot be read");
            None
        }
    }
}

/// What the installed schedules come to at a moment, in its time zone.
pub fn due(home: &Home, now: &Zoned) -> Result<Vec<Due>, OpsError> {
    let found = records(home).into_iter().map(|record| {
        // A journal that cannot be read says nothing about starts; whoever shows runs names it.
        let (last_start, is_known) = last_start(home, record.routine).map_or((None, false), |start| (start, true));
        // Written by this program; a line that it does not understand any more is due at no time that it could say.
        let leaves_out = record.scheduler.leaves_out_missing_hours();
        let times = Times::parse(&record.at).ok().map(|times| times.leaving_out(leaves_out));
        let next = times.as_ref().and_then(|times| times.next(now, 1).pop());
        let since = last_start.map_or(record.installed_at, |last| last.max(record.installed_at));
        let missed =
            times.filter(|_| is_known).and_then(|times| times.missed(&since.to_zoned(now.time_zone().clone()), now));
        Ok(Due { record, next, last_start, missed })
    });
    found.collect()
}

/// When a run of a routine that writes was last started in this home. A dry run is not what a schedule is for.
pub(in crate::ops) fn last_start(home: &Home, routine: Uuid) -> Result<Option<Timestamp>, OpsError> {
    let state = StateStore::open_existing(home.files(), routine)?;
    let runs = state.map_or_else(|| Ok(Vec::new()), |state| state.runs())?;
    Ok(runs.iter().filter(|run| run.mode == RunMode::Run).map(|run| run.started).max())
}

/// What tests begin with.
#[cfg(test)]
pub(in crate::ops) fn sample(name: &str, at: &str) -> Record {
    Record {
        format: FORMAT.to_owned(),
        name: name.to_owned(),
        scheduler: Scheduler::CronD,
        routine: uuid::Uuid::nil(),
        routine_name: "monthly".to_owned(),
        program: PathBuf::from("/usr/bin/xfer"),
        file: PathBuf::from("/srv/monthly.xfer"),
        opener: Opener::PassphraseFile(PathBuf::from("/srv/passphrase")),
        user: None,
        at: at.to_owned(),
        folder: None,
        parts: vec![Part { file: None, text: "line".to_owned() }],
        started: false,
        installed_at: "2026-03-01T12:00:00Z".parse().unwrap(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;

    use super::{due, forget, keep, records, sample};
    use crate::ops::home::Home;

    #[test]
    fn a_schedule_is_known_until_it_is_forgotten_and_a_broken_one_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        assert_eq!(records(&home), []);
        let (one, two) = (sample("one", "0 3 * * *"), sample("two", "0 4 * * *"));
        keep(&home, &two).unwrap();
        keep(&home, &one).unwrap();
        std::fs::write(home.files().schedule("broken"), "{").unwrap();
        std::fs::write(home.files().schedule("later"), "{}").unwrap();
        std::fs::write(home.files().schedules_folder().join(".xfer-half.tmp"), "{").unwrap();
        assert_eq!(records(&home), [one.clone(), two]);
        forget(&home, "two").unwrap();
        forget(&home, "two").unwrap();
        assert_eq!(records(&home), [one]);
    }

    #[test]
    fn what_was_never_started_is_missed_since_it_was_installed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        keep(&home, &sample("one", "0 3 * * *")).unwrap();
        let at = |text: &str| due(&home, &text.parse::<Zoned>().unwrap()).unwrap().remove(0);
        let early = at("2026-03-02T02:00:00[Etc/UTC]");
        assert_eq!(
            (early.missed, early.next.unwrap().to_string()),
            (None, "2026-03-02T03:00:00+00:00[Etc/UTC]".to_owned())
        );
        let late = at("2026-03-02T04:00:00[Etc/UTC]");
        assert_eq!(late.missed.unwrap().to_string(), "2026-03-02T03:00:00+00:00[Etc/UTC]");
    }
}
