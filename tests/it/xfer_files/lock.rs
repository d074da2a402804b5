//! R8: twenty processes start the same file at once, fifty times over. One runs, nineteen are told so at once.

use std::process::Child;
use std::time::{Duration, Instant};

use xfer_sandbox::faults::{Fault, Matcher};

use crate::announce::announce;
use crate::support::office::Office;

const PROCESSES: usize = 20;
const ROUNDS: usize = 50;

#[test]
fn one_of_twenty_runs_and_a_killed_one_lets_the_next_begin() {
    let office = Office::ready();
    office.ok("routine export monthly --new-key-file run-key");
    // The holder waits for an answer that never comes, until it is killed: the lock is held as long as it is looked at.
    office.servers.source.faults().add(Matcher::every("GET", "/api/system/info"), Fault::Stall);
    let mut slowest = Duration::ZERO;
    for round in 0..ROUNDS {
        let started = Instant::now();
        let start = || office.xfer.command("exec monthly.xfer --key-file run-key").spawn().unwrap();
        let mut running: Vec<Child> = (0..PROCESSES).map(|_| start()).collect();
        let mut refused = 0;
        while running.len() > 1 {
            running.retain_mut(|child| match child.try_wait().unwrap() {
                Some(status) => {
                    assert_eq!(status.code(), Some(11), "round {round}");
                    refused += 1;
                    false
                }
                None => true,
            });
            std::thread::yield_now();
        }
        slowest = slowest.max(started.elapsed());
        assert_eq!(refused, PROCESSES - 1, "round {round}");
        let mut holder = running.pop().unwrap();
        assert!(holder.try_wait().unwrap().is_none(), "round {round}: the one that is left holds the lock");
        holder.kill().unwrap();
        holder.wait().unwrap();
    }
    office.servers.source.faults().clear();
    let next = office.xfer.run("exec monthly.xfer --key-file run-key --json").report();
    assert_eq!(next["cells"]["unknown"], 0, "the killed ones left no lock behind");
    assert!(office.servers.destination.ledger().rows_applied() > 0);
    announce(&format!(
        "R8: {ROUNDS} rounds of {PROCESSES} starts: one ran, the others ended with 11; slowest round {slowest:.1?}"
    ));
}
