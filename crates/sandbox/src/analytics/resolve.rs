//! Looks the names of a request up (`DimensionalObjectProvider`).
//!
//! What is unknown among what is known is dropped without a word; a dimension of which nothing is left is an error of
//! its own. Dimensions are looked up in the order of the request, so that the first that fails is told.

use serde_json::Value;

use super::dimension::{Axis, DataItem, Dimension, Dimensions, Dynamic, Metric, Operand, keyword};
use super::query::{Asked, Query};
use super::refusal::{Refusal, no_items};
use super::{resolve_org_units, resolve_periods};
use crate::access::access;
use crate::scheme::Scheme;
use crate::state::{State, User};
use crate::world::{Object, World, references, text};

/// Looks everything up.
pub(super) fn resolve(state: &State, user: &User, query: &Query) -> Result<Dimensions, Refusal> {
    let mut dimensions = Dimensions::default();
    for asked in &query.dimensions {
        let dimension = dimension(state, user, query, asked)?;
        // "If the dimension is a data dimension it will be added to the beginning of the list."
        let place = if asked.name == "dx" { 0 } else { dimensions.columns.len() };
        dimensions.columns.insert(place, dimension);
    }
    for asked in &query.filters {
        dimensions.filters.push(dimension(state, user, query, asked)?);
    }
    Ok(dimensions)
}

fn dimension(state: &State, user: &User, query: &Query, asked: &Asked) -> Result<Dimension, Refusal> {
    let plain = |title: &str, axis: Axis| Dimension {
        name: asked.name.clone(),
        title: title.to_owned(),
        axis,
        keywords: Vec::new(),
    };
    match asked.name.as_str() {
        "dx" => data(state, user, query, asked),
        "pe" => resolve_periods::resolve(state, query, asked),
        "ou" => resolve_org_units::resolve(state, user, query, asked),
        "co" => Ok(plain("Category option combo", Axis::CategoryOptionCombo)),
        "ao" => Ok(plain("Attribute option combo", Axis::AttributeOptionCombo)),
        _ => dynamic(state, user, query, asked).ok_or_else(|| {
            Refusal::Conflict(
                "E7125",
                format!("Dimension identifier does not reference any dimension: `{}`", asked.name),
            )
        }),
    }
}

fn data(state: &State, user: &User, query: &Query, asked: &Asked) -> Result<Dimension, Refusal> {
    let mut items: Vec<DataItem> = Vec::new();
    let mut keywords = Vec::new();
    for text in &asked.items {
        let found = match group(&state.world, &query.input, text) {
            Some((group, members)) => {
                keywords.push(keyword(group));
                members
            }
            None => data_item(&state.world, user, &query.input, text).into_iter().collect(),
        };
        for item in found {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    if items.is_empty() {
        return Err(no_items("dx"));
    }
    Ok(Dimension { name: "dx".into(), title: "Data".into(), axis: Axis::Data(items), keywords })
}

/// `DE_GROUP-…` and `IN_GROUP-…`: the group and its members.
fn group<'world>(world: &'world World, scheme: &Scheme, item: &str) -> Option<(&'world Object, Vec<DataItem>)> {
    if let Some(name) = item.strip_prefix("DE_GROUP-") {
        let group = scheme.find(world, "dataElementGroups", name)?;
        let members = references(group, "dataElements").into_iter();
        return Some((group, members.map(|id| DataItem::Element(id.to_owned())).collect()));
    }
    let name = item.strip_prefix("IN_GROUP-")?;
    let group = scheme.find(world, "indicatorGroups", name)?;
    let members = references(group, "indicators").into_iter();
    Some((group, members.map(|id| DataItem::Indicator(id.to_owned())).collect()))
}

/// One data item, by the number of its parts and by what the first part is.
fn data_item(world: &World, user: &User, scheme: &Scheme, item: &str) -> Option<DataItem> {
    let find = |plural: &str, name: &str| {
        scheme
            .find(world, plural, name)
            .filter(|object| access(user, object).read)
            .and_then(|object| text(object, "id"))
            .map(str::to_owned)
    };
    if let Some(id) = find("indicators", item) {
        return Some(DataItem::Indicator(id));
    }
    if let Some(id) = find("dataElements", item) {
        return Some(DataItem::Element(id));
    }
    if let Some(id) = find("programIndicators", item) {
        return Some(DataItem::ProgramIndicator(id));
    }
    let parts: Vec<&str> = item.split('.').collect();
    let (&first, rest) = parts.split_first()?;
    if let [metric] = rest {
        if let Some((data_set, metric)) = find("dataSets", first).zip(Metric::from_name(metric)) {
            return Some(DataItem::ReportingRate { data_set, metric });
        }
        if let Some(program) = find("programs", first) {
            return Some(DataItem::ProgramDataElement { program, element: find("dataElements", metric)? });
        }
    }
    let element = find("dataElements", first)?;
    // A combo is none of the query's business beyond its existence: it may belong to another category combo.
    let combo = |name: &str| match name {
        "*" => Some(None),
        _ => find("categoryOptionCombos", name).map(Some),
    };
    let (category_option_combo, attribute_option_combo) = match rest {
        [combo_name] => (combo(combo_name)?, None),
        [combo_name, attribute] => (combo(combo_name)?, combo(attribute)?),
        _ => return None,
    };
    Some(DataItem::Operand(Operand { element, category_option_combo, attribute_option_combo }))
}

/// A category or a group set of org units. Without items, or with `ALL_ITEMS`, every readable item counts.
fn dynamic(state: &State, user: &User, query: &Query, asked: &Asked) -> Option<Dimension> {
    let world = &state.world;
    let (object, kind, plural, members) = if let Some(category) = query.input.find(world, "categories", &asked.name) {
        let attribute = text(category, "dataDimensionType") == Some("ATTRIBUTE");
        (category, Dynamic::Category { attribute }, "categoryOptions", "categoryOptions")
    } else {
        let set = query.input.find(world, "organisationUnitGroupSets", &asked.name)?;
        (set, Dynamic::OrgUnitGroupSet, "organisationUnitGroups", "organisationUnitGroups")
    };
    if object.get("dataDimension") == Some(&Value::Bool(false)) {
        return None;
    }
    let all = asked.items.is_empty() || asked.items.iter().any(|item| item == "ALL_ITEMS");
    let items: Vec<String> = if all {
        let readable = |id: &&str| {
            world.get(plural, id).is_some_and(|item| {
                let access = access(user, item);
                access.read || access.data_read
            })
        };
        references(object, members).into_iter().filter(readable).map(str::to_owned).collect()
    } else {
        asked
            .items
            .iter()
            .filter_map(|item| query.input.find(world, plural, item))
            // what may not be seen is unknown here; data that may not be read is refused by name later
            .filter(|item| access(user, item).read)
            .filter_map(|item| text(item, "id"))
            .map(str::to_owned)
            .collect()
    };
    Some(Dimension {
        name: text(object, "id")?.to_owned(),
        title: text(object, "name").unwrap_or_default().to_owned(),
        axis: Axis::Dynamic(kind, items),
        keywords: Vec::new(),
    })
}
