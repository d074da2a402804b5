//! The import summary and how each generation answers with it.
//!
//! Status and HTTP status part company: a warning is 409 up to 2.42 and 200 from 2.43 on (recordings
//! `import/value-empty`).

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::options::Options;
use crate::exchange::{Response, reason};
use crate::profile::Profile;

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Status {
    /// Nothing to complain about.
    #[default]
    Success,
    /// Some rows were refused.
    Warning,
    /// Nothing was written, or a whole group was refused.
    Error,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Success => "SUCCESS",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

/// How many rows became what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// New.
    pub(crate) imported: usize,
    /// Overwritten; on 2.43 everything that was written.
    pub(crate) updated: usize,
    /// Neither.
    pub(crate) ignored: usize,
    /// Deleted.
    pub(crate) deleted: usize,
}

/// One complaint, about one row or many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// The first object that it names.
    pub(crate) object: Option<Box<str>>,
    /// What it names, by kind; none where the conflict has free text only. A kind without a value is told apart from
    /// none at all, because both count for the grouping of equal conflicts.
    pub(crate) objects: Option<Vec<(&'static str, Option<String>)>>,
    /// Its text.
    pub(crate) text: String,
    /// Its code.
    pub(crate) code: Option<&'static str>,
    /// The row's property that is at fault.
    pub(crate) property: Option<&'static str>,
    /// The rows, by position; −1 stands for "the request".
    pub(crate) indexes: Vec<i64>,
}

impl Conflict {
    /// A conflict of free text.
    pub(crate) fn plain(object: Option<&str>, text: impl Into<String>) -> Self {
        Self { object: object.map(Box::from), text: text.into(), ..Self::default() }
    }

    /// A conflict of the set-based engine: its arguments joined by dashes, and the rows.
    pub(super) fn set_based(code: &'static str, arguments: &[String], text: String, indexes: Vec<i64>) -> Self {
        Self {
            objects: Some(vec![("args", Some(arguments.join("-")))]),
            text,
            code: Some(code),
            indexes,
            ..Self::default()
        }
    }

    /// What makes two conflicts the same one (`ImportConflict.getGroupingKey`).
    fn key(&self) -> String {
        let text = |value: Option<&str>| value.unwrap_or("null").to_owned();
        match (&self.code, &self.objects) {
            (Some(code), Some(objects)) => {
                let named: Vec<String> = objects.iter().map(|(_, value)| text(value.as_deref())).collect();
                format!("{code}:{}", named.join(":"))
            }
            _ => format!("{}:{}", text(self.object.as_deref()), self.text),
        }
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        if let Some(object) = &self.object {
            json.insert("object".into(), object.as_ref().into());
        }
        if let Some(objects) = &self.objects {
            let named = objects.iter().filter_map(|(kind, id)| Some(((*kind).to_owned(), id.as_deref()?.into())));
            json.insert("objects".into(), Value::Object(named.collect()));
        }
        json.insert("value".into(), self.text.as_str().into());
        if let Some(code) = self.code {
            json.insert("errorCode".into(), code.into());
        }
        if let Some(property) = self.property {
            json.insert("property".into(), property.into());
        }
        if !self.indexes.is_empty() {
            json.insert("indexes".into(), self.indexes.as_slice().into());
        }
        Value::Object(json)
    }
}

/// An import summary in the making.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    /// What became of it.
    pub(crate) status: Status,
    /// Free text.
    pub(crate) description: Option<String>,
    /// Counts.
    pub(crate) counts: Counts,
    /// `dataSetComplete`: a date or `false`; none where the server leaves it out.
    pub(crate) data_set_complete: Option<String>,
    conflicts: Vec<Conflict>,
    grouped: HashMap<String, usize>,
    rejected: Vec<usize>,
}

impl Summary {
    /// A failure that is told in words only.
    pub(crate) fn failed(description: impl Into<String>) -> Self {
        Self { status: Status::Error, description: Some(description.into()), ..Self::default() }
    }

    /// Adds a conflict, or its rows to the one of the same kind and objects.
    pub(crate) fn add(&mut self, conflict: Conflict) {
        match self.grouped.entry(conflict.key()) {
            std::collections::hash_map::Entry::Occupied(known) => {
                self.conflicts[*known.get()].indexes.extend(conflict.indexes);
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(self.conflicts.len());
                self.conflicts.push(conflict);
            }
        }
    }

    /// Notes a row as not written.
    pub(crate) fn reject(&mut self, index: usize) {
        self.rejected.push(index);
    }

    /// Whether there are conflicts.
    pub(crate) fn has_conflicts(&self) -> bool {
        !self.conflicts.is_empty()
    }

    fn json(&self, echo: Value) -> Value {
        let mut json = Map::new();
        json.insert("status".into(), self.status.name().into());
        json.insert("importOptions".into(), echo);
        if let Some(description) = &self.description {
            json.insert("description".into(), description.as_str().into());
        }
        json.insert(
            "importCount".into(),
            json!({
                "imported": self.counts.imported,
                "updated": self.counts.updated,
                "ignored": self.counts.ignored,
                "deleted": self.counts.deleted,
            }),
        );
        json.insert("conflicts".into(), self.conflicts.iter().map(Conflict::json).collect());
        let mut rejected = self.rejected.clone();
        rejected.sort_unstable();
        rejected.dedup();
        json.insert("rejectedIndexes".into(), rejected.into());
        if let Some(complete) = &self.data_set_complete {
            json.insert("dataSetComplete".into(), complete.as_str().into());
        }
        json.insert("responseType".into(), "ImportSummary".into());
        Value::Object(json)
    }

    /// The answer that carries it (`WebMessageUtils.importSummary`).
    pub(crate) fn answer(&self, profile: Profile, options: &Options) -> Response {
        let (http, status, message) = match self.status {
            Status::Success => (200, "OK", "Import was successful."),
            Status::Warning if profile.imports_set_based() => {
                (200, "WARNING", "Import completed with warnings, please check import summary.")
            }
            Status::Warning => (409, "WARNING", "One more conflicts encountered, please check import summary."),
            Status::Error => (409, "ERROR", "An error occurred, please check import summary."),
        };
        Response::json(
            http,
            &json!({
                "httpStatus": reason(http),
                "httpStatusCode": http,
                "status": status,
                "message": message,
                "response": self.json(options.echo(profile)),
            }),
        )
    }
}

/// A number as `MessageFormat` prints it: `1,234`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A list as Java prints it: `[a, b]`.
pub(super) fn listed<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_conflicts_of_many_rows_are_one() {
        let mut summary = Summary::default();
        let conflict = |element: &str, index: i64| Conflict {
            objects: Some(vec![("dataElement", Some(element.to_owned()))]),
            text: "not valid".into(),
            code: Some("E7610"),
            indexes: vec![index],
            ..Conflict::default()
        };
        summary.add(conflict("one", 0));
        summary.add(conflict("other", 1));
        summary.add(conflict("one", 2));
        let indexes: Vec<_> = summary.conflicts.iter().map(|conflict| conflict.indexes.clone()).collect();
        assert_eq!(indexes, [vec![0, 2], vec![1]]);
    }

    #[test]
    fn numbers_in_messages_have_commas() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(listed([1, 2]), "[1, 2]");
    }
}
