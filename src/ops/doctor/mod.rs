//! The doctor: what is wrong on this machine, at the servers and with what is mapped, before it costs a run.
//!
//! The rules are pure and say what they find; here is what they are asked about. Nothing is changed, and a server that
//! does not answer is a finding, not the end of the examination.

mod answers;
mod files;
mod mapped;
mod remembered;
mod schedules;
mod setup;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use futures_util::future::join_all;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ops::copies::Copies;
use crate::ops::dashboard::dashboard_of;
use crate::ops::doctor::uses::{Uses, uses};
use crate::ops::doctor_codes as codes;
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::servers::connect;
use xfer_dhis2::error::ClientError;
use xfer_dhis2::system::Probe;
use xfer_domain::fault::Fault;
use xfer_domain::finding::Code;
use xfer_domain::job::Job;
use xfer_domain::server::{KeptExchange, Server};
use xfer_matching::finding as of_checks;
use xfer_matching::names::nearest;
use xfer_storage::store::ConfigStore;
use xfer_transfer::finding as of_runs;

/// Something that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The entry of the tables of findings.
    pub code: &'static Code,
    /// What it is about: a server, a file, a job.
    pub about: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do about it; closer than the table's remedy where more is known.
    pub remedy: String,
}

impl Complaint {
    fn new(code: &'static Code, about: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, about: about.into(), message: message.into(), remedy: code.remedy.to_owned() }
    }

    /// The same of an answer from the past.
    fn aged(mut self, age: &str) -> Self {
        self.message = format!("{}, as it said {age}", self.message);
        self
    }

    fn with_remedy(mut self, remedy: Option<String>) -> Self {
        self.remedy = remedy.unwrap_or(self.remedy);
        self
    }
}

/// How far an examination goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Examination {
    /// Xfer files to look at, beside those in the home folder.
    pub files: Vec<PathBuf>,
    /// Whether no server is asked.
    pub offline: bool,
    /// Words of findings that are known and not to be told.
    pub ignored: Vec<String>,
}

/// What an examination brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// What was found, most severe first.
    pub complaints: Vec<Complaint>,
    /// How many more were found and are ignored.
    pub ignored: usize,
    /// How many servers were asked.
    pub asked: usize,
}

/// Looks at everything.
pub async fn examine(home: &Home, examination: &Examination, now: Timestamp) -> Result<Diagnosis, OpsError> {
    for word in &examination.ignored {
        check_word(word)?;
    }
    let mut found = files::about_home(home);
    found.extend(files::about_xfer_files(home, &examination.files));
    let mut asked = 0;
    let mut outdated = BTreeSet::new();
    if !home.is_empty() {
        let looked = match home.config() {
            Ok(config) => about_configured(home, examination, &config, now, &mut found).await,
            Err(cause) => Err(cause),
        };
        match looked {
            Ok(looked) => (asked, outdated) = looked,
            Err(cause @ OpsError::Store(_)) => {
                found.push(files::unusable(&home.files().config_database(), &cause));
            }
            Err(cause) => return Err(cause),
        }
    }
    found.extend(schedules::about_schedules(home, &outdated, &now.to_zoned(TimeZone::system()))?);
    let all = found.len();
    found.retain(|complaint| !examination.ignored.iter().any(|word| word == complaint.code.word));
    let ignored = all - found.len();
    found.sort_by_key(|complaint| complaint.code.severity);
    Ok(Diagnosis { complaints: found, ignored, asked })
}

/// Looks at everything that is configured; gives how many servers were asked, and which files are outdated.
async fn about_configured(
    home: &Home,
    examination: &Examination,
    config: &ConfigStore,
    now: Timestamp,
    found: &mut Vec<Complaint>,
) -> Result<(usize, BTreeSet<String>), OpsError> {
    found.extend(files::about_databases(home, config)?);
    let servers = config.servers()?;
    let jobs = config.jobs()?;
    let uses = uses(&jobs, &config.routines()?);
    let closed = files::about_key(home, config);
    if closed.is_none() {
        found.extend(files::about_logins(config)?);
    }
    let answers =
        if examination.offline || closed.is_some() { Vec::new() } else { ask(config, &servers, &uses, found).await };
    found.extend(closed);
    let copies = Copies::new(config);
    found.extend(about_servers(&copies, &servers, &uses, &answers, now)?);
    found.extend(about_calendars(&servers, &jobs, &answers));
    found.extend(mapped::about_reviews(home, &copies, &jobs)?);
    let dashboard = dashboard_of(home, &copies)?;
    found.extend(mapped::about_maps_and_jobs(&dashboard));
    for unread in &dashboard.unread {
        let complaint = files::unusable(&unread.file, &unread.cause);
        // The journals of configured routines were looked at already.
        if !found.iter().any(|known| known.about == complaint.about) {
            found.push(complaint);
        }
    }
    Ok((answers.len(), mapped::outdated_files(&dashboard)))
}

/// Refuses a word that no finding has: what was meant would go on being told.
fn check_word(word: &str) -> Result<(), OpsError> {
    let known = || codes::ALL.iter().chain(of_runs::ALL).chain(of_checks::ALL).map(|code| code.word);
    if known().any(|known| known == word) {
        return Ok(());
    }
    let near = nearest(word, known(), 3);
    let hint = if near.is_empty() {
        "docs/findings.md lists them".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    Err(OpsError::invalid(format!("there is no finding `{word}`"), hint))
}

/// A server's answer.
struct Answer {
    server: usize,
    probe: Probe,
    exchanges: Vec<KeptExchange>,
}

/// Asks every server at once; those that cannot be asked become complaints.
async fn ask(
    config: &ConfigStore,
    servers: &[Server],
    uses: &BTreeMap<String, Uses>,
    found: &mut Vec<Complaint>,
) -> Vec<Answer> {
    let mut clients = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        match connect(config, server) {
            Ok(client) => clients.push((number, client)),
            Err(OpsError::Invalid { message, hint }) => {
                found.push(Complaint::new(&codes::SERVER_UNREACHABLE, &server.name, message).with_remedy(Some(hint)));
            }
            // What its login is worth was told already.
            Err(OpsError::Client(cause)) => found.push(unreachable(&server.name, &cause)),
            Err(_) => {}
        }
    }
    let asked = join_all(clients.iter().map(async |(server, client)| {
        let probe = client.probe().await?;
        let writes =
            servers.get(*server).and_then(|server| uses.get(&server.name)).is_some_and(|own| own.is_destination);
        let exchanges = if writes { client.kept_exchanges().await? } else { Vec::new() };
        Ok::<_, ClientError>(Answer { server: *server, probe, exchanges })
    }));
    let mut answers = Vec::new();
    for ((server, _), answer) in clients.iter().zip(asked.await) {
        match (answer, servers.get(*server)) {
            (Ok(answer), _) => answers.push(answer),
            (Err(cause), Some(server)) => found.push(unreachable(&server.name, &cause)),
            (Err(_), None) => {}
        }
    }
    answers
}

fn unreachable(name: &str, cause: &ClientError) -> Complaint {
    let code = if cause.kind.is_permission() { &codes::LOGIN_REFUSED } else { &codes::SERVER_UNREACHABLE };
    Complaint::new(code, name, cause.to_string()).with_remedy(cause.hint())
}

fn about_servers(
    copies: &Copies<'_>,
    servers: &[Server],
    uses: &BTreeMap<String, Uses>,
    answers: &[Answer],
    now: Timestamp,
) -> Result<Vec<Complaint>, OpsError> {
    let mut found = Vec::new();
    for (number, server) in servers.iter().enumerate() {
        let name = &server.name;
        let own = uses.get(name).cloned().unwrap_or_default();
        if !server.url.is_https() && !server.url.is_loopback() {
            found.push(Complaint::new(&codes::NOT_ENCRYPTED, name, format!("its address is {}", server.url)));
        }
        let answer = answers.iter().find(|answer| answer.server == number);
        let remembered = if answer.is_none() { remembered::remembered(copies.config(), server, now)? } else { None };
        if let Some(answer) = answer {
            found.extend(answers::about_answer(name, server.identity.as_ref(), &answer.probe, &own, now));
        }
        if let Some(before) = &remembered {
            let mut told = answers::about_answer(name, server.identity.as_ref(), &before.probe, &own, now);
            // Clocks that differ do so now or not at all.
            told.retain(|complaint| complaint.code.word != codes::CLOCK_DIFFERS.word);
            found.extend(told.into_iter().map(|complaint| complaint.aged(&before.age)));
        }
        if server.synced_at.is_none() {
            found.push(Complaint::new(&codes::NEVER_SYNCED, name, "it was never synced"));
        } else if own.is_destination {
            let metadata = copies.of(server)?.unwrap_or_default();
            let kept = server.identity.as_ref();
            let version = answer.map(|answer| &answer.probe.identity).or(kept).map(|identity| &identity.version);
            found.extend(setup::about_data_sets(name, &metadata, version, &own));
            if let Some(answer) = answer {
                found.extend(setup::about_exchanges(name, &metadata, &answer.exchanges, &own));
            }
            if let Some(before) = &remembered {
                let told = setup::about_exchanges(name, &metadata, &before.exchanges, &own);
                found.extend(told.into_iter().map(|complaint| complaint.aged(&before.age)));
            }
        }
    }
    Ok(found)
}

/// The pairs of servers that jobs connect although their calendars differ.
fn about_calendars(servers: &[Server], jobs: &[Job], answers: &[Answer]) -> Vec<Complaint> {
    let calendar = |name: &str| {
        let (number, server) = servers.iter().enumerate().find(|(_, server)| server.name == name)?;
        let answered = answers.iter().find(|answer| answer.server == number).map(|answer| &answer.probe.identity);
        let words = &answered.or(server.identity.as_ref())?.calendar;
        // Their periods are the same.
        Some(if words == "gregorian" { "iso8601".to_owned() } else { words.clone() })
    };
    let mut pairs: Vec<(&str, &str)> = jobs.iter().map(|job| (job.source.as_str(), job.destination.as_str())).collect();
    pairs.sort_unstable();
    pairs.dedup();
    let differ = |(source, destination): (&str, &str)| {
        let (from, to) = (calendar(source)?, calendar(destination)?);
        let words = format!("{source} uses the {from} calendar, {destination} the {to} calendar");
        (from != to).then(|| Complaint::new(&of_runs::CALENDAR_DIFFERS, format!("{source} → {destination}"), words))
    };
    pairs.into_iter().filter_map(differ).collect()
}
