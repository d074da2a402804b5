//! The cookies of one connection: the session, and what a load balancer needs to find it again.
//!
//! DHIS2 opens a session for every request that comes without its cookie, with Basic and with tokens alike
//! (`login/basic-ok`, `login/pat-use-v2`): without a jar, sessions pile up and every request costs a password check.
//! A jar belongs to one user on one origin, because a valid session hides wrong credentials (dhis2-api 1.1); the
//! client sends to no other origin, so neither domains nor paths need to be matched.

use std::collections::BTreeMap;

use xfer_domain::redaction::keep_session;

/// Most bytes of cookies that are kept: they share the server's 8,192 bytes of headers with the request line.
const MOST_BYTES: usize = 1_024;

/// Announces when a session will end (2.43) and changes with every answer; it tells us nothing.
const IGNORED: &str = "SESSION_EXPIRE";

/// The cookies of one user on one origin.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct CookieJar {
    cookies: BTreeMap<String, String>,
}

impl CookieJar {
    /// Takes in one `Set-Cookie` header; what is damaged, too large or meant to be deleted is left out or deleted.
    pub(crate) fn store(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let (name, value) = (name.trim(), value.trim());
        let sendable = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b',');
        if name.is_empty() || name == IGNORED || !sendable(name) || !sendable(value) {
            return;
        }
        let gone = value.is_empty()
            || parts.any(|attribute| {
                let (key, age) = attribute.split_once('=').unwrap_or((attribute, ""));
                key.eq_ignore_ascii_case("max-age") && age.trim().parse::<i64>().is_ok_and(|seconds| seconds <= 0)
            });
        if gone {
            self.cookies.remove(name);
            return;
        }
        let others: usize =
            self.cookies.iter().filter(|(known, _)| *known != name).map(|(key, kept)| key.len() + kept.len() + 3).sum();
        if others + name.len() + value.len() <= MOST_BYTES {
            keep_session(value);
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    /// The `Cookie` header, if there is anything to send.
    pub(crate) fn header(&self) -> Option<String> {
        if self.cookies.is_empty() {
            return None;
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Some(pairs.join("; "))
    }

    /// Forgets everything, if it is still what was sent: another request may have brought a fresh session meanwhile.
    pub(crate) fn forget(&mut self, sent: &str) {
        if self.header().as_deref() == Some(sent) {
            self.cookies.clear();
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.cookies.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::CookieJar;

    #[test]
    fn a_session_is_kept_replaced_and_dropped() {
        let mut jar = CookieJar::default();
        assert_eq!(jar.header(), None);
        jar.store("JSESSIONID=ABC; Path=/; HttpOnly; SameSite=Lax");
        jar.store("SESSION_EXPIRE=server_time=1&expiry_time=2; Path=/; Max-Age=3600");
        jar.store("route=n1; Max-Age=60");
        assert_eq!(jar.header().as_deref(), Some("JSESSIONID=ABC; route=n1"));
        jar.store("JSESSIONID=DEF; Path=/");
        jar.store("route=; Path=/");
        assert_eq!(jar.header().as_deref(), Some("JSESSIONID=DEF"));
        jar.forget("JSESSIONID=ABC");
        assert_eq!(jar.header().as_deref(), Some("JSESSIONID=DEF"), "a newer session stays");
        jar.store("JSESSIONID=DEF; Max-Age=0");
        assert_eq!(jar.header(), None);
    }

    #[test]
    fn nothing_can_be_smuggled_into_the_header() {
        let mut jar = CookieJar::default();
        for bad in ["", "x", "=y", "a b=c", "a=b\r\nX-Evil: 1", "a=\"b\"", "ä=b"] {
            jar.store(bad);
        }
        jar.store(&format!("big={}", "x".repeat(2_000)));
        assert_eq!(jar.header(), None);
    }
}
