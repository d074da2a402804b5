//! What the shipped country must be: the same every time, sound metadata, and worth mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::export::to_text;
use super::*;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::{ImportEngine, ValueType};

/// Objects of a type by id.
fn objects<'export>(export: &'export Value, plural: &str) -> BTreeMap<&'export str, &'export Value> {
    export[plural].as_array().unwrap().iter().map(|object| (object["id"].as_str().unwrap(), object)).collect()
}

fn ids(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap()).collect()
}

fn fixture(side: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(side).join("metadata.json")
}

/// `XFER_REGENERATE=1 cargo test --lib regenerate` writes the files anew.
#[test]
fn regenerate() {
    let country = Country::haiti(1);
    for (side, export) in [("source", country.source_metadata()), ("destination", country.destination_metadata())] {
        let text = to_text(&export);
        assert!(text.len() < 1_500_000, "{side}: {} bytes", text.len());
        if option_env!("XFER_REGENERATE").is_some() {
            std::fs::create_dir_all(fixture(side).parent().unwrap()).unwrap();
            std::fs::write(fixture(side), &text).unwrap();
        }
        let shipped = std::fs::read_to_string(fixture(side)).unwrap();
        assert!(shipped == text, "{side}: the fixture is not what the generator makes; see the module's documentation");
    }
}

#[test]
fn both_exports_are_sound() {
    for export in [Country::haiti(1).source_metadata(), Country::haiti(1).destination_metadata()] {
        let mut names = BTreeSet::new();
        for (plural, list) in export.as_object().unwrap() {
            let mut seen = BTreeSet::new();
            for object in list.as_array().unwrap() {
                let id = object["id"].as_str().unwrap();
                assert!(id.parse::<Uid>().is_ok() && seen.insert(id), "{plural} {id}");
                for unique in ["code", "name"] {
                    let Some(text) = object[unique].as_str() else { continue };
                    let free =
                        unique == "name" && ["organisationUnits", "categoryOptionCombos"].contains(&plural.as_str());
                    assert!(free || names.insert((plural, unique, text)), "{plural}: {unique} `{text}` twice");
                    assert!(text.chars().count() <= 230);
                }
            }
        }
        let units = objects(&export, "organisationUnits");
        for unit in units.values() {
            assert!(unit["parent"].is_null() || units.contains_key(unit["parent"]["id"].as_str().unwrap()));
        }
        let elements = objects(&export, "dataElements");
        let combos = objects(&export, "categoryCombos");
        for set in export["dataSets"].as_array().unwrap() {
            assert!(!set["dataSetElements"].as_array().unwrap().is_empty());
            for member in set["dataSetElements"].as_array().unwrap() {
                assert!(elements.contains_key(member["dataElement"]["id"].as_str().unwrap()));
            }
            assert!(ids(&set["organisationUnits"]).iter().all(|id| units.contains_key(id)));
            let combo = set["categoryCombo"]["id"].as_str().unwrap();
            assert!(combo == combos::DEFAULT_COMBO || combos.contains_key(combo));
        }
        for user in export["users"].as_array().unwrap() {
            assert!(ids(&user["organisationUnits"]).iter().all(|id| units.contains_key(id)));
            assert_eq!(user["password"], PASSWORD);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_country_and_another_one_another() {
    let scale = Scale { facilities: 60, months: 3 };
    let country = Country::haiti_at(5, scale);
    assert_eq!(country.source_metadata(), Country::haiti_at(5, scale).source_metadata());
    assert_eq!(country.source_values().data, Country::haiti_at(5, scale).source_values().data);
    assert_ne!(country.source_metadata(), Country::haiti_at(6, scale).source_metadata());
}

#[test]
fn every_stored_value_is_one_that_its_server_takes() {
    let country = Country::haiti_at(1, Scale { facilities: 110, months: 4 });
    let source = country.source_values();
    let destination = country.destination_values(&source);
    for (export, values) in [(country.source_metadata(), &source), (country.destination_metadata(), &destination)] {
        let elements = objects(&export, "dataElements");
        let option_combos = objects(&export, "categoryOptionCombos");
        let units = objects(&export, "organisationUnits");
        let mut assigned: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for set in export["dataSets"].as_array().unwrap() {
            for member in set["dataSetElements"].as_array().unwrap() {
                let period_type = set["periodType"].as_str().unwrap();
                let element = member["dataElement"]["id"].as_str().unwrap();
                assigned.extend(ids(&set["organisationUnits"]).into_iter().map(|unit| (element, unit, period_type)));
            }
        }
        assert!(!values.data.is_empty());
        for (key, stored) in &values.data {
            let element = elements[key.data_element.as_str()];
            let value_type: ValueType = serde_json::from_value(element["valueType"].clone()).unwrap();
            let text = stored.value.as_deref().unwrap();
            for engine in [ImportEngine::RowByRow, ImportEngine::SetBased] {
                assert_eq!(value_type.stored_as(text, engine).unwrap(), text, "{key:?}");
            }
            let period = Period::parse(&key.period).unwrap();
            assert_eq!(period.to_string(), key.period);
            assert!(period.end() < TODAY);
            assert!(units.contains_key(key.org_unit.as_str()));
            let cell = (key.data_element.as_str(), key.org_unit.as_str(), period.period_type().name());
            assert!(assigned.contains(&cell), "{key:?} belongs to no data set");
            for combo in [&key.category_option_combo, &key.attribute_option_combo] {
                assert!(combo == combos::DEFAULT_OPTION_COMBO || option_combos.contains_key(combo.as_str()), "{key:?}");
            }
        }
    }
}

#[test]
fn the_truth_leads_from_one_export_to_the_other() {
    let country = Country::haiti(1);
    let (source, destination) = (country.source_metadata(), country.destination_metadata());
    let (here, there) = (objects(&source, "organisationUnits"), objects(&destination, "organisationUnits"));
    let pairs = country.true_org_units();
    assert!(
        pairs
            .iter()
            .all(|pair| here.contains_key(pair.source.as_str()) && there.contains_key(pair.destination.as_str()))
    );
    let sources: BTreeSet<&str> = pairs.iter().map(|pair| pair.source.as_str()).collect();
    assert_eq!(sources.len(), pairs.len(), "one destination for each source unit");
    assert_eq!(here.len() - sources.len(), 4, "four facilities are missing at the destination");
    let found = |plural: &str, export: &Value, id: &str| objects(export, plural).contains_key(id);
    for job in country.true_jobs() {
        assert!(found("dataSets", &destination, &job.data_set) && !job.items.is_empty(), "{}", job.name);
        for item in &job.items {
            let plural = match item.kind {
                TrueKind::DataElement => "dataElements",
                TrueKind::Indicator => "indicators",
                TrueKind::ProgramIndicator => "programIndicators",
            };
            assert!(found(plural, &source, &item.source), "{item:?}");
            assert!(found("dataElements", &destination, &item.destination), "{item:?}");
        }
    }
}

#[test]
fn the_destination_starts_with_cells_that_equal_differ_lack_and_are_strange() {
    let country = Country::haiti(1);
    let source = country.source_values();
    let expected = country.expected(&source);
    let values = country.destination_values(&source);
    let equal = values.data.iter().filter(|(key, stored)| expected.get(key) == stored.value.as_ref()).count();
    let strange = values.data.keys().filter(|key| !expected.contains_key(key)).count();
    let differ = values.data.len() - equal - strange;
    let lacking = expected.len() + strange - values.data.len();
    assert!(equal > 5_000 && differ > 200 && strange > 10 && lacking > 5_000, "{equal} {differ} {strange} {lacking}");
    assert!(values.data.values().any(|stored| stored.comment.is_some()));
    let zeros = source.data.values().filter(|stored| stored.value.as_deref() == Some("0")).count();
    assert!(zeros > 500, "{zeros}");
    assert!(source.data.values().any(|stored| stored.value.as_deref().is_some_and(|text| text.contains('.'))));
}

#[test]
fn merged_facilities_add_up() {
    let country = Country::haiti(1);
    let source = country.source_values();
    let expected = country.expected(&source);
    let pairs = country.true_org_units();
    let mut guests: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for pair in &pairs {
        guests.entry(pair.destination.as_str()).or_default().push(&pair.source);
    }
    let (unit, sources) = guests.into_iter().find(|(_, sources)| sources.len() > 1).unwrap();
    let job = &country.true_jobs()[0];
    let cpn1: Vec<&TrueItem> =
        job.items.iter().filter(|item| item.source == country.source.object("dataElements", "CPN1")).collect();
    assert_eq!(cpn1.len(), 2, "both ages of mothers go to one cell");
    let month = country.calendar.months[4].to_string();
    let sum: u64 = source
        .data
        .iter()
        .filter(|(key, _)| {
            key.data_element == cpn1[0].source && key.period == month && sources.contains(&key.org_unit.as_str())
        })
        .map(|(_, stored)| stored.value.as_ref().unwrap().parse::<u64>().unwrap())
        .sum();
    let cell = expected
        .iter()
        .find(|(key, _)| key.data_element == cpn1[0].destination && key.period == month && key.org_unit == unit);
    assert_eq!(cell.unwrap().1, &sum.to_string());
}

#[test]
fn program_indicators_have_facts_and_events() {
    let country = Country::haiti_at(1, Scale { facilities: 110, months: 6 });
    let facts = country.facts();
    let export = country.source_metadata();
    let indicators = objects(&export, "programIndicators");
    assert_eq!(indicators.len(), 9);
    for id in indicators.keys() {
        assert!(facts.iter().any(|fact| fact.program_indicator == *id), "{id} counts nothing");
    }
    let visits = country.source.object("programIndicators", "PI_CPN_VISITES");
    let events = country.source_values().events;
    assert_eq!(facts.iter().filter(|fact| fact.program_indicator == visits).count(), events.enrollments.len());
    assert!(events.events.len() > events.enrollments.len(), "cases of cholera have no enrollment");
}
