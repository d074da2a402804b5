//! Jobs: made, filled with items, checked, exported and imported.

pub mod edit;
pub mod exchange;
pub mod matching;

use std::path::Path;

use bigdecimal::BigDecimal;
use jiff::civil::date;

use crate::ops::calendars::check_calendars;
use crate::ops::copies::Copies;
use crate::ops::error::OpsError;
use crate::ops::files::item_cells::ItemSides;
use crate::ops::files::job_items;
use crate::ops::files::sheet::{SheetFinding, SheetStyle};
use crate::ops::home::{Home, job, server, synced};
use crate::ops::review;
use crate::ops::routines;
use xfer_domain::coverage::Coverage;
use xfer_domain::data_item::DataKind;
use xfer_domain::fingerprint::ItemFingerprint;
use xfer_domain::item::{Combine, Item, WhenEmpty};
use xfer_domain::job::{Comments, Job, ReadFrom};
use xfer_domain::metadata::{DataSet, Metadata};
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::period::{Home as PeriodHome, Period, PeriodType};
use xfer_domain::rounding::Rounding;
use xfer_domain::script::Attachment;
use xfer_matching::item_rules::{ItemFinding, check_item};
use xfer_matching::items::{ItemNames, Reference};
use xfer_matching::review::{Finding, agreement, overlap};
use xfer_storage::store::{ConfigStore, Removal};

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
    /// `DE.COC`, an indicator, a program indicator or `DS.REPORTING_RATE`.
    pub source: ItemText,
    /// What kind of item the source is, where its name leaves that open.
    pub kind: Option<DataKind>,
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
    /// The scripts of the routines that have the job.
    pub(in crate::ops) scripts: Vec<Attachment>,
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

/// A data set of the source whose periods a job reads, for an example; none before the source was synced.
pub fn first_data_set(home: &Home, job: &Job) -> Result<Option<String>, OpsError> {
    let config = home.config()?;
    let metadata = Copies::new(&config).of(&server(&config, &job.source)?)?;
    let read = |set: &&DataSet| set.period_type == job.source_period_type;
    Ok(metadata.and_then(|metadata| metadata.data_sets.values().find(read).map(|set| set.name.clone())))
}

/// A job that is not made yet, to see what it would become.
pub fn draft(home: &Home, new: NewJob) -> Result<OpenJob, OpsError> {
    let config = home.config()?;
    let job = job_of(&config, new)?;
    let (_, source) = synced(&config, &job.source)?;
    let (_, destination) = synced(&config, &job.destination)?;
    Ok(OpenJob { job, source, destination, scripts: Vec::new(), config })
}

fn job_of(config: &ConfigStore, new: NewJob) -> Result<Job, OpsError> {
    let source = server(config, &new.source)?;
    let destination = server(config, &new.destination)?;
    let job = Job {
        name: new.name,
        source: source.name.clone(),
        destination: destination.name.clone(),
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
    };
    check_calendars(&source, &destination, &job, &[], &[])?;
    check_period_types(job.source_period_type, job.destination_period_type)?;
    Ok(job)
}

/// Refuses period types of which no source period has a place in one destination period.
pub(in crate::ops) fn check_period_types(source: PeriodType, destination: PeriodType) -> Result<(), OpsError> {
    if fit_into(source, destination) {
        return Ok(());
    }
    Err(OpsError::invalid(
        format!("no {} period fits into one {} period", source.name(), destination.name()),
        format!("write the same periods (`--to-period-type {}`), or longer ones", source.name()),
    ))
}

/// Whether any period of a type has its home in one of another; two years show every way in which they can lie.
fn fit_into(source: PeriodType, destination: PeriodType) -> bool {
    let (first, end) = (source.containing(date(2023, 1, 1)), date(2025, 12, 31));
    let mut all = std::iter::successors(Some(first), Period::next).take_while(|period| period.start() <= end);
    all.any(|period| matches!(period.home_in(destination), Some(PeriodHome::In(_))))
}

/// All jobs, by name.
pub fn list(home: &Home) -> Result<Vec<Job>, OpsError> {
    Ok(home.config()?.jobs()?)
}

/// A job with the metadata that its items speak of.
pub fn open(home: &Home, name: &str) -> Result<OpenJob, OpsError> {
    let config = home.config()?;
    let job = job(&config, name)?;
    let (_, source) = synced(&config, &job.source)?;
    let (_, destination) = synced(&config, &job.destination)?;
    let scripts = routines::scripts_on(&config, &job.name)?;
    Ok(OpenJob { job, source, destination, scripts, config })
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
        let findings = check_item(&self.source, &self.destination, &self.job, &self.scripts, &item);
        if let Some(error) = findings.iter().find(|finding| finding.stops()) {
            return Err(OpsError::ItemRefused { message: error.message.clone(), hint: error.hint.clone() });
        }
        self.refuse_overlap(&item, None)?;
        self.job.items.push(item.clone());
        self.save()?;
        Ok((item, findings))
    }

    /// Refuses an item that would count values twice, in the place of the one at a position or as a new one.
    fn refuse_overlap(&self, item: &Item, instead_of: Option<usize>) -> Result<(), OpsError> {
        let refused = overlap::refusal(&self.source, &self.destination, &self.job, item, instead_of);
        refused.map_or(Ok(()), |(message, hint)| Err(OpsError::ItemRefused { message, hint }))
    }

    /// What only shows when the job's items are seen together with its map, its users' rights and other routines.
    pub fn review(&self, home: &Home) -> Result<Vec<Finding>, OpsError> {
        let copies = Copies::new(&self.config);
        let findings = review::of_job(home, &copies, &self.job, None)?;
        copies.all_read()?;
        Ok(findings)
    }

    /// The org unit map of its pair.
    pub(in crate::ops) fn rows(&self) -> Result<Vec<OrgUnitMapping>, OpsError> {
        let (source, destination) =
            (server(&self.config, &self.job.source)?, server(&self.config, &self.job.destination)?);
        Ok(self.config.org_unit_map(Pair { source: source.id, destination: destination.id })?)
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
        let sides = ItemSides {
            source: &self.source,
            destination: &self.destination,
            job: &self.job,
            scripts: &self.scripts,
            seen: &seen,
        };
        let read = job_items::import(bytes, sides)
            .map_err(|findings| OpsError::File { path: path.to_path_buf(), findings })?;
        let same = |a: &Item, b: &Item| a.source == b.source && a.destination == b.destination;
        let mut change = ItemsChange { left_out: read.left_out, ..ItemsChange::default() };
        let from_file: Vec<(Item, u64)> = read.items.iter().cloned().zip(read.lines).collect();
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
        let findings = self.overlaps(&change.items, &from_file);
        if !findings.is_empty() {
            return Err(OpsError::File { path: path.to_path_buf(), findings });
        }
        Ok(change)
    }

    /// Lines that would count values twice, or that do not agree about their cell, with a line before them or with an
    /// item that the job has.
    fn overlaps(&self, items: &[Item], from_file: &[(Item, u64)]) -> Vec<SheetFinding> {
        let job = Job { items: items.to_vec(), ..self.job.clone() };
        let line = |number: &usize| {
            let item = job.items.get(number.checked_sub(1)?)?;
            Some(from_file.iter().find(|(other, _)| other == item)?.1)
        };
        let told = |found: Finding| {
            let line = found.items.iter().rev().find_map(line)?;
            let message = xfer_domain::finding::with_hint(&found.message, &found.hint);
            Some(SheetFinding { line, column: None, message })
        };
        let found = overlap::within(&self.source, &self.destination, &job).into_iter();
        let found = found.chain(agreement::within(&self.destination, &job));
        found.filter(Finding::refuses).filter_map(told).collect()
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
