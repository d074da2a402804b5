//! Asks for the two servers if the wizard does not know them.

use crate::cli::error::CliError;
use crate::cli::prompt::capitalised;
use crate::cli::wizard::prompter::{Leave, Prompter};
use crate::ops::dashboard;
use crate::ops::home::Home;
use crate::ops::servers;
use xfer_domain::server::{BaseUrl, Server};

/// A source and a destination, in the order in which values go: as given, else of the pairs that have a map, else the two
/// that there are.
pub(crate) fn choose_pair(
    prompter: &mut dyn Prompter,
    home: &Home,
    source: Option<&str>,
    destination: Option<&str>,
) -> Result<(String, String), Leave> {
    if let (Some(source), Some(destination)) = (source, destination) {
        let pair = (source.to_owned(), destination.to_owned());
        say_if_one(prompter, home, &pair)?;
        return Ok(pair);
    }
    let board = dashboard::dashboard(home)?;
    let mapped = board.pairs.iter().map(|pair| (pair.source.clone(), pair.destination.clone()));
    let names: Vec<&String> = board.servers.iter().map(|line| &line.server.name).collect();
    let any = names.iter().flat_map(|from| names.iter().map(|to| ((*from).clone(), (*to).clone())));
    let named = |(from, to): &(String, String)| {
        source.is_none_or(|name| name == from) && destination.is_none_or(|name| name == to)
    };
    // Within one server only where it is the only one, where it is mapped so, or where that was asked for by name.
    let alone = names.len() == 1;
    let fits = |pair: &(String, String)| (pair.0 != pair.1 || alone) && named(pair);
    let mut pairs: Vec<(String, String)> = mapped.filter(named).collect();
    if pairs.is_empty() {
        pairs.extend(board.first_pair.clone().filter(fits));
    }
    if pairs.is_empty() {
        pairs.extend(any.filter(fits));
    }
    let chosen = match pairs.as_slice() {
        [] => {
            return Err(CliError::usage("servers are needed first".to_owned())
                .hint("add them: xfer init, or xfer server add; one can be source and destination: --from A --to A")
                .into());
        }
        [only] => only.clone(),
        several => {
            let choices: Vec<String> = several.iter().map(|(from, to)| format!("from {from} to {to}")).collect();
            let chosen = prompter.choose("Between which servers", &choices, 0)?;
            several[chosen].clone()
        }
    };
    say_if_one(prompter, home, &chosen)?;
    Ok(chosen)
}

/// How two names stand for one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum One {
    /// They have one address.
    SameAddress,
    /// Two addresses lead to it.
    SameSystem,
}

/// Says at once where both names stand for one server: mapped like two, it is easily taken for two. Gives whether they
/// do, and how.
pub(crate) fn say_if_one(
    prompter: &mut dyn Prompter,
    home: &Home,
    pair: &(String, String),
) -> Result<Option<One>, Leave> {
    let (source, destination) = (servers::show(home, &pair.0)?.server, servers::show(home, &pair.1)?.server);
    let id = |server: &Server| server.identity.as_ref().map(|identity| identity.system_id.clone());
    let one = if source.url == destination.url {
        One::SameAddress
    } else if id(&source).is_some() && id(&source) == id(&destination) {
        One::SameSystem
    } else {
        return Ok(None);
    };
    let both = if pair.0 == pair.1 { format!("source and destination are {}", pair.0) } else { both(&pair.0, &pair.1) };
    prompter.say(&format!("{} ({}). {WITHIN_ONE}", capitalised(&both), source.url));
    Ok(Some(one))
}

/// What it means that source and destination are one.
const WITHIN_ONE: &str = "Values would be read from it and written to it. That is correct if its tracker data goes \
                          into its own aggregate data; but a job that reads the cells it writes changes them at every \
                          run.";

fn both(one: &str, other: &str) -> String {
    format!("{one} and {other} are the same DHIS2 server")
}

/// Whether an address that was typed for a server is meant, if another server has it already.
pub(crate) fn may_be_one(prompter: &mut dyn Prompter, home: &Home, name: &str, url: &BaseUrl) -> Result<bool, Leave> {
    let known = servers::list(home)?.into_iter().map(|line| line.server);
    let Some(other) = known.into_iter().find(|server| server.name != name && server.url == *url) else {
        return Ok(true);
    };
    prompter.say(&format!("{url} is the address of {} already: {}. {WITHIN_ONE}", other.name, both(&other.name, name)));
    prompter.confirm("Is this intended", false)
}
