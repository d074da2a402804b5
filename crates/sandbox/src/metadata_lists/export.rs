//! `GET /api/metadata`: several types in one answer, unpaged.

use serde_json::{Map, Value, json};

use crate::exchange::{Request, Response};
use crate::front;
use crate::metadata_lists::derive::{Context, IMPORTED};
use crate::metadata_lists::fields::{Fields, project};
use crate::metadata_lists::filter::Like;
use crate::metadata_lists::schema::{SCHEMAS, Schema};
use crate::metadata_lists::{query, query_refusal};

/// Answers it. Without naming types it is for those who may export metadata (`DefaultMetadataExportService.validate`).
pub(super) fn get(context: Context<'_>, request: &Request) -> Response {
    if request.method != "GET" {
        return front::method_not_allowed(context.profile, &request.method);
    }
    let parameters = request.parameters();
    let named: Vec<&'static Schema> = SCHEMAS
        .iter()
        .filter(|schema| parameters.iter().any(|(name, value)| name == schema.plural && value == "true"))
        .collect();
    let types: Vec<&'static Schema> = if named.is_empty() {
        if !context.user.has_authority("F_METADATA_EXPORT") {
            let message = "Unfiltered access to metadata export requires super user or 'F_METADATA_EXPORT' authority.";
            return Response::web_message(409, Some(message), None);
        }
        SCHEMAS.iter().filter(|schema| schema.plural != "dataElementOperands").collect()
    } else {
        named
    };
    let mut body = Map::new();
    body.insert(
        "system".into(),
        json!({"id": "00000000-0000-0000-0000-000000000000", "rev": "", "version": context.profile.version(), "date": IMPORTED}),
    );
    for schema in types {
        // `dataElements:fields=…` belongs to one type, `fields=…` to all
        let own: Vec<(String, String)> = parameters
            .iter()
            .filter_map(|(name, value)| match name.split_once(':') {
                Some((plural, name)) => (plural == schema.plural).then(|| (name.to_owned(), value.clone())),
                None => ["fields", "filter", "order", "defaults"]
                    .contains(&name.as_str())
                    .then(|| (name.clone(), value.clone())),
            })
            .collect();
        let fields = Fields::of_request(&own, ":owner");
        let objects = context.world.list(schema.plural).iter().collect();
        let mut objects = match query::select(context, schema, objects, &own, Like::Plain) {
            Ok(objects) => objects,
            Err(error) => return query_refusal(context.profile, &error),
        };
        if let Err(error) = query::sort(context, schema, &mut objects, &own, true) {
            return Response::web_message(400, Some(&error.0), None);
        }
        if objects.is_empty() {
            continue;
        }
        let shown = objects.into_iter().map(|object| Value::Object(project(context, schema, object, &fields)));
        body.insert(schema.plural.into(), shown.collect());
    }
    Response::json(200, &Value::Object(body))
}
