//! Who owns a cell: the ledger is what this routine wrote and nobody changed since.
//!
//! - A cell becomes the routine's when what it sent stands there, proved or by the server's word. To send what stands
//!   there already (a comment, a repetition) makes nothing one's own.
//! - It ends the moment a read shows another value or none, and does not come back because the cell looks the same some
//!   day: whoever entered that number again is its owner. Only writing it again does.
//! - Where the server says who stored a value last, and that is nobody whom the routine logs in as, it is his: equal
//!   numbers do not make it the routine's.
//! - What was sent without an end that anybody saw is open. The first read that shows what was sent, where something
//!   else had stood, proves that it arrived.
//!
//! Everything here is a function of what was written down and what was read.

use std::collections::BTreeMap;

use crate::diff::{Cell, StoredBy, StoredValues};
use crate::verify::same;
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::journal::{CellRecord, Claim, Found, OpenCell};
use xfer_domain::metadata::Metadata;
use xfer_domain::value_type::ValueType;

/// Whether the server says that it had the value before ours came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeftAlone {
    /// It does not.
    No,
    /// It does, and nothing of ours can have been there before.
    BySomebody,
    /// It does, and an earlier run may have brought it: only a read can tell whether it is there at all.
    PerhapsByUs,
}

/// What the end of a cell means for the ledger.
pub(crate) fn claim(cell: &Cell, state: CellState, left_alone: LeftAlone, destination: &Metadata) -> Claim {
    if !cell.step.is_sent() {
        return Claim::Stays;
    }
    let changes = !same(cell.previous.as_deref(), cell.value.as_deref(), value_type(destination, &cell.key));
    match state {
        CellState::Created | CellState::Updated if left_alone == LeftAlone::BySomebody && changes => Claim::NotOurs,
        CellState::Accepted if left_alone == LeftAlone::BySomebody && cell.value.is_some() => Claim::Settled,
        CellState::Accepted if left_alone == LeftAlone::PerhapsByUs => Claim::Stays,
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
pub(crate) fn let_go<'ledger>(
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
            let stored = stored.values.get(cell);
            let there = stored.and_then(|stored| stored.value.as_deref());
            let his = stored.is_some_and(|stored| stored.by == StoredBy::SomebodyElse);
            // What nearly all of them show needs no look at the metadata.
            if !his && there == Some(written.as_str()) {
                return false;
            }
            let value_type = value_type(destination, cell);
            (his || !same(there, Some(written), value_type))
                && !sent(cell).is_some_and(|sent| same(there, sent.as_deref(), value_type))
        })
        .map(|(cell, _)| *cell)
        .collect();
    gone.sort_unstable();
    gone
}

/// Cells of the ledger whose value somebody else stored, whatever it is. In order.
pub(crate) fn stored_by_somebody_else<'ledger>(
    ledger: impl IntoIterator<Item = (&'ledger CellKey, &'ledger String)>,
    stored: &StoredValues,
    seen: impl Fn(&CellKey) -> bool,
) -> Vec<CellKey> {
    if stored.values.values().all(|stored| stored.by != StoredBy::SomebodyElse) {
        return Vec::new();
    }
    let cells = ledger.into_iter().map(|(cell, _)| *cell);
    let mut his: Vec<CellKey> = cells.filter(|cell| by_somebody_else(stored, cell) && seen(cell)).collect();
    his.sort_unstable();
    his
}

/// Cells that a read may show gone before it is asked again whether they are.
const GONE_WITHOUT_DOUBT: usize = 10;

/// Cells of the ledger that a read shows without a value, if they are so many that it may be the read that is false: a
/// server that is starting, a proxy, a lost right answer with an empty or a short list as if nothing were wrong. Other
/// values prove that somebody is at work there, no value does not. Empty where there is no doubt. In order.
pub(crate) fn doubtful<'ledger>(
    ledger: impl IntoIterator<Item = (&'ledger CellKey, &'ledger String)>,
    stored: &StoredValues,
    seen: impl Fn(&CellKey) -> bool,
) -> Vec<CellKey> {
    let mut known = 0_usize;
    let mut gone: Vec<CellKey> = ledger
        .into_iter()
        .map(|(cell, _)| *cell)
        .filter(&seen)
        .inspect(|_| known += 1)
        .filter(|cell| text_of(stored, cell).is_none())
        .collect();
    // A fifth of a few cells is a few cells.
    if gone.len() <= GONE_WITHOUT_DOUBT && gone.len() * 5 < known {
        return Vec::new();
    }
    gone.sort_unstable();
    gone
}

/// Open cells, by cell; what several runs sent to one is in the order of their ids, which is that of time.
#[derive(Debug, Default)]
pub(crate) struct Open {
    cells: BTreeMap<CellKey, Vec<OpenCell>>,
    /// What had not arrived when this run looked. It still may while the run lasts: a server that works through a long
    /// import does not stop because the client was killed.
    late: BTreeMap<CellKey, Vec<OpenCell>>,
}

impl Open {
    /// Sorts what the journal gives.
    pub(crate) fn new(open: Vec<OpenCell>) -> Self {
        let mut cells: BTreeMap<CellKey, Vec<OpenCell>> = BTreeMap::new();
        for open in open {
            cells.entry(open.sent.cell).or_default().push(open);
        }
        for sent in cells.values_mut() {
            sent.sort_by_key(|open| open.run);
        }
        Self { cells, late: BTreeMap::new() }
    }

    /// Whether nothing is open, and nothing may still arrive.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.late.is_empty()
    }

    /// Whether this value may have arrived from a run before: then it is no wonder that the server has it already.
    pub(crate) fn may_have_brought(&self, cell: &CellKey, value: Option<&str>, destination: &Metadata) -> bool {
        let sent = self.cells.get(cell).into_iter().chain(self.late.get(cell)).flatten();
        let value_type = value_type(destination, cell);
        sent.into_iter().any(|open| !open.sent.blind && same(open.sent.value.as_deref(), value, value_type))
    }

    /// The open cells, in order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &CellKey> {
        self.cells.keys()
    }

    /// Takes out the cells that a read shows, and says what it shows of each.
    pub(crate) fn reconcile(
        &mut self,
        stored: &StoredValues,
        destination: &Metadata,
        seen: impl Fn(&CellKey) -> bool,
    ) -> Vec<Found> {
        let mut all = Vec::new();
        let late: Vec<CellKey> = self.late.keys().copied().filter(|cell| seen(cell)).collect();
        for cell in late {
            let (there, value_type) = (text_of(stored, &cell), value_type(destination, &cell));
            let Some(sent) = self.late.get(&cell) else { continue };
            if by_somebody_else(stored, &cell) {
                continue;
            }
            if let found @ Found::Arrived { .. } = found(cell, sent.clone(), there, value_type) {
                self.late.remove(&cell);
                all.push(found);
            }
        }
        let known: Vec<CellKey> = self.cells.keys().copied().filter(|cell| seen(cell)).collect();
        for cell in known {
            let (there, value_type) = (text_of(stored, &cell), value_type(destination, &cell));
            let Some(sent) = self.cells.remove(&cell) else { continue };
            let found = if by_somebody_else(stored, &cell) {
                Found::Otherwise(cell)
            } else {
                found(cell, sent.clone(), there, value_type)
            };
            let stands = |open: &OpenCell| same(there, open.sent.previous.as_deref(), value_type);
            if matches!(found, Found::Otherwise(_)) && sent.iter().any(stands) {
                self.late.insert(cell, sent);
            }
            all.push(found);
        }
        all
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
        reason: Some("that run did not get an answer; a later run found the value at the destination".to_owned()),
        contributions: sent.contributions,
        from: sent.from,
        claim,
    }
}

fn by_somebody_else(stored: &StoredValues, cell: &CellKey) -> bool {
    stored.values.get(cell).is_some_and(|stored| stored.by == StoredBy::SomebodyElse)
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

    use super::{LeftAlone, Open, claim, doubtful, let_go};
    use crate::diff::{Cell, Step, Stored, StoredBy, StoredValues};
    use crate::fixture::{cell, data_set, metadata};
    use xfer_domain::cell::{CellKey, CellState};
    use xfer_domain::journal::{Claim, Found, OpenCell, SentCell};

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

    fn ended(
        step: Step,
        previous: Option<&str>,
        value: Option<&str>,
        state: CellState,
        left_alone: LeftAlone,
    ) -> Claim {
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
        use LeftAlone::{BySomebody, No, PerhapsByUs};
        let new = |state, left_alone| ended(Step::Create, None, Some("5"), state, left_alone);
        assert_eq!(new(Created, No), Claim::Ours);
        assert_eq!(new(Created, BySomebody), Claim::NotOurs, "somebody was faster");
        assert_eq!(new(Accepted, No), Claim::Ours);
        assert_eq!(new(Accepted, BySomebody), Claim::Settled, "the server had it");
        assert_eq!(new(Created, PerhapsByUs), Claim::Ours, "it stands there");
        assert_eq!(new(Accepted, PerhapsByUs), Claim::Stays, "nobody has looked");
        assert_eq!(new(Unchanged, No), Claim::NotOurs, "it never left");
        assert_eq!(new(Unknown, No), Claim::Stays, "it stays open");
        assert_eq!((new(Rejected, No), new(NotSent, No)), (Claim::Settled, Claim::Settled));
        assert_eq!(ended(Step::Update, Some("5.0"), Some("5"), Updated, No), Claim::Settled, "only a comment");
        assert_eq!(ended(Step::Repeat, Some("5"), Some("5"), Accepted, No), Claim::Settled);
        assert_eq!(ended(Step::Delete, Some("5"), None, Deleted, No), Claim::NotOurs);
        assert_eq!(ended(Step::Delete, Some("5"), None, Accepted, No), Claim::NotOurs);
        assert_eq!(ended(Step::Unchanged, Some("5"), Some("5"), Unchanged, No), Claim::Stays);
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
        let mut by_hand = holding(Some("5"));
        by_hand.values.values_mut().for_each(|stored| stored.by = StoredBy::SomebodyElse);
        assert_eq!(let_go(&ledger, &by_hand, &metadata(), |_| true, |_| None).len(), 1, "the same number, by a person");
    }

    #[test]
    fn many_cells_without_a_value_are_a_doubt_and_other_values_are_none() {
        let ledger =
            |cells: u8| (0..cells).map(|unit| (cell(unit, 1, "202401"), "5".to_owned())).collect::<HashMap<_, _>>();
        let holding = |cells: std::ops::Range<u8>, value: &str| StoredValues {
            values: cells
                .map(|unit| (cell(unit, 1, "202401"), Stored { value: text(Some(value)), ..Stored::default() }))
                .collect(),
            ..StoredValues::default()
        };
        let doubts = |ledger: &HashMap<_, _>, stored| doubtful(ledger, &stored, |_| true).len();
        assert_eq!(doubts(&ledger(200), holding(0..0, "5")), 200);
        assert_eq!(doubts(&ledger(200), holding(0..189, "5")), 11);
        assert_eq!(doubts(&ledger(200), holding(0..190, "5")), 0, "somebody deleted ten");
        assert_eq!(doubts(&ledger(10), holding(0..9, "5")), 0);
        assert_eq!(doubts(&ledger(10), holding(0..8, "5")), 2, "a fifth");
        assert_eq!(doubts(&ledger(200), holding(0..200, "6")), 0, "somebody is at work");
        assert_eq!(doubtful(&ledger(10), &holding(0..0, "5"), |_| false), []);
    }

    #[test]
    fn what_had_not_arrived_may_still_do_so() {
        let sent = SentCell {
            cell: key(),
            previous: None,
            blind: false,
            value: text(Some("5")),
            contributions: 1,
            from: None,
        };
        let mut open = Open::new(vec![OpenCell { run: Uuid::from_u128(1), job: "a".to_owned(), sent }]);
        let mut look = |there| open.reconcile(&holding(there), &metadata(), |_| true);
        assert_eq!(look(None), [Found::Otherwise(key())]);
        assert_eq!(look(None), [], "said once");
        assert_eq!(look(Some("7")), [], "somebody else's, so far");
        assert!(matches!(look(Some("5")).as_slice(), [Found::Arrived { .. }]));
        assert_eq!(look(Some("5")), []);
        assert!(open.is_empty());
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
        assert_eq!(open.keys().count(), 0);
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
