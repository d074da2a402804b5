//! Which query periods a stored period counts for.
//!
//! A value of a week counts for the month that holds the week's fourth day
//! (`IdentifiableObjectUtils.getPeriodByPeriodType`); every other value for the period that holds its first day.

use std::collections::HashMap;

use jiff::Span;
use jiff::civil::Date;

use super::dimension::{Axis, Dimensions, PeriodItem};
use super::place::place;
use super::query::Query;
use xfer_domain::period::{Period, PeriodType};

/// How a column or filter is met.
#[derive(Debug)]
pub(super) struct Periods {
    /// The items asked for.
    pub(super) items: Vec<PeriodItem>,
    /// First and last day, where dates were asked instead.
    dates: Option<(Date, Date)>,
    by_type: HashMap<PeriodType, HashMap<Period, u32>>,
    is_column: bool,
}

/// Which stored periods a query period takes values from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// Those it holds.
    Inside,
    /// Those it holds, or, where it is shorter than the stored ones, the one that holds it (averages only).
    InsideOrAround,
    /// All of the ten years up to its end (`LAST`, `FIRST`).
    TenYears,
    /// All that lie inside it, whatever their type (`LAST_IN_PERIOD`).
    Within,
}

impl Periods {
    /// The periods of a request.
    pub(super) fn new(dimensions: &Dimensions, query: &Query) -> Self {
        let items: Vec<PeriodItem> = dimensions.periods().into_iter().cloned().collect();
        let mut by_type: HashMap<PeriodType, HashMap<Period, u32>> = HashMap::new();
        for (position, item) in items.iter().enumerate() {
            by_type.entry(item.period.period_type()).or_default().insert(item.period, place(position));
        }
        let is_column = dimensions.columns.iter().any(|column| matches!(column.axis, Axis::Period(_)));
        Self { items, dates: query.dates, by_type, is_column }
    }

    /// The places of the query periods that a stored period counts for.
    pub(super) fn targets(&self, stored: Period, window: Window) -> Vec<u32> {
        let mut found = match (self.dates, window) {
            (Some((start, end)), _) => {
                if stored.start() >= start && stored.end() <= end {
                    vec![0]
                } else {
                    Vec::new()
                }
            }
            (None, Window::Inside) => self.holding(stored),
            (None, Window::InsideOrAround) => {
                let mut found = self.holding(stored);
                found.extend(self.held_by(stored));
                found
            }
            (None, Window::TenYears | Window::Within) => self.reaching(stored, window),
        };
        if !self.is_column {
            found = collapsed(&found);
        }
        found
    }

    /// The one period of each asked type that a stored period belongs to. Types shorter than the stored one hold none.
    fn holding(&self, stored: Period) -> Vec<u32> {
        let stored_type = stored.period_type();
        let day = if stored_type.is_weekly() {
            stored.start().checked_add(Span::new().days(3)).unwrap_or_else(|_| stored.start())
        } else {
            stored.start()
        };
        self.by_type
            .iter()
            .filter_map(|(period_type, periods)| {
                if *period_type == stored_type {
                    return periods.get(&stored).copied();
                }
                let longer = stored_type.nominal_days() <= period_type.nominal_days();
                if longer { periods.get(&period_type.containing(day)).copied() } else { None }
            })
            .collect()
    }

    fn held_by(&self, stored: Period) -> Vec<u32> {
        let (start, end) = (stored.start(), stored.end());
        self.by_type
            .iter()
            .filter(|(period_type, _)| period_type.nominal_days() < stored.period_type().nominal_days())
            .flat_map(|(_, periods)| periods)
            .filter(|(period, _)| start <= period.start() && period.end() <= end)
            .map(|(_, place)| *place)
            .collect()
    }

    fn reaching(&self, stored: Period, window: Window) -> Vec<u32> {
        let (first, last) = (stored.start(), stored.end());
        let reaches = |item: &PeriodItem| {
            let from = if window == Window::Within {
                item.start
            } else {
                item.end.checked_sub(Span::new().years(10)).unwrap_or(Date::MIN)
            };
            last <= item.end && first >= from
        };
        let places = self.items.iter().enumerate().filter(|(_, item)| reaches(item));
        places.map(|(position, _)| place(position)).collect()
    }

    /// The places of the query periods (or of the asked dates) whose first and last day satisfy a condition.
    pub(super) fn where_span(&self, holds: impl Fn(Date, Date) -> bool) -> Vec<u32> {
        if let Some((start, end)) = self.dates {
            return if holds(start, end) { vec![0] } else { Vec::new() };
        }
        let found = self.items.iter().enumerate().filter(|(_, item)| holds(item.start, item.end));
        let places: Vec<u32> = found.map(|(position, _)| place(position)).collect();
        if self.is_column { places } else { collapsed(&places) }
    }

    /// Whether periods are a column.
    pub(super) fn is_column(&self) -> bool {
        self.is_column
    }

    /// Days of a query period, or of all filter periods together.
    pub(super) fn days(&self, place: u32) -> f64 {
        let days = |item: &PeriodItem| f64::from(item.start.until(item.end).map_or(0, |span| span.get_days()) + 1);
        if let Some((start, end)) = self.dates {
            return f64::from(start.until(end).map_or(0, |span| span.get_days()) + 1);
        }
        if self.is_column {
            return self.items.get(place as usize).map_or(1.0, days);
        }
        self.items.iter().map(days).sum()
    }
}

/// Filters have no places of their own: whatever matches is admitted once.
fn collapsed(places: &[u32]) -> Vec<u32> {
    if places.is_empty() { Vec::new() } else { vec![0] }
}
