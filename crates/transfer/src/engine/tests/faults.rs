//! Runs in which something goes wrong: the laws hold, others' rows arrive, and the next quiet run heals everything.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{VERSIONS, assert_laws, codes, counts, filled, routine};
use crate::engine::TransferError;
use crate::engine::world::{Fault, World};
use crate::fixture::{cell, unit};
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::fault::Fault as _;
use xfer_domain::run::{Report, RunMode, RunOutcome, StopCause};

#[test]
fn new_periods_are_primed_before_parallel_work() {
    for version in VERSIONS {
        let mut world = filled(version);
        let mut routine = routine();
        routine.routine.policies.parallel = 4;
        let report = world.run(&routine);
        assert_eq!(counts(&report), [("created", 32)]);
        assert!(!codes(&report).contains(&"rows-lost-in-race"), "{version}: no row has to be sent twice");
        let posts = &world.destination.state.lock().unwrap().posts;
        assert_eq!((posts[0].len(), posts[1].len()), (1, 1), "one row for each new period");
    }
}

#[test]
fn refused_rows_do_not_take_others_with_them() {
    for version in VERSIONS {
        let mut world = filled(version);
        {
            let mut state = world.destination.state.lock().unwrap();
            state.closed.insert(unit(3));
            state.bad.insert(cell(1, 5, "202401"));
            state.poison.insert(cell(1, 6, "202402"));
        }
        let report = world.run(&routine());
        assert_laws(&world, &report);
        assert_eq!(counts(&report), [("created", 26), ("rejected", 6)], "{version}");
        assert_eq!((report.exit_code, report.outcome), (3, RunOutcome::Incomplete));
        let refused = world.journal.records.iter().find(|record| record.cell == cell(1, 5, "202401")).unwrap();
        assert_eq!(refused.code.as_deref(), Some(if version == "2.42.5" { "E7619" } else { "E8122" }));
    }
}

#[test]
fn lost_answers_are_settled_by_reading_back() {
    for fault in [Fault::Interrupted, Fault::Timeout, Fault::Silent, Fault::ServerError] {
        for version in VERSIONS {
            let mut world = filled(version);
            world.destination.state.lock().unwrap().post_faults =
                [None, None, Some(fault), None, Some(fault)].into_iter().collect();
            let report = world.run(&routine());
            assert_laws(&world, &report);
            assert_eq!((counts(&report), report.exit_code), (vec![("created", 32)], 0), "{fault:?} on {version}");
        }
    }
}

#[test]
fn what_cannot_be_known_is_unknown() {
    let mut world = filled("2.43.1");
    let mut routine = routine();
    routine.routine.policies.verify = false;
    world.destination.state.lock().unwrap().post_faults = [None, None, Some(Fault::Timeout)].into_iter().collect();
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!(report.exit_code, 6);
    assert!(report.cells.unknown > 0 && report.cells.accepted > 0);
    let again = world.run(&routine);
    assert_eq!((again.exit_code, again.cells.unknown), (0, 0));
}

#[test]
fn a_destination_that_is_away_is_temporary() {
    let mut world = filled("2.42.5");
    world.destination.state.lock().unwrap().post_faults = vec![Some(Fault::Connect); 100].into();
    let report = world.run(&routine());
    assert_laws(&world, &report);
    assert_eq!((counts(&report), report.exit_code), (vec![("not_sent", 32)], 5));
    world.destination.state.lock().unwrap().post_faults.clear();
    assert_eq!(world.run(&routine()).exit_code, 0);
}

#[test]
fn a_refused_login_stops_the_run() {
    let mut world = filled("2.42.5");
    world.destination.state.lock().unwrap().post_faults = [Some(Fault::Unauthorized)].into_iter().collect();
    let report = world.run(&routine());
    assert_laws(&world, &report);
    assert_eq!(report.exit_code, 7);
    assert_eq!(world.destination.state.lock().unwrap().posts.len(), 1, "not a second try");
}

/// Runs with room for so many writes of the journal, until one has enough.
fn with_less_and_less_room(mut check: impl FnMut(World, Result<Report, TransferError>)) {
    for writes in 0..1_000 {
        let mut world = filled("2.43.1");
        world.journal.writes_left = Some(writes);
        let ended = world.try_run(&routine(), RunMode::Run).map(|result| result.report);
        let is_enough = ended.as_ref().is_ok_and(|report| report.exit_code == 0);
        world.journal.writes_left = None;
        check(world, ended);
        if is_enough {
            return;
        }
    }
    panic!("no run has that many writes");
}

#[test]
fn a_full_disk_stops_before_the_next_post_and_leaves_a_report() {
    let (mut without_report, mut cut_off, mut written) = (0, 0, 0);
    with_less_and_less_room(|mut world, ended| {
        let posts = world.destination.state.lock().unwrap().posts.len();
        assert!(posts <= world.journal.sending.len(), "nothing is sent that is not in the journal");
        match ended {
            Err(error) => {
                assert_eq!((error.code().number(), posts), (74, 0), "{error}: what was sent is told in a report");
                without_report += 1;
            }
            Ok(report) if report.findings.first().is_some_and(|first| first.code == "journal-cut-off") => {
                cut_off += 1;
                assert_eq!((report.exit_code, report.outcome), (74, RunOutcome::Incomplete));
                assert_eq!((report.values.unexplained(), report.cells.unexplained()), (0, 0));
                assert_eq!(report.findings[0].example.as_deref(), Some("the run's journal failed: disk full"));
                // What left was read back although it could not be recorded.
                let texts = world.destination.texts();
                assert_eq!(report.cells.created, texts.len() as u64);
                assert_eq!(report.cells.created + report.cells.not_sent, report.cells.total);
                written = written.max(report.cells.created);
            }
            Ok(_) => {}
        }
        let report = world.run(&routine());
        assert_eq!((report.cells.created + report.cells.unchanged, report.exit_code), (32, 0));
    });
    assert!(cut_off > 4 && written == 32, "{without_report} without a report, {cut_off} cut off, {written} written");
}

#[test]
fn what_a_run_says_does_not_hang_on_the_last_write() {
    let mut seen = None;
    with_less_and_less_room(|mut world, ended| {
        let Ok(report) = ended else { return };
        if report.findings.first().is_some_and(|first| first.code == "journal-not-closed") {
            let again = world.run(&routine());
            assert_eq!((again.cells.unchanged, again.exit_code), (32, 0), "everything else was written down");
            assert!(seen.replace(report).is_none());
        }
    });
    let report = seen.unwrap();
    assert_eq!((report.cells.created, report.exit_code, report.outcome), (32, 74, RunOutcome::Incomplete));
    assert!(report.findings[0].hint.as_deref().is_some_and(|hint| hint.contains("run again")));
}

#[test]
fn a_concurrent_writer_shows_as_a_difference() {
    let mut world = filled("2.43.1");
    world.destination.state.lock().unwrap().meddled.insert(cell(1, 2, "202401"), "99".to_owned());
    let report = world.run(&routine());
    assert_laws(&world, &report);
    assert_eq!((report.cells.differs, report.exit_code), (1, 3));
    let record = world.journal.records.iter().find(|record| record.state == CellState::Differs).unwrap();
    assert!(record.reason.as_deref().unwrap().contains("`99`"), "{record:?}");
}

#[test]
fn a_broken_stream_is_read_anew_and_a_dead_source_loses_nothing() {
    let mut world = filled("2.42.5");
    world.source.state.lock().unwrap().read_faults = [Some(Fault::Interrupted)].into_iter().collect();
    let report = world.run(&routine());
    assert_laws(&world, &report);
    assert_eq!((report.values.fetched, counts(&report)), (32, vec![("created", 32)]));
    world.source.state.lock().unwrap().read_faults = vec![Some(Fault::ServerError); 9].into();
    let failed = world.run(&routine());
    assert_eq!((failed.exit_code, failed.outcome, failed.values.fetched), (5, RunOutcome::Failed, 0));
    assert!(codes(&failed).contains(&"slice-failed"));
}

#[test]
fn an_unreadable_destination_leaves_the_cells_unsent() {
    let mut world = filled("2.42.5");
    world.destination.state.lock().unwrap().read_faults = vec![Some(Fault::ServerError); 9].into();
    let report = world.run(&routine());
    assert_laws(&world, &report);
    assert_eq!((counts(&report), report.exit_code), (vec![("not_sent", 32)], 5));
    assert!(world.destination.state.lock().unwrap().posts.is_empty());
}

#[test]
fn a_stopped_run_says_what_was_not_sent() {
    let mut world = filled("2.43.1");
    world.stop.now(StopCause::TimeLimit);
    let result = world.try_run(&routine(), RunMode::Run).unwrap();
    assert_eq!(result.report.exit_code, 5);
    assert!(codes(&result.report).contains(&"slices-not-done"));
    assert!(world.destination.state.lock().unwrap().posts.is_empty());
}

#[test]
fn too_large_posts_are_halved() {
    let mut world = filled("2.43.1");
    world.destination.state.lock().unwrap().post_faults =
        [None, None, Some(Fault::TooLarge), Some(Fault::TooLarge)].into_iter().collect();
    let report = world.run(&routine());
    assert_eq!((counts(&report), report.exit_code), (vec![("created", 32)], 0));
}

fn any_fault() -> impl Strategy<Value = Option<Fault>> {
    prop_oneof![
        4 => Just(None),
        1 => Just(Some(Fault::Interrupted)),
        1 => Just(Some(Fault::Timeout)),
        1 => Just(Some(Fault::Silent)),
        1 => Just(Some(Fault::Connect)),
        1 => Just(Some(Fault::ServerError)),
        1 => Just(Some(Fault::TooLarge)),
    ]
}

/// Element (1 plain, 3 with zeros that vanish), clinic, month, number.
type Values = BTreeMap<(u8, u8, u8), u8>;

fn any_values(most: usize) -> impl Strategy<Value = Values> {
    let key = (prop_oneof![Just(1_u8), Just(3)], 1_u8..9, 1_u8..3);
    proptest::collection::btree_map(key, 0_u8..3, 0..most)
}

fn key((data, org_unit, month): (u8, u8, u8)) -> CellKey {
    cell(data, org_unit, &format!("20240{month}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn no_fault_breaks_the_laws_and_a_quiet_run_heals_everything(
        at_source in any_values(40),
        at_destination in any_values(20),
        post_faults in proptest::collection::vec(any_fault(), 0..12),
        read_faults in proptest::collection::vec(any_fault(), 0..6),
        closed in proptest::option::of(1_u8..9),
        poison in proptest::option::of(1_u8..9),
        version in prop_oneof![Just("2.42.5"), Just("2.43.1")],
        parallel in 1_u8..5,
    ) {
        let mut world = World::new(version);
        for (place, number) in &at_source {
            world.source.put(key(*place), &number.to_string());
        }
        for (place, number) in &at_destination {
            world.destination.put(key(*place), &number.to_string());
        }
        {
            let mut state = world.destination.state.lock().unwrap();
            state.post_faults = post_faults.into();
            state.read_faults = read_faults.into();
            state.closed.extend(closed.map(unit));
            state.poison.extend(poison.map(|number| cell(1, number, "202401")));
        }
        let mut routine = routine();
        routine.routine.policies.parallel = parallel;
        let faulty = world.run(&routine);
        assert_laws(&world, &faulty);
        {
            let mut state = world.destination.state.lock().unwrap();
            state.post_faults.clear();
            state.read_faults.clear();
            state.closed.clear();
            state.poison.clear();
        }
        let quiet = world.run(&routine);
        assert_laws(&world, &quiet);
        prop_assert_eq!(quiet.exit_code, 0);
        let there = world.destination.texts();
        for (place, number) in &at_source {
            // A zero that the destination does not keep leaves what stands there.
            let skipped = place.0 == 3 && *number == 0;
            let expected = if skipped { at_destination.get(place) } else { Some(number) }.map(ToString::to_string);
            prop_assert_eq!(there.get(&key(*place)).cloned(), expected, "{:?}", place);
        }
        for (place, number) in at_destination.iter().filter(|(place, _)| !at_source.contains_key(place)) {
            prop_assert_eq!(there.get(&key(*place)), Some(&number.to_string()), "what is not ours stays");
        }
    }
}
