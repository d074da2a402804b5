//! `xfer job add-item` and `xfer job remove-item`: one item at a time.

use bigdecimal::BigDecimal;
use clap::Args;

use crate::cli::arguments::rules::{NewRules, share};
use crate::cli::arguments::words::{CombineArgument, KindArgument, WhenEmptyArgument, number};
use crate::cli::commands::review::warn_of_unmade_review;
use crate::cli::error::CliError;
use crate::cli::render::review;
use crate::cli::ui::Ui;
use crate::ops::files::item_cells::names;
use crate::ops::home::Home;
use crate::ops::jobs::{self, ItemText, NewItem, OpenJob};
use xfer_domain::data_item::DataItem;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::finding::with_hint;
use xfer_domain::shell::shell_word;
use xfer_matching::review::Finding;

/// How data items are written, for the help.
const WRITING: &str =
    "DE is a data element, COC a category option combo, AOC an attribute option combo: each by id, code or name.
Put a part with dots into double quotes, and protect these from the shell:
  xfer job add-item JOB '\"B50.9\".F' '\"B50.9\".F'
or give the combo separately:
  xfer job add-item JOB B50.9 B50.9 --source-coc F --destination-coc F
DS.REPORTING_RATE is a reporting rate of the data set DS: the percentage of its reports that are registered as complete.
The others are REPORTING_RATE_ON_TIME, ACTUAL_REPORTS, ACTUAL_REPORTS_ON_TIME and EXPECTED_REPORTS.
DE.*.AOC reads all category option combos. A text with two meanings is refused.";

/// `xfer job add-item`
#[derive(Debug, Args)]
#[command(after_help = WRITING)]
pub struct AddItem {
    /// The job
    pub job: String,
    /// The source: DE.COC, DE.COC.AOC, an indicator, a program indicator or DS.REPORTING_RATE, by id, code or name
    pub source: String,
    /// The destination: DE.COC or DE.COC.AOC; leave out combos if there is only one
    pub destination: String,
    /// The kind of the source item, if several kinds have the same code or name
    #[arg(long, value_enum)]
    pub kind: Option<KindArgument>,
    /// The source's category option combo, if given separately
    #[arg(long, value_name = "COMBO")]
    pub source_coc: Option<String>,
    /// The source's attribute option combo, if given separately
    #[arg(long, value_name = "COMBO")]
    pub source_aoc: Option<String>,
    /// The destination's category option combo, if given separately
    #[arg(long, value_name = "COMBO")]
    pub destination_coc: Option<String>,
    /// The destination's attribute option combo, if given separately
    #[arg(long, value_name = "COMBO")]
    pub destination_aoc: Option<String>,
    /// How to combine several values for one cell, if different from the job
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Multiply every source value by this number
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = number)]
    pub factor: Option<BigDecimal>,
    /// What to do with destination cells for which the source has no value
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: NewRules,
    /// Divide the source value: the weight of this item among those that read the same (60, 40); the shares add up
    #[arg(long, value_name = "WEIGHT", value_parser = share)]
    pub share: Option<BigDecimal>,
    /// A note
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

pub(super) fn add_item(arguments: &AddItem, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut open = jobs::open(home, &arguments.job)?;
    let (item, findings) = open.add_item(NewItem {
        source: ItemText {
            text: arguments.source.clone(),
            category_option_combo: arguments.source_coc.clone(),
            attribute_option_combo: arguments.source_aoc.clone(),
        },
        kind: arguments.kind.map(Into::into),
        destination: ItemText {
            text: arguments.destination.clone(),
            category_option_combo: arguments.destination_coc.clone(),
            attribute_option_combo: arguments.destination_aoc.clone(),
        },
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
        open.source.data_name(item.source.data()),
        names(
            &open.destination,
            DataItem::DataElement(address.data_element),
            Some(address.category_option_combo),
            Some(address.attribute_option_combo)
        ),
    ));
    for finding in findings {
        ui.warn(&with_hint(&finding.message, &finding.hint));
    }
    review_of_item(&open, open.job.items.len(), home, ui);
    Ok(ExitCode::Success)
}

/// Warns of what the job's review says about one item.
pub(super) fn review_of_item(open: &OpenJob, number: usize, home: &Home, ui: &Ui) {
    let mut findings = reviewed(open, home, ui);
    findings.retain(|found| found.items.contains(&number) && found.job.as_deref() == Some(open.job.name.as_str()));
    review::warn(&findings, &check_command(&open.job.name), ui);
}

/// Warns of everything that the job's review says.
pub(super) fn review_of_job(open: &OpenJob, home: &Home, ui: &Ui) {
    review::warn(&reviewed(open, home, ui), &check_command(&open.job.name), ui);
}

/// What the review says of a job that was changed; that it could not be made is a warning.
fn reviewed(open: &OpenJob, home: &Home, ui: &Ui) -> Vec<Finding> {
    let found = open.review(home);
    found.map_err(|cause| warn_of_unmade_review(&cause.into(), ui)).unwrap_or_default()
}

fn check_command(job: &str) -> String {
    format!("xfer job check {}", shell_word(job))
}

pub(super) fn remove_item(arguments: &RemoveItem, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let mut open = jobs::open(home, &arguments.job)?;
    let item = open.remove_item(arguments.number)?;
    let what = open.source.data_name(item.source.data());
    ui.say(&format!("removed item {} ({what}); {} left", arguments.number, open.job.items.len()));
    Ok(ExitCode::Success)
}
