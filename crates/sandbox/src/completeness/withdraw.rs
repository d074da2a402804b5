//! `DELETE completeDataSetRegistrations`: takes registrations back; what is not there is taken back as well.

use crate::exchange::{Request, Response};
use crate::import::timeliness;
use crate::state::{State, User};
use crate::values::RegistrationKey;
use xfer_domain::period::Period;

/// Answers it.
pub(super) fn delete(state: &mut State, user: &User, request: &Request) -> Response {
    let catalog = state.world.catalog();
    let ids = request.parameter_list("ds");
    let text = |name: &str| request.parameter(name).unwrap_or_default();
    let sets: Option<Vec<usize>> = ids.iter().map(|id| catalog.data_sets.find(id)).collect();
    let Some(sets) = sets.filter(|sets| !sets.is_empty()) else {
        return conflict(&format!("Illegal data set identifier in this list: [{}]", ids.join(", ")));
    };
    let Some(period) = timeliness::period(&text("pe"), state.profile) else {
        return conflict(&format!("Illegal period identifier: {}", text("pe")));
    };
    let Some(org_unit) = catalog.org_units.find(&text("ou")) else {
        return conflict(&format!("Illegal organisation unit identifier: {}", text("ou")));
    };
    let Some(combo) = attribute_option_combo(&catalog, &text("cc"), &text("cp")) else {
        return conflict("Attribute option combo does not exist for given category combo and category options");
    };
    let unit_id = &catalog.org_units[org_unit].names.id;
    let is_locked = |set: &usize| locked(state, user, *set, unit_id, period);
    let locked: Vec<&str> =
        sets.iter().filter(|set| is_locked(set)).map(|&set| catalog.data_sets[set].names.id.as_str()).collect();
    if !locked.is_empty() {
        return conflict(&format!("Locked Data set(s) : {}", locked.join(",")));
    }
    let below = std::collections::HashSet::from([org_unit]);
    let units = catalog
        .org_units
        .iter()
        .filter(|(unit, _)| *unit == org_unit || request.flag("multiOu") && catalog.is_below(*unit, &below));
    for (_, unit) in units {
        for &set in &sets {
            state.values.registrations.remove(&RegistrationKey {
                data_set: catalog.data_sets[set].names.id.clone(),
                period: period.to_string(),
                org_unit: unit.names.id.clone(),
                attribute_option_combo: catalog.option_combos[combo].names.id.clone(),
            });
        }
    }
    Response::empty(204)
}

fn conflict(message: &str) -> Response {
    Response::web_message(409, Some(message), None)
}

/// Whether entry for a period is over.
fn locked(state: &State, user: &User, set: usize, org_unit: &str, period: Period) -> bool {
    let catalog = state.world.catalog();
    let set = &catalog.data_sets[set];
    let exception = (set.names.id.clone(), org_unit.to_owned(), period.to_string());
    !user.has_authority("F_EDIT_EXPIRED")
        && timeliness::is_expired(set, period, timeliness::now(&state.settings), 0.0)
        && !catalog.lock_exceptions.contains(&exception)
}

/// The attribute option combo of a category combo and its options `a;b`; the default one where neither is given.
pub(super) fn attribute_option_combo(
    catalog: &crate::world::catalog::Catalog,
    combo: &str,
    options: &str,
) -> Option<usize> {
    if combo.is_empty() && options.is_empty() {
        return Some(catalog.default_combo);
    }
    let wanted: Vec<&str> = options.split(';').filter(|id| !id.is_empty()).collect();
    catalog
        .option_combos
        .iter()
        .find(|(_, candidate)| {
            candidate.combo == combo
                && candidate.options.len() == wanted.len()
                && candidate
                    .options
                    .iter()
                    .all(|&option| wanted.contains(&catalog.category_options[option].names.id.as_str()))
        })
        .map(|(position, _)| position)
}
