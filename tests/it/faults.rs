//! The fault matrix: every fault that a network, a proxy or a server brings, on the first, the middle and the last
//! request of each kind. A run ends in the right cells, or with the documented exit code and nothing wrong written; the
//! next run, undisturbed, completes it.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;
use xfer_dhis2::limits::Limits;
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{CellCounts, Report, RunMode, RunOutcome};
use xfer_sandbox::faults::{Fault, FaultPlan, Matcher, Position};
use xfer_sandbox::fixtures;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::values::Values;
use xfer_transfer::engine::{Patience, RunRequest, TransferError, Tuning, run};
use xfer_transfer::stop::Stop;
use xfer_transfer::tally::Findings;

use crate::announce::announce;
use crate::engine::{Notes, Side, routine};

/// What strikes any request.
const ANYWHERE: [Fault; 15] = [
    Fault::Refuse,
    Fault::Reset,
    Fault::Stall,
    Fault::Slow { delay: Duration::from_millis(20) },
    Fault::CutBody { at: 20 },
    Fault::Unauthorized,
    Fault::TooManyRequests { retry_after: Some(1) },
    Fault::TooManyRequests { retry_after: None },
    Fault::InternalError,
    Fault::BadGatewayHtml,
    Fault::Unavailable { retry_after: Some(1) },
    Fault::GatewayTimeout,
    Fault::PayloadTooLarge,
    Fault::LoginPage,
    Fault::EmptyOk,
];

/// What strikes imports only.
const IMPORTS_ONLY: [Fault; 5] =
    [Fault::AnswerLost, Fault::NewPeriodRace, Fault::BareConflict, Fault::AppliedUnauthorized, Fault::AppliedRedirect];

/// Small POSTs, so that a run of some hundred cells has a first, a middle and a last one.
const ROWS_PER_POST: usize = 60;

/// The month before the sandbox's today.
const LAST_MONTH: &str = "202610";

/// One job read raw, one through analytics.
pub(crate) const TWO_JOBS: [&str; 2] = ["Programme paludisme", "Registres de patients"];

/// Several of each, so that the source is asked several times.
const FIVE_JOBS: [&str; 5] =
    ["Programme paludisme", "Bailleurs", "Vaccination", "Registres de patients", "Indicateurs"];

/// Try again later, outcome unknown, login refused: what a run may end with when it could not end well.
const DOCUMENTED: [u8; 3] = [5, 6, 7];

/// Whether faults are tried as often and as large as they can be.
pub(crate) fn is_long() -> bool {
    std::env::var("XFER_FAULTS").is_ok_and(|length| length == "long")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Server {
    Source,
    Destination,
}

/// Both servers, kept for all cases of a test.
pub(crate) struct Stage {
    pub(crate) source: Side,
    pub(crate) destination: Side,
    pub(crate) before: Values,
    pub(crate) document: RoutineDocument,
    pub(crate) quiet: Ended,
}

/// What a run left behind.
pub(crate) struct Ended {
    pub(crate) report: Report,
    pub(crate) notes: Notes,
    pub(crate) texts: BTreeMap<CellKey, String>,
}

impl Stage {
    pub(crate) async fn new(to: Profile, jobs: &[&str]) -> Self {
        let limits = || Limits {
            silence: Duration::from_millis(250),
            slow_silence: Duration::from_secs(1),
            ..Limits::impatient()
        };
        let side = |instance, user| Side::with_limits(instance, user, FaultPlan::default(), limits());
        let source = side(fixtures::source(Profile::V42), "reader").await;
        let destination = side(fixtures::destination(to), "writer").await;
        // Only the month that is written: what else a national server holds would slow each case down.
        let before = destination.sandbox.instance().with_state(|state| {
            state.values.data.retain(|key, _| key.period == LAST_MONTH);
            state.values.clone()
        });
        let document = routine(jobs, "LAST_MONTH");
        let quiet = go(&document, &source, &destination).await;
        assert!(quiet.report.cells.created > 100, "{:?}", quiet.report.cells);
        Self { source, destination, before, document, quiet }
    }

    pub(crate) fn side(&self, server: Server) -> &Side {
        match server {
            Server::Source => &self.source,
            Server::Destination => &self.destination,
        }
    }

    /// Runs one case on a destination as it was in the beginning, and then undisturbed once more.
    async fn case(&self, server: Server, matcher: Matcher, fault: Fault, name: &str) -> u8 {
        self.destination.sandbox.instance().with_state(|state| state.values = self.before.clone());
        self.side(server).sandbox.faults().add(matcher, fault);
        let ended = go(&self.document, &self.source, &self.destination).await;
        self.side(server).sandbox.faults().clear();
        self.assert_honest(&ended, name);
        let again = go(&self.document, &self.source, &self.destination).await;
        assert_eq!(again.texts, self.quiet.texts, "{name}: the next run completes it");
        assert_eq!(again.report.exit_code, self.quiet.report.exit_code, "{name}: the next run");
        ended.report.exit_code
    }

    /// Nothing wrong was written, and nothing is claimed that is not there.
    fn assert_honest(&self, ended: &Ended, name: &str) {
        let report = &ended.report;
        for record in &ended.notes.records {
            let there = ended.texts.get(&record.cell);
            match record.state {
                CellState::Created | CellState::Updated | CellState::Unchanged => {
                    assert_eq!(there, record.value.as_ref(), "{name}: claimed, but not there: {record:?}");
                }
                CellState::Deleted => assert_eq!(there, None, "{name}: claimed to be gone: {record:?}"),
                _ => {}
            }
        }
        let at_first = texts_of(&self.before);
        for (cell, text) in &ended.texts {
            let right = self.quiet.texts.get(cell) == Some(text) || at_first.get(cell) == Some(&text.as_str());
            assert!(right, "{name}: {cell:?} holds {text}");
        }
        // What cannot be asked again (413 on a read) costs its slice, by name; nothing of it is claimed.
        let slice_failed = report.findings.iter().any(|finding| finding.code == "slice-failed");
        if report.exit_code == self.quiet.report.exit_code && !slice_failed {
            assert_eq!(ended.texts, self.quiet.texts, "{name}: ends as if nothing had happened");
            // A failed read-back leaves cells accepted instead of proved; they are no fewer.
            let written = |cells: &CellCounts| (cells.total, cells.created + cells.updated + cells.accepted);
            assert_eq!(written(&report.cells), written(&self.quiet.report.cells), "{name}: and says so");
        } else {
            let documented = DOCUMENTED.contains(&report.exit_code) || (slice_failed && report.exit_code == 3);
            assert!(documented, "{name}: exit code {}", report.exit_code);
            assert_ne!(report.outcome, RunOutcome::Complete, "{name}: never a wrong success");
        }
    }
}

pub(crate) fn texts_of(values: &Values) -> BTreeMap<CellKey, &str> {
    let living = values.data.iter().filter(|(_, stored)| !stored.deleted);
    living
        .filter_map(|(key, stored)| {
            let cell = CellKey {
                org_unit: key.org_unit.parse().unwrap(),
                period: key.period.parse().unwrap(),
                data_element: key.data_element.parse().unwrap(),
                category_option_combo: key.category_option_combo.parse().unwrap(),
                attribute_option_combo: key.attribute_option_combo.parse().unwrap(),
            };
            Some((cell, stored.value.as_deref()?))
        })
        .collect()
}

async fn go(document: &RoutineDocument, source: &Side, destination: &Side) -> Ended {
    try_go(document, source, destination).await.unwrap()
}

pub(crate) async fn try_go(
    document: &RoutineDocument,
    source: &Side,
    destination: &Side,
) -> Result<Ended, TransferError> {
    let mut notes = Notes::default();
    let request = RunRequest {
        run: Uuid::nil(),
        now: Timestamp::UNIX_EPOCH,
        mode: RunMode::Run,
        document,
        file: None,
        review: Findings::default(),
        source: source.endpoint(),
        destination: destination.endpoint(),
        relative: RelativeOptions::default(),
        journal: &mut notes,
        tuning: Tuning { plain_rows: Some(ROWS_PER_POST), restricted_rows: Some(ROWS_PER_POST) },
        patience: Patience { tries: 3, first_pause: Duration::ZERO },
        stop: Stop::default(),
        fail_on_empty: false,
    };
    let report = run(request, &|_| ()).await?.report;
    assert_eq!((report.values.unexplained(), report.cells.unexplained()), (0, 0), "{report:?}");
    Ok(Ended { report, notes, texts: destination.texts() })
}

/// Every fault on the first, middle and last request of a kind. Tells how many cases ended well and how many with a
/// documented exit code.
fn matrix(to: Profile, jobs: &[&str], server: Server, method: &str, path: &str, faults: &[Fault]) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let stage = Box::pin(Stage::new(to, jobs)).await;
        stage.side(server).sandbox.ledger().clear();
        stage.destination.sandbox.instance().with_state(|state| state.values = stage.before.clone());
        let _ = go(&stage.document, &stage.source, &stage.destination).await;
        let requests = stage.side(server).sandbox.ledger().matching(method, path).len();
        assert!(requests >= 2, "{requests} requests have no first and last one");
        let mut ends: BTreeMap<u8, usize> = BTreeMap::new();
        for fault in faults {
            for position in Position::ALL {
                let matcher = Matcher::every(method, path).at(position, requests);
                let name = format!("{fault:?} on the {position:?} {method} {path} of {server:?} ({to:?})");
                *ends.entry(stage.case(server, matcher, *fault, &name).await).or_default() += 1;
            }
        }
        let ends: Vec<String> = ends.iter().map(|(code, cases)| format!("{cases} × exit {code}")).collect();
        announce(&format!(
            "faults: {} × 3 on {method} {path} of {server:?} ({}): {}",
            faults.len(),
            to.name(),
            ends.join(", ")
        ));
    });
}

fn import_faults() -> Vec<Fault> {
    ANYWHERE.into_iter().chain(IMPORTS_ONLY).collect()
}

#[test]
fn faults_of_imports_on_2_43() {
    matrix(Profile::V43, &TWO_JOBS, Server::Destination, "POST", "/api/dataValueSets", &import_faults());
}

#[test]
fn faults_of_imports_on_2_44() {
    matrix(Profile::V44, &TWO_JOBS, Server::Destination, "POST", "/api/dataValueSets", &import_faults());
}

#[test]
fn faults_of_imports_on_2_42() {
    matrix(Profile::V42, &TWO_JOBS, Server::Destination, "POST", "/api/dataValueSets", &import_faults());
}

#[test]
fn faults_of_reads_at_the_destination() {
    matrix(Profile::V43, &TWO_JOBS, Server::Destination, "GET", "/api/dataValueSets", &ANYWHERE);
}

#[test]
fn faults_of_reads_at_a_2_44_destination() {
    matrix(Profile::V44, &TWO_JOBS, Server::Destination, "GET", "/api/dataValueSets", &ANYWHERE);
}

#[test]
fn faults_of_raw_reads_at_the_source() {
    matrix(Profile::V43, &FIVE_JOBS, Server::Source, "GET", "/api/dataValueSets", &ANYWHERE);
}

#[test]
fn faults_of_analytics_at_the_source() {
    matrix(Profile::V43, &FIVE_JOBS, Server::Source, "GET", "/api/analytics", &ANYWHERE);
}
