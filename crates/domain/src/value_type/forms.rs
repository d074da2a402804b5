//! Coordinates, web addresses and e-mail addresses as servers judge them.
//!
//! DHIS2 asks `MathUtils.isCoordinate` and the validators of Apache commons-validator, which ask `java.net.URI` in turn.
//! What follows says the same in other words; `fixtures/value-forms.json` holds what the originals say.
//!
//! Limit: hosts in other scripts are looked at in the ASCII form that browsers give them, which may differ from Java's
//! older one in letters that hardly anybody writes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::text::{LINE_ENDS, is_digits, java_trim};

/// Which top-level domains an address may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Domains {
    /// Those of the list that servers have.
    Listed,
    /// All but those that were set aside for never being one.
    Plausible,
}

/// Names that will never be top-level domains (RFC 2606, RFC 6761, RFC 6762, RFC 7686).
const NO_TOP_LEVEL: [&str; 7] = ["example", "invalid", "local", "localdomain", "localhost", "onion", "test"];

/// The list that servers have, sorted, below a heading.
const TOP_LEVEL: &str = include_str!("top_level_domains.txt");

impl Domains {
    fn has(self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        match self {
            Self::Listed => TOP_LEVEL.lines().any(|listed| listed == name),
            Self::Plausible => name.len() >= 2 && !NO_TOP_LEVEL.contains(&name.as_str()),
        }
    }
}

/// Java's `\s`.
const BLANKS: [char; 6] = [' ', '\t', '\n', '\u{b}', '\u{c}', '\r'];

/// `[longitude,latitude]` within the globe, whatever follows after another comma.
pub(super) fn is_coordinate(text: &str) -> bool {
    let text: String = text.chars().filter(|letter| !BLANKS.contains(letter)).collect();
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else { return false };
    let mut parts = inner.split(',');
    let mut in_range = |limit: f32| {
        let degrees = parts.next().and_then(java_float);
        degrees.is_some_and(|degrees| (-limit..=limit).contains(&degrees))
    };
    text.len() >= 5 && !inner.contains(']') && in_range(180.0) && in_range(90.0)
}

/// `Float.parseFloat`, but for what is no number.
fn java_float(text: &str) -> Option<f32> {
    let text = java_trim(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    // A number may say of which type it is.
    let plain = digits.strip_suffix(['f', 'F', 'd', 'D']);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return Some(sign * hex_float(hex)?);
    }
    let digits = plain.unwrap_or(digits);
    let begins = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    if begins { Some(sign * digits.parse::<f32>().ok()?) } else { None }
}

/// `1.8p3`, with the exponent that Java wants of it.
#[expect(clippy::cast_possible_truncation, reason = "degrees are compared as servers compare them")]
fn hex_float(text: &str) -> Option<f32> {
    let (digits, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(exponent).parse().ok()?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut mantissa = 0.0_f64;
    for digit in whole.chars().chain(fraction.chars()) {
        mantissa = mantissa * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(fraction.len()).ok()?;
    Some((mantissa * 2.0_f64.powi(exponent.checked_sub(places.checked_mul(4)?)?)) as f32)
}

/// A web address as Java's `URI` and Apache's `UrlValidator` with its defaults take it: http, https or ftp, a host with a
/// top-level domain, or the address of a machine.
pub(super) fn is_url(text: &str, domains: Domains) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    if !["http", "https", "ftp"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
        return false;
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let (authority, path) = rest.find('/').map_or((rest, ""), |position| rest.split_at(position));
    let is_sound = |part: &str| is_uri_part(part, |letter| ";/?:@&=+$,[]-_.!~*'()".contains(letter));
    is_authority(authority, domains) && is_path(path) && is_sound(query) && is_sound(fragment)
}

/// Letters and digits of ASCII, the given marks, bytes as `%20`, and what ASCII does not have.
fn is_uri_part(text: &str, marks: impl Fn(char) -> bool) -> bool {
    let escapes = text.split('%').skip(1);
    let is_byte = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    let is_taken = |letter: char| {
        letter.is_ascii_alphanumeric()
            || letter == '%'
            || marks(letter)
            || !letter.is_ascii() && !letter.is_control() && !letter.is_whitespace()
    };
    escapes.into_iter().all(is_byte) && text.chars().all(is_taken)
}

/// A path of ASCII that does not lead out of its root and has no two slashes side by side.
fn is_path(path: &str) -> bool {
    let marks = |letter: char| "/-_:@&=+,.!~*'$;()".contains(letter);
    if !path.is_ascii() || !is_uri_part(path, marks) || path.contains("//") {
        return false;
    }
    let mut depth = 0_usize;
    for segment in path.split('/').filter(|segment| !segment.is_empty() && *segment != ".") {
        if segment != ".." {
            depth += 1;
        } else if depth == 0 {
            return false;
        } else {
            depth -= 1;
        }
    }
    true
}

/// `user:password@host:port`, of which only the host must be there.
fn is_authority(authority: &str, domains: Domains) -> bool {
    let is_port = |port: &str| port.is_empty() || is_digits(port) && port.parse::<u16>().is_ok();
    if let Some(rest) = authority.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else { return false };
        let is_plain = !address.contains('.') || address.starts_with("::FFFF:");
        let port = if port.is_empty() { Some("") } else { port.strip_prefix(':') };
        return is_plain && address.parse::<Ipv6Addr>().is_ok() && port.is_some_and(is_port);
    }
    let (user, host_and_port) = match authority.split_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, authority),
    };
    let is_user = |user: &str| {
        let marks = |letter: char| "-._~!$&'()*+,;=".contains(letter);
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        // What is not ASCII stands in no name here.
        let is_sound = |part: &str| part.is_ascii() && is_uri_part(part, marks);
        !name.is_empty() && is_sound(name) && is_sound(password)
    };
    let (host, port) = host_and_port.split_once(':').unwrap_or((host_and_port, ""));
    let is_host = is_domain(host, domains) || host.parse::<Ipv4Addr>().is_ok();
    user.is_none_or(is_user) && is_port(port) && is_host
}

/// An e-mail address as Apache's `EmailValidator` with its defaults takes it: words with single dots between them, each
/// plain or in quotes, of 64 characters at most; then a host with a top-level domain, or an address in brackets.
pub(super) fn is_email(text: &str, domains: Domains) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    if domain.is_empty() || domain.ends_with('.') || domain.contains(BLANKS) || local.contains(LINE_ENDS) {
        return false;
    }
    let bracketed = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_sound_domain = match bracketed {
        Some(address) => address.parse::<Ipv4Addr>().is_ok() || is_ipv6_of_mail(address),
        None => is_domain(domain, domains),
    };
    is_sound_domain && local.encode_utf16().count() <= 64 && are_words(local)
}

/// With the length of a network and a zone behind it, which Apache's `InetAddressValidator` takes.
fn is_ipv6_of_mail(text: &str) -> bool {
    let (address, bits) = text.split_once('/').unwrap_or((text, "0"));
    let (address, zone) = address.split_once('%').unwrap_or((address, "0"));
    let is_length = is_digits(bits) && bits.len() <= 3 && bits.parse::<u16>().is_ok_and(|bits| bits <= 128);
    let is_zone = !zone.is_empty() && !zone.contains(['/', '%']) && !zone.contains(BLANKS);
    is_length && is_zone && address.parse::<Ipv6Addr>().is_ok()
}

/// Words with single dots between them. A word in quotes may hold quotes behind a backslash; where such a quote may as
/// well end the word, either reading will do.
fn are_words(text: &str) -> bool {
    let after_word = |rest: &str| rest.is_empty() || rest.strip_prefix('.').is_some_and(are_words);
    let Some(quoted) = text.strip_prefix('"') else {
        let mut letters = text.char_indices();
        let mut end = 0;
        while let Some((position, letter)) = letters.next() {
            let escaped = letter == '\\' && letters.next().is_some();
            let special = letter.is_ascii_control() || BLANKS.contains(&letter) || "()<>@,;:\\\".[]".contains(letter);
            if special && !escaped {
                break;
            }
            end = letters.offset().max(position + letter.len_utf8());
        }
        return end > 0 && after_word(&text[end..]);
    };
    for (position, _) in quoted.match_indices('"') {
        if after_word(&quoted[position + 1..]) {
            return true;
        }
        if !quoted[..position].ends_with('\\') {
            return false;
        }
    }
    false
}

/// A name with a top-level domain; one that ends in a dot is the same name.
fn is_domain(host: &str, domains: Domains) -> bool {
    let Some(host) = in_ascii(host) else { return domains == Domains::Plausible && is_plausible(host) };
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(&host).split('.').collect();
    let is_label = |label: &&str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_top_level =
        |label: &&&str| label.starts_with(|first: char| first.is_ascii_alphabetic()) && domains.has(label);
    host.len() <= 253
        && labels.len() >= 2
        && labels.iter().all(is_label)
        && labels.last().is_some_and(|last| is_top_level(&last))
}

/// The form of a name that the net knows; none for a name of another script that has none.
fn in_ascii(host: &str) -> Option<String> {
    if host.is_ascii() {
        return Some(host.to_owned());
    }
    match url::Host::parse(host) {
        Ok(url::Host::Domain(name)) => Some(name),
        _ => None,
    }
}

/// Whether a name of another script may have a form that a server finds.
fn is_plausible(host: &str) -> bool {
    let is_label = |label: &str| {
        let special =
            |letter: char| letter.is_control() || letter.is_whitespace() || "()<>@,;:\\\"[]/?#".contains(letter);
        !label.is_empty() && !label.contains(special)
    };
    host.contains('.') && host.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use serde::Deserialize;

    use super::TOP_LEVEL;
    use crate::value_type::{ImportEngine, ValueType};

    const ENGINES: [ImportEngine; 2] = [ImportEngine::RowByRow, ImportEngine::SetBased];

    #[derive(Deserialize)]
    struct Forms {
        texts: BTreeMap<String, Vec<(String, bool)>>,
    }

    fn forms() -> Vec<(ValueType, String, bool)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/value-forms.json");
        let forms: Forms = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let texts = forms.texts.into_iter().flat_map(|(name, texts)| {
            let value_type: ValueType = serde_json::from_value(name.into()).unwrap();
            texts.into_iter().map(move |(text, taken)| (value_type, text, taken))
        });
        texts.collect()
    }

    #[test]
    fn every_text_is_taken_or_refused_as_dhis2_does() {
        let mut differing = Vec::new();
        let forms = forms();
        for (value_type, text, taken) in &forms {
            for engine in ENGINES {
                if value_type.stored_as(text, engine).is_ok() != *taken {
                    differing.push(format!("{value_type:?} `{text}`: taken is {taken}"));
                }
            }
        }
        assert!(differing.is_empty(), "{differing:#?}");
        assert_eq!(forms.len(), 256);
    }

    #[test]
    fn nothing_is_held_back_that_a_server_takes() {
        for (value_type, text, taken) in forms() {
            let is_kept = |text: &str| ENGINES.iter().all(|engine| value_type.may_be_stored_as(text, *engine).is_ok());
            assert!(!taken || is_kept(&text), "{value_type:?} `{text}`");
            // A day with any tail is moved as a day only where the tail is a time.
            let is_day = value_type == ValueType::Date;
            assert!(!taken || is_day || value_type.canonical(&text).is_ok(), "{value_type:?} `{text}`");
        }
        // A domain that is younger than our list.
        for (value_type, text) in [(ValueType::Email, "a@b.younger"), (ValueType::Url, "https://b.younger/x")] {
            assert!(value_type.stored_as(text, ImportEngine::SetBased).is_err());
            assert_eq!(value_type.canonical(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn the_list_of_domains_is_sorted_and_whole() {
        let names: Vec<&str> = TOP_LEVEL.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(names.is_sorted() && names.len() > 1_400, "{} names", names.len());
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    }
}
