//! Items that read what items write, where source and destination are one system.
//!
//! An item that reads the cell that it writes makes something else of it at every run: two facilities that are added up
//! into one of them grow without end. The same happens in a circle of items. Where one item reads what another writes,
//! without a circle, the outcome depends on what was done first.
//!
//! Which cells those are follows from the address, the org unit map and the periods. Raw values are read where they
//! stand; through analytics everything below an org unit and inside a period is read with it. An item that puts a value
//! back where it was, unchanged and alone, does no harm.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::domain::cell::CellAddress;
use crate::domain::item::{Item, SourceItem};
use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::reach::feedback;
use crate::domain::uid::Uid;
use crate::matching::finding;
use crate::matching::review::words::{cell_name, items, some, source_name};
use crate::matching::review::{Finding, Review, periods, through_analytics};

/// An item of a job by their positions.
type Place = (usize, usize);

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
    let circles = without_contained(circles);
    let mut findings = Vec::new();
    for circle in &circles {
        findings.extend(world.circle(circle));
    }
    findings.extend(world.chains(&edges, &circles));
    findings
}

/// What is looked up again and again.
struct World<'review> {
    review: &'review Review<'review>,
    /// Source units that are mapped.
    read: BTreeSet<Uid>,
    /// Destination units.
    targets: BTreeSet<Uid>,
}

impl<'review> World<'review> {
    fn new(review: &'review Review<'review>) -> Self {
        let mapped = review.rows.iter().filter_map(|row| Some((row.source, row.target()?)));
        let (read, targets) = mapped.unzip();
        Self { review, read, targets }
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
        let jobs = self.review.jobs;
        for (from, writer) in jobs.iter().enumerate() {
            for (to, reader) in jobs.iter().enumerate() {
                for (number, item) in reader.items.iter().enumerate() {
                    let through_analytics = through_analytics(reader, &item.source);
                    if !self.units_meet(through_analytics) || !self.periods_meet(writer, reader, through_analytics) {
                        continue;
                    }
                    for (position, other) in writer.items.iter().enumerate() {
                        // What an item does to itself is looked at by itself.
                        let itself = (from, position) == (to, number);
                        if !itself && reads(self.review.source.metadata, &item.source, other.destination) {
                            edges.entry((from, position)).or_default().insert((to, number));
                        }
                    }
                }
            }
        }
        edges
    }

    /// Whether an org unit that is written is read.
    fn units_meet(&self, through_analytics: bool) -> bool {
        self.targets.iter().any(|unit| self.is_read(*unit, through_analytics))
    }

    fn is_read(&self, unit: Uid, through_analytics: bool) -> bool {
        if self.read.contains(&unit) {
            return true;
        }
        let known = self.review.source.metadata.organisation_units.get(&unit);
        through_analytics && known.is_some_and(|unit| unit.path.iter().any(|above| self.read.contains(above)))
    }

    fn periods_meet(&self, writer: &Job, reader: &Job, through_analytics: bool) -> bool {
        let (written, read) = (writer.destination_period_type, reader.source_period_type);
        if written != read {
            // Analytics adds shorter periods up into longer ones.
            return through_analytics && written.nominal_days() < read.nominal_days();
        }
        let (window, today): (_, Date) = (self.review.window, self.review.today);
        let sets = periods::written(writer, window, today).zip(periods::read(reader, window, today));
        match sets {
            Some((written, read)) => written.intersection(&read).next().is_some(),
            // No routine says which periods: those that are read are those that are written, unless they are moved.
            None => writer.period_shift == 0,
        }
    }

    fn item(&self, place: Place) -> Option<(&'review Job, &'review Item)> {
        let job = self.review.jobs.get(place.0)?;
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
            Some(if of.name == job.name { format!("{own})") } else { format!("{own} of {})", of.name) })
        };
        let names: Vec<String> = circle.iter().filter_map(name).collect();
        let what = if circle.len() == 1 { "it reads what it wrote" } else { "they read what they wrote" };
        let server = self.review.destination.name;
        let message = format!(
            "{}: on one system ({server}) {what}, so that every run makes other values of the same",
            some(&names)
        );
        let of_job = circle.iter().filter(|place| place.0 == first.0).map(|place| place.1 + 1).collect();
        Some(Finding::new(&finding::READS_WHAT_IT_WRITES, job, message).items(of_job).units(self.shared_units()))
    }

    /// The units that are read and written, the first of them.
    fn shared_units(&self) -> Vec<Uid> {
        const LISTED: usize = 100;
        self.targets.iter().copied().filter(|unit| self.is_read(*unit, true)).take(LISTED).collect()
    }

    /// One finding for each job that reads what is written without a circle.
    fn chains(&self, edges: &BTreeMap<Place, BTreeSet<Place>>, circles: &[BTreeSet<Place>]) -> Vec<Finding> {
        let together =
            |one: &Place, other: &Place| circles.iter().any(|circle| circle.contains(one) && circle.contains(other));
        let mut by_job: BTreeMap<usize, (Vec<usize>, Vec<String>)> = BTreeMap::new();
        for (writer, readers) in edges {
            for reader in readers.iter().filter(|reader| !together(writer, reader)) {
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
                format!("{}: whether {} the old or the new value depends on what is done first", some(&names), {
                    let read = if numbers.len() == 1 { "reads" } else { "read" };
                    format!("{} {read}", items(&numbers))
                });
            Some(Finding::new(&finding::READS_WHAT_ANOTHER_WRITES, job, message).items(numbers))
        };
        by_job.into_iter().filter_map(finding).collect()
    }
}

/// Whether values of a cell are among those that an item reads.
fn reads(metadata: &Metadata, source: &SourceItem, cell: CellAddress) -> bool {
    match *source {
        SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
            id == cell.data_element
                && category_option_combo.is_none_or(|combo| combo == cell.category_option_combo)
                && attribute_option_combo.is_none_or(|combo| combo == cell.attribute_option_combo)
        }
        // What a formula names it reads: `#{element}`, `#{element.combo}`.
        SourceItem::Indicator { id } => metadata.indicators.get(&id).is_some_and(|indicator| {
            let element = cell.data_element;
            let combo = cell.category_option_combo;
            let texts = [format!("#{{{element}}}"), format!("#{{{element}.{combo}"), format!("#{{{element}.*")];
            [&indicator.numerator, &indicator.denominator]
                .iter()
                .any(|formula| texts.iter().any(|text| formula.contains(text.as_str())))
        }),
        SourceItem::ProgramIndicator { .. } => false,
    }
}

/// Circles that are part of no other one.
fn without_contained(circles: Vec<BTreeSet<Place>>) -> Vec<BTreeSet<Place>> {
    let all = circles.clone();
    circles.into_iter().filter(|one| !all.iter().any(|other| other != one && one.is_subset(other))).collect()
}

/// Items from which one comes back to where one was: each set of them once.
fn circles(edges: &BTreeMap<Place, BTreeSet<Place>>) -> Vec<BTreeSet<Place>> {
    let reach: BTreeMap<Place, BTreeSet<Place>> = edges.keys().map(|from| (*from, reachable(edges, *from))).collect();
    let mut circles: Vec<BTreeSet<Place>> = Vec::new();
    for (from, reached) in &reach {
        if !reached.contains(from) || circles.iter().any(|circle| circle.contains(from)) {
            continue;
        }
        let back = |place: &&Place| reach.get(*place).is_some_and(|reached| reached.contains(from));
        circles.push(reached.iter().filter(back).copied().collect());
    }
    circles
}

fn reachable(edges: &BTreeMap<Place, BTreeSet<Place>>, from: Place) -> BTreeSet<Place> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(place) = open.pop() {
        for next in edges.get(&place).into_iter().flatten() {
            if reached.insert(*next) {
                open.push(*next);
            }
        }
    }
    reached
}
