//! What a user may read: the difference between "no value" and "no value that we may see".
//!
//! Servers leave out what a user may not read, and say nothing (dhis2-api 2.3, 5.1): a raw read drops every row whose
//! attribute option combo has a category option without data read access, analytics drops unreadable options. So an
//! empty answer proves an empty cell only where the user may read *all* that feeds the cell. Everything here is a
//! function of the metadata, the account and, in a run, of what the server said when the run began ([`Fresh`]): rights
//! are taken away between a sync and a run, too.
//!
//! The rules, by the way of reading:
//!
//! - raw values: every option of the attribute option combos; options of category option combos are not looked at
//! - analytics: the options of both
//! - servers that read by data set instead of by data element (below 2.39): the element's data sets
//! - reporting rates: the data set
//! - org units: what lies outside of the user's view hierarchy
//! - an option or a combo that the user's metadata does not even show is as good as unreadable
//!
//! Indicators and program indicators are computed by the server from what its tables hold, whoever asks.

use std::collections::{BTreeMap, BTreeSet};

use crate::cell::CellAddress;
use crate::item::SourceItem;
use crate::job::ReadFrom;
use crate::metadata::{DataAccess, Metadata};
use crate::run::FindingObject;
use crate::server::Account;
use crate::uid::Uid;

/// Why something cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The user has no data read access.
    NoDataRead,
    /// The user's metadata does not show it.
    NotVisible,
    /// The user's metadata showed it once and does not any more.
    NoLongerVisible,
    /// It lies outside of the part of the tree that the user may read.
    OutsideView,
}

impl Reason {
    /// The reason as the rest of a sentence about the object.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDataRead => "the user has no data read access to it",
            Self::NotVisible => "the user may not see it",
            Self::NoLongerVisible => "the user can no longer see it, or it was deleted",
            Self::OutsideView => "it is outside the org units that the user may read",
        }
    }
}

/// An object that a user may not read, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Unreadable {
    /// DHIS2's word for its kind.
    pub kind: &'static str,
    /// Its id.
    pub id: Uid,
    /// Its name; the id where the name is not shown either.
    pub name: String,
    /// Why.
    pub reason: Reason,
}

impl Unreadable {
    /// The object for a finding.
    pub fn object(&self) -> FindingObject {
        FindingObject { kind: self.kind.to_owned(), id: self.id.to_string(), name: self.name.clone() }
    }

    /// What cannot be read and why, in words.
    pub fn in_words(&self) -> String {
        format!("{} {} cannot be read: {}", self.kind, self.name, self.reason.words())
    }
}

/// What a server said about rights when it was asked anew. None for an object that was asked for and did not come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fresh {
    /// Category options.
    pub category_options: BTreeMap<Uid, Option<DataAccess>>,
    /// Data sets.
    pub data_sets: BTreeMap<Uid, Option<DataAccess>>,
    /// Data elements, indicators and program indicators that were asked for and did not come.
    pub gone: BTreeSet<Uid>,
}

/// What a server is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Category options.
    pub category_options: BTreeSet<Uid>,
    /// Data sets.
    pub data_sets: BTreeSet<Uid>,
    /// Data elements.
    pub data_elements: BTreeSet<Uid>,
    /// Indicators.
    pub indicators: BTreeSet<Uid>,
    /// Program indicators.
    pub program_indicators: BTreeSet<Uid>,
}

impl Question {
    /// Adds what an item reads.
    pub fn about(&mut self, item: &SourceItem) {
        let list = match item {
            SourceItem::DataElement { .. } => &mut self.data_elements,
            SourceItem::Indicator { .. } => &mut self.indicators,
            SourceItem::ProgramIndicator { .. } => &mut self.program_indicators,
            SourceItem::ReportingRate { .. } => &mut self.data_sets,
        };
        list.insert(item.data().id());
    }

    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A user's eyes: metadata, account and what was asked anew.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'run> {
    metadata: &'run Metadata,
    account: Option<&'run Account>,
    fresh: Option<&'run Fresh>,
    by_data_set: bool,
}

impl<'run> Reader<'run> {
    /// From synced metadata. Without an account nothing is known of org units.
    pub fn new(metadata: &'run Metadata, account: Option<&'run Account>) -> Self {
        Self { metadata, account, fresh: None, by_data_set: false }
    }

    /// With what the server said just now, which counts more than the sync.
    #[must_use]
    pub fn with_fresh(self, fresh: &'run Fresh) -> Self {
        Self { fresh: Some(fresh), ..self }
    }

    /// For a server that reads raw values by data set: below 2.39.
    #[must_use]
    pub fn by_data_set(self, by_data_set: bool) -> Self {
        Self { by_data_set, ..self }
    }

    /// What speaks against a category option.
    pub fn option(&self, id: Uid) -> Option<Unreadable> {
        let synced = self.metadata.category_options.get(&id);
        let asked = self.fresh.and_then(|fresh| fresh.category_options.get(&id));
        let access = asked.copied().unwrap_or_else(|| synced.map(|option| option.access));
        let reason = match access {
            Some(access) if access.read => return None,
            Some(_) => Reason::NoDataRead,
            None if self.sees_everything() => return None,
            // It was shown at the sync: what was taken away since is the right.
            None if synced.is_some() => Reason::NoDataRead,
            None => self.unseen(id),
        };
        Some(Unreadable { kind: "category option", id, name: self.option_name(id), reason })
    }

    /// An option's name; one that was never shown is known by its id alone, so a combo that it is part of is named, too.
    fn option_name(&self, id: Uid) -> String {
        let name = self.metadata.name_of(id);
        let mut combos = self.metadata.category_option_combos.values();
        match combos.find(|combo| name == id.as_str() && combo.category_options.contains(&id)) {
            Some(combo) => format!("{name} (of {})", combo.name),
            None => name,
        }
    }

    /// What speaks against an option combo: the first of its options that cannot be read.
    pub fn combo(&self, id: Uid) -> Option<Unreadable> {
        match self.metadata.category_option_combos.get(&id) {
            // Of the default combo only a clear "no" counts: small or old servers do not list its option.
            Some(_) if id == Uid::DEFAULT_OPTION_COMBO => {
                self.options_of(id).into_iter().find_map(|option| self.option(option)).filter(is_refused)
            }
            Some(combo) => combo.category_options.iter().find_map(|option| self.option(*option)),
            None if id == Uid::DEFAULT_OPTION_COMBO || self.sees_everything() => None,
            None => {
                let (name, reason) = (self.metadata.name_of(id), self.unseen(id));
                Some(Unreadable { kind: "category option combo", id, name, reason })
            }
        }
    }

    /// What speaks against an org unit.
    pub fn org_unit(&self, id: Uid) -> Option<Unreadable> {
        let roots = self.account.map_or(&[][..], Account::view_roots);
        let reason = match self.metadata.organisation_units.get(&id) {
            Some(unit) if roots.is_empty() || roots.iter().any(|root| unit.is_within(*root)) => return None,
            Some(_) => Reason::OutsideView,
            None => self.unseen(id),
        };
        let name = self.metadata.org_unit_path_names(id);
        Some(Unreadable { kind: "organisation unit", id, name, reason })
    }

    /// What speaks against a data set.
    pub fn data_set(&self, id: Uid) -> Option<Unreadable> {
        let synced = self.metadata.data_sets.get(&id);
        let asked = self.fresh.and_then(|fresh| fresh.data_sets.get(&id));
        let access = asked.copied().unwrap_or_else(|| synced.map(|set| set.access));
        let reason = match access {
            Some(access) if access.read => return None,
            Some(_) => Reason::NoDataRead,
            None if self.sees_everything() => return None,
            None => self.unseen(id),
        };
        Some(Unreadable { kind: "data set", id, name: self.metadata.name_of(id), reason })
    }

    /// What an item names and the metadata does not have, or does not show to the user.
    pub fn missing(&self, item: &SourceItem) -> Option<Unreadable> {
        let metadata = self.metadata;
        let not_there = |kind, id| Some(Unreadable { kind, id, name: metadata.name_of(id), reason: self.unseen(id) });
        let id = item.data().id();
        if self.fresh.is_some_and(|fresh| fresh.gone.contains(&id)) {
            return not_there(item.kind().words(), id);
        }
        match item {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                let mut combos = [category_option_combo, attribute_option_combo].into_iter().flatten();
                if let Some(combo) = combos.find(|combo| !metadata.category_option_combos.contains_key(combo)) {
                    return not_there("category option combo", *combo);
                }
                if metadata.data_elements.contains_key(id) { None } else { not_there("data element", *id) }
            }
            SourceItem::Indicator { id } if metadata.indicators.contains_key(id) => None,
            SourceItem::Indicator { id } => not_there("indicator", *id),
            SourceItem::ProgramIndicator { id } if metadata.program_indicators.contains_key(id) => None,
            SourceItem::ProgramIndicator { id } => not_there("program indicator", *id),
            SourceItem::ReportingRate { data_set, .. } => {
                let asked = self.fresh.and_then(|fresh| fresh.data_sets.get(data_set));
                let is_there = asked.map_or_else(|| metadata.data_sets.contains_key(data_set), Option::is_some);
                if is_there { None } else { not_there("data set", *data_set) }
            }
        }
    }

    /// Everything that an item reads and that the user may not read. Empty: an empty cell is an empty cell.
    pub fn item(&self, item: &SourceItem, read: ReadFrom) -> Vec<Unreadable> {
        let (id, category_option_combo, attribute_option_combo) = match item {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                (id, category_option_combo, attribute_option_combo)
            }
            SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => return Vec::new(),
            SourceItem::ReportingRate { data_set, .. } => return self.data_set(*data_set).into_iter().collect(),
        };
        let mut found: BTreeSet<Unreadable> = BTreeSet::new();
        let attributes = match attribute_option_combo {
            Some(combo) => BTreeSet::from([*combo]),
            None => self.attribute_option_combos(*id),
        };
        found.extend(attributes.into_iter().filter_map(|combo| self.combo(combo)));
        if read == ReadFrom::Analytics {
            let categories = match category_option_combo {
                Some(combo) => BTreeSet::from([*combo]),
                None => self.category_option_combos(*id),
            };
            found.extend(categories.into_iter().filter_map(|combo| self.combo(combo)));
        } else if self.by_data_set {
            let sets = self.metadata.data_sets_of(*id);
            found.extend(sets.filter_map(|set| self.data_set(set.id)));
        }
        found.into_iter().collect()
    }

    /// Whether a server refuses every question in which an item stands: analytics answers E7121 where a reporting rate is
    /// asked for without data read access to its data set, whatever else was asked (dhis2-api 4.7).
    pub fn spoils_questions(&self, item: &SourceItem) -> bool {
        match item {
            SourceItem::DataElement { .. } | SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => {
                false
            }
            SourceItem::ReportingRate { data_set, .. } => self.data_set(*data_set).is_some(),
        }
    }

    /// What hides the stored values of an address from a raw read.
    pub fn address(&self, address: &CellAddress) -> Option<Unreadable> {
        self.combo(address.attribute_option_combo)
    }

    /// The attribute option combos under which values of a data element may stand.
    pub fn attribute_option_combos(&self, data_element: Uid) -> BTreeSet<Uid> {
        let sets = self.metadata.data_sets_of(data_element);
        self.members(sets.map(|set| set.category_combo))
    }

    /// The category option combos under which values of a data element may stand.
    pub fn category_option_combos(&self, data_element: Uid) -> BTreeSet<Uid> {
        let own = self.metadata.data_elements.get(&data_element).map(|element| element.category_combo);
        let sets = self.metadata.data_sets_of(data_element);
        self.members(sets.filter_map(|set| self.metadata.effective_category_combo(set, data_element)).chain(own))
    }

    /// The category options that decide whether an item can be read: what a run asks the server about.
    pub fn options_behind(&self, item: &SourceItem, read: ReadFrom) -> BTreeSet<Uid> {
        let (id, category_option_combo, attribute_option_combo) = match item {
            SourceItem::DataElement { id, category_option_combo, attribute_option_combo } => {
                (id, category_option_combo, attribute_option_combo)
            }
            SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } | SourceItem::ReportingRate { .. } => {
                return BTreeSet::new();
            }
        };
        let mut combos = attribute_option_combo.map_or_else(|| self.attribute_option_combos(*id), |id| [id].into());
        if read == ReadFrom::Analytics {
            let all = || self.category_option_combos(*id);
            combos.extend(category_option_combo.map_or_else(all, |id| [id].into()));
        }
        combos.remove(&Uid::DEFAULT_OPTION_COMBO);
        combos.into_iter().flat_map(|combo| self.options_of(combo)).collect()
    }

    /// The data sets that decide whether an item can be read.
    pub fn data_sets_behind(&self, item: &SourceItem, read: ReadFrom) -> BTreeSet<Uid> {
        match item {
            SourceItem::DataElement { id, .. } if self.by_data_set && read == ReadFrom::Raw => {
                self.metadata.data_sets_of(*id).map(|set| set.id).collect()
            }
            SourceItem::ReportingRate { data_set, .. } => BTreeSet::from([*data_set]),
            SourceItem::DataElement { .. } | SourceItem::Indicator { .. } | SourceItem::ProgramIndicator { .. } => {
                BTreeSet::new()
            }
        }
    }

    /// The options of an option combo.
    pub fn options_of(&self, combo: Uid) -> Vec<Uid> {
        self.metadata.category_option_combos.get(&combo).map_or_else(Vec::new, |combo| combo.category_options.clone())
    }

    fn members(&self, combos: impl Iterator<Item = Uid>) -> BTreeSet<Uid> {
        let known = combos.filter_map(|combo| self.metadata.category_combos.get(&combo));
        known.flat_map(|combo| combo.category_option_combos.iter().copied()).collect()
    }

    /// Why an object does not show: what was there once was deleted, or is no longer shared with the user.
    fn unseen(&self, id: Uid) -> Reason {
        let gone_now = self.fresh.is_some_and(|fresh| fresh.gone.contains(&id));
        if gone_now || self.metadata.lost.contains_key(&id) { Reason::NoLongerVisible } else { Reason::NotVisible }
    }

    /// The user by name, if it is known.
    pub fn user(&self) -> &'run str {
        self.account.map(|account| account.username.as_str()).filter(|name| !name.is_empty()).unwrap_or("the user")
    }

    /// Whether what is missing is not hidden but gone.
    fn sees_everything(&self) -> bool {
        self.account.is_some_and(Account::is_superuser)
    }
}

fn is_refused(found: &Unreadable) -> bool {
    found.reason == Reason::NoDataRead
}

#[cfg(test)]
mod tests {
    use super::{Fresh, Reader, Reason};
    use crate::item::SourceItem;
    use crate::job::ReadFrom;
    use crate::metadata::{DataAccess, Metadata};
    use crate::server::Account;
    use crate::testing::{self as fixture, district_a, element, female, male, metadata, uid, unit};
    use crate::uid::Uid;

    const NONE: DataAccess = DataAccess { read: false, write: false };

    fn without_right_to(name: &str) -> Metadata {
        let mut metadata = metadata();
        metadata.category_options.values_mut().filter(|option| option.name == name).for_each(|option| {
            option.access = NONE;
        });
        metadata
    }

    fn open(number: u8) -> SourceItem {
        SourceItem::DataElement { id: element(number), category_option_combo: None, attribute_option_combo: None }
    }

    /// The data set's attribute combo is Sex from here on.
    fn by_sex(mut metadata: Metadata) -> Metadata {
        metadata.data_sets.values_mut().for_each(|set| set.category_combo = fixture::sex_combo());
        metadata
    }

    #[test]
    fn raw_reads_go_by_attribute_options_and_analytics_by_both() {
        let metadata = without_right_to("female");
        let reader = Reader::new(&metadata, None);
        assert_eq!(reader.item(&open(2), ReadFrom::Raw), [], "raw values of a COC come whatever its options say");
        let found = reader.item(&open(2), ReadFrom::Analytics);
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].in_words(),
            "category option female cannot be read: the user has no data read access to it"
        );
        let attributes = by_sex(without_right_to("female"));
        let reader = Reader::new(&attributes, None);
        assert_eq!(reader.item(&open(1), ReadFrom::Raw).len(), 1, "a total that misses a part is no total");
        let named = |combo| SourceItem::DataElement {
            id: element(1),
            category_option_combo: None,
            attribute_option_combo: Some(combo),
        };
        assert_eq!(reader.item(&named(male()), ReadFrom::Raw), []);
        assert_eq!(reader.item(&named(female()), ReadFrom::Raw)[0].name, "female");
    }

    #[test]
    fn what_the_server_says_now_counts_more_than_the_sync() {
        let metadata = by_sex(metadata());
        let option = metadata.category_option_combos[&female()].category_options[0];
        let mut fresh = Fresh::default();
        fresh.category_options.insert(option, Some(NONE));
        let reader = Reader::new(&metadata, None);
        assert_eq!(reader.item(&open(1), ReadFrom::Raw), []);
        assert_eq!(reader.with_fresh(&fresh).item(&open(1), ReadFrom::Raw)[0].reason, Reason::NoDataRead);
        fresh.category_options.insert(option, None);
        let taken = &reader.with_fresh(&fresh).item(&open(1), ReadFrom::Raw)[0];
        assert_eq!((taken.reason, taken.name.as_str()), (Reason::NoDataRead, "female"), "it was shown at the sync");
        assert!(reader.options_behind(&open(1), ReadFrom::Raw).contains(&option));
    }

    #[test]
    fn an_option_that_is_not_shown_is_not_read_unless_the_user_sees_everything() {
        let mut metadata = by_sex(metadata());
        metadata.category_options.retain(|_, option| option.name == "male");
        let found = Reader::new(&metadata, None).item(&open(1), ReadFrom::Raw);
        assert_eq!((found.len(), found[0].reason), (1, Reason::NotVisible));
        let everything = Account { authorities: vec!["ALL".to_owned()], ..Account::default() };
        assert_eq!(Reader::new(&metadata, Some(&everything)).item(&open(1), ReadFrom::Raw), []);
        // The default combo is there on every server.
        metadata.data_sets.values_mut().for_each(|set| set.category_combo = Uid::DEFAULT_CATEGORY_COMBO);
        assert_eq!(Reader::new(&metadata, None).item(&open(1), ReadFrom::Raw), []);
    }

    #[test]
    fn org_units_and_data_sets() {
        let mut metadata = metadata();
        let account = Account { organisation_units: vec![district_a()], ..Account::default() };
        let reader = Reader::new(&metadata, Some(&account));
        assert_eq!(reader.org_unit(unit(1)), None);
        assert_eq!(reader.org_unit(unit(5)).unwrap().name, "Country / District B / Clinic 5");
        assert_eq!(reader.org_unit(uid("Gone", 1)).unwrap().reason, Reason::NotVisible);
        metadata.data_sets.values_mut().for_each(|set| set.access = NONE);
        let reader = Reader::new(&metadata, None);
        assert_eq!(reader.item(&open(1), ReadFrom::Raw), [], "from 2.39 on a data element is read by itself");
        assert_eq!(reader.by_data_set(true).item(&open(1), ReadFrom::Raw)[0].kind, "data set");
    }
}
