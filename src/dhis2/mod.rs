//! The client of real DHIS2 servers: the only code that knows HTTP and DHIS2's wire format.

pub mod analytics;
pub mod client;
pub mod data_value_sets;
pub mod error;
pub mod metadata;
pub mod system;
