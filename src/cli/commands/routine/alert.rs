//! `xfer routine alert`: messages when the outcome of runs changes.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use secrecy::SecretString;
use serde_json::json;

use crate::cli::arguments::mail_server::mail_server;
use crate::cli::error::CliError;
use crate::cli::prompt::{SecretSource, secret};
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops::alerts::channels::{self, NewAlert, NewKind};
use crate::ops::error::OpsError;
use crate::ops::home::Home;
use crate::ops::routines;
use xfer_domain::alert::{AlertEvent, MailRoute, MailSecurity, PingMethod, ServerSide, Shape};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::shell::shell_word;

/// `xfer routine alert …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add an alert
    Add(Box<Add>),
    /// List the alerts
    List(Of),
    /// Remove an alert
    Remove(Remove),
    /// Send a test message now and show the answer
    Test(Test),
}

/// A routine by name.
#[derive(Debug, Args)]
pub struct Of {
    /// The routine
    pub routine: String,
}

/// `xfer routine alert remove`
#[derive(Debug, Args)]
pub struct Remove {
    /// The routine
    pub routine: String,
    /// The alert, by the name that `list` shows
    pub alert: String,
}

/// `xfer routine alert test`
#[derive(Debug, Args)]
pub struct Test {
    /// The routine
    pub routine: String,
    /// The alert [default: all of the routine]
    pub alert: Option<String>,
}

/// `xfer routine alert add`
#[derive(Debug, Default, Args)]
#[command(group = ArgGroup::new("kind").multiple(false))]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub struct Add {
    /// The routine; xfer asks for the kind of alert if you give none
    pub routine: String,
    /// Slack or Mattermost, through an incoming webhook
    #[arg(long, group = "kind")]
    pub slack: bool,
    /// Microsoft Teams, through a workflow for web requests
    #[arg(long, group = "kind")]
    pub teams: bool,
    /// A program that receives JSON (xfer-alert/1) at a web address
    #[arg(long, group = "kind")]
    pub webhook: bool,
    /// A heartbeat URL, called after every complete run; its service warns you when the call does not come
    #[arg(long, group = "kind")]
    pub ping: bool,
    /// E-mail to these addresses; several with commas
    #[arg(long, group = "kind", value_name = "ADDRESS", value_delimiter = ',')]
    pub mail_to: Vec<String>,
    /// A message in DHIS2, on this server of the routine, sent with the routine's login
    #[arg(long, group = "kind", value_name = "SERVER")]
    pub message_on: Option<Side>,
    /// The name of the alert [default: its kind]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The events; several with commas [default: all]
    #[arg(long, value_name = "EVENT", value_delimiter = ',')]
    pub on: Vec<Event>,
    /// A file with the web address, which is a secret (- reads standard input) [default: ask]
    #[arg(long, value_name = "FILE")]
    pub url_file: Option<PathBuf>,
    /// Call the heartbeat URL with POST instead of GET
    #[arg(long, requires = "ping")]
    pub post: bool,
    /// The heartbeat URL also has /start and /fail, as with healthchecks.io
    #[arg(long, requires = "ping")]
    pub signals: bool,
    /// The mail server: HOST or HOST:PORT
    #[arg(long, value_name = "HOST", requires = "mail_to")]
    pub mail_server: Option<String>,
    /// How the connection to the mail server is encrypted [default: starttls, or tls at port 465]
    #[arg(long, value_name = "WAY", requires = "mail_to")]
    pub mail_security: Option<Security>,
    /// The user for the mail server [default: no login]
    #[arg(long, value_name = "NAME", requires = "mail_to")]
    pub mail_user: Option<String>,
    /// The sender's address [default: the mail user, if it is an address]
    #[arg(long, value_name = "ADDRESS", requires = "mail_to")]
    pub mail_from: Option<String>,
    /// A file with the mail user's password (- reads standard input) [default: ask]
    #[arg(long, value_name = "FILE", requires = "mail_user")]
    pub password_file: Option<PathBuf>,
    /// A user who gets the DHIS2 message, by user name or id; several with commas
    #[arg(long, value_name = "USER", value_delimiter = ',', requires = "message_on")]
    pub to_user: Vec<String>,
    /// A user group that gets the DHIS2 message, by name or id; several with commas
    #[arg(long, value_name = "GROUP", value_delimiter = ',', requires = "message_on")]
    pub to_group: Vec<String>,
}

/// What to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Event {
    /// A run failed
    Failure,
    /// A run is complete after one that was not
    Recovery,
    /// Some cells did not arrive
    Incomplete,
    /// There was nothing to transfer
    NothingToTransfer,
}

/// One of the two servers of a routine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// Where values come from
    Source,
    /// Where values go
    Destination,
}

/// How the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Security {
    /// From the start, port 465
    Tls,
    /// STARTTLS, port 587
    Starttls,
    /// No encryption: only for a mail server on this machine, port 25
    None,
}

impl From<Event> for AlertEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Failure => Self::Failure,
            Event::Recovery => Self::Recovery,
            Event::Incomplete => Self::Incomplete,
            Event::NothingToTransfer => Self::NothingToTransfer,
        }
    }
}

impl From<Side> for ServerSide {
    fn from(side: Side) -> Self {
        match side {
            Side::Source => Self::Source,
            Side::Destination => Self::Destination,
        }
    }
}

impl From<Security> for MailSecurity {
    fn from(security: Security) -> Self {
        match security {
            Security::Tls => Self::Tls,
            Security::Starttls => Self::Starttls,
            Security::None => Self::None,
        }
    }
}

/// Carries out `xfer routine alert …`.
pub(super) fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Add(arguments) => add(arguments, home, ui),
        Command::List(arguments) => list(&arguments.routine, home, ui),
        Command::Remove(arguments) => {
            let removed = channels::remove(home, &arguments.routine, &arguments.alert)?;
            ui.say(&format!("removed the alert {}; files exported earlier still have it", removed.name));
            Ok(ExitCode::Success)
        }
        Command::Test(arguments) => test(arguments, home, ui),
    }
}

impl Add {
    /// Where messages go; none where the arguments do not say.
    fn kind(&self) -> Result<Option<NewKind>, CliError> {
        let shapes = [(self.slack, Shape::Slack), (self.teams, Shape::Teams), (self.webhook, Shape::Json)];
        if let Some((_, shape)) = shapes.into_iter().find(|(given, _)| *given) {
            return Ok(Some(NewKind::Webhook(shape)));
        }
        if self.ping {
            let method = if self.post { PingMethod::Post } else { PingMethod::Get };
            return Ok(Some(NewKind::Ping { method, signals: self.signals }));
        }
        if let Some(side) = self.message_on {
            let (users, groups) = (self.to_user.clone(), self.to_group.clone());
            return Ok(Some(NewKind::Dhis2Message { on: side.into(), users, groups }));
        }
        if self.mail_to.is_empty() { Ok(None) } else { Ok(Some(NewKind::Mail(self.route()?))) }
    }

    fn route(&self) -> Result<MailRoute, CliError> {
        let server = self.mail_server.as_deref().ok_or_else(|| {
            CliError::usage("the mail server is missing".to_owned()).hint("give it with --mail-server HOST")
        })?;
        let from = self.mail_from.clone().or_else(|| self.mail_user.clone().filter(|user| user.contains('@')));
        let from = from.ok_or_else(|| {
            CliError::usage("the sender's address is missing".to_owned()).hint("give it with --mail-from ADDRESS")
        })?;
        let (host, port, security) = mail_server(server, self.mail_security.map(Into::into))?;
        Ok(MailRoute { host, port, security, username: self.mail_user.clone(), from, to: self.mail_to.clone() })
    }

    /// The secret of such an alert, from its file or a person.
    fn secret(&self, kind: &NewKind, ui: &Ui) -> Result<Option<SecretString>, CliError> {
        let asked = |file: &Option<PathBuf>, what: &str, flag: &str| {
            let source = file.clone().map_or(SecretSource::Prompt, SecretSource::File);
            secret(ui, &source, what, flag).map(Some)
        };
        match kind {
            NewKind::Webhook(_) | NewKind::Ping { .. } => asked(&self.url_file, "web address", "--url-file"),
            NewKind::Mail(MailRoute { username: Some(user), host, .. }) => {
                asked(&self.password_file, &format!("password of {user} at {host}"), "--password-file")
            }
            NewKind::Mail(_) | NewKind::Dhis2Message { .. } => Ok(None),
        }
    }
}

fn add(arguments: &Add, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let Some(kind) = arguments.kind()? else {
        let missing = Missing {
            what: "the kind of alert",
            hint: "give --slack, --teams, --webhook, --ping, --mail-to or --message-on: xfer routine alert add --help",
            again: "xfer routine alert add ROUTINE",
        };
        return wizard::ask(ui, missing, |prompter| wizard::alert::add(prompter, home, &arguments.routine));
    };
    let events = match arguments.on.as_slice() {
        [] => AlertEvent::ALL.to_vec(),
        some => some.iter().copied().map(Into::into).collect(),
    };
    // Asked for last: a name that is missing is no reason to type a secret twice.
    let routine = routines::routine(&home.config()?, &arguments.routine)?.name;
    let secret = arguments.secret(&kind, ui)?;
    let new = NewAlert { name: arguments.name.clone(), events, kind, secret };
    let added = wait(async { Ok(channels::add(home, &routine, new).await?) })?;
    ui.say(&format!("added the alert {}: {}, {}", added.name, added.kind.goes_to(), added.hears_of()));
    ui.say(&format!("next: xfer routine alert test {} {}", shell_word(&routine), shell_word(&added.name)));
    Ok(ExitCode::Success)
}

fn list(routine: &str, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("name", "Alert"),
        text("kind", "Kind"),
        text("goes_to", "Goes to"),
        text("on", "Events"),
        number("waiting", "Waiting"),
    ];
    let empty = "no alerts; add one: xfer routine alert add ROUTINE";
    let mut listing = Listing::new(&columns, empty);
    for (alert, waiting) in channels::list(home, routine)? {
        listing.row(vec![
            json!(alert.name),
            json!(alert.kind.name()),
            json!(alert.kind.goes_to()),
            json!(alert.hears_of()),
            json!(waiting),
        ]);
    }
    listing.print(ui);
    Ok(ExitCode::Success)
}

fn test(arguments: &Test, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let tested = wait(async { Ok(channels::test(home, &arguments.routine, arguments.alert.as_deref()).await?) })?;
    let columns = [text("name", "Alert"), text("kind", "Kind"), text("answer", "Answer")];
    let empty = "no alerts; add one: xfer routine alert add";
    let mut listing = Listing::new(&columns, empty);
    let mut failed = None;
    for tested in tested {
        let answer = match tested.result {
            Ok(taken) => taken.in_words(),
            Err(error) => {
                let words = format!("not delivered: {error}");
                let channel = tested.channel.name.clone();
                failed.get_or_insert(OpsError::Undelivered { channel, cause: Box::new(error) });
                words
            }
        };
        listing.row(vec![json!(tested.channel.name), json!(tested.channel.kind.name()), json!(answer)]);
    }
    listing.print(ui);
    failed.map_or(Ok(ExitCode::Success), |error| Err(error.into()))
}
