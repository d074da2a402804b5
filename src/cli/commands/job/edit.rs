//! `xfer job edit` and `xfer job edit-item`.

use bigdecimal::BigDecimal;
use clap::Args;

use crate::cli::arguments::rules::{ChangedRules, OrNone, factor_or_none, share};
use crate::cli::arguments::words::{CombineArgument, CommentsArgument, ReadArgument, WhenEmptyArgument, period_type};
use crate::cli::commands::job::items::{review_of_item, review_of_job};
use crate::cli::error::CliError;
use crate::cli::render::item::{address_names, source_names};
use crate::cli::ui::Ui;
use crate::cli::wizard::{self, Missing};
use crate::ops::home::Home;
use crate::ops::jobs::edit::{ItemChange, JobChange};
use crate::ops::jobs::{self, ItemText};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::finding::with_hint;
use xfer_domain::period::PeriodType;

/// `xfer job edit`
#[derive(Debug, Args)]
pub struct Edit {
    /// The job; xfer asks what to change if you give no option
    pub name: String,
    /// A new name
    #[arg(long, value_name = "NAME")]
    pub rename: Option<String>,
    /// The period type at the source
    #[arg(long, value_name = "TYPE", value_parser = period_type)]
    pub period_type: Option<PeriodType>,
    /// The period type at the destination
    #[arg(long, value_name = "TYPE", value_parser = period_type)]
    pub to_period_type: Option<PeriodType>,
    /// Shift the values by a number of destination periods
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub shift: Option<i32>,
    /// How to combine several values for one cell
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Where data elements are read
    #[arg(long, value_enum)]
    pub read: Option<ReadArgument>,
    /// What to do with comments and follow-up marks
    #[arg(long, value_enum)]
    pub comments: Option<CommentsArgument>,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: ChangedRules,
}

impl Edit {
    /// Whether nothing is to be different.
    pub fn is_empty(&self) -> bool {
        self.change() == JobChange::default()
    }

    fn change(&self) -> JobChange {
        JobChange {
            name: self.rename.clone(),
            source_period_type: self.period_type,
            destination_period_type: self.to_period_type,
            period_shift: self.shift,
            combine: self.combine.map(Into::into),
            read: self.read.map(Into::into),
            round: self.rules.round.map(|rule| rule.0),
            coverage: self.rules.coverage.map(|rule| rule.0),
            comments: self.comments.map(Into::into),
        }
    }
}

/// `xfer job edit-item`
#[derive(Debug, Args)]
pub struct EditItem {
    /// The job
    pub job: String,
    /// The item's number in `xfer job show`
    pub number: usize,
    /// The destination: DE.COC or DE.COC.AOC; put a part with dots in double quotes: '"B50.9".F'
    #[arg(long, value_name = "DESTINATION")]
    pub to: Option<String>,
    /// The category option combo of --to, if given separately
    #[arg(long, value_name = "COMBO", requires = "to")]
    pub to_coc: Option<String>,
    /// The attribute option combo of --to, if given separately
    #[arg(long, value_name = "COMBO", requires = "to")]
    pub to_aoc: Option<String>,
    /// How to combine several values for one cell
    #[arg(long, value_enum)]
    pub combine: Option<CombineArgument>,
    /// Multiply every source value by this number, or none
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true, value_parser = factor_or_none)]
    pub factor: Option<OrNone<BigDecimal>>,
    /// What to do with destination cells for which the source has no value
    #[arg(long, value_enum)]
    pub when_empty: Option<WhenEmptyArgument>,
    /// Rounding and coverage.
    #[command(flatten)]
    pub rules: ChangedRules,
    /// Its weight among the items that divide the same source value
    #[arg(long, value_name = "WEIGHT", value_parser = share)]
    pub share: Option<BigDecimal>,
    /// A note; an empty one removes it
    #[arg(long)]
    pub note: Option<String>,
    /// Use the rules of the job and the routine again: remove the item's own operator, factor, share and rules
    #[arg(long, conflicts_with_all = ["combine", "factor", "when_empty", "round", "coverage", "share"])]
    pub reset: bool,
}

/// Carries out `xfer job edit`.
pub(super) fn edit(arguments: &Edit, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    if arguments.is_empty() {
        let missing = Missing {
            what: "what to change",
            hint: "give --rename, --period-type, --to-period-type, --shift, --combine, --read, --comments, --round or --coverage",
            again: "xfer job edit NAME",
        };
        return wizard::ask(ui, missing, |prompter| wizard::job::edit(prompter, home, &arguments.name));
    }
    let mut open = jobs::open(home, &arguments.name)?;
    open.edit(arguments.change())?;
    ui.say(&format!("changed the job {}", open.job.name));
    review_of_job(&open, home, ui);
    Ok(ExitCode::Success)
}

/// Carries out `xfer job edit-item`.
pub(super) fn edit_item(arguments: &EditItem, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let reset = arguments.reset;
    let change = ItemChange {
        destination: arguments.to.clone().map(|text| ItemText {
            text,
            category_option_combo: arguments.to_coc.clone(),
            attribute_option_combo: arguments.to_aoc.clone(),
        }),
        combine: arguments.combine.map(|combine| Some(combine.into())).or(reset.then_some(None)),
        factor: arguments.factor.clone().map(|rule| rule.0).or(reset.then_some(None)),
        when_empty: arguments.when_empty.map(|rule| Some(rule.into())).or(reset.then_some(None)),
        round: arguments.rules.round.map(|rule| rule.0).or(reset.then_some(None)),
        coverage: arguments.rules.coverage.map(|rule| rule.0).or(reset.then_some(None)),
        share: arguments.share.clone().map(Some).or(reset.then_some(None)),
        note: arguments.note.clone().map(|note| Some(note).filter(|note| !note.is_empty())),
    };
    if change == ItemChange::default() {
        return Err(CliError::usage("nothing to change".to_owned())
            .hint("give --to, --combine, --factor, --when-empty, --round, --coverage, --share, --note or --reset"));
    }
    let mut open = jobs::open(home, &arguments.job)?;
    let (item, doubts) = open.edit_item(arguments.number, change)?;
    ui.say(&format!(
        "item {}: {} to {}",
        arguments.number,
        source_names(&open, &item.source),
        address_names(&open, &item)
    ));
    for doubt in doubts {
        ui.warn(&with_hint(&doubt.message, &doubt.hint));
    }
    review_of_item(&open, arguments.number, home, ui);
    Ok(ExitCode::Success)
}
