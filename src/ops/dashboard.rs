//! Where everything stands, and what to do next.

use crate::domain::job::Job;
use crate::domain::org_unit_map::MappingState;
use crate::domain::pair::Pair;
use crate::domain::routine::Routine;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::jobs;
use crate::ops::runs::{self, RunLine};
use crate::ops::servers::{self, ServerLine};

/// A pair with the state of its map.
#[derive(Debug, Clone)]
pub struct PairLine {
    /// The source server's name.
    pub source: String,
    /// The destination server's name.
    pub destination: String,
    /// Source units with a destination.
    pub mapped: u64,
    /// Rows that a person has to look over.
    pub proposed: u64,
    /// Units deliberately left out.
    pub ignored: u64,
    /// Source units in all.
    pub units: u64,
}

/// A routine with its newest run.
#[derive(Debug, Clone)]
pub struct RoutineLine {
    /// The routine.
    pub routine: Routine,
    /// Its newest run.
    pub last: Option<RunLine>,
}

/// Everything that the dashboard shows.
#[derive(Debug, Clone, Default)]
pub struct Dashboard {
    /// Servers.
    pub servers: Vec<ServerLine>,
    /// Pairs that have a map, or a job.
    pub pairs: Vec<PairLine>,
    /// Jobs.
    pub jobs: Vec<Job>,
    /// Routines.
    pub routines: Vec<RoutineLine>,
}

/// Looks at everything.
pub fn dashboard(home: &Home) -> Result<Dashboard, OpsError> {
    if home.is_empty() {
        return Ok(Dashboard::default());
    }
    let config = home.config()?;
    let servers = servers::list(home)?;
    let jobs = jobs::list(home)?;
    let mut pairs = Vec::new();
    for source in &servers {
        for destination in &servers {
            let pair = Pair { source: source.server.id, destination: destination.server.id };
            let rows = config.org_unit_map(pair)?;
            let used =
                jobs.iter().any(|job| job.source == source.server.name && job.destination == destination.server.name);
            if rows.is_empty() && !used {
                continue;
            }
            let count = |state| rows.iter().filter(|row| row.state == state).map(|_| 1).sum();
            pairs.push(PairLine {
                source: source.server.name.clone(),
                destination: destination.server.name.clone(),
                mapped: count(MappingState::Confirmed),
                proposed: count(MappingState::Proposed),
                ignored: count(MappingState::Ignored),
                units: source.counts.as_ref().map_or(0, |counts| counts.organisation_units),
            });
        }
    }
    let mut routines = Vec::new();
    for routine in config.routines()? {
        let last = runs::list(home, Some(&routine.name), 1)?.into_iter().next();
        routines.push(RoutineLine { routine, last });
    }
    Ok(Dashboard { servers, pairs, jobs, routines })
}

/// What to do next: a sentence, and the command for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextStep {
    /// Why.
    pub sentence: String,
    /// The words of the command after `xfer`.
    pub command: Vec<String>,
}

impl Dashboard {
    /// The one thing to do next.
    pub fn next_step(&self) -> NextStep {
        let step = |sentence: &str, command: &[&str]| NextStep {
            sentence: sentence.to_owned(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
        };
        match self.servers.as_slice() {
            [] => {
                return step(
                    "Add the server that values come from",
                    &["server", "add", "NAME", "URL", "--username", "NAME"],
                );
            }
            [_] => {
                return step(
                    "Add the server that values go to",
                    &["server", "add", "NAME", "URL", "--username", "NAME"],
                );
            }
            servers if servers.iter().any(|line| line.counts.is_none()) => {
                return step(
                    "Copy the metadata of the servers, so that mapping works offline",
                    &["server", "sync", "--all"],
                );
            }
            _ => {}
        }
        let (first, second) = (&self.servers[0].server.name, &self.servers[1].server.name);
        let Some(pair) = self.pairs.first() else {
            return step("Match the org units of source and destination", &["orgunit", "auto", first, second]);
        };
        if pair.mapped == 0 {
            return step(
                "Match the org units of source and destination",
                &["orgunit", "auto", &pair.source, &pair.destination],
            );
        }
        if let Some(pair) = self.pairs.iter().find(|pair| pair.proposed > 0) {
            return step(
                "Look over the org units that were proposed",
                &["orgunit", "list", &pair.source, &pair.destination, "--state", "proposed"],
            );
        }
        let Some(job) = self.jobs.first() else {
            return step(
                "Make a job that says which figures go where",
                &["job", "new", "NAME", "--from", &pair.source, "--to", &pair.destination],
            );
        };
        if let Some(job) = self.jobs.iter().find(|job| job.items.is_empty()) {
            return step("Add an item to the job", &["job", "add-item", &job.name, "SOURCE", "DESTINATION"]);
        }
        let Some(line) = self.routines.first() else {
            return step(
                "Combine jobs with the periods of a run",
                &["routine", "new", "NAME", "--job", &job.name, "--periods", "LAST_3_MONTHS"],
            );
        };
        match self.routines.iter().find(|line| line.last.is_none()) {
            Some(line) => step("See what a run would write", &["run", &line.routine.name, "--dry-run"]),
            None => step("Run the routine again", &["run", &line.routine.name]),
        }
    }
}
