//! Reading the destination's values of a slice: for the comparison, and again as the proof after the push.

use std::collections::BTreeSet;
use std::collections::hash_map::Entry;

use crate::diff::{Stored, StoredBy, StoredValues};
use crate::engine::servers::DataServer;
use crate::plan::{PlannedJob, Tree};
use xfer_dhis2::bounds::{Excess, MOST_HELD};
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_dhis2::error::{ClientError, ClientErrorKind};
use xfer_domain::access::{Reader, Unreadable};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::data_value::DataValue;
use xfer_domain::hashed::{Hashed, HashedSet};
use xfer_domain::metadata::{DataSet, Metadata};
use xfer_domain::period::Period;
use xfer_domain::server::Account;
use xfer_domain::uid::Uid;

/// The destination and what its user may read.
pub(super) struct Side<'run, D> {
    pub(super) server: &'run D,
    pub(super) metadata: &'run Metadata,
    /// The destination's tree as far as its user may read it.
    pub(super) tree: Tree,
    pub(super) account: &'run Account,
    /// The users as whom the routine has written there; none where not all of them are known.
    pub(super) writers: Option<BTreeSet<String>>,
    /// What the user may read, and was told so when the run began.
    pub(super) reader: Reader<'run>,
    /// Attribute option combos that it may read for sure: asked of each of a million cells, the metadata takes its time.
    pub(super) readable: HashedSet<Uid>,
}

impl<D> Side<'_, D> {
    fn stored_by(&self, name: Option<&str>) -> StoredBy {
        match (&self.writers, name) {
            (Some(writers), Some(name)) if writers.contains(name) => StoredBy::Us,
            (Some(_), Some(name)) if !name.is_empty() => StoredBy::SomebodyElse,
            _ => StoredBy::Unknown,
        }
    }

    /// Whether a read shows what stands in a cell: where a right is missing, servers leave rows out without a message, and a
    /// cell that comes twice shows nothing.
    pub(super) fn sees(&self, stored: &StoredValues, cell: &CellKey) -> bool {
        !stored.unreadable.contains(&cell.org_unit) && !stored.twice.contains(cell) && self.hidden(cell).is_none()
    }

    /// What hides a cell's address from the user, as far as the metadata says.
    pub(super) fn hidden(&self, cell: &CellKey) -> Option<Unreadable> {
        if self.readable.contains(&cell.attribute_option_combo) { None } else { self.reader.address(&cell.address()) }
    }
}

/// Bytes that a stored value takes, its texts apart.
const WEIGHT_OF_VALUE: usize = 200;

/// Reads the job's cells of these org units.
pub(super) async fn stored<D: DataServer>(
    side: &Side<'_, D>,
    job: &PlannedJob,
    org_units: &BTreeSet<Uid>,
) -> Result<StoredValues, ClientError> {
    let data_elements: BTreeSet<Uid> = job.addresses.keys().map(|address| address.data_element).collect();
    let addresses: HashedSet<CellAddress> = job.addresses.keys().copied().collect();
    let units: HashedSet<Uid> = org_units.iter().copied().collect();
    let is_ours = |cell: &CellKey| addresses.contains(&cell.address()) && units.contains(&cell.org_unit);
    cells(side, &data_elements, org_units, &job.periods.write, &is_ours).await
}

/// Reads the cells of these org units that are wanted. A cell that comes twice with different contents is one of which
/// nothing is known. Units that the user may not read are named, not guessed.
pub(super) async fn cells<D: DataServer>(
    side: &Side<'_, D>,
    data_elements: &BTreeSet<Uid>,
    org_units: &BTreeSet<Uid>,
    periods: &[Period],
    wanted: &(dyn Fn(&CellKey) -> bool + Sync),
) -> Result<StoredValues, ClientError> {
    let mut stored = StoredValues {
        values: Hashed::default(),
        twice: BTreeSet::new(),
        unreadable: org_units.iter().copied().filter(|unit| !side.tree.contains(*unit)).collect(),
    };
    let mut held = 0;
    let data_sets = data_sets_of(side.metadata, data_elements);
    for read in side.tree.cover(org_units) {
        let query = RawQuery {
            data_sets: data_sets.clone(),
            data_elements: data_elements.iter().copied().collect(),
            org_units: read.roots,
            children: read.children,
            periods: periods.to_vec(),
            authors: true,
        };
        let mut take = |value: DataValue| {
            if !wanted(&value.cell) || value.deleted || held > MOST_HELD {
                return;
            }
            held += WEIGHT_OF_VALUE + value.text_length();
            let by = side.stored_by(value.stored_by.as_deref());
            let kept = Stored { value: value.value, comment: value.comment, followup: value.followup, by };
            match stored.values.entry(value.cell) {
                Entry::Vacant(place) => {
                    place.insert(kept);
                }
                Entry::Occupied(known) if *known.get() == kept => {}
                Entry::Occupied(known) => {
                    stored.twice.insert(*known.key());
                }
            }
        };
        match side.server.read_raw(&query, &mut take).await {
            Ok(_) if held > MOST_HELD => {
                return Err(ClientError {
                    server: side.server.name().to_owned(),
                    request: "GET /api/dataValueSets".to_owned(),
                    kind: ClientErrorKind::TooLarge { excess: Excess::Held(MOST_HELD) },
                });
            }
            Ok(_) => {}
            Err(error) if may_not_read(&error.kind, side.account) => {
                return Ok(StoredValues { unreadable: org_units.clone(), ..StoredValues::default() });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(stored)
}

/// The destination's data sets that hold these elements, for servers that read by data set.
fn data_sets_of(metadata: &Metadata, data_elements: &BTreeSet<Uid>) -> Vec<Uid> {
    let holds = |data_set: &&DataSet| {
        data_set.data_set_elements.iter().any(|member| data_elements.contains(&member.data_element))
    };
    metadata.data_sets.values().filter(holds).map(|data_set| data_set.id).collect()
}

/// Whether the user may write but not read. An empty answer is 2.42's way to say so (`raw-read/superuser-without-org-
/// units`), but only from a user without org units: for others the question was kept within their scope, and an empty
/// answer is a failure like any other.
fn may_not_read(kind: &ClientErrorKind, account: &Account) -> bool {
    match kind {
        ClientErrorKind::EmptyAnswer => account.view_roots().is_empty(),
        ClientErrorKind::Unauthorized { .. } | ClientErrorKind::LoginPage { .. } => false,
        kind => kind.is_permission(),
    }
}
