//! What a plan refuses, names and cuts.

use crate::finding;
use crate::fixture::{
    address, all_mapped, document, female, identity, indicator_item, item, job, male, mapping, metadata, plain_address,
    plain_item, plan_of, unit,
};
use crate::hooks::Hooks;
use crate::hooks::fake::attached;
use crate::plan::{PlanError, PlanRequest, destination_periods, plan};
use xfer_domain::access::Reader;
use xfer_domain::data_item::DataItem;
use xfer_domain::fault::Fault;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::{Job, ReadFrom};
use xfer_domain::period::PeriodType;
use xfer_domain::period::relative::RelativeOptions;
use xfer_domain::script::Hook;
use xfer_domain::uid::Uid;

fn summed(job: Job) -> Job {
    Job { combine: Combine::Sum, ..job }
}

#[test]
fn a_plain_routine_is_planned() {
    let document = document(vec![job("a", vec![plain_item(1), plain_item(3)])], &["202401", "202402"]);
    let plan = plan_of(&document).unwrap();
    assert_eq!(destination_periods(&plan).len(), 2);
    let job = &plan.jobs[0];
    assert_eq!(job.slices.len(), 1);
    assert_eq!(job.reads.raw.len(), 2);
    assert_eq!(job.reads.raw_data_sets.len(), 1);
    assert!(!job.reads.needs_analytics());
    let own = job.items_of(
        DataItem::DataElement(crate::fixture::element(3)),
        Some(Uid::DEFAULT_OPTION_COMBO),
        Some(Uid::DEFAULT_OPTION_COMBO),
    );
    assert_eq!(own.collect::<Vec<_>>(), [1]);
    assert!(job.items[1].zero_vanishes && !job.items[0].zero_vanishes);
    assert!(plan.findings.into_sorted().is_empty());
}

#[test]
fn what_cannot_run_at_all_is_refused() {
    let no_jobs = document(vec![], &["202401"]);
    assert!(matches!(plan_of(&no_jobs), Err(PlanError::NoJobs { .. })));
    let no_items = document(vec![job("a", vec![])], &["202401"]);
    assert!(matches!(plan_of(&no_items), Err(PlanError::JobWithoutItems { .. })));
    let mut no_units = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    no_units.org_unit_map.clear();
    assert!(matches!(plan_of(&no_units), Err(PlanError::NoOrgUnits)));
    let other = Job { destination: "elsewhere".to_owned(), ..job("b", vec![plain_item(3)]) };
    let two_pairs = document(vec![job("a", vec![plain_item(1)]), other], &["202401"]);
    assert!(matches!(plan_of(&two_pairs), Err(PlanError::OtherPair { .. })));
}

#[test]
fn two_items_on_one_address_need_an_operator() {
    let items = vec![item(2, male(), plain_address(1)), item(2, female(), plain_address(1))];
    let error = plan_of(&document(vec![job("a", items.clone())], &["202401"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "job `a`: several values would go to `Element 1` (Element 2 / male and Element 2 / female), and no combine operator is set"
    );
    assert!(error.hint().unwrap().contains("sum"));
    assert!(plan_of(&document(vec![summed(job("a", items.clone()))], &["202401"])).is_ok());
    let [first, second] = <[Item; 2]>::try_from(items).unwrap();
    let mixed = vec![Item { combine: Some(Combine::Sum), ..first }, Item { combine: Some(Combine::Max), ..second }];
    assert!(matches!(plan_of(&document(vec![job("a", mixed)], &["202401"])), Err(PlanError::OperatorsDiffer { .. })));
}

#[test]
fn merged_units_and_coarser_periods_need_an_operator() {
    let mut merged = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    merged.org_unit_map = vec![mapping(unit(1), unit(1)), mapping(unit(5), unit(1))];
    let error = plan_of(&merged).unwrap_err();
    assert!(error.to_string().contains("Clinic 1, Clinic 5 are all mapped to Clinic 1"), "{error}");
    merged.jobs[0].combine = Combine::Sum;
    assert!(plan_of(&merged).is_ok());

    let quarterly = Job { destination_period_type: PeriodType::Quarterly, ..job("a", vec![plain_item(1)]) };
    let error = plan_of(&document(vec![quarterly.clone()], &["202401"])).unwrap_err();
    assert!(error.to_string().contains("2024Q1"), "{error}");
    assert!(plan_of(&document(vec![summed(quarterly)], &["202401"])).is_ok());
}

#[test]
fn an_open_option_combo_with_several_members_needs_an_operator() {
    let open = |number| Item {
        source: SourceItem::DataElement {
            id: crate::fixture::element(number),
            category_option_combo: None,
            attribute_option_combo: None,
        },
        ..plain_item(1)
    };
    let error = plan_of(&document(vec![job("a", vec![open(2)])], &["202401"])).unwrap_err();
    assert!(error.to_string().contains("several category option combos"), "{error}");
    assert!(plan_of(&document(vec![job("a", vec![open(1)])], &["202401"])).is_ok(), "the default combo is one only");
}

#[test]
fn two_jobs_may_not_write_the_same_cells() {
    let jobs = vec![job("a", vec![plain_item(1)]), job("b", vec![indicator_item(1, plain_address(1))])];
    let error = plan_of(&document(jobs.clone(), &["202401"])).unwrap_err();
    assert_eq!(error.to_string(), "jobs `a` and `b` both write `Element 1` in 202401");
    let mut shifted = jobs;
    shifted[1].period_shift = 1;
    assert!(plan_of(&document(shifted, &["202401"])).is_ok());
}

#[test]
fn calendars_have_to_agree() {
    let document = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    let metadata = metadata();
    let mut nepali = identity("2.42.5");
    nepali.calendar = "nepali".to_owned();
    let gregorian = xfer_domain::server::ServerIdentity { calendar: "gregorian".to_owned(), ..identity("2.42.5") };
    let (relative, hooks) = (RelativeOptions::default(), Hooks::default());
    let request = |source| PlanRequest {
        document: &document,
        source_metadata: &metadata,
        destination_metadata: &metadata,
        source,
        destination: &gregorian,
        today: jiff::civil::date(2024, 11, 15),
        relative: &relative,
        source_view_roots: &[],
        source_reader: Reader::new(&metadata, None),
        hooks: &hooks,
    };
    assert!(matches!(plan(&request(&nepali)), Err(PlanError::CalendarsDiffer { .. })));
    assert!(plan(&request(&identity("2.42.5"))).is_ok());
}

#[test]
fn drift_is_named_and_the_rest_goes_on() {
    let lost = item(9, Uid::DEFAULT_OPTION_COMBO, plain_address(3));
    let mut document =
        document(vec![job("a", vec![plain_item(1), lost, indicator_item(9, address(4, male()))])], &["202401"]);
    document.org_unit_map = all_mapped();
    document.org_unit_map.push(mapping(unit(77), unit(1)));
    let plan = plan_of(&document).unwrap();
    let unseen: Vec<bool> = plan.jobs[0].items.iter().map(|item| item.unseen).collect();
    assert_eq!(unseen, [false, true, true], "their cells stay the job's");
    assert_eq!(plan.jobs[0].reads.raw.len() + plan.jobs[0].reads.calculated.len(), 1, "they are not asked for");
    assert!(plan.findings.has(&finding::SOURCE_ITEM_MISSING));
    assert!(plan.findings.has(&finding::SOURCE_ORG_UNIT_UNKNOWN));
    assert_eq!(plan.findings.into_sorted().len(), 3);
}

#[test]
fn each_kind_of_item_is_read_in_its_own_way() {
    let mut mixed = job("a", vec![plain_item(1), indicator_item(1, plain_address(3))]);
    let raw = plan_of(&document(vec![mixed.clone()], &["202401"])).unwrap();
    assert!(raw.jobs[0].reads.needs_analytics() && raw.jobs[0].reads.raw.len() == 1);
    mixed.read = ReadFrom::Analytics;
    let aggregated = plan_of(&document(vec![mixed], &["202401"])).unwrap();
    assert!(aggregated.jobs[0].reads.raw.is_empty() && aggregated.jobs[0].reads.aggregated.len() == 1);
}

#[test]
fn shares_have_to_agree_and_to_be_alone() {
    let share = |to: u8, weight: &str| Item {
        share: weight.parse().ok(),
        ..item(1, Uid::DEFAULT_OPTION_COMBO, plain_address(to))
    };
    let planned = |items: Vec<Item>| plan_of(&document(vec![summed(job("a", items))], &["202401"]));
    let plan = planned(vec![share(1, "60"), plain_item(4), share(3, "40")]).unwrap();
    assert_eq!(plan.jobs[0].shares.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!(plan.jobs[0].shares[&0].members, [0, 2]);
    let refused = |items: Vec<Item>| planned(items).unwrap_err();
    assert!(matches!(refused(vec![share(1, "0"), share(3, "40")]), PlanError::ShareWithoutWeight { .. }));
    let other = item(4, Uid::DEFAULT_OPTION_COMBO, plain_address(3));
    assert!(matches!(refused(vec![share(1, "60"), share(3, "40"), other]), PlanError::ShareNotAlone { .. }));
    let rounded = Item { round: "1".parse().ok(), ..share(3, "40") };
    let error = refused(vec![share(1, "60"), rounded]);
    assert!(matches!(error, PlanError::SharesDiffer { .. }) && error.to_string().contains("Element 3"), "{error}");
}

#[test]
fn items_of_one_address_need_the_same_rules_and_scripts() {
    let two = || vec![plain_item(1), item(2, male(), plain_address(1))];
    let planned = |items: Vec<Item>| plan_of(&document(vec![summed(job("a", items))], &["202401"]));
    let mut rounded = two();
    rounded[0].round = "1".parse().ok();
    assert!(matches!(planned(rounded), Err(PlanError::OperatorsDiffer { .. })));
    let mut scripted = two();
    scripted[0].scripts = vec![attached("double.rhai", &[Hook::Value])];
    assert!(matches!(planned(scripted.clone()), Err(PlanError::ScriptsDiffer { .. })));
    scripted[1].scripts = scripted[0].scripts.clone();
    assert!(planned(scripted).is_ok());
    let mut combined = job("a", two());
    combined.scripts = vec![attached("largest.rhai", &[Hook::Combine])];
    assert!(plan_of(&document(vec![combined], &["202401"])).is_ok(), "a script says how they combine");
}
