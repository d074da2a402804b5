//! `xfer orgunit`: the map from source org units to destination org units.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use crate::cli::arguments::pair::{Accept, PairArguments};
use crate::cli::commands::check::{MapCheckArguments, check_map};
use crate::cli::commands::files::{StyleArguments, read_file, write_file};
use crate::cli::error::CliError;
use crate::cli::render::clock;
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::render::org_units::tally_in_words;
use crate::cli::ui::{Format, Ui};
use crate::cli::wizard::{self, Missing};
use crate::ops::home::Home;
use crate::ops::org_units::{self, MapChange, PairMap};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
use xfer_domain::shell::shell_word;
use xfer_matching::map_rules::{Standing, Tally, tally};
use xfer_matching::org_units::MatchRules;

/// `xfer orgunit …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Match org units by id, by code, and by name below matched parents
    Auto(Auto),
    /// Map org units: decide doubtful ones one by one, or map one org unit
    Map(Map),
    /// List the map
    List(List),
    /// List source org units that are not mapped and not ignored, including those with a proposal
    Unmapped(PairArguments),
    /// Export the map as a CSV file, to edit in a spreadsheet
    Export(Export),
    /// Import a CSV file: every line is checked, changes are shown; all are applied or none
    Import(Import),
    /// Put the map back as it was before the last import
    Undo(PairArguments),
    /// Check the map: org units with data but no destination, closed and moved org units, and more
    Check(MapCheckArguments),
}

/// A way of matching.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Method {
    /// The same id on both servers
    Id,
    /// The same code on both servers
    Code,
    /// The same value of an attribute
    Attribute,
    /// The same name below matched parents
    Name,
    /// A similar name
    Similar,
}

impl From<Method> for MatchMethod {
    fn from(method: Method) -> Self {
        match method {
            Method::Id => Self::Id,
            Method::Code => Self::Code,
            Method::Attribute => Self::Attribute,
            Method::Name => Self::Name,
            Method::Similar => Self::Similar,
        }
    }
}

/// `xfer orgunit auto`
#[derive(Debug, Args)]
pub struct Auto {
    /// The servers.
    #[command(flatten)]
    pub pair: PairArguments,
    /// What to match by
    #[arg(long, value_enum, value_delimiter = ',', default_value = "id,code,attribute,name,similar")]
    pub by: Vec<Method>,
    /// Which matches are confirmed at once; the others are only proposed
    #[arg(long, value_enum, default_value = "sure")]
    pub accept: Accept,
    /// Allow two source org units for one destination org unit
    #[arg(long)]
    pub many_to_one: bool,
    /// List all matches, also the sure ones
    #[arg(long)]
    pub all: bool,
    /// Show what would be matched, but do not save it
    #[arg(long)]
    pub dry_run: bool,
}

/// `xfer orgunit map`
#[derive(Debug, Args)]
pub struct Map {
    /// The source server [default: ask]
    pub source: Option<String>,
    /// The destination server [default: ask]
    #[arg(requires = "source")]
    pub destination: Option<String>,
    /// Only this source org unit, by name, code, id or path
    #[arg(requires = "destination")]
    pub unit: Option<String>,
    /// The destination org unit, by name, code, id or path; no questions are asked then
    #[arg(long, value_name = "ORG UNIT", requires = "unit", conflicts_with = "leave_out")]
    pub to: Option<String>,
    /// Ignore the org unit: its values are never transferred
    #[arg(long, requires = "unit")]
    pub leave_out: bool,
}

/// A state of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Used in runs
    Confirmed,
    /// Not confirmed yet
    Proposed,
    /// Not transferred, on purpose
    Ignored,
}

impl From<State> for MappingState {
    fn from(state: State) -> Self {
        match state {
            State::Confirmed => Self::Confirmed,
            State::Proposed => Self::Proposed,
            State::Ignored => Self::Ignored,
        }
    }
}

/// `xfer orgunit list`
#[derive(Debug, Args)]
pub struct List {
    /// The servers.
    #[command(flatten)]
    pub pair: PairArguments,
    /// Only rows in this state
    #[arg(long, value_enum)]
    pub state: Option<State>,
}

/// `xfer orgunit export`
#[derive(Debug, Args)]
pub struct Export {
    /// The servers.
    #[command(flatten)]
    pub pair: PairArguments,
    /// The file [default: standard output]
    pub file: Option<PathBuf>,
    /// How the file looks.
    #[command(flatten)]
    pub style: StyleArguments,
}

/// `xfer orgunit import`
#[derive(Debug, Args)]
pub struct Import {
    /// The servers.
    #[command(flatten)]
    pub pair: PairArguments,
    /// The file (- reads standard input)
    pub file: PathBuf,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Carries out `xfer orgunit …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::Auto(arguments) => auto(arguments, &mut open(&arguments.pair, home)?, ui),
        Command::Map(arguments) => ask_for_units(arguments, home, ui),
        Command::List(arguments) => {
            list(arguments, &open(&arguments.pair, home)?, ui);
            Ok(ExitCode::Success)
        }
        Command::Unmapped(arguments) => {
            unmapped(&open(arguments, home)?, ui);
            Ok(ExitCode::Success)
        }
        Command::Export(arguments) => {
            let map = open(&arguments.pair, home)?;
            write_file(arguments.file.as_deref(), &map.export(arguments.style.style()), ui)?;
            if let Some(file) = &arguments.file {
                ui.say(&format!("wrote {}", file.display()));
            }
            Ok(ExitCode::Success)
        }
        Command::Import(arguments) => import(arguments, &mut open(&arguments.pair, home)?, ui),
        Command::Undo(arguments) => undo(arguments, &mut open(arguments, home)?, ui),
        Command::Check(arguments) => check_map(arguments, &mut open(&arguments.pair, home)?, ui),
    }
}

fn open(pair: &PairArguments, home: &Home) -> Result<PairMap, CliError> {
    Ok(org_units::open(home, &pair.source, &pair.destination)?)
}

fn auto(arguments: &Auto, map: &mut PairMap, ui: &Ui) -> Result<ExitCode, CliError> {
    let methods: Vec<MatchMethod> = arguments.by.iter().map(|method| (*method).into()).collect();
    let rules = MatchRules { methods, many_to_one: arguments.many_to_one };
    let rows = map.propose(&rules, arguments.accept.class());
    let columns = [
        text("source", "Source org unit"),
        text("destination", "Destination org unit"),
        text("class", "Class"),
        text("state", "State"),
        text("why", "Why"),
    ];
    let none = if rows.is_empty() { "no more matches were found" } else { "nothing to decide" };
    let mut listing = Listing::new(&columns, none);
    // Programs get everything; people get what is not sure, also where it comes into force.
    let is_sure = |row: &OrgUnitMapping| row.class == Some(MatchClass::Sure) && row.state == MappingState::Confirmed;
    let shows = |row: &&OrgUnitMapping| arguments.all || ui.format != Format::Table || !is_sure(row);
    for row in rows.iter().filter(shows) {
        listing.row(vec![
            json!(map.source.org_unit_path_names(row.source)),
            json!(row.destination.map(|id| map.destination.org_unit_path_names(id))),
            json!(row.class.map(MatchClass::name)),
            json!(row.state.name()),
            json!(row.explanation),
        ]);
    }
    listing.print(ui);
    let of_class = |class| rows.iter().filter(|row| row.class == Some(class)).count();
    let in_force = rows.iter().filter(|row| row.state == MappingState::Confirmed).count();
    ui.say(&format!(
        "matched now: {} sure, {} likely, {} doubtful; {in_force} of these are confirmed, {} are proposed{}",
        of_class(MatchClass::Sure),
        of_class(MatchClass::Likely),
        of_class(MatchClass::Ask),
        rows.len() - in_force,
        if in_force > 0 && !arguments.all && ui.format == Format::Table { " (--all lists all of them)" } else { "" },
    ));
    if arguments.dry_run {
        ui.say("nothing was saved (--dry-run); the result would be:");
        let rows: Vec<OrgUnitMapping> = map.rows.iter().chain(&rows).cloned().collect();
        say_state(&tally(&map.source, &rows), &arguments.pair, ui);
    } else {
        map.keep(&rows)?;
        say_state(&map.tally(), &arguments.pair, ui);
    }
    Ok(ExitCode::Success)
}

fn ask_for_units(arguments: &Map, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let given = arguments.source.as_deref().zip(arguments.destination.as_deref());
    if let (Some((source, destination)), Some(unit)) = (given, &arguments.unit)
        && (arguments.to.is_some() || arguments.leave_out)
    {
        let mut map = org_units::open(home, source, destination)?;
        let row = map.decide(unit, arguments.to.as_deref())?;
        let target = row.destination.map_or("left out".to_owned(), |id| map.destination.org_unit_path_names(id));
        ui.say(&format!("{} → {target}", map.source.org_unit_path_names(row.source)));
        if let Some(owner) = row.destination.and_then(|unit| map.owner_of(unit, row.source)) {
            ui.say(&format!(
                "note: {} also goes there: several values for one cell; the job needs a combine operator",
                map.source.org_unit_path_names(owner)
            ));
        }
        return Ok(ExitCode::Success);
    }
    let missing = Missing {
        what: "the decision about doubtful org units",
        hint: "map one: xfer orgunit map SOURCE DESTINATION UNIT --to UNIT; or all in a spreadsheet: xfer orgunit export",
        again: "xfer orgunit map",
    };
    wizard::ask(ui, missing, |prompter| {
        let (source, destination) = match given {
            Some((source, destination)) => {
                let pair = (source.to_owned(), destination.to_owned());
                wizard::pair::say_if_one(prompter, home, &pair)?;
                pair
            }
            None => wizard::pair::choose_pair(prompter, home, arguments.source.as_deref(), None)?,
        };
        match &arguments.unit {
            Some(unit) => wizard::org_units::one(prompter, home, (&source, &destination), unit),
            None => wizard::org_units::map(prompter, home, &source, &destination),
        }
    })
}

/// Says how far the map is, and what to do about the rest.
fn say_state(tally: &Tally, pair: &PairArguments, ui: &Ui) {
    ui.say(&tally_in_words(tally, "org unit"));
    let (source, destination) = (shell_word(&pair.source), shell_word(&pair.destination));
    if tally.proposed > 0 {
        ui.say(&format!("next, to decide about the proposals:\n  xfer orgunit map {source} {destination}"));
    } else if tally.unmapped > 0 {
        ui.say(&format!(
            "next, to map the rest in a spreadsheet:\n  xfer orgunit export {source} {destination} map.csv\n  xfer \
             orgunit import {source} {destination} map.csv"
        ));
    }
}

fn list(arguments: &List, map: &PairMap, ui: &Ui) {
    let columns = [
        text("source_path", "Source org unit"),
        text("source_id", "Id").whole().detail(),
        text("destination_path", "Destination org unit"),
        text("destination_id", "Id").whole().detail(),
        text("method", "Found by").detail(),
        text("state", "State"),
        text("note", "Note").detail(),
    ];
    let mut listing = Listing::new(&columns, "the map is empty; start with `xfer orgunit auto`");
    let wanted = arguments.state.map(MappingState::from);
    let mut rows: Vec<(String, &OrgUnitMapping)> = map
        .rows
        .iter()
        .filter(|row| wanted.is_none_or(|state| row.state == state))
        .map(|row| (map.source.org_unit_path_names(row.source), row))
        .collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    for (path, row) in rows {
        listing.row(vec![
            json!(path),
            json!(row.source),
            json!(row.destination.map(|id| map.destination.org_unit_path_names(id))),
            json!(row.destination),
            json!(row.method.name()),
            json!(row.state.name()),
            json!(row.note),
        ]);
    }
    listing.print(ui);
    ui.say(&tally_in_words(&map.tally(), "org unit"));
}

fn unmapped(map: &PairMap, ui: &Ui) {
    let columns = [
        text("path", "Source org unit"),
        text("id", "Id").whole(),
        text("code", "Code").detail(),
        number("level", "Level"),
        text("state", "State").whole(),
        text("proposed_path", "Proposed").detail(),
        text("proposed_id", "Id").whole().detail(),
    ];
    let mut listing = Listing::new(&columns, "every source org unit is mapped or ignored");
    for (id, row) in map.unmapped() {
        let unit = map.source.organisation_units.get(&id);
        let proposed = row.and_then(|row| row.destination);
        listing.row(vec![
            json!(map.source.org_unit_path_names(id)),
            json!(id),
            json!(unit.and_then(|unit| unit.code.clone())),
            json!(unit.map(xfer_domain::metadata::OrganisationUnit::level)),
            json!((Standing::of(row) == Standing::Proposed).then_some(MappingState::Proposed.name())),
            json!(proposed.map(|id| map.destination.org_unit_path_names(id))),
            json!(proposed),
        ]);
    }
    listing.print(ui);
    ui.say(&tally_in_words(&map.tally(), "org unit"));
}

fn import(arguments: &Import, map: &mut PairMap, ui: &Ui) -> Result<ExitCode, CliError> {
    let bytes = read_file(&arguments.file)?;
    let change = map.plan_import(Path::new(&arguments.file), &bytes)?;
    changes(&change, map).print(ui);
    let summary = summary(&change);
    if arguments.dry_run {
        ui.say(&format!("{summary}; nothing was saved (--dry-run)"));
        return Ok(ExitCode::Success);
    }
    // A person is asked; a script that imports has decided.
    if ui.can_ask() && !change.is_empty() && !ui.confirm(&format!("{summary}. Apply this?")) {
        return Err(CliError::usage("nothing was changed".to_owned()).hint("give --yes to import without a question"));
    }
    let kept = map.apply(&change, Timestamp::now())?;
    ui.say(&summary);
    if let Some(file) = kept {
        let (source, destination) = (shell_word(&arguments.pair.source), shell_word(&arguments.pair.destination));
        ui.say(&format!(
            "the old map is saved in {}; to restore it: xfer orgunit undo {source} {destination}",
            file.display()
        ));
    }
    say_state(&map.tally(), &arguments.pair, ui);
    Ok(ExitCode::Success)
}

fn summary(change: &MapChange) -> String {
    format!(
        "{} added, {} changed, {} removed, {} unchanged",
        change.added.len(),
        change.changed.len(),
        change.removed.len(),
        change.unchanged
    )
}

fn undo(arguments: &PairArguments, map: &mut PairMap, ui: &Ui) -> Result<ExitCode, CliError> {
    let undo = map.plan_undo()?;
    changes(&undo.change, map).print(ui);
    let at = clock::of(undo.at);
    let question = format!("{}. Restore the map of {at}?", summary(&undo.change));
    // What was decided since the import would be lost as well.
    if !ui.confirm(&question) {
        return Err(
            CliError::usage("nothing was changed".to_owned()).hint("give --yes to restore the map without a question")
        );
    }
    map.undo(&undo)?;
    ui.say(&format!("{}; the map of {at} is restored", summary(&undo.change)));
    say_state(&map.tally(), arguments, ui);
    Ok(ExitCode::Success)
}

fn changes(change: &MapChange, map: &PairMap) -> Listing {
    let columns =
        [text("change", "Change"), text("source", "Source org unit"), text("before", "Before"), text("after", "After")];
    let mut listing = Listing::new(&columns, "the file has no changes");
    let target = |row: &OrgUnitMapping| {
        let place = row.destination.map_or_else(|| "–".to_owned(), |id| map.destination.org_unit_path_names(id));
        format!("{place} ({})", row.state.name())
    };
    let source = |row: &OrgUnitMapping| map.source.org_unit_path_names(row.source);
    for row in &change.added {
        listing.row(vec![json!("add"), json!(source(row)), json!(null), json!(target(row))]);
    }
    for (old, new) in &change.changed {
        listing.row(vec![json!("change"), json!(source(old)), json!(target(old)), json!(target(new))]);
    }
    for row in &change.removed {
        listing.row(vec![json!("remove"), json!(source(row)), json!(target(row)), json!(null)]);
    }
    listing
}
