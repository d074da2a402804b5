//! Accounting against every recorded import of both generations, and against answers that make no sense.

use std::collections::BTreeSet;

use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

use super::{RowVerdict, Unproved, account};
use crate::recordings::{Exchange, imports};
use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::cell::CellKey;
use xfer_domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ImportEngine;

fn verdicts(version: &str, name: &str) -> Vec<RowVerdict> {
    let exchange = imports(version).into_iter().find(|exchange| exchange.name == name).unwrap();
    account(&exchange.rows_for_counting(), &exchange.answer, engine(version))
}

fn engine(version: &str) -> ImportEngine {
    if ["2.43", "2.44"].contains(&version) { ImportEngine::SetBased } else { ImportEngine::RowByRow }
}

fn letters(verdicts: &[RowVerdict]) -> String {
    verdicts
        .iter()
        .map(|verdict| match verdict {
            RowVerdict::Written => 'w',
            RowVerdict::Refused { .. } => 'r',
            RowVerdict::LeftAlone => 'l',
            RowVerdict::RefusedTogether { .. } => 't',
            RowVerdict::Unproved { .. } => '?',
        })
        .collect()
}

/// Requests that we never send: other strategies and schemes, dry runs, keys sent twice, rows without all parts,
/// parts on top of the payload, deletion scopes.
fn is_ours(exchange: &Exchange) -> bool {
    let complete = exchange.rows.iter().all(Option::is_some);
    let cells: BTreeSet<CellKey> = exchange.rows.iter().flatten().map(|row| row.cell).collect();
    exchange.path == "/api/dataValueSets"
        && complete
        && cells.len() == exchange.rows.len()
        && !["deletion-scope", "top-level", "dry-run", "strategy", "force", "atomic"]
            .iter()
            .any(|odd| exchange.name.contains(odd))
}

#[test]
fn what_is_called_written_is_stored_and_what_is_called_refused_is_not() {
    let mut judged = 0;
    for version in ["2.40", "2.41", "2.42", "2.43", "2.44"] {
        for exchange in imports(version).iter().filter(|exchange| is_ours(exchange)) {
            let rows: Vec<PayloadRow> = exchange.rows.iter().flatten().cloned().collect();
            let verdicts = account(&rows, &exchange.answer, engine(version));
            for (row, verdict) in rows.iter().zip(&verdicts) {
                let stored = exchange.stored_after.contains_key(&row.cell);
                let name = format!("{version}/{}: {} {:?}", exchange.name, exchange.about, row.value);
                match verdict {
                    RowVerdict::Written | RowVerdict::LeftAlone => {
                        assert_eq!(stored, row.value.is_some(), "{name}");
                    }
                    // What was refused may stand there from before; it must not be what was sent.
                    RowVerdict::Refused { .. } | RowVerdict::RefusedTogether { .. } => {
                        let now = exchange.stored_after.get(&row.cell).cloned().flatten();
                        assert!(now.is_none() || now != row.value, "{name}");
                    }
                    RowVerdict::Unproved { .. } => continue,
                }
                judged += 1;
            }
        }
    }
    assert!(judged > 800, "only {judged} rows were judged");
}

#[test]
fn each_kind_of_answer_of_a_set_based_server_is_explained() {
    for (name, expected) in [
        ("clean-new", "www"),
        ("unchanged", "ww"),
        ("bad-org-unit-not-assigned", "ttt"),
        ("many-rows-one-not-assigned", "tttttttt"),
        ("bad-data-element-malformed", "ttt"),
        ("two-undecodable", "ttt"),
        ("value-empty", "wrw"),
        ("value-null-existing", "r"),
        ("bad-period-expired", "r"),
        ("race-new-period-loser", "?"),
        ("bad-period-malformed", "???"),
        ("auto-group-first-group-refused", "???"),
        ("auto-group-one-group-refused", "wtwt"),
        ("auto-group-value-error", "rww"),
        ("zero-significant-new", "w"),
    ] {
        let verdicts = verdicts("2.43", name);
        let letters = letters(&verdicts);
        // Some recordings hold more rows than the kind of answer needs; the first ones tell.
        assert!(letters.starts_with(expected) || expected.starts_with(&letters), "{name}: {letters}");
    }
}

#[test]
fn each_kind_of_answer_of_a_row_by_row_server_is_explained() {
    for (name, expected) in [
        ("clean-new", "www"),
        ("unchanged", "ll"),
        ("unchanged-twice-in-a-row-mixed", "www"),
        ("bad-org-unit-unknown", "wrw"),
        ("two-undecodable", "wrr"),
        ("bad-no-data-write", "rr"),
        ("race-new-period-loser", "?"),
        ("bad-period-expired", "r"),
    ] {
        assert_eq!(letters(&verdicts("2.42", name)), expected, "{name}");
    }
    let race = verdicts("2.42", "race-new-period-loser");
    assert_eq!(race, [RowVerdict::Unproved { reason: Unproved::PeriodRace }]);
}

#[test]
fn a_zero_that_is_in_no_count_is_not_called_written() {
    let mut rows = rows(3);
    rows[1].value = Some("0.0".to_owned());
    let answer = answer(ImportStatus::Success, [2, 0, 0, 0], vec![], vec![]);
    assert_eq!(letters(&account(&rows, &answer, ImportEngine::RowByRow)), "w?w");
    rows[1].value = Some("7".to_owned());
    assert_eq!(letters(&account(&rows, &answer, ImportEngine::RowByRow)), "???");
}

#[test]
fn a_zero_that_deleted_a_stored_value_is_not_called_written() {
    let mut rows = rows(2);
    rows[0].value = Some("0".to_owned());
    let answer = answer(ImportStatus::Success, [0, 1, 0, 1], vec![], vec![]);
    assert_eq!(letters(&account(&rows, &answer, ImportEngine::RowByRow)), "?w");
}

fn rows(number: usize) -> Vec<PayloadRow> {
    (0..number)
        .map(|number| PayloadRow {
            cell: CellKey {
                org_unit: Uid::parse(&format!("OrgUnit{number:04}")).unwrap(),
                period: Period::parse("202401").unwrap(),
                data_element: Uid::parse("DataElemnt1").unwrap(),
                category_option_combo: Uid::DEFAULT_OPTION_COMBO,
                attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
            },
            value: Some("5".to_owned()),
            comment: None,
            followup: false,
        })
        .collect()
}

fn answer(status: ImportStatus, count: [u64; 4], conflicts: Vec<ImportConflict>, rejected: Vec<usize>) -> ImportAnswer {
    let [imported, updated, ignored, deleted] = count;
    let summary = ImportSummary {
        beyond: 0,
        status,
        description: None,
        count: ImportCount { imported, updated, ignored, deleted },
        conflicts,
        rejected_rows: rejected,
        data_set_complete: None,
    };
    ImportAnswer { http_status: 200, summary: Some(summary), message: None, is_of_another_try: false }
}

fn any_conflict() -> impl Strategy<Value = ImportConflict> {
    let code = prop_oneof![
        Just(None),
        prop::sample::select(vec!["E8122", "E8022", "E8128", "E7619", "E7611", "E7601", "E9999"]).prop_map(Some),
    ];
    (code, prop::collection::vec(0_usize..9, 0..4)).prop_map(|(code, rows)| ImportConflict {
        code: code.map(str::to_owned),
        text: "no".into(),
        rows,
        named_ids: vec![],
        property: None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// Whatever a server says: one verdict per row, never more rows called written than it counted, none that it
    /// lists as refused, and none at all where the sum does not come out.
    #[test]
    fn nonsense_is_never_called_written(
        number in 0_usize..8,
        status in prop::sample::select(vec![ImportStatus::Success, ImportStatus::Warning, ImportStatus::Error]),
        counts in prop::array::uniform4(prop_oneof![8 => 0_u64..8, 1 => Just(u64::MAX), 1 => 0_u64..100]),
        conflicts in prop::collection::vec(any_conflict(), 0..4),
        rejected in prop::collection::vec(0_usize..9, 0..6),
        zeros in any::<bool>(),
        set_based in any::<bool>(),
    ) {
        let mut rows = rows(number);
        if zeros {
            rows.iter_mut().step_by(2).for_each(|row| row.value = Some("0".to_owned()));
        }
        let engine = if set_based { ImportEngine::SetBased } else { ImportEngine::RowByRow };
        let answer = answer(status, counts, conflicts.clone(), rejected.clone());
        let verdicts = account(&rows, &answer, engine);
        assert_eq!(verdicts.len(), rows.len());

        let refused: BTreeSet<usize> = rejected.iter().copied().chain(conflicts.iter().flat_map(|conflict| conflict.rows.clone())).collect();
        let holds = |verdict: &RowVerdict| matches!(verdict, RowVerdict::Written | RowVerdict::LeftAlone);
        for (position, verdict) in verdicts.iter().enumerate() {
            assert!(!(holds(verdict) && refused.contains(&position)));
        }
        let held = verdicts.iter().filter(|verdict| holds(verdict)).count() as u128;
        let [imported, updated, ignored, deleted] = counts.map(u128::from);
        let written = imported + updated + deleted;
        if held > 0 {
            match engine {
                // n = updated + deleted + |rejected|, and the written rows are exactly the others.
                ImportEngine::SetBased => {
                    assert_eq!(held, written);
                    assert_eq!(held + refused.len() as u128, number as u128);
                }
                // Never more than were written or left alone; refused rows are part of `ignored`.
                ImportEngine::RowByRow => {
                    assert!(held + refused.len() as u128 <= written + ignored);
                    assert!(written + ignored <= number as u128);
                }
            }
        }
    }
}
