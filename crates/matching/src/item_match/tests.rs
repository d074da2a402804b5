//! The item matcher on two small servers that name and disaggregate the same things differently.

use std::collections::BTreeSet;

use super::{ItemRules, propose_items};
use xfer_domain::data_item::DataItem;
use xfer_domain::metadata::{
    CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, DataElement, DataSet, DataSetElement, Metadata,
    ProgramIndicator,
};
use xfer_domain::period::PeriodType;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

const RULES: ItemRules = ItemRules { pattern: None, period_type: PeriodType::Monthly };

fn uid(text: &str) -> Uid {
    Uid::parse(text).unwrap()
}

/// A server with one data set of data elements `(number, code, name, options)`; each option is `Sex, Age`. Ids begin
/// with `side`.
fn server(side: char, elements: &[(u32, &str, &str, &[&str])]) -> Metadata {
    let mut metadata = Metadata::default();
    let id = |kind: char, number: u32| uid(&format!("{side}{kind}{number:09}"));
    let option = |metadata: &mut Metadata, name: &str| {
        let known = metadata.category_options.values().find(|option| option.name == name).map(|option| option.id);
        known.unwrap_or_else(|| {
            let option = id('o', u32::try_from(metadata.category_options.len()).unwrap());
            metadata.category_options.insert(
                option,
                CategoryOption {
                    id: option,
                    code: None,
                    name: name.to_owned(),
                    start_date: None,
                    end_date: None,
                    organisation_units: BTreeSet::new(),
                    access: DataAccess::default(),
                    is_hidden: false,
                },
            );
            option
        })
    };
    let mut members = Vec::new();
    for (number, code, name, combos) in elements {
        let combo_id = if combos.is_empty() { uid("bjDvmb4bfuf") } else { id('c', *number) };
        let mut ids = BTreeSet::new();
        let default = ["default"];
        for (index, name) in if combos.is_empty() { &default[..] } else { combos }.iter().enumerate() {
            let coc = if combos.is_empty() {
                Uid::DEFAULT_OPTION_COMBO
            } else {
                id('x', number * 100 + u32::try_from(index).unwrap())
            };
            let options = name.split(", ").map(|name| option(&mut metadata, name)).collect();
            metadata.category_option_combos.insert(
                coc,
                CategoryOptionCombo {
                    id: coc,
                    code: None,
                    name: (*name).to_owned(),
                    category_combo: combo_id,
                    category_options: options,
                },
            );
            ids.insert(coc);
        }
        metadata.category_combos.insert(
            combo_id,
            CategoryCombo {
                id: combo_id,
                code: None,
                name: "combo".to_owned(),
                is_default: combos.is_empty(),
                category_option_combos: ids,
            },
        );
        let element = id('d', *number);
        metadata.data_elements.insert(
            element,
            DataElement {
                id: element,
                code: (!code.is_empty()).then(|| (*code).to_owned()),
                name: (*name).to_owned(),
                short_name: None,
                value_type: ValueType::Integer,
                aggregation_type: "SUM".to_owned(),
                zero_is_significant: true,
                category_combo: combo_id,
                option_set: None,
                comment_option_set: None,
                attribute_values: Vec::new(),
            },
        );
        members.push(DataSetElement { data_element: element, category_combo: None });
    }
    server_data_set(&mut metadata, id('s', 1), members);
    metadata
}

fn server_data_set(metadata: &mut Metadata, id: Uid, members: Vec<DataSetElement>) {
    metadata.category_option_combos.entry(Uid::DEFAULT_OPTION_COMBO).or_insert(CategoryOptionCombo {
        id: Uid::DEFAULT_OPTION_COMBO,
        code: None,
        name: "default".to_owned(),
        category_combo: uid("bjDvmb4bfuf"),
        category_options: Vec::new(),
    });
    metadata.data_sets.insert(
        id,
        DataSet {
            id,
            code: None,
            name: "Monthly report".to_owned(),
            period_type: PeriodType::Monthly,
            category_combo: uid("bjDvmb4bfuf"),
            open_future_periods: 0,
            open_periods_after_co_end_date: 0,
            expiry_days: 0.0,
            data_set_elements: members,
            organisation_units: BTreeSet::new(),
            data_input_periods: Vec::new(),
            access: DataAccess::default(),
        },
    );
}

fn program_indicator(code: &str, name: &str, export: Option<&str>) -> ProgramIndicator {
    ProgramIndicator {
        id: uid("aProgInd001"),
        code: Some(code.to_owned()),
        name: name.to_owned(),
        program: None,
        aggregation_type: None,
        decimals: None,
        aggregate_export_category_option_combo: None,
        aggregate_export_attribute_option_combo: None,
        aggregate_export_data_element: export.map(str::to_owned),
    }
}

/// Each proposal in a line, then what was not matched.
fn said(source: &Metadata, destination: &Metadata, selection: &[DataItem], rules: &ItemRules) -> String {
    let matching = propose_items(source, destination, selection, rules);
    let proposals = matching.proposals.iter().map(|proposal| {
        let address = proposal.item.destination;
        format!(
            "{}: {} · {}: {}",
            proposal.class.name(),
            destination.name_of(address.data_element),
            destination.name_of(address.category_option_combo),
            proposal.explanation
        )
    });
    let unmatched = matching.unmatched.iter().map(|(_, reason)| format!("none: {reason}"));
    proposals.chain(unmatched).collect::<Vec<_>>().join("\n")
}

#[test]
fn parts_are_found_by_what_they_mean_in_whatever_order() {
    let source = server(
        'a',
        &[(
            1,
            "PALU",
            "Paludisme - cas",
            &["Féminin, <5 ans", "Masculin, <5 ans", "Féminin, 5 ans et plus", "Inconnu, 5 ans et plus"],
        )],
    );
    let destination = server(
        'b',
        &[
            (7, "PALU", "MALARIA CASES", &["0-4 years, F", "0-4 years, M", "5+, Female"]),
            (8, "", "Paludisme - décès", &[]),
        ],
    );
    let selection = [DataItem::DataElement(uid("ad000000001"))];
    insta::assert_snapshot!(said(&source, &destination, &selection, &RULES), @r"
    likely: MALARIA CASES · 5+, Female: same code PALU, Féminin, 5 ans et plus as 5+, Female; but names differ: Paludisme - cas and MALARIA CASES
    likely: MALARIA CASES · 0-4 years, F: same code PALU, Féminin, <5 ans as 0-4 years, F; but names differ: Paludisme - cas and MALARIA CASES
    likely: MALARIA CASES · 0-4 years, M: same code PALU, Masculin, <5 ans as 0-4 years, M; but names differ: Paludisme - cas and MALARIA CASES
    none: MALARIA CASES has no match for Inconnu, 5 ans et plus
    ");
}

#[test]
fn one_total_is_asked_about_and_a_split_is_not_guessed() {
    let source = server('a', &[(1, "A", "Cases seen", &["F", "M"]), (2, "B", "Deaths", &[])]);
    let destination = server('b', &[(1, "A", "Cases seen", &[]), (2, "B", "Deaths", &["F", "M"])]);
    let selection = [DataItem::DataElement(uid("ad000000001")), DataItem::DataElement(uid("ad000000002"))];
    insta::assert_snapshot!(said(&source, &destination, &selection, &RULES), @r"
    ask: Cases seen · default: same code A, same name, the 2 option combos are added up to one total
    none: Deaths is divided into option combos at the destination, and it is not clear which one to use
    ");
}

#[test]
fn two_that_fit_equally_and_two_for_one_cell_are_asked_about() {
    let source = server('a', &[(1, "", "Malaria cases", &[]), (2, "", "Malaria cases confirmed", &[])]);
    let destination = server('b', &[(1, "", "Malaria cases", &[]), (3, "", "Malaria cases (new)", &[])]);
    let selection = [DataItem::DataElement(uid("ad000000001")), DataItem::DataElement(uid("ad000000002"))];
    insta::assert_snapshot!(said(&source, &destination, &selection, &RULES), @r"
    likely: Malaria cases · default: same name
    ask: Malaria cases · default: similar name Malaria cases; but Malaria cases would go to the same cell
    ");
}

#[test]
fn program_indicators_go_where_their_export_or_a_pattern_says() {
    let mut source = server('a', &[]);
    let destination = server('b', &[(1, "MAL", "Malaria cases", &["F", "M"]), (2, "X", "Something else", &[])]);
    let selection = [DataItem::ProgramIndicator(uid("aProgInd001"))];
    let mut with = |indicator: ProgramIndicator, rules: &ItemRules| {
        source.program_indicators.insert(indicator.id, indicator);
        said(&source, &destination, &selection, rules)
    };
    let pattern = ItemRules { pattern: Some("{pi.code}={de.code}.{coc.name}".parse().unwrap()), ..RULES };
    insta::assert_snapshot!(with(program_indicator("PI_1", "Deaths", Some("X")), &RULES), @"sure: Something else · default: its export data element is X");
    insta::assert_snapshot!(with(program_indicator("X", "Something else", Some("GONE")), &RULES), @"ask: Something else · default: same code X, same name; but its export data element GONE is not known at the destination");
    let combo = |combo: &str| ProgramIndicator {
        aggregate_export_category_option_combo: Some(combo.to_owned()),
        ..program_indicator("PI_1", "Deaths", Some("MAL"))
    };
    insta::assert_snapshot!(with(combo("bx000000100"), &RULES), @"sure: Malaria cases · F: its export data element is MAL, its export category option combo");
    insta::assert_snapshot!(with(combo("bx000000999"), &RULES), @"none: Malaria cases is divided into option combos at the destination, and it is not clear which one to use");
    insta::assert_snapshot!(with(program_indicator("mal.f", "Deaths", None), &pattern), @"sure: Malaria cases · F: the pattern gives mal.f");
    insta::assert_snapshot!(with(program_indicator("PI_9", "Deaths", None), &pattern), @"none: no data element of the destination has its code or a similar name");
    insta::assert_snapshot!(with(program_indicator("MAL", "Malaria cases", None), &RULES), @"none: Malaria cases is divided into option combos at the destination, and it is not clear which one to use");
}

#[test]
fn the_only_attribute_option_combo_of_each_side_has_to_mean_the_same() {
    let split_by = |side: char, agency: &str| {
        let mut metadata = server(side, &[(1, "A", "Cases seen", &[]), (2, "B", "Funded", &[agency])]);
        let combo = metadata.data_elements[&uid(&format!("{side}d000000002"))].category_combo;
        for set in metadata.data_sets.values_mut() {
            set.category_combo = combo;
        }
        metadata
    };
    let selection = [DataItem::DataElement(uid("ad000000001"))];
    let source = split_by('a', "Global Fund");
    let with = |destination: &Metadata| said(&source, destination, &selection, &RULES);
    let found = "Cases seen · default: same code A, same name";
    assert_eq!(with(&split_by('b', "GLOBAL FUND")), format!("sure: {found}, same part Global Fund"));
    let other =
        format!("ask: {found}, all values are Global Fund at the source and would become USAID at the destination");
    assert_eq!(with(&split_by('b', "USAID")), other);
    assert_eq!(with(&server('b', &[(1, "A", "Cases seen", &[])])), format!("sure: {found}"));
}

#[test]
fn what_is_hidden_is_said_to_be_hidden_and_not_to_be_missing() {
    let split: &[&str] = &["Female", "Male"];
    let (mut source, mut destination) =
        (server('s', &[(1, "CAS", "Cases", split)]), server('d', &[(1, "CAS", "Cases", split)]));
    let selected = DataItem::DataElement(*source.data_elements.keys().next().unwrap());
    let reasons = |source: &Metadata, destination: &Metadata| -> Vec<String> {
        let matching = propose_items(source, destination, &[selected], &RULES);
        matching.unmatched.into_iter().map(|(_, reason)| reason).collect()
    };
    assert!(reasons(&source, &destination).is_empty());
    let hide = |metadata: &mut Metadata| {
        let option = metadata.category_options.values_mut().find(|option| option.name == "Male").unwrap();
        *option = CategoryOption::hidden(option.id, option.id.to_string());
    };
    hide(&mut source);
    let found = reasons(&source, &destination);
    assert!(found.len() == 1 && found[0].contains("Male may not be read at the source"), "{found:?}");
    let (mut source, split) = (server('s', &[(1, "CAS", "Cases", split)]), &mut destination);
    hide(split);
    let found = reasons(&source, split);
    assert!(found.len() == 1 && found[0].contains("Male may not be read at the destination"), "{found:?}");
    source.category_options.clear();
    assert!(reasons(&source, &source.clone()).is_empty(), "where nothing is known the combos' names speak");
}
