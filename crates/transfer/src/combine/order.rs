//! Contributions in the order of their cells.
//!
//! A slice has some ten thousand, of a hundred bytes each, and they arrive in the order of the server. So places and what
//! stands there are numbered in order once, and small numbers are sorted instead of whole contributions.

use std::hash::Hash;

use crate::map::Contribution;
use xfer_domain::cell::CellAddress;
use xfer_domain::hashed::Hashed;
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// The same contributions as `sort` orders them: the whole of each takes part, so that what comes of them does not depend
/// on the order of arrival.
pub(super) fn ordered(mut contributions: Vec<Contribution>) -> Vec<Contribution> {
    if contributions.is_sorted() {
        return contributions;
    }
    let Ok(number) = u32::try_from(contributions.len()) else {
        contributions.sort_unstable();
        return contributions;
    };
    let units: Numbers<Uid> = Numbers::of(contributions.iter().map(|part| part.cell.org_unit));
    let cells: Numbers<(Period, CellAddress)> = Numbers::of(contributions.iter().map(cell_of_unit));
    let rank = |part: &Contribution| {
        u64::from(units.of_key(&part.cell.org_unit)) << 32 | u64::from(cells.of_key(&cell_of_unit(part)))
    };
    let mut ranks: Vec<(u64, u32)> = contributions.iter().map(rank).zip(0..number).collect();
    ranks.sort_unstable();
    let mut taken: Vec<Option<Contribution>> = contributions.into_iter().map(Some).collect();
    let places = ranks.iter().filter_map(|(_, place)| taken.get_mut(*place as usize)?.take());
    let mut ordered: Vec<Contribution> = places.collect();
    // Those of one cell stand together, in the order of arrival so far.
    ordered.chunk_by_mut(|one, next| one.cell == next.cell).for_each(<[Contribution]>::sort_unstable);
    ordered
}

/// What a cell is within its org unit, in the order of cells.
fn cell_of_unit(part: &Contribution) -> (Period, CellAddress) {
    (part.cell.period, part.cell.address())
}

/// Numbers of keys, in their order.
struct Numbers<K>(Hashed<K, u32>);

impl<K: Copy + Ord + Hash> Numbers<K> {
    fn of(keys: impl Iterator<Item = K>) -> Self {
        let mut numbers: Hashed<K, u32> = Hashed::default();
        let mut last = None;
        for key in keys {
            if last.replace(key) != Some(key) {
                numbers.insert(key, 0);
            }
        }
        let mut sorted: Vec<K> = numbers.keys().copied().collect();
        sorted.sort_unstable();
        numbers.extend(sorted.into_iter().zip(0..));
        Self(numbers)
    }

    fn of_key(&self, key: &K) -> u32 {
        self.0.get(key).copied().unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::ordered;
    use crate::fixture::{cell, unit};
    use crate::map::Contribution;

    proptest! {
        #[test]
        fn the_order_is_that_of_a_sort(parts in proptest::collection::vec((0_u8..4, 0_u8..4, 1_u8..4, 0_usize..3, 0_u8..3), 0..60)) {
            let parts = parts.into_iter().zip(0..).map(|((element, place, month, item, text), value)| {
                let key = cell(element, place, &format!("2024{month:02}"));
                Contribution {
                    cell: key,
                    source_period: key.period,
                    source_unit: unit(place ^ 1),
                    item,
                    text: text.to_string(),
                    value,
                }
            });
            let parts: Vec<Contribution> = parts.collect();
            let mut sorted = parts.clone();
            sorted.sort_unstable();
            prop_assert_eq!(ordered(parts), sorted);
        }
    }
}
