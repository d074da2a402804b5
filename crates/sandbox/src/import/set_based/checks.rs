//! The checks of a group, in the server's order (`validateUserAccess`, `validateKeyConsistency`,
//! `validateEntryTimeliness`): the first kind of fault refuses the group, with all ids of that kind.

use super::Frame;
use super::errors::{self, Fault};
use super::source::Source;
use crate::import::timeliness;
use crate::world::catalog::{Catalog, DataSet, InputPeriod};
use xfer_domain::period::Period;

/// The only data set that all data elements belong to between them (`autoTargetDataSet`). An element without any is
/// overlooked as long as another one has some.
pub(super) fn only_data_set(catalog: &Catalog, source: &Source<'_>) -> Result<usize, Fault> {
    let mut sets: Vec<usize> = source
        .data_elements
        .iter()
        .filter_map(|id| catalog.data_elements.get(id))
        .flat_map(|element| element.data_sets.iter().copied())
        .collect();
    sets.sort_unstable();
    sets.dedup();
    match sets[..] {
        [] => Err(errors::no_data_set(&source.data_elements)),
        [set] => Ok(set),
        _ => {
            let ids: Vec<&str> = sets.iter().map(|&set| catalog.data_sets[set].names.id.as_str()).collect();
            Err(errors::several_data_sets(&ids))
        }
    }
}

/// The checks of one group.
pub(super) struct Checks<'group> {
    pub(super) frame: &'group Frame<'group>,
    /// The data set's id as the request has it.
    pub(super) id: &'group str,
    /// The data set; none for an unknown id.
    pub(super) set: Option<usize>,
    pub(super) source: &'group Source<'group>,
}

#[expect(clippy::needless_pass_by_value, reason = "callers collect straight into it")]
fn all_good<T>(offenders: Vec<T>, fault: impl FnOnce(&[T]) -> Fault) -> Result<(), Fault> {
    if offenders.is_empty() { Ok(()) } else { Err(fault(&offenders)) }
}

impl Checks<'_> {
    /// Runs them; the data set that the group is for.
    pub(super) fn run(&self) -> Result<usize, Fault> {
        if !self.frame.reach.superuser {
            self.user_access()?;
        }
        let position = self.membership()?;
        let set = &self.catalog().data_sets[position];
        self.combos(set)?;
        self.org_unit_spans()?;
        if !(self.frame.options.force && self.frame.reach.superuser) {
            self.times(set)?;
        }
        Ok(position)
    }

    fn catalog(&self) -> &Catalog {
        self.frame.catalog
    }

    /// Data set, org units, category options: whether the user may write there. An unknown data set passes here, as
    /// nothing forbids it.
    fn user_access(&self) -> Result<(), Fault> {
        let reach = &self.frame.reach;
        if self.set.and_then(|set| reach.data_set(set)).is_some_and(|granted| !granted.data_write) {
            return Err(errors::data_set_not_writable(self.id));
        }
        let outside = self
            .source
            .org_units
            .iter()
            .copied()
            .filter(|id| self.catalog().org_units.find(id).is_some_and(|unit| !reach.captures_at(unit)))
            .collect();
        all_good(outside, errors::org_units_out_of_reach)?;
        let closed = self
            .source
            .option_combos
            .iter()
            .filter_map(|id| self.catalog().option_combos.get(id))
            .flat_map(|combo| combo.options.iter().copied())
            .filter(|&option| !reach.writes_option(option))
            .map(|option| self.catalog().category_options[option].names.id.as_str())
            .collect();
        all_good(closed, errors::category_options_not_writable)
    }

    /// Data elements, org units and period type of the data set. Unknown ids belong to none.
    fn membership(&self) -> Result<usize, Fault> {
        let catalog = self.catalog();
        let set = self.set.map(|set| &catalog.data_sets[set]);
        let foreign = self
            .source
            .data_elements
            .iter()
            .copied()
            .filter(|id| {
                let element = catalog.data_elements.find(id);
                !set.zip(element).is_some_and(|(set, element)| set.members.contains_key(&element))
            })
            .collect();
        all_good(foreign, |elements| errors::data_elements_foreign(self.id, elements))?;
        let (Some(set), Some(position)) = (set, self.set) else {
            return Err(errors::data_elements_foreign(self.id, &[]));
        };
        let unassigned = self
            .source
            .org_units
            .iter()
            .copied()
            .filter(|id| !catalog.org_units.find(id).is_some_and(|unit| set.org_units.contains(&unit)))
            .collect();
        all_good(unassigned, |units| errors::org_units_not_assigned(self.id, units))?;
        let other_type =
            self.source.periods.iter().filter(|period| Some(period.period_type()) != set.period_type).collect();
        all_good(other_type, |periods| errors::periods_of_other_type(self.id, periods))?;
        Ok(position)
    }

    /// Attribute option combos, category option combos (of the first data element at fault), and the org units of the
    /// first attribute option combo at fault.
    fn combos(&self, set: &DataSet) -> Result<(), Fault> {
        let catalog = self.catalog();
        let default = catalog.option_combos[catalog.default_combo].names.id.as_str();
        let in_combo = |id: &str, combo: &str| catalog.option_combos.get(id).is_some_and(|found| found.combo == combo);
        let foreign = self
            .source
            .attribute_option_combos
            .iter()
            .map(|combo| combo.unwrap_or(default))
            .filter(|id| !in_combo(id, &set.combo))
            .collect::<Vec<_>>();
        all_good(foreign, |combos| errors::attribute_option_combos_foreign(self.id, combos))?;
        for id in &self.source.data_elements {
            let Some(element) = catalog.data_elements.find(id) else { continue };
            let wanted = catalog.combo_in(set, element);
            let foreign = self
                .source
                .combos_of
                .get(id)
                .into_iter()
                .flatten()
                .copied()
                .filter(|combo| !in_combo(combo, wanted))
                .collect();
            all_good(foreign, |combos| errors::category_option_combos_foreign(self.id, id, combos))?;
        }
        for id in self.source.attribute_option_combos.iter().flatten() {
            let Some(combo) = catalog.option_combos.find(id) else { continue };
            let units = self.source.org_units_of.get(id).into_iter().flatten().copied();
            let outside = units
                .filter(|unit| catalog.org_units.find(unit).is_some_and(|unit| !catalog.is_usable_at(combo, unit)))
                .collect();
            all_good(outside, |units| errors::org_units_foreign_to_combo(id, units))?;
        }
        Ok(())
    }

    /// Whether every org unit is open when its periods start; the first one at fault is named.
    fn org_unit_spans(&self) -> Result<(), Fault> {
        let closed: Vec<(&str, Period)> = self
            .source
            .org_unit_periods
            .iter()
            .copied()
            .filter(|(id, period)| {
                self.catalog()
                    .org_units
                    .get(id)
                    .is_some_and(|unit| !timeliness::includes((unit.opened, unit.closed), period.start()))
            })
            .collect();
        first_of(&closed).map_or(Ok(()), |(unit, periods)| Err(errors::org_unit_untimely(unit, &periods)))
    }

    fn times(&self, set: &DataSet) -> Result<(), Fault> {
        let now = self.frame.now;
        if set.input_periods.is_empty() {
            self.expiry_and_future(set)?;
        } else {
            // Read the wrong way round, an open window refuses and a closed one lets pass.
            let inverted = self.frame.inverted_windows;
            let refused = self
                .source
                .periods
                .iter()
                .filter(|period| {
                    let id = period.to_string();
                    let mut windows = set.input_periods.iter().filter(|window| window.period == id).peekable();
                    let open = |window: &InputPeriod| timeliness::is_open(window, now);
                    windows.peek().is_none() || if inverted { windows.any(open) } else { !windows.any(open) }
                })
                .collect();
            all_good(refused, |periods| errors::periods_untimely(self.id, periods))?;
        }
        let outside: Vec<(&str, Period)> = self
            .source
            .attribute_periods
            .iter()
            .copied()
            .filter(|(id, period)| {
                self.catalog().option_combos.find(id).is_some_and(|combo| !self.combo_covers(set, combo, *period))
            })
            .collect();
        first_of(&outside).map_or(Ok(()), |(combo, periods)| Err(errors::combo_untimely(combo, &periods)))
    }

    /// Expiry and future periods, which `F_EDIT_EXPIRED` lifts both.
    fn expiry_and_future(&self, set: &DataSet) -> Result<(), Fault> {
        if self.frame.user.has_authority("F_EDIT_EXPIRED") {
            return Ok(());
        }
        let now = self.frame.now;
        let mut expired: Vec<Period> = Vec::new();
        for (unit, period) in &self.source.org_unit_periods {
            let exception = (self.id.to_owned(), (*unit).to_owned(), period.to_string());
            if timeliness::is_expired(set, *period, now, 1.0)
                && !expired.contains(period)
                && !self.catalog().lock_exceptions.contains(&exception)
            {
                expired.push(*period);
            }
        }
        all_good(expired, |periods| errors::periods_untimely(self.id, periods))?;
        let latest =
            set.period_type.and_then(|period_type| timeliness::latest_open(period_type, now, set.open_future_periods));
        let future = self.source.periods.iter().filter(|period| timeliness::is_after(**period, latest)).collect();
        all_good(future, |periods| errors::periods_untimely(self.id, periods))
    }

    /// Whether a period lies wholly in the span of an attribute option combo; a data set that stays open after the end
    /// of an option has the period moved back by as much.
    fn combo_covers(&self, set: &DataSet, combo: usize, period: Period) -> bool {
        let span = self.catalog().span(combo);
        let inside =
            |period: &Period| timeliness::includes(span, period.start()) && timeliness::includes(span, period.end());
        inside(&period)
            || set.open_periods_after_option_end != 0
                && period.shift(-set.open_periods_after_option_end).is_some_and(|earlier| inside(&earlier))
    }
}

/// The first id among pairs, with all its periods.
fn first_of<'group>(pairs: &[(&'group str, Period)]) -> Option<(&'group str, Vec<Period>)> {
    let (first, _) = *pairs.first()?;
    Some((first, pairs.iter().filter(|(id, _)| *id == first).map(|(_, period)| *period).collect()))
}
