//! The engine against embedded servers, over sockets: the shipped country goes from one to the other, and what arrives
//! is held against the truth that its generator knows.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::limits::Limits;
use xfer_domain::cell::{CellAddress, CellKey, CellState};
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::journal::{CellRecord, ChunkStart, Journal, JournalError, LedgerEntry, RunStart, SentCell};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::routine::{Policies, Routine, RoutineDocument};
use xfer_domain::run::{CellCounts, Report, RunMode};
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;
use xfer_domain::uid::Uid;
use xfer_sandbox::country::{PASSWORD, TrueItem, TrueKind};
use xfer_sandbox::faults::{Fault, FaultPlan, Matcher};
use xfer_sandbox::fixtures;
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::{RunningSandbox, Sandbox, ServerOptions};
use xfer_transfer::engine::{Endpoint, Patience, RunRequest, Tuning, run};
use xfer_transfer::stop::Stop;
use xfer_transfer::tally::Findings;

/// A journal in memory.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) records: Vec<CellRecord>,
    sending: u64,
    done: u64,
    aside: BTreeMap<u64, Vec<u8>>,
}

impl Journal for Notes {
    fn begin_run(&mut self, _start: &RunStart) -> Result<(), JournalError> {
        self.records.clear();
        Ok(())
    }

    fn chunk_sending(&mut self, _run: Uuid, _chunk: &ChunkStart, _cells: &[SentCell]) -> Result<(), JournalError> {
        self.sending += 1;
        Ok(())
    }

    fn chunk_done(&mut self, _run: Uuid, _number: u64, _answer: &str) -> Result<(), JournalError> {
        self.done += 1;
        Ok(())
    }

    fn record_cells(&mut self, _run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        self.records.extend_from_slice(cells);
        Ok(())
    }

    fn ledger(
        &mut self,
        _addresses: &[CellAddress],
        _org_units: &[Uid],
        _periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        Ok(Vec::new())
    }

    fn set_aside(&mut self, _run: Uuid, number: u64, part: &[u8]) -> Result<(), JournalError> {
        self.aside.insert(number, part.to_vec());
        Ok(())
    }

    fn take_back(&mut self, _run: Uuid, number: u64) -> Result<Option<Vec<u8>>, JournalError> {
        Ok(self.aside.remove(&number))
    }

    fn finish_run(&mut self, _report: &Report) -> Result<(), JournalError> {
        Ok(())
    }
}

pub(crate) struct Side {
    pub(crate) sandbox: RunningSandbox,
    pub(crate) client: Client,
    pub(crate) metadata: Metadata,
}

impl Side {
    async fn new(instance: xfer_sandbox::instance::Instance, user: &str, faults: FaultPlan) -> Self {
        let patient = Limits { slow_silence: Duration::from_secs(20), ..Limits::impatient() };
        Self::with_limits(instance, user, faults, patient).await
    }

    pub(crate) async fn with_limits(
        instance: xfer_sandbox::instance::Instance,
        user: &str,
        faults: FaultPlan,
        limits: Limits,
    ) -> Self {
        let options = ServerOptions { faults, ..ServerOptions::default() };
        let sandbox = Sandbox::start(Arc::new(instance), options).await.unwrap();
        let client = Client::new(ClientOptions {
            server: user.to_owned(),
            url: BaseUrl::parse(sandbox.url()).unwrap(),
            login: Login::Basic { username: user.to_owned(), password: SecretString::from(PASSWORD) },
            allow_http: false,
            certificates: None,
            limits,
        })
        .unwrap();
        let metadata = client.fetch_metadata(&|_| ()).await.unwrap();
        Self { sandbox, client, metadata }
    }

    pub(crate) fn endpoint(&self) -> Endpoint<'_, Client> {
        let origin = self.sandbox.url().to_owned();
        Endpoint { client: &self.client, metadata: &self.metadata, origin, pinned_system_id: None }
    }

    /// What it stores, without tombstones.
    pub(crate) fn texts(&self) -> BTreeMap<CellKey, String> {
        let uid = |text: &str| Uid::parse(text).unwrap();
        let values = self.sandbox.values().data;
        let living = values.into_iter().filter(|(_, stored)| !stored.deleted);
        living
            .filter_map(|(key, stored)| {
                let key = CellKey {
                    org_unit: uid(&key.org_unit),
                    period: Period::parse(&key.period).unwrap(),
                    data_element: uid(&key.data_element),
                    category_option_combo: uid(&key.category_option_combo),
                    attribute_option_combo: uid(&key.attribute_option_combo),
                };
                Some((key, stored.value?))
            })
            .collect()
    }
}

pub(crate) fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

fn item(item: &TrueItem) -> Item {
    let id = uid(&item.source);
    let combo = |text: &Option<String>| text.as_deref().map(uid);
    let source = match item.kind {
        TrueKind::DataElement => SourceItem::DataElement {
            id,
            category_option_combo: combo(&item.source_category_option_combo),
            attribute_option_combo: combo(&item.source_attribute_option_combo),
        },
        TrueKind::Indicator => SourceItem::Indicator { id },
        TrueKind::ProgramIndicator => SourceItem::ProgramIndicator { id },
    };
    let destination = CellAddress {
        data_element: uid(&item.destination),
        category_option_combo: uid(&item.destination_category_option_combo),
        attribute_option_combo: uid(&item.destination_attribute_option_combo),
    };
    Item { combine: Combine::from_name(item.combine), ..Item::new(source, destination) }
}

/// A routine of true jobs of one period type over a window.
pub(crate) fn routine(names: &[&str], window: &str) -> RoutineDocument {
    let country = fixtures::country();
    let jobs: Vec<Job> = country
        .true_jobs()
        .iter()
        .filter(|job| names.contains(&job.name))
        .map(|job| {
            let period_type: PeriodType = job.period_type.parse().unwrap();
            Job {
                name: job.name.to_owned(),
                source: "source".to_owned(),
                destination: "destination".to_owned(),
                source_period_type: period_type,
                destination_period_type: period_type,
                period_shift: 0,
                combine: Combine::Error,
                read: ReadFrom::Raw,
                round: None,
                coverage: None,
                comments: xfer_domain::job::Comments::default(),
                scripts: Vec::new(),
                items: job.items.iter().map(item).collect(),
            }
        })
        .collect();
    assert_eq!(jobs.len(), names.len());
    let mapping = |unit: xfer_sandbox::country::TrueOrgUnit| {
        OrgUnitMapping::manual(uid(&unit.source), Some(uid(&unit.destination)), MappingState::Confirmed)
    };
    RoutineDocument {
        routine: Routine {
            id: Uuid::nil(),
            name: "truth".to_owned(),
            jobs: names.iter().map(ToString::to_string).collect(),
            window: vec![window.to_owned()],
            policies: Policies::default(),
            scripts: Vec::new(),
            alerts: Vec::new(),
        },
        jobs,
        org_unit_map: country.true_org_units().into_iter().map(mapping).collect(),
        scripts: Vec::new(),
    }
}

struct Ended {
    report: Report,
    notes: Notes,
    texts: BTreeMap<CellKey, String>,
    second: Report,
}

/// Runs a routine twice from a shipped source to a shipped destination.
fn transfer(document: &RoutineDocument, from: Profile, to: Profile, faults: impl FnOnce() -> FaultPlan) -> Ended {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let source = Side::new(fixtures::source(from), "reader", FaultPlan::default()).await;
        let destination = Side::new(fixtures::destination(to), "writer", faults()).await;
        let mut notes = Notes::default();
        let report = one_run(document, &source, &destination, &mut notes).await;
        let texts = destination.texts();
        let mut again = Notes::default();
        let second = one_run(document, &source, &destination, &mut again).await;
        assert_eq!(destination.texts(), texts, "a second run changes nothing");
        Ended { report, notes, texts, second }
    })
}

async fn one_run(document: &RoutineDocument, source: &Side, destination: &Side, notes: &mut Notes) -> Report {
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
        journal: notes,
        tuning: Tuning::default(),
        patience: Patience { tries: 3, first_pause: Duration::ZERO },
        stop: Stop::default(),
        fail_on_empty: false,
    };
    let report = run(request, &|_| ()).await.unwrap().report;
    assert_eq!((report.values.unexplained(), report.cells.unexplained()), (0, 0));
    let mut recorded = CellCounts { total: notes.records.len() as u64, ..CellCounts::default() };
    notes.records.iter().for_each(|record| recorded.record(record.state, 1));
    assert_eq!(recorded, report.cells, "the journal has the report's cells");
    report
}

/// The truth about the data element items of a routine, within its periods.
fn truth(document: &RoutineDocument, report: &Report) -> HashMap<CellKey, String> {
    let addresses: BTreeSet<CellAddress> =
        document.jobs.iter().flat_map(|job| &job.items).map(|item| item.destination).collect();
    let periods: BTreeSet<Period> = report.periods.iter().map(|period| Period::parse(period).unwrap()).collect();
    fixtures::expected()
        .iter()
        .map(|(key, text)| {
            let key = CellKey {
                org_unit: uid(&key.org_unit),
                period: Period::parse(&key.period).unwrap(),
                data_element: uid(&key.data_element),
                category_option_combo: uid(&key.category_option_combo),
                attribute_option_combo: uid(&key.attribute_option_combo),
            };
            (key, text.clone())
        })
        .filter(|(key, _)| addresses.contains(&key.address()) && periods.contains(&key.period))
        .collect()
}

fn assert_truth(document: &RoutineDocument, ended: &Ended) {
    let truth = truth(document, &ended.report);
    assert!(truth.len() > 100, "{} cells are no test", truth.len());
    let recorded: BTreeSet<CellKey> = ended.notes.records.iter().map(|record| record.cell).collect();
    assert_eq!(recorded, truth.keys().copied().collect(), "every cell of the truth, and no other");
    for record in &ended.notes.records {
        let there = ended.texts.get(&record.cell);
        match record.state {
            CellState::Created | CellState::Updated | CellState::Unchanged => {
                assert_eq!(there, truth.get(&record.cell), "{record:?}");
            }
            CellState::ZeroSkipped | CellState::Deleted => {
                assert_eq!((there, truth[&record.cell].as_str()), (None, "0"), "{record:?}");
            }
            CellState::HeldBack => assert!(record.reason.is_some()),
            other => panic!("{other:?}: {record:?}"),
        }
    }
}

const MONTHLY: [&str; 3] = ["Rapport mensuel", "Programme paludisme", "Bailleurs"];

#[test]
fn the_same_routine_ends_in_the_same_true_cells_on_all_five_versions() {
    let document = routine(&MONTHLY, "202607..202608");
    let ends: Vec<Ended> = [
        (Profile::V42, Profile::V40),
        (Profile::V40, Profile::V41),
        (Profile::V43, Profile::V42),
        (Profile::V44, Profile::V43),
        (Profile::V41, Profile::V44),
    ]
    .into_iter()
    .map(|(from, to)| transfer(&document, from, to, FaultPlan::default))
    .collect();
    for ended in &ends {
        assert_truth(&document, ended);
        assert_eq!(ended.notes.sending, ended.notes.done);
        assert!(ended.report.cells.created > 100 && ended.report.cells.updated > 0, "{:?}", ended.report.cells);
        assert_eq!((ended.second.cells.created, ended.second.cells.updated), (0, 0));
        assert_eq!(ended.report.cells, ends[0].report.cells, "the same states on every version");
        assert_eq!(ended.texts, ends[0].texts, "the same cells on every version");
    }
}

#[test]
fn weeks_and_quarters_arrive_too() {
    for (job, window) in [("Surveillance hebdomadaire", "LAST_4_WEEKS"), ("Intrants", "LAST_4_QUARTERS")] {
        let document = routine(&[job], window);
        assert_truth(&document, &transfer(&document, Profile::V42, Profile::V43, FaultPlan::default));
    }
}

#[test]
fn program_indicators_and_indicators_arrive_through_analytics() {
    let document = routine(&["Registres de patients", "Indicateurs"], "LAST_3_MONTHS");
    let ended = transfer(&document, Profile::V42, Profile::V43, FaultPlan::default);
    assert!(ended.report.cells.created > 100, "{:?}", ended.report);
    assert!(ended.report.source.analytics_at.is_some());
    assert_eq!(ended.second.cells.created + ended.second.cells.updated, 0);
}

#[test]
fn what_goes_wrong_on_the_way_changes_nothing_in_the_end() {
    let document = routine(&["Programme paludisme"], "LAST_MONTH");
    for to in [Profile::V42, Profile::V43, Profile::V44] {
        let quiet = transfer(&document, Profile::V42, to, FaultPlan::default);
        assert_truth(&document, &quiet);
        for fault in [
            Fault::AnswerLost,
            Fault::CutBody { at: 20 },
            Fault::GatewayTimeout,
            Fault::Reset,
            Fault::InternalError,
            Fault::BadGatewayHtml,
            Fault::Unavailable { retry_after: None },
            Fault::PayloadTooLarge,
            Fault::NewPeriodRace,
            Fault::EmptyOk,
            Fault::BareConflict,
        ] {
            let faults = || {
                let plan = FaultPlan::default();
                plan.add(Matcher::imports().nth(1), fault);
                plan
            };
            let ended = transfer(&document, Profile::V42, to, faults);
            assert_truth(&document, &ended);
            assert_eq!(ended.texts, quiet.texts, "{fault:?} on {to:?}");
            assert_eq!(ended.report.cells, quiet.report.cells, "{fault:?} on {to:?}");
            assert_eq!(ended.report.exit_code, quiet.report.exit_code, "{fault:?} on {to:?}");
        }
    }
}
