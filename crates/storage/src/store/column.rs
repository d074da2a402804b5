//! How domain values are stored in columns.
//!
//! Everything with a textual form of its own is kept in that form, so that a database can be read with any SQLite tool
//! and does not change with the order of an enum's variants. What does not parse back is reported as damage.

use std::fmt::Display;
use std::str::FromStr;

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use serde::Serialize;
use serde::de::{DeserializeOwned, IntoDeserializer};

use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::named::Named;
use xfer_domain::uid::{UID_LENGTH, Uid};

/// A stored word that this program does not know.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a known word in this column")]
pub(crate) struct UnknownWord(String);

impl Fault for UnknownWord {
    fn code(&self) -> ExitCode {
        ExitCode::Damaged
    }
}

/// An id as its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Id(pub(crate) Uid);

impl ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_str()))
    }
}

impl FromSql for Id {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Uid::parse(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A value of a fixed list as its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByName<T>(pub(crate) T);

impl<T: Named> ToSql for ByName<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.name()))
    }
}

impl<T: Named> FromSql for ByName<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        T::from_name(name).map(Self).ok_or_else(|| FromSqlError::other(UnknownWord(name.to_owned())))
    }
}

/// Reads a row's columns as the domain's values.
pub(crate) trait Columns {
    /// The id in a column.
    fn id(&self, column: usize) -> rusqlite::Result<Uid>;
    /// The id in a column that may be null.
    fn id_if_any(&self, column: usize) -> rusqlite::Result<Option<Uid>>;
    /// What has the name in a column.
    fn named<T: Named>(&self, column: usize) -> rusqlite::Result<T>;
    /// What has the name in a column that may be null.
    fn named_if_any<T: Named>(&self, column: usize) -> rusqlite::Result<Option<T>>;
}

impl Columns for Row<'_> {
    fn id(&self, column: usize) -> rusqlite::Result<Uid> {
        self.get(column).map(|Id(id)| id)
    }

    fn id_if_any(&self, column: usize) -> rusqlite::Result<Option<Uid>> {
        self.get::<_, Option<Id>>(column).map(|id| id.map(|Id(id)| id))
    }

    fn named<T: Named>(&self, column: usize) -> rusqlite::Result<T> {
        self.get(column).map(|ByName(value)| value)
    }

    fn named_if_any<T: Named>(&self, column: usize) -> rusqlite::Result<Option<T>> {
        self.get::<_, Option<ByName<T>>>(column).map(|name| name.map(|ByName(value)| value))
    }
}

/// A value as the text that it prints and parses: dates, URLs, decimals, versions, periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Text<T>(pub(crate) T);

impl<T: Display> ToSql for Text<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.to_string()))
    }
}

impl<T: FromStr<Err: std::error::Error + Send + Sync + 'static>> FromSql for Text<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A value as the one word that its serde form is: a value type, a run's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word<T>(pub(crate) T);

impl<T: Serialize> ToSql for Word<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match serde_json::to_value(&self.0) {
            Ok(serde_json::Value::String(word)) => Ok(ToSqlOutput::from(word)),
            Ok(other) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(UnknownWord(other.to_string())))),
            Err(error) => Err(rusqlite::Error::ToSqlConversionFailure(Box::new(error))),
        }
    }
}

impl<T: DeserializeOwned> FromSql for Word<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = value.as_str()?.into_deserializer();
        T::deserialize(word).map(Self).map_err(FromSqlError::other)
    }
}

/// A nested value as JSON text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        serde_json::to_string(&self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A list that is empty as a rule, as JSON text: no text where it is empty, which saves time and space for tens of
/// thousands of org units without attributes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JsonList<T>(pub(crate) T);

impl<T: Serialize> ToSql for JsonList<&[T]> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        if self.0.is_empty() {
            return Ok(ToSqlOutput::Owned(Value::Null));
        }
        serde_json::to_string(self.0)
            .map(ToSqlOutput::from)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
    }
}

impl<T: DeserializeOwned> FromSql for JsonList<Vec<T>> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self(Vec::new())),
            value => serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other),
        }
    }
}

/// Ids one after another, each followed by a separator: a data set may be assigned to tens of thousands of org units,
/// for which rows of their own would cost more than all the rest of the metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ids<T>(pub(crate) T);

const SEPARATOR: char = ' ';

impl Ids<String> {
    /// Joins ids for a column.
    pub(crate) fn join<'ids>(ids: impl IntoIterator<Item = &'ids Uid>) -> Self {
        let ids = ids.into_iter();
        let mut text = String::with_capacity(ids.size_hint().0 * (UID_LENGTH + 1));
        for id in ids {
            text.push_str(id.as_str());
            text.push(SEPARATOR);
        }
        Self(text)
    }
}

impl ToSql for Ids<String> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0.as_str()))
    }
}

impl<T: FromIterator<Uid>> FromSql for Ids<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let ids = value.as_str()?.split_terminator(SEPARATOR).map(Uid::parse);
        ids.collect::<Result<T, _>>().map(Self).map_err(FromSqlError::other)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bigdecimal::BigDecimal;
    use jiff::civil::Date;
    use rusqlite::types::{FromSql, ToSql};
    use rusqlite::{Connection, params};

    use super::{ByName, Id, Ids, Json, JsonList, Text, Word};
    use xfer_domain::item::Combine;
    use xfer_domain::uid::Uid;
    use xfer_domain::value_type::ValueType;

    fn back<T: FromSql>(value: impl ToSql) -> rusqlite::Result<T> {
        Connection::open_in_memory().unwrap().query_row("SELECT ?1", params![value], |row| row.get(0))
    }

    #[test]
    fn what_is_stored_is_read_back() {
        let ids = [Uid::DEFAULT_CATEGORY_COMBO, Uid::DEFAULT_OPTION_COMBO];
        assert_eq!(back::<Id>(Id(ids[0])).unwrap(), Id(ids[0]));
        assert_eq!(back::<ByName<Combine>>(ByName(Combine::Average)).unwrap().0, Combine::Average);
        let day: Date = "2024-02-29".parse().unwrap();
        assert_eq!(back::<Text<Date>>(Text(day)).unwrap().0, day);
        let decimal: BigDecimal = "-0.000000000000000000000000000012345".parse().unwrap();
        assert_eq!(back::<Text<BigDecimal>>(Text(&decimal)).unwrap().0, decimal);
        assert_eq!(back::<Word<ValueType>>(Word(ValueType::GeoJson)).unwrap().0, ValueType::GeoJson);
        assert_eq!(back::<Json<Vec<u8>>>(Json(vec![1_u8, 2])).unwrap().0, vec![1, 2]);
        assert_eq!(back::<JsonList<Vec<u8>>>(JsonList::<&[u8]>(&[])).unwrap().0, Vec::<u8>::new());
        assert_eq!(back::<JsonList<Vec<u8>>>(JsonList::<&[u8]>(&[3])).unwrap().0, vec![3]);
        assert_eq!(back::<Ids<BTreeSet<Uid>>>(Ids::join(&ids)).unwrap().0, BTreeSet::from(ids));
        assert_eq!(back::<Ids<Vec<Uid>>>(Ids::join(&[])).unwrap().0, Vec::<Uid>::new());
    }

    #[test]
    fn what_cannot_have_been_written_is_refused() {
        assert!(back::<Id>("short").is_err());
        assert!(back::<ByName<Combine>>("multiply").is_err());
        assert!(back::<Text<Date>>("2023-02-29").is_err());
        assert!(back::<Ids<Vec<Uid>>>("HllvX50cXC0 short ").is_err());
        assert!(back::<Json<Vec<u8>>>("{").is_err());
        assert!(Word(7).to_sql().is_err());
    }
}
