//! Alert channels of a routine, and the events of each.
//!
//! A channel says where a message goes and never how to get in: web addresses and passwords are secrets and travel
//! beside it ([`ArmedChannel`]), bound to the origin that the channel names. Replacing a secret makes another channel
//! with another id, so that whoever compares two routines sees that they differ.

mod notice;

pub use notice::{Condition, Notice, NoticeCounts, Past, is_news};

use std::net::IpAddr;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::exit_code::ExitCode;
use crate::fault::Fault;
use crate::named::named;
use crate::redaction::{keep_address, keep_password};
use crate::server::BaseUrl;
use crate::uid::Uid;

/// Somebody, or something, that is told how runs end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertChannel {
    /// Its identity, made with its secret; what it was told last is kept under it.
    pub id: Uuid,
    /// What people call it, unique within the routine.
    pub name: String,
    /// What it wants to hear of; a dead man's switch hears of every run.
    pub events: Vec<AlertEvent>,
    /// Where messages go.
    pub kind: ChannelKind,
}

/// A channel with what it takes to use it.
#[derive(Debug, Clone)]
pub struct ArmedChannel {
    /// Where messages go.
    pub channel: AlertChannel,
    /// The web address or the password; none where the channel needs none, or where it could not be opened.
    pub secret: Option<SecretString>,
}

/// Where messages go, without what is secret about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum ChannelKind {
    /// A web address that takes messages.
    Webhook {
        /// What a message looks like.
        shape: Shape,
        /// Scheme, host and port of the address; the rest of it is the secret's.
        origin: String,
    },
    /// A dead man's switch: it is asked for after each complete run, and fires when it is not.
    Ping {
        /// How it is asked for.
        method: PingMethod,
        /// Whether it also takes `/start` when a run begins and `/fail` when one does not end well.
        signals: bool,
        /// Scheme, host and port of the address.
        origin: String,
    },
    /// E-mail.
    Mail(MailRoute),
    /// A message in DHIS2, sent with the routine's own login.
    Dhis2Message {
        /// On which of the routine's servers.
        on: ServerSide,
        /// Who gets it.
        users: Vec<Recipient>,
        /// The groups whose members get it.
        groups: Vec<Recipient>,
    },
}

/// How e-mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailRoute {
    /// The mail server's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: MailSecurity,
    /// Who logs in; nobody where absent, and then there is no password either.
    pub username: Option<String>,
    /// The sender's address.
    pub from: String,
    /// Who gets it.
    pub to: Vec<String>,
}

/// A user or a user group of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Its id there.
    pub id: Uid,
    /// What it is called there.
    pub name: String,
}

/// A change that a channel may want to hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertEvent {
    /// A run came to no good end.
    Failure,
    /// A run is complete after one that was not.
    Recovery,
    /// Some cells did not arrive.
    Incomplete,
    /// There was nothing to transfer.
    NothingToTransfer,
}

named!(AlertEvent {
    Failure = "failure",
    Recovery = "recovery",
    Incomplete = "incomplete",
    NothingToTransfer = "nothing-to-transfer",
});

/// What a message to a web address looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// JSON of our own, `xfer-alert/1`.
    Json,
    /// What Slack's incoming webhooks take, and Mattermost's.
    Slack,
    /// An adaptive card, as Teams' workflows take it.
    Teams,
}

named!(Shape { Json = "json", Slack = "slack", Teams = "teams" });

/// How a dead man's switch is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PingMethod {
    /// GET.
    Get,
    /// POST without a body.
    Post,
}

named!(PingMethod { Get = "get", Post = "post" });

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailSecurity {
    /// From the start.
    Tls,
    /// After a greeting in the clear; refused where the server does not offer it.
    Starttls,
    /// Not at all: for a mail server on this machine.
    None,
}

named!(MailSecurity { Tls = "tls", Starttls = "starttls", None = "none" });

/// One of the two servers of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServerSide {
    /// Where values come from.
    Source,
    /// Where values go.
    Destination,
}

named!(ServerSide { Source = "source", Destination = "destination" });

impl MailSecurity {
    /// The port that mail servers have for it.
    pub fn usual_port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

impl ArmedChannel {
    /// A channel with its secret, which is struck out of everything from now on ([`redaction`](crate::redaction)).
    pub fn new(channel: AlertChannel, secret: Option<SecretString>) -> Self {
        match (&channel.kind, &secret) {
            (ChannelKind::Mail(route), Some(password)) => keep_password(route.username.as_deref(), password),
            (_, Some(address)) => keep_address(address),
            (_, None) => {}
        }
        Self { channel, secret }
    }
}

impl ChannelKind {
    /// The place that its secret is for and may be sent to; none where it needs no secret.
    pub fn secret_origin(&self) -> Option<String> {
        match self {
            Self::Webhook { origin, .. } | Self::Ping { origin, .. } => Some(origin.clone()),
            Self::Mail(route) => route.username.as_ref().map(|_| route.origin()),
            Self::Dhis2Message { .. } => None,
        }
    }

    /// The word for its kind.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Webhook { shape: Shape::Json, .. } => "webhook",
            Self::Webhook { shape: Shape::Slack, .. } => "slack",
            Self::Webhook { shape: Shape::Teams, .. } => "teams",
            Self::Ping { .. } => "ping",
            Self::Mail(_) => "mail",
            Self::Dhis2Message { .. } => "dhis2-message",
        }
    }

    /// Where it goes, for people; says nothing secret.
    pub fn goes_to(&self) -> String {
        match self {
            Self::Webhook { origin, .. } => origin.clone(),
            Self::Ping { method, signals, origin } => {
                let more = if *signals { ", with /start and /fail" } else { "" };
                format!("{origin} ({}{more})", method.name().to_uppercase())
            }
            Self::Mail(route) => format!("{} by {}", route.to.join(", "), route.origin()),
            Self::Dhis2Message { on, users, groups } => {
                let users = users.iter().map(|user| user.name.clone());
                let groups = groups.iter().map(|group| format!("the group {}", group.name));
                format!("{} on the {}", users.chain(groups).collect::<Vec<_>>().join(", "), on.name())
            }
        }
    }
}

impl AlertChannel {
    /// What it wants to hear of, for people.
    pub fn hears_of(&self) -> String {
        match self.kind {
            ChannelKind::Ping { .. } => "every run".to_owned(),
            _ => self.events.iter().map(|event| event.name()).collect::<Vec<_>>().join(", "),
        }
    }
}

impl MailRoute {
    /// Scheme, host and port; the scheme says how it is encrypted, so that a password is never sent with less.
    pub fn origin(&self) -> String {
        let scheme = match self.security {
            MailSecurity::Tls => "smtps",
            MailSecurity::Starttls => "smtp+starttls",
            MailSecurity::None => "smtp",
        };
        format!("{scheme}://{}:{}", self.host, self.port)
    }

    /// Refuses to go through other machines in the clear.
    pub fn check(&self) -> Result<(), UnusableAddress> {
        if self.host.is_empty() || self.host.contains(|letter: char| letter.is_whitespace() || letter == '/') {
            return Err(UnusableAddress::NoHost(self.host.clone()));
        }
        let here = self.host == "localhost" || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if self.security == MailSecurity::None && !here { Err(UnusableAddress::NotEncrypted) } else { Ok(()) }
    }
}

/// Why nothing is sent to an address. It never quotes a web address, which is a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableAddress {
    /// No URL at all.
    #[error("it is not a web address")]
    NoUrl,
    /// Plain text to another machine.
    #[error("it is not encrypted: others on the network could read it")]
    NotEncrypted,
    /// No name of a machine.
    #[error("`{0}` is not the name of a mail server")]
    NoHost(String),
}

impl Fault for UnusableAddress {
    fn code(&self) -> ExitCode {
        ExitCode::Usage
    }
}

/// Scheme, host and port of a web address that may take messages: encrypted, or on this machine.
pub fn origin_of(address: &str) -> Result<String, UnusableAddress> {
    let base = BaseUrl::parse(address).map_err(|_| UnusableAddress::NoUrl)?;
    if base.is_https() || base.is_loopback() { Ok(base.origin()) } else { Err(UnusableAddress::NotEncrypted) }
}

#[cfg(test)]
mod tests {
    use super::{MailRoute, MailSecurity, UnusableAddress, origin_of};

    #[test]
    fn messages_go_encrypted_or_stay_on_this_machine() {
        assert_eq!(origin_of("https://hooks.slack.com/services/T0/B0/x").as_deref(), Ok("https://hooks.slack.com"));
        assert_eq!(origin_of("http://127.0.0.1:8080/h").as_deref(), Ok("http://127.0.0.1:8080"));
        assert_eq!(origin_of("http://example.org/h"), Err(UnusableAddress::NotEncrypted));
        assert_eq!(origin_of("not an address"), Err(UnusableAddress::NoUrl));
        let route = |host: &str, security| MailRoute {
            host: host.to_owned(),
            port: 25,
            security,
            username: None,
            from: "xfer@example.org".to_owned(),
            to: vec!["his@example.org".to_owned()],
        };
        assert_eq!(route("127.0.0.1", MailSecurity::None).check(), Ok(()));
        assert_eq!(route("mail.example.org", MailSecurity::Starttls).check(), Ok(()));
        assert_eq!(route("mail.example.org", MailSecurity::None).check(), Err(UnusableAddress::NotEncrypted));
        assert!(matches!(route("smtp://x", MailSecurity::Tls).check(), Err(UnusableAddress::NoHost(_))));
        assert_eq!(route("m", MailSecurity::Starttls).origin(), "smtp+starttls://m:25");
    }
}
