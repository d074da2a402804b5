//! Which rows a refusal of 2.43 names: the rows of a POST that bear what its sentence blames.
//!
//! The sentences are built from the error's arguments (`DefaultDataEntryService.validate*`, dhis2-api 6.6): the ids
//! that are at fault stand in brackets, what they are at fault with stands before, as in
//! ``Data set DstMonthly1 + data element DemBySex001 not usable with category option combo(s): `[CocAge04M00]` ``.
//! Ids are looked for, not words, so a reworded sentence still works. A fault of a pair (period and org unit) blames
//! only rows that bear both.

use std::collections::BTreeSet;

use xfer_dhis2::data_value_sets::PayloadRow;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// The sentence, taken apart.
struct Sentence<'text> {
    /// Entries of the first bracketed list: ids, periods or row numbers. E8128 goes on after it with a key in brackets.
    listed: BTreeSet<&'text str>,
    /// Those of them that are periods.
    periods: BTreeSet<Period>,
    /// Words before it.
    before: BTreeSet<&'text str>,
}

impl<'text> Sentence<'text> {
    fn read(text: &'text str) -> Self {
        let list = text.find('[').and_then(|open| {
            let rest = &text[open + 1..];
            rest.find(']').map(|close| (open, &rest[..close]))
        });
        let (head, listed) = list.map_or((text, ""), |(open, inner)| (&text[..open], inner));
        let listed: BTreeSet<&str> = listed.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        Self {
            periods: listed.iter().filter_map(|entry| Period::parse(entry).ok()).collect(),
            listed,
            before: head
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect(),
        }
    }

    fn lists(&self, id: Uid) -> bool {
        self.listed.contains(id.as_str())
    }

    fn lists_period(&self, period: Period) -> bool {
        self.periods.contains(&period)
    }

    fn mentions(&self, id: Uid) -> bool {
        self.before.contains(id.as_str())
    }
}

/// Positions (within `rows`) of the guilty among `together`, ascending; empty where the sentence names none of them.
pub(super) fn guilty(
    rows: &[&PayloadRow],
    together: &[usize],
    code: Option<&str>,
    text: &str,
    metadata: &Metadata,
) -> Vec<usize> {
    let sentence = Sentence::read(text);
    let by = |is_guilty: &dyn Fn(&PayloadRow) -> bool| -> Vec<usize> {
        together.iter().copied().filter(|&position| rows.get(position).is_some_and(|row| is_guilty(row))).collect()
    };
    match code.unwrap_or_default() {
        // The data set itself: unknown, malformed, not writable, not to be found. All rows share it.
        "E8002" | "E8003" | "E8004" | "E8005" | "E8010" => together.to_vec(),
        "E8011" | "E8022" => by(&|row| sentence.lists(row.cell.org_unit)),
        "E8012" => by(&|row| {
            [row.cell.category_option_combo, row.cell.attribute_option_combo]
                .iter()
                .any(|combo| holds_listed_option(&sentence, *combo, metadata))
        }),
        "E8020" => by(&|row| sentence.lists(row.cell.data_element)),
        "E8021" | "E8030" => by(&|row| sentence.lists_period(row.cell.period)),
        "E8023" => by(&|row| sentence.lists(row.cell.attribute_option_combo)),
        "E8024" => {
            by(&|row| sentence.lists(row.cell.category_option_combo) && sentence.mentions(row.cell.data_element))
        }
        "E8025" => by(&|row| sentence.lists(row.cell.org_unit) && sentence.mentions(row.cell.attribute_option_combo)),
        "E8031" => by(&|row| sentence.lists_period(row.cell.period) && sentence.mentions(row.cell.org_unit)),
        "E8032" => {
            by(&|row| sentence.lists_period(row.cell.period) && sentence.mentions(row.cell.attribute_option_combo))
        }
        "E8033" => by(&|row| {
            sentence.lists_period(row.cell.period)
                && sentence.mentions(row.cell.org_unit)
                && sentence.mentions(row.cell.attribute_option_combo)
        }),
        "E8128" => numbered(&sentence.listed.iter().copied().collect::<Vec<_>>(), together),
        _ => numbered(&row_number(text).into_iter().collect::<Vec<_>>(), together),
    }
}

/// Whether an option combo holds one of the listed category options, or is itself listed.
fn holds_listed_option(sentence: &Sentence<'_>, combo: Uid, metadata: &Metadata) -> bool {
    sentence.lists(combo)
        || metadata
            .category_option_combos
            .get(&combo)
            .is_some_and(|combo| combo.category_options.iter().any(|option| sentence.lists(*option)))
}

/// The rows of these numbers, counted from 0 as the server does (`import/two-undecodable`: `Value #1` is the second).
fn numbered(numbers: &[&str], together: &[usize]) -> Vec<usize> {
    let wanted: BTreeSet<usize> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    together.iter().copied().filter(|position| wanted.contains(position)).collect()
}

/// The row number of a sentence such as ``Value #1 data element UID not valid: `abc` ``.
fn row_number(text: &str) -> Option<&str> {
    let after = text.strip_prefix("Value #")?;
    let end = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
    (end > 0).then(|| &after[..end])
}
