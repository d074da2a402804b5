//! `xfer` without a command: the dashboard and the next step.

use jiff::Zoned;
use serde_json::{Value, json};

use crate::cli::commands::init;
use crate::cli::commands::runs::outcome;
use crate::cli::commands::unread::say_unread;
use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, moment, number, text};
use crate::cli::render::server::list;
use crate::cli::ui::{Format, Ui};
use crate::ops::dashboard::{Dashboard, FileState, JobLine, dashboard};
use crate::ops::home::Home;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::shell::shell_word;

/// Shows the dashboard.
pub fn show(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let board = dashboard(home)?;
    let sections = [
        ("servers", list(&board.servers)),
        ("pairs", pairs(&board)),
        ("jobs", jobs(&board)),
        ("routines", routines(&board)),
        ("files", files(&board)),
    ];
    match ui.format {
        Format::Json => {
            let object: serde_json::Map<String, Value> =
                sections.iter().map(|(name, listing)| ((*name).to_owned(), listing.json())).collect();
            ui.raw_data(&format!("{:#}\n", Value::Object(object)));
        }
        Format::Csv => {
            return Err(CliError::usage("the dashboard has several lists; one CSV file cannot hold them".to_owned())
                .hint("use --format json, or one list: xfer server list --format csv"));
        }
        Format::Table => {
            for (_, listing) in sections.iter().filter(|(_, listing)| !listing.is_empty()) {
                ui.data(&format!("{}\n\n", listing.table(ui.width())));
            }
        }
    }
    let next = board.next_step();
    let command: Vec<String> = next.command.iter().map(|word| shell_word(word)).collect();
    ui.say(&format!("next: {}:\n  xfer {}", next.sentence, command.join(" ")));
    if board.servers.is_empty() && board.schedules == 0 {
        ui.say("or use the guided setup:\n  xfer init");
        #[cfg(feature = "demo")]
        ui.say("to see a complete transfer first, without your own servers:\n  xfer demo");
        if ui.can_ask() && ui.format == Format::Table {
            return init::offer(home, ui);
        }
    }
    Ok(say_unread(board.unread, ui))
}

/// When a run is due, as lists take it.
fn at(due: Option<&Zoned>) -> Option<String> {
    due.map(|due| due.timestamp().to_string())
}

fn pairs(board: &Dashboard) -> Listing {
    let columns = [
        text("source", "From"),
        text("destination", "To"),
        number("units", "Org units").detail(),
        number("mapped", "Mapped"),
        number("ignored", "Ignored").detail(),
        number("unmapped", "Unmapped"),
        number("proposed", "(proposed)").detail(),
        number("errors", "Errors"),
        number("warnings", "Warnings"),
        number("changed", "Changed"),
    ];
    let mut listing = Listing::new(&columns, "no org unit maps yet");
    for pair in &board.pairs {
        listing.row(vec![
            json!(pair.source),
            json!(pair.destination),
            json!(pair.units),
            json!(pair.mapped),
            json!(pair.ignored),
            json!(pair.unmapped),
            json!(pair.proposed),
            json!(pair.findings.map(|findings| findings.errors)),
            json!(pair.findings.map(|findings| findings.warnings)),
            json!(pair.findings.map(|findings| findings.drift)),
        ]);
    }
    listing
}

fn jobs(board: &Dashboard) -> Listing {
    let columns = [
        text("job", "Job"),
        text("source", "From"),
        text("destination", "To"),
        number("items", "Items"),
        number("errors", "Errors"),
        number("warnings", "Warnings"),
        number("changed", "Changed"),
    ];
    let mut listing = Listing::new(&columns, "no jobs yet");
    for JobLine { job, findings } in &board.jobs {
        listing.row(vec![
            json!(job.name),
            json!(job.source),
            json!(job.destination),
            json!(job.items.len()),
            json!(findings.map(|findings| findings.errors)),
            json!(findings.map(|findings| findings.warnings)),
            json!(findings.map(|findings| findings.drift)),
        ]);
    }
    listing
}

fn files(board: &Dashboard) -> Listing {
    let columns = [
        text("file", "Xfer file").whole(),
        text("routine", "Routine"),
        number("revision", "Revision"),
        moment("exported_at", "Written").detail(),
        moment("next_run", "Next run").detail(),
        text("state", "State"),
    ];
    let mut listing = Listing::new(&columns, "no xfer files yet");
    for line in &board.files {
        let state = match line.state {
            FileState::Current => "up to date",
            FileState::Outdated => "older than the routine: export it again",
            FileState::Gone => "missing",
        };
        listing.row(vec![
            json!(line.file.path),
            json!(line.routine),
            json!(line.file.revision),
            json!(line.file.exported_at),
            json!(at(line.next.as_ref())),
            json!(state),
        ]);
    }
    listing
}

fn routines(board: &Dashboard) -> Listing {
    let columns = [
        text("routine", "Routine"),
        text("jobs", "Jobs"),
        text("periods", "Periods"),
        moment("last_run", "Last run"),
        text("outcome", "Outcome"),
        moment("next_run", "Next run").detail(),
    ];
    let mut listing = Listing::new(&columns, "no routines yet");
    for line in &board.routines {
        let last = line.last.as_ref();
        listing.row(vec![
            json!(line.routine.name),
            json!(line.routine.jobs.join(", ")),
            json!(line.routine.window.join(", ")),
            json!(last.map(|run| run.summary.started.to_string())),
            json!(last.map(|run| outcome(&run.summary))),
            json!(at(line.next.as_ref())),
        ]);
    }
    listing
}
