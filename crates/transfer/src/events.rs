//! What happens in a run, for progress bars and logs. The engine tells; who listens decides what to show.

use xfer_domain::run::{CellCounts, ValueCounts};

/// One thing that happened. Slices are counted from 1 within their job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Both servers answered and the plan stands.
    Planned {
        /// Slices of all jobs.
        slices: usize,
        /// Destination periods, as identifiers.
        periods: Vec<String>,
    },
    /// A slice is being read at the source.
    SliceStarted {
        /// Which one.
        slice: SliceName,
    },
    /// A slice was read at the source.
    SliceFetched {
        /// Which one.
        slice: SliceName,
        /// What its values became.
        values: ValueCounts,
    },
    /// A slice was compared with the destination.
    SliceDiffed {
        /// Which one.
        slice: SliceName,
        /// Cells that will be sent.
        to_send: u64,
        /// Cells that are right already.
        unchanged: u64,
        /// Cells that are held back.
        held_back: u64,
    },
    /// A job is read as a whole, and what would vanish from the destination was judged: it makes more parts.
    DeletionsWaited {
        /// The job.
        job: String,
        /// Cells.
        cells: u64,
        /// Parts that were not planned.
        parts: usize,
    },
    /// A POST was answered.
    Pushed {
        /// Rows of the POST.
        rows: u64,
        /// Whether it was a dry run's.
        dry_run: bool,
    },
    /// A slice was read back.
    SliceVerified {
        /// Which one.
        slice: SliceName,
        /// Rows that are sent again.
        again: u64,
    },
    /// Every cell of a slice has its state.
    SliceFinished {
        /// Which one.
        slice: SliceName,
        /// The states.
        cells: CellCounts,
    },
    /// A slice could not be done.
    SliceFailed {
        /// Which one.
        slice: SliceName,
        /// Why, in words.
        reason: String,
    },
    /// A server wants us to wait, or is not there.
    Waiting {
        /// The server's name.
        server: String,
        /// Seconds.
        seconds: u64,
        /// Why, in words.
        reason: String,
    },
}

/// A slice as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SliceName {
    /// The job.
    pub job: String,
    /// Its number within the job, from 1.
    pub number: usize,
    /// How many the job has.
    pub of: usize,
    /// The district, as a rule.
    pub label: String,
}
