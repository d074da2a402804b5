//! Access and the rules of a query, in the order in which the server checks them.
//!
//! The first broken rule is told (2.40: no dimension is E7101 and not the E7104 that follows). From 2.41 on a query
//! without periods is refused before all of them, with E7146.

use super::dimension::{Axis, DataItem, Dimension, Dimensions, Dynamic};
use super::query::Query;
use super::refusal::{Refusal, rule};
use crate::access::access;
use crate::profile::Profile;
use crate::state::{State, User};
use crate::world::{reference, references, text};
use xfer_domain::value_type::ValueType;

/// Decides access, then checks the rules.
pub(super) fn validate(state: &State, user: &User, query: &Query, dimensions: &Dimensions) -> Result<(), Refusal> {
    let timeless = dimensions.periods().is_empty() && query.dates.is_none();
    if timeless && state.profile > Profile::V40 {
        return Err(rule("E7146", "A end date was not specified in periods, dimensions, filters"));
    }
    decide_access(state, user, dimensions)?;
    check_shape(query, dimensions, timeless)?;
    check_data(state, dimensions)
}

/// E7120 and E7121. A user without data view org units of her own may look anywhere
/// (`DefaultAnalyticsSecurityManager`).
fn decide_access(state: &State, user: &User, dimensions: &Dimensions) -> Result<(), Refusal> {
    let roots = references(&user.object, "dataViewOrganisationUnits");
    if !roots.is_empty()
        && let Some(unit) = dimensions.org_units().into_iter().find(|unit| !state.world.is_in_hierarchy(unit, &roots))
    {
        let message = format!("User: `{}` is not allowed to view org unit: `{unit}`", user.name());
        return Err(Refusal::Conflict("E7120", message));
    }
    let deepest = user.object.get("dataViewMaxOrganisationUnitLevel").and_then(serde_json::Value::as_u64);
    let level = |unit: &str| state.world.get("organisationUnits", unit)?.get("level")?.as_u64();
    let is_too_deep = |unit: &&str| level(unit).zip(deepest).is_some_and(|(level, deepest)| level > deepest);
    if !roots.is_empty()
        && let Some(unit) = dimensions.org_units().into_iter().find(is_too_deep)
    {
        let message = format!("User: `{}` is not allowed to view org unit: `{unit}`", user.name());
        return Err(Refusal::Conflict("E7120", message));
    }
    for item in dimensions.data_items() {
        let (plural, class, id) = match item {
            DataItem::ReportingRate { data_set, .. } => ("dataSets", "DataSet", data_set.as_str()),
            DataItem::ProgramDataElement { program, .. } => ("programs", "Program", program.as_str()),
            DataItem::ProgramIndicator(id) => {
                let indicator = state.world.get("programIndicators", id);
                let program = indicator.and_then(|indicator| reference(indicator, "program"));
                ("programs", "Program", program.unwrap_or_default())
            }
            _ => continue,
        };
        if state.world.get(plural, id).is_some_and(|object| !access(user, object).data_read) {
            let message = format!("User: `{}` is not allowed to read data for `{class}`: `{id}`", user.name());
            return Err(Refusal::Conflict("E7121", message));
        }
    }
    let options = dimensions.columns.iter().chain(&dimensions.filters).filter_map(|dimension| match &dimension.axis {
        Axis::Dynamic(Dynamic::Category { .. }, items) => Some(items),
        _ => None,
    });
    for id in options.flatten() {
        if state.world.get("categoryOptions", id).is_some_and(|option| !access(user, option).data_read) {
            let message = format!("User: `{}` is not allowed to read data for `CategoryOption`: `{id}`", user.name());
            return Err(Refusal::Conflict("E7121", message));
        }
    }
    Ok(())
}

fn check_shape(query: &Query, dimensions: &Dimensions, timeless: bool) -> Result<(), Refusal> {
    let names =
        |dimensions: &[Dimension]| dimensions.iter().map(|dimension| dimension.name.clone()).collect::<Vec<_>>();
    let (columns, filters) = (names(&dimensions.columns), names(&dimensions.filters));
    if columns.is_empty() {
        return Err(rule("E7101", "At least one dimension must be specified"));
    }
    if !query.skip_data && dimensions.data_items().is_empty() {
        let text = "At least one data dimension item or data element group set dimension item must be specified";
        return Err(rule("E7102", text));
    }
    let both: Vec<&str> = columns.iter().filter(|name| filters.contains(name)).map(String::as_str).collect();
    if !both.is_empty() {
        let text =
            format!("Dimensions cannot be specified as dimension and filter simultaneously: `[{}]`", both.join(", "));
        return Err(Refusal::Conflict("E7103", text));
    }
    if timeless {
        return Err(rule("E7104", "At least one period as dimension or filter, or start and dates, must be specified"));
    }
    if !dimensions.periods().is_empty() && query.dates.is_some() {
        return Err(rule("E7105", "Periods and start and end dates cannot be specified simultaneously"));
    }
    if query.dates.is_some_and(|(start, end)| start > end) {
        return Err(rule("E7106", "Start date cannot be after end date"));
    }
    let twice: Vec<&str> = columns
        .iter()
        .enumerate()
        .filter(|(place, name)| columns[..*place].contains(name))
        .map(|(_, name)| name.as_str())
        .collect();
    check_rates_and_filters(query, dimensions)?;
    if twice.is_empty() {
        return Ok(());
    }
    Err(Refusal::Conflict("E7111", format!("Dimensions cannot be specified more than once: `[{}]`", twice.join(", "))))
}

fn is_rate(item: &DataItem) -> bool {
    matches!(item, DataItem::ReportingRate { .. })
}

fn check_rates_and_filters(query: &Query, dimensions: &Dimensions) -> Result<(), Refusal> {
    let filtered: Vec<&DataItem> = dimensions
        .filters
        .iter()
        .filter_map(|filter| if let Axis::Data(items) = &filter.axis { Some(items) } else { None })
        .flatten()
        .collect();
    if query.dates.is_some() && dimensions.data_items().into_iter().any(is_rate) {
        return Err(rule("E7107", "Start and end dates cannot be specified for reporting rates"));
    }
    if filtered.len() > 1 && filtered.iter().any(|item| matches!(item, DataItem::Indicator(_))) {
        return Err(rule("E7108", "Only a single indicator can be specified as filter"));
    }
    if filtered.len() > 1 && filtered.iter().any(|item| is_rate(item)) {
        return Err(rule("E7109", "Only a single reporting rate can be specified as filter"));
    }
    if dimensions.filters.iter().any(|filter| filter.axis == Axis::CategoryOptionCombo) {
        return Err(rule("E7110", "Category option combos cannot be specified as filter"));
    }
    Ok(())
}

fn check_data(state: &State, dimensions: &Dimensions) -> Result<(), Refusal> {
    let items = dimensions.data_items();
    let elements = items.iter().filter(|item| matches!(item, DataItem::Element(_))).count();
    let foreign = |dimension: &Dimension| {
        !matches!(dimension.axis, Axis::Data(_) | Axis::Period(_) | Axis::OrgUnit(_) | Axis::Dynamic(..))
    };
    if items.iter().any(|item| is_rate(item)) && dimensions.all().any(foreign) {
        let kinds =
            "[DATA_X, PERIOD, ORGANISATION_UNIT, ORGANISATION_UNIT_GROUP_SET, CATEGORY_OPTION_GROUP_SET, CATEGORY]";
        let text = format!("Reporting rates can only be specified together with dimensions of type: `{kinds}`");
        return Err(Refusal::Conflict("E7112", text));
    }
    if dimensions.has("co") && elements == 0 {
        return Err(rule("E7113", "Assigned categories cannot be specified when data elements are not specified"));
    }
    if dimensions.has("co") && elements != items.len() {
        return Err(rule("E7114", "Assigned categories can only be specified together with data elements"));
    }
    let refused: Vec<&str> = items
        .iter()
        .filter_map(|item| match item {
            DataItem::Element(id) => Some(id.as_str()),
            DataItem::ProgramDataElement { element, .. } => Some(element.as_str()),
            _ => None,
        })
        .filter(|id| !is_aggregatable(state, id))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let ids = refused.join(", ");
    let text = format!("Data elements must be of a value and aggregation type that allow aggregation: `[{ids}]`");
    Err(Refusal::Conflict("E7115", text))
}

/// `ValueType.isAggregatable` and `AggregationType.isAggregatable`.
fn is_aggregatable(state: &State, element: &str) -> bool {
    let Some(element) = state.world.get("dataElements", element) else { return true };
    let value_type = super::table::value_type(element);
    let by_value = !matches!(
        value_type,
        ValueType::PhoneNumber
            | ValueType::Email
            | ValueType::Date
            | ValueType::DateTime
            | ValueType::Time
            | ValueType::TrackerAssociate
            | ValueType::OrganisationUnit
            | ValueType::Reference
            | ValueType::Age
            | ValueType::Url
            | ValueType::Image
            | ValueType::GeoJson
    );
    by_value && !matches!(text(element, "aggregationType"), Some("CUSTOM" | "DEFAULT"))
}
