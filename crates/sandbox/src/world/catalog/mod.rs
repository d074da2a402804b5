//! Metadata as the rules of writing ask for it: memberships, overrides, paths, dates, options, by position.
//!
//! The [`World`](crate::world::World) keeps objects as the JSON they came as; a request of 50,000 rows cannot
//! walk that JSON per row. The catalog is built once from it and kept beside it until an object changes. Positions
//! (`usize`) stand for objects; they hold for one catalog only.

mod build;

use std::collections::{HashMap, HashSet};
use std::ops::Index;

use jiff::civil::{Date, DateTime};

use xfer_domain::period::PeriodType;
use xfer_domain::value_type::ValueType;

/// What an object can be asked for by: id, name, code, values of attributes.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Its id.
    pub id: String,
    /// Its name; empty where it has none.
    pub name: String,
    /// Its code.
    pub code: Option<String>,
    /// Attribute id and value.
    pub attributes: Vec<(String, String)>,
}

/// An object with [`Names`].
pub trait Named {
    /// What it can be asked for by.
    fn names(&self) -> &Names;
}

macro_rules! named {
    ($($kind:ty),*) => { $(impl Named for $kind {
        fn names(&self) -> &Names {
            &self.names
        }
    })* };
}

named!(DataElement, OrgUnit, DataSet, OptionCombo, CategoryOption);

/// Objects of a type, by position and by id.
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    positions: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), positions: HashMap::new() }
    }
}

impl<T> Index<usize> for Table<T> {
    type Output = T;

    fn index(&self, position: usize) -> &T {
        &self.rows[position]
    }
}

impl<T: Named> Table<T> {
    fn new(rows: Vec<T>) -> Self {
        let positions = rows.iter().enumerate().map(|(position, row)| (row.names().id.clone(), position)).collect();
        Self { rows, positions }
    }

    /// The position of an id.
    pub fn find(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// The object of an id.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.find(id).map(|position| &self.rows[position])
    }

    /// Every object with its position.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.rows.iter().enumerate()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A data element.
#[derive(Debug)]
pub struct DataElement {
    /// What it can be asked for by.
    pub names: Names,
    /// Its value type.
    pub value_type: ValueType,
    /// Its value type in the server's spelling, for messages.
    pub value_type_name: String,
    /// Whether an insignificant zero of it is dropped by the row-by-row import: numeric, `zeroIsSignificant` false, and
    /// not aggregated by an average (`ValidationUtils.dataValueIsZeroAndInsignificant`).
    pub drops_zeros: bool,
    /// The id of its own category combo.
    pub combo: String,
    /// The codes of its option set.
    pub options: Option<HashSet<String>>,
    /// The codes of its comment option set.
    pub comment_options: Option<HashSet<String>>,
    /// Data sets that it is a member of.
    pub data_sets: Vec<usize>,
}

/// An org unit.
#[derive(Debug)]
pub struct OrgUnit {
    /// What it can be asked for by.
    pub names: Names,
    /// Itself and all org units above it.
    pub line: Vec<usize>,
    /// Opened on.
    pub opened: Option<Date>,
    /// Closed on.
    pub closed: Option<Date>,
}

/// A data set.
#[derive(Debug)]
pub struct DataSet {
    /// What it can be asked for by.
    pub names: Names,
    /// Its period type; none where the text names none.
    pub period_type: Option<PeriodType>,
    /// The id of its category combo, which its attribute option combos belong to.
    pub combo: String,
    /// Its data elements, with the id of the category combo that overrides their own.
    pub members: HashMap<usize, Option<String>>,
    /// Org units that it is assigned to.
    pub org_units: HashSet<usize>,
    /// How many periods after the last closed one are open.
    pub open_future_periods: i32,
    /// How many days after a period's end it stays open; 0 for ever.
    pub expiry_days: f64,
    /// How many periods after the end of a category option it stays open.
    pub open_periods_after_option_end: i32,
    /// Whether a missing value wants a comment.
    pub no_value_requires_comment: bool,
    /// When entry is open, by period identifier; empty where that is not restricted.
    pub input_periods: Vec<InputPeriod>,
    /// Data element and option combo that must be filled before it is complete.
    pub compulsory: Vec<(usize, usize)>,
    /// Whether a missing compulsory value refuses completion.
    pub compulsory_fields_complete_only: bool,
}

/// When a period of a data set can be entered.
#[derive(Debug, Clone)]
pub struct InputPeriod {
    /// The period's identifier.
    pub period: String,
    /// From when on.
    pub opening: Option<DateTime>,
    /// Until when.
    pub closing: Option<DateTime>,
}

/// A category option combo, in either role.
#[derive(Debug)]
pub struct OptionCombo {
    /// What it can be asked for by.
    pub names: Names,
    /// The id of its category combo.
    pub combo: String,
    /// Its category options.
    pub options: Vec<usize>,
}

/// A category option.
#[derive(Debug)]
pub struct CategoryOption {
    /// What it can be asked for by.
    pub names: Names,
    /// Valid from.
    pub start: Option<Date>,
    /// Valid until.
    pub end: Option<Date>,
    /// Org units that it is restricted to, with all below them; empty where it is not.
    pub org_units: Vec<usize>,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Catalog {
    /// Data elements.
    pub data_elements: Table<DataElement>,
    /// Org units.
    pub org_units: Table<OrgUnit>,
    /// Data sets.
    pub data_sets: Table<DataSet>,
    /// Category option combos.
    pub option_combos: Table<OptionCombo>,
    /// Category options.
    pub category_options: Table<CategoryOption>,
    /// The position of the option combo `default`.
    pub default_combo: usize,
    /// Data set, org unit and period identifier whose expiry is lifted (lock exceptions).
    pub lock_exceptions: HashSet<(String, String, String)>,
}

impl Catalog {
    /// Whether an org unit is one of `roots` or lies below one.
    pub fn is_below(&self, org_unit: usize, roots: &HashSet<usize>) -> bool {
        self.org_units[org_unit].line.iter().any(|ancestor| roots.contains(ancestor))
    }

    /// The id of the category combo that a data element has in a data set.
    pub fn combo_in<'catalog>(&'catalog self, data_set: &'catalog DataSet, data_element: usize) -> &'catalog str {
        data_set
            .members
            .get(&data_element)
            .and_then(Option::as_deref)
            .unwrap_or(&self.data_elements[data_element].combo)
    }

    /// The span in which an attribute option combo is valid: the latest start and the earliest end of its options.
    pub fn span(&self, combo: usize) -> (Option<Date>, Option<Date>) {
        let options = || self.option_combos[combo].options.iter().map(|&option| &self.category_options[option]);
        (options().filter_map(|option| option.start).max(), options().filter_map(|option| option.end).min())
    }

    /// Whether an attribute option combo may be used at an org unit: every option that is restricted to org units must
    /// be restricted to one above it (`getOrgUnitsNotInAocHierarchy`).
    pub fn is_usable_at(&self, combo: usize, org_unit: usize) -> bool {
        let line = &self.org_units[org_unit].line;
        self.option_combos[combo]
            .options
            .iter()
            .map(|&option| &self.category_options[option])
            .all(|option| option.org_units.is_empty() || option.org_units.iter().any(|allowed| line.contains(allowed)))
    }
}
