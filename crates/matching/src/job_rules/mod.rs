//! Findings about a job: problems of each item (`item_rules`), what items do to each other, what
//! the org unit map does to them, values that the destination would refuse, and what changed since they were made.

mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::{Refusals, RefusedValue, may_refuse};

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::drift::{Eyes, Side, item_drift};
use crate::finding;
use crate::item_match::{clashing_options, combo_clash};
use crate::item_rules::{ItemFinding, check_item};
use crate::review::words::source_name;
use xfer_domain::cell::CellAddress;
use xfer_domain::finding::Code;
use xfer_domain::fingerprint::{ElementFingerprint, ItemFingerprint, SourceFingerprint};
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::run::Severity;
use xfer_domain::script::Attachment;
use xfer_domain::uid::Uid;

/// Codes that are listed by name in a sentence; more are only counted.
const CODES_NAMED: usize = 5;

/// What is asked about a job.
#[derive(Debug, Clone, Copy)]
pub struct JobQuestion<'check> {
    /// The source's metadata.
    pub source: &'check Metadata,
    /// The destination's metadata.
    pub destination: &'check Metadata,
    /// The job.
    pub job: &'check Job,
    /// The org unit map of its pair.
    pub rows: &'check [OrgUnitMapping],
    /// What the items' objects looked like when they were made, in the order of the items.
    pub seen: &'check [Option<ItemFingerprint>],
    /// What the destination would refuse of the values that were read, by the item's number, counted from 1; an item
    /// that was not read for is not there.
    pub refusals: &'check BTreeMap<usize, Refusals>,
    /// The periods in which they were read, as a person wrote them.
    pub window: &'check str,
    /// Who looks at the source and at the destination: `xfer at national`.
    pub users: [&'check str; 2],
    /// The scripts of the routines that have the job.
    pub scripts: &'check [Attachment],
}

/// Everything that speaks against a job, by the item's number, counted from 1.
pub fn check_job(question: &JobQuestion<'_>) -> Vec<(usize, ItemFinding)> {
    let mut findings = Vec::new();
    let twins = twins(question);
    let shared = shared_cells(question);
    let mut collecting = Collecting::new(question);
    for (item, number) in question.job.items.iter().zip(1..) {
        let drift = drift(question, item, number);
        let own = check_item(question.source, question.destination, question.job, question.scripts, item);
        let told = |code| drift.iter().any(|(known, side)| known.code == finding::ITEM_DELETED.word && side == &code);
        let (source_gone, destination_gone) = (told(Side::Source), told(Side::Destination));
        let mut of_item: Vec<ItemFinding> = own
            .into_iter()
            // Drift tells the same with the name that the object had.
            .filter(|own| !(source_gone && own.code == finding::SOURCE_ITEM_UNKNOWN.word))
            .filter(|own| !(destination_gone && own.code == finding::DESTINATION_ELEMENT_UNKNOWN.word))
            .collect();
        let missing = |finding: &ItemFinding| finding.severity == Severity::Error;
        let works = !of_item.iter().any(missing) && !source_gone && !destination_gone;
        of_item.extend(twins.get(&number).map(|words| of(&finding::ITEM_SOURCE_TWICE, words.clone())));
        of_item.extend(shared.get(&number).map(|words| of(&finding::ITEMS_SHARE_CELL, words.clone())));
        of_item.extend(category_clash(question, item));
        if works {
            of_item.extend(collecting.check(item));
        }
        of_item.extend(option_sets(question, item));
        of_item.extend(option_clash(question, item));
        if let Some(refusals) = question.refusals.get(&number) {
            refusal::tell(question, item, refusals, &mut of_item);
        }
        of_item.extend(drift.into_iter().map(|(finding, _)| finding));
        findings.extend(of_item.into_iter().map(|finding| (number, finding)));
    }
    findings
}

fn of(code: &Code, message: String) -> ItemFinding {
    ItemFinding { severity: code.severity, code: code.word, message, hint: code.remedy.to_owned() }
}

/// Items that read exactly what an earlier one reads and write it elsewhere. A total beside its parts is no twin.
fn twins(question: &JobQuestion<'_>) -> BTreeMap<usize, String> {
    let mut readers: HashMap<SourceItem, (usize, CellAddress)> = HashMap::new();
    let mut twins = BTreeMap::new();
    for (item, number) in question.job.items.iter().zip(1..) {
        let (first, other) = *readers.entry(item.source).or_insert((number, item.destination));
        if first != number && other != item.destination {
            let name = source_name(question.source, &item.source);
            let cell = |address| cell_name(question.destination, address);
            let (here, there) = (cell(item.destination), cell(other));
            twins.insert(number, format!("values of {name} go to {here} and, through item {first}, also to {there}"));
        }
    }
    twins
}

fn cell_name(metadata: &Metadata, address: CellAddress) -> String {
    let combos = [address.category_option_combo, address.attribute_option_combo];
    let named = combos.into_iter().filter(|combo| *combo != Uid::DEFAULT_OPTION_COMBO);
    let names = std::iter::once(address.data_element).chain(named).map(|id| metadata.name_of(id));
    names.collect::<Vec<_>>().join(" · ")
}

/// Items that write the same cell, of which one does not say how its contributions combine. Told at the first of them.
fn shared_cells(question: &JobQuestion<'_>) -> BTreeMap<usize, String> {
    let mut cells: BTreeMap<CellAddress, Vec<(usize, &Item)>> = BTreeMap::new();
    for (item, number) in question.job.items.iter().zip(1..) {
        cells.entry(item.destination).or_default().push((number, item));
    }
    let lacks = |item: &Item| item.combine.unwrap_or(question.job.combine) == Combine::Error;
    cells
        .into_iter()
        .filter(|(_, items)| items.len() > 1 && items.iter().any(|(_, item)| lacks(item)))
        .filter_map(|(address, items)| {
            let (first, _) = items.first()?;
            let numbers: Vec<String> = items.iter().map(|(number, _)| number.to_string()).collect();
            let names: Vec<String> =
                items.iter().map(|(_, item)| question.source.data_name(item.source.data())).collect();
            let cell = cell_name(question.destination, address);
            let words = format!("{} go to one cell, {cell} (items {})", names.join(" and "), numbers.join(", "));
            Some((*first, words))
        })
        .collect()
}

fn category_clash(question: &JobQuestion<'_>, item: &Item) -> Vec<ItemFinding> {
    let [coc, aoc] = item.source.combos();
    let address = item.destination;
    [(coc, address.category_option_combo), (aoc, address.attribute_option_combo)]
        .into_iter()
        .filter_map(|(from, to)| combo_clash(question.source, from?, question.destination, to))
        .map(|(from, to)| {
            let name = question.source.data_name(item.source.data());
            of(&finding::CATEGORY_CLASH, format!("{name}: {from} at the source goes to {to} at the destination"))
        })
        .collect()
}

/// Which data elements can be collected anywhere in the map, looked up once for each.
struct Collecting<'check> {
    question: JobQuestion<'check>,
    mapped: BTreeSet<Uid>,
    known: HashMap<Uid, bool>,
}

impl<'check> Collecting<'check> {
    fn new(question: &JobQuestion<'check>) -> Self {
        let mapped = question.rows.iter().filter_map(OrgUnitMapping::target).collect();
        Self { question: *question, mapped, known: HashMap::new() }
    }

    fn check(&mut self, item: &Item) -> Option<ItemFinding> {
        let element = item.destination.data_element;
        // Without a map there is nothing that could be assigned.
        if self.mapped.is_empty() {
            return None;
        }
        let (question, mapped) = (&self.question, &self.mapped);
        let collected = *self.known.entry(element).or_insert_with(|| {
            let right_type = question.job.destination_period_type;
            let mut sets = question.destination.data_sets_of(element).filter(|set| set.period_type == right_type);
            sets.any(|set| set.organisation_units.iter().any(|unit| mapped.contains(unit)))
        });
        let name = question.destination.name_of(element);
        (!collected).then(|| {
            let words = format!("none of the {} mapped org units is assigned to a data set with {name}", mapped.len());
            of(&finding::CELL_NOT_COLLECTED, words)
        })
    }
}

/// Options that the destination does not have.
fn option_sets(question: &JobQuestion<'_>, item: &Item) -> Option<ItemFinding> {
    let SourceItem::DataElement { id, .. } = item.source else { return None };
    let source = question.source.data_elements.get(&id)?;
    let target = question.destination.data_elements.get(&item.destination.data_element)?;
    let target_set = question.destination.option_sets.get(&target.option_set?)?;
    let taken: BTreeSet<&str> = target_set.options.iter().map(|option| option.code.as_str()).collect();
    let Some(source_set) = source.option_set.and_then(|set| question.source.option_sets.get(&set)) else {
        let words = format!(
            "{} accepts only the options of {}; {} may have any value",
            target.name, target_set.name, source.name
        );
        return Some(of(&finding::OPTION_SET_CLASH, words));
    };
    let missing: Vec<&str> =
        source_set.options.iter().map(|option| option.code.as_str()).filter(|code| !taken.contains(code)).collect();
    if missing.is_empty() {
        return None;
    }
    let named: Vec<String> = missing.iter().take(CODES_NAMED).map(|code| format!("`{code}`")).collect();
    let more = missing.len().saturating_sub(CODES_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let words = format!(
        "{} of {} lacks {}{more}, which {} may have",
        target_set.name,
        target.name,
        named.join(", "),
        source.name
    );
    Some(of(&finding::OPTION_SET_CLASH, words))
}

/// Codes that stand for something else over there, and often for the opposite.
fn option_clash(question: &JobQuestion<'_>, item: &Item) -> Option<ItemFinding> {
    let SourceItem::DataElement { id, .. } = item.source else { return None };
    let target = item.destination.data_element;
    let clashes = clashing_options(question.source, id, question.destination, target);
    if clashes.is_empty() {
        return None;
    }
    let named: Vec<String> = clashes
        .iter()
        .take(CODES_NAMED)
        .map(|clash| {
            format!("`{}` is {} at the source and {} at the destination", clash.code, clash.source, clash.destination)
        })
        .collect();
    let more = clashes.len().saturating_sub(CODES_NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let words = format!("{}: {}{more}", question.source.name_of(id), named.join("; "));
    Some(of(&finding::OPTION_CLASH, words))
}

/// What changed about an item since it was made, and at which side. Items without fingerprint say nothing.
fn drift(question: &JobQuestion<'_>, item: &Item, number: usize) -> Vec<(ItemFinding, Side)> {
    let Some(Some(seen)) = question.seen.get(number - 1) else { return Vec::new() };
    let address = item.destination;
    let combos = [address.category_option_combo, address.attribute_option_combo].map(Some);
    let source = SourceFingerprint::of(question.source, &item.source);
    let destination = ElementFingerprint::of(question.destination, address.data_element, combos[0], combos[1]);
    let eyes = (
        Eyes { metadata: question.source, user: question.users[0] },
        Eyes { metadata: question.destination, user: question.users[1] },
    );
    item_drift((&seen.source, &seen.destination), (source.as_ref(), destination.as_ref()), eyes)
        .into_iter()
        .map(|change| (of(change.code, change.message), change.side))
        .collect()
}
