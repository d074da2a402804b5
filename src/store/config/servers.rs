//! Servers: where they are, how to log in, what they said about themselves.
//!
//! A secret is sealed for its row and its origin before it reaches SQLite, so that it stands nowhere in the clear: not
//! in the file, not in its journal, not in a free page.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use secrecy::SecretString;

use crate::domain::secret::Login;
use crate::domain::server::{Account, BaseUrl, LoginKind, Server, ServerId, ServerIdentity};
use crate::store::column::{Json, Text};
use crate::store::config::names::{Name, key, number_of};
use crate::store::config::{ConfigStore, Removal};
use crate::store::error::{Kind, Named, StoreError};
use crate::store::vault::{Place, Vault};

/// A server to be kept.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// Its name, unique without regard to case.
    pub name: String,
    /// Where it is.
    pub url: BaseUrl,
    /// How to log in.
    pub login: Login,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
}

/// How a server's analytics answers, as far as it could be learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnalyticsFlags {
    /// Whether zeros are part of its analytics (`keyIncludeZeroValuesInAnalytics`).
    pub includes_zeros: Option<bool>,
    /// Whether its analytics answers without rows because it has no output period types (2.43).
    pub output_period_types_missing: Option<bool>,
}

/// What is kept about a server beside [`Server`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// The logged-in user, as of the last sync.
    pub account: Option<Account>,
    /// How its analytics answers, as of the last sync.
    pub analytics: AnalyticsFlags,
}

const COLUMNS: &str = "id, name, url, login, username, system_id, system_name, version, calendar, synced_at";

impl ConfigStore {
    /// Keeps a new server.
    pub fn add_server(&mut self, new: &NewServer) -> Result<Server, StoreError> {
        let name = Name::new(Kind::Server, &new.name)?;
        let vault = &self.vault;
        self.database.write(|transaction| {
            let (login, username) = kind_and_user(&new.login);
            transaction
                .execute(
                    "INSERT INTO server (name, name_key, url, allow_http, login, username) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    params![name.text, name.key, Text(&new.url), new.allow_http, login, username],
                )
                .map_err(|error| name.taken(Kind::Server, error))?;
            let id = ServerId(transaction.last_insert_rowid());
            store_secret(transaction, vault, id, &new.url, &new.login)?;
            by_id(transaction, id)
        })
    }

    /// All servers, by name.
    pub fn servers(&self) -> Result<Vec<Server>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM server ORDER BY name_key"))?;
            let servers = statement.query_map([], read_server)?.collect::<Result<_, _>>()?;
            Ok(servers)
        })
    }

    /// The server of that name, in upper or lower case.
    pub fn server(&self, name: &str) -> Result<Server, StoreError> {
        self.database.read(|connection| {
            connection
                .query_row(&format!("SELECT {COLUMNS} FROM server WHERE name_key = ?1"), [key(name)], read_server)
                .optional()?
                .ok_or_else(|| StoreError::not_found(Kind::Server, name))
        })
    }

    /// The server of that number.
    pub fn server_by_id(&self, id: ServerId) -> Result<Server, StoreError> {
        self.database.read(|connection| by_id(connection, id))
    }

    /// What is kept about a server beside [`Server`].
    pub fn server_settings(&self, id: ServerId) -> Result<ServerSettings, StoreError> {
        self.database.read(|connection| {
            connection
                .query_row(
                    "SELECT allow_http, account, analytics_includes_zeros, output_period_types_missing \
                     FROM server WHERE id = ?1",
                    [id.0],
                    |row| {
                        Ok(ServerSettings {
                            allow_http: row.get(0)?,
                            account: row.get::<_, Option<Json<Account>>>(1)?.map(|account| account.0),
                            analytics: AnalyticsFlags {
                                includes_zeros: row.get(2)?,
                                output_period_types_missing: row.get(3)?,
                            },
                        })
                    },
                )
                .optional()?
                .ok_or_else(|| not_found(id))
        })
    }

    /// How to log in, with the secret.
    pub fn login(&self, id: ServerId) -> Result<Login, StoreError> {
        let (server, sealed) = self.database.read(|connection| {
            let server = by_id(connection, id)?;
            let secret = "SELECT secret FROM server WHERE id = ?1";
            let sealed: Option<Vec<u8>> = connection.query_row(secret, [id.0], |row| row.get(0))?;
            Ok((server, sealed))
        })?;
        let closed = || StoreError::Sealed { server: server.name.clone() };
        let sealed = sealed.ok_or_else(closed)?;
        let secret = self.vault.open(&sealed, &place(id, &server.url.origin()))?.map_err(|_| closed())?;
        Ok(match server.login {
            LoginKind::Basic { username } => Login::Basic { username, password: secret },
            LoginKind::Token => Login::Token(secret),
        })
    }

    /// Gives a server another name. Jobs and maps follow.
    pub fn rename_server(&mut self, id: ServerId, name: &str) -> Result<(), StoreError> {
        let name = Name::new(Kind::Server, name)?;
        self.database.write(|transaction| {
            let changed = transaction
                .execute("UPDATE server SET name = ?2, name_key = ?3 WHERE id = ?1", params![id.0, name.text, name.key])
                .map_err(|error| name.taken(Kind::Server, error))?;
            found(changed, id)
        })
    }

    /// Replaces how to log in, at the address that the server has.
    pub fn update_login(&mut self, id: ServerId, login: &Login) -> Result<(), StoreError> {
        let vault = &self.vault;
        self.database.write(|transaction| {
            let server = by_id(transaction, id)?;
            store_login(transaction, vault, id, &server.url, login)
        })
    }

    /// Replaces a server's address, and the login with it: a secret is kept only for the place it was entered for.
    pub fn update_url(
        &mut self,
        id: ServerId,
        url: &BaseUrl,
        allow_http: bool,
        login: &Login,
    ) -> Result<(), StoreError> {
        let vault = &self.vault;
        self.database.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE server SET url = ?2, allow_http = ?3 WHERE id = ?1",
                params![id.0, Text(url), allow_http],
            )?;
            found(changed, id)?;
            store_login(transaction, vault, id, url, login)
        })
    }

    /// Keeps what a server said about itself, without its metadata.
    pub fn update_identity(
        &mut self,
        id: ServerId,
        identity: &ServerIdentity,
        account: &Account,
        analytics: AnalyticsFlags,
    ) -> Result<(), StoreError> {
        self.database.write(|transaction| store_identity(transaction, id, identity, account, analytics))
    }

    /// What uses a server: org unit maps, jobs, and routines of those jobs.
    pub fn uses_of_server(&self, id: ServerId) -> Result<Vec<Named>, StoreError> {
        self.database.read_together(|connection| uses(connection, id))
    }

    /// Removes a server with its secret and metadata; gives what was removed with it. The journals of removed routines
    /// stay.
    pub fn remove_server(&mut self, id: ServerId, removal: Removal) -> Result<Vec<Named>, StoreError> {
        self.database.write(|transaction| {
            let server = by_id(transaction, id)?;
            let by = uses(transaction, id)?;
            if removal == Removal::Refuse && !by.is_empty() {
                return Err(StoreError::InUse { what: Named::new(Kind::Server, server.name), by });
            }
            transaction.execute(
                "DELETE FROM routine WHERE id IN (SELECT routine FROM routine_job JOIN job ON job.id = routine_job.job \
                 WHERE ?1 IN (job.source, job.destination))",
                [id.0],
            )?;
            transaction.execute("DELETE FROM job WHERE ?1 IN (source, destination)", [id.0])?;
            transaction
                .execute("DELETE FROM org_unit_mapping WHERE ?1 IN (source_server, destination_server)", [id.0])?;
            transaction.execute("DELETE FROM server WHERE id = ?1", [id.0])?;
            Ok(by)
        })
    }
}

/// Keeps what a server said about itself.
pub(super) fn store_identity(
    transaction: &Transaction<'_>,
    id: ServerId,
    identity: &ServerIdentity,
    account: &Account,
    analytics: AnalyticsFlags,
) -> Result<(), StoreError> {
    let changed = transaction.execute(
        "UPDATE server SET system_id = ?2, system_name = ?3, version = ?4, calendar = ?5, account = ?6, \
         analytics_includes_zeros = ?7, output_period_types_missing = ?8 WHERE id = ?1",
        params![
            id.0,
            identity.system_id,
            identity.system_name,
            Text(&identity.version),
            identity.calendar,
            Json(account),
            analytics.includes_zeros,
            analytics.output_period_types_missing,
        ],
    )?;
    found(changed, id)
}

/// The server's row was there to be changed.
pub(super) fn found(changed: usize, id: ServerId) -> Result<(), StoreError> {
    if changed == 0 { Err(not_found(id)) } else { Ok(()) }
}

/// The number of the server of that name.
pub(super) fn server_number(connection: &Connection, name: &str) -> Result<i64, StoreError> {
    number_of(connection, Kind::Server, "server", name)
}

fn not_found(id: ServerId) -> StoreError {
    StoreError::not_found(Kind::Server, format!("number {}", id.0))
}

fn by_id(connection: &Connection, id: ServerId) -> Result<Server, StoreError> {
    connection
        .query_row(&format!("SELECT {COLUMNS} FROM server WHERE id = ?1"), [id.0], read_server)
        .optional()?
        .ok_or_else(|| not_found(id))
}

/// Reads a row of [`COLUMNS`].
fn read_server(row: &Row<'_>) -> rusqlite::Result<Server> {
    let login = match row.get::<_, String>(3)?.as_str() {
        "basic" => LoginKind::Basic { username: row.get(4)? },
        _ => LoginKind::Token,
    };
    let identity = match row.get::<_, Option<String>>(5)? {
        None => None,
        Some(system_id) => Some(ServerIdentity {
            system_id,
            system_name: row.get(6)?,
            version: row.get::<_, Text<_>>(7)?.0,
            calendar: row.get(8)?,
        }),
    };
    Ok(Server {
        id: ServerId(row.get(0)?),
        name: row.get(1)?,
        url: row.get::<_, Text<_>>(2)?.0,
        login,
        identity,
        synced_at: row.get(9)?,
    })
}

fn kind_and_user(login: &Login) -> (&'static str, Option<&str>) {
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

fn place(id: ServerId, origin: &str) -> Place<'_> {
    Place { table: "server", row: id.0, column: "secret", origin }
}

fn store_login(
    transaction: &Transaction<'_>,
    vault: &Vault,
    id: ServerId,
    url: &BaseUrl,
    login: &Login,
) -> Result<(), StoreError> {
    let (kind, username) = kind_and_user(login);
    transaction.execute("UPDATE server SET login = ?2, username = ?3 WHERE id = ?1", params![id.0, kind, username])?;
    store_secret(transaction, vault, id, url, login)
}

fn store_secret(
    transaction: &Transaction<'_>,
    vault: &Vault,
    id: ServerId,
    url: &BaseUrl,
    login: &Login,
) -> Result<(), StoreError> {
    let sealed = vault.seal(secret_of(login), &place(id, &url.origin()))?;
    transaction.execute("UPDATE server SET secret = ?2 WHERE id = ?1", params![id.0, sealed])?;
    Ok(())
}

/// What would be left dangling without the server, in the order in which people think of it.
fn uses(connection: &Connection, id: ServerId) -> Result<Vec<Named>, StoreError> {
    let queries = [
        (
            Kind::OrgUnitMap,
            "SELECT DISTINCT source.name || ' → ' || destination.name FROM org_unit_mapping \
             JOIN server AS source ON source.id = source_server \
             JOIN server AS destination ON destination.id = destination_server \
             WHERE ?1 IN (source_server, destination_server) ORDER BY 1",
        ),
        (Kind::Job, "SELECT name FROM job WHERE ?1 IN (source, destination) ORDER BY name_key"),
        (
            Kind::Routine,
            "SELECT name FROM routine WHERE id IN (SELECT routine FROM routine_job JOIN job \
             ON job.id = routine_job.job WHERE ?1 IN (job.source, job.destination)) ORDER BY name_key",
        ),
    ];
    let mut users = Vec::new();
    for (kind, query) in queries {
        let mut statement = connection.prepare(query)?;
        for name in statement.query_map([id.0], |row| row.get::<_, String>(0))? {
            users.push(Named::new(kind, name?));
        }
    }
    Ok(users)
}
