//! The use cases: a request in, an outcome out, silent. One file per face of the program.

pub mod alerts;
pub mod copies;
pub mod dashboard;
pub mod demo;
pub mod doctor;
pub mod error;
pub mod files;
pub mod home;
pub mod jobs;
pub mod keys;
pub mod latest;
mod map_history;
pub mod org_units;
pub mod plugins;
pub mod quality;
pub mod review;
pub mod routines;
pub mod runs;
pub mod sandbox;
pub mod schedule;
pub mod script_tools;
pub mod scripts;
pub mod servers;
pub mod sync;
pub mod transfer;
pub mod xfer_files;
