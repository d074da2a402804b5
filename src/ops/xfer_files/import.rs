//! Taking over a routine from a file: planned, shown, then applied in one transaction.
//!
//! A server that is here already (the same address and system id) is used under the name and with the login that it
//! has here. Nothing that belongs to another server is ever replaced: what would collide gets a name of its own.

use crate::ops::error::OpsError;
use crate::ops::home::Home;
use xfer_domain::certificates::Certificates;
use xfer_domain::counted::counted_len;
use xfer_domain::job::Job;
use xfer_domain::pair::Pair;
use xfer_domain::server::Server;
use xfer_domain::spelling::same_name;
use xfer_storage::store::{ConfigStore, NewServer, Takeover};
use xfer_storage::xferfile::{Content, FileServer};

/// What an import would do, line by line, and what is needed to do it.
#[derive(Debug, Clone)]
pub struct Import {
    /// For people.
    pub lines: Vec<ImportLine>,
    /// The routine's name here.
    pub routine: String,
    /// Servers that are new here, whose metadata has to be copied.
    pub to_sync: Vec<String>,
    takeover: Takeover,
}

/// What becomes of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportLine {
    /// `server`, `org units`, `job`, `routine`, `alert`.
    pub kind: &'static str,
    /// Its name here.
    pub name: String,
    /// What happens to it.
    pub change: Change,
    /// In words.
    pub detail: String,
}

/// What happens to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new here.
    Added,
    /// The one that is here is replaced.
    Replaced,
    /// It is here already.
    Kept,
    /// It is here and goes.
    Removed,
}

impl Change {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "new",
            Self::Replaced => "replaced",
            Self::Kept => "kept",
            Self::Removed => "removed",
        }
    }
}

/// Plans the import of a file's content.
pub fn plan_import(home: &Home, content: &Content) -> Result<Import, OpsError> {
    let config = home.config()?;
    let servers = config.servers()?;
    let mut plan = Import {
        lines: Vec::new(),
        routine: String::new(),
        to_sync: Vec::new(),
        takeover: Takeover {
            servers: Vec::new(),
            source: String::new(),
            destination: String::new(),
            org_unit_map: content.document.org_unit_map.clone(),
            jobs: Vec::new(),
            scripts: content.document.scripts.clone(),
            routine: content.document.routine.clone(),
            alerts: content.armed_alerts(),
            revision: content.revision,
        },
    };
    let source = plan.server(&servers, &content.source)?;
    let destination = plan.server(&servers, &content.destination)?;
    (plan.takeover.source, plan.takeover.destination) = (source.clone(), destination.clone());
    plan.org_units(&config, &servers)?;
    let known = config.jobs()?;
    for job in &content.document.jobs {
        plan.job(&known, Job { source: source.clone(), destination: destination.clone(), ..job.clone() });
    }
    plan.routine(&config)?;
    plan.alerts(&config)?;
    Ok(plan)
}

/// Carries out a plan: all of it, or nothing.
pub fn apply(home: &Home, import: &Import) -> Result<(), OpsError> {
    Ok(home.config()?.take_over(&import.takeover)?)
}

impl Import {
    fn line(&mut self, kind: &'static str, name: &str, change: Change, detail: impl Into<String>) {
        self.lines.push(ImportLine { kind, name: name.to_owned(), change, detail: detail.into() });
    }

    /// The name that a server has here.
    fn server(&mut self, servers: &[Server], wanted: &FileServer) -> Result<String, OpsError> {
        if let Some(known) = servers.iter().find(|server| server.url == wanted.url) {
            if let Some(identity) = &known.identity
                && identity.system_id != wanted.system_id
            {
                return Err(OpsError::WrongServer {
                    server: known.name.clone(),
                    expected: wanted.system_id.clone(),
                    found: identity.system_id.clone(),
                });
            }
            self.line("server", &known.name, Change::Kept, format!("{}, with its login in this home", known.url));
            return Ok(known.name.clone());
        }
        // Source and destination may be one server.
        if let Some(same) = self.takeover.servers.iter().find(|server| server.url == wanted.url) {
            return Ok(same.name.clone());
        }
        let taken = servers.iter().map(|server| server.name.clone());
        let taken = taken.chain(self.takeover.servers.iter().map(|server| server.name.clone()));
        let name = free(&wanted.name, &taken.collect::<Vec<_>>());
        self.takeover.servers.push(NewServer {
            name: name.clone(),
            url: wanted.url.clone(),
            login: wanted.login.clone(),
            allow_http: wanted.allow_http,
            certificates: wanted.certificates.clone(),
        });
        let fingerprints = wanted.certificates.iter().flat_map(Certificates::fingerprints).collect::<Vec<_>>();
        let trusted = match fingerprints.as_slice() {
            [] => String::new(),
            trusted => format!(", trusted by the certificate {}", trusted.join(" and ")),
        };
        self.line("server", &name, Change::Added, format!("{}, with the login of the file{trusted}", wanted.url));
        self.to_sync.push(name.clone());
        Ok(name)
    }

    fn org_units(&mut self, config: &ConfigStore, servers: &[Server]) -> Result<(), OpsError> {
        let id = |name: &str| servers.iter().find(|server| server.name == name).map(|server| server.id);
        let here = match (id(&self.takeover.source), id(&self.takeover.destination)) {
            (Some(source), Some(destination)) => config.org_unit_map(Pair { source, destination })?,
            _ => Vec::new(),
        };
        let (mut new, mut changed, mut same) = (0, 0, 0);
        for row in &self.takeover.org_unit_map {
            match here.iter().find(|known| known.source == row.source) {
                None => new += 1,
                Some(known) if known == row => same += 1,
                Some(_) => changed += 1,
            }
        }
        let change = if changed > 0 {
            Change::Replaced
        } else if new > 0 {
            Change::Added
        } else {
            Change::Kept
        };
        let name = format!("{} → {}", self.takeover.source, self.takeover.destination);
        self.line(
            "org units",
            &name,
            change,
            format!("{} new, {changed} replaced, {same} as before", counted_len(new, "row")),
        );
        Ok(())
    }

    fn job(&mut self, known: &[Job], mut job: Job) {
        let here = known.iter().find(|other| same_name(&other.name, &job.name));
        let items = counted_len(job.items.len(), "item");
        match here {
            Some(other) if (&other.source, &other.destination) != (&job.source, &job.destination) => {
                let taken: Vec<String> = known.iter().map(|job| job.name.clone()).collect();
                let own = free(&job.name, &taken);
                let old = std::mem::replace(&mut job.name, own);
                let detail = format!("{items}; {old} is the name of another job in this home");
                self.line("job", &job.name, Change::Added, detail);
            }
            Some(other) if *other == job => self.line("job", &job.name, Change::Kept, items),
            Some(_) => self.line("job", &job.name, Change::Replaced, items),
            None => self.line("job", &job.name, Change::Added, items),
        }
        self.takeover.jobs.push(job);
    }

    fn routine(&mut self, config: &ConfigStore) -> Result<(), OpsError> {
        let routines = config.routines()?;
        let routine = &mut self.takeover.routine;
        routine.jobs = self.takeover.jobs.iter().map(|job| job.name.clone()).collect();
        let taken: Vec<String> =
            routines.iter().filter(|other| other.id != routine.id).map(|other| other.name.clone()).collect();
        routine.name = free(&routine.name, &taken);
        let change = match routines.iter().find(|other| other.id == routine.id) {
            None => Change::Added,
            Some(other) if *other == *routine => Change::Kept,
            Some(_) => Change::Replaced,
        };
        let detail = format!("revision {}, periods {}", self.takeover.revision, routine.window.join(", "));
        let name = routine.name.clone();
        self.line("routine", &name, change, detail);
        self.routine = name;
        Ok(())
    }

    /// Who is told: as the file has it, in the place of whoever is told here.
    fn alerts(&mut self, config: &ConfigStore) -> Result<(), OpsError> {
        let routines = config.routines()?;
        let here = routines.into_iter().find(|other| other.id == self.takeover.routine.id);
        let here = here.map(|routine| routine.alerts).unwrap_or_default();
        let alerts = self.takeover.routine.alerts.clone();
        for alert in &alerts {
            let change = match here.iter().find(|known| same_name(&known.name, &alert.name)) {
                None => Change::Added,
                Some(known) if known == alert => Change::Kept,
                Some(_) => Change::Replaced,
            };
            self.line("alert", &alert.name, change, format!("{}: {}", alert.kind.name(), alert.kind.goes_to()));
        }
        for gone in here.iter().filter(|known| !alerts.iter().any(|alert| same_name(&alert.name, &known.name))) {
            self.line("alert", &gone.name, Change::Removed, "the file does not have it");
        }
        Ok(())
    }
}

/// The name, or the first of `NAME 2`, `NAME 3` … that nothing here has.
fn free(name: &str, taken: &[String]) -> String {
    let is_taken = |name: &str| taken.iter().any(|other| other.to_lowercase() == name.to_lowercase());
    if !is_taken(name) {
        return name.to_owned();
    }
    // One of so many is free, for there are fewer names.
    let numbers = 2..=taken.len() + 2;
    numbers.map(|number| format!("{name} {number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::free;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let taken = ["malaria".to_owned(), "Malaria 2".to_owned()];
        assert_eq!(free("tb", &taken), "tb");
        assert_eq!(free("Malaria", &taken), "Malaria 3");
    }
}
