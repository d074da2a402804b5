//! Messages to a web address that a person gave: with e-mail, the one thing that is sent to others than DHIS2 servers.
//!
//! The address is a secret: whoever knows it can write to the channel. It stands in no error and no log, and is struck
//! out of what the listener says.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::dhis2::error::{ClientErrorKind, clean};
use crate::dhis2::http::{failure_of, http_client};
use crate::dhis2::limits::Limits;
use crate::domain::alert::origin_of;
use crate::domain::server::BaseUrl;

/// So much of an answer is read: it is shown to a person who tries a channel, and nothing depends on it.
const LONGEST_ANSWER: usize = 300;

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
    match tokio::time::timeout(patience, answer_of(address, call)).await {
        Ok(answered) => answered,
        Err(_) => Err(ClientErrorKind::Timeout { waited: patience }),
    }
}

async fn answer_of(address: &SecretString, call: Call) -> Result<String, ClientErrorKind> {
    let url = address.expose_secret().trim();
    origin_of(url).map_err(|unusable| ClientErrorKind::setup(unusable.to_string()))?;
    let base = BaseUrl::parse(url).map_err(|_| ClientErrorKind::setup("it is no web address"))?;
    let http = http_client(&base, &Limits::default())?;
    let request = match call {
        Call::Get => http.get(url),
        Call::Post => http.post(url),
        Call::Json(body) => http.post(url).header("content-type", "application/json").body(body),
    };
    let mut answer = request.send().await.map_err(failure_of)?;
    let status = answer.status();
    let mut body = Vec::new();
    // An answer that breaks off says less, and is an answer all the same.
    while let Ok(Some(chunk)) = answer.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() >= LONGEST_ANSWER {
            body.truncate(LONGEST_ANSWER);
            break;
        }
    }
    let said = in_short(status.as_u16(), &String::from_utf8_lossy(&body), url);
    if status.is_success() { Ok(said) } else { Err(ClientErrorKind::setup(format!("it answers {said}"))) }
}

/// An answer in a few words; the address, and the part of it that is secret, are struck out.
fn in_short(status: u16, body: &str, address: &str) -> String {
    let path = Url::parse(address).map(|url| url.path().to_owned()).unwrap_or_default();
    let mut said = body.replace(address, "***");
    if path.len() > 2 {
        said = said.replace(&path, "***");
    }
    match clean(&said) {
        // A page is for people who look at it in a browser.
        said if said.is_empty() || said.starts_with('<') => status.to_string(),
        said => format!("{status}: {said}"),
    }
}

/// The address below another: `/start` and `/fail` of a dead man's switch.
pub fn below(address: &SecretString, part: &str) -> Result<SecretString, ClientErrorKind> {
    let mut url =
        Url::parse(address.expose_secret().trim()).map_err(|_| ClientErrorKind::setup("it is no web address"))?;
    let path = format!("{}/{part}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(SecretString::from(String::from(url)))
}

#[cfg(test)]
mod tests {
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
    fn an_answer_is_short_and_does_not_repeat_the_address() {
        let address = "https://hooks.org/services/T0/secret";
        assert_eq!(in_short(200, "ok", address), "200: ok");
        assert_eq!(in_short(204, " \n", address), "204");
        assert_eq!(in_short(502, "<html>Bad Gateway</html>", address), "502");
        assert_eq!(in_short(404, "no /services/T0/secret\u{1b}[2J here", address), "404: no *** [2J here");
        assert_eq!(in_short(404, &format!("no {address}"), address), "404: no ***");
    }
}
