//! The journal of a run: what is saved before and after each step, and the port for it.
//!
//! The transfer engine knows the state store only as [`Journal`]; the store implements it and `ops` plugs the two
//! together. The trait stands in the domain so that neither layer has to know the other.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::cell::{CellAddress, CellKey, CellState};
use crate::exit_code::ExitCode;
use crate::fault::Fault;
use crate::hashed::Hashed;
use crate::period::Period;
use crate::run::{Report, RunMode};
use crate::uid::Uid;

/// The beginning of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunStart {
    /// Its id, sortable by time.
    pub run: Uuid,
    /// The routine's name at the time.
    pub routine: String,
    /// What kind of run it is.
    pub mode: RunMode,
    /// When it started.
    pub started: Timestamp,
    /// The destination periods, fixed for good.
    pub periods: Vec<Period>,
}

/// One POST, written down before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkStart {
    /// Its number within the run.
    pub number: u64,
    /// The job's name.
    pub job: String,
    /// The data set it writes to.
    pub data_set: Uid,
    /// SHA-256 of the body before compression.
    pub digest: [u8; 32],
    /// Rows in it.
    pub rows: u64,
}

/// A cell of a POST, written down with it: should nobody learn what became of the POST, the next run can tell by what
/// the destination holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentCell {
    /// The cell.
    pub cell: CellKey,
    /// What the destination held before.
    pub previous: Option<String>,
    /// Whether that is not known, because the user may not read there: then the same value proves nothing later.
    pub blind: bool,
    /// What is sent; none for a deletion.
    pub value: Option<String>,
    /// How many source values it was made of.
    pub contributions: u32,
    /// The first source period that goes to it.
    pub from: Option<Period>,
}

/// A cell that was sent and of which nobody knows whether it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCell {
    /// The run that sent it.
    pub run: Uuid,
    /// The job's name.
    pub job: String,
    /// What was sent.
    pub sent: SentCell,
}

/// Whose ledger it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turned {
    /// Cells of another destination that were put aside.
    pub aside: u64,
    /// The users as whom the routine has written to this one; none where not all of them are known.
    pub writers: Option<BTreeSet<String>>,
}

/// What a read shows of an open cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// What was sent: it arrived.
    Arrived {
        /// The run that sent it.
        run: Uuid,
        /// How the cell ended in that run after all.
        record: CellRecord,
    },
    /// What stood there before, so that nothing arrived, or something else: then somebody changed it since.
    Otherwise(CellKey),
}

/// What the end of a cell means for the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: nothing was sent, or it is not known what became of it. What is open stays open.
    Stays,
    /// What was sent stands there: it is the routine's.
    Ours,
    /// What stands there is not the routine's, or nothing stands there.
    NotOurs,
    /// What this run sent did not arrive: the ledger stays as it was.
    Settled,
}

/// How a cell of a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellRecord {
    /// The job's name.
    pub job: String,
    /// The cell.
    pub cell: CellKey,
    /// What the destination held before.
    pub previous: Option<String>,
    /// What should stand there; none for a deletion.
    pub value: Option<String>,
    /// How it ended.
    pub state: CellState,
    /// Our finding code or the server's error code.
    pub code: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// How many source values it was made of.
    pub contributions: u32,
    /// The first source period that goes to it; none where the ledger need not hear of it. Only the ledger keeps it: a
    /// record that is read again has none.
    pub from: Option<Period>,
    /// What it means for the ledger. Not kept: a record that is read again has [`Claim::Stays`].
    pub claim: Claim,
}

/// A cell that this routine wrote and that nobody changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The cell.
    pub cell: CellKey,
    /// What was written last.
    pub value: String,
    /// The first source period that went there; none where it was written before that was kept.
    pub from: Option<Period>,
}

/// What a ledger holds, in numbers: a ledger of years has millions of cells, and few addresses and periods.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Cells by what they are, when, and the first source period that went there where that is known.
    pub groups: Hashed<(CellAddress, Period, Option<Period>), u64>,
    /// Where they stand.
    pub org_units: BTreeSet<Uid>,
}

impl Survey {
    /// How many cells there are.
    pub fn cells(&self) -> u64 {
        self.groups.values().sum()
    }

    /// The addresses of the cells, each once.
    pub fn addresses(&self) -> BTreeSet<CellAddress> {
        self.groups.keys().map(|(address, _, _)| *address).collect()
    }
}

/// The journal could not be written or read. Nothing may be sent any more.
#[derive(Debug, thiserror::Error)]
#[error("the run's journal failed: {reason}")]
pub struct JournalError {
    /// What failed, in words.
    pub reason: String,
    /// How a program ends that cannot go on without it: tried again later where another program was writing to the file,
    /// damaged where what is written there cannot be read any more.
    pub code: ExitCode,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault for JournalError {
    fn code(&self) -> ExitCode {
        self.code
    }

    fn hint(&self) -> Option<String> {
        let hint = match self.code {
            ExitCode::Temporary => {
                "close the other program that has the database open for writing, then run again: what was sent is \
                 recognised"
            }
            ExitCode::Damaged => {
                "nothing more was sent; restore the journal from a backup, or move it away to start again: the \
                 routine then deletes nothing that it wrote before"
            }
            _ => "check that the state folder exists and is writable, and that the disk is not full; then run again",
        };
        Some(hint.to_owned())
    }
}

/// Journal and ledger of one routine. Every method that writes has committed, synced to the disk, when it returns.
pub trait Journal: Send {
    /// From now on ledger and open cells are those of this destination, by the system id that it gives itself. What the
    /// routine wrote at another one is put aside until it writes there again. Nothing changes where a server hides its
    /// id. `user` is whom the routine is logged in as, `writes` whether it is about to write as that user.
    fn turn_to(&mut self, system_id: &str, user: &str, writes: bool) -> Result<Turned, JournalError> {
        let _ = (system_id, user, writes);
        Ok(Turned::default())
    }

    /// Writes down that a run begins.
    fn begin_run(&mut self, start: &RunStart) -> Result<(), JournalError>;

    /// Writes down a POST before it is sent. Its cells stay open until a record or a read says what became of them.
    fn chunk_sending(&mut self, run: Uuid, chunk: &ChunkStart, cells: &[SentCell]) -> Result<(), JournalError>;

    /// Writes down that the answer of a POST was read; `answer` is a short sentence about it.
    fn chunk_done(&mut self, run: Uuid, number: u64, answer: &str) -> Result<(), JournalError>;

    /// Writes down how cells ended; in the same transaction the ledger follows their claims and what is known of them is
    /// open no more. Cells of a dry run change neither. Of unchanged cells that were not sent ([`Claim::Stays`]) it may keep
    /// no more than how many there were in each job, org unit and period.
    fn record_cells(&mut self, run: Uuid, cells: &[CellRecord]) -> Result<(), JournalError>;

    /// The cells that were sent and of which nobody knows whether they arrived. A journal that keeps no ledger has none.
    fn open_cells(&mut self) -> Result<Vec<OpenCell>, JournalError> {
        Ok(Vec::new())
    }

    /// Writes down what a read showed of open cells: what arrived goes into the ledger and into the records of the run
    /// that sent it, and none is open any more.
    fn reconcile(&mut self, found: &[Found]) -> Result<(), JournalError> {
        let _ = found;
        Ok(())
    }

    /// What this routine wrote to these addresses, org units and periods, and a read has not shown otherwise since.
    fn ledger(
        &mut self,
        addresses: &[CellAddress],
        org_units: &[Uid],
        periods: &[Period],
    ) -> Result<Vec<LedgerEntry>, JournalError>;

    /// Shows every cell that this routine wrote and that is still its own, with the first source period that went there
    /// where that is known, in any order. A journal that keeps no ledger has none.
    fn each_written(&mut self, visit: &mut dyn FnMut(CellKey, Option<Period>)) -> Result<(), JournalError> {
        let _ = visit;
        Ok(())
    }

    /// All cells that [`each_written`](Self::each_written) shows, in numbers.
    fn survey(&mut self) -> Result<Survey, JournalError> {
        let mut survey = Survey::default();
        self.each_written(&mut |cell, from| {
            *survey.groups.entry((cell.address(), cell.period, from)).or_default() += 1;
            survey.org_units.insert(cell.org_unit);
        })?;
        Ok(survey)
    }

    /// Values that each job had when it was last read wholly by a run for real over some of these periods, by its name.
    /// A journal that keeps no reports knows of none.
    fn fetched_before(&mut self, periods: &[Period]) -> Result<BTreeMap<String, u64>, JournalError> {
        let _ = periods;
        Ok(BTreeMap::new())
    }

    /// Takes cells out of the ledger that a read showed changed or gone without this routine's doing. They are not taken
    /// in again because they look the same some day: only what the routine writes is its own.
    fn forget(&mut self, cells: &[CellKey]) -> Result<(), JournalError> {
        let _ = cells;
        Ok(())
    }

    /// Keeps a part of a run's work that is too large for memory, until it is taken back or the run ends.
    fn set_aside(&mut self, run: Uuid, number: u64, part: &[u8]) -> Result<(), JournalError>;

    /// Gives a part of a run's work back, and keeps it no longer; none where there is none of that number.
    fn take_back(&mut self, run: Uuid, number: u64) -> Result<Option<Vec<u8>>, JournalError>;

    /// Writes down the report of a run that ended.
    fn finish_run(&mut self, report: &Report) -> Result<(), JournalError>;
}
