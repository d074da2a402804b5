//! How to log in to servers.
//!
//! A secret is sealed for its row and its origin before it reaches SQLite, so that it stands nowhere in the clear: not
//! in the file, not in its journal, not in a free page. An address changes only together with the login, because a
//! secret is kept for the place it was entered for. The same holds for the certificates by which that place is known:
//! whoever could put another authority beside a secret could listen to where it is sent.

use rusqlite::{Connection, Transaction, params};

use crate::store::column::Text;
use crate::store::config::ConfigStore;
use crate::store::config::login_secret::{kind_and_user, origin_of, place, store_secret};
use crate::store::config::servers::{by_id, found};
use crate::store::error::StoreError;
use crate::store::vault::Vault;
use xfer_domain::certificates::Certificates;
use xfer_domain::secret::Login;
use xfer_domain::server::{BaseUrl, LoginKind, Server, ServerId};

impl ConfigStore {
    /// How to log in, with the secret.
    pub fn login(&self, id: ServerId) -> Result<Login, StoreError> {
        self.vault.reading(|vault| opened(vault, self.database.read(|connection| kept(connection, id))?))
    }

    /// Replaces how to log in, at the address that the server has.
    pub fn update_login(&mut self, id: ServerId, login: &Login) -> Result<(), StoreError> {
        self.write_sealed(|transaction, vault| {
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
        let certificates = self.server_settings(id)?.certificates;
        self.update_reach(id, url, allow_http, certificates.as_ref(), login)
    }

    /// Replaces a server's address and the certificates by which it is trusted, and the login with them.
    pub fn update_reach(
        &mut self,
        id: ServerId,
        url: &BaseUrl,
        allow_http: bool,
        certificates: Option<&Certificates>,
        login: &Login,
    ) -> Result<(), StoreError> {
        self.write_sealed(|transaction, vault| {
            let changed = transaction.execute(
                "UPDATE server SET url = ?2, allow_http = ?3, certificates = ?4 WHERE id = ?1",
                params![id.0, Text(url), allow_http, certificates.map(Text)],
            )?;
            found(changed, id)?;
            store_login(transaction, vault, id, url, login)
        })
    }
}

/// A login's secret as it stands in the row of its server.
struct Kept {
    server: Server,
    sealed: Option<Vec<u8>>,
    /// What it is sealed for.
    origin: String,
}

fn kept(connection: &Connection, id: ServerId) -> Result<Kept, StoreError> {
    let server = by_id(connection, id)?;
    let secret = "SELECT secret FROM server WHERE id = ?1";
    let origin = origin_of(connection, id, &server.url)?;
    Ok(Kept { server, sealed: connection.query_row(secret, [id.0], |row| row.get(0))?, origin })
}

fn opened(vault: &Vault, kept: Kept) -> Result<Login, StoreError> {
    let Kept { server, sealed, origin } = kept;
    let closed = || StoreError::Sealed { server: server.name.clone() };
    let sealed = sealed.ok_or_else(closed)?;
    let secret = vault.open(&sealed, &place(server.id, &origin))?.map_err(|_| closed())?;
    Ok(match server.login {
        LoginKind::Basic { username } => Login::Basic { username, password: secret },
        LoginKind::Token => Login::Token(secret),
    })
}

/// Fails unless every login that has a secret opens.
pub(super) fn try_logins(connection: &Connection, vault: &Vault) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT id FROM server WHERE secret IS NOT NULL")?;
    for id in statement.query_map([], |row| row.get(0))? {
        opened(vault, kept(connection, ServerId(id?))?)?;
    }
    Ok(())
}

/// Opens every login that has a secret and seals it with the key of another vault; gives how many there were.
pub(super) fn seal_logins_again(
    transaction: &Transaction<'_>,
    vault: &Vault,
    successor: &Vault,
) -> Result<usize, StoreError> {
    let mut statement = transaction.prepare("SELECT id FROM server WHERE secret IS NOT NULL ORDER BY id")?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    for &id in &ids {
        let kept = kept(transaction, ServerId(id))?;
        let url = kept.server.url.clone();
        store_secret(transaction, successor, ServerId(id), &url, &opened(vault, kept)?)?;
    }
    Ok(ids.len())
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

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use crate::store::config::{ConfigStore, Removal};
    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::testing::{add_server, basic, url};
    use xfer_domain::secret::Login;
    use xfer_domain::server::{LoginKind, Server};

    fn password(store: &ConfigStore, server: &Server) -> String {
        match store.login(server.id).unwrap() {
            Login::Basic { password, .. } => password.expose_secret().to_owned(),
            Login::Token(token) => token.expose_secret().to_owned(),
        }
    }

    #[test]
    fn a_secret_does_not_follow_to_another_row_or_address() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = ConfigStore::open(&home).unwrap();
        let good = add_server(&mut store, "good", "https://good.org", "opensesame");
        let evil = add_server(&mut store, "evil", "https://evil.org", "x");
        let meddle = |sql: &str| rusqlite::Connection::open(home.config_database()).unwrap().execute(sql, []).unwrap();

        meddle("UPDATE server SET secret = (SELECT secret FROM server WHERE name = 'good') WHERE name = 'evil'");
        assert!(matches!(store.login(evil.id), Err(StoreError::Sealed { server }) if server == "evil"));
        meddle("UPDATE server SET url = 'https://evil.org/' WHERE name = 'good'");
        assert!(matches!(store.login(good.id), Err(StoreError::Sealed { .. })));
        meddle("UPDATE server SET url = 'https://good.org/other/path' WHERE name = 'good'");
        assert_eq!(password(&store, &good), "opensesame", "the same origin, the same server");

        store.update_url(good.id, &url("https://new.org"), false, &basic("admin", "new")).unwrap();
        assert_eq!(password(&store, &good), "new");
        store.update_login(good.id, &Login::Token(SecretString::from("token"))).unwrap();
        assert_eq!(store.server("good").unwrap().login, LoginKind::Token);
        assert_eq!(password(&store, &good), "token");
    }

    #[test]
    fn a_secret_does_not_follow_to_other_certificates() {
        const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = ConfigStore::open(&home).unwrap();
        let server = add_server(&mut store, "own", "https://own.org", "opensesame");
        let (given, address) = (PEM.parse().unwrap(), url("https://own.org"));
        store.update_reach(server.id, &address, false, Some(&given), &basic("admin", "opensesame")).unwrap();
        assert_eq!(store.server_settings(server.id).unwrap().certificates, Some(given));
        assert_eq!(password(&store, &server), "opensesame");
        store.update_url(server.id, &address, false, &basic("admin", "other")).unwrap();
        assert!(store.server_settings(server.id).unwrap().certificates.is_some(), "an address is not a trust");
        assert_eq!(password(&store, &server), "other");
        let meddle = |sql: &str| rusqlite::Connection::open(home.config_database()).unwrap().execute(sql, []).unwrap();
        for certificates in [format!("'{}'", PEM.replace("AAEC", "AwQF")), "NULL".to_owned()] {
            meddle(&format!("UPDATE server SET certificates = {certificates}"));
            assert!(matches!(store.login(server.id), Err(StoreError::Sealed { .. })), "{certificates}");
        }
    }

    /// S11: six logins, each in the place of each other.
    #[test]
    fn no_secret_opens_in_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = ConfigStore::open(&home).unwrap();
        // The last two are at one origin: the row alone tells them apart.
        let addresses = [
            "https://a.org",
            "http://a.org",
            "https://b.org",
            "https://a.org:8443",
            "https://c.org/x",
            "https://c.org/y",
        ];
        let servers: Vec<Server> = addresses
            .iter()
            .enumerate()
            .map(|(number, address)| {
                add_server(&mut store, &format!("s{number}"), address, &format!("secret {number}"))
            })
            .collect();
        let connection = rusqlite::Connection::open(home.config_database()).unwrap();
        let sealed = |server: &Server| -> Vec<u8> {
            connection.query_row("SELECT secret FROM server WHERE id = ?1", [server.id.0], |row| row.get(0)).unwrap()
        };
        let put = |server: &Server, secret: &[u8]| {
            connection
                .execute("UPDATE server SET secret = ?2 WHERE id = ?1", rusqlite::params![server.id.0, secret])
                .unwrap()
        };
        let mut refused = 0;
        for victim in &servers {
            let own = sealed(victim);
            for other in servers.iter().filter(|other| other.id != victim.id) {
                put(victim, &sealed(other));
                assert!(
                    matches!(store.login(victim.id), Err(StoreError::Sealed { .. })),
                    "{} for {}",
                    other.name,
                    victim.name
                );
                refused += 1;
            }
            put(victim, &own);
            assert!(password(&store, victim).starts_with("secret"));
        }
        assert_eq!(refused, 30);
    }

    #[test]
    fn no_secret_ever_stands_in_a_file() {
        const CANARY: &str = "canary-Pa55phrase";
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = ConfigStore::open(&home).unwrap();
        let scan = || {
            for entry in std::fs::read_dir(folder.path()).unwrap() {
                let path = entry.unwrap().path();
                let bytes = std::fs::read(&path).unwrap();
                let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
                assert!(!found, "{}", path.display());
            }
        };
        for round in 0..20 {
            let name = format!("server {round}");
            let server = add_server(&mut store, &name, "https://a.org", &format!("{CANARY}{round}"));
            store.update_login(server.id, &Login::Token(SecretString::from(CANARY))).unwrap();
            scan();
            if round % 2 == 0 {
                store.remove_server(server.id, Removal::Refuse).unwrap();
                scan();
            }
        }
        // The scan is able to find something.
        let canary = "INSERT INTO server (name, name_key, url, allow_http, login) VALUES (?1, ?1, '', 0, 'token')";
        rusqlite::Connection::open(home.config_database()).unwrap().execute(canary, [CANARY]).unwrap();
        assert!(std::panic::catch_unwind(scan).is_err());
    }
}
