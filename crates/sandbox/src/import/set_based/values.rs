//! The checks of rows that refuse only the row (`validateValues`), and the one that refuses the group: two rows of the
//! same key.

use std::borrow::Cow;
use std::collections::HashMap;

use super::decode::Value;
use super::errors::{self, Fault};
use crate::import::value_errors;
use crate::world::catalog::Catalog;
use xfer_domain::value_type::{ImportEngine, ValueRefusal, ValueType};

/// The longest comment, in UTF-16 units.
const LONGEST_COMMENT: usize = 5000;

type Key<'request> =
    (&'request str, &'request str, Option<&'request str>, Option<&'request str>, xfer_domain::period::Period);

fn key<'request>(value: &Value<'request>) -> Key<'request> {
    (value.data_element, value.org_unit, value.category_option_combo, value.attribute_option_combo, value.period)
}

/// Rows that are written, and the faults of the others with their positions.
type Judged<'request> = (Vec<Value<'request>>, Vec<(usize, Fault)>);

/// Judges rows: those that are written, and the faults of the others with their positions. Equal keys refuse all.
pub(super) fn judge<'request>(
    catalog: &Catalog,
    data_set: usize,
    values: Vec<Value<'request>>,
) -> Result<Judged<'request>, Fault> {
    refuse_duplicates(&values)?;
    if values.iter().all(|value| value.deleted == Some(true)) {
        return Ok((values, Vec::new()));
    }
    let comment_would_do = catalog.data_sets[data_set].no_value_requires_comment;
    let mut valid = Vec::with_capacity(values.len());
    let mut faults = Vec::new();
    for value in values {
        let index = value.index;
        match judge_one(catalog, comment_would_do, value) {
            Ok(value) => valid.push(value),
            Err(fault) => faults.push((index, fault)),
        }
    }
    Ok((valid, faults))
}

/// Names the key whose first row comes first. A combo that a row leaves out is not the default one here.
fn refuse_duplicates(values: &[Value<'_>]) -> Result<(), Fault> {
    let mut rows: HashMap<Key<'_>, usize> = HashMap::with_capacity(values.len());
    let mut earliest: Option<Key<'_>> = None;
    for value in values {
        let first = *rows.entry(key(value)).or_insert(value.index);
        if first != value.index && earliest.is_none_or(|known| rows.get(&known).is_some_and(|&known| first < known)) {
            earliest = Some(key(value));
        }
    }
    let Some(duplicate) = earliest else { return Ok(()) };
    let indexes: Vec<usize> = values.iter().filter(|value| key(value) == duplicate).map(|value| value.index).collect();
    let (element, unit, category, attribute, period) = duplicate;
    let combo = |combo: Option<&str>| combo.unwrap_or("null").to_owned();
    let text = format!(
        "DataValueKey[dataElement={element}, orgUnit={unit}, categoryOptionCombo={}, attributeOptionCombo={}, \
         period={period}]",
        combo(category),
        combo(attribute)
    );
    Err(errors::duplicates(&indexes, &text))
}

/// Value, option, comment option, length of the comment.
fn judge_one<'request>(
    catalog: &Catalog,
    comment_would_do: bool,
    value: Value<'request>,
) -> Result<Value<'request>, Fault> {
    let Some(element) = catalog.data_elements.get(value.data_element) else { return Ok(value) };
    let index = value.index;
    let empty = value.value.as_deref().is_none_or(str::is_empty);
    let has_comment = value.comment.is_some_and(|comment| !comment.is_empty());
    let allowed = value.deleted == Some(true) || comment_would_do && !has_comment;
    if empty && !allowed {
        return Err(errors::no_value(index, comment_would_do));
    }
    let stored = match value.value.as_deref() {
        Some(text) if !empty => Some(stored_text(text, element.value_type).map_err(|key| {
            errors::value_not_valid(index, &shown(text, element.value_type), &element.value_type_name, key)
        })?),
        other => other.map(str::to_owned),
    };
    if let (Some(options), Some(text)) = (&element.options, stored.as_deref().filter(|_| !empty)) {
        let unknown = |code: &&str| !options.contains(*code);
        let offender = match element.value_type {
            ValueType::MultiText if unknown(&text) => text.split(',').find(unknown),
            _ => Some(text).filter(unknown),
        };
        if let Some(offender) = offender {
            return Err(errors::not_an_option(index, offender, value.data_element));
        }
    }
    if let Some(options) = &element.comment_options
        && !value.comment.is_some_and(|comment| options.contains(comment))
    {
        return Err(errors::comment_not_an_option(index, value.comment.unwrap_or("null")));
    }
    if value.comment.is_some_and(|comment| comment.encode_utf16().count() > LONGEST_COMMENT) {
        return Err(errors::comment_too_long(index, LONGEST_COMMENT));
    }
    Ok(Value { value: stored.map(Cow::Owned), ..value })
}

/// What is stored of a text, or the key of its error. Blanks alone are no empty value here; they are stored.
fn stored_text(text: &str, value_type: ValueType) -> Result<String, &'static str> {
    match value_type.stored_as(text, ImportEngine::SetBased) {
        Ok(stored) => Ok(stored.into_owned()),
        Err(ValueRefusal::Empty) => Ok(text.to_owned()),
        Err(ValueRefusal::TooLong { .. }) => Err("value_length_greater_than_max_length"),
        Err(ValueRefusal::Shape { .. }) => Err(value_errors::key(value_type)),
    }
}

/// A refused text as the message shows it: truth values are normalised before they are judged (recording
/// `import/types-true-only`).
fn shown(text: &str, value_type: ValueType) -> String {
    let normalised = match text.to_lowercase().as_str() {
        "f" | "n" | "0" | "no" | "false" => "false",
        "t" | "y" | "1" | "yes" | "true" => "true",
        _ => text,
    };
    if matches!(value_type, ValueType::Boolean | ValueType::TrueOnly) { normalised } else { text }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use xfer_domain::period::Period;

    fn value(index: usize, combo: Option<&'static str>) -> Value<'static> {
        Value {
            index,
            data_element: "DemNumber01",
            org_unit: "OuFacility1",
            category_option_combo: combo,
            attribute_option_combo: None,
            period: Period::parse("202401").unwrap(),
            value: Some("1".into()),
            comment: None,
            followup: None,
            deleted: None,
        }
    }

    #[test]
    fn the_key_whose_first_row_comes_first_is_named() {
        let rows = [value(0, Some("one")), value(1, Some("other")), value(2, Some("other")), value(3, Some("one"))];
        let fault = refuse_duplicates(&rows).unwrap_err();
        assert_eq!(fault.raw_arguments()[0], "[0, 3]");
    }

    #[test]
    fn a_missing_combo_is_another_key_than_the_default_one() {
        assert!(refuse_duplicates(&[value(0, None), value(1, Some("HllvX50cXC0"))]).is_ok());
    }

    #[test]
    fn truth_values_are_shown_normalised() {
        assert_eq!(shown("0", ValueType::TrueOnly), "false");
        assert_eq!(shown("ja", ValueType::Boolean), "ja");
        assert_eq!(shown("0", ValueType::Letter), "0");
    }
}
