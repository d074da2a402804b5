//! A row as scripts hold it.

use std::sync::Arc;

use rhai::Dynamic;

use crate::things::{Named, NamedData, OrgUnit};
use xfer_domain::period::Period;

/// A row as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ScriptRow {
    /// Its position among the rows given; none for a new one.
    pub(super) origin: Option<usize>,
    pub(super) data: Arc<NamedData>,
    pub(super) category_option_combo: Option<Arc<Named>>,
    pub(super) attribute_option_combo: Option<Arc<Named>>,
    pub(super) org_unit: Arc<OrgUnit>,
    pub(super) period: Period,
    pub(super) value: Dynamic,
    pub(super) fate: Option<Fate>,
}

/// What the script decided on a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Skipped(Arc<str>),
    Rejected(Arc<str>),
}
