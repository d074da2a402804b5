//! A set-based server for tests: judges a POST as 2.43 does (dhis2-api 6.6), with faults that preflight cannot know.
//!
//! It names one kind of fault at a time, refuses all rows for it, and answers faults of decoding and of the database
//! without a name.

use std::collections::BTreeSet;

use xfer_dhis2::data_value_sets::{ImportAnswer, PayloadRow};
use xfer_domain::import_summary::{ImportConflict, ImportCount, ImportStatus, ImportSummary};

/// What is wrong with a row, hidden from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Flaw {
    /// 500, nothing named.
    Crash,
    /// 409 without a summary.
    Bare,
    /// A row that cannot be decoded: the first one is named by its number.
    Undecodable,
    /// E8011 and E8022: all such org units are named.
    OrgUnit,
    /// E8020: all such data elements are named.
    DataElement,
    /// E8024: the first data element and its combos are named.
    OptionCombo,
    /// E8031: the first org unit and its periods are named.
    Untimely,
    /// E8122: the row alone.
    Value,
}

impl Flaw {
    pub(super) const ALL: [Self; 8] = [
        Self::Crash,
        Self::Bare,
        Self::Undecodable,
        Self::OrgUnit,
        Self::DataElement,
        Self::OptionCombo,
        Self::Untimely,
        Self::Value,
    ];
}

/// The server: answers a POST of rows with their hidden flaws, and counts.
#[derive(Debug, Default)]
pub(super) struct Server {
    pub(super) posts: usize,
    /// Keys that were stored.
    pub(super) stored: BTreeSet<xfer_domain::cell::CellKey>,
}

impl Server {
    pub(super) fn post(&mut self, rows: &[(PayloadRow, Option<Flaw>)]) -> ImportAnswer {
        self.posts += 1;
        let with = |flaw: Flaw| rows.iter().enumerate().filter(move |(_, row)| row.1 == Some(flaw));
        if let Some((position, _)) = with(Flaw::Undecodable).next() {
            let text = format!("Value #{position} data element UID not valid: `abc`");
            return refusal("E8104", &text, vec![], vec![]);
        }
        if with(Flaw::Crash).next().is_some() {
            return bare(500, Some("Cannot invoke \"group\" because it is null"));
        }
        if with(Flaw::Bare).next().is_some() {
            return bare(409, None);
        }
        let everybody: Vec<usize> = (0..rows.len()).collect();
        let together = |code: &str, text: String| refusal(code, &text, everybody.clone(), everybody.clone());
        let units: BTreeSet<String> = with(Flaw::OrgUnit).map(|(_, row)| row.0.cell.org_unit.to_string()).collect();
        if !units.is_empty() {
            return together(
                "E8022",
                format!("Data set DataSet0001 not usable with org unit(s): `[{}]`", join(&units)),
            );
        }
        let elements: BTreeSet<String> =
            with(Flaw::DataElement).map(|(_, row)| row.0.cell.data_element.to_string()).collect();
        if !elements.is_empty() {
            return together(
                "E8020",
                format!("Data set DataSet0001 not usable with data element(s): `[{}]`", join(&elements)),
            );
        }
        if let Some((_, (first, _))) = with(Flaw::OptionCombo).next() {
            let element = first.cell.data_element;
            let combos: BTreeSet<String> = with(Flaw::OptionCombo)
                .filter(|(_, row)| row.0.cell.data_element == element)
                .map(|(_, row)| row.0.cell.category_option_combo.to_string())
                .collect();
            let text = format!(
                "Data set DataSet0001 + data element {element} not usable with category option combo(s): `[{}]`",
                join(&combos)
            );
            return together("E8024", text);
        }
        if let Some((_, (first, _))) = with(Flaw::Untimely).next() {
            let unit = first.cell.org_unit;
            let periods: BTreeSet<String> = with(Flaw::Untimely)
                .filter(|(_, row)| row.0.cell.org_unit == unit)
                .map(|(_, row)| row.0.cell.period.to_string())
                .collect();
            let text = format!("Untimely data entry for org unit {unit} and period(s): `[{}]`", join(&periods));
            return together("E8031", text);
        }
        self.judge_values(rows)
    }

    fn judge_values(&mut self, rows: &[(PayloadRow, Option<Flaw>)]) -> ImportAnswer {
        let bad: Vec<usize> = (0..rows.len()).filter(|&position| rows[position].1 == Some(Flaw::Value)).collect();
        let good = rows.len() - bad.len();
        self.stored.extend(rows.iter().filter(|row| row.1.is_none()).map(|row| row.0.cell));
        let conflicts = bad.iter().map(|&position| ImportConflict {
            code: Some("E8122".to_owned()),
            text: format!("Value #{position} value `x` is no valid NUMBER: value_not_numeric").into(),
            rows: vec![position],
            named_ids: vec![],
            property: None,
        });
        let status = match (bad.len(), good) {
            (0, _) => ImportStatus::Success,
            (_, 0) => ImportStatus::Error,
            _ => ImportStatus::Warning,
        };
        let (updated, ignored) = (u64::try_from(good).unwrap(), u64::try_from(bad.len()).unwrap());
        let summary = ImportSummary {
            beyond: 0,
            status,
            description: None,
            count: ImportCount { updated, ignored, ..ImportCount::default() },
            conflicts: conflicts.collect(),
            rejected_rows: bad,
            data_set_complete: None,
        };
        let http_status = if status == ImportStatus::Error { 409 } else { 200 };
        ImportAnswer { http_status, summary: Some(summary), message: None, is_of_another_try: false }
    }
}

fn join(ids: &BTreeSet<String>) -> String {
    ids.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

pub(super) fn bare(http_status: u16, message: Option<&str>) -> ImportAnswer {
    ImportAnswer { http_status, summary: None, message: message.map(str::to_owned), is_of_another_try: false }
}

fn refusal(code: &str, text: &str, rows: Vec<usize>, rejected_rows: Vec<usize>) -> ImportAnswer {
    let conflict =
        ImportConflict { code: Some(code.to_owned()), text: text.into(), rows, named_ids: vec![], property: None };
    let summary = ImportSummary {
        beyond: 0,
        status: ImportStatus::Error,
        description: None,
        count: ImportCount::default(),
        conflicts: vec![conflict],
        rejected_rows,
        data_set_complete: None,
    };
    ImportAnswer { http_status: 409, summary: Some(summary), message: None, is_of_another_try: false }
}
