//! Operators and scripts in whole runs: what is left out, held back, shared out or added is accounted for, on both
//! generations, and a dry run says what a run does.

use std::collections::BTreeMap;

use super::{VERSIONS, assert_laws};
use crate::engine::world::World;
use crate::fixture::{cell, document, female, item, job, male, plain_address, plain_item, with_factor};
use crate::hooks::fake::attached;
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::item::{Combine, Item, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{Report, RunMode};
use xfer_domain::script::Hook;

/// Runs a routine dry and for real; both have to agree cell by cell.
fn both(world: &mut World, routine: &RoutineDocument) -> Report {
    let dry = world.try_run(routine, RunMode::DryRun).unwrap().report;
    let said = states(world);
    let real = world.run(routine);
    assert_laws(world, &real);
    assert_eq!(states(world), said, "a dry run says what a run does");
    assert_eq!((dry.values, &dry.scripts), (real.values, &real.scripts));
    real
}

fn states(world: &World) -> BTreeMap<CellKey, (Option<String>, CellState)> {
    world.journal.records.iter().map(|record| (record.cell, (record.value.clone(), record.state))).collect()
}

fn text(world: &World, data: u8, org_unit: u8, period: &str) -> Option<String> {
    world.destination.text_of(&cell(data, org_unit, period))
}

fn code_of(report: &Report, code: &str) -> Option<(u64, String)> {
    let finding = report.findings.iter().find(|finding| finding.code == code)?;
    Some((finding.count, finding.example.clone().unwrap_or_default()))
}

/// The job's items with the data set's periods, read monthly.
fn quarterly(items: Vec<Item>) -> Job {
    Job { destination_period_type: PeriodType::Quarterly, combine: Combine::Sum, ..job("quarters", items) }
}

#[test]
fn a_quarter_of_two_months_is_held_back_and_a_whole_one_arrives() {
    for version in VERSIONS {
        let mut world = World::new(version);
        world.destination.metadata.data_sets.values_mut().for_each(|set| set.period_type = PeriodType::Quarterly);
        for month in ["202401", "202402", "202403"] {
            world.source.put(cell(1, 1, month), "5");
        }
        world.source.put(cell(1, 2, "202401"), "7");
        world.source.put(cell(1, 2, "202403"), "7");
        let mut routine = document(vec![quarterly(vec![plain_item(1)])], &["2024Q1"]);
        routine.routine.window = vec!["202401..202403".to_owned()];
        routine.jobs[0].coverage = "all".parse().ok();
        let report = both(&mut world, &routine);
        assert_eq!((text(&world, 1, 1, "2024Q1").as_deref(), text(&world, 1, 2, "2024Q1")), (Some("15"), None));
        assert_eq!((report.cells.created, report.cells.held_back, report.exit_code), (1, 1, 3), "{version}");
        let (count, example) = code_of(&report, "coverage-short").unwrap();
        assert_eq!(count, 1);
        assert!(example.contains("2 of 3 source periods have a value, 3 are needed"), "{example}");
        routine.jobs[0].items[0].coverage = "60%".parse().ok();
        assert_eq!(both(&mut world, &routine).exit_code, 0);
        assert_eq!(text(&world, 1, 2, "2024Q1").as_deref(), Some("14"));
    }
}

#[test]
fn a_source_is_shared_out_and_the_parts_add_up() {
    let share = |to: u8, weight: &str| Item { share: weight.parse().ok(), ..item(1, default(), plain_address(to)) };
    for version in VERSIONS {
        let mut world = World::new(version);
        world.source.put(cell(1, 1, "202401"), "10");
        world.source.put(cell(1, 2, "202401"), "many");
        let routine = document(vec![job("shares", vec![share(1, "1"), share(3, "2")])], &["202401"]);
        world.destination.put(cell(3, 2, "202401"), "4");
        let report = both(&mut world, &routine);
        assert_eq!(text(&world, 1, 1, "202401").as_deref(), Some("3"));
        assert_eq!(text(&world, 3, 1, "202401").as_deref(), Some("7"));
        assert_eq!(text(&world, 3, 2, "202401").as_deref(), Some("4"), "what cannot be read hides no deletion");
        assert_eq!((report.values.fetched, report.values.contributing, report.values.invalid), (2, 1, 1));
        assert_eq!((report.cells.total, report.cells.held_back), (4, 2), "both parts of what is no number");

        let halved = routine.jobs[0].items.iter().cloned().map(|item| with_factor(item, "0.25")).collect();
        let refused = both(&mut world, &document(vec![job("shares", halved)], &["202401"]));
        assert_eq!((refused.cells.held_back, refused.cells.total), (4, 4), "2.5 cannot be shared in whole numbers");
        let (_, example) = code_of(&refused, "share-not-whole").unwrap();
        assert!(example.contains("2.5 cannot be divided into whole numbers"), "{example}");
    }
}

fn default() -> xfer_domain::uid::Uid {
    xfer_domain::uid::Uid::DEFAULT_OPTION_COMBO
}

#[test]
fn decimals_are_rounded_before_they_are_shaped() {
    let mut world = World::new("2.43.1");
    world.source.put(cell(1, 1, "202401"), "5");
    world.source.put(cell(1, 2, "202401"), "-5");
    let mut routine = document(vec![job("half", vec![with_factor(plain_item(1), "0.5")])], &["202401"]);
    assert_eq!(both(&mut world, &routine).cells.held_back, 2, "2.5 is no whole number");
    routine.jobs[0].round = "0".parse().ok();
    both(&mut world, &routine);
    assert_eq!(
        (text(&world, 1, 1, "202401").as_deref(), text(&world, 1, 2, "202401").as_deref()),
        (Some("3"), Some("-3"))
    );
}

/// `rows` drops 99, rejects 98, makes 51 of 50 and copies 7 into the next month; `value` doubles, drops 0, rejects 13.
#[test]
fn all_four_hooks_act_and_everything_is_accounted_for() {
    let ends = VERSIONS.map(|version| {
        let mut world = World::new(version);
        for (number, text) in [(1, "1"), (2, "99"), (3, "98"), (4, "50"), (5, "7"), (6, "0"), (7, "13"), (8, "8")] {
            world.source.put(cell(1, number, "202401"), text);
        }
        for combo in [male(), female()] {
            world.source.put(CellKey { category_option_combo: combo, ..cell(2, 1, "202401") }, "4");
        }
        let both_sexes: Vec<Item> = [male(), female()].map(|combo| item(2, combo, plain_address(3))).to_vec();
        let mut routine =
            document(vec![job("counts", vec![plain_item(1)]), job("largest", both_sexes)], &["202401", "202402"]);
        routine.jobs[0].scripts = vec![attached("rows.rhai", &[Hook::Rows])];
        routine.jobs[0].items[0].scripts = vec![attached("double.rhai", &[Hook::Value])];
        routine.jobs[1].scripts = vec![attached("largest.rhai", &[Hook::Combine])];
        routine.routine.scripts = vec![attached("back.rhai", &[Hook::Period])];
        // What stands where a rejected value would go is kept; what a script leaves out is gone at the source.
        world.destination.put(cell(1, 3, "202312"), "3");
        routine.routine.policies.when_empty = WhenEmpty::Delete;
        let report = both(&mut world, &routine);
        assert_eq!(text(&world, 1, 1, "202312").as_deref(), Some("2"));
        assert_eq!(text(&world, 1, 4, "202312").as_deref(), Some("102"));
        assert_eq!(text(&world, 1, 5, "202312").as_deref(), Some("14"));
        assert_eq!(text(&world, 1, 5, "202401").as_deref(), Some("14"), "the row that a script added");
        assert_eq!(text(&world, 1, 3, "202312").as_deref(), Some("3"));
        assert_eq!(text(&world, 3, 1, "202312").as_deref(), Some("4"), "the largest of two");
        let values = report.values;
        assert_eq!((values.fetched, values.created_by_script), (10, 1));
        assert_eq!((values.dropped, values.invalid, values.contributing), (2, 1, 8), "99 and 0; 98");
        assert_eq!(report.jobs[0].cells.held_back, 2, "98 and 13");
        assert_eq!(report.exit_code, 3);
        let changed = report.scripts.iter().map(|script| (script.script.as_str(), script.changed)).collect::<Vec<_>>();
        assert_eq!(changed, [("double.rhai", 5), ("largest.rhai", 1), ("rows.rhai", 1)]);
        let (_, example) = code_of(&report, "script-changed").unwrap();
        assert!(example.contains(" → ") && example.contains(".rhai:"), "{example}");
        let rejected = report.findings.iter().filter(|finding| finding.code == "script-failed");
        assert_eq!(rejected.map(|finding| finding.count).sum::<u64>(), 2, "98 and 13");
        (report.cells, world.destination.texts())
    });
    assert_eq!(ends[0], ends[1]);
}

#[test]
fn a_value_that_one_cell_keeps_is_not_dropped() {
    let mut world = World::new("2.42.5");
    world.source.put(cell(1, 1, "202401"), "0");
    world.source.put(cell(1, 2, "202401"), "0");
    let mut twice =
        document(vec![job("twice", vec![plain_item(1), item(1, default(), plain_address(4))])], &["202401"]);
    twice.jobs[0].items[0].scripts = vec![attached("double.rhai", &[Hook::Value])];
    let report = both(&mut world, &twice);
    assert_eq!((report.values.contributing, report.values.dropped), (2, 0), "the other cell has them");
    assert_eq!((report.cells.total, report.scripts[0].dropped), (2, 2));
    twice.jobs[0].items[1].scripts = twice.jobs[0].items[0].scripts.clone();
    let report = both(&mut world, &twice);
    assert_eq!((report.values.contributing, report.values.dropped, report.cells.total), (0, 2, 0));
}

#[test]
fn rows_that_fail_cost_the_slice_and_delete_nothing() {
    let mut world = World::new("2.43.1");
    for number in 1..=3 {
        world.source.put(cell(1, number, "202401"), "5");
    }
    let mut routine = document(vec![job("rows", vec![plain_item(1)])], &["202401"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    both(&mut world, &routine);
    world.source.put(cell(1, 1, "202401"), "666");
    routine.jobs[0].scripts = vec![attached("rows.rhai", &[Hook::Rows])];
    let report = both(&mut world, &routine);
    assert_eq!((report.values.invalid, report.cells.held_back, report.cells.total, report.exit_code), (3, 3, 3, 3));
    assert_eq!(world.destination.texts().len(), 3);
    assert!(code_of(&report, "script-failed").unwrap().1.contains("the slice cannot be"));
}

#[test]
fn a_period_script_takes_back_what_it_moved_and_never_touches_what_it_leaves_out() {
    let mut world = World::new("2.43.1");
    world.source.put(cell(1, 1, "202402"), "5");
    world.source.put(cell(1, 1, "202403"), "6");
    let mut routine = document(vec![job("plain", vec![plain_item(1)])], &["202402", "202403"]);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    both(&mut world, &routine);
    routine.jobs[0].scripts = vec![attached("back.rhai", &[Hook::Period])];
    let report = both(&mut world, &routine);
    assert_eq!(report.periods, ["202401"]);
    assert_eq!((report.cells.created, report.cells.deleted, report.cells.total, report.values.dropped), (1, 1, 2, 1));
    assert_eq!(text(&world, 1, 1, "202401").as_deref(), Some("5"));
    assert_eq!(text(&world, 1, 1, "202402"), None, "it stands in January now");
    assert_eq!(text(&world, 1, 1, "202403").as_deref(), Some("6"), "written before, and not asked about now");
    let (_, example) = code_of(&report, "script-dropped").unwrap();
    assert!(example.contains("March is left out (back.rhai)"), "{example}");
}
