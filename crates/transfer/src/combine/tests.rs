//! One text for each cell, in exact decimals: operators, coverage, shares, rounding and scripts.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Combined, Refusal, WantedCell};
use crate::finding;
use crate::fixture::{
    cell, data_set, document, item, job, male, metadata, period, plain_address, plain_item, plan_of, unit, with_factor,
};
use crate::hooks::{Scene, SliceValues};
use crate::map::Contribution;
use crate::plan::{Plan, PlannedJob};
use xfer_domain::decimal::parse_number;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::period::PeriodType;

fn combine(parts: Vec<Contribution>, job: &PlannedJob) -> Vec<WantedCell> {
    everything(parts, job).cells
}

fn everything(parts: Vec<Contribution>, job: &PlannedJob) -> Combined {
    let metadata = metadata();
    let scene = Scene { source: &metadata, destination: &metadata, now: Timestamp::UNIX_EPOCH };
    super::combine(parts, job, &scene, &SliceValues::default())
}

fn plan(items: Vec<Item>, operator: Combine) -> Plan {
    let job = Job { combine: operator, destination_period_type: PeriodType::Quarterly, ..job("a", items) };
    plan_of(&document(vec![job], &["2024Q1"])).unwrap()
}

fn part(data: u8, at: &str, item: usize, text: &str) -> Contribution {
    Contribution {
        cell: cell(data, 1, "2024Q1"),
        source_period: period(at),
        source_unit: unit(1),
        item,
        text: text.to_owned(),
        value: 0,
    }
}

fn combined(operator: Combine, texts: &[(&str, &str)]) -> Result<String, Refusal> {
    let plan = plan(vec![item(2, male(), plain_address(2))], operator);
    let parts = texts.iter().map(|(at, text)| part(2, at, 0, text)).collect();
    let [cell] = <[WantedCell; 1]>::try_from(combine(parts, &plan.jobs[0])).unwrap();
    assert_eq!(cell.contributions as usize, texts.len());
    cell.value
}

const THREE: [(&str, &str); 3] = [("202402", "0.2"), ("202401", "0.1"), ("202403", "0.30")];

#[test]
fn operators_are_exact() {
    for (operator, expected) in [
        (Combine::Sum, "0.6"),
        (Combine::Average, "0.2"),
        (Combine::Min, "0.1"),
        (Combine::Max, "0.3"),
        (Combine::First, "0.1"),
    ] {
        assert_eq!(combined(operator, &THREE).as_deref(), Ok(expected), "{operator:?}");
    }
    assert_eq!(combined(Combine::Last, &THREE).map(|text| parse_number(&text)), Ok(parse_number("0.3")));
    assert_eq!(
        combined(Combine::Average, &[("202401", "1"), ("202402", "0"), ("202403", "0")]).as_deref(),
        Ok("0.333333333333333")
    );
}

#[test]
fn numbers_of_which_one_is_the_last_are_taken_and_others_held_back() {
    let same = [("202403", "5"), ("202403", "5.0"), ("202401", "9")];
    assert_eq!(combined(Combine::Last, &same).map(|text| parse_number(&text)), Ok(parse_number("5")));
    let two = [("202403", "5"), ("202403", "6"), ("202401", "9")];
    let refusal = combined(Combine::Last, &two).unwrap_err();
    assert_eq!(refusal.code(), &finding::COMBINE_MISSING);
    assert!(refusal.reason().contains("(5, 6) of 202403"), "{}", refusal.reason());
    assert_eq!(combined(Combine::First, &two).as_deref(), Ok("9"));
}

#[test]
fn percentages_of_reports_are_never_added_up_and_counts_are() {
    use xfer_domain::data_item::ReportingMetric::{ActualReports, ReportingRate};
    let rate = |metric| {
        let source = SourceItem::ReportingRate { data_set: data_set(), metric };
        Item { source, ..plain_item(1) }
    };
    let added = |items: Vec<Item>| {
        let parts: Vec<Contribution> = (0..2).map(|number| part(1, "202401", number % items.len(), "50")).collect();
        let plan = plan(items, Combine::Sum);
        combine(parts, &plan.jobs[0]).remove(0).value
    };
    assert_eq!(added(vec![rate(ActualReports)]).as_deref(), Ok("100"));
    for items in [vec![rate(ReportingRate)], vec![plain_item(1), rate(ReportingRate)]] {
        let refusal = added(items).unwrap_err();
        assert_eq!(refusal.code(), &finding::PERCENTAGES_ADDED_UP);
        assert_eq!(refusal.reason(), "several reporting rates (50, 50) go to this cell and cannot be added up");
    }
}

#[test]
fn without_an_operator_several_values_are_held_back() {
    // The plan refuses what it can see; this is what it cannot.
    let job = job("a", vec![plain_item(1)]);
    let plan = plan_of(&document(vec![job], &["202401"])).unwrap();
    let mut parts = vec![part(1, "202401", 0, "1"), part(1, "202401", 0, "2")];
    parts[1].source_unit = unit(2);
    let cells = combine(parts, &plan.jobs[0]);
    assert!(matches!(&cells[0].value, Err(Refusal::NoOperator { values }) if values == "1, 2"));
}

#[test]
fn factors_act_on_each_contribution() {
    let items = vec![with_factor(plain_item(1), "0.07"), with_factor(item(2, male(), plain_address(1)), "2")];
    let plan = plan(items, Combine::Sum);
    let parts = vec![part(1, "202401", 0, "100"), part(1, "202401", 1, "3")];
    assert_eq!(combine(parts, &plan.jobs[0])[0].value.as_deref(), Ok("13"));
}

#[test]
fn single_texts_pass_and_wrong_shapes_are_held_back() {
    let plan = plan(vec![plain_item(4), plain_item(1)], Combine::Last);
    let cells = combine(vec![part(4, "202401", 0, "yes"), part(1, "202401", 1, "1.5")], &plan.jobs[0]);
    assert!(matches!(cells[0].value, Err(Refusal::Shape(_))), "1.5 is no integer: {:?}", cells[0]);
    assert_eq!(cells[1].value.as_deref(), Ok("yes"));
}

proptest! {
    #[test]
    fn the_order_of_arrival_does_not_matter(
        parts in proptest::collection::vec((1_u8..4, -50_i32..50), 1..12),
        seed in any::<u64>(),
        operator in prop_oneof![
            Just(Combine::Sum), Just(Combine::Average), Just(Combine::Min), Just(Combine::Max), Just(Combine::Last)
        ],
    ) {
        let plan = plan(vec![item(2, male(), plain_address(2))], operator);
        let parts: Vec<Contribution> = parts
            .iter()
            .map(|(month, number)| part(2, &format!("20240{month}"), 0, &number.to_string()))
            .collect();
        let mut shuffled = parts.clone();
        let length = shuffled.len();
        for place in 0..length {
            let other = usize::try_from(seed.rotate_left(u32::try_from(place).unwrap())).unwrap_or(0) % length;
            shuffled.swap(place, other);
        }
        prop_assert_eq!(combine(parts, &plan.jobs[0]), combine(shuffled, &plan.jobs[0]));
    }

    #[test]
    fn a_sum_is_the_sum(numbers in proptest::collection::vec(-1_000_000_i64..1_000_000, 1..20)) {
        let plan = plan(vec![item(2, male(), plain_address(2))], Combine::Sum);
        let parts = numbers
            .iter()
            .map(|number| part(2, "202401", 0, &format!("{}.{:02}", number / 100, number.abs() % 100)))
            .collect::<Vec<_>>();
        let expected: bigdecimal::BigDecimal = parts.iter().map(|part| parse_number(&part.text).unwrap()).sum();
        let value = combine(parts, &plan.jobs[0])[0].value.clone().unwrap();
        prop_assert_eq!(parse_number(&value), Some(expected));
    }
}
