//! A routine's channels: added, listed, removed and tried.
//!
//! A channel is checked as far as it can be when it is added: web addresses and mail servers by their form, people and
//! groups of DHIS2 by asking the server who they are. Whether messages arrive is for [`test()`] to say.

use futures_util::future::join_all;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::mail;
use crate::ops::alerts::Alerting;
use crate::ops::alerts::deliver::{Delivered, deliver};
use crate::ops::alerts::message::Message;
use crate::ops::error::OpsError;
use crate::ops::home::{Home, routine, server};
use crate::ops::new_id::new_id;
use crate::ops::servers::connect;
use crate::ops::undelivered::DeliveryError;
use xfer_domain::alert::{
    AlertChannel, AlertEvent, ArmedChannel, ChannelKind, MailRoute, PingMethod, Recipient, ServerSide, Shape, origin_of,
};
use xfer_domain::fault::Fault;
use xfer_domain::routine::Routine;
use xfer_storage::store::{ConfigStore, StateStore};

/// A channel to be added.
#[derive(Debug, Clone)]
pub struct NewAlert {
    /// What to call it; the word for its kind where absent.
    pub name: Option<String>,
    /// What it wants to hear of.
    pub events: Vec<AlertEvent>,
    /// Where messages go.
    pub kind: NewKind,
    /// The web address or the password.
    pub secret: Option<SecretString>,
}

/// Where the messages of a channel to be added go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewKind {
    /// A web address.
    Webhook(Shape),
    /// A dead man's switch.
    Ping {
        /// How it is asked for.
        method: PingMethod,
        /// Whether it takes `/start` and `/fail`.
        signals: bool,
    },
    /// E-mail.
    Mail(MailRoute),
    /// People on one of the routine's servers.
    Dhis2Message {
        /// Which one.
        on: ServerSide,
        /// Their user names, or ids.
        users: Vec<String>,
        /// Names of user groups, or ids.
        groups: Vec<String>,
    },
}

/// What became of a test message.
#[derive(Debug)]
pub struct Tested {
    /// The channel.
    pub channel: AlertChannel,
    /// What the listener answered, or why there was no answer.
    pub result: Result<Delivered, DeliveryError>,
}

/// Adds a channel to a routine.
pub async fn add(home: &Home, name: &str, new: NewAlert) -> Result<AlertChannel, OpsError> {
    let mut config = home.config()?;
    let routine = routine(&config, name)?;
    let NewAlert { name, events, kind, secret } = new;
    let kind = checked(&config, &routine, kind, secret.as_ref()).await?;
    // A switch hears of every run, whatever else is said.
    let is_switch = matches!(kind, ChannelKind::Ping { .. });
    let events = if is_switch { Vec::new() } else { events };
    if events.is_empty() && !is_switch {
        return Err(OpsError::invalid("the alert has no events", "choose events with --on"));
    }
    let name = match name {
        Some(name) if routine.alerts.iter().any(|known| same(&known.name, &name)) => {
            return Err(OpsError::invalid(
                format!("the routine {} has an alert {name} already", routine.name),
                "choose another name, or remove that one first: xfer routine alert remove",
            ));
        }
        Some(name) => name,
        None => free_name(kind.name(), &routine),
    };
    let channel = AlertChannel { id: new_id(Timestamp::now()), name, events, kind };
    config.add_alert(routine.id, &ArmedChannel::new(channel.clone(), secret))?;
    Ok(channel)
}

/// A routine's channels, and how many messages wait for each because they were not taken yet.
pub fn list(home: &Home, name: &str) -> Result<Vec<(AlertChannel, usize)>, OpsError> {
    let routine = routine(&home.config()?, name)?;
    let state = StateStore::open_existing(home.files(), routine.id)?;
    let waiting = state.map(|state| state.waiting_notices()).transpose()?.unwrap_or_default();
    let counted = |channel: AlertChannel| {
        let number = waiting.iter().filter(|waiting| waiting.channel == channel.id).count();
        (channel, number)
    };
    Ok(routine.alerts.into_iter().map(counted).collect())
}

/// Removes a channel with what was secret about it.
pub fn remove(home: &Home, name: &str, alert: &str) -> Result<AlertChannel, OpsError> {
    let mut config = home.config()?;
    let routine = routine(&config, name)?;
    let channel = known(&routine, alert)?;
    Ok(config.remove_alert(routine.id, &channel.name)?)
}

/// Sends a test message to one channel of a routine, or to all, and tells what the listeners answer.
pub async fn test(home: &Home, name: &str, alert: Option<&str>) -> Result<Vec<Tested>, OpsError> {
    let routine = routine(&home.config()?, name)?;
    let one = alert.map(|alert| known(&routine, alert)).transpose()?.map(|channel| channel.id);
    let alerting = Alerting::of_routine(home, name)?;
    let tried = alerting.channels.iter().filter(|armed| one.is_none_or(|id| armed.channel.id == id));
    let tested = tried.map(async |armed: &ArmedChannel| {
        let channel = armed.channel.clone();
        let message = Message::test(&routine.name, &channel.name);
        let id = new_id(Timestamp::now()).to_string();
        Tested { result: deliver(armed, &message, &id, &alerting.servers, alerting.patience).await, channel }
    });
    Ok(join_all(tested).await)
}

/// The channel of that name.
fn known<'routine>(routine: &'routine Routine, alert: &str) -> Result<&'routine AlertChannel, OpsError> {
    routine.alerts.iter().find(|known| same(&known.name, alert)).ok_or_else(|| {
        let names: Vec<&str> = routine.alerts.iter().map(|alert| alert.name.as_str()).collect();
        let hint = if names.is_empty() {
            "it has none; add one: xfer routine alert add".to_owned()
        } else {
            format!("its alerts are {}", names.join(", "))
        };
        OpsError::invalid(format!("the routine {} has no alert `{alert}`", routine.name), hint)
    })
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The word, or the first of `WORD 2`, `WORD 3` … that no alert of the routine has.
fn free_name(word: &str, routine: &Routine) -> String {
    let is_taken = |name: &str| routine.alerts.iter().any(|known| same(&known.name, name));
    // One of so many is free, for there are fewer alerts.
    let numbered = (2..=routine.alerts.len() + 2).map(|number| format!("{word} {number}"));
    std::iter::once(word.to_owned()).chain(numbered).find(|name| !is_taken(name)).unwrap_or_default()
}

/// A kind whose addresses can be used, with people and groups as the server calls them.
async fn checked(
    config: &ConfigStore,
    routine: &Routine,
    kind: NewKind,
    secret: Option<&SecretString>,
) -> Result<ChannelKind, OpsError> {
    let origin = || {
        let address = secret.map(ExposeSecret::expose_secret).unwrap_or_default();
        let hint = "give the full address, which begins with https://";
        origin_of(address).map_err(|why| OpsError::invalid(format!("the web address cannot be used: {why}"), hint))
    };
    Ok(match kind {
        NewKind::Webhook(shape) => ChannelKind::Webhook { shape, origin: origin()? },
        NewKind::Ping { method, signals } => ChannelKind::Ping { method, signals, origin: origin()? },
        NewKind::Mail(route) => {
            check_route(&route, secret)?;
            ChannelKind::Mail(route)
        }
        NewKind::Dhis2Message { on, users, groups } => {
            let (users, groups) = recipients(config, routine, on, &users, &groups).await?;
            ChannelKind::Dhis2Message { on, users, groups }
        }
    })
}

fn check_route(route: &MailRoute, password: Option<&SecretString>) -> Result<(), OpsError> {
    let refused = |error: mail::MailError| {
        OpsError::invalid(
            error.to_string(),
            error.hint().unwrap_or_else(|| "an address looks like his@health.example.org".to_owned()),
        )
    };
    route.check().map_err(|error| refused(error.into()))?;
    if route.to.is_empty() {
        return Err(OpsError::invalid("the e-mail has no recipients", "give them with --mail-to"));
    }
    route.to.iter().chain([&route.from]).try_for_each(|address| mail::check_address(address)).map_err(refused)?;
    if route.username.is_some() && password.is_none() {
        return Err(OpsError::invalid("the password of the mail account is missing", "give it with --password-file"));
    }
    Ok(())
}

/// Who users and groups are on the server.
async fn recipients(
    config: &ConfigStore,
    routine: &Routine,
    on: ServerSide,
    users: &[String],
    groups: &[String],
) -> Result<(Vec<Recipient>, Vec<Recipient>), OpsError> {
    if users.is_empty() && groups.is_empty() {
        return Err(OpsError::invalid("the message has no recipients", "give them with --to-user or --to-group"));
    }
    let job = routine.jobs.first().map(|name| config.job(name)).transpose()?;
    let job = job.ok_or_else(|| {
        OpsError::invalid(format!("the routine {} has no jobs", routine.name), "give it one: xfer routine edit")
    })?;
    let name = match on {
        ServerSide::Source => &job.source,
        ServerSide::Destination => &job.destination,
    };
    let client = connect(config, &server(config, name)?)?;
    let unknown = |what: &str, who: &str| {
        OpsError::invalid(
            format!("{name} has no {what} `{who}`, or the user may not see it"),
            "give the name as in DHIS2, or the id",
        )
    };
    let mut found = (Vec::new(), Vec::new());
    for who in users {
        found.0.push(client.find_user(who).await?.ok_or_else(|| unknown("user", who))?);
    }
    for who in groups {
        found.1.push(client.find_user_group(who).await?.ok_or_else(|| unknown("user group", who))?);
    }
    Ok(found)
}
