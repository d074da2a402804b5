//! Matching of data items: which data element, and which of its category option combos, a source item goes to.
//!
//! A data element is found by id, code or name, an indicator or program indicator also by what DHIS2's own exports
//! would call it (`aggregateExportDataElement` …) or by a person's pattern. Then each category option combo, and each
//! attribute option combo, is found by what its options mean, in whatever order.

mod age_group;
mod attributes;
pub mod category_option;
mod combos;
mod elements;
mod options;
pub mod pattern;

pub use combos::clash as combo_clash;
pub use options::{OptionClash, clashing_options};

use std::collections::BTreeMap;

use crate::item_match::attributes::{AttributePair, AttributePairs, attribute_pairs};
use crate::item_match::combos::{ComboMatch, counterpart, no_counterpart};
use crate::item_match::elements::{ElementMatch, Elements};
use crate::item_match::pattern::Pattern;
use crate::items::category_combos_of;
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::period::PeriodType;
use xfer_domain::uid::Uid;

/// The combo among `candidates` whose options mean the same, and how sure that is.
pub fn same_combo(
    source: &Metadata,
    combo: Uid,
    destination: &Metadata,
    candidates: &[Uid],
) -> Option<(Uid, MatchClass)> {
    counterpart(source, combo, destination, candidates).map(|found| (found.combo, found.class))
}

/// What the matcher is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemRules {
    /// A person's pattern, which goes before everything else.
    pub pattern: Option<Pattern>,
    /// The period type that the job writes: data elements that are collected so come first.
    pub period_type: PeriodType,
}

/// An item that the matcher found.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemProposal {
    /// The item.
    pub item: Item,
    /// How much speaks for it, from 0 to 1.
    pub score: f64,
    /// What the matcher makes of the evidence.
    pub class: MatchClass,
    /// The evidence in words.
    pub explanation: String,
}

/// What the matcher found, and what it did not.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemMatching {
    /// Items, in the order of the selection.
    pub proposals: Vec<ItemProposal>,
    /// What has no counterpart, with the reason.
    pub unmatched: Vec<(SourceItem, String)>,
}

/// Finds a destination for each selected object.
pub fn propose_items(
    source: &Metadata,
    destination: &Metadata,
    selection: &[DataItem],
    rules: &ItemRules,
) -> ItemMatching {
    let elements = Elements::new(source, destination, rules);
    let mut matching = ItemMatching::default();
    for selected in selection {
        let open = SourceItem::all_of(*selected);
        match elements.best(*selected) {
            Ok(found) => {
                for found in found {
                    add(source, destination, *selected, &found, &mut matching);
                }
            }
            Err(reason) => matching.unmatched.push((open, reason)),
        }
    }
    ask_about_shared_cells(source, &mut matching.proposals);
    matching
}

/// Adds the items of one source object that goes to one data element.
fn add(
    source: &Metadata,
    destination: &Metadata,
    selected: DataItem,
    found: &ElementMatch,
    matching: &mut ItemMatching,
) {
    let target = found.data_element;
    match attribute_pairs(source, destination, selected, target, found.attribute_option_combo) {
        Ok(AttributePairs { pairs, unmatched }) => {
            for pair in pairs {
                add_split(source, destination, selected, found, &pair, matching);
            }
            matching.unmatched.extend(unmatched);
        }
        Err(reason) => matching.unmatched.push((SourceItem::all_of(selected), reason)),
    }
}

/// Adds the items of one attribute option combo: one for each category option combo.
fn add_split(
    source: &Metadata,
    destination: &Metadata,
    selected: DataItem,
    found: &ElementMatch,
    attribute: &AttributePair,
    matching: &mut ItemMatching,
) {
    let target = found.data_element;
    let mut propose = |item: SourceItem, combo: Uid, combine: Option<Combine>, class: MatchClass, words: &[String]| {
        let mut explanation = found.reasons.clone();
        explanation.extend(words.iter().chain(&attribute.words).cloned());
        let mut explanation = explanation.join(", ");
        if !found.doubts.is_empty() {
            explanation.push_str(if explanation.is_empty() { "" } else { "; but " });
            explanation.push_str(&found.doubts.join(", "));
        }
        let address = CellAddress {
            data_element: target,
            category_option_combo: combo,
            attribute_option_combo: attribute.target,
        };
        matching.proposals.push(ItemProposal {
            item: Item { combine: combine.or(attribute.combine), ..Item::new(item, address) },
            score: found.score,
            class: class.max(found.class).max(attribute.class),
            explanation,
        });
    };
    let target_combos = combos_of(destination, target);
    let DataItem::DataElement(id) = selected else {
        let combo = found.category_option_combo.or_else(|| only(&target_combos));
        match combo {
            Some(combo) => propose(SourceItem::all_of(selected), combo, None, MatchClass::Sure, &[]),
            None => matching.unmatched.push((SourceItem::all_of(selected), split_over_there(destination, target))),
        }
        return;
    };
    let source_combos = combos_of(source, id);
    let item = |category_option_combo| SourceItem::DataElement {
        id,
        category_option_combo,
        attribute_option_combo: attribute.source,
    };
    match (source_combos.as_slice(), target_combos.as_slice()) {
        // The only combo of either side: where they do not mean the same, a person has to say that it is right.
        ([combo], [target_combo]) => {
            if let Some(ComboMatch { class, .. }) = counterpart(source, *combo, destination, &target_combos) {
                propose(item(Some(*combo)), *target_combo, None, class, &[]);
            } else {
                let words = [format!("{} as {}", source.name_of(*combo), destination.name_of(*target_combo))];
                propose(item(Some(*combo)), *target_combo, None, MatchClass::Ask, &words);
            }
        }
        ([_, _, ..], [total]) => {
            let words = [format!("the {} option combos are added up to one total", source_combos.len())];
            propose(item(None), *total, Some(Combine::Sum), MatchClass::Ask, &words);
        }
        ([only], [_, _, ..]) => {
            matching.unmatched.push((item(Some(*only)), split_over_there(destination, target)));
        }
        _ => {
            let mut without = Vec::new();
            for combo in &source_combos {
                match counterpart(source, *combo, destination, &target_combos) {
                    Some(ComboMatch { combo: target_combo, class, words }) => {
                        propose(item(Some(*combo)), target_combo, None, class, &[words]);
                    }
                    None => without.push(*combo),
                }
            }
            let reason = |combo: &Uid| {
                let reason = no_counterpart(source, *combo, destination, &target_combos, || {
                    format!("{} has no match for {}", destination.name_of(target), source.name_of(*combo))
                });
                (item(Some(*combo)), reason)
            };
            matching.unmatched.extend(without.iter().map(reason));
        }
    }
}

fn split_over_there(destination: &Metadata, target: Uid) -> String {
    format!(
        "{} is divided into option combos at the destination, and it is not clear which one to use",
        destination.name_of(target)
    )
}

/// The category option combos that values of a data element can stand under, by name.
fn combos_of(metadata: &Metadata, data_element: Uid) -> Vec<Uid> {
    // A data set's override goes before the data element's own combo, which nobody can enter then.
    let overriding: Vec<Uid> = metadata
        .data_sets_of(data_element)
        .filter_map(|data_set| metadata.effective_category_combo(data_set, data_element))
        .collect();
    let category_combos = if overriding.is_empty() { category_combos_of(metadata, data_element) } else { overriding };
    let mut combos: Vec<(&str, Uid)> = metadata
        .category_option_combos
        .values()
        .filter(|combo| category_combos.contains(&combo.category_combo))
        .map(|combo| (combo.name.as_str(), combo.id))
        .collect();
    combos.sort_unstable();
    combos.into_iter().map(|(_, id)| id).collect()
}

fn only(ids: &[Uid]) -> Option<Uid> {
    if let [only] = ids { Some(*only) } else { None }
}

/// Two source items for one cell are asked about: one of them is wrong, or they have to be combined.
fn ask_about_shared_cells(source: &Metadata, proposals: &mut [ItemProposal]) {
    let mut by_cell: BTreeMap<CellAddress, Vec<usize>> = BTreeMap::new();
    for (index, proposal) in proposals.iter().enumerate() {
        by_cell.entry(proposal.item.destination).or_default().push(index);
    }
    for indexes in by_cell.values().filter(|indexes| indexes.len() > 1) {
        let best = indexes.iter().copied().max_by(|a, b| proposals[*a].score.total_cmp(&proposals[*b].score));
        let names: Vec<String> =
            indexes.iter().map(|index| source.data_name(proposals[*index].item.source.data())).collect();
        let clear = best.is_some_and(|best| {
            indexes.iter().all(|index| *index == best || proposals[*index].score + CLEAR <= proposals[best].score)
        });
        for (position, index) in indexes.iter().enumerate() {
            if clear && Some(*index) == best {
                continue;
            }
            let others: Vec<&str> = names
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != position)
                .map(|(_, name)| name.as_str())
                .collect();
            let proposal = &mut proposals[*index];
            proposal.class = MatchClass::Ask;
            proposal.explanation =
                format!("{}; but {} would go to the same cell", proposal.explanation, others.join(" and "));
        }
    }
}

/// A score so much higher leaves no doubt.
const CLEAR: f64 = 0.2;

#[cfg(test)]
mod tests;
