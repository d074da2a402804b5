//! Items that read what items write, where source and destination are one system.
//!
//! An item that reads the cell that it writes makes something else of it at every run: two facilities that are added up
//! into one of them grow without end. The same happens in a circle of items. Where one item reads what another writes,
//! without a circle, the outcome depends on what was done first. A circle may lead through other routines, too: each of
//! their runs takes it one step further.
//!
//! Which cells those are follows from the address, the org unit map and the periods. Raw values are read where they
//! stand; through analytics everything below an org unit and inside a period is read with it. An item that puts a value
//! back where it was, unchanged and alone, does no harm.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding;
use crate::review::meeting::{self, Place, circles, reads};
use crate::review::words::{cell_name, items, some, source_name};
use crate::review::{Finding, Review, through_analytics};
use xfer_domain::item::Item;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::reach::feedback;
use xfer_domain::uid::Uid;

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    if !review.one_system {
        return Vec::new();
    }
    let world = World::new(review);
    let edges = world.edges();
    // An item that puts each value back where it stands does no harm.
    let harmful: BTreeSet<Place> = world.feeding_back();
    let circles: Vec<BTreeSet<Place>> = circles(&edges)
        .into_iter()
        .filter(|circle| circle.len() > 1)
        .chain(harmful.iter().map(|place| BTreeSet::from([*place])))
        .collect();
    // What other routines do among themselves is told with them.
    let circles =
        without_contained(circles).into_iter().filter(|circle| circle.iter().any(|place| world.is_own(place)));
    let circles: Vec<BTreeSet<Place>> = circles.collect();
    let mut findings = Vec::new();
    for circle in &circles {
        findings.extend(world.circle(circle));
    }
    findings.extend(world.chains(&edges, &circles));
    findings
}

/// A job with the map and the periods that it works by.
struct Node<'review> {
    job: &'review Job,
    /// The routine; none where it is the one that is looked at.
    routine: Option<&'review str>,
    window: &'review [String],
    /// Source units that are mapped.
    read: BTreeSet<Uid>,
    /// Destination units.
    targets: BTreeSet<Uid>,
    /// Items that put each value back where it stands.
    still: BTreeSet<usize>,
}

impl<'review> Node<'review> {
    fn new(
        metadata: &Metadata,
        job: &'review Job,
        routine: Option<&'review str>,
        window: &'review [String],
        rows: &[OrgUnitMapping],
    ) -> Self {
        let mapped = || rows.iter().filter_map(|row| Some((row.source, row.target()?)));
        let (read, targets) = mapped().unzip();
        let on_itself = mapped().all(|(source, target)| source == target);
        let changing: BTreeSet<usize> = feedback(job, rows, metadata).into_iter().map(|found| found.item).collect();
        let still = |position: &usize, item: &Item| {
            on_itself && !changing.contains(position) && reads(metadata, &item.source, item.destination)
        };
        let still = job.items.iter().enumerate().filter(|(position, item)| still(position, item));
        let still = still.map(|(position, _)| position).collect();
        Self { job, routine, window, read, targets, still }
    }
}

/// What is looked up again and again.
struct World<'review> {
    review: &'review Review<'review>,
    nodes: Vec<Node<'review>>,
}

impl<'review> World<'review> {
    fn new(review: &'review Review<'review>) -> Self {
        let metadata = review.source.metadata;
        let own = review.jobs.iter().map(|job| Node::new(metadata, job, None, review.window, review.rows));
        // A job that is in several routines is one and the same.
        let another = |name: &str| !review.jobs.iter().any(|job| job.name == name);
        let others = review.others.iter().filter(|other| other.one_system && another(&other.job.name));
        let others = others.map(|other| Node::new(metadata, other.job, Some(other.routine), other.window, other.rows));
        Self { review, nodes: own.chain(others).collect() }
    }

    fn is_own(&self, place: &Place) -> bool {
        place.0 < self.review.jobs.len()
    }

    /// Items that read what they write themselves.
    fn feeding_back(&self) -> BTreeSet<Place> {
        let (jobs, rows) = (self.review.jobs, self.review.rows);
        let of_job = |(number, job): (usize, &Job)| {
            let found = feedback(job, rows, self.review.source.metadata);
            found.into_iter().map(move |found| (number, found.item)).collect::<Vec<_>>()
        };
        jobs.iter().enumerate().flat_map(of_job).collect()
    }

    /// Which item is read by which: the one that writes → those that read it.
    fn edges(&self) -> BTreeMap<Place, BTreeSet<Place>> {
        let mut edges: BTreeMap<Place, BTreeSet<Place>> = BTreeMap::new();
        for (from, writer) in self.nodes.iter().enumerate() {
            for (to, reader) in self.nodes.iter().enumerate() {
                for (number, item) in reader.job.items.iter().enumerate() {
                    let through_analytics = through_analytics(reader.job, &item.source);
                    let units_meet = writer.targets.iter().any(|unit| self.is_read(reader, *unit, through_analytics));
                    if !units_meet || !self.periods_meet(writer, reader, through_analytics) {
                        continue;
                    }
                    for (position, other) in writer.job.items.iter().enumerate() {
                        // What an item does to itself is looked at by itself. Routines that put a value back where it
                        // stands change nothing for each other.
                        let itself = (from, position) == (to, number);
                        let abroad = writer.routine.is_some() || reader.routine.is_some();
                        let still = abroad && writer.still.contains(&position);
                        if !itself && !still && reads(self.review.source.metadata, &item.source, other.destination) {
                            edges.entry((from, position)).or_default().insert((to, number));
                        }
                    }
                }
            }
        }
        edges
    }

    fn is_read(&self, reader: &Node<'_>, unit: Uid, through_analytics: bool) -> bool {
        meeting::is_read(self.review.source.metadata, &reader.read, unit, through_analytics)
    }

    fn periods_meet(&self, from: &Node<'_>, to: &Node<'_>, through_analytics: bool) -> bool {
        meeting::periods_meet((from.job, from.window), (to.job, to.window), through_analytics, self.review.today)
    }

    fn item(&self, place: Place) -> Option<(&'review Job, &'review Item)> {
        let job = self.nodes.get(place.0)?.job;
        Some((job, job.items.get(place.1)?))
    }

    /// What is wrong with a circle of items; nothing with one that puts values back where they were.
    fn circle(&self, circle: &BTreeSet<Place>) -> Option<Finding> {
        let first = *circle.first()?;
        let (job, _) = self.item(first)?;
        let (source, destination) = (self.review.source.metadata, self.review.destination.metadata);
        let name = |place: &Place| {
            let (of, item) = self.item(*place)?;
            let cell = cell_name(destination, item.destination);
            let own = format!("{} goes to {cell} (item {}", source_name(source, &item.source), place.1 + 1);
            let of_routine = self.nodes.get(place.0)?.routine;
            let in_routine = of_routine.map(|routine| format!(" in routine {routine}")).unwrap_or_default();
            Some(if of.name == job.name { format!("{own})") } else { format!("{own} of {}{in_routine})", of.name) })
        };
        let names: Vec<String> = circle.iter().filter_map(name).collect();
        let what = if circle.len() == 1 { "it reads what it wrote" } else { "they read what they wrote" };
        let server = self.review.destination.name;
        let message =
            format!("{}: on one system ({server}) {what}, so every run changes the values again", some(&names));
        let of_job = circle.iter().filter(|place| place.0 == first.0).map(|place| place.1 + 1).collect();
        let of_place = |place: &Place| Some(self.nodes.get(place.0)?.routine?.to_owned());
        let routines: BTreeSet<String> = circle.iter().filter_map(of_place).collect();
        let found = Finding::new(&finding::READS_WHAT_IT_WRITES, job, message).items(of_job);
        Some(found.units(self.shared_units(circle)).routines(routines.into_iter().collect()))
    }

    /// The units that are read and written, the first of them.
    fn shared_units(&self, circle: &BTreeSet<Place>) -> Vec<Uid> {
        const LISTED: usize = 100;
        let nodes: Vec<&Node<'_>> = circle.iter().filter_map(|place| self.nodes.get(place.0)).collect();
        let targets: BTreeSet<Uid> = nodes.iter().flat_map(|node| &node.targets).copied().collect();
        let is_read = |unit: &Uid| nodes.iter().any(|node| self.is_read(node, *unit, true));
        targets.into_iter().filter(is_read).take(LISTED).collect()
    }

    /// One finding for each job that reads what is written without a circle.
    fn chains(&self, edges: &BTreeMap<Place, BTreeSet<Place>>, circles: &[BTreeSet<Place>]) -> Vec<Finding> {
        let together =
            |one: &Place, other: &Place| circles.iter().any(|circle| circle.contains(one) && circle.contains(other));
        let mut by_job: BTreeMap<usize, (Vec<usize>, Vec<String>)> = BTreeMap::new();
        for (writer, readers) in edges {
            // Which routine comes first is for people to say.
            let own = |reader: &&Place| self.is_own(reader) && self.is_own(writer);
            for reader in readers.iter().filter(own).filter(|reader| !together(writer, reader)) {
                let (Some((from, written)), Some((_, _))) = (self.item(*writer), self.item(*reader)) else { continue };
                let (numbers, names) = by_job.entry(reader.0).or_default();
                let cell = cell_name(self.review.destination.metadata, written.destination);
                let by = if writer.0 == reader.0 { String::new() } else { format!(" of {}", from.name) };
                numbers.push(reader.1 + 1);
                names.push(format!("item {} reads {cell}, which item {}{by} writes", reader.1 + 1, writer.1 + 1));
            }
        }
        let finding = |(job, (mut numbers, names)): (usize, (Vec<usize>, Vec<String>))| {
            let job = self.review.jobs.get(job)?;
            numbers.sort_unstable();
            numbers.dedup();
            let message =
                format!("{}: whether {} the old or the new value depends on which is done first", some(&names), {
                    let read = if numbers.len() == 1 { "reads" } else { "read" };
                    format!("{} {read}", items(&numbers))
                });
            Some(Finding::new(&finding::READS_WHAT_ANOTHER_WRITES, job, message).items(numbers))
        };
        by_job.into_iter().filter_map(finding).collect()
    }
}

/// Circles that are part of no other one.
fn without_contained(circles: Vec<BTreeSet<Place>>) -> Vec<BTreeSet<Place>> {
    let all = circles.clone();
    circles.into_iter().filter(|one| !all.iter().any(|other| other != one && one.is_subset(other))).collect()
}
