//! Results for values that do not become part of a cell, and where a period goes.

use crate::finding::{self, Code};
use crate::plan::{Destination, HookedPeriod, PlannedJob};
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Why a value does not contribute, or only in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Unmapped,
    Proposed,
    Ignored,
    Empty,
    Straddles,
    NoNumber,
    OptionCombo,
    /// `rows` made a row that has no place.
    Foreign,
    /// `rows` put a row into a period that the run does not cover.
    NotCovered,
    /// `period` left the period out.
    PeriodDropped,
    /// `period` failed.
    PeriodFailed,
    /// The source said something else of it before.
    Twice,
}

/// What is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blame {
    Data(DataItem),
    OrgUnit(Uid),
    Period(Period),
}

impl Fate {
    /// The entry of the findings table.
    pub(super) fn code(self) -> &'static Code {
        match self {
            Self::Unmapped => &finding::ORG_UNIT_UNMAPPED,
            Self::Proposed => &finding::ORG_UNIT_PROPOSED,
            Self::Ignored => &finding::ORG_UNIT_IGNORED,
            Self::Empty => &finding::SOURCE_VALUE_EMPTY,
            Self::Straddles => &finding::SOURCE_PERIOD_UNUSABLE,
            Self::NoNumber => &finding::SOURCE_VALUE_INVALID,
            Self::OptionCombo => &finding::OPTION_COMBO_NOT_MAPPED,
            Self::Foreign | Self::NotCovered => &finding::SCRIPT_ROW_FOREIGN,
            Self::PeriodDropped => &finding::SCRIPT_DROPPED,
            Self::PeriodFailed => &finding::SCRIPT_FAILED,
            Self::Twice => &finding::SOURCE_VALUE_TWICE,
        }
    }
}

/// Why a value has no destination period for an item. In the order of weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nowhere {
    /// A script left the period out.
    Dropped,
    /// The run does not read the period: a script with `rows` put the value there.
    NotCovered,
    /// The period lies half in one that the job writes and half in another.
    Straddles,
    /// A script failed on the period.
    Failed,
    /// The value is no number where one is needed.
    Refused,
}

impl Nowhere {
    pub(super) fn fate(self) -> Fate {
        match self {
            Self::Dropped => Fate::PeriodDropped,
            Self::NotCovered => Fate::NotCovered,
            Self::Straddles => Fate::Straddles,
            Self::Failed => Fate::PeriodFailed,
            Self::Refused => Fate::NoNumber,
        }
    }
}

/// Where values of an item and a source period go.
pub(super) fn target_period(job: &PlannedJob, item: usize, period: Period) -> Result<Period, Nowhere> {
    match job.hooked_periods(item) {
        Some(hooked) => match hooked.destinations.get(&period) {
            Some(HookedPeriod::To(to)) => Ok(*to),
            Some(HookedPeriod::Dropped(_)) => Err(Nowhere::Dropped),
            Some(HookedPeriod::Rejected(_)) => Err(Nowhere::Failed),
            None => Err(Nowhere::NotCovered),
        },
        None => match job.periods.destination_of(period) {
            Destination::To(to) => Ok(to),
            Destination::Between(..) => Err(Nowhere::Straddles),
            Destination::NotCovered => Err(Nowhere::NotCovered),
        },
    }
}
