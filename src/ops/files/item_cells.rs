//! Which item the cells of a row mean, on both sides.
//!
//! Each cell is one id, code or name as a whole: nothing is joined and cut again, whatever dots it holds. The names that
//! an export writes beside the ids are evidence. A row that does not agree with itself is refused: where one column was
//! sorted or edited alone, the id is as likely to be wrong as the name.

use crate::ops::files::damage::suspicion;
use crate::ops::files::sheet::{SheetFinding, SheetRow};
use xfer_domain::cell::CellAddress;
use xfer_domain::data_item::{DataItem, DataKind};
use xfer_domain::fingerprint::ItemFingerprint;
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::job::Job;
use xfer_domain::metadata::Metadata;
use xfer_domain::script::Attachment;
use xfer_domain::spelling::settled;
use xfer_domain::uid::Uid;
use xfer_matching::figures::key;
use xfer_matching::items::{ANY_ITEM, ItemError, ItemNames, Reference, default_option_combo};

/// The columns of one side: the object, its two combos, and the names of all three.
type SideColumns = [&'static str; 4];

const SOURCE: SideColumns = ["source_id", "source_coc", "source_aoc", "source_name"];
const DESTINATION: SideColumns = ["destination_data_element", "destination_coc", "destination_aoc", "destination_name"];

/// What a file is read for: a job, the metadata of both its servers, and what its items looked like when they were
/// kept, in their order.
#[derive(Debug, Clone, Copy)]
pub struct ItemSides<'job> {
    /// The source server's metadata.
    pub source: &'job Metadata,
    /// The destination server's metadata.
    pub destination: &'job Metadata,
    /// The job.
    pub job: &'job Job,
    /// The scripts of the routines that have it.
    pub scripts: &'job [Attachment],
    /// What its items looked like.
    pub seen: &'job [Option<ItemFingerprint>],
}

/// Reads the cells that name items.
pub(super) struct ItemCells<'job> {
    sides: ItemSides<'job>,
    source: ItemNames<'job>,
    destination: ItemNames<'job>,
}

/// An object with the combos that a row gives it.
struct Found {
    data: DataItem,
    category_option_combo: Option<Uid>,
    attribute_option_combo: Option<Uid>,
}

impl<'job> ItemCells<'job> {
    pub(super) fn new(sides: ItemSides<'job>) -> Self {
        Self { sides, source: ItemNames::source(sides.source), destination: ItemNames::destination(sides.destination) }
    }

    /// What a row reads and where it goes.
    pub(super) fn item(&self, row: &SheetRow<'_>) -> Result<(SourceItem, CellAddress), SheetFinding> {
        let kind = match row.filled("kind") {
            None => None,
            Some(text) => Some(DataKind::from_text(text).ok_or_else(|| {
                let known = DataKind::ALL.map(DataKind::name).join(", ");
                row.finding("kind", format!("`{text}` is not a kind; use {known}"))
            })?),
        };
        let read = self
            .source
            .source_item(reference(row, SOURCE)?, kind)
            .map_err(|cause| row.finding(column_of(&cause, SOURCE), in_words(&cause)))?;
        let address = self
            .destination
            .address(reference(row, DESTINATION)?)
            .map_err(|cause| row.finding(column_of(&cause, DESTINATION), in_words(&cause)))?;
        let seen = self.seen(read, address);
        let [coc, aoc] = read.combos();
        let found = Found { data: read.data(), category_option_combo: coc, attribute_option_combo: aoc };
        agrees(row, SOURCE, self.sides.source, &found, seen.map(|seen| seen.source.name()))?;
        let found = Found {
            data: DataItem::DataElement(address.data_element),
            category_option_combo: Some(address.category_option_combo),
            attribute_option_combo: Some(address.attribute_option_combo),
        };
        let was = seen.map(|seen| seen.destination.name.as_str());
        agrees(row, DESTINATION, self.sides.destination, &found, was)?;
        Ok((read, address))
    }

    /// What the item looked like when the job took it.
    fn seen(&self, read: SourceItem, address: CellAddress) -> Option<&'job ItemFingerprint> {
        let same = |item: &Item| item.source == read && item.destination == address;
        self.sides.seen.get(self.sides.job.items.iter().position(same)?)?.as_ref()
    }
}

/// Whether the name of a side is that of what its ids say.
fn agrees(
    row: &SheetRow<'_>,
    columns: SideColumns,
    metadata: &Metadata,
    found: &Found,
    was: Option<&str>,
) -> Result<(), SheetFinding> {
    let [object, coc, aoc, name] = columns;
    let Some(cell) = row.filled(name) else { return Ok(()) };
    let own = names(metadata, found.data, found.category_option_combo, found.attribute_option_combo);
    let written = key(cell);
    if settled(cell) == settled(&own) || ways_to_write(metadata, found).iter().any(|way| key(way) == written) {
        return Ok(());
    }
    let filled: Vec<&str> = [object, coc, aoc].into_iter().filter(|column| row.filled(column).is_some()).collect();
    let (said, say) = (filled.join(", "), if filled.len() == 1 { "is" } else { "are" });
    let first = cell.split(SEPARATOR).next().unwrap_or_default().trim();
    if was.is_some_and(|was| key(was) == key(first)) && key(first) != key(&metadata.data_name(found.data)) {
        let message = format!(
            "`{first}` was the name of {} when the item was saved, but it was renamed. Export the items again, or \
             empty this cell",
            metadata.data_name(found.data)
        );
        return Err(row.finding(name, message));
    }
    let others = others_called(metadata, first, found.data);
    let why = match (suspicion(cell), others.as_slice()) {
        (Some(suspicion), []) => suspicion.to_owned(),
        (_, [other, ..]) => format!(
            "this is the name of {other}: was only one column sorted or edited? Correct the line, or empty the wrong \
             cell"
        ),
        (None, []) if key(first) == key(&metadata.data_name(found.data)) => {
            "the option combos are different: was only one column sorted or edited? Correct the line, or empty the \
             wrong cell"
                .to_owned()
        }
        (None, []) => "there is nothing with this name now. If it was renamed, export the items again; otherwise \
                       correct one of the two cells, or empty this one"
            .to_owned(),
    };
    Err(row.finding(name, format!("`{cell}`, but {said} {say} {own}; {why}")))
}

/// Between the names of an item's parts.
const SEPARATOR: char = '·';

/// How the names of an item may be written: with `default` or without, or the object alone.
fn ways_to_write(metadata: &Metadata, found: &Found) -> Vec<String> {
    let combos: Vec<Uid> = found.category_option_combo.into_iter().chain(found.attribute_option_combo).collect();
    let default = default_option_combo(metadata);
    let name = |id: &Uid| metadata.name_of(*id);
    let joined = |combos: Vec<&Uid>| {
        std::iter::once(metadata.data_name(found.data))
            .chain(combos.into_iter().map(name))
            .collect::<Vec<_>>()
            .join(" · ")
    };
    vec![
        joined(combos.iter().filter(|combo| **combo != default).collect()),
        joined(combos.iter().collect()),
        metadata.data_name(found.data),
    ]
}

/// Other objects of that name, in words.
fn others_called(metadata: &Metadata, name: &str, other_than: DataItem) -> Vec<String> {
    let wanted = key(name);
    DataItem::all(metadata)
        .filter(|data| *data != other_than)
        .map(|data| (data, metadata.data_name(data)))
        .filter(|(_, known)| key(known) == wanted)
        .map(|(data, known)| format!("{known} ({data})"))
        .collect()
}

fn reference<'sheet>(row: &SheetRow<'sheet>, columns: SideColumns) -> Result<Reference<'sheet>, SheetFinding> {
    let [object, coc, aoc, _] = columns;
    let text = row.filled(object).ok_or_else(|| row.finding(object, "is empty"))?;
    Ok(Reference::Parts {
        object: text,
        category_option_combo: row.filled(coc),
        attribute_option_combo: row.filled(aoc),
    })
}

fn column_of(cause: &ItemError, columns: SideColumns) -> &'static str {
    let [object, coc, aoc, _] = columns;
    let what = match cause {
        ItemError::Unknown { what, .. } | ItemError::Ambiguous { what, .. } | ItemError::Incomplete { what, .. } => {
            what
        }
        // Cells are not cut, so of two readings only the kind can be left open.
        ItemError::OtherKind { .. } | ItemError::Readings { .. } => return "kind",
        ItemError::NoCombos { .. } => return coc,
        ItemError::NoMetric { .. } => return object,
    };
    match *what {
        "category option combo" => coc,
        "attribute option combo" => aoc,
        _ => object,
    }
}

fn in_words(cause: &ItemError) -> String {
    match cause {
        ItemError::Unknown { near, .. } if !near.is_empty() => format!("{cause}; did you mean {}?", near.join(" or ")),
        ItemError::Unknown { what: "data element" | ANY_ITEM, text, .. } if text.contains('.') => {
            format!("{cause}; write an option combo into its own column")
        }
        ItemError::Readings { .. } => format!("{cause}; choose one in the column kind"),
        other => other.to_string(),
    }
}

/// The names of an item's parts, without the combos called `default`.
pub fn names(metadata: &Metadata, data: DataItem, coc: Option<Uid>, aoc: Option<Uid>) -> String {
    let default = default_option_combo(metadata);
    let mut names = vec![metadata.data_name(data)];
    let combos = coc.into_iter().chain(aoc).filter(|combo| *combo != default);
    names.extend(combos.map(|combo| metadata.name_of(combo)));
    names.join(" · ")
}
