//! What a server says about itself, held against the clock of this machine and what jobs and routines want of it. Pure.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::ops::doctor::Complaint;
use crate::ops::doctor::remembered::length;
use crate::ops::doctor::uses::Uses;
use crate::ops::doctor_codes as codes;
use crate::ops::servers;
use xfer_dhis2::system::Probe;
use xfer_domain::counted::counted;
use xfer_domain::server::ServerIdentity;
use xfer_transfer::finding;

/// How far clocks may differ: servers without a time server drift by seconds a day.
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// What a server's answer says, as far as it concerns us.
pub(super) fn about_answer(
    name: &str,
    kept: Option<&ServerIdentity>,
    probe: &Probe,
    uses: &Uses,
    now: Timestamp,
) -> Vec<Complaint> {
    let mut found: Vec<Complaint> = servers::concerns(probe)
        .into_iter()
        .filter(|(code, _)| **code != codes::CANNOT_IMPORT && **code != codes::ANALYTICS_NEVER_BUILT)
        .map(|(code, words)| Complaint::new(code, name, words))
        .collect();
    let identity = &probe.identity;
    if let Some(kept) = kept {
        if kept.system_id != identity.system_id {
            let words = format!("its system id is {}, before it was {}", identity.system_id, kept.system_id);
            found.push(Complaint::new(&codes::ANOTHER_SYSTEM, name, words));
        } else if kept.version != identity.version {
            let words = format!("it is now DHIS2 {}, at the last sync it was {}", identity.version, kept.version);
            found.push(Complaint::new(&finding::SERVER_CHANGED, name, words));
        }
    }
    if uses.is_destination && !probe.account.may_import() {
        let words = format!("jobs write here, and {} may not import data values", probe.account.username);
        found.push(Complaint::new(&finding::NO_IMPORT_AUTHORITY, name, words));
    }
    found.extend(about_analytics(name, probe, uses));
    found.extend(about_clock(name, probe, now));
    found
}

fn about_analytics(name: &str, probe: &Probe, uses: &Uses) -> Option<Complaint> {
    let jobs = || uses.analytics_of.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    let built = match probe.analytics_at.max(probe.analytics_partition_at) {
        None if uses.analytics_of.is_empty() => return None,
        None => {
            let words = format!("its analytics tables were never built, and these jobs read them: {}", jobs());
            return Some(Complaint::new(&finding::ANALYTICS_NEVER_RUN, name, words));
        }
        Some(built) => built,
    };
    let (allowed, routine) = uses.oldest_analytics.as_ref()?;
    let hours = probe.server_date.duration_since(built).as_hours();
    let words = format!(
        "its analytics tables are {} old; the routine {routine} allows {allowed}",
        counted(hours.unsigned_abs(), "hour")
    );
    (hours >= i64::from(*allowed)).then(|| Complaint::new(&finding::ANALYTICS_STALE, name, words))
}

fn about_clock(name: &str, probe: &Probe, now: Timestamp) -> Option<Complaint> {
    let ahead = clock_difference(probe.server_date, probe.time_zone.as_deref(), now);
    let side = if ahead.is_positive() { "ahead of" } else { "behind" };
    let words = format!("its clock is {} {side} that of this machine", length(ahead.abs()));
    (ahead.abs() > CLOCK_TOLERANCE).then(|| Complaint::new(&codes::CLOCK_DIFFERS, name, words))
}

/// How far the server's clock is ahead of ours. Where its time zone is not known, only the part that no zone explains:
/// all zones differ by quarters of an hour.
fn clock_difference(server: DateTime, zone: Option<&str>, now: Timestamp) -> SignedDuration {
    let known = zone.and_then(|zone| TimeZone::get(zone).ok()).and_then(|zone| server.to_zoned(zone).ok());
    if let Some(server) = known {
        return server.timestamp().duration_since(now);
    }
    let apart = server.duration_since(now.to_zoned(TimeZone::UTC).datetime()).as_secs();
    let quarter = 15 * 60;
    let rest = apart.rem_euclid(quarter);
    SignedDuration::from_secs(if rest > quarter / 2 { rest - quarter } else { rest })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{about_answer, clock_difference};
    use crate::ops::doctor::uses::Uses;
    use xfer_dhis2::system::Probe;
    use xfer_domain::server::{Account, ServerIdentity};

    fn probe() -> Probe {
        let unit = xfer_domain::uid::Uid::parse("OuNation001").unwrap();
        Probe {
            identity: ServerIdentity {
                system_id: "one".to_owned(),
                system_name: None,
                version: "2.42.1".parse().unwrap(),
                calendar: "iso8601".to_owned(),
            },
            server_date: "2026-11-22T12:00:00".parse().unwrap(),
            time_zone: Some("Etc/UTC".to_owned()),
            analytics_at: Some("2026-11-21T12:00:00".parse().unwrap()),
            analytics_partition_at: None,
            account: Account {
                username: "clerk".to_owned(),
                authorities: vec!["F_DATAVALUE_ADD".to_owned()],
                organisation_units: vec![unit],
                data_view_organisation_units: vec![unit],
            },
            analytics_includes_zeros: Some(true),
            output_period_types_missing: false,
        }
    }

    fn words(probe: &Probe, uses: &Uses) -> Vec<&'static str> {
        let now: Timestamp = "2026-11-22T12:00:30Z".parse().unwrap();
        let kept = self::probe().identity;
        about_answer("tracker", Some(&kept), probe, uses, now).into_iter().map(|found| found.code.word).collect()
    }

    #[test]
    fn each_thing_that_servers_get_wrong_is_named_by_its_own_word() {
        type Spoil = fn(&mut Probe);
        let wanted = Uses {
            analytics_of: ["cases".to_owned()].into(),
            oldest_analytics: Some((48, "monthly".to_owned())),
            is_destination: true,
            ..Uses::default()
        };
        assert_eq!(words(&probe(), &wanted), [""; 0], "a healthy server");
        let cases: [(Spoil, &[&str]); 9] = [
            (|probe| probe.analytics_at = None, &["analytics-never-run"]),
            (|probe| probe.analytics_at = Some("2026-11-20T12:00:00".parse().unwrap()), &["analytics-stale"]),
            (|probe| probe.output_period_types_missing = true, &["no-output-period-types"]),
            (|probe| probe.analytics_includes_zeros = Some(false), &["zeros-left-out"]),
            (|probe| probe.account.authorities.clear(), &["no-import-authority"]),
            (|probe| probe.identity.system_id.push('x'), &["another-system"]),
            (|probe| probe.identity.version = "2.43.1".parse().unwrap(), &["server-changed"]),
            (|probe| probe.server_date = "2026-11-22T12:10:00".parse().unwrap(), &["clock-differs"]),
            (
                |probe| {
                    probe.account.organisation_units.clear();
                    probe.account.data_view_organisation_units.clear();
                },
                &["no-capture-org-units", "no-view-org-units"],
            ),
        ];
        for (spoil, expected) in cases {
            let mut probe = probe();
            spoil(&mut probe);
            assert_eq!(words(&probe, &wanted), expected);
        }
        let mut never = probe();
        never.analytics_at = None;
        assert_eq!(words(&never, &Uses::default()), [""; 0], "nobody reads its analytics");
    }

    #[test]
    fn clocks_are_compared_across_time_zones() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let ahead = |server: &str, zone| clock_difference(server.parse().unwrap(), zone, now).as_secs();
        assert_eq!(ahead("2026-11-22T12:00:00", Some("Etc/UTC")), 0);
        assert_eq!(ahead("2026-11-22T17:45:00", Some("Asia/Kathmandu")), 0);
        assert_eq!(ahead("2026-11-22T17:45:00", Some("Etc/UTC")), 20_700);
        assert_eq!(ahead("2026-11-22T17:45:00", None), 0, "a zone would explain it");
        assert_eq!(ahead("2026-11-22T17:40:00", None), -300);
        assert_eq!(ahead("2026-11-22T12:04:00", Some("no such zone")), 240);
    }
}
