//! What is left to do, for every combination of wanted, stored and written before.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{Cell, Diff, DiffRules, Step, Stored, StoredValues, diff, exceeds, hold_changes, hold_deletions};
use crate::combine::WantedCell;
use crate::finding::{self, Reason};
use crate::fixture::{cell, document, job, metadata, plain_item, plan_of, unit};
use crate::plan::Plan;
use xfer_domain::cell::CellKey;
use xfer_domain::hashed::Hashed;
use xfer_domain::item::{Item, WhenEmpty};

fn plan(when_empty: WhenEmpty) -> Plan {
    let items = [1, 3, 4].map(|number| Item { when_empty: Some(when_empty), ..plain_item(number) });
    plan_of(&document(vec![job("a", items.to_vec())], &["202401"])).unwrap()
}

fn wanted(data: u8, org_unit: u8, text: &str) -> WantedCell {
    let item = match data {
        1 => 0,
        3 => 1,
        _ => 2,
    };
    WantedCell { key: cell(data, org_unit, "202401"), item, contributions: 1, value: Ok(text.to_owned()) }
}

fn stored(values: &[(CellKey, &str)]) -> StoredValues {
    let values = values
        .iter()
        .map(|(key, text)| (*key, Stored { value: Some((*text).to_owned()), ..Stored::default() }))
        .collect();
    StoredValues { values, ..StoredValues::default() }
}

fn compare(plan: &Plan, wanted: Vec<WantedCell>, stored: &StoredValues, ledger: &[(CellKey, &str)]) -> Diff {
    compare_with(plan, wanted, stored, ledger, false)
}

/// With a doubt about data element 1 at clinic 8, if so.
fn compare_with(
    plan: &Plan,
    mut wanted: Vec<WantedCell>,
    stored: &StoredValues,
    ledger: &[(CellKey, &str)],
    doubtful: bool,
) -> Diff {
    wanted.sort_by_key(|wanted| wanted.key);
    let ledger: Hashed<CellKey, String> = ledger.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
    let doubts = BTreeMap::from([(cell(1, 8, "202401"), Reason::new(&finding::CELL_NOT_WHOLE, "a part is missing"))]);
    let doubts = if doubtful { doubts } else { BTreeMap::new() };
    let names = metadata();
    let rules =
        DiffRules { only_changed: true, ledger: &ledger, doubts: &doubts, deletes: true, remarks: None, names: &names };
    diff(wanted, stored, &plan.jobs[0], rules)
}

fn steps(diff: &Diff) -> Vec<(Step, Option<&str>)> {
    diff.cells.iter().map(|cell| (cell.step.clone(), cell.value.as_deref())).collect()
}

#[test]
fn only_differences_are_left_to_do() {
    let plan = plan(WhenEmpty::Keep);
    let there = stored(&[(cell(1, 2, "202401"), "5"), (cell(1, 3, "202401"), "5.0")]);
    let diff = compare(&plan, vec![wanted(1, 1, "5"), wanted(1, 2, "6"), wanted(1, 3, "5")], &there, &[]);
    assert_eq!(steps(&diff), [(Step::Create, Some("5")), (Step::Update, Some("6")), (Step::Unchanged, Some("5"))]);
    assert_eq!(diff.existing, 2);
}

#[test]
fn an_insignificant_zero_leaves_the_same_cell_on_every_version() {
    let keep = plan(WhenEmpty::Keep);
    let there = stored(&[(cell(3, 2, "202401"), "7"), (cell(3, 3, "202401"), "0")]);
    let zeros = vec![wanted(3, 1, "0"), wanted(3, 2, "0"), wanted(3, 3, "0"), wanted(1, 1, "0")];
    let mut hidden = there.clone();
    let skipped = (Step::ZeroSkipped, Some("0"));
    let left = [(Step::Create, Some("0")), skipped.clone(), skipped.clone(), (Step::Unchanged, Some("0"))];
    let written = [(cell(3, 2, "202401"), "7")];
    assert_eq!(steps(&compare(&keep, zeros.clone(), &there, &[])), left);
    assert_eq!(steps(&compare(&keep, zeros.clone(), &there, &written)), left, "the item does not delete");
    let delete = plan(WhenEmpty::Delete);
    assert_eq!(steps(&compare(&delete, zeros.clone(), &there, &[])), left, "somebody else wrote it");
    let changed = [(cell(3, 2, "202401"), "6")];
    assert_eq!(steps(&compare(&delete, zeros.clone(), &there, &changed)), left, "somebody else changed it");
    let ours = compare(&delete, zeros.clone(), &there, &written);
    assert_eq!(steps(&ours)[2], (Step::Vanish, None));
    let mut held = ours.cells;
    hold_deletions(&mut held, &mut Some(0));
    assert!(matches!(held[2].step, Step::Hold(_)), "it counts as a deletion");
    hidden.values.clear();
    hidden.unreadable = BTreeSet::from([unit(1)]);
    assert_eq!(compare(&keep, zeros, &hidden, &[]).cells[1].step, Step::ZeroSkipped);
}

#[test]
fn stale_cells_follow_the_rule_of_their_item() {
    let there = stored(&[(cell(1, 1, "202401"), "5"), (cell(3, 1, "202401"), "6"), (cell(4, 1, "202401"), "text")]);
    let keep = compare(&plan(WhenEmpty::Keep), vec![], &there, &[]);
    assert!(keep.cells.is_empty() && keep.findings.has(&finding::STALE_KEPT));
    let zero = compare(&plan(WhenEmpty::Zero), vec![], &there, &[]);
    assert_eq!(steps(&zero), [(Step::Update, Some("0")), (Step::ZeroSkipped, Some("0"))]);
    let ledger = [(cell(1, 1, "202401"), "5"), (cell(3, 1, "202401"), "9")];
    let delete = compare(&plan(WhenEmpty::Delete), vec![], &there, &ledger);
    assert_eq!(steps(&delete), [(Step::Delete, None)]);
    assert!(delete.findings.has(&finding::STALE_CHANGED) && delete.findings.has(&finding::DELETE_NOT_OURS));
}

#[test]
fn a_cell_of_which_a_part_is_unusable_is_held_back_whatever_stands_there() {
    let plan = plan(WhenEmpty::Delete);
    let key = cell(1, 8, "202401");
    let there = stored(&[(key, "5")]);
    let held = |wanted: Vec<WantedCell>, stored: &StoredValues| {
        let diff = compare_with(&plan, wanted, stored, &[(key, "5")], true);
        assert_eq!(diff.cells.len(), 1);
        assert!(matches!(&diff.cells[0].step, Step::Hold(hold) if hold.code.word == "cell-not-whole"));
        diff.cells[0].clone()
    };
    assert_eq!(held(vec![], &there).previous.as_deref(), Some("5"), "it is not deleted");
    assert_eq!(held(vec![wanted(1, 8, "30")], &there).value, None, "the rest is not written");
    held(vec![wanted(1, 8, "30")], &stored(&[]));
    held(vec![], &stored(&[]));
}

#[test]
fn comments_and_follow_up_marks_ride_along() {
    let mut there = stored(&[]);
    there.values.insert(
        cell(1, 1, "202401"),
        Stored {
            value: Some("4".to_owned()),
            comment: Some("checked".to_owned()),
            followup: true,
            ..Stored::default()
        },
    );
    let diff = compare(&plan(WhenEmpty::Keep), vec![wanted(1, 1, "5")], &there, &[]);
    assert_eq!((diff.cells[0].comment.as_deref(), diff.cells[0].followup), (Some("checked"), true));
    assert_eq!(diff.cells[0].previous.as_deref(), Some("4"));
}

#[test]
fn guards_hold_back_what_goes_too_far() {
    assert!(exceeds(11, 100, Some(10)) && !exceeds(10, 100, Some(10)) && !exceeds(100, 100, None));
    assert!(exceeds(1, 0, Some(50)));
    let plan = plan(WhenEmpty::Delete);
    let keys: Vec<CellKey> = (1..=3).map(|number| cell(1, number, "202401")).collect();
    let pairs: Vec<(CellKey, &str)> = keys.iter().map(|key| (*key, "5")).collect();
    let mut deleted = compare(&plan, vec![], &stored(&pairs), &pairs).cells;
    let mut left = Some(2);
    hold_deletions(&mut deleted, &mut left);
    let held = |cells: &[Cell]| cells.iter().filter(|cell| matches!(cell.step, Step::Hold(_))).count();
    assert_eq!((held(&deleted), left), (1, Some(0)));
    let mut changed = compare(&plan, vec![wanted(1, 1, "6"), wanted(1, 4, "6")], &stored(&pairs), &[]).cells;
    hold_changes(&mut changed, "too much would change");
    assert_eq!(held(&changed), 1, "new cells are no change");
}

proptest! {
    #[test]
    fn every_wanted_cell_has_one_step(
        sources in proptest::collection::btree_map((prop_oneof![Just(1_u8), Just(3)], 1_u8..9), 0_i32..3, 0..12),
        stored_values in proptest::collection::btree_map((prop_oneof![Just(1_u8), Just(3)], 1_u8..9), 0_i32..3, 0..12),
    ) {
        let plan = plan(WhenEmpty::Delete);
        let pairs: Vec<(CellKey, String)> = stored_values
            .iter()
            .map(|((data, org_unit), number)| (cell(*data, *org_unit, "202401"), number.to_string()))
            .collect();
        let there = stored(&pairs.iter().map(|(key, text)| (*key, text.as_str())).collect::<Vec<_>>());
        let wanted: Vec<WantedCell> = sources
            .iter()
            .map(|((data, org_unit), number)| wanted(*data, *org_unit, &number.to_string()))
            .collect();
        let number = wanted.len();
        let diff = compare(&plan, wanted, &there, &[]);
        prop_assert_eq!(diff.cells.len(), number, "nothing is deleted that the ledger does not know");
        for cell in &diff.cells {
            let previous = there.values.get(&cell.key).and_then(|stored| stored.value.clone());
            match &cell.step {
                Step::Create => prop_assert!(previous.is_none() && cell.value.is_some()),
                Step::Update => prop_assert!(previous.is_some() && previous != cell.value),
                Step::Unchanged => prop_assert_eq!(&previous, &cell.value),
                Step::ZeroSkipped => prop_assert_eq!(cell.value.as_deref(), Some("0")),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
