//! Past runs: found by id, listed, and their cells.

use std::collections::VecDeque;

use jiff::Timestamp;
use uuid::Uuid;

use crate::ops::error::OpsError;
use crate::ops::home::{Home, Unread};
use xfer_domain::cell::CellState;
use xfer_domain::journal::CellRecord;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::Report;
use xfer_matching::names::nearest;
use xfer_storage::store::{CellFilter, ConfigStore, RunSummary, StateStore, UnchangedCells};

/// A run, with the routine that made it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLine {
    /// The run.
    pub summary: RunSummary,
    /// The routine that it belongs to.
    pub routine: OfRoutine,
}

/// The routine of a run: one of the configuration, or one that came in an xfer file and is known by its runs alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfRoutine {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: String,
}

/// Runs, as far as the journals can be read.
#[derive(Debug, Default)]
pub struct Runs {
    /// The runs, the newest first.
    pub lines: Vec<RunLine>,
    /// The journals that cannot be read.
    pub unread: Vec<Unread>,
}

/// The word for the newest run.
pub const LAST: &str = "last";

/// Runs of all routines or of one, the newest first. Within a routine they stand in the order in which they started,
/// whatever the clock said at the time.
///
/// A journal that cannot be read keeps nobody from seeing the others.
pub fn list(home: &Home, routine: Option<&str>, limit: usize) -> Result<Runs, OpsError> {
    let mut of_routines = Vec::new();
    let (routines, mut unread) = routines_of(home, routine)?;
    for routine in routines {
        match runs_of(home, routine.id) {
            Ok(runs) => {
                let line = |summary| RunLine { summary, routine: routine.clone() };
                of_routines.push(runs.into_iter().map(line).collect());
            }
            Err(cause) => unread.push(Unread { file: home.files().state_database(routine.id), cause }),
        }
    }
    let now = Timestamp::now();
    // No run starts in the future: what says so was started while the clock was wrong, and nobody knows when.
    let mut lines = merged(of_routines, |line: &RunLine| {
        let started = line.summary.started;
        (started <= now, started, line.summary.run)
    });
    lines.truncate(limit);
    Ok(Runs { lines, unread })
}

/// The runs of a routine, the newest first; none where it was never run.
fn runs_of(home: &Home, routine: Uuid) -> Result<Vec<RunSummary>, OpsError> {
    let state = StateStore::open_existing(home.files(), routine)?;
    Ok(state.map_or_else(|| Ok(Vec::new()), |state| state.runs())?)
}

/// Puts lists together by what their first ones are, the largest first; each list keeps its own order.
fn merged<T, K: Ord>(lists: Vec<VecDeque<T>>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut lists = lists;
    let mut all = Vec::new();
    loop {
        let next = lists.iter_mut().filter(|list| !list.is_empty()).max_by_key(|list| list.front().map(&key));
        let Some(first) = next.and_then(VecDeque::pop_front) else { return all };
        all.push(first);
    }
}

/// The routines of the configuration and those that only ran here from a file, all of them or those of a name; and the
/// journals of nobody knows which routine.
fn routines_of(home: &Home, name: Option<&str>) -> Result<(Vec<OfRoutine>, Vec<Unread>), OpsError> {
    // A machine that only runs files has no configuration, and looking makes none.
    let config = if home.is_empty() { None } else { Some(home.config()?) };
    let configured = config.as_ref().map_or_else(|| Ok(Vec::new()), ConfigStore::routines)?;
    let mut known: Vec<OfRoutine> =
        configured.into_iter().map(|routine| OfRoutine { id: routine.id, name: routine.name }).collect();
    let mut unread = Vec::new();
    for id in journals(home) {
        if known.iter().any(|routine| routine.id == id) {
            continue;
        }
        match runs_of(home, id) {
            Ok(runs) => known.extend(runs.into_iter().next().map(|run| OfRoutine { id, name: run.routine })),
            Err(cause) => unread.push(Unread { file: home.files().state_database(id), cause }),
        }
    }
    let Some(name) = name else { return Ok((known, unread)) };
    let wanted = name.trim().to_lowercase();
    let (of_name, others): (Vec<_>, Vec<_>) =
        known.into_iter().partition(|routine| routine.name.to_lowercase() == wanted);
    if of_name.is_empty() {
        // It may be the one that is meant.
        if let Some(unread) = unread.into_iter().next() {
            return Err(unread.cause);
        }
        let near = nearest(name, others.iter().map(|routine| routine.name.as_str()), 3);
        let near = near.into_iter().map(str::to_owned).collect();
        return Err(OpsError::NotFound { kind: "routine", name: name.to_owned(), near });
    }
    Ok((of_name, Vec::new()))
}

/// The routines that have a journal here.
fn journals(home: &Home) -> Vec<Uuid> {
    let entries = std::fs::read_dir(home.files().state_folder()).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ending| ending == "db"));
    let mut ids: Vec<Uuid> = files.filter_map(|path| path.file_stem()?.to_str()?.parse().ok()).collect();
    ids.sort_unstable();
    ids
}

/// A run by its id, the beginning of it, or `last`.
pub fn find(home: &Home, text: &str) -> Result<RunLine, OpsError> {
    let Runs { lines, unread } = list(home, None, usize::MAX)?;
    let wanted = text.to_lowercase();
    let mut unread = unread.into_iter();
    // The newest of all may stand in a journal that cannot be read, and so may the one that is not found.
    let missing = |found: &[RunLine]| wanted == LAST || found.is_empty();
    let mut found: Vec<RunLine> = if wanted == LAST {
        lines.into_iter().take(1).collect()
    } else {
        lines.into_iter().filter(|line| line.summary.run.to_string().starts_with(&wanted)).collect()
    };
    if missing(&found)
        && let Some(unread) = unread.next()
    {
        return Err(unread.cause);
    }
    match found.len() {
        0 => Err(OpsError::NotFound { kind: "run", name: text.to_owned(), near: Vec::new() }),
        1 => Ok(found.remove(0)),
        several => Err(OpsError::invalid(
            format!("the ids of {several} runs begin with `{text}`"),
            "give more of the id; `xfer runs list` shows them",
        )),
    }
}

/// The report of a run; none if it never finished.
pub fn report(home: &Home, run: &RunLine) -> Result<Option<Report>, OpsError> {
    Ok(home.past(run.routine.id)?.run(run.summary.run)?.report)
}

/// Hands over the cells of a run one by one, but for those that are only counted.
pub fn cells(
    home: &Home,
    run: &RunLine,
    states: &[CellState],
    job: Option<&str>,
    each: &mut dyn FnMut(CellRecord),
) -> Result<(), OpsError> {
    let state = home.past(run.routine.id)?;
    let filter = CellFilter { states: states.to_vec(), job: job.map(str::to_owned) };
    state.cells(run.summary.run, &filter, |record| {
        each(record);
        Ok(())
    })
}

/// How many cells of a run were unchanged, by job, org unit and period. They are counted and not listed.
pub fn unchanged(home: &Home, run: &RunLine, job: Option<&str>) -> Result<Vec<UnchangedCells>, OpsError> {
    Ok(home.past(run.routine.id)?.unchanged(run.summary.run, job)?)
}

/// The metadata that the cells of a run speak of; none where the server or its copy is gone.
pub fn destination_metadata(home: &Home, run: &RunLine) -> Result<Option<Metadata>, OpsError> {
    if home.is_empty() {
        return Ok(None);
    }
    let config = home.config()?;
    let Some(pair) = config.routine_pair(run.routine.id)? else { return Ok(None) };
    Ok(Some(config.load_metadata(pair.destination)?))
}

#[cfg(test)]
mod tests {
    use super::merged;

    #[test]
    fn a_list_keeps_its_order_whatever_its_times_say() {
        // The second routine's oldest run was started while the clock was ahead of today (50).
        let lists = vec![[40, 20, 10].into(), [30, 25, 90].into(), [].into()];
        let order = merged(lists, |time: &i32| (*time <= 50, *time));
        assert_eq!(order, [40, 30, 25, 20, 10, 90]);
        let ahead = merged(vec![[90, 30].into(), [40].into()], |time: &i32| (*time <= 50, *time));
        assert_eq!(ahead, [40, 90, 30], "the newest of its routine, and not of all");
    }
}
