//! Names as people type them and as they are compared.

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use crate::store::error::{Kind, Named, StoreError};

/// Names are for a column of a table: longer ones are a mistake of pasting.
const LONGEST: usize = 100;

/// A name that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// As it was typed, without white space at its ends.
    pub(super) text: String,
    /// As it is compared.
    pub(super) key: String,
}

impl Name {
    /// Checks a name for something new.
    pub(super) fn new(kind: Kind, text: &str) -> Result<Self, StoreError> {
        let text = text.trim();
        let refuse = |reason| Err(StoreError::BadName { kind, name: text.escape_debug().to_string(), reason });
        if text.is_empty() {
            return refuse("it is empty");
        }
        if text.chars().count() > LONGEST {
            return refuse("it is longer than 100 characters");
        }
        if text.chars().any(char::is_control) {
            return refuse("it contains a line break or another control character");
        }
        Ok(Self { text: text.to_owned(), key: key(text) })
    }

    /// A unique name that is taken, in words; any other failure as it is.
    pub(super) fn taken(&self, kind: Kind, error: rusqlite::Error) -> StoreError {
        let constraint = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
        if constraint && error.to_string().contains("name_key") {
            return StoreError::AlreadyExists(Named::new(kind, &self.text));
        }
        error.into()
    }
}

/// How a name is compared: without regard to case.
pub(super) fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The number of the job or server of that name. `table` is never a text from outside.
pub(super) fn number_of(connection: &Connection, kind: Kind, table: &str, name: &str) -> Result<i64, StoreError> {
    connection
        .prepare_cached(&format!("SELECT id FROM {table} WHERE name_key = ?1"))?
        .query_row([key(name)], |row| row.get(0))
        .optional()?
        .ok_or_else(|| StoreError::not_found(kind, name))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Name, StoreError, key};

    #[test]
    fn names_are_trimmed_folded_and_checked() {
        let name = Name::new(Kind::Job, "  Santé ÉCOLE ").unwrap();
        assert_eq!((name.text.as_str(), name.key.as_str()), ("Santé ÉCOLE", "santé école"));
        assert_eq!(key("SANTÉ école"), name.key);
        let long = "x".repeat(101);
        for bad in ["", "   ", "two\nlines", "\u{1b}[31mred", &long] {
            assert!(matches!(Name::new(Kind::Job, bad), Err(StoreError::BadName { .. })), "{bad:?}");
        }
    }
}
