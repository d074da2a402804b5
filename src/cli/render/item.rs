//! How an item of a job is written: by names for people, by ids as `xfer job add-item` takes them.

use crate::domain::item::{Item, SourceItem};
use crate::domain::uid::Uid;
use crate::matching::items::EVERY;
use crate::ops::files::job_items::names;
use crate::ops::jobs::OpenJob;

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
pub fn item_ids(item: &Item) -> (String, String) {
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
pub fn source_names(open: &OpenJob, source: &SourceItem) -> String {
    let (coc, aoc) = combos(source);
    names(&open.source, source.id(), coc, aoc)
}

/// Where an item goes, by name.
pub fn address_names(open: &OpenJob, item: &Item) -> String {
    let address = item.destination;
    let combos = [address.category_option_combo, address.attribute_option_combo].map(Some);
    names(&open.destination, address.data_element, combos[0], combos[1])
}
