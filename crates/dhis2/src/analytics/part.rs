//! How an analytics query is split: into short enough request lines, into halves, and into the few requests that name
//! every id once.

use std::collections::HashSet;

use crate::analytics::grid::Grid;
use crate::query::{ListCost, Query, entries_per_request};
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::uid::{UID_LENGTH, Uid};

/// A part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) data: Vec<DataItem>,
    pub(super) org_units: Vec<Uid>,
    pub(super) periods: Vec<Period>,
}

impl Part {
    pub(super) fn cells(&self) -> u64 {
        [self.data.len(), self.org_units.len(), self.periods.len()]
            .into_iter()
            .fold(1_u64, |cells, entries| cells.saturating_mul(entries as u64))
    }

    /// Two halves: by period, else by org unit, else by data item; none for a single cell.
    pub(super) fn halves(self) -> Result<[Self; 2], Self> {
        fn cut<T: Clone>(list: &[T]) -> Option<(Vec<T>, Vec<T>)> {
            let (left, right) = list.split_at(list.len().div_ceil(2));
            (!right.is_empty()).then(|| (left.to_vec(), right.to_vec()))
        }
        if let Some((left, right)) = cut(&self.periods) {
            return Ok([Self { periods: left, ..self.clone() }, Self { periods: right, ..self }]);
        }
        if let Some((left, right)) = cut(&self.org_units) {
            return Ok([Self { org_units: left, ..self.clone() }, Self { org_units: right, ..self }]);
        }
        match cut(&self.data) {
            Some((left, right)) => Ok([Self { data: left, ..self.clone() }, Self { data: right, ..self }]),
            None => Err(self),
        }
    }

    /// The parts of it whose request lines leave room, each list costing its entries and a separator.
    pub(super) fn within(self, room: usize) -> Vec<Self> {
        fn longest<T: ToString>(entries: &[T]) -> usize {
            entries.iter().map(|entry| entry.to_string().len()).max().unwrap_or_default()
        }
        let list = |entries, length: usize| ListCost { entries, bytes_each: length + 1 };
        let lists = [
            list(self.data.len(), longest(&self.data)),
            list(self.org_units.len(), UID_LENGTH),
            list(self.periods.len(), longest(&self.periods)),
        ];
        let [data_size, unit_size, period_size] = entries_per_request(room, lists);
        let mut parts = Vec::new();
        for data in self.data.chunks(data_size) {
            for org_units in self.org_units.chunks(unit_size) {
                for periods in self.periods.chunks(period_size) {
                    parts.push(Self { data: data.to_vec(), org_units: org_units.to_vec(), periods: periods.to_vec() });
                }
            }
        }
        parts
    }

    pub(super) fn query(&self, option_combos: bool) -> Query {
        let query = Query::new("analytics").pair("dimension", &dimension("dx", &self.data));
        let query = if option_combos { query.pair("dimension", "co").pair("dimension", "ao") } else { query };
        query
            .pair("dimension", &dimension("pe", &self.periods))
            .pair("dimension", &dimension("ou", &self.org_units))
            .pair("skipRounding", "true")
    }
}

/// `dx:a;b;c`.
fn dimension<T: ToString>(name: &str, items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    format!("{name}:{}", items.join(";"))
}

/// Parts in which every entry of each list occurs at least once, without their whole product.
pub(super) fn diagonal(asked: &Part, room: usize) -> Vec<Part> {
    let longest_data = asked.data.iter().map(|data| data.to_string().len()).max().unwrap_or_default();
    let per_list = room / (3 * (longest_data.max(UID_LENGTH) + 1));
    let size = per_list.max(1);
    let (data, units, periods): (Vec<_>, Vec<_>, Vec<_>) = (
        asked.data.chunks(size).collect(),
        asked.org_units.chunks(size).collect(),
        asked.periods.chunks(size).collect(),
    );
    let longest = data.len().max(units.len()).max(periods.len());
    (0..longest)
        .map(|index| Part {
            data: data[index % data.len()].to_vec(),
            org_units: units[index % units.len()].to_vec(),
            periods: periods[index % periods.len()].to_vec(),
        })
        .collect()
}

/// What the server left out of the question's dimensions.
pub(super) fn unresolved(part: &Part, grid: &Grid) -> Vec<String> {
    let ids =
        |name: &str| -> HashSet<&str> { grid.dimensions.get(name).into_iter().flatten().map(String::as_str).collect() };
    let (data, units) = (ids("dx"), ids("ou"));
    let periods: HashSet<Period> = ids("pe").into_iter().filter_map(|text| Period::parse(text).ok()).collect();
    let missing_data = part.data.iter().map(DataItem::to_string).filter(|text| !data.contains(text.as_str()));
    let missing_units = part.org_units.iter().filter(|id| !units.contains(id.as_str())).map(Uid::to_string);
    let missing_periods = part.periods.iter().filter(|period| !periods.contains(period)).map(Period::to_string);
    missing_data.chain(missing_units).chain(missing_periods).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{Part, diagonal, unresolved};
    use crate::analytics::grid::Grid;
    use xfer_domain::data_item::DataItem;
    use xfer_domain::period::Period;
    use xfer_domain::uid::Uid;

    fn uids(prefix: char, number: usize) -> Vec<Uid> {
        (0..number).map(|index| Uid::parse(&format!("{prefix}{index:010}")).unwrap()).collect()
    }

    fn part(data: usize, units: usize, periods: usize) -> Part {
        let periods = (0..periods).map(|index| Period::parse(&format!("{}", 1990 + index)).unwrap()).collect();
        let data = uids('d', data).into_iter().map(DataItem::DataElement).collect();
        Part { data, org_units: uids('o', units), periods }
    }

    fn cells(parts: &[Part]) -> HashSet<(DataItem, Uid, Period)> {
        let mut cells = HashSet::new();
        for part in parts {
            for data in &part.data {
                for unit in &part.org_units {
                    for period in &part.periods {
                        assert!(cells.insert((*data, *unit, *period)), "a cell is asked for twice");
                    }
                }
            }
        }
        cells
    }

    #[test]
    fn parts_cover_the_question_once_and_fit() {
        let whole = part(60, 700, 2);
        let all = cells(std::slice::from_ref(&whole));
        let parts = whole.within(5_800);
        assert_eq!(cells(&parts), all);
        for part in &parts {
            assert!(part.query(true).as_str().len() < 5_950, "{}", part.query(true).as_str().len());
        }
        let first = parts[0].clone();
        let halves = first.clone().halves().unwrap();
        assert_eq!(cells(&halves), cells(&[first]));
        assert!(part(1, 1, 1).halves().is_err());
    }

    #[test]
    fn every_id_is_checked_by_few_requests() {
        let asked = part(300, 700, 5);
        let parts = diagonal(&asked, 5_800);
        assert!(parts.len() <= 5, "{}", parts.len());
        let seen: HashSet<Uid> = parts
            .iter()
            .flat_map(|part| part.org_units.iter().copied().chain(part.data.iter().map(|data| data.id())))
            .collect();
        assert_eq!(seen.len(), 1_000);
        for part in parts {
            assert!(part.query(false).as_str().len() < 5_950);
        }
    }

    #[test]
    fn what_the_server_left_out_is_named() {
        let mut grid = Grid::default();
        grid.dimensions.insert("dx".to_owned(), vec!["d0000000000".to_owned()]);
        grid.dimensions.insert("ou".to_owned(), vec!["o0000000000".to_owned(), "o0000000001".to_owned()]);
        grid.dimensions.insert("pe".to_owned(), vec!["1990".to_owned()]);
        assert_eq!(unresolved(&part(2, 2, 2), &grid), ["d0000000001", "1991"]);
    }
}
