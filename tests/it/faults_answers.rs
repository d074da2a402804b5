//! Malformed answers, each change of a right one for each reader: what comes of them is an error in words with a
//! documented exit code or a right end, nothing wrong is written, and every count closes.
//!
//! The tables are tried twice: in this process, where every cell can be looked at, and through the program, whose exit
//! code and largest memory are those that a person meets.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use serde_json::json;
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_dhis2::limits::Limits;
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::fault::Fault as _;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_sandbox::faults::{Fault, FaultPlan, Flood, Matcher, Mutation};
use xfer_sandbox::fixtures;
use xfer_sandbox::profile::Profile;

use crate::announce::announce;
use crate::engine::Side;
use crate::faults::{Ended, Server, Stage, TWO_JOBS, is_long, texts_of, try_go};
use crate::support::assert_accounts;
use crate::support::country::Country;
use crate::support::trial::{MOST_MEMORY, Trial};

/// Changes at one place that each reader is tried with, besides one of each kind: fewer where the program is slow.
fn places() -> u32 {
    if cfg!(debug_assertions) && !is_long() { 6 } else { 160 }
}

/// What the table of exit codes has for a server that does not answer as it should, and for a run that ends.
const DOCUMENTED: [u8; 8] = [0, 1, 2, 3, 5, 6, 7, 14];

/// What a run reads of values, and what it is told when it writes.
const OF_A_RUN: [(Server, &str, &str); 4] = [
    (Server::Source, "GET", "/api/dataValueSets"),
    (Server::Source, "GET", "/api/analytics"),
    (Server::Destination, "GET", "/api/dataValueSets"),
    (Server::Destination, "POST", "/api/dataValueSets"),
];

/// What a sync reads.
const OF_A_SYNC: [&str; 7] = [
    "/api/system/info",
    "/api/me",
    "/api/systemSettings",
    "/api/organisationUnits",
    "/api/dataSets",
    "/api/categoryOptionCombos",
    "/api/optionSets",
];

fn changes() -> impl Iterator<Item = Mutation> {
    Mutation::ALL.into_iter().chain((0..places()).map(Mutation::Anywhere))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What a person reads: some words, none of them endless, none of them another program's dump.
#[track_caller]
fn assert_in_words(error: &dyn Error, name: &str) {
    let words = error.to_string();
    assert!(words.len() > 20 && words.len() < 3_000, "{name}: {words}");
    assert!(!words.contains('\u{1b}') && !words.contains('\u{202e}'), "{name}: {words:?}");
}

/// Nothing wrong was written, and nothing is claimed that is not there. `may_lack`: a raw read that lacks a row cannot be
/// told from one of which it was never a part, so that a sum may be that of fewer values, and says so.
fn assert_honest(stage: &Stage, ended: &Ended, may_lack: bool, name: &str) {
    let before = texts_of(&stage.before);
    let contributions = |ended: &Ended, cell: &CellKey| {
        ended.notes.records.iter().find(|record| record.cell == *cell).map_or(0, |record| record.contributions)
    };
    for (cell, text) in &ended.texts {
        let lacks = || may_lack && contributions(ended, cell) < contributions(&stage.quiet, cell);
        let right = stage.quiet.texts.get(cell) == Some(text) || before.get(cell) == Some(&text.as_str()) || lacks();
        assert!(right, "{name}: {cell:?} holds {text}");
    }
    for record in &ended.notes.records {
        if matches!(record.state, CellState::Created | CellState::Updated | CellState::Unchanged) {
            assert_eq!(ended.texts.get(&record.cell), record.value.as_ref(), "{name}: claimed, not there: {record:?}");
        }
        assert!(record.reason.as_ref().is_none_or(|reason| reason.chars().count() < 1_500), "{name}: {record:?}");
    }
    assert!(DOCUMENTED.contains(&ended.report.exit_code), "{name}: exit code {}", ended.report.exit_code);
}

#[test]
fn faults_of_malformed_answers_in_a_run() {
    runtime().block_on(async {
        let stage = Box::pin(Stage::new(Profile::V43, &TWO_JOBS)).await;
        let mut ends: BTreeMap<u8, usize> = BTreeMap::new();
        for (server, method, path) in OF_A_RUN {
            for mutation in changes().chain([Mutation::Deleted]) {
                // No server says how many raw values there are: fewer are as good an answer as all.
                if mutation == Mutation::HalfOfLists && (server, method, path) == OF_A_RUN[0] {
                    continue;
                }
                let name = format!("{mutation:?} of {method} {path} at the {server:?}");
                stage.destination.sandbox.instance().with_state(|state| state.values = stage.before.clone());
                stage.side(server).sandbox.faults().add(Matcher::every(method, path), Fault::Malformed(mutation));
                let ended = try_go(&stage.document, &stage.source, &stage.destination).await;
                stage.side(server).sandbox.faults().clear();
                let code = match ended {
                    Ok(ended) => {
                        assert_honest(&stage, &ended, path == OF_A_RUN[0].2 && server == Server::Source, &name);
                        ended.report.exit_code
                    }
                    Err(error) => {
                        assert_in_words(&error, &name);
                        error.code().number()
                    }
                };
                assert!(DOCUMENTED.contains(&code), "{name}: exit code {code}");
                *ends.entry(code).or_default() += 1;
            }
        }
        tell("runs", &ends);
    });
}

#[test]
fn faults_of_malformed_answers_about_server_user_and_metadata() {
    runtime().block_on(async {
        let stage = Box::pin(Stage::new(Profile::V42, &TWO_JOBS)).await;
        let client = &stage.source.client;
        let whole = client.fetch_metadata(&|_| ()).await.unwrap();
        let mut ends: BTreeMap<u8, usize> = BTreeMap::new();
        for path in OF_A_SYNC {
            for mutation in changes() {
                let name = format!("{mutation:?} of GET {path}");
                stage.source.sandbox.faults().add(Matcher::every("GET", path), Fault::Malformed(mutation));
                let asked: Result<(), ClientError> = async {
                    client.probe().await?;
                    let (metadata, notes) = client.fetch_metadata_with_notes(&|_| ()).await?;
                    // What is taken over is what there is, or is said to be less.
                    let less = sizes(&metadata).iter().zip(sizes(&whole)).any(|(size, whole)| *size < whole);
                    let is_said = !notes.missing.is_empty() || !notes.notes.is_empty();
                    assert!(!less || is_said, "{name}: less than there is, without a message");
                    Ok(())
                }
                .await;
                stage.source.sandbox.faults().clear();
                let code = match asked {
                    Ok(()) => 0,
                    Err(error) => {
                        assert_in_words(&error, &name);
                        error.code().number()
                    }
                };
                assert!(DOCUMENTED.contains(&code), "{name}: exit code {code}");
                *ends.entry(code).or_default() += 1;
            }
        }
        tell("syncs", &ends);
    });
}

/// A routine that reads raw values and a program indicator, and has run once.
fn trial_of_both_reads() -> Trial {
    let with_more = |side: &str| {
        let more = country(side).element("B", json!({}));
        more.data_set("N", "Monthly", &["B"], json!({}))
    };
    let indicator = json!({"aggregationType": "SUM", "expression": "V{event_count}"});
    let source = with_more("source").object("programs", "P", json!({})).object("programIndicators", "I", indicator);
    let program = json!({"program": {"id": source.id("programs", "P")}});
    let source = source.change("programIndicators", "I", program).result("I", "Un", "202401", "7");
    let source = source.value(UN, "3").value(DEUX, "4");
    let trial = Trial::between(&source, &with_more("destination"));
    trial.routine("", &[("A", "A"), ("I", "B")], "202401");
    trial.ok("run r");
    trial
}

/// How often which exit code, and the most memory.
#[derive(Default)]
struct Tried {
    ends: BTreeMap<u8, usize>,
    most: (u64, String),
}

/// Changes one answer again and again, and looks at what a command makes of each.
fn try_through_the_program(line: &str, server: Server, method: &str, path: &str, mutations: &[Mutation]) -> Tried {
    let trial = trial_of_both_reads();
    let right = trial.values();
    assert_eq!(right.values().collect::<Vec<_>>(), ["4", "3", "7"], "{right:?}");
    let mut tried = Tried::default();
    for mutation in mutations {
        let name = format!("`{line}`: {mutation:?} of {method} {path} at the {server:?}");
        let sandbox = if server == Server::Source { &trial.source } else { &trial.destination };
        Trial::change(&trial.destination, |state| state.values.data.clear());
        sandbox.faults().add(Matcher::every(method, path), Fault::Malformed(*mutation));
        let watched = trial.watched(line);
        sandbox.faults().clear();
        let code = u8::try_from(watched.code).unwrap_or(u8::MAX);
        assert!(DOCUMENTED.contains(&code), "{name}: exit code {}\n{}", watched.code, watched.stderr);
        assert!(code == 0 || watched.stdout.len() + watched.stderr.len() > 20, "{name}: without a message");
        if line.starts_with("run") && !watched.stdout.is_empty() {
            assert_accounts(&serde_json::from_str(&watched.stdout).unwrap());
        }
        for (cell, text) in trial.values() {
            assert_eq!(right.get(&cell), Some(&text), "{name}: {cell:?}");
        }
        assert!(watched.peak < MOST_MEMORY, "{name}: {} MB", watched.peak >> 20);
        if watched.peak > tried.most.0 {
            tried.most = (watched.peak, name);
        }
        *tried.ends.entry(code).or_default() += 1;
    }
    trial.ok("server sync src");
    trial.ok("run r");
    assert_eq!(trial.values(), right, "as it was, once the server is itself again");
    tried
}

/// Every answer that a run or a sync reads, changed in each way, through the program itself. What fails is tried again
/// after a while, so most of the time is spent waiting, by many beside each other.
#[test]
fn faults_of_malformed_answers_through_the_program() {
    let (step, lanes) = if cfg!(debug_assertions) { (8, 1) } else { (1, 4) };
    let mutations: Vec<Mutation> = changes().chain([Mutation::Deleted]).step_by(step).collect();
    let reads = OF_A_RUN.map(|(server, method, path)| ("run r --format json", server, method, path));
    let syncs = OF_A_SYNC.map(|path| ("server sync src", Server::Source, "GET", path));
    let readers: Vec<_> = reads.into_iter().chain(syncs).collect();
    let all = std::thread::scope(|scope| {
        let mut running = Vec::new();
        for (line, server, method, path) in readers {
            for part in mutations.chunks(mutations.len().div_ceil(lanes)) {
                running.push(scope.spawn(move || try_through_the_program(line, server, method, path, part)));
            }
        }
        running.into_iter().map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    let mut ends = BTreeMap::new();
    all.iter().flat_map(|tried| &tried.ends).for_each(|(code, cases)| *ends.entry(*code).or_default() += cases);
    tell("commands", &ends);
    if let Some(most) = all.iter().map(|tried| &tried.most).max() {
        announce(&format!("faults: the most memory that one of them took: {} MB, {}", most.0 >> 20, most.1));
    }
}

/// How many objects there are of the types that are tried.
fn sizes(metadata: &Metadata) -> [usize; 4] {
    [
        metadata.organisation_units.len(),
        metadata.data_sets.len(),
        metadata.category_option_combos.len(),
        metadata.option_sets.len(),
    ]
}

fn tell(what: &str, ends: &BTreeMap<u8, usize>) {
    let cases: usize = ends.values().sum();
    let ends: Vec<String> = ends.iter().map(|(code, cases)| format!("{cases} × exit {code}")).collect();
    announce(&format!("faults: {cases} malformed answers in {what}: {}", ends.join(", ")));
}

fn country(side: &str) -> Country {
    Country::new(side).facilities(&["Un", "Deux"]).element("A", json!({})).data_set("M", "Monthly", &["A"], json!({}))
}

const UN: [&str; 5] = ["A", "", "", "Un", "202401"];
const DEUX: [&str; 5] = ["A", "", "", "Deux", "202401"];

fn trial() -> Trial {
    let trial = Trial::between(&country("source").value(UN, "3").value(DEUX, "4"), &country("destination"));
    trial.routine("", &[("A", "A")], "202401");
    trial
}

/// 3 became 15,557.
#[test]
fn a_source_value_that_comes_twice_is_never_added_to_itself() {
    let trial = trial();
    let reads = || Matcher::every("GET", "/api/dataValueSets");
    trial.source.faults().add(reads(), Fault::Malformed(Mutation::EntriesTwice));
    let report = trial.run("run r --format json").expect_code(0).report();
    assert_eq!((&report["values"]["fetched"], &report["cells"]["created"]), (&2.into(), &2.into()));
    assert_eq!(trial.value(UN).as_deref(), Some("3"));
    trial.source.faults().clear();
    Trial::store(&trial.source, UN, Some("5"));
    trial.source.faults().add(reads(), Fault::Malformed(Mutation::EntriesContradict));
    let report = trial.run("run r --format json").expect_code(3).report();
    let found = |word: &str| report["findings"].as_array().unwrap().iter().any(|found| found["code"] == word);
    assert!(found("source-value-twice"), "{report:#}");
    assert_eq!(report["cells"]["held_back"], 2);
    assert_eq!(trial.value(UN).as_deref(), Some("3"), "what stands there stays");
    trial.source.faults().clear();
    trial.source.faults().add(reads(), Fault::Malformed(Mutation::Deleted));
    let report = trial.run("run r --format json").report();
    assert_eq!((&report["values"]["fetched"], &report["cells"]["updated"]), (&0.into(), &0.into()), "{report:#}");
    assert_eq!(trial.value(UN).as_deref(), Some("3"));
}

#[test]
fn a_destination_that_contradicts_itself_is_not_written_to() {
    let trial = trial();
    trial.ok("run r");
    Trial::store(&trial.source, UN, Some("5"));
    let reads = Matcher::every("GET", "/api/dataValueSets");
    trial.destination.faults().add(reads, Fault::Malformed(Mutation::EntriesContradict));
    let report = trial.run("run r --format json").expect_code(3).report();
    let found = |word: &str| report["findings"].as_array().unwrap().iter().any(|found| found["code"] == word);
    assert!(found("destination-value-twice"), "{report:#}");
    assert_eq!((&report["cells"]["held_back"], &report["cells"]["updated"]), (&2.into(), &0.into()));
    assert_eq!(trial.value(UN).as_deref(), Some("3"));
    trial.destination.faults().clear();
    trial.ok("run r");
    assert_eq!(trial.value(UN).as_deref(), Some("5"));
}

#[test]
fn a_long_sentence_fills_neither_screen_nor_journal() {
    const BEFORE: &str = r#"{"httpStatusCode":200,"response":{"responseType":"ImportSummary","status":"ERROR",
        "importCount":{"imported":0,"updated":0,"ignored":0,"deleted":0},"rejectedIndexes":[],"conflicts":[{"value":""#;
    let sentence = "the server has very much to say. ";
    let trial = trial();
    let flood = Flood::Repeated { before: BEFORE, entry: sentence, times: 1_600, after: r#""}]}}"#, packed: false };
    trial.destination.faults().add(Matcher::imports(), Fault::Flood(flood));
    let output = trial.run("run r").expect_code(3);
    assert!(output.stdout.len() + output.stderr.len() < 20_000, "{}", output.stdout.len() + output.stderr.len());
    let cells = trial.ok("runs cells last --format json");
    assert!(cells.stdout.contains("very much to say") && cells.stdout.len() < 5_000, "{cells}");
    let said = trial.run("run r -vv");
    assert!(said.stderr.len() > sentence.len() * 1_600, "the log has it whole");
}

#[test]
fn faults_of_answers_that_drip() {
    runtime().block_on(async {
        let limits = Limits { silence: Duration::from_secs(2), ..Limits::impatient() };
        let side = Side::with_limits(fixtures::source(Profile::V42), "reader", FaultPlan::default(), limits).await;
        for path in ["/api/me", "/api/dataValueSets"] {
            let drip = Fault::Drip { pause: Duration::from_millis(50) };
            side.sandbox.faults().add(Matcher::every("GET", path), drip);
            let roots = side.metadata.organisation_units.values().filter(|unit| unit.path.len() == 1);
            let query = RawQuery {
                data_sets: side.metadata.data_sets.keys().copied().collect(),
                org_units: roots.map(|unit| unit.id).collect(),
                children: true,
                periods: vec![Period::parse("202610").unwrap()],
                ..RawQuery::default()
            };
            let mut sink = |_| ();
            let asked = match path {
                "/api/me" => side.client.probe().await.map(drop),
                _ => side.client.read_raw(&query, &mut sink).await.map(drop),
            };
            let error = asked.unwrap_err();
            assert!(matches!(error.kind, ClientErrorKind::TooSlow { .. }), "{path}: {error}");
            assert_eq!(error.code().number(), 5);
            let asked = side.sandbox.ledger().matching("GET", path).len();
            assert_eq!(asked, 1, "{path}: what drips once drips again");
            side.sandbox.faults().clear();
        }
    });
}
