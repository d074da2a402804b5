//! What becomes of source values, one by one.

use jiff::Timestamp;
use proptest::prelude::*;

use super::{Mapped, Mapping, SourceValue};
use crate::fixture::{
    self, document, element, female, item, job, male, mapping_in_state, metadata, period, plain_address, plain_item,
    plan_of, unit,
};
use crate::hooks::Scene;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::org_unit_map::MappingState;
use xfer_domain::period::PeriodType;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::uid::Uid;

fn value(data: u8, combo: Uid, org_unit: u8, at: &str, text: &str) -> SourceValue {
    SourceValue {
        data: DataItem::DataElement(element(data)),
        category_option_combo: Some(combo),
        attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
        org_unit: unit(org_unit),
        period: period(at),
        value: Some(text.to_owned()),
        remark: None,
    }
}

fn plain(data: u8, org_unit: u8, text: &str) -> SourceValue {
    value(data, Uid::DEFAULT_OPTION_COMBO, org_unit, "202401", text)
}

fn finish(mapping: Mapping<'_>) -> Mapped {
    let metadata = metadata();
    mapping.finish(&Scene { source: &metadata, destination: &metadata, now: Timestamp::UNIX_EPOCH })
}

fn map(document: &RoutineDocument, values: Vec<SourceValue>) -> Mapped {
    let plan = plan_of(document).unwrap();
    let mut mapping = Mapping::new(&plan.jobs[0], &plan.jobs[0].slices[0], &plan.units);
    for value in values {
        mapping.take(value);
    }
    finish(mapping)
}

#[test]
fn each_fate_is_counted_and_named() {
    let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
    routine.org_unit_map.retain(|row| row.source != unit(2) && row.source != unit(3) && row.source != unit(4));
    routine.org_unit_map.push(mapping_in_state(unit(3), Some(unit(3)), MappingState::Proposed));
    routine.org_unit_map.push(mapping_in_state(unit(4), None, MappingState::Ignored));
    let mapped = map(
        &routine,
        vec![
            plain(1, 1, "5"),
            plain(1, 2, "6"),
            plain(1, 3, "7"),
            plain(1, 4, "8"),
            plain(1, 5, "many"),
            plain(4, 5, "some text"),
            SourceValue { value: None, ..plain(1, 6, "") },
            plain(3, 1, "not requested"),
            value(1, male(), 1, "202401", "9"),
        ],
    );
    assert_eq!(mapped.values.unexplained(), 0);
    let counts = mapped.values;
    assert_eq!([counts.fetched, counts.unmapped, counts.dropped, counts.invalid, counts.contributing], [7, 2, 2, 1, 2]);
    let findings: Vec<String> = mapped
        .findings
        .into_sorted()
        .into_iter()
        .map(|finding| format!("{} {} ({})", finding.code, finding.object.unwrap().name, finding.example.unwrap()))
        .collect();
    assert_eq!(
        findings,
        [
            "org-unit-unmapped Country / District A / Clinic 2 (Element 1 at Clinic 2 in 202401 = `6`)",
            "source-value-invalid Element 1 (Element 1 at Clinic 5 in 202401 = `many`)",
            "option-combo-not-mapped Element 1 (Element 1 at Clinic 1 in 202401 = `9`)",
            "org-unit-proposed Country / District A / Clinic 3 (Element 1 at Clinic 3 in 202401 = `7`)",
            "org-unit-ignored Country / District A / Clinic 4 (Element 1 at Clinic 4 in 202401 = `8`)",
            "source-value-empty Element 1 (Element 1 at Clinic 6 in 202401)",
        ]
    );
}

#[test]
fn one_value_may_feed_two_cells_and_is_counted_once() {
    let items = vec![plain_item(1), item(1, Uid::DEFAULT_OPTION_COMBO, plain_address(4))];
    let mapped = map(&document(vec![job("a", items)], &["202401"]), vec![plain(1, 1, "5"), plain(1, 2, "text")]);
    assert_eq!(mapped.contributions.len(), 3, "text goes to the text element only");
    assert_eq!(mapped.doubts.keys().copied().collect::<Vec<_>>(), [fixture::cell(1, 2, "202401")]);
    assert_eq!(
        mapped.doubts[&fixture::cell(1, 2, "202401")].text.as_ref(),
        "the value of Element 1 at Clinic 2 in 202401 is part of it: `text` is not a number"
    );
    assert_eq!((mapped.values.contributing, mapped.values.invalid), (2, 0));
    assert_eq!(mapped.contributions.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["5", "5", "text"]);
}

#[test]
fn open_option_combos_take_every_value() {
    let open = Item {
        source: SourceItem::DataElement { id: element(2), category_option_combo: None, attribute_option_combo: None },
        ..plain_item(1)
    };
    let summed = Job { combine: Combine::Sum, ..job("a", vec![open]) };
    let mapped = map(
        &document(vec![summed], &["202401"]),
        vec![value(2, male(), 1, "202401", "1"), value(2, female(), 1, "202401", "2")],
    );
    assert_eq!(mapped.contributions.len(), 2);
    assert_eq!(mapped.contributions[0].cell, mapped.contributions[1].cell);
}

#[test]
fn a_week_in_two_months_goes_to_the_one_with_most_of_its_days() {
    let weekly = Job {
        source_period_type: PeriodType::Weekly,
        destination_period_type: PeriodType::Monthly,
        combine: Combine::Sum,
        ..job("a", vec![plain_item(1)])
    };
    let mapped = map(
        &document(vec![weekly], &["2024W30", "2024W31"]),
        vec![
            SourceValue { period: period("2024W30"), ..plain(1, 1, "1") },
            SourceValue { period: period("2024W31"), ..plain(1, 1, "2") },
        ],
    );
    assert_eq!((mapped.values.contributing, mapped.values.invalid), (2, 0));
    assert_eq!(mapped.contributions[0].cell.period, period("202407"));
    assert_eq!(mapped.contributions[1].cell.period, period("202408"));
}

#[test]
fn a_period_that_lies_half_in_two_leaves_a_doubt_about_both() {
    let halved = Job {
        source_period_type: PeriodType::BiMonthly,
        destination_period_type: PeriodType::Quarterly,
        combine: Combine::Sum,
        ..job("a", vec![plain_item(1)])
    };
    let mapped = map(
        &document(vec![halved], &["202401B..202403B"]),
        vec![
            SourceValue { period: period("202401B"), ..plain(1, 1, "1") },
            SourceValue { period: period("202402B"), ..plain(1, 1, "2") },
            SourceValue { period: period("202403B"), ..plain(1, 2, "3") },
        ],
    );
    assert_eq!((mapped.values.contributing, mapped.values.invalid, mapped.values.unexplained()), (2, 1, 0));
    let doubts: Vec<String> = mapped.doubts.keys().map(|key| format!("{} {}", key.org_unit, key.period)).collect();
    assert_eq!(doubts, [format!("{} 2024Q1", unit(1)), format!("{} 2024Q2", unit(1))]);
    let reason = &mapped.doubts.values().next().unwrap().text;
    assert!(reason.contains("half of 202402B is in 2024Q1 and half in 2024Q2"), "{reason}");
}

#[test]
fn values_of_another_slice_are_left_to_it() {
    let document = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    let plan = plan_of(&document).unwrap();
    let mut slice = plan.jobs[0].slices[0].clone();
    slice.sources.remove(&unit(8));
    let mut mapping = Mapping::new(&plan.jobs[0], &slice, &plan.units);
    mapping.take(plain(1, 8, "1"));
    mapping.take(plain(1, 7, "1"));
    assert_eq!(finish(mapping).values.fetched, 1);
}

#[test]
fn a_value_that_comes_twice_counts_once_and_one_that_contradicts_itself_is_held_back() {
    let document = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
    let mapped = map(&document, vec![plain(1, 1, "3"), plain(1, 1, "3"), plain(1, 2, "4"), plain(1, 2, "15557")]);
    assert_eq!((mapped.values.fetched, mapped.values.contributing, mapped.values.invalid), (3, 2, 1));
    assert_eq!(mapped.values.unexplained(), 0);
    assert_eq!(mapped.contributions.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["3", "4"]);
    let doubts: Vec<_> = mapped.doubts.values().map(|hold| hold.code.word).collect();
    assert_eq!(doubts, ["source-value-twice"], "one cell, and the other one goes its way");
    assert!(mapped.findings.has(&crate::finding::SOURCE_VALUE_TWICE));
}

proptest! {
    #[test]
    fn no_value_goes_missing(
        values in proptest::collection::vec((1_u8..5, 0_u8..3, 1_u8..9, "[0-9a-z]{0,3}"), 0..60),
        mapped_units in proptest::collection::btree_set(1_u8..9, 1..9),
    ) {
        let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
        routine.org_unit_map.retain(|row| mapped_units.iter().any(|number| row.source == unit(*number)));
        // The same value again is no other value; with another content it is one, and of no use.
        let mut first = std::collections::HashMap::new();
        let asked = values
            .iter()
            .filter(|(data, combo, _, _)| matches!(data, 1 | 4) && *combo == 0)
            .filter(|(data, _, at, text)| match first.entry((*data, *at)) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(text.clone());
                    true
                }
                std::collections::hash_map::Entry::Occupied(known) => known.get() != text,
            })
            .count();
        let combos = [Uid::DEFAULT_OPTION_COMBO, male(), female()];
        let values = values
            .into_iter()
            .map(|(data, combo, at, text)| value(data, combos[usize::from(combo)], at, "202401", &text))
            .collect();
        let mapped = map(&routine, values);
        prop_assert_eq!(mapped.values.unexplained(), 0);
        prop_assert_eq!(mapped.values.fetched, asked as u64);
        prop_assert_eq!(mapped.contributions.len() as u64, mapped.values.contributing);
    }
}
