//! Past runs: found by id, listed, and their cells.

use crate::domain::cell::CellState;
use crate::domain::journal::CellRecord;
use crate::domain::metadata::Metadata;
use crate::domain::routine::Routine;
use crate::domain::run::Report;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::store::{CellFilter, RunSummary, StateStore};

/// A run, with the routine that made it.
#[derive(Debug, Clone)]
pub struct RunLine {
    /// The run.
    pub summary: RunSummary,
    /// The routine that it belongs to.
    pub routine: Routine,
}

/// The word for the newest run.
pub const LAST: &str = "last";

/// Runs of all routines or of one, the newest first.
pub fn list(home: &Home, routine: Option<&str>, limit: usize) -> Result<Vec<RunLine>, OpsError> {
    let config = home.config()?;
    let routines = match routine {
        Some(name) => vec![crate::ops::routines::routine(&config, name)?],
        None => config.routines()?,
    };
    let mut lines = Vec::new();
    for routine in routines {
        let Some(state) = StateStore::open_existing(home.files(), routine.id)? else { continue };
        lines.extend(state.runs()?.into_iter().map(|summary| RunLine { summary, routine: routine.clone() }));
    }
    lines.sort_by_key(|line| std::cmp::Reverse(line.summary.run));
    lines.truncate(limit);
    Ok(lines)
}

/// A run by its id, the beginning of it, or `last`.
pub fn find(home: &Home, text: &str) -> Result<RunLine, OpsError> {
    let lines = list(home, None, usize::MAX)?;
    let wanted = text.to_lowercase();
    let mut found: Vec<RunLine> = if wanted == LAST {
        lines.into_iter().take(1).collect()
    } else {
        lines.into_iter().filter(|line| line.summary.run.to_string().starts_with(&wanted)).collect()
    };
    match found.len() {
        0 => Err(OpsError::NotFound { kind: "run", name: text.to_owned(), near: Vec::new() }),
        1 => Ok(found.remove(0)),
        several => Err(OpsError::invalid(
            format!("{several} runs begin with `{text}`"),
            "give more of the id; `xfer runs list` shows them",
        )),
    }
}

/// The report of a run; none if it never finished.
pub fn report(home: &Home, run: &RunLine) -> Result<Option<Report>, OpsError> {
    Ok(home.state(run.routine.id)?.run(run.summary.run)?.report)
}

/// Hands over the cells of a run one by one, with the routine's destination for names.
pub fn cells(
    home: &Home,
    run: &RunLine,
    states: &[CellState],
    job: Option<&str>,
    each: &mut dyn FnMut(CellRecord),
) -> Result<(), OpsError> {
    let state = home.state(run.routine.id)?;
    let filter = CellFilter { states: states.to_vec(), job: job.map(str::to_owned) };
    state.cells(run.summary.run, &filter, |record| {
        each(record);
        Ok(())
    })
}

/// The metadata that the cells of a run speak of; none where the server or its copy is gone.
pub fn destination_metadata(home: &Home, run: &RunLine) -> Result<Option<Metadata>, OpsError> {
    let config = home.config()?;
    let Some(pair) = config.routine_pair(run.routine.id)? else { return Ok(None) };
    Ok(Some(config.load_metadata(pair.destination)?))
}
