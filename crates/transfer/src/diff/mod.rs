//! Compares the wanted values with those of the destination: the remaining steps.
//!
//! **Zeros of data elements without significant zeros.** Servers up to 2.42 drop such a zero where the cell is empty and
//! delete the value where there is one; 2.43 stores the zero and trims it away some night. One rule for all versions,
//! so that the same routine ends in the same cells everywhere: nothing is sent, and what stands there stays
//! (`zero_skipped`). Only where this routine wrote what stands there, nobody changed it since and the item deletes
//! (`when_empty: delete`), the value is deleted, and counts against `max_delete` like every deletion.
//!
//! **The source has nothing, the destination has a value**: `when_empty` of the item. `keep` leaves it and is no cell of
//! the run; `zero` writes a zero; `delete` deletes only what this routine's ledger says it wrote and nobody changed since.
//!
//! **Not whole.** A cell of which a part cannot be used, or cannot be read by the source's user, is held back whatever
//! its other parts are, and whatever `when_empty` says: it is not empty, it is not known.
//!
//! Comments and follow-up marks are lost when a value is overwritten without them; they ride along. A job that copies
//! comments sends the source's in their place, and one that differs alone is an update.

mod vanishing;

pub(crate) use vanishing::Vanishing;

use std::collections::{BTreeMap, BTreeSet};

use bigdecimal::num_traits::Zero;

use crate::combine::WantedCell;
use crate::finding::{self, Code, Reason};
use crate::plan::{PlannedItem, PlannedJob};
use crate::tally::{Findings, Note};
use xfer_domain::cell::CellKey;
use xfer_domain::decimal::parse_number;
use xfer_domain::hashed::Hashed;
use xfer_domain::item::WhenEmpty;
use xfer_domain::metadata::Metadata;
use xfer_domain::source_value::Remark;
use xfer_domain::uid::Uid;

/// A value of the destination, as far as it matters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stored {
    /// Its text; none where only a comment is stored.
    pub value: Option<String>,
    /// Its comment.
    pub comment: Option<String>,
    /// Its follow-up mark.
    pub followup: bool,
    /// Who stored it last.
    pub by: StoredBy,
}

/// Who stored a value last, by the user whom the server names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum StoredBy {
    /// It names nobody, or it is not known as whom the routine wrote before.
    #[default]
    Unknown,
    /// A user as whom this routine writes.
    Us,
    /// Another user.
    SomebodyElse,
}

/// The destination's values in a slice.
#[derive(Debug, Clone, Default)]
pub(crate) struct StoredValues {
    /// By cell; only cells of the job.
    pub values: Hashed<CellKey, Stored>,
    /// Cells that the server named twice, with different contents: what stands there is not known.
    pub twice: BTreeSet<CellKey>,
    /// Org units whose values the user may not read: what stands there is not known.
    pub unreadable: BTreeSet<Uid>,
}

/// What is left to do for a cell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// The cell is empty and gets a value.
    Create,
    /// The cell has another value.
    Update,
    /// The cell has the value and is sent all the same (`only_changed` is off).
    Repeat,
    /// The cell's value is deleted because the source has nothing for it.
    Delete,
    /// The cell's value is deleted because its new one is a zero that the destination does not keep.
    Vanish,
    /// Nothing: the value is there.
    Unchanged,
    /// Nothing: a zero that the destination does not keep; the cell stays as it is.
    ZeroSkipped,
    /// Nothing: a rule or a guard holds it back.
    Hold(Box<Reason>),
}

impl Step {
    /// Whether something is sent.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Repeat | Self::Delete | Self::Vanish)
    }

    /// Whether a value of the destination goes away or becomes another one.
    pub(crate) fn is_change(&self) -> bool {
        matches!(self, Self::Update | Self::Delete | Self::Vanish)
    }
}

impl StoredValues {
    /// The cells that are held back because nobody knows what stands in them.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = (CellKey, Reason)> {
        let reason = "the destination sent the value twice with different contents";
        let hold = move || Reason::new(&finding::DESTINATION_VALUE_TWICE, reason);
        self.twice.iter().map(move |cell| (*cell, hold()))
    }
}

/// A cell of a slice on its way to the destination.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cell {
    /// The cell.
    pub key: CellKey,
    /// Its item, by position in the job.
    pub item: usize,
    /// What the destination held before; none if it held nothing or could not be read.
    pub previous: Option<String>,
    /// What should stand there; none for a deletion, and for a value that could not be made.
    pub value: Option<String>,
    /// The stored comment.
    pub comment: Option<String>,
    /// The stored follow-up mark.
    pub followup: bool,
    /// How many source values it is made of.
    pub contributions: u32,
    /// What is left to do.
    pub step: Step,
    /// The data set that it is sent with, once preflight has found one.
    pub data_set: Option<Uid>,
}

/// The steps of a slice.
#[derive(Debug, Default)]
pub(crate) struct Diff {
    /// Its cells: wanted ones by key, then stale ones by key.
    pub cells: Vec<Cell>,
    /// Values that the destination has in the slice, for the guards.
    pub existing: u64,
    /// Values among them that would vanish if the source had nothing: what an item that deletes owns, and what is no zero
    /// where an item writes zeros.
    pub at_stake: u64,
    /// Stale cells that are kept.
    pub findings: Findings,
}

/// What the comparison goes by, beside the two sides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DiffRules<'run> {
    /// Whether equal values are left alone.
    pub only_changed: bool,
    /// What this routine wrote; needed only where an item deletes.
    pub ledger: &'run Hashed<CellKey, String>,
    /// Cells of which a part cannot be used, with the reason.
    pub doubts: &'run BTreeMap<CellKey, Reason>,
    /// What the source has beside the values, where the job copies it.
    pub remarks: Option<&'run BTreeMap<CellKey, Remark>>,
    /// Whether the routine deletes at all (`max_delete` is not 0).
    pub deletes: bool,
    /// The destination's metadata, for names.
    pub names: &'run Metadata,
}

/// Compares the wanted cells of a slice with the destination's.
pub(crate) fn diff(wanted: Vec<WantedCell>, stored: &StoredValues, job: &PlannedJob, rules: DiffRules<'_>) -> Diff {
    let mut cells = Vec::with_capacity(wanted.len());
    // `combine` hands the cells over in the order of their keys.
    let keys: Vec<CellKey> = wanted.iter().map(|wanted| wanted.key).collect();
    let mut found = 0;
    for wanted in wanted {
        let Some(item) = job.items.get(wanted.item) else { continue };
        let stored = stored.values.get(&wanted.key);
        found += usize::from(stored.is_some());
        cells.push(wanted_cell(wanted, stored, item, job, rules));
    }
    // Nothing usable came for these, and still they are no empty cells.
    let unusable = rules.doubts.iter().filter(|(key, _)| keys.binary_search(key).is_err());
    cells.extend(unusable.filter_map(|(key, hold)| held_cell(*key, stored.values.get(key), job, hold.clone())));
    let is_all_wanted = found == stored.values.len();
    let mut stale: Vec<(&CellKey, &Stored)> = stored
        .values
        .iter()
        .filter(|_| !is_all_wanted)
        .filter(|(key, stored)| stored.value.is_some() && keys.binary_search(key).is_err())
        .filter(|(key, _)| !rules.doubts.contains_key(key))
        .filter(|(key, _)| job.has(key))
        .collect();
    stale.sort_unstable_by_key(|(key, _)| **key);
    let existing = stored.values.values().filter(|stored| stored.value.is_some()).count() as u64;
    let may_vanish = job.items.iter().any(|item| item.when_empty != WhenEmpty::Keep);
    let at_stake = || stored.values.iter().filter(|(key, stored)| is_at_stake(key, stored, job, rules)).count() as u64;
    let at_stake = if may_vanish { at_stake() } else { 0 };
    let mut diff = Diff { cells, existing, at_stake, findings: Findings::default() };
    let mut kept: BTreeMap<(&'static str, Uid), Kept> = BTreeMap::new();
    for (key, stored) in stale {
        match stale_cell(*key, stored, job, rules) {
            Stale::Cell(cell) => {
                // Deleted or held back: it is named all the same.
                if job.leftover_of(key).is_some() {
                    let code = &finding::LEFTOVER;
                    kept.entry((code.word, key.data_element)).or_insert(Kept { code, key: *key, count: 0 }).count += 1;
                }
                diff.cells.push(cell);
            }
            Stale::Kept(code) => {
                kept.entry((code.word, key.data_element)).or_insert(Kept { code, key: *key, count: 0 }).count += 1;
            }
        }
    }
    for ((_, data_element), Kept { code, key, count }) in kept {
        let names = rules.names;
        let why = job.leftover_of(&key).map_or_else(String::new, |(why, _)| format!(": {}", why.words()));
        let example = format!("at {} in {}{why}", names.org_unit_path_names(key.org_unit), key.period);
        let name = names.name_of(data_element);
        diff.findings.add(Note::new(code, count).about("data element", &data_element, name).example(example));
    }
    diff
}

struct Kept {
    code: &'static Code,
    key: CellKey,
    count: u64,
}

fn wanted_cell(
    wanted: WantedCell,
    stored: Option<&Stored>,
    item: &PlannedItem,
    job: &PlannedJob,
    rules: DiffRules<'_>,
) -> Cell {
    let key = wanted.key;
    let stored = stored.cloned().unwrap_or_default();
    let mut cell = Cell {
        key,
        item: wanted.item,
        previous: stored.value,
        value: None,
        comment: stored.comment,
        followup: stored.followup,
        contributions: wanted.contributions,
        step: Step::Create,
        data_set: None,
    };
    if let Some(hold) = rules.doubts.get(&key).cloned().or_else(|| job.not_whole(&key, wanted.item)) {
        cell.step = Step::Hold(Box::new(hold));
        return cell;
    }
    match wanted.value {
        Ok(text) => {
            let previous = cell.previous.as_deref();
            let step = step(&text, previous, item, rules.only_changed, may_delete(&key, previous, item, rules));
            if step != Step::Vanish {
                cell.value = Some(text);
            }
            cell.step = step;
            if let Some(remarks) = rules.remarks {
                remark(&mut cell, remarks.get(&key).cloned().unwrap_or_default());
            }
        }
        Err(refusal) => {
            cell.step = Step::Hold(Box::new(Reason::new(refusal.code(), refusal.reason())));
        }
    }
    cell
}

/// Puts the source's comment and mark in the place of the destination's.
fn remark(cell: &mut Cell, wanted: Remark) {
    let differs = cell.followup != wanted.followup || !same_comment(cell.comment.as_deref(), wanted.comment.as_deref());
    match cell.step {
        Step::Unchanged if differs => cell.step = Step::Update,
        Step::Create | Step::Update | Step::Repeat => {}
        // Nothing is sent, or a deletion.
        _ => return,
    }
    (cell.comment, cell.followup) = (wanted.comment, wanted.followup);
}

/// Whether two comments say the same: servers trim them, and none is as good as an empty one.
pub(crate) fn same_comment(left: Option<&str>, right: Option<&str>) -> bool {
    left.unwrap_or_default().trim() == right.unwrap_or_default().trim()
}

/// Whether a value would vanish if the source had nothing for its cell.
fn is_at_stake(key: &CellKey, stored: &Stored, job: &PlannedJob, rules: DiffRules<'_>) -> bool {
    let position = job.addresses.get(&key.address());
    let (Some(item), Some(value)) = (position.and_then(|position| job.items.get(*position)), &stored.value) else {
        return false;
    };
    match item.when_empty {
        WhenEmpty::Keep => false,
        WhenEmpty::Zero => item.value_type.is_numeric() && !is_zero(value),
        WhenEmpty::Delete => is_ours(key, value, item, rules),
    }
}

/// A cell for which nothing is wanted and that is held back.
fn held_cell(key: CellKey, stored: Option<&Stored>, job: &PlannedJob, hold: Reason) -> Option<Cell> {
    let item = job.addresses.get(&key.address()).copied()?;
    let stored = stored.cloned().unwrap_or_default();
    Some(Cell {
        key,
        item,
        previous: stored.value,
        value: None,
        comment: stored.comment,
        followup: stored.followup,
        contributions: 0,
        step: Step::Hold(Box::new(hold)),
        data_set: None,
    })
}

/// Whether what stands in a cell may be deleted: the item deletes, and it is still what this routine wrote.
fn may_delete(key: &CellKey, previous: Option<&str>, item: &PlannedItem, rules: DiffRules<'_>) -> bool {
    let is_ours = |previous| is_ours(key, previous, item, rules);
    rules.deletes && item.when_empty == WhenEmpty::Delete && previous.is_some_and(is_ours)
}

/// Whether a value is still what this routine wrote.
fn is_ours(key: &CellKey, previous: &str, item: &PlannedItem, rules: DiffRules<'_>) -> bool {
    rules.ledger.get(key).is_some_and(|written| item.value_type.same(written, previous))
}

fn step(text: &str, previous: Option<&str>, item: &PlannedItem, only_changed: bool, may_delete: bool) -> Step {
    let vanishes = item.zero_vanishes && is_zero(text);
    match previous {
        None if vanishes => Step::ZeroSkipped,
        None => Step::Create,
        Some(previous) if item.value_type.same(previous, text) => {
            if only_changed || vanishes {
                Step::Unchanged
            } else {
                Step::Repeat
            }
        }
        Some(_) if vanishes && may_delete => Step::Vanish,
        Some(_) if vanishes => Step::ZeroSkipped,
        Some(_) => Step::Update,
    }
}

fn is_zero(text: &str) -> bool {
    parse_number(text).is_some_and(|number| number.is_zero())
}

enum Stale {
    Cell(Cell),
    Kept(&'static Code),
}

fn stale_cell(key: CellKey, stored: &Stored, job: &PlannedJob, rules: DiffRules<'_>) -> Stale {
    let position = job.addresses.get(&key.address()).copied();
    let Some((position, item)) = position.and_then(|position| Some((position, job.items.get(position)?))) else {
        return Stale::Kept(&finding::STALE_KEPT);
    };
    let previous = stored.value.as_deref().unwrap_or_default();
    if let Some(cell) = job.not_whole(&key, position).and_then(|hold| held_cell(key, Some(stored), job, hold)) {
        return Stale::Cell(cell);
    }
    if let Some((_, deletes)) = job.leftover_of(&key)
        && !(deletes && rules.deletes)
    {
        return Stale::Kept(&finding::LEFTOVER);
    }
    let (value, step) = match item.when_empty {
        WhenEmpty::Keep => return Stale::Kept(&finding::STALE_KEPT),
        WhenEmpty::Zero if !item.value_type.is_numeric() => return Stale::Kept(&finding::STALE_KEPT),
        WhenEmpty::Zero => (Some("0".to_owned()), step("0", Some(previous), item, true, false)),
        WhenEmpty::Delete => match rules.ledger.get(&key) {
            None => return Stale::Kept(&finding::DELETE_NOT_OURS),
            Some(written) if !item.value_type.same(written, previous) => {
                return Stale::Kept(&finding::STALE_CHANGED);
            }
            Some(_) => (None, Step::Delete),
        },
    };
    Stale::Cell(Cell {
        key,
        item: position,
        previous: stored.value.clone(),
        value,
        comment: stored.comment.clone(),
        followup: stored.followup,
        contributions: 0,
        step,
        data_set: None,
    })
}

/// Looks once more at a cell that was compared a while ago: what somebody changed meanwhile is left alone.
pub(crate) fn look_again(cell: &mut Cell, stored: &StoredValues) {
    if !cell.step.is_sent() {
        return;
    }
    let now = stored.values.get(&cell.key).cloned().unwrap_or_default();
    if now.value == cell.previous && !stored.unreadable.contains(&cell.key.org_unit) {
        (cell.comment, cell.followup) = (now.comment, now.followup);
        return;
    }
    let reason = "it was changed at the destination during the run";
    let reason = Reason::new(&finding::STALE_CHANGED, reason);
    cell.step = Step::Hold(Box::new(reason.with_hint("Run again: the new value is compared again.")));
}

/// Whether the changes of a job exceed the share of the destination's cells that the routine allows, in percent.
pub(crate) fn exceeds(changes: u64, existing: u64, max_change: Option<u32>) -> bool {
    max_change.is_some_and(|percent| changes.saturating_mul(100) > existing.saturating_mul(u64::from(percent)))
}

/// Holds back every update and deletion (the guard `max_change`).
pub(crate) fn hold_changes(cells: &mut [Cell], reason: &str) {
    for cell in cells.iter_mut().filter(|cell| cell.step.is_change()) {
        cell.step = Step::Hold(Box::new(Reason::new(&finding::MAX_CHANGE_EXCEEDED, reason)));
    }
}

/// Holds back deletions beyond what is left of the routine's limit, in the order of the cells (the guard `max_delete`).
pub(crate) fn hold_deletions(cells: &mut [Cell], left: &mut Option<u32>) {
    let Some(left) = left else { return };
    for cell in cells.iter_mut().filter(|cell| matches!(cell.step, Step::Delete | Step::Vanish)) {
        if *left > 0 {
            *left -= 1;
            continue;
        }
        let reason = "the run would delete more cells than the routine allows";
        cell.step = Step::Hold(Box::new(Reason::new(&finding::MAX_DELETE_EXCEEDED, reason)));
    }
}

#[cfg(test)]
mod tests;
