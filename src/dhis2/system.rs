//! Who is there: `system/info`, `me`, and the settings that a transfer depends on.

use jiff::civil::DateTime;

use crate::dhis2::client::Client;
use crate::dhis2::error::ClientError;
use crate::domain::server::{Account, ServerIdentity};

/// What a server says about itself and the logged-in user, asked without cookies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Which server and version it is.
    pub identity: ServerIdentity,
    /// The server's own date and time.
    pub server_date: DateTime,
    /// Its time zone's id, where given.
    pub time_zone: Option<String>,
    /// When analytics tables were last built; none for never (empty, absent or 1970).
    pub analytics_at: Option<DateTime>,
    /// When analytics tables were last updated in part.
    pub analytics_partition_at: Option<DateTime>,
    /// The logged-in user.
    pub account: Account,
    /// `keyIncludeZeroValuesInAnalytics`, where it could be read.
    pub analytics_includes_zeros: Option<bool>,
    /// 2.43: whether `dataOutputPeriodTypes` is empty, which makes analytics answer with no rows.
    pub output_period_types_missing: bool,
}

impl Client {
    /// Asks the server who it is and who we are, without cookies: a valid session would hide a wrong password.
    pub async fn probe(&self) -> Result<Probe, ClientError> {
        todo!()
    }
}
