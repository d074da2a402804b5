//! The mapping review as everybody asks for it: what it is asked about is gathered here, from the store or from what a run
//! was opened with.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::ops::copies::Copies;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, server};
use crate::ops::routines;
use crate::ops::way_back::WayBack;
use xfer_domain::finding::Category;
use xfer_domain::job::Job;
use xfer_domain::journal::LedgerEntry;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::routine::{Policies, Routine, RoutineDocument};
use xfer_domain::server::{Account, Server};
use xfer_matching::finding::{self, of_runs};
use xfer_matching::review::{Finding, Other, Party, Review, review};
use xfer_storage::store::{ConfigStore, StateStore};
use xfer_transfer::tally::{Findings, Note};

/// A finding of the review, beside those of reports.
pub use xfer_matching::review::Finding as Found;

/// What the review says about a routine.
pub fn of_routine(home: &Home, copies: &Copies<'_>, name: &str) -> Result<Vec<Finding>, OpsError> {
    over(home, copies, name, None)
}

/// What it says about a routine in other periods than its own.
fn over(home: &Home, copies: &Copies<'_>, name: &str, window: Option<&[String]>) -> Result<Vec<Finding>, OpsError> {
    let config = copies.config();
    let mut document = routines::document(config, name)?;
    if let Some(window) = window {
        document.routine.window = window.to_vec();
    }
    let Some(gathered) = Gathered::of(copies, &document.jobs)? else { return Ok(Vec::new()) };
    let ledger = ledger(home, &document.routine).unwrap_or_else(|cause| {
        copies.note_unread(home.files().state_database(document.routine.id), cause);
        Vec::new()
    });
    let others = gathered.others(copies, Some(&document.routine))?;
    let back = WayBack::of(config, &gathered.source.0, &gathered.destination.0, Some(&document.routine))?;
    Ok(gathered.review(&document, &ledger, &others, &back))
}

/// What the review says about a job: by itself where no routine has it, else in each of its routines. `window` are the
/// periods that are asked about in the place of the routines' own.
pub fn of_job(
    home: &Home,
    copies: &Copies<'_>,
    job: &Job,
    window: Option<&[String]>,
) -> Result<Vec<Finding>, OpsError> {
    let config = copies.config();
    let routines = config.routines()?;
    let with_job: Vec<&Routine> = routines.iter().filter(|routine| routine.jobs.contains(&job.name)).collect();
    let mut findings: Vec<Finding> = Vec::new();
    if with_job.is_empty() {
        let Some(gathered) = Gathered::of(copies, std::slice::from_ref(job))? else { return Ok(findings) };
        let others = gathered.others(copies, None)?;
        let back = WayBack::of(config, &gathered.source.0, &gathered.destination.0, None)?;
        let document = alone(job.clone(), gathered.rows.to_vec(), window.unwrap_or_default());
        return Ok(gathered.review(&document, &[], &others, &back));
    }
    for routine in with_job {
        let of_routine = match window {
            None => copies.review_of(&routine.name, || over(home, copies, &routine.name, None))?,
            Some(_) => Arc::new(over(home, copies, &routine.name, window)?),
        };
        // What two jobs do together stands with one of them.
        let of_several = [&finding::JOBS_SHARE_CELL, &finding::READS_WHAT_IT_WRITES];
        let about_job = |found: &Finding| {
            found.job.as_ref().is_none_or(|name| *name == job.name)
                || of_several.contains(&found.code) && found.message.contains(job.name.as_str())
        };
        for found in of_routine.iter().filter(|found| about_job(found)) {
            if !findings.contains(found) {
                findings.push(found.clone());
            }
        }
    }
    Ok(findings)
}

/// Whether a finding is about the two servers, whatever the job.
pub fn is_about_pair(found: &Finding) -> bool {
    found.code == &of_runs::CALENDAR_DIFFERS
}

/// What the user of a server may not read or write of what jobs want there.
pub fn rights_at(home: &Home, config: &ConfigStore, name: &str) -> Result<Vec<Finding>, OpsError> {
    let mut findings: Vec<Finding> = Vec::new();
    let copies = Copies::new(config);
    for job in config.jobs()? {
        let of_side = [
            (&job.source, &of_runs::SOURCE_NOT_READABLE),
            (&job.destination, &of_runs::DESTINATION_NOT_READABLE),
            (&job.destination, &of_runs::DATA_SET_NO_WRITE),
            (&job.destination, &of_runs::CATEGORY_OPTION_NO_WRITE),
        ];
        let asked: Vec<_> = of_side.into_iter().filter(|(server, _)| *server == name).map(|(_, code)| code).collect();
        if asked.is_empty() {
            continue;
        }
        let of_job = of_job(home, &copies, &job, None)?;
        let wanted = |found: &Finding| asked.contains(&found.code) && found.job.as_ref() == Some(&job.name);
        findings.extend(of_job.into_iter().filter(wanted));
    }
    Ok(findings)
}

/// A job as the only one of a routine.
fn alone(job: Job, rows: Vec<OrgUnitMapping>, window: &[String]) -> RoutineDocument {
    let routine = Routine {
        id: Uuid::nil(),
        name: job.name.clone(),
        jobs: vec![job.name.clone()],
        window: window.to_vec(),
        policies: Policies::default(),
        scripts: Vec::new(),
        alerts: Vec::new(),
    };
    RoutineDocument { routine, jobs: vec![job], org_unit_map: rows, scripts: Vec::new() }
}

/// The servers of a pair with everything that the review wants to know of them.
struct Gathered {
    source: (Server, Arc<Metadata>, Option<Account>),
    destination: (Server, Arc<Metadata>, Option<Account>),
    rows: Arc<Vec<OrgUnitMapping>>,
}

/// A job of another routine: the routine, its window, and the map of the job's pair.
struct Rival {
    routine: String,
    window: Vec<String>,
    job: Job,
    rows: Arc<Vec<OrgUnitMapping>>,
    /// Whether it reads the system that it writes to.
    one_system: bool,
}

impl Gathered {
    /// Nothing before both servers were synced.
    fn of(copies: &Copies<'_>, jobs: &[Job]) -> Result<Option<Self>, OpsError> {
        let Some(first) = jobs.first() else { return Ok(None) };
        let side = |name: &str| {
            let (server, metadata) = copies.synced(name)?;
            let account = copies.config().server_settings(server.id)?.account;
            Ok::<_, OpsError>((server, metadata, account))
        };
        let (source, destination) = match (side(&first.source), side(&first.destination)) {
            (Ok(source), Ok(destination)) => (source, destination),
            (Err(OpsError::NotSynced { .. }), _) | (_, Err(OpsError::NotSynced { .. })) => return Ok(None),
            (Err(error), _) | (_, Err(error)) => return Err(error),
        };
        let rows = copies.map_of(Pair { source: source.0.id, destination: destination.0.id })?;
        Ok(Some(Self { source, destination, rows }))
    }

    /// The jobs of other routines that write to the same system.
    fn others(&self, copies: &Copies<'_>, own: Option<&Routine>) -> Result<Vec<Rival>, OpsError> {
        let config = copies.config();
        let jobs: BTreeMap<String, Job> = config.jobs()?.into_iter().map(|job| (job.name.clone(), job)).collect();
        let mut rivals = Vec::new();
        for routine in config.routines()? {
            if own.is_some_and(|own| own.id == routine.id) {
                continue;
            }
            for job in routine.jobs.iter().filter_map(|name| jobs.get(name)) {
                let (source, destination) = (server(config, &job.source)?, server(config, &job.destination)?);
                if destination.is_one_system_with(&self.destination.0) {
                    let rows = copies.map_of(Pair { source: source.id, destination: destination.id })?;
                    let (routine, window) = (routine.name.clone(), routine.window.clone());
                    let one_system = source.is_one_system_with(&destination);
                    rivals.push(Rival { routine, window, job: job.clone(), rows, one_system });
                }
            }
        }
        Ok(rivals)
    }

    fn review(
        &self,
        document: &RoutineDocument,
        ledger: &[LedgerEntry],
        rivals: &[Rival],
        back: &WayBack,
    ) -> Vec<Finding> {
        let journeys = back.journeys((&self.source.0, &self.source.1), (&self.destination.0, &self.destination.1));
        let others: Vec<Other<'_>> = rivals
            .iter()
            .map(|rival| {
                let Rival { routine, window, job, rows, one_system } = rival;
                Other { routine, job, window, rows, one_system: *one_system }
            })
            .collect();
        review(&Review {
            source: party(&self.source),
            destination: party(&self.destination),
            one_system: self.source.0.is_one_system_with(&self.destination.0),
            jobs: &document.jobs,
            rows: &self.rows,
            window: &document.routine.window,
            scripts: &document.routine.scripts,
            today: today(),
            ledger,
            others: &others,
            systems: back.systems(),
            journeys: &journeys,
        })
    }
}

fn party(side: &(Server, Arc<Metadata>, Option<Account>)) -> Party<'_> {
    let (server, metadata, account) = side;
    let calendar = server.identity.as_ref().map_or("", |identity| identity.calendar.as_str());
    Party { name: &server.name, metadata, account: account.as_ref(), calendar }
}

/// The servers' own date may be another one; whether periods meet does not hang on it.
fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// What a routine wrote; nothing is made where it was never run.
fn ledger(home: &Home, routine: &Routine) -> Result<Vec<LedgerEntry>, OpsError> {
    let state = StateStore::open_existing(home.files(), routine.id)?;
    Ok(state.map_or_else(|| Ok(Vec::new()), |state| state.whole_ledger())?)
}

/// One side of a run, as far as the review looks at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunSide<'run> {
    /// The server's name.
    pub(super) name: &'run str,
    /// Its metadata.
    pub(super) metadata: &'run Metadata,
    /// Who it has to be.
    pub(super) system_id: Option<&'run str>,
}

impl<'run> RunSide<'run> {
    fn party(self) -> Party<'run> {
        Party { name: self.name, metadata: self.metadata, account: None, calendar: "" }
    }
}

/// What a routine does together with others of the store, for a run from there.
pub(super) fn rivals(config: &ConfigStore, document: &RoutineDocument) -> Result<Vec<Finding>, OpsError> {
    let copies = Copies::new(config);
    let Some(gathered) = Gathered::of(&copies, &document.jobs)? else { return Ok(Vec::new()) };
    let others = gathered.others(&copies, Some(&document.routine))?;
    let back = WayBack::of(config, &gathered.source.0, &gathered.destination.0, Some(&document.routine))?;
    let mut findings = gathered.review(document, &[], &others, &back);
    findings.retain(|found| !found.routines.is_empty());
    Ok(findings)
}

/// Looks at what is about to be run, with what is known already. What would write wrong values refuses the run; the rest
/// is told in its report. Rights, calendars and what was left behind are looked at by the run itself, by what the servers
/// say then. A run over some of the jobs is a step of the whole routine, and refused with it.
pub(super) fn before_run(
    document: &RoutineDocument,
    run: &[Job],
    source: RunSide<'_>,
    destination: RunSide<'_>,
    known: Vec<Finding>,
) -> Result<Findings, OpsError> {
    let mut findings = review(&Review {
        source: source.party(),
        destination: destination.party(),
        one_system: source.system_id.is_some() && source.system_id == destination.system_id,
        jobs: &document.jobs,
        rows: &document.org_unit_map,
        window: &document.routine.window,
        scripts: &document.routine.scripts,
        today: today(),
        ledger: &[],
        others: &[],
        systems: ["", ""],
        journeys: &[],
    });
    // What meets without an operator is refused by the run's plan, which knows the periods and names the cell.
    findings.retain(|found| found.code.category != Category::Permission && found.code != &of_runs::COMBINE_MISSING);
    findings.extend(known);
    let (refusing, told): (Vec<Finding>, Vec<Finding>) = findings.into_iter().partition(Finding::refuses);
    if !refusing.is_empty() {
        return Err(OpsError::Refused { routine: document.routine.name.clone(), findings: refusing });
    }
    let mut notes = Findings::default();
    // Jobs that are left out have no part in the report.
    let is_run = |found: &Finding| found.job.as_ref().is_none_or(|name| run.iter().any(|job| job.name == *name));
    for found in told.into_iter().filter(is_run) {
        notes.add(note(found));
    }
    Ok(notes)
}

/// A finding for a report: about its job, as many as items.
fn note(found: Finding) -> Note {
    let note = Note::new(found.code, found.items.len().max(1) as u64).example(found.message);
    let note = Note { hint: Some(found.hint), ..note };
    match found.job {
        Some(job) => note.about("job", &job, job.clone()),
        None => note,
    }
}
