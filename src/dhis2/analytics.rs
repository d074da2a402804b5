//! Aggregated values: `GET /api/analytics`.
//!
//! A question is a box of data items × org units × periods. Boxes are cut until the request line is short enough and
//! the cells fit the budget; where the server still finds one too big (E7128 cannot be predicted, `measured.md`), it is
//! cut in two and the budget shrinks, for this client and for those who persist it. Periods are cut first, because
//! servers keep a table per year, then org units, then data items (dhis2-api 4.6).
//!
//! A server drops ids that it does not know without a word. So every id is checked once against what the server
//! resolves the question to, by a request without data.

use std::collections::{BTreeSet, HashSet};

use crate::dhis2::client::Client;
use crate::dhis2::error::{ClientError, ClientErrorKind};
use crate::dhis2::grid::{Asked, Grid, read_analytics_values, read_grid};
use crate::dhis2::query::{ListCost, Query, distinct, entries_per_request};
use crate::dhis2::retry::RetryRule;
use crate::dhis2::transport::{Ask, in_background, lock};
use crate::domain::period::Period;
use crate::domain::uid::{UID_LENGTH, Uid};

const REQUEST: &str = "GET /api/analytics";

/// Smallest budget: a server that cannot answer this many cells has another problem.
const SMALLEST_BUDGET: u64 = 100;

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    /// Data elements, or indicators and program indicators; never mixed, `co` and `ao` apply to data elements only.
    pub data: Vec<Uid>,
    /// Whether category and attribute option combos are columns.
    pub option_combos: bool,
    /// Org units, each aggregated over everything below it.
    pub org_units: Vec<Uid>,
    /// Periods.
    pub periods: Vec<Period>,
}

/// One aggregated value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsValue {
    /// Data element, indicator or program indicator.
    pub data: Uid,
    /// The COC, where asked for.
    pub category_option_combo: Option<Uid>,
    /// The AOC, where asked for.
    pub attribute_option_combo: Option<Uid>,
    /// The org unit.
    pub org_unit: Uid,
    /// The period.
    pub period: Period,
    /// The value as the server printed it: `12.0`, `1.0E-4`.
    pub value: String,
}

/// What a client learns about its server's analytics.
#[derive(Debug)]
pub(crate) struct AnalyticsMemory {
    /// Cells per request.
    budget: u64,
    /// What the budget may grow back to.
    most: u64,
    /// Data items, org units and periods that the server is known to know.
    known: Known,
}

#[derive(Debug, Default, Clone)]
struct Known {
    data: HashSet<Uid>,
    org_units: HashSet<Uid>,
    periods: HashSet<Period>,
}

impl AnalyticsMemory {
    pub(crate) fn new(budget: u64) -> Self {
        let budget = budget.max(SMALLEST_BUDGET);
        Self { budget, most: budget, known: Known::default() }
    }

    /// A box of that many cells was too big.
    fn shrink(&mut self, cells: u64) {
        self.budget = (cells.min(self.budget) / 2).max(SMALLEST_BUDGET);
    }

    /// A box of that many cells passed: after a bad day the budget recovers slowly.
    fn grow(&mut self, cells: u64) {
        if cells.saturating_mul(2) > self.budget {
            self.budget = (self.budget + self.budget / 10).min(self.most);
        }
    }
}

/// A part of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    data: Vec<Uid>,
    org_units: Vec<Uid>,
    periods: Vec<Period>,
}

impl Part {
    fn cells(&self) -> u64 {
        [self.data.len(), self.org_units.len(), self.periods.len()]
            .into_iter()
            .fold(1_u64, |cells, entries| cells.saturating_mul(entries as u64))
    }

    /// Two halves: by period, else by org unit, else by data item; none for a single cell.
    fn halves(self) -> Result<[Self; 2], Self> {
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
    fn within(self, room: usize) -> Vec<Self> {
        let longest = self.periods.iter().map(|period| period.to_string().len()).max().unwrap_or_default();
        let list = |entries, length: usize| ListCost { entries, bytes_each: length + 1 };
        let lists = [
            list(self.data.len(), UID_LENGTH),
            list(self.org_units.len(), UID_LENGTH),
            list(self.periods.len(), longest),
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

    fn query(&self, option_combos: bool) -> Query {
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

impl Client {
    /// Reads an analytics grid, split into as many requests as lengths and limits ask for
    /// (`skipRounding=true`). Requested ids that the server dropped silently are an error.
    ///
    /// No rows at all are only believed from a server whose analytics is in a state to answer: tables built (up to
    /// 2.37 their absence is an empty grid), output period types configured (2.43).
    pub async fn read_analytics(&self, query: &AnalyticsQuery) -> Result<Vec<AnalyticsValue>, ClientError> {
        let whole = Part {
            data: distinct(&query.data),
            org_units: distinct(&query.org_units),
            periods: distinct(&query.periods),
        };
        if whole.cells() == 0 {
            return Ok(Vec::new());
        }
        let can = self.capabilities_for_data(REQUEST).await?;
        self.check_known(&whole).await?;
        let room = self.room(query.option_combos);
        // The last part is read next, so that halves stay near each other.
        let mut parts = whole.within(room);
        parts.reverse();
        let mut values = Vec::new();
        while let Some(part) = parts.pop() {
            let cells = part.cells();
            if cells > self.analytics_budget() {
                match part.halves() {
                    Ok(halves) => parts.extend(halves.into_iter().rev()),
                    Err(part) => values.extend(self.read_grid_of(&part, query.option_combos).await?),
                }
                continue;
            }
            match self.read_grid_of(&part, query.option_combos).await {
                Ok(read) => {
                    lock(&self.analytics).grow(cells);
                    values.extend(read);
                }
                Err(error) if error.kind.is_too_big() => {
                    lock(&self.analytics).shrink(cells);
                    match part.halves() {
                        Ok(halves) => parts.extend(halves.into_iter().rev()),
                        Err(_) => return Err(error),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if values.is_empty() {
            self.believe_no_rows(can.analytics_says_tables_missing).await?;
        }
        Ok(values)
    }

    /// Cells that one analytics request may hold, as learned so far; worth keeping for the next run.
    pub fn analytics_budget(&self) -> u64 {
        lock(&self.analytics).budget
    }

    /// Begins with a budget that was learned before.
    pub fn set_analytics_budget(&self, cells: u64) {
        let mut memory = lock(&self.analytics);
        memory.budget = cells.clamp(SMALLEST_BUDGET, memory.most);
    }

    /// Bytes that the items of a question may take.
    fn room(&self, option_combos: bool) -> usize {
        let empty = Part { data: Vec::new(), org_units: Vec::new(), periods: Vec::new() };
        // Longer than what is added later, `skipMeta` or `skipData`.
        let frame = self.transport.request_line(&empty.query(option_combos).pair("skipMeta", "true"));
        self.transport.limits.request_line.saturating_sub(frame)
    }

    async fn read_grid_of(&self, part: &Part, option_combos: bool) -> Result<Vec<AnalyticsValue>, ClientError> {
        let asked = Asked {
            data: part.data.iter().copied().collect(),
            org_units: part.org_units.iter().copied().collect(),
            periods: part.periods.iter().copied().collect(),
            option_combos,
        };
        let answer = self.ask_analytics(part.query(option_combos).pair("skipMeta", "true"), part.cells() > 1).await?;
        in_background(move || read_analytics_values(&answer, &asked)).await.map_err(|kind| self.fail(REQUEST, kind))
    }

    async fn ask_analytics(&self, query: Query, splits: bool) -> Result<crate::dhis2::answer::Answer, ClientError> {
        let rule = if splits { RetryRule::ReadThatSplits } else { RetryRule::Read };
        let ask = Ask { slow: true, fresh: true, rule, ..Ask::get(query) };
        self.transport.fetch(&ask).await.map_err(|kind| self.fail(REQUEST, kind))
    }

    /// Checks that the server knows every id and period of a question; those that it proved to know are not asked
    /// about again.
    async fn check_known(&self, whole: &Part) -> Result<(), ClientError> {
        let known = lock(&self.analytics).known.clone();
        let mut asked = Part {
            data: whole.data.iter().copied().filter(|id| !known.data.contains(id)).collect(),
            org_units: whole.org_units.iter().copied().filter(|id| !known.org_units.contains(id)).collect(),
            periods: whole.periods.iter().copied().filter(|period| !known.periods.contains(period)).collect(),
        };
        if asked.data.is_empty() && asked.org_units.is_empty() && asked.periods.is_empty() {
            return Ok(());
        }
        // A question needs all three dimensions; what is known fills the gaps.
        fill(&mut asked.data, &whole.data);
        fill(&mut asked.org_units, &whole.org_units);
        fill(&mut asked.periods, &whole.periods);
        let mut missing = BTreeSet::new();
        for part in diagonal(&asked, self.room(false)) {
            let query = part.query(false).pair("skipData", "true");
            match self.ask_analytics(query, false).await {
                Ok(answer) => {
                    let grid = read_grid(&answer).map_err(|kind| self.fail(REQUEST, kind))?;
                    missing.extend(unresolved(&part, &grid));
                }
                // None of the items is known: the codes of an empty dimension.
                Err(error) if matches!(error.kind.code(), Some("E7124")) => {
                    missing.extend(part.data.iter().map(Uid::to_string));
                }
                Err(error) if matches!(error.kind.code(), Some("E7143")) => {
                    missing.extend(part.org_units.iter().map(Uid::to_string));
                }
                Err(error) => return Err(error),
            }
        }
        if !missing.is_empty() {
            return Err(self.fail(REQUEST, ClientErrorKind::MissingIds { ids: missing.into_iter().collect() }));
        }
        let mut memory = lock(&self.analytics);
        memory.known.data.extend(&asked.data);
        memory.known.org_units.extend(&asked.org_units);
        memory.known.periods.extend(&asked.periods);
        Ok(())
    }

    /// An answer without any row is believed only where analytics is able to answer.
    async fn believe_no_rows(&self, says_tables_missing: bool) -> Result<(), ClientError> {
        let not_ready =
            |reason: &str| self.fail(REQUEST, ClientErrorKind::AnalyticsNotReady { reason: reason.to_owned() });
        if !says_tables_missing && self.analytics_stamp().await?.built_at.is_none() {
            return Err(not_ready("its tables were never generated"));
        }
        if self.output_period_types_missing().await? {
            return Err(not_ready("no data output period types are configured, so that every answer is empty"));
        }
        Ok(())
    }
}

/// Something for a dimension that has nothing new to ask.
fn fill<T: Copy>(list: &mut Vec<T>, whole: &[T]) {
    if list.is_empty() {
        list.extend(whole.first());
    }
}

/// Parts in which every entry of each list occurs at least once, without their whole product.
fn diagonal(asked: &Part, room: usize) -> Vec<Part> {
    let per_list = room / (3 * (UID_LENGTH + 1));
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
fn unresolved(part: &Part, grid: &Grid) -> Vec<String> {
    let ids =
        |name: &str| -> HashSet<&str> { grid.dimensions.get(name).into_iter().flatten().map(String::as_str).collect() };
    let (data, units) = (ids("dx"), ids("ou"));
    let periods: HashSet<Period> = ids("pe").into_iter().filter_map(|text| Period::parse(text).ok()).collect();
    let missing_data = part.data.iter().filter(|id| !data.contains(id.as_str())).map(Uid::to_string);
    let missing_units = part.org_units.iter().filter(|id| !units.contains(id.as_str())).map(Uid::to_string);
    let missing_periods = part.periods.iter().filter(|period| !periods.contains(period)).map(Period::to_string);
    missing_data.chain(missing_units).chain(missing_periods).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{AnalyticsMemory, Part, SMALLEST_BUDGET, diagonal, unresolved};
    use crate::dhis2::grid::Grid;
    use crate::domain::period::Period;
    use crate::domain::uid::Uid;

    fn uids(prefix: char, number: usize) -> Vec<Uid> {
        (0..number).map(|index| Uid::parse(&format!("{prefix}{index:010}")).unwrap()).collect()
    }

    fn part(data: usize, units: usize, periods: usize) -> Part {
        let periods = (0..periods).map(|index| Period::parse(&format!("{}", 1990 + index)).unwrap()).collect();
        Part { data: uids('d', data), org_units: uids('o', units), periods }
    }

    fn cells(parts: &[Part]) -> HashSet<(Uid, Uid, Period)> {
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
        let seen: HashSet<Uid> =
            parts.iter().flat_map(|part| part.org_units.iter().chain(&part.data)).copied().collect();
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
