//! Raw data values: `GET` and `POST /api/dataValueSets`.

use crate::dhis2::client::Client;
use crate::dhis2::error::ClientError;
use crate::domain::cell::CellKey;
use crate::domain::data_value::DataValue;
use crate::domain::import_summary::ImportSummary;
use crate::domain::period::Period;
use crate::domain::uid::Uid;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawQuery {
    /// Data sets whose elements are read. Needed below 2.39; rows of other elements are the caller's to ignore.
    pub data_sets: Vec<Uid>,
    /// Data elements that are read (from 2.39); used instead of the data sets where the server can.
    pub data_elements: Vec<Uid>,
    /// Org units.
    pub org_units: Vec<Uid>,
    /// Whether everything below the org units is read too.
    pub children: bool,
    /// Periods.
    pub periods: Vec<Period>,
}

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

/// The answer to an import, whatever its HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportAnswer {
    /// The HTTP status.
    pub http_status: u16,
    /// The summary; absent for a bare 409, a 500 and the like.
    pub summary: Option<ImportSummary>,
    /// The server's sentence where there is no summary.
    pub message: Option<String>,
}

impl Client {
    /// Reads raw values as a stream; each is handed over as it arrives. Returns their number. A body that ends early
    /// or is empty is an error, and what was handed over before it must be thrown away.
    pub async fn read_raw(
        &self,
        _query: &RawQuery,
        _on_value: &mut (dyn FnMut(DataValue) + Send),
    ) -> Result<u64, ClientError> {
        todo!()
    }

    /// Sends one import, synchronous and gzipped, once: whether a lost answer may be sent again is the caller's to
    /// decide after a read-back. Statuses with a meaning for rows (200, 409, 400 and 500 from the import itself) are
    /// answers, everything else is an error.
    pub async fn push(&self, _payload: &Payload, _dry_run: bool) -> Result<ImportAnswer, ClientError> {
        todo!()
    }
}

/// The body of an import before compression, for the journal's digest and for the wire.
pub fn payload_body(_payload: &Payload) -> Vec<u8> {
    todo!()
}
