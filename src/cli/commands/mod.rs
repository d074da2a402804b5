//! The commands: each parses, calls one function of `ops`, and renders the outcome.

pub mod check;
pub mod completions;
pub mod dashboard;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod external;
mod files;
pub mod init;
pub mod job;
pub mod key;
mod lines;
pub mod man;
pub mod orgunit;
pub mod plugin;
mod replay;
mod review;
pub mod routine;
pub mod run;
pub mod runs;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod schedule;
pub mod script;
pub mod script_tools;
pub mod server;
mod unread;
pub mod xfer_file;
