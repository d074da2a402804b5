//! A journal that forgets nothing but itself.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use xfer_domain::cell::{CellAddress, CellKey, CellState};
use xfer_domain::exit_code::ExitCode;
use xfer_domain::journal::{
    CellRecord, ChunkStart, Claim, Found, Journal, JournalError, LedgerEntry, OpenCell, RunStart, SentCell,
};
use xfer_domain::period::Period;
use xfer_domain::run::{Report, RunMode, fetched_before};
use xfer_domain::uid::Uid;

/// A journal in memory.
#[derive(Debug, Default)]
pub(in crate::engine) struct MemoryJournal {
    pub(in crate::engine) mode: Option<RunMode>,
    pub(in crate::engine) sending: Vec<u64>,
    pub(in crate::engine) done: Vec<u64>,
    pub(in crate::engine) records: Vec<CellRecord>,
    pub(in crate::engine) ledger: HashMap<CellKey, String>,
    pub(in crate::engine) open: Vec<OpenCell>,
    /// The first source period of each.
    pub(in crate::engine) from: HashMap<CellKey, Period>,
    pub(in crate::engine) reports: Vec<Report>,
    /// Parts of the run's work.
    pub(in crate::engine) aside: BTreeMap<u64, Vec<u8>>,
    /// Writes until the disk is full.
    pub(in crate::engine) writes_left: Option<usize>,
}

impl MemoryJournal {
    fn write(&mut self) -> Result<(), JournalError> {
        match &mut self.writes_left {
            Some(0) => Err(JournalError { reason: "disk full".to_owned(), code: ExitCode::LocalIo, source: None }),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn close(&mut self, cell: &CellKey) {
        self.open.retain(|open| open.sent.cell != *cell);
    }

    fn claim(&mut self, run: Uuid, record: &CellRecord) {
        match record.claim {
            Claim::Stays => {
                if record.state == CellState::Unchanged && self.ledger.contains_key(&record.cell) {
                    self.from.extend(record.from.map(|from| (record.cell, from)));
                }
            }
            Claim::Settled => self.open.retain(|open| open.sent.cell != record.cell || open.run != run),
            Claim::Ours => {
                self.close(&record.cell);
                self.ledger.extend(record.value.clone().map(|value| (record.cell, value)));
                self.from.remove(&record.cell);
                self.from.extend(record.from.map(|from| (record.cell, from)));
            }
            Claim::NotOurs => {
                self.close(&record.cell);
                self.ledger.remove(&record.cell);
            }
        }
    }
}

impl Journal for MemoryJournal {
    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError> {
        self.write()?;
        self.mode = Some(start.mode);
        self.records.clear();
        Ok(())
    }

    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart, cells: &[SentCell]) -> Result<(), JournalError> {
        self.write()?;
        self.open.retain(|open| open.run != run || cells.iter().all(|sent| sent.cell != open.sent.cell));
        let open = cells.iter().map(|sent| OpenCell { run, job: chunk.job.clone(), sent: sent.clone() });
        self.open.extend(open);
        self.sending.push(chunk.number);
        Ok(())
    }

    fn chunk_done(&mut self, _run: Uuid, number: u64, _answer: &str) -> Result<(), JournalError> {
        self.write()?;
        self.done.push(number);
        Ok(())
    }

    fn record_cells(&mut self, run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError> {
        self.write()?;
        if self.mode == Some(RunMode::Run) {
            for record in cells {
                self.claim(run, record);
            }
        }
        self.records.extend_from_slice(cells);
        Ok(())
    }

    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError> {
        let asked = |cell: &CellKey| {
            addresses.contains(&cell.address()) && org_units.contains(&cell.org_unit) && periods.contains(&cell.period)
        };
        let entries = self.ledger.iter().filter(|(cell, _)| asked(cell));
        let from = |cell: &CellKey| self.from.get(cell).copied();
        Ok(entries.map(|(cell, value)| LedgerEntry { cell: *cell, value: value.clone(), from: from(cell) }).collect())
    }

    fn each_written(&mut self, visit: &mut dyn FnMut(CellKey, Option<Period>)) -> Result<(), JournalError> {
        self.ledger.keys().for_each(|cell| visit(*cell, self.from.get(cell).copied()));
        Ok(())
    }

    fn fetched_before(&mut self, periods: &[Period]) -> Result<BTreeMap<String, u64>, JournalError> {
        let newest_first: Vec<Report> = self.reports.iter().rev().cloned().collect();
        Ok(fetched_before(&newest_first, periods))
    }

    fn forget(&mut self, cells: &[CellKey]) -> Result<(), JournalError> {
        for cell in cells {
            self.ledger.remove(cell);
        }
        Ok(())
    }

    fn open_cells(&mut self) -> Result<Vec<OpenCell>, JournalError> {
        Ok(self.open.clone())
    }

    fn reconcile(&mut self, found: &[Found]) -> Result<(), JournalError> {
        self.write()?;
        for found in found {
            match found {
                Found::Arrived { run, record } => self.claim(*run, record),
                Found::Otherwise(cell) => self.close(cell),
            }
        }
        Ok(())
    }

    fn set_aside(&mut self, _run: Uuid, number: u64, part: &[u8]) -> Result<(), JournalError> {
        self.write()?;
        self.aside.insert(number, part.to_vec());
        Ok(())
    }

    fn take_back(&mut self, _run: Uuid, number: u64) -> Result<Option<Vec<u8>>, JournalError> {
        self.write()?;
        Ok(self.aside.remove(&number))
    }

    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError> {
        self.write()?;
        self.reports.push(report.clone());
        Ok(())
    }
}
