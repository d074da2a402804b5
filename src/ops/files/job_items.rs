//! The items of a job as a CSV file (design, section 5.1).

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;

use bigdecimal::BigDecimal;
use bigdecimal::num_traits::Signed;

use crate::ops::files::item_cells::{ItemCells, ItemSides, names};
use crate::ops::files::sheet::{Sheet, SheetFinding, SheetRow, SheetStyle, write};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Combine, Item, SourceItem, WhenEmpty};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::run::Severity;
use xfer_domain::script::Attachment;
use xfer_domain::uid::Uid;
use xfer_domain::written_number::NumberManner;
use xfer_matching::item_match::ItemProposal;
use xfer_matching::item_rules::check_item;

/// The columns, in the order of the file.
pub const COLUMNS: [&str; 17] = [
    "kind",
    "source_id",
    "source_coc",
    "source_aoc",
    "source_name",
    "destination_data_element",
    "destination_coc",
    "destination_aoc",
    "destination_name",
    "combine",
    "factor",
    "when_empty",
    "script",
    "note",
    "round",
    "coverage",
    "share",
];

/// The columns that proposals have beside those of items.
pub const PROPOSAL_COLUMNS: [&str; 4] = ["score", "class", "explanation", "state"];

/// Writes the items of a job.
pub fn export(source: &Metadata, destination: &Metadata, items: &[Item], style: SheetStyle) -> Vec<u8> {
    write(style, &COLUMNS, items.iter().map(|item| cells(source, destination, item, style)))
}

/// Writes what the matcher proposes, with the evidence; each with whether it was taken.
pub fn export_proposals(
    source: &Metadata,
    destination: &Metadata,
    proposals: &[(ItemProposal, bool)],
    style: SheetStyle,
) -> Vec<u8> {
    let columns: Vec<&str> = COLUMNS.into_iter().chain(PROPOSAL_COLUMNS).collect();
    let rows = proposals.iter().map(|(proposal, taken)| {
        let mut row = cells(source, destination, &proposal.item, style);
        let score = format!("{:.2}", proposal.score);
        row.push(Cow::Owned(if style.separator == b';' { score.replace('.', ",") } else { score }));
        row.push(Cow::Borrowed(proposal.class.name()));
        row.push(Cow::Borrowed(proposal.explanation.as_str()));
        row.push(Cow::Borrowed(if *taken { "confirmed" } else { "proposed" }));
        row
    });
    write(style, &columns, rows)
}

fn cells<'item>(
    source: &Metadata,
    destination: &Metadata,
    item: &'item Item,
    style: SheetStyle,
) -> Vec<Cow<'item, str>> {
    let [coc, aoc] = item.source.combos();
    let optional = |id: Option<Uid>| Cow::Owned(id.map(|id| id.to_string()).unwrap_or_default());
    vec![
        Cow::Borrowed(item.source.kind().name()),
        Cow::Owned(item.source.data().to_string()),
        optional(coc),
        optional(aoc),
        Cow::Owned(names(source, item.source.data(), coc, aoc)),
        Cow::Owned(item.destination.data_element.to_string()),
        Cow::Owned(item.destination.category_option_combo.to_string()),
        Cow::Owned(item.destination.attribute_option_combo.to_string()),
        Cow::Owned(names(
            destination,
            DataItem::DataElement(item.destination.data_element),
            Some(item.destination.category_option_combo),
            Some(item.destination.attribute_option_combo),
        )),
        Cow::Borrowed(item.combine.map(Combine::name).unwrap_or_default()),
        Cow::Owned(item.factor.as_ref().map(|factor| style.number(factor)).unwrap_or_default()),
        Cow::Borrowed(item.when_empty.map(WhenEmpty::name).unwrap_or_default()),
        Cow::Owned(script_names(&item.scripts)),
        Cow::Borrowed(item.note.as_deref().unwrap_or_default()),
        Cow::Owned(item.round.map(|rounding| rounding.to_string()).unwrap_or_default()),
        Cow::Owned(item.coverage.map(|coverage| coverage.to_string()).unwrap_or_default()),
        Cow::Owned(item.share.as_ref().map(|share| style.number(share)).unwrap_or_default()),
    ]
}

/// The scripts of an item, in order, as one cell.
pub fn script_names(scripts: &[Attachment]) -> String {
    scripts.iter().map(|attachment| attachment.script.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadItems {
    /// Its items.
    pub items: Vec<Item>,
    /// The line on which each of them stands.
    pub lines: Vec<u64>,
    /// Lines whose state is `proposed` or `ignored`.
    pub left_out: usize,
}

/// Reads items for a job and checks every line against both servers' metadata; nothing is returned unless all of
/// them are right.
pub fn import(bytes: &[u8], sides: ItemSides<'_>) -> Result<ReadItems, Vec<SheetFinding>> {
    let known: Vec<&str> = COLUMNS.into_iter().chain(PROPOSAL_COLUMNS).collect();
    let sheet = Sheet::parse(bytes, &[&["source_id"], &["destination_data_element"]], &known)?;
    let manner = sheet.manner(&["factor", "share"]);
    let cells = ItemCells::new(sides);
    let mut findings = Vec::new();
    let (mut items, mut lines): (Vec<Item>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut there: HashSet<(SourceItem, CellAddress)> = HashSet::new();
    let mut left_out = 0;
    for row in sheet.rows() {
        match row.filled("state").map(str::to_lowercase).as_deref() {
            None | Some("confirmed") => {}
            Some("proposed" | "ignored") => {
                left_out += 1;
                continue;
            }
            Some(other) => {
                let message = format!("`{other}` is not a state; use confirmed, proposed or ignored");
                findings.push(row.finding("state", message));
                continue;
            }
        }
        match item(&row, &cells, manner, sides.job) {
            Ok(item) => {
                let wrong = check_item(sides.source, sides.destination, sides.job, sides.scripts, &item);
                let errors = wrong.into_iter().filter(|finding| finding.severity == Severity::Error);
                let before = findings.len();
                findings.extend(errors.map(|error| SheetFinding {
                    line: row.line,
                    column: None,
                    message: xfer_domain::finding::with_hint(&error.message, &error.hint),
                }));
                if !there.insert((item.source, item.destination)) {
                    findings.push(row.finding("source_id", "the same item is on an earlier line"));
                }
                if findings.len() == before {
                    items.push(item);
                    lines.push(row.line);
                }
            }
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(ReadItems { items, lines, left_out }) } else { Err(findings) }
}

fn item(row: &SheetRow<'_>, cells: &ItemCells<'_>, manner: NumberManner, job: &Job) -> Result<Item, SheetFinding> {
    let (read, address) = cells.item(row)?;
    let unknown =
        |column: &str, text: &str, known: &str| row.finding(column, format!("`{text}` is not known; use {known}"));
    let combine = row
        .filled("combine")
        .map(|text| {
            let known = "error, sum, average, min, max, last or first";
            Combine::from_name(&text.to_lowercase()).ok_or_else(|| unknown("combine", text, known))
        })
        .transpose()?;
    let when_empty = row
        .filled("when_empty")
        .map(|text| {
            WhenEmpty::from_name(&text.to_lowercase())
                .ok_or_else(|| unknown("when_empty", text, "keep, zero or delete"))
        })
        .transpose()?;
    let factor = row.number("factor", manner)?;
    let round = parsed(row, "round")?;
    let coverage = parsed(row, "coverage")?;
    let share = row
        .filled("share")
        .map(|text| {
            let number = manner.read(text.trim_end_matches('%')).map_err(|wrong| row.finding("share", wrong))?;
            Some(number)
                .filter(BigDecimal::is_positive)
                .ok_or_else(|| row.finding("share", format!("`{text}` is not a number above 0")))
        })
        .transpose()?;
    let note = row.filled("note").map(str::to_owned);
    let mut item = Item { combine, factor, when_empty, round, coverage, share, note, ..Item::new(read, address) };
    item.scripts = scripts(row, job, &item)?;
    Ok(item)
}

fn parsed<T: FromStr<Err: Display>>(row: &SheetRow<'_>, column: &str) -> Result<Option<T>, SheetFinding> {
    row.filled(column)
        .map(|text| text.to_lowercase().parse().map_err(|cause: T::Err| row.finding(column, cause.to_string())))
        .transpose()
}

/// An item keeps the scripts that it has in the job. A file can show them, but not attach any: it holds no parameters.
fn scripts(row: &SheetRow<'_>, job: &Job, item: &Item) -> Result<Vec<Attachment>, SheetFinding> {
    let there = job.items.iter().find(|other| other.source == item.source && other.destination == item.destination);
    let scripts = there.map(|item| item.scripts.clone()).unwrap_or_default();
    match row.filled("script") {
        Some(named) if named != script_names(&scripts) => {
            Err(row.finding("script", "this column is read-only; use `xfer script attach`, and leave the cell empty"))
        }
        _ => Ok(scripts),
    }
}
