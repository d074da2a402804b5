//! The connection to one server as one user.

use crate::dhis2::error::ClientError;
use crate::domain::run::Traffic;
use crate::domain::secret::Login;
use crate::domain::server::BaseUrl;

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
}

/// The connection to one server as one user: one cookie jar, one connection pool.
#[derive(Debug)]
pub struct Client {}

impl Client {
    /// Prepares a connection; nothing is sent yet.
    pub fn new(_options: ClientOptions) -> Result<Self, ClientError> {
        todo!()
    }

    /// The server's name as people gave it.
    pub fn server(&self) -> &str {
        todo!()
    }

    /// What its requests cost so far; the seconds stand in `seconds_source` for a caller to place.
    pub fn traffic(&self) -> Traffic {
        todo!()
    }
}
