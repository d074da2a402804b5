//! Value types: what a server stores for a text, and the text that all servers store in the same way.
//!
//! Servers validate and normalise by value type, and the two import generations differ in it (dhis2-api 6.8,
//! recordings `import/types-*`). Two questions follow, each answered in a file of its own:
//!
//! - `server`: what does *this* server do with *this* text? The sandbox asks, and preflight.
//! - `forms`: the rules of it that take more than a line: coordinates, web and e-mail addresses
//! - `canonical`: which text says the same and is stored unchanged by every server? The transfer asks for all it sends.
//!
//! Whether a value is a code of its data element's option set is not asked here: that needs metadata.

mod canonical;
mod forms;
mod server;
mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::exit_code::ExitCode;
use crate::fault::Fault;
use crate::shown::shown;

/// Longest value of any type, in UTF-16 units as Java counts (`ValidationUtils.VALUE_MAX_LENGTH`).
pub const MAX_VALUE_LENGTH: usize = 50_000;

/// A number text is shorter than this many characters (`MathUtils`; recording `import/types-number`).
pub const NUMBER_LENGTH_LIMIT: usize = 250;

/// The two generations of DHIS2's data value import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ImportEngine {
    /// Up to 2.42: rows are judged one by one.
    RowByRow,
    /// From 2.43: one bad row refuses its data set group or the whole request.
    SetBased,
}

/// A DHIS2 value type, in the server's spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are DHIS2's own")]
pub enum ValueType {
    Text,
    LongText,
    MultiText,
    Letter,
    PhoneNumber,
    Email,
    Boolean,
    TrueOnly,
    Date,
    #[serde(rename = "DATETIME")]
    DateTime,
    Time,
    Number,
    UnitInterval,
    Percentage,
    Integer,
    IntegerPositive,
    IntegerNegative,
    IntegerZeroOrPositive,
    TrackerAssociate,
    Username,
    Coordinate,
    #[serde(rename = "ORGANISATION_UNIT")]
    OrganisationUnit,
    Reference,
    Age,
    Url,
    FileResource,
    Image,
    #[serde(rename = "GEOJSON")]
    GeoJson,
    /// A type that this program does not know; its values pass unchanged.
    #[serde(other)]
    Other,
}

#[cfg(any(test, feature = "testing"))]
impl ValueType {
    /// Every type, for tests that hold for each of them.
    pub const ALL: [Self; 29] = [
        Self::Text,
        Self::LongText,
        Self::MultiText,
        Self::Letter,
        Self::PhoneNumber,
        Self::Email,
        Self::Boolean,
        Self::TrueOnly,
        Self::Date,
        Self::DateTime,
        Self::Time,
        Self::Number,
        Self::UnitInterval,
        Self::Percentage,
        Self::Integer,
        Self::IntegerPositive,
        Self::IntegerNegative,
        Self::IntegerZeroOrPositive,
        Self::TrackerAssociate,
        Self::Username,
        Self::Coordinate,
        Self::OrganisationUnit,
        Self::Reference,
        Self::Age,
        Self::Url,
        Self::FileResource,
        Self::Image,
        Self::GeoJson,
        Self::Other,
    ];
}

/// Why a value cannot stand in a cell of a value type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueRefusal {
    /// Not of the type's shape.
    #[error("`{text}` is not {expected}")]
    Shape {
        /// The text, cut where it is long.
        text: String,
        /// What the type wants, in words.
        expected: &'static str,
    },
    /// Longer than the type allows.
    #[error("the value has {length} characters, more than the {limit} that are allowed")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest that is allowed.
        limit: usize,
    },
    /// Nothing, or blanks only.
    #[error("the value is empty")]
    Empty,
}

impl Fault for ValueRefusal {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// What the values of a type are ids of: they mean nothing on another server by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Referent {
    /// An org unit, which an org unit map translates.
    OrgUnit,
    /// An uploaded file or picture.
    File,
    /// A user, by name.
    User,
    /// A tracked entity.
    TrackedEntity,
    /// Any other object.
    Object,
}

impl Referent {
    /// What it is, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::OrgUnit => "an org unit",
            Self::File => "an uploaded file",
            Self::User => "a user",
            Self::TrackedEntity => "a tracked entity",
            Self::Object => "another object",
        }
    }
}

impl ValueType {
    /// What values are ids of, where they are ids of an object of their own server.
    pub fn referent(self) -> Option<Referent> {
        match self {
            Self::OrganisationUnit => Some(Referent::OrgUnit),
            Self::FileResource | Self::Image => Some(Referent::File),
            Self::Username => Some(Referent::User),
            Self::TrackerAssociate => Some(Referent::TrackedEntity),
            Self::Reference => Some(Referent::Object),
            _ => None,
        }
    }

    /// Whether values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Number | Self::UnitInterval | Self::Percentage) || self.is_integer()
    }

    /// Whether values are whole numbers.
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Integer | Self::IntegerPositive | Self::IntegerNegative | Self::IntegerZeroOrPositive)
    }

    /// Exactly what a server of that generation does with a text: what it stores, or that it refuses
    /// (recordings `import/types-*`).
    ///
    /// # Errors
    /// [`ValueRefusal`] where the server refuses.
    pub fn stored_as(self, text: &str, engine: ImportEngine) -> Result<Cow<'_, str>, ValueRefusal> {
        server::stored_as(self, text, engine, forms::Domains::Listed)
    }

    /// The same as far as it is certain for every server of that generation: which top-level domains there are changes
    /// with the years, and a server may know one that we do not. What is refused here is refused there.
    ///
    /// # Errors
    /// [`ValueRefusal`] where every server refuses.
    pub fn may_be_stored_as(self, text: &str, engine: ImportEngine) -> Result<Cow<'_, str>, ValueRefusal> {
        server::stored_as(self, text, engine, forms::Domains::Plausible)
    }

    /// The canonical text that every generation accepts and stores alike: `12.0` → `12`, `1.0E-4` → `0.0001`,
    /// `TRUE` → `true`, blanks around it gone.
    ///
    /// # Errors
    /// [`ValueRefusal`] where no such text says what the value says.
    pub fn canonical(self, text: &str) -> Result<String, ValueRefusal> {
        canonical::canonical(self, text)
    }

    /// The same of a text that is not needed any more, and as a rule is canonical already.
    ///
    /// # Errors
    /// [`ValueRefusal`] where no such text says what the value says.
    pub fn into_canonical(self, text: String) -> Result<String, ValueRefusal> {
        if canonical::is_plain_count(self, &text) { Ok(text) } else { self.canonical(&text) }
    }

    /// Whether two texts mean the same value of this type: `12.0` and `12`, `T` and `true`. Texts that are no values
    /// of the type (an old value from before the type was changed) are the same where they are equal.
    pub fn same(self, left: &str, right: &str) -> bool {
        canonical::same(self, left, right)
    }

    /// What the type wants, in words that fit after `is not`.
    pub fn expectation(self) -> &'static str {
        match self {
            Self::Letter => "a single letter",
            Self::Boolean => "`true` or `false`",
            Self::TrueOnly => "`true`, the only value of its type",
            Self::Date | Self::Age => "a date such as `2024-01-31`",
            Self::DateTime => "a date with time such as `2024-01-31T10:30`",
            Self::Time => "a time of day such as `10:30`",
            Self::Number => "a number",
            Self::UnitInterval => "a number from 0 to 1",
            Self::Percentage => "a number from 0 to 100",
            Self::Integer => "a whole number from -2147483648 to 2147483647",
            Self::IntegerPositive => "a whole number from 1 to 2147483647",
            Self::IntegerNegative => "a whole number from -2147483648 to -1",
            Self::IntegerZeroOrPositive => "a whole number from 0 to 2147483647",
            Self::Coordinate => "a coordinate such as `[-72.3,18.5]`",
            Self::OrganisationUnit | Self::FileResource | Self::Image => "an id of eleven letters and digits",
            Self::Url => "a web address such as `https://example.org/page`",
            Self::PhoneNumber => "a phone number of 6 to 50 characters such as `+509 3711 0000`",
            Self::Email => "an e-mail address such as `name@example.org`",
            Self::Username => {
                "a user name of 4 to 255 letters and digits, with single `.`, `_`, `-` or `@` between them"
            }
            Self::Text
            | Self::LongText
            | Self::MultiText
            | Self::TrackerAssociate
            | Self::Reference
            | Self::GeoJson
            | Self::Other => "a text",
        }
    }

    /// The refusal of a text that is not of the type's shape.
    fn refusal(self, text: &str) -> ValueRefusal {
        ValueRefusal::Shape { text: shown(text), expected: self.expectation() }
    }
}

/// Whether an integer of a type may have that value.
fn integer_in_range(value_type: ValueType, number: i64) -> bool {
    let range = match value_type {
        ValueType::IntegerPositive => 1..=i64::from(i32::MAX),
        ValueType::IntegerNegative => i64::from(i32::MIN)..=-1,
        ValueType::IntegerZeroOrPositive => 0..=i64::from(i32::MAX),
        _ => i64::from(i32::MIN)..=i64::from(i32::MAX),
    };
    range.contains(&number)
}

/// Refuses a text that is longer than any value may be.
fn check_length(text: &str) -> Result<(), ValueRefusal> {
    if text.len() <= MAX_VALUE_LENGTH {
        return Ok(()); // UTF-8 is never shorter than UTF-16
    }
    let length = text.encode_utf16().count();
    if length > MAX_VALUE_LENGTH {
        return Err(ValueRefusal::TooLong { length, limit: MAX_VALUE_LENGTH });
    }
    Ok(())
}
