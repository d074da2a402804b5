//! The names of what is kept, for whoever types one: nothing is asked, made or said, and what cannot be read has no names.

use crate::ops::home::Home;
use crate::ops::{jobs, plugins, routines, servers};

/// What names are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Noun {
    /// Servers.
    Server,
    /// Jobs.
    Job,
    /// Routines.
    Routine,
    /// Plugins.
    Plugin,
}

/// All names of that kind, in order.
pub fn names(home: &Home, noun: Noun) -> Vec<String> {
    // A home that is not there is not made by looking at it.
    if home.is_empty() && noun != Noun::Plugin {
        return Vec::new();
    }
    match noun {
        Noun::Server => servers::list(home).map(|lines| lines.into_iter().map(|line| line.server.name).collect()),
        Noun::Job => jobs::list(home).map(|jobs| jobs.into_iter().map(|job| job.name).collect()),
        Noun::Routine => routines::list(home).map(|list| list.into_iter().map(|routine| routine.name).collect()),
        Noun::Plugin => plugins::list(home).map(|found| found.into_iter().map(|found| found.name).collect()),
    }
    .unwrap_or_default()
}
