//! The trees of the sandbox's two countries, so that the matcher is also measured on names that people gave.

use serde_json::Value;
use xfer_domain::metadata::{Metadata, OrganisationUnit};
use xfer_domain::uid::Uid;

/// A country of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fixture {
    Source,
    Destination,
}

/// Reads a country's org units.
pub(crate) fn fixture(which: Fixture) -> Metadata {
    let text = match which {
        Fixture::Source => include_str!("../../../../fixtures/source/metadata.json"),
        Fixture::Destination => include_str!("../../../../fixtures/destination/metadata.json"),
    };
    let document: Value = serde_json::from_str(text).unwrap();
    let mut country = Metadata::default();
    let units: Vec<&Value> = document["organisationUnits"].as_array().unwrap().iter().collect();
    for unit in &units {
        let mut path = Vec::new();
        let mut at = Some(*unit);
        while let Some(unit) = at {
            path.insert(0, Uid::parse(unit["id"].as_str().unwrap()).unwrap());
            let parent = unit["parent"].as_str().or_else(|| unit["parent"]["id"].as_str());
            at = parent.and_then(|parent| units.iter().copied().find(|unit| unit["id"] == parent));
        }
        let id = *path.last().unwrap();
        country.organisation_units.insert(
            id,
            OrganisationUnit {
                id,
                code: unit["code"].as_str().map(str::to_owned),
                name: unit["name"].as_str().unwrap().to_owned(),
                short_name: None,
                path,
                opening_date: None,
                closed_date: None,
                attribute_values: Vec::new(),
            },
        );
    }
    country
}
