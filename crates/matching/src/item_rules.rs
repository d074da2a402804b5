//! What is wrong, or doubtful, about an item of a job: everything that the synced metadata of both servers can tell
//! before a value is read.

use crate::finding::{VALUE_TYPE_MISMATCH, VALUES_ARE_SOURCE_IDS};
use crate::items::{attribute_combos_of, category_combos_of};
use crate::percentages;
use xfer_domain::data_item::GoesTo;
use xfer_domain::finding::Code;
use xfer_domain::item::{Combine, Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::Severity;
use xfer_domain::script::{Attachment, Hook};
use xfer_domain::uid::Uid;
use xfer_domain::value_type::{Referent, ValueType};

/// Something about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFinding {
    /// An error keeps every value of the item from arriving.
    pub severity: Severity,
    /// A kebab-case word of ours.
    pub code: &'static str,
    /// What it is, by name.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

impl ItemFinding {
    /// Whether an item with it is not even taken into a job. Types without anything in common are no reason: a script
    /// may convert the values, and can only be given to an item that is there.
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && self.code != VALUE_TYPE_MISMATCH.word
    }
}

fn error(code: &'static str, message: String, hint: impl Into<String>) -> ItemFinding {
    ItemFinding { severity: Severity::Error, code, message, hint: hint.into() }
}

fn warning(code: &'static str, message: String, hint: impl Into<String>) -> ItemFinding {
    ItemFinding { severity: Severity::Warning, code, message, hint: hint.into() }
}

/// Everything that can be said about an item of a job. `scripts` are those of the job's routines.
pub fn check_item(
    source: &Metadata,
    destination: &Metadata,
    job: &Job,
    scripts: &[Attachment],
    item: &Item,
) -> Vec<ItemFinding> {
    let acting: Vec<&Attachment> = item.scripts.iter().chain(&job.scripts).chain(scripts).collect();
    let mut findings = Vec::new();
    check_source(source, item, &mut findings);
    check_destination(destination, job, item, &mut findings);
    check_value_types(source, destination, job, &acting, item, &mut findings);
    if acting.is_empty() {
        check_ids(source, destination, job, item, &mut findings);
    }
    findings.extend(percentages::totals(source, destination, item));
    check_contributions(source, job, item, &mut findings);
    check_operators(destination, job, item, &mut findings);
    findings
}

fn check_source(source: &Metadata, item: &Item, findings: &mut Vec<ItemFinding>) {
    let data = item.source.data();
    let id = data.id();
    if !data.is_in(source) {
        findings.push(error(
            "source-item-unknown",
            format!("the source server shows no {} {}", data.kind().words(), source.data_name(data)),
            "sync the source server and check again; if it still exists there, share it with the user of that server",
        ));
        return;
    }
    let SourceItem::DataElement { category_option_combo, attribute_option_combo, .. } = item.source else { return };
    let name = source.name_of(id);
    if let Some(combo) = category_option_combo
        && !combo_fits(source, combo, &category_combos_of(source, id))
    {
        findings.push(error(
            "source-combo-foreign",
            format!("{} is not a category option combo of {name}", source.name_of(combo)),
            "it cannot have values; choose one of the data element's own combos",
        ));
    }
    if let Some(combo) = attribute_option_combo
        && !combo_fits(source, combo, &attribute_combos_of(source, id))
    {
        findings.push(warning(
            "source-attribute-combo-foreign",
            format!("{} is not an attribute option combo of a data set with {name}", source.name_of(combo)),
            "it can only have values if the data set had another attribute combo before",
        ));
    }
}

fn check_destination(destination: &Metadata, job: &Job, item: &Item, findings: &mut Vec<ItemFinding>) {
    let address = item.destination;
    let Some(element) = destination.data_elements.get(&address.data_element) else {
        findings.push(error(
            "destination-element-unknown",
            format!("the destination server shows no data element {}", destination.name_of(address.data_element)),
            "sync the destination server and check again; if it still exists there, share it with the user of that server",
        ));
        return;
    };
    let data_sets: Vec<_> = destination.data_sets_of(element.id).collect();
    if data_sets.is_empty() {
        findings.push(error(
            "data-element-in-no-data-set",
            format!("{} is not in any data set of the destination", element.name),
            "add it to a data set there; DHIS2 from 2.43 refuses its values, older versions store them where nobody \
             sees them",
        ));
        return;
    }
    let right_type: Vec<_> =
        data_sets.iter().filter(|data_set| data_set.period_type == job.destination_period_type).collect();
    if right_type.is_empty() {
        let types: Vec<&str> = data_sets.iter().map(|data_set| data_set.period_type.name()).collect();
        findings.push(error(
            "period-type-mismatch",
            format!(
                "{} is collected {} at the destination, but the job writes {}",
                element.name,
                types.join(" and "),
                job.destination_period_type.name()
            ),
            "give the job the data set's period type as destination period type",
        ));
    }
    if !combo_fits(destination, address.category_option_combo, &category_combos_of(destination, element.id)) {
        findings.push(error(
            "category-option-combo-foreign",
            format!(
                "{} is not a category option combo of {}",
                destination.name_of(address.category_option_combo),
                element.name
            ),
            "choose one of the data element's own combos",
        ));
    }
    if !combo_fits(destination, address.attribute_option_combo, &attribute_combos_of(destination, element.id)) {
        findings.push(error(
            "attribute-option-combo-foreign",
            format!(
                "{} is not an attribute option combo of a data set with {}",
                destination.name_of(address.attribute_option_combo),
                element.name
            ),
            "choose a combo of the data set's attribute category combo",
        ));
    }
}

fn combo_fits(metadata: &Metadata, combo: Uid, category_combos: &[Uid]) -> bool {
    metadata.category_option_combos.get(&combo).is_some_and(|object| category_combos.contains(&object.category_combo))
}

fn check_value_types(
    source: &Metadata,
    destination: &Metadata,
    job: &Job,
    acting: &[&Attachment],
    item: &Item,
    findings: &mut Vec<ItemFinding>,
) {
    let Some(target) = destination.data_elements.get(&item.destination.data_element) else { return };
    let Some(source_type) = item.source.data().value_type(source) else { return };
    let source_name = source.data_name(item.source.data());
    if source_type == target.value_type || target.value_type == ValueType::Other || source_type == ValueType::Other {
        return;
    }
    let fit = match item.source.kind().facts().goes_to {
        GoesTo::Numbers if !target.value_type.is_numeric() => Fit::Never,
        GoesTo::Numbers | GoesTo::Fitting => fit(source_type, target.value_type),
    };
    let described = format!(
        "{source_name} has {}, {} at the destination accepts {}",
        in_words(source_type),
        target.name,
        in_words(target.value_type)
    );
    match fit {
        Fit::Always => {}
        Fit::Sometimes
            if source_type == ValueType::Percentage && percentages::made_to_fit(item, job, target.value_type) => {}
        Fit::Sometimes => findings.push(warning(
            "value-type-narrower",
            described,
            percentages::what_makes_it_fit(source_type, target.value_type),
        )),
        // Whether a script makes them fit shows when it runs.
        Fit::Never if acting.iter().any(|script| changes_values(script)) => {}
        Fit::Never => findings.push(error(
            VALUE_TYPE_MISMATCH.word,
            described,
            "choose a destination data element of the same value type, or convert the values with a script",
        )),
    }
    if item.factor.is_some() && !source_type.is_numeric() {
        findings.push(error(
            "factor-needs-numbers",
            format!("{source_name} has {}, which cannot be multiplied", in_words(source_type)),
            "remove the factor",
        ));
    }
}

/// Values that are ids of the source. What a script makes of them is its own affair.
fn check_ids(source: &Metadata, destination: &Metadata, job: &Job, item: &Item, findings: &mut Vec<ItemFinding>) {
    if job.source == job.destination {
        return;
    }
    let SourceItem::DataElement { id, .. } = item.source else { return };
    let referent_at = |metadata: &Metadata, id: &Uid| metadata.data_elements.get(id)?.value_type.referent();
    let name = source.name_of(id);
    let target = destination.name_of(item.destination.data_element);
    let message = match (referent_at(destination, &item.destination.data_element), referent_at(source, &id)) {
        (Some(Referent::OrgUnit), _) => {
            format!("values of {name} are org units of the source: the org unit map translates them")
        }
        (Some(referent), _) => format!(
            "values of {name} are ids of {} of the source and are held back: they have no meaning in {target}",
            referent.in_words()
        ),
        (None, Some(referent)) => format!(
            "values of {name} are ids of {} of the source, and would arrive in {target} as plain text",
            referent.in_words()
        ),
        (None, None) => return,
    };
    findings.push(of(&VALUES_ARE_SOURCE_IDS, message));
}

/// A finding of the table.
pub(crate) fn of(code: &Code, message: String) -> ItemFinding {
    ItemFinding { severity: code.severity, code: code.word, message, hint: code.remedy.to_owned() }
}

fn is_text(value_type: ValueType) -> bool {
    matches!(value_type, ValueType::Text | ValueType::LongText)
}

/// Whether values of `source` may not fit into `target`.
pub(crate) fn narrower(source: ValueType, target: ValueType) -> bool {
    use ValueType::{Integer, IntegerNegative, IntegerPositive, IntegerZeroOrPositive, Number};

    match (source, target) {
        (_, Number)
        | (IntegerPositive | IntegerNegative | IntegerZeroOrPositive, Integer)
        | (IntegerPositive, IntegerZeroOrPositive) => false,
        (left, right) => left != right,
    }
}

/// Whether a script decides what becomes of values.
pub fn changes_values(script: &Attachment) -> bool {
    [Hook::Rows, Hook::Combine, Hook::Value].into_iter().any(|hook| script.acts(hook))
}

/// How much of one type's values another takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    Always,
    /// Only the values themselves can tell.
    Sometimes,
    Never,
}

fn fit(source: ValueType, target: ValueType) -> Fit {
    use ValueType::{Age, Boolean, Date, FileResource, GeoJson, Image, MultiText, TrueOnly};

    match (source, target) {
        (source, target) if source == target || is_text(target) => Fit::Always,
        (Date, Age) | (Age, Date) | (TrueOnly, Boolean) | (Image, FileResource) => Fit::Always,
        (source, target) if source.is_numeric() && target.is_numeric() => {
            if narrower(source, target) {
                Fit::Sometimes
            } else {
                Fit::Always
            }
        }
        // Anything may stand in a text.
        (source, _) if is_text(source) || source == MultiText => Fit::Sometimes,
        (_, GeoJson | MultiText) => Fit::Never,
        (source, target) if target.referent().is_some() => {
            if source.referent() == target.referent() {
                Fit::Sometimes
            } else {
                Fit::Never
            }
        }
        _ if usual(source).iter().any(|value| target.canonical(value).is_ok()) => Fit::Sometimes,
        _ => Fit::Never,
    }
}

/// Values of every sort that a type has.
fn usual(value_type: ValueType) -> &'static [&'static str] {
    match value_type {
        ValueType::Number | ValueType::Integer => &["0", "1", "-1"],
        ValueType::UnitInterval | ValueType::Percentage | ValueType::IntegerZeroOrPositive => &["0", "1"],
        ValueType::IntegerPositive => &["1"],
        ValueType::IntegerNegative => &["-1"],
        ValueType::Boolean => &["true", "false"],
        ValueType::TrueOnly => &["true"],
        ValueType::Date | ValueType::Age => &["2024-01-31"],
        ValueType::DateTime => &["2024-01-31T10:30:00.000"],
        ValueType::Time => &["10:30"],
        ValueType::Letter => &["A"],
        ValueType::PhoneNumber => &["+509 3711 0000"],
        ValueType::Email => &["name@example.org"],
        ValueType::Url => &["https://example.org/page"],
        ValueType::Coordinate => &["[-72.3,18.5]"],
        _ => &[],
    }
}

fn in_words(value_type: ValueType) -> &'static str {
    match value_type {
        ValueType::Number => "numbers",
        ValueType::UnitInterval => "numbers from 0 to 1",
        ValueType::Percentage => "percentages",
        ValueType::Integer => "whole numbers",
        ValueType::IntegerPositive => "positive whole numbers",
        ValueType::IntegerNegative => "negative whole numbers",
        ValueType::IntegerZeroOrPositive => "whole numbers from 0 up",
        ValueType::Boolean => "yes/no values",
        ValueType::TrueOnly => "yes-only values",
        ValueType::Date => "dates",
        ValueType::Age => "dates of birth",
        ValueType::DateTime => "dates with time",
        ValueType::Time => "times of day",
        ValueType::Text => "text",
        ValueType::LongText => "long text",
        ValueType::MultiText => "lists of options",
        ValueType::Letter => "single letters",
        ValueType::PhoneNumber => "phone numbers",
        ValueType::Email => "e-mail addresses",
        ValueType::Url => "web addresses",
        ValueType::Username => "names of users",
        ValueType::Coordinate => "coordinates",
        ValueType::GeoJson => "shapes on a map",
        ValueType::OrganisationUnit => "org units",
        ValueType::TrackerAssociate => "tracked entities",
        ValueType::Reference => "references to other objects",
        ValueType::FileResource => "uploaded files",
        ValueType::Image => "uploaded pictures",
        ValueType::Other => "values of a type that xfer does not know",
    }
}

/// Rounding, coverage and shares that cannot do what they are meant for.
fn check_operators(destination: &Metadata, job: &Job, item: &Item, findings: &mut Vec<ItemFinding>) {
    let Some(target) = destination.data_elements.get(&item.destination.data_element) else { return };
    let numeric = target.value_type.is_numeric();
    if item.round.is_some() && !numeric && !is_text(target.value_type) {
        let message = format!("{} accepts {}, which cannot be rounded", target.name, in_words(target.value_type));
        findings.push(error("rounding-needs-numbers", message, "remove the rounding"));
    }
    if let Some(round) = item.round.filter(|round| round.digits > 0 && target.value_type.is_integer()) {
        findings.push(warning(
            "rounding-too-fine",
            format!("{} accepts whole numbers, but values are rounded to {} decimals", target.name, round.digits),
            "round to 0 decimals: --round 0",
        ));
    }
    let coarser = job.source_period_type != job.destination_period_type;
    if item.coverage.is_some() && !coarser {
        findings.push(warning(
            "coverage-without-effect",
            format!(
                "{} is read and written {}, so there is nothing to cover",
                target.name,
                job.source_period_type.name()
            ),
            "a coverage rule is for jobs that write longer periods, such as months into quarters",
        ));
    }
    if item.share.is_none() {
        return;
    }
    if !numeric {
        let message =
            format!("{} accepts {}, which cannot be divided into shares", target.name, in_words(target.value_type));
        findings.push(error("share-needs-numbers", message, "divide a value among data elements that accept numbers"));
    }
    let others = || job.items.iter().filter(|other| other.destination != item.destination);
    if !others().any(|other| other.source == item.source && other.share.is_some()) {
        findings.push(warning(
            "share-alone",
            format!("{} is the only share of its source, and gets all of it", target.name),
            "add the other shares: xfer job add-item … --share",
        ));
    }
    if job.items.iter().any(|other| other.destination == item.destination && other.source != item.source) {
        findings.push(error(
            "share-not-alone",
            format!("another item writes to {} too, so the shares would no longer add up", target.name),
            "map the other item elsewhere",
        ));
    }
}

/// More than one contribution to a cell needs an operator; what can be seen beforehand is said beforehand.
fn check_contributions(source: &Metadata, job: &Job, item: &Item, findings: &mut Vec<ItemFinding>) {
    if item.combine.unwrap_or(job.combine) != Combine::Error {
        return;
    }
    let SourceItem::DataElement { id, category_option_combo: None, .. } = item.source else { return };
    let category_combos = category_combos_of(source, id);
    let number =
        source.category_option_combos.values().filter(|combo| category_combos.contains(&combo.category_combo)).count();
    if number > 1 {
        findings.push(error(
            "combine-missing",
            format!("{} has {number} category option combos, which would go to one cell", source.name_of(id)),
            "choose one of them (DE.COC), or set a combine operator: --combine sum",
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Fit, fit, in_words};
    use xfer_domain::value_type::ValueType;

    #[test]
    fn types_whose_values_can_fit_are_not_refused() {
        use ValueType::*;

        for target in ValueType::ALL {
            assert_ne!(fit(Text, target), Fit::Never, "{target:?}");
            assert_eq!(fit(target, Text), Fit::Always, "{target:?}");
            assert_eq!(fit(target, target), Fit::Always, "{target:?}");
        }
        for (source, target) in [(Age, Date), (Date, Age), (TrueOnly, Boolean), (IntegerPositive, Integer)] {
            assert_eq!(fit(source, target), Fit::Always, "{source:?} to {target:?}");
        }
        for (source, target) in [(Boolean, TrueOnly), (Number, Integer), (Percentage, UnitInterval)] {
            assert_eq!(fit(source, target), Fit::Sometimes, "{source:?} to {target:?}");
        }
        for (source, target) in [(Boolean, Number), (Date, Number), (Email, Date), (Number, OrganisationUnit)] {
            assert_eq!(fit(source, target), Fit::Never, "{source:?} to {target:?}");
        }
    }

    #[test]
    fn every_type_has_words_of_its_own() {
        let words: BTreeSet<&str> = ValueType::ALL.into_iter().map(in_words).collect();
        assert_eq!(words.len(), ValueType::ALL.len());
    }
}
