//! How an item of a job is written: by names for people, by ids as `xfer job add-item` takes them.

use crate::ops::files::item_cells::names;
use crate::ops::jobs::OpenJob;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::{Item, SourceItem};
use xfer_domain::uid::Uid;
use xfer_matching::items::EVERY;

/// What an item reads and where it goes, by ids and dots: as `add-item` takes them.
pub fn item_ids(item: &Item) -> (String, String) {
    let dotted = |data: DataItem, combos: [Option<Uid>; 2]| match combos {
        [None, None] => data.to_string(),
        [Some(coc), None] => format!("{data}.{coc}"),
        [coc, Some(aoc)] => format!("{data}.{}.{aoc}", coc.map_or_else(|| EVERY.to_owned(), |coc| coc.to_string())),
    };
    let address = item.destination;
    let target = [address.category_option_combo, address.attribute_option_combo].map(Some);
    let element = DataItem::DataElement(address.data_element);
    (dotted(item.source.data(), item.source.combos()), dotted(element, target))
}

/// What an item reads, by name.
pub fn source_names(open: &OpenJob, source: &SourceItem) -> String {
    let [coc, aoc] = source.combos();
    names(&open.source, source.data(), coc, aoc)
}

/// Where an item goes, by name.
pub fn address_names(open: &OpenJob, item: &Item) -> String {
    let address = item.destination;
    let combos = [address.category_option_combo, address.attribute_option_combo].map(Some);
    names(&open.destination, DataItem::DataElement(address.data_element), combos[0], combos[1])
}
