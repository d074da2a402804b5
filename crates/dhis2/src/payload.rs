//! The body of an import, written the one way that every generation reads alike (dhis2-api 6.1 and 11.3 step 8).
//!
//! One data set per payload and every row complete: what a row leaves out is filled in by the server without a message.
//! Values are strings (2.43 fails the whole request with 500 on a number), the follow-up mark is sent under both its
//! spellings (`followup` up to 2.42, `followUp` from 2.43), and nothing that gives the envelope power over rows (top
//! `period` and `orgUnit`, `strategy`, `deletion`) is ever written.

use std::io::{self, BufWriter, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use xfer_domain::cell::CellKey;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// One import: rows of one data set, and the body that is made of them, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload<'rows> {
    /// The data set.
    pub data_set: Uid,
    /// Its rows, in the order that conflicts count them.
    pub rows: Vec<&'rows PayloadRow>,
    /// SHA-256 of the body before compression, for the journal.
    pub digest: [u8; 32],
    /// The body as it leaves.
    pub(crate) zipped: Bytes,
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
    data_values: WireRows<'payload>,
}

/// Rows that are written one by one: a body needs no second list of them.
struct WireRows<'payload>(&'payload [&'payload PayloadRow]);

impl Serialize for WireRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| WireRow::new(row)))
    }
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

impl<'rows> Payload<'rows> {
    /// Writes the body of an import of these rows.
    pub fn new(data_set: Uid, rows: Vec<&'rows PayloadRow>) -> Self {
        let wire = WirePayload { data_set, data_values: WireRows(&rows) };
        let body = Body { digest: Sha256::new(), zipped: GzEncoder::new(Vec::new(), Compression::default()) };
        let mut body = BufWriter::with_capacity(PIECE, body);
        // Plain strings and booleans always serialise, and memory takes every byte.
        let written = serde_json::to_writer(&mut body, &wire).map_err(io::Error::from);
        let (digest, zipped) = match written.and_then(|()| Ok(body.into_inner()?)) {
            Ok(Body { digest, zipped }) => (digest.finalize().into(), zipped.finish().unwrap_or_default()),
            Err(_) => ([0; 32], Vec::new()),
        };
        Self { data_set, rows, digest, zipped: zipped.into() }
    }
}

/// Bytes that are hashed and compressed at once.
const PIECE: usize = 32 << 10;

/// A body on its way: hashed as it is, and compressed.
struct Body {
    digest: Sha256,
    zipped: GzEncoder<Vec<u8>>,
}

impl Write for Body {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.zipped.write_all(piece)?;
        self.digest.update(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

    use sha2::{Digest, Sha256};

    use super::{Payload, PayloadRow, gzipped};
    use xfer_domain::cell::CellKey;
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

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
        let payload = Payload::new(uid("DstMonthly1"), vec![&row, &commented, &deleted]);
        let address = r#""dataElement":"DemNumber01","period":"202401","orgUnit":"OuFacility1","categoryOptionCombo":"HllvX50cXC0","attributeOptionCombo":"HllvX50cXC0""#;
        let expected = format!(
            r#"{{"dataSet":"DstMonthly1","dataValues":[{{{address},"value":"12.5","followup":false,"followUp":false}},{{{address},"value":"12.5","comment":"a \"b\"","followup":true,"followUp":true}},{{{address},"deleted":true}}]}}"#
        );
        let mut body = String::new();
        flate2::read::GzDecoder::new(&payload.zipped[..]).read_to_string(&mut body).unwrap();
        assert_eq!(body, expected);
        assert_eq!(payload.digest, <[u8; 32]>::from(Sha256::digest(&body)));
        let mut unzipped = Vec::new();
        flate2::read::GzDecoder::new(gzipped(b"abc").as_slice()).read_to_end(&mut unzipped).unwrap();
        assert_eq!(unzipped, b"abc");
    }
}
