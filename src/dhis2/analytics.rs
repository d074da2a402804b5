//! Aggregated values: `GET /api/analytics`.

use crate::dhis2::client::Client;
use crate::dhis2::error::ClientError;
use crate::domain::period::Period;
use crate::domain::uid::Uid;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    /// Data elements, or indicators and program indicators; never mixed, `co` and `ao` apply to data elements only.
    pub data: Vec<Uid>,
    /// Whether category and attribute option combos are columns.
    pub option_combos: bool,
    /// Org units, each aggregated over everything below it.
    pub org_units: Vec<Uid>,
    /// Periods.
    pub periods: Vec<Period>,
}

/// One aggregated value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsValue {
    /// Data element, indicator or program indicator.
    pub data: Uid,
    /// The COC, where asked for.
    pub category_option_combo: Option<Uid>,
    /// The AOC, where asked for.
    pub attribute_option_combo: Option<Uid>,
    /// The org unit.
    pub org_unit: Uid,
    /// The period.
    pub period: Period,
    /// The value as the server printed it: `12.0`, `1.0E-4`.
    pub value: String,
}

impl Client {
    /// Reads an analytics grid, split into as many requests as lengths and limits ask for
    /// (`skipRounding=true`). Requested ids that the server dropped silently are an error.
    pub async fn read_analytics(&self, _query: &AnalyticsQuery) -> Result<Vec<AnalyticsValue>, ClientError> {
        todo!()
    }
}
