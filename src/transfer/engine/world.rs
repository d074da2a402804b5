//! Two servers and a journal in memory, with faults: what the engine's tests run against.
//!
//! The destination judges a POST as its generation does, including the two ways to lose rows that have no name: the
//! race for a new period, and answers that never arrive. The sandbox does the same over sockets; this one is here so
//! that thousands of random runs take seconds.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::dhis2::analytics::{AnalyticsQuery, AnalyticsValue};
use crate::dhis2::data_value_sets::{ImportAnswer, Payload, PayloadRow, RawQuery};
use crate::dhis2::error::{ClientError, ClientErrorKind};
use crate::dhis2::system::{AnalyticsStamp, Probe};
use crate::domain::cell::{CellAddress, CellKey, CellState};
use crate::domain::data_value::DataValue;
use crate::domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};
use crate::domain::journal::{CellRecord, ChunkStart, Journal, JournalError, LedgerEntry, RunStart};
use crate::domain::metadata::Metadata;
use crate::domain::period::Period;
use crate::domain::period::relative::RelativeOptions;
use crate::domain::routine::RoutineDocument;
use crate::domain::run::{Report, RunMode, Traffic};
use crate::domain::server::Account;
use crate::domain::uid::Uid;
use crate::domain::value_type::ImportEngine;
use crate::transfer::engine::{
    DataServer, Endpoint, Patience, RunRequest, RunResult, TransferError, Tuning, run as engine_run,
};
use crate::transfer::events::Event;
use crate::transfer::fixture;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// No connection: nothing left.
    Connect,
    /// Nothing came back, and nothing was done.
    Timeout,
    /// A POST: done, and the answer lost. A read: broken off in the middle.
    Interrupted,
    /// A POST: SUCCESS, and nothing stored (2.43 after a database error).
    Silent,
    /// The login is refused.
    Unauthorized,
    /// The server fails.
    ServerError,
    /// Too large for a proxy.
    TooLarge,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) values: BTreeMap<CellKey, DataValue>,
    pub(super) aggregated: Vec<AnalyticsValue>,
    /// Builds of the analytics tables still to come, one after each stamp that is asked for.
    pub(super) rebuilds: usize,
    pub(super) builds: i8,
    /// Rows of each POST that reached the server.
    pub(super) posts: Vec<Vec<PayloadRow>>,
    pub(super) dry_posts: usize,
    pub(super) raw_reads: usize,
    pub(super) post_faults: VecDeque<Option<Fault>>,
    pub(super) read_faults: VecDeque<Option<Fault>>,
    /// Org units whose rows are refused by name.
    pub(super) closed: BTreeSet<Uid>,
    /// Cells whose values are refused.
    pub(super) bad: BTreeSet<CellKey>,
    /// Cells on which the server crashes.
    pub(super) poison: BTreeSet<CellKey>,
    /// A concurrent writer: what it makes of a value as soon as it is stored.
    pub(super) meddled: BTreeMap<CellKey, String>,
    pub(super) may_not_read: bool,
    in_flight: BTreeMap<u64, BTreeSet<Period>>,
    next_request: u64,
}

/// A server in memory.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) version: &'static str,
    pub(super) metadata: Metadata,
    pub(super) state: Mutex<State>,
}

impl Server {
    pub(super) fn new(version: &'static str) -> Self {
        Self { version, metadata: fixture::metadata(), state: Mutex::default() }
    }

    pub(super) fn put(&self, cell: CellKey, text: &str) {
        let value = DataValue { cell, value: Some(text.to_owned()), comment: None, followup: false, deleted: false };
        self.state.lock().unwrap().values.insert(cell, value);
    }

    pub(super) fn text_of(&self, cell: &CellKey) -> Option<String> {
        self.state.lock().unwrap().values.get(cell).and_then(|value| value.value.clone())
    }

    pub(super) fn texts(&self) -> BTreeMap<CellKey, String> {
        let state = self.state.lock().unwrap();
        state.values.iter().filter_map(|(key, value)| Some((*key, value.value.clone()?))).collect()
    }

    fn endpoint(&self) -> Endpoint<'_, Self> {
        let origin = "https://fake".to_owned();
        Endpoint { client: self, metadata: &self.metadata, origin, pinned_system_id: None }
    }

    fn engine(&self) -> ImportEngine {
        fixture::identity(self.version).version.import_engine()
    }

    fn fail(kind: ClientErrorKind) -> ClientError {
        ClientError { server: "fake".to_owned(), request: "GET /api/fake".to_owned(), kind }
    }

    fn stamp(builds: i8) -> AnalyticsStamp {
        let built_at = Some(jiff::civil::datetime(2024, 11, 15, builds, 0, 0, 0));
        AnalyticsStamp { built_at, partition_at: None }
    }
}

fn kind_of(fault: Fault) -> ClientErrorKind {
    match fault {
        Fault::Connect => ClientErrorKind::Connect { reason: "refused".to_owned(), source: None },
        Fault::Timeout => ClientErrorKind::Timeout { waited: Duration::from_mins(5) },
        Fault::Interrupted | Fault::Silent => ClientErrorKind::Interrupted { source: None },
        Fault::Unauthorized => ClientErrorKind::Unauthorized { message: "Unauthorized".to_owned() },
        Fault::ServerError => ClientErrorKind::ServerError { status: 500, message: "oops".to_owned() },
        Fault::TooLarge => ClientErrorKind::PayloadTooLarge,
    }
}

impl DataServer for Server {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn traffic(&self) -> Traffic {
        let state = self.state.lock().unwrap();
        Traffic { requests: (state.posts.len() + state.raw_reads) as u64, ..Traffic::default() }
    }

    async fn probe(&self) -> Result<Probe, ClientError> {
        Ok(Probe {
            identity: fixture::identity(self.version),
            server_date: jiff::civil::datetime(2024, 11, 15, 12, 0, 0, 0),
            time_zone: None,
            analytics_at: Self::stamp(1).built_at,
            analytics_partition_at: None,
            account: Account {
                username: "transfer".to_owned(),
                authorities: vec!["F_DATAVALUE_ADD".to_owned()],
                organisation_units: vec![fixture::country()],
                data_view_organisation_units: vec![],
            },
            analytics_includes_zeros: Some(true),
            output_period_types_missing: false,
        })
    }

    async fn analytics_stamp(&self) -> Result<AnalyticsStamp, ClientError> {
        let mut state = self.state.lock().unwrap();
        let stamp = Self::stamp(state.builds + 1);
        if state.rebuilds > 0 {
            state.rebuilds -= 1;
            state.builds += 1;
        }
        Ok(stamp)
    }

    async fn read_raw(
        &self,
        query: &RawQuery,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<u64, ClientError> {
        let (found, fault) = {
            let mut state = self.state.lock().unwrap();
            state.raw_reads += 1;
            if state.may_not_read {
                let (code, message) = (Some("E2012".to_owned()), "not in user hierarchy".to_owned());
                return Err(Self::fail(ClientErrorKind::Refused { status: 409, code, message }));
            }
            let inside = |unit: Uid| {
                let unit = &self.metadata.organisation_units[&unit];
                query.org_units.iter().any(|root| if query.children { unit.is_within(*root) } else { unit.id == *root })
            };
            let found: Vec<DataValue> = state
                .values
                .values()
                .filter(|value| query.data_elements.contains(&value.cell.data_element))
                .filter(|value| query.periods.contains(&value.cell.period) && inside(value.cell.org_unit))
                .cloned()
                .collect();
            (found, state.read_faults.pop_front().flatten())
        };
        let number = found.len();
        let kept = if fault == Some(Fault::Interrupted) { number / 2 } else { number };
        match fault {
            None | Some(Fault::Interrupted) => found.into_iter().take(kept).for_each(on_value),
            Some(_) => {}
        }
        fault.map_or(Ok(number as u64), |fault| Err(Self::fail(kind_of(fault))))
    }

    async fn read_analytics(&self, query: &AnalyticsQuery) -> Result<Vec<AnalyticsValue>, ClientError> {
        let state = self.state.lock().unwrap();
        let asked = |value: &&AnalyticsValue| {
            query.data.contains(&value.data)
                && query.org_units.contains(&value.org_unit)
                && query.periods.contains(&value.period)
        };
        Ok(state.aggregated.iter().filter(asked).cloned().collect())
    }

    async fn push(&self, payload: &Payload, dry_run: bool) -> Result<ImportAnswer, ClientError> {
        let (fault, request) = self.receive(payload, dry_run);
        // Other requests arrive before this one is done.
        tokio::task::yield_now().await;
        let answer = match fault {
            None | Some(Fault::Interrupted) => self.judge(payload, dry_run, request),
            Some(Fault::Silent) => answer(
                200,
                ImportStatus::Success,
                ImportCount { ignored: payload.rows.len() as u64, ..ImportCount::default() },
                vec![],
                vec![],
            ),
            Some(_) => answer(500, ImportStatus::Error, ImportCount::default(), vec![], vec![]),
        };
        self.state.lock().unwrap().in_flight.remove(&request);
        match fault {
            None | Some(Fault::Silent) => Ok(answer),
            Some(fault) => Err(Self::fail(kind_of(fault))),
        }
    }
}

impl Server {
    fn receive(&self, payload: &Payload, dry_run: bool) -> (Option<Fault>, u64) {
        let mut state = self.state.lock().unwrap();
        let fault = state.post_faults.pop_front().flatten();
        if dry_run {
            state.dry_posts += 1;
        } else if !matches!(fault, Some(Fault::Connect)) {
            state.posts.push(payload.rows.clone());
        }
        let known: BTreeSet<Period> = state.values.keys().map(|key| key.period).collect();
        let new = payload.rows.iter().map(|row| row.cell.period).filter(|period| !known.contains(period)).collect();
        let request = state.next_request;
        state.next_request += 1;
        state.in_flight.insert(request, new);
        (fault, request)
    }

    fn judge(&self, payload: &Payload, dry_run: bool, request: u64) -> ImportAnswer {
        let mut state = self.state.lock().unwrap();
        let mine = state.in_flight.get(&request).cloned().unwrap_or_default();
        let lost: BTreeSet<Period> = state
            .in_flight
            .iter()
            .filter(|(other, _)| **other < request)
            .flat_map(|(_, periods)| periods.intersection(&mine).copied().collect::<Vec<_>>())
            .collect();
        match self.engine() {
            ImportEngine::RowByRow => row_by_row(&mut state, &self.metadata, payload, dry_run, &lost),
            ImportEngine::SetBased => set_based(&mut state, payload, dry_run, &lost),
        }
    }
}

fn answer(
    http_status: u16,
    status: ImportStatus,
    count: ImportCount,
    conflicts: Vec<ImportConflict>,
    rejected_rows: Vec<usize>,
) -> ImportAnswer {
    let summary = ImportSummary { status, description: None, count, conflicts, rejected_rows, data_set_complete: None };
    ImportAnswer { http_status, summary: Some(summary), message: None }
}

fn conflict(code: &str, text: String, rows: Vec<usize>) -> ImportConflict {
    ImportConflict { code: Some(code.to_owned()), text, rows, named_ids: vec![], property: None }
}

/// Up to 2.42.
fn row_by_row(
    state: &mut State,
    metadata: &Metadata,
    payload: &Payload,
    dry_run: bool,
    lost: &BTreeSet<Period>,
) -> ImportAnswer {
    let mut count = ImportCount::default();
    let (mut conflicts, mut rejected) = (Vec::new(), Vec::new());
    for (position, row) in payload.rows.iter().enumerate() {
        let refusal = if lost.contains(&row.cell.period) {
            Some(("E7611", format!("Period not found or not accessible: `{}`", row.cell.period)))
        } else if state.closed.contains(&row.cell.org_unit) {
            Some(("E7617", format!("Organisation unit: `{}` not in hierarchy of current user", row.cell.org_unit)))
        } else if state.bad.contains(&row.cell) || state.poison.contains(&row.cell) {
            Some(("E7619", "Value must match value type".to_owned()))
        } else {
            None
        };
        if let Some((code, text)) = refusal {
            conflicts.push(conflict(code, text, vec![position]));
            rejected.push(position);
            count.ignored += 1;
            continue;
        }
        store_old(state, metadata, row, dry_run, &mut count);
    }
    let status = if conflicts.is_empty() { ImportStatus::Success } else { ImportStatus::Warning };
    answer(if conflicts.is_empty() { 200 } else { 409 }, status, count, conflicts, rejected)
}

fn store_old(state: &mut State, metadata: &Metadata, row: &PayloadRow, dry_run: bool, count: &mut ImportCount) {
    let existing = state.values.get(&row.cell).cloned();
    let element = &metadata.data_elements[&row.cell.data_element];
    let zero = row.value.as_deref() == Some("0") && !element.zero_is_significant && element.value_type.is_numeric();
    match (&row.value, existing) {
        (None, None) => count.ignored += 1,
        (Some(_), None) if zero => {}
        (Some(_), Some(_)) if zero => {
            count.deleted += 1;
            remove(state, row, dry_run);
        }
        (None, Some(_)) => {
            count.deleted += 1;
            remove(state, row, dry_run);
        }
        (Some(_), None) => {
            count.imported += 1;
            store(state, row, dry_run);
        }
        (Some(_), Some(existing)) => {
            if (&existing.value, &existing.comment, existing.followup) == (&row.value, &row.comment, row.followup) {
                count.ignored += 1;
            } else {
                count.updated += 1;
                store(state, row, dry_run);
            }
        }
    }
}

/// From 2.43 on.
fn set_based(state: &mut State, payload: &Payload, dry_run: bool, lost: &BTreeSet<Period>) -> ImportAnswer {
    let rows = &payload.rows;
    let all: Vec<usize> = (0..rows.len()).collect();
    if rows.iter().any(|row| state.poison.contains(&row.cell)) {
        return ImportAnswer { http_status: 500, summary: None, message: Some("group is null".to_owned()) };
    }
    let closed: BTreeSet<String> = rows
        .iter()
        .filter(|row| state.closed.contains(&row.cell.org_unit))
        .map(|row| row.cell.org_unit.to_string())
        .collect();
    if !closed.is_empty() {
        let closed: Vec<String> = closed.into_iter().collect();
        let text = format!("Data set not usable with org unit(s): `[{}]`", closed.join(", "));
        let conflicts = vec![conflict("E8022", text, all.clone())];
        return answer(409, ImportStatus::Error, ImportCount::default(), conflicts, all);
    }
    if rows.iter().any(|row| lost.contains(&row.cell.period)) {
        let count = ImportCount { ignored: rows.len() as u64, ..ImportCount::default() };
        return answer(200, ImportStatus::Success, count, vec![], vec![]);
    }
    let bad: Vec<usize> = (0..rows.len()).filter(|position| state.bad.contains(&rows[*position].cell)).collect();
    let mut count = ImportCount { ignored: bad.len() as u64, ..ImportCount::default() };
    for row in rows.iter().filter(|row| !state.bad.contains(&row.cell)).cloned().collect::<Vec<_>>() {
        count.updated += 1;
        match row.value {
            Some(_) => store(state, &row, dry_run),
            None => remove(state, &row, dry_run),
        }
    }
    let conflicts =
        bad.iter().map(|position| conflict("E8122", format!("Value #{position} is no valid NUMBER"), vec![*position]));
    let (http_status, status) = match (bad.is_empty(), count.updated) {
        (true, _) => (200, ImportStatus::Success),
        (false, 0) => (409, ImportStatus::Error),
        (false, _) => (200, ImportStatus::Warning),
    };
    answer(http_status, status, count, conflicts.collect(), bad)
}

fn store(state: &mut State, row: &PayloadRow, dry_run: bool) {
    if !dry_run {
        let text = state.meddled.get(&row.cell).cloned().or_else(|| row.value.clone());
        let value = DataValue {
            cell: row.cell,
            value: text,
            comment: row.comment.clone(),
            followup: row.followup,
            deleted: false,
        };
        state.values.insert(row.cell, value);
    }
}

fn remove(state: &mut State, row: &PayloadRow, dry_run: bool) {
    if !dry_run {
        state.values.remove(&row.cell);
    }
}

/// A journal in memory.
#[derive(Debug, Default)]
pub(super) struct MemoryJournal {
    pub(super) mode: Option<RunMode>,
    pub(super) sending: Vec<u64>,
    pub(super) done: Vec<u64>,
    pub(super) records: Vec<CellRecord>,
    pub(super) ledger: HashMap<CellKey, String>,
    pub(super) reports: Vec<Report>,
    /// Writes until the disk is full.
    pub(super) writes_left: Option<usize>,
}

impl MemoryJournal {
    fn write(&mut self) -> Result<(), JournalError> {
        match &mut self.writes_left {
            Some(0) => Err(JournalError { reason: "disk full".to_owned(), source: None }),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Journal for MemoryJournal {
    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        self.write()?;
        self.mode = Some(start.mode);
        self.records.clear();
        Ok(())
    }

    fn chunk_sending(&mut self, _run: Uuid, chunk: &ChunkStart) -> Result<(), JournalError> {
        self.write()?;
        self.sending.push(chunk.number);
        Ok(())
    }

    fn chunk_done(&mut self, _run: Uuid, number: u64, _answer: &str) -> Result<(), JournalError> {
        self.write()?;
        self.done.push(number);
        Ok(())
    }

    fn record_cells(&mut self, _run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        self.write()?;
        for record in cells {
            match (record.state, &record.value) {
                _ if self.mode != Some(RunMode::Run) => {}
                (CellState::Created | CellState::Updated | CellState::Accepted, Some(value)) => {
                    self.ledger.insert(record.cell, value.clone());
                }
                (CellState::Deleted | CellState::Accepted, None) => {
                    self.ledger.remove(&record.cell);
                }
                _ => {}
            }
        }
        self.records.extend_from_slice(cells);
        Ok(())
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        let asked = |cell: &CellKey| {
            addresses.contains(&cell.address()) && org_units.contains(&cell.org_unit) && periods.contains(&cell.period)
        };
        let entries = self.ledger.iter().filter(|(cell, _)| asked(cell));
        Ok(entries.map(|(cell, value)| LedgerEntry { cell: *cell, value: value.clone() }).collect())
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.write()?;
        self.reports.push(report.clone());
        Ok(())
    }
}

/// Source, destination and journal.
#[derive(Debug)]
pub(super) struct World {
    pub(super) source: Server,
    pub(super) destination: Server,
    pub(super) journal: MemoryJournal,
    pub(super) stop: CancellationToken,
    pub(super) events: Mutex<Vec<Event>>,
}

impl World {
    pub(super) fn new(destination_version: &'static str) -> Self {
        Self {
            source: Server::new("2.40.12"),
            destination: Server::new(destination_version),
            journal: MemoryJournal::default(),
            stop: CancellationToken::new(),
            events: Mutex::default(),
        }
    }

    pub(super) fn try_run(&mut self, document: &RoutineDocument, mode: RunMode) -> Result<RunResult, TransferError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(self.start(document, mode))
    }

    pub(super) async fn start(
        &mut self,
        document: &RoutineDocument,
        mode: RunMode,
    ) -> Result<RunResult, TransferError> {
        let request = RunRequest {
            run: Uuid::nil(),
            now: Timestamp::UNIX_EPOCH,
            mode,
            document,
            source: self.source.endpoint(),
            destination: self.destination.endpoint(),
            relative: RelativeOptions::default(),
            journal: &mut self.journal,
            tuning: Tuning::default(),
            patience: Patience { tries: 3, first_pause: Duration::ZERO },
            stop: self.stop.clone(),
        };
        let events = &self.events;
        engine_run(request, &|event| events.lock().unwrap().push(event)).await
    }

    pub(super) fn run(&mut self, document: &RoutineDocument) -> Report {
        self.try_run(document, RunMode::Run).unwrap().report
    }
}
