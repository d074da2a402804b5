//! Delivery of one message to one channel.
//!
//! Nothing here waits longer than it is told to: the run is over, and whoever started it waits for nothing else.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use secrecy::SecretString;

use crate::mail::{self, Letter};
use crate::ops::alerts::message::{Message, payload};
use crate::ops::undelivered::DeliveryError;
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_dhis2::limits::Limits;
use xfer_dhis2::webhook::{self, Call};
use xfer_domain::alert::{ArmedChannel, ChannelKind, PingMethod, ServerSide};
use xfer_storage::platform::FileLock;

/// How long a channel may take to take a message.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// How soon a turn that somebody else has is asked for again.
const ASK_AGAIN: Duration = Duration::from_millis(50);

/// What a dead man's switch is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// A run has begun.
    Start,
    /// It is complete.
    Success,
    /// It did not end well.
    Failure,
}

/// How one of the routine's servers is reached, and who it has to be.
#[derive(Debug, Clone)]
pub struct Reach {
    /// Address and login.
    pub options: ClientOptions,
    /// Its system id, where that is known.
    pub system_id: Option<String>,
}

/// How the routine's servers are reached, as far as their logins could be opened.
#[derive(Debug, Clone, Default)]
pub struct Servers {
    /// Where values come from.
    pub source: Option<Reach>,
    /// Where values go.
    pub destination: Option<Reach>,
    /// The name of the one that refused its login in this run.
    pub refused: OnceLock<String>,
}

/// A message that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// What was answered, in short.
    pub answer: String,
    /// Who did not get it although others did, and why.
    pub refused: Vec<String>,
}

impl Delivered {
    /// The answer, and whom it leaves out.
    pub fn in_words(&self) -> String {
        std::iter::once(&self.answer).chain(&self.refused).cloned().collect::<Vec<_>>().join("; not for ")
    }
}

impl From<String> for Delivered {
    fn from(answer: String) -> Self {
        Self { answer, refused: Vec::new() }
    }
}

/// Delivers a message. `id` is the same whenever the same message is sent again.
pub async fn deliver(
    armed: &ArmedChannel,
    message: &Message,
    id: &str,
    servers: &Servers,
    patience: Duration,
) -> Result<Delivered, DeliveryError> {
    let secret = || armed.secret.as_ref().ok_or(DeliveryError::Closed);
    match &armed.channel.kind {
        ChannelKind::Webhook { shape, .. } => {
            let body = payload(*shape, message).to_string();
            Ok(webhook::deliver(secret()?, Call::Json(body), patience).await?.into())
        }
        ChannelKind::Ping { method, .. } => Ok(webhook::deliver(secret()?, call(*method), patience).await?.into()),
        ChannelKind::Mail(route) => {
            let password = route.username.as_ref().map(|_| secret()).transpose()?;
            let letter = Letter { id, subject: &message.subject, text: &message.body };
            let mail::Sent { answer, refused } = mail::send(route, password, &letter, patience).await?;
            Ok(Delivered { answer, refused })
        }
        ChannelKind::Dhis2Message { on, users, groups } => {
            let reach = match on {
                ServerSide::Source => &servers.source,
                ServerSide::Destination => &servers.destination,
            };
            let reach = reach.as_ref().ok_or(DeliveryError::NoLogin(*on))?;
            if servers.refused.get() == Some(&reach.options.server) {
                return Err(DeliveryError::LoginRefused(reach.options.server.clone()));
            }
            let client = connection(reach, patience)?;
            let sending = async {
                if let Some(expected) = &reach.system_id
                    && client.identity().await?.system_id != *expected
                {
                    return Err(DeliveryError::WrongServer { server: client.server().to_owned() });
                }
                Ok(client.send_message(&message.subject, &message.body, users, groups).await?)
            };
            match tokio::time::timeout(patience, sending).await {
                Ok(sent) => sent.map(|()| format!("{} accepted the message", client.server()).into()),
                Err(_) => Err(ClientErrorKind::Timeout { waited: patience }.into()),
            }
        }
    }
}

/// The turn to send what waits: until it is dropped, no other process sends the same messages. Waits for whoever has it,
/// but not for ever. None where the file cannot be locked: what is told twice is better than what is not told.
pub(super) async fn take_turn(file: &Path, patience: Duration) -> Result<Option<FileLock>, DeliveryError> {
    let end = Instant::now() + patience;
    loop {
        match FileLock::acquire(file) {
            Ok(Some(lock)) => return Ok(Some(lock)),
            Ok(None) if Instant::now() >= end => return Err(DeliveryError::Busy),
            Ok(None) => tokio::time::sleep(ASK_AGAIN).await,
            Err(cause) => {
                tracing::warn!(file = %file.display(), %cause, "a message may be sent twice");
                return Ok(None);
            }
        }
    }
}

/// Tells a dead man's switch, if it wants to hear of that.
pub async fn signal(armed: &ArmedChannel, signal: Signal, patience: Duration) -> Result<(), DeliveryError> {
    let ChannelKind::Ping { method, signals, .. } = &armed.channel.kind else { return Ok(()) };
    let address: &SecretString = armed.secret.as_ref().ok_or(DeliveryError::Closed)?;
    let address = match signal {
        Signal::Success => address.clone(),
        _ if !signals => return Ok(()),
        Signal::Start => webhook::below(address, "start")?,
        Signal::Failure => webhook::below(address, "fail")?,
    };
    webhook::deliver(&address, call(*method), patience).await?;
    Ok(())
}

fn call(method: PingMethod) -> Call {
    match method {
        PingMethod::Get => Call::Get,
        PingMethod::Post => Call::Post,
    }
}

/// A connection of its own: the run's may be what is broken. One try, within the patience that a message has.
fn connection(reach: &Reach, patience: Duration) -> Result<Client, ClientError> {
    let limits = Limits { tries: 1, silence: patience, total: patience, ..Limits::default() };
    Client::new(ClientOptions { limits, ..reach.options.clone() })
}
