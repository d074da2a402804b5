//! The integration tests: one binary, one file per face of the program.

mod architecture;
mod documentation;
mod engine;
mod recorded_client;
mod recorded_sandbox;
mod sandbox_server;
mod support;
