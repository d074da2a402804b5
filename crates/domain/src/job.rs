//! Jobs: a named collection of items for one pair.

use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::item::{Combine, Item};
use crate::period::PeriodType;
use crate::rounding::Rounding;
use crate::script::Attachment;

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// Its name, unique in the store.
    pub name: String,
    /// The name of the source server.
    pub source: String,
    /// The name of the destination server.
    pub destination: String,
    /// The type of the periods that are read.
    pub source_period_type: PeriodType,
    /// The type of the periods that are written: the same, or a coarser one that contains it.
    pub destination_period_type: PeriodType,
    /// How many destination periods the values are moved by: −1 puts February's values into January.
    pub period_shift: i32,
    /// How several contributions to one cell become one value, unless the item says otherwise.
    pub combine: Combine,
    /// Where data elements are read; indicators and program indicators always come from analytics.
    pub read: ReadFrom,
    /// How values are rounded, unless the item says otherwise.
    #[serde(default)]
    pub round: Option<Rounding>,
    /// How many source periods must have a value, unless the item says otherwise.
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// What becomes of comments and follow-up marks. A job without the rule has the digest that it had before there was
    /// one.
    #[serde(default, skip_serializing_if = "stay")]
    pub comments: Comments,
    /// Scripts that act on it, in order.
    #[serde(default)]
    pub scripts: Vec<Attachment>,
    /// What it moves.
    pub items: Vec<Item>,
}

/// What becomes of the comments and follow-up marks of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comments {
    /// The destination's stay as they are; the source's are not moved.
    #[default]
    Keep,
    /// The source's take their place, with the values that they belong to.
    Copy,
}

impl Comments {
    /// Both rules.
    pub const ALL: [Self; 2] = [Self::Keep, Self::Copy];

    /// The word for it in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Copy => "copy",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// Whether the destination's stay.
    pub fn is_keep(self) -> bool {
        self == Self::Keep
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn stay(comments: &Comments) -> bool {
    comments.is_keep()
}

/// Where the data elements of a job are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadFrom {
    /// Raw data values: an exact copy of what was entered at each org unit.
    #[default]
    Raw,
    /// Analytics: aggregated from everything below the org unit; zeros are missing unless the server includes them.
    Analytics,
}

impl ReadFrom {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Raw, Self::Analytics];

    /// The word for it in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Analytics => "analytics",
        }
    }

    /// The way of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|way| way.name() == name)
    }
}
