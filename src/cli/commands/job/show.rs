//! `xfer job list` and `xfer job show`.

use bigdecimal::BigDecimal;
use serde_json::json;

use crate::cli::error::CliError;
use crate::cli::render::item::{address_names, item_ids, source_names};
use crate::cli::render::listing::{Listing, number, text};
use crate::cli::ui::{Format, Ui};
use crate::ops::files::job_items::script_names;
use crate::ops::home::Home;
use crate::ops::jobs::{self, OpenJob};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::item::{Combine, Item, WhenEmpty};

pub(super) fn list(home: &Home, ui: &Ui) -> Result<ExitCode, CliError> {
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

pub(super) fn show(open: &OpenJob, ui: &Ui) {
    let job = &open.job;
    if ui.format == Format::Table {
        let shift = if job.period_shift == 0 { String::new() } else { format!(", shifted by {}", job.period_shift) };
        let rules = [
            job.round.map(|rounding| format!(", round {rounding}")),
            job.coverage.map(|coverage| format!(", coverage {coverage}")),
            (!job.comments.is_keep()).then(|| format!(", {} comments", job.comments.name())),
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
    let listing = if ui.format == Format::Table { for_people(open) } else { for_programs(open) };
    listing.print(ui);
}

const NO_ITEMS: &str = "no items yet; add one: xfer job add-item JOB SOURCE DESTINATION";

/// What decides the value stands in a column that no narrow screen leaves out.
fn for_people(open: &OpenJob) -> Listing {
    let rules: Vec<String> = open.job.items.iter().map(rules_of).collect();
    let column = text("rules", "Rules");
    let columns = [
        number("number", "#"),
        text("kind", "Kind").detail(),
        text("source_name", "Source"),
        text("destination_name", "Destination"),
        if rules.iter().all(String::is_empty) { column.detail() } else { column },
        text("source_id", "Source id").whole().detail(),
        text("destination_id", "Destination id").whole().detail(),
        text("note", "Note").detail(),
    ];
    let mut listing = Listing::new(&columns, NO_ITEMS);
    for ((item, rules), position) in open.job.items.iter().zip(rules).zip(1..) {
        let (source_ids, destination_ids) = item_ids(item);
        listing.row(vec![
            json!(position),
            json!(item.source.kind().words()),
            json!(source_names(open, &item.source)),
            json!(address_names(open, item)),
            json!(Some(rules).filter(|rules| !rules.is_empty())),
            json!(source_ids),
            json!(destination_ids),
            json!(item.note),
        ]);
    }
    listing
}

/// An item's own rules in words.
fn rules_of(item: &Item) -> String {
    let rules = [
        item.combine.map(|combine| format!("combine {}", combine.name())),
        item.factor.as_ref().map(|factor| format!("factor {}", factor.to_plain_string())),
        item.share.as_ref().map(|share| format!("share {}", share.to_plain_string())),
        item.round.map(|rounding| format!("round {rounding}")),
        item.coverage.map(|coverage| format!("coverage {coverage}")),
        item.when_empty.map(|when_empty| format!("when empty {}", when_empty.name())),
        Some(script_names(&item.scripts)).filter(|names| !names.is_empty()).map(|names| format!("scripts {names}")),
    ];
    rules.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn for_programs(open: &OpenJob) -> Listing {
    let job = &open.job;
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
    let mut listing = Listing::new(&columns, NO_ITEMS);
    for (item, position) in job.items.iter().zip(1..) {
        let (source_ids, destination_ids) = item_ids(item);
        listing.row(vec![
            json!(position),
            json!(item.source.kind().words()),
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
    listing
}
