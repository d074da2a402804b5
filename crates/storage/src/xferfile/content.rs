//! What a file says.

use std::collections::BTreeMap;

use jiff::Timestamp;
use secrecy::SecretString;
use uuid::Uuid;

use xfer_domain::alert::{AlertChannel, ArmedChannel};
use xfer_domain::certificates::Certificates;
use xfer_domain::metadata::Metadata;
use xfer_domain::routine::RoutineDocument;
use xfer_domain::secret::Login;
use xfer_domain::server::BaseUrl;

/// Everything that a run needs.
#[derive(Debug, Clone)]
pub struct Content {
    /// How often the routine was exported: a later file has a larger number.
    pub revision: u32,
    /// When the file was made.
    pub created: Timestamp,
    /// When it stops being run; never where absent.
    pub not_after: Option<Timestamp>,
    /// Where values come from.
    pub source: FileServer,
    /// Where values go.
    pub destination: FileServer,
    /// The routine with its jobs and org unit map.
    pub document: RoutineDocument,
    /// Web addresses and passwords of the routine's alert channels, by the channels' ids.
    pub alert_secrets: BTreeMap<Uuid, SecretString>,
}

impl Content {
    /// The routine's alert channels with their secrets.
    pub fn armed_alerts(&self) -> Vec<ArmedChannel> {
        let armed = |channel: &AlertChannel| ArmedChannel {
            channel: channel.clone(),
            secret: self.alert_secrets.get(&channel.id).cloned(),
        };
        self.document.routine.alerts.iter().map(armed).collect()
    }
}

/// A server as a file knows it. Address and system id are both pinned: a cloned database keeps its system id.
#[derive(Debug, Clone)]
pub struct FileServer {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub url: BaseUrl,
    /// Whether plain http to another machine was allowed for it.
    pub allow_http: bool,
    /// Certificates by which it is trusted, in place of those that a machine trusts.
    pub certificates: Option<Certificates>,
    /// How to log in.
    pub login: Login,
    /// Who it has to be.
    pub system_id: String,
    /// When its metadata was copied, in its own clock.
    pub synced_at: String,
    /// The part of its metadata that a run needs.
    pub metadata: Metadata,
}
