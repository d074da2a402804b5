//! The integration tests: one binary, one file per face of the program.

mod client_socket;
mod recorded_client;
mod support;
