//! Things to store, for the tests of the store.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "constants of tests")]

use std::collections::{BTreeMap, BTreeSet};

use secrecy::SecretString;
use uuid::Uuid;

use crate::store::config::{AnalyticsFlags, ConfigStore, NewServer, SyncedServer};
use xfer_domain::cell::{CellAddress, CellKey, CellState};
use xfer_domain::coverage::Coverage;
use xfer_domain::item::{Combine, Item, SourceItem, WhenEmpty};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::journal::{CellRecord, Claim};
use xfer_domain::metadata::{
    AttributeValue, CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataInputPeriod,
    DataSet, DataSetElement, Indicator, Metadata, OptionSet, OptionSetOption, OrganisationUnit, OrganisationUnitGroup,
    OrganisationUnitLevel, ProgramIndicator,
};
use xfer_domain::period::PeriodType;
use xfer_domain::routine::{Policies, Routine};
use xfer_domain::script::{Attachment, ContentHash, Hook, ParameterValue};
use xfer_domain::secret::Login;
use xfer_domain::server::{Account, BaseUrl, Server, ServerIdentity};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// An id made of a letter and a number, in the order of its number.
pub fn uid(letter: char, number: usize) -> Uid {
    Uid::parse(&format!("{letter}{number:010}")).unwrap()
}

/// A server's address.
pub fn url(text: &str) -> BaseUrl {
    BaseUrl::parse(text).unwrap()
}

/// A login with a password.
pub fn basic(username: &str, password: &str) -> Login {
    Login::Basic { username: username.to_owned(), password: SecretString::from(password) }
}

/// Adds a server that is logged in to with a password.
pub fn add_server(store: &mut ConfigStore, name: &str, address: &str, password: &str) -> Server {
    let new = NewServer {
        name: name.to_owned(),
        url: url(address),
        login: basic("admin", password),
        allow_http: false,
        certificates: None,
    };
    store.add_server(&new).unwrap()
}

/// What a server says of itself.
pub fn identity() -> ServerIdentity {
    ServerIdentity {
        system_id: "eed3d451-4ff5-4193-b951-ffcc68954299".to_owned(),
        system_name: Some("Ministère de la Santé".to_owned()),
        version: "2.42.1".parse().unwrap(),
        calendar: "iso8601".to_owned(),
    }
}

/// The user that is logged in.
pub fn account() -> Account {
    Account {
        username: "admin".to_owned(),
        authorities: vec!["ALL".to_owned()],
        organisation_units: vec![uid('o', 0)],
        data_view_organisation_units: vec![],
    }
}

/// A sync of this metadata.
pub fn sync(store: &mut ConfigStore, server: &Server, metadata: &Metadata) {
    let synced = SyncedServer {
        metadata,
        identity: &identity(),
        account: &account(),
        analytics: AnalyticsFlags { includes_zeros: Some(true), output_period_types_missing: None },
        synced_at: "2024-05-06T07:08:09.000",
    };
    store.save_metadata(server.id, &synced).unwrap();
}

/// Org units in a tree of three levels, and nothing else.
pub fn org_units(number: usize) -> BTreeMap<Uid, OrganisationUnit> {
    (0..number)
        .map(|index| {
            let path = match index {
                0 => vec![uid('o', 0)],
                1..=99 => vec![uid('o', 0), uid('o', index)],
                _ => vec![uid('o', 0), uid('o', index % 99 + 1), uid('o', index)],
            };
            let unit = OrganisationUnit {
                id: uid('o', index),
                code: (index % 3 != 0).then(|| format!("OU_{index}")),
                name: format!("Centre de Santé n° {index}"),
                short_name: (index % 2 == 0).then(|| format!("CS {index}")),
                path,
                opening_date: "1970-01-01".parse().ok(),
                closed_date: if index % 7 == 0 { "2023-12-31".parse().ok() } else { None },
                attribute_values: if index % 10 == 0 {
                    vec![AttributeValue { attribute: uid('a', index), value: "\"quoted\" é".to_owned() }]
                } else {
                    vec![]
                },
            };
            (unit.id, unit)
        })
        .collect()
}

/// Data elements of every value type in turn.
pub fn data_elements(number: usize) -> BTreeMap<Uid, DataElement> {
    let types = [ValueType::Integer, ValueType::DateTime, ValueType::GeoJson, ValueType::TrueOnly, ValueType::Other];
    (0..number)
        .map(|index| {
            let element = DataElement {
                id: uid('d', index),
                code: (index % 2 == 0).then(|| format!("DE_{index}")),
                name: format!("Data element {index}"),
                short_name: None,
                value_type: types[index % types.len()],
                aggregation_type: "SUM".to_owned(),
                zero_is_significant: index % 2 == 1,
                category_combo: Uid::DEFAULT_CATEGORY_COMBO,
                option_set: (index == 1).then(|| uid('p', 1)),
                comment_option_set: (index == 2).then(|| uid('p', 1)),
                attribute_values: vec![],
            };
            (element.id, element)
        })
        .collect()
}

/// Metadata in which every kind stands, with everything that may be absent both absent and present.
pub fn metadata() -> Metadata {
    Metadata {
        organisation_units: org_units(120),
        organisation_unit_levels: (1..=3)
            .map(|level| (level, OrganisationUnitLevel { id: uid('l', 1), level, name: format!("Niveau {level}") }))
            .collect(),
        organisation_unit_groups: by_id([
            OrganisationUnitGroup {
                id: uid('g', 1),
                code: Some("PUBLIC".to_owned()),
                name: "Public".to_owned(),
                organisation_units: (1..50).map(|index| uid('o', index)).collect(),
            },
            OrganisationUnitGroup {
                id: uid('g', 2),
                code: None,
                name: String::new(),
                organisation_units: BTreeSet::new(),
            },
        ]),
        data_elements: data_elements(12),
        data_sets: by_id([data_set(1, PeriodType::Monthly), empty_data_set(2, PeriodType::FinancialApril)]),
        category_combos: by_id([CategoryCombo {
            id: Uid::DEFAULT_CATEGORY_COMBO,
            code: Some("default".to_owned()),
            name: "default".to_owned(),
            is_default: true,
            category_option_combos: BTreeSet::from([Uid::DEFAULT_OPTION_COMBO]),
        }]),
        category_option_combos: by_id([CategoryOptionCombo {
            id: Uid::DEFAULT_OPTION_COMBO,
            code: None,
            name: "default".to_owned(),
            category_combo: Uid::DEFAULT_CATEGORY_COMBO,
            // The order of the options is DHIS2's and is kept.
            category_options: vec![uid('x', 2), uid('x', 1)],
        }]),
        category_options: by_id([CategoryOption {
            id: uid('x', 1),
            code: None,
            name: "0–4 ans".to_owned(),
            start_date: "2020-02-29".parse().ok(),
            end_date: None,
            organisation_units: BTreeSet::from([uid('o', 3)]),
            access: DataAccess { read: true, write: false },
            is_hidden: false,
        }]),
        indicators: by_id([Indicator {
            id: uid('i', 1),
            code: None,
            name: "Couverture".to_owned(),
            decimals: Some(1),
            numerator: "#{d0000000001}".to_owned(),
            denominator: "1".to_owned(),
            aggregate_export_category_option_combo: None,
            aggregate_export_attribute_option_combo: Some("HllvX50cXC0".to_owned()),
        }]),
        program_indicators: by_id([ProgramIndicator {
            id: uid('q', 1),
            code: Some("PI".to_owned()),
            name: "Cas confirmés".to_owned(),
            program: Some(uid('r', 1)),
            aggregation_type: Some("COUNT".to_owned()),
            decimals: None,
            aggregate_export_category_option_combo: Some("COC".to_owned()),
            aggregate_export_attribute_option_combo: None,
            aggregate_export_data_element: Some("DE".to_owned()),
        }]),
        lost: BTreeMap::new(),
        option_sets: by_id([OptionSet {
            id: uid('p', 1),
            code: None,
            name: "Oui/Non".to_owned(),
            options: vec![OptionSetOption { id: uid('n', 1), code: "1".to_owned(), name: "Oui".to_owned() }],
        }]),
    }
}

fn data_set(number: usize, period_type: PeriodType) -> DataSet {
    DataSet {
        code: Some("MONTHLY".to_owned()),
        open_future_periods: 2,
        open_periods_after_co_end_date: 3,
        expiry_days: 10.5,
        data_set_elements: vec![
            DataSetElement { data_element: uid('d', 1), category_combo: None },
            DataSetElement { data_element: uid('d', 0), category_combo: Some(Uid::DEFAULT_CATEGORY_COMBO) },
        ],
        organisation_units: (0..100).map(|index| uid('o', index)).collect(),
        data_input_periods: vec![DataInputPeriod {
            period: "202401".parse().unwrap(),
            opening_date: None,
            closing_date: "2024-02-29".parse().ok(),
        }],
        access: DataAccess { read: true, write: false },
        ..empty_data_set(number, period_type)
    }
}

fn empty_data_set(number: usize, period_type: PeriodType) -> DataSet {
    DataSet {
        id: uid('s', number),
        code: None,
        name: format!("Data set {number}"),
        period_type,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        open_future_periods: 0,
        open_periods_after_co_end_date: 0,
        expiry_days: 0.0,
        data_set_elements: vec![],
        organisation_units: BTreeSet::new(),
        data_input_periods: vec![],
        access: DataAccess::default(),
    }
}

/// Objects by their id.
trait Identified {
    fn uid(&self) -> Uid;
}

macro_rules! identified {
    ($($type:ty),+) => {$(impl Identified for $type { fn uid(&self) -> Uid { self.id } })+};
}

identified!(
    OrganisationUnitGroup,
    DataSet,
    CategoryCombo,
    CategoryOptionCombo,
    CategoryOption,
    Indicator,
    ProgramIndicator,
    OptionSet
);

fn by_id<T: Identified>(objects: impl IntoIterator<Item = T>) -> BTreeMap<Uid, T> {
    objects.into_iter().map(|object| (object.uid(), object)).collect()
}

/// Items of every kind, with everything that may be absent both absent and present.
pub fn items() -> Vec<Item> {
    let destination = CellAddress {
        data_element: uid('d', 1),
        category_option_combo: Uid::DEFAULT_OPTION_COMBO,
        attribute_option_combo: uid('c', 1),
    };
    let item = |source| Item::new(source, destination);
    vec![
        item(SourceItem::ProgramIndicator { id: uid('q', 1) }),
        item(SourceItem::DataElement {
            id: uid('d', 9),
            category_option_combo: None,
            attribute_option_combo: Some(uid('c', 2)),
        }),
        Item {
            combine: Some(Combine::Max),
            factor: "0.001".parse().ok(),
            when_empty: Some(WhenEmpty::Delete),
            round: "up:2".parse().ok(),
            coverage: "75%".parse().ok(),
            share: "0.4".parse().ok(),
            scripts: vec![attachment("scale.rhai")],
            note: Some("agreed with the programme\non 3 May".to_owned()),
            ..item(SourceItem::Indicator { id: uid('i', 1) })
        },
    ]
}

/// A job between two servers.
pub fn job(name: &str, source: &str, destination: &str) -> Job {
    Job {
        name: name.to_owned(),
        source: source.to_owned(),
        destination: destination.to_owned(),
        source_period_type: PeriodType::Monthly,
        destination_period_type: PeriodType::QuarterlyNov,
        period_shift: -1,
        combine: Combine::Sum,
        read: ReadFrom::Analytics,
        round: "1".parse().ok(),
        coverage: Some(Coverage::All),
        comments: xfer_domain::job::Comments::Copy,
        scripts: vec![attachment("cap.rhai"), attachment("scale.rhai")],
        items: items(),
    }
}

/// A routine of these jobs.
pub fn routine(number: u128, name: &str, jobs: &[&str]) -> Routine {
    Routine {
        id: Uuid::from_u128(number),
        name: name.to_owned(),
        jobs: jobs.iter().map(|job| (*job).to_owned()).collect(),
        window: vec!["202401..202406".to_owned(), "LAST_3_MONTHS".to_owned()],
        policies: Policies {
            max_change: Some(20),
            max_delete_share: 35,
            when_empty: WhenEmpty::Zero,
            verify: false,
            ..Policies::default()
        },
        scripts: vec![attachment("suppress.rhai")],
        alerts: Vec::new(),
    }
}

/// A script at work, with every kind of parameter.
pub fn attachment(name: &str) -> Attachment {
    let parameters = [("factor", "0.07"), ("on", "true"), ("limits", "[1, 5, high]")];
    Attachment {
        script: name.to_owned(),
        hash: ContentHash::of(name),
        hooks: vec![Hook::Value],
        parameters: parameters.map(|(name, text)| (name.to_owned(), ParameterValue::parse(text))).into_iter().collect(),
        file: Some(format!("/scripts/{name}")),
    }
}

/// The address that cell records of [`cell`] have.
pub fn address(number: usize) -> CellAddress {
    CellAddress {
        data_element: uid('d', number),
        category_option_combo: Uid::DEFAULT_OPTION_COMBO,
        attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
    }
}

/// How a cell ended: data element by number, org unit by number, a month.
pub fn cell(data_element: usize, org_unit: usize, period: &str, state: CellState) -> CellRecord {
    CellRecord {
        job: "malaria".to_owned(),
        cell: CellKey::new(address(data_element), uid('o', org_unit), period.parse().unwrap()),
        previous: Some("3".to_owned()),
        value: (state != CellState::Deleted).then(|| "4".to_owned()),
        state,
        code: None,
        reason: None,
        contributions: 2,
        from: None,
        claim: match state {
            CellState::Created | CellState::Updated | CellState::Accepted => Claim::Ours,
            CellState::Deleted => Claim::NotOurs,
            _ => Claim::Stays,
        },
    }
}
