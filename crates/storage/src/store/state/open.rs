//! Open cells: values that were sent and whose result is not known yet.
//!
//! They are written with the POST, before it leaves, and go with the record that settles them. As a rule all cells of a POST
//! are settled together, so they are kept as one blob (`open_post`), which costs a tenth of a row for each. Where only some
//! are settled the others become rows (`open_cell`); so does what a killed run, a lost answer or a full disk leaves, when
//! the next run starts. After a run both tables are empty as a rule.

use rusqlite::{CachedStatement, Transaction, params};
use uuid::Uuid;

use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::pack::{Packed, push, push_text, push_word};
use crate::store::state::words::{CellNumbers, Dictionary, Numbering, not_a, read_key};
use xfer_domain::hashed::Hashed;
use xfer_domain::journal::{OpenCell, SentCell};

impl StateStore {
    /// Every open cell, with the run that sent it.
    pub(super) fn read_open_cells(&self) -> Result<Vec<OpenCell>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, run, job, \
                 previous, value, contributions, source_period, blind FROM open_cell",
            )?;
            let mut dictionary = Dictionary::new(connection)?;
            let mut rows = statement.query([])?;
            let mut cells = Vec::new();
            while let Some(row) = rows.next()? {
                let run = dictionary.text(row.get(5)?)?;
                let from = row.get::<_, Option<i64>>(10)?;
                cells.push(OpenCell {
                    run: Uuid::parse_str(&run).map_err(|_| not_a("run", &run))?,
                    job: dictionary.text(row.get(6)?)?,
                    sent: SentCell {
                        cell: read_key(row, 0, &mut dictionary)?,
                        previous: row.get(7)?,
                        blind: row.get(11)?,
                        value: row.get(8)?,
                        contributions: row.get(9)?,
                        from: from.map(|number| dictionary.period(number)).transpose()?,
                    },
                });
            }
            Ok(cells)
        })
    }
}

/// A POST of this process whose cells are open.
#[derive(Debug)]
pub(super) struct OpenPost {
    id: i64,
    /// The word of its run.
    run: i64,
    cells: Vec<CellNumbers>,
}

/// Cells of which it is known what became of them; true where that holds for whatever was sent there, false for what the
/// run sent.
pub(super) type Closed = Hashed<CellNumbers, bool>;

/// Keeps the cells of a POST; none where it has none.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    numbering: &mut Numbering<'_>,
    run: Uuid,
    job: &str,
    cells: &[SentCell],
) -> Result<Option<OpenPost>, StoreError> {
    if cells.is_empty() {
        return Ok(None);
    }
    let (run, job) = (numbering.number(&run.to_string())?, numbering.number(job)?);
    let (mut blob, mut numbers) = (Vec::with_capacity(cells.len() * 24), Vec::with_capacity(cells.len()));
    for sent in cells {
        let cell = numbering.cell(&sent.cell)?;
        for number in cell {
            push_word(&mut blob, number);
        }
        push_text(&mut blob, sent.previous.as_deref());
        push_text(&mut blob, sent.value.as_deref());
        push(&mut blob, u64::from(sent.blind));
        push(&mut blob, u64::from(sent.contributions));
        push_word(&mut blob, numbering.period_if_any(sent.from)?.unwrap_or_default());
        numbers.push(cell);
    }
    transaction
        .prepare_cached("INSERT INTO open_post (run, job, cells) VALUES (?1, ?2, ?3)")?
        .execute(params![run, job, blob])?;
    Ok(Some(OpenPost { id: transaction.last_insert_rowid(), run, cells: numbers }))
}

/// Closes the POSTs all of whose cells are closed; of the others what is left becomes rows.
pub(super) fn close_posts(
    transaction: &Transaction<'_>,
    posts: &[OpenPost],
    closed: &Closed,
    run: i64,
) -> Result<(), StoreError> {
    let mut remove = transaction.prepare_cached("DELETE FROM open_post WHERE id = ?1")?;
    for post in posts {
        let is_closed = |cell: &CellNumbers| closed.get(cell).is_some_and(|all| *all || post.run == run);
        if !post.cells.iter().all(is_closed) {
            spread(transaction, post.id, &|cell| !is_closed(cell))?;
        }
        remove.execute([post.id])?;
    }
    Ok(())
}

/// Makes rows of the cells of every POST.
pub(super) fn spread_all(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached("SELECT id FROM open_post ORDER BY id")?;
    let posts: Vec<i64> = select.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for post in &posts {
        spread(transaction, *post, &|_| true)?;
    }
    if !posts.is_empty() {
        transaction.execute("DELETE FROM open_post", [])?;
    }
    Ok(())
}

/// Makes rows of some cells of a POST. What the same run sent to them before was sent again.
fn spread(transaction: &Transaction<'_>, post: i64, is_left: &dyn Fn(&CellNumbers) -> bool) -> Result<(), StoreError> {
    let mut select = transaction.prepare_cached("SELECT run, job, cells FROM open_post WHERE id = ?1")?;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (run, job, blob): (i64, i64, Vec<u8>) = select.query_row([post], read)?;
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO open_cell (org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, run, job, previous, value, contributions, source_period, blind) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut packed = Packed::new(&blob);
    while !packed.is_empty() {
        let mut cell = CellNumbers::default();
        for number in &mut cell {
            *number = packed.word()?;
        }
        let (previous, value) = (packed.text()?, packed.text()?);
        let (blind, contributions, from) = (packed.word()?, packed.word()?, packed.word()?);
        if is_left(&cell) {
            let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = cell;
            insert.execute(params![
                org_unit,
                period,
                data_element,
                category_option_combo,
                attribute_option_combo,
                run,
                job,
                previous,
                value,
                contributions,
                Some(from).filter(|from| *from != 0),
                blind
            ])?;
        }
    }
    Ok(())
}

/// Closes open cells.
pub(super) struct OpenWriter<'transaction> {
    all: CachedStatement<'transaction>,
    of_run: CachedStatement<'transaction>,
}

impl<'transaction> OpenWriter<'transaction> {
    /// Prepares to write inside a transaction.
    pub(super) fn new(transaction: &'transaction Transaction<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            all: transaction.prepare_cached(
                "DELETE FROM open_cell WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5",
            )?,
            of_run: transaction.prepare_cached(
                "DELETE FROM open_cell WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5 AND run = ?6",
            )?,
        })
    }

    /// The same, where any cell is open.
    pub(super) fn if_any(transaction: &'transaction Transaction<'_>) -> Result<Option<Self>, StoreError> {
        let mut any = transaction.prepare_cached("SELECT EXISTS (SELECT 1 FROM open_cell)")?;
        if any.query_row([], |row| row.get(0))? { Self::new(transaction).map(Some) } else { Ok(None) }
    }

    /// It is known what stands in the cell: whatever was sent there once is no question any more.
    pub(super) fn close(&mut self, cell: &CellNumbers) -> Result<(), StoreError> {
        self.all.execute(*cell)?;
        Ok(())
    }

    /// It is known what became of what this run sent; what others sent stays open.
    pub(super) fn close_for(&mut self, cell: &CellNumbers, run: i64) -> Result<(), StoreError> {
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = *cell;
        self.of_run.execute([org_unit, period, data_element, category_option_combo, attribute_option_combo, run])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::store::state::StateStore;
    use crate::store::state::cells::CellFilter;
    use crate::store::state::cells::tests::{as_read, cells};
    use crate::store::state::journal::tests::{begin, ledger};
    use crate::store::testing::{cell, uid};
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, ChunkStart, Claim, Found, Journal, OpenCell, SentCell};
    use xfer_domain::run::RunMode;

    fn sent(record: &CellRecord) -> SentCell {
        SentCell {
            cell: record.cell,
            previous: record.previous.clone(),
            blind: false,
            value: record.value.clone(),
            contributions: record.contributions,
            from: Some("202312".parse().unwrap()),
        }
    }

    fn post(store: &mut StateStore, run: Uuid, records: &[CellRecord]) {
        let chunk = ChunkStart {
            number: 1,
            job: "malaria".to_owned(),
            data_set: uid('s', 1),
            digest: [7; 32],
            rows: records.len() as u64,
        };
        let sent: Vec<SentCell> = records.iter().map(sent).collect();
        store.chunk_sending(run, &chunk, &sent).unwrap();
    }

    fn open_units(store: &mut StateStore) -> Vec<(Uuid, String)> {
        let open = store.open_cells().unwrap();
        open.into_iter().map(|open| (open.run, open.sent.cell.org_unit.to_string())).collect()
    }

    #[test]
    fn what_was_sent_is_open_until_it_is_settled() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let all: Vec<CellRecord> = (1..=4).map(|unit| cell(1, unit, "202401", CellState::Created)).collect();
        post(&mut store, run, &all);
        let open = store.open_cells().unwrap();
        let first = OpenCell { run, job: "malaria".to_owned(), sent: sent(&all[0]) };
        assert_eq!((open.len(), &open[0]), (4, &first));
        post(&mut store, run, &all[..1]);
        assert_eq!(store.open_cells().unwrap().len(), 4, "the same once more");
        let ends = [
            all[0].clone(),
            CellRecord { claim: Claim::NotOurs, ..all[1].clone() },
            CellRecord { state: CellState::Rejected, claim: Claim::Settled, ..all[2].clone() },
            CellRecord { state: CellState::Unknown, claim: Claim::Stays, ..all[3].clone() },
        ];
        store.record_cells(run, &ends).unwrap();
        assert_eq!(open_units(&mut store), [(run, "o0000000004".to_owned())]);
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4"]);
    }

    #[test]
    fn what_another_run_sent_stays_open_when_this_one_is_refused() {
        let mut store = StateStore::in_memory().unwrap();
        let runs = [1, 2].map(|number| begin(&mut store, number, RunMode::Run));
        let record = cell(1, 1, "202401", CellState::Rejected);
        for run in runs {
            post(&mut store, run, std::slice::from_ref(&record));
        }
        assert_eq!(store.open_cells().unwrap().len(), 2);
        store.record_cells(runs[1], &[CellRecord { claim: Claim::Settled, ..record.clone() }]).unwrap();
        assert_eq!(open_units(&mut store), [(runs[0], "o0000000001".to_owned())]);
        store.record_cells(runs[1], &[CellRecord { claim: Claim::Ours, ..record }]).unwrap();
        assert!(open_units(&mut store).is_empty());
    }

    #[test]
    fn what_arrived_is_recorded_with_its_run_and_outlives_it() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let all: Vec<CellRecord> = (1..=3).map(|unit| cell(1, unit, "202401", CellState::Updated)).collect();
        post(&mut store, run, &all);
        let arrived = |record: &CellRecord| Found::Arrived { run, record: record.clone() };
        store.reconcile(&[arrived(&all[0]), Found::Otherwise(all[1].cell)]).unwrap();
        assert_eq!(cells(&store, run, &CellFilter::default()), [as_read(&all[0])], "with its previous value");
        assert_eq!(open_units(&mut store), [(run, "o0000000003".to_owned())]);
        begin(&mut store, 2, RunMode::Run);
        store.prune(1).unwrap();
        let open = store.open_cells().unwrap();
        assert_eq!(open[0].sent, sent(&all[2]), "with its words");
        store.reconcile(&[arrived(&all[2])]).unwrap();
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4", "d0000000001/o0000000003=4"]);
        assert!(store.open_cells().unwrap().is_empty());
    }

    #[test]
    fn a_large_post_costs_little() {
        let folder = tempfile::tempdir().unwrap();
        let home = crate::store::home::Home::new(folder.path());
        let mut store = StateStore::open(&home, Uuid::from_u128(1)).unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let records: Vec<CellRecord> =
            (0..10_000).map(|number| cell(number % 100, number / 100, "202401", CellState::Created)).collect();
        post(&mut store, run, &records);
        let file = home.state_database(Uuid::from_u128(1));
        let size = std::fs::metadata(&file).unwrap().len();
        assert!(size < 800_000, "{size} bytes");
        store.record_cells(run, &records).unwrap();
        assert!(store.open_cells().unwrap().is_empty());
    }
}
