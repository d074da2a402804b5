//! Cells: the addresses of destination values, and the states in which a cell may end.

use serde::{Deserialize, Serialize};

use crate::named::named;
use crate::period::Period;
use crate::uid::Uid;

/// Where in a data set a value stands, without place and time: data element and both option combos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellAddress {
    /// The data element.
    pub data_element: Uid,
    /// The category option combo (COC).
    pub category_option_combo: Uid,
    /// The attribute option combo (AOC).
    pub attribute_option_combo: Uid,
}

/// One data value's full address. All five parts are always present: a server that misses a part fills it in without
/// a word (`import/row-without-coc-disaggregated`).
///
/// The order is the one in which servers write fastest: org unit, then period (`measured.md`, "Writing is dear").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CellKey {
    /// The organisation unit.
    pub org_unit: Uid,
    /// The period.
    pub period: Period,
    /// The data element.
    pub data_element: Uid,
    /// The category option combo (COC).
    pub category_option_combo: Uid,
    /// The attribute option combo (AOC).
    pub attribute_option_combo: Uid,
}

impl CellKey {
    /// Puts an address at a place and a time.
    pub fn new(address: CellAddress, org_unit: Uid, period: Period) -> Self {
        Self {
            org_unit,
            period,
            data_element: address.data_element,
            category_option_combo: address.category_option_combo,
            attribute_option_combo: address.attribute_option_combo,
        }
    }

    /// The address without place and time.
    pub fn address(&self) -> CellAddress {
        CellAddress {
            data_element: self.data_element,
            category_option_combo: self.category_option_combo,
            attribute_option_combo: self.attribute_option_combo,
        }
    }
}

/// How a cell of a run ended. Exactly one for each cell (design 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// Proved by read-back: absent before, there now.
    Created,
    /// Proved by read-back: another value before, the new one now.
    Updated,
    /// Proved by read-back: there before, gone now.
    Deleted,
    /// The server's counts say it was written and no read-back was possible or wanted.
    Accepted,
    /// The destination held the value already; nothing was sent.
    Unchanged,
    /// Refused by the server, with code and text.
    Rejected,
    /// A zero that the destination does not keep for a data element without significant zeros.
    ZeroSkipped,
    /// Accepted, but the read-back shows something else.
    Differs,
    /// Sent, no trustworthy answer, and the read-back failed too.
    Unknown,
    /// The run stopped before it was sent.
    NotSent,
    /// Kept back by preflight, a quarantine or a guard; never sent.
    HeldBack,
}

named!(CellState {
    Created = "created",
    Updated = "updated",
    Deleted = "deleted",
    Accepted = "accepted",
    Unchanged = "unchanged",
    Rejected = "rejected",
    ZeroSkipped = "zero_skipped",
    Differs = "differs",
    Unknown = "unknown",
    NotSent = "not_sent",
    HeldBack = "held_back",
});
