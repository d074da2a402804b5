//! Accounting from 2.43 on: `sent = updated + deleted + rejected`, or the rest is not proved.
//!
//! | answer | counts | positions |
//! |---|---|---|
//! | value errors (E8120 to E8125) | the refused are `ignored`, the others `updated` | one conflict per refused row |
//! | group refused (E8010 to E8033, E8128) | 0 | one conflict with all rows of the group, guilty or not |
//! | request refused (a row cannot be decoded) | 0 | none; the row's number stands in the text |
//! | lost in a race | all `ignored` | none, status SUCCESS |

use std::borrow::Borrow;

use super::{Evidence, RowVerdict, Unproved, all, refused, refused_together};
use xfer_dhis2::data_value_sets::PayloadRow;
use xfer_domain::import_summary::{ImportConflict, ImportSummary};

/// Whether a conflict speaks of its own rows alone. Codes that are not known to do so are taken for group refusals,
/// which costs another POST and no row.
pub(super) fn is_value_error(conflict: &ImportConflict) -> bool {
    matches!(conflict.code.as_deref(), Some("E8120" | "E8121" | "E8122" | "E8123" | "E8124" | "E8125"))
}

pub(super) fn account<R: Borrow<PayloadRow>>(
    rows: &[R],
    summary: &ImportSummary,
    evidence: &Evidence,
) -> Vec<RowVerdict> {
    let sent = rows.len();
    if evidence.counts_nothing()
        && evidence.rejected.is_empty()
        && let Some(conflict) = summary.conflicts.iter().find(|conflict| conflict.rows.is_empty())
    {
        return vec![refused_together(conflict, sent); sent];
    }
    if evidence.rejected != evidence.in_conflict || evidence.written + evidence.rejected.len() > sent {
        return all(rows, Unproved::Contradiction);
    }
    let mut verdicts: Vec<Option<RowVerdict>> = vec![None; sent];
    for conflict in &summary.conflicts {
        for &position in &conflict.rows {
            let verdict = if is_value_error(conflict) { refused(conflict) } else { refused_together(conflict, sent) };
            // The first conflict of a row stands; a second one only says more about a row that is refused anyway.
            verdicts[position].get_or_insert(verdict);
        }
    }
    let value_errors = verdicts.iter().filter(|verdict| matches!(verdict, Some(RowVerdict::Refused { .. }))).count();
    let open = sent - evidence.rejected.len();
    let rest = if evidence.written == open {
        // Refused groups are not counted, refused values are: any other number belongs to rows that were lost.
        if evidence.ignored == 0 || evidence.ignored == value_errors {
            RowVerdict::Written
        } else {
            RowVerdict::Unproved { reason: Unproved::Contradiction }
        }
    } else if summary.conflicts.is_empty() && evidence.counts_nothing() && sent > 0 {
        RowVerdict::Unproved { reason: Unproved::NoSummary }
    } else {
        RowVerdict::Unproved { reason: Unproved::Lost }
    };
    verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(|| rest.clone())).collect()
}
