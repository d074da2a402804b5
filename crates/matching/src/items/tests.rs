//! Items named by people, and what is refused.

use std::collections::BTreeMap;

use serde_json::json;

use super::{DataKind, ItemError, ItemNames, Reference, default_option_combo};
use xfer_domain::data_item::{DataItem, ReportingMetric};
use xfer_domain::item::SourceItem;
use xfer_domain::metadata::{CategoryCombo, CategoryOptionCombo, DataElement, Indicator, Metadata};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

fn uid(number: usize) -> Uid {
    Uid::parse(&format!("x{number:010}")).unwrap()
}

/// Data elements 1, 2 … with code and name, all split by the combos 101, 102 …; one indicator, 50.
fn metadata(elements: &[(Option<&str>, &str)], combos: &[(Option<&str>, &str)]) -> Metadata {
    let mut metadata = Metadata::default();
    let split = uid(100);
    let text = |text: Option<&str>| text.map(str::to_owned);
    for (index, (code, name)) in elements.iter().enumerate() {
        let id = uid(index + 1);
        let element = DataElement {
            id,
            code: text(*code),
            name: (*name).to_owned(),
            short_name: None,
            value_type: ValueType::Number,
            aggregation_type: "SUM".to_owned(),
            zero_is_significant: true,
            category_combo: split,
            option_set: None,
            comment_option_set: None,
            attribute_values: Vec::new(),
        };
        metadata.data_elements.insert(id, element);
    }
    for (index, (code, name)) in combos.iter().enumerate() {
        let id = uid(index + 101);
        let combo = CategoryOptionCombo {
            id,
            code: text(*code),
            name: (*name).to_owned(),
            category_combo: split,
            category_options: Vec::new(),
        };
        metadata.category_option_combos.insert(id, combo);
    }
    metadata
}

fn indicator(metadata: &mut Metadata, code: &str, name: &str) {
    let indicator: Indicator = serde_json::from_value(json!({
        "id": uid(50), "code": code, "name": name, "numerator": "1", "denominator": "1",
        "decimals": null, "aggregate_export_category_option_combo": null,
        "aggregate_export_attribute_option_combo": null,
    }))
    .unwrap();
    metadata.indicators.insert(uid(50), indicator);
}

fn element(number: usize, combo: Option<usize>) -> SourceItem {
    SourceItem::DataElement {
        id: uid(number),
        category_option_combo: combo.map(|number| uid(100 + number)),
        attribute_option_combo: None,
    }
}

fn read(metadata: &Metadata, text: &str) -> Result<SourceItem, ItemError> {
    ItemNames::source(metadata).source_item(Reference::Line(text), None)
}

fn parts<'text>(object: &'text str, combo: &'text str) -> Reference<'text> {
    Reference::Parts { object, category_option_combo: Some(combo), attribute_option_combo: None }
}

#[test]
fn signs_and_numbers_of_a_name_have_to_agree() {
    let metadata = metadata(
        &[(None, "Décès > 5 ans"), (None, "Naissances <2500g"), (None, "Naissances >2500g"), (None, "CPN 1")],
        &[(None, "<5"), (None, "5+")],
    );
    for (text, found) in [
        ("Décès > 5 ans", Some(1)),
        ("DECES >5 ans", Some(1)),
        ("Décès plus de 5 ans", Some(1)),
        ("Décès < 5 ans", None),
        ("Décès 5 ans", None),
        ("Décès ≥ 5 ans", None),
        ("naissances < 2500 g", Some(2)),
        ("naissances &gt; 2500 g", Some(3)),
        ("naissances 2500 g", None),
        ("CPN\u{a0}1", Some(4)),
        ("CPN 10", None),
        ("CPN 01", Some(4)),
        ("CPN +1", None),
    ] {
        assert_eq!(read(&metadata, text).ok(), found.map(|number| element(number, None)), "{text}");
    }
    let Err(ItemError::Unknown { near, .. }) = read(&metadata, "Décès < 5 ans") else { panic!() };
    assert_eq!(near, ["Décès > 5 ans"]);
    for (text, combo) in [("CPN 1.<5", 1), ("CPN 1.5+", 2), ("CPN 1.under 5", 1), ("CPN 1.0-4 ans", 1), ("CPN 1.≥5", 2)]
    {
        assert_eq!(read(&metadata, text), Ok(element(4, Some(combo))), "{text}");
    }
    for text in ["CPN 1.>5", "CPN 1.5", "CPN 1.5-9", "CPN 1.-5"] {
        let refusal = read(&metadata, text).unwrap_err();
        assert!(matches!(refusal, ItemError::Unknown { what: "category option combo", .. }), "{text} {refusal}");
    }
}

#[test]
fn cells_are_not_joined_and_texts_with_two_readings_are_refused() {
    let metadata = metadata(
        &[(Some("MAL"), "Cas"), (Some("MAL.F"), "Graves"), (Some("B50.9"), "Ictères")],
        &[(Some("F"), "Femme"), (Some("M"), "Homme"), (Some("A.B"), "a/b: c")],
    );
    let names = ItemNames::source(&metadata);
    assert_eq!(names.source_item(parts("MAL", "F"), None), Ok(element(1, Some(1))));
    assert_eq!(names.source_item(parts("B50.9", "F"), None), Ok(element(3, Some(1))));
    assert_eq!(names.source_item(parts("B50.9", "A.B"), None), Ok(element(3, Some(3))));
    assert_eq!(names.source_item(parts("Ictères", "a/b: c"), None), Ok(element(3, Some(3))));
    let whole = |object| Reference::Parts { object, category_option_combo: None, attribute_option_combo: None };
    assert_eq!(names.source_item(whole("MAL.F"), None), Ok(element(2, None)));
    assert!(names.source_item(whole("MAL.M"), None).is_err(), "a cell is not cut");
    for (text, item) in [
        ("MAL.M", element(1, Some(2))),
        ("B50.9.F", element(3, Some(1))),
        ("B50.9.A.B", element(3, Some(3))),
        (r#""MAL"."F""#, element(1, Some(1))),
        (r#""MAL.F""#, element(2, None)),
        (r#""MAL.F"."M""#, element(2, Some(2))),
        ("MAL.F.M", element(2, Some(2))),
        ("B50.9", element(3, None)),
        ("MAL.*", element(1, None)),
    ] {
        assert_eq!(read(&metadata, text), Ok(item), "{text}");
    }
    let Err(ItemError::Readings { readings, .. }) = read(&metadata, "MAL.F") else { panic!() };
    let expected = [(r#""MAL.F""#, "the data element Graves"), (r#""MAL"."F""#, "the data element Cas with Femme")];
    assert_eq!(readings, expected.map(|(how, what)| (how.to_owned(), what.to_owned())));
}

#[test]
fn a_name_of_two_kinds_needs_its_kind() {
    let mut metadata = metadata(&[(Some("CPN"), "Visites")], &[(None, "default")]);
    indicator(&mut metadata, "CPN", "Couverture");
    let names = ItemNames::source(&metadata);
    let indicator = SourceItem::Indicator { id: uid(50) };
    assert!(matches!(read(&metadata, "CPN"), Err(ItemError::Readings { .. })));
    for (kind, item) in [(DataKind::DataElement, element(1, None)), (DataKind::Indicator, indicator)] {
        assert_eq!(names.source_item(Reference::Line("CPN"), Some(kind)), Ok(item));
    }
    let wrong = names.source_item(Reference::Line("Couverture"), Some(DataKind::DataElement)).unwrap_err();
    assert_eq!(wrong.to_string(), "`Couverture` is an indicator, not a data element");
    let combos = names.source_item(parts("Couverture", "default"), None).unwrap_err();
    assert_eq!(combos.to_string(), "`Couverture` is an indicator, which has no option combos");
}

/// A data set, 60.
fn data_set(metadata: &mut Metadata, code: &str, name: &str) {
    let set = serde_json::from_value(json!({
        "id": uid(60), "code": code, "name": name, "period_type": "Monthly", "category_combo": uid(100),
        "open_future_periods": 0, "expiry_days": 0.0, "data_set_elements": [], "organisation_units": [],
        "data_input_periods": [], "access": {"read": true, "write": true},
        "compulsory_fields_complete_only": false, "compulsory_data_element_operands": [],
    }));
    metadata.data_sets.insert(uid(60), set.unwrap());
}

#[test]
fn a_reporting_rate_is_a_data_set_and_a_metric() {
    let mut metadata = metadata(&[(Some("CPN"), "Visites"), (Some("B.REPORTING_RATE"), "Taux")], &[(None, "default")]);
    data_set(&mut metadata, "B", "Rapport B50.9");
    let rate = |metric| SourceItem::ReportingRate { data_set: uid(60), metric };
    for (text, metric) in [
        ("x0000000060.REPORTING_RATE", ReportingMetric::ReportingRate),
        ("B.actual reports", ReportingMetric::ActualReports),
        ("Rapport B50.9.EXPECTED_REPORTS", ReportingMetric::ExpectedReports),
        ("rapport b50.9 - Reporting rate on time", ReportingMetric::ReportingRateOnTime),
        (r#""Rapport B50.9".REPORTING_RATE"#, ReportingMetric::ReportingRate),
    ] {
        assert_eq!(read(&metadata, text), Ok(rate(metric)), "{text}");
    }
    let Err(ItemError::Readings { readings, .. }) = read(&metadata, "B.REPORTING_RATE") else { panic!() };
    assert_eq!(
        readings[1],
        ("--kind reporting-rate".to_owned(), "the reporting rate Rapport B50.9 - Reporting rate".to_owned())
    );
    let refused = |text: &str, kind| {
        ItemNames::source(&metadata).source_item(Reference::Line(text), kind).unwrap_err().to_string()
    };
    assert_eq!(refused("SPN.REPORTING_RATE", None), "the source server has no data set `SPN`");
    let kind = Some(DataKind::ReportingRate);
    assert!(refused("B", kind).starts_with("`B` is a data set; choose one of its figures"));
    assert!(refused("Rapport B50.9", None).starts_with("`Rapport B50.9` is a data set"));
    assert_eq!(refused("Visites", kind), "`Visites` is a data element, not a reporting rate");
    let combo = Reference::Parts {
        object: "B.ACTUAL_REPORTS",
        category_option_combo: Some("default"),
        attribute_option_combo: None,
    };
    let combo = ItemNames::source(&metadata).source_item(combo, kind).unwrap_err();
    assert_eq!(combo.to_string(), "`B.ACTUAL_REPORTS` is a reporting rate, which has no option combos");
    assert_eq!(metadata.data_name(DataItem::DataElement(uid(1))), "Visites");
}

#[test]
fn what_is_looked_for_is_named_as_the_table_of_kinds_does() {
    assert_eq!(super::ANY_ITEM, DataKind::any_in_words());
}

#[test]
fn what_is_written_exactly_goes_first_and_doubles_are_refused() {
    let metadata = metadata(
        &[(None, "Cas"), (None, "CAS"), (Some("Fi\u{e9}vre  1"), "X"), (Some("Dec"), "Y"), (None, "Dec")],
        &[],
    );
    assert_eq!(read(&metadata, "CAS"), Ok(element(2, None)));
    assert_eq!(read(&metadata, "Fie\u{301}vre\u{202f}1"), Ok(element(3, None)));
    assert!(matches!(read(&metadata, "cas"), Err(ItemError::Ambiguous { number: 2, .. })));
    assert!(
        matches!(read(&metadata, "Dec"), Err(ItemError::Ambiguous { number: 2, .. })),
        "code of one, name of another"
    );
}

#[test]
fn the_default_combo_is_the_servers_own() {
    let mut metadata = metadata(&[(None, "Cas")], &[(None, "Other"), (None, "default")]);
    assert_eq!(default_option_combo(&metadata), uid(102));
    let combo = CategoryCombo {
        id: uid(100),
        code: None,
        name: "default".to_owned(),
        is_default: true,
        category_option_combos: [uid(101)].into(),
    };
    metadata.category_combos = BTreeMap::from([(combo.id, combo)]);
    assert_eq!(default_option_combo(&metadata), uid(101));
}
