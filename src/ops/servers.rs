//! Servers: add, test, change, remove.

use jiff::Timestamp;

use crate::ops::doctor_codes as codes;
use crate::ops::error::OpsError;
use crate::ops::home::{self, Home};
use crate::ops::review;
use xfer_dhis2::client::{Client, ClientOptions};
use xfer_dhis2::limits::Limits;
use xfer_dhis2::system::Probe;
use xfer_dhis2::trust::check_usable;
use xfer_domain::calendar::is_iso;
use xfer_domain::capabilities::{Capabilities, doubt_about};
use xfer_domain::certificates::Certificates;
use xfer_domain::finding::Code;
use xfer_domain::run::{Finding, FindingObject};
use xfer_domain::secret::Login;
use xfer_domain::server::{Account, BaseUrl, KeptExchange, LastAnswer, Server, ServerId};
use xfer_storage::store::{self, AnalyticsFlags, ConfigStore, MetadataCounts, Named, Removal, ServerSettings};
use xfer_transfer::finding::{VERSION_UNTESTED, ZEROS_LEFT_OUT};

/// A server to be added.
#[derive(Debug, Clone)]
pub struct NewServer {
    /// What to call it.
    pub name: String,
    /// Where it is.
    pub url: BaseUrl,
    /// How to log in.
    pub login: Login,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// Certificates by which it is trusted, in place of those that the machine trusts.
    pub certificates: Option<Certificates>,
    /// Whether it is asked before it is kept.
    pub test: bool,
}

/// A change of a server; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct ServerChange {
    /// A new name.
    pub name: Option<String>,
    /// A new address.
    pub url: Option<BaseUrl>,
    /// A new login.
    pub login: Option<Login>,
    /// Whether plain http to another machine is allowed.
    pub allow_http: bool,
    /// Other certificates by which it is trusted; none of its own where there is nothing inside.
    pub certificates: Option<Option<Certificates>>,
    /// Whether it is asked before the change is kept.
    pub test: bool,
}

/// What a server said, and what an administrator should know about it.
#[derive(Debug, Clone)]
pub struct ServerTest {
    /// What it said.
    pub probe: Probe,
    /// What to know, most severe first.
    pub findings: Vec<Finding>,
    /// What is known of its version and changes how transfers are made, one sentence each.
    pub known: Vec<&'static str>,
}

/// A server with the size of its copied metadata.
#[derive(Debug, Clone)]
pub struct ServerLine {
    /// The server.
    pub server: Server,
    /// How much was copied; none before the first sync.
    pub counts: Option<MetadataCounts>,
}

/// Everything kept about a server.
#[derive(Debug, Clone)]
pub struct ServerDetails {
    /// The server.
    pub server: Server,
    /// How much was copied; none before the first sync.
    pub counts: Option<MetadataCounts>,
    /// The user as of the last sync or test.
    pub account: Option<Account>,
    /// Certificates by which it is trusted, in place of those that the machine trusts.
    pub certificates: Option<Certificates>,
}

/// Adds a server, tested first: nothing is kept unless it answers, or no test is wanted.
pub async fn add(home: &Home, new: NewServer) -> Result<Option<ServerTest>, OpsError> {
    check_name(&new.name)?;
    check_transport(&new.url, new.allow_http)?;
    let mut config = home.config()?;
    if config.server(&new.name).is_ok() {
        return Err(OpsError::invalid(
            format!("there is a server `{}` already", new.name),
            "choose another name, or change it with `xfer server edit`",
        ));
    }
    check_certificates(&new.url, new.certificates.as_ref())?;
    let reach = Reach {
        name: &new.name,
        url: &new.url,
        login: &new.login,
        allow_http: new.allow_http,
        certificates: new.certificates.as_ref(),
    };
    let test = if new.test { Some(reach.ask().await?) } else { None };
    let NewServer { name, url, login, allow_http, certificates, .. } = new;
    let server = config.add_server(&store::NewServer { name, url, login, allow_http, certificates })?;
    if let Some(test) = &test {
        keep_identity(&mut config, server.id, &test.probe)?;
    }
    Ok(test)
}

/// All servers, by name.
pub fn list(home: &Home) -> Result<Vec<ServerLine>, OpsError> {
    let config = home.config()?;
    let servers = config.servers()?;
    servers.into_iter().map(|server| Ok(ServerLine { counts: counts(&config, &server)?, server })).collect()
}

/// A server by name.
pub fn show(home: &Home, name: &str) -> Result<ServerDetails, OpsError> {
    let config = home.config()?;
    let server = home::server(&config, name)?;
    let ServerSettings { account, certificates, .. } = config.server_settings(server.id)?;
    Ok(ServerDetails { counts: counts(&config, &server)?, account, certificates, server })
}

fn counts(config: &ConfigStore, server: &Server) -> Result<Option<MetadataCounts>, OpsError> {
    Ok(server.synced_at.as_ref().map(|_| config.metadata_counts(server.id)).transpose()?)
}

/// Asks a server who it is and what it allows, and keeps the answer.
pub async fn test(home: &Home, name: &str) -> Result<ServerTest, OpsError> {
    let mut config = home.config()?;
    let server = home::server(&config, name)?;
    let ServerSettings { allow_http, certificates, .. } = config.server_settings(server.id)?;
    check_transport(&server.url, allow_http)?;
    let (name, url, login) = (&server.name, &server.url, &config.login(server.id)?);
    let reach = Reach { name, url, login, allow_http, certificates: certificates.as_ref() };
    let mut test = reach.ask().await?;
    keep_identity(&mut config, server.id, &test.probe)?;
    test.findings.extend(review::rights_at(home, &config, &server.name)?.into_iter().map(of_review));
    Ok(test)
}

/// A finding about what a job wants of the server.
fn of_review(found: review::Found) -> Finding {
    let object = found.job.map(|job| FindingObject { kind: "job".to_owned(), id: job.clone(), name: job });
    Finding {
        code: found.code.word.to_owned(),
        severity: found.code.severity,
        count: found.items.len().max(1) as u64,
        object,
        example: None,
        server: None,
        hint: Some(xfer_domain::finding::with_hint(&found.message, &found.hint)),
    }
}

/// Changes a server, tested first. Another host needs the login again: a secret is bound to the host it was given for.
pub async fn edit(home: &Home, name: &str, change: ServerChange) -> Result<Option<ServerTest>, OpsError> {
    let mut config = home.config()?;
    let server = home::server(&config, name)?;
    if let Some(new_name) = &change.name {
        check_name(new_name)?;
    }
    let url = change.url.clone().unwrap_or_else(|| server.url.clone());
    let moves = url.origin() != server.url.origin();
    let login = match (&change.login, moves) {
        (Some(login), _) => login.clone(),
        (None, false) => config.login(server.id)?,
        (None, true) => {
            return Err(OpsError::invalid(
                format!("{} is a different host from {}", url.origin(), server.url.origin()),
                "enter the login again: a password is used only for the host that it was entered for",
            ));
        }
    };
    let settings = config.server_settings(server.id)?;
    let allow_http = change.allow_http || settings.allow_http;
    check_transport(&url, allow_http)?;
    let given = change.certificates.as_ref().and_then(Option::as_ref);
    check_certificates(&url, given)?;
    let certificates = change.certificates.unwrap_or(settings.certificates);
    let reach = Reach { name: &server.name, url: &url, login: &login, allow_http, certificates: certificates.as_ref() };
    let test = if change.test { Some(reach.ask().await?) } else { None };
    if let Some(new_name) = &change.name {
        config.rename_server(server.id, new_name)?;
    }
    config.update_reach(server.id, &url, allow_http, certificates.as_ref(), &login)?;
    if let Some(test) = &test {
        keep_identity(&mut config, server.id, &test.probe)?;
    }
    Ok(test)
}

/// Removes a server with its copied metadata; with `cascade` also the maps, jobs and routines that use it.
/// Returns what was removed with it.
pub fn remove(home: &Home, name: &str, cascade: bool) -> Result<Vec<Named>, OpsError> {
    let mut config = home.config()?;
    let server = home::server(&config, name)?;
    let removal = if cascade { Removal::Cascade } else { Removal::Refuse };
    Ok(config.remove_server(server.id, removal)?)
}

/// Keeps what a server said about itself.
fn keep_identity(config: &mut ConfigStore, server: ServerId, probe: &Probe) -> Result<(), OpsError> {
    config.update_identity(server, &probe.identity, &probe.account, analytics_flags(probe))?;
    let exchanges = config.last_answer(server)?.map(|answer| answer.exchanges).unwrap_or_default();
    Ok(config.keep_answer(server, &last_answer(probe, exchanges))?)
}

/// What is kept of an answer for when the server is not asked.
pub(super) fn last_answer(probe: &Probe, exchanges: Vec<KeptExchange>) -> LastAnswer {
    LastAnswer {
        asked_at: Timestamp::now(),
        server_date: probe.server_date,
        analytics_at: probe.analytics_at.max(probe.analytics_partition_at),
        exchanges,
    }
}

/// How a server's analytics answers, as it is kept.
pub fn analytics_flags(probe: &Probe) -> AnalyticsFlags {
    AnalyticsFlags {
        includes_zeros: probe.analytics_includes_zeros,
        output_period_types_missing: Some(probe.output_period_types_missing),
    }
}

/// A connection to a kept server.
pub fn connect(config: &ConfigStore, server: &Server) -> Result<Client, OpsError> {
    // Before the login is opened, for which a passphrase may be asked.
    check_transport(&server.url, config.server_settings(server.id)?.allow_http)?;
    Ok(Client::new(client_options(config, server)?)?)
}

/// Connects to a kept server and makes sure that it is the one that was added.
pub(super) async fn connect_to_known(config: &ConfigStore, server: &Server) -> Result<(Client, Probe), OpsError> {
    let client = connect(config, server)?;
    let probe = client.probe().await?;
    match &server.identity {
        Some(known) if known.system_id != probe.identity.system_id => Err(OpsError::WrongServer {
            server: server.name.clone(),
            expected: known.system_id.clone(),
            found: probe.identity.system_id,
        }),
        _ => Ok((client, probe)),
    }
}

/// How a kept server is reached, and with which login.
pub(super) fn client_options(config: &ConfigStore, server: &Server) -> Result<ClientOptions, OpsError> {
    let ServerSettings { allow_http, certificates, .. } = config.server_settings(server.id)?;
    Ok(ClientOptions {
        server: server.name.clone(),
        url: server.url.clone(),
        login: config.login(server.id)?,
        allow_http,
        certificates,
        limits: Limits::default(),
    })
}

/// Refuses a name that no command line could use.
pub fn check_name(name: &str) -> Result<(), OpsError> {
    let fine = !name.is_empty()
        && name.trim() == name
        && name.chars().count() <= 64
        && !name.chars().any(|character| character.is_control() || character == '/');
    if fine {
        Ok(())
    } else {
        let message = format!("`{name}` cannot be a name");
        Err(OpsError::invalid(message, "use 1 to 64 letters, digits, spaces or dashes"))
    }
}

fn check_transport(url: &BaseUrl, allow_http: bool) -> Result<(), OpsError> {
    if url.is_https() || url.is_loopback() || allow_http {
        return Ok(());
    }
    Err(OpsError::invalid(
        format!("{url} is not encrypted: others on the network could read the password and the data"),
        "use https://, or give --allow-http if you know that the network is safe",
    ))
}

/// Certificates are for encrypted connections; and what is no certificate is found out now, tested or not.
fn check_certificates(url: &BaseUrl, certificates: Option<&Certificates>) -> Result<(), OpsError> {
    let Some(certificates) = certificates else { return Ok(()) };
    if !url.is_https() {
        return Err(OpsError::invalid(
            format!("{url} is not encrypted, so there is no certificate to check"),
            "use https://, or leave --ca-file out",
        ));
    }
    check_usable(certificates)
        .map_err(|error| OpsError::invalid(error.to_string(), "ask the administrator of the server for the file"))
}

/// A server that is asked with what is given for it, kept or not.
struct Reach<'given> {
    name: &'given str,
    url: &'given BaseUrl,
    login: &'given Login,
    allow_http: bool,
    certificates: Option<&'given Certificates>,
}

impl Reach<'_> {
    async fn ask(&self) -> Result<ServerTest, OpsError> {
        let client = Client::new(ClientOptions {
            server: self.name.to_owned(),
            url: self.url.clone(),
            login: self.login.clone(),
            allow_http: self.allow_http,
            certificates: self.certificates.cloned(),
            limits: Limits::default(),
        })?;
        let probe = client.probe().await?;
        let findings = findings(self.name, &probe);
        let known = Capabilities::of(&probe.identity.version).in_words();
        Ok(ServerTest { probe, findings, known })
    }
}

/// What an administrator should know about a server before relying on it.
pub fn findings(name: &str, probe: &Probe) -> Vec<Finding> {
    let object =
        FindingObject { kind: "server".to_owned(), id: probe.identity.system_id.clone(), name: name.to_owned() };
    let finding = |(code, hint): (&'static Code, String)| Finding {
        code: code.word.to_owned(),
        severity: code.severity,
        count: 1,
        object: Some(object.clone()),
        example: None,
        server: None,
        hint: Some(hint),
    };
    concerns(probe).into_iter().map(finding).collect()
}

/// The same as entries of the tables of findings, each with a sentence of its own; most severe first.
pub fn concerns(probe: &Probe) -> Vec<(&'static Code, String)> {
    let mut found: Vec<(&'static Code, String)> = Vec::new();
    if let Some(doubt) = doubt_about(&probe.identity.version) {
        found.push((&VERSION_UNTESTED, doubt));
    }
    let calendar = &probe.identity.calendar;
    if !is_iso(calendar) {
        let words = format!(
            "the server uses the {calendar} calendar: periods can only be transferred unchanged, to a server with the \
             same calendar"
        );
        found.push((&codes::CALENDAR_UNSUPPORTED, words));
    }
    let account = &probe.account;
    let view = &account.data_view_organisation_units;
    if account.organisation_units.is_empty() && !account.is_superuser() {
        found.push((
            &codes::NO_CAPTURE_ORG_UNITS,
            format!(
                "{} has no capture org units: it cannot write, and in DHIS2 2.42 it cannot read raw values",
                account.username
            ),
        ));
        if view.is_empty() {
            let words = format!("{} has no data view org units either: analytics returns nothing", account.username);
            found.push((&codes::NO_VIEW_ORG_UNITS, words));
        }
    }
    if !account.may_import() {
        let words = format!(
            "{} does not have F_DATAVALUE_ADD: not needed at a source, needed at a destination",
            account.username
        );
        found.push((&codes::CANNOT_IMPORT, words));
    }
    let unseen = !view.is_empty() && account.organisation_units.iter().any(|unit| !view.contains(unit));
    if unseen && !account.is_superuser() {
        found.push((
            &codes::PROOF_NOT_POSSIBLE,
            "the user may write in org units that it may not read: values there are accepted but not verified; give \
             it the same data view org units as capture org units"
                .to_owned(),
        ));
    }
    if probe.analytics_at.is_none() {
        found.push((
            &codes::ANALYTICS_NEVER_BUILT,
            "analytics tables were never built: indicators and program indicators cannot be read from it".to_owned(),
        ));
    }
    if probe.output_period_types_missing {
        found.push((
            &codes::NO_OUTPUT_PERIOD_TYPES,
            "no output period types are set, so analytics returns no rows; set them in System Settings, then build \
             the analytics tables again"
                .to_owned(),
        ));
    }
    if probe.analytics_includes_zeros == Some(false) {
        found.push((
            &ZEROS_LEFT_OUT,
            "analytics leaves zeros out (keyIncludeZeroValuesInAnalytics is off): raw reads have them".to_owned(),
        ));
    }
    found.sort_by_key(|(code, _)| code.severity);
    found
}
