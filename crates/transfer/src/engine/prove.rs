//! Sends a slice and proves it: push, read back, send again what got lost, until every cell is settled.
//!
//! What the server said is evidence, what the read-back shows is proof. Rows that are not there although nothing
//! speaks against them (lost in a race, lost answers, a POST that never left) are sent again, alone, a few times with
//! growing pauses; then they end by what is known of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounting::{RowVerdict, Unproved};
use crate::diff::{Cell, StoredBy, StoredValues};
use crate::engine::context::Context;
use crate::engine::error::{Halt, SliceError};
use crate::engine::prepare::Prepared;
use crate::engine::push::Sender;
use crate::engine::read;
use crate::engine::servers::DataServer;
use crate::events::Event;
use crate::finding::{self, Code};
use crate::ownership::{self, LeftAlone};
use crate::settle::without_sending;
use crate::tally::{Findings, Note};
use crate::verify::{Judgement, Outcome, ReadBack, Settled, judge, predict};
use xfer_dhis2::data_value_sets::PayloadRow;
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::hashed::Hashed;
use xfer_domain::run::RunMode;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// How the cells of a slice ended.
pub(super) struct Proved {
    /// In the order of the cells; none would be a bug of ours, which the counts tell.
    pub(super) ends: Vec<Option<Settled>>,
    pub(super) findings: Findings,
    /// Whether the destination refused the login.
    pub(super) login_refused: bool,
    /// What kept rows from being sent in the last round.
    pub(super) trouble: Option<ExitCode>,
    /// Why the destination could not be reached at the end, if so.
    pub(super) unreachable: Option<Halt>,
    /// Cells of which the server says that they held the value before ours came, and what that means.
    pub(super) left_alone: BTreeMap<CellKey, LeftAlone>,
}

/// Sends what is to be sent of a slice and settles every cell.
pub(super) async fn prove<'run, S, D: DataServer>(context: &Context<'run, S, D>, slice: &Prepared<'run>) -> Proved {
    let ends = slice.cells.iter().map(without_sending).collect();
    let mut proof = Proof {
        context,
        slice,
        proved: Proved::new(ends),
        fallback: BTreeMap::new(),
        lost: BTreeMap::new(),
        sent_again: BTreeSet::new(),
        cut_off: false,
    };
    let mut open: Vec<usize> =
        proof.proved.ends.iter().enumerate().filter(|(_, end)| end.is_none()).map(|(position, _)| position).collect();
    if context.mode == RunMode::Check {
        proof.predict_all(&open);
        open.clear();
    }
    let mut pauses = context.patience.pauses();
    let mut alone = false;
    while !open.is_empty() {
        open = proof.round(open, alone).await;
        if open.is_empty() || proof.is_over() {
            break;
        }
        context.tell(Event::SliceVerified { slice: slice.name.clone(), again: open.len() as u64 });
        let Some(pause) = pauses.next() else { break };
        if !context.pause(pause, "some rows are sent again", context.destination.name()).await {
            break;
        }
        alone = true;
    }
    // What is still open ends by what is known of it.
    for (position, settled) in proof.fallback {
        if let Some(end) = proof.proved.ends.get_mut(position).filter(|end| end.is_none()) {
            *end = Some(settled);
        }
    }
    proof.proved
}

impl Proved {
    fn new(ends: Vec<Option<Settled>>) -> Self {
        Self {
            ends,
            findings: Findings::default(),
            login_refused: false,
            trouble: None,
            unreachable: None,
            left_alone: BTreeMap::new(),
        }
    }
}

struct Proof<'proof, 'run, S, D> {
    context: &'proof Context<'run, S, D>,
    slice: &'proof Prepared<'run>,
    proved: Proved,
    /// How open cells end if nothing more is done.
    fallback: BTreeMap<usize, Settled>,
    /// Cells that left and whose answer was lost, with the reason: whatever is said of another try, the first may have
    /// arrived.
    lost: BTreeMap<usize, String>,
    /// Cells that left more than once: that the server has them already says nothing about who brought them.
    sent_again: BTreeSet<CellKey>,
    /// Whether the last round was not read back although it should and could have been: the run was told to stop, or
    /// the destination was gone. That says nothing about what the user may read.
    cut_off: bool,
}

impl<S, D: DataServer> Proof<'_, '_, S, D> {
    /// Whether another round makes no sense.
    fn is_over(&self) -> bool {
        self.proved.login_refused
            || self.proved.unreachable.is_some()
            || self.context.stop.is_cancelled()
            || self.context.broken().is_some()
    }

    fn predict_all(&mut self, open: &[usize]) {
        for position in open {
            if let (Some(cell), Some(end)) = (self.slice.cells.get(*position), self.proved.ends.get_mut(*position)) {
                *end = Some(predict(cell, &Outcome::Answered(RowVerdict::Written)));
            }
        }
    }

    /// One round of push and read-back. Returns what is to be sent again.
    async fn round(&mut self, open: Vec<usize>, alone: bool) -> Vec<usize> {
        let cells = &self.slice.cells;
        let mut rows: BTreeMap<Uid, Vec<PayloadRow>> = BTreeMap::new();
        for cell in open.iter().filter_map(|position| cells.get(*position)) {
            // Preflight found a data set for every cell that is sent.
            let Some(data_set) = cell.data_set else { continue };
            rows.entry(data_set).or_default().push(row(cell));
        }
        if alone {
            self.sent_again.extend(rows.values().flatten().map(|row| row.cell));
        }
        let (mut outcomes, trouble, sent_again) = Sender::new(self.context, self.slice, alone).send(rows).await;
        self.sent_again.extend(sent_again);
        // A login that is refused for an import may still read, and what the answer hides may have arrived: one look.
        let read_back = self.read_back(&open, trouble.is_some()).await;
        self.proved.login_refused |= trouble.as_ref().is_some_and(|trouble| trouble.login_refused);
        self.proved.trouble = trouble.map(|trouble| trouble.code);
        self.cut_off = read_back.is_none() && self.is_over();
        let mut again = Vec::new();
        for position in open {
            let Some(cell) = cells.get(position) else { continue };
            let outcome = outcomes
                .remove(&cell.key)
                .unwrap_or_else(|| Outcome::NotSent { reason: "the row was not tried".to_owned() });
            let outcome = self.with_memory(position, outcome);
            self.judge(position, cell, &outcome, read_back.as_ref(), &mut again);
        }
        again
    }

    /// Reads the org units of the open cells again; none where nothing can or shall be read.
    async fn read_back(&mut self, open: &[usize], had_trouble: bool) -> Option<StoredValues> {
        if self.context.mode != RunMode::Run || !self.context.policies().verify {
            return None;
        }
        let org_units: BTreeSet<Uid> = open
            .iter()
            .filter_map(|position| self.slice.cells.get(*position))
            .map(|cell| cell.key.org_unit)
            .filter(|unit| !self.slice.unreadable.contains(unit))
            .collect();
        if org_units.is_empty() || self.proved.login_refused {
            return None;
        }
        let reading = read::stored(&self.context.side, self.slice.job, &org_units);
        match self.context.unless_stopped(reading).await {
            Some(Ok(stored)) => {
                self.let_go(&stored, &org_units);
                Some(stored)
            }
            Some(Err(error)) => {
                let error = SliceError::from(error);
                self.proved.login_refused |= error.login_refused;
                // The client has tried for a while; the next slice would only wait as long.
                if error.temporary || had_trouble {
                    self.proved.unreachable = Some(Halt { reason: error.reason, code: error.code });
                }
                None
            }
            None => None,
        }
    }

    /// The read-back shows cells that somebody else changed meanwhile, too. What this slice sent is not among them as long
    /// as it stands there.
    fn let_go(&self, stored: &StoredValues, org_units: &BTreeSet<Uid>) {
        let cells: Hashed<CellKey, &Cell> =
            self.slice.cells.iter().filter(|cell| cell.step.is_sent()).map(|cell| (cell.key, cell)).collect();
        let seen = |cell: &CellKey| org_units.contains(&cell.org_unit) && self.context.side.sees(stored, cell);
        let was_sent = |cell: &CellKey| cells.contains_key(cell);
        // What was sent is missing from one that is false, too: the next comparison looks again.
        if !ownership::doubtful(&self.slice.ledger.cells, stored, |cell| seen(cell) && !was_sent(cell)).is_empty() {
            return;
        }
        let lost =
            ownership::let_go(&self.slice.ledger.cells, stored, self.context.destination_metadata, seen, |cell| {
                cells.get(cell).map(|cell| cell.value.clone())
            });
        if !lost.is_empty() {
            self.context.keep(|journal| journal.forget(&lost));
        }
    }

    fn judge(
        &mut self,
        position: usize,
        cell: &Cell,
        outcome: &Outcome,
        read_back: Option<&StoredValues>,
        again: &mut Vec<usize>,
    ) {
        if self.context.mode == RunMode::DryRun {
            self.settle(position, predict(cell, outcome));
            return;
        }
        let seen = match read_back {
            Some(stored) if !stored.unreadable.contains(&cell.key.org_unit) && !stored.twice.contains(&cell.key) => {
                ReadBack::Seen(stored.values.get(&cell.key))
            }
            _ => ReadBack::Unseen,
        };
        // By the last answer; a try before it may have arrived. Whatever the server says: it was seen that something else stood there before, and now it bears our name.
        let bears_our_name = matches!(seen, ReadBack::Seen(Some(stored)) if stored.by == StoredBy::Us);
        let is_left_alone = matches!(outcome, Outcome::Answered(RowVerdict::LeftAlone)) && !bears_our_name;
        if is_left_alone && !self.sent_again.contains(&cell.key) {
            let metadata = self.context.destination_metadata;
            let before = self.context.state().open.may_have_brought(&cell.key, cell.value.as_deref(), metadata);
            let left_alone = if before { LeftAlone::PerhapsByUs } else { LeftAlone::BySomebody };
            self.proved.left_alone.insert(cell.key, left_alone);
        } else {
            self.proved.left_alone.remove(&cell.key);
        }
        let value_type = self.slice.job.items.get(cell.item).map_or(ValueType::Other, |item| item.value_type);
        match judge(cell, outcome, seen, value_type) {
            Judgement::Settled(settled) => self.settle(position, settled),
            Judgement::SendAgain(settled) => {
                if matches!(
                    outcome,
                    Outcome::Answered(RowVerdict::Unproved { reason: Unproved::Lost | Unproved::PeriodRace })
                ) {
                    self.proved.findings.add(Note::new(&finding::ROWS_LOST_IN_RACE, 1));
                }
                self.fallback.insert(position, settled);
                again.push(position);
            }
        }
    }

    /// A row whose answer was lost once may still arrive, or has: that it was not sent the second time does not make it
    /// `not_sent`, and what the read-back finds is ours.
    fn with_memory(&mut self, position: usize, outcome: Outcome) -> Outcome {
        match (&outcome, self.lost.get(&position)) {
            (Outcome::NoAnswer { reason }, None) => {
                self.lost.insert(position, reason.clone());
            }
            (Outcome::NotSent { .. }, Some(reason)) => return Outcome::NoAnswer { reason: reason.clone() },
            _ => {}
        }
        outcome
    }

    fn settle(&mut self, position: usize, mut settled: Settled) {
        if settled.state == CellState::Accepted && settled.why.is_none() {
            let (code, reason): (&'static Code, _) = if self.cut_off && self.context.policies().verify {
                (&finding::READ_BACK_CUT_OFF, "accepted by the server; the run ended before it was read back")
            } else if self.context.policies().verify {
                (&finding::NO_READ_BACK, "accepted by the server and not read back")
            } else if self.context.capabilities.loses_rows_silently {
                let reason = "accepted by the server, whose version may lose rows without a message; verification is \
                              switched off";
                (&finding::NOT_PROVED, reason)
            } else {
                (&finding::NOT_PROVED, "accepted by the server; verification is switched off")
            };
            settled = Settled::because(CellState::Accepted, code, reason);
        }
        if let Some(end) = self.proved.ends.get_mut(position) {
            *end = Some(settled);
        }
    }
}

fn row(cell: &Cell) -> PayloadRow {
    PayloadRow { cell: cell.key, value: cell.value.clone(), comment: cell.comment.clone(), followup: cell.followup }
}
