//! What we keep on the disk, and the only code that knows SQLite.
//!
//! | file in the home folder | what | module |
//! |---|---|---|
//! | `config.db` | servers, synced metadata, org unit maps, jobs, routines | [`config`] |
//! | `key` | the machine key that seals credentials | [`vault`], [`machine_key`] |
//! | `state/<routine id>.db` | journal, ledger and runs of one routine | [`state`] |
//! | `state/<routine id>.lock`, `.holder` | who is running that routine | [`state`] |
//! | `state/<routine id>.tuning` | what runs from a file learned about their destination | `ops::xfer_files` |
//! | `schedules/<name>.json` | what a scheduler was given | `ops::schedule` |
//! | `*.v<n>.backup` | a database as it was before a newer program changed its schema | [`migrate`] |
//!
//! All of them are their owner's alone (0600, folders 0700). The configuration has no write-ahead log: rates are low, and
//! one file is easier to back up, to move and to protect than three. Journals have one (`.db-wal`, `.db-shm` beside them
//! while they are open), so that somebody who looks into one with another program ends no run. Everything that writes runs in one immediate transaction, so that it
//! happens wholly or not at all, and a second process waits instead of failing half-way.
//!
//! The store answers in domain types and prints, prompts and reads no environment. It decides nothing about data:
//! what a mapping or a job should be is the business of the layers above.

mod column;
pub mod config;
mod database;
mod error;
mod home;
mod identity;
mod machine_key;
mod migrate;
pub mod state;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod unlocking;
pub mod vault;

pub use config::{
    AnalyticsFlags, ConfigStore, ExportedFile, ItemId, MappingCounts, MetadataCounts, NewServer, Removal,
    ServerSettings, SyncedServer, Takeover, Tuning,
};
pub use database::say_who_is_waited_for;
pub use error::{Kind, Named, StoreError};
pub use home::Home;
pub use migrate::clear_unfinished_backups;
pub use state::{
    CellFilter, ChunkRecord, RunEnd, RunLock, RunRecord, RunSummary, StateStore, UnchangedCells, WaitingNotice,
};
pub use unlocking::Unlocking;
pub use vault::Protection;
