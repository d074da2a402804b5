//! An empty answer does not mean "delete": the evidence needed before values are deleted because the source has none.
//!
//! A source that answers with an empty list, a proxy that answers in its place, a table that is being rebuilt: all look
//! as if every value had been deleted. So deletions (and zeros written for want of a value, which do the same harm) are
//! judged for a job as a whole, before the first of them is sent, and need both:
//!
//! - **Evidence** that the source was read as usual: the job had values in this run, and so had the slice, the org unit
//!   and the period that the cell belongs to. One of them without any loses at most [`FEW`] cells: that may be one
//!   facility's last report. A facility that falls silent as a whole has as a rule moved, or is not read any more.
//! - **A share** of what stands there and may vanish that stays within `max_delete_share`. One cell alone is no share.
//!
//! Else all of them are held back, by name. A zero that the source itself says is no empty answer: it is not counted.

use std::collections::BTreeMap;

use crate::diff::{Cell, Step};
use crate::finding::{self, Reason};
use xfer_domain::cell::CellKey;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Cells that may vanish from a slice, an org unit or a period for which the source said nothing at all, while it spoke of others.
const FEW: u64 = 10;

/// Cells that may vanish whatever share of a small ledger they are.
const ALONE: u64 = 1;

/// What a job's source said, and what would vanish because it said nothing.
#[derive(Debug, Default)]
pub(crate) struct Vanishing {
    at_stake: u64,
    lost: u64,
    spoke: bool,
    slices: BTreeMap<usize, Part>,
    org_units: BTreeMap<Uid, Part>,
    periods: BTreeMap<Period, Part>,
    leftover: bool,
}

/// A slice, an org unit of the destination or a period.
#[derive(Debug, Default, Clone, Copy)]
struct Part {
    spoke: bool,
    lost: u64,
}

impl Part {
    fn speaks_for_deleting(self) -> bool {
        self.spoke || self.lost <= FEW
    }
}

impl Vanishing {
    /// Of cells that nothing leads to any more: the source is not asked about them, so that what speaks for deleting
    /// them is that the run's jobs had values, and `written` cells of the whole routine are what they are a share of.
    pub(crate) fn of_leftover(written: u64, spoke: bool) -> Self {
        Self { at_stake: written, spoke, leftover: true, ..Self::default() }
    }

    /// Takes a slice into account that was read on both sides: how many values the source had, and what of its cells
    /// stands there that could vanish.
    pub(crate) fn take(&mut self, slice: usize, fetched: u64, cells: &[Cell], at_stake: u64) {
        if !self.leftover {
            self.at_stake += at_stake;
            self.spoke |= fetched > 0;
        }
        let of_slice = self.slices.entry(slice).or_default();
        of_slice.spoke |= fetched > 0;
        // They come org unit by org unit and period by period.
        for cells in
            cells.chunk_by(|one, next| (one.key.org_unit, one.key.period) == (next.key.org_unit, next.key.period))
        {
            let Some(key) = cells.first().map(|cell| cell.key) else { continue };
            let lost = cells.iter().filter(|cell| cell.vanishes()).count() as u64;
            let spoke = cells.iter().any(|cell| cell.contributions > 0);
            let parts = [self.org_units.entry(key.org_unit).or_default(), self.periods.entry(key.period).or_default()];
            for part in parts {
                part.lost += lost;
                part.spoke |= spoke;
            }
            of_slice.lost += lost;
            self.lost += lost;
        }
    }

    /// Why a cell of a slice may not vanish; none where it may.
    pub(crate) fn against(&self, slice: usize, cell: &CellKey, percent: u32) -> Option<Reason> {
        if !self.spoke {
            let asked = if self.leftover { "any job of the run" } else { "the job" };
            return Some(without_evidence(format!(
                "the source has no values at all for {asked}, so it is not known that they were deleted there"
            )));
        }
        if self.lost > ALONE && self.lost.saturating_mul(100) > self.at_stake.saturating_mul(u64::from(percent)) {
            let reason = format!(
                "{} of {} values that the routine could delete here would be deleted, which is more than \
                 {percent} %",
                self.lost, self.at_stake
            );
            return Some(Reason::new(&finding::MAX_DELETE_SHARE_EXCEEDED, reason));
        }
        if self.leftover {
            return None;
        }
        let part = |part: Option<&Part>| part.copied().unwrap_or_default();
        if !part(self.slices.get(&slice)).speaks_for_deleting() {
            return Some(without_evidence(
                "the source has no values at all for these org units, so it is not known that they were deleted there"
                    .to_owned(),
            ));
        }
        if !part(self.org_units.get(&cell.org_unit)).speaks_for_deleting() {
            return Some(without_evidence(
                "the source has no values at all for the org unit, in no period of this run, so it is not known that \
                 they were deleted there"
                    .to_owned(),
            ));
        }
        let period = cell.period;
        if !part(self.periods.get(&period)).speaks_for_deleting() {
            return Some(without_evidence(format!(
                "the source has no values at all for {period}, so it is not known that they were deleted there"
            )));
        }
        None
    }
}

fn without_evidence(reason: String) -> Reason {
    Reason::new(&finding::DELETE_WITHOUT_EVIDENCE, reason)
}

impl Cell {
    /// Whether its value goes, or becomes a zero, only because the source has nothing.
    pub(crate) fn vanishes(&self) -> bool {
        self.contributions == 0 && matches!(self.step, Step::Delete | Step::Update)
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, Vanishing};
    use crate::diff::{Cell, Step};
    use crate::fixture::cell as key;

    fn one(step: Step) -> Cell {
        Cell {
            key: key(1, 1, "202401"),
            item: 0,
            previous: Some("5".to_owned()),
            value: None,
            comment: None,
            followup: false,
            contributions: u32::from(step == Step::Unchanged),
            step,
            data_set: None,
        }
    }

    fn cells(of: &str, kept: u8, lost: u8) -> Vec<Cell> {
        let cell = |unit: u8, step: Step| Cell { key: key(1, unit, of), ..one(step) };
        let kept = (0..kept).map(|unit| cell(unit, Step::Unchanged));
        kept.chain((0..lost).map(|unit| cell(100 + unit, Step::Delete))).collect()
    }

    /// The word of what speaks against deleting in the last of slices of one month, each with what it kept and lost.
    fn against(slices: &[(u8, u8)], percent: u32) -> Option<&'static str> {
        let mut vanishing = Vanishing::default();
        for (number, (kept, lost)) in slices.iter().enumerate() {
            let cells = cells("202401", *kept, *lost);
            vanishing.take(number, u64::from(*kept), &cells, cells.len() as u64);
        }
        let hold = vanishing.against(slices.len() - 1, &key(1, 100, "202401"), percent);
        hold.map(|hold| hold.code.word)
    }

    #[test]
    fn a_share_may_vanish_and_no_more() {
        assert_eq!(against(&[(81, 19)], 20), None);
        assert_eq!(against(&[(80, 20)], 20), None, "not more than a fifth");
        assert_eq!(against(&[(79, 21)], 20), Some("max-delete-share-exceeded"));
        assert_eq!(against(&[(79, 21)], 21), None);
        assert_eq!(against(&[(60, 0), (20, 20)], 20), None, "of the whole job, not of a slice");
        assert_eq!(against(&[(60, 5), (20, 20)], 20), Some("max-delete-share-exceeded"));
        assert_eq!(against(&[(1, 99)], 100), None);
    }

    #[test]
    fn one_value_alone_may_vanish_beside_others() {
        assert_eq!(against(&[(1, 1)], 20), None);
        assert_eq!(against(&[(2, 2)], 20), Some("max-delete-share-exceeded"));
        assert_eq!(against(&[(0, 1)], 20), Some("delete-without-evidence"), "there is nothing else");
        assert_eq!(against(&[(0, 40)], 100), Some("delete-without-evidence"), "whatever the share");
    }

    #[test]
    fn a_slice_or_a_period_that_is_silent_loses_few_cells() {
        let few = u8::try_from(FEW).unwrap();
        assert_eq!(against(&[(200, 0), (0, few)], 20), None);
        assert_eq!(against(&[(200, 0), (0, few + 1)], 20), Some("delete-without-evidence"));
        assert_eq!(against(&[(200, 0), (1, few + 1)], 20), None);
        let mut vanishing = Vanishing::default();
        let all = [cells("202401", 200, 0), cells("202402", 0, few + 1)].concat();
        vanishing.take(0, 200, &all, all.len() as u64);
        let hold = |month| vanishing.against(0, &key(1, 100, month), 20);
        assert!(hold("202402").unwrap().text.contains("202402"));
        assert_eq!(hold("202401"), None);
    }

    #[test]
    fn an_org_unit_that_falls_silent_loses_few_cells() {
        let few = u8::try_from(FEW).unwrap();
        let of_unit = |unit: u8, elements: std::ops::Range<u8>, step: Step| {
            let cells = elements.map(move |element| (element, step.clone()));
            cells
                .map(move |(element, step)| Cell { key: key(element, unit, "202401"), ..one(step) })
                .collect::<Vec<_>>()
        };
        let hold = |silent: Vec<Cell>| {
            let mut vanishing = Vanishing::default();
            let all = [cells("202401", 200, 0), silent].concat();
            vanishing.take(0, 200, &all, all.len() as u64);
            vanishing.against(0, &key(1, 250, "202401"), 20)
        };
        assert_eq!(hold(of_unit(250, 0..few, Step::Delete)), None);
        assert!(hold(of_unit(250, 0..few + 1, Step::Delete)).unwrap().text.contains("for the org unit"));
        let still_speaks = [of_unit(250, 0..few + 1, Step::Delete), of_unit(250, 200..201, Step::Unchanged)].concat();
        assert_eq!(hold(still_speaks), None);
    }

    #[test]
    fn leftover_cells_are_a_share_of_all_that_was_written() {
        let of = |written, lost, spoke| {
            let mut vanishing = Vanishing::of_leftover(written, spoke);
            vanishing.take(0, 0, &cells("202401", 0, lost), 0);
            vanishing.against(0, &key(1, 100, "202401"), 20).map(|hold| hold.code.word)
        };
        assert_eq!(of(100, 20, true), None, "the source is not asked about them");
        assert_eq!(of(100, 21, true), Some("max-delete-share-exceeded"));
        assert_eq!(of(100, 1, false), Some("delete-without-evidence"));
    }
}
