//! The one clock that people read: that of this machine, which its schedulers go by too. The time zone is always named.
//!
//! What is kept and sent is RFC 3339 in UTC. Times of a server's own clock have no zone, and are said to be the server's.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use xfer_domain::moment::{self, zone_of};

/// A moment by the clock of this machine.
pub fn local(moment: Timestamp) -> Zoned {
    moment.to_zoned(TimeZone::system())
}

/// A moment by the clock of this machine, with its zone: `2026-11-22 22:20 EAT`.
pub fn of(moment: Timestamp) -> String {
    moment::in_words(&local(moment))
}

/// A moment for programs, with its distance from UTC: `2026-11-22T22:20:31+03:00`.
pub fn stamp(moment: &Zoned) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The short name of this machine's time zone today: `EAT`.
pub fn zone() -> String {
    zone_of(&local(Timestamp::now()))
}

/// The name of this machine's time zone, for programs: `Africa/Nairobi`, or the short one where it has no other.
pub fn zone_name() -> String {
    let now = local(Timestamp::now());
    match now.time_zone().iana_name() {
        Some(name) if ![moment::UNKNOWN, "Etc/UTC"].contains(&name) => name.to_owned(),
        _ => zone_of(&now),
    }
}

/// The short name of this machine's time zone at a moment that is kept as RFC 3339.
pub(super) fn zone_at(kept: &str) -> String {
    read(kept).map_or_else(zone, |moment| zone_of(&moment))
}

/// Day and minute of a moment that is kept as RFC 3339, for places that name the zone themselves. What has no zone is by
/// a server's own clock, which cannot be translated.
pub fn minute(kept: &str) -> String {
    match (read(kept), kept.parse::<DateTime>()) {
        (Some(moment), _) => moment.strftime(moment::MINUTE).to_string(),
        (None, Ok(at)) => format!("{} (server)", at.strftime(moment::MINUTE)),
        (None, Err(_)) => kept.to_owned(),
    }
}

/// A moment that is kept as RFC 3339, with its zone: `2026-11-22 22:20 EAT`.
pub fn in_words(kept: &str) -> String {
    match (read(kept), kept.parse::<DateTime>()) {
        (Some(moment), _) => moment::in_words(&moment),
        (None, Ok(at)) => by_server(at),
        (None, Err(_)) => kept.to_owned(),
    }
}

/// A moment that is kept as RFC 3339, for programs: a [`stamp`] by the clock of this machine. A time by a server's own clock stays without one, because its zone is not known.
pub fn for_programs(kept: &str) -> String {
    read(kept).map_or_else(|| kept.to_owned(), |moment| stamp(&moment))
}

/// A time of a server, whose zone is not known.
pub fn by_server(at: DateTime) -> String {
    format!("{} by the server's clock", at.strftime(moment::MINUTE))
}

fn read(kept: &str) -> Option<Zoned> {
    kept.parse::<Timestamp>().ok().map(local)
}

#[cfg(test)]
mod tests {
    use super::{by_server, for_programs, in_words, minute};

    #[test]
    fn a_time_without_a_zone_is_said_to_be_the_servers() {
        assert_eq!(minute("2026-11-22T22:20:31.5"), "2026-11-22 22:20 (server)");
        assert_eq!(in_words("2026-11-22T22:20:31"), "2026-11-22 22:20 by the server's clock");
        assert_eq!(by_server("2026-11-22T22:20:31".parse().unwrap()), "2026-11-22 22:20 by the server's clock");
        assert_eq!(minute("never"), "never");
        assert_eq!(for_programs("2026-11-22T22:20:31"), "2026-11-22T22:20:31");
        assert_eq!(for_programs("2026-11-22T22:20:31Z").len(), "2026-11-22T22:20:31+00:00".len());
        assert!(!minute("2026-11-22T22:20:31Z").contains("server"));
    }
}
