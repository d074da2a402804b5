//! The conflicts of the row-by-row engine: code, property, named objects and text of each
//! (`DataValueImportConflict`, `DataValueSetImportConflict`, `ErrorCode`).
//!
//! A missing id is named `null` in texts and left out of `objects`. Conflicts name what the row says, not what it was
//! found to be.

use crate::import::answer::Conflict;
use crate::import::payload::Text;
use crate::import::value_errors;

type Id = Option<String>;

fn conflict(
    code: &'static str,
    property: Option<&'static str>,
    objects: Vec<(&'static str, Id)>,
    text: String,
) -> Conflict {
    Conflict {
        object: objects.first().and_then(|(_, id)| id.as_deref()).map(Box::from),
        objects: Some(objects),
        text,
        code: Some(code),
        property,
        indexes: Vec::new(),
    }
}

fn own(text: &Text<'_>) -> Id {
    text.as_deref().map(str::to_owned)
}

fn show(id: &Id) -> &str {
    id.as_deref().unwrap_or("null")
}

pub(super) fn data_set_not_found(set: Id) -> Conflict {
    let text = format!("Data set not found or not accessible: `{}`", show(&set));
    conflict("E7600", Some("dataSet"), vec![("dataSet", set)], text)
}

pub(super) fn data_set_not_writable(set: Id) -> Conflict {
    let text = format!("User does not have write access for DataSet: `{}`", show(&set));
    conflict("E7601", Some("dataSet"), vec![("dataSet", set)], text)
}

pub(super) fn data_set_required() -> Conflict {
    conflict("E7602", None, Vec::new(), "A valid dataset is required".to_owned())
}

pub(super) fn org_unit_on_top_not_found(unit: Id, set: Id) -> Conflict {
    let text = format!("Org unit not found or not accessible: `{}`", show(&unit));
    conflict("E7603", Some("orgUnit"), vec![("organisationUnit", unit), ("dataSet", set)], text)
}

pub(super) fn combo_on_top_not_found(combo: Id, set: Id) -> Conflict {
    let text = format!("Attribute option combo not found or not accessible: `{}`", show(&combo));
    conflict("E7604", Some("attributeOptionCombo"), vec![("categoryOptionCombo", combo), ("dataSet", set)], text)
}

pub(super) fn data_element_not_found(element: &Text<'_>) -> Conflict {
    let element = own(element);
    let text = format!("Data element not found or not accessible: `{}`", show(&element));
    conflict("E7610", Some("dataElement"), vec![("dataElement", element)], text)
}

pub(super) fn period_not_valid(period: &Text<'_>) -> Conflict {
    let period = own(period);
    let text = format!("Period not valid: `{}`", show(&period));
    conflict("E7611", Some("period"), vec![("period", period)], text)
}

pub(super) fn org_unit_not_found(unit: &Text<'_>) -> Conflict {
    let unit = own(unit);
    let text = format!("Organisation unit not found or not accessible: `{}`", show(&unit));
    conflict("E7612", Some("orgUnit"), vec![("organisationUnit", unit)], text)
}

pub(super) fn category_option_combo_not_found(combo: &Text<'_>) -> Conflict {
    let combo = own(combo);
    let text = format!("Category option combo not found or not accessible for writing data: `{}`", show(&combo));
    conflict("E7613", Some("categoryOptionCombo"), vec![("categoryOptionCombo", combo)], text)
}

pub(super) fn attribute_option_combo_not_found(combo: &Text<'_>) -> Conflict {
    let combo = own(combo);
    let text = format!("Attribute option combo not found or not accessible for writing data: `{}`", show(&combo));
    conflict("E7615", Some("attributeOptionCombo"), vec![("categoryOptionCombo", combo)], text)
}

pub(super) fn org_unit_not_in_hierarchy(unit: &Text<'_>, user: &str) -> Conflict {
    let unit = own(unit);
    let text = format!("Organisation unit: `{}` not in hierarchy of current user: `{user}`", show(&unit));
    conflict("E7617", Some("orgUnit"), vec![("organisationUnit", unit), ("user", Some(user.to_owned()))], text)
}

pub(super) fn value_not_defined(element: &Text<'_>) -> Conflict {
    let element = own(element);
    let text = format!("Data value or comment not specified for data element: `{}`", show(&element));
    conflict("E7618", Some("value"), vec![("dataElement", element)], text)
}

pub(super) fn value_not_valid(element: &Text<'_>, key: &'static str) -> Conflict {
    let element = own(element);
    let words = value_errors::words(key);
    let text = format!("Value must match value type of data element `{}`: `{words}`", show(&element));
    conflict("E7619", Some("value"), vec![("dataElement", element), ("value", Some(key.to_owned()))], text)
}

pub(super) fn comment_not_valid() -> Conflict {
    let key = "comment_length_greater_than_max_length";
    let text = "Invalid comment: Comment length is greater than max length".to_owned();
    conflict("E7620", Some("comment"), vec![("comment", Some(key.to_owned()))], text)
}

pub(super) fn not_an_option(element: &Text<'_>) -> Conflict {
    let element = own(element);
    let text = format!("Data value is not a valid option of the data element option set: `{}`", show(&element));
    conflict("E7621", Some("value"), vec![("dataElement", element)], text)
}

pub(super) fn category_option_combo_required() -> Conflict {
    let text = "Category option combo is required but is not specified".to_owned();
    conflict("E7630", Some("categoryOptionCombo"), Vec::new(), text)
}

pub(super) fn attribute_option_combo_required() -> Conflict {
    let text = "Attribute option combo is required but is not specified".to_owned();
    conflict("E7631", Some("attributeOptionCombo"), Vec::new(), text)
}

pub(super) fn period_type_not_valid(period: &Text<'_>, element: &Text<'_>) -> Conflict {
    let (period, element) = (own(period), own(element));
    let text = format!("Period type of period: `{}` not valid for data element: `{}`", show(&period), show(&element));
    conflict("E7632", None, vec![("period", period), ("dataElement", element)], text)
}

pub(super) fn data_element_not_in_data_set(element: &Text<'_>, set: &str) -> Conflict {
    let element = own(element);
    let text = format!("Data element: `{}` is not part of dataset(s): `{set}`", show(&element));
    conflict("E7633", Some("dataElement"), vec![("dataElement", element), ("dataSet", Some(set.to_owned()))], text)
}

pub(super) fn category_option_combo_foreign(combo: &Text<'_>, element: &Text<'_>) -> Conflict {
    let (combo, element) = (own(combo), own(element));
    let text = format!(
        "Category option combo: `{}` must be part of category combo of data element: `{}`",
        show(&combo),
        show(&element)
    );
    conflict("E7634", Some("categoryOptionCombo"), vec![("categoryOptionCombo", combo), ("dataElement", element)], text)
}

pub(super) fn attribute_option_combo_foreign(combo: &Text<'_>, element: &Text<'_>) -> Conflict {
    let (combo, element) = (own(combo), own(element));
    let text = format!(
        "Attribute option combo: `{}` must be part of category combo of data sets of data element: `{}`",
        show(&combo),
        show(&element)
    );
    conflict(
        "E7635",
        Some("attributeOptionCombo"),
        vec![("categoryOptionCombo", combo), ("dataElement", element)],
        text,
    )
}

pub(super) fn org_unit_not_assigned(unit: &Text<'_>, element: &Text<'_>) -> Conflict {
    let (unit, element) = (own(unit), own(element));
    let text = format!(
        "Data element: `{}` must be assigned through data sets to organisation unit: `{}`",
        show(&element),
        show(&unit)
    );
    conflict("E7636", Some("orgUnit"), vec![("organisationUnit", unit), ("dataElement", element)], text)
}

pub(super) fn stored_by_not_valid() -> Conflict {
    let key = "stored_by_length_greater_than_max_length";
    conflict("E7637", Some("storedBy"), vec![("storedBy", Some(key.to_owned()))], format!("Invalid storedBy: {key}"))
}

pub(super) fn period_outside_combo_span(period: &Text<'_>, combo: &Text<'_>) -> Conflict {
    let (period, combo) = (own(period), own(combo));
    let text =
        format!("Period: `{}` is not within date range of attribute option combo: `{}`", show(&period), show(&combo));
    conflict("E7638", Some("period"), vec![("period", period), ("categoryOptionCombo", combo)], text)
}

pub(super) fn org_unit_foreign_to_combo(unit: &Text<'_>, combo: &Text<'_>) -> Conflict {
    let (unit, combo) = (own(unit), own(combo));
    let text =
        format!("Organisation unit: `{}` is not valid for attribute option combo: `{}`", show(&unit), show(&combo));
    conflict("E7639", Some("orgUnit"), vec![("organisationUnit", unit), ("categoryOptionCombo", combo)], text)
}

pub(super) fn period_expired(period: &Text<'_>, set: &str) -> Conflict {
    let period = own(period);
    let text = format!("Current date is past expiry days for period: `{}`  and data set: `{set}`", show(&period));
    conflict("E7640", Some("period"), vec![("period", period), ("dataSet", Some(set.to_owned()))], text)
}

pub(super) fn period_in_future(period: &Text<'_>, element: &Text<'_>, set: &str, latest: &str) -> Conflict {
    let (period, element) = (own(period), own(element));
    let text = format!(
        "Period: `{}` is after latest open future period: `{latest}` for data element: `{}` and data set: `{set}`",
        show(&period),
        show(&element)
    );
    conflict(
        "E7641",
        Some("period"),
        vec![("period", period), ("dataElement", element), ("dataSet", Some(set.to_owned()))],
        text,
    )
}

pub(super) fn period_not_open(period: &Text<'_>, set: &str) -> Conflict {
    let period = own(period);
    let text = format!("Period: `{}` is not open for this data set at this time: `{set}`", show(&period));
    conflict("E7643", Some("period"), vec![("period", period), ("dataSet", Some(set.to_owned()))], text)
}

pub(super) fn period_not_open_anywhere(period: &Text<'_>) -> Conflict {
    let period = own(period);
    let text = format!("Period: `{}` does not conform to the open periods of associated data sets", show(&period));
    conflict("E7644", Some("period"), vec![("period", period)], text)
}
