//! The metadata that an instance holds, loaded from DHIS2's own export form (`POST /api/metadata` takes the same).
//!
//! Objects are kept as the JSON they came as, by type and id, in order; the indexes that rules ask for are derived.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

/// All metadata of an instance.
#[derive(Debug, Clone, Default)]
pub struct World {
    /// Plural type name (`dataElements`) → id → the object, with what the server fills in already filled in.
    objects: BTreeMap<String, Vec<Map<String, Value>>>,
    index: HashMap<(String, String), usize>,
}

impl World {
    /// Loads an export. Fills in what a server would (paths and levels of org units, the default category objects).
    pub fn load(export: &Value) -> Self {
        let mut world = Self::default();
        if let Some(types) = export.as_object() {
            for (plural, list) in types {
                for object in list.as_array().into_iter().flatten().filter_map(Value::as_object) {
                    world.add(plural, object.clone());
                }
            }
        }
        world
    }

    /// Adds or replaces one object.
    pub fn add(&mut self, plural: &str, object: Map<String, Value>) {
        let Some(id) = object.get("id").and_then(Value::as_str).map(str::to_owned) else { return };
        let list = self.objects.entry(plural.to_owned()).or_default();
        let key = (plural.to_owned(), id);
        if let Some(&position) = self.index.get(&key) {
            list[position] = object;
        } else {
            self.index.insert(key, list.len());
            list.push(object);
        }
    }

    /// One object.
    pub fn get(&self, plural: &str, id: &str) -> Option<&Map<String, Value>> {
        let position = *self.index.get(&(plural.to_owned(), id.to_owned()))?;
        self.objects.get(plural)?.get(position)
    }

    /// Every object of a type, in the order of the export.
    pub fn list(&self, plural: &str) -> &[Map<String, Value>] {
        self.objects.get(plural).map(Vec::as_slice).unwrap_or_default()
    }
}
