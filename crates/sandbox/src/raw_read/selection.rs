//! What a query selects, and the values that it finds.

use std::collections::{HashMap, HashSet};

use jiff::civil::Date;

use super::query::{Order, Query};
use crate::reach::{may_read_option_combo, subtree};
use crate::scan::OrgUnits;
use crate::state::{State, User};
use crate::values::{StoredValue, ValueKey};
use crate::world::{World, reference, references};
use xfer_domain::period::Period;

/// A stored value with its key.
pub(super) type Row<'state> = (&'state ValueKey, &'state StoredValue);

/// A query whose names were looked up.
#[derive(Debug, Default)]
pub(super) struct Selection {
    /// The data elements of all sets, groups and names, each once.
    pub(super) data_elements: Vec<String>,
    /// The periods asked for; dates count only where there are none.
    pub(super) periods: Vec<Period>,
    /// First and last day of what the periods must lie inside.
    pub(super) dates: Option<(Date, Date)>,
    /// Every org unit whose values are wanted.
    pub(super) org_units: Vec<String>,
    /// Only these category option combos; all where empty.
    pub(super) category_option_combos: Vec<String>,
    /// Only these attribute option combos; all where empty.
    pub(super) attribute_option_combos: Vec<String>,
    /// Only values written at or after this moment, as stored.
    pub(super) since: Option<String>,
    /// What the answer's head names.
    pub(super) head: Head,
}

/// What the head of an answer names.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// The one data set.
    pub(super) data_set: Option<String>,
    /// The one period.
    pub(super) period: Option<Period>,
    /// The one org unit.
    pub(super) org_unit: Option<String>,
    /// The one attribute option combo.
    pub(super) attribute_option_combo: Option<String>,
}

/// The data elements of data sets, in order.
pub(super) fn elements_of_sets<'world>(world: &'world World, sets: &[String]) -> Vec<&'world str> {
    sets.iter()
        .filter_map(|set| world.get("dataSets", set))
        .filter_map(|set| set.get("dataSetElements").and_then(serde_json::Value::as_array))
        .flatten()
        .filter_map(|entry| entry.as_object().and_then(|entry| reference(entry, "dataElement")))
        .collect()
}

/// The data elements of groups, in order.
pub(super) fn elements_of_groups<'world>(world: &'world World, groups: &[String]) -> Vec<&'world str> {
    groups
        .iter()
        .filter_map(|group| world.get("dataElementGroups", group))
        .flat_map(|group| references(group, "dataElements"))
        .collect()
}

/// Org units, with all below them where children are wanted, and the members of groups.
pub(super) fn org_units(world: &World, units: &[String], groups: &[String], children: bool) -> Vec<String> {
    let mut found: Vec<String> = if children {
        units.iter().flat_map(|unit| subtree(world, unit)).map(str::to_owned).collect()
    } else {
        units.to_vec()
    };
    let members = groups
        .iter()
        .filter_map(|group| world.get("organisationUnitGroups", group))
        .flat_map(|group| references(group, "organisationUnits"));
    found.extend(members.map(str::to_owned));
    found
}

/// Each text once, in order.
pub(super) fn once<'text>(texts: impl IntoIterator<Item = &'text str>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.into_iter().filter(|text| seen.insert(*text)).map(str::to_owned).collect()
}

/// The values of a selection, sorted and cut as the query asks.
pub(super) fn rows<'state>(
    state: &'state State,
    user: &User,
    query: &Query,
    selection: &'state Selection,
) -> Vec<Row<'state>> {
    let mut known = HashMap::new();
    let mut rows = matching(state, user, query, selection, &mut known);
    sort(&mut rows, query, state, &known);
    let kept = rows.into_iter().skip(query.offset);
    match query.limit {
        Some(limit) => kept.take(usize::try_from(limit).unwrap_or_default()).collect(),
        None => kept.collect(),
    }
}

fn matching<'state>(
    state: &'state State,
    user: &User,
    query: &Query,
    selection: &'state Selection,
    known: &mut HashMap<&'state str, Period>,
) -> Vec<Row<'state>> {
    let units = OrgUnits::new(selection.org_units.iter().map(String::as_str));
    let asked: Vec<String> = selection.periods.iter().map(ToString::to_string).collect();
    let mut readable: HashMap<&str, bool> = HashMap::new();
    let mut rows: Vec<Row<'state>> = Vec::new();
    for data_element in &selection.data_elements {
        for period in state.values.periods_of(data_element) {
            if !asked.is_empty() && !asked.iter().any(|text| text == period) {
                continue;
            }
            let Some(parsed) = known.get(period).copied().or_else(|| Period::parse(period).ok()) else { continue };
            known.insert(period, parsed);
            let inside = selection.dates.is_none_or(|(start, end)| parsed.start() >= start && parsed.end() <= end);
            if !inside {
                continue;
            }
            state.values.rows_at(data_element, period, &units, |key, value| {
                if keeps(query, selection, key, value) {
                    let aoc = key.attribute_option_combo.as_str();
                    // Attribute option combos that the user may not read are left out without a word, unless they
                    // were asked for by name: then access was decided before (2.43 `HibernateDataExportStore`).
                    let may = !selection.attribute_option_combos.is_empty()
                        || *readable.entry(aoc).or_insert_with(|| may_read_option_combo(&state.world, user, aoc));
                    if may {
                        rows.push((key, value));
                    }
                }
            });
        }
    }
    rows
}

fn keeps(query: &Query, selection: &Selection, key: &ValueKey, value: &StoredValue) -> bool {
    let among = |list: &[String], id: &str| list.is_empty() || list.iter().any(|wanted| wanted == id);
    (query.include_deleted || !value.deleted)
        && among(&selection.category_option_combos, &key.category_option_combo)
        && among(&selection.attribute_option_combos, &key.attribute_option_combo)
        && selection.since.as_deref().is_none_or(|since| value.last_updated.as_str() >= since)
}

/// 2.43 sorts by what was asked, otherwise by period, creation and data element; older versions do not sort at all.
fn sort(rows: &mut [Row<'_>], query: &Query, state: &State, known: &HashMap<&str, Period>) {
    if !state.profile.imports_set_based() {
        return;
    }
    let default = [Order::Period, Order::Created, Order::DataElement];
    let orders: &[Order] = if query.orders.is_empty() { &default } else { &query.orders };
    let path = |key: &ValueKey| state.world.org_unit_path(&key.org_unit).unwrap_or_default().to_owned();
    let span = |key: &ValueKey| known.get(key.period.as_str()).map(|period| (period.start(), period.end()));
    rows.sort_by(|(left, left_value), (right, right_value)| {
        orders
            .iter()
            .map(|order| match order {
                Order::DataElement => left.data_element.cmp(&right.data_element),
                Order::OrgUnit => path(left).cmp(&path(right)),
                Order::Period => span(left).cmp(&span(right)),
                Order::Created => left_value.created.cmp(&right_value.created),
                Order::AttributeOptionCombo => left.attribute_option_combo.cmp(&right.attribute_option_combo),
            })
            .find(|ordering| ordering.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    });
}
