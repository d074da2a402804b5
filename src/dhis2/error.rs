//! What can go wrong between us and a server: which server, which request, what to do.

/// A request that failed.
#[derive(Debug, thiserror::Error)]
#[error("{server}: {kind}")]
pub struct ClientError {
    /// The server's name as people gave it.
    pub server: String,
    /// The request: method and path without query.
    pub request: String,
    /// What went wrong.
    pub kind: ClientErrorKind,
}

/// The kinds of failure that callers treat differently.
#[derive(Debug, thiserror::Error)]
pub enum ClientErrorKind {
    /// Placeholder for the table of the client.
    #[error("{0}")]
    Other(String),
}
