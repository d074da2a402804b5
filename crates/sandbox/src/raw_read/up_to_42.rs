//! The rules of a raw read up to 2.42 (`DefaultDataValueSetService`).
//!
//! What a query names is looked up first; what is unknown, malformed or not the user's to see is dropped without a
//! word. Of the broken rules the *last* one is told: each overwrites the one before
//! (`raw-read/error-children-with-group` says E2008 and not E2007). Access comes after, and speechless.

use super::moment;
use super::query::Query;
use super::refusal::{Refusal, rule};
use super::selection::{Head, Selection, elements_of_groups, elements_of_sets, once, org_units};
use crate::access::access;
use crate::periods;
use crate::reach::may_read_option_combo;
use crate::scheme::Scheme;
use crate::state::{State, User};
use crate::world::text;
use xfer_domain::period::Period;

/// Looks names up and applies the rules.
pub(super) fn select(state: &State, user: &User, query: &Query) -> Result<Selection, Refusal> {
    let look_up = |plural: &str, scheme: &Scheme, names: &[String]| -> Vec<String> {
        names
            .iter()
            .filter_map(|name| scheme.find(&state.world, plural, name))
            .filter(|object| access(user, object).read)
            .filter_map(|object| text(object, "id"))
            .map(str::to_owned)
            .collect()
    };
    let input = &query.input;
    let found = Found {
        data_sets: look_up("dataSets", &input.data_set, &query.data_sets),
        groups: look_up("dataElementGroups", &input.data_element_group, &query.data_element_groups),
        data_elements: look_up("dataElements", &input.data_element, &query.data_elements),
        org_units: look_up("organisationUnits", &input.org_unit, &query.org_units),
        org_unit_groups: look_up("organisationUnitGroups", &input.any, &query.org_unit_groups),
        attribute_option_combos: look_up("categoryOptionCombos", &input.any, &query.attribute_option_combos),
        periods: once(query.periods.iter().map(String::as_str))
            .iter()
            .filter_map(|text| periods::parse(state.profile, text))
            .collect(),
    };
    if let Some(refusal) = broken_rule(query, &found, &state.settings.now) {
        return Err(refusal);
    }
    if !may_see(state, user, &found) {
        return Err(Refusal::Speechless);
    }
    Ok(found.into_selection(state, query))
}

struct Found {
    data_sets: Vec<String>,
    groups: Vec<String>,
    data_elements: Vec<String>,
    org_units: Vec<String>,
    org_unit_groups: Vec<String>,
    attribute_option_combos: Vec<String>,
    periods: Vec<Period>,
}

fn broken_rule(query: &Query, found: &Found, now: &str) -> Option<Refusal> {
    let nowhere = found.org_units.is_empty() && found.org_unit_groups.is_empty();
    // Periods hide dates: when both are sent, the dates are never looked at.
    let dates = if query.periods.is_empty() { query.dates } else { None };
    let timeless = found.periods.is_empty()
        && dates.is_none()
        && query.last_updated.is_none()
        && query.last_updated_duration.is_none();
    let duration = query.last_updated_duration.as_ref().filter(|text| moment::before(now, text).is_none());
    let mut refusal = None;
    let mut note = |broken: bool, code: &'static str| {
        if broken {
            refusal = Some(rule(code));
        }
    };
    note(found.data_sets.is_empty() && found.groups.is_empty() && found.data_elements.is_empty(), "E2001");
    note(timeless, "E2002");
    note(dates.is_some_and(|(start, end)| start > end), "E2004");
    if let Some(duration) = duration {
        refusal = Some(Refusal::Conflict("E2005", format!("Duration is not valid: `{duration}`")));
    }
    let mut note = |broken: bool, code: &'static str| {
        if broken {
            refusal = Some(rule(code));
        }
    };
    note(nowhere, "E2006");
    note(query.children && !found.org_unit_groups.is_empty(), "E2007");
    note(query.children && found.org_units.is_empty(), "E2008");
    if let Some(limit) = query.limit.filter(|limit| *limit < 0) {
        refusal = Some(Refusal::Conflict("E2009", format!("Limit cannot be less than zero: `{limit}`")));
    }
    refusal
}

/// E2010, E2011 and E2012, none of which is ever told. Superusers without data view org units see nothing
/// (`raw-read/superuser-without-org-units`).
fn may_see(state: &State, user: &User, found: &Found) -> bool {
    let roots = user.data_view_org_units();
    found.data_sets.iter().filter_map(|id| state.world.get("dataSets", id)).all(|set| access(user, set).data_read)
        && found.attribute_option_combos.iter().all(|combo| may_read_option_combo(&state.world, user, combo))
        && found.org_units.iter().all(|unit| state.world.is_in_hierarchy(unit, &roots))
}

impl Found {
    fn into_selection(self, state: &State, query: &Query) -> Selection {
        let world = &state.world;
        // Beside a group only the group's condition reaches the database (`SpringDataValueSetStore`).
        let elements = if self.groups.is_empty() {
            let mut elements = elements_of_sets(world, &self.data_sets);
            elements.extend(self.data_elements.iter().map(String::as_str));
            elements
        } else {
            elements_of_groups(world, &self.groups)
        };
        let one = |list: &[String]| (list.len() == 1).then(|| list[0].clone());
        let single =
            self.data_sets.len() == 1 && self.periods.len() == 1 && self.org_units.len() == 1 && self.groups.is_empty();
        Selection {
            data_elements: once(elements),
            dates: if query.periods.is_empty() { query.dates } else { None },
            org_units: org_units(world, &self.org_units, &self.org_unit_groups, query.children),
            category_option_combos: Vec::new(),
            since: query.last_updated.clone().or_else(|| {
                query.last_updated_duration.as_ref().and_then(|text| moment::before(&state.settings.now, text))
            }),
            head: if single {
                Head {
                    data_set: one(&self.data_sets),
                    period: self.periods.first().copied(),
                    org_unit: one(&self.org_units),
                    attribute_option_combo: None,
                }
            } else {
                Head::default()
            },
            periods: self.periods,
            attribute_option_combos: self.attribute_option_combos,
        }
    }
}
