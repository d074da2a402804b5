//! Preflight: every rule of the destination that its synced metadata can answer, before anything is sent.

use jiff::civil::Date;

use crate::domain::cell::CellKey;
use crate::domain::metadata::Metadata;
use crate::domain::run::FindingObject;
use crate::domain::server::{Account, ServerVersion};
use crate::domain::uid::Uid;
use crate::transfer::finding::Code;

/// What preflight says about one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every rule passes; the row is sent with this data set on its payload.
    Pass {
        /// The data set to send it with.
        data_set: Uid,
    },
    /// The cell is not sent.
    Hold(HoldBack),
}

/// Why a cell is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldBack {
    /// The rule; `code.word` stands in reports.
    pub code: &'static Code,
    /// The object to blame, by name.
    pub object: FindingObject,
    /// What is wrong with this cell, in one sentence; the same for all cells with the same cause.
    pub reason: String,
    /// What an administrator can do about it.
    pub hint: String,
}

/// The destination's rules, indexed once per run. Cheap to ask (some 100 ns a cell), `Sync`, no interior state.
#[derive(Debug)]
pub struct Preflight<'metadata> {
    metadata: &'metadata Metadata,
}

impl<'metadata> Preflight<'metadata> {
    /// Indexes the destination's metadata for its logged-in user. `today` is the destination server's own date.
    pub fn new(metadata: &'metadata Metadata, _account: &Account, _version: &ServerVersion, _today: Date) -> Self {
        Self { metadata }
    }

    /// Judges one cell. `value` is the shaped text, none for a deletion; `comment` is what would be sent along.
    pub fn check(&self, _cell: &CellKey, _value: Option<&str>, _comment: Option<&str>) -> Verdict {
        let _ = self.metadata;
        todo!()
    }

    /// Findings about the destination as a whole that no cell shows, such as an import authority that is missing
    /// (every cell is held back then) or a server whose input periods are inverted.
    pub fn about_destination(&self) -> Vec<HoldBack> {
        todo!()
    }

    /// What a second cell with the same key is held back with.
    pub fn duplicate(&self, _cell: &CellKey) -> HoldBack {
        todo!()
    }
}

/// Positions of cells whose key stands more than once in the slice, all of them, in order.
pub fn duplicates(_cells: &[CellKey]) -> Vec<usize> {
    todo!()
}
