//! What an HTTP answer means, decided from status, headers and body alone.
//!
//! No socket here: the recordings of real servers are judged by the same function as live answers. The rules are
//! those of dhis2-api 1.4 and 11: DHIS2's own errors are JSON web messages, everything else in HTML comes from Tomcat
//! or a proxy and is told apart by status alone.

use std::time::Duration;

use serde::Deserialize;

use crate::error::{ClientErrorKind, clean};
use xfer_domain::redaction::redacted_address;

/// What some editors and proxies put before a text.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// An answer, as far as its meaning depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`, if any.
    pub content_type: Option<String>,
    /// Whether there is a `WWW-Authenticate`: a malformed token is answered with 400 and this (`login/pat-bad-checksum`).
    pub challenge: bool,
    /// `Location`, if any.
    pub location: Option<String>,
    /// `Retry-After`, if any.
    pub retry_after: Option<Duration>,
    /// The body, decompressed.
    pub body: Vec<u8>,
}

/// DHIS2's generic answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct WebMessage {
    pub(crate) http_status_code: Option<u16>,
    pub(crate) message: Option<String>,
    pub(crate) error_code: Option<String>,
    /// What OAuth2's filter answers up to 2.41 for an unknown bearer token.
    pub(crate) error: Option<String>,
}

impl Answer {
    /// An answer of that status, type and body.
    pub fn new(status: u16, content_type: Option<&str>, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type: content_type.map(str::to_owned), body: body.into(), ..Self::default() }
    }

    /// The JSON of a successful answer; anything else is the error it stands for.
    pub fn json(&self) -> Result<&[u8], ClientErrorKind> {
        if !(200..300).contains(&self.status) {
            return Err(self.refusal());
        }
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err(ClientErrorKind::EmptyBody);
        }
        if self.is_html() {
            return Err(ClientErrorKind::LoginPage { location: None });
        }
        if self.body.starts_with(BYTE_ORDER_MARK) {
            return Err(ClientErrorKind::malformed("it begins with a byte order mark, which JSON must not have"));
        }
        if self.type_contains("xml") || self.type_contains("csv") {
            let what = format!("expected JSON, received `{}`", clean(self.content_type.as_deref().unwrap_or_default()));
            return Err(ClientErrorKind::malformed(what));
        }
        Ok(&self.body)
    }

    /// The error that an unsuccessful answer stands for.
    pub(crate) fn refusal(&self) -> ClientErrorKind {
        let message = self.web_message();
        let said = || self.sentence(message.as_ref());
        let code = message.as_ref().and_then(|message| message.error_code.as_deref()).and_then(code);
        match self.status {
            300..=399 => self.redirect(),
            401 => ClientErrorKind::Unauthorized { message: said(), sent: true },
            400 if self.challenge => ClientErrorKind::Unauthorized { message: said(), sent: true },
            403 => ClientErrorKind::Forbidden { message: said() },
            404 if message.is_none() => ClientErrorKind::NotDhis2,
            404 => ClientErrorKind::NotFound { message: said() },
            413 => ClientErrorKind::PayloadTooLarge,
            414 | 431 => ClientErrorKind::UriTooLong,
            400 if message.is_none() && self.says_header_too_large() => ClientErrorKind::UriTooLong,
            429 => ClientErrorKind::RateLimited { retry_after: self.retry_after },
            408 | 502 | 503 | 504 | 520..=530 => {
                ClientErrorKind::Unavailable { status: self.status, retry_after: self.retry_after }
            }
            500.. => ClientErrorKind::ServerError { status: self.status, message: said() },
            _ => ClientErrorKind::Refused { status: self.status, code, message: said() },
        }
    }

    /// The web message of the body, where it is one.
    pub(crate) fn web_message(&self) -> Option<WebMessage> {
        let message: WebMessage = serde_json::from_slice(&self.body).ok()?;
        (message.http_status_code.is_some() || message.message.is_some() || message.error.is_some()).then_some(message)
    }

    /// The server's sentence, or one of ours where it says nothing worth reading.
    fn sentence(&self, message: Option<&WebMessage>) -> String {
        let text = message.and_then(|message| message.message.as_deref().or(message.error.as_deref()));
        match text.map(clean).filter(|text| !text.is_empty()) {
            Some(text) => text,
            None if self.is_html() => format!("a web page with status {}", self.status),
            None if self.body.is_empty() => format!("status {} and no text", self.status),
            None if message.is_some() => format!("status {} and no reason", self.status),
            None => clean(&String::from_utf8_lossy(&self.body)),
        }
    }

    /// What a redirect means that was not followed.
    fn redirect(&self) -> ClientErrorKind {
        let location = shown_location(self.location.as_deref().unwrap_or_default());
        if is_login_page(&location) {
            ClientErrorKind::LoginPage { location: Some(location) }
        } else {
            ClientErrorKind::Redirect { location }
        }
    }

    /// Whether the body is a web page.
    pub(crate) fn is_html(&self) -> bool {
        let first = self.body.iter().find(|byte| !byte.is_ascii_whitespace());
        self.type_contains("html") || first == Some(&b'<') && !self.type_contains("xml")
    }

    fn type_contains(&self, word: &str) -> bool {
        self.content_type.as_deref().is_some_and(|text| text.to_ascii_lowercase().contains(word))
    }

    /// Tomcat's words for too long a request line or too many headers (`errors/request-line-8300`).
    fn says_header_too_large(&self) -> bool {
        let page = String::from_utf8_lossy(&self.body[..self.body.len().min(16_384)]).to_ascii_lowercase();
        page.contains("header is too large") || page.contains("uri too") || page.contains("header or cookie too large")
    }
}

/// Whether an address is that of a login page: `/dhis-web-commons/security/login.action` up to 2.40,
/// `/dhis-web-login/` up to 2.42, `/login/` from 2.43.
pub(crate) fn is_login_page(location: &str) -> bool {
    location.to_ascii_lowercase().contains("login")
}

/// A server's error code, such as `E7128`; none where it is no such thing.
pub(crate) fn code(text: &str) -> Option<String> {
    const LONGEST_CODE: usize = 40;
    let is_code = (1..=LONGEST_CODE).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    is_code.then(|| clean(text))
}

/// An address for people to see: without user, query and fragment, where logins and tokens may stand.
pub(crate) fn shown_location(location: &str) -> String {
    clean(&redacted_address(location))
}

/// Parses JSON; `what` names it in the error.
pub(crate) fn parse<'body, T: Deserialize<'body>>(body: &'body [u8], what: &str) -> Result<T, ClientErrorKind> {
    serde_json::from_slice(body).map_err(|error| {
        if error.is_eof() {
            ClientErrorKind::Interrupted { source: Some(Box::new(error)) }
        } else {
            ClientErrorKind::Malformed { what: what.to_owned(), source: Some(Box::new(error)) }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::error::ClientErrorKind;

    fn kind(status: u16, content_type: &str, body: &str) -> ClientErrorKind {
        Answer::new(status, Some(content_type), body).json().expect_err("an error")
    }

    #[test]
    fn success_needs_a_body_of_json() {
        let good = Answer::new(200, Some("application/json;charset=UTF-8"), "{}");
        assert_eq!(good.json().unwrap(), b"{}");
        assert!(Answer::new(200, None, "[]").json().is_ok());
        assert!(matches!(kind(200, "application/json", " \n"), ClientErrorKind::EmptyBody));
        assert!(matches!(kind(204, "application/json", ""), ClientErrorKind::EmptyBody));
        assert!(matches!(kind(200, "text/html", "<html>"), ClientErrorKind::LoginPage { .. }));
        assert!(matches!(kind(200, "application/json", "<html>"), ClientErrorKind::LoginPage { .. }));
        assert!(matches!(kind(200, "application/xml", "<a/>"), ClientErrorKind::Malformed { .. }));
    }

    #[test]
    fn refusals_are_told_apart() {
        let json = "application/json";
        assert!(matches!(kind(404, "text/html", "<h1>"), ClientErrorKind::NotDhis2));
        let known = r#"{"httpStatusCode":404,"message":"no such object","errorCode":"E1005"}"#;
        assert!(matches!(kind(404, json, known), ClientErrorKind::NotFound { .. }));
        let limit = kind(409, json, r#"{"httpStatusCode":409,"message":"too many rows","errorCode":"E7128"}"#);
        assert_eq!(limit.server_code(), Some("E7128"));
        assert!(matches!(kind(400, "text/html", "Request header is too large"), ClientErrorKind::UriTooLong));
        assert!(matches!(kind(400, "text/html", "malicious String"), ClientErrorKind::Refused { code: None, .. }));
        assert!(matches!(kind(504, "text/html", ""), ClientErrorKind::Unavailable { status: 504, .. }));
        assert!(matches!(kind(500, json, r#"{"message":"x"}"#), ClientErrorKind::ServerError { .. }));
        assert!(matches!(kind(401, json, ""), ClientErrorKind::Unauthorized { .. }));
        let token = Answer { challenge: true, ..Answer::new(400, Some(json), r#"{"message":"Checksum"}"#) };
        assert!(matches!(token.json(), Err(ClientErrorKind::Unauthorized { .. })));
    }

    #[test]
    fn a_redirect_to_a_login_page_means_not_logged_in() {
        for location in ["http://h/dhis-web-commons/security/login.action", "/dhis-web-login/", "/login/?a=b"] {
            let answer = Answer { location: Some(location.to_owned()), ..Answer::new(302, None, "") };
            assert!(matches!(answer.json(), Err(ClientErrorKind::LoginPage { .. })), "{location}");
        }
        let answer = Answer { location: Some("https://h/ctx?token=x".to_owned()), ..Answer::new(301, None, "") };
        assert!(matches!(answer.json(), Err(ClientErrorKind::Redirect { location }) if location == "https://h/ctx"));
    }
}
