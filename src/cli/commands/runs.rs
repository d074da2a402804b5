//! `xfer runs`: past runs, and how every cell ended. `last` is the newest run, a dry one too: it is what was just seen.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::cli::commands::unread::say_unread;
use crate::cli::error::CliError;
use crate::cli::render::listing::{Listing, moment, number, text};
use crate::cli::render::{clock, report};
use crate::cli::ui::{Format, Ui};
use crate::ops::home::Home;
use crate::ops::runs;
use xfer_domain::cell::CellState;
use xfer_domain::counted::counted;
use xfer_domain::decimal::parse_number;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::journal::CellRecord;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::RunMode;
use xfer_domain::shell::xfer_command;
use xfer_domain::uid::Uid;
use xfer_storage::store::{RunSummary, UnchangedCells};

/// `xfer runs …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List runs, the newest first
    List(List),
    /// Show the report of a run
    Show(Named),
    /// List the cells of a run with their states; unchanged cells are only counted
    Cells(Cells),
}

/// `xfer runs list`
#[derive(Debug, Args)]
pub struct List {
    /// Only runs of this routine
    pub routine: Option<String>,
    /// The most runs to list
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
    /// Only cells in these states: created, updated, rejected, held_back …; several with commas. `unchanged` alone shows
    /// their number in each job, org unit and period
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    pub state: Vec<CellState>,
    /// Only cells of this job
    #[arg(long)]
    pub job: Option<String>,
}

fn state(text: &str) -> Result<CellState, String> {
    CellState::from_name(&text.replace('-', "_"))
        .ok_or_else(|| format!("`{text}` is not a state; use {}", CellState::ALL.map(CellState::name).join(", ")))
}

/// Carries out `xfer runs …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::List(arguments) => list(arguments, home, ui),
        Command::Show(arguments) => {
            let run = runs::find(home, &arguments.run)?;
            let Some(report) = runs::report(home, &run)? else {
                let summary = &run.summary;
                let again = summary.command.clone().unwrap_or_else(|| vec!["run".to_owned(), summary.routine.clone()]);
                return Err(CliError::usage(format!("the run {} never finished, so it has no report", summary.run))
                    .hint(format!("its cells so far: xfer runs cells {}", summary.run))
                    .hint(format!("run it again; only what did not arrive is sent: {}", xfer_command(&again))));
            };
            report::print(&report, ui.format.into(), ui);
            Ok(ExitCode::Success)
        }
        Command::Cells(arguments) => cells(arguments, home, ui),
    }
}

fn list(arguments: &List, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("run", "Run").shown(13), // the milliseconds of a time-ordered UUID
        text("routine", "Routine").at_least(9),
        moment("started", "Started"),
        text("outcome", "Outcome").at_least(10),
        number("written", "Written"),
        number("problems", "Problems"),
        number("cells", "Cells").detail(),
        text("command", "Command").detail(),
    ];
    let programs = ui.format != Format::Table;
    let mut columns = columns.to_vec();
    if programs {
        columns.insert(2, text("mode", "Kind"));
        columns.extend([text("finished", "Finished"), number("exit_code", "Exit code")]);
    }
    let mut listing = Listing::new(&columns, "no runs yet");
    let runs = runs::list(home, arguments.routine.as_deref(), arguments.limit)?;
    for line in runs.lines {
        let run = &line.summary;
        let end = run.end.as_ref();
        let cells = end.map(|end| end.cells);
        let written = cells.map(|cells| cells.created + cells.updated + cells.deleted + cells.accepted);
        let mut row = vec![
            json!(run.run),
            json!(run.routine),
            json!(run.started.to_string()),
            if programs { outcome(run) } else { json!(outcome_in_words(run)) },
            // Of a dry run the number is what would be, which a table cannot say beside what is.
            json!(written.filter(|_| programs || run.mode != RunMode::DryRun)),
            json!(end.map(|end| end.problems)),
            json!(cells.map(|cells| cells.total)),
            json!(run.command.as_deref().map(xfer_command)),
        ];
        if programs {
            row.insert(2, json!(run.mode));
            row.extend([json!(end.map(|end| end.finished.clone())), json!(end.map(|end| end.exit_code))]);
        }
        listing.row(row);
    }
    listing.print(ui);
    Ok(say_unread(runs.unread, ui))
}

/// How a run ended.
pub(super) fn outcome(run: &RunSummary) -> Value {
    run.end.as_ref().map_or_else(|| json!("never finished"), |end| json!(end.outcome))
}

/// How a run ended, for people: what only tried is marked as such.
pub(super) fn outcome_in_words(run: &RunSummary) -> String {
    let outcome = outcome(run).as_str().unwrap_or_default().to_owned();
    match kind(run.mode) {
        "run" => outcome,
        kind => format!("{kind}: {outcome}"),
    }
}

/// What kind of run it was.
fn kind(mode: RunMode) -> &'static str {
    match mode {
        RunMode::Run => "run",
        RunMode::DryRun => "dry run",
        RunMode::Check => "check",
    }
}

fn cells(arguments: &Cells, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let run = runs::find(home, &arguments.run)?;
    let metadata = runs::destination_metadata(home, &run)?;
    let mut records = Vec::new();
    runs::cells(home, &run, &arguments.state, arguments.job.as_deref(), &mut |cell| records.push(cell))?;
    let wants_unchanged = arguments.state.is_empty() || arguments.state.contains(&CellState::Unchanged);
    let counts = if wants_unchanged { runs::unchanged(home, &run, arguments.job.as_deref())? } else { Vec::new() };
    let unchanged: u64 = counts.iter().map(|count| count.cells).sum();
    // Runs from before unchanged cells were counted list them.
    let is_count = records.is_empty()
        && !arguments.state.is_empty()
        && arguments.state.iter().all(|state| *state == CellState::Unchanged);
    let listing = match ui.format {
        _ if is_count => counted_cells(&counts, metadata.as_ref(), ui.format),
        Format::Table => for_people(&records, metadata.as_ref()),
        Format::Json | Format::Csv => for_programs(&records, metadata.as_ref()),
    };
    // That nothing is listed needs no word where something is counted.
    if ui.format != Format::Table || is_count || !records.is_empty() || unchanged == 0 {
        listing.print(ui);
    }
    let summary = &run.summary;
    let (kind, started) = (kind(summary.mode), clock::of(summary.started));
    let of_run = format!("of the {kind} {} of {}, {started}", summary.run, summary.routine);
    if ui.format == Format::Table && !records.is_empty() {
        ui.say(&format!("{} {of_run}", counted(records.len() as u64, "cell")));
    }
    if unchanged > 0 && is_count && ui.format == Format::Table {
        ui.say(&format!("{} {of_run}", counted(unchanged, "unchanged cell")));
    } else if unchanged > 0 && !is_count {
        ui.say(&format!(
            "{} {of_run}: not listed, only counted; by org unit and period: xfer runs cells {} --state unchanged",
            counted(unchanged, "unchanged cell"),
            summary.run
        ));
    }
    Ok(ExitCode::Success)
}

/// How many cells were unchanged, by job, org unit and period.
fn counted_cells(counts: &[UnchangedCells], metadata: Option<&Metadata>, format: Format) -> Listing {
    let name = |id: Uid| metadata.map(|metadata| metadata.name_of(id));
    if format == Format::Table {
        let columns = [
            text("job", "Job"),
            text("org_unit", "Org unit"),
            text("period", "Period").whole(),
            number("cells", "Cells"),
        ];
        let mut listing = Listing::new(&columns, "no such cells");
        for count in counts {
            let org_unit = name(count.org_unit).unwrap_or_else(|| count.org_unit.to_string());
            listing.row(vec![json!(count.job), json!(org_unit), json!(count.period), json!(count.cells)]);
        }
        return listing;
    }
    let columns = [
        text("job", "Job"),
        text("org_unit", "Org unit"),
        text("period", "Period"),
        text("state", "State"),
        number("cells", "Cells"),
        text("org_unit_name", "Org unit"),
    ];
    let mut listing = Listing::new(&columns, "no such cells");
    for count in counts {
        listing.row(vec![
            json!(count.job),
            json!(count.org_unit),
            json!(count.period),
            json!(CellState::Unchanged),
            json!(count.cells),
            json!(name(count.org_unit)),
        ]);
    }
    listing
}

/// Names, and what became of each cell with the reason in the same column: it fits a terminal of 80 columns.
fn for_people(records: &[CellRecord], metadata: Option<&Metadata>) -> Listing {
    let is_number = |text: &Option<String>| text.as_deref().is_none_or(|text| parse_number(text).is_some());
    let numbers = records.iter().all(|record| is_number(&record.value) && is_number(&record.previous));
    let value = |key, title| if numbers { number(key, title) } else { text(key, title).brief() };
    let several_jobs = records.windows(2).any(|pair| matches!(pair, [one, other] if one.job != other.job));
    let mut columns = vec![
        text("data_element", "Data element").at_least(14),
        text("org_unit", "Org unit").at_least(13),
        text("period", "Period").whole(),
        value("previous", "Before").at_least(8),
        value("value", "Value").at_least(8),
        text("state", "State").at_least(17),
        number("contributions", "From").detail(),
    ];
    if several_jobs {
        columns.push(text("job", "Job").detail());
    }
    let mut listing = Listing::new(&columns, "no such cells");
    let name = |id: Uid| metadata.map_or_else(|| id.to_string(), |metadata| metadata.name_of(id));
    for record in records {
        let cell = &record.cell;
        let combos: Vec<String> = [cell.category_option_combo, cell.attribute_option_combo]
            .into_iter()
            .filter(|combo| *combo != Uid::DEFAULT_OPTION_COMBO)
            .map(name)
            .filter(|name| name != "default")
            .collect();
        let mut what = name(cell.data_element);
        if !combos.is_empty() {
            what = format!("{what} ({})", combos.join(", "));
        }
        // The word that `--state` takes.
        let state = record.state.name();
        let why = record.reason.as_ref().or(record.code.as_ref());
        let mut row = vec![
            json!(what),
            json!(name(cell.org_unit)),
            json!(cell.period),
            json!(record.previous),
            json!(record.value),
            json!(why.map_or_else(|| state.to_owned(), |why| format!("{state}: {why}"))),
            json!(record.contributions),
        ];
        if several_jobs {
            row.push(json!(record.job));
        }
        listing.row(row);
    }
    listing
}

/// Ids, and names behind them.
fn for_programs(records: &[CellRecord], metadata: Option<&Metadata>) -> Listing {
    let columns = [
        text("job", "Job"),
        text("data_element", "Data element"),
        text("category_option_combo", "COC"),
        text("attribute_option_combo", "AOC"),
        text("org_unit", "Org unit"),
        text("period", "Period"),
        text("previous", "Before").brief(),
        text("value", "Value").brief(),
        text("state", "State"),
        text("code", "Code"),
        text("reason", "Reason"),
        number("contributions", "From"),
        text("data_element_name", "Data element"),
        text("category_option_combo_name", "COC"),
        text("attribute_option_combo_name", "AOC"),
        text("org_unit_name", "Org unit"),
    ];
    let mut listing = Listing::new(&columns, "no such cells");
    let name = |id: Uid| json!(metadata.map(|metadata| metadata.name_of(id)));
    for record in records {
        let cell = &record.cell;
        listing.row(vec![
            json!(record.job),
            json!(cell.data_element),
            json!(cell.category_option_combo),
            json!(cell.attribute_option_combo),
            json!(cell.org_unit),
            json!(cell.period),
            json!(record.previous),
            json!(record.value),
            json!(record.state),
            json!(record.code),
            json!(record.reason),
            json!(record.contributions),
            name(cell.data_element),
            name(cell.category_option_combo),
            name(cell.attribute_option_combo),
            name(cell.org_unit),
        ]);
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::for_people;
    use xfer_domain::cell::{CellKey, CellState};
    use xfer_domain::journal::{CellRecord, Claim};
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

    #[test]
    fn the_reason_of_a_cell_stands_in_80_columns() {
        let cell = CellKey {
            org_unit: Uid::parse("Facility001").unwrap(),
            period: Period::parse("202401").unwrap(),
            data_element: Uid::parse("DataElem001").unwrap(),
            category_option_combo: Uid::parse("OptionCom01").unwrap(),
            attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
        };
        let record = |value: &str, state, reason: Option<&str>| CellRecord {
            job: "malaria".to_owned(),
            cell,
            previous: Some("7".to_owned()),
            value: Some(value.to_owned()),
            state,
            code: reason.map(|_| "org-unit-closed".to_owned()),
            reason: reason.map(str::to_owned),
            contributions: 1,
            from: None,
            claim: Claim::Stays,
        };
        let held = record("1250", CellState::HeldBack, Some("the org unit closed on 2015-12-31"));
        insta::assert_snapshot!(for_people(&[held, record("8", CellState::Updated, None)], None).table(80), @r"
         Data element    Org unit      Period   Before   Value   State
        ───────────────────────────────────────────────────────────────────────────
         DataElem001     Facility001   202401        7    1250   held_back: the
         (OptionCom01)                                           org unit closed
                                                                 on 2015-12-31
         DataElem001     Facility001   202401        7       8   updated
         (OptionCom01)
        ");
    }
}
