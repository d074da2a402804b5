//! Messages to a web address that a person gave: with e-mail, the one thing that is sent to others than DHIS2 servers.
//!
//! The address is a secret: whoever knows it can write to the channel. It stands in no error and no log. Nothing that a
//! listener writes is shown either: many repeat what they were asked for, escaped or cut in ways that nobody can list.

use std::time::Duration;

use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::ClientErrorKind;
use crate::http::{failure_of, http_client};
use crate::limits::Limits;
use xfer_domain::alert::origin_of;
use xfer_domain::redaction::keep_address;
use xfer_domain::server::BaseUrl;

/// What is asked of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A GET.
    Get,
    /// A POST without a body.
    Post,
    /// A POST of JSON.
    Json(String),
}

/// Calls the address; gives what it answered, in short.
pub async fn deliver(address: &SecretString, call: Call, patience: Duration) -> Result<String, ClientErrorKind> {
    keep_address(address);
    match tokio::time::timeout(patience, answer_of(address, call)).await {
        Ok(answered) => answered,
        Err(_) => Err(ClientErrorKind::Timeout { waited: patience }),
    }
}

async fn answer_of(address: &SecretString, call: Call) -> Result<String, ClientErrorKind> {
    let url = address.expose_secret().trim();
    origin_of(url).map_err(|unusable| ClientErrorKind::setup(unusable.to_string()))?;
    let base = BaseUrl::parse(url).map_err(|_| ClientErrorKind::setup("it is not a web address"))?;
    let http = http_client(&base, &Limits::default(), None)?;
    let request = match call {
        Call::Get => http.get(url),
        Call::Post => http.post(url),
        Call::Json(body) => http.post(url).header("content-type", "application/json").body(body),
    };
    let status = request.send().await.map_err(failure_of)?.status();
    let said = in_short(status);
    if status.is_success() { Ok(said) } else { Err(ClientErrorKind::setup(format!("it answers {said}"))) }
}

/// A status with the words that the standard has for it, not the listener's own.
fn in_short(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// The address below another: `/start` and `/fail` of a dead man's switch.
pub fn below(address: &SecretString, part: &str) -> Result<SecretString, ClientErrorKind> {
    let mut url =
        Url::parse(address.expose_secret().trim()).map_err(|_| ClientErrorKind::setup("it is not a web address"))?;
    let path = format!("{}/{part}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(SecretString::from(String::from(url)))
}

#[cfg(test)]
mod tests {
    use reqwest::StatusCode;
    use secrecy::{ExposeSecret, SecretString};

    use super::{below, in_short};

    #[test]
    fn the_parts_of_a_switch_lie_below_its_address() {
        for (address, start) in [
            ("https://hc.org/ping/1234", "https://hc.org/ping/1234/start"),
            ("https://hc.org/ping/1234/\n", "https://hc.org/ping/1234/start"),
            ("https://hc.org/ping/1234?create=1", "https://hc.org/ping/1234/start?create=1"),
        ] {
            assert_eq!(below(&SecretString::from(address), "start").unwrap().expose_secret(), start);
        }
        assert!(below(&SecretString::from("hc.org"), "start").is_err());
    }

    #[test]
    fn an_answer_is_its_status_and_nothing_of_the_listeners_own() {
        assert_eq!(in_short(StatusCode::OK), "200 OK");
        assert_eq!(in_short(StatusCode::NOT_FOUND), "404 Not Found");
        assert_eq!(in_short(StatusCode::from_u16(599).unwrap()), "599");
    }
}
