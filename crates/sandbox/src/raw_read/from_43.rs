//! The rules of a raw read from 2.43 on (`DefaultDataExportService`).
//!
//! Ids are taken as they are: a malformed one refuses the request, an unknown one finds nothing. Of the broken rules
//! the *first* one is told. Access is decided last and by name.

use super::moment;
use super::period_input;
use super::query::Query;
use super::refusal::{Refusal, rule};
use super::selection::{Head, Selection, elements_of_groups, elements_of_sets, once, org_units};
use crate::access::access;
use crate::periods;
use crate::profile::Profile;
use crate::reach::may_read_option_combo;
use crate::scheme::Scheme;
use crate::state::{State, User};
use crate::world::{World, text};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Looks names up and applies the rules.
pub(super) fn select(state: &State, user: &User, query: &Query) -> Result<Selection, Refusal> {
    let world = &state.world;
    let input = &query.input;
    let decode =
        |plural: &str, scheme: &Scheme, names: &[String]| decode(world, plural, scheme, names, query.code_fallback);
    let asked = Asked {
        attribute_option_combos: decode("categoryOptionCombos", &input.any, &query.attribute_option_combos)?,
        data_sets: decode("dataSets", &input.data_set, &query.data_sets)?,
        groups: decode("dataElementGroups", &input.data_element_group, &query.data_element_groups)?,
        data_elements: decode("dataElements", &input.data_element, &query.data_elements)?,
        org_units: decode("organisationUnits", &input.org_unit, &query.org_units)?,
        org_unit_groups: decode("organisationUnitGroups", &input.any, &query.org_unit_groups)?,
        category_option_combos: decode("categoryOptionCombos", &input.any, &query.category_option_combos)?,
        periods: decode_periods(state, &query.periods)?,
    };
    keep_rules(query, &asked, &state.settings.now, state.profile != Profile::V43)?;
    decide_access(state, user, &asked)?;
    Ok(asked.into_selection(state, query))
}

struct Asked {
    data_sets: Vec<String>,
    groups: Vec<String>,
    data_elements: Vec<String>,
    org_units: Vec<String>,
    org_unit_groups: Vec<String>,
    category_option_combos: Vec<String>,
    attribute_option_combos: Vec<String>,
    periods: Vec<Period>,
}

fn decode(
    world: &World,
    plural: &str,
    scheme: &Scheme,
    names: &[String],
    code_fallback: bool,
) -> Result<Vec<String>, Refusal> {
    if *scheme == Scheme::Uid && code_fallback {
        let id = |name: &String| {
            let by_code = || Scheme::Code.find(world, plural, name).and_then(|object| text(object, "id"));
            if Uid::parse(name).is_ok() { Some(name.clone()) } else { by_code().map(str::to_owned) }
        };
        return Ok(names.iter().filter_map(id).collect());
    }
    if *scheme == Scheme::Uid {
        if let Some(bad) = names.iter().find(|name| Uid::parse(name).is_err()) {
            return Err(Refusal::Malformed(format!(
                "UID must be an alphanumeric string of 11 characters starting with a letter, but was: {bad}"
            )));
        }
        return Ok(names.to_vec());
    }
    let found = names.iter().filter_map(|name| scheme.find(world, plural, name));
    Ok(found.filter_map(|object| text(object, "id")).map(str::to_owned).collect())
}

fn decode_periods(state: &State, texts: &[String]) -> Result<Vec<Period>, Refusal> {
    let mut found: Vec<Period> = Vec::new();
    for text in texts {
        let period =
            periods::parse(state.profile, text).ok_or_else(|| Refusal::Malformed(period_input::refusal(text)))?;
        if !found.contains(&period) {
            found.push(period);
        }
    }
    Ok(found)
}

fn keep_rules(query: &Query, asked: &Asked, now: &str, by_last_update: bool) -> Result<(), Refusal> {
    let broken = |broken: bool, code: &'static str| if broken { Err(rule(code)) } else { Ok(()) };
    broken(asked.data_sets.is_empty() && asked.groups.is_empty() && asked.data_elements.is_empty(), "E2001")?;
    // On 2.43.1 `lastUpdated` does not stand for a period (`raw-read/last-updated-old`), whatever the text says.
    let since = query.last_updated.is_some() || query.last_updated_duration.is_some();
    broken(asked.periods.is_empty() && query.dates.is_none() && !(since && by_last_update), "E2002")?;
    broken(!asked.periods.is_empty() && query.dates.is_some(), "E2003")?;
    broken(query.dates.is_some_and(|(start, end)| start > end), "E2004")?;
    if let Some(duration) = query.last_updated_duration.as_ref().filter(|text| moment::before(now, text).is_none()) {
        return Err(Refusal::Conflict("E2005", format!("Duration is not valid: `{duration}`")));
    }
    broken(asked.org_units.is_empty() && asked.org_unit_groups.is_empty(), "E2006")?;
    broken(query.children && !asked.org_unit_groups.is_empty(), "E2007")?;
    broken(query.children && asked.org_units.is_empty(), "E2008")?;
    match query.limit.filter(|limit| *limit < 0) {
        Some(limit) => Err(Refusal::Conflict("E2009", format!("Limit cannot be less than zero: `{limit}`"))),
        None => Ok(()),
    }
}

fn decide_access(state: &State, user: &User, asked: &Asked) -> Result<(), Refusal> {
    if user.is_superuser() {
        return Ok(());
    }
    let world = &state.world;
    let refuse = |code, what: &str, refused: Vec<&str>| {
        if refused.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Conflict(code, format!("User is not allowed to {what}: `[{}]`", refused.join(", "))))
        }
    };
    let known = |plural: &'static str, id: &String| world.get(plural, id).is_some();
    let sets =
        asked.data_sets.iter().filter(|id| world.get("dataSets", id).is_some_and(|set| !access(user, set).data_read));
    refuse("E2010", "read data for data set(s)", sets.map(String::as_str).collect())?;
    let combos = asked.attribute_option_combos.iter().filter(|id| !may_read_option_combo(world, user, id));
    refuse("E2011", "read data for attribute option combo(s)", combos.map(String::as_str).collect())?;
    let roots = user.data_view_org_units();
    let units =
        asked.org_units.iter().filter(|id| known("organisationUnits", id) && !world.is_in_hierarchy(id, &roots));
    refuse("E2012", "view org unit(s)", units.map(String::as_str).collect())
}

/// `level`: of the org units found only those of one level.
fn at_level(world: &World, mut units: Vec<String>, level: Option<i64>) -> Vec<String> {
    if let Some(level) = level {
        let level_of = |id: &str| world.get("organisationUnits", id)?.get("level")?.as_i64();
        units.retain(|id| level_of(id) == Some(level));
    }
    units
}

impl Asked {
    fn into_selection(self, state: &State, query: &Query) -> Selection {
        let world = &state.world;
        let mut elements: Vec<&str> = self.data_elements.iter().map(String::as_str).collect();
        elements.extend(elements_of_sets(world, &self.data_sets));
        elements.extend(elements_of_groups(world, &self.groups));
        let one = |list: &[String]| (list.len() == 1).then(|| list[0].clone());
        let spreads = query.children || !self.org_unit_groups.is_empty();
        Selection {
            data_elements: once(elements),
            dates: query.dates,
            org_units: at_level(
                world,
                org_units(world, &self.org_units, &self.org_unit_groups, query.children),
                query.level,
            ),
            since: query.last_updated.clone().or_else(|| {
                query.last_updated_duration.as_ref().and_then(|text| moment::before(&state.settings.now, text))
            }),
            head: Head {
                data_set: one(&self.data_sets),
                period: (self.periods.len() == 1).then(|| self.periods[0]),
                org_unit: if spreads { None } else { one(&self.org_units) },
                attribute_option_combo: one(&self.attribute_option_combos),
            },
            periods: self.periods,
            category_option_combos: self.category_option_combos,
            attribute_option_combos: self.attribute_option_combos,
        }
    }
}
