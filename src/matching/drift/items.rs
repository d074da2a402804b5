//! What changed about the objects of an item since the item was made.

use crate::domain::finding::Code;
use crate::domain::fingerprint::{ElementFingerprint, FormulaFingerprint, NamedObject, SourceFingerprint};
use crate::matching::drift::{Change, Side, or_none};
use crate::matching::finding;

/// Compares both sides of an item with what was seen; a side is none where its server does not have it any more.
pub fn item_drift(
    seen: (&SourceFingerprint, &ElementFingerprint),
    now: (Option<&SourceFingerprint>, Option<&ElementFingerprint>),
) -> Vec<Change> {
    let mut source = Comparison { side: Side::Source, changes: Vec::new() };
    match (seen.0, now.0) {
        (old, None) => source.deleted(old.name()),
        (SourceFingerprint::DataElement(old), Some(SourceFingerprint::DataElement(new))) => source.elements(old, new),
        (SourceFingerprint::Formula(old), Some(SourceFingerprint::Formula(new))) => source.formulas(old, new),
        // An item's kind is part of its address: another kind is another item.
        (_, Some(_)) => {}
    }
    let mut destination = Comparison { side: Side::Destination, changes: Vec::new() };
    match now.1 {
        None => destination.deleted(&seen.1.name),
        Some(new) => destination.elements(seen.1, new),
    }
    source.changes.into_iter().chain(destination.changes).collect()
}

struct Comparison {
    side: Side,
    changes: Vec<Change>,
}

impl Comparison {
    fn change(&mut self, code: &'static Code, words: &str) {
        self.changes.push(Change { code, side: self.side, message: format!("{}, {words}", self.side.at()) });
    }

    fn deleted(&mut self, name: &str) {
        self.change(&finding::ITEM_DELETED, &format!("{name} does not exist any more, or the user may not see it"));
    }

    fn names(&mut self, old: (&str, Option<&str>), new: (&str, Option<&str>)) {
        if old.0 != new.0 {
            self.change(&finding::ITEM_RENAMED, &format!("{} is called {} now", old.0, new.0));
        }
        if old.1 != new.1 {
            let words = format!("the code of {} was {} and is {} now", new.0, or_none(old.1), or_none(new.1));
            self.change(&finding::ITEM_CODE_CHANGED, &words);
        }
    }

    fn formulas(&mut self, old: &FormulaFingerprint, new: &FormulaFingerprint) {
        self.names((&old.name, old.code.as_deref()), (&new.name, new.code.as_deref()));
        if old.formula != new.formula {
            let words = format!("{} was {} and is {} now", new.name, old.formula, new.formula);
            self.change(&finding::ITEM_FORMULA_CHANGED, &words);
        }
        if old.decimals != new.decimals {
            let decimals = |number: Option<u32>| number.map_or_else(|| "any".to_owned(), |number| number.to_string());
            let (from, to) = (decimals(old.decimals), decimals(new.decimals));
            let words = format!("{} was rounded to {from} decimals and is rounded to {to} now", new.name);
            self.change(&finding::ITEM_FORMULA_CHANGED, &words);
        }
    }

    fn elements(&mut self, old: &ElementFingerprint, new: &ElementFingerprint) {
        self.names((&old.name, old.code.as_deref()), (&new.name, new.code.as_deref()));
        if old.value_type != new.value_type {
            let words = format!(
                "{} took {} and takes {} now",
                new.name,
                old.value_type.expectation(),
                new.value_type.expectation()
            );
            self.change(&finding::ITEM_VALUE_TYPE_CHANGED, &words);
        }
        if old.category_combo.id != new.category_combo.id {
            let words = format!(
                "{} was disaggregated by {} and is by {} now",
                new.name, old.category_combo.name, new.category_combo.name
            );
            self.change(&finding::ITEM_RECATEGORISED, &words);
        }
        let id = |set: &Option<NamedObject>| set.as_ref().map(|set| set.id);
        if id(&old.option_set) != id(&new.option_set) {
            let name = |set: &Option<NamedObject>| or_none(set.as_ref().map(|set| set.name.as_str()));
            let (from, to) = (name(&old.option_set), name(&new.option_set));
            let words = format!("the option set of {} was {from} and is {to} now", new.name);
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
        let list = |options: Option<&[String]>| match options {
            None | Some([]) => "nothing that is known".to_owned(),
            Some(options) => options.join(", "),
        };
        let words = format!(
            "the {kind} option combo of the item for {name} stood for {} and stands for {} now",
            list(old),
            list(new)
        );
        self.change(&finding::ITEM_OPTIONS_CHANGED, &words);
    }

    /// A data set's new name is no change of the item; who collects the data element in which periods is.
    fn data_sets(&mut self, old: &ElementFingerprint, new: &ElementFingerprint) {
        let mut words = Vec::new();
        for data_set in &old.data_sets {
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
        if !words.is_empty() {
            self.change(&finding::ITEM_DATA_SETS_CHANGED, &format!("{} is {}", new.name, words.join(", ")));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::item_drift;
    use crate::domain::fingerprint::{
        DataSetFingerprint, ElementFingerprint, FormulaFingerprint, NamedObject, SourceFingerprint,
    };
    use crate::domain::period::PeriodType;
    use crate::domain::uid::Uid;
    use crate::domain::value_type::ValueType;

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

    fn destination_words(now: Option<&ElementFingerprint>) -> Vec<(&'static str, String)> {
        let source = SourceFingerprint::Formula(formula());
        let changes = item_drift((&source, &element()), (Some(&source), now));
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
            "Cases is called Deaths now",
        );
        check(
            ElementFingerprint { code: None, ..element() },
            "item-code-changed",
            "the code of Cases was `C1` and is none now",
        );
        check(
            ElementFingerprint { value_type: ValueType::Boolean, ..element() },
            "item-value-type-changed",
            "Cases took a number and takes `true` or `false` now",
        );
        check(
            ElementFingerprint { category_combo: named("Age", 2), ..element() },
            "item-recategorised",
            "Cases was disaggregated by Sex 1 and is by Age 2 now",
        );
        check(
            ElementFingerprint { option_set: Some(named("Colours", 1)), ..element() },
            "item-option-set-changed",
            "the option set of Cases was none and is `Colours 1` now",
        );
        check(
            ElementFingerprint { category_options: Some(vec!["female".to_owned()]), ..element() },
            "item-options-changed",
            "the category option combo of the item for Cases stood for male and stands for female now",
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
        let gone = "at the destination, Cases does not exist any more, or the user may not see it";
        assert_eq!(destination_words(None), [("item-deleted", gone.to_owned())]);
    }

    #[test]
    fn another_formula_is_told_in_full() {
        let seen = SourceFingerprint::Formula(formula());
        let now = SourceFingerprint::Formula(FormulaFingerprint {
            formula: "(a) / (c)".to_owned(),
            decimals: Some(1),
            ..formula()
        });
        let changes = item_drift((&seen, &element()), (Some(&now), Some(&element())));
        let words: Vec<&str> = changes.iter().map(|change| change.message.as_str()).collect();
        assert_eq!(
            words,
            [
                "at the source, Rate was (a) / (b) and is (a) / (c) now",
                "at the source, Rate was rounded to any decimals and is rounded to 1 now",
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
            prop_assert_eq!(item_drift((&source, &element), (Some(&source), Some(&element))), vec![]);
        }
    }
}
