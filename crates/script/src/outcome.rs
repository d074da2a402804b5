//! Input and output of a hook.

use std::fmt;
use std::sync::Arc;

use crate::number::Number;
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// A value as scripts see it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// Yes or no.
    Boolean(bool),
}

impl Value {
    /// The value that a server's text means for a value type: numbers as numbers, yes and no as such, all else as text.
    /// None where the text is none of the type, or a number beyond what scripts calculate with.
    pub fn read(text: &str, value_type: ValueType) -> Option<Self> {
        if value_type.is_numeric() {
            return Number::parse(text).map(Self::Number);
        }
        if matches!(value_type, ValueType::Boolean | ValueType::TrueOnly) {
            return match value_type.canonical(text).ok()?.as_str() {
                "true" => Some(Self::Boolean(true)),
                "false" => Some(Self::Boolean(false)),
                _ => None,
            };
        }
        Some(Self::Text(text.to_owned()))
    }
}

impl Value {
    /// Bytes of its text; a number and a truth have none to speak of.
    pub(super) fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Number(_) | Self::Boolean(_) => 0,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
            Self::Boolean(truth) => truth.fmt(formatter),
        }
    }
}

/// What a hook made of one thing.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// It is as it was; the text that the server sent stays, to the last digit.
    Unchanged,
    /// It became something else.
    Changed(T),
    /// The script leaves it out: `skip("why")`, or nothing at all.
    Dropped {
        /// The script's reason, or ours where it gave none.
        reason: String,
    },
    /// The script refuses it: `throw "why"`.
    Rejected {
        /// The script's reason.
        reason: String,
    },
}

/// Which place of which script acted, for the plan and the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Acted {
    /// The script's name.
    pub script: String,
    /// The line of its function, from 1.
    pub line: usize,
}

impl fmt::Display for Acted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.script, self.line)
    }
}

/// What the hook `rows` made of a slice.
#[derive(Debug, Clone, PartialEq)]
pub enum RowsOutcome {
    /// The rows to go on with, and those that were left out.
    Rows {
        /// In the order in which the script returned them.
        kept: Vec<KeptRow>,
        /// Rows that were given and did not come back.
        dropped: Vec<LeftOut>,
        /// Rows that the script refused one by one: `row.reject("why")`.
        rejected: Vec<LeftOut>,
    },
    /// The script refused the slice as a whole: `throw "why"`.
    Rejected {
        /// The script's reason.
        reason: String,
    },
}

/// A row that came back from the script.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptRow {
    /// The row.
    pub row: Row,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where a row that came back comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The row at this position of those given, as it was.
    Unchanged(usize),
    /// The row at this position of those given, changed.
    Changed(usize),
    /// The script made it.
    Created,
}

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its position among the rows given.
    pub index: usize,
    /// Why. Often the same for many rows.
    pub reason: Arc<str>,
}

/// A source value on its way into or out of the hook `rows`.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is a value of.
    pub data: DataItem,
    /// Its COC, where it has one.
    pub category_option_combo: Option<Uid>,
    /// Its AOC, where it has one.
    pub attribute_option_combo: Option<Uid>,
    /// Its org unit.
    pub org_unit: Uid,
    /// Its period.
    pub period: Period,
    /// Its value; none where only a comment is stored.
    pub value: Option<Value>,
}
