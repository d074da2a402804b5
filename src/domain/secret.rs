//! Secrets as types: what cannot be shown cannot leak.

use secrecy::SecretString;

/// How to log in to a server. `Debug` shows the user name and never the secret.
#[derive(Debug, Clone)]
pub enum Login {
    /// User name and password (HTTP Basic). The user must not have two-factor login on.
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A personal access token (`Authorization: ApiToken …`), 2.38 and later.
    Token(SecretString),
}
