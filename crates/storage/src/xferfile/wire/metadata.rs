//! A server's metadata as it stands in a file of version 1: what a run asks for, and nothing that only mapping needs.
//!
//! An org unit names its parent; its path is put together again when the file is read, which halves the size of a
//! country's file.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::xferfile::wire::Unknown;
use crate::xferfile::wire::data::{DataElement, DataSet, OptionSet};
use xfer_domain::metadata;
use xfer_domain::uid::Uid;

/// Deeper trees than this are a mistake, or somebody's attempt at an endless one. DHIS2's own limit is far below.
const DEEPEST: usize = 50;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metadata {
    organisation_units: Vec<OrganisationUnit>,
    organisation_unit_levels: Vec<Level>,
    data_elements: Vec<DataElement>,
    data_sets: Vec<DataSet>,
    category_combos: Vec<CategoryCombo>,
    category_option_combos: Vec<CategoryOptionCombo>,
    category_options: Vec<CategoryOption>,
    indicators: Vec<Named>,
    program_indicators: Vec<Named>,
    option_sets: Vec<OptionSet>,
    /// What the last sync did not show any more, by the name that it had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    lost: BTreeMap<Uid, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OrganisationUnit {
    id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Uid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    opening_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed_date: Option<Date>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "DHIS2's own word")]
struct Level {
    id: Uid,
    level: u32,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryCombo {
    id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    is_default: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryOptionCombo {
    id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    category_combo: Uid,
    category_options: Vec<Uid>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryOption {
    id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_date: Option<Date>,
    organisation_units: Vec<Uid>,
    may_read: bool,
    may_write: bool,
}

/// An indicator or a program indicator: the server calculates it, a run only names it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    id: Uid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    name: String,
}

impl Metadata {
    pub(super) fn of(metadata: &metadata::Metadata) -> Self {
        let units = metadata.organisation_units.values();
        Self {
            organisation_units: units
                .map(|unit| OrganisationUnit {
                    id: unit.id,
                    code: unit.code.clone(),
                    name: unit.name.clone(),
                    parent: unit.parent(),
                    opening_date: unit.opening_date,
                    closed_date: unit.closed_date,
                })
                .collect(),
            organisation_unit_levels: metadata
                .organisation_unit_levels
                .values()
                .map(|level| Level { id: level.id, level: level.level, name: level.name.clone() })
                .collect(),
            data_elements: metadata.data_elements.values().map(DataElement::of).collect(),
            data_sets: metadata.data_sets.values().map(DataSet::of).collect(),
            category_combos: metadata
                .category_combos
                .values()
                .map(|combo| CategoryCombo {
                    id: combo.id,
                    code: combo.code.clone(),
                    name: combo.name.clone(),
                    is_default: combo.is_default,
                })
                .collect(),
            category_option_combos: metadata
                .category_option_combos
                .values()
                .map(|combo| CategoryOptionCombo {
                    id: combo.id,
                    code: combo.code.clone(),
                    name: combo.name.clone(),
                    category_combo: combo.category_combo,
                    category_options: combo.category_options.clone(),
                })
                .collect(),
            category_options: metadata.category_options.values().map(CategoryOption::of).collect(),
            indicators: metadata
                .indicators
                .values()
                .map(|object| Named { id: object.id, code: object.code.clone(), name: object.name.clone() })
                .collect(),
            program_indicators: metadata
                .program_indicators
                .values()
                .map(|object| Named { id: object.id, code: object.code.clone(), name: object.name.clone() })
                .collect(),
            option_sets: metadata.option_sets.values().map(OptionSet::of).collect(),
            lost: metadata.lost.clone(),
        }
    }

    pub(super) fn into_metadata(self) -> Result<metadata::Metadata, Unknown> {
        let organisation_units = units(self.organisation_units)?;
        let levels = self
            .organisation_unit_levels
            .into_iter()
            .map(|Level { id, level, name }| (level, metadata::OrganisationUnitLevel { id, level, name }));
        let mut category_combos: BTreeMap<_, _> = self
            .category_combos
            .into_iter()
            .map(|CategoryCombo { id, code, name, is_default }| {
                let category_option_combos = std::collections::BTreeSet::new();
                (id, metadata::CategoryCombo { id, code, name, is_default, category_option_combos })
            })
            .collect();
        let mut category_option_combos = BTreeMap::new();
        for CategoryOptionCombo { id, code, name, category_combo, category_options } in self.category_option_combos {
            if let Some(combo) = category_combos.get_mut(&category_combo) {
                combo.category_option_combos.insert(id);
            }
            let combo = metadata::CategoryOptionCombo { id, code, name, category_combo, category_options };
            category_option_combos.insert(id, combo);
        }
        Ok(metadata::Metadata {
            organisation_units,
            organisation_unit_levels: levels.collect(),
            organisation_unit_groups: BTreeMap::new(),
            data_elements: self.data_elements.into_iter().map(|object| (object.id, object.into_element())).collect(),
            data_sets: self.data_sets.into_iter().map(|object| (object.id, object.into_data_set())).collect(),
            category_combos,
            category_option_combos,
            category_options: self
                .category_options
                .into_iter()
                .map(|object| (object.id, object.into_category_option()))
                .collect(),
            indicators: self.indicators.into_iter().map(|object| (object.id, object.into_indicator())).collect(),
            program_indicators: self
                .program_indicators
                .into_iter()
                .map(|object| (object.id, object.into_program_indicator()))
                .collect(),
            option_sets: self.option_sets.into_iter().map(|object| (object.id, object.into_option_set())).collect(),
            lost: self.lost,
        })
    }
}

/// Org units with their paths, root first.
fn units(wire: Vec<OrganisationUnit>) -> Result<BTreeMap<Uid, metadata::OrganisationUnit>, Unknown> {
    let parents: BTreeMap<Uid, Option<Uid>> = wire.iter().map(|unit| (unit.id, unit.parent)).collect();
    wire.into_iter()
        .map(|unit| {
            let mut path = vec![unit.id];
            let mut above = unit.parent;
            while let Some(id) = above {
                path.push(id);
                if path.len() > DEEPEST {
                    return Err(Unknown("the tree of its org units is circular".to_owned()));
                }
                above = parents.get(&id).copied().flatten();
            }
            path.reverse();
            let OrganisationUnit { id, code, name, opening_date, closed_date, .. } = unit;
            let unit = metadata::OrganisationUnit {
                id,
                code,
                name,
                short_name: None,
                path,
                opening_date,
                closed_date,
                attribute_values: Vec::new(),
            };
            Ok((id, unit))
        })
        .collect()
}

impl CategoryOption {
    fn of(option: &metadata::CategoryOption) -> Self {
        Self {
            id: option.id,
            code: option.code.clone(),
            name: option.name.clone(),
            start_date: option.start_date,
            end_date: option.end_date,
            organisation_units: option.organisation_units.iter().copied().collect(),
            may_read: option.access.read,
            may_write: option.access.write,
        }
    }

    fn into_category_option(self) -> metadata::CategoryOption {
        metadata::CategoryOption {
            id: self.id,
            code: self.code,
            name: self.name,
            start_date: self.start_date,
            end_date: self.end_date,
            organisation_units: self.organisation_units.into_iter().collect(),
            access: metadata::DataAccess { read: self.may_read, write: self.may_write },
            is_hidden: false,
        }
    }
}

impl Named {
    fn into_indicator(self) -> metadata::Indicator {
        metadata::Indicator {
            id: self.id,
            code: self.code,
            name: self.name,
            decimals: None,
            numerator: String::new(),
            denominator: String::new(),
            aggregate_export_category_option_combo: None,
            aggregate_export_attribute_option_combo: None,
        }
    }

    fn into_program_indicator(self) -> metadata::ProgramIndicator {
        metadata::ProgramIndicator {
            id: self.id,
            code: self.code,
            name: self.name,
            program: None,
            aggregation_type: None,
            decimals: None,
            aggregate_export_category_option_combo: None,
            aggregate_export_attribute_option_combo: None,
            aggregate_export_data_element: None,
        }
    }
}
