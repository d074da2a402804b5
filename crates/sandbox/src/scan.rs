//! Reading stored data values without walking all of them.
//!
//! `Values::data` is ordered by data element, period, org unit, COC and AOC. Every read asks for known data elements,
//! so the map is its own index: jump from period to period of an element, then walk one period or look up single org
//! units. A country's instance holds hundreds of thousands of values of which a district's read touches a few hundred.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::values::{StoredValue, ValueKey, Values};

/// Sorts after every identifier, so that a key made with it is the end of its group.
const AFTER_EVERY_ID: &str = "\u{10FFFF}";

/// Above this many wanted org units per value group, walking the group is cheaper than looking each unit up.
const LOOK_UPS_WORTH_IT: usize = 64;

fn bound(data_element: &str, period: &str, org_unit: &str) -> ValueKey {
    ValueKey {
        data_element: data_element.to_owned(),
        period: period.to_owned(),
        org_unit: org_unit.to_owned(),
        category_option_combo: String::new(),
        attribute_option_combo: String::new(),
    }
}

impl Values {
    /// The periods for which a data element has any value, soft-deleted ones included, in the order of their texts.
    pub fn periods_of(&self, data_element: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut next = Bound::Included(bound(data_element, "", ""));
        while let Some((key, _)) = first_at(&self.data, next) {
            if key.data_element != data_element {
                break;
            }
            found.push(key.period.as_str());
            next = Bound::Excluded(bound(data_element, &key.period, AFTER_EVERY_ID));
        }
        found
    }

    /// Every value of a data element in one period.
    pub fn rows_in<'values>(
        &'values self,
        data_element: &'values str,
        period: &'values str,
    ) -> impl Iterator<Item = (&'values ValueKey, &'values StoredValue)> {
        let from = Bound::Included(bound(data_element, period, ""));
        let to = Bound::Included(bound(data_element, period, AFTER_EVERY_ID));
        self.data.range((from, to))
    }

    /// Every value of a data element in one period at any of some org units, in whichever way is cheaper.
    pub fn rows_at<'values>(
        &'values self,
        data_element: &str,
        period: &str,
        org_units: &OrgUnits<'_>,
        mut act: impl FnMut(&'values ValueKey, &'values StoredValue),
    ) {
        match org_units {
            OrgUnits::Few(ids) => {
                for id in ids {
                    let from = Bound::Included(bound(data_element, period, id));
                    for (key, value) in self.data.range((from, Bound::Unbounded)) {
                        if key.org_unit != *id || key.period != period || key.data_element != data_element {
                            break;
                        }
                        act(key, value);
                    }
                }
            }
            OrgUnits::Many(ids) => {
                let from = Bound::Included(bound(data_element, period, ""));
                for (key, value) in self.data.range((from, Bound::Unbounded)) {
                    if key.period != period || key.data_element != data_element {
                        break;
                    }
                    if ids.contains(key.org_unit.as_str()) {
                        act(key, value);
                    }
                }
            }
        }
    }
}

fn first_at(data: &BTreeMap<ValueKey, StoredValue>, from: Bound<ValueKey>) -> Option<(&ValueKey, &StoredValue)> {
    data.range((from, Bound::Unbounded)).next()
}

/// A set of org units, kept in the form in which values are found fastest.
#[derive(Debug)]
pub enum OrgUnits<'ids> {
    /// Few enough to look up one by one; sorted, each once.
    Few(Vec<&'ids str>),
    /// Too many for that.
    Many(std::collections::HashSet<&'ids str>),
}

impl<'ids> OrgUnits<'ids> {
    /// The set of these ids.
    pub fn new(ids: impl IntoIterator<Item = &'ids str>) -> Self {
        let mut ids: Vec<&str> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() <= LOOK_UPS_WORTH_IT { Self::Few(ids) } else { Self::Many(ids.into_iter().collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::OrgUnits;
    use crate::values::{StoredValue, ValueKey, Values};

    fn values(keys: &[(&str, &str, &str)]) -> Values {
        let mut values = Values::default();
        for (data_element, period, org_unit) in keys {
            values.data.insert(
                ValueKey {
                    data_element: (*data_element).into(),
                    period: (*period).into(),
                    org_unit: (*org_unit).into(),
                    category_option_combo: "c".into(),
                    attribute_option_combo: "a".into(),
                },
                StoredValue {
                    value: Some("1".into()),
                    comment: None,
                    followup: false,
                    deleted: false,
                    stored_by: "admin".into(),
                    created: String::new(),
                    last_updated: String::new(),
                },
            );
        }
        values
    }

    #[test]
    fn periods_are_found_by_jumping() {
        let values = values(&[("a", "202401", "x"), ("a", "202401", "y"), ("a", "2024Q1", "x"), ("b", "2023", "x")]);
        assert_eq!(values.periods_of("a"), ["202401", "2024Q1"]);
        assert_eq!(values.periods_of("b"), ["2023"]);
        assert!(values.periods_of("c").is_empty());
        assert_eq!(values.rows_in("a", "202401").count(), 2);
    }

    #[test]
    fn few_and_many_org_units_find_the_same() {
        let ids: Vec<String> = (0..100).map(|number| format!("unit{number}")).collect();
        let values = values(&[("a", "202401", "unit7"), ("a", "202401", "unit70"), ("a", "202402", "unit7")]);
        let found = |org_units: OrgUnits| {
            let mut found = Vec::new();
            values.rows_at("a", "202401", &org_units, |key, _| found.push(key.org_unit.clone()));
            found
        };
        assert_eq!(found(OrgUnits::new(["unit7", "unit70", "unit8"])), ["unit7", "unit70"]);
        assert_eq!(found(OrgUnits::new(ids.iter().map(String::as_str))), ["unit7", "unit70"]);
    }
}
