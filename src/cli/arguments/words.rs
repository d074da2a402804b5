//! Values of options that several job commands share: period types, operators, rules.

use bigdecimal::BigDecimal;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use xfer_domain::data_item::DataKind;
use xfer_domain::item::{Combine, WhenEmpty};
use xfer_domain::job::{Comments, ReadFrom};
use xfer_domain::period::PeriodType;
use xfer_domain::written_number::NumberManner;

/// How contributions combine, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CombineArgument {
    /// Several values for one cell: refused
    Error,
    /// Their sum
    Sum,
    /// Their mean
    Average,
    /// The smallest
    Min,
    /// The largest
    Max,
    /// The one of the latest source period
    Last,
    /// The one of the earliest source period
    First,
}

impl From<CombineArgument> for Combine {
    fn from(argument: CombineArgument) -> Self {
        match argument {
            CombineArgument::Error => Self::Error,
            CombineArgument::Sum => Self::Sum,
            CombineArgument::Average => Self::Average,
            CombineArgument::Min => Self::Min,
            CombineArgument::Max => Self::Max,
            CombineArgument::Last => Self::Last,
            CombineArgument::First => Self::First,
        }
    }
}

/// What happens without source values, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhenEmptyArgument {
    /// The destination keeps what it has
    Keep,
    /// A zero is written
    Zero,
    /// The value is deleted, if this routine wrote it
    Delete,
}

impl From<WhenEmptyArgument> for WhenEmpty {
    fn from(argument: WhenEmptyArgument) -> Self {
        match argument {
            WhenEmptyArgument::Keep => Self::Keep,
            WhenEmptyArgument::Zero => Self::Zero,
            WhenEmptyArgument::Delete => Self::Delete,
        }
    }
}

/// Where data elements are read, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadArgument {
    /// As entered at each org unit
    Raw,
    /// Aggregated from everything below the org unit, through analytics
    Analytics,
}

impl From<ReadArgument> for ReadFrom {
    fn from(argument: ReadArgument) -> Self {
        match argument {
            ReadArgument::Raw => Self::Raw,
            ReadArgument::Analytics => Self::Analytics,
        }
    }
}

/// What to do with comments and follow-up marks, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CommentsArgument {
    /// Keep those of the destination; do not transfer those of the source
    Keep,
    /// Overwrite them with those of the source
    Copy,
}

impl From<CommentsArgument> for Comments {
    fn from(argument: CommentsArgument) -> Self {
        match argument {
            CommentsArgument::Keep => Self::Keep,
            CommentsArgument::Copy => Self::Copy,
        }
    }
}

/// A period type by DHIS2's name for it, in any case.
pub(crate) fn period_type(text: &str) -> Result<PeriodType, String> {
    PeriodType::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
        format!("`{text}` is not a period type; DHIS2 has {}", PeriodType::ALL.map(PeriodType::name).join(", "))
    })
}

/// What kind of item is read, on the command line: the words are those of the table of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindArgument(pub DataKind);

impl ValueEnum for KindArgument {
    fn value_variants<'all>() -> &'all [Self] {
        const ALL: [KindArgument; DataKind::ALL.len()] = {
            let mut all = [KindArgument(DataKind::DataElement); DataKind::ALL.len()];
            let mut index = 0;
            while index < all.len() {
                all[index] = KindArgument(DataKind::ALL[index]);
                index += 1;
            }
            all
        };
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let facts = self.0.facts();
        Some(PossibleValue::new(facts.option).alias(facts.word).help(facts.about))
    }
}

impl From<KindArgument> for DataKind {
    fn from(argument: KindArgument) -> Self {
        argument.0
    }
}

/// A number as a person types it: `0.5`, `1.125`, `0,5`. What a point stands in is its decimals, as in every command
/// that the program shows; `1,000` can be read in two ways and is refused.
pub(crate) fn number(text: &str) -> Result<BigDecimal, String> {
    NumberManner::of_separator(b',').read(text)
}
