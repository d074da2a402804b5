//! Names for sentences.

use crate::domain::cell::CellAddress;
use crate::domain::counted::noun_for;
use crate::domain::item::SourceItem;
use crate::domain::metadata::Metadata;
use crate::domain::uid::Uid;

/// How many names a sentence lists; more are counted.
const LISTED: usize = 3;

/// A source item by name, with the option combos that it names.
pub(in crate::matching) fn source_name(metadata: &Metadata, source: &SourceItem) -> String {
    let (coc, aoc) = match *source {
        SourceItem::DataElement { category_option_combo, attribute_option_combo, .. } => {
            (category_option_combo, attribute_option_combo)
        }
        SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => (None, None),
    };
    joined(metadata, source.id(), [coc, aoc])
}

/// A destination address by name.
pub(in crate::matching) fn cell_name(metadata: &Metadata, address: CellAddress) -> String {
    joined(metadata, address.data_element, [Some(address.category_option_combo), Some(address.attribute_option_combo)])
}

fn joined(metadata: &Metadata, data: Uid, combos: [Option<Uid>; 2]) -> String {
    let named = combos.into_iter().flatten().filter(|combo| *combo != Uid::DEFAULT_OPTION_COMBO);
    std::iter::once(data).chain(named).map(|id| metadata.name_of(id)).collect::<Vec<_>>().join(" · ")
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
