//! The rules that need jobs, maps and two servers, on a small country.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

#[cfg(test)]
use xfer_domain::testing::{
    all_mapped, cell, country, data_set, district_a, district_b, element, indicator_item, item, job, male, mapping,
    metadata, period, plain_address, plain_item, unit, with_factor,
};

use crate::review::rounds::Journey;
use crate::review::{Finding, Other, Party, Review, review};
use xfer_domain::data_item::ReportingMetric;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::journal::LedgerEntry;
use xfer_domain::metadata::{DataAccess, Metadata};
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::period::PeriodType;
use xfer_domain::script::{Attachment, ContentHash, Hook};
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// Everything that can be asked about.
struct World {
    source: Metadata,
    destination: Metadata,
    account: Option<Account>,
    calendars: [&'static str; 2],
    one_system: bool,
    jobs: Vec<Job>,
    rows: Vec<OrgUnitMapping>,
    window: Vec<String>,
    scripts: Vec<Attachment>,
    ledger: Vec<LedgerEntry>,
    others: Vec<(Job, Vec<String>)>,
    /// Jobs on the way back, with the systems that they read and write.
    journeys: Vec<(Job, [&'static str; 2])>,
}

impl World {
    fn new(jobs: Vec<Job>) -> Self {
        Self {
            source: metadata(),
            destination: metadata(),
            account: None,
            calendars: ["iso8601", "iso8601"],
            one_system: false,
            jobs,
            rows: all_mapped(),
            window: vec!["202401..202403".to_owned()],
            scripts: Vec::new(),
            ledger: Vec::new(),
            others: Vec::new(),
            journeys: Vec::new(),
        }
    }

    fn found(&self) -> Vec<Finding> {
        let party = |metadata, calendar, account| Party { name: "server", metadata, account, calendar };
        let others: Vec<Other<'_>> = self
            .others
            .iter()
            .map(|(job, window)| {
                let one_system = self.one_system;
                Other { routine: "other", job, window, rows: &self.rows, one_system }
            })
            .collect();
        review(&Review {
            source: party(&self.source, self.calendars[0], self.account.as_ref()),
            destination: party(&self.destination, self.calendars[1], None),
            one_system: self.one_system,
            jobs: &self.jobs,
            rows: &self.rows,
            window: &self.window,
            scripts: &self.scripts,
            today: date(2024, 5, 15),
            ledger: &self.ledger,
            others: &others,
            systems: ["here", "there"],
            journeys: &self
                .journeys
                .iter()
                .map(|(job, systems)| Journey {
                    routine: "back",
                    job,
                    window: &self.window,
                    rows: &self.rows,
                    systems: *systems,
                    metadata: [&self.destination, &self.source],
                })
                .collect::<Vec<_>>(),
        })
    }

    fn words(&self) -> BTreeSet<&'static str> {
        self.found().iter().map(|found| found.code.word).collect()
    }

    #[track_caller]
    fn says(&self, words: &[&'static str]) {
        assert_eq!(self.words(), words.iter().copied().collect(), "{:#?}", self.found());
    }
}

/// Element 2 with its option combo left open, into a plain cell.
fn open(to: u8) -> Item {
    let source = SourceItem::DataElement { id: element(2), category_option_combo: None, attribute_option_combo: None };
    Item::new(source, plain_address(to))
}

fn summed(items: Vec<Item>) -> Job {
    Job { combine: Combine::Sum, ..job("a", items) }
}

#[test]
fn nothing_is_said_about_a_plain_job() {
    World::new(vec![job("a", vec![plain_item(1), plain_item(3)])]).says(&[]);
}

#[test]
fn overlaps_count_in_one_cell_only() {
    let both = World::new(vec![summed(vec![open(1), item(2, male(), plain_address(1))])]);
    both.says(&["value-counted-twice"]);
    assert_eq!(both.found()[0].items, [1, 2]);
    assert!(both.found()[0].refuses());
    World::new(vec![summed(vec![open(1), item(2, male(), plain_address(3))])]).says(&[]);
    let largest = Job { combine: Combine::Max, ..summed(vec![open(1), item(2, male(), plain_address(1))]) };
    let found = World::new(vec![largest]).words();
    assert!(found.contains("value-read-twice") && !found.contains("value-counted-twice"), "{found:?}");
}

#[test]
fn two_jobs_of_a_routine_share_no_cell_in_the_same_periods() {
    let other = |shift| Job { name: "b".to_owned(), period_shift: shift, ..job("b", vec![plain_item(1)]) };
    World::new(vec![job("a", vec![plain_item(1)]), other(0)]).says(&["jobs-share-cell"]);
    World::new(vec![job("a", vec![plain_item(1)]), other(1)]).says(&["jobs-share-cell"]);
    World::new(vec![job("a", vec![plain_item(1)]), other(12)]).says(&[]);
}

#[test]
fn parents_and_children_meet_through_analytics_only() {
    let analytics = Job { read: ReadFrom::Analytics, ..summed(vec![plain_item(1)]) };
    let rows = vec![mapping(country(), unit(1)), mapping(unit(1), unit(2)), mapping(unit(5), unit(1))];
    let mut world = World { rows, ..World::new(vec![analytics]) };
    world.says(&["parent-with-children"]);
    assert_eq!(
        world.found()[0].units,
        [unit(5), country()].into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    );
    // An indicator is read through analytics whatever the job says.
    world.jobs = vec![summed(vec![indicator_item(1, plain_address(1))])];
    world.says(&["parent-with-children"]);
    world.jobs = vec![summed(vec![plain_item(1)])];
    world.says(&[]);
    world.jobs = vec![Job { read: ReadFrom::Analytics, ..summed(vec![plain_item(1)]) }];
    world.rows[2].state = MappingState::Ignored;
    world.says(&[]);
    // Each in its own cell, which lie in each other: totals count twice. Where the district collects nothing, it gets none.
    world.rows = vec![mapping(district_a(), district_a()), mapping(unit(1), unit(1))];
    world.says(&["parent-beside-children"]);
    for set in world.destination.data_sets.values_mut() {
        set.organisation_units.remove(&district_a());
    }
    world.says(&[]);
    // Not where they go to units that have nothing to do with each other.
    world.rows = vec![mapping(district_a(), district_b()), mapping(unit(1), unit(1))];
    world.says(&[]);
}

#[test]
fn operators_are_held_against_the_aggregation_type() {
    let merged = vec![mapping(unit(1), unit(1)), mapping(unit(2), unit(1))];
    let mut world = World { rows: merged, ..World::new(vec![summed(vec![plain_item(1)])]) };
    world.says(&[]);
    for metadata in [&mut world.source, &mut world.destination] {
        metadata.data_elements.get_mut(&element(1)).unwrap().aggregation_type = "AVERAGE".to_owned();
    }
    world.says(&["operator-does-not-fit"]);
    assert!(world.found()[0].hint.contains("--combine average"), "{:?}", world.found());
    world.jobs[0].items[0].combine = Some(Combine::Average);
    world.says(&[]);
    for metadata in [&mut world.source, &mut world.destination] {
        metadata.data_elements.get_mut(&element(1)).unwrap().aggregation_type = "LAST".to_owned();
    }
    world.jobs = vec![summed(vec![plain_item(1)])];
    world.says(&[]);
    world.jobs = vec![Job { destination_period_type: PeriodType::Quarterly, ..summed(vec![plain_item(1)]) }];
    world.says(&["no-operator-fits"]);
}

fn script(hooks: &[Hook]) -> Attachment {
    Attachment {
        script: "a.rhai".to_owned(),
        hash: ContentHash::of("a"),
        hooks: hooks.to_vec(),
        parameters: BTreeMap::new(),
        file: None,
    }
}

/// Two units on one, an element of these aggregation types at both sides, and an operator.
fn merging(source: &str, destination: &str, combine: Combine) -> World {
    let rows = vec![mapping(unit(1), unit(1)), mapping(unit(2), unit(1))];
    let mut world = World { rows, ..World::new(vec![Job { combine, ..job("a", vec![plain_item(1)]) }]) };
    world.source.data_elements.get_mut(&element(1)).unwrap().aggregation_type = source.to_owned();
    world.destination.data_elements.get_mut(&element(1)).unwrap().aggregation_type = destination.to_owned();
    world
}

#[test]
fn only_a_script_that_combines_takes_the_place_of_the_operator() {
    for hook in [Hook::Rows, Hook::Period, Hook::Combine, Hook::Value] {
        let told: &[&str] = if hook == Hook::Combine { &[] } else { &["operator-does-not-fit"] };
        let mut of_job = merging("AVERAGE", "AVERAGE", Combine::Sum);
        of_job.jobs[0].scripts = vec![script(&[hook])];
        of_job.says(told);
        let mut of_item = merging("AVERAGE", "AVERAGE", Combine::Sum);
        of_item.jobs[0].items[0].scripts = vec![script(&[hook])];
        of_item.says(told);
        let scripts = vec![script(&[hook])];
        World { scripts, ..merging("AVERAGE", "AVERAGE", Combine::Sum) }.says(told);
    }
    // What decides periods may put several into one.
    let mut plain = World::new(vec![summed(vec![plain_item(1)])]);
    plain.source.data_elements.get_mut(&element(1)).unwrap().aggregation_type = "LAST".to_owned();
    plain.says(&[]);
    plain.scripts = vec![script(&[Hook::Period])];
    assert!(!plain.found().is_empty());
}

#[test]
fn both_sides_are_judged_together() {
    for combine in [Combine::Sum, Combine::Average] {
        let world = merging("SUM", "AVERAGE", combine);
        world.says(&["no-operator-fits"]);
        let found = &world.found()[0];
        assert!(found.message.contains("no operator fits both") && !found.hint.contains("--combine"), "{found:?}");
    }
    // What is advised is taken by the next check.
    for (source, destination) in [("AVERAGE", "AVERAGE"), ("DEFAULT", "MAX"), ("AVERAGE", "DEFAULT"), ("MIN", "MIN")] {
        let mut world = merging(source, destination, Combine::Sum);
        world.says(&["operator-does-not-fit"]);
        let hint = world.found()[0].hint.clone();
        let all = [Combine::Average, Combine::Min, Combine::Max];
        let advised = all.into_iter().find(|combine| hint.ends_with(combine.name())).unwrap();
        world.jobs[0].items[0].combine = Some(advised);
        world.says(&[]);
    }
}

#[test]
fn values_that_meet_without_an_operator_are_named() {
    merging("SUM", "SUM", Combine::Error).says(&["combine-missing"]);
    let mut quarters = World::new(vec![job("a", vec![plain_item(1)])]);
    quarters.jobs[0].destination_period_type = PeriodType::Quarterly;
    quarters.says(&["combine-missing"]);
    quarters.scripts = vec![script(&[Hook::Combine])];
    quarters.says(&[]);
}

#[test]
fn nothing_is_calculated_with_what_is_no_number() {
    let mut world = merging("NONE", "NONE", Combine::Sum);
    for metadata in [&mut world.source, &mut world.destination] {
        metadata.data_elements.get_mut(&element(1)).unwrap().value_type = ValueType::Text;
    }
    world.says(&["no-operator-fits"]);
    assert!(world.found()[0].hint.contains("--combine last"));
    world.jobs[0].combine = Combine::Last;
    world.says(&[]);
}

#[test]
fn reports_are_read_in_the_periods_that_they_are_due_in() {
    let rate = SourceItem::ReportingRate { data_set: data_set(), metric: ReportingMetric::ReportingRate };
    let read_by = |period_type| {
        let items = vec![Item::new(rate, plain_address(2))];
        let of_job =
            Job { source_period_type: period_type, destination_period_type: period_type, ..job("rates", items) };
        let found = World::new(vec![of_job]).found();
        found.into_iter().filter(|found| found.code.word == "report-period-longer").collect::<Vec<_>>()
    };
    // The data set is monthly.
    let found = read_by(PeriodType::Weekly);
    assert!(found.len() == 1 && found[0].refuses() && found[0].items == [1], "{found:?}");
    assert_eq!(read_by(PeriodType::Monthly), []);
    assert_eq!(read_by(PeriodType::Quarterly), []);
}

#[test]
fn another_routine_is_a_rival_unless_it_writes_the_same_or_other_periods() {
    let mut world = World::new(vec![job("a", vec![plain_item(1)])]);
    let rival = |items| job("b", items);
    let same = vec!["LAST_12_MONTHS".to_owned()];
    world.others = vec![(rival(vec![plain_item(1)]), same.clone())];
    world.says(&[]);
    world.others = vec![(rival(vec![with_factor(plain_item(1), "2")]), same.clone())];
    world.says(&["routines-share-cell"]);
    world.others = vec![(rival(vec![item(3, Uid::DEFAULT_OPTION_COMBO, plain_address(1))]), vec!["2023".to_owned()])];
    world.says(&[]);
    world.others = vec![(rival(vec![item(3, Uid::DEFAULT_OPTION_COMBO, plain_address(1))]), vec!["2024".to_owned()])];
    world.says(&["routines-share-cell"]);
}

#[test]
fn on_one_system_items_do_not_read_what_they_write() {
    let merged = vec![mapping(unit(1), unit(1)), mapping(unit(2), unit(1))];
    let mut world = World { rows: merged.clone(), ..World::new(vec![summed(vec![plain_item(1)])]) };
    world.says(&[]);
    world.one_system = true;
    world.says(&["reads-what-it-writes"]);
    assert!(world.found()[0].refuses());
    // Into another element there is nothing wrong with it.
    let plain = |from, to| item(from, Uid::DEFAULT_OPTION_COMBO, plain_address(to));
    world.jobs = vec![summed(vec![plain(1, 3)])];
    world.says(&[]);
    // A chain depends on the order, a circle never ends.
    world.jobs = vec![summed(vec![plain(1, 3), plain(3, 4)])];
    world.says(&["reads-what-another-writes"]);
    world.jobs = vec![summed(vec![plain(1, 3), plain(3, 1)])];
    world.says(&["reads-what-it-writes"]);
    // Each value back where it stands: nothing changes.
    world.jobs = vec![job("a", vec![plain_item(1)])];
    world.rows = all_mapped();
    world.says(&[]);
    world.jobs = vec![job("a", vec![with_factor(plain_item(1), "2")])];
    world.says(&["reads-what-it-writes"]);
}

#[test]
fn calendars_are_the_same_and_nothing_is_worked_out_in_them() {
    let mut world = World::new(vec![job("a", vec![plain_item(1)])]);
    world.calendars = ["nepali", "iso8601"];
    world.says(&["calendar-differs"]);
    world.calendars = ["nepali", "nepali"];
    world.says(&[]);
    world.window = vec!["LAST_3_MONTHS".to_owned()];
    world.says(&["calendar-arithmetic"]);
    world.window = vec!["208001".to_owned()];
    world.jobs[0].period_shift = 1;
    world.says(&["calendar-arithmetic"]);
}

#[test]
fn what_users_may_not_read_and_what_was_left_behind_is_said() {
    let mut world = World::new(vec![job("a", vec![plain_item(1)])]);
    world.account = Some(Account { organisation_units: vec![district_a()], ..Account::default() });
    world.says(&["source-not-readable"]);
    world.account = None;
    world
        .source
        .category_options
        .values_mut()
        .for_each(|option| option.access = DataAccess { read: false, write: false });
    world.jobs = vec![Job { read: ReadFrom::Analytics, ..job("a", vec![item(2, male(), plain_address(1))]) }];
    assert!(world.words().contains("source-not-readable"), "{:#?}", world.found());
    let mut world = World::new(vec![job("a", vec![plain_item(1)])]);
    let entry = |cell| LedgerEntry { cell, value: "1".to_owned(), from: None };
    world.ledger = vec![entry(cell(1, 1, "202401")), entry(cell(3, 1, "202401"))];
    world.says(&["leftover"]);
    world.ledger.truncate(1);
    world.says(&[]);
    // What January was written into, now that it is moved.
    world.ledger[0].from = Some(period("202401"));
    world.says(&[]);
    world.window = vec!["202401".to_owned()];
    world.jobs[0].period_shift = 1;
    world.says(&["leftover"]);
    world.window = vec!["202312..202401".to_owned()];
    world.says(&[]);
}

#[test]
fn a_circle_through_another_routine_is_a_circle() {
    let plain = |from, to| item(from, Uid::DEFAULT_OPTION_COMBO, plain_address(to));
    let other = |items| Job { name: "b".to_owned(), ..job("b", items) };
    let mut world = World { one_system: true, ..World::new(vec![job("a", vec![plain(1, 3)])]) };
    let same = world.window.clone();
    world.others = vec![(other(vec![plain(3, 1)]), same.clone())];
    world.says(&["reads-what-it-writes"]);
    let found = world.found();
    assert!(found[0].refuses() && found[0].message.contains("item 1 of b in routine other"), "{found:?}");
    assert_eq!((found[0].items.as_slice(), found[0].routines.as_slice()), (&[1][..], &["other".to_owned()][..]));
    // A chain of routines is run in the order that people want.
    world.others = vec![(other(vec![plain(3, 4)]), same.clone())];
    world.says(&[]);
    // The same job in another routine is no other one, and one that puts values back changes nothing.
    world.others = vec![(job("a", vec![plain(1, 3)]), same.clone()), (other(vec![plain(1, 1), plain(3, 3)]), same)];
    let words = world.words();
    assert!(!words.contains("reads-what-it-writes"), "{words:?}");
    // Other periods, other cells.
    world.others = vec![(other(vec![plain(3, 1)]), vec!["2022".to_owned()])];
    world.says(&[]);
    world.others = vec![(other(vec![plain(3, 1)]), vec!["LAST_3_MONTHS".to_owned()])];
    world.says(&["reads-what-it-writes"]);
    world.one_system = false;
    world.says(&[]);
}

#[test]
fn values_that_another_routine_brings_back_go_round() {
    let plain = |from, to| item(from, Uid::DEFAULT_OPTION_COMBO, plain_address(to));
    let back = |name: &str, items| Job { name: name.to_owned(), ..job("b", items) };
    let mut world = World::new(vec![job("a", vec![plain(4, 4), plain(1, 3)])]);
    world.says(&[]);
    world.journeys = vec![(back("b", vec![plain(3, 1)]), ["there", "here"])];
    world.says(&["values-go-round"]);
    let found = &world.found()[0];
    assert!(!found.refuses(), "each run by itself does what it says");
    assert_eq!((found.items.as_slice(), found.routines.as_slice()), (&[2][..], &["back".to_owned()][..]));
    let names = [1, 3].map(|number| world.source.name_of(element(number)));
    assert!(found.message.contains(&format!("a transfers {} at", names[0])), "{}", found.message);
    assert!(found.message.contains(&format!("back (b) transfers {} at", names[1])), "{}", found.message);
    // Over a third system.
    world.journeys =
        vec![(back("b", vec![plain(3, 4)]), ["there", "beyond"]), (back("c", vec![plain(4, 1)]), ["beyond", "here"])];
    world.says(&["values-go-round"]);
    // Other data elements come back, nothing comes back to the source, or nothing is brought on.
    world.journeys = vec![(back("b", vec![plain(3, 4)]), ["there", "here"])];
    world.says(&[]);
    world.journeys = vec![(back("b", vec![plain(3, 1)]), ["there", "beyond"])];
    world.says(&[]);
    // What comes back in other periods than are read.
    let earlier = Job { period_shift: -40, ..back("b", vec![plain(3, 1)]) };
    world.journeys = vec![(earlier, ["there", "here"])];
    world.says(&[]);
}

#[test]
fn what_is_taken_away_is_not_counted_twice() {
    let part = |factor: &str| with_factor(item(2, male(), plain_address(1)), factor);
    World::new(vec![summed(vec![open(1), part("-1")])]).says(&[]);
    World::new(vec![summed(vec![open(1), part("0.5")])]).says(&["value-counted-twice"]);
    World::new(vec![summed(vec![with_factor(open(1), "-1"), part("-1")])]).says(&["value-counted-twice"]);
    World::new(vec![summed(vec![open(1), part("-1"), part("-1")])]).says(&["value-counted-twice"]);
    let average = Job { combine: Combine::Average, ..summed(vec![open(1), part("-1")]) };
    assert!(World::new(vec![average]).words().contains("value-counted-twice"), "no difference is an average");
}

#[test]
fn items_of_one_cell_say_the_same_about_it() {
    let with = |combine| Item { combine: Some(combine), ..plain_item(1) };
    let other = |combine| Item { combine: Some(combine), ..item(3, Uid::DEFAULT_OPTION_COMBO, plain_address(1)) };
    let world = World::new(vec![job("a", vec![with(Combine::Max), other(Combine::Last)])]);
    world.says(&["items-disagree"]);
    assert!(world.found()[0].refuses() && world.found()[0].message.contains("max and last"), "{:?}", world.found());
    World::new(vec![job("a", vec![with(Combine::Max), other(Combine::Max)])]).says(&[]);
    let job = Job { combine: Combine::Max, ..job("a", vec![plain_item(1), other(Combine::Max)]) };
    World::new(vec![job]).says(&[]);
}

#[test]
fn what_the_user_may_not_write_is_said() {
    let mut world = World::new(vec![job("a", vec![item(2, male(), cell_of(2, male()))])]);
    world.says(&[]);
    let hidden = |option: &mut xfer_domain::metadata::CategoryOption| option.access.write = false;
    world.destination.category_options.values_mut().for_each(hidden);
    world.says(&["category-option-no-write"]);
    assert!(!world.found()[0].refuses(), "such cells are held back by themselves");
    world.jobs = vec![job("a", vec![plain_item(1)])];
    world.says(&[]);
    world.destination.data_sets.values_mut().for_each(|set| set.access.write = false);
    world.says(&["data-set-no-write"]);
}

#[test]
fn hints_name_the_job_and_help() {
    let rows = vec![mapping(country(), unit(1)), mapping(unit(1), unit(1))];
    let analytics = Job { read: ReadFrom::Analytics, ..summed(vec![plain_item(1)]) };
    let mut world = World { rows, ..World::new(vec![analytics]) };
    assert!(world.found()[0].hint.contains("xfer job edit a --read raw"), "{:?}", world.found());
    world.jobs = vec![summed(vec![indicator_item(1, plain_address(1))])];
    assert!(!world.found()[0].hint.contains("raw"), "{:?}", world.found());
}

fn cell_of(number: u8, combo: Uid) -> xfer_domain::cell::CellAddress {
    xfer_domain::cell::CellAddress { category_option_combo: combo, ..plain_address(number) }
}

#[test]
fn several_jobs_of_another_routine_are_told_once() {
    let mut world = World::new(vec![job("a", vec![plain_item(1)])]);
    let rival =
        |name: &str, factor| Job { name: name.to_owned(), ..job("b", vec![with_factor(plain_item(1), factor)]) };
    world.others = vec![(rival("b", "2"), world.window.clone()), (rival("c", "3"), world.window.clone())];
    assert_eq!(world.found().len(), 1, "{:?}", world.found());
}
