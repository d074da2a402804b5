//! Org units that are read through analytics together with one of their parents. There the figure of a district
//! contains those of its facilities: together in one cell they are counted twice, and beside each other the totals of
//! the destination count them twice. Raw values are those of the org unit itself, so that nothing of this concerns them.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding;
use crate::review::words::some;
use crate::review::{Finding, Review, through_analytics};
use xfer_domain::data_item::{DataItem, ReadBy};
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::Job;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::uid::Uid;

/// A mapped source unit, one above it that is mapped too, and where both go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Family {
    parent: Uid,
    child: Uid,
    parents_target: Uid,
    childs_target: Uid,
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let any = |job: &Job| job.items.iter().any(|item| through_analytics(job, &item.source));
    if !review.jobs.iter().any(any) {
        return Vec::new();
    }
    let targets: BTreeMap<Uid, Uid> =
        review.rows.iter().filter_map(|row: &OrgUnitMapping| Some((row.source, row.target()?))).collect();
    let (mut together, mut beside) = (Vec::new(), Vec::new());
    for (child, childs_target) in &targets {
        let above = mapped_above(review, &targets, *child).map(|(parent, parents_target)| Family {
            parent,
            child: *child,
            parents_target,
            childs_target: *childs_target,
        });
        let above: Vec<Family> = above.collect();
        together.extend(above.iter().copied().find(|family| family.parents_target == *childs_target));
        // Each is told with the nearest one above it: the others follow from that.
        beside.extend(above.into_iter().find(|family| is_below(review, family)));
    }
    let mut findings = Vec::new();
    for job in review.jobs {
        findings.extend(in_one_cell(review, job, &together));
        findings.extend(in_totals(review, job, &beside));
    }
    findings
}

/// The mapped units above one at the source, the nearest first, each with its destination.
fn mapped_above<'map>(
    review: &Review<'map>,
    targets: &'map BTreeMap<Uid, Uid>,
    child: Uid,
) -> impl Iterator<Item = (Uid, Uid)> + use<'map> {
    let unit = review.source.metadata.organisation_units.get(&child);
    let parents = unit.into_iter().flat_map(|unit| unit.path.iter().rev().skip(1));
    parents.filter_map(|id| Some((*id, *targets.get(id)?)))
}

/// Whether the lower one goes to a unit below that of the upper one.
fn is_below(review: &Review<'_>, family: &Family) -> bool {
    let unit = review.destination.metadata.organisation_units.get(&family.childs_target);
    family.childs_target != family.parents_target && unit.is_some_and(|unit| unit.is_within(family.parents_target))
}

/// Items of a job whose figures contain those of the units below, and which are combined in that way.
fn numbers(review: &Review<'_>, job: &Job, which: impl Fn(&Item, Combine) -> bool) -> Vec<usize> {
    let elements = &review.source.metadata.data_elements;
    let alone = |item: &Item| match item.source.data() {
        DataItem::DataElement(id) => elements.get(&id).is_some_and(|element| element.aggregation_type == "NONE"),
        DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => false,
    };
    let items = (1..).zip(&job.items).filter(|(_, item)| through_analytics(job, &item.source) && !alone(item));
    items.filter(|(_, item)| which(item, item.combine.unwrap_or(job.combine))).map(|(number, _)| number).collect()
}

fn in_one_cell(review: &Review<'_>, job: &Job, together: &[Family]) -> Option<Finding> {
    let items = numbers(review, job, |_, combine| matches!(combine, Combine::Sum | Combine::Average));
    if together.is_empty() || items.is_empty() {
        return None;
    }
    let source = review.source.metadata;
    let name = |family: &Family| {
        let target = review.destination.metadata.name_of(family.parents_target);
        format!("{} is below {}, and both go to {target}", source.name_of(family.child), source.name_of(family.parent))
    };
    let names: Vec<String> = together.iter().map(name).collect();
    let message = format!(
        "{}; read through analytics, the figure of the upper one contains that of the lower one, which would be counted twice",
        some(&names)
    );
    let raw = items.iter().all(|number| {
        let item = number.checked_sub(1).and_then(|index| job.items.get(index));
        item.is_some_and(|item| item.source.kind().facts().read == ReadBy::Job)
    });
    let found = Finding::new(&finding::PARENT_WITH_CHILDREN, job, message).items(items).units(units(together));
    // Indicators come from analytics whatever the job reads.
    let one_level = "Map only one of the two levels, and mark the other as ignored.";
    Some(if raw { found } else { found.hint(one_level.to_owned()) })
}

fn in_totals(review: &Review<'_>, job: &Job, beside: &[Family]) -> Option<Finding> {
    let adds_up = |item: &Item, _| {
        let element = review.destination.metadata.data_elements.get(&item.destination.data_element);
        element.is_some_and(|element| element.value_type.is_numeric() && element.aggregation_type != "NONE")
    };
    let items = numbers(review, job, adds_up);
    // A unit that collects nothing of the job gets no value: a run does not even ask for its figure.
    let destination = review.destination.metadata;
    let elements = items.iter().filter_map(|number| job.items.get(number.checked_sub(1)?));
    let sets = elements.flat_map(|item| destination.data_sets_of(item.destination.data_element));
    let collecting: BTreeSet<Uid> = sets.flat_map(|set| set.organisation_units.iter().copied()).collect();
    let both =
        |family: &&Family| collecting.contains(&family.parents_target) && collecting.contains(&family.childs_target);
    let beside: Vec<Family> = beside.iter().filter(both).copied().collect();
    if beside.is_empty() || items.is_empty() {
        return None;
    }
    let source = review.source.metadata;
    let name = |family: &Family| format!("{} contains {}", source.name_of(family.parent), source.name_of(family.child));
    let names: Vec<String> = beside.iter().map(name).collect();
    let message = format!(
        "{}; each has its own cell, but totals at the destination contain the lower figure twice",
        some(&names)
    );
    Some(Finding::new(&finding::PARENT_BESIDE_CHILDREN, job, message).items(items).units(units(&beside)))
}

fn units(families: &[Family]) -> Vec<Uid> {
    let mut units: Vec<Uid> = families.iter().flat_map(|family| [family.parent, family.child]).collect();
    units.sort_unstable();
    units.dedup();
    units
}
