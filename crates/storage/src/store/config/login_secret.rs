//! A login's secret in the row of its server, and what it is sealed for.

use rusqlite::{Connection, Transaction, params};
use secrecy::SecretString;

use crate::store::error::StoreError;
use crate::store::vault::{Place, Vault};
use xfer_domain::script::ContentHash;
use xfer_domain::secret::Login;
use xfer_domain::server::{BaseUrl, ServerId};

/// What a secret is sealed for: the server's origin and, where it has any, the certificates by which it is trusted.
pub(super) fn origin_of(connection: &Connection, id: ServerId, url: &BaseUrl) -> Result<String, StoreError> {
    let certificates = "SELECT certificates FROM server WHERE id = ?1";
    let certificates: Option<String> = connection.query_row(certificates, [id.0], |row| row.get(0))?;
    Ok(match certificates {
        None => url.origin(),
        Some(certificates) => format!("{} trusted by {}", url.origin(), ContentHash::of(&certificates)),
    })
}

/// The words for a kind of login, and the user's name where it has one.
pub(super) fn kind_and_user(login: &Login) -> (&'static str, Option<&str>) {
    match login {
        Login::Basic { username, .. } => ("basic", Some(username)),
        Login::Token(_) => ("token", None),
    }
}

fn secret_of(login: &Login) -> &SecretString {
    match login {
        Login::Basic { password, .. } => password,
        Login::Token(token) => token,
    }
}

/// The row that a secret is sealed for.
pub(super) fn place(id: ServerId, origin: &str) -> Place<'_> {
    Place { table: "server", row: id.0, column: "secret", origin }
}

/// Seals a login's secret into the row of its server.
pub(super) fn store_secret(
    transaction: &Transaction<'_>,
    vault: &Vault,
    id: ServerId,
    url: &BaseUrl,
    login: &Login,
) -> Result<(), StoreError> {
    let sealed = vault.seal(secret_of(login), &place(id, &origin_of(transaction, id, url)?))?;
    transaction.execute("UPDATE server SET secret = ?2 WHERE id = ?1", params![id.0, sealed])?;
    Ok(())
}
