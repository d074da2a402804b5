//! Names as people type them and as they are compared.

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, ToSql, Transaction};

use crate::store::error::{Kind, Named, StoreError};
use xfer_domain::spelling::{composed, name_key};

/// Names are for a column of a table: longer ones are a mistake of pasting.
const LONGEST: usize = 100;

/// A name that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// As it was typed, without white space at its ends, accents in one piece.
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
        Ok(Self { text: composed(text).into_owned(), key: key(text) })
    }

    /// A name for something that has one: if it stays the same, its key does, too. An older program has stored names
    /// that are the same by now beside each other, and both can be changed.
    pub(super) fn or_kept(
        self,
        connection: &Connection,
        table: &str,
        id: &dyn ToSql,
        text: &str,
    ) -> Result<Self, StoreError> {
        let kept = connection
            .prepare_cached(&format!("SELECT name, name_key FROM {table} WHERE id = ?1 AND name = ?2"))?
            .query_row([id, &text.trim()], |row| Ok(Self { text: row.get(0)?, key: row.get(1)? }))
            .optional()?;
        Ok(kept.unwrap_or(self))
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

/// How a name is compared: without regard to case, and to what its accents are made of.
pub(super) fn key(name: &str) -> String {
    name_key(name)
}

/// Finds the row of a name, whose [`keys`] are the first two parameters.
pub(super) const BY_NAME: &str = "name_key IN (?1, ?2) ORDER BY name_key = ?1 DESC LIMIT 1";

/// What a name is looked up by: first as it was compared before accents were put together, which tells two names apart
/// that an older program has stored beside each other; then as it is compared.
pub(super) fn keys(name: &str) -> [String; 2] {
    [key_as_typed(name), key(name)]
}

fn key_as_typed(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Gives the rows of a table their key; of two that have the same by now, the second keeps what it had.
pub(super) fn settle_keys(transaction: &Transaction<'_>, table: &str) -> rusqlite::Result<()> {
    let mut names = transaction.prepare(&format!("SELECT id, name, name_key FROM {table} ORDER BY id"))?;
    let rows = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows: Vec<(Value, String, String)> = rows.collect::<Result<_, _>>()?;
    for (id, name, old) in rows {
        let new = key(&name);
        if new != old {
            transaction.execute(&format!("UPDATE OR IGNORE {table} SET name_key = ?2 WHERE id = ?1"), (id, new))?;
        }
    }
    Ok(())
}

/// The number of the job or server of that name. `table` is never a text from outside.
pub(super) fn number_of(connection: &Connection, kind: Kind, table: &str, name: &str) -> Result<i64, StoreError> {
    connection
        .prepare_cached(&format!("SELECT id FROM {table} WHERE {BY_NAME}"))?
        .query_row(keys(name), |row| row.get(0))
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
        assert_eq!(
            Name::new(Kind::Job, "Sante\u{301} E\u{301}COLE").unwrap(),
            Name::new(Kind::Job, "Santé ÉCOLE").unwrap()
        );
        let long = "x".repeat(101);
        for bad in ["", "   ", "two\nlines", "\u{1b}[31mred", &long] {
            assert!(matches!(Name::new(Kind::Job, bad), Err(StoreError::BadName { .. })), "{bad:?}");
        }
    }
}
