//! Items: one source item → one destination cell address.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

use crate::domain::cell::CellAddress;
use crate::domain::coverage::Coverage;
use crate::domain::rounding::Rounding;
use crate::domain::script::Attachment;
use crate::domain::uid::Uid;

/// One mapped data item of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// What is read.
    pub source: SourceItem,
    /// Where it goes.
    pub destination: CellAddress,
    /// How several contributions to one cell become one value; the job's operator where absent.
    pub combine: Option<Combine>,
    /// Factor that each contribution is multiplied by, exactly.
    pub factor: Option<BigDecimal>,
    /// What happens to a destination cell of this item when the source has nothing; the routine's rule where absent.
    pub when_empty: Option<WhenEmpty>,
    /// How the cell's value is rounded; the job's rounding where absent.
    #[serde(default)]
    pub round: Option<Rounding>,
    /// How many source periods must have a value; the job's rule where absent.
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// Its weight among the items of a job that share one source out: the parts add up to the source's value.
    #[serde(default)]
    pub share: Option<BigDecimal>,
    /// Scripts that act on it, in order.
    #[serde(default)]
    pub scripts: Vec<Attachment>,
    /// A person's remark.
    pub note: Option<String>,
}

impl Item {
    /// An item without rules of its own.
    pub fn new(source: SourceItem, destination: CellAddress) -> Self {
        Self {
            source,
            destination,
            combine: None,
            factor: None,
            when_empty: None,
            round: None,
            coverage: None,
            share: None,
            scripts: Vec::new(),
            note: None,
        }
    }
}

/// What an item reads at the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceItem {
    /// A data element. An option combo left open means every one of them, each a contribution of its own: more than
    /// one needs a combine operator.
    DataElement {
        /// The data element.
        id: Uid,
        /// Its COC, or every COC.
        category_option_combo: Option<Uid>,
        /// Its AOC, or every AOC.
        attribute_option_combo: Option<Uid>,
    },
    /// An indicator, read through analytics.
    Indicator {
        /// The indicator.
        id: Uid,
    },
    /// A program indicator, read through analytics.
    ProgramIndicator {
        /// The program indicator.
        id: Uid,
    },
}

impl SourceItem {
    /// The id of the data element, indicator or program indicator.
    pub fn id(&self) -> Uid {
        match self {
            Self::DataElement { id, .. } | Self::Indicator { id } | Self::ProgramIndicator { id } => *id,
        }
    }

    /// DHIS2's words for its kind.
    pub fn kind_in_words(&self) -> &'static str {
        match self {
            Self::DataElement { .. } => "data element",
            Self::Indicator { .. } => "indicator",
            Self::ProgramIndicator { .. } => "program indicator",
        }
    }

    /// The word for its kind in files and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DataElement { .. } => "data_element",
            Self::Indicator { .. } => "indicator",
            Self::ProgramIndicator { .. } => "program_indicator",
        }
    }
}

/// How several contributions to one cell become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// More than one contribution is an error.
    #[default]
    Error,
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The one of the latest source period.
    Last,
    /// The one of the earliest source period.
    First,
}

impl Combine {
    /// Every operator.
    pub const ALL: [Self; 7] = [Self::Error, Self::Sum, Self::Average, Self::Min, Self::Max, Self::Last, Self::First];

    /// The word for it in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Sum => "sum",
            Self::Average => "average",
            Self::Min => "min",
            Self::Max => "max",
            Self::Last => "last",
            Self::First => "first",
        }
    }

    /// The operator of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.name() == name)
    }
}

/// What happens to a destination cell when the source has nothing for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenEmpty {
    /// The destination keeps what it has.
    #[default]
    Keep,
    /// A zero is written.
    Zero,
    /// The value is deleted, if this routine wrote it.
    Delete,
}

impl WhenEmpty {
    /// Every rule.
    pub const ALL: [Self; 3] = [Self::Keep, Self::Zero, Self::Delete];

    /// The word for it in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Zero => "zero",
            Self::Delete => "delete",
        }
    }

    /// The rule of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}
