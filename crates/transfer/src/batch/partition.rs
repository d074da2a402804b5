//! Cuts the rows of one data set into POSTs that never share a key and never race for a new period.
//!
//! Servers write fastest when rows come org unit by org unit (`measured.md`), so rows are sorted by their key, which
//! begins with the org unit. Lanes are made of whole org units: two requests at the same time never hold the same key,
//! and what one lane does cannot deadlock with another (dhis2-api 6.11). How many rows a POST takes is decided when it
//! is taken, because the controller learns on the way.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::batch::controller::{BatchLimit, DataSetKind};
use xfer_dhis2::data_value_sets::PayloadRow;
use xfer_domain::metadata::{DataSet, Metadata};
use xfer_domain::period::Period;
use xfer_domain::uid::Uid;

/// More requests than this at once are not polite, and bring nothing where measured.
pub const MOST_LANES: usize = 4;

/// The kind of a data set, as the batch controller tells them apart: restricted as soon as one attribute option lists
/// org units.
pub fn kind_of(metadata: &Metadata, data_set: &DataSet) -> DataSetKind {
    if data_set.category_combo == Uid::DEFAULT_CATEGORY_COMBO {
        return DataSetKind::Plain;
    }
    let restricted = metadata
        .category_option_combos
        .values()
        .filter(|combo| combo.category_combo == data_set.category_combo)
        .flat_map(|combo| &combo.category_options)
        .filter_map(|option| metadata.category_options.get(option))
        .any(|option| !option.organisation_units.is_empty());
    if restricted { DataSetKind::Restricted } else { DataSetKind::Plain }
}

/// The rows of one data set, in the order of work.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Work {
    /// For each period that the destination has never seen, one row; each is a POST of its own, one after another,
    /// before any lane starts (dhis2-api 6.11). A value rather than a deletion or a zero where there is one, because
    /// only a stored value is sure to bring the period into being.
    pub primers: Vec<PayloadRow>,
    /// Rows that may be sent at the same time lane by lane: no org unit is in two lanes.
    pub lanes: Vec<Lane>,
}

/// Rows that are sent one POST after another, sorted by cell key (org unit first).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lane {
    rows: VecDeque<PayloadRow>,
}

impl Lane {
    /// Takes the rows of the next POST: as many as the limit allows, at least one; empty when the lane is done.
    pub fn take(&mut self, limit: BatchLimit) -> Vec<PayloadRow> {
        let mut org_units = 0;
        let mut last = None;
        let mut number = 0;
        for row in self.rows.iter().take(limit.rows.max(1)) {
            if last != Some(row.cell.org_unit) {
                if org_units == limit.org_units.max(1) {
                    break;
                }
                org_units += 1;
                last = Some(row.cell.org_unit);
            }
            number += 1;
        }
        self.rows.drain(..number).collect()
    }

    /// Rows left.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// Orders the rows of one data set: primers for periods that are not in `seen`, then up to `lanes` lanes (1 to
/// [`MOST_LANES`]) of about the same length.
pub fn plan(mut rows: Vec<PayloadRow>, seen: &BTreeSet<Period>, lanes: usize) -> Work {
    rows.sort_by_key(|row| row.cell);
    let primers = take_primers(&mut rows, seen);
    Work { primers, lanes: into_lanes(rows, lanes.clamp(1, MOST_LANES)) }
}

/// Takes one row of each unseen period out of the rows, in the order of periods.
fn take_primers(rows: &mut Vec<PayloadRow>, seen: &BTreeSet<Period>) -> Vec<PayloadRow> {
    let mut chosen: BTreeMap<Period, usize> = BTreeMap::new();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| !seen.contains(&row.cell.period)) {
        let choice = chosen.entry(row.cell.period).or_insert(index);
        if !is_sure_to_be_stored(&rows[*choice]) && is_sure_to_be_stored(row) {
            *choice = index;
        }
    }
    let taken: BTreeSet<usize> = chosen.values().copied().collect();
    let primers = chosen.values().map(|&index| rows[index].clone()).collect();
    let mut index = 0;
    rows.retain(|_| {
        index += 1;
        !taken.contains(&(index - 1))
    });
    primers
}

/// Whether every server stores the row: no deletion, and no zero that 2.42 may drop.
fn is_sure_to_be_stored(row: &PayloadRow) -> bool {
    row.value.as_deref().is_some_and(|value| value.bytes().any(|byte| !matches!(byte, b'0' | b'.' | b'-')))
}

/// Cuts sorted rows into runs of whole org units, each about its share of what is left.
fn into_lanes(rows: Vec<PayloadRow>, lanes: usize) -> Vec<Lane> {
    let mut left = VecDeque::from(rows);
    let mut cut = Vec::new();
    for remaining in (1..=lanes).rev() {
        let share = left.len().div_ceil(remaining);
        let mut end = share;
        while end > 0 && end < left.len() && left[end].cell.org_unit == left[end - 1].cell.org_unit {
            end += 1;
        }
        let rows: VecDeque<PayloadRow> = left.drain(..end).collect();
        if !rows.is_empty() {
            cut.push(Lane { rows });
        }
    }
    cut
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::{ProptestConfig, any, prop, proptest};

    use super::{Lane, MOST_LANES, plan};
    use crate::batch::controller::BatchLimit;
    use xfer_dhis2::data_value_sets::PayloadRow;
    use xfer_domain::cell::CellKey;
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

    fn row(unit: usize, month: usize, element: usize, value: Option<&str>) -> PayloadRow {
        PayloadRow {
            cell: CellKey {
                org_unit: Uid::parse(&format!("OrgUnit{unit:04}")).unwrap(),
                period: Period::parse(&format!("2024{month:02}")).unwrap(),
                data_element: Uid::parse(&format!("Element{element:04}")).unwrap(),
                category_option_combo: Uid::DEFAULT_OPTION_COMBO,
                attribute_option_combo: Uid::DEFAULT_OPTION_COMBO,
            },
            value: value.map(str::to_owned),
            comment: None,
            followup: false,
        }
    }

    fn drain(lane: &mut Lane, limit: BatchLimit) -> Vec<Vec<PayloadRow>> {
        std::iter::from_fn(|| Some(lane.take(limit)).filter(|rows| !rows.is_empty())).collect()
    }

    #[test]
    fn a_new_period_is_primed_by_a_row_that_is_sure_to_be_stored() {
        let rows = vec![
            row(1, 1, 1, None),
            row(1, 1, 2, Some("0.0")),
            row(1, 2, 1, Some("0")),
            row(2, 1, 1, Some("7")),
            row(2, 3, 1, Some("3")),
        ];
        let seen = BTreeSet::from([Period::parse("202403").unwrap()]);
        let work = plan(rows, &seen, 1);
        let primers: Vec<Option<&str>> = work.primers.iter().map(|row| row.value.as_deref()).collect();
        assert_eq!(primers, [Some("7"), Some("0")], "one per new period, none for the one that is known");
        assert_eq!(work.lanes.iter().map(Lane::len).sum::<usize>(), 3);
    }

    #[test]
    fn a_limit_of_one_org_unit_cuts_at_every_org_unit() {
        let rows = (0..30).map(|index| row(index / 10, 1 + index % 10, 1, Some("1"))).collect();
        let seen = (1..=12).map(|month| Period::parse(&format!("2024{month:02}")).unwrap()).collect();
        let mut work = plan(rows, &seen, 1);
        let posts = drain(&mut work.lanes[0], BatchLimit { rows: 500, org_units: 1 });
        assert_eq!(posts.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 10]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn every_row_is_sent_once_and_no_org_unit_is_in_two_lanes(
            cells in prop::collection::btree_set((0_usize..25, 1_usize..13, 0_usize..4), 0..200),
            known in prop::collection::btree_set(1_usize..13, 0..12),
            lanes in 0_usize..7,
            limit_rows in 0_usize..60,
            limit_units in 0_usize..5,
            zero in any::<bool>(),
        ) {
            let value = if zero { "0" } else { "4" };
            let rows: Vec<PayloadRow> = cells.iter().map(|&(unit, month, element)| row(unit, month, element, Some(value))).collect();
            let seen: BTreeSet<Period> = known.iter().map(|month| Period::parse(&format!("2024{month:02}")).unwrap()).collect();
            let limit = BatchLimit { rows: limit_rows, org_units: limit_units };
            let mut work = plan(rows.clone(), &seen, lanes);

            assert!(work.lanes.len() <= lanes.clamp(1, MOST_LANES));
            let primed: BTreeSet<Period> = work.primers.iter().map(|row| row.cell.period).collect();
            let unseen: BTreeSet<Period> = rows.iter().map(|row| row.cell.period).filter(|period| !seen.contains(period)).collect();
            assert_eq!(primed, unseen);
            assert_eq!(work.primers.len(), unseen.len());

            let mut owner: BTreeMap<Uid, usize> = BTreeMap::new();
            let mut sent: Vec<CellKey> = work.primers.iter().map(|row| row.cell).collect();
            for (number, lane) in work.lanes.iter_mut().enumerate() {
                let mut last = None;
                for post in drain(lane, limit) {
                    assert!(post.len() <= limit.rows.max(1));
                    let units: BTreeSet<Uid> = post.iter().map(|row| row.cell.org_unit).collect();
                    assert!(units.len() <= limit.org_units.max(1));
                    for row in post {
                        assert_eq!(*owner.entry(row.cell.org_unit).or_insert(number), number);
                        assert!(last < Some(row.cell), "rows stay sorted");
                        last = Some(row.cell);
                        sent.push(row.cell);
                    }
                }
            }
            sent.sort();
            let mut expected: Vec<CellKey> = rows.iter().map(|row| row.cell).collect();
            expected.sort();
            assert_eq!(sent, expected);
        }
    }
}
