//! Probing a server: `system/info`, `me`, and the settings that a transfer needs.

use jiff::civil::DateTime;
use serde::Deserialize;

use crate::answer::{Answer, parse};
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind, clean};
use crate::query::Query;
use crate::transport::Ask;
use xfer_domain::capabilities::Capabilities;
use xfer_domain::server::{Account, ServerIdentity, ServerVersion};
use xfer_domain::uid::Uid;

/// The setting that keeps zeros in analytics tables.
const ZEROS_SETTING: &str = "keyIncludeZeroValuesInAnalytics";

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

/// When analytics tables were built. Read before the first and after the last page of a fetch: changed in between
/// means that the pages do not belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnalyticsStamp {
    /// The last full build; none for never.
    pub built_at: Option<DateTime>,
    /// The last update in part; none for never.
    pub partition_at: Option<DateTime>,
}

/// `system/info` as far as a transfer depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SystemInfo {
    /// Which server and version it is.
    pub identity: ServerIdentity,
    /// The server's own date and time.
    pub server_date: DateTime,
    /// Its time zone's id, where given.
    pub time_zone: Option<String>,
    /// When its analytics tables were built.
    pub analytics: AnalyticsStamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireInfo {
    version: Option<String>,
    system_id: Option<String>,
    system_name: Option<String>,
    calendar: Option<String>,
    server_date: Option<String>,
    server_time_zone_id: Option<String>,
    last_analytics_table_success: Option<String>,
    last_analytics_table_partition_success: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireAccount {
    username: Option<String>,
    user_credentials: Option<WireCredentials>,
    authorities: Option<Vec<String>>,
    organisation_units: Option<Vec<WireUnit>>,
    data_view_organisation_units: Option<Vec<WireUnit>>,
}

/// Where very old versions keep the user name.
#[derive(Deserialize)]
struct WireCredentials {
    username: Option<String>,
}

#[derive(Deserialize)]
struct WireUnit {
    id: Uid,
}

impl Client {
    /// Asks the server who it is and who we are, without cookies: a valid session would hide a wrong password.
    ///
    /// One request logs in; the others use its session, so that one probe costs one session and one password check.
    pub async fn probe(&self) -> Result<Probe, ClientError> {
        self.transport.log_in_anew();
        let info = self.read_info().await?;
        let fields =
            "id,username,userCredentials[username],authorities,organisationUnits[id],dataViewOrganisationUnits[id]";
        let account = self.read(Ask::get(Query::new("me").pair("fields", fields)), read_account).await?;
        let zeros = self.read(Ask::get(Query::new(&format!("systemSettings/{ZEROS_SETTING}"))), read_zeros).await;
        let analytics_includes_zeros = optional(zeros)?.flatten();
        let output_period_types_missing = self.output_period_types_missing().await?;
        Ok(Probe {
            identity: info.identity,
            server_date: info.server_date,
            time_zone: info.time_zone,
            analytics_at: info.analytics.built_at,
            analytics_partition_at: info.analytics.partition_at,
            account,
            analytics_includes_zeros,
            output_period_types_missing,
        })
    }

    /// When the server's analytics tables were built.
    pub async fn analytics_stamp(&self) -> Result<AnalyticsStamp, ClientError> {
        Ok(self.read_info().await?.analytics)
    }

    /// Reads `system/info` and remembers who the server is.
    pub async fn read_info(&self) -> Result<SystemInfo, ClientError> {
        // 2.36 and 2.37 ignore `fields` and say everything.
        let fields = "version,systemId,systemName,calendar,serverDate,serverTimeZoneId,lastAnalyticsTableSuccess,\
                      lastAnalyticsTablePartitionSuccess";
        let ask = Ask { fresh: true, ..Ask::get(Query::new("system/info").pair("fields", fields)) };
        let info = self.read(ask, read_info).await?;
        self.remember_identity(&info.identity);
        Ok(info)
    }

    /// Whether analytics of this server answers with nothing because no output period type is configured (2.43).
    /// A user who may not read the configuration is told "no": the server is as good as asked.
    pub(crate) async fn output_period_types_missing(&self) -> Result<bool, ClientError> {
        if !Capabilities::of(&self.identity().await?.version).analytics_needs_output_period_types {
            return Ok(false);
        }
        let ask = Ask::get(Query::new("configuration/dataOutputPeriodTypes"));
        let missing = self.read(ask, |answer| {
            let list: Vec<serde::de::IgnoredAny> = parse(answer.json()?, "output period types")?;
            Ok(list.is_empty())
        });
        Ok(optional(missing.await)?.unwrap_or(false))
    }

    /// Makes a request and reads its answer.
    pub(crate) async fn read<T>(
        &self,
        ask: Ask,
        reader: impl Fn(&Answer) -> Result<T, ClientErrorKind> + Send + Sync + 'static,
    ) -> Result<T, ClientError>
    where
        T: Send + 'static,
    {
        match self.transport.fetch(&ask, reader).await {
            Ok((read, _)) => Ok(read),
            Err(kind) => Err(self.fail(ask.shown(), kind)),
        }
    }
}

/// A part of a probe that a server may lack or keep from the user.
pub(crate) fn optional<T>(result: Result<T, ClientError>) -> Result<Option<T>, ClientError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.kind {
            ClientErrorKind::Forbidden { .. }
            | ClientErrorKind::NotFound { .. }
            | ClientErrorKind::NotDhis2
            | ClientErrorKind::NoVersion
            | ClientErrorKind::UnknownVersion { .. }
            | ClientErrorKind::EmptyBody
            | ClientErrorKind::Malformed { .. }
            | ClientErrorKind::LoginPage { .. }
            | ClientErrorKind::Refused { .. } => Ok(None),
            _ => Err(error),
        },
    }
}

/// Reads the answer of `system/info`.
pub fn read_info(answer: &Answer) -> Result<SystemInfo, ClientErrorKind> {
    let wire: WireInfo = parse(answer.json()?, "system/info")?;
    // Something else that answers JSON below /api/system/info is not a DHIS2.
    let version = wire.version.as_deref().map(clean).ok_or(ClientErrorKind::NoVersion)?;
    let version: ServerVersion =
        version.parse().map_err(|_| ClientErrorKind::UnknownVersion { version: version.clone() })?;
    // Other programs have versions, too. A DHIS2 of another kind of version at least says which system it is.
    if !version.is_of_series_two() && wire.system_id.as_deref().is_none_or(str::is_empty) {
        return Err(ClientErrorKind::UnknownVersion { version: version.text });
    }
    let server_date = wire.server_date.as_deref().and_then(server_time);
    Ok(SystemInfo {
        identity: ServerIdentity {
            system_id: wire.system_id.as_deref().map(clean).unwrap_or_default(),
            system_name: wire.system_name.as_deref().map(clean).filter(|name| !name.is_empty()),
            version,
            calendar: wire.calendar.as_deref().map_or_else(|| "iso8601".to_owned(), clean),
        },
        server_date: server_date.ok_or_else(|| ClientErrorKind::malformed("system/info without a server date"))?,
        time_zone: wire.server_time_zone_id.as_deref().map(clean).filter(|zone| !zone.is_empty()),
        analytics: AnalyticsStamp {
            built_at: wire.last_analytics_table_success.as_deref().and_then(moment_of_tables),
            partition_at: wire.last_analytics_table_partition_success.as_deref().and_then(moment_of_tables),
        },
    })
}

/// Reads the answer of `me`.
pub fn read_account(answer: &Answer) -> Result<Account, ClientErrorKind> {
    let wire: WireAccount = parse(answer.json()?, "me")?;
    let ids = |units: Option<Vec<WireUnit>>| units.unwrap_or_default().into_iter().map(|unit| unit.id).collect();
    let username = wire.username.or_else(|| wire.user_credentials.and_then(|credentials| credentials.username));
    Ok(Account {
        username: clean(&username.ok_or_else(|| ClientErrorKind::malformed("me without a user name"))?),
        authorities: wire.authorities.unwrap_or_default().iter().map(|authority| clean(authority)).collect(),
        organisation_units: ids(wire.organisation_units),
        data_view_organisation_units: ids(wire.data_view_organisation_units),
    })
}

/// Reads the answer of one setting that is a boolean, or a boolean as text.
fn read_zeros(answer: &Answer) -> Result<Option<bool>, ClientErrorKind> {
    let setting: serde_json::Value = parse(answer.json()?, ZEROS_SETTING)?;
    let value = setting.get(ZEROS_SETTING).unwrap_or(&setting);
    Ok(value.as_bool().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok())))
}

/// `2026-11-22T22:18:42.878`, the server's local time; a zone at its end is passed over.
pub(crate) fn server_time(text: &str) -> Option<DateTime> {
    let time_at = text.find('T')?;
    let zone_at = text[time_at..].find(['+', '-', 'Z']).map_or(text.len(), |at| time_at + at);
    text[..zone_at].parse().ok()
}

/// When tables were built; 1970 and the like mean never (`system/info-analytics-never-run`).
fn moment_of_tables(text: &str) -> Option<DateTime> {
    server_time(text).filter(|time| time.year() > 1970)
}

#[cfg(test)]
mod tests {
    use super::{read_account, read_info, read_zeros, server_time};
    use crate::answer::Answer;
    use crate::error::ClientErrorKind;
    use xfer_domain::exit_code::ExitCode;
    use xfer_domain::fault::Fault;

    fn answer(body: &str) -> Answer {
        Answer::new(200, Some("application/json"), body)
    }

    #[test]
    fn never_has_three_spellings() {
        for never in
            [r#","lastAnalyticsTableSuccess":"1970-01-01T00:00:00.000""#, "", r#","lastAnalyticsTableSuccess":"""#]
        {
            let body = format!(r#"{{"version":"2.41.9","serverDate":"2026-11-22T22:18:42.878"{never}}}"#);
            let info = read_info(&answer(&body)).unwrap();
            assert_eq!(info.analytics.built_at, None);
            assert_eq!(info.identity.calendar, "iso8601");
        }
    }

    #[test]
    fn something_else_is_no_dhis2() {
        assert!(matches!(read_info(&answer("{}")), Err(ClientErrorKind::NoVersion)));
        let versions = ["7.1", "nonsense", "v2.42.1", "", "2", "1.4", "2.x"];
        for version in versions {
            let body = format!(r#"{{"version":"{version}","serverDate":"2026-11-22T22:18:42.878"}}"#);
            let error = read_info(&answer(&body)).unwrap_err();
            assert!(matches!(&error, ClientErrorKind::UnknownVersion { version: named } if named == version), "{body}");
            let words = error.to_string();
            assert!(words.contains(&format!("`{version}`")) && !words.contains("404"), "{words}");
            assert_eq!(error.code(), ExitCode::Usage);
        }
    }

    #[test]
    fn old_and_new_accounts() {
        let new = read_account(&answer(r#"{"username":"a","organisationUnits":[{"id":"OuNation001"}]}"#)).unwrap();
        assert_eq!((new.username.as_str(), new.organisation_units.len()), ("a", 1));
        let old = read_account(&answer(r#"{"userCredentials":{"username":"b"},"authorities":["ALL"]}"#)).unwrap();
        assert!(old.username == "b" && old.is_superuser());
    }

    #[test]
    fn settings_and_times_of_all_spellings() {
        for (body, value) in [
            (r#"{"keyIncludeZeroValuesInAnalytics":true}"#, Some(true)),
            (r#"{"keyIncludeZeroValuesInAnalytics":"false"}"#, Some(false)),
            ("true", Some(true)),
            ("{}", None),
        ] {
            assert_eq!(read_zeros(&answer(body)).unwrap(), value, "{body}");
        }
        for text in ["2026-11-22T22:18:42.878", "2026-11-22T22:18:42.878+0000", "2026-11-22T22:18:42.878Z"] {
            assert_eq!(server_time(text).map(|time| time.to_string()).as_deref(), Some("2026-11-22T22:18:42.878"));
        }
        assert_eq!(server_time("soon"), None);
    }
}
