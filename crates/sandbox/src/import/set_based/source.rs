//! What the checks of a group ask about: the distinct ids, periods and pairs of its rows, or of its deletion scope.
//!
//! Collected once in the order of the rows, so that a group of 50,000 rows is walked once and not per check.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::decode::{Scope, Value};
use xfer_domain::period::Period;

/// Distinct things in the order of their first appearance.
struct Distinct<T> {
    seen: HashSet<T>,
    items: Vec<T>,
}

impl<T: Copy + Eq + Hash> Distinct<T> {
    fn new() -> Self {
        Self { seen: HashSet::new(), items: Vec::new() }
    }

    fn add(&mut self, item: T) {
        if self.seen.insert(item) {
            self.items.push(item);
        }
    }

    fn of(items: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut distinct = Self::new();
        items.into_iter().for_each(|item| distinct.add(item));
        distinct.items
    }
}

/// What a group names.
pub(super) struct Source<'group> {
    pub(super) data_elements: Vec<&'group str>,
    pub(super) org_units: Vec<&'group str>,
    pub(super) periods: Vec<Period>,
    /// None stands for the default one.
    pub(super) attribute_option_combos: Vec<Option<&'group str>>,
    /// Combos in either role that the rows name.
    pub(super) option_combos: Vec<&'group str>,
    pub(super) org_unit_periods: Vec<(&'group str, Period)>,
    pub(super) attribute_periods: Vec<(&'group str, Period)>,
    /// Data element → the combos that its rows name; rows without one are left out.
    pub(super) combos_of: HashMap<&'group str, Vec<&'group str>>,
    /// Attribute option combo → the org units of its rows.
    pub(super) org_units_of: HashMap<&'group str, Vec<&'group str>>,
}

impl<'group> Source<'group> {
    /// What rows name.
    pub(super) fn of_values(values: &'group [Value<'_>]) -> Self {
        let attributes = || values.iter().filter_map(|value| value.attribute_option_combo);
        let combos = || values.iter().filter_map(|value| value.category_option_combo);
        Self {
            data_elements: Distinct::of(values.iter().map(|value| value.data_element)),
            org_units: Distinct::of(values.iter().map(|value| value.org_unit)),
            periods: Distinct::of(values.iter().map(|value| value.period)),
            attribute_option_combos: Distinct::of(values.iter().map(|value| value.attribute_option_combo)),
            option_combos: Distinct::of(attributes().chain(combos())),
            org_unit_periods: Distinct::of(values.iter().map(|value| (value.org_unit, value.period))),
            attribute_periods: Distinct::of(
                values.iter().filter_map(|value| Some((value.attribute_option_combo?, value.period))),
            ),
            combos_of: by_first(Distinct::of(
                values.iter().filter_map(|value| Some((value.data_element, value.category_option_combo?))),
            )),
            org_units_of: by_first(Distinct::of(
                values.iter().filter_map(|value| Some((value.attribute_option_combo?, value.org_unit))),
            )),
        }
    }

    /// What a deletion scope names: every org unit with every period and every element.
    pub(super) fn of_scope(scope: &'group Scope<'_>) -> Self {
        let elements = || scope.elements.iter();
        let attributes = Distinct::of(elements().map(|element| element.attribute_option_combo));
        let pairs = |left: &[&'group str]| {
            left.iter().flat_map(|&id| scope.periods.iter().map(move |&period| (id, period))).collect::<Vec<_>>()
        };
        Self {
            data_elements: Distinct::of(elements().map(|element| element.data_element)),
            org_units: Distinct::of(scope.org_units.iter().copied()),
            periods: Distinct::of(scope.periods.iter().copied()),
            attribute_option_combos: attributes.iter().copied().map(Some).collect(),
            option_combos: Distinct::of(
                attributes.iter().copied().chain(elements().map(|element| element.category_option_combo)),
            ),
            org_unit_periods: Distinct::of(pairs(&scope.org_units)),
            attribute_periods: Distinct::of(pairs(&attributes)),
            combos_of: by_first(Distinct::of(
                elements().map(|element| (element.data_element, element.category_option_combo)),
            )),
            org_units_of: attributes.iter().map(|&combo| (combo, scope.org_units.clone())).collect(),
        }
    }
}

fn by_first<'group>(pairs: Vec<(&'group str, &'group str)>) -> HashMap<&'group str, Vec<&'group str>> {
    let mut map: HashMap<&str, Vec<&str>> = HashMap::new();
    for (first, second) in pairs {
        map.entry(first).or_default().push(second);
    }
    map
}
