//! Sending rows: one data set per POST, primers alone, lanes of whole org units side by side.
//!
//! Each POST is written into the journal before it is sent, and again when its answer was read. A POST without answer
//! is not repeated here: the server may still be at work on it. Its rows come back as [`Outcome::NoAnswer`], and the
//! read-back decides (`prove`). A POST that was refused goes through `refusal` until every row has a verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::accounting::RowVerdict;
use crate::batch::controller::{BatchController, DataSetKind, PostOutcome};
use crate::batch::partition::{Lane, kind_of, plan};
use crate::diff::Cell;
use crate::engine::context::Context;
use crate::engine::prepare::Prepared;
use crate::engine::servers::DataServer;
use crate::events::Event;
use crate::refusal::Pruning;
use crate::verify::Outcome;
use xfer_dhis2::data_value_sets::{ImportAnswer, Payload, PayloadRow};
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_domain::cell::CellKey;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::hashed::Hashed;
use xfer_domain::journal::{ChunkStart, SentCell};
use xfer_domain::run::RunMode;
use xfer_domain::uid::Uid;

/// How long a POST in flight may still take once the run is told to stop; the process has to be gone within 5 s.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// Sends rows of one job, all at once or (`alone`) one POST after another.
pub(super) struct Sender<'send, 'run, S, D> {
    context: &'send Context<'run, S, D>,
    slice: &'send Prepared<'run>,
    /// The slice's cells, for what is written down of a POST before it leaves.
    cells: Hashed<CellKey, &'send Cell>,
    alone: bool,
    /// Why nothing more is sent in this round.
    trouble: Mutex<Option<Trouble>>,
    /// Cells that left more than once in this round.
    sent_again: Mutex<BTreeSet<CellKey>>,
}

/// Why nothing more is sent.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) reason: String,
    /// How a run ends of which nothing can be done because of it.
    pub(super) code: ExitCode,
    /// Whether the login was refused: then nothing is sent in this run any more.
    pub(super) login_refused: bool,
}

/// What came of one POST.
enum Posted {
    Answer(ImportAnswer),
    /// Too many rows for the server or the way to it; nothing was taken in.
    TooBig(String),
    NoAnswer(String),
    NotSent(String),
    /// Refused as a whole, for a reason that is not in the rows.
    Refused {
        code: Option<String>,
        text: String,
    },
}

/// Each row once.
type Outcomes = Vec<(CellKey, Outcome)>;

impl<'send, 'run, S, D: DataServer> Sender<'send, 'run, S, D> {
    pub(super) fn new(context: &'send Context<'run, S, D>, slice: &'send Prepared<'run>, alone: bool) -> Self {
        let sent = slice.cells.iter().filter(|cell| cell.step.is_sent());
        let cells = sent.map(|cell| (cell.key, cell)).collect();
        Self { context, slice, cells, alone, trouble: Mutex::default(), sent_again: Mutex::default() }
    }

    /// Sends the rows of each data set and says what became of each, and which left more than once.
    pub(super) async fn send(
        self,
        rows: BTreeMap<Uid, Vec<PayloadRow>>,
    ) -> (Hashed<CellKey, Outcome>, Option<Trouble>, BTreeSet<CellKey>) {
        let mut outcomes = Outcomes::default();
        for (data_set, rows) in rows {
            outcomes.extend(self.data_set(data_set, rows).await);
        }
        let trouble = self.trouble();
        (outcomes.into_iter().collect(), trouble, self.sent_again.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    async fn data_set(&self, id: Uid, rows: Vec<PayloadRow>) -> Outcomes {
        let metadata = self.context.destination_metadata;
        // Preflight takes the data set from this metadata, so it is there.
        let kind = metadata.data_sets.get(&id).map_or(DataSetKind::Plain, |data_set| kind_of(metadata, data_set));
        let seen: BTreeSet<_> = match self.context.mode {
            // A dry run brings no period into being, so there is nothing to race for.
            RunMode::DryRun | RunMode::Check => rows.iter().map(|row| row.cell.period).collect(),
            RunMode::Run => self.context.state().seen.clone(),
        };
        let lanes = if self.alone { 1 } else { usize::from(self.context.policies().parallel) };
        let work = plan(rows, &seen, lanes);
        let mut outcomes = Outcomes::default();
        for primer in work.primers {
            outcomes.extend(self.chunk(id, kind, vec![primer]).await);
        }
        for lane in join_all(work.lanes.into_iter().map(|lane| self.lane(id, kind, lane))).await {
            outcomes.extend(lane);
        }
        outcomes
    }

    async fn lane(&self, data_set: Uid, kind: DataSetKind, mut lane: Lane) -> Outcomes {
        let mut outcomes = Outcomes::default();
        while !lane.is_empty() {
            let limit = self.controller(kind, |controller| controller.limit());
            let rows = lane.take(limit);
            outcomes.extend(self.chunk(data_set, kind, rows).await);
        }
        outcomes
    }

    /// One chunk through all its refusals.
    async fn chunk(&self, data_set: Uid, kind: DataSetKind, rows: Vec<PayloadRow>) -> Outcomes {
        let mut pruning =
            Pruning::new(&rows, self.context.destination_metadata, self.context.capabilities.import_engine);
        let mut outcomes = Outcomes::with_capacity(rows.len());
        let mut open: Vec<Vec<usize>> = vec![(0..rows.len()).collect()];
        let mut is_first = true;
        while let Some(group) = open.pop() {
            if !std::mem::take(&mut is_first) {
                self.leaves_again(group.iter().filter_map(|row| rows.get(*row)));
            }
            let all = |outcome: &Outcome, outcomes: &mut Outcomes| {
                outcomes.extend(group.iter().filter_map(|row| Some((rows.get(*row)?.cell, outcome.clone()))));
            };
            match self.post(data_set, kind, &rows, &group).await {
                Posted::Answer(answer) => {
                    let next = pruning.after(&group, &answer);
                    for (row, verdict) in next.settled {
                        if let Some(row) = rows.get(row) {
                            outcomes.push((row.cell, Outcome::Answered(verdict)));
                        }
                    }
                    open.extend(next.resend);
                }
                Posted::TooBig(_) if group.len() > 1 => {
                    let (left, right) = group.split_at(group.len() / 2);
                    open.extend([right.to_vec(), left.to_vec()]);
                }
                Posted::NotSent(reason) => all(&Outcome::NotSent { reason }, &mut outcomes),
                Posted::TooBig(reason) | Posted::NoAnswer(reason) => {
                    all(&Outcome::NoAnswer { reason }, &mut outcomes);
                }
                Posted::Refused { code, text } => {
                    all(&Outcome::Answered(RowVerdict::Refused { code, text: text.into() }), &mut outcomes);
                }
            }
        }
        self.remember_periods(&outcomes);
        outcomes
    }

    /// Whatever the answer to the first time was, the server may have acted on it.
    fn leaves_again<'row>(&self, rows: impl Iterator<Item = &'row PayloadRow>) {
        let mut sent_again = self.sent_again.lock().unwrap_or_else(PoisonError::into_inner);
        sent_again.extend(rows.map(|row| row.cell));
    }

    /// Periods of written rows need no primer any more.
    fn remember_periods(&self, outcomes: &Outcomes) {
        let written = |outcome: &Outcome| matches!(outcome, Outcome::Answered(RowVerdict::Written));
        let periods = outcomes.iter().filter(|(_, outcome)| written(outcome)).map(|(cell, _)| cell.period);
        self.context.state().seen.extend(periods);
    }

    async fn post(&self, data_set: Uid, kind: DataSetKind, rows: &[PayloadRow], group: &[usize]) -> Posted {
        if let Some(trouble) = self.trouble() {
            return Posted::NotSent(trouble.reason);
        }
        if self.context.stop.is_cancelled() {
            return Posted::NotSent("the run was stopped".to_owned());
        }
        if let Some(cause) = self.context.broken() {
            return Posted::NotSent(cause.to_string());
        }
        let payload = Payload::new(data_set, group.iter().filter_map(|row| rows.get(*row)).collect());
        let journaled = self.context.mode == RunMode::Run;
        // What cannot be written down first does not leave.
        let number = match journaled.then(|| self.announce(&payload)) {
            Some(Ok(number)) => number,
            Some(Err(reason)) => return Posted::NotSent(reason),
            None => 0,
        };
        let start = Instant::now();
        let result = self.push(&payload).await;
        let seconds = start.elapsed().as_secs_f64();
        if result.as_ref().is_ok_and(|answer| answer.is_of_another_try) {
            self.leaves_again(payload.rows.iter().copied());
        }
        let posted = self.understand(result);
        let (learned, sentence) = match &posted {
            Posted::Answer(answer) if answer.summary.is_some() => (PostOutcome::Answered, Some(sentence(answer))),
            Posted::Answer(answer) => (PostOutcome::Refused, Some(sentence(answer))),
            Posted::TooBig(reason) => (PostOutcome::TooBig, Some(reason.clone())),
            Posted::NoAnswer(_) => (PostOutcome::TooBig, None),
            Posted::NotSent(reason) => (PostOutcome::Refused, Some(reason.clone())),
            Posted::Refused { text, .. } => (PostOutcome::Refused, Some(text.clone())),
        };
        let org_units = payload.rows.chunk_by(|left, right| left.cell.org_unit == right.cell.org_unit).count();
        self.controller(kind, |controller| controller.record(payload.rows.len(), org_units, seconds, learned));
        // A POST without answer stays `sending` in the journal: that is what it is.
        if let (true, Some(sentence)) = (journaled, sentence) {
            self.context.keep(|journal| journal.chunk_done(self.context.run, number, &sentence));
        }
        self.context.tell(Event::Pushed { rows: payload.rows.len() as u64, dry_run: !journaled });
        posted
    }

    /// Writes the POST into the journal before it is sent; or says why not.
    fn announce(&self, payload: &Payload<'_>) -> Result<u64, String> {
        let number = {
            let mut state = self.context.state();
            let number = state.next_chunk;
            state.next_chunk += 1;
            number
        };
        let chunk = ChunkStart {
            number,
            job: self.slice.job.name.clone(),
            data_set: payload.data_set,
            digest: payload.digest,
            rows: payload.rows.len() as u64,
        };
        let cells: Vec<SentCell> = payload.rows.iter().map(|row| self.sent(row)).collect();
        match self.context.keep(|journal| journal.chunk_sending(self.context.run, &chunk, &cells)) {
            Some(()) => Ok(number),
            None => Err(self.context.broken().map(ToString::to_string).unwrap_or_default()),
        }
    }

    fn sent(&self, row: &PayloadRow) -> SentCell {
        let cell = self.cells.get(&row.cell);
        // What cannot be read is at least what the routine wrote there last, if it did.
        let unseen = self.slice.unreadable.contains(&row.cell.org_unit);
        let written = self.slice.ledger.cells.get(&row.cell).filter(|_| unseen);
        SentCell {
            cell: row.cell,
            previous: written.or(cell.and_then(|cell| cell.previous.as_ref())).cloned(),
            blind: unseen && written.is_none(),
            value: row.value.clone(),
            contributions: cell.map_or(0, |cell| cell.contributions),
            from: self.slice.job.first_source(&row.cell),
        }
    }

    /// Sends, and sends again while no connection comes about: then nothing has left.
    async fn push(&self, payload: &Payload<'_>) -> Result<ImportAnswer, ClientError> {
        let dry_run = self.context.mode != RunMode::Run;
        let mut pauses = self.context.patience.pauses();
        loop {
            let sending = self.context.destination.push(payload, dry_run);
            let stopping = async {
                self.context.stop.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            let result = tokio::select! {
                result = sending => result,
                () = stopping => Err(ClientError {
                    server: self.context.destination.name().to_owned(),
                    request: "POST /api/dataValueSets".to_owned(),
                    kind: ClientErrorKind::Interrupted { source: None },
                }),
            };
            match (&result, pauses.next()) {
                (Err(ClientError { kind: kind @ ClientErrorKind::Connect { .. }, server, .. }), Some(pause)) => {
                    if !self.context.pause(pause, &kind.to_string(), server).await {
                        return result;
                    }
                }
                _ => return result,
            }
        }
    }

    fn understand(&self, result: Result<ImportAnswer, ClientError>) -> Posted {
        use ClientErrorKind as Kind;
        let error = match result {
            Ok(answer) => return Posted::Answer(answer),
            Err(error) => error,
        };
        let reason = error.to_string();
        let trouble = |login_refused| Trouble { reason: reason.clone(), code: error.code(), login_refused };
        match &error.kind {
            Kind::PayloadTooLarge | Kind::UriTooLong => return Posted::TooBig(reason),
            Kind::Refused { code, message, .. } => {
                return Posted::Refused { code: code.clone(), text: message.clone() };
            }
            Kind::Unauthorized { .. } | Kind::Forbidden { .. } | Kind::LoginPage { .. } => {
                self.give_up(trouble(true));
            }
            // A single POST may be lost on the way; a server that is away, or not a DHIS2, is so for the next one too.
            Kind::Unavailable { status: 503, .. } => {
                self.give_up(trouble(false));
            }
            kind if !kind.may_have_arrived() || kind.is_the_server() => {
                self.give_up(trouble(false));
            }
            _ => {}
        }
        if error.kind.may_have_arrived() { Posted::NoAnswer(reason) } else { Posted::NotSent(reason) }
    }

    fn give_up(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    fn trouble(&self) -> Option<Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn controller<T>(&self, kind: DataSetKind, act: impl FnOnce(&mut BatchController) -> T) -> T {
        let import_engine = self.context.capabilities.import_engine;
        let mut state = self.context.state();
        act(state.controllers.entry(kind).or_insert_with(|| BatchController::new(import_engine, kind, None)))
    }
}

/// An answer in one sentence, for the journal.
fn sentence(answer: &ImportAnswer) -> String {
    match &answer.summary {
        Some(summary) => {
            let count = summary.count;
            format!(
                "{} {:?}: {} imported, {} updated, {} deleted, {} ignored, {} refused",
                answer.http_status,
                summary.status,
                count.imported,
                count.updated,
                count.deleted,
                count.ignored,
                summary.rejected_rows.len()
            )
        }
        None => format!("{} without summary", answer.http_status),
    }
}
