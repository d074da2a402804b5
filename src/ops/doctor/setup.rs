//! How a destination is set up for what jobs write to it, by its synced metadata. Pure.

use std::collections::BTreeSet;

use crate::ops::doctor::Complaint;
use crate::ops::doctor::uses::Uses;
use crate::ops::doctor_codes as codes;
use xfer_domain::capabilities::{Capabilities, InputPeriods};
use xfer_domain::metadata::{DataSet, Metadata};
use xfer_domain::server::{KeptExchange, ServerVersion};
use xfer_domain::uid::Uid;
use xfer_transfer::finding;

/// From how many org units on the restrictions of attribute options slow writing down.
const MANY_ORG_UNITS: usize = 1000;

/// How many names a sentence lists.
const LISTED: usize = 3;

/// What speaks against the set-up of the data sets that jobs write to.
pub(super) fn about_data_sets(
    name: &str,
    metadata: &Metadata,
    version: Option<&ServerVersion>,
    uses: &Uses,
) -> Vec<Complaint> {
    let mut found = Vec::new();
    let mut written: BTreeSet<Uid> = BTreeSet::new();
    let (mut several, mut sets) = (Vec::new(), BTreeSet::new());
    for (element, period_types) in &uses.written {
        let of_type: Vec<&DataSet> =
            metadata.data_sets_of(*element).filter(|set| period_types.contains(&set.period_type)).collect();
        written.extend(of_type.iter().map(|set| set.id));
        if of_type.len() > period_types.len() {
            several.push(metadata.name_of(*element));
            sets.extend(of_type.iter().map(|set| set.name.clone()));
        }
    }
    if !several.is_empty() {
        let sets: Vec<String> = sets.into_iter().collect();
        let stand = if several.len() == 1 { "is" } else { "are" };
        let words = format!("{} {stand} in several data sets: {}", some(&several), sets.join(", "));
        found.push(Complaint::new(&codes::IN_SEVERAL_DATA_SETS, name, words));
    }
    for set in written.iter().filter_map(|id| metadata.data_sets.get(id)) {
        if !set.access.write {
            let words = format!("the user may not enter data for the data set {}", set.name);
            found.push(Complaint::new(&finding::DATA_SET_NO_WRITE, name, words));
        }
        if !set.data_input_periods.is_empty()
            && version.is_some_and(|version| Capabilities::of(version).input_periods != InputPeriods::Right)
        {
            let words = format!("the data set {} has data input periods", set.name);
            found.push(Complaint::new(&finding::INPUT_PERIODS_INVERTED, name, words));
        }
        let restricted = restrictions(metadata, set);
        if restricted >= MANY_ORG_UNITS {
            let words = format!("the attribute options of {} name {restricted} org units", set.name);
            found.push(Complaint::new(&finding::OPTIONS_RESTRICTED, name, words));
        }
    }
    found
}

/// How many org units the attribute options of a data set name, all options together.
fn restrictions(metadata: &Metadata, set: &DataSet) -> usize {
    let combos = metadata.category_combos.get(&set.category_combo).map(|combo| &combo.category_option_combos);
    let options: BTreeSet<Uid> = combos
        .into_iter()
        .flatten()
        .filter_map(|combo| metadata.category_option_combos.get(combo))
        .flat_map(|combo| combo.category_options.iter().copied())
        .collect();
    let named = |option: &Uid| metadata.category_options.get(option).map(|option| option.organisation_units.len());
    options.iter().filter_map(named).sum()
}

/// The exchanges of a destination that write into it what jobs write too.
pub(super) fn about_exchanges(
    name: &str,
    metadata: &Metadata,
    exchanges: &[KeptExchange],
    uses: &Uses,
) -> Vec<Complaint> {
    let complaint = |exchange: &KeptExchange| {
        let both: BTreeSet<Uid> = exchange
            .items
            .iter()
            .flat_map(|item| targets(metadata, item))
            .filter(|element| uses.written.contains_key(element))
            .collect();
        let names: Vec<String> = both.into_iter().map(|element| metadata.name_of(element)).collect();
        let words = || format!("its aggregate data exchange {} writes {} too", exchange.name, some(&names));
        (!names.is_empty()).then(|| Complaint::new(&codes::EXCHANGE_WRITES_TOO, name, words()))
    };
    exchanges.iter().filter(|exchange| exchange.internal).filter_map(complaint).collect()
}

/// The data elements that an exchange writes for an item: the same one, the one that a program indicator names, or the
/// one of the same code.
fn targets(metadata: &Metadata, item: &str) -> Vec<Uid> {
    let Ok(id) = Uid::parse(item.split('.').next().unwrap_or_default()) else { return Vec::new() };
    if metadata.data_elements.contains_key(&id) {
        return vec![id];
    }
    let indicator = metadata.indicators.get(&id).and_then(|indicator| indicator.code.as_deref());
    let program = metadata.program_indicators.get(&id);
    let named = program.and_then(|program| program.aggregate_export_data_element.as_deref());
    let words: Vec<&str> =
        [indicator, named, program.and_then(|program| program.code.as_deref())].into_iter().flatten().collect();
    let meant = |id: &Uid, code: Option<&str>| {
        words.iter().any(|word| *word == id.as_str() || code.is_some_and(|code| code == *word))
    };
    let elements = metadata.data_elements.values();
    elements.filter(|element| meant(&element.id, element.code.as_deref())).map(|element| element.id).collect()
}

/// Some names of many.
fn some(names: &[String]) -> String {
    let more = names.len().saturating_sub(LISTED);
    let listed = names.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MANY_ORG_UNITS, about_data_sets, about_exchanges};
    use crate::ops::doctor::Complaint;
    use crate::ops::doctor::uses::Uses;
    use xfer_domain::metadata::{DataInputPeriod, DataSetElement, Metadata, ProgramIndicator};
    use xfer_domain::server::KeptExchange;
    use xfer_domain::uid::Uid;
    use xfer_storage::store::testing::{metadata, uid};

    /// Writes the first data element of the sample with the period type of a data set that holds it.
    fn sample() -> (Metadata, Uid, Uses) {
        let metadata = metadata();
        let set = metadata.data_sets.values().find(|set| !set.data_set_elements.is_empty()).unwrap();
        let element = set.data_set_elements[0].data_element;
        let uses = Uses {
            is_destination: true,
            written: [(element, BTreeSet::from([set.period_type]))].into(),
            ..Uses::default()
        };
        (metadata, element, uses)
    }

    fn words(found: Vec<Complaint>) -> Vec<&'static str> {
        found.into_iter().map(|complaint| complaint.code.word).collect()
    }

    fn set_of(metadata: &Metadata, element: Uid) -> Uid {
        metadata.data_sets_of(element).next().unwrap().id
    }

    #[test]
    fn each_doubt_about_a_data_set_has_its_own_word() {
        let (whole, element, uses) = sample();
        let set = set_of(&whole, element);
        let early = "2.43.1".parse().unwrap();
        let found = |metadata: &Metadata, uses: &Uses| words(about_data_sets("national", metadata, Some(&early), uses));
        let mut plain = whole.clone();
        plain.data_sets.retain(|id, _| *id == set);
        plain.data_sets.get_mut(&set).unwrap().data_input_periods.clear();
        plain.data_sets.get_mut(&set).unwrap().access.write = true;
        assert_eq!(found(&plain, &uses), [""; 0]);
        assert_eq!(found(&plain, &Uses::default()), [""; 0], "what nobody writes concerns nobody");

        let mut closed = plain.clone();
        closed.data_sets.get_mut(&set).unwrap().access.write = false;
        assert_eq!(found(&closed, &uses), ["data-set-no-write"]);

        let mut windows = plain.clone();
        let period = "202401".parse().unwrap();
        windows.data_sets.get_mut(&set).unwrap().data_input_periods =
            vec![DataInputPeriod { period, opening_date: None, closing_date: None }];
        assert_eq!(found(&windows, &uses), ["input-periods-inverted"]);
        let later = "2.43.2".parse().unwrap();
        assert_eq!(words(about_data_sets("national", &windows, Some(&later), &uses)), [""; 0]);

        let mut twice = plain.clone();
        let mut other = twice.data_sets[&set].clone();
        other.id = uid('s', 99);
        other.data_set_elements = vec![DataSetElement { data_element: element, category_combo: None }];
        twice.data_sets.insert(other.id, other);
        assert_eq!(found(&twice, &uses), ["in-several-data-sets"]);

        let mut slow = plain;
        let option = slow.category_options.values_mut().next().unwrap();
        option.organisation_units = (0..MANY_ORG_UNITS).map(|number| uid('o', number)).collect();
        let combo = slow.data_sets[&set].category_combo;
        slow.category_combos
            .entry(combo)
            .and_modify(|combo| combo.category_option_combos = [Uid::DEFAULT_OPTION_COMBO].into());
        assert_eq!(found(&slow, &uses), ["options-restricted"]);
    }

    #[test]
    fn exchanges_that_write_into_the_same_cells_are_named() {
        let (mut metadata, element, uses) = sample();
        let program_indicator = uid('p', 77);
        metadata.program_indicators.insert(
            program_indicator,
            ProgramIndicator {
                id: program_indicator,
                code: None,
                name: "Cases".to_owned(),
                program: None,
                aggregation_type: None,
                decimals: None,
                aggregate_export_category_option_combo: None,
                aggregate_export_attribute_option_combo: None,
                aggregate_export_data_element: Some(element.to_string()),
            },
        );
        let told = |item: &str, internal| {
            let exchange = KeptExchange { name: "Own".to_owned(), internal, items: vec![item.to_owned()] };
            words(about_exchanges("national", &metadata, &[exchange], &uses))
        };
        assert_eq!(told(element.as_str(), true), ["exchange-writes-too"]);
        assert_eq!(told(&format!("{element}.HllvX50cXC0"), true), ["exchange-writes-too"], "an operand");
        assert_eq!(told(program_indicator.as_str(), true), ["exchange-writes-too"]);
        assert_eq!(told(element.as_str(), false), [""; 0], "it writes elsewhere");
        assert_eq!(told("Xxxxxxxxxx1", true), [""; 0]);
        assert_eq!(told("not an id", true), [""; 0]);
    }
}
