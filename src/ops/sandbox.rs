//! The two embedded servers, started together.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::ops::error::OpsError;
use crate::sandbox::fixtures;
use crate::sandbox::profile::Profile;
use crate::sandbox::server::{RunningSandbox, Sandbox, ServerOptions, StartError};

/// The password of every user of the embedded servers.
pub const PASSWORD: &str = "Sample-Pass-1";
/// The user who reads at the source.
pub const READER: &str = "reader";
/// The user who writes at the destination.
pub const WRITER: &str = "writer";

/// Where the servers listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Wherever there is room.
    Free,
    /// The source at this port, the destination at the next.
    From(u16),
}

/// Both servers, running until dropped.
#[derive(Debug)]
pub struct RunningPair {
    /// Where patient data is collected.
    pub source: RunningSandbox,
    /// Where the aggregate figures belong.
    pub destination: RunningSandbox,
    profiles: (Profile, Profile),
}

/// What a person needs to know to use one of the servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLine {
    /// `source` or `destination`
    pub name: &'static str,
    /// The version it plays.
    pub version: &'static str,
    /// Where it listens.
    pub url: String,
    /// A user for the job.
    pub user: &'static str,
}

/// Starts both servers with the shipped instances.
pub fn start(source: Profile, destination: Profile, ports: Ports) -> Result<RunningPair, OpsError> {
    let port = |offset: u16| match ports {
        Ports::Free => 0,
        Ports::From(first) => first.saturating_add(offset),
    };
    let running = |instance, port| -> Result<RunningSandbox, StartError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Sandbox::start_on_thread(Arc::new(instance), ServerOptions { address, ..ServerOptions::default() })
    };
    Ok(RunningPair {
        source: running(fixtures::source(source), port(0))?,
        destination: running(fixtures::destination(destination), port(1))?,
        profiles: (source, destination),
    })
}

impl RunningPair {
    /// Both servers, for people.
    pub fn servers(&self) -> [ServerLine; 2] {
        [
            ServerLine {
                name: "source",
                version: self.profiles.0.version(),
                url: self.source.url().to_owned(),
                user: READER,
            },
            ServerLine {
                name: "destination",
                version: self.profiles.1.version(),
                url: self.destination.url().to_owned(),
                user: WRITER,
            },
        ]
    }
}
