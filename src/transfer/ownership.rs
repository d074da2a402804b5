//! Whose a cell is: the ledger is what this routine wrote and nobody changed since.
//!
//! - A cell becomes the routine's when what it sent stands there, proved or by the server's word. To send what stands
//!   there already (a comment, a repetition) makes nothing one's own.
//! - It ends the moment a read shows another value or none, and does not come back because the cell looks the same some
//!   day: whoever entered that number again is its owner. Only writing it again does.
//! - What was sent without an end that anybody saw is open. The first read that shows what was sent, where something
//!   else had stood, proves that it arrived.
//!
//! Everything here is a function of what was written down and what was read.

use std::collections::{BTreeMap, HashMap};

use crate::domain::cell::{CellKey, CellState};
use crate::domain::journal::{CellRecord, Claim, Found, OpenCell};
use crate::domain::metadata::Metadata;
use crate::domain::value_type::ValueType;
use crate::transfer::diff::{Cell, StoredValues};
use crate::transfer::verify::same;

/// What the end of a cell means for the ledger. `left_alone`: the server says that it had the value before ours came.
pub fn claim(cell: &Cell, state: CellState, left_alone: bool, destination: &Metadata) -> Claim {
    if !cell.step.is_sent() {
        return Claim::Stays;
    }
    let changes = !same(cell.previous.as_deref(), cell.value.as_deref(), value_type(destination, &cell.key));
    match state {
        CellState::Created | CellState::Updated if left_alone && changes => Claim::NotOurs,
        CellState::Accepted if left_alone && cell.value.is_some() => Claim::Settled,
        CellState::Unknown | CellState::HeldBack => Claim::Stays,
        CellState::Created | CellState::Updated | CellState::Accepted if cell.value.is_some() && changes => Claim::Ours,
        CellState::Deleted => Claim::NotOurs,
        CellState::Accepted if cell.value.is_none() => Claim::NotOurs,
        // What should have been sent stands there, and it never left: somebody else was faster.
        CellState::Unchanged if changes => Claim::NotOurs,
        CellState::Created
        | CellState::Updated
        | CellState::Accepted
        | CellState::Unchanged
        | CellState::Rejected
        | CellState::ZeroSkipped
        | CellState::Differs
        | CellState::NotSent => Claim::Settled,
    }
}

/// Cells of the ledger that a read shows changed or gone. `seen` says of which cells it shows anything; `sent` which
/// of them this very slice has written since, and what.
pub fn let_go(
    ledger: &HashMap<CellKey, String>,
    stored: &StoredValues,
    destination: &Metadata,
    seen: impl Fn(&CellKey) -> bool,
    sent: impl Fn(&CellKey) -> Option<Option<String>>,
) -> Vec<CellKey> {
    let mut gone: Vec<CellKey> = ledger
        .iter()
        .filter(|(cell, _)| seen(cell))
        .filter(|(cell, written)| {
            let (there, value_type) = (text_of(stored, cell), value_type(destination, cell));
            !same(there, Some(written), value_type)
                && !sent(cell).is_some_and(|sent| same(there, sent.as_deref(), value_type))
        })
        .map(|(cell, _)| *cell)
        .collect();
    gone.sort_unstable();
    gone
}

/// Open cells, by cell; what several runs sent to one is in the order of their ids, which is that of time.
#[derive(Debug, Default)]
pub struct Open {
    cells: BTreeMap<CellKey, Vec<OpenCell>>,
}

impl Open {
    /// Sorts what the journal gives.
    pub fn new(open: Vec<OpenCell>) -> Self {
        let mut cells: BTreeMap<CellKey, Vec<OpenCell>> = BTreeMap::new();
        for open in open {
            cells.entry(open.sent.cell).or_default().push(open);
        }
        cells.values_mut().for_each(|sent| sent.sort_by_key(|open| open.run));
        Self { cells }
    }

    /// Whether nothing is open.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The open cells, in order.
    pub fn keys(&self) -> impl Iterator<Item = &CellKey> {
        self.cells.keys()
    }

    /// Takes out the cells that a read shows, and says what it shows of each.
    pub fn reconcile(
        &mut self,
        stored: &StoredValues,
        destination: &Metadata,
        seen: impl Fn(&CellKey) -> bool,
    ) -> Vec<Found> {
        let known: Vec<CellKey> = self.cells.keys().copied().filter(|cell| seen(cell)).collect();
        let taken = known.into_iter().filter_map(|cell| self.cells.remove_entry(&cell));
        taken.map(|(cell, sent)| found(cell, sent, text_of(stored, &cell), value_type(destination, &cell))).collect()
    }
}

fn found(cell: CellKey, sent: Vec<OpenCell>, there: Option<&str>, value_type: ValueType) -> Found {
    // What stood there before proves nothing, even where the same was sent.
    if sent.iter().any(|open| !open.sent.blind && same(there, open.sent.previous.as_deref(), value_type)) {
        return Found::Otherwise(cell);
    }
    // The last that fits: where two runs sent the same, the second is as good as the first.
    let fits = |open: &OpenCell| !open.sent.blind && same(there, open.sent.value.as_deref(), value_type);
    match sent.into_iter().rev().find(fits) {
        Some(open) => Found::Arrived { run: open.run, record: recovered(open) },
        None => Found::Otherwise(cell),
    }
}

/// How a cell ended in the run that never learned it.
fn recovered(open: OpenCell) -> CellRecord {
    let OpenCell { job, sent, .. } = open;
    let (state, claim) = match (&sent.previous, &sent.value) {
        (_, None) => (CellState::Deleted, Claim::NotOurs),
        (None, Some(_)) => (CellState::Created, Claim::Ours),
        (Some(_), Some(_)) => (CellState::Updated, Claim::Ours),
    };
    CellRecord {
        job,
        cell: sent.cell,
        previous: sent.previous,
        value: sent.value,
        state,
        code: None,
        reason: Some("the run did not learn it; a later run found it at the destination".to_owned()),
        contributions: sent.contributions,
        from: sent.from,
        claim,
    }
}

fn text_of<'stored>(stored: &'stored StoredValues, cell: &CellKey) -> Option<&'stored str> {
    stored.values.get(cell).and_then(|stored| stored.value.as_deref())
}

fn value_type(destination: &Metadata, cell: &CellKey) -> ValueType {
    destination.data_elements.get(&cell.data_element).map_or(ValueType::Other, |element| element.value_type)
}
