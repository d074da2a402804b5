//! Jobs: a named collection of items for one pair.

use serde::{Deserialize, Serialize};

use crate::coverage::Coverage;
use crate::item::{Combine, Item};
use crate::named::named;
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

named!(Comments { Keep = "keep", Copy = "copy" });

impl Comments {
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

named!(ReadFrom { Raw = "raw", Analytics = "analytics" });
