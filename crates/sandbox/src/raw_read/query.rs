//! The parameters of `GET dataValueSets`, read as the server binds them.
//!
//! Binding fails before any rule of the query is looked at: malformed dates, numbers and (2.43) orders are 400.

use jiff::civil::Date;

use super::moment;
use super::refusal::Refusal;
use crate::exchange::Request;
use crate::profile::Profile;
use crate::scheme::Scheme;

/// What a row is sorted by (2.43: `DataExportParams.Order`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    DataElement,
    OrgUnit,
    Period,
    Created,
    AttributeOptionCombo,
}

/// In which format the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Xml,
    Csv,
}

impl Format {
    /// The suffix of the file name.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Csv => "csv",
        }
    }
}

/// How the answer is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zip,
}

/// By which property the query names objects.
#[derive(Debug, Default)]
pub(super) struct InputSchemes {
    pub(super) any: Scheme,
    pub(super) data_set: Scheme,
    pub(super) data_element: Scheme,
    pub(super) data_element_group: Scheme,
    pub(super) org_unit: Scheme,
}

/// Which property the answer shows.
#[derive(Debug, Default)]
pub(super) struct OutputSchemes {
    pub(super) data_set: Scheme,
    pub(super) data_element: Scheme,
    pub(super) org_unit: Scheme,
    pub(super) category_option_combo: Scheme,
    pub(super) attribute_option_combo: Scheme,
}

/// A query as bound; ids and periods are still texts.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) data_sets: Vec<String>,
    pub(super) data_elements: Vec<String>,
    pub(super) data_element_groups: Vec<String>,
    pub(super) periods: Vec<String>,
    pub(super) dates: Option<(Date, Date)>,
    pub(super) org_units: Vec<String>,
    pub(super) org_unit_groups: Vec<String>,
    pub(super) category_option_combos: Vec<String>,
    pub(super) attribute_option_combos: Vec<String>,
    pub(super) children: bool,
    /// 2.43: only org units of that level.
    pub(super) level: Option<i64>,
    /// 2.43: names that are no ids are tried as codes.
    pub(super) code_fallback: bool,
    pub(super) include_deleted: bool,
    pub(super) last_updated: Option<String>,
    pub(super) last_updated_duration: Option<String>,
    pub(super) limit: Option<i64>,
    pub(super) offset: usize,
    pub(super) orders: Vec<Order>,
    pub(super) input: InputSchemes,
    pub(super) output: OutputSchemes,
    pub(super) format: Format,
    pub(super) compression: Compression,
    pub(super) attachment: Option<String>,
}

impl Query {
    /// Binds a request's parameters.
    pub(super) fn bind(request: &Request, profile: Profile) -> Result<Self, Refusal> {
        let newer = profile.imports_set_based();
        if newer && request.flag("unfoldOptionCombos") {
            return Err(Refusal::Conflict("E2000", "The sandbox does not unfold option combos".into()));
        }
        let start = day(request, "startDate")?;
        let end = day(request, "endDate")?;
        Ok(Self {
            data_sets: distinct(request, "dataSet"),
            data_elements: distinct(request, "dataElement"),
            data_element_groups: distinct(request, "dataElementGroup"),
            periods: distinct(request, "period"),
            dates: start.zip(end),
            org_units: distinct(request, "orgUnit"),
            org_unit_groups: distinct(request, "orgUnitGroup"),
            category_option_combos: if newer { distinct(request, "categoryOptionCombo") } else { Vec::new() },
            attribute_option_combos: distinct(request, "attributeOptionCombo"),
            children: request.flag("children"),
            level: if newer { number(request, "level")? } else { None },
            code_fallback: newer && request.flag("inputUseCodeFallback"),
            include_deleted: request.flag("includeDeleted"),
            last_updated: point(request, "lastUpdated")?.map(moment::stored),
            last_updated_duration: request.parameter("lastUpdatedDuration").filter(|text| !text.is_empty()),
            limit: number(request, "limit")?,
            offset: if newer {
                number(request, "offset")?.and_then(|offset| usize::try_from(offset).ok()).unwrap_or_default()
            } else {
                0
            },
            orders: if newer { orders(request)? } else { Vec::new() },
            input: input_schemes(request),
            output: output_schemes(request),
            format: format(request, newer),
            compression: match request.parameter("compression").map(|text| text.to_lowercase()).as_deref() {
                Some("gzip") => Compression::Gzip,
                Some("zip") => Compression::Zip,
                _ => Compression::None,
            },
            attachment: request.parameter("attachment").filter(|text| !text.is_empty()),
        })
    }
}

/// A repeatable parameter, each value once, in order.
fn distinct(request: &Request, name: &str) -> Vec<String> {
    let mut values = Vec::new();
    for value in request.parameter_list(name) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

fn point(request: &Request, name: &str) -> Result<Option<jiff::civil::DateTime>, Refusal> {
    let Some(text) = request.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    moment::parse(&text)
        .map(Some)
        .map_err(|reason| Refusal::Malformed(format!("Value '{text}' is not valid for parameter {name}. {reason}")))
}

fn day(request: &Request, name: &str) -> Result<Option<Date>, Refusal> {
    Ok(point(request, name)?.map(jiff::civil::DateTime::date))
}

fn number(request: &Request, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Refusal::Malformed(format!("Value '{text}' is not valid for parameter {name}. For input string: \"{text}\""))
    })
}

fn orders(request: &Request) -> Result<Vec<Order>, Refusal> {
    let texts = request.parameter_list("order");
    texts
        .iter()
        .map(|text| match text.to_uppercase().as_str() {
            "DE" => Ok(Order::DataElement),
            "OU" => Ok(Order::OrgUnit),
            "PE" => Ok(Order::Period),
            "CREATED" => Ok(Order::Created),
            "AOC" => Ok(Order::AttributeOptionCombo),
            _ => Err(Refusal::Malformed(format!(
                "Value '{text}' is not valid for parameter order.  Cannot convert {text} to class \
                 org.hisp.dhis.datavalue.DataExportParams$Order"
            ))),
        })
        .collect()
}

fn scheme(request: &Request, name: &str, fallback: &Scheme) -> Scheme {
    request
        .parameter(name)
        .filter(|text| !text.is_empty())
        .map_or_else(|| fallback.clone(), |text| Scheme::parse(&text))
}

fn input_schemes(request: &Request) -> InputSchemes {
    let any = scheme(request, "inputIdScheme", &Scheme::Uid);
    InputSchemes {
        data_set: scheme(request, "inputDataSetIdScheme", &any),
        data_element: scheme(request, "inputDataElementIdScheme", &any),
        data_element_group: scheme(request, "inputDataElementGroupIdScheme", &any),
        org_unit: scheme(request, "inputOrgUnitIdScheme", &any),
        any,
    }
}

fn output_schemes(request: &Request) -> OutputSchemes {
    let any = scheme(request, "idScheme", &Scheme::Uid);
    OutputSchemes {
        data_set: scheme(request, "dataSetIdScheme", &any),
        data_element: scheme(request, "dataElementIdScheme", &any),
        org_unit: scheme(request, "orgUnitIdScheme", &any),
        category_option_combo: scheme(request, "categoryOptionComboIdScheme", &any),
        attribute_option_combo: scheme(request, "attributeOptionComboIdScheme", &any),
    }
}

/// The format by parameter, by the path's suffix, or (up to 2.42 only, `raw-read/accept-xml`) by `Accept`.
fn format(request: &Request, newer: bool) -> Format {
    let named = |name: &str| match name {
        "xml" | "application/xml" => Some(Format::Xml),
        "csv" | "application/csv" | "text/csv" => Some(Format::Csv),
        "json" | "application/json" => Some(Format::Json),
        _ => None,
    };
    let suffix = request.path().rsplit('/').next().and_then(|last| last.split_once('.')).map(|(_, suffix)| suffix);
    let accepted = request.header("accept").filter(|_| !newer);
    request
        .parameter("format")
        .and_then(|format| named(&format.to_lowercase()))
        .or_else(|| suffix.and_then(named))
        .or_else(|| {
            let first = accepted?.split(',').next()?.split(';').next()?;
            named(first.trim())
        })
        .unwrap_or(Format::Json)
}

#[cfg(test)]
mod tests {
    use super::{Compression, Format, Order, Query};
    use crate::exchange::Request;
    use crate::profile::Profile;
    use crate::raw_read::refusal::Refusal;
    use crate::scheme::Scheme;

    fn bind(target: &str, accept: &str, profile: Profile) -> Result<Query, Refusal> {
        let headers = vec![("accept".to_owned(), accept.to_owned())];
        let request = Request { method: "GET".into(), target: target.into(), headers, body: Vec::new() };
        Query::bind(&request, profile)
    }

    #[test]
    fn lists_bind_repeated_and_with_commas() {
        let query = bind("/api/dataValueSets?period=a&period=b,c&period=a", "", Profile::V42).unwrap();
        assert_eq!(query.periods, ["a", "b", "c"]);
    }

    #[test]
    fn only_versions_up_to_42_look_at_accept() {
        let format = |target: &str, profile| bind(target, "application/xml", profile).unwrap().format;
        assert_eq!(format("/api/dataValueSets?a=b", Profile::V42), Format::Xml);
        assert_eq!(format("/api/dataValueSets?a=b", Profile::V43), Format::Json);
        assert_eq!(format("/api/dataValueSets?format=csv", Profile::V42), Format::Csv);
        assert_eq!(format("/api/dataValueSets.json", Profile::V42), Format::Json);
    }

    #[test]
    fn schemes_fall_back_to_the_common_one() {
        let query =
            bind("/api/dataValueSets?idScheme=CODE&orgUnitIdScheme=NAME&compression=ZIP", "", Profile::V43).unwrap();
        assert_eq!((query.output.data_set, query.output.org_unit), (Scheme::Code, Scheme::Name));
        assert_eq!((query.input.org_unit, query.compression), (Scheme::Uid, Compression::Zip));
    }

    #[test]
    fn orders_are_bound_from_43_on() {
        assert!(bind("/api/dataValueSets?order=XX", "", Profile::V42).unwrap().orders.is_empty());
        assert_eq!(
            bind("/api/dataValueSets?order=DE,PE", "", Profile::V43).unwrap().orders,
            [Order::DataElement, Order::Period]
        );
        assert!(matches!(bind("/api/dataValueSets?order=XX", "", Profile::V43), Err(Refusal::Malformed(_))));
    }

    #[test]
    fn malformed_dates_and_numbers_are_refused() {
        for target in ["/api/dataValueSets?lastUpdated=yesterday", "/api/dataValueSets?limit=ten"] {
            assert!(matches!(bind(target, "", Profile::V42), Err(Refusal::Malformed(_))), "{target}");
        }
    }
}
