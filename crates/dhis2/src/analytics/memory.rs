//! What a client learns about its server's analytics: how large a request may be, and which ids exist.

use std::collections::HashSet;

use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// Smallest budget: a server that cannot answer this many cells has another problem.
pub(super) const SMALLEST_BUDGET: u64 = 100;

/// What a client learns about its server's analytics.
#[derive(Debug)]
pub(crate) struct AnalyticsMemory {
    /// Cells per request.
    pub(super) budget: u64,
    /// What the budget may grow back to.
    pub(super) most: u64,
    /// Data items, org units and periods that the server is known to know.
    pub(super) known: Known,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Known {
    pub(super) data: HashSet<DataItem>,
    pub(super) org_units: HashSet<Uid>,
    pub(super) periods: HashSet<Period>,
}

impl AnalyticsMemory {
    pub(crate) fn new(budget: u64) -> Self {
        let budget = budget.max(SMALLEST_BUDGET);
        Self { budget, most: budget, known: Known::default() }
    }

    /// A box of that many cells was too big.
    pub(super) fn shrink(&mut self, cells: u64) {
        self.budget = (cells.min(self.budget) / 2).max(SMALLEST_BUDGET);
    }

    /// A box of that many cells passed: after a bad day the budget recovers slowly.
    pub(super) fn grow(&mut self, cells: u64) {
        if cells.saturating_mul(2) > self.budget {
            self.budget = (self.budget + self.budget / 10).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AnalyticsMemory, SMALLEST_BUDGET};

    #[test]
    fn the_budget_halves_and_recovers() {
        let mut memory = AnalyticsMemory::new(1_000);
        memory.shrink(800);
        assert_eq!(memory.budget, 400);
        memory.grow(100);
        assert_eq!(memory.budget, 400, "a small request proves nothing");
        for _ in 0..50 {
            memory.grow(memory.budget);
        }
        assert_eq!(memory.budget, 1_000);
        memory.shrink(1);
        assert_eq!(memory.budget, SMALLEST_BUDGET);
    }
}
