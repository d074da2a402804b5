//! How moments are written for people: day and minute, and always the time zone.

use jiff::Zoned;

/// A day and a minute.
pub const MINUTE: &str = "%Y-%m-%d %H:%M";

/// A day with its weekday, which people plan by, and a minute.
pub const DAY_AND_MINUTE: &str = "%a %Y-%m-%d %H:%M";

/// What the time zone is called where a machine has none.
pub const UNKNOWN: &str = "Etc/Unknown";

/// `2026-11-22 22:20 EAT`
pub fn in_words(moment: &Zoned) -> String {
    format!("{} {}", moment.strftime(MINUTE), zone_of(moment))
}

/// `Sun 2026-11-22 22:20 EAT`
pub fn with_weekday(moment: &Zoned) -> String {
    format!("{} {}", moment.strftime(DAY_AND_MINUTE), zone_of(moment))
}

/// The short name of a moment's time zone. A machine without one goes by UTC.
pub fn zone_of(moment: &Zoned) -> String {
    let name = moment.strftime("%Z").to_string();
    if name == UNKNOWN { "UTC".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use jiff::Zoned;
    use jiff::tz::TimeZone;

    use super::{in_words, with_weekday};

    #[test]
    fn the_zone_is_always_named() {
        let moment: Zoned = "2026-11-22T22:20:31+03:00[+03:00]".parse().unwrap();
        assert_eq!(in_words(&moment), "2026-11-22 22:20 +03");
        assert_eq!(in_words(&moment.with_time_zone(TimeZone::UTC)), "2026-11-22 19:20 UTC");
        assert_eq!(with_weekday(&moment.with_time_zone(TimeZone::unknown())), "Sun 2026-11-22 19:20 UTC");
    }
}
