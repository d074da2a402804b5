//! Items that divide one source value into shares: they need the same rules.

use crate::plan::address::address_names;
use crate::plan::error::PlanError;
use crate::plan::item::PlannedItem;
use xfer_domain::cell::CellAddress;
use xfer_domain::item::SourceItem;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Signed;

/// The items that a source is shared out to, by position in the job.
#[derive(Debug, Clone, PartialEq)]
pub struct ShareGroup {
    /// Its items, in the job's order. The first stands for all until the number is cut.
    pub members: Vec<usize>,
    /// Their weights.
    pub weights: Vec<BigDecimal>,
}

/// The groups of a job, by the position of their first item.
pub(super) fn groups(
    job: &Job,
    items: &[PlannedItem],
    destination: &Metadata,
) -> Result<BTreeMap<usize, ShareGroup>, PlanError> {
    let mut by_source: BTreeMap<SourceItem, ShareGroup> = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        let Some(weight) = &item.share else { continue };
        if !weight.is_positive() {
            let address = address_names(destination, item.destination);
            return Err(PlanError::ShareWithoutWeight { job: job.name.clone(), address });
        }
        let group =
            by_source.entry(item.source).or_insert_with(|| ShareGroup { members: Vec::new(), weights: Vec::new() });
        group.members.push(position);
        group.weights.push(weight.clone());
    }
    for group in by_source.values() {
        check(job, items, group, destination)?;
    }
    Ok(by_source.into_values().filter_map(|group| Some((*group.members.first()?, group))).collect())
}

fn check(job: &Job, items: &[PlannedItem], group: &ShareGroup, destination: &Metadata) -> Result<(), PlanError> {
    let members: Vec<&PlannedItem> = group.members.iter().filter_map(|position| items.get(*position)).collect();
    let named = |address: CellAddress| address_names(destination, address);
    for member in &members {
        let others = items.iter().filter(|item| item.destination == member.destination).count();
        if others > 1 {
            return Err(PlanError::ShareNotAlone { job: job.name.clone(), address: named(member.destination) });
        }
    }
    let rules = |item: &PlannedItem| (item.combine, item.factor.clone(), item.round, item.coverage);
    if let Some([first, other]) =
        members.windows(2).find(|pair| matches!(pair, [first, other] if rules(first) != rules(other)))
    {
        return Err(PlanError::SharesDiffer {
            job: job.name.clone(),
            first: named(first.destination),
            second: named(other.destination),
        });
    }
    Ok(())
}
