//! Where everything stands, and what to do next.

mod next_step;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::domain::job::Job;
use crate::domain::metadata::Metadata;
use crate::domain::pair::Pair;
use crate::domain::routine::Routine;
use crate::domain::run::Severity;
use crate::domain::server::ServerId;
use crate::matching::item_rules::check_item;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::jobs;
use crate::ops::runs::{self, RunLine};
use crate::ops::servers::{self, ServerLine};
use crate::store::{ConfigStore, MappingCounts};

pub use next_step::NextStep;

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

/// A job with what its check says.
#[derive(Debug, Clone)]
pub struct JobLine {
    /// The job.
    pub job: Job,
    /// What the metadata of both servers says about its items; none before both were synced.
    pub findings: Option<Findings>,
}

/// Findings in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Items that cannot work are among these.
    pub errors: u64,
    /// Doubts.
    pub warnings: u64,
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
    /// The pair to begin with where none has a map: source and destination by name.
    pub first_pair: Option<(String, String)>,
    /// Jobs.
    pub jobs: Vec<JobLine>,
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
    let pairs = pairs(&config, &servers, &jobs)?;
    let first_pair = first_pair(&config, &servers)?;
    let jobs = checked(&config, &servers, jobs)?;
    let mut routines = Vec::new();
    for routine in config.routines()? {
        let last = runs::list(home, Some(&routine.name), 1)?.into_iter().next();
        routines.push(RoutineLine { routine, last });
    }
    Ok(Dashboard { servers, pairs, first_pair, jobs, routines })
}

fn pairs(config: &ConfigStore, servers: &[ServerLine], jobs: &[Job]) -> Result<Vec<PairLine>, OpsError> {
    let mut pairs = Vec::new();
    for source in servers {
        for destination in servers {
            let counts =
                config.org_unit_map_counts(Pair { source: source.server.id, destination: destination.server.id })?;
            let (from, to) = (&source.server.name, &destination.server.name);
            let used = jobs.iter().any(|job| job.source == *from && job.destination == *to);
            if counts == MappingCounts::default() && !used {
                continue;
            }
            pairs.push(PairLine {
                source: from.clone(),
                destination: to.clone(),
                mapped: counts.confirmed,
                proposed: counts.proposed,
                ignored: counts.ignored,
                units: source.counts.as_ref().map_or(0, |counts| counts.organisation_units),
            });
        }
    }
    Ok(pairs)
}

/// The servers in the order in which they were added, the source first as a rule; but values cannot go to a server
/// whose account may not write there.
fn first_pair(config: &ConfigStore, servers: &[ServerLine]) -> Result<Option<(String, String)>, OpsError> {
    let mut added: Vec<_> = servers.iter().map(|line| &line.server).collect();
    added.sort_by_key(|server| server.id.0);
    let [first, second, ..] = added.as_slice() else { return Ok(None) };
    let may_write = |id: ServerId| {
        Ok::<_, OpsError>(config.server_settings(id)?.account.is_some_and(|account| account.may_import()))
    };
    let turned = may_write(first.id)? && !may_write(second.id)?;
    let (source, destination) = if turned { (second, first) } else { (first, second) };
    Ok(Some((source.name.clone(), destination.name.clone())))
}

fn checked(config: &ConfigStore, servers: &[ServerLine], jobs: Vec<Job>) -> Result<Vec<JobLine>, OpsError> {
    let mut copies: BTreeMap<ServerId, Metadata> = BTreeMap::new();
    let mut lines = Vec::new();
    for job in jobs {
        let synced = |name: &str| {
            servers.iter().find(|line| line.server.name == name && line.counts.is_some()).map(|line| line.server.id)
        };
        let (Some(source), Some(destination)) = (synced(&job.source), synced(&job.destination)) else {
            lines.push(JobLine { job, findings: None });
            continue;
        };
        for id in [source, destination] {
            if let Entry::Vacant(copy) = copies.entry(id) {
                copy.insert(config.load_metadata(id)?);
            }
        }
        let mut findings = Findings::default();
        for finding in job.items.iter().flat_map(|item| check_item(&copies[&source], &copies[&destination], &job, item))
        {
            match finding.severity {
                Severity::Error => findings.errors += 1,
                Severity::Warning => findings.warnings += 1,
                Severity::Info => {}
            }
        }
        lines.push(JobLine { job, findings: Some(findings) });
    }
    Ok(lines)
}
