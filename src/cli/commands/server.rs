//! `xfer server`: add, list, show, test, sync and remove DHIS2 servers.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::cli::arguments::login::LoginArguments;
use crate::cli::error::CliError;
use crate::cli::render::server as server_view;
use crate::cli::runtime::wait;
use crate::cli::syncing::sync_all;
use crate::cli::ui::{Format, Ui};
use crate::cli::wizard::server::Known;
use crate::cli::wizard::{self, Missing};
use crate::ops::home::Home;
use crate::ops::servers::{self, NewServer, ServerChange};
use xfer_domain::certificates::{Certificates, LARGEST_FILE};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::server::BaseUrl;
use xfer_domain::shell::shell_word;

/// `xfer server …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a server: its address and login, tested at once
    Add(Add),
    /// List the servers
    List,
    /// Show a server and its cached metadata
    Show(Named),
    /// Change a server's name, address or login; the new login is tested at once
    Edit(Edit),
    /// Log in and show what the server allows: version, user, reading, writing, analytics
    Test(Named),
    /// Copy a server's metadata, so that you can map and check offline
    Sync(Sync),
    /// Remove a server with its cached metadata
    Remove(Remove),
}

/// `xfer server add`
#[derive(Debug, Args)]
pub struct Add {
    /// The name of the server [default: ask]
    pub name: Option<String>,
    /// Its address, as in a browser, such as `https://dhis2.example.org` [default: ask]
    pub url: Option<String>,
    /// How to log in.
    #[command(flatten)]
    pub login: LoginArguments,
    /// Allow an unencrypted http:// address that is not on this machine
    #[arg(long)]
    pub allow_http: bool,
    /// A PEM file with the authority that issued the server's certificate, or with the certificate itself
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Keep the server even though it cannot be reached now
    #[arg(long)]
    pub no_test: bool,
    /// Sync the metadata at once
    #[arg(long, conflicts_with = "no_test")]
    pub sync: bool,
}

/// `xfer server edit`
#[derive(Debug, Args)]
pub struct Edit {
    /// The server; xfer asks what to change if you give no option
    pub name: String,
    /// A new name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// A new address; a different host needs the login again
    #[arg(long)]
    pub url: Option<String>,
    /// How to log in.
    #[command(flatten)]
    pub login: LoginArguments,
    /// Allow an unencrypted http:// address that is not on this machine
    #[arg(long)]
    pub allow_http: bool,
    /// A PEM file with the authority that issued the server's certificate, or with the certificate itself
    #[arg(long, value_name = "FILE", conflicts_with = "no_ca_file")]
    pub ca_file: Option<PathBuf>,
    /// Trust the server by this machine's certificate authorities again, not by its own file
    #[arg(long)]
    pub no_ca_file: bool,
    /// Keep the change even though the server cannot be reached now
    #[arg(long)]
    pub no_test: bool,
}

/// A server by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The server
    pub name: String,
}

/// `xfer server sync`
#[derive(Debug, Args)]
pub struct Sync {
    /// The servers
    #[arg(required_unless_present = "all")]
    pub names: Vec<String>,
    /// Every server
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Save the metadata even if the server has much less than at the last sync
    #[arg(long)]
    pub accept_shrink: bool,
}

/// `xfer server remove`
#[derive(Debug, Args)]
pub struct Remove {
    /// The server
    pub name: String,
    /// Also remove the org unit maps, jobs and routines that use it
    #[arg(long)]
    pub cascade: bool,
}

/// Carries out `xfer server …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Add(arguments) => add(arguments, home, ui),
        Command::List => list(home, ui),
        Command::Show(arguments) => show(&arguments.name, home, ui),
        Command::Edit(arguments) => edit(arguments, home, ui),
        Command::Test(arguments) => test(&arguments.name, home, ui),
        Command::Sync(arguments) => synchronise(arguments, home, ui),
        Command::Remove(arguments) => remove(arguments, home, ui),
    }
}

/// The certificates of a file.
fn certificates(path: &Path) -> Result<Certificates, CliError> {
    let failed = |cause: std::io::Error| CliError::file(format!("{} could not be read", path.display()), &cause);
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LARGEST_FILE as u64).read_to_end(&mut bytes).map_err(failed)?;
    Certificates::parse(&String::from_utf8_lossy(&bytes))
        .map_err(|error| CliError::saying(format!("{} cannot be used as --ca-file: {error}", path.display()), &error))
}

fn add(arguments: &Add, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let url = arguments.url.as_deref().map(parsed).transpose()?;
    let given = arguments.ca_file.as_deref().map(certificates).transpose()?;
    let (Some(name), Some(url), true) = (&arguments.name, &url, arguments.login.is_given()) else {
        return ask_for_the_rest(arguments, url, given, home, ui);
    };
    let Some(login) = arguments.login.login(ui, name)? else {
        return Err(CliError::usage("--password-file needs --username".to_owned()));
    };
    let new = NewServer {
        name: name.clone(),
        url: url.clone(),
        login,
        allow_http: arguments.allow_http,
        certificates: given,
        test: !arguments.no_test,
    };
    let test = wait(async { Ok(servers::add(home, new).await?) })?;
    ui.say(&format!("added {name}"));
    if let Some(test) = test {
        server_view::say_test(&test, ui);
    }
    if arguments.sync {
        // What failed is the copy alone: the server is not added again.
        let again = format!("{name} is added; sync it later: xfer server sync {}", shell_word(name));
        return sync_all(std::slice::from_ref(name), home, ui, &mut |_| Ok(false))
            .map_err(|error: CliError| error.hint(again));
    }
    ui.say(&format!("next: xfer server sync {}", shell_word(name)));
    Ok(ExitCode::Success)
}

/// What stands on the command line is taken, the rest is asked for.
fn ask_for_the_rest(
    arguments: &Add,
    url: Option<BaseUrl>,
    certificates: Option<Certificates>,
    home: &Home,
    ui: &Ui,
) -> Result<ExitCode, CliError> {
    let what = match (&arguments.name, &url) {
        (None, _) => "the server's name",
        (_, None) => "the server's address",
        _ => "the login",
    };
    let hint = "give all of it: xfer server add NAME URL --username NAME --password-file FILE, or --token-file FILE";
    if arguments.no_test && ui.can_ask() {
        return Err(CliError::usage(format!("{what} is missing")).hint(hint));
    }
    let known = Known {
        name: arguments.name.clone(),
        url,
        allow_http: arguments.allow_http,
        certificates,
        login: arguments.login.is_given().then_some(&arguments.login),
    };
    wizard::ask(ui, Missing { what, hint, again: "xfer server add" }, |prompter| {
        let name = wizard::server::add(prompter, home, ui, known, "tracker")?;
        let sync = arguments.sync || prompter.confirm("Sync its metadata now", true)?;
        if sync { wizard::server::sync(prompter, home, ui, &[name]) } else { Ok(()) }
    })
}

fn parsed(url: &str) -> Result<BaseUrl, CliError> {
    Ok(BaseUrl::parse(url)?)
}

fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    server_view::list(&servers::list(home)?).print(ui);
    Ok(ExitCode::Success)
}

fn show(name: &str, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    server_view::details(&servers::show(home, name)?).print(ui);
    Ok(ExitCode::Success)
}

fn edit(arguments: &Edit, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let url = arguments.url.as_deref().map(parsed).transpose()?;
    let login = arguments.login.login(ui, &arguments.name)?;
    let certificates = match &arguments.ca_file {
        Some(path) => Some(Some(certificates(path)?)),
        None => arguments.no_ca_file.then_some(None),
    };
    let nothing = arguments.rename.is_none() && url.is_none() && login.is_none() && certificates.is_none();
    if nothing && !arguments.allow_http {
        let missing = Missing {
            what: "what to change",
            hint: "give --rename, --url, --username, --token, --ca-file or --allow-http",
            again: "xfer server edit NAME",
        };
        return wizard::ask(ui, missing, |prompter| wizard::server::edit(prompter, home, ui, &arguments.name));
    }
    let change = ServerChange {
        name: arguments.rename.clone(),
        url,
        login,
        allow_http: arguments.allow_http,
        certificates,
        test: !arguments.no_test,
    };
    let test = wait(async { Ok(servers::edit(home, &arguments.name, change).await?) })?;
    ui.say(&format!("changed {}", arguments.rename.as_deref().unwrap_or(&arguments.name)));
    if let Some(test) = test {
        server_view::say_test(&test, ui);
    }
    Ok(ExitCode::Success)
}

fn test(name: &str, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let test = wait(async { Ok(servers::test(home, name).await?) })?;
    server_view::test(name, &test).print(ui);
    if ui.format == Format::Table {
        for known in &test.known {
            ui.say(&format!("rules of this version: {known}"));
        }
        server_view::say_findings(&test.findings, ui);
    }
    Ok(ExitCode::Success)
}

fn synchronise(arguments: &Sync, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let accept = &mut |question: &str| -> Result<bool, CliError> {
        // `--yes` answers what is asked as a rule; that most of a server is gone is not the rule.
        Ok(arguments.accept_shrink || !ui.assumes_yes() && ui.confirm(question))
    };
    if !arguments.all {
        return sync_all(&arguments.names, home, ui, accept);
    }
    let names: Vec<String> = servers::list(home)?.into_iter().map(|line| line.server.name).collect();
    if names.is_empty() {
        return Err(CliError::usage("there are no servers yet".to_owned()).hint("add one: xfer server add NAME URL"));
    }
    sync_all(&names, home, ui, accept)
}

fn remove(arguments: &Remove, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let question = format!(
        "Remove {} with its cached metadata{}?",
        arguments.name,
        if arguments.cascade { ", and the maps, jobs and routines that use it" } else { "" }
    );
    if !ui.confirm(&question) {
        return Err(
            CliError::usage("nothing was removed".to_owned()).hint("give --yes to remove it without a question")
        );
    }
    servers::remove(home, &arguments.name, arguments.cascade)?;
    ui.say(&format!("removed {}", arguments.name));
    Ok(ExitCode::Success)
}
