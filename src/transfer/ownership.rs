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

use std::collections::BTreeMap;

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
/// of them this very slice has written since, and what. In order.
pub fn let_go<'ledger>(
    ledger: impl IntoIterator<Item = (&'ledger CellKey, &'ledger String)>,
    stored: &StoredValues,
    destination: &Metadata,
    seen: impl Fn(&CellKey) -> bool,
    sent: impl Fn(&CellKey) -> Option<Option<String>>,
) -> Vec<CellKey> {
    let mut gone: Vec<CellKey> = ledger
        .into_iter()
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
        for sent in cells.values_mut() {
            sent.sort_by_key(|open| open.run);
        }
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use uuid::Uuid;

    use super::{Open, claim, let_go};
    use crate::domain::cell::{CellKey, CellState};
    use crate::domain::journal::{Claim, Found, OpenCell, SentCell};
    use crate::transfer::diff::{Cell, Step, Stored, StoredValues};
    use crate::transfer::fixture::{cell, data_set, metadata};

    fn key() -> CellKey {
        cell(1, 1, "202401")
    }

    fn text(text: Option<&str>) -> Option<String> {
        text.map(str::to_owned)
    }

    fn holding(value: Option<&str>) -> StoredValues {
        let stored = value.map(|value| (key(), Stored { value: text(Some(value)), ..Stored::default() }));
        StoredValues { values: stored.into_iter().collect(), ..StoredValues::default() }
    }

    fn ended(step: Step, previous: Option<&str>, value: Option<&str>, state: CellState, left_alone: bool) -> Claim {
        let cell = Cell {
            key: key(),
            item: 0,
            previous: text(previous),
            value: text(value),
            comment: None,
            followup: false,
            contributions: 1,
            step,
            data_set: Some(data_set()),
        };
        claim(&cell, state, left_alone, &metadata())
    }

    #[test]
    fn only_what_was_written_over_something_else_is_ours() {
        use CellState::{Accepted, Created, Deleted, NotSent, Rejected, Unchanged, Unknown, Updated};
        let new = |state, left_alone| ended(Step::Create, None, Some("5"), state, left_alone);
        assert_eq!(new(Created, false), Claim::Ours);
        assert_eq!(new(Created, true), Claim::NotOurs, "somebody was faster");
        assert_eq!(new(Accepted, false), Claim::Ours);
        assert_eq!(new(Accepted, true), Claim::Settled, "the server had it");
        assert_eq!(new(Unchanged, false), Claim::NotOurs, "it never left");
        assert_eq!(new(Unknown, false), Claim::Stays, "it stays open");
        assert_eq!((new(Rejected, false), new(NotSent, false)), (Claim::Settled, Claim::Settled));
        assert_eq!(ended(Step::Update, Some("5.0"), Some("5"), Updated, false), Claim::Settled, "only a comment");
        assert_eq!(ended(Step::Repeat, Some("5"), Some("5"), Accepted, false), Claim::Settled);
        assert_eq!(ended(Step::Delete, Some("5"), None, Deleted, false), Claim::NotOurs);
        assert_eq!(ended(Step::Delete, Some("5"), None, Accepted, false), Claim::NotOurs);
        assert_eq!(ended(Step::Unchanged, Some("5"), Some("5"), Unchanged, false), Claim::Stays);
    }

    #[test]
    fn what_a_read_shows_changed_or_gone_is_let_go() {
        let ledger: HashMap<CellKey, String> = [(key(), "5".to_owned())].into();
        let lost = |there, sent: Option<&str>| {
            let sent = sent.map(|sent| Some(sent.to_owned()));
            let_go(&ledger, &holding(there), &metadata(), |_| true, |_| sent.clone()).len()
        };
        assert_eq!([lost(Some("5"), None), lost(Some("5.0"), None)], [0, 0], "the same number");
        assert_eq!([lost(Some("6"), None), lost(None, None)], [1, 1]);
        assert_eq!([lost(Some("6"), Some("6")), lost(Some("7"), Some("6"))], [0, 1], "what was just sent");
        assert!(let_go(&ledger, &holding(None), &metadata(), |_| false, |_| None).is_empty(), "not seen");
    }

    /// What is said of a cell to which these were sent: previous value, whether that is unknown, value.
    fn found(sent: &[(Option<&str>, bool, Option<&str>)], there: Option<&str>) -> Option<(u128, Option<String>)> {
        let open = sent.iter().zip(1..).map(|((previous, blind, value), run)| OpenCell {
            run: Uuid::from_u128(run),
            job: "a".to_owned(),
            sent: SentCell {
                cell: key(),
                previous: text(*previous),
                blind: *blind,
                value: text(*value),
                contributions: 1,
                from: None,
            },
        });
        let mut open = Open::new(open.collect());
        let found = open.reconcile(&holding(there), &metadata(), |_| true);
        assert!(open.is_empty());
        match found.into_iter().next().unwrap() {
            Found::Arrived { run, record } => Some((run.as_u128(), record.previous)),
            Found::Otherwise(_) => None,
        }
    }

    #[test]
    fn what_was_sent_and_stands_there_arrived() {
        let update = (Some("4"), false, Some("5"));
        assert_eq!(found(&[update], Some("5")), Some((1, text(Some("4")))));
        assert_eq!(found(&[update], Some("4")), None, "never arrived");
        assert_eq!((found(&[update], Some("6")), found(&[update], None)), (None, None), "somebody else's");
        assert_eq!(found(&[(Some("4"), false, None)], None), Some((1, text(Some("4")))), "a deletion");
        assert_eq!(found(&[(Some("5"), false, Some("5"))], Some("5")), None, "it stood there before");
        assert_eq!(found(&[(None, true, Some("5"))], Some("5")), None, "nobody knows what stood there");
        assert_eq!(found(&[update, (None, true, Some("6"))], Some("6")), None);
        assert_eq!(found(&[update, (Some("5"), false, Some("6"))], Some("6")), Some((2, text(Some("5")))));
    }
}
