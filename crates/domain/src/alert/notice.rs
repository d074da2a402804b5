//! What an alert says about a run, and whether a channel needs it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::alert::AlertEvent;
use crate::named::named;

/// How a run ended, as far as an alert is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Condition {
    /// Everything arrived.
    #[serde(rename = "complete")]
    Complete,
    /// Some cells did not arrive.
    #[serde(rename = "incomplete")]
    Incomplete,
    /// There was nothing to transfer.
    #[serde(rename = "nothing-to-transfer")]
    Empty,
    /// It came to no good end.
    #[serde(rename = "failed")]
    Failed,
}

named!(Condition {
    Complete = "complete",
    Incomplete = "incomplete",
    Empty = "nothing-to-transfer",
    Failed = "failed",
});

impl Condition {
    /// What a channel has to want if it is to hear of it.
    pub fn event(self) -> AlertEvent {
        match self {
            Self::Complete => AlertEvent::Recovery,
            Self::Incomplete => AlertEvent::Incomplete,
            Self::Empty => AlertEvent::NothingToTransfer,
            Self::Failed => AlertEvent::Failure,
        }
    }
}

/// What a channel lived through: how the last run ended, whether or not it wanted to hear of it, and what it was told
/// last. Both are as good as complete where nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// How the last run ended.
    pub outcome: Condition,
    /// What the channel was told last.
    pub told: Condition,
}

impl Default for Past {
    fn default() -> Self {
        Self { outcome: Condition::Complete, told: Condition::Complete }
    }
}

impl Past {
    /// What it is after a run that ended so.
    #[must_use]
    pub fn then(self, wanted: &[AlertEvent], now: Condition) -> Self {
        Self { outcome: now, told: if is_news(wanted, self, now) { now } else { self.told } }
    }
}

/// Whether something is to be told after what was; a first run that is complete is no news.
///
/// What is bad is news when the run before it ended in another way, heard of or not: a channel for failures alone is
/// told of each new one. A recovery is news to those who were told of something bad: one that hears of failures and
/// recoveries is not told of the recovery from an incomplete run that it never heard of.
pub fn is_news(wanted: &[AlertEvent], past: Past, now: Condition) -> bool {
    let before = if now == Condition::Complete { past.told } else { past.outcome };
    before != now && wanted.contains(&now.event())
}

/// What is to be told about a run. It holds counts and names, no values of health data and no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The routine's or file's name.
    pub name: String,
    /// How the run ended.
    pub condition: Condition,
    /// The exit code of the process.
    pub exit_code: u8,
    /// When it ended.
    pub at: Timestamp,
    /// The run, where it came as far as a report.
    pub run: Option<Uuid>,
    /// The names of source and destination, where they are known.
    pub between: Option<(String, String)>,
    /// Why there is no report, in a sentence.
    pub reason: Option<String>,
    /// What became of the cells, where there is a report.
    pub counts: Option<NoticeCounts>,
    /// What to do next, one sentence or command each.
    pub next: Vec<String>,
}

/// What became of the cells of a run, as the journal has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NoticeCounts {
    /// All cells of the run.
    pub total: u64,
    /// New, changed or deleted.
    pub written: u64,
    /// As they should be already.
    pub unchanged: u64,
    /// Not where they should be.
    pub missing: u64,
    /// Values of org units without a mapping.
    pub unmapped: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;
    use proptest::sample::{select, subsequence};

    use super::{AlertEvent, Condition, Past, is_news};

    /// What a channel is told over a row of runs.
    fn told(wanted: &[AlertEvent], runs: &[Condition]) -> Vec<Condition> {
        let mut past = Past::default();
        let mut told = Vec::new();
        for now in runs {
            if is_news(wanted, past, *now) {
                told.push(*now);
            }
            past = past.then(wanted, *now);
        }
        told
    }

    #[test]
    fn only_a_change_is_news() {
        use Condition::{Complete, Empty, Failed, Incomplete};
        let runs = [Complete, Failed, Failed, Incomplete, Incomplete, Complete, Complete, Empty, Complete];
        assert_eq!(told(&AlertEvent::ALL, &runs), [Failed, Incomplete, Complete, Empty, Complete]);
        assert_eq!(told(&[AlertEvent::Failure, AlertEvent::Recovery], &runs), [Failed, Complete]);
        assert_eq!(told(&[AlertEvent::Recovery], &runs), [], "there is nothing to recover from");
        assert_eq!(told(&[], &runs), []);
    }

    #[test]
    fn what_a_channel_does_not_want_comes_between_all_the_same() {
        use Condition::{Complete, Empty, Failed, Incomplete};
        let runs = [Complete, Failed, Complete, Failed, Failed, Empty, Failed];
        assert_eq!(told(&[AlertEvent::Failure], &runs), [Failed; 3]);
        let runs = [Failed, Complete, Failed, Incomplete, Complete, Incomplete];
        let heard = [Failed, Failed, Incomplete, Incomplete];
        assert_eq!(told(&[AlertEvent::Failure, AlertEvent::Incomplete], &runs), heard);
        let runs = [Failed, Incomplete, Complete, Incomplete, Complete];
        assert_eq!(told(&[AlertEvent::Failure, AlertEvent::Recovery], &runs), [Failed, Complete]);
    }

    proptest! {
        #[test]
        fn each_change_into_what_is_wanted_is_told_once(
            wanted in subsequence(AlertEvent::ALL.to_vec(), 0..=4),
            runs in proptest::collection::vec(select(Condition::ALL.to_vec()), 0..40),
        ) {
            // Runs that end alike, one after the other, are one change; before the first everything was well.
            let mut changes = vec![Condition::Complete];
            changes.extend(runs.iter().copied());
            changes.dedup();
            let mut expected = Vec::new();
            let mut worries = false;
            for change in changes.into_iter().skip(1).filter(|change| wanted.contains(&change.event())) {
                let is_bad = change != Condition::Complete;
                if is_bad || worries {
                    expected.push(change);
                }
                worries = is_bad;
            }
            assert_eq!(told(&wanted, &runs), expected);
        }
    }
}
