//! How rows become POSTs: how many at a time, in which order, in which lane.

pub mod controller;
pub mod partition;
