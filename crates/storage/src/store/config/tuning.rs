//! The learned speed of a server, saved for the next run.

use rusqlite::{OptionalExtension, params};

use crate::store::config::ConfigStore;
use crate::store::error::StoreError;
use xfer_domain::server::ServerId;

/// Something learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tuning {
    /// How many rows a POST may have.
    RowsPerPost,
    /// How many cells an analytics request may ask for.
    AnalyticsBudget,
}

impl Tuning {
    fn name(self) -> &'static str {
        match self {
            Self::RowsPerPost => "rows_per_post",
            Self::AnalyticsBudget => "analytics_budget",
        }
    }
}

impl ConfigStore {
    /// What was learnt from requests of a shape (such as a data set's id), if anything.
    pub fn tuning(&self, server: ServerId, setting: Tuning, shape: &str) -> Result<Option<u64>, StoreError> {
        self.database.read(|connection| {
            let value: Option<i64> = connection
                .query_row(
                    "SELECT value FROM tuning WHERE server = ?1 AND setting = ?2 AND shape = ?3",
                    params![server.0, setting.name(), shape],
                    |row| row.get(0),
                )
                .optional()?;
            Ok(value.and_then(|value| u64::try_from(value).ok()))
        })
    }

    /// Keeps what was learnt from requests of a shape. Nobody waits for that.
    pub fn set_tuning(&mut self, server: ServerId, setting: Tuning, shape: &str, value: u64) -> Result<(), StoreError> {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        self.database.write_without_waiting(|transaction| {
            transaction.execute(
                "INSERT INTO tuning (server, setting, shape, value) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT DO UPDATE SET value = excluded.value",
                params![server.0, setting.name(), shape, value],
            )?;
            Ok(())
        })
    }
}
