//! The body of version 1, as it stands in a file.
//!
//! Structs of their own, not the domain's: the domain changes with the program, a file must open for ever. Ids, periods,
//! period types and value types are DHIS2's words and stand as such; our own words are those of every other file
//! (`sum`, `confirmed`, `raw`).
//!
//! **To add a thing**, add a field with `#[serde(default, skip_serializing_if = …)]`: old files lack it, and files that
//! do not use it still open in old programs, which refuse a field that they do not know
//! (`deny_unknown_fields`). Never rename, never remove, never change a meaning: that is another version. No `flatten`
//! and no `untagged`: they hide unknown fields.

mod alert;
mod data;
mod metadata;
mod routine;
mod script;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::xferfile::content::{Content, FileServer};
use xfer_domain::alert::ArmedChannel;
use xfer_domain::certificates::Certificates;
use xfer_domain::routine::{Routine, RoutineDocument};
use xfer_domain::secret::Login as DomainLogin;
use xfer_domain::server::BaseUrl;

/// A word that this program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unknown(pub(super) String);

/// A word of a fixed list.
fn word<T>(text: &str, known: impl Fn(&str) -> Option<T>) -> Result<T, Unknown> {
    known(text).ok_or_else(|| Unknown(format!("it does not know `{text}`")))
}

/// Everything.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Body {
    revision: u32,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_after: Option<Timestamp>,
    source: Server,
    destination: Server,
    routine: routine::Routine,
    jobs: Vec<routine::Job>,
    org_unit_map: Vec<routine::Mapping>,
    /// The texts of the scripts that act somewhere in it.
    #[serde(default)]
    scripts: Vec<script::Script>,
    /// Who is told how runs end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<alert::Alert>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Server {
    name: String,
    url: String,
    #[serde(default, skip_serializing_if = "is_false")]
    allow_http: bool,
    /// PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    certificates: Option<String>,
    login: Login,
    system_id: String,
    synced_at: String,
    metadata: metadata::Metadata,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
enum Login {
    Basic {
        username: String,
        #[serde(serialize_with = "exposed")]
        password: SecretString,
    },
    Token(#[serde(serialize_with = "exposed")] SecretString),
}

/// Writes a secret. Only into the body, which is sealed before it leaves the memory.
fn exposed<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Body {
    pub(super) fn of(content: &Content) -> Self {
        let Content { revision, created, not_after, source, destination, document, alert_secrets: _ } = content;
        Self {
            revision: *revision,
            created: *created,
            not_after: *not_after,
            source: Server::of(source),
            destination: Server::of(destination),
            routine: routine::Routine::of(&document.routine),
            jobs: document.jobs.iter().map(routine::Job::of).collect(),
            org_unit_map: document.org_unit_map.iter().map(routine::Mapping::of).collect(),
            scripts: document.scripts.iter().map(script::Script::of).collect(),
            alerts: content.armed_alerts().iter().map(alert::Alert::of).collect(),
        }
    }

    pub(super) fn into_content(self) -> Result<Content, Unknown> {
        let source = self.source.into_server()?;
        let destination = self.destination.into_server()?;
        let jobs = self
            .jobs
            .into_iter()
            .map(|job| job.into_job(&source.name, &destination.name))
            .collect::<Result<Vec<_>, _>>()?;
        let org_unit_map = self.org_unit_map.into_iter().map(routine::Mapping::into_mapping);
        let armed: Vec<_> = self.alerts.into_iter().map(alert::Alert::into_armed).collect::<Result<_, _>>()?;
        let names = jobs.iter().map(|job| job.name.clone()).collect();
        let alerts = armed.iter().map(|armed| armed.channel.clone()).collect();
        let document = RoutineDocument {
            routine: Routine { alerts, ..self.routine.into_routine(names)? },
            jobs,
            org_unit_map: org_unit_map.collect::<Result<_, _>>()?,
            scripts: self.scripts.into_iter().map(script::Script::into_script).collect(),
        };
        let Self { revision, created, not_after, .. } = self;
        let secret = |armed: ArmedChannel| armed.secret.map(|secret| (armed.channel.id, secret));
        let alert_secrets = armed.into_iter().filter_map(secret).collect();
        Ok(Content { revision, created, not_after, source, destination, document, alert_secrets })
    }
}

impl Server {
    fn of(server: &FileServer) -> Self {
        let FileServer { name, url, allow_http, certificates, login, system_id, synced_at, metadata } = server;
        Self {
            name: name.clone(),
            url: url.to_string(),
            allow_http: *allow_http,
            certificates: certificates.as_ref().map(ToString::to_string),
            login: match login {
                DomainLogin::Basic { username, password } => {
                    Login::Basic { username: username.clone(), password: password.clone() }
                }
                DomainLogin::Token(token) => Login::Token(token.clone()),
            },
            system_id: system_id.clone(),
            synced_at: synced_at.clone(),
            metadata: metadata::Metadata::of(metadata),
        }
    }

    fn into_server(self) -> Result<FileServer, Unknown> {
        let Self { name, url, allow_http, certificates, login, system_id, synced_at, metadata } = self;
        let certificates = certificates.map(|text| Certificates::parse(&text)).transpose();
        Ok(FileServer {
            url: BaseUrl::parse(&url).map_err(|_| Unknown("the address of a server is not valid".to_owned()))?,
            name,
            allow_http,
            certificates: certificates.map_err(|error| Unknown(format!("the certificates of a server: {error}")))?,
            login: match login {
                Login::Basic { username, password } => DomainLogin::Basic { username, password },
                Login::Token(token) => DomainLogin::Token(token),
            },
            system_id,
            synced_at,
            metadata: metadata.into_metadata()?,
        })
    }
}
