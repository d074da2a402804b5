//! The wizard for a server: address, login, tested at once, kept only when it answers.

use secrecy::{ExposeSecret, SecretString};

use crate::cli::arguments::login::LoginArguments;
use crate::cli::error::CliError;
use crate::cli::render::server as server_view;
use crate::cli::runtime::wait;
use crate::cli::syncing::sync_all;
use crate::cli::ui::Ui;
use crate::cli::wizard::pair::may_be_one;
use crate::cli::wizard::prompter::{Leave, Prompter, ask_until, say_commands};
use crate::ops::home::Home;
use crate::ops::servers::{self, NewServer, ServerChange};
use xfer_domain::certificates::Certificates;
use xfer_domain::counted::counted_len;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::fault::Fault;
use xfer_domain::secret::{Login, token};
use xfer_domain::server::BaseUrl;
use xfer_domain::shell::shell_word;

/// What is known about the server already, from arguments.
#[derive(Debug, Default)]
pub(crate) struct Known<'arguments> {
    pub name: Option<String>,
    pub url: Option<BaseUrl>,
    pub allow_http: bool,
    pub certificates: Option<Certificates>,
    pub login: Option<&'arguments LoginArguments>,
}

/// Asks for a server, tests and keeps it. Gives its name.
pub(crate) fn add(
    prompter: &mut dyn Prompter,
    home: &Home,
    ui: &Ui,
    known: Known<'_>,
    suggestion: &str,
) -> Result<String, Leave> {
    let name = match known.name {
        Some(name) => name,
        None => ask_until(prompter, "Name of the server", Some(suggestion), |name| free_name(home, name))?,
    };
    let (mut url, mut allow_http) = match known.url {
        Some(url) => (url, known.allow_http),
        None => address(prompter, home, &name)?,
    };
    let given = known.login.map(|arguments| arguments.login(ui, &name)).transpose()?.flatten();
    let mut login = match given {
        Some(login) => login,
        None => login(prompter, &name)?,
    };
    loop {
        prompter.say(&format!("{name}: {url}, {}", described(&login)));
        let new = NewServer {
            name: name.clone(),
            url: url.clone(),
            login: login.clone(),
            allow_http,
            certificates: known.certificates.clone(),
            test: true,
        };
        match wait(async { Ok(servers::add(home, new).await?) }) {
            Ok(test) => {
                if let Some(test) = test {
                    server_view::say_test(&test, ui);
                }
                say_commands(prompter, &[command(&name, &url, &login, allow_http)]);
                return Ok(name);
            }
            Err(error) => {
                explain(prompter, &error);
                match again(prompter, &error)? {
                    Again::Secret => login = secret_of(prompter, &name, &login)?,
                    Again::Login => login = self::login(prompter, &name)?,
                    Again::Address => (url, allow_http) = address(prompter, home, &name)?,
                    Again::Same => {}
                }
            }
        }
    }
}

/// Asks what is to be different about a server. A change that the server does not bear out is not kept.
pub(crate) fn edit(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, name: &str) -> Result<(), Leave> {
    loop {
        let server = servers::show(home, name)?.server;
        let choices = ["its name", "its address", "how to log in", "nothing"].map(str::to_owned);
        prompter.say(&format!("{name} is at {}.", server.url));
        let (change, words) = match prompter.choose("What do you want to change", &choices, 3)? {
            0 => {
                let new = ask_until(prompter, "New name", Some(name), |name| free_name(home, name))?;
                let words = format!(" --rename {}", shell_word(&new));
                (ServerChange { name: Some(new), test: true, ..ServerChange::default() }, words)
            }
            1 => {
                let (url, allow_http) = address(prompter, home, name)?;
                let mut words = format!(" --url {url}{}", if allow_http { " --allow-http" } else { "" });
                let mut change = ServerChange { allow_http, test: true, ..ServerChange::default() };
                if url.origin() != server.url.origin() {
                    prompter.say("This is a different host, so enter the login again.");
                    let login = login(prompter, name)?;
                    words.push_str(&login_words(&login));
                    change.login = Some(login);
                }
                (ServerChange { url: Some(url), ..change }, words)
            }
            2 => return log_in_otherwise(prompter, home, ui, name),
            _ => return Ok(()),
        };
        if changed(prompter, home, ui, name, change, &words)? {
            return Ok(());
        }
    }
}

/// Asks for another login of a server.
pub(super) fn log_in_otherwise(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, name: &str) -> Result<(), Leave> {
    loop {
        let login = login(prompter, name)?;
        let words = login_words(&login);
        let change = ServerChange { login: Some(login), test: true, ..ServerChange::default() };
        if changed(prompter, home, ui, name, change, &words)? {
            return Ok(());
        }
    }
}

/// Whether a change was kept; what is wrong with it was said otherwise, and the person wants to answer again.
fn changed(
    prompter: &mut dyn Prompter,
    home: &Home,
    ui: &Ui,
    name: &str,
    change: ServerChange,
    words: &str,
) -> Result<bool, Leave> {
    match wait(async { Ok(servers::edit(home, name, change).await?) }) {
        Ok(test) => {
            if let Some(test) = test {
                server_view::say_test(&test, ui);
            }
            prompter.say(&format!("changed {name}"));
            say_commands(prompter, &[format!("xfer server edit {}{words}", shell_word(name))]);
            Ok(true)
        }
        Err(error) => {
            explain(prompter, &error);
            let choices = ["answer again", "change nothing"].map(str::to_owned);
            if prompter.choose("Nothing was changed. What now", &choices, 0)? == 1 {
                return Err(Leave::Later);
            }
            Ok(false)
        }
    }
}

/// Copies the metadata of servers, with progress.
pub(crate) fn sync(prompter: &mut dyn Prompter, home: &Home, ui: &Ui, names: &[String]) -> Result<(), Leave> {
    prompter.say("Copying the metadata, so that you can map offline; nothing changes on the servers.");
    loop {
        match sync_all(names, home, ui, &mut |question| prompter.confirm(question, false)) {
            Ok(_) => break,
            Err(left @ (Leave::Later | Leave::Interrupted)) => return Err(left),
            Err(Leave::Failed(error)) => {
                explain(prompter, &error);
                let choices = ["try again", "later"].map(str::to_owned);
                if prompter.choose("What now", &choices, 0)? == 1 {
                    return Err(Leave::Later);
                }
            }
        }
    }
    let commands: Vec<String> = names.iter().map(|name| format!("xfer server sync {}", shell_word(name))).collect();
    say_commands(prompter, &commands);
    Ok(())
}

fn free_name(home: &Home, name: &str) -> Result<String, String> {
    servers::check_name(name).map_err(|error| error.to_string())?;
    let taken = servers::list(home).map_err(|error| error.to_string())?;
    if taken.iter().any(|line| line.server.name.to_lowercase() == name.to_lowercase()) {
        return Err(format!("there is a server {name} already"));
    }
    Ok(name.to_owned())
}

/// The address of a server, and whether plain http to another machine was allowed.
fn address(prompter: &mut dyn Prompter, home: &Home, name: &str) -> Result<(BaseUrl, bool), Leave> {
    loop {
        let url = ask_until(prompter, "Address, as in your browser", None, |text| {
            if text.is_empty() {
                return Err("an address is needed, such as https://dhis2.example.org".to_owned());
            }
            BaseUrl::parse(text).map_err(|cause| cause.to_string())
        })?;
        if !may_be_one(prompter, home, name, &url)? {
            continue;
        }
        if url.is_https() || url.is_loopback() {
            return Ok((url, false));
        }
        prompter.say("With http:// others on the network can read the password and the figures.");
        if prompter.confirm("Use it anyway", false)? {
            return Ok((url, true));
        }
    }
}

fn login(prompter: &mut dyn Prompter, server: &str) -> Result<Login, Leave> {
    let choices = ["with user name and password", "with a personal access token (from the user's profile in DHIS2)"]
        .map(str::to_owned);
    if prompter.choose("How do you log in", &choices, 0)? == 1 {
        return secret_of(prompter, server, &Login::Token(SecretString::from(String::new())));
    }
    let username = ask_until(prompter, "User name", None, |text| {
        if text.is_empty() { Err("a user name is needed".to_owned()) } else { Ok(text.to_owned()) }
    })?;
    secret_of(prompter, server, &Login::Basic { username, password: SecretString::from(String::new()) })
}

/// The same login with its secret asked for anew.
fn secret_of(prompter: &mut dyn Prompter, server: &str, login: &Login) -> Result<Login, Leave> {
    let question = match login {
        Login::Basic { username, .. } => format!("Password of {username} at {server} (not shown)"),
        Login::Token(_) => format!("Personal access token for {server} (not shown)"),
    };
    loop {
        let secret = prompter.secret(&question)?;
        if secret.expose_secret().trim().is_empty() {
            prompter.say("Nothing was entered.");
            continue;
        }
        return Ok(match login {
            Login::Basic { username, .. } => Login::Basic { username: username.clone(), password: secret },
            Login::Token(_) => match token(&secret) {
                Ok(token) => Login::Token(token),
                Err(error) => {
                    prompter.say(&format!("This cannot be used: {error}; {}.", error.hint().unwrap_or_default()));
                    continue;
                }
            },
        });
    }
}

/// A login without its secret, but with what tells a mistyped one.
fn described(login: &Login) -> String {
    let (who, secret) = match login {
        Login::Basic { username, password } => (format!("user {username}, a password of"), password),
        Login::Token(token) => ("a personal access token of".to_owned(), token),
    };
    let text = secret.expose_secret();
    let spaces = if text.trim() == text { "" } else { ", with spaces at its ends" };
    format!("{who} {}{spaces}", counted_len(text.chars().count(), "character"))
}

/// What did not work and what helps against it. Technical causes stay out: the message names the one that matters.
pub(super) fn explain(prompter: &mut dyn Prompter, error: &CliError) {
    prompter.say(&format!("That failed: {}.", error.message));
    for hint in &error.hints {
        prompter.say(&format!("hint: {hint}"));
    }
}

enum Again {
    Secret,
    Login,
    Address,
    Same,
}

fn again(prompter: &mut dyn Prompter, error: &CliError) -> Result<Again, Leave> {
    let choices = [
        "enter the password or token again",
        "log in another way",
        "enter the address again",
        "try again",
        "do this later",
    ]
    .map(str::to_owned);
    let suggestion = if error.code == ExitCode::Login { 0 } else { 2 };
    match prompter.choose("What now", &choices, suggestion)? {
        0 => Ok(Again::Secret),
        1 => Ok(Again::Login),
        2 => Ok(Again::Address),
        3 => Ok(Again::Same),
        _ => Err(Leave::Later),
    }
}

fn login_words(login: &Login) -> String {
    match login {
        Login::Basic { username, .. } => format!(" --username {} --password-file FILE", shell_word(username)),
        Login::Token(_) => " --token-file FILE".to_owned(),
    }
}

fn command(name: &str, url: &BaseUrl, login: &Login, allow_http: bool) -> String {
    let http = if allow_http { " --allow-http" } else { "" };
    format!("xfer server add {} {url}{}{http}", shell_word(name), login_words(login))
}
