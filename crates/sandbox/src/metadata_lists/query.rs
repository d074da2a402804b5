//! Which objects a list shows, and in which order.

use std::cmp::Ordering;

use serde_json::Value;

use crate::access::access;
use crate::metadata_lists::derive::{self, Context};
use crate::metadata_lists::filter::{Filter, Like, QueryError};
use crate::metadata_lists::schema::{Kind, Property, Schema};
use crate::profile::Profile;
use crate::world::{Object, text};

/// The objects that the caller may read and that pass all filters (any of them with `rootJunction=OR`).
pub(super) fn select<'object>(
    context: Context<'_>,
    schema: &'static Schema,
    objects: Vec<&'object Object>,
    parameters: &[(String, String)],
    like: Like,
) -> Result<Vec<&'object Object>, QueryError> {
    let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let filters = parameters
        .iter()
        .filter(|(name, _)| name == "filter")
        .flat_map(|(_, value)| split_filters(value))
        .map(|text| Filter::parse(context, schema, &text, like))
        .collect::<Result<Vec<_>, _>>()?;
    let any = value("rootJunction").is_some_and(|junction| junction.eq_ignore_ascii_case("OR"));
    let words = value("query").map(str::to_lowercase);
    let without_defaults = value("defaults") == Some("EXCLUDE");
    let scope = Scope::of_request(context, schema, parameters);
    Ok(objects
        .into_iter()
        .filter(|object| access(context.user, object).read)
        .filter(|object| {
            let passes = |filter: &Filter| filter.passes(context, schema, object);
            if any && !filters.is_empty() { filters.iter().any(passes) } else { filters.iter().all(passes) }
        })
        .filter(|object| words.as_deref().is_none_or(|words| mentions(object, words)))
        .filter(|object| !(without_defaults && text(object, "name") == Some("default")))
        .filter(|object| scope.contains(context, object))
        .collect())
}

/// Several filters may stand in one parameter, separated by commas outside brackets.
fn split_filters(value: &str) -> Vec<String> {
    let mut filters = vec![String::new()];
    let mut depth = 0_usize;
    for character in value.chars() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if character == ',' && depth == 0 && filters.last().is_some_and(|filter| filter.matches(':').count() >= 1) {
            filters.push(String::new());
        } else if let Some(last) = filters.last_mut() {
            last.push(character);
        }
    }
    // a comma inside a value is not a separator: what follows it is no filter
    let mut joined: Vec<String> = Vec::new();
    for filter in filters {
        match joined.last_mut() {
            Some(last) if !filter.contains(':') => {
                last.push(',');
                last.push_str(&filter);
            }
            _ => joined.push(filter),
        }
    }
    joined
}

/// `query=`: the id, the code, or a part of the name.
fn mentions(object: &Object, words: &str) -> bool {
    let has =
        |name: &str, test: &dyn Fn(&str) -> bool| text(object, name).is_some_and(|value| test(&value.to_lowercase()));
    has("id", &|id| id == words) || has("code", &|code| code == words) || has("name", &|name| name.contains(words))
}

/// The limits that `organisationUnits` takes beside filters.
#[derive(Debug, Default)]
struct Scope {
    exactly: Option<Vec<String>>,
    below: Option<Vec<String>>,
    level: Option<u64>,
    max_level: Option<u64>,
}

impl Scope {
    fn of_request(context: Context<'_>, schema: &Schema, parameters: &[(String, String)]) -> Self {
        if schema.plural != "organisationUnits" {
            return Self::default();
        }
        let value = |name: &str| parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        let asked = |name: &str| value(name) == Some("true");
        let owned = |ids: Vec<&str>| ids.into_iter().map(str::to_owned).collect::<Vec<_>>();
        Self {
            // only the units themselves, not what is below them (`metadata/org-units-user-only`)
            exactly: if asked("userOnly") {
                Some(owned(context.user.capture_org_units()))
            } else if asked("userDataViewOnly") || asked("userDataViewFallback") {
                Some(owned(context.user.data_view_org_units()))
            } else {
                None
            },
            below: asked("withinUserHierarchy").then(|| owned(context.user.capture_org_units())),
            level: value("level").and_then(|level| level.parse().ok()),
            max_level: value("maxLevel").and_then(|level| level.parse().ok()),
        }
    }

    fn contains(&self, context: Context<'_>, object: &Object) -> bool {
        let id = text(object, "id").unwrap_or_default();
        let level = object.get("level").and_then(Value::as_u64).unwrap_or_default();
        let below = |roots: &Vec<String>| {
            context.world.is_in_hierarchy(id, &roots.iter().map(String::as_str).collect::<Vec<_>>())
        };
        self.exactly.as_ref().is_none_or(|ids| ids.iter().any(|own| own == id))
            && self.below.as_ref().is_none_or(below)
            && self.level.is_none_or(|wanted| level == wanted)
            && self.max_level.is_none_or(|limit| level <= limit)
    }
}

/// One `order=property:direction`.
struct Order {
    property: &'static Property,
    descending: bool,
    ignore_case: bool,
}

/// Sorts as asked, or by name where a list has no order of its own. An unknown property is refused from 2.43 on and
/// ignored before (`metadata/order-unknown-property`).
pub(super) fn sort(
    context: Context<'_>,
    schema: &'static Schema,
    objects: &mut [&Object],
    parameters: &[(String, String)],
    by_name: bool,
) -> Result<(), QueryError> {
    let mut orders = Vec::new();
    for entry in parameters.iter().filter(|(name, _)| name == "order").flat_map(|(_, value)| value.split(',')) {
        let (name, direction) = entry.split_once(':').unwrap_or((entry, "asc"));
        let Some(property) = schema.property(context.profile, name) else {
            if context.profile >= Profile::V43 {
                return Err(QueryError(format!("No such property: {name}")));
            }
            continue;
        };
        orders.push(Order {
            property,
            descending: matches!(direction, "desc" | "idesc"),
            ignore_case: direction.starts_with('i'),
        });
    }
    if orders.is_empty() && by_name {
        objects.sort_by(|one, other| text(one, "name").cmp(&text(other, "name")));
    } else {
        objects.sort_by(|one, other| {
            orders
                .iter()
                .map(|order| order.compare(context, schema, one, other))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
    }
    Ok(())
}

impl Order {
    /// Missing values come last ascending and first descending, as in PostgreSQL.
    fn compare(&self, context: Context<'_>, schema: &Schema, one: &Object, other: &Object) -> Ordering {
        let value = |object: &Object| derive::value(context, schema, object, self.property);
        let order = match (value(one), value(other)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => self.compare_values(&one, &other),
        };
        if self.descending { order.reverse() } else { order }
    }

    fn compare_values(&self, one: &Value, other: &Value) -> Ordering {
        if matches!(self.property.kind, Kind::Whole | Kind::Decimal) {
            return one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal);
        }
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if self.ignore_case {
            plain(one).to_lowercase().cmp(&plain(other).to_lowercase())
        } else {
            plain(one).cmp(&plain(other))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_in_one_parameter_are_split_outside_brackets() {
        assert_eq!(split_filters("id:in:[a,b],name:eq:x"), ["id:in:[a,b]", "name:eq:x"]);
        assert_eq!(split_filters("name:eq:Alden, the mill"), ["name:eq:Alden, the mill"]);
    }
}
