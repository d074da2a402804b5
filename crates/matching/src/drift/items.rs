//! What changed about the objects of an item since the item was made.

use crate::drift::{Change, Eyes, Side, or_none};
use crate::finding;
use xfer_domain::finding::Code;
use xfer_domain::fingerprint::{
    DataSetFingerprint, ElementFingerprint, FormulaFingerprint, NamedObject, SourceFingerprint,
};
use xfer_domain::uid::Uid;

/// Compares both sides of an item with what was seen; a side is none where its server does not have it any more.
pub(crate) fn item_drift(
    seen: (&SourceFingerprint, &ElementFingerprint),
    now: (Option<&SourceFingerprint>, Option<&ElementFingerprint>),
    eyes: (Eyes<'_>, Eyes<'_>),
) -> Vec<Change> {
    let mut source = Comparison { side: Side::Source, eyes: eyes.0, changes: Vec::new() };
    match (seen.0, now.0) {
        (old, None) => source.deleted(old.name()),
        (SourceFingerprint::DataElement(old), Some(SourceFingerprint::DataElement(new))) => source.elements(old, new),
        (SourceFingerprint::Formula(old), Some(SourceFingerprint::Formula(new))) => source.formulas(old, new),
        // An item's kind is part of its address: another kind is another item.
        (_, Some(_)) => {}
    }
    let mut destination = Comparison { side: Side::Destination, eyes: eyes.1, changes: Vec::new() };
    match now.1 {
        None => destination.deleted(&seen.1.name),
        Some(new) => destination.elements(seen.1, new),
    }
    source.changes.into_iter().chain(destination.changes).collect()
}

struct Comparison<'check> {
    side: Side,
    eyes: Eyes<'check>,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    fn change(&mut self, code: &'static Code, words: &str) {
        self.changes.push(Change { code, side: self.side, message: format!("{}, {words}", self.side.at()) });
    }

    fn deleted(&mut self, name: &str) {
        self.change(&finding::ITEM_DELETED, &self.eyes.lost(name));
    }

    fn names(&mut self, old: (&str, Option<&str>), new: (&str, Option<&str>)) {
        if old.0 != new.0 {
            self.change(&finding::ITEM_RENAMED, &format!("the name of {} changed to {}", old.0, new.0));
        }
        if old.1 != new.1 {
            let words = format!("the code of {} changed from {} to {}", new.0, or_none(old.1), or_none(new.1));
            self.change(&finding::ITEM_CODE_CHANGED, &words);
        }
    }

    fn formulas(&mut self, old: &FormulaFingerprint, new: &FormulaFingerprint) {
        self.names((&old.name, old.code.as_deref()), (&new.name, new.code.as_deref()));
        if old.formula != new.formula {
            let words = format!("{} changed from {} to {}", new.name, old.formula, new.formula);
            self.change(&finding::ITEM_FORMULA_CHANGED, &words);
        }
        if old.decimals != new.decimals {
            let decimals = |number: Option<u32>| number.map_or_else(|| "any".to_owned(), |number| number.to_string());
            let (from, to) = (decimals(old.decimals), decimals(new.decimals));
            let words = format!("{} was rounded to {from} decimals and is now rounded to {to}", new.name);
            self.change(&finding::ITEM_FORMULA_CHANGED, &words);
        }
    }

    fn elements(&mut self, old: &ElementFingerprint, new: &ElementFingerprint) {
        self.names((&old.name, old.code.as_deref()), (&new.name, new.code.as_deref()));
        if old.value_type != new.value_type {
            let words = format!(
                "the value type of {} changed from {} to {}",
                new.name,
                old.value_type.expectation(),
                new.value_type.expectation()
            );
            self.change(&finding::ITEM_VALUE_TYPE_CHANGED, &words);
        }
        if old.category_combo.id != new.category_combo.id {
            let words = format!(
                "the category combo of {} changed from {} to {}",
                new.name, old.category_combo.name, new.category_combo.name
            );
            self.change(&finding::ITEM_RECATEGORISED, &words);
        }
        let id = |set: &Option<NamedObject>| set.as_ref().map(|set| set.id);
        if id(&old.option_set) != id(&new.option_set) {
            let name = |set: &Option<NamedObject>| or_none(set.as_ref().map(|set| set.name.as_str()));
            let (from, to) = (name(&old.option_set), name(&new.option_set));
            let words = format!("the option set of {} changed from {from} to {to}", new.name);
            self.change(&finding::ITEM_OPTION_SET_CHANGED, &words);
        }
        self.options(&new.name, "category", old.category_options.as_deref(), new.category_options.as_deref());
        self.options(&new.name, "attribute", old.attribute_options.as_deref(), new.attribute_options.as_deref());
        self.data_sets(old, new);
    }

    fn options(&mut self, name: &str, kind: &str, old: Option<&[String]>, new: Option<&[String]>) {
        if old == new {
            return;
        }
        // What is not shown any more is a right that was taken away, and no other meaning of the item.
        if new == Some(&[]) {
            let combo = format!(
                "the {kind} option combo of the item for {name}, which meant {},",
                old.unwrap_or_default().join(", ")
            );
            self.change(&finding::ITEM_PART_LOST, &self.eyes.lost(&combo));
            return;
        }
        if let (Some(old), Some(new)) = (old, new)
            && self.only_hidden(old, new)
        {
            return;
        }
        let list = |options: Option<&[String]>| match options {
            None | Some([]) => "nothing known".to_owned(),
            Some(options) => options.join(", "),
        };
        let words =
            format!("the {kind} option combo of the item for {name} changed from {} to {}", list(old), list(new));
        self.change(&finding::ITEM_OPTIONS_CHANGED, &words);
    }

    /// Whether two lists of options differ only by options that are not shown on one of the sides, and have their ids or
    /// the names that they once had in the place of their names.
    fn only_hidden(&self, old: &[String], new: &[String]) -> bool {
        let metadata = self.eyes.metadata;
        let is_shown = |name: &String| metadata.category_options.values().any(|option| option.name == *name);
        let is_id = |name: &String| Uid::parse(name).is_ok_and(|id| !metadata.category_options.contains_key(&id));
        let is_lost = |name: &String| metadata.lost.values().any(|lost| lost == name);
        let mut came = new.iter().filter(|option| !old.contains(option));
        let mut went = old.iter().filter(|option| !new.contains(option));
        // Seen once and not now, or (by an older copy) not then and now.
        old.len() == new.len()
            && (came.clone().all(|option| !is_shown(option) && (is_id(option) || is_lost(option)))
                || went.all(|option| Uid::parse(option).is_ok() && !is_shown(option)) && came.all(is_shown))
    }

    /// A data set's new name is no change of the item; who collects the data element in which periods is.
    fn data_sets(&mut self, old: &ElementFingerprint, new: &ElementFingerprint) {
        let mut words = Vec::new();
        let shown = |data_set: &&DataSetFingerprint| !self.eyes.metadata.lost.contains_key(&data_set.id);
        let lost: Vec<&str> =
            old.data_sets.iter().filter(|set| !shown(set)).map(|data_set| data_set.name.as_str()).collect();
        for data_set in old.data_sets.iter().filter(shown) {
            match new.data_sets.iter().find(|other| other.id == data_set.id) {
                None => words.push(format!("no longer in {}", data_set.name)),
                Some(other) if other.period_type != data_set.period_type => words.push(format!(
                    "collected {} instead of {} in {}",
                    other.period_type.name(),
                    data_set.period_type.name(),
                    other.name
                )),
                Some(_) => {}
            }
        }
        let added = new.data_sets.iter().filter(|data_set| !old.data_sets.iter().any(|other| other.id == data_set.id));
        words.extend(added.map(|data_set| format!("also in {} now", data_set.name)));
        if !lost.is_empty() {
            let what = format!("{}, in which {} is collected,", lost.join(" and "), new.name);
            self.change(&finding::ITEM_PART_LOST, &self.eyes.lost(&what));
        }
        if !words.is_empty() {
            self.change(&finding::ITEM_DATA_SETS_CHANGED, &format!("{} is {}", new.name, words.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::item_drift;
    use crate::drift::Eyes;
    use xfer_domain::fingerprint::{
        DataSetFingerprint, ElementFingerprint, FormulaFingerprint, NamedObject, SourceFingerprint,
    };
    use xfer_domain::metadata::{CategoryOption, DataAccess, Metadata};
    use xfer_domain::period::PeriodType;
    use xfer_domain::uid::Uid;
    use xfer_domain::value_type::ValueType;

    fn named(kind: &str, number: u8) -> NamedObject {
        NamedObject { id: Uid::parse(&format!("{kind:x<8}{number:03}")).unwrap(), name: format!("{kind} {number}") }
    }

    fn data_set(number: u8, period_type: PeriodType) -> DataSetFingerprint {
        let NamedObject { id, name } = named("Form", number);
        DataSetFingerprint { id, name, period_type }
    }

    fn element() -> ElementFingerprint {
        ElementFingerprint {
            name: "Cases".to_owned(),
            code: Some("C1".to_owned()),
            value_type: ValueType::Number,
            category_combo: named("Sex", 1),
            option_set: None,
            category_options: Some(vec!["male".to_owned()]),
            attribute_options: None,
            data_sets: vec![data_set(1, PeriodType::Monthly)],
        }
    }

    fn formula() -> FormulaFingerprint {
        FormulaFingerprint { name: "Rate".to_owned(), code: None, formula: "(a) / (b)".to_owned(), decimals: None }
    }

    fn both(metadata: &Metadata) -> (Eyes<'_>, Eyes<'_>) {
        let eyes = |user| Eyes { metadata, user };
        (eyes("reader at tracker"), eyes("writer at national"))
    }

    fn destination_words(now: Option<&ElementFingerprint>) -> Vec<(&'static str, String)> {
        let source = SourceFingerprint::Formula(formula());
        let metadata = Metadata::default();
        let changes = item_drift((&source, &element()), (Some(&source), now), both(&metadata));
        changes.into_iter().map(|change| (change.code.word, change.message)).collect()
    }

    #[test]
    fn every_change_of_a_data_element_is_told_with_what_was_and_what_is() {
        let check = |now: ElementFingerprint, code: &str, message: &str| {
            let message = format!("at the destination, {message}");
            assert_eq!(destination_words(Some(&now)), [(code, message)], "{code}");
        };
        check(
            ElementFingerprint { name: "Deaths".to_owned(), ..element() },
            "item-renamed",
            "the name of Cases changed to Deaths",
        );
        check(
            ElementFingerprint { code: None, ..element() },
            "item-code-changed",
            "the code of Cases changed from `C1` to none",
        );
        check(
            ElementFingerprint { value_type: ValueType::Boolean, ..element() },
            "item-value-type-changed",
            "the value type of Cases changed from a number to `true` or `false`",
        );
        check(
            ElementFingerprint { category_combo: named("Age", 2), ..element() },
            "item-recategorised",
            "the category combo of Cases changed from Sex 1 to Age 2",
        );
        check(
            ElementFingerprint { option_set: Some(named("Colours", 1)), ..element() },
            "item-option-set-changed",
            "the option set of Cases changed from none to `Colours 1`",
        );
        check(
            ElementFingerprint { category_options: Some(vec!["female".to_owned()]), ..element() },
            "item-options-changed",
            "the category option combo of the item for Cases changed from male to female",
        );
        check(
            ElementFingerprint { data_sets: vec![data_set(1, PeriodType::Quarterly)], ..element() },
            "item-data-sets-changed",
            "Cases is collected Quarterly instead of Monthly in Form 1",
        );
        check(
            ElementFingerprint { data_sets: vec![data_set(2, PeriodType::Monthly)], ..element() },
            "item-data-sets-changed",
            "Cases is no longer in Form 1, also in Form 2 now",
        );
        let lost = "can no longer be read by writer at national: it was deleted, or is no longer shared with the user";
        assert_eq!(destination_words(None), [("item-deleted", format!("at the destination, Cases {lost}"))]);
        let no_combo = ElementFingerprint { category_options: Some(Vec::new()), ..element() };
        let words = "at the destination, the category option combo of the item for Cases, which meant male,";
        assert_eq!(destination_words(Some(&no_combo)), [("item-part-lost", format!("{words} {lost}"))]);
    }

    #[test]
    fn what_is_hidden_is_no_other_meaning() {
        let told = |metadata: &Metadata, now: ElementFingerprint| {
            let source = SourceFingerprint::Formula(formula());
            let changes = item_drift((&source, &element()), (Some(&source), Some(&now)), both(metadata));
            changes.into_iter().map(|change| (change.code.word, change.message)).collect::<Vec<_>>()
        };
        let options = |name: &str| ElementFingerprint { category_options: Some(vec![name.to_owned()]), ..element() };
        assert_eq!(
            told(&Metadata::default(), options("Male0000001")),
            [],
            "the right to see it is no part of the item"
        );
        let mut shown = Metadata::default();
        let id = named("Option", 1).id;
        let option = CategoryOption {
            id,
            code: None,
            name: "Pregnancies".to_owned(),
            start_date: None,
            end_date: None,
            organisation_units: BTreeSet::new(),
            access: DataAccess::default(),
            is_hidden: false,
        };
        shown.category_options.insert(id, option);
        assert_eq!(told(&shown, options("Pregnancies"))[0].0, "item-options-changed", "eleven letters are a name, too");
        let mut lost = Metadata::default();
        lost.lost.insert(named("Form", 1).id, "Form 1".to_owned());
        let words = "at the destination, Form 1, in which Cases is collected, can no longer be read by writer at national: it was deleted, or is no longer shared with the user";
        let without = ElementFingerprint { data_sets: Vec::new(), ..element() };
        assert_eq!(told(&lost, without), [("item-part-lost", words.to_owned())]);
    }

    #[test]
    fn another_formula_is_told_in_full() {
        let seen = SourceFingerprint::Formula(formula());
        let now = SourceFingerprint::Formula(FormulaFingerprint {
            formula: "(a) / (c)".to_owned(),
            decimals: Some(1),
            ..formula()
        });
        let metadata = Metadata::default();
        let changes = item_drift((&seen, &element()), (Some(&now), Some(&element())), both(&metadata));
        let words: Vec<&str> = changes.iter().map(|change| change.message.as_str()).collect();
        assert_eq!(
            words,
            [
                "at the source, Rate changed from (a) / (b) to (a) / (c)",
                "at the source, Rate was rounded to any decimals and is now rounded to 1",
            ]
        );
    }

    proptest! {
        #[test]
        fn no_change_is_no_drift(
            name in "[A-Z][a-z]{1,8}",
            code in proptest::option::of("[0-9]{1,4}"),
            combo in 0_u8..5,
            options in proptest::option::of(proptest::collection::vec("[a-z]{1,5}", 0..3)),
            sets in proptest::collection::vec(0_u8..9, 0..4),
        ) {
            let element = ElementFingerprint {
                name,
                code,
                category_combo: named("Combo", combo),
                category_options: options,
                data_sets: sets.into_iter().map(|number| data_set(number, PeriodType::Monthly)).collect(),
                ..element()
            };
            let source = SourceFingerprint::DataElement(element.clone());
            let metadata = Metadata::default();
            prop_assert_eq!(item_drift((&source, &element), (Some(&source), Some(&element)), both(&metadata)), vec![]);
        }
    }
}
