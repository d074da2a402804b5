//! Cells that would be deleted in a job's first slices, until the whole job is read.
//!
//! Whether they may depends on the job as a whole ([`Vanishing`]), and everything else of their slices need not wait for
//! that. They are kept by slice, judged together, and come as further parts of the job, of as many org units as a slice
//! may have.

use std::collections::{BTreeSet, VecDeque};

use crate::diff::{Cell, Step, Vanishing};
use crate::events::SliceName;
use crate::plan::{PlannedJob, Slice, UNITS_PER_SLICE};

/// What people see in the place of a district.
const LABEL: &str = "what the source has no value for";

/// Cells that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    by_slice: Vec<(usize, Vec<Cell>)>,
    parts: VecDeque<Vec<Cell>>,
    made: usize,
}

impl Waiting {
    /// Takes what would vanish out of a slice.
    pub(super) fn take_from(&mut self, slice: &Slice, cells: &mut Vec<Cell>) {
        let taken: Vec<Cell> = cells.extract_if(.., |cell| cell.vanishes()).collect();
        if !taken.is_empty() {
            self.by_slice.push((slice.number, taken));
        }
    }

    /// Holds back what may not vanish, and makes parts of it all.
    pub(super) fn judge(&mut self, vanishing: &Vanishing, percent: u32) {
        let mut part: Vec<Cell> = Vec::new();
        let mut units = BTreeSet::new();
        for (slice, cells) in std::mem::take(&mut self.by_slice) {
            for mut cell in cells {
                if let Some(hold) = vanishing.against(slice, &cell.key, percent) {
                    cell.step = Step::Hold(Box::new(hold));
                }
                if !units.contains(&cell.key.org_unit) && units.len() == UNITS_PER_SLICE {
                    self.parts.push_back(std::mem::take(&mut part));
                    units.clear();
                }
                units.insert(cell.key.org_unit);
                part.push(cell);
            }
        }
        if !part.is_empty() {
            self.parts.push_back(part);
        }
        self.made = self.parts.len();
    }

    /// Parts that are still to be prepared; before they are judged, one for all.
    pub(super) fn parts(&self) -> usize {
        self.parts.len() + usize::from(!self.by_slice.is_empty())
    }

    /// Cells that wait.
    pub(super) fn cells(&self) -> u64 {
        self.parts.iter().chain(self.by_slice.iter().map(|(_, cells)| cells)).map(|cells| cells.len() as u64).sum()
    }

    /// The next part, with its name.
    pub(super) fn next(&mut self, job: &PlannedJob) -> Option<(SliceName, Vec<Cell>)> {
        let cells = self.parts.pop_front()?;
        let planned = job.slices.len();
        let number = planned + self.made - self.parts.len();
        Some((SliceName { job: job.name.clone(), number, of: planned + self.made, label: LABEL.to_owned() }, cells))
    }
}
