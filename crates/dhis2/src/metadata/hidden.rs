//! Category options that option combos are made of and that the list of options does not show.
//!
//! A list shows what the user may read as metadata. An option that is missing there while a combo is made of it is
//! hidden from the user, and so, as a rule, are the values under it: servers leave them out of a raw read without a
//! word (dhis2-api 2.3). It stands in the copy all the same, as one whose data may not be read: where nothing is known
//! of a right, an absent value must not be taken for an empty one, and nothing is written that could not be looked at.

use std::collections::BTreeMap;

use xfer_domain::metadata::{CategoryOption, CategoryOptionCombo, Metadata};
use xfer_domain::uid::Uid;

/// An option combo without any option, where lists leave out what the user may not read (2.44): no options is what
/// hidden options look like. One stands in for them under the combo's own id, so that the combo counts as one that may
/// not be read instead of one that anybody may.
pub(super) fn name_combos_without_options(metadata: &mut Metadata) -> Option<String> {
    let defaults = &metadata.category_combos;
    let is_default = |combo: &CategoryOptionCombo| {
        combo.id == Uid::DEFAULT_OPTION_COMBO
            || defaults.get(&combo.category_combo).is_some_and(|combo| combo.is_default)
    };
    let mut names = Vec::new();
    for combo in metadata.category_option_combos.values_mut() {
        if combo.category_options.is_empty() && !is_default(combo) {
            combo.category_options.push(combo.id);
            names.push(combo.name.clone());
            let option = CategoryOption::hidden(combo.id, combo.name.clone());
            metadata.category_options.insert(combo.id, option);
        }
    }
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!(
        "categoryOptionCombos: of {}{more} no category option is shown, so the user may not read them; share their \
         options with the user, or delete the combos if they have none",
        names.join(", ")
    ))
}

/// Hidden options that are named in a note; the rest is counted.
const NAMED: usize = 5;

/// Puts a stand-in for each hidden option into the metadata, and says so.
pub(super) fn stand_in(metadata: &mut Metadata) -> Option<String> {
    let mut hidden: BTreeMap<Uid, String> = BTreeMap::new();
    for combo in metadata.category_option_combos.values() {
        // Everybody may read the default option; servers do not ask.
        let is_default = combo.id == Uid::DEFAULT_OPTION_COMBO
            || metadata.category_combos.get(&combo.category_combo).is_some_and(|combo| combo.is_default);
        let missing = combo.category_options.iter().filter(|option| !metadata.category_options.contains_key(*option));
        for option in missing.filter(|_| !is_default) {
            hidden.entry(*option).or_insert_with(|| combo.name.clone());
        }
    }
    if hidden.is_empty() {
        return None;
    }
    for id in hidden.keys() {
        metadata.category_options.insert(*id, CategoryOption::hidden(*id, id.to_string()));
    }
    let named: Vec<String> = hidden.iter().take(NAMED).map(|(id, combo)| format!("`{id}` (of {combo})")).collect();
    let more = hidden.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!(
        "categoryOptions: the user is not shown {}{more}; the server may hide values under such an option without a \
         message, so share them with the user",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::{name_combos_without_options, stand_in};
    use xfer_domain::metadata::{CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, Metadata};
    use xfer_domain::uid::Uid;

    fn uid(text: &str) -> Uid {
        Uid::parse(text).unwrap()
    }

    fn combo(id: Uid, category_combo: Uid, options: &[Uid]) -> CategoryOptionCombo {
        let (code, name) = (None, format!("combo {id}"));
        CategoryOptionCombo { id, code, name, category_combo, category_options: options.to_vec() }
    }

    #[test]
    fn hidden_options_may_not_be_read_and_the_default_one_may() {
        let shown = CategoryOption {
            id: uid("CopFundA001"),
            code: None,
            name: "Aurora".to_owned(),
            start_date: None,
            end_date: None,
            organisation_units: std::collections::BTreeSet::new(),
            access: DataAccess::default(),
            is_hidden: false,
        };
        let (funding, own_default) = (uid("CcbFunding1"), uid("CcbOwnDflt1"));
        let combos = [
            combo(Uid::DEFAULT_OPTION_COMBO, Uid::DEFAULT_CATEGORY_COMBO, &[uid("xYerKDKCefk")]),
            combo(uid("CocOwnDflt1"), own_default, &[uid("CopOwnDflt1")]),
            combo(uid("AocFundA001"), funding, &[uid("CopFundA001")]),
            combo(uid("AocFundE001"), funding, &[uid("CopFundE001")]),
        ];
        let default = CategoryCombo {
            id: own_default,
            code: None,
            name: "default".to_owned(),
            is_default: true,
            category_option_combos: [uid("CocOwnDflt1")].into(),
        };
        let mut metadata = Metadata {
            category_combos: [(own_default, default)].into(),
            category_option_combos: combos.map(|combo| (combo.id, combo)).into(),
            category_options: [(shown.id, shown)].into(),
            ..Metadata::default()
        };
        let note = stand_in(&mut metadata).unwrap();
        assert!(note.contains("`CopFundE001` (of combo AocFundE001)"), "{note}");
        assert_eq!(metadata.category_options.len(), 2);
        assert!(metadata.category_options[&uid("CopFundE001")].is_hidden);
        assert!(!metadata.category_options[&uid("CopFundA001")].is_hidden);
        assert_eq!(stand_in(&mut metadata), None);
    }

    #[test]
    fn a_combo_without_options_is_one_that_may_not_be_read() {
        let combos = [
            combo(Uid::DEFAULT_OPTION_COMBO, Uid::DEFAULT_CATEGORY_COMBO, &[]),
            combo(uid("AocFundE001"), uid("CcbFunding1"), &[]),
        ];
        let mut metadata =
            Metadata { category_option_combos: combos.map(|combo| (combo.id, combo)).into(), ..Metadata::default() };
        let note = name_combos_without_options(&mut metadata).unwrap();
        assert!(note.contains("combo AocFundE001") && !note.contains("HllvX50cXC0"), "{note}");
        let hidden = metadata.category_option_combos[&uid("AocFundE001")].category_options[0];
        assert!(!metadata.category_options[&hidden].access.read);
        assert_eq!(stand_in(&mut metadata), None, "nothing is said twice");
    }
}
