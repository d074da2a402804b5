//! What an instance stores: data values, complete data set registrations and tracker data.

use std::collections::{BTreeMap, BTreeSet};

use crate::events::Events;

/// The key of a stored data value, all ids as text, the period as its ISO identifier.
/// The order is the primary order of reads: data element, period, org unit, COC, AOC.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueKey {
    /// Data element id.
    pub data_element: String,
    /// ISO period identifier, normalised (`2024W2`).
    pub period: String,
    /// Org unit id.
    pub org_unit: String,
    /// Category option combo id.
    pub category_option_combo: String,
    /// Attribute option combo id.
    pub attribute_option_combo: String,
}

/// A stored data value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// Its text; none for a tombstone without value.
    pub value: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its follow-up mark.
    pub followup: bool,
    /// True once soft-deleted.
    pub deleted: bool,
    /// The user who wrote it.
    pub stored_by: String,
    /// `yyyy-MM-dd'T'HH:mm:ss.SSS`, UTC.
    pub created: String,
    /// `yyyy-MM-dd'T'HH:mm:ss.SSS`, UTC.
    pub last_updated: String,
}

/// The key of a complete data set registration.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistrationKey {
    /// Data set id.
    pub data_set: String,
    /// ISO period identifier.
    pub period: String,
    /// Org unit id.
    pub org_unit: String,
    /// Attribute option combo id.
    pub attribute_option_combo: String,
}

/// A complete data set registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// `yyyy-MM-dd`.
    pub date: String,
    /// The user who registered it.
    pub stored_by: String,
    /// False once taken back.
    pub completed: bool,
}

/// Everything an instance stores.
#[derive(Debug, Clone, Default)]
pub struct Values {
    /// Data values, soft-deleted ones included.
    pub data: BTreeMap<ValueKey, StoredValue>,
    /// Registrations, taken-back ones included.
    pub registrations: BTreeMap<RegistrationKey, Registration>,
    /// Periods that have a row in the period table without being used by any of the above, such as those of dry runs
    /// on 2.42. Only races for new periods ask for it.
    pub periods: BTreeSet<String>,
    /// Tracker data, for program indicators.
    pub events: Events,
}
