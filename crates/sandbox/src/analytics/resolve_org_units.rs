//! The org unit dimension: plain units, levels, groups, the user's own, and those of data sets and programs.
//!
//! Beside levels and groups plain units are boundaries (`DimensionalObjectProvider.getOrgUnitDimension`). Units of
//! levels and groups are sorted by name, plain ones stay in the order of the request.

use serde_json::json;

use super::dimension::keyword;
use super::dimension::{Axis, Dimension};
use super::query::{Asked, Query};
use super::refusal::{Refusal, rule};
use crate::profile::Profile;
use crate::reach::subtree;
use crate::state::{State, User};
use crate::world::{Object, World, references, text};

/// What the items of `ou` name.
#[derive(Default)]
struct Named<'world> {
    units: Vec<&'world str>,
    levels: Vec<u64>,
    groups: Vec<&'world Object>,
    keywords: Vec<(String, serde_json::Value)>,
}

/// Looks the items of `ou` up.
pub(super) fn resolve(state: &State, user: &User, query: &Query, asked: &Asked) -> Result<Dimension, Refusal> {
    let world = &state.world;
    let mut named = Named::default();
    for item in &asked.items {
        named.note(state, user, query, item);
    }
    dedup(&mut named.units);
    let mut found: Vec<&str> = Vec::new();
    if !named.levels.is_empty() {
        found.extend(sorted(world, at_levels(world, &named)));
    }
    if !named.groups.is_empty() {
        found.extend(sorted(world, in_groups(world, &named)));
    }
    if named.levels.is_empty() && named.groups.is_empty() {
        found.extend(&named.units);
    } else {
        named.keywords.extend(level_keywords(world, &named.levels));
        named.keywords.extend(named.groups.iter().map(|group| keyword(group)));
        let boundaries = named.units.iter().filter_map(|id| world.get("organisationUnits", id));
        named.keywords.extend(boundaries.map(keyword));
    }
    dedup(&mut found);
    if found.is_empty() {
        return Err(rule("E7143", "Organisation unit or organisation unit level is not valid"));
    }
    Ok(Dimension {
        name: "ou".into(),
        title: "Organisation unit".into(),
        axis: Axis::OrgUnit(found.into_iter().map(str::to_owned).collect()),
        keywords: named.keywords,
    })
}

impl<'world> Named<'world> {
    fn note(&mut self, state: &'world State, user: &User, query: &Query, item: &str) {
        let world = &state.world;
        let after = |prefix: &str| item.strip_prefix(prefix).filter(|_| item.starts_with(prefix));
        if let Some(depth) = user_depth(item) {
            let units = below_user(world, user, query, depth);
            self.keywords.push((item.to_owned(), json!({"organisationUnits": units})));
            self.units.extend(units);
        } else if let Some(level) = after("LEVEL-") {
            self.levels.extend(level_number(world, level));
        } else if let Some(group) = after("OU_GROUP-") {
            self.groups.extend(query.input.find(world, "organisationUnitGroups", group));
        } else if let Some(unit) = query.input.find(world, "organisationUnits", item) {
            self.units.extend(text(unit, "id"));
        } else if state.profile >= Profile::V42 {
            // Keywords of 2.42; before, no more than an unknown id (`analytics/ds-keyword`).
            let owner = after("DS-")
                .and_then(|id| world.get("dataSets", id))
                .or_else(|| after("PR-").and_then(|id| world.get("programs", id)));
            self.units.extend(owner.into_iter().flat_map(|owner| references(owner, "organisationUnits")));
        }
    }
}

/// How far below the user's units a keyword reaches.
fn user_depth(item: &str) -> Option<usize> {
    match item {
        "USER_ORGUNIT" => Some(0),
        "USER_ORGUNIT_CHILDREN" => Some(1),
        "USER_ORGUNIT_GRANDCHILDREN" => Some(2),
        _ => None,
    }
}

/// The user's capture units, or those that the request puts in their place, and the generation below them.
fn below_user<'world>(world: &'world World, user: &User, query: &Query, depth: usize) -> Vec<&'world str> {
    let own = user.capture_org_units();
    let given: Vec<&str> = query.user_org_units.iter().map(String::as_str).collect();
    let roots = if given.is_empty() { own } else { given };
    let mut units: Vec<&str> = roots
        .into_iter()
        .filter_map(|id| world.get("organisationUnits", id))
        .filter_map(|unit| text(unit, "id"))
        .collect();
    for _ in 0..depth {
        let children = units
            .iter()
            .filter_map(|id| world.get("organisationUnits", id))
            .flat_map(|unit| references(unit, "children"))
            .collect();
        units = sorted(world, children);
    }
    units
}

/// A level by number or by the id of its object.
fn level_number(world: &World, level: &str) -> Option<u64> {
    level.parse().ok().or_else(|| world.get("organisationUnitLevels", level)?.get("level")?.as_u64())
}

fn level_keywords<'world>(
    world: &'world World,
    levels: &[u64],
) -> impl Iterator<Item = (String, serde_json::Value)> + use<'world> {
    let levels = levels.to_vec();
    world
        .list("organisationUnitLevels")
        .iter()
        .filter(move |level| {
            level.get("level").and_then(serde_json::Value::as_u64).is_some_and(|number| levels.contains(&number))
        })
        .map(keyword)
}

fn at_levels<'world>(world: &'world World, named: &Named<'world>) -> Vec<&'world str> {
    let is_wanted = |id: &&str| {
        world
            .get("organisationUnits", id)
            .and_then(|unit| unit.get("level"))
            .and_then(serde_json::Value::as_u64)
            .is_some_and(|level| named.levels.contains(&level))
    };
    if named.units.is_empty() {
        return world.list("organisationUnits").iter().filter_map(|unit| text(unit, "id")).filter(is_wanted).collect();
    }
    named.units.iter().flat_map(|unit| subtree(world, unit)).filter(is_wanted).collect()
}

fn in_groups<'world>(world: &World, named: &Named<'world>) -> Vec<&'world str> {
    let within = |id: &&str| named.units.is_empty() || world.is_in_hierarchy(id, &named.units);
    named.groups.iter().flat_map(|group| references(group, "organisationUnits")).filter(within).collect()
}

fn sorted<'world>(world: &World, mut units: Vec<&'world str>) -> Vec<&'world str> {
    let name = |id: &str| world.get("organisationUnits", id).and_then(|unit| text(unit, "name")).unwrap_or_default();
    units.sort_by(|left, right| name(left).cmp(name(right)));
    units
}

/// Each id once, in order.
fn dedup(ids: &mut Vec<&str>) {
    let mut seen = std::collections::HashSet::new();
    ids.retain(|id| seen.insert(*id));
}
