//! What both users may read, checked again when a run begins.
//!
//! Synced metadata says what a user could read when it was synced. A right that was taken away since would make values
//! look as if they were gone, and `when_empty` would then delete their copies. So each run asks about the category
//! options behind what it reads (one short request for each side, and none where only the combo `default` is used),
//! and below 2.39, where raw values are read by data set, about the data sets. Data elements and indicators that are
//! gone are left out of answers, too, and their absence looks like a period without values: so they are asked about as
//! well. The org units come with the probe.

use std::collections::BTreeSet;

use crate::engine::servers::DataServer;
use xfer_dhis2::error::ClientError;
use xfer_dhis2::system::Probe;
use xfer_domain::access::{Fresh, Question, Reader};
use xfer_domain::cell::CellAddress;
use xfer_domain::item::SourceItem;
use xfer_domain::job::ReadFrom;
use xfer_domain::metadata::Metadata;
use xfer_domain::routine::RoutineDocument;

/// The first version that reads raw values by data element.
const BY_DATA_ELEMENT: u16 = 39;

/// A user's eyes as far as the sync knows them.
pub(super) fn reader<'run>(metadata: &'run Metadata, probe: &'run Probe) -> Reader<'run> {
    Reader::new(metadata, Some(&probe.account)).by_data_set(probe.identity.version.major < BY_DATA_ELEMENT)
}

/// What the source says now about all that the items read.
pub(super) async fn of_source<S: DataServer>(
    client: &S,
    reader: Reader<'_>,
    document: &RoutineDocument,
) -> Result<Fresh, ClientError> {
    let items = || document.jobs.iter().flat_map(|job| job.items.iter().map(|item| (&item.source, job.read)));
    let mut question = Question {
        category_options: items().flat_map(|(item, read)| reader.options_behind(item, read)).collect(),
        data_sets: items().flat_map(|(item, read)| reader.data_sets_behind(item, read)).collect(),
        ..Question::default()
    };
    items().for_each(|(item, _)| question.about(item));
    ask(client, question).await
}

/// What the destination says now about the cells that are compared: those that the items write, and those of these other
/// addresses, which earlier runs wrote.
pub(super) async fn of_destination<D: DataServer>(
    client: &D,
    reader: Reader<'_>,
    document: &RoutineDocument,
    others: &BTreeSet<CellAddress>,
) -> Result<Fresh, ClientError> {
    let addresses = document.jobs.iter().flat_map(|job| job.items.iter().map(|item| item.destination));
    let category_options = addresses
        .chain(others.iter().copied())
        .flat_map(|address| reader.options_behind(&stored(address), ReadFrom::Raw))
        .collect();
    ask(client, Question { category_options, ..Question::default() }).await
}

/// The values of an address, as something that is read.
fn stored(address: CellAddress) -> SourceItem {
    SourceItem::DataElement {
        id: address.data_element,
        category_option_combo: Some(address.category_option_combo),
        attribute_option_combo: Some(address.attribute_option_combo),
    }
}

async fn ask<S: DataServer>(client: &S, question: Question) -> Result<Fresh, ClientError> {
    if question.is_empty() { Ok(Fresh::default()) } else { client.rights(&question).await }
}
