//! Cells that earlier runs sent without knowing the result: killed, cut off, answered with a login page, or with the disk full
//! when it was to be written down.
//!
//! When a run begins, whatever its jobs and periods and even if it only asks, the destination is read for exactly these
//! cells. What turns out to have arrived is the routine's, with the value that stood there before it; what somebody
//! changed since is not. Cells that cannot be read now stay open: they are tried again with the slices that read them,
//! and in the next run. What has not arrived may still do so while this run lasts, and is looked for in its slices.

use std::collections::{BTreeMap, BTreeSet};

use tokio_util::sync::CancellationToken;

use crate::diff::StoredValues;
use crate::engine::context::Context;
use crate::engine::read::{self, Side};
use crate::engine::servers::DataServer;
use crate::ownership::{self, Open};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::journal::{Found, Journal, JournalError};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Org units that are read in one go.
const UNITS: usize = 200;

/// Reads the open cells and settles what can be seen. Gives how many arrived.
pub(super) async fn look<D: DataServer>(
    side: &Side<'_, D>,
    journal: &mut dyn Journal,
    open: &mut Open,
    stop: &CancellationToken,
) -> Result<u64, JournalError> {
    let units: BTreeSet<Uid> = open.keys().map(|cell| cell.org_unit).collect();
    let units: Vec<Uid> = units.into_iter().collect();
    let mut recovered = 0;
    for units in units.chunks(UNITS) {
        let units: BTreeSet<Uid> = units.iter().copied().collect();
        let cells: BTreeSet<CellKey> = open.keys().filter(|cell| units.contains(&cell.org_unit)).copied().collect();
        let elements: BTreeSet<Uid> = cells.iter().map(|cell| cell.data_element).collect();
        let periods: BTreeSet<Period> = cells.iter().map(|cell| cell.period).collect();
        let periods: Vec<Period> = periods.into_iter().collect();
        // A destination that cannot be read now is named by the slices; the cells stay open.
        let wanted = |cell: &CellKey| cells.contains(cell);
        let reading = read::cells(side, &elements, &units, &periods, &wanted);
        let Some(Ok(stored)) = stop.run_until_cancelled(reading).await else { break };
        let seen = |cell: &CellKey| cells.contains(cell) && side.sees(&stored, cell);
        let found = open.reconcile(&stored, side.metadata, seen);
        recovered += write_down(journal, &found)?;
        // What is neither what was sent nor what the ledger says is somebody else's.
        let addresses: BTreeSet<CellAddress> = cells.iter().map(CellKey::address).collect();
        let addresses: Vec<CellAddress> = addresses.into_iter().collect();
        let units: Vec<Uid> = units.into_iter().collect();
        let ledger = journal.ledger(&addresses, &units, &periods)?;
        let ledger: BTreeMap<CellKey, String> = ledger.into_iter().map(|entry| (entry.cell, entry.value)).collect();
        let lost = ownership::let_go(&ledger, &stored, side.metadata, seen, |_| None);
        // So few cells are read here that a false answer cannot be told from a true one; the slices look at more.
        let is_doubtful = !ownership::doubtful(&ledger, &stored, seen).is_empty();
        if !lost.is_empty() && !is_doubtful {
            journal.forget(&lost)?;
        }
    }
    Ok(recovered)
}

/// Settles what the read of a slice shows of cells that could not be seen when the run began, or had not arrived by then.
/// Gives how many arrived.
pub(super) fn settle<S, D>(
    context: &Context<'_, S, D>,
    stored: &StoredValues,
    seen: impl Fn(&CellKey) -> bool,
) -> Result<u64, JournalError> {
    let found = {
        let mut state = context.state();
        if state.open.is_empty() {
            return Ok(0);
        }
        state.open.reconcile(stored, context.destination_metadata, seen)
    };
    let recovered = write_down(*context.journal(), &found)?;
    context.state().recovered += recovered;
    Ok(recovered)
}

fn write_down(journal: &mut dyn Journal, found: &[Found]) -> Result<u64, JournalError> {
    if !found.is_empty() {
        journal.reconcile(found)?;
    }
    Ok(found.iter().filter(|found| matches!(found, Found::Arrived { .. })).count() as u64)
}
