//! What a server said when it was last asked, for when it is not asked now or does not answer.

use jiff::{SignedDuration, Timestamp};

use crate::ops::error::OpsError;
use xfer_dhis2::system::Probe;
use xfer_domain::counted::counted;
use xfer_domain::server::{KeptExchange, LastAnswer, Server};
use xfer_storage::store::{AnalyticsFlags, ConfigStore, ServerSettings};

/// An answer from the past.
pub(super) struct Remembered {
    /// The answer as it would be now if nothing changed there since.
    pub(super) probe: Probe,
    /// The server's own exchanges.
    pub(super) exchanges: Vec<KeptExchange>,
    /// How long ago it was given, in words.
    pub(super) age: String,
}

/// What a server said when it was last asked; none where it never was, or where that was not kept yet.
pub(super) fn remembered(
    config: &ConfigStore,
    server: &Server,
    now: Timestamp,
) -> Result<Option<Remembered>, OpsError> {
    let settings = config.server_settings(server.id)?;
    Ok(config.last_answer(server.id)?.and_then(|answer| recall(server, settings, answer, now)))
}

fn recall(server: &Server, settings: ServerSettings, answer: LastAnswer, now: Timestamp) -> Option<Remembered> {
    let ServerSettings { account, analytics, .. } = settings;
    let AnalyticsFlags { includes_zeros, output_period_types_missing } = analytics;
    let since = now.duration_since(answer.asked_at).max(SignedDuration::ZERO);
    Some(Remembered {
        probe: Probe {
            identity: server.identity.clone()?,
            server_date: answer.server_date.checked_add(since).ok()?,
            time_zone: None,
            analytics_at: answer.analytics_at,
            analytics_partition_at: None,
            account: account?,
            analytics_includes_zeros: includes_zeros,
            output_period_types_missing: output_period_types_missing.unwrap_or_default(),
        },
        exchanges: answer.exchanges,
        age: format!("{} ago", length(since)),
    })
}

/// A length of time as people say it: `3 days`, `1 hour`.
pub(super) fn length(time: SignedDuration) -> String {
    let some = |number: i64, what: &str| counted(number.unsigned_abs(), what);
    match (time.as_hours() / 24, time.as_hours(), time.as_mins()) {
        (days @ 1.., _, _) => some(days, "day"),
        (_, hours @ 1.., _) => some(hours, "hour"),
        (.., minutes) => some(minutes, "minute"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::{length, recall};
    use xfer_domain::server::{LastAnswer, LoginKind, Server, ServerId};
    use xfer_storage::store::testing::{account, identity, url};
    use xfer_storage::store::{AnalyticsFlags, ServerSettings};

    #[test]
    fn the_server_is_as_old_as_its_answer() {
        let server = Server {
            id: ServerId(1),
            name: "tracker".to_owned(),
            url: url("https://a.org"),
            login: LoginKind::Token,
            identity: Some(identity()),
            synced_at: None,
        };
        let settings = ServerSettings {
            allow_http: false,
            certificates: None,
            account: Some(account()),
            analytics: AnalyticsFlags::default(),
        };
        let answer = LastAnswer {
            asked_at: "2026-11-20T12:00:00Z".parse().unwrap(),
            server_date: "2026-11-20T15:00:00".parse().unwrap(),
            analytics_at: Some("2026-11-20T03:00:00".parse().unwrap()),
            exchanges: Vec::new(),
        };
        let now = "2026-11-22T13:30:00Z".parse().unwrap();
        let recalled = recall(&server, settings.clone(), answer.clone(), now).unwrap();
        assert_eq!(recalled.probe.server_date, "2026-11-22T16:30:00".parse().unwrap());
        assert_eq!(recalled.age, "2 days ago");
        let nobody = Server { identity: None, ..server };
        assert!(recall(&nobody, settings, answer, now).is_none());
    }

    #[test]
    fn ages_are_said_in_the_largest_unit_that_fits() {
        let said = |minutes| length(SignedDuration::from_mins(minutes));
        assert_eq!(
            [0, 1, 59, 60, 1439, 1440, 4320].map(said),
            ["0 minutes", "1 minute", "59 minutes", "1 hour", "23 hours", "1 day", "3 days"]
        );
    }
}
