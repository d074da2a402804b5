//! `kill -9` at every request of a run and of a sync: before it is acted on, after it was, and some moments later,
//! wherever the program is then. What is undisturbed afterwards ends as if nothing had happened: the right cells, and a
//! ledger that knows each of them and nobody else's.
#![cfg(unix)]

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::json;
use xfer::sandbox::faults::{Fault, Matcher};
use xfer::sandbox::profile::Profile;
use xfer::sandbox::server::RunningSandbox;

use crate::announce::announce;
use crate::faults::Server;
use crate::support::country::Country;
use crate::support::trial::Trial;

const CENTRES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

/// The centre whose value at the destination a person entered.
const BY_HAND: &str = "Z";

/// Of how many kill points one is tried: all of them take minutes.
const ONE_IN: usize = if cfg!(debug_assertions) { 13 } else { 1 };

/// A step in the life of a routine; a kill strikes one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The destination has nothing.
    Fill,
    /// Each value is another at the source.
    Update,
    /// The source has none of the values of one element any more.
    Delete,
    /// Metadata are read anew.
    Sync,
}

const STEPS: [Step; 4] = [Step::Fill, Step::Sync, Step::Update, Step::Delete];

/// When the program is killed, seen from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// It has arrived, and nothing comes of it.
    Before,
    /// It was acted on, and its answer does not come.
    After,
    /// So many microseconds after it has arrived.
    Later(u64),
}

const MOMENTS: [Moment; 6] =
    [Moment::Before, Moment::After, Moment::Later(150), Moment::Later(700), Moment::Later(2_500), Moment::Later(9_000)];

#[derive(Debug, Clone, Copy)]
struct Point {
    step: Step,
    server: Server,
    request: usize,
    moment: Moment,
}

fn centre(name: &str) -> String {
    format!("Centre {name}")
}

fn country(side: &str) -> Country {
    let names: Vec<String> = CENTRES.iter().chain([&BY_HAND]).map(|name| centre(name)).collect();
    let country = Country::new(side).facilities(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let country = country.element("CAS", json!({})).element("STAYS", json!({}));
    country.data_set("M", "Monthly", &["CAS", "STAYS"], json!({}))
}

/// Two servers and a routine that may delete whatever is its own.
fn ready(to: Profile) -> Trial {
    let trial = Trial::of_versions(Profile::V42, to, &country("source"), &country("destination"));
    trial.routine("", &[("CAS", "CAS"), ("STAYS", "STAYS")], "202401");
    trial.ok("routine edit r --when-empty delete --max-delete-share 100");
    trial
}

fn set(sandbox: &RunningSandbox, element: &str, value: Option<&str>) {
    CENTRES.iter().for_each(|name| Trial::store(sandbox, [element, "", "", &centre(name), "202401"], value));
}

/// What the source has before a step.
fn prepare(trial: &Trial, step: Step) {
    match step {
        Step::Fill => {
            Trial::change(&trial.destination, |state| state.values.data.clear());
            set(&trial.source, "CAS", Some("3"));
            set(&trial.source, "STAYS", Some("1"));
            Trial::store(&trial.destination, ["CAS", "", "", &centre(BY_HAND), "202401"], Some("3"));
        }
        Step::Update => set(&trial.source, "CAS", Some("5")),
        Step::Delete => set(&trial.source, "CAS", None),
        Step::Sync => {}
    }
}

fn line(step: Step) -> &'static str {
    if step == Step::Sync { "server sync --all" } else { "run r" }
}

fn sandbox(trial: &Trial, server: Server) -> &RunningSandbox {
    if server == Server::Source { &trial.source } else { &trial.destination }
}

/// Waits until the request has come as far as the moment wants it, and kills. Whether it lived until then.
fn kill_at(point: Point, at: &RunningSandbox, running: &mut Child) -> bool {
    let is_there = || {
        let entries = at.ledger().entries();
        entries.get(point.request).is_some_and(|entry| point.moment != Moment::After || entry.applied)
    };
    while !is_there() {
        if running.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    if let Moment::Later(microseconds) = point.moment {
        let until = Instant::now() + Duration::from_micros(microseconds);
        while Instant::now() < until {
            std::hint::spin_loop();
        }
    }
    let lived = running.try_wait().unwrap().is_none();
    running.kill().unwrap();
    running.wait().unwrap();
    lived
}

/// The whole life with one kill in it; whether the kill met a living program.
fn live_through(trial: &Trial, point: Point) -> bool {
    let mut lived = false;
    for step in STEPS {
        prepare(trial, step);
        if step == point.step {
            let at = sandbox(trial, point.server);
            at.ledger().clear();
            match point.moment {
                Moment::Before => at.faults().add(Matcher::every_request().nth(point.request), Fault::Stall),
                Moment::After => at.faults().add(Matcher::every_request().nth(point.request), Fault::AnswerStalled),
                Moment::Later(_) => {}
            }
            lived = kill_at(point, at, &mut trial.xfer.command(line(step)).spawn().unwrap());
            at.faults().clear();
        }
        // A sync that was killed leaves the copy of before, which a run works with.
        if step != Step::Sync {
            trial.ok(line(step));
        }
        let cells: Vec<(String, String, String)> =
            trial.values().into_iter().map(|([element, _, _, unit, _], value)| (element, unit, value)).collect();
        let cas = match step {
            Step::Fill | Step::Sync => Some("3"),
            Step::Update => Some("5"),
            Step::Delete => None,
        };
        let mut right: Vec<(String, String, String)> = Vec::new();
        right.extend(
            CENTRES.iter().filter_map(|name| cas.map(|value| ("CAS".to_owned(), centre(name), value.to_owned()))),
        );
        right.push(("CAS".to_owned(), centre(BY_HAND), "3".to_owned()));
        right.extend(CENTRES.iter().map(|name| ("STAYS".to_owned(), centre(name), "1".to_owned())));
        assert_eq!(cells, right, "{point:?}: after {step:?}");
    }
    lived
}

/// How many requests each step makes at each server, undisturbed.
fn requests(trial: &Trial) -> Vec<(Step, Server, usize)> {
    let mut requests = Vec::new();
    for step in STEPS {
        prepare(trial, step);
        trial.source.ledger().clear();
        trial.destination.ledger().clear();
        trial.ok(line(step));
        for server in [Server::Source, Server::Destination] {
            requests.push((step, server, sandbox(trial, server).ledger().entries().len()));
        }
    }
    requests
}

fn kill_everywhere(to: Profile) {
    let mut points = Vec::new();
    for (step, server, count) in requests(&ready(to)) {
        assert!(count >= 3, "{step:?} asks {server:?} {count} times");
        for request in 0..count {
            points.extend(MOMENTS.map(|moment| Point { step, server, request, moment }));
        }
    }
    let points: Vec<Point> = points.into_iter().step_by(ONE_IN).collect();
    let lanes = if cfg!(debug_assertions) { 2 } else { 4 };
    let met: usize = std::thread::scope(|scope| {
        let lanes: Vec<_> = points
            .chunks(points.len().div_ceil(lanes))
            .map(|part| {
                scope.spawn(move || {
                    let trial = ready(to);
                    part.iter().filter(|point| live_through(&trial, **point)).count()
                })
            })
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    announce(&format!(
        "faults: kill -9 at {} points of runs and syncs to {}: {met} met the program alive, all ended in the right \
         cells and the right ledger",
        points.len(),
        to.name()
    ));
    assert!(met * 2 > points.len(), "{met} of {}", points.len());
}

#[test]
fn faults_of_kills_on_2_42() {
    kill_everywhere(Profile::V42);
}

#[test]
fn faults_of_kills_on_2_44() {
    kill_everywhere(Profile::V44);
}
