//! Collects findings and adds up those that say the same thing about the same object.
//!
//! A run of 100,000 cells may meet one cause 100,000 times; a report names it once, with a count and one example.
//! Everything is ordered, so that the same run gives the same report.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::finding::{Code, Reason};
use xfer_domain::run::{Finding, FindingObject, ServerSaid, Severity};

/// What makes two findings the same: severity first, so that the order is that of a report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Same {
    severity: Severity,
    code: &'static str,
    object: Option<FindingObject>,
    server_code: Option<String>,
}

/// A finding on its way into a report. `object`, `example` and `server` are only made when it is new or rare.
#[derive(Debug, Clone)]
pub struct Note {
    /// The entry of the table.
    pub code: &'static Code,
    /// How much it matters; as the table says, unless the circumstances make it worse.
    pub severity: Severity,
    /// How many values or cells it concerns; 0 where they are counted later.
    pub count: u64,
    /// What it is about.
    pub object: Option<FindingObject>,
    /// One of the cells, or the circumstances, in words.
    pub example: Option<String>,
    /// What the server said.
    pub server: Option<ServerSaid>,
    /// What can be done, where it is more exact than the table's remedy.
    pub hint: Option<String>,
}

impl Note {
    /// A finding without particulars.
    pub fn new(code: &'static Code, count: u64) -> Self {
        Self { code, severity: code.severity, count, object: None, example: None, server: None, hint: None }
    }

    /// A finding about one cell, or about a server, that says why.
    pub fn of(reason: &Reason) -> Self {
        let Reason { code, object, hint, .. } = reason.clone();
        Self { object, hint, server: reason.server(), ..Self::new(code, 1) }
    }

    /// Names the object it is about.
    #[must_use]
    pub fn about(mut self, kind: &str, id: &dyn Display, name: impl Into<String>) -> Self {
        self.object = Some(FindingObject { kind: kind.to_owned(), id: id.to_string(), name: name.into() });
        self
    }

    /// Gives an example or the circumstances.
    #[must_use]
    pub fn example(mut self, example: impl Into<String>) -> Self {
        self.example = Some(example.into());
        self
    }
}

/// Findings by what they say, each with its count.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    entries: BTreeMap<Same, Finding>,
}

impl Findings {
    /// Adds one; the count is added to an earlier one about the same, whose example stays.
    pub fn add(&mut self, note: Note) {
        let same = Same {
            severity: note.severity,
            code: note.code.word,
            object: note.object.clone(),
            server_code: note.server.as_ref().and_then(|said| said.code.clone()),
        };
        let example = note.example.clone();
        let entry = self.entries.entry(same).or_insert_with(|| Finding {
            code: note.code.word.to_owned(),
            severity: note.severity,
            count: 0,
            object: note.object,
            example: note.example,
            server: note.server,
            hint: Some(note.hint.unwrap_or_else(|| note.code.remedy.to_owned())),
        });
        if entry.count == 0 && note.count > 0 && example.is_some() {
            entry.example = example;
        }
        entry.count += note.count;
    }

    /// Adds all of another collection.
    pub fn merge(&mut self, other: Self) {
        for (same, finding) in other.entries {
            match self.entries.entry(same) {
                std::collections::btree_map::Entry::Occupied(mut known) => {
                    let known = known.get_mut();
                    if known.count == 0 && finding.count > 0 {
                        known.example = finding.example.or(known.example.take());
                    }
                    known.count += finding.count;
                }
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(finding);
                }
            }
        }
    }

    /// Whether any finding is an error.
    pub fn has_errors(&self) -> bool {
        self.entries.keys().any(|same| same.severity == Severity::Error)
    }

    /// Whether any finding of other codes is an error.
    pub fn has_error_other_than(&self, codes: &[&Code]) -> bool {
        let is_one = |same: &Same| codes.iter().any(|code| code.word == same.code);
        self.entries.keys().any(|same| same.severity == Severity::Error && !is_one(same))
    }

    /// Whether a finding of that code is there.
    pub fn has(&self, code: &Code) -> bool {
        self.entries.keys().any(|same| same.code == code.word)
    }

    /// Changes what is said of a code, with the count that it has.
    pub fn amend(&mut self, code: &Code, change: impl Fn(&mut Finding)) {
        let of_code = self.entries.iter_mut().filter(|(same, _)| same.code == code.word);
        of_code.for_each(|(_, finding)| change(finding));
    }

    /// Whether a finding of one of those codes is there.
    pub fn has_any(&self, codes: &[&Code]) -> bool {
        codes.iter().any(|code| self.has(code))
    }

    /// For reports: most severe first, then by code, then the most frequent object first.
    pub fn into_sorted(self) -> Vec<Finding> {
        let mut all: Vec<Finding> = self.entries.into_values().collect();
        // What turned out to concern no cell is one thing all the same.
        for finding in &mut all {
            finding.count = finding.count.max(1);
        }
        all.sort_by(|left, right| {
            (left.severity, &left.code, std::cmp::Reverse(left.count)).cmp(&(
                right.severity,
                &right.code,
                std::cmp::Reverse(right.count),
            ))
        });
        all
    }
}

#[cfg(test)]
mod tests {
    use super::{Findings, Note};
    use crate::finding;

    #[test]
    fn the_same_thing_about_the_same_object_is_one_finding_with_a_count() {
        let mut findings = Findings::default();
        let clinic = |count| Note::new(&finding::ORG_UNIT_UNMAPPED, count).about("organisation unit", &"a", "Clinic");
        findings.add(clinic(3).example("first"));
        findings.add(clinic(4).example("second"));
        findings.add(Note::new(&finding::ORG_UNIT_UNMAPPED, 9).about("organisation unit", &"b", "Hospital"));
        let mut other = Findings::default();
        other.add(clinic(1));
        other.add(Note::new(&finding::ZERO_DROPPED, 2));
        findings.merge(other);
        let sorted = findings.into_sorted();
        let seen: Vec<(&str, u64)> = sorted.iter().map(|finding| (finding.code.as_str(), finding.count)).collect();
        assert_eq!(seen, [("org-unit-unmapped", 9), ("org-unit-unmapped", 8), ("zero-dropped", 2)]);
        assert_eq!(sorted[1].example.as_deref(), Some("first"), "the first example stays");
        assert!(sorted.iter().all(|finding| finding.hint.is_some()), "every finding says what to do");
        let mut findings = Findings::default();
        assert!(!findings.has_errors());
        findings.add(Note::new(&finding::DATA_SET_NO_WRITE, 1));
        assert!(findings.has_errors() && findings.has(&finding::DATA_SET_NO_WRITE));
    }
}
