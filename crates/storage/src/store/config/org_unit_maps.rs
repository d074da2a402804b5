//! The org unit map of each pair.

use rusqlite::{Transaction, params};

use crate::store::column::{ByName, Columns, Id};
use crate::store::config::ConfigStore;
use crate::store::config::fingerprints::{LookAtRow, keep_rows, rows_in_force};
use crate::store::error::StoreError;
use xfer_domain::org_unit_map::{MappingState, OrgUnitMapping};
use xfer_domain::pair::Pair;
use xfer_domain::server::ServerId;
use xfer_domain::uid::Uid;

/// How many rows of a map are in each state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the fields are the states, which are documented at `MappingState`")]
pub struct MappingCounts {
    pub confirmed: u64,
    pub proposed: u64,
    pub ignored: u64,
}

impl ConfigStore {
    /// The pairs that have a map.
    pub fn mapped_pairs(&self) -> Result<Vec<Pair>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection
                .prepare("SELECT DISTINCT source_server, destination_server FROM org_unit_mapping ORDER BY 1, 2")?;
            let pairs = statement
                .query_map([], |row| Ok(Pair { source: ServerId(row.get(0)?), destination: ServerId(row.get(1)?) }))?
                .collect::<Result<_, _>>()?;
            Ok(pairs)
        })
    }

    /// The map of a pair, by source id.
    pub fn org_unit_map(&self, pair: Pair) -> Result<Vec<OrgUnitMapping>, StoreError> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT source, destination, method, score, class, explanation, state, note FROM org_unit_mapping \
                 WHERE source_server = ?1 AND destination_server = ?2 ORDER BY source",
            )?;
            let rows = statement.query_map([pair.source.0, pair.destination.0], |row| {
                Ok(OrgUnitMapping {
                    source: row.id(0)?,
                    destination: row.id_if_any(1)?,
                    method: row.named(2)?,
                    score: row.get(3)?,
                    class: row.named_if_any(4)?,
                    explanation: row.get(5)?,
                    state: row.named(6)?,
                    note: row.get(7)?,
                })
            })?;
            let map = rows.collect::<Result<_, _>>()?;
            Ok(map)
        })
    }

    /// How many rows of a pair's map are in each state.
    pub fn org_unit_map_counts(&self, pair: Pair) -> Result<MappingCounts, StoreError> {
        self.database.read(|connection| {
            let mut counts = MappingCounts::default();
            let mut statement = connection.prepare_cached(
                "SELECT state, count(*) FROM org_unit_mapping \
                 WHERE source_server = ?1 AND destination_server = ?2 GROUP BY state",
            )?;
            let mut rows = statement.query([pair.source.0, pair.destination.0])?;
            while let Some(row) = rows.next()? {
                let count = match row.named(0)? {
                    MappingState::Confirmed => &mut counts.confirmed,
                    MappingState::Proposed => &mut counts.proposed,
                    MappingState::Ignored => &mut counts.ignored,
                };
                *count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
            }
            Ok(counts)
        })
    }

    /// Puts these rows in the place of the whole map of a pair. Rows that come into force by it are looked at.
    pub fn replace_org_unit_map(
        &mut self,
        pair: Pair,
        rows: &[OrgUnitMapping],
        look: LookAtRow<'_>,
    ) -> Result<(), StoreError> {
        self.database.write(|transaction| {
            let in_force = rows_in_force(transaction, pair, rows)?;
            transaction.execute(
                "DELETE FROM org_unit_mapping WHERE source_server = ?1 AND destination_server = ?2",
                [pair.source.0, pair.destination.0],
            )?;
            put(transaction, pair, rows)?;
            keep_rows(transaction, pair, rows, &in_force, look)
        })
    }

    /// Adds rows to the map of a pair; a row of the same source unit is replaced, all others stay. Rows that come into
    /// force by it are looked at.
    pub fn merge_org_unit_map(
        &mut self,
        pair: Pair,
        rows: &[OrgUnitMapping],
        look: LookAtRow<'_>,
    ) -> Result<(), StoreError> {
        self.database.write(|transaction| merge(transaction, pair, rows, look))
    }

    /// Takes the rows of these source units out of the map of a pair; gives how many there were.
    pub fn remove_from_org_unit_map(&mut self, pair: Pair, sources: &[Uid]) -> Result<usize, StoreError> {
        self.database.write(|transaction| {
            let mut statement = transaction.prepare_cached(
                "DELETE FROM org_unit_mapping WHERE source_server = ?1 AND destination_server = ?2 AND source = ?3",
            )?;
            let mut removed = 0;
            for source in sources {
                removed += statement.execute(params![pair.source.0, pair.destination.0, Id(*source)])?;
            }
            Ok(removed)
        })
    }
}

/// Adds rows within a transaction, as `merge_org_unit_map` does.
pub(super) fn merge(
    transaction: &Transaction<'_>,
    pair: Pair,
    rows: &[OrgUnitMapping],
    look: LookAtRow<'_>,
) -> Result<(), StoreError> {
    let in_force = rows_in_force(transaction, pair, rows)?;
    put(transaction, pair, rows)?;
    keep_rows(transaction, pair, rows, &in_force, look)
}

/// Adds rows to the map of a pair; a row of the same source unit is replaced.
fn put(transaction: &Transaction<'_>, pair: Pair, rows: &[OrgUnitMapping]) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT OR REPLACE INTO org_unit_mapping \
         (source_server, destination_server, source, destination, method, score, class, explanation, state, note) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for row in rows {
        statement.execute(params![
            pair.source.0,
            pair.destination.0,
            Id(row.source),
            row.destination.map(Id),
            ByName(row.method),
            row.score,
            row.class.map(ByName),
            row.explanation,
            ByName(row.state),
            row.note
        ])?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use crate::store::config::{ConfigStore, MappingCounts};
    use crate::store::testing::{add_server, uid};
    use xfer_domain::org_unit_map::{MappingState, MatchClass, MatchMethod, OrgUnitMapping};
    use xfer_domain::pair::Pair;

    /// Rows of every method and state in turn.
    pub(in crate::store::config) fn rows(number: usize) -> Vec<OrgUnitMapping> {
        (0..number)
            .map(|index| {
                let state = MappingState::ALL[index % 3];
                OrgUnitMapping {
                    source: uid('o', index),
                    destination: (state != MappingState::Ignored).then(|| uid('e', index / 2)),
                    method: MatchMethod::ALL[index % 6],
                    score: (index % 2 == 0).then_some(0.1 + 0.2),
                    class: (index % 2 == 0).then_some(MatchClass::ALL[index % 3]),
                    explanation: (index % 2 == 0).then(|| "same name".to_owned()),
                    state,
                    note: (index == 1).then(|| "closed in 2023".to_owned()),
                }
            })
            .collect()
    }

    #[test]
    fn a_map_is_replaced_merged_and_counted_for_its_pair_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = ConfigStore::in_memory(folder.path()).unwrap();
        let source = add_server(&mut store, "a", "https://a.org", "x").id;
        let destination = add_server(&mut store, "b", "https://b.org", "x").id;
        let pair = Pair { source, destination };
        let back = Pair { source: destination, destination: source };
        let ten = rows(10);
        store.replace_org_unit_map(pair, &ten, &|_| None).unwrap();
        store.replace_org_unit_map(back, &rows(1), &|_| None).unwrap();
        assert_eq!(store.org_unit_map(pair).unwrap(), ten);
        let counts = MappingCounts { confirmed: 4, proposed: 3, ignored: 3 };
        assert_eq!(store.org_unit_map_counts(pair).unwrap(), counts);

        let changed = OrgUnitMapping { state: MappingState::Confirmed, note: None, ..ten[1].clone() };
        let added = OrgUnitMapping { source: uid('z', 1), ..ten[0].clone() };
        store.merge_org_unit_map(pair, &[changed.clone(), added.clone()], &|_| None).unwrap();
        let merged = store.org_unit_map(pair).unwrap();
        assert_eq!((merged.len(), &merged[1], &merged[10]), (11, &changed, &added));
        assert_eq!(store.remove_from_org_unit_map(pair, &[added.source, uid('z', 9)]).unwrap(), 1);
        store.replace_org_unit_map(pair, &[], &|_| None).unwrap();
        assert_eq!(store.org_unit_map(pair).unwrap(), vec![]);
        assert_eq!(store.mapped_pairs().unwrap(), vec![back]);
    }
}
