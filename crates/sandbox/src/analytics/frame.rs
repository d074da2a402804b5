//! Where a stored value belongs in an answer: which periods, org units and other items it counts for.
//!
//! Built once per request. A value of a facility counts for every asked unit above it, and for the periods that
//! [`period_targets`](super::period_targets) finds. Filters admit a value once, however many of their items it matches.

use std::collections::HashMap;

use super::dimension::{Axis, Dimension, Dimensions, Dynamic};
use super::period_targets::Periods;
use super::place::place;
use super::query::Query;
use super::refusal::{Refusal, unsupported};
use crate::reach::subtree;
use crate::scan::OrgUnits;
use crate::state::State;
use crate::world::{World, references};

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
        let ids = everything.filter_map(|unit| crate::world::text(unit, "id"));
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

/// A constant of the metadata; zero where there is none, as a missing value.
pub(super) fn constant(frame: &Frame<'_>, id: &str) -> f64 {
    let constant = frame.state.world.get("constants", id);
    constant.and_then(|constant| constant.get("value")).and_then(serde_json::Value::as_f64).unwrap_or_default()
}
