//! Lists that 2.44 answers by its gist engine instead of the one of the versions before, and what gets lost there.
//!
//! Whether it does depends on the request alone (`GistBridge`): every field, filter and order must be simple. The
//! answer then says `"gist": true` and differs in what it lists (`extra/metadata/paged-parent-root`): an object whose
//! nested reference is empty is left out while `pager.total` counts it, and of a nested collection what the user may
//! not read. `gist=false` switches it off.

use serde_json::{Map, Value};

use crate::access::access;
use crate::exchange::{Request, Response};
use crate::front;
use crate::metadata_lists::derive::{self, Context};
use crate::metadata_lists::fields::{Field, Fields, project};
use crate::metadata_lists::schema::{Kind, Property, Schema};
use crate::metadata_lists::{filter, gist, query};
use crate::profile::Profile;
use crate::world::{Object, text};

/// The parameters that gist understands as lists do.
const UNDERSTOOD: [&str; 9] =
    ["fields", "filter", "order", "page", "pageSize", "paging", "locale", "rootJunction", "gist"];

/// What a list shows unless asked otherwise.
const DEFAULT_FIELDS: &str = "id,displayName";

/// Characters that Java's `URI` takes for an error in a query where they stand raw.
const ILLEGAL: [char; 6] = ['\\', '|', '{', '}', '^', '`'];

/// Whether a list is answered by gist.
pub(super) fn takes(context: Context<'_>, schema: &Schema, parameters: &[(String, String)]) -> bool {
    let all = |name: &str| -> Vec<&str> {
        parameters.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    };
    if context.profile < Profile::V44 {
        return false;
    }
    match all("gist").first() {
        Some(&"true") => return true,
        Some(&"false") => return false,
        _ => {}
    }
    let fields = all("fields").join(",");
    let filters = all("filter");
    all("paging") != ["false"]
        && schema.plural != "attributes"
        && parameters.iter().all(|(name, _)| UNDERSTOOD.contains(&name.as_str()))
        && Fields::parse(if fields.is_empty() { DEFAULT_FIELDS } else { &fields })
            .0
            .iter()
            .all(|field| is_simple_field(context, schema, field))
        && !filters.iter().any(|filter| filter.contains("token") || filter.contains("display"))
        && filters.iter().all(|filter| is_simple_filter(context, schema, filter))
        && all("order").iter().flat_map(|orders| orders.split(',')).all(|order| is_simple_order(context, schema, order))
}

/// A stored value, a display name, or stored values of objects that are referred to.
fn is_simple_field(context: Context<'_>, schema: &Schema, field: &Field) -> bool {
    let Some(property) = schema.property(context.profile, &field.name).filter(|_| !field.preset) else { return false };
    match (property.kind, &field.nested) {
        (Kind::Reference(plural) | Kind::Collection(plural), Some(nested)) => {
            let Some(inner) = Schema::of(plural) else { return false };
            // What is below must be stored; whether the reference itself is, nobody asks.
            nested.0.iter().all(|field| {
                let property = inner.property(context.profile, &field.name).filter(|_| !field.preset);
                field.nested.is_none()
                    && property.is_some_and(|property| property.kind.is_simple() && is_kept(property))
            })
        }
        (Kind::Author, Some(nested)) => nested.0.iter().all(|field| matches!(field.name.as_str(), "id" | "username")),
        (kind, None) if kind.is_simple() => is_kept(property) || is_translated(property),
        (Kind::Part(_), None) => property.name == "sharing",
        _ => false,
    }
}

fn is_simple_filter(context: Context<'_>, schema: &Schema, filter: &str) -> bool {
    let mut parts = filter.split(':');
    let (path, operator) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let property = schema.property(context.profile, path).filter(|_| filter::is_operator(context, operator));
    property.is_some_and(|property| is_kept(property) && !is_embedded(property))
}

fn is_simple_order(context: Context<'_>, schema: &Schema, order: &str) -> bool {
    let (path, direction) = order.split_once(':').unwrap_or((order, "asc"));
    let property = schema.property(context.profile, path);
    !direction.to_lowercase().starts_with('i')
        && property.is_some_and(|property| property.kind.is_simple() && (is_kept(property) || is_translated(property)))
}

/// `displayName` and the like, of what is stored in a language.
fn is_translated(property: &Property) -> bool {
    property.name.starts_with("display")
}

fn is_embedded(property: &Property) -> bool {
    matches!(property.kind, Kind::Part(_) | Kind::Parts(_) | Kind::Opaque)
}

/// Whether the database keeps a property. The other end of a relation is kept though it is not owned, and so is an org
/// unit's level; what is computed from others is not.
fn is_kept(property: &Property) -> bool {
    match property.kind {
        Kind::Reference(_) | Kind::Collection(_) => property.name != "ancestors",
        Kind::Author => property.name != "user",
        _ => property.owner || property.name == "level",
    }
}

/// Answers a list as gist does for a request that was meant for the other engine.
pub(super) fn list(
    context: Context<'_>,
    schema: &'static Schema,
    request: &Request,
    parameters: &[(String, String)],
) -> Response {
    let fields = Fields::of_request(parameters, DEFAULT_FIELDS);
    if let Some(refusal) = refuse(context, schema, request, &fields) {
        return refusal;
    }
    let objects: Vec<&Object> = context.world.list(schema.plural).iter().collect();
    let (objects, total) = match gist::selected(context, schema, objects, parameters) {
        Ok(mut objects) => match query::sort(context, schema, &mut objects, parameters, false) {
            Ok(()) => {
                let total = objects.len();
                objects.retain(|object| !gist::is_lost(context, schema, object, &fields));
                (objects, total)
            }
            Err(error) => return Response::web_message(400, Some(&error.0), None),
        },
        Err(error) => return Response::web_message(400, Some(&error.0), None),
    };
    let Some(page) = gist::Page::of_request(parameters) else {
        return Response::web_message(500, Some("/ by zero"), None);
    };
    let entries: Vec<Value> = page
        .cut(objects)
        .into_iter()
        .map(|object| Value::Object(project(context, schema, &readable(context, schema, object, &fields), &fields)))
        .collect();
    let mut body = Map::new();
    // Links repeat the request's own path, a suffix or a slash at its end included.
    let endpoint = request.path().trim_start_matches("/api");
    body.insert("pager".into(), page.pager(context, request, endpoint, Some(total)));
    body.insert("gist".into(), true.into());
    body.insert(schema.plural.into(), Value::Array(entries));
    Response::json(200, &Value::Object(body))
}

/// What the engine falls over: it is asked all the same.
fn refuse(context: Context<'_>, schema: &Schema, request: &Request, fields: &Fields) -> Option<Response> {
    let refusal = |message: String| Some(Response::web_message(400, Some(&message), None));
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    if query.contains(ILLEGAL) {
        let url = format!("{}{}", front::base_url(request), request.target);
        let at = url.find(ILLEGAL).unwrap_or_default();
        return refusal(format!("Illegal character in query at index {at}: {url}"));
    }
    for field in &fields.0 {
        let Some(property) = schema.property(context.profile, &field.name) else { continue };
        if !is_embedded(property) && !property.kind.is_simple() && !is_kept(property) {
            let (name, class) = (property.name, schema.class);
            return refusal(format!("org.hibernate.QueryException: could not resolve property: {name} of: {class}"));
        }
        // A list that is kept in its order cannot be asked for that order.
        let sorted = matches!(property.kind, Kind::Collection("options"))
            && field.nested.as_ref().is_some_and(|nested| nested.0.iter().any(|field| field.name == "sortOrder"));
        if sorted {
            return refusal(
                "com.fasterxml.jackson.databind.JsonMappingException: Null key for a Map not allowed in JSON"
                    .to_owned(),
            );
        }
    }
    None
}

/// The object with collections that hold only what the user may read.
fn readable(context: Context<'_>, schema: &Schema, object: &Object, fields: &Fields) -> Object {
    let mut shown = object.clone();
    for field in fields.0.iter().filter(|field| field.nested.is_some()) {
        let Some(property) = schema.property(context.profile, &field.name) else { continue };
        let Kind::Collection(plural) = property.kind else { continue };
        let Some(Value::Array(entries)) = derive::value(context, schema, object, property) else { continue };
        let may_read = |entry: &Value| {
            let id = entry.get("id").and_then(Value::as_str).unwrap_or_default();
            context.world.get(plural, id).is_none_or(|object| access(context.user, object).read)
        };
        let mut kept: Vec<Value> = entries.into_iter().filter(may_read).collect();
        if plural == "options" {
            // not in the order of the set
            kept.sort_by_key(|entry| entry.as_object().and_then(|entry| text(entry, "id").map(str::to_owned)));
        }
        shown.insert(property.name.to_owned(), Value::Array(kept));
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::state::User;
    use crate::world::World;

    fn taken(plural: &str, query: &str) -> bool {
        let world = World::load(&json!({}));
        let user = User { object: Object::new(), authorities: vec!["ALL".into()] };
        let context = Context { profile: Profile::V44, world: &world, user: &user, base_url: "http://h" };
        let target = format!("/api/{plural}?{query}");
        let request = Request { method: "GET".into(), target, headers: Vec::new(), body: Vec::new() };
        takes(context, Schema::of(plural).unwrap(), &request.parameters())
    }

    #[test]
    fn one_field_more_or_less_decides() {
        for (plural, query) in [
            ("organisationUnits", "fields=id,parent[id]&order=id:asc"),
            ("organisationUnits", "fields=id,ancestors[id]"),
            ("categoryOptionCombos", "fields=id,code,name,categoryCombo[id],categoryOptions[id]&pageSize=5&page=2"),
            ("dataElements", "fields=id,displayName,sharing&filter=domainType:eq:AGGREGATE"),
            ("organisationUnits", "fields=id,level&filter=level:eq:1&rootJunction=OR"),
            ("categoryCombos", "gist=true&fields=:all"),
            ("organisationUnits", "order=id:asc"),
        ] {
            assert!(taken(plural, query), "{plural}?{query}");
        }
        for (plural, query) in [
            ("organisationUnits", "fields=id,parent[id]&gist=false"),
            ("organisationUnits", "fields=id,parent[id]&paging=false"),
            ("organisationUnits", "fields=id&filter=name:resembles:x"),
            ("organisationUnits", "fields=id,parent"),
            ("organisationUnits", "fields=id,parent[parent[id]]"),
            ("organisationUnits", "fields=id,children~size"),
            ("organisationUnits", "fields=id,attributeValues[value]"),
            ("organisationUnits", "fields=id&query=alden"),
            ("organisationUnits", "fields=id&order=name:iasc"),
            ("organisationUnits", "fields=id&filter=parent.id:eq:OuNation001"),
            ("organisationUnits", "fields=id&filter=name:token:a"),
            ("categoryCombos", "fields=id,isDefault"),
            ("dataSets", "fields=id,access[data]"),
            ("attributes", "fields=id"),
            ("dataElements", "fields=:owner"),
        ] {
            assert!(!taken(plural, query), "{plural}?{query}");
        }
    }
}
