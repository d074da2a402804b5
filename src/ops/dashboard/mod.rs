//! Where everything stands, and what to do next.

mod next_step;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Zoned;

use crate::ops::copies::Copies;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, Unread};
use crate::ops::jobs;
use crate::ops::quality::{CheckWindow, DEFAULT_WINDOW, is_drift, told_by_review, users};
use crate::ops::review;
use crate::ops::routines;
use crate::ops::runs::{self, RunLine, Runs};
use crate::ops::schedule::{self, Due};
use crate::ops::servers::{self, ServerLine};
use crate::ops::xfer_files::{export_again, is_outdated};
use xfer_domain::job::Job;
use xfer_domain::pair::Pair;
use xfer_domain::routine::Routine;
use xfer_domain::run::{RunMode, Severity};
use xfer_domain::server::{Server, ServerId};
use xfer_matching::job_rules::{JobQuestion, check_job};
use xfer_matching::map_rules::{MapFinding, MapQuestion, Tally, check_map, tally};
use xfer_storage::store::{ConfigStore, ExportedFile, MappingCounts};

pub use next_step::NextStep;

/// A pair with the state of its map.
#[derive(Debug, Clone)]
pub struct PairLine {
    /// The source server's name.
    pub source: String,
    /// The destination server's name.
    pub destination: String,
    /// Source units with a destination.
    pub mapped: u64,
    /// Rows that a person has to look over.
    pub proposed: u64,
    /// Units deliberately left out.
    pub ignored: u64,
    /// Source units that are neither mapped nor left out, the proposed ones among them.
    pub unmapped: u64,
    /// Source units in all: the mapped, the ignored and the unmapped.
    pub units: u64,
    /// What the metadata of both servers says about the map; none before both were synced.
    pub findings: Option<Findings>,
}

/// A job with what its check says.
#[derive(Debug, Clone)]
pub struct JobLine {
    /// The job.
    pub job: Job,
    /// What the metadata of both servers says about its items; none before both were synced.
    pub findings: Option<Findings>,
}

/// Findings in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Items that cannot work are among these.
    pub errors: u64,
    /// Doubts.
    pub warnings: u64,
    /// How many of both tell what changed since it was mapped.
    pub drift: u64,
}

impl Findings {
    fn count(findings: impl Iterator<Item = (Severity, &'static str)>) -> Self {
        let mut counts = Self::default();
        for (severity, word) in findings {
            match severity {
                Severity::Error => counts.errors += 1,
                Severity::Warning => counts.warnings += 1,
                Severity::Info => {}
            }
            counts.drift += u64::from(is_drift(word));
        }
        counts
    }
}

/// A routine with its newest runs.
#[derive(Debug, Clone)]
pub struct RoutineLine {
    /// The routine.
    pub routine: Routine,
    /// Its newest run that was to send values.
    pub last: Option<RunLine>,
    /// A dry run since then: it says something about the next run, and nothing about the last one.
    pub tried: Option<RunLine>,
    /// When a scheduler starts it next, of those that were installed from this home.
    pub next: Option<Zoned>,
}

/// An xfer file that was written here.
#[derive(Debug, Clone)]
pub struct FileLine {
    /// What was written.
    pub file: ExportedFile,
    /// The routine's name.
    pub routine: String,
    /// Whether it can be relied on.
    pub state: FileState,
    /// The words after `xfer` that export the routine to it again, where that is due.
    pub export_again: Option<Vec<String>>,
    /// When a scheduler starts it next.
    pub next: Option<Zoned>,
}

/// Whether a file is still what its routine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// It does what the routine does.
    Current,
    /// The routine, a job of it or the org unit map was changed since.
    Outdated,
    /// It is not where it was written.
    Gone,
}

/// Everything that the dashboard shows.
#[derive(Debug, Default)]
pub struct Dashboard {
    /// Servers.
    pub servers: Vec<ServerLine>,
    /// Pairs that have a map, or a job.
    pub pairs: Vec<PairLine>,
    /// The pair to begin with where none has a map: source and destination by name.
    pub first_pair: Option<(String, String)>,
    /// Jobs.
    pub jobs: Vec<JobLine>,
    /// Routines.
    pub routines: Vec<RoutineLine>,
    /// Xfer files, the newest first.
    pub files: Vec<FileLine>,
    /// How many schedules were installed from this home.
    pub schedules: usize,
    /// Journals that cannot be read.
    pub unread: Vec<Unread>,
}

/// Looks at everything.
pub fn dashboard(home: &Home) -> Result<Dashboard, OpsError> {
    if home.is_empty() {
        let schedules = schedule::due(home, &Zoned::now())?.len();
        return Ok(Dashboard { schedules, ..Dashboard::default() });
    }
    let config = home.config()?;
    dashboard_of(home, &Copies::new(&config))
}

/// The same of a home that is not empty, where copies were loaded before.
pub fn dashboard_of(home: &Home, copies: &Copies<'_>) -> Result<Dashboard, OpsError> {
    let scheduled = schedule::due(home, &Zoned::now())?;
    let config = copies.config();
    let servers = servers::list(home)?;
    let jobs = jobs::list(home)?;
    let pairs = pairs(&servers, &jobs, copies)?;
    let first_pair = first_pair(config, &servers)?;
    let jobs = checked(home, &servers, jobs, copies)?;
    let mut routines = Vec::new();
    let Runs { lines, mut unread } = runs::list(home, None, usize::MAX)?;
    for routine in config.routines()? {
        let own = lines.iter().filter(|line| line.routine.id == routine.id).cloned();
        let (last, tried) = newest(own);
        let next = earliest(&scheduled, |due| due.record.routine == routine.id);
        routines.push(RoutineLine { routine, last, tried, next });
    }
    let files = files(home, config, &scheduled)?;
    let of_reviews = copies.take_unread().into_iter();
    let unknown: Vec<Unread> = of_reviews.filter(|one| !unread.iter().any(|known| known.file == one.file)).collect();
    unread.extend(unknown);
    Ok(Dashboard { servers, pairs, first_pair, jobs, routines, files, schedules: scheduled.len(), unread })
}

/// The newest run that was to send values, and the newest dry run after it.
pub fn newest(runs: impl IntoIterator<Item = RunLine>) -> (Option<RunLine>, Option<RunLine>) {
    let mut tried = None;
    for run in runs {
        match run.summary.mode {
            RunMode::Run => return (Some(run), tried),
            RunMode::DryRun => drop(tried.get_or_insert(run)),
            RunMode::Check => {}
        }
    }
    (None, tried)
}

/// The earliest next run of some schedules.
fn earliest(scheduled: &[Due], which: impl Fn(&Due) -> bool) -> Option<Zoned> {
    scheduled.iter().filter(|due| which(due)).filter_map(|due| due.next.clone()).min()
}

fn files(home: &Home, config: &ConfigStore, scheduled: &[Due]) -> Result<Vec<FileLine>, OpsError> {
    let known = config.routines()?;
    let mut lines = Vec::new();
    for file in config.exported_files()? {
        let Some(routine) = known.iter().find(|routine| routine.id == file.routine) else { continue };
        let state = if !Path::new(&file.path).exists() {
            FileState::Gone
        } else if is_outdated(config, &file)? {
            FileState::Outdated
        } else {
            FileState::Current
        };
        let export_again = (state == FileState::Outdated).then(|| export_again(home, &routine.name, &file.path));
        let next = earliest(scheduled, |due| due.record.file.as_path() == Path::new(&file.path));
        lines.push(FileLine { file, routine: routine.name.clone(), state, export_again, next });
    }
    Ok(lines)
}

fn pairs(servers: &[ServerLine], jobs: &[Job], copies: &Copies<'_>) -> Result<Vec<PairLine>, OpsError> {
    let config = copies.config();
    let window = CheckWindow::new(&[DEFAULT_WINDOW.to_owned()], None)?;
    let mut pairs = Vec::new();
    for source in servers {
        for destination in servers {
            let pair = Pair { source: source.server.id, destination: destination.server.id };
            let counts = config.org_unit_map_counts(pair)?;
            let (from, to) = (&source.server.name, &destination.server.name);
            let of_pair = |job: &&Job| job.source == *from && job.destination == *to;
            let own: Vec<Job> = jobs.iter().filter(of_pair).cloned().collect();
            if counts == MappingCounts::default() && own.is_empty() {
                continue;
            }
            let (rows, seen) = (copies.map_of(pair)?, config.org_unit_fingerprints(pair)?);
            // Before the source was synced, nothing but the rows is known.
            let (of_source, of_destination) = (copies.of(&source.server)?, copies.of(&destination.server)?);
            let tally = of_source.as_deref().map_or_else(
                || Tally {
                    units: counts.confirmed + counts.proposed + counts.ignored,
                    mapped: counts.confirmed,
                    ignored: counts.ignored,
                    unmapped: counts.proposed,
                    proposed: counts.proposed,
                },
                |source| tally(source, &rows),
            );
            let [source_user, destination_user] = users(copies.config(), [from, to])?;
            let findings = of_source.as_deref().zip(of_destination.as_deref()).map(|(source, destination)| {
                let (rows, jobs, window) = (&rows, &own, window.days());
                let users = [source_user.as_str(), destination_user.as_str()];
                check_map(&MapQuestion { source, destination, rows, jobs, seen: &seen, values: None, window, users })
            });
            let count = |findings: Vec<MapFinding>| {
                Findings::count(findings.iter().map(|finding| (finding.code.severity, finding.code.word)))
            };
            pairs.push(PairLine {
                source: from.clone(),
                destination: to.clone(),
                mapped: tally.mapped,
                proposed: tally.proposed,
                ignored: tally.ignored,
                unmapped: tally.unmapped,
                units: tally.units,
                findings: findings.map(count),
            });
        }
    }
    Ok(pairs)
}

/// The servers in the order in which they were added, the source first as a rule; but values cannot go to a server
/// whose account may not write there.
fn first_pair(config: &ConfigStore, servers: &[ServerLine]) -> Result<Option<(String, String)>, OpsError> {
    let mut added: Vec<_> = servers.iter().map(|line| &line.server).collect();
    added.sort_by_key(|server| server.id.0);
    let [first, second, ..] = added.as_slice() else { return Ok(None) };
    let may_write = |id: ServerId| {
        Ok::<_, OpsError>(config.server_settings(id)?.account.is_some_and(|account| account.may_import()))
    };
    let turned = may_write(first.id)? && !may_write(second.id)?;
    let (source, destination) = if turned { (second, first) } else { (first, second) };
    Ok(Some((source.name.clone(), destination.name.clone())))
}

fn checked(home: &Home, servers: &[ServerLine], jobs: Vec<Job>, copies: &Copies<'_>) -> Result<Vec<JobLine>, OpsError> {
    let config = copies.config();
    let known = |name: &str| servers.iter().find(|line| line.server.name == name).map(|line| &line.server);
    let copy = |server: Option<&Server>| server.map_or(Ok(None), |server| copies.of(server));
    let mut lines = Vec::new();
    for job in jobs {
        let (from, to) = (known(&job.source), known(&job.destination));
        let (Some((from, to)), Some((source, destination))) = (from.zip(to), copy(from)?.zip(copy(to)?)) else {
            lines.push(JobLine { job, findings: None });
            continue;
        };
        let [source_user, destination_user] = users(copies.config(), [&job.source, &job.destination])?;
        let pair = Pair { source: from.id, destination: to.id };
        let question = JobQuestion {
            source: &source,
            destination: &destination,
            job: &job,
            rows: &copies.map_of(pair)?,
            seen: &config.item_fingerprints(&job.name)?,
            refusals: &BTreeMap::new(),
            window: DEFAULT_WINDOW,
            users: [&source_user, &destination_user],
            scripts: &routines::scripts_on(config, &job.name)?,
        };
        let findings = check_job(&question);
        // The same as `job check` says of it.
        let review = review::of_job(home, copies, &job, None)?;
        let own = findings.iter().filter(|(number, finding)| !told_by_review(&review, *number, finding.code));
        let own = own.map(|(_, finding)| (finding.severity, finding.code));
        let findings = Findings::count(own.chain(review.iter().map(|found| (found.code.severity, found.code.word))));
        lines.push(JobLine { job, findings: Some(findings) });
    }
    Ok(lines)
}
