//! Both sides of a slice are read at the same time: what that means when one of them fails, or the run stops.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::{assert_laws, codes, counts, filled, routine};
use crate::engine::world::{Fault, Server, World};
use crate::events::Event;
use crate::fixture::{cell, document, item, job, plain_address};
use crate::plan::small;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Report, RunMode, StopCause};
use xfer_domain::uid::Uid;

/// Makes a run over slices of two org units while somebody looks on.
fn watched(world: &mut World, watch: impl Future<Output = ()>) -> Report {
    watched_with(world, &routine(), watch)
}

fn watched_with(world: &mut World, routine: &RoutineDocument, watch: impl Future<Output = ()>) -> Report {
    small::UNITS.set(Some(2));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let both = async { futures_util::future::join(world.start(routine, RunMode::Run), watch).await.0 };
    let result = runtime.block_on(both);
    small::UNITS.set(None);
    result.unwrap().report
}

/// Nobody passes until it is opened.
fn gate(of: &mut Option<Arc<Semaphore>>) -> Arc<Semaphore> {
    Arc::clone(of.insert(Arc::new(Semaphore::new(0))))
}

fn read_gate(server: &Server) -> Arc<Semaphore> {
    gate(&mut server.state.lock().unwrap().read_gate)
}

fn post_gate(server: &Server) -> Arc<Semaphore> {
    gate(&mut server.state.lock().unwrap().post_gate)
}

fn open(gate: &Semaphore) {
    gate.add_permits(1_000);
}

fn begun(server: &Server) -> Arc<AtomicUsize> {
    Arc::clone(&server.state.lock().unwrap().reads_begun)
}

/// Slices whose reading was begun.
fn started(events: &Mutex<Vec<Event>>) -> usize {
    events.lock().unwrap().iter().filter(|event| matches!(event, Event::SliceStarted { .. })).count()
}

/// Lets everybody else go on until nothing more can happen.
async fn quiet() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn both_sides_of_a_slice_are_read_at_the_same_time() {
    let mut world = filled("2.42.5");
    let (source, destination) = (read_gate(&world.source), read_gate(&world.destination));
    let (of_source, of_destination) = (begun(&world.source), begun(&world.destination));
    let report = watched(&mut world, async move {
        quiet().await;
        let begun = (of_source.load(Ordering::Relaxed), of_destination.load(Ordering::Relaxed));
        assert_eq!(begun, (1, 1), "one question to each");
        open(&source);
        open(&destination);
    });
    assert_laws(&world, &report);
    assert_eq!(counts(&report), [("created", 32)]);
    assert_eq!(world.source.state.lock().unwrap().reads_at_once, (0, 1), "never two questions to the source");
}

#[test]
fn no_more_than_two_slices_are_held() {
    let mut world = filled("2.42.5");
    let posts = post_gate(&world.destination);
    let events = Arc::clone(&world.events);
    let report = watched(&mut world, async move {
        quiet().await;
        // The first is being sent, and the second waits for that.
        assert_eq!(started(&events), 2);
        open(&posts);
    });
    assert_laws(&world, &report);
    assert_eq!((counts(&report), report.exit_code), (vec![("created", 32)], 0));
    assert!(started(&world.events) >= 4);
}

#[test]
fn where_both_are_one_system_one_side_is_read_after_the_other() {
    let mut world = filled("2.42.5");
    world.one_system = true;
    for number in 1..=8 {
        world.destination.put(cell(1, number, "202401"), "7");
    }
    let other = item(1, Uid::DEFAULT_OPTION_COMBO, plain_address(3));
    let routine = document(vec![job("copy", vec![other])], &["202401"]);
    let reads = read_gate(&world.destination);
    let seen = begun(&world.destination);
    let report = watched_with(&mut world, &routine, async move {
        quiet().await;
        assert_eq!(seen.load(Ordering::Relaxed), 1);
        open(&reads);
    });
    assert_laws(&world, &report);
    assert_eq!(counts(&report), [("created", 8)]);
    assert!(codes(&report).contains(&"same-system"));
}

#[test]
fn a_destination_that_fails_while_the_source_is_read_costs_no_value() {
    let mut world = filled("2.43.1");
    let source = read_gate(&world.source);
    world.destination.state.lock().unwrap().read_faults = vec![Some(Fault::ServerError); 9].into();
    let of_destination = begun(&world.destination);
    let report = watched(&mut world, async move {
        quiet().await;
        assert_eq!(of_destination.load(Ordering::Relaxed), 1);
        open(&source);
    });
    assert_laws(&world, &report);
    assert!(report.values.fetched > 0, "what the source has is known all the same");
    assert_eq!(report.cells.total, report.cells.not_sent);
    assert!(world.destination.state.lock().unwrap().posts.is_empty());
    world.destination.calm();
    assert_eq!(counts(&world.run(&routine())), [("created", 32)]);
}

#[test]
fn a_source_that_fails_does_not_wait_for_the_destination() {
    let mut world = filled("2.42.5");
    let (source, destination) = (read_gate(&world.source), read_gate(&world.destination));
    // The second try fails as well.
    world.source.state.lock().unwrap().read_faults = vec![Some(Fault::ServerError); 2].into();
    let (of_destination, events) = (begun(&world.destination), Arc::clone(&world.events));
    let report = watched(&mut world, async move {
        quiet().await;
        open(&source);
        quiet().await;
        assert_eq!(started(&events), 2, "the next slice is read");
        assert_eq!(of_destination.load(Ordering::Relaxed), 2, "though the first read was never answered");
        open(&destination);
    });
    assert_laws(&world, &report);
    assert_eq!(codes(&report).iter().filter(|code| **code == "slice-failed").count(), 1);
    assert!(report.cells.created > 0 && report.cells.created < 32, "the others arrive");
    assert_eq!(counts(&world.run(&routine()))[0].0, "created");
}

#[test]
fn a_run_that_is_stopped_while_both_are_read_ends_at_once() {
    let mut world = filled("2.42.5");
    // The first slice is read; then nobody answers any more.
    let (source, destination) = (read_gate(&world.source), read_gate(&world.destination));
    source.add_permits(1);
    destination.add_permits(1);
    let stop = world.stop.clone();
    let report = watched(&mut world, async move {
        quiet().await;
        stop.now(StopCause::Terminated);
    });
    assert_laws(&world, &report);
    assert_eq!(report.cells.created + report.cells.accepted + report.cells.not_sent, report.cells.total);
    assert_ne!(report.exit_code, 0);
    assert_eq!(world.source.state.lock().unwrap().reads_at_once.0, 0, "what was being read is given up");
    open(&source);
    open(&destination);
    world.stop = crate::stop::Stop::default();
    let again = world.run(&routine());
    assert_eq!((again.exit_code, again.cells.total), (0, 32));
}
