//! What has an id and a name in scripts: org units, data items, option combos. All are read-only, and shared: a slice
//! has thousands of values at the same few places.

use std::sync::Arc;

use rhai::{Dynamic, Engine, INT};

use crate::domain::uid::Uid;

/// A data element, indicator, program indicator or option combo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
}

/// An organisation unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgUnit {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// The names from the root down to the unit itself, as `Country / District / Facility`.
    pub path: String,
    /// Its depth in the tree; the root is 1.
    pub level: u32,
}

/// A [`Named`] as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ScriptNamed(pub(super) Arc<Named>);

/// An [`OrgUnit`] as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ScriptUnit(pub(super) Arc<OrgUnit>);

/// Registers the members of things.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<ScriptNamed>("Object")
        .register_get("id", |thing: &mut ScriptNamed| thing.0.id.to_string())
        .register_get("code", |thing: &mut ScriptNamed| optional(thing.0.code.as_deref()))
        .register_get("name", |thing: &mut ScriptNamed| thing.0.name.clone())
        .register_fn("==", |left: ScriptNamed, right: ScriptNamed| left.0.id == right.0.id)
        .register_fn("!=", |left: ScriptNamed, right: ScriptNamed| left.0.id != right.0.id)
        .register_type_with_name::<ScriptUnit>("OrgUnit")
        .register_get("id", |unit: &mut ScriptUnit| unit.0.id.to_string())
        .register_get("code", |unit: &mut ScriptUnit| optional(unit.0.code.as_deref()))
        .register_get("name", |unit: &mut ScriptUnit| unit.0.name.clone())
        .register_get("path", |unit: &mut ScriptUnit| unit.0.path.clone())
        .register_get("level", |unit: &mut ScriptUnit| INT::from(unit.0.level))
        .register_fn("==", |left: ScriptUnit, right: ScriptUnit| left.0.id == right.0.id)
        .register_fn("!=", |left: ScriptUnit, right: ScriptUnit| left.0.id != right.0.id);
}

/// A text that may be missing; scripts see `()` then.
pub(super) fn optional(text: Option<&str>) -> Dynamic {
    text.map_or(Dynamic::UNIT, |text| Dynamic::from(text.to_owned()))
}

/// The id and name of a thing; none for any other value.
pub(super) fn identity(value: &Dynamic) -> Option<(Uid, String)> {
    if let Some(thing) = value.read_lock::<ScriptNamed>() {
        return Some((thing.0.id, thing.0.name.clone()));
    }
    value.read_lock::<ScriptUnit>().map(|unit| (unit.0.id, unit.0.name.clone()))
}
