//! Ids for the names of a test: the first name gets the first id, and so on, so that the same test has the same ids.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::format::Suite;
use crate::slice::Slice;
use crate::things::{Named, NamedData, OrgUnit};
use xfer_domain::data_item::DataItem;
use xfer_domain::uid::Uid;

/// The objects of a test, by name.
#[derive(Debug, Default)]
pub(super) struct Names {
    data: BTreeMap<String, Arc<NamedData>>,
    option_combos: BTreeMap<String, Arc<Named>>,
    org_units: BTreeMap<String, Arc<OrgUnit>>,
    /// What each id was given out for.
    by_id: HashMap<Uid, String>,
}

impl Names {
    /// With what a file says of its objects.
    pub(super) fn of(suite: &Suite) -> Self {
        let mut names = Self::default();
        for thing in &suite.data {
            let id = DataItem::DataElement(names.next(&thing.name));
            let named = Arc::new(Named { id, code: thing.code.clone(), name: thing.name.clone() });
            names.data.insert(thing.name.clone(), named);
        }
        for thing in &suite.option_combos {
            let named =
                Arc::new(Named { id: names.next(&thing.name), code: thing.code.clone(), name: thing.name.clone() });
            names.option_combos.insert(thing.name.clone(), named);
        }
        for unit in &suite.org_units {
            let path = unit.path.clone().unwrap_or_else(|| unit.name.clone());
            let level = unit.level.unwrap_or_else(|| depth(&path));
            let org_unit =
                OrgUnit { id: names.next(&unit.name), code: unit.code.clone(), name: unit.name.clone(), path, level };
            names.org_units.insert(unit.name.clone(), Arc::new(org_unit));
        }
        names
    }

    fn next(&mut self, name: &str) -> Uid {
        // A letter and ten digits are an id.
        let id = Uid::parse(&format!("t{:010}", self.by_id.len() + 1)).unwrap_or(Uid::DEFAULT_OPTION_COMBO);
        self.by_id.insert(id, name.to_owned());
        id
    }

    pub(super) fn data(&mut self, name: &str) -> Arc<NamedData> {
        if let Some(known) = self.data.get(name) {
            return Arc::clone(known);
        }
        let id = DataItem::DataElement(self.next(name));
        let named = Arc::new(Named { id, code: None, name: name.to_owned() });
        self.data.insert(name.to_owned(), Arc::clone(&named));
        named
    }

    pub(super) fn option_combo(&mut self, name: &str) -> Arc<Named> {
        if let Some(known) = self.option_combos.get(name) {
            return Arc::clone(known);
        }
        let id = if name == "default" { Uid::DEFAULT_OPTION_COMBO } else { self.next(name) };
        let named = Arc::new(Named { id, code: None, name: name.to_owned() });
        self.option_combos.insert(name.to_owned(), Arc::clone(&named));
        named
    }

    pub(super) fn org_unit(&mut self, name: &str) -> Arc<OrgUnit> {
        if let Some(known) = self.org_units.get(name) {
            return Arc::clone(known);
        }
        let unit = OrgUnit { id: self.next(name), code: None, name: name.to_owned(), path: name.to_owned(), level: 1 };
        let unit = Arc::new(unit);
        self.org_units.insert(name.to_owned(), Arc::clone(&unit));
        unit
    }

    /// A slice in which everything that was named so far is known.
    pub(super) fn slice(&self) -> Slice {
        let mut slice = Slice::new();
        self.data.values().for_each(|named| slice.add_data(Arc::clone(named)));
        self.option_combos.values().for_each(|named| slice.add_option_combo(Arc::clone(named)));
        self.org_units.values().for_each(|unit| slice.add_org_unit(Arc::clone(unit)));
        slice
    }

    /// What an id was given out for; the id itself where it was not.
    pub(super) fn name(&self, id: Uid) -> String {
        let default = || if id == Uid::DEFAULT_OPTION_COMBO { "default".to_owned() } else { id.to_string() };
        self.by_id.get(&id).cloned().unwrap_or_else(default)
    }
}

fn depth(path: &str) -> u32 {
    u32::try_from(path.split(" / ").count()).unwrap_or(u32::MAX)
}
