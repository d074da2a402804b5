//! Complete data set registrations: `GET` and `POST /api/completeDataSetRegistrations`.
//!
//! Servers check little here (dhis2-api 7: not the assignment, not the period type, not a future period), so callers
//! must. Registrations go after the values, and without notifications: each would mail every user who subscribed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::answer::{Answer, parse};
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind};
use crate::import_answer::ImportAnswer;
use crate::metadata::wire::day;
use crate::query::{ListCost, Query, distinct, entries_per_request};
use crate::transport::Ask;
use xfer_domain::period::Period;
use xfer_domain::uid::{UID_LENGTH, Uid};

const RESOURCE: &str = "completeDataSetRegistrations";

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompletenessQuery {
    /// Data sets.
    pub data_sets: Vec<Uid>,
    /// Org units.
    pub org_units: Vec<Uid>,
    /// Whether everything below the org units is read too; then no unit may lie below another.
    pub children: bool,
    /// Periods.
    pub periods: Vec<Period>,
}

/// A data set's registration as complete at an org unit for a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The data set.
    pub data_set: Uid,
    /// The period.
    pub period: Period,
    /// The org unit.
    pub org_unit: Uid,
    /// The AOC.
    pub attribute_option_combo: Uid,
    /// When it was registered.
    pub date: Option<Date>,
    /// By whom.
    pub stored_by: Option<String>,
    /// False once it was taken back.
    pub completed: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireList {
    complete_data_set_registrations: Option<Vec<WireRegistration>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRegistration {
    period: Period,
    data_set: Uid,
    /// Not `orgUnit`, as everywhere else (`completeness/post-org-unit-key-wrong`).
    organisation_unit: Uid,
    attribute_option_combo: Option<Uid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_by: Option<String>,
    completed: Option<bool>,
}

/// Reads the answer of a `GET`; `{}` is an empty one (`completeness/get-empty`).
pub fn read_registrations(answer: &Answer) -> Result<Vec<Registration>, ClientErrorKind> {
    let list: WireList = parse(answer.json()?, "complete data set registrations")?;
    let registrations = list.complete_data_set_registrations.unwrap_or_default().into_iter();
    Ok(registrations
        .map(|wire| Registration {
            data_set: wire.data_set,
            period: wire.period,
            org_unit: wire.organisation_unit,
            attribute_option_combo: wire.attribute_option_combo.unwrap_or(Uid::DEFAULT_OPTION_COMBO),
            date: wire.date.as_deref().and_then(day),
            stored_by: wire.stored_by,
            completed: wire.completed.unwrap_or(true),
        })
        .collect())
}

/// The body of a `POST` before compression.
pub fn registrations_body(registrations: &[Registration]) -> Vec<u8> {
    let list: Vec<WireRegistration> = registrations
        .iter()
        .map(|registration| WireRegistration {
            period: registration.period,
            data_set: registration.data_set,
            organisation_unit: registration.org_unit,
            attribute_option_combo: Some(registration.attribute_option_combo),
            date: registration.date.map(|date| date.to_string()),
            stored_by: registration.stored_by.clone(),
            completed: Some(registration.completed),
        })
        .collect();
    // Plain strings and booleans always serialise.
    serde_json::to_vec(&serde_json::json!({ RESOURCE: list })).unwrap_or_default()
}

impl Client {
    /// Reads registrations, cut into as many requests as the length of the request line asks for.
    pub async fn read_completeness(&self, query: &CompletenessQuery) -> Result<Vec<Registration>, ClientError> {
        let (sets, units, periods) = (distinct(&query.data_sets), distinct(&query.org_units), distinct(&query.periods));
        let base = Query::new(RESOURCE);
        let base = if query.children { base.pair("children", "true") } else { base };
        let room = self.transport.limits.request_line.saturating_sub(self.transport.request_line(&base));
        let longest = periods.iter().map(|period| period.to_string().len()).max().unwrap_or_default();
        let list = |entries, key: &str, length| ListCost { entries, bytes_each: key.len() + length + 2 };
        let [set_size, unit_size, period_size] = entries_per_request(
            room,
            [
                list(sets.len(), "dataSet", UID_LENGTH),
                list(units.len(), "orgUnit", UID_LENGTH),
                list(periods.len(), "period", longest),
            ],
        );
        let mut all = Vec::new();
        for sets in sets.chunks(set_size) {
            for units in units.chunks(unit_size) {
                for periods in periods.chunks(period_size) {
                    let part = base.clone().pairs("dataSet", sets).pairs("period", periods).pairs("orgUnit", units);
                    all.extend(self.read(Ask::list(part), read_registrations).await?);
                }
            }
        }
        Ok(all)
    }

    /// Sends registrations once, without notifications. The status says little (200 with conflicts, 409 only when
    /// every row was refused): `importCount.ignored` and the conflicts count.
    pub async fn push_completeness(
        &self,
        registrations: &[Registration],
        dry_run: bool,
    ) -> Result<ImportAnswer, ClientError> {
        let query = Query::new(RESOURCE).pair("skipNotifications", "true");
        let query = if dry_run { query.pair("dryRun", "true") } else { query };
        self.import(query, &registrations_body(registrations)).await
    }
}

#[cfg(test)]
mod tests {
    use super::{read_registrations, registrations_body};
    use crate::answer::Answer;

    #[test]
    fn what_is_written_is_what_is_read() {
        let body = r#"{"completeDataSetRegistrations":[{"period":"202402","dataSet":"DstMonthly1","organisationUnit":"OuFacility1","attributeOptionCombo":"HllvX50cXC0","date":"2024-03-05","storedBy":"admin","completed":true}]}"#;
        let read = read_registrations(&Answer::new(200, Some("application/json"), body)).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(String::from_utf8(registrations_body(&read)).unwrap(), body);
        assert!(read_registrations(&Answer::new(200, Some("application/json"), "{}")).unwrap().is_empty());
        assert!(read_registrations(&Answer::new(200, Some("application/json"), "")).is_err());
    }
}
