//! Who is told how runs end, as it stands in a file of version 1. Here, and only here, a channel and its secret stand
//! side by side: the body is sealed before it leaves the memory.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::xferfile::wire::{Unknown, exposed, is_false, word};
use xfer_domain::alert::{
    self, AlertChannel, AlertEvent, ArmedChannel, ChannelKind, MailRoute, MailSecurity, PingMethod, ServerSide, Shape,
    origin_of,
};
use xfer_domain::uid::Uid;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alert {
    id: Uuid,
    name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    on: Vec<String>,
    channel: Channel,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Channel {
    Webhook {
        shape: String,
        #[serde(serialize_with = "exposed")]
        address: SecretString,
    },
    Ping {
        method: String,
        #[serde(default, skip_serializing_if = "is_false")]
        signals: bool,
        #[serde(serialize_with = "exposed")]
        address: SecretString,
    },
    Mail {
        host: String,
        port: u16,
        security: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        login: Option<MailLogin>,
        from: String,
        to: Vec<String>,
    },
    Dhis2Message {
        server: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<Recipient>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        groups: Vec<Recipient>,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MailLogin {
    username: String,
    #[serde(serialize_with = "exposed")]
    password: SecretString,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipient {
    id: Uid,
    name: String,
}

impl Alert {
    /// A channel; one that needs a secret is given with it.
    pub(super) fn of(armed: &ArmedChannel) -> Self {
        let ArmedChannel { channel: AlertChannel { id, name, events, kind }, secret } = armed;
        let secret = secret.clone().unwrap_or_default();
        let channel = match kind {
            ChannelKind::Webhook { shape, origin: _ } => {
                Channel::Webhook { shape: shape.name().to_owned(), address: secret }
            }
            ChannelKind::Ping { method, signals, origin: _ } => {
                Channel::Ping { method: method.name().to_owned(), signals: *signals, address: secret }
            }
            ChannelKind::Mail(MailRoute { host, port, security, username, from, to }) => Channel::Mail {
                host: host.clone(),
                port: *port,
                security: security.name().to_owned(),
                login: username.clone().map(|username| MailLogin { username, password: secret }),
                from: from.clone(),
                to: to.clone(),
            },
            ChannelKind::Dhis2Message { on, users, groups } => Channel::Dhis2Message {
                server: on.name().to_owned(),
                users: users.iter().map(Recipient::of).collect(),
                groups: groups.iter().map(Recipient::of).collect(),
            },
        };
        let on = events.iter().map(|event| event.name().to_owned()).collect();
        Self { id: *id, name: name.clone(), on, channel }
    }

    pub(super) fn into_armed(self) -> Result<ArmedChannel, Unknown> {
        let Self { id, name, on, channel } = self;
        let events = on.iter().map(|text| word(text, AlertEvent::from_name)).collect::<Result<_, _>>()?;
        let (kind, secret) = match channel {
            Channel::Webhook { shape, address } => {
                let shape = word(&shape, Shape::from_name)?;
                (ChannelKind::Webhook { shape, origin: origin(&address)? }, Some(address))
            }
            Channel::Ping { method, signals, address } => {
                let method = word(&method, PingMethod::from_name)?;
                (ChannelKind::Ping { method, signals, origin: origin(&address)? }, Some(address))
            }
            Channel::Mail { host, port, security, login, from, to } => {
                let security = word(&security, MailSecurity::from_name)?;
                let (username, password) = login.map(|login| (login.username, login.password)).unzip();
                (ChannelKind::Mail(MailRoute { host, port, security, username, from, to }), password)
            }
            Channel::Dhis2Message { server, users, groups } => {
                let on = word(&server, ServerSide::from_name)?;
                let named = |list: Vec<Recipient>| list.into_iter().map(Recipient::into_recipient).collect();
                (ChannelKind::Dhis2Message { on, users: named(users), groups: named(groups) }, None)
            }
        };
        Ok(ArmedChannel::new(AlertChannel { id, name, events, kind }, secret))
    }
}

fn origin(address: &SecretString) -> Result<String, Unknown> {
    origin_of(address.expose_secret()).map_err(|_| Unknown("the address of an alert cannot be used".to_owned()))
}

impl Recipient {
    fn of(recipient: &alert::Recipient) -> Self {
        Self { id: recipient.id, name: recipient.name.clone() }
    }

    fn into_recipient(self) -> alert::Recipient {
        alert::Recipient { id: self.id, name: self.name }
    }
}
