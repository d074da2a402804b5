//! `xfer job`: which source item goes to which data element and option combos.

mod auto;
mod edit;
mod operators;

use std::path::PathBuf;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::cli::commands::check::{JobCheckArguments, check_job};
use crate::cli::commands::files::{StyleArguments, read_file, write_file};
use crate::cli::commands::job::operators::NewRules;
use crate::cli::error::CliError;
use crate::cli::exit_code::ExitCode;
use crate::cli::render::listing::{Listing, counted, number, text};
use crate::cli::render::shell_word;
use crate::cli::ui::{Format, Ui};
use crate::cli::wizard::{self, Missing};
use crate::domain::item::{Combine, Item, SourceItem, WhenEmpty};
use crate::domain::job::ReadFrom;
use crate::domain::period::PeriodType;
use crate::domain::uid::Uid;
use crate::matching::items::EVERY;
use crate::ops::files::job_items::{names, script_names};
use crate::ops::home::Home;
use crate::ops::jobs::{self, NewItem, NewJob, OpenJob};

/// `xfer job …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a job without items
    New(New),
    /// Show a job with its items
    Show(Named),
    /// List the jobs
    List,
    /// Change a job's settings
    Edit(edit::Edit),
    /// Find items for data sets, data elements and indicators of the source
    Auto(auto::Auto),
    /// Take over the items of a DHIS2 aggregate data exchange
    Exchange(auto::Exchange),
    /// Add an item: what is read, and where it goes
    AddItem(AddItem),
    /// Change an item
    EditItem(edit::EditItem),
    /// Remove an item by its number in `xfer job show`
    RemoveItem(RemoveItem),
    /// Read items from a CSV file: every line is checked, all are taken or none
    Import(Import),
    /// Write the items as a CSV file
    Export(Export),
    /// Check every item against the metadata of both servers, and doubtful ones against the source's values
    Check(JobCheckArguments),
    /// Remove a job
    Remove(Named),
}

/// A job by name.
#[derive(Debug, Args)]
pub struct Named {
    /// The job
    pub name: String,
}

/// How contributions combine, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CombineArgument {
    /// More than one is an error
    Error,
    /// Their sum
    Sum,
    /// Their mean
    Average,
    /// The smallest
    Min,
    /// The largest
    Max,
    /// The one of the latest source period
    Last,
    /// The one of the earliest source period
    First,
}

impl From<CombineArgument> for Combine {
    fn from(argument: CombineArgument) -> Self {
        match argument {
            CombineArgument::Error => Self::Error,
            CombineArgument::Sum => Self::Sum,
            CombineArgument::Average => Self::Average,
            CombineArgument::Min => Self::Min,
            CombineArgument::Max => Self::Max,
            CombineArgument::Last => Self::Last,
            CombineArgument::First => Self::First,
        }
    }
}

/// What happens without source values, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WhenEmptyArgument {
    /// The destination keeps what it has
    Keep,
    /// A zero is written
    Zero,
    /// The value is deleted, if this routine wrote it
    Delete,
}

impl From<WhenEmptyArgument> for WhenEmpty {
    fn from(argument: WhenEmptyArgument) -> Self {
        match argument {
            WhenEmptyArgument::Keep => Self::Keep,
            WhenEmptyArgument::Zero => Self::Zero,
            WhenEmptyArgument::Delete => Self::Delete,
        }
    }
}

/// Where data elements are read, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReadArgument {
    /// As they were entered at each org unit
    Raw,
    /// Aggregated from everything below the org unit, through analytics
    Analytics,
}

impl From<ReadArgument> for ReadFrom {
    fn from(argument: ReadArgument) -> Self {
        match argument {
            ReadArgument::Raw => Self::Raw,
            ReadArgument::Analytics => Self::Analytics,
        }
    }
}

/// `xfer job new`
#[derive(Debug, Args)]
pub struct New {
    /// What to call the job; asked for where absent
    pub name: Option<String>,
    /// The source server; asked for where absent
    #[arg(long, value_name = "SERVER")]
    pub from: Option<String>,
    /// The destination server; asked for where absent
    #[arg(long, value_name = "SERVER")]
    pub to: Option<String>,
    /// The type of the periods that are read: Monthly, Weekly, Quarterly …
    #[arg(long, value_name = "TYPE", default_value = "Monthly", value_parser = period_type)]
    pub period_type: PeriodType,
    /// The type of the periods that are written, if another: months into quarters
    #[arg(long, value_name = "TYPE", value_parser = period_type)]
    pub to_period_type: Option<PeriodType>,
    /// Move the values by so many destination periods (-1: into the one before)
    #[arg(long, value_name = "NUMBER", default_value_t = 0, allow_hyphen_values = true)]
    pub shift: i32,
    /// How several source values become one: two facilities merged, three months in a quarter [default: error]
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Where data elements are read; indicators always come from analytics
    #[arg(long, value_enum, default_value = "raw")]
    pub read: ReadArgument,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: NewRules,
}

/// `xfer job add-item`
#[derive(Debug, Args)]
pub struct AddItem {
    /// The job
    pub job: String,
    /// What is read: DE.COC, DE.COC.AOC, an indicator or a program indicator, each by id, code or name
    pub source: String,
    /// Where it goes: DE.COC or DE.COC.AOC; combos may be left out where there is only one
    pub destination: String,
    /// How several source values become one, if not as the job says
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Multiply every source value by this number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = factor)]
    pub factor: Option<BigDecimal>,
    /// What happens to destination cells that the source has nothing for
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: NewRules,
    /// Share the source out: its weight among the items of the job that read the same (60, 40); the parts add up
    #[arg(long, value_name = "WEIGHT", value_parser = operators::share)]
    pub share: Option<BigDecimal>,
    /// A remark
    #[arg(long)]
    pub note: Option<String>,
}

/// `xfer job remove-item`
#[derive(Debug, Args)]
pub struct RemoveItem {
    /// The job
    pub job: String,
    /// The item's number in `xfer job show`
    pub number: usize,
}

/// `xfer job import`
#[derive(Debug, Args)]
pub struct Import {
    /// The job
    pub job: String,
    /// The file (- reads standard input)
    pub file: PathBuf,
    /// Put the file's items in the place of the job's
    #[arg(long)]
    pub replace: bool,
    /// Show what would change and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `xfer job export`
#[derive(Debug, Args)]
pub struct Export {
    /// The job
    pub job: String,
    /// The file; standard output where absent
    pub file: Option<PathBuf>,
    /// How the file looks.
    #[command(flatten)]
    pub style: StyleArguments,
}

fn period_type(text: &str) -> Result<PeriodType, String> {
    PeriodType::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(text)).ok_or_else(|| {
        format!("`{text}` is no period type; DHIS2 has {}", PeriodType::ALL.map(PeriodType::name).join(", "))
    })
}

fn factor(text: &str) -> Result<BigDecimal, String> {
    BigDecimal::from_str(text).map_err(|_| format!("`{text}` is not a number"))
}

/// Carries out `xfer job …`.
pub fn execute(command: &Command, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    match command {
        Command::New(arguments) => new(arguments, home, ui),
        Command::Edit(arguments) => edit::edit(arguments, home, ui),
        Command::EditItem(arguments) => edit::edit_item(arguments, home, ui),
        Command::Auto(arguments) => auto::auto(arguments, home, ui),
        Command::Exchange(arguments) => auto::take_over(arguments, home, ui),
        Command::Show(arguments) => {
            show(&jobs::open(home, &arguments.name)?, ui);
            Ok(ExitCode::Success)
        }
        Command::List => list(home, ui),
        Command::AddItem(arguments) => add_item(arguments, home, ui),
        Command::RemoveItem(arguments) => {
            let mut open = jobs::open(home, &arguments.job)?;
            let item = open.remove_item(arguments.number)?;
            let what = names(&open.source, item.source.id(), None, None);
            ui.say(&format!("removed item {} ({what}); {} left", arguments.number, open.job.items.len()));
            Ok(ExitCode::Success)
        }
        Command::Import(arguments) => import(arguments, home, ui),
        Command::Export(arguments) => {
            let open = jobs::open(home, &arguments.job)?;
            write_file(arguments.file.as_deref(), &open.export(arguments.style.style()), ui)?;
            if let Some(file) = &arguments.file {
                ui.say(&format!("wrote {} to {}", counted(open.job.items.len() as u64, "item"), file.display()));
            }
            Ok(ExitCode::Success)
        }
        Command::Check(arguments) => check_job(arguments, &mut jobs::open(home, &arguments.name)?, ui),
        Command::Remove(arguments) => {
            if !ui.confirm(&format!("Remove the job {}?", arguments.name)) {
                return Err(
                    CliError::usage("nothing was removed".to_owned()).hint("give --yes to remove it without asking")
                );
            }
            jobs::remove(home, &arguments.name)?;
            ui.say(&format!("removed {}", arguments.name));
            Ok(ExitCode::Success)
        }
    }
}

impl New {
    /// What `xfer job new --from SOURCE --to DESTINATION` says.
    pub(in crate::cli) fn between(source: &str, destination: &str) -> Self {
        Self {
            name: None,
            from: Some(source.to_owned()),
            to: Some(destination.to_owned()),
            period_type: PeriodType::Monthly,
            to_period_type: None,
            shift: 0,
            combine: None,
            read: ReadArgument::Raw,
            rules: NewRules::default(),
        }
    }

    /// The job that the arguments describe, with what they leave open.
    pub(in crate::cli) fn job(&self, name: &str, source: &str, destination: &str, combine: Combine) -> NewJob {
        NewJob {
            name: name.to_owned(),
            source: source.to_owned(),
            destination: destination.to_owned(),
            source_period_type: self.period_type,
            destination_period_type: self.to_period_type,
            period_shift: self.shift,
            combine,
            read: self.read.into(),
            round: self.rules.round,
            coverage: self.rules.coverage,
        }
    }
}

fn new(arguments: &New, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let (Some(name), Some(from), Some(to)) = (&arguments.name, &arguments.from, &arguments.to) else {
        let what = match (&arguments.name, &arguments.from) {
            (None, _) => "the job's name",
            (_, None) => "--from, the source server,",
            _ => "--to, the destination server,",
        };
        let hint = "give all of it: xfer job new NAME --from SERVER --to SERVER";
        let missing = Missing { what, hint, again: "xfer job new" };
        return wizard::ask(ui, missing, |prompter| wizard::job::new(prompter, home, arguments));
    };
    let combine = arguments.combine.map_or(Combine::Error, Into::into);
    let job = jobs::new(home, arguments.job(name, from, to, combine))?;
    ui.say(&format!("made the job {}, from {} to {}", job.name, job.source, job.destination));
    ui.say(&format!("next: xfer job auto {} --data-set NAME", shell_word(&job.name)));
    Ok(ExitCode::Success)
}

fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let columns = [
        text("name", "Job"),
        text("source", "From"),
        text("destination", "To"),
        text("source_period_type", "Reads"),
        text("destination_period_type", "Writes"),
        text("read", "Through"),
        text("combine", "Combine"),
        number("items", "Items"),
    ];
    let mut listing = Listing::new(&columns, "no jobs yet; make one: xfer job new NAME --from SERVER --to SERVER");
    for job in jobs::list(home)? {
        listing.row(vec![
            json!(job.name),
            json!(job.source),
            json!(job.destination),
            json!(job.source_period_type.name()),
            json!(job.destination_period_type.name()),
            json!(job.read.name()),
            json!(job.combine.name()),
            json!(job.items.len()),
        ]);
    }
    listing.print(ui);
    Ok(ExitCode::Success)
}

fn show(open: &OpenJob, ui: &Ui) {
    let job = &open.job;
    if ui.format == Format::Table {
        let shift = if job.period_shift == 0 { String::new() } else { format!(", shifted by {}", job.period_shift) };
        let rules = [
            job.round.map(|rounding| format!(", round {rounding}")),
            job.coverage.map(|coverage| format!(", coverage {coverage}")),
            (!job.scripts.is_empty()).then(|| format!(", scripts {}", script_names(&job.scripts))),
        ];
        let rules: String = rules.into_iter().flatten().collect();
        ui.data(&format!(
            "{}: {} to {}, {} to {}{shift}, {} reads, combine {}{rules}\n",
            job.name,
            job.source,
            job.destination,
            job.source_period_type.name(),
            job.destination_period_type.name(),
            job.read.name(),
            job.combine.name()
        ));
    }
    let columns = [
        number("number", "#"),
        text("kind", "Kind").detail(),
        text("source_name", "Source"),
        text("source_id", "Source id").whole().detail(),
        text("destination_name", "Destination"),
        text("destination_id", "Destination id").whole().detail(),
        text("combine", "Combine").detail(),
        text("factor", "Factor").detail(),
        text("when_empty", "When empty").detail(),
        text("round", "Round").detail(),
        text("coverage", "Coverage").detail(),
        text("share", "Share").detail(),
        text("script", "Scripts").detail(),
        text("note", "Note").detail(),
    ];
    let mut listing = Listing::new(&columns, "no items yet; add one: xfer job add-item JOB SOURCE DESTINATION");
    for (item, position) in job.items.iter().zip(1..) {
        let (source_ids, destination_ids) = item_ids(item);
        listing.row(vec![
            json!(position),
            json!(item.source.kind().replace('_', " ")),
            json!(source_names(open, &item.source)),
            json!(source_ids),
            json!(address_names(open, item)),
            json!(destination_ids),
            json!(item.combine.map(Combine::name)),
            json!(item.factor.as_ref().map(BigDecimal::to_plain_string)),
            json!(item.when_empty.map(WhenEmpty::name)),
            json!(item.round.map(|rounding| rounding.to_string())),
            json!(item.coverage.map(|coverage| coverage.to_string())),
            json!(item.share.as_ref().map(BigDecimal::to_plain_string)),
            json!(Some(script_names(&item.scripts)).filter(|names| !names.is_empty())),
            json!(item.note),
        ]);
    }
    listing.print(ui);
}

/// The option combos that an item names at the source.
fn combos(source: &SourceItem) -> (Option<Uid>, Option<Uid>) {
    match source {
        SourceItem::DataElement { category_option_combo, attribute_option_combo, .. } => {
            (*category_option_combo, *attribute_option_combo)
        }
        SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => (None, None),
    }
}

/// What an item reads and where it goes, by ids and dots: as `add-item` takes them.
pub(in crate::cli) fn item_ids(item: &Item) -> (String, String) {
    let dotted = |id: Uid, combos: [Option<Uid>; 2]| match combos {
        [None, None] => id.to_string(),
        [Some(coc), None] => format!("{id}.{coc}"),
        [coc, Some(aoc)] => format!("{id}.{}.{aoc}", coc.map_or_else(|| EVERY.to_owned(), |coc| coc.to_string())),
    };
    let (coc, aoc) = combos(&item.source);
    let address = item.destination;
    let target = [address.category_option_combo, address.attribute_option_combo].map(Some);
    (dotted(item.source.id(), [coc, aoc]), dotted(address.data_element, target))
}

/// What an item reads, by name.
pub(in crate::cli) fn source_names(open: &OpenJob, source: &SourceItem) -> String {
    let (coc, aoc) = combos(source);
    names(&open.source, source.id(), coc, aoc)
}

/// Where an item goes, by name.
pub(in crate::cli) fn address_names(open: &OpenJob, item: &Item) -> String {
    let address = item.destination;
    let combos = [address.category_option_combo, address.attribute_option_combo].map(Some);
    names(&open.destination, address.data_element, combos[0], combos[1])
}

fn import(arguments: &Import, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let bytes = read_file(&arguments.file)?;
    let mut open = jobs::open(home, &arguments.job)?;
    let change = open.plan_import(&arguments.file, &bytes, arguments.replace)?;
    let columns =
        [text("change", "Change").whole(), text("source", "Source"), text("before", "Before"), text("after", "After")];
    let mut listing = Listing::new(&columns, "the file says what stands there already");
    let rules = |item: &Item| {
        let own = [
            item.combine.map(|combine| format!("combine {}", combine.name())),
            item.factor.as_ref().map(|factor| format!("times {}", factor.to_plain_string())),
            item.when_empty.map(|rule| format!("when empty {}", rule.name())),
            item.round.map(|rounding| format!("round {rounding}")),
            item.coverage.map(|coverage| format!("coverage {coverage}")),
            item.share.as_ref().map(|share| format!("share {}", share.to_plain_string())),
            item.note.clone(),
        ];
        let own: Vec<String> = std::iter::once(address_names(&open, item)).chain(own.into_iter().flatten()).collect();
        own.join(", ")
    };
    for item in &change.added {
        listing.row(vec![json!("add"), json!(source_names(&open, &item.source)), json!(null), json!(rules(item))]);
    }
    for (old, new) in &change.changed {
        let source = source_names(&open, &old.source);
        listing.row(vec![json!("change"), json!(source), json!(rules(old)), json!(rules(new))]);
    }
    for item in &change.removed {
        listing.row(vec![json!("take out"), json!(source_names(&open, &item.source)), json!(rules(item)), json!(null)]);
    }
    listing.print(ui);
    let left_out =
        if change.left_out > 0 { format!(", {} left out by their state", change.left_out) } else { String::new() };
    let summary = format!(
        "{} added, {} changed, {} taken out, {} as before{left_out}",
        counted(change.added.len() as u64, "item"),
        change.changed.len(),
        change.removed.len(),
        change.unchanged
    );
    if arguments.dry_run {
        ui.say(&format!("{summary}; nothing was kept (--dry-run)"));
        return Ok(ExitCode::Success);
    }
    open.apply(change)?;
    ui.say(&format!("{summary}; {} has {} now", open.job.name, open.job.items.len()));
    Ok(ExitCode::Success)
}

fn add_item(arguments: &AddItem, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut open = jobs::open(home, &arguments.job)?;
    let (item, findings) = open.add_item(NewItem {
        source: arguments.source.clone(),
        destination: arguments.destination.clone(),
        combine: arguments.combine.map(Into::into),
        factor: arguments.factor.clone(),
        when_empty: arguments.when_empty.map(Into::into),
        round: arguments.rules.round,
        coverage: arguments.rules.coverage,
        share: arguments.share.clone(),
        note: arguments.note.clone(),
    })?;
    let address = item.destination;
    ui.say(&format!(
        "item {}: {} to {}",
        open.job.items.len(),
        names(&open.source, item.source.id(), None, None),
        names(
            &open.destination,
            address.data_element,
            Some(address.category_option_combo),
            Some(address.attribute_option_combo)
        ),
    ));
    for finding in findings {
        ui.warn(&format!("{}; {}", finding.message, finding.hint));
    }
    Ok(ExitCode::Success)
}
