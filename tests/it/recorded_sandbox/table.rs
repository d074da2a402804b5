//! Counts by area and version.

use std::collections::BTreeMap;
use std::fmt;

use super::Outcome;
use super::exchange::Exchange;

/// Agreed, excluded, differing.
type Counts = [usize; 3];

/// What became of all exchanges.
#[derive(Default)]
pub(super) struct Table {
    counts: BTreeMap<String, BTreeMap<&'static str, Counts>>,
    reasons: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
}

impl Table {
    /// Counts one exchange.
    pub(super) fn note(&mut self, exchange: &Exchange, outcome: Outcome) {
        let column = match outcome {
            Outcome::Agreed => 0,
            Outcome::Excluded(reason) => {
                *self.reasons.entry(reason).or_default() += 1;
                1
            }
            Outcome::Differs(difference) => {
                self.differences.push(format!("{}: {difference}", exchange.title()));
                2
            }
        };
        let counts = self.counts.entry(exchange.kind()).or_default().entry(exchange.profile.name()).or_default();
        counts[column] += 1;
    }

    /// Whether nothing was replayed.
    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// One line per exchange that differs.
    pub(super) fn differences(&self) -> &[String] {
        &self.differences
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "area              version  agreed  excluded  differing")?;
        let mut total: Counts = [0; 3];
        for (area, versions) in &self.counts {
            for (version, counts) in versions {
                writeln!(formatter, "{area:<17} {version:<8} {:>6}  {:>8}  {:>9}", counts[0], counts[1], counts[2])?;
                for (sum, count) in total.iter_mut().zip(counts) {
                    *sum += count;
                }
            }
        }
        writeln!(formatter, "{:<26} {:>6}  {:>8}  {:>9}", "all", total[0], total[1], total[2])?;
        for (reason, count) in &self.reasons {
            writeln!(formatter, "excluded {count}: {reason}")?;
        }
        Ok(())
    }
}
