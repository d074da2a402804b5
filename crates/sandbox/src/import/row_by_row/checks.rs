//! The checks of a row, in the server's order (`DataValueSetImportValidator.init`): the first fault refuses the row.
//!
//! What questions of time ask of several data sets (a request without `dataSet`) is asked of each of them, and every
//! answer counts: the settings `keyDataImportStrictDataSet…` are on by default.

use std::collections::{HashMap, HashSet};

use super::conflicts;
use super::{Accepted, Frame};
use crate::import::answer::Conflict;
use crate::import::options::Strategy;
use crate::import::payload::{Row, Text};
use crate::import::{timeliness, value_errors};
use crate::values::ValueKey;
use crate::world::catalog::{Catalog, DataSet};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::value_type::{ImportEngine, ValueRefusal, ValueType};

/// The longest comment, in UTF-16 units (`ValidationUtils.commentIsValid`).
const LONGEST_COMMENT: usize = 50_000;
/// The longest user name (`ValidationUtils.storedByIsValid`).
const LONGEST_STORED_BY: usize = 255;

/// A text without blanks around it; none where nothing remains.
pub(super) fn trimmed<'row>(text: &'row Text<'_>) -> Option<&'row str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

/// A row's place, as far as it is found.
#[derive(Clone, Copy)]
struct Place {
    element: usize,
    period: Period,
    org_unit: usize,
    category_option_combo: usize,
    attribute_option_combo: usize,
}

/// The checks for the rows of one request.
pub(super) struct Checks<'frame> {
    frame: &'frame Frame<'frame>,
    catalog: &'frame Catalog,
    /// Category combo → its option combos.
    combos: HashMap<&'frame str, HashSet<usize>>,
    /// The latest open period of each data set.
    latest_open: Vec<Option<Period>>,
}

impl<'frame> Checks<'frame> {
    pub(super) fn new(frame: &'frame Frame<'frame>) -> Self {
        let catalog = frame.catalog;
        let mut combos: HashMap<&str, HashSet<usize>> = HashMap::new();
        for (position, combo) in catalog.option_combos.iter() {
            combos.entry(&combo.combo).or_default().insert(position);
        }
        let latest_open = catalog
            .data_sets
            .iter()
            .map(|(_, set)| timeliness::latest_open(set.period_type?, frame.now, set.open_future_periods))
            .collect();
        Self { frame, catalog, combos, latest_open }
    }

    /// Judges a row: what is stored of it, or its faults.
    pub(super) fn judge(&self, row: &Row<'_>) -> Result<Accepted, Vec<Conflict>> {
        let frame = self.frame;
        let place = self.find(row).map_err(|fault| vec![fault])?;
        let value = self.value(row, place.element).map_err(|fault| vec![fault])?;
        let place = self.fall_back(row, place).map_err(|fault| vec![fault])?;
        self.strict(row, place).map_err(|fault| vec![fault])?;
        if row.stored_by.as_deref().is_some_and(|name| name.encode_utf16().count() > LONGEST_STORED_BY) {
            return Err(vec![conflicts::stored_by_not_valid()]);
        }
        self.attribute_options(row, place).map_err(|fault| vec![fault])?;
        if !frame.forced {
            self.times(row, place)?;
        }
        Ok(self.accept(place, value))
    }

    fn accept(&self, place: Place, value: Option<String>) -> Accepted {
        let element = &self.catalog.data_elements[place.element];
        let zero = value.as_deref().is_some_and(|text| text.parse::<f64>().is_ok_and(|number| number == 0.0));
        Accepted {
            key: ValueKey {
                data_element: element.names.id.clone(),
                period: place.period.to_string(),
                org_unit: self.catalog.org_units[place.org_unit].names.id.clone(),
                category_option_combo: self.catalog.option_combos[place.category_option_combo].names.id.clone(),
                attribute_option_combo: self.catalog.option_combos[place.attribute_option_combo].names.id.clone(),
            },
            value,
            drops_zero: zero && element.drops_zeros,
        }
    }

    /// Existence of everything, then the user's hierarchy. A missing combo is marked by the default one here and looked
    /// at again by [`Self::fall_back`].
    fn find(&self, row: &Row<'_>) -> Result<Place, Conflict> {
        let frame = self.frame;
        let element = trimmed(&row.data_element)
            .and_then(|id| frame.lookups.data_elements.find(id))
            .filter(|&element| frame.reach.sees_data_element(element))
            .ok_or_else(|| conflicts::data_element_not_found(&row.data_element))?;
        let period = frame
            .period
            .or_else(|| timeliness::period(trimmed(&row.period)?, frame.profile))
            .filter(|period| frame.lost.is_empty() || !frame.lost.contains(&period.to_string()))
            .ok_or_else(|| conflicts::period_not_valid(&row.period))?;
        let org_unit = frame
            .org_unit
            .or_else(|| frame.lookups.org_units.find(trimmed(&row.org_unit)?))
            .ok_or_else(|| conflicts::org_unit_not_found(&row.org_unit))?;
        let category_option_combo = match trimmed(&row.category_option_combo) {
            None => self.catalog.default_combo,
            Some(id) => frame
                .lookups
                .category_option_combos
                .find(id)
                .filter(|&combo| frame.reach.writes_combo(combo))
                .ok_or_else(|| conflicts::category_option_combo_not_found(&row.category_option_combo))?,
        };
        let own = frame.writable_attribute_option_combo(&row.attribute_option_combo);
        let attribute_option_combo = match frame.attribute_option_combo.or(own) {
            Some(combo) => combo,
            None if trimmed(&row.attribute_option_combo).is_some() => {
                return Err(conflicts::attribute_option_combo_not_found(&row.attribute_option_combo));
            }
            None => self.catalog.default_combo,
        };
        if !frame.reach.captures_at(org_unit) {
            return Err(conflicts::org_unit_not_in_hierarchy(&row.org_unit, frame.user.id()));
        }
        Ok(Place { element, period, org_unit, category_option_combo, attribute_option_combo })
    }

    /// The value that is stored, or what is wrong with value or comment. Blanks around a text vanish.
    fn value(&self, row: &Row<'_>, element: usize) -> Result<Option<String>, Conflict> {
        let given = trimmed(&row.value);
        let deletes = row.deleted == Some(true) || self.frame.strategy == Strategy::Delete;
        if given.is_none() && trimmed(&row.comment).is_none() && !deletes {
            return Err(conflicts::value_not_defined(&row.data_element));
        }
        let definition = &self.catalog.data_elements[element];
        let stored = match (given, row.value.as_deref()) {
            (Some(_), Some(text)) => match definition.value_type.stored_as(text, ImportEngine::RowByRow) {
                Ok(stored) => Some(stored.into_owned()),
                Err(refusal) => {
                    let key = match refusal {
                        ValueRefusal::TooLong { .. } => "value_length_greater_than_max_length",
                        _ => value_errors::key(definition.value_type),
                    };
                    return Err(conflicts::value_not_valid(&row.data_element, key));
                }
            },
            _ => None,
        };
        if row.comment.as_deref().is_some_and(|text| text.encode_utf16().count() > LONGEST_COMMENT) {
            return Err(conflicts::comment_not_valid());
        }
        if let Some(options) = &definition.options {
            let text = row.value.as_deref();
            let fits = text.is_some_and(|text| match definition.value_type {
                ValueType::MultiText => text.split(',').all(|code| options.contains(code)),
                _ => options.contains(text),
            });
            if !fits {
                return Err(conflicts::not_an_option(&row.data_element));
            }
        }
        Ok(stored)
    }

    /// Missing combos: refused where they are required, the default one otherwise.
    fn fall_back(&self, row: &Row<'_>, place: Place) -> Result<Place, Conflict> {
        let options = self.frame.options;
        if options.require_category_option_combo && trimmed(&row.category_option_combo).is_none() {
            return Err(conflicts::category_option_combo_required());
        }
        let missing = self.frame.attribute_option_combo.is_none() && trimmed(&row.attribute_option_combo).is_none();
        if options.require_attribute_option_combo && missing {
            return Err(conflicts::attribute_option_combo_required());
        }
        Ok(place)
    }

    /// What the `strict…` flags ask.
    fn strict(&self, row: &Row<'_>, place: Place) -> Result<(), Conflict> {
        let options = self.frame.options;
        let element = &self.catalog.data_elements[place.element];
        let sets = || element.data_sets.iter().map(|&set| &self.catalog.data_sets[set]);
        if options.strict_periods {
            let types: HashSet<PeriodType> = sets().filter_map(|set| set.period_type).collect();
            if !types.contains(&place.period.period_type()) {
                return Err(conflicts::period_type_not_valid(&row.period, &row.data_element));
            }
        }
        if options.strict_data_elements {
            // A request without a valid data set was refused before.
            let member =
                self.frame.data_set.filter(|&set| !self.catalog.data_sets[set].members.contains_key(&place.element));
            if let Some(set) = member {
                let id = &self.catalog.data_sets[set].names.id;
                return Err(conflicts::data_element_not_in_data_set(&row.data_element, id));
            }
        }
        let in_combo = |combo: &str, option_combo: usize| {
            self.combos.get(combo).is_some_and(|members| members.contains(&option_combo))
        };
        if options.strict_category_option_combos
            && !in_combo(&element.combo, place.category_option_combo)
            && !sets().any(|set| in_combo(self.catalog.combo_in(set, place.element), place.category_option_combo))
        {
            return Err(conflicts::category_option_combo_foreign(&row.category_option_combo, &row.data_element));
        }
        if options.strict_attribute_option_combos
            && !sets().any(|set| in_combo(&set.combo, place.attribute_option_combo))
        {
            return Err(conflicts::attribute_option_combo_foreign(&row.attribute_option_combo, &row.data_element));
        }
        if options.strict_organisation_units && !sets().any(|set| set.org_units.contains(&place.org_unit)) {
            return Err(conflicts::org_unit_not_assigned(&row.org_unit, &row.data_element));
        }
        Ok(())
    }

    /// Dates and org units of the attribute options. A period that only touches the dates passes.
    fn attribute_options(&self, row: &Row<'_>, place: Place) -> Result<(), Conflict> {
        let options = || {
            let combo = &self.catalog.option_combos[place.attribute_option_combo];
            combo.options.iter().map(|&option| &self.catalog.category_options[option])
        };
        let sets = self.sets_for_dates(place.element);
        let adjusted = |end| sets.iter().map(|set| timeliness::adjusted_end(end, set)).max().unwrap_or(end);
        let start = options().filter_map(|option| option.start).max();
        let end = options().filter_map(|option| option.end.map(adjusted)).min();
        if start.is_some_and(|start| start > place.period.end()) || end.is_some_and(|end| end < place.period.start()) {
            return Err(conflicts::period_outside_combo_span(&row.period, &row.attribute_option_combo));
        }
        let mut allowed: Option<HashSet<usize>> = None;
        for option in options().filter(|option| !option.org_units.is_empty()) {
            let own: HashSet<usize> = option.org_units.iter().copied().collect();
            allowed = Some(match allowed {
                None => own,
                Some(known) => known.intersection(&own).copied().collect(),
            });
        }
        if allowed.is_some_and(|allowed| !self.catalog.is_below(place.org_unit, &allowed)) {
            return Err(conflicts::org_unit_foreign_to_combo(&row.org_unit, &row.attribute_option_combo));
        }
        Ok(())
    }

    /// The data sets whose openness after the end of an option counts.
    fn sets_for_dates(&self, element: usize) -> Vec<&'frame DataSet> {
        match self.frame.data_set {
            Some(set) => vec![&self.catalog.data_sets[set]],
            None => {
                self.catalog.data_elements[element].data_sets.iter().map(|&set| &self.catalog.data_sets[set]).collect()
            }
        }
    }

    /// The data sets that a value belongs to (`getTargetDataSets`): the one on top, or those of its data element that
    /// are assigned to its org unit and have the category combo of its attribute option combo.
    fn targets(&self, place: Place) -> Vec<usize> {
        if let Some(set) = self.frame.data_set {
            return vec![set];
        }
        let combo = &self.catalog.option_combos[place.attribute_option_combo].combo;
        self.catalog.data_elements[place.element]
            .data_sets
            .iter()
            .copied()
            .filter(|&set| {
                let set = &self.catalog.data_sets[set];
                set.org_units.contains(&place.org_unit) && set.combo == *combo
            })
            .collect()
    }

    /// Expiry, future periods, input periods. Where one of them refuses, the others are not asked.
    fn times(&self, row: &Row<'_>, place: Place) -> Result<(), Vec<Conflict>> {
        let frame = self.frame;
        let targets: Vec<(usize, &DataSet)> =
            self.targets(place).into_iter().map(|set| (set, &self.catalog.data_sets[set])).collect();
        let all = |faults: Vec<Conflict>| if faults.is_empty() { Ok(()) } else { Err(faults) };
        if !frame.user.has_authority("F_EDIT_EXPIRED") {
            all(targets
                .iter()
                .filter(|(_, set)| self.is_locked(set, place))
                .map(|(_, set)| conflicts::period_expired(&row.period, &set.names.id))
                .collect())?;
        }
        all(targets
            .iter()
            .filter_map(|(position, set)| {
                let latest = self.latest_open[*position]?;
                timeliness::is_after(place.period, Some(latest)).then(|| {
                    conflicts::period_in_future(&row.period, &row.data_element, &set.names.id, &latest.to_string())
                })
            })
            .collect())?;
        let open = |set: &DataSet| {
            let period = place.period.to_string();
            set.input_periods.is_empty()
                || set
                    .input_periods
                    .iter()
                    .any(|window| window.period == period && timeliness::is_open(window, frame.now))
        };
        all(targets
            .iter()
            .filter(|(_, set)| !open(set))
            .map(|(_, set)| conflicts::period_not_open(&row.period, &set.names.id))
            .collect())?;
        let element = &self.catalog.data_elements[place.element];
        let open_somewhere =
            element.data_sets.is_empty() || element.data_sets.iter().any(|&set| open(&self.catalog.data_sets[set]));
        if open_somewhere { Ok(()) } else { Err(vec![conflicts::period_not_open_anywhere(&row.period)]) }
    }

    fn is_locked(&self, set: &DataSet, place: Place) -> bool {
        timeliness::is_expired(set, place.period, self.frame.now, 0.0)
            && !self.catalog.lock_exceptions.contains(&(
                set.names.id.clone(),
                self.catalog.org_units[place.org_unit].names.id.clone(),
                place.period.to_string(),
            ))
    }
}
