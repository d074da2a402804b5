//! Gives each cell of a slice its one state, closes the counts and names what a person should know.
//!
//! The totals are counted apart from the states: `total` where the cells come in, the states where they are settled.
//! Only so does their difference mean something (design 3.1: an unexplained remainder is an error of ours).

use std::collections::BTreeMap;

use crate::diff::{Cell, Step};
use crate::finding::{self, Reason};
use crate::tally::{Findings, Note};
use crate::verify::Settled;
use xfer_domain::cell::CellState;
use xfer_domain::journal::{CellRecord, Claim};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::run::{CellCounts, FindingObject, Severity};
use xfer_domain::shown::shown;
use xfer_domain::uid::Uid;

/// What became of a slice's cells.
#[derive(Debug, Default)]
pub(crate) struct SettledCells {
    /// One record for each cell, in order.
    pub records: Vec<CellRecord>,
    /// How many ended in each state.
    pub counts: CellCounts,
    /// Every state that a person asks about, by reason and object.
    pub findings: Findings,
    /// Cells written, by name of the data set and period.
    pub written: BTreeMap<String, BTreeMap<String, u64>>,
}

/// The state of a cell that is not sent at all; none for one that is.
pub(crate) fn without_sending(cell: &Cell) -> Option<Settled> {
    match &cell.step {
        Step::Unchanged => Some(Settled::plain(CellState::Unchanged)),
        Step::ZeroSkipped if cell.previous.is_some() => {
            let previous = cell.previous.as_deref().unwrap_or_default();
            let reason = format!("the source has 0, which the destination does not keep; `{previous}` stays");
            Some(Settled::because(CellState::ZeroSkipped, &finding::ZERO_KEPT, reason))
        }
        Step::ZeroSkipped => Some(Settled::because(
            CellState::ZeroSkipped,
            &finding::ZERO_DROPPED,
            "the destination does not keep this zero",
        )),
        Step::Hold(reason) => Some(Settled { state: CellState::HeldBack, why: Some(reason.clone()) }),
        Step::Create | Step::Update | Step::Repeat | Step::Delete | Step::Vanish => None,
    }
}

/// Settles cells. The destination's metadata gives the names.
pub(crate) fn settle(job: &str, cells: Vec<Cell>, ends: Vec<Option<Settled>>, destination: &Metadata) -> SettledCells {
    let mut settled = SettledCells { records: Vec::with_capacity(cells.len()), ..SettledCells::default() };
    settled.counts.total = cells.len() as u64;
    let mut written: BTreeMap<(Option<Uid>, Period), u64> = BTreeMap::new();
    // A cell without an end would be a bug of ours; it is left out of the states, and `unexplained` tells.
    for (cell, end) in cells.into_iter().zip(ends) {
        let Some(end) = end else { continue };
        settled.counts.record(end.state, 1);
        if is_write(end.state) {
            *written.entry((cell.data_set, cell.key.period)).or_default() += 1;
        }
        if let Some(why) = &end.why {
            settled.findings.add(note(why, &cell, end.state, destination));
        }
        let (code, reason) = match end.why {
            Some(why) => (Some(why.word().to_owned()), Some(why.text.to_string())),
            None => (None, None),
        };
        settled.records.push(CellRecord {
            job: job.to_owned(),
            cell: cell.key,
            previous: cell.previous,
            value: cell.value,
            state: end.state,
            code,
            reason,
            contributions: cell.contributions,
            from: None,
            claim: Claim::Stays,
        });
    }
    for ((data_set, period), number) in written {
        let name = data_set.map_or_else(String::new, |data_set| destination.name_of(data_set));
        *settled.written.entry(name).or_default().entry(period.to_string()).or_default() += number;
    }
    settled
}

fn is_write(state: CellState) -> bool {
    matches!(state, CellState::Created | CellState::Updated | CellState::Deleted | CellState::Accepted)
}

fn note(why: &Reason, cell: &Cell, state: CellState, destination: &Metadata) -> Note {
    let mut note = Note::of(why);
    note.object.get_or_insert_with(|| FindingObject {
        kind: "data element".to_owned(),
        id: cell.key.data_element.to_string(),
        name: destination.name_of(cell.key.data_element),
    });
    // Words cost time, and the ten thousandth zero needs none.
    if why.code.severity != Severity::Info {
        note.example = Some(example(why, cell, state, destination));
    }
    note
}

fn example(why: &Reason, cell: &Cell, state: CellState, destination: &Metadata) -> String {
    let key = &cell.key;
    let value = cell.value.as_deref().map_or_else(String::new, |text| format!(" = `{}`", shown(text)));
    let reason = if state == CellState::Rejected { String::new() } else { format!(": {}", why.text) };
    format!(
        "{} at {} in {}{value}{reason}",
        destination.name_of(key.data_element),
        destination.name_of(key.org_unit),
        key.period
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{settle, without_sending};
    use crate::diff::{Cell, Step};
    use crate::finding::{self, Reason};
    use crate::fixture::{cell as key, data_set, metadata};
    use crate::verify::Settled;
    use xfer_domain::cell::CellState;

    fn cell(org_unit: u8, step: Step) -> Cell {
        Cell {
            key: key(1, org_unit, "202401"),
            item: 0,
            previous: None,
            value: Some("5".to_owned()),
            comment: None,
            followup: false,
            contributions: 2,
            step,
            data_set: Some(data_set()),
        }
    }

    #[test]
    fn a_cell_ends_in_one_state_with_its_reason() {
        let hold = Step::Hold(Box::new(Reason::new(&finding::ORG_UNIT_NOT_ASSIGNED, "not assigned")));
        let cells = vec![cell(1, Step::Create), cell(2, Step::Unchanged), cell(3, hold)];
        let mut ends: Vec<Option<Settled>> = cells.iter().map(without_sending).collect();
        assert!(ends[0].is_none());
        ends[0] = Some(Settled::plain(CellState::Created));
        let settled = settle("a", cells, ends, &metadata());
        assert_eq!(settled.counts.unexplained(), 0);
        assert_eq!((settled.counts.created, settled.counts.unchanged, settled.counts.held_back), (1, 1, 1));
        assert_eq!(settled.written["Monthly report"]["202401"], 1);
        let held = &settled.records[2];
        assert_eq!(held.code.as_deref(), Some("org-unit-not-assigned"));
        assert_eq!((held.reason.as_deref(), held.contributions), (Some("not assigned"), 2));
        let findings = settled.findings.into_sorted();
        assert_eq!(findings[0].example.as_deref(), Some("Element 1 at Clinic 3 in 202401 = `5`: not assigned"));
    }

    #[test]
    fn a_forgotten_cell_does_not_close_the_counts() {
        let settled = settle("a", vec![cell(1, Step::Create)], vec![None], &metadata());
        assert_eq!(settled.counts.unexplained(), 1);
    }

    proptest! {
        #[test]
        fn counts_are_those_of_the_records(states in proptest::collection::vec(0_usize..CellState::ALL.len(), 0..50)) {
            let cells: Vec<Cell> = states.iter().map(|_| cell(1, Step::Create)).collect();
            let ends = states.iter().map(|state| Some(Settled::plain(CellState::ALL[*state]))).collect();
            let settled = settle("a", cells, ends, &metadata());
            prop_assert_eq!(settled.counts.unexplained(), 0);
            for state in CellState::ALL {
                let recorded = settled.records.iter().filter(|record| record.state == state).count();
                prop_assert_eq!(settled.counts.of(state), recorded as u64);
            }
        }
    }
}
