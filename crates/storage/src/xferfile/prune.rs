//! The part of a server's metadata that a run needs, for planning, mapping, preflight and reports.
//!
//! A national server has ten thousand data elements, of which a routine moves a hundred. Kept are the whole tree of org
//! units (slices are cut along it, and values of unmapped units are named), the routine's items, the data sets that
//! hold them, and everything that decides whether a value may be written there: their combos with all option combos
//! and options, and option sets. Membership in data sets is kept for the routine's elements only.

use std::collections::BTreeSet;

use xfer_domain::item::SourceItem;
use xfer_domain::metadata::{DataElement, DataSet, Metadata};
use xfer_domain::routine::RoutineDocument;
use xfer_domain::uid::Uid;

/// The objects that a routine names on one side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Data elements.
    pub data_elements: BTreeSet<Uid>,
    /// Indicators and program indicators.
    pub indicators: BTreeSet<Uid>,
    /// Data sets whose reports are counted.
    pub data_sets: BTreeSet<Uid>,
    /// Category and attribute option combos.
    pub option_combos: BTreeSet<Uid>,
}

/// What a routine names at the source.
pub fn named_at_source(document: &RoutineDocument) -> Named {
    let mut named = Named::default();
    for item in document.jobs.iter().flat_map(|job| &job.items) {
        match item.source {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                named.data_elements.insert(id);
                named.option_combos.extend(category_option_combo.into_iter().chain(attribute_option_combo));
            }
            SourceItem::Indicator { id } | SourceItem::ProgramIndicator { id } => {
                named.indicators.insert(id);
            }
            SourceItem::ReportingRate { data_set, .. } => {
                named.data_sets.insert(data_set);
            }
        }
    }
    named
}

/// What a routine names at the destination.
pub fn named_at_destination(document: &RoutineDocument) -> Named {
    let mut named = Named::default();
    for item in document.jobs.iter().flat_map(|job| &job.items) {
        named.data_elements.insert(item.destination.data_element);
        named.option_combos.extend([item.destination.category_option_combo, item.destination.attribute_option_combo]);
    }
    named
}

/// The part of the metadata that a run needs.
pub fn prune(metadata: &Metadata, named: &Named) -> Metadata {
    let data_elements: Vec<&DataElement> =
        metadata.data_elements.values().filter(|element| named.data_elements.contains(&element.id)).collect();
    let data_sets: Vec<DataSet> = metadata
        .data_sets
        .values()
        .filter_map(|data_set| {
            let mut kept = data_set.clone();
            kept.data_set_elements.retain(|member| named.data_elements.contains(&member.data_element));
            (!kept.data_set_elements.is_empty() || named.data_sets.contains(&kept.id)).then_some(kept)
        })
        .collect();
    let mut combos: BTreeSet<Uid> = [Uid::DEFAULT_CATEGORY_COMBO].into();
    combos.extend(data_elements.iter().map(|element| element.category_combo));
    combos.extend(data_sets.iter().map(|data_set| data_set.category_combo));
    combos.extend(data_sets.iter().flat_map(|data_set| &data_set.data_set_elements).filter_map(|m| m.category_combo));
    let option_combos = metadata.category_option_combos.values();
    combos.extend(
        option_combos.filter(|combo| named.option_combos.contains(&combo.id)).map(|combo| combo.category_combo),
    );
    let mut category_option_combos = metadata.category_option_combos.clone();
    category_option_combos.retain(|id, combo| {
        combos.contains(&combo.category_combo) || named.option_combos.contains(id) || *id == Uid::DEFAULT_OPTION_COMBO
    });
    let options: BTreeSet<Uid> =
        category_option_combos.values().flat_map(|combo| combo.category_options.iter().copied()).collect();
    let sets_of = data_elements.iter().flat_map(|element| [element.option_set, element.comment_option_set]);
    let option_sets: BTreeSet<Uid> = sets_of.flatten().collect();
    let mut pruned = Metadata {
        organisation_units: metadata.organisation_units.clone(),
        organisation_unit_levels: metadata.organisation_unit_levels.clone(),
        category_combos: metadata.category_combos.clone(),
        category_options: metadata.category_options.clone(),
        indicators: metadata.indicators.clone(),
        program_indicators: metadata.program_indicators.clone(),
        option_sets: metadata.option_sets.clone(),
        data_elements: data_elements.into_iter().map(|element| (element.id, element.clone())).collect(),
        data_sets: data_sets.into_iter().map(|data_set| (data_set.id, data_set)).collect(),
        category_option_combos,
        lost: metadata.lost.clone(),
        ..Metadata::default()
    };
    pruned.category_combos.retain(|id, _| combos.contains(id));
    pruned.category_options.retain(|id, _| options.contains(id));
    pruned.indicators.retain(|id, _| named.indicators.contains(id));
    pruned.program_indicators.retain(|id, _| named.indicators.contains(id));
    pruned.option_sets.retain(|id, _| option_sets.contains(id));
    pruned
}
