//! Xfer files from their export to unattended runs, and everything that must not open, run or leak.

mod exec;
mod golden;
mod leaks;
mod lifecycle;
mod lock;
mod sample;
mod tampering;
