//! A cell is written whole or not at all, and what may not be read is not empty.

use super::{VERSIONS, assert_laws, counts};
use crate::engine::TransferError;
use crate::engine::world::World;
use crate::fixture::{
    self, cell, document, element, female, item, job, male, mapping, period, plain_address, plain_item, unit,
    with_factor,
};
use crate::hooks::fake::attached;
use crate::plan::PlanError;
use xfer_domain::cell::CellKey;
use xfer_domain::item::{Combine, Item, SourceItem, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Report, RunMode};
use xfer_domain::script::Hook;
use xfer_domain::uid::Uid;

/// The attribute combo of both servers' data set is Sex.
fn by_sex(version: &'static str) -> World {
    let mut world = World::new(version);
    for server in [&mut world.source, &mut world.destination] {
        server.metadata.data_sets.values_mut().for_each(|set| set.category_combo = fixture::sex_combo());
    }
    world
}

fn option_of(world: &World, combo: Uid) -> Uid {
    world.source.metadata.category_option_combos[&combo].category_options[0]
}

/// Data element 1 under an attribute option combo.
fn under(combo: Uid, org_unit: u8) -> CellKey {
    CellKey { attribute_option_combo: combo, ..cell(1, org_unit, "202401") }
}

fn each_sex() -> RoutineDocument {
    let items = [male(), female()].map(|combo| {
        let mut item = plain_item(1);
        if let SourceItem::DataElement { attribute_option_combo, .. } = &mut item.source {
            *attribute_option_combo = Some(combo);
        }
        item.destination.attribute_option_combo = combo;
        item
    });
    let mut routine = document(vec![job("each", items.to_vec())], &["202401"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    routine
}

fn said(report: &Report, code: &str) -> Vec<String> {
    let found = report.findings.iter().filter(|finding| finding.code == code);
    found.map(|finding| finding.object.as_ref().map_or_else(String::new, |object| object.name.clone())).collect()
}

#[test]
fn a_right_that_is_taken_away_deletes_nothing() {
    for version in VERSIONS {
        let mut world = by_sex(version);
        world.source.put(under(male(), 1), "3");
        world.source.put(under(female(), 1), "40");
        let routine = each_sex();
        assert_eq!(counts(&world.run(&routine)), [("created", 2)]);
        let option = option_of(&world, female());
        world.source.state.lock().unwrap().unreadable.insert(option);
        let report = world.run(&routine);
        assert_laws(&world, &report);
        assert_eq!(counts(&report), [("unchanged", 1), ("held_back", 1)], "{version}");
        assert_eq!(world.destination.text_of(&under(female(), 1)).as_deref(), Some("40"));
        assert_eq!(said(&report, "source-not-readable"), ["female"]);
        assert_eq!(report.exit_code, 3);
        // The right is back, and now the value is gone for good.
        world.source.state.lock().unwrap().unreadable.clear();
        world.source.state.lock().unwrap().values.remove(&under(female(), 1));
        assert_eq!(world.run(&routine).cells.deleted, 1);
    }
}

#[test]
fn a_total_that_misses_a_part_is_not_written() {
    let mut world = by_sex("2.43.1");
    world.source.put(under(male(), 1), "3");
    world.source.put(under(female(), 1), "40");
    let open = Item {
        source: SourceItem::DataElement { id: element(1), category_option_combo: None, attribute_option_combo: None },
        ..plain_item(4)
    };
    world.destination.metadata.data_sets.values_mut().for_each(|set| {
        set.category_combo = Uid::DEFAULT_CATEGORY_COMBO;
    });
    let routine = document(vec![Job { combine: Combine::Sum, ..job("total", vec![open]) }], &["202401"]);
    world.run(&routine);
    assert_eq!(world.destination.text_of(&cell(4, 1, "202401")).as_deref(), Some("43"));
    let option = option_of(&world, male());
    world.source.state.lock().unwrap().unreadable.insert(option);
    let report = world.run(&routine);
    assert_eq!(counts(&report), [("held_back", 1)]);
    assert_eq!(world.destination.text_of(&cell(4, 1, "202401")).as_deref(), Some("43"), "not 40");
}

#[test]
fn what_the_destinations_user_may_not_read_is_not_overwritten() {
    let mut world = by_sex("2.42.5");
    world.source.put(under(male(), 1), "3");
    world.source.put(under(female(), 1), "40");
    world.destination.put(under(female(), 1), "77");
    let option = option_of(&world, female());
    world.destination.state.lock().unwrap().unreadable.insert(option);
    let report = world.run(&each_sex());
    assert_eq!(counts(&report), [("created", 1), ("held_back", 1)]);
    assert_eq!(said(&report, "destination-not-readable"), ["female"]);
    assert_eq!(world.destination.text_of(&under(female(), 1)).as_deref(), Some("77"));
}

#[test]
fn a_sum_with_a_part_that_is_no_number_is_held_back() {
    for text in ["many", "12 or 13"] {
        let mut world = World::new("2.43.1");
        world.source.put(cell(1, 1, "202401"), "30");
        world.source.put(cell(1, 5, "202401"), text);
        world.destination.put(cell(1, 1, "202401"), "50");
        let mut routine = document(vec![Job { combine: Combine::Sum, ..job("sum", vec![plain_item(1)]) }], &["202401"]);
        routine.org_unit_map = vec![mapping(unit(1), unit(1)), mapping(unit(5), unit(1))];
        let report = world.run(&routine);
        assert_eq!(counts(&report), [("held_back", 1)]);
        assert_eq!(world.destination.text_of(&cell(1, 1, "202401")).as_deref(), Some("50"));
        let record = &world.journal.records[0];
        assert_eq!(record.code.as_deref(), Some("cell-not-whole"));
        let reason = record.reason.as_deref().unwrap();
        assert!(reason.contains("Element 1 at Clinic 5 in 202401") && reason.contains(text), "{reason}");
    }
}

#[test]
fn a_sum_whose_other_item_is_gone_is_held_back() {
    let mut world = World::new("2.43.1");
    world.source.put(cell(1, 1, "202401"), "30");
    let items = vec![plain_item(1), item(9, Uid::DEFAULT_OPTION_COMBO, plain_address(1))];
    let routine = document(vec![Job { combine: Combine::Sum, ..job("sum", items) }], &["202401"]);
    let report = world.run(&routine);
    assert_eq!(counts(&report), [("held_back", 1)]);
    assert!(report.findings.iter().any(|finding| finding.code == "source-item-missing"));
}

#[test]
fn a_data_element_that_is_gone_after_the_sync_deletes_nothing() {
    let mut world = World::new("2.43.1");
    world.source.put(cell(1, 1, "202401"), "30");
    world.source.put(cell(4, 1, "202401"), "text");
    let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    world.run(&routine);
    world.source.state.lock().unwrap().hidden.insert(element(4));
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!((counts(&report), report.exit_code), (vec![("unchanged", 1), ("held_back", 1)], 3));
    assert_eq!(said(&report, "source-item-missing"), ["Element 4"]);
    assert_eq!(world.destination.text_of(&cell(4, 1, "202401")).as_deref(), Some("text"));
}

#[test]
fn what_is_hidden_as_a_whole_is_held_back_and_no_empty_period() {
    for rule in [WhenEmpty::Keep, WhenEmpty::Zero, WhenEmpty::Delete] {
        let mut world = World::new("2.42.5");
        world.source.put(cell(1, 1, "202401"), "30");
        let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
        routine.routine.policies.when_empty = rule;
        world.run(&routine);
        world.source.state.lock().unwrap().hidden.insert(element(1));
        let report = world.run(&routine);
        assert_laws(&world, &report);
        assert_eq!((counts(&report), report.exit_code), (vec![("held_back", 1)], 3), "{rule:?}");
        assert_eq!(
            (said(&report, "source-item-missing"), said(&report, "source-empty")),
            (vec!["Element 1".into()], vec![])
        );
        let reason = world.journal.records[0].reason.clone().unwrap();
        assert!(reason.starts_with("data element Element 1 can no longer be read by "), "{reason}");
        // Where the destination holds nothing yet, no cell is known: the finding alone has to tell it.
        world.destination.state.lock().unwrap().values.clear();
        let unknown = world.run(&routine);
        assert_eq!((counts(&unknown), unknown.exit_code), (vec![], 3));
        assert_eq!((said(&unknown, "source-item-missing").len(), said(&unknown, "source-empty").len()), (1, 0));
    }
}

#[test]
fn weeks_make_whole_months() {
    let mut world = World::new("2.43.1");
    let days = |first: &str| std::iter::successors(Some(period(first)), xfer_domain::period::Period::next);
    for week in days("2024W40").take(20) {
        world.source.put(CellKey { period: week, ..cell(1, 1, "202401") }, "10");
    }
    world.destination.put(cell(1, 1, "202410"), "50");
    let weekly =
        Job { source_period_type: PeriodType::Weekly, combine: Combine::Sum, ..job("weeks", vec![plain_item(1)]) };
    let routine = document(vec![weekly], &["2024W41..2024W44"]);
    world.run(&routine);
    // W40 begins on 30 September with six days in October, W44 ends on 3 November with four days in October.
    assert_eq!(world.destination.text_of(&cell(1, 1, "202410")).as_deref(), Some("50"));
    assert_eq!(world.destination.texts().len(), 1);
}

#[test]
fn months_of_a_scripts_own_are_whole() {
    let mut world = World::new("2.43.1");
    let days = std::iter::successors(Some(period("20240620")), xfer_domain::period::Period::next);
    for day in days.take(110) {
        world.source.put(CellKey { period: day, ..cell(1, 1, "202401") }, "1");
    }
    let mut daily =
        Job { source_period_type: PeriodType::Daily, combine: Combine::Sum, ..job("days", vec![plain_item(1)]) };
    daily.scripts = vec![attached("from-28th", &[Hook::Period])];
    let report = world.run(&document(vec![daily], &["202407..202408"]));
    assert_laws(&world, &report);
    let text = |month: &str| world.destination.text_of(&cell(1, 1, month));
    assert_eq!(text("202407").as_deref(), Some("30"));
    assert_eq!(text("202408").as_deref(), Some("31"));
    assert_eq!(world.destination.texts().len(), 2, "nobody asked for September, which began on 28 August");
}

#[test]
fn a_zero_is_no_deletion_unless_the_routine_wrote_what_stands_there_and_may_delete() {
    for version in VERSIONS {
        let mut world = World::new(version);
        world.source.put(cell(3, 1, "202401"), "5");
        world.destination.put(cell(3, 2, "202401"), "7");
        let mut routine = document(vec![job("zeros", vec![plain_item(3)])], &["202401"]);
        world.run(&routine);
        world.source.put(cell(3, 1, "202401"), "0");
        world.source.put(cell(3, 2, "202401"), "0");
        let there = |world: &World, org_unit| world.destination.text_of(&cell(3, org_unit, "202401"));
        let kept = world.run(&routine);
        assert_laws(&world, &kept);
        assert_eq!((counts(&kept), kept.exit_code), (vec![("zero_skipped", 2)], 0), "{version}");
        assert!(kept.findings.iter().any(|finding| finding.code == "zero-kept"));
        assert_eq!((there(&world, 1).as_deref(), there(&world, 2).as_deref()), (Some("5"), Some("7")));
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        routine.routine.policies.max_delete = Some(0);
        assert_eq!(counts(&world.run(&routine)), [("zero_skipped", 2)]);
        routine.routine.policies.max_delete = Some(1);
        let deleted = world.run(&routine);
        assert_laws(&world, &deleted);
        assert_eq!(counts(&deleted), [("deleted", 1), ("zero_skipped", 1)]);
        assert_eq!((there(&world, 1), there(&world, 2).as_deref()), (None, Some("7")));
    }
}

#[test]
fn on_one_system_an_item_does_not_read_what_it_writes() {
    let mut world = World::new("2.40.12");
    world.source.put(cell(1, 1, "202401"), "1");
    let mut routine = document(vec![Job { combine: Combine::Sum, ..job("sum", vec![plain_item(1)]) }], &["202401"]);
    routine.org_unit_map = vec![mapping(unit(1), unit(2)), mapping(unit(2), unit(2))];
    let refused = world.try_run(&routine, RunMode::Run).unwrap_err();
    assert!(matches!(&refused, TransferError::Plan(PlanError::ReadsItself { .. })), "{refused}");
    assert!(refused.to_string().contains("Country / District A / Clinic 2"), "{refused}");
    routine.org_unit_map = fixture::all_mapped();
    assert_eq!(world.run(&routine).cells.created, 1, "a copy of a server is filled as it is");
    routine.jobs[0].items = vec![with_factor(plain_item(1), "2")];
    assert!(world.try_run(&routine, RunMode::Run).is_err());
}

#[test]
fn what_nothing_leads_to_any_more_is_named_and_deleted_where_the_routine_says_so() {
    for version in VERSIONS {
        let mut world = World::new(version);
        for number in 1..=3 {
            world.source.put(cell(1, number, "202401"), &number.to_string());
            world.source.put(cell(4, number, "202401"), "text");
        }
        let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
        world.run(&routine);
        // Clinic 1 goes to clinic 8 now, element 4 nowhere.
        routine.org_unit_map.iter_mut().filter(|row| row.source == unit(1)).for_each(|row| {
            row.destination = Some(unit(8));
        });
        routine.org_unit_map.retain(|row| row.source != unit(8));
        routine.jobs[0].items.truncate(1);
        let kept = world.run(&routine);
        assert_laws(&world, &kept);
        assert_eq!(counts(&kept), [("created", 1), ("unchanged", 2)], "{version}");
        let leftover: Vec<(u64, &str)> = kept
            .findings
            .iter()
            .filter(|finding| finding.code == "leftover")
            .map(|finding| (finding.count, finding.example.as_deref().unwrap()))
            .collect();
        assert_eq!(
            leftover,
            [
                (3, "at Country / District A / Clinic 1 in 202401: no item of the routine writes to it now"),
                (1, "at Country / District A / Clinic 1 in 202401: the map sends no org unit there now"),
            ]
        );
        assert_eq!(kept.exit_code, 0, "a warning");
        // Somebody changed one of them and took another away.
        world.destination.put(cell(4, 2, "202401"), "better text");
        world.destination.state.lock().unwrap().values.remove(&cell(4, 3, "202401"));
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        let too_many = world.run(&routine);
        assert_eq!(counts(&too_many), [("unchanged", 3), ("held_back", 2)], "more than a fifth");
        assert_eq!(said(&too_many, "stale-changed").len(), 1, "said when it is seen");
        routine.routine.policies.max_delete_share = 40;
        routine.routine.policies.max_delete = Some(1);
        let first = world.run(&routine);
        assert_eq!(counts(&first), [("deleted", 1), ("unchanged", 3), ("held_back", 1)]);
        routine.routine.policies.max_delete = Some(10);
        let deleted = world.run(&routine);
        assert_laws(&world, &deleted);
        assert_eq!(counts(&deleted), [("deleted", 1), ("unchanged", 3)]);
        assert_eq!(world.destination.text_of(&cell(1, 1, "202401")), None);
        assert_eq!(world.destination.text_of(&cell(4, 2, "202401")).as_deref(), Some("better text"));
        let quiet = world.run(&routine);
        assert_eq!(counts(&quiet), [("unchanged", 3)]);
        assert!(said(&quiet, "leftover").is_empty(), "what was taken away is forgotten");
        assert!(said(&quiet, "stale-changed").is_empty(), "what somebody changed is his");
    }
}

#[test]
fn leftover_deletions_count_against_the_share_that_may_change() {
    let mut world = World::new("2.43.1");
    for number in 1..=8 {
        world.source.put(cell(1, number, "202401"), "5");
    }
    let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    world.run(&routine);
    routine.org_unit_map.retain(|row| row.source != unit(1) && row.source != unit(2));
    routine.routine.policies.tolerate_unmapped = true;
    routine.routine.policies.max_change = Some(20);
    assert_eq!(counts(&world.run(&routine)), [("unchanged", 6), ("held_back", 2)], "2 of 8 are more than 20 %");
    routine.routine.policies.max_change = Some(25);
    assert_eq!(counts(&world.run(&routine)), [("unchanged", 6), ("held_back", 2)], "nor may so many be deleted");
    routine.routine.policies.max_delete_share = 25;
    assert_eq!(counts(&world.run(&routine)), [("deleted", 2), ("unchanged", 6)]);
}

#[test]
fn what_an_unseen_org_unit_is_part_of_is_held_back_by_name_and_counted() {
    for version in VERSIONS {
        let mut world = World::new(version);
        // Clinics 1 (district A) and 5 (district B) go together; clinic 6 lies in B, alone.
        for (number, text) in [(1, "5"), (5, "7"), (6, "8"), (2, "9")] {
            world.source.put(cell(1, number, "202401"), text);
        }
        let mut routine = document(vec![Job { combine: Combine::Sum, ..job("a", vec![plain_item(1)]) }], &["202401"]);
        routine.org_unit_map =
            [(1, 1), (5, 1), (6, 6), (2, 2)].map(|(from, to)| mapping(unit(from), unit(to))).to_vec();
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        world.run(&routine);
        world.source.account.data_view_organisation_units = vec![fixture::district_a()];
        let report = world.run(&routine);
        assert_laws(&world, &report);
        assert_eq!(counts(&report), [("unchanged", 1), ("held_back", 2)], "{version}");
        assert_eq!((report.values.invalid, report.values.contributing, report.exit_code), (0, 2, 3));
        let held: Vec<(u64, String)> = report
            .findings
            .iter()
            .filter(|finding| finding.code == "source-not-readable")
            .map(|finding| (finding.count, finding.object.as_ref().unwrap().name.clone()))
            .collect();
        assert_eq!(
            held,
            [(1, "Country / District B / Clinic 5".to_owned()), (1, "Country / District B / Clinic 6".to_owned())]
        );
        assert_eq!(world.destination.text_of(&cell(1, 1, "202401")).as_deref(), Some("12"));
        assert_eq!(world.destination.text_of(&cell(1, 6, "202401")).as_deref(), Some("8"));
        // Nothing is seen at all: that says nothing about what is there.
        routine.org_unit_map = vec![mapping(unit(6), unit(6))];
        let blind = world.run(&routine);
        assert_eq!(blind.cells.held_back, 3, "what nothing leads to any more stays, too");
        assert!(said(&blind, "source-empty").is_empty());
    }
}

#[test]
fn a_unit_that_is_gone_is_an_error_and_its_partners_are_held_back_for_it() {
    let mut world = World::new("2.43.1");
    world.source.put(cell(1, 1, "202401"), "5");
    let mut routine = document(vec![Job { combine: Combine::Sum, ..job("a", vec![plain_item(1)]) }], &["202401"]);
    routine.org_unit_map = vec![mapping(unit(1), unit(1)), mapping(unit(99), unit(2))];
    let report = world.run(&routine);
    assert_eq!((report.exit_code, report.cells.created), (3, 1));
    routine.routine.policies.tolerate_unmapped = true;
    assert_eq!(world.run(&routine).exit_code, 0);
    routine.org_unit_map[1].destination = Some(unit(1));
    let held = world.run(&routine);
    assert_eq!((held.cells.held_back, held.exit_code), (1, 3));
    assert_eq!(world.journal.records[0].code.as_deref(), Some("source-org-unit-unknown"));
}
