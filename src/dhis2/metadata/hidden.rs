//! Category options that option combos are made of and that the list of options does not show.
//!
//! A list shows what the user may read as metadata. An option that is missing there while a combo is made of it is
//! hidden from the user, and so, as a rule, are the values under it: servers leave them out of a raw read without a
//! word (dhis2-api 2.3). It stands in the copy all the same, as one whose data may not be read: where nothing is known
//! of a right, an absent value must not be taken for an empty one. Whether values may be written there is left to the
//! server, which refuses by name.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::metadata::{CategoryOption, DataAccess, Metadata};
use crate::domain::uid::Uid;

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
        let option = CategoryOption {
            id: *id,
            code: None,
            name: id.to_string(),
            start_date: None,
            end_date: None,
            organisation_units: BTreeSet::new(),
            access: DataAccess { read: false, write: true },
        };
        metadata.category_options.insert(*id, option);
    }
    let named: Vec<String> = hidden.iter().take(NAMED).map(|(id, combo)| format!("`{id}` (of {combo})")).collect();
    let more = hidden.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!(
        "categoryOptions: the user is not shown {}{more}; values under such an option may be kept from it without a \
         word, so share them with the user",
        named.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::stand_in;
    use crate::domain::metadata::{CategoryCombo, CategoryOption, CategoryOptionCombo, DataAccess, Metadata};
    use crate::domain::uid::Uid;

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
        assert_eq!(metadata.category_options[&uid("CopFundE001")].access, DataAccess { read: false, write: true });
        assert_eq!(stand_in(&mut metadata), None);
    }
}
