//! A slice's rows through every script with `rows`, and the account of what each did.
//!
//! Rows are told apart by where they stand (data, option combos, org unit, period), not by what a script says about
//! them: a row that stands where one stood before is that one, changed or not; one that stands where none stood was
//! created; one that is no longer there was dropped, unless the script refused it. So
//! `after = before + created − dropped − rejected` holds whatever a script does, and with it the equation of the report.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::hooks::acts::RowCounts;
use crate::hooks::{Acted, Acts, Outcome, RowKey, RowsAfter, RowsContext, SharedScript};
use xfer_domain::metadata::Metadata;
use xfer_domain::run::ScriptExample;
use xfer_domain::source_value::SourceValue;

/// What became of a slice's rows.
#[derive(Debug, Default)]
pub struct Rows {
    /// The rows to go on with.
    pub rows: Vec<SourceValue>,
    /// How many were added on the way.
    pub created: u64,
    /// How many were left out on the way.
    pub dropped: u64,
    /// Rows that a script refused: all of them if it failed.
    pub rejected: Vec<SourceValue>,
    /// Values that went to another period: where they stood, and where they stand now.
    pub moved: Vec<(SourceValue, SourceValue)>,
    /// What each script did.
    pub acts: Acts,
}

/// Leads a slice's rows through scripts, one after another.
pub fn through_rows(rows: Vec<SourceValue>, scripts: &[SharedScript], at: &RowsContext<'_>) -> Rows {
    let mut through = Rows { rows, ..Rows::default() };
    for script in scripts {
        let before = std::mem::take(&mut through.rows);
        let Acted { outcome, line } = script.rows(&before, at);
        let after = match outcome {
            Outcome::Value(after) => after,
            Outcome::Drop(reason) => RowsAfter { dropped: for_each(&before, reason), ..RowsAfter::default() },
            Outcome::Reject(reason) => RowsAfter { rejected: for_each(&before, reason), ..RowsAfter::default() },
        };
        let account = account(&before, &after);
        through.created += account.created.len() as u64;
        through.dropped += account.dropped.len() as u64;
        let moved = after.moved.iter().filter_map(|(index, row)| Some((before.get(*index)?.clone(), row.clone())));
        through.moved.extend(moved);
        take_down(&mut through.acts, script.name(), &account, line, at.scene.source);
        through.rejected.extend(account.rejected.iter().map(|(row, _)| (*row).clone()));
        through.rows = after.kept;
    }
    through
}

/// One reason for all rows.
pub(super) fn for_each(rows: &[SourceValue], reason: String) -> Vec<(usize, Arc<str>)> {
    let reason: Arc<str> = reason.into();
    (0..rows.len()).map(|index| (index, Arc::clone(&reason))).collect()
}

/// Counts what a script did, with a few examples of each kind.
fn take_down(acts: &mut Acts, script: &str, account: &Account<'_>, line: Option<u32>, source: &Metadata) {
    acts.note_rows(
        script,
        RowCounts {
            changed: account.changed.len() as u64,
            dropped: account.dropped.len() as u64,
            rejected: account.rejected.len() as u64,
            created: account.created.len() as u64,
        },
    );
    let text = |row: &SourceValue| Some(row.value.clone().unwrap_or_default());
    let example = |row: &SourceValue, before, after, reason: Option<&str>| ScriptExample {
        at: place(row, source),
        before,
        after,
        line,
        reason: reason.map(str::to_owned),
    };
    // Two of each kind: five rows that were changed must not hide one that was refused.
    for (old, new) in account.changed.iter().take(2) {
        acts.example(script, || example(old, text(old), text(new), None));
    }
    for (row, reason) in account.rejected.iter().chain(&account.dropped).take(2) {
        acts.example(script, || example(row, text(row), None, Some(reason)));
    }
    for row in account.created.iter().take(2) {
        acts.example(script, || example(row, None, text(row), None));
    }
}

/// Where a row stands, by name.
fn place(row: &SourceValue, source: &Metadata) -> String {
    format!("{} at {} in {}", source.data_name(row.data), source.name_of(row.org_unit), row.period)
}

/// Which rows a script changed, left out, refused and added.
#[derive(Debug, Default)]
pub(super) struct Account<'rows> {
    pub(super) changed: Vec<(&'rows SourceValue, &'rows SourceValue)>,
    pub(super) dropped: Vec<(&'rows SourceValue, &'rows str)>,
    pub(super) rejected: Vec<(&'rows SourceValue, &'rows str)>,
    pub(super) created: Vec<&'rows SourceValue>,
}

/// Holds the rows that a script gave back against those that it was given.
pub(super) fn account<'rows>(before: &'rows [SourceValue], after: &'rows RowsAfter) -> Account<'rows> {
    let reasons = |list: &'rows [(usize, Arc<str>)]| -> HashMap<usize, &'rows str> {
        list.iter().map(|(index, reason)| (*index, reason.as_ref())).collect()
    };
    let (rejected, dropped) = (reasons(&after.rejected), reasons(&after.dropped));
    let mut account = Account::default();
    let mut stood: HashMap<RowKey, Vec<usize>> = HashMap::with_capacity(before.len());
    for (index, row) in before.iter().enumerate().rev() {
        match rejected.get(&index) {
            Some(reason) => account.rejected.push((row, reason)),
            None => stood.entry(RowKey::of(row)).or_default().push(index),
        }
    }
    // In the order of the rows, so that the same slice gives the same examples.
    account.rejected.reverse();
    let mut gone: BTreeSet<usize> = stood.values().flatten().copied().collect();
    for row in &after.kept {
        let old = stood.get_mut(&RowKey::of(row)).and_then(Vec::pop);
        match old.and_then(|index| Some((index, before.get(index)?))) {
            Some((index, old)) => {
                gone.remove(&index);
                if old.value != row.value {
                    account.changed.push((old, row));
                }
            }
            None => account.created.push(row),
        }
    }
    for index in gone {
        let reason = dropped.get(&index).copied().unwrap_or("the script left the row out");
        account.dropped.extend(before.get(index).map(|row| (row, reason)));
    }
    account
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::account;
    use crate::fixture::{element, period, unit};
    use crate::hooks::RowsAfter;
    use xfer_domain::data_item::DataItem;
    use xfer_domain::source_value::SourceValue;
    use xfer_domain::uid::Uid;

    fn row(data: u8, org_unit: u8, text: &str) -> SourceValue {
        SourceValue {
            data: DataItem::DataElement(element(data)),
            category_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
            attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
            org_unit: unit(org_unit),
            period: period("202401"),
            value: Some(text.to_owned()),
            remark: None,
        }
    }

    #[test]
    fn rows_are_told_apart_by_where_they_stand() {
        let before = [row(1, 1, "1"), row(1, 2, "2"), row(1, 3, "3")];
        let after = [row(1, 3, "3"), row(1, 1, "10"), row(2, 1, "new"), row(1, 1, "twice")];
        let before = [before.as_slice(), &[row(3, 1, "bad")]].concat();
        let rejected = vec![(3, "bad data".into())];
        let dropped = vec![(1, "small".into())];
        let after = RowsAfter { kept: after.to_vec(), dropped, rejected, ..RowsAfter::default() };
        let account = account(&before, &after);
        assert_eq!(account.changed, [(&before[0], &after.kept[1])]);
        assert_eq!(account.dropped, [(&before[1], "small")]);
        assert_eq!(account.rejected, [(&before[3], "bad data")]);
        assert_eq!(account.created, [&after.kept[2], &after.kept[3]]);
    }

    proptest! {
        #[test]
        fn the_account_always_closes(
            before in proptest::collection::vec((1_u8..4, 1_u8..6, "[0-9]"), 0..30),
            after in proptest::collection::vec((1_u8..4, 1_u8..6, "[0-9]"), 0..30),
            said in proptest::collection::vec((0_usize..40, any::<bool>()), 0..10),
        ) {
            let rows = |list: Vec<(u8, u8, String)>| -> Vec<SourceValue> {
                list.into_iter().map(|(data, org_unit, text)| row(data, org_unit, &text)).collect()
            };
            let mut after = RowsAfter { kept: rows(after), ..RowsAfter::default() };
            for (index, refused) in said {
                let list = if refused { &mut after.rejected } else { &mut after.dropped };
                list.push((index, "said".into()));
            }
            let before = rows(before);
            let account = account(&before, &after);
            let (gone, came) = (account.dropped.len() + account.rejected.len(), account.created.len());
            prop_assert_eq!(before.len() + came, after.kept.len() + gone);
        }
    }
}
