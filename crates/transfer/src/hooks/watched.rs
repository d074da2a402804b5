//! A script under test: the input and output of each of its hooks.
//!
//! A replay leads the values of a routine through the same stages as a run does, with one script among them that passes
//! everything on and takes down what it did. Counts are complete; of the things that came out differently only
//! the first of each kind are kept, so that memory does not grow with a country.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::hooks::rows::{account, for_each};
use crate::hooks::{
    Acted, ActingScript, CellContext, Outcome, Part, PeriodContext, RowsAfter, RowsContext, SharedScript,
};
use crate::shape::Value;
use xfer_domain::data_item::DataItem;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::script::{Attachment, Hook};
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;
use xfer_script::{Log, limits};

/// Contributions to one cell that are written out.
const PARTS: usize = 6;

/// What became of something that a script was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It is something else now; several contributions that became one value count as changed.
    Changed,
    /// It was left out, with a reason.
    Dropped,
    /// It cannot be used, with a reason.
    Rejected,
    /// It was not there before.
    Created,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Changed, Self::Dropped, Self::Rejected, Self::Created];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::Created => "created",
        }
    }
}

/// Something that came out differently, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The hook.
    pub hook: Hook,
    /// What became of it.
    pub kind: Kind,
    /// The job.
    pub job: String,
    /// The data, with its option combos where they tell it from another.
    pub data: String,
    /// The org unit; none where a period is decided on for all of them.
    pub org_unit: Option<String>,
    /// The period.
    pub period: Period,
    /// What was there before; none for a row that is new.
    pub before: Option<String>,
    /// What is there now; none where nothing is.
    pub after: Option<String>,
    /// Why it was dropped or rejected.
    pub reason: Option<String>,
    /// The script's line.
    pub line: Option<u32>,
}

/// How much a hook was given, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows, periods or cells that it was given.
    pub given: u64,
    kinds: BTreeMap<Kind, u64>,
}

impl Counts {
    /// How many came out in this way.
    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }
}

/// What a script did.
#[derive(Debug, Default)]
pub struct Record {
    most: usize,
    counts: BTreeMap<Hook, Counts>,
    changes: Vec<Change>,
    kept: BTreeMap<(Hook, Kind), usize>,
    printed: Log,
}

impl Record {
    /// An empty one that keeps at most so many changes of each hook and kind.
    pub fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// The counts of each hook that was called, what was kept of the changes, in the order of the calls, and what was
    /// printed.
    pub fn into_parts(self) -> (BTreeMap<Hook, Counts>, Vec<Change>, Log) {
        (self.counts, self.changes, self.printed)
    }

    /// Takes down what a call has printed; of all calls together no more is kept than of one.
    fn print(&mut self, log: Log) {
        let room = limits::LOG_LINES.saturating_sub(self.printed.lines.len());
        self.printed.left_out += log.left_out + log.lines.len().saturating_sub(room) as u64;
        self.printed.lines.extend(log.lines.into_iter().take(room));
    }

    fn given(&mut self, hook: Hook, number: usize) {
        self.counts.entry(hook).or_default().given += number as u64;
    }

    /// Takes a change down; `change` is asked only while there is room.
    fn note(&mut self, hook: Hook, kind: Kind, change: impl FnOnce() -> Change) {
        *self.counts.entry(hook).or_default().kinds.entry(kind).or_default() += 1;
        let kept = self.kept.entry((hook, kind)).or_default();
        if *kept < self.most {
            *kept += 1;
            self.changes.push(change());
        }
    }
}

/// A script, watched.
#[derive(Debug)]
pub(super) struct Watched {
    script: SharedScript,
    /// The hooks that it may act on.
    hooks: Vec<Hook>,
    record: Arc<Mutex<Record>>,
}

impl Watched {
    pub(super) fn new(script: SharedScript, hooks: Vec<Hook>, record: Arc<Mutex<Record>>) -> Self {
        Self { script, hooks, record }
    }

    fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what became of one thing; `blank` says where it stands and what was there before.
    fn one<T>(
        &self,
        hook: Hook,
        acted: &Acted<T>,
        changed: impl FnOnce(&T) -> Option<String>,
        blank: impl FnOnce() -> Change,
    ) {
        let log = self.script.take_log();
        let mut record = self.record();
        record.print(log);
        record.given(hook, 1);
        let line = acted.line;
        match &acted.outcome {
            Outcome::Value(value) => {
                if let Some(after) = changed(value) {
                    record.note(hook, Kind::Changed, || Change { after: Some(after), line, ..blank() });
                }
            }
            Outcome::Drop(reason) => record.note(hook, Kind::Dropped, || Change {
                kind: Kind::Dropped,
                reason: Some(reason.clone()),
                line,
                ..blank()
            }),
            Outcome::Reject(reason) => record.note(hook, Kind::Rejected, || Change {
                kind: Kind::Rejected,
                reason: Some(reason.clone()),
                line,
                ..blank()
            }),
        }
    }
}

impl ActingScript for Watched {
    fn identity(&self) -> &Attachment {
        self.script.identity()
    }

    fn acts(&self, hook: Hook) -> bool {
        self.hooks.contains(&hook) && self.script.acts(hook)
    }

    fn rows(&self, rows: &[SourceValue], at: &RowsContext<'_>) -> Acted<RowsAfter> {
        let acted = self.script.rows(rows, at);
        let whole = match &acted.outcome {
            Outcome::Value(_) => RowsAfter::default(),
            Outcome::Drop(reason) => RowsAfter { dropped: for_each(rows, reason.clone()), ..RowsAfter::default() },
            Outcome::Reject(reason) => RowsAfter { rejected: for_each(rows, reason.clone()), ..RowsAfter::default() },
        };
        let after = match &acted.outcome {
            Outcome::Value(after) => after,
            Outcome::Drop(_) | Outcome::Reject(_) => &whole,
        };
        let account = account(rows, after);
        let text = |row: &SourceValue| Some(row.value.clone().unwrap_or_default());
        let blank = |row: &SourceValue, kind: Kind| Change {
            hook: Hook::Rows,
            kind,
            job: at.job.to_owned(),
            data: data(row.data, [row.category_option_combo, row.attribute_option_combo], at.scene.source),
            org_unit: Some(at.scene.source.name_of(row.org_unit)),
            period: row.period,
            before: None,
            after: None,
            reason: None,
            line: acted.line,
        };
        let log = self.script.take_log();
        let mut record = self.record();
        record.print(log);
        record.given(Hook::Rows, rows.len());
        for (old, new) in &account.changed {
            let change = || Change { before: text(old), after: text(new), ..blank(old, Kind::Changed) };
            record.note(Hook::Rows, Kind::Changed, change);
        }
        for (kind, left_out) in [(Kind::Dropped, &account.dropped), (Kind::Rejected, &account.rejected)] {
            for (row, reason) in left_out {
                let reason = || Some((*reason).to_owned());
                record.note(Hook::Rows, kind, || Change { before: text(row), reason: reason(), ..blank(row, kind) });
            }
        }
        for row in &account.created {
            record.note(Hook::Rows, Kind::Created, || Change { after: text(row), ..blank(row, Kind::Created) });
        }
        drop(record);
        acted
    }

    fn period(&self, period: Period, at: &PeriodContext<'_>) -> Acted<Period> {
        self.script.period(period, at)
    }

    fn reads_period(&self, period: Period, at: &PeriodContext<'_>) {
        let acted = self.script.period(period, at);
        let changed = |after: &Period| (*after != period).then(|| after.to_string());
        self.one(Hook::Period, &acted, changed, || Change {
            hook: Hook::Period,
            kind: Kind::Changed,
            job: at.job.to_owned(),
            data: at.source.data_name(at.item.source.data()),
            org_unit: None,
            period,
            before: Some(period.to_string()),
            after: None,
            reason: None,
            line: None,
        });
    }

    fn combine(&self, parts: Vec<Part>, at: &CellContext<'_>) -> Acted<Value> {
        let only = match parts.as_slice() {
            [only] => Some(only.value.clone()),
            _ => None,
        };
        let before = parts_in_words(&parts, at.scene.source);
        let acted = self.script.combine(parts, at);
        let stays = |after: &Value| only.as_ref().is_some_and(|before| before.is_same(after));
        let changed = |after: &Value| (!stays(after)).then(|| after.in_words());
        self.one(Hook::Combine, &acted, changed, || cell(Hook::Combine, before, at));
        acted
    }

    fn value(&self, value: Value, at: &CellContext<'_>) -> Acted<Value> {
        let before = value.clone();
        let acted = self.script.value(value, at);
        let changed = |after: &Value| (!before.is_same(after)).then(|| after.in_words());
        self.one(Hook::Value, &acted, changed, || cell(Hook::Value, before.in_words(), at));
        acted
    }
}

/// A change of a destination cell.
fn cell(hook: Hook, before: String, at: &CellContext<'_>) -> Change {
    let (address, names) = (at.item.destination, at.scene.destination);
    let combos = [Some(address.category_option_combo), Some(address.attribute_option_combo)];
    Change {
        hook,
        kind: Kind::Changed,
        job: at.job.to_owned(),
        data: data(DataItem::DataElement(address.data_element), combos, names),
        org_unit: Some(names.name_of(at.org_unit)),
        period: at.period,
        before: Some(before),
        after: None,
        reason: None,
        line: None,
    }
}

/// A data item by name, with those of its option combos that say something.
fn data(data: DataItem, combos: [Option<Uid>; 2], names: &Metadata) -> String {
    let telling = |combo: &Uid| names.name_of(*combo).to_lowercase() != "default";
    let combos: Vec<String> = combos.into_iter().flatten().filter(telling).map(|combo| names.name_of(combo)).collect();
    if combos.is_empty() { names.data_name(data) } else { format!("{} ({})", names.data_name(data), combos.join(", ")) }
}

/// `12 (Jacmel, 202401) + 5 (Bainet, 202401)`.
fn parts_in_words(parts: &[Part], source: &Metadata) -> String {
    let shown = parts.iter().take(PARTS).map(|part| {
        format!("{} ({}, {})", part.value.in_words(), source.name_of(part.source_unit), part.source_period)
    });
    let more = (parts.len() > PARTS).then(|| format!("{} more", parts.len() - PARTS));
    shown.chain(more).collect::<Vec<_>>().join(" + ")
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use jiff::Timestamp;

    use super::{Kind, Record};
    use crate::fixture::{document, job, metadata, period, plain_item, plan_of, unit};
    use crate::hooks::fake::{attached, ready};
    use crate::hooks::{CellContext, Hooks, Part, Scene, SliceValues};
    use crate::shape::Value;
    use xfer_domain::script::Hook;

    #[test]
    fn a_watched_script_is_the_nearest_and_every_call_is_counted_while_few_are_kept() {
        let mut routine = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
        let hooks = [Hook::Rows, Hook::Period, Hook::Combine, Hook::Value];
        routine.jobs[0].items[0].scripts = vec![attached("item", &hooks)];
        routine.jobs[0].scripts = vec![attached("tried", &hooks)];
        let mut all = Hooks::of(&routine, ready).unwrap();
        let record = Arc::new(Mutex::new(Record::new(2)));
        all.watch_first(&[Hook::Combine, Hook::Value], &record);
        let item = all.item(0, 0);
        assert_eq!(item.combine.as_ref().unwrap().name(), "tried");
        assert_eq!(item.period.as_ref().unwrap().name(), "item", "a hook that is not watched is left alone");
        let names: Vec<&str> = item.value.iter().map(|script| script.name()).collect();
        assert_eq!(names, ["tried", "item"]);
        assert!(all.rows(0).is_empty());

        let (plan, metadata) = (plan_of(&routine).unwrap(), metadata());
        let scene = Scene { source: &metadata, destination: &metadata, now: Timestamp::UNIX_EPOCH };
        let at = CellContext {
            scene: &scene,
            job: "a",
            item: &plan.jobs[0].items[0],
            org_unit: unit(1),
            period: period("202401"),
            slice: &SliceValues::default(),
        };
        let text = |text: &str| Value::Text(text.to_owned());
        for given in ["1", "2", "3", "0", "13", "many"] {
            let _ = item.value[0].value(text(given), &at);
        }
        let part = |value: &str| Part { value: text(value), source_period: at.period, source_unit: unit(2) };
        let combine = item.combine.unwrap();
        let _ = combine.combine(vec![part("5")], &at);
        let _ = combine.combine(vec![part("5"), part("7")], &at);
        let (counts, changes, _) = std::mem::take(&mut *record.lock().unwrap()).into_parts();
        let of = |hook, kind| counts[&hook].of(kind);
        assert_eq!((counts[&Hook::Value].given, counts[&Hook::Combine].given), (6, 2));
        assert_eq!(
            [Kind::Changed, Kind::Dropped, Kind::Rejected, Kind::Created].map(|kind| of(Hook::Value, kind)),
            [3, 1, 1, 0]
        );
        assert_eq!(of(Hook::Combine, Kind::Changed), 1, "a single value stays as it is");
        let kept: Vec<_> = changes
            .iter()
            .map(|change| (change.kind, change.before.as_deref().unwrap(), change.after.as_deref()))
            .collect();
        let unit = metadata.name_of(unit(2));
        let parts = format!("5 ({unit}, 202401) + 7 ({unit}, 202401)");
        let expected = [
            (Kind::Changed, "1", Some("2")),
            (Kind::Changed, "2", Some("4")),
            (Kind::Dropped, "0", None),
            (Kind::Rejected, "13", None),
            (Kind::Changed, parts.as_str(), Some("7")),
        ];
        assert_eq!(kept, expected);
        assert_eq!(changes[3].reason.as_deref(), Some("no thirteen in 202401"));
    }
}
