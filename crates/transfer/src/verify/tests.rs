//! What is proved, for every combination of answer and read-back.

use proptest::prelude::*;

use super::{Judgement, Outcome, ReadBack, judge, predict};
use crate::accounting::{RowVerdict, Unproved};
use crate::diff::{Cell, Step, Stored};
use crate::fixture::cell as key;
use xfer_domain::cell::CellState;
use xfer_domain::value_type::ValueType;

fn cell(step: Step, previous: Option<&str>, value: Option<&str>) -> Cell {
    Cell {
        key: key(1, 1, "202401"),
        item: 0,
        previous: previous.map(str::to_owned),
        value: value.map(str::to_owned),
        comment: None,
        followup: false,
        contributions: 1,
        step,
        data_set: None,
    }
}

fn stored(text: &str) -> Stored {
    Stored { value: Some(text.to_owned()), ..Stored::default() }
}

fn unproved(reason: Unproved) -> Outcome {
    Outcome::Answered(RowVerdict::Unproved { reason })
}

fn refused() -> Outcome {
    Outcome::Answered(RowVerdict::Refused { code: Some("E8022".to_owned()), text: "not assigned".into() })
}

fn lost() -> Outcome {
    Outcome::NoAnswer { reason: "the connection ended".to_owned() }
}

const WRITTEN: Outcome = Outcome::Answered(RowVerdict::Written);

/// The state, and whether it is worth another try.
fn judged(cell: &Cell, outcome: &Outcome, there: Option<&str>) -> (CellState, bool) {
    let there = there.map(stored);
    match judge(cell, outcome, ReadBack::Seen(there.as_ref()), ValueType::Integer) {
        Judgement::Settled(settled) => (settled.state, false),
        Judgement::SendAgain(settled) => (settled.state, true),
    }
}

#[test]
fn the_read_back_wins_over_the_answer() {
    let create = cell(Step::Create, None, Some("5"));
    let update = cell(Step::Update, Some("4"), Some("5"));
    let delete = cell(Step::Delete, Some("4"), None);
    for outcome in [WRITTEN, refused(), unproved(Unproved::Lost), lost()] {
        assert_eq!(judged(&create, &outcome, Some("5.0")), (CellState::Created, false), "{outcome:?}");
        assert_eq!(judged(&update, &outcome, Some("5")), (CellState::Updated, false));
        assert_eq!(judged(&delete, &outcome, None), (CellState::Deleted, false));
    }
    assert_eq!(judged(&create, &WRITTEN, None), (CellState::Differs, true));
    assert_eq!(judged(&update, &WRITTEN, Some("6")), (CellState::Differs, false), "somebody else writes there");
    assert_eq!(judged(&create, &refused(), None), (CellState::Rejected, false));
    assert_eq!(judged(&create, &unproved(Unproved::Lost), None), (CellState::Differs, true));
    assert_eq!(judged(&create, &unproved(Unproved::PeriodRace), None), (CellState::Rejected, true));
    assert_eq!(judged(&create, &unproved(Unproved::UncountedZero), None), (CellState::ZeroSkipped, false));
    assert_eq!(judged(&create, &lost(), None), (CellState::Unknown, true));
    let not_sent = Outcome::NotSent { reason: "stopped".to_owned() };
    assert_eq!(judged(&create, &not_sent, None), (CellState::NotSent, true));
    assert_eq!(judged(&create, &not_sent, Some("5")), (CellState::Unchanged, false));
}

#[test]
fn without_a_read_back_only_a_clear_answer_counts() {
    let create = cell(Step::Create, None, Some("5"));
    let state = |outcome: &Outcome| match judge(&create, outcome, ReadBack::Unseen, ValueType::Integer) {
        Judgement::Settled(settled) | Judgement::SendAgain(settled) => settled.state,
    };
    assert_eq!(state(&WRITTEN), CellState::Accepted);
    assert_eq!(state(&refused()), CellState::Rejected);
    assert_eq!(state(&unproved(Unproved::Lost)), CellState::Unknown);
    assert_eq!(state(&unproved(Unproved::NoSummary)), CellState::Unknown);
    assert_eq!(state(&lost()), CellState::Unknown);
}

#[test]
fn a_dry_run_says_what_would_be() {
    assert_eq!(predict(&cell(Step::Create, None, Some("5")), &WRITTEN).state, CellState::Created);
    assert_eq!(predict(&cell(Step::Vanish, Some("5"), None), &WRITTEN).state, CellState::Deleted);
    let refusal = predict(&cell(Step::Update, Some("4"), Some("5")), &refused());
    assert_eq!(refusal.state, CellState::Rejected);
    let why = refusal.why.unwrap();
    assert_eq!((why.code.word, why.said.unwrap().code.as_deref()), ("org-unit-not-assigned", Some("E8022")));
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(WRITTEN),
        Just(Outcome::Answered(RowVerdict::LeftAlone)),
        Just(refused()),
        Just(lost()),
        Just(Outcome::NotSent { reason: String::new() }),
        Just(unproved(Unproved::Lost)),
        Just(unproved(Unproved::NoSummary)),
        Just(unproved(Unproved::PeriodRace)),
        Just(unproved(Unproved::Contradiction)),
        Just(unproved(Unproved::GaveUp)),
    ]
}

proptest! {
    #[test]
    fn nothing_is_called_written_that_is_not_there(
        outcome in any_outcome(),
        previous in proptest::option::of(0_u8..3),
        wanted in 0_u8..3,
        there in proptest::option::of(0_u8..3),
    ) {
        prop_assume!(previous != Some(wanted));
        let text = |number: Option<u8>| number.map(|number| number.to_string());
        let step = if previous.is_some() { Step::Update } else { Step::Create };
        let cell = cell(step, text(previous).as_deref(), Some(&wanted.to_string()));
        let (state, again) = judged(&cell, &outcome, text(there).as_deref());
        let written = matches!(state, CellState::Created | CellState::Updated | CellState::Unchanged);
        prop_assert_eq!(written, there == Some(wanted));
        prop_assert!(!again || there == previous, "a third value is never overwritten");
    }
}
