//! Accounting up to 2.42: written rows are counted, refused rows are named, the rest of `ignored` was left alone.
//!
//! What is in no count at all is a zero for a new key of a data element without significant zeros
//! (`import/zero-insignificant-existing` shows the sibling case: over a stored value the same zero deletes it).
//! E7611 is what the loser of a race for a new period gets (`import/race-new-period-loser`); the periods that are sent
//! are always valid, so it never means what it says.

use std::borrow::Borrow;

use super::{Evidence, RowVerdict, Unproved, all, refused};
use xfer_dhis2::data_value_sets::PayloadRow;
use xfer_domain::import_summary::{ImportStatus, ImportSummary};

/// Codes that refuse the whole payload before any row is looked at (dhis2-api 6.7). Every row shares what they blame.
const PAYLOAD_CODES: [&str; 6] = ["E7600", "E7601", "E7602", "E7603", "E7604", "E7622"];

/// The code that a lost race for a new period shows.
const PERIOD_CODE: &str = "E7611";

/// Whether the row is a value that is numerically zero: `0`, `0.0`, `-0`.
fn is_zero(row: &PayloadRow) -> bool {
    row.value.as_deref().is_some_and(|value| {
        let digits = value.strip_prefix('-').unwrap_or(value);
        digits.contains('0') && digits.bytes().all(|byte| byte == b'0' || byte == b'.')
    })
}

pub(super) fn account<R: Borrow<PayloadRow>>(
    rows: &[R],
    summary: &ImportSummary,
    evidence: &Evidence,
) -> Vec<RowVerdict> {
    let sent = rows.len();
    if evidence.counts_nothing() && evidence.rejected.is_empty() && summary.status == ImportStatus::Error {
        let blamed = summary.conflicts.iter().find(|conflict| {
            conflict.rows.is_empty() && conflict.code.as_deref().is_some_and(|code| PAYLOAD_CODES.contains(&code))
        });
        return blamed.map_or_else(|| all(rows, Unproved::NoSummary), |conflict| vec![refused(conflict); sent]);
    }
    let named = evidence.rejected.len();
    if evidence.rejected != evidence.in_conflict
        || evidence.ignored < named
        || evidence.written + evidence.ignored > sent
        || summary.status == ImportStatus::Error
    {
        return all(rows, Unproved::Contradiction);
    }
    if summary.conflicts.iter().any(|conflict| conflict.rows.is_empty()) {
        // Refused, but which? Versions before 2.37 give no positions.
        return all(rows, Unproved::Lost);
    }

    let mut verdicts: Vec<Option<RowVerdict>> = vec![None; sent];
    for conflict in &summary.conflicts {
        for &position in &conflict.rows {
            let verdict = if conflict.code.as_deref() == Some(PERIOD_CODE) {
                RowVerdict::Unproved { reason: Unproved::PeriodRace }
            } else {
                refused(conflict)
            };
            verdicts[position].get_or_insert(verdict);
        }
    }
    let rest = Rest::of(rows, &verdicts, summary, evidence);
    verdicts
        .into_iter()
        .zip(rows)
        .map(|(verdict, row)| {
            verdict.unwrap_or_else(|| if is_zero(row.borrow()) { rest.zeros.clone() } else { rest.others.clone() })
        })
        .collect()
}

/// What became of the rows that no conflict names.
struct Rest {
    zeros: RowVerdict,
    others: RowVerdict,
}

impl Rest {
    fn of<R: Borrow<PayloadRow>>(
        rows: &[R],
        verdicts: &[Option<RowVerdict>],
        summary: &ImportSummary,
        evidence: &Evidence,
    ) -> Self {
        let open = || rows.iter().zip(verdicts).filter(|(_, verdict)| verdict.is_none()).map(|(row, _)| row.borrow());
        let zeros = open().filter(|row| is_zero(row)).count();
        let deletions = open().filter(|row| row.value.is_none()).count();
        let uncounted = rows.len() - evidence.written - evidence.ignored;
        let left_alone = evidence.ignored - evidence.rejected.len();
        let deleted = usize::try_from(summary.count.deleted).unwrap_or(usize::MAX);

        let unproved = |reason| RowVerdict::Unproved { reason };
        if uncounted > zeros {
            return Self { zeros: unproved(Unproved::Lost), others: unproved(Unproved::Lost) };
        }
        if deleted > deletions + zeros {
            return Self { zeros: unproved(Unproved::Contradiction), others: unproved(Unproved::Contradiction) };
        }
        // Some written, some left alone, and nobody says which: either way the destination holds what was sent.
        let others = if evidence.written == 0 && left_alone > 0 { RowVerdict::LeftAlone } else { RowVerdict::Written };
        let zeros_uncertain = uncounted > 0 || deleted > deletions;
        let zeros = if zeros_uncertain { unproved(Unproved::UncountedZero) } else { others.clone() };
        Self { zeros, others }
    }
}
