//! Explains every row that was sent from the answer to its POST (dhis2-api 6.4).
//!
//! The HTTP status decides nothing: 2.38 to 2.42 answer 409 to a POST of which one row was refused and all others were
//! written, 2.43 answers 200 to the same and 200 again to one of which it lost every row. So each verdict is drawn
//! from the counts and the positions, and only where they agree with each other and with the number of rows sent.
//! Whatever does not add up is [`RowVerdict::Unproved`], never [`RowVerdict::Written`]; the read-back settles it.
//!
//! The two generations count differently, hence one file each: [`set_based`] and [`row_by_row`].
//!
//! Limits: a payload holds rows of one data set, no key twice, no deletion scope, and the import strategy is
//! CREATE_AND_UPDATE. Versions before 2.37 give no positions, so a POST with refusals stays unproved there.

mod row_by_row;
mod set_based;
#[cfg(test)]
mod tests;

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::sync::Arc;

use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::import_summary::{ImportConflict, ImportStatus, ImportSummary};
use xfer_domain::value_type::ImportEngine;

/// What an answer says about one row. Evidence, not proof: the read-back decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowVerdict {
    /// The counts say that the destination holds what the row says.
    Written,
    /// Refused by name, for good.
    Refused {
        /// The server's code, where it gave one.
        code: Option<String>,
        /// The server's sentence.
        text: Arc<str>,
    },
    /// The destination held it already (or, for a deletion, had nothing to delete).
    LeftAlone,
    /// Not written because its whole group or request was refused; nothing is said about this very row. Only
    /// [`crate::refusal`] can tell the guilty from the others.
    RefusedTogether {
        /// The server's code, where it gave one.
        code: Option<String>,
        /// The server's sentence.
        text: Arc<str>,
    },
    /// The answer does not explain this row: read back, then send again.
    Unproved {
        /// Why.
        reason: Unproved,
    },
}

/// Why an answer does not explain a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Unproved {
    /// No summary, or one that explains nothing: a bare 409, a 500, an exception on the server.
    NoSummary,
    /// The counts leave rows open: lost in a race for a new period or a deadlock (`import/race-new-period-loser`).
    Lost,
    /// Refused with E7611 although the period is valid: lost in a race for a new period (2.37 to 2.42).
    PeriodRace,
    /// A zero that the counts leave out: dropped by 2.42 for a data element without significant zeros.
    UncountedZero,
    /// Counts, positions and status contradict each other.
    Contradiction,
    /// The account names more rows than are kept of one.
    NotNamed,
    /// Refusals without a name went on and on; the rest was not tried.
    GaveUp,
}

impl Unproved {
    /// The reason as the end of a sentence that begins with "not proved:".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoSummary => "the server's answer does not say what happened to the rows",
            Self::Lost => {
                "the server's counts do not explain all rows; it loses rows when requests run at the same \
                           time"
            }
            Self::PeriodRace => {
                "the server did not know the period; it loses rows when several requests use a new \
                                 period"
            }
            Self::UncountedZero => "the server does not count zeros, which it does not keep",
            Self::Contradiction => "the server's counts and its list of refused rows contradict each other",
            Self::NotNamed => "the server's answer is too long to keep, and the kept part does not name the row",
            Self::GaveUp => "the server refused several times without a reason, and the row was not tried",
        }
    }
}

/// One verdict per row, in order.
pub(crate) fn account<R: Borrow<PayloadRow>>(
    rows: &[R],
    answer: &ImportAnswer,
    engine: ImportEngine,
) -> Vec<RowVerdict> {
    let Some(summary) = &answer.summary else { return all(rows, Unproved::NoSummary) };
    let Some(evidence) = Evidence::of(summary, rows.len()) else { return all(rows, Unproved::Contradiction) };
    if summary.beyond > 0 {
        return as_far_as_named(rows, summary, engine);
    }
    match engine {
        ImportEngine::SetBased => set_based::account(rows, summary, &evidence),
        ImportEngine::RowByRow => row_by_row::account(rows, summary, &evidence),
    }
}

/// The parts of a summary that both generations are judged by, checked for sense.
#[derive(Debug)]
struct Evidence {
    /// Rows that the counts say were written: imported, updated and deleted.
    written: usize,
    /// Rows that the counts say were ignored.
    ignored: usize,
    /// Positions in the server's list of rejected rows.
    rejected: BTreeSet<usize>,
    /// Positions that a conflict names.
    in_conflict: BTreeSet<usize>,
}

impl Evidence {
    /// None where the summary cannot be true: positions outside the payload, more rows counted than sent, success
    /// with conflicts.
    fn of(summary: &ImportSummary, sent: usize) -> Option<Self> {
        let count = &summary.count;
        let written = count.imported.checked_add(count.updated)?.checked_add(count.deleted)?;
        let evidence = Self {
            written: usize::try_from(written).ok()?,
            ignored: usize::try_from(count.ignored).ok()?,
            rejected: summary.rejected_rows.iter().copied().collect(),
            in_conflict: summary.conflicts.iter().flat_map(|conflict| conflict.rows.iter().copied()).collect(),
        };
        let inside = evidence.rejected.iter().chain(&evidence.in_conflict).all(|position| *position < sent);
        let success_with_conflicts = summary.status == ImportStatus::Success && !summary.conflicts.is_empty();
        (inside && evidence.written <= sent && evidence.ignored <= sent && !success_with_conflicts).then_some(evidence)
    }

    /// Whether no row is counted anywhere.
    fn counts_nothing(&self) -> bool {
        self.written == 0 && self.ignored == 0
    }
}

/// Of an account that is not kept whole only what it says by name is believed.
fn as_far_as_named<R: Borrow<PayloadRow>>(
    rows: &[R],
    summary: &ImportSummary,
    engine: ImportEngine,
) -> Vec<RowVerdict> {
    let mut verdicts = all(rows, Unproved::NotNamed);
    for conflict in summary.conflicts.iter().rev() {
        let alone = engine == ImportEngine::RowByRow || set_based::is_value_error(conflict);
        let verdict = if alone { refused(conflict) } else { refused_together(conflict, rows.len()) };
        for &position in &conflict.rows {
            if let Some(of_row) = verdicts.get_mut(position) {
                of_row.clone_from(&verdict);
            }
        }
    }
    verdicts
}

/// The same reason for every row.
fn all<R: Borrow<PayloadRow>>(rows: &[R], reason: Unproved) -> Vec<RowVerdict> {
    vec![RowVerdict::Unproved { reason }; rows.len()]
}

/// A row refused by name.
fn refused(conflict: &ImportConflict) -> RowVerdict {
    RowVerdict::Refused { code: conflict.code.clone(), text: conflict.text.clone() }
}

/// A row refused in the company of `sent - 1` others. Alone it has nobody else to blame.
fn refused_together(conflict: &ImportConflict, sent: usize) -> RowVerdict {
    if sent == 1 {
        refused(conflict)
    } else {
        RowVerdict::RefusedTogether { code: conflict.code.clone(), text: conflict.text.clone() }
    }
}
