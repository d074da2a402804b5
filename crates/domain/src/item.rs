//! Items: one source item → one destination cell address.

use bigdecimal::BigDecimal;
use serde::{Deserialize, Serialize};

use crate::cell::CellAddress;
use crate::coverage::Coverage;
use crate::data_item::{DataItem, DataKind, ReportingMetric};
use crate::job::ReadFrom;
use crate::named::named;
use crate::rounding::Rounding;
use crate::script::Attachment;
use crate::uid::Uid;

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
    /// A reporting rate of a data set or a count behind it, read through analytics.
    ReportingRate {
        /// The data set.
        data_set: Uid,
        /// What is counted of its reports.
        metric: ReportingMetric,
    },
}

impl SourceItem {
    /// All of a data item: every option combo, where it has them.
    pub fn all_of(data: DataItem) -> Self {
        match data {
            DataItem::DataElement(id) => {
                Self::DataElement { id, category_option_combo: None, attribute_option_combo: None }
            }
            DataItem::Indicator(id) => Self::Indicator { id },
            DataItem::ProgramIndicator(id) => Self::ProgramIndicator { id },
            DataItem::ReportingRate { data_set, metric } => Self::ReportingRate { data_set, metric },
        }
    }

    /// The data item, whichever of its option combos are read.
    pub fn data(&self) -> DataItem {
        match *self {
            Self::DataElement { id, .. } => DataItem::DataElement(id),
            Self::Indicator { id } => DataItem::Indicator(id),
            Self::ProgramIndicator { id } => DataItem::ProgramIndicator(id),
            Self::ReportingRate { data_set, metric } => DataItem::ReportingRate { data_set, metric },
        }
    }

    /// The COC and the AOC that it names.
    pub fn combos(&self) -> [Option<Uid>; 2] {
        match *self {
            Self::DataElement { category_option_combo, attribute_option_combo, .. } => {
                [category_option_combo, attribute_option_combo]
            }
            Self::Indicator { .. } | Self::ProgramIndicator { .. } | Self::ReportingRate { .. } => [None, None],
        }
    }

    /// What kind of data item it reads.
    pub fn kind(&self) -> DataKind {
        self.data().kind()
    }

    /// Whether a job that reads its data elements so reads this through analytics, where the figure of an org unit
    /// contains those below it.
    pub fn is_aggregated(&self, read: ReadFrom) -> bool {
        self.kind().is_aggregated(read)
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

named!(Combine {
    Error = "error",
    Sum = "sum",
    Average = "average",
    Min = "min",
    Max = "max",
    Last = "last",
    First = "first",
});

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

named!(WhenEmpty { Keep = "keep", Zero = "zero", Delete = "delete" });
