//! `analytics`: the grid, the data value set, and every refusal.
//!
//! A request is bound ([`query`]), its names are looked up ([`resolve`]), access and rules checked ([`validate`]), the
//! rows computed ([`rows`]) and written ([`grid`], [`value_set`]). There are no tables: what is stored now is what is
//! aggregated. Not there: raw data, event analytics, `explain`, table layouts, other formats than JSON and CSV, group
//! sets of data elements and category options, sub-expressions and functions in expressions.

mod aggregate;
mod dimension;
mod elements;
mod expression;
mod expression_parser;
mod frame;
mod grid;
mod indicators;
mod metadata;
mod number;
mod period_names;
mod period_targets;
mod place;
mod program_indicators;
mod query;
mod refusal;
mod reporting_rates;
mod resolve;
mod resolve_org_units;
mod resolve_periods;
mod rows;
mod table;
#[cfg(test)]
mod tests;
mod validate;
mod value_set;

use query::Query;
use refusal::Refusal;

use crate::exchange::{Request, Response};
use crate::state::{State, User};

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Grid,
    Csv,
    ValueSet,
}

/// Answers it.
pub(crate) fn get(state: &mut State, user: &User, request: &Request) -> Response {
    let state = &*state;
    if request.method != "GET" && request.method != "HEAD" {
        let message = format!("Request method '{}' is not supported", request.method);
        return Response::web_message(405, Some(&message), None);
    }
    let form = match request.path().trim_end_matches('/') {
        "/api/analytics" | "/api/analytics.json" => Form::Grid,
        "/api/analytics.csv" => Form::Csv,
        "/api/analytics/dataValueSet.json" => Form::ValueSet,
        _ => {
            return Response::html(
                404,
                "<!doctype html><html><body><h1>HTTP Status 404 – Not Found</h1></body></html>",
            );
        }
    };
    match answer(state, user, request, form) {
        Ok(response) => response,
        // Errors of other formats than JSON are pages with a status that says nothing (dhis2-api 4.7).
        Err(refusal) if form == Form::Csv => {
            let told = refusal.into_response(state.profile);
            Response::html(200, &format!("<html><body>{}</body></html>", String::from_utf8_lossy(&told.body)))
        }
        Err(refusal) => refusal.into_response(state.profile),
    }
}

fn answer(state: &State, user: &User, request: &Request, form: Form) -> Result<Response, Refusal> {
    let query = Query::bind(request)?;
    let dimensions = resolve::resolve(state, user, &query)?;
    validate::validate(state, user, &query, &dimensions)?;
    if form == Form::ValueSet {
        value_set::check(&dimensions)?;
    }
    let mut rows = if query.skip_data { Vec::new() } else { rows::rows(state, &query, &dimensions)? };
    if let Some(schemes) = query.output.as_ref().filter(|_| !query.skip_meta) {
        grid::rename(state, schemes, &dimensions, &mut rows);
    }
    match form {
        Form::Grid => {
            let metadata = metadata::metadata(state, user, &query, &dimensions);
            Ok(grid::json(&query, &dimensions, &metadata, &rows))
        }
        Form::Csv => grid::csv(&query, &dimensions, &rows).map_err(|error| Refusal::Malformed(error.to_string())),
        Form::ValueSet => Ok(Response::json(200, &value_set::value_set(state, &dimensions, &rows))),
    }
}
