//! `xfer job import` and `xfer job export`: the items as a CSV file, to and fro.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::cli::commands::files::{StyleArguments, read_file, write_file};
use crate::cli::commands::job::items::review_of_job;
use crate::cli::error::CliError;
use crate::cli::render::item::{address_names, source_names};
use crate::cli::render::listing::{Listing, text};
use crate::cli::ui::Ui;
use crate::ops::home::Home;
use crate::ops::jobs;
use xfer_domain::counted::counted;
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::Item;

/// `xfer job import`
#[derive(Debug, Args)]
pub struct Import {
    /// The job
    pub job: String,
    /// The file (- reads standard input)
    pub file: PathBuf,
    /// Replace the items of the job with those of the file
    #[arg(long)]
    pub replace: bool,
    /// Show what would change, but change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `xfer job export`
#[derive(Debug, Args)]
pub struct Export {
    /// The job
    pub job: String,
    /// The file [default: standard output]
    pub file: Option<PathBuf>,
    /// How the file looks.
    #[command(flatten)]
    pub style: StyleArguments,
}

pub(super) fn export(arguments: &Export, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let open = jobs::open(home, &arguments.job)?;
    write_file(arguments.file.as_deref(), &open.export(arguments.style.style()), ui)?;
    if let Some(file) = &arguments.file {
        ui.say(&format!("wrote {} to {}", counted(open.job.items.len() as u64, "item"), file.display()));
    }
    Ok(ExitCode::Success)
}

pub(super) fn import(arguments: &Import, home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
    let bytes = read_file(&arguments.file)?;
    let mut open = jobs::open(home, &arguments.job)?;
    let change = open.plan_import(&arguments.file, &bytes, arguments.replace)?;
    let columns =
        [text("change", "Change").whole(), text("source", "Source"), text("before", "Before"), text("after", "After")];
    let mut listing = Listing::new(&columns, "the file has no changes");
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
        listing.row(vec![json!("remove"), json!(source_names(&open, &item.source)), json!(rules(item)), json!(null)]);
    }
    listing.print(ui);
    let left_out = if change.left_out > 0 {
        format!(", {} left out because of their state", change.left_out)
    } else {
        String::new()
    };
    let summary = format!(
        "{} added, {} changed, {} removed, {} unchanged{left_out}",
        counted(change.added.len() as u64, "item"),
        change.changed.len(),
        change.removed.len(),
        change.unchanged
    );
    if arguments.dry_run {
        ui.say(&format!("{summary}; nothing was saved (--dry-run)"));
        return Ok(ExitCode::Success);
    }
    let changes = change.added.len() + change.changed.len() + change.removed.len();
    // A person is asked; a script that imports has decided.
    if ui.can_ask() && changes > 0 && !ui.confirm(&format!("{summary}. Apply this?")) {
        return Err(CliError::usage("nothing was changed".to_owned()).hint("give --yes to import without a question"));
    }
    open.apply(change)?;
    ui.say(&format!("{summary}; {} has {} now", open.job.name, open.job.items.len()));
    review_of_job(&open, home, ui);
    Ok(ExitCode::Success)
}
