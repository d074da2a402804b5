//! Which two servers are meant, where a wizard was not told.

use crate::cli::error::CliError;
use crate::cli::wizard::prompter::{Leave, Prompter};
use crate::ops::dashboard;
use crate::ops::home::Home;

/// A source and a destination, in the order in which values go: as given, else of the pairs that have a map, else the two
/// that there are.
pub(crate) fn choose_pair(
    prompter: &mut dyn Prompter,
    home: &Home,
    source: Option<&str>,
    destination: Option<&str>,
) -> Result<(String, String), Leave> {
    if let (Some(source), Some(destination)) = (source, destination) {
        return Ok((source.to_owned(), destination.to_owned()));
    }
    let board = dashboard::dashboard(home)?;
    let mapped = board.pairs.iter().map(|pair| (pair.source.clone(), pair.destination.clone()));
    let names: Vec<&String> = board.servers.iter().map(|line| &line.server.name).collect();
    let any = names.iter().flat_map(|from| names.iter().map(|to| ((*from).clone(), (*to).clone())));
    // Within one server only where it is the only one, or where that was asked for by name.
    let alone = names.len() == 1;
    let fits = |(from, to): &(String, String)| {
        (from != to || alone) && source.is_none_or(|name| name == from) && destination.is_none_or(|name| name == to)
    };
    let mut pairs: Vec<(String, String)> = mapped.filter(fits).collect();
    if pairs.is_empty() {
        pairs.extend(board.first_pair.clone().filter(fits));
    }
    if pairs.is_empty() {
        pairs.extend(any.filter(fits));
    }
    match pairs.as_slice() {
        [] => Err(CliError::usage("servers are needed first".to_owned())
            .hint("add them: xfer init, or xfer server add; one server can be source and destination: --from A --to A")
            .into()),
        [only] => Ok(only.clone()),
        several => {
            let choices: Vec<String> = several.iter().map(|(from, to)| format!("from {from} to {to}")).collect();
            let chosen = prompter.choose("Between which servers", &choices, 0)?;
            Ok(several[chosen].clone())
        }
    }
}
