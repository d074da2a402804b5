//! The true mapping between the two sides, and what a complete transfer must leave at the destination.
//!
//! The generator made both sides from one plan, so it knows which facility is which and where each figure belongs.
//! The demo maps with it, tests measure matchers and transfers against it.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::BigDecimal;

use super::catalogue::{
    DESTINATION_ELEMENTS, DestinationElement, DestinationSet, INDICATORS, PROGRAM_INDICATOR_ROUTES, ROUTES, Route,
    SOURCE_ELEMENTS, SourceElement, Way,
};
use super::combos::{Combo, DEFAULT_OPTION_COMBO, OptionCombo, counterpart};
use super::counterparts::Facilities;
use super::ids::{Ids, options_key};
use super::places::DEPARTMENTS;
use super::ranks::Ranks;
use crate::values::{ValueKey, Values};
use xfer_domain::decimal::{parse_number, plain_text};

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

/// A contribution: the destination cell as places of its five ids, how it is combined, and the text.
type Contribution<'a> = ((u32, u32, u32, u32, u32), &'static str, &'a str);

/// What the data element items of the jobs make of the source's values of some periods. A cell with several
/// contributions that cannot be combined as numbers is left out; the generated country has none.
pub(super) fn expected(
    jobs: &[TrueJob],
    org_units: &[TrueOrgUnit],
    values: &Values,
    wanted: impl Fn(&str) -> bool,
) -> BTreeMap<ValueKey, String> {
    let items = || jobs.iter().flat_map(|job| &job.items);
    let elements = Ranks::of(items().map(|item| item.destination.as_str()));
    let combos = Ranks::of(items().flat_map(|item| {
        [item.destination_category_option_combo.as_str(), item.destination_attribute_option_combo.as_str()]
    }));
    let units = Ranks::of(org_units.iter().map(|pair| pair.destination.as_str()));
    let periods = Ranks::of(values.data.keys().map(|key| key.period.as_str()).filter(|period| wanted(period)));
    let unit_of: HashMap<&str, u32> =
        org_units.iter().filter_map(|pair| Some((pair.source.as_str(), units.place(&pair.destination)?))).collect();
    let mut items_of: HashMap<(&str, &str, &str), Vec<&TrueItem>> = HashMap::new();
    for item in items() {
        let source = (&item.source_category_option_combo, &item.source_attribute_option_combo);
        if let (Some(combo), Some(attribute)) = source {
            items_of.entry((&item.source, combo, attribute)).or_default().push(item);
        }
    }
    let mut contributions: Vec<Contribution<'_>> = Vec::new();
    for (key, stored) in &values.data {
        let (Some(period), Some(unit)) = (periods.place(&key.period), unit_of.get(key.org_unit.as_str())) else {
            continue;
        };
        let source =
            (key.data_element.as_str(), key.category_option_combo.as_str(), key.attribute_option_combo.as_str());
        let here = items_of.get(&source).into_iter().flatten();
        contributions.extend(here.filter_map(|item| {
            let combo = combos.place(&item.destination_category_option_combo)?;
            let attribute = combos.place(&item.destination_attribute_option_combo)?;
            let cell = (elements.place(&item.destination)?, period, *unit, combo, attribute);
            Some((cell, item.combine, stored.value.as_deref()?))
        }));
    }
    contributions.sort_unstable();
    contributions
        .chunk_by(|one, next| one.0 == next.0)
        .filter_map(|of_cell| {
            let ((element, period, unit, combo, attribute), combine, _) = *of_cell.first()?;
            let cell = ValueKey {
                data_element: elements.text(element).to_owned(),
                period: periods.text(period).to_owned(),
                org_unit: units.text(unit).to_owned(),
                category_option_combo: combos.text(combo).to_owned(),
                attribute_option_combo: combos.text(attribute).to_owned(),
            };
            Some((cell, combined(combine, of_cell)?))
        })
        .collect()
}

fn combined(combine: &str, contributions: &[Contribution<'_>]) -> Option<String> {
    if let [(_, _, only)] = contributions {
        return Some(canonical(only));
    }
    let numbers: Option<Vec<BigDecimal>> = contributions.iter().map(|(_, _, text)| parse_number(text)).collect();
    let numbers = numbers?;
    let number = match combine {
        "sum" => numbers.iter().sum(),
        "max" => numbers.into_iter().max()?,
        _ => return None,
    };
    Some(plain_text(&number))
}

/// A number in its canonical text; whole numbers, which are nearly all, are in it already.
fn canonical(text: &str) -> String {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    parse_number(text).map_or_else(|| text.to_owned(), |number| plain_text(&number))
}
