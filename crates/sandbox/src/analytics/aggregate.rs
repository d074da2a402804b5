//! Aggregation types and what they make of values (`AnalyticsAggregationType`, `JdbcAnalyticsManager`).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use jiff::civil::Date;

use super::frame::Key;
use super::period_targets::Window;
use super::refusal::{Refusal, unsupported};

/// How values of one cell become one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregation {
    Sum,
    Average,
    /// Summed over org units, averaged over time by days.
    AverageSumOrgUnit,
    Count,
    StandardDeviation,
    Variance,
    Minimum,
    Maximum,
    /// Summed over org units per period, then the least.
    MinimumSumOrgUnit,
    /// Summed over org units per period, then the greatest.
    MaximumSumOrgUnit,
    /// The last (or first) value of each org unit and combo, then all together.
    Edge {
        last: bool,
        within: bool,
        then: Then,
    },
    /// As it is, at the org unit that holds it.
    None,
}

/// What becomes of the edge values of several org units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    Sum,
    Average,
    /// The last (or first) of all.
    Edge,
}

impl Aggregation {
    /// Reads DHIS2's name; unknown ones are refused rather than summed.
    pub(super) fn parse(name: &str) -> Result<Self, Refusal> {
        let edge = |last, within, then| Self::Edge { last, within, then };
        Ok(match name {
            "SUM" => Self::Sum,
            "AVERAGE" => Self::Average,
            "AVERAGE_SUM_ORG_UNIT" => Self::AverageSumOrgUnit,
            "COUNT" => Self::Count,
            "STDDEV" => Self::StandardDeviation,
            "VARIANCE" => Self::Variance,
            "MIN" => Self::Minimum,
            "MAX" => Self::Maximum,
            "MIN_SUM_ORG_UNIT" => Self::MinimumSumOrgUnit,
            "MAX_SUM_ORG_UNIT" => Self::MaximumSumOrgUnit,
            "LAST" => edge(true, false, Then::Sum),
            "LAST_AVERAGE_ORG_UNIT" => edge(true, false, Then::Average),
            "LAST_LAST_ORG_UNIT" => edge(true, false, Then::Edge),
            "LAST_IN_PERIOD" => edge(true, true, Then::Sum),
            "LAST_IN_PERIOD_AVERAGE_ORG_UNIT" => edge(true, true, Then::Average),
            "FIRST" => edge(false, false, Then::Sum),
            "FIRST_AVERAGE_ORG_UNIT" => edge(false, false, Then::Average),
            "FIRST_FIRST_ORG_UNIT" => edge(false, false, Then::Edge),
            "NONE" => Self::None,
            _ => return Err(unsupported(&format!("aggregation type `{name}`"))),
        })
    }

    /// Which stored periods count for a query period.
    pub(super) fn window(self) -> Window {
        match self {
            Self::Average | Self::AverageSumOrgUnit => Window::InsideOrAround,
            Self::Edge { within: true, .. } => Window::Within,
            Self::Edge { within: false, .. } => Window::TenYears,
            _ => Window::Inside,
        }
    }
}

/// One value on its way into a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample<'value> {
    /// The number.
    pub(super) number: f64,
    /// Days it stands for.
    pub(super) days: f64,
    /// Days of the query period.
    pub(super) query_days: f64,
    /// First and last day of its period.
    pub(super) span: (Date, Date),
    /// Org unit, COC and AOC.
    pub(super) source: [&'value str; 3],
}

/// Values of one cell so far.
#[derive(Debug)]
enum Cell<'value> {
    Plain(Plain),
    PerPeriod(HashMap<(Date, Date), f64>),
    PerSource(HashMap<[&'value str; 3], ((Date, Date), f64)>),
}

#[derive(Debug, Clone, Copy)]
struct Plain {
    count: f64,
    sum: f64,
    day_sum: f64,
    query_days: f64,
    least: f64,
    greatest: f64,
    /// Running mean and squared distance from it (Welford), for the deviation.
    mean: f64,
    distance: f64,
}

impl Plain {
    const EMPTY: Self = Self {
        count: 0.0,
        sum: 0.0,
        day_sum: 0.0,
        query_days: 1.0,
        least: f64::INFINITY,
        greatest: f64::NEG_INFINITY,
        mean: 0.0,
        distance: 0.0,
    };

    fn add(&mut self, sample: &Sample<'_>) {
        self.count += 1.0;
        self.sum += sample.number;
        self.day_sum += sample.number * sample.days;
        self.query_days = sample.query_days;
        self.least = self.least.min(sample.number);
        self.greatest = self.greatest.max(sample.number);
        let step = sample.number - self.mean;
        self.mean += step / self.count;
        self.distance += step * (sample.number - self.mean);
    }

    fn variance(&self) -> f64 {
        if self.count > 1.0 { self.distance / (self.count - 1.0) } else { 0.0 }
    }
}

/// All cells of one data item.
#[derive(Debug)]
pub(super) struct Cells<'value> {
    aggregation: Aggregation,
    cells: HashMap<Key, Cell<'value>>,
}

impl<'value> Cells<'value> {
    /// No cells yet.
    pub(super) fn new(aggregation: Aggregation) -> Self {
        Self { aggregation, cells: HashMap::new() }
    }

    /// Adds a value to a cell.
    pub(super) fn add(&mut self, key: Key, sample: &Sample<'value>) {
        let aggregation = self.aggregation;
        let cell = self.cells.entry(key).or_insert_with(|| match aggregation {
            Aggregation::MinimumSumOrgUnit | Aggregation::MaximumSumOrgUnit => Cell::PerPeriod(HashMap::new()),
            Aggregation::Edge { .. } => Cell::PerSource(HashMap::new()),
            _ => Cell::Plain(Plain::EMPTY),
        });
        match cell {
            Cell::Plain(plain) => plain.add(sample),
            Cell::PerPeriod(sums) => *sums.entry(sample.span).or_default() += sample.number,
            Cell::PerSource(edges) => match edges.entry(sample.source) {
                Entry::Vacant(vacant) => {
                    vacant.insert((sample.span, sample.number));
                }
                Entry::Occupied(mut known) => {
                    if beats(aggregation, sample.span, known.get().0) {
                        known.insert((sample.span, sample.number));
                    }
                }
            },
        }
    }

    /// The value of each cell.
    pub(super) fn finish(self) -> HashMap<Key, f64> {
        let aggregation = self.aggregation;
        self.cells.into_iter().map(|(key, cell)| (key, value(aggregation, cell))).collect()
    }
}

/// Whether a period is a better edge than the known one: a later (or earlier) end, then start.
fn beats(aggregation: Aggregation, new: (Date, Date), known: (Date, Date)) -> bool {
    let (new, known) = ((new.1, new.0), (known.1, known.0));
    if matches!(aggregation, Aggregation::Edge { last: true, .. }) { new > known } else { new < known }
}

fn value(aggregation: Aggregation, cell: Cell<'_>) -> f64 {
    match (aggregation, cell) {
        (Aggregation::Average, Cell::Plain(plain)) => plain.sum / plain.count,
        (Aggregation::AverageSumOrgUnit, Cell::Plain(plain)) => plain.day_sum / plain.query_days,
        (Aggregation::Count, Cell::Plain(plain)) => plain.count,
        (Aggregation::StandardDeviation, Cell::Plain(plain)) => plain.variance().sqrt(),
        (Aggregation::Variance, Cell::Plain(plain)) => plain.variance(),
        (Aggregation::Minimum, Cell::Plain(plain)) => plain.least,
        (Aggregation::Maximum, Cell::Plain(plain)) => plain.greatest,
        (_, Cell::Plain(plain)) => plain.sum,
        (Aggregation::MinimumSumOrgUnit, Cell::PerPeriod(sums)) => sums.into_values().fold(f64::INFINITY, f64::min),
        (_, Cell::PerPeriod(sums)) => sums.into_values().fold(f64::NEG_INFINITY, f64::max),
        (Aggregation::Edge { then, .. }, Cell::PerSource(edges)) => edge(aggregation, then, edges),
        (_, Cell::PerSource(edges)) => edges.into_values().map(|(_, number)| number).sum(),
    }
}

fn edge(aggregation: Aggregation, then: Then, edges: HashMap<[&str; 3], ((Date, Date), f64)>) -> f64 {
    let mut sorted: Vec<_> = edges.into_iter().collect();
    // Sums of doubles depend on their order; a fixed one keeps answers alike.
    sorted.sort_by_key(|(source, _)| *source);
    let numbers = || sorted.iter().map(|(_, (_, number))| *number);
    match then {
        Then::Sum => numbers().sum(),
        #[expect(clippy::cast_precision_loss, reason = "a count of org units")]
        Then::Average => numbers().sum::<f64>() / sorted.len() as f64,
        Then::Edge => {
            let best = sorted
                .iter()
                .map(|(_, edge)| *edge)
                .reduce(|known, new| if beats(aggregation, new.0, known.0) { new } else { known });
            best.map_or(0.0, |(_, number)| number)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{Aggregation, Cells, Sample};
    use crate::analytics::frame::Key;

    fn aggregate(name: &str) -> f64 {
        let mut cells = Cells::new(Aggregation::parse(name).unwrap());
        for (unit, month, number) in [("a", 1, 10.0), ("b", 1, 20.0), ("a", 2, 60.0), ("b", 3, 30.0)] {
            let start = date(2024, month, 1);
            let days = f64::from(start.days_in_month());
            let span = (start, start.last_of_month());
            cells.add(Key::default(), &Sample { number, days, query_days: 91.0, span, source: [unit, "c", "d"] });
        }
        cells.finish()[&Key::default()]
    }

    #[test]
    fn every_type_does_what_its_name_says() {
        for (name, expected) in [
            ("SUM", 120.0),
            ("AVERAGE", 30.0),
            ("COUNT", 4.0),
            ("MIN", 10.0),
            ("MAX", 60.0),
            ("MAX_SUM_ORG_UNIT", 60.0),
            ("MIN_SUM_ORG_UNIT", 30.0),
            ("LAST", 90.0),
            ("LAST_AVERAGE_ORG_UNIT", 45.0),
            ("LAST_LAST_ORG_UNIT", 30.0),
            ("FIRST", 30.0),
            ("AVERAGE_SUM_ORG_UNIT", (30.0 * 31.0 + 60.0 * 29.0 + 30.0 * 31.0) / 91.0),
        ] {
            assert!((aggregate(name) - expected).abs() < 1e-9, "{name}: {}", aggregate(name));
        }
        assert!((aggregate("VARIANCE") - 1400.0 / 3.0).abs() < 1e-9);
        assert!(Aggregation::parse("CUSTOM").is_err());
    }
}
