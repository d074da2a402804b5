//! The body of an import, written the one way that every generation reads alike (dhis2-api 6.1 and 11.3 step 8).
//!
//! One data set per payload and every row complete: what a row leaves out is filled in by the server without a word.
//! Values are strings (2.43 fails the whole request with 500 on a number), the follow-up mark is sent under both its
//! spellings (`followup` up to 2.42, `followUp` from 2.43), and nothing that gives the envelope power over rows (top
//! `period` and `orgUnit`, `strategy`, `deletion`) is ever written.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::domain::cell::CellKey;
use crate::domain::period::Period;
use crate::domain::uid::Uid;

/// One import: rows of one data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The data set.
    pub data_set: Uid,
    /// Its rows, in the order that conflicts count them.
    pub rows: Vec<PayloadRow>,
}

/// One row of an import. Always complete; both spellings of the follow-up key are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadRow {
    /// Where it goes.
    pub cell: CellKey,
    /// Its text; none for a deletion.
    pub value: Option<String>,
    /// The stored comment, sent along so that it is not lost.
    pub comment: Option<String>,
    /// The stored follow-up mark, sent along so that it is not lost.
    pub followup: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WirePayload<'payload> {
    data_set: Uid,
    data_values: Vec<WireRow<'payload>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WireRow<'payload> {
    data_element: Uid,
    period: Period,
    org_unit: Uid,
    category_option_combo: Uid,
    attribute_option_combo: Uid,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'payload str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'payload str>,
    #[serde(rename = "followup", skip_serializing_if = "Option::is_none")]
    followup_to_2_42: Option<bool>,
    #[serde(rename = "followUp", skip_serializing_if = "Option::is_none")]
    followup_from_2_43: Option<bool>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
}

impl<'payload> WireRow<'payload> {
    fn new(row: &'payload PayloadRow) -> Self {
        let deleted = row.value.is_none();
        let followup = (!deleted).then_some(row.followup);
        Self {
            data_element: row.cell.data_element,
            period: row.cell.period,
            org_unit: row.cell.org_unit,
            category_option_combo: row.cell.category_option_combo,
            attribute_option_combo: row.cell.attribute_option_combo,
            value: row.value.as_deref(),
            comment: if deleted { None } else { row.comment.as_deref() },
            followup_to_2_42: followup,
            followup_from_2_43: followup,
            deleted,
        }
    }
}

/// The body of an import before compression, for the journal's digest and for the wire.
pub fn payload_body(payload: &Payload) -> Vec<u8> {
    let wire = WirePayload { data_set: payload.data_set, data_values: payload.rows.iter().map(WireRow::new).collect() };
    // Plain strings and booleans always serialise, and a Vec takes every byte.
    serde_json::to_vec(&wire).unwrap_or_default()
}

/// Gzip, as DHIS2 recognises it by its first bytes; `Content-Encoding` is not set (dhis2-api 6.2).
pub(crate) fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    match encoder.write_all(body).and_then(|()| encoder.finish()) {
        Ok(zipped) => zipped,
        // Writing into memory does not fail; the plain body is as good.
        Err(_) => body.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Payload, PayloadRow, gzipped, payload_body};
    use crate::domain::cell::CellKey;
    use crate::domain::period::Period;
    use crate::domain::uid::Uid;

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    #[test]
    fn a_body_is_complete_and_says_nothing_more() {
        let cell = CellKey {
            org_unit: uid("OuFacility1"),
            period: Period::parse("202401").unwrap(),
            data_element: uid("DemNumber01"),
            category_option_combo: Uid::DEFAULT_OPTION_COMBO,
            attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
        };
        let row = PayloadRow { cell, value: Some("12.5".to_owned()), comment: None, followup: false };
        let commented = PayloadRow { comment: Some("a \"b\"".to_owned()), followup: true, ..row.clone() };
        let deleted = PayloadRow { value: None, ..commented.clone() };
        let payload = Payload { data_set: uid("DstMonthly1"), rows: vec![row, commented, deleted] };
        let address = r#""dataElement":"DemNumber01","period":"202401","orgUnit":"OuFacility1","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0""#;
        let expected = format!(
            r#"{{"dataSet":"DstMonthly1","dataValues":[{{{address},"value":"12.5","followup":false,"followUp":false}},{{{address},"value":"12.5","comment":"a \"b\"","followup":true,"followUp":true}},{{{address},"deleted":true}}]}}"#
        );
        let body = payload_body(&payload);
        assert_eq!(String::from_utf8(body.clone()).unwrap(), expected);
        let mut unzipped = Vec::new();
        flate2::read::GzDecoder::new(gzipped(&body).as_slice()).read_to_end(&mut unzipped).unwrap();
        assert_eq!(unzipped, body);
    }
}
