//! `GET dataValueSets` in both shapes.
//!
//! A request is bound ([`query`]), its names are looked up and the rules applied ([`up_to_42`] or [`from_43`]), the
//! values found and sorted ([`selection`]) and written ([`mod@write`]). ADX is not written; it is answered as an error.

mod from_43;
mod moment;
mod names;
mod pack;
mod period_input;
mod query;
mod refusal;
mod selection;
#[cfg(test)]
mod tests;
mod up_to_42;
mod write;

use names::Names;
use query::{Compression, Format, Query};
use refusal::Refusal;
use selection::Selection;

use crate::exchange::{Request, Response};
use crate::state::{State, User};
use crate::values::RegistrationKey;
use crate::world::filling::DEFAULT_OPTION_COMBO;

/// Answers it.
pub(crate) fn get(state: &mut State, user: &User, request: &Request) -> Response {
    let state = &*state;
    if request.method != "GET" && request.method != "HEAD" {
        let message = format!("Request method '{}' is not supported", request.method);
        return Response::web_message(405, Some(&message), None);
    }
    if request.parameter("format").is_some_and(|format| format.to_lowercase().starts_with("adx")) {
        return Response::web_message(409, Some("The sandbox does not write ADX"), None);
    }
    read(state, user, request).unwrap_or_else(|refusal| refusal.into_response(state.profile))
}

fn read(state: &State, user: &User, request: &Request) -> Result<Response, Refusal> {
    let query = Query::bind(request, state.profile)?;
    let newer = state.profile.imports_set_based();
    let mut selection =
        if newer { from_43::select(state, user, &query)? } else { up_to_42::select(state, user, &query)? };
    if newer {
        hoist_only_org_unit(state, user, &query, &mut selection);
    }
    let rows = selection::rows(state, user, &query, &selection);
    let names = Names::new(&state.world, &query.output);
    if newer {
        names.complete(&selection.head, &rows)?;
    }
    let complete = if newer { None } else { complete_date(state, &selection) };
    let text = match query.format {
        Format::Json if newer => write::json_from_43(&selection.head, &names, &rows),
        Format::Json => write::json_up_to_42(&selection.head, complete.as_deref(), &names, &rows),
        Format::Xml => write::xml(&selection.head, complete.as_deref(), &names, &rows, !newer),
        Format::Csv => write::csv(&names, &rows, !newer).map_err(|error| broken(&error))?,
    };
    packed(text, &query, newer).map_err(|error| broken(&error))
}

/// With another scheme for org units 2.43 holds all rows before it writes, and hoists the org unit that they share.
fn hoist_only_org_unit(state: &State, user: &User, query: &Query, selection: &mut Selection) {
    if query.output.org_unit == crate::scheme::Scheme::Uid || selection.head.org_unit.is_some() {
        return;
    }
    let rows = selection::rows(state, user, query, selection);
    let only = rows.first().map(|(key, _)| key.org_unit.clone());
    if let Some(only) = only.filter(|only| rows.iter().all(|(key, _)| key.org_unit == *only)) {
        selection.head.org_unit = Some(only);
    }
}

fn broken(error: &dyn std::error::Error) -> Refusal {
    Refusal::Malformed(error.to_string())
}

/// When the one slice was completed, under the default attribute option combo whatever the data set's combo is
/// (`DefaultDataValueSetService.getCompleteDate`).
fn complete_date(state: &State, selection: &Selection) -> Option<String> {
    let head = &selection.head;
    let key = RegistrationKey {
        data_set: head.data_set.clone()?,
        period: head.period?.to_string(),
        org_unit: head.org_unit.clone()?,
        attribute_option_combo: DEFAULT_OPTION_COMBO.to_owned(),
    };
    state.values.registrations.get(&key).map(|registration| format!("{}T00:00:00.000+0000", registration.date))
}

fn packed(text: String, query: &Query, newer: bool) -> std::io::Result<Response> {
    let dates = match query.dates {
        Some((start, end)) if newer => format!("_{start}_{end}"),
        _ => String::new(),
    };
    let entry = format!("dataValues{dates}.{}", query.format.suffix());
    let (body, file) = match query.compression {
        Compression::None => (text.into_bytes(), entry),
        Compression::Gzip => (pack::gzip(text.as_bytes())?, format!("{entry}.gz")),
        Compression::Zip => (pack::zip(text.as_bytes(), &entry)?, format!("{entry}.zip")),
    };
    let content_type = match query.format {
        Format::Json => "application/json;charset=UTF-8",
        Format::Xml => "application/xml;charset=UTF-8",
        Format::Csv => "application/csv;charset=UTF-8",
    };
    let mut response = Response::empty(200).with_header("content-type", content_type);
    let named = query.attachment.clone().unwrap_or(file);
    if newer {
        response = response.with_header("content-disposition", &format!("attachment; filename=\"{named}\""));
    } else if query.compression != Compression::None || query.attachment.is_some() {
        response = response.with_header("content-disposition", &format!("attachment; filename={named}"));
    }
    response.body = body;
    Ok(response)
}
