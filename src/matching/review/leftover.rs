//! Cells that the routine wrote and that no item and no org unit leads to any more: what stands there after a mapping was
//! corrected.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::cell::{CellAddress, CellKey};
use crate::domain::reach::{Leftover, Reach};
use crate::domain::uid::Uid;
use crate::matching::finding::of_runs;
use crate::matching::review::words::{cell_name, some};
use crate::matching::review::{Finding, Review};

/// One finding for each reason, by the places that it concerns.
pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    if review.ledger.is_empty() {
        return Vec::new();
    }
    let reach = Reach::of(review.jobs, review.rows);
    let mut left: BTreeMap<Leftover, Vec<CellKey>> = BTreeMap::new();
    for entry in review.ledger {
        if let Some(reason) = reach.leftover(&entry.cell) {
            left.entry(reason).or_default().push(entry.cell);
        }
    }
    left.into_iter().filter_map(|(reason, cells)| finding(review, reason, &cells)).collect()
}

fn finding(review: &Review<'_>, reason: Leftover, cells: &[CellKey]) -> Option<Finding> {
    let first = cells.first()?;
    let destination = review.destination.metadata;
    let addresses: BTreeSet<CellAddress> = cells.iter().map(CellKey::address).collect();
    let units: BTreeSet<Uid> = cells.iter().map(|cell| cell.org_unit).collect();
    let names: Vec<String> = addresses.iter().map(|address| cell_name(destination, *address)).collect();
    let places: Vec<String> = units.iter().map(|unit| destination.name_of(*unit)).collect();
    let (values, were) =
        if cells.len() == 1 { ("1 value".to_owned(), "was") } else { (format!("{} values", cells.len()), "were") };
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
