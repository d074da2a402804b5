//! The parameters of an analytics request (`AggregateAnalyticsQueryCriteria`).

use jiff::civil::Date;

use super::refusal::{Refusal, unsupported};
use crate::exchange::Request;
use crate::scheme::Scheme;

/// A dimension or filter as asked: `dx:a;b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// What stands before the colon.
    pub(super) name: String,
    /// What stands behind it.
    pub(super) items: Vec<String>,
}

/// By which property rows name objects.
#[derive(Debug, Clone, Default)]
pub(super) struct OutputSchemes {
    /// Data items other than data elements.
    pub(super) item: Scheme,
    /// Data elements.
    pub(super) data_element: Scheme,
    /// Org units.
    pub(super) org_unit: Scheme,
    /// Everything else.
    pub(super) any: Scheme,
}

/// A comparison of `measureCriteria`: `GE:10`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Criterion {
    operator: Operator,
    bound: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Operator {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Criterion {
    /// Whether a value satisfies it.
    pub(super) fn holds(&self, value: f64) -> bool {
        match self.operator {
            #[expect(clippy::float_cmp, reason = "the server compares doubles for equality")]
            Operator::Equal => value == self.bound,
            Operator::Greater => value > self.bound,
            Operator::GreaterOrEqual => value >= self.bound,
            Operator::Less => value < self.bound,
            Operator::LessOrEqual => value <= self.bound,
        }
    }
}

/// A request as bound; names are still texts.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the API, all independent")]
pub(super) struct Query {
    pub(super) dimensions: Vec<Asked>,
    pub(super) filters: Vec<Asked>,
    pub(super) dates: Option<(Date, Date)>,
    pub(super) aggregation_type: Option<String>,
    pub(super) measure: Vec<Criterion>,
    pub(super) before_aggregation: Vec<Criterion>,
    pub(super) skip_meta: bool,
    pub(super) skip_data: bool,
    pub(super) skip_rounding: bool,
    pub(super) hierarchy_meta: bool,
    pub(super) show_hierarchy: bool,
    pub(super) ignore_limit: bool,
    pub(super) include_num_den: bool,
    pub(super) include_metadata_details: bool,
    pub(super) short_names: bool,
    pub(super) input: Scheme,
    pub(super) output: Option<OutputSchemes>,
    pub(super) user_org_units: Vec<String>,
    pub(super) relative_period_date: Option<Date>,
}

impl Query {
    /// Binds a request's parameters.
    pub(super) fn bind(request: &Request) -> Result<Self, Refusal> {
        if request.parameter("columns").or_else(|| request.parameter("rows")).is_some_and(|text| !text.is_empty()) {
            return Err(unsupported("a table layout (`columns`, `rows`)"));
        }
        let start = day(request, "startDate")?;
        let end = day(request, "endDate")?;
        Ok(Self {
            dimensions: asked(request, "dimension"),
            filters: asked(request, "filter"),
            dates: start.zip(end),
            aggregation_type: request.parameter("aggregationType").filter(|text| text != "DEFAULT"),
            measure: criteria(request, "measureCriteria")?,
            before_aggregation: criteria(request, "preAggregationMeasureCriteria")?,
            skip_meta: request.flag("skipMeta"),
            skip_data: request.flag("skipData"),
            skip_rounding: request.flag("skipRounding"),
            hierarchy_meta: request.flag("hierarchyMeta"),
            show_hierarchy: request.flag("showHierarchy"),
            ignore_limit: request.flag("ignoreLimit"),
            include_num_den: request.flag("includeNumDen"),
            include_metadata_details: request.flag("includeMetadataDetails"),
            short_names: request
                .parameter("displayProperty")
                .is_some_and(|text| text.eq_ignore_ascii_case("SHORTNAME")),
            input: request.parameter("inputIdScheme").map(|text| Scheme::parse(&text)).unwrap_or_default(),
            output: output(request),
            user_org_units: request
                .parameter("userOrgUnit")
                .map(|text| text.split(';').map(str::to_owned).collect())
                .unwrap_or_default(),
            relative_period_date: day(request, "relativePeriodDate")?,
        })
    }
}

/// Repeated parameters; a set on the server, so that an exact repetition counts once. A comma inside one belongs to
/// the item (dhis2-api 4.2).
fn asked(request: &Request, name: &str) -> Vec<Asked> {
    let mut found: Vec<Asked> = Vec::new();
    for (_, value) in
        request.parameters().into_iter().filter(|(parameter, value)| parameter == name && !value.is_empty())
    {
        let (name, items) = value.split_once(':').unwrap_or((&value, ""));
        let items = items.split(';').filter(|item| !item.is_empty()).map(str::to_owned).collect();
        let dimension = Asked { name: name.to_owned(), items };
        if !found.contains(&dimension) {
            found.push(dimension);
        }
    }
    found
}

fn day(request: &Request, name: &str) -> Result<Option<Date>, Refusal> {
    let Some(text) = request.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    text.get(..10).unwrap_or(&text).parse().map(Some).map_err(|_| {
        Refusal::Malformed(format!("Value '{text}' is not valid for parameter {name}. Invalid format: \"{text}\""))
    })
}

fn criteria(request: &Request, name: &str) -> Result<Vec<Criterion>, Refusal> {
    let Some(text) = request.parameter(name).filter(|text| !text.is_empty()) else { return Ok(Vec::new()) };
    text.split(';')
        .map(|part| {
            let (operator, bound) = part.split_once(':')?;
            let operator = match operator {
                "EQ" => Operator::Equal,
                "GT" => Operator::Greater,
                "GE" => Operator::GreaterOrEqual,
                "LT" => Operator::Less,
                "LE" => Operator::LessOrEqual,
                _ => return None,
            };
            Some(Criterion { operator, bound: bound.parse().ok()? })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| Refusal::Malformed(format!("`{text}` is not valid for parameter {name}")))
}

/// The output schemes; none where rows name objects by id.
fn output(request: &Request) -> Option<OutputSchemes> {
    let given = |name: &str| request.parameter(name).filter(|text| !text.is_empty()).map(|text| Scheme::parse(&text));
    let any = given("outputIdScheme");
    let items = given("outputDataItemIdScheme");
    let elements = given("outputDataElementIdScheme");
    let units = given("outputOrgUnitIdScheme");
    if any.is_none() && items.is_none() && elements.is_none() && units.is_none() {
        return None;
    }
    let any = any.unwrap_or_default();
    let item = items.unwrap_or_else(|| any.clone());
    Some(OutputSchemes {
        data_element: elements.unwrap_or_else(|| item.clone()),
        org_unit: units.unwrap_or_else(|| any.clone()),
        item,
        any,
    })
}

#[cfg(test)]
mod tests {
    use super::{Asked, Query};
    use crate::exchange::Request;
    use crate::scheme::Scheme;

    fn bind(query: &str) -> Query {
        let target = format!("/api/analytics?{query}");
        Query::bind(&Request { method: "GET".into(), target, headers: Vec::new(), body: Vec::new() }).unwrap()
    }

    #[test]
    fn dimensions_split_at_colon_and_semicolons() {
        let query = bind("dimension=dx:a;b&dimension=co&dimension=dx:a;b&filter=pe:2024");
        let dimension = |name: &str, items: &[&str]| Asked {
            name: name.into(),
            items: items.iter().map(|item| (*item).into()).collect(),
        };
        assert_eq!(query.dimensions, [dimension("dx", &["a", "b"]), dimension("co", &[])]);
        assert_eq!(query.filters, [dimension("pe", &["2024"])]);
    }

    #[test]
    fn particular_schemes_win_over_the_common_one() {
        let output = bind("outputIdScheme=CODE&outputOrgUnitIdScheme=NAME").output.unwrap();
        assert_eq!((output.data_element, output.org_unit), (Scheme::Code, Scheme::Name));
        assert!(bind("dimension=dx:a").output.is_none());
    }

    #[test]
    fn criteria_compare() {
        let query = bind("measureCriteria=GE:10;LT:20");
        assert!(query.measure.iter().all(|criterion| criterion.holds(10.0)));
        assert!(!query.measure.iter().all(|criterion| criterion.holds(20.0)));
    }
}
