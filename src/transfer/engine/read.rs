//! Reading the destination's values of a slice: for the comparison, and again as the proof after the push.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use crate::dhis2::bounds::{Excess, MOST_HELD};
use crate::dhis2::data_value_sets::RawQuery;
use crate::dhis2::error::{ClientError, ClientErrorKind};
use crate::domain::uid::Uid;
use crate::transfer::diff::{Stored, StoredValues};
use crate::transfer::engine::context::Context;
use crate::transfer::engine::servers::DataServer;
use crate::transfer::plan::PlannedJob;

/// Bytes that a stored value takes, its texts apart.
const WEIGHT_OF_VALUE: usize = 200;

/// Reads the job's cells of these org units. A cell that comes twice with different contents is one of which nothing is
/// known. Units that the user may not read are named, not guessed.
pub(super) async fn stored<S, D: DataServer>(
    context: &Context<'_, S, D>,
    job: &PlannedJob,
    org_units: &BTreeSet<Uid>,
) -> Result<StoredValues, ClientError> {
    let tree = &context.destination_tree;
    let mut stored = StoredValues {
        values: HashMap::new(),
        twice: BTreeSet::new(),
        unreadable: org_units.iter().copied().filter(|unit| !tree.contains(*unit)).collect(),
    };
    let mut held = 0;
    let data_elements: BTreeSet<Uid> = job.addresses.keys().map(|address| address.data_element).collect();
    let data_sets = data_sets_of(context, &data_elements);
    for read in tree.cover(org_units) {
        let query = RawQuery {
            data_sets: data_sets.clone(),
            data_elements: data_elements.iter().copied().collect(),
            org_units: read.roots,
            children: read.children,
            periods: job.periods.write.clone(),
        };
        let mut take = |value: crate::domain::data_value::DataValue| {
            let ours = job.addresses.contains_key(&value.cell.address()) && org_units.contains(&value.cell.org_unit);
            if !ours || value.deleted || held > MOST_HELD {
                return;
            }
            held += WEIGHT_OF_VALUE + value.text_length();
            let kept = Stored { value: value.value, comment: value.comment, followup: value.followup };
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
        match context.destination.read_raw(&query, &mut take).await {
            Ok(_) if held > MOST_HELD => {
                return Err(ClientError {
                    server: context.destination.name().to_owned(),
                    request: "GET /api/dataValueSets".to_owned(),
                    kind: ClientErrorKind::TooLarge { excess: Excess::Held(MOST_HELD) },
                });
            }
            Ok(_) => {}
            Err(error) if may_not_read(&error.kind, context) => {
                return Ok(StoredValues { unreadable: org_units.clone(), ..StoredValues::default() });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(stored)
}

/// The destination's data sets that hold these elements, for servers that read by data set.
fn data_sets_of<S, D>(context: &Context<'_, S, D>, data_elements: &BTreeSet<Uid>) -> Vec<Uid> {
    let holds = |data_set: &&crate::domain::metadata::DataSet| {
        data_set.data_set_elements.iter().any(|member| data_elements.contains(&member.data_element))
    };
    context.destination_metadata.data_sets.values().filter(holds).map(|data_set| data_set.id).collect()
}

/// Whether the user may write but not read. An empty answer is 2.42's way to say so (`raw-read/superuser-without-org-
/// units`), but only from a user without org units: for others the question was kept within their scope, and an empty
/// answer is a failure like any other.
fn may_not_read<S, D>(kind: &ClientErrorKind, context: &Context<'_, S, D>) -> bool {
    match kind {
        ClientErrorKind::EmptyAnswer => context.account.view_roots().is_empty(),
        ClientErrorKind::Unauthorized { .. } | ClientErrorKind::LoginPage { .. } => false,
        kind => kind.is_permission(),
    }
}
