//! Lists of names in sentences.

use xfer_domain::cell::CellAddress;
use xfer_domain::counted::noun_for;
use xfer_domain::data_item::DataItem;
use xfer_domain::item::SourceItem;
use xfer_domain::metadata::Metadata;
use xfer_domain::uid::Uid;

/// How many names a sentence lists; more are counted.
const LISTED: usize = 3;

/// A source item by name, with the option combos that it names.
pub(crate) fn source_name(metadata: &Metadata, source: &SourceItem) -> String {
    joined(metadata, source.data(), source.combos())
}

/// A destination address by name.
pub(crate) fn cell_name(metadata: &Metadata, address: CellAddress) -> String {
    joined(
        metadata,
        DataItem::DataElement(address.data_element),
        [Some(address.category_option_combo), Some(address.attribute_option_combo)],
    )
}

fn joined(metadata: &Metadata, data: DataItem, combos: [Option<Uid>; 2]) -> String {
    let named = combos.into_iter().flatten().filter(|combo| *combo != Uid::DEFAULT_OPTION_COMBO);
    let names = named.map(|combo| metadata.name_of(combo));
    std::iter::once(metadata.data_name(data)).chain(names).collect::<Vec<_>>().join(" · ")
}

/// The first names of a list, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>();
    if more > 0 {
        return format!("{} and {more} more", shown.join(", "));
    }
    match shown.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        other => other.concat(),
    }
}

/// Item numbers for a sentence: `item 1`, `items 1 and 3`.
pub(super) fn items(numbers: &[usize]) -> String {
    let texts: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let noun = noun_for(numbers.len() as u64, "item");
    format!("{noun} {}", some(&texts))
}
