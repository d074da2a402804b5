//! `kill -9` at every request of a run and of a sync: before it is acted on, after it was, and some moments later,
//! wherever the program is then. What is undisturbed afterwards ends as if nothing had happened: the right cells, and a
//! ledger that knows each of them and nobody else's.
#![cfg(unix)]

use std::process::Child;
use std::time::{Duration, Instant};

use xfer_sandbox::faults::{Fault, Matcher};
use xfer_sandbox::profile::Profile;
use xfer_sandbox::server::RunningSandbox;

use crate::announce::announce;
use crate::faults::Server;
use crate::support::life::{Step, assert_right, prepare, ready};
use crate::support::trial::Trial;

/// Of how many kill points one is tried: all of them take minutes.
const ONE_IN: usize = if cfg!(debug_assertions) { 13 } else { 1 };

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
    for step in Step::ALL {
        prepare(trial, step);
        if step == point.step {
            let at = sandbox(trial, point.server);
            at.ledger().clear();
            match point.moment {
                Moment::Before => at.faults().add(Matcher::every_request().nth(point.request), Fault::Stall),
                Moment::After => at.faults().add(Matcher::every_request().nth(point.request), Fault::AnswerStalled),
                Moment::Later(_) => {}
            }
            lived = kill_at(point, at, &mut trial.xfer.command(step.line()).spawn().unwrap());
            at.faults().clear();
        }
        // A sync that was killed leaves the copy of before, which a run works with.
        if step != Step::Sync {
            trial.ok(step.line());
        }
        assert_right(trial, step, &format!("{point:?}"));
    }
    lived
}

/// How many requests each step makes at each server, undisturbed.
fn requests(trial: &Trial) -> Vec<(Step, Server, usize)> {
    let mut requests = Vec::new();
    for step in Step::ALL {
        prepare(trial, step);
        trial.source.ledger().clear();
        trial.destination.ledger().clear();
        trial.ok(step.line());
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
