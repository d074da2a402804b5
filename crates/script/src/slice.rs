//! The slice that a script works in: the names of everything in it, and the values that `lookup` finds.
//!
//! A script reaches nothing outside of its slice: what is not among these names cannot be put on a row.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;
use std::sync::Arc;

use crate::outcome::{Row, Value};
use crate::things::{ItemNames, Named, NamedData, OrgUnit};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// The objects and values of one slice.
#[derive(Debug, Clone, Default)]
pub struct Slice {
    data: BTreeMap<DataItem, Arc<NamedData>>,
    option_combos: BTreeMap<Uid, Arc<Named>>,
    org_units: BTreeMap<Uid, Arc<OrgUnit>>,
    values: HashMap<(DataItem, Uid, Period), Vec<Found>>,
    /// By source item and cell: the category option combos that the job brings the same source item to.
    parts: HashMap<(DataItem, CellAddress), Vec<Arc<Named>>>,
}

/// A value at a place, for `lookup`.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) category_option_combo: Option<Uid>,
    pub(super) attribute_option_combo: Option<Uid>,
    pub(super) value: Value,
}

/// Why a name leads to no object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// Nothing has this id, code or name.
    Unknown,
    /// Several have this name.
    Ambiguous,
}

impl Slice {
    /// An empty slice.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a data item known.
    pub fn add_data(&mut self, item: Arc<NamedData>) {
        self.data.insert(item.id, item);
    }

    /// Makes a category or attribute option combo known.
    pub fn add_option_combo(&mut self, combo: Arc<Named>) {
        self.option_combos.insert(combo.id, combo);
    }

    /// Makes an org unit known.
    pub fn add_org_unit(&mut self, unit: Arc<OrgUnit>) {
        self.org_units.insert(unit.id, unit);
    }

    /// Makes known to which category option combos of a cell's data element the job brings the same source item.
    pub fn add_parts(&mut self, source: DataItem, cell: CellAddress, parts: Vec<Arc<Named>>) {
        self.parts.insert((source, cell), parts);
    }

    /// The category option combos that the job brings an item's source to, its own among them.
    pub(super) fn parts(&self, item: &ItemNames) -> Vec<Arc<Named>> {
        let cell = CellAddress {
            data_element: item.destination.id,
            category_option_combo: item.category_option_combo.id,
            attribute_option_combo: item.attribute_option_combo.id,
        };
        let own = || vec![Arc::clone(&item.category_option_combo)];
        self.parts.get(&(item.source.id, cell)).cloned().unwrap_or_else(own)
    }

    /// Makes a value known to `lookup`.
    pub fn add_value(&mut self, row: &Row) {
        let Some(value) = row.value.clone() else { return };
        self.values.entry((row.data, row.org_unit, row.period)).or_default().push(Found {
            category_option_combo: row.category_option_combo,
            attribute_option_combo: row.attribute_option_combo,
            value,
        });
    }

    /// The data item of that id; one that nobody named goes by its id.
    pub(super) fn data(&self, id: DataItem) -> Arc<NamedData> {
        self.data.get(&id).map_or_else(|| unnamed(id), Arc::clone)
    }

    pub(super) fn option_combo(&self, id: Uid) -> Arc<Named> {
        self.option_combos.get(&id).map_or_else(|| unnamed(id), Arc::clone)
    }

    pub(super) fn org_unit(&self, id: Uid) -> Arc<OrgUnit> {
        self.org_units.get(&id).map_or_else(
            || Arc::new(OrgUnit { id, code: None, name: id.to_string(), path: id.to_string(), level: 0 }),
            Arc::clone,
        )
    }

    pub(super) fn find_data(&self, text: &str) -> Result<Arc<NamedData>, NotFound> {
        let by_id = DataItem::named_by(text).find_map(|data| self.data.get(&data));
        find_named(by_id, &self.data, text)
    }

    pub(super) fn find_option_combo(&self, text: &str) -> Result<Arc<Named>, NotFound> {
        find_named(by_uid(&self.option_combos, text), &self.option_combos, text)
    }

    pub(super) fn find_org_unit(&self, text: &str) -> Result<Arc<OrgUnit>, NotFound> {
        find(by_uid(&self.org_units, text), &self.org_units, text, |unit| (unit.code.as_deref(), &unit.name))
    }

    pub(super) fn values(&self, data: DataItem, org_unit: Uid, period: Period) -> &[Found] {
        self.values.get(&(data, org_unit, period)).map_or(&[], Vec::as_slice)
    }

    /// Names of data items, for suggestions.
    pub(super) fn data_names(&self) -> impl Iterator<Item = &str> {
        self.data.values().map(|named| named.name.as_str())
    }

    /// Names of org units, for suggestions.
    pub(super) fn org_unit_names(&self) -> impl Iterator<Item = &str> {
        self.org_units.values().map(|unit| unit.name.as_str())
    }

    /// Names of option combos, for suggestions.
    pub(super) fn option_combo_names(&self) -> impl Iterator<Item = &str> {
        self.option_combos.values().map(|named| named.name.as_str())
    }
}

fn unnamed<Id: Display>(id: Id) -> Arc<Named<Id>> {
    let name = id.to_string();
    Arc::new(Named { id, code: None, name })
}

fn by_uid<'slice, T>(among: &'slice BTreeMap<Uid, Arc<T>>, text: &str) -> Option<&'slice Arc<T>> {
    Uid::parse(text).ok().and_then(|id| among.get(&id))
}

fn find_named<Id: Ord>(
    by_id: Option<&Arc<Named<Id>>>,
    among: &BTreeMap<Id, Arc<Named<Id>>>,
    text: &str,
) -> Result<Arc<Named<Id>>, NotFound> {
    find(by_id, among, text, |named| (named.code.as_deref(), &named.name))
}

/// By id, else by code, else by a name that only one of them has.
fn find<Id: Ord, T>(
    by_id: Option<&Arc<T>>,
    among: &BTreeMap<Id, Arc<T>>,
    text: &str,
    code_and_name: impl Fn(&T) -> (Option<&str>, &str),
) -> Result<Arc<T>, NotFound> {
    if let Some(found) = by_id {
        return Ok(Arc::clone(found));
    }
    if let Some(found) = among.values().find(|thing| code_and_name(thing).0 == Some(text)) {
        return Ok(Arc::clone(found));
    }
    let mut named = among.values().filter(|thing| code_and_name(thing).1 == text);
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(Arc::clone(found)),
        (Some(_), Some(_)) => Err(NotFound::Ambiguous),
        (None, _) => Err(NotFound::Unknown),
    }
}
