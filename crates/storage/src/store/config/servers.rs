//! Servers: where they are, what they are called, what they said about themselves.
//!
//! Secrets are the matter of `credentials`, what hangs on a server that of `removal`.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::store::column::{Json, Text};
use crate::store::config::ConfigStore;
use crate::store::config::login_secret::{kind_and_user, store_secret};
use crate::store::config::names::{BY_NAME, Name, keys, number_of};
use crate::store::error::{Kind, StoreError};
use crate::store::vault::Vault;
use xfer_domain::certificates::Certificates;
use xfer_domain::secret::Login;
use xfer_domain::server::{Account, BaseUrl, LoginKind, Server, ServerId, ServerIdentity};

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
    /// Certificates by which it is trusted, in place of those that the machine trusts.
    pub certificates: Option<Certificates>,
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
    /// Certificates by which it is trusted, in place of those that the machine trusts.
    pub certificates: Option<Certificates>,
    /// The logged-in user, as of the last sync.
    pub account: Option<Account>,
    /// How its analytics answers, as of the last sync.
    pub analytics: AnalyticsFlags,
}

const COLUMNS: &str = "id, name, url, login, username, system_id, system_name, version, calendar, synced_at";

impl ConfigStore {
    /// Keeps a new server.
    pub fn add_server(&mut self, new: &NewServer) -> Result<Server, StoreError> {
        self.write_sealed(|transaction, vault| insert(transaction, vault, new))
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
                .query_row(&format!("SELECT {COLUMNS} FROM server WHERE {BY_NAME}"), keys(name), read_server)
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
                    "SELECT allow_http, account, analytics_includes_zeros, output_period_types_missing, certificates \
                     FROM server WHERE id = ?1",
                    [id.0],
                    |row| {
                        Ok(ServerSettings {
                            allow_http: row.get(0)?,
                            certificates: row.get::<_, Option<Text<_>>>(4)?.map(|certificates| certificates.0),
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

    /// Gives a server another name. Jobs and maps follow.
    pub fn rename_server(&mut self, id: ServerId, name: &str) -> Result<(), StoreError> {
        let new = Name::new(Kind::Server, name)?;
        self.database.write(|transaction| {
            let name = new.or_kept(transaction, "server", &id.0, name)?;
            let changed = transaction
                .execute("UPDATE server SET name = ?2, name_key = ?3 WHERE id = ?1", params![id.0, name.text, name.key])
                .map_err(|error| name.taken(Kind::Server, error))?;
            found(changed, id)
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
}

/// Keeps a new server.
pub(super) fn insert(transaction: &Transaction<'_>, vault: &Vault, new: &NewServer) -> Result<Server, StoreError> {
    let name = Name::new(Kind::Server, &new.name)?;
    let (login, username) = kind_and_user(&new.login);
    transaction
        .execute(
            "INSERT INTO server (name, name_key, url, allow_http, login, username, certificates) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                name.text,
                name.key,
                Text(&new.url),
                new.allow_http,
                login,
                username,
                new.certificates.as_ref().map(Text)
            ],
        )
        .map_err(|error| name.taken(Kind::Server, error))?;
    let id = ServerId(transaction.last_insert_rowid());
    store_secret(transaction, vault, id, &new.url, &new.login)?;
    by_id(transaction, id)
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

pub(super) fn not_found(id: ServerId) -> StoreError {
    StoreError::not_found(Kind::Server, format!("number {}", id.0))
}

pub(super) fn by_id(connection: &Connection, id: ServerId) -> Result<Server, StoreError> {
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

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use crate::store::config::{AnalyticsFlags, ConfigStore, NewServer};
    use crate::store::error::StoreError;
    use crate::store::testing::{account, add_server, basic, identity, url};
    use xfer_domain::secret::Login;
    use xfer_domain::server::{LoginKind, Server, ServerId};

    fn store() -> (tempfile::TempDir, ConfigStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = ConfigStore::in_memory(folder.path()).unwrap();
        (folder, store)
    }

    fn password(store: &ConfigStore, server: &Server) -> String {
        match store.login(server.id).unwrap() {
            Login::Basic { password, .. } => password.expose_secret().to_owned(),
            Login::Token(token) => token.expose_secret().to_owned(),
        }
    }

    #[test]
    fn a_server_is_kept_with_its_login() {
        let (_folder, mut store) = store();
        let server = add_server(&mut store, " Santé ", "https://a.org/dhis", "opensesame");
        assert_eq!(server.name, "Santé");
        assert_eq!(server.login, LoginKind::Basic { username: "admin".to_owned() });
        assert_eq!(store.server("SANTÉ").unwrap(), server);
        assert_eq!(store.server_by_id(server.id).unwrap(), server);
        assert_eq!(password(&store, &server), "opensesame");
        let token = NewServer {
            name: "token".to_owned(),
            url: url("http://localhost:8080"),
            login: Login::Token(SecretString::from("d2p_token")),
            allow_http: true,
            certificates: None,
        };
        let token = store.add_server(&token).unwrap();
        assert_eq!(token.login, LoginKind::Token);
        assert_eq!(password(&store, &token), "d2p_token");
        assert!(store.server_settings(token.id).unwrap().allow_http);
        assert_eq!(store.servers().unwrap(), vec![server, token]);
    }

    #[test]
    fn names_are_unique_without_regard_to_case() {
        let (_folder, mut store) = store();
        let one = add_server(&mut store, "École", "https://a.org", "x");
        let two = add_server(&mut store, "other", "https://b.org", "x");
        let again = NewServer {
            name: "éCOLE".to_owned(),
            url: url("https://c.org"),
            login: basic("u", "p"),
            allow_http: false,
            certificates: None,
        };
        assert!(matches!(store.add_server(&again), Err(StoreError::AlreadyExists(_))));
        assert!(matches!(store.rename_server(two.id, "ÉCOLE"), Err(StoreError::AlreadyExists(_))));
        store.rename_server(one.id, "ÉCOLE").unwrap();
        assert_eq!(store.server("école").unwrap().name, "ÉCOLE");
        assert!(matches!(store.server("missing"), Err(StoreError::NotFound(_))));
        assert!(matches!(store.rename_server(ServerId(99), "x"), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn what_a_server_said_is_kept() {
        let (_folder, mut store) = store();
        let server = add_server(&mut store, "a", "https://a.org", "x");
        assert_eq!((server.identity, store.server_settings(server.id).unwrap().account), (None, None));
        let analytics = AnalyticsFlags { includes_zeros: Some(false), output_period_types_missing: Some(true) };
        store.update_identity(server.id, &identity(), &account(), analytics).unwrap();
        assert_eq!(store.server("a").unwrap().identity, Some(identity()));
        let settings = store.server_settings(server.id).unwrap();
        assert_eq!((settings.account, settings.analytics), (Some(account()), analytics));
    }

    #[test]
    fn what_was_learnt_is_kept_per_server_and_shape() {
        use crate::store::config::Tuning;
        let (_folder, mut store) = store();
        let server = add_server(&mut store, "a", "https://a.org", "x").id;
        assert_eq!(store.tuning(server, Tuning::RowsPerPost, "set").unwrap(), None);
        store.set_tuning(server, Tuning::RowsPerPost, "set", 500).unwrap();
        store.set_tuning(server, Tuning::RowsPerPost, "set", 250).unwrap();
        store.set_tuning(server, Tuning::AnalyticsBudget, "set", 9).unwrap();
        assert_eq!(store.tuning(server, Tuning::RowsPerPost, "set").unwrap(), Some(250));
        assert_eq!(store.tuning(server, Tuning::RowsPerPost, "other").unwrap(), None);
    }
}
