//! Cuts the rows of one data set into POSTs that never share a key and never race for a new period.

use std::collections::BTreeSet;

use crate::dhis2::data_value_sets::PayloadRow;
use crate::domain::metadata::{DataSet, Metadata};
use crate::domain::period::Period;
use crate::transfer::batch::controller::{BatchLimit, DataSetKind};

/// The kind of a data set, as the batch controller tells them apart.
pub fn kind_of(_metadata: &Metadata, _data_set: &DataSet) -> DataSetKind {
    todo!()
}

/// The rows of one data set, in the order of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// For each period that the destination has never seen, one row; each is a POST of its own, one after another,
    /// before any lane starts (dhis2-api 6.11).
    pub primers: Vec<PayloadRow>,
    /// Rows that may be sent at the same time lane by lane: no org unit is in two lanes.
    pub lanes: Vec<Lane>,
}

/// Rows that are sent one POST after another, sorted by cell key (org unit first).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    rows: std::collections::VecDeque<PayloadRow>,
}

impl Lane {
    /// Takes the rows of the next POST, at least one; empty when the lane is done.
    pub fn take(&mut self, _limit: BatchLimit) -> Vec<PayloadRow> {
        todo!()
    }

    /// Rows left.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Orders the rows of one data set: primers for periods that are not in `seen`, then up to `lanes` lanes (1 to 4).
pub fn plan(_rows: Vec<PayloadRow>, _seen: &BTreeSet<Period>, _lanes: usize) -> Work {
    todo!()
}
