//! Runs: the counts that account for every value, the findings, and the report.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::cell::CellState;
use crate::exit_code::ExitCode;
use crate::period::Period;

/// What became of the source values: `fetched + created_by_script = unmapped + dropped + invalid + contributing`
/// (design 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ValueCounts {
    /// Values that the source sent for the items and periods of the run.
    pub fetched: u64,
    /// Values that a script's `rows` added; they are accounted for beside the fetched ones.
    #[serde(default)]
    pub created_by_script: u64,
    /// Of org units without a mapping.
    pub unmapped: u64,
    /// Left out on purpose, with a reason.
    pub dropped: u64,
    /// No number or date where one is needed, or outside the destination's periods; with a reason.
    pub invalid: u64,
    /// Part of a destination cell.
    pub contributing: u64,
}

impl ValueCounts {
    /// Values that no rule explains; anything but 0 is a bug of ours.
    pub fn unexplained(&self) -> i128 {
        i128::from(self.fetched) + i128::from(self.created_by_script)
            - i128::from(self.unmapped)
            - i128::from(self.dropped)
            - i128::from(self.invalid)
            - i128::from(self.contributing)
    }

    /// Adds another slice's or job's counts.
    pub fn add(&mut self, other: &Self) {
        self.fetched += other.fetched;
        self.created_by_script += other.created_by_script;
        self.unmapped += other.unmapped;
        self.dropped += other.dropped;
        self.invalid += other.invalid;
        self.contributing += other.contributing;
    }
}

/// How many cells ended in each state. `total` is the sum of all states (design 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields are the states, which are documented at `CellState`")]
pub struct CellCounts {
    pub total: u64,
    pub created: u64,
    pub updated: u64,
    pub deleted: u64,
    pub accepted: u64,
    pub unchanged: u64,
    pub rejected: u64,
    pub zero_skipped: u64,
    pub differs: u64,
    pub unknown: u64,
    pub not_sent: u64,
    pub held_back: u64,
}

impl CellCounts {
    /// The count of a state.
    pub fn of(&self, state: CellState) -> u64 {
        match state {
            CellState::Created => self.created,
            CellState::Updated => self.updated,
            CellState::Deleted => self.deleted,
            CellState::Accepted => self.accepted,
            CellState::Unchanged => self.unchanged,
            CellState::Rejected => self.rejected,
            CellState::ZeroSkipped => self.zero_skipped,
            CellState::Differs => self.differs,
            CellState::Unknown => self.unknown,
            CellState::NotSent => self.not_sent,
            CellState::HeldBack => self.held_back,
        }
    }

    /// Counts `number` cells that ended in `state`, without touching `total`: the two are counted apart, so that
    /// their difference means something.
    pub fn record(&mut self, state: CellState, number: u64) {
        let count = match state {
            CellState::Created => &mut self.created,
            CellState::Updated => &mut self.updated,
            CellState::Deleted => &mut self.deleted,
            CellState::Accepted => &mut self.accepted,
            CellState::Unchanged => &mut self.unchanged,
            CellState::Rejected => &mut self.rejected,
            CellState::ZeroSkipped => &mut self.zero_skipped,
            CellState::Differs => &mut self.differs,
            CellState::Unknown => &mut self.unknown,
            CellState::NotSent => &mut self.not_sent,
            CellState::HeldBack => &mut self.held_back,
        };
        *count += number;
    }

    /// Cells that no state explains; anything but 0 is a bug of ours.
    pub fn unexplained(&self) -> i128 {
        let explained: i128 = CellState::ALL.into_iter().map(|state| i128::from(self.of(state))).sum();
        i128::from(self.total) - explained
    }

    /// Adds another slice's or job's counts.
    pub fn add(&mut self, other: &Self) {
        self.total += other.total;
        for state in CellState::ALL {
            self.record(state, other.of(state));
        }
    }
}

/// What kind of run it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunMode {
    /// Values were sent.
    Run,
    /// Nothing was sent but `dryRun=true` requests; counts are what would be.
    DryRun,
    /// Both sides were re-read and compared.
    Check,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Every cell is where it should be.
    Complete,
    /// Some cells or values need a person.
    Incomplete,
    /// The run stopped.
    Failed,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Cells do not arrive.
    Error,
    /// Something a person should look at.
    Warning,
    /// Good to know.
    Info,
}

/// The metadata object that a finding is about, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FindingObject {
    /// DHIS2's word for its kind: `organisation unit`, `data element` …
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// What a server said, beside our own code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ServerSaid {
    /// `E7640` …, where the server gave a code.
    pub code: Option<String>,
    /// The server's sentence, truncated.
    pub text: String,
}

/// One thing that a report names, with how often it was met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A kebab-case word of ours; the table stands in `docs/findings.md`.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// How many values or cells it concerns.
    pub count: u64,
    /// What it is about.
    pub object: Option<FindingObject>,
    /// One of the cells, in words.
    pub example: Option<String>,
    /// What the server said.
    pub server: Option<ServerSaid>,
    /// What an administrator can do about it.
    pub hint: Option<String>,
}

/// A server's part of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ServerReport {
    /// Scheme, host and port.
    pub origin: String,
    /// Its version when the run started.
    pub version: String,
    /// Its `systemId`.
    pub system_id: String,
    /// When its analytics tables were built; absent where analytics was not used or never ran.
    pub analytics_at: Option<String>,
}

/// A job's part of a report.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JobReport {
    /// The job's name.
    pub name: String,
    /// Its source values.
    pub values: ValueCounts,
    /// Its cells.
    pub cells: CellCounts,
}

/// What a script did in one hook.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScriptReport {
    /// The script's name.
    pub script: String,
    /// The hook.
    pub hook: String,
    /// Values that became others.
    pub changed: u64,
    /// Rows or cells that were left out.
    pub dropped: u64,
    /// Rows or cells that cannot be used.
    pub rejected: u64,
    /// Rows that were added.
    pub created: u64,
    /// A few of them.
    pub examples: Vec<ScriptExample>,
}

/// One thing that a script did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScriptExample {
    /// Where, by name.
    pub at: String,
    /// What was there; none for a row that was added.
    pub before: Option<String>,
    /// What there is now; none where it was left out.
    pub after: Option<String>,
    /// The line of the script.
    pub line: Option<u32>,
    /// Why it was left out or cannot be used.
    pub reason: Option<String>,
}

/// What one server cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ServerTraffic {
    /// Requests, retries included.
    pub requests: u64,
    /// Bytes received, as they came over the wire.
    pub bytes_in: u64,
    /// Bytes of request bodies sent.
    pub bytes_out: u64,
    /// Seconds spent waiting for it, added over requests.
    pub seconds: f64,
}

impl ServerTraffic {
    /// What it cost since it had cost that.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(before.requests),
            bytes_in: self.bytes_in.saturating_sub(before.bytes_in),
            bytes_out: self.bytes_out.saturating_sub(before.bytes_out),
            seconds: self.seconds - before.seconds,
        }
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Requests to both servers, retries included.
    pub requests: u64,
    /// Bytes received, as they came over the wire.
    pub bytes_in: u64,
    /// Bytes of request bodies sent.
    pub bytes_out: u64,
    /// Seconds spent waiting for the source, added over requests.
    pub seconds_source: f64,
    /// Seconds spent waiting for the destination, added over requests.
    pub seconds_destination: f64,
}

impl Traffic {
    /// What both servers cost together.
    pub fn of(source: ServerTraffic, destination: ServerTraffic) -> Self {
        Self {
            requests: source.requests + destination.requests,
            bytes_in: source.bytes_in + destination.bytes_in,
            bytes_out: source.bytes_out + destination.bytes_out,
            seconds_source: source.seconds,
            seconds_destination: destination.seconds,
        }
    }
}

/// The xfer file that a run was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// Where it lay.
    #[serde(default)]
    pub path: String,
    /// The routine's id, which stays when it is renamed.
    pub routine: Uuid,
    /// The number of the export.
    pub revision: u32,
    /// When it was exported, RFC 3339 in UTC.
    pub created: String,
    /// SHA-256 of the file.
    pub sha256: String,
}

/// What ended a run early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopCause {
    /// A person at the keyboard: Ctrl-C.
    Interrupted,
    /// The system.
    Terminated,
    /// Its time was up.
    TimeLimit,
}

impl StopCause {
    /// What happened, as the first half of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Interrupted => "somebody stopped it",
            Self::Terminated => "the system stopped it",
            Self::TimeLimit => "the time limit was reached",
        }
    }

    /// How a run ends that came to nothing because of it.
    pub fn code(self) -> ExitCode {
        match self {
            Self::Interrupted => ExitCode::Interrupted,
            Self::Terminated => ExitCode::Terminated,
            Self::TimeLimit => ExitCode::Temporary,
        }
    }
}

/// A run's report, format `xfer-report/1` (design 5.1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Always [`Report::FORMAT`].
    pub format: String,
    /// The run's id, sortable by time.
    pub run: Uuid,
    /// The routine's name.
    pub routine: String,
    /// What kind of run it was.
    pub mode: RunMode,
    /// How it ended.
    pub outcome: RunOutcome,
    /// The exit code of the process.
    pub exit_code: u8,
    /// When it started, RFC 3339 in UTC.
    pub started: String,
    /// When it finished, RFC 3339 in UTC.
    pub finished: String,
    /// The source server.
    pub source: ServerReport,
    /// The destination server.
    pub destination: ServerReport,
    /// The destination periods of the run, as identifiers.
    pub periods: Vec<String>,
    /// All source values.
    pub values: ValueCounts,
    /// Whether values of org units that are not mapped are no reason for the run to be incomplete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tolerates_unmapped: bool,
    /// All cells.
    pub cells: CellCounts,
    /// Cells that earlier runs had written without learning it (killed, a lost answer, a full disk), and that are in the
    /// ledger now. They are not counted in `cells`, unless this run has to do with them, too.
    #[serde(default)]
    pub recovered: u64,
    /// The jobs, in order.
    pub jobs: Vec<JobReport>,
    /// What a person should know, most severe first.
    pub findings: Vec<Finding>,
    /// What it cost.
    pub traffic: Traffic,
    /// What would be or was written, by data set and period: name of the data set → period → cells to write.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub written_by_data_set: BTreeMap<String, BTreeMap<String, u64>>,
    /// The file that it was made from; absent for a run from the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileReport>,
    /// What scripts did, by script and hook.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scripts: Vec<ScriptReport>,
}

impl Report {
    /// The format's name and version.
    pub const FORMAT: &'static str = "xfer-report/1";
}

/// Values that each job had when it was last read wholly over some of these periods, by the reports of runs, newest
/// first. A run over all of these periods and more says nothing about them: its values may have been in the others.
pub fn fetched_before(reports: &[Report], periods: &[Period]) -> BTreeMap<String, u64> {
    let wanted: BTreeSet<String> = periods.iter().map(Period::to_string).collect();
    let mut fetched = BTreeMap::new();
    let real = reports.iter().filter(|report| report.mode == RunMode::Run);
    for report in real.filter(|report| speaks_of(&report.periods, &wanted)) {
        // A part that could not be read says nothing about what the source had.
        let whole = !report.findings.iter().any(|finding| UNREAD.contains(&finding.code.as_str()));
        for job in report.jobs.iter().filter(|job| whole || job.values.fetched > 0) {
            fetched.entry(job.name.clone()).or_insert(job.values.fetched);
        }
    }
    fetched
}

/// Whether a run over these periods says anything about those.
fn speaks_of(read: &[String], wanted: &BTreeSet<String>) -> bool {
    let read: BTreeSet<String> = read.iter().cloned().collect();
    !read.is_disjoint(wanted) && (read == *wanted || !read.is_superset(wanted))
}

/// Findings of runs that did not read all.
const UNREAD: [&str; 2] = ["slice-failed", "slices-not-done"];

#[cfg(test)]
mod tests {
    use super::{CellCounts, ValueCounts, speaks_of};
    use crate::cell::CellState;

    #[test]
    fn a_run_over_more_periods_says_nothing_about_some_of_them() {
        let before = |read: &[&str], asked: &[&str]| {
            let read: Vec<String> = read.iter().map(|period| (*period).to_owned()).collect();
            speaks_of(&read, &asked.iter().map(|period| (*period).to_owned()).collect())
        };
        assert!(before(&["202401", "202402"], &["202401", "202402"]));
        assert!(before(&["202401", "202402"], &["202402", "202403"]), "the window moved on");
        assert!(before(&["202401"], &["202401", "202402"]));
        assert!(!before(&["202401", "202402"], &["202402"]));
        assert!(!before(&["202401"], &["202402"]));
    }

    #[test]
    fn counts_close_only_when_every_cell_has_a_state() {
        let mut counts = CellCounts::default();
        for (number, state) in (1..).zip(CellState::ALL) {
            counts.total += number;
            counts.record(state, number);
        }
        assert_eq!(counts.unexplained(), 0);
        counts.total += 1;
        assert_eq!(counts.unexplained(), 1);
    }

    #[test]
    fn values_close_only_when_every_value_has_a_fate() {
        let mut counts =
            ValueCounts { fetched: 9, created_by_script: 1, unmapped: 1, dropped: 2, invalid: 3, contributing: 4 };
        assert_eq!(counts.unexplained(), 0);
        counts.contributing = 5;
        assert_eq!(counts.unexplained(), -1);
    }
}
