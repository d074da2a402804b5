//! Metadata lists and objects with `fields`, `filter`, `order` and paging, and their gist form.
//!
//! Metadata is read here, never written: a sandbox's country is given when it starts.

mod bridge;
pub(crate) mod derive;
mod export;
pub(crate) mod fields;
mod filter;
mod gist;
mod operands;
mod paging;
mod query;
pub(crate) mod schema;

use serde_json::{Map, Value};

use self::derive::Context;
use self::fields::{Fields, project};
use self::filter::{Like, QueryError};
use self::schema::{Kind, Schema};
use crate::access::access;
use crate::exchange::{Request, Response};
use crate::front;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::world::Object;
use xfer_domain::uid::Uid;

/// Answers a request for metadata, or for anything that no other part serves.
pub(crate) fn get(state: &mut State, user: &User, request: &Request) -> Response {
    let base_url = front::base_url(request);
    let shift = std::mem::take(&mut state.settings.next_page_shift);
    let context = Context { profile: state.profile, world: &state.world, user, base_url: &base_url };
    let segments = front::segments(request);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let Some(plural) = segments.first() else { return front::not_found() };
    if *plural == "metadata" && segments.len() == 1 {
        return export::get(context, request);
    }
    let Some(schema) = Schema::of(plural) else { return front::not_found() };
    if request.method != "GET" {
        return front::method_not_allowed(state.profile, &request.method);
    }
    if !front::accepts_json(request) {
        return front::not_acceptable();
    }
    let mut parameters = request.parameters();
    parameters.retain(|(name, _)| name != "gist" || !state.settings.ignores_gist_switch);
    match segments[1..] {
        [] => list(context, schema, request, &parameters, shift),
        ["gist"] => gist::list(context, schema, request, &parameters),
        [id] => match find(context, schema, id) {
            Ok(object) => single(context, schema, object, &Fields::of_request(&parameters, "*")),
            Err(refusal) => *refusal,
        },
        [id, "gist"] => match find(context, schema, id) {
            Ok(object) => gist::single(context, schema, object, &parameters),
            Err(refusal) => *refusal,
        },
        [id, property] => match find(context, schema, id) {
            Ok(object) => property_of(context, schema, object, property, &parameters),
            Err(refusal) => *refusal,
        },
        [id, property, "gist"] => match find(context, schema, id) {
            Ok(object) => gist::collection(context, schema, object, property, request, &parameters),
            Err(refusal) => *refusal,
        },
        _ => front::not_found(),
    }
}

/// The object of an id, or why it is not shown.
fn find<'state>(context: Context<'state>, schema: &Schema, id: &str) -> Result<&'state Object, Box<Response>> {
    if Uid::parse(id).is_err() && context.profile >= Profile::V42 {
        // the path's pattern wants an id; what is left under it are other methods (`metadata/object-malformed-id`)
        return Err(Box::new(front::method_not_allowed(context.profile, "GET")));
    }
    // an object that sharing hides is looked up as if it were not there
    let object = context.world.get(schema.plural, id).filter(|object| access(context.user, object).read);
    object.ok_or_else(|| {
        let message = format!("{} with id {id} could not be found.", schema.class);
        Box::new(Response::web_message(404, Some(&message), Some("E1005")))
    })
}

fn single(context: Context<'_>, schema: &Schema, object: &Object, fields: &Fields) -> Response {
    if let Some(refusal) = refused_twice(context.profile, fields) {
        return refusal;
    }
    Response::json(200, &Value::Object(project(context, schema, object, fields)))
}

/// `GET /api/dataSets/{id}/organisationUnits?fields=name`.
fn property_of(
    context: Context<'_>,
    schema: &Schema,
    object: &Object,
    name: &str,
    parameters: &[(String, String)],
) -> Response {
    if schema.property(context.profile, name).is_none() {
        return front::not_found();
    }
    let nested = Fields::of_request(parameters, ":all");
    let field = fields::Field { name: name.to_owned(), nested: Some(nested), ..fields::Field::default() };
    single(context, schema, object, &Fields(vec![field]))
}

fn list(
    context: Context<'_>,
    schema: &'static Schema,
    request: &Request,
    parameters: &[(String, String)],
    shift: i64,
) -> Response {
    if bridge::takes(context, schema, parameters) {
        return bridge::list(context, schema, request, parameters);
    }
    let fields = Fields::of_request(parameters, ":idName");
    if let Some(refusal) = refused_twice(context.profile, &fields) {
        return refusal;
    }
    let operands = operands::of_request(context, schema, request);
    let objects: Vec<&Object> = match &operands {
        Some(operands) => operands.iter().collect(),
        None => context.world.list(schema.plural).iter().collect(),
    };
    let mut objects = match query::select(context, schema, objects, parameters, Like::Plain) {
        Ok(objects) => objects,
        Err(error) => return query_refusal(context.profile, &error),
    };
    if let Err(error) = query::sort(context, schema, &mut objects, parameters, operands.is_none()) {
        return Response::web_message(400, Some(&error.0), None);
    }
    let mut body = Map::new();
    if let Some(page) = paging::Page::of_request(parameters, objects.len()).map(|page| page.shifted(shift)) {
        body.insert("pager".into(), page.pager(request, schema.plural));
        objects = page.cut(objects);
    }
    let entries = objects.into_iter().map(|object| Value::Object(project(context, schema, object, &fields))).collect();
    body.insert(schema.plural.into(), entries);
    Response::json(200, &Value::Object(body))
}

/// A refused filter: 409 on 2.40, 400 with E1003 later (`metadata/filter-unknown-property`).
fn query_refusal(profile: Profile, error: &QueryError) -> Response {
    if profile == Profile::V40 {
        Response::web_message(409, Some(&error.0), None)
    } else {
        Response::web_message(400, Some(&error.0), Some("E1003"))
    }
}

/// One property twice with other transformers: 409 from the war, an empty 200 from the embedded server, which had
/// begun to answer when it found out (`metadata/fields-transformers`). From 2.44 on the first one counts.
fn refused_twice(profile: Profile, fields: &Fields) -> Option<Response> {
    let duplicate = fields.check().err().filter(|_| profile <= Profile::V43)?;
    if profile <= Profile::V41 {
        return Some(Response::web_message(409, Some(&duplicate.to_string()), None));
    }
    let mut response = Response::json(200, &Value::Null);
    response.body.clear();
    Some(response)
}

/// Whether a property is a list of other objects.
fn is_relation(kind: Kind) -> bool {
    matches!(kind, Kind::Collection(_) | Kind::Parts(_))
}
