//! The objects of one list as its pages come in, and whether the list is complete.

use std::collections::{BTreeMap, HashSet};
use std::sync::Mutex;

use crate::bounds::{Excess, Weight};
use crate::error::clean;
use crate::metadata::page::{Page, Pager};
use crate::metadata::wire::Listed;
use crate::transport::lock;
use xfer_domain::uid::Uid;

/// Notes kept of one type: a list that is wrong throughout should not fill a screen. The rest is counted.
const NOTES_OF_A_TYPE: usize = 20;

/// Objects that the copy would lack, of one type, in words. A person has to see the first of them and their number.
const MISSING_OF_A_TYPE: usize = 100;

/// Objects of one list. The largest countries have some ten thousand org units.
const MOST_OBJECTS: usize = 300_000;

/// Bytes of the metadata of one server, of all its lists together.
const MOST_BYTES: u64 = 160 << 20;

/// Values in it.
const MOST_VALUES: u64 = 12_000_000;

/// What the lists of one sync may still hold together.
#[derive(Debug)]
pub(super) struct Allowance(Mutex<Weight>);

impl Default for Allowance {
    fn default() -> Self {
        Self(Mutex::new(Weight { bytes: MOST_BYTES, values: MOST_VALUES }))
    }
}

impl Allowance {
    fn spend(&self, weight: Weight) -> Result<(), Excess> {
        let mut left = lock(&self.0);
        match (left.bytes.checked_sub(weight.bytes), left.values.checked_sub(weight.values)) {
            (Some(bytes), Some(values)) => {
                *left = Weight { bytes, values };
                Ok(())
            }
            _ => Err(Excess::Together(MOST_BYTES)),
        }
    }

    fn give_back(&self, weight: Weight) {
        let mut left = lock(&self.0);
        left.bytes += weight.bytes;
        left.values += weight.values;
    }
}

/// A page whose objects are those of the domain, as far as they can be.
#[derive(Debug)]
pub(super) struct Converted<O> {
    pub(super) pager: Option<Pager>,
    objects: Vec<(String, Fate<O>)>,
    left_out: Vec<String>,
    more_left_out: usize,
    weight: Weight,
}

/// What becomes of an object.
#[derive(Debug)]
enum Fate<O> {
    Kept {
        id: Uid,
        object: O,
        notes: Vec<String>,
    },
    Left {
        note: String,
        /// Whether the copy is whole without it.
        dispensable: bool,
    },
}

impl<O> Converted<O> {
    pub(super) fn of<T: Listed<Object = O>>(page: Page<T>) -> Self {
        let objects = page.objects.into_iter().map(|object| {
            let (id, dispensable) = (object.id().to_owned(), object.is_dispensable());
            (id, convert(object).unwrap_or_else(|note| Fate::Left { note, dispensable }))
        });
        Self {
            pager: page.pager,
            objects: objects.collect(),
            left_out: page.left_out,
            more_left_out: page.more_left_out,
            weight: Weight::default(),
        }
    }

    /// The same page, with what it weighed as an answer.
    pub(super) fn weighing(self, weight: Weight) -> Self {
        Self { weight, ..self }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.left_out.is_empty()
    }
}

/// The domain's form of an object, or why it has none.
fn convert<T: Listed>(object: T) -> Result<Fate<T::Object>, String> {
    let (shown, name) = (clean(object.id()), object.name().map(clean).unwrap_or_default());
    let left_out = |reason: String| {
        let called = if name.is_empty() { String::new() } else { format!(" ({name})") };
        format!("{} `{shown}`{called} was left out: {reason}", T::PLURAL)
    };
    let id = Uid::parse(object.id()).map_err(|_| left_out("its id is not a DHIS2 id".to_owned()))?;
    let mut notes = Vec::new();
    let object = object.into_domain(id, &mut notes).map_err(|reason| left_out(clean(&reason)))?;
    let notes = notes.iter().map(|note| clean(&format!("{}: {note}", T::PLURAL))).collect();
    Ok(Fate::Kept { id, object, notes })
}

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
    missing_more: usize,
    total: Option<u64>,
    /// The first count, where a later page has another.
    other_total: Option<u64>,
    weight: Weight,
}

/// A list whose count says that it is not whole, or that has none to say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uneven {
    /// What the server counts; none where it does not say.
    pub(super) total: Option<u64>,
    /// What it counted before that, where its pages do not agree.
    pub(super) before: Option<u64>,
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
            missing_more: 0,
            total: None,
            other_total: None,
            weight: Weight::default(),
        }
    }
}

impl<T: Listed> Collected<T> {
    /// Takes a page in; returns how many of its objects come for the first time.
    pub(super) fn take(&mut self, page: Converted<T::Object>, allowance: &Allowance) -> Result<usize, Excess> {
        allowance.spend(page.weight)?;
        self.weight.bytes += page.weight.bytes;
        self.weight.values += page.weight.values;
        if let Some(total) = page.pager.and_then(|pager| pager.total) {
            if let Some(before) = self.total.filter(|before| *before != total) {
                self.other_total.get_or_insert(before);
            }
            self.total = Some(total);
        }
        let mut new = page.left_out.len() + page.more_left_out;
        self.unread += new;
        self.missing_more += page.more_left_out;
        self.more_notes += page.more_left_out;
        for note in page.left_out {
            self.lacks(note.clone());
            self.note(note);
        }
        for (shown, fate) in page.objects {
            // Objects made or deleted meanwhile shift the pages, so one may come twice.
            if !self.ids.insert(shown) {
                continue;
            }
            new += 1;
            match fate {
                Fate::Kept { id, object, notes } => {
                    self.objects.insert(id, object);
                    for note in notes {
                        self.note(note);
                    }
                }
                Fate::Left { note, dispensable } => {
                    if !dispensable {
                        self.lacks(note.clone());
                    }
                    self.note(note);
                }
            }
        }
        if self.seen() > MOST_OBJECTS as u64 { Err(Excess::Objects(MOST_OBJECTS as u64)) } else { Ok(new) }
    }

    /// Forgets what was read, for another reading.
    pub(super) fn discard(self, allowance: &Allowance) {
        allowance.give_back(self.weight);
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
    /// (dhis2-api 3.1), so one without a count was cut or changed on its way. Pages that count differently are of a list
    /// that changed while it was read, and nobody knows what was passed over. Objects that we leave out were listed.
    pub(super) fn uneven(&self) -> Option<Uneven> {
        let listed = self.seen();
        let uneven = self.total != Some(listed) || self.other_total.is_some();
        uneven.then_some(Uneven { total: self.total, before: self.other_total, listed })
    }

    fn lacks(&mut self, note: String) {
        if self.missing.len() < MISSING_OF_A_TYPE {
            self.missing.push(note);
        } else {
            self.missing_more += 1;
        }
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
        if self.missing_more > 0 {
            self.missing.push(format!("{}: {} more like these", T::PLURAL, self.missing_more));
        }
        Kept { objects: self.objects, notes: self.notes, missing: self.missing }
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Collected, Converted, Kept, NOTES_OF_A_TYPE, Uneven};
    use crate::bounds::{Excess, Weight};
    use crate::metadata::page::{Pager, read_page};
    use crate::metadata::wire_data::WireDataSet;
    use xfer_domain::metadata::DataSet;

    fn page(body: &str) -> Converted<DataSet> {
        Converted::of::<WireDataSet>(read_page(body.as_bytes(), "dataSets").unwrap())
    }

    impl Collected<WireDataSet> {
        fn take_alone(&mut self, page: Converted<DataSet>) -> usize {
            self.take(page, &Allowance::default()).unwrap()
        }
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
        assert_eq!(collected.take_alone(first), 4);
        let again = page(r#"{"dataSets":[{"id":"DstMonthly1","periodType":"Monthly"}]}"#);
        assert_eq!(collected.take_alone(again), 0, "a repeated page has nothing new");
        let uneven = Uneven { total: Some(5), before: None, listed: 4 };
        assert_eq!(collected.uneven(), Some(uneven), "one of the five was never listed");
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
            collected.take_alone(page(body));
            assert_eq!(collected.uneven(), Some(Uneven { total: None, before: None, listed: 0 }), "{body}");
        }
    }

    #[test]
    fn a_list_whose_pages_count_differently_is_not_believed_whatever_the_last_one_says() {
        let one = r#""dataSets":[{"id":"DstMonthly1","periodType":"Monthly"}]"#;
        for (first, last) in [(2, 1), (1, 2), (412, 1)] {
            let mut collected = Collected::<WireDataSet>::default();
            collected.take_alone(page(&format!(r#"{{"pager":{{"total":{first}}},{one}}}"#)));
            collected.take_alone(page(&format!(r#"{{"pager":{{"total":{last}}},"dataSets":[]}}"#)));
            let uneven = Uneven { total: Some(last), before: Some(first), listed: 1 };
            assert_eq!(collected.uneven(), Some(uneven), "{first} and then {last}");
        }
        // A last page may leave the count out.
        let mut collected = Collected::<WireDataSet>::default();
        collected.take_alone(page(&format!(r#"{{"pager":{{"total":1}},{one}}}"#)));
        collected.take_alone(page(r#"{"pager":{"page":2},"dataSets":[]}"#));
        assert_eq!(collected.uneven(), None);
    }

    #[test]
    fn many_notes_are_counted() {
        let sets: Vec<String> = (0..50).map(|number| format!(r#"{{"id":"DstMonthl{number:02}"}}"#)).collect();
        let mut collected = Collected::<WireDataSet>::default();
        collected.take_alone(page(&format!(r#"{{"dataSets":[{}]}}"#, sets.join(","))));
        let notes = collected.finish().notes;
        assert_eq!(notes.len(), NOTES_OF_A_TYPE + 1);
        assert_eq!(notes.last().map(String::as_str), Some("dataSets: 30 more like these"));
    }

    #[test]
    fn the_lists_of_a_sync_have_one_allowance() {
        let heavy = || Converted { weight: Weight { bytes: 100 << 20, values: 1 }, ..page(r#"{"dataSets":[]}"#) };
        let allowance = Allowance::default();
        let mut first = Collected::<WireDataSet>::default();
        assert_eq!(first.take(heavy(), &allowance), Ok(0));
        let mut second = Collected::<WireDataSet>::default();
        assert!(matches!(second.take(heavy(), &allowance), Err(Excess::Together(_))));
        first.discard(&allowance);
        assert_eq!(second.take(heavy(), &allowance), Ok(0), "what was read in vain does not count");
    }
}
