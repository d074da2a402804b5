//! The last answers of servers, for checks without a connection.

use rusqlite::{OptionalExtension, params};

use crate::store::column::Json;
use crate::store::config::ConfigStore;
use crate::store::config::servers::{found, not_found};
use crate::store::error::StoreError;
use xfer_domain::server::{LastAnswer, ServerId};

impl ConfigStore {
    /// Keeps what a server said, in the place of what it said before.
    pub fn keep_answer(&mut self, server: ServerId, answer: &LastAnswer) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            let changed =
                transaction.execute("UPDATE server SET answer = ?2 WHERE id = ?1", params![server.0, Json(answer)])?;
            found(changed, server)
        })
    }

    /// What a server said when it was last asked; none where it never was.
    pub fn last_answer(&self, server: ServerId) -> Result<Option<LastAnswer>, StoreError> {
        self.database.read(|connection| {
            let answer = connection
                .query_row("SELECT answer FROM server WHERE id = ?1", [server.0], |row| {
                    row.get::<_, Option<Json<LastAnswer>>>(0)
                })
                .optional()?
                .ok_or_else(|| not_found(server))?;
            Ok(answer.map(|answer| answer.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::store::config::ConfigStore;
    use crate::store::error::StoreError;
    use crate::store::testing::add_server;
    use xfer_domain::server::{KeptExchange, LastAnswer, ServerId};

    #[test]
    fn the_last_answer_takes_the_place_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let server = add_server(&mut store, "a", "https://a.org", "p").id;
        assert_eq!(store.last_answer(server).unwrap(), None);
        let exchange = KeptExchange { name: "Own".to_owned(), internal: true, items: vec!["fbfJHSPpUQD".to_owned()] };
        let mut answer = LastAnswer {
            asked_at: "2026-11-22T12:00:00Z".parse().unwrap(),
            server_date: "2026-11-22T14:00:00".parse().unwrap(),
            analytics_at: None,
            exchanges: vec![exchange],
        };
        store.keep_answer(server, &answer).unwrap();
        answer.analytics_at = Some("2026-11-22T01:00:00".parse().unwrap());
        store.keep_answer(server, &answer).unwrap();
        assert_eq!(store.last_answer(server).unwrap(), Some(answer.clone()));
        assert!(matches!(store.keep_answer(ServerId(99), &answer), Err(StoreError::NotFound(_))));
    }
}
