//! What the logged-in user may do with the data of some category options and data sets, asked afresh.
//!
//! A sync keeps `access[data]` too (`wire_category`, `wire_data`), but rights change between a sync and a run, and a
//! right that was taken away looks like "no value": servers leave the rows out of a raw read without a word
//! (dhis2-api 2.3). A run asks again before it takes an absent value for an empty one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::dhis2::answer::Answer;
use crate::dhis2::client::Client;
use crate::dhis2::error::{ClientError, ClientErrorKind};
use crate::dhis2::metadata::page::read_page;
use crate::dhis2::metadata::wire::{Listed, WireAccess, access};
use crate::dhis2::metadata::wire_category::WireCategoryOption;
use crate::dhis2::metadata::wire_data::WireDataSet;
use crate::dhis2::query::{Query, distinct};
use crate::dhis2::transport::Ask;
use crate::domain::metadata::DataAccess;
use crate::domain::uid::{UID_LENGTH, Uid};

/// What a user may do with the data of the objects that were asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessNow {
    /// By category option.
    pub category_options: BTreeMap<Uid, DataAccess>,
    /// By data set.
    pub data_sets: BTreeMap<Uid, DataAccess>,
    /// What the server does not show to this user, or does not have: whether its data may be read is not known, so
    /// nothing that is absent there may be taken for empty.
    pub not_shown: BTreeSet<Uid>,
}

impl AccessNow {
    /// Whether the user may read data of the object; none where the server does not show it or it was not asked about.
    pub fn may_read(&self, id: Uid) -> Option<bool> {
        self.category_options.get(&id).or_else(|| self.data_sets.get(&id)).map(|access| access.read)
    }
}

#[derive(Deserialize)]
struct WireShown {
    id: String,
    access: Option<WireAccess>,
}

/// Reads one answer of the call: the objects that the server shows, with what the user may do.
pub fn read_access(plural: &'static str, answer: &Answer) -> Result<BTreeMap<Uid, DataAccess>, ClientErrorKind> {
    let page = read_page::<WireShown>(answer.json()?, plural)?;
    // An entry that cannot be read stays out: its object counts as not shown, which allows nothing.
    let shown = page.objects.into_iter().filter_map(|shown| Some((Uid::parse(&shown.id).ok()?, access(shown.access))));
    Ok(shown.collect())
}

impl Client {
    /// Asks the server what the logged-in user may do with the data of these objects, in short requests. Caches on the
    /// way are told not to answer.
    pub async fn data_access(&self, category_options: &[Uid], data_sets: &[Uid]) -> Result<AccessNow, ClientError> {
        let mut now = AccessNow {
            category_options: self.access_of(WireCategoryOption::PLURAL, category_options).await?,
            data_sets: self.access_of(WireDataSet::PLURAL, data_sets).await?,
            not_shown: BTreeSet::new(),
        };
        let asked = category_options.iter().chain(data_sets);
        now.not_shown = asked.copied().filter(|id| now.may_read(*id).is_none()).collect();
        Ok(now)
    }

    async fn access_of(&self, plural: &'static str, ids: &[Uid]) -> Result<BTreeMap<Uid, DataAccess>, ClientError> {
        // Asked for whole: 2.44 answers paged lists by another engine, which leaves objects out.
        let base = Query::new(plural).pair("fields", "id,access[data]").pair("paging", "false");
        let frame = self.transport.request_line(&base.clone().pair("filter", "id:in:[]"));
        let room = self.transport.limits.request_line.saturating_sub(frame);
        let ids_each = (room / (UID_LENGTH + 1)).max(1);
        let mut shown = BTreeMap::new();
        for part in distinct(ids).chunks(ids_each) {
            let list: Vec<&str> = part.iter().map(Uid::as_str).collect();
            let query = base.clone().pair("filter", &format!("id:in:[{}]", list.join(",")));
            let ask = Ask { fresh: true, ..Ask::get(query) };
            shown.extend(self.read(ask, |answer| read_access(plural, answer)).await?);
        }
        Ok(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::read_access;
    use crate::dhis2::answer::Answer;
    use crate::domain::metadata::DataAccess;
    use crate::domain::uid::Uid;

    fn recorded(version: &str, name: &str) -> Answer {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("fixtures/recorded/{version}/metadata/{name}.json"));
        let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        Answer::new(200, Some("application/json"), serde_json::to_vec(&recorded["response"]["body"]).unwrap())
    }

    #[test]
    fn what_servers_of_every_version_say_about_a_user_who_only_reads() {
        for version in ["2.40", "2.41", "2.42", "2.43"] {
            let sets = read_access("dataSets", &recorded(version, "data-sets-as-read-only-user")).unwrap();
            let monthly = sets[&Uid::parse("DstMonthly1").unwrap()];
            assert_eq!(monthly, DataAccess { read: true, write: false }, "{version}");
            let options = read_access("categoryOptions", &recorded(version, "category-options-fields")).unwrap();
            assert!(options.values().all(|option| option.read && option.write), "{version}: an administrator");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_shown() {
        let body = r#"{"categoryOptions":[{"id":"CopAge04001","access":{"data":{"read":false,"write":false}}},
            {"id":"bad"},{"id":"CopAge05002","access":7}]}"#;
        let shown = read_access("categoryOptions", &Answer::new(200, Some("application/json"), body)).unwrap();
        assert_eq!(shown.len(), 1);
        assert!(!shown.values().next().unwrap().read);
    }
}
