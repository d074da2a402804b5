//! xfer moves health data between DHIS2 servers and accounts for every value on the way.

pub mod cli;
pub mod dhis2;
pub mod domain;
pub mod matching;
pub mod ops;
pub mod sandbox;
pub mod store;
pub mod transfer;
