//! Finds the number of rows per POST that a server takes fastest, from measured values per second.

use crate::domain::value_type::ImportEngine;

/// The two kinds of data sets whose cost differs (`measured.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DataSetKind {
    /// Default attribute combo, or attribute options without org unit restriction.
    Plain,
    /// Attribute options restricted to org units: each row costs a query over all org units of its POST.
    Restricted,
}

/// The most that one POST may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    /// Rows.
    pub rows: usize,
    /// Different org units; `usize::MAX` where it does not matter.
    pub org_units: usize,
}

/// How a POST ended, as far as its size matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostOutcome {
    /// The rows were judged; the seconds say something about speed.
    Answered,
    /// Timed out, or 413, 502, 504: too big for the server or the way to it.
    TooBig,
    /// Refused or failed for a reason that has nothing to do with size; the seconds say nothing.
    Refused,
}

/// One per destination server and kind of data set.
#[derive(Debug, Clone)]
pub struct BatchController {
    rows: usize,
}

impl BatchController {
    /// Starts at the remembered size, else at the size that is right for the server's generation.
    pub fn new(_engine: ImportEngine, _kind: DataSetKind, remembered: Option<usize>) -> Self {
        Self { rows: remembered.unwrap_or(500) }
    }

    /// The most that the next POST may hold.
    pub fn limit(&self) -> BatchLimit {
        BatchLimit { rows: self.rows, org_units: usize::MAX }
    }

    /// Learns from a POST: its rows, its org units, how long it took.
    pub fn record(&mut self, _rows: usize, _org_units: usize, _seconds: f64, _outcome: PostOutcome) {
        todo!()
    }

    /// The best size so far, to be kept for the next run.
    pub fn remembered(&self) -> usize {
        self.rows
    }
}
