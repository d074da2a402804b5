//! How results look: tables, JSON and CSV.

pub mod alert;
pub mod clock;
pub mod item;
pub mod listing;
pub mod org_units;
pub mod report;
pub mod review;
pub mod server;
mod table;
