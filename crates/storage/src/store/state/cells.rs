//! Looking back at the cells of a run.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use uuid::Uuid;

use crate::store::column::Columns;
use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::run_number::run_number;
use crate::store::state::unchanged;
use crate::store::state::words::{Dictionary, not_a, read_key};
use xfer_domain::cell::CellState;
use xfer_domain::journal::{CellRecord, Claim};
use xfer_domain::run::CellCounts;

/// Which cells of a run are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CellFilter {
    /// Those that ended so; empty for all.
    pub states: Vec<CellState>,
    /// Those of this job; none for all.
    pub job: Option<String>,
}

impl StateStore {
    /// Hands the cells of a run over one by one, by job, org unit and period in the order in which they first came up.
    /// They are never all in memory. An error of `receive` ends it. Unchanged cells are not among them: they are counted
    /// ([`StateStore::unchanged`]).
    pub fn cells<E: From<StoreError>>(
        &self,
        run: Uuid,
        filter: &CellFilter,
        mut receive: impl FnMut(CellRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        // Errors of the receiver pass through untouched, those of the database get their file's name.
        let mut received = Ok(());
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let (query, parameters) = cell_query(id, filter);
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params_from_iter(parameters))?;
            let mut dictionary = Dictionary::new(connection)?;
            while let Some(row) = rows.next()? {
                received = receive(read_cell(row, &mut dictionary)?);
                if received.is_err() {
                    break;
                }
            }
            Ok(())
        })?;
        received
    }

    /// How many cells of a run ended in each state, counted from what is kept of the cells themselves.
    pub fn cell_counts(&self, run: Uuid) -> Result<CellCounts, StoreError> {
        self.database.read_together(|connection| {
            let (id, _) = run_number(connection, run)?;
            let mut statement = connection.prepare_cached(
                "SELECT word.text, count(*) FROM cell JOIN word ON word.id = cell.state WHERE run = ?1 GROUP BY state",
            )?;
            let mut rows = statement.query([id])?;
            let mut counts = CellCounts::default();
            while let Some(row) = rows.next()? {
                let number = u64::try_from(row.get::<_, i64>(1)?).unwrap_or_default();
                counts.total += number;
                counts.record(row.named(0)?, number);
            }
            let unchanged = unchanged::total(connection, id)?;
            counts.total += unchanged;
            counts.unchanged += unchanged;
            Ok(counts)
        })
    }
}

fn cell_query(run: i64, filter: &CellFilter) -> (String, Vec<Value>) {
    let mut query = "SELECT job, state, code, reason, org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, previous, value, contributions FROM cell WHERE run = ?"
        .to_owned();
    let mut parameters = vec![Value::from(run)];
    if !filter.states.is_empty() {
        let places = vec!["?"; filter.states.len()].join(", ");
        query += &["AND state IN (SELECT id FROM word WHERE text IN (", &places, "))"].concat();
        parameters.extend(filter.states.iter().map(|state| Value::from(state.name().to_owned())));
    }
    if let Some(job) = &filter.job {
        query += " AND job = (SELECT id FROM word WHERE text = ?)";
        parameters.push(Value::from(job.clone()));
    }
    query += " ORDER BY run, job, org_unit, period, data_element, category_option_combo, attribute_option_combo";
    (query, parameters)
}

fn read_cell(row: &Row<'_>, dictionary: &mut Dictionary<'_>) -> Result<CellRecord, StoreError> {
    let mut word_if_any = |index| -> Result<Option<String>, StoreError> {
        row.get::<_, Option<i64>>(index)?.map(|number| dictionary.text(number)).transpose()
    };
    let (code, reason) = (word_if_any(2)?, word_if_any(3)?);
    let state = dictionary.text(row.get(1)?)?;
    Ok(CellRecord {
        job: dictionary.text(row.get(0)?)?,
        cell: read_key(row, 4, dictionary)?,
        previous: row.get(9)?,
        value: row.get(10)?,
        state: CellState::from_name(&state).ok_or_else(|| not_a("state of a cell", &state))?,
        code,
        reason,
        contributions: row.get(11)?,
        from: None,
        claim: Claim::Stays,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::CellFilter;
    use crate::store::error::StoreError;
    use crate::store::home::Home;
    use crate::store::state::StateStore;
    use crate::store::state::journal::tests::begin;
    use crate::store::testing::cell;
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, Claim, Journal};
    use xfer_domain::run::RunMode;

    /// A record as it is read again: what it meant for the ledger is done.
    pub(in crate::store::state) fn as_read(record: &CellRecord) -> CellRecord {
        CellRecord { claim: Claim::Stays, ..record.clone() }
    }

    pub(in crate::store::state) fn cells(store: &StateStore, run: Uuid, filter: &CellFilter) -> Vec<CellRecord> {
        let mut cells = Vec::new();
        let read: Result<(), StoreError> = store.cells(run, filter, |cell| {
            cells.push(cell);
            Ok(())
        });
        read.unwrap();
        cells
    }

    #[test]
    fn cells_are_read_as_they_were_recorded() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let refused = CellRecord {
            code: Some("E7640".to_owned()),
            reason: Some("not assigned".to_owned()),
            previous: None,
            contributions: u32::MAX,
            ..cell(2, 1, "2024Q1", CellState::Rejected)
        };
        let other_job = CellRecord { job: "hiv".to_owned(), ..cell(1, 1, "202401", CellState::Deleted) };
        let recorded = [cell(1, 1, "202401", CellState::Created), refused.clone(), other_job.clone()];
        store.record_cells(run, &recorded).unwrap();
        let recorded = recorded.each_ref().map(as_read);
        let mut read = cells(&store, run, &CellFilter::default());
        read.sort_by_key(|cell| recorded.iter().position(|other| other == cell));
        assert_eq!(read, recorded);
        let states = CellFilter { states: vec![CellState::Rejected, CellState::Unknown], job: None };
        assert_eq!(cells(&store, run, &states), [refused]);
        let job = CellFilter { states: vec![], job: Some("hiv".to_owned()) };
        assert_eq!(cells(&store, run, &job), [as_read(&other_job)]);
        let nothing = CellFilter { states: vec![CellState::Unknown], job: None };
        assert_eq!(cells(&store, run, &nothing), []);
        let counts = store.cell_counts(run).unwrap();
        assert_eq!((counts.total, counts.created, counts.deleted, counts.rejected), (3, 1, 1, 1));
        assert_eq!(counts.unexplained(), 0);
    }

    #[test]
    fn a_cell_recorded_twice_ended_as_it_was_recorded_last() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Unknown)]).unwrap();
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        let last = as_read(&cell(1, 1, "202401", CellState::Created));
        assert_eq!(cells(&store, run, &CellFilter::default()), [last]);
    }

    #[test]
    fn whoever_reads_cells_may_stop() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let recorded: Vec<CellRecord> = (0..10).map(|unit| cell(1, unit, "202401", CellState::Created)).collect();
        store.record_cells(run, &recorded).unwrap();
        let mut seen = 0;
        let stopped: Result<(), StoreError> = store.cells(run, &CellFilter::default(), |_| {
            seen += 1;
            if seen == 3 { Err(StoreError::Busy { file: "/pipe".into() }) } else { Ok(()) }
        });
        assert!(matches!(stopped, Err(StoreError::Busy { .. })));
        assert_eq!(seen, 3);
    }

    #[test]
    fn tens_of_thousands_of_cells_are_recorded_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path());
        let mut store = StateStore::open(&home, Uuid::from_u128(1)).unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        for chunk in 0..10 {
            let records: Vec<CellRecord> = (0..2_000)
                .map(|number| cell(number % 100, chunk * 20 + number / 100, "202401", CellState::Created))
                .collect();
            store.record_cells(run, &records).unwrap();
        }
        assert_eq!(store.cell_counts(run).unwrap().created, 20_000);
        assert_eq!(cells(&store, run, &CellFilter::default()).len(), 20_000);
        assert_eq!(store.whole_ledger().unwrap().len(), 20_000);
        // Ids kept as text in every row would alone take more than this, without the ledger.
        let size = std::fs::metadata(home.state_database(Uuid::from_u128(1))).unwrap().len();
        assert!(size < 2_000_000, "{size} bytes");
    }
}
