//! What must not be seen: the logins in use, struck out of every sentence in whatever form they stand there.
//!
//! A server may repeat what it was sent: a refusal that quotes the password, an error page with the request's headers,
//! a redirect with a user in its address. What servers say ends on terminals, in logs, reports and journals, and what
//! one server says may hold the other one's login. So there is one list for the whole process. A login is put on it
//! before it is first used; texts of servers pass through [`redact`] where they are read, log lines and errors once more
//! where they are written.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::domain::secret::Login;

/// What stands in the place of a secret.
pub const STRUCK_OUT: &str = "***";

/// A secret of one or two letters would strike out half of every sentence.
const SHORTEST: usize = 3;

/// Shorter encoded forms occur by accident, in ids for instance.
const SHORTEST_ENCODED: usize = 6;

type Form = Zeroizing<String>;

/// The forms that are looked for, longest first: a form may be part of another.
static FORMS: RwLock<Vec<Form>> = RwLock::new(Vec::new());

/// From now on this login is struck out everywhere.
pub fn keep_secret(login: &Login) {
    let forms = match login {
        Login::Basic { username, password } => forms(Some(username), password.expose_secret()),
        Login::Token(token) => forms(None, token.expose_secret().trim()),
    };
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

fn struck_out<'text>(text: &'text str, forms: &[Form]) -> Cow<'text, str> {
    let mut shown = Cow::Borrowed(text);
    for form in forms {
        if shown.contains(form.as_str()) {
            shown = Cow::Owned(shown.replace(form.as_str(), STRUCK_OUT));
        }
    }
    shown
}

/// A secret in each form in which a server, a proxy or one of our libraries may write it.
fn forms(username: Option<&str>, secret: &str) -> Vec<Form> {
    if secret.chars().count() < SHORTEST {
        return Vec::new();
    }
    let bytes = secret.as_bytes();
    let mut encoded = vec![
        escaped_as_json(secret),
        escaped_as_html(secret),
        percent_encoded(secret, false, "%20"),
        percent_encoded(secret, true, "%20"),
        percent_encoded(secret, false, "+"),
        hexadecimal(bytes, false),
        hexadecimal(bytes, true),
        Zeroizing::new(STANDARD_NO_PAD.encode(bytes)),
        Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)),
    ];
    if let Some(username) = username {
        let pair = Zeroizing::new(format!("{username}:{secret}"));
        encoded.push(Zeroizing::new(STANDARD_NO_PAD.encode(pair.as_bytes())));
        encoded.push(Zeroizing::new(URL_SAFE_NO_PAD.encode(pair.as_bytes())));
    }
    encoded.retain(|form| form.len() >= SHORTEST_ENCODED && form.as_str() != secret);
    encoded.push(Zeroizing::new(secret.to_owned()));
    encoded
}

fn escaped_as_json(secret: &str) -> Form {
    let quoted = Zeroizing::new(serde_json::to_string(secret).unwrap_or_default());
    Zeroizing::new(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned())
}

fn escaped_as_html(secret: &str) -> Form {
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 6));
    for letter in secret.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            letter => text.push(letter),
        }
    }
    text
}

fn percent_encoded(secret: &str, lower: bool, blank: &str) -> Form {
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 3));
    for byte in secret.bytes() {
        match byte {
            b' ' => text.push_str(blank),
            byte if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) => text.push(char::from(byte)),
            byte => write_hexadecimal(&mut text, "%", byte, lower),
        }
    }
    text
}

fn hexadecimal(bytes: &[u8], upper: bool) -> Form {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        write_hexadecimal(&mut text, "", *byte, !upper);
    }
    text
}

fn write_hexadecimal(text: &mut String, before: &str, byte: u8, lower: bool) {
    // Writing into a text does not fail.
    let _ = if lower { write!(text, "{before}{byte:02x}") } else { write!(text, "{before}{byte:02X}") };
}

#[cfg(test)]
mod tests {
    use super::{Form, STRUCK_OUT, forms, keep_secret, redact, redacted_address, struck_out};
    use crate::domain::secret::Login;

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
        ] {
            let text = format!("you sent [{said}]==, no");
            assert_eq!(struck_out(&text, &known), format!("you sent [{STRUCK_OUT}]==, no"), "{said}");
        }
        let header = "Basic Y2xlcms6cGEgc3MidybDqS03";
        assert_eq!(struck_out(header, &known), "Basic ***");
        assert_eq!(struck_out("all is well", &known), "all is well");
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
}
