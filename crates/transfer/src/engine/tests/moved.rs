//! What a job wrote before its periods were moved is leftover, and what a window has left behind is not.

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;

use super::{VERSIONS, assert_laws, counts};
use crate::engine::world::World;
use crate::events::Event;
use crate::fixture::{cell, document, job, plain_item};
use crate::plan::small;
use xfer_domain::item::{Combine, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;
use xfer_domain::run::Report;

fn leftover(report: &Report) -> u64 {
    report.findings.iter().filter(|finding| finding.code == "leftover").map(|finding| finding.count).sum()
}

#[test]
fn a_corrected_shift_leaves_no_value_in_two_periods() {
    for version in VERSIONS {
        let mut world = World::new(version);
        world.source.put(cell(1, 1, "202401"), "10");
        world.source.put(cell(1, 1, "202402"), "20");
        let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401", "202402"]);
        world.run(&routine);
        routine.jobs[0].period_shift = 1;
        let kept = world.run(&routine);
        assert_laws(&world, &kept);
        assert_eq!((leftover(&kept), world.destination.text_of(&cell(1, 1, "202401")).as_deref()), (1, Some("10")));
        assert!(kept.findings.iter().any(|finding| {
            finding.example.as_deref().is_some_and(|text| text.ends_with("goes to another period now"))
        }));
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        let deleted = world.run(&routine);
        assert_laws(&world, &deleted);
        assert_eq!(counts(&deleted), [("deleted", 1), ("unchanged", 2)], "{version}");
        assert_eq!(world.destination.text_of(&cell(1, 1, "202401")), None);
        assert_eq!(leftover(&world.run(&routine)), 0);
        // And back again, by half: what was in the middle is written by its own month.
        routine.jobs[0].period_shift = 0;
        let back = world.run(&routine);
        assert_eq!(counts(&back), [("created", 1), ("updated", 1), ("deleted", 1)]);
        assert_eq!(world.destination.text_of(&cell(1, 1, "202403")), None);
    }
}

#[test]
fn equal_values_hide_no_move_and_invent_none() {
    let mut world = World::new("2.43.1");
    for month in ["202401", "202402", "202403", "202404"] {
        world.source.put(cell(1, 1, month), "5");
    }
    let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401", "202402"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    world.run(&routine);
    routine.jobs[0].period_shift = 1;
    assert_eq!(leftover(&world.run(&routine)), 1);
    // February stands there unchanged and is January's by now: a window that goes on leaves it alone.
    routine.routine.window = vec!["202402".to_owned(), "202403".to_owned()];
    let on = world.run(&routine);
    assert_eq!((leftover(&on), on.cells.deleted), (0, 0));
    assert_eq!(world.destination.text_of(&cell(1, 1, "202402")).as_deref(), Some("5"));
}

#[test]
fn what_would_vanish_from_the_first_part_of_a_job_waits_for_the_last() {
    for version in VERSIONS {
        small::UNITS.set(Some(1));
        let mut world = World::new(version);
        for number in 1..=8 {
            for month in ["202401", "202402", "202403"] {
                world.source.put(cell(1, number, month), "5");
            }
        }
        let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401..202403"]);
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        world.run(&routine);
        let gone = [cell(1, 1, "202401"), cell(1, 2, "202402"), cell(1, 3, "202403"), cell(1, 4, "202401")];
        let lose = |world: &World, cells: &[xfer_domain::cell::CellKey]| {
            let mut state = world.source.state.lock().unwrap();
            for cell in cells {
                state.values.remove(cell);
            }
        };
        lose(&world, &gone);
        let dry = world.try_run(&routine, xfer_domain::run::RunMode::DryRun).unwrap().report;
        let report = world.run(&routine);
        assert_laws(&world, &report);
        assert_eq!(counts(&report), [("deleted", 4), ("unchanged", 20)], "{version}");
        assert_eq!(dry.cells, report.cells, "a dry run says what a run does");
        let waited = |event: &Event| matches!(event, Event::DeletionsWaited { cells: 4, parts: 1, .. });
        assert!(world.events.lock().unwrap().iter().any(waited));
        // 5 of 20 are more than a fifth, of whatever part they are.
        let more = [(1, "202402"), (2, "202401"), (5, "202401"), (6, "202401"), (8, "202401")];
        lose(&world, &more.map(|(unit, month)| cell(1, unit, month)));
        let held = world.run(&routine);
        assert_laws(&world, &held);
        assert_eq!(counts(&held), [("unchanged", 15), ("held_back", 5)], "{version}");
        small::UNITS.set(None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_window_that_rolls_leaves_nothing_over(
        shift in -4_i32..5,
        length in 1_i64..5,
        steps in proptest::collection::vec(0_i64..4, 1..5),
        quarters in any::<bool>(),
        empty in 0_u8..3,
    ) {
        let month = |number: i64| {
            let day = date(2023, 1, 1).checked_add(number.months()).unwrap();
            format!("{}{:02}", day.year(), day.month())
        };
        let mut world = World::new("2.43.1");
        for number in (0..40).filter(|number| number % 3 != i64::from(empty)) {
            world.source.put(cell(1, 1, &month(number)), &number.to_string());
        }
        let to = if quarters { PeriodType::Quarterly } else { PeriodType::Monthly };
        let moved = Job {
            period_shift: shift,
            destination_period_type: to,
            combine: Combine::Sum,
            ..job("a", vec![plain_item(1)])
        };
        let mut routine = document(vec![moved], &[]);
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        let mut first = 6;
        for step in steps {
            first += step;
            routine.routine.window = vec![format!("{}..{}", month(first), month(first + length))];
            let report = world.run(&routine);
            prop_assert_eq!(leftover(&report), 0);
            prop_assert_eq!(report.cells.deleted, 0);
        }
    }
}
