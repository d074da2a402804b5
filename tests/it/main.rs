//! The integration tests: one binary, one file per face of the program.

mod recorded_sandbox;
mod sandbox_server;
mod support;
