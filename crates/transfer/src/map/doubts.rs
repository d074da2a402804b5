//! Doubts about cells: a part of them cannot be used, so that nothing is sent for them.

use std::collections::BTreeSet;

use crate::finding::{self, Reason};
use crate::map::fate::target_period;
use crate::map::{Mapping, cells_of};
use crate::plan::{Destination, HookedPeriod};
use xfer_domain::cell::CellKey;
use xfer_domain::period::Period;
use xfer_domain::shown::shown;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;

/// What to do about a script that moves values in `rows`.
const MOVE_WITH_PERIOD: &str = "use `fn period(p, ctx)` in the script to move periods: a run then reads all values of \
                                a cell; `rows` cannot move values between periods";

impl Mapping<'_> {
    /// Leaves a doubt about the cells of an item: a part of them cannot be used.
    pub(super) fn doubt(
        &mut self,
        item: usize,
        target: Uid,
        period: Period,
        value: &SourceValue,
        why: impl FnOnce() -> String,
    ) {
        let cells = cells_of(self.job, item, target, period).filter(|cell| !self.doubts.contains_key(cell));
        let cells: Vec<CellKey> = cells.collect();
        if cells.is_empty() {
            return;
        }
        let reason =
            format!("the value of {} at {} in {} is part of it: {}", value.data, value.org_unit, value.period, why());
        let reason = Reason::new(&finding::CELL_NOT_WHOLE, reason);
        for cell in cells {
            self.doubts.insert(cell, reason.clone());
        }
    }

    /// Leaves a doubt about the cells between which a script with `rows` moved a value: it sees the periods of the run and
    /// no others, so that what it would move here from those beside them is not known. Within one cell nothing is missing.
    pub(super) fn doubt_moved(&mut self, from: &SourceValue, to: &SourceValue) {
        let ends = [self.cells_of_value(from), self.cells_of_value(to)];
        if ends[0] == ends[1] {
            return;
        }
        let reason = format!(
            "a script with `rows` moved the value of {} at {} from {} to {}, and it is not known what it would move \
             here from periods that this run does not read",
            from.data, from.org_unit, from.period, to.period
        );
        let reason = Reason::new(&finding::CELL_NOT_WHOLE, reason).with_hint(MOVE_WITH_PERIOD);
        for cell in ends.into_iter().flatten() {
            self.doubts.entry(cell).or_insert_with(|| reason.clone());
        }
    }

    /// Leaves a doubt about the cells of a value that the source gave twice, and not the same both times.
    pub(super) fn doubt_twice(&mut self, value: &SourceValue) {
        let reason = format!(
            "the source sent the value of {} at {} in {} twice with different contents",
            value.data, value.org_unit, value.period
        );
        let reason = Reason::new(&finding::SOURCE_VALUE_TWICE, reason);
        for cell in self.cells_of_value(value) {
            self.doubts.insert(cell, reason.clone());
        }
    }

    /// The cells that a value goes to as it stands.
    fn cells_of_value(&self, value: &SourceValue) -> BTreeSet<CellKey> {
        let (job, Some(target)) = (self.job, self.target_of(value.org_unit)) else { return BTreeSet::new() };
        let items = job.items_of(value.data, value.category_option_combo, value.attribute_option_combo);
        let items = items.filter(|item| job.reads_for(*item, value.period));
        let periods = items.filter_map(|item| Some((item, target_period(job, item, value.period).ok()?)));
        periods.flat_map(|(item, period)| cells_of(job, item, target, period)).collect()
    }

    /// Leaves a doubt about the cells that a value may belong to whose period goes nowhere through no will of a person.
    pub(super) fn doubt_periods(&mut self, item: usize, target: Uid, value: &SourceValue, text: &str) {
        let job = self.job;
        let (periods, why): (Vec<Period>, String) = match job.hooked_periods(item) {
            Some(hooked) => match hooked.destinations.get(&value.period) {
                Some(HookedPeriod::Rejected(reason)) => (hooked.around(value.period).collect(), reason.clone()),
                _ => return,
            },
            None => match job.periods.destination_of(value.period) {
                Destination::Between(first, second) => (
                    vec![first, second],
                    format!(
                        "half of {} is in {first} and half in {second}, so `{}` cannot be written",
                        value.period,
                        shown(text)
                    ),
                ),
                _ => return,
            },
        };
        for period in periods.into_iter().filter(|period| job.writes(item, *period)) {
            self.doubt(item, target, period, value, || why.clone());
        }
    }
}
