//! Fingerprints: what the objects of a map looked like when a person confirmed it.
//!
//! Ids stay, what they stand for changes: a clinic is renamed, moved, closed, an indicator gets another formula. A row
//! of the org unit map and an item of a job therefore keep how both sides looked at the time, and after a new sync the
//! two are compared. Names of other objects (the parent, the data sets) are kept beside their ids, because by then the
//! server may not have them any more and a person has to be told what was there.
//!
//! They are kept as JSON. What a later version adds has to be optional: older homes do not have it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::item::{Item, SourceItem};
use crate::metadata::Metadata;
use crate::org_unit_map::OrgUnitMapping;
use crate::period::PeriodType;
use crate::uid::Uid;
use crate::value_type::ValueType;

/// An object with the name it had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedObject {
    /// Its id.
    pub id: Uid,
    /// Its name at the time.
    pub name: String,
}

impl NamedObject {
    fn of(metadata: &Metadata, id: Uid) -> Self {
        Self { id, name: metadata.name_of(id) }
    }
}

/// How an org unit looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitFingerprint {
    /// Its name.
    pub name: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The unit above; none for a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NamedObject>,
    /// Its level; the root is 1.
    pub level: u32,
    /// The day on which it closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Date>,
}

impl UnitFingerprint {
    /// How a unit looks now; none where the server does not have it.
    pub fn of(metadata: &Metadata, id: Uid) -> Option<Self> {
        let unit = metadata.organisation_units.get(&id)?;
        Some(Self {
            name: unit.name.clone(),
            code: unit.code.clone(),
            parent: unit.parent().map(|parent| NamedObject::of(metadata, parent)),
            level: unit.level(),
            closed: unit.closed_date,
        })
    }
}

/// How both units of a row of the org unit map looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappingFingerprint {
    /// The source unit.
    pub source: UnitFingerprint,
    /// The destination unit.
    pub destination: UnitFingerprint,
}

impl MappingFingerprint {
    /// How both units of a row look now; none unless the row is in force and both exist.
    pub fn of(source: &Metadata, destination: &Metadata, row: &OrgUnitMapping) -> Option<Self> {
        Some(Self {
            source: UnitFingerprint::of(source, row.source)?,
            destination: UnitFingerprint::of(destination, row.target()?)?,
        })
    }
}

/// A data set that a data element is collected in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataSetFingerprint {
    /// Its id.
    pub id: Uid,
    /// Its name.
    pub name: String,
    /// The type of its periods.
    pub period_type: PeriodType,
}

/// How a data element looked, with the option combos that an item names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementFingerprint {
    /// Its name.
    pub name: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What its values look like.
    pub value_type: ValueType,
    /// Its own category combo.
    pub category_combo: NamedObject,
    /// The options that its values come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option_set: Option<NamedObject>,
    /// The names of the options of the COC; none where the item leaves the COC open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category_options: Option<Vec<String>>,
    /// The names of the options of the AOC; none where the item leaves the AOC open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute_options: Option<Vec<String>>,
    /// The data sets that collect it, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_sets: Vec<DataSetFingerprint>,
}

impl ElementFingerprint {
    /// How a data element looks now; none where the server does not have it.
    pub fn of(metadata: &Metadata, id: Uid, coc: Option<Uid>, aoc: Option<Uid>) -> Option<Self> {
        let element = metadata.data_elements.get(&id)?;
        let data_sets = metadata.data_sets_of(id).map(|data_set| DataSetFingerprint {
            id: data_set.id,
            name: data_set.name.clone(),
            period_type: data_set.period_type,
        });
        Some(Self {
            name: element.name.clone(),
            code: element.code.clone(),
            value_type: element.value_type,
            category_combo: NamedObject::of(metadata, element.category_combo),
            option_set: element.option_set.map(|id| NamedObject::of(metadata, id)),
            category_options: coc.map(|combo| option_names(metadata, combo)),
            attribute_options: aoc.map(|combo| option_names(metadata, combo)),
            data_sets: data_sets.collect(),
        })
    }
}

/// The names of a combo's options, sorted: servers send them in no order of meaning. Empty where it is not there.
fn option_names(metadata: &Metadata, combo: Uid) -> Vec<String> {
    let Some(combo) = metadata.category_option_combos.get(&combo) else { return Vec::new() };
    let mut names: Vec<String> = combo.category_options.iter().map(|id| metadata.name_of(*id)).collect();
    names.sort_unstable();
    names
}

/// How something that the server calculates looked: an indicator, a program indicator, a reporting rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormulaFingerprint {
    /// Its name.
    pub name: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What it calculates, as far as the synced metadata say so.
    pub formula: String,
    /// Decimals of its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u32>,
}

/// How the source of an item looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceFingerprint {
    /// A data element.
    DataElement(ElementFingerprint),
    /// What the server calculates.
    Formula(FormulaFingerprint),
}

impl SourceFingerprint {
    /// How it looks now; none where the server does not have it.
    pub fn of(metadata: &Metadata, source: &SourceItem) -> Option<Self> {
        Some(match source {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => Self::DataElement(
                ElementFingerprint::of(metadata, *id, *category_option_combo, *attribute_option_combo)?,
            ),
            SourceItem::Indicator { id } => {
                let indicator = metadata.indicators.get(id)?;
                Self::Formula(FormulaFingerprint {
                    name: indicator.name.clone(),
                    code: indicator.code.clone(),
                    formula: format!("({}) / ({})", indicator.numerator, indicator.denominator),
                    decimals: indicator.decimals,
                })
            }
            SourceItem::ProgramIndicator { id } => {
                let indicator = metadata.program_indicators.get(id)?;
                let aggregation = indicator.aggregation_type.as_deref().unwrap_or("no aggregation type");
                let program = indicator.program.map_or_else(|| "no program".to_owned(), |id| id.to_string());
                Self::Formula(FormulaFingerprint {
                    name: indicator.name.clone(),
                    code: indicator.code.clone(),
                    formula: format!("{aggregation} of program {program}"),
                    decimals: indicator.decimals,
                })
            }
            // What a person calls a change of it: its name, its code, and how often a report is due.
            SourceItem::ReportingRate { data_set, metric } => {
                let set = metadata.data_sets.get(data_set)?;
                Self::Formula(FormulaFingerprint {
                    name: metadata.data_name(source.data()),
                    code: set.code.clone(),
                    formula: format!("{} of {} reports", metric.name(), set.period_type.name()),
                    decimals: None,
                })
            }
        })
    }

    /// The name it had.
    pub fn name(&self) -> &str {
        match self {
            Self::DataElement(element) => &element.name,
            Self::Formula(formula) => &formula.name,
        }
    }
}

/// How both sides of an item looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemFingerprint {
    /// What is read.
    pub source: SourceFingerprint,
    /// Where it goes.
    pub destination: ElementFingerprint,
}

impl ItemFingerprint {
    /// How both sides of an item look now; none where one of them is not there.
    pub fn of(source: &Metadata, destination: &Metadata, item: &Item) -> Option<Self> {
        let address = item.destination;
        let combos = [address.category_option_combo, address.attribute_option_combo].map(Some);
        // Of a combo that is not shown nothing can be told: what was seen of it once must not be overwritten.
        let hides = |metadata: &Metadata, combo: Uid| !metadata.category_option_combos.contains_key(&combo);
        let of_source = item.source.combos();
        let mut of_both = of_source.into_iter().map(|combo| (source, combo));
        let mut of_destination = combos.into_iter().map(|combo| (destination, combo));
        if of_both.any(|(metadata, combo)| combo.is_some_and(|combo| hides(metadata, combo)))
            || of_destination.any(|(metadata, combo)| combo.is_some_and(|combo| hides(metadata, combo)))
        {
            return None;
        }
        Some(Self {
            source: SourceFingerprint::of(source, &item.source)?,
            destination: ElementFingerprint::of(destination, address.data_element, combos[0], combos[1])?,
        })
    }
}
