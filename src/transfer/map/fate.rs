//! The ways in which a value ends without being part of a cell, and where a period goes.

use crate::domain::period::Period;
use crate::domain::uid::Uid;
use crate::transfer::finding::{self, Code};
use crate::transfer::plan::{Destination, HookedPeriod, PlannedJob};

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

/// The object to blame, as an id or a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blame {
    Object(Uid),
    Period(Period),
}

impl Fate {
    /// The entry of the findings table, and the kind of object to blame.
    pub(super) fn describe(self) -> (&'static Code, &'static str) {
        match self {
            Self::Unmapped => (&finding::ORG_UNIT_UNMAPPED, "organisation unit"),
            Self::Proposed => (&finding::ORG_UNIT_PROPOSED, "organisation unit"),
            Self::Ignored => (&finding::ORG_UNIT_IGNORED, "organisation unit"),
            Self::Empty => (&finding::SOURCE_VALUE_EMPTY, "data element"),
            Self::Straddles => (&finding::SOURCE_PERIOD_UNUSABLE, "period"),
            Self::NoNumber => (&finding::SOURCE_VALUE_INVALID, "data element"),
            Self::OptionCombo => (&finding::OPTION_COMBO_NOT_MAPPED, "data element"),
            Self::Foreign => (&finding::SCRIPT_ROW_FOREIGN, "data element"),
            Self::NotCovered => (&finding::SCRIPT_ROW_FOREIGN, "period"),
            Self::PeriodDropped => (&finding::SCRIPT_DROPPED, "period"),
            Self::PeriodFailed => (&finding::SCRIPT_FAILED, "period"),
            Self::Twice => (&finding::SOURCE_VALUE_TWICE, "data element"),
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
