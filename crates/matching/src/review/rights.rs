//! What the users may not read or write, said before it costs a run: servers leave what may not be read out of their
//! answers without a message, so that nothing can be told from an empty answer, and refuse what may not be written.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{SOURCE_PART_NOT_READABLE, of_runs};
use crate::review::words::{items, some};
use crate::review::{Finding, Party, Review};
use xfer_domain::access::{Reader, Unreadable};
use xfer_domain::finding::Code;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let of_job = |job| {
        let read = at_source(review, job).into_iter().chain(at_destination(review, job));
        read.chain(writing(review, job)).collect::<Vec<_>>()
    };
    review.jobs.iter().flat_map(of_job).collect()
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
                "{} at {}: values of {} are missing without a message, and cells that need them are held back",
                object.in_words(),
                review.source.name,
                items(&numbers)
            );
            Finding::new(&of_runs::SOURCE_NOT_READABLE, job, message).items(numbers).units(unit(&object))
        })
        .collect();
    findings.extend(left_out(review, job));
    let units = review.rows.iter().filter(|row| row.target().is_some());
    findings.extend(org_units(&review.source, job, units.map(|row| row.source), &of_runs::SOURCE_NOT_READABLE));
    findings
}

/// Option combos of the data elements that the job reads, which no item of it reads and which cannot be read: whether
/// they have values nobody knows, so that nobody can say that the job is whole.
fn left_out(review: &Review<'_>, job: &Job) -> Option<Finding> {
    let reader = reader(&review.source);
    // By data element: the attribute and the category option combos that are read; none for all of them.
    let mut read: BTreeMap<Uid, [BTreeSet<Option<Uid>>; 2]> = BTreeMap::new();
    for item in &job.items {
        if let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = &item.source {
            let [attributes, categories] = read.entry(*id).or_default();
            attributes.insert(*attribute_option_combo);
            categories.insert(*category_option_combo);
        }
    }
    let mut found: BTreeMap<Unreadable, BTreeSet<Uid>> = BTreeMap::new();
    for (element, [attributes, categories]) in &read {
        let mut look = |combos: BTreeSet<Uid>, read: &BTreeSet<Option<Uid>>| {
            for combo in combos.into_iter().filter(|combo| !read.contains(&None) && !read.contains(&Some(*combo))) {
                if let Some(object) = reader.combo(combo) {
                    found.entry(object).or_default().insert(*element);
                }
            }
        };
        look(reader.attribute_option_combos(*element), attributes);
        look(reader.category_option_combos(*element), categories);
    }
    let (first, elements) = found.iter().next()?;
    let more = match found.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more cannot"),
    };
    let elements: Vec<String> = elements.iter().map(|element| review.source.metadata.name_of(*element)).collect();
    let message = format!(
        "{} at {}{more}: no item reads what {} may have there",
        first.in_words(),
        review.source.name,
        some(&elements)
    );
    Some(Finding::new(&SOURCE_PART_NOT_READABLE, job, message))
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
                "{} at {}: the cells of {} cannot be compared or verified",
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

/// What the destination's user may not write: a run holds such cells back.
fn writing(review: &Review<'_>, job: &Job) -> Vec<Finding> {
    let Party { name: server, metadata, account, .. } = review.destination;
    if account.is_some_and(Account::is_superuser) {
        return Vec::new();
    }
    let mut refused: BTreeMap<(&'static str, Uid), Vec<usize>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        let address = item.destination;
        let combos = [address.category_option_combo, address.attribute_option_combo];
        let options = combos.into_iter().filter(|combo| *combo != Uid::DEFAULT_OPTION_COMBO);
        let options = options.filter_map(|combo| metadata.category_option_combos.get(&combo));
        let mut options =
            options.flat_map(|combo| &combo.category_options).filter_map(|id| metadata.category_options.get(id));
        if let Some(option) = options.find(|option| !option.access.write) {
            refused.entry(("category option", option.id)).or_default().push(number);
        }
        let sets = metadata.data_sets_of(address.data_element);
        let sets: Vec<_> = sets.filter(|set| set.period_type == job.destination_period_type).collect();
        // One that takes the values is enough.
        if let Some(first) = sets.first().filter(|_| sets.iter().all(|set| !set.access.write)) {
            refused.entry(("data set", first.id)).or_default().push(number);
        }
    }
    let told = |((kind, id), numbers): ((&'static str, Uid), Vec<usize>)| {
        let code = if kind == "data set" { &of_runs::DATA_SET_NO_WRITE } else { &of_runs::CATEGORY_OPTION_NO_WRITE };
        let is_hidden = metadata.category_options.get(&id).is_some_and(|option| option.is_hidden);
        let may_not = if is_hidden { "see" } else { "enter data for" };
        let message = format!(
            "the user at {server} may not {may_not} the {kind} {}: values of {} are held back",
            metadata.name_of(id),
            items(&numbers)
        );
        Finding::new(code, job, message).items(numbers)
    };
    refused.into_iter().map(told).collect()
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
    let message = format!("{} {lie} outside the org units that the user at {} may read", some(&names), party.name);
    Some(Finding::new(code, job, message).units(units))
}

fn unit(object: &Unreadable) -> Vec<Uid> {
    if object.kind == "organisation unit" { vec![object.id] } else { Vec::new() }
}
