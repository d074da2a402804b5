//! The part of a server's metadata that mapping and preflight need, as plain values.
//!
//! Names and shapes follow DHIS2's API (`GET /api/metadata`). What a list leaves out when unset is an `Option` here.
//! Maps are ordered by id, so that everything derived from them is the same on every run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::period::{Period, PeriodType};
use crate::uid::Uid;
use crate::value_type::ValueType;

/// A server's synced metadata.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    /// Organisation units.
    pub organisation_units: BTreeMap<Uid, OrganisationUnit>,
    /// Names of the levels, by level number (1 is the root).
    pub organisation_unit_levels: BTreeMap<u32, OrganisationUnitLevel>,
    /// Organisation unit groups.
    pub organisation_unit_groups: BTreeMap<Uid, OrganisationUnitGroup>,
    /// Data elements of the domain AGGREGATE.
    pub data_elements: BTreeMap<Uid, DataElement>,
    /// Data sets.
    pub data_sets: BTreeMap<Uid, DataSet>,
    /// Category combos, the disaggregations of data elements and the attributes of data sets.
    pub category_combos: BTreeMap<Uid, CategoryCombo>,
    /// Category option combos, the members of category combos.
    pub category_option_combos: BTreeMap<Uid, CategoryOptionCombo>,
    /// Category options with their dates, org units and access.
    pub category_options: BTreeMap<Uid, CategoryOption>,
    /// Indicators.
    pub indicators: BTreeMap<Uid, Indicator>,
    /// Program indicators.
    pub program_indicators: BTreeMap<Uid, ProgramIndicator>,
    /// Option sets with their options.
    pub option_sets: BTreeMap<Uid, OptionSet>,
    /// Names of what an earlier sync showed and the last one did not: deleted, or no longer shared with the user.
    pub lost: BTreeMap<Uid, String>,
}

/// A value of a metadata attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    /// The attribute's id.
    pub attribute: Uid,
    /// Its value.
    pub value: String,
}

/// An organisation unit: a country, a district, a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationUnit {
    /// Its id.
    pub id: Uid,
    /// Its code, unique where present.
    pub code: Option<String>,
    /// Its name, unique only among siblings at best.
    pub name: String,
    /// Its short name.
    pub short_name: Option<String>,
    /// The ids from the root down to the unit itself.
    pub path: Vec<Uid>,
    /// First day on which data may be entered.
    pub opening_date: Option<Date>,
    /// Last day on which data may be entered; absent while it is open.
    pub closed_date: Option<Date>,
    /// Values of its attributes.
    pub attribute_values: Vec<AttributeValue>,
}

impl OrganisationUnit {
    /// Depth in the tree; the root is level 1.
    pub fn level(&self) -> u32 {
        u32::try_from(self.path.len()).unwrap_or(u32::MAX)
    }

    /// The unit above; none for a root.
    pub fn parent(&self) -> Option<Uid> {
        self.path.len().checked_sub(2).and_then(|index| self.path.get(index)).copied()
    }

    /// Whether `ancestor` is this unit or one above it.
    pub fn is_within(&self, ancestor: Uid) -> bool {
        self.path.contains(&ancestor)
    }
}

/// The name of a level of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationUnitLevel {
    /// Its id.
    pub id: Uid,
    /// Its number; 1 is the root.
    pub level: u32,
    /// Its name.
    pub name: String,
}

/// A group of organisation units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationUnitGroup {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its members.
    pub organisation_units: BTreeSet<Uid>,
}

/// A data element of the domain AGGREGATE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataElement {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its short name.
    pub short_name: Option<String>,
    /// What its values look like.
    pub value_type: ValueType,
    /// DHIS2's aggregation type, such as `SUM`, in the server's spelling.
    pub aggregation_type: String,
    /// Whether a zero is stored; servers up to 2.42 drop insignificant ones without a message.
    pub zero_is_significant: bool,
    /// Its own category combo; a data set may override it ([`DataSetElement::category_combo`]).
    pub category_combo: Uid,
    /// The options its values must come from, if any.
    pub option_set: Option<Uid>,
    /// The options its comments must come from, if any: 2.43 then takes no value without such a comment.
    #[serde(default)]
    pub comment_option_set: Option<Uid>,
    /// Values of its attributes.
    pub attribute_values: Vec<AttributeValue>,
}

/// Membership of a data element in a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSetElement {
    /// The data element.
    pub data_element: Uid,
    /// The category combo that replaces the data element's own inside this data set.
    pub category_combo: Option<Uid>,
}

/// When a period of a data set takes entries, where that is restricted (`dataInputPeriods`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataInputPeriod {
    /// The period.
    pub period: Period,
    /// First day of entry.
    pub opening_date: Option<Date>,
    /// Last day of entry.
    pub closing_date: Option<Date>,
}

/// What the logged-in user may do with an object's data (`access.data`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataAccess {
    /// May read data values.
    pub read: bool,
    /// May write data values.
    pub write: bool,
}

impl Default for DataAccess {
    /// Servers that say nothing about access are taken to allow it; they refuse by name when asked.
    fn default() -> Self {
        Self { read: true, write: true }
    }
}

/// A data set: the form that collects data elements for periods of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSet {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// The type of all its periods.
    pub period_type: PeriodType,
    /// The attribute combo of all its values.
    pub category_combo: Uid,
    /// How many periods that have not ended are open for entry; 0 closes the running period too.
    pub open_future_periods: i32,
    /// For how many periods after the end of an attribute option data may still be entered under it.
    #[serde(default)]
    pub open_periods_after_co_end_date: i32,
    /// Days after a period's end when entry closes; 0 means never. Servers send a float (`10.0`).
    pub expiry_days: f64,
    /// Its data elements.
    pub data_set_elements: Vec<DataSetElement>,
    /// The org units it is assigned to.
    pub organisation_units: BTreeSet<Uid>,
    /// Restricted input periods; empty means no restriction.
    pub data_input_periods: Vec<DataInputPeriod>,
    /// What the synced user may do with its data.
    pub access: DataAccess,
}

/// A category combo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryCombo {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Whether it is the combo without disaggregation.
    pub is_default: bool,
    /// Its category option combos.
    pub category_option_combos: BTreeSet<Uid>,
}

/// A category option combo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryOptionCombo {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// The combo it belongs to.
    pub category_combo: Uid,
    /// The options it combines.
    pub category_options: Vec<Uid>,
}

/// A category option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryOption {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// First day of validity.
    pub start_date: Option<Date>,
    /// Last day of validity.
    pub end_date: Option<Date>,
    /// Org units (with all below) it is restricted to; empty means everywhere.
    pub organisation_units: BTreeSet<Uid>,
    /// What the synced user may do with its data.
    pub access: DataAccess,
    /// Whether it stands for one that the server did not list, of which nothing else is known ([`CategoryOption::hidden`]).
    #[serde(default)]
    pub is_hidden: bool,
}

impl CategoryOption {
    /// One that the server did not list although a combo is made of it. Where the user may not see it, nothing tells
    /// whether data may be read or written under it, so neither is done.
    pub fn hidden(id: Uid, name: String) -> Self {
        Self {
            id,
            code: None,
            name,
            start_date: None,
            end_date: None,
            organisation_units: BTreeSet::new(),
            access: DataAccess { read: false, write: false },
            is_hidden: true,
        }
    }
}

impl CategoryOptionCombo {
    /// The options that the server named: one without any has a stand-in under its own id.
    pub fn listed_options(&self) -> impl Iterator<Item = Uid> {
        self.category_options.iter().copied().filter(|option| *option != self.id)
    }
}

/// An indicator: a formula over data elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indicator {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Decimals of its value, where set.
    pub decimals: Option<u32>,
    /// Numerator expression, in DHIS2's syntax.
    pub numerator: String,
    /// Denominator expression, in DHIS2's syntax.
    pub denominator: String,
    /// COC that DHIS2's own exports give its values.
    pub aggregate_export_category_option_combo: Option<String>,
    /// AOC that DHIS2's own exports give its values.
    pub aggregate_export_attribute_option_combo: Option<String>,
}

/// A program indicator: a formula over events or enrolments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramIndicator {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// The program it reads.
    pub program: Option<Uid>,
    /// DHIS2's aggregation type, in the server's spelling.
    pub aggregation_type: Option<String>,
    /// Decimals of its value, where set.
    pub decimals: Option<u32>,
    /// COC that DHIS2's own exports give its values.
    pub aggregate_export_category_option_combo: Option<String>,
    /// AOC that DHIS2's own exports give its values.
    pub aggregate_export_attribute_option_combo: Option<String>,
    /// Data element that DHIS2's own exports give its values (from 2.42).
    pub aggregate_export_data_element: Option<String>,
}

/// An option set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionSet {
    /// Its id.
    pub id: Uid,
    /// Its code.
    pub code: Option<String>,
    /// Its name.
    pub name: String,
    /// Its options; values hold an option's code.
    pub options: Vec<OptionSetOption>,
}

/// An option of an option set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionSetOption {
    /// Its id.
    pub id: Uid,
    /// Its code, which is what data values hold.
    pub code: String,
    /// Its name.
    pub name: String,
}

impl OptionSet {
    /// Whether a value is one of the options; of a type that holds several, whether each of them is.
    pub fn takes(&self, value_type: ValueType, value: &str) -> bool {
        let knows = |code: &str| self.options.iter().any(|option| option.code == code);
        knows(value) || value_type == ValueType::MultiText && value.split(',').all(knows)
    }
}

impl Metadata {
    /// The data sets that hold a data element, by id.
    pub fn data_sets_of(&self, data_element: Uid) -> impl Iterator<Item = &DataSet> {
        self.data_sets
            .values()
            .filter(move |data_set| data_set.data_set_elements.iter().any(|member| member.data_element == data_element))
    }

    /// The category combo that a data element has inside a data set: the set's override first.
    pub fn effective_category_combo(&self, data_set: &DataSet, data_element: Uid) -> Option<Uid> {
        let member = data_set.data_set_elements.iter().find(|member| member.data_element == data_element)?;
        member.category_combo.or_else(|| self.data_elements.get(&data_element).map(|element| element.category_combo))
    }

    /// Whether the last sync showed an object, whatever its kind.
    pub fn knows(&self, id: Uid) -> bool {
        self.organisation_units.contains_key(&id)
            || self.data_elements.contains_key(&id)
            || self.data_sets.contains_key(&id)
            || self.category_combos.contains_key(&id)
            || self.category_option_combos.contains_key(&id)
            || self.category_options.contains_key(&id)
            || self.indicators.contains_key(&id)
            || self.program_indicators.contains_key(&id)
            || self.option_sets.contains_key(&id)
    }

    /// The names from the root down to the unit, joined as people write them: `Haiti / Sud-Est / Jacmel`.
    pub fn org_unit_path_names(&self, org_unit: Uid) -> String {
        let Some(unit) = self.organisation_units.get(&org_unit) else { return self.name_of(org_unit) };
        let names: Vec<&str> = unit
            .path
            .iter()
            .map(|id| {
                let known = self.organisation_units.get(id).map(|unit| &unit.name).or_else(|| self.lost.get(id));
                known.map_or_else(|| id.as_str(), String::as_str)
            })
            .collect();
        names.join(" / ")
    }

    /// An object's name by its id, whatever its kind: the one that it had where it is no longer shown, the id itself where
    /// nothing is known.
    pub fn name_of(&self, id: Uid) -> String {
        let name = self
            .organisation_units
            .get(&id)
            .map(|object| &object.name)
            .or_else(|| self.data_elements.get(&id).map(|object| &object.name))
            .or_else(|| self.category_option_combos.get(&id).map(|object| &object.name))
            .or_else(|| self.data_sets.get(&id).map(|object| &object.name))
            .or_else(|| self.indicators.get(&id).map(|object| &object.name))
            .or_else(|| self.program_indicators.get(&id).map(|object| &object.name))
            .or_else(|| self.category_combos.get(&id).map(|object| &object.name))
            .or_else(|| self.category_options.get(&id).map(|object| &object.name))
            .or_else(|| self.option_sets.get(&id).map(|object| &object.name))
            .or_else(|| self.lost.get(&id));
        name.cloned().unwrap_or_else(|| id.to_string())
    }
}
