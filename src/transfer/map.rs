//! Gives each source value a fate: part of one or more destination cells, or unmapped, dropped or invalid with a reason.
//!
//! `fetched = unmapped + dropped + invalid + contributing` (design 3.1) holds by construction: a value is counted as
//! fetched in the one place that also decides its fate. What is *not* counted as fetched is what nobody asked for: other
//! data elements of the same data set, and values that belong to another slice, which counts them. A mapped data element
//! under an option combo that no item reads is not counted either, but named: it may be a forgotten disaggregation.
//!
//! Values are taken one by one as they arrive, so that memory holds contributions and no answer. The place of a
//! script's `rows` hook is before [`Mapping::take`] (a whole slice at once), that of `period` is inside it, where the
//! plan is asked for the destination period.

use std::collections::{BTreeMap, BTreeSet};

use crate::dhis2::analytics::AnalyticsValue;
use crate::domain::cell::CellKey;
use crate::domain::data_value::DataValue;
use crate::domain::decimal::parse_number;
use crate::domain::metadata::Metadata;
use crate::domain::period::Period;
use crate::domain::run::ValueCounts;
use crate::domain::uid::Uid;
use crate::transfer::finding::{self, Code};
use crate::transfer::plan::{Destination, Place, PlannedJob, Slice, UnitMap};
use crate::transfer::tally::{Findings, Note};

/// A value as the source sent it, whichever way it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceValue {
    /// Data element, indicator or program indicator.
    pub data: Uid,
    /// Its COC, where it has one.
    pub category_option_combo: Option<Uid>,
    /// Its AOC, where it has one.
    pub attribute_option_combo: Option<Uid>,
    /// Its org unit.
    pub org_unit: Uid,
    /// Its period.
    pub period: Period,
    /// Its text; none where only a comment is stored.
    pub value: Option<String>,
}

impl From<DataValue> for SourceValue {
    fn from(value: DataValue) -> Self {
        Self {
            data: value.cell.data_element,
            category_option_combo: Some(value.cell.category_option_combo),
            attribute_option_combo: Some(value.cell.attribute_option_combo),
            org_unit: value.cell.org_unit,
            period: value.cell.period,
            value: value.value,
        }
    }
}

impl From<AnalyticsValue> for SourceValue {
    fn from(value: AnalyticsValue) -> Self {
        Self {
            data: value.data,
            category_option_combo: value.category_option_combo,
            attribute_option_combo: value.attribute_option_combo,
            org_unit: value.org_unit,
            period: value.period,
            value: Some(value.value),
        }
    }
}

/// A source value on its way to one cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contribution {
    /// The cell.
    pub cell: CellKey,
    /// The period it had at the source; `last` and `first` go by it.
    pub source_period: Period,
    /// The unit it had at the source.
    pub source_unit: Uid,
    /// Its item, by position in the job.
    pub item: usize,
    /// Its text, as the source sent it.
    pub text: String,
}

/// What a slice's source values became.
#[derive(Debug, Default)]
pub struct Mapped {
    /// How many had which fate.
    pub values: ValueCounts,
    /// Parts of cells, in order of arrival.
    pub contributions: Vec<Contribution>,
    /// Cells for which the source has a value that cannot be used. Nothing is sent for them, but they are not empty
    /// either: `when_empty` must not delete what a typing error hides.
    pub doubtful: BTreeSet<CellKey>,
    /// Every fate other than contributing, by reason and object.
    pub findings: Findings,
}

/// Why a value does not contribute, or only in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Unmapped,
    Proposed,
    Ignored,
    Blocked,
    Empty,
    Straddles,
    NoNumber,
    OptionCombo,
}

/// The object to blame, as an id or a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Blame {
    Object(Uid),
    Period(Period),
}

/// The mapping of one slice, value by value. A clone keeps what was taken so far, for a read that has to be repeated.
#[derive(Debug, Clone)]
pub struct Mapping<'plan> {
    job: &'plan PlannedJob,
    slice: &'plan Slice,
    units: &'plan UnitMap,
    values: ValueCounts,
    contributions: Vec<Contribution>,
    doubtful: BTreeSet<CellKey>,
    fates: BTreeMap<(Fate, Blame), (u64, String)>,
}

impl<'plan> Mapping<'plan> {
    /// For one slice of a job.
    pub fn new(job: &'plan PlannedJob, slice: &'plan Slice, units: &'plan UnitMap) -> Self {
        Self {
            job,
            slice,
            units,
            values: ValueCounts::default(),
            contributions: Vec::new(),
            doubtful: BTreeSet::new(),
            fates: BTreeMap::new(),
        }
    }

    /// Takes one value.
    pub fn take(&mut self, value: SourceValue) {
        if !self.job.reads.knows(value.data) {
            return;
        }
        let place = self.units.place_of(value.org_unit);
        if matches!(place, Place::To(_)) && !self.slice.sources.contains(&value.org_unit) {
            return; // Another slice reads and counts it.
        }
        let job = self.job;
        let mut items = job.items_of(value.data, value.category_option_combo, value.attribute_option_combo).peekable();
        if items.peek().is_none() {
            if matches!(place, Place::To(_)) {
                self.note(Fate::OptionCombo, Blame::Object(value.data), &value);
            }
            return;
        }
        self.values.fetched += 1;
        let unit = Blame::Object(value.org_unit);
        match place {
            Place::To(target) => self.place(value, target, items),
            Place::Unmapped => {
                self.values.unmapped += 1;
                self.note(Fate::Unmapped, unit, &value);
            }
            Place::Proposed => {
                self.values.unmapped += 1;
                self.note(Fate::Proposed, unit, &value);
            }
            Place::Ignored => {
                self.values.dropped += 1;
                self.note(Fate::Ignored, unit, &value);
            }
            Place::Blocked => {
                self.values.invalid += 1;
                self.note(Fate::Blocked, unit, &value);
            }
        }
    }

    /// Puts the value of a mapped unit into its cells.
    fn place(&mut self, mut value: SourceValue, target: Uid, items: impl Iterator<Item = usize>) {
        let Destination::To(period) = self.job.periods.destination_of(value.period) else {
            self.values.invalid += 1;
            self.note(Fate::Straddles, Blame::Period(value.period), &value);
            return;
        };
        let Some(text) = value.value.take().filter(|text| !text.is_empty()) else {
            self.values.dropped += 1;
            self.note(Fate::Empty, Blame::Object(value.data), &value);
            return;
        };
        let before = self.contributions.len();
        let mut refused = false;
        let mut is_number = None;
        for item in items {
            let Some(planned) = self.job.items.get(item) else { continue };
            let cell = CellKey::new(planned.destination, target, period);
            if planned.needs_numbers() && !*is_number.get_or_insert_with(|| parse_number(&text).is_some()) {
                refused = true;
                self.doubtful.insert(cell);
                continue;
            }
            self.contributions.push(Contribution {
                cell,
                source_period: value.period,
                source_unit: value.org_unit,
                item,
                text: String::new(),
            });
        }
        if refused {
            value.value = Some(text.clone());
            self.note(Fate::NoNumber, Blame::Object(value.data), &value);
        }
        // One value, one fate: part of a cell if it is part of any.
        if self.contributions.len() == before {
            self.values.invalid += 1;
            return;
        }
        self.values.contributing += 1;
        let mut placed = self.contributions.iter_mut().skip(before);
        let first = placed.next();
        for further in placed {
            further.text.clone_from(&text);
        }
        if let Some(first) = first {
            first.text = text;
        }
    }

    fn note(&mut self, fate: Fate, blame: Blame, value: &SourceValue) {
        self.fates.entry((fate, blame)).and_modify(|(count, _)| *count += 1).or_insert_with(|| {
            let text = value.value.as_deref().map_or_else(String::new, |text| format!(" = `{text}`"));
            (1, format!("{} at {} in {}{text}", value.data, value.org_unit, value.period))
        });
    }

    /// The outcome, once every value has been taken. The source's metadata gives the names.
    pub fn finish(self, source: &Metadata) -> Mapped {
        let mut findings = Findings::default();
        for ((fate, blame), (count, example)) in self.fates {
            let (code, kind) = fate.describe();
            let mut note = Note::new(code, count).example(in_words(&example, source));
            note = match blame {
                Blame::Object(id) if kind == "organisation unit" => {
                    note.about(kind, &id, source.org_unit_path_names(id))
                }
                Blame::Object(id) => note.about(kind, &id, source.name_of(id)),
                Blame::Period(period) => note.about("period", &period, period.to_string()),
            };
            findings.add(note);
        }
        Mapped { values: self.values, contributions: self.contributions, doubtful: self.doubtful, findings }
    }
}

impl Fate {
    /// The entry of the findings table, and the kind of object to blame.
    fn describe(self) -> (&'static Code, &'static str) {
        match self {
            Self::Unmapped => (&finding::ORG_UNIT_UNMAPPED, "organisation unit"),
            Self::Proposed => (&finding::ORG_UNIT_PROPOSED, "organisation unit"),
            Self::Ignored => (&finding::ORG_UNIT_IGNORED, "organisation unit"),
            Self::Blocked => (&finding::ORG_UNIT_PARTNER_OUT_OF_SCOPE, "organisation unit"),
            Self::Empty => (&finding::SOURCE_VALUE_EMPTY, "data element"),
            Self::Straddles => (&finding::SOURCE_PERIOD_UNUSABLE, "period"),
            Self::NoNumber => (&finding::SOURCE_VALUE_INVALID, "data element"),
            Self::OptionCombo => (&finding::OPTION_COMBO_NOT_MAPPED, "data element"),
        }
    }
}

/// Replaces the ids at the places where [`Mapping::note`] put them by names.
fn in_words(example: &str, source: &Metadata) -> String {
    let words = example.split(' ').map(|word| match Uid::parse(word) {
        Ok(id) => source.name_of(id),
        Err(_) => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Mapped, Mapping, SourceValue};
    use crate::domain::item::{Combine, Item, SourceItem};
    use crate::domain::job::Job;
    use crate::domain::org_unit_map::MappingState;
    use crate::domain::period::PeriodType;
    use crate::domain::routine::RoutineDocument;
    use crate::domain::uid::Uid;
    use crate::transfer::fixture::{
        self, document, element, female, item, job, male, mapping_in_state, metadata, period, plain_address,
        plain_item, plan_of, unit,
    };

    fn value(data: u8, combo: Uid, org_unit: u8, at: &str, text: &str) -> SourceValue {
        SourceValue {
            data: element(data),
            category_option_combo: Some(combo),
            attribute_option_combo: Some(Uid::DEFAULT_OPTION_COMBO),
            org_unit: unit(org_unit),
            period: period(at),
            value: Some(text.to_owned()),
        }
    }

    fn plain(data: u8, org_unit: u8, text: &str) -> SourceValue {
        value(data, Uid::DEFAULT_OPTION_COMBO, org_unit, "202401", text)
    }

    fn map(document: &RoutineDocument, values: Vec<SourceValue>) -> Mapped {
        let plan = plan_of(document).unwrap();
        let mut mapping = Mapping::new(&plan.jobs[0], &plan.jobs[0].slices[0], &plan.units);
        for value in values {
            mapping.take(value);
        }
        mapping.finish(&metadata())
    }

    #[test]
    fn each_fate_is_counted_and_named() {
        let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
        routine.org_unit_map.retain(|row| row.source != unit(2) && row.source != unit(3) && row.source != unit(4));
        routine.org_unit_map.push(mapping_in_state(unit(3), Some(unit(3)), MappingState::Proposed));
        routine.org_unit_map.push(mapping_in_state(unit(4), None, MappingState::Ignored));
        let mapped = map(
            &routine,
            vec![
                plain(1, 1, "5"),
                plain(1, 2, "6"),
                plain(1, 3, "7"),
                plain(1, 4, "8"),
                plain(1, 5, "many"),
                plain(4, 5, "some text"),
                SourceValue { value: None, ..plain(1, 6, "") },
                plain(3, 1, "not asked for"),
                value(1, male(), 1, "202401", "9"),
            ],
        );
        assert_eq!(mapped.values.unexplained(), 0);
        let counts = mapped.values;
        assert_eq!(
            [counts.fetched, counts.unmapped, counts.dropped, counts.invalid, counts.contributing],
            [7, 2, 2, 1, 2]
        );
        let findings: Vec<String> = mapped
            .findings
            .into_sorted()
            .into_iter()
            .map(|finding| format!("{} {} ({})", finding.code, finding.object.unwrap().name, finding.example.unwrap()))
            .collect();
        assert_eq!(
            findings,
            [
                "org-unit-unmapped Country / District A / Clinic 2 (Element 1 at Clinic 2 in 202401 = `6`)",
                "source-value-invalid Element 1 (Element 1 at Clinic 5 in 202401 = `many`)",
                "option-combo-not-mapped Element 1 (Element 1 at Clinic 1 in 202401 = `9`)",
                "org-unit-proposed Country / District A / Clinic 3 (Element 1 at Clinic 3 in 202401 = `7`)",
                "org-unit-ignored Country / District A / Clinic 4 (Element 1 at Clinic 4 in 202401 = `8`)",
                "source-value-empty Element 1 (Element 1 at Clinic 6 in 202401)",
            ]
        );
    }

    #[test]
    fn one_value_may_feed_two_cells_and_is_counted_once() {
        let items = vec![plain_item(1), item(1, Uid::DEFAULT_OPTION_COMBO, plain_address(4))];
        let mapped = map(&document(vec![job("a", items)], &["202401"]), vec![plain(1, 1, "5"), plain(1, 2, "text")]);
        assert_eq!(mapped.contributions.len(), 3, "text goes to the text element only");
        assert_eq!(mapped.doubtful, [fixture::cell(1, 2, "202401")].into());
        assert_eq!((mapped.values.contributing, mapped.values.invalid), (2, 0));
        assert_eq!(mapped.contributions.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["5", "5", "text"]);
    }

    #[test]
    fn open_option_combos_take_every_value() {
        let open = Item {
            source: SourceItem::DataElement {
                id: element(2),
                category_option_combo: None,
                attribute_option_combo: None,
            },
            ..plain_item(1)
        };
        let summed = Job { combine: Combine::Sum, ..job("a", vec![open]) };
        let mapped = map(
            &document(vec![summed], &["202401"]),
            vec![value(2, male(), 1, "202401", "1"), value(2, female(), 1, "202401", "2")],
        );
        assert_eq!(mapped.contributions.len(), 2);
        assert_eq!(mapped.contributions[0].cell, mapped.contributions[1].cell);
    }

    #[test]
    fn a_straddling_week_is_invalid_and_named() {
        let weekly = Job {
            source_period_type: PeriodType::Weekly,
            destination_period_type: PeriodType::Monthly,
            combine: Combine::Sum,
            ..job("a", vec![plain_item(1)])
        };
        let mapped = map(
            &document(vec![weekly], &["2024W30", "2024W31"]),
            vec![
                SourceValue { period: period("2024W30"), ..plain(1, 1, "1") },
                SourceValue { period: period("2024W31"), ..plain(1, 1, "2") },
            ],
        );
        assert_eq!((mapped.values.contributing, mapped.values.invalid), (1, 1));
        assert_eq!(mapped.contributions[0].cell.period, period("202407"));
    }

    #[test]
    fn values_of_another_slice_are_left_to_it() {
        let document = document(vec![job("a", vec![plain_item(1)])], &["202401"]);
        let plan = plan_of(&document).unwrap();
        let mut slice = plan.jobs[0].slices[0].clone();
        slice.sources.remove(&unit(8));
        let mut mapping = Mapping::new(&plan.jobs[0], &slice, &plan.units);
        mapping.take(plain(1, 8, "1"));
        mapping.take(plain(1, 7, "1"));
        assert_eq!(mapping.finish(&metadata()).values.fetched, 1);
    }

    proptest! {
        #[test]
        fn no_value_goes_missing(
            values in proptest::collection::vec((1_u8..5, 0_u8..3, 1_u8..9, "[0-9a-z]{0,3}"), 0..60),
            mapped_units in proptest::collection::btree_set(1_u8..9, 1..9),
        ) {
            let mut routine = document(vec![job("a", vec![plain_item(1), plain_item(4)])], &["202401"]);
            routine.org_unit_map.retain(|row| mapped_units.iter().any(|number| row.source == unit(*number)));
            let asked = values
                .iter()
                .filter(|(data, combo, _, _)| matches!(data, 1 | 4) && *combo == 0)
                .count();
            let combos = [Uid::DEFAULT_OPTION_COMBO, male(), female()];
            let values = values
                .into_iter()
                .map(|(data, combo, at, text)| value(data, combos[usize::from(combo)], at, "202401", &text))
                .collect();
            let mapped = map(&routine, values);
            prop_assert_eq!(mapped.values.unexplained(), 0);
            prop_assert_eq!(mapped.values.fetched, asked as u64);
            prop_assert_eq!(mapped.contributions.len() as u64, mapped.values.contributing);
        }
    }
}
