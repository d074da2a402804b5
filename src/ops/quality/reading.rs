//! Reading the raw values of a source for a check: subtree by subtree as a run does, with memory for what is made of
//! the values and not for the values.

use jiff::civil::Date;

use crate::ops::error::OpsError;
use crate::ops::servers::connect_to_known;
use xfer_dhis2::client::Client;
use xfer_dhis2::data_value_sets::RawQuery;
use xfer_domain::data_value::DataValue;
use xfer_domain::metadata::Metadata;
use xfer_domain::period::Period;
use xfer_domain::server::{Account, Server};
use xfer_domain::uid::Uid;
use xfer_storage::store::ConfigStore;
use xfer_transfer::plan::{Tree, UnitRead, reads};

/// Org units that are read with one request: a request stays well below a minute, and a broken one costs little.
const UNITS_PER_READ: usize = 400;

/// Subtrees that are named in one request, whose line must stay short.
const ROOTS_PER_READ: usize = 100;

/// How often a stream that broke in the middle is read anew; the client has tried the rest.
const STREAM_TRIES: usize = 2;

/// How far a read is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadProgress {
    /// Requests that are done.
    pub done: usize,
    /// Requests in all.
    pub of: usize,
    /// Values so far.
    pub values: u64,
}

/// What is read: data elements of data sets in periods of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// The data sets.
    pub data_sets: Vec<Uid>,
    /// Only these data elements; all where empty.
    pub data_elements: Vec<Uid>,
    /// The periods.
    pub periods: Vec<Period>,
}

/// A source server that is open for reading.
pub(super) struct Reader {
    client: Client,
    reads: Vec<UnitRead>,
    /// The server's own date.
    pub today: Date,
}

impl Reader {
    /// Connects to a server and makes sure that it is the one that was added.
    pub(super) async fn open(config: &ConfigStore, server: &Server, metadata: &Metadata) -> Result<Self, OpsError> {
        let (client, probe) = connect_to_known(config, server).await?;
        let reads = parts(&Tree::new(metadata, view_roots(&probe.account)));
        Ok(Self { client, reads, today: probe.server_date.date() })
    }

    /// Reads everything that the user may see. What `look` makes of the values of one request goes to `keep` when the
    /// request is done; of one that broke nothing is kept.
    pub(super) async fn read<T: Default + Send>(
        &self,
        questions: &[Question],
        look: &(dyn Fn(&mut T, DataValue) + Sync),
        keep: &mut (dyn FnMut(T) + Send),
        progress: &(dyn Fn(ReadProgress) + Send + Sync),
    ) -> Result<u64, OpsError> {
        let of = self.reads.len() * questions.len();
        let mut state = ReadProgress { done: 0, of, values: 0 };
        progress(state);
        for question in questions {
            for part in &self.reads {
                let query = RawQuery {
                    data_sets: question.data_sets.clone(),
                    data_elements: question.data_elements.clone(),
                    org_units: part.roots.clone(),
                    children: part.children,
                    periods: question.periods.clone(),
                    authors: false,
                };
                let (made, values) = self.read_part(&query, look).await?;
                keep(made);
                state = ReadProgress { done: state.done + 1, of, values: state.values + values };
                progress(state);
            }
        }
        Ok(state.values)
    }

    async fn read_part<T: Default + Send>(
        &self,
        query: &RawQuery,
        look: &(dyn Fn(&mut T, DataValue) + Sync),
    ) -> Result<(T, u64), OpsError> {
        let mut tries_left = STREAM_TRIES;
        loop {
            let (mut made, mut values) = (T::default(), 0);
            let mut take = |value: DataValue| {
                // A comment without a value and a deleted value are nothing that could be transferred.
                if value.value.is_some() && !value.deleted {
                    values += 1;
                    look(&mut made, value);
                }
            };
            tries_left -= 1;
            match self.client.read_raw(query, &mut take).await {
                Ok(_) => return Ok((made, values)),
                Err(error) if tries_left == 0 || !error.is_temporary() => return Err(error.into()),
                Err(_) => {}
            }
        }
    }
}

/// The org units whose data a user may read: the data view units, else the capture units; empty means everything.
fn view_roots(account: &Account) -> &[Uid] {
    if account.data_view_organisation_units.is_empty() {
        &account.organisation_units
    } else {
        &account.data_view_organisation_units
    }
}

/// The whole readable tree, cut into requests of about the same number of units.
fn parts(tree: &Tree) -> Vec<UnitRead> {
    let weights = tree.weigh(|_| false);
    let units = |unit: &Uid| weights.get(unit).map_or(1, |weight| weight.units);
    let (mut whole, mut alone) = (Vec::new(), Vec::new());
    let mut open: Vec<Uid> = tree.roots().iter().rev().copied().collect();
    while let Some(unit) = open.pop() {
        let children = tree.children(unit);
        if children.is_empty() || units(&unit) <= UNITS_PER_READ {
            whole.push(unit);
        } else {
            alone.push(unit);
            open.extend(children.iter().rev());
        }
    }
    let mut parts: Vec<UnitRead> = Vec::new();
    let mut room = 0;
    for root in whole {
        let weight = units(&root);
        if let Some(part) = parts.last_mut().filter(|part| room >= weight && part.roots.len() < ROOTS_PER_READ) {
            part.roots.push(root);
        } else {
            parts.push(UnitRead { roots: vec![root], children: true });
            room = UNITS_PER_READ;
        }
        room = room.saturating_sub(weight);
    }
    parts.extend(reads(&alone, false));
    parts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{ROOTS_PER_READ, UNITS_PER_READ, parts};
    use xfer_domain::metadata::{Metadata, OrganisationUnit};
    use xfer_domain::uid::Uid;
    use xfer_transfer::plan::Tree;

    fn uid(number: usize) -> Uid {
        Uid::parse(&format!("Unit{number:07}")).unwrap()
    }

    /// A tree in which each unit hangs below the one that `above` names.
    fn tree(above: &[usize]) -> Tree {
        let mut metadata = Metadata::default();
        for index in 0..=above.len() {
            let id = uid(index);
            let parent = index.checked_sub(1).map(|place| uid(above[place] % index));
            let mut path = parent.map_or_else(Vec::new, |parent| metadata.organisation_units[&parent].path.clone());
            path.push(id);
            let unit = OrganisationUnit {
                id,
                code: None,
                name: format!("Unit {index}"),
                short_name: None,
                path,
                opening_date: None,
                closed_date: None,
                attribute_values: Vec::new(),
            };
            metadata.organisation_units.insert(id, unit);
        }
        Tree::new(&metadata, &[])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn every_unit_is_read_exactly_once_and_no_request_grows_too_big(
            above in proptest::collection::vec(0_usize..40, 0..1_500),
        ) {
            let tree = tree(&above);
            let mut read = Vec::new();
            for part in parts(&tree) {
                prop_assert!(part.roots.len() <= ROOTS_PER_READ);
                let units: Vec<Uid> = if part.children {
                    part.roots.iter().flat_map(|root| tree.subtree(*root)).collect()
                } else {
                    part.roots
                };
                prop_assert!(units.len() <= UNITS_PER_READ);
                read.extend(units);
            }
            prop_assert_eq!(read.len(), above.len() + 1);
            prop_assert_eq!(read.into_iter().collect::<BTreeSet<_>>().len(), above.len() + 1);
        }
    }
}
