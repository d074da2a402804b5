//! The parts of an exchange that say what is read, sent and written (`dhis-api … /dataexchange/aggregate/`).

use serde::Deserialize;
use serde_json::Value;

use crate::ops::error::OpsError;

/// An aggregate data exchange.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Its name.
    #[serde(default)]
    pub name: String,
    pub(super) source: Source,
    #[serde(default)]
    pub(super) target: Target,
    /// Fields that are not known here.
    #[serde(skip)]
    pub(super) unknown: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub params: Params,
    #[serde(default)]
    pub requests: Vec<Request>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Params {
    #[serde(default)]
    pub period_types: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Target {
    pub r#type: Option<String>,
    pub api: Option<Api>,
    #[serde(default)]
    pub request: TargetRequest,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Api {
    pub url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TargetRequest {
    pub id_scheme: Option<String>,
    pub data_element_id_scheme: Option<String>,
    pub category_option_combo_id_scheme: Option<String>,
    pub import_strategy: Option<String>,
    pub skip_audit: Option<bool>,
    pub dry_run: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub dx: Vec<String>,
    #[serde(default)]
    pub pe: Vec<String>,
    #[serde(default)]
    pub ou: Vec<String>,
    #[serde(default)]
    pub filters: Vec<Filter>,
    pub aggregation_type: Option<String>,
    pub input_id_scheme: Option<String>,
    pub output_id_scheme: Option<String>,
    pub output_data_element_id_scheme: Option<String>,
    pub output_data_item_id_scheme: Option<String>,
    pub data_set: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Filter {
    #[serde(default)]
    pub dimension: String,
    #[serde(default)]
    pub items: Vec<String>,
}

/// Fields whose meaning is known, by the part of the exchange. Org units go by the map, whatever scheme names them.
const KNOWN: [(&str, &[&str]); 5] = [
    ("/source", &["params", "requests"]),
    ("/source/params", &["periodTypes"]),
    ("/target", &["type", "api", "request"]),
    (
        "/target/request",
        &[
            "dataElementIdScheme",
            "orgUnitIdScheme",
            "categoryOptionComboIdScheme",
            "idScheme",
            "importStrategy",
            "skipAudit",
            "dryRun",
        ],
    ),
    ("/target/api", &["url", "accessToken", "username", "password"]),
];

const KNOWN_OF_REQUESTS: &[&str] = &[
    "name",
    "visualization",
    "dx",
    "pe",
    "ou",
    "filters",
    "aggregationType",
    "inputIdScheme",
    "outputIdScheme",
    "outputDataElementIdScheme",
    "outputDataItemIdScheme",
    "outputOrgUnitIdScheme",
    "dataSet",
];

/// Reads an exchange, alone or as the only one of a metadata export.
pub fn parse(bytes: &[u8]) -> Result<Exchange, OpsError> {
    let hint = "give the JSON of GET /api/aggregateDataExchanges/ID, or a metadata export with one exchange";
    let no_exchange = |cause: serde_json::Error| {
        OpsError::invalid(format!("the file is not an aggregate data exchange: {cause}"), hint)
    };
    let value: Value = serde_json::from_slice(bytes).map_err(no_exchange)?;
    let value = match value.get("aggregateDataExchanges").and_then(Value::as_array) {
        None => value,
        Some(exchanges) => match exchanges.as_slice() {
            [only] => only.clone(),
            several => {
                return Err(OpsError::invalid(format!("the file holds {} exchanges, not one", several.len()), hint));
            }
        },
    };
    let unknown = unknown_fields(&value);
    let exchange: Exchange = serde_json::from_value(value).map_err(no_exchange)?;
    Ok(Exchange { unknown, ..exchange })
}

fn unknown_fields(value: &Value) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    let mut look = |place: &str, object: Option<&Value>, known: &[&str]| {
        let fields = object.and_then(Value::as_object).into_iter().flatten();
        let not_known = fields.filter(|(field, value)| !known.contains(&field.as_str()) && !value.is_null());
        unknown.extend(not_known.map(|(field, _)| format!("{place}.{field}")));
    };
    for (pointer, known) in KNOWN {
        look(pointer.trim_start_matches('/').replace('/', ".").as_str(), value.pointer(pointer), known);
    }
    for request in value.pointer("/source/requests").and_then(Value::as_array).into_iter().flatten() {
        look("source.requests", Some(request), KNOWN_OF_REQUESTS);
    }
    unknown.sort();
    unknown.dedup();
    unknown
}
