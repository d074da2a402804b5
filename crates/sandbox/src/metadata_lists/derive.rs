//! Property values of an object: what it stores, what stands for what it does not store, and what is computed.

use serde_json::{Map, Value, json};

use crate::access::{Access, access};
use crate::metadata_lists::schema::{Default, Kind, Property, Schema};
use crate::profile::Profile;
use crate::state::User;
use crate::world::filling::{ADMIN_ID, DEFAULT_COMBO};
use crate::world::{Object, World, reference, text};

/// When the sandbox's metadata was imported, for objects that do not say: the day of the recordings.
pub(crate) const IMPORTED: &str = "2026-11-22T21:44:23.822";

/// What values depend on beside the object.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'state> {
    /// The version played.
    pub profile: Profile,
    /// All metadata.
    pub world: &'state World,
    /// Who asks.
    pub user: &'state User,
    /// Scheme and host, for links.
    pub base_url: &'state str,
}

/// The value of a property of an object of a type; none where the key is left out.
pub(crate) fn value(context: Context<'_>, schema: &Schema, object: &Object, property: &Property) -> Option<Value> {
    if let Some(derived) = derived(context, schema, object, property.name) {
        return Some(derived);
    }
    let stored = stored(object, property);
    match (property.name, stored) {
        ("sortOrder", Some(value)) if schema.plural == "options" => Some(sort_order(context, object, &value)),
        ("aggregationType", None) if matches!(schema.plural, "dataSets" | "organisationUnits") => None,
        // 2.42 gives program indicators combos of their own, `default` unless set
        ("categoryCombo" | "attributeCombo", None) if schema.plural == "programIndicators" => {
            Some(json!({"id": DEFAULT_COMBO}))
        }
        (name, Some(value)) if property.kind_is_days() => Some(days(context.profile, name, &value)),
        (_, stored) => stored,
    }
}

impl Property {
    fn kind_is_days(&self) -> bool {
        matches!(self.kind, Kind::Decimal) && self.name.ends_with("Days")
    }
}

/// Days were whole numbers on 2.40 and, of `expiryDays`, on 2.41 (`metadata/data-sets-fields`).
fn days(profile: Profile, name: &str, value: &Value) -> Value {
    let decimal = profile >= Profile::V42 || (profile == Profile::V41 && name == "timelyDays");
    match value.as_f64() {
        Some(number) if decimal => json!(number),
        _ => value.clone(),
    }
}

/// What an object stores of a property, or the property's default.
pub(crate) fn stored(object: &Object, property: &Property) -> Option<Value> {
    if let Some(value) = object.get(property.name).filter(|value| !value.is_null()) {
        return Some(value.clone());
    }
    match property.default {
        Default::Absent => None,
        Default::False => Some(Value::Bool(false)),
        Default::True => Some(Value::Bool(true)),
        Default::Number(number) => Some(number.into()),
        Default::Text(text) => Some(text.into()),
        Default::Empty => Some(Value::Array(Vec::new())),
    }
}

fn derived(context: Context<'_>, schema: &Schema, object: &Object, name: &str) -> Option<Value> {
    let of = |name: &str| text(object, name).map(Value::from);
    match name {
        "created" | "lastUpdated" => of(name).or_else(|| Some(IMPORTED.into())),
        "createdBy" | "lastUpdatedBy" | "user" => Some(json!({"id": reference(object, name).unwrap_or(ADMIN_ID)})),
        "displayName" => of("name"),
        "displayShortName" => of("shortName").or_else(|| of("name")),
        "displayFormName" => of("formName").or_else(|| of("name")),
        "displayDescription" => of("description"),
        "displayNumeratorDescription" => of("numeratorDescription"),
        "displayDenominatorDescription" => of("denominatorDescription"),
        "href" => Some(format!("{}/api/{}/{}", context.base_url, schema.plural, text(object, "id")?).into()),
        "dimensionItem" => of("id"),
        "dimensionItemType" => schema.dimension_item.map(Value::from),
        "sharing" => Some(sharing(context.profile, object)),
        "publicAccess" => object.get("sharing").and_then(|sharing| sharing.get("public")).cloned(),
        "access" => Some(access_of(context, schema, object)),
        "optionSetValue" => Some(object.contains_key("optionSet").into()),
        "isDefault" => Some((text(object, "name") == Some("default")).into()),
        "leaf" => Some(object.get("children").and_then(Value::as_array).is_none_or(Vec::is_empty).into()),
        "ancestors" => Some(ancestors(object)),
        "featureType" => Some("NONE".into()),
        _ => None,
    }
}

/// The org units above one, from the root down.
fn ancestors(object: &Object) -> Value {
    let path = text(object, "path").unwrap_or_default();
    let mut ids: Vec<Value> = path.split('/').filter(|id| !id.is_empty()).map(|id| json!({"id": id})).collect();
    ids.pop();
    Value::Array(ids)
}

/// Options count from 1 on 2.40, from 0 later (`metadata/option-sets-fields`).
fn sort_order(context: Context<'_>, object: &Object, value: &Value) -> Value {
    if context.profile == Profile::V40 {
        return value.clone();
    }
    reference(object, "optionSet")
        .and_then(|set| context.world.get("optionSets", set))
        .and_then(|set| set.get("options").and_then(Value::as_array))
        .and_then(|options| {
            options.iter().position(|option| option.get("id").and_then(Value::as_str) == text(object, "id"))
        })
        .map_or_else(|| value.clone(), Value::from)
}

/// Sharing as a server shows it; `external` is not shown by 2.41 and 2.43 (`metadata/fields-all-one`).
fn sharing(profile: Profile, object: &Object) -> Value {
    let own = object.get("sharing").and_then(Value::as_object);
    let mut shown = Map::new();
    if let Some(own) = own {
        shown.insert("owner".into(), text(own, "owner").unwrap_or(ADMIN_ID).into());
    }
    if shows_external(profile) {
        shown.insert("external".into(), false.into());
    }
    for key in ["users", "userGroups"] {
        shown.insert(key.into(), own.and_then(|own| own.get(key)).cloned().unwrap_or_else(|| json!({})));
    }
    if let Some(public) = own.and_then(|own| own.get("public")) {
        shown.insert("public".into(), public.clone());
    }
    Value::Object(shown)
}

fn shows_external(profile: Profile) -> bool {
    matches!(profile, Profile::V40 | Profile::V42)
}

/// What the caller may do with an object.
fn access_of(context: Context<'_>, schema: &Schema, object: &Object) -> Value {
    let Access { read, write, data_read, data_write } = access(context.user, object);
    let write = write && may_change(context.user, schema);
    let mut shown = Map::new();
    shown.insert("manage".into(), write.into());
    if shows_external(context.profile) {
        shown.insert("externalize".into(), context.user.is_superuser().into());
    }
    for (key, value) in [("write", write), ("read", read), ("update", write), ("delete", write)] {
        shown.insert(key.into(), value.into());
    }
    if schema.shares_data {
        shown.insert("data".into(), json!({"write": data_write, "read": data_read}));
    }
    Value::Object(shown)
}

/// Changing metadata needs an authority for its type beside sharing.
fn may_change(user: &User, schema: &Schema) -> bool {
    let mut constant = String::from("F_");
    for (position, letter) in schema.class.chars().enumerate() {
        if letter.is_uppercase() && position > 0 {
            constant.push('_');
        }
        constant.push(letter.to_ascii_uppercase());
    }
    ["PUBLIC_ADD", "PRIVATE_ADD", "ADD"].iter().any(|suffix| user.has_authority(&format!("{constant}_{suffix}")))
}

/// The parts of a list such as `compulsoryDataElementOperands` with what a server adds to each.
pub(crate) fn complete_part(context: Context<'_>, list: &str, part: &Object) -> Object {
    match list {
        "compulsoryDataElementOperands" => operand(context, part),
        "period" => {
            let mut period = part.clone();
            if let Some(id) = part.get("id").cloned() {
                period.entry("name").or_insert(id);
            }
            period
        }
        _ => part.clone(),
    }
}

/// An operand with everything that a server shows of it (`metadata/data-sets-fields`).
fn operand(context: Context<'_>, part: &Object) -> Object {
    let element = reference(part, "dataElement").unwrap_or_default();
    let combo = reference(part, "categoryOptionCombo");
    let data_element = context.world.get("dataElements", element);
    let of = |property: &str| data_element.and_then(|object| object.get(property)).cloned().unwrap_or_default();
    let item = combo.map_or_else(|| element.to_owned(), |combo| format!("{element}.{combo}"));
    let mut sharing = sharing(context.profile, &Object::new());
    if let Some(sharing) = sharing.as_object_mut() {
        sharing.remove("owner");
    }
    let schema = Schema::of("dataElements");
    let whole = json!({
        "id": element, "name": of("name"), "shortName": of("shortName"), "displayName": of("name"),
        "displayShortName": of("shortName"), "displayFormName": of("name"), "created": IMPORTED, "lastUpdated": IMPORTED,
        "sharing": sharing,
        "access": schema.map(|schema| access_of(context, schema, &Object::new())),
        "dimensionItem": item, "dimensionItemType": "DATA_ELEMENT_OPERAND", "aggregationType": of("aggregationType"),
        "dataElement": {"id": element},
    });
    let mut whole = whole.as_object().cloned().unwrap_or_default();
    if let Some(combo) = combo {
        whole.insert("categoryOptionCombo".into(), json!({"id": combo}));
    }
    whole
}
