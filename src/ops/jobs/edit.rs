//! Changes of a job and of single items: what would no longer work is refused by name, and nothing is changed then.

use bigdecimal::BigDecimal;

use crate::ops::calendars::check_calendars;
use crate::ops::error::OpsError;
use crate::ops::home::server;
use crate::ops::jobs::{ItemText, OpenJob, check_period_types};
use xfer_domain::coverage::Coverage;
use xfer_domain::item::{Combine, Item, WhenEmpty};
use xfer_domain::job::{Comments, Job, ReadFrom};
use xfer_domain::period::PeriodType;
use xfer_domain::rounding::Rounding;
use xfer_matching::item_rules::{ItemFinding, check_item};
use xfer_matching::items::ItemNames;
use xfer_matching::review::{Finding, overlap};

/// What is to be different about a job; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobChange {
    /// Another name.
    pub name: Option<String>,
    /// The type of the periods that are read.
    pub source_period_type: Option<PeriodType>,
    /// The type of the periods that are written.
    pub destination_period_type: Option<PeriodType>,
    /// How many destination periods the values are moved by.
    pub period_shift: Option<i32>,
    /// How several contributions become one value.
    pub combine: Option<Combine>,
    /// Where data elements are read.
    pub read: Option<ReadFrom>,
    /// How values are rounded; `Some(None)`: not at all.
    pub round: Option<Option<Rounding>>,
    /// How many source periods must have a value; `Some(None)`: one is enough.
    pub coverage: Option<Option<Coverage>>,
    /// What becomes of comments and follow-up marks.
    pub comments: Option<Comments>,
}

/// What is to be different about an item; what is absent stays. `Some(None)` takes the item's own rule away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemChange {
    /// Where it goes: `DE.COC.AOC`.
    pub destination: Option<ItemText>,
    /// Its own operator.
    pub combine: Option<Option<Combine>>,
    /// Its factor.
    pub factor: Option<Option<BigDecimal>>,
    /// Its own rule for cells without source values.
    pub when_empty: Option<Option<WhenEmpty>>,
    /// Its own rounding.
    pub round: Option<Option<Rounding>>,
    /// Its own coverage rule.
    pub coverage: Option<Option<Coverage>>,
    /// Its weight among those that share its source out.
    pub share: Option<Option<BigDecimal>>,
    /// A remark.
    pub note: Option<Option<String>>,
}

impl OpenJob {
    /// Changes the job's settings. A change by which items that work would no longer work is refused.
    pub fn edit(&mut self, change: JobChange) -> Result<(), OpsError> {
        let mut job = self.job.clone();
        let old_name = job.name.clone();
        job.name = change.name.unwrap_or(job.name);
        job.source_period_type = change.source_period_type.unwrap_or(job.source_period_type);
        job.destination_period_type = change.destination_period_type.unwrap_or(job.destination_period_type);
        job.period_shift = change.period_shift.unwrap_or(job.period_shift);
        job.combine = change.combine.unwrap_or(job.combine);
        job.read = change.read.unwrap_or(job.read);
        job.round = change.round.unwrap_or(job.round);
        job.coverage = change.coverage.unwrap_or(job.coverage);
        job.comments = change.comments.unwrap_or(job.comments);
        let (source, destination) = (server(&self.config, &job.source)?, server(&self.config, &job.destination)?);
        let fits = |job: &Job| check_calendars(&source, &destination, job, &[], &[]);
        if let (Err(refusal), Ok(())) = (fits(&job), fits(&self.job)) {
            return Err(refusal);
        }
        let types = |job: &Job| (job.source_period_type, job.destination_period_type);
        if types(&job) != types(&self.job) {
            check_period_types(job.source_period_type, job.destination_period_type)?;
        }
        for (item, number) in job.items.iter().zip(1..) {
            let error = |job| {
                let findings = check_item(&self.source, &self.destination, job, &self.scripts, item);
                findings.into_iter().find(ItemFinding::stops)
            };
            if let Some(finding) = error(&job).filter(|_| error(&self.job).is_none()) {
                return Err(OpsError::invalid(
                    format!("item {number} would no longer work: {}", finding.message),
                    finding.hint,
                ));
            }
        }
        // An operator that adds makes of a value that is read twice one that counts twice.
        let twice = |job: &Job| {
            let found = overlap::within(&self.source, &self.destination, job);
            found.into_iter().find(Finding::refuses)
        };
        if let Some(found) = twice(&job).filter(|_| twice(&self.job).is_none()) {
            return Err(OpsError::invalid(found.message, found.hint));
        }
        self.save_as(&old_name, job)
    }

    /// Changes the item of a number, counted from 1. Returns it with what is doubtful about it.
    pub fn edit_item(&mut self, number: usize, change: ItemChange) -> Result<(Item, Vec<ItemFinding>), OpsError> {
        let has = self.job.items.len();
        let Some(index) = number.checked_sub(1).filter(|index| *index < has) else {
            return Err(OpsError::invalid(
                format!("{} has no item {number}, but items 1 to {has}", self.job.name),
                "see `xfer job show`",
            ));
        };
        let mut item = self.job.items[index].clone();
        if let Some(text) = change.destination {
            item.destination = ItemNames::destination(&self.destination).address(text.reference())?;
        }
        item.combine = change.combine.unwrap_or(item.combine);
        item.factor = change.factor.unwrap_or(item.factor);
        item.when_empty = change.when_empty.unwrap_or(item.when_empty);
        item.round = change.round.unwrap_or(item.round);
        item.coverage = change.coverage.unwrap_or(item.coverage);
        item.share = change.share.unwrap_or(item.share);
        item.note = change.note.unwrap_or(item.note);
        let twin = |(other, position): (&Item, usize)| {
            position != index && other.source == item.source && other.destination == item.destination
        };
        if self.job.items.iter().zip(0..).any(twin) {
            return Err(OpsError::invalid(
                format!("{} has this item already", self.job.name),
                "see `xfer job show`; remove one of them",
            ));
        }
        let findings = check_item(&self.source, &self.destination, &self.job, &self.scripts, &item);
        if let Some(error) = findings.iter().find(|finding| finding.stops()) {
            return Err(OpsError::ItemRefused { message: error.message.clone(), hint: error.hint.clone() });
        }
        self.refuse_overlap(&item, Some(index))?;
        self.job.items[index] = item.clone();
        self.save()?;
        Ok((item, findings))
    }
}
