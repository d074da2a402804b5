//! Values that go in a circle over several servers: one routine transfers them, another one transfers them back.
//!
//! No single run does anything wrong, and each of them changes what the next one reads: a factor or a sum grows with
//! every round, and a plain copy takes back what somebody corrected at the other end. Looked at are the routines of the
//! home whose jobs lead, over however many servers, from the destination back to the source. Which items follow each
//! other is the rule of `meeting`; circles within one system are those of `loops`.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding;
use crate::review::meeting::{self, Place, circles, reads};
use crate::review::words::{cell_name, source_name};
use crate::review::{Finding, Review, through_analytics};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::uid::Uid;

/// How many steps of a round are told.
const STEPS: usize = 4;

/// A job of another routine on the way back.
#[derive(Debug, Clone, Copy)]
pub struct Journey<'review> {
    /// The routine.
    pub routine: &'review str,
    /// The job.
    pub job: &'review Job,
    /// The routine's periods.
    pub window: &'review [String],
    /// The org unit map of its pair.
    pub rows: &'review [OrgUnitMapping],
    /// The systems that it reads and writes.
    pub systems: [&'review str; 2],
    /// The metadata of these.
    pub metadata: [&'review Metadata; 2],
}

/// A job as a step of a round.
struct Step<'review> {
    job: &'review Job,
    routine: Option<&'review str>,
    window: &'review [String],
    systems: [&'review str; 2],
    metadata: [&'review Metadata; 2],
    read: BTreeSet<Uid>,
    targets: BTreeSet<Uid>,
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    if review.one_system || review.journeys.is_empty() {
        return Vec::new();
    }
    let steps = steps(review);
    let edges = edges(review, &steps);
    let own = |place: &&Place| place.0 < review.jobs.len();
    let rounds = circles(&edges).into_iter().filter(|circle| circle.len() > 1);
    let over_several = |circle: &BTreeSet<Place>| {
        let systems: BTreeSet<&str> = circle.iter().filter_map(|place| Some(steps.get(place.0)?.systems[0])).collect();
        systems.len() > 1
    };
    let mut findings = Vec::new();
    for round in rounds.filter(over_several) {
        let mut by_job: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for place in round.iter().filter(own) {
            by_job.entry(place.0).or_default().push(place.1 + 1);
        }
        for (job, numbers) in by_job {
            findings.extend(told(&steps, &edges, &round, job, numbers));
        }
    }
    findings
}

fn steps<'review>(review: &Review<'review>) -> Vec<Step<'review>> {
    let units = |rows: &[OrgUnitMapping]| rows.iter().filter_map(|row| Some((row.source, row.target()?))).unzip();
    let own = review.jobs.iter().map(|job| {
        let (read, targets) = units(review.rows);
        let metadata = [review.source.metadata, review.destination.metadata];
        Step { job, routine: None, window: review.window, systems: review.systems, metadata, read, targets }
    });
    // A job that is in several routines is one and the same.
    let another = |journey: &&Journey<'_>| !review.jobs.iter().any(|job| job.name == journey.job.name);
    let others = review.journeys.iter().filter(another).map(|journey| {
        let Journey { routine, job, window, rows, systems, metadata } = *journey;
        let (read, targets) = units(rows);
        Step { job, routine: Some(routine), window, systems, metadata, read, targets }
    });
    own.chain(others).collect()
}

/// The item that writes → those that read what it writes.
fn edges(review: &Review<'_>, steps: &[Step<'_>]) -> BTreeMap<Place, BTreeSet<Place>> {
    let mut edges: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
    for (from, writer) in steps.iter().enumerate() {
        for (to, reader) in steps.iter().enumerate().filter(|(_, reader)| reader.systems[0] == writer.systems[1]) {
            for (number, item) in reader.job.items.iter().enumerate() {
                let aggregated = through_analytics(reader.job, &item.source);
                let is_read = |unit: &Uid| meeting::is_read(reader.metadata[0], &reader.read, *unit, aggregated);
                let (written, wanted) = ((writer.job, writer.window), (reader.job, reader.window));
                if !writer.targets.iter().any(is_read)
                    || !meeting::periods_meet(written, wanted, aggregated, review.today)
                {
                    continue;
                }
                for (position, other) in writer.job.items.iter().enumerate() {
                    if reads(reader.metadata[0], &item.source, other.destination) {
                        edges.entry((from, position)).or_default().insert((to, number));
                    }
                }
            }
        }
    }
    edges
}

/// The round as one of the jobs sees it, from its first item on.
fn told(
    steps: &[Step<'_>],
    edges: &BTreeMap<Place, BTreeSet<Place>>,
    round: &BTreeSet<Place>,
    job: usize,
    numbers: Vec<usize>,
) -> Option<Finding> {
    let first = round.iter().copied().find(|place| place.0 == job)?;
    let mut way = vec![first];
    while let Some(next) =
        edges.get(way.last()?).and_then(|next| next.iter().find(|place| round.contains(place) && !way.contains(place)))
    {
        way.push(*next);
        if edges.get(next).is_some_and(|next| next.contains(&first)) {
            break;
        }
    }
    let words = |place: &Place| {
        let step = steps.get(place.0)?;
        let item = step.job.items.get(place.1)?;
        let who =
            step.routine.map_or_else(|| step.job.name.clone(), |routine| format!("{routine} ({})", step.job.name));
        let from = source_name(step.metadata[0], &item.source);
        let to = cell_name(step.metadata[1], item.destination);
        Some(format!("{who} transfers {from} at {} to {to} at {}", step.job.source, step.job.destination))
    };
    let mut sentences: Vec<String> = way.iter().take(STEPS).filter_map(words).collect();
    if way.len() > STEPS {
        sentences.push(format!("{} more steps", way.len() - STEPS));
    }
    let message = format!("values go in a circle: {}, and start again from there", sentences.join(", then "));
    let of_place = |place: &Place| Some(steps.get(place.0)?.routine?.to_owned());
    let routines: BTreeSet<String> = round.iter().filter_map(of_place).collect();
    let found = Finding::new(&finding::VALUES_GO_ROUND, steps.get(job)?.job, message);
    Some(found.items(numbers).routines(routines.into_iter().collect()))
}
