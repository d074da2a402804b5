//! Where a stored value belongs in an answer: which periods, org units and other items it counts for.
//!
//! Built once per request. A value of a facility counts for every asked unit above it; a value of a week counts for
//! the month that holds the week's fourth day (`IdentifiableObjectUtils.getPeriodByPeriodType`). Filters admit a value
//! once, however many of their items it matches.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;

use super::dimension::{Axis, Dimension, Dimensions, Dynamic, PeriodItem};
use super::query::Query;
use super::refusal::{Refusal, unsupported};
use crate::domain::period::{Period, PeriodType};
use crate::sandbox::instance::State;
use crate::sandbox::reach::subtree;
use crate::sandbox::scan::OrgUnits;
use crate::sandbox::world::{World, references};

/// More columns than this beside `dx` are refused; a real request has three or four.
pub(super) const MAX_COLUMNS: usize = 6;

/// The places of a row's items in their dimensions, in the order of the columns beside `dx`.
pub(super) type Key = [u32; MAX_COLUMNS];

/// The option combos that rows mention, as numbers.
#[derive(Debug, Default)]
pub(super) struct Combos {
    numbers: HashMap<String, u32>,
    ids: Vec<String>,
}

impl Combos {
    /// The number of a combo.
    pub(super) fn number(&mut self, id: &str) -> u32 {
        if let Some(number) = self.numbers.get(id) {
            return *number;
        }
        let number = place(self.ids.len());
        self.numbers.insert(id.to_owned(), number);
        self.ids.push(id.to_owned());
        number
    }

    /// The combo of a number.
    pub(super) fn id(&self, number: u32) -> &str {
        self.ids.get(number as usize).map(String::as_str).unwrap_or_default()
    }
}

/// A position as it stands in keys; no answer has 2³² items.
pub(super) fn place(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// How a column or filter is met.
#[derive(Debug)]
pub(super) struct Periods {
    /// The items asked for.
    pub(super) items: Vec<PeriodItem>,
    /// First and last day, where dates were asked instead.
    dates: Option<(Date, Date)>,
    by_type: HashMap<PeriodType, HashMap<Period, u32>>,
    is_column: bool,
}

/// Which stored periods a query period takes values from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// Those it holds.
    Inside,
    /// Those it holds, or, where it is shorter than the stored ones, the one that holds it (averages only).
    InsideOrAround,
    /// All of the ten years up to its end (`LAST`, `FIRST`).
    TenYears,
    /// All that lie inside it, whatever their type (`LAST_IN_PERIOD`).
    Within,
}

impl Periods {
    fn new(dimensions: &Dimensions, query: &Query) -> Self {
        let items: Vec<PeriodItem> = dimensions.periods().into_iter().cloned().collect();
        let mut by_type: HashMap<PeriodType, HashMap<Period, u32>> = HashMap::new();
        for (position, item) in items.iter().enumerate() {
            if let Some(period) = item.period {
                by_type.entry(period.period_type()).or_default().insert(period, place(position));
            }
        }
        let is_column = dimensions.columns.iter().any(|column| matches!(column.axis, Axis::Period(_)));
        Self { items, dates: query.dates, by_type, is_column }
    }

    /// The places of the query periods that a stored period counts for.
    pub(super) fn targets(&self, stored: Period, window: Window) -> Vec<u32> {
        let mut found = match (self.dates, window) {
            (Some((start, end)), _) => {
                if stored.start() >= start && stored.end() <= end {
                    vec![0]
                } else {
                    Vec::new()
                }
            }
            (None, Window::Inside) => self.holding(stored),
            (None, Window::InsideOrAround) => {
                let mut found = self.holding(stored);
                found.extend(self.held_by(stored));
                found
            }
            (None, Window::TenYears | Window::Within) => self.reaching(stored, window),
        };
        if !self.is_column {
            found = collapsed(&found);
        }
        found
    }

    /// The one period of each asked type that a stored period belongs to. Types shorter than the stored one hold none.
    fn holding(&self, stored: Period) -> Vec<u32> {
        let stored_type = stored.period_type();
        let day = if stored_type.is_weekly() {
            stored.start().checked_add(Span::new().days(3)).unwrap_or_else(|_| stored.start())
        } else {
            stored.start()
        };
        self.by_type
            .iter()
            .filter_map(|(period_type, periods)| {
                if *period_type == stored_type {
                    return periods.get(&stored).copied();
                }
                let longer = stored_type.nominal_days() <= period_type.nominal_days();
                if longer { periods.get(&period_type.containing(day)).copied() } else { None }
            })
            .collect()
    }

    fn held_by(&self, stored: Period) -> Vec<u32> {
        let (start, end) = (stored.start(), stored.end());
        self.by_type
            .iter()
            .filter(|(period_type, _)| period_type.nominal_days() < stored.period_type().nominal_days())
            .flat_map(|(_, periods)| periods)
            .filter(|(period, _)| start <= period.start() && period.end() <= end)
            .map(|(_, place)| *place)
            .collect()
    }

    fn reaching(&self, stored: Period, window: Window) -> Vec<u32> {
        let (first, last) = (stored.start(), stored.end());
        let reaches = |item: &PeriodItem| {
            let from = if window == Window::Within {
                item.start
            } else {
                item.end.checked_sub(Span::new().years(10)).unwrap_or(Date::MIN)
            };
            last <= item.end && first >= from
        };
        let places = self.items.iter().enumerate().filter(|(_, item)| reaches(item));
        places.map(|(position, _)| place(position)).collect()
    }

    /// The places of the query periods (or of the asked dates) whose first and last day satisfy a condition.
    pub(super) fn where_span(&self, holds: impl Fn(Date, Date) -> bool) -> Vec<u32> {
        if let Some((start, end)) = self.dates {
            return if holds(start, end) { vec![0] } else { Vec::new() };
        }
        let found = self.items.iter().enumerate().filter(|(_, item)| holds(item.start, item.end));
        let places: Vec<u32> = found.map(|(position, _)| place(position)).collect();
        if self.is_column { places } else { collapsed(&places) }
    }

    /// Whether periods are a column.
    pub(super) fn is_column(&self) -> bool {
        self.is_column
    }

    /// Days of a query period, or of all filter periods together.
    pub(super) fn days(&self, place: u32) -> f64 {
        let days = |item: &PeriodItem| f64::from(item.start.until(item.end).map_or(0, |span| span.get_days()) + 1);
        if let Some((start, end)) = self.dates {
            return f64::from(start.until(end).map_or(0, |span| span.get_days()) + 1);
        }
        if self.is_column {
            return self.items.get(place as usize).map_or(1.0, days);
        }
        self.items.iter().map(days).sum()
    }
}

/// Filters have no places of their own: whatever matches is admitted once.
fn collapsed(places: &[u32]) -> Vec<u32> {
    if places.is_empty() { Vec::new() } else { vec![0] }
}

/// A dimension of metadata, as option combo or org unit → places of its items.
#[derive(Debug)]
struct Lookup<'state> {
    by: LookupBy,
    places: HashMap<&'state str, Vec<u32>>,
    is_column: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LookupBy {
    CategoryOptionCombo,
    AttributeOptionCombo,
    OrgUnit,
}

/// Where values belong.
#[derive(Debug)]
pub(super) struct Frame<'state> {
    /// The metadata.
    pub(super) state: &'state State,
    /// The columns beside `dx`.
    pub(super) columns: Vec<&'state Dimension>,
    /// Periods, as columns or filter.
    pub(super) periods: Periods,
    /// Org unit of a value → places of the asked units that it counts for.
    pub(super) units: HashMap<&'state str, Vec<u32>>,
    /// The asked units themselves.
    pub(super) asked_units: HashMap<&'state str, u32>,
    /// The units whose values count, as stored values are searched.
    pub(super) searched: OrgUnits<'state>,
    lookups: Vec<Lookup<'state>>,
}

impl<'state> Frame<'state> {
    /// The frame of a request.
    pub(super) fn new(state: &'state State, query: &Query, dimensions: &'state Dimensions) -> Result<Self, Refusal> {
        let columns: Vec<&Dimension> =
            dimensions.columns.iter().filter(|column| !matches!(column.axis, Axis::Data(_))).collect();
        if columns.len() > MAX_COLUMNS {
            return Err(unsupported("more than six dimensions beside dx"));
        }
        let (units, asked_units) = units(&state.world, dimensions);
        let lookups = dimensions
            .columns
            .iter()
            .map(|column| (column, true))
            .chain(dimensions.filters.iter().map(|filter| (filter, false)))
            .filter_map(|(dimension, is_column)| match &dimension.axis {
                Axis::Dynamic(kind, items) => Some(lookup(&state.world, kind, items, is_column)),
                _ => None,
            })
            .collect();
        let searched = OrgUnits::new(units.keys().copied());
        Ok(Self { state, columns, periods: Periods::new(dimensions, query), units, asked_units, searched, lookups })
    }

    /// Calls `act` with every key that a value belongs to, given the places of its period and org unit.
    pub(super) fn keys(
        &self,
        value: &ValuePlace<'_>,
        periods: &[u32],
        units: &[u32],
        combos: &mut Combos,
        mut act: impl FnMut(Key),
    ) {
        let dynamic = if self.lookups.is_empty() { Some(vec![Vec::new()]) } else { self.dynamic_places(value) };
        let Some(dynamic) = dynamic else { return };
        let category =
            if self.has(&Axis::CategoryOptionCombo) { combos.number(value.category_option_combo) } else { 0 };
        let attribute =
            if self.has(&Axis::AttributeOptionCombo) { combos.number(value.attribute_option_combo) } else { 0 };
        for &period in periods {
            for &unit in units {
                for places in &dynamic {
                    let mut key = Key::default();
                    let mut next = places.iter();
                    for (slot, column) in key.iter_mut().zip(&self.columns) {
                        *slot = match column.axis {
                            Axis::Period(_) => period,
                            Axis::OrgUnit(_) => unit,
                            Axis::CategoryOptionCombo => category,
                            Axis::AttributeOptionCombo => attribute,
                            Axis::Dynamic(..) => next.next().copied().unwrap_or_default(),
                            Axis::Data(_) => 0,
                        };
                    }
                    act(key);
                }
            }
        }
    }

    fn has(&self, axis: &Axis) -> bool {
        self.columns.iter().any(|column| column.axis == *axis)
    }

    /// The places in metadata dimensions, one list per combination; none where a filter or column has no item for the
    /// value.
    fn dynamic_places(&self, value: &ValuePlace<'_>) -> Option<Vec<Vec<u32>>> {
        let mut combinations = vec![Vec::new()];
        for lookup in &self.lookups {
            let id = match lookup.by {
                LookupBy::CategoryOptionCombo => value.category_option_combo,
                LookupBy::AttributeOptionCombo => value.attribute_option_combo,
                LookupBy::OrgUnit => value.org_unit,
            };
            let places = lookup.places.get(id).filter(|places| !places.is_empty())?;
            if lookup.is_column {
                combinations = combinations
                    .iter()
                    .flat_map(|known: &Vec<u32>| places.iter().map(|place| [known.as_slice(), &[*place]].concat()))
                    .collect();
            }
        }
        Some(combinations)
    }

    /// What a row shows for a key.
    pub(super) fn texts<'text>(&'text self, key: &Key, combos: &'text Combos) -> Vec<&'text str> {
        self.columns
            .iter()
            .zip(key)
            .map(|(column, &place)| match &column.axis {
                Axis::Period(items) => items.get(place as usize).map(|item| item.id.as_str()).unwrap_or_default(),
                Axis::OrgUnit(ids) | Axis::Dynamic(_, ids) => {
                    ids.get(place as usize).map(String::as_str).unwrap_or_default()
                }
                _ => combos.id(place),
            })
            .collect()
    }
}

/// What of a stored value decides where it belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct ValuePlace<'value> {
    pub(super) org_unit: &'value str,
    pub(super) category_option_combo: &'value str,
    pub(super) attribute_option_combo: &'value str,
}

type UnitPlaces<'state> = (HashMap<&'state str, Vec<u32>>, HashMap<&'state str, u32>);

fn units<'state>(world: &'state World, dimensions: &'state Dimensions) -> UnitPlaces<'state> {
    let is_column = dimensions.columns.iter().any(|column| matches!(column.axis, Axis::OrgUnit(_)));
    let mut places: HashMap<&str, Vec<u32>> = HashMap::new();
    let mut asked = HashMap::new();
    if !dimensions.has("ou") {
        let everything = world.list("organisationUnits").iter();
        let ids = everything.filter_map(|unit| crate::sandbox::world::text(unit, "id"));
        return (ids.map(|id| (id, vec![0])).collect(), asked);
    }
    for (position, unit) in dimensions.org_units().into_iter().enumerate() {
        let position = if is_column { place(position) } else { 0 };
        asked.insert(unit, position);
        for below in subtree(world, unit) {
            let known = places.entry(below).or_default();
            if !known.contains(&position) {
                known.push(position);
            }
        }
    }
    (places, asked)
}

fn lookup<'state>(world: &'state World, kind: &Dynamic, items: &[String], is_column: bool) -> Lookup<'state> {
    let mut places: HashMap<&str, Vec<u32>> = HashMap::new();
    let by = match kind {
        Dynamic::Category { attribute: true } => LookupBy::AttributeOptionCombo,
        Dynamic::Category { attribute: false } => LookupBy::CategoryOptionCombo,
        Dynamic::OrgUnitGroupSet => LookupBy::OrgUnit,
    };
    for (position, item) in items.iter().enumerate() {
        let members = match by {
            LookupBy::OrgUnit => {
                world.get("organisationUnitGroups", item).map(|group| references(group, "organisationUnits"))
            }
            _ => world.get("categoryOptions", item).map(|option| references(option, "categoryOptionCombos")),
        };
        for member in members.unwrap_or_default() {
            places.entry(member).or_default().push(place(position));
        }
    }
    Lookup { by, places, is_column }
}
