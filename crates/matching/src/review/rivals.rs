//! Several jobs that write one cell: two of one routine, which a run refuses, and those of two routines, of which each
//! run puts its own value over that of the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding;
use crate::review::words::{cell_name, some};
use crate::review::{Finding, Review, periods};
use xfer_domain::cell::CellAddress;
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::uid::Uid;

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let mut findings = of_one_routine(review);
    findings.extend(of_other_routines(review));
    findings
}

fn of_one_routine(review: &Review<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, second) in review.jobs.iter().enumerate() {
        for first in review.jobs.iter().take(position) {
            let shared = shared(first, second);
            if shared.is_empty() || !periods::meet((first, review.window), (second, review.window), review.today) {
                continue;
            }
            let message = format!(
                "{} and {} of this routine both write {}",
                first.name,
                second.name,
                cells(review.destination.metadata, &shared)
            );
            findings.push(Finding::new(&finding::JOBS_SHARE_CELL, second, message).items(numbers(second, &shared)));
        }
    }
    findings
}

fn of_other_routines(review: &Review<'_>) -> Vec<Finding> {
    let targets = targets(review.rows);
    let mut findings = Vec::new();
    for job in review.jobs {
        // Several jobs of one routine are told together.
        let mut by_routine: BTreeMap<&str, (BTreeSet<CellAddress>, BTreeSet<Uid>)> = BTreeMap::new();
        for other in review.others {
            let mut shared = shared(job, other.job);
            shared.retain(|address| !same_value(job, other.job, *address) || other.rows != review.rows);
            if shared.is_empty() || !periods::meet((job, review.window), (other.job, other.window), review.today) {
                continue;
            }
            let units: BTreeSet<Uid> = self::targets(other.rows).intersection(&targets).copied().collect();
            if !units.is_empty() {
                let (cells, places) = by_routine.entry(other.routine).or_default();
                cells.extend(shared);
                places.extend(units);
            }
        }
        for (routine, (shared, units)) in by_routine {
            let Some(unit) = units.first() else { continue };
            let message = format!(
                "{routine} also writes {}, at {} for example: the last run wins",
                cells(review.destination.metadata, &shared),
                review.destination.metadata.name_of(*unit)
            );
            let found = Finding::new(&finding::ROUTINES_SHARE_CELL, job, message).items(numbers(job, &shared));
            findings.push(found.units(units.into_iter().collect()).routines(vec![routine.to_owned()]));
        }
    }
    findings
}

fn targets(rows: &[OrgUnitMapping]) -> BTreeSet<Uid> {
    rows.iter().filter_map(OrgUnitMapping::target).collect()
}

/// The addresses that both write.
fn shared(one: &Job, other: &Job) -> BTreeSet<CellAddress> {
    let of = |job: &Job| job.items.iter().map(|item| item.destination).collect::<BTreeSet<_>>();
    of(one).intersection(&of(other)).copied().collect()
}

/// Whether both make the same value of the same for an address: a routine for the last month and one for the whole year
/// may well have the same job.
fn same_value(one: &Job, other: &Job, address: CellAddress) -> bool {
    let settings = |job: &Job| {
        let periods = (job.source_period_type, job.destination_period_type, job.period_shift);
        (job.source.clone(), periods, job.read, job.scripts.clone())
    };
    let own = |job: &Job| {
        let items = job.items.iter().filter(|item| item.destination == address);
        let mut made: Vec<_> = items.map(|item| made(job, item)).collect();
        made.sort_by_key(|made| format!("{made:?}"));
        made
    };
    settings(one) == settings(other) && own(one) == own(other)
}

/// An item as it works in its job.
fn made(job: &Job, item: &Item) -> (Item, Combine) {
    let combine = item.combine.unwrap_or(job.combine);
    let own = Item {
        combine: None,
        when_empty: None,
        note: None,
        round: item.round.or(job.round),
        coverage: item.coverage.or(job.coverage),
        ..item.clone()
    };
    (own, combine)
}

fn numbers(job: &Job, addresses: &BTreeSet<CellAddress>) -> Vec<usize> {
    let items = (1..).zip(&job.items).filter(|(_, item)| addresses.contains(&item.destination));
    items.map(|(number, _)| number).collect()
}

fn cells(destination: &Metadata, addresses: &BTreeSet<CellAddress>) -> String {
    // Two cells of one element may have the same name where only hidden parts differ.
    let names: BTreeSet<String> = addresses.iter().map(|address| cell_name(destination, *address)).collect();
    some(&names.into_iter().collect::<Vec<_>>())
}
