//! The two shipped instances, ready to answer: a Tracker source and an aggregate destination.
//!
//! Their metadata is compiled in from `fixtures/source` and `fixtures/destination`, so that the program needs no file
//! beside itself; their figures are generated. What is generated once is kept for the process: tests and the demo make
//! many instances.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::country::{Country, Fact};
use crate::instance::Instance;
use crate::profile::Profile;
use crate::values::{ValueKey, Values};
use crate::world::World;

/// The source's metadata, DHIS2's export form.
pub const SOURCE_METADATA: &str = include_str!("../../../fixtures/source/metadata.json");
/// The destination's metadata, DHIS2's export form.
pub const DESTINATION_METADATA: &str = include_str!("../../../fixtures/destination/metadata.json");

/// The seed of the shipped country.
pub const SEED: u64 = 1;

const SOURCE_SYSTEM: &str = "5a1b0c5e-0000-4000-8000-00000000507c";
const DESTINATION_SYSTEM: &str = "5a1b0c5e-0000-4000-8000-000000de5717";

/// What both shipped instances hold, made once.
struct Shipped {
    source_world: World,
    destination_world: World,
    source_values: Values,
    destination_values: Values,
}

/// The shipped country: its true mapping is that of the two shipped instances.
pub fn country() -> &'static Country {
    static COUNTRY: OnceLock<Country> = OnceLock::new();
    COUNTRY.get_or_init(|| Country::haiti(SEED))
}

fn shipped() -> &'static Shipped {
    static SHIPPED: OnceLock<Shipped> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let country = country();
        let source_values = country.source_values();
        // A test compares the files with the generator, so both always parse.
        let load = |text: &str| World::load(&serde_json::from_str(text).unwrap_or_default());
        Shipped {
            source_world: load(SOURCE_METADATA),
            destination_world: load(DESTINATION_METADATA),
            destination_values: country.destination_values(&source_values),
            source_values,
        }
    })
}

/// The shipped source with all its figures.
pub fn source(profile: Profile) -> Instance {
    let shipped = shipped();
    named(instance(profile, shipped.source_world.clone(), shipped.source_values.clone()), SOURCE_SYSTEM)
}

/// The shipped destination with what it holds before the first transfer.
pub fn destination(profile: Profile) -> Instance {
    let shipped = shipped();
    named(instance(profile, shipped.destination_world.clone(), shipped.destination_values.clone()), DESTINATION_SYSTEM)
}

/// What the data element jobs of the shipped country must leave at the destination, before its own rules.
pub fn expected() -> &'static BTreeMap<ValueKey, String> {
    static EXPECTED: OnceLock<BTreeMap<ValueKey, String>> = OnceLock::new();
    EXPECTED.get_or_init(|| country().expected(&shipped().source_values))
}

/// What the shipped source's program indicators count.
pub fn facts() -> &'static [Fact] {
    static FACTS: OnceLock<Vec<Fact>> = OnceLock::new();
    FACTS.get_or_init(|| country().facts())
}

/// The source of any country.
pub fn source_of(country: &Country, profile: Profile) -> Instance {
    named(instance(profile, World::load(&country.source_metadata()), country.source_values()), SOURCE_SYSTEM)
}

/// The destination of any country, with what it holds before the first transfer.
pub fn destination_of(country: &Country, profile: Profile) -> Instance {
    let world = World::load(&country.destination_metadata());
    named(instance(profile, world, country.destination_values(&country.source_values())), DESTINATION_SYSTEM)
}

/// Two servers are two systems: what they report as `systemId` differs.
fn named(instance: Instance, system_id: &str) -> Instance {
    instance.with_state(|state| system_id.clone_into(&mut state.settings.system_id));
    instance
}

fn instance(profile: Profile, world: World, values: Values) -> Instance {
    let instance = Instance::of_world(profile, world);
    instance.with_state(|state| state.values = values);
    instance
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use serde_json::Value;

    use super::*;
    use crate::country::{PASSWORD, TrueKind};
    use crate::exchange::Request;
    use crate::world::text;

    /// What an instance answers to a user.
    fn get(instance: &Instance, user: &str, target: &str) -> (u16, Value) {
        send(instance, user, "GET", target, Vec::new())
    }

    fn send(instance: &Instance, user: &str, method: &str, target: &str, body: Vec<u8>) -> (u16, Value) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{PASSWORD}"));
        let request = Request {
            method: method.into(),
            target: target.into(),
            headers: vec![
                ("authorization".into(), format!("Basic {pair}")),
                ("content-type".into(), "application/json".into()),
            ],
            body,
        };
        let response = instance.handle(&request);
        (response.status, serde_json::from_slice(&response.body).unwrap_or_default())
    }

    #[test]
    fn both_instances_hold_metadata_and_figures() {
        for instance in [source(Profile::V42), destination(Profile::V43)] {
            instance.with_state(|state| {
                assert!(state.world.list("organisationUnits").len() > 200);
                assert!(state.values.data.len() > 10_000);
                assert!(state.world.list("users").iter().all(|user| text(user, "password") == Some(PASSWORD)));
            });
        }
        assert!(expected().len() > 20_000);
        assert!(facts().len() > 1_000);
    }

    #[test]
    fn the_reader_reads_what_the_generator_stored() {
        let country = country();
        let job = country.true_jobs().into_iter().find(|job| job.name == "Rapport mensuel").unwrap();
        let item = job.items.iter().find(|item| item.kind == TrueKind::DataElement).unwrap();
        let (key, stored) = shipped()
            .source_values
            .data
            .iter()
            .find(|(key, _)| key.data_element == item.source && key.period == "202610")
            .unwrap();
        for profile in Profile::ALL {
            let target =
                format!("/api/dataValueSets?dataElement={}&period=202610&orgUnit={}", item.source, key.org_unit);
            let (status, answer) = get(&source(profile), "reader", &target);
            assert_eq!(status, 200, "{answer}");
            let rows = answer["dataValues"].as_array().unwrap();
            let row = rows.iter().find(|row| row["categoryOptionCombo"] == key.category_option_combo.as_str()).unwrap();
            assert_eq!(row["value"].as_str(), stored.value.as_deref());
        }
    }

    /// The value column of an analytics answer by item.
    fn analytics(instance: &Instance, items: &[String], org_unit: &str) -> BTreeMap<String, f64> {
        let items = items.join(";");
        let target = format!(
            "/api/analytics.json?dimension=dx:{items}&dimension=pe:202610&dimension=ou:{org_unit}&skipRounding=true"
        );
        let (status, answer) = get(instance, "reader", &target);
        assert_eq!(status, 200, "{answer}");
        let column = |name: &str| {
            let headers = answer["headers"].as_array().unwrap();
            headers.iter().position(|header| header["name"] == name).unwrap()
        };
        let (item, value) = (column("dx"), column("value"));
        let text = |row: &Value, position: usize| row[position].as_str().unwrap().to_owned();
        let rows = answer["rows"].as_array().unwrap();
        rows.iter().map(|row| (text(row, item), text(row, value).parse().unwrap())).collect()
    }

    #[test]
    fn analytics_counts_the_facts_of_program_indicators() {
        let country = country();
        let jobs = country.true_jobs();
        let job = jobs.iter().find(|job| job.name == "Registres de patients").unwrap();
        let items: Vec<String> = job.items.iter().map(|item| item.source.clone()).collect();
        let nation = &country.true_org_units()[0].source;
        for profile in Profile::ALL {
            let counted = analytics(&source(profile), &items, nation);
            for item in &job.items {
                let of_month = facts().iter().filter(|fact| {
                    fact.program_indicator == item.source && fact.date.year() == 2026 && fact.date.month() == 10
                });
                let values: Vec<f64> = of_month.map(|fact| fact.value.parse().unwrap()).collect();
                let sum: f64 = values.iter().sum();
                let count = u32::try_from(values.len()).unwrap();
                let expected = if item.combine == "average" { sum / f64::from(count) } else { sum };
                let found = counted.get(&item.source).copied().unwrap_or(0.0);
                assert!((found - expected).abs() < 1e-6, "{profile:?} {}: {found}, not {expected}", item.source);
            }
        }
    }

    #[test]
    fn analytics_calculates_every_indicator() {
        let country = country();
        let jobs = country.true_jobs();
        let job = jobs.iter().find(|job| job.name == "Indicateurs").unwrap();
        let items: Vec<String> = job.items.iter().map(|item| item.source.clone()).collect();
        let nation = &country.true_org_units()[0].source;
        for profile in Profile::ALL {
            let ratios = analytics(&source(profile), &items, nation);
            assert_eq!(ratios.len(), items.len(), "{profile:?}");
            assert!(ratios.values().all(|ratio| (0.0..=100.0).contains(ratio)), "{ratios:?}");
        }
    }

    /// The rows that a complete transfer writes for a month, by data set and org unit.
    fn rows_of_month() -> BTreeMap<(String, String), Vec<Value>> {
        let jobs = country().true_jobs();
        let mut sets: BTreeMap<(&str, &str, &str), &str> = BTreeMap::new();
        for (job, item) in jobs.iter().flat_map(|job| job.items.iter().map(move |item| (job, item))) {
            let combo = item.destination_category_option_combo.as_str();
            let attribute = item.destination_attribute_option_combo.as_str();
            sets.insert((&item.destination, combo, attribute), &job.data_set);
        }
        let mut rows: BTreeMap<(String, String), Vec<Value>> = BTreeMap::new();
        for (key, text) in expected().iter().filter(|(key, _)| key.period == "202610") {
            let combos = (key.category_option_combo.as_str(), key.attribute_option_combo.as_str());
            let set = sets[&(key.data_element.as_str(), combos.0, combos.1)];
            rows.entry((set.to_owned(), key.org_unit.clone())).or_default().push(serde_json::json!({
                "dataElement": key.data_element, "period": key.period, "orgUnit": key.org_unit, "value": text,
                "categoryOptionCombo": combos.0, "attributeOptionCombo": combos.1,
            }));
        }
        rows
    }

    #[test]
    fn the_writer_may_write_what_a_transfer_would() {
        let rows = rows_of_month();
        for profile in Profile::ALL {
            let destination = destination(profile);
            let closed = |unit: &str| {
                destination
                    .with_state(|state| state.world.get("organisationUnits", unit).unwrap().contains_key("closedDate"))
            };
            let mut written = 0;
            for ((set, unit), rows) in rows.iter().step_by(5).filter(|((_, unit), _)| !closed(unit)) {
                let body = serde_json::json!({"dataSet": set, "dataValues": rows}).to_string();
                let (status, answer) = send(&destination, "writer", "POST", "/api/dataValueSets", body.into_bytes());
                assert_eq!(status, 200, "{profile:?} {set} at {unit}: {answer}");
                assert_eq!(answer["response"]["importCount"]["ignored"], 0, "{answer}");
                written += rows.len();
            }
            assert!(written > 300, "only {written} rows");
        }
    }

    #[test]
    fn countries_of_any_size_have_both_sides() {
        let country = Country::haiti_at(9, crate::country::Scale { facilities: 70, months: 2 });
        let count = |instance: Instance| instance.with_state(|state| state.values.data.len());
        assert!(count(source_of(&country, Profile::V42)) > 1_000);
        // One of the two months has been typed there.
        assert!(count(destination_of(&country, Profile::V42)) > 500);
    }
}
