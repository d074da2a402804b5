//! What to do after an answer: which rows are settled, which are sent again and in which company.

use crate::dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use crate::domain::metadata::Metadata;
use crate::domain::value_type::ImportEngine;
use crate::transfer::accounting::RowVerdict;

/// What follows from an answer. Every row of the POST is in exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Next {
    /// Rows (positions in the chunk) that are settled, each with its verdict; never `RefusedTogether`.
    pub settled: Vec<(usize, RowVerdict)>,
    /// Groups of rows (positions in the chunk, ascending) that are sent again, one POST each, one after another.
    pub resend: Vec<Vec<usize>>,
}

/// Drives one chunk through its refusals. The engine sends the chunk, hands over each answer and sends what comes
/// back, until nothing does:
///
/// ```text
/// let mut open = vec![(0..rows.len()).collect()];
/// while let Some(group) = open.pop() {
///     let answer = push(group);
///     let next = pruning.after(&group, &answer);
///     open.extend(next.resend); settle(next.settled);
/// }
/// ```
#[derive(Debug)]
pub struct Pruning<'chunk> {
    rows: &'chunk [PayloadRow],
    metadata: &'chunk Metadata,
    engine: ImportEngine,
}

impl<'chunk> Pruning<'chunk> {
    /// For the rows of one chunk. The metadata is the destination's: it says which option combos hold a named option.
    pub fn new(rows: &'chunk [PayloadRow], metadata: &'chunk Metadata, engine: ImportEngine) -> Self {
        Self { rows, metadata, engine }
    }

    /// Judges the answer to a POST of the rows at `sent` (in the order in which they were sent).
    pub fn after(&mut self, _sent: &[usize], _answer: &ImportAnswer) -> Next {
        let _ = (self.rows, self.metadata, self.engine);
        todo!()
    }
}
