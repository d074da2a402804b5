//! Copying the metadata of servers, with a bar for each: for the command and for the wizard.

use crate::cli::error::CliError;
use crate::cli::render::listing::Listing;
use crate::cli::render::server as server_view;
use crate::cli::runtime::wait;
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::keys;
use crate::ops::sync::{self, Synced};
use xfer_dhis2::metadata::MetadataProgress;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::run::Severity;

/// Copies the metadata of servers. `accept` answers whether a copy is taken over that is much smaller than the last one.
/// Each server stands for itself: one that fails keeps its old copy and does not keep the others from being copied.
pub(crate) fn sync_all<E: From<CliError>>(
    names: &[String],
    home: &Home,
    ui: &Ui,
    accept: &mut dyn FnMut(&str) -> Result<bool, E>,
) -> Result<ExitCode, E> {
    // Before anything is drawn: a question would stand among the bars.
    keys::unlock(home).map_err(CliError::from)?;
    let mut listing = Listing::new(&server_view::SYNC_COLUMNS, "nothing synced");
    let mut failed: Vec<CliError> = Vec::new();
    for name in names {
        match sync_one(name, home, ui, accept) {
            Ok(Ok(synced)) => listing.row(server_view::sync_row(&synced)),
            Ok(Err(error)) => failed.push(error),
            Err(left) => return Err(left),
        }
    }
    if failed.len() < names.len() {
        listing.print(ui);
    }
    let mut failed = failed.into_iter();
    let Some(first) = failed.next() else { return Ok(ExitCode::Success) };
    for further in failed {
        ui.error(&further.message, &further.causes, &further.hints);
    }
    Err(first.into())
}

/// One server: what it brought, or why it kept its old copy. The outer error is that of whoever was asked.
fn sync_one<E: From<CliError>>(
    name: &str,
    home: &Home,
    ui: &Ui,
    accept: &mut dyn FnMut(&str) -> Result<bool, E>,
) -> Result<Result<Synced, CliError>, E> {
    let bar = ui.progress(&format!("syncing the metadata of {name}"));
    let progress = |step: MetadataProgress| {
        bar.set_message(step.kind);
        bar.set_length(step.total);
        bar.set_position(step.read);
    };
    let fetched = wait(async { Ok(sync::fetch(home, name, &progress).await?) });
    bar.finish_and_clear();
    let fetched = match fetched {
        Ok(fetched) => fetched,
        Err(error) => return Ok(Err(error)),
    };
    let shrunk: Vec<String> = fetched.shrunk().iter().map(ToString::to_string).collect();
    let accepted = match fetched.doubt() {
        Some(doubt) => accept(&format!("{} {doubt}. Save it anyway", fetched.server()))?,
        None => false,
    };
    let synced = match sync::keep(home, fetched, accepted) {
        Ok(synced) => synced,
        Err(error) => return Ok(Err(error.into())),
    };
    for note in &synced.notes {
        ui.warn(&format!("{}: {note}", synced.server));
    }
    for less in &shrunk {
        ui.warn(&format!("{}: {less}, accepted", synced.server));
    }
    // Notes were said when the server was added, and `server test` says them again.
    let problems: Vec<_> =
        synced.findings.iter().filter(|finding| finding.severity != Severity::Info).cloned().collect();
    server_view::say_findings(&problems, ui);
    Ok(Ok(synced))
}
