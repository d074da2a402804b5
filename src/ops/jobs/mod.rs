//! Jobs: made, filled with items, checked, exported and imported.

pub mod edit;
pub mod exchange;
pub mod matching;

use std::path::Path;

use bigdecimal::BigDecimal;

use crate::domain::coverage::Coverage;
use crate::domain::fingerprint::ItemFingerprint;
use crate::domain::item::{Combine, Item, WhenEmpty};
use crate::domain::job::{Comments, Job, ReadFrom};
use crate::domain::metadata::Metadata;
use crate::domain::period::PeriodType;
use crate::domain::rounding::Rounding;
use crate::domain::run::Severity;
use crate::matching::item_rules::{ItemFinding, check_item};
use crate::matching::items::{ItemKind, ItemNames, Reference};
use crate::ops::error::OpsError;
use crate::ops::files::job_items::{self, ItemSides};
use crate::ops::files::sheet::SheetStyle;
use crate::ops::home::{Home, server, synced, with_near};
use crate::store::{ConfigStore, Removal};

/// A job to be made.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// What to call it.
    pub name: String,
    /// The source server's name.
    pub source: String,
    /// The destination server's name.
    pub destination: String,
    /// The type of the periods that are read.
    pub source_period_type: PeriodType,
    /// The type of the periods that are written; the same where absent.
    pub destination_period_type: Option<PeriodType>,
    /// How many destination periods the values are moved by.
    pub period_shift: i32,
    /// How several contributions to one cell become one value.
    pub combine: Combine,
    /// Where data elements are read.
    pub read: ReadFrom,
    /// How values are rounded.
    pub round: Option<Rounding>,
    /// How many source periods must have a value.
    pub coverage: Option<Coverage>,
    /// What becomes of comments and follow-up marks.
    pub comments: Comments,
}

/// An item to be added, as a person names it.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// `DE.COC`, or an indicator or program indicator.
    pub source: ItemText,
    /// What kind of item the source is, where its name leaves that open.
    pub kind: Option<ItemKind>,
    /// `DE.COC.AOC`
    pub destination: ItemText,
    /// The item's own operator.
    pub combine: Option<Combine>,
    /// The item's factor.
    pub factor: Option<BigDecimal>,
    /// The item's own rule for cells without source values.
    pub when_empty: Option<WhenEmpty>,
    /// The item's own rounding.
    pub round: Option<Rounding>,
    /// The item's own coverage rule.
    pub coverage: Option<Coverage>,
    /// The item's weight among those that share its source out.
    pub share: Option<BigDecimal>,
    /// A remark.
    pub note: Option<String>,
}

/// An item's side as a person names it: in one text with dots, or with its option combos apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ItemText {
    /// The whole, or the object alone where a combo is given apart.
    pub text: String,
    /// Its category option combo, given apart.
    pub category_option_combo: Option<String>,
    /// Its attribute option combo, given apart.
    pub attribute_option_combo: Option<String>,
}

impl ItemText {
    /// How it is read: with a combo given apart, the text is not cut at its dots.
    pub fn reference(&self) -> Reference<'_> {
        let (coc, aoc) = (self.category_option_combo.as_deref(), self.attribute_option_combo.as_deref());
        if coc.is_none() && aoc.is_none() {
            return Reference::Line(&self.text);
        }
        Reference::Parts { object: &self.text, category_option_combo: coc, attribute_option_combo: aoc }
    }
}

/// A job with the metadata of both its servers.
#[derive(Debug)]
pub struct OpenJob {
    /// The job.
    pub job: Job,
    /// The source server's metadata.
    pub source: Metadata,
    /// The destination server's metadata.
    pub destination: Metadata,
    pub(in crate::ops) config: ConfigStore,
}

/// What a file of items would change, or changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ItemsChange {
    /// Items that the job has not.
    pub added: Vec<Item>,
    /// Items with another operator, factor, rule or remark: the old one, the new one.
    pub changed: Vec<(Item, Item)>,
    /// Items that the file has not, where it is put in the place of the job's.
    pub removed: Vec<Item>,
    /// Items that are as before.
    pub unchanged: usize,
    /// Lines that are only proposed, or ignored.
    pub left_out: usize,
    /// All items afterwards.
    items: Vec<Item>,
}

/// What a check says about one item.
#[derive(Debug, Clone)]
pub struct CheckedItem {
    /// The item's number, counted from 1.
    pub number: usize,
    /// What it says.
    pub finding: ItemFinding,
}

/// Makes a job without items.
pub fn new(home: &Home, new: NewJob) -> Result<Job, OpsError> {
    let mut config = home.config()?;
    let job = job_of(&config, new)?;
    config.add_job(&job)?;
    Ok(job)
}

/// A job that is not made yet, to see what it would become.
pub fn draft(home: &Home, new: NewJob) -> Result<OpenJob, OpsError> {
    let config = home.config()?;
    let job = job_of(&config, new)?;
    let (_, source) = synced(&config, &job.source)?;
    let (_, destination) = synced(&config, &job.destination)?;
    Ok(OpenJob { job, source, destination, config })
}

fn job_of(config: &ConfigStore, new: NewJob) -> Result<Job, OpsError> {
    let source = server(config, &new.source)?;
    let destination = server(config, &new.destination)?;
    if source.id == destination.id {
        return Err(OpsError::invalid(
            format!("{} is both source and destination", source.name),
            "name two different servers",
        ));
    }
    Ok(Job {
        name: new.name,
        source: source.name,
        destination: destination.name,
        source_period_type: new.source_period_type,
        destination_period_type: new.destination_period_type.unwrap_or(new.source_period_type),
        period_shift: new.period_shift,
        combine: new.combine,
        read: new.read,
        round: new.round,
        coverage: new.coverage,
        comments: new.comments,
        scripts: Vec::new(),
        items: Vec::new(),
    })
}

/// All jobs, by name.
pub fn list(home: &Home) -> Result<Vec<Job>, OpsError> {
    Ok(home.config()?.jobs()?)
}

/// A job by name.
pub fn job(config: &ConfigStore, name: &str) -> Result<Job, OpsError> {
    config
        .job(name)
        .map_err(|error| with_near(error, "job", name, || Ok(config.jobs()?.into_iter().map(|job| job.name).collect())))
}

/// A job with the metadata that its items speak of.
pub fn open(home: &Home, name: &str) -> Result<OpenJob, OpsError> {
    let config = home.config()?;
    let job = job(&config, name)?;
    let (_, source) = synced(&config, &job.source)?;
    let (_, destination) = synced(&config, &job.destination)?;
    Ok(OpenJob { job, source, destination, config })
}

/// Removes a job; one that a routine uses stays.
pub fn remove(home: &Home, name: &str) -> Result<(), OpsError> {
    let mut config = home.config()?;
    let job = job(&config, name)?;
    config.remove_job(&job.name, Removal::Refuse)?;
    Ok(())
}

impl OpenJob {
    /// Adds an item. One that cannot work is refused; doubts are returned.
    pub fn add_item(&mut self, new: NewItem) -> Result<(Item, Vec<ItemFinding>), OpsError> {
        let item = Item {
            combine: new.combine,
            factor: new.factor,
            when_empty: new.when_empty,
            round: new.round,
            coverage: new.coverage,
            share: new.share,
            note: new.note,
            ..Item::new(
                ItemNames::source(&self.source).source_item(new.source.reference(), new.kind)?,
                ItemNames::destination(&self.destination).address(new.destination.reference())?,
            )
        };
        if self.job.items.iter().any(|other| other.source == item.source && other.destination == item.destination) {
            return Err(OpsError::invalid(
                format!("{} has this item already", self.job.name),
                "see `xfer job show`; to change an item, remove it and add it again",
            ));
        }
        let findings = check_item(&self.source, &self.destination, &self.job, &item);
        if let Some(error) = findings.iter().find(|finding| finding.severity == Severity::Error) {
            return Err(OpsError::ItemRefused { message: error.message.clone(), hint: error.hint.clone() });
        }
        self.job.items.push(item.clone());
        self.save()?;
        Ok((item, findings))
    }

    /// Removes the item of a number, counted from 1.
    pub fn remove_item(&mut self, number: usize) -> Result<Item, OpsError> {
        if number == 0 || number > self.job.items.len() {
            let has = self.job.items.len();
            return Err(OpsError::invalid(
                format!("{} has no item {number}, but items 1 to {has}", self.job.name),
                "see `xfer job show`",
            ));
        }
        let item = self.job.items.remove(number - 1);
        self.save()?;
        Ok(item)
    }

    /// The items as a CSV file.
    pub fn export(&self, style: SheetStyle) -> Vec<u8> {
        job_items::export(&self.source, &self.destination, &self.job.items, style)
    }

    /// Reads items from a CSV file and says what they would change: they are added to the job's, or put in their
    /// place. Any mistake refuses all of it.
    pub fn plan_import(&self, path: &Path, bytes: &[u8], replace: bool) -> Result<ItemsChange, OpsError> {
        let seen = self.config.item_fingerprints(&self.job.name)?;
        let sides = ItemSides { source: &self.source, destination: &self.destination, job: &self.job, seen: &seen };
        let read = job_items::import(bytes, sides)
            .map_err(|findings| OpsError::File { path: path.to_path_buf(), findings })?;
        let same = |a: &Item, b: &Item| a.source == b.source && a.destination == b.destination;
        let mut change = ItemsChange { left_out: read.left_out, ..ItemsChange::default() };
        let mut items = self.job.items.clone();
        if replace {
            let gone = |item: &&Item| !read.items.iter().any(|new| same(new, item));
            change.removed = items.iter().filter(gone).cloned().collect();
            items.retain(|item| read.items.iter().any(|new| same(new, item)));
        }
        for new in read.items {
            match items.iter_mut().find(|old| same(old, &new)) {
                Some(old) if *old == new => change.unchanged += 1,
                Some(old) => {
                    change.changed.push((old.clone(), new.clone()));
                    *old = new;
                }
                None => {
                    change.added.push(new.clone());
                    items.push(new);
                }
            }
        }
        change.items = items;
        Ok(change)
    }

    /// Applies what `plan_import` found, in one transaction.
    pub fn apply(&mut self, change: ItemsChange) -> Result<(), OpsError> {
        let job = Job { items: change.items, ..self.job.clone() };
        self.save_as(&self.job.name.clone(), job)
    }

    /// Keeps a job in the place of the one of that name; what is new or changed about its items is looked at.
    fn save_as(&mut self, old_name: &str, job: Job) -> Result<(), OpsError> {
        let look = |item: &Item| ItemFingerprint::of(&self.source, &self.destination, item);
        self.config.update_job(old_name, &job, &look)?;
        self.job = job;
        Ok(())
    }

    /// Keeps the job as it is now.
    fn save(&mut self) -> Result<(), OpsError> {
        self.save_as(&self.job.name.clone(), self.job.clone())
    }
}
