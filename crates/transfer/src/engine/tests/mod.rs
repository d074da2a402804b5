//! Whole runs against the world in memory: what a run does, and the laws of design 3.1 that each has to keep.

mod comments;
mod faults;
mod moved;
mod operators;
mod sides;
mod whole;
use crate::engine::world::World;
use crate::fixture::{
    cell, district_b, document, female, indicator, indicator_item, item, job, male, mapping, period, plain_address,
    plain_item, unit,
};
use xfer_domain::cell::{CellKey, CellState};
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::run::{CellCounts, Report, RunMode, RunOutcome};
use xfer_domain::source_value::SourceValue;

const VERSIONS: [&str; 3] = ["2.42.5", "2.43.1", "2.44.0"];

fn routine() -> RoutineDocument {
    document(vec![job("counts", vec![plain_item(1), plain_item(3), plain_item(4)])], &["202401", "202402"])
}

/// A world whose source has a value for each clinic and month.
fn filled(version: &'static str) -> World {
    let world = World::new(version);
    for number in 1..=8 {
        for month in ["202401", "202402"] {
            world.source.put(cell(1, number, month), &number.to_string());
            world.source.put(cell(4, number, month), "text");
        }
    }
    world
}

fn counts(report: &Report) -> Vec<(&'static str, u64)> {
    CellState::ALL
        .into_iter()
        .map(|state| (state.name(), report.cells.of(state)))
        .filter(|(_, number)| *number > 0)
        .collect()
}

fn codes(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The laws: counts close, the journal has the same cells as the report, and what is called written is there.
fn assert_laws(world: &World, report: &Report) {
    assert_eq!((report.values.unexplained(), report.cells.unexplained()), (0, 0));
    let mut recorded = CellCounts { total: world.journal.records.len() as u64, ..CellCounts::default() };
    world.journal.records.iter().for_each(|record| recorded.record(record.state, 1));
    assert_eq!(recorded, report.cells);
    let mut keys: Vec<CellKey> = world.journal.records.iter().map(|record| record.cell).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), world.journal.records.len(), "one state for each cell");
    for record in &world.journal.records {
        match record.state {
            CellState::Created | CellState::Updated | CellState::Unchanged => {
                assert_eq!(world.destination.text_of(&record.cell), record.value, "{record:?}");
            }
            CellState::Deleted => assert_eq!(world.destination.text_of(&record.cell), None, "{record:?}"),
            CellState::ZeroSkipped => {
                assert_eq!(world.destination.text_of(&record.cell), record.previous, "{record:?}");
            }
            _ => {}
        }
    }
    if report.exit_code == 0 {
        let bad = report.cells.rejected + report.cells.held_back + report.cells.differs + report.cells.unknown;
        assert_eq!(bad + report.cells.not_sent + report.values.unmapped, 0);
    }
}

#[test]
fn a_first_run_creates_and_a_second_leaves_alone() {
    for version in VERSIONS {
        let mut world = filled(version);
        let first = world.run(&routine());
        assert_laws(&world, &first);
        assert_eq!(counts(&first), [("created", 32)], "{version}");
        assert_eq!((first.exit_code, first.outcome), (0, RunOutcome::Complete));
        assert_eq!(world.source.texts(), world.destination.texts());
        assert_eq!(first.written_by_data_set["Monthly report"]["202402"], 16);
        assert_eq!(world.journal.sending, world.journal.done);
        let posts = world.destination.state.lock().unwrap().posts.len();
        let second = world.run(&routine());
        assert_eq!(counts(&second), [("unchanged", 32)]);
        assert_eq!(world.destination.state.lock().unwrap().posts.len(), posts, "nothing is sent");
    }
}

#[test]
fn the_same_routine_ends_in_the_same_cells_on_every_version() {
    let ends = VERSIONS.map(|version| {
        let mut world = filled(version);
        for (number, text) in [(1, "0"), (2, "0"), (3, "5"), (4, "7")] {
            world.source.put(cell(3, number, "202401"), text);
        }
        world.destination.put(cell(3, 2, "202401"), "9");
        world.destination.put(cell(3, 5, "202401"), "4");
        let report = world.run(&routine());
        assert_laws(&world, &report);
        (counts(&report), world.destination.texts())
    });
    assert_eq!(ends[0], ends[1]);
    assert_eq!(ends[0].0, [("created", 34), ("zero_skipped", 2)]);
}

#[test]
fn without_permission_to_read_values_are_accepted() {
    for version in VERSIONS {
        let mut world = filled(version);
        world.destination.state.lock().unwrap().may_not_read = true;
        let report = world.run(&routine());
        assert_laws(&world, &report);
        assert_eq!((counts(&report), report.exit_code), (vec![("accepted", 32)], 0), "{version}");
        assert!(codes(&report).contains(&"diff-not-possible"));
    }
}

#[test]
fn a_dry_run_asks_and_changes_nothing() {
    for version in VERSIONS {
        let mut world = filled(version);
        world.destination.put(cell(1, 1, "202401"), "77");
        world.destination.state.lock().unwrap().closed.insert(unit(3));
        let before = world.destination.texts();
        let result = world.try_run(&routine(), RunMode::DryRun).unwrap();
        assert_laws_of_counts(&result.report);
        assert_eq!(counts(&result.report), [("created", 27), ("updated", 1), ("rejected", 4)], "{version}");
        assert_eq!(world.destination.texts(), before);
        let state = world.destination.state.lock().unwrap();
        assert!(state.posts.is_empty() && state.dry_posts > 0);
        assert!(world.journal.sending.is_empty() && world.journal.ledger.is_empty());
    }
}

fn assert_laws_of_counts(report: &Report) {
    assert_eq!((report.values.unexplained(), report.cells.unexplained()), (0, 0));
}

#[test]
fn a_check_compares_and_sends_nothing() {
    let mut world = filled("2.43.1");
    world.destination.put(cell(1, 1, "202401"), "77");
    world.destination.put(cell(1, 2, "202401"), "2");
    let report = world.try_run(&routine(), RunMode::Check).unwrap().report;
    assert_eq!(counts(&report), [("created", 30), ("updated", 1), ("unchanged", 1)]);
    let state = world.destination.state.lock().unwrap();
    assert_eq!((state.posts.len(), state.dry_posts), (0, 0));
}

#[test]
fn deletions_follow_the_ledger_and_the_limits() {
    let mut world = filled("2.43.1");
    let mut routine = routine();
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    world.destination.put(cell(3, 1, "202401"), "not ours");
    world.run(&routine);
    {
        let mut state = world.source.state.lock().unwrap();
        state.values.retain(|key, _| key.org_unit != unit(1) && key.org_unit != unit(2));
    }
    routine.routine.policies.max_delete = Some(5);
    let shared = world.run(&routine);
    assert_laws(&world, &shared);
    assert_eq!((shared.cells.deleted, shared.cells.held_back, shared.exit_code), (0, 8, 3), "8 of 32 are a quarter");
    routine.routine.policies.max_delete_share = 25;
    let limited = world.run(&routine);
    assert_laws(&world, &limited);
    assert_eq!((limited.cells.deleted, limited.cells.held_back, limited.exit_code), (5, 3, 3));
    routine.routine.policies.max_change = Some(5);
    let guarded = world.run(&routine);
    assert_eq!((guarded.cells.deleted, guarded.cells.held_back), (0, 3), "3 of 28 are more than 5 %");
    routine.routine.policies.max_change = Some(20);
    assert_eq!(world.run(&routine).cells.deleted, 3);
    assert_eq!(world.destination.text_of(&cell(3, 1, "202401")).as_deref(), Some("not ours"));
}

#[test]
fn what_the_guard_judges_is_what_is_sent() {
    let mut world = filled("2.43.1");
    let mut routine = routine();
    let reads = |world: &World| world.source.state.lock().unwrap().raw_reads;
    assert_eq!(world.run(&routine).cells.created, 32);
    let plain = reads(&world);
    routine.routine.policies.max_change = Some(100);
    let guarded = world.run(&routine);
    assert_laws(&world, &guarded);
    assert_eq!(counts(&guarded), [("unchanged", 32)]);
    assert_eq!(reads(&world) - plain, plain, "a guarded job is read once");
    assert!(world.journal.aside.is_empty(), "what waited was taken back");
}

#[test]
fn what_somebody_enters_after_a_guard_has_judged_is_his() {
    let mut world = filled("2.43.1");
    let mut routine = routine();
    routine.routine.policies.max_change = Some(100);
    routine.routine.policies.when_empty = WhenEmpty::Delete;
    routine.routine.policies.max_delete_share = 100;
    assert_eq!(world.run(&routine).cells.created, 32);
    for month in ["202401", "202402"] {
        world.source.put(cell(1, 1, month), "100");
        world.source.put(cell(1, 8, month), "100");
    }
    let his = cell(1, 8, "202401");
    world.destination.state.lock().unwrap().entered = [(his, "77".to_owned())].into();
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!(world.destination.text_of(&his).as_deref(), Some("77"));
    assert_eq!(counts(&report), [("updated", 3), ("unchanged", 28), ("held_back", 1)]);
    assert!(codes(&report).contains(&"stale-changed"), "{:?}", codes(&report));
    assert_eq!(world.destination.text_of(&cell(1, 8, "202402")).as_deref(), Some("100"));
}

#[test]
fn merged_units_add_up_across_districts() {
    let mut world = filled("2.43.1");
    let summed = Job { combine: Combine::Sum, ..job("counts", vec![plain_item(1)]) };
    let mut routine = document(vec![summed], &["202401"]);
    routine.org_unit_map = vec![mapping(unit(1), unit(1)), mapping(unit(5), unit(1)), mapping(unit(6), unit(6))];
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!(world.destination.text_of(&cell(1, 1, "202401")).as_deref(), Some("6"));
    assert_eq!((report.values.fetched, report.values.contributing, report.values.unmapped), (8, 3, 5));
    assert_eq!(report.exit_code, 3, "unmapped clinics with values need a person");
    routine.routine.policies.tolerate_unmapped = true;
    assert_eq!(world.run(&routine).exit_code, 0);
}

#[test]
fn indicators_come_from_analytics_and_see_forgotten_districts() {
    let mut world = World::new("2.43.1");
    let value = |org_unit, text: &str| SourceValue {
        data: DataItem::Indicator(indicator(1)),
        category_option_combo: None,
        attribute_option_combo: None,
        org_unit,
        period: period("202401"),
        value: Some(text.to_owned()),
        remark: None,
    };
    world.source.state.lock().unwrap().aggregated =
        vec![value(unit(1), "12.0"), value(unit(2), "1.0E1"), value(district_b(), "9.0")];
    let mut routine = document(vec![job("rates", vec![indicator_item(1, plain_address(1))])], &["202401"]);
    routine.org_unit_map = vec![mapping(unit(1), unit(1)), mapping(unit(2), unit(2))];
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!(world.destination.text_of(&cell(1, 1, "202401")).as_deref(), Some("12"));
    assert_eq!(world.destination.text_of(&cell(1, 2, "202401")).as_deref(), Some("10"));
    assert_eq!((report.values.fetched, report.values.unmapped), (3, 1));
    assert!(report.source.analytics_at.is_some());
}

#[test]
fn analytics_that_changes_meanwhile_is_read_anew() {
    let routine = document(vec![job("rates", vec![indicator_item(1, plain_address(1))])], &["202401"]);
    for (rebuilds, exit_code) in [(1, 0), (2, 0), (9, 5)] {
        let mut world = World::new("2.43.1");
        world.source.state.lock().unwrap().rebuilds = rebuilds;
        let report = world.run(&routine);
        assert_eq!(report.exit_code, exit_code, "{rebuilds} rebuilds");
        assert!(codes(&report).contains(&"analytics-changed"));
        assert_eq!(world.destination.state.lock().unwrap().posts.len(), 0);
    }
    let mut old = routine;
    old.routine.policies.max_analytics_age_hours = Some(5);
    let error = World::new("2.43.1").try_run(&old, RunMode::Run).unwrap_err();
    assert!(error.to_string().contains("11 hours old"), "{error}");
}

#[test]
fn comments_of_the_destination_survive() {
    let mut world = filled("2.42.5");
    world.destination.put(cell(1, 1, "202401"), "77");
    {
        let mut state = world.destination.state.lock().unwrap();
        let value = state.values.get_mut(&cell(1, 1, "202401")).unwrap();
        value.comment = Some("checked".to_owned());
        value.followup = true;
    }
    world.run(&routine());
    let state = world.destination.state.lock().unwrap();
    let value = &state.values[&cell(1, 1, "202401")];
    assert_eq!((value.value.as_deref(), value.comment.as_deref(), value.followup), (Some("1"), Some("checked"), true));
}

#[test]
fn disaggregations_can_be_summed() {
    let mut world = World::new("2.43.1");
    let sexed = |combo, text: &str| {
        let key = CellKey { category_option_combo: combo, ..cell(2, 1, "202401") };
        world.source.put(key, text);
    };
    sexed(male(), "1.5");
    sexed(female(), "2.5");
    let items: Vec<Item> = [male(), female()].map(|combo| item(2, combo, plain_address(1))).to_vec();
    let routine = document(vec![Job { combine: Combine::Sum, ..job("sum", items) }], &["202401"]);
    let report = world.run(&routine);
    assert_laws(&world, &report);
    assert_eq!(world.destination.text_of(&cell(1, 1, "202401")).as_deref(), Some("4"));
    assert_eq!(world.journal.records[0].contributions, 2);
}

#[test]
fn a_run_may_be_moved_between_threads() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    let mut world = filled("2.43.1");
    let routine = routine();
    let running = world.start(&routine, RunMode::Run);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    assert_eq!(runtime.block_on(assert_send(running)).unwrap().report.exit_code, 0);
}
