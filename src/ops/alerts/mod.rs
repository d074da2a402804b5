//! Alerts: one message to each channel when the outcome of a routine's runs changes, and none while it stays as it is.
//!
//! | module | what it does |
//! |---|---|
//! | [`channels`] | a routine's channels: added, listed, removed, tried |
//! | [`message`] | the words, and the shapes that listeners take |
//! | [`deliver`] | one message on its way to one channel |
//! | [`address`] | the address that `exec --notify-file` names |
//!
//! The decision that something is told, and what, is written into the routine's state before anything is sent
//! (`store::state::alerts`); what was not taken is tried again by the next run. Channels are told side by side, so that
//! all of them together take no longer than the slowest one may. A run is as good or bad as it was, whether or not it
//! can be told.

pub mod address;
pub mod channels;
pub mod deliver;
pub mod message;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use uuid::Uuid;

use crate::ops::alerts::deliver::{PATIENCE, Reach, Servers, Signal};
use crate::ops::alerts::message::Message;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, routine};
use crate::ops::servers::client_options;
use crate::ops::undelivered::DeliveryError;
use crate::ops::xfer_files;
use xfer_domain::alert::{AlertChannel, ArmedChannel, ChannelKind, Condition, Notice, Past, is_news};
use xfer_domain::job::Job;
use xfer_storage::store::{ConfigStore, StateStore, WaitingNotice};
use xfer_storage::xferfile::{Content, FileServer};

/// Everything that it takes to tell how the runs of one routine end.
#[derive(Debug)]
pub struct Alerting {
    routine: Uuid,
    name: String,
    channels: Vec<ArmedChannel>,
    between: Option<(String, String)>,
    servers: Servers,
    patience: Duration,
}

/// What became of a channel's messages.
#[derive(Debug)]
pub struct Told {
    /// The channel's name.
    pub channel: String,
    /// How many messages it took, or why it takes none; those wait for the next run.
    pub result: Result<usize, DeliveryError>,
    /// Who did not get what it took, and why.
    pub refused: Vec<String>,
}

/// What became of one call.
#[derive(Debug, Default)]
struct Called {
    /// The numbers of the messages that were taken.
    taken: Vec<i64>,
    /// Who did not get them although others did, and why.
    refused: Vec<String>,
    /// Why it ended before all were taken.
    failed: Option<DeliveryError>,
}

impl Alerting {
    /// Nobody hears of anything.
    pub fn none() -> Self {
        Self {
            routine: Uuid::nil(),
            name: String::new(),
            channels: Vec::new(),
            between: None,
            servers: Servers::default(),
            patience: PATIENCE,
        }
    }

    /// Those who hear of a routine of the store.
    pub fn of_routine(home: &Home, name: &str) -> Result<Self, OpsError> {
        let config = home.config()?;
        let routine = routine(&config, name)?;
        if routine.alerts.is_empty() {
            return Ok(Self::none());
        }
        let channels = config.armed_alerts(routine.id)?;
        let job = routine.jobs.first().and_then(|name| config.job(name).ok());
        let servers = job.as_ref().map(|job| servers(&config, job, &channels)).unwrap_or_default();
        let between = job.map(|job| (job.source, job.destination));
        Ok(Self { routine: routine.id, name: routine.name, channels, between, servers, patience: PATIENCE })
    }

    /// Those who hear of the routine of a file.
    pub fn of_file(content: &Content) -> Self {
        let servers = Servers {
            source: Some(reach_of_file(&content.source)),
            destination: Some(reach_of_file(&content.destination)),
            refused: OnceLock::new(),
        };
        Self {
            routine: content.document.routine.id,
            name: content.document.routine.name.clone(),
            channels: content.armed_alerts(),
            between: Some((content.source.name.clone(), content.destination.name.clone())),
            servers,
            patience: PATIENCE,
        }
    }

    /// The routine's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of source and destination, where they are known.
    pub fn between(&self) -> Option<(String, String)> {
        self.between.clone()
    }

    /// With another patience than people have.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Notes why a run came to no report: a server that refused the login is not asked again at once.
    pub fn failed(&self, error: &OpsError) {
        if let Some(server) = error.login_refused_at() {
            // The first refusal ended the run; there is no second one.
            let _ = self.servers.refused.set(server.to_owned());
        }
    }

    /// Tells dead man's switches that a run has begun. One that does not answer is told how it ends all the same.
    pub async fn begun(&self) {
        let all = self.channels.iter().map(|armed| deliver::signal(armed, Signal::Start, self.patience));
        for failed in join_all(all).await.into_iter().filter_map(Result::err) {
            tracing::warn!(cause = %failed, "the heartbeat URL was not called at the start of a run");
        }
    }

    /// Tells how a run ended: whoever that is news to, and whoever was not reached before. Gives what became of each
    /// channel that was called, and how many messages were given up because too many waited.
    pub async fn tell(&self, home: &Home, notice: &Notice) -> (Vec<Told>, usize) {
        if self.channels.is_empty() {
            return (Vec::new(), 0);
        }
        let unkept = |cause: &dyn std::error::Error| {
            tracing::warn!(%cause, "a sent alert was not recorded; it will be sent again");
        };
        let noted = self.note(home, notice).inspect_err(|cause| unkept(cause)).ok();
        let (mut state, given_up) = noted.map_or((None, 0), |(state, given_up)| (Some(state), given_up));
        // Read when nobody else sends: what another process was sending is taken by now, or waits.
        let turn = deliver::take_turn(&home.files().telling(self.routine), self.patience).await;
        let waiting = state.as_ref().map(StateStore::waiting_notices).transpose();
        let waiting = waiting.inspect_err(|cause| unkept(cause)).ok().flatten();
        let waiting = waiting.unwrap_or_else(|| self.without_memory(notice));
        let calls = self.channels.iter().map(|armed| self.call(armed, &waiting, notice.condition, turn.is_ok()));
        let mut all = Vec::new();
        for (armed, Called { taken, refused, failed }) in self.channels.iter().zip(join_all(calls).await) {
            if let Some(state) = &mut state {
                forget(state, &taken);
            }
            // A switch is called after every run: only that it could not be is worth a word.
            if !taken.is_empty() || failed.is_some() {
                let result = failed.map_or(Ok(taken.len()), Err);
                all.push(Told { channel: armed.channel.name.clone(), result, refused });
            }
        }
        (all, given_up)
    }

    /// Writes down what is to be told; gives how many old messages were given up.
    fn note(&self, home: &Home, notice: &Notice) -> Result<(StateStore, usize), OpsError> {
        let channels: Vec<AlertChannel> = self.channels.iter().map(|armed| armed.channel.clone()).collect();
        let mut state = home.state(self.routine)?;
        let given_up = state.note_outcome(&channels, notice)?;
        Ok((state, given_up))
    }

    /// What is told where nothing can be written down, on a full disk, say: rather too often than not at all.
    fn without_memory(&self, notice: &Notice) -> Vec<WaitingNotice> {
        let hears = |armed: &&ArmedChannel| is_news(&armed.channel.events, Past::default(), notice.condition);
        let told = |armed: &ArmedChannel| WaitingNotice { id: 0, channel: armed.channel.id, notice: notice.clone() };
        self.channels.iter().filter(hears).map(told).collect()
    }

    /// Calls one channel with what waits for it, in order, until it fails. A switch is called whoever's turn it is: each
    /// run calls it once.
    async fn call(&self, armed: &ArmedChannel, waiting: &[WaitingNotice], now: Condition, is_our_turn: bool) -> Called {
        if matches!(armed.channel.kind, ChannelKind::Ping { .. }) {
            let signal = match now {
                Condition::Complete => Signal::Success,
                _ => Signal::Failure,
            };
            let failed = deliver::signal(armed, signal, self.patience).await.err();
            return Called { failed, ..Called::default() };
        }
        // However many wait, a channel has the time of one.
        let end = Instant::now() + self.patience;
        let mut called = Called::default();
        for waiting in waiting.iter().filter(|waiting| waiting.channel == armed.channel.id) {
            if !is_our_turn {
                return Called { failed: Some(DeliveryError::Busy), ..called };
            }
            // Its moment, not its number: numbers begin anew with a new state folder.
            let id = format!("{}.{}", waiting.channel, waiting.notice.at.as_millisecond());
            let message = Message::of(&waiting.notice);
            let left = end.saturating_duration_since(Instant::now());
            match deliver::deliver(armed, &message, &id, &self.servers, left).await {
                Ok(delivered) => {
                    called.taken.push(waiting.id);
                    // Of several messages, the newest says who is left out now.
                    called.refused = delivered.refused;
                }
                Err(error) => return Called { failed: Some(error), ..called },
            }
        }
        called
    }
}

fn forget(state: &mut StateStore, taken: &[i64]) {
    for id in taken {
        if let Err(cause) = state.notice_delivered(*id) {
            tracing::warn!(%cause, "a delivered message was not recorded; it will be sent again");
        }
    }
}

/// How the servers of a job are reached, where a channel needs them.
fn servers(config: &ConfigStore, job: &Job, channels: &[ArmedChannel]) -> Servers {
    if !channels.iter().any(|armed| matches!(armed.channel.kind, ChannelKind::Dhis2Message { .. })) {
        return Servers::default();
    }
    let (source, destination) = (reach(config, &job.source), reach(config, &job.destination));
    Servers { source, destination, refused: OnceLock::new() }
}

/// How a kept server is reached; not at all where its login does not open.
fn reach(config: &ConfigStore, name: &str) -> Option<Reach> {
    let server = config.server(name).ok()?;
    let options = client_options(config, &server).ok()?;
    Some(Reach { options, system_id: server.identity.map(|identity| identity.system_id) })
}

fn reach_of_file(server: &FileServer) -> Reach {
    Reach { options: xfer_files::client_options(server), system_id: Some(server.system_id.clone()) }
}
