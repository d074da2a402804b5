//! The HTTP library's client as this program sets it up, the login as a header, and what the library's failures mean.

use std::sync::Once;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{self, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use crate::error::{Cause, ClientErrorKind, clean};
use crate::limits::Limits;
use crate::tls::TlsProblem;
use crate::trust::trusting;
use xfer_domain::certificates::Certificates;
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;

/// Idle connections are closed before the server closes them: 20 s with the connector that DHIS2 ships (dhis2-api 11).
const POOL_IDLE: Duration = Duration::from_secs(12);

/// Who we say we are; some clouds turn away unknown clients without a name.
const USER_AGENT: &str = concat!("xfer/", env!("CARGO_PKG_VERSION"), " (DHIS2 aggregate data transfer)");

/// The library's client: no redirects, no decompression, no proxy for this machine itself.
/// With certificates of its own the server is trusted by these and by no others.
pub(crate) fn http_client(
    base: &BaseUrl,
    limits: &Limits,
    certificates: Option<&Certificates>,
) -> Result<reqwest::Client, ClientErrorKind> {
    static PROVIDER: Once = Once::new();
    // Fails only if another part of the process chose a provider already, which is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let builder = || {
        let mut headers = HeaderMap::new();
        headers.insert("x-requested-with", HeaderValue::from_static("XMLHttpRequest"));
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_gzip()
            .connect_timeout(limits.connect)
            .pool_idle_timeout(POOL_IDLE);
        if base.is_loopback() { builder.no_proxy() } else { builder }
    };
    if let Some(certificates) = certificates.filter(|_| base.is_https()) {
        let built = builder().tls_backend_preconfigured(trusting(certificates)?).build();
        return built.map_err(|error| ClientErrorKind::InvalidSetup {
            reason: "an encrypted connection cannot be prepared".to_owned(),
            source: Some(Box::new(error)),
        });
    }
    let built = match builder().build() {
        // A machine without CA certificates (a bare container) still reaches http on itself.
        Err(_) if !base.is_https() => builder().tls_certs_only(std::iter::empty()).build(),
        built => built,
    };
    built.map_err(|error| ClientErrorKind::InvalidSetup {
        reason: "an encrypted connection is not possible on this machine; are its CA certificates installed?"
            .to_owned(),
        source: Some(Box::new(error)),
    })
}

/// The login as a header that debug output does not show.
pub(crate) fn authorization(login: &Login) -> Result<HeaderValue, ClientErrorKind> {
    let text = match login {
        Login::Basic { username, password } => joined(&["Basic ", &basic(username, password)]),
        Login::Token(token) => joined(&["ApiToken ", token.expose_secret().trim()]),
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| ClientErrorKind::setup("the token contains characters that a token cannot have"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// User name and password as they are sent. The library that sends them keeps a copy of its own; here none stays.
pub(crate) fn basic(username: &str, password: &SecretString) -> Zeroizing<String> {
    let pair = joined(&[username, ":", password.expose_secret()]);
    // A text that grows leaves copies of itself behind.
    let mut sent = Zeroizing::new(String::with_capacity(pair.len().div_ceil(3) * 4));
    STANDARD.encode_string(pair.as_bytes(), &mut sent);
    sent
}

fn joined(parts: &[&str]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    for part in parts {
        text.push_str(part);
    }
    text
}

/// What a failed send means, read off the chain of causes.
pub(crate) fn failure_of(error: reqwest::Error) -> ClientErrorKind {
    // The address is in our own error already, without its query.
    let error = error.without_url();
    let reason = clean(&innermost(&error));
    if error.is_builder() {
        return ClientErrorKind::InvalidSetup { reason, source: Some(Box::new(error)) };
    }
    if let Some(problem) = tls_problem(&error) {
        // The library's word for it is that of a type, and says less than ours.
        let source: Option<Cause> = if matches!(problem, TlsProblem::SelfSigned | TlsProblem::NotGiven(_)) {
            None
        } else {
            Some(Box::new(error))
        };
        return ClientErrorKind::Tls { problem, source };
    }
    if error.is_connect() {
        return ClientErrorKind::Connect { reason, source: Some(Box::new(error)) };
    }
    if reason.contains("invalid HTTP version") {
        let what = "the answer is not HTTP; the address may need https://".to_owned();
        return ClientErrorKind::Malformed { what, source: Some(Box::new(error)) };
    }
    interrupted(error)
}

pub(crate) fn interrupted(error: reqwest::Error) -> ClientErrorKind {
    let source: Cause = Box::new(error.without_url());
    ClientErrorKind::Interrupted { source: Some(source) }
}

/// The last cause of a chain: "connection refused" rather than "error sending request".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// What TLS is to blame for. `io::Error` hides the error it wraps from the chain, twice here, so it is looked into.
fn tls_problem(error: &(dyn std::error::Error + 'static)) -> Option<TlsProblem> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(TlsProblem::of(error));
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => tls_problem(wrapped),
        None => error.source().and_then(tls_problem),
    }
}
