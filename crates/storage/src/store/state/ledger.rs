//! The ledger: every cell that the routine wrote and nobody changed since, as far as any read showed.
//!
//! It decides what may be deleted: nothing that somebody else wrote. It follows the claims of cells in the transaction
//! that records how they ended, and outlives the runs.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, Row, Transaction, params};

use crate::store::error::StoreError;
use crate::store::state::StateStore;
use crate::store::state::words::read_key;
use crate::store::state::words::{CellNumbers, Dictionary, Numbering};
use xfer_domain::cell::{CellAddress, CellKey};
use xfer_domain::hashed::Hashed;
use xfer_domain::journal::{LedgerEntry, Survey};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

impl StateStore {
    /// Every cell that the routine wrote and that is still its own, in order.
    pub fn whole_ledger(&self) -> Result<Vec<LedgerEntry>, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, source_period, \
                 value FROM ledger",
            )?;
            let mut dictionary = Dictionary::new(connection)?;
            let mut rows = statement.query([])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                entries.push(LedgerEntry {
                    cell: read_key(row, 0, &mut dictionary)?,
                    value: row.get(6)?,
                    from: period_if_any(row, 5, &mut dictionary)?,
                });
            }
            entries.sort_unstable_by_key(|entry| entry.cell);
            Ok(entries)
        })
    }
}

impl StateStore {
    /// How many cells the routine wrote that are still its own.
    pub fn ledger_size(&self) -> Result<u64, StoreError> {
        self.database.read_together(|connection| {
            let cells: i64 = connection.query_row("SELECT COUNT(*) FROM ledger", [], |row| row.get(0))?;
            Ok(u64::try_from(cells).unwrap_or_default())
        })
    }

    /// Shows every cell of the ledger, in the order of the table: a ledger of years is not held in memory.
    pub(super) fn visit_ledger(&self, visit: &mut dyn FnMut(CellKey, Option<Period>)) -> Result<(), StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, source_period \
                 FROM ledger",
            )?;
            let mut dictionary = Dictionary::new(connection)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                visit(read_key(row, 0, &mut dictionary)?, period_if_any(row, 5, &mut dictionary)?);
            }
            Ok(())
        })
    }
}

impl StateStore {
    /// The ledger in numbers. Its rows are counted by the numbers of their words: of the millions of cells of years, only the
    /// few different ones are put into words.
    pub(super) fn survey_ledger(&self) -> Result<Survey, StoreError> {
        self.database.read_together(|connection| {
            let mut statement = connection.prepare(
                "SELECT org_unit, period, data_element, category_option_combo, attribute_option_combo, source_period \
                 FROM ledger",
            )?;
            let mut groups: Hashed<(i64, i64, i64, i64, Option<i64>), u64> = Hashed::default();
            let mut org_units: BTreeSet<i64> = BTreeSet::new();
            let mut last = None;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let org_unit = row.get(0)?;
                if last.replace(org_unit) != Some(org_unit) {
                    org_units.insert(org_unit);
                }
                *groups.entry((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)).or_default() += 1;
            }
            let mut dictionary = Dictionary::new(connection)?;
            let mut survey = Survey::default();
            for ((period, data_element, category_option_combo, attribute_option_combo, from), cells) in groups {
                let address = CellAddress {
                    data_element: dictionary.uid(data_element)?,
                    category_option_combo: dictionary.uid(category_option_combo)?,
                    attribute_option_combo: dictionary.uid(attribute_option_combo)?,
                };
                let from = from.map(|from| dictionary.period(from)).transpose()?;
                survey.groups.insert((address, dictionary.period(period)?, from), cells);
            }
            survey.org_units = org_units.into_iter().map(|unit| dictionary.uid(unit)).collect::<Result<_, _>>()?;
            Ok(survey)
        })
    }
}

/// Reads the source period of a cell.
fn period_if_any(row: &Row<'_>, column: usize, dictionary: &mut Dictionary<'_>) -> Result<Option<Period>, StoreError> {
    row.get::<_, Option<i64>>(column)?.map(|number| dictionary.period(number)).transpose()
}

/// Changes the ledger by what became of a cell.
pub(super) struct LedgerWriter<'transaction> {
    put: CachedStatement<'transaction>,
    confirm: CachedStatement<'transaction>,
    take: CachedStatement<'transaction>,
}

impl<'transaction> LedgerWriter<'transaction> {
    /// Prepares to write inside a transaction.
    pub(super) fn new(transaction: &'transaction Transaction<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            put: transaction.prepare_cached(
                "INSERT OR REPLACE INTO ledger (org_unit, period, data_element, category_option_combo, \
                 attribute_option_combo, value, source_period) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?,
            confirm: transaction.prepare_cached(
                "UPDATE ledger SET source_period = ?6 WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5 AND source_period IS NOT ?6",
            )?,
            take: transaction.prepare_cached(
                "DELETE FROM ledger WHERE org_unit = ?1 AND period = ?2 AND data_element = ?3 \
                 AND category_option_combo = ?4 AND attribute_option_combo = ?5",
            )?,
        })
    }

    /// Takes a cell out of the ledger.
    pub(super) fn forget(&mut self, cell: &CellNumbers) -> Result<(), StoreError> {
        self.take.execute(*cell)?;
        Ok(())
    }

    /// Puts a written cell into the ledger, with the first source period that went there. Without a value there is
    /// nothing to own.
    pub(super) fn put(&mut self, cell: &CellNumbers, value: Option<&str>, from: Option<i64>) -> Result<(), StoreError> {
        let Some(value) = value else { return self.forget(cell) };
        let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = *cell;
        self.put.execute(params![
            org_unit,
            period,
            data_element,
            category_option_combo,
            attribute_option_combo,
            value,
            from
        ])?;
        Ok(())
    }

    /// Says where the value of a cell comes from now, if it is in the ledger.
    pub(super) fn confirm(&mut self, cell: &CellNumbers, from: Option<i64>) -> Result<(), StoreError> {
        if from.is_some() {
            let [org_unit, period, data_element, category_option_combo, attribute_option_combo] = *cell;
            self.confirm.execute(params![
                org_unit,
                period,
                data_element,
                category_option_combo,
                attribute_option_combo,
                from
            ])?;
        }
        Ok(())
    }
}

/// The numbers of data element, COC and AOC.
type AddressNumbers = (i64, i64, i64);

/// Reads the ledger place by place: its key begins with org unit and period, so that each is one short range.
pub(super) fn look_up(
    connection: &Connection,
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
    org_units: &[Uid],
    periods: &[Period],
) -> Result<Vec<LedgerEntry>, StoreError> {
    let wanted = known_addresses(numbering, addresses)?;
    let mut places = Vec::with_capacity(periods.len());
    for period in periods.iter().collect::<BTreeSet<_>>() {
        if let Some(number) = numbering.find(&period.to_string())? {
            places.push((number, *period));
        }
    }
    let mut select = connection.prepare_cached(
        "SELECT data_element, category_option_combo, attribute_option_combo, value, source_period FROM ledger \
         WHERE org_unit = ?1 AND period = ?2",
    )?;
    let mut dictionary = Dictionary::new(connection)?;
    let mut entries = Vec::new();
    for org_unit in org_units.iter().collect::<BTreeSet<_>>() {
        let Some(org_unit_number) = numbering.find(org_unit.as_str())? else { continue };
        for (period_number, period) in &places {
            let mut rows = select.query([org_unit_number, *period_number])?;
            while let Some(row) = rows.next()? {
                let address: AddressNumbers = (row.get(0)?, row.get(1)?, row.get(2)?);
                if let Some(address) = wanted.get(&address) {
                    let cell = CellKey::new(*address, *org_unit, *period);
                    let from = period_if_any(row, 4, &mut dictionary)?;
                    entries.push(LedgerEntry { cell, value: row.get(3)?, from });
                }
            }
        }
    }
    Ok(entries)
}

/// The addresses of which the ledger may know something: those made of words that are stored.
fn known_addresses(
    numbering: &mut Numbering<'_>,
    addresses: &[CellAddress],
) -> Result<Hashed<AddressNumbers, CellAddress>, StoreError> {
    let mut known = Hashed::default();
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

#[cfg(test)]
mod tests {
    use crate::store::state::StateStore;
    use crate::store::state::journal::tests::{begin, ledger};
    use crate::store::testing::{address, cell, uid};
    use xfer_domain::cell::CellState;
    use xfer_domain::journal::{CellRecord, Journal, Survey};
    use xfer_domain::run::RunMode;

    #[test]
    fn the_ledger_holds_what_was_written_and_not_deleted() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let all: Vec<CellRecord> =
            (0..).zip(CellState::ALL).map(|(number, state)| cell(number, 1, "202401", state)).collect();
        store.record_cells(run, &all).unwrap();
        // Created, updated and accepted, in the order of the states.
        let written = ["d0000000000/o0000000001=4", "d0000000001/o0000000001=4", "d0000000003/o0000000001=4"];
        assert_eq!(ledger(&store), written);

        let later = begin(&mut store, 2, RunMode::Run);
        let again = CellRecord { value: Some("5".to_owned()), ..cell(0, 1, "202401", CellState::Updated) };
        let gone = cell(1, 1, "202401", CellState::Deleted);
        let kept = cell(3, 1, "202401", CellState::Rejected);
        store.record_cells(later, &[again, gone, kept]).unwrap();
        assert_eq!(ledger(&store), ["d0000000000/o0000000001=5", "d0000000003/o0000000001=4"]);
        let accepted_deletion = CellRecord { value: None, ..cell(3, 1, "202401", CellState::Accepted) };
        store.record_cells(later, &[accepted_deletion]).unwrap();
        assert_eq!(ledger(&store), ["d0000000000/o0000000001=5"]);
    }

    #[test]
    fn addresses_come_once_whatever_stands_there() {
        let mut store = StateStore::in_memory().unwrap();
        assert!(store.survey().unwrap().addresses().is_empty());
        let run = begin(&mut store, 1, RunMode::Run);
        let all: Vec<CellRecord> = (0..30)
            .map(|number| cell(number % 3, number, ["202401", "202402"][number % 2], CellState::Created))
            .collect();
        store.record_cells(run, &all).unwrap();
        let mut walked = Survey::default();
        store
            .each_written(&mut |cell, from| {
                *walked.groups.entry((cell.address(), cell.period, from)).or_default() += 1;
                walked.org_units.insert(cell.org_unit);
            })
            .unwrap();
        assert_eq!(store.survey().unwrap(), walked);
        assert_eq!((walked.addresses().len(), walked.org_units.len(), walked.cells()), (3, 30, 30));
    }

    #[test]
    fn dry_runs_and_checks_leave_the_ledger_alone() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        store.record_cells(run, &[cell(1, 1, "202401", CellState::Created)]).unwrap();
        for (number, mode) in [(2, RunMode::DryRun), (3, RunMode::Check)] {
            let run = begin(&mut store, number, mode);
            let cells = [cell(1, 1, "202401", CellState::Deleted), cell(2, 1, "202401", CellState::Created)];
            store.record_cells(run, &cells).unwrap();
        }
        assert_eq!(ledger(&store), ["d0000000001/o0000000001=4"]);
    }

    #[test]
    fn the_ledger_answers_for_addresses_places_and_periods() {
        let mut store = StateStore::in_memory().unwrap();
        let run = begin(&mut store, 1, RunMode::Run);
        let mut cells = Vec::new();
        for data_element in 1..=3 {
            for org_unit in 1..=3 {
                for period in ["202401", "202402", "2024Q1"] {
                    cells.push(cell(data_element, org_unit, period, CellState::Created));
                }
            }
        }
        store.record_cells(run, &cells).unwrap();
        let periods = ["202402".parse().unwrap(), "2024Q1".parse().unwrap(), "202212".parse().unwrap()];
        let addresses = [address(3), address(1), address(9)];
        let org_units = [uid('o', 3), uid('o', 2), uid('o', 2), uid('o', 8)];
        let mut found: Vec<_> =
            store.ledger(&addresses, &org_units, &periods).unwrap().into_iter().map(|entry| entry.cell).collect();
        found.sort_unstable();
        let mut expected: Vec<_> = cells
            .iter()
            .map(|record| record.cell)
            .filter(|cell| {
                addresses.contains(&cell.address())
                    && org_units.contains(&cell.org_unit)
                    && periods.contains(&cell.period)
            })
            .collect();
        expected.sort_unstable();
        assert_eq!(expected.len(), 8);
        assert_eq!(found, expected);
        assert!(store.ledger(&[], &org_units, &periods).unwrap().is_empty());
    }
}
