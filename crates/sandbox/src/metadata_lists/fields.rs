//! `fields=id,name,parent[id],children~size`: the parser and the projection (`FieldFilterParser`, `FieldPathHelper`).

use serde_json::{Map, Value, json};

use crate::metadata_lists::derive::{self, Context};
use crate::metadata_lists::schema::{Kind, Property, Schema};
use crate::profile::Profile;
use crate::world::{Object, text};

/// The fields of a request, as a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fields(pub Vec<Field>);

/// One entry of a field list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// The property's or preset's name.
    pub name: String,
    /// `!name`.
    pub exclude: bool,
    /// `:name`, `*`.
    pub preset: bool,
    /// `~size`, `~rename(x)` in order.
    pub transformers: Vec<Transformer>,
    /// What stands in brackets.
    pub nested: Option<Fields>,
}

/// `~name(a;b)`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Transformer {
    /// Its name.
    pub name: String,
    /// What stands in parentheses, split at semicolons.
    pub parameters: Vec<String>,
}

/// One property named twice with different transformers, which no server can serve: the two as the server would print
/// them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Duplicate key {path} (attempted merging values {first} and {second})")]
pub(crate) struct Duplicate {
    path: String,
    first: String,
    second: String,
}

impl Fields {
    /// Reads a list. What makes no sense is passed over, as servers do; brackets need not be closed.
    pub(crate) fn parse(text: &str) -> Self {
        let characters: Vec<char> = text.chars().collect();
        parse_level(&characters, &mut 0)
    }

    /// The list of all `fields` parameters, or the given one where there is none.
    pub(crate) fn of_request(parameters: &[(String, String)], default: &str) -> Self {
        let given: Vec<&str> =
            parameters.iter().filter(|(name, _)| name == "fields").map(|(_, value)| value.as_str()).collect();
        let text = given.join(",");
        Self::parse(if text.is_empty() { default } else { &text })
    }

    /// Refuses the same property with different transformers (`metadata/fields-transformers`).
    pub(crate) fn check(&self) -> Result<(), Duplicate> {
        self.check_below(&[])
    }

    fn check_below(&self, path: &[&str]) -> Result<(), Duplicate> {
        let mut seen: Vec<&Field> = Vec::new();
        for field in self.0.iter().filter(|field| !field.preset && !field.exclude) {
            if let Some(other) =
                seen.iter().find(|other| other.name == field.name && other.transformers != field.transformers)
            {
                return Err(Duplicate {
                    path: path.iter().copied().chain([field.name.as_str()]).collect::<Vec<_>>().join("."),
                    first: other.describe(path),
                    second: field.describe(path),
                });
            }
            seen.push(field);
            if let Some(nested) = &field.nested {
                nested.check_below(&[path, &[field.name.as_str()]].concat())?;
            }
        }
        Ok(())
    }
}

impl Field {
    /// As Java prints its `FieldPath`.
    fn describe(&self, path: &[&str]) -> String {
        let transformers: Vec<String> = self
            .transformers
            .iter()
            .map(|transformer| {
                format!(
                    "FieldPathTransformer(name={}, parameters=[{}])",
                    transformer.name,
                    transformer.parameters.join(", ")
                )
            })
            .collect();
        let full: Vec<&str> = path.iter().copied().chain([self.name.as_str()]).collect();
        format!(
            "FieldPath(name={}, path=[{}], exclude=false, preset=false, transformers=[{}], fullPath={})",
            self.name,
            path.join(", "),
            transformers.join(", "),
            full.join(".")
        )
    }
}

fn parse_level(characters: &[char], position: &mut usize) -> Fields {
    let mut fields = Vec::new();
    let mut field = Field::default();
    while let Some(&character) = characters.get(*position) {
        *position += 1;
        match character {
            ',' => push(&mut fields, std::mem::take(&mut field)),
            '[' | '(' => {
                let nested = parse_level(characters, position);
                field.nested = Some(nested);
            }
            ']' | ')' => break,
            '!' => field.exclude = true,
            '~' | '|' => field.transformers.push(parse_transformer(characters, position)),
            ':' if characters.get(*position) == Some(&':') => {
                *position += 1;
                field.transformers.push(parse_transformer(characters, position));
            }
            ':' => field.preset = true,
            '*' => {
                field.preset = true;
                field.name.push_str("all");
            }
            other if other.is_alphanumeric() || other == '{' || other == '}' => field.name.push(other),
            _ => {}
        }
    }
    push(&mut fields, field);
    Fields(fields)
}

fn push(fields: &mut Vec<Field>, field: Field) {
    if field.name.is_empty() {
        return;
    }
    let same = |other: &&mut Field| {
        other.name == field.name
            && other.exclude == field.exclude
            && other.preset == field.preset
            && other.transformers == field.transformers
    };
    match fields.iter_mut().find(same) {
        Some(other) => {
            if let Some(nested) = field.nested {
                other.nested.get_or_insert_default().0.extend(nested.0);
            }
        }
        None => fields.push(field),
    }
}

fn parse_transformer(characters: &[char], position: &mut usize) -> Transformer {
    let mut transformer = Transformer::default();
    while let Some(&character) = characters.get(*position) {
        match character {
            '(' => {
                let inside: String = characters[*position + 1..].iter().take_while(|&&next| next != ')').collect();
                *position = (*position + 2 + inside.chars().count()).min(characters.len());
                transformer.parameters = inside.split(';').map(str::to_owned).collect();
                break;
            }
            ',' | '[' | ']' | ')' | '~' | '|' | ':' => break,
            other => {
                transformer.name.push(other);
                *position += 1;
            }
        }
    }
    transformer
}

/// The properties of an object that a field list asks for.
pub(crate) fn project(context: Context<'_>, schema: &Schema, object: &Object, fields: &Fields) -> Object {
    let mut shown = Map::new();
    for property in schema.properties(context.profile) {
        let mut asked = asked(schema, property, fields);
        if context.profile >= Profile::V44 {
            // Of a property that is named twice the first one is shown (`metadata/fields-transformers`), and presets
            // lack what kind of item a data element is (`metadata/fields-all-one`).
            asked.truncate(1);
            let kind_of_element = schema.plural == "dataElements" && property.name == "dimensionItemType";
            asked.retain(|field| field.is_some() || !kind_of_element);
        }
        for field in asked {
            let Some(value) = derive::value(context, schema, object, property) else { continue };
            let nested = field.and_then(|field| field.nested.as_ref());
            let value = shape(context, property, value, nested);
            let transformers = field.map(|field| field.transformers.as_slice()).unwrap_or_default();
            let (name, value) = transform(property.name, value, transformers);
            shown.insert(name, value);
        }
    }
    shown
}

/// The entries that ask for a property: by name, or once by a preset (`None`). Empty where it is not asked for.
fn asked<'fields>(schema: &Schema, property: &Property, fields: &'fields Fields) -> Vec<Option<&'fields Field>> {
    let named = |field: &&Field| field.name == property.name && !field.preset;
    if fields.0.iter().any(|field| named(&field) && field.exclude && field.nested.is_none()) {
        return Vec::new();
    }
    let by_name: Vec<_> = fields.0.iter().filter(named).filter(|field| !field.exclude).map(Some).collect();
    if by_name.is_empty() && fields.0.iter().any(|field| field.preset && in_preset(schema, property, &field.name)) {
        return vec![None];
    }
    by_name
}

fn in_preset(schema: &Schema, property: &Property, preset: &str) -> bool {
    match preset {
        "all" => true,
        "identifiable" => ["id", "name", "code", "created", "lastUpdated", "lastUpdatedBy"].contains(&property.name),
        "nameable" => {
            ["id", "name", "shortName", "description", "code", "created", "lastUpdated"].contains(&property.name)
        }
        "idName" => ["id", "displayName"].contains(&property.name),
        "owner" => property.owner,
        "persisted" => property.owner || property.kind.is_collection(),
        "simple" => property.kind.is_simple() && !(schema.plural == "users" && property.name == "password"),
        _ => false,
    }
}

/// A property's value with what the brackets ask of the objects in it; without brackets, references show their ids and
/// parts everything.
fn shape(context: Context<'_>, property: &Property, value: Value, nested: Option<&Fields>) -> Value {
    let nested = nested.filter(|fields| fields.0.iter().any(|field| !field.exclude));
    match property.kind {
        Kind::Reference(plural) => refer(context, plural, &value, nested),
        Kind::Collection(plural) => each(value, |entry| refer(context, plural, &entry, nested)),
        Kind::Author => {
            let default = Fields::parse("id,code,name,displayName,username");
            refer(context, "users", &value, Some(nested.unwrap_or(&default)))
        }
        Kind::Part(properties) => part(context, property.name, properties, &value, nested),
        Kind::Parts(properties) => each(value, |entry| part(context, property.name, properties, &entry, nested)),
        _ => value,
    }
}

fn each(value: Value, show: impl Fn(Value) -> Value) -> Value {
    match value {
        Value::Array(entries) => Value::Array(entries.into_iter().map(show).collect()),
        other => other,
    }
}

/// A referred object.
fn refer(context: Context<'_>, plural: &str, value: &Value, nested: Option<&Fields>) -> Value {
    let Some(id) = value.get("id").and_then(Value::as_str) else { return value.clone() };
    let known = nested.zip(Schema::of(plural)).zip(context.world.get(plural, id));
    match known {
        Some(((fields, schema), object)) => Value::Object(project(context, schema, object, fields)),
        None => json!({"id": id}),
    }
}

/// A part of an object: all of it, or what the brackets name.
fn part(context: Context<'_>, name: &str, properties: &[Property], value: &Value, nested: Option<&Fields>) -> Value {
    let Some(own) = value.as_object() else { return value.clone() };
    let whole = derive::complete_part(context, name, own);
    let all =
        |fields: &Fields| fields.0.iter().any(|field| field.preset && matches!(field.name.as_str(), "all" | "owner"));
    let mut shown = Map::new();
    for property in properties.iter().filter(|property| property.exists_in(context.profile)) {
        let field =
            nested.and_then(|fields| fields.0.iter().find(|field| field.name == property.name && !field.preset));
        if field.is_some_and(|field| field.exclude) || (field.is_none() && nested.is_some_and(|fields| !all(fields))) {
            continue;
        }
        let stored = if matches!(name, "sharing" | "access") {
            whole.get(property.name).cloned()
        } else {
            derive::stored(&whole, property)
        };
        let Some(stored) = stored else { continue };
        let value = shape(context, property, stored, field.and_then(|field| field.nested.as_ref()));
        let transformers = field.map(|field| field.transformers.as_slice()).unwrap_or_default();
        let (key, value) = transform(property.name, value, transformers);
        shown.insert(key, value);
    }
    Value::Object(shown)
}

/// Applies transformers in order; only `rename` changes the key.
fn transform(name: &str, mut value: Value, transformers: &[Transformer]) -> (String, Value) {
    let mut key = name.to_owned();
    for transformer in transformers {
        let parameter = transformer.parameters.first().map(String::as_str);
        match transformer.name.as_str() {
            "rename" => parameter.unwrap_or(name).clone_into(&mut key),
            "size" => value = size(value),
            "isEmpty" => value = emptiness(value, true),
            "isNotEmpty" => value = emptiness(value, false),
            "pluck" => value = each(value, |entry| entry.get(parameter.unwrap_or("id")).cloned().unwrap_or(entry)),
            "keyBy" => value = key_by(value, parameter.unwrap_or("id")),
            _ => {}
        }
    }
    (key, value)
}

fn size(value: Value) -> Value {
    match value {
        Value::Array(entries) => entries.len().into(),
        Value::String(text) => text.chars().count().into(),
        other => other,
    }
}

fn emptiness(value: Value, empty: bool) -> Value {
    match value {
        Value::Array(entries) => (entries.is_empty() == empty).into(),
        other => other,
    }
}

fn key_by(value: Value, property: &str) -> Value {
    let Value::Array(entries) = value else { return value };
    let mut keyed: Map<String, Value> = Map::new();
    for entry in entries {
        let Some(key) = entry.as_object().and_then(|object| text(object, property)).map(str::to_owned) else {
            continue;
        };
        if let Value::Array(list) = keyed.entry(key).or_insert_with(|| json!([])) {
            list.push(entry);
        }
    }
    Value::Object(keyed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::User;
    use crate::world::World;

    fn shown(fields: &str) -> Value {
        let world = World::load(&json!({
            "organisationUnits": [
                {"id": "OuNation001", "name": "Tarsovia"},
                {"id": "OuFacility1", "name": "Alden", "parent": {"id": "OuNation001"}},
                {"id": "OuFacility2", "name": "Birkow", "parent": {"id": "OuNation001"}},
            ],
        }));
        let user = User { object: Object::new(), authorities: vec!["ALL".into()] };
        let context = Context { profile: Profile::V43, world: &world, user: &user, base_url: "http://x" };
        let schema = Schema::of("organisationUnits").unwrap();
        let object = world.get("organisationUnits", "OuNation001").unwrap();
        Value::Object(project(context, schema, object, &Fields::parse(fields)))
    }

    #[test]
    fn nesting_presets_and_exclusions() {
        assert_eq!(
            shown("id,children[name]"),
            json!({"id": "OuNation001", "children": [{"name": "Alden"}, {"name": "Birkow"}]})
        );
        assert_eq!(shown("children"), json!({"children": [{"id": "OuFacility1"}, {"id": "OuFacility2"}]}));
        assert_eq!(shown(":idName,!displayName"), json!({"id": "OuNation001"}));
        assert_eq!(shown("id,noSuchThing[id]"), json!({"id": "OuNation001"}));
        assert_eq!(
            shown("id,children[id"),
            json!({"id": "OuNation001", "children": [{"id": "OuFacility1"}, {"id": "OuFacility2"}]})
        );
    }

    #[test]
    fn transformers_change_value_and_key() {
        assert_eq!(shown("children~size"), json!({"children": 2}));
        assert_eq!(shown("children~pluck(id)~rename(ids)"), json!({"ids": ["OuFacility1", "OuFacility2"]}));
        assert_eq!(shown("children::isEmpty,name~rename(n)"), json!({"children": false, "n": "Tarsovia"}));
        assert_eq!(
            shown("children[id,name]~keyBy(name)")["children"]["Alden"],
            json!([{"id": "OuFacility1", "name": "Alden"}])
        );
    }

    #[test]
    fn the_same_property_with_other_transformers_is_refused() {
        assert!(Fields::parse("id,id,parent[id],parent[name]").check().is_ok());
        let refusal = Fields::parse("a~size,a~pluck(id)").check().unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "Duplicate key a (attempted merging values FieldPath(name=a, path=[], exclude=false, preset=false, \
             transformers=[FieldPathTransformer(name=size, parameters=[])], fullPath=a) and FieldPath(name=a, path=[], \
             exclude=false, preset=false, transformers=[FieldPathTransformer(name=pluck, parameters=[id])], fullPath=a))"
        );
    }
}
