//! The whole cycle of refusals against a simulated server, and single steps against recorded answers.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{ProptestConfig, prop, proptest};

use super::simulation::{Flaw, Server, bare};
use super::{PATIENCE, Pruning, depth};
use crate::accounting::{RowVerdict, Unproved};
use crate::recordings::{imports, setup};
use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::cell::CellKey;
use xfer_domain::import_summary::{ImportCount, ImportStatus, ImportSummary};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ImportEngine;

/// A row whose org unit, data element and COC are its own, so that what the server names is it alone.
fn row(number: usize) -> PayloadRow {
    let own = |prefix: &str| Uid::parse(&format!("{prefix}{number:05}")).unwrap();
    PayloadRow {
        cell: CellKey {
            org_unit: own("OrgUni"),
            period: Period::parse(&format!("2024{:02}", number % 12 + 1)).unwrap(),
            data_element: own("DatEle"),
            category_option_combo: own("CatOpt"),
            attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
        },
        value: Some("5".to_owned()),
        comment: None,
        followup: false,
    }
}

/// Sends a chunk until everything is settled; each row is settled once.
fn drive(rows: &[PayloadRow], post: &mut dyn FnMut(&[usize]) -> ImportAnswer) -> Vec<RowVerdict> {
    drive_on(ImportEngine::SetBased, rows, post)
}

fn drive_on(
    engine: ImportEngine,
    rows: &[PayloadRow],
    post: &mut dyn FnMut(&[usize]) -> ImportAnswer,
) -> Vec<RowVerdict> {
    let metadata = Metadata::default();
    let mut pruning = Pruning::new(rows, &metadata, engine);
    let mut settled: BTreeMap<usize, RowVerdict> = BTreeMap::new();
    let mut open: Vec<Vec<usize>> = vec![(0..rows.len()).collect()];
    while let Some(group) = open.pop() {
        assert!(group.is_sorted(), "rows keep their order");
        let next = pruning.after(&group, &post(&group));
        let mut seen: Vec<usize> =
            next.settled.iter().map(|(row, _)| *row).chain(next.resend.iter().flatten().copied()).collect();
        seen.sort_unstable();
        assert_eq!(seen, group, "every row of the POST is settled or sent again, once");
        for (row, verdict) in next.settled {
            assert!(!matches!(verdict, RowVerdict::RefusedTogether { .. }));
            assert!(settled.insert(row, verdict).is_none());
        }
        open.extend(next.resend);
    }
    settled.into_values().collect()
}

/// Rows with flaws at the given places, sent until settled.
fn simulate(number: usize, flaws: &BTreeMap<usize, Flaw>) -> (Vec<RowVerdict>, Server, Vec<PayloadRow>) {
    let rows: Vec<PayloadRow> = (0..number).map(row).collect();
    let mut server = Server::default();
    let verdicts = drive(&rows, &mut |group| {
        let post: Vec<_> = group.iter().map(|&at| (rows[at].clone(), flaws.get(&at).copied())).collect();
        server.post(&post)
    });
    (verdicts, server, rows)
}

fn check(number: usize, flaws: &BTreeMap<usize, Flaw>) -> Server {
    let (verdicts, server, rows) = simulate(number, flaws);
    assert_eq!(verdicts.len(), number);
    for (at, verdict) in verdicts.iter().enumerate() {
        if let Some(flaw) = flaws.get(&at) {
            let RowVerdict::Refused { text, code } = verdict else { panic!("row {at} with {flaw:?} is {verdict:?}") };
            assert!(!text.is_empty());
            assert_eq!(code.is_none(), matches!(flaw, Flaw::Crash | Flaw::Bare), "{flaw:?}");
            assert!(!server.stored.contains(&rows[at].cell));
        } else {
            assert_eq!(*verdict, RowVerdict::Written, "row {at}");
            assert!(server.stored.contains(&rows[at].cell));
        }
    }
    server
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_good_rows_land_and_every_bad_one_is_refused_by_name(
        number in 1_usize..600,
        bad in prop::collection::vec((0_usize..600, 0_usize..Flaw::ALL.len()), 0..9),
    ) {
        let flaws: BTreeMap<usize, Flaw> = bad.into_iter().map(|(at, flaw)| (at % number, Flaw::ALL[flaw])).collect();
        let server = check(number, &flaws);
        let unnamed = flaws.values().filter(|flaw| matches!(flaw, Flaw::Crash | Flaw::Bare)).count();
        let named = flaws.len() - unnamed;
        let extra = server.posts - 1;
        if unnamed == 0 {
            assert!(extra <= named + 1, "{extra} more POSTs for {named} named faults");
        } else if named == 0 {
            let bound = 2 * unnamed * depth(number) + 1;
            assert!(extra <= bound, "{extra} more POSTs for {unnamed} unnamed faults of {number}");
        }
    }

    #[test]
    fn named_faults_cost_one_round_each_at_most(
        number in 2_usize..400,
        bad in prop::collection::btree_map(0_usize..400, 2_usize..Flaw::ALL.len(), 0..30),
    ) {
        let flaws: BTreeMap<usize, Flaw> = bad.into_iter().map(|(at, flaw)| (at % number, Flaw::ALL[flaw])).collect();
        let server = check(number, &flaws);
        assert!(server.posts <= flaws.len() + 1);
    }
}

#[test]
fn five_poisoned_rows_among_ten_thousand_are_found_within_the_bound() {
    for bad in [1_usize, 2, 5] {
        let flaws: BTreeMap<usize, Flaw> = (0..bad).map(|at| (at * 1_999 + 17, Flaw::Crash)).collect();
        let server = check(10_000, &flaws);
        assert!(server.posts - 1 <= 2 * bad * depth(10_000) + 1, "{} POSTs", server.posts);
        assert_eq!(server.stored.len(), 10_000 - bad);
    }
}

#[test]
fn a_fault_that_passes_costs_one_more_post() {
    let rows: Vec<PayloadRow> = (0..100).map(row).collect();
    let mut server = Server::default();
    let mut posts = 0;
    let verdicts = drive(&rows, &mut |group| {
        posts += 1;
        if posts == 1 {
            return bare(500, Some("connection pool exhausted"));
        }
        server.post(&group.iter().map(|&at| (rows[at].clone(), None)).collect::<Vec<_>>())
    });
    assert_eq!(posts, 2);
    assert!(verdicts.iter().all(|verdict| *verdict == RowVerdict::Written));
}

#[test]
fn an_exception_inside_a_row_by_row_import_is_cut_down_to_its_cause() {
    let rows: Vec<PayloadRow> = (0..300).map(row).collect();
    let mut posts = 0;
    let verdicts = drive_on(ImportEngine::RowByRow, &rows, &mut |group| {
        posts += 1;
        let failed = group.contains(&123);
        let imported = if failed { 0 } else { u64::try_from(group.len()).unwrap() };
        let summary = ImportSummary {
            beyond: 0,
            status: if failed { ImportStatus::Error } else { ImportStatus::Success },
            description: Some(if failed { "The import process failed: boom" } else { "done" }.to_owned()),
            count: ImportCount { imported, ..ImportCount::default() },
            conflicts: vec![],
            rejected_rows: vec![],
            data_set_complete: None,
        };
        ImportAnswer {
            http_status: if failed { 409 } else { 200 },
            summary: Some(summary),
            message: None,
            is_of_another_try: false,
        }
    });
    assert!(posts - 1 <= 2 * depth(300) + 1, "{posts} POSTs");
    for (at, verdict) in verdicts.iter().enumerate() {
        match verdict {
            RowVerdict::Refused { text, .. } => assert!(at == 123 && text.contains("boom")),
            verdict => assert!(at != 123 && *verdict == RowVerdict::Written),
        }
    }
}

#[test]
fn rows_that_a_success_lost_are_left_to_the_read_back() {
    let exchange = imports("2.43").into_iter().find(|exchange| exchange.name == "race-new-period-loser").unwrap();
    let rows = exchange.rows_for_counting();
    let metadata = Metadata::default();
    let everybody: Vec<usize> = (0..rows.len()).collect();
    let next = Pruning::new(&rows, &metadata, ImportEngine::SetBased).after(&everybody, &exchange.answer);
    let lost = RowVerdict::Unproved { reason: Unproved::Lost };
    assert_eq!(next.settled, everybody.iter().map(|&row| (row, lost.clone())).collect::<Vec<_>>());
    assert!(next.resend.is_empty());
}

#[test]
fn a_server_that_fails_at_everything_is_left_alone_soon() {
    let rows: Vec<PayloadRow> = (0..20_000).map(row).collect();
    let mut posts = 0;
    let verdicts = drive(&rows, &mut |_| {
        posts += 1;
        bare(500, Some("database is down"))
    });
    assert!(posts < 2 * (PATIENCE + 2 * depth(20_000)), "{posts} POSTs to a broken server");
    let given_up = RowVerdict::Unproved { reason: Unproved::GaveUp };
    assert!(verdicts.iter().filter(|verdict| **verdict == given_up).count() > 19_900);
}

#[test]
fn an_id_that_no_row_bears_leads_to_halves() {
    // The sentence blames an org unit that was never sent: the server's word is of no use, the guilty is found anyway.
    let rows: Vec<PayloadRow> = (0..64).map(row).collect();
    let guilty = rows[41].cell;
    let mut honest = Server::default();
    let verdicts = drive(&rows, &mut |group| {
        let flaw = |at: usize| (rows[at].cell == guilty).then_some(Flaw::OrgUnit);
        let mut answer = honest.post(&group.iter().map(|&at| (rows[at].clone(), flaw(at))).collect::<Vec<_>>());
        for conflict in answer.summary.iter_mut().flat_map(|summary| &mut summary.conflicts) {
            conflict.text = "Data set DataSet0001 not usable with org unit(s): `[Elsewhere01]`".into();
        }
        answer
    });
    for (at, verdict) in verdicts.iter().enumerate() {
        assert_eq!(matches!(verdict, RowVerdict::Refused { .. }), at == 41, "row {at} is {verdict:?}");
    }
}

/// The rows that a recorded refusal blames, by position; none where it names none.
fn blamed(name: &str) -> BTreeSet<usize> {
    let exchange = imports("2.43").into_iter().find(|exchange| exchange.name == name).unwrap();
    let (metadata, _) = setup("clerk_wide");
    let rows = exchange.rows_for_counting();
    let mut pruning = Pruning::new(&rows, &metadata, ImportEngine::SetBased);
    let everybody: Vec<usize> = (0..rows.len()).collect();
    let next = pruning.after(&everybody, &exchange.answer);
    next.settled
        .iter()
        .filter(|(_, verdict)| matches!(verdict, RowVerdict::Refused { .. }))
        .map(|(row, _)| *row)
        .collect()
}

#[test]
fn recorded_refusals_blame_the_rows_that_were_made_bad() {
    for (name, rows) in [
        ("bad-org-unit-not-assigned", vec![1]),
        ("bad-org-unit-outside-capture", vec![1]),
        ("bad-org-unit-closed", vec![1]),
        ("bad-org-unit-not-open-yet", vec![1]),
        ("two-not-assigned", vec![1, 2]),
        ("bad-data-element-of-other-data-set", vec![1]),
        ("bad-data-element-malformed", vec![1]),
        ("two-undecodable", vec![1]),
        ("bad-coc-malformed", vec![1]),
        ("bad-coc-of-other-combo", vec![1]),
        ("bad-coc-for-plain", vec![1]),
        ("bad-aoc-default", vec![1]),
        ("bad-aoc-no-access", vec![1]),
        ("bad-period-type", vec![1]),
        ("bad-period-future", vec![1]),
        ("bad-period-missing", vec![1]),
        ("bad-duplicate-keys-other-value", vec![0, 1]),
        ("bad-no-data-write", vec![0, 1]),
        ("bad-data-set-malformed", vec![0, 1]),
        ("value-empty", vec![1]),
        ("bad-period-malformed", vec![]),
    ] {
        assert_eq!(blamed(name), rows.into_iter().collect(), "{name}");
    }
}
