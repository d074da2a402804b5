//! Compares sent values with the read-back: only a value that was read back counts as written (design 3.1).
//!
//! The server's answer is evidence, the read-back is proof. Where they disagree the read-back wins, in both directions:
//! 2.43 answers SUCCESS for rows that it lost in a race, 2.42 refuses rows of a new period that are valid. A row that is
//! not there, and whose cell still holds what it held before, is worth another try; one whose cell holds a third value
//! is not: somebody else writes there, and we would overwrite him.

use std::sync::Arc;

use crate::accounting::{RowVerdict, Unproved};
use crate::diff::{Cell, Step, Stored, same_comment};
use crate::finding::{self, Code, Reason};
use xfer_dhis2::error::LONGEST_TEXT;
use xfer_domain::cell::CellState;
use xfer_domain::shown::shown;
use xfer_domain::value_type::ValueType;

/// What became of a row on its way to the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It never left.
    NotSent {
        /// Why, in words.
        reason: String,
    },
    /// It left and no answer came back that can be understood.
    NoAnswer {
        /// What happened, in words.
        reason: String,
    },
    /// The server's answer says this about it.
    Answered(RowVerdict),
}

/// What the read-back shows of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadBack<'read> {
    /// The cell was read; none where it is empty.
    Seen(Option<&'read Stored>),
    /// Nothing was read: not allowed, not wanted, or it failed.
    Unseen,
}

/// How a cell ended, and why, where that needs words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// Its state.
    pub state: CellState,
    /// Why.
    pub why: Option<Box<Reason>>,
}

/// What follows for a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It is settled.
    Settled(Settled),
    /// It is not there, for a reason that may pass; if it is not sent again, this is how it ends.
    SendAgain(Settled),
}

impl Settled {
    /// A state that needs no words.
    pub(crate) fn plain(state: CellState) -> Self {
        Self { state, why: None }
    }

    /// A state with a reason.
    pub(crate) fn because(state: CellState, code: &'static Code, reason: impl Into<Arc<str>>) -> Self {
        Self { state, why: Some(Box::new(Reason::new(code, reason))) }
    }

    fn said(state: CellState, code: &'static Code, server_code: Option<String>, text: Arc<str>) -> Self {
        Self { state, why: Some(Box::new(Reason::said(code, server_code, cut(text)))) }
    }
}

/// A server's sentence as far as people read it; the log has it whole.
fn cut(text: Arc<str>) -> Arc<str> {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()).into(),
        None => text,
    }
}

/// Judges a cell that was to be sent.
pub(crate) fn judge(cell: &Cell, outcome: &Outcome, read_back: ReadBack<'_>, value_type: ValueType) -> Judgement {
    match read_back {
        ReadBack::Unseen => Judgement::Settled(unseen(outcome)),
        ReadBack::Seen(stored) => {
            let there = stored.and_then(|stored| stored.value.as_deref());
            if same(there, cell.value.as_deref(), value_type) && has_its_remark(cell, stored, value_type) {
                Judgement::Settled(proved(cell, outcome))
            } else {
                seen_otherwise(cell, outcome, there, value_type)
            }
        }
    }
}

/// How a cell ends by the server's word alone: in a dry run, and where reading back is not possible or not wanted.
fn unseen(outcome: &Outcome) -> Settled {
    match outcome {
        Outcome::Answered(RowVerdict::Written | RowVerdict::LeftAlone) => Settled::plain(CellState::Accepted),
        Outcome::Answered(
            RowVerdict::Refused { .. }
            | RowVerdict::RefusedTogether { .. }
            | RowVerdict::Unproved { reason: Unproved::GaveUp },
        )
        | Outcome::NotSent { .. } => not_there(outcome, None),
        Outcome::Answered(RowVerdict::Unproved { reason: Unproved::UncountedZero }) => zero_dropped(),
        Outcome::Answered(RowVerdict::Unproved { reason }) => {
            Settled::because(CellState::Unknown, &finding::OUTCOME_UNKNOWN, reason.words())
        }
        Outcome::NoAnswer { reason } => Settled::because(CellState::Unknown, &finding::OUTCOME_UNKNOWN, reason.clone()),
    }
}

/// What a dry run's answer says would become of a cell.
pub(crate) fn predict(cell: &Cell, outcome: &Outcome) -> Settled {
    match unseen(outcome) {
        Settled { state: CellState::Accepted, .. } => Settled::plain(success(cell)),
        other => other,
    }
}

/// The state of a cell that holds what it should.
fn success(cell: &Cell) -> CellState {
    match cell.step {
        Step::Create => CellState::Created,
        Step::Update => CellState::Updated,
        Step::Delete => CellState::Deleted,
        Step::Vanish if cell.previous.is_some() => CellState::Deleted,
        Step::Vanish | Step::ZeroSkipped => CellState::ZeroSkipped,
        Step::Repeat | Step::Unchanged | Step::Hold(_) => CellState::Unchanged,
    }
}

fn proved(cell: &Cell, outcome: &Outcome) -> Settled {
    match (success(cell), outcome) {
        // Somebody else did it; the cell is right, and not by us.
        (CellState::Created | CellState::Updated, Outcome::NotSent { .. }) => Settled::plain(CellState::Unchanged),
        (CellState::ZeroSkipped, _) => zero_dropped(),
        (state, _) if cell.step == Step::Vanish => {
            Settled::because(state, &finding::ZERO_DROPPED, "the destination does not keep this zero")
        }
        (state, _) => Settled::plain(state),
    }
}

fn zero_dropped() -> Settled {
    Settled::because(CellState::ZeroSkipped, &finding::ZERO_DROPPED, "the destination does not keep this zero")
}

/// The cell was read and holds something else than it should.
fn seen_otherwise(cell: &Cell, outcome: &Outcome, there: Option<&str>, value_type: ValueType) -> Judgement {
    let untouched = same(there, cell.previous.as_deref(), value_type);
    let settled = not_there(outcome, there);
    let may_pass = match outcome {
        Outcome::Answered(RowVerdict::Refused { .. } | RowVerdict::RefusedTogether { .. }) => false,
        Outcome::Answered(RowVerdict::Unproved { reason: Unproved::UncountedZero }) => {
            return Judgement::Settled(if there.is_none() { zero_dropped() } else { settled });
        }
        Outcome::Answered(_) | Outcome::NoAnswer { .. } | Outcome::NotSent { .. } => untouched,
    };
    if may_pass { Judgement::SendAgain(settled) } else { Judgement::Settled(settled) }
}

/// How a cell ends that does not hold what it should, by what the server said.
fn not_there(outcome: &Outcome, there: Option<&str>) -> Settled {
    let there = there.map_or_else(|| "nothing".to_owned(), |text| format!("`{}`", shown(text)));
    match outcome {
        Outcome::NotSent { reason } => Settled::because(CellState::NotSent, &finding::NOT_SENT, reason.clone()),
        Outcome::NoAnswer { reason } => Settled::because(
            CellState::Unknown,
            &finding::OUTCOME_UNKNOWN,
            format!("{reason}; the server may still be working, the cell now has {there}"),
        ),
        Outcome::Answered(RowVerdict::Written | RowVerdict::LeftAlone) => Settled::because(
            CellState::Differs,
            &finding::DIFFERS_AFTER_WRITE,
            format!("the server accepted the value, but the cell has {there}"),
        ),
        Outcome::Answered(RowVerdict::Refused { code, text } | RowVerdict::RefusedTogether { code, text }) => {
            let entry = if code.is_none() && text.is_empty() {
                &finding::SERVER_FAILED
            } else {
                finding::of_server(code.as_deref())
            };
            Settled::said(CellState::Rejected, entry, code.clone(), Arc::clone(text))
        }
        Outcome::Answered(RowVerdict::Unproved { reason }) => unproved(*reason, &there),
    }
}

fn unproved(reason: Unproved, there: &str) -> Settled {
    match reason {
        Unproved::GaveUp => Settled::because(CellState::NotSent, &finding::SERVER_GAVE_UP, reason.words()),
        Unproved::NoSummary => Settled::because(CellState::Rejected, &finding::SERVER_FAILED, reason.words()),
        // Alone, one request at a time, and still not known: then it is no race.
        Unproved::PeriodRace => Settled::said(
            CellState::Rejected,
            &finding::PERIOD_INVALID,
            Some("E7611".to_owned()),
            reason.words().into(),
        ),
        Unproved::Lost | Unproved::Contradiction | Unproved::UncountedZero | Unproved::NotNamed => Settled::because(
            CellState::Differs,
            &finding::DIFFERS_AFTER_WRITE,
            format!("{}; the cell has {there}", reason.words()),
        ),
    }
}

/// Whether the comment and the mark of an update are there that changes nothing else: its value proves nothing.
fn has_its_remark(cell: &Cell, stored: Option<&Stored>, value_type: ValueType) -> bool {
    let alone = cell.step == Step::Update && same(cell.previous.as_deref(), cell.value.as_deref(), value_type);
    !alone
        || stored.is_some_and(|stored| {
            stored.followup == cell.followup && same_comment(stored.comment.as_deref(), cell.comment.as_deref())
        })
}

/// Whether two values mean the same; nothing is the same as nothing.
pub(crate) fn same(left: Option<&str>, right: Option<&str>, value_type: ValueType) -> bool {
    match (left, right) {
        (None, None) => true,
        (Some(left), Some(right)) => value_type.same(left, right),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
