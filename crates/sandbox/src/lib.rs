//! Embedded DHIS2 look-alikes, for `xfer demo`, `xfer sandbox` and the tests.
//!
//! The sandbox is held to recordings of real servers (`fixtures/recorded`). It shares no wire type with the client
//! (`the client`), so that the two cannot agree on the same mistake.
//!
//! Its core is synchronous and knows no socket: an [`Instance`](instance::Instance) turns a
//! [`Request`](exchange::Request) into a [`Response`](exchange::Response). [`server`] is the shell that puts it on a
//! loopback port. The feature `lab`, for tests and benches, lets things go wrong there on plan, keeps a ledger of what
//! was asked, and takes the time of a real server.

mod access;
mod analytics;
mod chance;
mod completeness;
#[cfg(feature = "lab")]
pub mod cost;
pub mod country;
pub mod events;
pub mod exchange;
#[cfg(feature = "lab")]
pub mod faults;
pub mod fixtures;
mod front;
mod import;
pub mod instance;
mod jobs;
#[cfg(feature = "lab")]
mod ledger;
pub mod loading;
mod login;
mod messages;
mod metadata_lists;
mod periods;
pub mod profile;
mod raw_read;
mod reach;
mod scan;
mod scheme;
pub mod server;
mod settings;
pub mod state;
mod system;
#[cfg(test)]
mod tarsovia;
pub mod values;
pub mod world;
