//! Writes an answer as a grid: JSON and CSV.
//!
//! The rows are written by hand: an answer may hold a hundred thousand of them.

use serde_json::{Value, json};

use super::dimension::{DataItem, Dimensions};
use super::query::{OutputSchemes, Query};
use super::rows::{Row, Shown};
use crate::exchange::Response;
use crate::scheme::Scheme;
use crate::state::State;
use xfer_domain::period::Period;

/// The columns of an indicator's parts, shown for `includeNumDen`.
const PARTS: [(&str, &str); 5] = [
    ("numerator", "Numerator"),
    ("denominator", "Denominator"),
    ("factor", "Factor"),
    ("multiplier", "Multiplier"),
    ("divisor", "Divisor"),
];

/// The headers: name and title of every column.
fn headers(query: &Query, dimensions: &Dimensions) -> Vec<(String, String, bool)> {
    if query.skip_data {
        return Vec::new();
    }
    let columns = dimensions.columns.iter();
    let mut headers: Vec<_> = columns.map(|column| (column.name.clone(), column.title.clone(), true)).collect();
    headers.push(("value".into(), "Value".into(), false));
    if query.include_num_den {
        headers.extend(PARTS.iter().map(|(name, title)| ((*name).into(), (*title).into(), false)));
    }
    headers
}

/// The cells of a row behind those of its columns.
fn value_cells(row: &Row<'_>, query: &Query) -> Vec<String> {
    let mut cells = vec![match &row.value {
        Shown::Number(number) => number.grid_text(),
        Shown::Text(text) => text.clone(),
    }];
    if query.include_num_den {
        match &row.parts {
            Some(parts) => cells.extend(parts.iter().map(|number| number.grid_text())),
            None => cells.extend(PARTS.iter().map(|_| String::new())),
        }
    }
    cells
}

/// The grid as JSON.
pub(super) fn json(query: &Query, dimensions: &Dimensions, metadata: &Value, rows: &[Row<'_>]) -> Response {
    let headers = headers(query, dimensions);
    let shown: Vec<Value> = headers
        .iter()
        .map(|(name, title, is_meta)| {
            let (value_type, java) =
                if *is_meta { ("TEXT", "java.lang.String") } else { ("NUMBER", "java.lang.Double") };
            json!({
                "name": name, "column": title, "valueType": value_type, "type": java, "hidden": false, "meta": is_meta,
            })
        })
        .collect();
    let width = if rows.is_empty() { 0 } else { headers.len() };
    let mut body = String::with_capacity(rows.len() * 64 + 2048);
    body.push_str("{\"headers\":");
    body.push_str(&Value::Array(shown).to_string());
    body.push_str(",\"metaData\":");
    body.push_str(&metadata.to_string());
    body.push_str(",\"rowContext\":{},\"rows\":[");
    for (position, row) in rows.iter().enumerate() {
        body.push_str(if position == 0 { "[" } else { ",[" });
        for item in &row.items {
            push_text(&mut body, item);
            body.push(',');
        }
        for (place, cell) in value_cells(row, query).iter().enumerate() {
            if place > 0 {
                body.push(',');
            }
            push_text(&mut body, cell);
        }
        body.push(']');
    }
    let tail = format!("],\"width\":{width},\"height\":{},\"headerWidth\":{}}}", rows.len(), headers.len());
    body.push_str(&tail);
    let mut response = Response::empty(200)
        .with_header("content-type", "application/json;charset=UTF-8")
        .with_header("cache-control", "max-age=60, public");
    response.body = body.into_bytes();
    response
}

fn push_text(body: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        body.push('"');
        body.push_str(text);
        body.push('"');
    } else {
        body.push_str(&Value::from(text).to_string());
    }
}

/// The grid as CSV; the error is the writer's.
pub(super) fn csv(query: &Query, dimensions: &Dimensions, rows: &[Row<'_>]) -> Result<Response, csv::Error> {
    let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    writer.write_record(headers(query, dimensions).iter().map(|(_, title, _)| title))?;
    for row in rows {
        writer.write_record(row.items.iter().chain(&value_cells(row, query)))?;
    }
    let mut response = Response::empty(200)
        .with_header("content-type", "application/csv;charset=UTF-8")
        .with_header("content-disposition", "attachment; filename=\"data.csv\"")
        .with_header("cache-control", "max-age=60, public");
    response.body = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(response)
}

/// Rewrites the ids of rows into an output scheme. Objects that lack the property keep their id, and metadata keeps
/// its ids (`analytics/output-id-scheme-code`). With `skipMeta` rows are left as they are.
pub(super) fn rename(state: &State, schemes: &OutputSchemes, dimensions: &Dimensions, rows: &mut [Row<'_>]) {
    let name = |scheme: &Scheme, plurals: &[&str], id: &str| {
        let object = plurals.iter().find_map(|plural| state.world.get(plural, id))?;
        scheme.of(object).map(str::to_owned)
    };
    for row in rows {
        for (column, cell) in dimensions.columns.iter().zip(&mut row.items) {
            let renamed = match column.name.as_str() {
                "dx" => match row.item {
                    DataItem::Element(id) => name(&schemes.data_element, &["dataElements"], id),
                    DataItem::Indicator(id) | DataItem::ProgramIndicator(id) => {
                        name(&schemes.item, &["indicators", "programIndicators"], id)
                    }
                    _ => None,
                },
                "ou" => name(&schemes.org_unit, &["organisationUnits"], cell),
                "pe" if schemes.any == Scheme::Name => {
                    let named = |period| super::period_names::of_period(period, state.profile);
                    Period::parse(cell).ok().map(named)
                }
                "pe" => None,
                _ => name(&schemes.any, &["categoryOptionCombos", "categoryOptions", "organisationUnitGroups"], cell),
            };
            if let Some(renamed) = renamed {
                *cell = renamed;
            }
        }
    }
}
