//! When a routine must not run at all: what would count a value twice, make more of it at every run, or cannot be told.

use std::collections::BTreeSet;

use super::{belongs, combine_of, periods, round_of, sees, sharing};
use crate::engine::worlds::calendar::{Cut, Home};
use crate::engine::worlds::case::{Case, El, Job, Source, Target, Unit};
use xfer_domain::item::Combine;

/// Why a routine may not run at all, and whether that is beyond doubt.
pub(super) fn refusal(case: &Case) -> Option<(&'static str, bool)> {
    if case.jobs.iter().any(|job| job.targets.is_empty()) {
        return Some(("a job without items", true));
    }
    if case.confirmed().next().is_none() {
        return Some(("no org unit is mapped", true));
    }
    if case.one_system && reads_itself(case) == Loops::Own {
        return Some(("an item reads what it writes", true));
    }
    let mut doubt = None;
    for job in &case.jobs {
        if twice(job) || family(case, job) {
            return Some(("one value would be counted twice", true));
        }
        if periods(case, job).written.is_empty() {
            return Some(("no period has a place", true));
        }
        match conflict(case, job) {
            Some((reason, true)) => return Some((reason, true)),
            Some(other) => doubt = Some(other),
            None => {}
        }
    }
    if let [first, second] = case.jobs.as_slice() {
        let written = |job: &Job| -> BTreeSet<(Cut, usize)> {
            periods(case, job).written.into_iter().map(|period| (job.to, period)).collect()
        };
        let shared = |one: &Target| second.targets.iter().any(|other| other.address == one.address);
        if first.targets.iter().any(shared) && !written(first).is_disjoint(&written(second)) {
            return Some(("two jobs write one cell", true));
        }
    }
    doubt
}

/// Whether an operator makes something else of a value that comes twice.
fn counts(operator: Combine) -> bool {
    matches!(operator, Combine::Sum | Combine::Average | Combine::Error)
}

/// Whether two items of one address read one source value.
fn twice(job: &Job) -> bool {
    let items: Vec<(&Target, &Source)> =
        job.targets.iter().flat_map(|target| target.sources.iter().map(move |source| (target, source))).collect();
    items.iter().enumerate().any(|(number, (target, one))| {
        items[number + 1..].iter().any(|(other_target, other)| {
            target.address == other_target.address
                && (counts(combine_of(job, target)) || counts(combine_of(job, other_target)))
                && one.element == other.element
                && (one.coc.is_none() || other.coc.is_none() || one.coc == other.coc)
                && (one.aoc.is_none() || other.aoc.is_none() || one.aoc == other.aoc)
        })
    })
}

/// Whether the figures of an org unit and of one below it, which they contain, come together in one cell.
fn family(case: &Case, job: &Job) -> bool {
    let contained = case.confirmed().any(|(from, to)| {
        case.confirmed().any(|(other, other_to)| other != from && other.is_in(from) && other_to == to)
    });
    let adds = |target: &Target| {
        matches!(combine_of(job, target), Combine::Sum | Combine::Average)
            && target.sources.iter().any(|source| source.element != El::Words)
    };
    job.analytics && contained && job.targets.iter().any(adds)
}

/// Whether items read what items write, where both servers are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loops {
    None,
    /// An item reads what it writes itself.
    Own,
    /// An item reads what another one writes.
    Others,
}

pub(super) fn reads_itself(case: &Case) -> Loops {
    let is_read = |unit: Unit| case.confirmed().any(|(from, _)| from == unit);
    if !case.confirmed().any(|(_, to)| is_read(to)) {
        return Loops::None;
    }
    let each_on_itself = case.confirmed().all(|(from, to)| from == to || !is_read(to));
    let items: Vec<(&Job, &Target, &Source)> = case
        .jobs
        .iter()
        .flat_map(|job| job.targets.iter().map(move |target| (job, target)))
        .flat_map(|(job, target)| target.sources.iter().map(move |source| (job, target, source)))
        .collect();
    let mut found = Loops::None;
    for (number, (job, own, from)) in items.iter().enumerate() {
        for (other_number, (writer, to, _)) in items.iter().enumerate() {
            if !belongs(from, to.address) || job.from != writer.to {
                continue;
            }
            if number != other_number {
                found = Loops::Others;
                continue;
            }
            // Putting a value back where it stands, as it is and alone, changes nothing.
            let to_address = job.targets.iter().filter(|other| other.address == own.address);
            let alone = to_address.map(|other| other.sources.len()).sum::<usize>() == 1;
            let exact = from.coc == Some(own.address.coc)
                || from.coc.is_none() && from.element.cocs().iter().all(|coc| *coc == own.address.coc);
            let exact_attribute = from.aoc == Some(own.address.aoc)
                || from.aoc.is_none() && from.element.aocs().iter().all(|aoc| *aoc == own.address.aoc);
            let as_it_is = from.factor.is_none() && own.share.is_none() && job.shift == 0;
            if !(each_on_itself && alone && exact && exact_attribute && as_it_is) {
                return Loops::Own;
            }
        }
    }
    found
}

/// Whether an address has rules that differ, or several values and no operator.
fn conflict(case: &Case, job: &Job) -> Option<(&'static str, bool)> {
    let mut doubt = None;
    let periods = periods(case, job);
    for target in &job.targets {
        let others: Vec<&Target> = job.targets.iter().filter(|other| other.address == target.address).collect();
        let rules = |target: &Target| (combine_of(job, target), round_of(case, job, target), target.cover);
        if others.iter().any(|other| rules(other) != rules(target)) {
            return Some(("the items of one address differ", true));
        }
        if target.share.is_some() {
            let makes = |target: &Target| (rules(target), target.sources[0].factor);
            if others.len() > 1 || sharing(job, target).iter().any(|other| makes(other) != makes(target)) {
                return Some(("shares that do not go together", true));
            }
        }
        if combine_of(job, target) != Combine::Error {
            continue;
        }
        let sources: Vec<&Source> = others.iter().flat_map(|target| &target.sources).collect();
        let several = |source: &&Source| {
            source.coc.is_none() && source.element.cocs().len() > 1
                || source.aoc.is_none() && source.element.aocs().len() > 1
        };
        let from = |period: usize| periods.goes_to.values().filter(|to| **to == Home::In(period)).count();
        let merges_periods = periods.written.iter().any(|period| from(*period) > 1);
        if sources.len() > 1 || sources.iter().any(several) || merges_periods {
            return Some(("several values and no operator", true));
        }
        for unit in Unit::ALL {
            let from: Vec<Unit> = case.confirmed().filter(|(_, to)| *to == unit).map(|(from, _)| from).collect();
            if from.len() > 1 && from.iter().all(|unit| sees(case, *unit)) {
                return Some(("several values and no operator", true));
            } else if from.len() > 1 {
                doubt = Some(("several values and no operator", false));
            }
        }
    }
    doubt
}
