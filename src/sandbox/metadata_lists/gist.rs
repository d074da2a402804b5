//! The gist form of lists: flat fields, collections as links or numbers.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use crate::sandbox::exchange::{Request, Response};
use crate::sandbox::front;
use crate::sandbox::metadata_lists::derive::{self, Context};
use crate::sandbox::metadata_lists::fields::{Field, Fields};
use crate::sandbox::metadata_lists::schema::{Kind, Property, Schema};
use crate::sandbox::metadata_lists::{is_relation, query, query_refusal};
use crate::sandbox::profile::Profile;
use crate::sandbox::world::{Object, references, text};

/// The largest page that gist gives, whatever was asked.
const LARGEST_PAGE: usize = 1000;
const DEFAULT_PAGE: usize = 50;

/// `GET /api/{plural}/gist`.
pub(super) fn list(
    context: Context<'_>,
    schema: &'static Schema,
    request: &Request,
    parameters: &[(String, String)],
) -> Response {
    let objects = context.world.list(schema.plural).iter().collect();
    let endpoint = format!("/{}/gist", schema.plural);
    answer(context, schema, objects, request, parameters, &endpoint, schema.plural)
}

/// `GET /api/{plural}/{id}/gist`.
pub(super) fn single(
    context: Context<'_>,
    schema: &Schema,
    object: &Object,
    parameters: &[(String, String)],
) -> Response {
    let fields = Fields::of_request(parameters, "*");
    Response::json(200, &Value::Object(show(context, schema, object, &fields, parameters)))
}

/// `GET /api/{plural}/{id}/{property}/gist`.
pub(super) fn collection(
    context: Context<'_>,
    schema: &Schema,
    object: &Object,
    name: &str,
    request: &Request,
    parameters: &[(String, String)],
) -> Response {
    let Some(Kind::Collection(plural)) = schema.property(context.profile, name).map(|property| property.kind) else {
        return front::not_found();
    };
    let Some(inner) = Schema::of(plural) else { return front::not_found() };
    let objects = references(object, name).into_iter().filter_map(|id| context.world.get(plural, id)).collect();
    let id = text(object, "id").unwrap_or_default();
    answer(context, inner, objects, request, parameters, &format!("/{}/{id}/{name}/gist", schema.plural), name)
}

fn answer(
    context: Context<'_>,
    schema: &'static Schema,
    objects: Vec<&Object>,
    request: &Request,
    parameters: &[(String, String)],
    endpoint: &str,
    key: &str,
) -> Response {
    let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let mut objects = match query::select(context, schema, objects, parameters) {
        Ok(objects) => objects,
        Err(error) => return query_refusal(context.profile, &error),
    };
    if let Err(error) = query::sort(context, schema, &mut objects, parameters, true) {
        return Response::web_message(400, Some(&error.0), None);
    }
    let number = |name: &str, default: usize| value(name).and_then(|text| text.parse().ok()).unwrap_or(default).max(1);
    let (page, size) = (number("page", 1), number("pageSize", DEFAULT_PAGE).min(LARGEST_PAGE));
    let total = objects.len();
    let fields = Fields::of_request(parameters, "*");
    let entries: Vec<Value> = objects
        .into_iter()
        .skip((page - 1).saturating_mul(size))
        .take(size)
        .map(|object| Value::Object(show(context, schema, object, &fields, parameters)))
        .collect();
    if value("headless") == Some("true") {
        return Response::json(200, &Value::Array(entries));
    }
    let counted = ["total", "totalPages"].iter().any(|name| value(name) == Some("true"));
    let mut pager = Map::new();
    pager.insert("page".into(), page.into());
    pager.insert("pageSize".into(), size.into());
    if counted {
        pager.insert("total".into(), total.into());
    }
    if page * size < total {
        pager.insert("nextPage".into(), link(context, request, endpoint, page + 1).into());
    }
    if page > 1 {
        pager.insert("prevPage".into(), link(context, request, endpoint, page - 1).into());
    }
    if counted {
        pager.insert("pageCount".into(), total.div_ceil(size).into());
    }
    let mut body = Map::new();
    body.insert("pager".into(), Value::Object(pager));
    body.insert(key.into(), Value::Array(entries));
    Response::json(200, &Value::Object(body))
}

/// Links are relative to the API up to 2.41 (`metadata/gist-org-units`).
fn api_root(context: Context<'_>) -> &'static str {
    if context.profile <= Profile::V41 { "" } else { "/api" }
}

/// The request again with another page at the end, parameters decoded.
fn link(context: Context<'_>, request: &Request, endpoint: &str, page: usize) -> String {
    let host = if context.profile <= Profile::V41 { "" } else { context.base_url };
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let kept: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("page="))
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .chain([format!("page={page}")])
        .collect();
    format!("{host}{}{endpoint}?{}", api_root(context), kept.join("&"))
}

/// One object: simple values, ids of references, and for each collection what its transformer says beside a link.
fn show(
    context: Context<'_>,
    schema: &Schema,
    object: &Object,
    fields: &Fields,
    parameters: &[(String, String)],
) -> Object {
    let mut shown = Map::new();
    let mut links = Map::new();
    let id = text(object, "id").unwrap_or_default();
    for field in wanted(context, schema, fields) {
        let (name, field) = field;
        let Some(property) = schema.property(context.profile, name) else { continue };
        if is_relation(property.kind) {
            let link = format!("{}/{}/{id}/{name}/gist", api_root(context), schema.plural);
            links.insert(name.to_owned(), link.into());
        }
        let key = renamed(field).unwrap_or(name).to_owned();
        if let Some(value) = flat(context, schema, object, property, field) {
            shown.insert(key, value);
        }
    }
    let referred = parameters.iter().any(|(name, value)| name == "references" && value == "false");
    if !links.is_empty() && !referred {
        shown.insert("apiEndpoints".into(), Value::Object(links));
    }
    shown
}

/// The properties to show with the entries that name them; `*` stands for the simple ones and the collections.
fn wanted<'own>(context: Context<'_>, schema: &Schema, fields: &'own Fields) -> Vec<(&'own str, Option<&'own Field>)> {
    let mut wanted: Vec<(&str, Option<&Field>)> = Vec::new();
    for field in fields.0.iter().filter(|field| !field.exclude) {
        if field.preset {
            let own = schema.properties(context.profile).filter(|property| property.owner);
            wanted.extend(
                own.filter(|property| !matches!(property.kind, Kind::Opaque)).map(|property| (property.name, None)),
            );
        } else {
            wanted.push((field.name.as_str(), Some(field)));
        }
    }
    let excluded = |name: &str| fields.0.iter().any(|field| field.exclude && field.name == name);
    wanted.retain(|(name, _)| !excluded(name));
    wanted
}

fn renamed(field: Option<&Field>) -> Option<&str> {
    let transformers = &field?.transformers;
    transformers.iter().find(|transformer| transformer.name == "rename")?.parameters.first().map(String::as_str)
}

fn flat(
    context: Context<'_>,
    schema: &Schema,
    object: &Object,
    property: &Property,
    field: Option<&Field>,
) -> Option<Value> {
    let value = derive::value(context, schema, object, property)?;
    if !is_relation(property.kind) {
        return Some(match property.kind {
            Kind::Reference(_) | Kind::Author => value.get("id").cloned().unwrap_or(value),
            _ => value,
        });
    }
    let entries = value.as_array()?;
    let ids = || entries.iter().filter_map(|entry| entry.get("id").cloned()).collect::<Vec<_>>();
    let transformer = field?.transformers.iter().find(|transformer| transformer.name != "rename")?;
    Some(match transformer.name.as_str() {
        "size" => entries.len().into(),
        "isEmpty" | "is-empty" => entries.is_empty().into(),
        "isNotEmpty" | "is-not-empty" | "not-empty" => (!entries.is_empty()).into(),
        "ids" => ids().into(),
        "id-objects" => ids().into_iter().map(|id| serde_json::json!({"id": id})).collect(),
        "member" => transformer.parameters.first().is_some_and(|id| ids().iter().any(|own| own == id)).into(),
        "not-member" => (!transformer.parameters.first().is_some_and(|id| ids().iter().any(|own| own == id))).into(),
        _ => return None,
    })
}
