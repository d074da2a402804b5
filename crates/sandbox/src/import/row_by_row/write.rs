//! How accepted rows are stored (`DefaultDataValueSetService.importDataValue` and the batch handler below it).
//!
//! Updates reach the database at once; new keys wait in a statement of up to 200,000 characters. A key that waits
//! there already is dropped without a trace, so of equal new keys the first wins, of equal stored keys the last
//! (recordings `import/bad-duplicate-keys-other-value`, `import/duplicate-keys-existing`). How long a row's part of
//! the statement is, is estimated.

use std::collections::HashMap;

use crate::import::options::Strategy;
use crate::values::{StoredValue, ValueKey, Values};

/// When waiting rows are inserted, in characters of the statement.
const STATEMENT_LENGTH: usize = 200_000;
/// What a row takes of it beside value and comment: five ids, user, two times, two marks.
const ROW_LENGTH: usize = 150;

/// A value to be stored, as its row describes it.
pub(super) struct NewValue {
    pub(super) value: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) followup: bool,
    pub(super) deleted: bool,
    pub(super) stored_by: String,
    pub(super) now: String,
    /// Times of the row's own, where the version honours them.
    pub(super) created: Option<String>,
    pub(super) last_updated: Option<String>,
}

impl NewValue {
    fn says_nothing(&self) -> bool {
        self.value.is_none() && self.comment.is_none()
    }

    fn stored(self, existing: Option<&StoredValue>, deleted: bool) -> StoredValue {
        let created = self.created.or_else(|| existing.map(|known| known.created.clone()));
        StoredValue {
            value: self.value,
            comment: self.comment,
            followup: self.followup,
            deleted,
            stored_by: self.stored_by,
            created: created.unwrap_or_else(|| self.now.clone()),
            last_updated: self.last_updated.unwrap_or(self.now),
        }
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// A new or revived key.
    Imported,
    /// A stored key.
    Updated,
    /// A stored key, deleted.
    Deleted,
    /// Nothing to do.
    Ignored,
    /// Not what the strategy allows.
    Refused,
    /// Dropped without being counted: an insignificant zero, or a key that waits already.
    Uncounted,
}

/// Writes the rows of one request.
pub(super) struct Writer<'values> {
    values: &'values mut Values,
    strategy: Strategy,
    dry_run: bool,
    skip_existing_check: bool,
    waiting: HashMap<ValueKey, StoredValue>,
    length: usize,
}

impl<'values> Writer<'values> {
    pub(super) fn new(
        values: &'values mut Values,
        strategy: Strategy,
        dry_run: bool,
        skip_existing_check: bool,
    ) -> Self {
        Self { values, strategy, dry_run, skip_existing_check, waiting: HashMap::new(), length: 0 }
    }

    /// Writes a row. `drops_zero` says that its value is an insignificant zero: not stored where nothing is, a deletion
    /// where something is (recording `import/zero-insignificant-existing`).
    pub(super) fn write(&mut self, key: ValueKey, drops_zero: bool, new: NewValue) -> Written {
        let existing = if self.skip_existing_check { None } else { self.values.data.get(&key).cloned() };
        if drops_zero && (existing.is_none() || self.strategy == Strategy::Create) {
            return Written::Uncounted;
        }
        match existing {
            Some(existing) if !existing.deleted => match self.strategy {
                Strategy::CreateAndUpdate | Strategy::Update => self.update(key, &existing, drops_zero, new),
                Strategy::Delete => {
                    self.put(key, new.stored(Some(&existing), true));
                    Written::Deleted
                }
                Strategy::Create | Strategy::Sync => Written::Refused,
            },
            tombstone if self.strategy.creates() => self.create(key, tombstone.as_ref(), new),
            _ => Written::Refused,
        }
    }

    fn update(&mut self, key: ValueKey, existing: &StoredValue, drops_zero: bool, new: NewValue) -> Written {
        let deleted = new.says_nothing() || new.deleted || drops_zero;
        let unchanged =
            existing.value == new.value && existing.comment == new.comment && existing.followup == new.followup;
        if unchanged && !deleted {
            return Written::Ignored;
        }
        self.put(key, new.stored(Some(existing), deleted));
        if deleted { Written::Deleted } else { Written::Updated }
    }

    fn create(&mut self, key: ValueKey, tombstone: Option<&StoredValue>, new: NewValue) -> Written {
        if new.says_nothing() {
            return Written::Ignored;
        }
        let deleted = new.deleted;
        if tombstone.is_some() {
            self.put(key, new.stored(tombstone, deleted));
            return Written::Imported;
        }
        if self.dry_run {
            return Written::Imported;
        }
        if self.waiting.contains_key(&key) {
            return Written::Uncounted;
        }
        self.length += ROW_LENGTH + text_length(new.value.as_deref()) + text_length(new.comment.as_deref());
        self.waiting.insert(key, new.stored(None, deleted));
        if self.length > STATEMENT_LENGTH {
            self.insert_waiting();
        }
        Written::Imported
    }

    fn put(&mut self, key: ValueKey, value: StoredValue) {
        if !self.dry_run {
            self.values.data.insert(key, value);
        }
    }

    fn insert_waiting(&mut self) {
        self.values.data.extend(self.waiting.drain());
        self.length = 0;
    }

    /// Inserts what waits, at the end of a request that came to its end.
    pub(super) fn flush(mut self) {
        self.insert_waiting();
    }
}

fn text_length(text: Option<&str>) -> usize {
    text.map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ValueKey {
        ValueKey {
            data_element: "DemNumber01".into(),
            period: "202401".into(),
            org_unit: "OuFacility1".into(),
            category_option_combo: "HllvX50cXC0".into(),
            attribute_option_combo: "HllvX50cXC0".into(),
        }
    }

    fn new(value: Option<&str>, deleted: bool) -> NewValue {
        NewValue {
            value: value.map(str::to_owned),
            comment: None,
            followup: false,
            deleted,
            stored_by: "clerk".into(),
            now: "2026-11-22T22:20:00.000".into(),
            created: None,
            last_updated: None,
        }
    }

    /// Stores `before` (a value and whether it is deleted), writes, and tells what became of it.
    fn outcome(
        before: Option<(&str, bool)>,
        strategy: Strategy,
        drops_zero: bool,
        row: NewValue,
    ) -> (Written, Option<(Option<String>, bool)>) {
        let mut values = Values::default();
        if let Some((value, deleted)) = before {
            values.data.insert(key(), new(Some(value), deleted).stored(None, deleted));
        }
        let mut writer = Writer::new(&mut values, strategy, false, false);
        let written = writer.write(key(), drops_zero, row);
        writer.flush();
        (written, values.data.get(&key()).map(|stored| (stored.value.clone(), stored.deleted)))
    }

    #[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be missing")]
    fn stored(value: &str, deleted: bool) -> Option<(Option<String>, bool)> {
        Some((Some(value.to_owned()), deleted))
    }

    #[test]
    fn zeros_that_mean_nothing() {
        use Strategy::{Create, CreateAndUpdate};
        assert_eq!(outcome(None, CreateAndUpdate, true, new(Some("0"), false)), (Written::Uncounted, None));
        let existing = Some(("5", false));
        assert_eq!(
            outcome(existing, CreateAndUpdate, true, new(Some("0"), false)),
            (Written::Deleted, stored("0", true))
        );
        assert_eq!(outcome(existing, Create, true, new(Some("0"), false)), (Written::Uncounted, stored("5", false)));
        let tombstone = Some(("5", true));
        assert_eq!(
            outcome(tombstone, CreateAndUpdate, true, new(Some("0"), false)),
            (Written::Imported, stored("0", false)),
            "over a tombstone a zero is stored"
        );
    }

    #[test]
    fn strategies_over_stored_and_absent_keys() {
        use Strategy::{Create, CreateAndUpdate, Delete, Update};
        let existing = Some(("5", false));
        let cases = [
            (existing, CreateAndUpdate, new(Some("5"), false), Written::Ignored, stored("5", false)),
            (existing, Update, new(Some("6"), false), Written::Updated, stored("6", false)),
            (existing, Create, new(Some("6"), false), Written::Refused, stored("5", false)),
            (existing, Delete, new(None, false), Written::Deleted, Some((None, true))),
            (None, Delete, new(Some("5"), false), Written::Refused, None),
            (None, Update, new(Some("5"), false), Written::Refused, None),
            (None, CreateAndUpdate, new(None, true), Written::Ignored, None),
            (None, CreateAndUpdate, new(Some("5"), true), Written::Imported, stored("5", true)),
            (Some(("5", true)), CreateAndUpdate, new(Some("5"), false), Written::Imported, stored("5", false)),
            (Some(("5", true)), Delete, new(Some("5"), false), Written::Refused, stored("5", true)),
        ];
        for (position, (before, strategy, row, written, after)) in cases.into_iter().enumerate() {
            assert_eq!(outcome(before, strategy, false, row), (written, after), "case {position}");
        }
    }

    #[test]
    fn of_equal_new_keys_the_first_wins_and_the_others_are_not_counted() {
        let mut values = Values::default();
        let mut writer = Writer::new(&mut values, Strategy::CreateAndUpdate, false, false);
        assert_eq!(writer.write(key(), false, new(Some("1"), false)), Written::Imported);
        assert_eq!(writer.write(key(), false, new(Some("2"), false)), Written::Uncounted);
        writer.flush();
        assert_eq!(values.data[&key()].value.as_deref(), Some("1"));
    }

    #[test]
    fn far_apart_equal_new_keys_fall_into_two_statements() {
        let mut values = Values::default();
        let mut writer = Writer::new(&mut values, Strategy::CreateAndUpdate, false, false);
        writer.write(key(), false, new(Some(&"x".repeat(STATEMENT_LENGTH)), false));
        assert_eq!(writer.write(key(), false, new(Some("2"), false)), Written::Updated);
    }
}
