//! What scripts did to the values of a run: counts by script and hook, and a few examples, before → after.

use crate::finding;
use crate::hooks::{Acted, Outcome};
use crate::tally::{Findings, Note};
use xfer_domain::run::{ScriptExample, ScriptReport};
use xfer_domain::script::Hook;
use xfer_domain::shown::cut_off;
use xfer_script::limits;

/// Examples that a report has room for, by script and hook.
const EXAMPLES: usize = 5;

/// Which of a script's examples are meant.
type Wanted = fn(&ScriptExample) -> bool;

/// How many rows of a slice a script changed, left out, refused and added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowCounts {
    pub(super) changed: u64,
    pub(super) dropped: u64,
    pub(super) rejected: u64,
    pub(super) created: u64,
}

/// What scripts did.
#[derive(Debug, Clone, Default)]
pub struct Acts {
    /// By script and hook. There are a few, looked for once for every cell: found without a name of its own.
    entries: Vec<(Hook, ScriptReport)>,
}

impl Acts {
    /// Whether no script did anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Takes down what a script made of something. `changed` says whether a value became another one; `example` gives
    /// the place, what was there before and what there is now, and is asked only while there is room.
    pub fn note<T>(
        &mut self,
        script: &str,
        hook: Hook,
        acted: &Acted<T>,
        changed: bool,
        example: impl FnOnce() -> (String, String, Option<String>),
    ) {
        let reason = match &acted.outcome {
            Outcome::Value(_) if !changed => return,
            Outcome::Value(_) => None,
            Outcome::Drop(reason) | Outcome::Reject(reason) => Some(reason.clone()),
        };
        let entry = self.entry(script, hook);
        match &acted.outcome {
            Outcome::Value(_) => entry.changed += 1,
            Outcome::Drop(_) => entry.dropped += 1,
            Outcome::Reject(_) => entry.rejected += 1,
        }
        if entry.examples.len() < EXAMPLES {
            let (at, before, after) = example();
            entry.examples.push(short(ScriptExample { at, before: Some(before), after, line: acted.line, reason }));
        }
    }

    /// Takes down what `rows` did to a slice.
    pub(super) fn note_rows(&mut self, script: &str, counts: RowCounts) {
        if counts == RowCounts::default() {
            return;
        }
        let entry = self.entry(script, Hook::Rows);
        entry.changed += counts.changed;
        entry.dropped += counts.dropped;
        entry.rejected += counts.rejected;
        entry.created += counts.created;
    }

    /// Takes down an example of what `rows` did, while there is room.
    pub(super) fn example(&mut self, script: &str, example: impl FnOnce() -> ScriptExample) {
        let entry = self.entry(script, Hook::Rows);
        if entry.examples.len() < EXAMPLES {
            entry.examples.push(short(example()));
        }
    }

    fn entry(&mut self, script: &str, hook: Hook) -> &mut ScriptReport {
        let found =
            self.entries.binary_search_by(|(other, entry)| (entry.script.as_str(), *other).cmp(&(script, hook)));
        let index = found.unwrap_or_else(|index| {
            let (script, name) = (script.to_owned(), hook.name().to_owned());
            self.entries.insert(index, (hook, ScriptReport { script, hook: name, ..ScriptReport::default() }));
            index
        });
        &mut self.entries[index].1
    }

    /// Adds those of another slice.
    pub fn merge(&mut self, other: Self) {
        for (hook, more) in other.entries {
            let entry = self.entry(&more.script, hook);
            entry.changed += more.changed;
            entry.dropped += more.dropped;
            entry.rejected += more.rejected;
            entry.created += more.created;
            let room = EXAMPLES.saturating_sub(entry.examples.len());
            entry.examples.extend(more.examples.into_iter().take(room));
        }
    }

    /// Names in a report's findings what was changed, dropped and created, and which rows were rejected. Rejected cells
    /// are named where they are held back.
    pub fn findings(&self) -> Findings {
        let mut findings = Findings::default();
        for (_, act) in &self.entries {
            let example = |wanted: Wanted| act.examples.iter().find(|example| wanted(example));
            let rejected_rows = if act.hook == Hook::Rows.name() { act.rejected } else { 0 };
            let kinds: [(_, _, Wanted); 4] = [
                (&finding::SCRIPT_FAILED, rejected_rows, |example| example.reason.is_some()),
                (&finding::SCRIPT_CHANGED, act.changed, |example| example.reason.is_none() && example.before.is_some()),
                (&finding::SCRIPT_DROPPED, act.dropped, |example| example.reason.is_some()),
                (&finding::SCRIPT_CREATED, act.created, |example| example.before.is_none()),
            ];
            for (code, count, wanted) in kinds {
                if count == 0 {
                    continue;
                }
                let mut note = Note::new(code, count).about("script", &act.script, act.script.clone());
                if let Some(example) = example(wanted) {
                    note = note.example(in_words(example, &act.script));
                }
                findings.add(note);
            }
        }
        findings
    }

    /// For the report, by script and hook.
    pub fn into_reports(self) -> Vec<ScriptReport> {
        self.entries.into_iter().map(|(_, report)| report).collect()
    }
}

/// An example as long as a reason may be: what a script makes of a value can be a quarter of a mebibyte.
fn short(example: ScriptExample) -> ScriptExample {
    let short = |text: Option<String>| text.map(|text| cut_off(text, limits::REASON));
    let ScriptExample { before, after, reason, .. } = example;
    ScriptExample { before: short(before), after: short(after), reason: short(reason), ..example }
}

fn in_words(example: &ScriptExample, script: &str) -> String {
    let line = example.line.map_or_else(|| script.to_owned(), |line| format!("{script}:{line}"));
    let nothing = "nothing".to_owned();
    let before = example.before.as_ref().unwrap_or(&nothing);
    match (&example.reason, &example.after) {
        (Some(reason), _) => format!("{} = `{before}`: {reason} ({line})", example.at),
        (None, after) => format!("{}: {before} → {} ({line})", example.at, after.as_ref().unwrap_or(&nothing)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Acted, Acts, EXAMPLES, Hook, Outcome};

    #[test]
    fn counts_are_complete_and_examples_few() {
        let mut acts = Acts::default();
        for number in 0..20 {
            let acted = Acted { outcome: Outcome::Value(()), line: Some(2) };
            acts.note("scale.rhai", Hook::Value, &acted, number % 2 == 0, || {
                (format!("cell {number}"), "1".to_owned(), Some("2".to_owned()))
            });
        }
        let dropped = Acted { outcome: Outcome::<()>::Drop("small".to_owned()), line: None };
        acts.note("scale.rhai", Hook::Value, &dropped, false, || ("cell".to_owned(), "1".to_owned(), None));
        let mut all = Acts::default();
        all.merge(acts.clone());
        all.merge(acts);
        let findings: Vec<_> = all
            .findings()
            .into_sorted()
            .into_iter()
            .map(|finding| (finding.code, finding.count, finding.example.unwrap_or_default()))
            .collect();
        assert_eq!(findings[0].0, "script-changed");
        assert_eq!((findings[0].1, findings[0].2.as_str()), (20, "cell 0: 1 → 2 (scale.rhai:2)"));
        assert_eq!((findings[1].0.as_str(), findings[1].1), ("script-dropped", 2));
        let reports = all.into_reports();
        assert_eq!((reports[0].changed, reports[0].dropped, reports[0].examples.len()), (20, 2, EXAMPLES));
    }
}
