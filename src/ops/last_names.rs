//! What objects were called when they were last seen: for the report of a run that does not find them any more.
//!
//! A server that does not show an object does not say its name either. The store noted it when the item was made, or
//! the row of the org unit map confirmed.

use std::collections::BTreeMap;

use crate::domain::pair::Pair;
use crate::domain::routine::RoutineDocument;
use crate::domain::run::Report;
use crate::ops::error::OpsError;
use crate::store::ConfigStore;

/// The names of what a routine's items and map point at, by id.
pub(super) fn of(config: &ConfigStore, document: &RoutineDocument) -> Result<BTreeMap<String, String>, OpsError> {
    let mut names = BTreeMap::new();
    let Some(first) = document.jobs.first() else { return Ok(names) };
    let pair = Pair { source: config.server(&first.source)?.id, destination: config.server(&first.destination)?.id };
    for (source, seen) in config.org_unit_fingerprints(pair)? {
        names.insert(source.to_string(), seen.source.name);
    }
    for job in &document.jobs {
        for (item, seen) in job.items.iter().zip(config.item_fingerprints(&job.name)?) {
            let Some(seen) = seen else { continue };
            names.insert(item.source.id().to_string(), seen.source.name().to_owned());
            names.insert(item.destination.data_element.to_string(), seen.destination.name);
        }
    }
    Ok(names)
}

/// Puts them where a report has an id in the place of a name.
pub(super) fn put(report: &mut Report, names: &BTreeMap<String, String>) {
    for finding in &mut report.findings {
        let Some(object) = finding.object.as_mut().filter(|object| object.name == object.id) else { continue };
        let Some(name) = names.get(&object.id) else { continue };
        if let Some(example) = &mut finding.example {
            *example = example.replace(&object.id, name);
        }
        object.name.clone_from(name);
    }
}
