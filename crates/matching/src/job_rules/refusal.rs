//! Values that exist at the source and that the destination's data element would not take.

use std::collections::{BTreeMap, BTreeSet};
use xfer_domain::counted::{counted, grouped, times};

use crate::finding;
use crate::item_rules::{ItemFinding, changes_values, narrower};
use crate::job_rules::{JobQuestion, of};
use xfer_domain::decimal::{parse_number, plain_text};
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::run::Severity;
use xfer_domain::shown::shown;
use xfer_domain::uid::Uid;
use xfer_domain::value_type::ValueType;

/// Values that are kept as examples; the rest is counted.
const EXAMPLES: usize = 3;

/// Different texts that are told apart; a column of free text could hold millions.
const DIFFERENT_TEXTS: usize = 1_000;

/// A value that would be refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedValue {
    /// The source org unit.
    pub org_unit: Uid,
    /// The period.
    pub period: Period,
    /// The value.
    pub value: String,
}

/// What the destination would refuse of an item's values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusals {
    /// Values that were looked at.
    pub looked_at: u64,
    /// Of these, the ones that would be refused.
    pub refused: u64,
    /// How often each of the refused texts was met, up to a bound of texts.
    pub texts: BTreeMap<String, u64>,
    /// The first of them.
    pub examples: Vec<RefusedValue>,
}

impl Refusals {
    /// Looks at a value of an item.
    pub fn look_at(&mut self, destination: &Metadata, item: &Item, value: RefusedValue) {
        self.looked_at += 1;
        if !fits(destination, item, &value.value) {
            self.refuse(value);
        }
    }

    /// Looks at a value that names an org unit of the source, which the map translates.
    pub fn look_at_org_unit(&mut self, mapped: &BTreeSet<Uid>, value: RefusedValue) {
        self.looked_at += 1;
        if !Uid::parse(value.value.trim()).is_ok_and(|unit| mapped.contains(&unit)) {
            self.refuse(value);
        }
    }

    fn refuse(&mut self, value: RefusedValue) {
        self.refused += 1;
        if self.texts.len() < DIFFERENT_TEXTS || self.texts.contains_key(&value.value) {
            *self.texts.entry(value.value.clone()).or_default() += 1;
        }
        if self.examples.len() < EXAMPLES {
            self.examples.push(value);
        }
    }

    /// Adds what was found in another part of the source.
    pub fn add(&mut self, other: Self) {
        self.looked_at += other.looked_at;
        self.refused += other.refused;
        for (text, count) in other.texts {
            if self.texts.len() < DIFFERENT_TEXTS || self.texts.contains_key(&text) {
                *self.texts.entry(text).or_default() += count;
            }
        }
        self.examples.extend(other.examples);
        self.examples.truncate(EXAMPLES);
    }
}

/// Whether the destination takes fewer values than the source may hold, so that only the values themselves can tell.
pub fn may_refuse(source: &Metadata, destination: &Metadata, item: &Item) -> bool {
    let SourceItem::DataElement { id, .. } = item.source else { return false };
    let (Some(from), Some(to)) =
        (source.data_elements.get(&id), destination.data_elements.get(&item.destination.data_element))
    else {
        return false;
    };
    // What a script makes of a value shows when it runs.
    if item.scripts.iter().any(changes_values) {
        return false;
    }
    to.option_set.is_some() || may_be_refused(from.value_type, to.value_type)
}

/// Whether a server may hold values of one type that another server refuses for the other. Equal types are no promise:
/// servers up to 2.39 looked at few forms, limits came later, and a type may have been changed over values of another.
fn may_be_refused(from: ValueType, to: ValueType) -> bool {
    match to {
        // Any text will do.
        ValueType::Text
        | ValueType::LongText
        | ValueType::MultiText
        | ValueType::TrackerAssociate
        | ValueType::Reference
        | ValueType::GeoJson
        | ValueType::Other => false,
        ValueType::UnitInterval | ValueType::Percentage => true,
        // What numbers without a limit were stored as such is not doubted: reading all of a country's would take long.
        _ if to.is_numeric() && from.is_numeric() => narrower(from, to),
        _ => true,
    }
}

/// Whether a source value, after the item's factor, is one that the destination's data element takes.
fn fits(destination: &Metadata, item: &Item, text: &str) -> bool {
    let Some(element) = destination.data_elements.get(&item.destination.data_element) else { return true };
    let scaled = match (&item.factor, parse_number(text)) {
        (Some(factor), Some(number)) => plain_text(&(number * factor)),
        _ => text.to_owned(),
    };
    let Ok(shaped) = element.value_type.canonical(&scaled) else { return false };
    let options = element.option_set.and_then(|set| destination.option_sets.get(&set));
    if element.value_type == ValueType::OrganisationUnit
        && Uid::parse(&shaped).is_ok_and(|unit| !destination.organisation_units.contains_key(&unit))
    {
        return false;
    }
    options.is_none_or(|set| set.takes(element.value_type, &shaped))
}

/// Says what would be refused. Where values were read and all fit, the
/// doubts that led to reading them are put at rest.
pub(super) fn tell(question: &JobQuestion<'_>, item: &Item, refusals: &Refusals, findings: &mut Vec<ItemFinding>) {
    let doubts = [finding::VALUE_TYPE_NARROWER.word, finding::OPTION_SET_CLASH.word];
    let name = question.source.data_name(item.source.data());
    let target = question.destination.name_of(item.destination.data_element);
    if refusals.refused == 0 {
        for doubt in findings.iter_mut().filter(|finding| doubts.contains(&finding.code)) {
            if refusals.looked_at == 0 {
                doubt.message = format!("{}; there are no values in {} to check", doubt.message, question.window);
            } else {
                doubt.severity = Severity::Info;
                doubt.message = format!("{}; {}", doubt.message, fitting(refusals.looked_at, question.window));
            }
        }
        return;
    }
    let mut texts: Vec<(&String, &u64)> = refusals.texts.iter().collect();
    texts.sort_by_key(|(text, count)| (std::cmp::Reverse(**count), *text));
    let most: Vec<String> =
        texts.iter().take(EXAMPLES).map(|(text, count)| format!("`{}` ({})", shown(text), times(**count))).collect();
    let examples: Vec<String> = refusals
        .examples
        .iter()
        .map(|example| {
            let place = question.source.org_unit_path_names(example.org_unit);
            format!("`{}` of {place} in {}", shown(&example.value), example.period)
        })
        .collect();
    findings.retain(|finding| !doubts.contains(&finding.code));
    findings.push(of(
        &finding::VALUES_REFUSED,
        format!(
            "{target} would refuse {} of {} of {name} in {}, most often {}; for example {}",
            grouped(refusals.refused),
            counted(refusals.looked_at, "value"),
            question.window,
            most.join(", "),
            examples.join(", ")
        ),
    ));
}
/// "all 12 values in LAST_12_MONTHS fit"
fn fitting(values: u64, window: &str) -> String {
    match values {
        1 => format!("the only value in {window} fits"),
        _ => format!("all {} in {window} fit", counted(values, "value")),
    }
}
