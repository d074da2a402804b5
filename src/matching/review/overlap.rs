//! Values that would be counted twice: items that read the same source values and write them to one cell.
//!
//! What counts is whether two items overlap, not whether they are equal: an item that leaves its option combo open reads
//! what an item of the same data element reads that names one. Overlapping items that write different cells count
//! nothing twice: a total beside its parts.
//!
//! Whether an indicator reads the values of a data element of another item cannot be told for sure from its formula, and
//! is not guessed.

use std::collections::BTreeMap;

use crate::domain::cell::CellAddress;
use crate::domain::item::{Combine, Item, SourceItem};
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::uid::Uid;
use crate::matching::finding;
use crate::matching::review::words::{cell_name, source_name};
use crate::matching::review::{Finding, Review};

/// Whether there may be a value that both read.
pub fn overlap(one: &SourceItem, other: &SourceItem) -> bool {
    let meet = |one: Option<Uid>, other: Option<Uid>| one.is_none() || other.is_none() || one == other;
    match (*one, *other) {
        (
            SourceItem::DataElement { id, category_option_combo: coc, attribute_option_combo: aoc },
            SourceItem::DataElement {
                id: other_id,
                category_option_combo: other_coc,
                attribute_option_combo: other_aoc,
            },
        ) => id == other_id && meet(coc, other_coc) && meet(aoc, other_aoc),
        (one, other) => one == other,
    }
}

/// Items of a job that read the same values and write them to one cell, by number; the earlier one first.
fn pairs(job: &Job) -> Vec<(usize, usize)> {
    let mut cells: BTreeMap<(CellAddress, Uid), Vec<(usize, &Item)>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        cells.entry((item.destination, item.source.id())).or_default().push((number, item));
    }
    let mut pairs = Vec::new();
    for group in cells.values().filter(|group| group.len() > 1) {
        for (position, (number, item)) in group.iter().enumerate() {
            let earlier = group.iter().take(position).find(|(_, other)| overlap(&item.source, &other.source));
            pairs.extend(earlier.map(|(other, _)| (*other, *number)));
        }
    }
    pairs.sort_unstable_by_key(|(first, second)| (*second, *first));
    pairs
}

/// Whether an operator makes more, or something else, of a value that comes twice. The largest of two equal values is
/// that value; their sum is not. Where nothing is said, an operator is still to be chosen.
fn counts_twice(combine: Combine) -> bool {
    match combine {
        Combine::Sum | Combine::Average | Combine::Error => true,
        Combine::Min | Combine::Max | Combine::Last | Combine::First => false,
    }
}

fn told(source: &Metadata, destination: &Metadata, job: &Job, first: &Item, second: &Item) -> Option<String> {
    let combine = second.combine.unwrap_or(job.combine);
    // The first of two that disagree; a run refuses them anyway.
    if !counts_twice(combine) && !counts_twice(first.combine.unwrap_or(job.combine)) {
        return None;
    }
    let (one, other) = (source_name(source, &first.source), source_name(source, &second.source));
    let cell = cell_name(destination, second.destination);
    let what = if one == other {
        format!("both read {one}")
    } else if widest(&first.source) {
        format!("{one} with all its option combos contains {other}")
    } else if widest(&second.source) {
        format!("{other} with all its option combos contains {one}")
    } else {
        format!("{one} and {other} have values in common")
    };
    Some(format!("{what}, and {cell} would count them twice"))
}

fn widest(source: &SourceItem) -> bool {
    matches!(source, SourceItem::DataElement { category_option_combo: None, attribute_option_combo: None, .. })
}

/// What would be counted twice within a job, each with the later of the two items as the last of its numbers.
pub fn within(source: &Metadata, destination: &Metadata, job: &Job) -> Vec<Finding> {
    let item = |number: usize| number.checked_sub(1).and_then(|index| job.items.get(index));
    let finding = |(first, second): (usize, usize)| {
        let (one, other) = (item(first)?, item(second)?);
        let (code, message) = match told(source, destination, job, one, other) {
            Some(message) => (&finding::VALUE_COUNTED_TWICE, message),
            None => {
                let name = source_name(source, &other.source);
                let cell = cell_name(destination, other.destination);
                (&finding::VALUE_READ_TWICE, format!("values of {name} go to {cell} by two items"))
            }
        };
        let message = format!("items {first} and {second}: {message}");
        let hint = format!(
            "remove one of them (`xfer job remove-item {} {second}`), or name option combos that have nothing in common",
            quoted(&job.name)
        );
        Some(Finding::new(code, job, message).items(vec![first, second]).hint(hint))
    };
    pairs(job).into_iter().filter_map(finding).collect()
}

/// Why an item cannot join a job: it would count values twice that an item of the job carries to the same cell. Gives
/// what it is and what to do.
pub fn refusal(source: &Metadata, destination: &Metadata, job: &Job, new: &Item) -> Option<(String, String)> {
    let meets = |item: &&Item| item.destination == new.destination && overlap(&item.source, &new.source);
    let same = |item: &Item| item.source == new.source;
    let (number, other) = (1..).zip(&job.items).find(|(_, item)| meets(item) && !same(item))?;
    let message = told(source, destination, job, other, new)?;
    let hint = format!(
        "item {number} carries them already; leave this one out, or remove that one first (`xfer job remove-item {} {number}`)",
        quoted(&job.name)
    );
    Some((message, hint))
}

/// A name as a command line takes it.
pub(super) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.chars().all(plain) && !name.is_empty() {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let (source, destination) = (review.source.metadata, review.destination.metadata);
    review.jobs.iter().flat_map(|job| within(source, destination, job)).collect()
}
