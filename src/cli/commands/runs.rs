//! `xfer runs`: past runs, and how every cell ended.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::render::report;
use crate::cli::render::server::day_and_minute;
use crate::cli::ui::{Format, Ui};
use crate::domain::cell::CellState;
use crate::domain::journal::CellRecord;
use crate::domain::uid::Uid;
use crate::ops::home::Home;
use crate::ops::runs;

/// `xfer runs …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List runs, the newest first
    List(List),
    /// Show the report of a run
    Show(Named),
    /// List the cells of a run with what became of them
    Cells(Cells),
}

/// `xfer runs list`
#[derive(Debug, Args)]
pub struct List {
    /// Only runs of this routine
    pub routine: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
}

/// A run.
#[derive(Debug, Args)]
pub struct Named {
    /// The run's id or its first characters, or `last`
    pub run: String,
}

/// `xfer runs cells`
#[derive(Debug, Args)]
pub struct Cells {
    /// The run's id or its first characters, or `last`
    pub run: String,
    /// Only cells in these states: created, updated, rejected, held_back …; several with commas
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    pub state: Vec<CellState>,
    /// Only cells of this job
    #[arg(long)]
    pub job: Option<String>,
}

fn state(text: &str) -> Result<CellState, String> {
    CellState::from_name(&text.replace('-', "_"))
        .ok_or_else(|| format!("`{text}` is no state; there are {}", CellState::ALL.map(CellState::name).join(", ")))
}

/// Carries out `xfer runs …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::List(arguments) => list(arguments, home, ui),
        Command::Show(arguments) => {
            let run = runs::find(home, &arguments.run)?;
            let Some(report) = runs::report(home, &run)? else {
                return Err(CliError::usage(format!(
                    "the run {} never finished, so it has no report",
                    run.summary.run
                ))
                .hint("its cells so far: xfer runs cells; run the routine again to complete it"));
            };
            report::print(&report, ui);
            Ok(ExitCode::Success)
        }
        Command::Cells(arguments) => cells(arguments, home, ui),
    }
}

fn list(arguments: &List, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("run", "Run").shown(13), // the milliseconds of a time-ordered UUID
        text("routine", "Routine"),
        text("mode", "Kind").detail(),
        text("started", "Started (UTC)").whole(),
        text("outcome", "Outcome").whole(),
        number("cells", "Cells").detail(),
        number("written", "Written"),
        number("problems", "Problems"),
    ];
    let mut listing = Listing::new(&columns, "no runs yet");
    for line in runs::list(home, arguments.routine.as_deref(), arguments.limit)? {
        let end = line.summary.end.as_ref();
        let cells = end.map(|end| end.cells);
        listing.row(vec![
            json!(line.summary.run),
            json!(line.summary.routine),
            json!(line.summary.mode),
            json!(day_and_minute(&line.summary.started.to_string())),
            end.map_or_else(|| json!("never finished"), |end| json!(end.outcome)),
            json!(cells.map(|cells| cells.total)),
            json!(cells.map(|cells| cells.created + cells.updated + cells.deleted + cells.accepted)),
            json!(cells.map(|c| c.rejected + c.differs + c.unknown + c.not_sent + c.held_back)),
        ]);
    }
    listing.print(ui);
    Ok(ExitCode::Success)
}

fn cells(arguments: &Cells, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("job", "Job").detail(),
        text("data_element", "Data element"),
        text("category_option_combo", "COC"),
        text("attribute_option_combo", "AOC").detail(),
        text("org_unit", "Org unit"),
        text("period", "Period").whole(),
        text("previous", "Before").whole(),
        text("value", "Value"),
        text("state", "State").whole(),
        text("code", "Code").detail(),
        text("reason", "Reason").detail(),
        number("contributions", "From").detail(),
    ];
    let mut listing = Listing::new(&columns, "no such cells");
    let run = runs::find(home, &arguments.run)?;
    // People read names, programs read ids.
    let metadata = match ui.format {
        Format::Table => runs::destination_metadata(home, &run)?,
        Format::Json | Format::Csv => None,
    };
    let name = |id: Uid| metadata.as_ref().map_or_else(|| id.to_string(), |metadata| metadata.name_of(id));
    runs::cells(home, &run, &arguments.state, arguments.job.as_deref(), &mut |cell| {
        listing.row(row(&cell, &name));
    })?;
    listing.print(ui);
    Ok(ExitCode::Success)
}

fn row(record: &CellRecord, name: &dyn Fn(Uid) -> String) -> Vec<serde_json::Value> {
    let cell = &record.cell;
    vec![
        json!(record.job),
        json!(name(cell.data_element)),
        json!(name(cell.category_option_combo)),
        json!(name(cell.attribute_option_combo)),
        json!(name(cell.org_unit)),
        json!(cell.period),
        json!(record.previous),
        json!(record.value),
        json!(record.state),
        json!(record.code),
        json!(record.reason),
        json!(record.contributions),
    ]
}
