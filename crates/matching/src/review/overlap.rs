//! Values that would be counted twice: items that read the same source values and write them to one cell.
//!
//! What counts is whether two items overlap, not whether they are equal: an item that leaves its option combo open reads
//! what an item of the same data element reads that names one. Overlapping items that write different cells count
//! nothing twice: a total beside its parts.
//!
//! Whether an indicator reads the values of a data element of another item cannot be told for sure from its formula, and
//! is not guessed.

use std::collections::BTreeMap;

use bigdecimal::num_bigint::Sign;

use crate::finding;
use crate::review::words::{cell_name, source_name};
use crate::review::{Finding, Review};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

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
    let mut cells: BTreeMap<(CellAddress, DataItem), Vec<(usize, &Item)>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        cells.entry((item.destination, item.source.data())).or_default().push((number, item));
    }
    let mut pairs = Vec::new();
    for group in cells.values().filter(|group| group.len() > 1) {
        for (position, (number, item)) in group.iter().enumerate() {
            let doubles = |other: &Item| overlap(&item.source, &other.source) && !subtracts(job, item, other);
            let earlier = group.iter().take(position).find(|(_, other)| doubles(other));
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

/// Whether one of two items takes away what the other one brings: a total without one of its parts.
fn subtracts(job: &Job, one: &Item, other: &Item) -> bool {
    let negative = |item: &Item| item.factor.as_ref().is_some_and(|factor| factor.sign() == Sign::Minus);
    // An average of a value and its opposite is no difference. Where nothing is said, an operator is still to be chosen.
    let adds = |item: &Item| matches!(item.combine.unwrap_or(job.combine), Combine::Sum | Combine::Error);
    adds(one) && adds(other) && negative(one) != negative(other)
}

fn told(source: &Metadata, destination: &Metadata, job: &Job, first: &Item, second: &Item) -> Option<String> {
    let combine = second.combine.unwrap_or(job.combine);
    // The first of two that disagree; a run refuses them anyway.
    if !counts_twice(combine) && !counts_twice(first.combine.unwrap_or(job.combine)) {
        return None;
    }
    let (one, other) = (source_name(source, &first.source), source_name(source, &second.source));
    let cell = cell_name(destination, second.destination);
    let what = if first.source == second.source {
        return Some(format!("{one} goes to {cell} twice, which would count its values twice"));
    } else if one == other {
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
        let (code, message) = if let Some(message) = told(source, destination, job, one, other) {
            (&finding::VALUE_COUNTED_TWICE, message)
        } else {
            let name = source_name(source, &other.source);
            let cell = cell_name(destination, other.destination);
            (&finding::VALUE_READ_TWICE, format!("values of {name} go to {cell} through two items"))
        };
        let message = format!("items {first} and {second}: {message}");
        let hint = format!(
            "remove one of them (`xfer job remove-item {} {second}`), or choose option combos that do not overlap",
            quoted(&job.name)
        );
        Some(Finding::new(code, job, message).items(vec![first, second]).hint(hint))
    };
    pairs(job).into_iter().filter_map(finding).collect()
}

/// Why an item cannot join a job: it would count values twice that an item of the job carries to the same cell. Gives
/// what it is and what to do. `instead_of` is the position of the item whose place it takes.
pub fn refusal(
    source: &Metadata,
    destination: &Metadata,
    job: &Job,
    new: &Item,
    instead_of: Option<usize>,
) -> Option<(String, String)> {
    let meets = |item: &Item| {
        item.destination == new.destination && overlap(&item.source, &new.source) && !subtracts(job, item, new)
    };
    let others = job.items.iter().enumerate().filter(|(position, _)| Some(*position) != instead_of);
    let (position, other) = others.into_iter().find(|(_, item)| meets(item))?;
    let number = position + 1;
    let message = told(source, destination, job, other, new)?;
    if other.source == new.source {
        let (name, cell) = (source_name(source, &new.source), cell_name(destination, new.destination));
        let message = format!("{} has this item already: item {number} maps {name} to {cell}", job.name);
        let hint = format!("change that one: xfer job edit-item {} {number}", quoted(&job.name));
        return Some((message, hint));
    }
    let hint = format!(
        "item {number} maps them already; leave this one out, or remove that one first (`xfer job remove-item {} \
         {number}`)",
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

#[cfg(test)]
mod tests {
    use super::{counts_twice, overlap};
    use xfer_domain::item::{Combine, SourceItem};
    use xfer_domain::uid::Uid;

    fn uid(text: &str) -> Uid {
        Uid::parse(&format!("{text:x<11}")).unwrap()
    }

    fn element(id: &str, coc: Option<&str>, aoc: Option<&str>) -> SourceItem {
        SourceItem::DataElement {
            id: uid(id),
            category_option_combo: coc.map(uid),
            attribute_option_combo: aoc.map(uid),
        }
    }

    #[test]
    fn open_combos_overlap_with_every_named_one_and_named_ones_with_themselves() {
        for (one, other, expected) in [
            (element("A", None, None), element("A", None, None), true),
            (element("A", None, None), element("A", Some("m"), None), true),
            (element("A", Some("m"), None), element("A", None, Some("p")), true),
            (element("A", Some("m"), Some("p")), element("A", None, Some("q")), false),
            (element("A", Some("m"), None), element("A", Some("f"), None), false),
            (element("A", Some("m"), Some("p")), element("A", Some("m"), Some("p")), true),
            (element("A", None, None), element("B", None, None), false),
            (element("A", None, None), SourceItem::Indicator { id: uid("A") }, false),
            (SourceItem::Indicator { id: uid("I") }, SourceItem::Indicator { id: uid("I") }, true),
            (SourceItem::ProgramIndicator { id: uid("I") }, SourceItem::Indicator { id: uid("I") }, false),
        ] {
            assert_eq!(overlap(&one, &other), expected, "{one:?} {other:?}");
            assert_eq!(overlap(&other, &one), expected, "the other way round");
        }
    }

    #[test]
    fn only_operators_that_make_more_of_a_value_count_it_twice() {
        let twice: Vec<Combine> = Combine::ALL.into_iter().filter(|combine| counts_twice(*combine)).collect();
        assert_eq!(twice, [Combine::Error, Combine::Sum, Combine::Average]);
    }
}
