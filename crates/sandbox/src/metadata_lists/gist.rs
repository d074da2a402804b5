//! The gist form of lists: flat fields, collections as links or numbers.

use serde_json::{Map, Value};

use crate::exchange::{Request, Response};
use crate::front;
use crate::metadata_lists::derive::{self, Context};
use crate::metadata_lists::fields::{self, Field, Fields};
use crate::metadata_lists::filter::{Like, QueryError};
use crate::metadata_lists::schema::{Kind, Property, Schema};
use crate::metadata_lists::{is_relation, query, query_refusal};
use crate::profile::Profile;
use crate::world::{Object, references, text};

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
    let mut objects = match selected(context, schema, objects, parameters) {
        Ok(objects) => objects,
        Err(error) => return query_refusal(context.profile, &error),
    };
    if let Err(error) = query::sort(context, schema, &mut objects, parameters, true) {
        return Response::web_message(400, Some(&error.0), None);
    }
    let Some(page) = Page::of_request(parameters) else {
        return Response::web_message(500, Some("/ by zero"), None);
    };
    let total = objects.len();
    let fields = Fields::of_request(parameters, "*");
    objects.retain(|object| !is_lost(context, schema, object, &fields));
    let entries: Vec<Value> = page
        .cut(objects)
        .into_iter()
        .map(|object| Value::Object(show(context, schema, object, &fields, parameters)))
        .collect();
    if value("headless") == Some("true") {
        return Response::json(200, &Value::Array(entries));
    }
    let counted = ["total", "totalPages"].iter().any(|name| value(name) == Some("true"));
    let mut body = Map::new();
    body.insert("pager".into(), page.pager(context, request, endpoint, counted.then_some(total)));
    if context.profile >= Profile::V44 {
        body.insert("gist".into(), true.into());
    }
    body.insert(key.into(), Value::Array(entries));
    Response::json(200, &Value::Object(body))
}

/// The objects that pass the filters. A `like` takes `*` and `?` for wildcards here.
pub(super) fn selected<'object>(
    context: Context<'_>,
    schema: &'static Schema,
    objects: Vec<&'object Object>,
    parameters: &[(String, String)],
) -> Result<Vec<&'object Object>, QueryError> {
    query::select(context, schema, objects, parameters, Like::WithWildcards)
}

/// A page of a gist list (`GistPager`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// The page that a request asks for; none for a size of 0, by which the server divides.
    pub(super) fn of_request(parameters: &[(String, String)]) -> Option<Self> {
        let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let number = |name: &str, default: usize| {
            let given = value(name).and_then(|text| text.parse::<i64>().ok());
            given.map_or(default, |given| usize::try_from(given.unsigned_abs()).unwrap_or(default))
        };
        let size = number("pageSize", DEFAULT_PAGE).min(LARGEST_PAGE);
        (size > 0).then(|| Self { number: number("page", 1).max(1), size })
    }

    /// The objects on the page.
    pub(super) fn cut(self, objects: Vec<&Object>) -> Vec<&Object> {
        objects.into_iter().skip((self.number - 1).saturating_mul(self.size)).take(self.size).collect()
    }

    /// The `pager`: the page that was asked for, be it beyond the end. Without a count there is always a next page
    /// from 2.43 on (`extra/metadata/gist-parent-root`).
    pub(super) fn pager(self, context: Context<'_>, request: &Request, endpoint: &str, total: Option<usize>) -> Value {
        let mut pager = Map::new();
        pager.insert("page".into(), self.number.into());
        pager.insert("pageSize".into(), self.size.into());
        if let Some(total) = total {
            pager.insert("total".into(), total.into());
            pager.insert("pageCount".into(), total.div_ceil(self.size).into());
        }
        let more = total.map_or(context.profile >= Profile::V43, |total| total.div_ceil(self.size) > self.number);
        if more {
            pager.insert("nextPage".into(), link(context, request, endpoint, self.number + 1).into());
        }
        if self.number > 1 {
            pager.insert("prevPage".into(), link(context, request, endpoint, self.number - 1).into());
        }
        Value::Object(pager)
    }
}

/// Links are relative to the API up to 2.41 (`metadata/gist-org-units`).
fn api_root(context: Context<'_>) -> &'static str {
    if context.profile <= Profile::V41 { "" } else { "/api" }
}

/// The request again with another page at the end, its parameters as they were sent.
fn link(context: Context<'_>, request: &Request, endpoint: &str, page: usize) -> String {
    let host = if context.profile <= Profile::V41 { "" } else { context.base_url };
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let kept: Vec<String> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("page="))
        .map(str::to_owned)
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
            Kind::Reference(_) | Kind::Author if field.is_some_and(|field| field.nested.is_some()) => {
                let fields = field.cloned().into_iter().collect();
                return fields::project(context, schema, object, &Fields(fields)).remove(property.name);
            }
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

/// Whether gist leaves an object out: a reference of which something is asked is empty.
pub(super) fn is_lost(context: Context<'_>, schema: &Schema, object: &Object, fields: &Fields) -> bool {
    fields.0.iter().filter(|field| field.nested.is_some() && !field.exclude).any(|field| {
        let property = schema.property(context.profile, &field.name);
        let property = property.filter(|property| matches!(property.kind, Kind::Reference(_)));
        property.is_some_and(|property| derive::value(context, schema, object, property).is_none())
    })
}
