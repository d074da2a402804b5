//! Explains every row that was sent from the answer to its POST (dhis2-api 6.4).

use crate::dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use crate::domain::value_type::ImportEngine;

/// What an answer says about one row. Evidence, not proof: the read-back decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVerdict {
    /// The counts say that the destination holds what the row says.
    Written,
    /// Refused by name, for good.
    Refused {
        /// The server's code, where it gave one.
        code: Option<String>,
        /// The server's sentence.
        text: String,
    },
    /// The destination held it already (or, for a deletion, had nothing to delete).
    LeftAlone,
    /// Not written because its whole group or request was refused; nothing is said about this very row. Only
    /// `refusal` can tell the guilty from the others.
    RefusedTogether {
        /// The server's code, where it gave one.
        code: Option<String>,
        /// The server's sentence.
        text: String,
    },
    /// The answer does not explain this row: read back, then send again.
    Unproved {
        /// Why.
        reason: Unproved,
    },
}

/// Why an answer does not explain a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unproved {
    /// No summary, or one without rows: a bare 409, a 500, an exception on the server.
    NoSummary,
    /// The counts leave rows open: lost in a race for a new period or a deadlock.
    Lost,
    /// Refused with E7611 although the period is valid: lost in a race for a new period (2.37 to 2.42).
    PeriodRace,
    /// A zero that the counts leave out: dropped by 2.42 for a data element without significant zeros.
    UncountedZero,
    /// Counts, positions and status contradict each other.
    Contradiction,
    /// Refusals without a name went on and on; the rest was not tried.
    GaveUp,
}

/// One verdict per row, in order.
pub fn account(_rows: &[PayloadRow], _answer: &ImportAnswer, _engine: ImportEngine) -> Vec<RowVerdict> {
    todo!()
}
