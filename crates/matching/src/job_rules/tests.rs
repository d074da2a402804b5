//! Each rule by itself, on one data element that is disaggregated by sex and one that is not.

use std::collections::BTreeMap;

use crate::job_rules::{JobQuestion, Refusals, RefusedValue, check_job, may_refuse};
use xfer_domain::cell::CellAddress;
use xfer_domain::fingerprint::ItemFingerprint;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::metadata::{
    CategoryCombo, CategoryOptionCombo, DataAccess, DataElement, DataSet, DataSetElement, Metadata, OptionSet,
    OptionSetOption,
};
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::period::{Period, PeriodType};
use xfer_domain::run::Severity;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

fn uid(kind: &str, number: u8) -> Uid {
    Uid::parse(&format!("{kind:x<8}{number:03}")).unwrap()
}

fn coc(id: Uid, name: &str, category_combo: Uid) -> (Uid, CategoryOptionCombo) {
    (id, CategoryOptionCombo { id, code: None, name: name.to_owned(), category_combo, category_options: Vec::new() })
}

fn element(number: u8, category_combo: Uid) -> (Uid, DataElement) {
    let id = uid("Element", number);
    let element = DataElement {
        id,
        code: None,
        name: format!("Element {number}"),
        short_name: None,
        value_type: ValueType::Number,
        aggregation_type: "SUM".to_owned(),
        zero_is_significant: true,
        category_combo,
        option_set: None,
        comment_option_set: None,
        attribute_values: Vec::new(),
    };
    (id, element)
}

/// Elements 1 and 3 without disaggregation, element 2 by sex, all in one data set of clinic 1.
fn server() -> Metadata {
    let sex = uid("Sex", 0);
    let elements = BTreeMap::from([
        element(1, Uid::DEFAULT_CATEGORY_COMBO),
        element(2, sex),
        element(3, Uid::DEFAULT_CATEGORY_COMBO),
    ]);
    let data_set = DataSet {
        id: uid("DataSet", 1),
        code: None,
        name: "Monthly report".to_owned(),
        period_type: PeriodType::Monthly,
        category_combo: Uid::DEFAULT_CATEGORY_COMBO,
        open_future_periods: 0,
        open_periods_after_co_end_date: 0,
        expiry_days: 0.0,
        data_set_elements: elements
            .keys()
            .map(|id| DataSetElement { data_element: *id, category_combo: None })
            .collect(),
        organisation_units: [uid("Clinic", 1)].into(),
        data_input_periods: Vec::new(),
        access: DataAccess::default(),
    };
    let option_combos = BTreeMap::from([
        coc(Uid::DEFAULT_OPTION_COMBO, "default", Uid::DEFAULT_CATEGORY_COMBO),
        coc(uid("Male", 1), "Masculin, <5 ans", sex),
        coc(uid("Female", 1), "Féminin, 5-14 ans", sex),
    ]);
    let combo = |id: Uid, name: &str| {
        let members = option_combos.values().filter(|combo| combo.category_combo == id).map(|combo| combo.id);
        let combo = CategoryCombo {
            id,
            code: None,
            name: name.to_owned(),
            is_default: name == "default",
            category_option_combos: members.collect(),
        };
        (id, combo)
    };
    Metadata {
        data_elements: elements,
        data_sets: BTreeMap::from([(data_set.id, data_set)]),
        category_combos: BTreeMap::from([combo(Uid::DEFAULT_CATEGORY_COMBO, "default"), combo(sex, "Sexe et âge")]),
        category_option_combos: option_combos,
        ..Metadata::default()
    }
}

fn item(from: (u8, Uid), to: (u8, Uid)) -> Item {
    Item::new(
        SourceItem::DataElement {
            id: uid("Element", from.0),
            category_option_combo: Some(from.1),
            attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
        },
        CellAddress {
            data_element: uid("Element", to.0),
            category_option_combo: to.1,
            attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
        },
    )
}

fn plain(from: u8, to: u8) -> Item {
    item((from, Uid::DEFAULT_OPTION_COMBO), (to, Uid::DEFAULT_OPTION_COMBO))
}

struct World {
    source: Metadata,
    destination: Metadata,
    job: Job,
    rows: Vec<OrgUnitMapping>,
    seen: Vec<Option<ItemFingerprint>>,
    refusals: BTreeMap<usize, Refusals>,
}

impl World {
    fn new(items: Vec<Item>) -> Self {
        let job = Job {
            name: "malaria".to_owned(),
            source: "a".to_owned(),
            destination: "b".to_owned(),
            source_period_type: PeriodType::Monthly,
            destination_period_type: PeriodType::Monthly,
            period_shift: 0,
            combine: Combine::Error,
            read: ReadFrom::Raw,
            round: None,
            coverage: None,
            comments: xfer_domain::job::Comments::default(),
            scripts: Vec::new(),
            items,
        };
        let rows = vec![OrgUnitMapping::manual(uid("Unit", 1), Some(uid("Clinic", 1)), MappingState::Confirmed)];
        let (source, destination) = (server(), server());
        let seen = job.items.iter().map(|item| ItemFingerprint::of(&source, &destination, item)).collect();
        Self { source, destination, job, rows, seen, refusals: BTreeMap::new() }
    }

    fn told(&self) -> Vec<(usize, &'static str, String)> {
        let question = JobQuestion {
            source: &self.source,
            destination: &self.destination,
            job: &self.job,
            rows: &self.rows,
            seen: &self.seen,
            refusals: &self.refusals,
            window: "LAST_12_MONTHS",
            users: ["reader at tracker", "writer at national"],
            scripts: &[],
        };
        check_job(&question).into_iter().map(|(number, finding)| (number, finding.code, finding.message)).collect()
    }

    fn target(&mut self, number: u8) -> &mut DataElement {
        self.destination.data_elements.get_mut(&uid("Element", number)).unwrap()
    }

    fn options(&mut self, codes: &[&str]) {
        let id = uid("Options", 1);
        let option = |code: &&str| OptionSetOption { id, code: (*code).to_owned(), name: (*code).to_owned() };
        let set = OptionSet { id, code: None, name: "Colours".to_owned(), options: codes.iter().map(option).collect() };
        self.destination.option_sets.insert(id, set);
        self.target(1).option_set = Some(id);
    }
}

#[test]
fn nothing_speaks_against_items_without_fault() {
    let male = uid("Male", 1);
    assert_eq!(World::new(vec![plain(1, 1), item((2, male), (2, male))]).told(), []);
}

#[test]
fn items_that_read_the_same_or_write_the_same_are_named() {
    let world = World::new(vec![plain(1, 1), plain(1, 3)]);
    assert_eq!(
        world.told(),
        [(
            2,
            "item-source-twice",
            "values of Element 1 go to Element 3 and, through item 1, also to Element 1".to_owned()
        )]
    );
    let mut world = World::new(vec![plain(1, 1), plain(3, 1)]);
    let words = "Element 1 and Element 3 go to one cell, Element 1 (items 1, 2)".to_owned();
    assert_eq!(world.told(), [(1, "items-share-cell", words)]);
    world.job.combine = Combine::Sum;
    assert_eq!(world.told(), []);
}

#[test]
fn options_that_contradict_are_told_in_words() {
    let (male, female) = (uid("Male", 1), uid("Female", 1));
    let world = World::new(vec![item((2, male), (2, female))]);
    let words = "Element 2: Masculin, <5 ans at the source goes to Féminin, 5-14 ans at the destination";
    assert_eq!(world.told(), [(1, "category-clash", words.to_owned())]);
    let clash = |name: &str| {
        let mut world = World::new(vec![item((2, male), (2, male))]);
        world.seen.clear();
        world.destination.category_option_combos.get_mut(&male).unwrap().name = name.to_owned();
        !world.told().is_empty()
    };
    assert!(!clash("HOMMES, 0-14 ANS"), "children below five are below fifteen");
    assert!(!clash("Autre"), "nothing is known");
    assert!(!clash("default"));
    assert!(clash("Masculin, 5 ans et plus"));
    assert!(clash("Féminin"));
}

#[test]
fn a_cell_that_no_mapped_unit_collects_is_named() {
    let mut world = World::new(vec![plain(1, 1)]);
    world.rows[0].destination = Some(uid("Clinic", 2));
    assert_eq!(
        world.told(),
        [(
            1,
            "cell-not-collected",
            "none of the 1 mapped org units is assigned to a data set with Element 1".to_owned()
        )]
    );
    world.rows.clear();
    assert_eq!(world.told(), [], "without a map there is nothing to say");
}

#[test]
fn options_that_the_destination_lacks_are_named() {
    let mut world = World::new(vec![plain(1, 1)]);
    world.seen.clear();
    world.options(&["red"]);
    assert_eq!(world.told()[0].2, "Element 1 accepts only the options of Colours; Element 1 may have any value");
    world.source.option_sets = world.destination.option_sets.clone();
    world.source.data_elements.get_mut(&uid("Element", 1)).unwrap().option_set = Some(uid("Options", 1));
    assert_eq!(world.told(), []);
    world.options(&["green"]);
    assert_eq!(world.told()[0].2, "Colours of Element 1 lacks `red`, which Element 1 may have");
}

#[test]
fn codes_that_stand_for_the_opposite_are_named() {
    for (one, other, clashes) in [
        ("Positif", "Négatif", true),
        ("Positivo", "Negativo", true),
        ("Hombre", "Femme", true),
        ("Groupe A", "Groupe B", true),
        ("Positif", "Positive", false),
        ("Oui", "Sí", false),
    ] {
        let mut world = World::new(vec![plain(1, 1)]);
        world.seen.clear();
        world.options(&["1"]);
        world.source.option_sets = world.destination.option_sets.clone();
        world.source.data_elements.get_mut(&uid("Element", 1)).unwrap().option_set = Some(uid("Options", 1));
        for (side, name) in [(&mut world.source, one), (&mut world.destination, other)] {
            for set in side.option_sets.values_mut() {
                set.options.iter_mut().for_each(|option| option.name = name.to_owned());
            }
        }
        let found = format!("{:?}", world.told());
        assert_eq!(found.contains("option-clash"), clashes, "{one} and {other}: {found}");
        assert!(!clashes || (found.contains(one) && found.contains(other)), "{found}");
    }
}

#[test]
fn values_that_would_be_refused_are_counted_with_examples_and_doubts_put_at_rest() {
    let mut world = World::new(vec![plain(1, 1)]);
    world.target(1).value_type = ValueType::IntegerZeroOrPositive;
    world.seen.clear();
    assert_eq!(world.told()[0].1, "value-type-narrower");
    let only = world.job.items[0].clone();
    assert!(may_refuse(&world.source, &world.destination, &only));
    let look = |values: &[&str], item: &Item| {
        let mut refusals = Refusals::default();
        for value in values {
            let period = Period::parse("202401").unwrap();
            let value = RefusedValue { org_unit: uid("Unit", 1), period, value: (*value).to_owned() };
            refusals.look_at(&world.destination, item, value);
        }
        refusals
    };
    let refused = look(&["1", "2.5", "3.0", "-1", "2.5"], &only);
    assert_eq!((refused.looked_at, refused.refused), (5, 3));
    let halves = Item { factor: Some("2".parse().unwrap()), ..only.clone() };
    assert_eq!(look(&["2.5", "-1"], &halves).refused, 1, "the factor comes first");
    let fitting = look(&["1", "2"], &only);
    world.refusals.insert(1, refused);
    assert_eq!(
        world.told(),
        [(
            1,
            "values-refused",
            "Element 1 would refuse 3 of 5 values of Element 1 in LAST_12_MONTHS, most often `2.5` (twice), `-1` (once); for \
             example `2.5` of Unitxxxx001 in 202401, `-1` of Unitxxxx001 in 202401, `2.5` of Unitxxxx001 \
             in 202401"
                .to_owned()
        )]
    );
    world.refusals.insert(1, fitting);
    assert!(world.told()[0].2.ends_with("; all 2 values in LAST_12_MONTHS fit"), "{:?}", world.told());
}

#[test]
fn what_changed_since_is_told_once_and_by_name() {
    let mut world = World::new(vec![plain(1, 1)]);
    world.source.data_elements.remove(&uid("Element", 1));
    let gone = "at the source, Element 1 can no longer be read by reader at tracker: it was deleted, or is no longer shared with the user";
    assert_eq!(world.told(), [(1, "item-deleted", gone.to_owned())]);
    world.seen = vec![None];
    assert_eq!(world.told()[0].1, "source-item-unknown", "without fingerprint the id has to do");
    let mut world = World::new(vec![plain(1, 1)]);
    "Deaths".clone_into(&mut world.target(1).name);
    let question = world.told();
    assert_eq!(
        question,
        [(1, "item-renamed", "at the destination, the name of Element 1 changed to Deaths".to_owned())]
    );
}

#[test]
fn a_finding_that_is_at_rest_is_no_warning() {
    let mut world = World::new(vec![plain(1, 1)]);
    world.target(1).value_type = ValueType::Integer;
    world.seen.clear();
    world.refusals.insert(1, Refusals { looked_at: 9, ..Refusals::default() });
    let question = JobQuestion {
        source: &world.source,
        destination: &world.destination,
        job: &world.job,
        rows: &world.rows,
        seen: &world.seen,
        refusals: &world.refusals,
        window: "LAST_12_MONTHS",
        users: ["reader at tracker", "writer at national"],
        scripts: &[],
    };
    assert_eq!(check_job(&question)[0].1.severity, Severity::Info);
}
