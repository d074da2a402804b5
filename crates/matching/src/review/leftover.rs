//! Cells that the routine wrote and that no item and no org unit leads to any more: what stands there after a mapping was
//! corrected.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::of_runs;
use crate::review::words::{cell_name, some};
use crate::review::{Finding, Review, periods};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::counted::counted_len;
use xfer_domain::job::Job;
use xfer_domain::period::Period;
use xfer_domain::reach::{Leftover, Reach};
use xfer_domain::uid::Uid;

/// One finding for each reason, by the places that it concerns.
pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    if review.ledger.is_empty() {
        return Vec::new();
    }
    let reach = Reach::of(review.jobs, review.rows);
    let mut left: BTreeMap<Leftover, Vec<CellKey>> = BTreeMap::new();
    for entry in review.ledger {
        let moved = || entry.from.filter(|from| moved(review, &entry.cell, *from)).map(|_| Leftover::Moved);
        if let Some(reason) = reach.leftover(&entry.cell).or_else(moved) {
            left.entry(reason).or_default().push(entry.cell);
        }
    }
    left.into_iter().filter_map(|(reason, cells)| finding(review, reason, &cells)).collect()
}

/// Whether the next run takes the source period that a cell was written from somewhere else, and none to the cell. Nothing
/// is said where a script may have a say.
fn moved(review: &Review<'_>, cell: &CellKey, from: Period) -> bool {
    if review.window.is_empty() || !review.scripts.is_empty() {
        return false;
    }
    let address = cell.address();
    let writes = |job: &&Job| job.items.iter().any(|item| item.destination == address);
    let moves_away = |job: &Job| {
        let scripted = job.items.iter().any(|item| !item.scripts.is_empty()) || !job.scripts.is_empty();
        let written = periods::written(job, review.window, review.today).filter(|_| !scripted)?;
        let read = periods::read(job, review.window, review.today)?;
        (!written.contains(&cell.period)).then(|| read.contains(&from))
    };
    let all: Option<Vec<bool>> = review.jobs.iter().filter(writes).map(moves_away).collect();
    all.is_some_and(|all| all.contains(&true))
}

fn finding(review: &Review<'_>, reason: Leftover, cells: &[CellKey]) -> Option<Finding> {
    let first = cells.first()?;
    let destination = review.destination.metadata;
    let addresses: BTreeSet<CellAddress> = cells.iter().map(CellKey::address).collect();
    let units: BTreeSet<Uid> = cells.iter().map(|cell| cell.org_unit).collect();
    let names: Vec<String> = addresses.iter().map(|address| cell_name(destination, *address)).collect();
    let places: Vec<String> = units.iter().map(|unit| destination.name_of(*unit)).collect();
    let (values, were) = (counted_len(cells.len(), "value"), if cells.len() == 1 { "was" } else { "were" });
    let message = format!(
        "{values} of {} at {} (in {} for example) {were} written by this routine: {}",
        some(&names),
        some(&places),
        first.period,
        reason.words()
    );
    Some(Finding {
        code: &of_runs::LEFTOVER,
        job: None,
        items: Vec::new(),
        units: units.into_iter().collect(),
        routines: Vec::new(),
        message,
        hint: of_runs::LEFTOVER.remedy.to_owned(),
    })
}
