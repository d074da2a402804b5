//! Reports of data sets that are due less often than a job asks for them. A server counts how many periods of the data
//! set lie in the period that is asked for, rounded down (DHIS2 `PeriodType.getPeriodSpan`): of a quarter in a month that is
//! none, so that nothing is expected and the rate is 0. That is no figure, and would be written as one.

use crate::finding::REPORT_PERIOD_LONGER;
use crate::review::words::source_name;
use crate::review::{Finding, Review};
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::job::Job;

pub(super) fn findings(review: &Review<'_>) -> Vec<Finding> {
    let of_job = |job: &Job| {
        let items = (1..).zip(&job.items);
        items.filter_map(|(number, item)| finding(review, job, number, item)).collect::<Vec<_>>()
    };
    review.jobs.iter().flat_map(of_job).collect()
}

fn finding(review: &Review<'_>, job: &Job, number: usize, item: &Item) -> Option<Finding> {
    let SourceItem::ReportingRate { data_set, .. } = item.source else { return None };
    let due = review.source.metadata.data_sets.get(&data_set)?.period_type;
    let asked = job.source_period_type;
    if due.nominal_days() <= asked.nominal_days() {
        return None;
    }
    let message = format!(
        "item {number}: {} belongs to a data set that is reported {}, and the job reads {} periods, in which no \
         report is due: the server answers 0",
        source_name(review.source.metadata, &item.source),
        due.name(),
        asked.name()
    );
    Some(Finding::new(&REPORT_PERIOD_LONGER, job, message).items(vec![number]))
}
