//! `xfer job auto` and `xfer job exchange`: items found by the matcher, or taken over from DHIS2's own exchanges.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::arguments::pair::Accept;
use crate::cli::arguments::words::period_type;
use crate::cli::commands::files::{StyleArguments, read_file, write_file};
use crate::cli::commands::job::items::review_of_job;
use crate::cli::error::CliError;
use crate::cli::render::item::{address_names, source_names};
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::ui::{Format, Ui};
use crate::cli::wizard::element::{Group, unmatched_lines};
use crate::ops::home::Home;
use crate::ops::jobs::{self, NewJob, OpenJob, exchange};
use xfer_domain::counted::counted;
use xfer_domain::data_item::{DataItem, DataKind};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::{Combine, Item};
use xfer_domain::job::{Comments, ReadFrom};
use xfer_domain::org_unit_map::MatchClass;
use xfer_domain::period::PeriodType;
use xfer_domain::shell::shell_word;
use xfer_matching::item_match::ItemProposal;
use xfer_matching::item_match::pattern::Pattern;

/// `xfer job auto`
#[derive(Debug, Args)]
pub struct Auto {
    /// The job
    pub job: String,
    /// All data elements of a data set of the source
    #[arg(long, value_name = "NAME")]
    pub data_set: Vec<String>,
    /// Data elements by name, part of a name, code or id; all of them if no name is given
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub data_element: Vec<String>,
    /// Indicators by name, part of a name, code or id; all of them if no name is given
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub indicator: Vec<String>,
    /// Program indicators by name, part of a name, code or id; all of them if no name is given
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub program_indicator: Vec<String>,
    /// Reporting rates by the name (or part of it) of their data set or of one figure (ANC.REPORTING_RATE); all
    /// five figures of every data set if no name is given
    #[arg(long, value_name = "NAME", num_args = 0..=1, default_missing_value = "")]
    pub reporting_rate: Vec<String>,
    /// How codes correspond: '{pi.code}={de.code}.{coc.code}', with pi, in, de, coc and .code, .name, .id
    #[arg(long, value_name = "PATTERN")]
    pub pattern: Option<Pattern>,
    /// Which matches are added; the others are only proposed
    #[arg(long, value_enum, default_value = "sure")]
    pub accept: Accept,
    /// Show what would be added, but do not save it
    #[arg(long)]
    pub dry_run: bool,
    /// Write all proposals to this CSV file, to edit and import with `xfer job import`
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
    /// How the file looks.
    #[command(flatten)]
    pub style: StyleArguments,
}

impl Auto {
    /// What was given for a kind.
    fn of(&self, kind: DataKind) -> &[String] {
        match kind {
            DataKind::DataElement => &self.data_element,
            DataKind::Indicator => &self.indicator,
            DataKind::ProgramIndicator => &self.program_indicator,
            DataKind::ReportingRate => &self.reporting_rate,
        }
    }
}

/// `xfer job exchange`
#[derive(Debug, Args)]
pub struct Exchange {
    /// The job; a new one with --from and --to
    pub job: String,
    /// The exchange as JSON, from GET /api/aggregateDataExchanges/ID (- reads standard input)
    pub file: PathBuf,
    /// Make the job with this source server; it reads data elements through analytics, like the exchange
    #[arg(long, value_name = "SERVER", requires = "to")]
    pub from: Option<String>,
    /// The destination server of the new job
    #[arg(long, value_name = "SERVER", requires = "from")]
    pub to: Option<String>,
    /// Only this request of the exchange, by name or number; requests with other periods or org units need separate jobs
    #[arg(long, value_name = "NAME")]
    pub request: Vec<String>,
    /// The period type of the new job, if the exchange does not have fixed periods
    #[arg(long, value_name = "TYPE", requires = "from", value_parser = period_type)]
    pub period_type: Option<PeriodType>,
    /// Show what would be added, but do not save it
    #[arg(long)]
    pub dry_run: bool,
}

/// Carries out `xfer job auto`.
pub(super) fn auto(arguments: &Auto, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut open = jobs::open(home, &arguments.job)?;
    let selection = selection(arguments, &open)?;
    let matching = open.propose_items(&selection, arguments.pattern.clone());
    let accept = arguments.accept.class();
    let taken = |proposal: &ItemProposal| accept.is_some_and(|class| proposal.class <= class);
    if ui.format == Format::Table {
        // What is not sure is shown, also where it is taken.
        let is_sure = |proposal: &ItemProposal| proposal.class == MatchClass::Sure && taken(proposal);
        let waiting = matching.proposals.iter().filter(|proposal| !is_sure(proposal)).cloned().collect();
        waiting_elements(&open, waiting).print(ui);
    } else {
        proposals(&open, matching.proposals.iter()).print(ui);
    }
    for line in unmatched_lines(&open, &matching.unmatched) {
        ui.say(&format!("not matched: {line}"));
    }
    if let Some(file) = &arguments.export {
        let rows: Vec<(ItemProposal, bool)> =
            matching.proposals.iter().map(|proposal| (proposal.clone(), taken(proposal))).collect();
        write_file(Some(file), &open.export_proposals(&rows, arguments.style.style()), ui)?;
        ui.say(&format!("wrote {} to {}", counted(rows.len() as u64, "proposal"), file.display()));
    }
    let number = |class| matching.proposals.iter().filter(|proposal| proposal.class == class).count();
    ui.say(&format!(
        "{} sure, {} likely, {} to decide, {} not matched",
        number(MatchClass::Sure),
        number(MatchClass::Likely),
        number(MatchClass::Ask),
        matching.unmatched.len()
    ));
    let waiting = matching.proposals.iter().filter(|proposal| !taken(proposal)).count();
    let items: Vec<Item> =
        matching.proposals.into_iter().filter(|proposal| taken(proposal)).map(|proposal| proposal.item).collect();
    keep(&mut open, items, arguments.dry_run, home, ui)?;
    if waiting > 0 && arguments.export.is_none() {
        let again = shell_word(&arguments.job);
        ui.say(&format!(
            "to decide the rest in a spreadsheet: give the same command with --export items.csv, set the state of \
             correct rows to confirmed, then:\n  xfer job import {again} items.csv"
        ));
    }
    Ok(ExitCode::Success)
}

fn selection(arguments: &Auto, open: &OpenJob) -> Result<Vec<DataItem>, CliError> {
    let mut selection = Vec::new();
    for name in &arguments.data_set {
        selection.extend(open.selection_of_data_set(name)?);
    }
    for kind in DataKind::ALL {
        for name in arguments.of(kind) {
            if name.is_empty() {
                let all = open.selectable().into_iter().map(|one| one.selected);
                selection.extend(all.filter(|selected| selected.kind() == kind));
            } else {
                selection.extend(open.selection_of(name, kind)?);
            }
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    selection.retain(|selected| seen.insert(*selected));
    if selection.is_empty() {
        let sets: Vec<&str> = open.source.data_sets.values().map(|set| set.name.as_str()).take(5).collect();
        let example = sets.first().map_or("NAME", |name| *name);
        return Err(CliError::usage("nothing was selected".to_owned()).hint(format!(
            "give --data-set, {}, for example --data-set {}",
            DataKind::ALL.map(|kind| format!("--{}", kind.facts().option)).join(", "),
            shell_word(example)
        )));
    }
    Ok(selection)
}

/// What a person has to look over, a line for each data element: its option combos are one question.
fn waiting_elements(open: &OpenJob, proposals: Vec<ItemProposal>) -> Listing {
    let columns = [
        text("source", "Source"),
        text("destination", "Destination"),
        text("class", "Class").whole(),
        text("why", "Why"),
    ];
    let mut listing = Listing::new(&columns, "nothing to decide");
    for group in Group::of(proposals) {
        let class = group.proposals.first().map(|proposal| proposal.class.name());
        if let Some([source, target, why]) = group.in_words(open) {
            listing.row(vec![json!(source), json!(target), json!(class), json!(why)]);
        }
    }
    listing
}

fn proposals<'proposals>(open: &OpenJob, list: impl Iterator<Item = &'proposals ItemProposal>) -> Listing {
    let columns = [
        text("source", "Source"),
        text("source_id", "Id").whole().detail(),
        text("destination", "Destination"),
        text("destination_id", "Id").whole().detail(),
        number("score", "Score").detail(),
        text("class", "Class").whole(),
        text("why", "Why"),
    ];
    let mut listing = Listing::new(&columns, "nothing to decide");
    for proposal in list {
        listing.row(vec![
            json!(source_names(open, &proposal.item.source)),
            json!(proposal.item.source.data().to_string()),
            json!(address_names(open, &proposal.item)),
            json!(proposal.item.destination.data_element),
            json!(format!("{:.2}", proposal.score)),
            json!(proposal.class.name()),
            json!(proposal.explanation),
        ]);
    }
    listing
}

fn keep(open: &mut OpenJob, items: Vec<Item>, dry_run: bool, home: &Home, ui: &Ui) -> Result<(), CliError> {
    if dry_run {
        ui.say(&format!("{} would be added; nothing was saved (--dry-run)", counted(items.len() as u64, "item")));
        return Ok(());
    }
    let added = open.add_items(items)?;
    for (item, reason) in &added.refused {
        ui.warn(&format!("{} was not added: {reason}", source_names(open, &item.source)));
    }
    let known = if added.known > 0 { format!(", {} there before", added.known) } else { String::new() };
    ui.say(&format!(
        "{} added{known}; {} has {} now",
        counted(added.added as u64, "item"),
        open.job.name,
        open.job.items.len()
    ));
    if added.added > 0 {
        review_of_job(open, home, ui);
    }
    Ok(())
}

/// The job that is asked for beside the exchange's items.
fn new_job(arguments: &Exchange, exchange: &exchange::Exchange) -> Option<NewJob> {
    let (source, destination) = (arguments.from.clone()?, arguments.to.clone()?);
    Some(NewJob {
        name: arguments.job.clone(),
        source,
        destination,
        source_period_type: arguments
            .period_type
            .or_else(|| exchange.period_type(&arguments.request))
            .unwrap_or(PeriodType::Monthly),
        destination_period_type: None,
        period_shift: 0,
        combine: Combine::Error,
        read: ReadFrom::Analytics,
        round: None,
        coverage: None,
        comments: Comments::Keep,
    })
}

/// Carries out `xfer job exchange`.
pub(super) fn take_over(arguments: &Exchange, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let exchange = exchange::parse(&read_file(&arguments.file)?)?;
    let new = new_job(arguments, &exchange);
    let mut open = match &new {
        Some(new) => jobs::draft(home, new.clone())?,
        None => jobs::open(home, &arguments.job)?,
    };
    let taken = open.take_over(&exchange, &arguments.request)?;
    let columns = [text("source", "Source"), text("destination", "Destination"), text("combine", "Combine").detail()];
    let mut listing = Listing::new(&columns, "the exchange has no items that a job can use");
    for item in &taken.items {
        listing.row(vec![
            json!(source_names(&open, &item.source)),
            json!(address_names(&open, item)),
            json!(item.combine.map(xfer_domain::item::Combine::name)),
        ]);
    }
    listing.print(ui);
    for note in &taken.notes {
        ui.say(&format!("note: {note}"));
    }
    if let Some(new) = new.filter(|_| !arguments.dry_run) {
        if taken.items.is_empty() {
            return Err(CliError::usage(format!("the job {} was not made: it would have no items", new.name))
                .hint("the notes above give the reasons"));
        }
        let job = jobs::new(home, new)?;
        ui.say(&format!(
            "made the job {}, from {} to {}, {}",
            job.name,
            job.source,
            job.destination,
            job.source_period_type.name()
        ));
        open = jobs::open(home, &job.name)?;
    }
    keep(&mut open, taken.items, arguments.dry_run, home, ui)?;
    if !taken.periods.is_empty() {
        let periods: Vec<String> =
            taken.periods.iter().map(|period| format!("--periods {}", shell_word(period))).collect();
        let job = shell_word(&arguments.job);
        ui.say(&format!("put its periods into a routine:\n  xfer routine new NAME --job {job} {}", periods.join(" ")));
    }
    Ok(ExitCode::Success)
}
