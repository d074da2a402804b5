//! Unchanged cells of a run: how many in each job, org unit and period, instead of a row for each.
//!
//! A nightly run of a national programme finds a million cells as they should be. That each of them was looked at is
//! worth a number; which they were is what the run's plan says. Cells that were sent all the same (`--send-unchanged`) are
//! listed like all that were sent. One row for a part of a run (as a rule a slice), job and
//! period holds how many cells it had in each org unit, packed: the number of the org unit's word as the distance from
//! the one before, then the count, each in as few bytes as it takes. That makes some two bytes for an org unit and period.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::pack::{Packed, push};
use crate::store::state::run_number::run_number;
use crate::store::state::words::Dictionary;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// So many cells of a run were unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnchangedCells {
    /// The job's name.
    pub job: String,
    /// Where.
    pub org_unit: Uid,
    /// When.
    pub period: Period,
    /// How many cells.
    pub cells: u64,
}

/// Counts on their way into the database, by the numbers of job, period and org unit.
#[derive(Debug, Default)]
pub(super) struct Counting {
    by_place: BTreeMap<(i64, i64), BTreeMap<i64, u64>>,
    /// The place of the cell before, and its count: cells come org unit by org unit and period by period.
    last: Option<((i64, i64), i64, u64)>,
}

impl Counting {
    /// Counts a cell.
    pub(super) fn add(&mut self, job: i64, period: i64, org_unit: i64) {
        match &mut self.last {
            Some((place, unit, cells)) if *place == (job, period) && *unit == org_unit => *cells += 1,
            _ => {
                self.put_last();
                self.last = Some(((job, period), org_unit, 1));
            }
        }
    }

    fn put_last(&mut self) {
        if let Some((place, org_unit, cells)) = self.last.take() {
            *self.by_place.entry(place).or_default().entry(org_unit).or_default() += cells;
        }
    }

    /// Writes the counts down beside those that the run has already.
    pub(super) fn write(mut self, transaction: &Transaction<'_>, run: i64) -> Result<(), StoreError> {
        self.put_last();
        let mut insert = transaction.prepare_cached(
            "INSERT INTO unchanged (run, job, period, part, cells, org_units) VALUES (?1, ?2, ?3, \
             (SELECT coalesce(max(part) + 1, 0) FROM unchanged WHERE run = ?1 AND job = ?2 AND period = ?3), ?4, ?5)",
        )?;
        for ((job, period), counts) in self.by_place {
            let cells: u64 = counts.values().sum();
            insert.execute(params![run, job, period, i64::try_from(cells).unwrap_or(i64::MAX), packed(&counts)])?;
        }
        Ok(())
    }
}

impl StateStore {
    /// How many cells of a run were unchanged, by job, org unit and period, in that order; of one job or of all. Runs from
    /// before they were counted list them with their other cells.
    pub fn unchanged(&self, run: Uuid, job: Option<&str>) -> Result<Vec<UnchangedCells>, StoreError> {
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let mut statement = connection
                .prepare_cached("SELECT job, period, org_units FROM unchanged WHERE run = ?1 ORDER BY job, period")?;
            let mut dictionary = Dictionary::new(connection)?;
            let mut counts: BTreeMap<(String, Uid, Period), u64> = BTreeMap::new();
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                let name = dictionary.text(row.get(0)?)?;
                if job.is_some_and(|job| job != name) {
                    continue;
                }
                let period = dictionary.period(row.get(1)?)?;
                for (org_unit, cells) in unpacked(row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?)? {
                    *counts.entry((name.clone(), dictionary.uid(org_unit)?, period)).or_default() += cells;
                }
            }
            let counted = |((job, org_unit, period), cells)| UnchangedCells { job, org_unit, period, cells };
            Ok(counts.into_iter().map(counted).collect())
        })
    }
}

/// How many cells of a run were unchanged.
pub(super) fn total(connection: &Connection, run: i64) -> Result<u64, StoreError> {
    let cells: i64 =
        connection
            .query_row("SELECT coalesce(sum(cells), 0) FROM unchanged WHERE run = ?1", [run], |row| row.get(0))?;
    Ok(u64::try_from(cells).unwrap_or_default())
}

/// The numbers of all org units that are counted anywhere: SQL does not see them.
pub(super) fn org_units(connection: &Connection) -> Result<BTreeSet<i64>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT org_units FROM unchanged")?;
    let mut rows = statement.query([])?;
    let mut numbers = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let counts = unpacked(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)?;
        numbers.extend(counts.into_iter().map(|(org_unit, _)| org_unit));
    }
    Ok(numbers)
}

fn packed(counts: &BTreeMap<i64, u64>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(counts.len() * 3);
    let mut before = 0;
    for (org_unit, cells) in counts {
        // Numbers of words are positive and come in order.
        push(&mut bytes, org_unit.abs_diff(before));
        push(&mut bytes, *cells);
        before = *org_unit;
    }
    bytes
}

fn unpacked(bytes: &[u8]) -> Result<Vec<(i64, u64)>, StoreError> {
    let mut packed = Packed::new(bytes);
    let mut counts = Vec::with_capacity(bytes.len() / 2);
    let mut org_unit = 0_i64;
    while !packed.is_empty() {
        org_unit = org_unit.saturating_add_unsigned(packed.number()?);
        counts.push((org_unit, packed.number()?));
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use uuid::Uuid;

    use super::{packed, unpacked};
    use crate::store::home::Home;
    use crate::store::state::StateStore;
    use crate::store::state::cells::CellFilter;
    use crate::store::state::cells::tests::cells;
    use crate::store::state::journal::tests::begin;
    use crate::store::testing::cell;
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, Claim, Journal};
    use xfer_domain::run::RunMode;

    fn counted(store: &StateStore, run: Uuid, job: Option<&str>) -> Vec<String> {
        let counts = store.unchanged(run, job).unwrap();
        let text = counts.iter().map(|one| format!("{} {} {}={}", one.job, one.org_unit, one.period, one.cells));
        text.collect()
    }

    #[test]
    fn unchanged_cells_are_counted_by_job_org_unit_and_period() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let unchanged = |element, unit, period| cell(element, unit, period, CellState::Unchanged);
        let other_job = CellRecord { job: "hiv".to_owned(), ..unchanged(1, 2, "202401") };
        let first = [
            unchanged(1, 2, "202401"),
            unchanged(2, 2, "202401"),
            cell(3, 2, "202401", CellState::Created),
            unchanged(1, 2, "202402"),
            other_job,
        ];
        store.record_cells(run, &first).unwrap();
        store.record_cells(run, &[unchanged(4, 2, "202401"), unchanged(1, 1, "202401")]).unwrap();
        let malaria = ["malaria o0000000001 202401=1", "malaria o0000000002 202401=3", "malaria o0000000002 202402=1"];
        assert_eq!(counted(&store, run, Some("malaria")), malaria);
        assert_eq!(counted(&store, run, None)[0], "hiv o0000000002 202401=1");
        assert_eq!(counted(&store, run, None).len(), 4);
        assert_eq!(cells(&store, run, &CellFilter::default()).len(), 1, "what changed is listed");
        let counts = store.cell_counts(run).unwrap();
        assert_eq!((counts.total, counts.unchanged, counts.created, counts.unexplained()), (7, 6, 1, 0));
        let other = begin(&mut store, 2, RunMode::Run);
        assert!(counted(&store, other, None).is_empty());
    }

    #[test]
    fn what_was_sent_and_stands_there_as_before_is_listed() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let sent = CellRecord { claim: Claim::Settled, ..cell(1, 2, "202401", CellState::Unchanged) };
        store.record_cells(run, &[sent, cell(2, 2, "202401", CellState::Unchanged)]).unwrap();
        assert_eq!(cells(&store, run, &CellFilter::default()).len(), 1);
        assert_eq!(counted(&store, run, None), ["malaria o0000000002 202401=1"]);
        let counts = store.cell_counts(run).unwrap();
        assert_eq!((counts.total, counts.unchanged, counts.unexplained()), (2, 2, 0));
    }

    #[test]
    fn counts_go_with_their_run_and_keep_their_words() {
        let mut store = StateStore::in_memory().unwrap();
        for number in 1..=3 {
            let run = begin(&mut store, number, RunMode::Run);
            let unit = usize::try_from(number).unwrap();
            store.record_cells(run, &[cell(1, unit, "202401", CellState::Unchanged)]).unwrap();
        }
        assert_eq!(store.prune(1).unwrap(), 2);
        assert_eq!(counted(&store, Uuid::from_u128(3), None), ["malaria o0000000003 202401=1"]);
        assert!(store.unchanged(Uuid::from_u128(1), None).is_err(), "the run is gone");
    }

    #[test]
    fn a_million_unchanged_cells_take_less_than_a_megabyte() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = StateStore::open(&home, Uuid::from_u128(1)).unwrap();
        let file = home.state_database(Uuid::from_u128(1));
        let periods: Vec<String> = (1..=12).map(|month| format!("2024{month:02}")).collect();
        let mut size = 0;
        for number in 1..=2 {
            let run = begin(&mut store, number, RunMode::Run);
            // A tenth of the cells in each place: how many there are costs nothing.
            for slice in 0..100 {
                let units = slice * 100..(slice + 1) * 100;
                let records: Vec<CellRecord> = units
                    .flat_map(|unit| periods.iter().map(move |period| cell(1, unit, period, CellState::Unchanged)))
                    .collect();
                store.record_cells(run, &records).unwrap();
            }
            drop(store);
            let now = std::fs::metadata(&file).unwrap().len();
            assert!(number == 1 || now - size < 500_000, "{} bytes", now - size);
            size = now;
            store = StateStore::open(&home, Uuid::from_u128(1)).unwrap();
        }
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for bytes in [&[1_u8][..], &[1, 0x80], &[1, 2, 3]] {
            assert!(unpacked(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(counts in proptest::collection::btree_map(1..i64::MAX, any::<u64>(), 0..50)) {
            let counts: BTreeMap<i64, u64> = counts;
            let again: BTreeMap<i64, u64> = unpacked(&packed(&counts)).unwrap().into_iter().collect();
            prop_assert_eq!(again, counts);
        }
    }
}
