//! Open cells: what was sent, until it is known what became of it.
//!
//! They are written with the POST, before it leaves, and go with the record that settles them: as a rule the table is
//! empty after a run. What a killed run, a lost answer or a full disk leaves is here when the next run starts.

use rusqlite::{CachedStatement, Transaction, params};
use uuid::Uuid;

use crate::domain::journal::{OpenCell, SentCell};
use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::cells::read_key;
use crate::store::state::words::{CellNumbers, Dictionary, Numbering, not_a};

impl StateStore {
    /// Every open cell, with the run that sent it.
    pub(super) fn read_open_cells(&self) -> Result<Vec<OpenCell>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, run, job, \
                 previous, value, contributions, source_period FROM open_cell",
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

/// Keeps the cells of a POST. What the same run sent before is sent again.
pub(super) fn keep(
    transaction: &Transaction<'_>,
    numbering: &mut Numbering<'_>,
    run: Uuid,
    job: &str,
    cells: &[SentCell],
) -> Result<(), StoreError> {
    let (run, job) = (numbering.number(&run.to_string())?, numbering.number(job)?);
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO open_cell (org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, run, job, previous, value, contributions, source_period) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    for sent in cells {
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] =
            numbering.cell(&sent.cell)?;
        insert.execute(params![
            org_unit,
            period,
            data_element,
            category_option_combo,
            attribute_option_combo,
            run,
            job,
            sent.previous,
            sent.value,
            sent.contributions,
            numbering.period_if_any(sent.from)?
        ])?;
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
