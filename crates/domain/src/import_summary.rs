//! Import summaries of every server generation, as one typed value.
//!
//! A summary is evidence, not proof: 2.43 answers SUCCESS for rows that it lost in a race
//! (`import/race-new-period-loser`), 2.42 drops insignificant zeros out of every count.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The verdict of a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ImportStatus {
    /// No conflict.
    Success,
    /// Some rows refused.
    Warning,
    /// The whole import refused, or every row.
    Error,
}

/// The four counts, as the server gave them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ImportCount {
    /// New values; always 0 from 2.43 on.
    pub imported: u64,
    /// Overwritten values; every write from 2.43 on.
    pub updated: u64,
    /// Refused or unchanged values, depending on the version.
    pub ignored: u64,
    /// Deleted values.
    pub deleted: u64,
}

/// One conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportConflict {
    /// `E7612`, `E8022` …; absent up to 2.36 and for completeness registrations.
    pub code: Option<String>,
    /// The server's sentence; each of many thousand rows may be refused by the same.
    pub text: Arc<str>,
    /// Zero-based positions of the rows it concerns. Empty where the server names none; 2.43's `-1` is left out.
    pub rows: Vec<usize>,
    /// Ids that the server names as the cause, from `object`, `objects` and the text's `[id, id]`.
    pub named_ids: Vec<String>,
    /// The property the server blames, such as `orgUnit`.
    pub property: Option<String>,
}

/// An import summary of any generation, wrapped or bare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportSummary {
    /// The verdict.
    pub status: ImportStatus,
    /// The server's sentence about the whole import.
    pub description: Option<String>,
    /// Its counts.
    pub count: ImportCount,
    /// What it refused and why, as many as are kept.
    pub conflicts: Vec<ImportConflict>,
    /// Conflicts and positions that came beyond those that are kept: then nothing follows from what is not named.
    pub beyond: u64,
    /// Zero-based positions of refused rows; includes all rows of a refused group from 2.43 on.
    pub rejected_rows: Vec<usize>,
    /// Whether the server registered the data set as complete, or the date (`dataSetComplete`).
    pub data_set_complete: Option<String>,
}
