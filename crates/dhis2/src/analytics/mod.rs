//! Aggregated values: `GET /api/analytics`.
//!
//! A question is a box of data items × org units × periods. Boxes are cut until the request line is short enough and
//! the cells fit the budget; where the server still finds one too big (E7128 cannot be predicted, `measured.md`), it is
//! cut in two and the budget shrinks, for this client and for those who persist it. Periods are cut first, because
//! servers keep a table per year, then org units, then data items (dhis2-api 4.6).
//!
//! A server drops ids that it does not know without a message. So every id is checked once against what the server
//! resolves the question to, by a request without data.

pub mod grid;
pub(crate) mod memory;
mod part;

use std::collections::BTreeSet;

use crate::analytics::grid::{Asked, read_analytics_values, read_grid};
use crate::analytics::memory::SMALLEST_BUDGET;
use crate::analytics::part::{Part, diagonal, unresolved};
use crate::answer::Answer;
use crate::bounds::{Bounds, Excess, MOST_HELD};
use crate::client::Client;
use crate::error::{ClientError, ClientErrorKind};
use crate::query::{Query, distinct};
use crate::retry::RetryRule;
use crate::transport::{Ask, lock};
use xfer_domain::data_item::DataItem;
use xfer_domain::period::Period;
use xfer_domain::source_value::SourceValue;
use xfer_domain::uid::Uid;

const REQUEST: &str = "GET /api/analytics";

/// What to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyticsQuery {
    /// Data elements, or what the server calculates; never mixed, `co` and `ao` apply to data elements only, and reporting
    /// rates to org units and periods only.
    pub data: Vec<DataItem>,
    /// Whether category and attribute option combos are columns.
    pub option_combos: bool,
    /// Org units, each aggregated over everything below it.
    pub org_units: Vec<Uid>,
    /// Periods.
    pub periods: Vec<Period>,
}

impl Client {
    /// Reads an analytics grid, split into as many requests as lengths and limits ask for
    /// (`skipRounding=true`). Requested ids that the server dropped silently are an error.
    ///
    /// No rows at all are only believed from a server whose analytics is in a state to answer: tables built (up to
    /// 2.37 their absence is an empty grid), output period types configured (2.43).
    pub async fn read_analytics(&self, query: &AnalyticsQuery) -> Result<Vec<SourceValue>, ClientError> {
        let whole = Part {
            data: distinct(&query.data),
            org_units: distinct(&query.org_units),
            periods: distinct(&query.periods),
        };
        if whole.cells() == 0 {
            return Ok(Vec::new());
        }
        let can = self.capabilities().await?;
        self.check_known(&whole).await?;
        let room = self.room(query.option_combos);
        // The last part is read next, so that halves stay near each other.
        let mut parts = whole.within(room);
        parts.reverse();
        let (mut values, mut held) = (Vec::new(), 0);
        while let Some(part) = parts.pop() {
            if held > MOST_HELD {
                return Err(self.fail(REQUEST, ClientErrorKind::TooLarge { excess: Excess::Held(MOST_HELD) }));
            }
            let cells = part.cells();
            if cells > self.analytics_budget() {
                match part.halves() {
                    Ok(halves) => parts.extend(halves.into_iter().rev()),
                    Err(part) => {
                        let read = self.read_grid_of(&part, query.option_combos).await?;
                        held += weight(&read);
                        values.extend(read);
                    }
                }
                continue;
            }
            match self.read_grid_of(&part, query.option_combos).await {
                Ok(read) => {
                    lock(&self.analytics).grow(cells);
                    held += weight(&read);
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

    async fn read_grid_of(&self, part: &Part, option_combos: bool) -> Result<Vec<SourceValue>, ClientError> {
        let asked = Asked {
            data: part.data.iter().map(|data| (data.to_string(), *data)).collect(),
            org_units: part.org_units.iter().copied().collect(),
            periods: part.periods.iter().copied().collect(),
            option_combos,
        };
        let query = part.query(option_combos).pair("skipMeta", "true");
        self.ask_analytics(query, part.cells() > 1, move |answer| read_analytics_values(answer, &asked)).await
    }

    async fn ask_analytics<T: Send + 'static>(
        &self,
        query: Query,
        splits: bool,
        reader: impl Fn(&Answer) -> Result<T, ClientErrorKind> + Send + Sync + 'static,
    ) -> Result<T, ClientError> {
        let rule = if splits { RetryRule::ReadThatSplits } else { RetryRule::Read };
        let ask = Ask { slow: true, fresh: true, rule, bounds: Bounds::GRID, ..Ask::get(query) };
        match self.transport.fetch(&ask, reader).await {
            Ok((read, _)) => Ok(read),
            Err(kind) => Err(self.fail(REQUEST, kind)),
        }
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
            match self.ask_analytics(query, false, read_grid).await {
                Ok(grid) => missing.extend(unresolved(&part, &grid)),
                // None of the items is known: the codes of an empty dimension.
                Err(error) if matches!(error.kind.server_code(), Some("E7124")) => {
                    missing.extend(part.data.iter().map(DataItem::to_string));
                }
                Err(error) if matches!(error.kind.server_code(), Some("E7143")) => {
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

/// Bytes that values take in memory.
fn weight(values: &[SourceValue]) -> usize {
    values.iter().map(|value| size_of::<SourceValue>() + value.value.as_ref().map_or(0, String::len)).sum()
}

/// Something for a dimension that has nothing new to ask.
fn fill<T: Copy>(list: &mut Vec<T>, whole: &[T]) {
    if list.is_empty() {
        list.extend(whole.first());
    }
}
