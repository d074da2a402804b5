//! The way back from the destination of a pair to its source, through other routines of the store: what the mapping review
//! is asked about where values could go round over several servers.

use std::collections::{BTreeMap, BTreeSet};

use crate::ops::error::OpsError;
use crate::ops::home::server;
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::org_unit_map::OrgUnitMapping;
use xfer_domain::pair::Pair;
use xfer_domain::routine::Routine;
use xfer_domain::server::Server;
use xfer_matching::review::rounds::Journey;
use xfer_storage::store::ConfigStore;

/// The jobs that bring values back.
#[derive(Debug, Default)]
pub(super) struct WayBack {
    /// The systems of the pair.
    systems: [String; 2],
    jobs: Vec<Returning>,
    /// By server: what is not the pair's.
    metadata: BTreeMap<String, Metadata>,
}

/// A job on the way back.
#[derive(Debug, Clone)]
struct Returning {
    routine: String,
    window: Vec<String>,
    job: Job,
    rows: Vec<OrgUnitMapping>,
    systems: [String; 2],
}

impl WayBack {
    /// Over however many systems; none for a pair of one system, whose circles are looked for where it stands. Metadata
    /// are loaded only where there is such a way, and a server that was never synced is the end of it.
    pub(super) fn of(
        config: &ConfigStore,
        source: &Server,
        destination: &Server,
        own: Option<&Routine>,
    ) -> Result<Self, OpsError> {
        let servers = config.servers()?;
        // Two names of one system are one.
        let system = |server: &Server| {
            servers
                .iter()
                .find(|other| server.is_one_system_with(other))
                .map_or_else(String::new, |first| first.name.clone())
        };
        let mut way = Self { systems: [system(source), system(destination)], ..Self::default() };
        if way.systems[0] == way.systems[1] {
            return Ok(way);
        }
        let jobs: BTreeMap<String, Job> = config.jobs()?.into_iter().map(|job| (job.name.clone(), job)).collect();
        let mut hops: Vec<Returning> = Vec::new();
        for routine in config.routines()?.into_iter().filter(|routine| own.is_none_or(|own| own.id != routine.id)) {
            for job in routine.jobs.iter().filter_map(|name| jobs.get(name)) {
                hops.push(Returning {
                    routine: routine.name.clone(),
                    window: routine.window.clone(),
                    job: job.clone(),
                    rows: Vec::new(),
                    systems: [system(&server(config, &job.source)?), system(&server(config, &job.destination)?)],
                });
            }
        }
        let onward: Vec<[&str; 2]> = hops.iter().map(|hop| [&*hop.systems[0], &*hop.systems[1]]).collect();
        let homeward: Vec<[&str; 2]> = onward.iter().map(|[from, to]| [*to, *from]).collect();
        let (there, back) = (reached(&onward, &way.systems[1]), reached(&homeward, &way.systems[0]));
        let leads = |hop: &&Returning| there.contains(&hop.systems[0]) && back.contains(&hop.systems[1]);
        for hop in hops.iter().filter(leads) {
            let (from, to) = (server(config, &hop.job.source)?, server(config, &hop.job.destination)?);
            for side in [&from, &to] {
                let of_pair = side.name == source.name || side.name == destination.name;
                if !of_pair && side.synced_at.is_some() && !way.metadata.contains_key(&side.name) {
                    way.metadata.insert(side.name.clone(), config.load_metadata(side.id)?);
                }
            }
            let rows = config.org_unit_map(Pair { source: from.id, destination: to.id })?;
            way.jobs.push(Returning { rows, ..hop.clone() });
        }
        Ok(way)
    }

    /// The systems of source and destination.
    pub(super) fn systems(&self) -> [&str; 2] {
        [&self.systems[0], &self.systems[1]]
    }

    /// The jobs as the review takes them.
    pub(super) fn journeys<'way>(
        &'way self,
        source: (&Server, &'way Metadata),
        destination: (&Server, &'way Metadata),
    ) -> Vec<Journey<'way>> {
        let of = |name: &str| {
            let side = [source, destination].into_iter().find(|(server, _)| server.name == name);
            side.map(|(_, metadata)| metadata).or_else(|| self.metadata.get(name))
        };
        let journey = |returning: &'way Returning| {
            Some(Journey {
                routine: &returning.routine,
                job: &returning.job,
                window: &returning.window,
                rows: &returning.rows,
                systems: [&returning.systems[0], &returning.systems[1]],
                metadata: [of(&returning.job.source)?, of(&returning.job.destination)?],
            })
        };
        self.jobs.iter().filter_map(journey).collect()
    }
}

/// The systems that can be reached from one, itself among them.
fn reached(hops: &[[&str; 2]], start: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([start.to_owned()]);
    loop {
        let before = reached.len();
        for [from, to] in hops {
            if reached.contains(*from) {
                reached.insert((*to).to_owned());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}
