//! The connection to one server as one user.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::analytics::memory::AnalyticsMemory;
use crate::error::{ClientError, ClientErrorKind};
use crate::limits::Limits;
use crate::transport::{Transport, lock};
use xfer_domain::capabilities::Capabilities;
use xfer_domain::certificates::Certificates;
use xfer_domain::redaction::keep_secret;
use xfer_domain::run::ServerTraffic;
use xfer_domain::secret::Login;
use xfer_domain::server::{BaseUrl, ServerIdentity};

/// How to reach a server.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// The server's name as people gave it, for errors.
    pub server: String,
    /// Where it is.
    pub url: BaseUrl,
    /// How to log in.
    pub login: Login,
    /// Whether plain http to another machine is allowed for this server.
    pub allow_http: bool,
    /// Certificates by which this server is trusted, in place of those that the machine trusts.
    pub certificates: Option<Certificates>,
    /// Limits on time and size; `Limits::default()` but for tests.
    pub limits: Limits,
}

/// The connection to one server as one user: one cookie jar, one connection pool.
pub struct Client {
    server: String,
    pub(crate) transport: Transport,
    /// Who the server is, once asked.
    identity: Mutex<Option<ServerIdentity>>,
    /// What was learned about its analytics.
    pub(crate) analytics: Mutex<AnalyticsMemory>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Client {
    /// Prepares a connection; nothing is sent yet.
    ///
    /// # Errors
    /// [`ClientErrorKind::InvalidSetup`] for plain http to another machine that was not allowed, a login that cannot
    /// be sent, or a machine without CA certificates.
    pub fn new(options: ClientOptions) -> Result<Self, ClientError> {
        let ClientOptions { server, url, login, allow_http, certificates, limits } = options;
        let fail = |kind| ClientError { server: server.clone(), request: String::new(), kind };
        if !url.is_https() && !url.is_loopback() && !allow_http {
            let reason = format!("`{url}` is not encrypted: password and data could be read on the way");
            return Err(fail(ClientErrorKind::setup(reason)));
        }
        keep_secret(&login);
        let transport = Transport::new(url, &login, limits, certificates.as_ref()).map_err(fail)?;
        let analytics = Mutex::new(AnalyticsMemory::new(limits.analytics_cells));
        Ok(Self { server, transport, identity: Mutex::default(), analytics })
    }

    /// The server's name as people gave it.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// What its requests cost so far, retries included.
    pub fn traffic(&self) -> ServerTraffic {
        let meter = &self.transport.meter;
        ServerTraffic {
            requests: meter.requests.load(Ordering::Relaxed),
            bytes_in: meter.bytes_in.load(Ordering::Relaxed),
            bytes_out: meter.bytes_out.load(Ordering::Relaxed),
            seconds: Duration::from_micros(meter.microseconds.load(Ordering::Relaxed)).as_secs_f64(),
        }
    }

    /// What the server can do. Asks for its version unless it was asked before.
    pub async fn capabilities(&self) -> Result<Capabilities, ClientError> {
        Ok(Capabilities::of(&self.identity().await?.version))
    }

    /// Who the server is. Asks unless it was asked before.
    pub async fn identity(&self) -> Result<ServerIdentity, ClientError> {
        let known = lock(&self.identity).clone();
        match known {
            Some(identity) => Ok(identity),
            None => Ok(self.read_info().await?.identity),
        }
    }

    pub(crate) fn remember_identity(&self, identity: &ServerIdentity) {
        *lock(&self.identity) = Some(identity.clone());
    }

    /// An error of this server about a request, without secrets.
    pub(crate) fn fail(&self, request: impl Into<String>, kind: ClientErrorKind) -> ClientError {
        ClientError { server: self.server.clone(), request: request.into(), kind: kind.redacted() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Client, ClientOptions};
    use crate::error::ClientErrorKind;
    use crate::limits::Limits;
    use xfer_domain::secret::Login;

    fn options(url: &str, allow_http: bool) -> ClientOptions {
        ClientOptions {
            server: "test".to_owned(),
            url: url.parse().unwrap(),
            login: Login::Basic { username: "clerk".to_owned(), password: "very-secret".to_owned().into() },
            allow_http,
            certificates: None,
            limits: Limits::impatient(),
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_or_on_request() {
        assert!(Client::new(options("http://127.0.0.1:1", false)).is_ok());
        assert!(Client::new(options("http://dhis2.invalid", true)).is_ok());
        let error = Client::new(options("http://dhis2.invalid", false)).unwrap_err();
        assert!(matches!(error.kind, ClientErrorKind::InvalidSetup { .. }));
    }

    #[test]
    fn nothing_shows_the_secret() {
        let client = Client::new(options("http://127.0.0.1:1", false)).unwrap();
        let shown = format!("{client:?} {:?}", client.transport);
        assert!(!shown.contains("very-secret") && !shown.contains("Y2xlcms6"), "{shown}");
    }
}
