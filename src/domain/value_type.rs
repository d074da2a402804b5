//! Value types.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

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

/// Why a value cannot stand in a cell of a value type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueRefusal {
    /// Not of the type's shape.
    #[error("`{text}` is not {expected}")]
    Shape {
        /// The text.
        text: String,
        /// What the type wants, in words.
        expected: &'static str,
    },
}

impl ValueType {
    /// Whether values are numbers.
    pub fn is_numeric(self) -> bool {
        matches!(
            self,
            Self::Number
                | Self::UnitInterval
                | Self::Percentage
                | Self::Integer
                | Self::IntegerPositive
                | Self::IntegerNegative
                | Self::IntegerZeroOrPositive
        )
    }

    /// Exactly what a server of that generation does with a text: what it stores, or that it refuses.
    pub fn stored_as<'text>(self, _text: &'text str, _engine: ImportEngine) -> Result<Cow<'text, str>, ValueRefusal> {
        todo!()
    }

    /// The canonical text that every generation accepts and stores alike: `12.0` → `12` for an integer, `1.0E-4` →
    /// `0.0001`, `TRUE` → `true`.
    pub fn canonical(self, _text: &str) -> Result<String, ValueRefusal> {
        todo!()
    }

    /// Whether two texts mean the same value of this type: `12.0` and `12`, `T` and `true`.
    pub fn same(self, _left: &str, _right: &str) -> bool {
        todo!()
    }
}
