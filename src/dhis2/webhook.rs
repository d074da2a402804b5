//! Messages to a web address that a person gave: the one thing that is sent to others than DHIS2 servers.
//!
//! The address is a secret: whoever knows it can write to the channel. It stands in no error and no log.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::dhis2::error::ClientErrorKind;
use crate::dhis2::http::{failure_of, http_client};
use crate::dhis2::limits::Limits;
use crate::domain::server::BaseUrl;

/// A message that takes longer than this is given up: the run is over and waits for nothing else.
const PATIENCE: Duration = Duration::from_secs(20);

/// Posts JSON to the address; without a body, only asks for it.
pub async fn deliver(address: &SecretString, body: Option<String>) -> Result<(), ClientErrorKind> {
    let url = address.expose_secret().trim();
    let base = BaseUrl::parse(url).map_err(|_| ClientErrorKind::setup("it is no web address"))?;
    if !base.is_https() && !base.is_loopback() {
        return Err(ClientErrorKind::setup("it is not encrypted: everybody on the way could read it"));
    }
    let http = http_client(&base, &Limits::default())?;
    let request = match body {
        Some(body) => http.post(url).header("content-type", "application/json").body(body),
        None => http.get(url),
    };
    let answer = request.timeout(PATIENCE).send().await.map_err(failure_of)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    Err(ClientErrorKind::setup(format!("it answers {}", status.as_u16())))
}
