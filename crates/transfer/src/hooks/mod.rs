//! The places where scripts act (design 3), as the stages see them: a trait that says nothing of the language.
//!
//! [`ready`] makes the scripts of a routine act, with the engine of [`xfer_script`].
//!
//! | hook | called by | gives |
//! |---|---|---|
//! | `rows` | `map`, once for a slice, before its values are mapped | other rows |
//! | `period` | `plan`, once for each source period of an item | the destination period |
//! | `combine` | `combine`, once for each cell, in the place of the operator | the cell's value |
//! | `value` | `combine`, once for each cell, before rounding and shaping | the cell's value |
//!
//! `period` is asked when the routine is planned, because what is read at the destination depends on the answer. Each
//! answer is a value, a drop with a reason (counted as `dropped`: the source has nothing for the cell), or a rejection
//! with a reason (the cell is held back, and what stands at the destination stays).
//!
//! A script gets values and contexts by reference and can reach nothing else: no envelope, no login, no URL.

mod acts;
#[cfg(test)]
pub(crate) mod fake;
mod names;
mod rows;
mod running;
mod slices;
mod values;
mod watched;

pub use acts::Acts;
pub use rows::{Rows, through_rows};
pub use running::{NotReady, ready};
pub use watched::{Change, Counts, Kind, Record};

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};

use jiff::Timestamp;

use crate::hooks::watched::Watched;
use crate::plan::PlannedItem;
use crate::shape::Value;
use xfer_domain::data_item::DataItem;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::script::{Attachment, Hook};
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;

/// What a script made of something.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<T> {
    /// Go on with this.
    Value(T),
    /// Leave it out, for this reason.
    Drop(String),
    /// It cannot be used, for this reason.
    Reject(String),
}

/// An outcome, and the line of the script that is responsible for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted<T> {
    /// What the script made of it.
    pub outcome: Outcome<T>,
    /// Where in the script, counted from 1.
    pub line: Option<u32>,
}

/// A contribution, as `combine` sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its value, multiplied by the item's factor.
    pub value: Value,
    /// The period it had at the source.
    pub source_period: Period,
    /// The unit it had at the source.
    pub source_unit: Uid,
}

/// What `rows` made of a slice.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RowsAfter {
    /// The rows to go on with: as they were, changed, or added.
    pub kept: Vec<SourceValue>,
    /// Why rows were left out, by their place among those given.
    pub dropped: Vec<(usize, Arc<str>)>,
    /// Rows that cannot be used, by their place among those given, and why.
    pub rejected: Vec<(usize, Arc<str>)>,
    /// Rows that went to another period, by their place among those given, and where they stand now.
    pub moved: Vec<(usize, SourceValue)>,
}

/// What is the same for a whole run.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'run> {
    /// The source's metadata, for names.
    pub source: &'run Metadata,
    /// The destination's metadata, for names.
    pub destination: &'run Metadata,
    /// When the run started: the only clock that a script sees.
    pub now: Timestamp,
}

/// Where a source value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey {
    /// What it is a value of.
    pub data: DataItem,
    /// Its COC, where it has one.
    pub category_option_combo: Option<Uid>,
    /// Its AOC, where it has one.
    pub attribute_option_combo: Option<Uid>,
    /// Its org unit.
    pub org_unit: Uid,
    /// Its period.
    pub period: Period,
}

impl RowKey {
    /// Where a value stands.
    pub fn of(value: &SourceValue) -> Self {
        Self {
            data: value.data,
            category_option_combo: value.category_option_combo,
            attribute_option_combo: value.attribute_option_combo,
            org_unit: value.org_unit,
            period: value.period,
        }
    }
}

/// The source values of a slice at their destination, for scripts that look others up: each with the org unit and the
/// period that it goes to.
#[derive(Debug, Clone, Default)]
pub struct SliceValues {
    rows: Vec<SourceValue>,
    /// The slice as scripts know it, made when the first of them asks.
    script: OnceLock<Arc<xfer_script::Slice>>,
}

impl SliceValues {
    /// Makes a value known.
    pub fn add(&mut self, row: SourceValue) {
        self.rows.push(row);
    }

    /// Makes the values of another part of the slice known.
    pub fn extend(&mut self, other: Self) {
        self.rows.extend(other.rows);
    }

    /// The values.
    pub fn rows(&self) -> &[SourceValue] {
        &self.rows
    }

    /// The slice as scripts know it.
    pub fn script(&self, make: impl FnOnce() -> xfer_script::Slice) -> &Arc<xfer_script::Slice> {
        self.script.get_or_init(|| Arc::new(make()))
    }
}

/// Where `rows` is called.
#[derive(Debug, Clone, Copy)]
pub struct RowsContext<'slice> {
    /// The run.
    pub scene: &'slice Scene<'slice>,
    /// The job's name.
    pub job: &'slice str,
    /// The job's items.
    pub items: &'slice [PlannedItem],
    /// The source's org units of the slice.
    pub org_units: &'slice BTreeSet<Uid>,
}

/// Where `period` is called.
#[derive(Debug, Clone, Copy)]
pub struct PeriodContext<'plan> {
    /// The source's metadata, for names.
    pub source: &'plan Metadata,
    /// The destination's metadata, for names.
    pub destination: &'plan Metadata,
    /// The job's name.
    pub job: &'plan str,
    /// The item.
    pub item: &'plan PlannedItem,
}

/// Where `combine` and `value` are called.
#[derive(Debug, Clone, Copy)]
pub struct CellContext<'slice> {
    /// The run.
    pub scene: &'slice Scene<'slice>,
    /// The job's name.
    pub job: &'slice str,
    /// The item.
    pub item: &'slice PlannedItem,
    /// The destination's org unit.
    pub org_unit: Uid,
    /// The destination period.
    pub period: Period,
    /// The source values of the slice.
    pub slice: &'slice SliceValues,
}

/// A script at work in one place, with its parameters.
pub trait ActingScript: fmt::Debug + Send + Sync {
    /// What it was attached as: two places with equal attachments act alike.
    fn identity(&self) -> &Attachment;

    /// Its name.
    fn name(&self) -> &str {
        &self.identity().script
    }

    /// Whether it defines the hook.
    fn acts(&self, hook: Hook) -> bool {
        self.identity().acts(hook)
    }

    /// Other rows for a whole slice. Called only if it acts on `rows`; the same for the other hooks.
    fn rows(&self, rows: &[SourceValue], at: &RowsContext<'_>) -> Acted<RowsAfter>;

    /// The destination period of a source period. Asked about more periods than are read.
    fn period(&self, period: Period, at: &PeriodContext<'_>) -> Acted<Period>;

    /// Says of a period that was asked about that it is read. Only who watches a script needs to know.
    fn reads_period(&self, _period: Period, _at: &PeriodContext<'_>) {}

    /// One value for all contributions to a cell.
    fn combine(&self, parts: Vec<Part>, at: &CellContext<'_>) -> Acted<Value>;

    /// Another value for a cell.
    fn value(&self, value: Value, at: &CellContext<'_>) -> Acted<Value>;

    /// What it has printed since this was last asked.
    fn take_log(&self) -> xfer_script::Log {
        xfer_script::Log::default()
    }
}

/// A script that several places may share.
pub type SharedScript = Arc<dyn ActingScript>;

/// The scripts of a routine, by the places where they are attached. Without any by default.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    jobs: Vec<JobScripts>,
}

#[derive(Debug, Clone, Default)]
struct JobScripts {
    routine: Vec<SharedScript>,
    job: Vec<SharedScript>,
    items: Vec<Vec<SharedScript>>,
}

/// The scripts that act on an item's cells.
#[derive(Debug, Clone, Default)]
pub struct ItemHooks {
    /// The nearest script with `period`.
    pub period: Option<SharedScript>,
    /// The nearest script with `combine`.
    pub combine: Option<SharedScript>,
    /// All scripts with `value`, in order.
    pub value: Vec<SharedScript>,
}

impl ItemHooks {
    /// Whether a script decides on the values of its cells.
    pub fn decide_values(&self) -> bool {
        self.combine.is_some() || !self.value.is_empty()
    }

    /// Whether others decide on values in the same way: the same scripts, with the same parameters.
    pub fn same_values(&self, other: &Self) -> bool {
        let same = |one: &SharedScript, other: &SharedScript| one.identity() == other.identity();
        let combine = match (&self.combine, &other.combine) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            _ => false,
        };
        combine
            && self.value.len() == other.value.len()
            && self.value.iter().zip(&other.value).all(|(one, other)| same(one, other))
    }
}

impl Hooks {
    /// The scripts of a document; `ready` makes one attachment ready to act in a job.
    pub fn of<E>(
        document: &RoutineDocument,
        mut ready: impl FnMut(&Attachment, &Job) -> Result<SharedScript, E>,
    ) -> Result<Self, E> {
        let mut jobs = Vec::with_capacity(document.jobs.len());
        for job in &document.jobs {
            let mut all = |attachments: &[Attachment]| {
                attachments.iter().map(|attachment| ready(attachment, job)).collect::<Result<Vec<_>, E>>()
            };
            let items = job.items.iter().map(|item| all(&item.scripts)).collect::<Result<_, E>>()?;
            jobs.push(JobScripts { routine: all(&document.routine.scripts)?, job: all(&job.scripts)?, items });
        }
        Ok(Self { jobs })
    }

    /// Has a script watched in each place where it is attached; there it acts on these hooks and on no other.
    pub fn watch(&mut self, name: &str, hooks: &[Hook], record: &Arc<Mutex<Record>>) {
        for job in &mut self.jobs {
            let places = job.items.iter_mut().chain([&mut job.job, &mut job.routine]);
            for script in places.flatten().filter(|script| script.name() == name) {
                *script = Arc::new(Watched::new(Arc::clone(script), hooks.to_vec(), Arc::clone(record)));
            }
        }
    }

    /// Puts the first script of each job before all others, the items' own too, and has it watched where it acts on one
    /// of the hooks; it acts on no other.
    pub fn watch_first(&mut self, hooks: &[Hook], record: &Arc<Mutex<Record>>) {
        for job in &mut self.jobs {
            if job.job.is_empty() {
                continue;
            }
            let watched = |hooks: Vec<Hook>, script: &SharedScript| -> SharedScript {
                Arc::new(Watched::new(Arc::clone(script), hooks, Arc::clone(record)))
            };
            let script = job.job.remove(0);
            let (of_slices, of_items) = hooks.iter().partition(|hook| **hook == Hook::Rows);
            job.job.insert(0, watched(of_slices, &script));
            let of_items = watched(of_items, &script);
            for item in &mut job.items {
                item.insert(0, Arc::clone(&of_items));
            }
        }
    }

    /// The scripts with `rows` of a job, by its place in the document: the job's before the routine's.
    pub fn rows(&self, job: usize) -> Vec<SharedScript> {
        let Some(scripts) = self.jobs.get(job) else { return Vec::new() };
        scripts.job.iter().chain(&scripts.routine).filter(|script| script.acts(Hook::Rows)).cloned().collect()
    }

    /// The scripts that act on an item, by its place in the document: the item's, the job's, the routine's.
    pub fn item(&self, job: usize, item: usize) -> ItemHooks {
        let Some(scripts) = self.jobs.get(job) else { return ItemHooks::default() };
        let own = scripts.items.get(item).map_or(&[][..], Vec::as_slice);
        let all = || own.iter().chain(&scripts.job).chain(&scripts.routine);
        let nearest = |hook| all().find(|script| script.acts(hook)).cloned();
        ItemHooks {
            period: nearest(Hook::Period),
            combine: nearest(Hook::Combine),
            value: all().filter(|script| script.acts(Hook::Value)).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Hooks;
    use crate::fixture::{document, job, plain_item};
    use crate::hooks::fake::{attached, ready};
    use xfer_domain::script::Hook;

    #[test]
    fn the_nearest_comes_first_and_only_it_takes_an_operators_place() {
        let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(3)])], &["202401"]);
        routine.jobs[0].items[0].scripts =
            vec![attached("item 1", &[Hook::Value]), attached("item 2", &[Hook::Value, Hook::Combine])];
        routine.jobs[0].scripts = vec![attached("job", &[Hook::Value, Hook::Combine, Hook::Rows])];
        routine.routine.scripts = vec![attached("routine", &[Hook::Rows, Hook::Period, Hook::Value])];
        let hooks = Hooks::of(&routine, ready).unwrap();
        let first = hooks.item(0, 0);
        let names: Vec<&str> = first.value.iter().map(|script| script.name()).collect();
        assert_eq!(names, ["item 1", "item 2", "job", "routine"]);
        assert_eq!(first.combine.unwrap().name(), "item 2");
        assert_eq!(first.period.unwrap().name(), "routine");
        assert_eq!(hooks.item(0, 1).combine.unwrap().name(), "job");
        let rows: Vec<String> = hooks.rows(0).iter().map(|script| script.name().to_owned()).collect();
        assert_eq!(rows, ["job", "routine"]);
        assert!(!Hooks::default().item(0, 0).decide_values());
    }
}
