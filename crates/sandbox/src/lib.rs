//! Embedded DHIS2 look-alikes, for `xfer demo`, `xfer sandbox` and the tests.
//!
//! The sandbox is held to recordings of real servers (`fixtures/recorded`). It shares no wire type with the client
//! (`the client`), so that the two cannot agree on the same mistake.
//!
//! Its core is synchronous and knows no socket: an [`Instance`](instance::Instance) turns a
//! [`Request`](exchange::Request) into a [`Response`](exchange::Response). [`server`] is the shell that puts it on a
//! loopback port. The feature `lab`, for tests and benches, lets things go wrong there on plan, keeps a ledger of what
//! was asked, and takes the time of a real server.

pub mod access;
pub mod analytics;
mod chance;
pub mod completeness;
#[cfg(feature = "lab")]
pub mod cost;
pub mod country;
pub mod events;
pub mod exchange;
#[cfg(feature = "lab")]
pub mod faults;
pub mod fixtures;
pub mod front;
pub mod import;
pub mod instance;
pub mod jobs;
#[cfg(feature = "lab")]
pub mod ledger;
pub mod loading;
pub mod login;
pub mod messages;
pub mod metadata_lists;
pub mod periods;
pub mod profile;
pub mod raw_read;
pub mod reach;
pub mod scan;
pub mod scheme;
pub mod server;
pub mod settings;
pub mod state;
pub mod system;
#[cfg(test)]
mod tarsovia;
pub mod values;
pub mod world;
