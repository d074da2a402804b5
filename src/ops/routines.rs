//! Routines: jobs with a period window and the rules of a run.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ops::calendars::check_calendars;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, job, server};
use crate::ops::new_id::new_id;
use crate::ops::scripts;
use xfer_domain::pair::Pair;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::period::{PeriodType, window};
use xfer_domain::routine::{Policies, Routine, RoutineDocument};
use xfer_domain::script::{Attachment, ContentHash};
use xfer_matching::item_rules::changes_values;
use xfer_storage::store::{ConfigStore, StateStore};

pub use crate::ops::home::routine;

/// A routine to be made.
#[derive(Debug, Clone)]
pub struct NewRoutine {
    /// What to call it.
    pub name: String,
    /// Its jobs by name, in order.
    pub jobs: Vec<String>,
    /// Its periods: identifiers, ranges, relative keywords.
    pub window: Vec<String>,
    /// How a run behaves.
    pub policies: Policies,
}

/// What is to be different about a routine; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoutineChange {
    /// Another name.
    pub name: Option<String>,
    /// Other jobs.
    pub jobs: Option<Vec<String>>,
    /// Other periods.
    pub window: Option<Vec<String>>,
    /// Other rules.
    pub policies: Option<Policies>,
}

/// The scripts of the routines that have a job, for its checks: what they do to values is known only where every one of
/// the routines has some.
pub(super) fn scripts_on(config: &ConfigStore, job: &str) -> Result<Vec<Attachment>, OpsError> {
    let routines: Vec<Routine> =
        config.routines()?.into_iter().filter(|routine| routine.jobs.iter().any(|name| name == job)).collect();
    let acts = |routine: &Routine| routine.scripts.iter().any(changes_values);
    if !routines.iter().all(acts) {
        return Ok(Vec::new());
    }
    Ok(routines.into_iter().flat_map(|routine| routine.scripts).collect())
}

/// Makes a routine. Its jobs must be of one pair, and its window must mean something for each of them.
pub fn new(home: &Home, new: NewRoutine) -> Result<Routine, OpsError> {
    let mut config = home.config()?;
    let routine = Routine {
        id: new_id(Timestamp::now()),
        name: new.name,
        jobs: checked_jobs(&config, &new.jobs, &new.window)?,
        window: new.window,
        policies: new.policies,
        scripts: Vec::new(),
        alerts: Vec::new(),
    };
    calendars(&config, &routine)?;
    config.add_routine(&routine)?;
    Ok(routine)
}

/// Changes a routine. Its identity stays, and with it what its runs wrote.
pub fn edit(home: &Home, name: &str, change: RoutineChange) -> Result<Routine, OpsError> {
    let mut config = home.config()?;
    let old = routine(&config, name)?;
    // What was wrong before may be mended step by step.
    let was_fine = calendars(&config, &old).is_ok();
    let window = change.window.unwrap_or(old.window);
    let new = Routine {
        id: old.id,
        name: change.name.unwrap_or(old.name),
        jobs: checked_jobs(&config, &change.jobs.unwrap_or(old.jobs), &window)?,
        window,
        policies: change.policies.unwrap_or(old.policies),
        scripts: old.scripts,
        alerts: old.alerts,
    };
    if was_fine {
        calendars(&config, &new)?;
    }
    config.update_routine(&new)?;
    Ok(new)
}

/// The periods that a window means today, in order: what a person wants to see before she decides. A run asks the
/// source server for its date; this machine's is close enough to choose by.
pub fn periods_today(window: &[String], period_type: PeriodType) -> Result<Vec<String>, OpsError> {
    let today = jiff::Zoned::now().date();
    let periods = window::expand(window, today, period_type, &RelativeOptions::default())
        .map_err(|cause| OpsError::invalid(cause.to_string(), WINDOW_HINT))?;
    Ok(periods.iter().map(ToString::to_string).collect())
}

/// The jobs as they are called, if they are of one pair and the window means something for each of them.
fn checked_jobs(config: &ConfigStore, names: &[String], window: &[String]) -> Result<Vec<String>, OpsError> {
    let mut jobs = Vec::new();
    for name in names {
        jobs.push(job(config, name)?);
    }
    if let Some(other) =
        jobs.iter().find(|job| (&job.source, &job.destination) != (&jobs[0].source, &jobs[0].destination))
    {
        return Err(OpsError::invalid(
            format!(
                "{} goes from {} to {}, but {} from {} to {}",
                jobs[0].name, jobs[0].source, jobs[0].destination, other.name, other.source, other.destination
            ),
            "put jobs of different servers into separate routines",
        ));
    }
    // Any day will do: what a window means does not depend on it, only which periods it is.
    let some_day = Date::constant(2026, 1, 15);
    for job in &jobs {
        check_window(window, some_day, job.source_period_type)?;
    }
    Ok(jobs.into_iter().map(|job| job.name).collect())
}

/// Refuses what cannot be worked out in the calendar of the servers.
fn calendars(config: &ConfigStore, routine: &Routine) -> Result<(), OpsError> {
    for name in &routine.jobs {
        let job = job(config, name)?;
        let (source, destination) = (server(config, &job.source)?, server(config, &job.destination)?);
        check_calendars(&source, &destination, &job, &routine.scripts, &routine.window)?;
    }
    Ok(())
}

/// Refuses a window that does not parse, or has no periods of the type.
pub fn check_window(parts: &[String], today: Date, period_type: PeriodType) -> Result<(), OpsError> {
    window::expand(parts, today, period_type, &RelativeOptions::default())
        .map(|_| ())
        .map_err(|cause| OpsError::invalid(cause.to_string(), WINDOW_HINT))
}

/// What a window may be, for hints.
pub const WINDOW_HINT: &str =
    "use DHIS2's identifiers (202401, 2024Q1, 2024W5), ranges (202401..202406) or relative periods (LAST_3_MONTHS)";

/// All routines, by name.
pub fn list(home: &Home) -> Result<Vec<Routine>, OpsError> {
    Ok(home.config()?.routines()?)
}

/// Values that a routine wrote and that are still its own. Once it is removed, they are nobody's: a routine that is made
/// anew under the same name does not take them for its own.
pub fn written(home: &Home, name: &str) -> Result<u64, OpsError> {
    let id = routine(&home.config()?, name)?.id;
    let state = StateStore::open_existing(home.files(), id)?;
    Ok(state.map_or(Ok(0), |state| state.ledger_size())?)
}

/// Removes a routine; its journal stays, so that its runs can still be looked at.
pub fn remove(home: &Home, name: &str) -> Result<(), OpsError> {
    let mut config = home.config()?;
    let routine = routine(&config, name)?;
    config.remove_routine(&routine.name)?;
    Ok(())
}

/// Everything that defines a run of a routine.
pub fn document(config: &ConfigStore, name: &str) -> Result<RoutineDocument, OpsError> {
    let routine = routine(config, name)?;
    let jobs: Vec<_> = routine.jobs.iter().map(|name| job(config, name)).collect::<Result<_, _>>()?;
    let Some(first) = jobs.first() else {
        return Err(OpsError::invalid(
            format!("the routine {} has no jobs", routine.name),
            "remove it and make it again with --job",
        ));
    };
    let pair = Pair { source: server(config, &first.source)?.id, destination: server(config, &first.destination)?.id };
    let org_unit_map = config.org_unit_map(pair)?;
    let mut document = RoutineDocument { routine, jobs, org_unit_map, scripts: Vec::new() };
    document.scripts = scripts::sources(config, &document)?;
    Ok(document)
}

/// A digest of everything that defines a run, by which it is told whether a routine is still what it was.
pub fn digest(document: &RoutineDocument) -> Result<String, OpsError> {
    let text = serde_json::to_string(document)
        .map_err(|cause| OpsError::invalid("the routine cannot be written as JSON", cause.to_string()))?;
    Ok(ContentHash::of(&text).to_string())
}
