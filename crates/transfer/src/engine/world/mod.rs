//! Two servers and a journal in memory, with faults: what the engine's tests run against.
//!
//! The destination judges a POST as its generation does, including the two ways to lose rows that have no name: the
//! race for a new period, and answers that never arrive. The sandbox does the same over sockets; this one is here so
//! that thousands of random runs take seconds.

mod imports;
mod journal;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::imports::{answer, row_by_row, set_based};
pub(in crate::engine) use self::journal::MemoryJournal;

use crate::engine::run::run_with;
use crate::engine::{DataServer, Endpoint, Patience, RunRequest, RunResult, TransferError, Tuning};
use crate::events::Event;
use crate::fixture;
use crate::hooks::Hooks;
use crate::hooks::fake::ready;
use crate::plan::Whole;
use crate::stop::Stop;
use crate::tally::Findings;
use xfer_dhis2::analytics::AnalyticsQuery;
use xfer_dhis2::data_value_sets::{ImportAnswer, Payload, PayloadRow, RawQuery};
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_dhis2::system::{AnalyticsStamp, Probe};
use xfer_domain::access::{Fresh, Question};
use xfer_domain::capabilities::Capabilities;
use xfer_domain::cell::CellKey;
use xfer_domain::data_value::DataValue;
use xfer_domain::import_summary::{ImportCount, ImportStatus};
use xfer_domain::journal::Journal;
use xfer_domain::metadata::{DataAccess, Metadata};
use xfer_domain::period::Period;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Report, RunMode, ServerTraffic};
use xfer_domain::server::Account;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ImportEngine;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Fault {
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
    /// A POST: done, and answered with 401.
    LoggedOut,
    /// A POST: done, and answered with a redirect to the login page.
    LoginPage,
    /// A POST: done, and answered with 500.
    FailedAfter,
    /// The client's process dies before the request is looked at.
    KilledBefore,
    /// The client's process dies when the request was done.
    KilledAfter,
}

impl Fault {
    /// Whether a POST is done all the same.
    fn is_applied(self) -> bool {
        matches!(self, Self::Interrupted | Self::LoggedOut | Self::LoginPage | Self::FailedAfter | Self::KilledAfter)
    }
}

/// What happened at a destination, for whoever wants to know who wrote what and who saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum Happened {
    /// A row was stored or removed.
    Wrote { cell: CellKey, before: Option<String>, after: Option<String> },
    /// A read showed this of the cells that are watched.
    Shown(BTreeMap<CellKey, Option<String>>),
}

#[derive(Debug, Default)]
pub(in crate::engine) struct State {
    pub(in crate::engine) values: BTreeMap<CellKey, DataValue>,
    pub(in crate::engine) aggregated: Vec<SourceValue>,
    /// Builds of the analytics tables still to come, one after each stamp that is asked for.
    pub(in crate::engine) rebuilds: usize,
    pub(in crate::engine) builds: i8,
    /// Rows of each POST that reached the server.
    pub(in crate::engine) posts: Vec<Vec<PayloadRow>>,
    pub(in crate::engine) dry_posts: usize,
    pub(in crate::engine) raw_reads: usize,
    /// How many reads are answered before others wait; none where nobody waits.
    pub(in crate::engine) read_gate: Option<Arc<Semaphore>>,
    /// The same for POSTs.
    pub(in crate::engine) post_gate: Option<Arc<Semaphore>>,
    /// Reads that were begun, for whoever looks on.
    pub(in crate::engine) reads_begun: Arc<AtomicUsize>,
    /// Reads that are under way, and the most there were at once.
    pub(in crate::engine) reads_at_once: (usize, usize),
    pub(in crate::engine) post_faults: VecDeque<Option<Fault>>,
    pub(in crate::engine) read_faults: VecDeque<Option<Fault>>,
    /// Org units whose rows are refused by name.
    pub(in crate::engine) closed: BTreeSet<Uid>,
    /// Cells whose values are refused.
    pub(in crate::engine) bad: BTreeSet<CellKey>,
    /// Cells on which the server crashes.
    pub(in crate::engine) poison: BTreeSet<CellKey>,
    /// A concurrent writer: what it makes of a value as soon as it is stored.
    pub(in crate::engine) meddled: BTreeMap<CellKey, String>,
    /// What a person enters into a cell as soon as it has been read.
    pub(in crate::engine) entered: BTreeMap<CellKey, String>,
    pub(in crate::engine) may_not_read: bool,
    /// Data elements that the user does not see any more: reads leave them out.
    pub(in crate::engine) hidden: BTreeSet<Uid>,
    /// Category options whose data the user may not read: their rows are left out of raw reads without a message.
    pub(in crate::engine) unreadable: BTreeSet<Uid>,
    /// Cells of which is noted what reads show.
    pub(in crate::engine) watched: BTreeSet<CellKey>,
    pub(in crate::engine) happened: Vec<Happened>,
    /// Tells that the client's process is dead.
    pub(in crate::engine) kill: CancellationToken,
    in_flight: BTreeMap<u64, BTreeSet<Period>>,
    next_request: u64,
}

/// A server in memory.
#[derive(Debug)]
pub(in crate::engine) struct Server {
    pub(in crate::engine) version: &'static str,
    pub(in crate::engine) metadata: Metadata,
    pub(in crate::engine) account: Account,
    /// Whether analytics has zeros.
    pub(in crate::engine) includes_zeros: bool,
    pub(in crate::engine) state: Mutex<State>,
}

/// A value that a person entered.
fn entered(cell: CellKey, text: &str) -> DataValue {
    DataValue { cell, value: Some(text.to_owned()), comment: None, followup: false, stored_by: None, deleted: false }
}

impl Server {
    pub(in crate::engine) fn new(version: &'static str) -> Self {
        Self::with(version, fixture::metadata())
    }

    pub(in crate::engine) fn with(version: &'static str, metadata: Metadata) -> Self {
        let account = Account {
            username: "transfer".to_owned(),
            authorities: vec!["F_DATAVALUE_ADD".to_owned()],
            organisation_units: vec![fixture::country()],
            data_view_organisation_units: vec![],
        };
        Self { version, metadata, account, includes_zeros: true, state: Mutex::default() }
    }

    pub(in crate::engine) fn put(&self, cell: CellKey, text: &str) {
        self.state.lock().unwrap().values.insert(cell, entered(cell, text));
    }

    pub(in crate::engine) fn text_of(&self, cell: &CellKey) -> Option<String> {
        self.state.lock().unwrap().values.get(cell).and_then(|value| value.value.clone())
    }

    pub(in crate::engine) fn texts(&self) -> BTreeMap<CellKey, String> {
        let state = self.state.lock().unwrap();
        state.values.iter().filter_map(|(key, value)| Some((*key, value.value.clone()?))).collect()
    }

    /// Forgets the faults, and the requests of a client that died.
    pub(in crate::engine) fn calm(&self) {
        let mut state = self.state.lock().unwrap();
        state.post_faults.clear();
        state.read_faults.clear();
        state.in_flight.clear();
        state.kill = CancellationToken::new();
    }

    /// The client's process is dead: nobody waits for what comes now.
    async fn kill(&self) {
        let kill = self.state.lock().unwrap().kill.clone();
        kill.cancel();
        std::future::pending::<()>().await;
    }

    fn endpoint(&self) -> Endpoint<'_, Self> {
        let origin = "https://fake".to_owned();
        Endpoint { client: self, metadata: &self.metadata, origin, pinned_system_id: None }
    }

    /// Rows of an attribute option combo with an option that the user may not read are left out without a message.
    fn may_read(&self, state: &State, combo: Uid) -> bool {
        let combo = self.metadata.category_option_combos.get(&combo);
        let options = combo.into_iter().flat_map(|combo| &combo.category_options);
        options
            .filter_map(|option| self.metadata.category_options.get(option))
            .all(|option| option.access.read && !state.unreadable.contains(&option.id))
    }

    /// Whether an org unit lies in the user's data view hierarchy.
    fn may_see(&self, unit: Uid) -> bool {
        let roots = match self.account.data_view_organisation_units.as_slice() {
            [] => &self.account.organisation_units,
            roots => roots,
        };
        roots.iter().any(|root| self.metadata.organisation_units[&unit].is_within(*root))
    }

    fn engine(&self) -> ImportEngine {
        Capabilities::of(&fixture::identity(self.version).version).import_engine
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
        Fault::Interrupted | Fault::Silent | Fault::KilledBefore | Fault::KilledAfter => {
            ClientErrorKind::Interrupted { source: None }
        }
        Fault::LoginPage => ClientErrorKind::LoginPage { location: Some("/login".to_owned()) },
        Fault::Unauthorized | Fault::LoggedOut => {
            ClientErrorKind::Unauthorized { message: "Unauthorized".to_owned(), sent: true }
        }
        Fault::ServerError | Fault::FailedAfter => {
            ClientErrorKind::ServerError { status: 500, message: "oops".to_owned() }
        }
        Fault::TooLarge => ClientErrorKind::PayloadTooLarge,
    }
}

impl DataServer for Server {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn traffic(&self) -> ServerTraffic {
        let state = self.state.lock().unwrap();
        ServerTraffic { requests: (state.posts.len() + state.raw_reads) as u64, ..ServerTraffic::default() }
    }

    async fn probe(&self) -> Result<Probe, ClientError> {
        Ok(Probe {
            identity: fixture::identity(self.version),
            server_date: jiff::civil::datetime(2024, 11, 15, 12, 0, 0, 0),
            time_zone: None,
            analytics_at: Self::stamp(1).built_at,
            analytics_partition_at: None,
            account: self.account.clone(),
            analytics_includes_zeros: Some(self.includes_zeros),
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

    async fn rights(&self, question: &Question) -> Result<Fresh, ClientError> {
        let state = self.state.lock().unwrap();
        let access = |id: &Uid| {
            let known = self.metadata.category_options.get(id)?;
            Some(if state.unreadable.contains(id) { DataAccess { read: false, ..known.access } } else { known.access })
        };
        let category_options = question.category_options.iter().map(|id| (*id, access(id))).collect();
        let gone = question.data_elements.intersection(&state.hidden).copied().collect();
        Ok(Fresh { category_options, gone, ..Fresh::default() })
    }

    async fn read_raw(
        &self,
        query: &RawQuery,
        on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<u64, ClientError> {
        let _reading = Reading::begin(&self.state).await;
        let (found, fault) = {
            let mut state = self.state.lock().unwrap();
            if state.may_not_read {
                let (code, message) = (Some("E2012".to_owned()), "not in user hierarchy".to_owned());
                return Err(Self::fail(ClientErrorKind::Refused { status: 409, code, message }));
            }
            if !query.org_units.iter().all(|unit| self.may_see(*unit)) {
                // 2.42 answers with nothing at all, and 200.
                let code = Some("E2012".to_owned());
                return Err(Self::fail(match self.engine() {
                    ImportEngine::RowByRow => ClientErrorKind::EmptyAnswer,
                    ImportEngine::SetBased => {
                        ClientErrorKind::Refused { status: 409, code, message: "not in user hierarchy".to_owned() }
                    }
                }));
            }
            let inside = |unit: Uid| {
                let unit = &self.metadata.organisation_units[&unit];
                query.org_units.iter().any(|root| if query.children { unit.is_within(*root) } else { unit.id == *root })
            };
            let region = |cell: &CellKey| {
                query.data_elements.contains(&cell.data_element)
                    && query.periods.contains(&cell.period)
                    && inside(cell.org_unit)
            };
            let found: Vec<DataValue> = state
                .values
                .values()
                .filter(|value| region(&value.cell))
                .filter(|value| !state.hidden.contains(&value.cell.data_element))
                .filter(|value| self.may_read(&state, value.cell.attribute_option_combo))
                .cloned()
                .collect();
            let fault = state.read_faults.pop_front().flatten();
            if fault.is_none() && !state.watched.is_empty() {
                let text = |cell: &CellKey| state.values.get(cell).and_then(|value| value.value.clone());
                let shown = state.watched.iter().filter(|cell| region(cell)).map(|cell| (*cell, text(cell))).collect();
                state.happened.push(Happened::Shown(shown));
            }
            let read: Vec<CellKey> = state.entered.keys().copied().filter(region).collect();
            for cell in read {
                if let Some(text) = state.entered.remove(&cell) {
                    state.values.insert(cell, entered(cell, &text));
                }
            }
            (found, fault)
        };
        if matches!(fault, Some(Fault::KilledBefore | Fault::KilledAfter)) {
            self.kill().await;
        }
        let number = found.len();
        let kept = if fault == Some(Fault::Interrupted) { number / 2 } else { number };
        match fault {
            None | Some(Fault::Interrupted) => found.into_iter().take(kept).for_each(on_value),
            Some(_) => {}
        }
        fault.map_or(Ok(number as u64), |fault| Err(Self::fail(kind_of(fault))))
    }

    async fn read_analytics(&self, query: &AnalyticsQuery) -> Result<Vec<SourceValue>, ClientError> {
        if !query.org_units.iter().all(|unit| self.may_see(*unit)) {
            let (code, message) = (Some("E7120".to_owned()), "not allowed to view org unit".to_owned());
            return Err(Self::fail(ClientErrorKind::Refused { status: 409, code, message }));
        }
        let state = self.state.lock().unwrap();
        let asked = |value: &&SourceValue| {
            [value.category_option_combo, value.attribute_option_combo]
                .into_iter()
                .flatten()
                .all(|c| self.may_read(&state, c))
                && query.data.contains(&value.data)
                && query.org_units.contains(&value.org_unit)
                && query.periods.contains(&value.period)
        };
        Ok(state.aggregated.iter().filter(asked).cloned().collect())
    }

    async fn push(&self, payload: &Payload<'_>, dry_run: bool) -> Result<ImportAnswer, ClientError> {
        let (fault, request) = self.receive(payload, dry_run);
        let gate = self.state.lock().unwrap().post_gate.clone();
        pass(gate).await;
        // Other requests arrive before this one is done.
        tokio::task::yield_now().await;
        if fault == Some(Fault::KilledBefore) {
            self.kill().await;
        }
        let answer = match fault {
            None => self.judge(payload, dry_run, request),
            Some(fault) if fault.is_applied() => self.judge(payload, dry_run, request),
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
        if fault == Some(Fault::KilledAfter) {
            self.kill().await;
        }
        match fault {
            None | Some(Fault::Silent) => Ok(answer),
            Some(fault) => Err(Self::fail(kind_of(fault))),
        }
    }
}

/// Waits at a gate.
async fn pass(gate: Option<Arc<Semaphore>>) {
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
}

/// A read that is under way, until it is answered or given up.
struct Reading<'server>(&'server Mutex<State>);

impl<'server> Reading<'server> {
    async fn begin(state: &'server Mutex<State>) -> Self {
        let gate = {
            let mut state = state.lock().unwrap();
            state.raw_reads += 1;
            state.reads_begun.fetch_add(1, Ordering::Relaxed);
            state.reads_at_once.0 += 1;
            state.reads_at_once.1 = state.reads_at_once.1.max(state.reads_at_once.0);
            state.read_gate.clone()
        };
        let begun = Self(state);
        pass(gate).await;
        begun
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().reads_at_once.0 -= 1;
    }
}

impl Server {
    fn receive(&self, payload: &Payload<'_>, dry_run: bool) -> (Option<Fault>, u64) {
        let mut state = self.state.lock().unwrap();
        let fault = state.post_faults.pop_front().flatten();
        if dry_run {
            state.dry_posts += 1;
        } else if !matches!(fault, Some(Fault::Connect)) {
            state.posts.push(payload.rows.iter().map(|row| (*row).clone()).collect());
        }
        let known: BTreeSet<Period> = state.values.keys().map(|key| key.period).collect();
        let new = payload.rows.iter().map(|row| row.cell.period).filter(|period| !known.contains(period)).collect();
        let request = state.next_request;
        state.next_request += 1;
        state.in_flight.insert(request, new);
        (fault, request)
    }

    fn judge(&self, payload: &Payload<'_>, dry_run: bool, request: u64) -> ImportAnswer {
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

/// Source, destination and journal.
#[derive(Debug)]
pub(in crate::engine) struct World {
    pub(in crate::engine) source: Server,
    pub(in crate::engine) destination: Server,
    pub(in crate::engine) journal: MemoryJournal,
    pub(in crate::engine) stop: Stop,
    pub(in crate::engine) events: Arc<Mutex<Vec<Event>>>,
    /// Whether the destination is the source, too.
    pub(in crate::engine) one_system: bool,
    /// Runs that were begun.
    pub(in crate::engine) runs: u128,
}

impl World {
    pub(in crate::engine) fn new(destination_version: &'static str) -> Self {
        Self::of(Server::new("2.40.12"), Server::new(destination_version))
    }

    pub(in crate::engine) fn of(source: Server, destination: Server) -> Self {
        Self {
            source,
            destination,
            journal: MemoryJournal::default(),
            stop: Stop::default(),
            events: Arc::default(),
            one_system: false,
            runs: 0,
        }
    }

    pub(in crate::engine) fn try_run(
        &mut self,
        document: &RoutineDocument,
        mode: RunMode,
    ) -> Result<RunResult, TransferError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(self.start(document, mode))
    }

    pub(in crate::engine) async fn start(
        &mut self,
        document: &RoutineDocument,
        mode: RunMode,
    ) -> Result<RunResult, TransferError> {
        let whole = Whole::of(document);
        self.start_part(document, whole, mode).await
    }

    pub(in crate::engine) async fn start_part(
        &mut self,
        document: &RoutineDocument,
        whole: Whole<'_>,
        mode: RunMode,
    ) -> Result<RunResult, TransferError> {
        let mut journal = std::mem::take(&mut self.journal);
        let result = self.start_with(&mut journal, document, whole, mode).await;
        self.journal = journal;
        result
    }

    /// Makes a run with a journal of its own.
    pub(in crate::engine) async fn start_with(
        &mut self,
        journal: &mut dyn Journal,
        document: &RoutineDocument,
        whole: Whole<'_>,
        mode: RunMode,
    ) -> Result<RunResult, TransferError> {
        self.runs += 1;
        let request = RunRequest {
            run: Uuid::from_u128(self.runs),
            now: Timestamp::UNIX_EPOCH,
            mode,
            document,
            file: None,
            review: Findings::default(),
            source: if self.one_system { self.destination.endpoint() } else { self.source.endpoint() },
            destination: self.destination.endpoint(),
            relative: RelativeOptions::default(),
            journal,
            tuning: Tuning::default(),
            patience: Patience { tries: 3, first_pause: Duration::ZERO },
            stop: self.stop.clone(),
            fail_on_empty: false,
        };
        let events = &self.events;
        let hooks = Hooks::of(document, ready).unwrap();
        run_with(request, whole, &hooks, &|event| events.lock().unwrap().push(event)).await
    }

    pub(in crate::engine) fn run(&mut self, document: &RoutineDocument) -> Report {
        self.try_run(document, RunMode::Run).unwrap().report
    }
}
