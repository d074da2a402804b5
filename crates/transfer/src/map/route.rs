//! Where source values go, looked up once for many of them: what a value is and when decides on its items and their
//! periods, and where it stands on its place.

use std::sync::Arc;

use crate::map::fate::{Nowhere, target_period};
use crate::plan::{Place, PlannedJob, Slice, UnitMap};
use xfer_domain::data_item::DataItem;
use xfer_domain::hashed::Hashed;
use xfer_domain::period::Period;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;

/// Where values of one thing in one period go.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// The items that read them, and the period that each puts them into.
    pub(super) items: Vec<(usize, Result<Period, Nowhere>)>,
    /// Its number among those that were asked for; none where no item reads them.
    pub(super) number: Option<u32>,
    /// Whether items read the same in other periods.
    pub(super) is_read_elsewhen: bool,
}

impl Route {
    /// Of all these items.
    pub(super) fn of(job: &PlannedJob, items: impl Iterator<Item = usize>, period: Period) -> Self {
        let items = items.map(|item| (item, target_period(job, item, period))).collect();
        Self { items, number: None, is_read_elsewhen: false }
    }
}

/// What a value is of, its COC and AOC, and when.
type Kind = (DataItem, Option<Uid>, Option<Uid>, Period);

/// The routes of a slice's values.
#[derive(Debug, Default)]
pub(super) struct Routes {
    known: Hashed<Kind, Arc<Route>>,
}

impl Routes {
    /// The route of a value. Only those that lead somewhere are kept: of others a server may make up any number.
    pub(super) fn of(&mut self, job: &PlannedJob, value: &SourceValue) -> Arc<Route> {
        let key = (value.data, value.category_option_combo, value.attribute_option_combo, value.period);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let all = || job.items_of(value.data, value.category_option_combo, value.attribute_option_combo);
        let mut route = Route::of(job, all().filter(|item| job.reads_for(*item, value.period)), value.period);
        if route.items.is_empty() {
            route.is_read_elsewhen = all().next().is_some();
            return Arc::new(route);
        }
        route.number = u32::try_from(self.known.len()).ok();
        let route = Arc::new(route);
        self.known.insert(key, Arc::clone(&route));
        route
    }
}

/// An org unit of the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    unit: Uid,
    /// Where its values go.
    pub(super) place: Place,
    /// Whether another slice reads and counts them.
    pub(super) is_elsewhere: bool,
    /// Its number among those that were asked for.
    pub(super) number: u32,
}

/// The org units of a slice's values.
#[derive(Debug, Default)]
pub(super) struct Spots {
    known: Hashed<Uid, Spot>,
    /// That of the value before: they come in runs.
    last: Option<Spot>,
}

impl Spots {
    /// The place of a value.
    pub(super) fn of(&mut self, slice: &Slice, units: &UnitMap, unit: Uid) -> Spot {
        if let Some(last) = self.last.filter(|last| last.unit == unit) {
            return last;
        }
        let number = u32::try_from(self.known.len()).unwrap_or(u32::MAX);
        let spot = *self.known.entry(unit).or_insert_with(|| {
            let place = units.place_of(unit);
            let is_elsewhere = matches!(place, Place::To(_)) && !slice.sources.contains(&unit);
            Spot { unit, place, is_elsewhere, number }
        });
        self.last = Some(spot);
        spot
    }
}
