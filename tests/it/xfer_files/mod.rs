//! Xfer files from their export to unattended runs, and everything that must not open, run or leak.

pub(crate) mod exec;
mod faults;
mod golden;
mod leaks;
pub(crate) mod lifecycle;
mod lock;
mod sample;
