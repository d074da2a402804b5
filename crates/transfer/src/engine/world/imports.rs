//! How the two generations judge a POST.

use std::collections::BTreeSet;

use super::{Happened, State};
use xfer_dhis2::data_value_sets::{ImportAnswer, Payload, PayloadRow};
use xfer_domain::data_value::DataValue;
use xfer_domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;

pub(super) fn answer(
    http_status: u16,
    status: ImportStatus,
    count: ImportCount,
    conflicts: Vec<ImportConflict>,
    rejected_rows: Vec<usize>,
) -> ImportAnswer {
    let summary = ImportSummary {
        status,
        description: None,
        count,
        conflicts,
        beyond: 0,
        rejected_rows,
        data_set_complete: None,
    };
    ImportAnswer { http_status, summary: Some(summary), message: None, is_of_another_try: false }
}

fn conflict(code: &str, text: String, rows: Vec<usize>) -> ImportConflict {
    ImportConflict { code: Some(code.to_owned()), text: text.into(), rows, named_ids: vec![], property: None }
}

/// Up to 2.42.
pub(super) fn row_by_row(
    state: &mut State,
    metadata: &Metadata,
    payload: &Payload<'_>,
    dry_run: bool,
    lost: &BTreeSet<Period>,
) -> ImportAnswer {
    let mut count = ImportCount::default();
    let (mut conflicts, mut rejected) = (Vec::new(), Vec::new());
    for (position, row) in payload.rows.iter().enumerate() {
        let refusal = if lost.contains(&row.cell.period) {
            Some(("E7611", format!("Period not found or not accessible: `{}`", row.cell.period)))
        } else if state.closed.contains(&row.cell.org_unit) {
            Some(("E7617", format!("Organisation unit: `{}` not in hierarchy of current user", row.cell.org_unit)))
        } else if state.bad.contains(&row.cell) || state.poison.contains(&row.cell) {
            Some(("E7619", "Value must match value type".to_owned()))
        } else {
            None
        };
        if let Some((code, text)) = refusal {
            conflicts.push(conflict(code, text, vec![position]));
            rejected.push(position);
            count.ignored += 1;
            continue;
        }
        store_old(state, metadata, row, dry_run, &mut count);
    }
    let status = if conflicts.is_empty() { ImportStatus::Success } else { ImportStatus::Warning };
    answer(if conflicts.is_empty() { 200 } else { 409 }, status, count, conflicts, rejected)
}

fn store_old(state: &mut State, metadata: &Metadata, row: &PayloadRow, dry_run: bool, count: &mut ImportCount) {
    let existing = state.values.get(&row.cell).cloned();
    let element = &metadata.data_elements[&row.cell.data_element];
    let averaged = matches!(element.aggregation_type.as_str(), "AVERAGE" | "AVERAGE_SUM_ORG_UNIT");
    let zero = row.value.as_deref() == Some("0")
        && !(element.zero_is_significant || averaged)
        && element.value_type.is_numeric();
    match (&row.value, existing) {
        (None, None) => count.ignored += 1,
        (Some(_), None) if zero => {}
        (Some(_), Some(_)) if zero => {
            count.deleted += 1;
            remove(state, row, dry_run);
        }
        (None, Some(_)) => {
            count.deleted += 1;
            remove(state, row, dry_run);
        }
        (Some(_), None) => {
            count.imported += 1;
            store(state, row, dry_run);
        }
        (Some(_), Some(existing)) => {
            if (&existing.value, &existing.comment, existing.followup) == (&row.value, &row.comment, row.followup) {
                count.ignored += 1;
                if !dry_run {
                    note(state, row, row.value.clone());
                }
            } else {
                count.updated += 1;
                store(state, row, dry_run);
            }
        }
    }
}

/// From 2.43 on.
pub(super) fn set_based(
    state: &mut State,
    payload: &Payload<'_>,
    dry_run: bool,
    lost: &BTreeSet<Period>,
) -> ImportAnswer {
    let rows = &payload.rows;
    let all: Vec<usize> = (0..rows.len()).collect();
    if rows.iter().any(|row| state.poison.contains(&row.cell)) {
        return ImportAnswer {
            http_status: 500,
            summary: None,
            message: Some("group is null".to_owned()),
            is_of_another_try: false,
        };
    }
    let closed: BTreeSet<String> = rows
        .iter()
        .filter(|row| state.closed.contains(&row.cell.org_unit))
        .map(|row| row.cell.org_unit.to_string())
        .collect();
    if !closed.is_empty() {
        let closed: Vec<String> = closed.into_iter().collect();
        let text = format!("Data set not usable with org unit(s): `[{}]`", closed.join(", "));
        let conflicts = vec![conflict("E8022", text, all.clone())];
        return answer(409, ImportStatus::Error, ImportCount::default(), conflicts, all);
    }
    if rows.iter().any(|row| lost.contains(&row.cell.period)) {
        let count = ImportCount { ignored: rows.len() as u64, ..ImportCount::default() };
        return answer(200, ImportStatus::Success, count, vec![], vec![]);
    }
    let bad: Vec<usize> = (0..rows.len()).filter(|position| state.bad.contains(&rows[*position].cell)).collect();
    let mut count = ImportCount { ignored: bad.len() as u64, ..ImportCount::default() };
    for row in rows {
        if state.bad.contains(&row.cell) {
            continue;
        }
        count.updated += 1;
        match row.value {
            Some(_) => store(state, row, dry_run),
            None => remove(state, row, dry_run),
        }
    }
    let conflicts =
        bad.iter().map(|position| conflict("E8122", format!("Value #{position} is no valid NUMBER"), vec![*position]));
    let (http_status, status) = match (bad.is_empty(), count.updated) {
        (true, _) => (200, ImportStatus::Success),
        (false, 0) => (409, ImportStatus::Error),
        (false, _) => (200, ImportStatus::Warning),
    };
    answer(http_status, status, count, conflicts.collect(), bad)
}

fn store(state: &mut State, row: &PayloadRow, dry_run: bool) {
    if !dry_run {
        note(state, row, row.value.clone());
        let text = state.meddled.get(&row.cell).cloned().or_else(|| row.value.clone());
        let value = DataValue {
            cell: row.cell,
            value: text,
            comment: row.comment.clone(),
            followup: row.followup,
            stored_by: None,
            deleted: false,
        };
        state.values.insert(row.cell, value);
    }
}

fn remove(state: &mut State, row: &PayloadRow, dry_run: bool) {
    if !dry_run {
        note(state, row, None);
        state.values.remove(&row.cell);
    }
}

fn note(state: &mut State, row: &PayloadRow, after: Option<String>) {
    if state.watched.contains(&row.cell) {
        let before = state.values.get(&row.cell).and_then(|value| value.value.clone());
        state.happened.push(Happened::Wrote { cell: row.cell, before, after });
    }
}
