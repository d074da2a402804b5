//! The alerts of a routine.
//!
//! Channels are read with their routine and written by themselves: a routine that is edited keeps them. Web addresses
//! and passwords are sealed for their row and for the origin that the channel names, as logins are; a channel whose
//! origin somebody changes in the database has a secret that no longer opens.

use rusqlite::{Connection, Row, Transaction, params};
use secrecy::SecretString;
use uuid::Uuid;

use crate::store::column::{Json, Text};
use crate::store::config::ConfigStore;
use crate::store::config::names::{Name, key};
use crate::store::error::{Kind, StoreError};
use crate::store::vault::{Place, Vault};
use xfer_domain::alert::{AlertChannel, ArmedChannel};

const COLUMNS: &str = "routine_alert.id, routine_alert.uuid, routine_alert.name, events, channel, secret";

/// A channel as it stands in its row.
struct Kept {
    id: i64,
    channel: AlertChannel,
    sealed: Option<Vec<u8>>,
}

impl ConfigStore {
    /// Adds a channel to a routine.
    pub fn add_alert(&mut self, routine: Uuid, armed: &ArmedChannel) -> Result<(), StoreError> {
        self.write_sealed(|transaction, vault| insert(transaction, vault, routine, armed))
    }

    /// Removes a channel by its name, in upper or lower case; gives what it was.
    pub fn remove_alert(&mut self, routine: Uuid, name: &str) -> Result<AlertChannel, StoreError> {
        self.database.write(|transaction| {
            let kept = of_routine(transaction, routine)?.into_iter();
            let same = kept.map(|kept| kept.channel).filter(|channel| key(&channel.name) == key(name));
            let found = same.reduce(|found, other| if other.name == name { other } else { found });
            let channel = found.ok_or_else(|| StoreError::not_found(Kind::Alert, name))?;
            transaction.execute(
                "DELETE FROM routine_alert WHERE routine = ?1 AND uuid = ?2",
                params![Text(routine), Text(channel.id)],
            )?;
            Ok(channel)
        })
    }

    /// The channels of a routine with their secrets; without one where it does not open here, because others can be
    /// told all the same.
    pub fn armed_alerts(&self, routine: Uuid) -> Result<Vec<ArmedChannel>, StoreError> {
        let armed = |vault: &Vault, without: fn(&Kept) -> Result<(), StoreError>| {
            let kept = self.database.read(|connection| of_routine(connection, routine))?;
            let arm = |kept: Kept| {
                let secret = open_secret(vault, &kept)?.ok();
                if secret.is_none() && kept.sealed.is_some() {
                    without(&kept)?;
                }
                Ok(ArmedChannel::new(kept.channel, secret))
            };
            kept.into_iter().map(arm).collect::<Result<Vec<_>, _>>()
        };
        let refuse = |kept: &Kept| Err(StoreError::SealedAlert { alert: kept.channel.name.clone() });
        match self.vault.reading(|vault| armed(vault, refuse)) {
            Err(StoreError::SealedAlert { .. }) => armed(&self.vault, |_| Ok(())),
            armed => armed,
        }
    }
}

fn open_secret(vault: &Vault, kept: &Kept) -> Result<Result<SecretString, SealedOrNone>, StoreError> {
    let (Some(sealed), Some(origin)) = (&kept.sealed, kept.channel.kind.secret_origin()) else {
        return Ok(Err(SealedOrNone));
    };
    Ok(vault.open(sealed, &place(kept.id, &origin))?.map_err(|_| SealedOrNone))
}

/// There is no secret, or it does not open.
struct SealedOrNone;

fn place(id: i64, origin: &str) -> Place<'_> {
    Place { table: "routine_alert", row: id, column: "secret", origin }
}

/// Fails unless every secret opens.
pub(super) fn try_alerts(connection: &Connection, vault: &Vault) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM routine_alert WHERE secret IS NOT NULL"))?;
    for kept in statement.query_map([], read)? {
        let kept = kept?;
        let closed = |_| StoreError::SealedAlert { alert: kept.channel.name.clone() };
        open_secret(vault, &kept)?.map_err(closed)?;
    }
    Ok(())
}

/// Opens every secret and seals it with the key of another vault; gives how many there were.
pub(super) fn seal_alerts_again(
    transaction: &Transaction<'_>,
    vault: &Vault,
    successor: &Vault,
) -> Result<usize, StoreError> {
    let mut statement =
        transaction.prepare(&format!("SELECT {COLUMNS} FROM routine_alert WHERE secret IS NOT NULL"))?;
    let all = statement.query_map([], read)?.collect::<Result<Vec<_>, _>>()?;
    for kept in &all {
        let closed = |_| StoreError::SealedAlert { alert: kept.channel.name.clone() };
        let secret = open_secret(vault, kept)?.map_err(closed)?;
        store_secret(transaction, successor, kept.id, &kept.channel, &secret)?;
    }
    Ok(all.len())
}

fn store_secret(
    transaction: &Transaction<'_>,
    vault: &Vault,
    id: i64,
    channel: &AlertChannel,
    secret: &SecretString,
) -> Result<(), StoreError> {
    let origin = channel.kind.secret_origin().unwrap_or_default();
    let sealed = vault.seal(secret, &place(id, &origin))?;
    transaction.execute("UPDATE routine_alert SET secret = ?2 WHERE id = ?1", params![id, sealed])?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, vault: &Vault, routine: Uuid, armed: &ArmedChannel) -> Result<(), StoreError> {
    let ArmedChannel { channel, secret } = armed;
    let name = Name::new(Kind::Alert, &channel.name)?;
    transaction
        .execute(
            "INSERT INTO routine_alert (routine, uuid, name, name_key, events, channel) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![Text(routine), Text(channel.id), name.text, name.key, Json(&channel.events), Json(&channel.kind)],
        )
        .map_err(|error| name.taken(Kind::Alert, error))?;
    let id = transaction.last_insert_rowid();
    match secret {
        Some(secret) => store_secret(transaction, vault, id, channel, secret),
        None => Ok(()),
    }
}

/// Puts these channels in the place of those that a routine has.
pub(super) fn replace_all(
    transaction: &Transaction<'_>,
    vault: &Vault,
    routine: Uuid,
    alerts: &[ArmedChannel],
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM routine_alert WHERE routine = ?1", [Text(routine)])?;
    alerts.iter().try_for_each(|armed| insert(transaction, vault, routine, armed))
}

/// The channels of a routine, in the order in which they were added.
pub(super) fn channels(connection: &Connection, routine: Uuid) -> Result<Vec<AlertChannel>, StoreError> {
    Ok(of_routine(connection, routine)?.into_iter().map(|kept| kept.channel).collect())
}

fn of_routine(connection: &Connection, routine: Uuid) -> Result<Vec<Kept>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM routine_alert WHERE routine = ?1 ORDER BY id"))?;
    let kept = statement.query_map([Text(routine)], read)?.collect::<Result<_, _>>()?;
    Ok(kept)
}

/// Reads a row of [`COLUMNS`].
fn read(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let channel = AlertChannel {
        id: row.get::<_, Text<_>>(1)?.0,
        name: row.get(2)?,
        events: row.get::<_, Json<_>>(3)?.0,
        kind: row.get::<_, Json<_>>(4)?.0,
    };
    Ok(Kept { id: row.get(0)?, channel, sealed: row.get(5)? })
}

#[cfg(test)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use crate::store::config::ConfigStore;
    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::testing::{add_server, job, routine};
    use xfer_domain::alert::{
        AlertChannel, AlertEvent, ArmedChannel, ChannelKind, MailRoute, MailSecurity, PingMethod, Recipient,
        ServerSide, Shape,
    };
    use xfer_domain::routine::Routine;
    use xfer_domain::uid::Uid;

    fn armed(number: u128, name: &str, kind: ChannelKind, secret: Option<&str>) -> ArmedChannel {
        let id = uuid::Uuid::from_u128(number);
        let events = vec![AlertEvent::Failure, AlertEvent::NothingToTransfer];
        ArmedChannel {
            channel: AlertChannel { id, name: name.to_owned(), events, kind },
            secret: secret.map(SecretString::from),
        }
    }

    fn slack() -> ArmedChannel {
        let kind = ChannelKind::Webhook { shape: Shape::Slack, origin: "https://hooks.slack.com".to_owned() };
        armed(1, "Slack", kind, Some("https://hooks.slack.com/services/secret"))
    }

    fn all_kinds() -> Vec<ArmedChannel> {
        let ping = ChannelKind::Ping { method: PingMethod::Post, signals: true, origin: "https://hc.org".to_owned() };
        let mail = MailRoute {
            host: "mail.org".to_owned(),
            port: 587,
            security: MailSecurity::Starttls,
            username: Some("xfer".to_owned()),
            from: "xfer@mail.org".to_owned(),
            to: vec!["his@mail.org".to_owned()],
        };
        let recipient = Recipient { id: Uid::parse("uAdmin00001").unwrap(), name: "Admin".to_owned() };
        let message = ChannelKind::Dhis2Message {
            on: ServerSide::Source,
            users: vec![recipient.clone()],
            groups: vec![recipient],
        };
        vec![
            slack(),
            armed(2, "switch", ping, Some("https://hc.org/x")),
            armed(3, "office", ChannelKind::Mail(mail), Some("pw")),
            armed(4, "admins", message, None),
        ]
    }

    fn store(home: &Home) -> (ConfigStore, Routine) {
        let mut store = ConfigStore::open(home).unwrap();
        add_server(&mut store, "a", "https://a.org", "x");
        add_server(&mut store, "b", "https://b.org", "x");
        store.add_job(&job("malaria", "a", "b")).unwrap();
        let monthly = routine(7, "monthly", &["malaria"]);
        store.add_routine(&monthly).unwrap();
        (store, monthly)
    }

    fn told(armed: &[ArmedChannel]) -> Vec<(AlertChannel, Option<String>)> {
        let secret = |armed: &ArmedChannel| armed.secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        armed.iter().map(|armed| (armed.channel.clone(), secret(armed))).collect()
    }

    #[test]
    fn channels_of_every_kind_are_kept_with_their_routine_and_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let (mut store, monthly) = store(&home);
        for armed in all_kinds() {
            store.add_alert(monthly.id, &armed).unwrap();
        }
        assert_eq!(told(&store.armed_alerts(monthly.id).unwrap()), told(&all_kinds()));
        let channels: Vec<AlertChannel> = all_kinds().into_iter().map(|armed| armed.channel).collect();
        assert_eq!(store.routine("monthly").unwrap().alerts, channels);
        let twice = ArmedChannel { channel: AlertChannel { name: "SLACK".to_owned(), ..slack().channel }, ..slack() };
        assert!(matches!(store.add_alert(monthly.id, &twice), Err(StoreError::AlreadyExists(_))));

        store.update_routine(&Routine { name: "nightly".to_owned(), ..monthly.clone() }).unwrap();
        assert_eq!(store.routines().unwrap()[0].alerts, channels, "an edited routine keeps them");
        assert_eq!(store.remove_alert(monthly.id, "slack").unwrap(), slack().channel);
        assert!(matches!(store.remove_alert(monthly.id, "slack"), Err(StoreError::NotFound(_))));
        store.remove_routine("nightly").unwrap();
        assert!(store.armed_alerts(monthly.id).unwrap().is_empty());
    }

    #[test]
    fn an_address_stands_nowhere_in_the_clear_and_opens_only_where_it_was_sealed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let (mut store, monthly) = store(&home);
        store.add_alert(monthly.id, &slack()).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(15).any(|window| window == b"services/secret"));
        }
        let meddle = "UPDATE routine_alert SET channel = replace(channel, 'hooks.slack.com', 'evil.org')";
        rusqlite::Connection::open(home.config_database()).unwrap().execute(meddle, []).unwrap();
        let armed = store.armed_alerts(monthly.id).unwrap();
        assert_eq!(armed[0].channel.kind.secret_origin().unwrap(), "https://evil.org");
        assert!(armed[0].secret.is_none());
        assert!(matches!(store.rotate_key(), Err(StoreError::SealedAlert { .. })));
    }

    #[test]
    fn a_new_machine_key_opens_them_and_the_old_one_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let (mut store, monthly) = store(&home);
        for armed in &all_kinds() {
            store.add_alert(monthly.id, armed).unwrap();
        }
        let old = std::fs::read(home.key()).unwrap();
        assert_eq!(store.rotate_key().unwrap(), 5, "two logins and three channels");
        drop(store);
        let store = ConfigStore::open(&home).unwrap();
        assert_eq!(told(&store.armed_alerts(monthly.id).unwrap()), told(&all_kinds()));
        std::fs::write(home.key(), old).unwrap();
        let store = ConfigStore::open(&home).unwrap();
        assert!(store.armed_alerts(monthly.id).unwrap().iter().all(|armed| armed.secret.is_none()));
    }
}
