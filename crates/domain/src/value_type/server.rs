//! What servers do with a value's text, rule by rule.
//!
//! The rules are those of `ValidationUtils.valueIsValid`, `normalizeBoolean` and `MathUtils`; where the two import
//! generations differ, the recordings decide. Up to 2.42 a value is trimmed after it was found valid, so that blanks
//! around a text vanish while blanks around a number refuse it; 2.43 keeps them. Ranges are compared as Java's double
//! compares them: here it is the server's answer that counts, not the exact one.

use std::borrow::Cow;

use jiff::civil::Date;

use super::forms::{Domains, is_coordinate, is_email, is_url};
use super::text::{LINE_ENDS, is_digits, java_trim};
use super::{ImportEngine, NUMBER_LENGTH_LIMIT, ValueRefusal, ValueType, check_length, integer_in_range};

/// What is stored of a text, or that it is refused. `domains` says how closely addresses are looked at.
pub(super) fn stored_as(
    value_type: ValueType,
    text: &str,
    engine: ImportEngine,
    domains: Domains,
) -> Result<Cow<'_, str>, ValueRefusal> {
    if java_trim(text).is_empty() {
        return Err(ValueRefusal::Empty);
    }
    check_length(text)?;
    let normalised = normalised(value_type, text, engine);
    if !is_valid(value_type, normalised, domains) {
        return Err(value_type.refusal(text));
    }
    Ok(Cow::Borrowed(match engine {
        ImportEngine::RowByRow => java_trim(normalised),
        ImportEngine::SetBased => normalised,
    }))
}

/// What a server makes of a text before it judges it.
fn normalised(value_type: ValueType, text: &str, engine: ImportEngine) -> &str {
    match value_type {
        ValueType::Boolean | ValueType::TrueOnly => boolean_word(value_type, text, engine),
        _ if value_type.is_integer() && engine == ImportEngine::SetBased => text.strip_suffix(".0").unwrap_or(text),
        _ => text,
    }
}

/// `true` or `false` for the variants that a generation knows, the text itself otherwise.
fn boolean_word(value_type: ValueType, text: &str, engine: ImportEngine) -> &str {
    const TRUE: [&str; 6] = ["true", "True", "TRUE", "t", "T", "1"];
    const FALSE: [&str; 6] = ["false", "False", "FALSE", "f", "F", "0"];
    const YES: [&str; 5] = ["y", "Y", "yes", "Yes", "YES"];
    const NO: [&str; 5] = ["n", "N", "no", "No", "NO"];
    let yes_and_no = engine == ImportEngine::SetBased;
    if TRUE.contains(&text) || yes_and_no && YES.contains(&text) {
        "true"
    } else if value_type == ValueType::Boolean && (FALSE.contains(&text) || yes_and_no && NO.contains(&text)) {
        "false"
    } else {
        text
    }
}

fn is_valid(value_type: ValueType, text: &str, domains: Domains) -> bool {
    match value_type {
        ValueType::Number => is_number(text),
        ValueType::Percentage => is_number(text) && in_range(text, 0.0, 100.0),
        ValueType::UnitInterval => is_number(text) && in_range(text, 0.0, 1.0),
        ValueType::Integer
        | ValueType::IntegerPositive
        | ValueType::IntegerNegative
        | ValueType::IntegerZeroOrPositive => is_integer(value_type, text),
        ValueType::Boolean => text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false"),
        ValueType::TrueOnly => text.eq_ignore_ascii_case("true"),
        ValueType::Letter => is_letter(text),
        ValueType::Date | ValueType::Age => is_date(text),
        ValueType::DateTime => is_date_time(text),
        ValueType::Time => is_time(text),
        ValueType::Coordinate => is_coordinate(text),
        ValueType::Url => is_url(text, domains),
        ValueType::OrganisationUnit | ValueType::FileResource | ValueType::Image => is_uid(text),
        ValueType::PhoneNumber => is_phone_number(text),
        ValueType::Email => is_email(text, domains),
        ValueType::Username => is_username(text),
        ValueType::Text
        | ValueType::LongText
        | ValueType::MultiText
        | ValueType::TrackerAssociate
        | ValueType::Reference
        | ValueType::GeoJson
        | ValueType::Other => true,
    }
}

/// `-?(0|[1-9]\d*)(\.\d+)?`, shorter than 250 characters.
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    text.len() < NUMBER_LENGTH_LIMIT && is_plain_whole(whole) && fraction.is_none_or(is_digits)
}

/// `0|[1-9]\d*`
fn is_plain_whole(text: &str) -> bool {
    text == "0" || !text.starts_with('0') && is_digits(text)
}

/// `0|-?[1-9]\d*` within 32 bits and the type's sign.
fn is_integer(value_type: ValueType, text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    text != "-0"
        && is_plain_whole(unsigned)
        && text.parse::<i64>().is_ok_and(|number| integer_in_range(value_type, number))
}

fn in_range(text: &str, low: f64, high: f64) -> bool {
    text.parse::<f64>().is_ok_and(|number| (low..=high).contains(&number))
}

/// One UTF-16 unit that is a letter.
fn is_letter(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    first.is_some_and(|letter| letter.is_alphabetic() && letter.len_utf16() == 1) && characters.next().is_none()
}

/// `\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[0-2])(.*)\b`, and a day of the calendar.
fn is_date(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else { return false };
    // A letter of any script ends a word, up to Java 18.
    let ends_in_word = rest.chars().next_back().is_none_or(|last| last.is_alphanumeric() || last == '_');
    civil_date(date).is_some() && ends_in_word && !rest.contains(LINE_ENDS)
}

/// A day written `yyyy-MM-dd`.
pub(super) fn civil_date(text: &str) -> Option<Date> {
    let dashes = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() == 10 && dashes { text.parse().ok() } else { None }
}

/// The forms that `DateUtils.SUPPORTED_DATE_TIME_FORMAT_PARSERS` lists: a `T`, an hour, then as much as wanted, a zone
/// at the end; with a blank instead of the `T` only in full, with zone.
fn is_date_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else { return false };
    if civil_date(date).is_none() {
        return false;
    }
    if let Some(time) = rest.strip_prefix('T') {
        let (time, _) = split_zone(time);
        return is_clock(time);
    }
    rest.strip_prefix(' ').is_some_and(|time| {
        let (time, zone) = split_zone(time);
        zone.is_some() && time.len() == 8 && is_clock(time)
    })
}

/// Splits `Z`, `+02:00`, `+0200` or `+02` off.
fn split_zone(time: &str) -> (&str, Option<&str>) {
    let Some(position) = time.find(['Z', '+', '-']) else { return (time, None) };
    let (clock, zone) = time.split_at(position);
    let digits = zone.get(1..).unwrap_or_default();
    let shape: String = digits.chars().map(|digit| if digit.is_ascii_digit() { '0' } else { digit }).collect();
    let known = if zone.starts_with('Z') {
        digits.is_empty()
    } else {
        matches!(shape.as_str(), "00" | "0000" | "00:00") && digits.get(..2).is_some_and(|hours| hours < "24")
    };
    if known { (clock, Some(zone)) } else { (time, None) }
}

/// `HH`, `HH:mm`, `HH:mm:ss`, `HH:mm:ss.S` to nine decimals.
fn is_clock(text: &str) -> bool {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let parts: Vec<&str> = clock.split(':').collect();
    let two_digits_below =
        |part: &str, limit: u8| part.len() == 2 && is_digits(part) && part.parse::<u8>().is_ok_and(|part| part < limit);
    let limits = [24, 60, 60];
    parts.len() <= limits.len()
        && parts.iter().zip(limits).all(|(part, limit)| two_digits_below(part, limit))
        && fraction.is_none_or(|fraction| parts.len() == 3 && is_digits(fraction) && fraction.len() <= 9)
}

/// `([0-9]|0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]`
fn is_time(text: &str) -> bool {
    let Some((hours, minutes)) = text.split_once(':') else { return false };
    let below = |part: &str, limit: u8| is_digits(part) && part.parse::<u8>().is_ok_and(|part| part < limit);
    (1..=2).contains(&hours.len()) && below(hours, 24) && minutes.len() == 2 && below(minutes, 60)
}

/// An id as `CodeGenerator` makes them: a letter, then ten letters or digits.
fn is_uid(text: &str) -> bool {
    text.len() == 11
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Six to fifty digits, blanks and marks, and the letters of `ext`.
fn is_phone_number(text: &str) -> bool {
    let allowed =
        |letter: char| letter.is_ascii_digit() || "+()#./ext-".contains(letter) || " \t\n\u{b}\u{c}\r".contains(letter);
    (6..=50).contains(&text.len()) && text.chars().all(allowed)
}

/// Letters, digits and the marks `-_.@`, of which none stands at an end and no two side by side.
fn is_username(text: &str) -> bool {
    let is_mark = |byte: u8| b"-_.@".contains(&byte);
    let bytes = text.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    (4..=255).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || is_mark(*byte))
        && ends.into_iter().flatten().all(|byte| !is_mark(*byte))
        && bytes.windows(2).all(|pair| !pair.iter().all(|byte| is_mark(*byte)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::{Path, PathBuf};

    use serde_json::Value;

    use super::*;

    fn recorded() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recorded")
    }

    fn json(path: &Path) -> Value {
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// Data element → value type, from the metadata of the recorded servers.
    fn value_types() -> HashMap<String, ValueType> {
        let metadata = json(&recorded().join("setup/metadata.json"));
        let elements = metadata["dataElements"].as_array().unwrap();
        elements
            .iter()
            .map(|element| {
                let value_type = serde_json::from_value(element["valueType"].clone()).unwrap();
                (element["id"].as_str().unwrap().to_owned(), value_type)
            })
            .collect()
    }

    /// The text that a row's cell holds after the request, if any.
    fn stored_text<'recording>(recording: &'recording Value, row: &Value) -> Option<&'recording str> {
        let keys = ["dataElement", "period", "orgUnit", "categoryOptionCombo"];
        recording["stored_after"]
            .as_array()
            .unwrap()
            .iter()
            .find(|stored| keys.iter().all(|key| stored[key] == row[key]))
            .and_then(|stored| stored["value"].as_str())
    }

    #[test]
    fn every_recorded_value_is_stored_or_refused_as_the_server_did() {
        let value_types = value_types();
        let mut rows = 0;
        for (version, engine) in [
            ("2.40", ImportEngine::RowByRow),
            ("2.41", ImportEngine::RowByRow),
            ("2.42", ImportEngine::RowByRow),
            ("2.43", ImportEngine::SetBased),
            ("2.44", ImportEngine::SetBased),
        ] {
            let folder = recorded().join(version).join("import");
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if !["types-", "value-empty"].iter().any(|start| name.starts_with(start)) {
                    continue;
                }
                let recording = json(&path);
                for row in recording["request"]["body"]["dataValues"].as_array().unwrap() {
                    let value_type = value_types[row["dataElement"].as_str().unwrap()];
                    let text = row["value"].as_str().unwrap();
                    let ours = value_type.stored_as(text, engine);
                    assert_eq!(ours.as_deref().ok(), stored_text(&recording, row), "{version}/{name}: `{text}`");
                    rows += 1;
                }
            }
        }
        assert!(rows > 300, "only {rows} rows were found");
    }

    fn stores(value_type: ValueType, text: &str) -> bool {
        let both = [ImportEngine::RowByRow, ImportEngine::SetBased].map(|engine| value_type.stored_as(text, engine));
        assert_eq!(both[0].is_ok(), both[1].is_ok(), "{text}");
        both[0].is_ok()
    }

    #[test]
    fn types_without_a_recording_follow_the_documented_rules() {
        for (value_type, accepted, refused) in [
            (ValueType::UnitInterval, &["0", "1", "0.5", "1.0", "-0"][..], &["1.01", "-0.1", "50%", "1e0"][..]),
            (ValueType::IntegerZeroOrPositive, &["0", "7", "2147483647"], &["-1", "00", "2147483648", "1.5", "-0"]),
            (
                ValueType::Date,
                &["2024-01-15", "2024-02-29", "2024-01-15T00:00:00"],
                &["20240115", "2024-1-5", "2023-02-29", "2024-13-01", "2024-01-32", "2024-01-15 ", "15-01-2024"],
            ),
            (ValueType::Age, &["1990-05-01"], &["34", "1990-05"]),
            (
                ValueType::Coordinate,
                &["[-72.3,18.5]", "[-72.3, 18.5]", "[180,-90]", "[1,2,3]", "[1d,0x1p3]"],
                &["-72.3,18.5", "[181,0]", "[0,91]", "[0]", "[a,b]", "[NaN,0]", "[inf,0]", "[1,0x1]"],
            ),
            (ValueType::OrganisationUnit, &["OuFacility1"], &["Ou", "1uFacility1", "OuFacility-"]),
            (ValueType::FileResource, &["abcdefghijk"], &["abc"]),
            (
                ValueType::Url,
                &["http://dhis2.org", "ftp://a.example.ht:21/x?y=1#z", "https://10.0.0.1/"],
                &[
                    "http://localhost",
                    "mailto:a@b.org",
                    "https://",
                    "https://exa mple.org",
                    "https://example.org:99999",
                ],
            ),
            (
                ValueType::PhoneNumber,
                &["+509 3711 0000", "(509) 37-11", "37110000 ext 5", "123456"],
                &["12345", "nonsense", "+509 3711 000a", "tel. 37110000", &"1".repeat(51)],
            ),
            (
                ValueType::Email,
                &[
                    "ministere@example.ht",
                    "a@b.ht",
                    "o'neil.jean+x@sub.example.org",
                    "\"a b\"@example.org",
                    "a@[10.0.0.1]",
                    "a@[2001:db8::1]",
                ],
                &[
                    "nonsense",
                    "a@b",
                    "a@localhost",
                    "a@clinic.invalid",
                    "a@clinic.local",
                    "@example.org",
                    "a@",
                    "a b@example.org",
                    "a..b@example.org",
                    ".a@example.org",
                    "a@example.org.",
                    "a@b@example.org",
                    "a@10.0.0.1",
                    "a@-x.org",
                ],
            ),
            (
                ValueType::Username,
                &["anne", "a.b-c_d@e", "Clerk2024"],
                &["bob", ".anne", "anne-", "an..ne", "an ne", "zoé1", &"a".repeat(256)],
            ),
            // Servers look at none of these any closer than at a text.
            (ValueType::GeoJson, &["{\"type\":\"Point\"}", "nonsense"], &[]),
            (ValueType::Reference, &["nonsense"], &[]),
        ] {
            for text in accepted {
                assert!(stores(value_type, text), "{value_type:?} `{text}`");
            }
            for text in refused {
                assert!(!stores(value_type, text), "{value_type:?} `{text}`");
            }
        }
    }

    #[test]
    fn only_the_older_generation_trims_texts() {
        let text = " due to flood ";
        assert_eq!(ValueType::Text.stored_as(text, ImportEngine::RowByRow).unwrap(), "due to flood");
        assert_eq!(ValueType::Text.stored_as(text, ImportEngine::SetBased).unwrap(), text);
    }

    #[test]
    fn texts_end_at_fifty_thousand_characters() {
        assert!(stores(ValueType::Text, &"é".repeat(50_000)));
        assert!(!stores(ValueType::Text, &"é".repeat(50_001)));
        assert!(!stores(ValueType::LongText, &"\u{1F3E5}".repeat(25_001)));
    }
}
