//! A second country made out of a first: the same org units as another office keeps them, corrupted kind by kind, with
//! the truth about each. The matcher is measured on it.

mod corrupt;
mod fixture;
mod manner;
mod measure;
mod random;
mod shapes;
mod spelling;
mod synthetic;

use std::collections::BTreeMap;

use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

pub(crate) use corrupt::corrupt;
pub(crate) use fixture::{Fixture, fixture};
pub(crate) use manner::{HALF_EXCHANGED, hard_countries};
pub(crate) use measure::{Figures, measure};
pub(crate) use synthetic::{Language, synthetic};

/// What was done to a unit, beside the house style of its district.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Unchanged,
    AccentsAndCase,
    Punctuation,
    WordOrder,
    TypeShortened,
    TypeMoved,
    TypeDropped,
    Brackets,
    Prefix,
    Suffix,
    Abbreviation,
    Typo,
    Renamed,
    CodeMissing,
    CodeChanged,
    CodesExchanged,
    Moved,
    Merged,
    Split,
    Halved,
    Closed,
    Missing,
    NearTwin,
    Namesake,
    SameId,
    Upgraded,
    Joined,
    Initials,
    LevelRemoved,
    UpperUnit,
}

impl Kind {
    /// The words for it in the table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged, but for the district's style",
            Self::AccentsAndCase => "accents, case",
            Self::Punctuation => "punctuation, spaces",
            Self::WordOrder => "word order",
            Self::TypeShortened => "type shortened",
            Self::TypeMoved => "type first or last",
            Self::TypeDropped => "type dropped",
            Self::Brackets => "type in brackets",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Abbreviation => "Saint, Govt, numerals",
            Self::Typo => "slip of the pen",
            Self::Renamed => "renamed, code kept",
            Self::CodeMissing => "code missing",
            Self::CodeChanged => "code changed",
            Self::CodesExchanged => "codes exchanged",
            Self::Moved => "moved to another parent",
            Self::Merged => "two merged",
            Self::Split => "split in two, one keeps the name",
            Self::Halved => "split in two, both named anew",
            Self::Closed => "closed over there",
            Self::Missing => "missing over there",
            Self::NearTwin => "only a twin over there (II, Annex)",
            Self::Namesake => "only a namesake elsewhere",
            Self::SameId => "same id",
            Self::Upgraded => "of another type now",
            Self::Joined => "words joined",
            Self::Initials => "first word as its initial",
            Self::LevelRemoved => "level taken out",
            Self::UpperUnit => "regions, districts, communes",
        }
    }
}

/// What is true of a source unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Truth {
    /// The same unit over there; none where there is none.
    pub(crate) destination: Option<Uid>,
    /// What was done to it.
    pub(crate) kind: Kind,
}

/// The second country, and the truth.
pub(crate) struct SecondCountry {
    pub(crate) destination: Metadata,
    pub(crate) truth: BTreeMap<Uid, Truth>,
}
