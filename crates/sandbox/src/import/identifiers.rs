//! Objects by whatever a request names them: id, code, name or the value of an attribute.
//!
//! Maps of other schemes than the id are built once per request, so that every row costs one look-up.

use std::collections::HashMap;

use super::options::{Scheme, Schemes};
use crate::world::catalog::{Catalog, Named, Table};

/// Looks up objects of one kind.
pub(crate) struct Lookup<'catalog, T> {
    table: &'catalog Table<T>,
    others: Option<HashMap<&'catalog str, usize>>,
}

impl<'catalog, T: Named> Lookup<'catalog, T> {
    fn new(table: &'catalog Table<T>, scheme: &Scheme) -> Self {
        let value = |row: &'catalog T| -> Option<&'catalog str> {
            let names = row.names();
            match scheme {
                Scheme::Uid => Some(&names.id),
                Scheme::Code => names.code.as_deref(),
                Scheme::Name => Some(&names.name),
                Scheme::Attribute(id) => {
                    names.attributes.iter().find(|(attribute, _)| attribute == id).map(|(_, value)| value.as_str())
                }
            }
        };
        let others = (*scheme != Scheme::Uid).then(|| {
            table.iter().filter_map(|(position, row)| Some((value(row)?, position))).collect::<HashMap<_, _>>()
        });
        Self { table, others }
    }

    /// The position of an object.
    pub(crate) fn find(&self, text: &str) -> Option<usize> {
        match &self.others {
            None => self.table.find(text),
            Some(others) => others.get(text).copied(),
        }
    }

    /// Whether the request names this kind by id.
    pub(crate) fn by_id(&self) -> bool {
        self.others.is_none()
    }

    /// The id of an object at a position.
    pub(crate) fn id(&self, position: usize) -> &'catalog str {
        &self.table[position].names().id
    }
}

/// Look-ups of every kind that rows name.
pub(crate) struct Lookups<'catalog> {
    /// Data sets.
    pub(crate) data_sets: Lookup<'catalog, crate::world::catalog::DataSet>,
    /// Data elements.
    pub(crate) data_elements: Lookup<'catalog, crate::world::catalog::DataElement>,
    /// Org units.
    pub(crate) org_units: Lookup<'catalog, crate::world::catalog::OrgUnit>,
    /// Category option combos.
    pub(crate) category_option_combos: Lookup<'catalog, crate::world::catalog::OptionCombo>,
    /// Attribute option combos.
    pub(crate) attribute_option_combos: Lookup<'catalog, crate::world::catalog::OptionCombo>,
}

impl<'catalog> Lookups<'catalog> {
    /// The look-ups for a request's schemes. `own_attribute_scheme` says whether attribute option combos have a scheme
    /// of their own (2.43, completeness) or share that of category option combos.
    pub(crate) fn new(catalog: &'catalog Catalog, schemes: &Schemes, own_attribute_scheme: bool) -> Self {
        let all = schemes.all.clone().unwrap_or_default();
        let pick = |own: &Option<Scheme>| own.clone().unwrap_or_else(|| all.clone());
        let attribute =
            if own_attribute_scheme { &schemes.attribute_option_combo } else { &schemes.category_option_combo };
        Self {
            data_sets: Lookup::new(&catalog.data_sets, &pick(&schemes.data_set)),
            data_elements: Lookup::new(&catalog.data_elements, &pick(&schemes.data_element)),
            org_units: Lookup::new(&catalog.org_units, &pick(&schemes.org_unit)),
            category_option_combos: Lookup::new(&catalog.option_combos, &pick(&schemes.category_option_combo)),
            attribute_option_combos: Lookup::new(&catalog.option_combos, &pick(attribute)),
        }
    }
}
