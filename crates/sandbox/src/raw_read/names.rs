//! The names that an answer shows for objects: their ids, or what an output scheme makes of them.

use std::collections::HashSet;

use super::query::OutputSchemes;
use super::refusal::Refusal;
use super::selection::{Head, Row};
use crate::scheme::Scheme;
use crate::world::World;

/// What an id is shown as; none where the object lacks the property.
pub(super) struct Naming<'world> {
    world: &'world World,
    plural: &'static str,
    scheme: &'world Scheme,
}

impl<'world> Naming<'world> {
    /// The name of an id.
    pub(super) fn of<'text>(&self, id: &'text str) -> Option<&'text str>
    where
        'world: 'text,
    {
        if *self.scheme == Scheme::Uid {
            return Some(id);
        }
        self.world.get(self.plural, id).and_then(|object| self.scheme.of(object))
    }

    /// The scheme, where it is not the usual one.
    pub(super) fn unusual(&self) -> Option<&Scheme> {
        (*self.scheme != Scheme::Uid).then_some(self.scheme)
    }
}

/// The names of everything that a row mentions.
pub(super) struct Names<'world> {
    pub(super) data_set: Naming<'world>,
    pub(super) data_element: Naming<'world>,
    pub(super) org_unit: Naming<'world>,
    pub(super) category_option_combo: Naming<'world>,
    pub(super) attribute_option_combo: Naming<'world>,
}

impl<'world> Names<'world> {
    /// The names in the schemes of a query.
    pub(super) fn new(world: &'world World, schemes: &'world OutputSchemes) -> Self {
        let naming = |plural, scheme| Naming { world, plural, scheme };
        Self {
            data_set: naming("dataSets", &schemes.data_set),
            data_element: naming("dataElements", &schemes.data_element),
            org_unit: naming("organisationUnits", &schemes.org_unit),
            category_option_combo: naming("categoryOptionCombos", &schemes.category_option_combo),
            attribute_option_combo: naming("categoryOptionCombos", &schemes.attribute_option_combo),
        }
    }

    /// From 2.43 on every object must have a name, or the whole read is refused
    /// (`raw-read/id-scheme-code-missing-among`). Codes beside E8202 are the enum's order, not recorded.
    pub(super) fn complete(&self, head: &Head, rows: &[Row<'_>]) -> Result<(), Refusal> {
        let heads = |id: &Option<String>| id.iter().cloned().collect::<Vec<_>>();
        let check = |naming: &Naming<'_>, code, what, ids: Vec<String>| match naming.unusual() {
            None => Ok(()),
            Some(scheme) => refuse_nameless(naming, scheme, code, what, &ids),
        };
        check(&self.data_set, "E8200", "data set(s)", heads(&head.data_set))?;
        check(
            &self.data_element,
            "E8201",
            "data element(s)",
            distinct(rows.iter().map(|(key, _)| key.data_element.as_str())),
        )?;
        let units = if head.org_unit.is_some() {
            heads(&head.org_unit)
        } else {
            distinct(rows.iter().map(|(key, _)| key.org_unit.as_str()))
        };
        check(&self.org_unit, "E8202", "org unit(s)", units)?;
        let combos = distinct(rows.iter().map(|(key, _)| key.category_option_combo.as_str()));
        check(&self.category_option_combo, "E8203", "category option combo(s)", combos)?;
        let combos = distinct(rows.iter().map(|(key, _)| key.attribute_option_combo.as_str()));
        check(&self.attribute_option_combo, "E8204", "attribute option combo(s)", combos)
    }
}

fn distinct<'text>(ids: impl Iterator<Item = &'text str>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.filter(|id| seen.insert(*id)).map(str::to_owned).collect()
}

fn refuse_nameless(
    naming: &Naming<'_>,
    scheme: &Scheme,
    code: &'static str,
    what: &str,
    ids: &[String],
) -> Result<(), Refusal> {
    let nameless: Vec<&str> = ids.iter().map(String::as_str).filter(|id| naming.of(id).is_none()).collect();
    if nameless.is_empty() {
        return Ok(());
    }
    Err(Refusal::Conflict(
        code,
        format!("Export as {scheme} not possible as the property is undefined for {what}: `[{}]`", nameless.join(", ")),
    ))
}
