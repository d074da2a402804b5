//! Many contributions, one cell: the declared operator, in exact decimals, whatever the order of arrival.
//!
//! A single contribution passes through every operator unchanged (text too), apart from its factor. Several need a
//! declared operator; without one the cell is held back and nothing is sent for it: of two numbers one would be lost.
//! `last` and `first` go by source period. Where the latest period has several contributions that disagree, there is no
//! last one, and the cell is held back as well.
//!
//! The way of a cell's value, in this order:
//!
//! 1. *factor*: each contribution
//! 2. *coverage*: are enough source periods present?
//! 3. *combine*: the operator, or the nearest script with `combine` in its place
//! 4. *shares*: one number becomes the parts of several cells (rounded before, so that the parts add up)
//! 5. *value*: every script with `value`, one after another
//! 6. *round*, unless it was shared out
//! 7. *shape*: the text that the destination's value type takes; ids of org units become those of the destination

mod operators;
mod order;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};

use bigdecimal::BigDecimal;

use crate::combine::operators::{combined, factor, scaled};
use crate::combine::order::ordered;
use crate::finding::{self, Code};
use crate::hooks::{Acts, CellContext, Outcome, Part, Scene, SharedScript, SliceValues};
use crate::map::Contribution;
use crate::plan::{PlannedItem, PlannedJob, ShareGroup, address_names};
use crate::shape::{Value, shape};
use xfer_domain::cell::CellKey;
use xfer_domain::data_item::DataItem;
use xfer_domain::decimal::{parse_number, plain_text};
use xfer_domain::period::Period;
use xfer_domain::rounding::Rounding;
use xfer_domain::script::Hook;
use xfer_domain::shares::{digits_for, share_out};
use xfer_domain::shown::shown;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::{Referent, ValueRefusal};
use xfer_script::with_room;

/// A cell with the text that should stand there, or the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
pub struct WantedCell {
    /// The cell.
    pub key: CellKey,
    /// Its item, by position in the job; the first of several.
    pub item: usize,
    /// How many source values it is made of.
    pub contributions: u32,
    /// The text, or why the cell is held back.
    pub value: Result<String, Refusal>,
}

/// Why contributions make no value.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// No operator is declared.
    NoOperator {
        /// The first contributions, in words.
        values: String,
    },
    /// Percentages under `sum`.
    Percentages {
        /// The first contributions, in words.
        values: String,
    },
    /// `last` or `first`, and several values of that period disagree.
    Ambiguous {
        /// The period that decides.
        period: Period,
        /// Its values, in words.
        values: String,
    },
    /// No number where one is needed; `map` lets none through, so only a script could bring it.
    NoNumber {
        /// The text.
        text: String,
    },
    /// Not of the destination's value type.
    Shape(ValueRefusal),
    /// An id of the source that nothing translates.
    SourceId {
        /// The text.
        text: String,
        /// What it is the id of.
        referent: Referent,
    },
    /// An org unit of the source without a destination.
    UnitNotMapped {
        /// Its names from the root down, or its id where the source does not know it.
        unit: String,
    },
    /// Too few source periods.
    Coverage {
        /// Source periods with a value.
        present: usize,
        /// Source periods that there should be.
        needed: usize,
        /// Source periods of the destination period.
        expected: usize,
    },
    /// More decimals than can be shared out.
    Share {
        /// The value.
        value: String,
        /// Decimals that the destinations take.
        digits: i64,
    },
    /// A script refused it, or failed.
    Script {
        /// The script's name, and its line.
        script: String,
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// The entry of the findings table.
    pub fn code(&self) -> &'static Code {
        match self {
            Self::NoOperator { .. } | Self::Ambiguous { .. } => &finding::COMBINE_MISSING,
            Self::Percentages { .. } => &finding::PERCENTAGES_ADDED_UP,
            Self::NoNumber { .. } => &finding::SOURCE_VALUE_INVALID,
            Self::Shape(_) => &finding::VALUE_INVALID,
            Self::SourceId { .. } => &finding::SOURCE_ID_NOT_TRANSLATED,
            Self::UnitNotMapped { .. } => &finding::ORG_UNIT_VALUE_UNMAPPED,
            Self::Coverage { .. } => &finding::COVERAGE_SHORT,
            Self::Share { .. } => &finding::SHARE_NOT_WHOLE,
            Self::Script { .. } => &finding::SCRIPT_FAILED,
        }
    }

    /// Why, in words.
    pub fn reason(&self) -> String {
        match self {
            Self::NoOperator { values } => {
                format!("several values ({values}) go to this cell, and no combine operator is set")
            }
            Self::Percentages { values } => {
                format!("several reporting rates ({values}) go to this cell and cannot be added up")
            }
            Self::Ambiguous { period, values } => {
                format!("several values ({values}) of {period} go to this cell, and it is not clear which one to use")
            }
            Self::NoNumber { text } => format!("`{}` is not a number", shown(text)),
            Self::Shape(refusal) => refusal.to_string(),
            Self::SourceId { text, referent } => {
                format!(
                    "`{}` is the id of {} of the source, which is not transferred",
                    shown(text),
                    referent.in_words()
                )
            }
            Self::UnitNotMapped { unit } => {
                format!("the value is the org unit `{unit}` of the source, which is not mapped")
            }
            Self::Coverage { present, needed, expected } => {
                format!("{present} of {expected} source periods have a value, {needed} are needed")
            }
            Self::Share { value, digits: 0 } => format!("{value} cannot be divided into whole numbers"),
            Self::Share { value, digits } => format!("{value} cannot be divided with {digits} decimals"),
            Self::Script { script, reason } => format!("{reason} ({script})"),
        }
    }
}

/// What contributions became.
#[derive(Debug, Default)]
pub struct Combined {
    /// The cells, in the order of their keys.
    pub cells: Vec<WantedCell>,
    /// Source values that a script left out of every cell that they would have been part of.
    pub dropped: u64,
    /// What scripts did.
    pub acts: Acts,
}

/// Combines a slice's contributions. The cells come in the order of their keys.
pub fn combine(contributions: Vec<Contribution>, job: &PlannedJob, scene: &Scene<'_>, slice: &SliceValues) -> Combined {
    if job.is_scripted() {
        // Scripts want a thread with a deep stack; one for the slice instead of one for each call.
        return with_room(|| combine_here(contributions, job, scene, slice));
    }
    combine_here(contributions, job, scene, slice)
}

fn combine_here(
    contributions: Vec<Contribution>,
    job: &PlannedJob,
    scene: &Scene<'_>,
    slice: &SliceValues,
) -> Combined {
    let mut contributions = ordered(contributions);
    let mut work = Work { job, scene, slice, combined: Combined::default(), dropped: BTreeSet::new() };
    for group in contributions.chunk_by_mut(|left, right| left.cell == right.cell) {
        work.take(group);
    }
    let Work { mut combined, dropped, .. } = work;
    // Shared cells come out beside their first one.
    if !job.shares.is_empty() {
        combined.cells.sort_unstable_by_key(|cell| cell.key);
    }
    if !dropped.is_empty() {
        combined.dropped = values_without_cell(&contributions, &dropped);
    }
    combined
}

/// Source values all of whose cells were left out.
fn values_without_cell(contributions: &[Contribution], dropped: &BTreeSet<CellKey>) -> u64 {
    let of = |wanted: bool| {
        let parts = contributions.iter().filter(move |part| dropped.contains(&part.cell) == wanted);
        parts.map(|part| part.value).collect::<HashSet<u32>>()
    };
    of(true).difference(&of(false)).count() as u64
}

/// A slice's cells on their way.
struct Work<'slice> {
    job: &'slice PlannedJob,
    scene: &'slice Scene<'slice>,
    slice: &'slice SliceValues,
    combined: Combined,
    /// Cells of contributions that ended nowhere.
    dropped: BTreeSet<CellKey>,
}

/// A value on its way through scripts: there, or left out.
type Kept = Option<Value>;

impl<'slice> Work<'slice> {
    /// The contributions to one cell.
    fn take(&mut self, group: &mut [Contribution]) {
        let [first, ..] = group else { return };
        let (key, position) = (first.cell, first.item);
        let Some(item) = self.job.items.get(position) else { return };
        let contributions = u32::try_from(group.len()).unwrap_or(u32::MAX);
        let value = match coverage(group, self.job) {
            Ok(()) => self.combined_value(group, position),
            Err(refusal) => Err(refusal),
        };
        let shared = item.share.as_ref().and_then(|_| self.job.shares.get(&position));
        let left_out = match shared {
            Some(shares) => self.share(key, contributions, value, shares),
            None => self.finish(key, position, contributions, value, item.round),
        };
        if left_out {
            self.dropped.insert(key);
        }
    }

    /// By the nearest script, else by the operator.
    fn combined_value(&mut self, group: &mut [Contribution], position: usize) -> Result<Kept, Refusal> {
        let Some(item) = self.job.items.get(position) else { return Ok(None) };
        let Some(script) = &self.job.hooks_of(position).combine else {
            return combined(group, item, self.job).map(Some);
        };
        let [first, ..] = group else { return Ok(None) };
        let at = self.context(first.cell, item);
        let mut parts = Vec::with_capacity(group.len());
        for part in group.iter() {
            let value = scaled(part.text.clone(), factor(part, self.job))?;
            parts.push(Part {
                value: as_number(value, item),
                source_period: part.source_period,
                source_unit: part.source_unit,
            });
        }
        let words = parts.iter().map(|part| part.value.in_words()).collect::<Vec<_>>();
        let acted = script.combine(parts, &at);
        // A single value that stays as it is was not changed.
        let changed = match (&acted.outcome, words.as_slice()) {
            (Outcome::Value(value), [only]) => value.in_words() != *only,
            _ => true,
        };
        let place = || (place(&at), words.join(", "), after(&acted.outcome));
        self.combined.acts.note(script.name(), Hook::Combine, &acted, changed, place);
        ruled(script, acted.outcome, acted.line)
    }

    /// One number for several cells. Whether all of them were left out.
    fn share(&mut self, key: CellKey, contributions: u32, value: Result<Kept, Refusal>, shares: &ShareGroup) -> bool {
        let parts = match value {
            Ok(None) => return true,
            Ok(Some(value)) => self.parts(value, shares),
            Err(refusal) => Err(refusal),
        };
        let mut left_out = true;
        for (number, member) in shares.members.iter().enumerate() {
            let Some(item) = self.job.items.get(*member) else { continue };
            let key = CellKey::new(item.destination, key.org_unit, key.period);
            let part = match &parts {
                Ok(parts) => Ok(parts.get(number).cloned().map(Value::Number)),
                Err(refusal) => Err(refusal.clone()),
            };
            // The parts add up as they are; rounding them once more could change that.
            left_out &= self.finish(key, *member, contributions, part, None);
        }
        left_out
    }

    fn parts(&self, value: Value, shares: &ShareGroup) -> Result<Vec<BigDecimal>, Refusal> {
        let members = || shares.members.iter().filter_map(|member| self.job.items.get(*member));
        let round = members().find_map(|item| item.round);
        let number = number(value)?;
        let number = round.map_or_else(|| number.clone(), |round| round.apply(&number));
        let whole = members().any(|item| item.value_type.is_integer());
        let digits = match round {
            _ if whole => 0,
            Some(round) => i64::from(round.digits),
            None => digits_for(&number, &shares.weights),
        };
        share_out(&number, &shares.weights, digits).ok_or_else(|| Refusal::Share { value: plain_text(&number), digits })
    }

    /// Scripts, rounding, text. Whether the cell was left out.
    fn finish(
        &mut self,
        key: CellKey,
        position: usize,
        contributions: u32,
        value: Result<Kept, Refusal>,
        round: Option<Rounding>,
    ) -> bool {
        let Some(item) = self.job.items.get(position) else { return true };
        let value = match value {
            Ok(Some(value)) => self.through_scripts(key, position, value),
            other => other,
        };
        let value = match value {
            Ok(None) => return true,
            Ok(Some(value)) => self.shaped(value, item, round),
            Err(refusal) => Err(refusal),
        };
        self.combined.cells.push(WantedCell { key, item: position, contributions, value });
        false
    }

    fn through_scripts(&mut self, key: CellKey, position: usize, value: Value) -> Result<Kept, Refusal> {
        let scripts = &self.job.hooks_of(position).value;
        let Some(item) = self.job.items.get(position).filter(|_| !scripts.is_empty()) else { return Ok(Some(value)) };
        let at = self.context(key, item);
        let mut value = as_number(value, item);
        for script in scripts {
            let before = value.clone();
            let acted = script.value(value, &at);
            let changed = matches!(&acted.outcome, Outcome::Value(after) if !before.is_same(after));
            let place = || (place(&at), before.in_words(), after(&acted.outcome));
            self.combined.acts.note(script.name(), Hook::Value, &acted, changed, place);
            match ruled(script, acted.outcome, acted.line)? {
                Some(after) => value = after,
                None => return Ok(None),
            }
        }
        Ok(Some(value))
    }

    fn shaped(&self, value: Value, item: &PlannedItem, round: Option<Rounding>) -> Result<String, Refusal> {
        let value = match round {
            Some(round) => Value::Number(round.apply(&number(value)?)),
            None => value,
        };
        let from_analytics = || match item.source.data() {
            DataItem::DataElement(id) => !self.job.reads.raw.contains(&id),
            DataItem::Indicator(_) | DataItem::ProgramIndicator(_) | DataItem::ReportingRate { .. } => true,
        };
        let text = shape(value, item.value_type, from_analytics).map_err(Refusal::Shape)?;
        match item.referent {
            None => Ok(text),
            Some(Referent::OrgUnit) => self.translated(text),
            Some(referent) => Err(Refusal::SourceId { text, referent }),
        }
    }

    /// The org unit of the destination that the map gives for one of the source.
    fn translated(&self, text: String) -> Result<String, Refusal> {
        let unit = Uid::parse(&text).ok();
        if let Some(target) = unit.and_then(|unit| self.job.unit_ids.get(&unit)) {
            return Ok(target.to_string());
        }
        let unit = unit.map_or(text, |unit| self.scene.source.org_unit_path_names(unit));
        Err(Refusal::UnitNotMapped { unit })
    }

    fn context(&self, key: CellKey, item: &'slice PlannedItem) -> CellContext<'slice> {
        CellContext {
            scene: self.scene,
            job: &self.job.name,
            item,
            org_unit: key.org_unit,
            period: key.period,
            slice: self.slice,
        }
    }
}

/// Whether enough source periods have a value.
fn coverage(group: &[Contribution], job: &PlannedJob) -> Result<(), Refusal> {
    let [first, ..] = group else { return Ok(()) };
    let Some(rule) = job.items.get(first.item).and_then(|item| item.coverage) else { return Ok(()) };
    let present = group.iter().map(|part| part.source_period).collect::<BTreeSet<Period>>().len();
    let expected = job.source_periods(first.item, first.cell.period);
    if rule.is_met(present, expected) {
        return Ok(());
    }
    Err(Refusal::Coverage { present, needed: rule.needed(expected), expected })
}

/// A script's word about a value.
fn ruled(script: &SharedScript, outcome: Outcome<Value>, line: Option<u32>) -> Result<Kept, Refusal> {
    match outcome {
        Outcome::Value(value) => Ok(Some(value)),
        Outcome::Drop(_) => Ok(None),
        Outcome::Reject(reason) => {
            let name = script.name();
            let script = line.map_or_else(|| name.to_owned(), |line| format!("{name}:{line}"));
            Err(Refusal::Script { script, reason })
        }
    }
}

fn number(value: Value) -> Result<BigDecimal, Refusal> {
    match value {
        Value::Number(number) => Ok(number),
        Value::Text(text) => parse_number(&text).ok_or(Refusal::NoNumber { text }),
    }
}

/// A script is given numbers where the source or the destination has them, and texts as they are.
fn as_number(value: Value, item: &PlannedItem) -> Value {
    match value {
        Value::Text(text) if item.source_is_numeric || item.value_type.is_numeric() => {
            parse_number(&text).map_or(Value::Text(text), Value::Number)
        }
        other => other,
    }
}

fn after(outcome: &Outcome<Value>) -> Option<String> {
    match outcome {
        Outcome::Value(value) => Some(value.in_words()),
        Outcome::Drop(_) | Outcome::Reject(_) => None,
    }
}

fn place(at: &CellContext<'_>) -> String {
    let names = at.scene.destination;
    // With its option combos: 7 → 3 and 7 → 4 of one data element are two cells.
    let cell = address_names(names, at.item.destination);
    format!("{cell} at {} in {}", names.name_of(at.org_unit), at.period)
}
