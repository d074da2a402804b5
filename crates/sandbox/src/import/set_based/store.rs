//! Writes a group (`HibernateDataEntryStore`): inserts that turn into updates where the key is stored.
//!
//! An error of the database is swallowed with the whole group: the caller counts rows that nobody wrote as ignored and
//! answers SUCCESS (recording `import/race-new-period-loser`). Two ways lead there: a race for a new period, which is
//! asked for by a setting, and two rows of one statement that affect the same stored row.

use std::collections::HashSet;

use jiff::civil::DateTime;

use super::decode::{Completion, Scope, Value};
use crate::import::{lose_race, timeliness};
use crate::state::State;
use crate::values::{Registration, RegistrationKey, StoredValue, ValueKey};
use crate::world::filling::DEFAULT_OPTION_COMBO;

/// Rows per statement.
const STATEMENT_ROWS: usize = 500;

/// Writes rows; how many were written, all or none.
pub(super) fn upsert(state: &mut State, values: Vec<Value<'_>>, now: DateTime, user: &str) -> usize {
    let mut periods: Vec<String> = values.iter().map(|value| value.period.to_string()).collect();
    periods.sort_unstable();
    periods.dedup();
    let lost = !lose_race(state, &periods).is_empty();
    state.values.periods.extend(periods);
    if lost {
        return 0;
    }
    let written = values.len();
    let timestamp = timeliness::timestamp(now);
    let rows: Vec<(ValueKey, Value<'_>)> = values.into_iter().map(|value| (key(&value), value)).collect();
    let clash = rows.chunks(STATEMENT_ROWS).any(|statement| {
        let mut seen = HashSet::with_capacity(statement.len());
        statement.iter().any(|(key, _)| !seen.insert(key))
    });
    if clash {
        return 0;
    }
    for (key, value) in rows {
        let deleted = value.deleted.unwrap_or_default();
        let existing = state.values.data.get(&key);
        // A deletion leaves the comment as it stands.
        let comment = match existing {
            Some(existing) if deleted && !existing.deleted => existing.comment.clone(),
            _ => value.comment.map(str::to_owned),
        };
        let stored = StoredValue {
            value: value.value.map(std::borrow::Cow::into_owned),
            comment,
            followup: value.followup.unwrap_or_default(),
            deleted,
            stored_by: user.to_owned(),
            created: existing.map_or_else(|| timestamp.clone(), |existing| existing.created.clone()),
            last_updated: timestamp.clone(),
        };
        state.values.data.insert(key, stored);
    }
    written
}

fn key(value: &Value<'_>) -> ValueKey {
    let combo = |combo: Option<&str>| combo.unwrap_or(DEFAULT_OPTION_COMBO).to_owned();
    ValueKey {
        data_element: value.data_element.to_owned(),
        period: value.period.to_string(),
        org_unit: value.org_unit.to_owned(),
        category_option_combo: combo(value.category_option_combo),
        attribute_option_combo: combo(value.attribute_option_combo),
    }
}

/// Deletes what is stored in a scope; how much that is. Values become null (recording
/// `import/deletion-scope-replace`).
pub(super) fn delete_scope(state: &mut State, scope: &Scope<'_>, now: DateTime, user: &str, dry_run: bool) -> usize {
    let periods: Vec<String> = scope.periods.iter().map(ToString::to_string).collect();
    let timestamp = timeliness::timestamp(now);
    let mut deleted = 0;
    for element in &scope.elements {
        for period in &periods {
            for org_unit in &scope.org_units {
                let key = ValueKey {
                    data_element: element.data_element.to_owned(),
                    period: period.clone(),
                    org_unit: (*org_unit).to_owned(),
                    category_option_combo: element.category_option_combo.to_owned(),
                    attribute_option_combo: element.attribute_option_combo.to_owned(),
                };
                let Some(stored) = state.values.data.get_mut(&key).filter(|stored| !stored.deleted) else { continue };
                deleted += 1;
                if !dry_run {
                    stored.value = None;
                    stored.deleted = true;
                    user.clone_into(&mut stored.stored_by);
                    stored.last_updated.clone_from(&timestamp);
                }
            }
        }
    }
    deleted
}

/// Registers completeness.
pub(super) fn complete(state: &mut State, completion: &Completion, user: &str) {
    let key = RegistrationKey {
        data_set: completion.data_set.clone(),
        period: completion.period.clone(),
        org_unit: completion.org_unit.clone(),
        attribute_option_combo: completion.attribute_option_combo.clone(),
    };
    let registration = Registration { date: completion.date.to_string(), stored_by: user.to_owned(), completed: true };
    state.values.registrations.insert(key, registration);
}
