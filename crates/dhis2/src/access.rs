//! What the logged-in user may do with the data of single objects, read again for each run: rights change after a sync.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind};
use crate::metadata::page::read_page;
use crate::query::Query;
use crate::system::optional;
use crate::transport::Ask;
use xfer_domain::access::{Fresh, Question};
use xfer_domain::metadata::DataAccess;
use xfer_domain::uid::Uid;

/// Ids in one request: with their commas escaped or not, far below the 6,000 bytes of a request line.
const IDS_PER_REQUEST: usize = 200;

#[derive(Deserialize)]
struct WireObject {
    id: Uid,
    access: Option<WireAccess>,
}

#[derive(Deserialize)]
struct WireAccess {
    data: Option<WireData>,
}

#[derive(Deserialize)]
struct WireData {
    read: Option<bool>,
    write: Option<bool>,
}

impl WireObject {
    /// A server that says nothing about access is taken to allow it.
    fn access(&self) -> DataAccess {
        let data = self.access.as_ref().and_then(|access| access.data.as_ref());
        DataAccess {
            read: data.and_then(|data| data.read).unwrap_or(true),
            write: data.and_then(|data| data.write).unwrap_or(true),
        }
    }
}

impl Client {
    /// What the user may do with the data of these category options and data sets. An object that does not come is one
    /// that the user does not see; a list that the server keeps from the user altogether is left out of the answer.
    pub async fn data_access(
        &self,
        category_options: &BTreeSet<Uid>,
        data_sets: &BTreeSet<Uid>,
    ) -> Result<Fresh, ClientError> {
        Ok(Fresh {
            category_options: self.access_to("categoryOptions", category_options).await?,
            data_sets: self.access_to("dataSets", data_sets).await?,
            gone: BTreeSet::new(),
        })
    }

    /// The same, and which data elements and indicators are not there any more, or not shown.
    pub async fn rights(&self, question: &Question) -> Result<Fresh, ClientError> {
        let mut gone = BTreeSet::new();
        for (plural, ids) in [
            ("dataElements", &question.data_elements),
            ("indicators", &question.indicators),
            ("programIndicators", &question.program_indicators),
        ] {
            let found = self.access_to(plural, ids).await?;
            gone.extend(found.into_iter().filter(|(_, access)| access.is_none()).map(|(id, _)| id));
        }
        let access = self.data_access(&question.category_options, &question.data_sets).await?;
        Ok(Fresh { gone, ..access })
    }

    async fn access_to(
        &self,
        plural: &'static str,
        ids: &BTreeSet<Uid>,
    ) -> Result<BTreeMap<Uid, Option<DataAccess>>, ClientError> {
        let mut found = BTreeMap::new();
        let all: Vec<&str> = ids.iter().map(Uid::as_str).collect();
        for asked in all.chunks(IDS_PER_REQUEST) {
            let query = Query::new(plural)
                .pair("fields", "id,access[data]")
                .pair("filter", &format!("id:in:[{}]", asked.join(",")))
                .pair("paging", "false");
            let ask = Ask { fresh: true, ..Ask::list(query) };
            let page = self.read(ask, |answer| read_page::<WireObject>(answer.json()?, plural));
            let page = page.await;
            // No word about rights is not the same as no rule about them.
            if let Err(error) = &page
                && matches!(error.kind, ClientErrorKind::EmptyBody)
            {
                return page.map(|_| found);
            }
            let Some(page) = optional(page)? else { return Ok(BTreeMap::new()) };
            if let Some(odd) = page.left_out.first() {
                return Err(self.fail(plural.to_owned(), ClientErrorKind::malformed(odd)));
            }
            found.extend(asked.iter().filter_map(|id| Some((Uid::parse(id).ok()?, None))));
            found.extend(page.objects.iter().map(|object| (object.id, Some(object.access()))));
        }
        Ok(found)
    }
}
