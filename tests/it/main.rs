//! The integration tests: one binary, one file per face of the program.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, also in its helpers")]

mod alert_channels;
mod alerts;
mod announce;
mod architecture;
mod client_socket;
mod command_line;
mod doctor;
mod doctor_codes;
mod documentation;
mod engine;
mod faults;
mod job_matching;
mod machine_key;
mod matching;
mod operators;
mod option_names;
mod plugins;
mod process_secrets;
mod quality;
mod recorded_client;
mod recorded_sandbox;
mod replay;
mod review;
mod sandbox_files;
mod sandbox_server;
mod schedule;
mod script_docs;
mod script_hostile;
mod script_tools;
mod scripts;
mod spreadsheet;
mod support;
mod tls;
mod wizard;
mod xfer_files;
