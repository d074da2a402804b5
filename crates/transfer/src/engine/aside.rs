//! Compared slices that wait until their whole job is compared: the guard `max_change` looks at a job as a whole, and
//! what it judged is what is sent. Their cells, which are many, wait in the state database, the rest of each slice here.

use std::collections::VecDeque;
use std::io::{BufReader, BufWriter};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::diff::{Cell, Step};
use crate::engine::context::Context;
use crate::engine::error::SliceError;
use crate::engine::prepare::{Failed, Ledger, Prepared};
use crate::finding::{self, Reason};
use xfer_domain::cell::CellKey;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::journal::JournalError;
use xfer_domain::period::Period;
use xfer_domain::run::{FindingObject, ValueCounts};
use xfer_domain::uid::Uid;

/// Slices of a job that wait, in order.
#[derive(Debug, Default)]
pub(super) struct Aside<'run> {
    slices: VecDeque<(Prepared<'run>, Option<u64>)>,
    put: u64,
}

impl<'run> Aside<'run> {
    /// Slices that wait.
    pub(super) fn len(&self) -> usize {
        self.slices.len()
    }

    /// Lets a slice wait. After a failure of the journal it keeps its cells: nothing is sent any more.
    pub(super) fn put<S, D>(&mut self, context: &Context<'run, S, D>, mut slice: Prepared<'run>) {
        let number = self.put;
        let kept = match written(&slice.cells) {
            Ok(part) => context.keep(|journal| journal.set_aside(context.run, number, &part)),
            Err(cause) => context.unless_broken(Err(cause)),
        };
        if kept.is_some() {
            slice.cells = Vec::new();
            slice.ledger = Ledger::default();
            self.put += 1;
        }
        self.slices.push_back((slice, kept.map(|()| number)));
    }

    /// The next slice, with its cells.
    pub(super) fn next<S, D>(&mut self, context: &Context<'run, S, D>) -> Option<Prepared<'run>> {
        let (mut slice, number) = self.slices.pop_front()?;
        let Some(number) = number else { return Some(slice) };
        let back = context.keep(|journal| {
            let part = journal.take_back(context.run, number)?;
            read(part.as_deref().unwrap_or_default())
        });
        if let Some(cells) = back {
            slice.cells = cells;
        } else {
            // Nothing is sent any more, and what the slice read became nothing.
            let broken = context.broken();
            slice.values = ValueCounts::default();
            slice.failed = Some(Failed::Source(SliceError {
                reason: broken.map(ToString::to_string).unwrap_or_default(),
                hint: None,
                code: broken.map_or(ExitCode::LocalIo, Fault::code),
                temporary: false,
                login_refused: false,
            }));
        }
        Some(slice)
    }
}

/// A cell as it waits: a list of its parts, which takes a third of an object with their names.
#[derive(Serialize, Deserialize)]
struct Kept(Uid, Period, Uid, Uid, Uid, usize, Option<String>, Option<String>, Option<String>, bool, u32, KeptStep);

#[derive(Serialize, Deserialize)]
enum KeptStep {
    Create,
    Update,
    Repeat,
    Delete,
    Vanish,
    Unchanged,
    ZeroSkipped,
    Hold(String, Option<FindingObject>, String, Option<String>),
}

fn kept(cell: &Cell) -> Kept {
    let key = cell.key;
    let step = match &cell.step {
        Step::Create => KeptStep::Create,
        Step::Update => KeptStep::Update,
        Step::Repeat => KeptStep::Repeat,
        Step::Delete => KeptStep::Delete,
        Step::Vanish => KeptStep::Vanish,
        Step::Unchanged => KeptStep::Unchanged,
        Step::ZeroSkipped => KeptStep::ZeroSkipped,
        Step::Hold(hold) => {
            KeptStep::Hold(hold.code.word.to_owned(), hold.object.clone(), hold.text.to_string(), hold.hint.clone())
        }
    };
    Kept(
        key.org_unit,
        key.period,
        key.data_element,
        key.category_option_combo,
        key.attribute_option_combo,
        cell.item,
        cell.previous.clone(),
        cell.value.clone(),
        cell.comment.clone(),
        cell.followup,
        cell.contributions,
        step,
    )
}

impl Kept {
    fn cell(self) -> Option<Cell> {
        let Self(
            org_unit,
            period,
            data_element,
            category,
            attribute,
            item,
            previous,
            value,
            comment,
            followup,
            made_of,
            step,
        ) = self;
        let step = match step {
            KeptStep::Create => Step::Create,
            KeptStep::Update => Step::Update,
            KeptStep::Repeat => Step::Repeat,
            KeptStep::Delete => Step::Delete,
            KeptStep::Vanish => Step::Vanish,
            KeptStep::Unchanged => Step::Unchanged,
            KeptStep::ZeroSkipped => Step::ZeroSkipped,
            KeptStep::Hold(word, object, text, hint) => {
                Step::Hold(Box::new(Reason { object, hint, ..Reason::new(finding::by_word(&word)?, text) }))
            }
        };
        let key = CellKey {
            org_unit,
            period,
            data_element,
            category_option_combo: category,
            attribute_option_combo: attribute,
        };
        Some(Cell {
            key,
            item,
            previous,
            value,
            comment,
            followup,
            contributions: made_of,
            step,
            // Preflight comes after the wait.
            data_set: None,
        })
    }
}

/// Bytes that are compressed at once.
const PIECE: usize = 64 << 10;

fn written(cells: &[Cell]) -> Result<Vec<u8>, JournalError> {
    let mut zipped = BufWriter::with_capacity(PIECE, GzEncoder::new(Vec::new(), Compression::fast()));
    for cell in cells {
        serde_json::to_writer(&mut zipped, &kept(cell)).map_err(|cause| failed("written", Some(cause.into())))?;
    }
    let zipped = zipped.into_inner().map_err(|cause| failed("written", Some(cause.into_error().into())))?;
    zipped.finish().map_err(|cause| failed("written", Some(cause.into())))
}

fn read(part: &[u8]) -> Result<Vec<Cell>, JournalError> {
    let unzipped = BufReader::with_capacity(PIECE, GzDecoder::new(part));
    let cells = serde_json::Deserializer::from_reader(unzipped).into_iter::<Kept>();
    let cells = cells.map(|kept| {
        let kept = kept.map_err(|cause| failed("read", Some(cause.into())))?;
        kept.cell().ok_or_else(|| failed("read", None))
    });
    cells.collect()
}

fn failed(verb: &str, source: Option<Box<dyn std::error::Error + Send + Sync>>) -> JournalError {
    let code = if verb == "read" { ExitCode::Damaged } else { ExitCode::LocalIo };
    let reason = format!("cells that wait for the rest of their job cannot be {verb}");
    JournalError { reason, code, source }
}

#[cfg(test)]
mod tests {
    use super::{read, written};
    use crate::diff::{Cell, Step};
    use crate::finding::{self, Reason};
    use crate::fixture::cell as key;
    use xfer_domain::exit_code::ExitCode;

    #[test]
    fn cells_come_back_as_they_went() {
        let reason = Reason::new(&finding::ORG_UNIT_NOT_ASSIGNED, "not \"assigned\"").with_hint("assign it");
        let hold = Step::Hold(Box::new(reason));
        let steps = [
            Step::Create,
            Step::Update,
            Step::Repeat,
            Step::Delete,
            Step::Vanish,
            Step::Unchanged,
            Step::ZeroSkipped,
            hold,
        ];
        let cells: Vec<Cell> = (1..)
            .zip(steps)
            .map(|(unit, step)| Cell {
                key: key(1, unit, "2024Q1"),
                item: 7,
                previous: Some("é\n".to_owned()),
                value: None,
                comment: Some("said".to_owned()),
                followup: true,
                contributions: 3,
                step,
                data_set: None,
            })
            .collect();
        let part = written(&cells).unwrap();
        assert_eq!(read(&part).unwrap(), cells);
        assert!(read(&written(&[]).unwrap()).unwrap().is_empty());
        for damaged in [&part[..part.len() - 9], &[]] {
            assert_eq!(read(damaged).unwrap_err().code, ExitCode::Damaged);
        }
    }
}
