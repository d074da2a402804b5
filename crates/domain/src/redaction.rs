//! Redaction: removes the secrets in use from every text, in whatever encoding.
//!
//! Secrets are the logins of servers and mail servers with the sessions that they open, the secret parts of web addresses
//! that are told of runs, and passphrases.
//! A server may repeat what it was sent: a refusal that quotes the password, an error page with the request's headers,
//! a redirect with a user in its address. What servers say ends on terminals, in logs, reports and journals, and what
//! one server says may hold the other one's login. So there is one list for the whole process. A secret is put on it when
//! it is read or opened, before it is first used; texts of servers pass through [`redact`] where they are read, log lines and errors once more
//! where they are written.

mod views;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use self::views::find_in_views;
use crate::secret::Login;

/// What stands in the place of a secret.
pub const STRUCK_OUT: &str = "***";

/// A secret of one or two letters would strike out half of every sentence.
const SHORTEST: usize = 3;

/// Shorter encoded forms occur by accident, in ids for instance.
const SHORTEST_ENCODED: usize = 6;

/// Shorter pieces of a secret within something longer that is Base64 as a whole occur by accident.
const SHORTEST_WITHIN: usize = 10;

/// Shorter parts of an address are names that people gave, or numbers of versions.
const SHORTEST_PART: usize = 8;

/// A part of an address that is at least so long is no name, if no sign stands between its words.
const LONG_PART: usize = 20;

/// Sessions that are struck out: whoever opens a new one with each answer fills no memory.
const MOST_SESSIONS: usize = 200;

type Form = Zeroizing<String>;

/// The forms that are looked for, longest first: a form may be part of another.
static FORMS: RwLock<Vec<Form>> = RwLock::new(Vec::new());

/// From now on this login is struck out everywhere.
pub fn keep_secret(login: &Login) {
    match login {
        Login::Basic { username, password } => keep_password(Some(username), password),
        Login::Token(token) => keep(forms(None, token.expose_secret().trim())),
    }
}

/// From now on this password or passphrase is struck out everywhere.
pub fn keep_password(username: Option<&str>, password: &SecretString) {
    keep(forms(username, password.expose_secret()));
}

/// From now on this session of a server is struck out everywhere: for as long as it lives it is as good as the login.
pub fn keep_session(session: &str) {
    static SESSIONS: AtomicUsize = AtomicUsize::new(0);
    /// Shorter ones are no sessions: what a load balancer calls its machines.
    const SHORTEST_SESSION: usize = 16;
    if session.len() >= SHORTEST_SESSION
        && !is_known(session)
        && SESSIONS.fetch_add(1, Ordering::Relaxed) < MOST_SESSIONS
    {
        keep(vec![Zeroizing::new(session.to_owned())]);
    }
}

/// From now on the secret parts of a web address are struck out everywhere: user and password, the values of its query,
/// and what is long and random in its path. Host and names stay.
pub fn keep_address(address: &SecretString) {
    let (login, parts) = secret_parts(address.expose_secret().trim());
    let login = login.map(|(user, password)| forms(Some(&user), &password)).unwrap_or_default();
    keep(login.into_iter().chain(parts.iter().flat_map(|part| forms(None, part))).collect());
}

fn is_known(secret: &str) -> bool {
    FORMS.read().unwrap_or_else(PoisonError::into_inner).iter().any(|form| form.as_str() == secret)
}

fn keep(forms: Vec<Form>) {
    let mut known = FORMS.write().unwrap_or_else(PoisonError::into_inner);
    for form in forms {
        if !known.contains(&form) {
            known.push(form);
        }
    }
    known.sort_by_key(|form| std::cmp::Reverse(form.len()));
}

/// The text without any secret.
pub fn redact(text: &str) -> Cow<'_, str> {
    struck_out(text, &FORMS.read().unwrap_or_else(PoisonError::into_inner))
}

/// The same for an owned text, which is given back as it is where there is nothing to strike out.
pub fn redacted(text: String) -> String {
    match redact(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(struck_out) => struck_out,
    }
}

/// An address for people to see: without user and password, query and fragment, and without any secret, however often
/// it was encoded.
pub fn redacted_address(address: &str) -> String {
    /// A server that encodes more often than this hides it from its own clients.
    const LAYERS: usize = 4;
    let shown = address.split(['?', '#']).next().unwrap_or_default();
    let shown = without_user(shown);
    let mut plain: Cow<'_, str> = Cow::Borrowed(&shown);
    for _ in 0..LAYERS {
        if let Cow::Owned(struck_out) = redact(&plain) {
            return struck_out;
        }
        plain = Cow::Owned(percent_encoding::percent_decode_str(&plain).decode_utf8_lossy().into_owned());
    }
    shown
}

/// What stands before the `@` of an address's host is a login.
fn without_user(address: &str) -> String {
    let Some(slashes) = address.find("//") else { return address.to_owned() };
    let (scheme, rest) = address.split_at(slashes + 2);
    let host_ends = rest.find(['/', '\\']).unwrap_or(rest.len());
    match rest.get(..host_ends).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}{}", rest.get(at + 1..).unwrap_or_default()),
        None => address.to_owned(),
    }
}

/// User and password of a web address, decoded; and what else is secret about it, as it stands there and decoded. Values
/// of its query that may be words of many sentences are secret only with their names (`to=office`, `v=1.0`).
fn secret_parts(address: &str) -> (Option<(Form, Form)>, Vec<Form>) {
    let mut parts: Vec<Form> = Vec::new();
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let place = place.split_once("//").map_or(place, |(_, rest)| rest);
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    if let Some((login, _)) = host.rsplit_once('@') {
        parts.push(Zeroizing::new(login.to_owned()));
        parts.extend(login.split_once(':').map(|(_, password)| Zeroizing::new(password.to_owned())));
    }
    parts.extend(path.split('/').filter(|part| is_random(part)).map(|part| Zeroizing::new(part.to_owned())));
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        if is_random(value) || is_name_of_secret(name) {
            parts.push(Zeroizing::new(value.to_owned()));
        } else if !value.is_empty() {
            parts.push(Zeroizing::new(pair.to_owned()));
        }
    }
    for part in parts
        .iter()
        .flat_map(|part| [percent_decoded(part), percent_decoded(&part.replace('+', " "))])
        .collect::<Vec<_>>()
    {
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let login = host.rsplit_once('@').and_then(|(login, _)| login.split_once(':'));
    (login.map(|(user, password)| (percent_decoded(user), percent_decoded(password))), parts)
}

fn percent_decoded(text: &str) -> Form {
    Zeroizing::new(percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned())
}

/// Whether a part of an address is no name that a person gave: of letters and digits, of large and small ones within, or so
/// long without a sign between words that nobody would read it.
fn is_random(part: &str) -> bool {
    let part = percent_decoded(part);
    let has = |wanted: fn(&char) -> bool| part.chars().any(|letter| wanted(&letter));
    let letters = part.chars().count();
    let digits = has(char::is_ascii_digit);
    let mixed = has(|letter| letter.is_lowercase()) && part.chars().skip(1).any(char::is_uppercase);
    let one_word = !has(|letter| matches!(letter, '-' | '_' | '.' | ' '));
    (letters >= SHORTEST_PART && (digits || mixed)) || (letters >= LONG_PART && one_word)
}

/// Whether a name in a query says that its value is a secret, however short it is.
fn is_name_of_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["token", "key", "secret", "pass", "pw", "sig", "auth", "code"].iter().any(|word| name.contains(word))
}

/// Bytes of a text that are decoded at a time: with the way back a view takes ten times as much.
const WINDOW: usize = 64 << 10;

/// What one window has in common with the next: more than a secret takes, however it is encoded.
const OVERLAP: usize = 16 << 10;

fn struck_out<'text>(text: &'text str, forms: &[Form]) -> Cow<'text, str> {
    if forms.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut found = find(text, forms.iter());
    for (start, window) in windows(text) {
        let search = |view: &str, squeezed: bool| {
            if squeezed {
                find(view, forms.iter().filter(|form| is_set_in_lines(form)))
            } else {
                find(view, forms.iter())
            }
        };
        let in_views = find_in_views(window, &search);
        found.extend(in_views.into_iter().map(|range| start + range.start..start + range.end));
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let (mut shown, mut at) = (String::with_capacity(text.len()), 0);
    for range in found {
        // What overlaps is one secret in two forms.
        if at == 0 || range.start >= at {
            shown.push_str(text.get(at..range.start).unwrap_or_default());
            shown.push_str(STRUCK_OUT);
        }
        at = at.max(range.end);
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(shown)
}

fn find<'form>(text: &str, forms: impl Iterator<Item = &'form Form>) -> Vec<Range<usize>> {
    let places = |form: &'form Form| text.match_indices(form.as_str()).map(|(at, form)| at..at + form.len());
    forms.flat_map(places).collect()
}

/// Whether a form may be found broken over lines or with signs between its bytes: it has none of them itself, and is too
/// long to come about by accident where words meet.
fn is_set_in_lines(form: &Form) -> bool {
    form.len() >= SHORTEST_WITHIN && form.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte))
}

/// A text in pieces that are decoded one after the other, each with where it begins.
fn windows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let start = next?;
        let end = text.floor_char_boundary(start + WINDOW);
        next = (end < text.len()).then(|| text.floor_char_boundary(end - OVERLAP));
        Some((start, text.get(start..end)?))
    })
}

/// A secret in each form that is looked for in a text, and in what the text reads when it is decoded ([`views`]).
fn forms(username: Option<&str>, secret: &str) -> Vec<Form> {
    if secret.chars().count() < SHORTEST {
        return Vec::new();
    }
    let bytes = secret.as_bytes();
    let mut encoded = vec![
        hexadecimal(bytes, false),
        hexadecimal(bytes, true),
        Zeroizing::new(STANDARD_NO_PAD.encode(bytes)),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)),
        // As forms of web pages are sent.
        Zeroizing::new(secret.replace(' ', "+")),
    ];
    if let Some(username) = username {
        let pair = Zeroizing::new(format!("{username}:{secret}"));
        encoded.push(Zeroizing::new(STANDARD_NO_PAD.encode(pair.as_bytes())));
        encoded.push(Zeroizing::new(URL_SAFE_NO_PAD.encode(pair.as_bytes())));
        // As mail servers are told it (RFC 4616).
        let plain = Zeroizing::new(format!("\0{username}\0{secret}"));
        encoded.push(Zeroizing::new(STANDARD_NO_PAD.encode(plain.as_bytes())));
    }
    encoded.extend(within_base64(bytes));
    encoded.retain(|form| form.len() >= SHORTEST_ENCODED && form.as_str() != secret);
    encoded.push(Zeroizing::new(secret.to_owned()));
    encoded
}

/// What is the same wherever the secret stands within a text that is Base64 as a whole: three letters become four signs,
/// and those that its neighbours have a part in are left out.
fn within_base64(secret: &[u8]) -> Vec<Form> {
    let mut found = Vec::new();
    for before in 0..3_usize {
        let mut text = Zeroizing::new(vec![0; before]);
        text.extend_from_slice(secret);
        let whole = text.len() / 3 * 3;
        text.truncate(whole);
        for whole in [STANDARD_NO_PAD.encode(&*text), URL_SAFE_NO_PAD.encode(&*text)].map(Zeroizing::new) {
            let first = [0, 2, 3][before];
            if let Some(own) = whole.get(first..).filter(|own| own.len() >= SHORTEST_WITHIN) {
                found.push(Zeroizing::new(own.to_owned()));
            }
        }
    }
    found
}

fn hexadecimal(bytes: &[u8], upper: bool) -> Form {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        // Writing into a text does not fail.
        let _ = if upper { write!(text, "{byte:02X}") } else { write!(text, "{byte:02x}") };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{
        Form, STRUCK_OUT, forms, keep_address, keep_password, keep_secret, keep_session, redact, redacted_address,
        secret_parts, struck_out,
    };
    use crate::secret::Login;

    const PASSWORD: &str = "pa ss\"w&é-7";

    fn known() -> Vec<Form> {
        let mut known = forms(Some("clerk"), PASSWORD);
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
        known
    }

    #[test]
    fn every_form_of_a_login_is_struck_out() {
        let known = known();
        for said in [
            PASSWORD,
            "pa ss\\\"w&é-7",
            "pa ss&quot;w&amp;é-7",
            "pa%20ss%22w%26%C3%A9-7",
            "pa%20ss%22w%26%c3%a9-7",
            "pa+ss%22w%26%C3%A9-7",
            "7061207373227726c3a92d37",
            "7061207373227726C3A92D37",
            "cGEgc3MidybDqS03",
            "pa ss\\\"w&\\u00e9-7",
        ] {
            let text = format!("you sent [{said}]==, no");
            assert_eq!(struck_out(&text, &known), format!("you sent [{STRUCK_OUT}]==, no"), "{said}");
        }
        let header = "Basic Y2xlcms6cGEgc3MidybDqS03";
        assert_eq!(struck_out(header, &known), "Basic ***");
        assert_eq!(struck_out("all is well", &known), "all is well");
    }

    // Nobody can list all forms: the text is decoded, in any order, up to three times.
    #[test]
    fn a_login_is_struck_out_however_its_letters_are_encoded() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let secret = "moringa's été / kasava";
        let mut known = forms(Some("clerk"), secret);
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
        let each = |write: &dyn Fn(char) -> String| secret.chars().map(write).collect::<String>();
        let bytes = |text: &str, write: &dyn Fn(u8) -> String| text.bytes().map(write).collect::<String>();
        let percent = |text: &str| bytes(text, &|byte| format!("%{byte:02x}"));
        let html = each(&|letter| format!("&#x{:X};", u32::from(letter)));
        let json = each(&|letter| format!("\\u{:04x}", u32::from(letter)));
        let named = secret.replace('é', "&eacute;").replace('/', "&#x2F;").replace('\'', "&apos;");
        let header = STANDARD.encode(format!("clerk:{secret}"));
        let lines: Vec<String> =
            header.as_bytes().chunks(11).map(|line| String::from_utf8_lossy(line).into()).collect();
        for said in [
            percent(secret),
            percent(&percent(secret)),
            percent(&percent(&percent(secret))),
            each(&|letter| format!("&#{};", u32::from(letter))),
            percent(&html),
            json.replace('\\', "\\\\"),
            format!("{secret:?}").replace('\'', "\\u0027").trim_matches('"').to_owned(),
            html,
            json,
            named,
            percent(&header),
            lines.join("\r\n "),
            lines.join("\\n"),
            bytes(secret, &|byte| format!("{byte:02X}:")),
            bytes(secret, &|byte| format!("{byte:02x} ")),
        ] {
            let shown = struck_out(&said, &known).into_owned();
            let left = shown.replace(STRUCK_OUT, "");
            assert!(
                shown.contains(STRUCK_OUT) && left.trim_matches([' ', ':', '=', '%', '3', 'd']).is_empty(),
                "{said}: {shown}"
            );
            assert_eq!(struck_out(&format!("é [{said}] é"), &known).matches(STRUCK_OUT).count(), 1, "{said}");
        }
        let far = format!("{}{}{}", "a%20".repeat(40_000), percent(secret), "%".repeat(70_000));
        assert_eq!(struck_out(&far, &known), far.replace(&percent(secret), STRUCK_OUT));
    }

    #[test]
    fn short_secrets_do_not_eat_sentences() {
        assert!(forms(Some("a"), "ab").is_empty());
        let forms = forms(None, "abc");
        assert!(forms.iter().all(|form| form.as_str() == "abc" || form.len() >= 6));
    }

    #[test]
    fn addresses_show_no_login_however_it_is_encoded() {
        keep_secret(&Login::Basic { username: "clerk".to_owned(), password: "moringa/kasava 9".to_owned().into() });
        for (address, shown) in [
            ("https://h/ctx?token=x#y", "https://h/ctx"),
            ("https://clerk:pw@h:8080/ctx", "https://h:8080/ctx"),
            ("//clerk:p%40w@h/ctx", "//h/ctx"),
            ("/login/?next=x", "/login/"),
            ("https://h/a@b", "https://h/a@b"),
            ("https://h/%6doringa%2Fkasava%209/x", "https://h/***/x"),
            ("https://h/%256doringa%252Fkasava%25209/x", "https://h/***/x"),
        ] {
            assert_eq!(redacted_address(address), shown, "{address}");
        }
        assert_eq!(redact("moringa/kasava 9"), STRUCK_OUT);
    }

    // Whoever packs a whole header or document into Base64 packs the secret with it, at any of three places.
    #[test]
    fn a_secret_within_a_larger_text_in_base64_is_struck_out() {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD;
        let mut known = forms(None, "moringa-kasava-99");
        known.sort_by_key(|form| std::cmp::Reverse(form.len()));
        for before in ["", "a", "ab", "abc"] {
            let whole = STANDARD.encode(format!("{before}moringa-kasava-99 and more"));
            let shown = struck_out(&whole, &known);
            assert!(shown.contains(STRUCK_OUT), "{before}: {shown}");
            let left = STANDARD.decode(shown.split(STRUCK_OUT).next().unwrap()).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&left).contains("morin"), "{before}: {shown}");
        }
        let mail = forms(Some("his@h.org"), "moringa");
        let plain = STANDARD.encode("\0his@h.org\0moringa");
        assert!(struck_out(&plain, &mail).starts_with(STRUCK_OUT), "{plain}");
    }

    #[test]
    fn the_secret_parts_of_addresses_are_found_and_names_stay() {
        let parts =
            |address: &str| -> Vec<String> { secret_parts(address).1.iter().map(|part| part.to_string()).collect() };
        for (address, secret) in [
            ("https://clerk:p%40w1@h.org/x", &["clerk:p%40w1", "p%40w1", "clerk:p@w1", "p@w1"][..]),
            (
                "https://hooks.slack.com/services/T012AB3CD/B0/q83vEjRWeJqwErTyUi12",
                &["T012AB3CD", "q83vEjRWeJqwErTyUi12"],
            ),
            (
                "https://hc-ping.com/5b1c0c1e-7d1f-4f6e-9d0e-2f6f0c0f1a2b?create=1",
                &["5b1c0c1e-7d1f-4f6e-9d0e-2f6f0c0f1a2b", "create=1"],
            ),
            ("https://h.org/run?v=1.0&sig=ab%2Bcd&to=office#x", &["v=1.0", "ab%2Bcd", "to=office", "ab+cd"]),
            ("https://tok3n@h.org/run?x=q83vEjRWeJ", &["tok3n", "q83vEjRWeJ"]),
            ("https://h.org/run?token=abc", &["abc"]),
            ("https://h.org/alerts/district-offices-of-the-north", &[]),
            ("https://h.org", &[]),
        ] {
            assert_eq!(parts(address), secret, "{address}");
        }
    }

    #[test]
    fn passwords_addresses_and_sessions_are_struck_out_for_the_whole_process() {
        keep_password(Some("his@h.org"), &"tamarind-7731".to_owned().into());
        keep_address(&"https://h.org/in/Zk3vEjRWeJqw88?sig=a%2Fb%2Bc99\n".to_owned().into());
        keep_address(&"https://clerk:tilapia%2042@h.org".to_owned().into());
        assert_eq!(redact("Basic Y2xlcms6dGlsYXBpYSA0Mg=="), "Basic ***==");
        keep_session("F0A9C2D4E6B8A1C3D5E7");
        keep_session("node1");
        let said = "535 tamarind-7731: /in/Zk3vEjRWeJqw88?sig=a/b+c99 (a%2Fb%2Bc99), F0A9C2D4E6B8A1C3D5E7, node1";
        assert_eq!(redact(said), "535 ***: /in/***?sig=*** (***), ***, node1");
    }
}
