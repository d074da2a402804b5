//! What has an id and a name in scripts: org units, data items, option combos. All are read-only, and shared: a slice
//! has thousands of values at the same few places.

use std::fmt;
use std::sync::Arc;

use rhai::{Dynamic, Engine, INT};

use xfer_domain::data_item::{DataItem, ReportingMetric};
use xfer_domain::uid::Uid;

/// What is read: a data element, an indicator, or whatever else a source has values of.
pub type NamedData = Named<DataItem>;

/// An object with a name; of a destination's data element and of option combos the id is all there is to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<Id = Uid> {
    /// Its id.
    pub id: Id,
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

/// A [`Named`] as scripts hold it: they see no difference.
#[derive(Debug, Clone)]
pub(super) enum ScriptNamed {
    Data(Arc<NamedData>),
    Object(Arc<Named>),
}

impl ScriptNamed {
    fn id(&self) -> String {
        match self {
            Self::Data(data) => data.id.to_string(),
            Self::Object(object) => object.id.to_string(),
        }
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Data(data) => data.code.as_deref(),
            Self::Object(object) => object.code.as_deref(),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Data(data) => &data.name,
            Self::Object(object) => &object.name,
        }
    }

    fn identity(&self) -> Identity {
        match self {
            Self::Data(data) => Identity(data.id.id(), data.id.metric()),
            Self::Object(object) => Identity(object.id, None),
        }
    }
}

/// What makes two things the same: the id, and what of its object is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(Uid, Option<ReportingMetric>);

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(metric) => write!(formatter, "{}.{}", self.0, metric.name()),
            None => write!(formatter, "{}", self.0),
        }
    }
}

/// An [`OrgUnit`] as scripts hold it.
#[derive(Debug, Clone)]
pub(super) struct ScriptUnit(pub(super) Arc<OrgUnit>);

/// Registers the members of things.
pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<ScriptNamed>("Object")
        .register_get("id", |thing: &mut ScriptNamed| thing.id())
        .register_get("code", |thing: &mut ScriptNamed| optional(thing.code()))
        .register_get("name", |thing: &mut ScriptNamed| thing.name().to_owned())
        .register_fn("==", |left: ScriptNamed, right: ScriptNamed| left.identity() == right.identity())
        .register_fn("!=", |left: ScriptNamed, right: ScriptNamed| left.identity() != right.identity())
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
pub(super) fn identity(value: &Dynamic) -> Option<(Identity, String)> {
    if let Some(thing) = value.read_lock::<ScriptNamed>() {
        return Some((thing.identity(), thing.name().to_owned()));
    }
    value.read_lock::<ScriptUnit>().map(|unit| (Identity(unit.0.id, None), unit.0.name.clone()))
}

/// An item, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemNames {
    /// What is read.
    pub source: Arc<NamedData>,
    /// The data element that is written.
    pub destination: Arc<Named>,
    /// The COC that is written.
    pub category_option_combo: Arc<Named>,
    /// The AOC that is written.
    pub attribute_option_combo: Arc<Named>,
}
