//! The format of a test file.
//!
//! ```ron
//! (
//!     params: {"factor": 0.07},
//!     cases: [
//!         (name: "seven percent", given: value(100), expected: value(7)),
//!         (name: "too few", given: value(3), expected: dropped("below 5")),
//!     ],
//! )
//! ```

use std::collections::BTreeMap;
use std::fmt;

use ron::extensions::Extensions;
use serde::Deserialize;

use super::scalar::Scalar;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::period::Period;

/// A file of tests.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// Parameters for all cases.
    #[serde(default)]
    pub params: BTreeMap<String, Scalar>,
    /// The run's time.
    #[serde(default = "noon")]
    pub now: String,
    /// Org units that need more than a name.
    #[serde(default)]
    pub org_units: Vec<Unit>,
    /// Data items that need more than a name.
    #[serde(default)]
    pub data: Vec<Thing>,
    /// Option combos that need more than a name.
    #[serde(default)]
    pub option_combos: Vec<Thing>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// An org unit with its place in the tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// Its name, which the cases use.
    pub name: String,
    /// Its code.
    #[serde(default)]
    pub code: Option<String>,
    /// The names from the root down to it, as `Country / District / Facility`; its name alone where left out.
    #[serde(default)]
    pub path: Option<String>,
    /// Its depth in the tree; that of its path where left out.
    #[serde(default)]
    pub level: Option<u32>,
}

/// A data item or option combo with a code.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thing {
    /// Its name, which the cases use.
    pub name: String,
    /// Its code.
    #[serde(default)]
    pub code: Option<String>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in words.
    pub name: String,
    /// Parameters of this case, beside and instead of those of the file.
    #[serde(default)]
    pub params: BTreeMap<String, Scalar>,
    /// Where the value stands.
    #[serde(default)]
    pub at: Where,
    /// Other values of the slice, which `lookup` finds.
    #[serde(default)]
    pub others: Vec<RowGiven>,
    /// What the hook is given; it says which hook.
    pub given: Given,
    /// What must come out.
    pub expected: Expected,
}

/// Where a value stands; everything has a default, because most scripts do not care.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Where {
    /// The data item that is read.
    pub data: String,
    /// The data element that is written; the same name where left out.
    pub destination: Option<String>,
    /// Its category option combo.
    pub coc: String,
    /// Its attribute option combo.
    pub aoc: String,
    /// The category option combos that the job brings the same data item to; its own alone where left out.
    pub parts: Vec<String>,
    /// Its org unit.
    pub org_unit: String,
    /// Its period.
    #[serde(deserialize_with = "period")]
    pub period: Period,
}

impl RowGiven {
    /// Where the row stands; what it does not say is as everywhere.
    pub fn place(&self) -> Where {
        let anywhere = Where::default();
        Where {
            data: self.data.clone().unwrap_or(anywhere.data),
            coc: self.coc.clone().unwrap_or(anywhere.coc),
            aoc: self.aoc.clone().unwrap_or(anywhere.aoc),
            org_unit: self.org_unit.clone().unwrap_or(anywhere.org_unit),
            period: self.period.unwrap_or(anywhere.period),
            ..Where::default()
        }
    }
}

/// What a hook is given.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Given {
    /// A value, for the hook `value`.
    Value(Scalar),
    /// A period, for the hook `period`.
    #[serde(deserialize_with = "period")]
    Period(Period),
    /// Contributions, for the hook `combine`.
    Combine(Vec<CombineGiven>),
    /// Rows, for the hook `rows`.
    Rows(Vec<RowGiven>),
}

/// A contribution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CombineGiven {
    /// Its value.
    pub value: Scalar,
    /// Its org unit at the source; that of the case where left out.
    #[serde(default)]
    pub org_unit: Option<String>,
    /// Its period at the source; that of the case where left out.
    #[serde(default, deserialize_with = "optional_period")]
    pub period: Option<Period>,
}

/// A row, given or expected. What is left out is as in `at`, and an option combo is none.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowGiven {
    /// Its data item.
    #[serde(default)]
    pub data: Option<String>,
    /// Its category option combo.
    #[serde(default)]
    pub coc: Option<String>,
    /// Its attribute option combo.
    #[serde(default)]
    pub aoc: Option<String>,
    /// Its org unit.
    #[serde(default)]
    pub org_unit: Option<String>,
    /// Its period.
    #[serde(default, deserialize_with = "optional_period")]
    pub period: Option<Period>,
    /// Its value; none where only a comment is stored.
    #[serde(default)]
    pub value: Option<Scalar>,
}

/// What must come out.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// Just what was given.
    Unchanged,
    /// This value.
    Value(Scalar),
    /// This period.
    #[serde(deserialize_with = "period")]
    Period(Period),
    /// These rows, in any order, and what became of those that are not among them.
    Rows(RowsExpected),
    /// The value is left out; the reason holds this.
    Dropped(String),
    /// The script refuses it; the reason holds this.
    Rejected(String),
    /// The script makes a mistake or is stopped; the message holds this.
    Error(String),
}

/// What must come out of the hook `rows`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowsExpected {
    /// The rows to go on with.
    pub kept: Vec<RowGiven>,
    /// Rows left out: position among those given, from 1, and what the reason holds.
    #[serde(default)]
    pub dropped: BTreeMap<usize, String>,
    /// Rows refused: position among those given, from 1, and what the reason holds.
    #[serde(default)]
    pub rejected: BTreeMap<usize, String>,
}

impl Default for Where {
    fn default() -> Self {
        Self {
            data: "Data".to_owned(),
            destination: None,
            coc: "default".to_owned(),
            aoc: "default".to_owned(),
            parts: Vec::new(),
            org_unit: "Facility".to_owned(),
            period: january(),
        }
    }
}

fn january() -> Period {
    xfer_domain::period::PeriodType::Monthly.containing(jiff::civil::date(2024, 1, 1))
}

fn noon() -> String {
    "2024-07-01T12:00:00Z".to_owned()
}

fn period<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let text = String::deserialize(deserializer)?;
    Period::parse(&text).map_err(serde::de::Error::custom)
}

fn optional_period<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| Period::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

/// Why a file of tests cannot be read: the place and what is wrong there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteError {
    /// Line and column, from 1.
    pub position: (usize, usize),
    /// What is wrong.
    pub what: String,
}

impl Fault for SuiteError {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

impl fmt::Display for SuiteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: {}", self.position.0, self.position.1, self.what)
    }
}

impl std::error::Error for SuiteError {}

impl Suite {
    /// Cases that no file holds.
    pub fn of(params: BTreeMap<String, Scalar>, cases: Vec<Case>) -> Self {
        Self { params, now: noon(), org_units: Vec::new(), data: Vec::new(), option_combos: Vec::new(), cases }
    }

    /// Reads a file of tests.
    ///
    /// # Errors
    /// [`SuiteError`] where it is no such file; an unknown name is one, because a misspelt one would test nothing.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        let options = ron::Options::default().with_default_extension(Extensions::IMPLICIT_SOME);
        options.from_str(text).map_err(|error| SuiteError {
            position: (error.span.start.line, error.span.start.col),
            what: error.code.to_string(),
        })
    }
}
