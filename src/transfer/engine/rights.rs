//! What both users may read, asked anew when a run begins.
//!
//! Synced metadata says what a user could read when it was synced. A right that was taken away since would make values
//! look as if they were gone, and `when_empty` would then delete their copies. So each run asks about the category
//! options behind what it reads (one short request for each side, and none where only the combo `default` is used),
//! and below 2.39, where raw values are read by data set, about the data sets. The org units come with the probe.

use std::collections::BTreeSet;

use crate::dhis2::error::ClientError;
use crate::dhis2::system::Probe;
use crate::domain::access::{Fresh, Reader};
use crate::domain::cell::CellAddress;
use crate::domain::item::SourceItem;
use crate::domain::job::ReadFrom;
use crate::domain::metadata::Metadata;
use crate::domain::routine::RoutineDocument;
use crate::domain::uid::Uid;
use crate::transfer::engine::servers::DataServer;

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
    let options = items().flat_map(|(item, read)| reader.options_behind(item, read)).collect();
    let data_sets = items().flat_map(|(item, read)| reader.data_sets_behind(item, read)).collect();
    ask(client, options, data_sets).await
}

/// What the destination says now about the cells that are compared.
pub(super) async fn of_destination<D: DataServer>(
    client: &D,
    reader: Reader<'_>,
    document: &RoutineDocument,
) -> Result<Fresh, ClientError> {
    let addresses = document.jobs.iter().flat_map(|job| job.items.iter().map(|item| item.destination));
    let options = addresses.flat_map(|address| reader.options_behind(&stored(address), ReadFrom::Raw)).collect();
    ask(client, options, BTreeSet::new()).await
}

/// The values of an address, as something that is read.
fn stored(address: CellAddress) -> SourceItem {
    SourceItem::DataElement {
        id: address.data_element,
        category_option_combo: Some(address.category_option_combo),
        attribute_option_combo: Some(address.attribute_option_combo),
    }
}

async fn ask<S: DataServer>(
    client: &S,
    options: BTreeSet<Uid>,
    data_sets: BTreeSet<Uid>,
) -> Result<Fresh, ClientError> {
    if options.is_empty() && data_sets.is_empty() {
        return Ok(Fresh::default());
    }
    client.data_access(&options, &data_sets).await
}
