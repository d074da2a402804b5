//! Items of one cell with different rules: one takes the largest value, the other the last. A run cannot do
//! both, and is refused.

use std::collections::BTreeMap;

use crate::finding;
use crate::review::overlap::quoted;
use crate::review::words::{cell_name, items};
use crate::review::{Finding, Review};
use xfer_domain::cell::CellAddress;
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;

/// The items of a job that differ in how their values become one; for each cell one finding, whose last number is the
/// first item that says something else.
pub fn within(destination: &Metadata, job: &Job) -> Vec<Finding> {
    let mut cells: BTreeMap<CellAddress, Vec<(usize, &Item)>> = BTreeMap::new();
    for (item, number) in job.items.iter().zip(1..) {
        cells.entry(item.destination).or_default().push((number, item));
    }
    cells.into_iter().filter_map(|(cell, group)| differing(destination, job, cell, &group)).collect()
}

fn differing(destination: &Metadata, job: &Job, cell: CellAddress, group: &[(usize, &Item)]) -> Option<Finding> {
    let (first, item) = group.first()?;
    let (number, what, [own, other]) = group
        .iter()
        .find_map(|(number, other)| difference(job, item, other).map(|(what, both)| (*number, what, both)))?;
    let numbers = vec![*first, number];
    let message = format!(
        "{} write {}, and differ in the {what}: {own} and {other}",
        items(&numbers),
        cell_name(destination, cell)
    );
    let hint = format!(
        "give all items of one cell the same operator, rounding and coverage rule: xfer job edit-item {} {number}",
        quoted(&job.name)
    );
    Some(Finding::new(&finding::ITEMS_DISAGREE, job, message).items(numbers).hint(hint))
}

/// What two items say differently, and what each of them says.
fn difference(job: &Job, one: &Item, other: &Item) -> Option<(&'static str, [String; 2])> {
    let both = |of: &dyn Fn(&Item) -> String| Some([of(one), of(other)]).filter(|[one, other]| one != other);
    let combine = |item: &Item| match item.combine.unwrap_or(job.combine) {
        Combine::Error => "none".to_owned(),
        operator => operator.name().to_owned(),
    };
    let round = |item: &Item| item.round.or(job.round).map_or_else(|| "none".to_owned(), |rule| rule.to_string());
    let coverage =
        |item: &Item| item.coverage.or(job.coverage).map_or_else(|| "none".to_owned(), |rule| rule.to_string());
    let of = |what, found: Option<[String; 2]>| found.map(|found| (what, found));
    of("combine operator", both(&combine))
        .or_else(|| of("rounding", both(&round)))
        .or_else(|| of("coverage rule", both(&coverage)))
}

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    review.jobs.iter().flat_map(|job| within(review.destination.metadata, job)).collect()
}
