//! The two shipped instances, ready to answer: a Tracker source and an aggregate destination.
//!
//! Their metadata is compiled in from `fixtures/source` and `fixtures/destination`, so that the program needs no file
//! beside itself; their figures are generated. What is generated once is kept for the process: tests and the demo make
//! many instances.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::sandbox::country::{Country, Fact};
use crate::sandbox::instance::Instance;
use crate::sandbox::profile::Profile;
use crate::sandbox::values::{ValueKey, Values};
use crate::sandbox::world::World;

/// The source's metadata, DHIS2's export form.
pub const SOURCE_METADATA: &str = include_str!("../../fixtures/source/metadata.json");
/// The destination's metadata, DHIS2's export form.
pub const DESTINATION_METADATA: &str = include_str!("../../fixtures/destination/metadata.json");

/// The seed of the shipped country.
pub const SEED: u64 = 1;

/// What both shipped instances hold, made once.
struct Shipped {
    source_world: World,
    destination_world: World,
    source_values: Values,
    destination_values: Values,
    expected: BTreeMap<ValueKey, String>,
    facts: Vec<Fact>,
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
        let expected = country.expected(&source_values);
        // A test compares the files with the generator, so both always parse.
        let load = |text: &str| World::load(&serde_json::from_str(text).unwrap_or_default());
        Shipped {
            source_world: load(SOURCE_METADATA),
            destination_world: load(DESTINATION_METADATA),
            destination_values: country.destination_values(&expected),
            source_values,
            expected,
            facts: country.facts(),
        }
    })
}

/// The shipped source with all its figures.
pub fn source(profile: Profile) -> Instance {
    let shipped = shipped();
    instance(profile, shipped.source_world.clone(), shipped.source_values.clone())
}

/// The shipped destination with what it holds before the first transfer.
pub fn destination(profile: Profile) -> Instance {
    let shipped = shipped();
    instance(profile, shipped.destination_world.clone(), shipped.destination_values.clone())
}

/// What the data element jobs of the shipped country must leave at the destination, before its own rules.
pub fn expected() -> &'static BTreeMap<ValueKey, String> {
    &shipped().expected
}

/// What the shipped source's program indicators count.
pub fn facts() -> &'static [Fact] {
    &shipped().facts
}

/// The source of any country.
pub fn source_of(country: &Country, profile: Profile) -> Instance {
    instance(profile, World::load(&country.source_metadata()), country.source_values())
}

/// The destination of any country, with what it holds before the first transfer.
pub fn destination_of(country: &Country, profile: Profile) -> Instance {
    let expected = country.expected(&country.source_values());
    let world = World::load(&country.destination_metadata());
    instance(profile, world, country.destination_values(&expected))
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
    use crate::sandbox::country::{PASSWORD, TrueKind};
    use crate::sandbox::exchange::Request;
    use crate::sandbox::world::text;

    /// What an instance answers to a user.
    fn get(instance: &Instance, user: &str, target: &str) -> (u16, Value) {
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{PASSWORD}"));
        let request = Request {
            method: "GET".into(),
            target: target.into(),
            headers: vec![("authorization".into(), format!("Basic {pair}"))],
            body: Vec::new(),
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

    #[test]
    fn countries_of_any_size_have_both_sides() {
        let country = Country::haiti_at(9, crate::sandbox::country::Scale { facilities: 70, months: 2 });
        let count = |instance: Instance| instance.with_state(|state| state.values.data.len());
        assert!(count(source_of(&country, Profile::V42)) > 1_000);
        // Two months are within those that nobody has typed yet.
        assert!(count(destination_of(&country, Profile::V42)) < 100);
    }
}
