//! The objects of one list as its pages come in, and whether the list is complete.

use std::collections::{BTreeMap, HashSet};

use crate::dhis2::error::clean;
use crate::dhis2::metadata::page::Page;
use crate::dhis2::metadata::wire::Listed;
use crate::domain::uid::Uid;

/// Notes kept of one type: a list that is wrong throughout should not fill a screen. The rest is counted.
const NOTES_OF_A_TYPE: usize = 20;

/// The objects of a list as its pages come in.
pub(super) struct Collected<T: Listed> {
    objects: BTreeMap<Uid, T::Object>,
    ids: HashSet<String>,
    /// Objects of which not even the id could be read.
    unread: usize,
    notes: Vec<String>,
    more_notes: usize,
    /// Objects that the server has and the copy would lack, in words.
    missing: Vec<String>,
    total: Option<u64>,
}

/// A list whose count says that it is not whole, or that has none to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uneven {
    /// What the server counts; none where it does not say.
    pub(super) total: Option<u64>,
    /// What it listed.
    pub(super) listed: u64,
}

/// What became of a list.
#[derive(Debug)]
pub(super) struct Kept<O> {
    pub(super) objects: BTreeMap<Uid, O>,
    /// What to know about them.
    pub(super) notes: Vec<String>,
    /// Objects that the server has and that could not be read, in words.
    pub(super) missing: Vec<String>,
}

impl<T: Listed> Default for Collected<T> {
    fn default() -> Self {
        Self {
            objects: BTreeMap::new(),
            ids: HashSet::new(),
            unread: 0,
            notes: Vec::new(),
            more_notes: 0,
            missing: Vec::new(),
            total: None,
        }
    }
}

impl<T: Listed> Collected<T> {
    /// Takes a page in; returns how many of its objects come for the first time.
    pub(super) fn take(&mut self, page: Page<T>) -> usize {
        if let Some(total) = page.pager.and_then(|pager| pager.total) {
            self.total = Some(total);
        }
        let mut new = page.left_out.len();
        self.unread += page.left_out.len();
        for note in page.left_out {
            self.missing.push(note.clone());
            self.note(note);
        }
        for object in page.objects {
            // Objects made or deleted meanwhile shift the pages, so one may come twice.
            if !self.ids.insert(object.id().to_owned()) {
                continue;
            }
            new += 1;
            let dispensable = object.is_dispensable();
            if let Err(note) = self.keep(object) {
                if !dispensable {
                    self.missing.push(note.clone());
                }
                self.note(note);
            }
        }
        new
    }

    /// How many objects there are, as the last page said.
    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    /// Objects listed so far, kept or not.
    pub(super) fn seen(&self) -> u64 {
        (self.ids.len() + self.unread) as u64
    }

    /// What the server counts and what it listed, where the two differ or nothing was counted: servers count each list
    /// (dhis2-api 3.1), so one without a count was cut or changed on its way. Objects that we leave out were listed.
    pub(super) fn uneven(&self) -> Option<Uneven> {
        let listed = self.seen();
        (self.total != Some(listed)).then_some(Uneven { total: self.total, listed })
    }

    fn keep(&mut self, object: T) -> Result<(), String> {
        let (shown, name) = (clean(object.id()), object.name().map(clean).unwrap_or_default());
        let left_out = |reason: String| {
            let called = if name.is_empty() { String::new() } else { format!(" ({name})") };
            format!("{} `{shown}`{called} was left out: {reason}", T::PLURAL)
        };
        let id = Uid::parse(object.id()).map_err(|_| left_out("its id is not a DHIS2 id".to_owned()))?;
        let mut notes = Vec::new();
        let object = object.into_domain(id, &mut notes).map_err(left_out)?;
        self.objects.insert(id, object);
        for note in notes {
            self.note(format!("{}: {note}", T::PLURAL));
        }
        Ok(())
    }

    fn note(&mut self, note: String) {
        if self.notes.len() < NOTES_OF_A_TYPE {
            self.notes.push(note);
        } else {
            self.more_notes += 1;
        }
    }

    /// The objects, and what to know about them.
    pub(super) fn finish(mut self) -> Kept<T::Object> {
        if self.more_notes > 0 {
            self.notes.push(format!("{}: {} more like these", T::PLURAL, self.more_notes));
        }
        Kept { objects: self.objects, notes: self.notes, missing: self.missing }
    }
}

#[cfg(test)]
mod tests {
    use super::{Collected, Kept, NOTES_OF_A_TYPE, Uneven};
    use crate::dhis2::metadata::page::{Page, Pager, read_page};
    use crate::dhis2::metadata::wire_data::WireDataSet;

    fn page(body: &str) -> Page<WireDataSet> {
        read_page(body.as_bytes(), "dataSets").unwrap()
    }

    #[test]
    fn what_cannot_be_used_is_left_out_by_name_and_counts_as_listed() {
        let mut collected = Collected::<WireDataSet>::default();
        let first = page(
            r#"{"pager":{"total":5},"dataSets":[{"id":"DstMonthly1","periodType":"Monthly"},
            {"id":"nope","periodType":"Monthly"},{"id":"DstOther001","name":"Every two years","periodType":"TwoYearly"},
            {"id":"DstBroken01","name":"Broken","periodType":7}]}"#,
        );
        assert_eq!(first.pager, Some(Pager { total: Some(5), ..Pager::default() }));
        assert_eq!(collected.take(first), 4);
        let again = page(r#"{"dataSets":[{"id":"DstMonthly1","periodType":"Monthly"}]}"#);
        assert_eq!(collected.take(again), 0, "a repeated page has nothing new");
        assert_eq!(collected.uneven(), Some(Uneven { total: Some(5), listed: 4 }), "one of the five was never listed");
        collected.take(page(r#"{"pager":{"total":4},"dataSets":[]}"#));
        assert_eq!(collected.uneven(), None, "the last page's count is the newest");
        let Kept { objects, notes, missing } = collected.finish();
        assert_eq!(objects.len(), 1);
        let named: Vec<&str> = missing.iter().filter_map(|words| words.split('`').nth(1)).collect();
        assert_eq!(named, ["DstBroken01", "nope"], "a period type that we do not know is no damage");
        assert_eq!(notes.len(), 3, "{notes:?}");
        assert!(notes[0].contains("DstBroken01") && notes[0].contains("Broken"), "{notes:?}");
        assert!(notes[2].contains("(Every two years)") && notes[2].contains("TwoYearly"), "{notes:?}");
    }

    #[test]
    fn a_list_without_a_count_is_not_known_to_be_whole() {
        for body in [r#"{"dataSets":[]}"#, r#"{"pager":{"page":1},"dataSets":[]}"#, r#"{"pager":null,"dataSets":[]}"#] {
            let mut collected = Collected::<WireDataSet>::default();
            collected.take(page(body));
            assert_eq!(collected.uneven(), Some(Uneven { total: None, listed: 0 }), "{body}");
        }
    }

    #[test]
    fn many_notes_are_counted() {
        let sets: Vec<String> = (0..50).map(|number| format!(r#"{{"id":"DstMonthl{number:02}"}}"#)).collect();
        let mut collected = Collected::<WireDataSet>::default();
        collected.take(page(&format!(r#"{{"dataSets":[{}]}}"#, sets.join(","))));
        let notes = collected.finish().notes;
        assert_eq!(notes.len(), NOTES_OF_A_TYPE + 1);
        assert_eq!(notes.last().map(String::as_str), Some("dataSets: 30 more like these"));
    }
}
