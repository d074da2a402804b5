//! What the users may not read, said before it costs a run: servers leave such values out of their answers without a
//! word, so that nothing can be told from an empty answer.

use std::collections::BTreeMap;

use crate::domain::access::{Reader, Unreadable};
use crate::domain::finding::Code;
use crate::domain::job::Job;
use crate::domain::org_unit_map::OrgUnitMapping;
use crate::domain::uid::Uid;
use crate::matching::finding::of_runs;
use crate::matching::review::words::{items, some};
use crate::matching::review::{Finding, Party, Review};

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    review.jobs.iter().flat_map(|job| at_source(review, job).into_iter().chain(at_destination(review, job))).collect()
}

fn reader<'review>(party: &Party<'review>) -> Reader<'review> {
    Reader::new(party.metadata, party.account)
}

fn at_source(review: &Review<'_>, job: &Job) -> Vec<Finding> {
    let reader = reader(&review.source);
    let mut hidden: BTreeMap<Unreadable, Vec<usize>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        for object in reader.item(&item.source, job.read) {
            hidden.entry(object).or_default().push(number);
        }
    }
    let mut findings: Vec<Finding> = hidden
        .into_iter()
        .map(|(object, numbers)| {
            let message = format!(
                "{} at {}: values of {} are missing there without a word, and cells that need them are held back",
                object.in_words(),
                review.source.name,
                items(&numbers)
            );
            Finding::new(&of_runs::SOURCE_NOT_READABLE, job, message).items(numbers).units(unit(&object))
        })
        .collect();
    let units = review.rows.iter().filter(|row| row.target().is_some());
    findings.extend(org_units(&review.source, job, units.map(|row| row.source), &of_runs::SOURCE_NOT_READABLE));
    findings
}

fn at_destination(review: &Review<'_>, job: &Job) -> Vec<Finding> {
    let reader = reader(&review.destination);
    let mut hidden: BTreeMap<Unreadable, Vec<usize>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        if let Some(object) = reader.address(&item.destination) {
            hidden.entry(object).or_default().push(number);
        }
    }
    let mut findings: Vec<Finding> = hidden
        .into_iter()
        .map(|(object, numbers)| {
            let message = format!(
                "{} at {}: what stands in the cells of {} cannot be compared or proved",
                object.in_words(),
                review.destination.name,
                items(&numbers)
            );
            Finding::new(&of_runs::DESTINATION_NOT_READABLE, job, message).items(numbers)
        })
        .collect();
    let units = review.rows.iter().filter_map(OrgUnitMapping::target);
    findings.extend(org_units(&review.destination, job, units, &of_runs::DESTINATION_NOT_READABLE));
    findings
}

/// Mapped org units outside of what the user may read, all in one finding. Units that the metadata does not know are told
/// by the check of the map.
fn org_units(party: &Party<'_>, job: &Job, mapped: impl Iterator<Item = Uid>, code: &'static Code) -> Option<Finding> {
    let reader = reader(party);
    let known = mapped.filter(|unit| party.metadata.organisation_units.contains_key(unit));
    let mut units: Vec<Uid> = known.filter(|unit| reader.org_unit(*unit).is_some()).collect();
    units.sort_unstable();
    units.dedup();
    if units.is_empty() {
        return None;
    }
    let names: Vec<String> = units.iter().map(|unit| party.metadata.name_of(*unit)).collect();
    let lie = if units.len() == 1 { "lies" } else { "lie" };
    let message = format!("{} {lie} outside of the org units that the user at {} may read", some(&names), party.name);
    Some(Finding::new(code, job, message).units(units))
}

fn unit(object: &Unreadable) -> Vec<Uid> {
    if object.kind == "organisation unit" { vec![object.id] } else { Vec::new() }
}
