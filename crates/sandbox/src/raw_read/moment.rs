//! Points in time in a query: `lastUpdated`, `startDate`, `lastUpdatedDuration`.
//!
//! The server reads them with Joda (`DateUtils.parseDate`): a date, optionally a time, optionally a zone; the server's
//! own zone otherwise, which is UTC here. Stored times are texts of the same form, so that they compare as text.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime};

/// How stored times are written.
const STORED: &str = "%Y-%m-%dT%H:%M:%S.%3f";

/// Reads a point in time as UTC; the error is the server's wording.
pub(super) fn parse(text: &str) -> Result<DateTime, String> {
    let (local, offset) = split_zone(text);
    let padded = match local.len() {
        4 => format!("{local}-01-01"),
        7 => format!("{local}-01"),
        _ => local.to_owned(),
    };
    let parsed = if let Some((date, time)) = padded.split_once('T') {
        let time = if time.len() == 2 { format!("{time}:00") } else { time.to_owned() };
        format!("{date}T{time}").parse::<DateTime>().ok()
    } else {
        padded.parse::<Date>().ok().map(|date| date.to_datetime(jiff::civil::Time::midnight()))
    };
    let Some(moment) = parsed else { return Err(invalid(text)) };
    match offset {
        None => Ok(moment),
        Some(minutes) => moment.checked_sub(SignedDuration::from_mins(minutes)).map_err(|_| invalid(text)),
    }
}

/// The text of a moment as stored times are written.
pub(super) fn stored(moment: DateTime) -> String {
    moment.strftime(STORED).to_string()
}

/// The moment a duration such as `5d`, `12h`, `30m` or `10s` before now; none where the text is no duration
/// (`DateUtils.getDuration`).
pub(super) fn before(now: &str, duration: &str) -> Option<String> {
    let (number, unit) = duration.split_at_checked(duration.len().checked_sub(1)?)?;
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = number.parse().ok()?;
    let seconds = match unit {
        "d" => number.checked_mul(86_400)?,
        "h" => number.checked_mul(3_600)?,
        "m" => number.checked_mul(60)?,
        "s" => number,
        _ => return None,
    };
    let now: DateTime = now.parse().ok()?;
    now.checked_sub(SignedDuration::from_secs(seconds)).ok().map(stored)
}

/// Splits `…+0100`, `…+01:00` or `…Z` off; the offset is in minutes east of UTC.
fn split_zone(text: &str) -> (&str, Option<i64>) {
    if let Some(local) = text.strip_suffix('Z') {
        return (local, Some(0));
    }
    let Some(time) = text.find('T') else { return (text, None) };
    let Some(sign) = text[time..].rfind(['+', '-']).map(|position| time + position) else { return (text, None) };
    let digits: String = text[sign + 1..].chars().filter(|letter| *letter != ':').collect();
    if digits.len() != 4 {
        return (text, None);
    }
    let Ok(number) = digits.parse::<i64>() else { return (text, None) };
    let minutes = number / 100 * 60 + number % 100;
    (&text[..sign], Some(if text.as_bytes()[sign] == b'-' { -minutes } else { minutes }))
}

/// Joda's words for a text that it cannot read: the place is named where a part of it was readable.
fn invalid(text: &str) -> String {
    let readable = text.bytes().take_while(u8::is_ascii_digit).count().min(4);
    if readable == 0 {
        return format!("Invalid format: \"{text}\"");
    }
    let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    if let Some(month) = part(5, 7).filter(|month| !(1..=12).contains(month)) {
        return format!("Cannot parse \"{text}\": Value {month} for monthOfYear must be in the range [1,12]");
    }
    if let (Some(year), Some(month), Some(day)) = (part(0, 4), part(5, 7), part(8, 10)) {
        let first = i16::try_from(year).ok().zip(i8::try_from(month).ok());
        let last = first.and_then(|(year, month)| Date::new(year, month, 1).ok()).map(Date::days_in_month);
        if let Some(last) = last.filter(|last| !(1..=*last).contains(&i8::try_from(day).unwrap_or(i8::MAX))) {
            return format!("Cannot parse \"{text}\": Value {day} for dayOfMonth must be in the range [1,{last}]");
        }
    }
    format!("Invalid format: \"{text}\" is malformed at \"{}\"", text.get(readable..).unwrap_or_default())
}

/// Milliseconds are cut to the whole second, as versions up to 2.42 store and print them.
pub(super) fn printed(stored: &str, whole_seconds: bool) -> String {
    let (second, millis) = stored.split_once('.').unwrap_or((stored, "000"));
    let millis = if whole_seconds { "000" } else { millis };
    format!("{second}.{millis}+0000")
}

#[cfg(test)]
mod tests {
    use super::{before, parse, printed, stored};

    #[test]
    fn moments_of_all_shapes_are_read_as_utc() {
        for (text, expected) in [
            ("2020-01-01", "2020-01-01T00:00:00.000"),
            ("2020-02", "2020-02-01T00:00:00.000"),
            ("2020", "2020-01-01T00:00:00.000"),
            ("2099-01-01T00:00:00", "2099-01-01T00:00:00.000"),
            ("2020-01-01T10:20", "2020-01-01T10:20:00.000"),
            ("2020-01-01T00:00:00.000+0000", "2020-01-01T00:00:00.000"),
            ("2020-01-01T01:00:00.250+0130", "2019-12-31T23:30:00.250"),
            ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00.000"),
        ] {
            assert_eq!(parse(text).map(stored).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refusals_speak_the_servers_words() {
        assert_eq!(parse("yesterday"), Err("Invalid format: \"yesterday\"".into()));
        assert!(parse("2024-13-01").is_err_and(|text| text.contains("monthOfYear")));
        assert!(parse("2023-02-29").is_err_and(|text| text.contains("[1,28]")));
    }

    #[test]
    fn durations_reach_back_from_now() {
        assert_eq!(before("2026-11-22T22:20:00", "2d").as_deref(), Some("2026-11-20T22:20:00.000"));
        assert_eq!(before("2026-11-22T22:20:00", "30m").as_deref(), Some("2026-11-22T21:50:00.000"));
        for bad in ["", "d", "2w", "-2d", "2"] {
            assert_eq!(before("2026-11-22T22:20:00", bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_printed_with_their_offset() {
        assert_eq!(printed("2026-11-22T21:52:09.087", false), "2026-11-22T21:52:09.087+0000");
        assert_eq!(printed("2026-11-22T21:52:09.087", true), "2026-11-22T21:52:09.000+0000");
    }
}
