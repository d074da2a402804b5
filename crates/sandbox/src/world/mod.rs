//! The metadata that an instance holds, loaded from DHIS2's own export form (`POST /api/metadata` takes the same).
//!
//! Objects are kept as the JSON they came as, by type and id, in order; what a server derives while it imports them is
//! filled in once by [`crate::world::filling`]. A clone shares everything until one side adds an object, so
//! that thousands of instances of the same country cost nothing.

pub mod catalog;
pub mod filling;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use crate::world::catalog::Catalog;

/// An object of the metadata, as a server would export it.
pub type Object = Map<String, Value>;

/// All metadata of an instance.
#[derive(Debug, Clone, Default)]
pub struct World {
    contents: Arc<Contents>,
}

#[derive(Debug, Clone, Default)]
struct Contents {
    /// Plural type name (`dataElements`) → the objects in the order of the export.
    objects: BTreeMap<String, Vec<Object>>,
    index: HashMap<String, HashMap<String, usize>>,
    /// What rules look up per row, derived when first asked for and dropped with every change.
    catalog: OnceLock<Arc<Catalog>>,
}

impl World {
    /// Loads an export and fills in what a server would: paths and levels of org units, the default category objects,
    /// the superuser `admin`, both ends of every relation.
    pub fn load(export: &Value) -> Self {
        let mut world = Self::default();
        if let Some(types) = export.as_object() {
            for (plural, list) in types {
                for object in list.as_array().into_iter().flatten().filter_map(Value::as_object) {
                    world.add(plural, object.clone());
                }
            }
        }
        filling::fill(&mut world);
        world
    }

    /// Adds or replaces one object as it is. An object without `id` is not added.
    pub fn add(&mut self, plural: &str, object: Object) {
        let Some(id) = text(&object, "id").map(str::to_owned) else { return };
        let contents = Arc::make_mut(&mut self.contents);
        contents.catalog = OnceLock::new();
        let list = contents.objects.entry(plural.to_owned()).or_default();
        let positions = contents.index.entry(plural.to_owned()).or_default();
        if let Some(&position) = positions.get(&id) {
            list[position] = object;
        } else {
            positions.insert(id, list.len());
            list.push(object);
        }
    }

    /// Takes one object out; what refers to it is left as it is.
    pub fn remove(&mut self, plural: &str, id: &str) {
        let contents = Arc::make_mut(&mut self.contents);
        contents.catalog = OnceLock::new();
        let Some(list) = contents.objects.get_mut(plural) else { return };
        list.retain(|object| text(object, "id") != Some(id));
        let ids = list.iter().filter_map(|object| text(object, "id"));
        let positions = ids.enumerate().map(|(position, id)| (id.to_owned(), position)).collect();
        contents.index.insert(plural.to_owned(), positions);
    }

    /// One object.
    pub fn get(&self, plural: &str, id: &str) -> Option<&Object> {
        let position = *self.contents.index.get(plural)?.get(id)?;
        self.contents.objects.get(plural)?.get(position)
    }

    /// One object, to be changed.
    pub fn get_mut(&mut self, plural: &str, id: &str) -> Option<&mut Object> {
        let contents = Arc::make_mut(&mut self.contents);
        contents.catalog = OnceLock::new();
        let position = *contents.index.get(plural)?.get(id)?;
        contents.objects.get_mut(plural)?.get_mut(position)
    }

    /// Every object of a type, in the order of the export.
    pub fn list(&self, plural: &str) -> &[Object] {
        self.contents.objects.get(plural).map(Vec::as_slice).unwrap_or_default()
    }

    /// The names of the types that have objects.
    pub fn plurals(&self) -> impl Iterator<Item = &str> {
        self.contents.objects.keys().map(String::as_str)
    }

    /// Memberships, overrides, paths and dates by position, for rules that look at every row of a request.
    pub fn catalog(&self) -> Arc<Catalog> {
        Arc::clone(self.contents.catalog.get_or_init(|| Arc::new(Catalog::of(self))))
    }

    /// The path of an org unit, `/OuNation001/OuRegionN01`.
    pub fn org_unit_path(&self, id: &str) -> Option<&str> {
        self.get("organisationUnits", id).and_then(|unit| text(unit, "path"))
    }

    /// Whether an org unit is one of `roots` or lies below one.
    pub fn is_in_hierarchy(&self, org_unit: &str, roots: &[&str]) -> bool {
        self.org_unit_path(org_unit)
            .is_some_and(|path| path.split('/').any(|ancestor| !ancestor.is_empty() && roots.contains(&ancestor)))
    }
}

/// A text property of an object.
pub fn text<'object>(object: &'object Object, property: &str) -> Option<&'object str> {
    object.get(property).and_then(Value::as_str)
}

/// The id of the object that a property refers to: `{"parent": {"id": …}}`.
pub fn reference<'object>(object: &'object Object, property: &str) -> Option<&'object str> {
    object.get(property).and_then(|value| value.get("id")).and_then(Value::as_str)
}

/// The ids of the objects that a collection refers to: `{"organisationUnits": [{"id": …}]}`.
pub fn references<'object>(object: &'object Object, property: &str) -> Vec<&'object str> {
    object
        .get(property)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("id").and_then(Value::as_str))
        .collect()
}
