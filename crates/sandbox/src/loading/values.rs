//! What an instance stores, from files: data values as `dataValueSets` has them, registrations, tracker data.
//!
//! A file is one data value set, a list of them, or an object with `dataValueSets` and with what
//! `completeDataSetRegistrations` and `tracker` take. Keys that stand above the rows (2.43 hoists what all rows share)
//! hold for rows without their own. A row whose `dataElement` is a program indicator is a result that the indicator has
//! without any tracker data.

use serde_json::{Map, Value};

use super::lines::{Step, line_of};
use super::metadata::not_json;
use super::{Problems, Refusal};
use crate::events::Events;
use crate::values::{Registration, RegistrationKey, StoredValue, ValueKey, Values};
use crate::world::filling::{ADMIN, DEFAULT_OPTION_COMBO};
use crate::world::{Object, World, text};
use xfer_domain::period::Period;

/// When values were written that do not say.
const WRITTEN: &str = "2026-11-22T21:52:09.087";

/// Adds what a file holds.
pub(super) fn read(source: &str, world: &World, values: &mut Values) -> Result<(), Refusal> {
    let parsed: Value = serde_json::from_str(source).map_err(|error| not_json(source, &error))?;
    let mut reader = Reader { source, world, values, problems: Problems::default() };
    match &parsed {
        Value::Object(file) => {
            if file.contains_key("organisationUnits") || file.contains_key("dataElements") {
                return Err(Refusal::one(
                    None,
                    "this file holds metadata, not values",
                    "give it with --metadata, --source-metadata or --destination-metadata",
                ));
            }
            reader.set(file, &[]);
            for (number, set) in list(file, "dataValueSets").enumerate() {
                reader.set(set, &[Step::Key("dataValueSets"), Step::Entry(number)]);
            }
            for (number, row) in list(file, "completeDataSetRegistrations").enumerate() {
                reader.registration(row, &[Step::Key("completeDataSetRegistrations"), Step::Entry(number)]);
            }
            if file.contains_key("trackedEntities") || file.contains_key("events") {
                let mut events = Events::load(&parsed);
                reader.values.events.enrollments.append(&mut events.enrollments);
                reader.values.events.events.append(&mut events.events);
            }
        }
        Value::Array(sets) => {
            for (number, set) in sets.iter().enumerate() {
                match set.as_object() {
                    Some(set) => reader.set(set, &[Step::Entry(number)]),
                    None => reader.tell(&[Step::Entry(number)], "this is no data value set".to_owned()),
                }
            }
        }
        _ => {
            return Err(Refusal::one(
                Some(1),
                "these are no values: an object such as {\"dataValues\": [...]} is expected",
                "give an export of a server: `GET /api/dataValueSets`",
            ));
        }
    }
    reader.problems.refuse(
        "correct these rows; ids are those of the metadata file, periods as DHIS2 writes them (202401, 2024W5, 2024Q1)",
    )
}

fn list<'file>(file: &'file Map<String, Value>, key: &str) -> impl Iterator<Item = &'file Object> {
    file.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

struct Reader<'load> {
    source: &'load str,
    world: &'load World,
    values: &'load mut Values,
    problems: Problems,
}

impl Reader<'_> {
    fn tell(&mut self, path: &[Step<'_>], message: String) {
        let source = self.source;
        self.problems.tell(|| line_of(source, path), message);
    }

    /// One data value set: its rows, and its registration where it is complete.
    fn set(&mut self, set: &Object, path: &[Step<'_>]) {
        let rows = match set.get("dataValues") {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(rows)) => rows,
            Some(_) => {
                let path = [path, &[Step::Key("dataValues")]].concat();
                self.tell(&path, "`dataValues` is not a list".to_owned());
                return;
            }
        };
        for (number, row) in rows.iter().enumerate() {
            let path = [path, &[Step::Key("dataValues"), Step::Entry(number)]].concat();
            let read = match row.as_object() {
                Some(row) => self.row(row, set),
                None => Err("this is no data value".to_owned()),
            };
            match read {
                Ok((key, _)) if self.values.data.contains_key(&key) => {
                    let message = format!(
                        "this cell has a value already: data element `{}`, period {}, org unit `{}`",
                        self.name("dataElements", &key.data_element),
                        key.period,
                        self.name("organisationUnits", &key.org_unit)
                    );
                    self.tell(&path, message);
                }
                Ok((key, value)) => {
                    self.values.data.insert(key, value);
                }
                Err(message) => self.tell(&path, message),
            }
        }
        if let Some(date) = text(set, "completeDate") {
            let mut row = set.clone();
            row.remove("dataValues");
            row.insert("date".to_owned(), date.into());
            if let Some(unit) = set.get("orgUnit") {
                row.insert("organisationUnit".to_owned(), unit.clone());
            }
            self.registration(&row, path);
        }
    }

    fn row(&self, row: &Object, set: &Object) -> Result<(ValueKey, StoredValue), String> {
        let of = |key: &str| text(row, key).or_else(|| text(set, key));
        let data_element = of("dataElement").ok_or("the row has no `dataElement`")?;
        let is_result = self.world.get("programIndicators", data_element).is_some();
        if !is_result && self.world.get("dataElements", data_element).is_none() {
            return Err(format!("there is no data element `{data_element}` in the metadata"));
        }
        let key = ValueKey {
            data_element: data_element.to_owned(),
            period: period(of("period"))?,
            org_unit: self.known("organisationUnits", "org unit", of("orgUnit").ok_or("the row has no `orgUnit`")?)?,
            category_option_combo: self.combo("category option combo", of("categoryOptionCombo"))?,
            attribute_option_combo: self.combo("attribute option combo", of("attributeOptionCombo"))?,
        };
        let flag = |key: &str| row.get(key) == Some(&Value::Bool(true));
        let value = match row.get("value") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(flag)) => Some(flag.to_string()),
            Some(_) => return Err("the `value` is neither text nor a number".to_owned()),
        };
        let comment = text(row, "comment").map(str::to_owned);
        if value.is_none() && comment.is_none() && !flag("deleted") {
            return Err(format!(
                "the row of data element `{}` has no `value`",
                self.name("dataElements", data_element)
            ));
        }
        let moment = |key: &str| {
            let given = text(row, key).and_then(|text| text.get(..19).map(|seconds| (seconds, text.get(19..23))));
            given.map_or_else(
                || WRITTEN.to_owned(),
                |(seconds, rest)| match rest {
                    Some(rest) if rest.starts_with('.') => format!("{seconds}{rest}"),
                    _ => format!("{seconds}.000"),
                },
            )
        };
        let value = StoredValue {
            value,
            comment,
            followup: flag("followup") || flag("followUp"),
            deleted: flag("deleted"),
            stored_by: text(row, "storedBy").unwrap_or(ADMIN).to_owned(),
            created: moment("created"),
            last_updated: moment("lastUpdated"),
        };
        Ok((key, value))
    }

    fn registration(&mut self, row: &Object, path: &[Step<'_>]) {
        let read = || -> Result<(RegistrationKey, Registration), String> {
            let needed = |key: &str| text(row, key).ok_or_else(|| format!("the registration has no `{key}`"));
            let key = RegistrationKey {
                data_set: self.known("dataSets", "data set", needed("dataSet")?)?,
                period: period(text(row, "period"))?,
                org_unit: self.known("organisationUnits", "org unit", needed("organisationUnit")?)?,
                attribute_option_combo: self.combo("attribute option combo", text(row, "attributeOptionCombo"))?,
            };
            let registration = Registration {
                date: text(row, "date").unwrap_or(WRITTEN).chars().take(10).collect(),
                stored_by: text(row, "storedBy").unwrap_or(ADMIN).to_owned(),
                completed: row.get("completed") != Some(&Value::Bool(false)),
            };
            Ok((key, registration))
        };
        match read() {
            Ok((key, registration)) => {
                self.values.registrations.insert(key, registration);
            }
            Err(message) => self.tell(path, message),
        }
    }

    fn combo(&self, what: &str, id: Option<&str>) -> Result<String, String> {
        id.map_or_else(|| Ok(DEFAULT_OPTION_COMBO.to_owned()), |id| self.known("categoryOptionCombos", what, id))
    }

    fn known(&self, plural: &str, what: &str, id: &str) -> Result<String, String> {
        match self.world.get(plural, id) {
            Some(_) => Ok(id.to_owned()),
            None => Err(format!("there is no {what} `{id}` in the metadata")),
        }
    }

    fn name(&self, plural: &str, id: &str) -> String {
        self.world.get(plural, id).and_then(|object| text(object, "name")).unwrap_or(id).to_owned()
    }
}

fn period(given: Option<&str>) -> Result<String, String> {
    let given = given.ok_or("the row has no `period`")?;
    Period::parse(given).map(|period| period.to_string()).map_err(|error| error.to_string())
}
