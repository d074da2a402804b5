//! The true mapping between the two sides, and what a complete transfer must leave at the destination.
//!
//! The generator made both sides from one plan, so it knows which facility is which and where each figure belongs.
//! The demo maps with it, tests measure matchers and transfers against it.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;

use super::catalogue::{
    DESTINATION_ELEMENTS, DestinationElement, DestinationSet, INDICATORS, PROGRAM_INDICATOR_ROUTES, ROUTES, Route,
    SOURCE_ELEMENTS, SourceElement, Way,
};
use super::combos::{Combo, DEFAULT_OPTION_COMBO, OptionCombo, counterpart};
use super::facilities::Facilities;
use super::ids::{Ids, commune_key, options_key};
use super::places::DEPARTMENTS;
use crate::domain::decimal::{parse_number, plain_text};
use crate::sandbox::values::{ValueKey, Values};

/// A source org unit and the destination org unit that it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrueOrgUnit {
    /// Id at the source.
    pub source: String,
    /// Id at the destination.
    pub destination: String,
}

/// What an item reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TrueKind {
    /// Data values.
    DataElement,
    /// An indicator.
    Indicator,
    /// A program indicator.
    ProgramIndicator,
}

/// A source item and the destination cell address that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueItem {
    /// What is read.
    pub kind: TrueKind,
    /// Its id.
    pub source: String,
    /// Its COC; none but for data elements.
    pub source_category_option_combo: Option<String>,
    /// Its AOC; none but for data elements.
    pub source_attribute_option_combo: Option<String>,
    /// Data element at the destination.
    pub destination: String,
    /// COC at the destination.
    pub destination_category_option_combo: String,
    /// AOC at the destination.
    pub destination_attribute_option_combo: String,
    /// How several contributions become one value: `sum`, `max`, `average`, `last`.
    pub combine: &'static str,
}

/// A job: the items that fill one data set of the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrueJob {
    /// Its name.
    pub name: &'static str,
    /// Type of the periods on both sides.
    pub period_type: &'static str,
    /// The data set at the destination.
    pub data_set: String,
    /// Its items.
    pub items: Vec<TrueItem>,
}

/// Facilities, communes, departments and the nation, each with its counterpart.
pub(super) fn org_units(source: Ids, destination: Ids, facilities: &Facilities) -> Vec<TrueOrgUnit> {
    let pair = |source: String, destination: String| TrueOrgUnit { source, destination };
    let mut pairs = vec![pair(source.nation(), destination.nation())];
    for (number, department) in DEPARTMENTS.iter().enumerate() {
        pairs.push(pair(source.department(number), destination.department(number)));
        for commune in 0..department.communes.len() {
            pairs.push(pair(source.commune(number, commune), destination.commune(number, commune)));
            debug_assert!(!commune_key(number, commune).is_empty());
        }
    }
    for own in &facilities.destination {
        for &position in &own.sources {
            pairs.push(pair(facilities.source[position].id.clone(), own.id.clone()));
        }
    }
    pairs
}

/// All jobs.
pub(super) fn jobs(source: Ids, destination: Ids) -> Vec<TrueJob> {
    DestinationSet::ALL
        .into_iter()
        .map(|set| TrueJob {
            name: job_name(set),
            period_type: set.period_type(),
            data_set: set.id(destination),
            items: items(source, destination, set),
        })
        .collect()
}

fn job_name(set: DestinationSet) -> &'static str {
    match set {
        DestinationSet::Report => "Rapport mensuel",
        DestinationSet::Malaria => "Programme paludisme",
        DestinationSet::Vaccination => "Vaccination",
        DestinationSet::Stock => "Intrants",
        DestinationSet::Alert => "Surveillance hebdomadaire",
        DestinationSet::Staff => "Ressources humaines",
        DestinationSet::Partner => "Bailleurs",
        DestinationSet::Register => "Registres de patients",
        DestinationSet::Indicator => "Indicateurs",
    }
}

fn items(source: Ids, destination: Ids, set: DestinationSet) -> Vec<TrueItem> {
    match set {
        DestinationSet::Register => PROGRAM_INDICATOR_ROUTES
            .iter()
            .map(|(from, to)| {
                let combine = if *from == "PI_CPN_POIDS" { "average" } else { "sum" };
                calculated(
                    TrueKind::ProgramIndicator,
                    source.object("programIndicators", from),
                    destination,
                    to,
                    combine,
                )
            })
            .collect(),
        DestinationSet::Indicator => INDICATORS
            .iter()
            .map(|indicator| {
                let id = source.object("indicators", indicator.key);
                calculated(TrueKind::Indicator, id, destination, indicator.destination, "average")
            })
            .collect(),
        _ => ROUTES
            .iter()
            .filter(|route| route.set == set)
            .flat_map(|route| data_element_items(source, destination, route))
            .collect(),
    }
}

fn calculated(kind: TrueKind, source: String, destination: Ids, to: &str, combine: &'static str) -> TrueItem {
    TrueItem {
        kind,
        source,
        source_category_option_combo: None,
        source_attribute_option_combo: None,
        destination: destination.object("dataElements", to),
        destination_category_option_combo: DEFAULT_OPTION_COMBO.to_owned(),
        destination_attribute_option_combo: DEFAULT_OPTION_COMBO.to_owned(),
        combine,
    }
}

fn data_element_items(source: Ids, destination: Ids, route: &Route) -> Vec<TrueItem> {
    let Some((from, to)) = ends(route) else { return Vec::new() };
    let mut items = Vec::new();
    for attribute in from.set.combo().option_combos(source.chance) {
        let Some(other) = counterpart(destination.chance, &attribute, route.set.combo()) else { continue };
        for combo in from.combo.option_combos(source.chance) {
            let Some(address) = address(destination, route.way, to, &combo) else { continue };
            items.push(TrueItem {
                kind: TrueKind::DataElement,
                source: source.object("dataElements", route.source),
                source_category_option_combo: Some(combo.id.clone()),
                source_attribute_option_combo: Some(attribute.id.clone()),
                destination: destination.object("dataElements", route.destination),
                destination_category_option_combo: address.id,
                destination_attribute_option_combo: other.id.clone(),
                combine: route.combine,
            });
        }
    }
    items
}

fn ends(route: &Route) -> Option<(&'static SourceElement, &'static DestinationElement)> {
    let from = SOURCE_ELEMENTS.iter().find(|element| element.key == route.source)?;
    let to = DESTINATION_ELEMENTS.iter().find(|element| element.key == route.destination)?;
    Some((from, to))
}

/// Where an option combo goes, if it does.
fn address(destination: Ids, way: Way, to: &DestinationElement, combo: &OptionCombo) -> Option<OptionCombo> {
    match way {
        Way::Options => counterpart(destination.chance, combo, to.combo),
        Way::Reduced(reduced) => counterpart(destination.chance, combo, reduced),
        Way::Total => counterpart(destination.chance, combo, Combo::Default),
        Way::Only(options) if options_key(combo) == options => counterpart(destination.chance, combo, Combo::Default),
        Way::Only(_) => None,
    }
}

/// What the data element items of the jobs make of the source's values. A cell with several contributions that cannot
/// be combined as numbers is left out; the generated country has none.
pub(super) fn expected(jobs: &[TrueJob], org_units: &[TrueOrgUnit], values: &Values) -> BTreeMap<ValueKey, String> {
    let units: BTreeMap<&str, &str> =
        org_units.iter().map(|pair| (pair.source.as_str(), pair.destination.as_str())).collect();
    let mut items: BTreeMap<(&str, &str, &str), Vec<&TrueItem>> = BTreeMap::new();
    for item in jobs.iter().flat_map(|job| &job.items) {
        let (Some(combo), Some(attribute)) = (&item.source_category_option_combo, &item.source_attribute_option_combo)
        else {
            continue;
        };
        items.entry((&item.source, combo, attribute)).or_default().push(item);
    }
    let mut contributions: BTreeMap<ValueKey, (&'static str, Vec<&str>)> = BTreeMap::new();
    for (key, stored) in &values.data {
        let (Some(text), Some(unit)) = (stored.value.as_deref(), units.get(key.org_unit.as_str())) else { continue };
        let source =
            (key.data_element.as_str(), key.category_option_combo.as_str(), key.attribute_option_combo.as_str());
        for item in items.get(&source).into_iter().flatten() {
            let cell = ValueKey {
                data_element: item.destination.clone(),
                period: key.period.clone(),
                org_unit: (*unit).to_owned(),
                category_option_combo: item.destination_category_option_combo.clone(),
                attribute_option_combo: item.destination_attribute_option_combo.clone(),
            };
            contributions.entry(cell).or_insert((item.combine, Vec::new())).1.push(text);
        }
    }
    contributions.into_iter().filter_map(|(cell, (combine, texts))| Some((cell, combined(combine, &texts)?))).collect()
}

fn combined(combine: &str, texts: &[&str]) -> Option<String> {
    if let [only] = texts {
        return Some(parse_number(only).map_or_else(|| (*only).to_owned(), |number| plain_text(&number)));
    }
    let numbers: Option<Vec<BigDecimal>> = texts.iter().map(|text| parse_number(text)).collect();
    let numbers = numbers?;
    let number = match combine {
        "sum" => numbers.iter().sum(),
        "max" => numbers.into_iter().max()?,
        _ => return None,
    };
    Some(plain_text(&number))
}
