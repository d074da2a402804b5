//! The two shapes of an answer, in JSON, XML and CSV.
//!
//! Written by hand, row by row: a read may hold a hundred thousand rows, and a tree of JSON values of them would cost
//! more than everything else. Up to 2.42 every row is complete and null members are written; from 2.43 on what all
//! rows share stands in the head only and nulls are left out (`raw-read/one-slice` of both).

use super::moment::printed;
use super::names::Names;
use super::selection::{Head, Row};
use crate::values::StoredValue;
use xfer_domain::period::Period;

/// One JSON object under construction.
struct Object<'out> {
    out: &'out mut String,
    first: bool,
}

impl<'out> Object<'out> {
    fn open(out: &'out mut String) -> Self {
        out.push('{');
        Self { out, first: true }
    }

    fn key(&mut self, key: &str) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        push_text(self.out, value);
    }

    fn text_or_null(&mut self, key: &str, value: Option<&str>) {
        self.key(key);
        match value {
            Some(value) => push_text(self.out, value),
            None => self.out.push_str("null"),
        }
    }

    fn text_or_nothing(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn close(self) {
        self.out.push('}');
    }
}

/// A text as JSON writes it.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push_str(text);
    } else {
        for letter in text.chars() {
            match letter {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                control if control < ' ' => {
                    use std::fmt::Write;
                    // Writing to a text cannot fail.
                    let _ = write!(out, "\\u{:04x}", u32::from(control));
                }
                other => out.push(other),
            }
        }
    }
    out.push('"');
}

/// The JSON of versions up to 2.42.
pub(super) fn json_up_to_42(head: &Head, complete_date: Option<&str>, names: &Names<'_>, rows: &[Row<'_>]) -> String {
    let mut out = String::with_capacity(rows.len() * 320 + 200);
    let mut object = Object::open(&mut out);
    if let (Some(data_set), Some(period), Some(org_unit)) = (&head.data_set, &head.period, &head.org_unit) {
        object.text_or_null("dataSet", names.data_set.of(data_set));
        object.text_or_null("completeDate", complete_date);
        object.text("period", &period.to_string());
        object.text_or_null("orgUnit", names.org_unit.of(org_unit));
    }
    object.key("dataValues");
    object.out.push('[');
    for (position, (key, value)) in rows.iter().enumerate() {
        if position > 0 {
            object.out.push(',');
        }
        let mut row = Object::open(object.out);
        row.text_or_null("dataElement", names.data_element.of(&key.data_element));
        row.text("period", &key.period);
        row.text_or_null("orgUnit", names.org_unit.of(&key.org_unit));
        row.text_or_null("categoryOptionCombo", names.category_option_combo.of(&key.category_option_combo));
        row.text_or_null("attributeOptionCombo", names.attribute_option_combo.of(&key.attribute_option_combo));
        row.text_or_null("value", value.value.as_deref());
        row.text("storedBy", &value.stored_by);
        row.text("created", &printed(&value.created, true));
        row.text("lastUpdated", &printed(&value.last_updated, true));
        row.text_or_null("comment", value.comment.as_deref());
        row.flag("followup", value.followup);
        if value.deleted {
            row.flag("deleted", true);
        }
        row.close();
    }
    object.out.push(']');
    object.close();
    out
}

/// The JSON of versions from 2.43 on.
pub(super) fn json_from_43(head: &Head, names: &Names<'_>, rows: &[Row<'_>]) -> String {
    let mut out = String::with_capacity(rows.len() * 260 + 200);
    let mut object = Object::open(&mut out);
    let combo = head.attribute_option_combo.as_deref();
    object.text_or_nothing("dataSet", head.data_set.as_deref().and_then(|id| names.data_set.of(id)));
    object.text_or_nothing("period", head.period.map(|period| period.to_string()).as_deref());
    object.text_or_nothing("orgUnit", head.org_unit.as_deref().and_then(|id| names.org_unit.of(id)));
    object.text_or_nothing("attributeOptionCombo", combo.and_then(|id| names.attribute_option_combo.of(id)));
    for (key, naming) in [
        ("dataSetIdScheme", &names.data_set),
        ("dataElementIdScheme", &names.data_element),
        ("orgUnitIdScheme", &names.org_unit),
        ("categoryOptionComboIdScheme", &names.category_option_combo),
        ("attributeOptionComboIdScheme", &names.attribute_option_combo),
    ] {
        object.text_or_nothing(key, naming.unusual().map(ToString::to_string).as_deref());
    }
    object.key("dataValues");
    object.out.push('[');
    for (position, (key, value)) in rows.iter().enumerate() {
        if position > 0 {
            object.out.push(',');
        }
        let mut row = Object::open(object.out);
        row.text_or_nothing("dataElement", names.data_element.of(&key.data_element));
        if head.period.is_none() {
            row.text("period", &key.period);
        }
        if head.org_unit.is_none() {
            row.text_or_nothing("orgUnit", names.org_unit.of(&key.org_unit));
        }
        row.text_or_nothing("categoryOptionCombo", names.category_option_combo.of(&key.category_option_combo));
        if head.attribute_option_combo.is_none() {
            row.text_or_nothing("attributeOptionCombo", names.attribute_option_combo.of(&key.attribute_option_combo));
        }
        write_rest_from_43(&mut row, value);
        row.close();
    }
    object.out.push(']');
    object.close();
    out
}

fn write_rest_from_43(row: &mut Object<'_>, value: &StoredValue) {
    row.text_or_nothing("value", value.value.as_deref());
    row.text("storedBy", &value.stored_by);
    row.text("created", &printed(&value.created, false));
    row.text("lastUpdated", &printed(&value.last_updated, false));
    row.text_or_nothing("comment", value.comment.as_deref());
    if value.followup {
        row.flag("followup", true);
    }
    if value.deleted {
        row.flag("deleted", true);
    }
}

/// The XML of both generations. From 2.43 on only marks that are set are written, and what the head says is left out.
pub(super) fn xml(
    head: &Head,
    complete_date: Option<&str>,
    names: &Names<'_>,
    rows: &[Row<'_>],
    whole_seconds: bool,
) -> String {
    let newer = !whole_seconds;
    let mut out = String::from("<?xml version='1.0' encoding='UTF-8'?>");
    out.push_str("<dataValueSet xmlns=\"http://dhis2.org/schema/dxf/2.0\"");
    attribute(&mut out, "dataSet", head.data_set.as_deref().and_then(|id| names.data_set.of(id)));
    attribute(&mut out, "completeDate", complete_date);
    let period = head.period.map(|period| if newer { adx_period(period) } else { period.to_string() });
    attribute(&mut out, "period", period.as_deref());
    attribute(&mut out, "orgUnit", head.org_unit.as_deref().and_then(|id| names.org_unit.of(id)));
    let combo = head.attribute_option_combo.as_deref().and_then(|id| names.attribute_option_combo.of(id));
    attribute(&mut out, "attributeOptionCombo", combo);
    out.push('>');
    for (key, value) in rows {
        out.push_str("<dataValue");
        attribute(&mut out, "dataElement", names.data_element.of(&key.data_element));
        if !newer || head.period.is_none() {
            attribute(&mut out, "period", Some(&key.period));
        }
        if !newer || head.org_unit.is_none() {
            attribute(&mut out, "orgUnit", names.org_unit.of(&key.org_unit));
        }
        let combo = names.category_option_combo.of(&key.category_option_combo);
        attribute(&mut out, "categoryOptionCombo", combo);
        if !newer || head.attribute_option_combo.is_none() {
            let combo = names.attribute_option_combo.of(&key.attribute_option_combo);
            attribute(&mut out, "attributeOptionCombo", combo);
        }
        attribute(&mut out, "value", value.value.as_deref());
        attribute(&mut out, "storedBy", Some(&value.stored_by));
        attribute(&mut out, "created", Some(&printed(&value.created, whole_seconds)));
        attribute(&mut out, "lastUpdated", Some(&printed(&value.last_updated, whole_seconds)));
        attribute(&mut out, "comment", value.comment.as_deref());
        if value.followup || !newer {
            attribute(&mut out, "followUp", Some(if value.followup { "true" } else { "false" }));
        }
        if value.deleted {
            attribute(&mut out, "deleted", Some("true"));
        }
        out.push_str("/>");
    }
    out.push_str("</dataValueSet>");
    out
}

/// A period as ADX writes it, first day and duration: `2024-01-01/P1M`. 2.43 has it in the head of its XML, and only
/// there (`DataExportOutput.toXml`).
fn adx_period(period: Period) -> String {
    let duration = match period.period_type().nominal_days() {
        1 => "P1D",
        7 => "P7D",
        14 => "P14D",
        30 => "P1M",
        61 => "P2M",
        91 => "P3M",
        182 => "P6M",
        _ => "P1Y",
    };
    format!("{}/{duration}", period.start())
}

fn attribute(out: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for letter in value.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The CSV of both generations; the error is the writer's.
pub(super) fn csv(names: &Names<'_>, rows: &[Row<'_>], whole_seconds: bool) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    writer.write_record([
        "dataelement",
        "period",
        "orgunit",
        "categoryoptioncombo",
        "attributeoptioncombo",
        "value",
        "storedby",
        "lastupdated",
        "comment",
        "followup",
        "deleted",
    ])?;
    for (key, value) in rows {
        let mark = |mark: bool| if mark { "true" } else { "false" };
        writer.write_record([
            names.data_element.of(&key.data_element).unwrap_or_default(),
            &key.period,
            names.org_unit.of(&key.org_unit).unwrap_or_default(),
            names.category_option_combo.of(&key.category_option_combo).unwrap_or_default(),
            names.attribute_option_combo.of(&key.attribute_option_combo).unwrap_or_default(),
            value.value.as_deref().unwrap_or_default(),
            &value.stored_by,
            &printed(&value.last_updated, whole_seconds),
            value.comment.as_deref().unwrap_or_default(),
            // Marks that are not set are null from 2.43 on.
            if value.followup || whole_seconds { mark(value.followup) } else { "" },
            mark(value.deleted),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::push_text;

    #[test]
    fn texts_are_escaped_as_json_wants() {
        let text = "Zürich \"é\" \\ ✓\n\u{1}";
        let mut out = String::new();
        push_text(&mut out, text);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }
}
