//! The transfer engine's port: everything it writes down is on the disk when its call returns.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use uuid::Uuid;

use crate::domain::cell::{CellAddress, CellKey, CellState};
use crate::domain::journal::{CellRecord, ChunkStart, Journal, JournalError, LedgerEntry, RunStart};
use crate::domain::period::Period;
use crate::domain::run::{Report, RunMode};
use crate::domain::uid::Uid;
use crate::store::column::{Json, Text, Word};
use crate::store::error::{Kind, StoreError};
use crate::store::state::StateStore;
use crate::store::state::words::{CellNumbers, Numbering};

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        Self { reason: error.to_string(), source: Some(Box::new(error)) }
    }
}

impl Journal for StateStore {
    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        let periods: Vec<String> = start.periods.iter().map(Period::to_string).collect();
        self.database.write(|transaction| {
            transaction.execute(
                "INSERT INTO run (uuid, routine, mode, started, periods) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![Text(start.run), start.routine, Word(start.mode), Text(start.started), Json(periods)],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    /// A chunk of the same number that was being sent before is sent again.
    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let (run, _) = run_number(transaction, run)?;
            transaction.execute(
                "INSERT OR REPLACE INTO chunk (run, number, job, data_set, digest, row_count) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![run, integer(chunk.number)?, chunk.job, chunk.data_set, chunk.digest, integer(chunk.rows)?],
            )?;
            Ok(())
        })?;
        Ok(())
    }

    fn chunk_done(&mut self, run: Uuid, number: u64, answer: &str) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let (id, _) = run_number(transaction, run)?;
            let changed = transaction.execute(
                "UPDATE chunk SET answer = ?3 WHERE run = ?1 AND number = ?2",
                params![id, integer(number)?, answer],
            )?;
            if changed == 0 {
                return Err(StoreError::not_found(Kind::Chunk, format!("{number} of run {run}")));
            }
            Ok(())
        })?;
        Ok(())
    }

    /// A cell that is recorded twice in a run ended as it was recorded last.
    fn record_cells(&mut self, run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        let Self { database, words } = self;
        let fresh = database.write(|transaction| {
            let (run, mode) = run_number(transaction, run)?;
            let mut numbering = words.within(transaction)?;
            record(transaction, &mut numbering, run, mode, cells)?;
            Ok(numbering.into_fresh())
        })?;
        words.remember(fresh);
        Ok(())
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        let Self { database, words } = self;
        let (entries, fresh) = database.read_together(|connection| {
            let mut numbering = words.within(connection)?;
            let entries = look_up(connection, &mut numbering, addresses, org_units, periods)?;
            Ok((entries, numbering.into_fresh()))
        })?;
        words.remember(fresh);
        Ok(entries)
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.database.write(|transaction| {
            let changed = transaction.execute(
                "UPDATE run SET finished = ?2, outcome = ?3, exit_code = ?4, report = ?5 WHERE uuid = ?1",
                params![Text(report.run), report.finished, Word(report.outcome), report.exit_code, Json(report)],
            )?;
            if changed == 0 {
                return Err(StoreError::not_found(Kind::Run, report.run.to_string()));
            }
            Ok(())
        })?;
        Ok(())
    }
}

/// A count as SQLite keeps it.
fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)).into())
}

/// The number and kind of a run.
pub(super) fn run_number(connection: &Connection, run: Uuid) -> Result<(i64, RunMode), StoreError> {
    connection
        .prepare_cached("SELECT id, mode FROM run WHERE uuid = ?1")?
        .query_row([Text(run)], |row| Ok((row.get(0)?, row.get::<_, Word<_>>(1)?.0)))
        .optional()?
        .ok_or_else(|| StoreError::not_found(Kind::Run, run.to_string()))
}

fn record(
    transaction: &Transaction<'_>,
    numbering: &mut Numbering<'_>,
    run: i64,
    mode: RunMode,
    cells: &[CellRecord],
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR REPLACE INTO cell (run, job, org_unit, period, data_element, category_option_combo, \
         attribute_option_combo, previous, value, state, code, reason, contributions) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    )?;
    let mut ledger = LedgerWriter::new(transaction)?;
    for record in cells {
        let cell = numbering.cell(&record.cell)?;
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = cell;
        insert.execute(params![
            run,
            numbering.number(&record.job)?,
            org_unit,
            period,
            data_element,
            category_option_combo,
            attribute_option_combo,
            record.previous,
            record.value,
            numbering.number(record.state.name())?,
            numbering.number_if_any(record.code.as_deref())?,
            numbering.number_if_any(record.reason.as_deref())?,
            record.contributions
        ])?;
        // Dry runs and comparisons write nothing at the destination.
        if mode == RunMode::Run {
            ledger.settle(&cell, record)?;
        }
    }
    Ok(())
}

/// Changes the ledger by what became of a cell.
struct LedgerWriter<'transaction> {
    put: rusqlite::CachedStatement<'transaction>,
    take: rusqlite::CachedStatement<'transaction>,
}

impl<'transaction> LedgerWriter<'transaction> {
    fn new(transaction: &'transaction Transaction<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            put: transaction.prepare_cached(
                "INSERT OR REPLACE INTO ledger (org_unit, period, data_element, category_option_combo, \
                 attribute_option_combo, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?,
            take: transaction.prepare_cached(
                "DELETE FROM ledger WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5",
            )?,
        })
    }

    fn settle(&mut self, cell: &CellNumbers, record: &CellRecord) -> Result<(), StoreError> {
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = *cell;
        match (record.state, &record.value) {
            (CellState::Created | CellState::Updated | CellState::Accepted, Some(value)) => {
                self.put.execute(params![
                    org_unit,
                    period,
                    data_element,
                    category_option_combo,
                    attribute_option_combo,
                    value
                ])?;
            }
            // An accepted deletion is one that could not be read back.
            (CellState::Deleted, _) | (CellState::Created | CellState::Updated | CellState::Accepted, None) => {
                self.take.execute(*cell)?;
            }
            (
                CellState::Unchanged
                | CellState::Rejected
                | CellState::ZeroSkipped
                | CellState::Differs
                | CellState::Unknown
                | CellState::NotSent
                | CellState::HeldBack,
                _,
            ) => {}
        }
        Ok(())
    }
}

/// The numbers of data element, COC and AOC.
type AddressNumbers = (i64, i64, i64);

/// Reads the ledger place by place: its key begins with org unit and period, so that each is one short range.
fn look_up(
    connection: &Connection,
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
    org_units: &[Uid],
    periods: &[Period],
) -> Result<Vec<LedgerEntry>, StoreError> {
    let wanted = known_addresses(numbering, addresses)?;
    let mut places = Vec::with_capacity(periods.len());
    for period in periods.iter().collect::<HashSet<_>>() {
        if let Some(number) = numbering.find(&period.to_string())? {
            places.push((number, *period));
        }
    }
    let mut select = connection.prepare_cached(
        "SELECT data_element, category_option_combo, attribute_option_combo, value FROM ledger \
         WHERE org_unit = ?1 AND period = ?2",
    )?;
    let mut entries = Vec::new();
    for org_unit in org_units.iter().collect::<HashSet<_>>() {
        let Some(org_unit_number) = numbering.find(org_unit.as_str())? else { continue };
        for (period_number, period) in &places {
            let mut rows = select.query([org_unit_number, *period_number])?;
            while let Some(row) = rows.next()? {
                let address: AddressNumbers = (row.get(0)?, row.get(1)?, row.get(2)?);
                if let Some(address) = wanted.get(&address) {
                    let cell = CellKey::new(*address, *org_unit, *period);
                    entries.push(LedgerEntry { cell, value: row.get(3)? });
                }
            }
        }
    }
    entries.sort_unstable_by_key(|entry| entry.cell);
    Ok(entries)
}

/// The addresses of which the ledger may know something: those made of words that are stored.
fn known_addresses(
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
) -> Result<HashMap<AddressNumbers, CellAddress>, StoreError> {
    let mut known = HashMap::with_capacity(addresses.len());
    for address in addresses {
        let data_element = numbering.find(address.data_element.as_str())?;
        let category_option_combo = numbering.find(address.category_option_combo.as_str())?;
        let attribute_option_combo = numbering.find(address.attribute_option_combo.as_str())?;
        if let (Some(data_element), Some(category_option_combo), Some(attribute_option_combo)) =
            (data_element, category_option_combo, attribute_option_combo)
        {
            known.insert((data_element, category_option_combo, attribute_option_combo), *address);
        }
    }
    Ok(known)
}
