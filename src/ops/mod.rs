//! The use cases: a request in, an outcome out, silent. One file per face of the program.

pub mod alerts;
mod calendars;
pub mod copies;
pub mod dashboard;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod doctor_codes;
pub mod error;
pub mod files;
pub mod home;
pub mod jobs;
pub mod keys;
pub mod latest;
mod map_history;
pub mod names;
mod new_id;
pub mod org_units;
pub mod plugins;
pub mod quality;
pub mod review;
pub mod routines;
pub mod run;
pub mod runs;
#[cfg(feature = "demo")]
pub mod sandbox;
pub mod schedule;
pub mod scheduled;
pub mod script_tools;
pub mod scripts;
pub mod servers;
pub mod shrunk;
mod stop;
pub mod sync;
pub mod tidy;
pub mod transfer;
pub mod undelivered;
mod way_back;
pub mod xfer_files;
