//! Each rule by itself, on a country of one district and five clinics at either side.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use crate::map_rules::{Arrivals, Coverage, MapFinding, MapQuestion, Tally, UnitValues, check_map, coverage};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::finding::Category;
use xfer_domain::fingerprint::MappingFingerprint;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::{DataAccess, DataSet, DataSetElement, Metadata, OrganisationUnit};
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::run::Severity;
use xfer_domain::uid::Uid;

fn uid(kind: &str, number: u8) -> Uid {
    Uid::parse(&format!("{kind:x<8}{number:03}")).unwrap()
}

fn clinic(number: u8) -> Uid {
    uid("Clinic", number)
}

fn unit(id: Uid, name: &str, above: &[Uid]) -> (Uid, OrganisationUnit) {
    let path = above.iter().copied().chain([id]).collect();
    let unit = OrganisationUnit {
        id,
        code: None,
        name: name.to_owned(),
        short_name: None,
        path,
        opening_date: None,
        closed_date: None,
        attribute_values: Vec::new(),
    };
    (id, unit)
}

/// Country, district and five clinics, of which the first four are assigned to the one data set.
fn server() -> Metadata {
    let (country, district) = (uid("Country", 0), uid("District", 1));
    let mut units = BTreeMap::from([unit(country, "Country", &[]), unit(district, "Centre", &[country])]);
    units.extend((1..=5).map(|number| unit(clinic(number), &format!("Clinic {number}"), &[country, district])));
    let data_set = DataSet {
        id: uid("DataSet", 1),
        code: None,
        name: "Monthly report".to_owned(),
        period_type: PeriodType::Monthly,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        open_future_periods: 0,
        open_periods_after_co_end_date: 0,
        expiry_days: 0.0,
        data_set_elements: vec![DataSetElement { data_element: uid("Element", 1), category_combo: None }],
        organisation_units: (1..=4).map(clinic).collect(),
        data_input_periods: Vec::new(),
        access: DataAccess::default(),
    };
    Metadata { organisation_units: units, data_sets: BTreeMap::from([(data_set.id, data_set)]), ..Metadata::default() }
}

fn job(combine: Combine) -> Job {
    let id = uid("Element", 1);
    let item = Item::new(
        SourceItem::DataElement { id, category_option_combo: None, attribute_option_combo: None },
        CellAddress {
            data_element: id,
            category_option_combo: Uid::DEFAULT_OPTION_COMBO,
            attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
        },
    );
    Job {
        name: "malaria".to_owned(),
        source: "a".to_owned(),
        destination: "b".to_owned(),
        source_period_type: PeriodType::Monthly,
        destination_period_type: PeriodType::Monthly,
        period_shift: 0,
        combine,
        read: ReadFrom::Raw,
        round: None,
        coverage: None,
        comments: xfer_domain::job::Comments::default(),
        scripts: Vec::new(),
        items: vec![item],
    }
}

/// What a test changes about a map without fault: clinics 1 to 4 on their namesakes, as they were seen.
struct World {
    source: Metadata,
    destination: Metadata,
    rows: Vec<OrgUnitMapping>,
    jobs: Vec<Job>,
    seen: BTreeMap<Uid, MappingFingerprint>,
    values: Option<UnitValues>,
}

const WINDOW: (Date, Date) = (date(2024, 1, 1), date(2024, 12, 31));

impl World {
    fn new() -> Self {
        let (source, destination) = (server(), server());
        let rows: Vec<OrgUnitMapping> = (1..=4).map(|number| row(number, number)).collect();
        let seen =
            rows.iter().filter_map(|row| Some((row.source, MappingFingerprint::of(&source, &destination, row)?)));
        let seen = seen.collect();
        let values = Some((1..=4).map(|number| (clinic(number), 10)).collect());
        Self { source, destination, rows, jobs: vec![job(Combine::Sum)], seen, values }
    }

    fn question(&self) -> MapQuestion<'_> {
        MapQuestion {
            source: &self.source,
            destination: &self.destination,
            rows: &self.rows,
            jobs: &self.jobs,
            seen: &self.seen,
            values: self.values.as_ref(),
            window: WINDOW,
            users: ["reader at tracker", "writer at national"],
        }
    }

    fn check(&self) -> Vec<MapFinding> {
        check_map(&self.question())
    }

    /// The findings as code, place, values and message.
    fn told(&self) -> Vec<(&'static str, String, Option<u64>, String)> {
        let line = |finding: MapFinding| (finding.code.word, finding.place, finding.values, finding.message);
        self.check().into_iter().map(line).collect()
    }

    fn words(&self) -> Vec<&'static str> {
        self.check().iter().map(|finding| finding.code.word).collect()
    }

    fn destination_unit(&mut self, number: u8) -> &mut OrganisationUnit {
        self.destination.organisation_units.get_mut(&clinic(number)).unwrap()
    }
}

fn row(from: u8, to: u8) -> OrgUnitMapping {
    OrgUnitMapping::manual(clinic(from), Some(clinic(to)), MappingState::Confirmed)
}

#[test]
fn nothing_speaks_against_a_map_without_fault() {
    let mut world = World::new();
    assert_eq!(world.told(), []);
    world.values = None;
    assert_eq!(world.told(), []);
    world.seen.clear();
    assert_eq!(world.told(), [], "rows from before the fingerprints say nothing about drift");
}

#[test]
fn what_would_be_lost_comes_first_most_values_first() {
    let mut world = World::new();
    world.rows = vec![row(1, 1), OrgUnitMapping::manual(clinic(4), None, MappingState::Ignored)];
    world.rows.push(OrgUnitMapping { state: MappingState::Proposed, ..row(3, 3) });
    world.values = Some(UnitValues::from_iter([
        (clinic(1), 5),
        (clinic(2), 7),
        (clinic(3), 900),
        (clinic(4), 9_999),
        (clinic(5), 30),
    ]));
    let told: Vec<_> =
        world.told().into_iter().map(|(code, place, values, _)| (code, place, values.unwrap())).collect();
    let place = |number: u8| format!("Country / Centre / Clinic {number}");
    assert_eq!(
        told,
        [
            ("proposed-with-data", place(3), 900),
            ("unmapped-with-data", place(5), 30),
            ("unmapped-with-data", place(2), 7),
            ("ignored-with-data", place(4), 9_999),
        ]
    );
    let expected = Coverage {
        units: Tally { units: 7, mapped: 1, ignored: 1, unmapped: 5, proposed: 1 },
        with_data: Tally { units: 5, mapped: 1, ignored: 1, unmapped: 3, proposed: 1 },
        values: 10_941,
        values_ignored: 9_999,
        values_unmapped: 37,
        values_proposed: 900,
        ..Coverage::default()
    };
    assert_eq!(coverage(&world.question()), expected);
    assert_eq!(expected.values_lost(), 937);
}

#[test]
fn every_value_that_would_not_be_taken_is_counted_and_is_an_error() {
    let mut world = World::new();
    world.destination_unit(1).closed_date = Some(date(2024, 6, 30));
    world.destination_unit(2).opening_date = Some(date(2024, 3, 15));
    world.destination.data_sets.values_mut().next().unwrap().organisation_units.retain(|unit| *unit != clinic(3));
    let arrivals = Arrivals::new(&world.destination, &world.rows, &world.jobs);
    let (mut values, element) = (UnitValues::default(), uid("Element", 1));
    for number in 1..=4 {
        for month in 1..=12_i16 {
            let cell = CellKey {
                org_unit: clinic(number),
                period: Period::parse(&format!("2024{month:02}")).unwrap(),
                data_element: element,
                category_option_combo: Uid::DEFAULT_OPTION_COMBO,
                attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
            };
            values.count(clinic(number), element, arrivals.loss(&cell));
        }
    }
    world.values = Some(values);
    let lost: Vec<_> = world.told().into_iter().map(|(code, _, values, _)| (code, values)).collect();
    let of = |word| lost.iter().find(|(code, _)| *code == word).and_then(|(_, values)| *values);
    assert_eq!(of("destination-unit-closed"), Some(6), "{lost:?}");
    assert_eq!(of("destination-unit-opens-later"), Some(3), "{lost:?}");
    assert_eq!(of("destination-unit-not-assigned"), Some(12), "{lost:?}");
    let coverage = coverage(&world.question());
    assert_eq!((coverage.values_closed, coverage.values_not_assigned, coverage.values_lost()), (9, 12, 21));
    assert!(
        world
            .check()
            .iter()
            .filter(|finding| finding.values > Some(0))
            .all(|finding| { finding.code.severity == Severity::Error || finding.code.category == Category::Drift })
    );
}

#[test]
fn without_asking_the_source_units_that_should_report_are_named() {
    let mut world = World::new();
    world.values = None;
    world.rows.truncate(3);
    world.rows[2].state = MappingState::Proposed;
    assert_eq!(world.words(), ["unmapped-but-assigned", "proposal-waiting"], "clinic 5 is not assigned");
}

#[test]
fn a_twin_beside_a_mapped_unit_is_named_with_both_ids() {
    let mut world = World::new();
    world.destination_unit(5).name = "CLINIC  2".to_owned();
    let [(code, place, _, message)] = &world.told()[..] else { panic!("{:?}", world.told()) };
    assert_eq!((*code, place.as_str()), ("org-unit-twice", "Country / Centre / Clinic 2"));
    assert!(message.contains(clinic(2).as_str()) && message.contains(clinic(5).as_str()), "{message}");
    world.destination_unit(5).name = "Elsewhere".to_owned();
    world.destination_unit(5).code = Some("7".to_owned());
    world.source.organisation_units.get_mut(&clinic(1)).unwrap().code = Some("7".to_owned());
    world.seen.clear();
    assert_eq!(world.told(), [], "the same code on two servers is no twin");
}

#[test]
fn two_units_into_one_need_an_operator() {
    let mut world = World::new();
    world.rows[1] = row(2, 1);
    world.seen.clear();
    assert_eq!(world.told(), [], "the job says sum");
    world.jobs = vec![job(Combine::Error)];
    let told = world.told();
    assert_eq!(
        told,
        [(
            "units-share-destination",
            "Country / Centre / Clinic 1".to_owned(),
            Some(20),
            "Country / Centre / Clinic 1 and Country / Centre / Clinic 2 go here, and malaria has no combine operator"
                .to_owned()
        )]
    );
    world.jobs[0].items[0].combine = Some(Combine::Last);
    assert_eq!(world.told(), [], "the item says last");
}

#[test]
fn closed_units_count_by_the_window_and_drift_is_not_told_twice() {
    let mut world = World::new();
    world.seen.clear();
    world.destination_unit(1).closed_date = Some(date(2023, 12, 31));
    world.destination_unit(2).closed_date = Some(date(2024, 6, 30));
    world.destination_unit(3).closed_date = Some(date(2024, 12, 31));
    world.source.organisation_units.get_mut(&clinic(4)).unwrap().closed_date = Some(date(2020, 1, 1));
    assert_eq!(world.words(), ["destination-unit-closed", "destination-unit-closes", "source-unit-closed"]);
    let mut since = World::new();
    since.destination_unit(2).closed_date = Some(date(2024, 6, 30));
    assert_eq!(since.words(), ["unit-closing-changed"]);
    since.destination_unit(2).closed_date = Some(date(2023, 6, 30));
    assert_eq!(since.words(), ["destination-unit-closed", "unit-closing-changed"]);
}

#[test]
fn one_clinic_on_the_district_is_unusual_and_two_of_four_are_not() {
    let mut world = World::new();
    world.seen.clear();
    world.rows[3].destination = Some(uid("District", 1));
    let told = world.told();
    let (code, place, _, message) = &told[0];
    assert_eq!((*code, place.as_str()), ("level-unusual", "Country / Centre / Clinic 4"));
    assert_eq!(message, "goes to Country / Centre, on level 2; 3 of its 3 siblings go to level 3");
    for elsewhere in [uid("Country", 0), uid("District", 1)] {
        world.rows[2].destination = Some(elsewhere);
        assert!(!world.words().contains(&"level-unusual"), "two of four are not most");
    }
}

#[test]
fn a_destination_that_collects_nothing_is_named_where_values_are_expected() {
    let mut world = World::new();
    world.seen.clear();
    world.rows[0].destination = Some(clinic(5));
    assert_eq!(world.words(), ["destination-unit-not-assigned"]);
    world.values = Some(UnitValues::default());
    assert_eq!(world.words(), ["destination-unit-not-assigned"], "it is assigned at the source");
    for data_set in world.source.data_sets.values_mut() {
        data_set.organisation_units = BTreeSet::new();
    }
    assert_eq!(world.words(), Vec::<&str>::new(), "neither data nor assigned");
}

#[test]
fn what_changed_since_is_told_by_name() {
    let mut world = World::new();
    world.destination_unit(1).name = "Clinique 1".to_owned();
    world.destination.organisation_units.remove(&clinic(2));
    world.source.organisation_units.remove(&clinic(3));
    let told = world.told();
    let lines: Vec<(&str, &str)> = told.iter().map(|(code, place, ..)| (*code, place.as_str())).collect();
    assert_eq!(
        lines,
        [
            ("unit-renamed", "Country / Centre / Clinic 1"),
            ("unit-deleted", "Country / Centre / Clinic 2"),
            ("unit-deleted", "Clinic 3"),
        ]
    );
    assert_eq!(told[0].3, "at the destination, the name of Clinic 1 changed to Clinique 1");
    world.seen.clear();
    let without: Vec<(&str, Severity)> =
        world.check().iter().map(|finding| (finding.code.word, finding.code.severity)).collect();
    assert_eq!(without, [("unit-deleted", Severity::Error); 2], "a missing unit is named by its id");
}
