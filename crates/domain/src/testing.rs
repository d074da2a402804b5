//! The sample world of the unit tests of every layer: one country, two districts, eight clinics, a few data elements.
//!
//! ```text
//! Country ─┬─ District A ── Clinic 1 … Clinic 4
//!          └─ District B ── Clinic 5 … Clinic 8
//! ```
//!
//! Data element 1: plain, INTEGER, zeros significant · 2: disaggregated (male, female), NUMBER, zeros significant
//! · 3: plain, INTEGER, zeros not significant · 4: plain, TEXT.
//! All are in one monthly data set with the default attribute combo, assigned everywhere.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "constants of the tests")]

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::BigDecimal;
use uuid::Uuid;

use crate::cell::{CellAddress, CellKey};
use crate::item::{Combine, Item, SourceItem};
use crate::job::{Comments, Job, ReadFrom};
use crate::metadata::{
    CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataSet, DataSetElement, Indicator,
    Metadata, OrganisationUnit,
};
use crate::org_unit_map::{MappingState, OrgUnitMapping};
use crate::period::{Period, PeriodType};
use crate::routine::{Policies, Routine, RoutineDocument};
use crate::server::ServerIdentity;
use crate::uid::Uid;
use crate::value_type::ValueType;

/// The id of that kind and number.
pub fn uid(kind: &str, number: u8) -> Uid {
    let kind: String = kind.chars().take(8).collect();
    Uid::parse(&format!("{kind:x<8}{number:03}")).unwrap()
}

/// Clinic of that number.
pub fn unit(number: u8) -> Uid {
    uid("Clinic", number)
}

/// The root of the tree.
pub fn country() -> Uid {
    uid("Country", 0)
}

/// The parent of clinics 1 to 4.
pub fn district_a() -> Uid {
    uid("District", 1)
}

/// The parent of clinics 5 to 8.
pub fn district_b() -> Uid {
    uid("District", 2)
}

/// Data element of that number.
pub fn element(number: u8) -> Uid {
    uid("Element", number)
}

/// Indicator of that number.
pub fn indicator(number: u8) -> Uid {
    uid("Indicatr", number)
}

/// The only data set.
pub fn data_set() -> Uid {
    uid("DataSet", 1)
}

/// The option combo of data element 2 for males.
pub fn male() -> Uid {
    uid("CocSex", 1)
}

/// The option combo of data element 2 for females.
pub fn female() -> Uid {
    uid("CocSex", 2)
}

/// The category combo of data element 2.
pub fn sex_combo() -> Uid {
    uid("ComboSex", 1)
}

/// A period by its ISO form.
pub fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// An address with the default attribute option combo.
pub fn address(data_element: u8, combo: Uid) -> CellAddress {
    CellAddress {
        data_element: element(data_element),
        category_option_combo: combo,
        attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
    }
}

/// An address with both default option combos.
pub fn plain_address(data_element: u8) -> CellAddress {
    address(data_element, Uid::DEFAULT_OPTION_COMBO)
}

/// A cell of a plain data element at a clinic.
pub fn cell(data_element: u8, org_unit: u8, text: &str) -> CellKey {
    CellKey::new(plain_address(data_element), unit(org_unit), period(text))
}

/// A confirmed mapping.
pub fn mapping(source: Uid, destination: Uid) -> OrgUnitMapping {
    mapping_in_state(source, Some(destination), MappingState::Confirmed)
}

/// A mapping in any state.
pub fn mapping_in_state(source: Uid, destination: Option<Uid>, state: MappingState) -> OrgUnitMapping {
    OrgUnitMapping::manual(source, destination, state)
}

/// Every clinic on its namesake.
pub fn all_mapped() -> Vec<OrgUnitMapping> {
    (1..=8).map(|number| mapping(unit(number), unit(number))).collect()
}

/// An item of a data element with a given COC and the default AOC.
pub fn item(from: u8, combo: Uid, to: CellAddress) -> Item {
    let source = SourceItem::DataElement {
        id: element(from),
        category_option_combo: Some(combo),
        attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
    };
    Item::new(source, to)
}

/// An item of a plain data element onto its namesake.
pub fn plain_item(number: u8) -> Item {
    item(number, Uid::DEFAULT_OPTION_COMBO, plain_address(number))
}

/// An item of an indicator.
pub fn indicator_item(number: u8, to: CellAddress) -> Item {
    Item { source: SourceItem::Indicator { id: indicator(number) }, ..item(1, Uid::DEFAULT_OPTION_COMBO, to) }
}

/// The item with that factor.
pub fn with_factor(item: Item, factor: &str) -> Item {
    Item { factor: Some(factor.parse::<BigDecimal>().unwrap()), ..item }
}

/// A job of raw reads with these items.
pub fn job(name: &str, items: Vec<Item>) -> Job {
    Job {
        name: name.to_owned(),
        source: "source".to_owned(),
        destination: "destination".to_owned(),
        source_period_type: PeriodType::Monthly,
        destination_period_type: PeriodType::Monthly,
        period_shift: 0,
        combine: Combine::Error,
        read: ReadFrom::Raw,
        round: None,
        coverage: None,
        comments: Comments::Keep,
        scripts: Vec::new(),
        items,
    }
}

/// A routine of these jobs over these periods.
pub fn document(jobs: Vec<Job>, window: &[&str]) -> RoutineDocument {
    RoutineDocument {
        routine: Routine {
            id: Uuid::nil(),
            name: "monthly".to_owned(),
            jobs: jobs.iter().map(|job| job.name.clone()).collect(),
            window: window.iter().map(ToString::to_string).collect(),
            policies: Policies::default(),
            scripts: Vec::new(),
            alerts: Vec::new(),
        },
        jobs,
        org_unit_map: all_mapped(),
        scripts: Vec::new(),
    }
}

/// What a server of that version says of itself.
pub fn identity(version: &str) -> ServerIdentity {
    ServerIdentity {
        system_id: format!("system-{version}"),
        system_name: None,
        version: version.parse().unwrap(),
        calendar: "iso8601".to_owned(),
    }
}

fn organisation_unit(id: Uid, name: &str, above: &[Uid]) -> (Uid, OrganisationUnit) {
    let mut path = above.to_vec();
    path.push(id);
    let unit = OrganisationUnit {
        id,
        code: None,
        name: name.to_owned(),
        short_name: None,
        path,
        opening_date: Some(jiff::civil::date(1990, 1, 1)),
        closed_date: None,
        attribute_values: Vec::new(),
    };
    (id, unit)
}

fn data_element(number: u8, value_type: ValueType, zeros: bool, combo: Uid) -> (Uid, DataElement) {
    let element = DataElement {
        id: element(number),
        code: None,
        name: format!("Element {number}"),
        short_name: None,
        value_type,
        aggregation_type: if value_type.is_numeric() { "SUM" } else { "NONE" }.to_owned(),
        zero_is_significant: zeros,
        category_combo: combo,
        option_set: None,
        comment_option_set: None,
        attribute_values: Vec::new(),
    };
    (element.id, element)
}

fn combo(id: Uid, name: &str, members: &[Uid]) -> (Uid, CategoryCombo) {
    let combo = CategoryCombo {
        id,
        code: None,
        name: name.to_owned(),
        is_default: id == Uid::DEFAULT_CATEGORY_COMBO,
        category_option_combos: members.iter().copied().collect(),
    };
    (id, combo)
}

fn option_combo(id: Uid, name: &str, combo: Uid) -> [(Uid, CategoryOptionCombo); 1] {
    let option = uid("Option", u8::try_from(name.len()).unwrap());
    [(
        id,
        CategoryOptionCombo {
            id,
            code: None,
            name: name.to_owned(),
            category_combo: combo,
            category_options: vec![option],
        },
    )]
}

fn option(name: &str) -> (Uid, CategoryOption) {
    let id = uid("Option", u8::try_from(name.len()).unwrap());
    let option = CategoryOption {
        id,
        code: None,
        name: name.to_owned(),
        start_date: None,
        end_date: None,
        organisation_units: BTreeSet::new(),
        access: DataAccess::default(),
        is_hidden: false,
    };
    (id, option)
}

/// The metadata of both servers.
pub fn metadata() -> Metadata {
    let mut organisation_units = BTreeMap::from([
        organisation_unit(country(), "Country", &[]),
        organisation_unit(district_a(), "District A", &[country()]),
        organisation_unit(district_b(), "District B", &[country()]),
    ]);
    for number in 1..=8 {
        let district = if number <= 4 { district_a() } else { district_b() };
        organisation_units.extend([organisation_unit(
            unit(number),
            &format!("Clinic {number}"),
            &[country(), district],
        )]);
    }
    let data_elements = BTreeMap::from([
        data_element(1, ValueType::Integer, true, Uid::DEFAULT_CATEGORY_COMBO),
        data_element(2, ValueType::Number, true, sex_combo()),
        data_element(3, ValueType::Integer, false, Uid::DEFAULT_CATEGORY_COMBO),
        data_element(4, ValueType::Text, true, Uid::DEFAULT_CATEGORY_COMBO),
    ]);
    let data_set = DataSet {
        id: data_set(),
        code: None,
        name: "Monthly report".to_owned(),
        period_type: PeriodType::Monthly,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        open_future_periods: 0,
        open_periods_after_co_end_date: 0,
        expiry_days: 0.0,
        data_set_elements: data_elements
            .keys()
            .map(|id| DataSetElement { data_element: *id, category_combo: None })
            .collect(),
        organisation_units: organisation_units.keys().copied().collect(),
        data_input_periods: Vec::new(),
        access: DataAccess::default(),
    };
    let mut category_option_combos = BTreeMap::new();
    category_option_combos.extend(option_combo(Uid::DEFAULT_OPTION_COMBO, "default", Uid::DEFAULT_CATEGORY_COMBO));
    category_option_combos.extend(option_combo(male(), "male", sex_combo()));
    category_option_combos.extend(option_combo(female(), "female", sex_combo()));
    let indicators = (1..=2)
        .map(|number| {
            let indicator = Indicator {
                id: indicator(number),
                code: None,
                name: format!("Indicator {number}"),
                decimals: None,
                numerator: "1".to_owned(),
                denominator: "1".to_owned(),
                aggregate_export_category_option_combo: None,
                aggregate_export_attribute_option_combo: None,
            };
            (indicator.id, indicator)
        })
        .collect();
    Metadata {
        organisation_units,
        data_elements,
        data_sets: BTreeMap::from([(data_set.id, data_set)]),
        category_combos: BTreeMap::from([
            combo(Uid::DEFAULT_CATEGORY_COMBO, "default", &[Uid::DEFAULT_OPTION_COMBO]),
            combo(sex_combo(), "Sex", &[male(), female()]),
        ]),
        category_option_combos,
        category_options: BTreeMap::from([option("default"), option("male"), option("female")]),
        indicators,
        ..Metadata::default()
    }
}
