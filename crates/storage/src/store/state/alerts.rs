//! What each alert channel was told last, after which outcome, and the messages that wait to be delivered.
//!
//! That something is told, and the message itself, are written in one transaction before anything is sent, and the
//! message goes only when it was taken. A process that is killed in between, or a listener that is down, costs a
//! message no more than time: the next run delivers it. It may come twice, it is never lost without a message.

use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::store::column::{Json, Text, Word};
use crate::store::error::StoreError;
use crate::store::state::StateStore;
use xfer_domain::alert::{AlertChannel, ChannelKind, Condition, Notice, Past, is_news};

/// The most messages that wait for one channel. A channel that is down for longer than so many changes has lost its
/// reader, and the newest say most.
const MOST_WAITING: usize = 20;

/// A message that was not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingNotice {
    /// Its number, in the order in which messages are told.
    pub id: i64,
    /// The channel that it is for.
    pub channel: Uuid,
    /// What there is to tell.
    pub notice: Notice,
}

impl StateStore {
    /// Notes how a run ended: for each channel to which that is news, a message waits from now on. Gives how many old
    /// messages were given up because too many waited. What is kept about other channels stays: a routine and an older
    /// file of it take turns here, and each knows channels that the other does not.
    pub fn note_outcome(&mut self, channels: &[AlertChannel], notice: &Notice) -> Result<usize, StoreError> {
        self.database.write(|transaction| {
            let mut given_up = 0;
            for channel in channels.iter().filter(|channel| !matches!(channel.kind, ChannelKind::Ping { .. })) {
                let past = past(transaction, channel.id)?;
                transaction.execute(
                    "INSERT OR REPLACE INTO alert_outcome (channel, condition) VALUES (?1, ?2)",
                    params![Text(channel.id), Word(notice.condition)],
                )?;
                if !is_news(&channel.events, past, notice.condition) {
                    continue;
                }
                transaction.execute(
                    "INSERT OR REPLACE INTO alert_told (channel, condition) VALUES (?1, ?2)",
                    params![Text(channel.id), Word(notice.condition)],
                )?;
                transaction.execute(
                    "INSERT INTO alert_waiting (channel, notice) VALUES (?1, ?2)",
                    params![Text(channel.id), Json(notice)],
                )?;
                given_up += transaction.execute(
                    "DELETE FROM alert_waiting WHERE channel = ?1 AND id NOT IN \
                     (SELECT id FROM alert_waiting WHERE channel = ?1 ORDER BY id DESC LIMIT ?2)",
                    params![Text(channel.id), i64::try_from(MOST_WAITING).unwrap_or(i64::MAX)],
                )?;
            }
            Ok(given_up)
        })
    }

    /// The messages that wait, in the order in which they are to be told.
    pub fn waiting_notices(&self) -> Result<Vec<WaitingNotice>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare("SELECT id, channel, notice FROM alert_waiting ORDER BY id")?;
            let waiting = statement.query_map([], |row| {
                Ok(WaitingNotice {
                    id: row.get(0)?,
                    channel: row.get::<_, Text<Uuid>>(1)?.0,
                    notice: row.get::<_, Json<Notice>>(2)?.0,
                })
            })?;
            let waiting = waiting.collect::<Result<_, _>>()?;
            Ok(waiting)
        })
    }

    /// Forgets a message: it was taken.
    pub fn notice_delivered(&mut self, id: i64) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            transaction.execute("DELETE FROM alert_waiting WHERE id = ?1", [id])?;
            Ok(())
        })
    }
}

/// What a channel lived through so far.
fn past(transaction: &Transaction<'_>, channel: Uuid) -> Result<Past, StoreError> {
    let condition = |statement: &str| -> Result<Option<Condition>, StoreError> {
        let found = transaction.query_row(statement, [Text(channel)], |row| row.get::<_, Word<Condition>>(0));
        Ok(found.optional()?.map(|word| word.0))
    };
    let nothing = Past::default();
    Ok(Past {
        outcome: condition("SELECT condition FROM alert_outcome WHERE channel = ?1")?.unwrap_or(nothing.outcome),
        told: condition("SELECT condition FROM alert_told WHERE channel = ?1")?.unwrap_or(nothing.told),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::MOST_WAITING;
    use crate::store::state::StateStore;
    use xfer_domain::alert::{AlertChannel, AlertEvent, ChannelKind, Condition, Notice, PingMethod, Shape};

    fn channel(number: u128, events: &[AlertEvent]) -> AlertChannel {
        let kind = ChannelKind::Webhook { shape: Shape::Json, origin: "https://a.org".to_owned() };
        AlertChannel { id: Uuid::from_u128(number), name: format!("{number}"), events: events.to_vec(), kind }
    }

    fn notice(condition: Condition) -> Notice {
        Notice {
            name: "monthly".to_owned(),
            condition,
            exit_code: 0,
            at: Timestamp::UNIX_EPOCH,
            run: None,
            between: None,
            reason: None,
            counts: None,
            next: Vec::new(),
        }
    }

    fn waiting(store: &StateStore) -> Vec<(u128, Condition)> {
        let waiting = store.waiting_notices().unwrap();
        waiting.into_iter().map(|waiting| (waiting.channel.as_u128(), waiting.notice.condition)).collect()
    }

    #[test]
    fn a_message_waits_until_it_was_taken_and_none_waits_twice() {
        let mut store = StateStore::in_memory().unwrap();
        let channels = [channel(1, &AlertEvent::ALL), channel(2, &[AlertEvent::Failure, AlertEvent::Recovery])];
        for condition in [Condition::Failed, Condition::Failed, Condition::Incomplete, Condition::Complete] {
            assert_eq!(store.note_outcome(&channels, &notice(condition)).unwrap(), 0);
        }
        let all = [
            (1, Condition::Failed),
            (2, Condition::Failed),
            (1, Condition::Incomplete),
            (1, Condition::Complete),
            (2, Condition::Complete),
        ];
        assert_eq!(waiting(&store), all);
        let first = store.waiting_notices().unwrap().remove(0);
        assert_eq!(first.notice, notice(Condition::Failed));
        store.notice_delivered(first.id).unwrap();
        assert_eq!(waiting(&store), all[1..]);

        store.note_outcome(&channels[..1], &notice(Condition::Complete)).unwrap();
        assert_eq!(waiting(&store), all[1..], "what waits for a channel that this run does not know stays");
        store.note_outcome(&channels, &notice(Condition::Failed)).unwrap();
        assert_eq!(waiting(&store)[4..], [all[0], all[1]]);
    }

    #[test]
    fn a_channel_for_failures_alone_hears_of_each_new_one() {
        let mut store = StateStore::in_memory().unwrap();
        let channels = [channel(1, &[AlertEvent::Failure])];
        for condition in [Condition::Failed, Condition::Complete, Condition::Failed, Condition::Failed] {
            store.note_outcome(&channels, &notice(condition)).unwrap();
        }
        assert_eq!(waiting(&store), [(1, Condition::Failed); 2]);
    }

    #[test]
    fn a_channel_that_is_down_for_ever_keeps_the_newest_and_a_switch_keeps_nothing() {
        let mut store = StateStore::in_memory().unwrap();
        let switch = AlertChannel {
            kind: ChannelKind::Ping { method: PingMethod::Get, signals: true, origin: "https://a.org".to_owned() },
            ..channel(3, &AlertEvent::ALL)
        };
        let channels = [channel(1, &AlertEvent::ALL), switch];
        let mut given_up = 0;
        for _ in 0..MOST_WAITING {
            for condition in [Condition::Failed, Condition::Complete] {
                given_up += store.note_outcome(&channels, &notice(condition)).unwrap();
            }
        }
        assert_eq!((waiting(&store).len(), given_up), (MOST_WAITING, MOST_WAITING));
        assert_eq!(waiting(&store).last(), Some(&(1, Condition::Complete)));
    }
}
