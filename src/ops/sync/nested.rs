//! What lists say inside their objects: how many references there are, and whether what they refer to is listed.
//!
//! A server or a proxy may list every object and lose what stands inside: all data sets without data elements count as
//! many data sets as before. So references are counted like objects ([`less_inside`]). What is no longer listed itself
//! is left out of that count on both sides: an object that was deleted or is no longer shared takes its references with
//! it, and the rule for its own list speaks of it.
//!
//! What objects refer to must be listed, unless the user's rights explain that it is not ([`nowhere`]): category combos,
//! category options and option sets are shared with people or not, and a list shows what is shared. Category option
//! combos and org units are shared with nobody, lists show all of them to everybody (dhis2-api 3.1), and a superuser is
//! shown everything.

use std::collections::{BTreeMap, BTreeSet};

use crate::ops::shrunk::Shrunk;
use crate::ops::sync::is_much_less;
use xfer_domain::metadata::{DataElement, DataSet, Metadata, OptionSet};
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;

/// References of one kind: an object and what it refers to. One that a list gives twice is one.
type Pairs = BTreeSet<(Uid, Uid)>;

/// A kind of reference that is counted.
struct Kind {
    /// What people call them.
    what: &'static str,
    /// The references of a copy.
    pairs: fn(&Metadata) -> Pairs,
    /// Whether what they refer to is listed; those that refer to what has no list of its own are always.
    target_is_listed: fn(&Metadata, Uid) -> bool,
}

fn unit_is_listed(metadata: &Metadata, id: Uid) -> bool {
    metadata.organisation_units.contains_key(&id)
}

fn option_is_listed(metadata: &Metadata, id: Uid) -> bool {
    metadata.category_options.get(&id).is_some_and(|option| !option.is_hidden)
}

/// Every reference whose loss would change what is mapped, read or written.
const KINDS: [Kind; 8] = [
    Kind {
        what: "data set elements",
        pairs: |metadata| {
            let members = |set: &DataSet| {
                set.data_set_elements.iter().map(|member| (set.id, member.data_element)).collect::<Pairs>()
            };
            metadata.data_sets.values().flat_map(members).collect()
        },
        target_is_listed: |metadata, id| metadata.data_elements.contains_key(&id),
    },
    Kind {
        what: "org units of data sets",
        pairs: |metadata| of_each(metadata.data_sets.values().map(|set| (set.id, &set.organisation_units))),
        target_is_listed: unit_is_listed,
    },
    Kind {
        what: "options of option sets",
        pairs: |metadata| {
            let options = |set: &OptionSet| set.options.iter().map(|option| (set.id, option.id)).collect::<Pairs>();
            metadata.option_sets.values().flat_map(options).collect()
        },
        target_is_listed: |_, _| true,
    },
    Kind {
        what: "option sets of data elements",
        pairs: |metadata| {
            let set = |element: &DataElement| Some((element.id, element.option_set?));
            metadata.data_elements.values().filter_map(set).collect()
        },
        target_is_listed: |metadata, id| metadata.option_sets.contains_key(&id),
    },
    Kind {
        what: "category option combos of category combos",
        pairs: |metadata| {
            of_each(metadata.category_combos.values().map(|combo| (combo.id, &combo.category_option_combos)))
        },
        target_is_listed: |metadata, id| metadata.category_option_combos.contains_key(&id),
    },
    Kind {
        what: "category options of category option combos",
        pairs: |metadata| {
            let combos = metadata.category_option_combos.values();
            combos.flat_map(|combo| combo.listed_options().map(|option| (combo.id, option))).collect()
        },
        target_is_listed: option_is_listed,
    },
    Kind {
        what: "org units of category options",
        pairs: |metadata| {
            of_each(metadata.category_options.values().map(|option| (option.id, &option.organisation_units)))
        },
        target_is_listed: unit_is_listed,
    },
    Kind {
        what: "org units of org unit groups",
        pairs: |metadata| {
            of_each(metadata.organisation_unit_groups.values().map(|group| (group.id, &group.organisation_units)))
        },
        target_is_listed: unit_is_listed,
    },
];

fn of_each<'metadata>(objects: impl Iterator<Item = (Uid, &'metadata BTreeSet<Uid>)>) -> Pairs {
    objects.flat_map(|(id, referred)| referred.iter().map(move |other| (id, *other))).collect()
}

/// Whether an object is listed; one that is hidden is not.
fn is_listed(metadata: &Metadata, id: Uid) -> bool {
    metadata.organisation_unit_groups.contains_key(&id)
        || metadata.knows(id) && metadata.category_options.get(&id).is_none_or(|option| !option.is_hidden)
}

/// Kinds of references of which there are much fewer than in the copy, although what they stand between is listed.
pub(super) fn less_inside(before: &Metadata, after: &Metadata) -> Vec<Shrunk> {
    let count = |kind: &Kind| {
        let both_listed =
            |(object, other): &(Uid, Uid)| is_listed(after, *object) && (kind.target_is_listed)(after, *other);
        let before = (kind.pairs)(before).iter().filter(|pair| both_listed(pair)).count();
        let after = (kind.pairs)(after).len();
        Shrunk { what: kind.what, before: before as u64, after: after as u64 }
    };
    KINDS.iter().map(count).filter(is_much_less).collect()
}

/// Something that is referred to and not listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Nowhere {
    /// What people call it: `category combo`.
    pub kind: &'static str,
    /// Its id.
    pub id: Uid,
    /// Who refers to it; never empty.
    pub by: Vec<Uid>,
    /// Whether the user's rights may be the reason.
    pub is_explained: bool,
}

/// What objects refer to and no list has, the user being that one. An option that is hidden from somebody who does not
/// see everything is not among it: the client has said so.
pub(super) fn nowhere(metadata: &Metadata, account: &Account) -> Vec<Nowhere> {
    let sees_everything = account.is_superuser();
    let mut found: BTreeMap<(&'static str, Uid), Vec<Uid>> = BTreeMap::new();
    let mut refer = |kind, other: Uid, by: Uid| found.entry((kind, other)).or_default().push(by);
    for unit in metadata.organisation_units.values() {
        for above in unit.path.iter().filter(|above| !unit_is_listed(metadata, **above)) {
            refer(ORG_UNIT, *above, unit.id);
        }
    }
    let has_combo = |id: Uid| metadata.category_combos.contains_key(&id);
    for element in metadata.data_elements.values() {
        if !has_combo(element.category_combo) {
            refer(CATEGORY_COMBO, element.category_combo, element.id);
        }
        if let Some(set) = element.option_set.filter(|set| !metadata.option_sets.contains_key(set)) {
            refer("option set", set, element.id);
        }
    }
    for set in metadata.data_sets.values() {
        let own = set.data_set_elements.iter().filter_map(|member| member.category_combo);
        let combos: BTreeSet<Uid> = own.chain([set.category_combo]).filter(|combo| !has_combo(*combo)).collect();
        for combo in combos {
            refer(CATEGORY_COMBO, combo, set.id);
        }
    }
    for combo in metadata.category_option_combos.values() {
        if !has_combo(combo.category_combo) {
            refer(CATEGORY_COMBO, combo.category_combo, combo.id);
        }
        // Small and old servers do not list the default option, and nobody is asked for a right to it.
        let is_default = combo.id == Uid::DEFAULT_OPTION_COMBO
            || metadata.category_combos.get(&combo.category_combo).is_some_and(|combo| combo.is_default);
        for option in combo.listed_options().filter(|option| sees_everything && !option_is_listed(metadata, *option)) {
            if !is_default {
                refer("category option", option, combo.id);
            }
        }
    }
    for combo in metadata.category_combos.values() {
        let listed = |id: &&Uid| metadata.category_option_combos.contains_key(*id);
        for option_combo in combo.category_option_combos.iter().filter(|id| !listed(id)) {
            refer(CATEGORY_OPTION_COMBO, *option_combo, combo.id);
        }
    }
    let told = |((kind, id), by): ((&'static str, Uid), Vec<Uid>)| {
        let is_shared_with_nobody = [ORG_UNIT, CATEGORY_OPTION_COMBO].contains(&kind);
        Nowhere { kind, id, by, is_explained: !sees_everything && !is_shared_with_nobody }
    };
    found.into_iter().map(told).collect()
}

/// What people call them.
const ORG_UNIT: &str = "org unit";
const CATEGORY_COMBO: &str = "category combo";
const CATEGORY_OPTION_COMBO: &str = "category option combo";

impl Nowhere {
    /// In words, with the names that the new and the old copy know.
    pub(super) fn in_words(&self, metadata: &Metadata, before: &Metadata) -> String {
        let Self { kind, id, by, .. } = self;
        let others = match by.len() - 1 {
            0 => String::new(),
            1 => " and another".to_owned(),
            more => format!(" and {more} others"),
        };
        let known = before.name_of(*id);
        let name = if known == id.as_str() { known } else { format!("{known} ({id})") };
        let first = by.first().map(|by| metadata.name_of(*by)).unwrap_or_default();
        let relation = match (*kind, by.len()) {
            (ORG_UNIT, _) => format!("which {first}{others} stand below"),
            (_, 1) => format!("which {first} refers to"),
            _ => format!("which {first}{others} refer to"),
        };
        let why = if self.is_explained { ": the user may not see it; share it with the user" } else { "" };
        format!("the {kind} {name} is missing, {relation}{why}")
    }
}

#[cfg(test)]
mod tests {
    use super::{less_inside, nowhere};
    use xfer_domain::metadata::{CategoryOption, Metadata, OptionSet, OptionSetOption};
    use xfer_domain::server::Account;
    use xfer_domain::testing as fixture;
    use xfer_domain::uid::Uid;

    fn country() -> Metadata {
        let mut metadata = fixture::metadata();
        let id = fixture::uid("Oset", 1);
        let options = (1..=9).map(|number| OptionSetOption {
            id: fixture::uid("Opti", number),
            code: format!("{number}"),
            name: format!("{number}"),
        });
        let set = OptionSet { id, code: None, name: "Stock".to_owned(), options: options.collect() };
        metadata.option_sets.insert(id, set);
        metadata.data_elements.values_mut().for_each(|element| element.option_set = Some(id));
        metadata
    }

    fn shrunk(change: impl FnOnce(&mut Metadata)) -> Vec<String> {
        let mut after = country();
        change(&mut after);
        less_inside(&country(), &after).iter().map(|shrunk| format!("{} to {}", shrunk.what, shrunk.after)).collect()
    }

    #[test]
    fn references_are_counted_kind_by_kind() {
        let none: [String; 0] = [];
        assert_eq!(shrunk(|_| ()), none);
        let emptied = shrunk(|after| {
            after.data_sets.values_mut().for_each(|set| {
                set.data_set_elements.clear();
                set.organisation_units.clear();
            });
            after.option_sets.values_mut().for_each(|set| set.options.clear());
            after.data_elements.values_mut().for_each(|element| element.option_set = None);
            after.category_combos.values_mut().for_each(|combo| combo.category_option_combos.clear());
            after.category_option_combos.values_mut().for_each(|combo| combo.category_options.clear());
        });
        assert_eq!(
            emptied,
            [
                "data set elements to 0",
                "org units of data sets to 0",
                "options of option sets to 0",
                "option sets of data elements to 0",
                "category option combos of category combos to 0",
                "category options of category option combos to 0",
            ]
        );
        let cut = |left| shrunk(|after| after.option_sets.values_mut().for_each(|set| set.options.truncate(left)));
        assert_eq!(cut(5), ["options of option sets to 5"]);
        assert_eq!(cut(6), none, "a third less is no question");
    }

    #[test]
    fn what_is_gone_or_hidden_takes_its_references_with_it() {
        let none: [String; 0] = [];
        assert_eq!(shrunk(|after| after.data_sets.clear()), none);
        assert_eq!(shrunk(|after| after.data_elements.clear()), none);
        // An option that the user may not see any more is missing inside the combos, too (2.44).
        let hidden = shrunk(|after| {
            for option in after.category_options.values_mut().filter(|option| option.name != "default") {
                *option = CategoryOption::hidden(option.id, option.name.clone());
            }
            for combo in after.category_option_combos.values_mut().filter(|combo| combo.name != "default") {
                combo.category_options = vec![combo.id];
            }
        });
        assert_eq!(hidden, none);
    }

    fn missing(account: &Account, change: impl FnOnce(&mut Metadata)) -> Vec<(String, bool)> {
        let mut metadata = country();
        change(&mut metadata);
        let found = nowhere(&metadata, account);
        found.iter().map(|found| (found.in_words(&metadata, &country()), found.is_explained)).collect()
    }

    #[test]
    fn what_is_referred_to_is_listed_unless_rights_explain_that_it_is_not() {
        let clerk = Account::default();
        let admin = Account { authorities: vec!["ALL".to_owned()], ..Account::default() };
        assert_eq!(missing(&admin, |_| ()), []);
        let without_combo = |metadata: &mut Metadata| drop(metadata.category_combos.remove(&fixture::sex_combo()));
        for (account, is_explained) in [(&clerk, true), (&admin, false)] {
            let found = missing(account, without_combo);
            assert_eq!((found.len(), found[0].1), (1, is_explained), "{found:?}");
            assert!(found[0].0.starts_with("the category combo Sex ("), "{found:?}");
            assert_eq!(found[0].0.contains("may not see it"), is_explained);
            let found = missing(account, |metadata| metadata.option_sets.clear());
            assert!(found[0].0.contains("the option set Stock") && found[0].1 == is_explained, "{found:?}");
        }
        for account in [&clerk, &admin] {
            let found = missing(account, |metadata| drop(metadata.category_option_combos.remove(&fixture::male())));
            assert_eq!((found.len(), found[0].1), (1, false), "nobody is asked for a right to them: {found:?}");
        }
        let hidden = |metadata: &mut Metadata| {
            let id: Uid = metadata.category_option_combos[&fixture::male()].category_options[0];
            metadata.category_options.insert(id, CategoryOption::hidden(id, id.to_string()));
        };
        assert_eq!(missing(&clerk, hidden), []);
        let found = missing(&admin, hidden);
        assert!(found[0].0.starts_with("the category option male (") && !found[0].1, "{found:?}");
    }
}
