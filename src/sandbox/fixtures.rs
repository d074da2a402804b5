//! The two shipped instances, ready to answer: a Tracker source and an aggregate destination.
//!
//! Their metadata is compiled in from `fixtures/source` and `fixtures/destination`, so that the program needs no file
//! beside itself; their figures are generated. What is generated once is kept for the process: tests and the demo make
//! many instances.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde_json::Value;

use crate::sandbox::country::{Country, Fact};
use crate::sandbox::instance::Instance;
use crate::sandbox::profile::Profile;
use crate::sandbox::values::{ValueKey, Values};

/// The source's metadata, DHIS2's export form.
pub const SOURCE_METADATA: &str = include_str!("../../fixtures/source/metadata.json");
/// The destination's metadata, DHIS2's export form.
pub const DESTINATION_METADATA: &str = include_str!("../../fixtures/destination/metadata.json");

/// The seed of the shipped country.
pub const SEED: u64 = 1;

/// What both shipped instances hold, made once.
struct Shipped {
    source_metadata: Value,
    destination_metadata: Value,
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
        let parse = |text: &str| serde_json::from_str(text).unwrap_or_default();
        Shipped {
            source_metadata: parse(SOURCE_METADATA),
            destination_metadata: parse(DESTINATION_METADATA),
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
    instance(profile, &shipped.source_metadata, shipped.source_values.clone())
}

/// The shipped destination with what it holds before the first transfer.
pub fn destination(profile: Profile) -> Instance {
    let shipped = shipped();
    instance(profile, &shipped.destination_metadata, shipped.destination_values.clone())
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
    instance(profile, &country.source_metadata(), country.source_values())
}

/// The destination of any country, with what it holds before the first transfer.
pub fn destination_of(country: &Country, profile: Profile) -> Instance {
    let expected = country.expected(&country.source_values());
    instance(profile, &country.destination_metadata(), country.destination_values(&expected))
}

fn instance(profile: Profile, metadata: &Value, values: Values) -> Instance {
    let instance = Instance::new(profile, metadata);
    instance.with_state(|state| state.values = values);
    instance
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_instances_hold_metadata_and_figures() {
        for instance in [source(Profile::V42), destination(Profile::V43)] {
            instance.with_state(|state| {
                assert!(state.world.list("organisationUnits").len() > 200);
                assert!(state.values.data.len() > 10_000);
            });
        }
        assert!(expected().len() > 20_000);
        assert!(facts().len() > 1_000);
    }
}
