//! What the user of a request may reach: org units to write at, category options and data sets to write with.
//!
//! Every question is answered once per object and remembered: a request asks the same few for each of its rows.

use std::cell::RefCell;
use std::collections::HashSet;

use crate::access::{Access, access};
use crate::state::User;
use crate::world::World;
use crate::world::catalog::{Catalog, Named, Table};

/// The reach of a user.
pub(crate) struct Reach<'request> {
    world: &'request World,
    catalog: &'request Catalog,
    user: &'request User,
    /// Whether the user may everything.
    pub(crate) superuser: bool,
    roots: HashSet<usize>,
    scope: RefCell<Vec<Option<bool>>>,
    combos: RefCell<Vec<Option<bool>>>,
    elements: RefCell<Vec<Option<bool>>>,
}

impl<'request> Reach<'request> {
    /// The reach of a user in a world.
    pub(crate) fn of(world: &'request World, catalog: &'request Catalog, user: &'request User) -> Self {
        let roots = user.capture_org_units().into_iter().filter_map(|id| catalog.org_units.find(id)).collect();
        Self {
            world,
            catalog,
            user,
            superuser: user.is_superuser(),
            roots,
            scope: RefCell::new(vec![None; catalog.org_units.len()]),
            combos: RefCell::new(vec![None; catalog.option_combos.len()]),
            elements: RefCell::new(vec![None; catalog.data_elements.len()]),
        }
    }

    /// Whether an org unit lies in the user's capture hierarchy. No exception for superusers here.
    pub(crate) fn captures_at(&self, org_unit: usize) -> bool {
        remember(&self.scope, org_unit, || self.catalog.is_below(org_unit, &self.roots))
    }

    /// Whether data may be written under a category option.
    pub(crate) fn writes_option(&self, option: usize) -> bool {
        self.object("categoryOptions", &self.catalog.category_options, option).is_some_and(|granted| granted.data_write)
    }

    /// Whether data may be written under every option of a combo (`getCategoryOptionComboAcl`).
    pub(crate) fn writes_combo(&self, combo: usize) -> bool {
        remember(&self.combos, combo, || {
            self.catalog.option_combos[combo].options.iter().all(|&option| self.writes_option(option))
        })
    }

    /// Whether a data element is seen at all.
    pub(crate) fn sees_data_element(&self, element: usize) -> bool {
        remember(&self.elements, element, || {
            self.object("dataElements", &self.catalog.data_elements, element).is_some_and(|granted| granted.read)
        })
    }

    /// What the user may do with a data set.
    pub(crate) fn data_set(&self, set: usize) -> Option<Access> {
        self.object("dataSets", &self.catalog.data_sets, set)
    }

    fn object<T: Named>(&self, plural: &str, table: &Table<T>, position: usize) -> Option<Access> {
        self.world.get(plural, &table[position].names().id).map(|object| access(self.user, object))
    }
}

fn remember(answers: &RefCell<Vec<Option<bool>>>, position: usize, find: impl FnOnce() -> bool) -> bool {
    if let Some(known) = answers.borrow()[position] {
        return known;
    }
    let answer = find();
    answers.borrow_mut()[position] = Some(answer);
    answer
}
