//! What to do after an answer: which rows are settled, and which are sent again and in which groups.
//!
//! From 2.43 on one bad row refuses its whole POST. Preflight keeps most of them back; what it cannot know (metadata
//! that changed since the sync, approvals, lock exceptions) comes back as a refusal of all rows. The server names one
//! kind of fault at a time, so the rows that bear the named ids are dropped and the rest is sent again, in several
//! rounds: at most one more POST than there are faults. Where nothing is named (500, a bare 409, an index −1 without a
//! row number) the POST is sent once more, for faults that pass, and then cut in halves until the guilty stand alone:
//! at most `2·b·⌈log2 n⌉ + 1` more POSTs for `b` bad rows of `n`.
//!
//! Limits: a server that fails at everything would be asked `2·n` times; after a run of refusals without a single
//! success the rest is left unproved (see [`Pruning`]).

mod named;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::accounting::{RowVerdict, Unproved, account};
use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::import_summary::ImportStatus;
use xfer_domain::metadata::Metadata;
use xfer_domain::value_type::ImportEngine;

/// Refusals without a name in a row, beyond the depth of one bisection, after which the server itself is taken to be
/// the fault: some dozen neighbouring bad rows are still told apart.
const PATIENCE: usize = 40;

/// What follows from an answer. Every row of the POST is in exactly one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Next {
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
///
/// A POST whose answer was lost (time-out, broken connection) is not handed over: its rows are read back instead.
#[derive(Debug)]
pub(crate) struct Pruning<'chunk> {
    rows: &'chunk [PayloadRow],
    metadata: &'chunk Metadata,
    engine: ImportEngine,
    /// Whether the one repetition for faults that pass was spent.
    repeated: bool,
    /// Refusals without a name since the last success.
    unnamed_in_a_row: usize,
}

impl<'chunk> Pruning<'chunk> {
    /// For the rows of one chunk. The metadata is the destination's: it says which option combos hold a named option.
    pub(crate) fn new(rows: &'chunk [PayloadRow], metadata: &'chunk Metadata, engine: ImportEngine) -> Self {
        Self { rows, metadata, engine, repeated: false, unnamed_in_a_row: 0 }
    }

    /// Judges the answer to a POST of the rows at `sent` (in the order in which they were sent).
    pub(crate) fn after(&mut self, sent: &[usize], answer: &ImportAnswer) -> Next {
        let rows: Vec<&PayloadRow> = sent.iter().filter_map(|&position| self.rows.get(position)).collect();
        let verdicts = account(&rows, answer, self.engine);
        if let Some(text) = refused_without_account(answer, &verdicts) {
            return self.refused_without_name(sent, None, &text.into());
        }
        let mut next = Next::default();
        let mut together: Vec<usize> = Vec::new();
        let mut sentence: Option<(Option<String>, Arc<str>)> = None;
        for (position, (&row, verdict)) in sent.iter().zip(verdicts).enumerate() {
            match verdict {
                RowVerdict::RefusedTogether { code, text } => {
                    together.push(position);
                    sentence.get_or_insert((code, text));
                }
                verdict => {
                    if matches!(verdict, RowVerdict::Written | RowVerdict::LeftAlone) {
                        self.unnamed_in_a_row = 0;
                    }
                    next.settled.push((row, verdict));
                }
            }
        }
        let Some((code, text)) = sentence else { return next };
        let group: Vec<usize> = together.iter().map(|&position| sent[position]).collect();
        let guilty = named::guilty(&rows, &together, code.as_deref(), &text, self.metadata);
        let mut rest = if guilty.is_empty() {
            self.refused_without_name(&group, code, &text)
        } else {
            drop_named(sent, &together, &guilty, code.as_deref(), &text)
        };
        next.settled.append(&mut rest.settled);
        next.resend.append(&mut rest.resend);
        next
    }

    /// A refusal that names nobody: once more, then in halves, then the row that stands alone is the guilty one.
    fn refused_without_name(&mut self, group: &[usize], code: Option<String>, text: &Arc<str>) -> Next {
        if let [row] = group
            && self.repeated
        {
            self.unnamed_in_a_row += 1;
            return Next {
                settled: vec![(*row, RowVerdict::Refused { code, text: Arc::clone(text) })],
                resend: vec![],
            };
        }
        if !self.repeated {
            self.repeated = true;
            return Next { settled: vec![], resend: vec![group.to_vec()] };
        }
        self.unnamed_in_a_row += 1;
        if self.unnamed_in_a_row > PATIENCE + depth(self.rows.len()) {
            let verdict = RowVerdict::Unproved { reason: Unproved::GaveUp };
            return Next { settled: group.iter().map(|&row| (row, verdict.clone())).collect(), resend: vec![] };
        }
        let (left, right) = group.split_at(group.len() / 2);
        Next { settled: vec![], resend: vec![left.to_vec(), right.to_vec()] }
    }
}

/// ⌈log2 n⌉: how often `number` rows can be halved.
fn depth(number: usize) -> usize {
    number.next_power_of_two().trailing_zeros() as usize
}

/// Settles the guilty rows (ascending) and sends the others again. Positions count the rows of this POST.
fn drop_named(sent: &[usize], together: &[usize], guilty: &[usize], code: Option<&str>, text: &Arc<str>) -> Next {
    let mut next = Next::default();
    let mut others = Vec::new();
    for &position in together {
        if guilty.binary_search(&position).is_ok() {
            let verdict = RowVerdict::Refused { code: code.map(str::to_owned), text: Arc::clone(text) };
            next.settled.push((sent[position], verdict));
        } else {
            others.push(sent[position]);
        }
    }
    if !others.is_empty() {
        next.resend.push(others);
    }
    next
}

/// The server's words, where it refused the whole POST without any account of its rows: a 500, a bare 409, an
/// exception inside the import. A success that lost rows is not one of them; its rows are read back first.
fn refused_without_account(answer: &ImportAnswer, verdicts: &[RowVerdict]) -> Option<String> {
    let unaccounted =
        verdicts.iter().all(|verdict| matches!(verdict, RowVerdict::Unproved { reason: Unproved::NoSummary }));
    let failed = match &answer.summary {
        Some(summary) => summary.status == ImportStatus::Error,
        None => !(200..300).contains(&answer.http_status),
    };
    if !unaccounted || !failed || verdicts.is_empty() {
        return None;
    }
    let said =
        answer.summary.as_ref().and_then(|summary| summary.description.clone()).or_else(|| answer.message.clone());
    Some(match said {
        Some(text) => format!("HTTP {}: {text}", answer.http_status),
        None => format!("HTTP {} without a reason", answer.http_status),
    })
}
