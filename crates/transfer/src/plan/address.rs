//! Two contributions to one cell need an operator: every way in which that can happen is looked for here.
//!
//! The ways: two items of one address, source units that are merged, source periods in a coarser one, an item with an
//! open option combo, two jobs of a routine. What cannot be seen beforehand (a data element with more option combos
//! than its metadata says) is caught by `combine`, which holds the cell back.

use std::collections::{BTreeMap, BTreeSet};

use crate::hooks::ItemHooks;
use crate::plan::error::PlanError;
use crate::plan::hooked::HookedPeriods;
use crate::plan::item::PlannedItem;
use crate::plan::periods::JobPeriods;
use crate::plan::units::UnitMap;
use crate::plan::{PlanRequest, PlannedJob};
use xfer_domain::cell::CellAddress;
use xfer_domain::item::{Combine, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// Checks the items of one job.
pub(super) fn check_items(
    job: &Job,
    items: &[PlannedItem],
    hooks: &[ItemHooks],
    periods: &JobPeriods,
    hooked: &BTreeMap<usize, HookedPeriods>,
    units: &UnitMap,
    request: &PlanRequest<'_>,
) -> Result<(), PlanError> {
    let destination = request.destination_metadata;
    let mut by_address: BTreeMap<CellAddress, Vec<usize>> = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        by_address.entry(item.destination).or_default().push(position);
    }
    let rules = |item: &PlannedItem| (item.combine, item.round, item.coverage);
    for (address, positions) in &by_address {
        let items: Vec<&PlannedItem> = positions.iter().filter_map(|position| items.get(*position)).collect();
        let scripts: Vec<&ItemHooks> = positions.iter().filter_map(|position| hooks.get(*position)).collect();
        let (Some(first), Some(script)) = (items.first(), scripts.first()) else { continue };
        let named = || address_names(destination, *address);
        if items.iter().any(|item| rules(item) != rules(first)) {
            return Err(PlanError::OperatorsDiffer { job: job.name.clone(), address: named() });
        }
        if scripts.iter().any(|other| !other.same_values(script)) {
            return Err(PlanError::ScriptsDiffer { job: job.name.clone(), address: named() });
        }
        if first.combine != Combine::Error || script.combine.is_some() {
            continue;
        }
        let merges =
            positions.iter().any(|position| hooked.get(position).map_or(periods.merges, HookedPeriods::merges));
        if let Some(why) = why_several(&items, merges.then_some(periods), units, request) {
            return Err(PlanError::TwoContributions { job: job.name.clone(), address: named(), why });
        }
    }
    Ok(())
}

/// Where several contributions to one cell would come from; none if there can be only one.
fn why_several(
    items: &[&PlannedItem],
    merging: Option<&JobPeriods>,
    units: &UnitMap,
    request: &PlanRequest<'_>,
) -> Option<String> {
    let source = request.source_metadata;
    if let [first, second, ..] = items {
        return Some(format!("{} and {}", item_name(source, &first.source), item_name(source, &second.source)));
    }
    if let Some((target, merged)) = units.merged() {
        let names: Vec<String> = merged.iter().take(3).map(|unit| source.name_of(*unit)).collect();
        let target = request.destination_metadata.name_of(target);
        return Some(format!("the org units {} are all mapped to {target}", names.join(", ")));
    }
    if let Some(periods) = merging {
        let period = periods.write.first().map(ToString::to_string).unwrap_or_default();
        return Some(format!("several source periods lie in {period}"));
    }
    items.iter().find_map(|item| open_combo(source, &item.source))
}

/// Whether an item with an open option combo reads several of them.
fn open_combo(source: &Metadata, item: &SourceItem) -> Option<String> {
    let SourceItem::DataElement { id, category_option_combo, attribute_option_combo } = item else { return None };
    let sets: Vec<_> = source.data_sets_of(*id).collect();
    if category_option_combo.is_none() {
        let own = source.data_elements.get(id).map(|element| element.category_combo);
        let combos: BTreeSet<Uid> =
            sets.iter().filter_map(|set| source.effective_category_combo(set, *id)).chain(own).collect();
        if members(source, &combos) > 1 {
            return Some(format!("{} has several category option combos", source.name_of(*id)));
        }
    }
    if attribute_option_combo.is_none() {
        let combos: BTreeSet<Uid> = sets.iter().map(|set| set.category_combo).collect();
        if members(source, &combos) > 1 {
            return Some(format!("{} has several attribute option combos", source.name_of(*id)));
        }
    }
    None
}

fn members(source: &Metadata, combos: &BTreeSet<Uid>) -> usize {
    let all: BTreeSet<Uid> = combos
        .iter()
        .filter_map(|combo| source.category_combos.get(combo))
        .flat_map(|combo| combo.category_option_combos.iter().copied())
        .collect();
    all.len()
}

/// Checks that no two jobs write the same cells. Slices hold one job, so no operator could help.
pub(super) fn check_jobs(jobs: &[PlannedJob], destination: &Metadata) -> Result<(), PlanError> {
    for (number, first) in jobs.iter().enumerate() {
        let periods: BTreeSet<_> = first.periods.write.iter().collect();
        for second in jobs.iter().skip(number + 1) {
            let Some(period) = second.periods.write.iter().find(|period| periods.contains(period)) else { continue };
            if let Some(address) = second.addresses.keys().find(|address| first.addresses.contains_key(address)) {
                return Err(PlanError::TwoJobs {
                    first: first.name.clone(),
                    second: second.name.clone(),
                    address: address_names(destination, *address),
                    period: period.to_string(),
                });
            }
        }
    }
    Ok(())
}

/// A destination address as people read it; option combos named only where they are not the default.
pub fn address_names(destination: &Metadata, address: CellAddress) -> String {
    let mut text = destination.name_of(address.data_element);
    for combo in [address.category_option_combo, address.attribute_option_combo] {
        if combo != Uid::DEFAULT_OPTION_COMBO {
            text.push_str(" / ");
            text.push_str(&destination.name_of(combo));
        }
    }
    text
}

fn item_name(source: &Metadata, item: &SourceItem) -> String {
    match item {
        SourceItem::DataElement { id, category_option_combo: Some(combo), .. }
            if *combo != Uid::DEFAULT_OPTION_COMBO =>
        {
            format!("{} / {}", source.name_of(*id), source.name_of(*combo))
        }
        SourceItem::DataElement { .. }
        | SourceItem::Indicator { .. }
        | SourceItem::ProgramIndicator { .. }
        | SourceItem::ReportingRate { .. } => source.data_name(item.data()),
    }
}
